"""Graded synapses and couplings, at point cells and at places on cells with a morphology."""

import numpy as np
import pytest
from tests.simulation.cable_nets import ball_and_stick

import rheobase as rb
from rheobase import errors
from rheobase.units import ms, mV, nA, nS, pA, um

RELEASE = "1/(1 + exp(-(v + 50*mV)/(4*mV)))"
SLOW = rb.synapses.Graded(RELEASE, E=-80 * mV, tau=5 * ms, name="slow")
PASSIVE = rb.Model(
    "dv/dt = (g_L*(E_L - v) + I)/C_m : mV\nI : pA (input)",
    parameters=dict(g_L=10 * nS, E_L=-65 * mV, C_m="200 pF"), initial=dict(v="E_L"),
)  # fmt: skip


def released(v):
    return 1 / (1 + np.exp(-(v + 50) / 4))


@pytest.fixture
def net():
    return rb.Network(dt=0.05 * ms, seed=1)


def ends(net, source, sink):
    """Return source and target at point cells or at places, the source driven."""
    cells = net.add(ball_and_stick(), 2, name="cells")
    point = net.add(PASSIVE, 2, name="point")
    here = cells.at("dendrite", fraction=0.4) if source == "places" else point
    there = cells.at("dendrite", fraction=0.9) if sink == "places" else point
    net.inject(cells.at("soma"), rb.stimuli.step(0.15 * nA, start=2 * ms))
    net.inject(point[0], rb.stimuli.step(200 * pA, start=2 * ms))
    return here, there


@pytest.mark.parametrize("sink", ["places", "point"])
@pytest.mark.parametrize("source", ["places", "point"])
def test_the_conductance_follows_the_source(net, source, sink):
    here, there = ends(net, source, sink)
    weights = np.array([[0.0, 3.0], [1.0, 0.0]])
    net.connect(here, there, rb.rules.from_matrix(weights * nS), synapse=SLOW)
    net.record(here, "v", name="pre")
    net.record(there, "v", "g_slow", "i_slow", name="post")
    result = net.run(30 * ms)
    v, post = result.traces["pre"].v.values, result.traces["post"]
    wanted, decay = np.zeros(2), np.exp(-0.05 / 5)
    traced = []
    for k in range(v.shape[0]):  # exact for sums that are held over a step
        traced.append(wanted)
        wanted = weights.T @ released(v[k]) + (wanted - weights.T @ released(v[k])) * decay
    np.testing.assert_allclose(post.g_slow.values, traced, rtol=1e-9, atol=1e-12)
    assert np.max(traced) > 0.5
    current = post.g_slow.values * (-80 - post.v.values)
    np.testing.assert_allclose(post.i_slow.values, current, rtol=1e-9, atol=1e-9)


def test_without_a_time_constant_it_is_the_sum(net):
    here, there = ends(net, "places", "places")
    fast = rb.synapses.Graded(RELEASE, E=0 * mV)
    net.connect(here[0], there[1], weight=2 * nS, delay=1 * ms, synapse=fast)
    net.record(here, "v", name="pre")
    net.record(there[1], "g_graded", name="post")
    result = net.run(15 * ms)
    v, g = result.traces["pre"].v.values[:, 0], result.traces["post"].g_graded.values[:, 0]
    np.testing.assert_allclose(g[22:], 2 * released(v[1:-21]), rtol=1e-12)  # shown after the step


def test_couplings_of_products_at_places(net):
    here, there = ends(net, "places", "places")
    text = "(-80*mV - v_post)/(1 + exp(-(v_pre + 50*mV)/(4*mV)))"
    coupling = rb.synapses.Coupling(text)
    net.connect(here, there, rb.rules.from_matrix(np.array([[0, 3], [1, 0]]) * nS),
                synapse=coupling)  # fmt: skip
    net.record(there, "v", "i_coupling", name="post")
    product = net.run(20 * ms).traces["post"]
    other = rb.Network(dt=0.05 * ms, seed=1)
    here, there = ends(other, "places", "places")
    other.connect(here, there, rb.rules.from_matrix(np.array([[0, 3], [1, 0]]) * nS),
                  synapse=rb.synapses.Graded(RELEASE, E=-80 * mV))  # fmt: skip
    other.record(there, "v", "i_graded", name="post")
    graded = other.run(20 * ms).traces["post"]
    np.testing.assert_allclose(product.v.values, graded.v.values, atol=1e-9)
    np.testing.assert_allclose(1e3 * product.i_coupling.values, graded.i_graded.values, atol=1e-8)
    assert np.ptp(graded.v.values) > 5


def test_one_variable_of_a_membrane_is_read_as_it_is(net):
    _, there = ends(net, "places", "places")
    soma = net.populations["cells"].at("soma")
    of_m = rb.synapses.Coupling("m_Na_pre*(-80*mV - v_post)", name="of_m")
    net.connect(soma, there, rb.rules.one_to_one(), weight=1 * nS, synapse=of_m)
    net.record(soma, "m_Na", name="pre")
    net.record(there, "v", "i_of_m", name="post")
    result = net.run(10 * ms)
    m, post = result.traces["pre"].m_Na.values, result.traces["post"]
    current = 1e-3 * m[:-1] * (-80 - post.v.values[1:])  # nA; the sum is held over a step
    np.testing.assert_allclose(post.i_of_m.values[1:], current, rtol=1e-9)


