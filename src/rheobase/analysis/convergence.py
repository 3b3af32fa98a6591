"""How a run comes closer to the truth as its step shrinks: errors and the order of convergence."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rheobase.analysis.orders import Measure, measured
from rheobase.engine.plan import FOREVER
from rheobase.errors import RheobaseWarning, ShapeError, UserError, WiringError
from rheobase.language.model import Model
from rheobase.lowering.integrators import METHODS
from rheobase.network.grid import TOLERANCE
from rheobase.network.trains import Poisson
from rheobase.network.waveforms import OUTerm
from rheobase.rendering.refining import Draws
from rheobase.simulation import Network
from rheobase.simulation.arguments import choose_backend
from rheobase.simulation.cable_population import CellPopulation
from rheobase.simulation.describing_files import (
    functions_left_out,
    network_from_plain,
    network_to_plain,
)
from rheobase.simulation.error_check import Twins, draw_from
from rheobase.simulation.synapses import Given
from rheobase.simulation.trace_errors import Observed, compare_spikes
from rheobase.simulation.values import CellValues
from rheobase.units import UNITS, to_si

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CALL = "rb.analysis.convergence"
_PASTE = f"{CALL}(net, [0.2, 0.1, 0.05]*ms, duration=50*ms)"
_FINER = 4
"""How much finer than the finest step the reference is, if none is given."""


class Convergence(Mapping[str, Measure]):
    """Errors of a network at several steps, and the orders they shrink with; prints as a table.

    A mapping of name to `Measure`: "cell.v" is the state v of the population "cell" at the end,
    "cell.v(t)" the recorded course of v, "cell.spikes" the times of its spikes.

    Attributes
    ----------
    dts : ndarray
        The steps, longest first [s].
    reference : str
        What the errors are against.
    duration : float
        Of the runs [s].
    stopped : tuple of str
        What ceased to be finite at each step, "" where nothing did; errors there are nan.
    """

    def __init__(
        self,
        dts: NDArray[np.float64],
        measures: Mapping[str, Measure],
        *,
        reference: str,
        duration: float,
        stopped: tuple[str, ...],
    ) -> None:
        self.dts, self.reference, self.duration = dts, reference, duration
        self.stopped = stopped
        self._measures = dict(measures)

    def __getitem__(self, name: str) -> Measure:
        if name not in self._measures:
            raise KeyError(f"{name!r}; there are: {', '.join(self._measures)}")
        return self._measures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._measures)

    def __len__(self) -> int:
        return len(self._measures)

    def __str__(self) -> str:
        heads = ["error (rms)", *(f"{dt * 1e3:g} ms" for dt in self.dts), "order", "promised"]
        rows = [heads, *(measure.row(name) for name, measure in self._measures.items())]
        widths = [max(len(row[k]) for row in rows) for k in range(len(heads))]
        lines = [f"{self.duration * 1e3:g} ms, against {self.reference}"]
        for row in rows:
            first = row[0].ljust(widths[0])
            rest = (text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))
            lines.append("  ".join([first, *rest]).rstrip())
        lines += [
            f"{what} is not finite at {dt * 1e3:g} ms"
            for what, dt in zip(self.stopped, self.dts, strict=True)
            if what
        ]
        lines += [f"{name}: {m.note}" for name, m in self._measures.items() if m.note]
        return "\n".join(lines)

    __repr__ = __str__

    def plot(self, *names: str, label: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw the errors against the step, both logarithmic, with a line of the measured order.

        Parameters
        ----------
        *names : str
            Which measures; all that have errors if none is named.
        label : str, optional
            What to call them in the legend, for example the method; the name if not given.
        ax : Axes, optional
            Axes to draw into; default a new figure. Curves drawn into the same axes get colors
            of their own.

        Returns
        -------
        Axes
        """
        from rheobase.analysis.orders import draw

        chosen = {name: self[name] for name in names} if names else self._measures
        return draw(self.dts, chosen, label, ax)


