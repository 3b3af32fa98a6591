"""Gates: which names of a text are gates, how each opens, and the lines that say so.

A gate `m` that the current reads is given by rates, `alpha_m` and `beta_m`, by where it goes and
how fast, `m_inf` and `tau_m`, by `m_inf` alone where it follows at once, or by a differential
equation of its own. States whose equations read each other are a scheme. With a `Q10` (or
`Q10_m`) and the temperature `T_ref` it was measured at, its rates are multiplied by
phi = Q10**((temperature - T_ref)/10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rheobase.channels.schemes import scheme_groups
from rheobase.errors import EquationError, UnitError
from rheobase.language.definitions import DIFFERENTIAL, PARAMETER, SUBEXPRESSION, Equation
from rheobase.language.expressions import Binary, Expr, Name, Number, names_in, to_text
from rheobase.units import DIMENSIONLESS, UNITS, Dimension

RATES, RELAXATION, INSTANTANEOUS, WRITTEN = "rates", "relaxation", "instantaneous", "written"
SCHEME = "scheme"
SCALE = "phi"

_PER_TIME = UNITS["Hz"].dimension
_TIME = UNITS["second"].dimension


@dataclass(frozen=True)
class Form:
    """How one gate is given.

    Attributes
    ----------
    name : str
    kind : "rates", "relaxation", "instantaneous", "written" or "scheme"
    scale : str
        The name of the factor of its rates, "phi" or "phi_m"; "" without a Q10.
    states : tuple of str
        Of a scheme: all of them.
    """

    name: str
    kind: str
    scale: str = ""
    states: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The names it is given by."""
        return _parts(self.name).get(self.kind, ())

    @property
    def steady(self) -> str:
        """Where it goes, as text; "" where an equation of its own says it."""
        if self.kind == RATES:
            opens, closes = self.parts
            return f"{opens}/({opens} + {closes})"
        return f"{self.name}_inf" if self.kind in (RELAXATION, INSTANTANEOUS) else ""


def _parts(gate: str) -> dict[str, tuple[str, ...]]:
    return {
        RATES: (f"alpha_{gate}", f"beta_{gate}"),
        RELAXATION: (f"{gate}_inf", f"tau_{gate}"),
        INSTANTANEOUS: (f"{gate}_inf",),
    }


def find_gates(
    equations: Iterable[Equation], values: Iterable[str], read: Iterable[str], label: str
) -> tuple[Form, ...]:
    """Return the gates of a text, in the order of writing.

    Parameters
    ----------
    equations
        The lines of the text.
    values
        The parameters that were given values.
    read
        The names that are read.
    label
        What the text belongs to, for errors.

    Raises
    ------
    EquationError
        Half of a pair is missing, or nothing reads the gate.
    """
    lines = {e.name: e for e in equations}
    values, read = set(values), set(read)
    known = lines.keys() | values
    schemes = {name: group for group in scheme_groups(lines) for name in group}
    found: list[Form] = []
    for line in lines.values():
        if line.name in schemes:
            found.append(Form(line.name, SCHEME, "", schemes[line.name]))
            continue
        gate = _gate_of(line, lines)
        if gate is None or any(form.name == gate for form in found):
            continue
        if gate in lines:  # written out: the other names are its helpers
            if lines[gate].kind == DIFFERENTIAL and line.name == gate:
                found.append(Form(gate, WRITTEN))
            continue
        forms = _parts(gate)
        complete = [kind for kind in (RELAXATION, RATES) if known.issuperset(forms[kind])]
        if gate not in read:
            if complete:
                raise _unread(gate, forms[complete[0]], line, label)
            continue
        if complete:
            found.append(Form(gate, complete[0], _scale(gate, known)))
        elif f"{gate}_inf" in known:
            found.append(Form(gate, INSTANTANEOUS))
        else:
            raise _incomplete(gate, line, known, label)
    return tuple(found)


def _gate_of(line: Equation, lines: Mapping[str, Equation]) -> str | None:
    """Return the gate a line says something of."""
    name = line.name
    if line.kind == DIFFERENTIAL:
        return name if not names_in(_expression(line)) & _states(lines) - {name} else None
    for beginning in ("alpha_", "beta_", "tau_"):
        if name.startswith(beginning):
            return name.removeprefix(beginning)
    return name.removesuffix("_inf") if name.endswith("_inf") else None


def _states(lines: Mapping[str, Equation]) -> set[str]:
    return {e.name for e in lines.values() if e.kind == DIFFERENTIAL}


def _expression(line: Equation) -> Expr:
    assert line.expression is not None
    return line.expression


