"""`Synapse`: what a synapse does when a spike arrives at it, and when its cell spikes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from rheobase.language.defined import Defined
from rheobase.language.definitions import PARAMETER
from rheobase.language.definitions import Equation as Equation
from rheobase.language.definitions import Statement as Statement
from rheobase.language.expressions import Expr, Number, to_text
from rheobase.language.functions import UserFunction
from rheobase.language.reading import unknown_parameter
from rheobase.language.synapse_building import (
    DELIVER,
    SynapseArguments,
    SynapseParts,
    build_synapse,
)
from rheobase.units import Unit


class Synapse(Defined):
    """A synapse with variables of its own: plasticity, depression, anything that spikes change.

    Synapses do not change. Calling one gives a copy with other values. Pass it to
    `net.connect(..., synapse=...)`.

    Every synapse has a `weight`. Where `on_pre` does not say what is handed to the cell,
    `deliver(weight)` comes first. It goes to the input that `net.connect(..., to=)` chooses, so
    what other simulators write as "g_post += w" is not needed.

    Parameters
    ----------
    equations : str
        Lines `dx/dt = expression : unit` (linear, with constant coefficients: they are
        integrated exactly between events), `x = expression : unit` and `p : unit`. A `p` that
        the statements write is a variable that keeps its value in between.
    on_pre : str
        What a spike does when it arrives, after its delay: statements in order, such as
        "deliver(weight); x += 1". `v_post` is the variable v of the cell it arrives at;
        `v_post += ...` is added to it as an arrival.
    on_post : str
        What a spike of the cell does, after all arrivals of its step.
    on_reward : str
        What a reward does to every synapse of the projection, such as "weight += reward*c";
        `reward` is a plain number. Rewards come from `projection.reward(...)` and from spikes of
        the populations named by `projection.reward_by(...)`.
    parameters : mapping
        Values by name: quantities, texts, numbers; arrays with one value a synapse, or
        distributions of `rb.random`.
    initial : mapping
        Values of variables at the start, as texts over parameters, quantities or numbers; 0
        where nothing is said.
    functions : iterable of str
        Functions the text calls: "f(x) = x/(1 + x)".
    name, doc : str
        What it is called, and where it comes from.

    Attributes
    ----------
    kind : str
        "plastic".
    equations : tuple of Equation
    on_pre, on_post, on_reward : tuple of Statement
    defaults : mapping of str to float
        Shared parameters in SI units.
    per_synapse : mapping
        Parameters that were given as arrays or distributions.
    initial : mapping of str to Expr
    variables : tuple of str
        What a synapse has besides its weight.
    weight_unit : Unit or None
        The unit of `weight`, where the text says it; None: that of the input it arrives at.

    Raises
    ------
    EquationError, UnitError, UnknownNameError
        If the text cannot be read, dimensions do not fit, or names stand for nothing. The
        message shows the place and says how to mend it.

    Examples
    --------
    >>> stdp = Synapse(
    ...     "dx/dt = -x/tau : 1",
    ...     on_pre="deliver(weight); x += 1",
    ...     on_post="weight = clip(weight + a*w_max*x, 0*w_max, w_max)",
    ...     parameters=dict(tau="20 ms", a=0.01, w_max="1 nS"))
    """

    kind = "plastic"
    name: str
    doc: str
    equations: tuple[Equation, ...]
    on_pre: tuple[Statement, ...]
    on_post: tuple[Statement, ...]
    on_reward: tuple[Statement, ...]
    defaults: Mapping[str, float]
    per_synapse: Mapping[str, Any]
    initial: Mapping[str, Expr]
    variables: tuple[str, ...]
    weight_unit: Unit | None
    _arguments: SynapseArguments
    _word = "Synapse"
    _beside = ("weight",)

    def __init__(
        self,
        equations: str = "",
        *,
        on_pre: str = "",
        on_post: str = "",
        on_reward: str = "",
        parameters: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        functions: Iterable[str | UserFunction] = (),
        name: str = "Synapse",
        doc: str = "",
    ) -> None:
        texts = (functions,) if isinstance(functions, (str, UserFunction)) else functions
        self._take(build_synapse(SynapseArguments(
            equations=equations, on_pre=on_pre, on_post=on_post, on_reward=on_reward,
            parameters=parameters or {}, initial=initial or {},
            functions=tuple(map(str, texts)), name=name, doc=doc,
        )))  # fmt: skip

    def _take(self, parts: SynapseParts) -> None:
        arguments = parts.arguments
        values: dict[str, Any] = {
            "name": arguments.name,
            "doc": arguments.doc,
            "equations": parts.equations,
            "on_pre": parts.on_pre,
            "on_post": parts.on_post,
            "on_reward": parts.on_reward,
            "defaults": MappingProxyType(parts.defaults),
            "per_synapse": MappingProxyType(parts.per_synapse),
            "initial": MappingProxyType(parts.initial),
            "variables": parts.variables,
            "weight_unit": parts.weight_unit,
            "_arguments": arguments,
        }
        self._keep(values)

    @classmethod
    def _from_arguments(cls, arguments: SynapseArguments) -> Synapse:
        made = cls.__new__(cls)
        made._take(build_synapse(arguments))
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Synapse._from_arguments, (self._arguments,)

    def __call__(self, **parameters: Any) -> Synapse:
        """Return a copy with other values of parameters.

        Raises
        ------
        UnknownNameError, UnitError
            If there is no such parameter, or its dimension is another.
        """
        known = [e.name for e in self.equations if e.kind == PARAMETER]
        for name in parameters:
            if name not in known:
                raise unknown_parameter(name, self.equations, reader=self.name)
        merged = {**self._arguments.parameters, **parameters}
        return Synapse._from_arguments(replace(self._arguments, parameters=merged))

    # --- printing ---

    def describe(self) -> str:
        """Return the equations, the statements and the values of parameters."""
        first = f": {self.doc.strip().splitlines()[0]}" if self.doc.strip() else ""
        lines = [f"{self.name}{first}"]
        lines += [f"  {e.text}" for e in self.equations if e.line]
        lines += [f"  on_pre:  {_written(s)}" for s in self.on_pre]
        lines += [f"  on_post: {_written(s)}" for s in self.on_post]
        lines += [f"  on_reward: {_written(s)}" for s in self.on_reward]
        if self.initial:
            shown = (f"{n} = {_initial(e)}" for n, e in self.initial.items())
            lines.append("  initially: " + "; ".join(shown))
        for name, value in self.defaults.items():
            unit = self.equation(name).unit
            text = "" if unit.text == "1" else f" {unit.text}"
            lines.append(f"  {name} = {unit.from_si(value):.10g}{text}")
        lines += [f"  {name} = {given} (one a synapse)" for name, given in self.per_synapse.items()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.describe()


def _written(statement: Statement) -> str:
    if statement.target == DELIVER:
        return f"deliver({to_text(statement.expression)})"
    return statement.text


def _initial(expression: Expr) -> str:
    return f"{expression.value:.10g}" if isinstance(expression, Number) else to_text(expression)
