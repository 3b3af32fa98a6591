"""How far a simulated cell is from a recording: losses, which add with `+` and scale with `*`.

Every loss looks at many candidates at once and gives one number each, 0 for one that does what the
recording does. Losses are of order 1 where a candidate is "one unit off", so that their weights
in a sum mean something: see each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.fitting import features as _features
from rheobase.fitting.recording import Floats, Recording
from rheobase.levels.comparison import AFTER_SPIKE, BEFORE_SPIKE
from rheobase.levels.matching import coincidence_factor, match, usual_window
from rheobase.units import Dimension, to_si

__all__ = [
    "Loss",
    "Sweeps",
    "coincidence",
    "features",
    "spike_count",
    "van_rossum",
    "voltage",
]

_SECOND = Dimension(second=1.0)


@dataclass(frozen=True, eq=False)
class Sweeps:
    """What all candidates did under one recording's stimulus.

    Attributes
    ----------
    voltage : ndarray, shape (candidates, samples), or None
        In SI units, at the samples of the recording inside start ... stop; None where no loss
        asked for it.
    spikes : list of ndarray
        Times of the spikes inside start ... stop [s], one array a candidate.
    """

    voltage: Floats | None
    spikes: Sequence[Floats]


class Loss(ABC):
    """A distance between a recording and what candidates do; made by the functions here.

    Attributes
    ----------
    needs_voltage, needs_spikes : bool
        What it looks at.
    differentiable : bool
        Whether it can be followed along its gradient.
    """

    needs_voltage: bool = False
    needs_spikes: bool = False
    differentiable: bool = False

    @abstractmethod
    def __call__(self, recording: Recording, sweeps: Sweeps) -> Floats:
        """Return the loss of each candidate, shape (candidates,)."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is called in tables."""

    def __add__(self, other: object) -> Loss:
        """Add two losses."""
        return Total((*_parts(self), *_parts(as_loss(other))))

    def __mul__(self, factor: float) -> Loss:
        """Weigh a loss."""
        return Total(tuple((float(factor) * weight, part) for weight, part in _parts(self)))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, repr=False, eq=False)
class Total(Loss):
    """A weighted sum of losses."""

    parts: tuple[tuple[float, Loss], ...]

    @property
    def needs_voltage(self) -> bool:  # type: ignore[override]
        """Whether one of them looks at the voltage."""
        return any(part.needs_voltage for _, part in self.parts)

    @property
    def needs_spikes(self) -> bool:  # type: ignore[override]
        """Whether one of them looks at spikes."""
        return any(part.needs_spikes for _, part in self.parts)

    @property
    def differentiable(self) -> bool:  # type: ignore[override]
        """Whether all of them are."""
        return all(part.differentiable for _, part in self.parts)

    @property
    def name(self) -> str:
        """The sum, written out."""
        return " + ".join(
            part.name if weight == 1 else f"{weight:g}*{part.name}" for weight, part in self.parts
        )

    def __call__(self, recording: Recording, sweeps: Sweeps) -> Floats:
        """Return the sum for each candidate."""
        terms: list[Any] = [weight * part(recording, sweeps) for weight, part in self.parts]
        return sum(terms[1:], start=terms[0])  # type: ignore[no-any-return]


@dataclass(frozen=True, repr=False, eq=False)
class Voltage(Loss):
    """See `voltage`."""

    scale: float
    between_spikes: bool
    needs_voltage = True
    differentiable = True
    name = "voltage"

    @property
    def needs_spikes(self) -> bool:  # type: ignore[override]
        """Whether spikes are left out."""
        return self.between_spikes

    def __call__(self, recording: Recording, sweeps: Sweeps) -> Floats:
        """Return the mean square of the difference."""
        assert sweeps.voltage is not None
        wrong: Any = (sweeps.voltage - recording.values_si()) / self.scale
        if not self.between_spikes:
            return np.mean(wrong**2, axis=1)  # type: ignore[no-any-return]
        kept = np.stack([between(recording, recording.spikes, own) for own in sweeps.spikes])
        total = np.maximum(kept.sum(axis=1), 1)
        return np.sum((wrong * kept) ** 2, axis=1) / total  # type: ignore[no-any-return]


