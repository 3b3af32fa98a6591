"""Compiled loops of activations beside NumPy's evaluation of the same text."""

import numpy as np
import pytest

from rheobase import nn
from rheobase.nn import elementwise
from rheobase.nn.layers import activating

pytest.importorskip("numba")
Z = np.concatenate([np.linspace(-40, 40, 5001), [-1e3, 1e3, 0.0, 1e-300]])


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "softplus", "softsign", "elu"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_equal_to_the_activation(name, dtype):
    activation, z = getattr(nn, name), Z.astype(dtype)
    loops = elementwise.loops_of(activation, 8 * z.itemsize)
    g = np.linspace(1, 2, z.size).astype(dtype)
    y, g_z = np.empty_like(z), np.empty_like(z)
    loops.values(z.ctypes.data, y.ctypes.data, z.size)
    loops.back(z.ctypes.data, g.ctypes.data, g_z.ctypes.data, z.size)
    tolerance = 1e-14 if dtype == "float64" else 3e-7
    np.testing.assert_allclose(y, activation(z), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(g_z, g * activation.derivative(z), rtol=tolerance, atol=tolerance)


def test_the_source_is_readable():
    assert "a = x/(1 + abs(x))" in elementwise.source_of(nn.softsign, 64)
    assert "out[i] = g[i] * " in elementwise.source_of(nn.softsign, 64)
    assert elementwise.source_of(nn.Activation("exp(x)"), 64) is None  # may overflow
    assert elementwise.source_of(nn.gelu, 32) is None  # erfc has no compiled twin


@pytest.mark.parametrize("order", ["samples first", "samples last", "neither"])
def test_layers_use_them_in_any_order_of_memory(order, monkeypatch):
    monkeypatch.setattr(activating, "_COMPILED_FROM", 1)
    z = np.random.default_rng(0).standard_normal((8, 3, 4, 5))
    if order == "samples last":
        z = np.ascontiguousarray(z.transpose(1, 2, 3, 0)).transpose(3, 0, 1, 2)
    elif order == "neither":
        z = np.repeat(z, 2, axis=3)[..., ::2]
    g = np.random.default_rng(1).standard_normal(z.shape)
    y = activating.activate(nn.tanh, z)
    np.testing.assert_allclose(y, np.tanh(z), rtol=1e-14)
    assert (y.strides == z.strides) == (order != "neither")
    back = activating.activate_reverse(nn.tanh, g, z)
    np.testing.assert_allclose(back, g / np.cosh(z) ** 2, rtol=1e-12)
