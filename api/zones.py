"""Correcting a hotel's zone: a deliberate mass move of every clock that hangs on a date."""

import asyncio

from api.callers import AtDesk
from api.commands import card_of
from api.house import House
from api.shapes.admin import ZoneCorrected
from domain.checks import check_reason
from domain.clocks import zone as known_zone
from messages.bookings import Rezone
from store.booking_reads import read_booking
from store.zones import bookings_behind, correct_zone

# Twenty a second, as everything that wakes many bookings at once.
PAUSE_SECONDS = 0.05


async def correct_hotel_zone(house: House, desk: AtDesk, zone: str, reason: str) -> ZoneCorrected:
    """Writes the zone as a new version of the hotel's policy, then tells every open booking.

    Asking again with the same zone tells those that have not been told; nothing is done twice. Errors: 422
    zone_unknown, reason_needed; 503 when Temporal does not answer (what was told stays told).
    """
    known_zone(zone)
    check_reason(reason, "Correcting the zone")
    async with house.database.hotel(desk.hotel_id) as tx:
        version = await correct_zone(tx, desk.hotel_id, zone, house.clock(), f"staff {desk.actor.staff_id}: {reason}")
        behind = await bookings_behind(tx, desk.hotel_id, zone)
    correction = Rezone(zone, version, desk.actor)
    for reference in behind:
        async with house.database.hotel(desk.hotel_id) as tx:
            record = await read_booking(tx, desk.hotel_id, reference)
        if record is not None:
            await house.front_desk.correct_zone(correction, reference, card_of(record))
            await asyncio.sleep(PAUSE_SECONDS)
    return ZoneCorrected(zone=zone, policy_version=version, bookings_told=len(behind))
