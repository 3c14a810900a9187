"""Repair: what was mended by itself or by an operator, the build that is current, and items that are about no letter.

Expands only: the release before works on this schema too.
"""

from migrations.tenancy import lock_tenant_table, run_sql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TENANT_TABLES = ("repairs",)


def upgrade() -> None:
    """Adds what is new and locks each hotel's rows."""
    run_sql("0007_repair.sql")
    for table in TENANT_TABLES:
        lock_tenant_table(table)


def downgrade() -> None:
    """Nothing is taken away again; restore a backup instead."""
    raise RuntimeError("This migration has no way back; restore a backup instead.")
