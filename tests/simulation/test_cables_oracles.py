"""Cells with a morphology against closed forms, point models and published validation suites.

Numbers of the NSuite models: github.com/arbor-sim/nsuite (BSD); the ring of NEURON:
github.com/neuronsimulator/ringtest, reference data of 100 ms.
"""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import rheobase as rb
from rheobase.morphology import per_section
from rheobase.units import Hz, Mohm, cm, mS, ms, mV, nA, nS, ohm, um, uS

GOLDEN = (np.sqrt(5) - 1) / 2


def rc_cell(spikes=None, crossing="grid"):
    """R = 100 Mohm, C = 0.01 nF: 1 ms; E = -65 mV."""
    area = np.pi * 20e-6 * 20e-6  # m**2
    membrane = rb.Membrane(
        [rb.channels.Leak(g=f"{1e-8 / area!r} siemens/metre**2", E=-65 * mV)],
        capacitance=f"{1e-11 / area!r} farad/metre**2",
    )
    shape = rb.Morphology.cylinder(length=20 * um, diameter=20 * um)
    return rb.Cell(shape, membrane, max_length=per_section(1), spikes=spikes, crossing=crossing)


@pytest.mark.parametrize("weight, want", [
    (0.1, [-26.7619, -8.9804, -12.0946, -22.5194, -54.7566, -64.789775]),
    (10.0, [-0.0717, -0.1068, -0.1757, -0.4733, -7.6090, -57.094822]),
])  # fmt: skip
def test_rc_expsyn(weight, want):
    net = rb.Network(dt=0.0025 * ms)
    cells = net.add(rc_cell(), name="cells")
    net.drive(cells.at(fraction=0.5), rb.stimuli.spike_times([0] * ms), weight=weight * uS,
              synapse=rb.synapses.Exponential(tau=1 * ms, E=0 * mV))  # fmt: skip
    net.record(cells, "v")
    trace = net.run(10.01 * ms).traces["cells"]
    at = np.array([0.1, 0.5, 1, 2, 5, 10]) * 1e-3
    v = trace.v.sel(time=at, method="nearest").values[:, 0]
    # half of the suite's tolerance; the event is delivered at the end of the first step
    np.testing.assert_allclose(v[1:], want[1:], rtol=0.005)
    assert v[0] == pytest.approx(want[0], rel=0.03, abs=1.0)


@pytest.mark.parametrize("weight, since", [(0.1, 0.0), (10.0, 0.0175)])
def test_rc_expsyn_over_the_whole_trace(weight, since):
    """The conductance is there at t = 0, set by hand: half of the suite's tolerance everywhere.

    With 10 uS the voltage begins to fall with 0.001 ms, less than a step: there the first 7 of
    4,000 samples are left out.
    """
    net = rb.Network(dt=0.0025 * ms)
    cells = net.add(rc_cell(), name="cells")
    place = cells.at(fraction=0.5)
    net.drive(place, rb.stimuli.spike_times([50] * ms), weight=weight * uS,
              synapse=rb.synapses.Exponential(tau=1 * ms, E=0 * mV, name="syn"))  # fmt: skip
    place.g_syn = weight * uS
    net.record(cells, "v")
    trace = net.run(10.01 * ms).traces["cells"]
    times = trace.time.values * 1e3

    def slope(t, v):
        return -(v + 65) - 100 * weight * np.exp(-t) * v  # R = 100 Mohm, C R = 1 ms

    exact = solve_ivp(slope, (0, times[-1]), [-65.0], t_eval=times, method="LSODA", rtol=1e-10,
                      atol=1e-10).y[0]  # fmt: skip
    late = times >= since - 1e-9
    assert late.sum() >= 3997
    np.testing.assert_allclose(trace.v.values[late, 0], exact[late], rtol=0.005)


