"""The outbox: what is claimed, in which order, and what ends without being sent."""

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from domain.acts import approved, cancelled, declined
from domain.booking import Actor
from domain.letters import NightPrice, TaxTotal
from domain.notices import BATCH, KINDS, MOST_ATTEMPTS, NoticeEnd, NoticeKind
from domain.steps import Act
from store.notices import _CANDIDATES, LOOK_UP_AFTER, LOOK_UPS, NoticeStore
from store.session import Database
from store.states import dump_state
from tests.gateways.facts import stay
from tests.store.outbox import NIGHT_MINOR, NOON, TAX_MINOR, Outbox, build_outbox
from tests.story.world import connect

DESK = Act(NOON, Actor("staff", "frontdesk", 1), "desk")
GUEST = Act(NOON, Actor("guest"), "web")


@pytest.fixture
def outbox(owner_url: str) -> Outbox:
    """A hotel of the test's own."""
    return build_outbox(owner_url)


@pytest.fixture
def store(database: Database) -> NoticeStore:
    """The store under the role of the running system."""
    return NoticeStore(database)


async def test_what_waits_is_claimed_once(store: NoticeStore, outbox: Outbox) -> None:
    booking = outbox.book()
    received = outbox.tell(booking, "received")
    staff = outbox.tell(booking, "new_request", "staff")
    claimed = await store.claim(outbox.hotel_id, NOON)
    assert (claimed.to_send, claimed.more) == ((received, staff), False)
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == ()
    row = outbox.row(received)
    assert (row["state"], row["attempts"], row["claimed_at"]) == ("sending", 1, NOON)


async def test_two_claims_at_once_share_no_notice(store: NoticeStore, outbox: Outbox) -> None:
    notices = [outbox.tell(outbox.book(), "received") for _ in range(5)]
    claims = await asyncio.gather(*(store.claim(outbox.hotel_id, NOON) for _ in range(3)))
    assert sorted(one for claimed in claims for one in claimed.to_send) == notices


async def test_a_batch_has_fifty_and_says_that_more_wait(store: NoticeStore, outbox: Outbox) -> None:
    for _ in range(BATCH + 2):
        outbox.tell(outbox.book(), "received")
    first = await store.claim(outbox.hotel_id, NOON)
    assert (len(first.to_send), first.more) == (BATCH, True)
    second = await store.claim(outbox.hotel_id, NOON)
    assert (len(second.to_send), second.more) == (2, False)


async def test_inside_a_booking_a_later_notice_waits_for_the_earlier_one(store: NoticeStore, outbox: Outbox) -> None:
    firm = approved(outbox.book(), DESK).after
    outbox.becomes(firm)
    confirmed, reminder = outbox.tell(firm, "confirmed"), outbox.tell(firm, "pre_arrival", room=1)
    other = outbox.tell(outbox.book(), "received")
    claimed = await store.claim(outbox.hotel_id, NOON)
    assert (claimed.to_send, claimed.more) == ((confirmed, other), True)
    await store.end(outbox.hotel_id, [NoticeEnd(confirmed, "sent", provider_id="id-1")], NOON)
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == (reminder,)


async def test_a_notice_in_doubt_holds_the_next_of_its_booking_back(store: NoticeStore, outbox: Outbox) -> None:
    firm = approved(outbox.book(), DESK).after
    outbox.becomes(firm)
    confirmed, reminder = outbox.tell(firm, "confirmed"), outbox.tell(firm, "pre_arrival", room=1)
    await store.claim(outbox.hotel_id, NOON)
    later = await store.claim(outbox.hotel_id, NOON + timedelta(seconds=5))
    assert (later.to_send, later.more) == ((), True)
    assert outbox.state(reminder)[0] == "waiting"
    assert outbox.state(confirmed)[0] == "sending"


async def test_the_reminder_of_a_cancelled_booking_is_dropped(store: NoticeStore, outbox: Outbox) -> None:
    firm = approved(outbox.book(), DESK).after
    gone = cancelled(firm, GUEST, (1,)).after
    outbox.becomes(gone)
    reminder, goodbye = outbox.tell(gone, "pre_arrival", room=1), outbox.tell(gone, "cancelled")
    first = await store.claim(outbox.hotel_id, NOON)
    assert (first.to_send, first.ended, first.more) == ((), 1, True)
    assert outbox.state(reminder) == ("dropped", "No longer true: the booking is cancelled.")
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == (goodbye,)


