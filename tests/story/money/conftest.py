"""Stories with money: the real workers, the real client, and the payment provider's double over HTTP."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.client import Client

from config.settings import Settings
from domain.stay import StayDates
from tests.doubles.stripe_running import KEY, StripeDouble, running_stripe
from tests.houses import opened
from tests.story.conftest import CACHED
from tests.story.money.payer import Payer
from tests.story.money.postroom import PostRoom, opened_post_room
from tests.story.world import SECRET, House
from worker.build import bookings_worker
from worker.payments import payments_worker


@pytest.fixture(scope="session")
def stripe_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeDouble]:
    """One double for the test process."""
    folder: Path = tmp_path_factory.mktemp("stripe")
    with running_stripe(folder) as double:
        yield double


@pytest.fixture
def stripe_double(stripe_server: StripeDouble) -> StripeDouble:
    """The double without the faults of another test."""
    stripe_server.http.delete("/_double/faults")
    return stripe_server


@asynccontextmanager
async def working(client: Client, app_url: str, double: StripeDouble, *, strict: bool) -> AsyncIterator[None]:
    """The workers of bookings and of payments until the block ends."""
    settings = Settings(stripe_api_key=SecretStr(KEY), stripe_api_base=double.address)
    async with opened(app_url, pool_size=6) as database:
        await database.open()
        async with (
            bookings_worker(client, database, SECRET, versioned=False, strict=strict, cached=CACHED),
            payments_worker(client, database, settings, versioned=False),
        ):
            yield


@pytest.fixture
async def till(client: Client, app_url: str, stripe_double: StripeDouble) -> AsyncIterator[None]:
    """The workers as the stories' tests have them: in the sandbox."""
    async with working(client, app_url, stripe_double, strict=True):
        yield


@pytest.fixture
async def trusting_till(client: Client, app_url: str, stripe_double: StripeDouble) -> AsyncIterator[None]:
    """The workers as the running system has them: they use this process's own modules, so rules can be changed."""
    async with working(client, app_url, stripe_double, strict=False):
        yield


@pytest.fixture
async def post_room(
    client: Client, app_url: str, ops_url: str, owner_url: str, stripe_double: StripeDouble
) -> AsyncIterator[PostRoom]:
    """The API's door for events, and the porter."""
    async with opened_post_room(app_url, ops_url, owner_url, client, stripe_double) as room:
        yield room


@pytest.fixture
def pays_trustingly(
    trusting_till: None, client: Client, owner_url: str, stripe_double: StripeDouble
) -> Callable[[House, StayDates], Payer]:
    """As `pays`, with the trusting workers."""
    return lambda house, dates: Payer(client, owner_url, house, dates, stripe=stripe_double)


@pytest.fixture
def pays(
    till: None, client: Client, owner_url: str, stripe_double: StripeDouble
) -> Callable[[House, StayDates], Payer]:
    """Begins a life at a hotel that takes cards."""
    return lambda house, dates: Payer(client, owner_url, house, dates, stripe=stripe_double)
