"""Gap junctions, and continuous coupling by any text that is a sum of products.

`net.connect(a, b, weight=1*nS, synapse=rb.synapses.GapJunction())` lets a current flow through
every pair as long as their voltages differ. `Coupling("sin(theta_pre - theta_post)")` adds
weight*f(source, target) of every pair to an input of the target. Both extend the models of what
they connect, and are summed up in every step from the states at its beginning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rheobase.errors import EquationError, UnknownNameError, WiringError, did_you_mean
from rheobase.language.definitions import Equation, Source
from rheobase.language.dimension_check import dimension_of
from rheobase.language.expressions import (
    Binary,
    Expr,
    Name,
    Number,
    Unary,
    names_in,
    to_text,
    walk,
)
from rheobase.language.model import Model
from rheobase.language.names import check_names
from rheobase.language.parsing import parse_expression
from rheobase.language.values import read_value
from rheobase.synapses.extending import Piece, area_of, checked_name, scaled, voltage
from rheobase.synapses.separating import (
    POST,
    PRE,
    NotSeparableError,
    Products,
    separate,
    without_ending,
)
from rheobase.units import Dimension, Unit, parse_unit, usual_unit

SIEMENS = parse_unit("siemens").dimension


@dataclass(frozen=True)
class Separated:
    """A coupling between two models, as sums over the sources.

    Attributes
    ----------
    read
        p_k over the names of the source's model.
    read_units
        Their units.
    times
        q_k over the names of the target's model.
    """

    read: tuple[Expr, ...]
    read_units: tuple[Unit, ...]
    times: tuple[Expr, ...]
    dimension: Dimension

    def variables(self, name: str, model: Model) -> tuple[str, ...]:
        """Return the names of p_k in the source's cells."""
        return tuple(
            p.id if isinstance(p, Name) and _readable(model, p.id) else f"read_{k}_{name}"
            for k, p in enumerate(self.read, 1)
        )

    def source_piece(self, name: str, model: Model) -> Piece:
        """Return what the source's cells are extended by: the p_k that are no variables."""
        lines = [
            f"{variable} = {to_text(p)} : {unit.text}"
            for variable, p, unit in zip(
                self.variables(name, model), self.read, self.read_units, strict=True
            )
            if to_text(p) != variable
        ]
        return Piece("\n".join(lines))

    def sums(self, name: str) -> tuple[str, ...]:
        """Return the names of the sums in the target's cells, inputs all of them."""
        return tuple(f"sum_{k}_{name}" for k in range(1, len(self.read) + 1))

    def target_lines(self, name: str, unit: Unit) -> str:
        """Return the lines of the sums and of what they are together, `i_<name>`."""
        weight = unit.dimension / self.dimension
        lines = []
        total: Expr | None = None
        for sum_, read, q in zip(self.sums(name), self.read_units, self.times, strict=True):
            lines.append(f"{sum_} : {_unit(weight * read.dimension).text} (input)")
            less = total is not None and isinstance(q, Unary) and q.operator == "-"
            factor = q.operand if less and isinstance(q, Unary) else q
            term = Name(sum_) if factor == Number(1.0) else Binary("*", factor, Name(sum_))
            total = term if total is None else Binary("-" if less else "+", total, term)
        assert total is not None
        return "\n".join([*lines, f"i_{name} = {to_text(total)} : {unit.text}"])


def _unit(dimension: Dimension) -> Unit:
    return parse_unit(usual_unit(dimension) or "1")


def _readable(model: Model, name: str) -> bool:
    """Whether a continuous connection reads a name of a model as it is."""
    readable = [e.name for e in (*model.differential, *model.subexpressions)]
    return name in readable or name in model.written_parameters


