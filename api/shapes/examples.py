"""One request at one hotel, told in every answer's example: a harbour double at `malabar` for two nights."""

from typing import Any

REFERENCE = "MLB-20261215-7Q4K2M"
TOKEN = "WzMsIk1MQi0yMDI2MTIxNS03UTRLMk0iLDFd.kT3Jq0vX4o7m1r9p2s8u5w6y"  # noqa: S105 - signed by nobody.
OFFER = "eyJob3RlbF9pZCI6M30.4oTn2v8Qy1sZ6Xb3Lw9Kc5RdHf0"


def inr(amount_minor: int) -> dict[str, Any]:
    """Rupees in paise."""
    return {"amount_minor": amount_minor, "currency": "INR"}


POLICY = {
    "payment": "You pay at the hotel.",
    "confirmation": "The hotel answers each request in person, within 24 hours.",
    "cancellation": "Cancelling is free of charge until Mon 14 Dec 2026, 18:00 hotel time; "
    "after that it costs the first night.",
    "cancel_free_until": "2026-12-14T12:30:00Z",
    "check_in_from": "2026-12-15T08:30:00Z",
    "check_in_from_local": "Tue 15 Dec 2026, 14:00 (IST)",
    "check_out_by": "2026-12-17T05:30:00Z",
    "check_out_by_local": "Thu 17 Dec 2026, 11:00 (IST)",
}
PHOTO = {"url": "/photos/malabar-1.svg", "alt": "A courtyard with a rain tree"}
HOTEL_SUMMARY = {
    "slug": "malabar",
    "name": "Malabar Lantern House",
    "city": "Kochi",
    "country": "IN",
    "zone": "Asia/Kolkata",
    "currency": "INR",
    "photo": PHOTO,
    "on_sale": True,
    "not_on_sale_reason": None,
    "policies": {
        "payment": POLICY["payment"],
        "confirmation": POLICY["confirmation"],
        "check_in_from": "14:00",
        "check_out_by": "11:00",
        "guest_portal": True,
    },
    "links": {
        "self": "/api/v1/hotels/malabar",
        "availability": "/api/v1/hotels/malabar/availability",
        "calendar": "/api/v1/hotels/malabar/calendar",
    },
}
HOTELS = {"items": [HOTEL_SUMMARY], "next_cursor": None, "limit": 50}
HOTEL = {
    **HOTEL_SUMMARY,
    "description": "A spice trader's house around a rain-tree court in Fort Kochi.",
    "address": "7 Pepper Exchange Lane, Fort Kochi, Kochi 682 001, Kerala, India",
    "phone": "+91 484 000 0007",
    "email": "frontdesk@malabar.example",
    "business_date": "2026-12-01",
    "photos": [PHOTO],
    "room_types": [
        {
            "code": "HARBOUR",
            "name": "Harbour double",
            "description": "Upstairs towards the fishing nets and the harbour mouth, 24 m².",
            "base_guests": 2,
            "max_guests": 3,
            "max_adults": 3,
            "max_children": 2,
            "infants_to_age": 1,
            "photos": [PHOTO],
        }
    ],
    "rate_plans": [
        {
            "rate_plan": "FLEX",
            "cancellation": "Cancelling is free of charge until 18:00 hotel time, 1 day before arrival; "
            "after that it costs the first night.",
        }
    ],
}
AVAILABILITY = {
    "hotel": "malabar",
    "arrival": "2026-12-15",
    "departure": "2026-12-17",
    "adults": 2,
    "children_ages": [],
    "rooms": 1,
    "offers": [
        {
            "offer_id": OFFER,
            "expires_at": "2026-12-01T08:40:00Z",
            "room_type": "HARBOUR",
            "room_type_name": "Harbour double",
            "rate_plan": "FLEX",
            "rate_plan_name": "Flexible",
            "meal_plan": "room_only",
            "adults": 2,
            "children_ages": [],
            "nights": [
                {"night": "2026-12-15", "price": inr(680000)},
                {"night": "2026-12-16", "price": inr(680000)},
            ],
            "taxes": [
                {"night": "2026-12-15", "code": "GST", "name": "GST", "amount": inr(34000), "included": False},
                {"night": "2026-12-16", "code": "GST", "name": "GST", "amount": inr(34000), "included": False},
            ],
            "total": inr(1428000),
            "policy": POLICY,
            "left": 5,
        }
    ],
    "closed": [
        {
            "room_type": "CAPTAIN",
            "room_type_name": "Captain's suite",
            "rate_plan": None,
            "reasons": [{"code": "sold_out", "detail": "Captain's suite is sold out on 16 Dec 2026."}],
        }
    ],
}
CALENDAR = {
    "hotel": "malabar",
    "currency": "INR",
    "adults": 2,
    "nights": [
        {"night": "2026-12-24", "lowest": inr(714000), "closed": False, "reasons": [], "min_stay": 2},
        {"night": "2026-12-25", "lowest": None, "closed": True, "reasons": ["sold_out"], "min_stay": None},
    ],
}
NEW_BOOKING = {
    "hotel": "malabar",
    "offers": [{"offer_id": OFFER, "guests": [{"name": "A Guest"}, {"name": "Another Guest"}]}],
    "guest": {"name": "A Guest", "email": "guest@example.com", "phone": "+91 484 000 0000", "country": "IN"},
    "special_requests": "A quiet room, please.",
}
DEADLINE = {
    "key": "approval_deadline",
    "at": "2026-12-02T08:10:00Z",
    "local_time": "Wed 2 Dec 2026, 13:40 (IST)",
    "what": "The hotel's answer is due",
    "consequence": "Without an answer the request expires and the room is free again.",
    "set_by": {"kind": "policy", "role": "", "policy_version": 1, "at": None, "name": None, "reason": None},
    "rings": True,
    "stay": None,
    "anchor": "booking",
    "default_at": "2026-12-02T08:10:00Z",
    "movable": True,
    "earliest": "2026-12-01T08:11:00Z",
    "latest": "2026-12-15T08:30:00Z",
}
BOOKING: dict[str, Any] = {
    "reference": REFERENCE,
    "hotel": "malabar",
    "hotel_name": "Malabar Lantern House",
    "status": "pending",
    "payment_status": "due",
    "version": 1,
    "source": "web_direct",
    "guest": NEW_BOOKING["guest"],
    "arrival": "2026-12-15",
    "departure": "2026-12-17",
    "stays": [
        {
            "stay": 1,
            "status": "pending",
            "arrival": "2026-12-15",
            "departure": "2026-12-17",
            "room_type": "HARBOUR",
            "room_type_name": "Harbour double",
            "rate_plan": "FLEX",
            "rate_plan_name": "Flexible",
            "meal_plan": "room_only",
            "room": None,
            "adults": 2,
            "children_ages": [],
            "guests": [{"name": "A Guest", "age": None}, {"name": "Another Guest", "age": None}],
            "total": inr(1428000),
            "policy": POLICY,
            "checked_in_at": None,
            "checked_out_at": None,
            "fee": inr(0),
            "fee_waived": inr(0),
            "owed": inr(1428000),
            "released_from": None,
            "skipped": [],
        }
    ],
    "nights": [
        {"stay": 1, "night": "2026-12-15", "room_type": "HARBOUR", "price": inr(680000), "released": False},
        {"stay": 1, "night": "2026-12-16", "room_type": "HARBOUR", "price": inr(680000), "released": False},
    ],
    "taxes": [
        {
            "stay": 1,
            "night": "2026-12-15",
            "code": "GST",
            "name": "GST",
            "amount": inr(34000),
            "included": False,
            "released": False,
        },
        {
            "stay": 1,
            "night": "2026-12-16",
            "code": "GST",
            "name": "GST",
            "amount": inr(34000),
            "included": False,
            "released": False,
        },
    ],
    "total": inr(1428000),
    "owed": inr(1428000),
    "paid": inr(0),
    "balance": inr(1428000),
    "to_pay": None,
    "payments": [],
    "refunds": [],
    "hold_expires_at": None,
    "approval_deadline": "2026-12-02T08:10:00Z",
    "waiting_for": "Waiting for the hotel's answer until Wed 2 Dec 2026, 13:40 (IST); without one the request expires.",
    "agenda": [DEADLINE],
    "allowed_actions": ["cancel", "change-requests"],
    "special_requests": "A quiet room, please.",
    "notes": [],
    "cancellation_reason": "",
    "change_request": None,
    "language": "en",
    "steps": [
        {
            "what": "requested",
            "at": "2026-12-01T08:10:00Z",
            "by": {"kind": "guest", "role": "", "name": None},
            "status": "pending",
            "reason": "",
        }
    ],
    "created_at": "2026-12-01T08:10:00Z",
    "links": {
        "self": f"/api/v1/bookings/{REFERENCE}",
        "timeline": f"/api/v1/bookings/{REFERENCE}/timeline",
        "hotel": "/api/v1/hotels/malabar",
        "guest_page": f"https://stay.example/b/{REFERENCE}?token={TOKEN}",
    },
}
CREATED = {**BOOKING, "access_token": TOKEN}
DESK_BOOKING = {
    **BOOKING,
    "guest": {**NEW_BOOKING["guest"], "profile_id": 7, "past_stays": 1},
    "allowed_actions": ["approve", "decline", "cancel", "amend", "clocks", "fail"],
    "needs_attention": False,
    "attention": "",
    "source_reference": "",
    "commission_percent": None,
    "commission": None,
    "checklist": [{"item": "Passport copy asked for", "needed": False}],
    "links": {
        "self": f"/api/v1/desk/bookings/{REFERENCE}",
        "timeline": f"/api/v1/desk/bookings/{REFERENCE}/timeline",
        "hotel": "/api/v1/hotels/malabar",
        "guest_page": f"https://stay.example/b/{REFERENCE}",
        "desk_page": f"https://stay.example/desk/bookings/{REFERENCE}",
        "temporal_ui": f"https://temporal.stay.example/namespaces/default/workflows/booking-{REFERENCE}",
    },
}
CANCEL_PREVIEW = {
    "reference": REFERENCE,
    "version": 1,
    "stays": [1],
    "fee": inr(0),
    "refund": inr(0),
    "rules": ["Nothing is owed: the hotel has not said yes yet."],
    "policy": [POLICY["cancellation"]],
}
TIMELINE = {
    "reference": REFERENCE,
    "items": [
        {
            "at": "2026-12-01T08:10:00Z",
            "local_time": "Tue 1 Dec 2026, 13:40 (IST)",
            "kind": "event",
            "what": "requested",
            "sentence": "The guest asked for the rooms; the hotel's answer is awaited.",
            "actor": {"kind": "guest", "role": "", "name": None},
            "channel": "web",
            "reason": "",
            "status_before": None,
            "status_after": "pending",
            "awaited": None,
            "policy_version": 1,
            "difference": {"total_minor": 1428000, "rooms": 1},
        },
        {
            "at": "2026-12-01T09:30:00Z",
            "local_time": "Tue 1 Dec 2026, 15:00 (IST)",
            "kind": "event",
            "what": "approved",
            "sentence": "The front desk said yes to the request.",
            "actor": {"kind": "staff", "role": "frontdesk", "name": None},
            "channel": "desk",
            "reason": "",
            "status_before": "pending",
            "status_after": "confirmed",
            "awaited": {
                "key": "approval_deadline",
                "until": "2026-12-02T08:10:00Z",
                "until_local": "Wed 2 Dec 2026, 13:40 (IST)",
                "set_by": DEADLINE["set_by"],
            },
            "policy_version": 1,
            "difference": {},
        },
    ],
}
DESK_LIST = {
    "items": [
        {
            "reference": REFERENCE,
            "status": "pending",
            "payment_status": "due",
            "version": 1,
            "guest_name": "A Guest",
            "arrival": "2026-12-15",
            "departure": "2026-12-17",
            "rooms": 1,
            "room_types": ["HARBOUR"],
            "room_numbers": [],
            "source": "web_direct",
            "total": inr(1428000),
            "balance": inr(1428000),
            "waiting_for": BOOKING["waiting_for"],
            "next_at": "2026-12-02T08:10:00Z",
            "approval_deadline": "2026-12-02T08:10:00Z",
            "needs_attention": False,
            "attention": "",
            "created_at": "2026-12-01T08:10:00Z",
        }
    ],
    "next_cursor": None,
    "limit": 50,
}
DESK_DAY = {
    "date": "2026-12-15",
    "business_date": "2026-12-15",
    "zone": "Asia/Kolkata",
    "counts": {
        "arrivals": 1, "arrived": 0, "departures": 0, "departed": 0, "in_house": 0, "approvals": 0, "options": 0,
        "change_requests": 0, "blockers": 1,
    },
    "arrivals": [
        {
            "reference": REFERENCE,
            "stay": 1,
            "status": "confirmed",
            "guest_name": "A Guest",
            "room_type": "HARBOUR",
            "room": None,
            "housekeeping": None,
            "adults": 2,
            "children": 0,
            "arrival": "2026-12-15",
            "departure": "2026-12-17",
            "balance": inr(1428000),
            "needs_attention": False,
        }
    ],
    "departures": [],
    "in_house": [],
    "approvals": [],
    "options": [],
    "change_requests": [],
    "blockers": [{"kind": "no_room", "reference": REFERENCE, "stay": 1, "detail": "No room is assigned."}],
    "truncated": False,
}  # fmt: skip
DESK_ROOMS = {
    "arrival": "2026-12-15",
    "departure": "2026-12-17",
    "items": [
        {
            "room": "204",
            "floor": "2",
            "room_type": "HARBOUR",
            "room_type_name": "Harbour double",
            "housekeeping": "clean",
            "out_of_service": False,
            "free": True,
            "taken_by": [],
        }
    ],
}
READY = {"status": "ok", "parts": {"database": "ok", "temporal": "ok", "worker": "ok"}}
NOT_READY = {
    "status": "not ready",
    "parts": {"database": "ok", "temporal": "ok", "worker": "no worker polls for bookings"},
}
