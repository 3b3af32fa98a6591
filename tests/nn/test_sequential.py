"""Networks: shapes, passes by hand, files."""

import copy
import os
import pickle

import numpy as np
import pytest

from rheobase import nn
from rheobase.errors import FileFormatError, ShapeError, UserError, WiringError


def images(seed=0):
    return nn.Sequential(
        nn.Conv2D(1, 3, 3, nn.leaky_relu(slope=0.2), padding=1, stride=(1, 2)), nn.MaxPool2D(2),
        nn.Conv2D(3, 3, (2, 1), "relu", groups=3, bias=False), nn.AvgPool2D(2, 1), nn.Flatten(),
        nn.Dropout(0.25), nn.Dense(9, 4, nn.maxout(pieces=2)),
        nn.Dense(2, 3, nn.Activation("tanh(k*x)", k=0.5)), seed=seed,
    )  # fmt: skip


def test_summary_and_describe():
    net = images()
    text = net.summary((1, 10, 9))
    first = " ".join(text.splitlines()[0].split())
    assert first == (
        "0 Conv2D(1, 3, 3, 'leaky_relu', stride=(1, 2), padding=1) (1, 10, 9) -> (3, 10, 5) 30"
    )
    assert text.endswith(f"{net.vector.size} parameters, float64")
    assert "(?, ?, ?)" not in net.summary((1, 10, 9))
    assert "(3, ?, ?)" in net.summary()
    assert net[6].describe() == "Dense(9, 4, 'maxout'): 40 parameters"
    assert len(net) == 8
    assert repr(net).startswith("Sequential(Conv2D(1, 3, 3, 'leaky_relu'")


def test_parameters_are_views_of_one_vector():
    net = nn.Sequential(nn.Dense(2, 3), nn.Dense(3, 1), seed=4)
    assert list(net.parameters) == ["0.weights", "0.bias", "1.weights", "1.bias"]
    net.layers[1].bias = [7.0]
    assert net.vector[-1] == 7
    net.vector[:] = 0
    assert not net([[1.0, 2.0]]).any()
    with pytest.raises(ShapeError, match=r"Dense: weights of another shape\nexpected: \(2, 3\)"):
        net.layers[0].weights = np.zeros((3, 2))


@pytest.mark.parametrize("copy", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_are_networks_of_their_own(copy):
    net = nn.Sequential(nn.Dense(2, 3, "tanh"), nn.Dense(3, 1), seed=4)
    other = copy(net)
    np.testing.assert_array_equal(other([[1.0, 2.0]]), net([[1.0, 2.0]]))
    other.vector[:] = 0
    assert not other([[1.0, 2.0]]).any()
    assert net([[1.0, 2.0]]).all()


def test_initial_weights_follow_seed_place_and_activation():
    a, b = (nn.Sequential(nn.Dense(50, 60, f), nn.Dense(60, 60)) for f in ("tanh", "relu"))
    limit = np.sqrt(6 / 110)
    assert limit * 0.98 < np.abs(a[0].weights).max() <= limit
    assert np.abs(b[0].weights).max() > np.sqrt(6 / 50) * 0.98
    same = nn.Sequential(nn.Dense(50, 60, "tanh"), nn.Dense(60, 60), seed=0)
    np.testing.assert_array_equal(a.vector, same.vector)
    assert (nn.Sequential(nn.Dense(50, 60, "tanh"), seed=1)[0].weights != a[0].weights).all()
    recurrent = nn.Sequential(nn.Recurrent(2, 5))[0].recurrent
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(5), atol=1e-12)


def test_passes_by_hand_agree_with_differences():
    net = images()
    random = np.random.default_rng(1)
    x, target = random.standard_normal((5, 1, 10, 9)), random.standard_normal((5, 3))
    loss = nn.losses.squared_error

    def value():
        return loss(net.forward(x, training=True, key=(1,)), target)

    value()
    net.backward(loss.gradient(net.forward(x, training=True, key=(1,)), target))
    for number, layer in enumerate(net.layers):
        for name, parameter in layer.parameters.items():
            gradient = getattr(layer.gradient, name)
            for place in {tuple(random.integers(0, parameter.shape)) for _ in range(4)}:
                before = parameter[place]
                parameter[place] = before + 1e-6
                above = value()
                parameter[place] = before - 1e-6
                slope = (above - value()) / 2e-6
                parameter[place] = before
                assert gradient[place] == pytest.approx(slope, abs=1e-7), (number, name, place)


