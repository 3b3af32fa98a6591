"""Networks: describing, running on and on, what is kept and what is refused."""

import subprocess
import sys

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import Hz, ms, mV, nA, pA, second

LEAK = rb.Model("dv/dt = -v/tau : 1\ntau : ms", parameters=dict(tau=10 * ms), name="Leak")


def network(seed=1, n=40):
    """Noise into cells with a plastic spread of weights and delays."""
    net = rb.Network(dt=0.1 * ms, seed=seed)
    cells = net.add(rb.models.LIF(tau_m=20 * ms), n, name="cells")
    cells.v = "E_L + rand()*(V_T - E_L)"
    noise = net.add(rb.stimuli.poisson(2000 * Hz), n, name="noise")
    net.connect(noise, cells, rb.rules.one_to_one(), weight=600 * pA)
    net.connect(cells, cells, rb.rules.fixed_probability(0.2),
                weight=rb.random.normal(200 * pA, 40 * pA),
                delay=rb.random.normal(1.5 * ms, 0.5 * ms, low=0.1 * ms), name="own")  # fmt: skip
    net.record(cells[:3], "v", every=0.5 * ms)
    return net, cells


# -- describing -----------------------------------------------------------------------------


def test_names_sizes_and_defaults():
    net = rb.Network(dt=0.1 * ms, start=1 * second)
    first = net.add(rb.models.LIF)
    second_ = net.add(rb.models.LIF(), 3)
    trains = net.add(rb.stimuli.spike_times([[1] * ms, [2] * ms]))
    one = net.add(rb.stimuli.poisson(10 * Hz))
    assert [p.name for p in (first, second_)] == ["population_1", "population_2"]
    assert [p.size for p in (first, second_, trains, one)] == [1, 3, 2, 1]
    assert list(net.populations) == ["population_1", "population_2", "population_3", "population_4"]
    assert net.populations["population_2"] is second_
    assert net.dt.to(ms).magnitude == pytest.approx(0.1)
    assert net.time.to(second).magnitude == pytest.approx(1.0)
    assert 0 <= net.seed < 2**32
    assert net.last_result is None


def test_a_name_used_twice_is_refused(net):
    net.add(LEAK, name="cells")
    with pytest.raises(rb.errors.WiringError) as refused:
        net.add(LEAK, name="cells")
    assert "there is a population called 'cells' already" in str(refused.value)
    assert 'name="cells_2"' in str(refused.value)


def test_projections_have_names(net):
    cells = net.add(rb.models.LIF, 3, name="cells")
    net.connect(cells, cells, weight=1 * pA)
    net.connect(cells, cells, rb.rules.one_to_one(), weight=1 * pA)
    net.connect(cells, cells, rb.rules.ring(1), weight=1 * pA, name="ring")
    assert list(net.projections) == ["cells_to_cells", "cells_to_cells_2", "ring"]
    with pytest.raises(rb.errors.WiringError, match="a projection called 'ring' already"):
        net.connect(cells, cells, rb.rules.ring(2), weight=1 * pA, name="ring")
    assert "<Projection 'ring': cells -> cells, to i_syn, ring(offset=1), 3 synapses>" in repr(net)
    assert repr(net).startswith("<Network: dt 0.1 ms, seed 1, at 0 ms\n  <Population 'cells'")


@pytest.mark.parametrize("arguments, error, words", [
    (dict(dt=1), rb.errors.UnitError, ["dt: expected a time", "write rb.Network(dt=0.1*ms)"]),
    (dict(dt=0 * ms), rb.errors.UserError, ["dt is the length of a step", "above 0"]),
    (dict(dt=[1, 2] * ms), rb.errors.ShapeError, ["dt is one time", "2 times"]),
    (dict(start=3), rb.errors.UnitError, ["start: expected a time", "rb.Network(start=100*ms)"]),
    (dict(start=float("inf") * ms), rb.errors.UserError, ["start is not a finite time"]),
    (dict(seed=1.5), rb.errors.UserError, ["the seed is no whole number", "rb.Network(seed=1)"]),
    (dict(seed=-1), rb.errors.UserError, ["the seed is no whole number", "-1"]),
])  # fmt: skip
def test_refused_networks(arguments, error, words):
    with pytest.raises(error) as refused:
        rb.Network(**arguments)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("arguments, error, words", [
    ((3,), rb.errors.WiringError, ["neither a model nor a spike train",
                                   "net.add(rb.models.LIF, 10)"]),
    ((rb.channels.Leak,), rb.errors.WiringError, [
        "this is a channel, which is a part of a membrane",
        "net.add(rb.Membrane([channel, rb.channels.Leak]).point(area=20000*um**2), 10)"]),
    (("dv/dt = 1",), rb.errors.WiringError, ["a text, not a model", "rb.Model(equations, ...)"]),
    ((rb.stimuli.step(1 * nA),), rb.errors.WiringError, ["is a current", "net.inject(cells"]),
    ((LEAK, 0), rb.errors.ShapeError, ["size is the number of cells", "1 or more"]),
    ((LEAK, 2.5), rb.errors.ShapeError, ["size is the number of cells"]),
    ((rb.stimuli.poisson([1, 2] * Hz), 3), rb.errors.ShapeError, ["the train is for 2 cells"]),
])  # fmt: skip
def test_refused_populations(net, arguments, error, words):
    with pytest.raises(error) as refused:
        net.add(*arguments)
    for word in words:
        assert word in str(refused.value)


