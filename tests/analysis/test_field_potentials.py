"""Potentials outside cells, and the currents through their membranes."""

import numpy as np
import pytest
from scipy.integrate import quad
from tests.simulation.cable_nets import PASSIVE, ball_and_stick

import rheobase as rb
from rheobase import errors
from rheobase.analysis import field_potential, membrane_currents
from rheobase.morphology import per_section
from rheobase.units import Mohm, cm, mm, ms, mV, nA, nS, ohm, uA, um

AMPA = rb.synapses.Exponential(tau=2 * ms, E=0 * mV)
PLACES = np.array([[0, 30, 0], [150, 60, 10], [0, 960, 0]]) * um


def spiking(count=1, **options):
    """Cells of which the first is driven by a synapse, and nothing is injected."""
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), count, name="cells", **options)
    net.drive(cells[0].at("dendrite", fraction=0.5), rb.stimuli.spike_times([1] * ms),
              weight=20 * nS, synapse=AMPA)  # fmt: skip
    net.record(cells, "v", every=0.1 * ms)
    return net, cells


@pytest.fixture(scope="module")
def spike():
    net, cells = spiking()
    return net.run(10 * ms), cells


# -- currents ---------------------------------------------------------------------------------


def test_membrane_currents_are_those_of_channels_and_capacitance():
    """C dv/dt + g (v - E), summed over its area, in every compartment of a passive cable."""
    net = rb.Network(dt=0.005 * ms)
    shape = rb.Morphology.cylinder(length=400 * um, diameter=2 * um)
    cell = rb.Cell(shape, PASSIVE, axial_resistivity=100 * ohm * cm, max_length=20 * um)
    cells = net.add(cell, name="cells")
    net.inject(cells.at(fraction=0.3), rb.stimuli.step(0.1 * nA, start=1 * ms))
    net.record(cells, "v", "I", "I_L")
    result = net.run(4 * ms)
    current = membrane_currents(result, cells)
    trace, area = result.traces["cells"], cell.compartments.area
    v = trace.v.values * 1e-3
    slope = (v[2:] - v[:-2]) / 1e-5
    leak = trace.I_L.values[1:-1] * {"uA/cm**2": 1e-2}[trace.I_L.attrs["units"]]
    want = 1e9 * area * (1e-2 * slope + leak)
    late = trace.time.values[1:-1] > 1.1e-3
    np.testing.assert_allclose(current.values[1:-1][late], want[late], rtol=0, atol=5e-6)
    np.testing.assert_allclose(current.sum("site")[late.size // 2 :], 0.1, rtol=1e-9)
    assert current.attrs["units"] == "nA"
    assert current.dims == ("time", "site")
    np.testing.assert_array_equal(current.compartment, np.arange(20))


def test_without_an_electrode_currents_add_to_zero(spike):
    result, cells = spike
    assert result.spikes["cells"].times.size == 1
    current = membrane_currents(result, cells)
    np.testing.assert_allclose(current.sum("site"), 0, atol=1e-12 * np.abs(current).max())
    # at the soma sodium flows in, which is negative, before potassium flows out
    soma = current.values[:, 0]
    assert soma.min() < -1 < 0.5 < soma.max()
    assert soma.argmin() < soma.argmax() + 30


@pytest.mark.parametrize("kind", ["voltage_clamp", "current_clamp", "gap", "field"])
def test_what_is_injected_leaves_through_the_membrane(kind):
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), 2, name="cells")
    soma, name = cells[0].at("soma"), None
    if kind == "voltage_clamp":
        name = net.voltage_clamp(soma, -30 * mV, series_resistance=5 * Mohm)
    elif kind == "current_clamp":
        net.current_clamp(soma, rb.stimuli.step(0.2 * nA), series_resistance=5 * Mohm)
        name = "I_electrode"
    elif kind == "gap":
        net.connect(soma, cells[1].at("soma"), weight=5 * nS, synapse=rb.synapses.GapJunction())
        soma, name = cells.at("soma"), "i_gap"
        cells[0].v = -50 * mV
    else:
        net.extracellular(cells, rb.stimuli.uniform_field(), rb.stimuli.step(10 * mV / mm))
    net.record(cells, "v", "I")
    if name is not None:
        net.record(soma, name, name="electrode")
    result = net.run(5 * ms)
    current = membrane_currents(result, cells)
    total = np.zeros((200, 2))
    if name is not None:
        held = result.traces["electrode"]
        scale = {"nA": 1.0, "pA": 1e-3}[held[name].attrs["units"]]
        total[:, held.cell.values] = scale * held[name].values
        assert np.abs(total).max() > 0.01
    for cell in range(2):
        np.testing.assert_allclose(current[:, current.cell == cell].sum("site"), total[:, cell],
                                   rtol=1e-9, atol=1e-12)  # fmt: skip
    if kind == "gap":
        # each end reads the other in mid-step: opposite but for terms of first order in the step
        np.testing.assert_allclose(total[2:].sum(axis=1), 0, atol=5e-2 * np.abs(total).max())


