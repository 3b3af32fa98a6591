"""Losses beside PyTorch's, and targets that fit nothing."""

import numpy as np
import pytest
import torch

from rheobase import nn
from rheobase.errors import ShapeError, UnknownNameError, UserError

F = torch.nn.functional
RANDOM = np.random.default_rng(3)


def beside(loss, theirs, y, target):
    tensor = torch.tensor(y, requires_grad=True)
    want = theirs(tensor, torch.tensor(target))
    want.backward()
    assert loss(y, target) == pytest.approx(want.item(), rel=1e-12)
    np.testing.assert_allclose(loss.gradient(y, target), tensor.grad.numpy(), rtol=1e-9, atol=1e-15)


def test_squared_error_is_pytorchs():
    y, target = RANDOM.standard_normal((2, 7, 3))
    beside(nn.losses.squared_error, F.mse_loss, y, target)


def test_binary_cross_entropy_is_pytorchs():
    y, target = RANDOM.random((2, 7, 2))
    beside(nn.losses.binary_cross_entropy, F.binary_cross_entropy, y, target)


@pytest.mark.parametrize("target", [np.array([0, 2, 1, 1, 2]), RANDOM.dirichlet(np.ones(3), 5)])
def test_cross_entropy_is_pytorchs(target):
    beside(nn.losses.cross_entropy, F.cross_entropy, 5 * RANDOM.standard_normal((5, 3)), target)


def test_from_net_inputs_nothing_overflows():
    z = np.array([[-1000.0], [1000.0], [0.0], [-1e-9]])
    target = np.array([[1.0], [1.0], [0.0], [1.0]])
    total, g = nn.losses.binary_cross_entropy.total_of_net_input(z, target)
    assert total == pytest.approx(1000 + 2 * np.log(2), rel=1e-9)
    np.testing.assert_allclose(g[:, 0], [-1, 0, 0.5, -0.5], atol=1e-8)
    total, g = nn.losses.cross_entropy.total(np.array([[1000.0, -1000.0]]), np.array([1]))
    assert total == 2000
    np.testing.assert_array_equal(g, [[1, -1]])


def test_a_certain_wrong_answer_costs_100():
    assert nn.losses.binary_cross_entropy([[0.0], [1.0]], [[1.0], [0.0]]) == 100


@pytest.mark.parametrize("loss", [nn.losses.squared_error, nn.losses.binary_cross_entropy])
def test_a_row_of_targets_is_no_column(loss):
    with pytest.raises(ShapeError, match=r"targets do not fit the outputs") as raised:
        loss(np.full((4, 1), 0.5), np.zeros(4))
    assert "expected: targets of shape (4, 1)" in str(raised.value)
    assert "given: targets of shape (4,)" in str(raised.value)
    assert "y[:, None]" in str(raised.value)


def test_targets_that_are_no_classes():
    y = np.zeros((3, 3))
    with pytest.raises(UserError, match="there is no class 3: the last layer has 3 outputs") as e:
        nn.losses.cross_entropy(y, [1, 2, 3])
    assert "counted from 0: y - 1" in str(e.value)
    with pytest.raises(UserError, match="there is no class -1"):
        nn.losses.cross_entropy(y, [0, -1, 1])
    with pytest.raises(UserError, match=r"whole numbers\nexpected: 0 to 2\ngiven: 0\.5"):
        nn.losses.cross_entropy(y, [0, 0.5, 1])
    with pytest.raises(ShapeError, match=r"Take the column: y\[:, 0\]"):
        nn.losses.cross_entropy(y, [[0], [1], [1]])
    with pytest.raises(UserError, match=r"adds up to 2"):
        nn.losses.cross_entropy(y, np.full((3, 3), 2 / 3))
    with pytest.raises(ShapeError, match="one output a class"):
        nn.losses.cross_entropy(np.zeros((3, 2, 2)), [0, 1, 1])


def test_probabilities_are_between_0_and_1():
    with pytest.raises(UserError, match=r"of probabilities\n.*\ngiven: outputs from -1 to 2") as e:
        nn.losses.binary_cross_entropy([[-1.0], [2.0]], [[0.0], [1.0]])
    assert '"sigmoid"' in str(e.value)
    with pytest.raises(UserError, match="0, 1 or probabilities between"):
        nn.losses.binary_cross_entropy([[0.5]], [[3.0]])


def test_names():
    with pytest.raises(UnknownNameError, match=r"no loss 'crossentropy'.*\n.*'cross_entropy'"):
        nn.losses.find("crossentropy")
    assert nn.losses.find("squared_error") is nn.losses.squared_error
    assert repr(nn.losses.squared_error) == "nn.losses.squared_error"


def test_guessing():
    assert nn.losses.squared_error.guess(np.array([[0.0], [2.0]]), 1) == 1
    assert nn.losses.cross_entropy.guess(np.array([0, 0, 1, 1]), 3) == pytest.approx(np.log(2))
    assert nn.losses.binary_cross_entropy.guess(np.array([[0.0], [1.0]]), 1) == pytest.approx(
        np.log(2)
    )
