"""The supervisor with real child processes."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cli.processes import StackTrouble
from cli.supervisor import Backoff, Part, Supervisor
from tests.stack.children import Heard, environment, lives, python, running, until

QUICK = Backoff(first=0.02, last=0.08, healthy=0.5, tries=3)
FOR_EVER = "import time; time.sleep(600)"


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def supervisor(heard: Heard) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(heard, QUICK)
    yield supervisor
    await supervisor.stop()


def part(name: str, program: str, **more: object) -> Part:
    return Part(name, python(program), environment(), **more)  # type: ignore[arg-type]


def noted(path: Path) -> list[int]:
    """Process ids that a child wrote down, one a line."""
    return [int(line) for line in path.read_text(encoding="utf-8").split()] if path.exists() else []


def noting(path: Path) -> str:
    """A program's first line: writes its process id down."""
    return f"import os; open({str(path)!r}, 'a').write(f'{{os.getpid()}}\\n')\n"


async def happens(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    await asyncio.to_thread(until, condition, seconds)


async def test_a_part_that_dies_is_started_again_and_that_is_said(
    supervisor: Supervisor, heard: Heard, tmp_path: Path
) -> None:
    ids = tmp_path / "ids"
    await supervisor.start(part("desk", noting(ids) + FOR_EVER))
    await happens(lambda: len(noted(ids)) == 1)
    os.kill(noted(ids)[0], signal.SIGKILL)
    await happens(lambda: len(noted(ids)) == 2)
    assert heard.count("desk ended (signal SIGKILL); starting it again in 0.02 s") == 1
    assert heard.count("desk is back") == 1


async def test_the_pause_before_a_restart_doubles_up_to_its_bound(heard: Heard) -> None:
    # Python itself may need longer than half a second to start, which is no healthy while.
    supervisor = Supervisor(heard, replace(QUICK, healthy=600))
    try:
        await supervisor.start(part("desk", "raise SystemExit(3)"))
        await happens(lambda: heard.count("again in 0.08 s") >= 2, seconds=60)
    finally:
        await supervisor.stop()
    told = [line.rpartition(" again in ")[2] for line in heard.lines if "desk ended (status 3)" in line]
    assert told[:4] == ["0.02 s", "0.04 s", "0.08 s", "0.08 s"]


async def test_the_pause_is_short_again_after_a_healthy_while(supervisor: Supervisor, heard: Heard) -> None:
    await supervisor.start(part("desk", "import time; time.sleep(0.9)"))
    await happens(lambda: heard.count("starting it again") >= 2)
    assert heard.count("again in 0.02 s") == heard.count("starting it again")


async def test_a_part_that_never_serves_is_given_up_with_its_last_words(supervisor: Supervisor) -> None:
    async def never() -> bool:
        return False

    with pytest.raises(StackTrouble, match=r"desk ended \(status 7\) 3 times.*the cupboard is bare"):
        await supervisor.start(part("desk", "print('the cupboard is bare'); raise SystemExit(7)", ready=never))


async def test_a_part_that_is_slow_to_serve_is_given_up_after_its_bound(supervisor: Supervisor) -> None:
    async def never() -> bool:
        return False

    with pytest.raises(StackTrouble, match=r"desk was not ready within 0.3 s"):
        await supervisor.start(part("desk", FOR_EVER, ready=never, ready_seconds=0.3))


async def test_a_start_waits_until_the_part_serves(supervisor: Supervisor, tmp_path: Path) -> None:
    sign = tmp_path / "open"

    async def ready() -> bool:
        return sign.exists()

    await supervisor.start(
        part("desk", f"import time; time.sleep(0.2); open({str(sign)!r}, 'w')\n{FOR_EVER}", ready=ready)
    )
    assert sign.exists()


async def test_every_line_carries_its_part_so_that_no_child_can_say_ready(supervisor: Supervisor, heard: Heard) -> None:
    await supervisor.start(part("desk", f"print('ready', flush=True); {FOR_EVER}"))
    await happens(lambda: heard.count("ready") == 1)
    heard.ready()
    assert [line for line in heard.lines if line.startswith("ready")] == ["ready"]
    assert "desk       | ready" in heard.lines


async def test_a_line_too_long_to_read_does_not_stop_the_log(supervisor: Supervisor, heard: Heard) -> None:
    await supervisor.start(part("desk", f"print('x' * 3_000_000); print('after', flush=True); {FOR_EVER}"))
    await happens(lambda: heard.count("after") == 1)
    assert max(len(line) for line in heard.lines) < 20_000


async def test_parts_end_in_order_and_a_deaf_one_is_ended_too(
    supervisor: Supervisor, heard: Heard, tmp_path: Path
) -> None:
    order = tmp_path / "order"
    polite = (
        "import signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: (open({str(order)!r}, 'a').write(NAME + ' '), sys.exit()))\n"
        "print('up', flush=True)\ntime.sleep(600)"
    )
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        + noting(tmp_path / "deaf")
        + "time.sleep(600)"
    )
    await supervisor.start(part("store", f"NAME = 'store'\n{polite}", rank=0))
    await supervisor.start(part("desk", f"NAME = 'desk'\n{polite}", rank=2))
    await supervisor.start(part("deaf", deaf, rank=1, stop=((signal.SIGTERM, 0.2),)))
    await happens(lambda: len(noted(tmp_path / "deaf")) == 1 and heard.count("| up") == 2)
    assert supervisor.running() == ["desk", "deaf", "store"]
    await supervisor.stop()
    assert order.read_text(encoding="utf-8").split() == ["desk", "store"]
    assert not lives(noted(tmp_path / "deaf")[0])