def test_rc_exp2syn_spike():
    net = rb.Network(dt=0.01 * ms)
    source = net.add(rc_cell(spikes="v > -10*mV", crossing="linear"), name="source")
    cells = net.add(rc_cell(spikes="v > -10*mV", crossing="linear"), 100, name="cells")
    receptor = rb.synapses.DualExponential(tau_rise=0.5 * ms, tau_decay=4 * ms, E=0 * mV)
    net.drive(source.at(fraction=0.5), rb.stimuli.spike_times([0] * ms), weight=0.1 * uS,
              synapse=receptor)  # fmt: skip
    delays = np.round(3.3 + np.arange(1, 101) * GOLDEN % 1.0, 2)
    net.connect(source, cells.at(fraction=0.5), rb.rules.all_to_all(), weight=0.1 * uS,
                delay=delays * ms, synapse=receptor)  # fmt: skip
    spikes = net.run(8 * ms).spikes
    first = spikes["source"].times * 1e3
    assert first.size == 1
    assert first[0] == pytest.approx(0.5562716, abs=0.025)
    assert spikes["cells"].times.size == 100
    times = np.empty(100)
    times[spikes["cells"].ids] = spikes["cells"].times * 1e3
    np.testing.assert_allclose(times, 2 * 0.5562716 + delays, rtol=0, atol=0.05)


@pytest.mark.parametrize("pieces", [1, 3])
def test_one_isopotential_cell_is_the_point_model(pieces):
    membrane = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak])
    area = np.pi * 20 * 20 * um**2
    shape = rb.Morphology.cylinder(length=20 * um, diameter=20 * um)
    cell = rb.Cell(
        shape,
        membrane,
        axial_resistivity=0.1 * ohm * cm,
        max_length=per_section(pieces),
    )
    net = rb.Network(dt=0.005 * ms)
    cells, point = net.add(cell, name="cells"), net.add(membrane.point(area), name="point")
    point.v = -65 * mV
    m = 0.05293248525724958
    point.m_Na, point.h_Na, point.n_K = m, 0.5961207535084603, 0.3176769140606974
    current = rb.stimuli.step(0.3 * nA, start=1 * ms)
    net.inject(cells.at(fraction=0.5), current)
    net.inject(point, current)
    net.record(cells.at(fraction=0.5), "v")
    net.record(point, "v")
    result = net.run(30 * ms)
    here, there = result.spikes["cells"].times, result.spikes["point"].times
    assert here.size == there.size >= 2
    np.testing.assert_allclose(here, there, rtol=0, atol=2e-5)
    before = result.traces["cells"].time.values < here[0] - 1e-3
    difference = (result.traces["cells"].v.values - result.traces["point"].v.values)[before, 0]
    assert np.abs(difference).max() < 0.02


def test_current_at_the_end_of_a_finite_cylinder():
    membrane = rb.Membrane([rb.channels.Leak(g=0.1 * mS / cm**2, E=-70 * mV)])
    shape = rb.Morphology.cylinder(length=300 * um, diameter=1 * um)
    cell = rb.Cell(shape, membrane, axial_resistivity=150 * ohm * cm, max_length=1.5 * um)
    net = rb.Network(dt=0.05 * ms)
    cells = net.add(cell, name="cells")
    cells.v = -70 * mV
    net.inject(cells.at(fraction=0.0), rb.stimuli.step(0.02 * nA))
    net.run(150 * ms)
    length = np.sqrt(1e-6 / (4 * 1.5 * 1.0))
    x = cells.distance.to("m").magnitude
    r = 4 * 1.5 / (np.pi * 1e-12)
    exact = -0.070 + length * r * 2e-11 * np.cosh((300e-6 - x) / length) / np.sinh(300e-6 / length)
    np.testing.assert_allclose(cells.v.to("V").magnitude, exact, rtol=1e-3)


def ring_membranes():
    hh = [rb.channels.HHSodium, rb.channels.HHPotassium,
          rb.channels.Leak(g=0.3 * mS / cm**2, E=-54.3 * mV)]  # fmt: skip
    both = [*hh, rb.channels.Leak(g=1 * mS / cm**2, E=-65 * mV, name="pas")]
    return {"soma": rb.Membrane(hh), "dendrite": rb.Membrane(both)}


def ring_cell(random, membranes):
    """A soma and 10 to 20 dendrites, HH and passive; a receptor is on the first dendrite."""
    sections = [rb.morphology.section("soma", length=12.6157 * um, diameter=12.6157 * um)]
    children = []
    for k in range(random.integers(10, 21)):
        length = (200 if k == 0 else 10) * um
        parent, at = 0, 1.0
        if k:
            free = [j for j, n in enumerate(children) if n < 2]
            chosen = int(random.choice(free))
            children[chosen] += 1
            parent = chosen + 1
        children.append(0)
        sections.append(rb.morphology.section("dendrite", length=length, diameter=1 * um,
                                              parent=parent, at=at))  # fmt: skip
    return rb.Cell(rb.Morphology(tuple(sections)), membranes, axial_resistivity=100 * ohm * cm,
                   max_length=per_section(1), spikes=("soma", "v > 10*mV"), method="backward_euler",
                   name="branched")  # fmt: skip


