"""Texts of channels and pools put together: what their names are called in one membrane."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rheobase.channels.channel import Channel
from rheobase.channels.mechanism import NERNST, Mechanism
from rheobase.channels.pool import Pool
from rheobase.channels.reversal import CONSTANTS
from rheobase.errors import EquationError, WiringError
from rheobase.language.definitions import DIFFERENTIAL, PARAMETER, Equation
from rheobase.language.expressions import Call, Expr, Name, rebuild, substitute, to_text
from rheobase.language.names import is_noise
from rheobase.language.parsing import parse_expression

_USUAL_REVERSAL = {"Na": "50*mV", "K": "-90*mV", "Ca": "120*mV", "Cl": "-70*mV"}
_USUAL_CONCENTRATIONS = {"K": "inside=140*mM, outside=5*mM", "Na": "inside=12*mM, outside=145*mM",
                         "Cl": "inside=10*mM, outside=120*mM"}  # fmt: skip


@dataclass(frozen=True)
class Placed:
    """A channel or pool with its place in a membrane.

    Attributes
    ----------
    mechanism : Mechanism
    ending : str
        What its names end with.
    names : mapping of str to str
        What each name of its text is called in the membrane.
    """

    mechanism: Mechanism
    ending: str
    names: Mapping[str, str]

    @property
    def title(self) -> str:
        """Return what tells it apart in a membrane: the ending of a channel, "pool of Ca"."""
        mechanism = self.mechanism
        return f"pool of {mechanism.ion}" if isinstance(mechanism, Pool) else self.ending

    @property
    def parameters(self) -> dict[str, Any]:
        """The values that were given, by the names of the membrane."""
        given = self.mechanism._arguments.parameters
        return {
            self.names[key]: value
            for key, value in given.items()
            if not (isinstance(value, str) and value == NERNST)
        }

    def renamed(self, expression: Expr) -> Expr:
        """Return an expression of its text in the names of the membrane, constants put in."""
        constants = {
            name: parse_expression(value)
            for name, (value, _) in CONSTANTS.items()
            if name not in self.names
        }
        return renamed(substitute(expression, constants), self.names, self.ending)

    def renamed_text(self, text: str) -> str:
        """Return the text of an expression in the names of the membrane."""
        return to_text(self.renamed(parse_expression(text)))


def renamed(expression: Expr, names: Mapping[str, str], ending: str) -> Expr:
    """Return an expression with other names; white noise gets an ending, too."""
    if isinstance(expression, Name):
        own = f"{expression.id}_{ending}" if is_noise(expression.id) else expression.id
        return Name(names.get(expression.id, own), expression.span)
    made = rebuild(expression, lambda part: renamed(part, names, ending))
    if isinstance(made, Call) and made.function in names:  # a current over time, drive(t)
        return replace(made, function=names[made.function])
    return made


def place(mechanisms: Sequence[Mechanism], reserved: Collection[str]) -> tuple[Placed, ...]:
    """Give every channel and pool an ending with which no two names are the same."""
    taken = set(reserved)
    for mechanism in mechanisms:
        taken |= mechanism._exported(mechanism._arguments)
        taken |= mechanism.reads
        taken |= {f"I_{ion}_total" for ion in mechanism._arguments.ions}
    parts = []
    for mechanism in mechanisms:
        ending, number = mechanism.name, 1
        names = _names(mechanism, ending)
        own = set(names.values()) - mechanism._exported(mechanism._arguments)
        while own & taken:
            number += 1
            ending = f"{mechanism.name}_{number}"
            names = _names(mechanism, ending)
            own = set(names.values()) - mechanism._exported(mechanism._arguments)
        taken |= own
        parts.append(Placed(mechanism, ending, names))
    return tuple(parts)


def _names(mechanism: Mechanism, ending: str) -> dict[str, str]:
    """Return what the names of a text are called with an ending; `g_Na` of Na stays as it is."""
    shared = mechanism._exported(mechanism._arguments)
    names: dict[str, str] = {}
    for name in mechanism.names:
        stem = name.removesuffix(f"_{mechanism.name}")
        names[name] = name if name in shared else f"{stem}_{ending}"
        if list(names.values()).count(names[name]) > 1:
            raise EquationError(
                f"{mechanism.name}: {stem} and {stem}_{mechanism.name} would be one name in a"
                " membrane",
                mend="choose another name for one of them",
            )
    return names


def mechanism_text(part: Placed) -> str:
    """Return the lines of a channel or pool in the names of a membrane."""
    return "\n".join(_line(part, equation) for equation in part.mechanism.equations)


def _line(part: Placed, equation: Equation) -> str:
    name = part.names[equation.name]
    behind = equation.unit.text
    if equation.flags:
        behind += f" ({', '.join(sorted(equation.flags))})"
    if equation.kind == PARAMETER or equation.expression is None:
        return f"{name} : {behind}"
    left = f"d{name}/dt" if equation.kind == DIFFERENTIAL else name
    return f"{left} = {to_text(part.renamed(equation.expression))} : {behind}"


def check_pools(parts: Iterable[Placed]) -> None:
    """Refuse two pools of one ion.

    Raises
    ------
    WiringError
    """
    seen: dict[str, str] = {}
    for part in parts:
        if isinstance(part.mechanism, Pool):
            ion = part.mechanism.ion
            if ion in seen:
                raise WiringError(
                    f"Membrane: two pools keep {ion}, {seen[ion]} and {part.mechanism.name}",
                    mend="leave one of them out",
                )
            seen[ion] = part.mechanism.name


def ion_lines(parts: Sequence[Placed]) -> list[str]:
    """Return the lines of what channels and pools share: sums of currents, potentials of ions.

    Raises
    ------
    WiringError
        Something reads a concentration that no pool keeps.
    """
    check_pools(parts)
    pools = {p.mechanism.ion: p.mechanism for p in parts if isinstance(p.mechanism, Pool)}
    carried: dict[str, list[str]] = {}
    for part in parts:
        if isinstance(part.mechanism, Channel):
            for ion, current in part.mechanism.carries.items():
                carried.setdefault(ion, []).append(part.names[current])
    read = set[str]().union(*(part.mechanism.reads for part in parts))
    lines = []
    ions = dict.fromkeys([*pools, *carried, *(_ion_of(name) for name in sorted(read))])
    for ion in filter(None, ions):
        if f"I_{ion}_total" in read:
            sum_ = " + ".join(carried.get(ion, [])) or "0*uA/cm**2"
            lines.append(f"I_{ion}_total = {sum_} : uA/cm**2")
        if f"nernst_{ion}" in read:
            for side in "io":
                _check_kept(f"{ion}_{side}", f"nernst_{ion}", ion, pools, parts)
            lines.append(
                f"nernst_{ion} = nernst({pools[ion].valence}, {ion}_i, {ion}_o, temperature) : mV"
            )
        for side in "io":
            if f"{ion}_{side}" in read:
                _check_kept(f"{ion}_{side}", f"{ion}_{side}", ion, pools, parts)
    return lines


def _ion_of(name: str) -> str:
    """Return the ion of a shared name: Ca of Ca_i, nernst_Ca and I_Ca_total; "" of others."""
    if name.startswith("nernst_"):
        return name.removeprefix("nernst_")
    if name.endswith(("_i", "_o")):
        return name[:-2]
    return ""


def _pool_of(ion: str, wanted: str) -> str:
    """Write what could keep an ion of which something is read."""
    if ion == "Ca":
        return "rb.channels.CalciumPool"
    if wanted == "Na_i":
        return "rb.channels.SodiumPool"
    return f'rb.channels.Ion("{ion}", {_USUAL_CONCENTRATIONS.get(ion, "...")})'


def _check_kept(
    name: str, wanted: str, ion: str, pools: Mapping[str, Pool], parts: Iterable[Placed]
) -> None:
    if ion in pools and name in pools[ion].names:
        return
    readers = [p.mechanism for p in parts if wanted in p.mechanism.reads]
    reader = readers[0].name
    pool = _pool_of(ion, wanted)
    if ion in pools:
        raise WiringError(
            f"Membrane: {reader} reads {wanted}, and the pool {pools[ion].name} defines no {name}",
            mend=f"give it to the pool: a line `{name} : mM` and a value, parameters=dict({name}="
            "2*mM)",
        )
    mend = f"add a pool of {ion} to the channels: rb.Membrane([..., {pool}])"
    fixed = [key for key, given in readers[0]._arguments.parameters.items()
             if isinstance(given, str) and given == NERNST]  # fmt: skip
    if fixed:
        usual = _USUAL_REVERSAL.get(ion, "-65*mV")
        mend += f", or fix the potential: {fixed[0]}={usual}"
    raise WiringError(
        f"Membrane: {reader} reads {wanted}, and nothing in the membrane keeps {ion}", mend=mend
    )
