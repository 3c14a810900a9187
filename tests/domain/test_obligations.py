"""What a guest is asked to pay, for what and when: docs/rules/payments.md, "What is asked for"."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import acts
from domain.answers import Look
from domain.booking import Booking, Status
from domain.obligations import (
    Obligation,
    authorises,
    deposit_minor,
    first_payment,
    keeps_card,
    later_deposit_minor,
    owed_now,
    owes_deposit_later,
    payment_in_words,
    takes_cards,
)
from domain.payments import HeldOver
from domain.terms import Confirmation, Penalty, StayTerms, WhenLapsing
from domain.terms import Payment as Way
from tests.domain.made import ASKED, AUTO, FLEXIBLE, GUEST, KOCHI, act, booking, gone, march, with_rooms
from tests.domain.payers import asked_to_pay, held, online, pays, terms
from workflows.teller import provider_order

SECOND = timedelta(seconds=1)
DUE = march(3, 12)
A_DEPOSIT, A_GUARANTEE = Obligation("deposit", 10_000), Obligation("guarantee", 0)
EVERYTHING = {"deposit_percent": 30, "deposit_fixed_minor": 5_000}


def plan(way: Way | None = None, **more: Any) -> StayTerms:
    """A rate plan of its own way to pay."""
    return StayTerms(2, "own", payment=way, **more)


def rooms(*ways: Way | None, **hotel: Any) -> Booking:
    """A booking of one room for each way, two nights of 100.00 each, at a hotel that asks for deposits."""
    made = booking(len(ways), 2, terms(Way.DEPOSIT, **hotel))
    return replace(
        made, stays=tuple(replace(stay, terms=plan(way)) for stay, way in zip(made.stays, ways, strict=True))
    )


def with_status(made: Booking, *statuses: Status) -> Booking:
    """The booking with its stays in these statuses."""
    return replace(made, stays=tuple(replace(stay, status=one) for stay, one in zip(made.stays, statuses, strict=True)))


def in_rand(made: Booking) -> Booking:
    """The same in a currency for which the provider names no least amount."""
    return replace(made, terms=replace(made.terms, currency="ZAR"))


@pytest.mark.parametrize(
    ("hotel", "own", "amount"),
    [
        (Penalty.NONE, None, 0),
        (Penalty.FIRST_NIGHT, None, 10_000),
        (Penalty.PERCENT, None, 5_400),
        (Penalty.FIXED, None, 5_000),
        (Penalty.FULL, None, 18_000),
        (Penalty.FULL, Penalty.NONE, 0),
        (Penalty.FULL, Penalty.FIRST_NIGHT, 10_000),
        (Penalty.FULL, Penalty.PERCENT, 9_000),
        (Penalty.FULL, Penalty.FIXED, 7_000),
        (Penalty.FIXED, Penalty.FULL, 18_000),
    ],
)
def test_a_deposit_follows_the_plan_or_else_the_hotel(hotel: Penalty, own: Penalty | None, amount: int) -> None:
    """Nights of 100.00 and 80.00; the hotel's 30 per cent and 50.00, the plan's 50 per cent and 70.00."""
    terms_ = plan(deposit=own, deposit_percent=50, deposit_fixed_minor=7_000)
    made = online(stay=terms_, deposit=hotel, **EVERYTHING)
    stay = replace(made.stays[0], total_minor=18_000, night_minor=(10_000, 8_000))
    assert deposit_minor(made.terms, stay) == amount


def test_a_deposit_is_never_more_than_the_stay() -> None:
    """A fixed one of 70.00 for a stay of 60.00."""
    made = online(stay=plan(deposit=Penalty.FIXED, deposit_fixed_minor=7_000))
    stay = replace(made.stays[0], total_minor=6_000, night_minor=(3_000, 3_000))
    assert deposit_minor(made.terms, stay) == 6_000


@pytest.mark.parametrize(
    ("ways", "asked"),
    [
        ((None,), A_DEPOSIT),
        ((None, None), Obligation("deposit", 20_000)),
        ((Way.AT_HOTEL,), None),
        ((Way.AT_HOTEL, Way.GUARANTEE), A_GUARANTEE),
        ((Way.GUARANTEE, None), A_DEPOSIT),
        ((None, Way.PREPAID), Obligation("prepaid", 30_000)),
        ((Way.PREPAID, Way.AUTHORISE), Obligation("authorisation", 40_000)),
        ((Way.AUTHORISE, None, Way.GUARANTEE), Obligation("authorisation", 30_000)),
    ],
)
def test_the_first_payment_is_the_sum_of_what_the_rooms_ask_for(
    ways: tuple[Way | None, ...], asked: Obligation | None
) -> None:
    """Named by the most demanding: authorised, prepaid, deposit, guarantee."""
    assert first_payment(rooms(*ways), ASKED) == asked


@pytest.mark.parametrize(
    ("status", "asks"),
    [(status, status in (Status.HELD, Status.PENDING, Status.CONFIRMED)) for status in Status],
)
def test_only_rooms_that_are_still_to_come_are_asked_for(status: Status, asks: bool) -> None:
    """A second room that has ended, or whose guest has come, asks for nothing before the arrival."""
    made = with_status(rooms(None, None), Status.HELD, status)
    assert first_payment(made, ASKED) == Obligation("deposit", 20_000 if asks else 10_000)
    alone = with_status(rooms(Way.PREPAID), status)
    assert first_payment(alone, ASKED) == (Obligation("prepaid", 20_000) if asks else None)


@pytest.mark.parametrize(
    ("paid", "asked"),
    [(0, A_DEPOSIT), (4_000, Obligation("deposit", 6_000)), (9_950, Obligation("deposit", 50)), (9_951, None),
     (10_000, None), (12_000, None), (-500, A_DEPOSIT)],
)  # fmt: skip
def test_what_was_paid_is_not_asked_for_again(paid: int, asked: Obligation | None) -> None:
    """Of 100.00; what is less than the provider takes stays due."""
    assert first_payment(replace(online(), paid_minor=paid), ASKED) == asked


def test_the_least_amount_is_asked_for_where_the_provider_names_none() -> None:
    """One hundredth of a rand; nothing where nothing is left."""
    made = in_rand(online(Way.PREPAID))
    asked = [first_payment(replace(made, paid_minor=paid), ASKED) for paid in (19_999, 20_000, 20_001)]
    assert asked == [Obligation("prepaid", 1), None, None]
    firm = in_rand(pays(asked_to_pay(held())))
    later = [owed_now(replace(firm, paid_minor=paid), ASKED) for paid in (19_999, 20_000, 20_001)]
    assert later == [Obligation("balance", 1), None, None]
    due = in_rand(online(due_days=7))
    assert [later_deposit_minor(replace(due, paid_minor=paid)) for paid in (9_999, 10_000, 10_001)] == [1, 0, 0]
    assert [owes_deposit_later(replace(due, paid_minor=paid), ASKED) for paid in (9_999, 10_000)] == [True, False]


@pytest.mark.parametrize(
    ("now", "card", "asked"),
    [
        (DUE - SECOND, "", A_GUARANTEE),
        (DUE - SECOND, "pm_1", None),
        (DUE, "", A_DEPOSIT),
        (DUE, "pm_1", A_DEPOSIT),
        (DUE + SECOND, "", A_DEPOSIT),
    ],
)
def test_a_deposit_of_a_later_day_asks_for_the_card_until_then(
    now: datetime, card: str, asked: Obligation | None
) -> None:
    """Seven days before the arrival at 12:00 in Kochi; a card that is on file is not asked for again."""
    made = online(due_days=7)
    made = replace(made, purse=replace(made.purse, method_id=card))
    assert first_payment(made, now) == asked
    assert owes_deposit_later(made, now) is (now < DUE)


def test_a_guarantee_is_met_by_the_card_on_file() -> None:
    """And a deposit of nothing asks for no card."""
    made = online(Way.GUARANTEE)
    assert first_payment(replace(made, purse=replace(made.purse, method_id="pm_1")), ASKED) is None
    nothing = online(due_days=7, deposit=Penalty.NONE)
    assert (first_payment(nothing, ASKED), owes_deposit_later(nothing, ASKED)) == (None, False)
    assert owes_deposit_later(online(), ASKED) is False


def test_a_prepaid_room_beside_a_later_deposit_is_paid_at_once() -> None:
    """200.00 now; the deposit of the other on its day."""
    made = rooms(None, Way.PREPAID, due_days=7)
    assert first_payment(made, ASKED) == Obligation("prepaid", 20_000)
    assert (first_payment(made, DUE), later_deposit_minor(made)) == (Obligation("prepaid", 30_000), 10_000)


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        (status, status in (Status.HELD, Status.PENDING, Status.CONFIRMED, Status.CHECKED_IN)) for status in Status
    ],
)  # fmt: skip
def test_a_later_deposit_is_that_of_the_rooms_that_live(status: Status, counts: bool) -> None:
    """The room beside it is prepaid, and no part of a deposit."""
    made = with_status(rooms(None, Way.PREPAID, due_days=7), status, Status.CONFIRMED)
    assert later_deposit_minor(made) == (10_000 if counts else 0)
    assert later_deposit_minor(replace(made, paid_minor=4_000)) == (6_000 if counts else 0)


def confirmed() -> Booking:
    """The deposit of 100.00 was paid; 100.00 are left."""
    return pays(asked_to_pay(held()))


def in_house() -> Booking:
    """The guest has come."""
    made = with_rooms(confirmed())
    return acts.checked_in(made, act(march(10, 15)), made.stays).after


def later(**more: Any) -> Booking:
    """A deposit that is open, or not any more."""
    made = confirmed()
    return replace(made, paid_minor=0, purse=replace(made.purse, **more))


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        (held(), A_DEPOSIT),
        (replace(held(), purse=replace(held().purse, held_over=HeldOver("closing", ASKED))), None),
        (replace(held(), held_for="option"), None),
        (acts.opened(online(base=KOCHI), act(actor=GUEST)).after, None),
        (confirmed(), Obligation("balance", 10_000)),
        (later(deposit_open=True), A_DEPOSIT),
        (later(deposit_open=False), Obligation("balance", 20_000)),
        (replace(later(deposit_open=True), paid_minor=10_000), Obligation("balance", 10_000)),
        (in_house(), Obligation("balance", 10_000)),
        (gone(in_house(), march(12, 9)), Obligation("balance", 10_000)),
        (acts.no_show(later(), act(march(11, 3)), (1,)).after, Obligation("fee", 10_000)),
        (acts.cancelled(later(), act(march(9, 18)), (1,)).after, Obligation("fee", 10_000)),
        (acts.cancelled(later(), act(ASKED), (1,)).after, None),
        (replace(gone(in_house(), march(12, 9)), status=Status.COMPLETED), None),
        (acts.declined(acts.opened(online(base=KOCHI), act(actor=GUEST)).after, act()).after, None),
        (acts.failed(held(), act()).after, None),
        (acts.opened(online(Way.AT_HOTEL), act(actor=GUEST)).after, None),
    ],
    ids=[
        "held", "its hold has ended", "an option", "a request", "the rest of a stay", "an open deposit",
        "a deposit that was left open", "a deposit that is met", "in the house", "left", "never came",
        "cancelled late", "cancelled in time", "closed books", "rejected", "given up", "paid at the hotel",
    ],
)  # fmt: skip
def test_what_a_guest_can_pay_at_this_moment(made: Booking, asked: Obligation | None) -> None:
    """By where the booking is."""
    assert owed_now(made, ASKED) == asked


def test_less_than_the_provider_takes_is_not_asked_for_at_the_end_either() -> None:
    """Half a rupee is; a paisa less stays due at the desk."""
    assert [owed_now(replace(confirmed(), paid_minor=20_000 - left), ASKED) for left in (50, 49, 0, -100)] == [
        Obligation("balance", 50), None, None, None,
    ]  # fmt: skip


def test_one_room_that_is_paid_online_is_enough_to_take_cards() -> None:
    """A guest at the hotel's desk beside a prepaid one; not two of the desk."""
    assert takes_cards(rooms(Way.AT_HOTEL, Way.PREPAID)) is True
    assert takes_cards(rooms(Way.AT_HOTEL, Way.AT_HOTEL)) is False
    assert (authorises(online(Way.AUTHORISE, base=KOCHI)), authorises(online(Way.AUTHORISE))) == (True, False)
    assert authorises(online(Way.PREPAID, base=KOCHI)) is False


