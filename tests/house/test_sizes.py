"""Sizes, names and words that every file keeps to."""

import ast
import re
from collections.abc import Iterator

from tests.house.tree import OURS, SHIPPED, Source, dotted, faults, holds, joined, python, sample, texts

MOST_FUNCTION_LINES = 70
MOST_FILE_LINES = 400
LEAST_WORDS = 4
UNFINISHED = re.compile(joined(r"\b(TO~DO|FIX~ME|HA~CK)\b|(#|--|//|<!--).*\bX~XX\b"))
SKIPS = {"skip", "skipif", "skipTest", "skipUnless", "xfail", "importorskip", "expectedFailure"}
EMPTY_NAMES = re.compile(r"(Manager|Helper|Utils?|Misc)$|(^|_)(helpers?|utils?|misc)($|_)|_manager$")


def long_functions(source: Source) -> Iterator[str]:
    """Functions that do not fit on a screen, decorators not counted."""
    for node in source.functions():
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > MOST_FUNCTION_LINES:
            yield f"{source.path}:{node.lineno}: {node.name} has {lines} lines"


def test_a_function_fits_on_a_screen() -> None:
    """A function has at most 70 lines."""
    assert faults(long_functions, [sample("def f():\n" + "    x = 1\n" * 70)]) == ["sample.py:1: f has 71 lines"]
    assert faults(long_functions, [sample("def f():\n" + "    x = 1\n" * 69)]) == []
    holds(long_functions, python(*OURS))


def long_files(source: Source) -> Iterator[str]:
    """Files that tell more than one thing."""
    if len(source.lines) > MOST_FILE_LINES:
        yield f"{source.path}: {len(source.lines)} lines"


def test_a_file_tells_one_thing() -> None:
    """A Python file has at most 400 lines."""
    assert faults(long_files, [sample("x = 1\n" * 401)]) == ["sample.py: 401 lines"]
    holds(long_files, python(*OURS))


def unfinished(source: Source) -> Iterator[str]:
    """Marks of unfinished work."""
    for number, line in enumerate(source.lines, 1):
        if found := UNFINISHED.search(line):
            yield f"{source.path}:{number}: {found.group()}"


def test_nothing_is_left_for_later() -> None:
    """No mark of unfinished work in any text: what is not built has no place yet."""
    assert faults(unfinished, [sample(joined("x = 1  # TO~DO: more"))]) == [joined("sample.py:1: TO~DO")]
    holds(unfinished, texts())


def hollow(source: Source) -> Iterator[str]:
    """Functions that do nothing, and ones that say so. A protocol's methods are shapes, not stubs."""
    shapes = {
        id(node)
        for kind in source.nodes
        if isinstance(kind, ast.ClassDef) and any(dotted(base).endswith("Protocol") for base in kind.bases)
        for node in kind.body
    }
    for node in source.functions():
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        # A private function may do nothing on purpose, as its docstring then says.
        quiet = not body and node.name.startswith("_")
        nothing = not quiet and all(
            isinstance(one, ast.Pass)
            or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and one.value.value is ...)
            for one in body
        )
        if nothing and id(node) not in shapes:
            yield f"{source.path}:{node.lineno}: {node.name} does nothing"
    for node in source.nodes:
        if isinstance(node, ast.Name) and node.id == joined("NotImplemented~Error"):
            yield f"{source.path}:{node.lineno}: {node.id}"


def test_no_function_is_a_stub() -> None:
    """What has a name does something; only a protocol's methods are bare."""
    assert faults(hollow, [sample('def f():\n    """Words."""\n')]) == ["sample.py:1: f does nothing"]
    assert faults(hollow, [sample(joined("def f():\n    raise NotImplemented~Error\n"))])
    assert faults(hollow, [sample("class P(Protocol):\n    def f(self): ...\n")]) == []
    holds(hollow, python(*OURS))


def skipped(source: Source) -> Iterator[str]:
    """Tests that do not run, or that may fail."""
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and node.attr in SKIPS and dotted(node).startswith(("pytest.", "unittest.")):
            yield f"{source.path}:{node.lineno}: {dotted(node)}"


def test_every_test_runs_and_counts() -> None:
    """No test is skipped or expected to fail."""
    assert faults(skipped, [sample("@pytest.mark.xfail\ndef test_x(): ...\n")]) == ["sample.py:1: pytest.mark.xfail"]
    assert faults(skipped, [sample("pytest.importorskip('x')\n")])
    holds(skipped, python("tests", "bench"))


def unexplained(source: Source) -> Iterator[str]:
    """Public things without a docstring; an empty file needs none."""
    if source.text.strip() and not ast.get_docstring(source.tree):
        yield f"{source.path}: the file says nothing about itself"
    for node, name in source.public():
        if not ast.get_docstring(node) and not _is_overload(node):
            yield f"{source.path}:{node.lineno}: {name}"


def _is_overload(node: ast.AST) -> bool:
    return any(dotted(one).endswith("overload") for one in getattr(node, "decorator_list", []))


def test_everything_public_explains_itself() -> None:
    """Every file, public class, function and method of what is shipped has a docstring."""
    bad = 'class A:\n    """A."""\n    def f(self): return 1\n    def _g(self): return 2\n'
    assert faults(unexplained, [sample(bad)]) == ["sample.py: the file says nothing about itself", "sample.py:3: A.f"]
    holds(unexplained, python(*SHIPPED, "bench"))


def empty_names(source: Source) -> Iterator[str]:
    """Names that say nothing about the trade; a manager is a person here, never a class."""
    stem = source.path.rpartition("/")[2].removesuffix(".py")
    if EMPTY_NAMES.search(stem):
        yield f"{source.path}: {stem}"
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and EMPTY_NAMES.search(node.name):
            yield f"{source.path}:{node.lineno}: {node.name}"


def test_names_are_those_of_the_trade() -> None:
    """No Manager, Helper or utils: such a name hides what the thing does."""
    assert faults(empty_names, [sample("class StayManager: pass\n", "api/rate_utils.py")]) == [
        "api/rate_utils.py: rate_utils",
        "api/rate_utils.py:1: StayManager",
    ]
    holds(empty_names, python(*OURS))


def short_test_names(source: Source) -> Iterator[str]:
    """Tests whose names are labels, not behaviours."""
    if not source.path.rpartition("/")[2].startswith("test_"):
        return
    for node in source.functions():
        if node.name.startswith("test_") and len(node.name.split("_")) <= LEAST_WORDS:
            yield f"{source.path}:{node.lineno}: {node.name}"


def test_a_test_is_named_by_what_must_be_true() -> None:
    """A test's name states a behaviour, in four words at least."""
    bad = sample("def test_cancel_twice(): pass\n", "tests/test_sample.py")
    assert faults(short_test_names, [bad]) == ["tests/test_sample.py:1: test_cancel_twice"]
    holds(short_test_names, python("tests"))
