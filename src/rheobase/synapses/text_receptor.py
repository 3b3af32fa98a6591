"""A receptor of one's own: the text of what a spike opens, for point cells and for places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from rheobase.channels.joining import renamed
from rheobase.errors import EquationError, UnknownNameError, UserError
from rheobase.language.definitions import DIFFERENTIAL, PARAMETER, Equation
from rheobase.language.equations import parse_equations
from rheobase.language.expressions import names_in, to_text
from rheobase.language.model import Model
from rheobase.language.parsing import parse_statements
from rheobase.language.reading import read_mapping
from rheobase.language.values import read_value
from rheobase.synapses.extending import AMP
from rheobase.synapses.receptors import Receptor
from rheobase.units import parse_unit

_EXAMPLE = (
    'rb.synapses.TextReceptor("dg/dt = -g/tau : nS\\n I = g*(E - v) : pA", receives="g += weight", '
    "parameters=dict(tau=2*ms, E=0*mV))"
)
_CURRENT = "I"


class TextReceptor(Receptor):
    """A receptor in your own words: equations of a current, and what an arriving spike does.

    It ends at point cells and at places on cells with a morphology. Its names get an ending:
    `g` of a receptor called `own` is `g_own` in the cells, and its current `I` is `i_own`.

    Parameters
    ----------
    equations : str
        Lines of the language of models. One of them is the current into the cell,
        ``I = g*(E - v) : pA``; `v` is the voltage where the receptor is.
    receives : str
        What an arriving spike does: "g += weight".
    parameters : mapping
        Values by name; a name that no line declares has the dimension of its value.
    name : str, optional
        What its variables are called after; `receptor` if not given.
    area : quantity, optional
        Membrane of the cell, for models whose input is a current per area.

    Raises
    ------
    EquationError, UnitError, UnknownNameError
        The text cannot be read, has no current, or a parameter has no value.

    Examples
    --------
    >>> shunt = TextReceptor(
    ...     "dg/dt = -g/tau : nS\\n I = g*(E - v)/(1 + g/g_max) : pA",
    ...     receives="g += weight",
    ...     parameters=dict(tau="5 ms", E="-70 mV", g_max="20 nS"))
    """

    label = "receptor"
    units: ClassVar[Mapping[str, str]] = {}
    times: ClassVar[tuple[str, ...]] = ()

    def __init__(self, equations: str, receives: str, parameters: Mapping[str, Any] | None = None,
                 *, name: str | None = None, area: Any = None) -> None:  # fmt: skip
        for what, text in (("equations", equations), ("receives", receives)):
            if not isinstance(text, str) or not text.strip():
                raise EquationError(
                    f"TextReceptor: {what} is no text", given=repr(text), mend=f"write {_EXAMPLE}"
                )
        given = read_mapping(
            parameters or {}, "TextReceptor: parameters", "parameters=dict(tau=2*ms)"
        )
        self.text, self.arrival = equations, receives
        self._lines = parse_equations(equations)
        self._statements = parse_statements(receives)
        self._check(given)
        self.units = {  # type: ignore[misc]
            key: read_value(value, f"TextReceptor: {key}", example=f"{key}=1").unit.text
            for key, value in given.items()
        } | {e.name: e.unit.text for e in self._lines if e.kind == PARAMETER}
        read = {n for e in self._lines if e.expression is not None for n in names_in(e.expression)}
        self.reads_voltage = "v" in read  # type: ignore[misc]
        second = parse_unit("second").dimension
        self.times = tuple(  # type: ignore[misc]
            key for key in given if parse_unit(self.units[key]).dimension == second
        )
        super().__init__(name, area, given)
        self._try()

    def _check(self, given: Mapping[str, Any]) -> None:
        """Refuse a text without a current, names that mean something else, and missing values."""
        own = {e.name: e for e in self._lines}
        current = own.get(_CURRENT)
        if current is None or current.kind == PARAMETER or current.unit.dimension != AMP:
            raise EquationError(
                "TextReceptor: no line is the current into the cell",
                expected="I = ... : pA",
                given=", ".join(e.left for e in self._lines),
                mend=f"write {_EXAMPLE}",
            )
        for taken in ("v", "weight", "area"):
            if taken in own or taken in given:
                meant = {"v": "the voltage of the cell", "weight": "that of the synapse",
                         "area": "the membrane of the cell, area="}[taken]  # fmt: skip
                raise EquationError(
                    f"TextReceptor: {taken} is {meant}", mend=f"choose another name: {taken}_0"
                )
        missing = [e.name for e in self._lines if e.kind == PARAMETER and e.name not in given
                   and "input" not in e.flags]  # fmt: skip
        if missing:
            raise UnknownNameError(
                f"TextReceptor: {', '.join(missing)} {'has' if len(missing) == 1 else 'have'} no "
                "value",
                mend=f"write parameters=dict({missing[0]}=...)",
            )

    def _try(self) -> None:
        """Refuse what is no model: units, names and statements are read as a cell would."""
        name = self.name or self.label
        try:
            Model(f"v : mV (input)\n{self.equations(name, 'v')}", name=type(self).__name__,
                  parameters={f"{k}_{name}": v for k, v in self._given.items() if k != "area"},
                  receives=self.receives(name))  # fmt: skip
        except UserError as error:
            raise type(error)(f"TextReceptor: {error}") from None

    # -- comparing, printing and saving ---------------------------------------------------

    @property
    def _key(self) -> tuple[Any, ...]:
        return (*super()._key, self.text, self.arrival)

    @property
    def _arguments(self) -> dict[str, Any]:
        parameters = {k: v for k, v in self._given.items() if k != "area"}
        return {"equations": self.text, "receives": self.arrival, "parameters": parameters,
                "name": self.name, "area": self._given.get("area")}  # fmt: skip

    def _written(self, *, name: bool = True) -> str:
        values = super()._written(name=False).partition("(")[2]
        lines = re.sub(r"\s*\n\s*", r"\\n ", self.text.strip())
        parts = [f'"{lines}"', f'receives="{self.arrival}"']
        parts += [f"parameters=dict({values})"] if values else []
        parts += [f'name="{self.name}"'] if name and self.name is not None else []
        return f"rb.synapses.TextReceptor({', '.join(parts)}"

    # -- extending ------------------------------------------------------------------------

    def _names(self, name: str, v: str) -> dict[str, str]:
        own = {e.name for e in self._lines} | {*self._given}
        return {n: f"{n}_{name}" for n in own} | {_CURRENT: f"i_{name}", "v": v}

    def equations(self, name: str, v: str) -> str:
        """Return the lines, with the names they have in a cell."""
        names = self._names(name, v)
        return "\n".join(_line(equation, names, name) for equation in self._lines)

    def receives(self, name: str) -> dict[str, str]:
        """Return what an arriving spike does, with the names of the cell."""
        names = self._names(name, "v")
        return {name: "; ".join(
            f"{names.get(s.target, s.target)} {s.operator} "
            f"{to_text(renamed(s.expression, names, name))}" for s in self._statements
        )}  # fmt: skip


def _line(equation: Equation, names: Mapping[str, str], ending: str) -> str:
    flags = f" ({', '.join(sorted(equation.flags))})" if equation.flags else ""
    left, behind = names[equation.name], f" : {equation.unit.text}{flags}"
    if equation.expression is None:
        return left + behind
    left = f"d{left}/dt" if equation.kind == DIFFERENTIAL else left
    return f"{left} = {to_text(renamed(equation.expression, names, ending))}{behind}"