async def test_the_reminder_of_a_cancelled_room_is_dropped_and_that_of_its_neighbour_is_not(
    store: NoticeStore, outbox: Outbox
) -> None:
    firm = approved(outbox.book([stay(1), stay(2, arrival=date(2026, 3, 15))]), DESK).after
    outbox.becomes(cancelled(firm, GUEST, (1,)).after)
    first, second = outbox.tell(firm, "pre_arrival", room=1), outbox.tell(firm, "pre_arrival", room=2)
    await store.claim(outbox.hotel_id, NOON)
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == (second,)
    assert outbox.state(first)[0] == "dropped"


async def test_rooms_that_arrive_together_are_one_letter(store: NoticeStore, outbox: Outbox) -> None:
    firm = approved(outbox.book([stay(1), stay(2), stay(3, arrival=date(2026, 3, 15))]), DESK).after
    outbox.becomes(firm)
    first, second, third = (outbox.tell(firm, "pre_arrival", room=number) for number in (1, 2, 3))
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == (first,)
    assert outbox.state(second) == ("dropped", f"Told in one letter with notice {first}.")
    assert outbox.state(third)[0] == "waiting"


async def test_a_late_notice_is_dropped_with_the_instant(store: NoticeStore, outbox: Outbox) -> None:
    late = outbox.tell(outbox.book(), "received", useful_until=NOON)
    timely = outbox.tell(outbox.book(), "received", useful_until=NOON + timedelta(seconds=1))
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == (timely,)
    assert outbox.state(late) == ("dropped", "Too late: it was useful until 2026-03-13T06:30Z.")


@pytest.mark.parametrize(
    ("email", "why"),
    [
        (None, "There is no e-mail address."),
        ("guest@example.com, other@example.com", "This is not one e-mail address."),
    ],
)
async def test_without_a_single_address_a_notice_is_undeliverable(
    store: NoticeStore, outbox: Outbox, email: str | None, why: str
) -> None:
    notice = outbox.tell(outbox.book(email=email), "received")
    assert (await store.claim(outbox.hotel_id, NOON)).ended == 1
    assert outbox.state(notice) == ("undeliverable", why)


async def test_the_staff_notice_of_a_guest_without_an_address_still_goes_out(
    store: NoticeStore, outbox: Outbox
) -> None:
    staff = outbox.tell(outbox.book(email=None), "new_request", "staff")
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == (staff,)
    [facts] = await store.read(outbox.hotel_id, [staff])
    assert facts.to == "stay@house.example"


async def test_a_kind_that_this_build_does_not_know_waits_for_one_that_does(store: NoticeStore, outbox: Outbox) -> None:
    booking = outbox.book()
    unknown, received = outbox.tell(booking, "from_tomorrow"), outbox.tell(booking, "received")
    claimed = await store.claim(outbox.hotel_id, NOON)
    assert (claimed.to_send, claimed.more) == ((received,), False)
    assert outbox.state(unknown)[0] == "waiting"


async def test_a_notice_that_ends_unclear_too_often_is_given_to_a_person(store: NoticeStore, outbox: Outbox) -> None:
    notice = outbox.tell(outbox.book(), "received")
    for _ in range(MOST_ATTEMPTS):
        assert (await store.claim(outbox.hotel_id, NOON)).to_send == (notice,)
        await store.release(outbox.hotel_id, [notice], tried=True)
    await store.claim(outbox.hotel_id, NOON)
    assert outbox.state(notice) == ("undeliverable", "20 attempts ended without a clear answer.")


async def test_an_attempt_that_never_reached_the_provider_does_not_count(store: NoticeStore, outbox: Outbox) -> None:
    notice = outbox.tell(outbox.book(), "received")
    await store.claim(outbox.hotel_id, NOON)
    await store.release(outbox.hotel_id, [notice], tried=False)
    row = outbox.row(notice)
    assert (row["state"], row["attempts"], row["claimed_at"]) == ("waiting", 0, None)


