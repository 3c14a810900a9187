"""Reconciliation: each hotel's nights, what was compared, and what differs between provider, rows and bookings.

Expands only: the release before works on this schema too.
"""

from migrations.tenancy import lock_tenant_table, run_sql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TENANT_TABLES = ("reconciliation_runs", "provider_objects", "reconciliation_lines", "reconciliation_items")


def upgrade() -> None:
    """Adds what is new and locks each hotel's rows."""
    run_sql("0011_reconciliation.sql")
    for table in TENANT_TABLES:
        lock_tenant_table(table)


def downgrade() -> None:
    """Nothing is taken away again; restore a backup instead."""
    raise RuntimeError("This migration has no way back; restore a backup instead.")
