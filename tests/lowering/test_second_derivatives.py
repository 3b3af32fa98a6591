"""What a step that follows a tangent needs in reverse: derivatives of derivatives."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.lowering.derivatives import rule
from rheobase.network.evaluate import FUNCTIONS, evaluate
from rheobase.rendering.functions import namespace_numpy
from rheobase.units import cm, mS, ms, mV, nA, um

X = np.array([-700.0, -30.0, -2.0, -1.0, -0.011, -0.009, -1e-9, 0.0, 1e-12, 0.0099, 0.0101, 0.9999,
              1.0001, 5.0, 40.0])  # fmt: skip


@pytest.mark.parametrize("name", ["exprel", "bernoulli"])
def test_against_finite_differences(name):
    functions = namespace_numpy()
    value, slope = functions[name], functions[f"{name}_derivative"]

    def first(x):
        return slope(x, value(x))

    by_x, by_value = (rule(f"{name}_derivative", k) for k in (0, 1))
    assert evaluate(by_value, {}) == 0
    h = 1e-3
    central = [(first(X + k * h) - first(X - k * h)) / (2 * k * h) for k in (1, 2)]
    found = evaluate(by_x, {"x": X, "y": value(X), "f": first(X)}, None, FUNCTIONS)
    want = (4 * central[0] - central[1]) / 3
    np.testing.assert_allclose(found, want, rtol=2e-8, atol=1e-10)


def test_the_gradient_through_a_membrane_with_the_current_of_goldman():
    channels = rb.channels
    membrane = rb.Membrane([
        channels.TraubMilesSodium, channels.TraubMilesPotassium, channels.TType,
        channels.Leak(g=0.05 * mS / cm**2, E=-65 * mV), channels.CalciumPool, channels.SK,
    ], temperature=36)  # fmt: skip

    def network():
        net = rb.Network(dt=0.05 * ms, seed=1)
        cells = net.add(membrane.point(20000 * um**2), name="cell")
        net.inject(cells, rb.stimuli.step(-0.05 * nA))
        return net

    def depth(run):
        return np.mean((run["cell"].v[:, 0] + 70) ** 2)

    names = ["P_CaT", "g_L", "rest_Ca"]
    objective = rb.gradients.Objective(network(), depth, names, duration=20 * ms)
    start = np.asarray(objective.start)
    _, found = objective.vector(start)
    for k in range(start.size):
        step = np.zeros_like(start)
        step[k] = 1e-4 * start[k]
        ends = [objective.vector(start + sign * step)[0] for sign in (1, -1)]
        assert found[k] == pytest.approx((ends[0] - ends[1]) / (2 * step[k]), rel=1e-5)
