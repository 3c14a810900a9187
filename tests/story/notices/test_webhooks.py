"""A letter's whole way: outbox, real workflow, mail double over HTTP, and what the double tells the real API."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from temporalio.client import Client

from api.app import create_app
from config.settings import Settings
from gateways.postmark import PostmarkMailer
from store.session import Database
from store.session import app_url as in_role
from tests.doubles.running import TOKEN, running_double
from tests.store.outbox import build_outbox, settle_other_outboxes
from tests.story.notices.post import ForgetfulStore, Post, eventually, working
from tests.story.world import SECRET


@asynccontextmanager
async def listening(owner_url: str, client: Client) -> AsyncIterator[Settings]:
    """The real API on a free port."""
    door = socket.create_server(("127.0.0.1", 0))
    values: dict[str, Any] = {
        "app_database_url": in_role(owner_url),
        "temporal_address": client.service_client.config.target_host,
        "temporal_namespace": client.namespace,
        "secret_key": SECRET,
        "port": door.getsockname()[1],
    }
    settings = Settings(**values)
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_config=None, ws="none", access_log=False))
    serving = asyncio.create_task(server.serve(sockets=[door]))
    try:
        await eventually(lambda: server.started, lambda: "the API did not start")
        yield settings
    finally:
        server.should_exit = True
        await serving


async def test_what_became_of_a_letter_comes_back_once_whatever_the_webhooks_do(
    client: Client, database: Database, owner_url: str, tmp_path: Path
) -> None:
    """One is told twice, one late, one never; a bounce waits for a person."""
    settle_other_outboxes(owner_url)
    async with listening(owner_url, client) as settings:
        hook = f"{settings.base_url}/api/v1/webhooks/postmark"
        with running_double(tmp_path, hook, settings.mail_webhook_secret) as double:
            post = Post(client, build_outbox(owner_url), double, ForgetfulStore(database))
            async with working(client, post.store, PostmarkMailer(TOKEN, double.address)):
                double.plan("webhook_duplicate")
                double.plan("webhook_delay", seconds=0.5)
                double.plan("webhook_drop")
                notices = [post.outbox.tell(post.outbox.book(), "received") for _ in range(3)]
                await post.ring()
                await post.until("sent", "sent", "sent")

                def deliveries() -> list[str]:
                    return sorted(str(post.outbox.row(notice)["delivery"]) for notice in notices)

                await eventually(lambda: deliveries() == ["", "delivered", "delivered"], lambda: str(deliveries()))
                [letter] = [one for one in double.inbox() if ends_with(one, post.outbox.hotel_id, notices[0])]
                double.http.post(
                    "/_double/bounces", json={"email": "guest@example.com", "message_id": letter["message_id"]}
                ).raise_for_status()
                await eventually(
                    lambda: post.outbox.row(notices[0])["delivery"] == "bounced", lambda: "the bounce was not told"
                )
            await post.close()
    assert post.outbox.state(notices[0])[0] == "undeliverable"
    assert [item["notice_id"] for item in post.outbox.attention()] == [notices[0]]


def ends_with(letter: dict[str, Any], hotel_id: int, notice: int) -> bool:
    """Whether this is the notice's letter."""
    return letter["metadata"]["holdfast_notice"] == f"{hotel_id}.{notice}"
