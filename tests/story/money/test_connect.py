"""A hotel's own account at the provider: opened once, sold through when it is ready, paid with the platform's share."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from httpx import Response

from domain.stay import StayDates
from domain.terms import Confirmation, Payment
from tests.doubles.stripe_running import StripeDouble
from tests.houses import quiet_day
from tests.story.money.payer import Payer
from tests.story.money.postroom import PostRoom
from tests.story.money.tamperer import API, PASSWORD, Tamperer, bearer
from tests.story.test_life import stay_in
from tests.story.test_nobody_in_plain_text import rows_of
from tests.story.world import House, build_house, connect

ACCOUNT = f"{API}/admin/payments/account"
HOTEL = "hudson"
Pays = Callable[[House, StayDates], Payer]


class Office:
    """The office of one of the demo hotels."""

    def __init__(self, room: PostRoom, tokens: dict[str, str]) -> None:
        self.room, self.tokens = room, tokens

    async def ask(self, method: str, path: str = "", body: Any = None, role: str = "admin") -> Response:
        """Something about the hotel's account."""
        return await self.room.api.request(method, ACCOUNT + path, json=body, headers=bearer(self.tokens[role]))

    async def told(self, method: str, path: str = "", body: Any = None) -> dict[str, Any]:
        """The same, which has to be done."""
        answer = await self.ask(method, path, body)
        assert answer.status_code == 200, answer.text
        answered: dict[str, Any] = answer.json()
        return answered


