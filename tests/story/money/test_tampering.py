"""Whatever is sent to the API, to the provider's page and as a webhook: what is charged is the price that was quoted.

HOLDFAST_PROOF_TAMPERING says how many tries; HOLDFAST_PROOF_SEED which. Each booking meets some before it is made, some
before it is paid and some after it, and is paid honestly in between.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from itsdangerous import URLSafeSerializer

from activities.payments import PaymentActivities
from domain.payments import PayState, Seen
from messages import offers
from messages.payments import ProviderOrder
from tests.doubles.stripe_running import VISA, StripeDouble
from tests.story.money import tamperings
from tests.story.money.postroom import PostRoom
from tests.story.money.tamperer import ELSEWHERE, Case, Tamperer
from tests.story.money.tamperings import BEFORE, PAID, UNPAID, Way

TRIES = int(os.environ.get("HOLDFAST_PROOF_TAMPERING", "40"))
SEED = os.environ.get("HOLDFAST_PROOF_SEED", "20270310")
EACH = 5
# An unpaid room is held for half an hour.
OTHERS_FOR = 30


@pytest.fixture
async def tries(trusting_till: None, post_room: PostRoom, stripe_double: StripeDouble) -> Tamperer:
    """Somebody at the doors of the house in New York."""
    one = Tamperer(post_room, stripe_double, Random(SEED))  # noqa: S311 - which tries are made is no secret.
    await one.log_in()
    return one


def some(tries: Tamperer, ways: Sequence[Way], turn: int) -> list[Way]:
    """The next ways in turn, so that each is tried as often as the others."""
    return [ways[(turn * EACH + n) % len(ways)] for n in range(EACH)]


async def life(tries: Tamperer, other: Case, turn: int, counted: Counter[str]) -> None:
    """One booking, tried all along."""
    case = await tries.found(rooms=1 + turn % 2)
    case.other = other
    for ways, then in ((BEFORE, "book"), (UNPAID, "pay"), (PAID, "")):
        for way in some(tries, ways, turn):
            wrong = await way(tries, case)
            assert wrong == "", f"{way.__name__}: {wrong}"
            counted[way.__name__] += 1
        if then == "book":
            await tries.book(case)
        if then == "pay":
            await paid(tries, case)
    await is_as_quoted(tries, case)


async def paid(tries: Tamperer, case: Case) -> None:
    """The guest pays on the page as it is, with an amount in the form that nobody reads."""
    answer = await tries.on_page(case.page, VISA, amount="1", currency="jpy")
    assert answer.status_code == 303, answer.text
    await tries.told(case)
    await confirmed(tries, case)


async def confirmed(tries: Tamperer, case: Case) -> None:
    """The booking has come to be firm."""
    for _ in range(300):
        if (await tries.seen(case))["status"] == "confirmed":
            return
        await asyncio.sleep(0.1)
    raise AssertionError(await tries.seen(case))


async def is_as_quoted(tries: Tamperer, case: Case) -> None:
    """What the provider took, and what the booking says of it, is what the guest read when looking for a room."""
    seen = await tries.seen(case)
    quote = {"amount_minor": case.quoted_minor, "currency": case.currency}
    assert await tries.charged(case) == (case.quoted_minor, case.currency, 0)
    assert (seen["status"], seen["paid"], seen["total"], seen["refunds"]) == ("confirmed", quote, quote, [])


async def test_what_is_charged_is_always_the_quote(tries: Tamperer) -> None:
    """Tries in turn, at one booking after the other."""
    counted: Counter[str] = Counter()
    turn, other = 0, await tries.found(ELSEWHERE)
    while counted.total() < TRIES:
        if turn % OTHERS_FOR == 0:
            other = await tries.found(ELSEWHERE)
            await tries.book(other)
        await life(tries, other, turn, counted)
        turn += 1
    told = ", ".join(f"{name} {number}" for name, number in sorted(counted.items()))
    print(f"proof: seed {SEED}: {counted.total()} tries at {turn} bookings, each charged its quote: {told}")


async def test_without_the_offers_signature_a_forged_price_is_charged(
    tries: Tamperer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: nobody looks at the mark of an offer any more."""

    class Trusting(URLSafeSerializer):
        """Reads whatever it is given."""

        def loads(self, s: str | bytes, salt: str | bytes | None = None, **kwargs: Any) -> Any:
            payload = self.load_payload(bytes(s, "ascii").rsplit(b".", 1)[0] if isinstance(s, str) else s)
            assert isinstance(payload, bytes)
            return payload

    case = await tries.found()
    monkeypatch.setattr(offers, "_serializer", lambda secret: Trusting(secret, salt="offer", serializer=offers._AsItIs))
    answer = await tries.open(tamperings.with_offer(case, tamperings.forged(case)))
    assert answer.status_code == 201, answer.text
    case.booked = answer.json()
    await tries.begin(case)
    await paid(tries, case)
    with pytest.raises(AssertionError):
        await is_as_quoted(tries, case)


async def test_a_booking_that_believes_a_webhook_is_confirmed_for_nothing(
    tries: Tamperer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of looking: what is told is taken for paid, without a look at the provider."""

    async def believed(self: PaymentActivities, order: ProviderOrder) -> Seen:
        amount = order.payment.amount_minor
        return Seen(state=PayState.CAPTURED, amount_minor=amount, captured_minor=amount, currency=order.currency)

    case = await tries.found()
    await tries.book(case)
    assert await tamperings.webhook_that_lies(tries, case) == ""
    monkeypatch.setattr(PaymentActivities, "_look", believed)
    assert await tamperings.lie(tries, case) == "noted"
    await confirmed(tries, case)
    with pytest.raises(AssertionError):
        await is_as_quoted(tries, case)
