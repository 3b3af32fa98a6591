"""Random networks of random cells: against the same equations solved another way, and to the bit.

The reference builds its matrices from the sections (`tests.morphology.dense_trees`), writes the
channels, receptors, electrodes and junctions out, and is integrated by LSODA with small tolerances.
"""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.morphology.dense_trees import any_tree, dense
from tests.simulation.cable_nets import HH, PASSIVE

import rheobase as rb
from rheobase.morphology import per_section
from rheobase.units import Mohm, ms, mV, nA, nS

END, EVERY = 5.0, 0.25
FAST = rb.synapses.Exponential(tau=2 * ms, E=0 * mV, name="fast")
SLOW = rb.synapses.LinearNMDA(name="slow")
LEAK = "0.1*mS/cm**2*(1 + distance/(200*um))"
FARAD = "0.9*uF/cm**2 + 0.02*uF/cm**2*diameter/um"


class Random:
    """Two kinds of cells, three cells, and what is sent into them at random places and times."""

    def __init__(self, seed):
        numbers = np.random.default_rng(seed)
        self.kinds = [self.kind(numbers) for _ in range(2)]
        self.of = [0, 1, int(numbers.integers(0, 2))]
        sizes = [self.kinds[k][1].area.size for k in self.of]
        self.starts = np.concatenate([[0], np.cumsum(sizes)])
        total = int(self.starts[-1])
        place = iter(numbers.integers(0, total, 5).tolist())
        times = np.sort(numbers.choice(np.arange(2, 18), 6, replace=False)) * EVERY
        self.step = (next(place), numbers.uniform(0.05, 0.2), times[0], times[4])
        self.clamp = (next(place), numbers.uniform(-80, -30), numbers.uniform(10, 30),
                      times[1], times[5])  # fmt: skip
        self.fast = (next(place), numbers.uniform(0.5, 3), times[[1, 3]])
        self.slow = (next(place), numbers.uniform(0.5, 3), times[[2, 4]])
        first = int(self.starts[1])
        self.gap = (int(numbers.integers(0, first)), int(numbers.integers(first, total)),
                    numbers.uniform(2, 8))  # fmt: skip
        self.begin = numbers.uniform(-70, -60)

    def kind(self, numbers):
        """Return a cell, its matrices, and which compartments have channels."""
        shape = any_tree(numbers, most=4)
        counts = [int(n) for n in numbers.integers(1, 4, len(shape.sections))]
        resistivity = {region: float(numbers.uniform(0.5, 3)) for region in shape.regions}
        active = {region: numbers.random() < 0.6 for region in shape.regions}
        cell = rb.Cell(
            shape, {region: HH if on else PASSIVE for region, on in active.items()},
            axial_resistivity={r: f"{value!r} ohm*metre" for r, value in resistivity.items()},
            max_length=per_section(counts), parameters={"g_L": LEAK, "C_m": FARAD}, spikes=None,
        )  # fmt: skip
        found = dense(shape, counts, resistivity)
        return cell, found, np.array([active[shape.sections[k].region] for k in found.section])

    def simulated(self, dt, **options):
        """Return the voltages of all compartments [mV], every so often."""
        net = rb.Network(dt=dt * ms)
        cells = net.add([self.kinds[k][0] for k in self.of], name="cells")
        cells.v = self.begin * mV
        sites = list(cells.everywhere)
        place, current, begin, end = self.step
        net.inject(sites[place], rb.stimuli.step(current * nA, start=begin * ms, stop=end * ms))
        for (place, weight, times), receptor in ((self.fast, FAST), (self.slow, SLOW)):
            # what is delivered in a step counts from its end on
            net.drive(sites[place], rb.stimuli.spike_times((times - dt) * ms),
                      weight=weight * nS, synapse=receptor)  # fmt: skip
        place, voltage, ohm, begin, end = self.clamp
        net.voltage_clamp(sites[place], voltage * mV, series_resistance=ohm * Mohm,
                          start=begin * ms, stop=end * ms)  # fmt: skip
        one, other, g = self.gap
        net.connect(sites[one], sites[other], weight=g * nS, synapse=rb.synapses.GapJunction())
        net.record(cells, "v", every=EVERY * ms)
        return net.run(END * ms, **options).traces["cells"].v.values

    def exact(self):
        """Return the same of the equations."""
        total = int(self.starts[-1])
        matrix, area, farad, leak, active = self._membranes(total)
        edges = {0.0, END, *self.step[2:], *self.clamp[3:], *self.fast[2], *self.slow[2]}
        slopes = _Slopes(self, matrix, area, farad, leak, active)
        gates = [a / (a + b) for a, b in rates(np.full(active.sum(), self.begin))]
        x = np.concatenate([np.full(total, self.begin), *gates, np.zeros(3)])
        found = []
        for begin, end in pairwise(sorted(edges)):
            if begin in self.fast[2]:
                x[-3] += self.fast[1]
            if begin in self.slow[2]:
                at = np.log(50) * 100 * 2 / 98  # of the peak of exp(-t/100) - exp(-t/2)
                x[-2:] += self.slow[1] / (np.exp(-at / 100) - np.exp(-at / 2))
            slopes.now = (begin + end) / 2
            times = np.arange(begin, end - 1e-9, EVERY)
            run = solve_ivp(slopes, (begin, end), x, t_eval=np.append(times, end),
                            method="LSODA", rtol=1e-8, atol=1e-9)  # fmt: skip
            found.append(run.y[:total, :-1].T)
            x = run.y[:, -1].copy()
        return np.concatenate(found)

    def _membranes(self, total):
        matrix = np.zeros((total, total))
        for k, begin in zip(self.of, self.starts, strict=False):
            inside = slice(begin, begin + self.kinds[k][1].area.size)
            matrix[inside, inside] = self.kinds[k][1].conductance * 1e6  # uS: nA for mV
        trees = [self.kinds[k][1] for k in self.of]
        area = np.concatenate([tree.area for tree in trees]) * 1e4  # cm**2
        path = np.concatenate([tree.path for tree in trees]) * 1e6
        farad = 0.9 + 0.02e6 * np.concatenate([tree.diameter for tree in trees])
        active = np.concatenate([self.kinds[k][2] for k in self.of])
        return matrix, area, farad * area * 1e3, 0.1 * (1 + path / 200) * area * 1e3, active


