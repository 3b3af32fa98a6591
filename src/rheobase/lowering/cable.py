"""Lowering what lies on a cable: patches of membrane, and points such as receptors.

Neither has a voltage of its own to step: the engine solves for the voltages of a whole cell
(`rheobase.engine.cables`). The update steps all other variables and writes two arrays, `source`
and `rate`, with ``dv/dt = source - rate*v`` (patches, V/s and 1/s) or ``current = source - rate*v``
(points, A and S).
"""

from __future__ import annotations

from dataclasses import replace

from rheobase.errors import EquationError
from rheobase.language.expressions import Expr, names_in
from rheobase.language.model import Model
from rheobase.language.parsing import parse_expression
from rheobase.lowering.builder import Value
from rheobase.lowering.integrators import cable
from rheobase.lowering.lower import Lowering, describe
from rheobase.lowering.program import Array, Block, Draw, Linear, Program, check
from rheobase.lowering.system import System

METHOD = "cable"


def lower_patch(
    model: Model,
    per_cell: frozenset[str] = frozenset(),
    observed: frozenset[str] = frozenset(),
    voltage: str = "v",
) -> Program:
    """Lower a patch of membrane to the program of one step of its compartments.

    Parameters
    ----------
    model
        A model with an equation of the voltage, ``dv/dt = ...``, and no threshold.
    per_cell
        Parameters with a value for each compartment.
    observed
        Subexpressions that are recorded.
    voltage
        The name of the voltage, which the program reads and does not write.

    Raises
    ------
    EquationError
        The model has no such equation, has a threshold or white noise, or the derivative of a
        current by the voltage is not known.
    """
    if voltage not in {e.name for e in model.differential}:
        raise EquationError(
            f"{model.name}: a patch of membrane has an equation of its voltage; "
            f"write 'd{voltage}/dt = (I/area - g_L*({voltage} - E_L))/C_m : mV'"
        )
    return _Lowering(model, per_cell, observed, voltage, None).program()


def lower_point(
    model: Model,
    per_cell: frozenset[str] = frozenset(),
    observed: frozenset[str] = frozenset(),
    current: str = "I",
    voltage: str = "v",
) -> Program:
    """Lower what adds a current to a node, such as a receptor, to the program of one step.

    Parameters
    ----------
    model
        A model with the voltage as an input, ``v : mV (input)``.
    per_cell, observed
        As for `lower_patch`.
    current
        A subexpression of the model, or the text of an expression: the current into the node.
    voltage
        The name of the voltage.

    Raises
    ------
    EquationError
        As for `lower_patch`.
    """
    if voltage not in {e.name for e in model.inputs}:
        raise EquationError(
            f"{model.name}: a point on a cable reads the voltage of its compartment; "
            f"write '{voltage} : mV (input)'"
        )
    expression = parse_expression(current)
    known = {e.name for e in model.equations}
    if not names_in(expression) & known:
        raise EquationError(
            f"{model.name}: its current {current!r} reads none of its variables; "
            f"write for example '{current} = g*(E - {voltage}) : nA'"
        )
    return _Lowering(model, per_cell, observed, voltage, expression).program()


class _Lowering(Lowering):
    """The state of one lowering of a patch (without a current) or a point."""

    def __init__(self, model: Model, per_cell: frozenset[str], observed: frozenset[str],
                 voltage: str, current: Expr | None) -> None:  # fmt: skip
        super().__init__(model, per_cell, observed, METHOD)
        if model.threshold is not None:
            raise EquationError(
                f"{model.name}: a part of a cell has no threshold of its own; the cell has one: "
                "rb.Cell(..., spikes=('soma', 'v > -20*mV'))"
            )
        self.voltage, self.current = voltage, current
        self.source, self.rate = self._free("source"), self._free("rate")
        self.together: tuple[tuple[str, ...], ...] = ()

    def _free(self, name: str) -> str:
        """Return a name that the model does not use."""
        taken = {e.name for e in self.model.equations} | set(self.parameters)
        while name in taken:
            name += "_"
        return name

    def program(self) -> Program:
        """Return the checked program."""
        update, late = self._update()
        observe, ports = self.observe(), self.ports()
        blocks = [update, *observe.values()] + [p.block for p in ports.values() if p.block]
        shared, cell, prepare = self._prepare(blocks)
        linear = Linear(self.voltage, self.source, self.rate)
        return check(Program(
            name=self.model.name, method=METHOD, reason=cable.SUMMARY,
            arrays=tuple(self._arrays([n for n, _ in cell], [], [])),
            numbers=tuple(n for n, _ in shared),
            number_notes=tuple(describe(self.prepared, v) for _, v in shared),
            prepare=prepare, update=update, on_spike=None, ports=ports, observe=observe,
            draws=(), spiking=False, crossing="grid", refractory_kind="none",
            held=frozenset(), mutable=self.mutable, staggered=late, linear=linear,
            together=self.together,
        ))  # fmt: skip

    def _update(self) -> tuple[Block, frozenset[str]]:
        model, scope = self.model, self.scope()
        system = System(model, scope, self.right, None, self.held_names, self.draws)
        if self.draws:
            raise EquationError(
                f"{model.name}: a membrane or receptor on a cable draws no random numbers "
                f"({', '.join(sorted(self.draws))}); inject a noisy current instead"
            )
        stepped = cable.step(system, self.voltage)
        self.together = system.together
        for name, value in stepped.new.items():
            value.named(f"{name}_new")
        expression = self.right[self.voltage] if self.current is None else self.current
        system.graph.section(self._title())
        a, b = cable.linear_in(expression, self.voltage, stepped.middle)
        writes: dict[str, Value] = dict(stepped.new)
        writes[self.source] = a.called(f"{self.source}_new")
        writes[self.rate] = b.called(f"{self.rate}_new")
        block = system.graph.finish("map", writes)
        return replace(block, first=stepped.late, wide=True), stepped.late

    def _title(self) -> str:
        if self.current is None:
            return self.model.equation(self.voltage).text
        return f"the current into the node, {self.source} - {self.rate}*{self.voltage}"

    def _arrays(self, prepared: list[str], draws: list[Draw], spiking: list[Array]) -> list[Array]:
        found = super()._arrays(prepared, draws, spiking)
        if self.current is not None:
            found = [Array(a.name, "voltage", "of the node, set by the engine")
                     if a.name == self.voltage else a for a in found]  # fmt: skip
        of, unit = ("dv/dt", "V/s, 1/s") if self.current is None else ("the current", "A, S")
        return [*found, Array(self.source, "source", f"{of} = source - rate*v, {unit}"),
                Array(self.rate, "rate", "see source")]  # fmt: skip


__all__ = ["METHOD", "lower_patch", "lower_point"]
