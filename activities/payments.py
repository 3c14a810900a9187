"""The hands of a booking at the payment provider: one order in, how it stands there out.

Every call that changes something is written down and committed before it goes out, and repeated in the same words under
the same key: docs/rules/provider_calls.md. Whatever may pass by itself is raised, so that the order is tried again.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from domain.payments import PayState, RefundState, Seen, Verb
from domain.provider_calls import Call, CallState, Move, ProviderAway, Written, at_work, next_move
from domain.provider_money import Account, Merchant
from messages.payments import ProviderOrder

if TYPE_CHECKING:
    from gateways.cashier import Cashier
    from store.provider_calls import ProviderCalls

P = ParamSpec("P")
R = TypeVar("R")
# Calls that wait for the provider at once, in threads of their own.
CALLS_AT_ONCE = 10
PROVIDER_AWAY = "ProviderAway"
NOT_READY, REFUSED = "not_ready", "refused"
# Too little to be charged or given back, in the provider's own word for it.
TOO_LITTLE = "amount_too_small"
CUSTOMER = "customers.create"
UNFINISHED = (PayState.CREATED, PayState.NEEDS_GUEST, PayState.DECLINED)


class Accounts(Protocol):
    """Who is charged for a hotel."""

    async def account_of(self, hotel_id: int) -> Account | None:
        """The hotel's own account; None where the platform's is charged."""
        ...

    async def name_of(self, hotel_id: int) -> str:
        """The hotel's name."""
        ...


