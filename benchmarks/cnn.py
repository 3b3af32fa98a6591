"""An epoch of `cnn_3` (course: homework on networks of units) beside PyTorch.

    python benchmarks/cnn.py [--rounds N] [--out FILE]

Images of 28 by 28 pixels, batches of 96, cross-entropy, Adam 0.001, float32, 2 threads each. A
turn is 10 batches; given is the time of an epoch of 48,000 images.

Exits with 1 if ours takes more than 2.5 times as long.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
from turns import arguments, compare, report, serve

WANTED = 1 / 2.5
BATCH, BATCHES, EPOCH = 96, 10, 48000


def data() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    count = BATCH * BATCHES
    images = random.standard_normal((count, 1, 28, 28)).astype(np.float32)
    labels = random.integers(0, 10, count)
    for image, label in zip(images, labels, strict=True):  # a bright bar in one of ten places
        image[0, 2 * label + 3 : 2 * label + 6, 5:23] += 3
    return images, labels


def ours(threads: int) -> None:
    import rheobase
    from rheobase import nn

    warnings.simplefilter("ignore")  # the first turn is too short to learn
    x, y = data()
    net = nn.architectures.cnn_3(seed=0, dtype="float32")

    def train() -> tuple[float, float]:
        begin = time.perf_counter()
        history = nn.fit(
            net, x, y, loss="cross_entropy", optimizer=nn.Adam(0.001), epochs=1,
            batch_size=BATCH, threads=threads,
        )  # fmt: skip
        seconds = time.perf_counter() - begin
        return seconds * EPOCH / (BATCH * BATCHES), float(history.loss[-1])

    serve(rheobase.__version__, train)


def torchs(threads: int) -> None:
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    x, y = map(torch.tensor, data())
    net = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 8, 5, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Conv2d(8, 16, 7, padding=1), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(256, 10),
    )  # fmt: skip
    optimizer = torch.optim.Adam(net.parameters(), 0.001)

    def train() -> tuple[float, float]:
        begin = time.perf_counter()
        order = torch.randperm(len(x))
        for first in range(0, len(x), BATCH):
            some = order[first : first + BATCH]
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(x[some]), y[some])
            loss.backward()
            optimizer.step()
        return (time.perf_counter() - begin) * EPOCH / (BATCH * BATCHES), loss.item()

    serve(torch.__version__, train)


def main() -> int:
    options = arguments(__doc__, 5).parse_args()
    if options.worker:
        name, threads = options.worker.split("-")
        (ours if name == "ours" else torchs)(int(threads))
        return 0
    names = ["ours-1", "ours-2", "torch-1", "torch-2"]
    rows = compare(__file__, names, options.rounds)
    reached = report(rows, "ours", WANTED, "cnn_3, an epoch of 48,000 images", options.out)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
