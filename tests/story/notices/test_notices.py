"""Notices on their way: from the outbox through the real workflow and HTTP to the reader, whatever breaks between."""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from domain.acts import approved, cancelled
from domain.booking import Actor
from domain.notices import BATCH, NoticeEnd
from domain.steps import Act
from gateways.letters import Letters
from gateways.postmark import PostmarkMailer
from messages.notices import Ring
from store.notices import NoticeStore
from store.session import Database
from tests.doubles.running import TOKEN, Double
from tests.gateways.facts import stay
from tests.store.outbox import NOON, build_outbox
from tests.story.notices.dying_worker import STATUS
from tests.story.notices.post import (
    FIRST_REST,
    MINUTE,
    ForgetfulStore,
    Post,
    eventually,
    has_rests,
    is_renewed,
    resting,
    waits_for_news,
    working,
)
from tests.story.world import connect
from worker.notices import counted_by
from workflows.notices import NoticesWorkflow, rest_after

DESK = Act(NOON, Actor("staff", "frontdesk", 1), "desk")
GUEST = Act(NOON, Actor("guest"), "web")
A_SECOND = timedelta(seconds=1)


def test_rests_grow_from_a_quarter_of_a_minute_to_a_quarter_of_an_hour() -> None:
    rests = [rest_after(failures).total_seconds() for failures in range(1, 10)]
    assert rests == [15, 30, 60, 120, 240, 480, 900, 900, 900]


def in_a_month() -> date:
    """An arrival that is still to come by the workflow's clock."""
    return datetime.now(UTC).date() + timedelta(days=30)


async def test_a_request_is_told_to_the_guest_and_to_the_hotel_and_the_story_ends_when_nothing_more_comes(
    post: Post,
) -> None:
    booking = post.outbox.book()
    received = post.outbox.tell(booking, "received")
    post.outbox.tell(booking, "new_request", "staff")
    await post.ring()
    await post.until("sent", "sent")
    assert sorted(letter["to"] for letter in post.double.inbox()) == ["guest@example.com", "stay@house.example"]
    row = post.outbox.row(received)
    assert row["provider_id"] in {letter["message_id"] for letter in post.double.inbox(tag="received")}
    assert row["sent_at"] is not None
    await eventually(lambda: waits_for_news(post), lambda: "it does not say what it waits for")
    await post.pass_time(MINUTE)
    assert (await post.handle.result()).sent == 2
    assert (await post.handle.describe()).status == WorkflowExecutionStatus.COMPLETED


async def test_the_letter_a_guest_in_kochi_gets_tells_the_hotels_time(post: Post) -> None:
    post.outbox.tell(post.outbox.book(), "received")
    await post.ring()
    await post.until("sent")
    [letter] = post.double.inbox()
    whole = post.double.letter(letter["message_id"])
    assert "at the latest by Sat 14 Mar 2026, 12:00 (IST)" in whole["text"]
    assert "/b/" in whole["html"]


async def test_more_than_a_batch_goes_out_without_another_ring(post: Post) -> None:
    for _ in range(BATCH + 5):
        post.outbox.tell(post.outbox.book(), "received")
    await post.ring()
    await post.until(*["sent"] * (BATCH + 5))
    assert len(post.double.inbox()) == BATCH + 5


async def test_a_ring_while_it_waits_sends_at_once(post: Post) -> None:
    post.outbox.tell(post.outbox.book(), "received")
    await post.ring()
    await post.until("sent")
    post.outbox.tell(post.outbox.book(), "received")
    await post.ring()
    await post.until("sent", "sent")
    assert len(await post.runs()) == 1


async def test_the_letters_of_a_booking_arrive_in_their_order(post: Post) -> None:
    firm = approved(post.outbox.book([stay(arrival=in_a_month())]), DESK).after
    post.outbox.becomes(firm)
    post.outbox.tell(firm, "confirmed")
    post.outbox.tell(firm, "pre_arrival", room=1)
    await post.ring()
    await post.until("sent", "sent")
    assert [letter["tag"] for letter in reversed(post.double.inbox())] == ["confirmed", "pre_arrival"]


