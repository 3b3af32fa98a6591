"""What happened in a fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.nn.layers.base import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass
class History:
    """What `nn.fit` recorded, an entry an epoch (or every so many batches).

    Attributes
    ----------
    epochs : array
        How many epochs were done at each entry.
    loss : array
        Mean loss of the batches since the last entry, each before its step.
    gradient_norm : array
        Length of the gradient of all parameters, mean over those batches.
    gradient_size : array, (entries, layers)
        Mean absolute derivative by the weights of each layer; NaN for layers without.
    rate : array
        Learning rate.
    validation_loss : array
        Loss on the validation samples after the epoch; empty without them.
    metrics : dict of str to array
        ``accuracy`` and others, and ``validation_accuracy``; each is an attribute too.
    stopped : str
        Why the fit ended before all epochs; empty if it did not.
    seconds : float
        Wall time.
    """

    epochs: Array
    loss: Array
    gradient_norm: Array
    gradient_size: Array
    rate: Array
    validation_loss: Array
    metrics: dict[str, Array] = field(default_factory=dict)
    stopped: str = ""
    seconds: float = 0.0

    def __getattr__(self, name: str) -> Any:
        metrics = self.__dict__.get("metrics", {})
        if name in metrics:
            return metrics[name]
        have = ", ".join(["loss", "validation_loss", "gradient_norm", "gradient_size", *metrics])
        raise AttributeError(f"the history has no {name!r}; it has {have}")

    def __repr__(self) -> str:
        if not self.loss.size:
            return "History(no epochs)"
        last = [f"loss {self.loss[-1]:.4g}"]
        last += [f"{name.replace('_', ' ')} {v[-1]:.4g}" for name, v in self.metrics.items()]
        end = f"; stopped: {self.stopped}" if self.stopped else ""
        return f"History({self.epochs[-1]:g} epochs, {', '.join(last)}{end})"

    def plot(self, ax: Axes | None = None, what: str = "loss") -> Axes:
        """Draw a curve over epochs, beside that of the validation samples if there is one.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.
        what : str
            "loss", "gradient_norm", "gradient_size" (layer by layer), "accuracy" or another metric.
        """
        from rheobase.plots import style

        ax = style.dressed(ax)
        values = getattr(self, what)
        pairs = [(what, values, "training")]
        beside = self.__dict__.get(f"validation_{what}", self.metrics.get(f"validation_{what}"))
        if beside is not None and len(beside):
            pairs.append((f"validation_{what}", beside, "validation"))
        for index, (_, curve, label) in enumerate(pairs):
            # validation is once an epoch, whatever `record_every`
            x = self.epochs if label == "training" else np.arange(1, len(curve) + 1)
            if curve.ndim == 2:  # a curve a layer; those without weights have none
                for layer in np.flatnonzero(np.isfinite(curve).any(axis=0)):
                    ax.plot(x, curve[:, layer], color=style.color(int(layer)),
                            label=f"layer {layer}")  # fmt: skip
                continue
            ax.plot(x, curve, color=style.color(index), label=label)
        style.label(ax, "epoch", what.replace("_", " "))
        if (
            what == "loss"
            and values.size
            and np.all(values > 0)
            and values.max() > 30 * values.min()
        ):
            ax.set_yscale("log")
        if len(pairs) > 1 or values.ndim == 2:
            style.legend(ax, beside=False)
        return ax
