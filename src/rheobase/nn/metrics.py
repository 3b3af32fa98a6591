"""How well a network answers, beside its loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from rheobase.errors import UnknownNameError
from rheobase.nn.layers.base import Array
from rheobase.nn.losses import Loss

Metric: TypeAlias = "str | Callable[[Array, Array], float]"


def accuracy(y: Any, target: Any) -> float:
    """Return the share of samples whose answer is right.

    Parameters
    ----------
    y : array, (samples, outputs)
        With several outputs the largest is the answer; with one, above 1/2 is yes.
    target : array
        Numbers of classes (samples,), or as y (the largest, or above 1/2, is right).
    """
    y, target = np.asarray(y), np.asarray(target)
    if target.ndim == 1 and y.ndim == 2 and y.shape[1] > 1:
        return float(np.mean(y.argmax(axis=1) == target))
    if y.ndim == 2 and y.shape[1] > 1:
        return float(np.mean(y.argmax(axis=1) == target.argmax(axis=1)))
    return float(np.mean((y > 0.5) == (target > 0.5)))


def chosen(
    metrics: Metric | tuple[Metric, ...], loss: Loss, target: Array
) -> dict[str, Callable[[Array, Array], float]]:
    """Return the metrics of a fit by name.

    Accuracy is left out where targets are no classes: numbers to be met have none.

    Raises
    ------
    UnknownNameError
        If there is no metric of a name.
    """
    found: dict[str, Callable[[Array, Array], float]] = {}
    for metric in (metrics,) if isinstance(metrics, str) or callable(metrics) else metrics:
        if callable(metric):
            found[getattr(metric, "__name__", "metric")] = metric
        elif metric != "accuracy":
            raise UnknownNameError(
                f"there is no metric {metric!r}",
                mend='metrics=("accuracy",), or functions of (outputs, targets)',
            )
        elif loss.classes or bool(np.isin(target, (0, 1)).all()):
            found["accuracy"] = accuracy
    return found
