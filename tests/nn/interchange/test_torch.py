"""Networks to PyTorch and back: the same predictions, gradients and refusals."""

import sys

import numpy as np
import pytest
import torch
from torch import nn as tnn

from rheobase import nn
from rheobase.errors import UserError

ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh", "leaky_relu", "elu", "gelu", "softplus",
               "softsign")  # fmt: skip


def images(n=3, channels=2, rows=12, columns=10, seed=0):
    return np.random.default_rng(seed).standard_normal((n, channels, rows, columns))


def filled(net, seed=3):
    """Give biases values too: they begin at 0."""
    net.vector[:] += 0.1 * np.random.default_rng(seed).standard_normal(net.vector.size)
    return net


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_activation_there_and_back(activation):
    net = filled(nn.Sequential(nn.Dense(5, 7, activation), nn.Dense(7, 2), seed=1))
    x = 3 * np.random.default_rng(0).standard_normal((20, 5))
    module = nn.to_torch(net)
    np.testing.assert_allclose(module(torch.tensor(x)).detach(), net(x), rtol=1e-8, atol=1e-9)
    back = nn.from_torch(module)
    np.testing.assert_array_equal(back(x), net(x))
    assert repr(back) == repr(net)


def test_every_layer_there_and_back():
    net = filled(nn.Sequential(
        nn.Conv2D(2, 4, 3, "relu", padding=1), nn.AvgPool2D(2),
        nn.Conv2D(4, 6, (3, 2), "tanh", stride=(2, 1), dilation=(1, 2), groups=2, bias=False),
        nn.MaxPool2D(3, 1, 1), nn.Dropout(0.3), nn.Flatten(),
        nn.Dense(36, 8, bias=False), nn.Dense(8, 3, "softmax"), seed=2,
    ))  # fmt: skip
    x = images()
    module = nn.to_torch(net)
    want = net(x)
    assert want.shape == (3, 3)
    np.testing.assert_allclose(module(torch.tensor(x)).detach(), want, rtol=1e-10, atol=1e-12)
    back = nn.from_torch(module)
    np.testing.assert_array_equal(back(x), want)
    assert repr(back) == repr(net)


@pytest.mark.parametrize("last", [True, False])
def test_a_recurrent_layer_there_and_back(last):
    net = filled(nn.Sequential(nn.Recurrent(3, 5, "relu", last=last), nn.Dense(5, 2), seed=1))
    x = np.random.default_rng(0).standard_normal((4, 7, 3))
    module = nn.to_torch(net)
    np.testing.assert_allclose(module(torch.tensor(x)).detach(), net(x), rtol=1e-10, atol=1e-12)
    back = nn.from_torch(module)
    np.testing.assert_allclose(back(x), net(x), rtol=1e-12)
    assert repr(back) == repr(net)


def test_a_recurrent_layer_of_pytorch_has_two_biases():
    rnn = tnn.RNN(3, 4, batch_first=True)
    x = torch.randn(2, 6, 3)
    np.testing.assert_allclose(
        nn.from_torch(rnn)(x.numpy()), rnn(x)[0].detach(), rtol=1e-5, atol=1e-6
    )


def test_the_five_architectures_go_to_pytorch():
    x = images(2, 1, 28, 28).astype(np.float32)
    for make in nn.architectures.ALL.values():
        net = filled(make())
        module = nn.to_torch(net)
        assert next(module.parameters()).dtype == torch.float32
        np.testing.assert_allclose(
            module(torch.tensor(x)).detach(), net(x), rtol=2e-5, atol=2e-5
        )  # fmt: skip


def test_pytorch_backpropagates_what_our_backward_does():
    net = filled(nn.Sequential(nn.Conv2D(1, 3, 3, "tanh"), nn.Flatten(), nn.Dense(108, 2), seed=0))
    x, g = images(4, 1, 8, 8), np.random.default_rng(1).standard_normal((4, 2))
    module = nn.to_torch(net)
    module(torch.tensor(x)).backward(torch.tensor(g))
    net.forward(x)
    net.backward(g)
    conv, _, _, dense = module
    np.testing.assert_allclose(net.layers[0].gradient.weights, conv.weight.grad, rtol=1e-9)
    np.testing.assert_allclose(net.layers[2].gradient.weights.T, dense.weight.grad, rtol=1e-9)


