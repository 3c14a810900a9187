"""How a guest pays: deposit, whole price, authorisation, guarantee; and what comes of not paying."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from domain.stay import StayDates
from domain.terms import Confirmation, Payment, PaymentTerms, Penalty
from store.states import read_state
from tests.story.asking import refused
from tests.story.money.payer import Payer
from tests.story.test_life import stay_in
from tests.story.world import GUEST, MANAGER, House, build_house

Pays = Callable[[House, StayDates], Payer]
DECLINED = "4000000000000002"
NO_FUNDS = "4000000000009995"
CHARGE_FAILS_LATER = "4000000000000341"


def lisbon(owner_url: str, payment: Payment = Payment.DEPOSIT, **terms: Any) -> House:
    """A hotel in Lisbon that takes cards and confirms by itself."""
    terms.setdefault("confirmation", Confirmation.AUTO)
    return build_house(owner_url, zone="Europe/Lisbon", currency="EUR", payment=payment, **terms)


async def test_a_deposit_makes_the_booking_firm(pays: Pays, owner_url: str) -> None:
    """Held for half an hour; the first night is taken; confirmed, and the rest stays due."""
    house = lisbon(owner_url)
    life = pays(house, stay_in(house, 20))
    opened = await life.begin()
    assert opened.outcome == "opened"
    row = life.row()
    # Lists tell the version of the row, and commands are held against that of the state.
    assert (row["status"], row["payment_status"]) == ("held", "due")
    assert row["version"] == read_state(row["state"]).version == 1
    assert row["hold_expires_at"] == row["last_instant"] + timedelta(minutes=30)
    await life.paid()
    row = await life.comes_to("confirmed")
    assert (row["paid_minor"], row["payment_status"]) == (10_000, "part_paid")
    assert life.payments() == [("deposit", "captured", 10_000, 0)]
    assert life.taken() == (10_000, 0)
    assert life.counted() == [(night, 0, 1) for night in life.dates.nights]


async def test_who_never_pays_loses_the_room(pays: Pays, owner_url: str) -> None:
    """A guest who has never opened the page is not waited for; one whose page is open loses it with the room."""
    house = lisbon(owner_url)
    idle, open_ = pays(house, stay_in(house, 20)), pays(house, stay_in(house, 20))
    await idle.begin()
    await idle.until(idle.row()["hold_expires_at"])
    await idle.comes_to("expired")
    await open_.begin()
    await open_.start()
    page = open_.page()
    await open_.until(open_.row()["hold_expires_at"])
    await open_.comes_to("expired")
    assert open_.payments() == [("deposit", "voided", 0, 0)]
    assert open_.counted() == [(night, 0, 0) for night in open_.dates.nights]
    assert (await asyncio.to_thread(open_.provider.pay, page)).status_code != 303
    assert open_.taken() == (0, 0)
    assert await refused(open_.start()) == "nothing_to_pay"


async def test_a_declined_card_is_followed_by_another(pays: Pays, owner_url: str) -> None:
    """The page stays open; the booking waits; the next card pays."""
    house = lisbon(owner_url, Payment.PREPAID)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.start()
    assert (await life.on_page(DECLINED)).status_code == 402
    await life.hint(1)
    assert (await life.on_page(NO_FUNDS)).status_code == 402
    assert (await life.on_page()).status_code == 303
    await life.hint(1)
    row = await life.comes_to("confirmed")
    assert (row["paid_minor"], row["balance_minor"], row["payment_status"]) == (20_000, 0, "paid")
    assert life.payments() == [("prepaid", "captured", 20_000, 0)]


async def test_two_tabs_get_one_page(pays: Pays, owner_url: str) -> None:
    """The second tab is handed the same attempt; one in another way closes the first."""
    house = lisbon(owner_url)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await asyncio.gather(life.start(), life.start())
    assert [payment[:2] for payment in life.payments()] == [("deposit", "needs_guest")]
    await life.start("intent")
    assert [payment[:2] for payment in life.payments()] == [("deposit", "voided"), ("deposit", "needs_guest")]
    assert life.purse.open_payment.intent_id.startswith("pi_")


async def test_money_that_came_without_a_hint_is_found(pays: Pays, owner_url: str) -> None:
    """The agenda looks after a minute, five and fifteen."""
    house = lisbon(owner_url)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.start()
    assert (await life.on_page()).status_code == 303
    assert "payment_check-1" in life.agenda()
    await life.until(life.agenda()["payment_check-1"])
    await life.comes_to("confirmed")


async def test_money_is_set_aside_until_the_hotel_says_yes(pays: Pays, owner_url: str) -> None:
    """Held, authorised, pending; the yes takes the money and confirms."""
    house = lisbon(owner_url, Payment.AUTHORISE, confirmation=Confirmation.MANUAL)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    assert life.row()["status"] == "held"
    await life.paid()
    row = await life.comes_to("pending")
    assert (row["payment_status"], row["paid_minor"], life.taken()) == ("authorised", 0, (0, 0))
    assert (await life.approve()).status == "confirmed"
    row = life.row()
    assert (row["status"], row["paid_minor"], life.taken()) == ("confirmed", 20_000, (20_000, 0))


async def test_a_no_lets_the_money_go(pays: Pays, owner_url: str) -> None:
    """Declined, withdrawn, unanswered: what was set aside is released, and nothing is taken."""
    house = lisbon(owner_url, Payment.AUTHORISE, confirmation=Confirmation.MANUAL, rooms=3)
    for way in ("decline", "withdraw", "silence"):
        life = pays(house, stay_in(house, 20))
        await life.begin()
        await life.paid()
        await life.comes_to("pending")
        match way:
            case "decline":
                await life.decline()
            case "withdraw":
                await life.cancel()
            case _:
                await life.until(life.row()["approval_deadline"])
        await life.comes_to({"decline": "rejected", "withdraw": "cancelled"}.get(way, "expired"))
        await life.settles()
        assert life.payments() == [("authorisation", "voided", 0, 0)]
        assert life.taken() == (0, 0)


async def test_a_yes_comes_before_the_deposit_where_the_hotel_answers(pays: Pays, owner_url: str) -> None:
    """Pending without money; the yes holds the room for a day; the deposit confirms."""
    house = lisbon(owner_url, confirmation=Confirmation.MANUAL)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    assert life.row()["status"] == "pending"
    assert await refused(life.start()) == "nothing_to_pay"
    assert (await life.approve()).status == "held"
    assert (await life.approve()).outcome == "already"
    row = life.row()
    assert row["hold_expires_at"] == row["last_instant"] + timedelta(hours=24)
    await life.paid()
    await life.comes_to("confirmed")
    assert life.notices()[-2:] == ["payment_due", "confirmed"]


async def test_cancelling_gives_back_what_the_terms_leave(pays: Pays, owner_url: str) -> None:
    """In time everything, late all but the fee; a goodwill refund of part keeps the rest for now."""
    house = lisbon(owner_url, Payment.PREPAID, rooms=3)
    early = pays(house, stay_in(house, 20))
    await early.begin()
    await early.paid()
    await early.comes_to("confirmed")
    await early.cancel()
    await early.settles()
    assert (early.refunds(), early.taken()) == ([(1, 20_000, "succeeded", "cancelled")], (20_000, 20_000))
    late = pays(house, stay_in(house, 20))
    await late.begin()
    await late.paid()
    await late.comes_to("confirmed")
    await late.until(late.agenda()["cancel_free_until-1"])
    await late.cancel()
    await late.settles()
    assert (late.refunds(), late.taken()) == ([(1, 10_000, "succeeded", "cancelled")], (20_000, 10_000))
    assert (late.row()["balance_minor"], late.row()["payment_status"]) == (0, "part_refunded")


async def test_a_guarantee_pays_for_not_coming(pays: Pays, owner_url: str) -> None:
    """A card is kept and nothing taken; the fee of a no-show is charged without the guest."""
    house = lisbon(owner_url, Payment.GUARANTEE)
    life = pays(house, stay_in(house, 3))
    await life.begin()
    await life.paid()
    await life.comes_to("confirmed")
    assert (life.payments(), life.taken()) == ([("guarantee", "saved", 0, 0)], (0, 0))
    await life.until(life.agenda()["no_show-1"])
    await life.comes_to("no_show")
    await life.settles()
    assert life.payments()[1:] == [("fee", "captured", 10_000, 0)]
    assert (life.taken(), life.row()["balance_minor"]) == ((10_000, 0), 0)


async def test_a_fee_that_the_card_did_not_give_is_paid_by_the_link(pays: Pays, owner_url: str) -> None:
    """The booking has ended; the guest still pays what not coming costs, with another card."""
    house = lisbon(owner_url, Payment.GUARANTEE)
    life = pays(house, stay_in(house, 3))
    await life.begin()
    await life.paid(CHARGE_FAILS_LATER)
    await life.comes_to("confirmed")
    await life.until(life.agenda()["no_show-1"])
    await life.comes_to("no_show")
    await life.settles()
    assert (life.payments()[1:], life.row()["balance_minor"]) == ([("fee", "declined", 0, 0)], 10_000)
    await life.paid()
    await life.reaches(10_000, "paid_minor")
    assert (life.payments()[2:], life.row()["balance_minor"]) == ([("fee", "captured", 10_000, 0)], 0)
    assert life.row()["status"] == "no_show"


async def test_a_later_deposit_is_taken_on_its_day(pays: Pays, owner_url: str) -> None:
    """The card is kept when booking; the guest is told before, and the deposit is taken by itself."""
    house = lisbon(owner_url, online=PaymentTerms(deposit=Penalty.PERCENT, deposit_percent=30, due_days=7))
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.paid()
    await life.comes_to("confirmed")
    clocks = life.agenda()
    assert clocks["deposit_due"] - clocks["deposit_reminder"] == timedelta(days=2)
    await life.until(clocks["deposit_due"])
    await life.reaches(6_000, "paid_minor")
    assert life.payments() == [("guarantee", "saved", 0, 0), ("deposit", "captured", 6_000, 0)]
    assert "payment_reminder" in life.notices()
    assert life.notices()[-1] == "payment_received"


async def test_a_deposit_that_the_card_does_not_give_ends_the_booking(pays: Pays, owner_url: str) -> None:
    """The guest has two days; then the hotel's rule cancels, without a fee."""
    house = lisbon(owner_url, online=PaymentTerms(due_days=7))
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.paid(CHARGE_FAILS_LATER)
    await life.comes_to("confirmed")
    await life.until(life.agenda()["deposit_due"])
    await life.reaches("failed", "payment_status")
    assert life.notices()[-1] == "payment_failed"
    await life.until(life.agenda()["payment_due"])
    await life.comes_to("cancelled")
    assert (life.taken(), life.row()["balance_minor"]) == ((0, 0), 0)


