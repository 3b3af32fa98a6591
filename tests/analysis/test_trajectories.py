"""Trajectories in a plane: recorded ones, and states to start from."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.analysis.flows import flow_of
from rheobase.analysis.trajectories import paths_of
from rheobase.units import ms, mV, pA

AXES = ("v", "w")


def adex_flow(**values):
    return flow_of("phase_plane", rb.models.AdEx, values)


def run(**kwargs):
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.AdEx, 2, name="cells")
    net.inject(cells, rb.stimuli.step([500, 0] * pA))
    net.record(cells, "v", "w", **kwargs)
    return net.run(60 * ms, backend="interpreter")


def test_a_result_gives_a_path_a_cell_broken_at_resets():
    result = run()
    firing, silent = paths_of("f", adex_flow(), AXES, result, None, "0.1 ms", None)
    np.testing.assert_allclose(firing.values[:, 0], result.traces["cells"].v.values[:, 0])
    np.testing.assert_allclose(silent.values[:, 1], result.traces["cells"].w.values[:, 1])
    spikes = result.spikes["cells"][0]
    assert len(firing.resets) == len(spikes) > 2 and len(silent.resets) == 0
    for before, after in firing.jumps():
        assert before[0] > -50 and after[0] == pytest.approx(-58)
    drawn = firing.drawn()
    assert len(drawn) == len(firing.values) + len(spikes)
    assert np.isnan(drawn[:, 0]).sum() == len(spikes)


def test_a_dataset_is_drawn_as_it_is():
    result = run()
    paths = paths_of("f", adex_flow(), AXES, result.traces["cells"], None, "0.1 ms", None)
    assert len(paths) == 2 and all(len(path.resets) == 0 for path in paths)


def test_states_to_start_from_are_run_with_inputs_and_parameters():
    flow = adex_flow(I=100 * pA, a=5 * pA / mV)
    starts = [dict(v=-70 * mV, w=0 * pA), dict(v=-65 * mV)]
    first, second = paths_of("f", flow, AXES, starts, 300 * ms, "0.1 ms", "interpreter")
    assert first.values[0] == pytest.approx([-70, 0])
    assert second.values[0] == pytest.approx([-65, 25])  # w settled: a (v - E_L)
    rest = -70 + 100 / 15
    for path in (first, second):
        assert path.values[-1, 0] == pytest.approx(rest, abs=0.02)


def test_held_states_stay_while_trajectories_run():
    model = rb.models.HodgkinHuxley
    flow = flow_of("f", model, {}, hold=dict(h=0.6, n=0.32))
    [path] = paths_of("f", flow, ("v", "m"), dict(v=-40 * mV), 20 * ms, "0.02 ms", "interpreter")
    [*_, up] = rb.analysis.fixed_points(model, hold=dict(h=0.6, n=0.32))
    assert path.values[-1, 0] == pytest.approx(up["v"].magnitude, abs=0.3)


def test_no_warning_of_starts_above_threshold(recwarn):
    flow = flow_of("f", rb.models.FitzHughNagumo, {})
    paths_of("f", flow, AXES, dict(v=2), 5 * ms, "0.1 ms", "interpreter")
    assert not [w for w in recwarn if issubclass(w.category, rb.errors.RheobaseWarning)]


def refused(given, duration=None):
    with pytest.raises(rb.errors.UserError) as caught:
        paths_of("phase_plane", adex_flow(), AXES, given, duration, "0.1 ms", "interpreter")
    return str(caught.value)


def test_what_is_no_trajectory_is_refused():
    text = refused(dict(v=-60 * mV))
    assert "phase_plane: how long are the trajectories to run?\nwrite duration=100*ms" in text
    text = refused(5, 10 * ms)
    assert "phase_plane: trajectories are a result, a dataset, or states to start from" in text
    assert "given: int" in text
    text = refused([1, 2], 10 * ms)
    assert "given: list" in text
    net = rb.Network(dt=0.1 * ms)
    net.record(net.add(rb.models.AdEx, name="cells"), "v")
    text = refused(net.run(1 * ms, backend="interpreter"))
    assert "phase_plane: v and w were not recorded together in this result" in text
    assert 'write net.record(cells, "v", "w") before the run' in text
    text = refused(dict(x=1), 10 * ms)
    assert "phase_plane: AdEx has no state 'x'" in text
