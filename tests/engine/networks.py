"""Random networks with every feature of a plan, for comparing one engine with the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.engine.hand_made import cells, network, synapses

from rheobase.engine.plan import (
    ContinuousPlan,
    DrivePlan,
    InputPlan,
    NetworkPlan,
    ProjectionPlan,
    RecordPlan,
    SourcePlan,
)

KINDS: list[dict[str, Any]] = [
    {},
    {"refractory_kind": "none"},
    {"crossing": "linear"},
    {"refractory_kind": "condition"},
    {"spiking": False},
]


def projection(
    rng: np.random.Generator, n: int, source: int, target: int, sizes: list[int]
) -> ProjectionPlan:
    """Random synapses: one or many delays, 0 among them; any kind of weight; either port."""
    count = int(rng.integers(0, 4 * sizes[source]))
    delays = np.unique(rng.integers(0, 12, rng.integers(1, 6)))
    pre, which = rng.integers(0, sizes[source], count), rng.integers(0, delays.size, count)
    pre = np.sort(pre)
    post = rng.integers(0, sizes[target], count).astype(np.uint32)
    post = post[np.lexsort((post, pre))]
    rows = np.searchsorted(pre, np.arange(sizes[source] + 1))
    steps = delays[which] if delays.size > 1 else delays[0]

    def weights() -> Any:
        size = 1 if rng.random() < 0.5 else count
        kind = np.float32 if rng.random() < 0.4 else np.float64
        return (0.3 * rng.standard_normal(size) + 0.2).astype(kind)

    event = rng.random() < 0.3
    several = {"g": weights(), "v": weights()} if rng.random() < 0.5 else {"g": weights()}
    return synapses(
        f"projection {n}", source, target, "jump" if event else "g", rows, post, steps,
        {"weight": weights()} if event else several,
    )  # fmt: skip


def coupling(
    rng: np.random.Generator, n: int, source: int, target: int, sizes: list[int]
) -> ContinuousPlan:
    counts = rng.integers(0, 5, sizes[target])
    total = int(counts.sum())
    sources = [np.sort(rng.integers(0, sizes[source], c)) for c in counts]
    return ContinuousPlan(
        f"coupling {n}", source, target, str(rng.choice(["v", "double", "g"])), "I",
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.concatenate([np.zeros(0), *sources]).astype(np.int32),
        0.001 * rng.standard_normal(total if rng.random() < 0.5 else 1),
        rng.integers(0, 7, total if rng.random() < 0.5 else 1),
    )  # fmt: skip


def current(rng: np.random.Generator, target: int, size: int) -> InputPlan:
    chosen = None
    if rng.random() < 0.5:
        chosen = np.sort(rng.choice(size, rng.integers(1, size + 1), False)).astype(np.int32)
    count = size if chosen is None else chosen.size
    amplitude = rng.random(1 if rng.random() < 0.5 else count)
    if rng.random() < 0.4:
        return InputPlan(
            target, "I", cells=chosen, kind="ou", amplitude=amplitude, mean=0.1, std=0.2,
            tau=5e-4, shared=bool(rng.random() < 0.5), stream=int(rng.integers(2**63)),
        )  # fmt: skip
    columns = int(rng.choice([1, 3, count]))
    table = rng.standard_normal((1000, columns)) * (rng.random((1000, 1)) < 0.2)
    array, mode = [("I", "add"), ("I", "add"), ("I", "set"), ("g", "set")][rng.integers(4)]
    return InputPlan(
        target, array, mode, chosen,
        waveform=lambda first, steps: table[first : first + steps], amplitude=amplitude,
        columns=rng.integers(0, columns, count).astype(np.int32),
    )  # fmt: skip


def events(rng: np.random.Generator, size: int) -> dict[str, Any]:
    """Poisson processes, or given times."""
    if rng.random() < 0.5:
        counts = rng.choice([0.01, 0.5, 3.0]) * rng.random((2, 1 if rng.random() < 0.5 else size))
        return {"kind": "poisson", "counts": counts, "interval_steps": 30,
                "stream": int(rng.integers(2**63))}  # fmt: skip
    count = int(rng.integers(0, 80))
    steps, ids = rng.integers(0, 90, count), rng.integers(0, size, count)
    order = np.lexsort((ids, steps))
    return {"kind": "times", "steps": steps[order], "ids": ids[order].astype(np.int32),
            "offsets": 1e-4 * rng.random(count) if rng.random() < 0.5 else None}  # fmt: skip


def drive(rng: np.random.Generator, target: int, size: int) -> DrivePlan:
    chosen = np.sort(rng.choice(size, rng.integers(1, size + 1), False)).astype(np.int32)
    weights = 0.2 * rng.random(1 if rng.random() < 0.5 else chosen.size)
    event = rng.random() < 0.3
    return DrivePlan(
        target, "jump" if event else "g", chosen,
        {"weight": weights} if event else {"g": weights, "v": 0.1 * weights},
        **events(rng, chosen.size),
    )  # fmt: skip


def random_network(seed: int, backend: str, largest: int = 150) -> NetworkPlan:
    """The same network for the same seed, for either engine and any number of threads."""
    rng = np.random.default_rng(seed)
    sizes = [int(n) for n in rng.integers(1, largest, 4)]
    populations: list[Any] = []
    for place, size in enumerate(sizes[:3]):
        kind = KINDS[rng.integers(len(KINDS))]
        populations.append(
            cells(
                f"cells {place}",
                size,
                backend,
                v=1.3 * rng.random(size),
                held=int(rng.integers(0, 5)),
                decay_v=0.95,
                **kind,
            )
        )
    populations.append(SourcePlan("source", sizes[3], **events(rng, sizes[3])))
    targets = [int(t) for t in rng.integers(0, 3, 16)]
    sources = [int(s) for s in rng.integers(0, 4, 8)]
    records = [
        RecordPlan(
            f"record {n}",
            p,
            str(rng.choice(["v", "g", "I", "double", "release", "refractory"])),
            rng.choice(sizes[p], rng.integers(1, sizes[p] + 1), False).astype(np.int32),
            int(rng.integers(1, 6)),
        )
        for n, p in enumerate(targets[12:])
    ]
    return network(
        *populations,
        projections=[
            projection(rng, n, s, t, sizes)
            for n, (s, t) in enumerate(zip(sources[:5], targets[:5], strict=True))
        ],
        continuous=[
            coupling(rng, n, s % 3, t, sizes)
            for n, (s, t) in enumerate(zip(sources[5:7], targets[5:7], strict=True))
        ],
        inputs=[current(rng, t, sizes[t]) for t in targets[7:10]],
        drives=[drive(rng, t, sizes[t]) for t in targets[10:12]],
        records=records,
    )
