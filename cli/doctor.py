"""`holdfast doctor`: looks at every part of the system and tells what is up, what is wrong and how to mend it."""

import asyncio
import importlib.metadata
import re
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cli.configuration import read_settings
from cli.doctor_database import look_at_database
from cli.doctor_temporal import look_at_temporal
from cli.findings import Report, timed
from cli.home import Home
from cli.ports import answers, serves
from config.settings import DEMO_SECRET, Settings
from messages.build import LOCK_FILE, ROOT

LEAST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 500 * 1024 * 1024
# Certificates, offers and open_before all break on a clock that is years off; the tree itself is younger than this.
EARLIEST_YEAR = 2026
NOTHING_RUNS = "nothing is running here: make run"


def doctor(say: Callable[[str], None], *, as_json: bool = False) -> int:
    """Prints the findings; answers 0 when all is well, 1 otherwise."""
    settings = read_settings()
    report = asyncio.run(visit(settings))
    if as_json:
        say(report.as_json())
    else:
        for line in report.lines():
            say(line)
    return 0 if report.well else 1


async def visit(settings: Settings) -> Report:
    """Looks at everything; at the parts only where they are expected: on a running home, or elsewhere by address."""
    report = Report()
    look_at_machine(settings, report)
    look_at_secrets(settings, report)
    holder = Home(settings.home).holder()
    if not holder and not _runs_elsewhere(settings):
        report.bad("stack", f"no `holdfast up` runs on {settings.home}", NOTHING_RUNS)
        return report
    report.good("stack", f"`holdfast up` is process {holder}" if holder else "the parts run elsewhere")
    await look_at_database(settings, report)
    await look_at_temporal(settings, report)
    await look_at_services(settings, report)
    return report


def _runs_elsewhere(settings: Settings) -> bool:
    """True when addresses name parts that `up` does not run, or the API answers without it."""
    return bool(settings.database_url or settings.temporal_address) or answers(settings.host, settings.port)


def look_at_machine(settings: Settings, report: Report) -> None:
    """Python, packages, clock, disk."""
    version = ".".join(map(str, sys.version_info[:3]))
    report.judge("python", sys.version_info >= LEAST_PYTHON, version, "install Python 3.11 or newer, then `make run`")
    differing = differing_packages((ROOT / LOCK_FILE).read_text(encoding="utf-8"))
    detail = ", ".join(differing) if differing else "as requirements.lock says"
    report.judge("packages", not differing, detail, "run `touch requirements.lock && make setup`")
    now = datetime.now(UTC)
    report.judge("clock", now.year >= EARLIEST_YEAR, f"{now:%Y-%m-%d %H:%M:%S}Z", "set this machine's clock (NTP)")
    free = shutil.disk_usage(_existing(settings.home.absolute())).free
    report.judge(
        "disk",
        free >= LEAST_FREE_BYTES,
        f"{free / 1024**3:.1f} GiB free at {settings.home}",
        "free some space, or move HOLDFAST_HOME to a larger disk",
    )


def look_at_secrets(settings: Settings, report: Report) -> None:
    """Outside demo mode the public demo secret would let anybody sign offers and guest links."""
    demo_secret = settings.secret_key.get_secret_value() == DEMO_SECRET
    report.judge(
        "secret key",
        settings.demo or not demo_secret,
        "the public demo key" if demo_secret else "one of your own",
        "set HOLDFAST_SECRET_KEY to a long random text",
    )


def differing_packages(lock: str) -> list[str]:
    """Installed packages whose version is not a locked one. Ones that this platform does not need are absent;
    one package may be locked in several versions, each for some Pythons.
    """
    locked: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", lock, flags=re.MULTILINE):
        locked.setdefault(name, set()).add(version)
    differing = []
    for name, wanted in locked.items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if installed not in wanted:
            differing.append(f"{name} {installed} (locked {' or '.join(sorted(wanted))})")
    return differing


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


async def look_at_services(settings: Settings, report: Report) -> None:
    """API, worker and the stand-ins, by what they answer over HTTP."""
    with timed() as watch:
        alive = await serves(settings.host, settings.port, "/healthz")
    report.judge(
        "api", alive, settings.base_url, f"nothing answers /healthz on port {settings.port}: make run", took_ms=watch.ms
    )
    if alive:
        with timed() as watch:
            ready = await serves(settings.host, settings.port, "/readyz")
        detail = "serves requests" if ready else "not ready"
        report.judge(
            "api readiness", ready, detail, "see the lines marked WRONG above; the api follows", took_ms=watch.ms
        )
    if settings.metrics_port:
        where = f"http://{settings.host}:{settings.metrics_port}/metrics"
        with timed() as watch:
            works = await serves(settings.host, settings.metrics_port, "/metrics")
        mend = "see the worker's log lines; `make run` restarts it"
        report.judge("worker", works, where, mend, took_ms=watch.ms)
    if settings.inbox_url:
        with timed() as watch:
            stands_in = await serves(settings.host, settings.mail_double_port, "/")
        mend = "see the doubles' log lines, or set POSTMARK_TOKEN to send real mail"
        report.judge("mail inbox", stands_in, settings.inbox_url, mend, took_ms=watch.ms)
    if settings.payments_url:
        with timed() as watch:
            stands_in = await serves(settings.host, settings.stripe_double_port, "/")
        mend = "see the doubles' log lines, or set STRIPE_API_KEY to ask Stripe itself"
        report.judge("payments", stands_in, settings.payments_url, mend, took_ms=watch.ms)
