"""What letters say of money at the payment provider: how much, for what, until when, and where it can be paid."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.acts import approved, cancelled, no_show
from domain.booking import Booking
from domain.money_alarms import money_rang
from domain.notices import ASKING, Notice, NoticeKind
from domain.payments import PayState, Seen
from domain.steps import Act
from domain.terms import Confirmation, Payment, PaymentTerms, Penalty
from gateways.letter_payments import ended_money
from gateways.letters import Letters
from gateways.portuguese import PORTUGUESE
from messages.tokens import pay_token, read_guest_token, read_pay_token
from tests.gateways.facts import ASKED_AT, KOCHI, REFERENCE, TERMS, letter_facts
from tests.gateways.lives import BOOKINGS, DESK, stayed
from tests.gateways.payers import (
    AUTHORISES,
    CANCELLED,
    DEPOSIT_REFUSED,
    PAID,
    PLEASE,
    REFUND_LOST,
    REFUNDED,
    SET_ASIDE,
    TO_PAY,
    WITH_DEPOSIT_LATER,
    asked,
    begun,
    heard,
)
from tests.gateways.test_letters import SECRET, Reading, both

LETTERS = Letters("https://stay.example/", SECRET, "bookings@holdfast.example")


def test_who_has_to_pay_is_told_how_much_for_what_and_until_when_at_the_hotel() -> None:
    for told in both(NoticeKind.PAYMENT_DUE):
        assert (
            "We are keeping 1 room for 3 nights from Sat 14 Mar 2026 for you until Thu 12 Mar 2026, 20:00 (IST)."
            in told
        )
        assert "please pay INR 22,400.00 by then" in told
        assert "Pay INR 22,400.00" in told
        assert "The whole stay" in told
        assert "If it is not paid by then, it ends by itself, and nothing is owed." in told


@pytest.mark.parametrize("kind", ASKING)
def test_a_letter_that_asks_for_money_leads_to_the_page_to_pay_on_and_nowhere_else(kind: NoticeKind) -> None:
    letter = LETTERS.write(letter_facts(kind, BOOKINGS[kind], token_generation=4))
    token = pay_token(SECRET, KOCHI.hotel_id, REFERENCE, 4)
    assert Reading(letter.html).links == [f"https://stay.example/pay/{token}"]
    assert f"https://stay.example/pay/{token}" in letter.text


def test_a_link_to_pay_opens_no_booking_and_a_guests_link_pays_nothing() -> None:
    token = pay_token(SECRET, 3, REFERENCE, 1)
    told = read_pay_token(SECRET, token)
    assert told is not None
    assert (told.hotel_id, told.reference, told.generation) == (3, REFERENCE, 1)
    assert read_guest_token(SECRET, token) is None
    assert read_pay_token("another secret", token) is None


def test_a_hotel_without_a_guest_portal_still_sends_the_link_to_pay() -> None:
    closed = asked(replace(TO_PAY.terms, guest_portal=False))
    assert "/pay/" in LETTERS.write(letter_facts(NoticeKind.PAYMENT_DUE, closed)).text


def test_a_deposit_of_all_that_is_owed_is_called_the_whole_stay() -> None:
    whole = replace(TERMS, payment=Payment.DEPOSIT, confirmation=Confirmation.AUTO)
    for deposit, words in ((Penalty.FULL, "The whole stay"), (Penalty.FIRST_NIGHT, "Deposit")):
        for told in both(NoticeKind.PAYMENT_DUE, asked(replace(whole, online=PaymentTerms(deposit=deposit)))):
            assert f"For {words}" in told.replace("For:", "For")


def test_a_guarantee_asks_for_a_card_and_says_that_nothing_is_charged() -> None:
    kept = asked(replace(TERMS, payment=Payment.GUARANTEE, confirmation=Confirmation.AUTO))
    for told in both(NoticeKind.PAYMENT_DUE, kept):
        assert "please leave a card by then. Nothing is charged now." in told
        assert "INR 0" not in told
        assert "it is charged only if you cancel late or do not come" in told


def test_a_request_with_money_set_aside_says_when_it_is_charged() -> None:
    for told in both(NoticeKind.PAYMENT_DUE, asked(AUTHORISES)):
        assert "Please have INR 22,400.00 set aside on your card by then. It is charged only when we say yes" in told
    for told in both(NoticeKind.RECEIVED, SET_ASIDE):
        assert "INR 22,400.00 is set aside on your card; it is charged only when we say yes" in told
    for told in both(NoticeKind.RECEIVED):
        assert "set aside" not in told


def test_a_yes_that_waits_for_its_payment_says_yes_first() -> None:
    manual = replace(TO_PAY.terms, confirmation=Confirmation.MANUAL)
    said = approved(asked(manual), DESK).after
    for told in both(NoticeKind.PAYMENT_DUE, said):
        assert "We are glad to say yes to 1 room for 3 nights" in told


def test_a_confirmation_shows_what_was_paid() -> None:
    for told in both(NoticeKind.CONFIRMED, PAID):
        assert "INR 22,400.00" in told.split("Paid")[1]
        assert "To pay at the hotel" not in told


def test_a_confirmation_says_which_deposit_is_taken_when_and_what_remains_at_the_hotel() -> None:
    for told in both(NoticeKind.CONFIRMED, WITH_DEPOSIT_LATER):
        assert "Deposit, from your card: Fri 13 Mar 2026, 12:00" in told
        assert "INR 7,280.00" in told
        assert "INR 15,120.00" in told.split("To pay at the hotel")[1]


def test_a_later_deposit_is_announced_with_its_day() -> None:
    for told in both(NoticeKind.PAYMENT_REMINDER):
        assert "On Fri 13 Mar 2026, 12:00 (IST) we take the deposit of INR 7,280.00" in told


def test_who_paid_is_told_how_much_came_and_what_is_open() -> None:
    for told in both(NoticeKind.PAYMENT_RECEIVED):
        assert "We have received INR 22,400.00" in told
        assert "Nothing is open any more." in told


def test_who_could_not_be_charged_is_told_until_when_to_pay() -> None:
    for told in both(NoticeKind.PAYMENT_FAILED):
        assert "We could not charge INR 7,280.00" in told
        assert "Sat 14 Mar 2026, 18:05 (IST)" in told


def test_a_fee_that_could_not_be_charged_is_asked_for_as_a_fee() -> None:
    owing = cancelled(DEPOSIT_REFUSED, PLEASE, (1,)).after
    owing = replace(owing, stays=tuple(replace(one, fee_minor=500_000) for one in owing.stays))
    for told in both(NoticeKind.PAYMENT_FAILED, owing):
        assert "We could not charge the fee of INR 5,000.00" in told
        assert "We keep" not in told


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("late", "your payment came after the time for it had ended, and the room had been given away by then"),
        ("second", "was paid twice. We give the second payment, INR 22,400.00, back to you"),
        ("cancelled", "As your booking from Sat 14 Mar 2026 was cancelled, we give INR 22,400.00 back to you"),
        ("ended", "As your booking from Sat 14 Mar 2026 has ended, we give INR 22,400.00 back"),
        ("changed", "has changed, we give INR 22,400.00 back"),
        ("overpaid", "You paid more than was owed for your booking from Sat 14 Mar 2026. We give INR 22,400.00 back"),
        ("desk", "We give INR 22,400.00 back to you for your booking"),
    ],
)
def test_who_gets_money_back_is_told_why(cause: str, words: str) -> None:
    notice = Notice(12, NoticeKind.REFUND_ISSUED, refund=1, cause=cause)
    for told in both(NoticeKind.REFUND_ISSUED, REFUNDED, notice=notice):
        assert words in told
        assert "Banks take five to ten days" in told


def test_who_did_not_get_money_back_is_asked_to_get_in_touch() -> None:
    for told in both(NoticeKind.REFUND_FAILED, REFUND_LOST):
        assert "We wanted to give INR 22,400.00 back to you" in told
        assert "Please call +91 484 000 0000" in told


def test_a_cancellation_says_what_was_paid_and_what_goes_back() -> None:
    for told in both(NoticeKind.CANCELLED, CANCELLED):
        assert "You had paid INR 22,400.00. INR 22,400.00 goes back to you, the way it was paid. Nothing more" in told


def test_a_no_show_says_the_fee_what_was_paid_and_what_goes_back() -> None:
    missed = no_show(PAID, Act(ASKED_AT + timedelta(days=3), DESK.actor, "desk"), (1,)).after
    for told in both(NoticeKind.NO_SHOW, missed):
        assert "a no-show costs INR 7,280.00. You had paid INR 22,400.00. INR 15,120.00 goes back to you" in told


def test_a_withdrawn_request_says_that_the_money_on_the_card_is_free_again() -> None:
    withdrawn = cancelled(SET_ASIDE, PLEASE, (1,)).after
    for told in both(NoticeKind.CANCELLED, withdrawn):
        assert "You have not been charged, and nothing is owed. What was set aside on your card is free again." in told


def unpaid() -> Booking:
    """A booking whose time for paying has ended."""
    return money_rang(TO_PAY, "hold_expires", Act(ASKED_AT + timedelta(hours=2))).after


def unpaid_with_a_page_open() -> Booking:
    """The same where the guest had opened the provider's page and left it."""
    closing = money_rang(begun(TO_PAY), "hold_expires", Act(ASKED_AT + timedelta(hours=2))).after
    return heard(closing, Seen(state=PayState.VOIDED))


