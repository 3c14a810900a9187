"""One child process as the supervisor sees it: its lines, its end, and nothing of it that lives on."""

import asyncio
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cli.processes import guarded, signal_quietly

LONGEST_READ = 1 << 20
KEPT_WORDS = 5
# Where the kernel can't announce the end of a process (no pidfd), it is looked for this often.
LOOK_EVERY_SECONDS = 0.1


class Child:
    """A guarded process in a group of its own. To be spawned from the main thread.

    Its end is the end of the process itself. (asyncio's own subprocess also waits until every heir of its output has
    closed it, so it would overlook the death of a program whose children live on.)
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.pid = process.pid
        self.words: deque[str] = deque(maxlen=KEPT_WORDS)

    @classmethod
    def spawn(
        cls,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        death_signal: signal.Signals = signal.SIGKILL,
        identity: str = "same",
        folder: Path | None = None,
    ) -> "Child":
        """Starts the command; nothing of our environment is inherited but what is given."""
        return cls(
            subprocess.Popen(
                guarded(command, death_signal=death_signal, identity=identity),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd=folder,
                process_group=0,
                bufsize=0,
            )
        )

    async def relay(self, show: Callable[[str], None]) -> None:
        """Shows and remembers its lines until the last heir of its output has closed it."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=LONGEST_READ)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), self._process.stdout)
        try:
            while True:
                try:
                    raw = await reader.readline()
                except ValueError:
                    raw = b"(a line too long to print)\n"
                if not raw:
                    return
                line = raw.decode("utf-8", errors="replace").rstrip()
                if line:
                    self.words.append(line)
                    show(line)
        finally:
            transport.close()

    async def wait(self) -> int:
        """Waits for its end; answers its status, negative for a signal."""
        if hasattr(os, "pidfd_open"):
            await self._announced()
        while self._process.poll() is None:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        return self._process.wait()

    async def _announced(self) -> None:
        try:
            watched = os.pidfd_open(self.pid)
        except OSError:
            return
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        loop.add_reader(watched, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(watched)
            os.close(watched)

    def tell(self, sign: signal.Signals) -> None:
        """Tells the process itself; its children are its own affair."""
        if self._process.poll() is None:
            signal_quietly(self.pid, sign)

    def clear(self) -> None:
        """Ends whatever is left of its group."""
        signal_quietly(self.pid, signal.SIGKILL, group=True)

    async def end(self, ladder: Sequence[tuple[signal.Signals, float]]) -> None:
        """Ends it by one signal after another, waiting the seconds given after each, then for certain."""
        for sign, seconds in ladder:
            self.tell(sign)
            if await self._ended_within(seconds):
                break
        self.clear()
        await self._ended_within(2.0)

    async def _ended_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self.wait(), seconds)
        except TimeoutError:
            return False
        return True
