"""What runs in the measured process: ``python -m rheobase.bench.process cuba``.

Builds one network, runs it and prints, as one line of JSON, what the run says of itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rheobase.bench.catalog import CATALOG, Benchmark
from rheobase.bench.statistics import describe

if TYPE_CHECKING:
    from rheobase.results import Result
    from rheobase.simulation import Network


def run(
    benchmark: Benchmark,
    *,
    seed: int = 1,
    scale: float | None = None,
    duration: float | None = None,
    threads: int = 1,
    options: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Build and run a benchmark.

    Returns
    -------
    dict
        ``timing`` (build, compile and connect of all, run of what is measured,
        ``peak_memory_bytes``), ``neurons``, ``synapses``, ``seconds`` simulated, ``spikes``,
        ``statistics`` by group, and ``estimate``: what `Network.estimate` says for the rate found.
    """
    chosen = benchmark.scale if scale is None else scale
    told = {} if benchmark.indegree == 1 else {"indegree": benchmark.indegree}
    net = benchmark.build(seed=seed, scale=chosen, **(told | (options or {})))
    lasting = benchmark.duration if duration is None else duration
    timing = None
    if benchmark.warmup:
        timing = net.run(f"{benchmark.warmup} second", threads=threads).timing
    result = net.run(f"{lasting} second", threads=threads)
    figures = dict(result.timing if timing is None else result.timing + timing)
    figures["run"] = result.timing.run
    spikes = sum(trains.count for trains in result.spikes.values())
    neurons = sum(len(cells) for cells in net.populations.values())
    rate = spikes / neurons / lasting
    estimate = net.estimate(f"{lasting} second", rate=f"{rate} Hz", threads=threads)
    return {
        "timing": figures,
        "neurons": neurons,
        "synapses": estimate.synapses,
        "seconds": lasting,
        "spikes": int(spikes),
        "statistics": _statistics(benchmark, net, result),
        "estimate": asdict(estimate),
    }


def _statistics(benchmark: Benchmark, net: Network, result: Result) -> dict[str, Any]:
    found = {}
    for name, (population, part) in benchmark.groups(net).items():
        trains = result.spikes[population]
        found[name] = describe(trains.between(min(benchmark.settle, trains.stop))[part])
    return found


def main(argv: list[str] | None = None) -> int:
    """Run one benchmark network and print its figures as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("name", choices=sorted(CATALOG))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, help="of the number of neurons")
    parser.add_argument("--indegree", type=float, help="of the inputs of a neuron")
    parser.add_argument("--storage", help="how synapses are kept")
    parser.add_argument("--duration", type=float, help="simulated seconds that are measured")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args(argv)
    options = {key: getattr(given, key) for key in ("indegree", "storage") if getattr(given, key)}
    figures = run(
        CATALOG[given.name], seed=given.seed, scale=given.scale, duration=given.duration,
        threads=given.threads, options=options,
    )  # fmt: skip
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