def test_a_backward_pass_needs_a_forward_pass():
    net = nn.Sequential(nn.Dense(2, 1))
    with pytest.raises(UserError, match=r"there was none\ny = net\.forward\(x\)"):
        net.backward([[1.0]])
    with pytest.raises(AttributeError, match=r"no gradient of 'weights': call net\.backward"):
        net.layers[0].gradient.weights  # noqa: B018
    net([[1.0, 2.0]])
    with pytest.raises(UserError, match="there was none"):
        net.backward([[1.0]])


def test_dropout_is_for_training():
    net = nn.Sequential(nn.Dropout(0.5))
    x = np.ones((200, 50))
    np.testing.assert_array_equal(net(x), x)
    y = net.forward(x, training=True, key=(2,))
    assert set(np.unique(y)) == {0.0, 2.0}
    assert 0.45 < (y == 0).mean() < 0.55
    np.testing.assert_array_equal(net.backward(x), y)
    assert (net.forward(x, training=True, key=(3,)) != y).any()
    with pytest.raises(UserError, match="probability from 0 to below 1\ngiven: rate = 1"):
        nn.Dropout(1)


def test_layers_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"Dense\(4, 1, 'linear'\) does not fit.*\nexpected: "
                       r"samples of 4 features\ngiven: samples of shape \(3,\)"):  # fmt: skip
        nn.Sequential(nn.Dense(2, 3), nn.Dense(4, 1))
    net = nn.Sequential(nn.Conv2D(1, 2, 3), nn.Dense(72, 5))
    with pytest.raises(ShapeError, match=r"Put nn\.Flatten\(\) before it: 72 = 2\*6\*6"):
        net(np.zeros((4, 1, 8, 8)))
    with pytest.raises(ShapeError, match=r"Gray images need an axis for their channel"):
        nn.Sequential(nn.Flatten(), nn.Dense(4, 1)), nn.Conv2D(1, 2, 3).output_shape((8, 8))
    with pytest.raises(ShapeError, match=r"channels first: x\.transpose\(0, 3, 1, 2\)"):
        nn.Conv2D(3, 2, 3).output_shape((8, 8, 3))
    with pytest.raises(ShapeError, match=r"MaxPool2D\(9\) does not fit into the image"):
        nn.MaxPool2D(9).output_shape((1, 8, 10))
    with pytest.raises(ShapeError, match=r"expected: samples of shape \(steps, 3\)"):
        nn.Sequential(nn.Dense(2, 3), nn.Recurrent(3, 4))
    with pytest.raises(ShapeError, match=r"For one sample write x\[None\]"):
        nn.Sequential(nn.Dense(2, 3))([1.0, 2.0])
    with pytest.raises(ShapeError, match="units must be a whole number above 0\ngiven: units = 0"):
        nn.Dense(2, 0)
    with pytest.raises(ShapeError, match=r"Conv2D has an activation of single numbers\n"):
        nn.Conv2D(1, 2, 3, "softmax")


def test_networks_that_are_none():
    with pytest.raises(WiringError, match="a network needs a layer"):
        nn.Sequential()
    with pytest.raises(WiringError, match="layer 1 of a network is no layer\ngiven: 'tanh'"):
        nn.Sequential(nn.Dense(2, 2), "tanh")
    layer = nn.Dense(2, 2)
    with pytest.raises(WiringError, match="stands in a network already"):
        nn.Sequential(layer, layer)
    with pytest.raises(UserError, match="float64 or float32\ngiven: dtype='float16'"):
        nn.Sequential(nn.Dense(2, 2), dtype="float16")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_files(tmp_path, dtype):
    net = nn.Sequential(nn.Recurrent(3, 4, "relu", last=True), nn.Dense(4, 2), dtype=dtype)
    x = np.random.default_rng(0).standard_normal((2, 5, 3))
    back = nn.load(net.save(tmp_path / "net"))
    assert back.dtype == net.dtype
    assert repr(back) == repr(net)
    np.testing.assert_array_equal(back(x), net(x))
    assert [path.name for path in tmp_path.iterdir()] == ["net.npz"]


@pytest.mark.skipif(os.name == "nt", reason="files have no such modes there")
def test_a_file_is_readable_by_whom_the_mask_of_the_process_lets(tmp_path):
    before = os.umask(0o022)
    try:
        path = nn.Sequential(nn.Dense(1, 1)).save(tmp_path / "net.npz")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644
    assert [file.name for file in tmp_path.iterdir()] == ["net.npz"]


def test_a_file_of_a_network_of_every_layer(tmp_path):
    net = images()
    x = np.random.default_rng(0).standard_normal((3, 1, 10, 9))
    back = nn.load(net.save(tmp_path / "images.npz"))
    assert back.summary() == net.summary()
    np.testing.assert_array_equal(back(x), net(x))


