"""Networks as users write them: the same bits for any number of threads, and as interpreted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rheobase as rb
from rheobase.units import Hz, ms

NOISE = "+ 0.4*xi*tau**-0.5"
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "exact": ("dv/dt = (1.3 - v + g)/tau : 1 (unless refractory)", {}),
    "rk4": ("dv/dt = (v*v/2 - v + 0.9 + g)/tau : 1", {"method": "rk4"}),
    "euler": (f"dv/dt = (1.1 - v + g)/tau {NOISE} : 1", {"method": "euler"}),
    "heun": (f"dv/dt = (0.9 - v + v*v/9 + g)/tau {NOISE} : 1", {"method": "stochastic_heun"}),
    "exponential": ("dv/dt = (1.2 - v*(1 + g/9) + g)/tau : 1", {"method": "exponential_euler"}),
    "linear": ("dv/dt = (1.3 - v + g)/tau : 1", {"method": "euler", "crossing": "linear"}),
    "rk2": ("dv/dt = (1.2 - v*abs(v) + g)/tau : 1", {"method": "rk2"}),
    "milstein": ("dv/dt = (1.2 - v + g)/tau + 0.3*v*xi*tau**-0.5 : 1", {"method": "milstein"}),
    "drawn": ("dv/dt = (1.2 - v + g + 0.1*randn())/tau : 1", {"method": "euler"}),
}


def network(kind: str, seed: int, sizes: list[int], delay: Any, storage: str) -> Any:
    text, options = MODELS[kind]
    model = rb.Model(
        f"{text}\ndg/dt = -g/(3*ms) + I/ms : 1\nI : 1 (input)\ntau = 10*ms : second",
        threshold="v > 1", reset="v = 0.1*v", refractory="1 ms",
        receives={"add": "g += weight", "jump": "v = 0.9*v + weight"}, name="cells", **options,
    )  # fmt: skip
    net = rb.Network(dt=0.1 * ms, seed=seed)
    one, two = (net.add(model, size, name=n) for n, size in zip("ab", sizes, strict=True))
    source = net.add(rb.stimuli.poisson(400 * Hz), 150, name="source")
    for cells in (one, two):
        cells.v = "rand()"
    connect = rb.rules.fixed_probability(0.1)
    weights = rb.random.normal(0.05, 0.05)
    for pre, post in ((one, two), (two, one), (one, one)):
        net.connect(pre, post, connect, weight=weights, delay=delay, to="add", storage=storage)
    net.connect(source, two, connect, weight=0.02, delay=0 * ms, to="jump")
    net.connect(one, two, rb.rules.one_to_one() if sizes[0] == sizes[1] else connect, of="v",
                to="I", weight=0.01, name="continuous")  # fmt: skip
    net.drive(one, rb.stimuli.poisson(900 * Hz), weight=0.03, to="add")
    net.inject(two, rb.stimuli.noise(0.1, 5 * ms, shared=seed % 2 == 1), to="I")
    net.record(one, "v", every=0.5 * ms)
    return net


def bits(net: Any, threads: list[int], backend: str) -> list[bytes]:
    found = []
    for count in threads:
        result = net.run(8 * ms, threads=count, backend=backend, progress=False)
        for name in ("a", "b", "source"):
            trains = result.spikes[name]
            found += [np.asarray(trains.times).tobytes(), np.asarray(trains.ids).tobytes()]
        found.append(result.traces["a"].v.values.tobytes())
    found += [np.asarray(net.populations[n].v.magnitude).tobytes() for n in "ab"]
    return found


@pytest.mark.parametrize("kind", MODELS)
@settings(max_examples=2, deadline=None)
@given(data=st.data())
def test_any_number_of_threads_gives_the_bits_of_the_definition(kind: str, data: Any) -> None:
    seed = data.draw(st.integers(0, 1000))
    sizes = data.draw(st.lists(st.integers(1, 600), min_size=2, max_size=2))
    delay = data.draw(st.sampled_from(
        [1 * ms, 0 * ms, rb.random.normal(1 * ms, 0.5 * ms, low=0.1 * ms),
         rb.random.uniform(0.1 * ms, 9 * ms)]
    ))  # fmt: skip
    made = (kind, seed, sizes, delay)
    expected = bits(network(*made, "stored"), [1, 1], "interpreter")
    for threads in ([1, 1], [2, 2], [3, 7]):
        assert bits(network(*made, "stored"), threads, "numba") == expected
    assert bits(network(*made, "procedural"), [2, 1], "numba") == expected
