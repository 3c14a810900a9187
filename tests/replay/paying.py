"""The paths of bookings that are paid by card, each lived once so that its history can be kept."""

import asyncio
from datetime import timedelta
from typing import Any

from domain.stay import StayDates
from domain.terms import Confirmation, Payment, PaymentTerms, WhenLapsing, WhenUnpaid
from tests.story.money.payer import Payer
from tests.story.test_life import stay_in
from tests.story.world import MANAGER, build_house, plan

ALWAYS_3DS = "4000002760003184"
CHARGE_FAILS_LATER = "4000000000000341"
REFUND_FAILS_LATER = "4000000000005126"
REFUND_IS_PENDING = "4000000000007726"
OUTAGE_SECONDS = 600


async def held(stage: Any, payment: Payment = Payment.DEPOSIT, days: int = 20, **terms: Any) -> Payer:
    """A booking at a hotel in Lisbon that is paid in this way."""
    terms.setdefault("confirmation", Confirmation.AUTO)
    house = build_house(stage.owner_url, zone="Europe/Lisbon", currency="EUR", payment=payment, **terms)
    life = Payer(stage.client, stage.owner_url, house, stay_in(house, days), stripe=stage.stripe)
    await life.begin()
    return life


async def firm(stage: Any, payment: Payment = Payment.DEPOSIT, card: str = "", **terms: Any) -> Payer:
    """The same, paid for."""
    life = await held(stage, payment, **terms)
    await (life.paid(card) if card else life.paid())
    await life.comes_to("confirmed")
    return life


async def happens(life: Payer, event: str) -> None:
    """Waits until that has happened."""
    async with asyncio.timeout(30):
        while event not in life.events():
            await asyncio.sleep(0.05)


async def prepaid_given_back_and_cancelled(stage: Any) -> Payer:
    life = await firm(stage, Payment.PREPAID)
    await life.give_back(2_500)
    await life.settles()
    first = life.dates.arrival
    await life.amend(plan(life.house, 1, StayDates(first, first + timedelta(days=1))), actor=MANAGER)
    await life.settles()
    await life.cancel()
    await life.settles()
    return life


async def authorised_and_approved(stage: Any) -> Payer:
    life = await held(stage, Payment.AUTHORISE, confirmation=Confirmation.MANUAL)
    await life.paid()
    await life.comes_to("pending")
    await life.approve()
    await life.comes_to("confirmed")
    return life


async def authorised_lost_and_paid_otherwise(stage: Any) -> Payer:
    life = await held(stage, Payment.AUTHORISE, confirmation=Confirmation.MANUAL)
    await life.paid()
    await life.comes_to("pending")
    intent = life.purse.payment(1).intent_id
    await asyncio.to_thread(life.provider.sdk.v1.payment_intents.cancel, intent)
    await life.approve()
    await life.comes_to("held")
    await life.paid()
    await life.comes_to("confirmed")
    return life


async def approved_and_then_paid_on_another_page(stage: Any) -> Payer:
    life = await held(stage, confirmation=Confirmation.MANUAL)
    await life.approve()
    await life.start("intent")
    await life.paid()
    await life.comes_to("confirmed")
    return life


async def looked_at_and_never_paid(stage: Any) -> Payer:
    life = await held(stage)
    await life.start()
    await life.until(life.agenda()["payment_check-1"])
    await life.until(life.row()["hold_expires_at"])
    await life.comes_to("expired")
    return life


async def proving_and_too_late(stage: Any) -> Payer:
    life = await held(stage)
    await life.start()
    await life.on_page(ALWAYS_3DS)
    await life.until(life.row()["hold_expires_at"])
    await life.reaches_clock("hold_over")
    await life.until(life.agenda()["hold_over"])
    await life.comes_to("expired")
    return life


async def guaranteed_and_missed(stage: Any) -> Payer:
    life = await firm(stage, Payment.GUARANTEE, days=3)
    await life.until(life.agenda()["no_show-1"])
    await life.comes_to("no_show")
    await life.settles()
    return life


