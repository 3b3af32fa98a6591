"""explain and source: what runs, as text."""

import numpy as np

import rheobase as rb
from rheobase.units import Hz, ms, pA


def network():
    net = rb.Network(dt=0.1 * ms, seed=4)
    cells = net.add(rb.models.LIF, 1000, name="cells")
    net.add(rb.models.LIF(tau_m=5 * ms), 10, name="same")
    noise = net.add(rb.stimuli.poisson(100 * Hz), 1000, name="noise")
    net.connect(noise, cells, rb.rules.one_to_one(), weight=10 * pA)
    net.connect(cells, cells, rb.rules.fixed_indegree(100), weight=rb.random.normal(1 * pA, 1 * pA))
    net.record(cells[:10], "v", every=1 * ms)
    return net


def test_explain_tells_the_whole_story():
    text = network().explain()
    for words in (
        "Network: dt = 0.1 ms, seed 4, now at 0 ms",
        "<Population 'cells': 1000 cells of LIF>\n<Population 'same': 10 cells of LIF>".replace(
            "1000", "1,000"
        ),
        "dv/dt = (E_L - v)/tau_m + (I + i_syn)/C_m : mV (unless refractory)",
        "Method: exact, because ",
        "refractory for a time, which holds v",
        "The program of a step:",
        "Its source:",
        "def update(",
        "<Population 'noise': 1,000 cells of poisson(100*Hz)>\n  its spikes are given",
        "<Projection 'noise_to_cells': noise -> cells, to i_syn, one_to_one(), 1,000 synapses>",
    ):
        assert words in text
    assert text.count("Its source:") == 1


def test_explain_needs_no_values():
    net = rb.Network(dt=0.1 * ms)
    net.add(rb.Model("dv/dt = -v/tau : 1\ntau : ms"), name="cells")
    assert "Spikes: none, there is no threshold" in net.explain()


def test_source_is_python_and_holds_each_model_once():
    net = network()
    source = net.source()
    compile(source, "generated", "exec")
    assert source.count("def update(") == 1
    assert "# kernels of 'cells', 'same'" in source
    net.populations["same"].tau_m = np.linspace(5, 6, 10) * ms
    source = net.source()
    compile(source, "generated", "exec")
    assert source.count("def update(") == 2
    assert "nothing to integrate" in rb.Network().source()


def test_what_lags_half_a_step_is_said() -> None:
    net = rb.Network()
    net.add(rb.models.HodgkinHuxley, name="axon")
    text = net.explain()
    assert "gates half a step behind the voltage" in text
    assert "half a step behind, also where they are recorded: h, m, n" in text
