"""Exact gradients of spike times against formulas and differences of the spikes themselves."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import EquationError, UnknownNameError, UserError
from rheobase.gradients import event_loops
from rheobase.gradients.event_kernels import kernels
from rheobase.gradients.exact_events import EventRun
from rheobase.gradients.exact_runs import differentiate
from rheobase.units import Hz, ms, mV, pA, pF

LIF = rb.models.LIF(crossing="exact")


def two_cells(current=600.0, tau=10.0, level=-50.0, weight=4000.0, delay=1.55, tau_syn=3.0, E=-65.0,
              reset=-65.0, ref=2.0, C=250.0, v=-65.0, i=0.0, back=-900.0):  # fmt: skip
    """Two cells that drive each other; numbers in ms, mV, pA, pF."""
    net = rb.Network(dt=0.1 * ms, seed=1)
    model = LIF(tau_m=tau*ms, V_T=level*mV, tau_syn=tau_syn*ms, E_L=E*mV, V_r=reset*mV,
                tau_ref=ref*ms, C_m=C*pF)  # fmt: skip
    cells = net.add(model, 2, name="cells")
    cells.v = v * mV
    cells.i_syn = i * pA
    net.inject(cells[0], rb.stimuli.step(current * pA, start=1 * ms))
    net.inject(cells, rb.stimuli.sine(60 * pA, 40 * Hz))
    net.connect(cells[0], cells[1], weight=weight * pA, delay=delay * ms, name="there")
    net.connect(cells[1], cells[0], weight=back * pA, delay=0.7 * ms, name="back")
    return net


def third_spike(run):
    return run["cells"].spike_times[1][2]


def mixture(run):
    cells = run["cells"]
    late = np.sum(np.square(cells.times * 1e3 - 20.0) * 1e-2)
    return late + np.mean((cells.v + 58.0) ** 2) + 1e-4 * np.mean(cells.i_syn)


# argument, step of the difference, SI units of it, where the derivative stands
CASES = [
    ("tau", 1e-4, 1e-3, lambda b: b.parameters["cells", "tau_m"].sum()),
    ("level", 1e-4, 1e-3, lambda b: b.parameters["cells", "V_T"].sum()),
    ("tau_syn", 1e-4, 1e-3, lambda b: b.parameters["cells", "tau_syn"].sum()),
    ("E", 1e-4, 1e-3, lambda b: b.parameters["cells", "E_L"].sum()),
    ("reset", 1e-4, 1e-3, lambda b: b.parameters["cells", "V_r"].sum()),
    ("ref", 1e-4, 1e-3, lambda b: b.parameters["cells", "tau_ref"].sum()),
    ("C", 1e-3, 1e-12, lambda b: b.parameters["cells", "C_m"].sum()),
    ("v", 1e-4, 1e-3, lambda b: b.initial["cells", "v"].sum()),
    ("i", 1e-3, 1e-12, lambda b: b.initial["cells", "i_syn"].sum()),
    ("weight", 1e-2, 1e-12, lambda b: b.weights["there"].item()),
    ("delay", 1e-4, 1e-3, lambda b: b.delays["there"].item()),
    ("back", 1e-2, 1e-12, lambda b: b.weights["back"].item()),
    ("current", 1e-2, 1e-12, lambda b: b.amplitudes[0][1].item()),
]
WANTED = {"cells": ["tau_m", "V_T", "tau_syn", "E_L", "V_r", "tau_ref", "C_m"]}


@pytest.mark.parametrize("loss", [third_spike, mixture])
def test_everything_agrees_with_differences_of_runs(loss):
    run = EventRun(two_cells(), 50 * ms)
    value, bars = differentiate(run, loss, WANTED)

    def again(**changed):
        other = EventRun(two_cells(**changed), 50 * ms)
        assert other.result.spikes["cells"].count == run.result.spikes["cells"].count
        return differentiate(other, loss, {})[0]

    assert value == again()
    defaults = dict(zip(two_cells.__code__.co_varnames, two_cells.__defaults__, strict=False))
    for name, h, unit, read in CASES:
        up, down = (again(**{name: defaults[name] + sign * h}) for sign in (1, -1))
        want = (up - down) / (2 * h * unit)
        assert read(bars) == pytest.approx(want, rel=2e-5, abs=1e-7 / unit), name


def test_first_spike_has_the_derivative_of_its_formula():
    """t = tau ln(R I/(R I - theta)): dt/dI = -tau theta/(I (R I - theta))  (models.md 9.5)."""
    net = rb.Network(dt=0.1 * ms)
    currents = np.array([400.0, 500.0, 900.0])
    cells = net.add(LIF, 3, name="cells")
    net.inject(cells, rb.stimuli.step(currents * pA))
    run = EventRun(net, 60 * ms)
    R, tau, theta, current = 10e-3 / 250e-12, 10e-3, 15e-3, currents * 1e-12
    value, bars = differentiate(
        run, lambda r: np.sum(r["cells"].first_spikes()), {"cells": ["V_T"]}
    )
    times = tau * np.log(R * current / (R * current - theta))
    assert value == pytest.approx(times.sum(), rel=1e-12)
    want = -tau * theta / (current * (R * current - theta))
    np.testing.assert_allclose(bars.amplitudes[0][1], want, rtol=1e-10)
    np.testing.assert_allclose(bars.inputs["cells", "I"], want, rtol=1e-10)
    later = tau / (R * current - theta)
    np.testing.assert_allclose(bars.parameters["cells", "V_T"], later, rtol=1e-10)


def test_compiled_and_plain_python_agree():
    bars = []
    for backend in ("numba", "interpreter"):
        run = EventRun(two_cells(v=-52.0), 5 * ms, backend=backend)
        bars.append(differentiate(run, mixture, WANTED)[1])
    for name in ("parameters", "initial", "inputs", "weights", "delays", "spikes"):
        one, other = (getattr(b, name) for b in bars)
        for key, values in one.items():
            np.testing.assert_allclose(values, other[key], rtol=1e-9, atol=1e-12)
    assert kernels(False) is event_loops


def delta_net(weight=6.0, late=7.0, tau=20.0, reset="v = V_r", ref=3.0, at=5.0):
    """A jump that fires at once; what comes at the same time is lost, and a jump that does not."""
    net = rb.Network(dt=0.1 * ms)
    model = rb.models.DeltaLIF(crossing="exact", tau_m=tau * ms, E_L=-60 * mV, tau_ref=ref * ms)
    cells = net.add(model, 3, name="cells")
    trains = [[at * ms, 6.3 * ms], [at * ms, 12 * ms]]
    given = net.add(rb.stimuli.spike_times(trains), name="given")
    net.connect(given, cells[0], weight=weight * mV, delay=1 * ms, name="in")
    net.connect(cells[0], cells[1], weight=late * mV, delay=2.25 * ms, name="on")
    net.connect(cells[0], cells[2], weight=2 * late * mV, delay=0.5 * ms, name="jump")
    net.inject(cells[1], rb.stimuli.step(150 * pA))
    return net


def test_a_jump_over_the_threshold_passes_on_its_own_time():
    run = EventRun(delta_net(), 40 * ms)
    assert run.result.spikes["cells"][0] == pytest.approx([6e-3])  # the two jumps at 6 ms add up
    assert run.result.spikes["cells"][2] == pytest.approx([6.5e-3])
    _, bars = differentiate(
        run, lambda r: r["cells"].spike_times[2][0], {"cells": ["tau_m", "V_T"]}
    )
    assert bars.delays["jump"] == pytest.approx([1.0])
    assert np.sum(bars.delays["in"]) == pytest.approx(1.0)
    assert np.sum(bars.spikes["given"]) == pytest.approx(1.0)  # by the times given
    assert not any(np.any(x) for x in bars.weights.values())
    assert not any(np.any(x) for x in bars.parameters.values())


@pytest.mark.parametrize("loss", [lambda r: r["cells"].spike_times[1][0] * 1e3,
                                  lambda r: np.mean((r["cells"].v + 55) ** 2)])  # fmt: skip
def test_jumps_agree_with_differences(loss):
    run = EventRun(delta_net(), 40 * ms)
    _, bars = differentiate(run, loss, {"cells": ["tau_m"]})
    for name, h, got in [
        ("late", 1e-5, bars.weights["on"].sum() + 2 * bars.weights["jump"].sum()),
        ("tau", 1e-5, bars.parameters["cells", "tau_m"].sum()),
        ("weight", 1e-5, bars.weights["in"].sum()),
    ]:
        base = {"late": 7.0, "tau": 20.0, "weight": 6.0}[name]
        up, down = (differentiate(EventRun(delta_net(**{name: base + s * h}), 40 * ms), loss, {})[0]
                    for s in (1, -1))  # fmt: skip
        assert got == pytest.approx((up - down) / (2 * h * 1e-3), rel=1e-5, abs=1e-4), name


def test_a_reset_by_subtraction_and_a_threshold_that_depends_on_parameters():
    model = rb.Model(
        """
        dv/dt = -v/tau_m + a*I : 1 (unless refractory)
        I : 1 (input)
        tau_fast = tau_m/ratio : second
        """,
        threshold="v >= theta*2", reset="v = v - 1.5*theta", refractory="tau_fast",
        crossing="exact",
        receives="v += gain*weight", initial={"v": "0.1*theta"},
        parameters=dict(tau_m=10*ms, a=300*Hz, theta=0.5, ratio=7.7, gain=0.3),
    )  # fmt: skip

    def build(**changed):
        net = rb.Network(dt=0.1 * ms)
        cells = net.add(model(**changed), 2, name="cells")
        cells[0].theta = changed.get("theta", 0.5) * 1.1
        ramp = rb.stimuli.ramp(0, 0.4, 0 * ms, 30 * ms)
        net.inject(cells, rb.stimuli.step(1, start=0.5 * ms) + ramp)
        net.drive(cells, rb.stimuli.regular_spikes(100 * Hz, 30 * ms), weight=0.4)
        return EventRun(net, 30 * ms)

    def loss(run):
        return np.sum(run["cells"].times ** 2) * 1e4 + run["cells"].v[-1].mean()

    names = ["tau_m", "a", "theta", "ratio", "gain"]
    _, bars = differentiate(build(), loss, {"cells": names})
    for name, base, unit in [
        ("a", 300.0, Hz),
        ("ratio", 7.7, 1),
        ("gain", 0.3, 1),
        ("tau_m", 10.0, ms),
    ]:
        h = 1e-5 * base
        up, down = (
            differentiate(build(**{name: (base + s * h) * unit}), loss, {})[0] for s in (1, -1)
        )
        scale = 1e-3 if name == "tau_m" else 1.0
        got = bars.parameters["cells", name].sum()
        assert got == pytest.approx((up - down) / (2 * h * scale), rel=1e-5, abs=1e-6), name


def random_net(seed, which=None, place=None, h=0.0):
    """Cells with currents and cells with jumps, noise, given spikes; one number moved by h."""
    rng = np.random.default_rng(seed)
    numbers = {
        "in": rng.normal(800, 1800, (4, 4)), "delay": rng.uniform(0.6, 4, (4, 4)),
        "on": rng.normal(1, 4, (4, 3)), "back": rng.normal(0, 500, (3, 4)),
        "tau": rng.uniform(8, 14, 4), "v": rng.uniform(-65, -52, 4),
    }  # fmt: skip
    times = np.sort(rng.uniform(0, 30, (4, 6)), axis=1)
    if which is not None:
        numbers[which][place] += h
    net = rb.Network(dt=0.1 * ms, seed=seed)
    cells = net.add(LIF(tau_syn=3 * ms), 4, name="cells")
    cells.tau_m, cells.v = numbers["tau"] * ms, numbers["v"] * mV
    model = rb.models.DeltaLIF(crossing="exact", E_L=-60 * mV, tau_ref=2 * ms)
    jumping = net.add(model, 3, name="jumping")
    given = net.add(rb.stimuli.spike_times([row * ms for row in times]), name="given")
    net.inject(cells, rb.stimuli.noise(150 * pA, 5 * ms, mean=420 * pA))
    for name, pre, post, unit, delay in (
        ("in", given, cells, pA, numbers["delay"].ravel()), ("on", cells, jumping, mV, 1.3),
        ("back", jumping, cells, pA, 0.77),
    ):  # fmt: skip
        w = numbers[name]
        i, j = (place.ravel() for place in np.indices(w.shape))
        net.connect(pre, post, rb.rules.pairs(i, j), weight=w.ravel() * unit, delay=delay * ms,
                    name=name)  # fmt: skip
    return EventRun(net, 40 * ms)


@pytest.mark.parametrize("seed", [0, 2])
def test_random_networks(seed):
    def loss(run):
        spikes = [run[name].times for name in ("cells", "jumping")]
        total = sum(np.sum(t * np.cos(np.arange(t.size))) for t in spikes)
        return 1e3 * total + 0.1 * np.sum(run["cells"].v[-1])

    run, compared = random_net(seed), 0
    assert (run.past.how == event_loops.AT_ONCE).any()
    _, bars = differentiate(run, loss, {"cells": ["tau_m"]})
    found = {
        "in": bars.weights["in"] * 1e-12, "delay": bars.delays["in"] * 1e-3,
        "on": bars.weights["on"] * 1e-3, "back": bars.weights["back"] * 1e-12,
        "tau": bars.parameters["cells", "tau_m"] * 1e-3, "v": bars.initial["cells", "v"] * 1e-3,
    }  # fmt: skip
    for name, shape in (("in", (4, 4)), ("delay", (4, 4)), ("on", (4, 3)), ("back", (3, 4)),
                        ("tau", (4,)), ("v", (4,))):  # fmt: skip
        for place in [(1,) * len(shape), tuple(n - 1 for n in shape)]:
            both = [random_net(seed, name, place, s * 1e-5) for s in (1, -1)]
            if any(not np.array_equal(p.ids, q.ids) for other in both
                   for p, q in zip(run.parts, other.parts, strict=True)):  # fmt: skip
                continue  # a spike appears or vanishes just here
            up, down = (differentiate(other, loss, {})[0] for other in both)
            got = found[name].reshape(shape)[place]
            assert got == pytest.approx((up - down) / 2e-5, rel=2e-4, abs=2e-6), (name, place)
            compared += 1
    assert compared >= 10


def test_differences_on_a_fine_grid_come_near():
    times = []
    for tau in (9.9, 10.1):
        net = rb.Network(dt=0.005 * ms)
        model = rb.models.LIF(crossing="linear", tau_m=tau * ms, tau_syn=3 * ms)
        cells = net.add(model, 2, name="cells")
        net.inject(cells[0], rb.stimuli.step(600 * pA, start=1 * ms))
        net.connect(cells[0], cells[1], weight=4000 * pA, delay=1.5 * ms)
        times.append(net.run(50 * ms).spikes["cells"][1][2])
    on_grid = (times[1] - times[0]) / 0.2e-3
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(LIF(tau_syn=3 * ms), 2, name="cells")
    net.inject(cells[0], rb.stimuli.step(600 * pA, start=1 * ms))
    net.connect(cells[0], cells[1], weight=4000 * pA, delay=1.5 * ms)
    _, bars = differentiate(EventRun(net, 50 * ms), third_spike, {"cells": ["tau_m"]})
    want = bars.parameters["cells", "tau_m"].sum()
    assert on_grid == pytest.approx(want, rel=0.03)


def test_the_network_is_left_as_it_was():
    net = two_cells()
    EventRun(net, 20 * ms)
    assert float(net.time.magnitude) == 0.0
    first = net.run(20 * ms).spikes["cells"].times
    np.testing.assert_array_equal(first, two_cells().run(20 * ms).spikes["cells"].times)


def test_what_a_loss_sees():
    run = EventRun(two_cells(), 20 * ms)

    def loss(seen):
        cells = seen[run.plan.populations[0]]
        assert list(seen) == ["cells"]
        assert len(seen) == 1
        assert len(cells.spike_times) == 2
        assert cells.counts.sum() == cells.times.size
        assert cells.v.shape == (201, 2) == (*seen.times.shape, 2)
        assert seen.times[-1] == pytest.approx(20.0)
        with pytest.raises(IndexError):
            cells.spike_times[2]
        with pytest.raises(UserError, match="has no 'spike_time' in a run") as caught:
            cells.spike_time  # noqa: B018
        assert "did you mean spike_times?" in str(caught.value)
        with pytest.raises(UnknownNameError, match="no population 'cell'") as caught:
            seen["cell"]
        assert "did you mean cells?" in str(caught.value)
        return np.sum(cells.first_spikes(1.0))

    differentiate(run, loss, {})
    quiet = EventRun(two_cells(current=0.0), 5 * ms)
    with pytest.warns(UserWarning, match="does not depend"):
        value, _ = differentiate(quiet, lambda r: np.sum(r["cells"].first_spikes()), {})
    assert value == pytest.approx(0.01)
    with pytest.raises(UserError, match="derivative of the loss is not finite"):
        differentiate(run, lambda r: np.sum(np.sqrt(r["cells"].times * 0)), {})


def model(**changed):
    options = dict(threshold="v > 1", reset="v = 0", crossing="exact", receives="v += weight",
                   parameters=dict(tau=10*ms))  # fmt: skip
    equations = changed.pop("equations", "dv/dt = -v/tau : 1")
    return rb.Model(equations, **options | changed)


@pytest.mark.parametrize(
    "build, text",
    [
        (lambda: model(crossing="grid"), "'cells' spikes on the grid.*crossing=\"exact\""),
        (lambda: model(equations="dv/dt = -v*I/tau : 1\nI : 1 (input)"), "it depends on I"),
        (lambda: model(reset="v = v**2/4"), "`reset: .*`: it is not linear in the variables"),
        (lambda: model(receives="v += weight**2"), "must add a multiple of their weight"),
        (lambda: model(receives="v = weight"), "must add a multiple of their weight"),
        (lambda: model(equations="dv/dt = -v/tau : 1", refractory=2*ms), "which goes on during"),
        (lambda: model(equations="dv/dt = -v/tau : 1\ncount : 1", reset="v = 0; count += 1",
                       parameters=dict(tau=10*ms, count=0)),
         "by count, which a spike sets"),
    ],
)  # fmt: skip
def test_refusals_of_models(build, text):
    net = rb.Network(dt=0.1 * ms)
    net.add(build(), 1, name="cells")
    with pytest.raises((UserError, EquationError), match=f"(?s){text}"):
        EventRun(net, 5 * ms)


def test_refusals_of_networks():
    net = two_cells()
    net.run(1 * ms)
    with pytest.raises(UserError, match="has run already"):
        EventRun(net, 5 * ms)
    net = rb.Network(dt=0.1 * ms)
    net.add(LIF, 1, name="cells", record_spikes=False)
    with pytest.raises(UserError, match="the spikes of 'cells' are not kept"):
        EventRun(net, 5 * ms)
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(LIF, 1, name="cells")
    cells.refractory_left = 1 * ms
    with pytest.raises(UserError, match="cells of 'cells' begin refractory"):
        EventRun(net, 5 * ms)


@pytest.mark.parametrize("z", [-60.0, -3.0, -0.31, -0.29, -1e-3, 0.0, 1e-9, 0.25, 0.4, 5.0])
def test_means_of_exponentials(z):
    from scipy.integrate import quad

    assert event_loops.mean_exp(z) == pytest.approx(
        quad(lambda u: np.exp(z * u), 0, 1)[0], rel=1e-9
    )
    slope = quad(lambda u: u * np.exp(z * u), 0, 1, epsabs=1e-13)[0]
    assert event_loops.mean_exp_slope(z) == pytest.approx(slope, rel=1e-9)


@pytest.mark.parametrize(
    "a, r", [(-100.0, -300.0), (-300.0, -100.0), (-200.0, -200.0), (-5e3, -1.0)]
)
def test_responses_and_their_derivatives(a, r):
    from scipy.integrate import quad

    s = 0.02

    def q(a, r):
        return quad(lambda u: np.exp(a * (s - u) + r * u), 0, s, epsabs=1e-14, points=[s * 0.99])[0]

    value, by_a, by_r = event_loops.response(a, r, s)
    assert value == pytest.approx(q(a, r), rel=1e-9)
    h = 1e-3 * abs(a)
    assert by_a == pytest.approx((q(a + h, r) - q(a - h, r)) / (2 * h), rel=1e-4)
    h = 1e-3 * abs(r)
    assert by_r == pytest.approx((q(a, r + h) - q(a, r - h)) / (2 * h), rel=1e-4)


# -- rb.gradient ---------------------------------------------------------------------------------


def test_rb_gradient_exact():
    net = two_cells()
    cells, there = net.populations["cells"], net.projections["there"]
    wanted = ["tau_m", (cells, "V_T"), (cells[1], "V_r"), (cells, "v"), (there, "weights"),
              "there.delay", (cells, "I", 0)]  # fmt: skip
    g = rb.gradient(net, third_spike, wanted, duration=50 * ms, surrogate="exact")
    value, bars = differentiate(EventRun(two_cells(), 50 * ms), third_spike, WANTED)
    assert g.value == value
    summed = {name: bars.parameters["cells", name].sum() for name in ("tau_m", "V_T")}
    assert g["tau_m"].to("1/second").magnitude == pytest.approx(summed["tau_m"])
    assert g[cells, "V_T"].to("1/volt").magnitude == pytest.approx(summed["V_T"])
    np.testing.assert_allclose(g["V_r"].to("1/volt").magnitude, bars.parameters["cells", "V_r"][1:])
    np.testing.assert_allclose(
        g[cells, "v"].to("1/mV").magnitude, bars.initial["cells", "v"] * 1e-3
    )
    np.testing.assert_allclose(
        g["there.weight"].to("1/pA").magnitude, bars.weights["there"] * 1e-12
    )
    assert g["there.delay"].to("1/ms").magnitude == pytest.approx(bars.delays["there"][0] * 1e-3)
    assert g[cells, "I", 0].to("1/pA").magnitude == pytest.approx(bars.amplitudes[0][1][0] * 1e-12)
    assert "cells.tau_m" in g.table()


@pytest.mark.parametrize(
    "wanted, text",
    [
        ([("cells", "I")], "what is injected into cells.I has 2 amplitudes"),
        ([("cells", "I", 5)], "what is injected into cells.I has no amplitude 5"),
        (["tau_membrane"], "no population has a parameter 'tau_membrane'"),
    ],
)
def test_refusals_of_targets(wanted, text):
    with pytest.raises(UserError, match=text):
        rb.gradient(two_cells(), third_spike, wanted, duration=50 * ms, surrogate="exact")


def test_refusals_of_losses_and_of_amplitudes_without_a_current():
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(LIF(E_L=-40 * mV), 1, name="cells")
    with pytest.raises(UserError, match=r"nothing is injected into cells\.I"):
        rb.gradient(net, lambda r: r["cells"].first_spikes()[0], [(cells, "I")], duration=30*ms,
                    surrogate="exact")  # fmt: skip
    with pytest.raises(UserError, match="a loss is a function of the run"):
        rb.gradient(net, 3, ["tau_m"], duration=30 * ms, surrogate="exact")
