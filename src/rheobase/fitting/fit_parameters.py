"""Find the parameters of a model under which it does what a cell did."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rheobase.cables.cell import Cell
from rheobase.errors import RheobaseWarning, UserError, did_you_mean
from rheobase.fitting import searching
from rheobase.fitting.descending import descend
from rheobase.fitting.fitted_cell import Fitted, FittedCell
from rheobase.fitting.losses import Loss, as_loss
from rheobase.fitting.recording import Floats, Recording
from rheobase.fitting.result import Fit, History, Sweep, sweeps_of
from rheobase.fitting.searching import Effort, Tracker
from rheobase.fitting.space import Space, space_of
from rheobase.fitting.trials import Backend, Setting, at_rest, input_of, step_of, variable_of
from rheobase.language.model import Model
from rheobase.nn.passes import single_threaded
from rheobase.progress import Progress

#: Descents along a gradient.
DESCENTS = ("lbfgs", "adam")
#: Searches without a gradient, by name.
SEARCHES: dict[str, Callable[..., None]] = {
    "differential_evolution": searching.differential_evolution,
    "cma": searching.cma,
}


def fit_parameters(
    model: Model | Cell,
    recordings: Recording | Sequence[Recording],
    parameters: Any,
    *,
    at: Any = None,
    loss: Any = None,
    optimizer: str = "differential_evolution",
    held_out: Any = (),
    start: Any = None,
    iterations: int | None = None,
    population: int | None = None,
    starts: int = 3,
    tolerance: float = 1e-6,
    variable: str = "v",
    to: str | None = None,
    dt: Any = None,
    settle: Any = None,
    seed: int = 0,
    threads: int = 1,
    backend: Backend | None = None,
    progress: bool | None = None,
) -> Fit:
    """Find parameters of a model within bounds, so that it does what recordings show.

    All candidates are run in one network, a cell for each candidate and recording, so that nothing
    is compiled twice. A cell begins where `initial` of the model says.

    Parameters
    ----------
    model : Model or Cell
        Parameters that are not fitted keep its values.
    recordings : Recording or sequence of Recording
        What it shall do.
    parameters : dict of str to pair of quantities
        Bounds: `{"g_L": (1, 100)*nS}`. They are kept. Where they have one sign and span a decade
        or more, the parameter is searched on a logarithmic scale.
        Those of a cell go by their name in the membranes, "g_Na", for all regions that know it, or
        behind a region: "dendrite.g_L".
    at : str or dict, optional
        Of a cell, the place of stimuli and recordings, as `cells.at` takes it: "soma",
        dict(region="dendrite", fraction=0.5). Where it spikes if not given.
    loss : str, Loss, callable, or several of them
        "voltage", "spike_count", "coincidence", "van_rossum", "features", or what
        `rb.fitting.losses` makes; several are added. A function takes a recording and `Sweeps`
        and gives one number a candidate. If not given, "features" for models with a reset, whose
        spikes have no shape, "voltage" for the others.
    optimizer : str
        Without a gradient: "differential_evolution" or "cma" (CMA-ES, needs the library pycma),
        for any loss. Along the gradient: "lbfgs" or "adam", for losses of voltages.
    held_out : sequence of int or str
        Places or names of recordings that the fit does not see.
    start : dict of str to quantity, optional
        A candidate to begin with; those not named are the model's. At random if not given.
    iterations : int, optional
        Generations, or steps of a descent: 100 if not given.
    population : int, optional
        Candidates of a generation: three a parameter, at least 20, if not given. Descents begin
        at the best of so many random ones: 64 if not given.
    starts : int
        How many descents there are.
    tolerance : float
        The search ends early where the losses of a generation differ by less than this share.
    variable : str
        The variable of the model that was recorded.
    to : str, optional
        The input that takes the stimulus, if there are several.
    dt : quantity, optional
        Step of the simulation; the interval of samples divided by a whole number, at most
        0.05 ms, if not given.
    settle : quantity, optional
        How long every cell gets the first value of its stimulus before time 0. If not given,
        models that begin at rest settle for 100 ms without input, from the rest of the model as
        given: to look for that of every candidate is slow. Others begin as their `initial` says.
    seed : int
        Of everything random: the same seed, the same fit.
    threads : int
        How many threads share the work; the result is the same for any number.
    backend : "numba" or "interpreter", optional
        As for `Network.run`.
    progress : bool, optional
        Whether to show progress; on terminals and in notebooks if not given.

    Returns
    -------
    Fit
        `.parameters`, `.model`, `.loss`, `.sweeps`, `.history`, `.plot()`.

    Raises
    ------
    UserError
        No recordings, none left to fit, no such optimizer, or no candidate that can be run.
    UnknownNameError
        No such parameter or loss.
    WiringError
        Stimuli or voltages that do not fit the model.

    Warns
    -----
    RheobaseWarning
        Parameters ended at their bounds.

    References
    ----------
    As data and models are compared in W. Gerstner and R. Naud, Science 326, 379 (2009).

    Examples
    --------
    >>> from rheobase.units import ms, mV, nS, pA
    >>> recordings = [one.part(600*ms, 1200*ms) for one in rb.fitting.recordings.b6()]
    >>> fit = rb.fit_parameters(
    ...     rb.models.AdEx, recordings, {"g_L": (2, 20)*nS, "V_T": (-55, -40)*mV},
    ...     held_out=[1, 3], iterations=2, population=8)
    >>> [one.name for one in fit.held_out]
    ['B6 182', 'B6 184']
    """
    fitted = _model(model, at, optimizer)
    every = _recordings(recordings)
    held = _held_out(held_out, every)
    space = space_of(fitted, parameters)
    asked = as_loss(_usual_loss(fitted, optimizer) if loss is None else loss)
    _needs_spikes(fitted, asked)
    _known(optimizer)
    length = step_of(dt, every)
    along = optimizer in DESCENTS
    begun, before = at_rest(fitted, settle, length, fixed=along)
    setting = Setting(
        begun, space, variable_of(fitted, variable, every, asked.needs_voltage),
        input_of(fitted, to, every), length, before, settle is not None, int(seed), int(threads),
        backend,
    )  # fmt: skip
    seen = [one for one, kept in zip(every, held, strict=True) if not kept]
    effort = _effort(optimizer, space, iterations, population, tolerance)
    first = None if start is None else _start(fitted, space, start)
    several = _count("starts", starts)
    rounds = effort.iterations * (several if optimizer == "lbfgs" else 1)
    tracker = Tracker()
    with (
        Progress(rounds, f"fit of {fitted.name}", progress, unit="iterations") as shown,
        single_threaded(),
    ):
        tracker.told = shown.update
        evaluate = _evaluation(setting, seen, asked)
        if optimizer in SEARCHES:
            SEARCHES[optimizer](evaluate, effort, first, int(seed), tracker)
        else:
            descend(setting, seen, asked, optimizer, effort, several, first, int(seed), evaluate,
                    tracker)  # fmt: skip
    if tracker.best_place is None:
        raise _hopeless(fitted, space)
    return _fit(fitted, setting, every, held, asked, tracker, optimizer)


def _evaluation(
    setting: Setting, recordings: Sequence[Recording], loss: Loss
) -> Callable[[Floats], Floats]:
    """Return the function that is searched: coordinates to the mean loss of each candidate."""
    weights = np.array([one.weight for one in recordings])

    def evaluate(places: Floats) -> Floats:
        values = setting.space.values(places)
        losses = setting.losses(recordings, loss, values)
        return np.asarray(losses @ (weights / weights.sum()))

    return evaluate


def _fit(
    model: Fitted,
    setting: Setting,
    recordings: Sequence[Recording],
    held: Sequence[bool],
    loss: Loss,
    tracker: Tracker,
    optimizer: str,
) -> Fit:
    """Run the best candidate once more, under all recordings."""
    assert tracker.best_place is not None
    best = setting.space.values(tracker.best_place)
    sweeps = _judged(setting, recordings, held, loss, best)
    history = History(np.array(tracker.evaluations), np.array(tracker.history))
    fit = Fit(model, setting.space, best, sweeps, history, optimizer, loss.name)
    if fit.at_a_bound:
        names = ", ".join(fit.at_a_bound)
        plural = len(fit.at_a_bound) > 1
        warnings.warn(
            f"fit_parameters: {names} ended at {'bounds' if plural else 'a bound'}; what fits "
            "best may lie beyond. Widen the bounds, or take those parameters from elsewhere and "
            "set them in the model",
            RheobaseWarning,
            stacklevel=3,
        )
    return fit


def _judged(
    setting: Setting,
    recordings: Sequence[Recording],
    held: Sequence[bool],
    loss: Loss,
    best: Floats,
) -> list[Sweep]:
    observed = {e.name for e in (*setting.model.differential, *setting.model.subexpressions)}
    shown = setting.variable in observed and all(
        one.times.size == 0 or one.dimension == setting.model.unit_of(setting.variable).dimension
        for one in recordings
    )
    found = setting.run(recordings, best[None], shown)
    losses = np.array(
        [loss(one, sweeps)[0] for one, sweeps in zip(recordings, found, strict=True)]
    )  # fmt: skip
    return sweeps_of(recordings, held, found, losses)


# -- reading what was asked for ----------------------------------------------------------------


def _model(model: Any, at: Any, optimizer: Any) -> Fitted:
    if isinstance(model, Cell):
        if optimizer in DESCENTS:
            raise UserError(
                f"fit_parameters: {model.name} is a cell with a morphology, without derivatives",
                given=f'optimizer="{optimizer}"',
                mend='write optimizer="differential_evolution" or "cma"',
            )
        return FittedCell(model, at)
    if isinstance(model, Model):
        if at is not None:
            raise UserError(
                f"fit_parameters: {model.name} is a point, and at is a place on a cell",
                given=f"at={at!r}", mend="leave it out",
            )  # fmt: skip
        return model
    raise UserError(
        "fit_parameters: this is no model",
        given=repr(model) if len(repr(model)) < 60 else type(model).__name__,
        mend="write rb.fit_parameters(rb.models.AdEx, recordings, parameters={...})",
    )


def _recordings(recordings: Any) -> list[Recording]:
    given = [recordings] if isinstance(recordings, Recording) else recordings
    try:
        found = list(given)
    except TypeError:
        found = []
    if not found or not all(isinstance(one, Recording) for one in found):
        raise UserError(
            "fit_parameters: there are no recordings to fit to",
            expected="a rb.fitting.Recording, or a list of them",
            given=repr(recordings) if len(repr(recordings)) < 60 else type(recordings).__name__,
            mend="write [rb.fitting.Recording(current*pA, voltage*mV, dt=0.1*ms)]",
        )
    return found


def _held_out(held_out: Any, recordings: Sequence[Recording]) -> list[bool]:
    """Return which recordings the fit does not see."""
    asked = [held_out] if isinstance(held_out, str | int) else list(held_out)
    names = [one.name for one in recordings]
    held = [False] * len(recordings)
    for one in asked:
        if isinstance(one, str) and one in names:
            held[names.index(one)] = True
        elif isinstance(one, int | np.integer) and -len(held) <= one < len(held):
            held[int(one)] = True
        else:
            meant = did_you_mean(str(one), names)
            raise UserError(
                f"fit_parameters: held_out: there is no recording {one!r}"
                + (f"; did you mean {meant!r}?" if meant else ""),
                expected=f"0 to {len(held) - 1}, or a name: {', '.join(map(repr, names))}",
            )
    if all(held):
        raise UserError(
            "fit_parameters: every recording is held out, so there is none to fit to",
            mend="leave some out of held_out",
        )
    return held


def _usual_loss(model: Fitted, optimizer: str) -> str:
    shapeless = model.threshold is not None and model.reset and optimizer not in DESCENTS
    return "features" if shapeless else "voltage"


def _needs_spikes(model: Fitted, loss: Loss) -> None:
    if model.threshold is None and loss.needs_spikes and not loss.needs_voltage:
        raise UserError(
            f"fit_parameters: {model.name} has no threshold, so it has no spikes to compare",
            mend='give it one: rb.Model(..., threshold="v > -20*mV"); or write loss="voltage"',
        )


def _known(optimizer: Any) -> None:
    known = (*SEARCHES, *DESCENTS)
    if optimizer not in known:
        meant = did_you_mean(str(optimizer), known)
        raise UserError(
            f"fit_parameters: there is no optimizer {optimizer!r}"
            + (f"; did you mean {meant!r}?" if meant else ""),
            expected=f"one of: {', '.join(known)}",
        )


def _effort(
    optimizer: str, space: Space, iterations: Any, population: Any, tolerance: float
) -> Effort:
    rounds = 100 if iterations is None else _count("iterations", iterations)
    usual = max(3 * space.size, 20)
    if optimizer in DESCENTS:
        usual = 64
    size = usual if population is None else _count("population", population)
    return Effort(space.size, rounds, max(size, 5), float(tolerance))


def _count(what: str, value: Any) -> int:
    if isinstance(value, int | np.integer) and value > 0:
        return int(value)
    raise UserError(f"fit_parameters: {what} is not a whole number above 0", given=str(value))


def _start(model: Fitted, space: Space, start: Any) -> Floats:
    """Return the coordinates of a candidate to begin with."""
    if isinstance(model, FittedCell):
        cell = FittedCell(model(**dict(start))) if start else model
        values = np.array([cell.value_of(name) for name in space.names])
    else:
        point = model(**dict(start)) if start else model
        values = np.array([point.defaults.get(name, np.nan) for name in space.names], dtype=float)
    outside = [
        name
        for name, value, low, high in zip(
            space.names, values, space.low, space.high, strict=True)
        if not low <= value <= high
    ]  # fmt: skip
    if outside:
        raise UserError(
            f"fit_parameters: start lies outside the bounds of {', '.join(outside)}",
            mend="begin inside the bounds, or widen them",
        )
    return space.places(values)


def _hopeless(model: Fitted, space: Space) -> UserError:
    return UserError(
        f"fit_parameters: no candidate could be run: a state of {model.name} became infinite or "
        "nan for all of them",
        mend=f"take a smaller dt, or narrower bounds of {', '.join(space.names)}",
    )
