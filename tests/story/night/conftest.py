"""Stories of a hotel's night: those with money, and the worker that closes days."""

from collections.abc import AsyncIterator, Callable

import pytest
from pydantic import SecretStr
from temporalio.client import Client

from config.settings import Settings
from store.session import Database
from tests.doubles.stripe_running import KEY, StripeDouble
from tests.story.money.conftest import pays, stripe_double, stripe_server, till
from tests.story.night.closing import Closing
from tests.story.world import House
from worker.night import nights_worker

__all__ = ["pays", "stripe_double", "stripe_server", "till"]


@pytest.fixture
async def nights(
    till: None, client: Client, app_url: str, ops_url: str, owner_url: str, stripe_double: StripeDouble
) -> AsyncIterator[Callable[[House], Closing]]:
    """The worker of nights; begins the night of a hotel."""
    settings = Settings(stripe_api_key=SecretStr(KEY), stripe_api_base=stripe_double.address)
    database, operations = Database(app_url, pool_size=4), Database(ops_url, pool_size=1)
    await database.open()
    async with nights_worker(client, database, operations, settings, versioned=False, strict=True):
        yield lambda house: Closing(client, owner_url, house, database)
    await operations.close()
    await database.close()
