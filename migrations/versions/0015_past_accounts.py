"""Accounts at the payment provider that were lost and replaced.

Expands only: the release before works on this schema too.
"""

from migrations.tenancy import lock_tenant_table, run_sql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TENANT_TABLES = ("past_stripe_accounts",)


def upgrade() -> None:
    """Adds what is new and locks each hotel's rows."""
    run_sql("0015_past_accounts.sql")
    for table in TENANT_TABLES:
        lock_tenant_table(table)


def downgrade() -> None:
    """Nothing is taken away again; restore a backup instead."""
    raise RuntimeError("This migration has no way back; restore a backup instead.")
