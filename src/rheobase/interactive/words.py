"""How numbers are written where people read them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def number_labels(values: Sequence[float] | np.ndarray) -> tuple[str, ...]:
    """Write numbers with as many decimals as it takes to tell them apart, all the same.

    Very large and very small ones are written with an exponent.
    """
    numbers = np.asarray(values, np.float64)
    largest = float(np.max(np.abs(numbers), initial=0.0))
    gaps = np.diff(np.unique(numbers))
    smallest = float(gaps.min()) if gaps.size else largest
    if largest and not 1e-4 <= largest < 1e6:
        return tuple(_signed(f"{value:.3g}") for value in numbers)
    for decimals in range(7):
        texts = [f"{value:.{decimals}f}" for value in numbers]
        written = np.array([float(text) for text in texts])
        if np.max(np.abs(written - numbers), initial=0.0) <= 0.02 * smallest:
            break
    return tuple(_signed(text) for text in texts)


def _signed(text: str) -> str:
    """Write minus as minus, and zero without a sign."""
    if float(text) == 0:
        return text.removeprefix("-")
    return text.replace("-", "−")
