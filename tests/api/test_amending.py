"""What a change would come to, for guests and the desk, and the quote that the act is held to."""

import itertools
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response

from api.amending import Priced, change_of, check_quote, extension, preview, wish_text
from api.shapes.amending import (
    AmendBody,
    ChangeRequestBody,
    DeskAmendBody,
    ExtendBody,
)
from config.settings import Settings
from domain.booking import ClockMove, Status
from domain.refusals import Kind, Refused
from domain.terms import GuestTerms
from messages.quotes import read_quote
from store.booking_reads import BookingRecord
from store.session import app_url as in_role
from tests.api.amend_world import Book
from tests.api.doors import Doors
from tests.api.world import API, SECRET, Body, bearer, problem, resigned
from tests.houses import copy_database, drop_database, sell_every_day
from tests.story.world import connect

# Each test changes bookings, rates and rooms of days of its own.
DAYS = itertools.count(40, 10)


@pytest.fixture(scope="module")
def own_url(template_url: str) -> Iterator[str]:
    """A database for these tests."""
    url = copy_database(template_url)
    sell_every_day(url)
    with connect(url) as db:
        db.execute("UPDATE hotels SET not_on_sale_reason = NULL")
    yield url
    drop_database(url)


@pytest.fixture
async def own_doors(settings: Settings, own_url: str) -> AsyncIterator[Doors]:
    """The API on it, with a clock that the test puts forward."""
    async with Doors(settings.model_copy(update={"app_database_url": in_role(own_url)}), own_url) as opened:
        yield opened


@pytest.fixture
def hudson(own_doors: Doors) -> Book:
    """A hotel that confirms by itself, open for bookings."""
    return Book(own_doors, "hudson", next(DAYS))


@pytest.fixture
def malabar(own_doors: Doors) -> Book:
    """A hotel that answers each request itself."""
    return Book(own_doors, "malabar", next(DAYS))


def longer(book: Book, days: int = 3, **asked: Any) -> AmendBody:
    return AmendBody(version=1, stays=[{"stay": 1, "departure": book.day(days)}], **asked)  # type: ignore[list-item]


def desk_longer(book: Book, days: int = 3, **asked: Any) -> DeskAmendBody:
    return DeskAmendBody(**{**longer(book, days).model_dump(), **asked})


async def refusal(
    book: Book, record: BookingRecord, body: AmendBody, *, by_guest: bool = False, **asked: Any
) -> Refused:
    with pytest.raises(Refused) as refused:
        await change_of(book.house, record, body, by_guest=by_guest, **asked)
    return refused.value


async def test_a_dry_run_tells_what_a_longer_stay_comes_to(hudson: Book) -> None:
    """Kept nights at their price, added ones at today's, every line, and what is then open."""
    record = await hudson.booked(paid_minor=10_000)
    told = await preview(hudson.house, record, longer(hudson), by_guest=True)
    assert (told.reference, told.version, told.ask_the_hotel) == (record.reference, 1, None)
    assert told.before.amount_minor == record.state.total_minor
    assert told.difference.amount_minor == told.after.amount_minor - told.before.amount_minor > 0
    assert (told.fee.amount_minor, told.refund.amount_minor) == (0, 0)
    assert told.balance.amount_minor == told.after.amount_minor - 10_000
    (stay,) = told.stays
    assert [(night.night, night.change) for night in stay.nights] == [
        (hudson.day(0), "kept"),
        (hudson.day(1), "kept"),
        (hudson.day(2), "added"),
    ]
    added = sum(line.amount.amount_minor for line in stay.taxes if not line.included)
    assert sum(night.price.amount_minor for night in stay.nights) + added == stay.after.amount_minor
    assert {tax.code for tax in stay.taxes} == {"ROOM", "UNIT"}
    assert stay.policy.check_out_by.date() == hudson.day(3)
    assert (stay.is_new, stay.rate_plan_name, stay.before) == (False, record.stays[0]["rate_plan_name"], told.before)
    assert told.words[-1].startswith("The price rises by USD ")
    assert (told.warnings, told.dropped_clocks) == ([], [])
    assert told.expires_at == hudson.doors.now + timedelta(minutes=15)


