"""Calls to the payment provider, each written down before it goes out, and hotels' own accounts there.

Expands only: the release before works on this schema too.
"""

from migrations.tenancy import lock_tenant_table, run_sql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TENANT_TABLES = ("provider_calls", "stripe_accounts")


def upgrade() -> None:
    """Adds what is new and locks each hotel's rows."""
    run_sql("0008_provider_calls.sql")
    for table in TENANT_TABLES:
        lock_tenant_table(table)


def downgrade() -> None:
    """Nothing is taken away again; restore a backup instead."""
    raise RuntimeError("This migration has no way back; restore a backup instead.")
