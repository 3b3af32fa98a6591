"""The compiled kernels and the interpreter agree bit for bit, on every kind of model."""

from __future__ import annotations

import ast
import ctypes

import numpy as np
import pytest
from tests.stepping import Cells, arrays_for

from rheobase.language.model import Model
from rheobase.lowering import lower
from rheobase.lowering.integrators import METHODS
from rheobase.rendering import (
    CompiledKernels,
    InterpreterKernels,
    effective_weights,
    prepare,
    source_of,
)
from rheobase.units import Mohm, ms, mV, nS, pA, pF

LIF = dict(
    equations="""
    dv/dt = (E_L - v + g)/tau_m : mV (unless refractory)
    dg/dt = -g/tau_s : mV
    """,
    threshold="v > V_T", reset="v = V_r", refractory="tau_ref",
    parameters=dict(E_L=-49 * mV, V_T=-50 * mV, V_r=-60 * mV, tau_m=20 * ms, tau_s=5 * ms,
                    tau_ref=0.7 * ms),
)  # fmt: skip
NOISY = dict(
    equations="""
    dv/dt = (E_L - v)/tau_m + sigma*sqrt(2/tau_m)*xi + 3*mV*randn()/ms : mV (unless refractory)
    dw/dt = (rand() - w)/tau_m : 1
    """,
    threshold="v > V_T + 2*mV*w", reset="v = V_r\nw += 0.25", refractory=1 * ms,
    parameters=dict(E_L=-49 * mV, V_T=-50 * mV, V_r=-60 * mV, tau_m=20 * ms, sigma=2 * mV),
)  # fmt: skip
ADAPTIVE = dict(
    equations="""
    dv/dt = (g_L*(E_L - v) + g_L*D*exp((clip(v, -1*volt, 0*mV) - V_T)/D) - w + I)/C : mV
    dw/dt = (a*(v - E_L) - w)/tau_w : pA
    I = 500*pA*(1 + 0.5*sin(2*pi*t/(10*ms))) : pA
    """,
    threshold="v > 0*mV", reset="v = -58*mV; w += b",
    parameters=dict(C=200 * pF, g_L=10 * nS, E_L=-70 * mV, V_T=-50 * mV, D=2 * mV, a=2 * nS,
                    tau_w=30 * ms, b=60 * pA),
)  # fmt: skip
LINEAR_CROSSING = {**LIF, "crossing": "linear", "method": "euler",
                   "parameters": {**LIF["parameters"], "tau_ref": 1.3 * ms}}  # fmt: skip
HELD_COUPLED = dict(
    equations="""
    dv/dt = (E_L - v - R*w)/tau_m : mV (unless refractory)
    dw/dt = (a*(v - E_L) - w)/tau_w : pA
    """,
    threshold="v > V_T", reset="v = V_r; w += 20*pA", refractory=3 * ms,
    parameters=dict(E_L=-45 * mV, V_T=-50 * mV, V_r=-60 * mV, tau_m=20 * ms, tau_w=50 * ms,
                    a=1 * nS, R=100 * Mohm),
)  # fmt: skip
CONDITION = dict(
    equations="""
    dv/dt = (0.04*v**2 + 5*v + 140 - u + 10)/ms : 1
    du/dt = a*(0.2*v - u)/ms : 1
    """,
    threshold="v > 0", refractory="v > -20", reset="u += 2; theta += 1",
    parameters=dict(a=0.02), initial=dict(v="-65", u="-13"), method="euler",
)  # fmt: skip
CONDITION["equations"] += "\n theta : 1\n"
CONDITION["parameters"]["theta"] = 0.0
MODELS = {"lif": LIF, "noisy": NOISY, "adaptive": ADAPTIVE, "linear crossing": LINEAR_CROSSING,
          "held and coupled": HELD_COUPLED, "condition": CONDITION}  # fmt: skip
START = {"condition": {"v": (-70.0, -50.0), "u": (-14.0, -12.0)}}


def start(cells, name):
    rng = np.random.default_rng(1)
    ranges = START.get(name, {"v": (-0.060, -0.0501)})
    for variable, (low, high) in ranges.items():
        cells.arrays[variable][:] = rng.uniform(low, high, cells.size)
    return cells


def assert_same(a, b):
    assert a.spikes == b.spikes
    for name in a.arrays:
        np.testing.assert_array_equal(a.arrays[name].view(np.uint8), b.arrays[name].view(np.uint8),
                                      err_msg=name)  # fmt: skip


