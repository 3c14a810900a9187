"""What the provider says of refunds, each as one pure step. Rules in words: docs/rules/payments.md."""

from dataclasses import replace

from domain.answers import Look, answered, unanswered
from domain.booking import Booking, with_purse
from domain.money import Money, format_money
from domain.payments import Refund, RefundState, Seen
from domain.steps import Act, NoticeWish, Step, make_step

# A refund goes forward only, but for the bank that sends back what had arrived.
_RANK = {
    RefundState.WANTED: 0,
    RefundState.PENDING: 1,
    RefundState.NEEDS_GUEST: 1,
    RefundState.SUCCEEDED: 2,
    RefundState.CANCELED: 3,
    RefundState.FAILED: 3,
}
_LOST = (RefundState.FAILED, RefundState.CANCELED)


def refund_told(booking: Booking, look: Look, seen: Seen, act: Act) -> Step | None:
    """What an answer about a refund comes to; None where it is no news."""
    refund = booking.purse.refund(look.refund or 0)
    if refund is None:
        return None
    if seen.trouble == "unreachable":
        return unanswered(booking, look, act)
    base = answered(booking, look, act)
    fresh = _moved(refund, seen, checked=look.checked)
    after = with_purse(base, base.purse.with_refund(fresh))
    if after == booking:
        return None
    facts = {"refund": fresh.number, "payment": fresh.payment, "amount_minor": fresh.amount_minor}
    if fresh.state is refund.state:
        return make_step(booking, after, "refund_checked", act, difference=facts)
    if fresh.state in _LOST:
        amount = format_money(Money(fresh.amount_minor, booking.terms.currency))
        after = replace(
            after, attention=f"The refund of {amount} did not reach the guest; give it back in another way."
        )
        letter = NoticeWish("refund_failed", "guest", data={"refund": fresh.number})
        return make_step(booking, after, "refund_failed", act, difference=facts, notices=(letter,))
    letters: tuple[NoticeWish, ...] = ()
    if refund.state is RefundState.WANTED:
        letters = (NoticeWish("refund_issued", "guest", data={"refund": fresh.number, "cause": fresh.cause}),)
    what = "refund_issued" if fresh.state is RefundState.SUCCEEDED else "refund_pending"
    return make_step(booking, after, what, act, difference=facts, notices=letters)


def _moved(refund: Refund, seen: Seen, *, checked: bool) -> Refund:
    """The refund as the provider tells it; one that it refuses has failed."""
    state = RefundState.FAILED if seen.trouble else seen.refund_state or refund.state
    if _RANK[state] < _RANK[refund.state] or refund.state in _LOST:
        state = refund.state
    return replace(
        refund,
        state=state,
        provider_id=seen.refund_id or refund.provider_id,
        checks=refund.checks + 1 if checked else refund.checks,
    )
