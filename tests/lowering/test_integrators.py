"""Every registered integrator converges with the order it states, measured."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.stepping import Cells

from rheobase.errors import EquationError
from rheobase.language.model import Model
from rheobase.lowering.integrators import METHODS
from rheobase.units import ms, mV

MS = 1e-3


def linear_right(t, x):
    return [(-3 * x[0] + 2 * x[1] + 1) / MS, (-1 * x[0] - 0.5 * x[1]) / MS]


def hodgkin_huxley_right(t, x):
    v, m, h, n = x[0] * 1e3, x[1], x[2], x[3]

    def rate(k, u, s):
        return k * s / (1 - np.exp(-u / s)) if abs(u) > 1e-9 else k * s * s / s

    am, bm = rate(0.1, v + 40, 10), 4 * np.exp(-(v + 65) / 18)
    ah, bh = 0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10))
    an, bn = rate(0.01, v + 55, 10), 0.125 * np.exp(-(v + 65) / 80)
    am, an = am * (v + 40) / 10, an * (v + 55) / 10
    current = 120 * m**3 * h * (50 - v) + 36 * n**4 * (-77 - v) + 0.3 * (-54.387 - v) + 10
    return [current, (am * (1 - m) - bm * m) / MS, (ah * (1 - h) - bh * h) / MS,
            (an * (1 - n) - bn * n) / MS]  # fmt: skip


def oscillator_right(t, x):
    v, w = x
    return [(v - v**3 / 3 - w + 0.5) / MS, 0.08 * (v + 0.7 - 0.8 * w) / MS]


HH_TEXT = """
dv/dt = (120*m**3*h*(50*mV - v) + 36*n**4*(-77*mV - v) + 0.3*(-54.387*mV - v) + 10*mV)/ms : mV
dm/dt = (0.1*(v + 40*mV)/mV/(1 - exp(-(v + 40*mV)/(10*mV)))*(1 - m)
         - 4*exp(-(v + 65*mV)/(18*mV))*m)/ms : 1
dh/dt = (0.07*exp(-(v + 65*mV)/(20*mV))*(1 - h) - h/(1 + exp(-(v + 35*mV)/(10*mV))))/ms : 1
dn/dt = (0.01*(v + 55*mV)/mV/(1 - exp(-(v + 55*mV)/(10*mV)))*(1 - n)
         - 0.125*exp(-(v + 65*mV)/(80*mV))*n)/ms : 1