@pytest.mark.parametrize("size", [1, 7, 67])
@pytest.mark.parametrize("name", MODELS)
def test_both_backends_give_the_same_bits(name, size):
    model = Model(**MODELS[name])
    runs = []
    for backend in ("interpreter", "numba"):
        cells = start(Cells(model, 1e-4, size, backend=backend), name)
        runs.append(cells.run(400))
    assert_same(*runs)
    assert size == 1 or runs[0].spikes


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_the_same_bits(method):
    text = LIF["equations"].replace("tau_m :", "tau_m*(1 + 0*v/mV) :")
    if METHODS[method].noise != "none":
        text = text.replace(" : mV (unless", "+ mV*xi/sqrt(ms) : mV (unless")
    model = Model(**{**LIF, "equations": LIF["equations"] if method == "exact" else text,
                     "method": method})  # fmt: skip
    if method in ("exponential_euler", "staggered", "membrane"):
        model = Model(**{**LIF, "method": "exponential_euler"})
    runs = [start(Cells(model, 1e-4, 13, backend=b), "").run(200) for b in ("interpreter", "numba")]
    assert_same(*runs)


def test_parameters_of_each_cell_give_the_same_bits():
    model = Model(**LIF)
    each = dict(tau_m=np.linspace(0.01, 0.03, 19), V_T=np.linspace(-0.052, -0.0495, 19))
    runs = [start(Cells(model, 1e-4, 19, backend=b, per_cell=each), "").run(300)
            for b in ("interpreter", "numba")]  # fmt: skip
    assert_same(*runs)
    assert runs[0].spikes


def test_kernels_of_many_arrays_give_the_same_bits():
    """More than 30: numba inlines no call with so many arguments."""
    names = [f"x{k}" for k in range(16)]
    model = Model(
        "\n".join(f"d{x}/dt = (a_{x} - {x})/tau : 1" for x in names),
        threshold="x0 > 0.9", reset="; ".join(f"{x} = 0.1*a_{x}" for x in names),
        parameters={f"a_{x}": 1.0 for x in names} | {"tau": 3 * ms}, method="euler",
    )  # fmt: skip
    each = {f"a_{x}": np.linspace(0.9, 1.1, 19) for x in names}
    runs = [Cells(model, 1e-4, 19, backend=b, per_cell=each).run(200)
            for b in ("interpreter", "numba")]  # fmt: skip
    assert_same(*runs)
    assert runs[0].spikes


def test_a_block_of_cells_steps_as_in_the_whole():
    model = Model(**NOISY)
    whole, parts = (start(Cells(model, 1e-4, 80, backend="numba"), "") for _ in range(2))
    for _ in range(50):
        whole.step()
        spikes = len(parts.spikes)
        update = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)(parts.compiled.update_address)
        numbers = parts.prepared.numbers
        for lo, hi in ((64, 80), (0, 32)):
            update(parts.table.ctypes.data, numbers.ctypes.data, lo, hi, parts.step_count)
        parts.step(32, 64)
        assert len(parts.spikes) >= spikes
    assert_same(whole, parts)


def test_the_first_steps_of_a_lif_are_those_of_its_closed_form():
    cells = Cells(Model(**LIF), 1e-4, 1)
    cells.arrays["v"][:] = -0.06
    cells.arrays["g"][:] = 0.004
    for k in range(1, 100):
        cells.step()
        t = k * 1e-4
        synaptic = 0.004 * 5 / (5 - 20) * (np.exp(-t / 0.005) - np.exp(-t / 0.02))
        want = -0.049 + (-0.06 + 0.049) * np.exp(-t / 0.02) + synaptic
        assert cells.arrays["v"][0] == pytest.approx(want, rel=1e-12)


def test_a_held_variable_is_constant_for_those_that_go_on():
    cells = Cells(Model(**HELD_COUPLED), 1e-4, 1)
    cells.arrays["v"][:] = -0.0501
    while not cells.spikes:
        cells.step()
    w = cells.arrays["w"][0]
    cells.run(30)
    assert cells.arrays["v"][0] == -0.06
    target = 1e-9 * (-0.06 + 0.045)
    assert cells.arrays["w"][0] == pytest.approx(target + (w - target) * np.exp(-3 / 50), rel=1e-9)
    cells.step()
    assert cells.arrays["v"][0] != -0.06


def test_refractoriness_holds_for_the_stated_number_of_steps():
    cells = Cells(Model(**LIF), 1e-4, 1)
    cells.arrays["v"][:] = -0.0499
    cells.step()
    assert cells.spikes == [(0, 0)] and cells.arrays["v"][0] == -0.06
    for _ in range(7):
        cells.step()
        assert cells.arrays["v"][0] == -0.06
    cells.step()
    assert cells.arrays["v"][0] > -0.06


def test_a_removable_singularity_is_passed_over():
    text = "dn/dt = 0.1*(v + 40*mV)/mV/(1 - exp(-(v + 40*mV)/(10*mV)))*(1 - n)/ms : 1\n v : volt"
    model = Model(text, parameters=dict(v=-40 * mV), method="euler")
    for v in (-0.040, -0.040 + 1e-12, -0.0399):
        cells = Cells(model, 1e-4, 2, per_cell=dict(v=np.full(2, v))).run(1)
        assert cells.arrays["n"][0] == pytest.approx(0.1, rel=2e-2)


