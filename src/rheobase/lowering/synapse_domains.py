"""Which variables of a synapse are the same for a row, or for a cell, and which go together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rheobase.errors import EquationError
from rheobase.language.expressions import Expr, names_in, substitute, to_text
from rheobase.language.synapse import Synapse
from rheobase.lowering.calculus import ZERO, linear_form


@dataclass(frozen=True)
class Group:
    """Variables that are written together: one without equation, or equations that are coupled.

    Attributes
    ----------
    variables : tuple of str
    matrix : dict
        By (variable, variable), the coefficient.
    rest : dict
        By variable, the constant part of its equation; no variables: no equations.
    """

    variables: tuple[str, ...]
    matrix: Mapping[tuple[str, str], Expr]
    rest: Mapping[str, Expr]

    @property
    def moves(self) -> bool:
        """Whether it changes between spikes."""
        return bool(self.rest)

    @property
    def name(self) -> str:
        """The name of the group: its first variable."""
        return self.variables[0]

    @property
    def last(self) -> str:
        """The array of the step it was last written in."""
        return f"last_{self.name}"


def inlined(synapse: Synapse, expression: Expr) -> Expr:
    """Return an expression with the synapse's subexpressions written out."""
    table = {e.name: e.expression for e in synapse.subexpressions if e.expression is not None}
    while names_in(expression) & table.keys():
        expression = substitute(expression, table)
    return expression


def find_groups(synapse: Synapse) -> tuple[Group, ...]:
    """Return the variables in groups, in order of writing.

    Raises
    ------
    EquationError
        An equation is not linear with constant coefficients.
    """
    forms: dict[str, tuple[dict[str, Expr], Expr]] = {}
    states = frozenset(e.name for e in synapse.differential)
    fixed = frozenset(synapse.variables) | {"weight", "t"}
    for equation in synapse.differential:
        assert equation.expression is not None
        form = linear_form(inlined(synapse, equation.expression), states)
        parts = [] if form is None else [*form[0].values(), form[1]]
        moving = sorted(
            n for p in parts for n in names_in(p) if n in fixed or n.endswith("_post")
        )  # fmt: skip
        if form is None or moving:
            why = f"it reads {moving[0]}" if moving else "it is not linear"
            raise EquationError(
                f"{equation.left}: synapses are integrated exactly from spike to spike, which "
                f"takes linear equations with constant coefficients; {why}",
                place=equation.source.point(equation.expression.span),
                mend="write what changes it in on_pre or on_post, or make it an equation of the "
                f"cell and read it as {equation.name}_post",
            )
        forms[equation.name] = form
    return tuple(_grouped(synapse.variables, forms))


def _grouped(
    variables: Iterable[str], forms: Mapping[str, tuple[dict[str, Expr], Expr]]
) -> Iterable[Group]:
    """Put together what is coupled by equations."""
    member = {name: {name} for name in forms}
    for name, (coefficients, _) in forms.items():
        for other in coefficients:
            if member[other] is not member[name]:
                merged = member[other] | member[name]
                for each in merged:
                    member[each] = merged
    seen: set[str] = set()
    for name in variables:
        if name in seen:
            continue
        if name not in forms:
            yield Group((name,), {}, {})
            continue
        group = tuple(v for v in variables if v in member[name])
        seen.update(group)
        matrix = {(a, b): c for a in group for b, c in forms[a][0].items() if c != ZERO}
        yield Group(group, matrix, {a: forms[a][1] for a in group})


def find_domains(
    synapse: Synapse, groups: tuple[Group, ...], each: frozenset[str]
) -> dict[str, str]:
    """Return the domain of every variable: "row", "target" or "synapse".

    A variable that only arrivals write, from nothing but such variables and shared parameters,
    is the same for all synapses of a source and delay; one that only spikes of the cell write
    is likewise the same for all synapses of the cell.

    Parameters
    ----------
    each : frozenset of str
        The parameters with a value for each synapse.
    """
    domains = {v: _first_domain(synapse, group) for group in groups for v in group.variables}
    changed = True
    while changed:
        changed = False
        for group in groups:
            own = domains[group.name]
            if own != "synapse" and not _stays(synapse, group, own, domains, each):
                domains |= dict.fromkeys(group.variables, "synapse")
                changed = True
    return domains


def _first_domain(synapse: Synapse, group: Group) -> str:
    if any(s.target in group.variables for s in synapse.on_reward):
        return "synapse"
    by_pre = any(s.target in group.variables for s in synapse.on_pre)
    by_post = any(s.target in group.variables for s in synapse.on_post)
    if by_pre == by_post:
        return "synapse"
    return "row" if by_pre else "target"


def _stays(synapse: Synapse, group: Group, own: str, domains: Mapping[str, str],
           each: frozenset[str]) -> bool:  # fmt: skip
    """Whether what is written into a group has no wider domain than the group."""
    statements = synapse.on_pre if own == "row" else synapse.on_post
    read: set[str] = set()
    for statement in statements:
        if statement.target in group.variables:
            read |= names_in(inlined(synapse, statement.expression))
    for expression in (*group.matrix.values(), *group.rest.values()):
        read |= names_in(expression)
    for name in read:
        if name == "weight" or name in each:
            return False
        if name.endswith("_post") and own != "target":
            return False
        if name in domains and domains[name] != own:
            return False
    return True


def refuse_own_values(group: Group, each: frozenset[str]) -> None:
    """Refuse coupled equations with a parameter of each synapse."""
    for entry in (*group.matrix.values(), *group.rest.values()):
        own = sorted(names_in(entry) & each)
        if own:
            raise EquationError(
                f"d{group.name}/dt is coupled with d{group.variables[1]}/dt and reads {own[0]}, "
                f"which differs between synapses, in {to_text(entry)}",
                mend=f"give {own[0]} one value for all synapses",
            )
