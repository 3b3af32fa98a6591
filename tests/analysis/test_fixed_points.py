"""Fixed points: all of them, against roots found otherwise, and published tables."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

import rheobase as rb
from rheobase.units import Hz, cm, mS, ms, mV, nA, nS, pA, uA

A = uA / cm**2


def plain(points, name):
    return [getattr(p[name], "magnitude", p[name]) for p in points]


# -- against roots found otherwise ---------------------------------------------------------------


def hh_current(v):
    """Return the steady current of Hodgkin and Huxley's membrane [uA/cm**2], v in mV."""
    am, bm = (v + 40) / 10 / (1 - np.exp(-(v + 40) / 10)), 4 * np.exp(-(v + 65) / 18)
    an, bn = 0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10)), 0.125 * np.exp(-(v + 65) / 80)
    ah, bh = 0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10))
    m, n, h = am / (am + bm), an / (an + bn), ah / (ah + bh)
    return 120 * m**3 * h * (50 - v) + 36 * n**4 * (-77 - v) + 0.3 * (-54.387 - v)


@pytest.mark.parametrize("current", [0, 5, 20, 150])
def test_hodgkin_huxley_has_one_fixed_point_at_any_current(current):
    [point] = rb.analysis.fixed_points(rb.models.HodgkinHuxley, I=current * A)
    root = brentq(lambda v: hh_current(v) + current, -75, -30)
    assert point["v"].to("mV").magnitude == pytest.approx(root, abs=1e-8)
    assert point.stable == (current < 9.775)  # models.md 5.1


@pytest.mark.parametrize(("reversal", "rest"), [
    (-54.387, -64.99638), (-54.4, -64.99972), (-54.3, -64.97405)])  # fmt: skip
def test_rest_of_hodgkin_and_huxley(reversal, rest):
    [point] = rb.analysis.fixed_points(rb.models.HodgkinHuxley, E_L=reversal * mV)
    assert point["v"].magnitude == pytest.approx(rest, abs=1e-5)  # models.md 5.1
    assert point.stable and point.kind == "focus"


@settings(max_examples=12, deadline=None)
@given(current=st.floats(-1, 2), a=st.floats(0.3, 1.0), b=st.floats(0.5, 2.5))
def test_fitzhugh_nagumo_has_the_roots_of_its_cubic(current, a, b):
    # v - v**3/3 - (v + a)/b + I = 0
    cubic = [-1 / 3, 0, 1 - 1 / b, current - a / b]
    # not near a double root, where the number of roots is a matter of rounding
    knee = np.sqrt(max(1 - 1 / b, 0))
    assume(np.min(np.abs(np.polyval(cubic, [-knee, knee]))) > 1e-5)
    roots = np.roots(cubic)
    real = np.sort(roots[np.abs(roots.imag) < 1e-7].real)
    found = rb.analysis.fixed_points(rb.models.FitzHughNagumo, I=current, a=a, b=b)
    np.testing.assert_allclose(plain(found, "v"), real, atol=1e-7)
    for point in found:
        v, epsilon = point["v"], 0.08
        wanted = np.linalg.eigvals(1e3 * np.array([[1 - v**2, -1], [epsilon, -epsilon * b]]))
        np.testing.assert_allclose(
            np.sort_complex(point.eigenvalues), np.sort_complex(wanted), rtol=1e-5, atol=1e-3
        )


@settings(max_examples=12, deadline=None)
@given(roots=st.lists(st.floats(-2, 2), min_size=1, max_size=5, unique_by=lambda r: round(r * 8)))
def test_all_roots_of_a_polynomial_and_every_second_is_stable(roots):
    roots = sorted(roots)
    assume(all(b - a > 0.05 for a, b in pairwise(roots)))
    factors = "*".join(f"(x - ({root!r}))" for root in roots)
    model = rb.Model(f"dx/dt = {factors}/ms : 1")
    found = rb.analysis.fixed_points(model)
    np.testing.assert_allclose(plain(found, "x"), roots, atol=1e-6)
    assert [p.stable for p in found] == [(len(roots) - k) % 2 == 0 for k in range(len(roots))]


