"""Folios: what is charged and to whom, cash drawers, invoices with their series, tax codes of extras and fees.

Expands only: the release before works on this schema too.
"""

from migrations.tenancy import lock_tenant_table, run_sql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "tax_codes",
    "folios",
    "folio_lines",
    "cash_drawers",
    "cash_movements",
    "invoice_series",
    "invoices",
    "invoice_lines",
    "invoice_prints",
)


def upgrade() -> None:
    """Adds what is new and locks each hotel's rows."""
    run_sql("0010_folio.sql")
    for table in TENANT_TABLES:
        lock_tenant_table(table)


def downgrade() -> None:
    """Nothing is taken away again; restore a backup instead."""
    raise RuntimeError("This migration has no way back; restore a backup instead.")
