"""Fits without a gradient: parameters that are known are found again."""

import sys
import warnings

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import RheobaseWarning, UnknownNameError, UserError, WiringError
from rheobase.fitting import Recording, losses
from rheobase.units import cm, mS, ms, mV, nS, pA, pF, uA

CELL = rb.models.AdEx(C_m=150 * pF, g_L=8 * nS, b=40 * pA, tau_w=100 * ms)
BOUNDS = {"g_L": (2, 40) * nS, "b": (0, 100) * pA}


def recording_of(model, current, duration=400 * ms, dt=0.05 * ms, **options):
    """What a model does under a current, as if it had been measured."""
    net = rb.Network(dt=dt, seed=0)
    cells = net.add(model, name="cells")
    net.inject(cells, current)
    net.record(cells, "v", every=0.25 * ms)
    result = net.run(duration)
    values = result.traces.data("cells").values["v"][:, 0]
    spikes = result.spikes["cells"].times * 1e3 * ms if model.reset else None
    return Recording(current, values * mV, 0.25 * ms, spikes=spikes, **options)


@pytest.fixture(scope="module")
def sweeps():
    return [
        recording_of(CELL, rb.stimuli.step(height * pA, start=50 * ms), name=f"{height} pA")
        for height in (250, 350, 450)
    ]


@pytest.mark.parametrize("optimizer", ["differential_evolution", "cma"])
def test_known_parameters_are_found(sweeps, optimizer):
    loss = losses.features() + losses.voltage(between_spikes=True)
    fit = rb.fit_parameters(
        CELL(g_L=20 * nS, b=0 * pA), sweeps, BOUNDS, loss=loss, optimizer=optimizer,
        held_out=["350 pA"], iterations=30, population=12, seed=3,
    )  # fmt: skip
    assert fit.parameters["g_L"].to(nS).magnitude == pytest.approx(8, rel=0.01)
    assert fit.parameters["b"].to(pA).magnitude == pytest.approx(40, rel=0.02)
    held = fit.held_out[0]
    assert held.name == "350 pA" and held.count == held.measured_count > 5
    assert held.coincidence > 0.99
    assert fit.model.defaults["g_L"] == pytest.approx(fit.parameters["g_L"].to("S").magnitude)
    assert fit.model.defaults["C_m"] == pytest.approx(150e-12)


def test_the_same_seed_gives_the_same_fit_for_any_number_of_threads(sweeps):
    def once(**options):
        fit = rb.fit_parameters(CELL, sweeps, BOUNDS, iterations=3, population=6, **options)
        return [value.magnitude for value in fit.parameters.values()], list(fit.history.loss)

    for optimizer in ("differential_evolution", "cma"):
        state = np.random.get_state()[1].copy()  # noqa: NPY002 - the global state stays
        first = once(optimizer=optimizer, seed=1)
        np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
        assert once(optimizer=optimizer, seed=1, threads=2) == first
        assert once(optimizer=optimizer, seed=2) != first


def test_it_begins_where_it_is_told(sweeps):
    fit = rb.fit_parameters(
        CELL(b=0 * pA), sweeps, BOUNDS, start={"b": 40 * pA}, iterations=1, population=5
    )
    # the first candidate is the truth, and nothing is better
    assert fit.loss == 0 and fit.parameters["g_L"].magnitude == pytest.approx(8)
    assert fit.history.evaluations[0] == 5
    searched = rb.fit_parameters(
        CELL, sweeps, BOUNDS, start={"b": 40 * pA}, optimizer="cma", iterations=2, population=5
    )
    assert searched.loss < 10


def test_conductances_of_hodgkin_and_huxley_within_a_percent():
    truth = rb.models.HodgkinHuxley
    step = rb.stimuli.step(10 * uA / cm**2, start=10 * ms, stop=40 * ms)
    recording = recording_of(truth, step, 50 * ms, dt=0.025 * ms)
    unit = mS / cm**2
    fit = rb.fit_parameters(
        truth(g_Na=100 * unit, g_K=20 * unit, g_L=1 * unit), recording,
        {"g_Na": (20, 400) * unit, "g_K": (5, 120) * unit, "g_L": (0.05, 2) * unit},
        iterations=45, population=24, seed=1, dt=0.025 * ms,
    )  # fmt: skip
    assert fit.loss_name == "voltage"
    for name, expected in (("g_Na", 120), ("g_K", 36), ("g_L", 0.3)):
        assert fit.parameters[name].to(unit).magnitude == pytest.approx(expected, rel=0.01)


