"""`holdfast up` as a process: what it refuses before anything starts, and that an interrupted start leaves nobody."""

import os
import re
import signal
import socket
import sys
from pathlib import Path

import pytest

from cli import up
from cli.home import MARK_VARIABLE, Home
from cli.ports import free_port, free_ports
from cli.postgres import socket_folder
from cli.processes import carrying, working_in
from store import seed
from store.demo import HOUSES
from tests.stack.children import running, until

UP = [sys.executable, "-m", "cli.main", "up"]


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    """A home and ports of one's own."""
    return {"HOLDFAST_HOME": str(tmp_path / "home"), **free_ports()}


def printed(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path, given: dict[str, str]) -> None:
    log, port = tmp_path / "log", given["HOLDFAST_MAIL_DOUBLE_PORT"]
    with socket.create_server(("127.0.0.1", int(port))), running(UP, log=log, **given) as process:
        assert process.wait(20) == 1
    assert printed(log) == f"port {port} is taken; set HOLDFAST_MAIL_DOUBLE_PORT to another\n"
    assert not (tmp_path / "home" / "postgres").exists()


def test_the_logins_that_are_printed_are_those_that_are_seeded() -> None:
    assert set(up.DEMO_HOTELS) == {house.slug for house in HOUSES}
    assert set(up.DEMO_ROLES) == set(seed.ROLES)
    assert up.DEMO_PASSWORD == seed.PASSWORD


def test_a_second_up_on_one_home_is_refused_and_harms_nothing(tmp_path: Path, given: dict[str, str]) -> None:
    log, home = tmp_path / "log", Home(tmp_path / "home")
    home.take()
    with running([sys.executable, "-c", "import time; time.sleep(600)"], log=log, **{MARK_VARIABLE: home.mark}) as part:
        with running(UP, log=log, **given) as second:
            assert second.wait(20) == 1
        assert f"another `holdfast up` (process {os.getpid()})" in printed(log)
        assert part.poll() is None
    home.release()


def test_a_temporal_address_that_does_not_answer_is_named(tmp_path: Path, given: dict[str, str]) -> None:
    log, address = tmp_path / "log", f"127.0.0.1:{free_port()}"
    with running(UP, log=log, **given, TEMPORAL_ADDRESS=address) as process:
        assert process.wait(30) == 1
    assert f"Temporal does not answer on TEMPORAL_ADDRESS={address}" in printed(log)
    assert carrying(f"{MARK_VARIABLE}={given['HOLDFAST_HOME']}") == []


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_start_that_is_interrupted_ends_orderly_and_leaves_nobody(
    tmp_path: Path, given: dict[str, str], sign: signal.Signals
) -> None:
    log, home = tmp_path / "log", Path(given["HOLDFAST_HOME"])
    with running(UP, log=log, **given) as process:
        until(lambda: re.search("^postgres .*ready to accept connections", printed(log), re.MULTILINE) is not None, 30)
        # Twice, as when both the terminal and `make` tell it.
        process.send_signal(sign)
        process.send_signal(sign)
        assert process.wait(15) == 0
    assert "database system is shut down" in printed(log)
    assert carrying(f"{MARK_VARIABLE}={home}") == []
    assert working_in(home / "postgres") == []
    assert not socket_folder(home / "postgres").exists()
    assert "postgres" in next(line for line in printed(log).splitlines() if line.startswith("holdfast   | ending"))
    assert [line for line in printed(log).splitlines() if line.startswith("ready")] == []
    assert "Traceback" not in printed(log)
