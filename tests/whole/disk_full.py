"""A database whose disk is full: who writes is told so in time, nothing is half done, and room on the disk mends it.

Not collected by itself: its small disk is mounted, which takes root. `make proof PROOFS=disk-full` runs it.
"""

import asyncio
import errno
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from cli.database import migrate, seed
from cli.postgres import EmbeddedPostgres
from tests.api.world import Desk, Guests
from tests.whole.outages import AWAY, DATABASE_SECONDS, LATE, SLACK_SECONDS, TEMPORAL_SECONDS, Outage
from tests.whole.sick_world import COMMITS_ARE_KEPT, PATIENCE_SECONDS, sick_world
from tests.whole.test_bad_neighbours import CALLERS, Called, Town, nothing_lost, prepare, timed

DISK_MEGABYTES = 512
ROUNDS = 6
FULL = Outage(
    "database_disk_full", lambda _: None, lambda _: None, frozenset({AWAY, LATE}), True, "database", "", "",
    DATABASE_SECONDS + TEMPORAL_SECONDS + SLACK_SECONDS,
)  # fmt: skip


@contextmanager
def small_disk() -> Iterator[Path]:
    """A disk of its own, which can be filled."""
    with tempfile.TemporaryDirectory(prefix="holdfast-disk-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", folder], check=True)
        try:
            Path(folder).chmod(0o755)
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> Path:
    """Takes every byte that is left; answers the file that holds them."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as full:
                if full.errno != errno.ENOSPC:
                    raise
    return ballast


async def test_a_full_disk_is_told_loses_nothing_and_is_over_when_there_is_room() -> None:
    """Guests and the desk write until it is refused, read meanwhile, and ask again with the same keys."""
    with small_disk() as disk:
        postgres = EmbeddedPostgres(disk / "postgres", fsync=False, more=COMMITS_ARE_KEPT)
        owner = postgres.start()
        try:
            await asyncio.to_thread(migrate, owner)
            await asyncio.to_thread(seed, owner)
            with sick_world(postgres) as world:
                async with httpx.AsyncClient(base_url=world.api, timeout=PATIENCE_SECONDS) as api:
                    await _fill_and_mend(Town(world, api, Guests(api), await Desk.at(api, "malabar")), disk)
        finally:
            postgres.stop()


async def _fill_and_mend(town: Town, disk: Path) -> None:
    asked = [await prepare(town) for _ in range(ROUNDS)]
    ballast = await asyncio.to_thread(fill, disk)
    writes: list[Called] = []
    reads: list[Called] = []
    for one in asked:
        writes += await asyncio.gather(*(timed(ask) for ask in (*one.creations, one.approval)))
        reads += await asyncio.gather(*(timed(ask) for ask in one.pages))
    for call in (*writes, *reads):
        if call.answer.status_code not in (200, 201):
            call.is_told(FULL)
    told = Counter(call.answer.status_code for call in writes)
    read = Counter(call.answer.status_code for call in reads)
    slowest = max(call.seconds for call in (*writes, *reads))
    print(f"\nproof: disk full: writes {dict(told)}, reads {dict(read)}; slowest {slowest:.1f} s")
    assert told[503] >= ROUNDS
    lived = town.world.postgres.is_ready()
    ballast.unlink()
    if not town.world.postgres.is_ready():
        await asyncio.to_thread(town.world.postgres.stop)
        await asyncio.to_thread(town.world.postgres.start)
    began = time.monotonic()
    for one in asked:
        answers = await asyncio.gather(*(town.insist(ask) for ask in (*one.creations, one.approval)))
        assert [answer.status_code for answer in answers] == [201] * CALLERS + [200], [a.text for a in answers]
        town.keys.extend(one.keys)
        await nothing_lost(town, one, answers)
    seconds = time.monotonic() - began
    print(
        f"proof: the server {'went on' if lived else 'had ended, and was started'}; all was done {seconds:.1f} s after"
    )
