"""The ways to pay less: what is sent at each door, and what has to come of it.

Each way is one try. It answers in words what was let through although it must not be; an empty text is well.
"""

import asyncio
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zlib import decompress

from httpx import AsyncClient, Response

from messages.offers import Offer, read_offer, sign_offer
from tests.story.money.postroom import again
from tests.story.money.tamperer import ELSEWHERE, HOTEL, Body, Case, Tamperer
from tests.story.world import SECRET

DECLINED = "4000000000000002"
REFUSED = frozenset({400, 401, 403, 404, 409, 413, 422})
CHEAP: tuple[Body, ...] = (
    {"amount": 1}, {"amount_minor": 1}, {"currency": "JPY"}, {"total": {"amount_minor": 1, "currency": "USD"}},
    {"price": 1}, {"quantity": 0}, {"discount_percent": 100}, {"deposit_minor": 1}, {"line_items": []},
    {"application_fee_amount": 0}, {"transfer_data": {"destination": "acct_thief"}}, {"promotion_code": "FREE"},
    {"to_pay": {"amount_minor": 1, "currency": "USD"}}, {"metadata": {"holdfast_booking": "HUD-20270101-AAAAAA"}},
)  # fmt: skip
Way = Callable[[Tamperer, Case], Awaitable[str]]


def refused(answer: Response, *, allowed: frozenset[int] = REFUSED) -> str:
    """What is wrong with an answer that had to be a refusal."""
    return "" if answer.status_code in allowed else f"{answer.status_code}: {answer.text[:200]}"


async def more_members(self: Tamperer, case: Case) -> str:
    """Words that nobody asked for, in the body."""
    return refused(await self.open({**case.body, **self.chance.choice(CHEAP)}))


async def more_members_of_a_room(self: Tamperer, case: Case) -> str:
    """The same in an offer."""
    changed = [{**room, **self.chance.choice(CHEAP)} for room in case.body["offers"]]
    return refused(await self.open({**case.body, "offers": changed}))


def forged(case: Case, currency: str = "") -> str:
    """The offer at a hundredth of a price, or in another currency, signed by somebody else."""
    offer: Offer = read_offer(SECRET, case.body["offers"][0]["offer_id"])
    nights = tuple(replace(night, price_minor=50) for night in offer.quote.nights)
    quote = replace(offer.quote, total_minor=50 * len(nights), nights=nights, taxes=())
    if currency:
        quote = replace(offer.quote, currency=currency)
    return sign_offer("another secret than the house's", replace(offer, quote=quote))


async def cheaper_offer(self: Tamperer, case: Case) -> str:
    """The offer at another price or in another currency, with the old signature, or one of somebody else's secret."""
    text = forged(case, self.chance.choice(["", "", "JPY"]))
    if self.chance.random() < 0.5:
        mark = case.body["offers"][0]["offer_id"].rsplit(".", 1)[1]
        text = f"{text.rsplit('.', 1)[0]}.{mark}"
    return refused(await self.open(with_offer(case, text)))


async def spoiled_offer(self: Tamperer, case: Case) -> str:
    """The offer with one character changed, digits of its plain text turned to zero, or a part left out."""
    text: str = case.body["offers"][0]["offer_id"]
    way = self.chance.randrange(3)
    place = self.chance.randrange(4, len(text) - 1)
    letter = "A" if text[place] != "A" else "B"
    changed = f"{text[:place]}{letter}{text[place + 1 :]}"
    if way == 1:
        changed = text[:place] + text[place + 1 :]
    if way == 2:
        payload, mark = text.rsplit(".", 1)
        raw = urlsafe_b64decode(payload.lstrip(".") + "==")
        plain = decompress(raw) if payload.startswith(".") else raw
        cheap = plain.replace(b'"total_minor":', b'"total_minor":0,"x":')
        changed = f"{urlsafe_b64encode(cheap).decode().rstrip('=')}.{mark}"
    return refused(await self.open(with_offer(case, changed)))


async def old_offer(self: Tamperer, case: Case) -> str:
    """A price that the house had promised until a moment ago."""
    offer: Offer = read_offer(SECRET, case.body["offers"][0]["offer_id"])
    return refused(await self.open(with_offer(case, sign_offer(SECRET, replace(offer, expires_at=1_700_000_000)))))


async def other_quantity(self: Tamperer, case: Case) -> str:
    """No room, very many, or something that is none."""
    wrong: list[Any] = [[], case.body["offers"] * 500, [None], [{}], [-1], {"0": "x"}]
    offers: Any = self.chance.choice(wrong)
    return refused(await self.open({**case.body, "offers": offers}))


