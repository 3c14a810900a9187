"""What became of letters, what waits for a person, sending again, and switches: as rows."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.acts import approved, cancelled
from domain.booking import Actor, Booking
from domain.notices import NoticeEnd
from domain.refusals import Kind, Refused
from domain.steps import Act
from store.notice_desk import (
    Delivery,
    SendAgain,
    close_item,
    note_delivery,
    open_items,
    read_switches,
    send_again,
    switch,
)
from store.notices import NoticeStore
from store.session import Database
from tests.store.outbox import NOON, Outbox, build_outbox

DESK = Act(NOON, Actor("staff", "frontdesk", 1), "desk")
GUEST = Act(NOON, Actor("guest"), "web")
LATER = NOON + timedelta(minutes=5)
FIRST = 2**60


@pytest.fixture
def outbox(owner_url: str) -> Outbox:
    """A hotel of the test's own."""
    return build_outbox(owner_url)


async def sent(database: Database, outbox: Outbox, kind: str = "received", **how: Any) -> tuple[Booking, int]:
    """A letter that has gone out under the provider's name `id-1`."""
    booking = outbox.book()
    if kind != "received":
        booking = approved(booking, DESK).after
        outbox.becomes(booking)
    notice = outbox.tell(booking, kind, **how)
    store = NoticeStore(database)
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == (notice,)
    await store.end(outbox.hotel_id, [NoticeEnd(notice, "sent", provider_id="id-1")], NOON)
    return booking, notice


async def told(database: Database, outbox: Outbox, booking: Booking, notice: int, what: str, **more: Any) -> str | None:
    """The provider tells something."""
    news = Delivery(outbox.hotel_id, notice, booking.reference, "id-1", what, what, LATER)
    async with database.hotel(outbox.hotel_id) as tx:
        return await note_delivery(tx, replace(news, **more))


async def test_a_delivery_is_noted_once(database: Database, outbox: Outbox) -> None:
    booking, notice = await sent(database, outbox)
    assert await told(database, outbox, booking, notice, "delivered") == "received"
    assert await told(database, outbox, booking, notice, "delivered", at=LATER + timedelta(hours=1)) is None
    row = outbox.row(notice)
    assert (row["state"], row["delivery"], row["delivered_at"]) == ("sent", "delivered", LATER)


async def test_a_bounce_makes_a_notice_undeliverable_and_waits_for_a_person(database: Database, outbox: Outbox) -> None:
    booking, notice = await sent(database, outbox)
    for _ in range(2):
        await told(database, outbox, booking, notice, "bounced", event="bounced HardBounce", reason="No mailbox.")
    row = outbox.row(notice)
    assert (row["state"], row["state_reason"], row["delivery"]) == ("undeliverable", "Bounced: No mailbox.", "bounced")
    assert row["bounce_reason"] == "No mailbox."
    [item] = outbox.attention()
    assert (item["kind"], item["notice_id"], item["opened_at"]) == ("bounced", notice, LATER)


async def test_a_delivery_that_is_told_late_undoes_no_bounce(database: Database, outbox: Outbox) -> None:
    booking, notice = await sent(database, outbox)
    await told(database, outbox, booking, notice, "bounced")
    await told(database, outbox, booking, notice, "delivered")
    row = outbox.row(notice)
    assert (row["state"], row["delivery"]) == ("undeliverable", "bounced")


async def test_a_complaint_leaves_the_letter_sent_and_waits_for_a_person(database: Database, outbox: Outbox) -> None:
    booking, notice = await sent(database, outbox)
    await told(database, outbox, booking, notice, "complained")
    assert outbox.row(notice)["delivery"] == "complained"
    assert outbox.state(notice)[0] == "sent"
    assert [item["kind"] for item in outbox.attention()] == ["complained"]


async def test_the_first_opening_counts_and_shows_that_it_arrived(database: Database, outbox: Outbox) -> None:
    booking, notice = await sent(database, outbox)
    await told(database, outbox, booking, notice, "opened")
    await told(database, outbox, booking, notice, "opened", event="opened again", at=LATER + timedelta(days=1))
    row = outbox.row(notice)
    assert (row["opened_at"], row["delivery"]) == (LATER, "delivered")


@pytest.mark.parametrize(
    "strange",
    [{"provider_id": "id-2"}, {"reference": "XXX-20260314-AAAAAA"}, {"notice_id": 10**15}],
)
async def test_news_of_a_letter_that_is_not_ours_changes_nothing(
    database: Database, outbox: Outbox, strange: dict[str, Any]
) -> None:
    booking, notice = await sent(database, outbox)
    assert await told(database, outbox, booking, notice, "bounced", **strange) is None
    assert outbox.row(notice)["delivery"] == ""


async def test_news_that_comes_before_the_sending_was_written_down_is_not_lost(
    database: Database, outbox: Outbox
) -> None:
    booking = outbox.book()
    notice = outbox.tell(booking, "received")
    store = NoticeStore(database)
    await store.claim(outbox.hotel_id, NOON)
    assert await told(database, outbox, booking, notice, "delivered") == "received"
    await store.end(outbox.hotel_id, [NoticeEnd(notice, "sent", provider_id="id-1")], NOON)
    row = outbox.row(notice)
    assert (row["state"], row["delivery"], row["provider_id"]) == ("sent", "delivered", "id-1")


def again(outbox: Outbox, booking: Booking, notice: int, **more: Any) -> SendAgain:
    """The desk's wish to send a letter again."""
    wish = SendAgain(outbox.hotel_id, booking.reference, notice, LATER, 7, "", "hash")
    return replace(wish, **more)


