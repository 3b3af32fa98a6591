"""The reverse of a step against central differences of the step itself, and against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reversing import NONE, Course

import rheobase as rb
from rheobase.errors import EquationError, UnknownNameError
from rheobase.language.model import Model
from rheobase.lowering import lower
from rheobase.lowering.adjoint import reverse
from rheobase.lowering.integrators import METHODS
from rheobase.lowering.surrogates import CURVES, Surrogate

MODELS = [
    "AdEx", "ConductanceLIF", "ConnorStevens", "DeltaLIF", "ExponentialLIF", "FitzHughNagumo",
    "GLIF1", "GLIF2", "GLIF3", "GLIF4", "GLIF5", "HindmarshRose", "HodgkinHuxley", "Izhikevich",
    "LIF", "MorrisLecar", "NormalizedLIF", "QuadraticIF", "RateUnit", "TraubMiles", "WangBuzsaki",
    "WilsonCowan", "WongWang",
]  # fmt: skip


def course(name, method=None, steps=6, **options):
    model = getattr(rb.models, name)
    rng = np.random.default_rng(1)
    scales = {e.name: model.unit_of(e.name).scale for e in model.differential}
    start = {n: np.array([0.3, 0.45]) * s for n, s in scales.items()}
    if "v" in start and scales["v"] == 1e-3:
        start["v"] = np.array([-0.062, -0.0495])  # the second one is about to spike
    inputs = {
        e.name: rng.uniform(0.5, 1.5, (steps, 2)) * 5 * model.unit_of(e.name).scale
        for e in model.inputs
    }
    parameters = tuple(n for n in model.defaults if not n.startswith("tau_ref"))
    options = {"parameters": parameters, "inputs": inputs, "start": start, **options}
    return Course(model, 2e-5, steps, method=method, **options)


@pytest.mark.parametrize("method", [None, *sorted(METHODS)])
@pytest.mark.parametrize("name", MODELS)
def test_every_integrator_and_model_of_the_library(name, method):
    try:
        made = course(name, method)
    except EquationError as error:
        assert "cannot be used" in str(error)
        return
    found = made.check_along()
    assert np.abs(found["states"][made.program.states[0]]).min() > 0


def test_the_models_above_are_those_of_the_library():
    assert {n for n in dir(rb.models) if n[0].isupper()} == set(MODELS)


def test_every_derivative_by_itself():
    options = {"parameters": ("g_Na", "C_m", "E_K", "temperature"), "steps": 12}
    course("HodgkinHuxley", **options).check()
    course("AdEx", steps=12, parameters=("C_m", "Delta_T", "a", "b", "V_r")).check()


# -- spikes -----------------------------------------------------------------------------------

CELL = Model("dv/dt = (0.3 + I - v)/tau : 1\nI : 1 (input)\nV_T : 1\nV_r : 1",
             threshold="v > V_T", reset="v = V_r",
             parameters={"tau": "10 ms", "V_T": 1.0, "V_r": 0.0})  # fmt: skip
OF_CELL = ("tau", "V_T", "V_r")
STEPS = 60


def driven(model=CELL, **options):
    rng = np.random.default_rng(3)
    options = {"inputs": {"I": rng.uniform(0, 2, (STEPS, 2))}, "start": {"v": [0.2, 0.9]},
               "parameters": OF_CELL, **options}  # fmt: skip
    return Course(model, 1e-3, STEPS, **options)


def torch_bars(made, kind, reset, slope, scale=1.0):
    """The same steps written by hand in PyTorch, with a surrogate in a custom function."""
    torch = pytest.importorskip("torch")

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(context, margin):
            context.save_for_backward(margin)
            return (margin > 0).to(margin)

        @staticmethod
        def backward(context, g):
            (margin,) = context.saved_tensors
            m = margin / scale
            if kind == "fast_sigmoid":
                curve = 1 / (1 + slope * m.abs()) ** 2
            elif kind == "sigmoid":
                s = torch.sigmoid(slope * m)
                curve = slope * s * (1 - s)
            elif kind == "arctan":
                curve = slope / 2 / (1 + (torch.pi / 2 * slope * m) ** 2)
            elif kind == "triangle":
                curve = 0.3 * torch.relu(1 - slope * m.abs())
            elif kind == "straight_through":
                curve = (slope * m.abs() < 0.5).to(m)
            else:
                curve = torch.zeros_like(m)
            return g * curve / scale

    def leaf(value):
        return torch.tensor(np.asarray(value, float), requires_grad=True)

    v0, current = leaf(made.start["v"]), leaf(made.inputs["I"])
    tau, top, low = (leaf(made.values[name]) for name in OF_CELL)
    decay, v, loss = torch.exp(-made.dt / tau), v0, 0.0
    for k in range(made.steps):
        loss = loss + (torch.tensor(made.weights["v"][k]) * v).sum()
        v = decay * v + (1 - decay) * (current[k] + 0.3)
        s = Spike.apply(v - top)
        v = v + (low - v) * (s if reset == "through" else s.detach())
        loss = loss + (torch.tensor(made.spike_weights[k]) * s).sum()
    loss = loss + (torch.tensor(made.weights["v"][made.steps]) * v).sum()
    loss.backward()
    by_parameter = [float(p.grad) for p in (tau, top, low)]
    return v0.grad.numpy(), current.grad.numpy(), by_parameter, float(loss.detach())


@pytest.mark.parametrize("reset", ["detached", "through"])
@pytest.mark.parametrize("kind", sorted(CURVES))
def test_surrogates_are_those_written_in_pytorch(kind, reset):
    made = driven(surrogate=Surrogate(kind), reset=reset, spike_weight=1.0)
    found = made.backward()
    v0, current, by_parameter, loss = torch_bars(made, kind, reset, CURVES[kind].slope)
    assert found["run"]["spikes"].sum() > 4
    assert found["run"]["loss"] == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(found["states"]["v"], v0, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found["inputs"]["I"], current, rtol=1e-9, atol=1e-12)
    for name, want in zip(OF_CELL, by_parameter, strict=True):
        got = np.sum(found["parameters"].get(name, 0.0))
        assert got == pytest.approx(want, rel=1e-9, abs=1e-12), name


def test_slope_and_scale_are_numbers_that_compile_nothing():
    made = [driven(surrogate=Surrogate("arctan", slope, scale=scale), spike_weight=1.0)
            for slope, scale in ((2.0, 0.5), (7.0, 0.25))]  # fmt: skip
    assert made[0].reverse.program.update == made[1].reverse.program.update
    for course_, (slope, scale) in zip(made, ((2.0, 0.5), (7.0, 0.25)), strict=True):
        want = torch_bars(course_, "arctan", "detached", slope, scale)
        found = course_.backward()
        np.testing.assert_allclose(found["inputs"]["I"], want[1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("threshold, reset, gap", [
    ("v > V_T", "v = V_r", lambda v, a: 1.5),
    ("V_T < v", "v = V_r", lambda v, a: 1.5),
    ("v >= V_T", "v -= 0.75", lambda v, a: 0.75),
    ("v > V_T + a", "v = V_r; a += 0.25", lambda v, a: np.abs(-0.5 - 1.0 - (a + 0.25))),
    ("v - a > V_T", "a += 0.25", lambda v, a: 0.25),
])  # fmt: skip
def test_the_scale_is_how_far_the_reset_takes_a_cell_from_its_threshold(threshold, reset, gap):
    model = Model("dv/dt = (I - v)/tau : 1\nda/dt = -a/tau : 1\nI : 1 (input)\nV_r : 1",
                  threshold=threshold, reset=reset,
                  parameters={"tau": "10 ms", "V_T": 1.0, "V_r": -0.5})  # fmt: skip
    rng = np.random.default_rng(0)
    made = Course(model, 1e-3, 1, size=5, start={"v": rng.uniform(0.5, 1.5, 5), "a": 0.1},
                  surrogate=Surrogate("fast_sigmoid", 3.0), spike_weight=1.0,
                  inputs={"I": np.ones((1, 5))})  # fmt: skip
    made.weights = {n: 0 * w for n, w in made.weights.items()}
    found = made.backward()
    decay = np.exp(-0.1)
    v, a = decay * made.start["v"] + (1 - decay), 0.1 * decay
    margin = v - 1.0 - (a if "a" in threshold else 0.0)
    scale = gap(v, a)
    want = made.spike_weights[0] / (1 + 3 * np.abs(margin / scale)) ** 2 / scale * decay
    np.testing.assert_allclose(found["states"]["v"], want, rtol=1e-9)


def test_a_refractory_cell_neither_spikes_nor_takes_a_surrogate():
    model = Model("dv/dt = (I - v)/tau : 1 (unless refractory)\nI : 1 (input)\nV_r : 1",
                  threshold="v > 1", reset="v = V_r", refractory="3*ms",
                  parameters={"tau": "10 ms", "V_r": 0.1})  # fmt: skip
    made = Course(model, 1e-3, 8, size=1, start={"v": [1.2]}, surrogate=Surrogate("fast_sigmoid"),
                  inputs={"I": np.full((8, 1), 5.0)}, spike_weight=1.0,
                  parameters=("V_r",))  # fmt: skip
    made.weights["v"][:] = 0.0
    found = made.backward()
    spikes = found["run"]["spikes"][:, 0]
    assert spikes[0] == 1 and spikes[1:4].sum() == 0
    np.testing.assert_array_equal(found["inputs"]["I"][1:4], 0.0)
    assert (found["inputs"]["I"][4:6] != 0.0).all()
    made.spike_weights[4:] = made.spike_weights[0] = 0.0  # nothing but what it did while held
    np.testing.assert_array_equal(made.backward()["parameters"]["V_r"], 0.0)


REFRACTORY = [
    {"refractory": "2*ms"},
    {"refractory": "2*ms", "crossing": "linear"},
    {"refractory": "v > 0.5"},
    {"crossing": "linear"},
]


@pytest.mark.parametrize("options", REFRACTORY)
@pytest.mark.parametrize("method", ["euler", "exact", "rk4"])
def test_refractoriness_and_crossings_inside_a_step(options, method):
    held = " (unless refractory)" if "refractory" in options else ""
    model = Model(f"dv/dt = (0.4 + I - v + 0.2*w)/tau : 1{held}\n"
                  "dw/dt = (v - w)/tau : 1\nI : 1 (input)", threshold="v > 1",
                  reset="v = 0.1*v; w *= g", parameters={"tau": "10 ms", "g": 0.5},
                  **options)  # fmt: skip
    made = driven(model, method=method, parameters=("tau", "g"), start={"v": [0.2, 0.9], "w": 0.5})
    if options.get("crossing") == "linear" and "refractory" in options:
        # when a cell crosses is a constant in the reverse: compare cells that do not spike
        made.inputs["I"] *= 0.1
        made.start["v"] = [0.2, 0.5]
    made.check_along()


def test_what_a_reset_changes_beside_states():
    model = Model("dv/dt = (I - v + k)/tau : 1\nk : 1\nI : 1 (input)", threshold="v > 1",
                  reset="v = 0; k = 0.5*k + d",
                  parameters={"tau": "10 ms", "k": 0.3, "d": 0.2})  # fmt: skip
    made = driven(model, parameters=("tau", "d"), start={"v": [0.2, 0.9], "k": 0.3})
    assert "k" in made.reverse.bar
    found = made.check_along()
    assert found["run"]["spikes"].sum() > 4


# -- noise, functions, matrices -----------------------------------------------------------------


@pytest.mark.parametrize("method, text", [
    ("euler", "dx/dt = (1 - x)/tau + s*sqrt(2/tau)*xi : 1"),
    ("milstein", "dx/dt = (1 - x)/tau + s*x*sqrt(2/tau)*xi : 1"),
    ("stochastic_heun", "dx/dt = (1 - x)/tau + s*sin(x)*sqrt(2/tau)*xi : 1"),
    ("exponential_euler", "dx/dt = (1 - x)/tau + s*sqrt(2/tau)*xi : 1"),
    ("euler", "dx/dt = (1 - x)*(rand() + s*randn())/tau : 1"),
])  # fmt: skip
def test_noise_is_drawn_again(method, text):
    model = Model(text, parameters={"tau": "10 ms", "s": 0.3})
    made = Course(model, 1e-3, 20, method=method, parameters=("tau", "s"), start={"x": [0.4, 1.5]})
    assert made.reverse.program.draws == made.program.draws
    made.check()


COUPLED = Model(
    "dx/dt = (-x + 2*y + p)/tau : 1\ndy/dt = (-q*x - y + z)/tau : 1\n"
    "dz/dt = -z/tau_z + r*y/tau : 1",
    parameters={"tau": "10 ms", "tau_z": "5 ms", "p": 0.4, "q": 1.5, "r": 0.3},
)
ALL = ("tau", "tau_z", "p", "q", "r")


@pytest.mark.parametrize("per_cell", [
    {}, {"q": [1.5, -0.5]}, {"tau": [0.01, 0.02], "r": [0.1, 0.0]},
])  # fmt: skip
def test_propagators_of_coupled_equations(per_cell):
    values = {name: np.array(value) for name, value in per_cell.items()}
    made = Course(COUPLED, 2e-3, 8, parameters=ALL, per_cell=values,
                  start={"x": [1.0, -1.0], "y": 0.5, "z": 0.2})  # fmt: skip
    assert made.program.method == "exact"
    found = made.check()
    for name in per_cell:
        assert np.shape(found["parameters"][name]) == (2,)


def terms():
    """Expressions of every function of the language that is smooth nearly everywhere."""
    leaf = st.sampled_from(["x", "y", "p", "0.7", "1.3", "-0.4"])
    one = ["exp({})", "expm1({})", "exprel({})", "log(1.5 + ({})**2)", "log1p(({})**2)",
           "log10(2 + ({})**2)", "log2(2 + ({})**2)", "sqrt(1 + ({})**2)", "sin({})", "cos({})",
           "tan(0.3*sin({}))", "arcsin(0.5*sin({}))", "arccos(0.5*cos({}))", "arctan({})",
           "sinh({})", "cosh({})", "tanh({})", "erf({})", "abs({})", "-({})", "({})**3",
           "(2 + sin({}))**1.5", "1/(1 + exp(-4*({})))", "floor({})", "sign({})", "int({} > 0.1)",
           "clip({}, -0.8, 0.8)", "({})*({})"]  # fmt: skip
    two = ["({}) + ({})", "({}) - ({})", "({})*({})", "({})/(2 + ({})**2)", "minimum({}, {})",
           "maximum({}, {})", "arctan2({}, 1 + ({})**2)", "mod({}, 2 + ({})**2)",
           "where({} > 0.3, {}, p)", "(2 + sin({}))**({})"]  # fmt: skip

    def grow(inner):
        return st.one_of(
            st.tuples(st.sampled_from(one), inner).map(lambda t: t[0].format(t[1], t[1])),
            st.tuples(st.sampled_from(two), inner, inner).map(lambda t: t[0].format(t[1], t[2])),
        )

    return st.recursive(leaf, grow, max_leaves=5).map(lambda text: f"tanh({text})")


@settings(max_examples=60, deadline=None)
@given(terms(), st.sampled_from(["euler", "rk2"]), st.integers(-99, 99), st.integers(-99, 99))
def test_random_expressions(text, method, x, y):
    x, y = x / 100 + 0.003, y / 100 + 0.007
    model = Model(f"dx/dt = ({text})/ms : 1\ndy/dt = (x - y)/ms : 1\np : 1", parameters={"p": 0.37})
    made = Course(model, 2e-4, 2, size=1, method=method, parameters=("p",),
                  start={"x": [x], "y": [y]})  # fmt: skip
    found = made.backward()
    bars = [found["states"]["x"], found["states"]["y"], found["parameters"].get("p", 0.0)]
    fine = [made.differences(*where, h=1e-6)
            for where in (("states", "x"), ("states", "y"), ("parameters", "p"))]  # fmt: skip
    coarse = [made.differences(*where, h=3e-6)
              for where in (("states", "x"), ("states", "y"), ("parameters", "p"))]  # fmt: skip
    for bar, near, far in zip(bars, fine, coarse, strict=True):
        if np.allclose(near, far, rtol=1e-4, atol=1e-5):  # else a kink or a jump is in between
            np.testing.assert_allclose(np.sum(bar), np.sum(near), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("text, x", [
    ("where(x > 0, sqrt(x), 0)", 0.0),
    ("where(x > 0, log(x), 0)", 0.0),
    ("where(x > 0, x**1.5/x, 0)", 0.0),
    ("where(x > 0, 1/x, x)", 0.0),
    ("where(x > 0, x, x*exp(x*1e6))", 1.0),
    ("sqrt(maximum(x, 0))", -1.0),
    ("sqrt(clip(x, 0, 9))", -1.0),
    ("log(maximum(0, -x))*0 + x", -1.0),
    ("1/(1 + exp(-x))", -1000.0),
    ("1/(1 + exp(-x))", 1000.0),
    ("log1p(exp(-abs(x)))", 1000.0),
    ("where(x > 0, x, expm1(x))", 1000.0),
])  # fmt: skip
def test_what_is_not_chosen_has_no_influence(text, x):
    made = Course(Model(f"dx/dt = ({text})/ms : 1", method="euler"), 1e-4, 2, size=1,
                  start={"x": [x]})  # fmt: skip
    bar = made.backward()["states"]["x"]
    assert np.isfinite(bar).all()
    far = made.differences("states", "x", h=1e-6) if x else None
    if far is not None:
        np.testing.assert_allclose(bar, far, rtol=1e-6)


# -- the same bits ------------------------------------------------------------------------------


@pytest.mark.parametrize("name, steps", [("HodgkinHuxley", 20), ("AdEx", 20)])
def test_compiled_code_and_interpreter_have_the_same_bits(name, steps):
    pytest.importorskip("numba")
    parameters = ("C_m", "g_L", "E_L")
    options = {"surrogate": Surrogate("fast_sigmoid", scale=0.01), "spike_weight": 1.0}
    runs = [course(name, steps=steps, parameters=parameters, backend=backend, **options).backward()
            for backend in ("interpreter", "numba")]  # fmt: skip
    for part in ("states", "inputs", "parameters"):
        for key, value in runs[0][part].items():
            np.testing.assert_array_equal(value, runs[1][part][key], err_msg=f"{part} {key}")


# q is read twice, so that the step does not fuse it into a sum; its reverse reads it once
TWICE = Model("q = x*y : 1\ndx/dt = (q + a - x)/ms : 1\ndy/dt = -y/ms : 1\ndz/dt = (q - z)/ms : 1\n"
              "a : 1", method="rk2", parameters={"a": 1.0})  # fmt: skip


@pytest.mark.parametrize("name", [*MODELS, "TWICE"])
def test_what_the_reverse_computes_again_has_the_bits_of_the_step(name):
    model = TWICE if name == "TWICE" else getattr(rb.models, name)
    program = lower(model)
    wanted = frozenset(n for n in model.defaults if not n.startswith("tau_ref"))
    back = reverse(program, surrogate=Surrogate(scale=1.0), with_respect_to=wanted,
                   inputs=frozenset()).program  # fmt: skip

    def written(block, index):  # what a value is, down to what is read
        node = block.nodes[index]
        return node.operation, node.payload, tuple(written(block, o) for o in node.operands)

    forward = {written(program.update, k) for k in range(len(program.update.nodes))}
    said = {n.hint for n in program.update.nodes if n.operands and n.hint}
    again = [k for k, n in enumerate(back.update.nodes) if n.hint in said]
    assert again or name == "RateUnit"
    assert all(written(back.update, k) in forward for k in again)


# -- what is refused --------------------------------------------------------------------------


def refused(program, **options):
    options = {"surrogate": NONE, "with_respect_to": frozenset(), "inputs": frozenset(), **options}
    return reverse(program, **options)


def test_cells_that_go_from_event_to_event_are_refused():
    model = Model("dv/dt = (I - v)/tau : 1\nI : 1 (input)", threshold="v > 1", reset="v = 0",
                  crossing="exact", parameters={"tau": "10 ms"})  # fmt: skip
    with pytest.raises(EquationError, match="no steps to go back through") as error:
        refused(lower(model))
    assert "surrogate='exact'" in str(error.value)


def test_inputs_have_to_exist():
    with pytest.raises(UnknownNameError, match="LIF has no input 'J'") as error:
        refused(lower(rb.models.LIF), inputs=frozenset({"J"}))
    assert "its inputs are: I" in str(error.value)


def test_a_refractory_period_has_no_derivative():
    with pytest.raises(EquationError, match="tau_ref says for how long a cell is refractory"):
        refused(lower(rb.models.LIF), with_respect_to=frozenset({"tau_ref", "tau_m"}))


def test_nor_has_one_that_the_reset_reads_as_well():
    with pytest.raises(EquationError, match="tau_ref says for how long a cell is refractory"):
        refused(lower(rb.models.GLIF2), with_respect_to=frozenset({"tau_ref"}))


def test_why_spikes_have_no_derivative_is_said():
    back = refused(lower(rb.models.HodgkinHuxley), surrogate=Surrogate())
    assert back.bar_spike is None
    assert "give it a scale" in back.no_spikes and "HodgkinHuxley" in back.no_spikes
    given = refused(lower(rb.models.HodgkinHuxley), surrogate=Surrogate(scale=0.01))
    assert given.bar_spike == "bar_spike" and given.no_spikes == ""
    unless = Model("dv/dt = -v/ms : 1", threshold="v > 1 and not (v > 2)", reset="v = 0")
    assert "is no comparison" in refused(lower(unless), surrogate=Surrogate()).no_spikes
    both = Model("dv/dt = -v/ms : 1\ndw/dt = -w/ms : 1", threshold="v > 1 and w > 2", reset="v = 0")
    assert "give it a scale" in refused(lower(both), surrogate=Surrogate()).no_spikes
    plain = refused(lower(rb.models.LIF))  # the true derivative, 0, was asked for
    assert plain.bar_spike is None and plain.no_spikes == ""
    assert "has no threshold" in refused(lower(rb.models.RateUnit)).no_spikes


def test_names_never_clash_with_those_of_the_model():
    model = Model("dv/dt = (bar_v - v)/ms : 1\nbar_v : 1\nbar_spike : 1", threshold="v > 1",
                  reset="v = 0", parameters={"bar_v": 0.4, "bar_spike": 1.0})  # fmt: skip
    back = refused(lower(model), surrogate=Surrogate(), with_respect_to=frozenset({"bar_v"}))
    names = [*back.bar.values(), back.bar_spike, *back.total.values()]
    assert len(set(names)) == len(names)
    assert not set(names) & {"v", "bar_v"}