# -- running --------------------------------------------------------------------------------


def test_a_plain_number_is_no_duration(net):
    net.add(LEAK)
    with pytest.raises(rb.errors.UnitError) as refused:
        net.run(1)
    assert "expected a time, got the plain number 1; write net.run(1*second)" in str(refused.value)


@pytest.mark.parametrize("duration, error, words", [
    (0.25 * ms, rb.errors.WiringError, ["0.25*ms is not a multiple", "0.2*ms", "0.3*ms"]),
    (-1 * ms, rb.errors.UserError, ["the duration", "0 or longer", "-0.001 second"]),
    (float("inf") * ms, rb.errors.UserError, ["the duration", "a finite time"]),
    ([1, 2] * ms, rb.errors.ShapeError, ["the duration is one time"]),
    (3 * mV, rb.errors.UnitError, ["the duration: expected a time", "voltage"]),
])  # fmt: skip
def test_refused_durations(net, duration, error, words):
    net.add(LEAK)
    with pytest.raises(error) as refused:
        net.run(duration)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("arguments, error, words", [
    (dict(threads=0), rb.errors.UserError,
     ["threads is the number", "from 1 to 1024", "threads=2"]),
    (dict(backend="cuda"), rb.errors.UserError, ["no backend 'cuda'", 'backend="numba"']),
    (dict(stop_when=3), rb.errors.UserError, ["a text or a function", "stop_when="]),
])  # fmt: skip
def test_refused_ways_to_run(net, arguments, error, words):
    net.add(LEAK)
    with pytest.raises(error) as refused:
        net.run(1 * ms, **arguments)
    for word in words:
        assert word in str(refused.value)


def test_both_backends_give_the_same_bits():
    results = []
    for backend in ("interpreter", "numba"):
        net, cells = network()
        result = net.run(30 * ms, backend=backend)
        results.append((result.spikes["cells"].times, result.spikes["cells"].ids,
                        result.spikes["noise"].times, result.traces["cells"].v.values,
                        cells.v.magnitude))  # fmt: skip
        assert result.metadata["backend"] == backend
    assert results[0][0].size > 5
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_run_may_be_divided_anyhow(backend):
    def spikes(*pieces):
        net, cells = network()
        parts = [net.run(piece * ms, backend=backend) for piece in pieces]
        times = [part.spikes["cells"].times for part in parts]
        traces = [part.traces["cells"].v.values for part in parts]
        stamps = [part.traces["cells"].time.values for part in parts]
        return (
            np.concatenate(times),
            np.concatenate(traces),
            np.concatenate(stamps),
            cells.v.magnitude,
        )

    whole = spikes(30)
    for pieces in ([12.3, 17.7], [0.1, 0.4, 29.5], [0, 30]):
        for one, other in zip(whole, spikes(*pieces), strict=True):
            np.testing.assert_array_equal(one, other)


def test_backends_may_change_between_runs():
    net, cells = network()
    whole, _ = net.run(30 * ms, backend="numba"), cells.v
    again, cells_again = network()
    parts = [again.run(10 * ms, backend=b) for b in ("numba", "interpreter", "numba")]
    np.testing.assert_array_equal(
        np.concatenate([part.spikes["cells"].times for part in parts]),
        whole.spikes["cells"].times,
    )
    np.testing.assert_array_equal(cells.v.magnitude, cells_again.v.magnitude)


def test_a_result_says_what_was_run(backend):
    net, _ = network(seed=7)
    net.run(5 * ms, backend=backend)
    result = net.run(10 * ms, backend=backend)
    assert (result.start, result.stop) == (pytest.approx(0.005), pytest.approx(0.015))
    assert result.dt == pytest.approx(1e-4)
    assert result.seed == 7
    assert set(result.timing) >= {"build", "compile", "connect", "run", "peak_memory_bytes"}
    assert result.populations == {"cells": 40, "noise": 40}
    assert "<Population 'cells': 40 cells of LIF>" in result.description
    assert result.metadata["rheobase"] == rb.__version__
    assert result is net.last_result
    assert net.time.to(ms).magnitude == pytest.approx(15.0)
    np.testing.assert_allclose(result.traces["cells"].time.values, 0.005 + np.arange(20) * 5e-4)


def test_spikes_need_not_be_kept(net, backend):
    net.add(rb.stimuli.poisson(1000 * Hz), 5, name="noise", record_spikes=False)
    net.add(rb.stimuli.poisson(1000 * Hz), 5, name="kept")
    result = net.run(10 * ms, backend=backend)
    assert list(result.spikes) == ["kept"]
    assert result.populations == {"noise": 5, "kept": 5}


