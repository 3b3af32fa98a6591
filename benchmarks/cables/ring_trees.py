"""Draw the trees of NEURON's ring test with NEURON's random numbers, and store them.

    PYTHON_WITH_NEURON benchmarks/cables/ring_trees.py

`ring_trees.json` holds, for every type of cell, the parent of each dendrite, and which type each
cell has in networks of 16 and of 128 rings. Every type stands for 8 cells; a dendrite has
at most two others at its end. The order of the draws is that of
https://github.com/neuronsimulator/ringtest, so that the spikes stored there are those of these
cells.
"""

from __future__ import annotations

import json
from pathlib import Path

CELLS, CELLS_OF_A_TYPE = 8, 8


def tree(kind: int, least: int = 10, most: int = 20) -> list[int]:
    """Return the parent of every dendrite of a type; that of the first is the soma, -1."""
    from neuron import h

    draws = h.Random()
    draws.Random123(kind, 2)
    size = int(draws.discunif(least, most))
    draws.discunif(1, 1)
    for _ in range(size):  # the numbers of compartments: all 1
        draws.repick()
    parents = [-1]
    open_ends = [(0, 0)]  # a dendrite that may have children, and how many it has
    for new in range(1, size):
        place = int(draws.discunif(0, len(open_ends) - 1))
        parent, children = open_ends[place]
        parents.append(parent)
        if children == 0:
            open_ends[place] = (parent, 1)
            open_ends.append((new, 0))
        else:
            open_ends[place] = (new, 0)
    return parents


def kinds(rings: int) -> list[int]:
    """Return the type of each cell of a number of rings."""
    from neuron import h

    draws = h.Random()
    draws.Random123(0, 1)
    count = rings * CELLS
    types = (count - 1) // CELLS_OF_A_TYPE + 1
    found = [k % types for k in range(count)]
    for k in range(count):
        other = int(draws.discunif(k, count - 1))
        found[k], found[other] = found[other], found[k]
    return found


def main() -> None:
    """Write the file."""
    stored = {"parents": [tree(k) for k in range(128)], "kinds": {n: kinds(n) for n in (16, 128)}}
    path = Path(__file__).with_name("ring_trees.json")
    path.write_text(json.dumps(stored, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
