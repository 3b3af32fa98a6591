"""Receptors: conductances and currents that arriving spikes open in any cell with a voltage.

`net.connect(pre, post, weight=10*nS, synapse=rb.synapses.Exponential(tau=2*ms, E=0*mV))` extends
the model of `post` by the equations of the conductance and adds its current to the cell's
current input. Connections with the same receptor share one conductance.

A receptor called `ampa` defines, in the cells that have it: the port `ampa` (what
`net.drive(..., to="ampa")` names), the conductance `g_ampa` [nS], the current into the cell
`i_ampa` [pA], positive where it depolarizes, and its parameters, `tau_ampa`, `E_ampa` ..., which
are set like any others. A receptor without a name is called after its kind: `exponential`, and
`exponential_2` where there is one with other parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rheobase.errors import UnitError, WiringError
from rheobase.language.model import Model
from rheobase.language.values import Value, read_value
from rheobase.synapses.extending import (
    Piece,
    area_of,
    checked_name,
    current_input,
    extend,
    scaled,
    voltage,
)
from rheobase.units import DIMENSIONLESS, parse_unit

_AREA = "um**2"


class Receptor:
    """What all receptors have in common.

    Attributes
    ----------
    name : str or None
        What its variables are called after; None: its kind.
    """

    kind: ClassVar[str] = "receptor"
    label: ClassVar[str]
    units: ClassVar[Mapping[str, str]]
    """Parameter to the unit its dimension is that of."""
    times: ClassVar[tuple[str, ...]]
    """The parameters that must be above 0."""
    of_source: ClassVar[tuple[str, ...]] = ()
    """The parameters of the source's cells; the others are the target's."""
    reads_voltage: ClassVar[bool] = True
    """Whether its current depends on the voltage: whether it is a conductance."""

    def __init__(self, name: str | None, area: Any, given: Mapping[str, Any]) -> None:
        self.name = checked_name(name, type(self).__name__, "a receptor", "i")
        example = {**given, **({} if area is None else {"area": area})}
        units = {**self.units, "area": _AREA}
        self._given = example
        self._values = {key: self._read(key, value, units[key]) for key, value in example.items()}
        for key in (*self.times, *(["area"] if area is not None else [])):
            if not self._values[key].magnitude > 0:
                raise UnitError(
                    f"{type(self).__name__}: {key} is above 0, got {self._values[key].words}",
                    mend=f"write {key}={self._example(key)}",
                )

    def _example(self, key: str) -> str:
        unit = {**self.units, "area": _AREA}[key]
        number = {"area": "20000", "E": "0", "E_rev": "0"}.get(key, "2")
        return number if unit == "1" else f"{number}*{unit}"

    def _read(self, key: str, value: Any, unit: str) -> Value:
        what = f"{type(self).__name__}: {key}"
        found = read_value(value, what, example=f"{key}={self._example(key)}")
        if found.current is not None:
            raise UnitError(f"{what}: expected one value, got a current over time")
        found.in_dimension(parse_unit(unit), what, key)
        return found

    # -- comparing and printing -----------------------------------------------------------

    @property
    def _key(self) -> tuple[Any, ...]:
        values = sorted((k, v.unit.to_si(v.magnitude)) for k, v in self._values.items())
        return (type(self), self.name, tuple(values))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Receptor) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _arguments(self) -> dict[str, Any]:
        """What it was made from, by name."""
        return {**self._given, "name": self.name}

    def _written(self, *, name: bool = True) -> str:
        """Write the receptor as in a script, without the closing parenthesis."""
        parts = [
            f"{key}={value.magnitude:g}"
            + ("" if value.dimension == DIMENSIONLESS else f"*{value.unit.text}")
            for key, value in self._values.items()
        ]
        if name and self.name is not None:
            parts.append(f'name="{self.name}"')
        return f"rb.synapses.{type(self).__name__}({', '.join(parts)}"

    def __repr__(self) -> str:
        return self._written() + ")"

    # -- extending ------------------------------------------------------------------------

    def __radd__(self, model: object) -> Model:
        """Return a model that has the receptor: `rb.models.LIF + rb.synapses.Exponential(...)`."""
        if not isinstance(model, Model):
            return NotImplemented
        name, call = self.name or self.label, f"{model.name} + {self}"
        made = self.piece(name, model, model.name, None, call)
        taken = sorted(made.names & {*model.names, *model.receives})
        if taken:
            raise self.refuse_taken(taken, name, model, model.name, call)
        return extend(model, [made])

    def piece(self, name: str, model: Model, cells: str, to: str | None, call: str) -> Piece:
        """Return what the cells of a model are extended by.

        Parameters
        ----------
        name
            What the variables are called after.
        model
            Of the cells, not extended yet.
        cells
            Name of the population, for errors.
        to
            The input its current is added to, if there are several.
        call
            What the user called, for errors.

        Raises
        ------
        WiringError, UnknownNameError
            The model has no voltage, or no input of current, or names of its own like these.
        """
        target = current_input(model, cells, to, call)
        area = area_of(model) if "area" not in self._values else f"area_{name}"
        term = scaled(f"i_{name}", target, area, call, cells, self._written() + ", ")
        parameters = {f"{k}_{name}": v for k, v in self._given.items() if k not in self.of_source}
        if area != f"area_{name}" or term == f"i_{name}":
            parameters.pop(f"area_{name}", None)
        v = voltage(model, cells, call) if self.reads_voltage else ""
        return Piece(
            self.equations(name, v), parameters, self.receives(name), "", target.name, term
        )

    def refuse_taken(self, taken: Sequence[str], name: str, model: Model, cells: str,
                     call: str) -> WiringError:  # fmt: skip
        """Return the error for names that the model of the cells has already."""
        other = f'{self._written(name=False)}, name="{name}_2")'
        return WiringError(
            f"{call}: the model of {cells!r} has {', '.join(taken)} already, and a receptor "
            f"called {name!r} would define {'it' if len(taken) == 1 else 'them'} too",
            mend=f'to use what the model has, write to="{name}" and no synapse; to add another, '
            f"give it a name: {other}"
            if name in model.receives
            else f"give the receptor another name: {other}",
        )

    def equations(self, name: str, v: str) -> str:
        """Return the lines of a receptor called `name` in a cell whose voltage is `v`."""
        raise AssertionError

    def receives(self, name: str) -> dict[str, str]:
        """Return what an arriving spike does."""
        raise AssertionError


class _OneTime(Receptor):
    """What conductances with one time constant have in common."""

    units: ClassVar[Mapping[str, str]] = {"tau": "ms", "E": "mV"}
    times: ClassVar[tuple[str, ...]] = ("tau",)

    def __init__(self, tau: Any, E: Any, *, name: str | None = None, area: Any = None) -> None:
        super().__init__(name, area, {"tau": tau, "E": E})


class Exponential(_OneTime):
    """A conductance that jumps by the weight and decays.

    i = g (E - v), dg/dt = -g/tau; an arriving spike: g += weight. The weight is a conductance.

    Parameters
    ----------
    tau : quantity
        Decay of the conductance.
    E : quantity
        Reversal potential.
    name : str, optional
        What its variables are called after; `exponential` if not given.
    area : quantity, optional
        Membrane of the cell, for models whose input is a current per area.

    Raises
    ------
    UnitError
        A parameter has another dimension, or a time is not above 0.
    """

    label = "exponential"

    def equations(self, name: str, v: str) -> str:
        """Return the lines of the conductance."""
        return f"""
            dg_{name}/dt = -g_{name}/tau_{name} : nS
            i_{name} = g_{name}*(E_{name} - {v}) : pA"""

    def receives(self, name: str) -> dict[str, str]:
        """Return the jump of the conductance."""
        return {name: f"g_{name} += weight"}


class Alpha(_OneTime):
    """A conductance that rises and decays with one time constant.

    g(t) = weight (t/tau) exp(1 - t/tau), whose peak, after tau, is the weight; i = g (E - v).
    As equations: dg/dt = (h - g)/tau, dh/dt = -h/tau; an arriving spike: h += e*weight.

    Parameters
    ----------
    tau : quantity
        Time to the peak.
    E, name, area
        As for `Exponential`.

    Raises
    ------
    UnitError
        A parameter has another dimension, or a time is not above 0.
    """

    label = "alpha"

    def equations(self, name: str, v: str) -> str:
        """Return the lines of the conductance."""
        return f"""
            dg_{name}/dt = (h_{name} - g_{name})/tau_{name} : nS
            dh_{name}/dt = -h_{name}/tau_{name} : nS
            i_{name} = g_{name}*(E_{name} - {v}) : pA"""

    def receives(self, name: str) -> dict[str, str]:
        """Return the jump that makes the peak the weight."""
        return {name: f"h_{name} += exp(1)*weight"}


_PEAK = "(tau_decay_{0}/tau_rise_{0})**(tau_rise_{0}/(tau_decay_{0} - tau_rise_{0}))" \
        "/(1 - tau_rise_{0}/tau_decay_{0})"  # fmt: skip
"""1/(peak of exp(-t/tau_decay) - exp(-t/tau_rise))."""


class _TwoTimes(Receptor):
    """What receptors with a rise and a decay have in common."""

    times: ClassVar[tuple[str, ...]] = ("tau_rise", "tau_decay")

    def __init__(self, name: str | None, area: Any, given: Mapping[str, Any]) -> None:
        super().__init__(name, area, given)
        rise, decay = (v.unit.to_si(v.magnitude)
                       for v in (self._values["tau_rise"], self._values["tau_decay"]))  # fmt: skip
        if rise < decay:
            return
        alpha = "rb.synapses.Alpha" + ("Current" if "E" not in given else "")
        raise UnitError(
            f"{type(self).__name__}: tau_rise is below tau_decay",
            given=f"tau_rise = {self._values['tau_rise'].words}, "
            f"tau_decay = {self._values['tau_decay'].words}",
            mend=f"with one time constant, write {alpha}(tau=...)"
            if rise == decay
            else "exchange them",
        )

    def _difference(self, name: str, what: str, unit: str) -> str:
        return f"""
            drise_{name}/dt = -rise_{name}/tau_rise_{name} : {unit}
            ddecay_{name}/dt = -decay_{name}/tau_decay_{name} : {unit}
            {what}_{name} = decay_{name} - rise_{name} : {unit}"""

    def receives(self, name: str) -> dict[str, str]:
        """Return the jump that makes the peak the weight."""
        jump = _PEAK.format(name)
        return {name: f"rise_{name} += weight*{jump}; decay_{name} += weight*{jump}"}


class DualExponential(_TwoTimes):
    """A conductance with a rise and a decay; the weight is its peak.

    g(t) = weight N (exp(-t/tau_decay) - exp(-t/tau_rise)), N such that the largest value is the
    weight, after ln(tau_decay/tau_rise) tau_decay tau_rise/(tau_decay - tau_rise);
    i = g (E - v).

    Parameters
    ----------
    tau_rise, tau_decay : quantity
        Time constants, the rise the shorter one.
    E, name, area
        As for `Exponential`; `dual_exponential` without a name.

    Raises
    ------
    UnitError
        A parameter has another dimension, a time is not above 0, or the rise is not the shorter.
    """

    label = "dual_exponential"
    units: ClassVar[Mapping[str, str]] = {"tau_rise": "ms", "tau_decay": "ms", "E": "mV"}

    def __init__(self, tau_rise: Any, tau_decay: Any, E: Any, *, name: str | None = None,
                 area: Any = None) -> None:  # fmt: skip
        super().__init__(name, area, {"tau_rise": tau_rise, "tau_decay": tau_decay, "E": E})

    def equations(self, name: str, v: str) -> str:
        """Return the lines of the conductance."""
        return f"""{self._difference(name, "g", "nS")}
            i_{name} = g_{name}*(E_{name} - {v}) : pA"""


# -- currents ---------------------------------------------------------------------------------


class _OneTimeCurrent(Receptor):
    """What currents with one time constant have in common."""

    units: ClassVar[Mapping[str, str]] = {"tau": "ms"}
    times: ClassVar[tuple[str, ...]] = ("tau",)
    reads_voltage = False

    def __init__(self, tau: Any, *, name: str | None = None, area: Any = None) -> None:
        super().__init__(name, area, {"tau": tau})


class ExponentialCurrent(_OneTimeCurrent):
    """A current that jumps by the weight and decays: di/dt = -i/tau.

    The weight is a current; its sign excites or inhibits.

    Parameters
    ----------
    tau : quantity
        Decay of the current.
    name : str, optional
        What its variables are called after; `exponential_current` if not given.
    area : quantity, optional
        Membrane of the cell, for models whose input is a current per area.

    Raises
    ------
    UnitError
        A parameter has another dimension, or a time is not above 0.
    """

    label = "exponential_current"

    def equations(self, name: str, v: str) -> str:
        """Return the line of the current."""
        return f"di_{name}/dt = -i_{name}/tau_{name} : pA"

    def receives(self, name: str) -> dict[str, str]:
        """Return the jump of the current."""
        return {name: f"i_{name} += weight"}


class AlphaCurrent(_OneTimeCurrent):
    """A current that rises and decays with one time constant.

    i(t) = weight (t/tau) exp(1 - t/tau), whose peak, after tau, is the weight.

    Parameters
    ----------
    tau : quantity
        Time to the peak.
    name, area
        As for `ExponentialCurrent`; `alpha_current` without a name.

    Raises
    ------
    UnitError
        A parameter has another dimension, or a time is not above 0.
    """

    label = "alpha_current"

    def equations(self, name: str, v: str) -> str:
        """Return the lines of the current."""
        return f"""
            di_{name}/dt = (h_{name} - i_{name})/tau_{name} : pA
            dh_{name}/dt = -h_{name}/tau_{name} : pA"""

    def receives(self, name: str) -> dict[str, str]:
        """Return the jump that makes the peak the weight."""
        return {name: f"h_{name} += exp(1)*weight"}


class DualExponentialCurrent(_TwoTimes):
    """A current with a rise and a decay; the weight is its peak.

    Parameters
    ----------
    tau_rise, tau_decay : quantity
        Time constants, the rise the shorter one.
    name, area
        As for `ExponentialCurrent`; `dual_exponential_current` without a name.

    Raises
    ------
    UnitError
        A parameter has another dimension, a time is not above 0, or the rise is not the shorter.
    """

    label = "dual_exponential_current"
    units: ClassVar[Mapping[str, str]] = {"tau_rise": "ms", "tau_decay": "ms"}
    reads_voltage = False

    def __init__(self, tau_rise: Any, tau_decay: Any, *, name: str | None = None,
                 area: Any = None) -> None:  # fmt: skip
        super().__init__(name, area, {"tau_rise": tau_rise, "tau_decay": tau_decay})

    def equations(self, name: str, v: str) -> str:
        """Return the lines of the current."""
        return self._difference(name, "i", "pA")
