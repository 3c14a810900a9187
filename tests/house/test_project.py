"""What the project's own files promise each other: lock file, commands, documents."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from pydantic.fields import FieldInfo
from typer.core import TyperGroup

from cli.main import app
from config.settings import Settings
from tests.house.tree import OURS, ROOT, Source, faults, holds, python, read, sample, texts

TARGETS = {"run", "test", "check", "bench", "proof", "lock", "setup"}
# Shapes that decide nothing have no rule of their own.
WITHOUT_A_RULE = {"domain/__init__.py", "domain/rates.py", "domain/refusals.py"}
RULE = re.compile(r"docs/rules/[a-z_]+\.md")
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
LOCKED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)")
WANTED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?(?P<bounds>.*)$")


def locked(text: str) -> dict[str, list[tuple[str, bool]]]:
    """What a lock file holds: for each package its versions, and whether each has a hash."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for entry in re.split(r"\n(?=\S)", text):
        if match := LOCKED.match(entry):
            name = match["name"].lower().replace("_", "-").replace(".", "-")
            found.setdefault(name, []).append((match["version"], "--hash=sha256:" in entry))
    return found


def strangers(text: str) -> list[str]:
    """Lines of a lock file that are neither a package with its hashes nor a remark."""
    return [line for line in text.splitlines() if not re.match(r"^\s*$|^\s*#|^ +--hash=sha256:|^[a-z0-9]", line)] + [
        line for line in text.splitlines() if "://" in line or " @ " in line or "-index" in line
    ]


def test_every_locked_package_has_its_hashes_and_no_address() -> None:
    """What is installed is known by its content; where it comes from is each machine's own matter."""
    bad = "a==1 \\\n    --hash=sha256:00\nb==2\n--index-url https://packages.example/simple\n"
    assert locked(bad) == {"a": [("1", True)], "b": [("2", False)]}
    assert strangers(bad)
    text = read("requirements.lock")
    assert [name for name, versions in locked(text).items() if not all(hashed for _, hashed in versions)] == []
    assert strangers(text) == []


def numbers(version: str) -> tuple[int, ...]:
    """A version as numbers: 18.6.0 and up; a suffix is not looked at."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def unlocked(wanted: list[str], lock: dict[str, list[tuple[str, bool]]]) -> list[str]:
    """Dependencies that the lock file does not hold, or in a version that is too old."""
    missing = []
    for requirement in wanted:
        match = WANTED.match(requirement)
        assert match, requirement
        versions = lock.get(match["name"].lower().replace("_", "-"), [])
        least = numbers(match["bounds"].removeprefix(">="))
        if not versions or any(numbers(version) < least for version, _ in versions):
            missing.append(requirement)
    return missing


def test_the_lock_holds_every_dependency() -> None:
    """pyproject.toml says what is needed at least, requirements.lock what is installed."""
    project = tomllib.loads(read("pyproject.toml"))
    assert unlocked(["a>=2", "b>=1"], {"a": [("1.9", True)]}) == ["a>=2", "b>=1"]
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    assert unlocked(wanted, locked(read("requirements.lock"))) == []


def recipes(makefile: str) -> dict[str, str]:
    """The Makefile's targets with what each runs."""
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", makefile):
        if match := re.match(r"([a-z]+):", entry):
            found[match[1]] = entry.partition("\n")[2]
    return found


def test_the_make_targets_people_rely_on_exist() -> None:
    """`make run`, `test`, `check`, `bench` and `proof` are a promise to the outside."""
    targets = recipes(read("Makefile"))
    assert set(targets) >= TARGETS
    for part in ("ruff format --check", "ruff check", "pyrefly check", "lint-imports", "deptry ."):
        assert part in targets["check"], part
    assert "pytest" in targets["test"]


def test_hosted_checks_run_what_people_run() -> None:
    """.ci/run knows no checks of its own: it runs make check, then make test, whose last line is pytest's summary."""
    lines = [line for line in read(".ci/run").splitlines() if line.startswith("make")]
    ran = [shlex.split(line)[-1] for line in lines]
    assert ran[-2:] == ["check", "test"]
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def rule_of(source: Source) -> set[str]:
    """The rules that a module says it follows."""
    return set(RULE.findall(ast.get_docstring(source.tree) or ""))


def test_every_rule_is_told_before_it_is_coded() -> None:
    """A module of domain names the prose it follows, and the prose names the module back."""
    followed = {source.path: rule_of(source) for source in python("domain") if source.path not in WITHOUT_A_RULE}
    assert rule_of(sample('"""Rule: docs/rules/stay.md."""\n')) == {"docs/rules/stay.md"}
    assert [path for path, rules in followed.items() if not rules] == []
    written = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in ROOT.glob("docs/rules/*.md")}
    assert {rule for rules in followed.values() for rule in rules} == set(written)
    one_sided = [(path, rule) for path, rules in followed.items() for rule in rules if path not in written[rule]]
    assert one_sided == []


def clocks(source: Source) -> set[str]:
    """The keys of the agenda's lines that a module makes, without the number of what each is about."""
    found = set()
    for call in (node for node in ast.walk(source.tree) if isinstance(node, ast.Call)):
        names = [word.value for word in call.keywords if word.arg == "key"]
        if isinstance(call.func, ast.Name) and call.func.id == "Entry":
            names += call.args[:1]
        for name in names:
            first = name.values[0] if isinstance(name, ast.JoinedStr) else name
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value.rstrip("-"))
    return found


