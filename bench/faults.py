"""The small faults that can be put into a file of rules, one at a time.

A comparison loses its limit, `and` becomes `or`, a number is one more, a word is another, a condition is turned round,
a refusal or a check is left out, a field that is set is not. Sentences for people, names of types and explanations are
left as they are.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
}  # fmt: skip
_CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}
# What these are given by name is a fact of its own, which somebody has to notice when it is missing.
_GIVEN = {"replace", "make_step", "ended", "NoticeWish"}
_WORD = re.compile(r"[A-Za-z][\w.-]*")


@dataclass(frozen=True)
class Fault:
    """One fault: kind in words, the line before and after it, the whole source with it.

    at_import: it is in what runs when the file is read, and not in a function.
    """

    path: str
    line: int
    last_line: int
    kind: str
    before: str
    after: str
    source: str
    at_import: bool


def faults_of(path: str, source: str) -> list[Fault]:
    """Every fault of a file, in order of its lines."""
    found = _Finder(path, source)
    found.visit(ast.parse(source))
    return sorted(found.faults, key=lambda fault: (fault.line, fault.kind, fault.after))


class _Finder(ast.NodeVisitor):
    """Walks through a file. Positions of the syntax tree count bytes, so the source is kept as bytes."""

    def __init__(self, path: str, source: str) -> None:
        self.path = path
        self.lines = source.encode().splitlines(keepends=True)
        self.starts = [sum(map(len, self.lines[:n])) for n in range(len(self.lines))]
        self.source = source.encode()
        self.depth = 0
        self.faults: list[Fault] = []

    def _put(self, node: ast.expr | ast.stmt, kind: str, text: str) -> None:
        last_line = node.end_lineno or node.lineno
        start = self.starts[node.lineno - 1] + node.col_offset
        end = self.starts[last_line - 1] + (node.end_col_offset or 0)
        whole = isinstance(node, ast.stmt) or re.fullmatch(r"[\w.'\"-]+", text) is not None
        made = self.source[:start] + (text if whole else f"({text})").encode() + self.source[end:]
        row = self.starts[node.lineno - 1]
        before = self.source[row:].splitlines()[0].decode()
        after = made[row:].splitlines()[0].decode()
        if last_line > node.lineno:
            before = f"{before} … {self.lines[last_line - 1].decode().strip()}"
        fault = Fault(self.path, node.lineno, last_line, kind, before, after, made.decode(), not self.depth)
        self.faults.append(fault)

    # What is never touched.

    def visit(self, node: ast.AST) -> None:
        """Every part of the file but sentences for people."""
        if not isinstance(node, ast.JoinedStr):
            super().visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """A field: its type stays."""
        if node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """A function: decorators, types and explanation stay; defaults belong to what runs at import."""
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)
        self.depth += 1
        for statement in node.body:
            self.visit(statement)
        self.depth -= 1

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A class: decorators and bases stay."""
        for statement in node.body:
            self.visit(statement)

    def visit_Expr(self, node: ast.Expr) -> None:
        """A call that stands alone is a check."""
        if isinstance(node.value, ast.Constant):
            return
        if isinstance(node.value, ast.Call):
            self._put(node, "a call is left out", "pass")
        self.generic_visit(node)

    # What goes wrong.

    def visit_Raise(self, node: ast.Raise) -> None:
        """A refusal is left out."""
        self._put(node, "a refusal is left out", "pass")
        self.generic_visit(node)

    def visit_Continue(self, node: ast.Continue) -> None:
        """A loop ends early."""
        self._put(node, "continue → break", "break")

    def visit_Compare(self, node: ast.Compare) -> None:
        """Each comparison by itself."""
        for place, operator in enumerate(node.ops):
            other = _COMPARED[type(operator)]()
            ops = [*node.ops[:place], other, *node.ops[place + 1 :]]
            self._put(node, "comparison", ast.unparse(ast.Compare(node.left, ops, node.comparators)))
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """and ↔ or."""
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._put(node, "and ↔ or", ast.unparse(ast.BoolOp(other, node.values)))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """A `not` or a minus is lost."""
        self._put(node, "a sign is lost", ast.unparse(node.operand))
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Plus ↔ minus, times ↔ divided; unions of types and sets stay."""
        other = _COUNTED.get(type(node.op))
        if other:
            self._put(node, "arithmetic", ast.unparse(ast.BinOp(node.left, other(), node.right)))
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """+= ↔ -=."""
        other = _COUNTED.get(type(node.op))
        if other:
            self._put(node, "arithmetic", ast.unparse(ast.AugAssign(node.target, other(), node.value)))
        self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        """A condition is turned round."""
        self._turned(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """The same in an expression."""
        self._turned(node.test)
        self.generic_visit(node)

    def _turned(self, test: ast.expr) -> None:
        if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            self._put(test, "a condition is turned round", f"not {ast.unparse(test)}")

    def visit_Call(self, node: ast.Call) -> None:
        """min ↔ max, any ↔ all; a field that is not set."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _CALLED:
            other = ast.Call(ast.Name(_CALLED[name], ast.Load()), node.args, node.keywords)
            self._put(node, f"{name} → {_CALLED[name]}", ast.unparse(other))
        if name in _GIVEN:
            for given in node.keywords:
                if given.arg:
                    rest = [each for each in node.keywords if each is not given]
                    self._put(node, f"{given.arg} is not set", ast.unparse(ast.Call(node.func, node.args, rest)))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Another number, truth or word."""
        match node.value:
            case bool(truth):
                self._put(node, "truth", str(not truth))
            case int(number):
                self._put(node, "number", str(number + 1))
            case str(word) if _WORD.fullmatch(word):
                self._put(node, "word", repr(f"not_{word}"))


def compiled(faults: list[Fault]) -> Iterator[Fault]:
    """The faults that are sound Python."""
    for fault in faults:
        try:
            compile(fault.source, fault.path, "exec")
        except SyntaxError:
            continue
        yield fault
