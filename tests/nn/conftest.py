"""Figures are drawn off screen and closed after each test."""

import matplotlib
import pytest

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed_figures():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


@pytest.fixture
def drawn():
    """Return a function that gives the artists of a kind that axes hold."""
    return lambda ax, kind: [a for a in ax.get_children() if a.get_gid() == kind]
