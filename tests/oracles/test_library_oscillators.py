"""Morris-Lecar, FitzHugh-Nagumo, Hindmarsh-Rose, Wilson-Cowan, Wong-Wang: published dynamics.

Bifurcations are checked where they are said to be: there the slopes vanish, and an eigenvalue
(or a pair) crosses the imaginary axis.
"""

import numpy as np
import pytest

import rheobase as rb
from rheobase.simulation.slopes import Slopes
from rheobase.units import Hz, cm, ms, nA, second, uA

UNIT = uA / cm**2
AREA = 0.01  # uA/cm2 in A/m2


def fixed_point(model, start, current=0.0):
    """Solve for the fixed point near states; return it and the eigenvalues (1/s)."""
    slopes = Slopes(model, {**model.defaults, "I": current}, 1)
    x = np.array([start], dtype=float)
    for _ in range(50):
        x = x - np.linalg.solve(slopes.jacobian(x), slopes(x)[..., None])[..., 0]
    assert np.abs(slopes(x)).max() < 1e-6
    return x[0], np.linalg.eigvals(slopes.jacobian(x)[0])


# -- Morris and Lecar -----------------------------------------------------------------------

ML = rb.models.MorrisLecar


def along(name, current, v):
    model = ML.variants[name]
    w = (1 + np.tanh((v * 1e-3 - model.defaults["V_3"]) / model.defaults["V_4"])) / 2
    return fixed_point(model, [v, w], current * AREA)


@pytest.mark.parametrize("name, current, v", [
    ("Hopf", 93.858, -25.270), ("Hopf", 212.019, 7.801), ("SNIC", 97.788, None),
    ("homoclinic", 36.316, None), ("Morris-Lecar 1981", 289.65, None),
    ("Morris-Lecar 1981", 465.11, None),
])  # fmt: skip
def test_hopf_bifurcations_of_morris_lecar(name, current, v):
    real = []
    for shifted in (current * 0.999, current, current * 1.001):
        _, values = along(name, shifted, 5.0 if v is None else v)
        assert np.abs(values.imag).min() > 1  # a pair that is conjugate
        real.append(values.real.mean())
    if v is not None:
        assert along(name, current, v)[0][0] == pytest.approx(v, abs=0.003)
    # The real part crosses 0 within a thousandth of the published current.
    assert real[0] * real[2] < 0
    assert abs(real[1]) < 0.2 * abs(real[2] - real[0])


@pytest.mark.parametrize("name", ["SNIC", "homoclinic"])
def test_saddle_node_of_morris_lecar(name):
    """I = 39.963 at -29.390 mV: an eigenvalue is 0, and fixed points are there below only."""
    model = ML.variants[name]
    v, w = -29.390, 0.5 * (1 + np.tanh((-29.390 - 12) / 17.4))
    slopes = Slopes(model, {**model.defaults, "I": 39.963 * AREA}, 1)
    x = np.array([[v, w]])
    assert abs(slopes(x)[0, 0]) < 0.1  # mV/s
    values = np.linalg.eigvals(slopes.jacobian(x)[0])
    assert np.abs(values).min() < 1e-3 * np.abs(values).max()


def test_fixed_points_of_morris_lecar():
    v = [along("SNIC", 0, start)[0][0] for start in (-59, -9.4, 0.2)]
    assert v == pytest.approx([-59.474, -9.482, 0.165], abs=6e-4)
    assert along("Hopf", 0, -60)[0][0] == pytest.approx(-60.855, abs=6e-4)
    cell = rb.Network(dt=0.1 * ms).add(ML, name="cell")
    assert cell.v.to("mV").magnitude[0] == pytest.approx(-60.855, abs=6e-4)


def test_morris_lecar_of_1981_oscillates_between_its_hopf_bifurcations():
    """Currents of the paper's figure 9, 100 to 500 uA/cm2, from -50 mV."""
    currents = np.arange(100, 501, 25.0)
    net = rb.Network(dt=0.05 * ms)
    cells = net.add(ML.variants["Morris-Lecar 1981"](initial={"v": "-50 mV"}), currents.size,
                    name="cells")  # fmt: skip
    net.inject(cells, rb.stimuli.step(currents * UNIT))
    net.record(cells, "v")
    v = net.run(2 * second).traces["cells"].v.values[-4000:]
    oscillates = np.ptp(v, axis=0) > 1
    # Both bifurcations may be subcritical: only well inside and well outside is told.
    assert oscillates[(currents > 295) & (currents < 460)].all()
    assert not oscillates[(currents < 225) | (currents > 470)].any()


# -- FitzHugh and Nagumo --------------------------------------------------------------------

FHN = rb.models.FitzHughNagumo


def test_rest_and_hopf_bifurcations_of_fitzhugh_nagumo():
    x, _ = fixed_point(FHN, [-1.2, -0.6])
    assert x == pytest.approx([-1.1994080, -0.6242600], abs=1e-7)
    for current, v in ((0.33128, -0.967471), (1.41872, 0.967471)):
        x, values = fixed_point(FHN, [v, (v + 0.7) / 0.8], current)
        assert x[0] == pytest.approx(v, abs=2e-5)
        assert np.abs(values.real).max() < 2e-5 * np.abs(values).max()


