"""What fixed points, bifurcations and phase planes share: a model as a flow in scaled states.

A flow is dz/dt = f(z), where z are the states divided by the range that each of them covers, so
that lengths and angles mean something whatever the units are. Noise is left out, inputs are
held at values, and spikes, resets and refractoriness are no part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from rheobase.analysis.pasting import no_model, values_text
from rheobase.errors import (
    EquationError,
    ShapeError,
    UnknownNameError,
    UserError,
    did_you_mean,
)
from rheobase.language.expressions import Call, Expr, Name, children
from rheobase.language.model import Model
from rheobase.language.reading import read_mapping, unknown_parameter
from rheobase.units import DIMENSIONLESS, UNITS, Unit, quantity, split_quantity, to_si

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rheobase.simulation.slopes import Slopes

    Floats: TypeAlias = NDArray[np.float64]


class Flow(NamedTuple):
    """The slopes of a model in scaled states.

    Attributes
    ----------
    slopes : Slopes
        In the units of the model.
    low, high : ndarray, shape (states,)
        Where each state is looked for, in its unit.
    leads : tuple of int
        The places of the states that others follow: voltages and what has no unit.
    """

    slopes: Slopes
    low: Floats
    high: Floats
    leads: tuple[int, ...]

    @property
    def names(self) -> list[str]:
        """Names of the states."""
        return self.slopes.states

    @property
    def scale(self) -> Floats:
        """The range of each state, in its unit: what it is divided by."""
        return self.high - self.low

    def __call__(self, z: Floats, values: Mapping[str, float | Floats] | None = None) -> Floats:
        """Return dz/dt per second, shape (..., states)."""
        return self.slopes(z * self.scale, values) / self.scale

    def jacobian(self, z: Floats, values: Mapping[str, float | Floats] | None = None) -> Floats:
        """Return the derivatives of dz/dt by z; they have the eigenvalues of the model's own."""
        from rheobase.simulation.slopes import differentiate

        return differentiate(lambda moved: self(moved, values), z)

    def settle(self, z: Floats, places: Sequence[int], rounds: int = 8) -> Floats:
        """Bring some states to where their slopes vanish, the others held."""
        return self.slopes.settle(z * self.scale, places, rounds) / self.scale

    def bind(self, tables: Floats, slopes: Floats, z: Floats) -> None:
        """Let the states of each scheme sum to 1, in place of one of their equations."""
        self.slopes.bind(tables, slopes, range(z.shape[-1]), z * self.scale)
        for scheme in self.slopes.schemes:
            tables[..., scheme[0], :] *= self.scale

    def at(self, values: Mapping[str, float]) -> Flow:
        """Return the flow with other values of parameters or inputs, in SI units."""
        from rheobase.simulation.slopes import Slopes

        old = self.slopes
        return self._replace(slopes=Slopes(old.model, {**old.fixed, **values}, 1, old.held))

    def unit(self, name: str) -> Unit:
        """Return the unit of a state or parameter."""
        return self.slopes.model.unit_of(name)

    def named(self, z: Floats) -> dict[str, Any]:
        """Return scaled states by name, as quantities; plain floats where there is no unit."""
        # what is left of the sums of Newton's last step is 0
        x = [
            0.0 if abs(part) < 1e-14 else part * size
            for part, size in zip(z, self.scale, strict=True)
        ]
        return {name: valued(x[k], self.unit(name)) for k, name in enumerate(self.names)}


def valued(number: float, unit: Unit) -> Any:
    """Return a number that is in a unit as a quantity; as a plain float without one."""
    if unit.dimension == DIMENSIONLESS and unit.scale == 1.0:
        return float(number)
    return quantity(unit.to_si(float(number)), unit)


def flow_of(
    call: str,
    model: Any,
    values: Mapping[str, Any],
    *,
    hold: Mapping[str, Any] | None = None,
    within: Mapping[str, Any] | None = None,
) -> Flow:
    """Return the flow of a model, after checking everything the user gave.

    Parameters
    ----------
    call : str
        The function called, named first in errors.
    model
        What should be a `Model`.
    values : mapping
        Values of inputs and parameters by name.
    hold : mapping, optional
        Values of states that are held.
    within : mapping, optional
        State to (low, high).

    Raises
    ------
    WiringError, EquationError, UnknownNameError, UnitError, ShapeError, UserError
    """
    from rheobase.simulation.slopes import Slopes

    model = checked_model(call, model)
    given: dict[str, float | Floats] = {n: float(v) for n, v in model.defaults.items()}
    given |= {name: _value(call, model, name, value) for name, value in values.items()}
    _check_complete(call, model, given)
    held = read_states(call, model, hold or {}, "hold")
    scales = {name: model.unit_of(name).scale for name in held}
    slopes = Slopes(model, given, 1, {n: v * scales[n] for n, v in held.items()})
    if not slopes.states:
        raise EquationError(
            f"{call}: every state of {model.name} is held; nothing is left to move",
            mend="leave at least one state out of hold=",
        )
    low, high, leads = _reach(slopes)
    for name, pair in _limits(call, model, within or {}).items():
        if name in slopes.states:
            place = slopes.states.index(name)
            low[place], high[place] = pair
    return Flow(slopes, low, high, leads)


