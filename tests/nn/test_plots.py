import numpy as np
import pytest
from matplotlib.collections import PathCollection

from rheobase import nn
from rheobase.errors import ShapeError
from rheobase.nn import plots

SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def test_a_boundary_runs_where_the_output_is_the_threshold(drawn):
    ax = plots.decision_boundary(lambda p: p[:, :1], SQUARE, [0, 0, 1, 1])
    (picture,) = drawn(ax, "decision")
    output = picture.get_array()
    assert output.shape == (200, 200)
    low, high = picture.get_clim()
    assert (low + high) / 2 == pytest.approx(0.5)
    lines = [c for c in ax.collections if not isinstance(c, PathCollection)]
    (line,) = lines[0].get_paths()
    np.testing.assert_allclose(line.vertices[:, 0], 0.5, atol=1e-9)
    # The picture stands where the points were asked for: to the right the output is larger.
    assert output[0, -1] == pytest.approx(ax.get_xlim()[1])


def test_points_have_the_color_of_their_label_and_the_legend_names_them(drawn):
    labels = np.array([[0], [1], [1], [0]])
    ax = plots.decision_boundary(lambda p: p[:, :1], SQUARE, labels, classes=("even", "odd"))
    even, odd = drawn(ax, "points")
    np.testing.assert_array_equal(even.get_offsets(), SQUARE[[0, 3]])
    np.testing.assert_array_equal(odd.get_offsets(), SQUARE[[1, 2]])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["even", "odd"]


def test_of_several_outputs_the_largest_colors_the_place(drawn):
    ax = plots.decision_boundary(lambda p: np.stack([p[:, 0], 1 - p[:, 0]], 1), SQUARE)
    (picture,) = drawn(ax, "decision")
    left, right = picture.get_array()[0, [0, -1]]
    assert left[0] > left[2] and right[2] > right[0]  # vermilion and blue, paled


@pytest.mark.parametrize(
    "x, y, says",
    [
        (np.zeros((4, 3)), None, "expected: points of shape (n, 2)\ngiven: (4, 3)"),
        (SQUARE, [0, 1], "given: 4 points and 2 labels"),
    ],
)
def test_what_is_no_plane_is_refused(x, y, says):
    with pytest.raises(ShapeError) as caught:
        plots.decision_boundary(lambda p: p[:, :1], x, y)
    assert says in str(caught.value)


def test_images_are_tiles_and_titles_below(drawn):
    pictures = np.arange(6 * 4 * 4).reshape(6, 1, 4, 4)
    ax = plots.images(pictures, list("abcdef"), columns=3)
    tiles = drawn(ax, "tile")
    assert len(tiles) == 6
    np.testing.assert_array_equal(tiles[4].get_array(), pictures[4, 0])
    assert {tile.get_clim() for tile in tiles} == {(0, 95)}
    assert [text.get_text() for text in ax.texts] == list("abcdef")
    fourth, first = tiles[3].get_extent(), tiles[0].get_extent()
    assert fourth[0] == first[0] and fourth[3] < first[2]  # in the row below


def test_signed_images_have_their_zero_in_the_middle(drawn):
    ax = plots.images(np.array([[[-1.0, 3.0]]]), signed=True)
    (tile,) = drawn(ax, "tile")
    assert tile.get_clim() == (-3, 3)


@pytest.mark.parametrize("shape", [(4, 4), (0, 4, 4), (300, 4, 4), (2, 3, 4, 4)])
def test_what_are_no_images_is_refused(shape):
    with pytest.raises(ShapeError) as caught:
        plots.images(np.zeros(shape))
    assert f"given: {shape}\nchoose some: images[:20]" in str(caught.value)


def test_weights_of_a_unit_are_laid_out_as_what_it_sees(drawn):
    weights = np.arange(12.0).reshape(6, 2)
    ax = plots.weights(weights, shape=(2, 3))
    first, second = drawn(ax, "tile")
    np.testing.assert_array_equal(first.get_array(), [[0, 2, 4], [6, 8, 10]])
    np.testing.assert_array_equal(second.get_array(), [[1, 3, 5], [7, 9, 11]])
    with pytest.raises(ShapeError) as caught:
        plots.weights(weights)
    assert str(caught.value) == (
        "the weights of a unit are shown as the image it sees\n"
        "expected: 2 x 2 = 4 inputs\n"
        "given: weights of shape (6, 2)\n"
        "say the shape of the image: nn.plots.weights(layer, shape=(28, 28))"
    )


