"""What a model is near its rest: a membrane with a resistance and a capacitance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rheobase.errors import EquationError, WiringError
from rheobase.language.model import Model
from rheobase.simulation.rest import is_stable, resting_state
from rheobase.simulation.slopes import Slopes
from rheobase.units import UNITS


class Membrane(NamedTuple):
    """The linear response of v to a small constant current, in SI units.

    Attributes
    ----------
    rest : float
        Where v rests.
    resistance : float
        Change of v by current, once all states have settled: of the membrane, or of an area.
    capacitance : float
        Current by slope of v, before any other state has moved.
    """

    rest: float
    resistance: float
    capacitance: float

    @property
    def tau(self) -> float:
        """Resistance times capacitance, a time constant [s]."""
        return self.resistance * self.capacitance

    def of_area(self, area: float) -> Membrane:
        """Return the membrane of so many square metres of this one, which is per area."""
        return Membrane(self.rest, self.resistance / area, self.capacitance * area)


def has_membrane(model: Model) -> bool:
    """Whether a model has a state v that is a voltage."""
    states = [e.name for e in model.differential]
    return "v" in states and model.unit_of("v").dimension == UNITS["volt"].dimension


def membrane_of(model: Model, entry: str) -> Membrane:
    """Return resistance and capacitance of a model at rest.

    At rest x, with A the derivatives of the slopes by the states and b those by the current, the
    capacitance is 1/b_v and the resistance the entry of v in -inv(A) b.

    Parameters
    ----------
    model : Model
        With a state v that is a voltage.
    entry : str
        The input variable.

    Raises
    ------
    WiringError
        There is no such v, or it does not answer to the current as a membrane does.
    EquationError
        The model does not rest without input.
    """
    if not has_membrane(model):
        raise WiringError(
            f"rb.levels.reduce: {model.name} has no membrane potential v in volts, so it has no"
            " resistance and capacitance",
            mend='reduce it to a rate unit: rb.levels.reduce(model, "RateUnit", currents)',
        )
    rest = resting_state(model, dict(model.defaults), 1)
    slopes = Slopes(model, dict(model.defaults))
    x = np.array([[rest[name][0] for name in slopes.states]]) / slopes.scales
    jacobian = slopes.jacobian(x)[0]
    if not is_stable(jacobian[None])[0]:
        raise EquationError(
            f"rb.levels.reduce: {model.name} does not rest without input, so it has no resting"
            " potential",
            expected="a model that is silent without a current",
        )
    small = 1e-3 * model.unit_of(entry).scale
    up, down = (slopes(x, {entry: sign * small})[0] for sign in (1.0, -1.0))
    by_current = (up - down) / (2 * small)
    place = slopes.states.index("v")
    asked = -by_current
    slopes.bind(jacobian, asked, range(asked.size))
    settled = np.linalg.solve(jacobian, asked)
    volts = float(slopes.scales[place])
    if not (by_current[place] > 0 and settled[place] > 0):
        raise WiringError(
            f"rb.levels.reduce: a small current into {entry} does not depolarize {model.name}"
        )
    return Membrane(
        float(rest["v"][0]), float(settled[place]) * volts, 1.0 / (float(by_current[place]) * volts)
    )