async def deposit_that_the_card_refused(stage: Any) -> Payer:
    life = await firm(stage, card=CHARGE_FAILS_LATER, online=PaymentTerms(due_days=7))
    await life.until(life.agenda()["deposit_due"])
    await life.reaches("failed", "payment_status")
    await life.until(life.agenda()["payment_due"])
    await life.comes_to("cancelled")
    return life


async def refund_that_came_back(stage: Any) -> Payer:
    life = await firm(stage, Payment.PREPAID, card=REFUND_FAILS_LATER)
    await life.cancel()
    await life.settles()
    life.provider.advance(10 * 86_400)
    await life.hint(refunds=(1,))
    await life.reaches(True, "needs_attention")
    return life


async def deposit_that_is_left_to_the_desk(stage: Any) -> Payer:
    terms = PaymentTerms(due_days=7, when_unpaid=WhenUnpaid.DESK)
    life = await firm(stage, card=CHARGE_FAILS_LATER, online=terms)
    await life.until(life.agenda()["deposit_due"])
    await life.reaches("failed", "payment_status")
    await life.until(life.agenda()["payment_due"])
    await life.reaches(True, "needs_attention")
    return life


async def disputed(stage: Any, begins: str, ends: str) -> Payer:
    """The bank takes a payment up in this way, and then decides so."""
    life = await firm(stage, Payment.PREPAID)
    dispute = life.provider.plant(begins, id=life.purse.payment(1).intent_id)
    await life.hint(1)
    await life.reaches(True, "needs_attention")
    life.provider.plant(ends, id=dispute["id"])
    await life.hint(1)
    return life


async def disputed_and_won(stage: Any) -> Payer:
    life = await disputed(stage, "dispute", "dispute_won")
    await life.reaches(False, "needs_attention")
    return life


async def refund_that_took_its_time(stage: Any) -> Payer:
    life = await firm(stage, Payment.PREPAID, card=REFUND_IS_PENDING)
    await life.cancel()
    await life.settles()
    await life.until(await life.clock() + timedelta(days=1, hours=1))
    async with asyncio.timeout(20):
        while any(refund.state.open for refund in life.purse.refunds):
            await asyncio.sleep(0.05)
    return life


async def card_saved_for_a_guest_who_was_vouched_for(stage: Any) -> Payer:
    life = await held(stage, Payment.GUARANTEE)
    await life.start()
    page = life.page()
    await life.confirm(reason="A guest of many years.")
    await asyncio.to_thread(life.provider.pay, page)
    await life.hint(1)
    await happens(life, "card_saved")
    return life


async def deposit_day_while_the_guest_pays(stage: Any) -> Payer:
    life = await firm(stage, online=PaymentTerms(due_days=7))
    due = life.agenda()["deposit_due"]
    await life.until(due - timedelta(minutes=30))
    await life.start()
    page = life.page()
    await life.until(due)
    await happens(life, "deposit_asked")
    await asyncio.to_thread(life.provider.pay, page)
    await life.hint(2)
    await happens(life, "payment_came")
    return life


async def disputed_and_lost(stage: Any) -> Payer:
    life = await disputed(stage, "dispute", "dispute_lost")
    await happens(life, "dispute_lost")
    return life


async def asked_about_by_the_bank(stage: Any) -> Payer:
    life = await disputed(stage, "inquiry", "dispute_won")
    await happens(life, "dispute_closed")
    return life


async def processed_past_the_hold(stage: Any) -> Payer:
    life = await held(stage)
    await life.paid_for_later(45 * 60)
    await life.hint(1)
    await happens(life, "payment_processing")
    await life.until(life.row()["hold_expires_at"])
    await life.reaches_clock("hold_over")
    await life.until(life.agenda()["payment_check-1"])
    await life.comes_to("confirmed")
    return life


async def put_off(stage: Any, ends: WhenLapsing) -> Payer:
    """The hotel's answer is put off past the authorisation's end."""
    online = PaymentTerms(when_authorisation_ends=ends)
    life = await held(stage, Payment.AUTHORISE, days=30, confirmation=Confirmation.MANUAL, online=online)
    await life.paid()
    await life.put_off()
    await life.until(life.agenda()["authorisation_ends-1"])
    return life


