"""The Stripe double's memory: objects, idempotency keys, events and their deliveries, in one SQLite file.

Used from one thread. A call is one transaction: what was answered is there after a kill, and all of it or nothing.
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from doubles.durable import DurableFile
from doubles.stripe.errors import Json

FILE = "stripe.db"
KEY_SECONDS = 24 * 3600
KEPT_EVENT_SECONDS = 30 * 24 * 3600
MOST_SWEPT = 500
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    created INTEGER NOT NULL,
    customer TEXT,
    payment_intent TEXT,
    charge TEXT,
    due_at REAL,
    clock REAL NOT NULL,
    data TEXT NOT NULL,
    hidden TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, account, number);
CREATE INDEX IF NOT EXISTS objects_by_customer ON objects (customer, kind) WHERE customer IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_by_intent ON objects (payment_intent, kind) WHERE payment_intent IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_by_charge ON objects (charge, kind) WHERE charge IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_due ON objects (due_at - clock) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS keys (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    asked TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    request TEXT NOT NULL,
    first_at REAL NOT NULL,
    PRIMARY KEY (account, key)
);
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    account TEXT NOT NULL,
    created INTEGER NOT NULL,
    about TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    last_status INTEGER
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, due_at, number);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value REAL NOT NULL);
"""
_COLUMNS = "number, id, kind, account, created, due_at, clock, data, hidden"


@dataclass
class Thing:
    """One object. data: as Stripe shows it; hidden: what only the double knows of it.

    due_at: when something happens to it by itself, in seconds since the epoch on the clock it lives by; clock: how
    many seconds that clock is ahead of this machine's.
    """

    id: str
    kind: str
    account: str
    data: Json
    hidden: Json = field(default_factory=dict)
    due_at: float | None = None
    clock: float = 0.0
    number: int = 0

    @property
    def status(self) -> str:
        """Its status; empty for what has none."""
        return str(self.data.get("status") or "")


@dataclass(frozen=True)
class Kept:
    """What an idempotency key keeps: what was asked, and the answer."""

    asked: str
    status: int
    body: str
    request: str


