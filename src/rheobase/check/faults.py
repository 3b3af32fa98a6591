"""The faults that are known, and which of them explain what a neuron does.

A fault is a habit (`rheobase.check.habits`) and what to say of it. Our own neuron is run with the
fault built in; if it then does what the student's does in every step of every trial, the
fault is named. Nothing is guessed from the numbers themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product
from typing import Any, Protocol

from rheobase.check.cells import Kind
from rheobase.check.habits import RIGHT
from rheobase.language.expressions import names_in
from rheobase.language.model import Model
from rheobase.lowering.integrators import METHODS

_LEADS = 5
"""Single faults that are tried together with every other."""
_PLAIN = tuple(name for name in METHODS if name not in ("stochastic_heun", "milstein"))
"""Methods that are of use without noise."""
_PARTLY = ("euler", "exponential_euler")
"""Methods by which one state alone may be taken by mistake."""


@dataclass(frozen=True)
class Fault:
    """A fault and its text, in which names in braces stand for the numbers of the step.

    `left`: what was left of the refractory period at the start of the step; `rest`: what of the
    step lies behind it; `held`: the variables it holds; `period`, `dt`: times; `others`: the
    states that do not stop; `v`: the variable of the threshold; `arrival`: what an arrival does.
    """

    changes: Mapping[str, Any]
    text: str

    def habits(self, others: Any = RIGHT) -> Any:
        """Return the habits of one with this fault, and others."""
        return replace(others, **self.changes)

    def told(self, numbers: Mapping[str, str]) -> str:
        """Return the text with the numbers put in."""
        return self.text.format(**numbers)


def known_faults(kind: Kind) -> list[Fault]:
    """Return the faults that a neuron of this kind can have."""
    model = kind.model
    found = list(_of_crossings(kind)) if model.threshold is not None else []
    late = list(_of_refractoriness(kind)) if model.refractory_kind == "duration" else []
    late += _of_resets(kind) if kind.thresholds is not None else []
    found += late
    if kind.linear:  # those that can leave v over the threshold: two ways to find the crossing
        over = ("refractory", "reset")
        found += [replace(fault, changes={**fault.changes, "beyond": "extrapolated"})
                  for fault in late if set(fault.changes) & set(over)]  # fmt: skip
    if model.receives:
        found += _of_arrivals(kind)
    return [*found, *_of_updates(kind)]


def _of_refractoriness(kind: Kind) -> Iterator[Fault]:
    yield Fault(
        {"refractory": "integrated"},
        "your neuron integrates {held} during the refractory period; {left} of it were left",
    )
    yield Fault(
        {"refractory": "integrated throughout"},
        "your neuron integrates {held} during the refractory period, and in the step in which it "
        "ends as if there were none; {left} of it were left",
    )
    yield Fault(
        {"refractory": "ignored"},
        "your neuron has no refractory period: after a spike {held} has to be held for {period}",
    )
    for period, text in (("longer", "long"), ("shorter", "short")):
        yield Fault({"period": period}, f"your refractory period is one step too {text}; it lasts "
                    "{period}")  # fmt: skip
    for when in ("before", "after", "either"):
        yield Fault({"lost": when}, "your neuron loses what arrives while it is refractory; "
                    "only {held} stops, {others} goes on and receives")  # fmt: skip
    if len(kind.states) > 1:
        yield Fault({"others": "held"}, "your neuron holds {others} too while it is refractory; "
                    "only {held} stops")  # fmt: skip
    if not kind.linear:
        return
    yield Fault(
        {"rest": "whole"},
        "your neuron integrates {held} over the whole of the step in which the refractory period "
        "ends (as if it were rounded down to whole steps); {left} of it were left, so only {rest} "
        "of the step remain",
    )
    yield Fault(
        {"rest": "nothing"},
        "your neuron holds {held} to the end of the step in which the refractory period ends "
        "(as if it were rounded up to whole steps); {left} of it were left, so it has to integrate "
        "over the {rest} that remain",
    )
    ways = {
        "end": "runs from the end of the step of the spike",
        "start": "runs from the start of the step of the spike",
        "rounded": "is rounded to whole steps",
    }  # fmt: skip
    for period, text in ways.items():
        yield Fault({"period": period}, f"your refractory period {text}; it has to run for "
                    "{period} from the crossing inside the step")  # fmt: skip


def _of_crossings(kind: Kind) -> Iterator[Fault]:
    if kind.linear:
        for place in ("start", "end"):
            yield Fault(
                {"crossing": place, "stamp": place},
                f"your neuron does not interpolate: its spike, and with it the refractory period, "
                f"is at the {place} of the step and not where {{v}} crosses the threshold",
            )
            yield Fault(
                {"stamp": place},
                f"the times your neuron writes down are those of the {place} of the step; the "
                "crossing lies inside it",
            )
    for stamp in ("one step early", "one step late")[: 1 + kind.linear]:
        yield Fault({"stamp": stamp}, f"the times your neuron writes down are {stamp}")
    yield Fault({"fires": False}, "your neuron never spikes: nothing happens when {v} reaches the "
                "threshold")  # fmt: skip
    yield Fault({"stamp": "none"}, "your neuron resets {v}, but does not write the time of the "
                "spike into `spikes`")  # fmt: skip
    if kind.linear:
        yield Fault({"crossing": "end", "stamp": "start"}, "your neuron does not interpolate: its "
                    "spike is at the start of the step, and the refractory period begins at its "
                    "end; both belong to where {v} crosses the threshold")  # fmt: skip
    if not kind.linear:
        yield Fault({"stamp": "end"}, "the times your neuron writes down are those of the end of "
                    "the step; a spike is stamped with its start")  # fmt: skip


def _of_resets(kind: Kind) -> Iterator[Fault]:
    assert kind.thresholds is not None
    watched = kind.thresholds[0]
    target = kind.reset_to.get(watched)
    if target is None:
        return
    if target != 0.0:
        yield Fault({"reset": "zero"}, "your neuron resets {v} to 0 and not to {reset}")
    if kind.begins[watched] not in (0.0, target):
        yield Fault({"reset": "rests"}, "your neuron resets {v} to where it rests, not to {reset}")
    for way in ("not", "stays"):
        yield Fault(
            {"reset": way}, "your neuron does not reset {v} after a spike; it goes to {reset}"
        )
    what = "the threshold" if target == 0.0 else "the distance from threshold to reset"
    for way in ("difference", "difference before"):
        yield Fault(
            {"reset": way},
            f"your neuron subtracts {what} from {{v}} at a spike; {{v}} has to be set to {{reset}}",
        )
    yield Fault({"bounded": True}, "your neuron keeps {v} from falling below {reset}; "
                "inhibition may take it there")  # fmt: skip
    if len(kind.states) > 1:
        yield Fault({"others": "reset"}, "your neuron resets {others} too at a spike; "
                    "only {v} is reset")  # fmt: skip
    if any(s.target != watched for s in kind.model.reset):
        yield Fault({"updates": False}, "your neuron resets {v} but leaves out the rest of the "
                    "reset: " + "; ".join(s.text for s in kind.model.reset))  # fmt: skip


def _of_arrivals(kind: Kind) -> Iterator[Fault]:
    yield Fault(
        {"arrival": "before"},
        "your neuron adds what arrives before it takes the step; it comes at the end of the step, "
        "and acts in the next one",
    )
    yield Fault({"arrival": "late"}, "what arrives at your neuron comes one step late")
    yield Fault({"several": "last"}, "your neuron keeps only the last of several arrivals in a "
                "step; they add")  # fmt: skip
    yield Fault({"several": "first"}, "your neuron keeps only the first of several arrivals in a "
                "step; they add")  # fmt: skip
    yield Fault({"several": "kept"}, "your neuron does not forget what arrived: it adds it again "
                "in every step after")  # fmt: skip
    yield Fault({"sign": "none"}, "your neuron ignores negative weights; they inhibit")
    yield Fault({"sign": "size"}, "your neuron takes the size of a weight without its sign; "
                "negative weights inhibit")  # fmt: skip
    yield Fault({"sign": "clipped"}, "your neuron keeps what arrivals add to from falling below "
                "0; inhibition may take it there")  # fmt: skip
    summed = [p for p in kind.program.ports.values() if not p.event]
    if any(set(p.weigh) - p.identity for p in summed):
        yield Fault({"weight": "as it is"}, "your neuron adds the weight as it is; an arrival does "
                    "{arrival}")  # fmt: skip
        for wrong, right in _instead(kind):
            yield Fault({"weight": f"{wrong} for {right}"}, f"your neuron uses {wrong} where an "
                        f"arrival needs {right}: {{arrival}}")  # fmt: skip
    if summed:
        yield Fault({"weight": "times dt"}, "your neuron multiplies the weight by dt; an arrival "
                    "is at once, and does {arrival}")  # fmt: skip
    if summed and kind.thresholds is not None:
        watched = kind.thresholds[0]
        if any(watched not in p.weigh for p in summed):
            yield Fault({"onto": watched}, f"arrivals change {watched} of your neuron; they have "
                        "to do {arrival}")  # fmt: skip


def _instead(kind: Kind) -> Iterator[tuple[str, str]]:
    """Yield parameters that arrivals may read by mistake, with the one meant."""
    model = kind.model
    read = {n for s in model.receives.values() for one in s for n in names_in(one.expression)}
    for wrong, right in _alike(model):
        if right in read and wrong not in read:
            yield wrong, right


def _alike(model: Model) -> Iterator[tuple[str, str]]:
    """Yield pairs of parameters of one dimension with different values."""
    for a, b in permutations(model.defaults, 2):
        same = model.unit_of(a).dimension == model.unit_of(b).dimension
        if same and model.defaults[a] != model.defaults[b]:
            yield a, b


def _of_updates(kind: Kind) -> Iterator[Fault]:
    model, own = kind.model, kind.program.method
    if len(kind.states) > 1:
        names = ", ".join(kind.states)
        for order in ("in order", "backwards"):
            yield Fault(
                {"order": order},
                f"your neuron updates {names} one after the other, with values that are already "
                "new; all slopes are those of the state at the start of the step",
            )
        watched = "" if kind.thresholds is None else kind.thresholds[0]
        others = [n for n in kind.states if n != watched]
        if watched and any(s.target in others for some in model.receives.values() for s in some):
            yield Fault({"order": "arrived"}, f"your neuron takes the slope of {watched} with the "
                        f"new {', '.join(others)}, in which what arrives in the step is added "
                        "already; all slopes are those of the state at the start of the "
                        "step")  # fmt: skip
    if model.inputs:
        names = ", ".join(e.name for e in model.inputs)
        yield Fault({"drive": 0.0}, f"your neuron makes no use of its input {names}")
        yield Fault({"drive": -1.0}, f"your neuron takes its input {names} with the other sign")
    yield Fault({"scale": 1e3}, "your neuron takes dt for milliseconds; step(dt) gets seconds")
    yield Fault({"scale": 1e-3}, "your neuron divides dt by 1000; step(dt) gets seconds")
    rests = ("slope", "method") if kind.linear and kind.duration else ("slope",)
    for method, rest in product(_PLAIN, rests):
        if method != own and (rest == "slope" or method != "euler"):
            yield Fault({"method": method, "ends": rest}, "your neuron is right in everything but "
                        f"its method: its numbers are those of {method} "
                        f"({METHODS[method].summary}); the method is {own}")  # fmt: skip
    if len(rests) > 1 and own != "euler":
        yield Fault({"ends": "method"}, f"your neuron takes {own} over what remains of the step in "
                    "which the refractory period ends; ours goes on along the slope at its "
                    "start")  # fmt: skip
    for name, method in product(kind.states, _PARTLY if len(kind.states) > 1 else ()):
        if method != own:
            how = "exponentially, as in exp(-dt/tau)" if "exp" in method else "by an Euler step"
            yield Fault({"partly": (name, method)}, f"your neuron takes {name} {how}, and the rest "
                        f"by {own}; the method is {own} for all of it")  # fmt: skip
    pairs = list(_alike(model))
    for a, b in pairs[:40]:
        yield Fault({"mistaken": ((a, b),)}, f"your neuron has the value of {b} in {a}")
        if a < b:
            yield Fault({"mistaken": ((a, b), (b, a))}, f"your neuron takes {a} for {b} and {b} "
                        f"for {a}")  # fmt: skip


# -- which of them --------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """What was found of the faults.

    Attributes
    ----------
    faults
        Those that explain everything (each alone), or those that do so together, or the one that
        explains most.
    together
        Whether it takes all of them.
    steps
        For how many steps, trial after trial, ours agrees with the student's with them.
    """

    faults: tuple[Fault, ...]
    together: bool
    steps: int


class Agreeing(Protocol):
    """Says for how many steps one with habits does what the student's does."""

    @property
    def whole(self) -> int:
        """The number of steps there are."""

    def agreement(self, habits: Any) -> float:
        """Return for how many of them, and how much of the next; -1 if there can be no such one."""


def diagnose(suspects: Agreeing, faults: Sequence[Fault], right: Any = RIGHT,
             more: Callable[[], Sequence[Fault]] = tuple) -> Verdict:  # fmt: skip
    """Find the faults with which ours does what the student's does.

    Parameters
    ----------
    suspects
        Runs ours with faults.
    faults
        Those that are known.
    right
        The habits of ours.
    more
        Gives others that explain everything alone, where none of those that are known does.
    """
    scores = [(suspects.agreement(fault.habits(right)), fault) for fault in faults]
    whole, without = suspects.whole, suspects.agreement(right)
    fitting = tuple(fault for score, fault in scores if score == whole) or tuple(more())
    if fitting:
        return Verdict(fitting, False, whole)
    leads = sorted((pair for pair in scores if pair[0] > without), key=lambda pair: -pair[0])
    for _, lead in leads[:_LEADS]:
        for fault in faults:
            if set(fault.changes) & set(lead.changes):
                continue
            if suspects.agreement(fault.habits(lead.habits(right))) == whole:
                return Verdict((lead, fault), True, whole)
    if leads:
        return Verdict((leads[0][1],), False, int(leads[0][0]))
    return Verdict((), False, int(without))
