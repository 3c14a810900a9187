"""Stories of a hotel's night: those with money, and the worker that closes days."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.client import Client

from config.settings import Settings
from messages.converter import data_converter
from store.session import app_url as in_role
from tests.doubles.stripe_running import KEY, StripeDouble, running_stripe
from tests.houses import opened
from tests.story.conftest import own_namespace
from tests.story.money.conftest import pays, stripe_double, stripe_server, till
from tests.story.night.closing import Closing
from tests.story.world import SECRET, House
from worker.night import nights_worker

__all__ = ["pays", "stripe_double", "stripe_server", "till"]


@asynccontextmanager
async def closing_days(
    client: Client, owner_url: str, double: StripeDouble
) -> AsyncIterator[Callable[[House], Closing]]:
    """The worker of nights until the block ends; answers what begins the night of a hotel."""
    settings = Settings(stripe_api_key=SecretStr(KEY), stripe_api_base=double.address)
    async with (
        opened(in_role(owner_url), pool_size=4) as database,
        opened(in_role(owner_url, "holdfast_ops")) as operations,
        nights_worker(client, database, operations, settings, versioned=False, strict=True),
    ):
        yield lambda house: Closing(client, owner_url, house, database)


@pytest.fixture
async def nights(
    till: None, client: Client, owner_url: str, stripe_double: StripeDouble
) -> AsyncIterator[Callable[[House], Closing]]:
    """The worker of nights; begins the night of a hotel."""
    async with closing_days(client, owner_url, stripe_double) as begun:
        yield begun


@pytest.fixture
async def lone_nights(
    temporal_target: str, fresh_url: str, tmp_path: Path
) -> AsyncIterator[Callable[[House], Closing]]:
    """The same where no other test makes hotels, nights or money: database, namespace and double are its own."""
    namespace = await own_namespace(temporal_target)
    client = await Client.connect(temporal_target, namespace=namespace, data_converter=data_converter(SECRET))
    with running_stripe(tmp_path) as double:
        async with closing_days(client, fresh_url, double) as begun:
            yield begun
