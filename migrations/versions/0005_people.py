"""People: profiles, own details, notes, files, links that were asked for.

Expands only: the release before works on this schema too.
"""

from migrations.tenancy import lock_tenant_table, run_sql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TENANT_TABLES: tuple[str, ...] = (
    "guest_profiles",
    "guest_changes",
    "booking_notes",
    "note_versions",
    "booking_files",
    "office_keys",
)


def upgrade() -> None:
    """Adds what is new, locks each hotel's rows, and gives every known guest a profile."""
    run_sql("0005_people.sql")
    for table in TENANT_TABLES:
        lock_tenant_table(table)
    run_sql("0005_profiles.sql")


def downgrade() -> None:
    """Nothing is taken away again; restore a backup instead."""
    raise RuntimeError("This migration has no way back; restore a backup instead.")
