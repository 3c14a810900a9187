"""Databases for tests: each test process has its own copy of the seeded one, and a test may have one to itself."""

import calendar
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from cli.postgres import SUPERUSER
from store.session import Database

TEMPLATE = "holdfast"
MAINTENANCE = "postgres"


def database_address(owner_url: str, name: str) -> str:
    """The owner's address of another database on the same server."""
    return make_url(owner_url).set(database=name).render_as_string(hide_password=False)


def superuser_url(owner_url: str) -> str:
    """The same database as the server's superuser, whom row security does not bind."""
    return make_url(owner_url).set(username=SUPERUSER).render_as_string(hide_password=False)


def plain(url: str) -> str:
    """The address as libpq knows it, for psycopg itself."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def copy_database(owner_url: str, *, template: str = TEMPLATE, name: str = "") -> str:
    """Makes a database of its own out of a template that nobody is connected to; answers the owner's address."""
    name = name or f"holdfast_{secrets.token_hex(6)}"
    with psycopg.connect(plain(database_address(owner_url, MAINTENANCE)), autocommit=True) as admin:
        # By files a copy costs a sixth of what it does by the log, which these servers keep for nobody.
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        admin.execute(made.format(sql.Identifier(name), sql.Identifier(template)))
    return database_address(owner_url, name)


def drop_database(owner_url: str) -> None:
    """Removes a database whoever is connected to it: the server's own vacuum too, which no owner may end."""
    name = sql.Identifier(make_url(owner_url).database or "")
    maintenance = superuser_url(database_address(owner_url, MAINTENANCE))
    with psycopg.connect(plain(maintenance), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def quiet_day() -> date:
    """The tenth of a month, forty days from today or a little later; no demo hotel has a season on it."""
    first = datetime.now(UTC).date() + timedelta(days=40)
    return first.replace(day=10) if first.day <= 10 else (first.replace(day=1) + timedelta(days=32)).replace(day=10)


def next_sunday(month: int, which: int) -> date:
    """A Sunday on which clocks change somewhere, in twenty days at the earliest; which: 1 the first, -1 the last."""
    soonest = datetime.now(UTC).date() + timedelta(days=20)
    for year in (soonest.year, soonest.year + 1):
        sundays = [week[calendar.SUNDAY] for week in calendar.monthcalendar(year, month) if week[calendar.SUNDAY]]
        found = date(year, month, sundays[which - 1 if which > 0 else which])
        if found >= soonest:
            return found
    raise AssertionError("every month has its Sundays")


def sell_every_day(owner_url: str) -> None:
    """Takes every closed day and every minimum stay away: a night from today is sold on Christmas Eve as on any day."""
    restricted = (
        "min_stay_arrival IS NOT NULL OR min_stay_through IS NOT NULL OR closed_to_arrival OR closed_to_departure"
    )
    with psycopg.connect(plain(superuser_url(owner_url)), autocommit=True) as db:
        db.execute(
            "UPDATE nightly_rates SET min_stay_arrival = NULL, min_stay_through = NULL, closed_to_arrival = false,"
            f" closed_to_departure = false WHERE {restricted}"
        )


@asynccontextmanager
async def opened(url: str, *, pool_size: int = 1) -> AsyncIterator[Database]:
    """The database in whatever role the address names, without the check that the running system makes."""
    database = Database(url, pool_size=pool_size)
    try:
        yield database
    finally:
        await database.close()