async def test_a_change_that_costs_less_says_what_is_given_back(hudson: Book) -> None:
    """What was paid and is not owed any more."""
    record = await hudson.booked()
    paid = await hudson.becomes(replace(record.state, paid_minor=record.state.total_minor))
    told = await preview(hudson.house, paid, longer(hudson, 1), by_guest=False)
    assert told.refund.amount_minor == -told.difference.amount_minor == -told.balance.amount_minor > 0
    assert [night.change for night in told.stays[0].nights] == ["kept", "dropped"]


async def test_guests_pay_the_hotels_fee_for_a_change_and_the_desk_does_not(hudson: Book) -> None:
    """The fee comes on top of what is owed."""
    record = await hudson.booked()
    terms = replace(record.state.terms, guest=GuestTerms(amend_fee_minor=15_00))
    record = await hudson.becomes(replace(record.state, terms=terms))
    told = await preview(hudson.house, record, longer(hudson), by_guest=True)
    assert told.fee.amount_minor == 15_00
    assert told.balance.amount_minor == told.after.amount_minor + 15_00
    desk = await preview(hudson.house, record, longer(hudson), by_guest=False)
    assert (desk.fee.amount_minor, desk.after) == (0, told.after)


async def test_the_act_of_a_guest_needs_the_quote_of_this_very_change(hudson: Book) -> None:
    """Another wish, another version, another price or a quarter of an hour makes it stale; the new one is told."""
    record = await hudson.booked()
    body = longer(hudson)
    quote_id = (await preview(hudson.house, record, body, by_guest=True)).quote_id

    async def judged(asked: AmendBody, *, by_guest: bool = True) -> Priced:
        priced = await change_of(hudson.house, record, asked, by_guest=by_guest)
        check_quote(hudson.house, record, asked, priced, by_guest=by_guest)
        return priced

    async def stale(asked: AmendBody, *, by_guest: bool = True) -> Refused:
        with pytest.raises(Refused) as refused:
            await judged(asked, by_guest=by_guest)
        assert (refused.value.code, refused.value.kind) == ("quote_stale", Kind.CONFLICT)
        return refused.value

    priced = await judged(longer(hudson, quote_id=quote_id, reason="We like it here."))
    assert priced.total_minor == record.state.total_minor + priced.change.difference_minor
    assert [plan.number for plan in priced.plans] == [1]
    missing = await stale(body)
    assert missing.facts["total_minor"] == priced.change.after_minor
    assert missing.facts["difference_minor"] == priced.change.difference_minor
    assert (missing.facts["fee_minor"], missing.facts["currency"]) == (0, "USD")
    await judged(longer(hudson, quote_id=str(missing.facts["quote_id"])))
    await stale(longer(hudson, 4, quote_id=quote_id))
    await stale(longer(hudson, quote_id="anything"))
    await stale(longer(hudson, quote_id="anything"), by_guest=False)
    await judged(body, by_guest=False)
    await judged(desk_longer(hudson, quote_id=quote_id), by_guest=False)
    hudson.doors.later(minutes=14, seconds=59)
    await judged(longer(hudson, quote_id=quote_id))
    hudson.doors.later(seconds=1)
    assert read_quote(SECRET, str((await stale(longer(hudson, quote_id=quote_id))).facts["quote_id"]))


async def test_a_price_that_has_changed_since_makes_the_quote_stale(hudson: Book) -> None:
    """The act never comes to another amount than was told."""
    record = await hudson.booked()
    told = await preview(hudson.house, record, longer(hudson), by_guest=True)
    hudson.rows("UPDATE nightly_rates SET price_minor = price_minor + 100 WHERE night = %s", hudson.day(2))
    body = longer(hudson, quote_id=told.quote_id)
    priced = await change_of(hudson.house, record, body, by_guest=True)
    assert priced.change.after_minor > told.after.amount_minor
    with pytest.raises(Refused, match="quote_stale"):
        check_quote(hudson.house, record, body, priced, by_guest=True)