@dataclass(frozen=True, repr=False, eq=False)
class SpikeCount(Loss):
    """See `spike_count`."""

    needs_spikes = True
    name = "spike_count"

    def __call__(self, recording: Recording, sweeps: Sweeps) -> Floats:
        """Return the squared relative difference of the counts."""
        wanted = recording.spikes.size
        counts = np.array([own.size for own in sweeps.spikes], dtype=np.float64)
        return np.asarray(((counts - wanted) / max(wanted, 1)) ** 2)


@dataclass(frozen=True, repr=False, eq=False)
class Coincidence(Loss):
    """See `coincidence`."""

    within: float | None
    needs_spikes = True
    name = "coincidence"

    def __call__(self, recording: Recording, sweeps: Sweeps) -> Floats:
        """Return 1 minus the coincidence factor."""
        return np.array([1.0 - gamma(recording, own, self.within) for own in sweeps.spikes])


@dataclass(frozen=True, repr=False, eq=False)
class VanRossum(Loss):
    """See `van_rossum`."""

    tau: float
    needs_spikes = True
    name = "van_rossum"

    def __call__(self, recording: Recording, sweeps: Sweeps) -> Floats:
        """Return the squared distance over that of an empty train."""
        wanted = recording.spikes
        alone = self._overlap(wanted, wanted)
        both = [self._overlap(own, own) - 2 * self._overlap(own, wanted) for own in sweeps.spikes]
        return (np.array(both) + alone) / max(alone, 1.0)

    def _overlap(self, one: Floats, other: Floats) -> float:
        return float(np.exp(-np.abs(one[:, None] - other) / self.tau).sum())


@dataclass(frozen=True, repr=False, eq=False)
class Features(Loss):
    """See `features`."""

    tolerances: Mapping[str, float | None]
    needs_spikes = True
    name = "features"

    @property
    def needs_voltage(self) -> bool:  # type: ignore[override]
        """Whether one of them is read from the voltage."""
        return _features.need_voltage(self.tolerances)

    def __call__(self, recording: Recording, sweeps: Sweeps) -> Floats:
        """Return the mean square of the differences, in tolerances."""
        wanted = _features.of_recording(recording, self.tolerances)
        asked = {name: value for name, value in wanted.items() if np.isfinite(value)}
        if not asked:
            return SpikeCount()(recording, sweeps)
        found = _features.of_sweeps(recording, sweeps, asked)
        squares = []
        for name, value in asked.items():
            tolerance = self.tolerances[name]
            if tolerance is None:
                tolerance = _features.usual_tolerance(name, value)
            off = np.abs(found[name] - value) / tolerance
            # What a candidate has not (the first interval, with one spike) is far off, not nan.
            squares.append(np.where(np.isfinite(off), np.minimum(off, FAR), FAR) ** 2)
        return np.asarray(np.mean(squares, axis=0))


#: Spikes further apart than this are not coincident, if nothing else is said [s]: as in R. Jolivet
#: et al., Journal of Neuroscience Methods 169, 417 (2008).
WIDEST = 0.004
#: The most that a feature is said to be off, in tolerances.
FAR = 20.0