class Coupling:
    """A continuous coupling: sum over the sources of weight*f(source, target).

    The sum is added to an input of the target in every step, f of the source's states (as they
    were `delay` ago) and of the target's. What the target's part is multiplied with is held over
    a step; the part itself follows the target within it.

    Parameters
    ----------
    f : str
        A text over variables and parameters of the source, ending in `_pre`, and of the target,
        ending in `_post`: "sin(theta_pre - theta_post)", "x_pre*(1 - x_post)". It must be a sum
        of products of a function of the source and one of the target; sin, cos and exp of a sum
        and powers are written so.
    name : str, optional
        What its variables are called after: `i_coupling`, what is added to the input, without.

    Raises
    ------
    EquationError
        The text cannot be read, or is no sum of products.
    """

    kind: ClassVar[str] = "gap"
    label: ClassVar[str] = "coupling"
    both_ways: ClassVar[bool] = False

    def __init__(self, f: str, *, name: str | None = None) -> None:
        if not isinstance(f, str):
            raise EquationError(
                f"Coupling: expected a text, got {type(f).__name__}",
                mend='write rb.synapses.Coupling("sin(theta_pre - theta_post)")',
            )
        self.name = checked_name(name, "Coupling", "a coupling", "i")
        self.text = f
        self._f = parse_expression(f, what="the coupling")
        source = Source(f)
        pairs = names_in(self._f)
        for name_, what in ((PRE, "source"), (POST, "target")):
            if not any(n.endswith(name_) for n in pairs):
                raise EquationError(
                    f"Coupling: the text reads nothing of the {what}: no name ends in {name_}",
                    given=f,
                    mend='a sum of the sources alone is net.connect(..., of="x", to="I")'
                    if name_ == POST
                    else 'write rb.synapses.Coupling("x_pre - x_post")',
                )
        check_names(self._f, [n for n in pairs if n.endswith((PRE, POST))], source=source,
                    label="the coupling")  # fmt: skip
        self._products = self._separated(source)

    def _separated(self, source: Source) -> Products:
        try:
            return separate(self._f)
        except NotSeparableError as error:
            span = error.part.span
            raise EquationError(
                f"Coupling: {to_text(error.part)} is no sum of products of a function of the "
                "source and one of the target",
                place=source.point(span) if span[1] > span[0] else "",
                expected="such as x_pre*(1 - x_post), sin(theta_pre - theta_post), "
                "(x_pre - x_post)**3",
                mend="let a function act on one side only, such as tanh(x_pre) - tanh(x_post), or "
                "write its series as a polynomial",
            ) from None

    @property
    def _key(self) -> tuple[Any, ...]:
        return (type(self), self.name, self._f)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Coupling) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        name = f', name="{self.name}"' if self.name else ""
        return f'rb.synapses.{type(self).__name__}("{self.text}"{name})'

    def refuse_taken(self, taken: Sequence[str], name: str, model: Model, cells: str,
                     call: str) -> WiringError:  # fmt: skip
        """Return the error for names that the model of the cells has already."""
        return WiringError(
            f"{call}: the model of {cells!r} has {', '.join(taken)} already, and a coupling "
            f"called {name!r} would define {'it' if len(taken) == 1 else 'them'} too",
            mend=f'give the coupling another name: name="{name}_2"',
        )

    def between(self, source: Model, target: Model, names: tuple[str, str],
                call: str) -> Separated:  # fmt: skip
        """Return the coupling between two models.

        Parameters
        ----------
        source, target
            The models.
        names
            Names of the populations, for errors.
        call
            What the user called, for errors.

        Raises
        ------
        UnknownNameError, UnitError
            A model has no such variable, or the dimensions do not fit.
        """
        units = self._units(source, PRE, names[0], call)
        units |= self._units(target, POST, names[1], call)
        dimension = dimension_of(self._f, units, text=self.text, what="the coupling")
        if dimension is None:
            raise EquationError(f"{call}: the coupling is a condition, not a value: {self.text}")
        read = tuple(without_ending(p, PRE) for p, _ in self._products)
        of_source = {n.removesuffix(PRE): unit for n, unit in units.items() if n.endswith(PRE)}
        found = [dimension_of(p, of_source, what="the coupling") for p in read]
        units_of = tuple(
            source.unit_of(p.id) if isinstance(p, Name) and p.id in of_source
            else _unit(d or parse_unit("1").dimension)
            for p, d in zip(read, found, strict=True)
        )  # fmt: skip
        times = tuple(without_ending(q, POST) for _, q in self._products)
        return Separated(read, units_of, times, dimension)

    def _units(self, model: Model, ending: str, cells: str, call: str) -> dict[str, Unit]:
        known = [n for n in model.names if n not in model.time_functions]
        units = {}
        for node in walk(self._f):
            if not isinstance(node, Name) or not node.id.endswith(ending):
                continue
            name = node.id.removesuffix(ending)
            if name not in known:
                meant = did_you_mean(name, known)
                raise UnknownNameError(
                    f"{call}: {cells!r} has no variable {name!r}"
                    + (f"; did you mean {meant}{ending}?" if meant else ""),
                    place=Source(self.text).point(node.span),
                    mend=f"it has: {', '.join(known)}",
                )
            units[node.id] = model.unit_of(name)
        return units

    def target_piece(self, name: str, separated: Separated, model: Model, target: Equation,
                     cells: str, call: str) -> Piece:  # fmt: skip
        """Return what the target's cells are extended by: sums, and what they are together."""
        lines = separated.target_lines(name, target.unit)
        return Piece(lines, input=target.name, term=f"i_{name}")


