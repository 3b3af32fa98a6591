"""Membranes made of channels against published numbers and independent integrations.

The figures are those of other tools and of Runge-Kutta integrations of the published equations:
rests, thresholds, Hopf points, rates against currents, conduction velocities. The models under
test are built of channels, `rb.Membrane(...).point(area)`; with an area of 100,000 um2 a current
of 1 nA is 1 uA/cm2.
"""

import numpy as np
import pytest

import rheobase as rb
from rheobase import channels
from rheobase.units import cm, mS, ms, mV, nA, ohm, second, uA, uF, um

AREA = 1e5 * um**2


def squid(E_L=-54.387, **values):
    leak = channels.Leak(E=E_L * mV)
    membrane = rb.Membrane([channels.HHSodium, channels.HHPotassium, leak], **values)
    return membrane.point(AREA)


def crab():
    leak = channels.Leak(g=0.3 * mS / cm**2, E=-17 * mV)
    own = [channels.ConnorStevensSodium, channels.ConnorStevensPotassium, channels.ConnorStevensA]
    return rb.Membrane([*own, leak]).point(AREA)


def interneuron():
    leak = channels.Leak(g=0.1 * mS / cm**2, E=-65 * mV)
    return rb.Membrane(
        [channels.WangBuzsakiSodium, channels.WangBuzsakiPotassium, leak]
    ).point(AREA)  # fmt: skip


HH = squid()


def rest(model):
    cell = rb.Network(dt=0.01 * ms).add(model, name="cell")
    return {e.name: float(getattr(cell, e.name).magnitude[0]) for e in model.differential}


def run(model, currents, duration, dt=0.01, record=()):
    net = rb.Network(dt=dt * ms)
    cells = net.add(model, len(currents), name="cells")
    net.inject(cells, rb.stimuli.step(np.asarray(currents, float) * nA))
    if record:
        net.record(cells, *record)
    return net.run(duration)


def rates(model, expected, duration=1.5, discard=0.5):
    curve = rb.analysis.fi_curve(
        model, list(expected) * nA, duration * second, discard * second, dt=0.01 * ms,
        measure="intervals",
    )  # fmt: skip
    return curve.values


# -- Hodgkin and Huxley ---------------------------------------------------------------------


@pytest.mark.parametrize("E_L, v", [(-54.387, -64.99638), (-54.4, -64.99972), (-54.3, -64.97405)])
def test_the_squid_axon_rests(E_L, v):
    assert rest(squid(E_L))["v"] == pytest.approx(v, abs=6e-6)


def test_gates_at_minus_65_mv():
    """The values of Brian 2's test suite."""
    membrane = rb.Membrane([channels.HHSodium, channels.HHPotassium, channels.Leak])
    found = [channels.HHSodium.gates["m"], channels.HHSodium.gates["h"],
             channels.HHPotassium.gates["n"]]  # fmt: skip
    values = [float(gate.steady(-65 * mV)) for gate in found]
    assert values == pytest.approx([0.0529324852572, 0.596120753508, 0.317676914061], rel=1e-10)
    assert membrane.temperature == 6.3


def test_one_spike_and_a_train():
    once = rb.analysis.rheobase(HH, duration=50 * ms, tolerance=1e-4 * nA)
    assert once.to(nA).magnitude == pytest.approx(2.2404, abs=2e-4)
    for model, current in ((HH, 6.259), (squid(-54.3), 6.233)):
        spikes = run(model, [current - 0.004, current + 0.004], 1 * second).spikes["cells"]
        assert spikes[0][-1] < 0.9 < spikes[1][-1]


@pytest.mark.parametrize("jump, fires", [(6, False), (6.50, False), (6.51, True), (7, True)])
def test_an_instantaneous_depolarization_has_a_threshold(jump, fires):
    net = rb.Network(dt=0.005 * ms)
    cell = net.add(HH, name="cell")
    cell.v = (-64.99638 + jump) * mV
    assert (net.run(20 * ms).spikes["cell"].count > 0) is fires


