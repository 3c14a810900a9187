"""The doctor's look at Postgres: version, schema, and that no run-time role can read another hotel's rows."""

from datetime import UTC, datetime

import psycopg
from alembic.script import ScriptDirectory
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from cli.database import alembic_config, is_later, owner_address
from cli.findings import Report, timed
from cli.parts import APP_ROLE, OPS_ROLE, in_role
from cli.processes import StackTrouble
from config.settings import Settings

LEAST_POSTGRES = 15
LARGEST_CLOCK_DIFFERENCE_SECONDS = 5.0
CONNECT_SECONDS = 5


def plain(address: str) -> str:
    """An address as libpq understands it, without SQLAlchemy's driver name."""
    return address.replace("postgresql+psycopg://", "postgresql://", 1)


async def look_at_database(settings: Settings, report: Report) -> None:
    """Connects as the owner where its address is known, else as the application, and looks around."""
    try:
        address = owner_address(settings)
    except StackTrouble as trouble:
        if not settings.app_database_url:
            report.bad("postgres", "not running", str(trouble))
            return
        address = settings.app_database_url
    try:
        with timed() as watch:
            connection = await AsyncConnection.connect(plain(address), autocommit=True, connect_timeout=CONNECT_SECONDS)
    except psycopg.Error as trouble:
        report.bad("postgres", _first_line(trouble), "start it with `make run`, or correct DATABASE_URL")
        return
    async with connection:
        await _look_at_server(connection, report, watch.ms)
        await _look_at_writing(connection, report)
        await _look_at_schema(connection, report)
        await _look_at_roles(connection, report)
    await _look_at_application(settings.app_database_url or in_role(address, APP_ROLE), report)


async def _look_at_server(connection: AsyncConnection[TupleRow], report: Report, took_ms: float) -> None:
    major = connection.info.server_version // 10000
    detail = f"{connection.info.parameter_status('server_version')} at {connection.info.host}"
    report.judge("postgres", major >= LEAST_POSTGRES, detail, "use Postgres 15 or newer", took_ms=took_ms)
    row = await (await connection.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None  # noqa: S101 - this statement always answers one row.
    difference = abs((datetime.now(UTC) - row[0]).total_seconds())
    report.judge(
        "database clock",
        difference <= LARGEST_CLOCK_DIFFERENCE_SECONDS,
        f"{difference:.1f} s from this machine's",
        "set both clocks by NTP",
    )


async def _look_at_writing(connection: AsyncConnection[TupleRow], report: Report) -> None:
    """A server that was set to read only, or that follows another one, answers everything but takes no bookings."""
    row = await (
        await connection.execute("SELECT current_setting('transaction_read_only'), pg_is_in_recovery()")
    ).fetchone()
    assert row is not None  # noqa: S101 - this statement always answers one row.
    read_only, follows = row[0] == "on", bool(row[1])
    mend = "as a superuser: ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()"
    if follows:
        mend = "it follows another server: promote it, or correct the address"
    report.judge("database writing", not read_only, "takes no writes" if read_only else "takes writes", mend)


async def _look_at_schema(connection: AsyncConnection[TupleRow], report: Report) -> None:
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    try:
        row = await (await connection.execute("SELECT version_num FROM alembic_version")).fetchone()
    except psycopg.errors.UndefinedTable:
        row = None
    except psycopg.errors.InsufficientPrivilege:
        report.good("schema", "only the owner may read its revision; set DATABASE_URL to have it checked")
        return
    at = row[0] if row else "none"
    if row and is_later(alembic_config(), at):
        report.good("schema", f"revision {at} of a later build, on which this one runs too")
        return
    report.judge("schema", at == head, f"revision {at}, the code's is {head}", "run `holdfast migrate`")


async def _look_at_roles(connection: AsyncConnection[TupleRow], report: Report) -> None:
    """A role that bypasses row security would show every hotel to every hotel."""
    answer = await connection.execute(
        "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname IN (%s, %s)", (APP_ROLE, OPS_ROLE)
    )
    found = {str(name): bool(bypasses) for name, bypasses in await answer.fetchall()}
    for role in (APP_ROLE, OPS_ROLE):
        if role not in found:
            report.bad(f"role {role}", "missing", "run `holdfast migrate`")
        else:
            mend = f"as a superuser: ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS"
            detail = "can bypass row security" if found[role] else "is bound by row security"
            report.judge(f"role {role}", not found[role], detail, mend)


async def _look_at_application(address: str, report: Report) -> None:
    try:
        with timed() as watch:
            connection = await AsyncConnection.connect(plain(address), connect_timeout=CONNECT_SECONDS)
    except psycopg.Error as trouble:
        report.bad(
            "application's login", _first_line(trouble), "run `holdfast migrate`, or correct HOLDFAST_APP_DATABASE_URL"
        )
        return
    async with connection:
        report.good("application's login", f"as {connection.info.user}", took_ms=watch.ms)


def _first_line(trouble: psycopg.Error) -> str:
    return str(trouble).strip().partition("\n")[0] or type(trouble).__name__