def test_nan_is_marked_in_the_mask_at_its_step():
    model = Model("dx/dt = x*x/ms : 1", method="euler")
    for backend in ("interpreter", "numba"):
        cells = Cells(model, 1.0, 3, backend=backend)
        cells.arrays["x"][:] = [0.0, 1e200, 1.0]
        cells.step()
        np.testing.assert_array_equal(cells.arrays["spiked"], [0, 2, 0])


EVENT = dict(
    equations="dv/dt = -v/(10*ms) : 1 (unless refractory)\ndu/dt = -u/(10*ms) : 1",
    threshold="v > 1", reset="v = 0", refractory=2 * ms,
    receives=dict(shunt="v += weight*(1 - v); u += v", plain="v += 2*weight"),
)  # fmt: skip


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_events_run_one_after_another(kind):
    program = lower(Model(**EVENT))
    assert program.ports["shunt"].event and not program.ports["plain"].event
    prepared = prepare(program, {**Model(**EVENT).defaults, "N": 3.0}, 1e-4, 0.0)
    targets = np.array([0, 2, 0, 1], np.int32)
    weights = {0: np.array([0.1, 0.2, 0.3, 0.4]), 1: np.array([0.5]),
               2: np.array([0.1, 0.2, 0.3, 0.4], np.float32)}[kind]  # fmt: skip
    both = []
    for backend in ("interpreter", "numba"):
        arrays = arrays_for(program, 3, prepared)
        arrays["release"][1] = 9  # refractory at step 4: v is not written, u is
        if backend == "interpreter":
            InterpreterKernels(program).arrive("shunt", arrays, prepared.numbers, targets, weights,
                                               4)  # fmt: skip
        else:
            kernels = CompiledKernels(program)
            table = np.array([arrays[n].ctypes.data for n in kernels.array_names], np.int64)
            call = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 7)(kernels.arrive_addresses["shunt"])
            call(table.ctypes.data, prepared.numbers.ctypes.data, targets.ctypes.data,
                 weights.ctypes.data, 4, 4, kind)  # fmt: skip
        both.append(arrays)
    for name in both[0]:
        np.testing.assert_array_equal(both[0][name], both[1][name])
    w = np.broadcast_to(weights.astype(float), 4)
    v0 = w[0]
    v0 = v0 + w[2] * (1 - v0)
    np.testing.assert_allclose(both[0]["v"], [v0, 0.0, w[1]], rtol=1e-6)
    assert both[0]["u"][0] == pytest.approx(w[0] + v0, rel=1e-6)
    assert both[0]["u"][1] == pytest.approx(w[3], rel=1e-6)


def test_effective_weights():
    program = lower(Model(**EVENT))
    assert effective_weights(program, "plain", "v", 0.5, {}) == 1.0
    np.testing.assert_array_equal(
        effective_weights(program, "plain", "v", np.array([1.0, 2.0]), {}), [2.0, 4.0]
    )
    own = lower(Model(**{**LIF, "receives": "g += weight"}))
    weights = np.ones(3, np.float32)
    assert effective_weights(own, "g", "g", weights, {}) is weights


def test_source_is_valid_python_with_the_equations_in_it():
    for options in MODELS.values():
        source = source_of(lower(Model(**options)))
        ast.parse(source)
        assert max(map(len, source.splitlines())) <= 120
        first = options["equations"].strip().splitlines()[0].strip()
        assert first.split(":")[0].strip()[:30] in source


def test_numbers_are_not_in_the_source():
    a = Model(**LIF)
    b = a(tau_m=33 * ms, E_L=-12 * mV, V_T=1 * mV)
    assert source_of(lower(a)) == source_of(lower(b))
    assert "20" not in source_of(lower(a)).split("for i in")[1]


def test_subexpressions_can_be_observed():
    model = Model(**ADAPTIVE)
    both = []
    for backend in ("interpreter", "numba"):
        cells = start(Cells(model, 1e-4, 5, backend=backend, observed=frozenset({"I"})), "")
        if backend == "interpreter":
            values = cells.kernels.observe("I", cells.arrays, cells.prepared.numbers, 0, 5, 25)
        else:
            call = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)(
                cells.compiled.observe_addresses["I"]
            )
            call(cells.table.ctypes.data, cells.prepared.numbers.ctypes.data, 0, 5, 25)
            values = cells.arrays["observed_I"]
        both.append(values.copy())
    np.testing.assert_array_equal(*both)
    np.testing.assert_allclose(both[0], 500e-12 * 1.5, rtol=1e-12)
