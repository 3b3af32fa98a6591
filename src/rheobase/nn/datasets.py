"""Data to learn from: XOR, handwritten digits, and Fashion-MNIST where it is installed.

``x, y = xor(1000, std=0.4, seed=0)``; ``train, test = digits()`` and then ``x, y = train``.
Images are arrays (image, channel, row, column) of numbers from 0 to 1, labels are integers.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rheobase.errors import ShapeError, UserError
from rheobase.nn.idx import read_idx

#: What the labels of Fashion-MNIST stand for.
FASHION: Final = (
    "T-shirt", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
DIGITS: Final = tuple("0123456789")

_VARIABLE: Final = "RHEOBASE_DATA"
_DEBIAN: Final = Path("/usr/share/datasets/fashion-mnist")
_FILES: Final = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                 "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")  # fmt: skip


@dataclass(frozen=True, repr=False)
class Samples:
    """Inputs and what they stand for; unpacks as ``x, y = samples``.

    Attributes
    ----------
    x : ndarray
        The inputs, one row (or image) a sample.
    y : ndarray
        Labels, or wanted outputs.
    classes : tuple of str
        What each label stands for.
    name : str
    """

    x: npt.NDArray[Any]
    y: npt.NDArray[Any]
    classes: tuple[str, ...]
    name: str

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
        return iter((self.x, self.y))

    def __len__(self) -> int:
        # Not the length of what __iter__ gives, and so not list(samples)'s: the number of samples
        # is what is asked for.
        return int(self.x.shape[0])

    def __repr__(self) -> str:
        return f"{self.name}: {len(self):,} samples, x {self.x.shape}, y {self.y.shape}"

    def __getitem__(self, choice: Any) -> Samples:
        """Return some of the samples: a slice, a mask or an array of indices."""
        if isinstance(choice, int | np.integer):
            choice = [choice]
        return Samples(self.x[choice], self.y[choice], self.classes, self.name)

    def shuffled(self, seed: int = 0) -> Samples:
        """Return the samples in a random order, the same for the same seed."""
        return self[_random(seed, 1).permutation(len(self))]

    def split(self, fraction: float, seed: int | None = None) -> tuple[Samples, Samples]:
        """Return the first part of the samples and the rest.

        Parameters
        ----------
        fraction : float
            How much of the samples the first part has, between 0 and 1.
        seed : int, optional
            Shuffle them first.

        Raises
        ------
        UserError
            If one of the parts would be empty.
        """
        count = round(fraction * len(self))
        if not 0 < count < len(self):
            raise UserError(
                f"one part of the {len(self):,} samples would be empty",
                expected="a fraction between 0 and 1",
                given=f"{fraction:g}",
                mend="training, validation = samples.split(0.8, seed=0)",
            )
        ordered = self if seed is None else self.shuffled(seed)
        return ordered[:count], ordered[count:]


@dataclass(frozen=True)
class Images:
    """Images to learn from and images to test with; unpacks as ``train, test = images``.

    Attributes
    ----------
    train, test : Samples
    """

    train: Samples
    test: Samples

    def __iter__(self) -> Iterator[Samples]:
        return iter((self.train, self.test))

    @property
    def classes(self) -> tuple[str, ...]:
        """What each label stands for."""
        return self.train.classes

    @property
    def name(self) -> str:
        """The name of the data."""
        return self.train.name

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image: channels, rows, columns."""
        return tuple(self.train.x.shape[1:])


