"""Parameters of coarser models whose rates come nearest to those of a finer one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rheobase.language.model import Model
from rheobase.levels.matching import Floats
from rheobase.levels.membrane import Membrane
from rheobase.models.integrate_and_fire import LIF
from rheobase.simulation import Network
from rheobase.simulation.slopes import Slopes
from rheobase.units import UNITS, quantity


@dataclass(frozen=True, eq=False)
class Target:
    """What is to be reached.

    Attributes
    ----------
    currents : ndarray, shape (n,)
        SI units: absolute for models of a membrane, those of the input for a rate unit.
    rates : ndarray, shape (n,)
        Late rates [Hz].
    first : ndarray, shape (n,)
        One over the first interval [Hz]; 0 where there are fewer than two spikes.
    """

    currents: Floats
    rates: Floats
    first: Floats

    @property
    def silent(self) -> Floats:
        """Currents at which it does not go on firing."""
        return np.asarray(self.currents[self.rates == 0])


def lif_rate(drive: Floats, threshold: Floats, reset: Floats, tau: float, tau_ref: Floats) -> Any:
    """Return the rate of a leaky integrate-and-fire cell under constant currents [Hz].

    `1/(tau_ref + tau ln((drive - reset)/(drive - threshold)))`, all potentials above rest, and
    `drive` the one the current would bring v to without a threshold.
    """
    with np.errstate(all="ignore"):
        period = tau_ref + tau * np.log((drive - reset) / (drive - threshold))
        return np.where(drive > threshold, 1.0 / period, 0.0)


def fit_lif(model: Model, target: Target, membrane: Membrane, seed: int) -> Model:
    """Return a LIF with the resistance and capacitance of a membrane, fitted to rates.

    Threshold, reset and refractory period are those whose closed-form rates have the smallest
    root mean square difference.
    """
    drive = membrane.resistance * target.currents
    highest = float(drive.max())
    lowest = 0.5 * float((membrane.resistance * target.silent).max()) if target.silent.size else 0.0
    bounds = [(max(lowest, 1e-4 * highest), highest), (-2.0, 0.95),
              (0.0, 1.0 / max(float(target.rates.max()), 1.0))]  # fmt: skip

    def difference(trial: Floats) -> Floats:
        threshold, place, dead = (row[..., None] for row in np.atleast_2d(trial.T).T)
        rates = lif_rate(drive, threshold, place * threshold, membrane.tau, dead)
        return np.asarray(_rms(rates - target.rates))

    threshold, place, dead = _evolve(difference, bounds, seed, generations=120)
    return model(
        C_m=_in(membrane.capacitance, "pF"), tau_m=_in(membrane.tau, "ms"),
        E_L=_in(membrane.rest, "mV"), V_T=_in(membrane.rest + threshold, "mV"),
        V_r=_in(membrane.rest + place * threshold, "mV"), tau_ref=_in(dead, "ms"),
    )  # fmt: skip


def fit_rate_unit(model: Model, target: Target, unit: float, seed: int) -> tuple[Model, float]:
    """Return a rate unit and the rate of 1 [Hz], fitted to rates.

    For every gain and threshold the scale that fits best is known in closed form; the two are
    searched for.
    """
    inputs = target.currents / unit
    low, high = float(inputs.min()), float(inputs.max())
    span = high - low
    activation = _activation(model)

    def scale(values: Floats) -> Floats:
        square = np.sum(values**2, axis=-1)
        with np.errstate(all="ignore"):
            best = np.sum(values * target.rates, axis=-1) / square
        return np.where(np.isfinite(best), np.maximum(best, 0.0), 0.0)

    def difference(trial: Floats) -> Floats:
        gain, threshold = (row[..., None] for row in np.atleast_2d(trial.T).T)
        values = activation(np.exp(gain) * (inputs - threshold))
        return np.asarray(_rms(scale(values)[..., None] * values - target.rates))

    bounds = [(np.log(0.1 / span), np.log(300.0 / span)), (low - span, high)]
    gain, threshold = _evolve(difference, bounds, seed, generations=60)
    values = activation(np.exp(gain) * (inputs - threshold))
    return model(gain=float(np.exp(gain)), threshold=float(threshold)), float(scale(values))


def settled_unit(model: Model, inputs: Floats) -> Floats:
    """Return the output of a rate unit that has settled under constant inputs."""
    return _activation(model)(model.defaults["gain"] * (inputs - model.defaults["threshold"]))


def fit_adex(
    model: Model,
    target: Target,
    membrane: Membrane,
    seed: int,
    *,
    generations: int,
    backend: str | None,
) -> Model:
    """Return an AdEx with the membrane's rest, conductance and capacitance, fitted to rates.

    The late rates and the first interval, which tells of adaptation, are fitted together. Every
    generation of the search is run as one network, a cell for each candidate and current.
    """
    highest = membrane.resistance * float(target.currents.max())
    total = 1.0 / membrane.resistance

    def build(trial: Floats) -> dict[str, Floats]:
        """Return the parameters of candidates, in SI units."""
        threshold, sharpness, place, share, log_tau, jump, dead = trial
        height = threshold * highest
        return {
            "V_T": membrane.rest + height, "Delta_T": sharpness,
            "V_r": membrane.rest + place * height, "g_L": (1 - share) * total,
            "a": share * total, "tau_w": np.exp(log_tau),
            "b": jump * float(target.currents.max()), "tau_ref": dead,
        }  # fmt: skip

    fixed = model(C_m=_in(membrane.capacitance, "pF"), E_L=_in(membrane.rest, "mV"))
    wanted = np.stack([target.rates, target.first])
    weights = np.array([1.0, 0.3])[:, None]

    def difference(trial: Floats) -> Floats:
        several = trial.reshape(len(trial), -1)
        found = _adex_rates(fixed, build(several), target.currents, seed, backend)
        wrong = _rms((weights * (found - wanted)).reshape(several.shape[1], -1))
        return np.asarray(wrong if trial.ndim > 1 else wrong[0])

    most = 1.0 / max(float(target.rates.max()), 1.0)
    bounds = [(0.05, 1.0), (0.5e-3, 6e-3), (-1.0, 0.9), (0.0, 0.8), (np.log(5e-3), np.log(0.3)),
              (0.0, 0.3), (0.0, 0.9 * most)]  # fmt: skip
    begin = _as_adex(fit_lif(LIF, target, membrane, seed), membrane, highest)
    best = build(_evolve(difference, bounds, seed, generations, begin))
    units = {"V_T": "mV", "Delta_T": "mV", "V_r": "mV", "g_L": "nS", "a": "nS", "tau_w": "ms",
             "b": "pA", "tau_ref": "ms"}  # fmt: skip
    return fixed(**{name: _in(float(value), units[name]) for name, value in best.items()})


def _as_adex(lif: Model, membrane: Membrane, highest: float) -> Floats:
    """Return the candidate that is nearest to a LIF: a sharp exponential, no adaptation."""
    of = lif.defaults
    height = of["V_T"] - membrane.rest
    place = (of["V_r"] - membrane.rest) / height
    # Above V_T an AdEx takes a while to spike, some of what the LIF has as a refractory period.
    dead = max(of["tau_ref"] - 1e-3, 0.0)
    return np.array([height / highest, 0.5e-3, place, 0.0, np.log(30e-3), 0.0, dead])


def _adex_rates(
    model: Model, values: dict[str, Floats], currents: Floats, seed: int, backend: str | None
) -> Floats:
    """Return late rates and first intervals of candidates, shape (candidates, 2, currents)."""
    from rheobase.network import stimuli

    candidates, duration = values["V_T"].size, 0.4
    net = Network(dt="0.05 ms", seed=seed)
    cells = net.add(model, candidates * currents.size, name="cells")
    for name, of_each in values.items():
        setattr(cells, name, quantity(np.repeat(of_each, currents.size), model.unit_of(name)))
    everywhere = np.tile(currents, candidates)
    net.inject(cells, stimuli.step(quantity(everywhere, model.unit_of("I"))))
    trains = net.run(f"{duration} second", backend=backend, progress=False).spikes["cells"]
    late, first = late_and_first(trains, 0.3 * duration)
    return np.stack([late, first]).reshape(2, candidates, -1).transpose(1, 0, 2)


def late_and_first(trains: Any, discard: float) -> tuple[Floats, Floats]:
    """Return one over the mean late interval and over the first one of each cell [Hz]."""
    late, first = np.zeros(trains.size), np.zeros(trains.size)
    for cell, times in enumerate(trains):
        after = times[times >= trains.start + discard]
        if after.size > 1:
            late[cell] = (after.size - 1) / (after[-1] - after[0])
        if times.size > 1:
            first[cell] = 1.0 / (times[1] - times[0])
    return late, first


def _activation(model: Model) -> Callable[[Floats], Floats]:
    """Return f of a rate unit: tau times the slope of r at r = 0, with the argument of f given."""
    slopes = Slopes(model, {**model.defaults, "gain": 1.0, "threshold": 0.0})
    tau = model.defaults["tau"]

    def f(argument: Floats) -> Floats:
        return slopes(np.zeros((*argument.shape, 1)), {"I": argument})[..., 0] * tau

    return f


def _evolve(
    difference: Callable[[Floats], Floats],
    bounds: list[tuple[float, float]],
    seed: int,
    generations: int,
    begin: Floats | None = None,
) -> Floats:
    """Return where a function of many candidates at once, shape (parameters, n), is smallest.

    A search that begins with a candidate of its own is for functions that are costly and not
    smooth: it has fewer candidates, and does not end with descent.
    """
    from scipy.optimize import differential_evolution

    cheap = begin is None
    if begin is not None:
        # A little inside the bounds, which the search compares after a division.
        low, high = np.array(bounds).T
        begin = np.clip(begin, low + 1e-9 * (high - low), high - 1e-9 * (high - low))
    found = differential_evolution(
        difference, bounds, seed=seed, maxiter=generations, popsize=15 if cheap else 6, x0=begin,
        vectorized=True, updating="deferred", polish=cheap, tol=1e-8 if cheap else 1e-3,
    )  # fmt: skip
    return np.asarray(found.x)


def _rms(wrong: Floats) -> Any:
    """Return the root mean square along the last axis; a large number where it is none."""
    return np.nan_to_num(np.sqrt(np.mean(wrong**2, axis=-1)), nan=1e9, posinf=1e9)


def _in(value: float, unit: str) -> Any:
    return quantity(float(value), UNITS[unit])