async def test_a_cancelled_booking_is_not_reminded(post: Post) -> None:
    gone = cancelled(approved(post.outbox.book(), DESK).after, GUEST, (1,)).after
    post.outbox.becomes(gone)
    post.outbox.tell(gone, "pre_arrival", room=1)
    post.outbox.tell(gone, "cancelled")
    await post.ring()
    await post.until("dropped", "sent")
    assert [letter["tag"] for letter in post.double.inbox()] == ["cancelled"]


async def test_three_rooms_that_arrive_together_bring_one_reminder(post: Post) -> None:
    firm = approved(post.outbox.book([stay(room, arrival=in_a_month()) for room in (1, 2, 3)]), DESK).after
    post.outbox.becomes(firm)
    for room in (1, 2, 3):
        post.outbox.tell(firm, "pre_arrival", room=room)
    await post.ring()
    await post.until("sent", "dropped", "dropped")
    [letter] = post.double.inbox()
    assert "Room 3: Double room" in post.double.letter(letter["message_id"])["text"]


async def test_a_reader_who_bounced_before_is_marked_undeliverable_and_stops_nobody(post: Post) -> None:
    post.double.bounce("gone@example.com")
    gone = post.outbox.tell(post.outbox.book(email="gone@example.com"), "received")
    post.outbox.tell(post.outbox.book(), "received")
    await post.ring()
    await post.until("undeliverable", "sent")
    assert post.outbox.state(gone)[1].startswith("Refused (406): You tried to send to recipient(s) that have been")


async def test_a_letter_that_cannot_be_written_ends_alone(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Letters.write

    def writes_but_one(self: Letters, facts: Any) -> Any:
        if facts.guest_email == "broken@example.com":
            raise KeyError("no such word")
        return write(self, facts)

    monkeypatch.setattr(Letters, "write", writes_but_one)
    broken = post.outbox.tell(post.outbox.book(email="broken@example.com"), "received")
    post.outbox.tell(post.outbox.book(), "received")
    await post.ring()
    await post.until("undeliverable", "sent")
    assert post.outbox.state(broken)[1] == "The letter could not be written: KeyError."


async def test_dying_between_sending_and_writing_it_down_sends_nothing_twice(post: Post) -> None:
    post.store.deaths = 1
    for _ in range(3):
        post.outbox.tell(post.outbox.book(), "received")
    await post.ring()
    await eventually(lambda: post.store.deaths == 0, lambda: "it never died")
    await eventually(lambda: resting(post), lambda: "no rest was begun")
    await post.pass_time(FIRST_REST + A_SECOND)
    await post.until("sent", "sent", "sent")
    assert len(post.double.inbox()) == 3
    ids = {letter["message_id"] for letter in post.double.inbox()}
    with connect(post.outbox.owner_url) as db:
        told = db.execute("SELECT provider_id FROM notices WHERE hotel_id = %s", [post.outbox.hotel_id]).fetchall()
    assert {row[0] for row in told} == ids


async def test_dying_again_while_looking_up_what_was_sent_sends_nothing_twice(post: Post) -> None:
    post.store.deaths = 2
    post.outbox.tell(post.outbox.book(), "received")
    await post.ring()
    await eventually(lambda: has_rests(post, 1), lambda: "no rest was begun")
    await post.pass_time(FIRST_REST + A_SECOND)
    await eventually(lambda: has_rests(post, 2), lambda: "the look-up did not die")
    await post.pass_time(2 * FIRST_REST + A_SECOND)
    await post.until("sent")
    assert len(post.double.inbox()) == 1


async def test_a_story_that_somebody_cancels_in_temporals_ui_loses_nothing(post: Post) -> None:
    post.double.plan("rate_limited", times=3)
    post.outbox.tell(post.outbox.book(), "received")
    await post.ring()
    await eventually(lambda: resting(post), lambda: "no rest was begun")
    await post.handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await post.handle.result()
    assert (await post.handle.describe()).status == WorkflowExecutionStatus.CANCELED
    assert post.outbox.states() == ["waiting"]
    await post.ring()
    await post.until("sent")


async def test_a_worker_that_is_killed_after_sending_sends_nothing_twice(
    client: Client, database: Database, owner_url: str, app_url: str, double: Double
) -> None:
    outbox = build_outbox(owner_url)
    post = Post(client, outbox, double, ForgetfulStore(database))
    for _ in range(3):
        outbox.tell(outbox.book(), "received")
    dying = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.story.notices.dying_worker",
        app_url, client.service_client.config.target_host, client.namespace, double.address,
    )  # fmt: skip
    try:
        await post.ring()
        async with asyncio.timeout(60):
            assert await dying.wait() == STATUS
    finally:
        if dying.returncode is None:
            dying.kill()
            await dying.wait()
    assert (outbox.states(), len(double.inbox())) == (["sending"] * 3, 3)
    async with working(client, post.store, PostmarkMailer(TOKEN, double.address)):
        # The server notices the death by the missing signs of life; only then does the clock of the rest begin.
        await eventually(lambda: resting(post), lambda: "nobody noticed the death", patience=60)
        await post.pass_time(FIRST_REST + A_SECOND)
        await post.until("sent", "sent", "sent")
    assert len(double.inbox()) == 3
    await post.close()


