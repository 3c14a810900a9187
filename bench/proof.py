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
    """A claim, the test behind it and the size it is run at."""

    claim: str
    test: str
    sizes: dict[str, str]


PROOFS = (
    Proof(
        "Of fifty guests for the last room, through two API processes, exactly one gets it; without the guard more do.",
        "tests/whole/test_last_room.py",
        {"HOLDFAST_PROOF_ROUNDS": "60"},
    ),
    Proof(
        "Whatever sequence of commands and clocks a booking lives through, counters and rooms are those of its stays.",
        "tests/domain/test_steps.py",
        {"HOLDFAST_PROOF_EXAMPLES": "20000"},
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
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "--timeout", str(MOST_SECONDS), proof.test]
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, **proof.sizes}, check=False).returncode
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
