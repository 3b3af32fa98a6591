"""Sliders from what a user writes: `I=(0, 12)*uA/cm**2`, `kind=["ring", "random"]`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rheobase.errors import ShapeError, UnknownNameError, UserError, did_you_mean
from rheobase.interactive.packing import Floats
from rheobase.interactive.parts import Slider
from rheobase.interactive.player import MOST_SLIDERS, nearest
from rheobase.units import Unit, split_quantity, to_si

MOST_POSITIONS = 20_000
_USUAL = {1: (31,), 2: (21, 9), 3: (13, 7, 5)}
"""How many values the sliders have unless it is said, by the number of sliders."""

_ROUND = (1.0, 2.0, 2.5, 4.0, 5.0)


def read_sliders(
    ranges: Mapping[str, Any], steps: Any, at: Mapping[str, Any] | None,
    units: Mapping[str, Unit] | None = None,
) -> tuple[Slider, ...]:  # fmt: skip
    """Return the sliders a user asks for.

    Parameters
    ----------
    ranges : mapping
        By name: two numbers or quantities, the ends; more of them, or words, the values.
    steps : int or mapping of str to int, optional
        How many values, for those that have only ends.
    at : mapping, optional
        Where they stand at first; in the middle unless given.
    units : mapping of str to Unit, optional
        What each must have the dimension of; anything if it is not named there.

    Raises
    ------
    ShapeError, UnitError, UserError
        No slider or more than three, values that are none, too many positions.
    """
    if not 1 <= len(ranges) <= MOST_SLIDERS:
        raise ShapeError(
            f"rb.interact: {len(ranges)} sliders" if ranges else "rb.interact: no slider",
            expected=f"1 to {MOST_SLIDERS}, each a range",
            mend="write rb.interact(rb.models.LIF, I=(0, 1000)*pA)",
        )
    usual = dict(zip(ranges, _USUAL[len(ranges)], strict=True))
    asked = _read_steps(steps, list(ranges))
    sliders = [
        _read_slider(name, given, asked.get(name), usual[name], (units or {}).get(name))
        for name, given in ranges.items()
    ]
    positions = int(np.prod([slider.size for slider in sliders]))
    if positions > MOST_POSITIONS:
        raise ShapeError(
            f"rb.interact: the sliders have {positions:,} positions, each a run",
            expected=f"at most {MOST_POSITIONS:,}",
            mend=f"write steps=dict({', '.join(f'{slider.name}=9' for slider in sliders)})",
        )
    return tuple(_standing(slider, at or {}) for slider in _checked(sliders, at or {}))


def _checked(sliders: Sequence[Slider], at: Mapping[str, Any]) -> Sequence[Slider]:
    names = [slider.name for slider in sliders]
    for name in at:
        if name not in names:
            guess = did_you_mean(name, names)
            raise UnknownNameError(
                f"rb.interact: at names {name!r}, which is no slider"
                + (f"; did you mean {guess}?" if guess else ""),
                expected=", ".join(names),
            )
    return sliders


def _standing(slider: Slider, at: Mapping[str, Any]) -> Slider:
    place = nearest(slider, at[slider.name]) if slider.name in at else slider.size // 2
    return Slider(slider.name, slider.values, slider.unit, place)


def _read_steps(steps: Any, names: Sequence[str]) -> dict[str, int]:
    given = dict(steps) if isinstance(steps, Mapping) else dict.fromkeys(names, steps)
    for name, count in given.items():
        if name not in names:
            guess = did_you_mean(name, names)
            raise UnknownNameError(
                f"rb.interact: steps names {name!r}, which is no slider"
                + (f"; did you mean {guess}?" if guess else ""),
                expected=", ".join(names),
            )
        whole = isinstance(count, (int, np.integer)) and not isinstance(count, bool)
        if count is not None and not (whole and count >= 2):
            raise ShapeError(
                f"rb.interact: steps of {name} is how many values the slider has",
                expected="a whole number, 2 or more",
                given=repr(count),
                mend="write steps=25",
            )
    return {name: int(count) for name, count in given.items() if count is not None}


def _read_slider(
    name: str, given: Any, steps: int | None, usual: int, unit: Unit | None
) -> Slider:  # fmt: skip
    if isinstance(given, Slider):
        return Slider(name, given.values, given.unit, given.at)
    if unit is None and _are_words(given):
        return Slider(name, list(given))
    if isinstance(given, (list, tuple)) and any(isinstance(v, (bool, np.bool_)) for v in given):
        raise UserError(f"the slider {name} has no range: True and False are no numbers",
                        given=repr(given))  # fmt: skip
    magnitude, own = split_quantity(given, f"the slider {name}")
    values = np.atleast_1d(np.asarray(magnitude, np.float64))
    paste = f"{name}=(0, 1)" if own.text == "1" else f"{name}=(0, 1)*{own.text}"
    if unit is not None:
        example = f"{name}=(0, 1)*{unit.text}" if unit.text != "1" else f"{name}=(0, 1)"
        si = to_si(given, unit.dimension, what=f"the slider {name}", paste=example)
        if own.scale == 1.0 and own.text != unit.text and isinstance(given, (list, tuple)):
            # A list of quantities in several units comes in that of the SI.
            values, own = np.atleast_1d(unit.from_si(si)), unit
    if values.ndim != 1 or values.size < 2 or not np.all(np.isfinite(values)):
        raise ShapeError(
            f"the slider {name} has no range",
            expected="two finite ends, or the values one by one",
            given=str(given),
            mend=f"write {paste}",
        )
    if values.size == 2:
        values = _between(float(values[0]), float(values[1]), steps, usual, name)
    elif steps is not None and steps != values.size:
        raise ShapeError(
            f"the slider {name} has {values.size} values, and steps says {steps}",
            mend="leave steps out, or give only the two ends",
        )
    return Slider(name, [float(f"{value:.12g}") for value in np.sort(values)], own.text)


def _are_words(given: Any) -> bool:
    """Return whether these are things to choose from and no numbers."""
    if not isinstance(given, (list, tuple)) or len(given) < 2:
        return False
    if all(isinstance(value, (bool, np.bool_)) for value in given):
        return True
    return all(isinstance(value, str) and not value.strip()[:1].isdigit()
               and value.strip()[:1] not in "+-." for value in given)  # fmt: skip


def _between(low: float, high: float, steps: int | None, usual: int, name: str) -> Floats:
    """Return values from one end to the other: as many as asked for, or at round steps."""
    if low == high:
        raise ShapeError(
            f"the slider {name} goes from {low:g} to {high:g}",
            expected="two ends that differ",
        )
    low, high = min(low, high), max(low, high)
    if steps is not None:
        return np.linspace(low, high, steps)
    power = 10.0 ** np.floor(np.log10((high - low) / usual))
    best = usual
    for step in (mantissa * scale for scale in (power, 10 * power) for mantissa in _ROUND):
        count = (high - low) / step
        if abs(count - round(count)) < 1e-9 * count and abs(low / step % 0.5) < 1e-9:
            found = round(count) + 1
            if best == usual or abs(found - usual) < abs(best - usual):
                best = found
    return np.linspace(low, high, best if 0.4 * usual <= best <= 1.7 * usual else usual)
