"""The events of a synapse: compiled and interpreted, with the same bits."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.engine.plan import Connectivity
from rheobase.engine.plasticity import PlasticStore
from rheobase.language.synapse import Synapse
from rheobase.lowering import lower
from rheobase.lowering.synapse import lower_synapse
from rheobase.rendering.synapse_kernels import (
    CompiledSynapse,
    InterpretedSynapse,
    prepare_synapse,
)
from rheobase.rendering.synapse_source import FIXED
from rheobase.units import ms, pA

PAIR = dict(
    equations="""
    dx/dt = -x/tau_plus : 1
    dy/dt = -y/tau_minus : 1
    """,
    on_pre="deliver(weight); weight = clip(weight - a_minus*w_max*y, w_min, w_max); x += 1",
    on_post="weight = clip(weight + a_plus*w_max*x, w_min, w_max); y += 1",
    parameters=dict(tau_plus=20 * ms, tau_minus=30 * ms, a_plus=0.01, a_minus=0.012,
                    w_max=100 * pA, w_min=0 * pA),
)  # fmt: skip
POWER_LAW = dict(
    equations="""
    dx/dt = -x/tau_plus : 1
    dy/dt = -y/tau_minus : 1
    """,
    on_pre="deliver(weight); weight = maximum(0*w_0, weight - lam*alpha*weight*y); x += 1",
    on_post="weight = weight + lam*w_0*(weight/w_0)**mu*x; y += 1",
    parameters=dict(tau_plus=15 * ms, tau_minus=30 * ms, lam=0.1, alpha=0.0513, mu=0.4, w_0=1 * pA),
)
COUPLED = dict(
    equations="""
    da/dt = (b - a)/tau_a : 1
    db/dt = (1 - b)/tau_b : 1
    g : 1
    """,
    on_pre="deliver(weight*a); b += 0.1*v_post/mV; g += a",
    on_post="g *= 0.9; b -= 0.01*g",
    parameters=dict(tau_a=20 * ms, tau_b=7 * ms),
)
ADDED = dict(
    equations="du/dt = (U - u)/tau_f : 1\ndR/dt = (1 - R)/tau_d : 1",
    on_pre="u += U*(1 - u); deliver(weight*u*R); R -= u*R; v_post += 0.001*mV*u",
    parameters=dict(tau_f=500 * ms, tau_d=200 * ms, U=0.2),
    initial=dict(u="U", R=1),
)


class Trial:
    """One synapse on LIF cells: two storages, one a backend."""

    def __init__(self, given, sources=40, cells=70, seed=0, delays=3):
        random = np.random.default_rng(seed)
        self.random, self.sources, self.cells = random, sources, cells
        rows = [np.sort(random.integers(0, cells, random.integers(0, 90))) for _ in range(sources)]
        targets = np.concatenate(rows).astype(np.uint32)
        row_start = np.concatenate([[0], np.cumsum([r.size for r in rows])])
        steps = random.integers(1, 1 + delays, targets.size).astype(np.uint16)
        weights = random.uniform(10, 90, targets.size) * 1e-12
        self.synapses = Connectivity(row_start, targets, steps if delays > 1 else 1,
                                     {"weight": weights})  # fmt: skip
        self.synapse = Synapse(**given)
        model = rb.models.LIF
        self.program = lower_synapse(self.synapse, model, lower(model).ports["i_syn"])
        shared = dict(self.synapse.defaults)
        self.numbers = prepare_synapse(self.program, shared, 1e-4, 0.0)
        self.initial = {"u": np.array([0.2]), "R": np.ones(1)}
        self.v = random.uniform(-0.07, -0.05, cells)

    def store(self, bounds):
        store = PlasticStore(self.program, self.initial)
        store.lay_out(self.synapses, 0, bounds, self.cells, 0)
        return store

    def arrays(self, part, sums):
        found = dict(part.arrays)
        for array in self.program.arrays:
            if array.domain == "sum":
                found[array.name] = sums.setdefault(array.name, np.zeros(self.cells))
            if array.domain == "cell":
                found[array.name] = self.v
        return found

    def events(self, steps=60):
        for step in range(1, steps):
            yield (
                step,
                np.flatnonzero(self.random.random(self.sources) < 0.2),
                np.flatnonzero(self.random.random(self.cells) < 0.1),
            )


def run_interpreted(trial, events, bounds):
    kernels, store, sums = InterpretedSynapse(trial.program), trial.store(bounds), {}
    for step, sources, cells in events:
        for part in store.parts:
            rows, arrays = part.rows, trial.arrays(part, sums)
            for i in sources:
                for s in range(i * store.delays.size, (i + 1) * store.delays.size):
                    begin, end = rows.starts[s : s + 2]
                    if end > begin:
                        kernels.on_pre(arrays, trial.numbers, s, slice(begin, end),
                                       rows.targets[begin:end], step)  # fmt: skip
            for j in cells[(cells >= rows.lo) & (cells < rows.hi)]:
                begin, end = rows.column_start[j - rows.lo : j - rows.lo + 2]
                if end > begin:
                    kernels.on_post(arrays, trial.numbers, j, rows.positions[begin:end],
                                    rows.slices[begin:end], step)  # fmt: skip
    return store, sums


def run_compiled(trial, events, bounds):
    from ctypes import CFUNCTYPE, c_int64

    kernels, store, sums = CompiledSynapse(trial.program), trial.store(bounds), {}
    call = CFUNCTYPE(None, *[c_int64] * 7)
    on_pre, on_post = call(kernels.on_pre_address), call(kernels.on_post_address or 1)
    tables = []
    for part in store.parts:
        rows, arrays = part.rows, trial.arrays(part, sums)
        held = [rows.targets, rows.positions, rows.slices, *[np.zeros(1)] * (len(FIXED) - 3)]
        held += [arrays[name] for name in trial.program.array_names]
        addresses = [a.__array_interface__["data"][0] for a in held]
        tables.append((part, held, np.array(addresses, np.int64)))
    numbers = trial.numbers.__array_interface__["data"][0]
    for step, sources, cells in events:
        for part, _, table in tables:
            rows, address = part.rows, table.__array_interface__["data"][0]
            for i in sources:
                for s in range(i * store.delays.size, (i + 1) * store.delays.size):
                    begin, end = map(int, rows.starts[s : s + 2])
                    if end > begin:
                        on_pre(address, numbers, s, begin, end - begin, step, 0)
            for j in cells[(cells >= rows.lo) & (cells < rows.hi)]:
                begin, end = map(int, rows.column_start[j - rows.lo : j - rows.lo + 2])
                if end > begin and kernels.on_post_address:
                    on_post(address, numbers, int(j), begin, end - begin, step, 0)
    return store, sums


@pytest.mark.parametrize("delays", [1, 3])
@pytest.mark.parametrize("given", [PAIR, POWER_LAW, COUPLED, ADDED])
def test_both_backends_and_any_division_give_the_same_bits(given, delays):
    trial = Trial(given, delays=delays)
    events = list(trial.events())
    whole, sums = run_interpreted(trial, events, [(0, 70)])
    for run in (run_interpreted, run_compiled):
        for bounds in ([(0, 70)], [(0, 32), (32, 64), (64, 70)]):
            store, other = run(trial, events, bounds)
            for name in whole.names():
                np.testing.assert_array_equal(whole.read(name), store.read(name), name)
            for name, values in sums.items():
                np.testing.assert_array_equal(values, other[name], name)
    assert np.any(whole.read("weight") != trial.synapses.weights["weight"]) or given in (
        COUPLED, ADDED,
    )  # fmt: skip


def test_domains_are_found():
    assert Trial(PAIR).program.domains == {"weight": "synapse", "x": "row", "y": "target"}
    assert Trial(ADDED).program.domains == {"weight": "synapse", "u": "row", "R": "row"}
    assert Trial(COUPLED).program.domains == {
        "weight": "synapse", "a": "synapse", "b": "synapse", "g": "synapse",
    }  # fmt: skip


def test_coupled_variables_follow_their_equations():
    trial = Trial(COUPLED, delays=1)
    kernels, store = InterpretedSynapse(trial.program), trial.store([(0, 70)])
    part = store.parts[0]
    arrays = trial.arrays(part, {})
    kernels.on_pre(arrays, trial.numbers, 0, slice(0, 1), part.rows.targets[:1], 123)
    time = 123e-4
    # b' = (1 - b)/7 ms, a' = (b - a)/20 ms from 0
    b = 1 - np.exp(-time / 7e-3)
    a = 1 - 20 / 13 * np.exp(-time / 20e-3) + 7 / 13 * np.exp(-time / 7e-3)
    assert arrays["a"][0] == pytest.approx(a, rel=1e-12)
    jump = 0.1 * trial.v[part.rows.targets[0]] / 1e-3
    assert arrays["b"][0] == pytest.approx(b + jump, rel=1e-12)
