"""Softmax and maxout beside PyTorch's, with the products of their Jacobians."""

import copy
import pickle

import numpy as np
import pytest
import torch

from rheobase import nn
from rheobase.errors import ShapeError


@pytest.fixture
def z():
    return np.random.default_rng(0).standard_normal((4, 6)) * 3


def jacobian(f, z):
    return torch.autograd.functional.jacobian(f, torch.tensor(z)).numpy()


def test_softmax_is_pytorchs(z):
    np.testing.assert_allclose(nn.softmax(z), torch.softmax(torch.tensor(z), -1), rtol=1e-14)
    want = np.stack([jacobian(lambda t: torch.softmax(t, -1), row) for row in z])
    np.testing.assert_allclose(nn.softmax.derivative(z), want, atol=1e-15)
    g = np.random.default_rng(1).standard_normal((4, 6))
    np.testing.assert_allclose(nn.softmax.backward(z, g), np.einsum("ni,nij->nj", g, want))
    np.testing.assert_allclose(nn.softmax.forward(z, g), np.einsum("nij,nj->ni", want, g))


def test_softmax_does_not_overflow():
    a = nn.softmax([1000.0, 1001.0, -1000.0])
    np.testing.assert_allclose(a, [1 / (1 + np.e), np.e / (1 + np.e), 0], rtol=1e-12)
    assert nn.softmax(np.ones((2, 3), np.float32)).dtype == np.float32


def test_maxout_takes_the_largest_of_every_piece(z):
    groups = torch.tensor(z, requires_grad=True)
    want = groups.reshape(4, 2, 3).max(dim=-1).values
    g = np.random.default_rng(2).standard_normal((4, 2))
    want.backward(torch.tensor(g))
    f = nn.maxout(pieces=3)
    np.testing.assert_array_equal(f(z), want.detach())
    np.testing.assert_array_equal(nn.maxout(z, pieces=3), f(z))
    np.testing.assert_array_equal(f.backward(z, g), groups.grad)
    np.testing.assert_array_equal(f.derivative(z).shape, (4, 2, 6))
    np.testing.assert_array_equal(np.einsum("ni,nij->nj", g, f.derivative(z)), groups.grad)
    assert f.size_of_output(6) == 2 and nn.maxout([1.0, 1.0, 0.0, 2.0]).tolist() == [1, 2]
    assert nn.maxout.backward([1.0, 1.0], [5.0]).tolist() == [5, 0]  # the first of equal ones


def test_what_is_said():
    assert "between 0 and 1" in nn.softmax.facts() and "does not saturate" in nn.maxout.facts()
    assert repr(nn.maxout) == "maxout(z, pieces=2)"
    assert nn.softmax.formula == "a_i = exp(z_i)/sum_j exp(z_j)"
    with pytest.raises(
        ShapeError, match="softmax is a function of several numbers\nexpected: a vec"
    ):
        nn.softmax(3.0)
    with pytest.raises(ShapeError, match=r"every 4 entries, and 6 entries cannot be divided so"):
        nn.maxout(np.zeros(6), pieces=4)
    with pytest.raises(ShapeError, match="softmax has no option 'axis'\nexpected: none"):
        nn.softmax(np.zeros(6), axis=0)


def test_vectors_are_drawn(drawn):
    axes = nn.maxout.plot(-10, 10, derivative=True)
    value, slope = axes.lines[-2:]
    np.testing.assert_allclose(value.get_ydata(), np.maximum(value.get_xdata(), 0))
    np.testing.assert_allclose(slope.get_ydata(), value.get_xdata() >= 0)
    assert axes.get_xlabel() == "z_1 (others: 0)"
    axes = nn.softmax.plot(others=[0.0, 2.0])
    assert [line.get_label() for line in axes.lines[-3:]] == [f"softmax: a_{k}" for k in (1, 2, 3)]
    np.testing.assert_allclose(sum(line.get_ydata() for line in axes.lines[-3:]), 1)


def test_copies():
    maxout = copy.deepcopy(nn.maxout(pieces=3))
    assert maxout.options == {"pieces": 3}
    assert pickle.loads(pickle.dumps(nn.softmax))([0.0, 0.0]).tolist() == [0.5, 0.5]
    net = nn.Sequential(nn.Dense(2, 3, "softmax"), seed=1)
    np.testing.assert_array_equal(copy.deepcopy(net)(np.eye(2)), net(np.eye(2)))


def test_what_is_no_vector():
    with pytest.raises(ShapeError, match="softmax is a function of several numbers"):
        nn.softmax([])
    with pytest.raises(ShapeError, match="pieces is a whole number, 1 or more\ngiven: pieces=0"):
        nn.maxout(pieces=0)([1.0, 2.0])
    with pytest.raises(ShapeError, match="sigmoid is taken of real numbers\ngiven: nothing"):
        nn.sigmoid()
    with pytest.raises(ShapeError, match=r"of real numbers\ngiven: list \[1, \[2\]\]"):
        nn.sigmoid([1, [2]])
