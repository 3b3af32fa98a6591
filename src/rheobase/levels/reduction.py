"""What a reduction has found: the coarser model, and how far its rates are from the finer one's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.language.model import Model
from rheobase.levels.matching import Floats
from rheobase.units import UNITS, Unit, describe, quantity, split_quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class Reduction:
    """A coarser model whose firing rates come near those of a finer one.

    It can be given to `rb.levels.compare` in place of a model, which then knows what its
    units are.

    Attributes
    ----------
    model : Model
        The coarser model.
    fine : Model
        What it was fitted to.
    rates : ndarray, shape (n,)
        Late rates of the finer model [Hz].
    reduced_rates : ndarray, shape (n,)
        Those of the coarser one, run (a rate unit: settled) under the same currents [Hz].
    area : quantity or None
        Membrane that the coarser model stands for, where the finer one is per area.
    current_per_unit, rate_per_unit : quantity or None
        Of a rate unit: what an input of 1 and an output of 1 are.
    """

    model: Model
    fine: Model
    rates: Floats
    reduced_rates: Floats
    area: Any
    current_per_unit: Any
    rate_per_unit: Any
    fitted: tuple[str, ...]
    _currents: Floats
    _unit: Unit

    @property
    def currents(self) -> Any:
        """The currents, a quantity in the unit they were given in."""
        return quantity(self._currents, self._unit)

    @property
    def rate_error(self) -> float:
        """Root mean square of the differences of the rates [Hz]."""
        return float(np.sqrt(np.mean((self.reduced_rates - self.rates) ** 2)))

    @property
    def largest_error(self) -> float:
        """Largest difference of the rates [Hz]."""
        return float(np.abs(self.reduced_rates - self.rates).max())

    def __str__(self) -> str:
        lines = [f"{self.fine.name} as {self.model.name}: rates differ by"
                 f" {self.rate_error:.2f} Hz rms, {self.largest_error:.2f} Hz at most"]  # fmt: skip
        width = max(map(len, self.fitted))
        for name in self.fitted:
            unit = self.model.unit_of(name)
            value = f"{unit.from_si(self.model.defaults[name]):.6g}"
            lines.append(f"  {name:<{width}}  {value}{'' if unit.text == '1' else ' ' + unit.text}")
        for name in ("area", "current_per_unit", "rate_per_unit"):
            if getattr(self, name) is not None:
                magnitude, of = split_quantity(getattr(self, name))
                lines.append(f"  {name}: {magnitude:.6g} {_SHORT.get(of.text, of.text)}")
        head = f"I ({self._unit.text})" if self._unit.text != "1" else "I"
        names = [f"{model.name} (Hz)" for model in (self.fine, self.model)]
        lines.append(f"  {head:>14}  {names[0]:>20}  {names[1]:>16}")
        shown = self._unit.from_si(self._currents)
        for current, rate, own in zip(shown, self.rates, self.reduced_rates, strict=True):
            lines.append(f"  {current:>14.6g}  {rate:>20.2f}  {own:>16.2f}")
        return "\n".join(lines)

    __repr__ = __str__

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw both rates over the current.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure if none is given.

        Returns
        -------
        Axes
        """
        from rheobase.plots import rate_curve
        from rheobase.plots.style import legend, with_unit

        shown = self._unit.from_si(self._currents)
        quantity_name = describe(self._unit.dimension).removeprefix("a ").removeprefix("an ")
        words = with_unit(quantity_name, self._unit.text) if self._unit.text != "1" else "input"
        ax = rate_curve(shown, self.rates, xlabel=words, name=self.fine.name, ax=ax)
        rate_curve(shown, self.reduced_rates, xlabel=words, name=self.model.name, ax=ax)
        legend(ax, beside=False, inside="lower right")
        return ax


_SHORT = {"hertz": "Hz"}


def square_metres(area: float) -> Any:
    """Return an area as a quantity in um**2."""
    micro = UNITS["um"]
    return quantity(area, Unit("um**2", micro.scale**2, micro.dimension**2))
