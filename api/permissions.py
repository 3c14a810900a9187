"""Which roles may do what at the desk: one line an operation, named like its route.

The table is read before the body is, so that who may not do a thing learns nothing about how it is asked for.
"""

from domain.refusals import forbidden
from store.staff import StaffRole

FRONTDESK, MANAGER, ADMIN = "frontdesk", "manager", "admin"
_EVERYBODY = frozenset((FRONTDESK, MANAGER, ADMIN))

ROLES: dict[str, frozenset[str]] = {
    "list_desk_bookings": _EVERYBODY,
    "get_desk_booking": _EVERYBODY,
    "get_desk_timeline": _EVERYBODY,
    "get_desk_day": _EVERYBODY,
    "list_desk_rooms": _EVERYBODY,
    "approve": _EVERYBODY,
    "decline": _EVERYBODY,
    "assign_room": _EVERYBODY,
    "check_in": _EVERYBODY,
    "take_payment": _EVERYBODY,
    "check_out": _EVERYBODY,
    "no_show": _EVERYBODY,
    "desk_cancel": _EVERYBODY,
}


def check_role(operation: str, role: StaffRole) -> None:
    """Errors: 403 role_missing."""
    if role.role not in ROLES[operation]:
        raise forbidden("role_missing", "Your role may not do this.")
