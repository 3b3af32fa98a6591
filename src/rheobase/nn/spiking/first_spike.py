"""A layer of neurons that answer with the time of their first spike, trained by exact gradients."""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from rheobase.errors import UserError
from rheobase.gradients.event_kernels import compiled, has_numba
from rheobase.nn.layers.base import Array, Key, Layer, Shape, expect_features, generator, positive
from rheobase.nn.spiking import first_spike_loops


class FirstSpike(Layer):
    """Leaky integrate-and-fire neurons that spike at most once: times in, times out.

    Input k spikes at time x_k. Every neuron j adds up what arrives, and answers with the time at
    which v first reaches its threshold::

        dv/dt = -v/tau_m + i/tau_s     di/dt = -i/tau_s     i += w_kj at x_k
        v_j(t) = sum over x_k < t of w_kj e(t - x_k) + b_j e(t - bias_at)
        e(s)   = (exp(-s/tau_s) - exp(-s/tau_m))/(tau_s/tau_m - 1),  s exp(-s/tau)/tau if they agree
        y_j    = the first t with v_j(t) = threshold; `end` if there is none

    and backward, exactly, no surrogate (g_j = dL/dy_j; the implicit function theorem)::

        dL/dw_kj = -g_j e(y_j - x_k)/v_j'(y_j)
        dL/dx_k  = sum_j g_j w_kj e'(y_j - x_k)/v_j'(y_j)

    Times and time constants are plain numbers, all in one unit.

    Parameters
    ----------
    inputs, units : int
        How many spikes come in and how many neurons there are.
    tau_m, tau_s : float
        Time constants of membrane and synapses.
    threshold : float
        Of v. One arrival of weight w lifts v to w/e at most where both time constants agree.
    end : float
        When a run ends. Later arrivals never come, and what has not spiked counts as spiking then.
    bias_at : float, optional
        The time of one more arrival, whose weights are the bias; without it there is none.
    temperature : float, optional
        For the last layer: y = -time/temperature, the scores of the classes for
        ``loss="cross_entropy"``: the earliest wins.
    mean, std : float, optional
        Of the initial weights, which are normal. By default about half of the arrivals are
        needed for a spike: mean 4*threshold/inputs, and std as large as mean, but 0.8 at most.
    wake : float
        A silent neuron has no derivative. Half of `wake` times the square of what its peak lacks
        to the threshold is added to the loss of each sample.
    least_slope : float
        The derivative grows without bound where v only just reaches the threshold. In the
        backward pass dv/dt at a spike counts as at least this; 0 is exact.

    Attributes
    ----------
    weights : array, (inputs, units)
        ``weights[k, j]`` leads **from** input k **to** neuron j.
    bias : array, (units,)
        Weights of the arrival at `bias_at`.

    Raises
    ------
    ShapeError
        Sizes that are no positive whole numbers, or do not fit the layer before.
    UserError
        Time constants, threshold, end or temperature that are not positive.

    Notes
    -----
    J. Göltz et al., Fast and energy-efficient neuromorphic deep learning with first-spike times,
    Nature Machine Intelligence 3 (2021) train such networks in closed form where tau_m is tau_s
    or twice that. Here the crossing is found by iteration, so that any time constants do.

    Examples
    --------
    >>> from rheobase import nn
    >>> net = nn.Sequential(nn.FirstSpike(2, 1, mean=2.0, std=0.0), seed=0)
    >>> net([[0.0, 0.5], [0.0, 1.0]]).round(4).tolist()  # two arrivals; later if they are apart
    [[0.6861], [1.16]]
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        *,
        tau_m: float = 1.0,
        tau_s: float = 1.0,
        threshold: float = 1.0,
        end: float = 10.0,
        bias_at: float | None = None,
        temperature: float | None = None,
        mean: float | None = None,
        std: float | None = None,
        wake: float = 0.0,
        least_slope: float = 0.0,
    ) -> None:
        super().__init__()
        self.inputs = positive("FirstSpike", "inputs", inputs)
        self.units = positive("FirstSpike", "units", units)
        given = {"tau_m": tau_m, "tau_s": tau_s, "threshold": threshold, "end": end}
        if temperature is not None:
            given["temperature"] = temperature
        for name, value in given.items():
            if not value > 0:
                raise UserError(f"nn.FirstSpike: {name} must be above 0", given=f"{name} = {value}")
        self.tau_m, self.tau_s, self.threshold = float(tau_m), float(tau_s), float(threshold)
        self.end, self.bias_at, self.temperature = float(end), bias_at, temperature
        self.mean = 4.0 * self.threshold / self.inputs if mean is None else float(mean)
        self.std = min(abs(self.mean), 0.8) if std is None else float(std)
        self.wake, self.least_slope = float(wake), float(least_slope)
        self.input_shape = (self.inputs,)

    def __repr__(self) -> str:
        return f"FirstSpike({self.inputs}, {self.units})"

    def configuration(self) -> dict[str, Any]:
        """Return the arguments that make such a layer."""
        names = ("inputs", "units", "tau_m", "tau_s", "threshold", "end", "bias_at")
        return {
            name: getattr(self, name)
            for name in (*names, "temperature", "mean", "std", "wake", "least_slope")
        }

    def draw(self, key: Key, dtype: np.dtype[Any]) -> None:
        """Draw the weights and the bias."""
        rows = self.inputs + (self.bias_at is not None)
        drawn = generator(key).normal(self.mean, self.std, (rows, self.units)).astype(dtype)
        self.parameters = {"weights": drawn[: self.inputs]}
        if self.bias_at is not None:
            self.parameters["bias"] = drawn[self.inputs]

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of one sample after the layer."""
        expect_features(self, shape, self.inputs)
        return (*shape[:-1], self.units)

    def _arrivals(self, x: Array) -> tuple[Array, Array]:
        """Return times and weights of all that arrives, the bias last."""
        times, weights = np.asarray(x, np.float64), np.asarray(self.weights, np.float64)
        if self.bias_at is None:
            return np.ascontiguousarray(times), np.ascontiguousarray(weights)
        own = np.full((len(times), 1), float(self.bias_at))
        return np.concatenate([times, own], axis=1), np.concatenate([weights, self.bias[None]])

    # -- forward and backward, side by side --------------------------------------------------

    def run(self, x: Array, *, training: bool = False, key: Key | None = None) -> tuple[Array, Any]:
        """Forward: the first time at which v is at the threshold."""
        times, weights = self._arrivals(x)
        first, peak, peak_at = loops().layer(
            times, weights, self.threshold, self.tau_m, self.tau_s, self.end
        )
        y = first if self.temperature is None else -first / self.temperature
        return y.astype(x.dtype), (times, weights, first, peak, peak_at)

    def reverse(self, g: Array, saved: Any) -> tuple[Array, dict[str, Array]]:
        """Backward: -d(sum of arrivals)/(dv/dt) at the spike."""
        times, weights, first, peak, peak_at = saved
        bar = np.asarray(g, np.float64)
        bar = np.ascontiguousarray(bar if self.temperature is None else -bar / self.temperature)
        push = -self.wake * self._lacking(first, peak)
        by_times, by_weights = np.zeros_like(times), np.zeros_like(weights)
        loops().backward(
            times, weights, bar, self.tau_m, self.tau_s, self.end, self.least_slope, push, first,
            peak_at, by_times, by_weights,
        )  # fmt: skip
        gradients = {"weights": by_weights[: self.inputs].astype(g.dtype)}
        if self.bias_at is not None:
            gradients["bias"] = by_weights[self.inputs].astype(g.dtype)
        return by_times[:, : self.inputs].astype(g.dtype), gradients

    def regularization(self, saved: Any) -> float:
        """Return wake/2 times the squares of what silent neurons lack, summed over samples."""
        if not self.wake:
            return 0.0
        _, _, first, peak, _ = saved
        return 0.5 * self.wake * float(np.sum(self._lacking(first, peak) ** 2))

    def _lacking(self, first: Array, peak: Array) -> Array:
        return np.where(first >= self.end, self.threshold - peak, 0.0)


@cache
def loops() -> ModuleType:
    """Return the module of loops, compiled where numba is there."""
    if not has_numba():
        return first_spike_loops
    return compiled(first_spike_loops, ("layer", "backward"), "first_spikes")
