"""Keras models, and files of Keras models, as networks."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
from keras import layers as kl

from rheobase import nn
from rheobase.errors import FileFormatError, UserError

# Keras asks PyTorch's tensors for arrays in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

ROOT = Path(__file__).resolve().parents[3]


def with_values(model, seed=0):
    """Give biases values too: they begin at 0."""
    rng = np.random.default_rng(seed)
    model.set_weights([w + 0.1 * rng.standard_normal(w.shape) for w in model.get_weights()])
    return model


def saved(model, folder):
    path = folder / "model.keras"
    model.save(path)
    return path


def equal(model, path, x):
    """Compare the network from a file, and from the model itself, with Keras's predictions."""
    want = np.asarray(model.predict(x, verbose=0))
    ours = x.transpose(0, 3, 1, 2) if x.ndim == 4 else x
    for net in (nn.from_keras(path), nn.from_keras(model)):
        # Keras rounds sums in single precision, and draws other weights every time
        size = max(1.0, float(np.abs(want).max()))
        np.testing.assert_allclose(net(ours), want, rtol=1e-5, atol=2e-6 * size)


@pytest.fixture(scope="module")
def convolutional():
    return with_values(keras.Sequential([
        keras.Input((13, 13, 2)),
        kl.Conv2D(4, 3, activation="relu"), kl.MaxPooling2D(2),
        kl.Conv2D(6, (3, 2), dilation_rate=(1, 2), padding="same", use_bias=False), kl.ReLU(),
        kl.Conv2D(6, 3, strides=2, padding="same", groups=2, activation="tanh"),
        kl.Flatten(), kl.Dropout(0.2), kl.Dense(8), kl.LeakyReLU(negative_slope=0.3),
        kl.Dense(5, activation="leaky_relu"), kl.Dense(4), kl.Softmax(),
    ]))  # fmt: skip


def test_kernels_flatten_and_strides_are_put_into_our_order(convolutional, tmp_path):
    x = np.random.default_rng(1).standard_normal((3, 13, 13, 2)).astype(np.float32)
    equal(convolutional, saved(convolutional, tmp_path), x)


def test_a_functional_chain_with_average_pooling(tmp_path):
    first = keras.Input((8, 6, 1))
    x = kl.Conv2D(3, 1)(first)
    x = kl.AveragePooling2D(2, padding="same")(kl.Activation("softplus")(x))
    x = kl.GlobalAveragePooling2D()(x)
    model = with_values(keras.Model(first, kl.Dense(2, activation="elu")(x)))
    equal(model, saved(model, tmp_path),
          np.random.default_rng(0).random((3, 8, 6, 1)).astype(np.float32))  # fmt: skip


def test_the_first_tutorial_of_keras(tmp_path):
    model = with_values(keras.Sequential([
        keras.Input((28, 28)), kl.Flatten(), kl.Dense(16, activation="gelu"), kl.Dense(10),
    ]))  # fmt: skip
    equal(model, saved(model, tmp_path), np.random.default_rng(0).random((4, 28, 28)))


def test_a_recurrent_model(tmp_path):
    model = with_values(keras.Sequential([
        keras.Input((6, 3)), kl.SimpleRNN(5, return_sequences=True), kl.Dense(4, "relu"),
        kl.SimpleRNN(3, activation="sigmoid"), kl.Dense(2),
    ]))  # fmt: skip
    equal(model, saved(model, tmp_path), np.random.default_rng(0).random((4, 6, 3)))


def test_a_file_is_read_without_keras(convolutional, tmp_path):
    path = saved(convolutional, tmp_path)
    code = (
        "import sys\n"
        "sys.modules['keras'] = sys.modules['torch'] = sys.modules['tensorflow'] = None\n"
        "from rheobase import nn\n"
        f"print(len(nn.from_keras({str(path)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT / "src")})  # fmt: skip
    assert done.stdout == "9\n", done.stderr


@pytest.mark.parametrize(
    "layers, says",
    [
        ([keras.Input((7, 4)), kl.LSTM(3, name="memory")],
         "layer 'memory', an LSTM of Keras, cannot be taken over: there is no such layer here"),
        ([keras.Input((4,)), kl.Dense(3), kl.BatchNormalization(name="norm")],
         "layer 'norm', a BatchNormalization of Keras, cannot be taken over: there is no such"),
        ([keras.Input((4, 4, 1)), kl.Conv2D(1, 2, padding="same", name="even")],
         "layer 'even', a Conv2D of Keras, cannot be taken over: its padding is not the same"),
        ([keras.Input((4, 4, 2)), kl.Dense(3, name="pixels")],
         "layer 'pixels', a Dense of Keras, cannot be taken over: it mixes the channels"),
        ([keras.Input((4, 4, 2)), kl.Flatten(name="last")],
         "layer 'last', a Flatten of Keras, cannot be taken over: no Dense follows it"),
        ([keras.Input((None, None, 2)), kl.Flatten(name="any")], "the size of the images before"),
        ([keras.Input((4,)), kl.Dense(3, activation="silu")], "there is no activation 'silu' here"),
        ([keras.Input((4,)), kl.Dense(3), kl.ReLU(max_value=6.0)], "max_value and threshold"),
        ([keras.Input((5, 5, 1)), kl.MaxPooling2D(2, padding="same")],
         "its windows reach beyond the image"),
        ([keras.Input((4, 4, 1)), kl.AveragePooling2D(2), kl.ReLU(name="after")],
         "layer 'after', a ReLU of Keras, cannot be taken over: an activation belongs to"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_refused_by_name(layers, says):
    with pytest.raises(UserError) as caught:
        nn.from_keras(keras.Sequential(layers))
    assert says in str(caught.value)


def test_models_with_branches_are_refused():
    first = keras.Input((4,))
    left, right = kl.Dense(3)(first), kl.Dense(3)(first)
    with pytest.raises(UserError, match="does not follow the layer before it and nothing else"):
        nn.from_keras(keras.Model(first, kl.Add()([left, right])))


def test_what_is_no_model_is_refused(tmp_path, convolutional):
    with pytest.raises(UserError, match="this is no Keras model"):
        nn.from_keras(7)
    (tmp_path / "text.keras").write_text("no archive")
    with pytest.raises(FileFormatError) as caught:
        nn.from_keras(tmp_path / "text.keras")
    assert "is no .keras file" in str(caught.value) and "model.save(" in str(caught.value)
    path = saved(convolutional, tmp_path)
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json")
    with zipfile.ZipFile(tmp_path / "empty.keras", "w") as archive:
        archive.writestr("config.json", config)
    with pytest.raises(FileFormatError, match=r"it has no model\.weights\.h5"):
        nn.from_keras(tmp_path / "empty.keras")
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Mine", "config": {}}))
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(UserError, match="a Keras model of class Mine cannot be taken over"):
        nn.from_keras(tmp_path / "other.keras")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileFormatError, match=r"^there is no file .*nothing\.keras$"):
        nn.from_keras(tmp_path / "nothing.keras")
