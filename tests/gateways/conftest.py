"""A mail double and a payment double for the tests of this folder."""

from collections.abc import Iterator

import pytest

from store.session import Database
from tests.doubles.running import Double, running_double
from tests.doubles.stripe_running import StripeDouble, running_stripe
from tests.gateways.till import Till
from tests.store.outbox import Outbox, build_outbox
from tests.story.world import connect


@pytest.fixture(scope="session")
def house_double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Double]:
    """One double for the whole process."""
    with running_double(tmp_path_factory.mktemp("mail")) as running:
        yield running


@pytest.fixture
def double(house_double: Double) -> Double:
    """The double with an empty inbox and no faults."""
    house_double.forget()
    return house_double


@pytest.fixture(scope="session")
def house_stripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeDouble]:
    """One payment double for the whole process."""
    with running_stripe(tmp_path_factory.mktemp("stripe")) as running:
        yield running


@pytest.fixture(scope="module")
def outbox(owner_url: str) -> Outbox:
    """A hotel of these tests' own."""
    return build_outbox(owner_url)


@pytest.fixture
def till(outbox: Outbox, house_stripe: StripeDouble, database: Database) -> Till:
    """A booking with nothing paid, and a payment double without faults."""
    house_stripe.forget()
    return Till(outbox, house_stripe, database)


@pytest.fixture
def account(till: Till, outbox: Outbox) -> Iterator[str]:
    """The hotel's own account at the provider, ready to be charged, with a share of 2.5 % for the platform."""
    made = till.double.sdk.v1.accounts.create(
        {"type": "express", "country": "PT", "capabilities": {"transfers": {"requested": True}}}
    )
    with connect(outbox.owner_url) as db:
        db.execute(
            "INSERT INTO stripe_accounts (hotel_id, account_id, country, charges_enabled, fee_percent, checked_at)"
            " VALUES (%s, %s, 'PT', true, 2.5, %s)",
            [outbox.hotel_id, made.id, till.now],
        )
    yield made.id
    with connect(outbox.owner_url) as db:
        db.execute("DELETE FROM stripe_accounts WHERE hotel_id = %s", [outbox.hotel_id])
        db.execute("DELETE FROM past_stripe_accounts WHERE hotel_id = %s", [outbox.hotel_id])
