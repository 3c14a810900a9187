"""What `holdfast doctor` says: one finding for each thing it looked at, and how to mend what is wrong."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `mend` is one line that helps, given exactly when it is not well."""

    what: str
    well: bool
    detail: str
    mend: str = ""
    took_ms: float | None = None


@dataclass
class Report:
    """All findings of one visit."""

    findings: list[Finding] = field(default_factory=list)

    def good(self, what: str, detail: str, *, took_ms: float | None = None) -> None:
        """Notes something that is as it should be."""
        self.findings.append(Finding(what, True, detail, took_ms=took_ms))

    def bad(self, what: str, detail: str, mend: str) -> None:
        """Notes something that is wrong, and how to mend it."""
        self.findings.append(Finding(what, False, detail, mend))

    def judge(self, what: str, well: bool, detail: str, mend: str, *, took_ms: float | None = None) -> None:
        """Notes a finding that may be either."""
        self.findings.append(Finding(what, well, detail, "" if well else mend, took_ms))

    @property
    def well(self) -> bool:
        """True when nothing is wrong."""
        return all(finding.well for finding in self.findings)

    def as_json(self) -> str:
        """One line of JSON."""
        return json.dumps({"well": self.well, "findings": [asdict(finding) for finding in self.findings]})

    def lines(self) -> Sequence[str]:
        """For people: one line a finding, and under each trouble how to mend it."""
        width = max((len(finding.what) for finding in self.findings), default=0)
        lines = []
        for finding in self.findings:
            took = f" ({finding.took_ms:.0f} ms)" if finding.took_ms is not None else ""
            lines.append(f"{'ok   ' if finding.well else 'WRONG'}  {finding.what:<{width}}  {finding.detail}{took}")
            if finding.mend:
                lines.append(f"{'':5}  {'':<{width}}  → {finding.mend}")
        wrong = sum(not finding.well for finding in self.findings)
        lines.append(f"{wrong} wrong, see the arrows" if wrong else "all well")
        return lines


class Stopwatch:
    """Milliseconds of one look; read it after the block."""

    ms: float = 0.0


@contextmanager
def timed(clock: Callable[[], float] = time.perf_counter) -> Iterator[Stopwatch]:
    """Measures the block."""
    watch, begun = Stopwatch(), clock()
    try:
        yield watch
    finally:
        watch.ms = round((clock() - begun) * 1000, 1)
