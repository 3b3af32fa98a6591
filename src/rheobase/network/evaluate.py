"""Expressions of the language worked out for cells and synapses, with the numbers they draw."""

from __future__ import annotations

from rheobase.language.evaluating import FUNCTIONS as FUNCTIONS
from rheobase.language.evaluating import Value as Value
from rheobase.language.evaluating import evaluate as evaluate
from rheobase.network.draws import Floats, Ints, RandomSource


class Draws:
    """`rand()` and `randn()` for a set of places, a new draw for every call site.

    Parameters
    ----------
    random
        Where the numbers come from.
    elements, step
        The places: for cells their indices and 0, for synapses their place in the row of their
        source and the index of the source. They broadcast against each other.
    first
        Number of the first call site.
    """

    def __init__(
        self, random: RandomSource, elements: Ints, step: Ints | int = 0, first: int = 0
    ) -> None:
        self._random, self._elements, self._step = random, elements, step
        self._site = first

    def rand(self) -> Floats:
        """Return numbers uniform between 0 and 1."""
        self._site += 1
        return self._random.uniform(self._elements, self._step, self._site - 1)

    def randn(self) -> Floats:
        """Return standard normal numbers."""
        self._site += 1
        return self._random.normal(self._elements, self._step, self._site - 1)