def test_views_name_spikes_and_traces(backend):
    net, cells = network()
    result = net.run(20 * ms, backend=backend)
    assert result.spikes[cells] is result.spikes["cells"]
    some = result.spikes[cells[:5]]
    assert some.size == 5
    assert result.traces[cells].sizes == {"time": 40, "cell": 3}


def test_a_network_of_nothing_runs(net, backend):
    result = net.run(1 * ms, backend=backend)
    assert dict(result.spikes) == {}
    assert net.time.to(ms).magnitude == pytest.approx(1.0)


def test_one_step(net, backend):
    cell = net.add(LEAK, name="cell")
    cell.v = 1.0
    net.run(0 * ms, backend=backend)
    net.step()
    assert net.time.to(ms).magnitude == pytest.approx(0.1)
    assert cell.v.magnitude[0] == pytest.approx(np.exp(-0.01), rel=1e-12)


def test_start_moves_the_time(backend):
    net = rb.Network(dt=1 * ms, start=100 * ms)
    clock = rb.Model("x = t/second : 1\ndv/dt = x/second : 1")
    cells = net.add(clock, name="cells")
    net.add(rb.stimuli.spike_times([50 * ms, 102 * ms]), name="source")
    net.record(cells, "x")
    result = net.run(5 * ms, backend=backend)
    np.testing.assert_allclose(result.traces["cells"].x.values[:, 0], 0.1 + np.arange(5) * 1e-3)
    np.testing.assert_allclose(result.traces["cells"].time.values, 0.1 + np.arange(5) * 1e-3)
    np.testing.assert_allclose(result.spikes["source"].times, [0.102])


# -- what cannot be set ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, text",
    [
        ("dt", "net.dt cannot be set: the step is fixed when the network is made\n"
               "give it to the network: rb.Network(dt=0.1*ms)"),
        ("seed", "net.seed cannot be set: it is fixed when the network is made\n"
                 "give it to the network: rb.Network(seed=1)"),
        ("time", "net.time cannot be set: time goes on by running, from the start of the "
                 "network\ngive it to the network: rb.Network(start=100*ms)"),
        ("start", "net.start cannot be set: it is fixed when the network is made\n"
                  "give it to the network: rb.Network(start=100*ms)"),
        ("populations", "net.populations cannot be set: it belongs to the network"),
        ("run", "net.run cannot be set: it belongs to the network"),
    ],
)  # fmt: skip
def test_what_a_network_has_cannot_be_set(net, name, text):
    before = getattr(net, name, None)
    with pytest.raises(rb.errors.UserError) as refused:
        setattr(net, name, 3)
    assert str(refused.value) == text
    assert getattr(net, name, None) == before


@pytest.mark.parametrize("name, meant", [("Seed", "seed"), ("popluations", "populations")])
def test_an_attribute_that_was_misspelled(net, name, meant):
    with pytest.raises(rb.errors.UnknownNameError) as refused:
        setattr(net, name, 3)
    assert f"a network has no attribute {name!r} to set; did you mean net.{meant}?" in str(
        refused.value
    )


def test_an_attribute_of_the_users_own(net):
    with pytest.raises(rb.errors.UnknownNameError) as refused:
        net.qqq = 3
    assert str(refused.value) == (
        "a network has no attribute 'qqq' to set\n"
        "keep values of your own in variables of the script: qqq = ..."
    )
    assert not hasattr(net, "qqq")


# -- without numba --------------------------------------------------------------------------


@pytest.mark.parametrize("failure, says, mend", [
    ("ModuleNotFoundError(name, name=name)", "numba is not installed", "pip install numba"),
    ("ImportError('Numba needs NumPy 2.4 or less')",
     "numba cannot be imported: Numba needs NumPy 2.4 or less", "pip install --upgrade numba"),
    ("ModuleNotFoundError('no module six', name='six')",
     "numba cannot be imported: no module six", "pip install --upgrade numba"),
])  # fmt: skip
def test_the_interpreter_runs_where_numba_cannot_be_imported(failure, says, mend):
    script = f"""
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("numba", "llvmlite"):
            raise {failure}
sys.meta_path.insert(0, Hide())
import rheobase as rb
from rheobase.units import ms, pA
net = rb.Network(dt=0.1*ms, seed=1)
cells = net.add(rb.models.LIF, 3, name="cells")
net.inject(cells, rb.stimuli.step(600*pA))
result = net.run(50*ms)
assert result.spikes["cells"].count > 3
assert result.metadata["backend"] == "interpreter", result.metadata
assert result.metadata["backend_note"] == "{says}: {mend}"
assert "numba" not in sys.modules
try:
    net.run(1*ms, backend="numba")
except rb.errors.UserError as error:
    assert "there is no backend numba here: {says}" in str(error)
    assert "write {mend}, or net.run" in str(error)
else:
    raise SystemExit("not refused")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
