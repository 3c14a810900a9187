"""A guest's bank takes money back: the hotel hears amount, reason and date, and has all it needs to answer."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

from domain.stay import StayDates
from domain.terms import Confirmation, Payment
from store.repairs import open_troubles
from tests.doubles.stripe_running import StripeDouble
from tests.houses import opened
from tests.story.money.payer import Payer
from tests.story.money.postroom import PostRoom
from tests.story.money.tamperer import API, Tamperer, bearer
from tests.story.test_life import stay_in
from tests.story.world import House, build_house, connect

Pays = Callable[[House, StayDates], Payer]


async def paid(pays: Pays, owner_url: str) -> Payer:
    """A booking of two nights at 100.00, paid in full."""
    house = build_house(
        owner_url, zone="Europe/Lisbon", currency="EUR", payment=Payment.PREPAID, confirmation=Confirmation.AUTO
    )
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.paid()
    await life.comes_to("confirmed")
    return life


async def told(room: PostRoom, double: StripeDouble, about: str) -> None:
    """The provider tells all that it has to tell about an object, and it is brought."""
    for event in double.events(about):
        await room.post(event)
    await room.bring()


def items(life: Payer) -> list[tuple[Any, ...]]:
    """What waits for the hotel's people, and what has ended."""
    rows = life.looked(
        "SELECT kind, detail, closed_reason, closed_at IS NULL AS open FROM attention_items WHERE reference = %s"
        " AND notice_id IS NULL ORDER BY item_id",
        life.reference,
    )
    return [tuple(row.values()) for row in rows]


async def until_items(life: Payer, wanted: Callable[[list[tuple[Any, ...]]], bool]) -> list[tuple[Any, ...]]:
    """The items once they are as wanted."""
    for _ in range(1_200):
        found = items(life)
        if wanted(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(items(life))


async def test_a_dispute_waits_for_the_hotel_until_it_is_decided(
    pays: Pays, owner_url: str, stripe_double: StripeDouble, post_room: PostRoom
) -> None:
    """Amount, reason and date stand in one item; what the bank decides closes it."""
    life = await paid(pays, owner_url)
    intent = life.ledger()["intents"][0]["id"]
    dispute = stripe_double.plant("dispute", id=intent, reason="product_not_received")
    await told(post_room, stripe_double, dispute["id"])
    ((kind, detail, _, _),) = await until_items(life, lambda found: len(found) == 1)
    assert kind == "dispute"
    assert detail.startswith("The guest's bank disputes EUR 200.00 of payment 1: product not received. Evidence is due")
    await life.reaches(True, "needs_attention")
    assert life.looked("SELECT disputed FROM payments WHERE reference = %s", life.reference) == [{"disputed": True}]
    assert "payment_disputed" in life.events()
    await told(post_room, stripe_double, dispute["id"])
    assert len(items(life)) == 1
    stripe_double.plant("dispute_lost", id=dispute["id"])
    await told(post_room, stripe_double, dispute["id"])
    ((_, _, why, open_),) = await until_items(life, lambda found: not found[0][3])
    assert (why, open_) == ("The bank decided for the guest.", False)
    row = await life.reaches(False, "needs_attention")
    assert (row["attention"], life.events()[-1]) == ("", "dispute_lost")


async def test_two_disputes_are_one_item_until_both_are_decided(
    pays: Pays, owner_url: str, stripe_double: StripeDouble, post_room: PostRoom
) -> None:
    """The item says what is still open."""
    life = await paid(pays, owner_url)
    intent = life.ledger()["intents"][0]["id"]
    first = stripe_double.plant("dispute", id=intent, amount=5_000)
    second = stripe_double.plant("inquiry", id=intent, amount=7_000)
    for one in (first, second):
        await told(post_room, stripe_double, one["id"])
    (item,) = await until_items(
        life, lambda found: len(found) == 1 and "70.00" in found[0][1] and "50.00" in found[0][1]
    )
    assert "asks about EUR 70.00" in item[1]
    stripe_double.plant("dispute_won", id=first["id"])
    await told(post_room, stripe_double, first["id"])
    (item,) = await until_items(life, lambda found: "50.00" not in found[0][1])
    assert item[3]
    stripe_double.plant("dispute_won", id=second["id"])
    await told(post_room, stripe_double, second["id"])
    await until_items(life, lambda found: not found[0][3])


async def test_a_fear_of_fraud_is_shown_before_anybody_disputes(
    pays: Pays, owner_url: str, stripe_double: StripeDouble, post_room: PostRoom, ops_url: str
) -> None:
    """It is an item of its own, which the search for lost stories leaves alone."""
    life = await paid(pays, owner_url)
    warning = stripe_double.plant("early_fraud_warning", id=life.ledger()["intents"][0]["id"])
    await told(post_room, stripe_double, warning["id"])
    ((kind, detail, _, _),) = await until_items(life, lambda found: len(found) == 1)
    assert kind == "early_fraud_warning"
    assert detail == "The card's bank fears fraud about payment 1, EUR 200.00 (unauthorized use of card)."
    async with opened(ops_url) as operations, operations.public() as tx:
        assert [one for one in await open_troubles(tx) if one.reference == life.reference] == []


async def test_the_pack_has_terms_prices_letters_and_the_story(
    trusting_till: None, post_room: PostRoom, stripe_double: StripeDouble, owner_url: str
) -> None:
    """Through the API, of a booking at the house in New York, for its managers only."""
    with connect(owner_url) as db:
        db.execute("DELETE FROM stripe_accounts")
    tries = Tamperer(post_room, stripe_double, Random(1))  # noqa: S311 - nothing is drawn here.
    await tries.log_in()
    case = await tries.found()
    await tries.book(case)
    assert (await tries.on_page(case.page, "4242424242424242")).status_code == 303
    await tries.told(case)
    for _ in range(600):
        if (await tries.seen(case))["status"] == "confirmed":
            break
        await asyncio.sleep(0.1)
    intent = (await asyncio.to_thread(stripe_double.ledger, reference=case.reference))["intents"][0]["id"]
    dispute = stripe_double.plant("dispute", id=intent)
    await told(post_room, stripe_double, dispute["id"])
    address = f"{API}/desk/bookings/{case.reference}/payments/1/dispute-pack"
    for _ in range(600):
        answer = await post_room.api.get(address, headers=bearer(tries.managers["hudson"]))
        assert answer.status_code == 200, answer.text
        pack = answer.json()
        if pack["disputes"]:
            break
        await asyncio.sleep(0.1)
    assert [one["dispute_id"] for one in pack["disputes"]] == [dispute["id"]]
    assert pack["payment"]["captured"] == {"amount_minor": case.quoted_minor, "currency": "USD"}
    assert (pack["acceptance"]["channel"], pack["acceptance"]["policy_version"]) == ("web", 1)
    assert pack["booking"]["stays"][0]["policy"]["cancellation"]
    assert [one["kind"] for one in pack["letters"]] != []
    assert len(pack["timeline"]["items"]) >= 3
    for line in ("The guest's bank disputes", "The terms, version 1, were accepted", "Total USD", "Letter "):
        assert line in pack["text"]
    for token, status in ((tries.managers["malabar"], 404), (case.token, 401)):
        assert (await post_room.api.get(address, headers=bearer(token))).status_code == status
    unknown = address.replace("/1/", "/9/")
    assert (await post_room.api.get(unknown, headers=bearer(tries.managers["hudson"]))).status_code == 404
