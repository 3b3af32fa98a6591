"""Text becomes expression trees, through Python's `ast` and a whitelist: nothing is ever run.

The grammar of an expression: numbers, names, + - * / ** % //, comparisons (also chained),
and/or/not, calls of functions by name, parentheses. Everything else that Python can say is
refused with its place.
"""

from __future__ import annotations

import ast
import math
import re

from rheobase.errors import EquationError
from rheobase.language.definitions import Source, Statement
from rheobase.language.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Logical,
    Name,
    Number,
    Span,
    Unary,
    calls_in,
)
from rheobase.language.scanning import (
    blank_comments,
    check_characters,
    check_parentheses,
    mend_adjacent,
)

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.Mod: "%",
    ast.FloorDiv: "//",
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_NOT_ALLOWED = {
    ast.Attribute: "an attribute (a dot after a name)",
    ast.Subscript: "a subscript (square brackets)",
    ast.Lambda: "a lambda",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.List: "a list",
    ast.Tuple: "a list of values (a comma)",
    ast.Dict: "a dictionary",
    ast.Set: "a set",
    ast.JoinedStr: "a string",
    ast.NamedExpr: "an assignment",
    ast.Starred: "a starred argument",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
}
_DEEPEST = 200
_CALM = "equations are arithmetic over names and functions; they never run code"
RANDOM = frozenset({"rand", "randn"})


class _Reader:
    """Turns one `ast` tree into our nodes, refusing what is not on the list."""

    def __init__(self, source: Source, offset: int, label: str) -> None:
        self.source, self.offset, self.label = source, offset, label
        self.depth = 0

    def span(self, node: ast.expr) -> Span:
        end = node.end_col_offset if node.end_col_offset is not None else node.col_offset + 1
        return self.offset + node.col_offset, self.offset + end

    def refuse(self, node: ast.expr, what: str, mend: str = _CALM) -> EquationError:
        return EquationError(
            f"{self.label}: {what}", place=self.source.point(self.span(node)), mend=mend
        )

    def written(self, node: ast.expr) -> str:
        start, end = self.span(node)
        return self.source.text[start:end]

    def read(self, node: ast.expr) -> Expr:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.refuse(
                node,
                f"nested more than {_DEEPEST} deep",
                "name the parts: write subexpressions such as `part = ... : unit`",
            )
        try:
            return self.dispatch(node)
        finally:
            self.depth -= 1

    def dispatch(self, node: ast.expr) -> Expr:
        span = self.span(node)
        if isinstance(node, ast.Constant):
            return self.constant(node)
        if isinstance(node, ast.Name):
            if node.id.startswith("_"):
                raise self.refuse(node, f"{node.id} is not allowed: names begin with a letter")
            return Name(node.id, span)
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            operator = _BINARY[type(node.op)]
            return Binary(operator, self.read(node.left), self.read(node.right), span)
        if isinstance(node, ast.UnaryOp):
            return self.unary(node)
        if isinstance(node, ast.Compare):
            return self.comparison(node)
        if isinstance(node, ast.BoolOp):
            operator = "and" if isinstance(node.op, ast.And) else "or"
            parts = [self.read(value) for value in node.values]
            whole = parts[0]
            for part in parts[1:]:
                whole = Logical(operator, whole, part, (whole.span[0], part.span[1]))
            return whole
        if isinstance(node, ast.Call):
            return self.call(node)
        if isinstance(node, ast.IfExp):
            chosen = ", ".join(self.written(part) for part in (node.test, node.body, node.orelse))
            raise self.refuse(node, "`if ... else` is not allowed", f"write where({chosen})")
        what = _NOT_ALLOWED.get(type(node), "this")
        raise self.refuse(node, f"`{self.written(node)}` is not allowed: {what}")

    def constant(self, node: ast.Constant) -> Expr:
        value = node.value
        if isinstance(value, bool):
            return Number(float(value), self.span(node))
        if isinstance(value, (int, float)):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
            if not math.isfinite(number):
                raise self.refuse(node, "this number is too large for a double", "")
            return Number(number, self.span(node))
        kind = "a string" if isinstance(value, (str, bytes)) else "no number of the language"
        raise self.refuse(node, f"`{self.written(node)}` is not allowed: {kind}")

    def unary(self, node: ast.UnaryOp) -> Expr:
        operand = self.read(node.operand)
        if isinstance(node.op, ast.UAdd):
            return operand
        if isinstance(node.op, ast.Invert):
            raise self.refuse(node, "`~` is not allowed", "write `not`")
        return Unary("-" if isinstance(node.op, ast.USub) else "not", operand, self.span(node))

    def comparison(self, node: ast.Compare) -> Expr:
        operands = [node.left, *node.comparators]
        read = [self.read(operand) for operand in operands]
        whole: Expr | None = None
        for k, operator in enumerate(node.ops):
            if type(operator) not in _COMPARE:
                raise self.refuse(
                    node, "only < <= > >= == != compare", "write conditions such as v > V_T"
                )
            if k and calls_in(read[k]) & RANDOM:
                raise self.refuse(
                    operands[k],
                    "a random number in the middle of a chain would be drawn twice",
                    "name it first: write a subexpression such as `draw = rand() : 1`",
                )
            left, right = read[k], read[k + 1]
            part = Compare(
                _COMPARE[type(operator)], left, right, (left.span[0], right.span[1])
            )  # fmt: skip
            span = (read[0].span[0], right.span[1])
            whole = part if whole is None else Logical("and", whole, part, span)
        assert whole is not None
        return whole

    def call(self, node: ast.Call) -> Expr:
        if not isinstance(node.func, ast.Name):
            what = _NOT_ALLOWED.get(type(node.func), "only named functions can be called")
            raise self.refuse(node.func, f"`{self.written(node.func)}` is not allowed: {what}")
        name = node.func.id
        if name.startswith("_"):
            raise self.refuse(node.func, f"`{name}` is not allowed")
        if node.keywords:
            raise self.refuse(
                node, f"arguments of {name} have no names", "write the values in order, f(x, y)"
            )
        return Call(name, tuple(self.read(argument) for argument in node.args), self.span(node))