@pytest.mark.parametrize(
    ("way", "base", "online_", "kept"),
    [
        (Way.DEPOSIT, AUTO, {"charge_fees": False}, False),
        (Way.DEPOSIT, AUTO, {"charge_fees": True}, True),
        (Way.DEPOSIT, AUTO, {"charge_fees": False, "due_days": 0}, True),
        (Way.AT_HOTEL, AUTO, {"charge_fees": True, "due_days": 7}, False),
        (Way.AUTHORISE, KOCHI, {"charge_fees": False}, True),
        (Way.AUTHORISE, AUTO, {"charge_fees": False}, False),
        (Way.AUTHORISE, KOCHI, {"charge_fees": False, "when_authorisation_ends": WhenLapsing.CAPTURE}, False),
        (Way.PREPAID, KOCHI, {"charge_fees": False}, False),
    ],
)
def test_a_card_is_kept_only_for_what_is_done_without_the_guest(
    way: Way, base: Any, online_: dict[str, Any], kept: bool
) -> None:
    """A later deposit, fees, a renewed authorisation."""
    assert keeps_card(online(way, base=base, **online_)) is kept


@pytest.mark.parametrize("way", [Way.GUARANTEE, Way.DEPOSIT, Way.PREPAID])
def test_the_card_of_a_first_payment_is_kept_for_fees(way: Way) -> None:
    """The provider is told so when the page is made."""
    made = asked_to_pay(held(way))
    assert provider_order(made, made.purse.payments[0], Look(1), ASKED).save_card is True


