"""The words of letters about money at the payment provider: what is asked for, what came, and what goes back.

Rule: docs/rules/notices.md, "Money in letters". Amounts come from the booking's purse as it stands.
"""

from collections.abc import Iterator
from typing import Any

from domain.booking import GONE, Booking, Status
from domain.letters import LetterFacts, told_purpose
from domain.notices import clock, pay_until
from domain.obligations import Obligation, authorises, later_deposit_minor, owed_now
from domain.payments import PayState, Purse
from domain.terms import Confirmation, Payment, deposit_due_at, payment_of
from gateways.tongues import Tongue


def payment_vocabulary(facts: LetterFacts, tongue: Tongue) -> dict[str, Any]:
    """Everything by name; what does not apply is an empty text."""
    booking, purse = facts.booking, facts.booking.purse
    owed, until = asked_for(booking), pay_until(booking)
    paid, back = purse.payment(facts.notice.payment or 0), purse.refund(facts.notice.refund or 0)
    later = facts.notice.amount_minor or later_deposit_minor(booking)
    return {
        "to_pay": tongue.money(owed.amount_minor, booking.terms.currency) if owed else "",
        "card_only": owed is not None and owed.amount_minor == 0,
        "pay_until": tongue.at(booking, until),
        "pay_until_brief": tongue.briefly(booking, until),
        "accepted": purse.yes_given and booking.terms.confirmation is Confirmation.MANUAL,
        "sets_aside": owed is not None and told_purpose(booking, owed.purpose, owed.amount_minor) == "authorisation",
        "authorised": _sum(sum(one.amount_minor for one in purse.authorised), booking, tongue),
        "received": _sum(paid.captured_minor if paid else 0, booking, tongue),
        "balance": _sum(booking.balance_minor, booking, tongue),
        "refund": _sum(back.amount_minor if back else 0, booking, tongue),
        "cause": facts.notice.cause or (back.cause if back else ""),
        "later_amount": _sum(later, booking, tongue),
        "later_day": tongue.at(booking, clock(booking, "deposit_due")),
        "unpaid": booking.status is Status.EXPIRED and booking.held_for == "payment",
        "gone": booking.status in GONE,
    }


def asked_for(booking: Booking) -> Obligation | None:
    """What can be paid as the booking stands, counted from its last step: a letter is written soon after one."""
    return owed_now(booking, booking.last_instant)


def what_for(booking: Booking, tongue: Tongue) -> str:
    """The purpose of what is asked for, as a fact; an empty text where nothing is."""
    owed = asked_for(booking)
    return tongue.say(f"purpose_{told_purpose(booking, owed.purpose, owed.amount_minor)}") if owed else ""


def _sum(amount_minor: int, booking: Booking, tongue: Tongue) -> str:
    return tongue.money(amount_minor, booking.terms.currency) if amount_minor > 0 else ""


def ended_money(booking: Booking, tongue: Tongue) -> str:
    """What a booking's end means for the guest's money: what was paid, what goes back, and what is still to come.

    Nothing while it goes on, or where the hotel takes no money through this system.
    """
    if not booking.status.ended or booking.terms.payment is Payment.NONE:
        return ""
    return " ".join(_ended(booking, tongue))


def _ended(booking: Booking, tongue: Tongue) -> Iterator[str]:
    purse, currency = booking.purse, booking.terms.currency
    taken = sum(one.captured_minor for one in purse.payments)
    if taken:
        yield tongue.say("had_paid", amount=tongue.money(taken, currency))
    if returned := given_back(purse):
        yield tongue.say("goes_back", amount=tongue.money(returned, currency))
    if booking.balance_minor < 0:
        yield tongue.say("overpaid", amount=tongue.money(-booking.balance_minor, currency))
    elif booking.balance_minor > 0:
        key = "fee_from_card" if _takes_fee(purse) else "remains"
        yield tongue.say(key, amount=tongue.money(booking.balance_minor, currency))
    else:
        yield tongue.say("nothing_more" if taken or booking.paid_minor else "not_charged")
    if _lets_go(purse):
        yield tongue.say("let_go")


def given_back(purse: Purse) -> int:
    """What was given back, or is on its way, in minor units."""
    return sum(refund.amount_minor for refund in purse.refunds if refund.state.counts)


def _takes_fee(purse: Purse) -> bool:
    """Whether the fee is being taken from a card, without the guest's doing anything."""
    charged = any(
        one.purpose == "fee" and one.state in (PayState.CREATED, PayState.PROCESSING) for one in purse.payments
    )
    return charged or any(order.verb.value == "capture" for order in purse.orders)


def _lets_go(purse: Purse) -> bool:
    """Whether money that was set aside on a card is free again, and none of it was taken."""
    ended = (PayState.AUTHORISED, PayState.VOIDED, PayState.AUTH_EXPIRED)
    untouched = any(one.state in ended and not one.captured_minor for one in purse.payments)
    return untouched and not any(order.verb.value == "capture" for order in purse.orders)


def account(booking: Booking, tongue: Tongue) -> str:
    """How the account stands at the end of a stay; nothing where the hotel takes money without this system."""
    if booking.terms.payment is Payment.NONE:
        return ""
    currency = booking.terms.currency
    if booking.balance_minor > 0:
        online = asked_for(booking) is not None and booking.terms.guest_portal
        key = "account_open_online" if online else "account_open"
        return tongue.say(key, amount=tongue.money(booking.balance_minor, currency))
    if booking.balance_minor < 0:
        return tongue.say("overpaid", amount=tongue.money(-booking.balance_minor, currency))
    settled = tongue.say("account_settled", amount=tongue.money(booking.owed_minor, currency))
    too_much = sum(one.amount_minor for one in booking.purse.refunds if one.cause == "overpaid" and one.state.counts)
    if too_much:
        return f"{settled} {tongue.say('goes_back', amount=tongue.money(too_much, currency))}"
    return settled


def payment_policy(facts: LetterFacts, tongue: Tongue) -> list[str]:
    """When money is asked for, by the terms of each room; rooms with the same way are told of once."""
    booking = facts.booking
    ways = [_way(booking, payment_of(booking.terms, room.stay.terms)) for room in facts.told]
    return [tongue.say(f"pays_{way}") for way in dict.fromkeys(ways) if way]


def _way(booking: Booking, payment: Payment) -> str:
    match payment:
        case Payment.NONE:
            return ""
        case Payment.AT_HOTEL:
            return "at_hotel"
        case Payment.AUTHORISE if not authorises(booking):
            return Payment.PREPAID.value
        case Payment.DEPOSIT if deposit_due_at(booking.terms, booking.arrival) is not None:
            return "stripe_deposit_later"
        case _:
            return payment.value