@pytest.mark.parametrize("E_L, low, high", [
    (-54.387, (9.775, -59.654), (154.52, -43.058)),
    (-54.4, (9.779, None), (154.526, None)),
    (-54.3, (9.749, None), (154.496, None)),
])  # fmt: skip
def test_hopf_points_of_the_squid_axon(E_L, low, high):
    first, second_ = rb.analysis.bifurcations(squid(E_L), "I", (0, 160) * nA)
    assert (first.kind, first.criticality) == ("hopf", "subcritical")
    assert (second_.kind, second_.criticality) == ("hopf", "supercritical")
    for found, (current, v) in ((first, low), (second_, high)):
        assert found.value.to(nA).magnitude == pytest.approx(current, abs=5e-3)
        if v is not None:
            assert found.state["v"].to(mV).magnitude == pytest.approx(v, abs=1e-3)


HH_RATES = {6.3: 52.37, 6.5: 55.06, 7: 58.327, 8: 62.47, 10: 68.324, 12: 72.92, 15: 78.65,
            20: 86.47, 30: 98.745, 50: 117.04}  # fmt: skip
FIRST = {6.3: 2.547, 7: 2.3762, 10: 1.9012, 15: 1.497, 20: 1.2708, 30: 1.0122, 50: 0.7592}


def test_rates_of_the_squid_axon():
    np.testing.assert_allclose(rates(HH, HH_RATES), list(HH_RATES.values()), rtol=2e-4, atol=0.01)
    np.testing.assert_allclose(rates(squid(-54.3), {10: 0}), [68.390], atol=0.01)
    assert rates(HH, {6.2: 0}) == [0]


def test_first_spikes_of_the_squid_axon():
    model = HH(V_spike=0 * mV, crossing="linear")
    spikes = run(model, list(FIRST), 4 * ms, dt=0.005).spikes["cells"]
    first = [spikes[k][0] * 1e3 for k in range(len(FIRST))]
    np.testing.assert_allclose(first, list(FIRST.values()), atol=1.5e-3)


def test_peaks_and_troughs_of_the_squid_axon():
    v = run(HH, [7, 10, 15], 14 * ms, record=["v"]).traces["cells"].v.values
    np.testing.assert_allclose(v.max(axis=0), [39.69, 40.26, 40.87], atol=0.02)
    np.testing.assert_allclose(v.min(axis=0), [-75.40, -75.08, -74.56], atol=0.02)


def test_the_squid_axon_from_minus_65_mv():
    start = {"v": "-65 mV", "m_Na": 0.05293, "h_Na": 0.59612, "n_K": 0.31768}
    model = HH(V_spike=0 * mV, crossing="linear", initial=start)
    result = run(model, [10], 300 * ms, dt=0.005, record=["v"])
    times = result.spikes["cells"].times * 1e3
    assert times[0] == pytest.approx(1.90101, abs=1e-3)
    assert np.diff(times[5:]).mean() == pytest.approx(14.63621, abs=2e-3)
    v = result.traces["cells"].v.values[:1000, 0]
    assert v.max() == pytest.approx(40.2687, abs=0.01)


@pytest.mark.parametrize("temperature, dt, velocity", [(6.3, 0.01, 12.311), (18.5, 0.005, 18.723)])
def test_conduction_velocity(temperature, dt, velocity):
    """From 3.2 to 5.6 cm of a sealed axon of 8 cm, by crossings of -15 mV."""
    membrane = rb.Membrane(
        [channels.HHSodium, channels.HHPotassium, channels.Leak], temperature=temperature
    )
    axon = rb.Morphology.cylinder(length=8 * cm, diameter=476 * um)
    cell = rb.Cell(
        axon, membrane, axial_resistivity=35.4 * ohm * cm, max_length=200 * um, spikes=None
    )
    net = rb.Network(dt=dt * ms)
    axons = net.add(cell, name="axon")
    net.inject(axons.at(fraction=0.0), rb.stimuli.step(100 * uA, stop=0.5 * ms))
    for name, fraction in (("near", 0.4), ("far", 0.7)):
        net.record(axons.at(fraction=fraction), "v", name=name)
    traces = net.run(round(60 / velocity, 1) * ms).traces
    when, where = [], []
    for name in ("near", "far"):
        v, t = traces[name].v.values[:, 0], traces[name].time.values
        k = int(np.flatnonzero((v[:-1] < -15) & (v[1:] >= -15))[0])
        when.append(t[k] + (t[k + 1] - t[k]) * (-15 - v[k]) / (v[k + 1] - v[k]))
        where.append(float(traces[name].path[0]))
    found = (where[1] - where[0]) / (when[1] - when[0])
    assert found == pytest.approx(velocity, rel=5e-3)


