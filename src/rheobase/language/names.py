"""Does every name of a model stand for something, once, and not for itself?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rheobase.errors import EquationError, UnknownNameError, did_you_mean
from rheobase.language.definitions import SUBEXPRESSION, Equation, Source
from rheobase.language.equations import RESERVED
from rheobase.language.expressions import Call, Expr, Name, names_in, walk
from rheobase.language.functions import FUNCTIONS, suggest_function, wrong_arity
from rheobase.units import UNITS, suggest_unit

CONSTANTS = frozenset({"t", "dt", "pi", "i", "N"})


def is_noise(name: str) -> bool:
    """Tell whether a name is white noise, `xi` or `xi_NAME`."""
    return name == "xi" or name.startswith("xi_")


def check_twice(equations: Sequence[Equation]) -> None:
    """Refuse a name that is defined twice, naming both lines."""
    first: dict[str, Equation] = {}
    for equation in equations:
        other = first.setdefault(equation.name, equation)
        if other is not equation:
            raise EquationError(
                f"{equation.name} is defined twice, in line {other.line} and in line"
                f" {equation.line}"
                + ("" if equation.source == other.source else " of what is added"),
                place=other.source.point(other.name_span)
                + "\n"
                + equation.source.point(equation.name_span),
                mend=f"remove one, or give one another name: {other.name}_2",
            )


_LIKE_A_DERIVATIVE = re.compile(r"d_?([^\W\d]\w*?)(_?dt)?")


def check_derivatives(
    equations: Sequence[Equation], parameters: Iterable[str], read: Iterable[str]
) -> None:
    """Refuse `dv = ...` and `dvdt = ...` where the derivative of v was meant.

    Parameters
    ----------
    equations : sequence of Equation
    parameters : iterable of str
        Names that were given values.
    read : iterable of str
        Names the model reads or assigns to.

    Raises
    ------
    EquationError
        If v stands for nothing, and is read or the subexpression is called dvdt. Beside a v,
        differences may be called dv.
    """
    defined = {*(equation.name for equation in equations), *parameters, *RESERVED, *UNITS}
    read = set(read)
    for equation in equations:
        match = _LIKE_A_DERIVATIVE.fullmatch(equation.name)
        if equation.kind != SUBEXPRESSION or match is None:
            continue
        name = match.group(1)
        if name not in defined and (name in read or match.group(2)):
            raise EquationError(
                f"{equation.name} = ... defines a value called {equation.name},"
                f" not the derivative of {name}",
                place=equation.source.point(equation.name_span),
                mend=f"write d{name}/dt = ...",
            )


def check_cycles(subexpressions: Iterable[Equation]) -> None:
    """Refuse subexpressions that are defined by themselves, naming the way round."""
    by_name = {equation.name: equation for equation in subexpressions}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = [*path[path.index(name) :], name]
            equation = by_name[name]
            raise EquationError(
                f"{name} is defined by itself: {' -> '.join(circle)}",
                place="\n".join(
                    by_name[member].source.point(by_name[member].name_span)
                    for member in circle[:-1]
                ),
                mend=f"a variable that acts on itself has a derivative: d{equation.name}/dt = ...",
            )
        if name in done:
            return
        expression = by_name[name].expression
        assert expression is not None
        for read in sorted(names_in(expression) & by_name.keys()):
            visit(read, (*path, name))
        done.add(name)

    for name in by_name:
        visit(name, ())


def unknown_name(
    name: str, known: Iterable[str], *, label: str, place: str, declare: bool = True
) -> UnknownNameError:
    """Return the error for a name that stands for nothing, with what was probably meant."""
    known = tuple(known)
    meant = did_you_mean(name, known)
    unit = suggest_unit(name)
    if name == "weight":
        mend = "weight is what an arriving spike brings: use it in receives="
    elif name in ("j", "refractory_left", "last_spike"):
        mend = f"{name} is {RESERVED[name]}; it cannot be read here"
    elif name in FUNCTIONS:
        arity = FUNCTIONS[name].arity
        mend = f"{name} is a function: call it, {name}({', '.join('xyz'[:arity])})"
    elif name in ("e", "E"):
        mend = "write exp(1)"
    elif name.removesuffix("_post") in known:
        mend = f"write {name.removesuffix('_post')}: it is that of the cell the text belongs to"
    elif meant:
        mend = f"did you mean {meant}?"
    elif unit and unit != "1":
        mend = f"did you mean the unit {unit}?"
    elif declare:
        mend = (
            f"declare it on a line, `{name} : {_likely_unit(name)}`, or give it:"
            f" parameters=dict({name}=...), or is it misspelt?"
        )
    else:
        mend = "known here: " + ", ".join(known)
    return UnknownNameError(f"{label}: unknown name {name}", place=place, mend=mend)


def _likely_unit(name: str) -> str:
    """Return the unit that a line which declares a name most likely has."""
    first = name.split("_")[0].lower()
    likely = {"tau": "ms", "t": "ms", "g": "nS", "c": "pF", "i": "pA", "r": "Mohm"}
    return likely.get(first, "ms" if first.startswith("tau") else "mV")


def check_names(
    expression: Expr,
    known: Iterable[str],
    *,
    source: Source,
    label: str,
    noise: bool = False,
    time_functions: Iterable[str] = (),
    extra: Iterable[str] = (),
    declare: bool = True,
) -> None:
    """Refuse names and functions an expression may not read.

    Parameters
    ----------
    expression : Expr
    known : iterable of str
        Names of the model.
    source : Source
        Where the expression was read from.
    label : str
        What it is: "dv/dt", "the threshold".
    noise : bool
        Whether white noise may stand here.
    time_functions : iterable of str
        Parameters that are read at a time, `drive(t)`.
    extra : iterable of str
        Reserved names that may be read here, beside t, dt, pi, i and N.
    declare : bool
        Whether the user can declare a name, which the error then says.

    Raises
    ------
    UnknownNameError, EquationError
    """
    known, functions = tuple(known), tuple(time_functions)
    allowed = {*known, *UNITS, *CONSTANTS, *extra}
    for node in walk(expression):
        if isinstance(node, Call):
            _check_call(node, known, functions, source, label)
        if not isinstance(node, Name):
            continue
        if node.id in functions:
            raise EquationError(
                f"{label}: {node.id} is a function of time",
                place=source.point(node.span),
                mend=f"write {node.id}(t)",
            )
        if node.id in allowed:
            continue
        if is_noise(node.id):
            if noise:
                continue
            raise EquationError(
                f"{label}: {node.id} is white noise, which has no value at a moment",
                place=source.point(node.span),
                mend="write it in a differential equation, such as"
                " dv/dt = -v/tau + sigma*sqrt(2/tau)*xi; for a random number write randn()",
            )
        raise unknown_name(
            node.id, known, label=label, place=source.point(node.span), declare=declare
        )


def _check_call(
    call: Call, known: Sequence[str], functions: Sequence[str], source: Source, label: str
) -> None:
    name = call.function
    place = source.point((call.span[0], call.span[0] + len(name)))
    if name in functions:
        if call.arguments != (Name("t"),):
            raise EquationError(
                f"{label}: a current over time is read at the time of the step",
                place=source.point(call.span),
                mend=f"write {name}(t)",
            )
        return
    if name in known:
        raise EquationError(
            f"{label}: {name} is a variable, not a function",
            place=place,
            mend=f"write {name}*(...)",
        )
    if name not in FUNCTIONS:
        meant = suggest_function(name, FUNCTIONS) or did_you_mean(name, FUNCTIONS)
        mend = (
            f"did you mean {meant}?"
            if meant
            else "the functions are: " + ", ".join(FUNCTIONS) + "; others are given as text:"
            f' functions=["{name}(x) = ..."]'
        )
        raise UnknownNameError(f"{label}: unknown function {name}", place=place, mend=mend)
    arity = FUNCTIONS[name].arity
    if len(call.arguments) != arity:
        raise EquationError(
            f"{label}: {wrong_arity(name, arity, len(call.arguments))}",
            place=source.point(call.span),
            mend=f"write {name}({', '.join(['x', 'y', 'z'][:arity])})"
            if name != "clip"
            else "write clip(x, low, high)",
        )
