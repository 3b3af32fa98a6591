"""Patches and points of a cable: what they write, in which order variables are stepped, errors."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from tests.engine.cable_plans import PASSIVE, RECEPTOR, REST, SQUID, population

from rheobase.errors import EquationError
from rheobase.language.model import Model
from rheobase.lowering.cable import lower_patch, lower_point
from rheobase.lowering.stages import (
    MOST_ARRAYS,
    MOST_PLAIN,
    SCRATCH,
    loops,
    most_arrays,
    touched,
)
from rheobase.rendering import CompiledKernels
from rheobase.rendering.numba_source import source_of


def stepped(program: Any, model: Model, states: dict[str, Any], dt: float = 1e-5,
            size: int = 3, step: int = 1) -> dict[str, np.ndarray]:  # fmt: skip
    cells = population("x", program, model, size, dt, "interpreter", {}, states)
    cells.kernels.update(cells.arrays, cells.numbers, 0, size, step)
    return cells.arrays


def test_the_slope_of_the_voltage_is_linear() -> None:
    v = np.array([-0.09, -0.065, 0.02])
    found = stepped(lower_patch(SQUID), SQUID, {**REST, "v": v, "I": 1e-12})
    m, h, n = (found[x] for x in "mhn")
    g_Na, g_K = 1200 * m**3 * h, 360 * n**4
    np.testing.assert_allclose(found["rate"], (3 + g_Na + g_K) / 0.01, rtol=1e-12)
    pushed = 3 * -0.0543 + g_Na * 0.05 + g_K * -0.077 + 1e-12 / 1e-12
    np.testing.assert_allclose(found["source"], pushed / 0.01, rtol=1e-12)
    assert np.array_equal(found["v"], v)


def test_gates_go_half_a_step_at_first() -> None:
    v = np.array([-0.03, -0.065, 0.02])
    state = {**REST, "v": v}
    whole = stepped(lower_patch(SQUID), SQUID, state, step=7)["n"]
    half = stepped(lower_patch(SQUID), SQUID, state, step=0)["n"]
    twice = stepped(lower_patch(SQUID), SQUID, {**state, "n": half}, 0.5e-5, step=7)["n"]
    np.testing.assert_allclose(twice, whole, rtol=1e-13)


def test_what_is_not_linear_in_the_voltage_goes_by_its_derivative() -> None:
    model = Model(
        "dv/dt = (g*(E - v) + k*(exp(v/(5*mV)) - v/mV)/2 + I)/C : mV\nI : nA (input)",
        name="bent", parameters=dict(g="10 nS", E="-70 mV", k="3 pA", C="100 pF"),
    )  # fmt: skip
    v = np.array([-0.07, -0.01, 0.005])
    found = stepped(lower_patch(model), model, {"v": v})
    slope = (-1e-8 + 3e-12 * (np.exp(v / 0.005) / 0.005 - 1000) / 2) / 1e-10
    value = (1e-8 * (-0.07 - v) + 3e-12 * (np.exp(v / 0.005) - v * 1000) / 2) / 1e-10
    np.testing.assert_allclose(found["rate"], -slope, rtol=1e-12)
    np.testing.assert_allclose(found["source"] - found["rate"] * v, value, rtol=1e-12)


def test_a_point_writes_its_current_in_the_middle_of_the_step() -> None:
    program = lower_point(RECEPTOR)
    assert program.array("v").role == "voltage"
    found = stepped(program, RECEPTOR, {"g": 1e-8, "v": np.array([-0.07, 0, 0.1])}, 1e-4)
    np.testing.assert_allclose(found["rate"], 1e-8 * np.exp(-0.025), rtol=1e-12)
    assert np.all(found["source"] == 0.0)
    np.testing.assert_allclose(found["g"], 1e-8 * np.exp(-0.05), rtol=1e-12)


def test_the_current_may_be_any_expression() -> None:
    model = Model("v : mV (input)\ng : nS", name="plain", parameters=dict(g="2 nS"))
    found = stepped(lower_point(model, current="g*(-50*mV - v)/2"), model, {"v": -0.07})
    assert found["source"][0] == pytest.approx(-5e-11) and found["rate"][0] == pytest.approx(1e-9)


def test_names_of_the_model_come_first() -> None:
    model = Model("dv/dt = source - rate*v : mV\nsource : mV/ms\nrate : 1/ms", name="named",
                  parameters=dict(source="1 mV/ms", rate="0.1/ms"))  # fmt: skip
    linear = lower_patch(model).linear
    assert linear is not None and (linear.source, linear.rate) == ("source_", "rate_")
    CompiledKernels(lower_patch(model))


CHAIN = """
    dv/dt = (-v + q)/(10*ms) : 1
    dq/dt = (c*(1 - q) - q)/(3*ms) : 1
    dc/dt = (s*(2 - v) - c*c)/(5*ms) : 1
    ds/dt = (v - s)/(1*ms) : 1