# -- reading what the user gave ----------------------------------------------------------------


def checked_model(call: str, model: Any) -> Model:
    """Return a model whose equations stay the same over time, or refuse what is none."""
    if not isinstance(model, Model):
        raise no_model(call, model, f"{call}(rb.models.HodgkinHuxley, ...)", cells=False)
    if not model.differential:
        raise EquationError(
            f"{call}: {model.name} has no differential equation",
            expected="an equation dx/dt = ...",
        )
    for equation in model.equations:
        if equation.expression is not None and _reads_time(equation.expression, model):
            raise EquationError(
                f"{call}: {equation.name} of {model.name} depends on the time t",
                expected="equations that stay the same; a current over time, drive(t), counts as 0",
                mend="write a parameter in place of t, and give it a value",
            )
    return model


def _reads_time(expression: Expr, model: Model) -> bool:
    if isinstance(expression, Name):
        return expression.id == "t" and "t" not in model.names
    if isinstance(expression, Call) and expression.function in model.time_functions:
        return False
    return any(_reads_time(part, model) for part in children(expression))


def read_parameter(call: str, model: Model, name: Any) -> Unit:
    """Return the unit of a parameter or input, or refuse a name that is none."""
    names = [e.name for e in model.parameter_equations]
    if name not in names:
        text = str(name)
        if text in {e.name for e in model.differential}:
            raise UnknownNameError(
                f"{call}: {text} is a state of {model.name}, not an input or a parameter",
                mend=f"there are: {', '.join(names)}",
            )
        raise unknown_parameter(text, model.equations, reader=model.name)
    return model.unit_of(name)


def _value(call: str, model: Model, name: str, value: Any) -> float:
    unit = read_parameter(call, model, name)
    one = "1" if unit.text == "1" else f"1*{unit.text}"
    paste = f"{name}={values_text(value, unit, one)}"
    number = to_si(value, unit.dimension, what=f"{call}: {name}", paste=paste)
    if not isinstance(number, float):
        raise ShapeError(
            f"{call}: {name} is held at one value", given=f"{number.size} values",
            mend=f"call it once for each: for {name} in ...",
        )  # fmt: skip
    return number


def _check_complete(call: str, model: Model, given: Mapping[str, Any]) -> None:
    free = {e.name for e in model.inputs} | {*model.time_functions, *given}
    for equation in model.parameter_equations:
        if equation.name not in free:
            unit = equation.unit.text
            value = "1" if unit == "1" else f"1*{unit}"
            raise UserError(
                f"{call}: {equation.name} of {model.name} has no value",
                mend=f"write {call}(..., {equation.name}={value})",
            )


def read_states(call: str, model: Model, given: Any, what: str) -> dict[str, float]:
    """Return values of states by name, in their own units."""
    states = [e.name for e in model.differential]
    example = f"{what}=dict({states[0]}=...)"
    found = {}
    for name, value in read_mapping(given, f"{call}: {what}", example).items():
        unit = _state_unit(call, model, name)
        number = to_si(value, unit.dimension, what=f"{call}: {what}: {name}")
        if not isinstance(number, float):
            raise ShapeError(f"{call}: {what}: {name} is one value", given=f"{number.size} values")
        found[name] = unit.from_si(number)
    return found


def _state_unit(call: str, model: Model, name: Any) -> Unit:
    states = [e.name for e in model.differential]
    if name not in states:
        meant = did_you_mean(str(name), states)
        raise UnknownNameError(
            f"{call}: {model.name} has no state {name!r}" + (f"; did you mean {meant}?" if meant
                                                             else ""),
            mend=f"its states are: {', '.join(states)}",
        )  # fmt: skip
    return model.unit_of(name)


def _range_text(given: Any, unit: Unit) -> str:
    """Return the range that was given, or may have been meant, as one would write it."""
    import numpy as np

    text = "" if unit.text == "1" else f"*{unit.text}"
    ends: list[float] = []
    with suppress(UserError, TypeError, ValueError):
        number, own = split_quantity(given, "the range")
        factor = own.scale / unit.scale if own.dimension == unit.dimension else 1.0
        ends = [factor * float(one) for one in np.atleast_1d(number)]
    low, high = (min(ends), max(ends)) if ends else (0.0, 10.0)
    if not -np.inf < low < high < np.inf:
        low, high = (0.0, low) if 0 < low < np.inf else (0.0, 10.0)
    return f"({low:.12g}, {high:.12g}){text}"


def read_range(call: str, name: str, unit: Unit, given: Any) -> tuple[float, float]:
    """Return (low, high) in a unit, or refuse what is no range."""
    paste = _range_text(given, unit)
    numbers = to_si(given, unit.dimension, what=f"{call}: the range of {name}", paste=paste)
    pair = [unit.from_si(float(n)) for n in numbers] if not isinstance(numbers, float) else []
    if len(pair) != 2 or not pair[0] < pair[1]:
        raise ShapeError(
            f"{call}: the range of {name} is a lower and an upper end",
            given=repr(given) if len(repr(given)) < 60 else f"{len(pair)} values",
            mend=f"write {paste}",
        )
    return pair[0], pair[1]