def ring(rings, size, seed=1):
    random = np.random.default_rng(seed)
    net = rb.Network(dt=0.025 * ms, seed=1)
    membranes = ring_membranes()
    cells = net.add([ring_cell(random, membranes) for _ in range(rings * size)], name="cells")
    receptor = rb.synapses.Exponential(tau=2 * ms, E=0 * mV)
    places = cells.at(section=1, fraction=0.8)
    k = np.arange(rings * size)
    follower = k - k % size + (k + 1) % size
    net.connect(cells, places, rb.rules.pairs(k, follower), weight=10 * nS, delay=1 * ms,
                synapse=receptor)  # fmt: skip
    net.drive(places[k % size == 0], rb.stimuli.spike_times([1] * ms), weight=10 * nS,
              synapse=receptor)  # fmt: skip
    return net


def test_ring_of_neuron():
    """With its method, backward Euler: the spikes there are, nearly where they are."""
    spikes = ring(16, 8).run(100 * ms).spikes["cells"]
    assert spikes.times.size == 688
    first = np.sort(spikes.times[spikes.ids < 8]) * 1e3
    want = [2.3, 4.6, 6.875, 9.175, 11.475, 13.775, 16.075, 18.375, 20.7]
    np.testing.assert_allclose(first[:9], want, rtol=0, atol=0.03)
    assert np.mean(np.diff(first)) == pytest.approx(2.3149, rel=2e-3)
    assert first[-1] == pytest.approx(99.525, abs=0.2)


def test_voltage_clamp_through_a_resistance():
    net = rb.Network(dt=0.01 * ms)
    cells = net.add(rc_cell(), name="cells")
    place = cells.at(fraction=0.5)
    current = net.voltage_clamp(place, -40 * mV, series_resistance=10 * Mohm, start=2 * ms)
    assert current == "I_voltage_clamp"
    net.record(place, "v", current)
    trace = net.run(12 * ms).traces["cells"]
    steady = (1e-7 * -40 + 1e-8 * -65) / (1e-7 + 1e-8)
    assert trace.v.values[-1, 0] == pytest.approx(steady, abs=1e-6)
    assert trace.v.values[150, 0] == pytest.approx(-65, abs=1e-9)
    np.testing.assert_allclose(
        trace[current].values[250:, 0], (-40 - trace.v.values[250:, 0]) * 0.1, atol=1e-9
    )
    tau = 1e-11 / 1.1e-7 * 1e3  # ms
    t = trace.time.values[201:] * 1e3 - 2
    exact = steady + (-65 - steady) * np.exp(-t / tau)
    assert np.abs(trace.v.values[201:, 0] - exact).max() < 0.35


def test_the_electrode_of_a_current_clamp_sees_its_resistance():
    net = rb.Network(dt=0.01 * ms)
    cells = net.add(rc_cell(), name="cells")
    place = cells.at(fraction=0.5)
    seen = net.current_clamp(place, rb.stimuli.step(0.1 * nA), series_resistance=20 * Mohm)
    net.record(place, "v", seen)
    trace = net.run(12 * ms).traces["cells"]
    assert trace.v.values[-1, 0] == pytest.approx(-55, abs=1e-3)
    assert trace[seen].values[-1, 0] - trace.v.values[-1, 0] == pytest.approx(2.0, abs=1e-9)


def test_an_ideal_clamp_holds_the_compartment():
    net = rb.Network(dt=0.01 * ms)
    cells = net.add(rc_cell(), name="cells")
    net.clamp(cells.at(fraction=0.5), -30 * mV, start=1 * ms, stop=3 * ms)
    net.record(cells, "v")
    v = net.run(5 * ms).traces["cells"].v.values[:, 0]
    np.testing.assert_allclose(v[102:300], -30, atol=1e-6)
    t = np.arange(1, 200) * 0.01
    np.testing.assert_allclose(v[301:500], -65 + 35 * np.exp(-t), atol=0.3)


