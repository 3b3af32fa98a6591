"""What stands for the derivative of a spike in the reverse of a step.

Whether a cell spikes is a step function of its margin, the threshold's left side less its right
side. Its derivative is 0 wherever there is one, so nothing that counts spikes could be learned. A
surrogate takes a curve of m = margin/scale in its place, in the backward pass only: what a cell
does is the same with every surrogate.

Each curve is a text in `m` and `slope`; `Surrogate` says which one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from rheobase.errors import UserError, did_you_mean
from rheobase.units import split_quantity


@dataclass(frozen=True)
class Curve:
    """A curve in place of the derivative of a spike by m = margin/scale.

    Attributes
    ----------
    text
        The curve in `m` and `slope`, in the language of models.
    slope
        What `slope` is if not said.
    source
        Where it is from.
    """

    text: str
    slope: float
    source: str


CURVES: Mapping[str, Curve] = MappingProxyType({
    "fast_sigmoid": Curve(
        "1/((1 + slope*abs(m))*(1 + slope*abs(m)))", 100.0,
        "Zenke & Ganguli 2018; slope of SpyTorch (Neftci, Mostafa & Zenke 2019)",
    ),
    "sigmoid": Curve(
        "slope*exp(-slope*abs(m))/((1 + exp(-slope*abs(m)))*(1 + exp(-slope*abs(m))))", 4.0,
        "the derivative of 1/(1 + exp(-slope*m)); 1 at the threshold with slope 4",
    ),
    "arctan": Curve(
        "0.5*slope/(1 + (0.5*pi*slope*m)*(0.5*pi*slope*m))", 2.0,
        "Fang et al. 2021; the derivative of arctan(pi/2*slope*m)/pi",
    ),
    "triangle": Curve(
        "0.3*maximum(0, 1 - slope*abs(m))", 1.0, "Bellec et al. 2018, dampened by 0.3",
    ),
    "straight_through": Curve(
        "where(slope*abs(m) < 0.5, 1, 0)", 1.0, "Bengio, Leonard & Courville 2013, in a window",
    ),
    "none": Curve("0", 1.0, "the true derivative"),
})  # fmt: skip
"""The curves by name."""


@dataclass(frozen=True)
class Surrogate:
    """Which curve stands for the derivative of a spike.

    Parameters
    ----------
    kind
        "fast_sigmoid", ``1/(1 + slope*abs(m))**2``; "sigmoid", the derivative of the logistic
        function; "arctan"; "triangle"; "straight_through", 1 where ``abs(m) < 1/2``; "none", the
        true derivative, 0.
    slope
        How narrow it is; None takes that of the publication it is from.
    scale
        What the margin is divided by, a quantity such as ``10*mV`` or a number in SI units; None
        takes the distance of the threshold from the reset, ``abs(V_T - V_r)``, of each cell. It is
        taken as a constant.

    Raises
    ------
    UserError
        There is no such curve, or slope or scale is not positive.

    Examples
    --------
    >>> Surrogate("fast_sigmoid").curve(0.01)
    0.25
    """

    kind: str = "fast_sigmoid"
    slope: float | None = None
    scale: Any = None

    def __post_init__(self) -> None:
        if self.scale is not None and not isinstance(self.scale, int | float | np.number):
            number, unit = split_quantity(self.scale, "the scale of a surrogate")
            object.__setattr__(self, "scale", float(unit.to_si(number)))
        if self.kind not in CURVES:
            meant = did_you_mean(self.kind, CURVES)
            raise UserError(
                f"there is no surrogate {self.kind!r}"
                + (f"; did you mean {meant}?" if meant else ""),
                mend="they are: " + ", ".join(CURVES),
            )
        for name, value in (("slope", self.slope), ("scale", self.scale)):
            if value is not None and not (np.isfinite(value) and value > 0):
                raise UserError(
                    f"the {name} of a surrogate has to be positive, got {value!r}",
                    mend=f"Surrogate({self.kind!r}, {name}=1.0)",
                )

    @property
    def steepness(self) -> float:
        """The slope, that of the publication where none was given."""
        return CURVES[self.kind].slope if self.slope is None else self.slope

    @property
    def text(self) -> str:
        """The curve as a text in `m` and `slope`."""
        return CURVES[self.kind].text

    def curve(self, m: Any) -> Any:
        """Return the curve at m = margin/scale, a number or an array."""
        from rheobase.language.parsing import parse_expression
        from rheobase.network.evaluate import evaluate

        names = {"m": np.asarray(m, float), "slope": self.steepness}
        value = np.asarray(evaluate(parse_expression(self.text), names), float)
        return value[()] if value.ndim else float(value)


def surrogate(given: str | Surrogate) -> Surrogate:
    """Return a surrogate by its name, or as it is.

    Raises
    ------
    UserError
        There is no such curve.
    """
    if isinstance(given, Surrogate):
        return given
    if isinstance(given, str):
        return Surrogate(given)
    raise UserError(
        f"expected the name of a surrogate, got {given!r}", mend="they are: " + ", ".join(CURVES)
    )