def test_limit_cycle_of_fitzhugh_nagumo():
    net = rb.Network(dt=0.01 * ms)
    cell = net.add(FHN, name="cell")
    net.inject(cell, rb.stimuli.step(0.5))
    net.record(cell, "v")
    result = net.run(600 * ms)
    v = result.traces["cell"].v.values[30_000:, 0]
    assert (v.min(), v.max()) == pytest.approx((-1.97041, 1.85212), abs=2e-5)
    assert np.diff(result.spikes["cell"].times[-6:]).mean() * 1e3 == pytest.approx(39.474, abs=4e-3)


# -- Hindmarsh and Rose ---------------------------------------------------------------------


def test_hindmarsh_rose_rests_at_the_root_of_a_cubic():
    for model in (rb.models.HindmarshRose, rb.models.HindmarshRose.variants["bursting"]):
        cell = rb.Network(dt=0.01 * ms).add(model, name="cell")
        x = float(cell.x[0])
        assert x == pytest.approx(-1.6045345328, abs=1e-8)
        assert x**3 + 2 * x**2 + 4 * x + 5.4 == pytest.approx(0, abs=1e-8)
        assert (float(cell.y[0]), float(cell.z[0])) == pytest.approx((1 - 5 * x**2, 4 * (x + 1.6)))


# Upward crossings of x = 1 by Dormand and Prince's method of eighth order, tolerance 1e-11.
HR = [
    (2.0, 0.006, 26, [6.584, 11.220, 16.108, 21.286, 26.808, 32.746, 39.198, 46.315, 54.335,
                      63.699, 75.427, 93.961], 1000),
    (3.25, 0.006, None, [3.857, 7.303, 10.841, 14.477, 18.217, 22.070, 26.045, 30.152, 34.401,
                         38.806, 43.381, 48.145], 100),
    (2.0, 0.001, 88, [6.491, 10.857, 15.257, 19.690, 24.159, 28.663, 33.204, 37.781, 42.397,
                      47.052, 51.747, 56.483], 1500),
]  # fmt: skip


@pytest.mark.parametrize("current, r, count, first, duration", HR)
def test_bursts_of_hindmarsh_rose(current, r, count, first, duration):
    net = rb.Network(dt=0.005 * ms)
    cell = net.add(rb.models.HindmarshRose(r=r, crossing="linear"), name="cell")
    net.inject(cell, rb.stimuli.step(current))
    times = net.run(duration * ms).spikes["cell"].times * 1e3
    np.testing.assert_allclose(times[:12], first, atol=4e-3)
    if count is not None:
        assert times.size == count
        # Bursts: gaps far longer than the intervals before them.
        gaps = np.diff(times)
        assert gaps.max() > 3 * np.median(gaps)


# -- Wilson and Cowan -----------------------------------------------------------------------

WC = rb.models.WilsonCowan(tau_E=1 * ms, tau_I=1 * ms)


def cycle(p, exact_k, duration=200):
    net = rb.Network(dt=0.01 * ms)
    unit = net.add(WC(P=p, exact_k=exact_k), name="unit")
    net.record(unit, "E", "I")
    traces = net.run(duration * ms).traces["unit"]
    half = traces.E.size // 2
    e, i = traces.E.values[half:, 0], traces.I.values[half:, 0]
    middle = (e.min() + e.max()) / 2
    k = np.flatnonzero((e[:-1] < middle) & (e[1:] >= middle))
    # Crossings between samples, on the straight line.
    crossings = (k + (middle - e[k]) / (e[k + 1] - e[k])) * 0.01
    period = np.diff(crossings).mean() if k.size > 2 else np.nan
    return (e.min(), e.max(), i.min(), i.max()), period


@pytest.mark.parametrize("exact_k, ranges, period", [
    (1, (0.10256, 0.26965, 0.02175, 0.19447), 4.9959),
    (0, (0.10152, 0.27149, 0.02141, 0.19745), 5.0034),
])  # fmt: skip
def test_limit_cycle_of_wilson_cowan(exact_k, ranges, period):
    found, found_period = cycle(1.25, exact_k)
    assert found == pytest.approx(ranges, abs=2e-5)
    assert found_period == pytest.approx(period, abs=2e-4)


@pytest.mark.parametrize("p, exact_k, period", [
    (1.1, 1, 9.484), (1.1, 0, 9.356), (1.5, 1, 3.320), (1.5, 0, 3.339),
])  # fmt: skip
def test_periods_of_wilson_cowan(p, exact_k, period):
    assert cycle(p, exact_k)[1] == pytest.approx(period, abs=1.5e-3)


def test_wilson_cowan_with_much_input_rings():
    """At P = 2 an oscillation of period 2.29 dies away slowly."""
    x, values = fixed_point(WC(P=2), [0.2, 0.1])
    assert 2 * np.pi / abs(values.imag[0]) * 1e3 == pytest.approx(2.29, abs=5e-3)
    assert -50 < values.real[0] < 0
    found, period = cycle(2, 1, 160)
    assert period == pytest.approx(2.29, abs=5e-3)
    assert 0 < found[1] - found[0] < 0.02
    assert found[0] < x[0] < found[1]


