"""`python -m bench.mutants [how many] [seed] [file …]`: small faults are put into domain/, one at a time.

A fault that no domain test notices has survived. Works on a copy of the sources in a folder of its own, so that
nothing here is ever touched; a fault is only tried against the tests that pass through its line. Which faults there
are: bench/faults.py. Writes docs/evidence/mutants.md.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.faults import Fault, compiled, faults_of

ROOT = Path(__file__).resolve().parent.parent
EVIDENCE = ROOT / "docs" / "evidence" / "mutants.md"
COPIED = ("domain", "tests/__init__.py", "tests/domain", "tests/gateways", "gateways", "messages", "pyproject.toml")
SAMPLE, SEED, GOAL = 1_000, 20_270_310, 0.85
AT_ONCE = 2
SECONDS = 40.0
EXAMPLES = "40"
# No test is reached by the fault; pytest's own words for how a run ended are 0 to 5.
NO_TESTS = 5


@dataclass(frozen=True)
class Reach:
    """Which tests (`file::function`) pass through which line of a file, and how long each takes in seconds."""

    lines: dict[str, dict[int, frozenset[str]]]
    seconds: dict[str, float]

    def of(self, fault: Fault) -> list[str]:
        """The tests a fault is tried against, the quickest first. What runs at import is reached through its file."""
        lines = self.lines.get(fault.path, {})
        reached = {test for line in range(fault.line, fault.last_line + 1) for test in lines.get(line, ())}
        if not reached or fault.at_import:
            reached = {test for tests in lines.values() for test in tests}
        return sorted(reached, key=lambda test: (self.seconds.get(test, 1.0), test))


def copied(folder: Path) -> Path:
    """The sources that the domain's tests need, in a folder of their own."""
    for name in COPIED:
        source, goal = ROOT / name, folder / name
        goal.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, goal, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, goal)
    return folder


def reach_of(folder: Path) -> Reach:
    """Runs the domain's tests once and looks where each of them passes. Errors: SystemExit where they fail."""
    (folder / "coverage.ini").write_text("[run]\nsource = domain\n[json]\nshow_contexts = True\n", encoding="utf-8")
    command = [
        sys.executable, "-m", "pytest", "tests/domain", "--noconftest", "-q", "-n", "0", "-p", "no:cacheprovider",
        "--cov=domain", "--cov-context=test", "--cov-config=coverage.ini", "--cov-report=json:reach.json",
        "--durations=0", "--durations-min=0", "--hypothesis-seed=0",
    ]  # fmt: skip
    run = subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, encoding="utf-8", check=False, timeout=1_800
    )
    if run.returncode:
        raise SystemExit(f"The domain's tests fail without any fault:\n{run.stdout[-4000:]}{run.stderr[-4000:]}")
    seconds: dict[str, float] = defaultdict(float)
    for line in run.stdout.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in ("call", "setup") and words[0].endswith("s"):
            seconds[words[2].partition("[")[0]] += float(words[0][:-1])
    measured = json.loads((folder / "reach.json").read_text(encoding="utf-8"))
    lines = {
        path: {int(line): frozenset(_test(name) for name in names if name) for line, names in told["contexts"].items()}
        for path, told in measured["files"].items()
    }
    return Reach(lines, dict(seconds))


def _test(context: str) -> str:
    """`file::function` of a context `file::function[example]|run`."""
    return context.partition("|")[0].partition("[")[0]


def _environment() -> dict[str, str]:
    # The copy keeps the bytecode of its tests, which else are rewritten for every fault; a faulty module keeps none.
    return {**os.environ, "HOLDFAST_PROOF_EXAMPLES": EXAMPLES, "PYTHONDONTWRITEBYTECODE": ""}


@dataclass(frozen=True)
class Outcome:
    """How a fault ended: killed, survived, or timeout (the tests never came to an end, which is noticed too)."""

    fault: Fault
    ended: str
    tests: int


