"""A system of one's own whose neighbours can be made sick: every part a process, a toll on each line between them."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg

from bench.houses import ROOT
from cli.database import migrate, seed
from cli.parts import APP_ROLE, OPS_ROLE
from cli.ports import free_port
from cli.postgres import SOCKET_NAME, EmbeddedPostgres
from cli.processes import guarded, signal_quietly, wait_until, working_in
from cli.temporal_server import EmbeddedTemporal
from tests.houses import plain, superuser_url
from tests.toll import Toll, grpc_calls, http_requests

# Everything is slower on a busy machine; what has no bound takes for ever.
PATIENCE_SECONDS = 60.0
# A throw-away server forgets its last commits when it is killed, which no server of a hotel may do.
COMMITS_ARE_KEPT = {"synchronous_commit": "on"}


@dataclass
class World:
    """What runs, and the lines between. Names of processes: api, worker, doubles."""

    folder: Path
    postgres: EmbeddedPostgres
    temporal: EmbeddedTemporal
    database_line: Toll
    temporal_line: Toll
    mail_line: Toll
    mail_port: int
    api_port: int
    metrics_port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def api(self) -> str:
        """The API's base address."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def double(self) -> str:
        """The mail double's base address, past the toll."""
        return f"http://127.0.0.1:{self.mail_port}"

    def environment(self) -> dict[str, str]:
        """What every part is told: its neighbours by way of the tolls."""
        host = Path(self.database_line.door).parent
        return {
            **os.environ,
            "HOLDFAST_HOME": str(self.folder / "home"),
            "HOLDFAST_APP_DATABASE_URL": f"postgresql+psycopg://{APP_ROLE}@/holdfast?host={host}",
            "HOLDFAST_OPS_DATABASE_URL": f"postgresql+psycopg://{OPS_ROLE}@/holdfast?host={host}",
            "TEMPORAL_ADDRESS": self.temporal_line.door,
            "HOLDFAST_PORT": str(self.api_port),
            "HOLDFAST_METRICS_PORT": str(self.metrics_port),
            "HOLDFAST_MAIL_DOUBLE_PORT": str(self.mail_port),
            "HOLDFAST_STRIPE_DOUBLE_PORT": "0",
            "POSTMARK_API_BASE": f"http://{self.mail_line.door}",
            "HOLDFAST_MAIL_WEBHOOK_URL": f"{self.api}/api/v1/webhooks/postmark",
            "HOLDFAST_LOG_LEVEL": "INFO",
        }

    def start(self, name: str, module: str) -> None:
        """Starts a part; its words go to a file of its name."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                guarded([sys.executable, "-m", module]), cwd=ROOT, env=self.environment(), stdout=log, stderr=log
            )

    def end(self, name: str, sign: signal.Signals = signal.SIGTERM) -> None:
        """Ends a part."""
        process = self.processes.pop(name, None)
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(sign)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def words(self, name: str) -> str:
        """What a part has said."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def ids(self) -> dict[str, int]:
        """The process of each part that is not to be started again."""
        return {name: process.pid for name, process in self.processes.items() if process.poll() is None}

    def command(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Runs one `holdfast` command against this world."""
        line = [sys.executable, "-m", "cli.main", *arguments]
        environment = {**self.environment(), **more}
        return subprocess.run(
            line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
        )

    def readiness(self) -> tuple[int, Mapping[str, str]]:
        """Status and parts of /readyz."""
        answer = httpx.get(f"{self.api}/readyz", timeout=PATIENCE_SECONDS)
        return answer.status_code, answer.json()["parts"]

    def is_ready(self) -> bool:
        """Whether everything is there."""
        try:
            return self.readiness()[0] == 200
        except httpx.TransportError:
            return False

    def await_ready(self) -> float:
        """Waits until the system says that it is ready; answers the seconds."""
        began = time.monotonic()
        assert wait_until(self.is_ready, PATIENCE_SECONDS, every=0.1), f"{self.readiness()}"
        return time.monotonic() - began

    @contextmanager
    def superuser(self) -> Iterator[psycopg.Connection]:
        """The server's superuser, past the toll; some connections are kept free for him."""
        with psycopg.connect(plain(superuser_url(self.postgres.url)), autocommit=True, connect_timeout=5) as db:
            yield db

    def signal_postgres(self, sign: signal.Signals) -> None:
        """Every process of the database server gets it."""
        for pid in working_in(self.postgres.data_dir):
            signal_quietly(pid, sign)

    def signal_temporal(self, sign: signal.Signals) -> None:
        """The Temporal server gets it."""
        assert self.temporal._process is not None
        signal_quietly(self.temporal._process.pid, sign)


def socket_line(postgres: EmbeddedPostgres, folder: Path) -> Toll:
    """A toll in front of a database server."""
    return Toll(str(postgres.socket_dir / SOCKET_NAME), str(folder / SOCKET_NAME))


@contextmanager
def sick_world(postgres: EmbeddedPostgres | None = None) -> Iterator[World]:
    """Everything runs, seeded, its worker's build current; all ends afterwards. postgres: one that runs already."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="holdfast-sick-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        (folder / "home").mkdir()
        if postgres is None:
            postgres = EmbeddedPostgres(folder / "postgres", fsync=False, more=COMMITS_ARE_KEPT)
            owner = postgres.start()
            stack.callback(postgres.stop)
            migrate(owner)
            seed(owner)
        temporal = EmbeddedTemporal(folder)
        temporal.start()
        stack.callback(temporal.stop)
        mail_port = free_port()
        world = World(
            folder,
            postgres,
            temporal,
            stack.enter_context(socket_line(postgres, folder)),
            stack.enter_context(Toll(temporal.address, counted=grpc_calls)),
            stack.enter_context(Toll(f"127.0.0.1:{mail_port}", counted=http_requests)),
            mail_port,
            free_port(),
            free_port(),
        )
        for name, module in (("doubles", "doubles.main"), ("worker", "worker.main"), ("api", "api.main")):
            stack.callback(world.end, name)
            world.start(name, module)
        done = world.command("activate", "--json")
        assert done.returncode == 0, done.stderr
        world.await_ready()
        yield world