def rates(v):
    """The rates of m, h and n of Hodgkin and Huxley (1952) [1/ms]: pairs of alpha and beta."""
    return (
        (0.1 * (v + 40) / -np.expm1(-(v + 40) / 10), 4 * np.exp(-(v + 65) / 18)),
        (0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10))),
        (0.01 * (v + 55) / -np.expm1(-(v + 55) / 10), 0.125 * np.exp(-(v + 65) / 80)),
    )


class _Slopes:
    """The right-hand sides, in mV, ms, nA, uS and nF; of receptors in nS."""

    def __init__(self, of, matrix, area, farad, leak, active):
        self.of, self.matrix, self.farad, self.leak = of, matrix, farad, leak
        self.where, self.per_area, self.now = np.flatnonzero(active), 1e3 * area[active], 0.0
        self.reversal = np.where(active, -54.387, -65.0)

    def __call__(self, t, x):
        of, v = self.of, x[: self.farad.size]
        gates = x[v.size : -3].reshape(3, -1)
        m, h, n = gates
        fast, rise, decay = x[-3:]
        current = -self.matrix @ v - self.leak * (v - self.reversal)
        w = v[self.where]
        channels = 120 * m**3 * h * (w - 50) + 36 * n**4 * (w + 77)
        current[self.where] -= self.per_area * channels
        current[of.fast[0]] += 1e-3 * fast * (0 - v[of.fast[0]])
        u = v[of.slow[0]]
        current[of.slow[0]] -= 1e-3 * (decay - rise) * u / (1 + np.exp(-0.062 * u) / 3.57)
        one, other, g = of.gap
        through = 1e-3 * g * (v[other] - v[one])
        current[one] += through
        current[other] -= through
        place, amplitude, begin, end = of.step
        current[place] += amplitude * (begin < self.now < end)
        place, held, ohm, begin, end = of.clamp
        current[place] += (held - v[place]) / ohm * (begin < self.now < end)
        moving = [a * (1 - y) - b * y for (a, b), y in zip(rates(w), gates, strict=True)]
        return np.concatenate([current / self.farad, *moving, [-fast / 2, -rise / 2, -decay / 100]])


