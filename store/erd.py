"""Draws the schema as it is: `python -m store.erd <url> > docs/erd.md`, from a migrated database.

The drawing is Mermaid text, so that it is shown where the repository is read and its changes are seen in a review.
"""

import asyncio
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.session import Database

# One drawing of everything can't be read; a table that is named nowhere here is drawn in a last part of its own.
PARTS = {
    "What a hotel is and sells": (
        "hotels", "policy_versions", "stay_policies", "room_types", "rooms", "rate_plans", "rate_plan_room_types",
        "nightly_rates", "tax_rules", "room_type_nights", "sources",
    ),
    "Bookings and stays": (
        "guests", "bookings", "stays", "stay_guests", "room_segments", "nightly_lines", "payments",
        "change_requests",
    ),
    "Money at the payment provider": (
        "refunds", "provider_calls", "provider_hints", "stripe_accounts", "past_stripe_accounts", "disputes",
        "reconciliation_runs", "provider_objects", "reconciliation_lines", "reconciliation_items",
    ),
    "Guests and what people write": (
        "guest_profiles", "guest_changes", "booking_notes", "note_versions", "booking_files", "office_keys",
    ),
    "Folios, cash and invoices": (
        "tax_codes", "folios", "folio_lines", "cash_drawers", "cash_movements", "invoice_series", "invoices",
        "invoice_lines", "invoice_prints", "payment_folios",
    ),
    "What happened and what is told": (
        "booking_events", "command_keys", "notices", "notice_events", "notice_settings", "attention_items",
        "repairs",
    ),
    "The system's own": ("current_builds", "leases"),
    "Staff": ("staff", "staff_roles", "sessions", "second_factors", "recovery_codes", "login_attempts"),
}  # fmt: skip
FURTHER = "Further tables"
INTRODUCTION = """# The schema

Generated from a migrated database by `python -m store.erd <url> > docs/erd.md`; a test compares. A line's words are the
columns of the foreign key. Every table with `hotel_id` except `hotels` is behind forced row security.
"""
_SHORT = {"timestamp with time zone": "timestamptz", "integer": "int", "integer[]": "int[]"}


@dataclass(frozen=True)
class Column:
    """A column. kind: its type in short; key: `PK`, `FK`, both or nothing; note: what a reader should know."""

    name: str
    kind: str
    key: str
    note: str


@dataclass(frozen=True)
class Link:
    """A foreign key from `table` to `target`. is_optional: it may be null."""

    table: str
    target: str
    columns: str
    is_optional: bool


_COLUMNS = text(
    """
    SELECT c.relname, a.attname, format_type(a.atttypid, NULL), a.attnotnull, col_description(c.oid, a.attnum),
        EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p' AND a.attnum = ANY(k.conkey)),
        EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f' AND a.attnum = ANY(k.conkey))
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'
    ORDER BY c.relname, a.attnum
    """
)
_LINKS = text(
    """
    SELECT child.relname, parent.relname,
        string_agg(a.attname, ', ' ORDER BY place.number), bool_or(NOT a.attnotnull)
    FROM pg_constraint k
    JOIN pg_class child ON child.oid = k.conrelid
    JOIN pg_class parent ON parent.oid = k.confrelid
    CROSS JOIN unnest(k.conkey) WITH ORDINALITY place (attnum, number)
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = place.attnum
    WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace AND k.conparentid = 0
    GROUP BY k.oid, child.relname, parent.relname
    ORDER BY parent.relname, child.relname, 3
    """
)


async def draw(tx: AsyncConnection) -> str:
    """The whole page, ending in a line break."""
    tables: dict[str, list[Column]] = {}
    for table, name, kind, is_required, comment, is_primary, is_foreign in await tx.execute(_COLUMNS):
        key = ", ".join(word for word, holds in (("PK", is_primary), ("FK", is_foreign)) if holds)
        note = "; ".join(word for word in ("" if is_required else "may be null", comment or "") if word)
        tables.setdefault(table, []).append(Column(name, _SHORT.get(kind, kind), key, note.replace('"', "'")))
    links = [Link(*row) for row in await tx.execute(_LINKS)]
    placed = {table for part in PARTS.values() for table in part}
    parts: dict[str, Sequence[str]] = {**PARTS, FURTHER: sorted(tables.keys() - placed)}
    return INTRODUCTION + "".join(_part(title, names, tables, links) for title, names in parts.items() if names)


def _part(title: str, names: Sequence[str], tables: dict[str, list[Column]], links: Iterable[Link]) -> str:
    lines = [f"\n## {title}\n", "```mermaid", "erDiagram"]
    for link in links:
        if link.table in names:
            lines.append(f'    {link.target} {"|o" if link.is_optional else "||"}--o{{ {link.table} : "{link.columns}"')
    for name in names:
        lines.append(f"    {name} {{")
        for column in tables[name]:
            note = f'"{column.note}"' if column.note else ""
            lines.append("        " + " ".join(word for word in (column.kind, column.name, column.key, note) if word))
        lines.append("    }")
    return "\n".join([*lines, "```"]) + "\n"


async def page_of(url: str) -> str:
    """The page of the database at that address, in any role that may read the catalogue."""
    database = Database(url, pool_size=1)
    try:
        async with database.public() as tx:
            return await draw(tx)
    finally:
        await database.close()


def main(arguments: Sequence[str]) -> int:
    """Prints the page of the one database named."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: python -m store.erd <url of a migrated database>\n")
        return 2
    sys.stdout.write(asyncio.run(page_of(arguments[0])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
