"""Phase planes: what is drawn lies where the equations say it does."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

import rheobase as rb
from rheobase.units import cm, ms, mV, nA, pA, uA

A = uA / cm**2


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def lines_of(ax):
    """Return the points of every contour line drawn, one array a nullcline."""
    found = []
    for collection in ax.collections:
        if hasattr(collection, "get_paths") and "ContourSet" in type(collection).__name__:
            found.append(np.concatenate([path.vertices for path in collection.get_paths()]))
    return found


def texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def marks(ax):
    """Return the fixed points drawn: by label of their mark in the order of drawing."""
    return [tuple(np.ravel(line.get_xydata())) for line in ax.lines
            if line.get_linestyle() == "None" and line.get_marker() in "oDs"]  # fmt: skip


def test_nullclines_are_those_of_fitzhugh_and_nagumo():
    ax = rb.analysis.phase_plane(rb.models.FitzHughNagumo, "v", "w", I=0.5)
    cubic, line = lines_of(ax)
    v, w = cubic.T
    np.testing.assert_allclose(w, v - v**3 / 3 + 0.5, atol=2e-3)
    v, w = line.T
    np.testing.assert_allclose(w, (v + 0.7) / 0.8, atol=1e-6)
    assert texts(ax) == ["dv/dt = 0", "dw/dt = 0", "unstable focus"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("v", "w")
    [place] = marks(ax)
    v = np.roots([-1 / 3, 0, 1 - 1 / 0.8, 0.5 - 0.7 / 0.8])
    assert place[0] == pytest.approx(v[np.abs(v.imag) < 1e-9].real[0], abs=1e-7)
    low, high = ax.get_ylim()
    assert low < -2 / 3 + 0.5 and high > 2 / 3 + 0.5  # the knees of the cubic are in sight


def test_axes_carry_units_and_every_fixed_point_is_marked():
    ax = rb.analysis.phase_plane(rb.models.MorrisLecar.variants["SNIC"], "v", "w")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("v (mV)", "w")
    assert texts(ax) == ["dv/dt = 0", "dw/dt = 0", "stable node", "saddle", "unstable node"]
    places = marks(ax)
    assert [p[0] for p in places] == pytest.approx([-59.474, -9.482, 0.165], abs=5e-4)
    low, high = ax.get_xlim()
    assert low < -60 and 0 < high < 120
    assert ax.get_ylim()[1] > 0.9


def test_arrows_point_along_the_slopes():
    model = rb.Model("dx/dt = -x/ms : 1\ndy/dt = 2*y/ms : 1")
    ax = rb.analysis.phase_plane(model, "x", "y", within=dict(x=(-1, 1), y=(-1, 1)))
    arrows = next(c for c in ax.collections if type(c).__name__ == "Quiver")
    x, y = arrows.get_offsets().T
    far = (np.abs(x) > 0.05) & (np.abs(y) > 0.05)
    x, y, across, up = (part[far] for part in (x, y, arrows.U, arrows.V))
    np.testing.assert_array_equal(np.sign(across), -np.sign(x))
    np.testing.assert_array_equal(np.sign(up), np.sign(y))
    box = ax.get_window_extent()
    np.testing.assert_allclose(up / across, -2 * y / x * (box.height / box.width), rtol=1e-6)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 1), (-1, 1))


def test_other_states_are_steady_or_held():
    model = rb.models.HodgkinHuxley
    steady = rb.analysis.phase_plane(model, "v", "n", arrows=False)
    _, n = lines_of(steady)
    v = n[:, 0]
    alpha = 0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10))
    beta = 0.125 * np.exp(-(v + 65) / 80)
    np.testing.assert_allclose(n[:, 1], alpha / (alpha + beta), atol=2e-3)
    assert len(marks(steady)) == 1
    held = rb.analysis.phase_plane(model, "v", "n", hold=dict(h=0.6), arrows=False)
    assert len(marks(held)) == 3
    voltage, _ = lines_of(held)
    v, n = voltage.T
    am = 0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10))
    m = am / (am + 4 * np.exp(-(v + 65) / 18))
    current = 120 * m**3 * 0.6 * (50 - v) + 36 * n**4 * (-77 - v) + 0.3 * (-54.387 - v)
    size = 36 * 4 * n**3 * np.abs(v + 77) + 5
    np.testing.assert_allclose(current / size, 0, atol=0.02)  # to a line of the grid


def test_nullclines_arrows_and_axes_can_be_chosen():
    _, ax = plt.subplots()
    drawn = rb.analysis.phase_plane(
        rb.models.AdEx, "v", "w", nullclines=False, arrows=False, ax=ax,
        within=dict(v=(-80, -40) * mV, w=(-50, 200) * pA),
    )  # fmt: skip
    assert drawn is ax
    assert lines_of(ax) == [] and not any(type(c).__name__ == "Quiver" for c in ax.collections)
    assert ax.get_xlim() == (-80, -40) and ax.get_ylim() == (-50, 200)
    assert ax.get_ylabel() == "w (pA)"
    assert texts(ax) == ["stable focus", "saddle"]


def test_the_knee_of_an_exponential_is_in_sight():
    ax = rb.analysis.phase_plane(rb.models.AdEx, "v", "w", I=500 * pA, arrows=False)
    assert 320 < ax.get_ylim()[1] < 1000  # 500 - 10 (v - E_L) + 20 pA at v = V_T


def test_trajectories_end_where_the_table_says():
    ax = rb.analysis.phase_plane(
        rb.models.WongWang(sigma=0 * nA), "S_1", "S_2", arrows=False, dt=4 * ms,
        trajectories=[dict(S_1=0.1, S_2=0.11), dict(S_1=0.11, S_2=0.1)], duration="2 second",
        backend="interpreter",
    )  # fmt: skip
    paths = [line.get_xydata() for line in ax.lines if len(line.get_xdata()) > 100]
    np.testing.assert_allclose(paths[0][-1], [0.05181, 0.65869], atol=2e-3)  # models.md 7.2
    np.testing.assert_allclose(paths[1][-1], [0.65869, 0.05181], atol=2e-3)
    assert "trajectories" in texts(ax)


def refused(error, *args, **kwargs):
    with pytest.raises(error) as caught:
        rb.analysis.phase_plane(*args, **kwargs)
    return str(caught.value)


def test_axes_that_do_not_fit_are_refused():
    model = rb.models.AdEx
    text = refused(rb.errors.UnknownNameError, model, "v", "u_2")
    assert "phase_plane: AdEx has no state 'u_2'" in text and "its states are: v, w" in text
    text = refused(rb.errors.UserError, model, "v", "v")
    assert 'phase_plane: both axes are v\nwrite phase_plane(model, "v", "w")' in text
    text = refused(rb.errors.UserError, model, "v", "w", hold=dict(w=0 * pA))
    assert "phase_plane: w is held, so it is no axis\nleave w out of hold=" in text
    one = rb.Model("dx/dt = -x/ms : 1", name="Decay")
    text = refused(rb.errors.UserError, one, "x", "x")
    assert "Decay has one state; a plane takes two" in text
    text = refused(rb.errors.UnitError, model, "v", "w", within=dict(v=(-80, -40)))
    assert "phase_plane: the range of v: expected" in text
    text = refused(rb.errors.WiringError, "AdEx", "v", "w")
    assert "phase_plane: this is no model" in text


def test_current_is_held_while_it_is_drawn():
    ax = rb.analysis.phase_plane(rb.models.HodgkinHuxley, "v", "n", I=10 * A, arrows=False)
    assert marks(ax)[0][0] == pytest.approx(-59.59, abs=0.05)


@pytest.mark.parametrize("name, state, top", [("AdEx", "v", 0), ("LIF", "v", -50)])
def test_the_plane_ends_where_a_reset_takes_the_state_back(name, state, top):
    model = rb.models.find(name)
    other = next(e.name for e in model.differential if e.name != state)
    low, high = rb.analysis.phase_plane(model, state, other).get_xlim()
    assert low < -70 and top < high < top + 10
    beyond = {state: (-80 * mV, 20 * mV)}
    assert rb.analysis.phase_plane(model, state, other, within=beyond).get_xlim() == (-80, 20)