async def test_what_stayed_in_doubt_is_handed_out_for_a_look_after_a_minute(store: NoticeStore, outbox: Outbox) -> None:
    notice = outbox.tell(outbox.book(), "received")
    await store.claim(outbox.hotel_id, NOON)
    early = await store.claim(outbox.hotel_id, NOON + timedelta(seconds=59))
    assert (early.unclear, early.look_again_at) == ((), NOON + LOOK_UP_AFTER)
    ripe = await store.claim(outbox.hotel_id, NOON + timedelta(seconds=60))
    assert (ripe.unclear, ripe.look_again_at) == ((notice,), None)


async def test_holding_a_notice_in_doubt_begins_its_minute_anew(store: NoticeStore, outbox: Outbox) -> None:
    notice = outbox.tell(outbox.book(), "received")
    await store.claim(outbox.hotel_id, NOON)
    await store.hold(outbox.hotel_id, [notice], NOON + timedelta(seconds=30))
    claimed = await store.claim(outbox.hotel_id, NOON + timedelta(seconds=60))
    assert (claimed.unclear, claimed.look_again_at) == ((), NOON + timedelta(seconds=90))


async def test_few_at_once_are_handed_out_for_a_look(store: NoticeStore, outbox: Outbox) -> None:
    for _ in range(LOOK_UPS + 3):
        outbox.tell(outbox.book(), "received")
    await store.claim(outbox.hotel_id, NOON)
    assert len((await store.claim(outbox.hotel_id, NOON + LOOK_UP_AFTER)).unclear) == LOOK_UPS


async def test_what_was_sent_stays_sent(store: NoticeStore, outbox: Outbox) -> None:
    notice = outbox.tell(outbox.book(), "received")
    await store.claim(outbox.hotel_id, NOON)
    sent_at = NOON + timedelta(seconds=2)
    await store.end(outbox.hotel_id, [NoticeEnd(notice, "sent", provider_id="id-1")], sent_at)
    await store.end(outbox.hotel_id, [NoticeEnd(notice, "undeliverable", "Too late to matter.")], sent_at)
    await store.release(outbox.hotel_id, [notice], tried=True)
    row = outbox.row(notice)
    assert (row["state"], row["provider_id"], row["sent_at"], row["state_reason"]) == ("sent", "id-1", sent_at, "")


async def test_a_letter_is_written_from_the_booking_as_it_is_now(store: NoticeStore, outbox: Outbox) -> None:
    booking = outbox.book([stay(1, nights=2), stay(2, nights=1)])
    notice = outbox.tell(booking, "received")
    await store.claim(outbox.hotel_id, NOON)
    [facts] = await store.read(outbox.hotel_id, [notice])
    assert (facts.kind, facts.to, facts.guest_name) == (NoticeKind.RECEIVED, "guest@example.com", "A Guest")
    assert facts.booking == booking
    assert [(room.room_type, room.rate_plan, room.adults) for room in facts.told] == [
        ("Double room", "Flexible", 2)
    ] * 2
    assert facts.rooms[0].nights == (
        NightPrice(date(2026, 3, 14), NIGHT_MINOR),
        NightPrice(date(2026, 3, 15), NIGHT_MINOR),
    )
    assert facts.rooms[0].taxes == (TaxTotal("GST 12 %", 2 * TAX_MINOR, included=False),)


async def test_a_booking_that_is_being_changed_is_looked_at_when_the_change_is_done(
    long_waits: None, store: NoticeStore, outbox: Outbox
) -> None:
    booking = outbox.book()
    notice = outbox.tell(booking, "received")
    with connect(outbox.owner_url) as db:
        with db.transaction():
            gone = declined(booking, DESK).after
            db.execute(
                "UPDATE bookings SET status = 'rejected', state = %s WHERE hotel_id = %s AND reference = %s",
                [dump_state(gone), outbox.hotel_id, booking.reference],
            )
            claiming = asyncio.create_task(store.claim(outbox.hotel_id, NOON))
            await until_somebody_waits_for_a_lock(outbox)
        claimed = await claiming
    assert (claimed.to_send, claimed.ended) == ((), 1)
    assert outbox.state(notice) == ("dropped", "No longer true: the booking is rejected.")


