"""Input resistance and membrane time constant: what a cell is near its rest."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from rheobase.analysis.cable_rest import CableRest, cable_rest, node_of, refuse_place, site_of
from rheobase.analysis.constant_input import Trial, input_of, trial
from rheobase.analysis.pasting import model_text, no_model
from rheobase.analysis.peeling import peel_samples
from rheobase.analysis.smallest_current import pulse_width
from rheobase.cables.cell import Cell
from rheobase.errors import EquationError, UserError, WiringError
from rheobase.language.model import Model
from rheobase.simulation import Network
from rheobase.simulation.slopes import Slopes, expand, solve
from rheobase.units import UNITS, Unit, parse_unit, quantity, to_si

_RESISTANCE = "rb.analysis.input_resistance"
_CONSTANT = "rb.analysis.membrane_time_constant"
_METHODS = ("linear", "peeling")
_AT_REST = 1e-6
"""A step of Newton's method this long, beside the values, is none."""
_SMALL = 0.1
"""How far the pulse for peeling moves v, about, in its unit."""


def input_resistance(
    model: Any,
    current: Any = None,
    *,
    at: Any = None,
    measured_at: Any = None,
    steady: bool = True,
    duration: Any = "500 ms",
    dt: Any = "0.025 ms",
    input: str | None = None,
    backend: str | None = None,
) -> Any:
    """Return the input resistance at rest: the change of v per current, R = dv/dI.

    Without a current it is the limit of small ones, from the linear system about the rest: of a
    point the derivative of the stable fixed point, of a cell with a morphology an entry of the
    inverse of its matrix of conductances. Nothing is run. With a current it is measured as at a
    bench: (v at the end of a step of that current - v without it)/current, which differs where
    channels open or close under way.

    Parameters
    ----------
    model : Model or Cell
        With a state v and an input; or a cell with a morphology.
    current : quantity, optional
        A step, usually small or hyperpolarizing.
    at : str or dict, optional
        Of cells with a morphology: where the current is injected, "soma" or what `cells.at` takes,
        dict(region="dendrite", fraction=0.5). The middle of the soma if not given, or the
        beginning of the first section.
    measured_at : str or dict, optional
        Where v is measured, if not there: what is returned is a transfer resistance then.
    steady : bool
        Whether gates and all else follow v (the resistance a long step meets), or stay as they
        are at rest (what a short one meets). Without a current only.
    duration, dt : quantity
        Of the step, and of the run's steps. With a current only.
    input : str, optional
        Which input variable, if there are several.
    backend : "numba" or "interpreter"
        As for `Network.run`.

    Returns
    -------
    quantity
        In Mohm; of models whose input is a current per area in kohm*cm**2; else in the units of v
        and the input.

    Raises
    ------
    EquationError
        There is no v, or no stable rest.
    WiringError, UserError, UnitError, UnknownNameError
        There is no such place or input, or the current is none.

    Examples
    --------
    >>> rb.analysis.input_resistance(rb.models.LIF)                # tau_m/C_m = 40 Mohm
    """
    if isinstance(model, Cell):
        node = node_of(model, at, _RESISTANCE)
        seen = node if measured_at is None else node_of(model, measured_at, _RESISTANCE)
        if current is not None:
            return _measured(model, current, at, measured_at, duration, dt, input, backend)
        from scipy.sparse.linalg import spsolve

        matrix = _cable_rest(model, _RESISTANCE).conductances(steady)
        inward = np.zeros(model.compartments.nodes)
        inward[node] = 1.0
        found = float(np.asarray(spsolve(matrix, inward))[seen])
        return quantity(found, UNITS["Mohm"])
    _check_point(model, _RESISTANCE)
    for place in (at, measured_at):
        refuse_place(place, model.name, _RESISTANCE)
    if current is not None:
        return _measured(model, current, None, None, duration, dt, input, backend)
    name = _current_of(model, input, _RESISTANCE)
    slopes, x = _rest(model, _RESISTANCE)
    place = slopes.states.index("v")
    table = slopes.jacobian(x)
    scale = model.unit_of(name).scale

    def pushing(z: Any) -> Any:
        return slopes(np.broadcast_to(x, (*z.shape[:-1], x.size)), {name: z[..., 0] * scale})

    pushed = expand(pushing, np.zeros(1))[1][:, 0]
    if steady:
        inner, asked = table.copy(), -pushed
        slopes.bind(inner, asked, range(len(slopes.states)))
        moved = solve(inner, asked)[place]
    else:
        moved = -pushed[place] / table[place, place]
    return _ratio(float(moved) * slopes.scales[place] / scale, model, name)


