"""What channels and pools have in common: a text with names of its own, in any membrane.

A text is read once, completed by the lines of its gates, and checked beside the names a membrane
offers. Its own names get the ending `_NAME` in a membrane; the shared ones stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np

from rheobase.channels.gates import (
    SCALE,
    Form,
    check_units,
    find_gates,
    gate_lines,
    scale_lines,
    scaled_lines,
)
from rheobase.channels.reversal import CONSTANTS, FUNCTIONS, VALENCES
from rheobase.channels.schemes import (
    Transition,
    check_rates,
    check_scheme,
    read_scheme,
    scheme_text,
)
from rheobase.errors import (
    EquationError,
    UnitError,
    UnknownNameError,
    UserError,
    did_you_mean,
    point_at,
)
from rheobase.language.building import Arguments
from rheobase.language.defined import Defined
from rheobase.language.definitions import PARAMETER, Equation
from rheobase.language.equations import check_parameter_name, parse_equations
from rheobase.language.expressions import Name, names_in, to_text, walk
from rheobase.language.functions import FUNCTIONS as LANGUAGE_FUNCTIONS
from rheobase.language.functions import UserFunction, collect
from rheobase.language.model import Model
from rheobase.language.names import CONSTANTS as BUILT_IN
from rheobase.language.names import check_twice, is_noise
from rheobase.language.reading import inlined, read_mapping, unknown_parameter
from rheobase.units import UNITS, Unit, parse_unit

NERNST = "nernst"
"""As the value of a reversal potential: that of the ion the channel carries."""

_OTHER_NAMES = {
    "celsius": "temperature", "tadj": "phi", "qt": "phi", "cai": "Ca_i", "cao": "Ca_o",
    "nai": "Na_i", "ki": "K_i", "eca": "nernst_Ca", "ena": "nernst_Na", "ek": "nernst_K",
    "ica": "I_Ca_total", "ina": "I_Na_total", "FARADAY": "F", "V": "v", "Vm": "v", "vm": "v",
}  # fmt: skip
"""What other tools call the names a membrane offers."""
_OTHER_PARAMETERS = {
    "gbar": "g", "gmax": "g", "g_max": "g", "conductance": "g", "pbar": "P", "permeability": "P",
    "e": "E", "e_rev": "E", "erev": "E", "ek": "E", "ena": "E", "eca": "E", "e_na": "E", "e_k": "E",
    "e_l": "E", "g_l": "g", "g_na": "g", "g_k": "g", "reversal": "E", "q10": "Q10", "tref": "T_ref",
    "celsius": "temperature", "temperature": "temperature",
}  # fmt: skip
"""What other tools call the parameters of channels."""


@dataclass(frozen=True)
class MechanismArguments:
    """What a channel or pool was made from, kept to copy it and to store it."""

    equations: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    functions: tuple[str, ...] = ()
    name: str = "channel"
    doc: str = ""
    ions: Mapping[str, Any] = field(default_factory=dict)
    """Of a channel, by ion the current it carries; of a pool, its one ion and its valence."""
    kind: str = ""
    """The name in the library, whatever a copy is called."""


def shared_unit(name: str, ions: Iterable[str]) -> str | None:
    """Return the unit of a name that the membrane offers, or None of any other."""
    if name in ("v", "temperature"):
        return "mV" if name == "v" else "1"
    for ion in (*ions, *VALENCES):
        offered = {f"{ion}_i": "mM", f"{ion}_o": "mM", f"nernst_{ion}": "mV",
                   f"I_{ion}_total": "uA/cm**2"}  # fmt: skip
        if name in offered:
            return offered[name]
    return None


class Mechanism(Defined):
    """Equations that are part of a membrane: what `Channel` and `Pool` have in common.

    Attributes
    ----------
    name : str
        What its variables end with in a membrane.
    equations : tuple of Equation
        Its lines with the names of its text, those of the gates among them.
    defaults : mapping of str to float
        Values of its parameters in SI units.
    forms : tuple of Form
        How its gates are given.
    reads : frozenset of str
        The names of the membrane that it reads: `v`, `temperature`, `Ca_i` ...
    text : str
        What it was written as.
    kind : str
        What the library calls it; of one from a user's text, its name.
    """

    doc: str
    kind: str
    defaults: Mapping[str, float]
    forms: tuple[Form, ...]
    reads: frozenset[str]
    _arguments: MechanismArguments
    _currents: Mapping[str, Any]
    _word = "Channel"
    gated: ClassVar[bool] = True
    """Whether its text can have gates."""

    # -- making ---------------------------------------------------------------------------

    @classmethod
    def _from_arguments(cls, arguments: MechanismArguments) -> Self:
        made = cls.__new__(cls)
        made._take(arguments)
        return made

    def _take(self, arguments: MechanismArguments) -> None:
        parts = _Building(self, arguments).build()
        for line in parts.lines:
            if line.kind == PARAMETER and line.name in parts.defaults:
                _check_sign(line, parts.defaults[line.name], arguments)
        self._keep({
            "name": arguments.name,
            "doc": arguments.doc,
            "kind": arguments.kind or arguments.name,
            "__doc__": arguments.doc or type(self).__doc__,
            "equations": parts.lines,
            "defaults": MappingProxyType(dict(parts.defaults)),
            "_currents": MappingProxyType(dict(parts.currents)),
            "forms": parts.forms,
            "reads": frozenset(parts.reads),
            "_arguments": arguments,
        })  # fmt: skip

    def _exported(self, arguments: MechanismArguments) -> frozenset[str]:
        """Return the names of the text that a membrane knows by the same name."""
        return frozenset()

    def _check(self, lines: Mapping[str, Equation], arguments: MechanismArguments) -> None:
        """Refuse what is none of its kind; `lines` are the lines of the text by name."""

    @property
    def text(self) -> str:
        """The equations as they were written."""
        return self._arguments.equations

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return tuple(e.name for e in self.equations if e.kind == PARAMETER)

    def __call__(self, *, name: str | None = None, **parameters: Any) -> Self:
        """Return a copy with other values of parameters, or under another name.

        Parameters
        ----------
        name : str, optional
            What its variables end with in a membrane.
        **parameters
            Quantities, texts ("50 mV"), plain numbers.

        Raises
        ------
        UnknownNameError, UnitError
            There is no such parameter, or its dimension is another.
        """
        known = [e for e in self.equations if e.kind == PARAMETER]
        given = dict(self._arguments.parameters)
        for key in parameters:
            if key not in given and all(e.name != key for e in known):
                raise self._unknown_parameter(key, known)
        changed = replace(
            self._arguments,
            parameters=given | parameters,
            name=self.name if name is None else checked_name(name, self._word),
        )
        return type(self)._from_arguments(changed)

    def _unknown_parameter(self, name: str, known: list[Equation]) -> UnknownNameError:
        meant = _OTHER_PARAMETERS.get(name.lower())
        if meant == "temperature":
            return UnknownNameError(
                f"{self.kind}: the temperature is that of the membrane",
                mend="write rb.Membrane([...], temperature=37); that of the measurement is T_ref",
            )
        if meant in {e.name for e in known}:
            return UnknownNameError(
                f"parameters: {self.kind} does not read {name}", mend=f"did you mean {meant}?"
            )
        return unknown_parameter(name, known, reader=self.kind)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._from_arguments, (self._arguments,)

    def _key(self) -> tuple[Any, ...]:
        lines = tuple((e.text, e.unit.text) for e in self.equations)
        return type(self), self.name, lines, tuple(sorted(self.defaults.items()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mechanism) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    # -- printing -------------------------------------------------------------------------

    def describe(self) -> str:
        """Return the equations, those of the gates among them, and the values of parameters."""
        first = self.doc.strip().splitlines()[0] if self.doc.strip() else ""
        lines = [f"{self.name}: {first}" if first else self.name]
        lines += [f"  {e.text}" for e in self.equations if e.kind != PARAMETER]
        for e in self.equations:
            if e.kind == PARAMETER and e.name in self.defaults:
                unit = "" if e.unit.text == "1" else f" {e.unit.text}"
                lines.append(f"  {e.name} = {e.unit.from_si(self.defaults[e.name]):.10g}{unit}")
            elif e.kind == PARAMETER:
                lines.append(f"  {e.name} : {e.unit.text}, without a value")
        if self.reads:
            lines.append("  reads of the membrane: " + ", ".join(sorted(self.reads)))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.describe()


_AT_LEAST_ZERO = tuple(
    parse_unit(text).dimension for text in ("siemens/metre**2", "metre/second", "mM")
)
_ABOVE_ZERO = tuple(parse_unit(text).dimension for text in ("second", "metre"))


def _check_sign(line: Equation, value: float, arguments: MechanismArguments) -> None:
    """Refuse what `refuse_sign` does, of a channel or pool.

    Raises
    ------
    UserError
    """
    label = arguments.kind or arguments.name
    refuse_sign(line.name, line.unit, value, f"{label}: {line.name}", f"{line.name}=")


def refuse_sign(name: str, unit: Unit, values: Any, what: str, paste: str) -> None:
    """Refuse a negative conductance, a time or a Q10 that is not above 0.

    Parameters
    ----------
    name, unit
        Of the parameter.
    values
        One or several, in SI units; nan where there is none.
    what
        What errors begin with.
    paste
        What a value is set with: "cells.g_L = ".

    Raises
    ------
    UserError
    """
    least = unit.dimension in _AT_LEAST_ZERO
    above = unit.dimension in _ABOVE_ZERO or name.split("_")[0] == "Q10"
    found = np.atleast_1d(np.asarray(values, np.float64))
    wrong = (found < 0) | (found == 0) & above
    if (least or above) and wrong.any():
        written = "" if unit.text == "1" else f"*{unit.text}"
        raise UserError(
            f"{what} is {'above 0' if above else '0 or more'}",
            given=f"{paste}{unit.from_si(found[np.argmax(wrong)]):g}{written}",
            mend=f"write {paste}1{written}",
        )


def checked_name(name: Any, what: str) -> str:
    """Return the name of a channel or pool, or refuse what is none.

    Raises
    ------
    EquationError
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise EquationError(
            f"{what}: {name!r} cannot be a name",
            mend='write name="Na": its variables are called g_Na, m_Na ... in a membrane',
        )
    check_parameter_name(f"g_{name}")
    return name


