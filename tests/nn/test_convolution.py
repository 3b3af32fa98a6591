"""conv2d beside torch.conv2d: strides, paddings, dilations, groups; both methods."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase import nn
from rheobase.errors import ShapeError, UserError
from rheobase.nn import convolution, parts, tiled

PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def cases(draw):
    groups = draw(st.integers(1, 3))
    channels, outputs = (groups * draw(st.integers(1, 3)) for _ in range(2))
    size, stride, dilation = draw(PAIRS), draw(PAIRS), draw(PAIRS)
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, size, strict=True)]
    pixels = [
        max(r - 2 * p, 1) + draw(st.integers(0, 5)) for r, p in zip(reach, padding, strict=True)
    ]
    random = np.random.default_rng(draw(st.integers(0, 99)))
    x = random.standard_normal((draw(st.integers(1, 3)), channels, *pixels))
    w = random.standard_normal((outputs, channels // groups, *size))
    b = random.standard_normal(outputs) if draw(st.booleans()) else None
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return x, w, b, options


def torchs(x, w, b, options):
    bias = None if b is None else torch.tensor(b)
    return torch.conv2d(torch.tensor(x), torch.tensor(w), bias, **options).numpy()


@pytest.mark.parametrize("method", ["fast", "loops"])
@settings(max_examples=40, deadline=None)
@given(case=cases())
def test_equal_to_pytorch(method, case):
    x, w, b, options = case
    got = nn.conv2d(x, w, b, **options, method=method)
    np.testing.assert_allclose(got, torchs(*case), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("method", ["fast", "loops"])
@pytest.mark.parametrize(
    "size, dilation", [((3, 3), 1), ((2, 4), 1), ((4, 3), (2, 3)), ((1, 2), 2)]
)
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_paddings_by_name(size, dilation, method):
    random = np.random.default_rng(3)
    x, w = random.standard_normal((2, 3, 9, 11)), random.standard_normal((4, 3, *size))
    for padding in ("same", "valid"):
        options = {"padding": padding, "dilation": dilation}
        got = nn.conv2d(x, w, **options, method=method)
        np.testing.assert_allclose(got, torchs(x, w, None, options), rtol=1e-10, atol=1e-12)


def test_paddings_of_no_such_name():
    x, w = np.ones((1, 1, 5, 5)), np.ones((1, 1, 3, 3))
    with pytest.raises(ShapeError, match='expected: a number, two, "valid" or "same"\ngiven: pad'):
        nn.conv2d(x, w, padding="full")
    with pytest.raises(
        ShapeError, match=r'padding="same" is for a stride of 1\ngiven: stride=\(2, 2'
    ):
        nn.conv2d(x, w, padding="same", stride=2)
    with pytest.raises(ShapeError, match="images and kernels are real numbers"):
        nn.conv2d(1j * x, w)


@settings(max_examples=30, deadline=None)
@given(case=cases())
def test_equal_to_pytorch_without_numba(case):
    x, w, b, options = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiled, "has_numba", lambda: False)
        patch.setattr(parts, "compiled_definition", lambda: None)
        for method in ("fast", "loops"):
            got = nn.conv2d(x, w, b, **options, method=method)
            np.testing.assert_allclose(got, torchs(*case), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("numba", [True, False])
@settings(max_examples=30, deadline=None)
@given(case=cases())
def test_backward_passes_are_pytorchs(numba, case):
    x, w, _, options = case
    window = convolution.Window(
        w.shape[2:], *(options[k] for k in ("stride", "padding", "dilation"))
    )
    tensors = [torch.tensor(v, requires_grad=True) for v in (x, w)]
    y = torch.conv2d(*tensors, **options)
    g = np.random.default_rng(1).standard_normal(y.shape)
    y.backward(torch.tensor(g))
    with pytest.MonkeyPatch.context() as patch:
        if not numba:
            patch.setattr(tiled, "has_numba", lambda: False)
        _, seen = convolution.convolve(x, w, None, window, options["groups"])
        g_w = convolution.convolve_back_to_weights(g, seen, w, window, options["groups"])
        g_x = convolution.convolve_back_to_images(g, w, window, options["groups"], x.shape[2:])
    np.testing.assert_allclose(g_x, tensors[0].grad.numpy(), rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(g_w, tensors[1].grad.numpy(), rtol=1e-10, atol=1e-11)


def test_types():
    x, w = np.ones((1, 1, 3, 3), np.float32), np.ones((1, 1, 2, 2), np.float32)
    assert nn.conv2d(x, w).dtype == np.float32
    assert nn.conv2d(x.astype(int), w.astype(int)).dtype == np.float64
    assert nn.conv2d(x, w).flags.c_contiguous


def test_errors():
    x, w = np.ones((2, 3, 5, 5)), np.ones((4, 3, 3, 3))
    with pytest.raises(ShapeError, match=r"images have four axes\n.*\n.*\nimages\[None, None\]"):
        nn.conv2d(x[0, 0], w)
    with pytest.raises(ShapeError, match=r"expected: kernels of shape \(outputs, 3, h, w\)"):
        nn.conv2d(x, w[:, :2])
    with pytest.raises(ShapeError, match="groups must divide channels and outputs"):
        nn.conv2d(x, w, groups=2)
    with pytest.raises(ShapeError, match="one bias an output"):
        nn.conv2d(x, w, [1.0])
    with pytest.raises(ShapeError, match="its height is too small\nexpected: 7 pixels or more"):
        nn.conv2d(x, np.ones((4, 3, 7, 1)))
    with pytest.raises(ShapeError, match=r"stride is a whole number, 1 or more"):
        nn.conv2d(x, w, stride=0)
    with pytest.raises(
        ShapeError, match=r"padding is a whole number.*\ngiven: padding=\(1, 2, 3\)"
    ):
        nn.conv2d(x, w, padding=(1, 2, 3))
    with pytest.raises(UserError, match="no method 'fft' of conv2d\nexpected: 'fast' or 'loops'"):
        nn.conv2d(x, w, method="fft")
