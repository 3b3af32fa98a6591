"""A small network with all that a checkpoint has to hold; also run as a script, to be killed."""

import sys
from pathlib import Path

import rheobase as rb
from rheobase.units import Hz, ms, mV


def noisy_network(seed=5, size=60, **options):
    """Noise, drawn delays and weights, an Ornstein-Uhlenbeck current, a Poisson drive, a source."""
    model = rb.Model(
        """
        dv/dt = (E_L - v + drive + s + I)/tau_m + sigma*sqrt(2/tau_m)*xi : mV (unless refractory)
        ds/dt = -s/tau_s : mV
        I : mV (input)
        """,
        threshold="v > V_T", reset="v = V_r", refractory=2 * ms,
        parameters=dict(E_L=-65 * mV, V_T=-50 * mV, V_r=-65 * mV, tau_m=20 * ms, tau_s=5 * ms,
                        drive=14 * mV, sigma=2 * mV),
        receives=dict(s="s += weight"), **options,
    )  # fmt: skip
    net = rb.Network(dt=0.1 * ms, seed=seed)
    cells = net.add(model, size, name="cells")
    cells.v = "V_r + rand()*(V_T - V_r)"
    noise = net.add(rb.stimuli.poisson(20 * Hz), 20, name="noise")
    net.connect(
        cells[: size // 2], cells, rb.rules.fixed_probability(0.2),
        weight=rb.random.normal(0.4 * mV, 0.1 * mV, low=0 * mV),
        delay=rb.random.normal(1.5 * ms, 0.75 * ms, low=0.1 * ms),
    )  # fmt: skip
    net.connect(noise, cells, rb.rules.fixed_indegree(3), weight=1.5 * mV, delay=0.8 * ms)
    net.inject(cells[:10], rb.stimuli.noise(1 * mV, tau=10 * ms))
    net.drive(cells, rb.stimuli.poisson(100 * Hz), weight=0.2 * mV)
    net.record(cells[:5], "v", "s", every=1 * ms)
    return net


if __name__ == "__main__":
    from rheobase.results import streaming

    streaming.FLUSH_SECONDS = 0.02
    stream, until = Path(sys.argv[1]), float(sys.argv[2])
    checkpoint = stream.with_name("run.checkpoint.h5")
    if checkpoint.exists():
        network = rb.Network.load(checkpoint)
    else:
        network = noisy_network()
    network.run(
        until * ms - network.time, backend="interpreter", stream_to=stream,
        overwrite=not checkpoint.exists(), checkpoint_every=5 * ms, progress=False,
    )  # fmt: skip
