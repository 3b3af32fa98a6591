"""AdEx and Izhikevich neurons against published patterns, integrated independently."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.tour.pages.gallery import thousand_cells
from rheobase.units import ms, mV, nS, pA, pF

# C pF, g_L nS, E_L mV, a nS, tau_w ms, b pA, V_r mV, I pA, spikes, first spike times (ms):
# Naud et al. (2008), counts and times by midpoint Runge-Kutta with a step of 0.5 us.
PATTERNS = {
    "tonic": (200, 10, -70, 2, 30, 0, -58, 500, 51, [14.22, 23.15, 32.24]),
    "adaptation": (200, 12, -70, 2, 300, 60, -58, 500, 10,
                   [14.91, 26.17, 40.55, 60.16, 89.59, 137.33]),
    "initial burst": (130, 18, -58, 4, 150, 120, -50, 400, 10, [5.46, 8.88, 16.20, 70.95]),
    "regular bursting": (200, 10, -58, 2, 120, 100, -46, 210, 9,
                         [16.16, 19.08, 24.20, 155.96, 161.31, 294.51]),
    "delayed accelerating": (200, 12, -70, -10, 300, 0, -58, 300, 36,
                             [33.58, 54.17, 73.25, 91.18]),
    "delayed regular bursting": (100, 10, -65, -10, 90, 30, -47, 110, 26,
                                 [57.18, 60.40, 64.70, 72.12, 128.97, 132.26]),
    "transient": (100, 10, -65, 10, 90, 100, -47, 180, 1, [30.29]),
    "irregular": (100, 12, -60, -11, 130, 30, -48, 160, 28, [15.65, 19.09, 23.56, 30.27]),
}  # fmt: skip
LATE = {"tonic": 9.586, "adaptation": 75.90, "initial burst": 63.95,
        "delayed accelerating": 10.695}  # fmt: skip


def pattern(name, dt, **run):
    c, g, e, a, tau, b, reset, current, *_ = PATTERNS[name]
    net = rb.Network(dt=dt * ms)
    model = rb.models.AdEx(C_m=c * pF, g_L=g * nS, E_L=e * mV, a=a * nS, tau_w=tau * ms,
                           b=b * pA, V_r=reset * mV)  # fmt: skip
    cell = net.add(model, name="cell")
    net.inject(cell, rb.stimuli.step(current * pA))
    return net.run(500 * ms, **run).spikes["cell"].times * 1e3


@pytest.mark.parametrize("name", PATTERNS)
def test_adex_patterns(name):
    *_, count, first = PATTERNS[name]
    times = pattern(name, 0.005)
    # The chaotic pattern diverges after its first spikes; its count depends on the step.
    assert abs(times.size - count) <= (2 if name == "irregular" else 0)
    np.testing.assert_allclose(times[: len(first)], first, atol=0.08)
    if name in LATE:
        assert np.diff(times[-3:]).mean() == pytest.approx(LATE[name], rel=4e-3)


@pytest.mark.parametrize("name", PATTERNS)
def test_variants_of_adex_have_the_values_of_the_patterns(name):
    c, g, e, a, tau, b, reset, *_ = PATTERNS[name]
    expected = rb.models.AdEx(C_m=c * pF, g_L=g * nS, E_L=e * mV, a=a * nS, tau_w=tau * ms,
                              b=b * pA, V_r=reset * mV)  # fmt: skip
    assert rb.models.AdEx.variants[name].defaults == pytest.approx(expected.defaults)


def test_adex_is_the_same_on_both_backends():
    for name in ("initial burst", "transient"):
        np.testing.assert_array_equal(
            pattern(name, 0.2, backend="interpreter"), pattern(name, 0.2, backend="numba")
        )


def test_adex_begins_at_rest():
    net = rb.Network(dt=0.05 * ms)
    cell = net.add(rb.models.AdEx, name="cell")
    net.record(cell, "v", "w")
    traces = net.run(200 * ms).traces["cell"]
    assert np.ptp(traces.v.values) < 1e-4  # mV: the foot of the exponential
    assert np.ptp(traces.w.values) < 1e-3  # pA


# -- Izhikevich -----------------------------------------------------------------------------

TYPES = {
    "regular spiking": (0.02, 0.2, -65, 8),
    "intrinsically bursting": (0.02, 0.2, -55, 4),
    "chattering": (0.02, 0.2, -50, 2),
    "fast spiking": (0.1, 0.2, -65, 2),
    "low-threshold spiking": (0.02, 0.25, -65, 2),
    "thalamo-cortical": (0.02, 0.25, -65, 0.05),
    "resonator": (0.1, 0.26, -65, 2),
}


@pytest.mark.parametrize("name", TYPES)
def test_variants_of_izhikevich_have_the_values_of_the_types(name):
    values = rb.models.Izhikevich.variants[name].defaults
    assert tuple(values[key] for key in "abcd") == TYPES[name]


def izhikevich(name, current=10.0, duration=500):
    a, b, c, d = TYPES[name]
    net = rb.Network(dt=0.01 * ms)
    cell = net.add(rb.models.Izhikevich(a=a, b=b, c=c, d=d), name="cell")
    net.inject(cell, rb.stimuli.step(current, start=50 * ms))
    return net.run((50 + duration) * ms).spikes["cell"].times * 1e3 - 50


@pytest.mark.parametrize("name", TYPES)
def test_izhikevich_begins_at_its_fixed_point(name):
    a, b, c, d = TYPES[name]
    net = rb.Network(dt=0.1 * ms)
    cell = net.add(rb.models.Izhikevich(a=a, b=b, c=c, d=d), name="cell")
    v, u = (float(x.magnitude[0]) for x in (cell.v, cell.u))
    assert 0.04 * v**2 + 5 * v + 140 - u == pytest.approx(0, abs=1e-10)
    assert u == pytest.approx(b * v)
    net.record(cell, "v")
    assert np.ptp(net.run(100 * ms).traces["cell"].v.values) < 1e-9


def test_izhikevich_types_fire_as_they_are_called():
    interval = {name: np.diff(izhikevich(name)) for name in TYPES}
    regular = interval["regular spiking"]
    assert regular[-1] > 1.5 * regular[0]  # adapts
    fast = interval["fast spiking"]
    assert fast[-1] < 0.3 * regular[-1] and fast[-1] < 1.2 * fast[3]  # fast, hardly adapts
    chattering = interval["chattering"]
    assert np.sum(chattering < 5) > np.sum(chattering > 15) > 3  # bursts, again and again
    bursting = interval["intrinsically bursting"]
    assert bursting[0] < 6 < 20 < bursting[-1]  # a burst, then single spikes
    assert interval["low-threshold spiking"].size > regular.size


def reference_spikes(a, b, c, d, current, steps, dt):
    """Forward Euler of the published equations, reset after the step."""
    v = -(5 - b + np.sqrt((5 - b) ** 2 - 22.4)) / 0.08
    u = b * v
    found = []
    for k in range(steps):
        v, u = (v + dt * (0.04 * v * v + 5 * v + 140 - u + current), u + dt * a * (b * v - u))
        if v >= 30:
            found.append(k * dt)
            v, u = c, u + d
    return np.array(found)


@pytest.mark.parametrize("name", ["regular spiking", "fast spiking", "chattering"])
def test_izhikevich_against_plain_python(name):
    a, b, c, d = TYPES[name]
    net = rb.Network(dt=0.1 * ms)
    model = rb.models.Izhikevich(a=a, b=b, c=c, d=d, method="euler")
    cell = net.add(model, name="cell")
    net.inject(cell, rb.stimuli.step(10.0))
    times = net.run(300 * ms).spikes["cell"].times * 1e3
    np.testing.assert_allclose(times, reference_spikes(a, b, c, d, 10.0, 3000, 0.1), atol=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_izhikevichs_network_of_2003(seed):
    """The published program as a map; E 7.3 to 8.3 Hz, I 7.0 to 7.8 Hz over five seeds there.

    Its step: noise, reset of what is above 30, their weights added, update. Ours: noise, update,
    reset, delivery in the same step. The two are the same map, begun at another place in it.
    """
    spikes = thousand_cells(seed).spikes["cells"]
    assert spikes[:800].count / 800 == pytest.approx(7.8, abs=0.9)
    assert spikes[800:].count / 200 == pytest.approx(7.4, abs=0.9)
    rhythm = np.abs(np.fft.rfft(np.histogram(spikes.times, 1000, (0, 1))[0]))
    assert 5 <= np.argmax(rhythm[2:80]) + 2 <= 15  # the alpha rhythm, about 10 Hz
