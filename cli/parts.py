"""The concrete parts of the local stack: commands, environments, readiness, and the order in which they end."""

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cli.builds import environment_folder, folder_of
from cli.home import MARK_VARIABLE, Home
from cli.ports import serves
from cli.postgres import EmbeddedPostgres
from cli.supervisor import Part
from cli.temporal_server import EmbeddedTemporal
from config.settings import Settings, child_environment

POSTGRES_RANK, TEMPORAL_RANK, DOUBLES_RANK, WORKER_RANK, API_RANK = range(5)
APP_ROLE, OPS_ROLE = "holdfast_app", "holdfast_ops"
# The double takes any test key; these open nothing elsewhere.
DEMO_STRIPE_KEY, DEMO_STRIPE_PUBLISHABLE_KEY = "sk_test_holdfast_demo", "pk_test_holdfast_demo"


def in_role(owner_address: str, role: str) -> str:
    """The owner's address with another role; the password, if there is one, is shared (migrations set it)."""
    address = urlsplit(owner_address)
    place = address.netloc.rpartition("@")[2]
    password = address.netloc.rpartition("@")[0].partition(":")[2]
    person = f"{role}:{password}" if password else role
    # A socket address has an empty host, which urlunsplit would drop with its slashes.
    return f"{address.scheme}://{person}@{place}{address.path}" + (f"?{address.query}" if address.query else "")


def python(*arguments: str) -> list[str]:
    """The command line of one of our modules."""
    return [sys.executable, "-m", *arguments]


@dataclass(frozen=True)
class Stack:
    """Everything that is known about one local stack before its first process starts."""

    settings: Settings
    home: Home
    postgres: EmbeddedPostgres | None
    temporal: EmbeddedTemporal | None

    @property
    def owner_address(self) -> str:
        """The address that only migrations and the seed may use."""
        return self.postgres.url if self.postgres else self.settings.database_url

    def ports(self) -> dict[str, int]:
        """Every TCP port that the stack is going to listen on, by the variable that moves it."""
        settings = self.settings
        wanted = {"HOLDFAST_PORT": settings.port, "HOLDFAST_METRICS_PORT": settings.metrics_port}
        if self.temporal is not None:
            wanted["HOLDFAST_TEMPORAL_PORT"] = settings.temporal_port
            wanted["HOLDFAST_TEMPORAL_UI_PORT"] = settings.temporal_ui_port
        if self.stands_in_for_mail:
            wanted["HOLDFAST_MAIL_DOUBLE_PORT"] = settings.mail_double_port
        if self.stands_in_for_stripe:
            wanted["HOLDFAST_STRIPE_DOUBLE_PORT"] = settings.stripe_double_port
        return wanted

    @property
    def runs_doubles(self) -> bool:
        """True while an outside service has to be stood in for."""
        return self.stands_in_for_mail or self.stands_in_for_stripe

    @property
    def stands_in_for_mail(self) -> bool:
        """True while no mail is really sent."""
        return not self.settings.postmark_token.get_secret_value()

    @property
    def stands_in_for_stripe(self) -> bool:
        """True while no payment provider is really asked."""
        return not self.settings.stripe_api_key.get_secret_value()

    def environment(self, *, owner: bool = False, **changes: str) -> dict[str, str]:
        """What a child gets: the addresses of this stack, and the owner's address only where it is the owner."""
        settings = self.settings
        given: dict[str, str | None] = {
            MARK_VARIABLE: self.home.mark,
            "HOLDFAST_HOME": str(self.home.folder),
            "DATABASE_URL": self.owner_address if owner else None,
            "HOLDFAST_APP_DATABASE_URL": settings.app_database_url or in_role(self.owner_address, APP_ROLE),
            "HOLDFAST_OPS_DATABASE_URL": settings.ops_database_url or in_role(self.owner_address, OPS_ROLE),
            "TEMPORAL_ADDRESS": settings.temporal_target,
            "TEMPORAL_NAMESPACE": settings.temporal_namespace,
            "PYTHONUNBUFFERED": "1",
            **changes,
        }
        webhooks = f"http://{settings.host}:{settings.port}/api/v1/webhooks"
        if self.stands_in_for_mail and not settings.postmark_api_base:
            given["POSTMARK_API_BASE"] = f"http://{settings.host}:{settings.mail_double_port}"
        if self.stands_in_for_mail and not settings.mail_webhook_url:
            given["HOLDFAST_MAIL_WEBHOOK_URL"] = f"{webhooks}/postmark"
        if self.stands_in_for_stripe:
            given |= {
                "STRIPE_API_KEY": DEMO_STRIPE_KEY,
                "STRIPE_PUBLISHABLE_KEY": settings.stripe_publishable_key or DEMO_STRIPE_PUBLISHABLE_KEY,
                "STRIPE_API_BASE": settings.stripe_api_base or f"http://{settings.host}:{settings.stripe_double_port}",
                "HOLDFAST_STRIPE_WEBHOOK_URL": settings.stripe_webhook_url or f"{webhooks}/stripe",
            }
        return child_environment(given)


