"""Units whose output is a rate."""

from __future__ import annotations

from typing import Any

from rheobase.errors import UnknownNameError, did_you_mean
from rheobase.language.model import Model
from rheobase.models.activations import ACTIVATIONS
from rheobase.models.library import describe


class _RateUnit(Model):
    """A rate unit: a `Model` that can also be called with the name of its activation."""

    def __call__(self, f: str | None = None, **parameters: Any) -> Model:
        """Return a copy with another activation, other defaults, or both.

        Parameters
        ----------
        f : str, optional
            The name of an activation: sigmoid, tanh, relu, linear, softplus, step, ...
        **parameters
            As for any model.

        Raises
        ------
        UnknownNameError
            If there is no such activation or parameter.
        """
        base = self if f is None else _with_activation(f)
        raise NotImplementedError