@pytest.mark.parametrize(("fault", "letters_before"), [("cut", 1), ("error_after", 1), ("cut_before", 0)])
async def test_an_answer_that_was_lost_is_looked_up_before_anything_is_sent_again(
    post: Post, fault: str, letters_before: int
) -> None:
    post.double.plan(fault)
    post.outbox.tell(post.outbox.book(), "received")
    await post.ring()
    await eventually(lambda: post.double.planned() == [], lambda: "the fault never struck")
    await eventually(lambda: resting(post), lambda: "no rest was begun")
    assert len(post.double.inbox()) == letters_before
    assert post.outbox.states() == ["sending"]
    await post.pass_time(FIRST_REST + A_SECOND)
    await post.until("sent")
    assert len(post.double.inbox()) == 1


async def test_another_systems_letter_of_the_same_number_is_not_taken_for_ours(post: Post) -> None:
    notice = post.outbox.tell(post.outbox.book(), "received")
    name = f"{post.outbox.hotel_id}.{notice}"
    metadata = {"holdfast_notice": name, "holdfast_booking": "ANY-20260314-000000"}
    mail = {"From": "a@b.example", "To": "c@d.example", "TextBody": "x", "Metadata": metadata}
    post.double.http.post("/email", json=mail).raise_for_status()
    post.double.plan("cut_before")
    await post.ring()
    await eventually(lambda: resting(post), lambda: "no rest was begun")
    await post.pass_time(FIRST_REST + A_SECOND)
    await post.until("sent")
    assert [letter["to"] for letter in post.double.inbox()] == ["guest@example.com", "c@d.example"]


async def test_three_refusals_end_the_batch_with_one_rest_that_doubles(post: Post) -> None:
    post.double.plan("rate_limited", times=6)
    notice = post.outbox.tell(post.outbox.book(), "received")
    await post.ring()
    await eventually(lambda: resting(post), lambda: "no rest was begun")
    assert [one["times"] for one in post.double.planned()] == [3]
    assert post.outbox.states() == ["waiting"]
    assert await post.rests() == [120.0]
    await post.pass_time(FIRST_REST + A_SECOND)
    await eventually(lambda: post.double.planned() == [], lambda: "it was not tried again")
    await eventually(lambda: has_rests(post, 2), lambda: "no second rest")
    assert [round(seconds) for seconds in await post.rests()] == [120, 240]
    await post.pass_time(2 * FIRST_REST + A_SECOND)
    await post.until("sent")
    assert len(post.double.inbox()) == 1
    assert post.outbox.row(notice)["attempts"] == 1


