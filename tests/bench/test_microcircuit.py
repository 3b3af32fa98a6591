"""The microcircuit is wired as published."""

import numpy as np
import pytest

from rheobase.bench import microcircuit as pd
from rheobase.units import Hz, pA, second

#: Rounded numbers of synapses: a row a target, a column a source.
PUBLISHED = """
45499805 22323577 20253647  9670918 3293578       0  2271404        0
17443694  5018763  4105338  1690074 2221213       0   353461        0
 3503670   756561 24482849 17413576  714524    7003 14624432        0
 8114254    92832  9933538  5223272   87836       0  8810905        0
10613575  1817058  5507804   151900 2040738 2407889  1438969        0
 1241436   169424   607667    12851  319602  430444   132414        0
 4681225   556108  6727570  1320234 4112225  305029  8372649 10827677
 2260836    17207   220033     8078  401638   25218  2888426  1354320
"""


def test_numbers_of_synapses_are_those_published():
    table = np.array([line.split() for line in PUBLISHED.split("\n") if line], np.int64)
    ours = np.array([[pd.synapses(t, s) for s in range(8)] for t in range(8)])
    np.testing.assert_array_equal(ours, table)
    assert ours.sum() == 298_880_968
    assert sum(pd.SIZES) == 77_169


def test_the_whole_circuit_is_described_without_drawing_it():
    net = pd.microcircuit()
    assert len(net.projections) == sum(p > 0 for row in pd.PROBABILITIES for p in row)
    assert net.estimate(1 * second, rate=4 * Hz).synapses == 298_880_968


def test_inputs_are_scaled_without_losing_mean_and_variance():
    net = pd.microcircuit(scale=0.01, indegree=0.25)
    full = pd.synapses(0, 2) / pd.SIZES[0]
    projection = net.projections["L4E_to_L23E"]
    assert len(projection.pre) / 207 == pytest.approx(0.25 * full, rel=0.01)
    weights = projection.weights.to(pA).magnitude
    assert weights.mean() == pytest.approx(2 * 2 * pd.WEIGHT, rel=0.01)
    assert weights.std() == pytest.approx(0.1 * 2 * 2 * pd.WEIGHT, rel=0.02)
    # The mean input (weight times inputs times rate) that is lost is what is injected.
    arriving = (
        sum(pd.mean_weight(0, s) * pd.synapses(0, s) / pd.SIZES[0] * pd.RATES[s] for s in range(8))
        + pd.WEIGHT * 1600 * 8
    )
    assert pd.compensation(0, 0.25) == pytest.approx(0.5e-3 * 0.5 * arriving)


def test_signs_delays_and_numbers_of_small_circuits():
    net = pd.microcircuit(scale=0.01, indegree=0.1)
    inhibition = net.projections["L5I_to_L5E"]
    assert len(inhibition.pre) == round(0.001 * 2407889)
    assert (inhibition.weights.magnitude <= 0).all()
    delays = inhibition.delays.to("ms").magnitude
    assert delays.min() >= 0.1 - 1e-12
    assert delays.mean() == pytest.approx(0.77, abs=0.05)  # 0.75 before cutting at 0.1
