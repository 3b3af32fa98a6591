"""What arrives at the cells in each step: inputs times weights, after a delay; and the way back.

    forward     a_j(t) = sum_i sum_k p_ij(k) x_i(t - k) w_ij
    backward    bar w_ij  = sum_t bar a_j(t) sum_k p_ij(k) x_i(t - k)
                bar x_i(t) = sum_j w_ij sum_k p_ij(k) bar a_j(t + k)
                bar d_ij  = sum_t x_i(t) w_ij (bar a_j(t + n + 1) - bar a_j(t + n))

With one delay of d steps p is 1 at k = d. A delay d_ij of its own between n and n + 1 steps is
shared: p is 1 - (d_ij - n) at n, and d_ij - n at n + 1; the last line is its derivative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.nn.spiking.course import Rows
from rheobase.nn.spiking.parts import columns, function_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Delays:
    """A delay in steps for every weight, kept between `low` and `high`."""

    steps: Floats
    low: float
    high: float

    def parts(self) -> tuple[NDArray[np.int64], Floats]:
        """Return whole steps, and how far each delay is on its way to the next."""
        kept = np.clip(self.steps, self.low, self.high)
        whole = np.floor(kept).astype(np.int64)
        return whole, np.ascontiguousarray(kept - whole)


class Product:
    """Inputs (batch, steps, in) times weights (in, units), by variable.

    Parameters
    ----------
    x
        Inputs; of spikes (bool), and of numbers, only what is not 0 is looked at.
    weights
        By variable that arrivals are added to.
    delay
        Steps from an input to its arrival.
    delays
        A delay for each weight, instead.
    compiled
        Whether numba is there.
    """

    def __init__(self, x: NDArray[Any], weights: Mapping[str, Floats], delay: int,
                 delays: Delays | None, compiled: bool) -> None:  # fmt: skip
        spikes = x.dtype == bool
        self.x = np.ascontiguousarray(x, np.bool_ if spikes else np.float64)
        self.weights, self.delay, self.delays = weights, delay, delays
        self.compiled = compiled
        self._listed: tuple[NDArray[np.int64], Rows] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Copies list the inputs again: a table of addresses holds for one object only."""
        return {**vars(self), "_listed": None}

    def forward(self, arriving: Mapping[str, Floats]) -> None:
        """Add what arrives to (steps, batch*units), by variable."""
        for variable, weights in self.weights.items():
            out = arriving[variable]
            if self.compiled:
                job, rows = self._job(weights, out)
                name = "arrive" if self.delays is None else "arrive_delayed"
                function_of("arrivals", name)(rows.at(job))
            else:
                self._forward_numpy(weights, self._by_sample(out, weights))

    def backward(self, arrived: Mapping[str, Floats], with_inputs: bool,
                 ) -> tuple[dict[str, Floats], Floats | None]:  # fmt: skip
        """Return d loss/d weights by variable, with "delays" where they are; d loss/d inputs."""
        found: dict[str, Floats] = {}
        g_x = np.zeros(self.x.shape) if with_inputs else None
        delays_bar = np.zeros_like(self.delays.steps) if self.delays is not None else None
        for variable, weights in self.weights.items():
            bar = arrived[variable]
            found[variable] = np.zeros_like(weights)
            if self.compiled:
                self._backward_compiled(weights, bar, found[variable], delays_bar, g_x)
            else:
                by_sample = self._by_sample(bar, weights)
                self._backward_numpy(weights, by_sample, found[variable], delays_bar, g_x)
        if delays_bar is not None:
            found["delays"] = delays_bar
        return found, g_x

    # -- compiled -------------------------------------------------------------------------

    def _list(self) -> tuple[NDArray[np.int64], Rows]:
        """Return the table of a product, with the inputs that are not 0 listed; made once."""
        if self._listed is None:
            rows, job = Rows(), np.zeros(columns.W_WIDTH, np.int64)
            spikes = self.x.dtype == bool
            job[columns.W_INPUTS], job[columns.W_SIZE] = rows.at(self.x), self.x.size
            job[columns.W_KIND] = columns.BYTES if spikes else columns.NUMBERS
            job[[columns.W_BATCH, columns.W_STEPS, columns.W_IN]] = self.x.shape
            job[columns.W_DELAY] = min(self.delay, self.x.shape[1])
            if self.delays is not None:
                whole, part = self.delays.parts()
                job[columns.W_WHOLE], job[columns.W_PART] = rows.at(whole), rows.at(part)
            # few are spikes: one pass, and another only where there was no room for them
            room = self.x.size // 64 + 1024 if spikes else int(np.count_nonzero(self.x))
            while job[columns.W_COUNT] == 0 or job[columns.W_COUNT] > room:
                room = max(room, int(job[columns.W_COUNT]))
                job[columns.W_COUNT] = room
                job[columns.W_ROWS] = rows.at(np.empty(room, np.int32))
                job[columns.W_PLACES] = rows.at(np.empty(room, np.int32))
                job[columns.W_VALUES] = 0 if spikes else rows.at(np.empty(room))
                function_of("arrivals", "listed")(rows.at(job))
                if job[columns.W_COUNT] == 0:
                    break
            self._listed = job, rows
        return self._listed

    def _job(self, weights: Floats, arrivals: Floats) -> tuple[NDArray[np.int64], Rows]:
        job, rows = self._list()
        job = job.copy()
        job[columns.W_UNITS] = weights.shape[1]
        job[columns.W_WEIGHTS] = rows.at(np.ascontiguousarray(weights))
        job[columns.W_ARRIVALS] = rows.at(arrivals)
        return job, rows

    def _backward_compiled(self, weights: Floats, bar: Floats, weights_bar: Floats,
                           delays_bar: Floats | None, g_x: Floats | None) -> None:  # fmt: skip
        job, rows = self._job(weights, bar)
        job[columns.W_WEIGHTS_BAR] = rows.at(weights_bar)
        job[columns.W_INPUTS_BAR] = 0 if g_x is None else rows.at(g_x)
        if delays_bar is None:
            job[columns.W_WEIGHTS] = rows.at(np.ascontiguousarray(weights.T))
            function_of("arrivals", "arrive_back")(rows.at(job))
        else:
            job[columns.W_DELAYS_BAR] = rows.at(delays_bar)
            function_of("arrivals", "arrive_delayed_back")(rows.at(job))

    # -- with NumPy -----------------------------------------------------------------------

    def _by_sample(self, values: Floats, weights: Floats) -> Floats:
        """Look at (steps, batch*units) as (batch, steps, units)."""
        steps, units = self.x.shape[1], weights.shape[1]
        return values.reshape(steps, -1, units).transpose(1, 0, 2)

    def _shares(self) -> list[tuple[int, Any]]:
        """Return every delay k there is, with p(k)."""
        if self.delays is None:
            return [(min(self.delay, self.x.shape[1]), 1.0)]
        whole, part = self.delays.parts()
        last = int(whole.max()) + 1
        return [
            (k, np.where(whole == k, 1.0 - part, np.where(whole + 1 == k, part, 0.0)))
            for k in range(int(whole.min()), min(last, self.x.shape[1] - 1) + 1)
        ]

    def _forward_numpy(self, weights: Floats, out: Floats) -> None:
        steps = self.x.shape[1]
        for k, share in self._shares():
            out[:, k:] += self.x[:, : steps - k] @ (weights * share)

    def _backward_numpy(self, weights: Floats, bar: Floats, weights_bar: Floats,
                        delays_bar: Floats | None, g_x: Floats | None) -> None:  # fmt: skip
        steps = self.x.shape[1]
        for k, share in self._shares():
            early, late = self.x[:, : steps - k], bar[:, k:]
            each = np.einsum("bti,btj->ij", early.astype(float), late)
            weights_bar += share * each
            if g_x is not None:
                g_x[:, : steps - k] += late @ (weights * share).T
            if delays_bar is not None and self.delays is not None:
                whole, _ = self.delays.parts()
                sign = np.where(whole + 1 == k, 1.0, np.where(whole == k, -1.0, 0.0))
                delays_bar += sign * weights * each
