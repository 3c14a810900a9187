"""Where the provider's events come in: at the API's own door, in any order, and from there by the porter's hands."""

import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from temporalio.client import Client

from api.app import create_app
from config.settings import Settings
from doubles.stripe.courier import signed
from gateways.engine_room import EngineRoom
from tests.doubles.stripe_running import KEY, SECRETS, StripeDouble
from tests.houses import opened
from tests.story.world import SECRET, connect
from worker.porter import Porter

ADDRESS = "https://stay.localhost"
WEBHOOKS = "/api/v1/webhooks/stripe"
Event = dict[str, Any]


def settings_of(app_url: str, ops_url: str, client: Client, double: StripeDouble) -> Settings:
    """A demo's settings on this database, this server and this double."""
    values: dict[str, Any] = {
        "app_database_url": app_url,
        "ops_database_url": ops_url,
        "temporal_address": client.service_client.config.target_host,
        "temporal_namespace": client.namespace,
        "secret_key": SecretStr(SECRET),
        "public_url": ADDRESS,
        "stripe_api_key": SecretStr(KEY),
        "stripe_api_base": double.address,
        "stripe_webhook_secrets": SecretStr(",".join(SECRETS)),
        "demo": True,
    }
    return Settings(**values)


@dataclass
class PostRoom:
    """The API's door for events and the porter behind it. later: how far the porter is ahead of the real clock."""

    app: FastAPI
    api: AsyncClient
    porter: Porter
    owner_url: str
    later: timedelta = timedelta(0)

    async def post(self, event: Mapping[str, Any], *keys: str, at: float | None = None) -> str:
        """An event comes in, signed; answers what the door says: noted, ignored, or the code of a refusal."""
        body = json.dumps(event)
        mark = signed(keys or SECRETS, body, int(time.time() if at is None else at))
        answer = await self.api.post(WEBHOOKS, content=body.encode(), headers={"Stripe-Signature": mark})
        told = answer.json()
        return str(told["outcome"] if answer.status_code == 200 else told["code"])

    async def bring(self) -> int:
        """The porter brings what is due."""
        return await self.porter.bring()

    def hints(self, reference: str) -> list[tuple[str, str]]:
        """Type and state of what was told of a booking."""
        with connect(self.owner_url) as db:
            return db.execute(
                "SELECT event_type, state FROM provider_hints WHERE reference = %s ORDER BY event_id", [reference]
            ).fetchall()


def again(event: Event, reference: str, **changes: Any) -> Event:
    """The same event under a fresh name, about another booking's payment and objects that nobody has seen."""
    fresh: Event = json.loads(json.dumps(event))
    body = fresh["data"]["object"]
    fresh["id"] = f"evt_{secrets.token_hex(8)}"
    body["id"] = f"{body['id'].split('_')[0]}_{secrets.token_hex(8)}"
    body["metadata"] = {**(body.get("metadata") or {}), "holdfast_booking": reference}
    return {**fresh, **changes}


@asynccontextmanager
async def opened_post_room(
    app_url: str, ops_url: str, owner_url: str, client: Client, double: StripeDouble
) -> AsyncIterator[PostRoom]:
    """The API and a porter until the block ends."""
    settings = settings_of(app_url, ops_url, client, double)
    app = create_app(settings)
    rooms: list[PostRoom] = []

    def clock() -> datetime:
        return datetime.now(UTC) + rooms[0].later

    async with (
        opened(app_url, pool_size=2) as database,
        opened(ops_url, pool_size=2) as operations,
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url=ADDRESS) as api,
    ):
        await database.open()
        await operations.open()
        porter = Porter(operations, database, EngineRoom(client, settings.base_url), app_url, clock)
        rooms.append(PostRoom(app, api, porter, owner_url))
        yield rooms[0]
