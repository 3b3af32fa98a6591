"""Electrodes on point cells against circuits of resistors and capacitors, and against places."""

import warnings

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import WiringError
from rheobase.units import Mohm, cm, mS, ms, mV, nA, um

SIDE = 20 * um  # a cylinder as long as wide, of pi SIDE**2
AREA = np.pi * 400 * um**2
G, C = 1.2566370614359172, 12.566370614359172  # nS, pF of 0.1 mS/cm2 and 1 uF/cm2
LEAK = rb.Membrane([rb.channels.Leak(g=0.1 * mS / cm**2, E=-70 * mV)])
SQUID = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak])


def cells_of(net, membrane, kind, count=2):
    if kind == "point":
        cells = net.add(membrane.point(area=AREA), count, name="cells")
        return cells, cells
    shape = rb.Morphology.cylinder(length=SIDE, diameter=SIDE)
    cells = net.add(
        rb.Cell(shape, membrane, max_length=rb.morphology.per_section(1)), count, name="cells"
    )
    return cells, cells.at(fraction=0.5)


@pytest.mark.parametrize("kind", ["point", "place"])
@pytest.mark.parametrize("ohms", [20, 100])
def test_a_clamp_through_a_resistance_charges_the_membrane(kind, ohms, backend):
    """C dv/dt = g (E - v) + (command - v)/R, from rest, until the clamp is let go."""
    net = rb.Network(dt=0.005 * ms)
    cells, places = cells_of(net, LEAK, kind)
    cells.v = -70 * mV
    command = rb.stimuli.step(-70 * mV) + rb.stimuli.step(50 * mV, start=1 * ms)
    current = net.voltage_clamp(places[:1], command, series_resistance=ohms * Mohm, stop=8 * ms)
    assert current == "I_voltage_clamp"
    net.record(places, "v", name="v")
    net.record(places[:1], current, name="I")
    traces = net.run(10 * ms, backend=backend).traces
    v, t = traces["v"].v.values, traces["v"].time.values * 1e3
    electrode = 1e3 / ohms  # nS
    settled = (G * -70 + electrode * -20) / (G + electrode)
    tau = C / (G + electrode)
    on, off = (t > 1) & (t <= 8), t > 8
    exact = np.where(on, settled + (-70 - settled) * np.exp(-(t - 1) / tau), -70.0)
    left = settled + (-70 - settled) * np.exp(-7 / tau)
    exact[off] = -70 + (left + 70) * np.exp(-(t[off] - 8) / (C / G))
    np.testing.assert_allclose(v[:, 0], exact, atol=0.03)
    np.testing.assert_allclose(v[:, 1], -70, atol=1e-9)  # the other cell has none
    flows = np.where(on, 1e-3 * electrode * (-20 - exact), 0.0)
    clear = (np.abs(t - 1) > 0.02) & (np.abs(t - 8) > 0.02)
    np.testing.assert_allclose(
        traces["I"][current].values[clear, 0], flows[clear], atol=0.04 / ohms
    )
    assert traces["I"][current].attrs["units"] == "nA"


def test_points_and_places_are_clamped_alike():
    """The squid's channels under a clamp that they escape from: second order in both."""
    found = {}
    for kind in ("point", "place"):
        net = rb.Network(dt=0.005 * ms)
        _, places = cells_of(net, SQUID, kind, 1)
        command = rb.stimuli.step(-65 * mV) + rb.stimuli.step(65 * mV, start=2 * ms)
        net.voltage_clamp(places, command, series_resistance=100 * Mohm, name="pipette")
        net.record(places, "v", "I_pipette", name="both")
        found[kind] = net.run(12 * ms).traces["both"]
    assert found["place"].v.values.max() > 30
    np.testing.assert_allclose(found["point"].v, found["place"].v, atol=0.05)
    np.testing.assert_allclose(found["point"].I_pipette, found["place"].I_pipette, atol=5e-4)