def membrane_time_constant(
    model: Any,
    *,
    method: str = "linear",
    at: Any = None,
    pulse: Any = "1 ms",
    duration: Any = "500 ms",
    dt: Any = "0.025 ms",
    input: str | None = None,
    backend: str | None = None,
) -> Any:
    """Return the membrane time constant: how slowly v comes back to rest.

    "linear" is worked out from the equations, with gates and all else held as they are at rest.
    Of a point it is the capacitance over the slope conductance, tau = -1/(d(dv/dt)/dv). Of a cell
    with a morphology it is the longest of the time constants with which a disturbance spreads and
    leaves, tau_0; where all membrane is alike, that of the membrane.

    "peeling" is measured as at a bench: a short hyperpolarizing pulse moves v by a tenth of a
    millivolt or so, and the slowest exponential is peeled from its decay (W. Rall, Biophysical
    Journal 9, 1483 (1969)); see `peel`. Gates follow then, and where they make v overshoot its rest
    (as in the Hodgkin-Huxley model) only the fall before that is taken.

    Parameters
    ----------
    model : Model or Cell
        With a state v; or a cell with a morphology.
    method : "linear" or "peeling"
    at : str or dict, optional
        For "peeling", where the pulse is injected and v is measured, as for `input_resistance`.
    pulse, duration, dt : quantity
        For "peeling": how long the pulse lasts, how long v is watched, and the step.
    input : str, optional
        For "peeling": which input variable, if there are several.
    backend : "numba" or "interpreter"
        As for `Network.run`.

    Returns
    -------
    quantity
        In ms.

    Raises
    ------
    EquationError
        There is no v, or no stable rest, or v does not decay.
    WiringError, UserError, UnitError
        There is no such place, input or method, or a time is no time.

    Examples
    --------
    >>> rb.analysis.membrane_time_constant(rb.models.LIF)                       # tau_m, 10 ms
    """
    if method not in _METHODS:
        raise UserError(
            f"{_CONSTANT}: there is no method {method!r}", mend='write method="linear" or "peeling"'
        )
    if not isinstance(model, Cell):
        _check_point(model, _CONSTANT)
        refuse_place(at, model.name, _CONSTANT)
    if method == "peeling":
        return _peeled(model, at, pulse, duration, dt, input, backend)
    if isinstance(model, Cell):
        found = 1.0 / _slowest(model)
    else:
        slopes, x = _rest(model, _CONSTANT)
        place = slopes.states.index("v")
        found = -1.0 / float(slopes.jacobian(x)[place, place])
    if not 0 < found < np.inf:
        raise EquationError(
            f"{_CONSTANT}: v of {model.name} does not come back to its rest",
            given=f"a rate of {-1 / found if found else np.inf:.6g} Hz, with all else held",
        )
    return quantity(found, UNITS["ms"])


# -- at rest -----------------------------------------------------------------------------------


def _check_point(model: Any, call: str) -> None:
    if not isinstance(model, Model):
        raise no_model(call, model, f"{call}(rb.models.LIF)")
    if "v" not in {e.name for e in model.differential}:
        raise EquationError(
            f"{call}: {model.name} has no state v",
            expected="an equation dv/dt = ...",
            given=f"its states are: {', '.join(e.name for e in model.differential) or 'none'}",
        )


