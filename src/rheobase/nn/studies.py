"""Networks compared: five architectures, sigmoid against ReLU, three learning rates.

Each study trains networks that differ in one thing, several times with other seeds, and returns
a `Study`: a table, curves averaged over seeds, and the networks. The defaults are the protocol of
the course's homework; on a full set of 60,000 images that takes hours for some, so give a part of
the images (``images.train[:5000]``) or fewer epochs to look first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.nn import architectures as library
from rheobase.nn.datasets import Images, Samples
from rheobase.nn.history import History
from rheobase.nn.optimizers import SGD, Adam, Optimizer, Schedule
from rheobase.nn.plots import curves
from rheobase.nn.sequential import Sequential
from rheobase.nn.training import fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = npt.NDArray[Any]


@dataclass(frozen=True, repr=False)
class Run:
    """One network after its training.

    Attributes
    ----------
    net : Sequential
    history : History
        With an entry every few batches.
    test_accuracy : float
        The fraction of test images whose label it gives.
    seed : int
        Of its initial weights and of the order of its batches.
    seconds : float
        Wall time of the training.
    """

    net: Sequential
    history: History
    test_accuracy: float
    seed: int
    seconds: float


@dataclass(frozen=True, repr=False)
class Study:
    """Networks that differ in one thing, each trained from several seeds.

    Attributes
    ----------
    runs : mapping of str to list of Run
        By name; of one name they differ in the seed.
    data : str
        What they were trained on.
    """

    runs: Mapping[str, list[Run]]
    data: str

    def __getitem__(self, name: str) -> list[Run]:
        if name not in self.runs:
            raise _unknown(name, self.runs)
        return self.runs[name]

    def __str__(self) -> str:
        """Return the table: test accuracy (mean and spread over seeds), last loss, time."""
        wide = max(map(len, self.runs))
        head = f"{self.data}\n{'':{wide}}  parameters  test accuracy    last loss  seconds"
        lines = [head]
        for name, runs in self.runs.items():
            right = np.array([run.test_accuracy for run in runs])
            loss = np.mean([run.history.loss[-1] for run in runs])
            spread = f" ± {right.std():.3f}" if len(runs) > 1 else ""
            lines.append(
                f"{name:{wide}}  {runs[0].net.vector.size:10,}  {f'{right.mean():.3f}{spread}':15}"
                f"  {loss:9.3f}  {np.mean([run.seconds for run in runs]):7.1f}"
            )
        return "\n".join(lines)

    __repr__ = __str__

    def accuracy(self, name: str) -> float:
        """Return the test accuracy of a network, averaged over its seeds."""
        return float(np.mean([run.test_accuracy for run in self[name]]))

    def curve(self, name: str, what: str = "loss") -> tuple[Array, Array]:
        """Return epochs (points,) and values (seeds, points) of a curve.

        Parameters
        ----------
        name : str
            Of the network.
        what : str
            "loss", "accuracy", "validation_loss", "validation_accuracy", "gradient_norm", or
            "first_gradient": the mean absolute gradient of the first layer's weights.
        """
        histories = [run.history for run in self[name]]
        if what == "first_gradient":
            values = [_first_gradient(history) for history in histories]
        else:
            values = [np.asarray(getattr(history, what)) for history in histories]
        count = min(map(len, values))
        if what.startswith("validation"):  # an entry an epoch, whatever the others have
            epochs = np.arange(1.0, count + 1)
        else:
            epochs = np.asarray(histories[0].epochs[:count])
        return epochs, np.stack([value[:count] for value in values])

    def plot(
        self,
        what: str = "loss",
        names: Sequence[str] | None = None,
        *,
        log: bool | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw a curve of each network, averaged over seeds, with a band from least to most.

        Parameters
        ----------
        what : str
            As for `curve`.
        names : sequence of str, optional
            Which networks; default all.
        log : bool, optional
            A logarithmic axis of values; default for gradients.
        ax : Axes, optional
            Axes to draw into; default a new figure.
        """
        words = what.replace("_", " ").replace("first gradient", "mean |gradient|, first layer")
        steep = "gradient" in what if log is None else log
        for name in names or self.runs:
            epochs, values = self.curve(name, what)
            ax = curves({name: values}, epochs, ylabel=words, log=steep, ax=ax)
        assert ax is not None
        return ax


def _first_gradient(history: History) -> Array:
    """The mean absolute gradient of the first layer that has weights."""
    sizes = np.asarray(history.gradient_size)
    return np.asarray(sizes[:, np.isfinite(sizes).any(axis=0).argmax()])


def train(
    make: Callable[[int], Sequential],
    data: Images,
    *,
    seeds: Sequence[int] = (0,),
    epochs: int = 15,
    batch_size: int = 96,
    optimizer: Optimizer | None = None,
    schedule: Schedule | None = None,
    share: float = 0.8,
    every: int = 10,
    threads: int | None = None,
    progress: bool | None = None,
) -> list[Run]:
    """Train a network from several seeds with cross-entropy, and test it.

    Parameters
    ----------
    make : callable
        Takes a seed, returns a network.
    data : Images
    seeds : sequence of int
    epochs, batch_size : int
    optimizer : Optimizer, optional
        Default ``nn.Adam(1e-3)``.
    schedule : optional
        As for `fit`.
    share : float
        The part of the training images that is trained on; the rest validates. 1: no validation.
    every : int
        An entry of the history every so many batches.
    threads, progress
        As for `fit`.

    Returns
    -------
    list of Run
        One for each seed.
    """
    if not 0 < share <= 1:
        raise UserError("share is the part of the images that is trained on",
                        expected="above 0 and at most 1", given=f"{share:g}")  # fmt: skip
    several = [seeds] if isinstance(seeds, int) else list(seeds)
    if not several:
        raise UserError("a study needs a seed", given=f"seeds={seeds!r}", mend="seeds=[0, 1, 2]")
    runs = []
    for seed in several:
        learned, held = data.train.split(share, seed) if share < 1 else (data.train, None)
        validation = None if held is None else (held.x, held.y)
        net = make(seed)
        began = time.perf_counter()
        history = fit(
            net, learned.x, learned.y, loss="cross_entropy", optimizer=optimizer or Adam(1e-3),
            epochs=epochs, batch_size=batch_size, validation=validation,
            schedule=schedule, seed=seed, record_every=every, threads=threads, progress=progress,
        )  # fmt: skip
        seconds = time.perf_counter() - began
        runs.append(Run(net, history, right(net, data.test), seed, seconds))
    return runs


