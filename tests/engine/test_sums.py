"""Counts added to sums as they are drawn have the bits of counts that are drawn first."""

from __future__ import annotations

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import Hz, ms, pA

pytest.importorskip("numba")

EACH = np.linspace(30, 90, 150)
CASES = {
    "all cells": {},
    "neighbors": {"cells": slice(8, 140)},
    "neighbors that begin within a group": {"cells": slice(3, 140)},
    "every other cell": {"cells": slice(0, 150, 2)},
    "a weight each": {"weight": EACH * pA},
    "a rate each": {"rate": np.linspace(100, 30000, 150) * Hz},
    "several draws a count": {"rate": 500_000 * Hz, "weight": 1 * pA},
}


def states(backend, threads, cells=slice(None), weight=60 * pA, rate=8000 * Hz):
    net = rb.Network(dt=0.1 * ms, seed=3)
    population = net.add(rb.models.LIF, 150, name="cells")
    net.drive(population[cells], rb.stimuli.poisson(rate), weight=weight)
    net.run(5 * ms, backend=backend, threads=threads)
    return np.array(population.v.magnitude), np.array(population.i_syn.magnitude)


@pytest.mark.parametrize("case", CASES)
def test_dense_drives_have_the_bits_of_the_interpreter(case):
    expected = states("interpreter", 1, **CASES[case])
    assert expected[1].any()
    for threads in (1, 3):
        found = states("numba", threads, **CASES[case])
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_array_equal(one, other)