CARD_LATER = "Your card is kept when you book."


@pytest.mark.parametrize(
    ("way", "online_", "stay", "words"),
    [
        (Way.NONE, {}, None, "No payment is taken through this site."),
        (Way.AT_HOTEL, {}, None, "You pay at the hotel."),
        (Way.GUARANTEE, {}, None,
         "Your card guarantees the booking; it is charged only if you cancel late or do not come."),
        (Way.PREPAID, {}, None, "The whole stay is paid by card when you book."),
        (Way.AUTHORISE, {}, None, "The whole stay is charged to your card when you book."),
        (Way.DEPOSIT, {}, None,
         "A deposit (the first night) is taken by card when you book; the rest is paid at the hotel."),
        (Way.DEPOSIT, {"deposit": Penalty.FULL}, None, "The whole stay is taken by card when you book."),
        (Way.DEPOSIT, {"deposit": Penalty.PERCENT, "deposit_percent": 30}, None,
         "A deposit (30 % of the stay) is taken by card when you book; the rest is paid at the hotel."),
        (Way.DEPOSIT, {"deposit": Penalty.FIXED, "deposit_fixed_minor": 5_000, "due_days": 7}, None,
         f"{CARD_LATER} A deposit (INR 50.00) is taken from it 7 days before arrival; the rest is paid at the hotel."),
        (Way.DEPOSIT, {"due_days": 1, "deposit": Penalty.FULL}, None,
         f"{CARD_LATER} The whole stay is taken from it 1 day before arrival."),
        (Way.DEPOSIT, {"due_days": 0, "deposit": Penalty.FULL}, None,
         f"{CARD_LATER} The whole stay is taken from it on the day of arrival."),
        (Way.DEPOSIT, {"deposit": Penalty.FULL},
         plan(deposit=Penalty.PERCENT, deposit_percent=20),
         "A deposit (20 % of the stay) is taken by card when you book; the rest is paid at the hotel."),
        (Way.DEPOSIT, {}, FLEXIBLE,
         "A deposit (the first night) is taken by card when you book; the rest is paid at the hotel."),
        (Way.DEPOSIT, {}, plan(Way.PREPAID), "The whole stay is paid by card when you book."),
        (Way.NONE, {}, plan(Way.PREPAID), "No payment is taken through this site."),
    ],
)  # fmt: skip
def test_a_guest_reads_when_money_is_asked_for(
    way: Way, online_: dict[str, Any], stay: StayTerms | None, words: str
) -> None:
    """One sentence, by the hotel's own way or by the plan's."""
    assert payment_in_words(terms(way, **online_), stay) == words


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (WhenLapsing.RENEW, "An authorisation that would end before that is renewed."),
        (WhenLapsing.CAPTURE,
         "If the authorisation would end before that, your card is charged; without a yes you get it all back."),
        (WhenLapsing.ASK, "If the authorisation ends before that, you are asked to pay again."),
    ],
)  # fmt: skip
def test_a_guest_reads_what_becomes_of_money_that_is_set_aside(rule: WhenLapsing, words: str) -> None:
    """Where the hotel answers each request."""
    hotel = terms(Way.AUTHORISE, KOCHI, when_authorisation_ends=rule)
    assert hotel.confirmation is Confirmation.MANUAL
    assert payment_in_words(hotel) == (
        f"Your card is authorised when you ask and charged when the hotel says yes. {words}"
    )
