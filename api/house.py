"""What the routes are handed: the parts of one API process, put together in api/app.py."""

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as default
from datetime import UTC, datetime
from typing import Protocol

from fastapi import Request

from api.census import Census
from api.errands import Errands
from api.front_desk import FrontDesk
from api.health import Health
from api.limits import AddressLimits
from api.office import Office
from api.provider import Door, NoProvider, Window
from api.terms import Terms
from api.turns import Turns
from api.views import Views
from config.settings import Settings
from domain.booking import Booking
from domain.invoices import Paper
from store.announcements import Announcements
from store.session import Database


def real_clock() -> datetime:
    """Now, for sessions, offers, rate limits and what pages show; never for what a booking's rules decide."""
    return datetime.now(UTC)


class PaperPrinter(Protocol):
    """Makes a paper's PDF, away from the event loop. Errors: TimeoutError."""

    async def print(self, paper: Paper) -> bytes:
        """The bytes."""

    def cancellation(self, booking: Booking, language: str) -> tuple[str, ...]:
        """The cancellation terms of a booking in that language, each a sentence or some."""


@dataclass(frozen=True)
class House:
    """The parts. operations: reads every hotel's counts for /metrics; None where its address is not set."""

    settings: Settings
    database: Database
    announcements: Announcements
    operations: Database | None
    front_desk: FrontDesk
    office: Office
    limits: AddressLimits
    views: Views
    clock: Callable[[], datetime]
    printer: PaperPrinter
    terms: Terms = default(default_factory=Terms)
    health: Health = default(default_factory=Health)
    census: Census = default(default_factory=Census)
    errands: Errands = default(default_factory=Errands)
    turns: Turns = default(default_factory=Turns)
    window: Window = default(default_factory=NoProvider)
    door: Door = default(default_factory=NoProvider)
    metrics_folder: str = ""

    @property
    def secret(self) -> str:
        """The key that offers, guest links and cursors are signed with."""
        return self.settings.secret_key.get_secret_value()


def house_of(request: Request) -> House:
    """The parts that serve this request."""
    house = request.app.state.house
    assert isinstance(house, House)  # noqa: S101 - the lifespan has put it there before the first request.
    return house