async def office_of(room: PostRoom, hotel: str) -> Office:
    """The office, with a token of each role."""
    tokens = {}
    for role in ("frontdesk", "manager", "admin"):
        body = {"email": f"{role}@{hotel}.example", "password": PASSWORD}
        answer = await room.api.post(f"{API}/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        tokens[role] = answer.json()["access_token"]
    room.api.cookies.clear()
    return Office(room, tokens)


@pytest.fixture
async def office(
    trusting_till: None, post_room: PostRoom, owner_url: str, stripe_double: StripeDouble
) -> AsyncIterator[Office]:
    """The office in New York, whose hotel has no account yet, and has none afterwards."""
    without_accounts(owner_url)
    stripe_double.forget()
    yield await office_of(post_room, HOTEL)
    without_accounts(owner_url)


def without_accounts(owner_url: str) -> None:
    """Every hotel is charged on the platform's account, as at first."""
    with connect(owner_url) as db:
        db.execute("DELETE FROM stripe_accounts")
        db.execute("DELETE FROM past_stripe_accounts")
        db.execute("DELETE FROM provider_calls WHERE reference IS NULL")


async def sold(room: PostRoom, hotel: str = HOTEL) -> tuple[int, set[str]]:
    """How many offers there are for a stay, and why rooms are closed."""
    arrival = quiet_day()
    asked = {"arrival": str(arrival), "departure": str(arrival + timedelta(days=2)), "adults": 2}
    answer = await room.api.get(f"{API}/hotels/{hotel}/availability", params=asked)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return len(found["offers"]), {reason["code"] for one in found["closed"] for reason in one["reasons"]}


async def hear(office: Office, double: StripeDouble, account: str, kind: str) -> None:
    """The provider tells of the account, and the story that looks has looked."""
    told = [event for event in double.events("", kind) if event.get("account") == account]
    assert await office.room.post(told[-1]) == "noted"
    await office.room.bring()


async def comes_to(office: Office, **wanted: Any) -> dict[str, Any]:
    """The account, once it is seen so."""
    for _ in range(1_200):
        told = await office.told("GET")
        if wanted.items() <= told.items():
            return told
        await asyncio.sleep(0.05)
    raise AssertionError(told)


async def test_an_account_is_opened_once_and_sells_when_it_is_ready(
    office: Office, stripe_double: StripeDouble
) -> None:
    """From no account, through what the provider asks, to payments; and no more when it leaves."""
    before, _ = await sold(office.room)
    assert before > 0
    told = await office.told("GET")
    assert (told["account_id"], told["sells_online"]) == (None, True)
    opened = await office.told("POST")
    account = opened["account_id"]
    assert (opened["country"], opened["charges_enabled"], opened["sells_online"]) == ("US", False, False)
    assert "external_account" in opened["requirements"]
    assert await sold(office.room) == (0, {"not_on_sale"})
    assert (await office.told("POST"))["account_id"] == account
    made = stripe_double.sdk.v1.accounts.list({"limit": 100}).data
    assert [one.id for one in made] == [account]
    page = await office.told("POST", "/link")
    assert page["address"].startswith(f"{stripe_double.address}/setup/{account}/")
    stripe_double.plant("account_enabled", id=account)
    await hear(office, stripe_double, account, "account.updated")
    ready = await comes_to(office, charges_enabled=True)
    assert (ready["requirements"], ready["payouts_enabled"]) == ([], True)
    assert (await sold(office.room))[0] == before
    stripe_double.plant("account_left", id=account)
    await hear(office, stripe_double, account, "account.application.deauthorized")
    left = await comes_to(office, charges_enabled=False)
    assert left["requirements"] == ["the account has left the platform"]
    assert left["left_at"] is not None
    assert await sold(office.room) == (0, {"not_on_sale"})


@pytest.mark.parametrize(
    ("kind", "news"),
    [("account_left", "account.application.deauthorized"), ("account_rejected", "account.updated")],
)
async def test_a_lost_account_is_replaced_by_one_other(
    office: Office, stripe_double: StripeDouble, kind: str, news: str
) -> None:
    """Clicks at once, and again later, make one account; it sells when it is ready; the share stays as it was set."""
    old = (await office.told("POST"))["account_id"]
    await office.told("PATCH", body={"fee_percent": "2.5"})
    stripe_double.plant("account_enabled", id=old)
    await hear(office, stripe_double, old, "account.updated")
    assert (await comes_to(office, charges_enabled=True))["replaceable"] is False
    refused = await office.ask("POST", body={"replaces": old})
    assert (refused.status_code, refused.json()["code"]) == (409, "account_stands")
    stripe_double.plant(kind, id=old)
    await hear(office, stripe_double, old, news)
    assert (await comes_to(office, replaceable=True))["account_id"] == old
    # Without naming the lost one, nothing is made.
    assert (await office.told("POST"))["account_id"] == old
    before = len(stripe_double.sdk.v1.accounts.list({"limit": 100}).data)
    clicks = await asyncio.gather(*(office.told("POST", body={"replaces": old}) for _ in range(5)))
    (fresh,) = {told["account_id"] for told in clicks}
    assert fresh != old
    assert len(stripe_double.sdk.v1.accounts.list({"limit": 100}).data) == before + 1
    made = stripe_double.sdk.v1.accounts.retrieve(fresh).to_dict()
    assert made["metadata"]["holdfast_key"].endswith(".connect.account.create.2")
    told = await office.told("POST", body={"replaces": old})
    assert (told["account_id"], told["charges_enabled"], told["left_at"], told["fee_percent"]) == (
        fresh, False, None, "2.50",
    )  # fmt: skip
    assert await sold(office.room) == (0, {"not_on_sale"})
    stripe_double.plant("account_enabled", id=fresh)
    await hear(office, stripe_double, fresh, "account.updated")
    await comes_to(office, charges_enabled=True)
    assert (await sold(office.room))[0] > 0


async def test_a_lost_answer_while_replacing_makes_no_third_account(
    office: Office, stripe_double: StripeDouble
) -> None:
    """The provider makes the follower and the answer is cut off; the same call finds it."""
    old = (await office.told("POST"))["account_id"]
    stripe_double.plant("account_left", id=old)
    stripe_double.fault("cut", times=1, path="/v1/accounts", method="POST")
    before = len(stripe_double.sdk.v1.accounts.list({"limit": 100}).data)
    fresh = (await office.told("POST", body={"replaces": old}))["account_id"]
    assert fresh != old
    assert len(stripe_double.sdk.v1.accounts.list({"limit": 100}).data) == before + 1


async def test_only_an_account_of_the_hotels_own_is_replaced(office: Office) -> None:
    """A hotel without one has none to replace; a name that it never had is refused before anybody is asked."""
    answer = await office.ask("POST", body={"replaces": "acct_1"})
    assert (answer.status_code, answer.json()["code"]) == (409, "account_missing")
    await office.told("POST")
    answer = await office.ask("POST", body={"replaces": "acct_1"})
    assert (answer.status_code, answer.json()["code"]) == (409, "account_stands")
    assert (await office.ask("POST", body={"replaces": "../acct"})).status_code == 400
    manager = await office.ask("POST", body={"replaces": "acct_1"}, role="manager")
    assert manager.status_code == 403


async def test_the_pages_address_is_in_no_row(office: Office, owner_url: str) -> None:
    """It is for one visit of whoever asked."""
    account = (await office.told("POST"))["account_id"]
    address = (await office.told("POST", "/link"))["address"]
    second = (await office.told("POST", "/link"))["address"]
    assert address != second
    rows = rows_of(owner_url)
    assert account.encode() in rows
    assert address.rsplit("/", 1)[-1].encode() not in rows


async def test_a_guest_with_an_old_offer_is_refused(office: Office, stripe_double: StripeDouble) -> None:
    """Nothing that is paid online is sold to guests until the account is ready, whatever was promised before."""
    guest = Tamperer(office.room, stripe_double, Random(1))  # noqa: S311 - which words are sent is no secret.
    case = await guest.found()
    await office.told("POST")
    answer = await guest.open(case.body)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_on_sale"), answer.text


async def test_a_country_beyond_the_corridor_is_refused(office: Office) -> None:
    """From Portugal no money can be transferred to Japan; nothing is asked of the provider."""
    kamo = await office_of(office.room, "kamo")
    answer = await kamo.ask("POST")
    assert (answer.status_code, answer.json()["code"]) == (422, "connect_unsupported_country")
    assert (await kamo.told("GET"))["account_id"] is None


async def test_who_may_do_what(office: Office) -> None:
    """Managers look; only the hotel's admin opens the account and sets the platform's share."""
    await office.told("POST")
    for role, status in (("frontdesk", 403), ("manager", 200), ("admin", 200)):
        assert (await office.ask("GET", role=role)).status_code == status
    for role, status in (("frontdesk", 403), ("manager", 403), ("admin", 200)):
        assert (await office.ask("PATCH", body={"fee_percent": "2.5"}, role=role)).status_code == status
    assert (await office.ask("PATCH", body={"fee_percent": "-1"})).status_code == 400
    changed = await office.told("PATCH", body={"refund_fee": False})
    assert (changed["fee_percent"], changed["refund_fee"]) == ("2.50", False)


async def test_an_answer_that_was_lost_makes_no_second_account(office: Office, stripe_double: StripeDouble) -> None:
    """The provider makes the account and the answer is cut off; the same call finds it."""
    before = len(stripe_double.sdk.v1.accounts.list({"limit": 100}).data)
    stripe_double.fault("cut", times=1, path="/v1/accounts", method="POST")
    opened = await office.told("POST")
    assert opened["account_id"].startswith("acct_")
    assert len(stripe_double.sdk.v1.accounts.list({"limit": 100}).data) == before + 1


@pytest.mark.parametrize("refund_fee", [True, False])
async def test_a_charge_goes_to_the_hotel_and_a_refund_comes_back_from_it(
    pays: Pays, owner_url: str, stripe_double: StripeDouble, refund_fee: bool
) -> None:
    """100.00 of 200.00 back: half of the transfer, and half of the platform's share where it is set so."""
    house = build_house(
        owner_url, zone="Europe/Lisbon", currency="EUR", payment=Payment.PREPAID, confirmation=Confirmation.AUTO
    )
    account = stripe_double.sdk.v1.accounts.create({"country": "PT"}).id
    stripe_double.plant("account_enabled", id=account)
    with connect(owner_url) as db:
        db.execute(
            "INSERT INTO stripe_accounts (hotel_id, account_id, country, charges_enabled, payouts_enabled, fee_percent,"
            " refund_fee, checked_at) VALUES (%s, %s, 'PT', true, true, 2.5, %s, now())",
            [house.hotel_id, account, refund_fee],
        )
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.paid()
    await life.comes_to("confirmed")
    v1 = stripe_double.sdk.v1
    (transfer,) = v1.transfers.list({"destination": account}).data
    charge = v1.charges.retrieve(str(transfer.source_transaction))
    fee = v1.application_fees.retrieve(str(charge.application_fee))
    assert (transfer.amount, fee.amount, fee.amount_refunded, charge.on_behalf_of) == (20_000, 500, 0, account)
    await life.give_back(10_000)
    await life.settles()
    (transfer,) = v1.transfers.list({"destination": account}).data
    fee = v1.application_fees.retrieve(str(charge.application_fee))
    assert (transfer.amount_reversed, fee.amount_refunded) == (10_000, 250 if refund_fee else 0)
    assert life.taken() == (20_000, 10_000)