def junction(dt, point, backend=None, threads=1):
    """Return the voltages of two cells that are joined, and the closed form."""
    area, c, g, joined = np.pi * 20e-6 * 20e-6, 1e-11, 1e-8, 2e-9
    net = rb.Network(dt=dt * ms)
    if point:
        model = rb.Model(
            "dv/dt = (g*(E - v) + I)/C : mV\nI : pA (input)", initial=dict(v="-65 mV"),
            parameters=dict(g="10 nS", E="-65 mV", C="10 pF"),
        )  # fmt: skip
        cells, other = net.add(rc_cell(), name="cells"), net.add(model, name="other")
        ends = cells.at(fraction=0.5), other
    else:
        cells = other = net.add(rc_cell(), 2, name="cells")
        ends = cells[0].at(fraction=0.5), cells[1].at(fraction=0.5)
    net.connect(*ends, weight=2 * nS, synapse=rb.synapses.GapJunction())
    assert area > 0
    cells[0].v = -50 * mV
    net.record(cells, "v", "i_gap", every=0.5 * ms)
    if point:
        net.record(other, "v", every=0.5 * ms)
    traces = net.run(3.5 * ms, backend=backend, threads=threads).traces
    v = traces["cells"].v.values
    v = np.column_stack([v[:, 0], traces["other"].v.values[:, 0] if point else v[:, 1]])
    t = np.arange(7) * 0.5e-3
    both = -65 + 7.5 * np.exp(-g / c * t)
    apart = 7.5 * np.exp(-(g + 2 * joined) / c * t)
    return v, np.column_stack([both + apart, both - apart]), traces["cells"].i_gap.values


@pytest.mark.parametrize("point", [False, True])
def test_gap_junctions_are_of_second_order(point):
    errors = []
    for dt in (0.02, 0.01):
        v, exact, _ = junction(dt, point)
        errors.append(np.abs(v - exact).max())
    assert errors[1] < 0.01
    assert errors[0] / errors[1] == pytest.approx(4, abs=0.8)


def test_the_current_through_a_gap_junction():
    v, _, current = junction(0.005, False)
    np.testing.assert_allclose(current[:, 0], 2.0 * (v[:, 1] - v[:, 0]), rtol=0, atol=0.2)
    np.testing.assert_allclose(current[0], [-30, 30])
    for other in (junction(0.005, False, "interpreter"), junction(0.005, False, threads=2)):
        assert np.array_equal(v, other[0])


def smooth(dt, early, clamp):
    """Return how far a sine on one compartment is off its closed form [mV]; RC = 1 ms."""
    net = rb.Network(dt=dt * ms)
    cells = net.add(rc_cell(), name="cells")
    place, frequency = cells.at(fraction=0.5), 200 * Hz
    phase = np.pi * 0.2 * dt if early else 0.0
    if clamp:  # through the resistance of the membrane: half the amplitude, half the time constant
        command = rb.stimuli.step(-65 * mV) + rb.stimuli.sine(20 * mV, frequency, phase=phase)
        net.voltage_clamp(place, command, series_resistance=100 * Mohm)
    else:
        net.inject(place, rb.stimuli.sine(0.1 * nA, frequency, phase=phase))
    net.record(cells, "v", every=0.5 * ms)
    trace = net.run(10 * ms, backend="interpreter").traces["cells"]
    t, w, rate = trace.time.values * 1e3, 2 * np.pi * 0.2, 2.0 if clamp else 1.0
    away = (rate * np.sin(w * t) - w * np.cos(w * t) + w * np.exp(-rate * t)) / (rate**2 + w**2)
    return np.abs(trace.v.values[:, 0] + 65 - (20 if clamp else 10) * away).max()


@pytest.mark.parametrize("clamp", [False, True])
def test_what_changes_smoothly_is_held_and_lags_by_half_a_step(clamp):
    held = [smooth(dt, False, clamp) for dt in (0.02, 0.01)]
    early = [smooth(dt, True, clamp) for dt in (0.02, 0.01)]
    assert held[0] / held[1] == pytest.approx(2, rel=0.05)
    assert early[0] / early[1] > 3.5
    assert early[1] < 0.03 * held[1]