async def test_at_a_hotel_that_answers_itself_a_guest_asks(malabar: Book) -> None:
    """The act names the door for it; the dry run tells the price all the same, without a fee."""
    record = await malabar.booked()
    terms = replace(record.state.terms, guest=GuestTerms(amend_fee_minor=15_00))
    record = await malabar.becomes(replace(record.state, terms=terms))
    no = await refusal(malabar, record, longer(malabar), by_guest=True)
    address = f"/api/v1/bookings/{record.reference}/change-requests"
    assert (no.code, no.kind, no.facts) == ("ask_the_hotel", Kind.RULE, {"address": address})
    assert no.detail == f"This hotel answers each change itself. Ask for it with POST {address}."
    told = await preview(malabar.house, record, longer(malabar), by_guest=True)
    assert told.ask_the_hotel == "This hotel answers each change itself."
    assert (told.fee.amount_minor, told.difference.amount_minor > 0) == (0, True)
    asked = ChangeRequestBody(**longer(malabar).model_dump(), text="Could we stay longer?")
    quoted = asked.model_copy(update={"quote_id": told.quote_id})
    priced = await change_of(malabar.house, record, quoted, by_guest=True, asks=True)
    check_quote(malabar.house, record, quoted, priced, by_guest=True)
    assert json.loads(wish_text(quoted)) == {"stays": [{"stay": 1, "departure": malabar.day(3).isoformat()}]}
    desk = await change_of(malabar.house, record, longer(malabar), by_guest=False)
    assert desk.plans == priced.plans


async def test_a_request_that_was_not_answered_yet_can_be_asked_to_change(malabar: Book) -> None:
    """It still holds its rooms."""
    record = await malabar.booked(status=Status.PENDING)
    assert (await preview(malabar.house, record, longer(malabar), by_guest=True)).difference.amount_minor > 0


async def test_what_is_over_or_was_seen_otherwise_is_refused(hudson: Book) -> None:
    """A stale version first; a stay that ended never."""
    record = await hudson.booked(rooms=2)
    assert (await refusal(hudson, record, AmendBody(version=2))).code == "version_conflict"
    assert (await refusal(hudson, record, AmendBody(version=1))).code == "nothing_changes"
    stays = (replace(record.state.stays[0], status=Status.CANCELLED), record.state.stays[1])
    over = await hudson.becomes(replace(record.state, stays=stays))
    no = await refusal(hudson, over, longer(hudson))
    assert (no.code, no.kind) == ("action_not_allowed", Kind.CONFLICT)
    hudson.rows("UPDATE bookings SET version = 2 WHERE reference = %s", record.reference)
    assert (await refusal(hudson, record, longer(hudson))).facts["version"] == 2


async def test_guests_buy_no_nights_of_a_house_that_sells_none(hudson: Book) -> None:
    """They may still leave earlier, and the desk may sell."""
    record = await hudson.booked()
    hudson.rows("UPDATE hotels SET not_on_sale_reason = 'Closed for works.' WHERE slug = 'hudson'")
    no = await refusal(hudson, record, longer(hudson), by_guest=True)
    assert (no.code, no.detail) == ("not_on_sale", "Closed for works.")
    assert (await change_of(hudson.house, record, longer(hudson, 1), by_guest=True)).plans
    assert (await change_of(hudson.house, record, longer(hudson), by_guest=False)).plans
    hudson.rows("UPDATE hotels SET not_on_sale_reason = NULL WHERE slug = 'hudson'")


async def test_the_desk_keeps_a_price_or_gives_its_own(malabar: Book) -> None:
    """In the booking's currency, with a reason."""
    record = await malabar.booked()
    types = [code for (code,) in malabar.rows("SELECT code FROM room_types WHERE hotel_id = %s", record.hotel_id)]
    other = next(code for code in types if code != record.stays[0]["room_type"])
    suite = DeskAmendBody(version=1, stays=[{"stay": 1, "room_type": other}], pricing="keep")  # type: ignore[list-item]
    assert (await change_of(malabar.house, record, suite, by_guest=False)).change.difference_minor == 0
    own = {"stay": 1, "night": malabar.day(2), "price": {"amount_minor": 1_000_00, "currency": "INR"}}
    body = desk_longer(malabar, pricing="override", override=[own], reason="A regular")
    priced = await change_of(malabar.house, record, body, by_guest=False)
    room, tax = (line for line in priced.plans[0].lines if line.night == malabar.day(2))
    assert (room.amount_minor, tax.amount_minor) == (1_000_00, 50_00)
    no = await refusal(malabar, record, body.model_copy(update={"reason": ""}))
    assert no.code == "reason_needed"
    dollars = {**own, "price": {"amount_minor": 1_00, "currency": "USD"}}
    wrong = desk_longer(malabar, pricing="override", override=[dollars], reason="A regular")
    refused = await refusal(malabar, record, wrong)
    assert (refused.code, refused.field) == ("currency_differs", "override.0.price.currency")


