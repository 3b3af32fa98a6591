"""Kinetic schemes: what lines become, where states settle and begin, runs beside scipy, errors."""

from __future__ import annotations

from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import rheobase as rb
from rheobase.errors import EquationError, UnitError, UnknownNameError, UserError
from rheobase.units import cm, mS, ms, mV, nA, ohm, um

VALUES = dict(g=12 * mS / cm**2, E=55 * mV)
TEXT = """
    I = g*O*(v - E) : uA/cm**2
    up = 40*exp(v/(24*mV))/ms : 1/ms
    down = 5*exp(-v/(24*mV))/ms : 1/ms
    C <-> D : 2*up, down    # two subunits
    D <-> O : up, 2*down
    O -> J : 3/ms
    J <-> C : 0.4/ms, close
    close : 1/ms
    """
STATES = "CDOJ"
GIVEN = {**VALUES, "close": 0.05 / ms}
SODIUM = rb.Channel(TEXT, parameters=GIVEN, name="Na")
MEMBRANE = rb.Membrane(
    [SODIUM, rb.channels.HHPotassium(g=20 * mS / cm**2), rb.channels.Leak(E=-65 * mV)],
    temperature=6.3,
)


def rates(v: float) -> np.ndarray:
    """A of dx/dt = A x [1/ms], v in mV."""
    up, down = 40 * np.exp(v / 24), 5 * np.exp(-v / 24)
    table = np.zeros((4, 4))
    for a, b, rate in ((0, 1, 2 * up), (1, 0, down), (1, 2, up), (2, 1, 2 * down), (2, 3, 3),
                       (3, 0, 0.4), (0, 3, 0.05)):  # fmt: skip
        table[b, a] += rate
        table[a, a] -= rate
    return table


def settled(v: float) -> np.ndarray:
    table = rates(v)
    table[0] = 1
    return np.linalg.solve(table, [1, 0, 0, 0])


def test_lines_become_equations() -> None:
    assert [e.text for e in SODIUM.differential] == [
        "dC/dt = down*D + 0.4/ms*J - 2*up*C - close*C : 1",
        "dD/dt = 2*up*C + 2*down*O - down*D - up*D : 1",
        "dO/dt = up*D - 2*down*O - 3/ms*O : 1",
        "dJ/dt = 3/ms*O + close*C - 0.4/ms*J : 1",
    ]
    assert SODIUM.text == TEXT and SODIUM(close=0.05 / ms) == SODIUM
    sums = rb.Channel("I = g*O*(v - E) : uA/cm**2\nC <-> O : a + b, -b\na = 1/ms : 1/ms\n"
                      "b = 2/ms : 1/ms", parameters=VALUES)  # fmt: skip
    assert [e.text for e in sums.differential] == [
        "dC/dt = (-b)*O - (a + b)*C : 1", "dO/dt = (a + b)*C - (-b)*O : 1",
    ]  # fmt: skip


def test_a_q10_scales_all_rates() -> None:
    warm = rb.Channel(TEXT, parameters={**GIVEN, "Q10": 3, "T_ref": 20}, name="Na")
    assert warm.differential[2].text == "dO/dt = phi*(up*D - 2*down*O - 3/ms*O) : 1"
    cold, hot = (warm.gates["O"].time_constant(-30 * mV, temperature=t) for t in (20, 30))
    assert float(cold / hot) == pytest.approx(3)


def test_where_states_settle_and_how_fast() -> None:
    volts = np.array([-90.0, -40.0, 10.0])
    want = np.array([settled(v) for v in volts])
    for k, name in enumerate(STATES):
        gate = SODIUM.gates[name]
        assert gate.kind == "scheme" and gate.states == tuple(STATES) and gate.reads == {"v"}
        np.testing.assert_allclose(gate.steady(volts * mV), want[:, k], rtol=1e-9)
        slowest = [-1 / np.sort(np.linalg.eigvals(rates(v)).real)[-2] for v in volts]
        found = gate.time_constant(volts * mV).to("ms").magnitude
        np.testing.assert_allclose(found, slowest, rtol=1e-9)
    current = SODIUM.current(-40 * mV).to("uA/cm**2").magnitude
    assert current == pytest.approx(12e3 * want[1, 2] * -95e-3)


