"""The lines of a model once they have been read: equations and statements."""

from __future__ import annotations

from dataclasses import dataclass, field

from rheobase.errors import point_at
from rheobase.language.expressions import Expr, Span
from rheobase.units import Unit

DIFFERENTIAL, SUBEXPRESSION, PARAMETER = "differential", "subexpression", "parameter"
FLAGS = ("unless refractory", "constant", "shared", "input")


@dataclass(frozen=True)
class Source:
    """A text the user wrote, kept whole so that errors can show places in it.

    Spans of expressions are columns of `text`, counted from its beginning.
    """

    text: str

    def point(self, span: Span) -> str:
        """Draw carets under a place of the text."""
        return point_at(self.text, *span)

    def line_of(self, position: int) -> int:
        """Return the number of the line a position is in, counted from 1."""
        return self.text.count("\n", 0, position) + 1


NO_SOURCE = Source("")


@dataclass(frozen=True)
class Equation:
    """One definition of a model.

    Attributes
    ----------
    kind : str
        "differential" (`dx/dt = ...`), "subexpression" (`x = ...`) or "parameter" (`p : unit`).
    name : str
        What is defined.
    expression : Expr or None
        The right-hand side; None for a parameter.
    unit : Unit
        The unit of the variable (of x, not of dx/dt).
    flags : frozenset of str
        Of "unless refractory", "constant", "shared", "input".
    text : str
        The definition on one line.
    line : int
        The line it begins at, counted from 1; 0 for a parameter that no line declares.
    source : Source
        The text it was read from; spans of `expression` are places in it.
    name_span, unit_span : (int, int)
        Where name and unit stand in the source.
    """

    kind: str
    name: str
    expression: Expr | None
    unit: Unit
    flags: frozenset[str]
    text: str
    line: int
    source: Source = field(default=NO_SOURCE, compare=False, repr=False)
    name_span: Span = field(default=(0, 0), compare=False, repr=False)
    unit_span: Span = field(default=(0, 0), compare=False, repr=False)

    @property
    def left(self) -> str:
        """The left-hand side as written: "dv/dt" or "x"."""
        return f"d{self.name}/dt" if self.kind == DIFFERENTIAL else self.name


@dataclass(frozen=True)
class Statement:
    """One statement of a reset or of an arrival: `target operator expression`.

    `operator` is one of =, +=, -=, *=, /=.
    """

    target: str
    operator: str
    expression: Expr
    text: str
    source: Source = field(default=NO_SOURCE, compare=False, repr=False)
    target_span: Span = field(default=(0, 0), compare=False, repr=False)
