"""The data folder: one stack at a time, and nothing left over of a stack that was killed."""

import fcntl
import os
import signal
from pathlib import Path
from typing import IO

from cli.processes import StackTrouble, carrying, end_all

LOCK_NAME = "up.lock"
MARK_VARIABLE = "HOLDFAST_STACK"


class Home:
    """HOLDFAST_HOME, held by one `holdfast up` at a time.

    The lock is the kernel's, so it ends with the process that holds it, however that ends.
    """

    def __init__(self, folder: Path, *, patience_seconds: float = 4.0) -> None:
        self.folder = folder.absolute()
        self._patience_seconds = patience_seconds
        self._lock: IO[str] | None = None

    @property
    def mark(self) -> str:
        """The value of MARK_VARIABLE by which every process of this home's stack is known."""
        return str(self.folder)

    def take(self) -> None:
        """Takes the home or raises StackTrouble that names who has it; then ends what a killed run left."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / LOCK_NAME).open("a+", encoding="utf-8")
        except OSError as trouble:
            raise StackTrouble(
                f"cannot use {self.folder}: {trouble.strerror}; set HOLDFAST_HOME to another folder"
            ) from trouble
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as trouble:
            lock.close()
            raise StackTrouble(
                f"another `holdfast up` (process {self.holder() or 'unknown'}) runs on {self.folder}; "
                "stop it, or set HOLDFAST_HOME and the ports to others"
            ) from trouble
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def end_leftovers(self) -> bool:
        """Ends processes of this home that outlived their `up`; says whether there were any.

        Most follow their parent by themselves within a moment, so they are given one first. Only the holder of the
        home may do this: for anybody else these are the parts of a stack that runs.
        """
        if self._lock is None or not self._leftovers():
            return False
        end_all(self._leftovers, [(None, self._patience_seconds), (signal.SIGTERM, 2.0), (signal.SIGKILL, 2.0)])
        return True

    def release(self) -> None:
        """Gives the home back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def holder(self) -> int | None:
        """Process id of the stack that runs on this home, or nothing."""
        path = self.folder / LOCK_NAME
        try:
            with path.open("r+", encoding="utf-8") as lock:
                words = lock.read().split()
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return int(words[0]) if words and words[0].isdigit() else 0
        except OSError:
            return None
        return None

    def _leftovers(self) -> list[int]:
        return carrying(f"{MARK_VARIABLE}={self.mark}")