async def resent(database: Database, wish: SendAgain) -> int:
    """The number of the new letter."""
    async with database.hotel(wish.hotel_id) as tx:
        made, _ = await send_again(tx, wish)
    return made


async def test_a_letter_that_bounced_is_sent_again_and_its_item_is_closed(database: Database, outbox: Outbox) -> None:
    booking, notice = await sent(database, outbox, "confirmed")
    await told(database, outbox, booking, notice, "bounced")
    made = await resent(database, again(outbox, booking, notice))
    row = outbox.row(made)
    assert (row["kind"], row["state"], row["data"]) == ("confirmed", "waiting", {"resend_of": notice, "by": 7})
    assert outbox.attention() == []
    assert (await NoticeStore(database).claim(outbox.hotel_id, LATER)).to_send == (made,)


async def test_a_letter_that_tells_a_room_once_is_sent_again_all_the_same(database: Database, outbox: Outbox) -> None:
    booking, notice = await sent(database, outbox, "pre_arrival", room=1)
    made = await resent(database, again(outbox, booking, notice))
    assert (await NoticeStore(database).claim(outbox.hotel_id, LATER)).to_send == (made,)


async def test_pressing_twice_sends_once(database: Database, outbox: Outbox) -> None:
    booking, notice = await sent(database, outbox, "confirmed")
    made = await resent(database, again(outbox, booking, notice))
    assert await resent(database, again(outbox, booking, notice)) == made
    store = NoticeStore(database)
    await store.claim(outbox.hotel_id, LATER)
    await store.end(outbox.hotel_id, [NoticeEnd(made, "sent", provider_id="id-2")], LATER)
    assert await resent(database, again(outbox, booking, notice)) > made


async def test_the_same_key_is_the_same_wish_also_after_it_was_sent(database: Database, outbox: Outbox) -> None:
    booking, notice = await sent(database, outbox, "confirmed")
    made = await resent(database, again(outbox, booking, notice, key="once"))
    store = NoticeStore(database)
    await store.claim(outbox.hotel_id, LATER)
    await store.end(outbox.hotel_id, [NoticeEnd(made, "sent", provider_id="id-2")], LATER)
    assert await resent(database, again(outbox, booking, notice, key="once")) == made
    with pytest.raises(Refused) as refused:
        await resent(database, again(outbox, booking, notice, key="once", body_hash="another"))
    assert refused.value.code == "idempotency_key_reused"


async def test_what_is_no_longer_true_or_still_on_its_way_is_not_sent_again(database: Database, outbox: Outbox) -> None:
    booking, notice = await sent(database, outbox, "confirmed")
    waiting = outbox.tell(booking, "pre_arrival", room=1)
    with pytest.raises(Refused) as refused:
        await resent(database, again(outbox, booking, waiting))
    assert refused.value.code == "notice_on_its_way"
    outbox.becomes(cancelled(booking, GUEST, (1,)).after)
    with pytest.raises(Refused) as refused:
        await resent(database, again(outbox, booking, notice))
    assert (refused.value.code, refused.value.kind) == ("notice_not_true", Kind.CONFLICT)
    assert refused.value.detail.endswith("No longer true: the booking is cancelled.")


async def test_without_an_address_a_letter_is_not_sent_again(database: Database, outbox: Outbox) -> None:
    booking = outbox.book(email=None)
    notice = outbox.tell(booking, "received")
    await NoticeStore(database).claim(outbox.hotel_id, NOON)
    with pytest.raises(Refused) as refused:
        await resent(database, again(outbox, booking, notice))
    assert refused.value.code == "notice_without_address"


async def test_another_bookings_letter_is_not_there(database: Database, outbox: Outbox) -> None:
    _, notice = await sent(database, outbox)
    with pytest.raises(Refused) as refused:
        await resent(database, again(outbox, outbox.book(), notice))
    assert refused.value.kind is Kind.ABSENT


async def test_items_are_listed_the_newest_first_and_closed_once(database: Database, outbox: Outbox) -> None:
    for _ in range(3):
        outbox.tell(outbox.book(email="not one"), "received")
    await NoticeStore(database).claim(outbox.hotel_id, NOON)
    async with database.hotel(outbox.hotel_id) as tx:
        rows = await open_items(tx, outbox.hotel_id, FIRST, 2)
        rest = await open_items(tx, outbox.hotel_id, rows[-1].item_id, 2)
        assert [row.item_id for row in (*rows, *rest)] == sorted(
            (r["item_id"] for r in outbox.attention()), reverse=True
        )
        closed = await close_item(tx, outbox.hotel_id, rows[0].item_id, LATER, 7, "Called the guest.")
        assert (closed.closed_at, closed.closed_reason) == (LATER, "Called the guest.")
        second = await close_item(tx, outbox.hotel_id, rows[0].item_id, LATER + timedelta(days=1), 8, "Again.")
        assert (second.closed_at, second.closed_reason) == (LATER, "Called the guest.")
        with pytest.raises(Refused):
            await close_item(tx, outbox.hotel_id, 10**15, LATER, 7, "Nothing.")
    assert len(outbox.attention()) == 2


async def test_a_switch_is_remembered_and_can_be_turned_back(database: Database, outbox: Outbox) -> None:
    async with database.hotel(outbox.hotel_id) as tx:
        assert await read_switches(tx, outbox.hotel_id) == {}
        await switch(tx, outbox.hotel_id, "feedback", False, NOON, 7)
        assert await read_switches(tx, outbox.hotel_id) == {"feedback": False}
        await switch(tx, outbox.hotel_id, "feedback", True, LATER, 7)
        assert await read_switches(tx, outbox.hotel_id) == {"feedback": True}
