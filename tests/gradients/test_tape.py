"""A tape of lanes against PyTorch: the same recurrent spiking network written out by hand."""

import tracemalloc

import numpy as np
import pytest

import rheobase as rb
from rheobase.gradients import Tape
from rheobase.gradients.checkpoints import segment_length
from rheobase.lowering import lower
from rheobase.lowering.surrogates import Surrogate

torch = pytest.importorskip("torch")

DT, STEPS, LANES, N_IN, N, N_OUT = 1e-3, 40, 3, 7, 5, 2
MODEL = rb.Model(
    """dv/dt = (-v + s)/tau : 1
    ds/dt = -s/tau_s : 1""",
    threshold="v > 1", reset="v = 0", receives={"in": "s += weight"}, method="euler",
    parameters=dict(tau=10 * rb.units.ms, tau_s=5 * rb.units.ms),
)  # fmt: skip
READOUT = rb.Model(
    "dy/dt = (-y + s)/tau : 1\nds/dt = -s/tau_s : 1",
    method="euler", receives={"in": "s += weight"},
    parameters=dict(tau=10 * rb.units.ms, tau_s=5 * rb.units.ms),
)  # fmt: skip
SLOPE = 10.0


def weights():
    rng = np.random.default_rng(5)
    return {
        "in": rng.normal(1.2, 1.0, (N_IN, N)), "rec": rng.normal(0.1, 0.6, (N, N)),
        "out": rng.normal(0.0, 1.0, (N, N_OUT)),
    }  # fmt: skip


def given_spikes():
    return np.random.default_rng(1).random((STEPS, LANES, N_IN)) < 0.15


def on_tape(backend, memory=2**29):
    w = weights()
    tape = Tape(DT, batch=LANES, backend=backend, memory=memory)
    trains = tape.add_trains("input", N_IN)
    tau = {"tau": 10e-3, "tau_s": 5e-3}
    surrogate = Surrogate("fast_sigmoid", SLOPE, 1.0)
    wanted = frozenset(["tau", "tau_s"])
    hidden = tape.cells("hidden", lower(MODEL), N, tau, surrogate=surrogate, with_respect_to=wanted)
    out = tape.cells("out", lower(READOUT), N_OUT, tau, surrogate=surrogate, with_respect_to=wanted)
    want = frozenset(["weight"])
    links = {
        "in": tape.connect(trains, hidden, "in", w["in"], delay=0, with_respect_to=want),
        "rec": tape.connect(hidden, hidden, "in", w["rec"], delay=2, with_respect_to=want),
        "out": tape.connect(hidden, out, "in", w["out"], delay=1, with_respect_to=want),
    }
    steps, lane, i = np.nonzero(given_spikes())
    tape.run(STEPS, spikes={trains: (steps, lane * N_IN + i)})
    return tape, trains, hidden, out, links


class FastSigmoid(torch.autograd.Function):
    @staticmethod
    def forward(context, margin):
        context.save_for_backward(margin)
        return (margin > 0).double()

    @staticmethod
    def backward(context, g):
        (margin,) = context.saved_tensors
        return g / (1 + SLOPE * margin.abs()) ** 2


def in_torch():
    """The same step, written out: Euler, threshold, reset (the spike a constant), arrivals."""
    w = {k: torch.tensor(v, requires_grad=True) for k, v in weights().items()}
    values = {"tau": 10e-3, "tau_s": 5e-3, "tau_out": 10e-3, "s_out": 5e-3}
    tau = {k: torch.tensor(v, dtype=torch.double, requires_grad=True) for k, v in values.items()}
    x = torch.tensor(given_spikes(), dtype=torch.double, requires_grad=True)
    v, s = torch.zeros(LANES, N).double(), torch.zeros(LANES, N).double()
    y, r = torch.zeros(LANES, N_OUT).double(), torch.zeros(LANES, N_OUT).double()
    spikes, vs, ys = [], [v], [y]
    for k in range(STEPS):
        v, s = v + DT * (-v + s) / tau["tau"], s - DT * s / tau["tau_s"]
        y, r = y + DT * (-y + r) / tau["tau_out"], r - DT * r / tau["s_out"]
        spike = FastSigmoid.apply(v - 1)
        v = v * (1 - spike.detach())
        spikes.append(spike)
        s = s + x[k] @ w["in"]
        if k >= 2:
            s = s + spikes[k - 2] @ w["rec"]
        if k >= 1:
            r = r + spikes[k - 1] @ w["out"]
        vs.append(v)
        ys.append(y)
    return w, tau, x, torch.stack(spikes), torch.stack(vs), torch.stack(ys)


def waves():
    rng = np.random.default_rng(8)
    return rng.normal(size=(STEPS + 1, LANES, N_OUT)), rng.normal(size=(STEPS, LANES, N))


