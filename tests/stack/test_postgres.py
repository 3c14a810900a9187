"""The embedded Postgres, really started."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cli.parts import in_role
from cli.postgres import EmbeddedPostgres, socket_folder
from cli.processes import StackTrouble, working_in
from tests.stack.children import lives, running, until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "postgres", fsync=False)
    yield server
    server.stop()


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def postmaster(server: EmbeddedPostgres) -> int:
    return int((server.data_dir / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def test_the_owner_is_like_a_hosted_one(server: EmbeddedPostgres) -> None:
    """May create roles and the one extension that is used; is no superuser and can't bypass row security."""
    url = server.start()
    ask(url, "CREATE EXTENSION btree_gist")
    ask(url, "CREATE ROLE holdfast_app LOGIN NOBYPASSRLS")
    assert ask(url, "SELECT current_user, current_database()") == [("holdfast", "holdfast")]
    rights = "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    assert ask(url, rights) == [(False, False, True)]
    assert ask(in_role(url, "holdfast_app"), "SELECT current_user") == [("holdfast_app",)]
    assert ask(url, "SHOW server_encoding") == [("UTF8",)]
    assert ask(url, "SHOW data_checksums") == [("on",)]
    assert ask(url, "SHOW listen_addresses") == [("",)]
    assert server.socket_dir.stat().st_mode & 0o777 == 0o700


def test_rows_are_there_after_a_stop_a_kill_and_a_stale_pid_file(server: EmbeddedPostgres) -> None:
    url = server.start()
    ask(url, "CREATE TABLE kept (night integer); INSERT INTO kept VALUES (7)")
    server.stop()
    assert not server.socket_dir.exists()
    # A number that now belongs to another living program must not keep the server from starting.
    (server.data_dir / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data_dir}\n", encoding="utf-8")
    assert server.start() == url
    assert ask(url, "SELECT night FROM kept") == [(7,)]
    os.kill(postmaster(server), signal.SIGKILL)
    assert server.start() == url
    assert ask(url, "SELECT night FROM kept") == [(7,)]


def test_the_server_ends_with_a_parent_that_was_killed_and_starts_again_at_once(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    program = (
        "import sys, time; from pathlib import Path; from cli.postgres import EmbeddedPostgres\n"
        "EmbeddedPostgres(Path(sys.argv[1]), fsync=False).start(); print('up', flush=True); time.sleep(600)"
    )
    with running([sys.executable, "-c", program, str(data)], log=tmp_path / "log", PYTHONPATH=".") as parent:
        until(lambda: "up" in (tmp_path / "log").read_text(encoding="utf-8"), seconds=20)
        server = EmbeddedPostgres(data, fsync=False)
        pid = postmaster(server)
        parent.kill()
        ask(server.start(), "SELECT 1")
        assert not lives(pid)
        server.stop()
    assert working_in(data) == []


def test_a_server_that_cannot_start_says_why(server: EmbeddedPostgres) -> None:
    server.prepare()
    (server.data_dir / "postgresql.conf").write_text("nonsense = on\n", encoding="utf-8")
    server.start_seconds = 1.0
    with pytest.raises(StackTrouble, match='unrecognized configuration parameter "nonsense"'):
        server.start()


def test_a_socket_folder_prepared_by_somebody_else_is_refused(server: EmbeddedPostgres, tmp_path: Path) -> None:
    server.socket_dir.symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(StackTrouble, match="remove it"):
        server.start()
    server.socket_dir.unlink()


def test_a_long_home_still_has_a_short_socket() -> None:
    folder = socket_folder(Path("/") / ("very-long-name" * 30) / "postgres")
    assert len(str(folder / ".s.PGSQL.5432")) < 108


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("postgresql+psycopg://holdfast@/holdfast?host=/s", "postgresql+psycopg://holdfast_app@/holdfast?host=/s"),
        ("postgresql://own:pa%40ss@db:5432/inn", "postgresql://holdfast_app:pa%40ss@db:5432/inn"),
        ("postgresql://db/inn?sslmode=require", "postgresql://holdfast_app@db/inn?sslmode=require"),
    ],
)
def test_the_application_uses_the_owners_address_in_its_own_role(owner: str, expected: str) -> None:
    assert in_role(owner, "holdfast_app") == expected