def test_points_and_cells_begin_where_the_scheme_settles() -> None:
    net = rb.Network(dt=0.025 * ms)
    point = net.add(MEMBRANE.point(20000 * um**2), name="point")
    v = float(point.v[0].to("mV").magnitude)
    found = [float(getattr(point, f"{n}_Na")[0]) for n in STATES]
    np.testing.assert_allclose(found, settled(v), rtol=1e-7)
    shape = rb.Morphology.ball_and_stick(soma_diameter=20 * um, dendrite_length=200 * um,
                                         dendrite_diameter=2 * um)  # fmt: skip
    cells = net.add(rb.Cell(shape, MEMBRANE, axial_resistivity=100 * ohm * cm), name="cell")
    cells.at("dendrite").v = -50 * mV
    for region, v in (("soma", -65), ("dendrite", -50)):
        found = [float(getattr(cells.at(region), f"{n}_Na")[0]) for n in STATES]
        np.testing.assert_allclose(found, settled(v), rtol=1e-7)
    net.run(20 * ms, backend="interpreter")
    again = [float(getattr(point, f"{n}_Na")[0]) for n in STATES]
    np.testing.assert_allclose(sum(again), 1, atol=1e-14)


def test_rest_is_rest() -> None:
    net = rb.Network(dt=0.025 * ms)
    point = net.add(MEMBRANE.point(20000 * um**2), name="point")
    before = {n: getattr(point, n).copy() for n in ("v", "C_Na", "O_Na", "n_K")}
    net.run(50 * ms, backend="interpreter")
    for name, value in before.items():
        now = getattr(point, name)
        assert abs(float((now[0] - value[0]) / value[0])) < 1e-8, name


def test_the_resistance_at_rest_counts_the_scheme() -> None:
    model = MEMBRANE.point(20000 * um**2)
    exact = rb.analysis.input_resistance(model).to("Mohm").magnitude
    measured = rb.analysis.input_resistance(model, current=1e-4 * nA).to("Mohm").magnitude
    assert measured == pytest.approx(exact, rel=1e-3)


def test_fixed_points_are_those_whose_states_sum_to_one() -> None:
    model = MEMBRANE.point(20000 * um**2)
    (rest,) = rb.analysis.fixed_points(model)
    v = rest["v"].to("mV").magnitude
    np.testing.assert_allclose([rest[f"{n}_Na"] for n in STATES], settled(v), rtol=1e-6)
    assert rest.stable and rest.eigenvalues.shape == (5,) and rest.jacobian.shape == (6, 6)
    full = np.sort(np.linalg.eigvals(rest.jacobian).real)[::-1]
    assert abs(full[0]) < 1e-6 * abs(full[-1])  # what the states sum to
    np.testing.assert_allclose(np.sort(rest.eigenvalues.real)[::-1], full[1:], rtol=1e-6)


def hodgkin(v: float) -> tuple[float, float]:
    x = -(v + 55) / 10
    alpha = 0.1 / (np.expm1(x) / x if x else 1.0)
    return alpha, 0.125 * np.exp(-(v + 65) / 80)


