"""Generated networks: compiled and interpreted give the same bits, whole and in pieces."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.oracles.test_semantics_pieces import GRID, LINEAR

import rheobase as rb
from rheobase.units import Hz, ms, mV, nS, pA, pF

GATES = rb.Model(
    """
    dv/dt = (g_L*(E_L - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v)
             + g_e*(E_e - v) + I)/C_m : mV
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    dg_e/dt = -g_e/tau_e : nS
    u = (v - V_T)/mV : 1
    alpha_m = 1.28/exprel((13 - u)/4)/ms : 1/ms
    beta_m = 1.4/exprel((u - 40)/5)/ms : 1/ms
    alpha_h = 0.128*exp((17 - u)/18)/ms : 1/ms
    beta_h = 4/(1 + exp((40 - u)/5))/ms : 1/ms
    alpha_n = 0.16/exprel((15 - u)/5)/ms : 1/ms
    beta_n = 0.5*exp((10 - u)/40)/ms : 1/ms
    I : pA (input)
    """,
    threshold="v > -20*mV", refractory="v > -40*mV", receives="g_e += weight",
    parameters=dict(C_m=200*pF, g_L=10*nS, E_L=-65*mV, g_Na=20000*nS, E_Na=50*mV, g_K=6000*nS,
                    E_K=-90*mV, E_e=0*mV, tau_e=5*ms, V_T=-63*mV),
    initial=dict(v="E_L", h="1", n="0.1"),
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A model and amounts that make its cells spike now and then."""

    model: rb.Model
    weight: object  # one for all ports
    current: object
    start: dict[str, str]
    spread: dict[str, str]  # a parameter that may differ between cells
    ports: tuple[str, ...]
    shown: tuple[str, ...]
    analog: str = ""  # a dimensionless state, for continuous connections


KINDS = {
    "lif": Kind(rb.models.LIF, 400 * pA, 450 * pA, {"v": "E_L + rand()*(V_T - E_L)"},
                {"tau_ref": "(1 + rand())*ms"}, ("i_syn",), ("v", "i_syn")),
    "noisy": Kind(GRID, 0.3, 0.12, {"v": "rand()"}, {"tau": "(5 + i)*ms"}, ("sum", "event"),
                  ("v", "s", "look"), "v"),
    "linear": Kind(LINEAR, 0.5, 1.4, {"s": "2*rand()", "v": "rand()"}, {"tau": "(6 + i)*ms"},
                   ("s",), ("v", "s"), "s"),
    "normalized": Kind(rb.models.NormalizedLIF(tau_ref=4 * ms), 0.05, None, {"s": "1 + rand()"},
                       {"tau_m": "(15 + i)*ms"}, ("s",), ("v", "s")),
    "gates": Kind(GATES, 15 * nS, 300 * pA, {"v": "E_L + 5*randn()*mV"},
                  {"g_L": "(8 + i)*nS"}, ("g_e",), ("v", "m", "h", "n", "g_e", "alpha_m")),
    "adex": Kind(rb.models.AdEx(b=50 * pA), 4 * mV, 600 * pA, {"v": "E_L + 10*rand()*mV"},
                 {"tau_w": "(20 + i)*ms"}, ("v",), ("v", "w")),
    "conductance": Kind(rb.models.ConductanceLIF, 20 * nS, 400 * pA,
                        {"v": "E_L + rand()*(V_T - E_L)"}, {"E_L": "-60*mV + 0.1*i*mV"},
                        ("excitatory", "inhibitory"), ("v", "g_e", "g_i")),
    "izhikevich": Kind(rb.models.Izhikevich, 6.0, 10.0, {"v": "-65 + 10*rand()"},
                       {"a": "0.02 + 0.001*i"}, ("v",), ("v", "u"), "v"),
}  # fmt: skip
DELAYS = st.sampled_from(["none", "zero", "one", "many", "spread", "drawn"])


@dataclass
class Plan:
    """What a network is made of; small enough to read when a test fails."""

    dt: float
    seed: int
    steps: int
    populations: list[tuple[str, int, bool]]
    connections: list[tuple[int, int, float, str, int, bool]]
    couplings: list[tuple[int, int, str]]
    drives: list[tuple[int, str, int]]
    injections: list[tuple[int, str]]
    source: bool
    cuts: list[int] = field(default_factory=list)


@st.composite
def plans(draw):
    kinds = st.tuples(st.sampled_from(sorted(KINDS)), st.integers(1, 37), st.booleans())
    populations = draw(st.lists(kinds, min_size=1, max_size=3))
    place = st.integers(0, len(populations) - 1)
    steps = draw(st.integers(20, 60))
    return Plan(
        dt=draw(st.sampled_from([0.1, 0.25, 0.5])),
        seed=draw(st.integers(0, 2**64 - 1)),
        steps=steps,
        populations=populations,
        connections=draw(st.lists(
            st.tuples(st.integers(-1, len(populations) - 1), place,
                      st.sampled_from([0.1, 0.5, 1.0]), DELAYS, st.integers(0, 1), st.booleans()),
            max_size=4)),
        couplings=draw(st.lists(st.tuples(place, place, DELAYS), max_size=2)),
        drives=draw(st.lists(
            st.tuples(place, st.sampled_from(["poisson", "times", "regular"]), st.integers(0, 1)),
            max_size=2)),
        injections=draw(st.lists(
            st.tuples(place, st.sampled_from(["step", "noise", "shared", "sine", "array"])),
            max_size=3)),
        source=draw(st.booleans()),
        cuts=draw(st.lists(st.integers(1, steps - 1), max_size=3, unique=True)),
    )  # fmt: skip


