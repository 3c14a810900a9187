"""What a booking's story has to do with the payment provider: one activity for each order and each look.

Nothing waits for the provider but the one who asked to pay: its answers are news, like a clock or a command. Orders are
part of the booking's state, so a run that begins from the row gives them again, under the same keys.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.payments import PaymentActivities
    from domain.agenda import Entry
    from domain.booking import Booking
    from domain.obligations import SECURING, authorises, keeps_card
    from domain.payments import How, Order, Payment, Seen, Verb
    from domain.refusals import Refused, away, rule
    from domain.told import Look
    from messages.payments import PAYMENTS_QUEUE, MoneyHint, ProviderOrder, StartPayment
    from workflows.doors import Doors
    from workflows.notes import Note

# One call of the provider takes 18 s at most; what it does not answer three times is put on the booking's agenda.
CALL_START_TO_CLOSE = timedelta(seconds=20)
CALL_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3)
# Lines of the agenda that ask the provider, and decide nothing themselves.
LOOKS = ("payment_check", "authorisation_lapses", "refund_check")
ASKING = (*LOOKS, "provider")


@dataclass(frozen=True)
class Word:
    """What the provider said, and about what."""

    look: Look
    seen: Seen


class Teller(Doors):
    """Asks the provider, hears its answers, and lets who waits for them go on."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: dict[str, tuple[Look, asyncio.Task[Seen]]] = {}
        self._to_look: set[tuple[int, int | None]] = set()
        self._waiting: deque[tuple[int, Note]] = deque()

    def ask_provider(self, booking: Booking, entries: Iterable[Entry], now: datetime) -> None:
        """Begins what is to be asked now: orders one after the other for each payment, looks beside none of them."""
        purse = booking.purse
        for order in purse.orders:
            earlier = any(o.number < order.number and o.payment == order.payment for o in purse.orders)
            if not earlier and (order.not_before is None or order.not_before <= now):
                self._ask_once(f"provider-{order.number}", Look(order.payment, order.refund, order), booking, now)
        for entry in entries:
            kind, _, number = entry.key.partition("-")
            if kind in LOOKS and entry.at <= now:
                self._look(booking, kind, int(number), now, checked=True)
        self._to_look |= {(number, None) for number in self.hints_payments()}
        self._to_look |= {(0, number) for number in self.hints_refunds()}
        for payment, refund in sorted(self._to_look, key=str):
            kind, number = ("payment_check", payment) if refund is None else ("refund_check", refund)
            if self._look(booking, kind, number, now, checked=False):
                self._to_look.discard((payment, refund))

    def hints_payments(self) -> list[int]:
        """Takes the payments that the provider has hinted at."""
        taken, self.hinted_payments = sorted(self.hinted_payments), set()
        return taken

    def hints_refunds(self) -> list[int]:
        """Takes the refunds that the provider has hinted at."""
        taken, self.hinted_refunds = sorted(self.hinted_refunds), set()
        return taken

    def _look(self, booking: Booking, kind: str, number: int, now: datetime, *, checked: bool) -> bool:
        """Begins a look; False while another answer about the same payment is awaited, which may be older news."""
        purse = booking.purse
        refund = purse.refund(number) if kind == "refund_check" else None
        payment = purse.payment(refund.payment if refund else number) if kind != "refund_check" or refund else None
        if payment is None:
            return True
        if any(look.payment == payment.number for look, _ in self._asked.values()):
            return False
        look = Look(payment.number, refund.number if refund else None, None, checked)
        self._ask_once(f"{kind}-{number}", look, booking, now)
        return True

    def _ask_once(self, name: str, look: Look, booking: Booking, now: datetime) -> None:
        payment = booking.purse.payment(look.payment)
        if name in self._asked or payment is None:
            return
        if look.order is not None and any(one.payment == look.payment for one, _ in self._asked.values()):
            return
        order = provider_order(booking, payment, look, now)
        self._asked[name] = (look, asyncio.create_task(_asked(order)))

    def is_being_asked(self, entry: Entry) -> bool:
        """Whether what a line of the agenda is about is under way, or waits for its turn."""
        return entry.key.partition("-")[0] in ASKING and (entry.key in self._asked or entry.at <= workflow.now())

    def heard(self) -> Word | None:
        """The next answer that has come."""
        for name, (look, task) in self._asked.items():
            if task.done():
                del self._asked[name]
                return Word(look, task.result())
        return None

    def is_asking(self) -> bool:
        """Whether an answer of the provider is still to come."""
        return bool(self._asked or self._to_look)

    def has_heard(self) -> bool:
        """Whether an answer has come, or the provider has hinted at something."""
        return bool(self.hinted_payments or self.hinted_refunds) or any(task.done() for _, task in self._asked.values())

    def hints_left(self) -> MoneyHint | None:
        """What the run that goes on from the row has to look at."""
        payments = {number for number, refund in self._to_look if refund is None} | self.hinted_payments
        refunds = {refund for _, refund in self._to_look if refund is not None} | self.hinted_refunds
        return MoneyHint(tuple(sorted(payments)), tuple(sorted(refunds))) if payments or refunds else None

    def wait_for(self, payment: int, note: Note) -> None:
        """The note is answered once the provider has said how this payment stands."""
        self._waiting.append((payment, note))

    def let_go_on(self, word: Word) -> None:
        """Notes that waited for this answer come first again; who wanted to pay and can't is told so."""
        payment = word.look.payment
        for number, note in [one for one in self._waiting if one[0] == payment]:
            self._waiting.remove((number, note))
            trouble = _trouble(word.seen) if isinstance(note.command, StartPayment) else None
            if trouble is not None:
                note.refuse(trouble)
            else:
                self.notes.appendleft(note)

    def let_all_go(self) -> None:
        """Nobody waits for the provider any more: the run is about to go on afresh."""
        while self._waiting:
            self.notes.append(self._waiting.popleft()[1])