class Own(nn.Layer):
    """A layer that no file can describe."""

    def draw(self, key, dtype):
        self.parameters = {"scale": np.ones(1, dtype)}

    def output_shape(self, shape):
        return shape

    def run(self, x, *, training=False, key=None):
        return x * self.scale, x

    def reverse(self, g, saved):
        return g * self.scale, {"scale": np.array([np.sum(g * saved)])}


def test_layers_of_ones_own(tmp_path):
    net = nn.Sequential(nn.Dense(1, 1), Own(), seed=1)
    x = np.linspace(-1, 1, 20)[:, None]
    history = nn.fit(net, x, 3 * x, loss="squared_error", optimizer=nn.SGD(0.1), epochs=200)
    assert history.loss[-1] < 1e-6
    path = net.save(tmp_path / "own.npz")
    with pytest.raises(FileFormatError, match="holds parameters only"):
        nn.load(path)
    other = nn.Sequential(nn.Dense(1, 1), Own(), seed=2).load(path)
    np.testing.assert_array_equal(other.vector, net.vector)
    with pytest.raises(UserError, match="Own cannot be made from a file"):
        Own().configuration()


def test_files_that_are_no_networks(tmp_path):
    with pytest.raises(FileFormatError, match="there is no file"):
        nn.load(tmp_path / "nothing.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(FileFormatError, match="is no network\ngiven: "):
        nn.load(tmp_path / "text.npz")
    np.savez(tmp_path / "arrays.npz", weights=np.zeros(3))
    with pytest.raises(FileFormatError, match=r"net\.save\(path\) wrote"):
        nn.load(tmp_path / "arrays.npz")
    path = nn.Sequential(nn.Dense(2, 3)).save(tmp_path / "net")
    with pytest.raises(FileFormatError, match=r"0\.weights differs\nexpected: 0\.weights of shape "
                       r"\(2, 4\)\ngiven: 0\.weights of shape \(2, 3\)"):  # fmt: skip
        nn.Sequential(nn.Dense(2, 4)).load(path)
    with pytest.raises(FileFormatError, match=r"0\.bias differs\nexpected: no 0\.bias"):
        nn.Sequential(nn.Dense(2, 3, bias=False)).load(path)

    content = dict(np.load(path))
    np.savez(tmp_path / "less.npz", **{k: v for k, v in content.items() if k != "0.bias"})
    with pytest.raises(FileFormatError, match=r"other parameters than its own network: 0\.bias"):
        nn.load(tmp_path / "less.npz")


def test_files_that_are_damaged(tmp_path):
    net = nn.Sequential(nn.Dense(20, 30))
    path = net.save(tmp_path / "net")
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    with pytest.raises(FileFormatError, match="is no network\ngiven: no archive of NumPy, or one"):
        nn.load(path)
    for place in range(100, len(whole) - 100, 150):  # wherever a byte is another
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            found = nn.load(path)
        except FileFormatError:
            continue
        assert np.array_equal(found.vector, net.vector)  # a date, say, was changed


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(
        FileFormatError, match=r"no folder .*nowhere to write net.npz to\nmake it f"
    ):
        nn.Sequential(nn.Dense(2, 3)).save(tmp_path / "nowhere" / "net.npz")


def test_gradients_of_another_shape():
    net = nn.Sequential(nn.Dense(2, 3))
    net.forward(np.ones((4, 2)))
    with pytest.raises(
        ShapeError, match=r"forward pass returned\nexpected: \(4, 3\)\ngiven: \(4, 2"
    ):
        net.backward(np.ones((4, 2)))
    with pytest.raises(ShapeError, match=r"samples: there have to be real numbers\ngiven: .*'a'"):
        net([["a", "b"]])


def test_an_image_before_a_dense_layer():
    with pytest.raises(ShapeError, match=r"Put nn\.Flatten\(\) before it: 36 = 4\*3\*3; and make "
                       r"it a Dense of 36 inputs"):  # fmt: skip
        nn.Sequential(nn.Conv2D(1, 4, 3), nn.Dense(5, 2))(np.ones((1, 1, 5, 5)))
    with pytest.raises(ShapeError, match=r"Gray images need an axis for their channel: x\[:, None"):
        nn.Sequential(nn.Conv2D(1, 4, 3))(np.ones((5, 8, 8)))
    with pytest.raises(WiringError, match=r"nn.Sequential\(\*layers, seed=0\)"):
        nn.Sequential([nn.Dense(2, 3)])


def test_what_is_asked_of_a_layer_too_early_or_of_a_seed():
    with pytest.raises(AttributeError, match=r"no attribute 'weights'; parameters are drawn when"):
        _ = nn.Dense(2, 3).weights
    with pytest.raises(UserError, match=r"seed of a network is a whole number\ngiven: seed=None"):
        nn.Sequential(nn.Dense(2, 3), seed=None)