def convergence(
    net: Network,
    dts: Any,
    duration: Any = "100 ms",
    *,
    reference: Any = None,
    backend: str | None = None,
) -> Convergence:
    """Run copies of a network at several steps, and measure how their errors shrink.

    The copies begin where the network stands, with the same connections, delays and refractory
    periods; the network itself is left alone. Their noise is nested: increments of half steps add
    up to those of whole ones, so that all follow the same path and the order is the strong order.

    Parameters
    ----------
    net : Network
        With what is to be compared: states at the end and spike times always are, the course of
        what was recorded with `net.record` too.
    dts : array of quantities
        At least two steps; each divides the longest into whole parts (halves of halves where
        there is noise).
    duration : quantity
        Of the runs: a multiple of the longest step. In a chaotic network keep it short.
    reference : quantity or Network, optional
        What errors are against: the run at this step, which divides the others, a quarter of the
        finest if not given; or another network with the same populations, cells and recordings,
        run as it is: a better method with a small step.
    backend : "numba" or "interpreter"
        As for `Network.run`. With noise the copies are interpreted.

    Returns
    -------
    Convergence
        A mapping of "cell.v" (state at the end), "cell.v(t)" (recorded course) and "cell.spikes"
        to their errors, one a step, and order; `print` shows a table, `.plot()` draws them.

    Raises
    ------
    UnitError
        A step is no time.
    UserError
        The steps do not fit together or to delays, or the state cannot be carried over.

    Notes
    -----
    Errors are root mean squares over cells (and times), of spikes the mean distance between
    matched ones of a cell. The order p is fitted to all errors, taking into account that the
    reference has an error of its own: error = c*(dt**p - dt_reference**p). Current and continuous
    coupling that change between grid points, arrivals on the grid and `crossing="grid"` make an
    error of first order whatever the method.

    Examples
    --------
    >>> table = rb.analysis.convergence(net, [0.2, 0.1, 0.05, 0.025]*ms, duration=50*ms)
    >>> print(table)
    >>> table.plot()
    """
    steps = _steps(dts)
    given: Any = net
    if not isinstance(given, Network):
        kind = f"the model {given.name}" if isinstance(given, Model) else type(given).__name__
        raise WiringError(
            f"{CALL}: this is no network", given=kind,
            mend=f"add it to one, net = rb.Network(dt=0.1*ms); net.add(model), and write {_PASTE}",
        )  # fmt: skip
    if not any(_values(p) for p in net._told.populations.values()):
        raise WiringError(
            f"{CALL}: the network has no population of a model, so there is nothing to integrate",
            mend='add one: cells = net.add(rb.models.LIF, name="cells")',
        )
    base, sampled = _base(net, steps[0])
    noisy = _noisy(base)
    chosen = "interpreter" if noisy else choose_backend(backend)[0]
    prepare(base, "interpreter" if base is not net else chosen)
    runs = _Runs(base, chosen, noisy, base._clock.steps_of(duration, "the duration", "duration",
                                                           _PASTE, 1))  # fmt: skip
    found = [runs.at(dt) for dt in steps]
    if isinstance(reference, Network):
        truth, words, finest = runs.of(reference, sampled), "the other network", 0.0
    else:
        finest = steps[-1] / _FINER if reference is None else _step(reference, "the reference")
        if finest >= steps[-1]:
            raise UserError(
                f"{CALL}: the reference is finer than the finest step, {steps[-1] * 1e3:g} ms",
                given=f"{finest * 1e3:g} ms",
                mend=f"leave it out, or write reference={steps[-1] * 250:g}*ms",
            )
        truth, words = runs.at(finest), f"dt = {finest * 1e3:g} ms"
    measures = _measures(found, truth, np.array(steps), finest, runs)
    return Convergence(
        np.array(steps), measures, reference=words, duration=runs.steps * base._clock.dt,
        stopped=tuple(seen.stopped for seen, _ in found),
    )  # fmt: skip


# -- steps ----------------------------------------------------------------------------------


def _step(value: Any, what: str) -> float:
    found = to_si(value, UNITS["second"].dimension, what=f"{CALL}: {what}", paste=_PASTE)
    if not isinstance(found, float) or not 0 < found < math.inf:
        raise UserError(f"{CALL}: {what} is one time above 0", mend=f"write {_PASTE}")
    return found


def _steps(dts: Any) -> list[float]:
    """Return the steps in seconds, longest first."""
    found = to_si(dts, UNITS["second"].dimension, what=f"{CALL}: the steps", paste=_PASTE)
    steps = np.unique(np.atleast_1d(found))[::-1]
    if np.ndim(found) != 1 or steps.size < 2 or not np.all((steps > 0) & np.isfinite(steps)):
        raise ShapeError(
            f"{CALL}: dts are at least two different times above 0", mend=f"write {_PASTE}"
        )
    return [float(step) for step in steps]


def _factor(longer: float, shorter: float, what: str) -> int:
    """Return how many shorter steps make a longer one."""
    ratio = longer / shorter
    whole = round(ratio)
    if whole < 1 or abs(ratio - whole) > TOLERANCE * ratio:
        raise UserError(
            f"{CALL}: {what} of {shorter * 1e3:g} ms does not divide {longer * 1e3:g} ms",
            mend=f"write {_PASTE}",
        )
    return whole


# -- copies ---------------------------------------------------------------------------------


