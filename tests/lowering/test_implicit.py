"""The implicit step of kinetic schemes: against numpy and scipy, order, stiffness, conservation."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.engine.cable_plans import population
from tests.stepping import Cells

from rheobase.language.model import Model
from rheobase.lowering import lower
from rheobase.lowering.cable import lower_patch
from rheobase.lowering.integrators.implicit import GAMMA, conserved, linear_groups, markowitz
from rheobase.lowering.lower import Lowering
from rheobase.lowering.system import System

MS = 1e-3
STATES = ("C", "D", "O", "J", "K")
SCHEME = """
    up = FAST*40*exp(v/(24*mV))/ms : 1/ms
    down = FAST*5*exp(-v/(24*mV))/ms : 1/ms
    dC/dt = down*D + 0.4*J/ms - (2*up + 0.05/ms)*C : 1
    dD/dt = 2*up*C + 2*down*O - (down + up)*D : 1
    dO/dt = up*D + 0.05*K/ms - (2*down + 3/ms)*O : 1
    dJ/dt = 0.05*C/ms + down/2*K - (0.4/ms + up)*J : 1
    dK/dt = 3*O/ms + up*J - (down/2 + 0.05/ms)*K : 1
    FAST : 1
"""
"""A cycle of five states, all of them written."""
CELL = (
    "dv/dt = (12*O*(60*mV - v) + 0.4*(-70*mV - v) + 3*n**4*(-90*mV - v))/ms : mV\n"
    + SCHEME
    + """
    dn/dt = (1/(1 + exp(-(v + 40*mV)/(9*mV))) - n)/(2*ms) : 1
