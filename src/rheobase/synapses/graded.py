"""Graded synapses: transmitter is released as the voltage of the source says, without spikes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rheobase.errors import EquationError, UnitError
from rheobase.language.definitions import Equation, Source
from rheobase.language.dimension_check import dimension_of
from rheobase.language.expressions import Number, names_in
from rheobase.language.model import Model
from rheobase.language.names import check_names
from rheobase.language.parsing import parse_expression
from rheobase.language.values import read_value
from rheobase.synapses.extending import Piece, area_of, checked_name, scaled, voltage
from rheobase.synapses.gap_junctions import Coupling, Separated
from rheobase.units import DIMENSIONLESS, parse_unit

_EXAMPLE = 'rb.synapses.Graded("1/(1 + exp(-(v + 40*mV)/(4*mV)))", E=-80*mV, tau=5*ms)'


class Graded(Coupling):
    """A conductance that follows the voltage of its sources, without spikes.

    i = g (E - v), tau dg/dt = sum over the sources of weight*release(v_source) - g; without `tau`,
    g is the sum itself. The weight is the conductance at full release.

    Parameters
    ----------
    release : str
        A text without dimension over variables of the source, usually its voltage:
        "1/(1 + exp(-(v + 40*mV)/(4*mV)))". Of a place on a cell with a morphology it reads `v`.
    E : quantity
        Reversal potential.
    tau : quantity, optional
        Of the conductance.
    name : str, optional
        What its variables are called after: g_graded, i_graded without.
    area : quantity, optional
        Membrane of the cell, for models whose input is a current per area.

    Raises
    ------
    EquationError, UnitError
        The text cannot be read, or a value is of another dimension.
    """

    label = "graded"

    def __init__(self, release: str, E: Any, tau: Any = None, *, name: str | None = None,
                 area: Any = None) -> None:  # fmt: skip
        if not isinstance(release, str):
            raise EquationError(
                f"Graded: expected a text, got {type(release).__name__}", mend=f"write {_EXAMPLE}"
            )
        self.name = checked_name(name, "Graded", "a graded synapse", "g")
        self.text = release
        self._f = parse_expression(release, what="the release")
        self._given = {"E": E} | {k: v for k, v in (("tau", tau), ("area", area)) if v is not None}
        units = {"E": "mV", "tau": "ms", "area": "um**2"}
        self._values = {}
        for key, value in self._given.items():
            found = read_value(value, f"Graded: {key}", example=f"{key}=1*{units[key]}")
            found.in_dimension(parse_unit(units[key]), f"Graded: {key}", key)
            self._values[key] = found
        held = self._values.get("tau")
        if held is not None and not held.unit.to_si(held.magnitude) > 0:
            raise UnitError("Graded: tau is above 0", given=held.words, mend="write tau=5*ms")

    @property
    def _key(self) -> tuple[Any, ...]:
        written = tuple((k, v.unit.to_si(v.magnitude)) for k, v in self._values.items())
        return (type(self), self.name, self._f, *written)

    def __repr__(self) -> str:
        parts = [f"{k}={v.magnitude:g}*{v.unit.text}" for k, v in self._values.items()]
        parts += [f'name="{self.name}"'] if self.name else []
        return f'rb.synapses.Graded("{self.text}", {", ".join(parts)})'

    def between(self, source: Model, target: Model, names: tuple[str, str],
                call: str) -> Separated:  # fmt: skip
        """Return the release of the source, which nothing of the target is multiplied with.

        Raises
        ------
        UnknownNameError, UnitError
            The source has no such variable, or the release has a dimension.
        """
        known = {n: source.unit_of(n) for n in source.names if n not in source.time_functions}
        label = f"{call}: the release of {names[0]!r}"
        check_names(self._f, known, source=Source(self.text), label=label)
        own = {n: known[n] for n in names_in(self._f) if n in known}
        dimension = dimension_of(self._f, own, text=self.text, what="the release")
        if dimension is None or dimension != DIMENSIONLESS or not own:
            raise UnitError(
                f"{call}: the release is a number that depends on the source, from 0 to 1",
                given=self.text,
                mend=f"write {_EXAMPLE}",
            )
        one = parse_unit("1")
        return Separated((self._f,), (one,), (Number(1.0),), DIMENSIONLESS)

    def target_piece(self, name: str, separated: Separated, model: Model, target: Equation,
                     cells: str, call: str) -> Piece:  # fmt: skip
        """Return what the target's cells are extended by: a conductance and its current."""
        (total,) = separated.sums(name)
        area = area_of(model) if "area" not in self._given else f"area_{name}"
        term = scaled(f"i_{name}", target, area, call, cells, f"{self!r}"[:-1] + ", ")
        slow = "tau" in self._given
        g = f"dg_{name}/dt = ({total} - g_{name})/tau_{name}" if slow else f"g_{name} = {total}"
        given: Mapping[str, Any] = {f"{k}_{name}": v for k, v in self._given.items()
                                    if k != "area" or term != f"i_{name}"}  # fmt: skip
        lines = f"""
            {total} : nS (input)
            {g} : nS
            i_{name} = g_{name}*(E_{name} - {voltage(model, cells, call)}) : pA"""
        return Piece(lines, given, input=target.name, term=term)