def read_expression(source: Source, start: int, end: int, label: str) -> Expr:
    """Read the expression `source.text[start:end]`.

    Parameters
    ----------
    source : Source
        The text it stands in.
    start, end : int
        Where it begins and ends there.
    label : str
        What it is, named first in every error: "dv/dt", "the threshold".

    Raises
    ------
    EquationError
        With the place, if it is not an expression of the language.
    """
    text = blank_comments(source.text)[start:end]
    stripped = text.lstrip()
    offset = start + len(text) - len(stripped)
    stripped = stripped.rstrip().replace("\n", " ").replace("\t", " ")
    if not stripped:
        raise EquationError(
            f"{label}: the expression is missing",
            place=source.point((start, max(end, start + 1))),
            mend="write what it is equal to",
        )
    check_parentheses(stripped, source, offset, label)
    check_characters(stripped, source, offset, label)
    try:
        tree = ast.parse(stripped, mode="eval")
    except SyntaxError as error:
        at = offset + min(max((error.offset or 1) - 1, 0), len(stripped) - 1)
        raise EquationError(
            f"{label}: cannot read this expression",
            place=source.point((at, at + 1)),
            mend=mend_adjacent(stripped) or "something is missing or too much here",
        ) from None
    except (RecursionError, MemoryError, ValueError):
        raise EquationError(
            f"{label}: this expression is nested too deeply",
            place=source.point((offset, offset + 1)),
            mend="name the parts: write subexpressions such as `part = ... : unit`",
        ) from None
    return _Reader(source, offset, label).read(tree.body)


