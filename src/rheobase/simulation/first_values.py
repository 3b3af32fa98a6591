"""What the first states of a population follow, beside numbers: texts that they were set by.

A state is set when it is assigned; a text is worked out then, with the values of that moment. Who
asks how a run changes with a parameter wants the text again: `cells.v = "E_L + 3*mV"` follows E_L.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rheobase.language.expressions import Expr, names_in
from rheobase.network.synapse_values import is_expression

if TYPE_CHECKING:
    from rheobase.simulation.values import CellValues


@dataclass
class FirstText:
    """A text that some cells begin with.

    Attributes
    ----------
    expression
        The text.
    reads
        The parameters and states it reads.
    cells
        The cells it was written for, None for all; `i` and `N` count within them.
    stream
        What its random numbers are drawn from.
    holds
        Of these cells, those that have not been set again since.
    frozen
        Names it reads that were set again since: in which cells, and the values of then, each of
        shape (cells,).
    """

    expression: Expr
    reads: frozenset[str]
    cells: NDArray[np.int64] | None
    stream: tuple[str, ...]
    holds: NDArray[np.bool_]
    frozen: dict[str, tuple[NDArray[np.bool_], Any]] = field(default_factory=dict)

    def freeze(self, name: str, where: Any, now: Any) -> None:
        """Keep what a name is now in some cells, unless it is kept already."""
        mask, held = self.frozen.get(name, (np.zeros(now.size, dtype=bool), now))
        again = np.zeros(now.size, dtype=bool)
        again[slice(None) if where is None else where] = True
        self.frozen[name] = mask | again, np.where(mask, held, now)

    def follows(self) -> frozenset[str]:
        """Return the names it reads that are what they were, in some cells."""
        return self.reads - {name for name, (mask, _) in self.frozen.items() if mask.all()}


KEEP = 32
"""Texts of a state that are followed; of cells set one by one, the last ones."""


def note_assignment(values: CellValues, name: str, value: Any, where: NDArray[np.int64] | None,
                    stream: tuple[str, ...]) -> None:  # fmt: skip
    """Note that a state or parameter is about to be set, before the first run.

    Texts that read it have been worked out with what it is now, and go on doing so.
    """
    texts = [text for some in values.texts.values() for text in some]
    own: list[FirstText] = []
    if values.kinds[name] == "state":
        own = values.texts.setdefault(name, [])
        if where is None:
            own.clear()
        for text in own:
            again = np.zeros(values.size, dtype=bool)
            again[where] = True
            text.holds &= ~(again if text.cells is None else again[text.cells])
        own[:] = [text for text in own if np.any(text.holds)]
        if isinstance(value, str) and is_expression(value):
            expression = values.expression(value, values.unit(name), f"{values.name}.{name}")
            count = values.size if where is None else where.size
            own.append(FirstText(expression, names_read(values, expression), where, stream,
                                 np.ones(count, dtype=bool)))  # fmt: skip
            texts.append(own[-1])
            del own[:-KEEP]
    for text in texts:
        for read in text.follows():
            if read == name or name in follows(values, read):
                now = np.broadcast_to(values.read(read), values.size)
                text.freeze(read, where, now)


def names_read(values: CellValues, expression: Expr) -> frozenset[str]:
    """Return the parameters and states that an expression reads, by subexpressions too."""
    found: set[str] = set()
    seen: set[str] = set()
    stack = [expression]
    while stack:
        for name in names_in(stack.pop()) - seen:
            seen.add(name)
            kind = values.kinds.get(name)
            if kind == "subexpression":
                inner = values.model.equation(name).expression
                assert inner is not None
                stack.append(inner)
            elif kind in ("parameter", "state"):
                found.add(name)
    return frozenset(found)


def follows(values: CellValues, name: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return what the first values of a state follow as the model says them, all the way."""
    if values.kinds[name] != "state" or name in seen:
        return frozenset()
    given = values.model.initial
    if isinstance(given, str):
        return frozenset(n for n, kind in values.kinds.items() if kind == "parameter")
    expression = given.get(name)
    if expression is None:
        return frozenset()
    found = names_read(values, expression)
    return found.union(*(follows(values, n, seen | {name}) for n in found))