async def test_children_of_a_part_that_dies_do_not_live_on(supervisor: Supervisor, tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    program = f"import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', {FOR_EVER!r}])\n"
    program += f"open({str(ids)!r}, 'a').write(f'{{p.pid}}\\n')\nimport os\nos._exit(1)"
    await supervisor.start(part("desk", program))
    await happens(lambda: len(noted(ids)) >= 1)
    await happens(lambda: not lives(noted(ids)[0]))


async def test_a_step_that_fails_is_told_with_its_last_words(supervisor: Supervisor) -> None:
    with pytest.raises(StackTrouble, match=r"migrate failed \(status 4\).*no such table"):
        await supervisor.step("migrate", python("print('no such table'); raise SystemExit(4)"), environment())


async def test_a_step_that_hangs_is_ended_at_its_bound(supervisor: Supervisor, tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    with pytest.raises(StackTrouble, match=r"seed took longer than 5 s"):
        await supervisor.step("seed", python(noting(ids) + FOR_EVER), environment(), seconds=5)
    await happens(lambda: not lives(noted(ids)[0]))


async def test_an_answer_is_the_last_line_of_a_silent_step(supervisor: Supervisor, heard: Heard) -> None:
    assert await supervisor.ask("builds", python("print('noise'); print('{}')"), environment()) == "{}"
    assert heard.lines == []


async def test_a_program_that_does_not_exist_is_named(supervisor: Supervisor) -> None:
    async def never() -> bool:
        return False

    with pytest.raises(StackTrouble, match="no-such-program: No such file"):
        await supervisor.start(Part("desk", ["no-such-program"], environment(), ready=never))


def test_parts_end_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    """kill -9 leaves the supervisor no time to end anything, so the kernel does it."""
    ids, script = tmp_path / "ids", tmp_path / "stack.py"
    script.write_text(
        "import asyncio\n"
        "from cli.console import Console\nfrom cli.supervisor import Part, Supervisor\n"
        "from config.settings import child_environment\n"
        "async def main():\n"
        "    supervisor = Supervisor(Console())\n"
        f"    await supervisor.start(Part('desk', {python(noting(ids) + FOR_EVER)!r}, child_environment({{}})))\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n",
        encoding="utf-8",
    )
    with running([sys.executable, str(script)], log=tmp_path / "log", PYTHONPATH=".") as process:
        until(lambda: len(noted(ids)) == 1)
        process.kill()
        until(lambda: not lives(noted(ids)[0]), seconds=3)
