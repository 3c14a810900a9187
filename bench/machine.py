"""The machine that figures were measured on, without its name: cores, memory, kernel, versions."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cli.postgres import binaries
from cli.temporal_server import temporal_program

LIBRARIES = ("fastapi", "uvicorn", "pydantic", "sqlalchemy", "psycopg", "temporalio")


def described() -> dict[str, Any]:
    """What has to be known to compare two results. load: of the last minute before the run, which should be near 0."""
    return {
        "cores": os.cpu_count(),
        "processor": _line("/proc/cpuinfo", "model name"),
        "memory_gigabytes": round(int((_line("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 1_048_576, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgres": _says(str(binaries() / "postgres"), "--version"),
        "temporal": _says(temporal_program(), "--version"),
        **{name: version(name) for name in LIBRARIES},
        "load": round(os.getloadavg()[0], 2),
    }


def _line(file: str, name: str) -> str:
    """The value of the first `name: value` of a file of the kernel; '' where there is none."""
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _says(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