def _scale(gate: str, known: Iterable[str]) -> str:
    if f"Q10_{gate}" in known:
        return f"{SCALE}_{gate}"
    return SCALE if "Q10" in known else ""


def _unread(gate: str, given: tuple[str, ...], line: Equation, label: str) -> EquationError:
    return EquationError(
        f"{label}: {' and '.join(given)} say how a gate {gate} opens, and nothing reads {gate}",
        place=line.source.point(line.name_span),
        mend=f"multiply the conductance by it, as in I = g*{gate}*(v - E), or remove the lines",
    )


def _incomplete(gate: str, line: Equation, known: set[str], label: str) -> EquationError:
    pair = _parts(gate)[RELAXATION if line.name == f"tau_{gate}" else RATES]
    missing = next(name for name in pair if name not in known)
    unit = "1" if missing.endswith("_inf") else "1/ms"
    return EquationError(
        f"{label}: {line.name} is given, and {missing} is missing: the gate {gate} needs both",
        place=line.source.point(line.name_span),
        mend=f"add a line `{missing} = ... : {unit}`",
    )


def check_units(forms: Iterable[Form], lines: Mapping[str, Equation], label: str) -> None:
    """Refuse rates that are not per time, times that are none, steady states with a unit.

    Raises
    ------
    UnitError
    """
    wanted: dict[str, tuple[Dimension, str, str]] = {}
    for form in forms:
        for part in form.parts:
            is_time = part.startswith("tau_")
            if part.endswith("_inf"):
                wanted[part] = (DIMENSIONLESS, "a plain number from 0 to 1", "1")
            else:
                wanted[part] = (_TIME, "a time", "ms") if is_time else (_PER_TIME, "a rate", "1/ms")
    for name, (dimension, words, unit) in wanted.items():
        line = lines.get(name)
        if line is not None and line.unit.dimension != dimension:
            mend = f"write {line.left} = ... : {unit}"
            if line.kind == PARAMETER:
                mend = f"write {name} : {unit}"
            elif unit == "1/ms" and line.unit.dimension == DIMENSIONLESS:
                mend = f"rates are per time: write {name} = {to_text(_expression(line))}/ms : 1/ms"
            raise UnitError(
                f"{label}: {name} is {words}, and its unit is {line.unit.text}",
                place=line.source.point(line.unit_span),
                mend=mend,
            )


def scaled_lines(forms: Iterable[Form], lines: Mapping[str, Equation]) -> dict[str, Expr]:
    """Return the rates at the temperature of the membrane, by name: times phi, times over phi."""
    changed: dict[str, Expr] = {}
    for form in forms:
        for part in form.parts:
            line = lines.get(part)
            if form.scale and line is not None and line.kind == SUBEXPRESSION:
                factor = Name(form.scale)
                if part.startswith("tau_"):
                    changed[part] = Binary("/", _expression(line), factor)
                elif not part.endswith("_inf"):
                    changed[part] = _times(factor, _expression(line))
    return changed


def _times(factor: Expr, expression: Expr) -> Expr:
    """Return a product with the factor first, phi*4*exp(...), so that constants stay together."""
    if isinstance(expression, Binary) and expression.operator in ("*", "/"):
        return Binary(expression.operator, _times(factor, expression.left), expression.right)
    return factor if expression == Number(1.0) else Binary("*", factor, expression)


def gate_lines(forms: Iterable[Form], scaled: Iterable[str]) -> list[str]:
    """Return the equations of the gates that are not written out.

    `scaled` names the rates that hold phi already; of others, which are parameters, it is put
    before them here.
    """
    lines: list[str] = []
    done = set(scaled)
    for form in forms:
        x = form.name
        factor = {part: f"{form.scale}*" if form.scale and part not in done else ""
                  for part in form.parts}  # fmt: skip
        if form.kind == RATES:
            opens, closes = form.parts
            lines.append(
                f"d{x}/dt = {factor[opens]}{opens}*(1 - {x}) - {factor[closes]}{closes}*{x} : 1"
            )
        elif form.kind == RELAXATION:
            goal, time = form.parts
            lines.append(f"d{x}/dt = {factor[time]}({goal} - {x})/{time} : 1")
        elif form.kind == INSTANTANEOUS:
            lines.append(f"{x} = {x}_inf : 1")
    return lines


def scale_lines(scales: Iterable[str]) -> list[str]:
    """Return the lines of the factors phi, phi_m ... that are read."""
    return [
        f"{scale} = {scale.replace(SCALE, 'Q10', 1)}**((temperature - T_ref)/10) : 1"
        for scale in dict.fromkeys(scales)
    ]
