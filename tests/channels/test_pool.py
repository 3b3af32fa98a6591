"""Pools: concentrations against closed forms, and what is no pool."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import EquationError, UnitError, UnknownNameError, UserError
from rheobase.units import cm, mM, mS, ms, mV, nM, um, volt

C = rb.channels
F = 96485.33212
CLAMPED = rb.Channel("I = level + 0*uA/cm**2*v/mV : uA/cm**2\nlevel : uA/cm**2", name="clamped",
                     carries="Ca", parameters=dict(level="-5 uA/cm**2"))  # fmt: skip
LEAK = C.Leak(g=1 * mS / cm**2, E=-65 * mV)


def run(channels, variable, duration, every=1 * ms, **initial):
    net = rb.Network(dt=0.05 * ms, seed=1)
    model = rb.Membrane(channels, temperature=36).point(20000 * um**2)
    cells = net.add(model, name="cells")
    for name, value in initial.items():
        setattr(cells, name, value)
    net.record(cells, variable, every=every)
    trace = net.run(duration).traces["cells"]
    half = 0.025e-3  # concentrations are half a step behind
    return np.maximum(trace.time.values - half, 0), trace[variable].values[:, 0]


def test_a_constant_current_fills_the_pool():
    """To rest + gamma |I| tau/(2 F depth), within tau; from rest where that begins there."""
    level = C.CalciumPool.defaults["rest"] + 0.05 * 0.05 * 0.08 / (2 * F * 1e-7)
    t, calcium = run([CLAMPED, LEAK, C.CalciumPool], "Ca_i", 200 * ms)
    np.testing.assert_allclose(calcium, 1e3 * level, rtol=1e-9)  # in uM; it begins at rest
    t, calcium = run([CLAMPED, LEAK, C.CalciumPool], "Ca_i", 200 * ms, Ca_i=100 * nM)
    expected = 1e3 * (level - (level - 1e-4) * np.exp(-t / 0.08))
    np.testing.assert_allclose(calcium, expected, rtol=1e-6)


def test_a_pump_in_closed_form():
    """At rest 50 nM; with much calcium linear in time; a current lifts it to where both balance."""
    quiet = CLAMPED(level="0 uA/cm**2")
    t, calcium = run([quiet, LEAK, C.PumpedCalciumPool], "Ca_i", 5 * ms)
    np.testing.assert_allclose(calcium, 0.05, rtol=1e-8)
    t, calcium = run([quiet, LEAK, C.PumpedCalciumPool], "Ca_i", 20 * ms, Ca_i=1 * mM)
    slope = np.polyfit(t * 1e3, calcium, 1)[0]
    assert slope == pytest.approx(-0.1 * (1 - 1 / 3), rel=1e-3)  # the leak is a third of the pump
    weak = CLAMPED(level="-0.5 uA/cm**2")
    inflow = 0.005 / (2 * F * 1e-6)  # mM/s = uM/ms
    part = inflow / 0.1 + 1 / 3
    t, calcium = run([weak, LEAK, C.PumpedCalciumPool], "Ca_i", 5 * ms)
    np.testing.assert_allclose(calcium, 0.1 * part / (1 - part), rtol=1e-7)


@pytest.mark.filterwarnings("ignore:Membrane of")
def test_sodium_of_a_cell():
    """0.01 mM/(nA ms) on 0.015 mm**2 without the pump; 9.5 mM without a current."""
    influx = rb.Channel("I = level + 0*uA/cm**2*v/mV : uA/cm**2\nlevel : uA/cm**2", name="influx",
                        carries="Na", parameters=dict(level="0 uA/cm**2"))  # fmt: skip
    _, sodium = run([influx, LEAK, C.SodiumPool], "Na_i", 2 * ms)
    np.testing.assert_allclose(sodium, 9.5, rtol=1e-9)
    t, sodium = run([influx(level="-100 uA/cm**2"), LEAK, C.SodiumPool(fastest="0 mM/ms")], "Na_i",
                    10 * ms, Na_i=9.5 * mM)  # fmt: skip
    current = 100 * 1e-2 * 1.5e-8 * 1e9  # nA
    np.testing.assert_allclose(sodium, 9.5 + 0.01 * current * t * 1e3, rtol=1e-4)


@pytest.mark.filterwarnings("ignore:the cell of")
def test_constant_concentrations():
    ion = C.Ion("Zn", inside=1 * mM, outside=2 * mM, valence=2)
    assert (ion.ion, ion.valence, ion.defaults) == ("Zn", 2, {"Zn_i": 1.0, "Zn_o": 2.0})
    channel = rb.Channel("I = g*(v - E) : uA/cm**2", carries="Zn", name="zinc",
                         parameters=dict(g="1 mS/cm**2", E="nernst"))  # fmt: skip
    _, potential = run([channel, ion], "nernst_Zn", 1 * ms)
    expected = 8.31446261815324 * 309.15 / (2 * F) * np.log(2) * 1e3
    np.testing.assert_allclose(potential, expected)


def test_a_cell_that_reads_its_calcium_rests_there():
    channels = [C.TraubMilesSodium, C.TraubMilesPotassium, C.Leak(g=0.05 * mS / cm**2, E=-65 * mV),
                C.LType(E="nernst"), C.CalciumPool, C.SK]  # fmt: skip
    net = rb.Network(dt=0.05 * ms, seed=1)
    cells = net.add(rb.Membrane(channels, temperature=36).point(20000 * um**2), name="cells")
    net.record(cells, "v", "Ca_i", every=1 * ms)
    trace = net.run(100 * ms).traces["cells"]
    assert np.ptp(trace.v.values) < 1e-6 and np.ptp(trace.Ca_i.values) < 1e-9
    assert trace.Ca_i.values[0, 0] == pytest.approx(0.1, abs=1e-4)


def test_calcium_enters_with_each_spike_and_leaves():
    channels = [C.TraubMilesSodium, C.TraubMilesPotassium, C.Leak(g=0.05 * mS / cm**2, E=-65 * mV),
                C.LType, C.CalciumPool, C.SK(g=0.5 * mS / cm**2)]  # fmt: skip
    net = rb.Network(dt=0.025 * ms, seed=1)
    cells = net.add(rb.Membrane(channels).point(20000 * um**2), name="cells")
    net.inject(cells, rb.stimuli.step("0.3 nA", start=5 * ms, stop=100 * ms))
    net.record(cells, "Ca_i", every=1 * ms)
    result = net.run(500 * ms)
    calcium = result.traces["cells"].Ca_i.values[:, 0]
    assert result.spikes["cells"].count >= 2
    assert calcium[:100].max() > 0.15 and calcium[-1] == pytest.approx(0.1, abs=0.01)
    tail = calcium[250:] - 0.1
    tau = -249 / np.log(tail[-1] / tail[0])
    assert tau == pytest.approx(80, rel=0.02)


@pytest.mark.parametrize("make, error, must_say", [
    (lambda: C.Pool("x : mM", ion="Ca", parameters=dict(x=1 * mM)), EquationError,
     ["the pool defines no concentration Ca_i", "dCa_i/dt = -I_Ca_total/(2*F*depth)"]),
    (lambda: C.Pool("dCa_i/dt = -Ca_i/tau : mV", ion="Ca", parameters=dict(tau=1 * ms)), UnitError,
     ["Ca_i is a concentration, and its unit is mV", "write dCa_i/dt = ... : mM"]),
    (lambda: C.Pool("dCa_i/dt = -x/ms : mM", ion="Ca"), UnknownNameError, ["unknown name x"]),
    (lambda: C.Pool("dCa_i/dt = -ica/(2*F*um) : mM", ion="Ca"), UnknownNameError,
     ["did you mean I_Ca_total?"]),
    (lambda: C.Pool("", ion="Ca"), EquationError, ["the text is empty", "rb.channels.Pool("]),
    (lambda: C.Pool("dX_i/dt = -X_i/ms : mM", ion="X"), UnknownNameError,
     ["the valence of the ion 'X' is not known", "valence=2"]),
    (lambda: C.Pool("I_Ca_total : uA/cm**2\nCa_i : mM", ion="Ca"), EquationError,
     ["I_Ca_total is kept by the membrane; a pool reads it"]),
    (lambda: C.CalciumPool(tau=0 * ms), UserError, ["CalciumPool: tau is above 0"]),
    (lambda: C.CalciumPool(rest=-1 * nM), UserError, ["CalciumPool: rest is 0 or more"]),
    (lambda: C.CalciumPool(depth=1 * volt), UnitError, ["the parameter depth", "a length"]),
    (lambda: C.Ion("K", inside=1 * mV, outside=1 * mM), UnitError, ["K_i", "a concentration"]),
])  # fmt: skip
def test_what_is_refused(make, error, must_say):
    with pytest.raises(error) as refused:
        make()
    for words in must_say:
        assert words in str(refused.value)


def test_a_pool_prints_as_its_equations():
    text = str(C.CalciumPool)
    assert text.startswith("Ca: Calcium in a shell under the membrane, with a decay.")
    assert "dCa_i/dt = -gamma*I_Ca_total/(2*F*depth) - (Ca_i - rest)/tau : uM" in text
    assert C.CalciumPool.ion == "Ca"
