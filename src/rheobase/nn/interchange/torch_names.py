"""What our layers are called in PyTorch, and the library itself, loaded when it is needed."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from rheobase.errors import UserError

#: Our activation -> the module of torch.nn with its default settings.
ELEMENTWISE: Final = {
    "relu": "ReLU",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "softplus": "Softplus",
    "softsign": "Softsign",
}


def torch_library() -> Any:
    """Return the module ``torch``.

    Raises
    ------
    UserError
        If it is not installed.
    """
    try:
        import torch
    except ImportError:
        raise UserError(
            "PyTorch is not installed",
            mend='python -m pip install "rheobase[torch]"',
        ) from None
    return torch


@cache
def steps_module(torch: Any) -> Any:
    """Return the class of modules that hand on the outputs of a ``torch.nn.RNN``, all or the last.

    A ``torch.nn.RNN`` returns a pair, which nothing behind it in a Sequential takes.
    """

    class RecurrentSteps(torch.nn.Module):  # type: ignore[misc]
        """Outputs of a recurrent layer at all steps, or at the last."""

        def __init__(self, rnn: Any, last: bool) -> None:
            super().__init__()
            self.rnn, self.last = rnn, last

        def forward(self, x: Any) -> Any:
            steps, _ = self.rnn(x)
            return steps[:, -1] if self.last else steps

    return RecurrentSteps
