"""The API as it runs: the real app on the process's own database and the run's real Temporal server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from temporalio.client import Client

from api.app import create_app
from api.house import real_clock
from config.settings import Settings
from messages.converter import data_converter
from store.session import app_url as in_role
from tests import houses
from tests.api.doors import Doors
from tests.api.world import ADDRESS, SECRET, Desk, Guests
from tests.story.conftest import at_work, own_namespace
from tests.story.world import connect

Opener = Callable[..., AbstractAsyncContextManager[AsyncClient]]
LeaveFree = Callable[[date, int], date]


# As many courtyard doubles more as tests together may want of one night.
MORE_ROOMS = 80


@pytest.fixture(scope="session")
def owner_url(template_url: str) -> Iterator[str]:
    """A database for the API tests of this process, with more courtyard doubles at malabar than it has in earnest."""
    url = houses.copy_database(template_url)
    with connect(url) as db:
        malabar = "(SELECT hotel_id FROM hotels WHERE slug = 'malabar')"
        db.execute(
            "INSERT INTO rooms (hotel_id, room_id, room_type_id, number)"
            f" SELECT {malabar}, 1000 + n, 1, (1000 + n)::text FROM generate_series(1, %s) AS n",
            [MORE_ROOMS],
        )
        db.execute(
            f"UPDATE room_type_nights SET physical = physical + %s WHERE room_type_id = 1 AND hotel_id = {malabar}",
            [MORE_ROOMS],
        )
    yield url
    houses.drop_database(url)


@pytest.fixture(scope="session")
def app_url(owner_url: str) -> str:
    """That database in the role of the running system."""
    return in_role(owner_url)


@pytest.fixture(scope="session")
def ops_url(owner_url: str) -> str:
    """That database in the reading role of operations."""
    return in_role(owner_url, "holdfast_ops")


@pytest.fixture(scope="session")
def api_namespace(temporal_target: str) -> str:
    """A Temporal namespace for this process's API tests."""
    return asyncio.run(own_namespace(temporal_target))


@pytest.fixture
def settings(app_url: str, ops_url: str, temporal_target: str, api_namespace: str) -> Settings:
    """The settings of a demo."""
    return demo_settings(app_url, ops_url, temporal_target, api_namespace)


def demo_settings(app_url: str, ops_url: str, target: str, namespace: str) -> Settings:
    """A demo's settings on this database and this server."""
    values: dict[str, Any] = {
        "app_database_url": app_url,
        "ops_database_url": ops_url,
        "temporal_address": target,
        "temporal_namespace": namespace,
        "secret_key": SECRET,
        "public_url": ADDRESS,
        "demo": True,
    }
    return Settings(**values)


@pytest.fixture
def opened(settings: Settings) -> Opener:
    """Opens the API to a caller from an address, with settings changed and its clock put forward where asked."""

    @asynccontextmanager
    async def open_api(address: str = "127.0.0.1", days_later: int = 0, **changes: Any) -> AsyncIterator[AsyncClient]:
        later = timedelta(days=days_later)
        app = create_app(settings.model_copy(update=changes), clock=lambda: real_clock() + later)
        async with app.router.lifespan_context(app):
            door = ASGITransport(app, client=(address, 50_000))
            async with AsyncClient(transport=door, base_url=ADDRESS) as client:
                yield client

    return open_api


@pytest.fixture
async def api(opened: Opener) -> AsyncIterator[AsyncClient]:
    """A caller of the API."""
    async with opened() as client:
        yield client


@pytest.fixture
async def doors(settings: Settings, fresh_url: str) -> AsyncIterator[Doors]:
    """The API on a database of this test's own, with a clock that the test puts forward."""
    async with Doors(settings.model_copy(update={"app_database_url": in_role(fresh_url)}), fresh_url) as opened:
        yield opened


@pytest.fixture
async def worker(settings: Settings) -> AsyncIterator[None]:
    """The real worker of the bookings queue."""
    client = await Client.connect(
        settings.temporal_target, namespace=settings.temporal_namespace, data_converter=data_converter(SECRET)
    )
    async with at_work(client, settings.app_database_url, SECRET):
        yield


@pytest.fixture
def leave_free(owner_url: str) -> Iterator[LeaveFree]:
    """Blocks all but so many of malabar's courtyard doubles on a night, until the test ends."""
    of_type = "(hotel_id, room_type_id) = (SELECT hotel_id, 1 FROM hotels WHERE slug = 'malabar')"
    blocked: list[date] = []

    def leave(night: date, rooms: int) -> date:
        blocked.append(night)
        with connect(owner_url) as db:
            db.execute(
                "UPDATE room_type_nights SET blocked = physical - out_of_order - held - sold - %s"
                f" WHERE night = %s AND {of_type}",
                [rooms, night],
            )
        return night

    yield leave
    with connect(owner_url) as db:
        db.execute(f"UPDATE room_type_nights SET blocked = 0 WHERE night = ANY(%s) AND {of_type}", [blocked])


@pytest.fixture
def guests(api: AsyncClient) -> Guests:
    """Guests at their browsers."""
    return Guests(api)


@pytest.fixture
async def desk(api: AsyncClient) -> Desk:
    """The front desk of malabar, logged in."""
    return await Desk.at(api, "malabar")


@pytest.fixture
async def manager(api: AsyncClient) -> Desk:
    """The manager of malabar, logged in."""
    return await Desk.at(api, "malabar", "manager")
