"""Random numbers: one source a name and cell, drawn once a step, and nobody else's business."""

import numpy as np
import pytest
from tests.oracles.tiny import COUNTER, network

import rheobase as rb
from rheobase.units import Hz, ms, mV, pA

WALK = rb.Model(
    "dx/dt = xi_one : second**0.5\ndy/dt = xi_one : second**0.5\ndz/dt = xi_two : second**0.5\n"
    "du/dt = xi : second**0.5",
    method="euler",
)


def walked(backend, cells=4, steps=30, method="euler", **options):
    net = network(**options)
    made = net.add(WALK(method=method), cells, name="cells")
    net.record(made, "x", "y", "z", "u")
    traces = net.run(steps * ms, backend=backend).traces["cells"]
    return {name: np.diff(traces[name].values, axis=0) for name in "xyzu"}


def test_noise_is_one_source_a_name_and_cell(backend):
    moves = walked(backend)
    np.testing.assert_array_equal(moves["x"], moves["y"])
    columns = np.concatenate([moves[name].T for name in "xzu"])
    assert np.unique(columns).size == columns.size
    together = np.corrcoef(columns)
    assert np.abs(together - np.eye(12)).max() < 0.7


def test_noise_has_variance_dt(backend):
    moves = walked(backend, cells=2000, steps=3)
    for name in "xzu":
        assert moves[name].var() == pytest.approx(1e-3, rel=0.1)
        assert abs(moves[name].mean()) < 4 * np.sqrt(1e-3 / 4000)


@pytest.mark.parametrize("method", ["stochastic_heun", "milstein"])
def test_noise_is_drawn_once_a_step_and_not_once_a_stage(backend, method):
    """With nothing but noise on the right, every method moves by the same step."""
    euler, other = walked(backend), walked(backend, method=method)
    for name in "xzu":
        np.testing.assert_allclose(other[name], euler[name], atol=1e-15)


def test_multiplicative_noise_is_refused_by_euler():
    with pytest.raises(rb.errors.EquationError, match="euler"):
        net = network()
        net.add(rb.Model("dx/dt = x*xi*second**-0.5 : 1", method="euler"))
        net.run(1 * ms, backend="interpreter")


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_rand_is_drawn_once_a_step_and_call_site(backend, method):
    model = rb.Model(
        "r = rand() : 1\ndx/dt = r/ms : 1\ndy/dt = r/ms : 1\ndz/dt = rand()/ms : 1", method=method
    )
    net = network()
    cells = net.add(model, 5, name="cells")
    net.record(cells, "x", "y", "z")
    traces = net.run(20 * ms, backend=backend).traces["cells"]
    x, y, z = (np.diff(traces[name].values, axis=0) for name in "xyz")
    np.testing.assert_array_equal(x, y)
    assert np.all((x > 0) & (x < 1))  # one draw for the four stages of rk4
    assert np.abs(x - z).max() > 0.2
    assert np.unique(x.round(12)).size == x.size


def test_a_threshold_may_draw(backend):
    """A cell that spikes at random; the draw of the threshold is one of its own."""
    model = rb.Model(
        "rate : Hz\nr = rand() : 1", threshold="rand() < rate*dt", parameters=dict(rate=0 * Hz)
    )
    net = network()
    cells = net.add(model, 4, name="cells")
    cells.rate = [0, 500, 500, 1000] * Hz
    spikes = net.run(200 * ms, backend=backend).spikes["cells"]
    assert [spikes[0].size, spikes[3].size] == [0, 200]
    assert 70 < spikes[1].size < 130 and not np.array_equal(spikes[1], spikes[2])


@pytest.mark.parametrize("where, options", [
    ("reset", dict(reset="v = rand()")),
    ("refractory", dict(reset="v = 0", refractory="(1 + rand())*ms")),
    ("receives 'v'", dict(reset="v = 0", receives="v += weight*rand()")),
])  # fmt: skip
def test_what_happens_at_a_spike_draws_nothing(where, options):
    net = network()
    net.add(rb.Model("dv/dt = -v/ms : 1", threshold="v > 1", **options), name="cells")
    with pytest.raises(rb.errors.EquationError) as refused:
        net.run(1 * ms, backend="interpreter")
    assert where in str(refused.value)
    assert "draw it in the equations, for example 'jitter = rand() : 1'" in str(refused.value)


# -- seeds ----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_run_and_another_another(backend):
    first, again, other = (walked(backend, seed=seed) for seed in (3, 3, 4))
    for name in "xzu":
        np.testing.assert_array_equal(first[name], again[name])
        assert not np.any(first[name] == other[name])


