"""Runs some of the domain's tests against one fault; the process's end says how. Started by bench/mutants.py.

The order is a file: the path of the faulty file, its whole source, and the tests (`file::function`) in their order.
"""

import importlib.machinery
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType

import pytest


class _Faulty(importlib.machinery.SourceFileLoader):
    """Loads one module from another source than its file's."""

    source = ""

    def get_code(self, fullname: str) -> CodeType:
        """The code with the fault."""
        return compile(self.source, self.path, "exec")


class _Finder:
    """Finds the faulty module before anybody else does."""

    def __init__(self, module: str, path: str, source: str) -> None:
        self.module = module
        self.loader = _Faulty(module, path)
        self.loader.source = source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The faulty module's, and nothing else's."""
        if fullname != self.module:
            return None
        return importlib.machinery.ModuleSpec(fullname, self.loader, origin=self.loader.path)


class _Chosen:
    """Keeps the chosen tests, in their order."""

    def __init__(self, tests: list[str]) -> None:
        self.place = {test: number for number, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """A test's name without its example."""
        kept = [item for item in items if item.nodeid.partition("[")[0] in self.place]
        items[:] = sorted(kept, key=lambda item: self.place[item.nodeid.partition("[")[0]])


def main() -> None:
    """Ends with pytest's word for how it went."""
    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    here = Path.cwd()
    sys.path[0] = str(here)
    module = order["path"].removesuffix(".py").replace("/", ".")
    sys.meta_path.insert(0, _Finder(module, str(here / order["path"]), order["source"]))
    files = sorted({test.partition("::")[0] for test in order["tests"]})
    options = ["-x", "-q", "--noconftest", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov",
               "-p", "no:schemathesis", "-p", "no:asyncio", "--hypothesis-seed=0",
               "-o", "addopts=", "-W", "ignore"]  # fmt: skip
    raise SystemExit(pytest.main([*options, *files], plugins=[_Chosen(order["tests"])]))


if __name__ == "__main__":
    main()