def test_noise_in_candidates_that_blow_up_is_survived():
    explosive = rb.Model(
        "dx/dt = (k*x**3 + I)/ms : 1\nk : 1\nI : 1 (input)", parameters=dict(k=-1),
        initial=dict(x=0.5), method="euler",
    )  # fmt: skip
    net = rb.Network(dt=0.1 * ms)
    cell = net.add(explosive, name="cell")
    net.record(cell, "x")
    values = net.run(20 * ms).traces.data("cell").values["x"][:, 0]
    fit = rb.fit_parameters(
        explosive(k=3), Recording(np.zeros(200), values, 0.1 * ms), {"k": (-2, 50)},
        loss=losses.voltage(scale=0.1), variable="x", dt=0.1 * ms, iterations=25, population=8,
    )  # fmt: skip
    assert fit.parameters["k"].magnitude == pytest.approx(-1, abs=0.02)
    with pytest.raises(UserError, match=r"no candidate could be run.*\n.*smaller dt, or narrower"):
        rb.fit_parameters(
            explosive, Recording(np.zeros(200), values, 0.1 * ms), {"k": (40, 50)},
            loss=losses.voltage(scale=1), variable="x", dt=0.1 * ms, iterations=1, population=5,
        )  # fmt: skip


def test_a_bound_that_is_reached_is_told(sweeps):
    with pytest.warns(RheobaseWarning, match="b ended at a bound; what fits best may lie beyond"):
        fit = rb.fit_parameters(
            CELL, sweeps, {"b": (80, 100) * pA}, loss="spike_count", iterations=1, population=5,
            start={"b": 80 * pA},
        )  # fmt: skip
    assert fit.at_a_bound == ("b",)


def test_settling_holds_the_first_value():
    """A recording that begins in the middle of a constant current."""
    lazy = rb.Model(
        "dv/dt = (g*(E - v) + I)/C : mV\nI : pA (input)",
        parameters=dict(g=10 * nS, E=-70 * mV, C=200 * pF), initial=dict(v="E"),
    )  # fmt: skip
    recording = Recording(np.full(100, 100.0) * pA, np.full(100, -60.0) * mV, 1 * ms)
    for settle, right in ((400 * ms, True), (None, False)):
        fit = rb.fit_parameters(
            lazy(g=20 * nS), recording, {"g": (5, 30) * nS}, dt=1 * ms, loss="voltage",
            settle=settle, iterations=15, population=8,
        )  # fmt: skip
        assert (fit.loss < 1e-4) == right


REFUSED = [
    (dict(model="AdEx"), UserError, "this is no model"),
    (dict(recordings=[]), UserError, "there are no recordings to fit to"),
    (dict(recordings=3), UserError, "there are no recordings to fit to"),
    (dict(held_out=[0, 1, 2]), UserError, "every recording is held out"),
    (dict(held_out=[7]), UserError, r"there is no recording 7\nexpected: 0 to 2, or a name"),
    (dict(held_out="250pA"), UserError, "there is no recording '250pA'; did you mean '250 pA'"),
    (dict(optimizer="cmaes"), UserError, "no optimizer 'cmaes'; did you mean 'cma'"),
    (dict(loss="count"), UnknownNameError, "there is no loss 'count'; did you mean 'spike_count'"),
    (dict(iterations=0), UserError, "iterations is not a whole number above 0"),
    (dict(variable="u_m"), WiringError, "AdEx has no variable 'u_m' to compare"),
    (dict(variable="w"), WiringError, "recording '250 pA' is not of the dimension of w"),
    (dict(to="J"), WiringError, "AdEx has no input 'J'"),
    (dict(dt=0 * ms), UserError, "dt is not one time above 0"),
    (dict(settle=[1, 2] * ms), UserError, "settle is not one time, 0 or more"),
    (dict(start={"b": 300 * pA}), UserError, "start lies outside the bounds of b"),
    (dict(start={"bb": 300 * pA}), UnknownNameError, "bb"),
]