def parse_expression(text: str, *, what: str = "the expression") -> Expr:
    """Read a text such as "E_L + rand()*(V_T - E_L)" into an expression tree.

    Parameters
    ----------
    text : str
        The text; spans of the result are columns of it.
    what : str
        What the text is ("the threshold", "cells.v"), named first in errors.

    Raises
    ------
    EquationError
        If it is not an expression of the language; with a caret under the place.
    """
    return read_expression(Source(text), 0, len(text), what)


_ASSIGNMENT = re.compile(r"\s*([^\W\d]\w*)\s*(\+=|-=|\*=|/=|=)(?!=)")
_ENDS_OPEN = re.compile(r"(?:[-+*/%,(=<>]|\b(?:and|or|not))\s*$")
_STARTS_OPEN = re.compile(r"\s*(?:[-+*/%,)<>]|(?:and|or)\b)(?!=)")


CALL = "()"
"""The operator of a statement that is a call, as `deliver(weight)` of a synapse is."""


def parse_statements(
    text: str, *, what: str = "the statements", calls: tuple[str, ...] = ()
) -> tuple[Statement, ...]:
    """Read statements such as "v = V_r; w += b", divided by semicolons or line ends.

    Parameters
    ----------
    text : str
        The statements; comments begin with #.
    what : str
        What the text is ("reset"), named in errors.
    calls : tuple of str
        Functions of one argument that are statements by themselves. The target of such a
        statement is the function, its operator `CALL`, its expression the argument.

    Raises
    ------
    EquationError
        If one is not of the form `variable = expression` (or += -= *= /=).
    """
    source = Source(text)
    return tuple(
        _read_statement(source, start, end, what, calls)
        for start, end in _split_statements(blank_comments(text))
        if blank_comments(text)[start:end].strip()
    )


def _split_statements(text: str) -> list[tuple[int, int]]:
    """Return where the statements begin and end: at ; and at line ends that end something."""
    pieces: list[tuple[int, int]] = []
    start = depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        ends = character == ";"
        if character == "\n":
            rest = text[at + 1 :]
            goes_on = depth > 0 or _ENDS_OPEN.search(text[start:at]) or _STARTS_OPEN.match(rest)
            ends = not goes_on or _ASSIGNMENT.match(rest) is not None
        if ends:
            pieces.append((start, at))
            start, depth = at + 1, 0
    return [*pieces, (start, len(text))]


def _read_statement(
    source: Source, start: int, end: int, what: str, calls: tuple[str, ...]
) -> Statement:
    piece = blank_comments(source.text)[start:end]
    begins = start + len(piece) - len(piece.lstrip())
    written = re.sub(r"\s+", " ", piece).strip()
    match = _ASSIGNMENT.match(piece)
    if match is None and written.partition("(")[0].strip() in calls:
        return _read_call(source, begins, start + len(piece.rstrip()), what, written)
    if match is None:
        equality = re.match(r"\s*(\w+)\s*(?:==|<-|->|:=)\s*(.+)", piece)
        raise EquationError(
            f"{what}: `{written}` is not a statement",
            place=source.point((begins, start + len(piece.rstrip()))),
            mend=f"write {equality.group(1)} = {equality.group(2).strip()}"
            if equality
            else "write statements such as v = V_r or w += b, divided by ; or line ends",
        )
    expression = read_expression(source, start + match.end(), end, f"{what}, `{written}`")
    target_span = (start + match.start(1), start + match.end(1))
    return Statement(match.group(1), match.group(2), expression, written, source, target_span)


def _read_call(source: Source, start: int, end: int, what: str, written: str) -> Statement:
    """Read a statement that is the call of a function of one argument."""
    label = f"{what}, `{written}`"
    called = read_expression(source, start, end, label)
    if not isinstance(called, Call) or len(called.arguments) != 1:
        name = re.split(r"\W", written, maxsplit=1)[0]
        raise EquationError(
            f"{label}: this is a statement by itself, with one argument",
            place=source.point((start, end)),
            mend=f"write {name}(weight)",
        )
    span = (start, start + len(called.function))
    return Statement(called.function, CALL, called.arguments[0], written, source, span)
