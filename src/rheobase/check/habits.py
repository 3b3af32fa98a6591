"""How a neuron goes about a step: ours, and the ways in which others do it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Habits:
    """How a step is done; the defaults are right, everything else is a known fault.

    Attributes
    ----------
    refractory
        While refractory, held variables are "held", "integrated" (in steps that are refractory
        from end to end) or "integrated throughout"; "ignored": the cell may even spike.
    rest
        In the step in which refractoriness ends, held variables move over the "rest" of it, over
        the "whole" of it, or over "nothing" of it.
    ends
        That rest is taken along the "slope" at its start, or by the "method".
    period
        The refractory period runs from the "crossing", or from the "start" or "end" of the step;
        "rounded": what is left of it after the step, to whole steps; "longer", "shorter": by a
        step; "none".
    crossing
        A spike is where the "line" crosses, or at the "start" or "end" of the step.
    beyond
        Where v is over the threshold already, the crossing is "at once", or "extrapolated"
        backwards along the line.
    stamp
        As `crossing`, but only for the time that is written down; "one step early", "one step
        late": shifted by dt; "none": nothing is written down.
    fires
        Whether anything happens at the threshold.
    level
        The threshold, in SI units; None for the model's own.
    strict
        Whether the threshold has to be exceeded where reaching it is enough.
    reset
        What v is reset to: as the model "says", to "zero", to where it "rests", by the
        "difference" of threshold and reset, "not"; "difference before", "stays": as the last two,
        from the value before the step.
    reset_at
        What v is reset to, in SI units; None for what `reset` says.
    others
        States that do not stop: "free", "reset" too at a spike, "held" too while refractory.
    updates
        Whether reset statements other than that of v are carried out.
    order
        "at once": all slopes are those of the start of the step; "in order" or "backwards": each
        state takes what is already new of the others; "arrived": the variable of the threshold
        comes last, after the arrivals.
    weight
        An arrival adds what the model "says", the weight "as it is", or the weight "times dt"; "a
        for b": what it says with the parameter a in place of b.
    arrival
        Arrivals are added "after" the update, "before" it, or a step "late".
    several
        Of several arrivals in a step, "all" count, or the "first", or the "last"; "kept": all
        there have ever been.
    lost
        Arrivals are lost "never", or where the cell is refractory "before" the step, "after" it, or
        at "either" time.
    sign
        Weights are taken as "given", the negative ones as "none" or as their "size"; "clipped":
        what they are added to stays at or above 0.
    onto
        The state that arrivals are added to, "" for the model's own.
    bounded
        Whether v is kept from falling below its reset.
    gain
        An arrival does so many times what it should.
    drive
        Inputs are taken so many times.
    scale
        dt is taken for this many times what it is.
    method
        Another integrator, "" for the model's own.
    partly
        A state and another integrator, by which it alone is taken; () for none.
    mistaken
        Pairs of parameters: the first has the value of the second.
    parameter
        A parameter and its value in SI units; () for the model's own.
    """

    refractory: str = "held"
    rest: str = "rest"
    ends: str = "slope"
    period: str = "crossing"
    crossing: str = "line"
    beyond: str = "at once"
    stamp: str = "crossing"
    strict: bool = False
    fires: bool = True
    level: float | None = None
    reset: str = "says"
    reset_at: float | None = None
    others: str = "free"
    updates: bool = True
    order: str = "at once"
    weight: str = "says"
    arrival: str = "after"
    several: str = "all"
    lost: str = "never"
    sign: str = "given"
    onto: str = ""
    bounded: bool = False
    gain: float = 1.0
    drive: float = 1.0
    scale: float = 1.0
    method: str = ""
    partly: tuple[str, ...] = ()
    mistaken: tuple[tuple[str, str], ...] = ()
    parameter: tuple[str, float] | tuple[()] = ()


RIGHT = Habits()