def _rest(model: Model, call: str) -> tuple[Slopes, Any]:
    """Return the slopes of a model, and the states at which they vanish."""
    from rheobase.analysis.fixed_points import fixed_points

    slopes = Slopes(model, {n: float(v) for n, v in model.defaults.items()})
    states = [model.unit_of(name) for name in slopes.states]
    cell = Network().add(model(initial="rest"), name=model.name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a cell without rest, which is refused below
        x = np.array([
            float(np.asarray(to_si(getattr(cell, name)[0], unit.dimension, what=name))) / unit.scale
            for name, unit in zip(slopes.states, states, strict=True)
        ])  # fmt: skip
    table = slopes.jacobian(x)
    bound, missing = table.copy(), slopes(x)
    slopes.bind(bound, missing, range(x.size), x)
    away = np.max(np.abs(solve(bound, missing)) / (1.0 + np.abs(x)))
    growing = np.max(np.linalg.eigvals(slopes.free(table)).real)
    if away < _AT_REST and growing < 0:
        return slopes, x
    points = fixed_points(model)
    raise _no_rest(model, call, f"fixed points, none of them stable: {len(points)}")


def _cable_rest(cell: Cell, call: str) -> CableRest:
    """Return the rest of a cell with a morphology, if it is stable."""
    rest = cable_rest(cell, call)
    growing = rest.growing()
    if growing:
        raise _no_rest(cell, call, f"modes in which it leaves its steady state: {growing}")
    return rest


def _no_rest(model: Model | Cell, call: str, seen: str) -> EquationError:
    return EquationError(
        f"{call}: {model.name} does not rest without input: it fires by itself",
        given=seen,
        mend="shift it to where it rests, with another value of a parameter",
    )


def _slowest(cell: Cell) -> float:
    """Return the rate of the slowest mode of a cell [1/s], gates held as they are at rest."""
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import eigsh

    rest = _cable_rest(cell, _CONSTANT)
    matrix = rest.conductances(steady=False)
    if cell.compartments.nodes < 4:
        inside = cell.compartments.membrane
        away = np.linalg.inv(matrix.toarray())[np.ix_(inside, inside)] * rest.capacitance[inside]
        return float(np.min(1.0 / np.linalg.eigvals(away).real))
    rates = eigsh(
        matrix, k=1, M=diags_array(rest.capacitance).tocsc(), sigma=0.0,
        v0=np.ones(cell.compartments.nodes), return_eigenvectors=False,
    )  # fmt: skip
    return float(rates[0])


# -- measured ----------------------------------------------------------------------------------


def _current_of(model: Model, input: str | None, call: str) -> str:
    name = input_of(model, input, call)
    if name not in {e.name for e in model.inputs}:
        raise WiringError(
            f"{call}: {name} of {model.name} is a parameter; a resistance is that to a current",
            mend=f"name an input: {', '.join(e.name for e in model.inputs) or 'there is none'}",
        )
    return name


def _setup(model: Any, call: str, *, at: Any, duration: Any, dt: Any, input: str | None,
           backend: str | None) -> Trial:  # fmt: skip
    if isinstance(model, Model):
        _current_of(model, input, call)
    return trial(
        model, call=call, input=input, duration=duration, dt=dt, method=None, initial="rest",
        backend=backend, at=at, spiking=False,
    )  # fmt: skip


def _measured(model: Any, current: Any, at: Any, measured_at: Any, duration: Any, dt: Any,
              input: str | None, backend: str | None) -> Any:  # fmt: skip
    """Return the resistance a step of a current meets at its end."""
    setup = _setup(model, _RESISTANCE, at=at, duration=duration, dt=dt, input=input,
                   backend=backend)  # fmt: skip
    paste = f"{_RESISTANCE}({model_text(model)}, -1*{setup.unit.text})"
    amount = to_si(current, setup.unit.dimension, what=f"{_RESISTANCE}: the current", paste=paste)
    if not isinstance(amount, float) or not np.isfinite(amount) or amount == 0.0:
        raise UserError(
            f"{_RESISTANCE}: the current is one, and not 0", given=str(current),
            mend=f"write {paste}",
        )  # fmt: skip
    site = None if measured_at is None else site_of(model, measured_at, _RESISTANCE)
    traces = setup.run_network(np.array([0.0, amount]), record=site or True).traces["cells"]
    still, moved = traces.v.values[-1]
    found = (float(moved) - float(still)) * _unit_of_v(model).scale / amount
    return _ratio(found, model, setup.name)


def _peeled(model: Any, at: Any, pulse: Any, duration: Any, dt: Any, input: str | None,
            backend: str | None) -> Any:  # fmt: skip
    """Return the slowest time constant of the decay after a pulse."""
    setup = _setup(model, _CONSTANT, at=at, duration=duration, dt=dt, input=input,
                   backend=backend)  # fmt: skip
    width = pulse_width(setup, pulse, _CONSTANT)
    resistance = input_resistance(model, at=at, steady=False, input=input)
    unit = _unit_of_v(model)
    ohms = float(np.asarray(to_si(resistance, unit.dimension / setup.unit.dimension, what="R")))
    slow = float(membrane_time_constant(model).to("second").magnitude)
    amount = -_SMALL * unit.scale / ohms * max(1.0, slow / width)
    traces = setup.run_network(np.array([0.0, amount]), np.full(2, width), record=True)
    v, times = traces.traces["cells"].v.values, traces.traces["cells"].time.values
    after = times >= width - 1e-9
    away = (v[:, 0] - v[:, 1])[after]
    if np.any(away < -1e-3 * away[0]):
        raise EquationError(
            f"{_CONSTANT}: v of {model.name} overshoots its rest after a pulse, where it is no sum "
            "of exponentials to be peeled",
            mend=f'write {_CONSTANT}({model_text(model)}, method="linear")',
        )
    (slowest,) = peel_samples(times[after], away, 1, _CONSTANT)
    return quantity(slowest[1], UNITS["ms"])


def _unit_of_v(model: Model | Cell) -> Unit:
    return model.unit_of("v") if isinstance(model, Model) else UNITS["mV"]


def _ratio(si: float, model: Model | Cell, name: str) -> Any:
    """Return a resistance in the unit one would write it in."""
    if isinstance(model, Cell):
        return quantity(si, UNITS["Mohm"])
    v, current = model.unit_of("v"), model.unit_of(name)
    dimension = v.dimension / current.dimension
    for text in ("Mohm", "kohm*cm**2", "1"):
        unit = parse_unit(text)
        if unit.dimension == dimension:
            return float(si) if text == "1" else quantity(si, unit)
    return quantity(si, parse_unit(f"({v.text})/({current.text})"))