def _limits(call: str, model: Model, within: Any) -> dict[str, tuple[float, float]]:
    given = read_mapping(within, f"{call}: within", "within=dict(v=(-100, 50)*mV)")
    return {
        name: read_range(call, name, _state_unit(call, model, name), pair)
        for name, pair in given.items()
    }


# -- where states are ----------------------------------------------------------------------------


def _reach(slopes: Slopes) -> tuple[Floats, Floats, tuple[int, ...]]:
    """Guess the range of every state, in its unit, and which states lead.

    Voltages lie about the voltages among the parameters; what has no unit from 0 to 1 if it
    cannot leave that interval (gates, rates), else about its initial value; anything else
    follows these, and its range is what it then covers.
    """
    import numpy as np

    model, volt = slopes.model, UNITS["volt"].dimension
    low, high = np.full(len(slopes.states), -2.0), np.full(len(slopes.states), 2.0)
    leads, plain = [], []
    for place, name in enumerate(slopes.states):
        unit = model.unit_of(name)
        if unit.dimension == volt:
            low[place], high[place] = _voltages(slopes, unit)
        elif unit.dimension == DIMENSIONLESS:
            size = 2.0 * max(1.0, abs(_initial(slopes, name)))
            low[place], high[place] = -size, size
            plain.append(place)
        else:
            continue
        leads.append(place)
    for place in _fractions(slopes, low, high, leads, plain):
        low[place], high[place] = 0.0, 1.0
    _reach_of_followers(slopes, low, high, leads)
    return low, high, tuple(leads)


def _fractions(
    slopes: Slopes, low: Floats, high: Floats, leads: Sequence[int], plain: Sequence[int]
) -> list[int]:
    """Return which of the states without unit cannot leave the interval from 0 to 1.

    Their slope is not negative at 0 and not positive at 1 (but for a fiftieth of it), whatever
    the other states are, of which those found are between 0 and 1 themselves.
    """
    import numpy as np

    if any(high[k] > 2.0 for k in plain):
        return []
    random = np.random.default_rng(2)
    followers = [k for k in range(len(slopes.states)) if k not in leads]
    found = list(plain)
    while found:
        x = np.zeros((48, len(slopes.states)))
        x[:, list(leads)] = random.uniform(low[list(leads)], high[list(leads)], (48, len(leads)))
        x[:, found] = random.uniform(0.0, 1.0, (48, len(found)))
        x = slopes.settle(x, followers)
        kept = [place for place in found if _stays(slopes, x, place)]
        if kept == found:
            break
        found = kept
    return found


def _stays(slopes: Slopes, x: Floats, place: int) -> bool:
    """Return whether a state at 0 does not fall and at 1 does not rise."""
    import numpy as np

    ends = np.stack([x, x])
    ends[0, :, place], ends[1, :, place] = 0.0, 1.0
    at_0, at_1 = slopes(ends)[:, :, place]
    return bool(np.all(at_1 <= 0.0) and np.all(at_0 >= 0.02 * at_1) and np.any(at_1 < 0.0))


def _voltages(slopes: Slopes, unit: Unit) -> tuple[float, float]:
    model = slopes.model
    found = [
        unit.from_si(float(value))
        for e in model.parameter_equations
        if e.unit.dimension == unit.dimension and e.name in slopes.fixed
        and e not in model.inputs
        for value in [slopes.fixed[e.name]]
    ]  # fmt: skip
    least = unit.from_si(0.02)
    found = found or [unit.from_si(-0.08), unit.from_si(0.04)]
    pad = max(least, 0.25 * (max(found) - min(found)))
    return min(found) - pad, max(found) + pad


def _initial(slopes: Slopes, name: str) -> float:
    """Return the initial value the model gives, where that can be worked out; else 0."""
    from rheobase.network.evaluate import evaluate

    given = slopes.model.initial
    if isinstance(given, str) or name not in given:
        return 0.0
    try:
        return float(evaluate(given[name], slopes.fixed))
    except UserError:  # it reads other states, or draws random numbers
        return 0.0


def _reach_of_followers(slopes: Slopes, low: Floats, high: Floats, leads: Sequence[int]) -> None:
    import numpy as np

    followers = [k for k in range(len(slopes.states)) if k not in leads]
    if not followers or not leads:
        return
    x = np.zeros((64, len(slopes.states)))
    x[:, leads] = np.linspace(low[list(leads)], high[list(leads)], 64)
    x = slopes.settle(x, followers, rounds=8)
    for k in followers:
        reached = np.sort(x[:, k][np.isfinite(x[:, k])])
        size = float(np.percentile(np.abs(reached), 75)) if reached.size else 0.0
        size = size if size > 1e-9 else 1.0  # what decays to 0, as a synaptic current
        low[k], high[k] = -2.0 * size, 2.0 * size