async def test_the_desk_goes_past_restrictions_and_is_told_which(hudson: Book) -> None:
    """With a reason; the dry run lists them."""
    record = await hudson.booked()
    hudson.rows("UPDATE nightly_rates SET stop_sell = true WHERE night = %s", hudson.day(2))
    assert (await refusal(hudson, record, longer(hudson))).facts["rule"] == "stop_sell"
    past = desk_longer(hudson, restrictions_overridden=True, reason="A regular")
    told = await preview(hudson.house, record, past, by_guest=False)
    assert [warning.code for warning in told.warnings] == ["stop_sell"]


async def test_a_full_house_is_told_by_nights_and_gone_past_by_permission(hudson: Book) -> None:
    """409 for most; who may oversell is warned."""
    record = await hudson.booked()
    hudson.rows("UPDATE room_type_nights SET blocked = physical WHERE night = %s AND held = 0", hudson.day(2))
    no = await refusal(hudson, record, longer(hudson))
    assert (no.code, no.kind) == ("sold_out", Kind.CONFLICT)
    told = await preview(hudson.house, record, longer(hudson), by_guest=False, past_full=True)
    assert [warning.code for warning in told.warnings] == ["oversold"]


async def test_rooms_are_added_by_offers_of_the_same_hotel_and_policy(hudson: Book, malabar: Book) -> None:
    """They cost what was promised and get numbers of their own."""
    record = await hudson.booked()
    offer = (await hudson.offers(first=1, adults=1))[0]
    add = {"offer_id": offer["offer_id"], "guests": [{"name": "B Guest"}]}

    def adding(**changes: Any) -> AmendBody:
        return AmendBody(version=1, add=[{**add, **changes}])  # type: ignore[list-item]

    told = await preview(hudson.house, record, adding(), by_guest=True)
    assert told.difference.amount_minor == offer["total"]["amount_minor"]
    (stay,) = told.stays
    assert (stay.stay, stay.is_new, stay.adults, stay.before.amount_minor) == (2, True, 1, 0)
    assert (stay.room_type, stay.rate_plan) == (offer["room_type"], offer["rate_plan"])
    assert [night.change for night in stay.nights] == ["added", "added"]
    priced = await change_of(hudson.house, record, adding(), by_guest=True)
    assert priced.plans[0].guests == (("B Guest", None),)
    assert priced.total_minor == record.state.total_minor + offer["total"]["amount_minor"]

    async def no(**changes: Any) -> tuple[str, str | None]:
        refused = await refusal(hudson, record, adding(**changes), by_guest=True)
        return refused.code, refused.field

    assert await no(offer_id="anything") == ("offer_unknown", "add.0.offer_id")
    elsewhere = (await malabar.offers())[0]["offer_id"]
    assert await no(offer_id=elsewhere) == ("offer_of_another_hotel", "add.0.offer_id")
    newer = resigned(offer["offer_id"], policy_version=9)
    assert await no(offer_id=newer) == ("offer_of_another_policy", "add.0.offer_id")
    many = [{"name": "A Guest"}, {"name": "B Guest"}]
    assert await no(guests=many) == ("occupancy_differs", "add.0.guests")
    hudson.doors.later(minutes=31)
    assert await no() == ("offer_expired", "add.0.offer_id")


async def in_room(book: Book, **stay: Any) -> tuple[BookingRecord, str]:
    """A booking with a room, and the room's number; somebody else has it from the third night on."""
    record, other = await book.booked(), await book.booked()
    room_id, number = book.room_of(record)
    book.occupy(record, 1, room_id, 0, 2)
    book.occupy(other, 1, room_id, 2, 3)
    has = replace(record.state.stays[0], room_id=room_id, room_number=number, **stay)
    return await book.becomes(replace(record.state, stays=(has,))), number