def stack_of(settings: Settings, home: Home) -> Stack:
    """Decides what runs here and what is somebody else's."""
    postgres = None if settings.database_url else EmbeddedPostgres(home.folder / "postgres")
    temporal = None
    if not settings.temporal_address:
        temporal = EmbeddedTemporal(
            home.folder,
            host=settings.host,
            port=settings.temporal_port,
            ui_port=settings.temporal_ui_port,
            namespace=settings.temporal_namespace,
            program=settings.temporal_bin,
        )
    return Stack(settings, home, postgres, temporal)


def postgres_part(stack: Stack, server: EmbeddedPostgres) -> Part:
    """The embedded database. A dying parent makes it end at once; it recovers from its log at the next start."""

    async def ready() -> bool:
        return await asyncio.to_thread(server.is_ready)

    return Part(
        "postgres",
        server.command(),
        stack.environment(),
        rank=POSTGRES_RANK,
        ready=ready,
        before=server.prepare,
        stop=((signal.SIGINT, 3.0), (signal.SIGQUIT, 1.5)),
        death_signal=signal.SIGQUIT,
        identity=server.identity,
        folder=Path("/"),
    )


def temporal_part(stack: Stack, server: EmbeddedTemporal) -> Part:
    """The embedded Temporal server with its UI."""

    async def ready() -> bool:
        return await asyncio.to_thread(server.is_ready)

    # The server's language collects garbage at every doubling; more memory buys it a tenth of its processor time.
    environment = {"GOGC": "300", **stack.environment()}
    return Part("temporal", server.command(), environment, rank=TEMPORAL_RANK, ready=ready, ends_silently=True)


def doubles_part(stack: Stack) -> Part:
    """The stand-ins of outside services, in one process."""
    settings = stack.settings

    # What is really asked is not stood in for: its double gets no port.
    mail_port = settings.mail_double_port if stack.stands_in_for_mail else 0
    stripe_port = settings.stripe_double_port if stack.stands_in_for_stripe else 0
    environment = stack.environment(
        HOLDFAST_MAIL_DOUBLE_PORT=str(mail_port), HOLDFAST_STRIPE_DOUBLE_PORT=str(stripe_port)
    )

    async def ready() -> bool:
        return all([await serves(settings.host, port, "/") for port in (mail_port, stripe_port) if port])

    return Part(
        "doubles",
        python("doubles.main"),
        environment,
        rank=DOUBLES_RANK,
        ready=ready,
        stop=((signal.SIGTERM, 1.5),),
    )


def worker_part(stack: Stack) -> Part:
    """The worker of this build."""
    settings = stack.settings

    async def ready() -> bool:
        return settings.metrics_port == 0 or await serves(settings.host, settings.metrics_port, "/metrics")

    return Part("worker", python("worker.main"), stack.environment(), rank=WORKER_RANK, ready=ready)


def older_worker_part(stack: Stack, build_id: str) -> Part:
    """The worker of an older build, from its source copy, for the bookings that still wait for it."""
    copy = folder_of(stack.home.folder, build_id)
    environment = environment_folder(stack.home.folder, build_id)
    program = str(environment / "bin" / "python") if environment else sys.executable
    return Part(
        f"worker-{build_id[:6]}",
        [program, "-m", "worker.main"],
        stack.environment(HOLDFAST_METRICS_PORT="0", PYTHONPATH=str(copy)),
        rank=WORKER_RANK,
        folder=copy,
    )


def api_part(stack: Stack) -> Part:
    """Web and API. It gets a signal that it can pass on to its own processes when the parent dies."""
    settings = stack.settings

    async def ready() -> bool:
        return await serves(settings.host, settings.port, "/readyz")

    return Part(
        "api",
        python("api.main"),
        stack.environment(),
        rank=API_RANK,
        ready=ready,
        stop=((signal.SIGTERM, 3.5),),
        death_signal=signal.SIGTERM,
    )


def own_command(*arguments: str) -> list[str]:
    """The command line of one `holdfast` command, for a step of the start."""
    return python("cli.main", *arguments)