def test_a_seed_is_drawn_and_kept(backend):
    net = rb.Network(dt=1 * ms)
    cells = net.add(WALK, 3, name="cells")
    result = net.run(5 * ms, backend=backend)
    assert isinstance(net.seed, int) and result.seed == net.seed
    assert rb.Network().seed != net.seed
    again = rb.Network(dt=1 * ms, seed=net.seed)
    same = again.add(WALK, 3, name="cells")
    again.run(5 * ms, backend=backend)
    np.testing.assert_array_equal(same.u.magnitude, cells.u.magnitude)


def test_distributions_redraw_rather_than_clip():
    net = network()
    cells = net.add(COUNTER, 2000, name="cells")
    cells.v = rb.random.normal(0.0, 1.0, low=0.0, high=1.5)
    drawn = cells.v.magnitude
    assert drawn.min() > 0 and drawn.max() < 1.5
    assert np.unique(drawn).size == 2000
    made = net.connect(cells[:50], cells[:50], weight=rb.random.normal(0.0, 1.0, low=-1.0))
    weights = made.weights.magnitude
    assert weights.min() > -1 and np.unique(weights).size == 2500
    # mean of a normal cut at -1: phi(1)/Phi(1)
    assert weights.mean() == pytest.approx(0.2420 / 0.8413, abs=0.06)


# -- nobody else's business -----------------------------------------------------------------

NOISY = rb.Model(
    "dv/dt = -v/tau + I/ms + 0.5*xi*tau**-0.5 : 1 (unless refractory)\nI : 1 (input)",
    threshold="v > 1", reset="v = rest", refractory="2*ms", receives="v += weight",
    parameters=dict(tau=10 * ms, rest=0.0),
)  # fmt: skip


def part(net, name="part", cells=6):
    """Add a population with everything random to it."""
    made = net.add(NOISY, cells, name=name)
    made.v = "rand()"
    net.inject(made, rb.stimuli.noise(0.1, 5 * ms, mean=0.05))
    net.drive(made, rb.stimuli.poisson(200 * Hz), weight=0.1)
    net.connect(made, made, rb.rules.fixed_probability(0.5), name=f"{name}_inside",
                weight=rb.random.normal(0.1, 0.05, low=0),
                delay=rb.random.uniform(1 * ms, 3 * ms))  # fmt: skip
    net.record(made, "v", name=f"{name}_v")
    return made


def also(net, which):
    if which == "population":
        part(net, "more", 7)
    if which == "source":
        net.add(rb.stimuli.poisson(100 * Hz), 5, name="source")
    if which == "other model":
        other = net.add(rb.models.LIF, 5, name="lif")
        other.v = "E_L + rand()*mV"
        net.inject(other, rb.stimuli.noise(200 * pA, 5 * ms, mean=300 * pA))


@pytest.mark.parametrize("which", ["population", "source", "other model"])
@pytest.mark.parametrize("before", [True, False])
def test_what_is_added_beside_a_part_changes_nothing_in_it(backend, which, before):
    alone = network(seed=7)
    part(alone)
    expected = alone.run(40 * ms, backend=backend)
    assert expected.spikes["part"].count > 5
    net = network(seed=7)
    if before:
        also(net, which)
    part(net)
    if not before:
        also(net, which)
    found = net.run(40 * ms, backend=backend)
    np.testing.assert_array_equal(found.spikes["part"].times, expected.spikes["part"].times)
    np.testing.assert_array_equal(found.spikes["part"].ids, expected.spikes["part"].ids)
    np.testing.assert_array_equal(found.traces["part_v"].v, expected.traces["part_v"].v)


def test_the_first_cells_of_a_larger_population_are_those_of_a_smaller(backend):
    def run(size):
        net = network(seed=7)
        made = net.add(NOISY, size, name="cells")
        made.v = "rand()"
        net.inject(made, rb.stimuli.noise(0.1, 5 * ms, mean=0.05))
        net.drive(made, rb.stimuli.poisson(200 * Hz), weight=0.1)
        net.record(made, "v")
        return net.run(30 * ms, backend=backend).traces["cells"].v.values

    np.testing.assert_array_equal(run(70)[:, :5], run(5))


def test_recording_changes_nothing(backend):
    def run(record):
        net = network(seed=7)
        made = part(net)
        if record:
            net.record(made[1:3], "v", "I", every=2 * ms, name="more")
        return net.run(30 * ms, backend=backend).traces["part_v"].v.values

    np.testing.assert_array_equal(run(True), run(False))


def test_parts_of_one_model_are_independent(backend):
    net = network(seed=7)
    part(net, "a"), part(net, "b")
    traces = net.run(30 * ms, backend=backend).traces
    assert not np.any(traces["a_v"].v.values[1:] == traces["b_v"].v.values[1:])


def test_units_of_voltage_in_random_texts():
    net = network()
    cells = net.add(rb.models.LIF, 300, name="cells")
    cells.v = "E_L + rand()*(V_T - E_L)"
    v = cells.v.to(mV).magnitude
    assert v.min() > -65 and v.max() < -50
    assert v.mean() == pytest.approx(-57.5, abs=1)