def test_kernels_of_several_channels_stand_in_rows(drawn):
    kernels = np.random.default_rng(0).standard_normal((3, 2, 5, 5))
    tiles = drawn(plots.weights(kernels), "tile")
    assert len(tiles) == 6
    np.testing.assert_array_equal(tiles[3].get_array(), kernels[1, 1])
    assert tiles[2].get_extent()[0] == tiles[0].get_extent()[0]


def test_a_layer_without_weights_is_refused():
    with pytest.raises(ShapeError, match="this layer has no weights: str"):
        plots.weights("layer")


def test_feature_maps_stand_in_the_row_of_the_image_and_the_column_of_the_kernel(drawn):
    rng = np.random.default_rng(0)
    images, kernels = rng.random((2, 6, 6)), rng.standard_normal((3, 1, 3, 3))
    maps = rng.standard_normal((2, 3, 4, 4))
    ax = plots.feature_maps(images, kernels, maps, names=["a", "b", "c"])
    tiles = drawn(ax, "tile")
    assert len(tiles) == 3 + 2 + 6
    by_place = {(round(np.mean(t.get_extent()[:2])), round(-np.mean(t.get_extent()[2:]))): t
                for t in tiles}  # fmt: skip
    np.testing.assert_array_equal(by_place[3, 1].get_array(), maps[0, 2])
    np.testing.assert_array_equal(by_place[0, 2].get_array(), images[1])
    np.testing.assert_array_equal(by_place[2, 0].get_array(), kernels[1, 0])
    with pytest.raises(ShapeError) as caught:
        plots.feature_maps(images, kernels, maps[:, :2])
    assert "expected: (2, 3, rows, columns)\ngiven: (2, 2, 4, 4)" in str(caught.value)


def test_curves_are_means_over_seeds_with_a_band(drawn):
    seeds = np.array([[1.0, 2.0, 3.0], [3.0, 4.0, 8.0]])
    ax = plots.curves({"two seeds": seeds, "one": [1, 1, 1]}, x=[10, 20, 30], xlabel="batches")
    mean, one = drawn(ax, "curve")
    np.testing.assert_array_equal(mean.get_ydata(), [2, 3, 5.5])
    np.testing.assert_array_equal(one.get_xdata(), [10, 20, 30])
    (band,) = ax.collections
    np.testing.assert_array_equal(band.get_datalim(ax.transData).intervaly, [1, 8])
    assert ax.get_xlabel() == "batches"
    with pytest.raises(ShapeError, match="the curve 'short' has another number of points than x"):
        plots.curves({"short": [1, 2]}, x=[1, 2, 3])


@pytest.mark.filterwarnings("ignore::rheobase.errors.RheobaseWarning")
def test_gradients_of_each_layer_over_training(drawn):
    x, y = nn.datasets.xor(40, 0.2)
    nets = [nn.Sequential(nn.Dense(2, 3, "tanh"), nn.Dropout(0.1), nn.Dense(3, 1, "sigmoid"),
                          seed=seed) for seed in (0, 1)]  # fmt: skip
    some = [nn.fit(net, x, y, loss="squared_error", epochs=3) for net in nets]
    ax = plots.gradients(some)
    first, last = drawn(ax, "curve")
    np.testing.assert_allclose(
        first.get_ydata(), (some[0].gradient_size[:, 0] + some[1].gradient_size[:, 0]) / 2
    )
    np.testing.assert_allclose(drawn(plots.gradients(some[0]), "curve")[1].get_ydata(),
                               some[0].gradient_size[:, 2])  # fmt: skip
    assert (first.get_label(), last.get_label()) == ("layer 0", "layer 2")
    assert ax.get_yscale() == "log"
    with pytest.raises(ShapeError, match=r"expected: 2 names\ngiven: 1"):
        plots.gradients(some, names=["hidden"])


def test_titles_of_images(drawn):
    ax = nn.plots.images(np.zeros((3, 4, 4)), np.array([7, 1, 3]))
    assert [text.get_text() for text in ax.texts] == ["7", "1", "3"]
    with pytest.raises(
        ShapeError, match="images have one title each\ngiven: 3 images and 2 titles"
    ):
        nn.plots.images(np.zeros((3, 4, 4)), ["a", "b"])
