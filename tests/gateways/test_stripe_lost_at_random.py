"""Whole payments whose every answer may be lost after the provider did the work: one page, one charge, one refund each.

HOLDFAST_PROOF_LOST_REPLIES says how many answers are lost, HOLDFAST_PROOF_SEED which.
"""

import os
import random
from collections import Counter
from dataclasses import replace
from typing import Any

from domain.payments import How, Payment, Verb
from gateways.stripe_line import StripeLine
from store.session import Database
from tests.doubles.stripe_running import KEY, StripeDouble
from tests.gateways.test_stripe_lost_replies import PATHS, Forgetful, carried_out
from tests.gateways.till import AMOUNT_MINOR, BASE_URL, Till
from tests.store.outbox import Outbox

LOST = int(os.environ.get("HOLDFAST_PROOF_LOST_REPLIES", "12"))
SEED = os.environ.get("HOLDFAST_PROOF_SEED", "short")
MOST_IN_A_ROW = 3
BACK_MINOR = 9_000


class BadLine:
    """A booking whose line loses answers. lost: how many of each verb."""

    def __init__(self, till: Till, chance: random.Random) -> None:
        self.till, self._chance = till, chance
        self.lost: Counter[str] = Counter()

    async def carry_out(self, verb: Verb, payment: Payment, **more: Any) -> Payment:
        """An order that loses up to three answers; the payment as it is told in the end."""
        till, times = self.till, self._chance.randint(0, MOST_IN_A_ROW)
        if times:
            till.double.fault("cut", path=PATHS[verb], method="POST", times=times)
        seen, failed = await carried_out(till, till.order(verb, payment, **more))
        assert (seen.trouble, failed, till.double.planned()) == ("", times, [])
        self.lost[verb.value] += times
        till.customer_id = seen.customer_id or till.customer_id
        return replace(
            payment, session_id=seen.session_id or payment.session_id, intent_id=seen.intent_id or payment.intent_id
        )

    async def live(self, *, manual: bool) -> tuple[int, list[int], list[int]]:
        """A deposit by page, taken at once or with the hotel's yes, a fee from the card on file, a part given back.

        Answers what the provider has: pages, charges, refunds of the deposit.
        """
        till = self.till
        deposit = await self.carry_out(Verb.BEGIN, till.payment(), save_card=True, manual=manual)
        assert till.pay(deposit).status_code == 303
        seen = await till.do(Verb.READ, deposit)
        till.method_id = seen.method_id
        deposit = replace(deposit, intent_id=seen.intent_id)
        if manual:
            await self.carry_out(Verb.CAPTURE, deposit, amount_minor=AMOUNT_MINOR, manual=True)
        deposit = replace(deposit, captured_minor=AMOUNT_MINOR)
        await self.carry_out(Verb.CHARGE, till.payment(2, How.OFF_SESSION))
        await self.carry_out(Verb.REFUND, deposit, refund=till.refund(BACK_MINOR), amount_minor=BACK_MINOR)
        pages = till.double.sdk.v1.checkout.sessions.list({"customer": till.customer_id}).data
        return len(pages), till.taken(), till.given_back(deposit.intent_id)


async def test_of_many_lost_answers_none_takes_or_gives_twice(
    outbox: Outbox, house_stripe: StripeDouble, database: Database
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - trials, not secrets.
    lost: Counter[str] = Counter()
    lives = 0
    while lost.total() < LOST:
        house_stripe.forget()
        line = BadLine(Till(outbox, house_stripe, database), chance)
        assert await line.live(manual=lives % 2 == 0) == (1, [AMOUNT_MINOR, AMOUNT_MINOR], [BACK_MINOR])
        lost += line.lost
        lives += 1
    print(f"\nproof: seed {SEED}: {lost.total()} answers lost in {lives} lives ({dict(lost)}): each order done once")


async def test_with_a_key_for_each_try_it_does(till: Till) -> None:
    """The control: the same lives under keys that are made anew for each try."""

    class Always(random.Random):
        def randint(self, a: int, b: int) -> int:
            return 1

    till.activities._cashier = Forgetful(StripeLine(KEY, till.double.address), BASE_URL)
    ended = await BadLine(till, Always()).live(manual=False)
    print(f"\nproof: with a key for each try: pages, charges and refunds of one life {ended}")
    assert ended == (2, [AMOUNT_MINOR] * 3, [BACK_MINOR] * 2)
