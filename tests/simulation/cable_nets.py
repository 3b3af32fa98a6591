"""Small networks of cells with a morphology, for the tests."""

import rheobase as rb
from rheobase.units import Hz, cm, mS, ms, mV, nA, nS, pA, um

HH = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak], name="HH")
PASSIVE = rb.Membrane([rb.channels.Leak(g=0.1 * mS / cm**2, E=-65 * mV)], name="passive")


def ball_and_stick(length=300 * um, **options):
    """A soma with HH channels and a passive dendrite of 16 and more compartments."""
    shape = rb.Morphology.ball_and_stick(
        soma_diameter=20 * um, dendrite_length=length, dendrite_diameter=2 * um
    )
    options.setdefault("max_length", 20 * um)
    return rb.Cell(shape, {"soma": HH, "dendrite": PASSIVE}, **options)


def network(kinds=(300, 300, 300), seed=1):
    """Cells with receptors, currents, noise, point cells as sources and targets, recordings."""
    net = rb.Network(dt=0.025 * ms, seed=seed)
    made = {length: ball_and_stick(length * um) for length in dict.fromkeys(kinds)}
    cells = net.add([made[length] for length in kinds], name="cells")
    noise = net.add(rb.stimuli.poisson(300 * Hz), 5, name="noise")
    point = net.add(rb.models.LIF, 2, name="point")
    fast = rb.synapses.Exponential(tau=2 * ms, E=0 * mV, name="ampa")
    net.connect(noise, cells.at("dendrite", fraction=0.5), rb.rules.fixed_probability(0.6),
                weight=rb.random.normal(5 * nS, 1 * nS), synapse=fast)  # fmt: skip
    net.connect(noise, cells.at(path=100 * um), weight="1*nS",
                synapse=rb.synapses.LinearNMDA())  # fmt: skip
    net.connect(cells, cells[0].at("dendrite", fraction=0.9), weight=3 * nS, delay=1 * ms,
                synapse=fast)  # fmt: skip
    net.connect(cells, point, weight=20 * pA, to=None, delay=0.5 * ms,
                synapse=rb.synapses.ExponentialCurrent(5 * ms))  # fmt: skip
    net.connect(point, cells[1:].at("soma"), weight=2 * nS,
                synapse=rb.synapses.Alpha(1 * ms, E=-80 * mV))  # fmt: skip
    net.drive(cells.at("dendrite", fraction=0.2), rb.stimuli.poisson(50 * Hz), weight=2 * nS,
              to=None, synapse=fast)  # fmt: skip
    net.inject(cells[1].at("soma"), rb.stimuli.step(0.2 * nA, start=5 * ms, stop=10 * ms))
    net.inject(cells.everywhere, rb.stimuli.noise(mean=0 * pA, std=5 * pA, tau=1 * ms))
    net.inject(point, rb.stimuli.step(800 * pA))
    net.record(cells, "v", every=0.1 * ms)
    net.record(cells.at("soma"), "m_Na", "I_Na", every=0.1 * ms, name="soma")
    net.record(cells[0].at("dendrite", fraction=0.5), "g_ampa", "i_ampa", name="receptor")
    net.record(point, "v", every=0.1 * ms)
    return net, cells


def same(one, other):
    """Whether two results have the same bits."""
    import numpy as np

    traces = all(
        np.array_equal(one.traces[name][v].values, other.traces[name][v].values)
        for name in one.traces
        for v in one.traces[name].data_vars
    )
    return traces and all(
        np.array_equal(one.spikes[name].times, other.spikes[name].times)
        and np.array_equal(one.spikes[name].ids, other.spikes[name].ids)
        for name in one.spikes
    )
