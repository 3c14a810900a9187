"""Whose the open unpaid holds of a hotel are: bookings of status `held` that the public made."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from store.hot import Hot
from store.session import Database


@dataclass(frozen=True, slots=True)
class HoldOwner:
    """Who asked, as keyed hashes that tell nobody who it was. None: not known, so not counted."""

    email: str | None
    address: str | None
    device: str | None


# As many rows of each kind as there may be holds, the longest-lived first: with the last of them one is free again.
_OPEN = Hot(
    """
    (SELECT 'email' AS kind, hold_expires_at FROM bookings
     WHERE hotel_id = :hotel_id AND status = 'held' AND hold_email = :email
     ORDER BY hold_expires_at DESC NULLS FIRST LIMIT :most)
    UNION ALL
    (SELECT 'address', hold_expires_at FROM bookings
     WHERE hotel_id = :hotel_id AND status = 'held' AND hold_address = :address
     ORDER BY hold_expires_at DESC NULLS FIRST LIMIT :most)
    UNION ALL
    (SELECT 'device', hold_expires_at FROM bookings
     WHERE hotel_id = :hotel_id AND status = 'held' AND hold_device = :device
     ORDER BY hold_expires_at DESC NULLS FIRST LIMIT :most)
    """
)
_ZONE = Hot("SELECT zone FROM hotels WHERE hotel_id = :hotel_id")


@dataclass(frozen=True, slots=True)
class HoldsFull:
    """Somebody has as many open holds as they may. until: when they may ask again; None where no clock says so."""

    until: datetime | None
    zone: str


async def holds_full(database: Database, hotel_id: int, owner: HoldOwner, most: int) -> HoldsFull | None:
    """Whether an e-mail, an address or a device has `most` open holds at the hotel; None while all have fewer."""
    row = {
        "hotel_id": hotel_id,
        "most": most,
        "email": owner.email,
        "address": owner.address,
        "device": owner.device,
    }
    found: dict[str, list[datetime | None]] = defaultdict(list)
    rows, ((zone,),) = await database.look((_OPEN, row), (_ZONE, {"hotel_id": hotel_id}), hotel_id=hotel_id)
    for kind, ends_at in rows:
        found[kind].append(ends_at)
    full = [ends for ends in found.values() if len(ends) >= most]
    if not full:
        return None
    known = [[end for end in ends if end is not None] for ends in full]
    return HoldsFull(max(min(ends) for ends in known) if all(known) else None, zone)
