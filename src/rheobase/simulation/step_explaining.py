"""`net.explain_step`: the next step of one cell, number by number, as text.

The step is taken by a copy of the network, with the interpreter, and watched; what leads to the
new states (slopes of every stage, coefficients, factors) is computed by the same blocks that are
compiled, with everything kept that they compute on the way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import WiringError
from rheobase.language.expressions import Compare, names_in, to_text
from rheobase.language.model import Model
from rheobase.lowering.integrators import METHODS
from rheobase.lowering.tracing import Traced, TracedNote, trace
from rheobase.rendering.interpreter import evaluate, values_of_prepare
from rheobase.simulation import cable_step
from rheobase.simulation.cable_population import Branched, Sites
from rheobase.simulation.population import Cells, cells_of
from rheobase.simulation.step_arrivals import arrival_lines, statement_line
from rheobase.simulation.step_events import event_lines
from rheobase.simulation.step_numbers import (
    milliseconds,
    put_in,
    rate_text,
    slope,
    with_unit,
    written,
)
from rheobase.simulation.step_watching import Watched, copy_of, watch
from rheobase.units import UNITS, Unit

if TYPE_CHECKING:
    from rheobase.simulation.network import Network

_CALL = "net.explain_step"


def explain_step(net: Network, cell: Any) -> str:
    """Return the next step of a cell as text; see `Network.explain_step`."""
    if isinstance(cell, (Branched, Sites)):
        return cable_step.explain(net, cell, _CALL)
    chosen = _one_cell(net, cell)
    copied = copy_of(net)
    return "\n".join(StepTold(copied, chosen.name, int(chosen.indices[0])).lines()) + "\n"


def _one_cell(net: Network, cell: Any) -> Cells:
    cells = cells_of(cell, _CALL, "cell", net._told.populations)
    if net._told.populations.get(cells.name) is not cells.population:
        raise WiringError(
            f"{_CALL}: {cells.name!r} is of another network",
            mend=f"give a cell of this one: {', '.join(net._told.populations) or 'it has none'}",
        )
    if not isinstance(cells.model, Model):
        raise WiringError(
            f"{_CALL}: {cells.name!r} {cells.population._nature}: there is nothing to integrate",
            mend="give a cell of a population of a model",
        )
    if cells.size != 1:
        raise WiringError(
            f"{_CALL}: one cell is explained at a time",
            given=f"{cells.size} cells",
            mend=f"write {_CALL}({cells.population._written}[0])",
        )
    return cells


class StepTold:
    """A step of a cell of a network, and the lines that tell it.

    Parameters
    ----------
    copied
        A copy of the network, which is run.
    name, cell
        The population and the cell.
    """

    def __init__(self, copied: Network, name: str, cell: int) -> None:
        clock = copied._clock
        self.name, self.cell, self.dt = name, cell, clock.dt
        self.step, self.start = clock.step, clock.start
        population = copied._told.populations[name]
        values = population._cell_values
        assert values is not None and isinstance(population._model, Model)
        self.cells, self.size, self.model = values, population.size, population._model
        self.program = copied._assembly.programs[name]
        self.parameters = self._parameters()
        self.left_before = float(np.asarray(values._refractory_left())[cell])
        self.model_held = frozenset(
            e.name for e in self.model.equations if "unless refractory" in e.flags
        )
        self.per_second = all(e.unit.text == "1" for e in self.model.differential)
        self.seen: Watched = watch(copied, name, cell)
        self.left_after = float(np.asarray(values._refractory_left())[cell])
        self.traced: Traced | None = None
        self.known: dict[str, float] = {}
        if self.model.crossing != "exact":
            self.traced = trace(self.model, values.per_cell)
            self.known = self._evaluated(self.traced)

    def _parameters(self) -> dict[str, float]:
        """Return the parameters of the cell, in SI units."""
        return {
            name: float(value[self.cell]) if isinstance(value, np.ndarray) else float(value)
            for name, value in self.cells.parameters.items()
        }

    def _evaluated(self, traced: Traced) -> dict[str, float]:
        """Compute everything that was traced, for the cell."""
        fixed = {**self.parameters, "N": float(self.size)}
        numbers = values_of_prepare(traced.prepare, fixed, self.dt, self.start)
        seen = self.seen
        arrays = {**seen.before, **seen.held_inputs, **seen.draws}
        release = arrays.get("release")

        def leaf(node: Any) -> Any:
            name = str(node.payload[0] if node.operation == "draw" else node.payload)
            if node.operation == "number" or (node.operation == "element" and name in numbers):
                return numbers[name]
            if node.operation in ("element", "draw"):
                return np.float64(release if name == "release" and release else arrays[name])
            scalars = {"step": self.step, "step_number": self.step, "i": self.cell, "zero": 0}
            return np.float64(scalars[name])

        found = evaluate(traced.update, leaf)
        return {w.target: float(found[w.node]) for w in traced.update.writes}

    # -- all of it ------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """Return the step as lines."""
        return [
            *self._head(), *self._before(), *self._inputs(), *self._course(), *self._after(),
        ]  # fmt: skip

    def _course(self) -> list[str]:
        if self.traced is None:
            return event_lines(self)
        return [
            *self._random(), *self._refractory(), *self._update(self.traced),
            *self._threshold(self.traced), *self._reset(), *arrival_lines(self),
        ]  # fmt: skip

    def _head(self) -> list[str]:
        begin = self.start + self.step * self.dt
        program = self.program
        how = f"method {program.method}" + (f", crossing {program.crossing}" if program.spiking
                                            else "")  # fmt: skip
        return [
            f"Step {self.step} of {self.name}[{self.cell}], {_article(self.model.name)}: from "
            f"{milliseconds(begin)} to {milliseconds(begin + self.dt)}",
            f"dt = {milliseconds(self.dt)}, {how}",
        ]

    def _before(self) -> list[str]:
        lines = ["", "State at the start", *self._states(self.seen.before, "  ")]
        if self.seen.clamped:
            held = ", ".join(sorted(self.seen.clamped))
            lines.append(f"  (clamped: {held}; what the update makes of it is set back)")
        if self.program.staggered and self.step:
            late = ", ".join(sorted(self.program.staggered))
            lines.append(f"  ({late}: as they were half a step ago)")
        return [*lines, *self._left(self.left_before)]

    def _after(self) -> list[str]:
        if self.seen.failed:
            return ["", f"{self.seen.failed} is not finite: a run would stop here"]
        lines = ["", "State after the step", *self._states(self.seen.after, "  ")]
        return [*lines, *self._left(self.left_after)]

    def _left(self, left: float) -> list[str]:
        if self.model.refractory_kind != "duration":
            return []
        return [f"  refractory time left: {milliseconds(left)}"]

    def _states(self, values: Mapping[str, float], indent: str) -> list[str]:
        return [
            f"{indent}{name} = {written(values[name], self.model.unit_of(name))}"
            for name in self.cells.states
        ]

    def _inputs(self) -> list[str]:
        lines = []
        for name, value in self.seen.held_inputs.items():
            if name in self.model.time_functions:
                lines.append(f"  {name}(t) = {written(value, self.model.unit_of(name))}")
                continue
            unit = self.model.unit_of(name)
            parts = [f"{what} {written(x, unit)}" for what, x in self.seen.inputs.get(name, [])]
            why = f"  ({', '.join(parts)})" if parts else ""
            lines.append(f"  {name} = {written(value, unit)}{why}")
        return ["", "Inputs, held for the step", *lines] if lines else []

    def _random(self) -> list[str]:
        """Tell what was drawn, but for white noise, which is told as increments."""
        assert self.traced is not None
        noises = {note.name for note in self.traced.notes if note.kind == "noise"}
        drawn = [f"  {name}: {self.seen.draws[array]:.6g}"
                 for name, array in self.traced.draws.items()
                 if name not in noises and array in self.seen.draws]  # fmt: skip
        return ["", "Random numbers of the step", *drawn] if drawn else []

    # -- update ---------------------------------------------------------------------------

    def _refractory(self) -> list[str]:
        held = sorted(self.program.held)
        if not self._is_held() and not self._ends_inside():
            return []
        whose = ", ".join(held)
        what = f"{whose} {'is' if len(held) == 1 else 'are'} held" if held else "it cannot spike"
        if self._ends_inside():
            rest = milliseconds(self.dt - self.left_before)
            return ["", f"Refractory for the first {milliseconds(self.left_before)} of the step: "
                    f"{what} as long, and {rest} are left"]  # fmt: skip
        return ["", f"Refractory for the whole step: {what}"]

    def _is_held(self) -> bool:
        assert self.traced is not None
        return bool(self.traced.held) and self.known[self.traced.held] != 0

    def _ends_inside(self) -> bool:
        return self.program.crossing == "linear" and 0 < self.left_before < self.dt

    def _update(self, traced: Traced) -> list[str]:
        if not traced.new:
            return []
        lines = []
        stages = [note for note in traced.notes if note.kind == "slopes"]
        others = [n for n in traced.notes if n.kind in ("linear", "propagator", "implicit")]
        only_rest = bool(others)  # slopes serve the rest of a step after refractoriness only
        if not only_rest or self._ends_inside():
            for number, note in enumerate(stages):
                lines += self._stage(traced, note, number, len(stages))
        for note in others:
            if note.kind == "implicit":
                lines += self._implicit(traced, note)
            elif self._applies(note):
                lines += self._linear(traced, note)
        lines += self._noises(traced)
        summary = METHODS[traced.method].summary if traced.method in METHODS else traced.method
        lines += ["", f"Update by {traced.method} ({summary})"]
        if not others and traced.method != "euler":
            lines.append(f"  {traced.formula}")
        for name in self.cells.states:
            if name in traced.new:
                lines.append(f"  {self._new(traced, name, stages, bool(others))}")
        return lines

    def _applies(self, note: TracedNote) -> bool:
        """Whether a way to compute a state is the one of this step: held or free."""
        if note.name in self.program.held and (self._is_held() or self._ends_inside()):
            return False
        if note.kind != "propagator" or note.label not in ("", "_held"):
            return True
        both = any(n.label == "_held" for n in self.traced.notes) if self.traced else False
        return not both or (note.label == "_held") == self._is_held()

    def _names(self, note: TracedNote) -> dict[str, str]:
        """Return every name's value there as text."""
        begin = self.start + (self.step + note.fraction) * self.dt
        found = {"t": milliseconds(begin), "dt": milliseconds(self.dt), "i": str(self.cell),
                 "N": str(self.size)}  # fmt: skip
        for name, value in self.parameters.items():
            found[name] = written(value, self.model.unit_of(name))
        for name, value in self.seen.held_inputs.items():
            key = f"{name}()" if name in self.model.time_functions else name
            found[key] = written(value, self.model.unit_of(name))
        for name in sorted(self.model.written_parameters):
            found[name] = written(self.seen.before[name], self.model.unit_of(name))
        assert self.traced is not None
        for name, array in self.traced.draws.items():
            if array in self.seen.draws:
                found[name] = f"{self.seen.draws[array]:.6g}"
        for name, key in (*note.states.items(), *note.subexpressions.items()):
            found[name] = written(self.known[key], self.model.unit_of(name))
        return found

    def _with(self, traced: Traced, note: TracedNote, names: Mapping[str, str]) -> list[str]:
        """Return the subexpressions there, with the numbers put in."""
        lines = []
        for name, key in note.subexpressions.items():
            value = written(self.known[key], self.model.unit_of(name))
            right = traced.right[name]
            lines += [f"  {name} = {to_text(right)}"]
            full = put_in(right, names)
            lines += (
                [f"  {' ' * len(name)} = {full}"] if full not in (value, to_text(right)) else []
            )
            lines += [f"  {' ' * len(name)} = {value}"]
        return lines

    def _stage(self, traced: Traced, note: TracedNote, number: int, count: int) -> list[str]:
        at = {0.0: "at the start of the step", 0.5: "in the middle of the step",
              1.0: "at the end of the step"}.get(note.fraction, "")  # fmt: skip
        head = f"Slopes {at}" if count == 1 or number == 0 else f"Slopes k{number + 1} {at}"
        if number == 0 and count > 1:
            head = f"Slopes k1 {at}"
        lines = ["", head]
        if number:
            lines += [f"  with {name} = {written(self.known[key], self.model.unit_of(name))}"
                      for name, key in note.states.items()]  # fmt: skip
        names = self._names(note)
        return [*lines, *self._with(traced, note, names), *self._slopes(traced, note, names)]

    def _slopes(self, traced: Traced, note: TracedNote, names: Mapping[str, str]) -> list[str]:
        """Return equations with the numbers put in, and the slopes that come out."""
        lines = []
        for name, key in note.values.items():
            if not name:  # of an implicit step, its length
                continue
            left = f"d{name}/dt"
            shown = slope(self.known[key], self.model.unit_of(name), self.per_second)
            right = traced.right[name]
            pad = " " * len(left)
            lines += [f"  {left} = {to_text(right)}"]
            if put_in(right, names) != to_text(right):
                lines += [f"  {pad} = {put_in(right, names)}"]
            lines += [f"  {pad} = {shown}"]
            if self._is_held() and name in self.program.held:
                lines[-1] += "   (held: not used)" if self.known[key] else "   (held)"
        return lines

    def _implicit(self, traced: Traced, note: TracedNote) -> list[str]:
        """Return the slopes of states that are solved for together."""
        over = milliseconds(self.known[note.values[""]])
        states = ", ".join(name for name in note.values if name)
        names = self._names(note)
        return [
            "",
            f"{states}: solved for together over {over} by two implicit stages, all else held;"
            " slopes where they begin",
            *self._with(traced, note, names),
            *self._slopes(traced, note, names),
        ]

    def _linear(self, traced: Traced, note: TracedNote) -> list[str]:
        """Return the coefficients of an equation that a method solves in closed form."""
        names, unit = self._names(note), self.model.unit_of(note.name)
        left, right = f"d{note.name}/dt", traced.right[note.name]
        pad = f"  {' ' * len(left)}"
        exact = note.kind == "propagator"
        how = "solved exactly"
        if not exact:
            over = milliseconds(self.known[note.values["h"]])
            how = f"in closed form over {over}, all else held"
        lines = ["", f"{note.name}: {how}"]
        lines += [*self._with(traced, note, names), f"  {left} = {to_text(right)}"]
        if put_in(right, names) != to_text(right):
            lines.append(f"{pad} = {put_in(right, names)}")
        if exact:
            return [*lines, *self._factors(note)]
        a, b, h = (self.known[note.values[key]] for key in "abh")
        rate = rate_text(a, self.per_second)
        lines.append(
            f"{pad} = a*{note.name} + b with a = {rate}, b = {slope(b, unit, self.per_second)}"
        )
        if a:
            goes = "relaxes towards" if a < 0 else "moves away from"
            lines += [
                f"  {goes} -b/a = {written(-b / a, unit)}",
                f"  the distance from it becomes exp(a*({milliseconds(h)})) = "
                f"{math.exp(a * h):.6g} times as large",
            ]
        return lines

    def _factors(self, note: TracedNote) -> list[str]:
        """Return the row of exp(A*dt) of a state, and what is added."""
        half = " half" if note.label == "_half" else ""
        terms = []
        for other, key in note.values.items():
            value = self.known[key]
            if not other:
                terms.append(written(value, self.model.unit_of(note.name)))
                continue
            mine, theirs = self.model.unit_of(note.name), self.model.unit_of(other)
            factor = value * theirs.scale / mine.scale
            ratio = "1" if mine.text == theirs.text else f"{mine.text}/{_divisor(theirs.text)}"
            old = written(self.known[note.states[other]], theirs)
            old = f"({old})" if " " in old or old.startswith("-") else old
            scaled = with_unit(factor, ratio)
            terms.append(f"{scaled} * {old}" if ratio == "1" else f"({scaled}) * {old}")
        return [f"  over the{half} step: {' + '.join(terms)}"]

    def _noises(self, traced: Traced) -> list[str]:
        noises = [note for note in traced.notes if note.kind == "noise"]
        if not noises:
            return []
        lines = ["", f"White noise over the step: a normal number times sqrt(dt) = "
                 f"{math.sqrt(self.dt):.6g} second**0.5"]  # fmt: skip
        for note in noises:
            lines.append(f"  {note.name}*dt: {self.known[note.values[note.name]]:.6g} second**0.5")
        return lines

    def _new(self, traced: Traced, name: str, stages: list[TracedNote], closed: bool) -> str:
        """Return how a state gets its value of the end of the step."""
        unit = self.model.unit_of(name)
        old, new = self.seen.before[name], self.known[traced.new[name]]
        result = written(new, unit)
        if name in self.program.held and self._is_held():
            return f"{name} = {result}: held"
        inside = name in self.program.held and self._ends_inside()
        if not inside and (closed or traced.method != "euler"):
            return f"{name} = {result}"
        h = self.dt - self.left_before if inside else self.dt
        k = slope(self.known[stages[0].values[name]], unit, self.per_second)
        noisy = any(note.kind == "noise" for note in traced.notes) and not inside
        more = " + noise" if noisy else ""
        return f"{name} = {_term(written(old, unit))} + {milliseconds(h)}*({k}){more} = {result}"

    # -- spike ----------------------------------------------------------------------------

    def _threshold(self, traced: Traced) -> list[str]:
        model = self.model
        if model.threshold is None:
            return []
        lines = ["", f"Threshold: {to_text(model.threshold)}"]
        crossed = bool(int(self.known[traced.spiked]) & 1)
        sides = [self.known[key] for key in traced.sides]
        if sides and isinstance(model.threshold, Compare):
            lines.append(f"  {self._compared(model.threshold, sides, traced)}")
        if not crossed:
            why = ": the cell is refractory" if self._is_held() else ""
            return [*lines, f"  no spike{why}"]
        if not traced.offset:
            return [*lines, "  spike, stamped with the beginning of the step, "
                    + milliseconds(self.start + self.step * self.dt)]  # fmt: skip
        return [*lines, *self._crossing(traced, sides)]

    def _compared(self, threshold: Compare, sides: list[float], traced: Traced) -> str:
        unit = self._unit_of_sides(threshold)
        shown = [written(side, unit) for side in sides]
        return (
            f"at the start {shown[0]} {threshold.operator} {shown[1]} is "
            f"{_truth(threshold.operator, sides[0], sides[1])}, after the update "
            f"{shown[2]} {threshold.operator} {shown[3]} is "
            f"{_truth(threshold.operator, sides[2], sides[3])}"
        )

    def _unit_of_sides(self, threshold: Compare) -> Unit:
        for side in (threshold.left, threshold.right):
            for name in sorted(names_in(side)):
                if name in self.model.names:
                    return self.model.unit_of(name)
        return UNITS["second"] if not self.model.names else self.model.equations[0].unit

    def _crossing(self, traced: Traced, sides: list[float]) -> list[str]:
        offset = self.known[traced.offset]
        sign = 1 if _rises(self.model.threshold) else -1
        before, after = sign * (sides[0] - sides[1]), sign * (sides[2] - sides[3])
        assert isinstance(self.model.threshold, Compare)
        unit = self._unit_of_sides(self.model.threshold)
        when = self.start + self.step * self.dt + offset
        left = self.left_before if self._ends_inside() else 0.0
        span = self.dt - left
        lines = [
            f"  the distance goes from {written(before, unit)} to {written(after, unit)} "
            f"within {milliseconds(span)}" + (f", after {milliseconds(left)} of refractoriness"
                                              if left else "")
        ]  # fmt: skip
        if before >= 0:
            lines.append("  already over it: the spike is at once")
        else:
            top, bottom = unit.from_si(-before), unit.from_si(after - before)
            begin = f"{milliseconds(left)} + " if left else ""
            lines.append(
                f"  a straight line crosses at {begin}{milliseconds(span)}*{top:.6g}/{bottom:.6g}"
                f" = {milliseconds(offset)} from the start of the step"
            )
        return [*lines, f"  spike at {milliseconds(when)}"]

    def _spiked(self) -> bool:
        return self.traced is not None and bool(int(self.known.get(self.traced.spiked, 0)) & 1)

    def _reset(self) -> list[str]:
        if not self._spiked():
            return []
        assert self.traced is not None
        linear = self.program.crossing == "linear"
        lines = ["", "Reset" + (" (held variables at the crossing, others at the end of the step)"
                                if linear else "")]  # fmt: skip
        before = {**self.parameters, **self.seen.before, **self.seen.held_inputs}
        before |= {name: self.known[key] for name, key in self.traced.new.items()}
        for statement in self.model.reset:
            lines.append("  " + statement_line(self.model, statement, before, self.seen.reset))
        return [*lines, *self._refractory_begins()]

    def _refractory_begins(self) -> list[str]:
        kind, refractory = self.model.refractory_kind, self.model.refractory
        if kind == "none" or refractory is None:
            return []
        if kind == "condition":
            return [f"  refractory as long as {to_text(refractory)}"]
        assert self.traced is not None
        if self.traced.offset:
            rest = self.dt - self.known[self.traced.offset]
            left = milliseconds(self.seen.reset["left"])
            return [
                f"  refractory for {to_text(refractory)} from the crossing",
                f"  {milliseconds(rest)} of it within this step, {left} left after it",
            ]
        steps = max(int(self.seen.reset["release"]) - self.step - 1, 0)
        return [f"  refractory for {to_text(refractory)}: held in the next {steps} steps"]


def _rises(threshold: Any) -> bool:
    """Whether the left side has to rise over the right one."""
    return isinstance(threshold, Compare) and threshold.operator.startswith(">")


def _truth(operator: str, left: float, right: float) -> str:
    compare: Mapping[str, Any] = {">": left > right, ">=": left >= right, "<": left < right,
                                  "<=": left <= right, "==": left == right,
                                  "!=": left != right}  # fmt: skip
    return "true" if compare[operator] else "false"


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIO' else 'a'} {name}"


def _divisor(unit: str) -> str:
    return f"({unit})" if "/" in unit or "*" in unit else unit


def _term(text: str) -> str:
    return f"({text})" if text.startswith("-") else text
