"""A change that was priced, in the words of the contract: the answer of a dry run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from api.shapes.amending import AmendPreview, ChangeWarning, PreviewNight, PreviewStay, PreviewTax
from api.shapes.common import Money
from api.views import policy_words
from domain.amending import Change, StayChange
from domain.booking import SYSTEM, Booking
from domain.change_words import in_words
from domain.changing import Terms, amended
from domain.quoting import Shelf
from domain.refusals import Refused
from domain.repricing import room_prices
from domain.stay import day_text
from domain.steps import Act
from domain.wishes import StayFacts
from store.booking_reads import BookingRecord


def preview_body(
    record: BookingRecord,
    change: Change,
    shelf: Shelf,
    present: Mapping[int, StayFacts],
    *,
    drop_rooms: Sequence[int],
    fee_minor: int,
    ask: str,
    quote_id: str,
    expires_at: datetime,
    now: datetime,
) -> AmendPreview:
    """What the change would come to. drop_rooms: stays whose room somebody else has on the new nights."""
    state = record.state
    balance_minor = change.after_minor + fee_minor - state.paid_minor
    warnings, dropped_clocks = _consequences(state, change, drop_rooms, now)

    def money(amount_minor: int) -> Money:
        return Money(amount_minor=amount_minor, currency=state.terms.currency)

    return AmendPreview(
        reference=state.reference,
        version=state.version,
        words=in_words(change, state, present, shelf),
        before=money(change.before_minor),
        after=money(change.after_minor),
        difference=money(change.difference_minor),
        fee=money(fee_minor),
        refund=money(max(0, -balance_minor)),
        balance=money(balance_minor),
        stays=[_stay(record, each, shelf, present) for each in change.stays],
        warnings=[*_gone_past(change, shelf), *warnings],
        dropped_clocks=dropped_clocks,
        ask_the_hotel=ask or None,
        quote_id=quote_id,
        expires_at=expires_at,
    )


def _consequences(
    state: Booking, change: Change, drop_rooms: Sequence[int], now: datetime
) -> tuple[list[ChangeWarning], list[str]]:
    """What would happen to rooms and clocks: the booking's own step is asked, so that both can't differ."""
    act = Act(now, SYSTEM)
    warnings = []
    try:
        step = amended(state, act, change.plans, Terms(drop_rooms=tuple(drop_rooms)))
    except Refused as refused:
        # The act would be refused because of a room; what it does to clocks is told all the same.
        warnings.append(ChangeWarning(code=refused.code, detail=refused.detail))
        roomless = tuple(replace(stay, room_id=None) for stay in state.stays)
        step = amended(replace(state, stays=roomless), act, change.plans)
    for number in _listed(step.difference["rooms_lost"]):
        stay = state.stay(int(number))
        told = f"Room {stay.room_number if stay else ''} is given up; stay {number} gets another one later."
        warnings.append(ChangeWarning(code="room_lost", detail=told))
    return warnings, _listed(step.difference["dropped_clocks"])


def _listed(told: object) -> list[str]:
    return [part for part in str(told).split(", ") if part]


def _gone_past(change: Change, shelf: Shelf) -> list[ChangeWarning]:
    """Restrictions and a full house that the desk goes past."""
    warnings = [ChangeWarning(code=refused.code, detail=refused.detail) for refused in change.overridden]
    names = {room_type.id: room_type.name for room_type in shelf.room_types}
    warnings += [
        ChangeWarning(code="oversold", detail=f"{names.get(type_id, 'The room type')} is full on {day_text(night)}.")
        for type_id, night in change.oversold
    ]
    return warnings


def _stay(record: BookingRecord, each: StayChange, shelf: Shelf, present: Mapping[int, StayFacts]) -> PreviewStay:
    plan, terms = each.plan, record.state.terms
    told = next((stay for stay in record.stays if stay["stay"] == plan.number), None)
    types = {room_type.id: (room_type.code, room_type.name) for room_type in shelf.room_types}
    plans = {rate_plan.id: (rate_plan.code, rate_plan.name) for rate_plan in shelf.plans}
    # A type or a plan that is not on sale any more is the stay's own, and stands in its row.
    here = (told["room_type"], told["room_type_name"]) if told else ("", "")
    code, name = types.get(plan.room_type_id, here)
    plan_code, plan_name = plans[plan.rate_plan_id]

    def money(amount_minor: int) -> Money:
        return Money(amount_minor=amount_minor, currency=terms.currency)

    return PreviewStay(
        stay=plan.number,
        is_new=told is None,
        arrival=plan.arrival,
        departure=plan.departure,
        room_type=code,
        room_type_name=name,
        rate_plan=plan_code,
        rate_plan_name=plan_name,
        adults=plan.adults,
        children_ages=list(plan.children_ages),
        before=money(each.before_minor),
        after=money(each.after_minor),
        nights=_nights(each, present, terms.currency),
        taxes=[
            PreviewTax(
                night=line.night,
                code=line.code,
                name=line.name,
                amount=money(line.amount_minor),
                included=line.included,
            )
            for line in plan.lines
            if line.kind == "tax"
        ],
        policy=policy_words(terms, plan.terms, plan.arrival, plan.departure, record.state.created_at),
    )


def _nights(each: StayChange, present: Mapping[int, StayFacts], currency: str) -> list[PreviewNight]:
    """In order of date; of a night that is priced anew the old price comes first."""
    was = present.get(each.plan.number)
    before, after = room_prices(was.lines) if was else {}, room_prices(each.plan.lines)
    words: list[tuple[Literal["dropped", "kept", "added"], Sequence, dict]] = [
        ("dropped", each.dropped, before),
        ("kept", each.kept, after),
        ("added", each.added, after),
    ]
    nights = [
        PreviewNight(night=night, change=word, price=Money(amount_minor=prices.get(night, 0), currency=currency))
        for word, those, prices in words
        for night in those
    ]
    return sorted(nights, key=lambda told: told.night)
