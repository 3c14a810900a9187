"""The embedded Temporal server with its UI: the real one, from the package index, with a database file."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cli.ports import free_port
from cli.processes import StackTrouble, end, guarded, wait_until
from messages.names import SEARCH_ATTRIBUTES

DYNAMIC_CONFIG = {
    # Tests let one booking's clock run ahead; the key was renamed between server versions, so both are given.
    "frontend.WorkflowTimeSkippingEnabled": "true",
    "system.workflowTimeSkippingEnabled": "true",
}
# Of the server's own file: a commit is one write to a log (docs/decisions/0016).
SQLITE = {"journal_mode": "wal", "synchronous": "normal"}
START_SECONDS = 30.0


def temporal_program(configured: str = "") -> str:
    """Path of the `temporal` program: the configured one, else the package's, else the one on PATH."""
    if configured:
        if not Path(configured).is_file():
            raise StackTrouble(f"TEMPORAL_BIN names {configured}, which does not exist")
        return configured
    beside = Path(sys.executable).with_name("temporal")
    found = str(beside) if beside.is_file() else shutil.which("temporal")
    if found is None:
        raise StackTrouble("no temporal program found: install temporal-bin, or set TEMPORAL_BIN or TEMPORAL_ADDRESS")
    return found


class EmbeddedTemporal:
    """One embedded server. `home=None` keeps nothing; `port=0` takes a free one; `ui_port=None` means no UI.
    dynamic_config: the server's own settings, beside or in place of the house's.

    `start()` and `stop()` serve tests; the supervisor uses `command()` and `is_ready()` and owns the process.
    """

    def __init__(
        self,
        home: Path | None,
        *,
        port: int = 0,
        ui_port: int | None = None,
        host: str = "127.0.0.1",
        namespace: str = "default",
        program: str = "",
        dynamic_config: Mapping[str, str] | None = None,
    ) -> None:
        self.dynamic_config = {**DYNAMIC_CONFIG, **(dynamic_config or {})}
        self.home = home
        self.host = host
        self.port = port or free_port(host)
        self.ui_port = ui_port
        self.namespace = namespace
        self.program = temporal_program(program)
        self._process: subprocess.Popen[bytes] | None = None
        self._log: Path | None = None

    @property
    def address(self) -> str:
        """host:port of the gRPC frontend."""
        return f"{self.host}:{self.port}"

    def command(self) -> list[str]:
        """The server's command line, without the guard."""
        line = [
            self.program, "server", "start-dev", "--ip", self.host, "--port", str(self.port),
            "--log-level", "warn", "--log-format", "json",
        ]  # fmt: skip
        if self.ui_port is None:
            line.append("--headless")
        else:
            line += ["--ui-port", str(self.ui_port), "--ui-disable-news-fetch"]
        if self.home is not None:
            line += ["--db-filename", str(self.home.absolute() / "temporal.db")]
            for pragma, value in SQLITE.items():
                line += ["--sqlite-pragma", f"{pragma}={value}"]
        if self.namespace != "default":
            line += ["--namespace", self.namespace]
        for key, value in self.dynamic_config.items():
            line += ["--dynamic-config-value", f"{key}={value}"]
        for name, kind in SEARCH_ATTRIBUTES.items():
            line += ["--search-attribute", f"{name}={kind}"]
        return line

    def is_ready(self) -> bool:
        """True when the namespace answers and has every search attribute."""
        return not self.missing_search_attributes()

    def missing_search_attributes(self) -> set[str]:
        """Names that the server does not (yet) know; all of them while it does not answer."""
        line = [
            self.program, "operator", "search-attribute", "list", "-o", "json",
            "--address", self.address, "--namespace", self.namespace, "--client-connect-timeout", "2s",
        ]  # fmt: skip
        try:
            done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=5)
            known = json.loads(done.stdout)["customAttributes"] if done.returncode == 0 else {}
        except (subprocess.TimeoutExpired, ValueError, KeyError):
            known = {}
        return set(SEARCH_ATTRIBUTES) - set(known)

    def start(self) -> str:
        """Starts the server and answers `host:port`; raises StackTrouble after 30 s without success."""
        if self.home is not None:
            self.home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix="holdfast-temporal-", suffix=".log", delete=False) as log:
            self._log = Path(log.name)
            self._process = process = subprocess.Popen(
                guarded(self.command()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        wait_until(lambda: process.poll() is not None or self.is_ready(), START_SECONDS, every=0.05)
        if process.poll() is not None or not self.is_ready():
            words = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
            self.stop()
            raise StackTrouble(
                f"Temporal did not start on {self.address}; its last words: {' / '.join(words) or 'none'}"
            )
        return self.address

    def stop(self) -> None:
        """Ends the server. Never started is no trouble."""
        if self._process is not None:
            end(self._process, [(signal.SIGTERM, 6)])
            self._process = None
        if self._log is not None:
            self._log.unlink(missing_ok=True)
            self._log = None
