"""The first Lyapunov coefficient, for vector fields where it is known."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.analysis.flows import flow_of
from rheobase.analysis.hopf import lyapunov_coefficient


def coefficient(text):
    model = rb.Model(text)
    flow = flow_of("bifurcations", model, {}, within=dict(x=(-0.5, 0.5), y=(-0.5, 0.5)))
    return lyapunov_coefficient(flow, np.zeros(2), {})


def guckenheimer_holmes(omega, f, g):
    """16 a of equation (3.4.11) for x' = -omega y + f, y' = omega x + g, from derivatives."""
    return (
        f["xxx"] + f["xyy"] + g["xxy"] + g["yyy"]
        + (f["xy"] * (f["xx"] + f["yy"]) - g["xy"] * (g["xx"] + g["yy"])
           - f["xx"] * g["xx"] + f["yy"] * g["yy"]) / omega
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_it_is_that_of_guckenheimer_and_holmes(seed):
    random = np.random.default_rng(seed)
    omega = random.uniform(0.5, 3)
    names = ("xx", "xy", "yy", "xxx", "xxy", "xyy", "yyy")
    f, g = ({name: random.normal() for name in names} for _ in "fg")

    def terms(table):
        shares = {"xx": 2, "xy": 1, "yy": 2, "xxx": 6, "xxy": 2, "xyy": 2, "yyy": 6}
        return " + ".join(f"({table[n]!r})/{shares[n]}*{'*'.join(n)}" for n in names)

    found, turns, sure = coefficient(
        f"dx/dt = (-{omega!r}*y + {terms(f)})/ms : 1\ndy/dt = ({omega!r}*x + {terms(g)})/ms : 1"
    )
    assert turns == pytest.approx(1e3 * omega)
    # dr/dt = a r**3 with r = |z| sqrt(2) for an eigenvector of length 1, and l_1 = 2 a/omega
    a = guckenheimer_holmes(omega, f, g) / 16
    assert found == pytest.approx(2 * a / omega, rel=1e-5)
    assert sure


def test_a_coefficient_of_0_is_not_sure():
    found, _, sure = coefficient("dx/dt = -y/ms : 1\ndy/dt = x/ms : 1")
    assert found == pytest.approx(0, abs=1e-6) and not sure
