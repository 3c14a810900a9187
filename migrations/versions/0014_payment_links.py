"""Links to pay that the desk made or mailed are kept among what people changed.

Expands only: the release before works on this schema too.
"""

from migrations.tenancy import run_sql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lets the two new words in."""
    run_sql("0014_payment_links.sql")


def downgrade() -> None:
    """Nothing is taken away again; restore a backup instead."""
    raise RuntimeError("This migration has no way back; restore a backup instead.")