async def until_somebody_waits_for_a_lock(outbox: Outbox) -> None:
    """Returns once a statement of this database is held up by another."""
    async with asyncio.timeout(60):
        with connect(outbox.owner_url) as db:
            waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            while db.execute(waiting).fetchone() is None:
                await asyncio.sleep(0.01)


async def test_one_hotels_claim_never_touches_anothers_notices(
    store: NoticeStore, outbox: Outbox, owner_url: str
) -> None:
    other = build_outbox(owner_url)
    theirs = other.tell(other.book(), "received")
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == ()
    assert await store.read(outbox.hotel_id, [theirs]) == []
    await store.end(outbox.hotel_id, [NoticeEnd(theirs, "sent")], NOON)
    assert other.state(theirs)[0] == "waiting"


async def test_finding_what_waits_uses_the_index_of_what_is_open(database: Database, outbox: Outbox) -> None:
    outbox.tell(outbox.book(), "received")
    async with database.hotel(outbox.hotel_id) as tx:
        await tx.execute(text("SET LOCAL enable_seqscan = off"))
        asked = {"hotel_id": outbox.hotel_id, "kinds": list(KINDS), "batch": BATCH}
        plan = "\n".join((await tx.execute(text(f"EXPLAIN {_CANDIDATES.text}"), asked)).scalars())
    assert "notices_open" in plan


async def test_a_kind_that_the_hotel_has_switched_off_is_dropped(store: NoticeStore, outbox: Outbox) -> None:
    outbox.switch("received", enabled=False)
    outbox.switch("new_request", enabled=True)
    booking = outbox.book()
    guest, staff = outbox.tell(booking, "received"), outbox.tell(booking, "new_request", "staff")
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == (staff,)
    assert outbox.state(guest) == ("dropped", "Switched off by the hotel.")


async def test_a_notice_with_an_address_of_its_own_goes_there_and_its_link_is_forgotten_then(
    store: NoticeStore, outbox: Outbox
) -> None:
    link = "/confirm?token=x"
    notice = outbox.tell(outbox.book(email=None), "email_confirm", to_email="new@example.com", data={"link": link})
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == (notice,)
    [facts] = await store.read(outbox.hotel_id, [notice])
    assert (facts.to, facts.notice.link) == ("new@example.com", link)
    await store.end(outbox.hotel_id, [NoticeEnd(notice, "sent", provider_id="id-1")], NOON)
    assert "link" not in outbox.row(notice)["data"]


async def test_guests_are_written_to_in_their_language_and_staff_in_the_hotels(
    store: NoticeStore, outbox: Outbox
) -> None:
    booking = outbox.book()
    with connect(outbox.owner_url) as db:
        db.execute("UPDATE bookings SET language = 'pt' WHERE hotel_id = %s", [outbox.hotel_id])
    guest, staff = outbox.tell(booking, "received"), outbox.tell(booking, "new_request", "staff")
    await store.claim(outbox.hotel_id, NOON)
    assert [facts.language for facts in await store.read(outbox.hotel_id, [guest, staff])] == ["pt", "en"]


async def test_a_deadline_is_told_to_the_desk_and_later_to_the_first_manager_with_a_login(
    store: NoticeStore, outbox: Outbox
) -> None:
    booking = outbox.book()
    manager = outbox.hire("manager")
    outbox.hire("manager")
    desk = outbox.tell(booking, "deadline_near", "staff", data={"who": "desk"})
    later = outbox.tell(booking, "deadline_near", "staff", data={"who": "manager"})
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == (desk,)
    [facts] = await store.read(outbox.hotel_id, [desk])
    assert (facts.to, facts.notice.who) == ("stay@house.example", "desk")
    await store.end(outbox.hotel_id, [NoticeEnd(desk, "sent", provider_id="id-1")], NOON)
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == (later,)
    [facts] = await store.read(outbox.hotel_id, [later])
    assert facts.to == manager