def test_wilson_cowan_comes_to_rest():
    for exact_k, e in ((1, 0.02825), (0, 0.02869)):
        found, _ = cycle(1.0, exact_k)
        assert found[:2] == pytest.approx((e, e), abs=6e-6)
    for p in (0.0, 0.5, 1.0):
        found, _ = cycle(p, 1)
        assert found[1] - found[0] < 1e-8
    assert cycle(0, 1)[0] == (0, 0, 0, 0)  # rest without input, exactly


def test_variants_of_wilson_cowan():
    oscillating = rb.models.WilsonCowan.variants["limit cycle"]
    assert (oscillating.defaults["P"], oscillating.defaults["exact_k"]) == (1.25, 1)
    # Two stable states without input, in each of which it stays when begun there.
    net = rb.Network(dt=0.1 * ms)
    units = net.add(rb.models.WilsonCowan.variants["hysteresis"], 2, name="units")
    units.E, units.I = [0.0, 0.45], [0.0, 0.22]
    net.record(units, "E")
    e = net.run(1 * second).traces["units"].E.values[-1]
    assert e[0] == 0 and e[1] > 0.3


# -- Wong and Wang --------------------------------------------------------------------------

WW = rb.models.WongWang(sigma=0 * nA)
STABLE = [(0, 0, 0.10265, 0.10265), (0, 0, 0.56699, 0.03189), (30, 0, 0.65869, 0.05181),
          (30, 0.064, 0.66308, 0.04894), (30, 0.064, 0.05495, 0.65404),
          (30, 0.512, 0.68839, 0.03406), (30, 0.512, 0.09224, 0.60745),
          (30, 1, 0.70928, 0.02396)]  # fmt: skip
SADDLES = [(0, 0, 0.31384, 0.05579), (30, 0, 0.42446, 0.42446), (30, 0.064, 0.40728, 0.43928),
           (30, 0.512, 0.25759, 0.49894)]  # fmt: skip


@pytest.mark.parametrize("mu, c, s_1, s_2", STABLE + SADDLES)
def test_fixed_points_of_wong_wang(mu, c, s_1, s_2):
    model = WW(mu_0=mu * Hz, coherence=c)
    x, values = fixed_point(model, [s_1, s_2, 0, 0])
    assert x[:2] == pytest.approx((s_1, s_2), abs=8e-6)
    assert bool(values.real.max() < 0) is ((mu, c, s_1, s_2) in STABLE)
    if c == 0 and s_1 != s_2:  # the mirror image
        mirrored, _ = fixed_point(model, [s_2, s_1, 0, 0])
        assert mirrored[:2] == pytest.approx((s_2, s_1), abs=8e-6)


def test_full_coherence_has_one_outcome():
    net = rb.Network(dt=1 * ms)
    cells = net.add(WW(coherence=1), 100, name="cells")
    grid = np.linspace(0.02, 0.8, 10)
    cells.S_1, cells.S_2 = np.repeat(grid, 10), np.tile(grid, 10)
    net.record(cells, "S_1", "S_2", every=1 * second)
    end = net.run(4.001 * second).traces["cells"]
    assert end.S_1.values[-1] == pytest.approx(np.full(100, 0.70928), abs=1e-4)
    assert end.S_2.values[-1] == pytest.approx(np.full(100, 0.02396), abs=1e-4)


def test_wong_wang_begins_in_its_state_of_low_activity():
    net = rb.Network(dt=1 * ms)
    cell = net.add(WW(mu_0=0 * Hz), name="cell")
    net.record(cell, "S_1", "H_1")
    traces = net.run(2 * second).traces["cell"]
    assert np.ptp(traces.S_1.values) < 1e-9
    assert traces.H_1.values[-1, 0] == pytest.approx(1.785, abs=5e-4)


def test_the_noise_of_wong_wang_has_its_deviation():
    """sigma/sqrt(2), with correlation time tau_AMPA."""
    net = rb.Network(dt=0.1 * ms, seed=3)
    cells = net.add(rb.models.WongWang, 400, name="cells")
    net.record(cells, "I_n1", every=2 * ms)
    noise = net.run(200 * ms).traces["cells"].I_n1.values[10:]
    assert noise.std() == pytest.approx(0.02 / np.sqrt(2), rel=0.04)
    after = np.mean(noise[1:] * noise[:-1]) / noise.var()
    assert after == pytest.approx(np.exp(-1), abs=0.03)


def test_decisions_follow_coherence():
    def chosen(coherence):
        net = rb.Network(dt=0.5 * ms, seed=8)
        cells = net.add(rb.models.WongWang(coherence=coherence), 300, name="cells")
        net.record(cells, "S_1", "S_2", every=1.5 * second)
        end = net.run(1.501 * second).traces["cells"]
        return float(np.mean(end.S_1.values[-1] > end.S_2.values[-1]))

    assert chosen(0) == pytest.approx(0.5, abs=0.1)
    assert 0.6 < chosen(0.064) < 0.9
    assert chosen(0.512) > 0.99