def test_copies_do_not_share_memory():
    net = nn.Sequential(nn.Dense(2, 2), seed=0)
    before = net.vector.copy()
    module = nn.to_torch(net)
    with torch.no_grad():
        module[0].weight.add_(1.0)
    np.testing.assert_array_equal(net.vector, before)


def test_modules_inside_modules_and_what_pytorch_users_write():
    module = tnn.Sequential(
        tnn.Sequential(tnn.Conv2d(1, 3, 3, padding="same"), tnn.MaxPool2d(2), tnn.ReLU()),
        tnn.Sequential(tnn.MaxPool2d(3, 2, padding=1), tnn.AvgPool2d(2, 1, padding=(1, 0))),
        tnn.Identity(), tnn.Flatten(), tnn.Linear(3 * 3, 5), tnn.LeakyReLU(0.3),
        tnn.Linear(5, 2), tnn.Softmax(dim=1),
    )  # fmt: skip
    net = nn.from_torch(module)
    assert net.dtype == np.float32
    x = images(4, 1, 8, 8).astype(np.float32)
    want = module(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(net(x), want, rtol=1e-5, atol=1e-6)
    double = nn.from_torch(module, dtype="float64")
    assert double.dtype == np.float64
    np.testing.assert_allclose(double(x), want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "module, says",
    [
        (tnn.Sequential(tnn.Linear(2, 2), tnn.Bilinear(2, 2, 2)),
         "module 1, Bilinear(in1_features=2, in2_features=2, out_features=2, bias=True), "
         "cannot be taken over: there is no such layer here"),
        (tnn.Conv2d(1, 1, 2, padding="same"), "its padding is not the same on both sides"),
        (tnn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"),
         "only padding_mode='zeros' has a counterpart here"),
        (tnn.MaxPool2d(2, ceil_mode=True), "only ceil_mode=False has a counterpart here"),
        (tnn.AvgPool2d(2, padding=1, count_include_pad=False),
         "only count_include_pad=True has a counterpart here"),
        (tnn.Sequential(tnn.Linear(2, 2), tnn.GELU("tanh")), "only approximate='none'"),
        (tnn.Sequential(tnn.Linear(2, 2), tnn.ELU(0.5)), "only alpha=1.0"),
        (tnn.Sequential(tnn.Linear(2, 2), tnn.Softmax(dim=0)), "dim=1 or dim=-1"),
        (tnn.Sequential(tnn.AvgPool2d(2), tnn.ReLU()),
         "module 1, ReLU(), cannot be taken over: an activation belongs to the Dense or Conv2D"),
        (tnn.Sequential(tnn.Conv2d(1, 1, 2), tnn.MaxPool2d(2), tnn.GELU()),
         "module 2, GELU(approximate='none'), cannot be taken over"),
        (tnn.Sequential(), "there is no layer to take over"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_refused_by_name(module, says):
    with pytest.raises(UserError) as caught:
        nn.from_torch(module)
    assert says in str(caught.value)


def test_a_class_of_ones_own_is_refused():
    class Mine(tnn.Module):
        def __init__(self):
            super().__init__()
            self.inside = tnn.Sequential(tnn.Linear(2, 2))

    with pytest.raises(UserError) as caught:
        nn.from_torch(Mine())
    assert "Mine cannot be taken over" in str(caught.value)
    assert "of a class of your own give the torch.nn.Sequential inside" in str(caught.value)
    assert repr(nn.from_torch(Mine().inside)) == "Sequential(Dense(2, 2, 'linear'))"


def test_what_pytorch_has_not_is_refused_by_name():
    own = nn.Sequential(nn.Dense(2, 2, nn.Activation("x/(1 + x**2)", name="bump")), seed=0)
    with pytest.raises(UserError) as caught:
        nn.to_torch(own)
    assert "layer 0, Dense(2, 2, 'bump'), cannot be taken over: PyTorch has no activation bump" in (
        str(caught.value)
    )


def test_a_recurrent_sigmoid_is_refused():
    with pytest.raises(UserError, match="PyTorch has no recurrent layer with sigmoid"):
        nn.to_torch(nn.Sequential(nn.Recurrent(2, 2, "sigmoid")))


def test_without_pytorch_it_is_told_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UserError) as caught:
        nn.to_torch(nn.Sequential(nn.Dense(1, 1)))
    assert str(caught.value) == (
        'PyTorch is not installed\npython -m pip install "rheobase[torch]"'
    )
