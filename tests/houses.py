"""Databases for tests: each test process has its own copy of the seeded one, and a test may have one to itself."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """The database in whatever role the address names, without the check that the running system makes."""
    database = Database(url, pool_size=1)
    try:
        yield database
    finally:
        await database.close()
