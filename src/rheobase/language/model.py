"""`Model`: equations in text, read and checked, with the values of their parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from rheobase.errors import EquationError, UnknownNameError, did_you_mean
from rheobase.language.adding import add
from rheobase.language.building import (
    Arguments,
    Parts,
    build,
    name_ports,
    place_value,
)
from rheobase.language.defined import Defined
from rheobase.language.definitions import PARAMETER, Equation
from rheobase.language.definitions import Statement as Statement
from rheobase.language.describing import describe_model, summarize
from rheobase.language.expressions import Expr
from rheobase.language.functions import UserFunction
from rheobase.language.reading import read_mapping, unknown_parameter
from rheobase.language.values import read_value
from rheobase.units import Dimension, Unit

_OPTIONS = frozenset({"method", "crossing", "initial"})
"""What a copy can have otherwise than its model, parameters apart."""


class Model(Defined):
    """A neuron model: equations, when it spikes, what then happens, values of its parameters.

    Models do not change. Calling one gives a copy with other values, adding text gives a model
    with more equations.

    Parameters
    ----------
    equations : str
        Lines `dx/dt = expression : unit (flags)`, `x = expression : unit` and
        `p : unit (flags)`; flags `unless refractory`, `constant`, `shared`, `input`.
    threshold : str, optional
        When a cell spikes, such as "v > V_T".
    reset : str, optional
        Statements carried out at a spike, such as "v = V_r; w += b".
    refractory : str or quantity, optional
        How long a cell is refractory after a spike: a time, or a condition that holds as long.
        A quantity becomes the parameter `tau_ref`.
    parameters : mapping, optional
        Values by name: quantities, texts ("20 ms"), plain numbers, currents over time (read as
        `drive(t)`). A name the equations read but do not declare is declared by its value.
    initial : mapping or "rest", optional
        Initial values of states, as text, quantities or numbers; "rest": the stable fixed
        point. States not named start at 0.
    receives : str or mapping of str to str, optional
        What an arriving spike does, such as "g_e += weight", by the name of the input.
    method : str
        How the equations are integrated; "auto" chooses.
    crossing : "grid", "linear" or "exact"
        Whether spikes are on the grid of steps, interpolated inside a step, or at the very
        time at which the closed form of the equations crosses the threshold.
    functions : iterable of str
        Functions the equations call, as text: "f(x) = x/(1 + x)".
    name, doc : str
        What the model is called, and where it comes from.

    Attributes
    ----------
    equations : tuple of Equation
        In the order of writing; parameters that only have values come last.
    threshold, refractory : Expr or None
    reset : tuple of Statement
    refractory_kind : "none", "duration" or "condition"
    receives : mapping of str to tuple of Statement
    defaults : mapping of str to float
        Values of parameters in SI units; one without a value is absent.
    currents : mapping of str to current
        Values of parameters that are currents over time.
    time_functions : tuple of str
        The parameters read as `drive(t)`.
    initial : mapping of str to Expr, or "rest"
    functions : mapping of str to UserFunction

    Raises
    ------
    EquationError, UnitError, UnknownNameError
        If the text cannot be read, dimensions do not fit, or names stand for nothing. The
        message shows the place and says how to mend it.

    Examples
    --------
    >>> lif = Model("dv/dt = (E_L - v)/tau_m : mV", threshold="v > V_T", reset="v = E_L",
    ...             parameters=dict(E_L="-65 mV", tau_m="20 ms", V_T="-50 mV"))
    >>> slow = lif(tau_m="50 ms")
    """

    name: str
    doc: str
    equations: tuple[Equation, ...]
    threshold: Expr | None
    reset: tuple[Statement, ...]
    refractory: Expr | None
    refractory_kind: str
    receives: Mapping[str, tuple[Statement, ...]]
    defaults: Mapping[str, float]
    currents: Mapping[str, Any]
    time_functions: tuple[str, ...]
    initial: Mapping[str, Expr] | str
    method: str
    crossing: str
    functions: Mapping[str, UserFunction]
    _arguments: Arguments
    _weights: Mapping[str, Unit]
    _word = "Model"

    def __init__(
        self,
        equations: str,
        *,
        threshold: str | None = None,
        reset: str | None = None,
        refractory: Any = None,
        parameters: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | str | None = None,
        receives: Mapping[str, str] | str | None = None,
        method: str = "auto",
        crossing: str = "grid",
        functions: Iterable[str | UserFunction] = (),
        name: str = "Model",
        doc: str = "",
    ) -> None:
        texts = (functions,) if isinstance(functions, (str, UserFunction)) else functions
        given = {} if parameters is None else parameters
        given = read_mapping(given, "parameters", "parameters=dict(tau=20*ms)")
        arguments = Arguments(
            equations=_texts(equations),
            threshold=threshold,
            reset=reset,
            refractory=refractory,
            parameters=dict(given),
            initial=initial,
            receives=name_ports(receives),
            method=method,
            crossing=crossing,
            functions=tuple(_function_text(text) for text in texts),
            name=name,
            doc=doc,
        )
        self._take(build(arguments))

    @classmethod
    def _from_arguments(cls, arguments: Arguments) -> Model:
        model = cls.__new__(cls)
        model._take(build(arguments))
        return model

    def _take(self, parts: Parts) -> None:
        arguments = parts.arguments
        values: dict[str, Any] = {
            "name": arguments.name,
            "doc": arguments.doc,
            "equations": parts.equations,
            "threshold": parts.threshold,
            "reset": parts.reset,
            "refractory": parts.refractory,
            "refractory_kind": parts.refractory_kind,
            "receives": parts.receives,
            "defaults": parts.defaults,
            "currents": parts.currents,
            "time_functions": parts.time_functions,
            "initial": parts.initial,
            "method": arguments.method,
            "crossing": arguments.crossing,
            "functions": MappingProxyType(parts.functions),
            "_arguments": arguments,
            "_weights": MappingProxyType(dict(parts.weights)),
        }
        self._keep(values)

    # --- looking things up ---

    @property
    def parameter_equations(self) -> tuple[Equation, ...]:
        """The parameters, inputs among them."""
        return tuple(e for e in self.equations if e.kind == PARAMETER)

    @property
    def inputs(self) -> tuple[Equation, ...]:
        """The parameters flagged (input): sums of what is injected in a step."""
        return tuple(e for e in self.parameter_equations if "input" in e.flags)

    @property
    def written_parameters(self) -> frozenset[str]:
        """The parameters that a reset or an arrival writes, which so have a value per cell."""
        blocks = (self.reset, *self.receives.values())
        targets = {statement.target for block in blocks for statement in block}
        return frozenset(targets & {e.name for e in self.parameter_equations})

    def unit_of(self, name: str) -> Unit:
        """Return the unit of a variable or parameter as written in its equation.

        Raises
        ------
        UnknownNameError
        """
        return self.equation(name).unit

    def receives_unit(self, port: str) -> Unit:
        """Return the unit of the weights of an input: that of what it changes, if it can be."""
        if port not in self._weights:
            meant = did_you_mean(port, self._weights)
            hint = f"; did you mean {meant}?" if meant else ""
            raise UnknownNameError(
                f"{self.name} has no input {port!r} for spikes{hint}",
                mend="it receives: " + (", ".join(self._weights) or "no spikes"),
            )
        return self._weights[port]

    def receives_dimension(self, port: str) -> Dimension:
        """Return the dimension `weight` has in the statements of an input.

        Raises
        ------
        UnknownNameError
        """
        return self.receives_unit(port).dimension

    # --- copies ---

    def __call__(self, **parameters: Any) -> Model:
        """Return a copy with other values of parameters.

        `method`, `crossing` and `initial`, which are no parameters of the model, are those of
        `Model`: `model(method="euler")` is integrated in another way.

        Raises
        ------
        UnknownNameError, UnitError
            If the model has no such parameter, or its dimension is another.
        """
        named = _OPTIONS & parameters.keys() - self._by_name.keys()
        if named:
            options = {name: parameters[name] for name in named}
            changed = Arguments(**{**vars(self._arguments), **options})
            values = {name: value for name, value in parameters.items() if name not in named}
            return type(self)._from_arguments(changed)(**values)
        defaults, currents = dict(self.defaults), dict(self.currents)
        for name, given in parameters.items():
            if name not in self._by_name:
                raise unknown_parameter(name, self.equations)
            value = read_value(given, f"the parameter {name}", example=f"{name}=1")
            place_value(self._by_name[name], value, defaults, currents)
            _check_time_function(name, self.time_functions, value.current is not None)
        copy = self.__class__.__new__(self.__class__)
        for attribute, value_of in vars(self).items():
            object.__setattr__(copy, attribute, value_of)
        given_all = {**self._arguments.parameters, **parameters}
        arguments = Arguments(**{**vars(self._arguments), "parameters": given_all})
        object.__setattr__(copy, "_arguments", arguments)
        object.__setattr__(copy, "defaults", MappingProxyType(defaults))
        object.__setattr__(copy, "currents", MappingProxyType(currents))
        return copy

    def __add__(self, other: str | Model) -> Model:
        """Return a model with the equations of both; `other` may be text."""
        if isinstance(other, str):
            added = Arguments(equations=_texts(other))
        elif isinstance(other, Model):
            added = other._arguments
        else:
            return NotImplemented
        return Model._from_arguments(add(self._arguments, added))

    def __reduce__(self) -> tuple[Any, ...]:
        return Model._from_arguments, (self._arguments,)

    # --- printing ---

    def describe(self) -> str:
        """Return equations, spiking and a table of parameters with values and units."""
        return describe_model(self)

    def __repr__(self) -> str:
        return summarize(self)


def _texts(equations: Any) -> tuple[str, ...]:
    if not isinstance(equations, str):
        raise EquationError(
            f"equations: expected a text, got {type(equations).__name__}",
            mend='write rb.Model("dv/dt = -v/tau : mV", ...)',
        )
    if not equations.strip():
        raise EquationError(
            "equations: the text is empty", mend='write rb.Model("dv/dt = -v/tau : mV", ...)'
        )
    return (equations,)


def _function_text(given: Any) -> str:
    if isinstance(given, (str, UserFunction)):
        return str(given)
    raise EquationError(
        f"functions: expected a text, got {type(given).__name__}",
        mend='write functions=["f(x) = x/(1 + x)"]; a model runs no Python',
    )


def _check_time_function(name: str, time_functions: tuple[str, ...], is_current: bool) -> None:
    if is_current and name not in time_functions:
        raise EquationError(
            f"{name} is read as a number, and its value is a current over time",
            mend=f"write {name}(t) in the equations, or inject the current: net.inject(cells, ...)",
        )
    if not is_current and name in time_functions:
        raise EquationError(
            f"{name} is read as a function of time, {name}(t), and its value is a number",
            mend=f"give a current over time: {name}=rb.stimuli.from_array(values, dt)",
        )
