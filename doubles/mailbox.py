"""The mail double's memory: letters that would have been sent, and addresses that bounced. Durable, and bounded.

One SQLite file, used from one thread. Instants are ISO 8601 texts in UTC.
"""

import json
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from doubles.durable import DurableFile

KEPT_LETTERS = 5_000
KEPT_BOUNCES = 1_000
MOST_LISTED = 500
FILE = "mail.db"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS letters (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    sent_at TEXT NOT NULL,
    sender TEXT NOT NULL,
    reply_to TEXT NOT NULL,
    recipients TEXT NOT NULL,
    subject TEXT NOT NULL,
    tag TEXT NOT NULL,
    stream TEXT NOT NULL,
    html TEXT NOT NULL,
    text TEXT NOT NULL,
    metadata TEXT NOT NULL,
    raw TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS letters_by_notice ON letters (json_extract(metadata, '$.holdfast_notice'));
CREATE TABLE IF NOT EXISTS bounces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    email TEXT NOT NULL,
    message_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    tag TEXT NOT NULL,
    inactive INTEGER NOT NULL,
    bounced_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS opens (message_id TEXT PRIMARY KEY, opened_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS news (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    due_at REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0
);
"""
_COLUMNS = "number, message_id, sent_at, sender, reply_to, recipients, subject, tag, stream, html, text, metadata, raw"
_FATE = (
    "(SELECT b.type FROM bounces b WHERE b.message_id = letters.message_id ORDER BY b.id DESC LIMIT 1) AS bounce, "
    "(SELECT o.opened_at FROM opens o WHERE o.message_id = letters.message_id) AS opened_at"
)


@dataclass(frozen=True)
class Wanted:
    """Which letters to list: every given text must fit. anywhere: a part of recipient, subject, tag or reference."""

    recipient: str = ""
    sender: str = ""
    subject: str = ""
    tag: str = ""
    reference: str = ""
    anywhere: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    before: int | None = None


class Mailbox(DurableFile):
    """What the double keeps. A folder holds one; opening makes both."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / FILE, _SCHEMA)

    def keep(self, mails: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
        """Keeps accepted mails (in Postmark's words) in one transaction; answers (message id, instant) for each."""
        kept: list[tuple[str, str]] = []
        with self.work():
            for mail in mails:
                message_id, instant = str(uuid.uuid4()), _now()
                self._file.execute(
                    f"INSERT INTO letters ({_COLUMNS}) VALUES (NULL{', ?' * 12})",
                    (
                        message_id,
                        instant,
                        mail.get("From") or "",
                        mail.get("ReplyTo") or "",
                        ", ".join(str(mail[key]) for key in ("To", "Cc", "Bcc") if mail.get(key)),
                        mail.get("Subject") or "",
                        mail.get("Tag") or "",
                        mail.get("MessageStream") or "outbound",
                        mail.get("HtmlBody") or "",
                        mail.get("TextBody") or "",
                        json.dumps(mail.get("Metadata") or {}),
                        json.dumps(mail, ensure_ascii=False),
                    ),
                )
                kept.append((message_id, instant))
            self._file.execute(
                "DELETE FROM letters WHERE number <= (SELECT max(number) FROM letters) - ?", (KEPT_LETTERS,)
            )
        return kept

    def letters(self, wanted: Wanted, count: int, offset: int = 0) -> tuple[int, list[dict[str, Any]]]:
        """How many letters fit, and one page of them, the newest first (at most 500)."""
        where, values = _conditions(wanted)
        total = self._file.execute(f"SELECT count(*) FROM letters WHERE {where}", values).fetchone()[0]
        rows = self._file.execute(
            f"SELECT {_COLUMNS}, {_FATE} FROM letters WHERE {where} ORDER BY number DESC LIMIT ? OFFSET ?",
            (*values, min(count, MOST_LISTED), offset),
        )
        return total, [_letter(row) for row in rows]

    def letter(self, message_id: str) -> dict[str, Any] | None:
        """One letter by its message id."""
        row = self._file.execute(
            f"SELECT {_COLUMNS}, {_FATE} FROM letters WHERE message_id = ?", (message_id,)
        ).fetchone()
        return _letter(row) if row else None

    def clear(self) -> None:
        """Forgets every letter, every bounce, and what was still to be told."""
        with self.work():
            for table in ("letters", "bounces", "opens", "news"):
                self._file.execute(f"DELETE FROM {table}")

    def open(self, message_id: str) -> str | None:
        """Notes that somebody looked at a letter; answers the instant if it was for the first time."""
        instant = _now()
        written = self._file.execute("INSERT OR IGNORE INTO opens VALUES (?, ?)", (message_id, instant))
        return instant if written.rowcount else None

    def owe(self, body: str, due_at: float) -> None:
        """Keeps news to be told at `due_at` (seconds since the epoch)."""
        self._file.execute("INSERT INTO news (body, due_at) VALUES (?, ?)", (body, due_at))

    def owed(self, now: float) -> dict[str, Any] | None:
        """The earliest news whose moment has come."""
        row = self._file.execute("SELECT * FROM news WHERE due_at <= ? ORDER BY due_at, number LIMIT 1", (now,))
        found = row.fetchone()
        return dict(found) if found else None

    def next_owed_at(self) -> float | None:
        """When the next news is to be told; None when there is none."""
        return self._file.execute("SELECT min(due_at) FROM news").fetchone()[0]

    def postpone(self, number: int, due_at: float) -> None:
        """Lets news that was not heard be told again later."""
        self._file.execute("UPDATE news SET due_at = ?, tries = tries + 1 WHERE number = ?", (due_at, number))

    def settle(self, number: int) -> None:
        """Forgets news that was heard, or that nobody wants to hear."""
        self._file.execute("DELETE FROM news WHERE number = ?", (number,))

    def bounce(self, email: str, kind: str, message_id: str = "") -> dict[str, Any]:
        """Notes that a letter bounced, else the address's last; hard bounces and complaints make it inactive."""
        known = self.letter(message_id) if message_id else None
        letters = [known] if known else self.letters(Wanted(recipient=email), 1)[1]
        last = letters[0] if letters else {"message_id": "", "subject": "", "tag": ""}
        inactive = kind in {"HardBounce", "SpamComplaint"}
        with self.work():
            cursor = self._file.execute(
                "INSERT INTO bounces (type, email, message_id, subject, tag, inactive, bounced_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (kind, email.lower(), last["message_id"], last["subject"], last["tag"], inactive, _now()),
            )
            self._file.execute("DELETE FROM bounces WHERE id <= ?", ((cursor.lastrowid or 0) - KEPT_BOUNCES,))
        return self.bounces(cursor.lastrowid)[0]

    def bounces(self, bounce_id: int | None = None) -> list[dict[str, Any]]:
        """Every bounce, the newest first, or the one of that id."""
        where, values = ("id = ?", (bounce_id,)) if bounce_id is not None else ("true", ())
        return [
            dict(row) for row in self._file.execute(f"SELECT * FROM bounces WHERE {where} ORDER BY id DESC", values)
        ]

    def activate(self, bounce_id: int) -> None:
        """Lets the bounced address be written to again."""
        with self.work():
            self._file.execute(
                "UPDATE bounces SET inactive = 0 WHERE email = (SELECT email FROM bounces WHERE id = ?)", (bounce_id,)
            )

    def inactive(self, emails: Sequence[str]) -> list[str]:
        """Those of the addresses that can't be written to."""
        found = self._file.execute("SELECT DISTINCT email FROM bounces WHERE inactive")
        known = {row["email"] for row in found}
        return [email for email in emails if email.lower() in known]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _letter(row: sqlite3.Row) -> dict[str, Any]:
    return {**dict(row), "metadata": json.loads(row["metadata"])}


def _conditions(wanted: Wanted) -> tuple[str, tuple[Any, ...]]:
    """SQL for what is wanted. Texts are compared as parts, without case, except tags and metadata: those are whole."""
    parts: list[str] = ["true"]
    values: list[Any] = []
    for column, part in (("recipients", wanted.recipient), ("sender", wanted.sender), ("subject", wanted.subject)):
        if part:
            parts.append(f"instr(lower({column}), lower(?)) > 0")
            values.append(part)
    if wanted.tag:
        parts.append("tag = ?")
        values.append(wanted.tag)
    metadata = {**wanted.metadata, **({"holdfast_booking": wanted.reference} if wanted.reference else {})}
    for key, value in metadata.items():
        parts.append("json_extract(metadata, ?) = ?")
        values += [f"$.{json.dumps(key)}", value]
    if wanted.anywhere:
        places = ("recipients", "subject", "tag", "metadata")
        parts.append("(" + " OR ".join(f"instr(lower({place}), lower(?)) > 0" for place in places) + ")")
        values += [wanted.anywhere] * len(places)
    if wanted.before is not None:
        parts.append("number < ?")
        values.append(wanted.before)
    return " AND ".join(parts), tuple(values)
