"""Money that a card's bank has set aside, and how that ends: renewed, taken, or left to the desk's answer. Pure.

The clocks are in domain/money_agenda.py. Rules in words: docs/rules/payments.md.
"""

from dataclasses import replace

from domain.attempts import with_attempt
from domain.booking import Booking, with_purse
from domain.obligations import first_payment
from domain.payments import How, Payment, Purse, Verb
from domain.steps import Act, Fact, NoticeWish, Step, make_step
from domain.terms import WhenLapsing


def authorisation_ends(booking: Booking, key: str, act: Act) -> Step:
    """The bank is about to let go what it has set aside, and the hotel has not answered: its rule decides."""
    fired, purse = replace(booking, fired=(*booking.fired, key)), booking.purse
    payment, asked = purse.set_aside, first_payment(booking, act.now)
    amount = payment.amount_minor if payment else 0
    facts: dict[str, Fact] = {"payment": payment.number if payment else 0, "amount_minor": amount}
    match booking.terms.online.when_authorisation_ends:
        case WhenLapsing.RENEW if asked and purse.method_id and purse.open_payment is None:
            after = with_attempt(fired, asked.purpose, How.OFF_SESSION, asked.amount_minor, act.now)
            return make_step(booking, after, "authorisation_renewed", act, difference=facts)
        case WhenLapsing.CAPTURE if payment:
            after = with_purse(fired, purse.ordering(Verb.CAPTURE, payment.number, amount_minor=amount))
            return make_step(booking, after, "authorisation_taken", act, difference=facts)
        case _:
            return make_step(
                booking, fired, "authorisation_near_end", act, difference=facts, notices=(answer_is_open("desk"),)
            )


def answer_is_open(who: str) -> NoticeWish:
    """The desk, or the manager, hears that the answer is still open; of use until the clock of that, also if moved."""
    return NoticeWish("deadline_near", "staff", data={"who": who})


def one_set_aside(purse: Purse, payment: Payment) -> Purse:
    """The purse in which only one authorisation stays: the one that is being taken, else the one that came just now."""
    taken, let_go = purse.asked_to(Verb.CAPTURE), purse.asked_to(Verb.VOID)
    others = {one.number for one in purse.authorised} - {payment.number}
    for number in sorted(({payment.number} if taken & others else others) - let_go):
        purse = purse.ordering(Verb.VOID, number)
    return purse


def taken_on_yes(purse: Purse) -> Purse:
    """The purse whose newest authorisation is to be taken, unless that is under way; an older one is let go."""
    chosen = purse.set_aside
    if chosen is None:
        return purse
    if chosen.number not in purse.asked_to(Verb.CAPTURE):
        purse = purse.ordering(Verb.CAPTURE, chosen.number, amount_minor=chosen.amount_minor)
    return one_set_aside(purse, chosen)
