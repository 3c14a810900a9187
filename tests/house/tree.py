"""The tree as the house's checks read it: files as text or as syntax, never imported."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = (
    "activities",
    "api",
    "cli",
    "config",
    "domain",
    "doubles",
    "gateways",
    "messages",
    "migrations",
    "store",
    "worker",
    "workflows",
)
OURS = (*SHIPPED, "bench", "tests")
# Words of other people, and lists of hashes: there is nothing of ours to check in them.
FOREIGN = ("LICENSE", "requirements.lock", "package-lock.json")
TEXTS = (".css", ".html", ".ini", ".j2", ".js", ".json", ".md", ".mjml", ".py", ".sh", ".sql", ".toml", ".ts", ".tsx")
TEXTS_TOO = (".txt", ".yaml", ".yml", "Dockerfile", "Makefile", "/run", ".csv", ".svg")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Source:
    """One file: its path below the tree's root, with slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax, where it is Python."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of its syntax."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def lines(self) -> list[str]:
        """Its lines, without their ends."""
        return self.text.splitlines()

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        """Every call with the dotted name of what is called; what has no plain name is left out."""
        for node in self.nodes:
            if isinstance(node, ast.Call) and (name := dotted(node.func)):
                yield node, name

    def imports(self) -> Iterator[tuple[int, str]]:
        """Every import with its line, as the full name of what is imported; ours are never relative."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)

    def public(self) -> Iterator[tuple[Definition, str]]:
        """Every public class, function and method with its name; what is inside a function is its own matter."""
        yield from _public(self.tree.body, "")

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method, however deep."""
        for node in self.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


Check = Callable[[Source], Iterable[str]]


def _public(body: list[ast.stmt], inside: str) -> Iterator[tuple[Definition, str]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node, inside + node.name
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body, f"{inside}{node.name}.")


def dotted(node: ast.expr) -> str:
    """`workflow.info().run_id` and the like as text, without what is given to calls; '' for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            before = dotted(value)
            return f"{before}.{name}" if before else ""
        case ast.Call(func=called):
            return dotted(called)
        case _:
            return ""


@cache
def python(*packages: str) -> tuple[Source, ...]:
    """Every Python file of these packages."""
    paths = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    return tuple(_read(path) for path in paths if _counts(path))


@cache
def texts() -> tuple[Source, ...]:
    """Every text that people may read, in every folder of ours."""
    found = [path for path in sorted(ROOT.rglob("*")) if _counts(path) and path.is_file()]
    return tuple(
        _read(path)
        for path in found
        if path.name not in FOREIGN and path.as_posix().endswith((*TEXTS, *TEXTS_TOO)) and path.stat().st_size < 1 << 20
    )


def _counts(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    hidden = any(part.startswith(".") and part != ".ci" for part in parts)
    return not hidden and "__pycache__" not in parts and "node_modules" not in parts


@cache
def _read(path: Path) -> Source:
    return Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))


def read(path: str) -> str:
    """The text of one file."""
    return (ROOT / path).read_text(encoding="utf-8")


def sample(text: str, path: str = "sample.py") -> Source:
    """A bad example, so that a check shows that it can fail."""
    return Source(path, text)


def faults(check: Check, sources: Iterable[Source]) -> list[str]:
    """What a check finds in all of them."""
    return [fault for source in sources for fault in check(source)]


def holds(check: Check, sources: Iterable[Source]) -> None:
    """Fails with every fault, one a line."""
    found = faults(check, sources)
    assert not found, "\n" + "\n".join(found)


def joined(text: str) -> str:
    """The text without its tildes, which keep a list of unwanted words from finding itself."""
    return text.replace("~", "")
