import gzip
import struct
from statistics import NormalDist

import numpy as np
import pytest

from rheobase.errors import ShapeError, UserError
from rheobase.nn import datasets


def idx(array):
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.astype("u1").tobytes()


@pytest.fixture
def files(tmp_path):
    """A folder with four small files, two of them compressed."""
    rng = np.random.default_rng(0)
    for part, n in (("train", 20), ("t10k", 8)):
        pixels = rng.integers(0, 256, (n, 28, 28))
        pixels[0, 0, :2] = 0, 255
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(pixels)))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(n) % 10))
    return tmp_path


def test_the_truth_table():
    x, y = datasets.xor()
    np.testing.assert_array_equal(np.column_stack([x, y]),
                                  [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]])  # fmt: skip


def test_points_lie_around_the_corners_with_the_deviation_asked_for():
    samples = datasets.xor(40000, std=0.4, seed=3, corners=(-1, 1))
    assert len(samples) == 40000
    assert samples.y.mean() == 0.5
    right = np.prod(np.sign(samples.x), axis=1, keepdims=True) < 0
    q = NormalDist().cdf(1 / 0.4)
    assert (right == samples.y).mean() == pytest.approx(q**2 + (1 - q) ** 2, abs=0.002)
    assert np.mean(samples.x**2) == pytest.approx(1 + 0.4**2, abs=0.01)


def test_a_seed_gives_the_same_points_and_another_others():
    one, same, other = (datasets.xor(100, 0.4, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.x, same.x)
    assert not np.array_equal(one.x, other.x)
    assert set(one.x[:, 0]).isdisjoint(other.x[:, 0])


def test_no_points_are_refused():
    with pytest.raises(UserError) as caught:
        datasets.xor(0)
    assert "given: n = 0, std = 0\nx, y = nn.datasets.xor(1000, std=0.4, seed=0)" in str(
        caught.value
    )
    with pytest.raises(UserError, match="no negative deviation"):
        datasets.xor(10, std=-1)


def test_digits_come_with_the_library():
    train, test = datasets.digits()
    assert (train.x.shape, test.x.shape) == ((1438, 1, 8, 8), (359, 1, 8, 8))
    # The counts of the ten digits in the published file.
    both = np.bincount(np.concatenate([train.y, test.y]))
    assert both.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert train.x.min() == 0 and train.x.max() == 1
    np.testing.assert_array_equal(train.x * 16, np.round(train.x * 16))
    assert datasets.digits().shape == (1, 8, 8)
    assert repr(test) == "digits: 359 samples, x (359, 1, 8, 8), y (359,)"


def test_the_parts_of_digits_share_no_image_and_depend_on_the_seed():
    train, test = datasets.digits(test=0.5)
    other = datasets.digits(test=0.5, seed=1).train
    seen = {image.tobytes() for image in train.x}
    assert not any(image.tobytes() in seen for image in test.x)
    assert not np.array_equal(train.x, other.x)


def test_samples_are_chosen_and_split():
    samples = datasets.xor(10)
    assert len(samples[2]) == 1 and len(samples[samples.y[:, 0] > 0]) == 5
    first, rest = samples.split(0.8)
    np.testing.assert_array_equal(np.concatenate([first.x, rest.x]), samples.x)
    with pytest.raises(UserError) as caught:
        samples.split(1.0)
    assert "given: 1\ntraining, validation = samples.split(0.8, seed=0)" in str(caught.value)


def test_fashion_mnist_is_read_from_a_folder(files):
    train, test = datasets.fashion_mnist(files)
    assert train.x.shape == (20, 1, 28, 28) and train.x.dtype == np.float32
    assert test.y.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert train.x[0, 0, 0, :2].tolist() == [0, 1]
    assert datasets.fashion_mnist(files, dtype=np.float64).train.x.dtype == np.float64
    assert train.classes[9] == "ankle boot"


def test_the_folder_may_be_named_by_the_environment(files, monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "_DEBIAN", tmp_path / "none")
    assert not datasets.has_fashion_mnist()
    assert datasets.images().name == "digits"
    monkeypatch.setenv("RHEOBASE_DATA", str(files))
    assert datasets.has_fashion_mnist()
    assert datasets.images().name == "Fashion-MNIST"
    (tmp_path / "data").mkdir()


def test_the_folder_may_be_inside_the_one_named(files, monkeypatch):
    monkeypatch.setenv("RHEOBASE_DATA", str(files.rename(files.parent / "fashion-mnist").parent))
    assert len(datasets.fashion_mnist().train) == 20


def test_missing_files_are_told_with_both_ways_to_get_them(tmp_path):
    with pytest.raises(UserError) as caught:
        datasets.fashion_mnist(tmp_path)
    assert str(caught.value) == (
        "Fashion-MNIST is not here\n"
        "expected: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,"
        " t10k-labels-idx1-ubyte (or the same with .gz)\n"
        f"given: {tmp_path} has none of them\n"
        "on Debian or Ubuntu: apt-get install dataset-fashion-mnist\n"
        "elsewhere: put the four files into a folder, and write\n"
        '  nn.datasets.fashion_mnist("FOLDER")  # or set RHEOBASE_DATA=FOLDER\n'
        "nn.datasets.digits() comes with the library and needs no files"
    )
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"")
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(b"")
    with pytest.raises(
        UserError, match="has no train-labels-idx1-ubyte and no t10k-labels-idx1-ubyte"
    ):
        datasets.fashion_mnist(tmp_path)
    with pytest.raises(UserError, match=r"given: there is no folder .*nowhere"):
        datasets.fashion_mnist(tmp_path / "nowhere")


def test_labels_of_other_images_are_refused(files):
    (files / "t10k-labels-idx1-ubyte").write_bytes(idx(np.arange(7)))
    with pytest.raises(ShapeError) as caught:
        datasets.fashion_mnist(files)
    assert "t10k-labels-idx1-ubyte does not belong to t10k-images" in str(caught.value)
    assert "given: (8, 28, 28) and (7,)" in str(caught.value)
