"""What a check found, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rheobase.check.cells import Kind
from rheobase.check.faults import Verdict
from rheobase.check.records import Comparison, Difference, Record
from rheobase.language.model import Model
from rheobase.simulation.step_numbers import milliseconds, written
from rheobase.units import UNITS

HONEST = (
    "None of the faults that are known here explains it: with each of them built in, our own "
    "{what} still differs from yours."
)


@dataclass(frozen=True)
class Report:
    """What `rb.check.neuron` or `rb.check.network` found; prints as text.

    Attributes
    ----------
    passed : bool
        Whether yours and ours did the same in every step of every trial.
    causes : tuple of str
        Why not, each found by building the fault into ours; empty if none explains it.
    certain : bool
        Whether ours, with the fault built in, does what yours does in every step.
    time : float
        The start of the first step that differs [s]; nan if none does.
    variable : str
        What differs there first: a state, or "spikes".
    yours : float or list of float
        Its value after that step in yours, in the unit of the model (times of spikes in seconds).
    ours : float or list of float
        That in ours.
    explanation : str
        That step of ours, number by number.
    trial : str
        In which trial it is.
    text : str
        All of it.
    """

    passed: bool
    text: str
    causes: tuple[str, ...] = ()
    certain: bool = False
    time: float = float("nan")
    variable: str = ""
    yours: Any = None
    ours: Any = None
    explanation: str = ""
    trial: str = ""
    traces: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def __bool__(self) -> bool:
        return self.passed

    def plot(self, ax: Any = None) -> Any:
        """Draw yours and ours around the first step that differs.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw into.

        Returns
        -------
        Axes
        """
        from rheobase.check.pictures import draw

        return draw(self, ax)


def value_text(model: Model, name: str, value: Any) -> str:
    """Return a value in SI units, or times of spikes, as text."""
    if name != "spikes":
        return written(float(value), model.unit_of(name))
    if not value:
        return "none"
    return ", ".join(f"{t:.7g} s" for t in value)


def in_units(model: Model, name: str, value: Any) -> Any:
    """Return a value in the unit of the model; times stay in seconds."""
    return list(value) if name == "spikes" else float(model.unit_of(name).from_si(value))


def difference_lines(model: Model, difference: Difference, dt: float, trial: str) -> list[str]:
    """Return where it is and what differs."""
    if difference.step < 0:
        lines = [f"First difference: before the first step ({trial})"]
    else:
        begin = difference.step * dt
        lines = [
            f"First difference: in the step from {milliseconds(begin)} to "
            f"{milliseconds(begin + dt)} ({trial}, step {difference.step})"
        ]
    rows = [("", "yours", "ours")]
    rows += [(name, value_text(model, name, a), value_text(model, name, b))
             for name, a, b in difference.parts]  # fmt: skip
    widths = [max(len(row[n]) for row in rows) for n in range(2)]
    lines += [f"  {a:<{widths[0]}}  {b:<{widths[1]}}  {c}".rstrip() for a, b, c in rows]
    return lines


def numbers_of(model: Model, left: float, dt: float, period: float) -> dict[str, str]:
    """Return what the texts of faults may name."""
    held = [e.name for e in model.differential if "unless refractory" in e.flags]
    others = [e.name for e in model.differential if e.name not in held]
    targets = {s.target: s.text for s in model.reset}
    watched = next((n for n in targets if n in held), next(iter(targets), "v"))
    arrival = "; ".join(dict.fromkeys(s.text for s in sum(model.receives.values(), ())))
    inside = min(left, dt)
    return {
        "held": ", ".join(held) or watched, "others": ", ".join(others) or "the rest",
        "left": short(left), "rest": short(dt - inside), "period": short(period), "dt": short(dt),
        "v": watched, "reset": targets.get(watched, "").partition("=")[2].strip(),
        "arrival": f"`{arrival}`",
    }  # fmt: skip


def short(seconds: float) -> str:
    """Return a time in ms with two digits behind the point, or more where it is short."""
    ms = UNITS["ms"].from_si(seconds)
    return f"{ms:.2f} ms" if ms >= 0.1 or ms == 0 else f"{ms:.3g} ms"


def traces_of(kind: Kind, comparison: Comparison, theirs: Record, ours: Record,
              k: int) -> dict[str, Any]:  # fmt: skip
    """Return what `Report.plot` draws: one state of both around step k."""
    names = comparison.names
    watched = kind.thresholds[0] if kind.thresholds is not None else names[0]
    name = watched if watched in names else names[0]
    first, last = max(k - 12, 0), k + 14
    unit = kind.model.unit_of(name)
    found: dict[str, Any] = {"name": name, "unit": unit.text, "dt": comparison.dt, "step": k}
    for side, record in (("yours", theirs), ("ours", ours)):
        rows = [float(unit.from_si(v[name])) for v in record.values[first : last + 1]]
        found[side] = ([(first + n) * comparison.dt for n in range(len(rows))], rows)
    return found


def cause_lines(causes: Sequence[str], certain: bool, verdict: Verdict, whole: int,
                what: str) -> list[str]:  # fmt: skip
    """Return what is said of the causes.

    Parameters
    ----------
    causes, certain
        Their texts, and whether they explain everything.
    verdict
        What was found.
    whole
        The number of steps there are.
    what
        "neuron" or "network".
    """
    if not causes:
        return [HONEST.format(what=what)]
    if not certain:
        return [
            f"Perhaps a part of it: {causes[0]}.",
            f"With this fault our {what} does what yours does for longer, {verdict.steps} of "
            f"{whole} steps, but not to the end: there is another one.",
        ]
    if verdict.together:
        lines = ["Two causes together:", *(f"  - {cause}" for cause in causes)]
    elif len(causes) == 1:
        lines = [f"Cause: {causes[0]}."]
    else:
        lines = ["One of these is the cause; in all that was tried they do the same:"]
        lines += [f"  - {cause}" for cause in causes]
    if verdict.faults:
        lines.append(f"(With it built in, our {what} does what yours does in all {whole} steps.)")
    return lines