def right(net: Sequential, samples: Samples) -> float:
    """Return the fraction of samples to whose label a network gives its largest output."""
    return float(np.mean(np.argmax(net(samples.x), axis=1) == samples.y))


def compare(
    data: Images,
    architectures: Sequence[str] = tuple(library.ALL),
    *,
    seeds: Sequence[int] = (0, 1, 2),
    activation: Any = "relu",
    **training: Any,
) -> Study:
    """Train architectures and compare them.

    Parameters
    ----------
    data : Images
        ``nn.datasets.digits()`` or ``nn.datasets.fashion_mnist()``.
    architectures : sequence of str
        Of "mlp_1", "mlp_2", "cnn_3", "cnn_4", "cnn_5".
    seeds : sequence of int
    activation : str or Activation
        Of the hidden layers.
    **training
        As for `train`: 15 epochs, batches of 96, Adam 1e-3, 0.8 of the images trained on, an
        entry every 10 batches.

    Raises
    ------
    UnknownNameError
        If there is no such architecture.

    Examples
    --------
    >>> from rheobase import nn
    >>> study = nn.studies.compare(
    ...     nn.datasets.digits(), ["mlp_1"], seeds=[0], epochs=5, optimizer=nn.Adam(0.01)
    ... )
    >>> study.accuracy("mlp_1") > 0.7
    True
    """
    runs = {
        name: train(_maker(name, data, activation), data, seeds=seeds, **training)
        for name in architectures
    }
    return Study(runs, _described(data))


def activations(
    data: Images,
    functions: Sequence[Any] = ("relu", "sigmoid"),
    architectures: Sequence[str] = tuple(library.ALL),
    *,
    seeds: Sequence[int] = (0,),
    **training: Any,
) -> Study:
    """Train architectures with one activation and with another, by plain gradient descent.

    ``study.plot("first_gradient")`` shows why the sigmoid learns more slowly: each layer hands
    back at most a quarter of the gradient.

    Parameters
    ----------
    data : Images
    functions : sequence of str or Activation
    architectures, seeds
        As for `compare`.
    **training
        As for `train`; default SGD 0.01 and batches of 50.

    Returns
    -------
    Study
        With names such as "cnn_3 sigmoid".
    """
    settings: dict[str, Any] = {"optimizer": SGD(0.01), "batch_size": 50} | training
    runs = {
        f"{name} {getattr(function, 'name', function)}": train(
            _maker(name, data, function), data, seeds=seeds, **settings
        )
        for name in architectures
        for function in functions
    }
    return Study(runs, _described(data))


def learning_rates(
    data: Images,
    rates: Sequence[float] = (0.1, 0.01, 0.001),
    switch: Mapping[int, float] | None = None,
    architecture: str = "cnn_3",
    *,
    seeds: Sequence[int] = (0,),
    epochs: int = 20,
    **training: Any,
) -> Study:
    """Train one architecture with several learning rates, and with a switch from one to the next.

    Parameters
    ----------
    data : Images
    rates : sequence of float
        Of plain gradient descent.
    switch : mapping of int to float, optional
        Epoch -> learning rate from then on, starting from the first of `rates`; default
        {8: 0.01, 18: 0.001}. An empty one: no such network.
    architecture : str
    seeds : sequence of int
    epochs : int
    **training
        As for `train`; default batches of 50.

    Returns
    -------
    Study
        With names such as "0.1" and "0.1, then 0.01, 0.001".
    """
    settings: dict[str, Any] = {"batch_size": 50, "epochs": epochs, "seeds": seeds} | training
    make = _maker(architecture, data, "relu")
    runs = {f"{rate:g}": train(make, data, optimizer=SGD(rate), **settings) for rate in rates}
    plan = {8: 0.01, 18: 0.001} if switch is None else dict(switch)
    if plan:
        name = f"{rates[0]:g}, then {', '.join(f'{rate:g}' for rate in plan.values())}"
        runs[name] = train(make, data, optimizer=SGD(rates[0]), schedule=plan, **settings)
    return Study(runs, _described(data))


def _maker(name: str, data: Images, activation: Any) -> Callable[[int], Sequential]:
    if name not in library.ALL:
        raise _unknown(name, library.ALL)
    shape, classes = data.shape, len(data.classes)
    return lambda seed: library.ALL[name](shape, classes, activation=activation, seed=seed)


def _described(data: Images) -> str:
    return f"{data.name}: {len(data.train):,} images to learn from, {len(data.test):,} to test with"


def _unknown(name: str, known: Mapping[str, Any]) -> UnknownNameError:
    meant = did_you_mean(name, known)
    return UnknownNameError(
        f"there is no network {name!r} here" + (f"; did you mean {meant!r}?" if meant else ""),
        expected=", ".join(known),
    )
