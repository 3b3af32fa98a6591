"""`rb.gradient(..., surrogate="exact")`: gradients of spike times, without a surrogate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import WiringError
from rheobase.gradients.beginnings import Beginning
from rheobase.gradients.exact_events import EventBars, EventRun
from rheobase.gradients.exact_runs import differentiate
from rheobase.gradients.from_network import has_begun
from rheobase.gradients.objective import Gradient
from rheobase.gradients.targets import (
    Amplitude,
    Delay,
    Initial,
    Parameter,
    Target,
    Weight,
    chosen_states,
    targets_of,
)

if TYPE_CHECKING:
    from rheobase.simulation import Network

Array = np.ndarray[Any, Any]


def exact_gradient(
    net: Network, loss: Callable[[Any], Any], with_respect_to: Any, duration: Any
) -> Gradient:
    """Derivatives of spike times, and of whatever is computed from them, without a surrogate.

    A spike of v is where v reaches its threshold, so its time t depends smoothly on all that came
    before: dt = -(dv - dV_T)/(dv/dt), with v and dv/dt just before the reset. Between events the
    equations are linear, and run back in closed form (the adjoint method known as EventProp, here
    for any model with crossing="exact", and for delays, time constants, thresholds, currents and
    initial values besides weights). The result is the derivative of the run itself, exact to
    rounding whatever dt is, as long as no spike appears or vanishes: there a loss of spike times
    jumps, and where v only just touches the threshold the derivative grows without bound.

    Parameters
    ----------
    net : Network
        All its populations have models with ``crossing="exact"``, or are sources of spikes. Not
        yet run, and left as it is: a copy runs.
    loss : callable
        A function of the run, written in NumPy, that returns a number. ``run["cells"]`` has
        ``spike_times[i]`` (times of one cell [s]), ``first_spikes()`` (one a cell), ``times`` and
        ``ids`` (all), and each variable, as ``v``, at 0, dt, 2 dt ..., in the unit of its equation.
    with_respect_to : list
        As for `rb.gradient`: ``"tau_m"``, ``(cells, "V_T")``, ``(cells, "v")`` for initial values,
        ``(projection, "weight")`` or ``"delay"``, ``(cells, "I")`` for what is injected.
    duration : quantity
        Of the run.

    Returns
    -------
    Gradient
        A mapping to quantities in 1/unit, with `value` (the loss) and `table()`.

    Raises
    ------
    UserError
        Cells on the grid, continuous connections, resets that are not linear, a network that has
        run, a name that is not known.

    References
    ----------
    T. C. Wunderlich and C. Pehle, Scientific Reports 11 (2021), 12829.

    Examples
    --------
    How much earlier a cell fires for one picoampere more, -tau theta/(I (R I - theta)):

    >>> import rheobase as rb
    >>> from rheobase.units import ms, pA
    >>> net = rb.Network(dt=0.1*ms)
    >>> cell = net.add(rb.models.LIF(crossing="exact"), name="cell")
    >>> net.inject(cell, rb.stimuli.step(500*pA))
    >>> g = rb.gradient(
    ...     net, lambda run: run["cell"].first_spikes()[0], [(cell, "I")],
    ...     duration=50*ms, surrogate="exact",
    ... )
    >>> print(f"{1e3*g.value:.4f} ms, {1e6*g['cell.I'].to('1/pA').magnitude:.1f} us for a pA more")
    13.8629 ms, -60.0 us for a pA more
    """
    if not callable(loss):
        raise WiringError(
            f"a loss is a function of the run, got {loss!r}",
            mend='write lambda run: run["cells"].first_spikes()[0]',
        )
    run = EventRun(net, duration)
    targets = targets_of(run.copy, with_respect_to)
    wanted: dict[str, list[str]] = {}
    for target in targets:
        if isinstance(target, Parameter):
            wanted.setdefault(target.population, []).append(target.name)
        elif isinstance(target, Amplitude):
            target.wish(run.copy, {}, {})
    value, bars = differentiate(run, loss, wanted)
    if not has_begun(net):
        _to_parameters(run, bars, wanted, chosen_states(run.copy, targets))
    return Gradient(value, targets, [_bar(target, run, bars) for target in targets])


def _to_parameters(run: EventRun, bars: EventBars, wanted: Mapping[str, list[str]],
                   chosen: Mapping[str, Mapping[str, Array]]) -> None:  # fmt: skip
    """Pass derivatives by first states on to the parameters that these follow, cell by cell."""
    for part in run.parts:
        values = run.copy._told.populations[part.name]._cell_values
        if values is None or part.courses is None or not wanted.get(part.name):
            continue
        each = {n: np.full(values.size, values.parameters[n]) for n in wanted[part.name]}
        states = part.courses.states
        first = {n: run.initial[part.cells, j] for j, n in enumerate(states)}
        beginning = Beginning(values, {**values.parameters, **each}, first, frozenset(each),
                              chosen.get(part.name, {}))  # fmt: skip
        found, own = beginning.back({n: bars.initial[part.name, n] for n in states})
        for name, bar in found.items():
            bars.parameters[part.name, name] = bars.parameters[part.name, name] + bar
        bars.initial |= {(part.name, name): bar for name, bar in own.items()}


def _bar(target: Target, run: EventRun, bars: EventBars) -> Array:
    """Return the derivative by a target per SI unit, and note its value."""
    if isinstance(target, Parameter):
        part = run.by_name[target.population]
        held = np.asarray(part.names[target.name], float)
        found = bars.parameters[target.population, target.name]
        if target.where is None:
            return _kept(target, held, found)
        every = np.broadcast_to(held, found.shape)
        return _kept(target, every[target.where], found[target.where])
    if isinstance(target, Initial):
        part = run.by_name[target.population]
        assert part.courses is not None
        j = part.courses.states.index(target.name)
        initial = run.initial[part.cells, j][target.where]
        return _kept(target, initial, bars.initial[target.population, target.name][target.where])
    if isinstance(target, Amplitude):
        return _amplitude(target, run, bars)
    assert isinstance(target, Weight | Delay)
    wires = next(w for w in run.wires if w.name == target.name)
    weights = isinstance(target, Weight)
    held = wires.weights if weights else wires.delays
    by_synapse = (bars.weights if weights else bars.delays)[target.name]
    return _kept(target, held if target.shape else held[:1].sum(), by_synapse)


def _kept(target: Target, held: Array, found: Array) -> Array:
    """Note the value of a target; sum a derivative over what shares one value."""
    target.kept, target.shape = np.asarray(held), np.shape(held)
    return found if np.ndim(held) else np.asarray(found.sum())


def _amplitude(target: Amplitude, run: EventRun, bars: EventBars) -> Array:
    place = list(run.by_name).index(target.population)
    mine = [(item, found) for item, found in bars.amplitudes
            if item.target == place and item.array == target.name]  # fmt: skip
    item, found = target.one_of(mine)
    return _kept(target, item.amplitude if item.amplitude.size > 1 else item.amplitude[0], found)