# -- Wang and Buzsaki, Connor and Stevens -----------------------------------------------------

WB_RATES = {0.2: 8.62, 0.5: 32.22, 1: 59.70, 2: 101.79, 5: 189.63}
CS_RATES = {8.2: 3.46, 8.4: 7.80, 9: 18.55, 10: 34.05, 12: 59.95, 15: 91.08, 20: 132.30,
            30: 191.23}  # fmt: skip


def test_the_interneuron_of_wang_and_buzsaki():
    model = interneuron()
    assert rest(model)["v"] == pytest.approx(-64.0176, abs=5e-5)
    found = rb.analysis.rheobase(model, duration=2 * second, dt=0.02 * ms).to(nA).magnitude
    assert 0.16 < found < 0.17
    np.testing.assert_allclose(rates(model, WB_RATES), list(WB_RATES.values()), rtol=1e-3)


def test_the_axon_of_connor_and_stevens():
    model = crab()
    found = rest(model)
    assert found["v"] == pytest.approx(-67.978, abs=5e-4)
    gates = {"m_Na": 0.01007, "h_Na": 0.96591, "n_K": 0.15586, "a_A": 0.54042, "b_A": 0.28867}
    assert {name: found[name] for name in gates} == pytest.approx(gates, abs=6e-6)
    np.testing.assert_allclose(rates(model, CS_RATES), list(CS_RATES.values()), rtol=2e-3)
    first = run(model, [10], 60 * ms).spikes["cells"].times[0]
    assert first * 1e3 == pytest.approx(38.1, abs=0.1)


def test_the_rheobase_of_connor_and_stevens():
    options = dict(duration=2 * second, dt=0.02 * ms, tolerance=1e-3 * nA)
    found = rb.analysis.rheobase(crab(), **options).to(nA).magnitude
    assert found == pytest.approx(8.119, abs=3e-3)  # 8.124 in 1 s, 8.1145 in 5 s


def test_the_pyramidal_cell_of_traub_and_miles():
    """20,000 um2: rates at 0 to 0.7 nA, rest and rheobase with E_L = -65 mV."""
    leak = channels.Leak(g=0.05 * mS / cm**2, E=-65 * mV)
    membrane = rb.Membrane([channels.TraubMilesSodium, channels.TraubMilesPotassium, leak])
    model = membrane.point(20_000 * um**2)
    expected = {"v": -64.7646, "m_Na": 0.010227, "h_Na": 0.997410, "n_K": 0.028167}
    assert rest(model) == pytest.approx(expected, abs=5e-5)
    table = {0: 0, 0.05: 13.855, 0.1: 23.523, 0.2: 38.985, 0.3: 52.623, 0.5: 77.093, 0.7: 99.002}
    np.testing.assert_allclose(rates(model, table, 1, 0.4), list(table.values()), rtol=5e-4)
    spikes = run(model, [0.0181, 0.0187], 1 * second, dt=0.02).spikes["cells"]
    assert spikes[0].size == 0 < spikes[1].size  # 0.0183 nA


# -- Morris and Lecar, FitzHugh and Nagumo ------------------------------------------------------


