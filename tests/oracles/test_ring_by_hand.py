"""The ring oscillator of the course, stepped by hand in twenty lines of plain Python.

The course prints the spikes of the driven neuron. Its notebook lets five inputs that fall on
the grid (0.10, 0.14, 0.18, 0.22 and 0.26 s) arrive a step early. The neuron below knows nothing
of the library; with inputs binned as in the notebook it gives the printed list to the last
digit, and with exact binning the numbers the library must give too: entries three to eleven
differ from the printed ones, by 0.66 ms at most.
"""

from __future__ import annotations

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import Hz, ms, second

PRINTED = np.array(
    [0.06424, 0.08741, 0.23990, 0.26609, 0.28546, 0.31040, 0.63412, 0.65624, 0.68671,
     1.06609, 1.10637, 1.45990, 1.49526, 1.85305, 1.88551, 2.24637, 2.27789, 2.64000,
     2.67119, 3.03296, 3.06413, 3.42596, 3.45712, 3.81896, 3.85012]
)  # fmt: skip
GRID_STEPS = [20, 60, 100, 140, 180, 220, 260]
NOTEBOOK_STEPS = [20, 60, 99, 139, 179, 219, 259]


class Neuron:
    """The leaky integrate-and-fire neuron of the assignment: forward Euler of 1 ms."""

    def __init__(self, tau_m=0.05, tau_s=0.1, tau_ref=0.002):
        self.tau_m, self.tau_s, self.tau_ref = tau_m, tau_s, tau_ref
        self.v = self.s = self.left = self.arriving = 0.0
        self.spikes = []

    def step(self, start, dt=0.001):
        slope = (self.s - self.v) / self.tau_m
        self.s += -dt * self.s / self.tau_s + self.arriving / self.tau_s
        self.arriving = 0.0
        rest = dt - self.left
        if rest < 0:
            self.left -= dt
        elif self.v + rest * slope < 1:
            self.v, self.left = self.v + rest * slope, 0.0
        else:
            crossing = (1 - self.v) / slope
            self.spikes.append(start + self.left + crossing)
            self.v, self.left = 0.0, self.tau_ref - (rest - crossing)
            return True
        return False


def by_hand(input_steps, cells=8, steps=4000):
    """Spikes of step k arrive, by a delay of one step, at the end of step k + 1."""
    ring = [Neuron() for _ in range(cells)]
    fired = [False] * cells
    for k in range(steps):
        for i in range(cells):
            if fired[i]:
                ring[(i + 1) % cells].arriving += 0.2
                ring[(i - 1) % cells].arriving -= 0.4
        ring[0].arriving += 0.2 * input_steps.count(k - 1)
        fired = [neuron.step(k * 0.001) for neuron in ring]
    return [np.array(neuron.spikes) for neuron in ring]


def by_library(train, backend):
    net = rb.Network(dt=1 * ms)
    model = rb.models.NormalizedLIF(tau_m=50 * ms, tau_s=100 * ms)
    cells = net.add(model, 8, name="ring")
    kick = net.add(train, name="kick")
    net.connect(kick, cells[0], weight=0.2)
    net.connect(cells, cells, rb.rules.ring(+1), weight=0.2)
    net.connect(cells, cells, rb.rules.ring(-1), weight=-0.4)
    return net.run(4 * second, backend=backend).spikes["ring"]


EXACT = rb.stimuli.regular_spikes(rates=[25 * Hz], until=[0.3 * second])
NOTEBOOK = rb.stimuli.spike_times([0.02, 0.06, 0.0999, 0.1399, 0.1799, 0.2199, 0.2599] * second)


@pytest.mark.parametrize("backend", ["numba", "interpreter"])
@pytest.mark.parametrize(
    "train, steps", [(EXACT, GRID_STEPS), (NOTEBOOK, NOTEBOOK_STEPS)], ids=["exact", "notebook"]
)
def test_the_ring_is_the_one_stepped_by_hand(train, steps, backend):
    found, want = by_library(train, backend), by_hand(steps)
    for i in range(8):
        np.testing.assert_allclose(found[i], want[i], rtol=0, atol=1e-9)


def test_the_notebooks_binning_gives_the_printed_list():
    assert np.abs(by_hand(NOTEBOOK_STEPS)[0] - PRINTED).max() < 5.1e-6


def test_exact_binning_changes_entries_three_to_eleven():
    off = np.abs(by_hand(GRID_STEPS)[0] - PRINTED)
    assert list(np.flatnonzero(off > 6e-6) + 1) == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert off.max() == pytest.approx(0.6625e-3, abs=1e-7)
    assert off.argmax() + 1 == 4
    assert off[2] == pytest.approx(0.5358e-3, abs=1e-7)
