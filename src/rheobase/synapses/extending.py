"""Extending a model: more equations, and currents that are added to its current input.

A receptor, or a gap junction, says as text what a cell that has one gets: a `Piece`. `extend`
puts pieces into a model. Where an equation reads the input `I`, it then reads `(I + i_ampa)`;
`I` itself stays what is injected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rheobase.errors import EquationError, UnknownNameError, WiringError, did_you_mean
from rheobase.language.definitions import Equation
from rheobase.language.equations import check_parameter_name, parse_equations
from rheobase.language.expressions import names_in
from rheobase.language.model import Model
from rheobase.units import Dimension, parse_unit

AMP = parse_unit("amp").dimension
PER_AREA = parse_unit("amp/metre**2").dimension
VOLT = parse_unit("volt").dimension


@dataclass(frozen=True)
class Piece:
    """What a cell is extended by.

    Attributes
    ----------
    equations
        Lines of the language.
    parameters
        Values by name, as for `Model`.
    receives
        What an arriving spike does, by the name of the port.
    reset
        A statement carried out at a spike of the cell itself, or "".
    input, term
        To the input variable `input` the expression `term` is added wherever the equations
        read it; "" where nothing is added.
    """

    equations: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    receives: Mapping[str, str] = field(default_factory=dict)
    reset: str = ""
    input: str = ""
    term: str = ""

    @property
    def names(self) -> frozenset[str]:
        """Every name the piece defines, ports among them."""
        lines = parse_equations(self.equations) if self.equations.strip() else ()
        return frozenset({e.name for e in lines} | {*self.parameters} | {*self.receives})


def checked_name(name: Any, what: str, of: str, variable: str) -> str | None:
    """Return the name a user gave to a receptor or coupling, or refuse what is none."""
    if name is None:
        return None
    if not isinstance(name, str) or not name.isidentifier():
        raise EquationError(
            f"{what}: {name!r} cannot be the name of {of}",
            mend=f'write name="fast"; what it adds is called {variable}_fast then',
        )
    check_parameter_name(f"{variable}_{name}")
    return name


def extend(model: Model, pieces: Sequence[Piece]) -> Model:
    """Return a model extended by pieces, in their order.

    Raises
    ------
    WiringError
        No equation of the model reads an input that something is to be added to.
    UserError
        The equations of model and pieces do not make a model.
    """
    if not pieces:
        return model
    given = model._arguments
    terms: dict[str, list[str]] = {}
    parameters, receives = dict(given.parameters), dict(given.receives)
    resets = [given.reset] if given.reset else []
    for piece in pieces:
        if piece.term:
            terms.setdefault(piece.input, []).append(piece.term)
        parameters |= piece.parameters
        receives |= piece.receives
        resets += [piece.reset] if piece.reset else []
    lines = given.equations
    if terms:
        _check_read(model.name, lines, terms)
        lines = tuple(_with_terms(text, terms) for text in lines)
    lines += tuple(piece.equations for piece in pieces if piece.equations.strip())
    return type(model)._from_arguments(replace(
        given, equations=lines, parameters=parameters, receives=receives,
        reset="; ".join(resets) or None,
    ))  # fmt: skip


def _check_read(model: str, texts: Sequence[str], inputs: Mapping[str, Sequence[str]]) -> None:
    """Refuse inputs that no line reads, where what is added would be lost."""
    read: set[str] = set()
    for text in texts:
        for equation in parse_equations(text):
            read |= names_in(equation.expression) if equation.expression is not None else set()
    for name, added in inputs.items():
        if name not in read:
            raise WiringError(
                f"no equation of {model} reads its input {name}, so {', '.join(added)} would be "
                "lost",
                mend=f"add {name} to the currents in an equation, such as dv/dt = (... + {name})"
                "/C_m : mV",
            )


def _with_terms(text: str, terms: Mapping[str, Sequence[str]]) -> str:
    """Return the equations with currents added wherever they read an input."""
    written = []
    for equation in parse_equations(text):
        line = equation.text
        for name, added in terms.items():
            if equation.expression is not None and name in names_in(equation.expression):
                sum_ = f"({' + '.join([name, *added])})"
                line = re.sub(rf"(?<![\w.]){name}(?!\w)", sum_, line)
        written.append(line)
    return "\n".join(written)


# -- where a current goes ---------------------------------------------------------------------


def current_input(model: Model, cells: str, to: str | None, call: str) -> Equation:
    """Return the input of a model that currents of synapses are added to.

    Parameters
    ----------
    model
        Of the target.
    cells
        Name of the target, for errors.
    to
        Which input, if there are several; None: the only one that is a current, or `I`.
    call
        What the user called, for errors.

    Raises
    ------
    WiringError, UnknownNameError
        There is none, or several.
    """
    currents = {e.name: e for e in model.inputs if e.unit.dimension in (AMP, PER_AREA)}
    if to is not None:
        if to in currents:
            return currents[to]
        meant = did_you_mean(to, currents)
        raise UnknownNameError(
            f"{call}: {cells!r} has no input of current {to!r}"
            + (f"; did you mean to={meant!r}?" if meant else ""),
            mend=f"it has: {', '.join(currents) or 'none'}",
        )
    if not currents:
        raise WiringError(
            f"{call}: {cells!r} has no input of current that a synapse could be added to",
            mend=_no_input(model),
        )
    if len(currents) > 1 and "I" not in currents:
        raise WiringError(
            f"{call}: {cells!r} has several inputs of current; say which",
            expected=f"one of: {', '.join(currents)}",
            mend=f'write to="{next(iter(currents))}"',
        )
    return currents.get("I") or next(iter(currents.values()))


def _no_input(model: Model) -> str:
    volts = [e.name for e in model.differential if e.unit.dimension == VOLT]
    if volts:
        return (
            "declare one in the equations of the model, `I : pA (input)`, and add it to the "
            f"currents of d{volts[0]}/dt"
        )
    state = model.differential[0].name if model.differential else "v"
    return (
        f"{model.name} has no voltage and no current in the units of these; write the synapse "
        f"into the model, such as rb.Model(\n"
        f'    "d{state}/dt = (... + s)/tau : 1\\n ds/dt = -s/tau_s : 1", receives="s += weight")'
    )


def voltage(model: Model, cells: str, call: str) -> str:
    """Return the name of the state of a model that is its voltage.

    Raises
    ------
    WiringError
        There is none, or several and none is called v.
    """
    volts = [e.name for e in model.differential if e.unit.dimension == VOLT]
    if "v" in volts or len(volts) == 1:
        return "v" if "v" in volts else volts[0]
    if volts:
        raise WiringError(
            f"{call}: {cells!r} has several voltages, {', '.join(volts)}, and none is called v",
            mend="call that of the membrane v in the equations of the model",
        )
    raise WiringError(
        f"{call}: {cells!r} has no voltage: {model.name} has no state in mV",
        mend="write the model with a voltage, `dv/dt = ... : mV`, or use a synapse that is a "
        "current: rb.synapses.ExponentialCurrent(tau=2*ms)",
    )


def scaled(term: str, target: Equation, area: str | None, call: str, cells: str,
           write: str) -> str:  # fmt: skip
    """Return a current as it is added to an input: divided by the area where that is per area.

    Parameters
    ----------
    area
        Name of the parameter that holds the area of the membrane; None: there is none.
    write
        The synapse as the user would write it, up to where the area stands.

    Raises
    ------
    WiringError
        The input is per area, and the area is not known.
    """
    if target.unit.dimension != PER_AREA:
        return term
    if area is None:
        raise WiringError(
            f"{call}: the currents of {cells!r} are per area of membrane, "
            f"`{target.text}`, and the synapse has none",
            mend=f"say how large the cell is: {write}area=20000*um**2)",
        )
    return f"{term}/{area}"


def area_of(model: Model) -> str | None:
    """Return the name of the parameter of a model that is its area of membrane, or None."""
    square: Dimension = parse_unit("metre**2").dimension
    known = {e.name: e for e in model.parameter_equations}
    return "area" if "area" in known and known["area"].unit.dimension == square else None
