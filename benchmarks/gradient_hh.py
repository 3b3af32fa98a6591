"""The gradient of a Hodgkin-Huxley trace beside Jaxley, in one run.

    python benchmarks/gradient_hh.py [--jaxley PYTHON] [--duration 100] [--dt 0.025] [--rounds 20]
        [--out FILE]

One compartment with the Hodgkin-Huxley currents and a step of current; the loss is the mean square
of v + 60 mV over all steps; its gradient is taken with respect to the three conductances and the
three reversal potentials, at other values every time. Both run in processes of their own and take
turns, so that a machine that slows down slows both. Cold is the first gradient of a process that
has compiled nothing before (ours: with an empty cache), imports not counted.

Exits with 1 if ours is not 15 times as fast, by the least time of each (medians say more of what
else the machine does), or cold takes more than twice as long.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

WARM, COLD = 15.0, 2.0
HERE = Path(__file__).resolve().parent
SIX = ["g_Na", "g_K", "g_L", "E_Na", "E_K", "E_L"]


def ours(duration: float, dt: float) -> None:
    """Differentiate on demand, as `peers/jaxley_gradient.py` does."""
    import numpy as np

    import rheobase as rb
    from rheobase.units import cm, ms, uA

    rb.gradients.Objective  # noqa: B018 - imported before the clock starts, as Jaxley is
    import numba  # noqa: F401

    net = rb.Network(dt=dt * ms)
    cell = net.add(rb.models.HodgkinHuxley(), 1, name="cell")
    net.inject(cell, rb.stimuli.step(10 * uA / cm**2, start=2 * ms))
    begin = time.perf_counter()
    objective = rb.gradients.Objective(
        net, lambda run: np.mean((run["cell"].v + 60.0) ** 2), SIX, duration=duration * ms
    )
    x = objective.start
    objective.vector(x)
    print("ready", rb.__version__, time.perf_counter() - begin, flush=True)
    for n, _ in enumerate(sys.stdin):
        changed = x * (1 + 1e-6 * n)
        begin = time.perf_counter()
        value, _ = objective.vector(changed)
        print(time.perf_counter() - begin, value, flush=True)


class Worker:
    """A process that takes a gradient whenever it is told to."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self.name = name
        self.seconds: list[float] = []
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        words = self._line().split()
        if not words or words[0] != "ready":
            raise SystemExit(f"{name} did not start")
        self.version, self.cold = words[1], float(words[2])

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def turn(self, times: int) -> None:
        """Take some gradients."""
        assert self.process.stdin is not None
        for _ in range(times):
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            self.seconds.append(float(self._line().split()[0]))

    def close(self) -> dict[str, object]:
        """End the process; return what was measured."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        return {
            "milliseconds": 1e3 * median(self.seconds), "least": 1e3 * min(self.seconds),
            "most": 1e3 * max(self.seconds), "gradients": len(self.seconds),
            "cold seconds": self.cold, "version": self.version,
        }  # fmt: skip


def main() -> int:
    """Let both take turns; print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jaxley", help="the Python that has Jaxley")
    parser.add_argument("--duration", type=float, default=100.0, help="of the trace, ms")
    parser.add_argument("--dt", type=float, default=0.025, help="ms")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.work:
        ours(chosen.duration, chosen.dt)
        return 0
    size = [str(chosen.duration), str(chosen.dt)]
    workers = []
    with tempfile.TemporaryDirectory() as empty:
        mine = [sys.executable, __file__, "--work", "--duration", size[0], "--dt", size[1]]
        environment = {**os.environ, "RHEOBASE_CACHE": empty}
        workers.append(Worker("rheobase", mine, environment))
        if chosen.jaxley:
            peer = [chosen.jaxley, str(HERE / "peers" / "jaxley_gradient.py"), *size]
            workers.append(Worker("jaxley", peer, dict(os.environ)))
        for _ in range(chosen.rounds):
            for worker in workers:
                worker.turn(3)
        found = {worker.name: worker.close() for worker in workers}
    for name, entry in found.items():
        print(
            f"{name:9} {entry['version']:8} warm {entry['milliseconds']:7.2f} ms "
            f"({entry['least']:.2f} to {entry['most']:.2f}), cold {entry['cold seconds']:.2f} s"
        )
    result = {"duration ms": chosen.duration, "dt ms": chosen.dt, "packages": found}
    good = True
    if "jaxley" in found:
        middle = found["jaxley"]["milliseconds"] / found["rheobase"]["milliseconds"]
        warm = found["jaxley"]["least"] / found["rheobase"]["least"]
        cold = found["rheobase"]["cold seconds"] / found["jaxley"]["cold seconds"]
        result |= {"times as fast": warm, "by medians": middle, "cold ratio": cold}
        print(f"{warm:.1f} times as fast by the least of each, {middle:.1f} by the medians; "
              f"cold takes {cold:.2f} times as long")  # fmt: skip
        good = warm >= WARM and cold <= COLD
    if chosen.out:
        chosen.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
