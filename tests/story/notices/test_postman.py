"""The postman: what is written in the outbox is on its way at once, and never forgotten."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from domain.stay import StayDates
from tests.story.notices.post import Post, eventually
from tests.story.world import House, Life, connect
from worker import postman as postman_module
from worker.postman import Postman


@asynccontextmanager
async def delivering(ops_url: str, client: Client, **how: Any) -> AsyncIterator[Postman]:
    """A postman at work."""
    postman = Postman(ops_url, client, **how)
    running = asyncio.create_task(postman.run())
    try:
        yield postman
        assert not running.done(), "the postman gave up"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def listening(owner_url: str) -> bool:
    """Whether a postman's connection is there."""
    with connect(owner_url) as db:
        found = db.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holdfast postman'"
            " AND datname = current_database() AND state = 'idle'"
        ).fetchone()
    return bool(found and found[0])


async def test_the_postman_rings_when_a_booking_is_written(post: Post, ops_url: str) -> None:
    async with delivering(ops_url, post.client):
        await eventually(lambda: listening(post.outbox.owner_url), lambda: "nobody listens")
        post.outbox.tell(post.outbox.book(), "received", ring=True)
        await post.until("sent")


async def test_the_postman_finds_what_waited_before_he_came_and_what_was_never_announced(
    post: Post, ops_url: str
) -> None:
    post.outbox.tell(post.outbox.book(), "received")
    async with delivering(ops_url, post.client, sweep_seconds=0.3):
        await post.until("sent")
        post.outbox.tell(post.outbox.book(), "received")
        await post.until("sent", "sent")


async def test_the_postman_comes_back_after_losing_the_database(post: Post, ops_url: str) -> None:
    async with delivering(ops_url, post.client):
        await eventually(lambda: listening(post.outbox.owner_url), lambda: "nobody listens")
        with connect(post.outbox.owner_url) as db:
            db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast postman'"
                " AND datname = current_database()"
            )
        post.outbox.tell(post.outbox.book(), "received", ring=True)
        await post.until("sent")


async def test_the_postman_does_not_mind_a_notification_that_names_no_hotel(post: Post, ops_url: str) -> None:
    async with delivering(ops_url, post.client):
        await eventually(lambda: listening(post.outbox.owner_url), lambda: "nobody listens")
        with connect(post.outbox.owner_url) as db:
            for payload in ("", "no hotel", "²"):
                db.execute("SELECT pg_notify('holdfast_notices', %s)", [payload])
        post.outbox.tell(post.outbox.book(), "received", ring=True)
        await post.until("sent")


async def test_the_postman_rings_again_when_temporal_did_not_hear_him(
    post: Post, ops_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postman_module, "RING_AGAIN_SECONDS", 0.05)
    ring, deaf = post.client.start_workflow, [1, 2]

    async def heard_the_third_time(*what: Any, **how: Any) -> Any:
        if deaf:
            deaf.pop()
            raise ConnectionError("nobody answers")
        return await ring(*what, **how)

    monkeypatch.setattr(post.client, "start_workflow", heard_the_third_time)
    post.outbox.tell(post.outbox.book(), "received")
    async with delivering(ops_url, post.client):
        await post.until("sent")
    assert deaf == []


async def test_a_storm_of_notices_rings_at_most_once_a_second(post: Post, ops_url: str) -> None:
    async with delivering(ops_url, post.client):
        await eventually(lambda: listening(post.outbox.owner_url), lambda: "nobody listens")
        began = asyncio.get_running_loop().time()
        told = [post.outbox.book() for _ in range(30)]
        for booking in told:
            post.outbox.tell(booking, "received", ring=True)
        await post.until(*["sent"] * 30)
        took = asyncio.get_running_loop().time() - began
        rings = 0
        async for event in post.handle.fetch_history_events():
            rings += event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
        assert 1 <= rings <= took + 2
    letters = [letter["metadata"]["holdfast_booking"] for letter in post.double.inbox()]
    assert sorted(letters) == sorted(booking.reference for booking in told)


async def test_a_whole_life_is_told_in_letters_each_once(
    post: Post, ops_url: str, live: Callable[[House, StayDates], Life]
) -> None:
    today = datetime.now(UTC).date()
    life = live(post.outbox.house, StayDates(today + timedelta(days=1), today + timedelta(days=3)))
    add_nights(post, today)
    async with delivering(ops_url, post.client):
        await life.begin()
        await post.until("sent", "sent")
        await life.approve()
        await post.until("sent", "sent", "sent")
        await life.cancel()
        await post.until("sent", "sent", "sent", "sent")
    tags = [letter["tag"] for letter in reversed(post.double.inbox(reference=life.reference))]
    assert sorted(tags[:2]) == ["new_request", "received"]
    assert tags[2:] == ["confirmed", "cancelled"]


def add_nights(post: Post, today: date) -> None:
    """Stock for the coming days."""
    with connect(post.outbox.owner_url) as db:
        db.execute(
            "INSERT INTO room_type_nights (hotel_id, room_type_id, night, physical)"
            " SELECT %s, 1, %s::date + n, 2 FROM generate_series(0, 5) AS n ON CONFLICT DO NOTHING",
            [post.outbox.hotel_id, today],
        )
