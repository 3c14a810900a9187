"""Where a replay runs: a system of its own in a temporary home, or the one that runs already."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM
from subprocess import Popen

from cli.database import owner_address
from cli.parts import own_command
from cli.ports import free_ports
from cli.postgres import owner_url
from cli.processes import StackTrouble, end, guarded, wait_until
from config.settings import Settings, child_environment

START_SECONDS = 180.0
LAST_LINES = 15
NOT_OURS = (
    "DATABASE_URL", "HOLDFAST_APP_DATABASE_URL", "HOLDFAST_OPS_DATABASE_URL", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE",
    "POSTMARK_TOKEN", "POSTMARK_API_BASE", "HOLDFAST_MAIL_WEBHOOK_URL", "HOLDFAST_MAIL_INBOX_URL",
    "STRIPE_API_KEY", "STRIPE_API_BASE", "HOLDFAST_STRIPE_WEBHOOK_URL", "HOLDFAST_STRIPE_DOUBLE_URL",
    "HOLDFAST_PUBLIC_URL", "HOLDFAST_TEMPORAL_UI_URL", "HOLDFAST_HOST", "HOLDFAST_PUBLISHED_ON",
)  # fmt: skip


@dataclass(frozen=True)
class System:
    """Addresses of what runs. owner_address: of the database's owner, who seeds the hotel."""

    base_url: str
    temporal: str
    namespace: str
    owner_address: str


def running_system(settings: Settings) -> System:
    """The one that this environment names. Errors: StackTrouble where it does not run."""
    return System(settings.base_url, settings.temporal_target, settings.temporal_namespace, owner_address(settings))


@contextmanager
def own_system() -> Iterator[System]:
    """Starts `holdfast up` on free ports in a home that is thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="holdfast-replay-", ignore_cleanup_errors=True) as folder:
        home, log = Path(folder) / "home", Path(folder) / "log"
        ports = free_ports()
        environment = child_environment({
            **dict.fromkeys(NOT_OURS, None), **ports, "HOLDFAST_HOME": str(home), "HOLDFAST_DEMO": "true",
            "HOLDFAST_LOG_LEVEL": "WARNING",
        })  # fmt: skip
        with log.open("wb") as output:
            up = Popen(guarded(own_command("up"), death_signal=SIGTERM), env=environment, stdout=output, stderr=output)
        try:
            wait_until(lambda: up.poll() is not None or "ready" in _lines(log), START_SECONDS, every=0.1)
            if "ready" not in _lines(log):
                words = "\n".join(_lines(log)[-LAST_LINES:])
                raise StackTrouble(f"the replay's own system did not start; its last words:\n{words}")
            yield System(
                f"http://127.0.0.1:{ports['HOLDFAST_PORT']}",
                f"127.0.0.1:{ports['HOLDFAST_TEMPORAL_PORT']}",
                "default",
                owner_url(home / "postgres"),
            )
        finally:
            end(up, [(SIGINT, 20.0), (SIGTERM, 5.0), (SIGKILL, 5.0)])


def _lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8", errors="replace").splitlines()
