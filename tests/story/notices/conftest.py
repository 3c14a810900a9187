"""A hotel whose notices are being sent, and the inbox they arrive in."""

from collections.abc import AsyncIterator, Iterator

import pytest
from temporalio.client import Client

from activities import notices as activities_module
from gateways.postmark import PostmarkMailer
from store.session import Database
from tests.doubles.running import TOKEN, Double, running_double
from tests.store.outbox import build_outbox, settle_other_outboxes
from tests.story.notices.post import FIRST_REST, ForgetfulStore, Post, working
from workflows import notices as notices_module


@pytest.fixture(scope="session")
def house_double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Double]:
    """One mail double for the whole process."""
    with running_double(tmp_path_factory.mktemp("mail")) as running:
        yield running


@pytest.fixture
def double(house_double: Double, monkeypatch: pytest.MonkeyPatch) -> Double:
    """The double with an empty inbox and no faults; tries follow each other without a pause, rests are long."""
    monkeypatch.setattr(activities_module, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(notices_module, "FIRST_REST", FIRST_REST)
    house_double.forget()
    return house_double


@pytest.fixture
async def post(client: Client, database: Database, owner_url: str, double: Double) -> AsyncIterator[Post]:
    """A hotel whose notices are being sent, the only one with any."""
    settle_other_outboxes(owner_url)
    store = ForgetfulStore(database)
    async with working(client, store, PostmarkMailer(TOKEN, double.address)):
        post = Post(client, build_outbox(owner_url), double, store)
        yield post
        await post.close()
