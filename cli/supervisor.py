"""Keeps the parts of a stack running: starts them, waits until they are ready, restarts them, ends them in order."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cli.child import Child
from cli.console import Console
from cli.processes import StackTrouble

TERM_THEN_KILL = ((signal.SIGTERM, 3.0),)
LONGEST_WORDS = 500
LOOK_EVERY_SECONDS = 0.05


async def _always() -> bool:
    return True


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Part:
    """One long-running program.

    `environment` is complete (nothing is inherited). `ready` says whether it serves; `ready_seconds` bounds the
    first wait for that. `before` runs before each start. `stop` lists signals with the seconds to wait after
    each, before SIGKILL. `rank`: parts with a higher rank are stopped first, those of one rank together.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    rank: int = 0
    ready: Callable[[], Awaitable[bool]] = _always
    ready_seconds: float = 60.0
    before: Callable[[], None] = _nothing
    stop: Sequence[tuple[signal.Signals, float]] = TERM_THEN_KILL
    death_signal: signal.Signals = signal.SIGKILL
    identity: str = "same"
    folder: Path | None = None
    # Some programs complain about their own parts going away while they end as asked; nobody needs to read that.
    ends_silently: bool = False


@dataclass(frozen=True)
class Backoff:
    """Seconds between restarts: doubled from first to last, reset after `healthy` seconds of serving."""

    first: float = 0.2
    last: float = 5.0
    healthy: float = 10.0
    # So often may a part end before it was ever ready; then the start is given up.
    tries: int = 5


@dataclass
class _Kept:
    """What the supervisor remembers of one part."""

    part: Part
    serving: asyncio.Future[None]
    task: asyncio.Task[None] | None = None
    child: Child | None = None
    words: list[str] = field(default_factory=list)
    starts: int = 0
    healthy_since: float | None = None
    wanted: bool = True