@pytest.mark.parametrize("backend", ["numba", "interpreter"])
def test_a_recurrent_spiking_network_has_pytorchs_gradients(backend):
    tape, trains, hidden, out, links = on_tape(backend)
    w, tau, x, spikes, vs, ys = in_torch()
    np.testing.assert_array_equal(tape.spike_array(hidden), spikes.detach().numpy())
    assert 20 < tape.spike_array(hidden).sum() < 300
    np.testing.assert_allclose(tape.states(out, "y"), ys.detach().numpy(), rtol=0, atol=1e-13)

    of_y, of_spikes = waves()
    loss = (torch.tensor(of_y) * ys**2).sum() + (torch.tensor(of_spikes) * spikes).sum()
    loss = loss + 0.1 * (vs[1:] ** 2).sum()
    loss.backward()
    bars = tape.backward(
        states={
            (out, "y"): 2 * of_y * tape.states(out, "y"),
            (hidden, "v"): 0.2 * tape.states(hidden, "v"),
        },
        spikes={hidden: of_spikes},
        trains={trains},
    )
    for name, link in links.items():
        np.testing.assert_allclose(bars.weights[link], w[name].grad.numpy(), rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(bars.spikes[trains], x.grad.numpy(), rtol=1e-9, atol=1e-10)
    assert bars.parameters[hidden]["tau"] == pytest.approx(tau["tau"].grad.item(), rel=1e-9)
    assert bars.parameters[hidden]["tau_s"] == pytest.approx(tau["tau_s"].grad.item(), rel=1e-9)
    assert bars.parameters[out]["tau"] == pytest.approx(tau["tau_out"].grad.item(), rel=1e-9)


def test_segments_have_the_same_bits():
    found = []
    for memory in (2**29, 100):
        tape, trains, hidden, out, links = on_tape("numba", memory)
        of_y, of_spikes = waves()
        bars = tape.backward({(out, "y"): of_y}, {hidden: of_spikes}, trains={trains})
        found.append((tape.states(hidden, "v").copy(), bars.spikes[trains],
                      *(bars.weights[link] for link in links.values())))  # fmt: skip
    assert tape.segments == 6
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_inputs_and_arrivals_that_are_given():
    """bar(I_k) and bar(A_k) of a leaky integrator are known: dt/tau and 1, times what follows."""
    leaky = rb.Model(
        "dv/dt = (-v + I)/tau : 1\nI : 1 (input)", method="euler", receives={"in": "v += weight"},
        parameters=dict(tau=10 * rb.units.ms),
    )  # fmt: skip
    tape = Tape(DT, batch=2, first_step=3)
    cells = tape.cells("cells", lower(leaky), 3, {"tau": 10e-3}, initial={"v": [1.0, 2.0, 3.0]})
    rng = np.random.default_rng(0)
    given, arriving = rng.normal(size=(6, 2, 3)), rng.normal(size=(6, 2, 3))
    tape.run(6, inputs={(cells, "I"): given}, arrivals={(cells, "v"): arriving})
    want = np.tile([1.0, 2.0, 3.0], (2, 1))
    for k in range(6):
        want = want + 0.1 * (given[k] - want) + arriving[k]
    np.testing.assert_allclose(tape.last(cells, "v"), want, rtol=1e-12)
    bar = np.zeros((7, 2, 3))
    bar[-1] = 1.0
    bars = tape.backward({(cells, "v"): bar}, inputs={(cells, "I")})
    left = 0.9 ** np.arange(5, -1, -1)[:, None, None]
    np.testing.assert_allclose(bars.inputs[cells, "I"], np.broadcast_to(0.1 * left, (6, 2, 3)))
    np.testing.assert_allclose(bars.arrivals[cells, "v"], np.broadcast_to(left, (6, 2, 3)))
    np.testing.assert_allclose(bars.initial[cells, "v"], 0.9**6)


def test_memory_grows_with_the_square_root_of_the_steps():
    row = 1000
    for steps in (100, 10_000, 1_000_000):
        length = segment_length(steps, row, 10 * row)
        kept = length + -(-steps // length)
        assert kept <= 2 * steps**0.5 + 2
    assert segment_length(100, row, 100 * row) == 100


def peak(steps, memory):
    """Bytes that a run and its way back take besides what stays the same for any length."""
    tape = Tape(DT, memory=memory)
    cells = tape.cells("cells", lower(MODEL), 400, {"tau": 10e-3, "tau_s": 5e-3})
    tape.connect(cells, cells, "in", 0.01 * np.eye(400), delay=1)
    tape.set_initial(cells, {"v": np.linspace(0.0, 1.2, 400)})
    tape.run(4)
    tracemalloc.start()
    try:
        tape.run(steps)
        bars = tape.backward(last={(cells, "v"): np.ones(400)})
        return tracemalloc.get_traced_memory()[1], bars.initial[cells, "s"]
    finally:
        tracemalloc.stop()


def test_memory_as_measured():
    short, _ = peak(400, 1000)
    long, parts = peak(6400, 1000)
    whole, at_once = peak(6400, 2**30)
    assert long < 6 * short  # 16 times the steps: 4 times the memory, and 8 bytes a step
    assert whole > 10 * long
    np.testing.assert_array_equal(parts, at_once)


def test_cells_that_read_their_number_have_one_lane():
    numbered = lower(rb.Model("dx/dt = (i - x)/tau : 1", parameters=dict(tau=10 * rb.units.ms)))
    Tape(DT).cells("cells", numbered, 3, {"tau": 10e-3}, differentiate=False)
    with pytest.raises(rb.errors.UserError, match="the equations of 'cells' read i, the number of"):
        Tape(DT, batch=2).cells("cells", numbered, 3, {"tau": 10e-3}, differentiate=False)