async def other_hotel(self: Tamperer, case: Case) -> str:
    """The offer of one hotel at another."""
    return refused(await self.open({**case.body, "hotel": ELSEWHERE}))


def with_offer(case: Case, text: str) -> Body:
    """The wish with this in place of its offers."""
    return {**case.body, "offers": [{**room, "offer_id": text} for room in case.body["offers"]]}


async def payment_with_amount(self: Tamperer, case: Case) -> str:
    """An amount, a currency or a destination of the guest's own choice."""
    return refused(await self.pay(case, {"how": "hosted_page", **self.chance.choice(CHEAP)}))


async def payment_with_query(self: Tamperer, case: Case) -> str:
    """The same behind the address; it is not looked at."""
    told = await self.pay(case, {"how": "hosted_page"}, amount_minor=1, currency="JPY", quantity=0)
    if told.status_code == 503:
        return ""
    amount = told.json()["amount"]
    return "" if amount == {"amount_minor": case.quoted_minor, "currency": case.currency} else told.text


async def payment_by_the_desk(self: Tamperer, case: Case) -> str:
    """A way of paying in which no money moves."""
    how = self.chance.choice(["desk", "off_session", "cash", "none", "", None, ["hosted_page"], 0])
    return refused(await self.pay(case, {"how": how}))


async def token_of_another(self: Tamperer, case: Case) -> str:
    """Another booking's token, one that is cut, and none."""
    assert case.other
    token = self.chance.choice([case.other.token, case.token[:-2], case.other.token[:10] + case.token[10:], "x"])
    return refused(await self.pay(case, {"how": "hosted_page"}, token))


async def page_with_amount(self: Tamperer, case: Case) -> str:
    """Fields of money, posted to the provider's page with a card that is declined."""
    fields = {"amount": "1", "currency": "jpy", "quantity": "0", "unit_amount": "1", "amount_total": "1",
              "mode": "setup", "line_items[0][quantity]": "0", "payment_intent_data[amount]": "1"}  # fmt: skip
    kept = dict(self.chance.sample(sorted(fields.items()), 4))
    answer = await self.on_page(case.page, DECLINED, **kept)
    return "" if answer.status_code == 402 else f"{answer.status_code}: {answer.text[:200]}"


async def page_of_another(self: Tamperer, case: Case) -> str:
    """A page with names of this booking in its form is still the other's, and another session's name is no page."""
    assert case.other
    named = {"client_reference_id": case.reference, "metadata[holdfast_booking]": case.reference}
    answer = await self.on_page(case.other.page, DECLINED, **named)
    wrong = "" if answer.status_code == 402 else f"{answer.status_code}: {answer.text[:200]}"
    nowhere = await self.on_page(f"{self.double.address}/c/pay/cs_test_{secrets.token_hex(12)}", "4242424242424242")
    return wrong or ("" if nowhere.status_code == 404 else f"{nowhere.status_code}: an unknown page")


async def webhook_of_ours(self: Tamperer, case: Case) -> str:
    """Somebody says that it is paid, with no secret, a wrong one, or a copy of an old signature."""
    event = paid_event(case)
    match self.chance.randrange(3):
        case 0:
            said = await self.room.post(event, "whsec_guessed")
        case 1:
            said = await self.room.post(event, at=1_700_000_000)
        case _:
            said = await self.room.post(event, "")
    return "" if said == "webhook_refused" else said


async def webhook_that_lies(self: Tamperer, case: Case) -> str:
    """The provider itself says that it is paid: the booking looks, and sees that it is not."""
    said = await lie(self, case)
    await asyncio.sleep(0.3)
    status = (await self.seen(case))["status"]
    return "" if (said, status) == ("noted", "held") else f"{said}, {status}"


async def lie(self: Tamperer, case: Case) -> str:
    """Such an event is sent and brought to the booking; what its sender hears."""
    said = await self.room.post(paid_event(case))
    await self.room.bring()
    return said


async def return_page(self: Tamperer, case: Case) -> str:
    """Coming back from a page proves nothing."""
    said = {"session_id": case.session, "paid": "1", "amount": "1", "redirect_status": "succeeded"}
    await self.api.get(f"/pay/return/{case.reference}", params=said)
    status = (await self.seen(case))["status"]
    return "" if status == "held" else status


