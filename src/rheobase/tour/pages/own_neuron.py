"""Chapter A: a neuron of one's own, checked; and one step of ours, number by number."""

# ruff: noqa: D102  (the methods of the neurons are as short as one writes them)

from __future__ import annotations

import re
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, VERMILION
from rheobase.units import ms

CHAPTER = Chapter(
    "A. Your own neuron",
    """
    Who writes the course's neuron meets the same stumbling blocks: what refractoriness stops, where
    in a step a spike is, when what arrives is added. Two things help. `net.explain_step` writes
    out what one step of a cell does, with every number. `rb.check.neuron` runs a neuron that you
    wrote beside ours, names the first step that differs, and looks for the cause: it builds one
    known fault after another into our own neuron until that does what yours does.
    """,
    order=12,
)


def explained_step() -> str:
    """The course's third run, at the step in which v reaches 1."""
    net = rb.Network(dt=1 * ms, start=300 * ms)
    cell = net.add(rb.models.NormalizedLIF, name="cell")
    cell.v, cell.s = 0.98, 1.3
    net.step()
    return net.explain_step(cell[0])


def numbers_in(text: str) -> dict[str, float]:
    """Read slope, crossing, spike and refractory time left from the words."""
    patterns = {
        "slope": r"= (\S+) /s\n  ds/dt",
        "offset": r"= (\S+) ms from the start",
        "spike": r"spike at (\S+) ms",
        "left": r"(\S+) ms left after it",
    }
    return {name: float(re.findall(p, text)[0]) for name, p in patterns.items()}


def draw_step(numbers: dict[str, float]) -> Figure:
    """Draw v within the step: the straight line, the crossing, the reset."""
    figure, axes = plt.subplots(figsize=(6.2, 2.9))
    v, offset, end = 0.996, numbers["offset"], 0.996 + numbers["slope"] * 1e-3
    axes.axhline(1, color=GRAY, linestyle="--", linewidth=1)
    axes.text(0.99, 1.0003, "threshold", color="#555555", ha="right", va="bottom", fontsize=9)
    axes.plot([offset, 1], [1, end], color=BLUE, linestyle=":")
    axes.plot([0, offset], [v, 1], color=BLUE)
    axes.plot([0, 1], [v, end], "o", color=BLUE)
    axes.plot(offset, 1, "v", color=VERMILION, markersize=9)
    axes.annotate(f"spike, {offset:.3f} ms into the step\n(1 − 0.996)/13.9 s", (offset, 1),
                  (offset + 0.04, 0.9965), color=VERMILION)  # fmt: skip
    axes.annotate("0.996 + 1 ms · 13.9/s = 1.0099", (1, end), (0.42, 1.0087))
    axes.set(xlabel="time since 301 ms (ms)", ylabel="v", xlim=(-0.03, 1.05), ylim=(0.9945, 1.0115))
    return figure


@CHAPTER.experiment("One step, number by number")
def one_step_told(page: Page) -> None:
    """What `explain_step` prints, and its numbers."""
    page.text(
        """
        The third run of the assignment, one step on: v = 0.996 and s = 1.274 at 0.301 s. The text
        below is the answer of `net.explain_step`, and the state at its end is the one the next
        step of the network gives. It works for every model and every method: Runge-Kutta stages,
        rate functions of channels, matrix exponentials.
        """
    )
    text = page.run(explained_step)
    page.printed(text)
    found = page.run(numbers_in, text)
    page.draw(
        "The step: v would go from 0.996 to 1.0099 along a straight line; where that crosses 1,"
        " the cell spikes. Refractoriness runs from there.",
        "a line from 0.996 up to 1.0099 that crosses 1 at 0.288 of the step",
        draw_step,
        found,
    )
    page.near("slope (s − v)/τ_m, by hand", found["slope"], (1.274 - 0.996) / 0.02, 1e-9, "/s")
    page.near("time of the spike, printed by the course", found["spike"] / 1e3, 0.30129, 5e-6, "s",
              digits=5)  # fmt: skip
    page.near("refractory time left, printed one step later as 0.00029 s",
              found["left"] / 1e3 - 0.001, 0.00029, 5e-6, "s", digits=5)  # fmt: skip


class Neuron:
    """The course's neuron as one writes it, with the steps that go wrong as methods."""

    def __init__(self) -> None:
        self.v = self.s = self.t = self.left = self.arrived = 0.0
        self.spikes: list[float] = []

    def receive(self, weight: float) -> None:
        self.arrived += self.added(weight)

    def added(self, weight: float) -> float:
        return weight / 0.05

    def decayed(self, dt: float) -> float:
        return self.s - dt * self.s / 0.05

    def slope(self, dt: float) -> float:
        return (self.s - self.v) / 0.02

    def held(self, dt: float, slope: float) -> None:
        """Do nothing to v while refractory."""

    def within(self, dt: float) -> float:
        """Return what is left of the step after refractoriness."""
        return dt - self.left

    def crossing(self, h: float, slope: float) -> float:
        return (1 - self.v) / slope

    def step(self, dt: float) -> None:
        slope, s = self.slope(dt), self.decayed(dt)
        if self.left >= dt:
            self.held(dt, slope)
            self.left -= dt
        else:
            h = self.within(dt)
            if self.v + h * slope < 1:
                self.v, self.left = self.v + h * slope, 0.0
            else:
                after = dt - h + self.crossing(h, slope)
                self.spikes.append(self.t + after)
                self.v, self.left = 0.0, 0.002 - (dt - after)
        self.s, self.arrived, self.t = s + self.arrived, 0.0, self.t + dt