@pytest.mark.parametrize("changes, kind, text", REFUSED)
def test_refused(sweeps, changes, kind, text):
    told = {"model": CELL, "recordings": sweeps, "parameters": BOUNDS, "loss": "voltage",
            "iterations": 1, **changes}  # fmt: skip
    with pytest.raises(kind, match=text):
        rb.fit_parameters(**told)


def test_models_without_input_or_threshold(sweeps):
    still = rb.Model("dv/dt = -v/tau : mV", parameters=dict(tau=5 * ms))
    with pytest.raises(WiringError, match="has no input variable for the stimuli"):
        rb.fit_parameters(still, sweeps, {"tau": (1, 5) * ms}, loss="voltage")
    two = rb.Model("dv/dt = (I + J)/C : mV\nI : pA (input)\nJ : pA (input)",
                   parameters=dict(C=100 * pF))  # fmt: skip
    with pytest.raises(WiringError, match="has several inputs; say which the stimuli go to"):
        rb.fit_parameters(two, sweeps, {"C": (1, 5) * pF}, loss="voltage")
    with pytest.raises(UserError, match="has no threshold, so it has no spikes to compare"):
        rb.fit_parameters(two, sweeps, {"C": (1, 5) * pF}, loss="spike_count", to="I")


def test_spikes_alone_have_no_voltage():
    silent = Recording(rb.stimuli.step(10 * pA), spikes=[5] * ms, duration=20 * ms, name="times")
    with pytest.raises(WiringError, match="recording 'times' has no voltage"):
        rb.fit_parameters(CELL, silent, BOUNDS, loss="voltage")
    fit = rb.fit_parameters(CELL, silent, BOUNDS, iterations=1, population=5)
    assert fit.sweeps[0].voltage is None and np.isnan(fit.sweeps[0].voltage_error)


def test_the_library_for_cma_may_be_missing(sweeps, monkeypatch):
    monkeypatch.setitem(sys.modules, "cma", None)
    with pytest.raises(UserError, match=r"needs the library pycma.*\n.*pip install cma"):
        rb.fit_parameters(CELL, sweeps, BOUNDS, optimizer="cma")


def test_nothing_is_said_about_candidates(sweeps):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rb.fit_parameters(CELL, sweeps[0], {"E_L": (-80, -10) * mV}, iterations=1, population=5)


def test_the_interpreter_finds_the_same_to_the_bit(sweeps):
    def once(**options):
        fit = rb.fit_parameters(
            CELL, sweeps[0].part(0 * ms, 100 * ms), BOUNDS, loss=["van_rossum", "voltage"],
            iterations=2, population=5, dt=0.25 * ms, **options,
        )  # fmt: skip
        return [value.magnitude for value in fit.parameters.values()], list(fit.history.loss)

    assert once(backend="interpreter") == once(backend="numba")


def test_spike_times_under_a_fluctuating_current_are_predicted():
    drive = rb.stimuli.noise(150 * pA, tau=10 * ms, mean=250 * pA)
    currents = [drive.frozen(600 * ms, 0.25 * ms, seed=seed) for seed in (1, 2, 3)]
    recordings = [recording_of(CELL, current, 600 * ms, name="noise") for current in currents]
    fit = rb.fit_parameters(
        CELL(C_m=50 * pF, V_T=-45 * mV), recordings,
        {"C_m": (50, 400) * pF, "V_T": (-60, -40) * mV, "b": (1, 200) * pA},
        loss="van_rossum", held_out=2, iterations=30, seed=1,
    )  # fmt: skip
    assert fit.parameters["C_m"].to(pF).magnitude == pytest.approx(150, rel=0.05)
    assert fit.parameters["b"].to(pA).magnitude == pytest.approx(40, rel=0.05)
    (held,) = fit.held_out
    assert held.measured_count > 8 and held.coincidence > 0.85
