"""Layers of spiking neurons: as a population of a network does, and gradients that are right."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rheobase as rb
from rheobase import nn
from rheobase.errors import ShapeError, UserError
from rheobase.units import Hz, ms, mV, pA

LIF = rb.models.LIF(tau_syn=5 * ms)
ADAPTIVE = rb.Model(
    """
    dv/dt = (i_syn + I - v)/tau_m : 1 (unless refractory)
    di_syn/dt = -i_syn/tau_s : 1
    db/dt = -b/tau_b : 1
    I : 1 (input)
    """,
    threshold="v > 1 + beta*b", reset="v = v - 1; b += 1", refractory="tau_ref",
    receives="i_syn += gain*weight",
    parameters=dict(tau_m=20*ms, tau_s=5*ms, tau_b=100*ms, beta=0.2, gain=2.0, tau_ref=2*ms),
    name="Adaptive",
)  # fmt: skip


def spikes(batch: int, steps: int, inputs: int, probability: float = 0.1) -> Any:
    rng = np.random.default_rng(5)
    return rng.random((batch, steps, inputs)) < probability


def passes(layer: nn.Spiking, x: Any, seed: int = 1) -> tuple[Any, Any, dict[str, Any]]:
    """Forward, and back from random gradients."""
    net = nn.Sequential(layer, seed=seed)
    y = net.forward(x)
    g_x = net.backward(np.random.default_rng(2).normal(size=y.shape))
    return y, g_x, dict(vars(layer.gradient))


def test_a_layer_does_what_a_population_of_a_network_does() -> None:
    x = spikes(2, 80, 7, 0.15)
    layer = nn.Spiking(LIF, 7, 5, recurrent=True, delay=2 * ms)
    net = nn.Sequential(layer, seed=3)
    layer.recurrent_weights = 6 * layer.recurrent_weights
    found, saved = layer.run(x)
    assert found.sum() > 10
    for sample in range(2):
        network = rb.Network(dt=1 * ms, seed=0)
        times = [np.flatnonzero(x[sample, :, i]) * ms for i in range(7)]
        source = network.add(rb.stimuli.spike_times(times), 7, name="inputs")
        cells = network.add(LIF, 5, name="cells")
        network.connect(source, cells, rb.rules.all_to_all(), weight=layer.weights.ravel() * pA,
                        delay=2 * ms)  # fmt: skip
        network.connect(cells, cells, rb.rules.all_to_all(),
                        weight=layer.recurrent_weights.ravel() * pA, delay=1 * ms)  # fmt: skip
        network.record(cells, "v")
        result = network.run(80 * ms)
        theirs = result.spikes["cells"]
        want = np.zeros((80, 5), bool)
        want[np.rint(theirs.times * 1e3).astype(int), theirs.ids] = True
        np.testing.assert_array_equal(found[sample], want)
        v = saved.course.kept["v"].reshape(81, 2, 5)[:80, sample]
        np.testing.assert_allclose(v * 1e3, result.traces["cells"].v.values, rtol=1e-15)
    assert net(x).dtype == bool


@pytest.mark.parametrize("options", [
    dict(recurrent=True, trainable=("tau_b", "beta", "gain"), reset="through"),
    dict(delays=(0*ms, 6*ms), readout="first", rate_target=(50*Hz, 60*Hz), to="i_syn"),
    dict(to="I", readout="mean", of="v", delay=0*ms),
])  # fmt: skip
def test_compiled_and_interpreted_agree(options: dict[str, Any]) -> None:
    x = spikes(3, 50, 6)
    results = []
    for backend in ("numba", "interpreter"):
        layer = nn.Spiking(ADAPTIVE, 6, 4, weight_scale=3.0, **options)
        layer.backend = backend
        results.append(passes(layer, x))
    (y, g_x, gradients), (y_2, g_x_2, gradients_2) = results
    assert np.any(y != 0)
    np.testing.assert_allclose(y, y_2, rtol=1e-12)
    np.testing.assert_allclose(g_x, g_x_2, rtol=1e-9, atol=1e-12 * np.abs(g_x).max())
    assert gradients.keys() == gradients_2.keys()
    for name, value in gradients.items():
        close = 1e-12 * np.abs(value).max()
        assert close > 0, name
        np.testing.assert_allclose(value, gradients_2[name], rtol=1e-9, atol=close)


def central(net: Any, x: Any, g: Any, array: Any, step: float = 1e-6) -> Any:
    """Central differences of sum(g*net(x)) by all entries of an array."""
    found = np.zeros(array.shape)
    for place in np.ndindex(array.shape):
        kept, each = array[place], []
        for sign in (1, -1):
            array[place] = kept + sign * step
            each.append((g * net(x)).sum())
        array[place] = kept
        found[place] = (each[0] - each[1]) / (2 * step)
    return found


@pytest.mark.parametrize("readout", ["trace", "max", "mean", "last"])
def test_gradients_below_threshold_are_those_of_finite_differences(readout: str) -> None:
    x = np.random.default_rng(3).normal(size=(2, 30, 3))
    model = nn.leaky_readout()
    layer = nn.Spiking(model, 3, 2, readout=readout, trainable=("tau_m", "tau_syn", "R"),
                       values={"tau_m": [10, 20] * ms}, readout_scale=-2.0)  # fmt: skip
    net = nn.Sequential(layer, seed=1)
    y = net.forward(x)
    g = np.random.default_rng(2).normal(size=y.shape)
    g_x = net.backward(g)
    for name, array in layer.parameters.items():
        np.testing.assert_allclose(vars(layer.gradient)[name], central(net, x, g, array),
                                   rtol=1e-6, atol=1e-8)  # fmt: skip
    some = x[:1, :4]
    np.testing.assert_allclose(
        g_x[:1, :4], central(net, x, g, some), rtol=1e-6, atol=1e-8
    )  # `some` is a view of x


def test_gradients_by_delays_are_those_of_finite_differences() -> None:
    x = spikes(2, 40, 3, 0.2)
    layer = nn.Spiking(nn.leaky_readout(), 3, 2, delays=(1 * ms, 7 * ms), readout="mean")
    net = nn.Sequential(layer, seed=1)
    y = net.forward(x)
    g = np.random.default_rng(2).normal(size=y.shape)
    net.backward(g)
    for name in ("weights", "delays"):
        found = central(net, x, g, layer.parameters[name])
        np.testing.assert_allclose(vars(layer.gradient)[name], found, rtol=1e-6, atol=1e-9)


def test_trained_parameters_start_at_the_models_values_and_stay_positive() -> None:
    layer = nn.Spiking(LIF, 2, 3, trainable=("tau_m", "V_T"))
    nn.Sequential(layer, seed=0)
    assert list(layer.parameters) == ["weights", "log_tau_m", "shift_V_T"]
    layer.log_tau_m = [np.log(2.0), 0.0, -50.0]
    layer.shift_V_T = [1.0, 0.0, -2.0]
    tau = layer.value("tau_m").m_as("ms")
    np.testing.assert_allclose(tau[:2], [20.0, 10.0])
    assert tau[2] > 0
    np.testing.assert_allclose(layer.value("V_T").m_as("mV"), [-49, -50, -52])
    with pytest.raises(UserError, match=r"'E_L' is not trained\nwrite nn.Spiking"):
        layer.value("E_L")


@pytest.mark.filterwarnings("ignore:the fit ended no better than guessing")
def test_chunks_threads_and_memory_used_again_change_no_bit() -> None:
    x = np.concatenate([spikes(200, 30, 5), spikes(60, 30, 5, 0.3)])
    y = np.arange(260) % 2
    found = []
    for threads in (1, 2, 3):
        net = nn.Sequential(
            nn.Spiking(nn.normalized_lif(), 5, 6, recurrent=True),
            nn.Spiking(nn.leaky_readout(), 6, 2, readout="max"), seed=4)  # fmt: skip
        nn.fit(net, x, y, loss="cross_entropy", epochs=3, batch_size=150, threads=threads,
               progress=False)  # fmt: skip
        found.append(net.vector.copy())
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_rates_are_pulled_between_their_limits() -> None:
    x = spikes(40, 100, 10, 0.05)
    layer = nn.Spiking(nn.normalized_lif(), 10, 5, readout="count", weight_scale=0.5,
                       rate_target=(40 * Hz, 60 * Hz), rate_strength=0.1)  # fmt: skip
    net = nn.Sequential(layer, seed=1)
    still = np.zeros((40, 5))
    before = net(x).mean() / 0.1
    loss = nn.losses.find("squared_error")
    optimizer = nn.Adam(0.05)
    state = optimizer.start(net.vector)
    for step in range(60):
        net.forward(x)
        net.backward(still)  # nothing but the rates
        gradient = layer.gradient.weights.ravel() / 40
        optimizer.step(net.vector, gradient, state, step + 1, 0.05)
    after = net(x).mean() / 0.1
    assert loss is not None
    assert before < 20 < 30 < after < 70


def test_noise_of_the_equations_is_the_same_on_the_way_back() -> None:
    noisy = rb.Model("dv/dt = (I - v)/tau + sigma*xi*tau**-0.5 : 1\nI : 1 (input)",
                     parameters=dict(tau=10*ms, sigma=0.1), name="Noisy")  # fmt: skip
    layer = nn.Spiking(noisy, 2, 3, to="I", readout="last", trainable=("tau", "sigma"))
    nn.Sequential(layer, seed=1)
    x = np.ones((2, 20, 2))
    (first, _), (again, _), (other, _) = (layer.run(x, key=k) for k in ((1, 2), (1, 2), (1, 3)))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01
    _, saved = layer.run(x, key=(1, 2))
    found = layer.reverse_parameters(np.ones((2, 3)), saved)
    for name in ("log_tau", "log_sigma"):
        want = central(lambda x: layer.run(x, key=(1, 2))[0], x, 1.0, layer.parameters[name])
        np.testing.assert_allclose(found[name], want, rtol=1e-5)


def test_wrong_shapes_and_arguments_are_told() -> None:
    layer = nn.Spiking(LIF, 3, 2)
    net = nn.Sequential(layer, seed=0)
    with pytest.raises(ShapeError, match=r"spikes or numbers over time\n.*\nnn.encode.latency"):
        layer.output_shape((3,))
    with pytest.raises(ShapeError, match=r"expected: samples of 3 features"):
        net(np.zeros((4, 10, 5)))
    with pytest.raises(UserError, match=r"there is no readout 'counts'; did you mean 'count'\?"):
        nn.Spiking(LIF, 3, 2, readout="counts")
    with pytest.raises(UserError, match=r"leaky_readout has no threshold.*\nwrite readout=\"max\""):
        nn.Spiking(nn.leaky_readout(), 3, 2, readout="count")
    with pytest.raises(UserError, match=r"LIF has no parameter 'tau' to train"):
        nn.Spiking(LIF, 3, 2, trainable=("tau",))
    with pytest.raises(UserError, match=r"LIF has no state 'u' to read out"):
        nn.Spiking(LIF, 3, 2, readout="max", of="u")
    with pytest.raises(UserError, match="the smallest first"):
        nn.Spiking(LIF, 3, 2, delays=(5 * ms, 1 * ms))
    with pytest.raises(UserError, match=r"rate_target goes from 9 Hz to 5 Hz"):
        nn.Spiking(LIF, 3, 2, rate_target=(9 * Hz, 5 * Hz))
    with pytest.raises(UserError, match="reset='soft'"):
        nn.Spiking(LIF, 3, 2, reset="soft")  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r'LIF goes from event to event.*\n.*crossing="grid"'):
        nn.Spiking(rb.models.LIF(crossing="exact"), 3, 2)
    with pytest.raises(UserError, match="the first argument is the model of the neurons"):
        nn.Spiking(10, 3, 2)  # type: ignore[arg-type]
    with pytest.raises(rb.errors.UnitError, match="dt=1\\*ms"):
        nn.Spiking(LIF, 3, 2, dt=1 * mV)
    with pytest.raises(UserError, match="one delay, or delays that are trained"):
        nn.Spiking(LIF, 3, 2, delay=2 * ms, delays=(1 * ms, 5 * ms))
    with pytest.raises(UserError, match=r"there are none\nnn.Spiking\(..., recurrent=True\)"):
        nn.Spiking(LIF, 3, 2, recurrent_delay=2 * ms)
    with pytest.raises(UserError, match="its inputs are not finite: look at the samples"):
        net(np.full((4, 10, 3), np.nan))


def test_the_first_weights_are_measured_on_the_model() -> None:
    for scale in (1.0, 2.0):
        layer = nn.Spiking(LIF, 400, 50, weight_scale=scale)
        nn.Sequential(layer, seed=0)
        # one arrival of the whole deviation takes v from rest to threshold, `scale` times over
        peak = 15.0 / (layer.weights.std() * 20 / scale)  # mV a pA
        network = rb.Network(dt=1 * ms, seed=0)
        cell = network.add(LIF, name="cell")
        cell.i_syn = 1 * pA
        network.record(cell, "v")
        v = network.run(60 * ms).traces["cell"].v.values
        assert peak == pytest.approx(v.max() + 65, rel=0.03)


def test_weights_in_any_unit_move_alike() -> None:
    """The same neuron in volt and ampere, and in units of its threshold, is trained alike."""
    text = """
    dv/dt = ({R}i_syn - v)/tau_m : {v}
    di_syn/dt = -i_syn/tau_syn : {i}
    """
    times = dict(tau_m=10 * ms, tau_syn=5 * ms)
    plain = rb.Model(text.format(R="4*", v="1", i="1"), threshold="v > 1", reset="v = 0",
                     receives="i_syn += weight", parameters=times, method="euler")  # fmt: skip
    # 16 mV, and 256 pA for it: powers of two
    physical = rb.Model(text.format(R="R*", v="mV", i="pA"), threshold="v > 16*mV",
                        reset="v = 0*mV", receives="i_syn += weight", method="euler",
                        parameters=times | {"R": 16 / 256 * mV / pA})  # fmt: skip
    x, y = nn.tasks.random_patterns(16, inputs=20, steps=50, probability=0.05, seed=0)
    weights = []
    for model, scale in ((plain, 1.0), (physical, 1024.0)):
        hidden = nn.Spiking(model, 20, 6, recurrent=True, weight_std=scale)
        net = nn.Sequential(hidden, nn.Spiking(nn.leaky_readout(), 6, 2, readout="max"), seed=1)
        start = hidden.weights.copy()
        nn.fit(net, x, y, loss="cross_entropy", optimizer=nn.Adam(0.05), epochs=20)
        ends = (start, hidden.weights, hidden.recurrent_weights)
        weights.append([w / scale for w in ends])
        assert np.abs(weights[-1][1] - weights[-1][0]).mean() > 0.05
    for one, other in zip(*weights, strict=True):
        assert np.abs(one - other).max() < 0.05


def test_weights_far_from_one_have_a_size() -> None:
    def size(model: rb.Model, **options: Any) -> dict[str, float]:
        layer = nn.Spiking(model, 4, 2, **options)
        nn.Sequential(layer, seed=0)
        return layer.sizes()

    assert size(nn.normalized_lif()) == size(LIF, weight_std=0.0) == {}
    assert size(rb.models.Izhikevich)["weights"] == pytest.approx(100, rel=0.1)
    assert size(LIF, weight_std=30.0, recurrent=True) == {"weights": 30, "recurrent_weights": 30}


def test_a_network_is_saved_with_its_models(tmp_path: Path) -> None:
    curve = rb.gradients.Surrogate("arctan", slope=3.0)
    net = nn.Sequential(
        nn.Spiking(ADAPTIVE, 6, 4, recurrent=True, delays=(0 * ms, 6 * ms), trainable="tau_m",
                   values={"tau_b": [50, 60, 70, 80] * ms}, surrogate=curve, weight_scale=3.0),
        nn.Spiking(nn.leaky_readout(), 4, 2, readout="max"), seed=3)  # fmt: skip
    net.layers[0].log_tau_m = [0.1, 0.2, 0.3, 0.4]
    again = nn.load(net.save(tmp_path / "net.npz"))
    x = spikes(3, 40, 6)
    np.testing.assert_array_equal(net(x), again(x))
    assert again.layers[0]._programs._asked == net.layers[0]._programs._asked


def test_copies_have_memory_of_their_own() -> None:
    x = spikes(3, 40, 5)
    net = nn.Sequential(nn.Spiking(nn.normalized_lif(), 5, 4, recurrent=True), seed=3)
    net(x)
    g = np.random.default_rng(1).normal(size=net.forward(x).shape)
    copied = copy.deepcopy(net)
    pickled = pickle.loads(pickle.dumps(net))
    net.backward(g)
    want = net.layers[0].gradient.weights.copy()
    net.layers[0].weights *= 100
    net.forward(x)
    for other in (copied, pickled):
        other.forward(x)
        other.backward(g)
        np.testing.assert_array_equal(other.layers[0].gradient.weights, want)
        assert not np.array_equal(other(x), net(x))


@pytest.mark.parametrize("scale, told", [
    (0.002, r"layer 0: 100% of the units never spike. Give them larger first weights"),
    (1.2, r"gradient vanishes on its way back.* Take a wider surrogate"),
])  # fmt: skip
def test_why_spikes_learn_nothing_is_told(scale: float, told: str) -> None:
    x, y = nn.tasks.random_patterns(16, inputs=5, steps=30, probability=0.2, seed=0)
    surrogate = rb.gradients.Surrogate("fast_sigmoid", slope=1e4)
    hidden = nn.Spiking(LIF, 5, 3, weight_scale=scale, surrogate=surrogate)
    net = nn.Sequential(hidden, nn.Spiking(nn.leaky_readout(), 3, 2, readout="max"), seed=0)
    with pytest.warns(rb.errors.RheobaseWarning, match=told):
        nn.fit(net, x, y, loss="cross_entropy", optimizer=nn.Adam(1e-6), epochs=20)


def test_a_state_that_is_not_finite_is_told() -> None:
    model = rb.Model("dv/dt = v**3/tau : 1", receives="v += weight", method="euler",
                     parameters=dict(tau=1*ms), name="Explosive")  # fmt: skip
    layer = nn.Spiking(model, 1, 1, weight_std=1.0)
    nn.Sequential(layer, seed=0)
    with pytest.raises(UserError, match=r"a state is not finite in step \d+\ntake smaller steps"):
        layer.run(np.full((1, 50, 1), 1e3))


@pytest.mark.filterwarnings("ignore:the fit ended no better than guessing")
def test_spiking_layers_stand_among_others() -> None:
    x = spikes(20, 40, 5)
    y = np.arange(20) % 2
    losses = {}
    for dtype in ("float64", "float32"):
        net = nn.Sequential(
            nn.Dense(5, 6, "relu"), nn.Spiking(nn.normalized_lif(), 6, 4),
            nn.Spiking(nn.leaky_readout(), 4, 3, readout="trace"), nn.Dense(3, 3, "tanh"),
            nn.Flatten(), nn.Dense(120, 2), seed=2, dtype=dtype)  # fmt: skip
        history = nn.fit(net, x, y, loss="cross_entropy", epochs=4, progress=False)
        assert net(x).dtype == dtype
        losses[dtype] = history.loss
    assert losses["float64"][-1] < losses["float64"][0]
    np.testing.assert_allclose(losses["float32"], losses["float64"], rtol=1e-3)
