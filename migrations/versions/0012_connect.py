"""Hotels' own accounts at the payment provider, which may leave it, and disputes about payments.

Expands only: the release before works on this schema too.
"""

from migrations.tenancy import lock_tenant_table, run_sql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TENANT_TABLES = ("disputes",)


def upgrade() -> None:
    """Adds what is new and locks each hotel's rows."""
    run_sql("0012_connect.sql")
    for table in TENANT_TABLES:
        lock_tenant_table(table)


def downgrade() -> None:
    """Nothing is taken away again; restore a backup instead."""
    raise RuntimeError("This migration has no way back; restore a backup instead.")
