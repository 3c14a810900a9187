"""The terms of policy versions, remembered by each process: a version never changes once it is written."""

from domain.terms import HotelTerms
from store.hotels import Hotel, hotel_terms
from store.session import Database


class Terms:
    """Bounded; the version that was learnt first is forgotten first."""

    _MOST = 500

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], HotelTerms] = {}

    async def now(self, database: Database, hotel: Hotel) -> HotelTerms:
        """The terms that new bookings at the hotel live under."""
        key = (hotel.id, hotel.policy_version)
        known = self._known.get(key)
        if known is None:
            async with database.hotel(hotel.id) as tx:
                known = await hotel_terms(tx, hotel.id, hotel.policy_version)
            if len(self._known) >= self._MOST:
                self._known.pop(next(iter(self._known)))
            self._known[key] = known
        return known
