"""What `Network` is called with, read and checked."""

from __future__ import annotations

import inspect
import operator
import secrets
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import numpy as np

from rheobase.cables.cell import Cell
from rheobase.channels.channel import Channel
from rheobase.channels.membrane import Membrane
from rheobase.errors import ShapeError, UnknownNameError, UserError, WiringError, did_you_mean
from rheobase.language.model import Model
from rheobase.morphology import Morphology
from rheobase.network.trains import Train
from rheobase.rendering.primitives import why_no_numba
from rheobase.simulation.assembly import Backend

# Why it cannot be set, and what to give to the network instead.
_SET_WHEN_MADE = {
    "dt": ("the step is fixed when the network is made", "dt=0.1*ms"),
    "seed": ("it is fixed when the network is made", "seed=1"),
    "time": ("time goes on by running, from the start of the network", "start=100*ms"),
    "start": ("it is fixed when the network is made", "start=100*ms"),
}


def refuse_to_set(name: str, known: Iterable[str]) -> NoReturn:
    """Say why a public attribute of a network cannot be set; `known` are those it has."""
    if name in _SET_WHEN_MADE:
        why, argument = _SET_WHEN_MADE[name]
        raise UserError(
            f"net.{name} cannot be set: {why}",
            mend=f"give it to the network: rb.Network({argument})",
        )
    public = [attribute for attribute in known if not attribute.startswith("_")]
    if name in public:
        raise UserError(f"net.{name} cannot be set: it belongs to the network")
    meant = did_you_mean(name, public)
    ending = f"; did you mean net.{meant}?" if meant else ""
    raise UnknownNameError(
        f"a network has no attribute {name!r} to set{ending}",
        mend=f"keep values of your own in variables of the script: {name} = ...",
    )


def read_seed(seed: Any) -> int:
    """Return a seed the user gave, or one drawn from the system."""
    if seed is None:
        return secrets.randbits(32)
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if not 0 <= number < 2**63:
        raise UserError(
            "the seed is no whole number from 0 to 2**63 - 1",
            given=repr(seed),
            mend="write rb.Network(seed=1)",
        )
    return number


def model_or_train(model: Any) -> Model | Train:
    """Return a model or train, or refuse what is none with what was probably meant."""
    if isinstance(model, (Model, Train)):
        return model
    if isinstance(model, str):
        raise WiringError(
            "net.add: this is a text, not a model",
            given=repr(model) if len(model) < 60 else "a text",
            mend="write net.add(rb.Model(equations, ...), 10), or a model of the library, "
            "net.add(rb.models.LIF, 10)",
        )
    if getattr(model, "is_current", False):
        raise WiringError(
            f"net.add: {model} is a current, not a model or a train",
            mend="write net.inject(cells, current)",
        )
    if isinstance(model, (Membrane, Morphology)) or model is Cell:
        kind = "an rb.Cell that was not made" if model is Cell else (
            f"a {type(model).__name__.lower()}, which is a part of a cell")  # fmt: skip
        point = "net.add(membrane.point(area=20000*um**2), 10), or "
        raise WiringError(
            f"net.add: this is {kind}",
            mend=f"write {point if isinstance(model, Membrane) else ''}"
            "net.add(rb.Cell(morphology, membrane), 10)",
        )
    if isinstance(model, Channel):
        raise WiringError(
            "net.add: this is a channel, which is a part of a membrane",
            mend="write net.add(rb.Membrane([channel, rb.channels.Leak]).point(area=20000*um**2), "
            "10)",
        )
    raise WiringError(
        "net.add: this is neither a model nor a spike train",
        given=repr(model) if len(repr(model)) < 60 else type(model).__name__,
        mend="write net.add(rb.models.LIF, 10) or net.add(rb.stimuli.poisson(10*Hz), 10)",
    )