class Supervisor:
    """Owns the child processes of one stack. To be used from the main thread's event loop only."""

    def __init__(self, console: Console, backoff: Backoff | None = None) -> None:
        self._console = console
        self._backoff = backoff or Backoff()
        self._kept: dict[str, _Kept] = {}
        self._steps: set[Child] = set()
        self._stopping = False

    async def start(self, part: Part) -> None:
        """Starts a part and keeps it running; returns when it serves, or raises StackTrouble with its last words."""
        kept = _Kept(part, asyncio.get_running_loop().create_future())
        self._kept[part.name] = kept
        kept.task = asyncio.create_task(self._keep(kept), name=f"keep {part.name}")
        try:
            await asyncio.wait_for(asyncio.shield(kept.serving), part.ready_seconds)
        except TimeoutError:
            why = f"{part.name} was not ready within {part.ready_seconds:g} s"
            words = kept.child.words if kept.child else kept.words
            raise StackTrouble(f"{why}; its last words: {_joined(words)}") from None

    async def step(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], *, seconds: float = 120.0
    ) -> None:
        """Runs a command to its end; raises StackTrouble when it fails or takes longer than `seconds`."""
        await self._finish(name, command, environment, seconds, lambda line: self._console.part(name, line))

    async def ask(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], *, seconds: float = 120.0
    ) -> str:
        """Runs a command silently and answers the last line that it printed; fails like `step`."""
        return await self._finish(name, command, environment, seconds, lambda line: None)

    async def _finish(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        seconds: float,
        show: Callable[[str], None],
    ) -> str:
        child = Child.spawn(command, environment)
        self._steps.add(child)
        relay = asyncio.create_task(child.relay(show))
        try:
            status = await asyncio.wait_for(child.wait(), seconds)
        except TimeoutError:
            raise StackTrouble(
                f"{name} took longer than {seconds:g} s; its last words: {_joined(child.words)}"
            ) from None
        finally:
            await child.end(())
            await asyncio.wait([relay], timeout=1.0)
            relay.cancel()
            self._steps.discard(child)
        if status != 0:
            raise StackTrouble(f"{name} failed ({_in_words(status)}); its last words: {_joined(child.words)}")
        return child.words[-1] if child.words else ""

    async def end(self, name: str) -> None:
        """Stops one part for good; one that is not there is no trouble."""
        kept = self._kept.pop(name, None)
        if kept is not None:
            await self._end(kept)

    async def stop(self) -> None:
        """Ends every part: the highest rank first, one rank together, each within its own bounds."""
        self._stopping = True
        for child in list(self._steps):
            child.clear()
        for rank in sorted({kept.part.rank for kept in self._kept.values()}, reverse=True):
            await asyncio.gather(*(self._end(kept) for kept in self._kept.values() if kept.part.rank == rank))
        self._kept.clear()

    def kill(self) -> None:
        """Ends every part at once, for a person who will not wait."""
        for kept in self._kept.values():
            kept.wanted = False
            if kept.child is not None:
                kept.child.clear()

    def running(self) -> list[str]:
        """Names of the parts that have a living process, in the order in which they would be stopped."""
        alive = [kept.part for kept in self._kept.values() if kept.child is not None]
        return [part.name for part in sorted(alive, key=lambda part: -part.rank)]

    async def _keep(self, kept: _Kept) -> None:
        """Starts the part again each time it ends, with a growing pause, until it is no longer wanted."""
        part, pause = kept.part, self._backoff.first
        while kept.wanted and not self._stopping:
            ended = await self._run_once(kept)
            if not kept.wanted or self._stopping:
                return
            if not kept.serving.done() and kept.starts >= self._backoff.tries:
                kept.serving.set_exception(
                    StackTrouble(f"{part.name} {ended} {kept.starts} times; its last words: {_joined(kept.words)}")
                )
                return
            since, kept.healthy_since = kept.healthy_since, None
            if since is not None and asyncio.get_running_loop().time() - since >= self._backoff.healthy:
                pause = self._backoff.first
            self._console.say(f"{part.name} {ended}; starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._backoff.last)

    async def _run_once(self, kept: _Kept) -> str:
        """One life of the part; answers in words how it ended."""
        part = kept.part
        kept.starts += 1
        try:
            part.before()
            kept.child = child = Child.spawn(
                part.command,
                part.environment,
                death_signal=part.death_signal,
                identity=part.identity,
                folder=part.folder,
            )
        except (StackTrouble, OSError) as trouble:
            kept.words = [str(trouble)]
            return "could not start"
        relay = asyncio.create_task(child.relay(lambda line: self._show(kept, line)))
        watch = asyncio.create_task(self._watch(kept))
        try:
            status = await child.wait()
            # Children of the part (further API processes) must not hold its port when it comes again.
            child.clear()
            await asyncio.wait([relay], timeout=1.0)
        finally:
            kept.child = None
            kept.words = list(child.words)
            watch.cancel()
            relay.cancel()
        return f"ended ({_in_words(status)})"

    def _show(self, kept: _Kept, line: str) -> None:
        if kept.wanted or not kept.part.ends_silently:
            self._console.part(kept.part.name, line)

    async def _watch(self, kept: _Kept) -> None:
        """Notes the moment from which this life of the part serves."""
        while not await kept.part.ready():
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        kept.healthy_since = asyncio.get_running_loop().time()
        if not kept.serving.done():
            kept.serving.set_result(None)
        elif kept.starts > 1:
            self._console.say(f"{kept.part.name} is back")

    async def _end(self, kept: _Kept) -> None:
        kept.wanted = False
        child, task = kept.child, kept.task
        if child is not None:
            await child.end(kept.part.stop)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        if not kept.serving.done():
            kept.serving.cancel()
        elif not kept.serving.cancelled():
            # Looked at once, so that the loop does not report it as forgotten.
            kept.serving.exception()


def _in_words(status: int | None) -> str:
    if status is not None and status < 0:
        return f"signal {signal.Signals(-status).name}"
    return f"status {status}"


def _joined(words: Iterable[str]) -> str:
    return " / ".join(word[:LONGEST_WORDS] for word in words) or "none"