@dataclass(frozen=True, repr=False, eq=False)
class Own(Loss):
    """A function of the user: of a recording and sweeps, one number a candidate."""

    function: Callable[[Recording, Sweeps], Any]
    needs_voltage = True
    needs_spikes = True
    differentiable = True

    @property
    def name(self) -> str:
        """The name of the function."""
        return getattr(self.function, "__name__", "loss")

    def __call__(self, recording: Recording, sweeps: Sweeps) -> Floats:
        """Return what the function gives, if that is one number a candidate."""
        found = self.function(recording, sweeps)
        if isinstance(found, float | list):
            found = np.asarray(found, np.float64)
        if found.shape != (len(sweeps.spikes),):
            raise UserError(
                f"fit_parameters: the loss {self.name} gave an array of the wrong shape",
                expected=f"one number for each of {len(sweeps.spikes)} candidates",
                given=f"shape {found.shape}",
            )
        return found  # type: ignore[no-any-return]


# -- what users write -------------------------------------------------------------------------


def voltage(scale: Any = "1 mV", between_spikes: bool = False) -> Loss:
    """Mean square of the difference of voltages, 1 for a root mean square of `scale`.

    Parameters
    ----------
    scale : quantity
        Of the dimension of what was recorded.
    between_spikes : bool
        Leave out the 2 ms before and the 5 ms after every spike of either: for models whose
        spikes have no shape. Such a loss is best added to one of spikes, since a cell that does
        nothing but spike has no voltage left to compare.

    Examples
    --------
    >>> rb.fitting.losses.voltage(between_spikes=True) + 10 * rb.fitting.losses.spike_count()
    voltage + 10*spike_count
    """
    size = _any_si(scale, "voltage: scale")
    return Voltage(size, bool(between_spikes))


def spike_count() -> Loss:
    """Square of the relative difference of the numbers of spikes.

    `((n - n_data)/n_data)**2`; with no spike in the data, `n**2`.
    """
    return SpikeCount()


def coincidence(within: Any = None) -> Loss:
    """1 minus the coincidence factor: 0 for the same train, 1 for what chance gives.

    Parameters
    ----------
    within : quantity, optional
        The largest difference of spikes that belong together; half the median interval of the
        data, at most 4 ms, if not given.

    References
    ----------
    W. M. Kistler, W. Gerstner and J. L. van Hemmen, Neural Computation 9, 1015 (1997).
    """
    return Coincidence(None if within is None else _time(within, "coincidence: within"))


def van_rossum(tau: Any = "20 ms") -> Loss:
    """Squared van Rossum distance of the trains, over that of the data from an empty train.

    Both trains are filtered with exp(-t/tau). With e(t) = exp(-abs(t)/tau), i, j over the spikes of
    the model and k, l over those of the data, the distance is, up to a factor of 1/2,
    `sum_ij e(t_i - t_j) + sum_kl e(t_k - t_l) - 2 sum_ik e(t_i - t_k)`. A small tau asks for times,
    a large one for counts.

    References
    ----------
    M. C. W. van Rossum, Neural Computation 13, 751 (2001).
    """
    return VanRossum(_time(tau, "van_rossum: tau"))


def features(**tolerances: Any) -> Loss:
    """Mean square of the differences of features of the spike train, in tolerances.

    Without arguments: `count`, `latency`, `first_interval`, `last_interval`. A feature that the
    data do not have is left out, one that a candidate does not have counts as 20 tolerances off.

    Parameters
    ----------
    **tolerances : quantity, or None
        By name of a feature, what counts as one unit off; None: a tenth of the data's value, or
        1 mV. `count` (spikes), `latency` (from the start of the window, or of the stimulus in
        it, to the first spike), `first_interval`, `last_interval` (mean of the last three),
        `mean_interval`, `baseline` (mean voltage before the stimulus changes for the first time),
        `trough` (mean of the lowest voltages between two spikes).

    Raises
    ------
    UnknownNameError
        There is no such feature.

    Examples
    --------
    >>> rb.fitting.losses.features(count=2, latency="5 ms", trough=None)
    features
    """
    asked: dict[str, float | None] = dict.fromkeys(_features.USUAL)
    if tolerances:
        asked = {}
    for name, tolerance in tolerances.items():
        if name not in _features.DIMENSIONS:
            meant = did_you_mean(name, _features.DIMENSIONS)
            ending = f"; did you mean {meant!r}?" if meant else ""
            raise UnknownNameError(
                f"features: there is no feature {name!r}{ending}",
                mend=f"there are: {', '.join(_features.DIMENSIONS)}",
            )
        dimension = _features.DIMENSIONS[name]
        asked[name] = (
            None if tolerance is None
            else _positive(to_si(tolerance, dimension, what=f"features: {name}"), name)
        )  # fmt: skip
    return Features(asked)


