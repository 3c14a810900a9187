"""What a room costs for one night, by who sleeps in it, and how one rate plan follows another.

Rule: docs/rules/pricing.md. Amounts are minor units of the hotel's currency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from domain.money import percent_of
from domain.rates import Derivation, NightRate, RatePlanFacts, RoomTypeFacts
from domain.refusals import Refused, rule
from domain.stay import Party, counted

MAX_DERIVATION_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Occupancy:
    """What a party means for the price of every night of its stay on one room type and plan.

    extra_adults pay the night's extra-adult amount each; bands_minor is the children's sum per night; alone
    says that the single discount applies.
    """

    extra_adults: int
    bands_minor: int
    alone: bool

    def price_minor(self, rate: NightRate) -> int:
        """What the guest pays for the room this night, included taxes in it."""
        room = rate.price_minor
        if self.alone:
            room = max(0, room - rate.single_discount_minor)
        return room + self.extra_adults * rate.extra_adult_minor + self.bands_minor


def occupancy(room_type: RoomTypeFacts, plan: RatePlanFacts, party: Party) -> Occupancy:
    """Who of the party pays what.

    Adults take the base places first, then children, the oldest first; whoever finds none is extra. An
    extra child pays its band, or like an extra adult where no band has its age. Infants take no place and
    pay only where a band has their age. Does not ask whether the party fits.
    """
    infants, children = _infants_and_children(room_type, party)
    places_left = max(0, room_type.base_guests - party.adults)
    extra_adults = max(0, party.adults - room_type.base_guests)
    bands_minor = 0
    for age in sorted(children, reverse=True)[places_left:]:
        amount_minor = _band_minor(plan, age)
        if amount_minor is None:
            extra_adults += 1
        else:
            bands_minor += amount_minor
    bands_minor += sum(_band_minor(plan, age) or 0 for age in infants)
    return Occupancy(extra_adults, bands_minor, alone=party.adults == 1 and not children)


def night_price(rate: NightRate, room_type: RoomTypeFacts, plan: RatePlanFacts, party: Party) -> int:
    """What the party pays for one room this night; refuses `party_too_large` where the room does not take it."""
    for refusal in misfits(room_type, party):
        raise refusal
    return occupancy(room_type, plan, party).price_minor(rate)


def misfits(room_type: RoomTypeFacts, party: Party) -> list[Refused]:
    """Why the room type does not take the party: `party_too_large`, naming the maximum; empty where it does.

    Infants count among the children, but not among the guests.
    """
    infants, children = _infants_and_children(room_type, party)
    found = []
    if party.adults > room_type.max_adults:
        found.append(_too_large(room_type, counted(room_type.max_adults, "adult"), "adults", room_type.max_adults))
    if len(infants) + len(children) > room_type.max_children:
        most = counted(room_type.max_children, "child", "children")
        found.append(_too_large(room_type, most, "children_ages", room_type.max_children))
    if not found and party.adults + len(children) > room_type.max_guests:
        blamed = "children_ages" if children else "adults"
        most = counted(room_type.max_guests, "guest")
        found.append(_too_large(room_type, most, blamed, room_type.max_guests))
    return found


def _too_large(room_type: RoomTypeFacts, most: str, blamed: str, maximum: int) -> Refused:
    return rule("party_too_large", f"{room_type.name} takes {most} at most.", field=blamed, maximum=maximum)


def _infants_and_children(room_type: RoomTypeFacts, party: Party) -> tuple[list[int], list[int]]:
    infants = [age for age in party.children_ages if age <= room_type.infants_to_age]
    children = [age for age in party.children_ages if age > room_type.infants_to_age]
    return infants, children


def _band_minor(plan: RatePlanFacts, age: int) -> int | None:
    for band in plan.child_bands:
        if band.from_age <= age <= band.to_age:
            return band.amount_minor
    return None


def derived_rate(parent: NightRate, own: NightRate | None, derivation: Derivation) -> NightRate:
    """The night of a plan that follows its parent.

    The percent changes the room price, the extra adult and the single discount alike, each rounded half-up;
    the amount changes the room price only; nothing falls below zero. Restrictions are the parent's, or the
    plan's own row's (none where it has no row that night). The own row's prices are never read.
    """
    restricted = parent
    if derivation.own_restrictions:
        restricted = own or NightRate(parent.night, 0, 0)
    return replace(
        restricted,
        night=parent.night,
        price_minor=max(0, _changed(parent.price_minor, derivation) + derivation.amount_minor),
        extra_adult_minor=max(0, _changed(parent.extra_adult_minor, derivation)),
        single_discount_minor=max(0, _changed(parent.single_discount_minor, derivation)),
    )


def _changed(amount_minor: int, derivation: Derivation) -> int:
    return amount_minor + percent_of(amount_minor, derivation.percent)


def derivation_order(plans: Sequence[RatePlanFacts]) -> list[RatePlanFacts]:
    """The plans with every parent before its children, otherwise in the order given.

    Refuses `rate_plan_cycle`, `rate_plan_too_deep` (more than three steps below a plan with prices of its
    own) and `rate_plan_parent_unknown` (field `parent_plan_id`).
    """
    by_id = {plan.id: plan for plan in plans}
    return sorted(plans, key=lambda plan: _depth(plan, by_id))


def _depth(plan: RatePlanFacts, by_id: Mapping[int, RatePlanFacts]) -> int:
    passed = [plan.id]
    above = plan
    while above.derivation is not None:
        parent = by_id.get(above.derivation.parent_plan_id)
        if parent is None:
            raise _unsound("rate_plan_parent_unknown", f"Rate plan {above.code} follows a plan that does not exist.")
        if parent.id in passed:
            raise _unsound("rate_plan_cycle", f"Rate plan {plan.code} would follow itself through {above.code}.")
        passed.append(parent.id)
        above = parent
    depth = len(passed) - 1
    if depth > MAX_DERIVATION_DEPTH:
        detail = f"Rate plan {plan.code} is {depth} steps below its prices; {MAX_DERIVATION_DEPTH} at most."
        raise _unsound("rate_plan_too_deep", detail)
    return depth


def _unsound(code: str, detail: str) -> Refused:
    return rule(code, detail, field="parent_plan_id")
