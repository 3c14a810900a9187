"""`python -m bench.proof`: the long proofs at full size. Each is a test of the suite, told to go on for longer.

Prints pytest's own words, and writes what was run, with seeds, counts and outcomes, to docs/evidence/proof.md.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EVIDENCE = ROOT / "docs" / "evidence" / "proof.md"
MOST_SECONDS = 3_000


@dataclass(frozen=True)
class Proof:
    """A claim, the test behind it (a file of the suite, or a program of bench/) and the size it is run at."""

    claim: str
    test: str
    sizes: dict[str, str]

    @property
    def command(self) -> list[str]:
        """How it is run."""
        if self.test.startswith("bench/"):
            return [sys.executable, "-m", self.test.removesuffix(".py").replace("/", ".")]
        return [sys.executable, "-m", "pytest", "-q", "-n", "0", "--timeout", str(MOST_SECONDS), self.test]


PROOFS = (
    Proof(
        "Of fifty guests for the last room, through two API processes, exactly one gets it; without the guard more do.",
        "tests/whole/test_last_room.py",
        {"HOLDFAST_PROOF_ROUNDS": "60"},
    ),
    Proof(
        "Whatever sequence of commands and clocks a booking lives through, counters and rooms are those of its stays.",
        "tests/domain/test_any_life.py",
        {"HOLDFAST_PROOF_EXAMPLES": "20000"},
    ),
    Proof(
        "Of small faults put into the rules, the rules' own tests notice at least 85 of 100; survivors: mutants.md.",
        "bench/mutants.py",
        {"HOLDFAST_PROOF_FAULTS": "1000", "HOLDFAST_PROOF_SEED": "20270310"},
    ),
    Proof(
        "Random lives through the real workflow and Postgres are what a small model says; without a rule they differ.",
        "tests/story/test_against_model.py",
        {"HOLDFAST_PROOF_SEQUENCES": "2000", "HOLDFAST_PROOF_SEED": "proof"},
    ),
    Proof(
        "No call gets a 5xx or an answer that the OpenAPI document does not tell.",
        "tests/whole/test_any_call.py",
        {"HOLDFAST_PROOF_CALLS": "300"},
    ),
)


def main() -> None:
    """Runs every proof, writes the summary, ends with 1 when one of them failed."""
    lines = [
        "# Proofs at full size",
        "",
        f"Run at {datetime.now(UTC):%Y-%m-%d %H:%M} UTC with `make proof`.",
        "",
        "| claim | test | size | seconds | outcome |",
        "|---|---|---|---|---|",
    ]
    failed = False
    for proof in PROOFS:
        began = time.monotonic()
        code = subprocess.run(proof.command, cwd=ROOT, env={**os.environ, **proof.sizes}, check=False).returncode
        failed = failed or code != 0
        size = ", ".join(
            f"{name.removeprefix('HOLDFAST_PROOF_').lower()} {value}" for name, value in proof.sizes.items()
        )
        seconds = time.monotonic() - began
        lines.append(f"| {proof.claim} | `{proof.test}` | {size} | {seconds:.0f} | {'failed' if code else 'held'} |")
    EVIDENCE.parent.mkdir(parents=True, exist_ok=True)
    EVIDENCE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(EVIDENCE.read_text(encoding="utf-8"))
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