async def test_an_outage_loses_nothing_and_is_over_when_it_is_over(post: Post) -> None:
    post.double.plan("outage", seconds=600)
    for _ in range(3):
        post.outbox.tell(post.outbox.book(), "received")
    await post.ring()
    await eventually(lambda: resting(post), lambda: "no rest was begun")
    await post.pass_time(FIRST_REST + A_SECOND)
    await eventually(lambda: has_rests(post, 2), lambda: "the look-up in the outage began no rest")
    assert post.double.inbox() == []
    post.double.http.delete("/_double/faults")
    await post.pass_time(2 * FIRST_REST + A_SECOND)
    await post.until("sent", "sent", "sent")
    assert len(post.double.inbox()) == 3


async def test_mail_that_is_down_for_hours_is_knocked_at_seldom_and_what_still_counts_arrives_once(post: Post) -> None:
    """Two hours, with rings meanwhile: the rests grow to a quarter of an hour, and nobody needs to mend anything."""
    post.double.plan("outage", seconds=600)
    for _ in range(3):
        post.outbox.tell(post.outbox.book(), "received")
    too_late = post.outbox.tell(post.outbox.book(), "received", useful_until=datetime.now(UTC) + timedelta(hours=1))
    await post.ring()
    expected = [120.0, 240.0, 480.0, *[900.0] * 7]
    for number, seconds in enumerate(expected, 1):
        await eventually(lambda count=number: has_rests(post, count), lambda n=number: f"rest {n} was not begun")
        await post.ring()
        assert f"Rest after {number} failure(s) of the mail provider" in await post.details()
        if number == len(expected):
            post.double.http.delete("/_double/faults")
        await post.pass_time(timedelta(seconds=seconds) + A_SECOND)
    assert [round(seconds) for seconds in await post.rests()] == expected
    await post.until("sent", "sent", "sent", "dropped")
    assert "Too late" in post.outbox.state(too_late)[1]
    assert len(post.double.inbox()) == 3


async def test_many_rings_in_a_rest_renew_the_story_and_shorten_no_rest(post: Post) -> None:
    post.double.plan("rate_limited", times=3)
    post.outbox.tell(post.outbox.book(), "received")
    await post.ring()
    await eventually(lambda: resting(post), lambda: "no rest was begun")
    first = (await post.handle.describe()).run_id
    await asyncio.gather(*(post.handle.signal(NoticesWorkflow.ring, Ring()) for _ in range(500)))
    await eventually(lambda: is_renewed(post, first), lambda: "it was not renewed")
    await eventually(lambda: resting(post), lambda: "the rest was cut short")
    assert post.outbox.states() == ["waiting"]
    await post.pass_time(FIRST_REST + A_SECOND)
    await post.until("sent")


async def test_the_workers_metrics_count_what_became_of_notices(
    client: Client, database: Database, owner_url: str, free_port: Callable[[], int]
) -> None:
    address = f"127.0.0.1:{free_port()}"
    runtime = Runtime(telemetry=TelemetryConfig(metrics=PrometheusConfig(bind_address=address)))
    outbox, store = build_outbox(owner_url), NoticeStore(database, counted_by(runtime))
    sent, _ = outbox.tell(outbox.book(), "received"), outbox.tell(outbox.book(email=None), "received")
    await store.claim(outbox.hotel_id, NOON)
    await store.end(outbox.hotel_id, [NoticeEnd(sent, "sent", provider_id="id-1")], NOON)
    async with httpx.AsyncClient(trust_env=False) as asking:
        page = (await asking.get(f"http://{address}/metrics")).text
    counted = {line.rpartition(" ")[0]: line.rpartition(" ")[2] for line in page.splitlines() if "holdfast" in line}
    told = {
        state: value
        for name, value in counted.items()
        for state in ("sent", "undeliverable")
        if name.startswith("holdfast_notices_total{") and 'kind="received"' in name and f'state="{state}"' in name
    }
    assert told == {"sent": "1", "undeliverable": "1"}, page
