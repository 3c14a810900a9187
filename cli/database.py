"""The database as the owner sees it: its address, its migrations, its demo hotels."""

import argparse
import asyncio
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from cli.parts import APP_ROLE, OPS_ROLE, in_role
from cli.postgres import SOCKET_NAME, owner_url, socket_folder
from cli.processes import StackTrouble
from config.settings import Settings
from store.seed import seed as seed_hotels

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def owner_address(settings: Settings) -> str:
    """DATABASE_URL, or the embedded database of this home; raises StackTrouble when that does not run."""
    if settings.database_url:
        return settings.database_url
    data_dir = settings.home.absolute() / "postgres"
    if not (socket_folder(data_dir) / SOCKET_NAME).exists():
        raise StackTrouble(f"no Postgres runs on {settings.home}: start it with `make run`, or set DATABASE_URL")
    return owner_url(data_dir)


def running_address(settings: Settings) -> str:
    """The address in the role of the running system, from the settings or from the owner's."""
    return settings.app_database_url or in_role(owner_address(settings), APP_ROLE)


def reading_address(settings: Settings) -> str:
    """The address in the role of operations, which reads every hotel, from the settings or from the owner's."""
    return settings.ops_database_url or in_role(owner_address(settings), OPS_ROLE)


def migrate(url: str) -> None:
    """Brings the schema to its newest revision.

    A later build's schema is left as it is: migrations only add, so this build runs on it and can be gone back to.
    """
    config = alembic_config()
    if is_later(config, _revision(url)):
        return
    config.cmd_opts = argparse.Namespace(x=[f"url={url}"])
    command.upgrade(config, "head")


def is_later(config: Config, revision: str | None) -> bool:
    """Whether a schema is at a revision that this tree does not know."""
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    return revision is not None and revision not in known


def _revision(url: str) -> str | None:
    """The schema's revision; None before the first migration."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def alembic_config() -> Config:
    """Alembic's configuration of this tree."""
    return Config(str(MIGRATIONS / "alembic.ini"))


def seed(url: str) -> None:
    """Puts the demo hotels in, or leaves them as they are."""
    asyncio.run(seed_hotels(url))
