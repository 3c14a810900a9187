"""The API's composition root: the only place where its concrete parts are chosen and put together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI

from api import problems
from api.codec import UiDoor
from api.front_desk import FrontDesk
from api.house import House, real_clock
from api.limits import AddressLimits
from api.office import Office
from api.openapi import DESCRIPTION, describe
from api.pages import install_pages, pages
from api.pay_pages import pay_pages
from api.routes import (
    admin,
    auth,
    bookings,
    changes,
    codec,
    connect,
    desk,
    desk_bookings,
    desk_changes,
    files,
    folio,
    guest_links,
    hotels,
    papers,
    people,
    platform,
    reconciliation,
    reports,
)
from api.routes import notices as notice_routes
from api.routes import payments as payment_routes
from api.routes import webhooks as webhook_routes
from api.security import CrossSite, Guard
from api.telemetry import Watch
from api.views import API, Views
from config.settings import Settings
from gateways.papers.printer import Printer
from gateways.stripe_door import StripeDoor
from store.announcements import Announcements
from store.session import Database, app_url

TAGS = [
    {"name": "Hotels", "description": "Public: hotels, offers, prices."},
    {"name": "Bookings", "description": "Guests: making, seeing and cancelling a booking."},
    {"name": "Staff", "description": "Logging in and out."},
    {"name": "Desk", "description": "The hotel's people at work."},
    {"name": "Platform", "description": "For machines."},
]
_ROUTERS = (
    hotels.hotels, hotels.one_hotel, bookings.making, bookings.guests, changes.guest_changes, people.own,
    guest_links.asking, guest_links.confirming, auth.logins, auth.logged_in,
    desk_bookings.desk_bookings, desk.desk, desk_changes.desk_changes,
    changes.staff_changes, people.people, files.files, guest_links.printing, notice_routes.notices, admin.admin,
    connect.connect, reports.reports,
    reconciliation.reconciliation,
    payment_routes.guest_payments, payment_routes.desk_payments, payment_routes.provider_webhooks,
    folio.folio, papers.desk_papers, papers.guest_papers,
    webhook_routes.webhooks, platform.platform, codec.codec, pages, pay_pages,
)  # fmt: skip
# Nothing of a request is recorded by the framework: bodies and queries hold people's words.
_NO_TRACES = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}


def create_app(settings: Settings, metrics_folder: str = "", clock: Callable[[], datetime] = real_clock) -> FastAPI:
    """The API for these settings, which have to be safe. metrics_folder: where several processes count together."""
    settings.check_safe()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        house = _build(settings, metrics_folder, clock)
        try:
            await house.database.open()
            if house.operations:
                await house.operations.open()
            secret = settings.secret_key.get_secret_value()
            await house.front_desk.open(settings.temporal_target, settings.temporal_namespace, secret)
            app.state.house = house
            hearing = asyncio.create_task(house.announcements.run(), name="announcements")
            try:
                yield
            finally:
                hearing.cancel()
                await asyncio.wait([hearing])
        finally:
            await house.errands.close()
            await house.database.close()
            if house.operations:
                await house.operations.close()

    app = FastAPI(
        title="Holdfast",
        version="1",
        description=DESCRIPTION,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        openapi_tags=TAGS,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        lifespan=lifespan,
        telemetry=_NO_TRACES,
        routes=[route for router in _ROUTERS for route in router.routes],
    )
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    install_pages(app)
    problems.install(app)
    app.add_middleware(UiDoor, settings=settings)
    app.add_middleware(Watch)
    if settings.cors_allowed:
        app.add_middleware(CrossSite, settings=settings)
    app.add_middleware(Guard, settings=settings)
    return app


def _build(settings: Settings, metrics_folder: str, clock: Callable[[], datetime]) -> House:
    url = settings.app_database_url or app_url(settings.database_url)
    database = Database(url)
    operations = Database(settings.ops_database_url, pool_size=1) if settings.ops_database_url else None
    provider = StripeDoor(settings.stripe_api_key.get_secret_value(), settings.stripe_api_base, settings.stripe_secrets)
    return House(
        settings=settings,
        database=database,
        announcements=Announcements(url),
        operations=operations,
        front_desk=FrontDesk(settings.base_url),
        office=Office(database, clock, settings.secret_key.get_secret_value()),
        limits=AddressLimits(settings),
        views=Views(settings, clock),
        clock=clock,
        window=provider,
        door=provider,
        printer=Printer(demo=settings.demo),
        metrics_folder=metrics_folder,
    )
