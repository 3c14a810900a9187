"""Notices: switches and languages, what became of a letter, a second try.

Expands only: the release before works on this schema too.
"""

from migrations.tenancy import lock_tenant_table, run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TENANT_TABLES = ("notice_events", "notice_settings", "attention_items")


def upgrade() -> None:
    """Adds what is new and locks each hotel's rows."""
    run_sql("0004_notices.sql")
    for table in TENANT_TABLES:
        lock_tenant_table(table)


def downgrade() -> None:
    """Nothing is taken away again; restore a backup instead."""
    raise RuntimeError("This migration has no way back; restore a backup instead.")
