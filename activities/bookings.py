"""The hands of the booking workflow: a message in, one transaction, a message out.

An activity's "no" is a result, never an exception; what is raised here is trouble, and is tried again.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from temporalio import activity

from domain.acts import opened
from domain.booking import Booking, Status, Stay
from domain.refusals import Refused, conflict, rule
from domain.stay import day_text
from domain.steps import Act, Overtaken, Repeated
from domain.terms import HotelTerms, StayTerms
from messages.bookings import (
    OpenBooking,
    Opened,
    OpeningDone,
    Refusal,
    Resume,
    StepTaken,
    TakeStep,
)
from messages.offers import Offer, check_offer_lives, read_offer

if TYPE_CHECKING:
    from store.bookings import BookingStore
    from store.session import Database


def refusal_of(refused: Refused) -> Refusal:
    """The refusal as a message."""
    return Refusal(refused.code, refused.detail, refused.kind.value, refused.field, dict(refused.facts))


class BookingActivities:
    """Opens bookings, writes their steps, reads the state that a run resumes from.

    secret: the key offers were signed with; clock: the real clock, for offers and `open_before` only.
    """

    def __init__(
        self,
        database: "Database",
        store: "BookingStore",
        secret: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._store = store
        self._secret = secret
        self._clock = clock

    @activity.defn
    async def open_booking(self, opening: OpenBooking) -> OpeningDone:
        """Takes every night of every room and writes the booking, or says why not. Safe to repeat."""
        try:
            offers = [
                read_offer(self._secret, room.offer, f"offers.{n}.offer_id") for n, room in enumerate(opening.rooms)
            ]
            async with self._database.hotel(opening.hotel_id) as tx:
                found = await self._store.before_opening(tx, opening, offers)
                if found.reference is not None:
                    return self._found(opening, found)
                if self._clock() > opening.open_before:
                    return _not(opening, "not_opened")
                stopped = None if opening.past_restrictions else found.stopped
                self._check(offers, found.active, found.not_on_sale_reason, stopped)
                terms = await self._store.terms(tx, opening.hotel_id, offers[0].policy_version)
                stays = [await self._store.stay_terms(tx, opening.hotel_id, o.stay_policy_id) for o in offers]
                now = opening.now or self._clock()
                first = _booking(opening, offers, terms, stays, slug=found.slug, now=now)
                by_desk = opening.actor.kind == "staff" and not opening.for_approval
                step = opened(first, _act(opening, now), option_until=opening.option_until, approves=by_desk)
                await self._store.write_opening(tx, opening, offers, step, now)
        except Refused as refused:
            return _not(opening, "refused", refusal_of(refused))
        return OpeningDone(Opened("opened", opening.reference, opening.key, opening.body_hash), step.after)

    def _found(self, opening: OpenBooking, found: Any) -> OpeningDone:
        """The key, or the reference, has a booking: its own answer, or the next reference for another key."""
        create_key, reference = found.create_key, found.reference
        if create_key != opening.key or reference != opening.reference:
            return _not(opening, "reference_taken" if create_key != opening.key else "refused", _reused(opening))
        answer = Opened("opened", reference, create_key, found.create_body_hash)
        return OpeningDone(answer, self._store.read_state(found.state))

    def _check(self, offers: Sequence[Offer], active: bool, not_on_sale: str | None, stopped: date | None) -> None:
        if not active or not_on_sale:
            raise rule("not_on_sale", not_on_sale or "This hotel takes no bookings at present.", "hotel")
        if stopped:
            raise conflict("stop_sell", f"The night of {day_text(stopped)} is not for sale any more.")
        now = self._clock()
        for n, offer in enumerate(offers):
            check_offer_lives(offer, now, f"offers.{n}.offer_id")

    @activity.defn
    async def take_step(self, taken: TakeStep) -> StepTaken:
        """Writes one step with its event, counters, rooms, payment and notices. Safe to repeat."""
        try:
            async with self._database.hotel(taken.step.after.hotel_id) as tx:
                written = await self._store.write_step(tx, taken)
        except Refused as refused:
            return StepTaken("refused", refusal_of(refused))
        except Repeated as repeated:
            return await self._again(taken.step.after) if repeated.same_step else StepTaken("repeated")
        except Overtaken:
            return StepTaken("overtaken")
        return StepTaken("done", booking=written if written != taken.step.after else None)

    async def _again(self, after: Booking) -> StepTaken:
        """A step that an earlier try has written: what it wrote, while nothing else came after it."""
        written = await self.load_booking(Resume(after.hotel_id, after.reference))
        if written is None or written.seq != after.seq:
            return StepTaken("overtaken")
        return StepTaken("done", booking=written)

    @activity.defn
    async def load_booking(self, resume: Resume) -> Booking | None:
        """The state in the booking's row; None when there is no such booking."""
        async with self._database.hotel(resume.hotel_id) as tx:
            return await self._store.load_booking(tx, resume.hotel_id, resume.reference)


