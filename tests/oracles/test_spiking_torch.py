"""Spiking networks written by hand in PyTorch: outputs and gradients are the same.

The first is SpyTorch tutorial 1 (F. Zenke), whose loop is `tutorial` below. The second has
recurrent connections and trains the time constants.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rheobase import nn
from rheobase.units import ms

torch = pytest.importorskip("torch")
ALPHA, BETA = np.exp(-1 / 5), np.exp(-1 / 10)
GAIN = 1 / (1 - BETA)
STD = 7 * (1 - BETA)


class Spike(torch.autograd.Function):  # type: ignore[misc,name-defined]
    """A step function whose derivative is that of a fast sigmoid of slope 100."""

    @staticmethod
    def forward(context: Any, margin: Any) -> Any:
        context.save_for_backward(margin)
        return (margin > 0).double()

    @staticmethod
    def backward(context: Any, gradient: Any) -> Any:
        (margin,) = context.saved_tensors
        return gradient / (100 * margin.abs() + 1) ** 2


def parameter(values: Any) -> Any:
    return torch.tensor(np.array(values), dtype=torch.float64, requires_grad=True)


def tutorial(x: Any, first: Any, second: Any) -> tuple[Any, Any]:
    """SpyTorch's network: largest potential of the readout, and hidden spikes."""
    current = potential = torch.zeros(len(x), first.shape[1], dtype=torch.float64)
    spikes = []
    for step in range(x.shape[1]):
        spike = Spike.apply(potential - 1)
        kept = 1 - spike.detach()
        potential, current = (
            (BETA * potential + current) * kept, ALPHA * current + x[:, step] @ first
        )  # fmt: skip
        spikes.append(spike)
    current = potential = torch.zeros(len(x), second.shape[1], dtype=torch.float64)
    found = [potential]
    for spike in spikes:
        potential, current = BETA * potential + current, ALPHA * current + spike @ second
        found.append(potential)
    return torch.stack(found, 1).max(1)[0], torch.stack(spikes, 1)


def test_the_network_of_spytorch() -> None:
    x, y = nn.tasks.random_patterns(64, seed=3)
    lif = nn.normalized_lif(gain=GAIN, tau_ref=1 * ms)
    net = nn.Sequential(
        nn.Spiking(lif, 100, 4, delay=0 * ms, weight_std=STD),
        nn.Spiking(nn.leaky_readout(gain=GAIN), 4, 2, readout="max", weight_std=STD),
        seed=1,
    )
    hidden, out = net.layers
    first, second = parameter(hidden.weights), parameter(out.weights)
    want, spikes = tutorial(torch.tensor(x, dtype=torch.float64), first, second)
    found = net.forward(x)
    np.testing.assert_allclose(found, want.detach().numpy(), rtol=1e-12, atol=1e-12)
    # theirs spike at the beginning of the next step
    np.testing.assert_array_equal(hidden.run(x)[0][:, :-1], spikes.detach().numpy()[:, 1:] > 0)
    loss = torch.nn.functional.cross_entropy(want, torch.tensor(y))
    loss.backward()
    chances = np.exp(found) / np.exp(found).sum(axis=1, keepdims=True)
    net.backward((chances - np.eye(2)[y]) / len(y))
    for layer, theirs in ((hidden, first), (out, second)):
        size = theirs.grad.abs().max().item()
        assert size > 1e-3
        np.testing.assert_allclose(layer.gradient.weights, theirs.grad.numpy(), rtol=1e-9,
                                   atol=1e-10 * size)  # fmt: skip


@pytest.mark.parametrize("reset", ["detached", "through"])
def test_a_recurrent_network_with_trained_time_constants(reset: Any) -> None:
    x = np.random.default_rng(2).random((5, 60, 8)) < 0.1
    layer = nn.Spiking(
        nn.normalized_lif(gain=GAIN),
        8,
        6,
        recurrent=True,
        reset=reset,
        delay=3 * ms,
        recurrent_delay=2 * ms,
        trainable=("tau_m", "tau_syn"),
    )
    net = nn.Sequential(layer, seed=5)
    layer.recurrent_weights = 3 * layer.recurrent_weights
    names = ("weights", "recurrent_weights", "log_tau_m", "log_tau_syn")
    given = {name: parameter(layer.parameters[name]) for name in names}
    beta = torch.exp(-1 / (10 * torch.exp(given["log_tau_m"])))
    alpha = torch.exp(-1 / (5 * torch.exp(given["log_tau_syn"])))
    inputs = torch.tensor(x, dtype=torch.float64)
    current = potential = torch.zeros(5, 6, dtype=torch.float64)
    spikes: list[Any] = []
    for step in range(60):
        potential = beta * potential + (1 - beta) * GAIN * current
        spike = Spike.apply(potential - 1)
        potential = potential * (1 - (spike.detach() if reset == "detached" else spike))
        current = alpha * current
        if step >= 3:
            current = current + inputs[:, step - 3] @ given["weights"]
        if step >= 2:
            current = current + spikes[step - 2] @ given["recurrent_weights"]
        spikes.append(spike)
    want = torch.stack(spikes, 1)
    found = net.forward(x)
    assert found.sum() > 20
    np.testing.assert_array_equal(found, want.detach().numpy() > 0)
    g = np.random.default_rng(4).normal(size=found.shape)
    (want * torch.tensor(g)).sum().backward()
    net.backward(g)
    off_diagonal = ~np.eye(6, dtype=bool)
    for name in names:
        mine, theirs = vars(layer.gradient)[name], given[name].grad.numpy()
        if name == "recurrent_weights":  # no unit is connected to itself
            mine, theirs = mine[off_diagonal], theirs[off_diagonal]
        np.testing.assert_allclose(mine, theirs, rtol=1e-8, atol=1e-9 * np.abs(theirs).max())
