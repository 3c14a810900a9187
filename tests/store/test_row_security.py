"""No hotel reads or writes another hotel's rows, whatever a statement asks for.

The tables are read from the catalogue, so a new table that belongs to a hotel and is not guarded fails here. In the
database of these tests the run-time role may do anything to every table: what refuses is row security alone.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import ForeignKeyViolation, InsufficientPrivilege
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, ProgrammingError

from store.session import BypassingRole, Database, DatabaseAway, app_url
from tests import houses
from tests.store.every_table import BOOKING

OURS, THEIRS = 3, 5
PUBLIC = {"hotels"}

REFERENCES = {OURS: "MLB-20270201-AAAAAA", THEIRS: "LGN-20270201-BBBBBB"}


Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def two_hotels(template_url: str) -> Iterator[str]:
    """Owner's address of a database with rows of two hotels in every table; only row security guards them."""
    url = houses.copy_database(template_url)
    with psycopg.connect(houses.plain(houses.superuser_url(url))) as superuser:
        for hotel_id, reference in REFERENCES.items():
            superuser.execute(BOOKING.format(h=hotel_id, r=reference).encode())
        superuser.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO holdfast_app")
    yield url
    houses.drop_database(url)


@pytest.fixture(scope="module")
def guard_off(two_hotels: str) -> Iterator[str]:
    """The same with row security switched off: what these tests have to be able to notice."""
    url = houses.copy_database(two_hotels, template=make_url(two_hotels).database or "")
    with psycopg.connect(houses.plain(houses.superuser_url(url))) as superuser:
        for table in tables_of_hotels(url):
            superuser.execute(sql.SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY").format(sql.Identifier(table)))
    yield url
    houses.drop_database(url)


def acting_for(url: str, hotel_id: int | None) -> Connection:
    """A connection whose one transaction acts for a hotel, as the running system's do; it is never committed."""
    connection = psycopg.connect(houses.plain(url))
    if hotel_id is not None:
        connection.execute("SELECT set_config('holdfast.hotel_id', %s, true)", [str(hotel_id)])
    return connection


def asked(url: str, statement: str) -> list[tuple[Any, ...]]:
    """The rows of one look without a hotel."""
    with acting_for(url, None) as connection:
        return connection.execute(statement.encode()).fetchall()


def tables_of_hotels(url: str) -> list[str]:
    """Every table with a hotel_id that is not public, as the catalogue has it."""
    found = asked(
        url,
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'hotel_id' "
        "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1",
    )
    return [table for (table,) in found if table not in PUBLIC]


Try = Callable[[Connection, sql.Identifier], int]


def crossed(url: str, attempt: Try, hotel_id: int | None = OURS) -> list[str]:
    """The tables in which an attempt on the other hotel's rows got past row security.

    An attempt answers how many rows it reached. Being stopped by anything later than row security (a constraint, a
    foreign key) counts as past it; being stopped by a missing privilege would prove nothing and is no refusal here.
    """
    reached = []
    for table in tables_of_hotels(url):
        with acting_for(url, hotel_id) as connection:
            try:
                past = attempt(connection, sql.Identifier(table)) > 0
            except InsufficientPrivilege as refusal:
                past = "row-level security" not in str(refusal)
            except psycopg.IntegrityError:
                past = True
            connection.rollback()
        if past:
            reached.append(table)
    return reached


def read(connection: Connection, table: sql.Identifier) -> int:
    found = connection.execute(sql.SQL("SELECT 1 FROM {} WHERE hotel_id = %s").format(table), [THEIRS])
    return len(found.fetchall())


def update(connection: Connection, table: sql.Identifier) -> int:
    statement = sql.SQL("UPDATE {} SET hotel_id = hotel_id WHERE hotel_id = %s").format(table)
    return connection.execute(statement, [THEIRS]).rowcount


def give_away(connection: Connection, table: sql.Identifier) -> int:
    """Moves a row of ours into the other hotel."""
    statement = sql.SQL("UPDATE {} SET hotel_id = %s WHERE hotel_id = %s").format(table)
    return connection.execute(statement, [THEIRS, OURS]).rowcount


def delete(connection: Connection, table: sql.Identifier) -> int:
    return connection.execute(sql.SQL("DELETE FROM {} WHERE hotel_id = %s").format(table), [THEIRS]).rowcount


# Columns that the database writes by itself, so that no insert may name them.
GENERATED = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attgenerated <> ''"


def inserting(two_hotels: str) -> Try:
    """An attempt to write a row that is theirs: an exact copy of one they have."""

    def insert(connection: Connection, table: sql.Identifier) -> int:
        with acting_for(houses.superuser_url(two_hotels), None) as superuser:
            one = sql.SQL("SELECT to_json(t)::text FROM {} t WHERE hotel_id = %s LIMIT 1").format(table)
            row = superuser.execute(one, [THEIRS]).fetchone()
            made = superuser.execute(GENERATED, [table.as_string(superuser)]).fetchall()
        assert row is not None, f"{table} needs a row of each hotel in these tests"
        written = [column for column in json.loads(row[0]) if (column,) not in made]
        columns = sql.SQL(", ").join(sql.Identifier(column) for column in written)
        statement = sql.SQL(
            "INSERT INTO {0} ({1}) OVERRIDING SYSTEM VALUE SELECT {1} FROM json_populate_record(NULL::{0}, %s)"
        )
        return connection.execute(statement.format(table, columns), [row[0]]).rowcount

    return insert


ATTEMPTS = {"read": read, "update": update, "give away": give_away, "delete": delete, "insert": None}


@pytest.mark.parametrize("deed", ATTEMPTS)
@pytest.mark.parametrize("role", ["holdfast_app", "holdfast"])
def test_no_hotel_reaches_another_hotels_rows(two_hotels: str, role: str, deed: str) -> None:
    """The owner of the tables is bound too, because the security is forced."""
    attempt = ATTEMPTS[deed] or inserting(two_hotels)
    assert crossed(app_url(two_hotels, role), attempt) == []


@pytest.mark.parametrize("deed", ATTEMPTS)
def test_with_the_guard_off_the_same_attempts_reach_every_table(guard_off: str, deed: str) -> None:
    attempt = ATTEMPTS[deed] or inserting(guard_off)
    assert crossed(app_url(guard_off), attempt) == tables_of_hotels(guard_off)


@pytest.mark.parametrize("deed", ATTEMPTS)
def test_a_role_that_may_bypass_reaches_every_table(two_hotels: str, deed: str) -> None:
    attempt = ATTEMPTS[deed] or inserting(two_hotels)
    assert crossed(houses.superuser_url(two_hotels), attempt) == tables_of_hotels(two_hotels)


def test_without_a_hotel_no_row_is_seen_and_none_is_written(two_hotels: str) -> None:
    for attempt in (read, update, delete, inserting(two_hotels)):
        assert crossed(app_url(two_hotels), attempt, hotel_id=None) == []


def test_a_hotel_sees_and_writes_its_own_rows(two_hotels: str) -> None:
    tables = tables_of_hotels(two_hotels)
    assert crossed(app_url(two_hotels), read, hotel_id=THEIRS) == tables
    assert crossed(app_url(two_hotels), update, hotel_id=THEIRS) == tables


def unguarded(url: str) -> list[str]:
    """Tables of hotels whose row security is not enabled, not forced, or has no rule of the hotel's own."""
    found = asked(
        url,
        "SELECT relname, relrowsecurity AND relforcerowsecurity, "
        "(SELECT count(*) FROM pg_policies p WHERE p.tablename = relname AND p.cmd = 'ALL' AND roles = '{public}' "
        "AND qual = with_check AND qual LIKE '%hotel_id =%holdfast.hotel_id%') "
        "FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    )
    guards = {table: is_forced and rules == 1 for table, is_forced, rules in found}
    return [table for table in tables_of_hotels(url) if not guards[table]]


def test_every_table_of_a_hotel_is_guarded_by_force(two_hotels: str) -> None:
    assert len(tables_of_hotels(two_hotels)) >= 20
    assert unguarded(two_hotels) == []


def test_a_new_table_of_a_hotel_without_a_guard_is_noticed(fresh_url: str, guard_off: str) -> None:
    with acting_for(fresh_url, None) as connection:
        connection.execute("CREATE TABLE letters (hotel_id int NOT NULL)")
    assert unguarded(fresh_url) == ["letters"]
    assert unguarded(guard_off) == tables_of_hotels(guard_off)


def test_nothing_but_operations_and_the_own_roles_adds_to_what_may_be_seen(two_hotels: str) -> None:
    """Policies add up, so one policy too many opens a table as surely as one too few closes it."""
    found = asked(
        two_hotels,
        "SELECT tablename, policyname, cmd, roles::text FROM pg_policies WHERE policyname <> tablename || '_own_hotel'",
    )
    others = {row for row in found if row[1:] != (f"{row[0]}_operations", "SELECT", "{holdfast_ops}")}
    assert others == {("staff_roles", "staff_roles_own", "SELECT", "{public}")}


def test_the_run_time_role_can_neither_bypass_nor_own_nor_become_another(owner_url: str) -> None:
    role = "rolname IN ('holdfast_app', 'holdfast_ops')"
    flags = asked(
        owner_url,
        "SELECT DISTINCT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication "
        f"FROM pg_roles WHERE {role}",
    )
    assert flags == [(False, False, False, False, False)]
    assert asked(owner_url, f"SELECT relname FROM pg_class JOIN pg_roles r ON r.oid = relowner WHERE {role}") == []
    assert asked(owner_url, f"SELECT roleid FROM pg_auth_members JOIN pg_roles r ON r.oid = member WHERE {role}") == []


def privileges(url: str, role: str) -> dict[str, set[str]]:
    """What a role may do to each table."""
    found = asked(
        url,
        "SELECT c.relname, p.word FROM pg_class c CROSS JOIN unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,TRIGGER}'"
        "::text[]) p (word) WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') "
        f"AND has_table_privilege('{role}', c.oid, p.word)",
    )
    granted: dict[str, set[str]] = {}
    for table, word in found:
        granted.setdefault(table, set()).add(word)
    return granted


def test_operations_read_all_hotels_and_write_nothing(owner_url: str, two_hotels: str) -> None:
    granted = privileges(owner_url, "holdfast_ops")
    assert {word for words in granted.values() for word in words} == {"SELECT"}
    assert granted.keys().isdisjoint({"staff", "sessions"})
    assert crossed(app_url(two_hotels, "holdfast_ops"), read, hotel_id=None) == tables_of_hotels(two_hotels)


def test_the_story_of_a_booking_can_be_added_to_and_never_rewritten(owner_url: str) -> None:
    granted = privileges(owner_url, "holdfast_app")
    for table in ("booking_events", "command_keys", "nightly_lines"):
        assert granted[table] == {"SELECT", "INSERT"}
    assert not any({"TRUNCATE", "TRIGGER"} & words for words in granted.values())


def loose_keys(connection: Connection) -> list[tuple[Any, ...]]:
    """Foreign keys between tables of hotels that would accept a row of another hotel."""
    return connection.execute(
        """
        SELECT k.conrelid::regclass::text, k.conname
        FROM pg_constraint k
        JOIN pg_attribute here ON here.attrelid = k.conrelid AND here.attname = 'hotel_id'
        JOIN pg_attribute there ON there.attrelid = k.confrelid AND there.attname = 'hotel_id'
        WHERE k.contype = 'f' AND NOT EXISTS (
            SELECT FROM unnest(k.conkey, k.confkey) pair (child, parent)
            WHERE pair.child = here.attnum AND pair.parent = there.attnum
        )
        ORDER BY 1, 2
        """
    ).fetchall()


def test_every_key_between_tables_of_hotels_names_the_hotel(two_hotels: str) -> None:
    with acting_for(two_hotels, None) as connection:
        assert loose_keys(connection) == []


def test_a_key_that_forgets_the_hotel_is_noticed(two_hotels: str) -> None:
    with acting_for(two_hotels, None) as connection:
        connection.execute("ALTER TABLE guests ADD UNIQUE (guest_id)")
        connection.execute("CREATE TABLE letters (hotel_id int, guest_id bigint REFERENCES guests (guest_id))")
        assert loose_keys(connection) == [("letters", "letters_guest_id_fkey")]
        connection.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO rooms (hotel_id, room_id, room_type_id, number) VALUES (5, 999, 4, '999')",
        "INSERT INTO stay_guests (hotel_id, reference, stay, position, name) "
        "VALUES (5, 'MLB-20270201-AAAAAA', 1, 2, 'A Guest')",
        "UPDATE bookings SET guest_id = (SELECT guest_id FROM guests WHERE hotel_id = 3) WHERE hotel_id = 5",
    ],
)
def test_a_row_of_one_hotel_cannot_point_at_a_row_of_another(two_hotels: str, statement: str) -> None:
    """The superuser is not bound by row security, so it is the key that refuses."""
    with acting_for(houses.superuser_url(two_hotels), None) as connection:
        with pytest.raises(ForeignKeyViolation):
            connection.execute(statement.encode())
        connection.rollback()