def test_an_axon_beside_an_electrode_is_that_of_neuron():
    """NEURON 9.0.2, mechanism `extracellular`, 1 and 2 us extrapolated to 0: v and i_membrane."""
    channels = [rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak]
    axon = rb.Cell(rb.Morphology.cylinder(length=2 * mm, diameter=2 * um), rb.Membrane(channels),
                   max_length=per_section(101), axial_resistivity=100 * ohm * cm)  # fmt: skip
    net = rb.Network(dt=0.005 * ms)
    cells = net.add(axon, name="axon")
    net.extracellular(cells, rb.stimuli.point_electrode([700, 100, 0] * um),
                      rb.stimuli.step(-60 * uA, start=1 * ms, stop=1.2 * ms))  # fmt: skip
    net.record(cells, "v", "I", every=0.02 * ms)
    result = net.run(6.1 * ms)
    steps, places = [50, 58, 75, 100, 150, 200, 250, 300], [20, 35, 60]
    v = [[-64.997, -72.529, -65.517, -43.080, 25.451, -22.872, -71.666, -75.986],
         [-64.997, -23.614, -29.843, 36.339, -5.652, -49.545, -75.655, -75.793],
         [-64.997, -67.094, -67.761, -63.608, 38.152, -2.767, -51.735, -75.804]]  # fmt: skip
    current = [[0, -0.05173, 0.02794, 0.13713, -0.01161, -0.00158, 0.02806, 0.00003],
               [0, 0.15273, -0.32198, -0.02803, 0.14033, 0.09531, 0.00271, -0.00038],
               [0, -0.02022, 0.00401, 0.02049, -0.11692, 0.00273, -0.00480, 0.00190]]  # fmt: skip
    found = result.traces["axon"].v.values[np.ix_(steps, places)].T
    np.testing.assert_allclose(found, v, rtol=0, atol=0.03)
    found = membrane_currents(result, cells).values[np.ix_(steps, places)].T
    np.testing.assert_allclose(found, current, rtol=0, atol=5e-4)


# -- potentials -------------------------------------------------------------------------------


def integral(compartments, current, place):
    """Points along every compartment, summed up; the soma a point [V for A]."""
    total = 0.0
    for k, node in enumerate(compartments.membrane):
        start, end = compartments.start[node], compartments.end[node]
        if compartments.regions[compartments.region[node]] == "soma":
            mean = 1 / np.linalg.norm(place - compartments.position[node])
        else:
            mean, _ = quad(lambda s, a=start, b=end: 1 / np.linalg.norm(place - a - s * (b - a)),
                           0, 1)  # fmt: skip
        total += current[k] * mean / (4 * np.pi * 0.3)
    return total