def test_a_spike_beside_radau() -> None:
    def right(_: float, x: np.ndarray) -> Any:
        v, n = x[0], x[5]
        alpha, beta = hodgkin(v)
        current = 12 * x[3] * (v - 55) + 20 * n**4 * (v + 77) + 0.3 * (v + 65) - 20
        return [-current, *(rates(v) @ x[1:5]), alpha * (1 - n) - beta * n]

    alpha, beta = hodgkin(-65)
    first = [-65, *settled(-65), alpha / (alpha + beta)]
    times = np.arange(0, 8.01, 0.5)
    want = solve_ivp(right, (0, 8), first, method="Radau", t_eval=times, rtol=1e-9, atol=1e-11).y[0]
    assert want.max() > 0
    errors = []
    for dt in (0.02, 0.01, 0.005):
        net = rb.Network(dt=dt * ms)
        point = net.add(MEMBRANE.point(1e5 * um**2), name="point")
        point.v = -65 * mV
        for name, value in zip(STATES, settled(-65), strict=True):
            setattr(point, f"{name}_Na", value)
        point.n_K = first[-1]
        net.inject(point, rb.stimuli.step(20 * nA))
        net.record(point, "v", every=0.5 * ms)
        v = net.run(8.5 * ms, backend="interpreter").traces["point"].v.values[:17, 0]
        errors.append(np.abs(v - want).max())
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert np.all(orders > 1.7) and errors[-1] < 0.1, (errors, orders)


def test_threads_and_backends_give_the_same_bits() -> None:
    found = []
    for options in (dict(backend="interpreter"), dict(threads=1), dict(threads=2)):
        net = rb.Network(dt=0.025 * ms)
        shape = rb.Morphology.ball_and_stick(soma_diameter=20 * um, dendrite_length=200 * um,
                                             dendrite_diameter=2 * um)  # fmt: skip
        cell = rb.Cell(shape, MEMBRANE, axial_resistivity=100 * ohm * cm, max_length=20 * um)
        cells = net.add(cell, 3, name="cell")
        net.inject(cells.at("soma"), rb.stimuli.step(0.3 * nA, start=0.5 * ms))
        net.record(cells.at("soma"), "v")
        found.append(net.run(3 * ms, **options).traces["cell"].v.values.tobytes())
    assert found[0] == found[1] == found[2]


def test_a_scheme_is_drawn_with_its_slowest_time_constant() -> None:
    left, right = SODIUM.plot()
    assert [line.get_label() for line in left.lines] == list(STATES)
    np.testing.assert_allclose(sum(line.get_ydata() for line in left.lines), 1)
    assert len(right.lines) == 1
    volts = right.lines[0].get_xdata()
    want = SODIUM.gates["C"].time_constant(volts * mV).to("ms").magnitude
    np.testing.assert_allclose(right.lines[0].get_ydata(), want)
    plt.close("all")


@pytest.mark.parametrize("line, error, said", [
    ("C <-> O : a", EquationError,
     "N: C <-> O has one rate and needs two, there and back\n  line 4: C <-> O : a\n          ^^^^^"
     "^^^^^^\nwrite C <-> O : alpha, beta; if it does not lead back, C -> O : rate"),
    ("C -> O : a, b", EquationError,
     "C -> O has two rates and needs one\n  line 4: C -> O : a, b\n          ^^^^^^^^^^^^^\n"
     "write C <-> O if it leads back, too"),
    ("C <-> O", EquationError, "C <-> O has no rate and needs two"),
    ("C <-> O : a, f(a, b), b", EquationError, "C <-> O has 3 rates and needs two, there and back"),
    ("~ C <-> O (a, b)", EquationError,
     "N: the rates of a transition stand behind a colon\n  line 4: ~ C <-> O (a, b)\n          ^^^^"
     "^^^^^^^^^^^^\nwrite C <-> O : a, b"),
    ("C + B <-> O : a, b", EquationError, "N: a transition leads from one state to one other"),
    ("C <-> B <-> O : a, b", EquationError, "write one transition a line: C1 <-> C2 : alpha, beta"),
    ("O <-> O : a, b", EquationError, "N: O <-> O leads nowhere"),
    ("C <=> O : a, b", EquationError, "N: <=> is no arrow of a scheme"),
    ("C <-> O : a, 0.3", UnitError,
     "N, C <-> O: expected 1/ms (a rate), got a plain number\n  line 4: C <-> O : a, 0.3\n"),
    ("C <-> O : alfa, b", UnknownNameError,
     "N, C <-> O: unknown name alfa\n  line 4: C <-> O : alfa, b\n                    ^^^^\n"),
    ("C <-> O : a, b\nO = 1 : 1", EquationError,
     "N: O is a state of the scheme, and this line defines it too\n  line 5: O = 1 : 1"),
    ("C <-> O : a*, b", EquationError, "N, C <-> O: cannot read this expression"),
])  # fmt: skip
def test_what_is_no_transition(line: str, error: type[UserError], said: str) -> None:
    begin = "I = g*O*(v - E) : uA/cm**2\na = 5*exp(v/(20*mV))/ms : 1/ms\nb = 1/ms : 1/ms\n"
    with pytest.raises(error) as raised:
        rb.Channel(begin + line, parameters=VALUES, name="N")
    assert said in str(raised.value)


