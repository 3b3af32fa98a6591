"""Stimulation of cells with a morphology from outside."""

import numpy as np
import pytest
from tests.simulation.cable_nets import PASSIVE, ball_and_stick, same

import rheobase as rb
from rheobase import errors
from rheobase.units import cm, mm, ms, mV, nA, ohm, uA, um

ALONG_X = rb.stimuli.uniform_field([1, 0, 0])


def passive(shape, max_length=20 * um):
    return rb.Cell(shape, PASSIVE, axial_resistivity=100 * ohm * cm, max_length=max_length)


def settled(shape, field, current):
    """v of all compartments after 20 time constants under a constant stimulus [mV]."""
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(passive(shape), name="cells")
    net.extracellular(cells, field, rb.stimuli.step(current))
    net.run(200 * ms)
    return cells.v.to("mV").magnitude + 65, cells.cells[0].compartments


def direct(parts, phi):
    """The same by solving for all intracellular potentials, of junctions too [mV]."""
    size, g_leak = parts.nodes, 1.0  # S/m**2: 0.1 mS/cm**2
    matrix, right = np.diag(g_leak * parts.area), g_leak * parts.area * phi
    for node in range(1, size):
        ends = [node, parts.parent[node]]
        matrix[np.ix_(ends, ends)] += parts.conductance_to_parent[node] * np.array(
            [[1, -1], [-1, 1]]
        )
    inside = np.linalg.solve(matrix, right)
    return 1e3 * (inside - phi)[parts.membrane]


def test_a_cable_in_a_uniform_field():
    """v = E lambda sinh(x/lambda)/cosh(l/(2 lambda)), x from the middle; its neighbor rests."""
    shape = rb.Morphology.cylinder(length=1000 * um, diameter=2 * um)
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(passive(shape, 5 * um), 2, name="cells")
    net.extracellular(cells[1], ALONG_X, rb.stimuli.step(1 * mV / mm, start=10 * ms))
    net.run(110 * ms)
    x = cells.everywhere.positions.to("metre").magnitude[:200, 0] - 500e-6
    length = np.sqrt(2e-6 / 4)
    exact = 1e3 * length * np.sinh(x / length) / np.cosh(1e-3 / (2 * length))
    v = cells.v.to("mV").magnitude
    np.testing.assert_allclose(v[200:] + 65, exact, rtol=0, atol=2e-6)
    np.testing.assert_allclose(v[:200], -65, rtol=0, atol=1e-9)


@pytest.mark.parametrize("field, current", [
    (rb.stimuli.point_electrode([60, 30, 5] * um), -1 * uA),
    (rb.stimuli.line_electrode([60, 30, 5] * um, [10, 200, 0] * um, "1 siemens/metre"), 2 * uA),
    (rb.stimuli.uniform_field([1, -2, 0.5]), 20 * mV / mm),
])  # fmt: skip
def test_a_tree_against_the_linear_system(field, current):
    shape = rb.Morphology.tree(
        dict(region="soma", length=20 * um, diameter=20 * um, children=[
            dict(region="axon", at=0.5, length=150 * um, diameter=1 * um),
            dict(region="dendrite", length=60 * um, diameters=[4, 2] * um, children=[
                dict(length=180 * um, diameters=[1.5, 1] * um),
                dict(length=90 * um, diameters=[1.5, 1] * um),
            ]),
        ])
    )  # fmt: skip
    v, parts = settled(shape, field, current)
    phi = field.potential(parts.position, parts.diameter / 2) * current.to_base_units().magnitude
    want = direct(parts, phi)
    assert np.ptp(want) > 1
    np.testing.assert_allclose(v, want, rtol=0, atol=1e-7)
    # the linear response takes in no net current: what enters leaves
    assert abs((v * parts.area[parts.membrane]).sum()) < 1e-9 * np.abs(v).max() * parts.area.sum()


