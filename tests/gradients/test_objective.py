"""`rb.gradient` against central differences of the same loss; both backends alike."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import UserError
from rheobase.gradients import Objective
from rheobase.units import Hz, Mohm, cm, ms, mV, pA, uA


def differences(objective, x, steps=1e-6, sizes=None):
    """Central differences of the loss by every entry of x."""
    found = np.zeros_like(x)
    for n in range(x.size):
        h = steps * (abs(x[n]) if sizes is None else sizes)
        up, down = x.copy(), x.copy()
        up[n] += h
        down[n] -= h
        found[n] = (objective.value(up) - objective.value(down)) / (2 * h)
    objective.value(x)
    return found


def hodgkin_huxley(cells=1):
    net = rb.Network(dt=0.025 * ms)
    axon = net.add(rb.models.HodgkinHuxley(), cells, name="axon")
    net.inject(axon, rb.stimuli.step(10 * uA / cm**2, start=1 * ms))
    return net, axon


def test_hodgkin_huxley_by_conductances_initial_values_and_current():
    net, axon = hodgkin_huxley()
    weights = np.random.default_rng(0).standard_normal((201, 1))
    wanted = ["g_Na", "g_K", "E_L", "C_m", (axon, "v"), (axon, "m"), (axon, "I")]
    objective = Objective(net, lambda run: np.sum(weights * run["axon"].v), wanted, duration=5 * ms)
    x = objective.start
    value, gradient = objective.vector(x)
    np.testing.assert_allclose(gradient, differences(objective, x), rtol=1e-5)
    assert value == objective.value()
    assert net.time.magnitude == 0 and axon.v.magnitude == objective.start[4]  # it is left alone


LIF = rb.Model(
    """dv/dt = (E_L - v + R*I + R*s)/tau_m : mV (unless refractory)
    ds/dt = -s/tau_s : pA
    I : pA (input)""",
    threshold="v > V_T", reset="v = V_r", refractory="1.5*ms",
    parameters=dict(E_L=-70 * mV, R=100 * Mohm, tau_m=20 * ms, tau_s=5 * ms, V_T=-50 * mV,
                    V_r=-62 * mV),
    receives={"syn": "s += weight", "half": "s += weight*R/(200*Mohm)", "jump": "v += weight*R"},
    initial={"v": "E_L"},
)  # fmt: skip


def spiking():
    net = rb.Network(dt=0.1 * ms, seed=4)
    a = net.add(LIF, 6, name="a")
    b = net.add(LIF, 5, name="b")
    a.v = np.linspace(-69, -51, 6) * mV
    b.v = -66 * mV
    net.inject(a, rb.stimuli.step(260 * pA))
    net.inject(b, rb.stimuli.noise(20 * pA, 5 * ms, mean=230 * pA))
    net.connect(
        a, b, rb.rules.fixed_probability(0.6), weight="(20 + 30*rand())*pA",
        delay="0.4*ms + 2*ms*rand()", to="syn", name="ab",
    )  # fmt: skip
    net.connect(a, b, weight=7 * pA, delay=0.7 * ms, to="jump", name="jump")
    net.connect(b, a, weight=40 * pA, delay=0 * ms, to="half", name="ba")
    net.drive(b, rb.stimuli.poisson(300 * Hz), weight=12 * pA, to="half")
    net.clamp(a[:1], -68 * mV, start=5 * ms, stop=8 * ms, variable="v")
    return net


def both(run):
    wave = np.cos(np.arange(run.times.size) / 7.0)[:, None]
    return np.mean(run["a"].v * wave) + np.mean(run["b"].v ** 2) / 100


def test_spiking_network_with_given_spikes():
    """With surrogate "none" the spikes stay where they are, as they do in small differences."""
    net = spiking()
    wanted = [
        ("a", "tau_m"), ("b", "R"), ("b", "V_r"), ("b", "tau_s"), ("a", "v"), ("ab", "weight"),
        ("jump", "weight"), ("ba", "weights"), ("b", "I", 0),
    ]  # fmt: skip
    objective = Objective(net, both, wanted, duration=25 * ms, surrogate="none", reset="through")
    x = objective.start
    _, gradient = objective.vector(x)
    want = differences(objective, x, 1e-7)
    np.testing.assert_allclose(gradient, want, rtol=2e-5, atol=1e-7 * np.abs(want).max())
    spikes = [objective.run()[p].spikes.value.sum() for p in ("a", "b")]
    assert min(spikes) >= 3  # there is something to be seen


def test_backends_and_segments_agree():
    net = spiking()
    wanted = [("a", "tau_m"), ("b", "R"), ("ab", "weights"), ("a", "v"), ("ba", "weight")]

    def gradient(**options):
        objective = Objective(net, both, wanted, duration=12 * ms, **options)
        found = objective.vector(objective.start)
        return *found, objective.made.tape.segments

    value, whole, one = gradient()
    again, parts, many = gradient(memory=1000)
    assert (one, many) == (1, 11)
    assert again == value
    np.testing.assert_array_equal(parts, whole)  # to the bit
    interpreted = gradient(backend="interpreter", memory=1000)
    assert interpreted[0] == value
    np.testing.assert_allclose(interpreted[1], whole, rtol=1e-9, atol=1e-12)


def test_delays():
    """Between steps the slope of the interpolation; on a step the mean of both sides."""
    net = spiking()
    objective = Objective(
        net, both, [("ab", "delays"), ("jump", "delay")], duration=25 * ms, surrogate="none",
    )  # fmt: skip
    x = objective.start
    h = 1e-4
    _, gradient = objective.vector(x)
    want = differences(objective, x, 1.0, h)
    np.testing.assert_allclose(gradient, want, rtol=1e-3, atol=1e-3 * np.abs(want).max())
    between = x + 0.03
    _, gradient = objective.vector(between)
    want = differences(objective, between, 1.0, h)
    np.testing.assert_allclose(gradient, want, rtol=1e-5, atol=1e-6 * np.abs(want).max())


RATES = rb.Model(
    """dx/dt = (-x + I)/tau : 1
    r = tanh(gain*x) : 1
    I : 1 (input)""",
    parameters=dict(tau=10 * ms, gain=1.5),
)


@pytest.mark.parametrize("delay", [0.0, 0.8])
def test_rate_network(delay):
    net = rb.Network(dt=0.2 * ms, seed=1)
    units = net.add(RATES, 4, name="units")
    units.x = [0.3, -0.2, 0.5, 0.1]
    net.connect(units, units, weight="2*randn()", of="r", to="I", delay=delay * ms, name="w")
    net.connect(units[:2], units[2:], weight=0.3, of="x", to="I", name="u")
    net.inject(units, rb.stimuli.step(0.4))
    objective = Objective(
        net, lambda run: np.sum(run["units"].x ** 2) / 50,
        ["tau", "gain", (units, "x"), ("w", "weight"), ("u", "weight"), (units, "I")],
        duration=8 * ms,
    )  # fmt: skip
    x = objective.start
    _, gradient = objective.vector(x)
    np.testing.assert_allclose(gradient, differences(objective, x, 1e-5), rtol=1e-6, atol=1e-8)
    interpreted = Objective(
        net, objective.loss, [t.key for t in objective.targets], duration=8 * ms,
        backend="interpreter", memory=1000,
    )  # fmt: skip
    np.testing.assert_allclose(interpreted.vector(x)[1], gradient, rtol=1e-9, atol=1e-12)


def test_per_cell_parameters():
    net, axon = hodgkin_huxley(3)
    axon.g_K = [30, 36, 40] * rb.units.mS / cm**2
    objective = Objective(
        net, lambda run: np.mean(run["axon"].last.v ** 2), ["g_K", (axon[1:], "g_Na")],
        duration=4 * ms,
    )  # fmt: skip
    assert objective.start.tolist() == [30, 36, 40, 120, 120]
    _, gradient = objective.vector(objective.start)
    np.testing.assert_allclose(gradient, differences(objective, objective.start), rtol=1e-5)


def test_a_network_that_ran_before():
    net = spiking()
    net.run(12 * ms)
    objective = Objective(net, both, [("b", "R"), ("ab", "weight")], duration=6 * ms,
                          surrogate="none", reset="through")  # fmt: skip
    _, gradient = objective.vector(objective.start)
    want = differences(objective, objective.start, 1e-7)
    np.testing.assert_allclose(gradient, want, rtol=2e-5, atol=1e-7 * np.abs(want).max())
    run = objective.run()
    net.record(net.populations["b"], "v")
    result = net.run(6 * ms)
    np.testing.assert_array_equal(run["b"].v.value[:-1], np.asarray(result.traces["b"]["v"]))


def test_what_a_gradient_says():
    net, axon = hodgkin_huxley()
    g = rb.gradient(net, lambda run: np.mean((run["axon"].v + 60) ** 2), ["g_Na", (axon, "v")],
                    duration=2 * ms)  # fmt: skip
    assert str(g["g_Na"].units) == "cm**2/mS"
    assert g["axon.g_Na"] == g["g_Na"]
    assert g[(axon, "v")].shape == (1,)
    assert list(g) == ["axon.g_Na", "axon.v"] and len(g) == 2
    assert "axon.g_Na  120 mS/cm**2" in g.table()
    value = np.mean((net_voltage() + 60) ** 2)
    assert g.value == pytest.approx(value, rel=1e-12)


def net_voltage():
    net, axon = hodgkin_huxley()
    net.record(axon, "v")
    return np.asarray(net.run(2 * ms + 0.025 * ms).traces["axon"]["v"])


@pytest.mark.parametrize(
    "wanted, says",
    [
        ("g_Nb", "no population has a parameter 'g_Nb'; did you mean g_Na?"),
        ("axom.g_Na", "there is no population or projection 'axom'; did you mean 'axon'?"),
        (("axon", "alpha_m"), "axon.alpha_m is computed from others"),
        ([], "with_respect_to is empty"),
        (["g_Na", "g_Na"], "with_respect_to names axon.g_Na twice"),
        (3, "with_respect_to: 3 names nothing"),
        (("axon", "I", 2), "what is injected into axon.I has no amplitude 2"),
    ],
)
def test_what_is_not_there_is_said(wanted, says):
    net, _ = hodgkin_huxley()
    with pytest.raises(UserError) as error:
        Objective(net, lambda run: np.sum(run["axon"].v), wanted, duration=1 * ms)
    assert says in str(error.value)


def test_a_derivative_that_was_not_asked_for():
    net, _ = hodgkin_huxley()
    g = rb.gradient(net, lambda run: np.mean(run["axon"].v), ["g_Na", "g_K"], duration=1 * ms)
    assert "g_L" not in g and "axon.g_K" in g
    with pytest.raises(KeyError, match=r"by 'g_L' was asked for; there are: axon\.g_Na, axon\.g_K"):
        g["g_L"]


def test_losses_may_work_in_place():
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.LIF, 2, name="cells")
    net.inject(cells, rb.stimuli.step([100, 200] * pA))

    def in_place(run):
        v = run["cells"].v
        v += 60.0
        v[0] = 0.0
        v[:, 1] *= 3.0
        v /= 10.0
        return np.mean(v**2)

    def out_of_place(run):
        return np.mean(((run["cells"].v[1:] + 60.0) * np.array([0.1, 0.3])) ** 2) * 50 / 51

    given = rb.gradient(net, in_place, ["tau_m", (cells, "I")], duration=5 * ms)
    wanted = rb.gradient(net, out_of_place, ["tau_m", (cells, "I")], duration=5 * ms)
    np.testing.assert_allclose(given.array(), wanted.array(), rtol=1e-12)


def test_losses_that_cannot_be():
    net, _ = hodgkin_huxley()
    for loss, says in [
        (3, "a loss is a function of the run, got 3"),
        (lambda run: run["axon"].v, "a loss is one number"),
        (lambda run: None, "a loss is one number\ngiven: None\nreturn it from the function"),
        (
            lambda run: np.sqrt(run["axon"].v[0, 0] * 0.0),
            "the derivative of the loss is not finite",
        ),
        (lambda run: run["axon"].w, "run['axon'] has no 'w'"),
        (lambda run: run["axo"].v, "no population 'axo' of model cells; did you mean 'axon'?"),
    ]:
        with pytest.raises(UserError) as error:
            rb.gradient(net, loss, "g_Na", duration=1 * ms)
        assert says in str(error.value)
    with pytest.raises(UserError, match="the run of a network, got a LibraryModel"):
        rb.gradient(rb.models.LIF, lambda run: 0.0, "g_Na", duration=1 * ms)
    with pytest.raises(UserError, match=r"with_respect_to: <Quantity.* names nothing"):
        rb.gradient(net, lambda run: 0.0, 3 * mV, duration=1 * ms)
    with pytest.raises(UserError, match="there is no backend 'cuda'"):
        rb.gradient(net, lambda run: 0.0, "g_Na", duration=1 * ms, backend="cuda")
    with pytest.raises(UserError, match="reset: there is no 'sideways'"):
        rb.gradient(net, lambda run: 0.0, "g_Na", duration=1 * ms, reset="sideways")


def test_a_loss_that_depends_on_nothing():
    net, _ = hodgkin_huxley()
    g = rb.gradient(net, lambda run: 2.5, "g_Na", duration=1 * ms)
    assert g.value == 2.5 and g["g_Na"].magnitude == 0


def test_what_is_refused():
    event = rb.Model("dv/dt = -v/tau : 1", parameters=dict(tau=5 * ms), threshold="v > 1",
                     reset="v = 0", receives={"in": "v *= weight"})  # fmt: skip
    net = rb.Network(dt=0.1 * ms)
    a = net.add(event, 2, name="a")
    net.connect(a, a, weight=0.5, to="in", name="aa")
    with pytest.raises(
        UserError, match="'aa' arrives at the port 'in', whose statements run event"
    ):
        rb.gradient(net, lambda run: np.sum(run["a"].v), "tau", duration=1 * ms)


def test_without_numba(monkeypatch):
    monkeypatch.setattr("rheobase.gradients.tape.has_numba", lambda: False)
    net, _ = hodgkin_huxley()
    g = rb.gradient(net, lambda run: np.mean(run["axon"].v), "g_Na", duration=0.5 * ms)
    monkeypatch.undo()
    again = rb.gradient(net, lambda run: np.mean(run["axon"].v), "g_Na", duration=0.5 * ms)
    assert g.value == again.value
    assert g["g_Na"].magnitude == pytest.approx(again["g_Na"].magnitude, rel=1e-10)


@pytest.mark.parametrize(
    "wanted, says",
    [
        (("ab", "tau"), "a projection has no 'tau'"),
        (("ac", "tau"), "there is no population or projection 'ac'; did you mean 'a'?"),
        ((object(), "tau"), "is no part of the network"),
        (("a", "I"), "what is injected into a.I has 2 amplitudes"),
        (("idle", "I"), "nothing is injected into idle.I, so there is no amplitude"),
        (("trains", "rate"), "'trains' replays spikes and has no parameters"),
        ("tau_m", 'tau_m is a parameter of a, b, idle\nwrite "a.tau_m" or "b.tau_m"'),
        (("a", "tau_n"), "'a' has no variable 'tau_n'; did you mean tau_"),
    ],
)
def test_what_cannot_be_differentiated_by_is_said(wanted, says):
    net = spiking()
    net.add(LIF, 1, name="idle")
    net.inject(net.populations["a"][:2], rb.stimuli.step(5 * pA))
    net.add(rb.stimuli.poisson(5 * Hz), 1, name="trains")
    if wanted[0] == "ac" or not isinstance(wanted[0], str):
        wanted = [wanted]
    with pytest.raises(UserError) as error:
        Objective(net, both, wanted, duration=1 * ms)
    assert says in str(error.value)


def test_values_are_taken_by_name_unit_and_shape():
    net, axon = hodgkin_huxley(2)
    objective = Objective(
        net, lambda run: np.mean(run["axon"].last.v), ["g_K", (axon, "v")], duration=0.5 * ms
    )
    noisy = Objective(spiking(), both, [("a", "I"), ("b", "I")], duration=0.5 * ms)
    assert noisy.units == ("pA", "1") and noisy.start.tolist() == pytest.approx([260, 1])
    assert objective.units == ("mS/cm**2", "mV", "mV") and objective.labels[1] == "axon.v"
    value = objective.value({"axon.g_K": 30, (axon, "v"): [-66, -64] * mV})
    assert value == objective.value([30 * rb.units.mS / cm**2, [-66, -64]])
    assert value == objective.vector(np.array([30.0, -66.0, -64.0]))[0]
    for values, says in [
        ([1, 2, 3], "the objective takes a value for each of its parameters"),
        ({"axon.v": [1, 2, 3]}, "axon.v has 2 values"),
        ({"axon.g_K": 3 * mV}, "axon.g_K"),
    ]:
        with pytest.raises(UserError) as error:
            objective.value(values)
        assert says in str(error.value)


def bump(m):
    """The sigmoid surrogate with slope 4."""
    s = 1 / (1 + np.exp(-4 * m))
    return 4 * s * (1 - s)


@pytest.mark.parametrize(("threshold", "v", "w", "by_v", "by_w"), [
    ("v > 1 or v < -1", 0.8, 0.0, bump(-0.2), 0.0),
    ("v > 1 or v < -1", -0.7, 0.0, -bump(-0.3), 0.0),
    ("v > 1 or v < -1", 1.5, 0.0, bump(0.5), 0.0),
    ("v > 1 and w > 2", 0.9, 1.0, 0.0, bump(-0.5) / 2),
    ("v > 1 and w > 2", 0.4, 1.0, bump(-0.6), 0.0),
    ("v > 1 and w > 2", 1.7, 2.6, 0.0, bump(0.3) / 2),
    ("(v > 1 or w > 2) and v < 5", 0.9, 1.0, bump(-0.1), 0.0),
])  # fmt: skip
@pytest.mark.parametrize("refractory", [None, "0.3*ms"])
def test_thresholds_joined_by_and_and_or(threshold, v, w, by_v, by_w, refractory):
    """Of `and` the condition with the smaller margin decides, of `or` that with the larger."""
    model = rb.Model(
        "dv/dt = 0*v/ms : 1\ndw/dt = 0*w/ms : 1", threshold=threshold, reset="v = 0; w = 0",
        refractory=refractory,
    )  # fmt: skip
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(model, name="cells")
    cells.v, cells.w = v, w
    g = rb.gradient(
        net, lambda run: np.sum(run["cells"].spikes[0]), [(cells, "v"), (cells, "w")],
        duration=0.1 * ms, surrogate="sigmoid",
    )  # fmt: skip
    assert g.value == (v > 1 or (v < -1 and "or v" in threshold)) * (
        w > 2 or "and w" not in threshold
    )
    np.testing.assert_allclose(g.array(), [by_v, by_w], rtol=1e-12)
