"""One stack a home, and nothing left over of a killed one."""

import sys
from pathlib import Path

import pytest

from cli.home import MARK_VARIABLE, Home
from cli.processes import StackTrouble, carrying
from tests.stack.children import lives, python, running, until

SLEEPER = python("import time; time.sleep(600)")


def test_a_second_stack_on_one_home_is_refused_by_name(tmp_path: Path) -> None:
    first, second = Home(tmp_path), Home(tmp_path)
    first.take()
    with pytest.raises(StackTrouble, match=r"another `holdfast up` \(process \d+\) runs on .*HOLDFAST_HOME"):
        second.take()
    first.release()
    second.take()
    second.release()


def test_the_lock_of_a_killed_stack_holds_nobody_up(tmp_path: Path) -> None:
    home = tmp_path / "home"
    program = (
        f"from pathlib import Path; from cli.home import Home; import time\nh = Home(Path({str(home)!r})); h.take()\n"
    )
    command = [sys.executable, "-c", program + "print('taken', flush=True); time.sleep(600)"]
    with running(command, log=tmp_path / "log", PYTHONPATH=".") as process:
        until(lambda: "taken" in (tmp_path / "log").read_text(encoding="utf-8"))
        assert Home(home).holder() == process.pid
        process.kill()
        process.wait(5)
    assert Home(home).holder() is None
    again = Home(home)
    again.take()
    again.release()


def test_processes_that_outlived_their_stack_are_ended_and_others_left_alone(tmp_path: Path) -> None:
    home, other = Home(tmp_path / "home", patience_seconds=0.1), Home(tmp_path / "other")
    with (
        running(SLEEPER, log=tmp_path / "log1", **{MARK_VARIABLE: home.mark}) as ours,
        running(SLEEPER, log=tmp_path / "log2", **{MARK_VARIABLE: other.mark}) as theirs,
    ):
        home.take()
        # While a process is being replaced by its program it shows no environment for a moment.
        until(lambda: ours.pid in carrying(f"{MARK_VARIABLE}={home.mark}"))
        # They are given a moment to follow their parent by themselves; this one has to be told.
        assert home.end_leftovers()
        assert not lives(ours.pid)
        assert lives(theirs.pid)
        assert not home.end_leftovers()
        home.release()


def test_only_the_holder_of_a_home_may_end_its_processes(tmp_path: Path) -> None:
    holder, refused = Home(tmp_path), Home(tmp_path)
    holder.take()
    with running(SLEEPER, log=tmp_path / "log", **{MARK_VARIABLE: holder.mark}) as part:
        with pytest.raises(StackTrouble):
            refused.take()
        assert not refused.end_leftovers()
        assert lives(part.pid)
    holder.release()


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StackTrouble, match="set HOLDFAST_HOME to another folder"):
        Home(tmp_path / "file" / "home").take()
