"""Hotels' own accounts at the payment provider: calls that are about no booking, and accounts that have left.

Expands only: the release before works on this schema too.
"""

from migrations.tenancy import run_sql

revision = "0012"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds what is new."""
    run_sql("0012_connect.sql")


def downgrade() -> None:
    """Nothing is taken away again; restore a backup instead."""
    raise RuntimeError("This migration has no way back; restore a backup instead.")