@pytest.mark.parametrize("end", [unpaid, unpaid_with_a_page_open])
def test_who_did_not_pay_in_time_is_told_that_nothing_was_charged(end: Callable[[], Booking]) -> None:
    for told in both(NoticeKind.EXPIRED, end()):
        assert "no payment had come by then" in told
        assert "You have not been charged, and nothing is owed." in told
        assert "we did not answer" not in told


def test_a_late_payment_that_found_the_room_free_takes_back_the_earlier_letter() -> None:
    for told in both(NoticeKind.CONFIRMED_AFTER_ALL):
        assert "Our earlier letter, that your booking had expired, no longer counts." in told


def test_the_last_letter_says_where_an_open_account_can_be_paid() -> None:
    open_ = stayed(WITH_DEPOSIT_LATER, 0)
    for told in both(NoticeKind.CHECK_OUT, open_):
        assert "of your account is still open; you can pay it on your booking's page." in told


def test_portuguese_letters_say_the_same_of_money() -> None:
    letter = LETTERS.write(letter_facts(NoticeKind.PAYMENT_DUE, TO_PAY, language="pt"))
    assert "pague, por favor, 22" in letter.text
    assert "Pagar 22" in letter.text
    assert ended_money(CANCELLED, PORTUGUESE).startswith("Tinha pago 22")
