"""Bifurcations: normal forms in closed form, and the published currents of neuron models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rheobase as rb
from rheobase.units import Hz, cm, ms, mV, nS, pA, uA

A = uA / cm**2


def by_kind(found, kind):
    return [getattr(b.value, "magnitude", b.value) for b in found if b.kind == kind]


# -- in closed form -------------------------------------------------------------------------------


@settings(max_examples=4, deadline=None)
@given(st.floats(-0.8, 0.8), st.floats(0.3, 3), st.sampled_from([-1, 1]))
def test_a_saddle_node_is_where_the_parabola_touches(place, curvature, sign):
    model = rb.Model(
        f"dx/dt = {sign}*((p - {place!r}) + {curvature!r}*x**2)/ms : 1\np : 1",
        parameters=dict(p=0),
    )
    found = rb.analysis.bifurcations(model, "p", (-1, 1))
    assert [b.kind for b in found] == ["saddle-node"]
    assert found[0].value == pytest.approx(place, abs=1e-9)
    assert found[0].state["x"] == pytest.approx(0, abs=1e-5)
    [branch] = found.branches
    np.testing.assert_allclose(
        curvature * branch.states["x"] ** 2, place - branch.values, atol=1e-9
    )
    np.testing.assert_array_equal(branch.stable, sign * branch.states["x"] < 0)
    assert found[0].frequency is None and found[0].criticality is None


@pytest.mark.parametrize("cubic", [-1, 1])
def test_a_hopf_bifurcation_of_the_normal_form(cubic):
    model = rb.Model(
        f"""
        dx/dt = ((p - 0.1)*x - 2*y + ({cubic})*x*(x**2 + y**2))/ms : 1
        dy/dt = (2*x + (p - 0.1)*y + ({cubic})*y*(x**2 + y**2))/ms : 1
        p : 1
        """,
        parameters=dict(p=0),
    )
    found = rb.analysis.bifurcations(model, "p", (-1, 1))
    [hopf] = found
    assert hopf.kind == "hopf"
    assert hopf.value == pytest.approx(0.1, abs=1e-10)
    assert hopf.frequency == pytest.approx(2000 / (2 * np.pi), rel=1e-8)
    assert hopf.criticality == ("supercritical" if cubic < 0 else "subcritical")
    # x = 4 X, and |X|**2 = 2 |z|**2 for an eigenvector of length 1: dz/dt has 32 c z |z|**2
    assert hopf.lyapunov == pytest.approx(32 * cubic / 2, rel=1e-5)
    np.testing.assert_allclose(hopf.eigenvalues, [2000j, -2000j], atol=1e-4)


def test_the_lyapunov_coefficient_is_undecided_where_it_is_0():
    model = rb.Model(
        "dx/dt = (p*x - y - x*(x**2 + y**2)**2)/ms : 1\n"
        "dy/dt = (x + p*y - y*(x**2 + y**2)**2)/ms : 1\np : 1",
        parameters=dict(p=0),
    )
    [hopf] = rb.analysis.bifurcations(model, "p", (-0.5, 1))
    assert hopf.criticality == "undecided"


def test_branches_cross_in_a_transcritical_bifurcation():
    model = rb.Model("dx/dt = ((p - 0.3)*x - x**2)/ms : 1\np : 1", parameters=dict(p=0))
    found = rb.analysis.bifurcations(model, "p", (-1, 1))
    assert [b.kind for b in found] == ["branch point"]
    assert found[0].value == pytest.approx(0.3, abs=1e-6)
    assert len(found.branches) == 2


def test_a_pitchfork_is_one_branch_point():
    model = rb.Model("dx/dt = ((p - 0.3)*x - x**3)/ms : 1\np : 1", parameters=dict(p=0))
    found = rb.analysis.bifurcations(model, "p", (-1, 1))
    assert [b.kind for b in found] == ["branch point"]
    assert found[0].value == pytest.approx(0.3, abs=1e-6)
    fork = next(b for b in found.branches if np.max(np.abs(b.states["x"])) > 0.1)
    np.testing.assert_allclose(fork.states["x"] ** 2, fork.values - 0.3, atol=1e-8)
    assert np.all(fork.stable[np.abs(fork.states["x"]) > 1e-3])


def test_a_branch_may_be_closed():
    model = rb.Model("dx/dt = (x**2 + p**2 - 0.25)/ms : 1\np : 1", parameters=dict(p=0))
    found = rb.analysis.bifurcations(model, "p", (-1, 1))
    assert by_kind(found, "saddle-node") == pytest.approx([-0.5, 0.5], abs=1e-9)
    [branch] = found.branches
    np.testing.assert_allclose(branch.states["x"] ** 2 + branch.values**2, 0.25, atol=1e-9)
    assert np.ptp(branch.values) == pytest.approx(1, abs=1e-2)


def test_a_neutral_saddle_is_no_hopf_bifurcation():
    model = rb.Model("dx/dt = x/ms : 1\ndy/dt = p*y/ms : 1\np : 1", parameters=dict(p=0))
    found = rb.analysis.bifurcations(model, "p", (-2, -0.5))  # eigenvalues 1 and p
    assert len(found) == 0
    assert repr(found) == "no bifurcation\non 1 branch"


@pytest.mark.parametrize(("epsilon", "b"), [(0.08, 0.8), (0.2, 0.5), (0.05, 1.0)])
def test_fitzhugh_nagumo_in_closed_form(epsilon, b):
    model = rb.models.FitzHughNagumo(epsilon=epsilon, b=b)
    found = rb.analysis.bifurcations(model, "I", (-1, 3))
    v = np.array([-1, 1]) * np.sqrt(1 - epsilon * b)
    wanted = (v + 0.7) / b - v + v**3 / 3
    assert by_kind(found, "hopf") == pytest.approx(list(wanted), rel=1e-8)
    omega = np.sqrt(epsilon - (epsilon * b) ** 2)
    assert [h.frequency for h in found] == pytest.approx([omega * 1e3 / (2 * np.pi)] * 2, rel=1e-7)
    expected = [hassard_of_fitzhugh_nagumo(x, epsilon, b) for x in v]
    assert [np.sign(h.lyapunov) for h in found] == [np.sign(a) for a in expected]


def hassard_of_fitzhugh_nagumo(v, epsilon, b):
    """Return the cubic coefficient of the amplitude equation, for the plane.

    J. Guckenheimer and P. Holmes, Nonlinear Oscillations, equation (3.4.11), for u = T (x, y)
    with x' = -omega y + f, y' = omega x + g.
    """
    table = np.array([[1 - v**2, -1], [epsilon, -epsilon * b]])
    values, vectors = np.linalg.eig(table)
    upper = int(np.argmax(values.imag))
    omega, q = values[upper].imag, vectors[:, upper]
    change = np.stack([q.real, -q.imag], axis=1)  # then x' = omega y: turn the sign of y
    change[:, 1] *= -1
    back = np.linalg.inv(change)
    turned = back @ table @ change
    omega = turned[1, 0]
    np.testing.assert_allclose(turned, [[0, -omega], [omega, 0]], atol=1e-12)
    (tx, ty), (fx, gx) = change[0], back[:, 0]
    second, third = -2 * v, -2.0
    f = {"xx": tx * tx, "xy": tx * ty, "yy": ty * ty}
    f2, g2 = ({k: c * second * part for k, part in f.items()} for c in (fx, gx))
    cubic = fx * third * (tx**3 + tx * ty**2) + gx * third * (tx**2 * ty + ty**3)
    square = (f2["xy"] * (f2["xx"] + f2["yy"]) - g2["xy"] * (g2["xx"] + g2["yy"])
              - f2["xx"] * g2["xx"] + f2["yy"] * g2["yy"])  # fmt: skip
    return cubic / 16 + square / (16 * omega)


# -- neuron models --------------------------------------------------------------------------------


@pytest.mark.parametrize(("reversal", "low", "high"), [
    (-54.387, 9.775, 154.52), (-54.4, 9.779, 154.526), (-54.3, 9.749, 154.496)])  # fmt: skip
def test_hodgkin_huxley(reversal, low, high):
    model = rb.models.HodgkinHuxley(E_L=reversal * mV)
    found = rb.analysis.bifurcations(model, "I", (0, 200) * A, initial=dict(v=-65 * mV))
    assert [b.kind for b in found] == ["hopf", "hopf"]
    assert by_kind(found, "hopf") == pytest.approx([low, high], abs=4e-3)  # models.md 5.1
    assert [b.criticality for b in found] == ["subcritical", "supercritical"]
    if reversal == -54.387:
        v = [b.state["v"].magnitude for b in found]
        assert v == pytest.approx([-59.654, -43.058], abs=1e-3)
        assert found[0].value.to("uA/cm**2").magnitude == pytest.approx(9.775, abs=1e-3)
    for hopf in found:
        pair = hopf.eigenvalues[np.abs(hopf.eigenvalues.imag) > 1]
        assert np.max(np.abs(pair.real)) < 1e-6 * np.max(pair.imag)
        assert pair.imag[0] == pytest.approx(2 * np.pi * hopf.frequency, rel=1e-9)


MORRIS_LECAR = {
    "Hopf": {"hopf": [93.858, 212.019]},
    "SNIC": {"saddle-node": [39.963], "hopf": [97.788]},
    "homoclinic": {"saddle-node": [39.963], "hopf": [36.316]},
}


@pytest.mark.parametrize("name", MORRIS_LECAR)
def test_morris_lecar(name):
    model = rb.models.MorrisLecar.variants[name]
    found = rb.analysis.bifurcations(model, "I", (0, 300) * A)
    for kind in ("hopf", "saddle-node"):
        wanted = MORRIS_LECAR[name].get(kind, [])
        assert by_kind(found, kind) == pytest.approx(wanted, abs=6e-4)  # models.md 5.5
    v = [b.state["v"].magnitude for b in found]
    if name == "Hopf":
        assert v == pytest.approx([-25.270, 7.801], abs=6e-4)
        assert [b.criticality for b in found] == ["subcritical"] * 2
    if name == "SNIC":
        assert v[0] == pytest.approx(-29.390, abs=6e-4)
        assert len(found.branches) == 2


def test_morris_and_lecar_1981():
    model = rb.models.MorrisLecar(
        g_Ca="4 mS/cm**2", E_L="-50 mV", E_Ca="100 mV", E_K="-70 mV", V_1="10 mV", V_2="15 mV",
        V_3="-1 mV", V_4="14.5 mV", phi=1 / (15 * ms),
    )  # fmt: skip
    found = rb.analysis.bifurcations(model, "I", (0, 600) * A)
    assert by_kind(found, "hopf") == pytest.approx([289.65, 465.11], abs=6e-3)  # models.md 5.5


def test_fitzhugh_nagumo():
    found = rb.analysis.bifurcations(rb.models.FitzHughNagumo, "I", (-1, 2))
    assert by_kind(found, "hopf") == pytest.approx([0.33128, 1.41872], abs=5e-6)  # models.md 5.6


def test_wilson_cowan_begins_to_oscillate_between_1_and_1_1():
    found = rb.analysis.bifurcations(rb.models.WilsonCowan, "P", (0, 4))
    folds = by_kind(found, "saddle-node")
    assert 1.0 < max(folds) < 1.1  # models.md 7.1: at rest up to 1.0, a cycle at 1.1
    assert 1.5 < by_kind(found, "hopf")[-1] < 2.0  # a cycle at 1.5, decay at 2.0


def test_wong_wang_loses_its_symmetric_state_in_a_pitchfork():
    found = rb.analysis.bifurcations(
        rb.models.WongWang, "mu_0", (0, 60) * Hz, initial=dict(S_1=0.1, S_2=0.1)
    )
    assert [b.kind for b in found] == ["branch point"] * 2
    for one in found:
        assert one.state["S_1"] == pytest.approx(one.state["S_2"], abs=1e-6)
        assert np.min(np.abs(one.eigenvalues)) < 1e-3
    [branch] = found.branches
    middle = (branch.values > found[0].value.magnitude) & (branch.values < found[1].value.magnitude)
    np.testing.assert_array_equal(branch.stable, ~middle)


def test_adex_fires_where_rest_and_saddle_meet():
    found = rb.analysis.bifurcations(rb.models.AdEx, "I", (0, 1000) * pA)
    # where (g_L + a) = g_L exp((v - V_T)/Delta_T): Brette and Gerstner's rheobase, tau_w large
    v = -50 + 2 * np.log(1 + 2 / 10)
    current = 12 * (v + 70) - 20 * np.exp((v + 50) / 2)
    assert by_kind(found, "saddle-node") == pytest.approx([current], rel=1e-9)
    assert found[0].state["v"].magnitude == pytest.approx(v, abs=1e-5)


def test_izhikevich_in_closed_form():
    found = rb.analysis.bifurcations(rb.models.Izhikevich, "I", (-2, 12))
    # trace 0.08 v + 5 - a = 0, where u = b v and 0.04 v**2 + 5 v + 140 - u + I = 0
    v = (0.02 - 5) / 0.08
    assert by_kind(found, "hopf") == pytest.approx([0.2 * v - 0.04 * v**2 - 5 * v - 140], rel=1e-9)
    assert by_kind(found, "saddle-node") == pytest.approx([4.8**2 / 0.16 - 140], rel=1e-9)


def test_wang_and_buzsaki_begin_to_fire_in_a_saddle_node():
    found = rb.analysis.bifurcations(
        rb.models.WangBuzsaki, "I", (0, 5) * A, initial=dict(v=-64 * mV)
    )
    [onset] = by_kind(found, "saddle-node")
    assert 0.16 < onset < 0.17  # models.md 5.3: class I, rheobase between these


def test_connor_and_stevens_begin_to_fire_where_rest_vanishes():
    found = rb.analysis.bifurcations(
        rb.models.ConnorStevens, "I", (0, 12) * A, initial=dict(v=-68 * mV)
    )
    assert by_kind(found, "saddle-node")[-1] == pytest.approx(8.119, abs=6e-3)  # models.md 5.4


def test_any_parameter_can_be_changed():
    found = rb.analysis.bifurcations(rb.models.FitzHughNagumo, "b", (0.5, 1.5), I=0.5)
    hopfs = [one for one in found if one.kind == "hopf"]
    assert hopfs
    for hopf in hopfs:
        v, b = hopf.state["v"], hopf.value
        assert v**2 == pytest.approx(1 - 0.08 * b, rel=1e-8)
        assert v - v**3 / 3 - (v + 0.7) / b + 0.5 == pytest.approx(0, abs=1e-9)


# -- what can be asked for ------------------------------------------------------------------------


def test_initial_states_choose_a_branch():
    model = rb.models.MorrisLecar.variants["SNIC"]
    rest = rb.analysis.bifurcations(model, "I", (0, 150) * A, initial=dict(v=-60 * mV))
    assert [b.kind for b in rest] == ["saddle-node"] and len(rest.branches) == 1
    other = rb.analysis.bifurcations(model, "I", (0, 150) * A, initial=dict(v=0 * mV))
    assert [b.kind for b in other] == ["hopf"]
    values = rest.branches[0].values
    assert values[0] == values[-1] == 0 and values.max() == pytest.approx(39.963, abs=1e-3)


def test_every_point_of_a_branch_is_a_fixed_point():
    model = rb.models.MorrisLecar
    [branch] = rb.analysis.bifurcations(model, "I", (0, 300) * A).branches
    v, w, current = branch.states["v"], branch.states["w"], branch.values
    m_inf, w_inf = (1 + np.tanh((v + 1.2) / 18)) / 2, (1 + np.tanh((v - 2) / 30)) / 2
    total = current - 2 * (v + 60) - 4.4 * m_inf * (v - 120) - 8 * w * (v + 84)
    np.testing.assert_allclose(total, 0, atol=1e-7)
    np.testing.assert_allclose(w, w_inf, atol=1e-10)
    np.testing.assert_array_equal(branch.stable, np.max(branch.eigenvalues.real, axis=1) < 0)
    assert branch.values[0] == 0 and branch.values[-1] == pytest.approx(300)
    assert repr(branch).startswith(f"<branch of {len(v)} fixed points, ")


def test_bifurcations_print_a_line_each_and_are_a_sequence():
    found = rb.analysis.bifurcations(rb.models.FitzHughNagumo, "I", (-1, 2))
    lines = str(found).splitlines()
    assert lines[0] == (
        "<subcritical hopf at I = 0.331281: v = -0.967471, w = -0.334339; 43.848 Hz>"
    )
    assert lines[-1] == "on 1 branch"
    assert found[0] is next(iter(found)) and found[-1].parameter == "I" and len(found[:1]) == 1
    assert type(found[0].value) is float


def test_states_can_be_held():
    # with h and n held v and m are bistable: a spike rises where the lower branch ends
    found = rb.analysis.bifurcations(
        rb.models.HodgkinHuxley, "I", (-20, 20) * A, hold=dict(h=0.6, n=0.32)
    )
    assert [b.kind for b in found] == ["saddle-node"]
    lower, upper = found.branches
    assert list(lower.states) == ["v", "m"]
    assert lower.values[-1] == -20 and np.all(upper.stable)


# -- errors ---------------------------------------------------------------------------------------


def refused(error, *args, **kwargs):
    with pytest.raises(error) as caught:
        rb.analysis.bifurcations(*args, **kwargs)
    return str(caught.value)


def test_calls_that_do_not_fit_are_refused():
    model = rb.models.FitzHughNagumo
    text = refused(rb.errors.WiringError, "FitzHughNagumo", "I", (0, 1))
    assert "bifurcations: this is no model\ngiven: 'FitzHughNagumo'" in text
    text = refused(rb.errors.UnknownNameError, model, "current", (0, 1))
    assert "parameters: FitzHughNagumo does not read current\ndid you mean I?" in text
    text = refused(rb.errors.UnknownNameError, model, "v", (0, 1))
    assert "bifurcations: v is a state of FitzHughNagumo, not an input or a parameter" in text
    text = refused(rb.errors.UserError, model, "I", (0, 1), I=0.5)
    assert "bifurcations: I cannot be held at a value, it is what changes" in text
    for wrong, meant in (((1, 0), (0, 1)), (5, (0, 5)), ((0, 1, 2), (0, 2)), ([], (0, 10))):
        text = refused(rb.errors.ShapeError, model, "I", wrong)
        assert "bifurcations: the range of I is a lower and an upper end" in text
        assert f"write {meant}" in text
    text = refused(rb.errors.UnitError, rb.models.HodgkinHuxley, "I", (0, 20) * pA)
    assert "bifurcations: the range of I: expected" in text and "(0, 20)*uA/cm**2" in text
    text = refused(rb.errors.UnknownNameError, model, "I", (0, 1), initial=dict(u=1))
    assert "bifurcations: FitzHughNagumo has no state 'u'" in text


def test_a_model_without_fixed_points_is_refused():
    model = rb.Model("dx/dt = (1 + p**2)/ms : 1\np : 1", parameters=dict(p=0), name="Runner")
    text = refused(rb.errors.EquationError, model, "p", (0, 1))
    assert "bifurcations: no fixed point of Runner was found for p from 0 to 1" in text
    assert "say where to look: within=dict(x=(..., ...))" in text
    text = refused(rb.errors.EquationError, model, "p", (0, 1), initial=dict(x=0))
    assert "no fixed point of Runner" in text


def test_a_line_of_fixed_points_at_one_value_has_no_folds():
    # dx/dt = -p*x rests anywhere at p = 0: stability changes there, and nothing turns.
    model = rb.Model("dx/dt = -p*x/ms : 1\np : 1")
    [found] = rb.analysis.bifurcations(model, "p", (-1, 1.5))
    assert found.kind == "branch point" and abs(found.value) < 1e-9
    # With a = -g_L the two slopes of an AdEx differ in its exponential only, which is 0 to
    # rounding far below threshold.
    found = rb.analysis.bifurcations(rb.models.AdEx, "a", (-15, 30) * nS)
    assert sum(one.kind == "saddle-node" for one in found) <= 1
