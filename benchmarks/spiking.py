"""Training a spiking network beside snnTorch, Norse, SpikingJelly and plain PyTorch, in one run.

    python benchmarks/spiking.py [--peer NAME=PYTHON ...] [--samples 256] [--inputs 100]
        [--hidden 4] [--steps 200] [--threads 1 2] [--rounds N] [--out FILE]

The task is SpyTorch's random patterns: 100 inputs, 4 leaky integrate-and-fire neurons, 2
readouts, 200 steps, batches of 256. Every package runs in a process of its own and all take
turns, so that a machine that slows down slows all. An epoch is forward pass, loss, backward pass
and a step of Adam. Peers run with 1 and with 2 threads; the faster counts.

Exits with 1 if ours is not 8 times as fast as the fastest of the three.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

TARGET = 8.0
HERE = Path(__file__).resolve().parent
SIZES = ("samples", "inputs", "hidden", "steps")
COUNTED = ("snntorch", "norse", "spikingjelly")
EPOCHS = {"ours": 20}


class Worker:
    """A process that trains an epoch whenever it is told to."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self.seconds: list[float] = []
        self.used: list[float] = []
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        if not line.startswith("ready"):
            raise SystemExit(f"{name} did not start: {line}")
        self.version = line.split()[1]
        self.loss = self.accuracy = float("nan")
        self.turn()
        self.seconds.clear()  # the first epochs compile
        self.used.clear()

    def turn(self) -> None:
        for _ in range(3):
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            seconds, used, self.loss, self.accuracy = map(float, line.split())
            self.seconds.append(seconds)
            self.used.append(used)

    def close(self) -> dict:
        self.process.stdin.close()
        self.process.wait()
        return {
            "milliseconds": 1e3 * median(self.seconds),
            "of_all_cores": 1e3 * median(self.used),
            "least": 1e3 * min(self.seconds),
            "most": 1e3 * max(self.seconds),
            "epochs": len(self.seconds),
            "loss": self.loss,
            "accuracy": self.accuracy,
            "version": self.version,
        }


def ours(samples: int, inputs: int, hidden: int, steps: int) -> None:
    """Train on demand, as `peers/spiking_training.py` does."""
    import warnings

    import numpy as np

    import rheobase
    from rheobase import nn

    warnings.simplefilter("ignore")
    beta = np.exp(-0.1)
    std = 7 * (1 - beta)
    lif = nn.normalized_lif(gain=1 / (1 - beta), tau_ref="1 ms")
    net = nn.Sequential(
        nn.Spiking(lif, inputs, hidden, delay="0 ms", weight_std=std),
        nn.Spiking(nn.leaky_readout(gain=1 / (1 - beta)), hidden, 2, readout="max",
                   weight_std=std),
        seed=1,
    )  # fmt: skip
    x, y = nn.tasks.random_patterns(samples, inputs, steps, seed=1)
    print("ready", rheobase.__version__, flush=True)
    for _ in sys.stdin:
        count = EPOCHS["ours"]
        began, used = time.perf_counter(), time.process_time()
        history = nn.fit(net, x, y, loss="cross_entropy", optimizer=nn.Adam(2e-3), epochs=count,
                         progress=False)  # fmt: skip
        seconds = (time.perf_counter() - began) / count
        used = (time.process_time() - used) / count
        print(seconds, used, history.loss[-1], history.accuracy[-1], flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    for name, value in (("samples", 256), ("inputs", 100), ("hidden", 4), ("steps", 200)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="of peers")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    sizes = [asked.samples, asked.inputs, asked.hidden, asked.steps]
    if asked.worker:
        ours(*sizes)
        return 0
    words = [f"--{n}={v}" for n, v in zip(SIZES, sizes, strict=True)]
    commands = {"ours": [sys.executable, str(HERE / "spiking.py"), "--worker", *words]}
    for peer in asked.peer:
        name, _, python = peer.partition("=")
        for threads in asked.threads:
            script = str(HERE / "peers" / "spiking_training.py")
            commands[f"{name}, threads {threads}"] = [
                python, script, name, str(threads), *map(str, sizes)
            ]  # fmt: skip
    workers = [Worker(name, command) for name, command in commands.items()]
    for _ in range(asked.rounds):
        for worker in workers:
            worker.turn()
    found = {worker.name: worker.close() for worker in workers}
    for name, figures in sorted(found.items(), key=lambda item: item[1]["milliseconds"]):
        print(
            f"{name:24} {figures['milliseconds']:8.2f} ms an epoch "
            f"({figures['least']:.2f} to {figures['most']:.2f}), of all cores "
            f"{figures['of_all_cores']:.2f}, loss {figures['loss']:.3f}"
        )
    counted = [f["milliseconds"] for n, f in found.items() if n.startswith(COUNTED)]
    ratio = min(counted) / found["ours"]["milliseconds"] if counted else float("nan")
    print(f"the fastest of {', '.join(COUNTED)} takes {ratio:.1f} times as long as ours")
    if asked.out:
        report = {
            "sizes": dict(zip(SIZES, sizes, strict=True)),
            "python": platform.python_version(),
            "epochs": found,
            "ratio": ratio,
        }
        asked.out.write_text(json.dumps(report, indent=1) + "\n")
    return int(ratio < TARGET)


if __name__ == "__main__":
    sys.exit(main())
