"""SpyTorch's task in PyTorch and the packages built on it: one epoch for every line of input.

    python spiking_training.py PEER THREADS SAMPLES INPUTS HIDDEN STEPS

Prints "ready", then for every line read the seconds of one epoch (forward, loss, backward, step
of Adam) by the clock and of all cores, the loss and the accuracy. The data are drawn here:
Bernoulli spikes and random labels.
"""

from __future__ import annotations

import sys
import time

import torch

PEER, THREADS, SAMPLES, INPUTS, HIDDEN, STEPS = sys.argv[1], *map(int, sys.argv[2:7])
ALPHA, BETA = (torch.exp(torch.tensor(-1 / tau)).item() for tau in (5.0, 10.0))
DECAY = 7 * (1 - BETA)


class Plain(torch.nn.Module):
    """The tutorial's own loop."""

    def __init__(self) -> None:
        super().__init__()

        class Spike(torch.autograd.Function):
            @staticmethod
            def forward(context, margin):
                context.save_for_backward(margin)
                return (margin > 0).to(margin.dtype)

            @staticmethod
            def backward(context, gradient):
                (margin,) = context.saved_tensors
                return gradient / (100 * margin.abs() + 1) ** 2

        self.spike = Spike.apply
        self.first, self.second = weights()

    def forward(self, x):
        arriving = self.first(x)
        current = potential = torch.zeros(len(x), HIDDEN)
        spikes = []
        for step in range(STEPS):
            spike = self.spike(potential - 1)
            potential = (BETA * potential + current) * (1 - spike.detach())
            current = ALPHA * current + arriving[:, step]
            spikes.append(spike)
        arriving = self.second(torch.stack(spikes, 1))
        current = potential = torch.zeros(len(x), 2)
        found = []
        for step in range(STEPS):
            potential, current = BETA * potential + current, ALPHA * current + arriving[:, step]
            found.append(potential)
        return torch.stack(found, 1).amax(1)


class SnnTorch(torch.nn.Module):
    """`snntorch.Synaptic` step by step, products of all steps at once."""

    def __init__(self) -> None:
        super().__init__()
        import snntorch
        from snntorch import surrogate

        self.first, self.second = weights()
        curve = surrogate.fast_sigmoid(slope=100)
        self.hidden = snntorch.Synaptic(
            alpha=ALPHA, beta=BETA, spike_grad=curve, reset_mechanism="zero"
        )
        self.out = snntorch.Synaptic(alpha=ALPHA, beta=BETA, reset_mechanism="none")

    def forward(self, x):
        arriving = self.first(x)
        current, potential = self.hidden.reset_mem()
        spikes = []
        for step in range(STEPS):
            spike, current, potential = self.hidden(arriving[:, step], current, potential)
            spikes.append(spike)
        arriving = self.second(torch.stack(spikes, 1))
        current, potential = self.out.reset_mem()
        found = []
        for step in range(STEPS):
            _, current, potential = self.out(arriving[:, step], current, potential)
            found.append(potential)
        return torch.stack(found, 1).amax(1)


class Norse(torch.nn.Module):
    """`norse.torch.LIF` and `LI` over whole sequences."""

    def __init__(self) -> None:
        super().__init__()
        import norse.torch as norse

        self.first, self.second = weights()
        parameters = norse.LIFParameters(method="super", alpha=torch.as_tensor(100.0))
        self.hidden, self.out = norse.LIF(parameters), norse.LI()
        with torch.no_grad():  # here a current of 1 that stays takes the potential to 1
            for layer in (self.first, self.second):
                layer.weight /= 1 - BETA

    def forward(self, x):
        spikes, _ = self.hidden(self.first(x).transpose(0, 1).contiguous())
        found, _ = self.out(self.second(spikes))
        return found.amax(0)


class SpikingJelly(torch.nn.Module):
    """`LIFNode` over whole sequences (multi-step mode); without a synaptic current it does less."""

    def __init__(self) -> None:
        super().__init__()
        from spikingjelly.activation_based import functional, neuron, surrogate

        self.begin = functional.reset_net
        self.first, self.second = weights()
        self.hidden = neuron.LIFNode(
            tau=10.0, decay_input=False, v_threshold=1.0, v_reset=0.0, detach_reset=True,
            surrogate_function=surrogate.ATan(), step_mode="m",
        )  # fmt: skip
        self.out = neuron.LIFNode(
            tau=10.0, decay_input=False, v_threshold=1e9, v_reset=0.0, step_mode="m",
            store_v_seq=True,
        )  # fmt: skip
        with torch.no_grad():  # the peak of what a spike does, as with a synaptic current
            for layer in (self.first, self.second):
                layer.weight *= 3

    def forward(self, x):
        self.begin(self)
        spikes = self.hidden(self.first(x).transpose(0, 1).contiguous())
        self.out(self.second(spikes))
        return self.out.v_seq.amax(0)


def weights():
    first = torch.nn.Linear(INPUTS, HIDDEN, bias=False)
    second = torch.nn.Linear(HIDDEN, 2, bias=False)
    for layer in (first, second):
        torch.nn.init.normal_(layer.weight, 0.0, DECAY / layer.in_features**0.5)
    return first, second


PEERS = {"torch": Plain, "snntorch": SnnTorch, "norse": Norse, "spikingjelly": SpikingJelly}


def main() -> None:
    torch.manual_seed(1)
    torch.set_num_threads(THREADS)
    x = (torch.rand(SAMPLES, STEPS, INPUTS) < 0.005).float()
    y = torch.randint(0, 2, (SAMPLES,))
    net = PEERS[PEER]()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    print("ready", torch.__version__, flush=True)
    for _ in sys.stdin:
        began, used = time.perf_counter(), time.process_time()
        out = net(x)
        loss = torch.nn.functional.cross_entropy(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seconds, used = time.perf_counter() - began, time.process_time() - used
        accuracy = (out.argmax(1) == y).float().mean().item()
        print(seconds, used, loss.item(), accuracy, flush=True)


if __name__ == "__main__":
    main()
