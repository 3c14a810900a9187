"""Runs migrations as the owner of the database, after making sure that the two run-time roles exist."""

from alembic import context
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from config.settings import Settings

ROLES = ("holdfast_app", "holdfast_ops")


def ensure_roles(connection: Connection, password: str | None) -> None:
    """Creates the run-time roles; neither may bypass row security. They share the owner's password, if it has one."""
    for role in ROLES:
        found = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar()
        if not found:
            connection.execute(text(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"))
        if password:
            quoted = password.replace("'", "''")
            connection.exec_driver_sql(f"ALTER ROLE {role} PASSWORD '{quoted}'".replace("%", "%%"))
    connection.commit()


def migrate() -> None:
    """Upgrades within one transaction a revision; a statement never waits on a lock for long."""
    url = make_url(context.get_x_argument(as_dictionary=True).get("url") or Settings().database_url)
    engine = create_engine(url.set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        ensure_roles(connection, url.password)
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.commit()
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


migrate()