"""
)
DRIVEN = "dv/dt = 0*O*mV/ms : mV\n" + SCHEME


def rates(v: float, fast: float = 1.0) -> np.ndarray:
    """A of dx/dt = A x [1/s]."""
    up, down = fast * 40 * np.exp(v / 0.024), fast * 5 * np.exp(-v / 0.024)
    jumps = [(0, 1, 2 * up), (1, 0, down), (1, 2, up), (2, 1, 2 * down), (2, 4, 3), (4, 2, 0.05),
             (0, 3, 0.05), (3, 0, 0.4), (3, 4, up), (4, 3, down / 2)]  # fmt: skip
    table = np.zeros((5, 5))
    for source, target, rate in jumps:
        table[target, source] += rate
        table[source, source] -= rate
    return table / MS


def steady(v: float) -> np.ndarray:
    table = rates(v)
    table[-1] = 1
    return np.linalg.solve(table, np.eye(5)[-1])


def system_of(text: str) -> System:
    model = Model(text, parameters={"FAST": 1} if "FAST" in text else {})
    return Lowering(model, frozenset(), frozenset(), "membrane").built().system


def run(text: str, dt: float, duration: float, start: dict[str, Any], size: int = 1,
        backend: str = "interpreter", fast: float = 1) -> Cells:  # fmt: skip
    cells = Cells(Model(text, parameters={"FAST": fast}), dt, size, "membrane", backend)
    for name, value in start.items():
        cells.arrays[name][:] = value
    return cells.run(round(duration / dt))


def test_one_step_is_that_of_the_rule() -> None:
    dt, start = 0.1 * MS, np.array([0.2, 0.1, 0.3, 0.25, 0.15])
    for v in (-0.08, -0.02, 0.05):
        first = {"v": v, **dict(zip(STATES, start, strict=True))}
        found = run(DRIVEN, dt, dt, first, fast=30).arrays
        half = GAMMA * dt / 2 * rates(v, 30)  # of the gates, the first step is a half
        inverse = np.linalg.inv(np.eye(5) - half)
        want = inverse @ inverse @ (start + (1 - 2 * GAMMA) / GAMMA * half @ start)
        np.testing.assert_allclose([found[n][0] for n in STATES], want, atol=1e-13)


def test_second_order_as_a_point() -> None:
    def right(_: float, x: np.ndarray) -> Any:
        v, n = x[0], x[6]
        slope = 12 * x[3] * (0.06 - v) + 0.4 * (-0.07 - v) + 3 * n**4 * (-0.09 - v)
        opening = (1 / (1 + np.exp(-(v + 0.04) / 0.009)) - n) / 2
        return [slope / MS, *(rates(v) @ x[1:6]), opening / MS]

    first = np.array([-0.035, *steady(-0.07), 0.05])
    want = solve_ivp(right, (0, 2 * MS), first, method="Radau", rtol=1e-11, atol=1e-13).y[0, -1]
    names = ("v", *STATES, "n")
    errors = []
    for dt in (0.02, 0.01, 0.005):
        cells = run(CELL, dt * MS, 2 * MS, dict(zip(names, first, strict=True)))
        errors.append(abs(cells.arrays["v"][0] - want))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(orders > 1.8) and errors[0] < 5e-4, (errors, orders)


def test_second_order_along_a_cable() -> None:
    """The states of a patch, driven by a voltage that is known."""
    model = Model(CELL, name="patch", parameters={"FAST": 1})
    program = lower_patch(model)

    def voltage(t: float) -> float:
        return -0.03 + 0.05 * np.sin(2000 * t)

    def run_patch(dt: float) -> np.ndarray:
        first = dict(zip(STATES, steady(voltage(0)), strict=True))
        cells = population("x", program, model, 1, dt, "interpreter", {"FAST": 1}, first)
        last = round(2 * MS / dt)
        for k in range(last + 1):
            before = np.array([cells.arrays[n][0] for n in STATES])
            cells.arrays["v"][:] = voltage(k * dt)
            cells.kernels.update(cells.arrays, cells.numbers, 0, 1, k)
        return 0.5 * (before + [cells.arrays[n][0] for n in STATES])

    want = solve_ivp(lambda t, x: rates(voltage(t)) @ x, (0, 2 * MS), steady(voltage(0)),
                     method="Radau", rtol=1e-11, atol=1e-13, max_step=2e-5).y[:, -1]  # fmt: skip
    errors = [np.abs(run_patch(dt * MS) - want).max() for dt in (0.02, 0.01, 0.005)]
    assert np.all(np.log2(np.divide(errors[:-1], errors[1:])) > 1.8), errors


@pytest.mark.parametrize("fast", [1e3, 1e6])
def test_stiff_rates_settle_and_the_sum_stays(fast: float) -> None:
    v = np.linspace(-0.1, 0.05, 7)
    first = {"v": v, "C": 1.0}
    cells = run(DRIVEN, 0.1 * MS, 400 * MS, first, 7, fast=fast)
    total = sum(cells.arrays[n] for n in STATES)
    np.testing.assert_allclose(total, 1.0, atol=1e-14)
    for k, at in enumerate(v):
        table = rates(at, fast)
        table[-1] = 1
        want = np.linalg.solve(table, np.eye(5)[-1])
        np.testing.assert_allclose([cells.arrays[n][k] for n in STATES], want, atol=1e-9)


def test_both_backends_give_the_same_bits() -> None:
    start = {"v": np.linspace(-0.09, 0.03, 19), "C": 1.0}
    runs = [
        run(CELL, 0.05 * MS, 5 * MS, start, 19, backend) for backend in ("interpreter", "numba")
    ]
    for name in ("v", *STATES, "n"):
        assert runs[0].arrays[name].tobytes() == runs[1].arrays[name].tobytes()


# -- structure ---------------------------------------------------------------------------------

CALCIUM = """
dv/dt = (-3*O*v - 0.5*(v + 60*mV))/ms : mV
dc/dt = (2*O*(1 - v/(50*mV)) - c/(1 + c))/ms : 1
dC/dt = (B - c*(2 + v/(100*mV))*C)/ms : 1
dB/dt = (c*(2 + v/(100*mV))*C - B - 3*B + O)/ms : 1
dO/dt = (3*B - O)/ms : 1
"""


def test_a_scheme_that_its_own_calcium_moves_is_one_group() -> None:
    found = linear_groups(system_of(CALCIUM), ("c", "C", "B", "O"))
    assert found == [("c",), ("C", "B", "O")]
    mixed = CALCIUM.replace("c/(1 + c)", "c")
    assert linear_groups(system_of(mixed), ("c", "C", "B", "O")) == [("c",), ("C", "B", "O")]


def test_second_order_with_calcium_in_the_circle() -> None:
    def right(_: float, x: np.ndarray) -> Any:
        v, calcium, closed, bound, opened = x[0] * 1e3, *x[1:]
        bind = calcium * (2 + v / 100) * closed
        slope = (-3 * opened * v - 0.5 * (v + 60)) * 1e-3
        inflow = 2 * opened * (1 - v / 50) - calcium / (1 + calcium)
        moves = [bound - bind, bind - 4 * bound + opened, 3 * bound - opened]
        return np.array([slope, inflow, *moves]) / MS

    first = {"v": -0.06, "c": 0.4, "C": 0.7, "B": 0.2, "O": 0.1}
    want = solve_ivp(right, (0, 4 * MS), list(first.values()), method="DOP853", rtol=1e-12,
                     atol=1e-14).y[0, -1]  # fmt: skip
    errors = []
    for dt in (0.1, 0.05, 0.025):
        cells = Cells(Model(CALCIUM), dt * MS, method="membrane")
        for name, value in first.items():
            cells.arrays[name][:] = value
        errors.append(abs(cells.run(round(4 / dt)).arrays["v"][0] - want))
    assert np.all(np.log2(np.divide(errors[:-1], errors[1:])) > 1.8), errors


def test_linear_states_that_are_no_scheme() -> None:
    """A cascade with a feedback, and the N - 1 states of a scheme with the last one left out."""
    text = """
    dv/dt = (-20*y*v - (v + 60*mV))/ms : mV
    a = 30*exp(v/(20*mV))/ms : 1/ms
    dx/dt = a*(1 - x - y) - 2*x/ms + y/ms : 1
    dy/dt = 2*x/ms - y/ms - 0.5*y/ms : 1
    """
    start = {"v": -0.03, "x": 0.2, "y": 0.3}

    def right(_: float, s: np.ndarray) -> Any:
        v, x, y = s
        a = 30 * np.exp(v / 0.02)
        return (
            np.array([-20 * y * v - (v + 0.06), a * (1 - x - y) - 2 * x + y, 2 * x - 1.5 * y]) / MS
        )

    want = solve_ivp(right, (0, 1 * MS), list(start.values()), method="Radau", rtol=1e-11,
                     atol=1e-13).y[0, -1]  # fmt: skip
    errors = []
    for dt in (0.05, 0.025, 0.0125):
        cells = Cells(Model(text), dt * MS, method="membrane")
        for name, value in start.items():
            cells.arrays[name][:] = value
        errors.append(abs(cells.run(round(1 / dt)).arrays["v"][0] - want))
    assert np.all(np.log2(np.divide(errors[:-1], errors[1:])) > 1.7), errors


@pytest.mark.parametrize("change, kept", [
    (("", ""), True),
    (("0.05*K/ms - (2*down + 3/ms)*O", "0.05*K/ms - (2*down + 3.001/ms)*O"), False),
    (("(2*up + 0.05/ms)*C", "(2*up + 0.05/ms)*C + 0.1/ms"), False),
    (("(down + up)*D", "up*D - D*down"), True),
    (("3*O/ms", "(1 + 2)*O/ms"), True),
])  # fmt: skip
def test_what_is_conserved_is_seen(change: tuple[str, str], kept: bool) -> None:
    from rheobase.lowering.integrators.implicit import linear_forms

    forms = linear_forms(system_of(CELL.replace(*change)), STATES)
    assert forms is not None
    assert conserved(forms) is kept


def test_little_is_filled_in() -> None:
    """A ladder of 2 x 6, as of a sodium channel: the order fills in less than that of writing."""
    n = 6
    pattern: dict[str, set[str]] = {f"{r}{k}": set() for r in "CI" for k in range(n)}
    for k in range(n):
        pattern[f"C{k}"].add(f"I{k}")
        pattern[f"I{k}"].add(f"C{k}")
        for r in "CI":
            pattern[f"{r}{k}"] |= {f"{r}{j}" for j in (k - 1, k + 1) if 0 <= j < n}
    assert fill(pattern, markowitz(pattern)) <= 18 < fill(pattern, list(pattern))
    chain = {str(k): {str(j) for j in (k - 1, k + 1) if 0 <= j < 9} for k in range(9)}
    assert fill(chain, markowitz(chain)) == 0


def fill(pattern: dict[str, set[str]], order: list[str]) -> int:
    reads, added = {n: set(r) for n, r in pattern.items()}, 0
    for k in order:
        for i in [i for i in reads if k in reads[i]]:
            new = (reads[i] | reads[k]) - {i, k}
            added += len(new - reads[i])
            reads[i] = new
        del reads[k]
    return added


def test_a_scheme_of_twelve_states_takes_few_operations() -> None:
    rows = ["C1", "C2", "C3", "C4", "C5", "O", "I1", "I2", "I3", "I4", "I5", "I6"]
    links = [(rows[k], rows[k + 1]) for k in (*range(5), *range(6, 11))]
    links += [(rows[k], rows[k + 6]) for k in range(6)]
    right = {n: "" for n in rows}
    for a, b in links:
        for source, target, rate in ((a, b, "up"), (b, a, "down")):
            right[source] += f" - {rate}*{source}"
            right[target] += f" + {rate}*{source}"
    text = "\n".join(f"d{n}/dt = {x} : 1" for n, x in right.items())
    text += "\nup = exp(v/mV)/ms : 1/ms\ndown = exp(-v/mV)/ms : 1/ms\ndv/dt = -v*O/ms : mV"
    program = lower(Model(text), method="membrane")
    assert sum(node.operation == "div" for node in program.update.nodes) < 20
    assert len(program.update.nodes) < 450


def test_the_text_is_the_same_in_every_process():
    # how Python orders sets differs between processes: then nothing would be found compiled
    script = (
        "import sys\n"
        "from rheobase.language.model import Model\n"
        "from rheobase.lowering import lower\n"
        "from rheobase.rendering.numba_source import source_of\n"
        "model = Model(sys.argv[1], parameters={'FAST': 1})\n"
        "print(source_of(lower(model, method='membrane')))"
    )
    text = CELL.replace("2*up*C + 2*down*O", "(C*up + O*down)*2")
    texts = {
        subprocess.run(
            [sys.executable, "-c", script, text], check=True, capture_output=True, text=True,
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
        ).stdout
        for seed in range(4)
    }  # fmt: skip
    assert len(texts) == 1
    assert "pivot_O" in texts.pop()
