"""Values of cells around a run: refractoriness, functions of time, warnings, noise."""

import warnings

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import ms, mV, nA, pA


def test_refractory_left_holds_cells_at_the_start(backend):
    net = rb.Network(dt=1 * ms)
    cells = net.add(rb.models.LIF, 3, name="cells")
    cells.refractory_left = [0, 1, 3.4] * ms
    net.inject(cells, rb.stimuli.step(100 * pA))
    net.record(cells, "v")
    v = net.run(5 * ms, backend=backend).traces["cells"].v.values
    assert [int(np.argmax(v[:, k] > -65)) for k in range(3)] == [1, 2, 4]


def test_refractory_left_is_read_as_time_goes_on(backend):
    net = rb.Network(dt=1 * ms)
    cell = net.add(rb.models.LIF(tau_ref=4 * ms), name="cell")
    cell.v = -40 * mV
    with pytest.warns(rb.errors.RheobaseWarning, match="above threshold"):
        net.run(1 * ms, backend=backend)
    assert cell.refractory_left.to(ms).magnitude[0] == pytest.approx(4)
    assert cell.last_spike.to(ms).magnitude[0] == pytest.approx(0)
    net.run(3 * ms, backend=backend)
    assert cell.refractory_left.to(ms).magnitude[0] == pytest.approx(1)
    cell.refractory_left = 10 * ms
    net.inject(cell, rb.stimuli.step(1 * nA))
    net.run(10 * ms, backend=backend)
    assert cell.v.magnitude[0] == pytest.approx(-65)
    net.run(1 * ms, backend=backend)
    assert cell.v.magnitude[0] > -64


@pytest.mark.parametrize("value, cells", [
    (-49 * mV, "all 4 cells"), ([-60, -49, -60, -40] * mV, "2 of 4 cells"),
])  # fmt: skip
def test_cells_above_threshold_are_warned_of_once(net, value, cells):
    population = net.add(rb.models.LIF, 4, name="cells")
    population.v = value
    with pytest.warns(rb.errors.RheobaseWarning) as seen:
        net.run(0.1 * ms, backend="interpreter")
    text = str(seen[0].message)
    assert f"{cells} of 'cells' start above threshold, v >= V_T" in text
    assert ".v is -49 mV; set it before the run: cells.v = ..." in text
    assert seen[0].filename == __file__
    population.v = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.run(0.1 * ms, backend="interpreter")


def test_parameters_that_are_functions_of_time(backend):
    model = rb.Model(
        "dv/dt = drive(t)/ms : 1\nx = 2*drive(t) : 1\ndrive : 1",
        parameters=dict(drive=rb.stimuli.from_array([1.0, 2.0, 4.0], dt=1 * ms)),
    )
    net = rb.Network(dt=1 * ms)
    cells = net.add(model, 2, name="cells")
    np.testing.assert_array_equal(cells.x.magnitude, 2)
    net.record(cells, "v", "x")
    traces = net.run(4 * ms, backend=backend).traces["cells"]
    np.testing.assert_allclose(traces.v.values[:, 1], [0, 1, 3, 7])
    cells.drive = rb.stimuli.step(5.0)
    net.run(2 * ms, backend=backend)
    np.testing.assert_allclose(cells.v.magnitude, 17)
    assert str(cells.drive) == "step(amplitude=5)"
    with pytest.raises(rb.errors.UnitError, match="expected a function of time, got 3"):
        cells.drive = 3
    with pytest.raises(rb.errors.UserError, match="one function of time for the whole population"):
        cells[:1].drive = rb.stimuli.step(5.0)
    with pytest.raises(rb.errors.UnitError, match=r"cells\.drive: expected"):
        cells.drive = rb.stimuli.step(5 * mV)
    with pytest.raises(rb.errors.UserError, match=r"cells\.v is not a function of time"):
        cells.v = rb.stimuli.step(5.0)


def test_stationary_noise_goes_on_between_runs(backend):
    def seen(*pieces):
        net = rb.Network(dt=1 * ms, seed=5)
        cells = net.add(rb.Model("x = I : 1\nI : 1 (input)"), 50, name="cells")
        net.inject(cells, rb.stimuli.noise(2.0, tau=5 * ms, mean=1.0))
        net.record(cells, "I")
        parts = []
        for piece in pieces:
            parts.append(net.run(piece * ms, backend=backend).traces["cells"].I.values)
            net.add(rb.models.LIF)
        return np.concatenate(parts)

    whole = seen(60)
    np.testing.assert_array_equal(whole, seen(20, 40))
    assert abs(whole[1:].mean() - 1) < 0.3
    assert abs(whole[1:].std() - 2) < 0.3
