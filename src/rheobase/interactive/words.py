"""How numbers and units are written where people read them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

_POWERS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_WORDS = {"ohm": "Ω", "second": "s", "metre": "m", "volt": "V", "amp": "A", "siemens": "S",
          "farad": "F", "kohm": "kΩ", "Mohm": "MΩ", "Gohm": "GΩ"}  # fmt: skip
_MICRO = re.compile(r"^u(?=(?:A|V|S|F|m|M|s|W)\b)")


def pretty_unit(text: str) -> str:
    """Return a unit of an equation as it is printed: "uA/cm**2" becomes "µA/cm²", "1" nothing."""
    if text in ("", "1", "dimensionless"):
        return ""
    spelled = re.sub(r"[A-Za-z]+", lambda word: _symbol(word.group()), text)
    raised = re.sub(r"\*\*(-?\d+)", lambda power: power.group(1).translate(_POWERS), spelled)
    return raised.replace("*", "·")


def _symbol(word: str) -> str:
    return _WORDS.get(word) or _MICRO.sub("µ", word)


def with_unit(name: str, unit: str) -> str:
    """Return the label of an axis: "v (mV)"; the name alone without a unit."""
    return f"{name} ({pretty_unit(unit)})" if pretty_unit(unit) else name


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