def _not(opening: OpenBooking, outcome: str, refusal: Refusal | None = None) -> OpeningDone:
    return OpeningDone(Opened(outcome, opening.reference, opening.key, opening.body_hash, refusal))


def _reused(opening: OpenBooking) -> Refusal:
    detail = "This Idempotency-Key already has another booking."
    return refusal_of(conflict("idempotency_key_reused", detail, key=opening.key))


def _act(opening: OpenBooking, now: datetime) -> Act:
    return Act(now, opening.actor, opening.channel, opening.reason)


def _booking(
    opening: OpenBooking,
    offers: Sequence[Offer],
    terms: HotelTerms,
    stay_terms: Sequence[StayTerms],
    *,
    slug: str,
    now: datetime,
) -> Booking:
    """The first state, from what the offers promised. Errors: 422 offer_of_another_hotel, currency_differs."""
    for n, offer in enumerate(offers):
        if offer.hotel_id != opening.hotel_id:
            raise rule("offer_of_another_hotel", "All rooms of a booking are in one hotel.", f"offers.{n}.offer_id")
    stays = tuple(
        Stay(
            number=number,
            status=Status.HELD,
            arrival=date.fromisoformat(offer.arrival),
            departure=date.fromisoformat(offer.departure),
            room_type_id=offer.quote.room_type_id,
            inventory_type_id=offer.quote.room_type_id,
            rate_plan_id=offer.quote.rate_plan_id,
            total_minor=offer.quote.total_minor,
            terms=own,
            night_minor=_night_minor(offer),
            person_tax_minor=_person_tax_minor(offer),
        )
        for number, (offer, own) in enumerate(zip(offers, stay_terms, strict=True), 1)
    )
    return Booking(
        hotel_id=opening.hotel_id,
        hotel_slug=slug,
        reference=opening.reference,
        status=Status.HELD,
        terms=replace(terms, version=offers[0].policy_version),
        stays=stays,
        source=opening.source,
        commission_percent=opening.commission_percent,
        created_at=now,
        since=now,
        last_instant=now,
    )


def _night_minor(offer: Offer) -> tuple[int, ...]:
    """What each night costs with everything that is added to it; a tax on the whole stay belongs to its first night."""
    prices = {line.night: line.price_minor for line in offer.quote.nights}
    for tax in offer.quote.taxes:
        if not tax.included:
            prices[tax.night or date.fromisoformat(offer.arrival)] += tax.amount_minor
    return tuple(prices[line.night] for line in offer.quote.nights)


def _person_tax_minor(offer: Offer) -> tuple[int, ...]:
    """What of each night is tax a head, which no fee ever holds; nothing where there is no such tax."""
    taxes = dict.fromkeys((line.night for line in offer.quote.nights), 0)
    for tax in offer.quote.taxes:
        if tax.per_person:
            taxes[tax.night or date.fromisoformat(offer.arrival)] += tax.amount_minor
    return tuple(taxes.values()) if any(taxes.values()) else ()