def test_the_potential_is_the_integral_over_all_lines(spike):
    result, cells = spike
    found = field_potential(result, cells, PLACES)
    current = membrane_currents(result, cells).values * 1e-9
    for step in (0, 15, 30, 60):
        for k, place in enumerate(PLACES.to("metre").magnitude):
            want = 1e6 * integral(cells.cells[0].compartments, current[step], place)
            assert found.values[step, k] == pytest.approx(want, rel=1e-9, abs=1e-9)
    assert found.dims == ("time", "electrode")
    assert found.attrs["units"] == "uV"
    np.testing.assert_allclose(found.y, [30e-6, 60e-6, 960e-6])
    np.testing.assert_array_equal(found.time, result.traces["cells"].time)
    # near the soma: microvolts, negative while sodium flows in
    assert -30 < found.values[:, 0].min() < -3
    assert abs(found.values[:, 0].argmin() - current[:, 0].argmin()) <= 1


def test_far_away_it_is_a_dipole(spike):
    """phi = p.r/(4 pi sigma r^3), with p the sum of I_k x_k."""
    result, cells = spike
    parts = cells.cells[0].compartments
    current = membrane_currents(result, cells).values * 1e-9
    p = current @ parts.position[parts.membrane]
    away = np.array([[0.6, 0.8, 0.0], [1.0, 0.0, 0.0]])
    middle = np.array([150e-6, 0, 0])
    for r in (0.02, 0.04):
        found = field_potential(result, cells, (middle + r * away) * 1e6 * um).values
        want = 1e6 * (p @ away.T) / (4 * np.pi * 0.3 * r**2)
        worst = np.abs(found - want).max(axis=0) / np.abs(want).max(axis=0)
        assert np.all(worst < 0.01 * 0.02 / r), worst
    across = field_potential(result, cells, [[150, 2e4, 0]] * um).values  # nothing of first order
    assert np.abs(across).max() < 0.02 * np.abs(found).max()


def test_points_and_lines_agree_at_a_distance_and_sigma_divides(spike):
    result, cells = spike
    places = [[150, 3000, 0]] * um
    line = field_potential(result, cells, places)
    point = field_potential(result, cells, places, sources="point")
    np.testing.assert_allclose(point, line, rtol=0, atol=3e-3 * np.abs(line).max())
    near = [[150, 8, 0]] * um
    assert np.abs(field_potential(result, cells, near)
                  - field_potential(result, cells, near, sources="point")).max() > 0.1  # fmt: skip
    other = field_potential(result, cells, places, conductivity="0.6 siemens/metre")
    np.testing.assert_allclose(2 * other, line, rtol=1e-12)
    assert point.attrs["sources"] == "point"


def test_cells_lie_where_their_positions_say_and_add(spike):
    one, _ = spike
    place = np.array([[100, 500, 0], [0, 0, 0]]) * um
    net, cells = spiking(2, positions=place)
    other = net.add(ball_and_stick(200 * um), name="other", positions=[[0, 0, 50]] * um)
    net.record(other, "v", every=0.1 * ms)
    result = net.run(10 * ms)
    moved = field_potential(result, cells[0], PLACES + place[0])
    alone = field_potential(one, spike[1], PLACES)
    np.testing.assert_allclose(moved, alone, rtol=0, atol=1e-9)
    both = field_potential(result, cells, PLACES)
    parts = [field_potential(result, cells[k], PLACES) for k in (1, 0)]
    np.testing.assert_allclose(both, sum(parts), rtol=0, atol=1e-9)
    turned = field_potential(result.traces["cells"], cells[[1, 0]], PLACES)
    np.testing.assert_allclose(turned, both, rtol=0, atol=1e-9)
    all_three = field_potential(result, [cells, other], PLACES)
    np.testing.assert_allclose(all_three - both, field_potential(result, other, PLACES), atol=1e-9)


def test_recordings_in_parts_are_put_together(spike):
    whole, cells = spike
    net, again = spiking()
    net._told.recordings.clear()
    net.record(again.at("dendrite"), "v", every=0.1 * ms, name="dendrite")
    net.record(again.at("soma"), "v", every=0.1 * ms, name="soma")
    net.record(again.at("soma"), "v", name="finely")
    result = net.run(10 * ms)
    np.testing.assert_array_equal(
        field_potential(result, again, PLACES), field_potential(whole, cells, PLACES)
    )
    parts = [result.traces["soma"], result.traces["dendrite"]]
    np.testing.assert_array_equal(
        field_potential(parts, again, PLACES), field_potential(whole, cells, PLACES)
    )