async def provider_without_key(self: Tamperer, case: Case) -> str:
    """The provider's own API, with no key and with the one that browsers are given."""
    headers = {"Authorization": "Bearer pk_test_holdfast"} if self.chance.random() < 0.5 else {}
    path = self.chance.choice([f"checkout/sessions/{case.session}", f"checkout/sessions/{case.session}/expire"])
    async with AsyncClient(trust_env=False) as guest:
        answer = await guest.post(f"{self.double.address}/v1/{path}", data={"amount": "1"}, headers=headers)
    return "" if answer.status_code == 401 else answer.text[:200]


async def cash_of_a_guest(self: Tamperer, case: Case) -> str:
    """A guest writes down that the desk took cash."""
    body = {"version": case.booked["version"], "method": "cash", "amount": money(case.quoted_minor)}
    return refused(await self.desk(case, "payments", body, case.token))


def money(amount_minor: Any, currency: Any = "USD") -> Body:
    """An amount as the desk writes it."""
    return {"amount_minor": amount_minor, "currency": currency}


def paid_event(case: Case) -> Body:
    """An event that says so."""
    body = {"id": "pi_x", "object": "payment_intent", "status": "succeeded", "amount_received": case.quoted_minor,
            "metadata": {"holdfast_payment": "1", "holdfast_hotel": "1"}}  # fmt: skip
    event = {"id": "evt_x", "object": "event", "type": "payment_intent.succeeded",
             "created": int(datetime.now(UTC).timestamp()), "data": {"object": body}}  # fmt: skip
    return again(event, case.reference)


async def refund_by_a_guest(self: Tamperer, case: Case) -> str:
    """A guest gives money back to himself; so does the desk of another hotel."""
    token = self.chance.choice([case.token, self.managers["malabar"], self.managers[ELSEWHERE], "x"])
    return refused(await self.refund(case, money(case.quoted_minor), token))


async def refund_of_another_amount(self: Tamperer, case: Case) -> str:
    """Less than nothing, nothing, more than was paid, and what is no amount."""
    wrong = [-1, 0, -case.quoted_minor, case.quoted_minor + 1, 10**18, "100", 1.5, True, None, [1], {"amount": 1}]
    return refused(await self.refund(case, money(self.chance.choice(wrong)), self.managers[HOTEL]))


async def refund_in_another_currency(self: Tamperer, case: Case) -> str:
    """Another currency, or none."""
    wrong = self.chance.choice(["EUR", "JPY", "KWD", "usd", "", None, "US", "DOGE"])
    return refused(await self.refund(case, money(100, wrong), self.managers[HOTEL]))


async def refund_elsewhere(self: Tamperer, case: Case) -> str:
    """To an account or of a payment that is not this booking's."""
    more: Body = self.chance.choice(
        [{"destination": "acct_thief"}, {"payment": 999}, {"payment": -1}, {"payment": 0}, {"to": "card"},
         {"amount_minor": 1}, {"reverse_transfer": False}]
    )  # fmt: skip
    return refused(await self.refund(case, money(100), self.managers[HOTEL], **more))


async def cash_below_nothing(self: Tamperer, case: Case) -> str:
    """The desk takes less than nothing."""
    amount = money(self.chance.choice([-1, 0, -case.quoted_minor, 10**18]))
    seen = await self.seen(case)
    body = {"version": seen["version"], "method": "cash", "amount": amount}
    return refused(await self.desk(case, "payments", body, self.managers[HOTEL]))


async def page_once_more(self: Tamperer, case: Case) -> str:
    """A page that was paid takes no second payment."""
    answer = await self.on_page(case.page, "4242424242424242", amount="1")
    return "" if answer.status_code == 409 else f"{answer.status_code}: {answer.text[:200]}"


async def payment_once_more(self: Tamperer, case: Case) -> str:
    """What is paid is not begun again."""
    return refused(await self.pay(case, {"how": self.chance.choice(["hosted_page", "intent"])}))


BEFORE: tuple[Way, ...] = (
    more_members, more_members_of_a_room, cheaper_offer, spoiled_offer, old_offer, other_quantity, other_hotel,
)  # fmt: skip
UNPAID: tuple[Way, ...] = (
    payment_with_amount, payment_with_query, payment_by_the_desk, token_of_another, page_with_amount, page_of_another,
    webhook_of_ours, webhook_that_lies, return_page, provider_without_key, cash_of_a_guest,
)  # fmt: skip
PAID: tuple[Way, ...] = (
    refund_by_a_guest, refund_of_another_amount, refund_in_another_currency, refund_elsewhere, cash_below_nothing,
    page_once_more, payment_once_more,
)  # fmt: skip
