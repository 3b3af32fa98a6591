import numpy as np
import pytest

from rheobase import nn
from rheobase.errors import ShapeError

# Parameters of each, counted by hand from the sizes in the docstring of the module.
COUNTED = {"mlp_1": 25450, "mlp_2": 27818, "cnn_3": 12226, "cnn_4": 14962, "cnn_5": 10986}


@pytest.mark.parametrize("name, count", COUNTED.items())
def test_sizes_are_the_published_ones(name, count):
    net = getattr(nn.architectures, name)()
    assert net.vector.size == count
    assert net(np.zeros((2, 1, 28, 28))).shape == (2, 10)
    assert net.dtype == np.float32


@pytest.mark.parametrize("name", COUNTED)
def test_they_take_digits_and_other_shapes(name):
    make = getattr(nn.architectures, name)
    assert make((1, 8, 8))(np.zeros((2, 1, 8, 8))).shape == (2, 10)
    assert make((3, 32, 20), classes=4)(np.zeros((2, 3, 32, 20))).shape == (2, 4)


def test_what_is_changed_for_digits():
    kernels = {name: [layer.weights.shape[2] for layer in make((1, 8, 8)).layers
                      if isinstance(layer, nn.Conv2D)]
               for name, make in nn.architectures.ALL.items()}  # fmt: skip
    assert kernels == {"mlp_1": [], "mlp_2": [], "cnn_3": [3, 5, 3], "cnn_4": [3, 3, 5, 3],
                       "cnn_5": [3] * 6}  # fmt: skip


def test_activation_and_seed_are_passed_on():
    net = nn.architectures.mlp_2(activation="sigmoid", seed=3, dtype="float64")
    assert [layer.activation.name for layer in net.layers[1:]] == ["sigmoid", "linear", "linear"]
    assert net.dtype == np.float64
    assert "bias" not in net.layers[2].parameters
    other = nn.architectures.mlp_2(activation="sigmoid", seed=4, dtype="float64")
    assert not np.array_equal(net.vector, other.vector)


def test_images_too_small_are_refused():
    with pytest.raises(ShapeError) as caught:
        nn.architectures.cnn_3((1, 4, 4))
    assert "expected: at least 6 by 6 pixels\ngiven: 4 by 4" in str(caught.value)
    assert nn.architectures.cnn_4((1, 6, 6)) is not None
    with pytest.raises(ShapeError) as caught:
        nn.architectures.mlp_1((28, 28))
    assert "expected: channels, rows, columns\ngiven: (28, 28)" in str(caught.value)