class GapJunction(Coupling):
    """An electrical synapse: the current weight*(v_pre - v_post) flows into the target.

    And back: the same current with the other sign flows into the source, one junction for each
    pair that is connected, whichever way round. The weight is a conductance. `i_gap` [pA] is the
    current into a cell through all its junctions.

    Parameters
    ----------
    rectifying : bool
        Whether current flows into the target only. So `rb.rules.from_matrix(W)` with a symmetric
        W, which names each pair twice, gives one junction for each.
    name : str, optional
        What its variables are called after; `gap` without.
    area : quantity, optional
        Membrane of a cell, for models whose input is a current per area.
    """

    label = "gap"

    def __init__(self, rectifying: bool = False, *, name: str | None = None,
                 area: Any = None) -> None:  # fmt: skip
        super().__init__("v_pre - v_post", name=name)
        self.both_ways = not rectifying  # type: ignore[misc]
        self._area = area
        if area is not None:
            value = read_value(area, "GapJunction: area", example="area=20000*um**2")
            value.in_dimension(parse_unit("um**2"), "GapJunction: area", "area")

    @property
    def _key(self) -> tuple[Any, ...]:
        return (type(self), self.name, self.both_ways, str(self._area))

    def __repr__(self) -> str:
        parts = [] if self.both_ways else ["rectifying=True"]
        parts += [f'name="{self.name}"'] if self.name else []
        parts += [f"area={self._area}"] if self._area is not None else []
        return f"rb.synapses.GapJunction({', '.join(parts)})"

    def between(self, source: Model, target: Model, names: tuple[str, str],
                call: str) -> Separated:  # fmt: skip
        """Return the coupling between two models, whatever their voltages are called."""
        pre, post = voltage(source, names[0], call), voltage(target, names[1], call)
        one = parse_unit("1")
        return Separated(
            (Name(pre), Number(1.0)), (source.unit_of(pre), one),
            (Number(1.0), Unary("-", Name(post))), parse_unit("volt").dimension,
        )  # fmt: skip

    def target_piece(self, name: str, separated: Separated, model: Model, target: Equation,
                     cells: str, call: str) -> Piece:  # fmt: skip
        """Return what the target's cells are extended by: the current through the junctions."""
        area = area_of(model) if self._area is None else f"area_{name}"
        term = scaled(f"i_{name}", target, area, call, cells, "rb.synapses.GapJunction(")
        given: Mapping[str, Any] = {}
        if self._area is not None and term != f"i_{name}":
            given = {f"area_{name}": self._area}
        lines = separated.target_lines(name, parse_unit("pA"))
        return Piece(lines, given, input=target.name, term=term)
