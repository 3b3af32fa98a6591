"""`Gate`: where a gate goes at a voltage, and how fast; what a channel does at a held voltage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rheobase.channels.gates import INSTANTANEOUS, SCHEME, WRITTEN, Form
from rheobase.channels.mechanism import shared_unit
from rheobase.channels.reversal import CONSTANTS, FUNCTIONS, VALENCES, celsius
from rheobase.errors import EquationError, UnknownNameError, UserError, did_you_mean
from rheobase.language.definitions import SUBEXPRESSION, Source
from rheobase.language.evaluating import evaluate
from rheobase.language.expressions import Expr, names_in
from rheobase.language.functions import collect, inline
from rheobase.language.parsing import parse_expression
from rheobase.language.values import Value
from rheobase.units import UNITS, parse_unit, quantity, split_quantity

if TYPE_CHECKING:
    from rheobase.channels.mechanism import Mechanism

Floats = npt.NDArray[np.float64]
_MS = parse_unit("ms")
BESIDE = 1e-9
"""So far beside a voltage it is looked where something is 0/0 there [V]."""


class Held:
    """A channel at held voltages and concentrations: values of what its text defines.

    Parameters
    ----------
    mechanism : Mechanism
    given : mapping
        Values of names of the membrane: `v`, `temperature`, `Ca_i` ...; quantities, numbers or
        arrays of them, which broadcast.

    Raises
    ------
    UnknownNameError
        A name is given that the text does not read.
    UnitError
        A value is of another dimension.
    """

    def __init__(self, mechanism: Mechanism, given: Mapping[str, Any]) -> None:
        self.mechanism = mechanism
        self._functions = collect(FUNCTIONS.values())
        self._lines = {e.name: e for e in mechanism.equations}
        self._forms = {form.name: form for form in mechanism.forms}
        self._known: dict[str, Any] = dict(mechanism.defaults)
        for name, value in given.items():
            self._known[name] = self._read(name, value)
        if "temperature" not in given and "T_ref" in mechanism.defaults:
            self._known["temperature"] = mechanism.defaults["T_ref"]

    def _read(self, name: str, value: Any) -> Any:
        mechanism = self.mechanism
        what = f"{mechanism.kind}: {name}"
        if name == "temperature":
            return celsius(value, what)
        unit = shared_unit(name, mechanism._arguments.ions)
        if name in mechanism.parameters:
            unit = mechanism.equation(name).unit.text
        elif name in self._forms:
            unit = "1"
        if unit is None:
            offered = [*mechanism.reads, *mechanism.parameters, *self._forms]
            meant = did_you_mean(name, offered)
            raise UnknownNameError(
                f"{mechanism.kind} reads no {name}",
                mend=f"did you mean {meant}?" if meant else f"it reads: {', '.join(offered)}",
            )
        magnitude, written = split_quantity(value, what)
        Value(float(np.ravel(magnitude)[0]), written).check(parse_unit(unit), what, name)
        return np.asarray(written.to_si(np.asarray(magnitude, dtype=np.float64)))

    def value(self, name: str) -> Any:
        """Return what a name of the text is, in SI units; a gate is where it goes.

        Raises
        ------
        UserError
            It depends on something that was not given.
        """
        if name in self._known:
            return self._known[name]
        line = self._lines.get(name)
        found: Any
        if name in self._forms:
            found = self.steady(self._forms[name])
        elif line is not None and line.kind == SUBEXPRESSION and line.expression is not None:
            found = self.of(line.expression)
        elif name in CONSTANTS:
            found = self.of(parse_expression(CONSTANTS[name][0]))
        elif name.startswith("nernst_") and name.removeprefix("nernst_") in VALENCES:
            ion = name.removeprefix("nernst_")
            found = self.of(parse_expression(
                f"nernst({VALENCES[ion]}, {ion}_i, {ion}_o, temperature)"
            ))  # fmt: skip
        else:
            raise self._missing(name)
        self._known[name] = found
        return found

    def _missing(self, name: str) -> UserError:
        unit = shared_unit(name, self.mechanism._arguments.ions) or "1"
        example = {"mM": "1*uM", "mV": "-65*mV"}.get(unit, f"1*{unit}" if unit != "1" else "1")
        if name == "temperature":
            example = "37"
        return UserError(
            f"{self.mechanism.kind} depends on {name}, and no value is given",
            mend=f"write {name}={example}",
        )

    def of(self, expression: Expr) -> Any:
        """Return what an expression over names of the text is, in SI units."""
        inlined = inline(expression, self._functions, Source(""))
        names = names_in(inlined)
        read = {name for name in names if name in self._lines or name in self._forms
                or name in self._known or (name not in UNITS and name != "pi")}  # fmt: skip
        return evaluate(inlined, {name: self.value(name) for name in read})

    def steady(self, form: Form) -> Any:
        """Return where a gate goes.

        Raises
        ------
        EquationError
            Its equation is written out, and not linear in the gate or the states of the scheme.
        """
        if form.kind == SCHEME:
            table, rest, whole = self._scheme(form)
            if whole:  # one equation says what the others do: in its place, that all sum to 1
                table[..., 0, :], rest[..., 0] = 1.0, -1.0
            settled = np.linalg.solve(table, -rest[..., None])[..., 0]
            return settled[..., form.states.index(form.name)]
        if form.kind != WRITTEN:
            return self.of(parse_expression(form.steady))
        rest, slope = self._written(form)
        return -rest / slope

    def time_constant(self, form: Form) -> Any:
        """Return how fast a gate goes there [s]; 0 where it follows at once.

        That of a scheme is its slowest.
        """
        if form.kind == INSTANTANEOUS:
            return 0.0
        if form.kind == SCHEME:
            table, _, whole = self._scheme(form)
            rates = np.sort(-np.linalg.eigvals(table).real, axis=-1)
            return 1.0 / rates[..., 1 if whole else 0]
        if form.kind == WRITTEN:
            return -1.0 / self._written(form)[1]
        if len(form.parts) == 2 and form.parts[1].startswith("tau_"):
            return self.value(form.parts[1]) / self._factor(form, form.parts[1])
        return 1.0 / sum(self.value(part) * self._factor(form, part) for part in form.parts)

    def _factor(self, form: Form, part: str) -> Any:
        """Return phi where the rate is a parameter, which does not hold it already."""
        line = self._lines[part]
        in_line = line.kind == SUBEXPRESSION
        return 1.0 if in_line or not form.scale else self.value(form.scale)

    def _scheme(self, form: Form) -> tuple[Floats, Floats, bool]:
        """Return A, b of dx/dt = A x + b, shapes (..., n, n), (..., n), and whether they sum to 0.

        What changes beside the states, such as a voltage, may be an array: the leading shape.
        """
        lines = [self._lines[name] for name in form.states]
        known, count = self._known, len(lines)

        def slopes(x: Floats) -> Floats:
            self._known = {**known, **dict(zip(form.states, x, strict=True))}
            found = [self.of(line.expression) for line in lines if line.expression is not None]
            return np.stack(np.broadcast_arrays(*found), axis=-1).astype(float)

        try:
            rest = slopes(np.zeros(count))
            columns = [slopes(x) - rest for x in np.eye(count)]
            tried = np.linspace(0.3, 0.9, count)
            whole_slope = slopes(tried)
        finally:
            self._known = known
        shape = np.broadcast_shapes(*(c.shape for c in (rest, *columns)))
        table = np.stack([np.broadcast_to(c, shape) for c in columns], axis=-1)
        rest = np.broadcast_to(rest, shape).copy()
        size = np.max(np.abs(table), initial=0.0)
        if not np.allclose(whole_slope, table @ tried + rest, rtol=1e-9, atol=1e-9 * size):
            raise EquationError(
                f"{self.mechanism.kind}: d{form.name}/dt is not linear in "
                f"{', '.join(form.states)}, so it is not known where they settle",
                place=self._lines[form.name].source.point(self._lines[form.name].name_span),
            )
        left = np.concatenate([table.sum(axis=-2), rest.sum(axis=-1)[..., None]], axis=-1)
        return table, rest, bool(np.all(np.abs(left) <= 1e-12 * size))

    def _written(self, form: Form) -> tuple[Any, Any]:
        """Return a and b of dx/dt = a + b x."""
        expression = self._lines[form.name].expression
        assert expression is not None
        held = self._known.pop(form.name, None)
        values = []
        for x in (0.0, 1.0, 0.5):
            self._known[form.name] = x
            values.append(np.asarray(self.of(expression)))
        del self._known[form.name]
        if held is not None:
            self._known[form.name] = held
        at_0, at_1, between = values
        if not np.allclose(between, (at_0 + at_1) / 2, rtol=1e-9, atol=0):
            raise EquationError(
                f"{self.mechanism.kind}: d{form.name}/dt is not linear in {form.name}, so it has"
                " no time constant",
                place=self._lines[form.name].source.point(expression.span),
            )
        return at_0, at_1 - at_0


class Gate:
    """A gate of a channel: where it goes, and how fast.

    Attributes
    ----------
    name : str
    kind : "rates", "relaxation", "instantaneous", "written" or "scheme"
        How the text gives it.
    states : tuple of str
        Of a state of a kinetic scheme: all states of that scheme.
    """

    def __init__(self, mechanism: Mechanism, form: Form) -> None:
        self.name, self.kind, self.states = form.name, form.kind, form.states
        self._mechanism, self._form = mechanism, form

    @property
    def reads(self) -> frozenset[str]:
        """The names of the membrane that it depends on: v, temperature, Ca_i ..."""
        lines = {e.name: e for e in self._mechanism.equations}
        seen: set[str] = set()
        left = [self.name, f"{self.name}_inf", *self._form.parts]
        while left:
            name = left.pop()
            line = lines.get(name)
            if name in seen:
                continue
            seen.add(name)
            if line is not None and line.expression is not None:
                left += names_in(line.expression)
        return frozenset(seen & self._mechanism.reads)

    def steady(self, v: Any = None, **values: Any) -> Any:
        """Return where the gate goes at a voltage, from 0 (closed) to 1 (open).

        That of a state of a scheme is the fraction of channels in it.

        Parameters
        ----------
        v : quantity
            One voltage or an array of them.
        **values
            Of what else it depends on: `temperature` (the channel's `T_ref` if not given),
            concentrations such as `Ca_i`; or other values of the channel's parameters.

        Returns
        -------
        float or ndarray

        Raises
        ------
        UserError
            Something it depends on is not given.
        """
        return _plain(self._at(v, values, lambda held: held.steady(self._form)), v, values)

    def time_constant(self, v: Any = None, **values: Any) -> Any:
        """Return how fast the gate goes there; 0 ms where it follows at once.

        A scheme has as many time constants as states but one: this is the slowest.

        Parameters
        ----------
        v, **values
            As of `steady`.

        Returns
        -------
        quantity
            In ms.
        """
        found = self._at(v, values, lambda held: held.time_constant(self._form))
        return quantity(_plain(found, v, values), _MS)

    def _at(self, v: Any, values: Mapping[str, Any], what: Callable[[Held], Any]) -> Any:
        """Return something at held values; where it is 0/0 at a voltage, that just beside."""
        held = self._held(v, values)
        with np.errstate(all="ignore"):
            found = what(held)
        if not np.any(np.isnan(found)) or "v" not in held._known:
            return found
        beside = self._held(v, values)
        beside._known["v"] = beside._known["v"] + BESIDE
        return np.where(np.isnan(found), what(beside), found)

    def _held(self, v: Any, values: Mapping[str, Any]) -> Held:
        return Held(self._mechanism, dict(values) if v is None else {"v": v, **values})

    def __repr__(self) -> str:
        if self.kind in (WRITTEN, SCHEME):
            return self._mechanism.equation(self.name).text
        how = {"rates": "alpha/beta", "relaxation": "inf/tau"}.get(self.kind, "at once")
        return f"{self.name} ({how}): {', '.join(self._form.parts)}; scale {self._form.scale or 1}"


def held_value(mechanism: Mechanism, name: str, given: Mapping[str, Any], unit: str) -> Any:
    """Return what a name of a text is at held values, as a quantity."""
    found = Held(mechanism, given).value(name)
    return quantity(_plain(found, None, given), parse_unit(unit))


def _plain(found: Any, v: Any, values: Mapping[str, Any]) -> Any:
    """Return an array of the shape of what was given, or a float."""
    shapes = [np.shape(split_quantity(each)[0]) for each in (v, *values.values())
              if each is not None]  # fmt: skip
    shape = np.broadcast_shapes(*shapes) if shapes else ()
    full = np.broadcast_to(np.asarray(found, dtype=np.float64), shape)
    return float(full) if full.ndim == 0 else np.array(full)
