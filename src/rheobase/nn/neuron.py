"""One neuron, trained by hand: forward, backward, and every number of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import ShapeError, UserError
from rheobase.nn import computation
from rheobase.nn.activations import Activation, activation, floats
from rheobase.nn.computation import Node

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rheobase.nn.descent import Descent

BIOLOGY = {
    "input": "activity of the sending neuron, on its axon",
    "weight": "strength of the synapse",
    "product": "what the synapse lets through",
    "bias": "ease of firing (a threshold of -b)",
    "net input": "what dendrites and soma add up",
    "activation": "from potential to firing",
    "output": "firing rate, sent along the axon",
}
"""What the parts of a unit stand for in a neuron."""


@dataclass(frozen=True)
class NeuronGradient:
    """Derivatives of a loss by what goes into a neuron.

    Attributes
    ----------
    weights : array
        dL/dw_i = dL/dz * x_i, summed over the samples; (inputs,).
    bias : float
        dL/db = dL/dz, summed over the samples.
    inputs : array
        dL/dx_i = dL/dz * w_i; of the shape of x.
    net_input : float or array
        dL/dz = dL/da * f'(z): one a sample.
    """

    weights: np.ndarray
    bias: float
    inputs: np.ndarray
    net_input: Any


class Neuron:
    """One unit: a = f(z), z = sum over i of w_i*x_i + b.

    Parameters
    ----------
    weights : array_like
        (inputs,): one weight an input.
    bias : float
        b: a weight from an input that is always 1.
    activation : str or Activation
        f.

    Attributes
    ----------
    weights : array
    bias : float
    activation : Activation

    Raises
    ------
    ShapeError
        The weights are no vector, or the bias is no number.

    Notes
    -----
    Backward, from g = dL/da, by the chain rule::

        dL/dz   = g * f'(z)
        dL/dw_i = dL/dz * x_i
        dL/db   = dL/dz
        dL/dx_i = dL/dz * w_i

    Examples
    --------
    >>> from rheobase import nn
    >>> neuron = nn.Neuron(weights=[2.0, -3.0], bias=-3.0, activation="sigmoid")
    >>> round(neuron.forward([-1.0, -2.0]), 4)
    0.7311
    >>> neuron.backward(1.0).weights.round(4)
    array([-0.1966, -0.3932])
    """

    def __init__(self, weights: Any, bias: float = 0.0, activation: Any = "sigmoid") -> None:
        self.weights = weights
        self.bias = bias
        self.activation = activation
        self._seen: tuple[np.ndarray, Any] | None = None
        self._gradient: Any = 1.0

    @property
    def weights(self) -> np.ndarray:
        """Strengths of the synapses, (inputs,)."""
        return self._weights

    @weights.setter
    def weights(self, given: Any) -> None:
        weights = np.array(floats(given, "weights of a Neuron"), np.float64)
        if weights.ndim != 1 or not weights.size:
            raise ShapeError(
                "the weights of a Neuron are a vector",
                expected="one number an input",
                given=f"shape {weights.shape}",
                mend="write nn.Neuron(weights=[2.0, -3.0], bias=-3.0)",
            )
        self._weights = weights

    @property
    def bias(self) -> float:
        """How easily it fires: the weight from an input that is always 1."""
        return self._bias

    @bias.setter
    def bias(self, given: Any) -> None:
        offset = floats(given, "bias of a Neuron")
        if offset.ndim:
            raise ShapeError(
                "the bias of a Neuron is one number", given=repr(given)[:80], mend="write bias=0.0"
            )
        self._bias = float(offset)

    @property
    def activation(self) -> Activation:
        """The function f of the net input."""
        return self._activation

    @activation.setter
    def activation(self, given: Any) -> None:
        self._activation = _elementwise(given)

    # -- forward and backward ----------------------------------------------------------------

    def forward(self, x: Any) -> Any:
        """Return a = f(z), and remember x and z for `backward`.

        Parameters
        ----------
        x : array_like
            (inputs,): one sample; or (samples, inputs).

        Returns
        -------
        float or array
            One number a sample.

        Raises
        ------
        ShapeError
            x does not fit the weights.
        """
        x = np.asarray(floats(x, "Neuron.forward"), np.float64)
        if x.ndim not in (1, 2) or x.shape[-1] != self.weights.size:
            raise ShapeError(
                "the inputs do not fit the weights",
                expected=f"({self.weights.size},) or (samples, {self.weights.size})",
                given=f"shape {x.shape}",
                mend=f"this neuron has {self.weights.size} inputs",
            )
        z = x @ self.weights + self.bias
        self._seen = x, z
        a = self.activation(z)
        return float(a) if x.ndim == 1 else a

    __call__ = forward

    def backward(self, gradient: Any = 1.0) -> NeuronGradient:
        """Return the derivatives of a loss L by weights, bias and inputs, at the last `forward`.

        Parameters
        ----------
        gradient : float or array_like
            dL/da: one number, or one a sample. With 1 the result is that of a itself.

        Raises
        ------
        UserError
            There was no forward pass.
        ShapeError
            There are not as many gradients as samples.
        """
        x, z = self._last("backward")
        g = np.asarray(floats(gradient, "Neuron.backward"), np.float64)
        if g.shape not in ((), np.shape(z)):
            raise ShapeError(
                "one dL/da a sample",
                expected=f"a number, or shape {np.shape(z)}",
                given=f"shape {g.shape}",
                mend="write neuron.backward(2*(a - target)) with a = neuron.forward(x)",
            )
        self._gradient = g
        of_z = g * self.activation.derivative(z)
        if x.ndim == 1:
            slope = float(of_z)
            return NeuronGradient(slope * x, slope, slope * self.weights, slope)
        return NeuronGradient(of_z @ x, float(of_z.sum()), np.outer(of_z, self.weights), of_z)

    def _last(self, what: str) -> tuple[np.ndarray, Any]:
        if self._seen is None:
            raise UserError(
                f"Neuron.{what}: nothing has gone forward yet",
                mend="call neuron.forward(x) first; it remembers what is needed",
            )
        return self._seen

    # -- what it does, told --------------------------------------------------------------------

    def graph(self) -> list[Node]:
        """Return the computation graph at the last `forward` and `backward`.

        Of several samples, the first. Every node has its value, its gradient dL/d(node), its
        local derivatives, and the rule by which a gradient goes back through it.
        """
        x, _ = self._last("graph")
        first = x if x.ndim == 1 else x[0]
        nodes = computation.graph(
            self.weights.tolist(), self.bias, first.tolist(), self.activation
        )  # fmt: skip
        computation.run_backward(nodes, float(np.ravel(self._gradient)[0]))
        return nodes

    def explain(self) -> str:
        """Return the last forward and backward pass number by number.

        Each line of the backward pass is one step of the chain rule: the gradient of the node
        that comes after it, times the local derivative, and the rule that this is.
        """
        nodes = self.graph()
        x, _ = self._last("explain")
        of = "" if x.ndim == 1 else f" (sample 0 of {len(x)})"
        lines = [f"a = f(z), z = {self._sum_text()}, f = {self.activation.name}{of}"]
        lines += ["", "Forward", *_table(_forward_rows(nodes))]
        lines += [
            "",
            "Backward: a gradient is what comes back, times a local derivative",
        ]
        return "\n".join([*lines, *_table(_backward_rows(nodes))])

    def derive(self, loss: str | None = None) -> str:
        """Return the derivatives in symbols: every step of the chain rule.

        Parameters
        ----------
        loss : str, optional
            "squared_error" or "binary_cross_entropy": go on from the loss.
        """
        from rheobase.nn.descent import loss_lines

        f = computation.formula_text(self.activation, "z")
        slope = computation.derivative_text(self.activation, "z")
        short = in_terms_of_output(self.activation)
        n = self.weights.size
        lines = [
            f"z = {self._sum_text()}",
            f"a = f(z) = {f}",
            "",
            f"da/dz = f'(z) = {slope}" + (f" = {short}" if short else ""),
        ]
        before = "da"
        if loss is not None:
            before = "dL"
            lines += ["", *loss_lines(loss), "dL/dz = dL/da * da/dz"]
        rows = [*((f"w_{i}", f"x_{i}") for i in range(1, n + 1)), ("b", "1"),
                *((f"x_{i}", f"w_{i}") for i in range(1, n + 1))]  # fmt: skip
        lines.append("")
        lines += [f"{before}/d{name} = {before}/dz * dz/d{name} = {before}/dz * {factor}"
                  for name, factor in rows]  # fmt: skip
        return "\n".join(lines)

    def _sum_text(self) -> str:
        n = self.weights.size
        shown = range(1, n + 1) if n <= 4 else (1, 2)
        terms = [f"w_{i}*x_{i}" for i in shown]
        return " + ".join([*terms, *(["...", f"w_{n}*x_{n}"] if n > 4 else []), "b"])

    def draw(self, ax: Any = None, *, biology: bool = False) -> Axes:
        """Draw the computation graph: values above, gradients below, as of the last passes.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw into.
        biology : bool
            Write below what the parts stand for in a neuron.

        Returns
        -------
        Axes
        """
        from rheobase.nn.neuron_drawing import draw_graph

        return draw_graph(self.graph(), ax, biology)

    # -- learning -------------------------------------------------------------------------------

    def descend(
        self, x: Any, target: Any, loss: str = "squared_error", rate: float = 0.1,
        steps: int = 100,
    ) -> Descent:  # fmt: skip
        """Go down the gradient of a loss: w_i -= rate*dL/dw_i, b -= rate*dL/db, step by step.

        Parameters
        ----------
        x : array_like
            (inputs,) or (samples, inputs).
        target : float or array_like
            What a should be: one number a sample.
        loss : str
            "squared_error": the mean over samples of (a - t)**2; or "binary_cross_entropy".
        rate : float
            The learning rate.
        steps : int

        Returns
        -------
        Descent
            Loss, weights, bias and gradients before every step and after the last; prints as a
            table. The neuron keeps the last weights.

        Raises
        ------
        ShapeError
            Not one target a sample.
        UserError
            The rate is negative, or the steps are no whole number.

        Warns
        -----
        RheobaseWarning
            The loss became infinite: the steps are too long. The descent ends there.
        """
        from rheobase.nn.descent import descend

        return descend(self, x, target, loss, rate, steps)

    def __repr__(self) -> str:
        weights = ", ".join(f"{w:.6g}" for w in self.weights)
        return f"Neuron(weights=[{weights}], bias={self.bias:.6g}, {self.activation.name!r})"


def _elementwise(given: Any) -> Activation:
    found = activation(given)
    if not isinstance(found, Activation):
        raise UserError(
            f"{found.name} is a function of several units, not of one",
            mend='give a Neuron one such as "sigmoid", "tanh" or "relu"',
        )
    return found


_IN_TERMS: dict[str, Callable[[Any], Any]] = {
    "a*(1 - a)": lambda a: a * (1 - a),
    "1 - a**2": lambda a: 1 - a**2,
    "1 - exp(-a)": lambda a: 1 - np.exp(-a),
    "(1 - abs(a))**2": lambda a: (1 - np.abs(a)) ** 2,
}


def in_terms_of_output(f: Activation) -> str:
    """Return the derivative as a function of the output a, if it is one of those known; or "".

    What is known is tried: it has to be right to ten digits at points between -6 and 6.
    """
    x = np.linspace(-6, 6, 49)
    a, slope = f(x), f.derivative(x)
    for text, formula in _IN_TERMS.items():
        if np.allclose(formula(a), slope, rtol=1e-10, atol=1e-12):
            return text
    return ""


def _number(value: float) -> str:
    return f"{value + 0.0:.6g}"


def _factor(value: float) -> str:
    return f"({_number(value)})" if value < 0 else _number(value)


def _forward_rows(nodes: Sequence[Node]) -> Iterator[tuple[str, str, str]]:
    for node in nodes:
        if not node.operands:
            yield f"{node.label} = {_number(node.value)}", "", BIOLOGY[node.kind]
    for node in nodes:
        if node.operands:
            name = node.label if node.kind != "output" else "a"
            yield f"{name} = {_computed(node, nodes)}", "", BIOLOGY[node.kind]


def _computed(node: Node, nodes: Sequence[Node]) -> str:
    """Return the numbers a node is computed from, and its value."""
    values = [_factor(nodes[n].value) for n in node.operands]
    if node.kind == "product":
        return f"{'*'.join(values)} = {_number(node.value)}"
    if node.kind == "net input":
        return f"{' + '.join(values)} = {_number(node.value)}"
    return _number(node.value)


def _backward_rows(nodes: Sequence[Node]) -> Iterator[tuple[str, str, str]]:
    for node in reversed(nodes):
        name = f"dL/d{node.label}" if node.label.isidentifier() else f"dL/d({node.label})"
        if not node.parts:
            yield name, f"= {_number(node.gradient)}", "given"
            continue
        terms = [f"{_factor(part.gradient)}*{_factor(part.local)}" for part in node.parts]
        rules = " | ".join(dict.fromkeys(part.rule for part in node.parts))
        more = "; what comes back on several ways is added" if len(terms) > 1 else ""
        yield name, f"= {' + '.join(terms)} = {_number(node.gradient)}", rules + more


def _table(rows: Iterator[tuple[str, str, str]]) -> list[str]:
    listed = list(rows)
    first = max(len(row[0]) for row in listed)
    second = max(len(row[1]) for row in listed)
    gap = "  " if second else ""
    return [f"  {a:<{first}} {b:<{second}}{gap}  {c}".rstrip() for a, b, c in listed]