def test_states_that_are_not_linear_settle_nowhere_known() -> None:
    channel = rb.Channel("I = g*O*(v - E) : uA/cm**2\ndO/dt = (C*C - O)/ms : 1\n"
                         "dC/dt = (O - C*C)/ms : 1", parameters=VALUES, name="N")  # fmt: skip
    with pytest.raises(EquationError) as raised:
        channel.gates["O"].steady(0 * mV)
    assert "N: dO/dt is not linear in O, C, so it is not known where they settle" in str(
        raised.value
    )


def test_rates_may_call_functions_and_read_calcium() -> None:
    channel = rb.Channel(
        "I = g*O*(v - E) : uA/cm**2\nC <-> O : bind(Ca_i, 2/ms), 1/ms", parameters=VALUES,
        functions=["bind(c, k) = k*c/(1*uM)"], name="SK",
    )  # fmt: skip
    assert channel.reads == {"v", "Ca_i"}
    found = channel.gates["O"].steady(Ca_i=np.array([0.0, 0.5, 1.0]) * 1e-3 * rb.units.mM)
    np.testing.assert_allclose(found, [0, 0.5, 2 / 3])


def test_second_order_of_a_cell() -> None:
    """The voltage at the tip of a dendrite with a spike, against smaller steps."""

    def run(dt: float) -> np.ndarray:
        net = rb.Network(dt=dt * ms)
        shape = rb.Morphology.ball_and_stick(soma_diameter=20 * um, dendrite_length=300 * um,
                                             dendrite_diameter=2 * um)  # fmt: skip
        cell = rb.Cell(shape, MEMBRANE, axial_resistivity=100 * ohm * cm, max_length=30 * um)
        cells = net.add(cell, name="cell")
        net.inject(cells.at("soma"), rb.stimuli.step(1.5 * nA))
        tip = cells.at("dendrite", fraction=1.0)
        net.record(tip, "v", every=0.4 * ms)
        return net.run(4 * ms).traces["cell"].v.values[:, 0]

    fine = run(0.0025)
    assert fine.max() > -10
    errors = [np.abs(run(dt) - fine).max() for dt in (0.04, 0.02, 0.01)]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert np.all(orders > 1.7) and errors[-1] < 0.2, (errors, orders)


@pytest.mark.parametrize("name, unit", [("close_Na", 1 / ms), ("g_Na", mS / cm**2)])
def test_gradients_go_through_the_elimination(name: str, unit: Any) -> None:
    """The states of the scheme begin where they settle, which moves with the parameter, too."""

    def gradient(value: float | None) -> Any:
        net = rb.Network(dt=0.05 * ms)
        point = net.add(MEMBRANE.point(20000 * um**2), name="cell")
        if value is not None:
            setattr(point, name, value * unit)
        net.inject(point, rb.stimuli.step(4 * nA))
        return rb.gradient(net, lambda run: np.sum(run["cell"].v ** 2), name, duration=2 * ms,
                           backend="interpreter")  # fmt: skip

    at = {"close_Na": 0.05, "g_Na": 12.0}[name]
    found = gradient(None)[name].to(1 / unit).magnitude
    high, low = (float(gradient(at * (1 + sign * 1e-4)).value) for sign in (1, -1))
    assert float(np.ravel(found)[0]) == pytest.approx((high - low) / (2e-4 * at), rel=1e-5)
