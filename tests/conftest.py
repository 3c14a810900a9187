"""Fixtures shared by all tests: real servers, one of each for the whole run, and a database of one's own.

What databases need is imported by their fixtures, so that runs of pure rules start at once.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.keeper import Keeper, ask

if TYPE_CHECKING:
    from store.session import Database

# What takes longest begins first, so that at the end of a run no process is left alone with it.
LONG_FIRST = ("tests/whole/", "tests/stack/", "tests/story/")
# Whose world is dear to build, and the same for all of them: they go to one process of the run.
TOGETHER = (
    "tests/house/",
    "tests/api/test_permissions.py",
    "tests/story/test_nobody_in_plain_text.py",
    "tests/whole/test_bad_neighbours.py",
    "tests/whole/test_kill_storm.py",
    "tests/whole/test_money_storm.py",
    "tests/whole/test_races_",
    "tests/whole/test_up.py",
)
# Whole systems are started here, whose start counts as the test's own time; a machine may be slow at that.
SLOW = ("tests/whole/", "tests/story/test_nobody_in_plain_text.py", "tests/story/money/test_no_secret_is_kept.py")
SLOW_SECONDS = 900
KEEPER = pytest.StashKey[Keeper]()
FOLDER = pytest.StashKey[Path]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In which order the run's processes are given the tests, which of them stay together, and which have longer."""
    items.sort(key=lambda item: [not item.nodeid.startswith(folder) for folder in LONG_FIRST])
    for item in items:
        for place in TOGETHER:
            if item.nodeid.startswith(place):
                item.add_marker(pytest.mark.xdist_group(place))
        # A mark would outdo the bound that a run is given for all of its tests.
        bounded = config.getoption("timeout", None) is not None or item.get_closest_marker("timeout") is not None
        if item.nodeid.startswith(SLOW) and not bounded:
            item.add_marker(pytest.mark.timeout(SLOW_SECONDS))


def pytest_configure(config: pytest.Config) -> None:
    """The process that starts the run starts its keeper; the others are told where to find it."""
    told = getattr(config, "workerinput", None)
    if told is not None:
        config.stash[FOLDER] = Path(told["keeper_folder"])
    elif not config.option.collectonly:
        config.stash[KEEPER] = keeper = Keeper()
        config.stash[FOLDER] = keeper.folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tells each xdist process where the keeper is."""
    node.workerinput["keeper_folder"] = str(node.config.stash[FOLDER])  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the servers, also after Ctrl-C."""
    keeper = config.stash.get(KEEPER, None)
    if keeper is not None:
        keeper.end()


@pytest.fixture(scope="session")
def template_url(pytestconfig: pytest.Config) -> str:
    """The owner's address of the migrated and seeded database that others are copied from. Never connect to it."""
    return ask(pytestconfig.stash[FOLDER], "postgres")


@pytest.fixture(scope="session")
def owner_url(template_url: str) -> Iterator[str]:
    """The owner's address of this test process's own database, with the five demo hotels in it."""
    yield from _copied(template_url)


@pytest.fixture
def fresh_url(template_url: str) -> Iterator[str]:
    """The owner's address of a seeded database that only this test uses."""
    yield from _copied(template_url)


def _copied(template_url: str) -> Iterator[str]:
    from tests import houses

    url = houses.copy_database(template_url)
    yield url
    houses.drop_database(url)


@pytest.fixture(scope="session")
def app_url(owner_url: str) -> str:
    """The process's database in the role of the running system."""
    from store.session import app_url

    return app_url(owner_url)


@pytest.fixture(scope="session")
def ops_url(owner_url: str) -> str:
    """The process's database in the reading role of operations."""
    from store.session import app_url

    return app_url(owner_url, "holdfast_ops")


@pytest.fixture
async def database(app_url: str) -> AsyncIterator["Database"]:
    """The process's database, opened as the running system opens it; it lives in the test's own event loop."""
    async with _opened(app_url) as opened:
        yield opened


@pytest.fixture
async def fresh_database(fresh_url: str) -> AsyncIterator["Database"]:
    """The same for a database that only this test uses."""
    from store.session import app_url

    async with _opened(app_url(fresh_url)) as opened:
        yield opened


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator["Database"]:
    from store.session import Database

    opened = Database(url, pool_size=4)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def temporal_target(pytestconfig: pytest.Config) -> str:
    """host:port of the run's real Temporal server; time skipping is on, search attributes are registered."""
    return ask(pytestconfig.stash[FOLDER], "temporal")


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Answers a TCP port that nothing listens on."""
    from cli import ports

    return ports.free_port
