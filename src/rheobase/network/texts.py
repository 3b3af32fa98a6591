"""Texts over pairs of cells: conditions, probabilities, weights and delays over i and j."""

from __future__ import annotations

from dataclasses import dataclass

from rheobase.errors import EquationError, UnknownNameError, did_you_mean
from rheobase.language.definitions import Source
from rheobase.language.dimension_check import Checker
from rheobase.language.expressions import Expr, Name, names_in, walk
from rheobase.language.names import check_names
from rheobase.language.parsing import parse_expression
from rheobase.units import UNITS, Dimension, Unit, parse_unit, usual_unit

_PLAIN = parse_unit("1")
PAIR_NAMES: dict[str, Unit] = {
    "i": _PLAIN,
    "j": _PLAIN,
    "N_pre": _PLAIN,
    "N_post": _PLAIN,
    "distance": UNITS["um"],
}


@dataclass(frozen=True)
class PairText:
    """A text over pairs of cells, read and checked.

    Attributes
    ----------
    text : str
        As it was written.
    expression : Expr
        What was read.
    names : frozenset of str
        What it reads.
    """

    text: str
    expression: Expr
    names: frozenset[str]

    def __repr__(self) -> str:
        """Return the text in quotes."""
        return repr(self.text)


def pair_text(text: str, dimension: Dimension | None, what: str) -> PairText:
    """Read a text over `i`, `j`, `N_pre`, `N_post` and `distance`.

    Parameters
    ----------
    text : str
        An expression of the language.
    dimension : Dimension or None
        What it must give; None: a condition.
    what : str
        What it is for, named first in errors.

    Raises
    ------
    EquationError
        If it cannot be read, or is no condition where one is needed.
    UnknownNameError
        If it reads something else.
    UnitError
        If its units do not go together, or give another dimension.
    """
    if not isinstance(text, str):
        raise EquationError(
            f"{what}: expected a text, got {type(text).__name__}",
            mend='write rb.rules.where("abs(i - j) < 5"); pairs found by Python go to '
            "rb.rules.pairs(i, j)",
        )
    expression = parse_expression(text, what=what)
    source = Source(text)
    for node in walk(expression):
        if isinstance(node, Name) and node.id not in (*PAIR_NAMES, *UNITS, "pi"):
            meant = did_you_mean(node.id, PAIR_NAMES)
            raise UnknownNameError(
                f"{what}: unknown name {node.id}",
                place=source.point(node.span),
                mend=f"did you mean {meant}?"
                if meant
                else f"known here: {', '.join(PAIR_NAMES)}, units and functions",
            )
    check_names(expression, PAIR_NAMES, source=source, label=what)
    checker = Checker(PAIR_NAMES, source, what)
    if dimension is None:
        checker.require_condition(expression, "abs(i - j) < 5")
    else:
        unit = usual_unit(dimension)
        wanted = Unit(unit, 1.0, dimension)
        checker.require(expression, wanted, f"{what} is in {unit}")
    return PairText(text, expression, names_in(expression))
