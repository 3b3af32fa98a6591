"""The exact solution of linear equations, coupled ones too, by the matrix exponential.

For dx/dt = A*x + b with A and b held during the step, x(t + dt) = P*x + Q*b with
P = exp(A*dt) and Q = integral of exp(A*s) over the step. P and Q are prepared once, from
parameters and dt. Inputs are held during the step, as everywhere.
"""

from __future__ import annotations

from rheobase.language.expressions import Expr
from rheobase.lowering.builder import Value
from rheobase.lowering.calculus import ZERO, linear_form
from rheobase.lowering.integrators.registry import Method, register
from rheobase.lowering.program import Level
from rheobase.lowering.system import Note, System

Matrix = dict[str, dict[str, Expr]]
Entries = dict[tuple[str, str], Value]


def step(system: System) -> dict[str, Value]:
    """P*x + Q*b; variables that go on while others are held have a P and Q of their own."""
    free = propagate(system, frozenset())
    if not system.holds_matter or system.held is None:
        return free
    while_held = propagate(system, system.held_names)
    return {
        name: value if name in system.held_names
        else system.graph.select(system.held, while_held[name], value)
        for name, value in free.items()
    }  # fmt: skip


def propagate(system: System, held: frozenset[str]) -> dict[str, Value]:
    """Return the states after the step, `held` variables constant."""
    table = system.matrix
    assert table is not None  # `refuses` is asked first
    matrix = {n: ({} if n in held else table[n][0]) for n in system.states}
    rest = {n: (ZERO if n in held else table[n][1]) for n in system.states}
    return _stepped(system, system.states, matrix, rest, system.dt, "_held" if held else "")


def propagate_some(system: System, names: tuple[str, ...], h: Value,
                   suffix: str) -> dict[str, Value]:  # fmt: skip
    """Return states after a step h that are linear in each other and read no other states."""
    forms = {name: linear_form(system.drift(name), frozenset(names)) for name in names}
    matrix = {name: form[0] for name, form in forms.items() if form is not None}
    rest = {name: form[1] for name, form in forms.items() if form is not None}
    return _stepped(system, names, matrix, rest, h, suffix)


def _stepped(system: System, names: tuple[str, ...], matrix: Matrix, rest: dict[str, Expr],
             h: Value, suffix: str) -> dict[str, Value]:  # fmt: skip
    p, q = propagators(system, names, matrix, h, suffix)
    new: dict[str, Value] = {}
    for name in names:
        system.graph.section(system.model.equation(name).text)
        total: Value | None = None
        for other in names:
            if (name, other) in p:
                term = p[name, other] * system.x[other]
                total = term if total is None else total + term
        drive = _drive(system, name, rest, q, suffix)
        assert total is not None
        told = {other: p[name, other] for other in names if (name, other) in p}
        told |= {} if drive is None else {"": drive}
        system.notes.append(Note("propagator", name, system.scope, told, label=suffix))
        new[name] = (
            system.graph.without_subnormals(total) if drive is None else total + drive
        )  # fmt: skip
    return new


def _drive(system: System, name: str, rest: dict[str, Expr], q: Entries,
           suffix: str) -> Value | None:  # fmt: skip
    """Return sum of Q*b: the fixed part prepared, inputs with prepared factors."""
    inputs = frozenset(
        n for n, v in system.scope.values.items() if v.level > Level.CELL and n not in system.x
    )
    fixed: Value | None = None
    changing: dict[str, Value] = {}
    loose: list[Value] = []
    for other in rest:
        if (name, other) not in q or rest[other] == ZERO:
            continue
        entry = q[name, other]
        form = linear_form(rest[other], inputs)
        if form is None or not all(system.scope.fixed(c) for c in form[0].values()):
            loose.append(entry * system.scope.number(rest[other]))
            continue
        for source, coefficient in form[0].items():
            term = entry * system.scope.number(coefficient)
            changing[source] = changing[source] + term if source in changing else term
        if form[1] != ZERO and system.scope.fixed(form[1]):
            term = entry * system.scope.number(form[1])
            fixed = term if fixed is None else fixed + term
        elif form[1] != ZERO:
            loose.append(entry * system.scope.number(form[1]))
    if fixed is not None:
        fixed = fixed.named(f"drive_{name}{suffix}")
    total = fixed
    for source, factor in changing.items():
        term = factor.named(f"gain_{name}_{source}{suffix}") * system.scope.values[source]
        total = term if total is None else total + term
    for term in loose:
        total = term if total is None else total + term
    return total


def propagators(system: System, states: tuple[str, ...], matrix: Matrix, h: Value,
                suffix: str) -> tuple[Entries, Entries]:  # fmt: skip
    """Return the entries of P and Q that are not 0 by structure."""
    p: Entries = {}
    q: Entries = {}
    for group in coupled(states, matrix):
        if len(group) == 1:
            (name,) = group
            rate = matrix[name].get(name, ZERO)
            if rate == ZERO:
                p[name, name], q[name, name] = system.graph.constant(1.0), h
                continue
            z = system.scope.number(rate) * h
            p[name, name] = system.graph.call("exp", z).named(f"P_{name}{suffix}")
            gain = h * system.graph.call("exprel", z)
            q[name, name] = gain.named(f"Q_{name}{suffix}")
            continue
        entries = [system.scope.number(matrix[a].get(b, ZERO)) * h for a in group for b in group]
        whole = system.graph.operate(
            "propagator", [*entries, h], kind="matrix", payload=(len(group),)
        )
        for i, a in enumerate(group):
            for j, b in enumerate(group):
                if _reaches(b, a, matrix):
                    p[a, b] = _entry(system, whole, "P", i, j).named(f"P_{a}_{b}{suffix}")
                    q[a, b] = _entry(system, whole, "Q", i, j).named(f"Q_{a}_{b}{suffix}")
    return p, q


def _entry(system: System, whole: Value, which: str, i: int, j: int) -> Value:
    return system.graph.operate("entry", (whole,), payload=(which, i, j))


def coupled(states: tuple[str, ...], matrix: Matrix) -> list[list[str]]:
    """Group the states that are connected, in order of writing."""
    group = {name: {name} for name in states}
    for name in states:
        for other in matrix[name]:
            if group[name] is not group[other]:
                merged = group[name] | group[other]
                for member in merged:
                    group[member] = merged
    seen: list[list[str]] = []
    for name in states:
        members = [s for s in states if s in group[name]]
        if members not in seen:
            seen.append(members)
    return seen


def _reaches(source: str, target: str, matrix: Matrix) -> bool:
    """Whether `source` influences `target` through any chain of equations."""
    seen, stack = {target}, [target]
    while stack:
        for other in matrix[stack.pop()]:
            if other not in seen:
                seen.add(other)
                stack.append(other)
    return source in seen


def refuses(system: System) -> str | None:
    """Refuse what is not linear with coefficients fixed during a run."""
    return system.why_not_linear() or None


EXACT = register(Method(
    "exact", None, "exact solution of the linear equations by the matrix exponential", step,
    refuses=refuses,
))  # fmt: skip