def test_nine_fixed_points_of_two_cubics():
    model = rb.Model("dx/dt = (x - x**3)/ms : 1\ndy/dt = (y - y**3)/ms : 1")
    found = rb.analysis.fixed_points(model)
    places = {(round(p["x"], 9), round(p["y"], 9)): p for p in found}
    assert set(places) == {(float(i), float(j)) for i in (-1, 0, 1) for j in (-1, 0, 1)}
    for (i, j), point in places.items():
        still = (i == 0) + (j == 0)
        assert point.stable == (still == 0)
        assert point.kind == ("saddle" if still == 1 else "node")


def test_izhikevich_in_closed_form():
    found = rb.analysis.fixed_points(rb.models.Izhikevich)
    np.testing.assert_allclose(plain(found, "v"), [-70, -50], rtol=1e-9)
    np.testing.assert_allclose(plain(found, "u"), [-14, -10], rtol=1e-9)
    assert [(p.kind, p.stable) for p in found] == [("node", True), ("saddle", False)]


def test_adex_has_a_rest_and_a_saddle():
    def total(v):
        return 10 * (-70 - v) + 20 * np.exp((v + 50) / 2) - 2 * (v + 70)

    found = rb.analysis.fixed_points(rb.models.AdEx)
    wanted = [brentq(total, -75, -60), brentq(total, -50, -40)]
    np.testing.assert_allclose(plain(found, "v"), wanted, atol=1e-8)
    assert [p.stable for p in found] == [True, False]


# -- published tables -----------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "coherence", "stable", "saddles"), [
    (0, 0, [(0.10265, 0.10265), (0.56699, 0.03189), (0.03189, 0.56699)],
     [(0.31384, 0.05579), (0.05579, 0.31384)]),
    (30, 0, [(0.65869, 0.05181), (0.05181, 0.65869)], [(0.42446, 0.42446)]),
    (30, 0.064, [(0.66308, 0.04894), (0.05495, 0.65404)], [(0.40728, 0.43928)]),
    (30, 0.512, [(0.68839, 0.03406), (0.09224, 0.60745)], [(0.25759, 0.49894)]),
    (30, 1, [(0.70928, 0.02396)], []),
])  # fmt: skip
def test_wong_wang(rate, coherence, stable, saddles):
    found = rb.analysis.fixed_points(rb.models.WongWang, mu_0=rate * Hz, coherence=coherence)

    def places(points):
        return sorted((round(p["S_1"], 5), round(p["S_2"], 5)) for p in points)

    np.testing.assert_allclose(
        places(p for p in found if p.stable), sorted(stable), atol=1.1e-5
    )  # models.md 7.2
    saddle_points = [p for p in found if not p.stable]
    assert all(p.kind == "saddle" for p in saddle_points)
    assert len(saddle_points) == len(saddles)
    if saddles:
        np.testing.assert_allclose(places(saddle_points), sorted(saddles), atol=1.1e-5)


def test_morris_lecar_without_current():
    [rest] = rb.analysis.fixed_points(rb.models.MorrisLecar)
    assert rest["v"].magnitude == pytest.approx(-60.855, abs=5e-4)  # models.md 5.5
    three = rb.analysis.fixed_points(rb.models.MorrisLecar.variants["SNIC"])
    np.testing.assert_allclose(plain(three, "v"), [-59.474, -9.482, 0.165], atol=5e-4)
    assert [p.kind for p in three] == ["node", "saddle", "node"]
    assert [p.stable for p in three] == [True, False, False]
    homoclinic = rb.analysis.fixed_points(rb.models.MorrisLecar.variants["homoclinic"])
    np.testing.assert_allclose(plain(homoclinic, "v"), plain(three, "v"), atol=1e-6)


def test_fitzhugh_nagumo_rests():
    [rest] = rb.analysis.fixed_points(rb.models.FitzHughNagumo)
    assert (rest["v"], rest["w"]) == pytest.approx((-1.1994080, -0.6242600), abs=1e-7)
    assert rest.stable


@pytest.mark.parametrize(("drive", "stable"), [
    (0.5, True), (1.0, True), (1.1, False), (1.25, False), (1.5, False), (2.0, True)])  # fmt: skip