def xor(
    n: int = 4, std: float = 0.0, seed: int = 0, *, corners: tuple[float, float] = (0.0, 1.0)
) -> Samples:
    """Points around the four corners of a square, labeled by the exclusive or of their corner.

    Point k belongs to corner k mod 4, in the order (0, 0), (0, 1), (1, 0), (1, 1), so that every
    corner has as many; y is 1 where one coordinate of the corner is high and the other low. The
    points are shuffled unless they are the four corners themselves.

    Where noise takes a point across a middle line no rule can know its label. The best rule,
    the sign of each coordinate less the middle, is right with probability q**2 + (1 - q)**2,
    q = Phi(d/(2 std)), d the distance of two corners: 0.811 for corners 0 and 1 and std 0.4.

    Parameters
    ----------
    n : int
        How many points; with the defaults the truth table.
    std : float
        Standard deviation of the normal noise added to each coordinate.
    seed : int
    corners : tuple of float
        Low and high coordinate.

    Returns
    -------
    Samples
        x of shape (n, 2), y of shape (n, 1), 0 or 1.

    Raises
    ------
    UserError
        If n is below 1 or std below 0.

    Examples
    --------
    >>> x, y = xor()
    >>> [(*map(int, point), int(label)) for point, (label,) in zip(x, y)]
    [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
    """
    if n < 1 or not std >= 0:
        raise UserError(
            "xor makes at least one point, with noise of no negative deviation",
            given=f"n = {n}, std = {std:g}",
            mend="x, y = nn.datasets.xor(1000, std=0.4, seed=0)",
        )
    corner = np.arange(n) % 4
    high = np.stack([corner // 2, corner % 2], axis=1)
    x = np.where(high, corners[1], corners[0]).astype(np.float64)
    x += std * _random(seed, 0).standard_normal(x.shape)
    y = np.asarray(high[:, :1] != high[:, 1:], dtype=np.float64)
    samples = Samples(x, y, ("0", "1"), "XOR")
    return samples if n == 4 and std == 0 else samples.shuffled(seed)


def digits(*, test: float = 0.2, seed: int = 0, dtype: npt.DTypeLike = np.float64) -> Images:
    """1,797 handwritten digits of 8 by 8 pixels, which come with the library.

    Parameters
    ----------
    test : float
        The fraction kept for the test.
    seed : int
        Which images these are.
    dtype : dtype
        Of the images; their values are multiples of 1/16.

    Returns
    -------
    Images
        x of shape (n, 1, 8, 8), y of shape (n,).

    Notes
    -----
    Source: E. Alpaydin, C. Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI
    Machine Learning Repository (its test part: 13 writers, whom both parts here share).

    Examples
    --------
    >>> train, test = digits()
    >>> train
    digits: 1,438 samples, x (1438, 1, 8, 8), y (1438,)
    """
    table = _digits_table()
    x = (table[:, :64] / 16).reshape(-1, 1, 8, 8).astype(dtype)
    train, rest = Samples(x, table[:, 64].astype(np.int64), DIGITS, "digits").split(1 - test, seed)
    return Images(train, rest)


@cache
def _digits_table() -> npt.NDArray[np.int64]:
    packed = resources.files(__package__).joinpath("files", "digits.csv.gz").read_bytes()
    rows = gzip.decompress(packed).decode("ascii").split()
    return np.array([row.split(",") for row in rows]).astype(np.int64)


def fashion_mnist(
    folder: str | os.PathLike[str] | None = None, *, dtype: npt.DTypeLike = np.float32
) -> Images:
    """Fashion-MNIST: 60,000 pictures of clothes to learn from and 10,000 to test with.

    Nothing is downloaded. The four IDX files, compressed or not, are looked for in `folder`; or,
    without one, in ``$RHEOBASE_DATA`` and its folder ``fashion-mnist``, and where the Debian
    package ``dataset-fashion-mnist`` puts them.

    Parameters
    ----------
    folder : path, optional
        Where the files are.
    dtype : dtype
        Of the images; float32 takes 220 MB.

    Returns
    -------
    Images
        x of shape (n, 1, 28, 28) from 0 (white) to 1, y of shape (n,); `FASHION` names the labels.

    Raises
    ------
    UserError
        If the files are not there.
    FileFormatError
        If one of them is not what it should be.

    Notes
    -----
    Source: H. Xiao, K. Rasul, R. Vollgraf (2017), arXiv:1708.07747. MIT license, Zalando SE.
    """
    files = [_file(place, name) for place in (_found(folder),) for name in _FILES]
    parts = []
    for images, labels in (files[:2], files[2:]):
        pixels, y = read_idx(images), read_idx(labels)
        if pixels.ndim != 3 or y.shape != pixels.shape[:1]:
            raise ShapeError(
                f"{labels.name} does not belong to {images.name}",
                expected="images (n, rows, columns) and one label an image",
                given=f"{pixels.shape} and {y.shape}",
            )
        x = np.divide(pixels[:, None], 255, dtype=dtype)
        parts.append(Samples(x, y.astype(np.int64), FASHION, "Fashion-MNIST"))
    return Images(*parts)


def has_fashion_mnist(folder: str | os.PathLike[str] | None = None) -> bool:
    """Return whether `fashion_mnist` would find its files."""
    return any(_complete(place) for place in _places(folder))


def images(folder: str | os.PathLike[str] | None = None) -> Images:
    """Fashion-MNIST where it is installed, the digits that come with the library elsewhere.

    Parameters
    ----------
    folder : path, optional
        Where the files of Fashion-MNIST are; see `fashion_mnist`.
    """
    return fashion_mnist(folder) if has_fashion_mnist(folder) else digits(dtype=np.float32)


def _places(folder: str | os.PathLike[str] | None) -> list[Path]:
    """Where the files may be, first the likeliest."""
    if folder is not None:
        return [Path(folder)]
    named = os.environ.get(_VARIABLE)
    own = [Path(named), Path(named) / "fashion-mnist"] if named else []
    return [*own, _DEBIAN]


def _file(place: Path, name: str) -> Path:
    """The file of that name, compressed or not, whether it is there or not."""
    plain = place / name
    return plain if plain.exists() else place / f"{name}.gz"


def _complete(place: Path) -> bool:
    return all(_file(place, name).exists() for name in _FILES)


def _lacking(place: Path) -> str:
    if not place.is_dir():
        return f"there is no folder {place}"
    missing = [name for name in _FILES if not _file(place, name).exists()]
    if len(missing) == len(_FILES):
        return f"{place} has none of them"
    return f"{place} has no {' and no '.join(missing)}"


def _found(folder: str | os.PathLike[str] | None) -> Path:
    places = _places(folder)
    for place in places:
        if _complete(place):
            return place
    raise UserError(
        "Fashion-MNIST is not here",
        expected=f"{', '.join(_FILES)} (or the same with .gz)",
        given="; ".join(_lacking(place) for place in places),
        mend=(
            "on Debian or Ubuntu: apt-get install dataset-fashion-mnist\n"
            "elsewhere: put the four files into a folder, and write\n"
            '  nn.datasets.fashion_mnist("FOLDER")  # or set RHEOBASE_DATA=FOLDER\n'
            "nn.datasets.digits() comes with the library and needs no files"
        ),
    )


def _random(seed: int, stream: int) -> np.random.Generator:
    """Random numbers of a seed: one stream for the noise, one for orders."""
    return np.random.Generator(np.random.Philox(key=[seed, stream]))