class PaymentActivities:
    """Payments and refunds of bookings at the provider. clock: the real one, by which keys grow old."""

    def __init__(
        self,
        calls: "ProviderCalls",
        accounts: Accounts,
        cashier: "Cashier",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._calls = calls
        self._accounts = accounts
        self._cashier = cashier
        self._clock = clock
        self._threads = ThreadPoolExecutor(CALLS_AT_ONCE, "payments")

    @activity.defn(name="carry_out")
    async def carry_out(self, order: ProviderOrder) -> Seen:
        """Carries one order out, and tells how its payment or refund is after that.

        Errors: ApplicationError `ProviderAway` with one word, where the provider could not be asked, or did not answer
        for certain; to repeat the order is safe and finds out.
        """
        try:
            return await self._carry_out(order)
        except ProviderAway as away:
            word = away.word
        raise ApplicationError(word, type=PROVIDER_AWAY)

    async def _carry_out(self, order: ProviderOrder) -> Seen:
        match order.order.verb:
            case Verb.BEGIN | Verb.CHARGE:
                return await self._take(order)
            case Verb.REFUND:
                return await self._refund(await self._located(order))
            case Verb.READ_REFUND:
                return await self._read_refund(await self._located(order))
            case Verb.CAPTURE:
                return await self._capture(await self._located(order))
            case Verb.VOID:
                return await self._void(await self._located(order))
            case Verb.CLOSE:
                return await self._close(await self._located(order))
            case Verb.READ:
                return await self._look(await self._located(order))

    async def _take(self, order: ProviderOrder) -> Seen:
        """Begins a payment of the guest's, or charges the saved card; the booking's customer comes first."""
        merchant = await self._merchant_of(order)
        if merchant.account is not None and not merchant.account.charges_enabled:
            return Seen(trouble=NOT_READY, code="charges_disabled")
        if order.order.verb is Verb.CHARGE and not (order.method_id and order.customer_id):
            return Seen(trouble=REFUSED, code="no_saved_card")
        if not order.customer_id:
            made = await self._once(order, self._cashier.customer_call(order))
            if not made.customer_id:
                return made
            order = replace(order, customer_id=made.customer_id)
        call = self._cashier.order_call(order, merchant, self._clock())
        if call is None:
            return Seen(trouble=REFUSED, code=TOO_LITTLE, customer_id=order.customer_id)
        seen = await self._once(order, call)
        return replace(seen, customer_id=seen.customer_id or order.customer_id)

    async def _capture(self, order: ProviderOrder) -> Seen:
        """Takes what was authorised. What was taken or has lapsed meanwhile is told as it is."""
        if not order.payment.intent_id:
            return await self._look(order)
        call = self._cashier.order_call(order, await self._merchant_of(order), self._clock())
        return await self._done_or_told(order, call, unless=(PayState.CAPTURED, PayState.VOIDED, PayState.AUTH_EXPIRED))

    async def _void(self, order: ProviderOrder) -> Seen:
        """Gives an authorisation back. What was taken stays taken, and is told so."""
        if not order.payment.intent_id:
            return await self._close(order)
        call = self._cashier.order_call(order, await self._merchant_of(order), self._clock())
        return await self._done_or_told(order, call, unless=(PayState.CAPTURED, PayState.VOIDED, PayState.AUTH_EXPIRED))

    async def _done_or_told(self, order: ProviderOrder, call: Call | None, unless: tuple[PayState, ...]) -> Seen:
        """The call's outcome; where it is refused because it came too late, how the payment is instead."""
        if call is None:
            return Seen(trouble=REFUSED, code=TOO_LITTLE)
        seen = await self._once(order, call)
        if seen.trouble != REFUSED:
            return seen
        truth = await self._look(order)
        return truth if truth.state in unless else replace(truth, trouble=REFUSED, code=seen.code)

    async def _close(self, order: ProviderOrder) -> Seen:
        """Ends what a guest may still pay by, unless money has come; whatever the provider says, a look decides."""
        seen = await self._look(order)
        if seen.trouble or seen.state not in UNFINISHED or (seen.acting and order.order.gracious):
            return seen
        located = replace(order.payment, intent_id=order.payment.intent_id or seen.intent_id)
        call = self._cashier.order_call(replace(order, payment=located), await self._merchant_of(order), self._clock())
        if call is not None:
            await self._once(order, call)
        return await self._look(order)

    async def _refund(self, order: ProviderOrder) -> Seen:
        """Gives money back, once. What the provider will not give back is looked for before that is believed."""
        intent_id = order.payment.intent_id
        if not intent_id:
            return Seen(trouble=REFUSED, code="nothing_paid")
        paid = await self._ask(self._cashier.paid_by, intent_id, order.now)
        call = self._cashier.refund_call(order, await self._merchant_of(order), paid)
        if call is None:
            return Seen(trouble=REFUSED, code=TOO_LITTLE)
        seen = await self._once(order, call)
        if seen.trouble != REFUSED:
            return seen
        found = await self._ask(self._cashier.find_refund, order)
        return await self._ask(self._cashier.look, found, order.now) if found else seen

    async def _read_refund(self, order: ProviderOrder) -> Seen:
        """How a refund is; one that the provider has nothing of is still wanted."""
        known = order.refund.provider_id if order.refund is not None else ""
        found = known or await self._ask(self._cashier.find_refund, order)
        if not found:
            return Seen(refund_state=RefundState.WANTED)
        return await self._ask(self._cashier.look, found, order.now)

    async def _look(self, order: ProviderOrder) -> Seen:
        """How the payment is. What was never made at the provider can bring no money: it is void."""
        name = order.payment.session_id or order.payment.intent_id
        if not name:
            return Seen(state=PayState.VOIDED)
        return await self._ask(self._cashier.look, name, order.now)

    async def _located(self, order: ProviderOrder) -> ProviderOrder:
        """The order with the names of the payment's session and intent, also where their call's answer was lost."""
        payment = order.payment
        if payment.intent_id or (payment.session_id and order.order.verb in (Verb.READ, Verb.CLOSE)):
            return order
        name = payment.session_id or await self._made(order)
        if not name:
            return order
        seen = await self._ask(self._cashier.look, name, order.now)
        found = replace(payment, session_id=seen.session_id or payment.session_id, intent_id=seen.intent_id)
        return replace(order, payment=found)

    async def _made(self, order: ProviderOrder) -> str:
        """What the written calls of this payment have made, the newest first; empty where it is certainly nothing."""
        begins = f"{order.hotel_id}.{order.reference}.{order.payment.purpose}.{order.payment.number}."
        for written in await self._calls.find(order.hotel_id, order.reference, begins):
            if not written.call.what.endswith(".create"):
                continue
            name = written.object_id
            if not name and written.in_doubt:
                name = await self._ask(self._cashier.match, written.call, order.now)
                if not name and at_work(written, self._clock()):
                    raise ProviderAway("at_work")
            if name:
                return name
        return ""

    async def _merchant_of(self, order: ProviderOrder) -> Merchant:
        name = await self._accounts.name_of(order.hotel_id)
        return Merchant(name, await self._accounts.account_of(order.hotel_id))

    async def _once(self, order: ProviderOrder, call: Call) -> Seen:
        """What came of a call that is written down first, now or when it was sent before."""
        at = self._clock()
        written = await self._calls.begin(order.hotel_id, order.reference, call, at)
        match next_move(written, at):
            case Move.LOOK:
                return await self._outcome(order, written)
            case Move.WAIT:
                raise ProviderAway("at_work")
            case Move.MATCH:
                return await self._matched(order, written)
            case Move.SEND:
                return await self._sent(order, written, is_first=written.state is CallState.NEW)

    async def _sent(self, order: ProviderOrder, written: Written, *, is_first: bool, is_last: bool = False) -> Seen:
        """Sends. is_first: nothing was sent under this key before; is_last: no fresh key is tried after this one."""
        hotel_id = order.hotel_id
        try:
            answer = await self._ask(self._cashier.send, written, order.now)
        except ProviderAway as away:
            known = CallState.NEW if away.certain and is_first else CallState.UNKNOWN
            await self._calls.settle(hotel_id, written, known)
            # A failure that is only replayed says nothing new until the key is forgotten.
            if not away.replayed or is_last:
                raise
            return await self._matched(order, written)
        if answer.taken or answer.stale:
            if not is_last:
                return await self._matched(order, written)
            await self._calls.settle(hotel_id, written, CallState.UNKNOWN)
            return answer.seen
        # The customer's call has no later attempt: what was refused may be mended, and is asked again.
        once_more = bool(answer.code) and written.call.what == CUSTOMER
        known = CallState.NEW if once_more else CallState.DONE
        await self._calls.settle(hotel_id, written, known, answer.object_id, answer.code)
        return answer.seen

    async def _matched(self, order: ProviderOrder, written: Written) -> Seen:
        """What the provider has under the call's key; where it has nothing, the call goes out under a fresh one."""
        found = await self._ask(self._cashier.match, written.call, order.now)
        if found:
            await self._calls.settle(order.hotel_id, written, CallState.DONE, found)
            return await self._ask(self._cashier.look, found, order.now)
        at = self._clock()
        anew = self._cashier.reworded(written.call, at, order.now)
        fresh = await self._calls.renew(order.hotel_id, written, anew.params, at)
        if fresh.state is CallState.DONE:
            return await self._outcome(order, fresh)
        return await self._sent(order, fresh, is_first=True, is_last=True)

    async def _outcome(self, order: ProviderOrder, written: Written) -> Seen:
        """What a call has brought whose answer is known: how its object is by now, or the refusal."""
        if not written.object_id:
            return Seen(trouble=REFUSED, code=written.code)
        if written.call.what == CUSTOMER:
            return Seen(customer_id=written.object_id)
        return await self._ask(self._cashier.look, written.object_id, order.now)

    async def _ask(self, question: Callable[P, R], *asked: P.args, **named: P.kwargs) -> R:
        """Waits for the provider in a thread of the activity's own."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: question(*asked, **named))
