"""The program that puts small faults into the rules: it makes sound ones, and tells those that are noticed."""

import ast
from pathlib import Path

import pytest

from bench.faults import Fault, compiled, faults_of
from bench.mutants import Outcome, Reach, told, tried

ROOT = Path(__file__).resolve().parents[2]
RULE = '''"""A rule."""

LEAST = 3


def price(nights: int, member: bool) -> int:
    """What it costs."""
    if nights < LEAST and not member:
        raise ValueError(f"{LEAST} nights at least")
    return max(nights * 100, 250)
'''
TEST = """from domain.rule import price


def test_three_nights_cost_three_hundred():
    assert price(3, False) == 300


def test_two_nights_are_too_few():
    try:
        price(2, False)
    except ValueError:
        return
    raise AssertionError
"""


def test_each_fault_is_one_change_of_sound_python() -> None:
    made = list(compiled(faults_of("domain/rule.py", RULE)))
    assert {fault.kind for fault in made} == {
        "number", "and ↔ or", "comparison", "a sign is lost", "a refusal is left out", "max → min", "arithmetic",
    }  # fmt: skip
    for fault in made:
        assert fault.source != RULE
        assert fault.before != fault.after
        assert fault.source.splitlines()[fault.line - 1] == fault.after
        ast.parse(fault.source)
    assert [fault.line for fault in made if fault.at_import] == [3]


@pytest.mark.parametrize("path", ["domain/agenda.py", "domain/changing.py", "domain/lifecycle.py", "domain/terms.py"])
def test_the_rules_have_faults_in_plenty_and_sentences_stay(path: str) -> None:
    """No fault is in an explanation, a type or a sentence for people."""
    source = (ROOT / path).read_text(encoding="utf-8")
    made = list(compiled(faults_of(path, source)))
    assert len(made) > 40
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    for fault in made[::9]:
        changed = ast.parse(fault.source)
        assert ast.get_docstring(changed) == ast.get_docstring(ast.parse(source))
        assert {node.id for node in ast.walk(changed) if isinstance(node, ast.Name)} - names <= {
            "min",
            "max",
            "any",
            "all",
        }


def test_a_fault_that_a_test_notices_is_killed_and_another_survives(tmp_path: Path) -> None:
    """Fewer nights than the least are tried, a member never is: of that nobody notices anything."""
    (tmp_path / "domain").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "domain/__init__.py").write_text("")
    (tmp_path / "tests/__init__.py").write_text("")
    (tmp_path / "domain/rule.py").write_text(RULE)
    (tmp_path / "tests/test_rule.py").write_text(TEST)
    names = ["three_nights_cost_three_hundred", "two_nights_are_too_few"]
    reached = frozenset(f"tests/test_rule.py::test_{name}" for name in names)
    reach = Reach({"domain/rule.py": dict.fromkeys(range(1, 11), reached)}, {})
    wanted = [
        fault
        for fault in faults_of("domain/rule.py", RULE)
        if fault.kind in ("a refusal is left out", "max → min") or "251" in fault.after
    ]
    ended = {outcome.fault.after.strip(): outcome.ended for outcome in tried(wanted, reach, tmp_path)}
    assert ended == {
        "pass": "killed", "return (min(nights * 100, 250))": "killed", "return max(nights * 100, 251)": "survived",
    }  # fmt: skip


def test_a_fault_without_a_test_survives_and_is_told_with_its_line() -> None:
    fault = Fault("domain/rule.py", 3, 3, "number", "LEAST = 3", "LEAST = 4", "LEAST = 4\n", at_import=True)
    (outcome,) = tried([fault], Reach({}, {}), ROOT)
    assert outcome == Outcome(fault, "survived", 0)
    page = told([outcome, Outcome(fault, "killed", 2), Outcome(fault, "timeout", 2)], 40, 7, 12.0)
    assert "3 of 40 possible faults, seed 7, 12 s" in page
    assert "**66.7% noticed**" in page
    assert "| domain/rule.py | 1 | 1 | 1 | 67% |" in page
    assert "```diff\n-LEAST = 3\n+LEAST = 4\n```" in page