"""
CIRCLE = """
    dv/dt = (-v + q)/(10*ms) : 1
    dq/dt = (c*(1 - q) - q*v)/(3*ms) : 1
    dc/dt = (0.5*q*(2 - v) - c)/(2*ms) : 1
"""


@pytest.mark.parametrize("equations", [CHAIN, CIRCLE])
def test_variables_that_read_each_other_are_of_order_two(equations: str) -> None:
    """Late variables, driven by a voltage that is known: v(t) = sin."""
    model = Model(equations, name="chain")
    program = lower_patch(model)

    def run(dt: float) -> np.ndarray:
        cells = population("x", program, model, 1, dt, "interpreter", {}, {"q": 0.1})
        for k in range(round(4e-3 / dt)):
            cells.arrays["v"][:] = np.sin(k * dt * 500)
            cells.kernels.update(cells.arrays, cells.numbers, 0, 1, k)
        # what is late is known at t - dt/2: compare there, with the next half step
        late = {n: cells.arrays[n].copy() for n in ("q", "c")}
        cells.arrays["v"][:] = np.sin(round(4e-3 / dt) * dt * 500)
        cells.kernels.update(cells.arrays, cells.numbers, 0, 1, 9)
        return np.array([0.5 * (late[n] + cells.arrays[n]) for n in late])

    exact = run(6.25e-6)
    errors = [np.abs(run(dt) - exact).max() for dt in (2e-4, 1e-4, 5e-5)]
    assert np.all(np.log2(np.divide(errors[:-1], errors[1:])) > 1.75)


@pytest.mark.parametrize("lower, model, said", [
    (lower_patch, RECEPTOR, "has an equation of its voltage; write 'dv/dt = "),
    (lower_point, PASSIVE, "reads the voltage of its compartment; write 'v : mV (input)'"),
    (lower_patch, Model("dv/dt = -v/ms : mV", threshold="v > 1*mV", reset="v = 0*mV", name="lif"),
     "lif: a part of a cell has no threshold of its own"),
    (lower_patch, Model("dv/dt = -v/ms + mV*xi/sqrt(ms) : mV", name="noisy"),
     "noisy: a membrane or receptor on a cable has no place for white noise"),
    (lower_patch, Model("dv/dt = (rand()*mV - v)/ms : mV", name="random"),
     "random: a membrane or receptor on a cable draws no random numbers"),
    (lower_point, Model("v : mV (input)\ng : nS", name="empty", parameters=dict(g="1 nS")),
     "its current 'I' reads none of its variables; write for example 'I = g*(E - v) : nA'"),
])  # fmt: skip
def test_what_cannot_be_on_a_cable(lower: Any, model: Model, said: str) -> None:
    with pytest.raises(EquationError, match=re.escape(said)):
        lower(model)


# -- wide membranes ----------------------------------------------------------------------------


def wide(channels: int, pool: bool = False) -> Model:
    """A membrane with some channels of two gates each, one current of which is bent."""
    parts = "".join(f" + g_{k}*m_{k}**3*h_{k}*(E_{k} - v)" for k in range(channels))
    text = f"dv/dt = (I/area{parts} - bent*v/(1 - exp(-v/(25*mV))))/C_m : mV\nI : nA (input)\n"
    if pool:  # which reads all gates, and is read by one of them
        text += f"dc/dt = -k*(0*nA/area{parts}) - c/(20*ms) : 1\n"
        text += "dq/dt = (c/(1 + c) - q)/(5*ms) : 1\n"
        text = text.replace("- bent", "- q*bent")
    for k in range(channels):
        text += f"""
        dm_{k}/dt = alpha_{k}*(1 - m_{k}) - beta_{k}*m_{k} : 1
        dh_{k}/dt = (1/(1 + exp((v + {50 + k}*mV)/(6*mV))) - h_{k})/tau_{k} : 1
        alpha_{k} = 1/exprel(-(v + {40 + k}*mV)/(10*mV))/ms : 1/ms
        beta_{k} = 4*exp(-(v + {65 + k}*mV)/(18*mV))/ms : 1/ms
        tau_{k} = 1*ms + 10*ms/(1 + exp((v + {30 + k}*mV)/(8*mV))) : ms
        """
    values = dict(area="1 um**2", C_m="1 uF/cm**2", bent="1e-3 mS/cm**2")
    if pool:
        values["k"] = "0.01 cm**2/(uA*ms)"
    values |= {f"g_{k}": "0.1 mS/cm**2" for k in range(channels)}
    values |= {f"E_{k}": f"{10 * k - 60} mV" for k in range(channels)}
    return Model(text, name=f"wide_{channels}{'_pool' * pool}", parameters=values)


def test_a_wide_membrane_is_cut_into_narrow_loops() -> None:
    density = frozenset(f"g_{k}" for k in range(9))
    program = lower_patch(wide(9), density | {"area"})
    parts = loops(program.update)
    assert 8 < len(parts) < 25
    assert all(len(touched(part)) <= most_arrays(part) + 2 for part in parts)
    assert {most_arrays(part) for part in parts} == {MOST_ARRAYS, MOST_PLAIN}
    written = [w.target for part in parts for w in part.writes if SCRATCH not in w.target]
    assert sorted(written) == sorted(w.target for w in program.update.writes)


def test_a_narrow_membrane_is_not_cut() -> None:
    program = lower_patch(SQUID, frozenset({"area"}))
    assert len(loops(program.update)) == 3
    assert "part" not in source_of(program)


def ladder() -> Model:
    """A membrane with a kinetic scheme of two rows of five states, and a gate."""
    right = {f"{row}{k}": "" for row in "CI" for k in range(5)}
    links = [(f"{row}{k}", f"{row}{k + 1}") for row in "CI" for k in range(4)]
    for a, b in [*links, *((f"C{k}", f"I{k}") for k in range(5))]:
        right[a] += f" + down*{b} - up*{a}"
        right[b] += f" + up*{a} - down*{b}"
    text = "dv/dt = (I/area + (g_0*C4 + g_1*m)*(E - v))/C_m : mV\nI : nA (input)\n"
    text += "".join(f"d{name}/dt = {x.removeprefix(' + ')} : 1\n" for name, x in right.items())
    text += """
    up = 90*exp(v/(24*mV))/ms : 1/ms
    down = 20*exp(-v/(24*mV))/ms : 1/ms
    dm/dt = (1/(1 + exp((v + 50*mV)/(6*mV))) - m)/ms : 1
    """
    values = dict(area="1 um**2", C_m="1 uF/cm**2", g_0="2 mS/cm**2", g_1="0.1 mS/cm**2", E="0 mV")
    return Model(text, name="ladder", parameters=values)


def test_the_elimination_of_a_scheme_is_cut_into_few_loops() -> None:
    program = lower_patch(ladder(), frozenset({"area"}))
    assert len(program.together[0]) == 10
    assert len(loops(program.update)) < 12


@pytest.mark.parametrize("channels, pool", [(3, False), (7, False), (5, True), (2, None)])
def test_a_wide_membrane_has_the_same_bits_compiled(channels: int, pool: bool | None) -> None:
    model, size = ladder() if pool is None else wide(channels, pool), 300
    rng = np.random.default_rng(1)
    density = {f"g_{k}": rng.uniform(0.5, 2, size) for k in range(channels)}
    program = lower_patch(model, frozenset(density) | {"area"})
    values = density | {"area": rng.uniform(1e-12, 2e-12, size)}
    states = {name: rng.random(size) for name in program.states} | {
        "v": rng.uniform(-0.09, 0.04, size), "I": rng.uniform(-1e-12, 1e-12, size)
    }  # fmt: skip
    found = []
    for backend in ("interpreter", "numba"):
        cells = population("x", program, model, size, 1e-5, backend, values, states)
        for step in range(3):
            _run(cells, size, step)
        found.append(cells.arrays)
    for name in found[0]:
        assert np.array_equal(found[0][name], found[1][name]), name


def _run(cells: Any, size: int, step: int) -> None:
    if not isinstance(cells.kernels, CompiledKernels):
        cells.kernels.update(cells.arrays, cells.numbers, 0, size, step)
        return
    from ctypes import CFUNCTYPE, c_int64

    names = cells.kernels.array_names
    table = np.array([cells.arrays[n].ctypes.data for n in names], np.int64)
    update = CFUNCTYPE(None, *[c_int64] * 5)(cells.kernels.update_address)
    update(table.ctypes.data, cells.numbers.ctypes.data, 0, size, step)
