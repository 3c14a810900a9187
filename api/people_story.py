"""What people wrote, each in one sentence of the timeline. Guests are told of what is theirs, and by roles only."""

from collections.abc import Iterable
from typing import Any

from api.shapes.common import utc
from api.shapes.timeline import ActorBody, TimelineEntry
from domain.clocks import local_text

_SENTENCES = {
    "changed_name": "{who} changed the name.",
    "changed_phone": "{who} changed the phone number.",
    "changed_country": "{who} changed the country.",
    "changed_language": "{who} changed the language of letters.",
    "changed_email": "{who} changed the e-mail address.",
    "changed_special_requests": "{who} changed the special requests.",
    "changed_stay_guests": "{who} wrote down who sleeps in stay {stay}.",
    "changed_guest_link": "{who} printed the guest's link.",
    "changed_payment_link": "{who} made a link to pay: {new}.",
    "changed_payment_letter": "{who} mailed the guest a link to pay: {new}.",
    "confirmed_email": "The new e-mail address was confirmed; the old one is told.",
    "note_written": "{who} wrote a note.",
    "note_edited": "{who} rewrote a note.",
    "note_deleted": "{who} deleted a note.",
    "file_added": "{who} added the file “{new}”.",
    "file_deleted": "{who} deleted the file “{old}”.",
}
_ROLES = {"frontdesk": "The front desk", "manager": "The manager", "admin": "The administrator"}


def people_entries(rows: Iterable[Any], zone: str, *, for_staff: bool) -> list[TimelineEntry]:
    """The entries that the reader may see."""
    return [_entry(row, zone, for_staff) for row in rows if for_staff or row.for_guests]


def _entry(row: Any, zone: str, for_staff: bool) -> TimelineEntry:
    at = utc(row.at)
    by_guest = row.actor_kind == "guest"
    difference: dict[str, str | int | bool | None] = {}
    if row.kind == "note":
        difference = {"note": row.state, "text": row.new}
    elif for_staff:
        difference = {"old": row.old, "new": row.new}
        if row.stay is not None:
            difference["stay"] = row.stay
    return TimelineEntry(
        at=at,
        local_time=local_text(at, zone),
        kind=row.kind,
        what=row.what,
        sentence=_sentence(row, for_staff),
        actor=ActorBody(kind=row.actor_kind, role=row.actor_role, name=row.staff_name if for_staff else None),
        channel="web" if by_guest else "desk",
        reason=row.reason if for_staff else "",
        status_before=None,
        status_after=None,
        awaited=None,
        policy_version=None,
        difference=difference,
    )


def _sentence(row: Any, for_staff: bool) -> str:
    who = "The guest" if row.actor_kind == "guest" else _ROLES.get(row.actor_role, "The hotel")
    if for_staff and row.staff_name:
        who = row.staff_name
    template = _SENTENCES[row.what]
    if row.what == "changed_email" and row.actor_kind == "guest":
        template = "{who} gave a new e-mail address; it counts once it is confirmed."
    if row.what == "changed_guest_link" and row.new == "revoked":
        template = "{who} revoked every earlier link of the guest and printed a new one."
    return template.format(who=who, stay=row.stay, old=row.old, new=row.new)
