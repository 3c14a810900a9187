"""Where bookings come from, and what the desk may do differently: docs/rules/sources.md."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.booking import Actor
from domain.desk_quoting import desk_quote
from domain.quoting import Shelf, quotes
from domain.rates import Derivation, NightRate, RatePlanFacts, RoomTypeFacts
from domain.refusals import Kind, Refused
from domain.sources import (
    Source,
    check_arrivals,
    check_contact,
    option_until,
    source_for,
    sources_at,
    with_percent,
)
from domain.stay import Party, StayDates
from domain.terms import Confirmation, HotelTerms, Payment

AGENCY = Source("channel:example-ota", "Example OTA", Decimal(15))
FRONT, MANAGER = Actor("staff", "frontdesk", 7), Actor("staff", "manager", 8)
LONDON = HotelTerms(1, "Europe/London", "GBP", Payment.AT_HOTEL, Confirmation.MANUAL)
TODAY = date(2026, 12, 7)
DOUBLE = RoomTypeFacts(1, "DBL", "Double", 2, 2, 2, 1, 2)
FLEX = RatePlanFacts(1, "FLEX", "Flexible", "breakfast", (1,), (), None)
SAVER = RatePlanFacts(2, "SAVER", "Saver", "none", (1,), (), Derivation(1, 0, Decimal(-10), True))
UNSOLD = RatePlanFacts(3, "CLUB", "Club", "none", (), (), None)
STAY = StayDates(TODAY, TODAY + timedelta(days=2))


def listed(*sources: Source) -> dict[str, Source]:
    return {source.source: source for source in sources}


def shelf(stock: int = 5, **restricted: Any) -> Shelf:
    """A double at 100.00 a night, restricted on the night of arrival where asked."""
    days = [TODAY + timedelta(days=n) for n in range(3)]
    rates = {day: NightRate(day, 100_00, 0) for day in days}
    rates[TODAY] = replace(rates[TODAY], **restricted)
    free = {1: dict.fromkeys(days, stock)}
    return Shelf((DOUBLE,), (FLEX, SAVER, UNSOLD), {(1, 1): rates}, free, (), "GBP")


def test_every_hotel_has_the_plain_sources_and_then_its_channels() -> None:
    """A row of the hotel's own says what a plain source costs; without one it costs nothing."""
    agent = Source("corporate", "Companies", Decimal(5))
    found = sources_at([AGENCY, agent])
    assert [source.source for source in found] == [
        "web_direct", "walk_in", "phone", "corporate", "waitlist", "other", "channel:example-ota",
    ]  # fmt: skip
    assert [source.commission_percent for source in found if source.commission_percent] == [Decimal(5), Decimal(15)]
    assert found[3] == agent


def test_a_plain_source_needs_no_row_and_a_channel_does() -> None:
    """Only what the hotel lists is a channel of it."""
    assert source_for("phone", {}) == Source("phone", "Phone")
    assert source_for("channel:example-ota", listed(AGENCY)) == AGENCY
    for unknown in ("channel:other-ota", "channel:", "fax", "channel:example-ota\n"):
        with pytest.raises(Refused) as told:
            source_for(unknown, listed(AGENCY))
        assert (told.value.code, told.value.field) == ("source_unknown", "source")


@pytest.mark.parametrize("source", [AGENCY, Source("waitlist", "Waiting list")])
def test_a_source_that_is_out_of_use_takes_no_bookings(source: Source) -> None:
    """Also a plain one."""
    with pytest.raises(Refused) as told:
        source_for(source.source, listed(replace(source, active=False)))
    assert told.value.code == "source_not_in_use"


def test_only_a_manager_sets_another_share_for_one_booking() -> None:
    """Saying the hotel's own percent again is no other share."""
    assert with_percent(AGENCY, None, FRONT) == AGENCY
    assert with_percent(AGENCY, Decimal("15.00"), FRONT) == AGENCY
    assert with_percent(AGENCY, Decimal(10), MANAGER).commission_percent == Decimal(10)
    for source, percent in ((AGENCY, Decimal("14.99")), (Source("phone", "Phone"), Decimal(0))):
        with pytest.raises(Refused) as told:
            with_percent(source, percent, FRONT)
        assert (told.value.code, told.value.kind) == ("role_missing", Kind.FORBIDDEN)


def test_without_an_e_mail_a_phone_is_needed() -> None:
    """Either will do."""
    check_contact("guest@example.com", None)
    check_contact(None, "+914840000000")
    for email in (None, ""):
        with pytest.raises(Refused) as told:
            check_contact(email, None)
        assert (told.value.code, told.value.field) == ("contact_needed", "guest.phone")