class Leaky(Neuron):
    """Goes on integrating v while it is refractory."""

    def held(self, dt: float, slope: float) -> None:
        self.v += dt * slope


class Whole(Neuron):
    """Forgets that the refractory period ends inside a step."""

    def within(self, dt: float) -> float:
        return dt


class OnGrid(Neuron):
    """Puts a spike at the end of its step."""

    def crossing(self, h: float, slope: float) -> float:
        return h


class NewS(Neuron):
    """Updates s first, and takes the new s for the slope of v."""

    def slope(self, dt: float) -> float:
        return (self.decayed(dt) - self.v) / 0.02


class Raw(Neuron):
    """Adds the weight itself."""

    def added(self, weight: float) -> float:
        return weight


class Early(Neuron):
    """Adds what arrives before the step."""

    def receive(self, weight: float) -> None:
        self.s += self.added(weight)


FAULTY = (Leaky, Whole, OnGrid, NewS, Raw, Early)


def check_all(trials: int) -> dict[str, Any]:
    """Check the right neuron and six wrong ones."""
    return {
        kind.__name__: rb.check.neuron(
            kind, like=rb.models.NormalizedLIF, dt=1 * ms, trials=trials, duration=300 * ms
        )
        for kind in (Neuron, *FAULTY)
    }


def draw_all(reports: dict[str, Any]) -> Figure:
    """Draw yours and ours around the first difference, for every fault."""
    figure, panels = plt.subplots(2, 3, figsize=(7.4, 4.6))
    titles = {"Leaky": "v goes on while refractory", "Whole": "the whole last step",
              "OnGrid": "spike at the step's end", "NewS": "the new s in the slope",
              "Raw": "the weight as it is", "Early": "arrivals before the step"}  # fmt: skip
    for axes, (name, title) in zip(panels.flat, titles.items(), strict=True):
        report = reports[name]
        report.plot(ax=axes)
        axes.set_title(title, fontsize=10)
        axes.get_legend().remove()
    lines, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside upper right", ncols=2)
    return figure


@CHAPTER.experiment("Six ways to write it wrong")
def six_faults(page: Page) -> None:
    """A right neuron passes; six faulty ones are told what is wrong."""
    page.text(
        """
        A neuron that can be checked has `receive(weight)`, `step(dt)`, `v`, `spikes` and, if one
        likes, `s`. `Neuron` is right. Each of the six others has one fault. All get one strong
        input and then random ones; v, s and the times of spikes are compared after every step.
        """
    )
    trials = 2 if page.quick else 3
    reports = page.run(check_all, trials)
    causes = {name: report.causes for name, report in reports.items()}
    page.table(
        ("neuron", "what is wrong", "first difference (ms)", "what the check says"),
        [
            (f"`{kind.__name__}`", (kind.__doc__ or "").strip(),
             f"{reports[kind.__name__].time * 1e3:.0f}", causes[kind.__name__][0])
            for kind in FAULTY
        ],
    )  # fmt: skip
    page.draw(
        "v of both around the first step that differs (shaded). Where v agrees there, it is s or"
        " the time of the spike that differs first.",
        "six panels, in each a blue line for ours and a dashed red line for yours that leave each"
        " other",
        draw_all,
        reports,
    )
    page.text("What it prints for the first of them, up to the explanation of the step:")
    page.printed(str(reports["Leaky"]).partition("How this step")[0])
    words = {"Leaky": "during the refractory period", "Whole": "over the whole of the step",
             "OnGrid": "does not interpolate", "NewS": "one after the other",
             "Raw": "adds the weight as it is", "Early": "before it takes the step"}  # fmt: skip
    right = reports["Neuron"].passed
    page.holds("the right neuron", "passes", "passes" if right else "differs", right)
    named = sum(any(words[n] in cause for cause in causes[n]) for n in words)
    page.near("faults called by their name", named, len(FAULTY), 0, digits=0)
    proven = sum(reports[name].certain for name in words)
    page.near("proven: with it ours does what yours does", proven, len(FAULTY), 0, digits=0)
    left = float(re.findall(r"; (\S+) ms of it", causes["Leaky"][0])[0])
    first = reports["Leaky"].explanation
    told = float(re.findall(r"refractory time left: (\S+) ms", first)[0])
    page.near("refractory time left at the first difference of Leaky", left, np.round(told, 2), 0,
              "ms", digits=2)  # fmt: skip
