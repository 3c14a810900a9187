"""A mail double for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.doubles.running import Double, running_double


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
