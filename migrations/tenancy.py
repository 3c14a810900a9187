"""Row security for a hotel's tables, said once for every migration."""

from pathlib import Path

from alembic import op

SQL = Path(__file__).parent / "versions" / "sql"


def run_sql(name: str) -> None:
    """Executes a file of the folder `versions/sql`."""
    op.execute((SQL / name).read_text(encoding="utf-8"))


def lock_tenant_table(table: str) -> None:
    """Shows and takes only rows of the transaction's hotel; operations may read all."""
    own = "hotel_id = NULLIF(current_setting('holdfast.hotel_id', true), '')::int"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_own_hotel ON {table} USING ({own}) WITH CHECK ({own})")
    op.execute(f"CREATE POLICY {table}_operations ON {table} FOR SELECT TO holdfast_ops USING (true)")
