"""Connection rules: who is connected to whom, as frozen descriptions.

A rule knows no sizes; it is given sources and targets by `net.connect(pre, post, rule, ...)` and
drawn when the network is built (`connecting.py`, which mirrors this file rule for rule). In every
rule the cells are counted within the views that are connected, and w[i, j] goes from i to j.

`autapses=False` leaves out connections of a cell with itself; it matters only where sources and
targets are cells of one population. `multapses=False` leaves out a second connection between the
same two cells. Both defaults are those of NEST.

Sources: NEST 3.10, "Connection management"; names and meaning of the rules follow it.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from rheobase.errors import ShapeError, WiringError
from rheobase.network.positions import length, period_lengths
from rheobase.network.texts import PairText, pair_text
from rheobase.units import DIMENSIONLESS

__all__ = [
    "Rule",
    "all_to_all",
    "fixed_indegree",
    "fixed_outdegree",
    "fixed_probability",
    "fixed_total",
    "from_matrix",
    "gaussian",
    "one_to_one",
    "pairs",
    "ring",
    "where",
    "within",
]


@dataclass(frozen=True, eq=False)
class Rule:
    """What all rules have in common: they print as the call that makes them."""

    name: ClassVar[str] = "rule"

    def __str__(self) -> str:
        """Return the call that makes this rule, arguments at their default left out."""
        shown = []
        for entry in fields(self):
            value = getattr(self, entry.name)
            if not entry.repr or (not isinstance(value, np.ndarray) and value == entry.default):
                continue
            text = _brief(value) if isinstance(value, np.ndarray) else repr(value)
            shown.append(f"{entry.name}={text}")
        return f"{self.name}({', '.join(shown)})"

    __repr__ = __str__


def _brief(values: npt.NDArray[Any]) -> str:
    if values.ndim == 1 and values.size <= 4:
        return "[" + ", ".join(f"{v:g}" for v in values.tolist()) + "]"
    return f"<{' x '.join(map(str, values.shape))} numbers>"


@dataclass(frozen=True, eq=False, repr=False)
class AllToAll(Rule):
    """See `all_to_all`."""

    name: ClassVar[str] = "all_to_all"
    autapses: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class OneToOne(Rule):
    """See `one_to_one`."""

    name: ClassVar[str] = "one_to_one"
    autapses: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class FixedProbability(Rule):
    """See `fixed_probability`."""

    name: ClassVar[str] = "fixed_probability"
    p: float
    autapses: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class FixedTotal(Rule):
    """See `fixed_total`."""

    name: ClassVar[str] = "fixed_total"
    n: int
    autapses: bool = True
    multapses: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class FixedIndegree(Rule):
    """See `fixed_indegree`."""

    name: ClassVar[str] = "fixed_indegree"
    n: int
    autapses: bool = True
    multapses: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class FixedOutdegree(Rule):
    """See `fixed_outdegree`."""

    name: ClassVar[str] = "fixed_outdegree"
    n: int
    autapses: bool = True
    multapses: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class Ring(Rule):
    """See `ring`."""

    name: ClassVar[str] = "ring"
    offset: int


@dataclass(frozen=True, eq=False, repr=False)
class Pairs(Rule):
    """See `pairs`."""

    name: ClassVar[str] = "pairs"
    i: npt.NDArray[np.int64]
    j: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class FromMatrix(Rule):
    """See `from_matrix`; `weights` is the matrix as it was given, with its unit."""

    name: ClassVar[str] = "from_matrix"
    weights: Any
    mask: npt.NDArray[np.bool_] = field(repr=False)

    def __str__(self) -> str:
        """Return the call, the matrix by its size."""
        return f"from_matrix(<{self.mask.shape[0]} x {self.mask.shape[1]}>)"

    __repr__ = __str__


@dataclass(frozen=True, eq=False, repr=False)
class Where(Rule):
    """See `where`."""

    name: ClassVar[str] = "where"
    condition: PairText
    probability: float | PairText = 1.0
    autapses: bool = True
    period: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Within(Rule):
    """See `within`; lengths in metres."""

    name: ClassVar[str] = "within"
    distance: float
    probability: float = 1.0
    autapses: bool = True
    period: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Gaussian(Rule):
    """See `gaussian`; lengths in metres."""

    name: ClassVar[str] = "gaussian"
    width: float
    peak: float = 1.0
    autapses: bool = True
    period: npt.NDArray[np.float64] | None = None


def needs_positions(rule: Rule) -> bool:
    """Return whether sources and targets must have positions for a rule."""
    if isinstance(rule, Where):
        texts = [text for text in (rule.condition, rule.probability) if isinstance(text, PairText)]
        return any("distance" in text.names for text in texts)
    return isinstance(rule, (Within, Gaussian))


def all_to_all(autapses: bool = True) -> AllToAll:
    """Connect every source to every target.

    Parameters
    ----------
    autapses : bool
        Whether a cell may be connected to itself.

    Examples
    --------
    >>> made = net.connect(cells, cells, rb.rules.all_to_all(autapses=False), weight=20*pA)
    """
    return AllToAll(bool(autapses))


def one_to_one(autapses: bool = True) -> OneToOne:
    """Connect source k to target k; there must be as many sources as targets.

    Parameters
    ----------
    autapses : bool
        Whether a cell may be connected to itself.

    Examples
    --------
    >>> made = net.connect(inputs, cells, rb.rules.one_to_one(), weight=20*pA)
    """
    return OneToOne(bool(autapses))


def fixed_probability(p: float, autapses: bool = True) -> FixedProbability:
    """Connect each source to each target with probability `p`, each pair independently.

    The number of synapses is binomial with mean p N_pre N_post.

    Parameters
    ----------
    p : float
        From 0 to 1.
    autapses : bool
        Whether a cell may be connected to itself.

    Raises
    ------
    WiringError
        If `p` is not from 0 to 1.

    Examples
    --------
    >>> made = net.connect(cells, cells, rb.rules.fixed_probability(0.1), weight=20*pA)
    """
    return FixedProbability(_probability(p, "p", "fixed_probability"), bool(autapses))


def fixed_total(n: int, autapses: bool = True, multapses: bool = True) -> FixedTotal:
    """Draw `n` connections, all pairs equally likely.

    Parameters
    ----------
    n : int
        How many synapses there are.
    autapses : bool
        Whether a cell may be connected to itself.
    multapses : bool
        True: pairs are drawn with replacement; False: without.

    Examples
    --------
    >>> made = net.connect(cells, cells, rb.rules.fixed_total(1000), weight=20*pA)
    """
    return FixedTotal(_count(n, "fixed_total"), bool(autapses), bool(multapses))


def fixed_indegree(n: int, autapses: bool = True, multapses: bool = True) -> FixedIndegree:
    """Give each target `n` sources, all equally likely.

    Parameters
    ----------
    n : int
        How many synapses each target receives.
    autapses : bool
        Whether a cell may be connected to itself.
    multapses : bool
        True: the sources of a target are drawn with replacement; False: without.

    Examples
    --------
    >>> made = net.connect(cells, cells, rb.rules.fixed_indegree(10, autapses=False), weight=20*pA)
    """
    return FixedIndegree(_count(n, "fixed_indegree"), bool(autapses), bool(multapses))


def fixed_outdegree(n: int, autapses: bool = True, multapses: bool = True) -> FixedOutdegree:
    """Give each source `n` targets, all equally likely.

    Parameters
    ----------
    n : int
        How many synapses each source makes.
    autapses : bool
        Whether a cell may be connected to itself.
    multapses : bool
        True: the targets of a source are drawn with replacement; False: without.

    Examples
    --------
    >>> made = net.connect(cells, cells, rb.rules.fixed_outdegree(10), weight=20*pA)
    """
    return FixedOutdegree(_count(n, "fixed_outdegree"), bool(autapses), bool(multapses))


def ring(offset: int = 1) -> Ring:
    """Connect source k to target k + offset, the last to the first again.

    Parameters
    ----------
    offset : int
        1: each to the next; -1: each to the one before.

    Examples
    --------
    >>> made = net.connect(cells, cells, rb.rules.ring(-1), weight=20*pA)
    """
    try:
        return Ring(operator.index(offset))
    except TypeError:
        raise WiringError(
            "ring: offset is not a whole number of cells",
            expected="a whole number",
            given=repr(offset),
            mend="write rb.rules.ring(+1) for each to the next, ring(-1) to the one before",
        ) from None


def pairs(i: npt.ArrayLike, j: npt.ArrayLike) -> Pairs:
    """Connect source i[k] to target j[k], for every k.

    An array of weights or delays given with this rule is in the order of these pairs.

    Parameters
    ----------
    i, j : array of int
        Places within the views connected, from 0. A single number goes with each of the other.

    Raises
    ------
    ShapeError
        If `i` and `j` are of different length.
    WiringError
        If an index is negative or not a whole number.

    Examples
    --------
    >>> made = net.connect(cells, cells, rb.rules.pairs([0, 0, 1], [5, 6, 7]), weight=20*pA)
    """
    left, right = _indices(i, "i"), _indices(j, "j")
    if left.size != right.size and 1 not in (left.size, right.size):
        raise ShapeError(
            "pairs: i and j are of different length",
            expected="one target for each source",
            given=f"{left.size} sources and {right.size} targets",
            mend="write rb.rules.pairs([0, 1, 2], [5, 6, 7])",
        )
    left, right = np.broadcast_arrays(left, right)
    return Pairs(_frozen(left), _frozen(right))


def from_matrix(matrix: Any) -> FromMatrix:
    """Connect source i to target j where matrix[i, j] is neither 0 nor nan, with that weight.

    Parameters
    ----------
    matrix : array or quantity, shape (N_pre, N_post)
        The weights; rows are sources, columns targets.

    Raises
    ------
    ShapeError
        If `matrix` does not have two axes.
    WiringError
        If an entry is infinite.

    Examples
    --------
    >>> rule = rb.rules.from_matrix([[0, 0.2], [-0.4, 0]]*nA)  # 0 to 1 and back
    >>> made = net.connect(cells[:2], cells[:2], rule)
    """
    magnitudes = np.asarray(getattr(matrix, "magnitude", matrix), dtype=np.float64)
    if magnitudes.ndim != 2:
        raise ShapeError(
            "from_matrix: a matrix has two axes, sources and targets",
            expected="an array of shape (N_pre, N_post)",
            given=f"an array of shape {magnitudes.shape}",
        )
    if np.any(np.isinf(magnitudes)):
        i, j = np.argwhere(np.isinf(magnitudes))[0]
        raise WiringError(f"from_matrix: the weight from {i} to {j} is infinite")
    held = matrix.copy() if hasattr(matrix, "magnitude") else _frozen(magnitudes)
    return FromMatrix(held, _frozen((magnitudes != 0) & ~np.isnan(magnitudes)))


def where(
    condition: str,
    probability: float | str = 1.0,
    *,
    autapses: bool = True,
    period: Any = None,
) -> Where:
    """Connect the pairs for which a condition holds, each with a probability.

    Parameters
    ----------
    condition : str
        A condition over `i` and `j` (places of source and target within their views), `N_pre`,
        `N_post`, and `distance` where cells have positions: `"abs(i - j) < 5"`,
        `"i != j and distance < 100*um"`.
    probability : float or str
        From 0 to 1; a text is read for each pair: `"0.5*exp(-distance/(50*um))"`.
    autapses : bool
        Whether a cell may be connected to itself.
    period : quantity, optional
        Space is a torus of this size; see `within`.

    Raises
    ------
    EquationError, UnknownNameError, UnitError
        If a text cannot be read, names something unknown, or mixes units.
    WiringError
        If `probability` is not from 0 to 1.

    Examples
    --------
    >>> made = net.connect(cells, cells, rb.rules.where("0 < abs(i - j) < 5", 0.5), weight=20*pA)
    """
    read = pair_text(condition, None, "where: the condition")
    chance: float | PairText
    if isinstance(probability, str):
        chance = pair_text(probability, DIMENSIONLESS, "where: the probability")
    else:
        chance = _probability(probability, "probability", "where")
    return Where(read, chance, bool(autapses), period_lengths(period, "where"))


def within(
    distance: Any, probability: float = 1.0, *, autapses: bool = True, period: Any = None
) -> Within:
    """Connect the pairs that are at most `distance` apart, each with a probability.

    Sources and targets must have positions: `net.add(..., positions=array*um)`.

    Parameters
    ----------
    distance : quantity
        A length.
    probability : float
        From 0 to 1.
    autapses : bool
        Whether a cell may be connected to itself.
    period : quantity, optional
        Space is a torus: one length for every axis, or one an axis. Distances are then the
        shortest way round.

    Raises
    ------
    UnitError
        If `distance` or `period` is not a length.
    WiringError
        If `distance` or `period` is not positive, or `probability` not from 0 to 1.

    Examples
    --------
    >>> made = net.connect(sheet, sheet, rb.rules.within(100*um, autapses=False), weight=20*pA)
    """
    return Within(
        length(distance, "distance", "within", "within(100*um)"),
        _probability(probability, "probability", "within"),
        bool(autapses),
        period_lengths(period, "within"),
    )


def gaussian(
    width: Any, peak: float = 1.0, *, autapses: bool = True, period: Any = None
) -> Gaussian:
    """Connect each pair with probability `peak*exp(-distance**2/(2*width**2))`.

    Sources and targets must have positions: `net.add(..., positions=array*um)`.

    Parameters
    ----------
    width : quantity
        A length: the standard deviation of the Gaussian.
    peak : float
        The probability at distance 0, from 0 to 1.
    autapses : bool
        Whether a cell may be connected to itself.
    period : quantity, optional
        Space is a torus of this size; see `within`.

    Raises
    ------
    UnitError
        If `width` or `period` is not a length.
    WiringError
        If `width` or `period` is not positive, or `peak` not from 0 to 1.

    Examples
    --------
    >>> made = net.connect(sheet, sheet, rb.rules.gaussian(50*um, 0.8), weight=20*pA)
    """
    return Gaussian(
        length(width, "width", "gaussian", "gaussian(100*um)"),
        _probability(peak, "peak", "gaussian"),
        bool(autapses),
        period_lengths(period, "gaussian"),
    )


def _frozen(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    held = np.array(values)
    held.setflags(write=False)
    return held


def _probability(value: Any, argument: str, rule: str) -> float:
    """Read a number from 0 to 1."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0.0 <= number <= 1.0:
        raise WiringError(
            f"{rule}: {argument} is not a probability",
            expected="a number from 0 to 1",
            given=str(value),
            mend=f"2 % is written {rule}({'0.02' if argument == 'p' else f'..., {argument}=0.02'})",
        )
    return number


def _count(value: Any, rule: str) -> int:
    """Read a number of connections."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if number < 0 or isinstance(value, (bool, np.bool_)):
        raise WiringError(
            f"{rule}: n is not a number of connections",
            expected="a whole number, 0 or more",
            given=str(value),
            mend=f"write rb.rules.{rule}(10)",
        )
    return number


def _indices(values: npt.ArrayLike, argument: str) -> npt.NDArray[np.int64]:
    """Read places of cells."""
    given = np.atleast_1d(np.asarray(values))
    whole = given.astype(np.int64) if given.size == 0 or given.dtype.kind in "iu" else None
    if whole is None or whole.ndim != 1:
        raise WiringError(
            f"pairs: {argument} is not a list of cells",
            expected="whole numbers, counted from 0",
            given=f"an array of {given.dtype} of shape {given.shape}",
            mend="write rb.rules.pairs([0, 1, 2], [5, 6, 7])",
        )
    if np.any(whole < 0):
        raise WiringError(
            f"pairs: {argument} holds the negative index {whole[whole < 0][0]}",
            expected="places counted from 0",
            mend=f"write N - {-whole[whole < 0][0]}, where N is the number of cells",
        )
    return whole