async def test_a_deposit_that_failed_is_paid_with_another_card(pays: Pays, owner_url: str) -> None:
    """The link in the letter takes it; the clock stops."""
    house = lisbon(owner_url, online=PaymentTerms(due_days=7))
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.paid(CHARGE_FAILS_LATER)
    await life.comes_to("confirmed")
    await life.until(life.agenda()["deposit_due"])
    await life.reaches("failed", "payment_status")
    await life.paid()
    await life.reaches(10_000, "paid_minor")
    assert "payment_due" not in life.agenda()


async def test_the_desk_gives_money_back(pays: Pays, owner_url: str) -> None:
    """Never more than is there, with a reason, and by a manager."""
    house = lisbon(owner_url, Payment.PREPAID)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.paid()
    await life.comes_to("confirmed")
    assert await refused(life.give_back(20_001)) == "more_than_refundable"
    assert await refused(life.give_back(5_000, reason="")) == "reason_needed"
    await life.give_back(5_000)
    await life.settles()
    await life.give_back(15_000, payment=1)
    await life.settles()
    assert await refused(life.give_back(1)) == "more_than_refundable"
    assert (life.taken(), life.row()["balance_minor"]) == ((20_000, 20_000), 20_000)
    assert [refund[1:] for refund in life.refunds()] == [(5_000, "succeeded", "desk"), (15_000, "succeeded", "desk")]