@pytest.mark.parametrize("seed", [1, 6])
def test_a_random_network_against_its_equations(seed):
    """Of second order, and what is left after extrapolation is small."""
    made = Random(seed)
    exact = made.exact()
    coarse, fine = (made.simulated(dt, backend="interpreter") for dt in (0.025, 0.0125))
    errors = [np.abs(v - exact).max() for v in (coarse, fine)]
    assert errors[0] / errors[1] == pytest.approx(4, abs=0.6)
    assert np.abs((4 * fine - coarse) / 3 - exact).max() < 0.06 * errors[0]


# -- to the bit ------------------------------------------------------------------------------


class Crowd:
    """Cells that each have inputs of their own, in any order beside each other."""

    def __init__(self, seed):
        numbers = np.random.default_rng(seed)
        shapes = []
        while len(shapes) < 3:
            shape = any_tree(numbers)
            if len(shape.regions) > 1:
                shapes.append(shape)
        site = (dict(section=0, fraction=0.3), "v > -40*mV")
        self.kinds = [
            rb.Cell(shape, {r: PASSIVE if n else HH for n, r in enumerate(shape.regions)},
                    max_length=per_section(numbers.integers(1, 5, len(shape.sections))),
                    spikes=site)
            for shape in shapes
        ]  # fmt: skip
        # eight alike, four alike, others
        self.of = [0] * 9 + [1] * 4 + [2, 1, 0, 2]

    def network(self, who):
        """Return the network of some of the cells."""
        net = rb.Network(dt=0.025 * ms, seed=3)
        cells = net.add([self.kinds[self.of[one]] for one in who], name="cells")
        for place, one in enumerate(who):
            numbers = np.random.default_rng(one)
            sites = cells[place].everywhere
            choose = iter(numbers.integers(0, sites.size, 5).tolist())
            cells[place].v = numbers.uniform(-70, -60) * mV
            sites[:2].g_L = numbers.uniform(0.05, 0.2) * rb.units.mS / rb.units.cm**2
            net.inject(sites[next(choose)], rb.stimuli.step(
                numbers.uniform(0, 0.3) * nA, start=numbers.integers(1, 20) * 0.1 * ms,
                stop=4 * ms))  # fmt: skip
            for at in {next(choose), next(choose)}:
                times = np.sort(numbers.uniform(0.2, 5, 3)) * ms
                net.drive(sites[at], rb.stimuli.spike_times(times), weight=2 * nS, synapse=FAST)
            if one % 3 == 0:
                net.clamp(sites[next(choose)], -50 * mV, start=3 * ms, stop=4 * ms)
            if one % 4 == 0:
                net.voltage_clamp(sites[next(choose)], -70 * mV, series_resistance=20 * Mohm,
                                  start=2 * ms, stop=4 * ms)  # fmt: skip
        net.record(cells, "v", every=0.1 * ms)
        return net, cells

    def run(self, who, pieces=(5,), **options):
        """Return voltages and spikes by cell."""
        net, cells = self.network(who)
        v, spikes = [], [np.zeros((2, 0))]
        for piece in pieces:
            result = net.run(piece * ms, **options)
            v.append(result.traces["cells"].v.values)
            spikes.append([result.spikes["cells"].times, result.spikes["cells"].ids])
        v, (times, ids) = np.concatenate(v), np.concatenate(spikes, axis=1)
        return {one: (v[:, cells.everywhere.cell == place], times[ids == place])
                for place, one in enumerate(who)}  # fmt: skip


def assert_same(got, want):
    for one, (v, times) in got.items():
        assert np.array_equal(v, want[one][0]), one
        assert np.array_equal(times, want[one][1]), one


def test_cells_have_the_same_bits_wherever_they_stand():
    """On threads, in pieces, in another order, alone, interpreted."""
    crowd = Crowd(4)
    everyone = list(range(len(crowd.of)))
    whole = crowd.run(everyone, threads=1)
    assert sum(times.size for _, times in whole.values()) > 5
    for threads in (2, 3):
        assert_same(crowd.run(everyone, threads=threads), whole)
    assert_same(crowd.run(everyone, pieces=(0.1, 1.9, 1.2, 0.3, 1.5), threads=2), whole)
    order = np.random.default_rng(0).permutation(everyone).tolist()
    assert_same(crowd.run(order), whole)
    assert_same(crowd.run([12]), whole)
    assert_same(crowd.run(order[:5], backend="interpreter"), whole)