def delay_of(name, dt):
    return {"none": None, "zero": 0 * ms, "one": dt * ms, "many": 17 * dt * ms,
            "spread": f"(i + 2*j)*{dt}*ms", "drawn": rb.random.uniform(0 * ms, 11 * dt * ms),
            }[name]  # fmt: skip


def current_of(name, amount, dt):
    """Return a current of about this size; two columns for `array` would need two cells."""
    return {
        "step": lambda: rb.stimuli.step(1.5 * amount, start=3 * dt * ms),
        "noise": lambda: rb.stimuli.noise(0.5 * amount, 2 * ms, mean=1.2 * amount),
        "shared": lambda: rb.stimuli.noise(0.5 * amount, 2 * ms, mean=1.2 * amount, shared=True),
        "sine": lambda: rb.stimuli.sine(amount, 100 * Hz) + rb.stimuli.step(amount),
        "array": lambda: rb.stimuli.from_array(np.array([2.0, 0.5, 1.5]) * amount, dt=7 * dt * ms),
    }[name]()


def build(plan):
    """Make the network of a plan."""
    net = rb.Network(dt=plan.dt * ms, seed=plan.seed)
    made, kinds = [], []
    for number, (name, size, spread) in enumerate(plan.populations):
        kind = KINDS[name]
        cells = net.add(kind.model, size, name=f"{name}_{number}")
        for variable, text in {**kind.start, **(kind.spread if spread else {})}.items():
            setattr(cells, variable, text)
        net.record(cells, *kind.shown)
        made.append(cells)
        kinds.append(kind)
    source = net.add(rb.stimuli.poisson(300 * Hz), 9, name="source") if plan.source else made[0]
    for pre, post, p, delay, port, drawn in plan.connections:
        kind = kinds[post]
        weight = kind.weight
        if drawn:
            weight = rb.random.normal(0.5 * weight, 0.2 * weight)
        net.connect(source if pre < 0 else made[pre], made[post], rb.rules.fixed_probability(p),
                    weight=weight, delay=delay_of(delay, plan.dt),
                    to=kind.ports[min(port, len(kind.ports) - 1)],
                    weight_dtype="float32" if drawn and port else "float64")  # fmt: skip
    for pre, post, delay in plan.couplings:
        if kinds[pre].analog and kinds[post].analog:
            net.connect(made[pre], made[post], weight="0.01*(1 + i - j)/N_pre", to="I",
                        of=kinds[pre].analog, delay=delay_of(delay, plan.dt))  # fmt: skip
    for place, name, port in plan.drives:
        train = {
            "poisson": lambda: rb.stimuli.poisson(500 * Hz),
            "times": lambda: rb.stimuli.spike_times([1, 1.1, 1.1, 4, 9] * ms),
            "regular": lambda: rb.stimuli.regular_spikes(300 * Hz, 100 * ms, jitter=0.2),
        }[name]()
        kind = kinds[place]
        net.drive(made[place], train, weight=0.5 * kind.weight,
                  to=kind.ports[min(port, len(kind.ports) - 1)])  # fmt: skip
    for place, name in plan.injections:
        if kinds[place].current is not None:
            net.inject(made[place], current_of(name, kinds[place].current, plan.dt))
    return net


def run(plan, backend, cuts=()):
    """Return all that is recorded in a run, cut where asked, as arrays by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rb.errors.RheobaseWarning)
        net = build(plan)
        ends = [*sorted(cuts), plan.steps]
        results, begin = [], 0
        for end in ends:
            results.append(net.run((end - begin) * plan.dt * ms, backend=backend))
            begin = end
    found = {}
    for name in net.populations:
        for what in ("times", "ids"):
            parts = [getattr(r.spikes[name], what) for r in results]
            found[name, what] = np.concatenate(parts)
    for name in results[0].traces:
        for variable in results[0].traces[name]:
            parts = [r.traces[name][variable].values for r in results]
            found[name, variable] = np.concatenate(parts)
    for name, cells in net.populations.items():
        if isinstance(cells.model, rb.Model):
            for variable, value in cells.state().items():
                found[name, f"{variable} at the end"] = value.magnitude
    return found


def same(found, expected):
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value, err_msg=str(key))


SETTINGS = settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@SETTINGS
@given(plans())
def test_both_backends_give_the_same_bits_whole_and_in_pieces(plan):
    expected = run(plan, "interpreter")
    same(run(plan, "numba"), expected)
    same(run(plan, "numba", plan.cuts), expected)
    same(run(plan, "interpreter", plan.cuts), expected)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_of_cell_spikes_and_agrees(name):
    """With everything a population can have, so that the test above does not compare silence."""
    plan = Plan(
        dt=0.25, seed=5, steps=160, populations=[(name, 21, True), ("noisy", 4, False)],
        connections=[(0, 0, 0.5, "drawn", 0, True), (1, 0, 1.0, "spread", 1, True),
                     (-1, 0, 0.5, "zero", 0, False), (0, 1, 0.5, "many", 1, False)],
        couplings=[(1, 0, "many"), (0, 1, "zero")], drives=[(0, "poisson", 0), (1, "times", 1)],
        injections=[(0, "noise"), (0, "step"), (1, "shared")], source=True, cuts=[60, 61],
    )  # fmt: skip
    expected = run(plan, "interpreter")
    assert expected[f"{name}_0", "times"].size > 5
    same(run(plan, "numba"), expected)
    same(run(plan, "numba", plan.cuts), expected)
