"""A mail double and a payment double for the tests of this folder."""

from collections.abc import Iterator

import pytest

from store.session import Database
from tests.doubles.running import Double, running_double
from tests.doubles.stripe_running import StripeDouble, running_stripe
from tests.gateways.till import Till
from tests.store.outbox import Outbox, build_outbox


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
