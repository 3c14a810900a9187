"""Letters about money in the outbox: each payment and refund is told of by itself, and only while it is so."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.notices import NoticeEnd, NoticeKind
from store.notices import NoticeStore
from store.session import Database
from tests.gateways.payers import PAID, REFUNDED, TO_PAY
from tests.store.outbox import NOON, Outbox, build_outbox


@pytest.fixture
def outbox(owner_url: str) -> Outbox:
    """A hotel of the test's own."""
    return build_outbox(owner_url)


@pytest.fixture
def store(database: Database) -> NoticeStore:
    """The store under the role of the running system."""
    return NoticeStore(database)


async def test_who_has_to_pay_is_asked_while_it_is_owed_and_each_payment_is_told_of_alone(
    store: NoticeStore, outbox: Outbox
) -> None:
    booked, in_time = outbox.book(), TO_PAY.created_at + timedelta(minutes=10)
    own: dict[str, Any] = {"hotel_id": outbox.hotel_id, "reference": booked.reference}
    outbox.becomes(replace(TO_PAY, **own))
    due = outbox.tell(booked, "payment_due")
    [facts] = await store.read(outbox.hotel_id, (await store.claim(outbox.hotel_id, in_time)).to_send)
    assert (facts.notice.notice_id, facts.kind) == (due, NoticeKind.PAYMENT_DUE)
    assert facts.booking.purse == TO_PAY.purse
    await store.end(outbox.hotel_id, [NoticeEnd(due, "sent")], in_time)
    outbox.becomes(replace(PAID, **own))
    again = outbox.tell(booked, "payment_due")
    first, second = (outbox.tell(booked, "payment_received", data={"payment": 1}) for _ in range(2))
    other = outbox.tell(booked, "payment_received", data={"payment": 2})
    for _ in range(4):
        for notice in (await store.claim(outbox.hotel_id, in_time)).to_send:
            await store.end(outbox.hotel_id, [NoticeEnd(notice, "sent")], in_time)
    assert outbox.state(again) == ("dropped", "No longer true: the booking is confirmed.")
    assert [outbox.state(one)[0] for one in (first, second)] == ["sent", "dropped"]
    # Of a payment that is not there, nothing is told; it is not taken for the other one.
    assert outbox.state(other) == ("dropped", "No longer true: the booking is confirmed.")


async def test_what_a_letter_about_a_refund_needs_is_read_from_its_row(store: NoticeStore, outbox: Outbox) -> None:
    booked = outbox.book()
    outbox.becomes(replace(REFUNDED, hotel_id=outbox.hotel_id, reference=booked.reference))
    notice = outbox.tell(booked, "refund_issued", data={"refund": 1, "cause": "cancelled"})
    await store.claim(outbox.hotel_id, NOON)
    [facts] = await store.read(outbox.hotel_id, [notice])
    assert (facts.notice.refund, facts.notice.cause) == (1, "cancelled")