def test_wilson_cowan_rests_up_to_a_drive_of_1(drive, stable):
    found = rb.analysis.fixed_points(rb.models.WilsonCowan, P=drive)
    assert any(p.stable for p in found) == stable  # models.md 7.1
    if drive == 1.0:
        [rest] = [p for p in found if p.stable]
        assert rest["E"] == pytest.approx(0.02825, abs=1e-5)


# -- kinds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "kind", "stable"), [
    ([[-1, 0], [0, -2]], "node", True),
    ([[1, 0], [0, 2]], "node", False),
    ([[-1, 2], [-2, -1]], "focus", True),
    ([[1, 2], [-2, 1]], "focus", False),
    ([[1, 0], [0, -2]], "saddle", False),
    ([[0, 1], [-1, 0]], "center", False),
    ([[-1, 0, 0], [0, 1, 2], [0, -2, 1]], "saddle-focus", False),
    ([[-3, 0, 0], [0, -1, 2], [0, -2, -1]], "focus", True),
])  # fmt: skip
def test_the_kind_of_a_linear_system_is_that_of_its_matrix(rows, kind, stable):
    names = "xyz"[: len(rows)]
    sums = ["+".join(f"({c})*{n}" for c, n in zip(row, names, strict=True)) for row in rows]
    model = rb.Model("\n".join(f"d{n}/dt = ({s})/ms : 1" for n, s in zip(names, sums, strict=True)))
    [point] = rb.analysis.fixed_points(model)
    assert (point.kind, point.stable) == (kind, stable)
    np.testing.assert_allclose(point.jacobian, 1e3 * np.array(rows), atol=1e-5)
    real = point.eigenvalues.real
    assert np.all(np.diff(real) <= 1e-6)


def test_a_fixed_point_with_a_zero_eigenvalue_is_degenerate_and_one():
    model = rb.Model("dx/dt = -x**3/ms : 1\ndy/dt = -y/ms : 1")
    [point] = rb.analysis.fixed_points(model, within=dict(x=(-1, 1)))
    assert point.kind == "degenerate" and not point.stable
    assert point["x"] == pytest.approx(0, abs=1e-4)


# -- what can be asked for ------------------------------------------------------------------------


def test_values_come_in_the_units_of_the_model_and_plain_without_one():
    [rest] = rb.analysis.fixed_points(rb.models.HodgkinHuxley)
    assert str(rest["v"].units) == str((1 * mV).units)
    assert type(rest["m"]) is float
    assert list(rest) == ["v", "m", "h", "n"] and len(rest) == 4 and "v" in rest
    assert dict(rest)["h"] == rest["h"]
    assert repr(rest).startswith("<stable focus: v = -64.9964 mV, m = 0.0529551")
    assert "± 383.2i" in repr(rest)


def test_states_can_be_held():
    found = rb.analysis.fixed_points(rb.models.HodgkinHuxley, hold=dict(h=0.6, n=0.32))
    assert [list(p) for p in found] == [["v", "m"]] * 3
    v = np.array(plain(found, "v"))
    m = np.array(plain(found, "m"))
    current = 120 * m**3 * 0.6 * (50 - v) + 36 * 0.32**4 * (-77 - v) + 0.3 * (-54.387 - v)
    np.testing.assert_allclose(current, 0, atol=1e-6)
    assert [p.stable for p in found] == [True, False, True]


def test_only_points_within_are_given():
    model = rb.models.Izhikevich
    [rest] = rb.analysis.fixed_points(model, within=dict(v=(-100, -60)))
    assert rest["v"] == pytest.approx(-70)
    assert rb.analysis.fixed_points(model, within=dict(v=(-60, -55))) == []


def test_initial_states_find_what_is_far_away():
    model = rb.Model("dx/dt = x*(5000 - x)/ms/5000 : 1\ndy/dt = -y/ms : 1")
    found = rb.analysis.fixed_points(model, initial=[dict(x=4990), dict(x=10)])
    np.testing.assert_allclose(plain(found, "x"), [0, 5000], atol=1e-6)


def test_a_model_that_never_rests_has_none():
    assert rb.analysis.fixed_points(rb.Model("dx/dt = 1/ms : 1")) == []
    assert rb.analysis.fixed_points(rb.models.AdEx, I=1000 * pA) == []


