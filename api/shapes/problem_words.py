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
    "login_refused": Words(401, "E-mail and password do not belong together."),
    "role_missing": Words(403, "Your role may not do this."),
    "cross_site": Words(403, "A request by cookie needs this site's Origin and the header X-Holdfast: 1."),
    "not_found": Words(404, "There is nothing here that you may see."),
    "database_away": Words(503, "The database does not answer at present; nothing was done."),
    "method_not_allowed": Words(405, "This address does not offer that method."),
    "sold_out": Words(
        409,
        "Sea view double is sold out on 15 Dec 2026.",
        facts={"night": "2026-12-15", "room_type": "Sea view double", "left": 0},
    ),
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
    "room_not_free": Words(409, "Room 204 is given to somebody else on these nights.", facts={"room": "204"}),
    "no_room_free": Words(409, "No clean room of this type is free for these nights."),
    "fee_changed": Words(409, "Cancelling costs INR 0.00 now.", facts={"fee_minor": 0, "currency": "INR"}),
    "reference_taken": Words(409, "No reference was free for this key; try again with a new Idempotency-Key."),
    "too_many_commands": Words(409, "More than 10 commands are waiting for this booking."),
    "not_opened": Words(409, "This booking was never opened."),
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
