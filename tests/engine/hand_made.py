"""A model with kernels written by hand, compiled and in NumPy, to test the engines with.

v -> decay_v*v + g + I unless held, g -> decay_g*g; a spike where v > threshold; then v is
reset, and held for some steps. Port "g" accumulates `g += weight` and `v += weight`; port
"jump" runs `v = 0.5*v + weight` event by event. Subexpression "double" is 2*v + step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import cfunc, njit

from rheobase.engine.plan import (
    Connectivity,
    NetworkPlan,
    PopulationPlan,
    ProjectionPlan,
    new_array,
)
from rheobase.rendering.intrinsics import (
    float32_view,
    float64_view,
    int32_view,
    int64_view,
    load_address,
    uint8_view,
)

DECAY_V, DECAY_G, THRESHOLD, RESET, HELD = range(5)


@dataclass(frozen=True)
class HandArray:
    name: str
    role: str
    dtype: str = "float64"


ARRAYS = (
    HandArray("v", "state"),
    HandArray("g", "state"),
    HandArray("I", "input"),
    HandArray("spiked", "spiked", "uint8"),
    HandArray("release", "release", "int64"),
    HandArray("left", "left"),
    HandArray("refractory", "refractory", "uint8"),
    HandArray("offset", "offset"),
    HandArray("observed_double", "observed"),
)


@dataclass(frozen=True)
class HandProgram:
    arrays: tuple[HandArray, ...] = ARRAYS
    spiking: bool = True
    crossing: str = "grid"
    refractory_kind: str = "duration"
    held: frozenset[str] = frozenset({"v"})
    mutable: frozenset[str] = frozenset()


@dataclass
class HandInterpreter:
    """The kernels over NumPy arrays."""

    spiking: bool = True

    def update(self, arrays: dict[str, Any], numbers: Any, lo: int, hi: int, step: int) -> None:
        v, g, current = (arrays[name][lo:hi] for name in ("v", "g", "I"))
        held = step < arrays["release"][lo:hi]
        with np.errstate(over="ignore"):
            new = np.where(held, v, numbers[DECAY_V] * v + g + current)
        spike = ~held & (new > numbers[THRESHOLD])
        with np.errstate(invalid="ignore"):
            bad = new - new != 0.0
        arrays["spiked"][lo:hi] = spike + 2 * bad.astype(np.uint8)
        arrays["offset"][lo:hi] = 1e-5 * new
        g[:] = numbers[DECAY_G] * g
        v[:] = new
        arrays["left"][lo:hi] = np.maximum(arrays["left"][lo:hi] - 1.0, 0.0)
        arrays["refractory"][lo:hi] = new > 0.3

    def on_spike(self, arrays: dict[str, Any], numbers: Any, ids: Any, step: int) -> None:
        if not self.spiking:
            return
        arrays["v"][ids] = numbers[RESET]
        arrays["release"][ids] = step + 1 + int(numbers[HELD])
        arrays["left"][ids] = numbers[HELD] + 0.5

    def arrive(
        self, port: str, arrays: dict[str, Any], numbers: Any, targets: Any, weights: Any, step: int
    ) -> None:
        for target, weight in zip(targets, np.broadcast_to(weights, targets.shape), strict=True):
            arrays["v"][target] = 0.5 * arrays["v"][target] + weight

    def observe(
        self, name: str, arrays: dict[str, Any], numbers: Any, lo: int, hi: int, step: int
    ) -> Any:
        arrays["observed_double"][lo:hi] = 2.0 * arrays["v"][lo:hi] + step
        return arrays["observed_double"][lo:hi]


@njit(error_model="numpy", cache=True)
def _update(v, g, current, spiked, release, left, refractory, offset, numbers, step):
    for i in range(v.size):
        held = step < release[i]
        new = v[i] if held else numbers[DECAY_V] * v[i] + g[i] + current[i]
        spike = (not held) and new > numbers[THRESHOLD]
        spiked[i] = spike + 2 * (new - new != 0.0)
        offset[i] = 1e-5 * new
        g[i] = numbers[DECAY_G] * g[i]
        v[i] = new
        left[i] = max(left[i] - 1.0, 0.0)
        refractory[i] = new > 0.3


@cfunc("void(int64,int64,int64,int64,int64)", cache=True)
def _update_at(table, numbers, lo, hi, step):
    n = hi - lo
    _update(
        float64_view(load_address(table, 0), lo, n),
        float64_view(load_address(table, 1), lo, n),
        float64_view(load_address(table, 2), lo, n),
        uint8_view(load_address(table, 3), lo, n),
        int64_view(load_address(table, 4), lo, n),
        float64_view(load_address(table, 5), lo, n),
        uint8_view(load_address(table, 6), lo, n),
        float64_view(load_address(table, 7), lo, n),
        float64_view(numbers, 0, 5),
        step,
    )


@cfunc("void(int64,int64,int64,int64,int64)", cache=True)
def _on_spike_at(table, numbers, ids, count, step):
    number = float64_view(numbers, 0, 5)
    cells = int32_view(ids, 0, count)
    size = cells[count - 1] + 1
    v = float64_view(load_address(table, 0), 0, size)
    release = int64_view(load_address(table, 4), 0, size)
    left = float64_view(load_address(table, 5), 0, size)
    for i in cells:
        v[i] = number[RESET]
        release[i] = step + 1 + int(number[HELD])
        left[i] = number[HELD] + 0.5


@cfunc("void(int64,int64,int64,int64,int64,int64,int64)", cache=True)
def _jump_at(table, numbers, targets, weights, count, step, scalar_weight):
    cells = int32_view(targets, 0, count)
    for n in range(count):
        if scalar_weight == 2:
            weight = float(float32_view(weights, n, 1)[0])
        else:
            weight = float64_view(weights, 0 if scalar_weight == 1 else n, 1)[0]
        v = float64_view(load_address(table, 0), cells[n], 1)
        v[0] = 0.5 * v[0] + weight


@cfunc("void(int64,int64,int64,int64,int64)", cache=True)
def _double_at(table, numbers, lo, hi, step):
    v = float64_view(load_address(table, 0), lo, hi - lo)
    double = float64_view(load_address(table, 8), lo, hi - lo)
    for i in range(hi - lo):
        double[i] = 2.0 * v[i] + step


@dataclass
class HandCompiled:
    """The same kernels, compiled."""

    array_names: tuple[str, ...] = tuple(a.name for a in ARRAYS)
    update_address: int = field(default_factory=lambda: _update_at.address)
    on_spike_address: int = field(default_factory=lambda: _on_spike_at.address)
    arrive_addresses: Mapping[str, int] = field(default_factory=lambda: {"jump": _jump_at.address})
    observe_addresses: Mapping[str, int] = field(
        default_factory=lambda: {"double": _double_at.address}
    )


def cells(
    name: str,
    size: int,
    backend: str,
    *,
    threshold: float = 1.0,
    held: int = 3,
    decay_v: float = 0.9,
    v: Any = 0.0,
    record_spikes: bool = True,
    **program: Any,
) -> PopulationPlan:
    """Return a population of such cells."""
    lowered = HandProgram(**program)
    arrays = {a.name: new_array(size, a.dtype) for a in lowered.arrays}
    arrays["v"][:] = v
    kernels = HandCompiled() if backend == "numba" else HandInterpreter(lowered.spiking)
    if not lowered.spiking and isinstance(kernels, HandCompiled):
        kernels.on_spike_address = 0
    numbers = np.array([decay_v, 0.8, threshold, -0.25, float(held)])
    return PopulationPlan(name, size, lowered, kernels, arrays, numbers, record_spikes)


def synapses(
    name: str,
    source: int,
    target: int,
    port: str,
    rows: Any,
    targets: Any,
    delays: Any,
    weights: dict[str, Any],
    **options: Any,
) -> ProjectionPlan:
    """Return a projection with these synapses, in canonical order; delays: one, or one each."""
    cells_of = np.asarray(targets, np.uint32)
    steps = int(delays) if np.ndim(delays) == 0 else np.asarray(delays, np.int32)
    starts = np.asarray(rows, np.int64)
    kept = {k: np.atleast_1d(np.asarray(w)) for k, w in weights.items()}
    shared = kept if all(w.size == 1 for w in kept.values()) else None
    return ProjectionPlan(
        name, source, target, port, lambda: Connectivity(starts, cells_of, steps, dict(kept)),
        tuple(kept), shared_weights=shared, **options,
    )  # fmt: skip


def network(*populations: Any, **parts: Any) -> NetworkPlan:
    """Return a network of a tenth of a millisecond."""
    return NetworkPlan(dt=1e-4, start=0.0, seed=7, populations=list(populations), **parts)
