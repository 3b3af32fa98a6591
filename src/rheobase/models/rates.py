"""Units whose output is a rate."""

from __future__ import annotations

from typing import Any

from rheobase.errors import UnknownNameError, did_you_mean
from rheobase.models.activations import ACTIVATIONS
from rheobase.models.library import LibraryModel, describe
from rheobase.models.protocols import Protocol, Step


class RateUnitModel(LibraryModel):
    """A rate unit: a `Model` that can also be called with the name of its activation."""

    def __call__(self, f: str | None = None, **parameters: Any) -> LibraryModel:
        """Return a copy with another activation, other values of parameters, or both.

        Parameters
        ----------
        f : str, optional
            The name of an activation: sigmoid, tanh, relu, linear, softplus, step, ...
        **parameters
            As for any model.

        Raises
        ------
        UnknownNameError, UnitError
            If there is no such activation or parameter, or its dimension is another.
        """
        if f is None:
            return super().__call__(**parameters)
        return _rate_unit(f)(**{**self._arguments.parameters, **parameters})


def _rate_unit(f: str) -> LibraryModel:
    """Make a rate unit with an activation."""
    if f not in ACTIVATIONS:
        close = did_you_mean(str(f), ACTIVATIONS)
        raise UnknownNameError(
            f"RateUnit: there is no activation {f!r}"
            + (f"; did you mean {close!r}?" if close else ""),
            mend=f"there are {', '.join(ACTIVATIONS)}",
        )
    return describe(
        "RateUnit",
        make=RateUnitModel,
        title="Rate-coded unit: a rate that follows an activation of its input.",
        equations="""
            dr/dt = (-r + f(gain*(I - threshold)))/tau : 1
            I : 1 (input)
            """,
        functions=[f"f(x) = {ACTIVATIONS[f]}"],
        initial={"r": "f(-gain*threshold)"},
        symbols={"r": "rate", "I": "input: what is injected, and continuous connections"},
        parameters={
            "tau": ("10 ms", "time constant"),
            "gain": (1, "slope of the activation"),
            "threshold": (0, "input at which the argument of f is 0"),
        },
        protocol=Protocol(
            "A step of input: the rate goes to the activation of the input with the time constant"
            " of 10 ms.",
            duration="200 ms",
            stimulus=(Step(2, "50 ms", "120 ms"), Step(-2, "120 ms", "160 ms")),
            draw=("r",),
        ),
        notes=f"""
            Called with `f=` and the name of an activation, it gives the unit that has it:
            {", ".join(ACTIVATIONS)}. Connect rates with `net.connect(..., of="r", to="I")`.
            """,
        source="H. R. Wilson and J. D. Cowan, Biophysical Journal 12 (1972), in the form for"
        " single units of J. J. Hopfield, PNAS 81 (1984).",
        checked="its solution in closed form under a step of input, for every activation.",
    )


RateUnit = _rate_unit("sigmoid")