def tried(faults: Iterable[Fault], reach: Reach, folder: Path) -> Iterator[Outcome]:
    """Tries faults, several at once, each in a process of its own."""
    waiting, running = list(reversed(list(faults))), {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            fault = waiting.pop()
            tests = reach.of(fault)
            if not tests:
                yield Outcome(fault, "survived", 0)
                continue
            order = folder / f"order-{len(waiting)}.json"
            order.write_text(json.dumps({"path": fault.path, "source": fault.source, "tests": tests}), "utf-8")
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "bench" / "mutant_run.py"), str(order)], cwd=folder, env=_environment(),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            running[process.pid] = (process, fault, len(tests), time.monotonic(), order)
        for pid, (process, fault, tests, began, order) in list(running.items()):
            code = process.poll()
            if code is None and time.monotonic() - began < SECONDS + tests / 10:
                continue
            if code is None:
                os.killpg(pid, signal.SIGKILL)
                process.wait()
            ended = "timeout" if code is None else "survived" if code in (0, NO_TESTS) else "killed"
            order.unlink()
            del running[pid]
            yield Outcome(fault, ended, tests)
        time.sleep(0.01)


def check_sound(reach: Reach, folder: Path) -> None:
    """Without any fault the chosen tests pass in the way faults are tried. Errors: SystemExit where they do not."""
    path = max(reach.lines, key=lambda each: len(reach.lines[each]))
    source = (folder / path).read_text(encoding="utf-8")
    none = Fault(path, 1, 1, "none", "", "", source, at_import=True)
    if [outcome.ended for outcome in tried([none], reach, folder)] != ["survived"]:
        raise SystemExit(f"The tests of {path} fail without any fault in it.")


def told(outcomes: list[Outcome], total: int, seed: int, seconds: float) -> str:
    """The evidence: a table by file and every survivor with its line."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        counts[outcome.fault.path][outcome.ended] += 1
    whole = sum(counts.values(), Counter())
    lines = [
        "# Faults put into domain/",
        "",
        f"Run at {datetime.now(UTC):%Y-%m-%d %H:%M} UTC with `make proof`: {len(outcomes)} of {total} possible faults,"
        f" seed {seed}, {seconds:.0f} s. Only the domain's own tests are run.",
        "",
        f"**{_share(whole):.1%} noticed**, at least {GOAL:.0%} are wanted.",
        "",
        "| file | killed | timeout | survived | noticed |",
        "|---|---|---|---|---|",
    ]
    for path, one in [*sorted(counts.items()), ("all", whole)]:
        lines.append(f"| {path} | {one['killed']} | {one['timeout']} | {one['survived']} | {_share(one):.0%} |")
    lines += ["", "## Survivors", ""]
    for outcome in sorted(outcomes, key=lambda each: (each.fault.path, each.fault.line)):
        if outcome.ended == "survived":
            fault = outcome.fault
            lines += [f"`{fault.path}:{fault.line}` {fault.kind}, {outcome.tests} tests", "", "```diff"]
            lines += [f"-{fault.before}", f"+{fault.after}", "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _share(counts: Counter[str]) -> float:
    return 1 - counts["survived"] / (sum(counts.values()) or 1)


def main() -> None:
    """Ends with 1 where fewer are noticed than wanted. A smaller sample, or one of named files, is only printed."""
    many = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("HOLDFAST_PROOF_FAULTS", SAMPLE))
    seed = int(sys.argv[2] if len(sys.argv) > 2 else os.environ.get("HOLDFAST_PROOF_SEED", SEED))
    names = sys.argv[3:]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        folder = copied(Path(place))
        reach = reach_of(folder)
        check_sound(reach, folder)
        found = [
            fault
            for path in sorted((folder / "domain").glob("*.py"))
            if not names or path.name in names
            for fault in compiled(faults_of(path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")))
        ]
        sample = random.Random(seed).sample(found, min(many, len(found)))  # noqa: S311 - The same sample for the same seed.
        outcomes = []
        for outcome in tried(sample, reach, folder):
            outcomes.append(outcome)
            if outcome.ended == "survived":
                print(
                    f"{outcome.fault.path}:{outcome.fault.line} {outcome.fault.kind}\n"
                    f"  -{outcome.fault.before}\n  +{outcome.fault.after}",
                    flush=True,
                )
    page = told(outcomes, len(found), seed, time.monotonic() - began)
    if many >= SAMPLE and not names:
        EVIDENCE.parent.mkdir(parents=True, exist_ok=True)
        EVIDENCE.write_text(page, encoding="utf-8")
    print(page.partition("## Survivors")[0])
    raise SystemExit(_share(Counter(outcome.ended for outcome in outcomes)) < GOAL)


if __name__ == "__main__":
    main()
