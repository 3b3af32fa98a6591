"""Pictures of networks of units: boundaries, weights, kernels against images, curves of training.

Every function takes ``ax`` (default: a new figure) and returns Matplotlib Axes, as all plots do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rheobase.errors import ShapeError
from rheobase.plots.style import FRAME, INK, color, count_of, dressed, label, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = npt.NDArray[Any]

_SIGNED = "RdBu_r"  # red positive, blue negative, white 0
_MOST_TILES = 256


def decision_boundary(
    net: Callable[[Array], Array],
    x: npt.ArrayLike,
    y: npt.ArrayLike | None = None,
    *,
    threshold: float = 0.5,
    classes: Sequence[str] | None = None,
    resolution: int = 200,
    ax: Axes | None = None,
) -> Axes:
    """Draw what a network of two inputs answers over the plane, and the points it learned from.

    With one output the plane is shaded by it, and a line runs where it is `threshold`; with
    several every place has the color of the largest.

    Parameters
    ----------
    net : callable
        Takes inputs (points, 2), returns outputs (points, k), such as a `Sequential`.
    x : array_like
        Points, shape (n, 2).
    y : array_like, optional
        Their labels, shape (n,) or (n, 1).
    threshold : float
        Of one output: 0.5 for a sigmoid, 0 for a net whose last layer is linear.
    classes : sequence of str, optional
        Names of the labels for the legend.
    resolution : int
        Places a side at which the net is asked.
    ax : Axes, optional
        Axes to draw into; default a new figure.

    Raises
    ------
    ShapeError
        If the points have not two coordinates, or not one label each.
    """
    points = np.asarray(x, dtype=np.float64)
    labels = None if y is None else np.asarray(y).reshape(-1)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ShapeError(
            "a decision boundary is drawn in the plane of two inputs",
            expected="points of shape (n, 2)",
            given=f"{points.shape}",
        )
    if labels is not None and labels.size != len(points):
        raise ShapeError(
            "a decision boundary has one label for each point",
            given=f"{len(points)} points and {labels.size} labels",
        )
    ax = dressed(ax, (4.2, 3.8))
    low, high = points.min(axis=0), points.max(axis=0)
    rim = 0.08 * float(np.max(high - low)) + 0.15
    across, along = (np.linspace(low[k] - rim, high[k] + rim, resolution) for k in (0, 1))
    plane = np.stack([a.ravel() for a in np.meshgrid(across, along)], axis=1)
    answer = np.asarray(net(plane), dtype=np.float64).reshape(len(plane), -1)
    _shade(ax, across, along, answer, threshold)
    if labels is not None:
        _points(ax, points, labels, classes)
    ax.set(xlim=across[[0, -1]], ylim=along[[0, -1]], aspect="equal")
    label(ax, "first input", "second input")
    return ax


def _shade(ax: Axes, across: Array, along: Array, answer: Array, threshold: float) -> None:
    """Fill the plane: one output as a shade, several as the color of the largest."""
    shape = (along.size, across.size)
    extent = (across[0], across[-1], along[0], along[-1])
    if answer.shape[1] == 1:
        from matplotlib.colors import LinearSegmentedColormap

        output = answer.reshape(shape)
        reach = max(float(np.abs(output - threshold).max()), 1e-12)
        two = LinearSegmentedColormap.from_list("two", [color(0), "#ffffff", color(1)])
        ax.imshow(output, origin="lower", extent=extent, cmap=two, alpha=0.45, aspect="auto",
                  vmin=threshold - reach, vmax=threshold + reach, gid="decision")  # fmt: skip
        if output.min() < threshold < output.max():
            ax.contour(across, along, output, levels=[threshold], colors=[INK], linewidths=1.3)
        return
    from matplotlib.colors import to_rgb

    winner = answer.argmax(axis=1).reshape(shape)
    inks = np.array([to_rgb(color(k)) for k in range(answer.shape[1])])
    ax.imshow(0.65 + 0.35 * inks[winner], origin="lower", extent=extent, aspect="auto",
              gid="decision")  # fmt: skip


def _points(ax: Axes, points: Array, labels: Array, classes: Sequence[str] | None) -> None:
    kinds = np.unique(labels)
    size = 40.0 if len(points) < 50 else 9.0
    for number, kind in enumerate(kinds):
        at = points[labels == kind]
        name = classes[int(kind)] if classes is not None else f"{kind:g}"
        ax.scatter(at[:, 0], at[:, 1], s=size, color=color(number), edgecolors="white",
                   linewidths=0.4, label=name, gid="points", zorder=3)  # fmt: skip
    if len(kinds) > 1:
        legend(ax, beside=True)


def images(
    pictures: npt.ArrayLike,
    titles: Sequence[object] | None = None,
    *,
    columns: int | None = None,
    signed: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw images side by side.

    Parameters
    ----------
    pictures : array_like
        Shape (n, rows, columns), or (n, 1, rows, columns) as networks take them.
    titles : sequence, optional
        A word or a number below each image.
    columns : int, optional
        Images in a row; default about as many as there are rows, and at most 16.
    signed : bool
        Red for positive and blue for negative numbers; otherwise white is the smallest number
        and black the largest.
    ax : Axes, optional
        Axes to draw into; default a new figure.

    Raises
    ------
    ShapeError
        If `pictures` are not images, there are no, or more than 256 of them, or not as many titles.
    """
    tiles = _as_tiles(pictures, "images")
    if titles is not None and len(titles) != len(tiles):
        raise ShapeError(
            "images have one title each", given=f"{len(tiles)} images and {len(titles)} titles"
        )
    per_row = columns or min(len(tiles), max(math.ceil(math.sqrt(len(tiles))), 4), 16)
    rows = -(-len(tiles) // per_row)
    ax = dressed(
        ax, (0.85 * per_row + 0.4, 0.85 * rows + (0.28 * rows if titles is not None else 0) + 0.2)
    )
    reach = float(np.nanmax(np.abs(tiles))) or 1.0
    limits = (-reach, reach) if signed else (float(np.nanmin(tiles)), float(np.nanmax(tiles)))
    step_y = 1.32 if titles is not None else 1.08
    high, wide = tiles.shape[1:]
    width, height = wide / max(high, wide), high / max(high, wide)
    for k, tile in enumerate(tiles):
        left, top = 1.08 * (k % per_row), -step_y * (k // per_row)
        ax.imshow(tile, extent=(left, left + width, top - height, top), gid="tile",
                  cmap=_SIGNED if signed else "gray_r", vmin=limits[0], vmax=limits[1],
                  interpolation="nearest")  # fmt: skip
        if titles is not None:
            ax.text(left + width / 2, top - height - 0.03, str(titles[k]), ha="center", va="top",
                    fontsize=8, color=INK)  # fmt: skip
    _bare(ax)
    ax.set(
        xlim=(-0.04, 1.08 * (per_row - 1) + width + 0.04),
        aspect="equal",
        ylim=(-step_y * (rows - 1) - height - (0.3 if titles is not None else 0.04), 0.04),
    )
    return ax


def _as_tiles(pictures: npt.ArrayLike, what: str) -> Array:
    """Return images as (n, rows, columns)."""
    tiles = np.asarray(pictures, dtype=np.float64)
    if tiles.ndim == 4 and tiles.shape[1] == 1:
        tiles = tiles[:, 0]
    if tiles.ndim != 3 or not 0 < len(tiles) <= _MOST_TILES:
        raise ShapeError(
            f"{what} are shown as 1 to {_MOST_TILES} tiles",
            expected="(n, rows, columns) or (n, 1, rows, columns)",
            given=f"{np.shape(pictures)}",
            mend="choose some: images[:20]",
        )
    return tiles


def _bare(ax: Axes) -> None:
    """Take away the frame and the ticks."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def weights(
    layer: Any,
    *,
    shape: tuple[int, int] | None = None,
    columns: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the weights of a layer as pictures, one a unit: red positive, blue negative.

    Of a `Dense` layer each unit's incoming weights are laid out as the image they look at; of a
    `Conv2D` each kernel is drawn, for several input channels one picture a channel, those of one
    output in a row.

    Parameters
    ----------
    layer : layer or array_like
        A layer with ``weights``, or these: (inputs, units) or (outputs, channels, rows, columns).
    shape : tuple of int, optional
        Rows and columns of the image a dense layer sees; default: a square.
    columns : int, optional
        Pictures in a row.
    ax : Axes, optional
        Axes to draw into; default a new figure.

    Raises
    ------
    ShapeError
        If the layer has no weights, or a dense layer's inputs are no image of that shape.
    """
    if not isinstance(layer, np.ndarray) and not hasattr(layer, "weights"):
        raise ShapeError(
            f"this layer has no weights: {type(layer).__name__}",
            expected="a Dense or Conv2D layer, or an array of weights",
            mend="nn.plots.weights(net.layers[0])",
        )
    values = np.asarray(getattr(layer, "weights", layer), dtype=np.float64)
    if values.ndim == 4:
        channels = values.shape[1]
        tiles = values.reshape(-1, *values.shape[2:])
        return images(tiles, columns=columns or (channels if channels > 1 else None),
                      signed=True, ax=ax)  # fmt: skip
    side = math.isqrt(values.shape[0])
    rows, across = shape or (side, side)
    if values.ndim != 2 or rows * across != values.shape[0]:
        raise ShapeError(
            "the weights of a unit are shown as the image it sees",
            expected=f"{rows} x {across} = {rows * across} inputs",
            given=f"weights of shape {values.shape}",
            mend="say the shape of the image: nn.plots.weights(layer, shape=(28, 28))",
        )
    return images(values.T.reshape(-1, rows, across), columns=columns, signed=True, ax=ax)


def feature_maps(
    images: npt.ArrayLike,
    kernels: npt.ArrayLike,
    maps: npt.ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw kernels against images: each row an image, each column a kernel, and what it finds.

    Red is positive and blue negative, up to the largest number of the kernel, or of its maps.

    Parameters
    ----------
    images : array_like
        Shape (n, rows, columns) or (n, 1, rows, columns).
    kernels : array_like
        Shape (k, rows, columns) or (k, 1, rows, columns).
    maps : array_like, optional
        Shape (n, k, rows, columns); default: the images convolved with the kernels.
    names : sequence of str, optional
        Names of the kernels, above them.
    ax : Axes, optional
        Axes to draw into; default a new figure.

    Raises
    ------
    ShapeError
        If there is not one map for each image and kernel.
    """
    seen, filters = _as_tiles(images, "images"), _as_tiles(kernels, "kernels")
    if maps is None:
        from rheobase.nn.convolution import conv2d

        maps = conv2d(seen[:, None], filters[:, None])
    found = np.asarray(maps, dtype=np.float64)
    if found.ndim != 4 or found.shape[:2] != (len(seen), len(filters)):
        raise ShapeError(
            "there is one feature map for each image and kernel",
            expected=f"({len(seen)}, {len(filters)}, rows, columns)",
            given=f"{found.shape}",
        )
    ax = dressed(ax, (1.1 * (len(filters) + 1), 1.1 * (len(seen) + 1)))
    reach = np.abs(found).max(axis=(0, 2, 3))
    for column, kernel in enumerate(filters, 1):
        strength = float(np.abs(kernel).max()) or 1.0
        _tile(ax, kernel, column, 0.2, 0.45, _SIGNED, strength, frame=True)
        if names is not None:
            ax.text(column, 0.07, names[column - 1], ha="center", va="bottom", fontsize=9,
                    color=INK)  # fmt: skip
    for row, image in enumerate(seen, 1):
        _tile(ax, image, 0, row, 0.95, "gray_r", None, frame=True)
        for column, one in enumerate(found[row - 1], 1):
            _tile(ax, one, column, row, 0.95, _SIGNED, float(reach[column - 1]) or 1.0)
    _bare(ax)
    ax.set(
        xlim=(-0.5, len(filters) + 0.5),
        ylim=(-len(seen) - 0.5, 0.3 if names is not None else 0.05),
        aspect="equal",
    )
    return ax


def _tile(
    ax: Axes, picture: Array, column: int, row: float, size: float, cmap: str,
    reach: float | None, frame: bool = False,
) -> None:  # fmt: skip
    """Draw one picture around the place (column, -row)."""
    limits = (None, None) if reach is None else (-reach, reach)
    half = size / 2
    extent = (column - half, column + half, -row - half, -row + half)
    ax.imshow(picture, extent=extent, cmap=cmap, vmin=limits[0], vmax=limits[1], gid="tile",
              interpolation="nearest")  # fmt: skip
    if frame:
        across, along = zip(*[(extent[i], extent[j]) for i, j in ((0, 2), (1, 2), (1, 3), (0, 3))],
                            strict=True)  # fmt: skip
        ax.fill(across, along, fill=False, edgecolor=FRAME, linewidth=0.6)


def curves(
    values: Mapping[str, npt.ArrayLike],
    x: npt.ArrayLike | None = None,
    *,
    xlabel: str = "epoch",
    ylabel: str = "loss",
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw curves averaged over seeds, each with a band from the lowest to the highest seed.

    Parameters
    ----------
    values : mapping of str to array_like
        Name -> one curve (points,), or one a seed (seeds, points). Nan is left out.
    x : array_like, optional
        Where the points are; default 1, 2, ...
    xlabel, ylabel : str
    log : bool
        A logarithmic axis of values.
    ax : Axes, optional
        Axes to draw into; default a new figure. Curves already there keep their colors.

    Raises
    ------
    ShapeError
        If a curve has not as many points as `x`.
    """
    ax = dressed(ax, (5.2, 3.2))
    for name, given in values.items():
        seeds = np.atleast_2d(np.asarray(given, dtype=np.float64))
        at = np.arange(1, seeds.shape[1] + 1) if x is None else np.asarray(x, dtype=np.float64)
        if seeds.ndim != 2 or at.shape != seeds.shape[1:]:
            raise ShapeError(
                f"the curve {name!r} has another number of points than x",
                expected=f"({at.size},) or (seeds, {at.size})",
                given=f"{np.shape(given)}",
            )
        ink = color(count_of(ax, "curve"))
        ax.plot(at, seeds.mean(axis=0), color=ink, linewidth=1.4, label=name, gid="curve")
        if len(seeds) > 1:
            ax.fill_between(at, seeds.min(axis=0), seeds.max(axis=0), color=ink, alpha=0.18,
                            linewidth=0)  # fmt: skip
    if log:
        ax.set_yscale("log")
    label(ax, xlabel, ylabel)
    if len(ax.get_legend_handles_labels()[1]) > 1:
        legend(ax, beside=True)
    return ax


def gradients(
    histories: Any, *, names: Sequence[str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw how large the gradient of each layer's weights was during training.

    Where the curves of early layers lie far below those of late ones, the gradient vanishes on its
    way back; where they rise from one to the next, it explodes.

    Parameters
    ----------
    histories : History or sequence of History
        What `fit` returned; of several (other seeds) the mean and a band from least to most.
    names : sequence of str, optional
        Names of the layers that have weights; default "layer 0", ...
    ax : Axes, optional
        Axes to draw into; default a new figure.

    Raises
    ------
    ShapeError
        If there is not one name for each layer with weights.
    """
    several = [histories] if hasattr(histories, "gradient_size") else list(histories)
    count = min(len(history.epochs) for history in several)
    sizes = np.stack([history.gradient_size[:count] for history in several])
    layers = [k for k in range(sizes.shape[2]) if np.isfinite(sizes[:, :, k]).any()]
    words = [f"layer {k}" for k in layers] if names is None else list(names)
    if len(words) != len(layers):
        raise ShapeError(
            "there is one name for each layer that has weights",
            expected=f"{len(layers)} names",
            given=f"{len(words)}",
        )
    drawn = {word: sizes[:, :, k] for word, k in zip(words, layers, strict=True)}
    return curves(drawn, several[0].epochs[:count], ylabel="mean |gradient|", log=True, ax=ax)
