"""Rendered models on both engines: the same bits, through every feature of a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.engine import hand_made

import rheobase as rb
from rheobase.engine.plan import (
    DrivePlan,
    InputPlan,
    NetworkPlan,
    PopulationPlan,
    ProjectionPlan,
    RecordPlan,
    SourcePlan,
    new_array,
)
from rheobase.engine.run import Engine
from rheobase.lowering import lower
from rheobase.rendering import CompiledKernels, InterpreterKernels, prepare
from rheobase.units import ms, mV

CUBA = """
dv/dt = (ge + gi - (v - E_L) + I)/tau_m : mV (unless refractory)
dge/dt = -ge/tau_e : mV
dgi/dt = -gi/tau_i : mV
I : mV (input)
"""
PARAMETERS = dict(tau_m=20 * ms, tau_e=5 * ms, tau_i=10 * ms, V_T=-50 * mV, V_r=-60 * mV,
                  E_L=-49 * mV)  # fmt: skip


def model(**options: Any) -> Any:
    options = {
        "threshold": "v > V_T",
        "reset": "v = V_r",
        "refractory": "5*ms",
        "receives": {"e": "ge += weight", "i": "gi -= weight", "kick": "v = 0.9*v + weight"},
        **options,
    }
    return rb.Model(CUBA, parameters=PARAMETERS, **options)


def population(described: Any, size: int, backend: str, dt: float) -> PopulationPlan:
    program = lower(described, observed=frozenset())
    kernels = CompiledKernels(program) if backend == "numba" else InterpreterKernels(program)
    prepared = prepare(program, dict(described.defaults), dt, 0.0)
    arrays: dict[str, Any] = {a.name: new_array(size, a.dtype) for a in program.arrays}
    arrays |= prepared.arrays
    arrays["v"][:] = np.linspace(-0.062, -0.049, size)
    return PopulationPlan("cells", size, program, kernels, arrays, prepared.numbers)


def build(described: Any, backend: str) -> NetworkPlan:
    size, dt = 120, 1e-4
    rng = np.random.default_rng(3)

    def synapses(source: int, count: int, port: str, weights: dict[str, Any]) -> ProjectionPlan:
        pre = np.sort(rng.integers(0, 120 if source == 0 else 30, count))
        rows = np.searchsorted(pre, np.arange((120 if source == 0 else 30) + 1)).astype(np.int64)
        post = rng.integers(0, size, count)
        post = post[np.lexsort((post, pre))]
        return hand_made.synapses(f"{port} {source}", source, 0, port, rows, post, 15, weights)

    return NetworkPlan(
        dt, 0.0, 1,
        [population(described, size, backend, dt),
         SourcePlan("source", 30, "poisson", counts=np.full((1, 1), 0.02), stream=12)],
        projections=[
            synapses(0, 900, "e", {"ge": np.array([1.62e-3])}),
            synapses(0, 200, "i", {"gi": rng.random(200).astype(np.float32) * -9e-3}),
            synapses(1, 100, "kick", {"weight": rng.random(100) * -4e-3}),
        ],
        inputs=[InputPlan(0, "I", kind="ou", std=5e-3, tau=5e-3, stream=77)],
        drives=[DrivePlan(0, "e", np.arange(0, 120, 3, dtype=np.int32), {"ge": np.array([1e-3])},
                          "poisson", counts=np.full((1, 1), 0.03), stream=9)],
        records=[RecordPlan("v", 0, "v", np.arange(5, dtype=np.int32), 3)],
    )  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"crossing": "linear", "method": "euler"},
        {"refractory": "v > -55*mV", "method": "rk2"},
        {"refractory": "0*ms"},
    ],
    ids=["grid", "linear", "condition", "zero"],
)
def test_rendered_models_give_the_same_bits_on_both_engines(options: dict[str, Any]) -> None:
    described = model(**options)
    found = []
    for backend in ("interpreter", "numba"):
        plan = build(described, backend)
        engine = Engine(plan, backend)  # type: ignore[arg-type]
        engine.advance(150)
        engine.advance(150)
        arrays = plan.populations[0].arrays  # type: ignore[union-attr]
        spikes = engine.take_spikes(0)
        assert spikes.ids.size > 20
        found.append(
            [None if x is None else x.tobytes() for x in (*spikes, *engine.take_samples(0))]
            + [arrays[name].tobytes() for name in ("v", "ge", "gi", "last_spike")]
        )
    assert found[0] == found[1]
