"""Stimulation from outside, and the potentials that cells make there."""

import numpy as np
import pytest
from tests.simulation.cable_nets import PASSIVE, ball_and_stick

import rheobase as rb
from rheobase import errors
from rheobase.units import cm, mS, ms, mV, nA, ohm, uA, um


def test_a_cable_in_a_uniform_field():
    """v = E lambda sinh(x/lambda)/cosh(L/(2 lambda)), x from the middle."""
    shape = rb.Morphology.cylinder(length=1000 * um, diameter=2 * um)
    cell = rb.Cell(shape, PASSIVE, axial_resistivity=100 * ohm * cm, max_length=5 * um)
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(cell, 2, name="cells")
    x = cells.cells[0].compartments.position[:, 0]
    x = x - x.mean()
    net.extracellular(cells[1], -1e3 * x * mV, rb.stimuli.step(1, start=10 * ms))
    net.run(110 * ms)
    length = np.sqrt(2e-6 / 4)
    exact = 1e3 * length * np.sinh(x / length) / np.cosh(1e-3 / (2 * length))
    v = cells.v.to("mV").magnitude
    np.testing.assert_allclose(v[200:] + 65, exact, rtol=0, atol=1e-5)
    np.testing.assert_allclose(v[:200], -65, rtol=0, atol=1e-9)


def test_an_electrode_makes_a_cell_spike():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), name="cells")
    electrode = cells.transfer_resistance([-50, 0, 0] * um)[0]
    assert electrode.to("ohm").magnitude[-1] == pytest.approx(
        1 / (4 * np.pi * 0.3 * 350e-6), rel=0.05
    )
    pulse = rb.stimuli.step(1, start=1 * ms, stop=1.5 * ms)
    net.extracellular(cells, -electrode * 2000 * uA, pulse)
    assert net.run(10 * ms).spikes["cells"].times.size == 1


def test_the_potential_of_a_spike():
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(ball_and_stick(), 2, name="cells")
    cells.positions = np.array([[0, 0, 0], [0, 1000, 0]]) * um
    net.inject(cells[0].at("soma"), rb.stimuli.step(0.5 * nA, start=1 * ms, stop=3 * ms))
    net.record(cells, "v")
    trace = net.run(10 * ms).traces["cells"]
    places = np.array([[0, 30, 0], [0, 60, 0], [0, 960, 0]]) * um
    potential = cells.field_potential(trace, places).to("uV").magnitude
    assert potential.shape == (400, 3)
    near, far, other = np.ptp(potential, axis=0)
    assert near > far > other > 0
    steepest = np.argmax(np.diff(trace.v.values[:, 0]))
    assert abs(int(np.argmin(potential[:, 0])) - steepest) < 10  # sodium flows in: negative
    alone = cells[0].field_potential(trace.v.values[:, :16], places).to("uV").magnitude
    rest = cells[1].field_potential(trace.v.values[:, 16:], places).to("uV").magnitude
    np.testing.assert_allclose(alone + rest, potential, rtol=0, atol=1e-9)


def test_what_is_refused():
    net = rb.Network(dt=0.025 * ms)
    cells, point = net.add(ball_and_stick(), name="cells"), net.add(rb.models.LIF, name="point")
    step = rb.stimuli.step(1)
    phi = np.zeros(16) * mV
    for error, call, words in (
        (errors.WiringError, lambda: net.extracellular(point, phi, step), "with a morphology"),
        (errors.ShapeError, lambda: net.extracellular(cells, 1 * mV, step), "16 values"),
        (errors.UnitError, lambda: net.extracellular(cells, np.zeros(16) * nA, step), "potential"),
        (errors.WiringError, lambda: net.extracellular(cells, phi, rb.stimuli.step(1 * nA)),
         "a stimulus without a unit"),
        (errors.ShapeError, lambda: cells.transfer_resistance([1, 2] * um), "three coordinates"),
        (errors.UserError, lambda: cells.transfer_resistance([0, 0, 9] * um, "0 S/m"), "above 0"),
        (errors.UnitError, lambda: cells.transfer_resistance([0, 0, 9] * um, 1 * mS), "conductiv"),
        (errors.ShapeError, lambda: cells.field_potential(np.zeros((3, 4)), [0, 0, 9] * um),
         'net.record(cells, "v")'),
    ):  # fmt: skip
        with pytest.raises(error) as found:
            call()
        assert words in str(found.value), str(found.value)
