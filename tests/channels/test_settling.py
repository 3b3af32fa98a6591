"""Membranes held at a voltage: against closed forms, and against runs under a clamp."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.channels.settling import settled_where
from rheobase.errors import UnitError, UnknownNameError, UserError
from rheobase.units import cm as centimetre
from rheobase.units import mM, mS, ms, mV, nM, uM, um

C = rb.channels
SQUID = rb.Membrane([C.HHSodium, C.HHPotassium, C.Leak])
CALCIUM = rb.Membrane(
    [C.TraubMilesSodium, C.TraubMilesPotassium, C.Leak, C.TType, C.LType, C.SK, C.BK, C.HType,
     C.MType, C.CalciumPool], temperature=36,
)  # fmt: skip


def plain(currents):
    return {name: value.to("uA/cm**2").magnitude for name, value in currents.items()}


def test_currents_are_those_of_hodgkin_and_huxley():
    v = np.array([-80.0, -65.0, -30.0, 20.0])
    am, bm = 0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10)), 4 * np.exp(-(v + 65) / 18)
    ah, bh = 0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10))
    an, bn = 0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10)), 0.125 * np.exp(-(v + 65) / 80)
    m, h, n = am / (am + bm), ah / (ah + bh), an / (an + bn)
    found = plain(SQUID.steady_currents(v * mV))
    assert list(found) == ["I_Na", "I_K", "I_L"]
    np.testing.assert_allclose(found["I_Na"], 120 * m**3 * h * (v - 50), rtol=1e-12)
    np.testing.assert_allclose(found["I_K"], 36 * n**4 * (v + 77), rtol=1e-12)
    np.testing.assert_allclose(found["I_L"], 0.3 * (v + 54.387), rtol=1e-9)


def test_one_voltage_gives_one_current_and_copies_have_their_values():
    assert np.ndim(SQUID.steady_currents("-65 mV")["I_Na"].magnitude) == 0
    half = SQUID(g_Na=60 * mS / centimetre**2).steady_currents(-40 * mV)["I_Na"]
    assert half.magnitude == pytest.approx(SQUID.steady_currents(-40 * mV)["I_Na"].magnitude / 2)


def test_with_calcium_currents_are_those_a_clamped_run_settles_at():
    volts = [-75.0, -55.0, -30.0]
    net = rb.Network(dt=0.05 * ms, seed=1)
    cells = net.add(CALCIUM.point(1000 * um**2), 3, name="cells")
    net.clamp(cells, volts * mV, variable="v")
    net.record(cells, "Ca_i", *CALCIUM.currents, every=100 * ms)
    traces = net.run(4000 * ms).traces["cells"]
    held = plain(CALCIUM.steady_currents(volts * mV))
    for name in CALCIUM.currents:
        np.testing.assert_allclose(held[name], traces[name].values[-1], rtol=2e-4, atol=1e-9)
    calcium = traces.Ca_i.values[-1]
    given = plain(CALCIUM.steady_currents(-30 * mV, Ca_i=float(calcium[2]) * uM))
    assert given["I_SK"] == pytest.approx(float(held["I_SK"][2]), rel=1e-3)
    assert plain(CALCIUM.steady_currents(-30 * mV, Ca_i=1 * nM))["I_SK"] < 1e-6


def test_two_pools_that_change_settle_together():
    membrane = rb.Membrane(
        [C.TraubMilesSodium, C.TraubMilesPotassium, C.Leak, C.SodiumActivatedPotassium, C.LType,
         C.SK, C.SodiumPool, C.CalciumPool], temperature=36,
    )  # fmt: skip
    found = plain(membrane.steady_currents([-75, -65] * mV))
    assert all(np.isfinite(value).all() for value in found.values())
    assert np.all(found["I_KNa"] > 0) and np.all(found["I_SK"] >= 0)


def test_a_root_of_each_is_found_or_there_is_none():
    roots = np.array([1e-6, 0.3, 20.0])
    np.testing.assert_allclose(settled_where(lambda c: roots - c, (3,)), roots, rtol=1e-12)
    assert np.isnan(settled_where(lambda c: c, (2,))).all()


def test_what_is_refused():
    with pytest.raises(UnknownNameError, match="keeps no Ca_i\nit has no pool of ions"):
        SQUID.steady_currents(-65 * mV, Ca_i=1 * uM)
    with pytest.raises(
        UnknownNameError, match=r"no g_L\nanother value of it: membrane\(g_L=\.\.\."
    ):
        SQUID.steady_currents(-65 * mV, g_L=1)
    with pytest.raises(UnknownNameError, match="keeps no Ca; did you mean Ca_o\\?\nit keeps: Ca_i"):
        CALCIUM.steady_currents(-65 * mV, Ca=1 * uM)
    with pytest.raises(UnitError, match="steady_currents: v: expected a voltage, got 1 mM"):
        SQUID.steady_currents(1 * mM)
    buffered = C.Pool(
        """
        dCa_i/dt = -I_Ca_total/(2*F*depth) - (Ca_i - B)/tau : mM
        dB/dt = (Ca_i - B)/tau : mM
        """,
        ion="Ca", parameters=dict(depth=1 * um, tau=10 * ms), name="buffered",
    )  # fmt: skip
    membrane = rb.Membrane([C.Leak, C.LType, C.SK, buffered])
    with pytest.raises(UserError) as caught:
        membrane.steady_currents(-65 * mV)
    assert str(caught.value) == (
        "the pool buffered has other states than Ca_i, so it is not known where it settles\n"
        "given: Ca_i, B\n"
        "give a concentration, Ca_i=1*uM, or run it: rb.Membrane([...]).point(20000*um**2)"
    )
