"""What is asked of each operation when who may do what is tried: one request an operation, by its name.

A request is well formed, and whoever is let in is answered as the operation answers it. Where doing it would change the
booking that everybody asks about, it names a version that never was, so that 409 means: let in, and told that the page
is stale.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.api.office import PDF
from tests.api.world import in_days

# No booking has come so far.
NEVER = 999_999
STALE = {"version": NEVER}
REASON = "To see who may."


@dataclass(frozen=True)
class Asks:
    """What is sent beside the address. body: JSON, made anew for each call; content: a body of another kind."""

    body: Callable[[], Any] | None = None
    params: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None


def _json(**body: Any) -> Asks:
    return Asks(body=lambda: body)


def _stale(**more: Any) -> Asks:
    return _json(**STALE, **more)


def _nights(**more: Any) -> dict[str, str]:
    return {"arrival": str(in_days(30)), "departure": str(in_days(32)), **more}


_GUEST = {"name": "A Guest", "email": "guest@example.com", "phone": "+91 484 000 0000", "country": "IN"}
# Signed by nobody.
_OFFERS = [{"offer_id": "made-up"}]

REQUESTS: dict[str, Asks] = {
    "list_hotels": Asks(),
    "get_hotel": Asks(),
    "get_availability": Asks(params=_nights(adults="2")),
    "get_calendar": Asks(params={"from": str(in_days(30)), "to": str(in_days(40)), "adults": "2"}),
    "make_booking": _json(hotel="malabar", offers=_OFFERS, guest=_GUEST),
    "get_booking": Asks(),
    "get_timeline": Asks(),
    "cancel_booking": _stale(),
    "amend_booking": _stale(stays=[{"stay": 1, "departure": str(in_days(300))}]),
    "ask_for_change": _stale(stays=[{"stay": 1, "departure": str(in_days(300))}], text="A night longer, please."),
    "withdraw_change": _stale(),
    "change_own_details": _json(),
    "ask_special_requests": _json(text="A quiet room, please.", replace=True),
    "ask_for_guest_links": _json(reference="MLB-20991231-ZZZZZZ"),
    "confirm_guest_email": _json(token="made-up"),
    # Each try another address, so that nobody's tries run out.
    "login": Asks(body=lambda: {"email": f"{secrets.token_hex(6)}@malabar.example", "password": "wrong"}),
    "renew": Asks(),
    "logout": Asks(),
    "get_me": Asks(),
    "list_sessions": Asks(),
    "end_other_sessions": Asks(),
    "end_session": Asks(),
    "begin_totp": Asks(),
    "confirm_totp": _json(code="000000"),
    "end_totp": _json(password="holdfast-demo", code="000000"),
    "create_desk_booking": _json(offers=_OFFERS, guest=_GUEST, source="phone"),
    "list_desk_bookings": Asks(),
    "count_desk_bookings": Asks(),
    "list_sources": Asks(),
    "get_desk_day": Asks(),
    "list_desk_rooms": Asks(params=_nights()),
    "get_desk_booking": Asks(),
    "get_desk_timeline": Asks(),
    "approve": _stale(),
    "decline": _stale(),
    "assign_room": _stale(),
    "check_in": _stale(),
    "take_payment": _stale(method="cash", amount={"amount_minor": 100, "currency": "INR"}),
    "post_charge": _stale(code="TEA", name="Tea", amount={"amount_minor": 100, "currency": "INR"}),
    "reverse_charge": _stale(reason=REASON),
    "get_folio": Asks(),
    # Nothing that the booking has: who is let in is told so.
    "open_folio": _json(from_source=True),
    "change_folio": _json(),
    "transfer_lines": _json(lines=[1], folio=20),
    "get_cash_drawer": Asks(),
    "use_cash_drawer": _json(do="in", amount={"amount_minor": 100, "currency": "INR"}, reason=REASON),
    "list_invoices": Asks(),
    "issue_invoice": _json(folio=1),
    "credit_invoice": _json(reason=REASON, lines=[99]),
    "print_invoice": Asks(),
    "print_proforma": Asks(),
    "print_confirmation": Asks(),
    "print_receipt": Asks(),
    "get_own_invoice": Asks(),
    "get_own_confirmation": Asks(),
    "get_own_receipt": Asks(),
    "check_out": _stale(),
    "no_show": _stale(),
    "confirm_option": _stale(),
    "desk_cancel": _stale(),
    "reinstate": _stale(reason=REASON),
    "waive_fee": _stale(reason=REASON),
    "pay_booking": _json(how="hosted_page"),
    "give_refund": _stale(amount={"amount_minor": 100, "currency": "INR"}, reason=REASON),
    "stripe_webhook": _json(id="evt_1"),
    "fail": _stale(reason=REASON),
    "move_clock": _stale(at=None, reason=REASON),
    "desk_amend": _stale(stays=[{"stay": 1, "departure": str(in_days(300))}]),
    "extend_stay": _stale(departure=str(in_days(300))),
    "answer_change": _stale(),
    "change_guest": _json(),
    "name_stay_guests": _json(guests=[{"name": "A Guest"}]),
    "list_guests": Asks(),
    "get_guest": Asks(),
    "list_booking_notes": Asks(),
    "write_booking_note": _json(kind="internal", text="Likes a quiet room."),
    "edit_booking_note": _json(text="Likes a room towards the sea."),
    "delete_booking_note": Asks(),
    "list_booking_files": Asks(),
    "add_booking_file": Asks(content=PDF),
    "get_booking_file": Asks(),
    "delete_booking_file": Asks(params={"reason": REASON}),
    "print_guest_link": _json(),
    "make_payment_link": _json(),
    "list_notice_kinds": Asks(),
    "switch_notice": _json(enabled=True),
    "list_attention": Asks(),
    "close_attention": _json(reason=REASON),
    "resend_notice": _json(),
    "get_dispute_pack": Asks(),
    "get_commission": Asks(params={"from": "2027-01-01", "to": "2027-01-31"}),
    "get_commission_csv": Asks(params={"from": "2027-01-01", "to": "2027-01-31"}),
    "get_payment_account": Asks(),
    "open_payment_account": Asks(),
    "open_account_page": Asks(),
    "change_payment_account": _json(refund_fee=True),
    "list_reconciliations": Asks(),
    "get_reconciliation": Asks(),
    "get_reconciliation_lines": Asks(),
    "run_reconciliation": Asks(),
    "correct_zone": _json(zone="Nowhere/Nowhere", reason=REASON),
    "postmark_webhook": _json(RecordType="Delivery"),
    "healthz": Asks(),
    "readyz": Asks(),
    "metrics": Asks(),
    "decode_messages": _json(payloads=[]),
}
