"""How a model behaves: the stimulus written beside it, done, and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any

from rheobase import models
from rheobase.analysis.pasting import no_model
from rheobase.errors import UserError
from rheobase.language.expressions import names_in
from rheobase.language.model import Model
from rheobase.models.library import LibraryModel
from rheobase.models.protocols import Arrivals, Protocol
from rheobase.network import stimuli
from rheobase.results.result import Result
from rheobase.simulation import Network
from rheobase.simulation.clock import one_time
from rheobase.simulation.population import Population

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CALL = "rb.analysis.behavior"
_SAMPLES = 4000
"""About so many samples are kept of each variable: more than a figure can show."""


@dataclass(frozen=True, repr=False)
class Behavior:
    """What a model did under a stimulus; prints as a sentence.

    Attributes
    ----------
    model : Model
    protocol : Protocol
        What was done to it, and what to look at.
    result : Result
        Of the run; the population is "cell".
    """

    model: Model
    protocol: Protocol
    result: Result

    def __str__(self) -> str:
        duration = f"{(self.result.stop - self.result.start) * 1e3:g} ms"
        count = len(self.spikes)
        done = f"{count} spike{'' if count == 1 else 's'} in {duration}"
        if self.model.threshold is None:
            done = f"{duration}, a model without spikes"
        return f"{self.model.name}: {done}. {self.caption}".rstrip()

    __repr__ = __str__

    @property
    def caption(self) -> str:
        """What is to be seen, in words; "" if nothing is known of the model."""
        return self.protocol.caption

    @property
    def spikes(self) -> Any:
        """Spike times of the cell, in seconds; none if the model does not spike."""
        return self.result.spikes["cell"].times

    @property
    def traces(self) -> Any:
        """What was recorded, over (time, cell): xarray.Dataset."""
        return self.result.traces["cell"]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw what happened, with the stimulus under it.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw the first panel into; a new figure with all panels if none is given.

        Returns
        -------
        Axes
            The first panel.
        """
        from matplotlib import pyplot

        panels = [panel.split() for panel in self.protocol.draw]
        if ax is not None:
            self._draw(ax, panels[0])
            return ax
        below = 1 if self._has_stimulus else 0
        heights = [2.0] + [1.2] * (len(panels) - 1) + [0.8] * below
        axes = pyplot.subplots(
            len(heights),
            figsize=(7.0, 0.5 + sum(heights)),
            height_ratios=heights,
            sharex=True,
            squeeze=False,
            layout="constrained",
        )[1][:, 0]
        for one, names in zip(axes, panels, strict=False):
            self._draw(one, names)
        if below:
            self._draw_stimulus(axes[-1])
        first: Axes = axes[0]
        first.figure.align_ylabels(axes)
        return first

    @property
    def _has_stimulus(self) -> bool:
        return bool(self._inputs or self.protocol.arrivals)

    @property
    def _inputs(self) -> list[str]:
        """The inputs that were recorded: those something was injected into."""
        return [e.name for e in self.model.inputs if e.name in self.result.traces["cell"]]

    @property
    def _reset_by_spikes(self) -> frozenset[str]:
        """The variables of the threshold that a spike sets anew: their spikes are not seen."""
        if self.model.threshold is None:
            return frozenset()
        read = names_in(self.model.threshold)
        return read & {each.target for each in self.model.reset if each.operator == "="}

    def _draw(self, ax: Axes, names: Sequence[str], fade: bool = False) -> None:
        from rheobase.plots import traces
        from rheobase.plots.style import FRAME, label, legend, with_unit

        for name in names:
            traces(
                self.result,
                name,
                recording="cell",
                spikes=name in self._reset_by_spikes,
                labels=[name],
                ax=ax,
            )
        drawn = ax.get_legend()
        if len(names) == 1 and drawn is not None:
            drawn.remove()
        unit = self.model.unit_of(names[0]).text
        label(ax, None, with_unit(", ".join(names), unit))
        if len(names) > 1:
            legend(ax, beside=True)
        if fade:
            for line in ax.lines:
                line.set_color(FRAME)

    def _draw_stimulus(self, ax: Axes) -> None:
        from rheobase.plots.style import color, dressed, label, legend

        if self._inputs:
            self._draw(ax, self._inputs, fade=len(self._inputs) == 1)
        else:
            dressed(ax).set_yticks([])
            label(ax, "time (s)", "spikes in")
        arriving = self.protocol.arrivals
        several = len({each.to for each in arriving}) > 1
        for number, each in enumerate(arriving):
            name = f"{each.weight}, {each.to}" if several else f"spikes, {each.weight}"
            for time in each.times:
                ax.axvline(time * 1e-3, color=color(number), linewidth=1.2, label=name)
                name = "_"
        if arriving:
            legend(ax, beside=True)


