"""initial="rest": the stable fixed point, against fixed points found otherwise."""

import numpy as np
import pytest
from scipy.optimize import brentq

import rheobase as rb
from rheobase.simulation import rest
from rheobase.simulation.slopes import Slopes
from rheobase.units import ms, mV

AREA = rb.Model(
    """
    dv/dt = (I + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v) + g_L*(E_L - v))/C : mV
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    alpha_m = 1/ms/exprel(-(v + 40*mV)/(10*mV)) : kHz
    beta_m = 4/ms*exp(-(v + 65*mV)/(18*mV)) : kHz
    alpha_n = 0.1/ms/exprel(-(v + 55*mV)/(10*mV)) : kHz
    beta_n = 0.125/ms*exp(-(v + 65*mV)/(80*mV)) : kHz
    alpha_h = 0.07/ms*exp(-(v + 65*mV)/(20*mV)) : kHz
    beta_h = 1/ms/(1 + exp(-(v + 35*mV)/(10*mV))) : kHz
    I : uA/cm**2 (input)
    """,
    parameters=dict(g_Na="120 mS/cm**2", g_K="36 mS/cm**2", g_L="0.3 mS/cm**2", C="1 uF/cm**2",
                    E_Na=50 * mV, E_K=-77 * mV, E_L=-54.387 * mV),
    initial="rest", name="HH",
)  # fmt: skip


def hh_current(v):
    """Steady-state membrane current of the standard model, v in mV."""
    am, bm = (v + 40) / 10 / (1 - np.exp(-(v + 40) / 10)), 4 * np.exp(-(v + 65) / 18)
    an, bn = 0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10)), 0.125 * np.exp(-(v + 65) / 80)
    ah, bh = 0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10))
    m, n, h = am / (am + bm), an / (an + bn), ah / (ah + bh)
    return 120 * m**3 * h * (50 - v) + 36 * n**4 * (-77 - v) + 0.3 * (-54.387 - v)


def test_hodgkin_huxley_rests_where_its_current_vanishes(net):
    cells = net.add(AREA, 2, name="cells")
    assert cells.v.magnitude == pytest.approx([brentq(hh_current, -70, -60)] * 2, abs=1e-7)
    v = cells.v.magnitude[0]
    net.run(5 * ms, backend="interpreter")
    assert cells.v.magnitude == pytest.approx([v, v], abs=1e-5)


def test_cells_that_differ_rest_apart(net):
    cells = net.add(AREA, 3, name="cells")
    cells.E_L = [-54.387, -60, -65] * mV
    v = cells.v.magnitude
    assert np.all(np.diff(v) < 0)
    net.run(5 * ms, backend="interpreter")
    np.testing.assert_allclose(cells.v.magnitude, v, atol=1e-4)
    cells2 = net.add(AREA, 2, name="set")
    cells2[0].v = -50 * mV
    np.testing.assert_allclose(cells2.v.magnitude, [-50, v[0]], atol=1e-6)


def test_a_bistable_model_rests_at_its_stable_point(net):
    izhikevich = rb.Model(
        "dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1\ndu/dt = a*(b*v - u)/ms : 1\nI : 1 (input)",
        threshold="v >= 30", reset="v = c; u += d", initial="rest",
        parameters=dict(a=0.02, b=0.2, c=-65, d=8),
    )  # fmt: skip
    cell = net.add(izhikevich)
    assert cell.v.magnitude[0] == pytest.approx(-70)
    assert cell.u.magnitude[0] == pytest.approx(-14)


def test_adex_and_leaky_cells(net):
    adex = rb.Model(
        """
        dv/dt = (g_L*(E_L - v) + g_L*D*exp((v - V_T)/D) - w + I)/C_m : mV
        dw/dt = (a*(v - E_L) - w)/tau_w : pA
        I : pA (input)
        """,
        parameters=dict(g_L="10 nS", E_L="-70 mV", V_T="-50 mV", D="2 mV", C_m="200 pF", a="2 nS",
                        tau_w="30 ms"), initial="rest",
    )  # fmt: skip
    cell = net.add(adex)

    def total(v):
        return 10 * (-70 - v) + 20 * np.exp((v + 50) / 2) - 2 * (v + 70)

    assert cell.v.magnitude[0] == pytest.approx(brentq(total, -75, -60), abs=1e-9)
    assert cell.w.magnitude[0] == pytest.approx(2 * (cell.v.magnitude[0] + 70), rel=1e-9)