def token(prefix: str, length: int = 24) -> str:
    """A new id in Stripe's form."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))


class Vault(DurableFile):
    """What the double keeps. A folder holds one; opening makes both."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / FILE, _SCHEMA)

    def mark(self) -> None:
        """A point within a transaction to go back to."""
        self._file.execute("SAVEPOINT begun")

    def back_to_mark(self) -> None:
        """Takes back what was written since the mark."""
        self._file.execute("ROLLBACK TO begun")

    def clear(self) -> None:
        """Forgets everything."""
        with self.work():
            for table in ("objects", "keys", "events", "deliveries", "facts"):
                self._file.execute(f"DELETE FROM {table}")

    # Objects.

    def keep(self, thing: Thing) -> None:
        """Writes an object as it is now."""
        data = thing.data
        values = (
            thing.id,
            thing.kind,
            thing.account,
            data.get("created") or 0,
            _id(data.get("customer")),
            thing.id if thing.kind == "payment_intent" else _id(data.get("payment_intent")),
            thing.id if thing.kind == "charge" else _id(data.get("charge") or data.get("source_transaction")),
            thing.due_at,
            thing.clock,
            json.dumps(data, ensure_ascii=False),
            json.dumps(thing.hidden, ensure_ascii=False),
        )
        self._file.execute(
            "INSERT INTO objects (id, kind, account, created, customer, payment_intent, charge, due_at, clock, data, "
            f"hidden) VALUES (?{', ?' * 10}) ON CONFLICT (id) DO UPDATE SET customer = excluded.customer, "
            "payment_intent = excluded.payment_intent, charge = excluded.charge, due_at = excluded.due_at, "
            "clock = excluded.clock, data = excluded.data, hidden = excluded.hidden, created = excluded.created",
            values,
        )

    def thing(self, object_id: str) -> Thing | None:
        """One object by its id."""
        row = self._file.execute(f"SELECT {_COLUMNS} FROM objects WHERE id = ?", (object_id,)).fetchone()
        return _thing(row) if row else None

    def remove(self, object_id: str) -> None:
        """Takes an object away without a trace."""
        self._file.execute("DELETE FROM objects WHERE id = ?", (object_id,))

    def things(self, conditions: Sequence[tuple[str, Any]], most: int, *, oldest: bool = False) -> list[Thing]:
        """Objects that meet all conditions (SQL with one `?`, and its value), the newest first."""
        where = " AND ".join(["true", *(text for text, _ in conditions)])
        rows = self._file.execute(
            f"SELECT {_COLUMNS} FROM objects WHERE {where} ORDER BY number {'ASC' if oldest else 'DESC'} LIMIT ?",
            (*(value for _, value in conditions), most),
        )
        return [_thing(row) for row in rows]

    def due(self, real: float) -> list[Thing]:
        """Objects whose moment has come on this machine's clock."""
        rows = self._file.execute(
            f"SELECT {_COLUMNS} FROM objects WHERE due_at IS NOT NULL AND due_at - clock <= ? LIMIT ?",
            (real, MOST_SWEPT),
        )
        return [_thing(row) for row in rows]

    # Idempotency keys: their age is by this machine's clock, whatever a story's clock says.

    def kept(self, account: str, key: str) -> Kept | None:
        """What a key keeps, unless it is older than a day."""
        row = self._file.execute(
            "SELECT asked, status, body, request FROM keys WHERE account = ? AND key = ? AND first_at > ?",
            (account, key, time.time() - KEY_SECONDS),
        ).fetchone()
        return Kept(*row) if row else None

    def keep_answer(self, account: str, key: str, kept: Kept) -> None:
        """Lets a key keep an answer, and forgets those that are too old."""
        self._file.execute(
            "INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)",
            (account, key, kept.asked, kept.status, kept.body, kept.request, time.time()),
        )
        self._file.execute(
            "DELETE FROM keys WHERE rowid IN (SELECT rowid FROM keys WHERE first_at <= ? LIMIT ?)",
            (time.time() - KEY_SECONDS, MOST_SWEPT),
        )

    def age_keys(self, seconds: float) -> int:
        """Makes every key older; answers how many there are."""
        return self._file.execute("UPDATE keys SET first_at = first_at - ?", (seconds,)).rowcount

    # The double's own settings.

    def fact(self, name: str) -> float:
        """One setting; 0 where it was never set."""
        row = self._file.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return float(row[0]) if row else 0.0

    def set_fact(self, name: str, value: float) -> None:
        """Changes one setting."""
        self._file.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    # Events and their deliveries.

    def note_event(self, event: Json, about: str, states: Sequence[tuple[str, float]]) -> None:
        """Keeps an event, and one delivery for each (state, due_at)."""
        self._file.execute(
            "INSERT INTO events (id, type, account, created, about, body) VALUES (?, ?, ?, ?, ?, ?)",
            (event["id"], event["type"], event.get("account") or "", event["created"], about,
             json.dumps(event, ensure_ascii=False)),
        )  # fmt: skip
        for state, due_at in states:
            self.add_delivery(event["id"], state, due_at)

    def add_delivery(self, event_id: str, state: str, due_at: float) -> int:
        """One more delivery of an event; answers its number."""
        cursor = self._file.execute(
            "INSERT INTO deliveries (event, state, due_at) VALUES (?, ?, ?)", (event_id, state, due_at)
        )
        return cursor.lastrowid or 0

    def events(self, conditions: Sequence[tuple[str, Any]], most: int, *, oldest: bool = False) -> list[Json]:
        """Events that meet all conditions, the newest first."""
        where = " AND ".join(["true", *(text for text, _ in conditions)])
        rows = self._file.execute(
            f"SELECT number, body FROM events WHERE {where} ORDER BY number {'ASC' if oldest else 'DESC'} LIMIT ?",
            (*(value for _, value in conditions), most),
        )
        return [json.loads(row["body"]) for row in rows]

    def event_body(self, event_id: str) -> str | None:
        """An event as it is delivered."""
        row = self._file.execute("SELECT body FROM events WHERE id = ?", (event_id,)).fetchone()
        return str(row[0]) if row else None

    def event_number(self, event_id: str) -> int | None:
        """Where an event stands in the order of all."""
        row = self._file.execute("SELECT number FROM events WHERE id = ?", (event_id,)).fetchone()
        return int(row[0]) if row else None

    def owed(self, now: float) -> Json | None:
        """The earliest delivery whose moment has come, with its event's body."""
        row = self._file.execute(
            "SELECT d.number, d.event, d.tries, e.type, e.body FROM deliveries d JOIN events e ON e.id = d.event "
            "WHERE d.state = 'waiting' AND d.due_at <= ? ORDER BY d.due_at, d.number LIMIT 1",
            (now,),
        ).fetchone()
        return dict(row) if row else None

    def next_owed_at(self) -> float | None:
        """When the next delivery is due; None when there is none."""
        found = self._file.execute("SELECT min(due_at) FROM deliveries WHERE state IN ('waiting', 'behind')")
        return found.fetchone()[0]

    def overtake(self, now: float) -> None:
        """Lets a delivery go that waited long enough for another to overtake it."""
        self._file.execute("UPDATE deliveries SET state = 'waiting' WHERE state = 'behind' AND due_at <= ?", (now,))

    def settle(self, number: int, state: str, status: int | None, due_at: float = 0.0, tries: int = 0) -> None:
        """Notes what became of a delivery."""
        self._file.execute(
            "UPDATE deliveries SET state = ?, last_status = ?, due_at = ?, tries = ? WHERE number = ?",
            (state, status, due_at, tries, number),
        )

    def change_state(self, before: str, after: str, due_at: float) -> int:
        """Moves every delivery of one state to another; answers how many."""
        cursor = self._file.execute(
            "UPDATE deliveries SET state = ?, due_at = ? WHERE state = ?", (after, due_at, before)
        )
        return cursor.rowcount

    def deliveries(self, most: int, about: str = "") -> list[Json]:
        """What was or is to be delivered, the newest first. about: only of events about this object."""
        rows = self._file.execute(
            "SELECT d.number, d.event, d.state, d.due_at, d.tries, d.last_status, e.type, e.about, e.created "
            "FROM deliveries d JOIN events e ON e.id = d.event "
            "WHERE ? = '' OR instr(e.about, ?) > 0 ORDER BY d.number DESC LIMIT ?",
            (about, about, most),
        )
        return [dict(row) for row in rows]

    def forget_old_events(self, now: float) -> None:
        """Events live for 30 days, as at Stripe; never one that is still owed."""
        self._file.execute(
            "DELETE FROM deliveries WHERE state NOT IN ('waiting', 'held') AND due_at < ? AND due_at > 0",
            (now - KEPT_EVENT_SECONDS,),
        )
        self._file.execute(
            "DELETE FROM events WHERE created < ? AND id NOT IN (SELECT event FROM deliveries)",
            (now - KEPT_EVENT_SECONDS,),
        )


def _id(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _thing(row: sqlite3.Row) -> Thing:
    return Thing(
        id=row["id"],
        kind=row["kind"],
        account=row["account"],
        data=json.loads(row["data"]),
        hidden=json.loads(row["hidden"]),
        due_at=row["due_at"],
        clock=row["clock"],
        number=row["number"],
    )
