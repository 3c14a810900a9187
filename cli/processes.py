"""What the local stack needs to know about processes: starting guarded ones, finding and ending leftovers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")


class StackTrouble(Exception):
    """A trouble of the local stack that a person can mend; its text names it and says how."""


def guarded(
    command: Iterable[str], *, death_signal: signal.Signals = signal.SIGKILL, identity: str = "same"
) -> list[str]:
    """The command line that runs `command` so that it gets `death_signal` when this process ends.

    Must be spawned from the main thread: the kernel watches the thread that spawned, not the process.
    """
    return [
        sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), str(int(death_signal)), identity, *command,
    ]  # fmt: skip


def wait_until(condition: Callable[[], bool], seconds: float, *, every: float = 0.03) -> bool:
    """Looks at `condition` until it is true or `seconds` have passed; says whether it became true."""
    give_up_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= give_up_at:
            return False
        time.sleep(every)
    return True


def living(pid: int) -> bool:
    """True while that process runs; one that has ended and only waits to be collected does not (Linux)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}


def carrying(mark: str) -> list[int]:
    """Ids of the living processes, but this one, with `mark` (NAME=value) in their environment (Linux)."""
    wanted = mark.encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            lines = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        pid = int(folder.name)
        if wanted in lines and pid != os.getpid() and living(pid):
            found.append(pid)
    return found


def end_all(find: Callable[[], list[int]], ladder: Iterable[tuple[signal.Signals | None, float]]) -> bool:
    """Ends the processes that `find` names, one signal after another with seconds to wait; says whether all ended.

    No signal means to wait only: what follows its parent into death needs a moment.
    """
    for sign, seconds in ladder:
        for pid in find() if sign is not None else []:
            signal_quietly(pid, sign or signal.SIGKILL)
        if wait_until(lambda: not find(), seconds):
            return True
    return False


def signal_quietly(pid: int, sign: signal.Signals, *, group: bool = False) -> None:
    """Sends a signal to a process, or to its group; one that has gone in the meantime is no trouble."""
    try:
        (os.killpg if group else os.kill)(pid, sign)
    except (ProcessLookupError, PermissionError):
        return


def working_in(folder: Path) -> list[int]:
    """Ids of the processes whose working directory is `folder` (Linux; elsewhere empty).

    Every process of a Postgres server works in its data folder, so this finds its orphans too.
    """
    target = str(folder.resolve())
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if os.readlink(link) == target:
                found.append(int(link.parent.name))
        except OSError:
            continue
    return found


def end(process: subprocess.Popen[bytes], ladder: Iterable[tuple[signal.Signals, float]]) -> int:
    """Ends a child by one signal after another, waiting the given seconds after each; answers its status."""
    for sign, seconds in ladder:
        if process.poll() is not None:
            break
        process.send_signal(sign)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    if process.poll() is None:
        process.kill()
    return process.wait()
