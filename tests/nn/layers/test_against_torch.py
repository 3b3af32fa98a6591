"""Every layer beside PyTorch's: results, gradients of parameters and of inputs."""

import numpy as np
import pytest
import torch

from rheobase import nn
from rheobase.errors import ShapeError

F = torch.nn.functional


def same(ours, theirs, tolerance=1e-10):
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else theirs
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def both(net, x, forward):
    """Run `forward` in PyTorch with the parameters of a network; compare all derivatives."""
    y = net.forward(x)
    g = np.random.default_rng(5).standard_normal(y.shape).astype(y.dtype)
    g_x = net.backward(g)
    tensors = {name: torch.tensor(v, requires_grad=True) for name, v in net.parameters.items()}
    inputs = torch.tensor(x, requires_grad=True)
    want = forward(inputs, tensors)
    want.backward(torch.tensor(g))
    tolerance = 1e-10 if y.dtype == np.float64 else 2e-4
    same(y, want, tolerance)
    same(net(x), want, tolerance)
    if g_x is not None:
        same(g_x, inputs.grad, tolerance)
    for name, tensor in tensors.items():
        number, _, parameter = name.partition(".")
        same(getattr(net.layers[int(number)].gradient, parameter), tensor.grad, tolerance)


def samples(*shape, dtype=np.float64):
    return np.random.default_rng(2).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("shape", [(7, 4), (3, 6, 4)])
def test_dense(shape):
    net = nn.Sequential(nn.Dense(4, 5, "tanh"), nn.Dense(5, 3, bias=False), seed=1)

    def forward(x, p):
        return torch.tanh(x @ p["0.weights"] + p["0.bias"]) @ p["1.weights"]

    both(net, samples(*shape), forward)


def test_dense_with_activations_of_vectors():
    net = nn.Sequential(nn.Dense(4, 6, nn.maxout(pieces=3)), nn.Dense(2, 3, "softmax"), seed=1)
    assert net.layers[0].output_shape((4,)) == (2,)

    def forward(x, p):
        z = x @ p["0.weights"] + p["0.bias"]
        largest = z.reshape(-1, 2, 3).max(dim=-1).values
        return torch.softmax(largest @ p["1.weights"] + p["1.bias"], dim=-1)

    both(net, samples(5, 4), forward)


CONVOLUTIONS = [
    # batch, channels, height, width, outputs, size, options
    (3, 2, 9, 8, 4, 3, {}),
    (17, 1, 8, 8, 5, 3, {"padding": 1}),
    (16, 3, 10, 7, 9, (3, 2), {"stride": 2, "padding": (2, 1)}),
    (5, 4, 9, 9, 6, 3, {"dilation": 2, "padding": 2, "groups": 2}),
    (18, 4, 7, 8, 4, (1, 3), {"stride": (1, 2), "groups": 4, "bias": False}),
    (2, 8, 6, 6, 17, 5, {"padding": 3, "dilation": (1, 2)}),
    (4, 3, 5, 5, 8, 1, {"padding": 1}),
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolution(case, dtype):
    batch, channels, height, width, outputs, size, options = case
    layer = nn.Conv2D(channels, outputs, size, "tanh", **options)
    net = nn.Sequential(layer, seed=1, dtype=dtype)
    if "bias" not in options:
        layer.bias = samples(outputs)
    rest = {name: value for name, value in options.items() if name != "bias"}

    def forward(x, p):
        return torch.tanh(F.conv2d(x, p["0.weights"], p.get("0.bias"), **rest))

    both(net, samples(batch, channels, height, width, dtype=dtype), forward)


@pytest.mark.parametrize("size, stride, padding", [
    (2, None, 0), (3, 2, 0), ((2, 3), (1, 2), 0), (3, 2, 1), ((4, 3), 3, (2, 0)),
])  # fmt: skip
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_pools(kind, size, stride, padding):
    layer = (nn.MaxPool2D if kind == "max" else nn.AvgPool2D)(size, stride, padding)
    pool = F.max_pool2d if kind == "max" else F.avg_pool2d
    for batch in (2, 16):  # the second stands in vectors after a convolution
        net = nn.Sequential(nn.Conv2D(2, 3, 2), type(layer)(size, stride, padding), seed=0)

        def forward(x, p):
            return pool(F.conv2d(x, p["0.weights"], p["0.bias"]), size, stride, padding)

        both(net, samples(batch, 2, 8, 9), forward)


def test_a_pool_that_sees_nothing_but_padding_is_refused():
    with pytest.raises(
        ShapeError,
        match=r"nn.MaxPool2D: a window would see nothing but padding\n"
        r"expected: a padding of at most half the window\ngiven: size=2, padding=2",
    ):
        nn.MaxPool2D(2, padding=2)
    assert repr(nn.AvgPool2D(3, 2, 1)) == "AvgPool2D(3, stride=2, padding=1)"
    assert nn.AvgPool2D(3, 2, 1).configuration() == {
        "size": (3, 3), "stride": (2, 2), "padding": (1, 1),
    }  # fmt: skip


def test_convolutions_that_keep_the_size():
    assert repr(nn.Conv2D(1, 2, 5, dilation=2, padding="same")) == (
        "Conv2D(1, 2, 5, 'linear', padding=4, dilation=2)"
    )
    assert nn.Conv2D(1, 2, 5, padding="valid").padding == (0, 0)
    with pytest.raises(
        ShapeError,
        match="of this kernel is not the same on both sides\nexpected: a "
        "kernel whose height and width are odd\ngiven: a kernel of 2 by 3 pixels",
    ):
        nn.Conv2D(1, 2, (2, 3), padding="same")


def test_the_largest_pixel_is_the_first_of_several_and_nan_wins():
    x = np.array([[[[1.0, 1.0], [1.0, 1.0]], [[np.nan, 2.0], [3.0, 1.0]]]])
    net = nn.Sequential(nn.MaxPool2D(2))
    y = net.forward(x)
    assert y[0, 0] == 1
    assert np.isnan(y[0, 1])
    np.testing.assert_array_equal(net.backward(np.ones((1, 2, 1, 1)))[0, 0], [[1, 0], [0, 0]])


@pytest.mark.parametrize("last", [False, True])
def test_recurrent(last):
    net = nn.Sequential(nn.Recurrent(3, 4, "tanh", last=last), nn.Dense(4, 2), seed=2)

    def forward(x, p):
        h, all_steps = torch.zeros(len(x), 4, dtype=x.dtype), []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ p["0.weights"] + h @ p["0.recurrent"] + p["0.bias"])
            all_steps.append(h)
        h = h if last else torch.stack(all_steps, dim=1)
        return h @ p["1.weights"] + p["1.bias"]

    both(net, samples(5, 7, 3), forward)


def test_a_whole_image_network():
    net = nn.Sequential(
        nn.Conv2D(1, 6, 3, "relu", padding=1), nn.MaxPool2D(2), nn.Conv2D(6, 4, 3, "sigmoid"),
        nn.AvgPool2D(2), nn.Flatten(), nn.Dense(4 * 2 * 2, 3), seed=3,
    )  # fmt: skip

    def forward(x, p):
        x = F.max_pool2d(F.relu(F.conv2d(x, p["0.weights"], p["0.bias"], padding=1)), 2)
        x = F.avg_pool2d(torch.sigmoid(F.conv2d(x, p["2.weights"], p["2.bias"])), 2)
        return x.flatten(1) @ p["5.weights"] + p["5.bias"]

    both(net, samples(19, 1, 12, 12), forward)