# -- errors -----------------------------------------------------------------------------------


def refused(error, call, *words):
    with pytest.raises(error) as found:
        call()
    for word in words:
        assert word in str(found.value), f"{word!r} is not in:\n{found.value}"


def test_what_is_refused(spike):
    result, cells = spike
    refused(errors.WiringError, lambda: field_potential(result, cells.at("soma"), PLACES),
            "rb.analysis.field_potential: potentials outside are those of whole cells")  # fmt: skip
    refused(errors.WiringError, lambda: field_potential(result, [], PLACES), "no cells are given")
    refused(errors.WiringError, lambda: membrane_currents(result, 3),
            "rb.analysis.membrane_currents: ", "given: 3")  # fmt: skip
    refused(errors.WiringError, lambda: field_potential(np.zeros(3), cells, PLACES),
            "this is no recording", "ndarray")  # fmt: skip
    refused(errors.ShapeError, lambda: field_potential(result, cells, [1, 2] * um),
            "electrodes: a place has three finite coordinates")  # fmt: skip
    refused(errors.UnitError, lambda: field_potential(result, cells, [1, 2, 3]),
            "electrodes=[[0, 50, 0]]*um")  # fmt: skip
    refused(errors.UserError, lambda: field_potential(result, cells, PLACES, "0 siemens/metre"),
            "the conductivity is one value above 0")  # fmt: skip
    refused(errors.UserError, lambda: field_potential(result, cells, PLACES, sources="lines"),
            "there are no sources 'lines'", 'sources="line" or sources="point"')  # fmt: skip


def test_what_is_missing_in_recordings_is_said():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), 2, name="cells")
    net.inject(cells[0].at("soma"), rb.stimuli.step(0.1 * nA))
    net.voltage_clamp(cells[1].at("dendrite", fraction=0.5), -60 * mV, series_resistance=5 * Mohm)
    net.record(cells.at("soma"), "m_Na")
    refused(errors.WiringError, lambda: field_potential(net.run(1 * ms), cells, PLACES),
            "v of 'cells' is not in the recordings", 'net.record(cells, "v", "I")')  # fmt: skip
    net.record(cells.at("soma"), "v", name="soma")
    refused(errors.WiringError, lambda: field_potential(net.run(1 * ms), cells, PLACES),
            "30 of 32 compartments of cells have no v")  # fmt: skip
    net.record(cells, "v", name="everywhere")
    result = net.run(1 * ms)
    whole = result.traces["everywhere"]
    refused(errors.WiringError, lambda: field_potential(whole, cells[0], PLACES),
            "I, which is injected into cells[0], is not in the recordings",
            "it leaves through the membrane", 'net.record(cells[0], "v", "I")')  # fmt: skip
    refused(errors.WiringError, lambda: field_potential(whole, cells[1], PLACES),
            "I_voltage_clamp, which is injected into cells[1]",
            'net.record(cells[1].at(...), "I_voltage_clamp", name="I_voltage_clamp")')  # fmt: skip
    net.clamp(cells[1].at("soma"), -60 * mV)
    refused(errors.UserError, lambda: field_potential(result, cells, PLACES),
            "the current of an ideal voltage clamp is not known", "net.voltage_clamp")  # fmt: skip


def test_times_of_populations_are_the_same():
    net = rb.Network(dt=0.025 * ms)
    one, other = net.add(ball_and_stick(), name="one"), net.add(ball_and_stick(), name="other")
    net.record(one, "v")
    net.record(other, "v", every=0.5 * ms)
    result = net.run(1 * ms)
    refused(errors.ShapeError, lambda: field_potential(result, [one, other], PLACES),
            "'one' and 'other' were recorded at different times", "the same `every`")  # fmt: skip