"""
PROBLEMS = {
    "linear": (
        Model("dx/dt = (-3*x + 2*y + 1)/ms : 1\ndy/dt = (-x - 0.5*y)/ms : 1"),
        linear_right, {"x": 1.0, "y": -1.0}, 2 * MS, [0.2 * MS, 0.1 * MS, 0.05 * MS],
    ),
    "hodgkin-huxley": (
        Model(HH_TEXT), hodgkin_huxley_right,
        {"v": -0.060, "m": 0.1, "h": 0.5, "n": 0.4}, 4 * MS,
        [0.02 * MS, 0.01 * MS, 0.005 * MS],
    ),
    "conductance": (
        Model("dv/dt = (-v + g*(4 - v) + 0.5)/ms : 1\ndg/dt = -g/(2*ms) : 1"),
        lambda t, x: [(-x[0] + x[1] * (4 - x[0]) + 0.5) / MS, -x[1] / (2 * MS)],
        {"v": 0.0, "g": 3.0}, 2 * MS, [0.1 * MS, 0.05 * MS, 0.025 * MS],
    ),
    "oscillator": (
        Model("dv/dt = (v - v**3/3 - w + 0.5)/ms : 1\ndw/dt = 0.08*(v + 0.7 - 0.8*w)/ms : 1"),
        oscillator_right, {"v": -1.0, "w": 0.0}, 4 * MS, [0.2 * MS, 0.1 * MS, 0.05 * MS],
    ),
}  # fmt: skip


def end_state(model, method, dt, duration, start):
    cells = Cells(model, dt, method=method)
    for name, value in start.items():
        cells.arrays[name][:] = value
    cells.run(round(duration / dt))
    return np.array([cells.arrays[n][0] for n in start]), cells.program


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("method", METHODS)
def test_order_of_convergence(method, problem):
    model, right, start, duration, steps = PROBLEMS[problem]
    try:
        Cells(model, steps[0], method=method)
    except EquationError as refused:
        assert "cannot be used" in str(refused)
        return
    solution = solve_ivp(right, (0, duration), list(start.values()), method="DOP853", rtol=1e-12,
                         atol=1e-14, max_step=duration / 50)  # fmt: skip
    want = solution.y[:, -1]
    errors = []
    for dt in steps:
        got, program = end_state(model, method, dt, duration, start)
        on_grid = [k for k, n in enumerate(start) if n not in program.staggered]
        scale = np.abs(want) + 1e-3
        errors.append(np.max((np.abs(got - want) / scale)[on_grid]))
    order = METHODS[method].order
    if order is None:
        assert max(errors) < 1e-10
        return
    measured = np.log2(errors[-2] / errors[-1])
    assert order - 0.25 < measured < order + 0.8, (errors, measured)


def test_a_method_that_does_not_exist_is_refused_with_the_list():
    with pytest.raises(EquationError, match=r"no method 'rk5'; did you mean rk[24]\?") as refused:
        Cells(PROBLEMS["linear"][0], 1e-4, method="rk5")
    for name in METHODS:
        assert name in str(refused.value)


def test_exact_is_refused_for_nonlinear_equations():
    with pytest.raises(EquationError, match=r"dv/dt is not linear in v, w") as refused:
        Cells(PROBLEMS["oscillator"][0], 1e-4, method="exact")
    assert "method='auto' would take 'rk4'" in str(refused.value)


def test_runge_kutta_over_an_unclipped_exponential_is_refused():
    text = "dv/dt = (-v + 2*mV*exp((v - V_T)/(2*mV)))/ms : mV"
    options = dict(threshold="v > 0*mV", reset="v = -60*mV", parameters=dict(V_T=-50 * mV))
    with pytest.raises(EquationError, match="where it explodes; bound it"):
        Cells(Model(text, method="rk4", **options), 1e-5)
    clipped = text.replace("(v - V_T)", "(clip(v, -1*volt, 0*mV) - V_T)")
    assert Cells(Model(clipped, method="rk4", **options), 1e-5).program.method == "rk4"
    assert Cells(Model(text, **options), 1e-5).program.method == "euler"


@pytest.mark.parametrize("text, method", [
    ("dv/dt = -v/(5*ms) : 1", "exact"),
    ("dv/dt = (1 - v - g*v)/ms : 1\ndg/dt = -g/ms : 1", "staggered"),
    (HH_TEXT, "staggered"),
    ("dx/dt = -x*x/ms : 1", "rk4"),
    ("dx/dt = y/ms : 1\ndy/dt = (-sin(x) - 0.1*y)/ms : 1", "rk4"),  # a pendulum
    ("dx/dt = x*(1 - y)/ms : 1\ndy/dt = y*(x - 1)/ms : 1", "rk4"),  # Lotka and Volterra
    ("dx/dt = 10*(y - x)/ms : 1\ndy/dt = (x*(28 - z) - y)/ms : 1\n"
     "dz/dt = (x*y - 8*z/3)/ms : 1", "rk4"),  # Lorenz
    ("dv/dt = (sin(t/ms) - v)/ms : 1", "rk4"),
    ("dv/dt = (q*(1 - v) - v)/ms : 1\ndq/dt = (c*(1 - q) - q)/ms : 1\n"
     "dc/dt = (v*q - c)/ms : 1", "exponential_euler"),  # a gate that calcium opens
    ("dx/dt = -x/ms + ms**-0.5*xi : 1", "exponential_euler"),
    ("dx/dt = -x**3/ms + ms**-0.5*xi : 1", "euler"),
    ("dx/dt = -x/ms + x*ms**-0.5*xi : 1", "milstein"),
    ("dx/dt = -x/ms + y*ms**-0.5*xi : 1\ndy/dt = -y/ms + x*ms**-0.5*xi : 1", "stochastic_heun"),
])  # fmt: skip
def test_auto_picks(text, method):
    program = Cells(Model(text), 1e-5).program
    assert program.method == method
    assert program.reason


def test_euler_is_refused_for_multiplicative_noise():
    with pytest.raises(EquationError, match="multiplicative noise"):
        Cells(Model("dx/dt = -x/ms + x*ms**-0.5*xi : 1", method="euler"), 1e-5)


def geometric(method, dt, size, seed=3, steps=None):
    """Return x(T) of dx = -a x dt + s x o dW and the exact solution on the same path."""
    model = Model("dx/dt = -x/(10*ms) + 0.5*x*(10*ms)**-0.5*xi : 1", method=method)
    cells = Cells(model, dt, size)
    cells.arrays["x"][:] = 1.0
    path = np.zeros(size)
    count = round(0.02 / dt)
    for _ in range(count):
        cells.step()
        path += cells.arrays["draw_xi"] * np.sqrt(dt)
    exact = np.exp(-0.02 / 0.01 + 0.5 * 0.01**-0.5 * path)
    return np.mean(np.abs(cells.arrays["x"] - exact))


@pytest.mark.parametrize("method", ["milstein", "stochastic_heun"])
def test_strong_order_for_multiplicative_noise(method):
    errors = [geometric(method, dt, 4000) for dt in (4e-4, 2e-4, 1e-4, 5e-5)]
    slope = np.polyfit(np.log([4, 2, 1, 0.5]), np.log(errors), 1)[0]
    assert METHODS[method].strong_order - 0.15 < slope < METHODS[method].strong_order + 0.6


def test_ornstein_uhlenbeck_has_its_stationary_deviation():
    model = Model("dx/dt = -x/(5*ms) + sqrt(2/(5*ms))*xi : 1", method="exponential_euler")
    cells = Cells(model, 2e-5, 4000).run(1500)
    assert np.std(cells.arrays["x"]) == pytest.approx(1.0, abs=0.04)


def test_quantities_need_no_unit_here():
    assert (2 * ms).to("second").magnitude == pytest.approx(0.002)
