"""The implicit step of equations that are linear in each other, such as those of a kinetic scheme.

For dx/dt = A*x + b, with A and b held over a step h,

    u = (1 - gamma*h*A)^-1 * gamma*h*(A*x + b),    w = (1 - gamma*h*A)^-1 * u,
    x(t + h) = x + u + (1/gamma - 1)*w,            gamma = 1 - 1/sqrt(2).

That is the diagonally implicit rule of two stages, of second order and L-stable: what is fast
settles at any step. Both stages have one matrix, which is eliminated here, in symbols: what is
left is straight-line code, without what is 0 by structure. The order of elimination is Markowitz's,
in which little is filled in. No pivots are searched for: of a kinetic scheme all are positive, in
any order.

Where the equations sum to 0, as those of all states of a scheme, one change is the sum of all
others, so that the sum stays what it is to rounding.

Sources: R. Alexander, SIAM Journal on Numerical Analysis 14, 1006 (1977); H. M. Markowitz,
Management Science 3, 255 (1957).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import reduce

from rheobase.language.expressions import Expr, names_in, substitute
from rheobase.lowering.builder import Value
from rheobase.lowering.calculus import ZERO, Form, linear_form, plus, vanishes
from rheobase.lowering.system import Note, System
from rheobase.lowering.translate import Scope

GAMMA = 1 - math.sqrt(0.5)

Pattern = dict[str, set[str]]


def linear_forms(system: System, names: Iterable[str]) -> dict[str, Form] | None:
    """Return coefficients and rest of each equation, None where they are not linear together."""
    among = frozenset(names)
    found: dict[str, Form] = {}
    for name in names:
        form = linear_form(_opened(system, name, among), among)
        if form is None:
            return None
        found[name] = form
    return found


def _opened(system: System, name: str, among: frozenset[str]) -> Expr:
    """Return an equation with those subexpressions written out that read some states."""
    expression, known = system.written[name], system.scope.subexpressions
    while True:
        found = {
            n: known[n] for n in names_in(expression) & known.keys()
            if names_in(system.scope.inline(known[n])) & among
        }  # fmt: skip
        if not found:
            return expression
        expression = substitute(expression, found)


def linear_groups(system: System, circle: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Divide states that read each other into groups that are linear, each in itself.

    Those join first that read each other both ways, as the states of a scheme do.
    """
    if linear_forms(system, circle) is not None:
        return [circle]
    groups: list[tuple[str, ...]] = [(name,) for name in circle]
    for both_ways in (True, False):
        while (pair := _joinable(system, groups, both_ways)) is not None:
            joined = tuple(n for n in circle if n in pair[0] + pair[1])
            groups = [joined if g == pair[0] else g for g in groups if g != pair[1]]
    return groups


def _joinable(system: System, groups: list[tuple[str, ...]],
              both_ways: bool) -> tuple[tuple[str, ...], tuple[str, ...]] | None:  # fmt: skip
    for k, one in enumerate(groups):
        for other in groups[k + 1 :]:
            links = [(a in system.depends(b), b in system.depends(a)) for a in one for b in other]
            near = any(x and y if both_ways else x or y for x, y in links)
            if near and linear_forms(system, one + other) is not None:
                return one, other
    return None


def implicit_step(system: System, names: tuple[str, ...], scope: Scope,
                  h: Value) -> dict[str, Value]:  # fmt: skip
    """Return states that are linear in each other after a step h, all else as in the scope."""
    forms = linear_forms(system, names)
    assert forms is not None  # asked before
    graph = system.graph
    slopes: dict[str, Value] = {}
    for name in names:
        graph.section(system.model.equation(name).text)
        slopes[name] = scope.number(system.written[name]).called(f"slope_{name}")
    system.notes.append(Note("implicit", "", scope, {**slopes, "": h}))
    graph.section(f"{', '.join(names)}: both stages of an implicit step, by elimination")
    inverse = graph.divide(1.0, GAMMA * h).named(f"{h.node.hint or 'dt'}_rate")
    matrix = _Eliminated(scope, names, forms, inverse)
    first = matrix.solve(slopes)
    second = matrix.solve({name: inverse * change for name, change in first.items()})
    factor = 1 / GAMMA - 1
    moved = {name: first[name] + factor * second[name] for name in names}
    return {name: system.x[name] + moved[name] for name in names}


class _Eliminated:
    """rate*u - A*u = f, eliminated for any f.

    With the states that are not yet eliminated, an equation reads
    ``pivot_i*u_i = f_i + sum of link_ij*u_j``.
    """

    def __init__(self, scope: Scope, names: tuple[str, ...], forms: Mapping[str, Form],
                 rate: Value) -> None:  # fmt: skip
        pattern = {n: set(forms[n][0]) - {n} for n in names}
        self.order = markowitz(pattern)
        self.conserved = conserved(forms)
        links = {(i, j): scope.number(forms[i][0][j]) for i in names
                 for j in names if j in pattern[i]}  # fmt: skip
        pivots = {n: rate - scope.number(forms[n][0].get(n, ZERO)) for n in names}
        self.shares: dict[str, dict[str, Value]] = {}
        self.links: dict[str, dict[str, Value]] = {}
        self.over: dict[str, Value] = {}
        rest = list(names)
        for k in self.order:
            rest.remove(k)
            over = 1.0 / pivots[k].named(f"pivot_{k}")
            row = {j: links[k, j] for j in rest if (k, j) in links}
            shares = {i: links[i, k] * over for i in rest if (i, k) in links}
            for i, share in shares.items():
                for j, link in row.items():
                    if i == j:
                        pivots[i] = pivots[i] - share * link
                    else:
                        own = links.get((i, j))
                        links[i, j] = share * link if own is None else own + share * link
            self.over[k], self.links[k], self.shares[k] = over, row, shares

    def solve(self, right: Mapping[str, Value]) -> dict[str, Value]:
        """Return u; where all sums to 0, the first that was eliminated by the others."""
        f, u = dict(right), dict[str, Value]()
        for k in self.order:
            for i, share in self.shares[k].items():
                f[i] = f[i] + share * f[k]
        for k in reversed(self.order):
            if self.conserved and k == self.order[0]:
                u[k] = -reduce(lambda a, b: a + b, u.values())
                continue
            for j, link in self.links[k].items():
                f[k] = f[k] + link * u[j]
            u[k] = f[k] * self.over[k]
        return u


def conserved(forms: Mapping[str, Form]) -> bool:
    """Whether linear equations sum to 0, whatever the states are."""
    columns = [[form[0][n] for form in forms.values() if n in form[0]] for n in forms]
    rests = [form[1] for form in forms.values()]
    return all(vanishes(_sum(terms)) for terms in (rests, *columns))


def _sum(terms: list[Expr]) -> Expr:
    total: Expr = ZERO
    for term in terms:
        total = plus(total, term)
    return total


def markowitz(pattern: Pattern) -> list[str]:
    """Return an order of elimination in which little is filled in.

    Parameters
    ----------
    pattern
        By state, the others that its equation reads; every state is a key.
    """
    reads = {n: set(others) for n, others in pattern.items()}
    order: list[str] = []
    while reads:
        readers = {n: {i for i in reads if n in reads[i]} for n in reads}
        k = min(reads, key=lambda n: len(reads[n]) * len(readers[n]))
        for i in readers[k]:
            reads[i] = (reads[i] | reads[k]) - {i, k}
        del reads[k]
        order.append(k)
    return order
