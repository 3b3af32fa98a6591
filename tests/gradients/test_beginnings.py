"""First states that follow parameters: gradients against networks built anew with other values."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import EquationError, RheobaseWarning
from rheobase.gradients import Objective
from rheobase.units import cm, ms, mV, pA, quantity, uA


def alone(build, loss, names, values, duration):
    """The loss of a network that is built with these values, and follows nothing."""
    net = build(**dict(zip(names, values, strict=True)))
    return Objective(net, loss, names[:1], duration=duration).value()


def rebuilt(build, loss, names, x, duration, steps):
    """Central differences of the loss of networks that are built with other parameters."""
    found = np.zeros_like(x)
    for k in range(x.size):
        up, down = x.copy(), x.copy()
        up[k] += steps * max(abs(x[k]), 1e-2)
        down[k] -= steps * max(abs(x[k]), 1e-2)
        ends = [alone(build, loss, names, y, duration) for y in (up, down)]
        found[k] = (ends[0] - ends[1]) / (up[k] - down[k])
    return found


def check(build, loss, names, duration=10 * ms, rtol=1e-5, steps=1e-5, away=0.01):
    """Compare gradients, and values elsewhere, with those of networks that are built anew."""
    objective = Objective(build(), loss, names, duration=duration)
    x = objective.start
    value, gradient = objective.vector(x)
    assert value == Objective(build(), loss, names[:1], duration=duration).value()
    want = rebuilt(build, loss, names, x, duration, steps)
    np.testing.assert_allclose(gradient, want, rtol=rtol, atol=rtol * 1e-2 * np.abs(want).max())
    moved = x * (1 + away * np.random.default_rng(1).standard_normal(x.size))
    there, gradient = objective.vector(moved)
    np.testing.assert_allclose(there, alone(build, loss, names, moved, duration), rtol=1e-8)
    want = rebuilt(build, loss, names, moved, duration, steps)
    np.testing.assert_allclose(gradient, want, rtol=rtol, atol=rtol * 1e-2 * np.abs(want).max())
    assert objective.vector(x)[0] == value  # to the bit, wherever it has been
    return objective


def library(model, current=None, size=1, **fixed):
    """A builder of networks with one population of a model of the library."""

    def build(**values):
        made = model(**fixed)
        units = {name: made.unit_of(name) for name in values}
        made = model(**fixed, **{n: quantity(u.to_si(values[n]), u) for n, u in units.items()})
        net = rb.Network(dt=0.025 * ms)
        cells = net.add(made, size, name="cells")
        if current is not None:
            net.inject(cells, rb.stimuli.step(current, start=2 * ms))
        return net

    return build


def squares(run):
    return np.mean((run["cells"].v + 60) ** 2)


def test_rest_of_hodgkin_huxley():
    names = ["g_Na", "g_K", "g_L", "E_Na", "E_K", "E_L", "C_m"]
    build = library(rb.models.HodgkinHuxley, 10 * uA / cm**2)
    objective = check(build, squares, names)
    net = build()
    net.record(net.populations["cells"], "v", every=0.025 * ms)
    trace = net.run(10 * ms).traces["cells"]["v"].values
    np.testing.assert_array_equal(objective.run(objective.start)["cells"].v.value[:-1], trace)


def test_rest_far_away_is_looked_for():
    """A step that moves the rest by tens of millivolts; one to where no rest is."""
    build = library(rb.models.ExponentialLIF)
    net = build()
    objective = Objective(net, squares, ["E_L"], duration=5 * ms)
    for there in (-90.0, -61.0):
        want = alone(build, squares, ["E_L"], [there], 5 * ms)
        assert objective.value([there]) == pytest.approx(want, rel=1e-9)
    with pytest.warns(RheobaseWarning, match="no stable fixed point"):
        build(E_L=-30.0).populations["cells"].v  # noqa: B018
    want = alone(build, squares, ["E_L"], [-30.0], 5 * ms)
    assert objective.value([-30.0]) == pytest.approx(want, rel=1e-9)
    assert objective.vector(objective.start)[0] == objective.value(objective.start)


def test_cells_that_fire_by_themselves_begin_with_v_held():
    """v begins at E_L, and the gates where they settle there: both follow E_L."""

    def build(E_L=-50.0, **values):
        return library(rb.models.WangBuzsaki)(E_L=E_L, **values)

    with pytest.warns(RheobaseWarning, match="it fires by itself"):
        build().populations["cells"].v  # noqa: B018
    objective = check(build, squares, ["E_L", "g_Na", "E_Na", "phi"], duration=2 * ms, rtol=1e-4)
    resting = objective.start * np.array([1.4, 1, 1, 1])  # E_L at -70 mV: here it rests
    want = alone(build, squares, ["E_L"], [-70.0], 2 * ms)
    assert objective.value(resting) == pytest.approx(want, rel=1e-9)


TEXTS = rb.Model(
    """dv/dt = (E_L - v - R*w)/tau : mV
    dw/dt = (a*(v - E_L) - w)/tau_w : pA
    du/dt = (drop - u)/tau : mV
    drop = E_L - V_T : mV""",
    threshold="v > V_T", reset="v = E_L",
    parameters=dict(E_L="-70 mV", V_T="-40 mV", R="0.1 Gohm", tau="10 ms", tau_w="40 ms",
                    a="2 nS", v_0="5 mV"),
    initial={"v": "E_L + v_0 + 2*mV*rand()", "w": "1.5*a*(v - E_L)", "u": "0.3*drop + i*mV"},
)  # fmt: skip


def all_of(run):
    cells = run["cells"]
    return np.mean(cells.v**2) / 100 + np.mean(cells.w * (1 + cells.w)) + np.mean(cells.u * cells.v)


def with_texts(**values):
    made = TEXTS(**{n: quantity(TEXTS.unit_of(n).to_si(v), TEXTS.unit_of(n))
                    for n, v in values.items()})  # fmt: skip
    net = rb.Network(dt=0.1 * ms, seed=3)
    net.add(made, 4, name="cells")
    return net


def test_texts_of_the_model():
    """Also a parameter that nothing else reads, and random numbers, which stay."""
    check(with_texts, all_of, ["E_L", "V_T", "a", "v_0", "tau"])


def test_adaptive_exponential_and_izhikevich():
    check(library(rb.models.AdEx, initial={"v": "E_L + 2*mV", "w": "a*(v - E_L)"}), squares,
          ["E_L", "a", "g_L", "V_T"])  # fmt: skip
    check(library(rb.models.Izhikevich), squares, ["b"], rtol=1e-4)


def test_texts_that_cells_were_set_by():
    """What was set as a text follows what it read, with the values it had then."""

    def build(**values):
        net = with_texts(**values)
        cells = net.populations["cells"]
        cells[:3].v = "E_L + (i + 1)*mV + rand()*(V_T - E_L)/4"
        cells[1:].v = -63 * mV
        cells.w = "a*(v - E_L)"
        cells[1:].v = -66 * mV  # w keeps what it read
        cells[2:].v = "E_L + v_0"
        return net

    check(build, all_of, ["E_L", "V_T", "a", "v_0"])


def test_what_was_set_later_is_not_followed():
    net = with_texts()
    cells = net.populations["cells"]
    cells.v = "E_L + 3*mV"
    cells.E_L = -72 * mV
    cells.w, cells.u = 0 * pA, 0 * mV
    objective = Objective(net, all_of, ["E_L"], duration=5 * ms)
    v = objective.run([-80.0])["cells"].v.value[0]
    np.testing.assert_allclose(v, -67.0, rtol=1e-15)
    assert objective.made.beginnings == {}


def test_numbers_stay_and_texts_follow_them():
    """By the first value itself: what reads it follows; what it followed counts no longer."""
    net = with_texts()
    cells = net.populations["cells"]
    cells[0].v = -55 * mV
    wanted = [(cells, "v"), "E_L", "v_0", "a"]
    objective = Objective(net, all_of, wanted, duration=5 * ms)
    x = objective.start
    _, gradient = objective.vector(x)
    assert gradient[5] == 0  # v_0

    def moved(y):
        other = with_texts(E_L=y[4], v_0=y[5], a=y[6])
        other.populations["cells"].v = y[:4] * mV
        return Objective(other, all_of, ["R"], duration=5 * ms).value()

    for k in range(x.size):
        h = 1e-5 * abs(x[k])
        up, down = x.copy(), x.copy()
        up[k] += h
        down[k] -= h
        want = (moved(up) - moved(down)) / (2 * h)
        np.testing.assert_allclose(gradient[k], want, rtol=1e-5, atol=1e-9)
    y = x * 1.01
    assert objective.value(y) == pytest.approx(moved(y), rel=1e-12)


@pytest.mark.parametrize("which", [slice(None), slice(1, 3)])
def test_one_value_a_cell(which):
    g_K = np.array([30.0, 36.0, 40.0])

    def build(**values):
        net = rb.Network(dt=0.025 * ms)
        cells = net.add(rb.models.HodgkinHuxley(), 3, name="cells")
        cells.g_K = values.get("g_K", g_K) * (1 * cells.g_K.units)
        cells[0].v = -60 * mV
        return net

    weights = np.random.default_rng(0).standard_normal((201, 3))

    def loss(run):
        return np.sum(weights * run["cells"].v)

    net = build()
    target = (net.populations["cells"][which], "g_K")
    objective = Objective(net, loss, [target, "E_L"], duration=5 * ms)
    x = objective.start
    _, gradient = objective.vector(x)
    assert x.size == g_K[which].size + 1
    for k in range(x.size - 1):
        ends = []
        for sign in (1, -1):
            values = g_K.copy()
            values[np.arange(3)[which][k]] += sign * 1e-3
            ends.append(alone(build, loss, ["g_K"], [values], 5 * ms))
        np.testing.assert_allclose(gradient[k], (ends[0] - ends[1]) / 2e-3, rtol=1e-5)
    y = x.copy()
    y[:-1] += 0.7
    values = g_K.copy()
    values[which] += 0.7
    want = alone(build, loss, ["g_K"], [values], 5 * ms)
    assert objective.value(y) == pytest.approx(want, rel=1e-9)


RATES = rb.Model(
    """dx/dt = (-x + tanh(gain*(I + bias)) - 0.4*y)/tau : 1
    dy/dt = (-y + x)/(2*tau) : 1
    r = tanh(gain*x) : 1
    I : 1 (input)""",
    parameters=dict(tau="10 ms", gain=1.5, bias=0.3), initial="rest",
)  # fmt: skip


def test_network_of_rates_from_rest():
    def build(**values):
        net = rb.Network(dt=0.5 * ms, seed=2)
        a = net.add(RATES(**values), 3, name="cells")
        b = net.add(RATES, 2, name="others")
        net.connect(a, b, weight="0.5*randn()", of="r", to="I", name="ab")
        net.connect(b, a, weight="0.5*randn()", of="r", to="I", name="ba")
        return net

    def loss(run):
        return np.mean(run["cells"].x ** 2) + np.mean(run["others"].y * np.cos(run.times)[:, None])

    names = ["gain", "bias"]

    def alone_in(values):
        net = build(**dict(zip(names, values, strict=True)))
        return Objective(net, loss, ["others.tau"], duration=20 * ms).value()

    objective = Objective(build(), loss, [f"cells.{n}" for n in names], duration=20 * ms)
    x = objective.start
    _, gradient = objective.vector(x)
    for k in range(2):
        h = np.eye(2)[k] * 1e-5
        want = (alone_in(x + h) - alone_in(x - h)) / 2e-5
        np.testing.assert_allclose(gradient[k], want, rtol=1e-7)


def test_a_state_that_never_moves_keeps_its_value():
    """Of dw/dt = 0 any w is at rest: w stays at 0, and v follows E."""
    slow = rb.Model(
        "dv/dt = (E - v + 3*w)/tau : 1\ndw/dt = 0*w/tau : 1\ndz/dt = (v*v - z)/tau : 1",
        parameters=dict(E=2.0, tau=5 * ms), initial="rest",
    )  # fmt: skip

    def loss(run):
        cells = run["cells"]
        return np.mean(cells.z[:, 0] * cells.v[:, 0] + 7 * cells.w[:, 0])

    check(library(lambda **values: slow(**values)), loss, ["E"])


def test_a_network_that_has_run_stands_where_it_is():
    net = library(rb.models.HodgkinHuxley)()
    net.run(1 * ms)
    objective = Objective(net, squares, ["g_K"], duration=1 * ms)
    before = objective.run()["cells"].v.value[0, 0]
    assert objective.run([30.0])["cells"].v.value[0, 0] == before
    assert objective.made.beginnings == {}


def test_no_rest_is_told_or_comes_back_from():
    """Without a threshold there is nowhere to begin; a search comes back from there."""
    fold = rb.Model(
        "dx/dt = (b + x*x)/tau : 1", parameters=dict(b=-1.0, tau=5 * ms), initial="rest"
    )

    def loss(run):
        return np.mean(run["cells"].x[:, 0] ** 2)

    objective = check(library(lambda **values: fold(**values)), loss, ["b"])
    with pytest.raises(EquationError, match="no stable fixed point") as caught:
        objective([0.5])
    assert "give the states to start from: initial=dict(x=...)" in str(caught.value)
    value, gradient = objective.vector(np.array([0.5]))
    assert value == np.inf and gradient == 0


def test_backends_agree():
    net = library(rb.models.HodgkinHuxley, 10 * uA / cm**2, size=2)()
    found = [
        Objective(net, squares, ["g_Na", "E_L"], duration=3 * ms, backend=b)
        for b in ("numba", "interpreter")
    ]
    x = found[0].start * 1.01
    results = [objective.vector(x) for objective in found]
    assert results[0][0] == results[1][0]
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-9)


@pytest.mark.parametrize("each", [False, True])
def test_exact_gradients_follow_too(each):
    """The first spike of a cell that begins at E_L + 5 mV, by E_L."""

    def first_spike(E_L):
        net = rb.Network(dt=0.1 * ms)
        cells = net.add(rb.models.LIF(crossing="exact", E_L=E_L * mV), 2, name="cells")
        cells[1].v = "E_L + 5*mV"
        net.inject(cells, rb.stimuli.step(500 * pA))
        wanted = (cells[1:], "E_L") if each else "E_L"
        return rb.gradient(
            net, lambda run: run["cells"].first_spikes()[1], [wanted], duration=50 * ms,
            surrogate="exact",
        )  # fmt: skip

    h = 1e-4
    gradient = first_spike(-65.0)
    want = (first_spike(-65.0 + h).value - first_spike(-65.0 - h).value) / (2 * h)
    assert want < -1e-5  # seconds per millivolt: something spiked
    np.testing.assert_allclose(gradient.array().sum(), want, rtol=1e-7)


@pytest.mark.parametrize("name", ["FitzHughNagumo", "RateUnit", "DeltaLIF", "QuadraticIF"])
def test_all_parameters_of_models_of_the_library(name):
    model = getattr(rb.models, name)

    def loss(run):
        cells = run["cells"]
        first = getattr(cells, model().differential[0].name)
        return np.mean(first[:, 0] * np.cos(run.times / 3.0)) + np.mean(first**2)

    names = [e.name for e in model().parameter_equations if e.name in model().defaults]
    names = [name for name in names if name != "tau_ref"]
    check(library(model), loss, names, duration=2 * ms)
