"""The doubles for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.doubles.listener import Listener, listening
from tests.doubles.running import Double, running_double
from tests.doubles.stripe_running import Shop, StripeDouble, running_stripe


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
def house_listener() -> Iterator[Listener]:
    """Whoever hears the payment double's events."""
    with listening() as told:
        yield told


@pytest.fixture(scope="session")
def house_stripe(tmp_path_factory: pytest.TempPathFactory, house_listener: Listener) -> Iterator[StripeDouble]:
    """One payment double for the whole process; it tells its events to the listener."""
    with running_stripe(tmp_path_factory.mktemp("stripe"), house_listener.address) as running:
        yield running


@pytest.fixture
def bank(house_stripe: StripeDouble, house_listener: Listener) -> StripeDouble:
    """The payment double, empty, on this machine's clock and without faults; nothing was heard of it yet."""
    house_stripe.forget()
    house_listener.forget()
    return house_stripe


@pytest.fixture
def heard(bank: StripeDouble, house_listener: Listener) -> Listener:
    """Whoever hears the double's events."""
    return house_listener


@pytest.fixture
def shop(bank: StripeDouble) -> Shop:
    """What a hotel asks of it."""
    return Shop(bank)
