"""Neurons that fall silent at random while the network learns."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.errors import InternalError, UserError
from rheobase.nn.layers.base import Array, Key, Layer, Shape, generator


class Dropout(Layer):
    """In training every number is 0 with probability `rate`, and the others are larger for it.

    ::

        y = x m/(1 - rate)                   m is 1 or 0, drawn anew for every pass
        dL/dx = g m/(1 - rate)

    Outside of training y = x (Srivastava et al. 2014, with the scaling of PyTorch and Keras).

    Parameters
    ----------
    rate : float
        Probability, from 0 to below 1.

    Raises
    ------
    UserError
        If `rate` is none.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import nn
    >>> y, _ = nn.Dropout(0.5).run(np.ones((1, 100)), training=True, key=(0,))
    >>> sorted(set(y[0].tolist()))
    [0.0, 2.0]
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate < 1:
            raise UserError(
                "nn.Dropout: the rate is a probability from 0 to below 1",
                given=f"rate = {rate!r}",
                mend="nn.Dropout(0.5)",
            )
        self.rate = float(rate)

    def __repr__(self) -> str:
        return f"Dropout({self.rate:g})"

    def configuration(self) -> dict[str, Any]:
        """Return the arguments that make such a layer."""
        return {"rate": self.rate}

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of one sample after the layer: it stays."""
        return shape

    def run(self, x: Array, *, training: bool = False, key: Key | None = None) -> tuple[Array, Any]:
        """Forward: in training, x times a random mask."""
        if not training or self.rate == 0:
            return x, None
        if key is None:
            raise InternalError("a training pass through Dropout needs a key")
        kept = generator(key).random(x.shape, dtype=np.float32) >= self.rate
        mask = kept * x.dtype.type(1 / (1 - self.rate))
        return x * mask, mask

    def reverse(self, g: Array, saved: Any) -> tuple[Array | None, dict[str, Array]]:
        """Backward: g times the same mask."""
        return g if saved is None else g * saved, {}
