"""Kinetic schemes: lines such as `C1 <-> C2 : alpha, beta` as equations of the states.

A state is the fraction of channels that are in it. A line says how fast channels go from one state
to another, and back; `O -> I : k` is one that does not lead back. Each state gets a differential
equation: what comes in, less what goes out, so that all of them sum to what they began with, 1.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rheobase.errors import EquationError
from rheobase.language.definitions import DIFFERENTIAL, SUBEXPRESSION, Equation, Source
from rheobase.language.dimension_check import check_dimension
from rheobase.language.expressions import (
    Binary,
    Call,
    Expr,
    Name,
    Number,
    Span,
    names_in,
    to_text,
)
from rheobase.language.functions import UserFunction, inline
from rheobase.language.parsing import read_expression
from rheobase.language.scanning import blank_comments
from rheobase.units import DIMENSIONLESS, Unit, parse_unit

_ARROW = re.compile(r"<-+>|-+>|<-+|<=+>|↔|⇌|→")
_STATE = re.compile(r"\s*([^\W\d]\w*)\s*$")
_OF_NEURON = re.compile(r"\s*~?\s*(\w+)\s*<->\s*(\w+)\s*\((.*)\)\s*$")
_WRITE = "write one transition a line: C1 <-> C2 : alpha, beta, or O -> I : rate"


@dataclass(frozen=True)
class Transition:
    """One line of a scheme.

    Attributes
    ----------
    text
        The states and the arrow: "C1 <-> C2".
    first, second
        The states.
    rates
        From the first to the second, and back if it leads back.
    source
        The text it stands in.
    span
        Where the line stands there.
    """

    text: str
    first: str
    second: str
    rates: tuple[Expr, ...]
    source: Source
    span: Span


def read_scheme(text: str, label: str) -> tuple[str, tuple[Transition, ...]]:
    """Divide the text of a channel into its scheme and all other lines.

    Parameters
    ----------
    text
        As the user wrote it.
    label
        What it belongs to, for errors.

    Returns
    -------
    str, tuple of Transition
        The text with blanks in place of the scheme, so that places in it stay; the transitions.

    Raises
    ------
    EquationError
        A line with an arrow is no transition.
    """
    plain = textwrap.dedent(text).strip("\n").rstrip()
    source, clean = Source(plain), blank_comments(plain)
    found, rest, start = [], "", 0
    for line in plain.splitlines(keepends=True):
        end = start + len(line.rstrip())
        arrow = _ARROW.search(clean, start, end)
        if arrow is None:
            rest += line
        else:
            found.append(_read(source, clean, (start, end), arrow, label))
            rest += re.sub(r"[^\n]", " ", line)
        start += len(line)
    return (rest, tuple(found)) if found else (text, ())


def _read(source: Source, clean: str, span: Span, arrow: re.Match[str],
          label: str) -> Transition:  # fmt: skip
    start, end = span
    written = clean[start:end]
    span = (start + len(written) - len(written.lstrip()), start + len(written.rstrip()))
    other = _OF_NEURON.match(written)
    if other is not None:
        a, b, rates = other.groups()
        raise EquationError(
            f"{label}: the rates of a transition stand behind a colon",
            place=source.point(span),
            mend=f"write {a} <-> {b} : {rates.strip()}",
        )
    if arrow.group() not in ("<->", "->"):
        raise EquationError(
            f"{label}: {arrow.group()} is no arrow of a scheme",
            place=source.point(arrow.span()),
            mend=_WRITE,
        )
    colon = clean.find(":", arrow.end(), end)
    behind = end if colon < 0 else colon
    states = [_STATE.match(clean[start : arrow.start()]), _STATE.match(clean[arrow.end() : behind])]
    if not (states[0] and states[1]):
        raise EquationError(
            f"{label}: a transition leads from one state to one other",
            place=source.point((span[0], start + len(clean[start:behind].rstrip()))),
            mend=_WRITE,
        )
    first, second = states[0].group(1), states[1].group(1)
    told = f"{first} {arrow.group()} {second}"
    if first == second:
        raise EquationError(
            f"{label}: {told} leads nowhere", place=source.point(span), mend="remove the line"
        )
    parts = [] if colon < 0 else _divided(clean, colon + 1, end)
    wanted = 2 if arrow.group() == "<->" else 1
    if len(parts) != wanted:
        mend = f"write {told} : " + ("alpha, beta" if wanted == 2 else "rate")
        if wanted == 2 and len(parts) == 1:
            mend += f"; if it does not lead back, {first} -> {second} : rate"
        if wanted == 1 and len(parts) == 2:
            mend = f"write {first} <-> {second} if it leads back, too"
        counted = ("no rate", "one rate", "two rates")
        has = counted[len(parts)] if len(parts) < 3 else f"{len(parts)} rates"
        raise EquationError(
            f"{label}: {told} has {has} and needs {('one', 'two, there and back')[wanted - 1]}",
            place=source.point(span),
            mend=mend,
        )
    rates = tuple(read_expression(source, *part, f"{label}, {told}") for part in parts)
    return Transition(told, first, second, rates, source, span)


def _divided(clean: str, start: int, end: int) -> list[Span]:
    """Return the places of what commas outside parentheses divide; none if there is nothing."""
    if not clean[start:end].strip():
        return []
    found, depth, begin = [], 0, start
    for at in range(start, end):
        depth += {"(": 1, ")": -1}.get(clean[at], 0)
        if clean[at] == "," and depth == 0:
            found.append((begin, at))
            begin = at + 1
    return [*found, (begin, end)]


def scheme_text(transitions: Iterable[Transition], scale: str) -> str:
    """Return the equations of the states, in the order in which the scheme names them.

    `scale` is the factor of all rates, "phi", or "".
    """
    into: dict[str, list[str]] = {}
    out: dict[str, list[str]] = {}
    for each in transitions:
        for name in (each.first, each.second):
            into.setdefault(name, [])
            out.setdefault(name, [])
        ways = ((each.first, each.second), (each.second, each.first))
        for (begin, target), rate in zip(ways, each.rates, strict=False):
            flow = f"{_factor(rate)}*{begin}"
            out[begin].append(flow)
            into[target].append(flow)
    lines = []
    for name in into:
        change = " + ".join(into[name]) + "".join(f" - {flow}" for flow in out[name])
        change = change.strip() if into[name] else f"-{change.removeprefix(' - ')}"
        lines.append(f"d{name}/dt = {f'{scale}*({change})' if scale else change} : 1")
    return "\n".join(lines)


def _factor(rate: Expr) -> str:
    text = to_text(rate)
    product = isinstance(rate, Binary) and rate.operator in ("*", "/")
    return text if product or isinstance(rate, (Name, Number, Call)) else f"({text})"


def check_scheme(transitions: Iterable[Transition], lines: Mapping[str, Equation],
                 label: str) -> None:  # fmt: skip
    """Refuse states that another line defines; `lines` are those of the text beside the scheme.

    Raises
    ------
    EquationError
    """
    for each in transitions:
        for name in (each.first, each.second):
            line = lines.get(name)
            if line is not None:
                raise EquationError(
                    f"{label}: {name} is a state of the scheme, and this line defines it too",
                    place=line.source.point(line.name_span),
                    mend="remove the line: the scheme says how its states change",
                )


def check_rates(transitions: Iterable[Transition], units: Mapping[str, Unit],
                functions: Mapping[str, UserFunction], label: str) -> None:  # fmt: skip
    """Refuse rates that are not per time; of names whose units are not known yet, later.

    Raises
    ------
    UnitError
    """
    for each in transitions:
        for written in each.rates:
            rate = inline(written, functions, each.source)
            if names_in(rate) <= units.keys():
                what = f"{label}, {each.text}"
                check_dimension(rate, units, parse_unit("1/ms"), text=each.source.text, what=what,
                                why="a rate is per time, in 1/ms")  # fmt: skip


def scheme_groups(lines: Mapping[str, Equation]) -> list[tuple[str, ...]]:
    """Divide states without a unit that read each other into schemes, in order of writing.

    What an equation reads by way of a subexpression counts.
    """
    states = [e.name for e in lines.values()
              if e.kind == DIFFERENTIAL and e.unit.dimension == DIMENSIONLESS]  # fmt: skip
    group = {name: {name} for name in states}
    for name in states:
        for other in _read_by(name, lines) & group.keys():
            joined = group[name] | group[other]
            group.update(dict.fromkeys(joined, joined))
    found = [tuple(n for n in states if n in group[name]) for name in states]
    return [names for names in dict.fromkeys(found) if len(names) > 1]


def _read_by(name: str, lines: Mapping[str, Equation]) -> set[str]:
    seen: set[str] = set()
    stack = [lines[name].expression]
    while stack:
        expression = stack.pop()
        for other in names_in(expression) - seen if expression is not None else ():
            seen.add(other)
            if other in lines and lines[other].kind == SUBEXPRESSION:
                stack.append(lines[other].expression)
    return seen