def _base(net: Network, longest: float) -> tuple[Network, float]:
    """Return the network at the longest step, and how far apart samples are [s].

    One that has run keeps its own step, which the others have to divide.
    """
    if functions_left_out(net):
        raise UserError(
            f"{CALL}: the network has functions of net.every, which no copy can have",
            mend=f"call {CALL} on a network without them",
        )
    clock = net._clock
    if clock.step:
        _factor(clock.dt, longest, "a network that has run: the longest step")
        return net, 0.0
    spans = [r.every_steps * clock.dt for r in net._told.recordings.values()]
    sampled = longest * math.ceil(max(spans, default=longest) / longest - TOLERANCE)
    return copy_at(net, longest, sampled), sampled


def copy_at(net: Network, dt: float, sampled: float) -> Network:
    """Return a copy of a network that has not run, at another step; samples are `sampled` apart."""
    ratio = Fraction(net._clock.dt / dt).limit_denominator(1_000_000)
    plain = network_to_plain(net)

    def later(step: int) -> int:
        return step if abs(step) >= FOREVER else round(step * ratio)

    every = round(sampled / dt)
    changed: dict[str, Any] = {
        "clamps": [c | {"first": later(c["first"]), "last": later(c["last"])}
                   for c in plain["clamps"]],
        "recordings": [r | {"every": every} for r in plain["recordings"]],
        "projections": [
            p | {"rewards": [r | {"delay": later(r["delay"])} for r in p["rewards"]]}
            for p in plain["projections"]
        ],
        "synapse recordings": [],
    }  # fmt: skip
    copied = network_from_plain({**plain, **changed}, dt)
    for name, projection in copied._told.projections.items():
        given = net._told.projections[name]
        if not given._drawn.in_seconds and given._drawn.delayed:
            delays = np.asarray(given._steps(), np.float64) * float(ratio)
            whole = np.rint(delays)
            if np.any(np.abs(delays - whole) > TOLERANCE * np.maximum(whole, 1.0)):
                raise UserError(
                    f"{CALL}: delays of {name!r} are no multiples of the longest step, "
                    f"{dt * 1e3:g} ms",
                    mend="take shorter steps, or give a delay that all of them divide: "
                    f"net.connect(..., delay={dt * 1e3:g}*ms)",
                )
            steps = whole.astype(np.int64) if whole.ndim else int(whole)
            projection._drawn = projection._drawn.with_delay(Given(steps), 0)
    return copied


