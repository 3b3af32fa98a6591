"""Rates within limits: what a layer adds to the loss where its units fire too little or too much.

    forward    r = spikes/duration            R = strength * mean over units of
                                                  max(0, low - r)^2 + max(0, r - high)^2
    backward   dR/ds(t) = strength * 2 (max(0, r - high) - max(0, low - r))/(duration * units)

for each sample, with rates in Hz; over a batch R is the mean, like the loss itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import UserError
from rheobase.units import UNITS, to_si

Floats = NDArray[np.float64]
PASTE = "rate_target=(1*Hz, 50*Hz)"


@dataclass(frozen=True)
class RateLimits:
    """Rates between `low` and `high`, in Hz, cost nothing."""

    low: float
    high: float
    strength: float

    def loss(self, counts: NDArray[Any], seconds: float) -> float:
        """Return the sum over samples of what counts (samples, units) add to the loss."""
        below, above = self._outside(counts, seconds)
        return float(self.strength * (below**2 + above**2).mean(axis=1).sum())

    def slope(self, counts: NDArray[Any], seconds: float) -> Floats:
        """Return d loss/d spike of any time, (samples, units)."""
        below, above = self._outside(counts, seconds)
        slope: Floats = self.strength * 2.0 * (above - below) / (seconds * counts.shape[1])
        return slope

    def _outside(self, counts: NDArray[Any], seconds: float) -> tuple[Floats, Floats]:
        rates = counts / seconds
        return np.maximum(self.low - rates, 0.0), np.maximum(rates - self.high, 0.0)


def rate_limits(target: Any, strength: float) -> RateLimits | None:
    """Read the argument `rate_target`: a rate, or the smallest and the largest.

    Raises
    ------
    UnitError
        What is given is no rate.
    UserError
        The smallest is above the largest.
    """
    if target is None:
        return None
    pair = target if isinstance(target, tuple) and len(target) == 2 else (target, target)
    hertz = UNITS["Hz"].dimension
    low, high = (
        float(to_si(rate, hertz, what="nn.Spiking: rate_target", paste=PASTE)) for rate in pair
    )
    if not 0 <= low <= high:
        raise UserError(
            f"nn.Spiking: rate_target goes from {low:g} Hz to {high:g} Hz",
            expected="the smallest rate first, then the largest",
            mend=PASTE,
        )
    return RateLimits(low, high, float(strength))
