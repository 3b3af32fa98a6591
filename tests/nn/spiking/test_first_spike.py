"""Neurons that answer with their first spike: against networks run from event to event."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rheobase as rb
from rheobase import nn
from rheobase.errors import ShapeError, UserError
from rheobase.nn.spiking import first_spike, first_spike_loops
from rheobase.units import ms, mV, pA, pF

SIZES = [(1.0, 1.0), (2.0, 1.0), (1.0, 1.5), (6.0, 0.5)]


def layer_of(tau_m: float, tau_s: float, **options: Any) -> nn.FirstSpike:
    layer = nn.FirstSpike(
        7, 9, tau_m=tau_m, tau_s=tau_s, end=6.0, **{"mean": 0.5, "std": 0.9} | options
    )
    layer.build((7,), (1, 2), np.dtype(float))
    return layer


def inputs(samples: int = 12) -> Any:
    return np.random.default_rng(3).uniform(0.0, 3.0, (samples, 7))


def network(layer: nn.FirstSpike, x: Any) -> tuple[rb.Network, Any]:
    """The same neurons as cells of a network; a unit of time is 10 ms, of v 1 mV."""
    net = rb.Network(dt=0.5 * ms)
    model = rb.models.LIF(
        crossing="exact", tau_m=10 * layer.tau_m * ms, tau_syn=10 * layer.tau_s * ms, E_L=0 * mV,
        V_r=-500 * mV, V_T=1 * mV, C_m=10 * layer.tau_s * pF, tau_ref=0.1 * ms,
    )  # fmt: skip
    cells = net.add(model, layer.units, name="cells")
    given = net.add(rb.stimuli.spike_times([[10 * t * ms] for t in x]), name="given")
    there = net.connect(given, cells, rb.rules.from_matrix(layer.weights * pA), delay=0.5 * ms)
    return net, there


@pytest.mark.parametrize("tau_m, tau_s", SIZES)
def test_first_spikes_and_gradients_are_those_of_a_network(tau_m: float, tau_s: float) -> None:
    layer, x = layer_of(tau_m, tau_s), inputs(2)
    y, saved = layer.run(x)
    assert 0.2 < np.mean(y < 6) < 1
    for sample, first in zip(x, y, strict=True):
        net, _ = network(layer, sample)
        spikes = net.run(60 * ms).spikes["cells"]
        got = [100 * (spikes[j][0] - 0.5e-3) if spikes[j].size else 6.0 for j in range(9)]
        np.testing.assert_allclose(got, first, rtol=1e-9)
    j = int(np.argmax(y[0] < 6))
    net, there = network(layer, x[0])
    g = rb.gradient(net, lambda run: run["cells"].spike_times[j][0] * 100, [(there, "weights")],
                    duration=60 * ms, surrogate="exact")  # fmt: skip
    by_weight = np.zeros((2, 9))
    by_weight[0, j] = 1.0
    _, gradients = layer.reverse(by_weight, saved)
    theirs = g[there, "weights"].to("1/pA").magnitude.reshape(7, 9)
    np.testing.assert_allclose(gradients["weights"][:, j], theirs[:, j], rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("tau_m, tau_s", SIZES)
def test_backward_agrees_with_differences(tau_m: float, tau_s: float) -> None:
    layer, x = layer_of(tau_m, tau_s, bias_at=0.3, wake=0.3, temperature=0.5), inputs(4)
    rng = np.random.default_rng(1)
    y, saved = layer.run(x)
    g = rng.standard_normal(y.shape)

    def total() -> float:
        y, saved = layer.run(x)
        return float(np.sum(g * y)) + layer.regularization(saved)

    g_x, gradients = layer.reverse(g, saved)
    assert layer.regularization(saved) > 0
    pairs = [(x, g_x), (layer.weights, gradients["weights"]), (layer.bias, gradients["bias"])]
    for array, bar in pairs:
        for place in list(np.ndindex(array.shape))[::3]:
            kept = array[place]
            array[place] = kept + 1e-6
            up = total()
            array[place] = kept - 1e-6
            down = total()
            array[place] = kept
            assert bar[place] == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-6)


def test_one_arrival_has_a_formula() -> None:
    """tau_m = 2 tau_s: w (exp(-s/2) - exp(-s)) = 1 is a quadratic equation for exp(-s/2)."""
    layer = nn.FirstSpike(1, 1, tau_m=2.0, mean=5.0, std=0.0)
    layer.build((1,), (0,), np.dtype(float))
    y, _ = layer.run(np.array([[0.25]]))
    # v = 2 w (exp(-s/2) - exp(-s)), w = 5
    z = (1 + np.sqrt(1 - 4 * 0.1)) / 2
    assert y[0, 0] == pytest.approx(0.25 - 2 * np.log(z), rel=1e-12)


def test_plain_and_compiled_loops_agree() -> None:
    pytest.importorskip("numba")
    layer, x = layer_of(2.0, 1.0, bias_at=1.0), inputs(3)
    times, weights = layer._arrivals(x)
    for compiled, plain in zip(
        first_spike.loops().layer(times, weights, 1.0, 2.0, 1.0, 6.0),
        first_spike_loops.layer(times, weights, 1.0, 2.0, 1.0, 6.0),
        strict=True,
    ):
        np.testing.assert_allclose(compiled, plain, rtol=1e-12)


def test_what_never_spikes_counts_as_spiking_at_the_end() -> None:
    layer = layer_of(1.0, 1.0, mean=0.01, std=0.0, wake=2.0)
    x = inputs(2)
    y, saved = layer.run(x)
    assert (y == 6.0).all()
    g_x, gradients = layer.reverse(np.ones_like(y), saved)
    assert (gradients["weights"] < 0).all()  # more weight, less of the penalty
    assert np.isfinite(g_x).all()
    layer.wake = 0.0
    assert not layer.reverse(np.ones_like(y), saved)[1]["weights"].any()
    assert layer.regularization(saved) == 0.0
    late, _ = layer_of(1.0, 1.0, mean=9.0).run(np.full((1, 7), 6.5))
    assert (late == 6.0).all()


def test_a_slope_that_is_too_small_can_be_held_back() -> None:
    layer, x = layer_of(1.0, 1.0), inputs(12)
    y, saved = layer.run(x)
    whole = np.abs(layer.reverse(np.ones_like(y), saved)[1]["weights"]).max()
    layer.least_slope = 1.0
    assert np.abs(layer.reverse(np.ones_like(y), saved)[1]["weights"]).max() < whole


def trained(threads: int) -> tuple[nn.Sequential, Any]:
    """XOR in times: an input is early (0) or late (2)."""
    x = np.array([[0.0, 0.0], [0.0, 2.0], [2.0, 0.0], [2.0, 2.0]])
    y = np.array([0, 1, 1, 0])
    options = dict(tau_m=3.0, wake=1.0, least_slope=0.3, end=5.0)
    net = nn.Sequential(
        nn.FirstSpike(2, 12, bias_at=1.0, mean=1.5, std=1.0, **options),
        nn.FirstSpike(12, 2, mean=0.4, std=0.5, temperature=0.3, **options),
        seed=2,
    )
    nn.fit(net, x, y, loss="cross_entropy", optimizer=nn.Adam(0.02), epochs=200, threads=threads)
    return net, (net(x).argmax(axis=1) == y).all()


def test_xor_is_learned_with_the_same_bits_in_any_number_of_threads() -> None:
    one, right = trained(1)
    assert right
    np.testing.assert_array_equal(one.vector, trained(2)[0].vector)


def test_it_is_described_saved_and_loaded(tmp_path: Any) -> None:
    net = nn.Sequential(nn.FirstSpike(4, 3, bias_at=0.5, tau_m=2.0), nn.FirstSpike(3, 2), seed=1)
    assert repr(net.layers[0]) == "FirstSpike(4, 3)"
    assert net.layers[0].parameter_count() == 15
    net.save(tmp_path / "net.npz")
    again = nn.load(tmp_path / "net.npz")
    x = np.random.default_rng(0).uniform(0, 2, (5, 4))
    np.testing.assert_array_equal(net(x), again(x))


def test_refusals() -> None:
    with pytest.raises(UserError, match="tau_s must be above 0\ngiven: tau_s = 0"):
        nn.FirstSpike(2, 3, tau_s=0)
    with pytest.raises(UserError, match="temperature must be above 0"):
        nn.FirstSpike(2, 3, temperature=-1.0)
    with pytest.raises(ShapeError, match="units must be a whole number above 0"):
        nn.FirstSpike(2, 0)
    with pytest.raises(ShapeError, match=r"FirstSpike\(2, 3\) does not fit what comes before it"):
        nn.Sequential(nn.FirstSpike(4, 5), nn.FirstSpike(2, 3), seed=0)


def test_without_numba_the_same_text_runs_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_spike, "has_numba", lambda: False)
    assert first_spike.loops.__wrapped__() is first_spike_loops