async def authorisation_renewed_and_approved(stage: Any) -> Payer:
    life = await put_off(stage, WhenLapsing.RENEW)
    await happens(life, "authorisation_released")
    await life.approve()
    await life.comes_to("confirmed")
    return life


async def authorisation_taken_before_the_answer(stage: Any) -> Payer:
    life = await put_off(stage, WhenLapsing.CAPTURE)
    await happens(life, "payment_came")
    await life.decline()
    await life.settles()
    return life


async def authorisation_that_lapsed(stage: Any) -> Payer:
    life = await put_off(stage, WhenLapsing.ASK)
    await happens(life, "authorisation_near_end")
    await life.until(life.agenda()["authorisation_lapses-1"])
    await life.comes_to("held")
    return life


async def silent_past_the_hold(stage: Any, payment: Payment = Payment.DEPOSIT, **terms: Any) -> tuple[Payer, str]:
    """The provider is silent about this one page for six hours; answers the page as well."""
    life = await held(stage, payment, **{"rooms": 2, **terms})
    await life.start()
    page = life.page()
    session = life.purse.open_payment.session_id
    life.provider.fault("outage", seconds=OUTAGE_SECONDS, path=f"/v1/checkout/sessions/{session}")
    await life.until(life.row()["hold_expires_at"])
    await life.reaches_clock("hold_over")
    await life.until(life.agenda()["hold_over"])
    await life.comes_to("expired", seconds=120)
    return life, page


async def watched_in_vain(stage: Any) -> Payer:
    life, _ = await silent_past_the_hold(stage)
    life.provider.http.delete("/_double/faults")
    await life.until(life.agenda()["payment_watch"])
    await happens(life, "payment_watch_ended")
    return life


async def paid_after_an_outage(stage: Any, payment: Payment = Payment.DEPOSIT, **terms: Any) -> Payer:
    """The money comes after that."""
    life, page = await silent_past_the_hold(stage, payment, **terms)
    await asyncio.to_thread(life.provider.pay, page)
    return life


async def late_and_confirmed_after_all(stage: Any) -> Payer:
    life = await paid_after_an_outage(stage)
    life.provider.http.delete("/_double/faults")
    await life.hint(1)
    await life.comes_to("confirmed")
    return life


async def late_and_asked_for_after_all(stage: Any) -> Payer:
    life = await paid_after_an_outage(stage, Payment.AUTHORISE, confirmation=Confirmation.MANUAL)
    life.provider.http.delete("/_double/faults")
    await life.hint(1)
    await life.comes_to("pending")
    await life.approve()
    await life.comes_to("confirmed")
    return life


async def late_and_given_back(stage: Any) -> Payer:
    life = await paid_after_an_outage(stage, rooms=1)
    rival = Payer(stage.client, stage.owner_url, life.house, life.dates, stripe=stage.stripe)
    await rival.begin()
    life.provider.http.delete("/_double/faults")
    await life.hint(1)
    await life.settles(60)
    return life


PAYING = (
    prepaid_given_back_and_cancelled, authorised_and_approved, authorised_lost_and_paid_otherwise,
    approved_and_then_paid_on_another_page, looked_at_and_never_paid, proving_and_too_late, guaranteed_and_missed,
    deposit_that_the_card_refused, refund_that_came_back, late_and_confirmed_after_all, late_and_given_back,
    late_and_asked_for_after_all, deposit_that_is_left_to_the_desk, disputed_and_won, refund_that_took_its_time,
    card_saved_for_a_guest_who_was_vouched_for, deposit_day_while_the_guest_pays,
    disputed_and_lost, asked_about_by_the_bank, processed_past_the_hold, authorisation_renewed_and_approved,
    authorisation_taken_before_the_answer, authorisation_that_lapsed, watched_in_vain,
)  # fmt: skip