def muscle(g_Ca, V_3, V_4, phi, E_L=-60, E_Ca=120, E_K=-84, V_1=-1.2, V_2=18):
    """The barnacle muscle, its two channels written as text."""
    calcium = rb.Channel(
        """
        I = g*m*(v - E) : uA/cm**2
        m_inf = 0.5*(1 + tanh((v - V_1)/V_2)) : 1
        g : mS/cm**2
        E : mV
        V_1 : mV
        V_2 : mV
        """,
        name="Ca",
        parameters=dict(g=g_Ca * mS / cm**2, E=E_Ca * mV, V_1=V_1 * mV, V_2=V_2 * mV),
    )
    potassium = rb.Channel(
        """
        I = g*w*(v - E) : uA/cm**2
        w_inf = 0.5*(1 + tanh((v - V_3)/V_4)) : 1
        tau_w = 1/(phi*cosh((v - V_3)/(2*V_4))) : ms
        g : mS/cm**2
        E : mV
        V_3 : mV
        V_4 : mV
        phi : 1/ms
        """,
        name="K",
        parameters=dict(
            g="8 mS/cm**2", E=E_K * mV, V_3=V_3 * mV, V_4=V_4 * mV, phi=phi / ms
        ),
    )  # fmt: skip
    leak = channels.Leak(g="2 mS/cm**2", E=E_L * mV)
    return rb.Membrane([calcium, potassium, leak], capacitance=20 * uF / cm**2).point(AREA)


def bends(model, low, high, **options):
    found = rb.analysis.bifurcations(model, "I", (low, high) * nA, **options)
    return [(b.kind, b.value.to(nA).magnitude, b.state["v"].to(mV).magnitude) for b in found]


def test_morris_lecar_with_hopf_points():
    model = muscle(4.4, 2, 30, 0.04)
    assert rest(model)["v"] == pytest.approx(-60.855, abs=5e-4)
    (one, low, v_low), (two, high, v_high) = bends(model, 0, 300)
    assert (one, two) == ("hopf", "hopf")
    assert (low, high) == pytest.approx((93.858, 212.019), abs=1e-3)
    assert (v_low, v_high) == pytest.approx((-25.270, 7.801), abs=1e-3)


def test_morris_lecar_with_a_saddle_node():
    model = muscle(4.0, 12, 17.4, 1 / 15)
    points = [p["v"].to(mV).magnitude for p in rb.analysis.fixed_points(model)]
    assert points == pytest.approx([-59.474, -9.482, 0.165], abs=5e-4)
    found = bends(model, 0, 150)
    nodes = [(i, v) for kind, i, v in found if kind == "saddle-node" and i > 0]
    assert nodes[-1] == pytest.approx((39.963, -29.390), abs=2e-3)
    hopf = [i for kind, i, _ in found if kind == "hopf"]
    assert hopf[-1] == pytest.approx(97.788, abs=2e-3)


def test_morris_lecar_with_a_homoclinic_orbit():
    found = bends(muscle(4.0, 12, 17.4, 0.23), 0, 100)
    assert [i for kind, i, _ in found if kind == "saddle-node"][-1] == pytest.approx(
        39.963, abs=2e-3
    )
    assert [i for kind, i, _ in found if kind == "hopf"] == pytest.approx([36.316], abs=2e-3)


def test_morris_and_lecar_1981():
    model = muscle(4, -1, 14.5, 1 / 15, E_L=-50, E_Ca=100, E_K=-70, V_1=10, V_2=15)
    hopf = [i for kind, i, _ in bends(model, 100, 500) if kind == "hopf"]
    assert hopf == pytest.approx([289.65, 465.11], abs=0.01)


def test_fitzhugh_nagumo():
    """The Hopf points in closed form: v = -sqrt(1 - epsilon b), +sqrt(1 - epsilon b)."""
    model = rb.models.FitzHughNagumo
    (point,) = rb.analysis.fixed_points(model)
    assert (point["v"], point["w"]) == pytest.approx((-1.1994080, -0.6242600), abs=5e-8)
    low, high = rb.analysis.bifurcations(model, "I", (0, 2))
    assert (low.value, high.value) == pytest.approx((0.33128, 1.41872), abs=5e-6)
    assert (low.state["v"], high.state["v"]) == pytest.approx((-0.967471, 0.967471), abs=1e-6)
    net = rb.Network(dt=0.005 * ms)
    cell = net.add(model, name="cell")
    net.inject(cell, rb.stimuli.step(0.5))
    net.record(cell, "v")
    v = net.run(400 * ms).traces["cell"].v.values[40_000:, 0]
    up = np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0))
    cross = up - v[up] / (v[up + 1] - v[up])
    assert np.diff(cross).mean() * 0.005 == pytest.approx(39.474, abs=2e-3)
    assert (v.min(), v.max()) == pytest.approx((-1.97041, 1.85212), abs=1e-4)
