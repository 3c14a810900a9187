"""`holdfast up`: the whole system on this machine, in the foreground, until Ctrl-C."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Awaitable, Coroutine
from pathlib import Path
from typing import Any

from cli.builds import environment_folder, folder_of, is_complete
from cli.console import Console
from cli.demo_account import HOTEL, NoAccount, open_demo_account
from cli.home import Home
from cli.parts import (
    Stack,
    api_part,
    doubles_part,
    older_worker_part,
    own_command,
    postgres_part,
    stack_of,
    temporal_part,
    worker_part,
)
from cli.ports import answers, refuse_taken
from cli.processes import StackTrouble
from cli.supervisor import Supervisor
from config.settings import Settings, UnsafeSettings
from messages.build import LOCK_FILE

DEMO_HOTELS = ("ribeira", "hudson", "malabar", "kamo", "lagoon")
DEMO_ROLES = ("frontdesk", "manager", "admin")
DEMO_PASSWORD = "holdfast-demo"  # noqa: S105 - printed for everybody in demo mode, refused outside it.
MOST_OLDER_WORKERS = 2
BOOTSTRAP = Path(__file__).with_name("bootstrap.sh")
LOOK_AT_OLDER_SECONDS = 60.0
STOP_SECONDS = 12.0
SAME_WISH_SECONDS = 1.0


def up(settings: Settings) -> int:
    """Runs the stack until a signal; answers the exit status: 0 after an orderly end, 1 after a trouble."""
    home = Home(settings.home)
    console = Console()
    try:
        _refuse_unsafe(settings)
        home.take()
        if home.end_leftovers():
            console.say("ended what an earlier, killed run had left")
        stack = stack_of(settings, home)
        refuse_taken(settings.host, stack.ports())
        return asyncio.run(_Up(stack, console).run())
    except StackTrouble as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    finally:
        # A process that left its group and its parent would still carry the home's mark.
        home.end_leftovers()
        home.release()


def _refuse_unsafe(settings: Settings) -> None:
    """What every part would refuse by itself, said once and before anything is started."""
    try:
        settings.check_safe()
    except UnsafeSettings as unsafe:
        raise StackTrouble(str(unsafe)) from None


class _Up:
    """One run of the stack."""

    def __init__(self, stack: Stack, console: Console) -> None:
        self._stack = stack
        self._console = console
        self._supervisor = Supervisor(console)
        self._asked_to_stop = asyncio.Event()
        self._asked_to_stop_at = 0.0
        self._begun = 0.0
        self._older: list[dict[str, Any]] = []

    async def run(self) -> int:
        """Starts, stays, ends. A signal while starting ends what has been started."""
        loop = asyncio.get_running_loop()
        self._begun = loop.time()
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(sign, self._on_signal)
        life = asyncio.create_task(self._live())
        stop = asyncio.create_task(self._asked_to_stop.wait())
        await asyncio.wait([life, stop], return_when=asyncio.FIRST_COMPLETED)
        trouble = life.exception() if life.done() and not life.cancelled() else None
        await _put_away(life, stop)
        await self._stop()
        if trouble is None:
            return 0
        if isinstance(trouble, StackTrouble):
            raise trouble
        raise StackTrouble(f"unexpected trouble: {trouble!r}") from trouble

    def _on_signal(self) -> None:
        """The first signal asks for an orderly end; a person who asks again will not wait for it.

        One Ctrl-C may arrive twice, from the terminal and from a program such as make or uv that passes it on.
        """
        now = asyncio.get_running_loop().time()
        if not self._asked_to_stop.is_set():
            self._asked_to_stop_at = now
            self._asked_to_stop.set()
        elif now - self._asked_to_stop_at > SAME_WISH_SECONDS:
            self._supervisor.kill()

    async def _stop(self) -> None:
        running = self._supervisor.running()
        if running:
            self._console.say(f"ending {', '.join(running)}")
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._supervisor.stop()
        except TimeoutError:
            self._supervisor.kill()
        if self._stack.postgres is not None:
            self._stack.postgres.stop()

    async def _live(self) -> None:
        """The order of a start; what does not need each other is started at once.

        The API comes last: until a worker polls and its build is current, nobody would take up a booking.
        """
        await _together(self._open_database(), self._open_temporal(), self._open_doubles())
        await _together(self._supervisor.start(worker_part(self._stack)), self._make_current())
        await self._supervisor.start(api_part(self._stack))
        await self._open_demo_account()
        self._tell()
        await self._see_older_builds_out()
        await asyncio.Event().wait()

    async def _open_database(self) -> None:
        stack, supervisor = self._stack, self._supervisor
        if stack.postgres is not None:
            await supervisor.start(postgres_part(stack, stack.postgres))
            await asyncio.to_thread(stack.postgres.ensure_database)
        else:
            self._console.say("DATABASE_URL is set, so no Postgres is started here")
        wanted = ["migrate", "--seed"] if stack.settings.demo else ["migrate"]
        await supervisor.step("migrate", own_command(*wanted), stack.environment(owner=True))

    async def _open_temporal(self) -> None:
        stack = self._stack
        if stack.temporal is not None:
            await self._supervisor.start(temporal_part(stack, stack.temporal))
            return
        self._console.say("TEMPORAL_ADDRESS is set, so no Temporal server is started here")
        host, _, port = stack.settings.temporal_address.rpartition(":")
        if not port.isdigit() or not await asyncio.to_thread(answers, host, int(port), seconds=5.0):
            raise StackTrouble(
                f"Temporal does not answer on TEMPORAL_ADDRESS={stack.settings.temporal_address}; "
                "start it, correct the address, or unset it to run one here"
            )
        await self._supervisor.step("temporal", own_command("temporal"), stack.environment())

    async def _open_doubles(self) -> None:
        if not self._stack.stands_in_for_mail:
            self._console.say("POSTMARK_TOKEN is set, so mail is really sent")
        if not self._stack.stands_in_for_stripe:
            self._console.say("STRIPE_API_KEY is set, so Stripe itself is asked")
        if self._stack.runs_doubles:
            await self._supervisor.start(doubles_part(self._stack))

    async def _make_current(self) -> None:
        """Makes this build the current one, and notes the older builds that still have open bookings."""
        answer = await self._supervisor.ask("activate", own_command("activate", "--json"), self._stack.environment())
        report = json.loads(answer)
        if report["before"] not in {"", report["current"]}:
            self._console.say(f"build {report['current']} is current now; it was {report['before']}")
        self._older = report["older"]

    async def _open_demo_account(self) -> None:
        """One house of the demo has an account of its own. A trouble here is told and ends nothing."""
        settings = self._stack.settings
        if not (settings.demo and self._stack.stands_in_for_stripe):
            return
        api, email = f"http://{settings.host}:{settings.port}", f"admin@{HOTEL}.example"
        double = f"http://{settings.host}:{settings.stripe_double_port}"
        try:
            if await asyncio.to_thread(open_demo_account, api, double, email, DEMO_PASSWORD):
                self._console.say(f"{HOTEL} is paid on an account of its own at the payment stand-in")
        except NoAccount as trouble:
            self._console.say(f"{HOTEL}'s own account could not be made ready ({trouble}); see docs/rules/connect.md")

    def _tell(self) -> None:
        settings = self._stack.settings
        seconds = asyncio.get_running_loop().time() - self._begun
        rows = [("start page", settings.base_url), ("API docs", f"{settings.base_url}/api/docs")]
        if settings.inbox_url:
            rows.append(("mail inbox", settings.inbox_url))
        if settings.payments_url:
            rows.append(("payments", settings.payments_url))
        if self._stack.temporal is not None or settings.temporal_ui_url:
            rows.append(("Temporal UI", settings.temporal_ui))
        if settings.metrics_port:
            rows.append(("metrics", f"http://{settings.host}:{settings.metrics_port}/metrics (worker)"))
            rows.append(("", f"{settings.base_url}/metrics (API)"))
        rows.append(("data", str(self._stack.home.folder)))
        self._console.table(f"Holdfast runs (started in {seconds:.1f} s)", rows)
        if settings.demo:
            first, *others = DEMO_ROLES
            logins = [(f"{first}@{slug}.example", DEMO_PASSWORD) for slug in DEMO_HOTELS]
            self._console.table(f"Demo logins (also {' and '.join(f'{role}@' for role in others)})", logins)
        self._console.ready()

    async def _see_older_builds_out(self) -> None:
        """Runs at most two older builds' workers, wakes their bookings, and ends each worker when none is left.

        The system serves by now, so a trouble here is told and ends nothing.
        """
        started: set[str] = set()
        for build in self._older:
            build_id, waiting = build["build_id"], f"{build['open']} open bookings began on build {build['build_id']}"
            if not build["has_copy"]:
                self._console.say(f"{waiting}, whose source copy is missing: they wait; run `holdfast doctor`")
            elif len(started) < MOST_OLDER_WORKERS and await self._tried(self._run_older(build_id, waiting)):
                started.add(build_id)
        if self._older:
            renewal = self._supervisor.step("renew", own_command("renew"), self._stack.environment(), seconds=3600.0)
            await self._tried(renewal)
        while started:
            await asyncio.sleep(LOOK_AT_OLDER_SECONDS)
            await self._tried(self._end_idle(started))

    async def _tried(self, chapter: Coroutine[Any, Any, object]) -> bool:
        try:
            await chapter
        except StackTrouble as trouble:
            self._console.say(f"older builds: {trouble}; run `holdfast doctor`")
            return False
        return True

    async def _run_older(self, build_id: str, waiting: str) -> None:
        await self._prepare_packages(build_id)
        part = older_worker_part(self._stack, build_id)
        self._console.say(f"{waiting}: {part.name} runs")
        await self._supervisor.start(part)

    async def _end_idle(self, started: set[str]) -> None:
        environment = self._stack.environment()
        report = json.loads(await self._supervisor.ask("builds", own_command("builds", "--json"), environment))
        for build_id in started - {build["build_id"] for build in report["older"]}:
            self._console.say(f"build {build_id} has no open bookings any more")
            await self._supervisor.end(older_worker_part(self._stack, build_id).name)
            started.discard(build_id)

    async def _prepare_packages(self, build_id: str) -> None:
        """An older build whose lock file differs gets the packages that it was made with, once."""
        folder = environment_folder(self._stack.home.folder, build_id)
        if folder is None or is_complete(folder):
            return
        self._console.say(f"installing the packages of build {build_id} into {folder}")
        lock = folder_of(self._stack.home.folder, build_id) / LOCK_FILE
        command = ["/bin/sh", str(BOOTSTRAP), "environment", str(lock), str(folder)]
        await self._supervisor.step("packages", command, self._stack.environment(), seconds=600.0)


async def _together(*chapters: Coroutine[Any, Any, None]) -> None:
    """Runs them at once; the first trouble stops the others and is the one that is told."""
    tasks = [asyncio.create_task(chapter) for chapter in chapters]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        await _put_away(*tasks)


async def _put_away(*tasks: "asyncio.Task[Any]") -> None:
    for task in tasks:
        task.cancel()
    waiting: list[Awaitable[Any]] = list(tasks)
    with contextlib.suppress(BaseException):
        await asyncio.gather(*waiting, return_exceptions=True)