def behavior(
    model: Model | str,
    stimulus: Any = None,
    *,
    duration: Any = None,
    dt: Any = None,
    draw: Sequence[str] | str | None = None,
    seed: int = 1,
    backend: str | None = None,
) -> Behavior:
    """Show how a model behaves: run one cell, and keep what is worth looking at.

    A model of the library brings a stimulus with it, each of its variants its own, so that
    `behavior(rb.models.AdEx.variants["transient"]).plot()` is a picture of that pattern.

    Parameters
    ----------
    model : Model or str
        A model, or the name of one of the library.
    stimulus : current, or mapping of str to current, optional
        Instead of the one the model brings: what is injected into I, or by the name of the
        input. `{}` injects nothing.
    duration, dt : quantity, optional
        Instead of those the model brings.
    draw : sequence of str, optional
        Variables, subexpressions and inputs to record and draw, a panel each; those joined by
        a space share one. Default: what the model brings; its first state if it brings nothing.
    seed : int
        Of the noise, if there is any.
    backend : str, optional
        As for `Network.run`.

    Returns
    -------
    Behavior
        `.plot()` draws it; `.spikes` in seconds, `.traces`, `.caption`.

    Raises
    ------
    UnknownNameError
        If there is no such model, input or variable.
    WiringError
        If it is no model, but a cell with a morphology for instance.
    UserError
        If nothing is known of the model and no duration is given.

    Examples
    --------
    >>> import rheobase as rb
    >>> shown = rb.analysis.behavior(rb.models.Izhikevich.variants["chattering"])
    >>> axes = shown.plot()                                         # doctest: +SKIP
    """
    model = models.find(model) if isinstance(model, str) else model
    if not isinstance(model, Model):
        raise no_model(_CALL, model, f"{_CALL}(rb.models.AdEx)", cells=False)
    protocol = _protocol(model, stimulus, duration, dt, draw)
    net = Network(dt=protocol.dt, seed=seed)
    shown = model(**protocol.parameters) if protocol.parameters else model
    cell = net.add(shown, name="cell")
    given = _currents(protocol) if stimulus is None else _by_input(stimulus)
    for name, current in given.items():
        net.inject(cell, current, to=name)
    for number, arrivals in enumerate(protocol.arrivals):
        _send(net, cell, arrivals, f"source_{number}")
    wanted = dict.fromkeys(name for panel in protocol.draw for name in panel.split())
    every = _steps_between(protocol.duration, protocol.dt)
    net.record(cell, *wanted, *(name for name in given if name not in wanted), every=every * net.dt)
    result = net.run(protocol.duration, backend=backend)
    return Behavior(shown, protocol, result)


def _protocol(model: Model, stimulus: Any, duration: Any, dt: Any, draw: Any) -> Protocol:
    """Return what to do: what the model brings, changed by what was given."""
    own = model.protocol if isinstance(model, LibraryModel) else None
    if own is None:
        if duration is None:
            raise UserError(
                f"nothing is known of how {model.name} is best shown",
                expected="a model of the library, or a stimulus and a duration",
                mend="write behavior(model, rb.stimuli.step(500*pA), duration=200*ms)",
            )
        own = Protocol("", duration="", draw=(model.differential[0].name,))
    if stimulus is not None:
        own = replace(own, caption="", stimulus=(), arrivals=(), parameters={})
    if draw is not None:
        own = replace(own, draw=(draw,) if isinstance(draw, str) else tuple(draw))
    return replace(own, duration=duration or own.duration, dt=dt or own.dt)


def _steps_between(duration: Any, dt: Any) -> int:
    """Return after how many steps a sample is kept."""
    length = one_time(duration, "duration", "behavior(model, duration=200*ms)")
    step = one_time(dt, "dt", "behavior(model, dt=0.1*ms)")
    return max(1, ceil(length / step / _SAMPLES)) if step > 0 else 1


def _currents(protocol: Protocol) -> dict[str, Any]:
    """Return the current into every input: its steps, added."""
    currents: dict[str, Any] = {}
    for step in protocol.stimulus:
        current = stimuli.step(step.amplitude, start=step.start, stop=step.stop)
        currents[step.to] = currents[step.to] + current if step.to in currents else current
    return currents


def _by_input(stimulus: Any) -> dict[str, Any]:
    return dict(stimulus) if isinstance(stimulus, dict) else {"I": stimulus}


def _send(net: Network, cell: Population, arrivals: Arrivals, name: str) -> None:
    source = net.add(stimuli.spike_times([f"{time} ms" for time in arrivals.times]), name=name)
    net.connect(source, cell, weight=arrivals.weight, to=arrivals.to)
