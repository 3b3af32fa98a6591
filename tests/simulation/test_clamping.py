"""States and rates that are held."""

from __future__ import annotations

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import Hz, ms, mV, nA

LEAK = rb.Model("dv/dt = (10*mV - v)/(5*ms) : mV")


def decay(start, k):
    return 10 + (start - 10) * np.exp(-k * 0.1 / 5)


@pytest.fixture(params=["numba", "interpreter"])
def backend(request):
    return request.param


def test_a_state_is_held_and_then_let_go(backend):
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(LEAK, 3, name="cells")
    net.clamp(cells[1:], [-40, -50] * mV, start=1 * ms, stop=2 * ms)
    net.record(cells, "v", every=0.1 * ms)
    v = net.run(3 * ms, backend=backend).traces["cells"].v.values
    k = np.arange(30)
    np.testing.assert_allclose(v[:, 0], decay(0, k), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(v[:10, 1], decay(0, k[:10]), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(v[10:20, 1], np.float64(-0.04) * 1e3)
    np.testing.assert_allclose(v[19:, 2], decay(-50, k[19:] - 19), rtol=1e-9)


def test_what_is_held_is_what_is_read_after_a_run_and_what_others_read(backend):
    net = rb.Network(dt=0.1 * ms)
    unit = rb.models.RateUnit(tau=10 * ms, f="linear")
    first, second = net.add(unit, name="first"), net.add(unit, name="second")
    net.connect(first, second, weight=0.5, of="r", to="I")
    net.clamp(first, 0.8)
    net.run(200 * ms, backend=backend)
    assert first.r[0] == 0.8
    assert second.r[0] == pytest.approx(0.4, abs=1e-6)


def test_a_run_in_pieces_is_held_alike(backend):
    def traces(*pieces):
        net = rb.Network(dt=0.1 * ms, seed=1)
        cells = net.add(LEAK, 2, name="cells")
        net.clamp(cells[[1]], -1 * mV, start=0.5 * ms, stop=1.5 * ms)
        net.record(cells, "v")
        parts = [net.run(p * ms, backend=backend).traces["cells"].v.values for p in pieces]
        return np.concatenate(parts)

    np.testing.assert_array_equal(traces(2), traces(0.7, 0.1, 0.7, 0.5))


def test_a_clamp_may_be_added_between_runs(backend):
    net = rb.Network(dt=0.1 * ms)
    cell = net.add(LEAK, name="cell")
    net.run(1 * ms, backend=backend)
    net.clamp(cell, -3 * mV)
    net.run(1 * ms, backend=backend)
    assert cell.v.to("mV").magnitude[0] == pytest.approx(-3)


@pytest.mark.parametrize("call, error, text", [
    (lambda n, c, s: n.clamp(c, -70), rb.errors.UnitError, r"expected a voltage, got the plain "
     r"number -70; write net.clamp\(cells, -70\*mV\)"),
    (lambda n, c, s: n.clamp(c, [1, 2] * mV), rb.errors.ShapeError, "the clamp is for 2 cells"),
    (lambda n, c, s: n.clamp(c, 1 * mV, variable="u"), rb.errors.UnknownNameError,
     "has no state 'u'(.|\n)*it has: v"),
    (lambda n, c, s: n.clamp(c, 1 * mV, start=3 * ms, stop=2 * ms), rb.errors.WiringError,
     "stop comes before start"),
    (lambda n, c, s: n.clamp(c, np.nan * mV), rb.errors.UserError, "a value is not finite"),
    (lambda n, c, s: n.clamp(s, 1 * mV), rb.errors.WiringError, "no state to hold"),
])  # fmt: skip
def test_what_cannot_be_held_is_refused(call, error, text):
    net = rb.Network(dt=0.1 * ms)
    cells, source = net.add(LEAK, 3, name="cells"), net.add(rb.stimuli.poisson(5 * Hz), name="s")
    with pytest.raises(error, match=text):
        call(net, cells, source)


def test_several_states_ask_which():
    net = rb.Network()
    cells = net.add(rb.models.AdEx, name="cells")
    with pytest.raises(
        rb.errors.WiringError, match=r'(.|\n)*one of: v, w(.|\n)*1000\*pA, variable="w"'
    ):
        net.clamp(cells, 1 * nA)
    net.clamp(cells, 1 * nA, variable="w")


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (-60 * mV, 'net.clamp(cells, -60*mV, variable="v")'),
        (-60, 'net.clamp(cells, -60*mV, variable="v")'),
        (20 * rb.units.pA, 'net.clamp(cells, 20*pA, variable="i_syn")'),
        ({"i_syn": 20 * rb.units.pA}, 'net.clamp(cells, 20*pA, variable="i_syn")'),
    ],
)
def test_the_line_to_paste_has_the_values_and_their_variable(values, line):
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.LIF, 2, name="cells")
    with pytest.raises(rb.errors.WiringError) as error:
        net.clamp(cells, values)
    assert f"write {line}" in str(error.value)
    eval(line, {"net": net, "cells": cells, **vars(rb.units)})