def test_every_clock_of_the_agenda_is_told() -> None:
    """Each key of a booking's agenda has its line in docs/rules/agenda.md, and each line its key."""
    assert clocks(sample('Entry(f"one-{n}", at)\nreplace(line, key="two")\nother("three")\n')) == {"one", "two"}
    made = {key for source in python("domain") for key in clocks(source)}
    # These get their keys from a variable: two alerts from a table, the overstay's from its name.
    made |= {"approval_alert_desk", "approval_alert_manager", "overstay"}
    tables = read("docs/rules/agenda.md").partition("## Moving a clock")[0]
    assert set(re.findall(r"^\| `([a-z_]+)", tables, re.MULTILINE)) == made


def commands() -> set[str]:
    """The commands of `holdfast`, those of a group with its name before them."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return {words for name, command in root.commands.items() for words in words_of(name, command)}


def words_of(name: str, command: Any) -> list[str]:
    """How a command is asked for; a group that does something by itself also by its own name."""
    if not isinstance(command, TyperGroup):
        return [name]
    alone = [name] if command.invoke_without_command else []
    return [*alone, *(f"{name} {one}" for one in command.commands)]


def variables() -> dict[str, FieldInfo]:
    """The settings by the name of their variable."""
    prefix = str(Settings.model_config.get("env_prefix", ""))
    return {str(field.validation_alias or f"{prefix}{name}".upper()): field for name, field in
            Settings.model_fields.items()}  # fmt: skip


def of_compose() -> set[str]:
    """The variables that docker-compose.yml asks for."""
    return set(re.findall(r"\$\{([A-Z_]+)", read("docker-compose.yml")))


def wrong_references(source: Source) -> Iterator[str]:
    """Files, commands, targets and variables that a document names and that do not exist."""
    folder = (ROOT / source.path).parent
    for number, line in enumerate(source.lines, 1):
        for target in LINK.findall(line):
            if "://" not in target and not target.startswith("mailto:") and not (folder / target).exists():
                yield f"{source.path}:{number}: {target}"
        for span in SPAN.findall(line):
            if wrong(span):
                yield f"{source.path}:{number}: {span}"


def wrong(span: str) -> bool:
    """Whether a span of code names something of ours that is not there."""
    words = span.split()
    match words:
        case ["holdfast", command, *more] if command != "…":
            return not {command, " ".join([command, *more[:1]])} & commands()
        case ["make", target, *_]:
            return target not in recipes(read("Makefile"))
        case [variable] if re.fullmatch(r"(HOLDFAST|TEMPORAL|POSTMARK|STRIPE|DATABASE)_[A-Z_]+(=.*)?", variable):
            return variable.partition("=")[0] not in {*variables(), *of_compose()}
        case [path] if re.match(rf"({'|'.join((*OURS, 'docs', 'web'))})/[\w./*-]*$", path):
            return not list(ROOT.glob(path.rstrip("/")))
        case _:
            return False


def documents() -> list[Source]:
    """What people read to understand the project."""
    return [source for source in texts() if source.path.endswith(".md")]


def test_documents_name_only_what_exists() -> None:
    """A file, `holdfast` command, make target or variable that a document names can be found."""
    bad = sample(
        "See [x](nowhere.md), `api/nowhere.py`, `holdfast bookings fly`, `make tea` and `HOLDFAST_TEA`.\n", "docs/x.md"
    )
    assert len(faults(wrong_references, [bad])) == 5
    good = sample(
        "See `domain/stay.py`, `tests/house/`, `docs/rules/*.md`, `make run`, `HOLDFAST_PORT`.\n", "docs/x.md"
    )
    assert faults(wrong_references, [good]) == []
    holds(wrong_references, documents())


def test_the_readme_lists_every_variable() -> None:
    """The environment table and config/settings.py are the same list."""
    rows = re.findall(r"^\| `([A-Z_]+)` \|", read("README.md"), flags=re.MULTILINE)
    assert sorted(rows) == sorted(variables())


def test_decisions_are_numbered_and_listed() -> None:
    """docs/decisions counts up without gaps, and docs/README.md names each."""
    names = sorted(path.name for path in ROOT.glob("docs/decisions/*.md"))
    assert [name[:4] for name in names] == [f"{number:04d}" for number in range(1, len(names) + 1)]
    listed = read("docs/README.md")
    assert [name for name in names if name not in listed] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "docs/story.md"])
def test_what_a_stranger_looks_for_first_is_there(name: str) -> None:
    """The documents that every project has are not empty."""
    assert len(read(name)) > 400


def test_the_licence_is_the_one_that_is_declared() -> None:
    """pyproject.toml names the licence whose full text is in LICENSE."""
    assert tomllib.loads(read("pyproject.toml"))["project"]["license"] == "Apache-2.0"
    text = read("LICENSE")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def mermaid(text: str) -> list[str]:
    """The pictures of a document."""
    return re.findall(r"^```mermaid\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def test_the_state_diagram_shows_every_status() -> None:
    """docs/story.md has one state diagram, with all the statuses a booking can have."""
    from domain.booking import Status

    pictures: list[Any] = [picture for picture in mermaid(read("docs/story.md")) if picture.startswith("stateDiagram")]
    assert len(pictures) == 1
    drawn = set(re.findall(r"\b[a-z_]+\b", pictures[0]))
    assert {status.value for status in Status} <= drawn