async def hotels_seen(database: Database, hotel_id: int | None) -> tuple[set[int], int]:
    """Whose rooms a transaction sees, and on which server process it ran."""
    async with database.public() if hotel_id is None else database.hotel(hotel_id) as tx:
        seen = (await tx.execute(text("SELECT DISTINCT hotel_id FROM rooms"))).scalars().all()
        return set(seen), (await tx.execute(text("SELECT pg_backend_pid()"))).scalar_one()


async def act(database: Database, *statements: str) -> None:
    async with database.hotel(OURS) as tx:
        for statement in statements:
            await tx.execute(text(statement))
        raise RuntimeError("changed my mind")


async def fail_in_sql(database: Database) -> None:
    with pytest.raises(DBAPIError, match="division by zero"):
        await act(database, "SELECT 1 / 0")


async def fail_by_permission(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        await act(database, "DELETE FROM bookings")


async def fail_in_python(database: Database) -> None:
    with pytest.raises(RuntimeError, match="changed my mind"):
        await act(database, "SELECT 1")


async def run_out_of_time(database: Database) -> None:
    with pytest.raises(DatabaseAway):
        await act(database, "SET LOCAL statement_timeout = 20", "SELECT pg_sleep(2)")


async def succeed(database: Database) -> None:
    assert (await hotels_seen(database, OURS))[0] == {OURS}


@pytest.mark.parametrize("before", [succeed, fail_in_sql, fail_by_permission, fail_in_python, run_out_of_time])
async def test_a_used_connection_carries_no_hotel_over(app_url: str, before: Callable[[Database], Any]) -> None:
    database = Database(app_url, pool_size=1)
    await database.open()
    try:
        _, first = await hotels_seen(database, None)
        await before(database)
        nobody, second = await hotels_seen(database, None)
        them, third = await hotels_seen(database, THEIRS)
        nobody_again, fourth = await hotels_seen(database, None)
    finally:
        await database.close()
    assert (nobody, them, nobody_again) == (set(), {THEIRS}, set())
    assert first == second == third == fourth, "it has to be the same connection to show anything"


async def test_the_system_refuses_to_start_in_a_role_that_can_bypass(owner_url: str) -> None:
    superuser = houses.superuser_url(owner_url)
    role = f"bypassing_{secrets.token_hex(4)}"
    with psycopg.connect(houses.plain(superuser), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN BYPASSRLS").format(sql.Identifier(role)))
        try:
            for address in (superuser, app_url(owner_url, role)):
                database = Database(address, pool_size=1)
                with pytest.raises(BypassingRole, match="can bypass row security"):
                    await database.open()
                await database.close()
        finally:
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