async def test_cash_at_the_desk_confirms_as_well(pays: Pays, owner_url: str) -> None:
    """A held room is firm once what it waits for is there, whoever took it; vouching for a guest needs a reason."""
    house = lisbon(owner_url)
    cash, vouched = pays(house, stay_in(house, 20)), pays(house, stay_in(house, 20))
    await cash.begin()
    await cash.pay(9_000)
    assert cash.row()["status"] == "held"
    await cash.pay(1_000)
    assert cash.row()["status"] == "confirmed"
    await vouched.begin()
    assert await refused(vouched.confirm()) == "reason_needed"
    assert (await vouched.confirm(reason="A regular.")).status == "confirmed"


async def test_too_little_for_the_provider_is_not_asked_for(pays: Pays, owner_url: str) -> None:
    """A deposit of 40 cents is below its minimum: the booking is firm without it."""
    house = lisbon(owner_url, online=PaymentTerms(deposit=Penalty.FIXED, deposit_fixed_minor=40))
    life = pays(house, stay_in(house, 20))
    await life.begin()
    row = life.row()
    assert (row["status"], row["balance_minor"]) == ("confirmed", 20_000)


async def test_a_guest_who_leaves_with_too_much_paid_has_it_back(pays: Pays, owner_url: str) -> None:
    """A shorter stay refunds at once; check-out leaves nothing open."""
    house = lisbon(owner_url, Payment.PREPAID)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.paid()
    await life.comes_to("confirmed")
    arrival = life.dates.arrival
    from tests.story.world import plan

    await life.amend(plan(house, 1, StayDates(arrival, arrival + timedelta(days=1))), actor=MANAGER)
    await life.settles()
    assert (life.refunds(), life.row()["balance_minor"]) == ([(1, 10_000, "succeeded", "changed")], 0)
    assert GUEST.kind == "guest"
