"""`python -m bench.proof [name …]`: the long proofs at full size, all or those named. Each is a test of the suite, told
to go on for longer.

Prints the runners' own words. What was run, with seeds, counts and outcomes, is kept proof by proof in
docs/evidence/proof.json and shown in docs/evidence/proof.md; a proof that is not run keeps its last line.
"""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.proofs import PROOFS, SKIPPED, Proof

ROOT = Path(__file__).resolve().parent.parent
EVIDENCE = ROOT / "docs" / "evidence"
MOST_SECONDS = 5_000
# A proof's own summary, which it prints behind this mark, one line each.
TOLD = re.compile(r"^proof: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """How one run went. ended: held, failed, or skipped where it can't be run here; told: its own lines of figures."""

    ended: str
    seconds: float
    told: tuple[str, ...]


def command(proof: Proof) -> list[str]:
    """How a proof is run: a file of the suite by pytest, a program of bench/ by itself."""
    if proof.test.startswith("bench/"):
        return [sys.executable, "-m", proof.test.removesuffix(".py").replace("/", ".")]
    return [sys.executable, "-m", "pytest", "-q", "-s", "-n", "0", "--timeout", str(MOST_SECONDS), *proof.test.split()]


def run(proof: Proof) -> Outcome:
    """Runs one proof at full size; its words go on to the terminal as they come."""
    began = time.monotonic()
    lines = []
    with subprocess.Popen(
        command(proof),
        cwd=ROOT,
        env={**os.environ, **proof.sizes},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            sys.stdout.write(line)
            lines.append(line)
    ended = {0: "held", SKIPPED: "skipped"}.get(process.returncode, "failed")
    return Outcome(ended, time.monotonic() - began, tuple(TOLD.findall("".join(lines))))


def page(kept: dict[str, Any]) -> str:
    """The evidence as people read it: a table, then the figures of each proof."""
    lines = [
        "# Proofs at full size",
        "",
        "Written by `make proof`; `make proof PROOFS=name` runs one of them and leaves the other lines as they are.",
        "",
        "| proof | claim | size | run at (UTC) | seconds | outcome |",
        "|---|---|---|---|---|---|",
    ]
    for proof in PROOFS:
        sizes = [f"{name.removeprefix('HOLDFAST_PROOF_').lower()} {value}" for name, value in proof.sizes.items()]
        last = kept.get(proof.name)
        ended = f"{last['at']} | {last['seconds']} | {last['outcome']}" if last else "never | | not run yet"
        lines.append(f"| [{proof.name}](#{proof.name}) | {proof.claim} | {', '.join(sizes)} | {ended} |")
    for proof in PROOFS:
        told = kept.get(proof.name, {}).get("told") or ["Nothing but its outcome."]
        lines += ["", f"## {proof.name}", "", f"`{proof.test}`", "", *(f"- {line}" for line in told)]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Runs the proofs, writes the evidence after each. Exit status: 1 when one failed, 2 for an unknown name."""
    names = sys.argv[1:] or [proof.name for proof in PROOFS]
    known = {proof.name: proof for proof in PROOFS}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.stderr.write(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}\n")
        raise SystemExit(2)
    memory = EVIDENCE / "proof.json"
    kept: dict[str, Any] = json.loads(memory.read_text("utf-8")) if memory.is_file() else {}
    by_end: dict[str, list[str]] = {"held": [], "skipped": [], "failed": []}
    for name in names:
        outcome = run(known[name])
        by_end[outcome.ended].append(name)
        kept[name] = {
            "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
            "seconds": round(outcome.seconds),
            "outcome": outcome.ended,
            "told": list(outcome.told),
        }
        EVIDENCE.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        (EVIDENCE / "proof.md").write_text(page(kept), encoding="utf-8")
    others = (f"{end}: {', '.join(by_end[end]) or 'none'}" for end in ("skipped", "failed"))
    sys.stdout.write(f"{len(by_end['held'])} of {len(names)} held; {'; '.join(others)}\n")
    raise SystemExit(1 if by_end["failed"] else 0)


if __name__ == "__main__":
    main()