async def test_a_room_that_was_told_of_is_not_told_of_again(store: NoticeStore, outbox: Outbox) -> None:
    firm = approved(outbox.book([stay(1), stay(2)]), DESK).after
    outbox.becomes(firm)
    early = outbox.tell(firm, "pre_arrival", room=1)
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == (early,)
    await store.end(outbox.hotel_id, [NoticeEnd(early, "sent", provider_id="id-1")], NOON)
    later = outbox.tell(firm, "pre_arrival", room=2)
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == ()
    assert outbox.state(later) == ("dropped", "Told before, in an earlier letter.")


async def test_a_letter_lists_the_rooms_that_were_chosen_when_it_was_claimed(
    store: NoticeStore, outbox: Outbox
) -> None:
    firm = approved(outbox.book([stay(1), stay(2), stay(3)]), DESK).after
    first = cancelled(firm, GUEST, (2,)).after
    outbox.becomes(first)
    told = outbox.tell(first, "cancelled")
    await store.claim(outbox.hotel_id, NOON)
    await store.end(outbox.hotel_id, [NoticeEnd(told, "sent", provider_id="id-1")], NOON)
    second = cancelled(first, GUEST, (3,)).after
    outbox.becomes(second)
    later = outbox.tell(second, "cancelled")
    await store.claim(outbox.hotel_id, NOON)
    [facts] = await store.read(outbox.hotel_id, [later])
    assert [room.stay.number for room in facts.told] == [3]


async def test_lines_that_an_amendment_put_aside_and_nights_given_back_are_in_no_letter(
    store: NoticeStore, outbox: Outbox
) -> None:
    booking = outbox.book([stay(1, nights=3)])
    with connect(outbox.owner_url) as db:
        db.execute(
            "UPDATE nightly_lines SET superseded_seq = 2 WHERE hotel_id = %s AND night = '2026-03-14'",
            [outbox.hotel_id],
        )
        db.execute("UPDATE nightly_lines SET released = true WHERE hotel_id = %s AND night = '2026-03-16'",
                   [outbox.hotel_id])  # fmt: skip
    notice = outbox.tell(booking, "received")
    await store.claim(outbox.hotel_id, NOON)
    [facts] = await store.read(outbox.hotel_id, [notice])
    assert [price.night for price in facts.rooms[0].nights] == [date(2026, 3, 15)]


async def test_what_needs_a_person_is_written_down_with_the_notice_and_a_missing_address_is_not(
    store: NoticeStore, outbox: Outbox
) -> None:
    nowhere = outbox.tell(outbox.book(email=None), "received")
    two = outbox.tell(outbox.book(email="a@example.com, b@example.com"), "received")
    refused = outbox.tell(outbox.book(), "received")
    assert (await store.claim(outbox.hotel_id, NOON)).to_send == (refused,)
    await store.end(outbox.hotel_id, [NoticeEnd(refused, "undeliverable", "Refused (406): inactive.")], NOON)
    assert outbox.state(nowhere)[0] == "undeliverable"
    assert [(row["notice_id"], row["kind"], row["detail"]) for row in outbox.attention()] == [
        (two, "undeliverable", "This is not one e-mail address."),
        (refused, "undeliverable", "Refused (406): inactive."),
    ]


async def test_every_end_is_counted_once_by_kind_and_state(database: Database, outbox: Outbox) -> None:
    counted: list[tuple[str, str]] = []
    store = NoticeStore(database, lambda kind, state: counted.append((kind, state)))
    booking = outbox.book()
    sent, staff = outbox.tell(booking, "received"), outbox.tell(booking, "overstay", "staff")
    outbox.tell(outbox.book(email=None), "received")
    await store.claim(outbox.hotel_id, NOON)
    assert sorted(counted) == [("overstay", "dropped"), ("received", "undeliverable")]
    for _ in range(2):
        await store.end(outbox.hotel_id, [NoticeEnd(sent, "sent", provider_id="id-1")], NOON)
        await store.end(outbox.hotel_id, [NoticeEnd(staff, "sent", provider_id="id-2")], NOON)
    assert sorted(counted) == [("overstay", "dropped"), ("received", "sent"), ("received", "undeliverable")]
