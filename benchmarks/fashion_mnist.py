"""Train the five architectures on all of Fashion-MNIST and test them.

python benchmarks/fashion_mnist.py [--folder FOLDER] [--epochs N] [NAME ...]

The protocol of the homework (Adam 1e-3, batches of 96, a fifth of the images for validation), but
the learning rate falls to a tenth for the last third, and instead of 15 epochs mlp_1 gets 30,
cnn_3 18, cnn_4 and cnn_5 12. The images are those of the Debian package dataset-fashion-mnist, or
the four IDX files in FOLDER. Figures are kept in results/fashion_mnist.json beside those of
networks that were not trained again.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from rheobase import nn
from rheobase.bench.measure import Figure, as_json

RESULT = Path(__file__).resolve().parent / "results" / "fashion_mnist.json"
EPOCHS = {"mlp_1": 30, "mlp_2": 15, "cnn_3": 18, "cnn_4": 12, "cnn_5": 12}
LOWEST = {"mlp_1": 0.87, "mlp_2": 0.87, "cnn_3": 0.90, "cnn_4": 0.90, "cnn_5": 0.90}
LONGEST = 600.0  # seconds


def trained(name: str, images: nn.datasets.Images, epochs: int) -> list[Figure]:
    """Train one network; return its figures."""
    cpu = time.process_time()
    (run,) = nn.studies.train(
        lambda seed: nn.architectures.ALL[name](seed=seed),
        images,
        epochs=epochs,
        schedule={epochs - epochs // 3: 1e-4},
    )
    cpu = time.process_time() - cpu
    curve = run.history.validation_accuracy
    print(name, "validation accuracy:", " ".join(f"{value:.4f}" for value in curve), flush=True)
    return [
        Figure(f"{name}.test.accuracy", run.test_accuracy, 1.0, LOWEST[name]),
        Figure(f"{name}.train", run.seconds, LONGEST),
        Figure(f"{name}.epoch", run.seconds / epochs),
        Figure(f"{name}.processor", cpu),
    ]


def main() -> None:
    """Train what was asked for and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="of " + ", ".join(EPOCHS))
    parser.add_argument("--folder", help="where the IDX files are")
    parser.add_argument("--epochs", type=int)
    asked = parser.parse_args()
    images = nn.datasets.fashion_mnist(asked.folder)
    for name in asked.names or EPOCHS:
        figures = trained(name, images, asked.epochs or EPOCHS[name])
        print(*figures, sep="\n", flush=True)
        keep(figures)


def keep(found: list[Figure]) -> None:
    """Put figures into the file of results, in the place of older ones of the same name."""
    stored = json.loads(RESULT.read_text())["figures"] if RESULT.exists() else []
    figures = {row["name"]: Figure(**row) for row in stored}
    figures |= {figure.name: figure for figure in found}
    ordered = sorted(figures.values(), key=lambda one: list(EPOCHS).index(one.name[:5]))
    RESULT.write_text(as_json(ordered) + "\n")


if __name__ == "__main__":
    main()
