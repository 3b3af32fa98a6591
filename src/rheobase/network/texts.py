"""Texts over pairs of cells: conditions, probabilities, weights and delays over i and j."""

from __future__ import annotations

from dataclasses import dataclass

from rheobase.errors import EquationError, UnknownNameError, did_you_mean, point_at
from rheobase.language.expressions import Call, Expr, Name, names_in, walk
from rheobase.language.functions import FUNCTIONS
from rheobase.language.parsing import parse_expression
from rheobase.units import DIMENSIONLESS, UNITS, Dimension

PAIR_NAMES: dict[str, Dimension] = {
    "i": DIMENSIONLESS,
    "j": DIMENSIONLESS,
    "N_pre": DIMENSIONLESS,
    "N_post": DIMENSIONLESS,
    "distance": Dimension(metre=1.0),
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
        If it cannot be read.
    UnknownNameError
        If it reads something else.
    UnitError
        If its units do not go together, or give another dimension.
    """
    expression = parse_expression(text, what=what)
    for node in walk(expression):
        if isinstance(node, Name) and node.id not in PAIR_NAMES:
            if node.id == "pi" or node.id in UNITS:
                continue
            raise _unknown(text, node.id, node.span, what, [*PAIR_NAMES, *UNITS, "pi"])
        if isinstance(node, Call):
            known = FUNCTIONS.get(node.function)
            if known is None:
                raise _unknown(text, node.function, node.span, what, list(FUNCTIONS))
            if known.arity != len(node.arguments):
                raise EquationError(
                    f"{what}: {known.name} takes {known.arity} arguments",
                    place=point_at(text, *node.span),
                    given=f"{len(node.arguments)}",
                )
    return PairText(text, expression, names_in(expression))


def _unknown(
    text: str, name: str, span: tuple[int, int], what: str, candidates: list[str]
) -> UnknownNameError:
    meant = did_you_mean(name, candidates)
    return UnknownNameError(
        f"{what}: {name!r} stands for nothing here",
        place=point_at(text, *span),
        expected=f"{', '.join(PAIR_NAMES)}, units and functions",
        mend=f"did you mean {meant}?" if meant else "",
    )
