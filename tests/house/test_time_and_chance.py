"""Where instants, chance and the environment may come from."""

import ast
import re
import sys
from collections.abc import Iterator

from tests.house.tree import SHIPPED, Source, faults, holds, python, read, sample, texts

CLOCKS_AND_CHANCE = re.compile(
    r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|monotonic|perf_counter|localtime|sleep))$"
    r"|^(random|secrets|uuid)\.|^(os\.)?urandom$|(^|\.)uuid[14]$"
)
# Encryption needs a nonce that nobody can guess; it is no part of what a workflow decides, and replay only decrypts.
ALLOWED_CALLS = {("messages/converter.py", "os.urandom")}
# The parts of the standard library that look at the world. domain/clocks.py reads zone rules from the locked tzdata
# package, through importlib.resources, and nothing else.
WORLDLY = {
    "asyncio", "ctypes", "ftplib", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets",
    "select", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib", "uuid",
}  # fmt: skip
SQL_CLOCK = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\("
    r"|\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b",
    re.IGNORECASE,
)
STAMP_DEFAULT = re.compile(r"\brecorded_at\s+timestamptz\s+NOT NULL\s+DEFAULT\s+now\(\)", re.IGNORECASE)
SQL_WORD = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|DEFAULT|WHERE|SET|CREATE|ALTER)\b")


def clocks_and_chance(source: Source) -> Iterator[str]:
    """Calls that give another answer when a workflow is replayed."""
    for node, name in source.calls():
        if CLOCKS_AND_CHANCE.search(name) and (source.path, name) not in ALLOWED_CALLS:
            yield f"{source.path}:{node.lineno}: {name}"


def test_the_story_knows_no_clock_but_the_workflow_s() -> None:
    """workflows, messages and domain take instants as arguments; chance would not be the same at replay."""
    bad = sample(
        "a = datetime.now(UTC)\nb = dt.datetime.utcnow()\nc = uuid4()\nd = random.choice(x)\ne = time.time()\n"
    )
    assert len(faults(clocks_and_chance, [bad])) == 5
    assert faults(clocks_and_chance, [sample("now = workflow.now()\n")]) == []
    holds(clocks_and_chance, python("workflows", "messages", "domain"))


def test_an_allowed_exception_is_still_needed() -> None:
    """An exception that nothing uses any more is taken off the list."""
    used = {(source.path, name) for source in python("messages") for _, name in source.calls()}
    assert used >= ALLOWED_CALLS


def worldly(source: Source) -> Iterator[str]:
    """Imports of domain that are neither the standard library's pure part nor domain's own."""
    for line, name in source.imports():
        top = name.partition(".")[0]
        pure = top in sys.stdlib_module_names and top not in WORLDLY
        if not pure and top != "domain":
            yield f"{source.path}:{line}: {name}"


def test_the_rules_need_only_the_standard_library() -> None:
    """domain imports itself and the pure part of the standard library: no clock, no chance, no input, no output."""
    bad = sample("import os.path\nfrom pydantic import BaseModel\nfrom messages.names import reference\nimport json\n")
    assert [fault.partition(": ")[2] for fault in faults(worldly, [bad])] == [
        "os.path",
        "pydantic.BaseModel",
        "messages.names.reference",
    ]
    holds(worldly, python("domain"))


def zones_in_workflows(source: Source) -> Iterator[str]:
    """Zone rules in a module that the sandbox imports anew, where they fail."""
    for line, name in source.imports():
        if name.partition(".")[0] in {"zoneinfo", "tzdata"}:
            yield f"{source.path}:{line}: {name}"


def test_wall_clocks_are_resolved_in_domain() -> None:
    """A workflow asks domain.clocks: zoneinfo itself fails inside the sandbox."""
    assert faults(zones_in_workflows, [sample("from zoneinfo import ZoneInfo\n")]) == ["sample.py:1: zoneinfo.ZoneInfo"]
    holds(zones_in_workflows, python("workflows"))


def sql_clocks(source: Source) -> Iterator[str]:
    """The database's own clock, anywhere but in the default of recorded_at."""
    if source.path.endswith(".sql"):
        pieces = [(number, line) for number, line in enumerate(source.lines, 1)]
    else:
        strings = [node for node in source.nodes if isinstance(node, ast.Constant)]
        pieces = [
            (node.lineno, node.value) for node in strings if isinstance(node.value, str) and SQL_WORD.search(node.value)
        ]
    for number, text in pieces:
        if found := SQL_CLOCK.search(STAMP_DEFAULT.sub("", text)):
            yield f"{source.path}:{number}: {found.group()}"


def test_no_statement_asks_the_database_s_clock() -> None:
    """Instants are passed in: skipped time and a replayed decision would not agree with the server's own now()."""
    assert faults(sql_clocks, [sample("created_at timestamptz DEFAULT now(),", "migrations/x.sql")])
    assert faults(sql_clocks, [sample('Q = "SELECT 1 WHERE at < CURRENT_TIMESTAMP"\n')])
    assert faults(sql_clocks, [sample("recorded_at timestamptz NOT NULL DEFAULT now(),", "migrations/x.sql")]) == []
    schema = [source for source in texts() if source.path.startswith("migrations/") and source.path.endswith(".sql")]
    assert schema
    code = python("activities", "api", "gateways", "migrations", "store", "worker", "workflows")
    holds(sql_clocks, [*schema, *code])


def environment_readers(source: Source) -> Iterator[str]:
    """Places that read the environment by themselves. To set a variable for a library is not to read it."""
    said = {
        id(node.value) for node in source.nodes if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    }
    for node in source.nodes:
        if id(node) in said:
            continue
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}:
            yield f"{source.path}:{node.lineno}: {node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            names = {alias.name for alias in node.names} & {"environ", "environb", "getenv"}
            yield from (f"{source.path}:{node.lineno}: {name}" for name in sorted(names))


def test_only_the_settings_read_the_environment() -> None:
    """config/settings.py is the only shipped file that reads the environment, also for what children are given."""
    bad = sample("import os\nfrom os import getenv\na = os.environ['A']\nos.environ['B'] = a\n")
    assert faults(environment_readers, [bad]) == ["sample.py:2: getenv", "sample.py:3: environ"]
    found = faults(environment_readers, python(*SHIPPED))
    assert {fault.partition(":")[0] for fault in found} == {"config/settings.py"}


def test_the_settings_file_is_where_it_is_said_to_be() -> None:
    """The one reader exists and reads through pydantic-settings, so that a wrong value names its variable."""
    assert "class Settings(BaseSettings)" in read("config/settings.py")
