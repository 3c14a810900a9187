"""Every code that a "no" can have, with an example of its words; and the reasons that availability gives.

A test looks through the rules for codes that are missing here.
"""

from typing import Any, NamedTuple


class Words(NamedTuple):
    """An example. field: the input it blames, where it blames one; facts: what it tells programs beside its words."""

    status: int
    detail: str
    field: str | None = None
    facts: dict[str, Any] | None = None


PROBLEMS: dict[str, Words] = {
    "invalid_request": Words(400, "Not readable: arrival.", "arrival"),
    "idempotency_key_malformed": Words(400, "An Idempotency-Key is 1 to 200 visible ASCII characters."),
    "cursor_unknown": Words(400, "This cursor belongs to another list; begin again without it."),
    "hotel_not_chosen": Words(400, "You work at several hotels; choose one with the X-Hotel header."),
    "not_logged_in": Words(401, "Log in first."),
    "login_refused": Words(401, "E-mail, password and code do not belong together."),
    "code_needed": Words(401, "This account also asks for a code of its authenticator app."),
    "webhook_refused": Words(401, "This is not the secret that was agreed on."),
    "role_missing": Words(403, "Your role may not do this."),
    "cross_site": Words(403, "A request by cookie needs this site's Origin and the header X-Holdfast: 1."),
    "no_invoice_yet": Words(404, "There is no invoice yet; the hotel issues it when you leave."),
    "not_found": Words(404, "There is nothing here that you may see."),
    "database_away": Words(503, "The database does not do this at present; send the same request again."),
    "method_not_allowed": Words(405, "This address does not offer that method."),
    "sold_out": Words(
        409,
        "Sea view double is sold out on 15 Dec 2026.",
        facts={"night": "2026-12-15", "room_type": "Sea view double", "left": 0},
    ),
    "nothing_to_invoice": Words(409, "Everything on this folio is on an invoice, or it comes to less than zero."),
    "not_an_invoice": Words(409, "Only an invoice is corrected by a credit note."),
    "already_credited": Words(409, "INV-2026-000012 was credited for some of these lines before.", "lines"),
    "not_confirmed": Words(409, "Only a confirmed booking has a confirmation."),
    "line_taken_back": Words(409, "Line 3 was taken back, or takes another one back.", "line"),
    "line_not_reversible": Words(409, "Nights and fees follow the booking; post an adjustment.", "line"),
    "line_changed": Words(409, "The line has another amount; look at the folio again.", "line"),
    "line_invoiced": Words(409, "Line 3 is on an invoice and can't be moved.", "lines"),
    "payment_invoiced": Words(409, "Payment 3 is on an invoice and can't be moved.", "payments"),
    "payment_there_already": Words(409, "Payment 3 is on folio 2.", "payments"),
    "line_there_already": Words(409, "Line 3 is on folio 2.", "lines"),
    "too_many_folios": Words(409, "A booking has 20 folios at most.", facts={"maximum": 20}),
    "drawer_open": Words(409, "Your cash drawer is open already; close it first."),
    "drawer_closed": Words(409, "You have no open cash drawer; open one first."),
    "stop_sell": Words(409, "The night of 15 Dec 2026 is not for sale any more."),
    "idempotency_key_reused": Words(409, "This Idempotency-Key came with another request before."),
    "version_conflict": Words(
        409,
        "The booking has moved on to version 3; version 2 was seen.",
        "version",
        {"version": 3, "booking_status": "confirmed"},
    ),
    "action_not_allowed": Words(
        409, "approve is not possible: it is cancelled.", facts={"booking_status": "cancelled", "allowed_actions": []}
    ),
    "room_not_free": Words(
        409,
        "Room 204 is given to somebody else on these nights.",
        facts={"room": "204", "free_rooms": ["203", "207"]},
    ),
    "no_room_free": Words(409, "No clean room of this type is free for these nights."),
    "nothing_to_pay": Words(409, "Nothing is to be paid for this booking now.", facts={"booking_status": "confirmed"}),
    "dates_reversed": Words(422, "2026-12-14 is after 2026-12-01.", "from"),
    "too_many_days": Words(422, "At most 400 days are shown at once.", "from", {"maximum": 400}),
    "day_not_begun": Words(422, "2026-12-20 has not begun at this hotel; 2026-12-14 is open.", "business_date"),
    "hold_ended": Words(409, "The time for paying has ended; the room is about to be given back."),
    "payment_unknown": Words(422, "This booking has no payment 3.", "payment", {"payment": 3}),
    "more_than_refundable": Words(
        422,
        "That is more than can be given back of one payment.",
        "amount.amount_minor",
        {"refundable_minor": 12000, "currency": "EUR"},
    ),
    "payment_refused": Words(422, "The payment provider does not take this payment (amount_too_small)."),
    "payment_provider_away": Words(503, "The payment provider does not answer at present; the room is kept for you."),
    "payment_changing": Words(503, "The payment is being settled at this moment; look at the booking again."),
    "span_backwards": Words(422, "A report ends on the day it begins, or later.", "to"),
    "span_too_long": Words(422, "A report is about 366 days at most.", "to", {"most_days": 366}),
    "connect_unsupported_country": Words(
        422, "The platform is in PT, from where no money can be transferred to an account in JP."
    ),
    "lines_not_kept": Words(404, "Lines are kept for 400 days; the night's sums and differences are still there."),
    "account_missing": Words(409, "The hotel has no account at the payment provider; open one first."),
    "account_stands": Words(
        409, "Only an account of the hotel's that has left the platform, or was rejected, is replaced.", "replaces"
    ),
    "account_refused": Words(
        409, "The payment provider does not do that: status_400.", facts={"provider_code": "status_400"}
    ),
    "payments_not_ready": Words(503, "This hotel can't take cards at present."),
    "webhook_unreadable": Words(400, "This is no event that is understood here."),
    "fee_changed": Words(409, "Cancelling costs INR 0.00 now.", facts={"fee_minor": 0, "currency": "INR"}),
    "clock_not_running": Words(
        409,
        "The clock approval_deadline does not run. The booking's agenda has no such clock.",
        "key",
        {"clocks": ["no_show-1"]},
    ),
    "clock_not_moved": Words(409, "The clock is where the terms put it.", "key"),
    "change_not_open": Words(409, "Change request 2 is not open.", "number"),
    "quote_stale": Words(
        409,
        "The quote is not of this very change, or is not good any more: the price after it is INR 21,420.00 now.",
        "quote_id",
        {
            "quote_id": "WyJhIHNpZ25lZCBxdW90ZSJd.Zk9vV1xSiaQuoteSignature",
            "expires_at": "2026-12-01T09:15:00+00:00",
            "total_minor": 2142000,
            "difference_minor": 714000,
            "fee_minor": 0,
            "currency": "INR",
        },
    ),
    "room_locked": Words(409, "Room 204 is locked for stay 1.", facts={"stay": 1}),
    "reference_taken": Words(409, "No reference was free for this key; try again with a new Idempotency-Key."),
    "source_reference_taken": Words(
        409,
        "This reference of the source is on booking MLB-20261215-7Q4K2M.",
        "source_reference",
        {"reference": "MLB-20261215-7Q4K2M"},
    ),
    "second_factor_on": Words(409, "This account asks for a code already; turn that off first."),
    "second_factor_off": Words(409, "This account asks for no code."),
    "second_factor_not_begun": Words(409, "Begin anew: the secret was never asked for, or is too old."),
    "session_renewed": Words(409, "Renewed a moment ago already; use the new session."),
    "too_many_commands": Words(409, "More than 10 commands are waiting for this booking."),
    "not_opened": Words(409, "This booking was never opened."),
    "requests_closed": Words(
        409,
        "The stay is over; the hotel can't act on requests any more.",
        facts={"booking_status": "checked_out"},
    ),
    "stay_over": Words(409, "Nobody sleeps in stay 1: it is cancelled.", facts={"stay": 1}),
    "note_deleted": Words(409, "This note was deleted; write another one."),
    "too_many_notes": Words(409, "A booking has 100 notes at most.", facts={"maximum": 100}),
    "too_many_files": Words(409, "A booking has 20 files at most.", facts={"maximum": 20}),
    "notice_not_true": Words(409, "This letter is not sent again. No longer true: the booking is cancelled."),
    "notice_on_its_way": Words(409, "This letter is on its way already."),
    "body_too_large": Words(413, "The body is larger than this door takes."),
    "offer_unknown": Words(422, "This is not an offer of ours; ask for availability again.", "offers.0.offer_id"),
    "offer_expired": Words(
        422, "The price was promised until a moment ago; ask for availability again.", "offers.0.offer_id"
    ),
    "offer_of_another_hotel": Words(422, "All rooms of a booking are in one hotel.", "offers.1.offer_id"),
    "occupancy_differs": Words(422, "The offer is for 2 adults and no children.", "offers.0.guests"),
    "not_on_sale": Words(422, "Online payments are being set up.", "hotel"),
    "departure_before_arrival": Words(
        422, "Departure must be at least one night after arrival on 15 Dec 2026.", "departure"
    ),
    "arrival_past": Words(422, "The hotel's day is 1 Dec 2026; arrive then or later.", "arrival"),
    "source_unknown": Words(422, "This hotel lists no such channel.", "source"),
    "source_not_in_use": Words(422, "Waiting list is not in use at this hotel.", "source"),
    "contact_needed": Words(
        422, "Without an e-mail address a phone number is needed that can be dialled.", "guest.phone"
    ),
    "walk_in_today": Words(
        422,
        "Who walks in arrives on the hotel's day, 1 Dec 2026; book ahead from another source.",
        "offers.0",
    ),
    "approval_not_used": Words(422, "This hotel confirms at once; there is no approval to wait for.", "pending"),
    "calendar_range": Words(
        422, "A price calendar shows 1 to 400 nights: `to` is the day after the last.", "to", {"maximum": 400}
    ),
    "stay_needed": Words(422, "Several rooms are meant; name one of the stays 1, 2.", "stay"),
    "too_early": Words(422, "Stay 1 arrives on 2026-12-15; the hotel's business day is 2026-12-01."),
    "stay_unknown": Words(422, "This booking has no stay 7.", "stays", {"stay": 7}),
    "room_unknown": Words(422, "This hotel has no room 999.", "room"),
    "room_not_clean": Words(
        422, "Room 204 is not clean yet; give a reason to check in all the same.", "reason", {"room": "204"}
    ),
    "room_not_assigned": Words(422, "Stay 1 has no room yet; assign one first.", facts={"stay": 1}),
    "more_than_owed": Words(
        422,
        "The amount is more than the open balance.",
        "amount.amount_minor",
        {"balance_minor": 1264320, "currency": "INR"},
    ),
    "clock_out_of_bounds": Words(
        422,
        "The clock can't be moved there: it may be anywhere from Tue 1 Dec 2026, 13:41 (IST) to Tue 15 Dec 2026, "
        "14:00 (IST).",
        "at",
        {"earliest": "2026-12-01T08:11:00+00:00", "latest": "2026-12-15T08:30:00+00:00", "key": "approval_deadline"},
    ),
    "zone_unknown": Words(422, "'Asia/Kochi' is not an IANA time zone such as Europe/Lisbon.", "zone"),
    "no_rate_plan": Words(422, "This rate plan does not sell this room type.", "rate_plan"),
    "reason_needed": Words(422, "Moving a clock needs a reason.", "reason"),
    "checklist_open": Words(
        422,
        "Before the yes these points have to be done: Passport copy asked for.",
        "checklist",
        {"missing": ["Passport copy asked for"]},
    ),
    "balance_open": Words(
        422,
        "The balance is not zero; record the payment, or give the reason for leaving it open.",
        "reason",
        {"balance_minor": 1264320, "currency": "INR"},
    ),
    "adults_out_of_range": Words(422, "A room is booked for 1 to 20 adults.", "adults", {"maximum": 20}),
    "too_many_children": Words(422, "A room is booked for 10 children at most.", "children_ages", {"maximum": 10}),
    "child_age_out_of_range": Words(
        422,
        "A child's age on the day of arrival is 0 to 17; who is older is an adult.",
        "children_ages",
        {"maximum": 17},
    ),
    "stay_too_long": Words(422, "A stay has 90 nights at most; these dates have 120.", "departure", {"maximum": 90}),
    "rooms_out_of_range": Words(422, "A booking has 1 to 10 rooms.", "rooms", {"maximum": 10}),
    "too_late": Words(
        422,
        "Stay 1 was to leave on 2026-12-17; the hotel's business day is 2026-12-18.",
        facts={"business_date": "2026-12-18"},
    ),
    "room_out_of_service": Words(422, "Room 204 is out of service.", "room", {"room": "204"}),
    "one_stay_at_a_time": Words(422, "A room is given to one stay at a time.", "stays"),
    "payments_not_taken": Words(422, "This hotel takes no payments through Holdfast.", "amount"),
    "amount_not_positive": Words(422, "The amount must be more than zero.", "amount.amount_minor"),
    "currency_differs": Words(422, "The booking is in INR.", "amount.currency"),
    "too_many_addresses": Words(422, "A booking takes 5 new addresses in 24 hours at most.", "email", {"maximum": 5}),
    "requests_too_long": Words(
        422, "Special requests have 2000 characters at most; these have 2345.", "text", {"maximum": 2000}
    ),
    "file_type_not_taken": Words(422, "PDF, PNG, JPEG and HEIC are taken; this is none of them.", "body"),
    "guest_portal_off": Words(422, "This hotel's guests have no page of their own."),
    "code_refused": Words(422, "This is not the app's code of this half minute.", "code"),
    "too_many_holds": Words(
        429,
        "3 bookings wait to be paid already; pay or cancel one of them, or ask again after "
        "Tue 1 Dec 2026, 14:10 (IST).",
        facts={"retry_after": 1800},
    ),
    "notice_without_address": Words(422, "There is no e-mail address. Correct the address, or print the link."),
    "nothing_changes": Words(422, "The booking is like this already."),
    "stay_has_begun": Words(
        422, "Stay 1 is in the house since 15 Dec 2026; only its departure can move.", "stays.0.arrival", {"stay": 1}
    ),
    "departure_past": Words(422, "The hotel's day is 16 Dec 2026; leave on 17 Dec 2026 or later.", "stays.0.departure"),
    "not_longer": Words(
        422,
        "The stay lasts until 17 Dec 2026 already; to shorten it, amend it.",
        "departure",
        {"departure": "2026-12-17"},
    ),
    "timing_fixed": Words(422, "This letter goes out at the moment it tells of; there is nothing to set.", "timing"),
    "timing_incomplete": Words(422, "This letter's timing is days_before and time, and nothing else.", "timing"),
    "timing_after_arrival": Words(
        422, "On the day of arrival it has to go out before the check-in time, 14:00.", "timing.time"
    ),
    "room_type_unknown": Words(422, "This hotel sells no room type ATTIC.", "stays.0.room_type"),
    "rate_plan_unknown": Words(422, "This hotel has no rate plan SECRET.", "stays.0.rate_plan"),
    "party_too_large": Words(422, "Courtyard double takes 3 guests at most.", "stays.0.adults", {"maximum": 3}),
    "no_rate": Words(422, "No rate is set for 24 Dec 2026.", facts={"nights": ["2026-12-24"]}),
    "restriction_broken": Words(
        422,
        "2 nights at least when arriving 24 Dec 2026.",
        facts={
            "stay": 1,
            "rule": "min_stay_arrival",
            "date": "2026-12-24",
            "value": 2,
            "rules": ["min_stay_arrival"],
        },
    ),
    "override_not_new": Words(
        422,
        "The night of 15 Dec 2026 in stay 1 is not priced by this change.",
        "override",
        {"stay": 1, "night": "2026-12-15"},
    ),
    "override_incomplete": Words(
        422,
        "Give a price for each added night; the night of 17 Dec 2026 in stay 1 has none.",
        "override",
        {"stay": 1, "night": "2026-12-17"},
    ),
    "amount_negative": Words(422, "A night costs nothing or more.", "override", {"night": "2026-12-15"}),
    "offer_of_another_policy": Words(
        422,
        "The hotel's terms have changed since this booking was made; book the room by itself.",
        "add.0.offer_id",
    ),
    "ask_the_hotel": Words(
        422,
        "This hotel answers each change itself."
        " Ask for it with POST /api/v1/bookings/MLB-20261215-7Q4K2M/change-requests.",
        facts={"address": "/api/v1/bookings/MLB-20261215-7Q4K2M/change-requests"},
    ),
    "line_unknown": Words(422, "The folio has no line 99.", "line"),
    "line_not_on_invoice": Words(422, "INV-2026-000012 has no such line.", "lines"),
    "folio_unknown": Words(422, "This booking has no folio 3.", "folio"),
    "no_company": Words(422, "The booking came from no company on file.", "from_source"),
    "tax_code_unknown": Words(422, "The hotel has no tax code GST9 on this day.", "tax_code"),
    "amount_is_zero": Words(422, "A charge is more or less than zero.", "amount.amount_minor"),
    "amount_out_of_bounds": Words(
        422, "A charge comes to 1000000000 minor units at most.", "amount.amount_minor", {"maximum": 1000000000}
    ),
    "quantity_out_of_range": Words(422, "1 to 1000 pieces are posted at a time.", "quantity", {"maximum": 1000}),
    "more_than_there_is": Words(
        422,
        "There is not that much in the drawer.",
        "amount.amount_minor",
        {"expected_minor": 500000, "currency": "INR"},
    ),
    "too_many_requests": Words(429, "Too many requests from this address.", facts={"retry_after": 30}),
    "unexpected": Words(
        500,
        "Something went wrong on our side; nothing is lost. Tell us this id if it happens again.",
        facts={"id": "5f0e6c1d9a7b4c3e"},
    ),
    "not_answered_in_time": Words(
        503, "The booking was not answered in time; send the same key again.", facts={"retry_after": 2}
    ),
    "booking_needs_attention": Words(
        503, "This booking waits for an operator; try again later.", facts={"retry_after": 60}
    ),
    "not_ready": Words(503, "A part that is needed does not answer.", facts={"retry_after": 2}),
}
REASONS = {
    "sold_out": "Courtyard double is sold out on 15 Dec 2026.",
    "party_too_large": "Courtyard double takes 3 guests at most.",
    "no_rate_plan": "No rate plan sells Family room.",
    "no_rate": "No rate is set for 24 Dec 2026.",
    "stop_sell": "Not sold on 24 Dec 2026.",
    "closed_to_arrival": "No arrivals on 24 Dec 2026.",
    "closed_to_departure": "No departures on 25 Dec 2026.",
    "min_stay_arrival": "2 nights at least when arriving 24 Dec 2026.",
    "min_stay_through": "3 nights at least for a stay over the night of 31 Dec 2026.",
    "max_stay_arrival": "14 nights at most when arriving 24 Dec 2026.",
    "min_advance": "Booked 2 days ahead at least when arriving 24 Dec 2026.",
    "max_advance": "Booked 365 days ahead at most when arriving 24 Dec 2028.",
    "not_on_sale": "This hotel is paid by card online, and online payment is not open here yet.",
}
