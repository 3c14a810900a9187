"""What people write, as examples: the same booking at `malabar` as everywhere."""

from typing import Any

from api.shapes.examples import REFERENCE, TOKEN, inr

OWN_DETAILS = {
    "reference": REFERENCE,
    "name": "A Guest",
    "email": "guest@example.com",
    "pending_email": "new@example.com",
    "phone": "+91 484 000 0000",
    "country": "IN",
    "language": "en",
    "special_requests": "A quiet room, please.",
}
DESK_DETAILS = {**OWN_DETAILS, "profile_id": 17, "past_stays": 2}
SLEEPERS = {"guests": [{"name": "A Guest"}, {"name": "A Child", "age": 4}]}
SLEEPERS_TOLD = {
    "reference": REFERENCE,
    "stay": 1,
    "guests": [{"name": "A Guest", "age": None}, {"name": "A Child", "age": 4}],
}
LINK_ANSWER = {"detail": "If there is a booking that fits, its link is on its way to the address on file."}
CONFIRMED = {"reference": REFERENCE, "detail": "The new address counts from now on; the old one has been told."}
PRINTED: dict[str, Any] = {
    "reference": REFERENCE,
    "guest_page": f"https://stay.example/b/{REFERENCE}?token={TOKEN}",
    "qr": "data:image/svg+xml;charset=utf-8,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3C/svg%3E",
    "good_until": "2027-01-16",
    "revoked": False,
}
NOTE: dict[str, Any] = {
    "note_id": 5,
    "reference": REFERENCE,
    "kind": "internal",
    "about": "guest",
    "text": "Likes a room towards the harbour.",
    "deleted": False,
    "versions": [
        {
            "version": 1,
            "what": "written",
            "text": "Likes a room towards the harbour.",
            "at": "2026-12-01T09:00:00Z",
            "role": "frontdesk",
            "name": "Front desk",
        }
    ],
}
DELETED_NOTE: dict[str, Any] = {
    **NOTE,
    "text": "",
    "deleted": True,
    "versions": [
        *NOTE["versions"],
        {
            "version": 2,
            "what": "deleted",
            "text": "",
            "at": "2026-12-02T09:00:00Z",
            "role": "manager",
            "name": "Manager",
        },
    ],
}
FILE: dict[str, Any] = {
    "file_id": 3,
    "name": "company letter.pdf",
    "media_type": "application/pdf",
    "size_bytes": 48213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "added_at": "2026-12-01T09:05:00Z",
    "added_role": "frontdesk",
    "added_by": "Front desk",
    "deleted_at": None,
    "deleted_by": None,
    "deletion_reason": "",
}
DELETED_FILE = {
    **FILE,
    "deleted_at": "2026-12-18T09:00:00Z",
    "deleted_by": "Manager",
    "deletion_reason": "No longer needed after the stay.",
}
GUEST_ROW = {
    "profile_id": 17,
    "name": "A Guest",
    "email": "guest@example.com",
    "phone": "+91 484 000 0000",
    "country": "IN",
    "stays": 2,
    "nights": 5,
    "last_departure": "2026-03-04",
    "next_arrival": "2026-12-15",
}
GUEST_LIST = {"items": [GUEST_ROW], "next_cursor": None, "limit": 50}
_STAY = {
    "reference": REFERENCE,
    "stay": 1,
    "status": "pending",
    "arrival": "2026-12-15",
    "departure": "2026-12-17",
    "nights": 2,
    "room_type": "HARBOUR",
    "room_type_name": "Harbour double",
    "total": inr(1428000),
    "booked_as": "A Guest",
}
GUEST_PROFILE = {
    "profile_id": 17,
    "name": "A Guest",
    "email": "guest@example.com",
    "phone": "+91 484 000 0000",
    "country": "IN",
    "first_seen_at": "2026-02-01T09:00:00Z",
    "counts": {"stays": 2, "nights": 5, "no_shows": 0, "cancellations": 1},
    "coming": [_STAY],
    "past": [
        {
            **_STAY,
            "reference": "MLB-20260301-4M8N2P",
            "status": "checked_out",
            "arrival": "2026-03-01",
            "departure": "2026-03-04",
            "nights": 3,
            "total": inr(2142000),
        }
    ],
    "notes": [NOTE],
}
