"""Go back through steps of a model without a network: what tests of the reverse share."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.language.model import Model
from rheobase.lowering import lower
from rheobase.lowering.adjoint import reverse
from rheobase.lowering.surrogates import Surrogate
from rheobase.rendering import CompiledKernels, InterpreterKernels, prepare, reverse_prepare
from tests.stepping import arrays_for

NONE = Surrogate("none")


class Course:
    """Steps of some cells, forward and back, with the interpreter.

    The loss is the sum over all steps (and the start) of states and spikes, each times a random
    weight. Reverse kernels run with the interpreter or as compiled by numba.
    """

    def __init__(self, model: Model, dt: float, steps: int, size: int = 2, *,
                 method: str | None = None, per_cell: dict[str, Any] | None = None,
                 surrogate: Surrogate = NONE, reset: Any = "detached",
                 parameters: tuple[str, ...] = (), inputs: dict[str, Any] | None = None,
                 start: dict[str, Any] | None = None, spike_weight: float = 0.0,
                 backend: str = "interpreter") -> None:  # fmt: skip
        self.model, self.dt, self.steps, self.size = model, dt, steps, size
        self.per_cell = per_cell or {}
        self.program = lower(model, frozenset(self.per_cell), method=method)
        self.values = {**model.defaults, "N": float(size), **self.per_cell}
        self.inputs = inputs or {}
        self.start = start or {}
        self.parameters = parameters
        self.reverse = reverse(
            self.program, surrogate=surrogate, reset=reset,
            with_respect_to=frozenset(parameters), inputs=frozenset(self.inputs),
        )  # fmt: skip
        rng = np.random.default_rng(0)
        names = self.program.states
        units = {n: model.unit_of(n).scale for n in names}
        self.weights = {n: rng.normal(size=(steps + 1, size)) / units[n] for n in names}
        self.spike_weights = spike_weight * rng.normal(size=(steps, size))
        self.backend = backend

    def forward(self, values: dict[str, Any] | None = None, inputs: dict[str, Any] | None = None,
                start: dict[str, Any] | None = None) -> dict[str, Any]:  # fmt: skip
        """Run, and return the loss, the spikes and what the reverse reads."""
        values, inputs = values or self.values, inputs or self.inputs
        prepared = prepare(self.program, values, self.dt, 0.0)
        arrays = arrays_for(self.program, self.size, prepared)
        for name, value in {**self.start, **(start or {})}.items():
            arrays[name][:] = value
        kernels = InterpreterKernels(self.program)
        kept: dict[str, list[Any]] = {n: [] for n in self.reverse.stored}
        states, spikes = [], []
        for step in range(self.steps):
            for name, value in inputs.items():
                arrays[name][:] = np.broadcast_to(value, (self.steps, self.size))[step]
            for name in kept:
                kept[name].append(arrays[name].copy())
            states.append({n: arrays[n].copy() for n in self.program.states})
            kernels.update(arrays, prepared.numbers, 0, self.size, step)
            spiked = arrays["spiked"] & 1
            kernels.on_spike(arrays, prepared.numbers, np.flatnonzero(spiked), step)
            if "spiked" in kept:
                kept["spiked"][-1] = arrays["spiked"].copy()
            spikes.append(spiked.copy())
        states.append({n: arrays[n].copy() for n in self.program.states})
        loss = sum(
            float((self.weights[n][k] * states[k][n]).sum())
            for k in range(self.steps + 1) for n in self.program.states
        ) + float((self.spike_weights * np.array(spikes)).sum())  # fmt: skip
        return {"loss": loss, "spikes": np.array(spikes), "kept": kept, "states": states,
                "arrays": arrays}  # fmt: skip

    def backward(self) -> dict[str, Any]:
        """Return the derivatives by initial states, inputs and parameters."""
        run = self.forward()
        back = self.reverse
        prepared = prepare(back.program, self.values, self.dt, 0.0)
        arrays = arrays_for(back.program, self.size, prepared)
        for state, bar in back.bar.items():
            arrays[bar][:] = self.weights[state][self.steps]
        inputs = {name: np.zeros((self.steps, self.size)) for name in back.bar_input}
        update = self._update(arrays, prepared.numbers)
        for step in range(self.steps - 1, -1, -1):
            for name, kept in run["kept"].items():
                arrays[name][:] = kept[step]
            if back.bar_spike is not None:
                arrays[back.bar_spike][:] = self.spike_weights[step]
            update(step)
            for name, bar in back.bar_input.items():
                inputs[name][step] = arrays[bar]
            for state, bar in back.bar.items():
                arrays[bar] += self.weights[state][step]
        totals = {name: arrays[total] for name, total in back.total.items()}
        found = reverse_prepare(self.program, self.values, self.dt, 0.0, totals)
        parameters = {n: found[n] for n in self.parameters if n in found}
        return {"states": {n: arrays[b].copy() for n, b in back.bar.items()}, "inputs": inputs,
                "parameters": parameters, "run": run, "arrays": arrays}  # fmt: skip

    def _update(self, arrays: dict[str, Any], numbers: Any) -> Any:
        program = self.reverse.program
        if self.backend == "interpreter":
            kernels = InterpreterKernels(program)
            return lambda step: kernels.update(arrays, numbers, 0, self.size, step)
        from ctypes import CFUNCTYPE, c_int64

        compiled = CompiledKernels(program)
        table = np.array([arrays[n].ctypes.data for n in compiled.array_names], np.int64)
        call = CFUNCTYPE(None, *[c_int64] * 5)(compiled.update_address)
        kept = (compiled, table)
        return lambda step: (
            kept and call(table.ctypes.data, numbers.ctypes.data, 0, self.size, step)
        )

    def differences(self, kind: str, name: str, h: float = 1e-6) -> Any:
        """Return central differences of the loss by a start, an input's step 1 or a parameter."""
        results = []
        for sign in (1.0, -1.0):
            if kind == "states":
                base = np.broadcast_to(np.asarray(self.start.get(name, 0.0), float), self.size)
                scale = np.abs(base).max() or 1.0
                each = sign * h * scale * np.eye(self.size)
                ends = [self._at(start={name: base + move}) for move in each]
            elif kind == "inputs":
                base = np.array(np.broadcast_to(self.inputs[name], (self.steps, self.size)), float)
                scale, ends = np.abs(base).max(), []
                for k in range(self.size):
                    moved = base.copy()
                    moved[1, k] += sign * h * scale
                    ends.append(self._at(inputs={**self.inputs, name: moved}))
            else:
                base = self.values[name]
                scale = np.max(np.abs(base)) or self.model.unit_of(name).scale
                shape = np.shape(base)
                moves = [np.arange(self.size) == k for k in range(self.size)] if shape else [1.0]
                ends = [self._at(values={**self.values, name: base + sign * h * scale * m})
                        for m in moves]  # fmt: skip
            results.append(np.array(ends))
        self.noise = 1e-14 * np.abs(results).max() / (h * scale)
        return (results[0] - results[1]) / (2 * h * scale)

    def check_along(self, seed: int = 0, rel: float = 1e-5, h: float = 1e-6) -> dict[str, Any]:
        """Compare the derivative along a random direction of everything at once."""
        rng, found = np.random.default_rng(seed), self.backward()
        total, size = 0.0, 0.0
        moves: dict[str, dict[str, Any]] = {"values": {}, "inputs": {}, "start": {}}

        def move(kind: str, name: str, base: Any, unit: float, bar: Any) -> None:
            nonlocal total, size
            base = np.asarray(base, float)
            step = rng.normal(size=base.shape) * np.maximum(np.abs(base), unit)
            if base.ndim == 0 and np.ndim(bar):
                bar = np.sum(bar)
            moves[kind][name] = (base, step)
            total += float((step * bar).sum())
            size += float(np.abs(step * bar).sum())

        for name in self.program.states:
            base = np.broadcast_to(np.asarray(self.start.get(name, 0.0), float), self.size)
            move("start", name, base, self.model.unit_of(name).scale, found["states"][name])
        for name, bars in found["inputs"].items():
            base = np.broadcast_to(self.inputs[name], (self.steps, self.size))
            move("inputs", name, base, 0.0, bars)
        for name, bar in found["parameters"].items():
            whole = np.broadcast_to(bar, self.size) if np.ndim(bar) == 0 else bar
            move("values", name, self.values[name], 0.0, whole)
        ends = []
        for sign in (1.0, -1.0):
            there = {kind: {n: b + sign * h * s for n, (b, s) in table.items()}
                     for kind, table in moves.items()}  # fmt: skip
            there["values"] = {**self.values, **there["values"]}
            ends.append(self.forward(**there))
        assert (ends[0]["spikes"] == ends[1]["spikes"]).all(), "the step is too large"
        want = (ends[0]["loss"] - ends[1]["loss"]) / (2 * h)
        noise = 1e-13 * (abs(ends[0]["loss"]) + 1) / h
        assert abs(total - want) < rel * size + noise, (total, want, size)
        return found

    def _at(self, **changed: Any) -> float:
        return float(self.forward(**changed)["loss"])

    def check(self, rel: float = 2e-5, h: float = 1e-6) -> dict[str, Any]:
        """Compare all derivatives with central differences; return those of the reverse."""
        found = self.backward()
        for name in self.program.states:
            want = self.differences("states", name, h)
            self._same(found["states"][name], want, rel, f"d loss/d {name}(0)")
        for name in self.inputs:
            want = self.differences("inputs", name, h)
            self._same(found["inputs"][name][1], want, rel, f"d loss/d {name}")
        for name in self.parameters:
            want = self.differences("parameters", name, h)
            got = found["parameters"].get(name, 0.0)
            if np.ndim(self.values[name]) == 0:
                got = np.sum(np.broadcast_to(got, self.size)) if np.ndim(got) == 0 else np.sum(got)
                got = np.array([got])
            self._same(got, want, rel, f"d loss/d {name}")
        return found

    def _same(self, got: Any, want: Any, rel: float, what: str) -> None:
        room = rel * np.max(np.abs(want)) + self.noise  # of the rounding of the loss
        np.testing.assert_allclose(got, want, rtol=rel, atol=room, err_msg=what)
