"""The integrator of membranes: order two with calcium in the circle, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.lowering.test_integrators import HH_TEXT
from tests.stepping import Cells

from rheobase.errors import EquationError
from rheobase.language.model import Model

MS = 1e-3
CIRCLE = """
dv/dt = (20*mV*m*exprel(-v/(20*mV)) - 3*z*(v + 80*mV) - 0.5*(v + 60*mV))/ms : mV
dm/dt = (1/(1 + exp(-(v + 40*mV)/(8*mV))) - m)/(0.5*ms) : 1
dc/dt = (2*m*(1 - v/(50*mV)) - c - c**2)/ms : 1
dz/dt = (c*(1 - z) - 0.4*z)/ms : 1
"""
"""A current that is not linear in v, calcium that is not linear in itself, a gate it opens."""


def right(t, x):
    v, m, c, z = x[0] * 1e3, x[1], x[2], x[3]
    u = -v / 20
    current = 20 * m * (np.expm1(u) / u if u else 1.0)
    return [
        (current - 3 * z * (v + 80) - 0.5 * (v + 60)) * 1e-3 / MS,
        (1 / (1 + np.exp(-(v + 40) / 8)) - m) / (0.5 * MS),
        (2 * m * (1 - v / 50) - c - c**2) / MS,
        (c * (1 - z) - 0.4 * z) / MS,
    ]


def run(text, method, dt, duration, start):
    cells = Cells(Model(text), dt, method=method)
    for name, value in start.items():
        cells.arrays[name][:] = value
    cells.run(round(duration / dt))
    return cells


def test_second_order_with_calcium_in_the_circle():
    start = {"v": -0.06, "m": 0.3, "c": 0.1, "z": 0.05}
    want = solve_ivp(right, (0, 6 * MS), list(start.values()), method="DOP853", rtol=1e-12,
                     atol=1e-14, max_step=MS / 20).y[0, -1]  # fmt: skip
    errors = [abs(run(CIRCLE, "membrane", dt * MS, 6 * MS, start).arrays["v"][0] - want)
              for dt in (0.1, 0.05, 0.025)]  # fmt: skip
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(orders > 1.8) and errors[-1] < 1e-5, (errors, orders)


def test_what_is_half_a_step_behind():
    cells = Cells(Model(CIRCLE), 0.1 * MS, method="membrane")
    assert cells.program.staggered == {"m", "c", "z"}


def test_where_there_are_two_groups_it_is_the_staggered_method():
    start = {"v": -0.060, "m": 0.1, "h": 0.5, "n": 0.4}
    one, other = (
        run(HH_TEXT, method, 0.02 * MS, 3 * MS, start) for method in ("membrane", "staggered")
    )
    for name in start:
        assert one.arrays[name][0] == other.arrays[name][0]


def test_both_backends_give_the_same_bits():
    runs = []
    for backend in ("interpreter", "numba"):
        cells = Cells(Model(CIRCLE), 0.05 * MS, 19, method="membrane", backend=backend)
        cells.arrays["v"][:] = np.linspace(-0.09, 0.03, 19)
        runs.append(cells.run(200))
    for name in "vmcz":
        assert runs[0].arrays[name].tobytes() == runs[1].arrays[name].tobytes()


@pytest.mark.parametrize("text, options, why", [
    ("dx/dt = -x*y/ms : 1\ndy/dt = (x - y)/ms : 1", {}, "there is no voltage called v"),
    ("dv/dt = -v/ms : mV", {}, "nothing reads the voltage and is read by it"),
    (HH_TEXT, dict(receives="m += 0.1*weight"), "m would stand half a step behind the voltage"),
    (HH_TEXT, dict(threshold="n > 0.5", reset="v = -70*mV"), "n would stand half a step behind"),
    ("dv/dt = (m*mV - v)/ms : mV\ndm/dt = -m*m/ms : 1", {}, "nothing reads v"),
])  # fmt: skip
def test_what_it_refuses(text, options, why):
    with pytest.raises(EquationError, match="method='membrane' cannot be used") as refused:
        Cells(Model(text, **options), 1e-5, method="membrane")
    assert why in str(refused.value)
