"""`interact`: run a model, or a function of the user's, at every position of the sliders."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from inspect import signature
from typing import Any

from rheobase.cables.cell import Cell
from rheobase.channels.channel import Channel
from rheobase.channels.membrane import Membrane
from rheobase.errors import UserError
from rheobase.interactive.of_functions import FunctionOptions, play_function
from rheobase.interactive.of_models import ModelOptions, play_model
from rheobase.interactive.player import Player
from rheobase.interactive.ranges import read_sliders
from rheobase.language.model import Model


def interact(
    what: Any,
    ranges: Mapping[str, Any] | None = None,
    /,
    *,
    duration: Any = None,
    record: Sequence[Any] | str | None = None,
    plane: Sequence[str] | None = None,
    steps: int | Mapping[str, int] | None = None,
    at: Mapping[str, Any] | None = None,
    stimulus: Any = None,
    start: Any = None,
    dt: Any = None,
    seed: int | None = None,
    cells: Sequence[str] | str | None = None,
    measure: Mapping[str, Callable[..., Any]] | None = None,
    backend: str | None = None,
    title: str = "",
    caption: str = "",
    **more: Any,
) -> Player:
    """Run a model, or a function of yours, at every position of one to three sliders.

    Everything is computed now; the page that comes of it moves without Python.

    Parameters
    ----------
    what : Model or callable
        A model: all positions are cells of one network, which is run once. A callable: it is
        called with a value of every slider and returns a Network, which is then run for
        `duration`, a Result, or SpikeTrains.
    ranges, **more
        The sliders by name, one to three. For a model the name of an input (a constant current
        from `start` on), of a parameter, or of an argument of `stimulus`; for a callable of its
        arguments. Two numbers or quantities are the ends, `I=(0, 12)*uA/cm**2`; more of them are
        the values themselves; words, `kind=["ring", "random"]`, are to choose from. A mapping is
        for names that this function has itself: `rb.interact(model, {"start": (0, 1)})`.
    duration : quantity
        Of each run; 200 ms for models if not given.
    record : str, or sequence of str or of sequences of str, optional
        What is shown of a model, a panel each; what stands in a sequence of its own shares one:
        `["v", ["m", "h", "n"]]`. The default is v, or what crosses the threshold; all
        states of a model that has neither. Of a
        callable's result: the variables, of all it recorded.
    plane : pair of str, optional
        Two of a model's variables to draw against each other, across and up: `("v", "n")`.
    steps : int or mapping of str to int, optional
        How many values a slider with two ends has; a number with round steps if not given.
    at : mapping, optional
        Where the sliders stand at first; in the middle if not given.
    stimulus : current or callable, optional
        What is injected into the model besides: `rb.stimuli.step(300*pA)`; or a function whose
        arguments are sliders, called once with arrays of their values, one for each position,
        that returns a current of that many cells.
    start : quantity, optional
        From when on currents of sliders flow, and spikes are counted; a tenth of the duration
        where an input has a slider, else 0.
    dt : quantity
        Step of a model's network; 0.025 ms if not given.
    seed : int
        Of a model's network; 1 if not given.
    cells : str or sequence of str, optional
        The populations of a callable's network that are shown; all if not given.
    measure : mapping of str to callable, optional
        Numbers to draw over the first slider, by label: `{"period (s)": function}`; the function
        takes the Result of a run. The default is the mean rate. Only for callables: of a model,
        the rate is drawn.
    backend : "numba" or "interpreter", optional
        As of `net.run`.
    title, caption : str, optional
        Above and below the sliders; the title of a model is its name if not given.

    Returns
    -------
    Player
        It shows itself in notebooks; `.save("page.html")`, `.value(I=...)`, `.plot(I=...)`.

    Raises
    ------
    UserError, UnknownNameError, UnitError, ShapeError
        A slider that is no input, parameter or argument; a range that is none, or of another
        dimension; runs that differ in what they recorded.

    Examples
    --------
    >>> rb.interact(rb.models.HodgkinHuxley, I=(0, 12)*uA/cm**2)
    >>> rb.interact(rb.models.LIF, I=(0, 1000)*pA, tau_m=(5, 40)*ms).save("lif.html")
    """
    wanted = {**(ranges or {}), **more}
    _refuse_parts(what)
    if isinstance(what, Model):
        _refuse("a model", {"cells": cells, "measure": measure}, "a function")
        options = ModelOptions(what, duration, record, plane, stimulus, start, dt, seed, backend)
        sliders = read_sliders(wanted, steps, at, options.units(wanted))
        return play_model(options, sliders, title, caption)
    if callable(what):
        of_the_network = {"stimulus": stimulus, "start": start, "dt": dt, "seed": seed,
                          "plane": plane}  # fmt: skip
        _refuse("a function", of_the_network, "a model", signature(what).parameters)
        function = FunctionOptions(what, duration, record, cells, measure, backend)
        function.check_arguments(wanted)
        return play_function(function, read_sliders(wanted, steps, at), title, caption)
    raise UserError(
        "rb.interact: this is neither a model nor a function",
        given=repr(what) if len(repr(what)) < 60 else type(what).__name__,
        mend="write rb.interact(rb.models.LIF, I=(0, 1000)*pA), or give a function that takes the"
        " values of the sliders and returns a network",
    )


def _refuse_parts(what: Any) -> None:
    """Say what to write for membranes and cells, which are called with values as functions are."""
    if isinstance(what, (Membrane, Channel)):
        membrane = "rb.Membrane([channel])" if isinstance(what, Channel) else "membrane"
        raise UserError(
            f"rb.interact: this is a {type(what).__name__.lower()}, not a model",
            given=what.name,
            mend=f"write rb.interact({membrane}.point(area=20000*um**2), I=(0, 1)*nA)",
        )
    if isinstance(what, Cell):
        raise UserError(
            "rb.interact: this is a cell with a morphology, which does not say where its input is",
            given=what.name,
            mend="write a function that takes the values of the sliders and returns a network with"
            " it: rb.interact(build, current=(0, 1)*nA)",
        )


def _refuse(
    what: str, given: Mapping[str, Any], other: str, arguments: Collection[str] = ()
) -> None:
    for name, value in given.items():
        if value is not None:
            mend = (f"leave {name} out: the rate is drawn"
                    if name == "measure" else f"leave {name} out")  # fmt: skip
            if what == "a function":
                mend = f"say it in the function: the network it returns has its own {name}"
            if name in arguments:
                mend = f'for a slider of that name, write rb.interact(build, {{"{name}": (0, 1)}})'
            raise UserError(f"rb.interact: {name} is for {other}, and this is {what}", mend=mend)
