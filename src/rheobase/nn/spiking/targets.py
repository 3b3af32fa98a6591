"""Where what arrives at a layer goes: a port of the model, or an input variable.

A port adds f(weight, parameters) to its variables, for every spike; an input variable takes the
weighted sum of the inputs for the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import InternalError, UnknownNameError, WiringError, did_you_mean
from rheobase.language.expressions import Expr, Unary
from rheobase.language.model import Model
from rheobase.lowering.calculus import ZERO, derivative
from rheobase.lowering.program import Program
from rheobase.network.evaluate import FUNCTIONS, evaluate
from rheobase.rendering import effective_weights
from rheobase.units import UNITS, Unit

Floats = NDArray[np.float64]
Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class Target:
    """A port or an input variable of a model.

    Attributes
    ----------
    name
        Of the port or variable.
    is_input
        Whether it is an input variable.
    variables
        What arrivals are added to.
    unit
        The unit in which weights are numbers.
    statements
        By variable, f as an expression in `weight` and parameters; none for inputs.
    """

    name: str
    is_input: bool
    variables: tuple[str, ...]
    unit: Unit
    statements: Mapping[str, Expr]

    def effective(self, program: Program, weights: Floats, parameters: Numbers) -> list[Floats]:
        """Return f(weight, parameters) for every variable, SI; weights (in, units) in `unit`."""
        si = weights * self.unit.scale
        if self.is_input:
            return [si]
        found = [effective_weights(program, self.name, x, si, parameters) for x in self.variables]
        return [np.ascontiguousarray(np.broadcast_to(f, si.shape), float) for f in found]

    def bar_of_weights(self, weights: Floats, parameters: Numbers, bars: list[Floats]) -> Floats:
        """Return d loss/d weights from d loss/d f of every variable: the chain rule."""
        total = np.zeros_like(weights)
        for variable, bar in zip(self.variables, bars, strict=True):
            slope = 1.0 if self.is_input else self._slope(variable, "weight", weights, parameters)
            total += bar * slope * self.unit.scale
        return total

    def bar_of_parameter(self, name: str, weights: Floats, parameters: Numbers,
                         bars: list[Floats]) -> Floats:  # fmt: skip
        """Return d loss/d a parameter that f reads, one entry a unit."""
        total = np.zeros(weights.shape[1])
        for variable, bar in zip(self.variables, bars, strict=True):
            if not self.is_input:
                slope = self._slope(variable, name, weights, parameters)
                total += (bar * np.broadcast_to(slope, weights.shape)).sum(axis=0)
        return total

    def _slope(self, variable: str, name: str, weights: Floats, parameters: Numbers) -> Any:
        by = derivative(self.statements[variable], name)
        if by is None:
            raise InternalError(f"no derivative of {self.statements[variable]} by {name}")
        if by == ZERO:
            return 0.0
        return evaluate(by, {**parameters, "weight": weights * self.unit.scale}, None, FUNCTIONS)


def find_target(model: Model, program: Program, name: str | None, argument: str = "to",
                ports_only: bool = False) -> Target:  # fmt: skip
    """Return the port or input variable that a layer's connections lead to.

    Raises
    ------
    WiringError
        The model takes no spikes, has several ports and none was named, or what arrives at the
        port is handled event by event.
    UnknownNameError
        The model has neither a port nor an input of that name.
    """
    inputs = [] if ports_only else [e.name for e in model.inputs]
    ports = list(program.ports)
    if name is None:
        name = _only(model, ports, argument)
    if name in ports:
        return _port(model, program, name)
    if name in inputs:
        unit = model.unit_of(name)
        return Target(name, True, (name,), unit, {})
    meant = did_you_mean(name, [*ports, *inputs])
    raise UnknownNameError(
        f"{model.name} has no port{'' if ports_only else ' or input'} {name!r}"
        + (f"; did you mean {meant!r}?" if meant else ""),
        mend=f"there are: {', '.join([*ports, *inputs]) or 'none'}",
    )


def _only(model: Model, ports: list[str], argument: str) -> str:
    if len(ports) == 1:
        return ports[0]
    if not ports:
        raise WiringError(
            f"{model.name} does not say what an arriving spike does",
            mend='give the model receives="i_syn += weight", or write to="I" for a layer whose '
            "inputs are added to an input variable",
        )
    raise WiringError(
        f"{model.name} receives spikes at {', '.join(ports)}: which is meant?",
        mend=f'write nn.Spiking(..., {argument}="{ports[0]}")',
    )


def _port(model: Model, program: Program, name: str) -> Target:
    port = program.ports[name]
    if port.event:
        text = "; ".join(s.text for s in model.receives[name])
        raise WiringError(
            f"spikes at {name!r} of {model.name} do not add up: {text!r}",
            expected='statements of the form "x += weight*..." with parameters only: a layer adds '
            "all that arrives in a step at once",
        )
    signed: dict[str, Expr] = {}
    for statement in model.receives[name]:
        own = statement.expression
        signed[statement.target] = Unary("-", own) if statement.operator == "-=" else own
    return Target(name, False, tuple(port.variables), _weight_unit(model, name), signed)


def _weight_unit(model: Model, port: str) -> Unit:
    """Return the unit weights are numbers in: that of a variable they are added to, if it fits."""
    dimension = model.receives_dimension(port)
    for statement in model.receives[port]:
        unit = model.unit_of(statement.target)
        if unit.dimension == dimension:
            return unit
    fitting = [u for u in UNITS.values() if u.dimension == dimension and u.scale == 1.0]
    return fitting[0] if fitting else Unit(str(dimension), 1.0, dimension)
