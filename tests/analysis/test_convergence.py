"""Convergence of networks: orders that are known, and copies that leave the network alone."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import Hz, cm, ms, mV, pA, uA

UserError = rb.errors.UserError
convergence = rb.analysis.convergence


def oscillator(method, dt=0.1, **options):
    model = rb.Model(
        "dx/dt = y/ms : 1\ndy/dt = (0.5*(1 - x**2)*y - x)/ms : 1", method=method,
        initial=dict(x="1", y="0.2"), **options,
    )  # fmt: skip
    net = rb.Network(dt=dt * ms, seed=1)
    net.record(net.add(model, 2, name="cells"), "x")
    return net


@pytest.mark.parametrize("method, order", [("euler", 1), ("heun", 2), ("rk2", 2), ("rk4", 4)])
def test_the_order_of_a_method(method, order):
    found = convergence(oscillator(method), [0.02, 0.01, 0.005] * ms, 10 * ms)
    assert list(found) == ["cells.x", "cells.y", "cells.x(t)"]
    for name in ("cells.y", "cells.x(t)"):
        assert found[name].order == pytest.approx(order, abs=0.2)
        assert found[name].promised == order
    np.testing.assert_allclose(found.dts, [2e-5, 1e-5, 5e-6])
    assert found.reference == "dt = 0.00125 ms" and found.duration == pytest.approx(0.01)


@pytest.mark.parametrize("backend", ["numba", "interpreter"])
def test_errors_are_those_of_the_runs(backend):
    """A decay by Euler: (1 - dt/tau)**n against that at the reference."""
    net = rb.Network(dt=1 * ms)
    net.add(rb.Model("dx/dt = -x/(10*ms) : 1", method="euler", initial=dict(x="1")), name="c")
    found = convergence(net, [2, 1] * ms, 20 * ms, reference=0.25 * ms, backend=backend)
    end = {dt: (1 - dt / 10) ** (20 / dt) for dt in (2, 1, 0.25)}
    want = [abs(end[2] - end[0.25]), abs(end[1] - end[0.25])]
    np.testing.assert_allclose(found["c.x"].errors, want, rtol=1e-9)


def test_exact_methods_have_rounding_errors_only():
    net = rb.Network(dt=0.5 * ms)
    net.add(rb.models.LIF, name="cell").v = -60 * mV
    found = convergence(net, [0.5, 0.25] * ms, 20 * ms)
    assert found["cell.v"].errors.max() < 1e-12
    assert found["cell.v"].order is None and found["cell.v"].promised is None


def test_against_another_network():
    coarse, fine = oscillator("euler"), oscillator("rk4", 0.005)
    found = convergence(coarse, [0.1, 0.05] * ms, 10 * ms, reference=fine)
    assert found["cells.x(t)"].order == pytest.approx(1, abs=0.15)
    assert found.reference == "the other network"
    own = convergence(coarse, [0.1, 0.05] * ms, 10 * ms)
    ratio = found["cells.x(t)"].errors / own["cells.x(t)"].errors
    # against dt/4 the error is dt - dt_reference long: 7/8 and 3/4 of the true one
    np.testing.assert_allclose(ratio, [8 / 7, 4 / 3], rtol=0.05)


def hodgkin_huxley(crossing):
    net = rb.Network(dt=0.1 * ms)
    cell = net.add(rb.models.HodgkinHuxley(crossing=crossing), name="hh")
    net.inject(cell, rb.stimuli.step(10 * uA / cm**2))
    net.record(cell, "v")
    return net


def test_gates_half_a_step_behind_are_told():
    found = convergence(hodgkin_huxley("linear"), [0.04, 0.02, 0.01] * ms, 10 * ms)
    assert found["hh.v(t)"].order == pytest.approx(2, abs=0.1)
    assert found["hh.spikes"].order == pytest.approx(2, abs=0.4)
    assert found["hh.m"].promised == 1 and "half a step behind" in found["hh.m"].note
    text = str(found)
    assert "10 ms, against dt = 0.0025 ms" in text and "hh.v(t) (mV)" in text
    assert "hh.m: kept half a step behind" in text


def noisy(equation, method, **parameters):
    net = rb.Network(dt=0.2 * ms, seed=3)
    model = rb.Model(equation, method=method, initial=dict(x="1"),
                     parameters=dict(tau=20 * ms, **parameters))  # fmt: skip
    net.record(net.add(model, 300, name="cells"), "x")
    return net


@pytest.mark.parametrize("equation, method", [
    ("dx/dt = -x**3/tau + sqrt(2/tau)*xi : 1", "euler"),
    ("dx/dt = -x/tau + 0.5*x*sqrt(2/tau)*xi : 1", "milstein"),
    ("dx/dt = -x/tau + 0.5*x*sqrt(2/tau)*xi : 1", "stochastic_heun"),
])  # fmt: skip
def test_noise_is_nested_and_the_order_the_strong_one(equation, method):
    found = convergence(noisy(equation, method), [1.6, 0.8, 0.4] * ms, 16 * ms)
    assert found["cells.x"].order == pytest.approx(1, abs=0.3)
    assert found["cells.x"].promised == 1
    assert found["cells.x"].errors.max() < 0.1


def network():
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(rb.models.LIF, 20, name="cells")
    cells.v = "E_L + rand()*(V_T - E_L)"
    net.connect(cells, cells, rb.rules.fixed_probability(0.3), weight=-30 * pA, delay=1 * ms)
    net.inject(cells, rb.stimuli.step(600 * pA, start=2 * ms))
    net.clamp(cells[0], -60 * mV, start=5 * ms, stop=8 * ms, variable="v")
    net.record(cells, "v", every=0.1 * ms)
    return net


def test_the_network_is_left_alone_and_may_have_run():
    plain, looked_at = network(), network()
    convergence(looked_at, [0.2, 0.1] * ms, 4 * ms)
    a, b = (net.run(10 * ms) for net in (plain, looked_at))
    np.testing.assert_array_equal(a.traces["cells"].v, b.traces["cells"].v)
    found = convergence(looked_at, [0.1, 0.05] * ms, 10 * ms)
    assert found["cells.spikes"].errors.size == 2
    c, d = (net.run(10 * ms) for net in (plain, looked_at))
    np.testing.assert_array_equal(c.traces["cells"].v, d.traces["cells"].v)


def test_copies_at_the_own_step_have_the_spikes_of_the_network():
    """Against a reference that is the network itself, the copy at its step has no error."""
    found = convergence(network(), [0.2, 0.1] * ms, 20 * ms, reference=network())
    assert found["cells.v(t)"].errors[1] == 0
    assert found["cells.spikes"].errors[1] == 0


def test_spikes_that_are_missed_are_told():
    net = rb.Network(dt=1 * ms)
    cell = net.add(rb.models.LIF(tau_ref=0 * ms), name="cell")
    net.inject(cell, rb.stimuli.step(4000 * pA))  # every 1 ms, about
    found = convergence(net, [2, 1] * ms, 10 * ms)
    assert found["cell.spikes"].note == "10 spikes, but 5 at 2 ms"
    assert "cell.spikes: 10 spikes, but 5 at 2 ms" in str(found)


def test_steps_that_overflow_are_told():
    net = rb.Network(dt=0.1 * ms)
    net.add(rb.Model("dx/dt = (1 - x**3)/ms : 1", method="euler", initial=dict(x="3")), name="c")
    found = convergence(net, [1, 0.05, 0.025] * ms, 10 * ms)
    assert found.stopped[0] == "x of 'c'" and found.stopped[1:] == ("", "")
    assert np.isnan(found["c.x"].errors[0])
    assert "x of 'c' is not finite at 1 ms" in str(found)


def test_poisson_input_is_shared():
    net = rb.Network(dt=0.2 * ms, seed=1)
    cells = net.add(rb.models.LIF, 5, name="cells")
    net.drive(cells, rb.stimuli.poisson(2000 * Hz), weight=30 * pA)
    net.record(cells, "v")
    found = convergence(net, [0.2, 0.1] * ms, 20 * ms)
    assert found["cells.v(t)"].errors.max() < 0.3  # of some 5 mV of fluctuations


def test_a_figure_of_chosen_measures():
    from matplotlib import pyplot

    found = convergence(oscillator("rk2"), [0.1, 0.05] * ms, 5 * ms)
    axes = found.plot("cells.x(t)", label="rk2")
    (text,) = [text.get_text() for text in axes.get_legend().get_texts()]
    assert text == f"rk2, order {found['cells.x(t)'].order:.2f}"
    with pytest.raises(KeyError, match=r"there are: cells.x, cells.y, cells.x\(t\)"):
        found.plot("cells.z")
    assert len(found) == 3
    pyplot.close("all")


def refused(error, words, net=None, dts=(0.2, 0.1), duration=10 * ms, **options):
    with pytest.raises(error, match=words):
        convergence(network() if net is None else net, list(dts) * ms, duration, **options)


def test_errors():
    refused(rb.errors.ShapeError, "dts are at least two different times above 0", dts=[0.1, 0.1])
    refused(rb.errors.WiringError, r"this is no network\ngiven: the model LIF\nadd it to one, ",
            net=rb.models.LIF)  # fmt: skip
    refused(rb.errors.WiringError, "no population of a model", net=rb.Network(dt=0.1 * ms))
    refused(UserError, "a step of 0.15 ms does not divide 0.2 ms", dts=[0.2, 0.15])
    refused(UserError, "delays of 'cells_to_cells' are no multiples of the longest step, 0.4 ms",
            dts=[0.4, 0.2])  # fmt: skip
    refused(UserError, "the reference is finer than the finest step, 0.1 ms\ngiven: 0.1 ms",
            reference=0.1 * ms)  # fmt: skip
    with pytest.raises(rb.errors.UnitError, match="the steps: expected a time, got"):
        convergence(network(), [0.2, 0.1] * mV)
    refused(rb.errors.WiringError, "duration", duration=0.3 * ms)
    refused(
        UserError,
        "with noise every step is a half, a quarter",
        noisy("dx/dt = -x/tau + sqrt(2/tau)*xi : 1", "euler"),
        dts=[0.3, 0.1],
        duration=3 * ms,
    )
    run = network()
    run.run(1 * ms)
    refused(UserError, "a network that has run: the longest step of 0.2 ms does not divide 0.1 ms",
            run)  # fmt: skip
    refused(UserError, "the reference, and the network, must not have run yet", run,
            dts=[0.1, 0.05], reference=network())  # fmt: skip
    called = network()
    called.every(1 * ms, lambda: None)
    refused(UserError, "has functions of net.every, which no copy can have", called)


@pytest.mark.parametrize("method, order", [("crank_nicolson", 2.0), ("backward_euler", 1.0)])
def test_cells_with_a_morphology(method, order):
    squid = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak])
    passive = rb.Membrane([rb.channels.Leak(g="0.05 mS/cm**2", E=-65 * mV)])
    stick = rb.Morphology.ball_and_stick(
        soma_diameter="20 um", dendrite_length="300 um", dendrite_diameter="2 um"
    )
    cell = rb.Cell(stick, {"soma": squid, "dendrite": passive}, max_length="25 um", method=method)
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(cell, 2, name="cells")
    net.inject(cells.at("soma"), rb.stimuli.step(["0.3 nA", "0.4 nA"]))
    net.record(cells.at("soma"), "v", "m_Na", name="soma")
    table = rb.analysis.convergence(net, [0.1, 0.05, 0.025] * ms, duration=10 * ms)
    for name in ("cells.v", "soma.v(t)"):
        assert table[name].promised == order
        assert table[name].order == pytest.approx(order, abs=0.3)
    assert table["cells.m_Na"].promised == 1.0  # in somata only; nan elsewhere
    assert table["cells.m_Na"].order == pytest.approx(1.0, abs=0.5)
    assert table["cells.spikes"].promised == 1.0