class _Building:
    """The steps from a text to a mechanism, in their order."""

    def __init__(self, owner: Mechanism, arguments: MechanismArguments) -> None:
        self.owner, self.arguments = owner, arguments
        self.label = arguments.kind or arguments.name
        self.lines: tuple[Equation, ...] = ()
        self.forms: tuple[Form, ...] = ()
        self.reads: set[str] = set()
        self.defaults: Mapping[str, float] = {}
        self.currents: Mapping[str, Any] = {}
        self.implicit: tuple[Equation, ...] = ()
        self.transitions: tuple[Transition, ...] = ()
        self.text = ""
        """The text, with the equations of the scheme in place of it."""

    def build(self) -> _Building:
        text = self.arguments.equations
        if not isinstance(text, str) or not text.strip():
            what = "is empty" if isinstance(text, str) else f"is {type(text).__name__}"
            raise EquationError(
                f"{self.label}: the text {what}", mend="write " + _EXAMPLES[self.owner._word]
            )
        self._check_lower_case(text)
        given = read_mapping(self.arguments.parameters, f"{self.label}: parameters",
                             "parameters=dict(g=1*mS/cm**2)")  # fmt: skip
        read_by_user = self._with_scheme(text, given)
        check_twice(read_by_user)
        self._check_shared(read_by_user)
        functions = self._functions()
        own = {k: f for k, f in functions.items() if k not in FUNCTIONS}
        written = inlined(read_by_user, own)
        lines = self._with_nernst(written, given)
        names = set[str]().union(*(names_in(e.expression) for e in lines if e.expression))
        if self.owner.gated:
            self.forms = find_gates(lines, given, names, self.label)
        by_name = {e.name: e for e in lines}
        check_units(self.forms, by_name, self.label)
        self.owner._check(by_name, self.arguments)
        self._check_names(lines, given)
        self.lines = self._complete(lines, given)
        return self

    # -- the text -------------------------------------------------------------------------

    def _with_scheme(self, text: str, given: Mapping[str, Any]) -> tuple[Equation, ...]:
        """Return the lines, those of the states of a scheme behind the others."""
        plain, self.transitions = read_scheme(text, self.label)
        if not self.transitions:
            self.text = text
            return parse_equations(text)
        lines = {e.name: e for e in parse_equations(plain)} if plain.strip() else {}
        check_scheme(self.transitions, lines, self.label)
        made = scheme_text(self.transitions, SCALE if "Q10" in {*lines, *given} else "")
        self.text = f"{plain}\n{made}"
        return parse_equations(self.text)

    def _check_lower_case(self, text: str) -> None:
        """Refuse `i = ...`, which in the text of a model is the index of a cell."""
        found = re.search(r"^[ \t]*(i)[ \t]*=(?!=)", text, re.MULTILINE)
        if found is not None:
            raise EquationError(
                f"{self.label}: the current of a channel is called I; i is the index of a cell",
                place=point_at(text, *found.span(1)),
                mend="write I = g*(v - E) : uA/cm**2",
            )

    def _functions(self) -> dict[str, UserFunction]:
        for text in self.arguments.functions:
            name = str(text).partition("(")[0].strip()
            if name in FUNCTIONS:
                raise EquationError(
                    f"{self.label}: {name} is a function of every channel already",
                    mend=f"it is {FUNCTIONS[name].partition(' = ')[0]}; choose another name",
                )
        return collect((*FUNCTIONS.values(), *self.arguments.functions))

    def _check_shared(self, lines: Iterable[Equation]) -> None:
        """Refuse lines that define what is the membrane's."""
        exported = self.owner._exported(self.arguments)
        for line in lines:
            if line.name in exported:
                continue
            if shared_unit(line.name, self.arguments.ions) is not None:
                what = {"v": "the voltage of the membrane", "temperature": "that of the membrane"}
                raise EquationError(
                    f"{self.label}: {line.name} is {what.get(line.name, 'kept by the membrane')};"
                    f" a {self.owner._word.lower()} reads it and does not define it",
                    place=line.source.point(line.name_span),
                    mend="remove the line"
                    if line.kind == PARAMETER
                    else f"remove the line, or choose another name, such as {line.name}_0",
                )

    def _with_nernst(
        self, lines: tuple[Equation, ...], given: Mapping[str, Any]
    ) -> tuple[Equation, ...]:
        """Replace the potentials given as "nernst" by that of the ion."""
        chosen = _potentials(given)
        if not chosen:
            return lines
        ions = list(self.arguments.ions)
        if len(ions) != 1:
            carried = f"carries {', '.join(ions)}" if ions else "does not say what it carries"
            raise EquationError(
                f'{self.label}: {chosen[0]}="nernst" is the potential of one ion, and it {carried}',
                mend='say which: rb.Channel(..., carries="Ca"), or read nernst_Ca in the text',
            )
        by_name = {e.name: e for e in lines}
        made = []
        for name in chosen:
            old = by_name.get(name)
            if old is not None and old.kind != PARAMETER:
                raise EquationError(
                    f'{self.label}: {name}="nernst": {name} is no parameter of the text',
                    place=old.source.point(old.name_span),
                )
            (line,) = parse_equations(f"{name} = nernst_{ions[0]} : mV")
            if old is not None and old.unit.dimension != UNITS["mV"].dimension:
                raise UnitError(
                    f'{self.label}: {name}="nernst" is a voltage, and {name} is in {old.unit.text}',
                    place=old.source.point(old.unit_span),
                )
            made.append(line)
        return (*(e for e in lines if e.name not in chosen), *made)

    # -- names ----------------------------------------------------------------------------

    def _check_names(self, lines: Iterable[Equation], given: Mapping[str, Any]) -> None:
        """Refuse names that stand for nothing, in the words of channels."""
        lines = tuple(lines)
        known = {e.name for e in lines} | given.keys() | {form.name for form in self.forms}
        ions = self.arguments.ions
        read = [(each.text, rate, each.source) for each in self.transitions for rate in each.rates]
        read += [(line.left, line.expression, line.source) for line in lines if line.expression]
        for left, expression, source in read:
            for node in walk(expression):
                if not isinstance(node, Name) or node.id in known:
                    continue
                name = node.id
                if shared_unit(name, ions) is not None or name in CONSTANTS:
                    self.reads.add(name)
                elif name in (SCALE, *(f"{SCALE}_{form.name}" for form in self.forms)):
                    self._check_scale(name, given, source.point(node.span))
                elif name not in UNITS and name not in BUILT_IN and not is_noise(name):
                    raise self._unknown(name, known, f"{self.label}, {left}",
                                        source.point(node.span))  # fmt: skip
        for form in self.forms:
            if form.scale:
                self._check_scale(form.scale, given, "")

    def _check_scale(self, scale: str, given: Mapping[str, Any], place: str) -> None:
        """Require what phi is made of."""
        needed = (scale.replace(SCALE, "Q10", 1), "T_ref")
        declared = {e.name for e in parse_equations(self.text)}
        for name in needed:
            if name not in given and name not in declared:
                raise EquationError(
                    f"{self.label}: {scale} is {needed[0]}**((temperature - T_ref)/10), and"
                    f" {name} is not given",
                    place=place,
                    mend=f"give both: parameters=dict({needed[0]}=3, T_ref=6.3)",
                )
        self.reads.add("temperature")

    def _unknown(self, name: str, known: set[str], label: str, place: str) -> UnknownNameError:
        offered = [*known, "v", "temperature"]
        meant = _OTHER_NAMES.get(name) or did_you_mean(name, offered)
        mend = (
            f"a gate is given by alpha_{name} and beta_{name}, or by {name}_inf and tau_{name};"
            f" a parameter by a line, `{name} : 1`, or by parameters=dict({name}=...)"
        )
        if name in LANGUAGE_FUNCTIONS:
            mend = f"{name} is a function: call it"
        elif meant:
            mend = f"did you mean {meant}?"
        return UnknownNameError(f"{label}: unknown name {name}", place=place, mend=mend)

    # -- completing -----------------------------------------------------------------------

    def _complete(
        self, lines: tuple[Equation, ...], given: Mapping[str, Any]
    ) -> tuple[Equation, ...]:
        """Return all lines with the gates' behind them, after checking them as a model."""
        by_name = {e.name: e for e in lines}
        changed = scaled_lines(self.forms, by_name)
        read = set[str]().union(*(names_in(e.expression) for e in lines if e.expression))
        read |= {form.scale for form in self.forms}
        scales = [s for s in (SCALE, *(f"{SCALE}_{f.name}" for f in self.forms)) if s in read]
        taken = next((s for s in scales if s in by_name), None)
        if taken is not None and any(form.scale == taken for form in self.forms):
            raise EquationError(
                f"{self.label}: {taken} is made from Q10 and T_ref, and defined by the text too",
                place=by_name[taken].source.point(by_name[taken].name_span),
                mend="remove the line, or remove Q10 from the parameters",
            )
        texts = gate_lines(self.forms, changed)
        texts += scale_lines(s for s in scales if s not in by_name)
        made = parse_equations("\n".join(texts)) if texts else ()
        self._check_model(made, given)
        scaled = tuple(
            replace(e, expression=changed[e.name],
                    text=f"{e.left} = {to_text(changed[e.name])} : {e.unit.text}")
            if e.name in changed
            else e
            for e in lines
        )  # fmt: skip
        return (*scaled, *made, *self.implicit)

    def _check_model(self, made: tuple[Equation, ...], given: Mapping[str, Any]) -> None:
        """Check dimensions and values by a model of the text beside what the membrane offers."""
        potentials = _potentials(given)
        read = set[str]().union(*(names_in(e.expression) for e in made if e.expression))
        self.reads |= {name for name in read if shared_unit(name, ()) is not None}
        lines = parse_equations(self.text)
        written = {e.name for e in lines}
        units = {e.name: e.unit for e in lines}
        units |= {n: parse_unit(str(shared_unit(n, self.arguments.ions) or CONSTANTS[n][1]))
                  for n in self.reads}  # fmt: skip
        check_rates(self.transitions, {**UNITS, **units}, self._functions(), self.label)
        context = [e.text for e in made]
        context += [f"{name} : mV" for name in potentials if name not in written]
        for name in sorted(self.reads):
            if name in CONSTANTS:
                value, unit = CONSTANTS[name]
                context.append(f"{name} = {value} : {unit}")
            else:
                context.append(f"{name} : {shared_unit(name, self.arguments.ions)}")
        model = Model._from_arguments(Arguments(
            equations=(self.text, "\n".join(context)),
            parameters={k: v for k, v in given.items() if k not in potentials},
            functions=(*FUNCTIONS.values(), *self.arguments.functions),
            name=self.label,
        ))  # fmt: skip
        self.defaults, self.currents = model.defaults, model.currents
        self.implicit = tuple(e for e in model.equations if e.line == 0)
        self.reads |= {f"nernst_{ion}" for ion in self.arguments.ions if potentials}


def _potentials(given: Mapping[str, Any]) -> list[str]:
    """Return the parameters that are the potential of the ion."""
    return [n for n, value in given.items() if isinstance(value, str) and value == NERNST]


_EXAMPLES = {
    "Channel": 'rb.Channel("I = g*(v - E) : uA/cm**2", parameters=dict(g=1*mS/cm**2, E=-70*mV))',
    "Pool": 'rb.channels.Pool("dCa_i/dt = -I_Ca_total/(2*F*depth) - (Ca_i - rest)/tau : mM", ...)',
}
