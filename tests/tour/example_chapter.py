"""A chapter as small as one can be, for the tests of the report."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from rheobase.interactive import Curve, Player, Slider
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY

CHAPTER = Chapter("Z. Circles", "How far round & round?\n\nA second paragraph.", order=99)

RADIUS = 2.0
FACTOR = RADIUS * 2


def unused() -> float:
    """Nobody reads this."""
    return FACTOR


def doubled(value: float, *, times: int = 2) -> float:
    """Return a multiple."""
    return value * times


def circumference(
    points: int,
    start: float = 0.0,
) -> np.ndarray:
    """Return points of a circle."""
    angle = np.linspace(start, doubled(math.pi), points)
    return RADIUS * np.exp(1j * angle)


def draw(points: np.ndarray) -> Figure:
    """Draw it."""
    figure, axes = plt.subplots()
    axes.plot(points.real, points.imag, color=BLUE)
    return figure


def moving() -> Player:
    """Put one slider together."""
    slider = Slider("I", [0, 1, 2], "pA")
    return Player([slider], [Curve("rate", "Hz", np.arange(3.0))])


@CHAPTER.experiment("A circle <is> round")
def a_circle(page: Page) -> None:
    points = page.run(circumference, 5 if page.quick else 9)
    page.draw("A circle of `RADIUS` 2.", "a circle", draw, points)
    page.near("points", points.size, 9, 0, digits=0)
    page.near("radius", abs(points[0]), 2.0, 1e-9, "m")
    page.between("radius", abs(points[1]), 1.9, 2.1, "m", published="2 m")
    page.table(("x", "y"), [(1, 2.5), (3, -4)], "two & two")
    page.holds("color", "blue", "blue", GRAY != BLUE)


@CHAPTER.experiment("A square")
def a_square(page: Page) -> None:
    page.text("Four **corners**.")
    raise ValueError("no <corners>")
