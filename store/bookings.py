"""What a booking's workflow needs of the database, in one hand that activities are given."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.booking import Booking
from domain.steps import Step
from domain.terms import HotelTerms, StayTerms
from messages.bookings import OpenBooking, TakeStep
from messages.offers import Offer
from store import openings, steps
from store.states import read_state

_TERMS = text("SELECT terms FROM policy_versions WHERE hotel_id = :hotel_id AND version = :number")
_STAY_TERMS = text("SELECT terms FROM stay_policies WHERE hotel_id = :hotel_id AND stay_policy_id = :number")
_LOAD = text("SELECT state FROM bookings WHERE hotel_id = :hotel_id AND reference = :reference")
_KEPT_TERMS = 1_000


class BookingStore:
    """Reads what an opening and a resumed run need, and writes what they decide.

    Terms are immutable rows, so the last thousand of them are kept in memory; nothing else is.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int, int], Any] = {}

    async def before_opening(self, tx: AsyncConnection, opening: OpenBooking, offers: Sequence[Offer]) -> Any:
        """What an opening must know first; see store.openings.before_opening."""
        return await openings.before_opening(tx, opening, offers)

    async def terms(self, tx: AsyncConnection, hotel_id: int, version: int) -> HotelTerms:
        """The hotel's terms of one version."""
        return await self._immutable(tx, _TERMS, HotelTerms, hotel_id, version)

    async def stay_terms(self, tx: AsyncConnection, hotel_id: int, stay_policy_id: int) -> StayTerms:
        """One rate plan policy."""
        return await self._immutable(tx, _STAY_TERMS, StayTerms, hotel_id, stay_policy_id)

    async def _immutable(self, tx: AsyncConnection, statement: Any, kind: Any, hotel_id: int, number: int) -> Any:
        key = (kind.__name__, hotel_id, number)
        if key not in self._kept:
            if len(self._kept) >= _KEPT_TERMS:
                self._kept.clear()
            row = (await tx.execute(statement, {"hotel_id": hotel_id, "number": number})).scalar_one()
            self._kept[key] = TypeAdapter(kind).validate_python(row)
        return self._kept[key]

    async def write_opening(
        self, tx: AsyncConnection, opening: OpenBooking, offers: Sequence[Offer], step: Step, now: datetime
    ) -> None:
        """Takes the nights and writes the booking; Refused sold_out."""
        await openings.write_opening(tx, opening, offers, step, now)

    async def write_step(self, tx: AsyncConnection, taken: TakeStep) -> Booking:
        """Writes one step and answers the booking as it is written; Repeated, Overtaken or Refused."""
        return await steps.write_step(tx, taken)

    async def load_booking(self, tx: AsyncConnection, hotel_id: int, reference: str) -> Booking | None:
        """The state that a run resumes from; None when there is no such booking."""
        state = (await tx.execute(_LOAD, {"hotel_id": hotel_id, "reference": reference})).scalar()
        return None if state is None else read_state(state)

    @staticmethod
    def read_state(state: object) -> Booking:
        """The compact state from its jsonb."""
        return read_state(state)
