"""One real Postgres and one real Temporal server for a whole test run.

The run's first process starts a keeper (this file as a program). Test processes ask it over a socket; it starts a
server when the first one asks for it, and ends both when the run ends, whichever way it ends: the keeper is told to go,
or the kernel tells it because its parent has ended.
"""

import asyncio
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from cli.processes import StackTrouble, guarded, wait_until

if TYPE_CHECKING:
    from cli.postgres import EmbeddedPostgres
    from cli.temporal_server import EmbeddedTemporal

ROOT = Path(__file__).resolve().parent.parent
OPEN_SECONDS = 60.0
ANSWER_SECONDS = 300.0
END_SECONDS = 20.0
DOOR = "keeper.sock"
# Two failed tasks in a row tell of a parked story here, not five, which the server takes a minute for.
PARKED_SOON = {"system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": "2"}
# Every process of a run has API processes of its own on the one server.
FOR_ALL = {"max_connections": "400"}


class Keeper:
    """The run's handle on its keeper; only the process that started the run holds one."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="holdfast-tests-"))
        # A group of its own, so that Ctrl-C reaches pytest alone, which then ends the keeper in order.
        self._process = subprocess.Popen(
            guarded([sys.executable, "-m", "tests.keeper", str(self.folder)], death_signal=signal.SIGTERM),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            process_group=0,
        )

    def end(self) -> None:
        """Ends the keeper with its servers, and removes what they wrote."""
        self._process.terminate()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def ask(folder: Path, what: str) -> str:
    """Asks the run's keeper for `postgres` (owner's address) or `temporal` (host:port), starting it if needed."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(ANSWER_SECONDS)
        if not wait_until(lambda: _is_open(line, folder / DOOR), OPEN_SECONDS):
            raise StackTrouble("the keeper of the test servers did not start")
        line.sendall(f"{what}\n".encode())
        with line.makefile("r") as words:
            answer = json.loads(words.readline())
    if "trouble" in answer:
        raise StackTrouble(answer["trouble"])
    return str(answer["address"])


def _let_logins_be_cheap(owner_url: str) -> None:
    """Demo passwords with the least work: at the real cost, the suite's logins take two minutes of a core."""
    import psycopg
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    from store.seed import PASSWORD
    from tests.houses import plain

    least = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])
    with psycopg.connect(plain(owner_url)) as db:
        db.execute("UPDATE staff SET password_hash = %s", [least.hash(PASSWORD)])


def _is_open(line: socket.socket, door: Path) -> bool:
    try:
        line.connect(str(door))
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    return True


class _Servers:
    """Each server from its first use to the end of the run.

    What they need is imported at their first use too, because most runs of a few tests ask for neither.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.addresses: dict[str, str] = {}
        self._postgres: EmbeddedPostgres | None = None
        self._temporal: EmbeddedTemporal | None = None

    def address(self, what: str) -> str:
        if what not in self.addresses:
            self.addresses[what] = self._start_postgres() if what == "postgres" else self._start_temporal()
        return self.addresses[what]

    def _start_postgres(self) -> str:
        """Starts it, and makes its database the template that every test process copies."""
        from cli.database import migrate
        from cli.postgres import EmbeddedPostgres
        from store.seed import seed

        self._postgres = EmbeddedPostgres(self.folder / "postgres", fsync=False, more=FOR_ALL)
        url = self._postgres.start()
        migrate(url)
        asyncio.run(seed(url))
        _let_logins_be_cheap(url)
        return url

    def _start_temporal(self) -> str:
        from cli.temporal_server import EmbeddedTemporal

        self._temporal = EmbeddedTemporal(None, dynamic_config=PARKED_SOON)
        return self._temporal.start()

    def end(self) -> None:
        if self._temporal is not None:
            self._temporal.stop()
        if self._postgres is not None:
            self._postgres.stop()
            shutil.rmtree(self._postgres.data_dir, ignore_errors=True)


def keep(folder: Path) -> None:
    """Answers test processes one after another until told to go."""
    signal.signal(signal.SIGTERM, _leave)
    servers = _Servers(folder)
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(folder / DOOR))
            door.listen(64)
            while True:
                line, _ = door.accept()
                with line, line.makefile("rw") as words:
                    _answer(servers, words)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        servers.end()
        shutil.rmtree(folder, ignore_errors=True)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _answer(servers: _Servers, words: TextIO) -> None:
    """Whatever the trouble is, the test that asked is told of it; one that has gone meanwhile is not waited for."""
    what = words.readline().strip()
    try:
        answer = {"address": servers.address(what)}
    except Exception as trouble:
        answer = {"trouble": f"{what} did not start: {trouble!r}"}
    try:
        words.write(json.dumps(answer) + "\n")
        words.flush()
    except OSError:
        return


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