def test_noise_and_functions_of_time_are_silent_at_rest(net):
    model = rb.Model(
        """
        dv/dt = (E - v + drive(t))/tau + sigma*sqrt(2/tau)*xi + (rand() - 0.5)*mV/ms : mV
        drive : mV
        """,
        parameters=dict(E=-60 * mV, tau=10 * ms, sigma=1 * mV, drive=rb.stimuli.step(5 * mV)),
        initial="rest",
    )  # fmt: skip
    assert net.add(model).v.magnitude[0] == pytest.approx(-60)


def test_a_perfect_integrator_may_rest_anywhere(net):
    model = rb.Model("dv/dt = I/C : mV\nI : pA (input)\nC : pF", parameters=dict(C="1 pF"),
                     initial="rest")  # fmt: skip
    assert net.add(model).v.magnitude[0] == pytest.approx(-65)


@pytest.mark.parametrize("equations", [
    "dx/dt = 1/ms : 1",  # no fixed point
    "dx/dt = x/ms : 1",  # an unstable one
    "dx/dt = (x - x**3/3 - y + 0.5)/ms : 1\ndy/dt = 0.08*(x + 0.7 - 0.8*y)/ms : 1",  # oscillates
])  # fmt: skip
def test_no_rest_is_refused(net, equations):
    cells = net.add(rb.Model(equations, initial="rest", name="Restless"), name="cells")
    with pytest.raises(rb.errors.EquationError) as refused:
        net.run(1 * ms, backend="interpreter")
    text = str(refused.value)
    assert 'initial="rest": no stable fixed point of Restless was found without input' in text
    assert "give the states to start from: initial=dict(x=..." in text
    with pytest.raises(rb.errors.EquationError):
        _ = cells.x


def test_a_neuron_that_fires_by_itself_starts_where_the_rest_of_it_settles(net):
    net.add(rb.models.TraubMiles(E_L=-60 * mV), name="cells")
    with pytest.warns(rb.errors.RheobaseWarning) as warned:
        net.run(1 * ms, backend="interpreter")
    text = str(warned[0].message)
    assert "TraubMiles of 'cells' has no stable fixed point without input" in text
    assert "starts at v = -60 mV" in text
    assert "initial=dict(v=..., m=..., h=..., n=...)" in text
    other = rb.Network(dt=0.1 * ms).add(rb.models.TraubMiles(E_L=-60 * mV), name="other")
    with pytest.warns(rb.errors.RheobaseWarning):
        assert other.v.magnitude[0] == pytest.approx(-60)
    for gate in "mhn":
        opens, closes = getattr(other, f"alpha_{gate}"), getattr(other, f"beta_{gate}")
        settled = (opens / (opens + closes)).to("").magnitude
        assert getattr(other, gate).magnitude == pytest.approx(settled)


def test_of_many_cells_those_with_a_rest_start_there(net):
    cells = net.add(rb.models.TraubMiles, 2, name="cells")
    cells.E_L = [-60, -65] * mV
    with pytest.warns(rb.errors.RheobaseWarning, match="no stable fixed point"):
        v = cells.v.magnitude
    assert v == pytest.approx([-60, -64.7646], abs=1e-4)


def test_the_same_rest_is_not_looked_for_twice(monkeypatch):
    model = rb.models.MorrisLecar()
    first = rest.find_rest(model, dict(model.defaults), 1)
    monkeypatch.setattr(rest, "_search", None)
    assert rest.find_rest(model, dict(model.defaults), 1) is first
    for values in first.values, first.unstable:
        assert not values.flags.writeable
    with pytest.raises(TypeError):  # it would be looked for
        rest.find_rest(model, {**model.defaults, "E_L": -0.0601}, 1)


def test_what_fires_by_itself_has_an_unstable_point_nearby():
    model = rb.models.WangBuzsaki(E_L=-50 * mV)
    found = rest.find_rest(model, dict(model.defaults), 1)
    assert not found.resting[0]
    slopes = Slopes(model, dict(model.defaults))
    assert np.abs(slopes(found.unstable)).max() < 1e-6 * np.abs(slopes(found.values)).max()
    assert not rest.is_stable(slopes.jacobian(found.unstable))[0]
