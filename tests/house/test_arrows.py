"""Who may import whom: the contracts in pyproject.toml, run as `make check` runs them."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.house.tree import OURS, ROOT, SHIPPED, Source, faults, holds, python, read, sample

LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
# One bad import for each contract: who imports, and what.
BAD_IMPORTS = {
    "Arrows point down": ("domain.stay", "messages.names"),
    "The story reaches no driver, no vendor and no web, not even through others": (
        "workflows.story",
        "httpx",
    ),
    "Only gateways know a vendor": ("cli.main", "stripe"),
    "SQL lives in the store": ("gateways.mailer", "psycopg"),
    "Only the front desk talks to Temporal": ("api.app", "temporalio.client"),
    "The API changes no booking: that is its workflow's": ("api.office", "store.steps"),
    "Routes parse and make one call": ("api.routes.bookings", "store.session"),
    "Settings are read by whoever puts parts together": ("activities.bookings", "config.settings"),
    "Settings know nothing of the house": ("config.settings", "messages.bookings"),
    "Nobody leans on stand-ins, benchmarks or tests": ("worker.main", "tests.houses"),
}
# Words that a function of the store begins with when it changes rows.
WRITING = re.compile(
    r"(add|change|claim|create|delete|drop|end|hold|insert|mark|move|open|put|record|release|remove|revoke|save|seed|set"
    r"|sweep|take|update|write)(_|$)"
)
STATEMENT = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s")
# It asks whether anybody answers, and nothing else.
ALLOWED_STATEMENTS = {"api/health.py"}


def linted(folder: Path) -> str:
    """What import-linter says of the tree in a folder."""
    done = subprocess.run(LINT, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def contracts() -> list[dict[str, Any]]:
    """The contracts as they are written."""
    return tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]


def test_imports_point_only_where_they_may() -> None:
    """Every contract is kept."""
    said = linted(ROOT)
    assert re.search(r"Contracts: \d+ kept, 0 broken\.", said), said


def test_each_contract_notices_its_bad_import(tmp_path: Path) -> None:
    """A small tree with one bad import for each contract breaks all of them, so none is a contract in name only."""
    for module in {*OURS, *named(contracts())}:
        plant(tmp_path, module)
    for one in contracts():
        for allowed in one.get("ignore_imports", []):
            importer, _, imported = allowed.partition(" -> ")
            write(tmp_path / importer.replace(".", "/") / "__init__.py", imported)
    (tmp_path / "pyproject.toml").write_text(read("pyproject.toml"), encoding="utf-8")
    said = linted(tmp_path)
    assert ", 0 broken" in said, said
    for importer, imported in BAD_IMPORTS.values():
        plant(tmp_path, importer)
        if imported.partition(".")[0] in OURS:
            plant(tmp_path, imported)
        write(tmp_path / importer.replace(".", "/") / "__init__.py", imported)
    said = linted(tmp_path)
    broken = set(re.findall(r"^(.+) BROKEN", said, flags=re.MULTILINE))
    assert broken == set(BAD_IMPORTS) == {contract["name"] for contract in contracts()}, said


def named(written: Iterable[object]) -> set[str]:
    """Our modules that contracts name, inside lists and arrows."""
    words = re.findall(r"[a-z_]+(?:\.[a-z_]+)*", str(list(written)))
    return {word for word in words if "." in word and word.partition(".")[0] in OURS}


def plant(folder: Path, module: str) -> None:
    """Makes an empty module, as a package, with the packages around it."""
    inside = folder
    for name in module.split("."):
        inside = inside / name
        inside.mkdir(exist_ok=True)
        (inside / "__init__.py").touch()


def write(file: Path, imported: str) -> None:
    """Adds an import to a file."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write(f"import {imported}\n")


def test_every_folder_of_ours_is_under_the_contracts() -> None:
    """A new folder with code does not stay outside the arrows, and is shipped in the wheel or named as not shipped."""
    project = tomllib.loads(read("pyproject.toml"))["tool"]
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders == set(OURS) == set(project["importlinter"]["root_packages"])
    assert set(project["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(SHIPPED)


def test_imports_are_written_out_in_full() -> None:
    """No relative import: a file's place is told by its path and by nothing else."""
    relative = [
        f"{source.path}: {line}"
        for source in python(*OURS)
        for line in source.lines
        if re.match(r"\s*from\s+\.+", line)
    ]
    assert relative == []


def store_calls(source: Source) -> Iterator[str]:
    """Functions of the store that a route imports; capitalised names are shapes, which may pass through its hands."""
    for line, name in source.imports():
        if name.startswith("store.") and not name.rpartition(".")[2][0].isupper():
            yield f"{source.path}:{line}: {name}"


def test_a_route_asks_the_api_s_own_parts() -> None:
    """A route parses and makes one call; the call that reads or writes is in the part that it calls."""
    bad = sample("from store.staff import StaffRole, create_session\n")
    assert faults(store_calls, [bad]) == ["sample.py:1: store.staff.create_session"]
    holds(store_calls, [source for source in python("api") if source.path.startswith("api/routes/")])


# The office: logins, and a part of its own for each kind of thing that people write.
OFFICE = {"api/office.py", "api/people.py", "api/notes.py", "api/files.py", "api/links.py", "api/notices.py",
          "api/webhooks.py", "api/folio.py", "api/papers.py", "api/connect.py", "api/pay_links.py"}  # fmt: skip


def store_writes(source: Source) -> Iterator[str]:
    """Functions of the store that change rows, by the words they begin with."""
    for line, name in source.imports():
        if name.startswith("store.") and WRITING.match(name.rpartition(".")[2]):
            yield f"{source.path}:{line}: {name}"


def test_only_the_office_writes_for_the_api() -> None:
    """What the API writes by itself (sessions, people's words, never a booking) goes through the office."""
    assert faults(store_writes, [sample("from store.staff import create_session, find_session\n")]) == [
        "sample.py:1: store.staff.create_session"
    ]
    holds(store_writes, [source for source in python("api") if source.path not in OFFICE])


def statements(source: Source) -> Iterator[str]:
    """Texts that are SQL."""
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.match(node.value):
            yield f"{source.path}:{node.lineno}: {node.value.strip().splitlines()[0][:60]}"


def test_statements_are_written_in_the_store_only() -> None:
    """SQL stands in store and migrations. The stand-ins keep a file of their own; cli looks after the machine."""
    assert faults(statements, [sample('Q = """\n  SELECT 1"""\n')]) == ["sample.py:1: SELECT 1"]
    code = python("activities", "api", "config", "domain", "gateways", "messages", "worker", "workflows")
    holds(statements, [source for source in code if source.path not in ALLOWED_STATEMENTS])
