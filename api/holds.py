"""The bound on open unpaid holds: rooms that the public keeps from others without having paid for them.

At most MOST_HOLDS bookings of status `held` for an e-mail, for an address and for a device, at one hotel: row security
lets a transaction see one hotel's bookings. Only the public is counted; a hold of the desk has no owner.
"""

import unicodedata

from fastapi import Request

from api.house import House
from api.keyed import keyed_hash
from api.problems import Problem
from domain.clocks import local_text
from store.holds import HoldOwner, holds_full

MOST_HOLDS = 3
# Where no clock says when a hold ends, it may be asked again after a while.
WAIT_SECONDS = 15 * 60


def hold_owner(house: House, request: Request, email: str) -> HoldOwner:
    """Who asks by a public route, as the booking's `hold_…` columns keep it.

    address: None for who has no limit by it, as in api/proxies.py.
    """
    address = house.limits.address_of(request)
    return HoldOwner(
        email=keyed_hash(house.secret, "hold e-mail", unicodedata.normalize("NFC", email).casefold()),
        address=keyed_hash(house.secret, "hold address", address) if address else None,
        device=keyed_hash(house.secret, "hold device", request.state.device),
    )


async def check_holds(house: House, request: Request, hotel_id: int, email: str) -> None:
    """Looks before a booking of the public is opened.

    Errors: 429 too_many_holds, with the seconds until one of them ends.
    """
    full = await holds_full(house.database, hotel_id, hold_owner(house, request, email), MOST_HOLDS)
    if full is None:
        return
    told, wait = f"{MOST_HOLDS} bookings wait to be paid already; pay or cancel one of them", WAIT_SECONDS
    if full.until is not None:
        told += f", or ask again after {local_text(full.until, full.zone)}"
        wait = max(1, round((full.until - house.clock()).total_seconds()))
    raise Problem(429, "too_many_holds", f"{told}.", retry_after=wait)