def prepare(net: Network, backend: Any) -> None:
    """Build a network, without telling again what there is to warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RheobaseWarning)
        net._assembly.prepare(backend)


def _noisy(net: Network) -> bool:
    """Whether anything is drawn in every step, so that copies have to share it."""
    told, dt = net._told, net._clock.dt
    currents = [injection.current for injection in told.injections]
    trains: list[Any] = [drive.train for drive in told.drives]
    for population in told.populations.values():
        trains.append(population._model)
        values = population._cell_values
        currents += [] if values is None else list(values.currents.values())
    if any(isinstance(train, Poisson) for train in trains):
        return True
    if any(isinstance(term, OUTerm) for current in currents for term in current.terms(dt, 0.0)):
        return True
    return any(program.draws for program in net._assembly.lowered().values())


@dataclass
class _Runs:
    """The copies of one network, run for the same time."""

    base: Network
    backend: Any
    noisy: bool
    steps: int

    def __post_init__(self) -> None:
        try:
            self.twins = Twins(self.base)
        except UserError as error:
            text = str(error).replace("error_check:", f"{CALL}:")
            raise UserError(text.splitlines()[0], mend="measure before the first run") from None

    def at(self, dt: float) -> tuple[Observed, Network]:
        """Run a copy at a step, and return what is seen of it and the copy."""
        factor = _factor(self.base._clock.dt, dt, "a step")
        made = self.twins.twin(factor)
        prepare(made, self.backend)
        self._draw(made, factor)
        return self.twins.observe(made, self.steps * factor), made

    def of(self, other: Network, sampled: float) -> tuple[Observed, Network]:
        """Run a copy of another network."""
        if other._clock.step or not sampled:
            raise UserError(f"{CALL}: the reference, and the network, must not have run yet")
        factor = _factor(self.base._clock.dt, other._clock.dt, "the step of the reference")
        made = copy_at(other, other._clock.dt, sampled)
        prepare(made, self.backend)
        self._draw(made, factor)
        return Twins(made).observe(made, self.steps * factor), made

    def _draw(self, made: Network, factor: int) -> None:
        if not self.noisy:
            return
        level = factor.bit_length() - 1
        if factor != 1 << level:
            raise UserError(
                f"{CALL}: with noise every step is a half, a quarter, an eighth ... of the longest",
                given=f"{made._clock.dt * 1e3:g} ms, a part of "
                f"{self.base._clock.dt * 1e3:g} ms: one of {factor}",
                mend=f"write {_PASTE}",
            )
        assert made._assembly.engine is not None
        draw_from(made._assembly.engine, Draws(level))


# -- comparing ------------------------------------------------------------------------------


def _measures(
    found: list[tuple[Observed, Network]],
    truth: tuple[Observed, Network],
    dts: NDArray[np.float64],
    finest: float,
    runs: _Runs,
) -> dict[str, Measure]:
    made: dict[str, Measure] = {}
    for name, population in runs.base._told.populations.items():
        values = _values(population)
        for state in () if values is None else values.states:
            promised, note = _promise(runs.base, name, state)
            unit = values.unit(state)  # type: ignore[union-attr]
            want = unit.from_si(_state(truth, name, state))
            errors = [_rms(unit.from_si(_state(run, name, state)) - want) for run in found]
            made[f"{name}.{state}"] = measured(
                errors, dts, finest, unit.text, float(np.nanmax(np.abs(want), initial=0)), promised,
                note,
            )  # fmt: skip
    made |= _of_traces(found, truth, dts, finest, runs)
    for name, (times, _) in truth[0].spikes.items():
        if times.size and _values(runs.base._told.populations[name]):
            made[f"{name}.spikes"] = _of_spikes(name, found, truth, dts, finest, runs)
    return {
        key: replace(m, errors=np.where([bool(o.stopped) for o, _ in found], np.nan, m.errors))
        for key, m in made.items()
    }


def _of_traces(
    found: list[tuple[Observed, Network]], truth: tuple[Observed, Network],
    dts: NDArray[np.float64], finest: float, runs: _Runs,
) -> dict[str, Measure]:  # fmt: skip
    made = {}
    for (name, variable), (want, unit) in truth[0].traces.items():
        population = runs.base._told.recordings[name].cells.name
        promised, note = _promise(runs.base, population, variable)
        errors = []
        for seen, _ in found:
            values = seen.traces[name, variable][0]
            rows = min(len(values), len(want))
            errors.append(_rms(values[:rows] - want[:rows]))
        spread = float(np.ptp(want)) if want.size else 0.0
        made[f"{name}.{variable}(t)"] = measured(errors, dts, finest, unit, spread, promised, note)
    return made


def _of_spikes(
    name: str, found: list[tuple[Observed, Network]], truth: tuple[Observed, Network],
    dts: NDArray[np.float64], finest: float, runs: _Runs,
) -> Measure:  # fmt: skip
    size, duration = runs.base._told.populations[name].size, runs.steps * runs.base._clock.dt
    pairs = [compare_spikes(o.spikes[name], truth[0].spikes[name], size, duration)
             for o, _ in found]  # fmt: skip
    errors = [pair.mean * 1e3 if pair.matched else math.nan for pair in pairs]
    missed = [f"{p.count} at {dt * 1e3:g} ms" for p, dt in zip(pairs, dts, strict=True)
              if p.count != p.finer_count]  # fmt: skip
    note = f"{pairs[0].finer_count} spikes, but {', '.join(missed)}" if missed else ""
    population = runs.base._told.populations[name]
    made = population.cells if isinstance(population, CellPopulation) else (population.model,)
    promised = 1.0 if any(getattr(m, "crossing", "grid") == "grid" for m in made) else None
    return measured(errors, dts, finest, "ms", duration * 1e3, promised, note)


def _state(run: tuple[Observed, Network], population: str, state: str) -> NDArray[np.float64]:
    values = _values(run[1]._told.populations[population])
    assert values is not None
    return np.asarray(values.read(state), np.float64)


def _values(population: Any) -> CellValues | None:
    """Return the numbers of what is integrated; None for trains."""
    if isinstance(population, CellPopulation):
        return population._cable.values
    values: CellValues | None = population._cell_values
    return values


def _promise(net: Network, population: str, variable: str) -> tuple[float | None, str]:
    """Return the order a method promises for a variable (None: exact), and what to note."""
    behind = 1.0, "kept half a step behind, so it converges with order 1 at a grid point"
    made = net._told.populations[population]
    if isinstance(made, CellPopulation):
        programs = [
            net._assembly.programs[home.name] for home in made._cable.values.homes(variable)
        ]
        if any(variable in program.staggered for program in programs):
            return behind
        if variable != "v":
            return None, ""  # conductances on the grid, which are exact between arrivals
        return 1.0 if any(cell.method == "backward_euler" for cell in made.cells) else 2.0, ""
    program = net._assembly.programs[population]
    if variable in program.staggered:
        return behind
    method = METHODS.get(program.method)
    if method is None:
        return None, ""
    return (method.strong_order if program.draws else method.order), ""


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.nanmean(values * values))) if values.size else 0.0
