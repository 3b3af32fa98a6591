"""A network with habits: which spikes reach which cells, and when."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.check.cells import Kinds
from rheobase.check.wirings import PROPER, Ours, Wiring, network_faults, network_knobs

KIND = Kinds(rb.models.NormalizedLIF, 1e-3).of()
WEIGHTS = np.array([[0.0, 0.5, -0.2], [0.1, 0.0, 0.3], [0.0, 0.4, 0.1]])
STRONG, NOTHING = [("s", 50.0)], []


def reached(wiring, first=(STRONG, NOTHING, NOTHING)):
    """Return what reaches the cells in the step after the first cell spiked."""
    net = Ours(KIND, 1e-3, WEIGHTS, wiring)
    net.step(first)
    net.step((NOTHING,) * 3)
    assert [len(cell.spikes) for cell in net.cells] == [1, 0, 0]
    return [[round(w, 3) for _, w in arrivals] for arrivals in net.step((NOTHING,) * 3)]


@pytest.mark.parametrize(
    ("wiring", "expected"),
    [
        (PROPER, [[], [0.5], [-0.2]]),
        (Wiring(transposed=True), [[], [0.1], []]),
        (Wiring(weights="size"), [[], [0.5], [0.2]]),
        (Wiring(weights="positive"), [[], [0.5], []]),
        (Wiring(factor=2.0), [[], [1.0], [-0.4]]),
        (Wiring(zeros=True), [[0.0], [0.5], [-0.2]]),
        (Wiring(deaf=2), [[], [0.5], []]),
        (Wiring(mute=0), [[], [], []]),
        (Wiring(spikes="never"), [[], [], []]),
    ],
)
def test_what_a_spike_does(wiring, expected):
    assert reached(wiring) == expected


@pytest.mark.parametrize(("outside", "given"), [("next", 2), ("before", 1)])
def test_what_comes_from_outside_may_go_astray(outside, given):
    first = [STRONG if cell == given else NOTHING for cell in range(3)]
    assert reached(Wiring(outside=outside), first) == [[], [0.5], [-0.2]]


def test_faults_of_neurons_are_those_of_each():
    faults = list(network_faults(KIND, 3))
    assert any(fault.changes == {"deaf": 2} for fault in faults)
    assert any(fault.text.startswith("each of your neurons adds the weight") for fault in faults)
    assert not any("your neuron " in fault.text for fault in faults)
    knob, of_cell = next(iter(network_knobs(KIND)))
    assert of_cell(knob.fault(2.0)).changes == {"factor": 2.0}
