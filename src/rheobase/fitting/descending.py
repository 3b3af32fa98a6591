"""Descents along the gradient, which the reverse of the simulation gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from rheobase.errors import UserError
from rheobase.fitting.losses import Loss, Sweeps
from rheobase.fitting.recording import Floats, Recording
from rheobase.fitting.searching import Effort, Evaluate, Tracker, generator, scattered
from rheobase.fitting.trials import Setting

#: Coordinates of candidates to the loss of each and its gradient by the coordinates.
Slope: TypeAlias = Callable[[Floats], tuple[Floats, Floats]]

#: First and last step of Adam, in shares of the ranges.
_FIRST, _LAST = 0.03, 0.0003
#: Adam's memory of mean and square of the gradients. That of squares is shorter than usual (0.999):
#: where spikes come to coincide, gradients shrink by orders of magnitude.
_MEAN, _SQUARE = 0.9, 0.95


class Descent:
    """The loss of candidates and its gradient by their coordinates; nothing is built twice.

    The gradient is that of the run itself, step by step backwards, by `rb.gradients.Objective`; the
    scales of the parameters come in by the chain rule.

    Parameters
    ----------
    setting : Setting
    recordings : sequence of Recording
    loss : Loss
        One that is differentiable.
    candidates : int
        How many are run at once.
    """

    def __init__(
        self, setting: Setting, recordings: Sequence[Recording], loss: Loss, candidates: int
    ) -> None:
        from rheobase.gradients import Objective

        self._setting, self._recordings, self._loss = setting, recordings, loss
        self._candidates = candidates
        weights = np.array([one.weight for one in recordings])
        self._weights = weights / weights.sum()
        self._several: Floats = np.zeros(candidates)
        space = setting.space
        middle = space.values(np.full((candidates, space.size), 0.5))
        net, cells = setting.network(recordings, middle)
        self._objective = Objective(
            net, self._of_run, [(cells, name) for name in space.names],
            duration=f"{setting.steps_of(recordings) * setting.dt!r} second",
            backend=setting.backend,
            surrogate="none",  # times of spikes, where a loss looks at them, are constants to it
        )  # fmt: skip
        equation_units = [setting.model.unit_of(name) for name in space.names]
        self._scales = np.array([unit.scale for unit in equation_units])

    def __call__(self, places: Floats) -> tuple[Floats, Floats]:
        """Return losses, shape (candidates,), and gradients, shape (candidates, parameters)."""
        space, several = self._setting.space, len(self._recordings)
        values = space.values(places) / self._scales
        given = np.repeat(values, several, axis=0).T.reshape(-1)
        total, gradient = self._objective.vector(given)
        if not np.isfinite(total):
            return np.full(self._candidates, np.inf), np.zeros_like(places)
        per_cell = gradient.reshape(space.size, self._candidates, several)
        by_value = per_cell.sum(axis=2).T / self._scales
        return self._several.copy(), by_value * space.slopes(places)

    def _of_run(self, run: Any) -> Any:
        """Return the sum of the losses of all candidates, whose gradients do not mix."""
        from rheobase.gradients import detach

        terms = [
            weight * self._loss(one, self._sweeps(run, place, one))
            for place, (one, weight) in enumerate(
                zip(self._recordings, self._weights, strict=True)
            )
        ]  # fmt: skip
        losses = sum(terms[1:], start=terms[0])
        self._several = np.asarray(detach(losses), np.float64)
        return np.sum(losses)

    def _sweeps(self, run: Any, place: int, recording: Recording) -> Sweeps:
        """Return what candidates did under a recording, as arrays that remember."""
        setting, several = self._setting, len(self._recordings)
        cells = run["cells"]
        values = getattr(cells, setting.variable)[:, place::several]
        times = recording.times[recording.samples_inside()]
        position = (times + setting.settle) / setting.dt
        left = np.floor(position + 1e-6).astype(np.int64)
        share = (position - left)[:, None]
        sampled = values[left]
        if np.any(np.abs(share) > 1e-6):
            sampled = sampled * (1.0 - share) + values[left + 1] * share
        unit = setting.model.unit_of(setting.variable)
        return Sweeps(sampled.T * unit.scale, self._spikes(run, place, recording))

    def _spikes(self, run: Any, place: int, recording: Recording) -> list[Floats]:
        """Return spike times of candidates, as constants."""
        if not self._loss.needs_spikes or self._setting.model.threshold is None:
            return [np.empty(0)] * self._candidates
        from rheobase.gradients import detach

        setting = self._setting
        spiked = np.asarray(detach(run["cells"].spikes))[:, place :: len(self._recordings)]
        found = []
        for column in spiked.T:
            # A spike is stamped with the time before its step.
            times = np.flatnonzero(column) * setting.dt - setting.settle
            found.append(recording.inside(np.asarray(times, np.float64)))
        return found


def descend(
    setting: Setting,
    recordings: Sequence[Recording],
    loss: Loss,
    kind: str,
    effort: Effort,
    starts: int,
    first: Floats | None,
    seed: int,
    evaluate: Evaluate,
    tracker: Tracker,
) -> None:
    """Descend from the best of scattered candidates; what is found is in the tracker.

    Raises
    ------
    UserError
        The loss has no gradient.
    """
    if not loss.differentiable:
        raise UserError(
            f'fit_parameters: optimizer="{kind}" follows the gradient of the loss, and '
            f"{loss.name} has none: a number or a time of spikes is not differentiated here",
            mend='write loss="voltage", or optimizer="differential_evolution"',
        )
    places = _beginnings(evaluate, effort, starts, first, seed, tracker)
    if places.size:
        descent = Descent(setting, recordings, loss, len(places) if kind == "adam" else 1)
        (adam if kind == "adam" else lbfgs)(descent, places, effort, tracker)


def _beginnings(
    evaluate: Evaluate,
    effort: Effort,
    starts: int,
    first: Floats | None,
    seed: int,
    tracker: Tracker,
) -> Floats:
    """Return the best of scattered candidates, shape (starts, parameters), the best one first."""
    places = scattered(effort.size, effort.population, generator(seed))
    if first is not None:
        places[0] = first
    losses = evaluate(places)
    tracker.see(places, losses)
    order = np.argsort(losses, kind="stable")[:starts]
    return np.asarray(places[order[np.isfinite(losses[order])]])


def lbfgs(slope: Slope, places: Floats, effort: Effort, tracker: Tracker) -> None:
    """Descend from one place after another by L-BFGS-B, which keeps bounds.

    References
    ----------
    R. H. Byrd, P. Lu, J. Nocedal and C. Zhu, SIAM Journal on Scientific Computing 16, 1190 (1995).
    """
    from scipy.optimize import minimize

    def function(place: Floats) -> tuple[float, Floats]:
        losses, gradients = slope(place[None])
        tracker.see(place[None], losses)
        # A line search needs a number to come back from where a state is none.
        return float(min(losses[0], 1e30)), gradients[0]

    for place in places:
        if tracker.best <= effort.tolerance**2 * tracker.history[0]:
            return  # nothing is left to find
        minimize(
            function, place, jac=True, method="L-BFGS-B", bounds=[(0.0, 1.0)] * effort.size,
            options={"maxiter": effort.iterations, "ftol": effort.tolerance**2, "gtol": 1e-12},
        )  # fmt: skip


def adam(slope: Slope, places: Floats, effort: Effort, tracker: Tracker) -> None:
    """Descend from all places at once by Adam, with steps that shrink as a cosine; bounds are kept.

    References
    ----------
    D. P. Kingma and J. Ba, arXiv:1412.6980 (2014).
    """
    mean, square = np.zeros_like(places), np.zeros_like(places)
    for k in range(1, effort.iterations + 1):
        losses, gradients = slope(places)
        tracker.see(places, losses)
        mean = _MEAN * mean + (1 - _MEAN) * gradients
        square = _SQUARE * square + (1 - _SQUARE) * gradients**2
        ahead = mean / (1 - _MEAN**k) / (np.sqrt(square / (1 - _SQUARE**k)) + 1e-12)
        share = 0.5 * (1 + np.cos(np.pi * k / effort.iterations))
        rate = _LAST + (_FIRST - _LAST) * share
        places = np.clip(places - rate * ahead, 0.0, 1.0)