_BY_NAME: dict[str, Callable[[], Loss]] = {
    "voltage": voltage,
    "spike_count": spike_count,
    "coincidence": coincidence,
    "van_rossum": van_rossum,
    "features": features,
}


def as_loss(given: Any) -> Loss:
    """Return a loss of what a user gave: a loss, a name, a function, or several of them.

    Raises
    ------
    UnknownNameError, UserError
        It is none.
    """
    if isinstance(given, Loss):
        return given
    if isinstance(given, str):
        if given in _BY_NAME:
            return _BY_NAME[given]()
        meant = did_you_mean(given, _BY_NAME)
        ending = f"; did you mean {meant!r}?" if meant else ""
        raise UnknownNameError(
            f"fit_parameters: there is no loss {given!r}{ending}",
            mend=f"there are: {', '.join(_BY_NAME)}",
        )
    if callable(given):
        return Own(given)
    if isinstance(given, Sequence) and given:
        parts = tuple(part for one in given for part in _parts(as_loss(one)))
        return Total(parts)
    raise UserError(
        "fit_parameters: this is no loss",
        expected=f"one of {', '.join(map(repr, _BY_NAME))}, several of them, or a function",
        given=repr(given),
        mend='write loss="voltage", or loss=["features", 0.1*rb.fitting.losses.van_rossum()]',
    )


# -- what they have in common -----------------------------------------------------------------


def between(recording: Recording, *trains: Floats) -> np.ndarray:
    """Return which samples inside the window lie away from all spikes of some trains."""
    times = recording.times[recording.samples_inside()]
    kept = np.ones(times.size, dtype=bool)
    for train in trains:
        first = np.searchsorted(times, train - BEFORE_SPIKE)
        last = np.searchsorted(times, train + AFTER_SPIKE, side="right")
        edges = np.zeros(times.size + 1, dtype=np.int64)
        np.add.at(edges, first, 1)
        np.add.at(edges, last, -1)
        kept &= np.cumsum(edges)[:-1] == 0
    return kept


def gamma(recording: Recording, train: Floats, within: float | None = None) -> float:
    """Return the coincidence factor of a train with the data; 1 where neither has a spike."""
    wanted = recording.spikes
    if not wanted.size and not train.size:
        return 1.0
    if not wanted.size or not train.size:
        return 0.0
    window = min(usual_window(wanted), WIDEST) if within is None else within
    found = match(wanted, train, window)
    length = recording.stop - recording.start
    factor = coincidence_factor(found, wanted.size, train.size, length)
    # Chance meets all spikes of a train too dense: it is as bad as one that meets none.
    return factor if np.isfinite(factor) else 0.0


def _parts(loss: Loss) -> tuple[tuple[float, Loss], ...]:
    return loss.parts if isinstance(loss, Total) else ((1.0, loss),)


def _time(value: Any, what: str) -> float:
    return _positive(to_si(value, _SECOND, what=what, paste="10*ms"), what)


def _positive(value: Any, what: str) -> float:
    if not (isinstance(value, float) and np.isfinite(value) and value > 0):
        raise UserError(f"{what} is not one value above 0", given=str(value))
    return value


def _any_si(value: Any, what: str) -> float:
    from rheobase.units import split_quantity

    magnitude, unit = split_quantity(value, what)
    return _positive(float(unit.to_si(np.float64(magnitude))), what)
