"""How large a part is measured: HOLDFAST_BENCH_… chooses another size than the one its bound is for."""

import os
from collections.abc import Sequence
from statistics import median, quantiles

# A figure's name, the bound it has to keep (None where it is only told), and the words for it.
Row = tuple[str, float | None, str]


def size(name: str, default: int) -> int:
    """The size under this name, at least 1."""
    return max(1, int(os.environ.get(f"HOLDFAST_BENCH_{name}", default)))


def p95(took: Sequence[float]) -> float:
    """The time within which 95 of 100 were done; of very few, the longest."""
    return quantiles(took, n=20, method="inclusive")[-1] if len(took) > 1 else took[0]


def told(name: str, took: Sequence[float], unit: str = "ms") -> dict[str, float]:
    """`{name}_p50_{unit}` and `{name}_p95_{unit}`, rounded for people."""
    return {f"{name}_p50_{unit}": round(median(took), 2), f"{name}_p95_{unit}": round(p95(took), 2)}
