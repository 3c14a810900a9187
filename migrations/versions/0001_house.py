"""The whole house: hotels, what they sell, bookings with their story, notices, staff.

Rules that hold for every table here:
- money is integer minor units, stays are [arrival, departure), instants are timestamptz;
- a table that belongs to a hotel has hotel_id, forced row security and composite foreign keys, because a
  plain foreign key would accept another hotel's row;
- words (statuses, kinds) are text with a CHECK, because enum equality is not leakproof and would go past
  indexes.
"""

from alembic import op

from migrations.tenancy import lock_tenant_table, run_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "policy_versions",
    "stay_policies",
    "room_types",
    "rooms",
    "rate_plans",
    "rate_plan_room_types",
    "nightly_rates",
    "tax_rules",
    "room_type_nights",
    "guests",
    "bookings",
    "stays",
    "stay_guests",
    "room_segments",
    "nightly_lines",
    "payments",
    "booking_events",
    "command_keys",
    "notices",
    "staff_roles",
)


def upgrade() -> None:
    """Builds the tables, then locks every hotel's rows behind row security."""
    for name in ("0001_hotels.sql", "0001_bookings.sql", "0001_people.sql"):
        run_sql(name)
    for table in TENANT_TABLES:
        lock_tenant_table(table)
    # Who works where is asked before a hotel is chosen, so a person may read their own roles.
    op.execute(
        "CREATE POLICY staff_roles_own ON staff_roles FOR SELECT "
        "USING (staff_id = NULLIF(current_setting('holdfast.staff_id', true), '')::int)"
    )
    run_sql("0001_grants.sql")


def downgrade() -> None:
    """There is nothing before the house."""
    raise RuntimeError("The first migration has no way back; restore a backup instead.")