def test_given_potentials_and_noise_that_is_shared():
    """A potential over places equals the field it is of; noise has one course everywhere."""
    noise = rb.stimuli.noise(5 * mV / mm, tau=1 * ms)
    results = []
    for cells_given in (False, True):
        net = rb.Network(dt=0.05 * ms, seed=3)
        cells = net.add(ball_and_stick(), 2, name="cells",
                        positions=np.array([[0, 0], [100, 50]]) * um)  # fmt: skip
        x = cells.everywhere.positions[:, 0]
        assert x[16] - x[0] == 100 * um
        phi = -x * (5 * mV / mm)
        waveform = rb.stimuli.noise(1, tau=1 * ms) if cells_given else noise
        net.extracellular(cells, phi if cells_given else ALONG_X, waveform)
        net.record(cells, "v", "I", every=0.5 * ms)
        results.append(net.run(20 * ms))
    one, other = (result.traces["cells"].I.values for result in results)
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-15)
    assert np.abs(one).max() > 1e-3
    np.testing.assert_allclose(one.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(one[:, :16], one[:, 16:], rtol=1e-6, atol=1e-12)
    ratio = one[5:] / one[5:, :1]
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[0], ratio.shape), rtol=1e-6, atol=1e-9)


def test_a_cathode_near_the_soma_makes_a_cell_spike_and_several_electrodes_add():
    pulse = rb.stimuli.step(1 * uA, start=1 * ms, stop=1.5 * ms)
    near, far = ([0, 30, 0] * um, [0, 2000, 0] * um)

    def spikes(*electrodes):
        net = rb.Network(dt=0.025 * ms)
        cells = net.add(ball_and_stick(), name="cells")
        for place, factor in electrodes:
            net.extracellular(cells, rb.stimuli.point_electrode(place), pulse * factor)
        return net.run(10 * ms).spikes["cells"].times.size

    assert spikes((near, -30)) == 1
    assert spikes((far, -30)) == 0
    assert spikes((near, -30), (near, 29)) == 0
    assert spikes((near, -15), (near, -15)) == 1


def test_it_is_kept_in_files(tmp_path):
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), 2, name="cells", positions=[[0, 0, 0], [50, 0, 0]] * um)
    net.extracellular(cells, rb.stimuli.point_electrode([0, 40, 0] * um),
                      rb.stimuli.sine(-20 * uA, "500 hertz"))  # fmt: skip
    net.record(cells, "v")
    again = rb.Network.load(net.save(tmp_path / "net.h5"))
    assert same(net.run(5 * ms), again.run(5 * ms))


def test_what_is_refused():
    net = rb.Network(dt=0.025 * ms)
    cells, point = net.add(ball_and_stick(), name="cells"), net.add(rb.models.LIF, name="point")
    step = rb.stimuli.step
    phi = np.zeros(16) * mV
    for error, call, *words in (
        (errors.WiringError, lambda: net.extracellular(point, phi, step(1)),
         "acts on whole cells with a morphology", "net.add(rb.Cell(...))"),
        (errors.WiringError, lambda: net.extracellular(cells.at("soma"), phi, step(1)),
         "acts on whole cells"),
        (errors.ShapeError, lambda: net.extracellular(cells, 1 * mV, step(1)),
         "one finite value for each compartment", "16 values, those at cells.everywhere.positions"),
        (errors.ShapeError, lambda: net.extracellular(cells, phi + np.nan * mV, step(1)), "finite"),
        (errors.UnitError, lambda: net.extracellular(cells, np.zeros(16) * nA, step(1)),
         "net.extracellular: the potential", "rb.stimuli.uniform_field([1, 0, 0])"),
        (errors.UnitError, lambda: net.extracellular(cells, phi, step(1 * nA)),
         "the waveform of given potentials is of another dimension", "rb.stimuli.step(1)"),
        (errors.UnitError, lambda: net.extracellular(cells, ALONG_X, step(1 * nA)),
         "the waveform of this field is of another dimension",
         "(cells, rb.stimuli.uniform_field([1, 0, 0]), rb.stimuli.step(10*mV/mm))"),
        (errors.WiringError, lambda: net.extracellular(cells, ALONG_X, 3 * mV / mm),
         "the waveform is one of rb.stimuli"),
        (errors.ShapeError, lambda: net.extracellular(cells, ALONG_X, step([1, 2] * mV / mm)),
         "one waveform for all cells", "a waveform of 2 values"),
        (errors.UserError, lambda: setattr(cells.everywhere, "positions", 3 * um),
         "positions are set for a whole population"),
    ):  # fmt: skip
        with pytest.raises(error) as found:
            call()
        for word in words:
            assert word in str(found.value), str(found.value)