async def test_a_room_that_is_not_free_for_the_new_nights_is_told(hudson: Book) -> None:
    """One's own nights do not stand in the way."""
    record, number = await in_room(hudson)
    told = await preview(hudson.house, record, longer(hudson), by_guest=False)
    assert [(warning.code, number in warning.detail) for warning in told.warnings] == [("room_lost", True)]
    shorter = await preview(hudson.house, record, longer(hudson, 1), by_guest=False)
    assert shorter.warnings == []


async def test_a_room_that_was_promised_is_not_given_up_silently(hudson: Book) -> None:
    """The act would be refused; clocks are told all the same."""
    record, _ = await in_room(hudson, room_locked=True)
    told = await preview(hudson.house, record, longer(hudson), by_guest=False)
    assert [warning.code for warning in told.warnings] == ["room_locked"]


async def test_clocks_that_people_moved_and_that_go_back_are_listed(hudson: Book) -> None:
    """Those of the date that moves, and no other."""
    record = await hudson.booked()
    now = hudson.doors.now
    moves = tuple(ClockMove(key, now, "staff", "frontdesk", 2, now) for key in ("pre_arrival-1", "no_show-1"))
    record = await hudson.becomes(replace(record.state, moves=moves))
    assert (await preview(hudson.house, record, longer(hudson), by_guest=False)).dropped_clocks == []
    later = AmendBody(version=1, stays=[{"stay": 1, "arrival": hudson.day(1)}])  # type: ignore[list-item]
    told = await preview(hudson.house, record, later, by_guest=False)
    assert told.dropped_clocks == ["pre_arrival-1", "no_show-1"]


async def test_a_longer_stay_is_the_change_that_it_is(hudson: Book) -> None:
    """All rooms that leave earlier, or those named; what is no longer is refused."""
    record = await hudson.booked(rooms=2)
    state = record.state
    body = extension(state, ExtendBody(version=1, departure=hudson.day(3), pricing="keep", reason="Longer"))
    assert [(each.stay, each.departure) for each in body.stays] == [(1, hudson.day(3)), (2, hudson.day(3))]
    assert (body.pricing, body.reason, body.version) == ("keep", "Longer", 1)
    assert len((await change_of(hudson.house, record, body, by_guest=False)).plans) == 2
    one = extension(state, ExtendBody(version=1, departure=hudson.day(3), stays=[2]))
    assert [each.stay for each in one.stays] == [2]
    there = replace(state, stays=(replace(state.stays[0], departure=hudson.day(5)), state.stays[1]))
    assert [each.stay for each in extension(there, ExtendBody(version=1, departure=hudson.day(4))).stays] == [2]

    def no(state_: Any, **asked: Any) -> tuple[str, str | None]:
        with pytest.raises(Refused) as refused:
            extension(state_, ExtendBody(version=1, **asked))
        return refused.value.code, refused.value.field

    assert no(state, departure=hudson.day(2)) == ("not_longer", "departure")
    assert no(there, departure=hudson.day(4), stays=[1, 2]) == ("not_longer", "departure")
    assert no(state, departure=hudson.day(4), stays=[3]) == ("stay_unknown", "stays")


async def test_over_http_a_dry_run_is_for_the_guest_and_for_the_desk(hudson: Book) -> None:
    """The same wish, each by their own door; what is not understood is 400, a refusal has its code."""
    record = await hudson.booked()
    wish = longer(hudson).model_dump(mode="json", exclude_defaults=True)
    guest = bearer(hudson.house.views.token(record) or "")
    desk = bearer(await hudson.doors.token("frontdesk@hudson.example"))

    async def asked(door: str, key: dict[str, str], body: Body) -> Response:
        address = f"{API}/{door}/{record.reference}/amend"
        return await hudson.doors.caller().post(address, params={"dry_run": "true"}, json=body, headers=key)

    told = [await asked("bookings", guest, wish), await asked("desk/bookings", desk, wish)]
    assert [answer.status_code for answer in told] == [200, 200]
    assert told[0].json()["words"] == told[1].json()["words"]
    problem(await asked("bookings", guest, {**wish, "pricing": "keep"}), 400, "invalid_request")
    problem(await asked("bookings", guest, {**wish, "version": 9}), 409, "version_conflict")
    problem(await asked("desk/bookings", desk, {"version": 1}), 422, "nothing_changes")