def read_size(model: Model | Train, size: Any) -> int:
    """Return the number of cells: what is asked for, what the train is for, or one."""
    natural = getattr(model, "size", None) if isinstance(model, Train) else None
    if size is None:
        return natural or 1
    try:
        count = -1 if isinstance(size, (bool, np.bool_)) else operator.index(size)
    except TypeError:
        count = -1
    if count < 1 or count >= 2**31:
        raise ShapeError(
            "net.add: size is the number of cells",
            expected="a whole number, 1 or more" if count < 1 else "at most 2**31 - 1",
            given=repr(size),
            mend="write net.add(model, 100)",
        )
    if natural is not None and natural != count:
        raise ShapeError(
            f"net.add: the train is for {natural} cells",
            given=f"size {count}",
            mend=f"write net.add(train, {natural})",
        )
    return count


def checked_name(name: Any) -> str:
    """Return a name the user gave, or refuse what is none."""
    if isinstance(name, str) and name.strip():
        return name
    raise WiringError(
        "a name is a text", given=repr(name), mend='write name="cells"'
    )  # fmt: skip


def check_kinds(synapse: Any, weight_dtype: Any, call: str) -> None:
    """Refuse what is no synapse, and precisions there are not."""
    home = getattr(synapse, "__module__", None) or ""
    maker = callable(synapse) and home.startswith("rheobase.synapses") and not hasattr(
        synapse, "kind"
    )  # fmt: skip
    if maker or (isinstance(synapse, type) and hasattr(synapse, "kind")):
        raise WiringError(
            f"{call}: the synapse was not called",
            mend=f"write synapse=rb.synapses.{synapse.__name__}(...)",
        )
    if isinstance(synapse, (list, tuple)) and synapse:
        raise WiringError(
            f"{call}: a connection has one synapse, here are {len(synapse)}",
            mend="a synapse that changes delivers to a receptor: net.connect(..., "
            "synapse=rb.synapses.STDP(...), to=rb.synapses.Exponential(tau=2*ms, E=0*mV))",
        )
    if synapse is not None and not hasattr(synapse, "kind"):
        raise WiringError(
            f"{call}: this is no synapse",
            expected="one of rb.synapses, such as rb.synapses.Exponential(tau=2*ms, E=0*mV)",
            given=repr(synapse) if len(repr(synapse)) < 60 else type(synapse).__name__,
            mend="what an arriving spike does, a model says itself: rb.Model(..., receives="
            'dict(excitatory="g_e += weight")), chosen by net.connect(..., to="excitatory")',
        )
    if weight_dtype not in ("float64", "float32"):
        raise WiringError(
            f"{call}: there are no weights of {weight_dtype!r}",
            mend='write weight_dtype="float32" or weight_dtype="float64"',
        )


MOST_THREADS = 1024


def read_threads(threads: Any) -> int:
    """Return the number of threads to run on, or refuse what is none."""
    try:
        count = -1 if isinstance(threads, (bool, np.bool_)) else operator.index(threads)
    except TypeError:
        count = -1
    if not 1 <= count <= MOST_THREADS:
        raise WiringError(
            "net.run: threads is the number of threads that share the work",
            expected=f"a whole number from 1 to {MOST_THREADS}",
            given=repr(threads),
            mend="write net.run(1*second, threads=2)",
        )
    return count


def choose_backend(backend: Any) -> tuple[Backend, dict[str, str]]:
    """Return the backend, and what the result is to say about the choice."""
    if backend == "interpreter":
        return "interpreter", {}
    if backend in (None, "numba"):
        why = why_no_numba()
        if not why:
            return "numba", {}
        install = "pip install numba" if "not installed" in why else "pip install --upgrade numba"
        if backend is None:
            return "interpreter", {"backend_note": f"{why}: {install}"}
        raise UserError(
            f"there is no backend numba here: {why}",
            mend=f'write {install}, or net.run(..., backend="interpreter")',
        )
    raise WiringError(
        f"there is no backend {backend!r}",
        mend='write backend="numba" or backend="interpreter"',
    )


def takes_argument(function: Callable[..., Any]) -> bool:
    """Return whether a function can be called with the network."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD,
                  inspect.Parameter.VAR_POSITIONAL)  # fmt: skip
    return any(p.kind in positional for p in parameters)
