"""Which roles may do what at the desk: one line an operation, named like its route.

The table is read before the body is, so that who may not do a thing learns nothing about how it is asked for.
"""

from collections.abc import Iterable

from domain.lifecycle import Action
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
    "give_refund": frozenset((MANAGER, ADMIN)),
    "check_out": _EVERYBODY,
    "no_show": _EVERYBODY,
    "desk_cancel": _EVERYBODY,
    "list_attention": _EVERYBODY,
    "close_attention": _EVERYBODY,
    "resend_notice": _EVERYBODY,
    "list_notice_kinds": frozenset((MANAGER, ADMIN)),
    "switch_notice": frozenset((MANAGER, ADMIN)),
    "list_reconciliations": frozenset((MANAGER, ADMIN)),
    "get_reconciliation": frozenset((MANAGER, ADMIN)),
    "get_reconciliation_lines": frozenset((MANAGER, ADMIN)),
    "run_reconciliation": frozenset((MANAGER, ADMIN)),
    "confirm_option": _EVERYBODY,
    "reinstate": _EVERYBODY,
    "move_clock": _EVERYBODY,
    "desk_amend": _EVERYBODY,
    "extend_stay": _EVERYBODY,
    "answer_change": _EVERYBODY,
    "correct_zone": frozenset((MANAGER, ADMIN)),
    "get_commission": frozenset((MANAGER, ADMIN)),
    "get_commission_csv": frozenset((MANAGER, ADMIN)),
    "get_dispute_pack": frozenset((MANAGER, ADMIN)),
    "get_payment_account": frozenset((MANAGER, ADMIN)),
    "open_payment_account": frozenset((ADMIN,)),
    "open_account_page": frozenset((ADMIN,)),
    "change_payment_account": frozenset((ADMIN,)),
    "waive_fee": frozenset((MANAGER, ADMIN)),
    "fail": frozenset((ADMIN,)),
    "change_guest": _EVERYBODY,
    "name_stay_guests": _EVERYBODY,
    "list_guests": _EVERYBODY,
    "get_guest": _EVERYBODY,
    "list_booking_notes": _EVERYBODY,
    "write_booking_note": _EVERYBODY,
    "edit_booking_note": _EVERYBODY,
    "delete_booking_note": _EVERYBODY,
    "list_booking_files": _EVERYBODY,
    "add_booking_file": _EVERYBODY,
    "get_booking_file": _EVERYBODY,
    "delete_booking_file": _EVERYBODY,
    "print_guest_link": _EVERYBODY,
    "make_payment_link": _EVERYBODY,
    "create_desk_booking": _EVERYBODY,
    "count_desk_bookings": _EVERYBODY,
    "list_sources": _EVERYBODY,
    "get_folio": _EVERYBODY,
    "post_charge": _EVERYBODY,
    "reverse_charge": _EVERYBODY,
    "open_folio": _EVERYBODY,
    "change_folio": _EVERYBODY,
    "transfer_lines": _EVERYBODY,
    "get_cash_drawer": _EVERYBODY,
    "use_cash_drawer": _EVERYBODY,
    "list_invoices": _EVERYBODY,
    "issue_invoice": _EVERYBODY,
    "credit_invoice": frozenset((MANAGER, ADMIN)),
    "print_invoice": _EVERYBODY,
    "print_proforma": _EVERYBODY,
    "print_confirmation": _EVERYBODY,
    "print_receipt": _EVERYBODY,
    "decode_messages": frozenset((MANAGER, ADMIN)),
}
# The operation of the desk behind each action; what is not here only guests do.
OPERATIONS: dict[Action, str] = {
    Action.APPROVE: "approve",
    Action.DECLINE: "decline",
    Action.CONFIRM: "confirm_option",
    Action.CANCEL: "desk_cancel",
    Action.AMEND: "desk_amend",
    Action.EXTEND: "extend_stay",
    Action.ASSIGN_ROOM: "assign_room",
    Action.CHECK_IN: "check_in",
    Action.CHECK_OUT: "check_out",
    Action.NO_SHOW: "no_show",
    Action.REINSTATE: "reinstate",
    Action.PAYMENTS: "take_payment",
    Action.REFUNDS: "give_refund",
    Action.CHARGES: "post_charge",
    Action.WAIVE_FEE: "waive_fee",
    Action.CLOCKS: "move_clock",
    Action.ANSWER_CHANGE: "answer_change",
    Action.FAIL: "fail",
}


def may(operation: str, role: StaffRole) -> bool:
    """Whether a role may do this."""
    return role.role in ROLES[operation]


def within(role: StaffRole, actions: Iterable[str]) -> list[str]:
    """Of a booking's open actions those that this role may do, so that nobody is offered what would be refused."""
    return [action for action in actions if may(OPERATIONS[Action(action)], role)]


def check_role(operation: str, role: StaffRole) -> None:
    """Errors: 403 role_missing."""
    if not may(operation, role):
        raise forbidden("role_missing", "Your role may not do this.")
