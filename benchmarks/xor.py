"""XOR beside PyTorch: a network so small that a step is all overhead.

    python benchmarks/xor.py [--rounds N] [--out FILE]

1,000 points around the four corners (standard deviation 0.4), 4 hidden tanh units, a sigmoid,
squared error, Adam, full batch (course: homework on networks of units); and the four corners
alone with 8 hidden units. PyTorch eager in float64 with 1 and 2 threads; the faster counts.

Exits with 1 if ours is not 20 times as fast.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from turns import arguments, compare, report, serve

WANTED = 20.0
EPOCHS = {"ours": 4000, "torch": 100}
TASKS = {"points": (1000, 4), "corners": (4, 8)}


def data(samples: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    chosen = corners if samples == 4 else corners[random.integers(0, 4, samples)]
    spread = 0.0 if samples == 4 else 0.4
    y = (chosen[:, :1] != chosen[:, 1:]).astype(float)
    return chosen + spread * random.standard_normal(chosen.shape), y


def ours(samples: int, hidden: int) -> None:
    import rheobase
    from rheobase import nn

    x, y = data(samples)
    net = nn.Sequential(nn.Dense(2, hidden, "tanh"), nn.Dense(hidden, 1, "sigmoid"), seed=0)

    def train() -> tuple[float, float]:
        begin = time.perf_counter()
        history = nn.fit(
            net, x, y, loss="squared_error", optimizer=nn.Adam(0.01), epochs=EPOCHS["ours"]
        )
        return (time.perf_counter() - begin) / EPOCHS["ours"], float(history.loss[-1])

    serve(rheobase.__version__, train)


def torchs(samples: int, hidden: int, threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
    torch.set_default_dtype(torch.float64)
    x, y = map(torch.tensor, data(samples))
    net = torch.nn.Sequential(
        torch.nn.Linear(2, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, 1), torch.nn.Sigmoid()
    )
    optimizer = torch.optim.Adam(net.parameters(), 0.01)

    def train() -> tuple[float, float]:
        begin = time.perf_counter()
        for _ in range(EPOCHS["torch"]):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(net(x), y)
            loss.backward()
            optimizer.step()
        return (time.perf_counter() - begin) / EPOCHS["torch"], loss.item()

    serve(torch.__version__, train)


def main() -> int:
    options = arguments(__doc__, 7).parse_args()
    if options.worker:
        name, task, threads = options.worker.split("-")
        if name == "ours":
            ours(*TASKS[task])
        else:
            torchs(*TASKS[task], int(threads))
        return 0
    reached = True
    for task, (samples, hidden) in TASKS.items():
        names = [f"ours-{task}-1", f"torch-{task}-1", f"torch-{task}-2"]
        rows = compare(__file__, names, options.rounds)
        about = f"XOR, {samples} samples, {hidden} hidden units"
        reached &= report(rows, "ours", WANTED, about, options.out)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