def test_the_same_bits_threads_files_and_stores(tmp_path):
    def made():
        net = rb.Network(dt=0.05 * ms, seed=1)
        here, there = ends(net, "places", "places")
        net.connect(here, there, weight=1 * nS, synapse=SLOW)
        net.connect(net.populations["point"], there, weight=1 * nS, synapse=SLOW)
        net.record(there, "v", "g_slow", name="post")
        return net

    one = made()
    traces = one.run(8 * ms).traces["post"]
    for options in ({"threads": 2}, {"backend": "interpreter"}):
        other = made().run(8 * ms, **options).traces["post"]
        np.testing.assert_array_equal(traces.v, other.v)
        np.testing.assert_array_equal(traces.g_slow, other.g_slow)
    one.save(tmp_path / "net.h5")
    one.store()
    after = one.run(4 * ms).traces["post"].v.values
    one.restore()
    np.testing.assert_array_equal(one.run(4 * ms).traces["post"].v.values, after)
    loaded = rb.Network.load(tmp_path / "net.h5")
    np.testing.assert_array_equal(loaded.run(4 * ms).traces["post"].v.values, after)
    assert "slow" in one.explain()
    one.estimate(10 * ms)


def test_it_is_written_and_compared():
    assert repr(SLOW) == f'rb.synapses.Graded("{RELEASE}", E=-80*mV, tau=5*ms, name="slow")'
    same = rb.synapses.Graded(RELEASE, E="-0.08 volt", tau="0.005 second", name="slow")
    assert same == SLOW
    assert hash(same) == hash(SLOW)
    assert rb.synapses.Graded(RELEASE, E=-80 * mV) != SLOW


def refused(kind, call, *words):
    with pytest.raises(kind) as caught:
        call()
    for word in words:
        assert word in str(caught.value), f"{word!r} is not in:\n{caught.value}"


def test_what_is_refused(net):
    here, there = ends(net, "places", "places")
    point = net.populations["point"]
    graded = rb.synapses.Graded
    refused(errors.EquationError, lambda: graded(3, E=0 * mV),
            "Graded: expected a text, got int", "write rb.synapses.Graded(")  # fmt: skip
    refused(errors.UnitError, lambda: graded(RELEASE, E=1 * ms), "Graded: E")
    refused(errors.UnitError, lambda: graded(RELEASE, E=0 * mV, tau=0 * ms),
            "Graded: tau is above 0", "write tau=5*ms")  # fmt: skip
    refused(errors.UnitError,
            lambda: net.connect(here, there, weight=1 * nS, synapse=graded("v", E=0 * mV)),
            "the release is a number that depends on the source, from 0 to 1")  # fmt: skip
    refused(errors.UnitError,
            lambda: net.connect(here, there, weight=1 * nS, synapse=graded("0.5", E=0 * mV)),
            "the release is a number that depends on the source")  # fmt: skip
    refused(errors.UnknownNameError,
            lambda: net.connect(here, there, weight=1 * nS, synapse=graded("u/mV", E=0 * mV)),
            "u")  # fmt: skip
    refused(errors.UserError, lambda: net.connect(here, there, weight=-1 * nS, synapse=SLOW),
            "0 or more")  # fmt: skip
    refused(errors.UnitError, lambda: net.connect(here, there, weight=1 * pA, synapse=SLOW),
            "g += weight*(1/(1 + exp(")  # fmt: skip
    cells = net.populations["cells"]
    refused(errors.WiringError, lambda: net.connect(cells, there, weight=1 * nS, synapse=SLOW),
            "what is read continuously is read at places")  # fmt: skip
    soma = cells.at("soma")
    refused(errors.WiringError,
            lambda: net.connect(soma, there, weight=1 * nS,
                                synapse=graded("m_Na**3*v/mV", E=0 * mV)),
            "at places on cells with a morphology a coupling reads functions of v",
            "m_Na in 'm_Na**3*v/mV'")  # fmt: skip
    coupling = rb.synapses.Coupling("(v_pre - v_post)*m_Na_post")
    refused(errors.WiringError, lambda: net.connect(here, soma, weight=1 * nS, synapse=coupling),
            "a coupling reads v_post only", "m_Na in")  # fmt: skip
    refused(errors.WiringError,
            lambda: net.connect(here, there, weight=1 * nS, synapse=SLOW, to="J"),
            "a coupling at a compartment adds to its current")  # fmt: skip
    squid = net.add(rb.models.HodgkinHuxley, name="squid")
    refused(errors.WiringError, lambda: net.connect(point, squid, weight=1 * nS, synapse=SLOW),
            "area=20000*um**2)")  # fmt: skip
    net.connect(point, squid, weight=1 * nS,
                synapse=graded(RELEASE, E=0 * mV, area=20000 * um**2))  # fmt: skip