def test_noise_is_left_out():
    quiet = rb.analysis.fixed_points(rb.models.WongWang(sigma=0 * nA))
    noisy = rb.analysis.fixed_points(rb.models.WongWang(sigma=0.1 * nA))
    np.testing.assert_allclose(plain(noisy, "S_1"), plain(quiet, "S_1"), atol=1e-9)


# -- errors ---------------------------------------------------------------------------------------


def refused(error, *args, **kwargs):
    with pytest.raises(error) as caught:
        rb.analysis.fixed_points(*args, **kwargs)
    return str(caught.value)


def test_what_is_no_model_is_refused():
    text = refused(rb.errors.WiringError, "dv/dt = -v/ms : 1")
    assert "fixed_points: this is no model\ngiven: 'dv/dt = -v/ms : 1'" in text
    assert "write fixed_points(rb.models.HodgkinHuxley, ...)" in text
    text = refused(rb.errors.EquationError, rb.Model("x = 1 : 1", name="Still"))
    assert "fixed_points: Still has no differential equation" in text


def test_equations_that_read_the_time_are_refused():
    model = rb.Model("dx/dt = -x/ms + sin(t/ms)/ms : 1", name="Driven")
    text = refused(rb.errors.EquationError, model)
    assert "fixed_points: x of Driven depends on the time t" in text
    assert "write a parameter in place of t, and give it a value" in text


def test_a_line_of_fixed_points_is_refused():
    text = refused(rb.errors.EquationError, rb.Model("dx/dt = -y/ms : 1\ndy/dt = -y/ms : 1"))
    assert "Model has fixed points that are not isolated: more than 64 were found" in text
    assert "which differ in x\n" in text
    assert "hold what nothing drives, such as hold=dict(x=" in text


def test_names_and_values_that_do_not_fit_are_refused():
    model = rb.models.AdEx
    text = refused(rb.errors.UnknownNameError, model, J=1 * pA)
    assert "parameters: AdEx does not read J" in text
    text = refused(rb.errors.UnknownNameError, model, v=-60 * mV)
    assert "fixed_points: v is a state of AdEx, not an input or a parameter" in text
    text = refused(rb.errors.UnitError, model, I=5)
    assert "fixed_points: I: expected" in text and "I=5*pA" in text
    text = refused(rb.errors.ShapeError, model, I=[1, 2] * pA)
    assert "fixed_points: I is held at one value\ngiven: 2 values" in text
    text = refused(rb.errors.UnknownNameError, model, hold=dict(V=-60 * mV))
    assert "fixed_points: AdEx has no state 'V'; did you mean v?\nits states are: v, w" in text
    text = refused(rb.errors.UnitError, model, hold=dict(w=1 * nS))
    assert "fixed_points: hold: w: expected" in text
    text = refused(rb.errors.ShapeError, model, within=dict(v=(-20, -60) * mV))
    assert "fixed_points: the range of v is a lower and an upper end" in text
    assert "write (-60, -20)*mV" in text
    text = refused(rb.errors.EquationError, model, hold=dict(v=-60 * mV, w=0 * pA))
    assert "fixed_points: every state of AdEx is held; nothing is left to move" in text
    text = refused(rb.errors.EquationError, model, within=3)
    assert "fixed_points: within: expected a dict, got int" in text


def test_a_parameter_without_a_value_is_asked_for():
    model = rb.Model("dv/dt = (E - v)/tau : mV\nE : mV\ntau : ms", name="Open",
                     parameters=dict(tau=10 * ms))  # fmt: skip
    text = refused(rb.errors.UserError, model)
    assert "fixed_points: E of Open has no value\nwrite fixed_points(..., E=1*mV)" in text
    [point] = rb.analysis.fixed_points(model, E=-60 * mV)
    assert point["v"].magnitude == pytest.approx(-60)


def test_a_state_that_is_none_is_no_key():
    [rest] = rb.analysis.fixed_points(rb.models.HodgkinHuxley, g_L=0.3 * mS / cm**2)
    with pytest.raises(rb.errors.UnknownNameError, match="the fixed point has no state 'V'; did"):
        rest["V"]