def test_who_walks_in_arrives_on_the_hotels_open_day() -> None:
    """Others may come later, and nobody earlier."""
    check_arrivals("walk_in", [TODAY, TODAY], TODAY)
    check_arrivals("phone", [TODAY, TODAY + timedelta(days=40)], TODAY)
    for source, by, code in (
        ("walk_in", 1, "walk_in_today"),
        ("walk_in", -1, "arrival_past"),
        ("phone", -1, "arrival_past"),
    ):
        with pytest.raises(Refused) as told:
            check_arrivals(source, [TODAY, TODAY + timedelta(days=by)], TODAY)
        assert (told.value.code, told.value.field) == (code, "offers.1")


def test_an_option_is_held_for_the_hotels_hours_or_until_nobody_could_come_any_more() -> None:
    """The worked example, and the 30 days."""
    now = datetime(2026, 12, 7, 10, tzinfo=UTC)
    later = date(2026, 12, 20)
    assert option_until(LONDON, [later], now) == datetime(2026, 12, 8, 10, tzinfo=UTC)
    assert option_until(LONDON, [later, TODAY], now) == datetime(2026, 12, 8, 3, tzinfo=UTC)
    patient = replace(LONDON, option_hours=24 * 60)
    assert option_until(patient, [date(2027, 6, 1)], now) == now + timedelta(days=30)


def test_the_desk_gets_the_price_that_availability_promises() -> None:
    """The same quote, on a plan of its own prices and on a derived one."""
    found, _ = quotes(shelf(), STAY, Party(2), 1, TODAY)
    for plan in ("FLEX", "SAVER"):
        (same,) = [quote for quote in found if quote.rate_plan_code == plan]
        assert desk_quote(shelf(), ("DBL", plan), STAY, Party(2), TODAY) == same


@pytest.mark.parametrize(
    ("restricted", "rules"),
    [
        ({"stop_sell": True}, ["stop_sell"]),
        ({"closed_to_arrival": True}, ["closed_to_arrival"]),
        ({"min_stay_arrival": 3, "min_advance_days": 2}, ["min_stay_arrival", "min_advance"]),
        ({"min_stay_through": 4}, ["min_stay_through"]),
        ({"max_stay_arrival": 1}, ["max_stay_arrival"]),
    ],
)
def test_a_restriction_holds_at_the_desk_too_unless_it_is_gone_past(
    restricted: dict[str, Any], rules: list[str]
) -> None:
    """Going past it gets the price of the unrestricted night."""
    closed = shelf(**restricted)
    with pytest.raises(Refused) as told:
        desk_quote(closed, ("DBL", "FLEX"), STAY, Party(2), TODAY, number=2)
    assert (told.value.code, told.value.facts["rules"], told.value.facts["stay"]) == ("restriction_broken", rules, 2)
    past = desk_quote(closed, ("DBL", "FLEX"), STAY, Party(2), TODAY, past_restrictions=True)
    assert past == desk_quote(shelf(), ("DBL", "FLEX"), STAY, Party(2), TODAY)


@pytest.mark.parametrize("past", [False, True])
@pytest.mark.parametrize(
    ("named", "party", "stock", "code", "kind"),
    [
        (("XXL", "FLEX"), Party(2), 5, "room_type_unknown", Kind.RULE),
        (("DBL", "GONE"), Party(2), 5, "rate_plan_unknown", Kind.RULE),
        (("DBL", "CLUB"), Party(2), 5, "no_rate_plan", Kind.RULE),
        (("DBL", "FLEX"), Party(3), 5, "party_too_large", Kind.RULE),
        (("DBL", "FLEX"), Party(2), 0, "sold_out", Kind.CONFLICT),
    ],
)
def test_nobody_goes_past_what_is_not_there(
    named: tuple[str, str], party: Party, stock: int, code: str, kind: Kind, past: bool
) -> None:
    """No word of a manager makes a bed, a room or a price."""
    with pytest.raises(Refused) as told:
        desk_quote(shelf(stock, closed_to_arrival=True), named, STAY, party, TODAY, past_restrictions=past)
    assert (told.value.code, told.value.kind) == (code, kind)


def test_a_night_without_a_price_is_not_sold_by_anybody() -> None:
    """Also past all restrictions."""
    long = StayDates(TODAY, TODAY + timedelta(days=4))
    stocked = replace(shelf(), stock={1: dict.fromkeys(long.nights, 5)})
    with pytest.raises(Refused) as told:
        desk_quote(stocked, ("DBL", "FLEX"), long, Party(2), TODAY, past_restrictions=True)
    assert told.value.code == "no_rate"
