"""The single commands that talk to Temporal, each a process of its own so that the supervisor stays small."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime

from cli import builds, deployments
from cli.configuration import read_settings
from cli.database import running_address
from config.settings import Settings
from gateways.temporal_house import prepare_server
from messages.build import build_id
from messages.names import DEPLOYMENT
from store.repairs import note_current_build
from store.session import Database

Say = Callable[[str], None]


def prepare_temporal(say: Say) -> None:
    """Namespace and search attributes, created where they are missing."""

    async def run() -> list[str]:
        return await prepare_server(await deployments.connect(read_settings()))

    created = asyncio.run(run())
    say(f"created {', '.join(created)}" if created else "namespace and search attributes are there")


def activate(say: Say, *, as_json: bool = False) -> None:
    """Makes this build the current one, keeps its source copy, and deletes copies that nobody needs any more."""
    settings = read_settings()

    async def run() -> tuple[str, deployments.Versions]:
        client = await deployments.connect(settings)
        before = (await deployments.versions(client, settings.home)).current
        await deployments.make_current(client, build_id())
        await _remember(settings)
        builds.keep(settings.home, build_id())
        return before, await deployments.versions(client, settings.home)

    before, now = asyncio.run(run())
    builds.prune(settings.home, {now.current, *(older.build_id for older in now.older)})
    if as_json:
        say(json.dumps({"before": before, **now.as_dict()}))
        return
    say(f"build {now.current} is current" + (f"; it was {before}" if before not in {"", now.current} else ""))
    _tell_older(say, now)


async def _remember(settings: Settings) -> None:
    """Notes the build in the database, for a Temporal server that loses its data."""
    database = Database(running_address(settings), pool_size=1)
    try:
        async with database.public() as tx:
            await note_current_build(tx, DEPLOYMENT, build_id(), datetime.now(UTC))
    finally:
        await database.close()


def show_builds(say: Say, *, as_json: bool = False) -> None:
    """The current build, and each older one that open workflows still wait for."""
    settings = read_settings()

    async def run() -> deployments.Versions:
        return await deployments.versions(await deployments.connect(settings), settings.home)

    now = asyncio.run(run())
    if as_json:
        say(json.dumps({"this": build_id(), **now.as_dict()}))
        return
    say(f"current build: {now.current or 'none yet'}; this tree: {build_id()}")
    _tell_older(say, now)


def renew(say: Say) -> None:
    """Wakes the open bookings of older builds."""

    async def run() -> int:
        return await deployments.renew(await deployments.connect(read_settings()), build_id(), say)

    say(f"{asyncio.run(run())} open bookings were told to move to build {build_id()}")


def _tell_older(say: Say, now: deployments.Versions) -> None:
    for older in now.older:
        copy = "its source copy is kept" if older.has_copy else "its source copy is missing"
        say(f"build {older.build_id}: {older.open} open; {copy}")