def test_an_electrode_sees_the_voltage_across_its_own_resistance():
    net = rb.Network(dt=0.01 * ms)
    cells, _ = cells_of(net, LEAK, "point")
    seen = net.current_clamp(cells[1], rb.stimuli.step(0.02 * nA, start=1 * ms),
                             series_resistance=10 * Mohm)  # fmt: skip
    net.record(cells, "v", seen)
    traces = net.run(100 * ms).traces["cells"]
    rise = 20 / G  # mV: 20 pA over nS
    np.testing.assert_allclose(traces.v.values[-1], [-70, -70 + rise], atol=0.01)
    np.testing.assert_allclose((traces[seen] - traces.v).values[-1], [0, 0.2], atol=1e-9)


def test_integrate_and_fire_cells_are_clamped():
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.LIF, name="cells")
    name = net.voltage_clamp(cells, -55 * mV, series_resistance=1 * Mohm)
    net.record(cells, "v", name)
    traces = net.run(20 * ms).traces["cells"]
    settled = (-55 * 1000 - 65 * 25) / 1025  # nS: 1/R, C_m/tau_m
    assert traces.v.values[-1, 0] == pytest.approx(settled, abs=1e-9)
    assert traces[name].values[-1, 0] == pytest.approx(-55 - settled, abs=1e-9)


def test_it_is_kept_in_a_file(tmp_path):
    net = rb.Network(dt=0.025 * ms)
    cells, _ = cells_of(net, SQUID, "point")
    command = rb.stimuli.step(-60 * mV) + rb.stimuli.sine(20 * mV, "100 Hz")
    net.voltage_clamp(cells[0], command, series_resistance=5 * Mohm)
    net.voltage_clamp(cells[1], -50 * mV, series_resistance=5 * Mohm)
    net.record(cells, "v", "I_voltage_clamp_2")
    net.run(3 * ms)
    net.save(tmp_path / "net.rb")
    assert cells.v[0] > -20 * mV
    here = net.run(3 * ms).traces["cells"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a cell in its spike is none that starts above threshold
        there = rb.Network.load(tmp_path / "net.rb").run(3 * ms).traces["cells"]
    assert here.equals(there)


def refused(words, call):
    with pytest.raises(WiringError) as error:
        call()
    for word in words:
        assert word in str(error.value)


def test_errors():
    net = rb.Network(dt=0.1 * ms)
    squid = net.add(rb.models.HodgkinHuxley, name="squid")
    refused(["the currents of 'squid' are per area of membrane, `I : uA/cm**2 (input)`, and an "
             "electrode injects amperes", "net.add(membrane.point(area=20000*um**2))"],
            lambda: net.voltage_clamp(squid, -50 * mV, series_resistance=1 * Mohm))  # fmt: skip
    fiber = net.add(rb.models.FitzHughNagumo, name="fiber")
    refused(["'fiber' has no voltage"],
            lambda: net.voltage_clamp(fiber, -50 * mV, series_resistance=1 * Mohm))  # fmt: skip
    cells = net.add(rb.models.LIF, name="cells")
    refused(["the resistance of the electrode is missing", "net.clamp(cells, ...) holds a voltage"],
            lambda: net.voltage_clamp(cells, -50 * mV))  # fmt: skip
    net.current_clamp(cells, rb.stimuli.step(0.1 * nA), series_resistance=1 * Mohm, name="e")
    refused(["'cells' has I_e, R_e, injected_e, v_e already", 'name="e_2"'],
            lambda: net.current_clamp(cells, rb.stimuli.step(0.1 * nA), name="e",
                                      series_resistance=1 * Mohm))  # fmt: skip
    net.run(1 * ms)
    refused(["'cells' has run, and no electrode can be added any more"],
            lambda: net.voltage_clamp(cells, -50 * mV, series_resistance=1 * Mohm))  # fmt: skip
