"""`rb.gradient` and `Objective`: a loss of a run, and its derivatives by parts of the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import UserError, WiringError
from rheobase.gradients.bars import Bars
from rheobase.gradients.from_network import (
    NetworkTape,
    Options,
    has_begun,
    independent_copy,
    tape_of,
)
from rheobase.gradients.runs import SPIKES, Run
from rheobase.gradients.tape import MEMORY, Backend
from rheobase.gradients.targets import Target, chosen_states, targets_of
from rheobase.gradients.tracked import Tracked, check_finite, detach, gradients_of
from rheobase.lowering.surrogates import Surrogate
from rheobase.lowering.surrogates import surrogate as surrogate_of
from rheobase.simulation.arguments import choose_backend
from rheobase.simulation.rest import NoRestError
from rheobase.units import Unit, quantity

if TYPE_CHECKING:
    from rheobase.simulation import Network

Loss: TypeAlias = Callable[[Run], Any]
Floats: TypeAlias = NDArray[np.float64]


class Gradient(Mapping[Any, Any]):
    """Derivatives of a loss, by what they are with respect to.

    `gradient[key]` takes what was written in `with_respect_to` or the label ("cells.g_Na"), and
    gives a quantity in 1/unit of the parameter: a number where all cells or synapses share it, else
    one value each.

    Attributes
    ----------
    value : float
        The loss.
    labels : tuple of str
        In order of `with_respect_to`.
    """

    def __init__(self, value: float, targets: Sequence[Target], bars: Sequence[Any]) -> None:
        self.value = value
        self._targets, self._bars = list(targets), list(bars)
        self.labels = tuple(target.label for target in targets)

    def _place(self, key: Any) -> int:
        for place, target in enumerate(self._targets):
            same = target.key is key or target.label == key
            if not same and isinstance(key, tuple) and isinstance(target.key, tuple):
                same = len(key) == len(target.key) and all(
                    a is b or (isinstance(a, (str, int)) and a == b)
                    for a, b in zip(key, target.key, strict=True)
                )
            if same or (isinstance(key, str) and target.key == key):
                return place
        ends = [k for k, label in enumerate(self.labels) if label.split(".", 1)[-1] == key]
        if len(ends) == 1:
            return ends[0]
        raise KeyError(f"no derivative by {key!r} was asked for; there are: "
                       + ", ".join(self.labels))  # fmt: skip

    def __getitem__(self, key: Any) -> Any:
        place = self._place(key)
        bar = self._bars[place]
        return quantity(float(bar) if bar.ndim == 0 else bar, _inverse(self._targets[place].unit))

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def array(self) -> Floats:
        """Return all derivatives as one array, each per unit of its parameter."""
        parts = [
            t.unit.to_si(b).reshape(-1) for t, b in zip(self._targets, self._bars, strict=True)
        ]
        return np.concatenate(parts)

    def table(self) -> str:
        """Return a table: every parameter, its value, and the derivative of the loss by it."""
        rows = [("", "value", "d loss/d value", "per 1 % of the value")]
        for target, bar in zip(self._targets, self._bars, strict=True):
            held = target.unit.from_si(target.kept)
            per = target.unit.to_si(bar)
            rows.append((
                target.label, f"{_brief(held)} {_text(target.unit)}".rstrip(),
                f"{_brief(per)} {_text(_inverse(target.unit))}".rstrip(),
                _brief(np.asarray(0.01 * bar * target.kept)),
            ))  # fmt: skip
        wide = [max(len(row[k]) for row in rows) for k in range(4)]
        lines = ["  ".join(part.ljust(w) for part, w in zip(row, wide, strict=True)).rstrip()
                 for row in rows]  # fmt: skip
        return "\n".join([f"loss {self.value:.6g}", *lines])

    def __repr__(self) -> str:
        return self.table()


def _inverse(unit: Unit) -> Unit:
    if unit.text == "1":
        return unit
    text = f"1/({unit.text})" if any(c in unit.text for c in "*/") else f"1/{unit.text}"
    return Unit(text, 1.0 / unit.scale, unit.dimension**-1)


def _text(unit: Unit) -> str:
    return "" if unit.text == "1" else unit.text


def _brief(values: Any) -> str:
    """Write one number, or how large several are."""
    found = np.asarray(values)
    if found.size == 1:
        return f"{float(found.reshape(())):.5g}"
    if found.size == 0:
        return "none"
    return f"{found.min():.4g} ... {found.max():.4g} ({found.size})"


class Objective:
    """A loss as a function of parameters, with its gradient; nothing is built twice.

    Parameters
    ----------
    net : Network
        Left as it is. Every evaluation starts from where it stands: initial values, synapses and
        noise are those of its next run. If it has not run, initial values that depend on parameters
        (`initial="rest"` and texts) follow them, as in a network built with other values.
    loss : callable
        A function of a `Run`, written in NumPy, that returns a number:
        ``lambda run: np.mean((run["cells"].v - target)**2)``.
    with_respect_to : list
        Names and objects: ``"g_Na"`` (the only population that has it), ``(cells, "g_Na")``,
        ``(cells, "v")`` for initial values (which then follow nothing else), ``(projection,
        "weight")`` or ``"delay"``, ``(cells, "I")`` for the amplitude of what is injected.
    duration : quantity
        Of the run.
    surrogate : str or Surrogate
        What stands for the derivative of the threshold in the backward pass.
    reset : {"detached", "through"}
        Whether derivatives take the spike in the reset for a constant.
    memory : int
        Bytes that the past may take; above, the run is kept in sqrt(steps) segments and done twice.
    backend : {"numba", "interpreter"}, optional
        Numba where it is installed.

    Attributes
    ----------
    labels : tuple of str
        What it is a function of.
    start : ndarray
        The values of now, all in one array, each in the unit of its parameter.
    units : tuple of str
        The unit of every entry of that array.

    Raises
    ------
    UserError
        Something named cannot be differentiated, or a name is not known.

    Examples
    --------
    >>> objective = rb.gradients.Objective(net, loss, ["g_Na", "g_K"], duration=100*ms)
    >>> value, gradient = objective([120, 36])     # arrays in mS/cm**2, as the model writes them
    >>> scipy.optimize.minimize(objective.vector, objective.start, jac=True)
    """

    def __init__(self, net: Network, loss: Loss, with_respect_to: Any, *, duration: Any,
                 surrogate: str | Surrogate = "fast_sigmoid",
                 reset: Literal["detached", "through"] = "detached", memory: int = MEMORY,
                 backend: Backend | None = None) -> None:  # fmt: skip
        if not hasattr(net, "_clock"):
            raise WiringError(
                f"what is differentiated is the run of a network, got a {type(net).__name__}",
                mend="net = rb.Network(); cells = net.add(model); rb.gradient(net, ...)",
            )
        if not callable(loss):
            raise WiringError(
                f"a loss is a function of the run, got {loss!r}",
                mend='write lambda run: np.mean((run["cells"].v - target)**2)',
            )
        if reset not in ("detached", "through"):
            raise WiringError(f"reset: there is no {reset!r}", mend='write reset="detached"')
        self.loss = loss
        paste = "rb.gradient(net, loss, ..., duration=100*ms)"
        steps = net._clock.steps_of(duration, "the duration", "duration", paste, 1)
        begun = has_begun(net)
        copy = independent_copy(net)
        self.targets = targets_of(copy, with_respect_to)
        if backend is not None:
            choose_backend(backend)
        options = Options(surrogate_of(surrogate), reset, int(memory), backend)
        self.made = self._tape(copy, steps, options, begun)
        for target in self.targets:
            target.bind(self.made)
        self.labels = tuple(target.label for target in self.targets)
        self.start = self._all([t.unit.from_si(t.read()) for t in self.targets])
        self.units = tuple(t.unit.text for t in self.targets for _ in range(t.size))

    def _tape(self, copy: Network, steps: int, options: Options, begun: bool) -> NetworkTape:
        parameters: dict[str, set[str]] = {}
        projections: dict[str, set[str]] = {}
        for target in self.targets:
            target.wish(copy, parameters, projections)
        copy._assembly.prepare("interpreter")
        wanted = {k: frozenset(v) for k, v in parameters.items()}
        made = tape_of(copy, steps, wanted, {k: frozenset(v) for k, v in projections.items()},
                       options)  # fmt: skip
        if not begun:
            made.follow(wanted, chosen_states(copy, self.targets))
        return made

    @staticmethod
    def _all(parts: Sequence[Any]) -> Floats:
        return np.concatenate([np.asarray(part, float).reshape(-1) for part in parts])

    # -- values ---------------------------------------------------------------------------

    def set(self, values: Any) -> None:
        """Set the parameters: a mapping by label or key, a list in their order, or one array.

        Plain numbers are in the unit of the parameter; quantities are converted.
        """
        if values is None:
            return
        if isinstance(values, np.ndarray) and not hasattr(values, "units") and (
            values.shape == self.start.shape
        ):  # fmt: skip
            self._set_vector(values)
            return
        if isinstance(values, Mapping):
            order = Gradient(0.0, self.targets, [])
            for key, value in values.items():
                target = self.targets[order._place(key)]
                target.write(target.si(value))
            return
        if len(values) != len(self.targets):
            raise WiringError(
                "the objective takes a value for each of its parameters",
                expected=f"{len(self.targets)}: {', '.join(self.labels)}",
                given=f"{len(values)}",
            )
        for target, value in zip(self.targets, values, strict=True):
            target.write(target.si(value))

    def _set_vector(self, x: Floats) -> None:
        begin = 0
        for target in self.targets:
            part = np.asarray(x[begin : begin + target.size], float).reshape(target.shape)
            target.write(np.asarray(target.unit.to_si(part)))
            begin += target.size

    # -- evaluation -----------------------------------------------------------------------

    def __call__(self, values: Any = None) -> tuple[float, Gradient]:
        """Return the loss and its gradient, at these values or those of now.

        Raises
        ------
        UserError
            A state became nan or infinite; cells without a threshold have no rest to begin at.
        """
        self.set(values)
        value, bars = self._evaluate()
        for target in self.targets:
            target.kept = target.read()
        return value, Gradient(value, self.targets, [t.bar(bars) for t in self.targets])

    def vector(self, x: Floats) -> tuple[float, Floats]:
        """Return the loss and its gradient as arrays, in and per the units of the parameters.

        Parameters
        ----------
        x
            As `start`.

        Returns
        -------
        (float, ndarray)
            The loss is inf (and the gradient 0) where a state ceases to be finite, or cells have no
            rest to begin at: what a search that steps too far needs to come back.
        """
        self._set_vector(np.asarray(x, float))
        try:
            value, bars = self._evaluate()
        except (NotFiniteRunError, NoRestError):
            return np.inf, np.zeros_like(self.start)
        return value, self._all([t.unit.to_si(t.bar(bars)) for t in self.targets])

    def value(self, values: Any = None) -> float:
        """Return the loss alone."""
        self.set(values)
        return self._forward()[1]

    def run(self, values: Any = None) -> Run:
        """Run, and return what a loss gets to see."""
        self.set(values)
        self.made.run()
        return Run(self.made)

    def _forward(self) -> tuple[Run, float, Any]:
        self.made.run()
        run = Run(self.made)
        result = self.loss(run)
        value = np.asarray(detach(result))
        if value.dtype.kind not in "fiub":
            raise WiringError(
                "a loss is one number", given=f"{result!r}"[:80],
                mend="return it from the function" if result is None else "write np.mean(...)",
            )  # fmt: skip
        if value.size != 1:
            raise WiringError(
                "a loss is one number", given=f"an array of shape {value.shape}",
                mend="write np.mean(...) or np.sum(...) around it",
            )  # fmt: skip
        if not np.isfinite(value.reshape(())):
            self._explain()
        return run, float(value.reshape(())), result

    def _explain(self) -> None:
        """Raise the error for a run that ceased to be finite, if it did."""
        found = self.made.tape.not_finite()
        if found is not None:
            cells, step = found
            at = (self.made.tape.start + step * self.made.tape.dt) * 1e3
            raise NotFiniteRunError(
                f"a state of {cells.name!r} became nan or infinite at {at:g} ms",
                mend="try a smaller step, rb.Network(dt=...), or other values",
            )

    def _evaluate(self) -> tuple[float, Bars]:
        run, value, result = self._forward()
        states: dict[Any, Any] = {}
        last: dict[Any, Any] = {}
        spikes: dict[Any, Any] = {}
        sources = run.sources()
        found = [np.zeros(x.shape) for x in sources.values()]
        if isinstance(result, Tracked):
            found = [np.asarray(g) for g in gradients_of(result, list(sources.values()))]
        for (population, name, whole), bar in zip(sources, found, strict=True):
            cells: Any = self.made.populations[population]
            if name == SPIKES:
                spikes[cells] = bar[:, None, :]
            elif whole:
                states[cells, name] = run.unit(population, name).from_si(bar[:, None, :])
            else:
                last[cells, name] = run.unit(population, name).from_si(bar[None, :])
        if any(not np.all(np.isfinite(bar)) for bar in found):
            self._explain()
        check_finite(found)
        bars = self.made.tape.backward(states, spikes, last=last)
        self.made.to_parameters(bars)
        return value, bars


class NotFiniteRunError(UserError):
    """A state became nan or infinite in a run that was to be differentiated."""


def gradient(net: Network, loss: Loss, with_respect_to: Any, *, duration: Any,
             surrogate: str | Surrogate = "fast_sigmoid",
             reset: Literal["detached", "through"] = "detached", memory: int = MEMORY,
             backend: Backend | None = None) -> Any:  # fmt: skip
    """Derivatives of a number of a run with respect to what the network is made of.

    The network runs from where it stands (it is left untouched), and the run is gone back through
    step by step, by programs made from the same equations (see `rb.explain_gradient`). The cost
    does not depend on how many derivatives are wanted.

    Parameters
    ----------
    net, loss, with_respect_to, duration, surrogate, reset, memory, backend
        As for `Objective`. `surrogate="exact"` takes spike times for what they are: see
        `rheobase.gradients.exact_gradient`.

    Returns
    -------
    Gradient
        A mapping to quantities in 1/unit, with `value` (the loss) and `table()`.

    Raises
    ------
    UserError
        Something cannot be differentiated, a name is not known, a state became nan.

    Notes
    -----
    With x(k) the states before step k, p the parameters, and x(k + 1) = F(x(k), p), bars (the
    derivatives of the loss L) are gone back through by the chain rule,

        bar(x)(k) = dL/dx(k) + (dF/dx)^T bar(x)(k + 1)
        bar(p) = sum over k of (dF/dp)^T bar(x)(k + 1)

    (reverse mode; A. Griewank and A. Walther, *Evaluating Derivatives*, SIAM 2008, also of keeping
    only some x(k)). It is the derivative of the run as it is made in steps, exact to rounding, not
    an approximation of that of the equations. Spikes: E. O. Neftci, H. Mostafa and F. Zenke, IEEE
    Signal Processing Magazine 36, 51 (2019).

    Values that cells begin with at rest, or by a text, are followed; those given as numbers are
    constants, and so are random numbers and what refractoriness holds. Of a projection,
    derivatives stand in the order of its synapses (pre, post, draw).

    Examples
    --------
    >>> loss = lambda run: np.mean((run["cells"].v - target)**2)      # in mV
    >>> g = rb.gradient(net, loss, ["g_Na", (cells, "v")], duration=100*ms)
    >>> g["g_Na"]                                                     # in cm**2/mS
    """
    if surrogate == "exact":
        from rheobase.gradients.exact import exact_gradient

        return exact_gradient(net, loss, with_respect_to, duration)
    objective = Objective(net, loss, with_respect_to, duration=duration, surrogate=surrogate,
                          reset=reset, memory=memory, backend=backend)  # fmt: skip
    return objective()[1]