async def _asked(order: ProviderOrder) -> Seen:
    """The provider's answer; that there was none is an answer too."""
    try:
        return await workflow.execute_activity_method(
            PaymentActivities.carry_out,
            order,
            task_queue=PAYMENTS_QUEUE,
            start_to_close_timeout=CALL_START_TO_CLOSE,
            retry_policy=CALL_RETRIES,
            summary=f"{order.order.verb.value} payment {order.payment.number}",
        )
    except ActivityError:
        return Seen(trouble="unreachable")


def provider_order(booking: Booking, payment: Payment, look: Look, now: datetime) -> ProviderOrder:
    """The order, or a mere look, with all that the provider has to be told."""
    purse = booking.purse
    verb = Verb.READ if look.refund is None else Verb.READ_REFUND
    order = look.order or Order(0, verb, payment.number, look.refund)
    securing = payment.purpose in SECURING
    return ProviderOrder(
        hotel_id=booking.hotel_id,
        hotel_slug=booking.hotel_slug,
        reference=booking.reference,
        currency=booking.terms.currency,
        order=order,
        payment=payment,
        now=now,
        refund=purse.refund(look.refund) if look.refund is not None else None,
        customer_id=purse.customer_id,
        method_id=purse.method_id,
        save_card=securing and keeps_card(booking),
        manual=_sets_aside(booking, payment),
        hold_until=booking.held_until,
    )


def _sets_aside(booking: Booking, payment: Payment) -> bool:
    """Whether the money is taken by a second call. A renewal never takes anything, also where a yes overtakes it."""
    asked = payment.purpose == "authorisation" and authorises(booking)
    return asked and (payment.how is How.OFF_SESSION or not booking.purse.yes_given)


def _trouble(seen: Seen) -> Refused | None:
    """Why somebody who wants to pay can't."""
    match seen.trouble:
        case "":
            return None
        case "unreachable":
            return away(
                "payment_provider_away", "The payment provider does not answer at present; the room is kept for you."
            )
        case "not_ready":
            return away("payments_not_ready", "This hotel can't take cards at present.")
        case _:
            return rule("payment_refused", f"The payment provider does not take this payment ({seen.code}).")
