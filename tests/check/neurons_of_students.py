"""Neurons and networks as students write them, each with a fault on request."""

import math


class Neuron:
    """The neuron of the course: forward Euler, crossings by linear interpolation."""

    tau_m, tau_s, tau_ref, threshold = 0.02, 0.05, 0.002, 1.0

    def __init__(self, fault=""):
        self.v = self.s = self.t = self.left = 0.0
        self.spikes, self.arrived, self.waiting = [], [], []
        self.fault = fault
        if fault == "exchanged":
            self.tau_m, self.tau_s = 0.05, 0.02
        if fault == "tau_m":
            self.tau_m = 0.05
        self.tau_m = {"fast": 0.01}.get(fault, self.tau_m)
        self.tau_s = {"slow": 0.0613}.get(fault, self.tau_s)
        self.tau_ref = {"patient": 0.003}.get(fault, self.tau_ref)
        self.threshold = {"threshold": 1.1, "never": math.inf}.get(fault, 1.0)
        if fault == "starts":
            self.v = 0.5

    def receive(self, weight):
        if self.fault == "before":
            self.s += weight / self.tau_s
        elif self.fault == "last":
            self.arrived = [weight]
        elif self.fault == "positive":
            self.arrived.append(max(weight, 0))
        elif self.fault == "size":
            self.arrived.append(abs(weight))
        else:
            self.arrived.append(weight)

    def added(self):
        if self.fault == "late":
            self.waiting, self.arrived = self.arrived, self.waiting
        total = sum(self.arrived)
        if self.fault == "lost" and self.left > 0:
            total = 0.0
        if self.fault != "kept" and self.fault != "late":
            self.arrived = []
        if self.fault == "late":
            self.arrived = []
        over = {
            "raw": 1.0,
            "times dt": 1 / 0.001,
            "over tau_m": self.tau_m,
            "over s": self.tau_s / 2,
        }
        return total / over.get(self.fault, self.tau_s)

    def slopes(self):
        return (self.s - self.v) / self.tau_m, -self.s / self.tau_s

    def means(self, h):
        """Slopes of the midpoint and of Heun's method, and the exponential one."""
        (dv, ds), v, s = self.slopes(), self.v, self.s
        if self.fault == "exponential":
            return ((s - v) * (1 - math.exp(-h / self.tau_m)) / h,
                    -s * (1 - math.exp(-h / self.tau_s)) / h)  # fmt: skip
        part = 0.5 if self.fault == "midpoint" else 1.0
        v, s = v + part * h * dv, s + part * h * ds
        later = (s - v) / self.tau_m, -s / self.tau_s
        return later if part == 0.5 else ((dv + later[0]) / 2, (ds + later[1]) / 2)

    def step(self, dt):
        f = self.fault
        if f == "milliseconds":
            dt = dt * 1000
        dv, ds = self.slopes()
        if f == "backwards":
            s = self.s + dt * ds
            dv = (s - self.v) / self.tau_m
        if f in ("heun", "midpoint", "exponential"):
            h = dt - min(self.left, dt)
            dv, ds = self.means(h or dt)[0], self.means(dt)[1]
        if f == "arrived first":
            s = self.s + dt * ds + sum(self.arrived) / self.tau_s
            dv = (s - self.v) / self.tau_m
        was = self.left
        if f == "exact":
            s = self.s * math.exp(-dt / self.tau_s)
        else:
            s = self.s + dt * ds
        if f == "s held" and was > 0:
            s = self.s
        h = min(max(dt - was, 0.0), dt)
        self.left = max(was - dt, 0.0)
        if f == "none" or (f == "throughout" and was > 0):
            h = dt
        if 0 < was < dt and f == "whole":
            h = dt
        if 0 < was < dt and f == "nothing":
            h = 0.0
        if h == 0.0 and f in ("leaky", "throughout"):
            self.v += dt * dv
        elif h > 0 or f == "throughout":
            new = self.v + h * dv
            over = new > 1 if f == "strict" else new >= self.threshold
            if over and not (f == "throughout" and was >= dt):
                self.fire(dt, h, dv, new)
                if f == "s reset":
                    s = 0.0
            else:
                self.v = new
        self.s = s + self.added()
        if f == "s clipped":
            self.s = max(self.s, 0.0)
        if f == "v clipped":
            self.v = max(self.v, 0.0)
        self.t += dt
        if f == "nan" and self.t > 0.05:
            self.v = math.nan
        if f == "raises" and self.t > 0.05:
            raise ValueError("this is too long")

    def fire(self, dt, h, dv, new):
        f = self.fault
        inside = dt - h + (self.threshold - self.v) / dv
        if f == "start":
            inside = 0.0
        if f in ("end", "start, from the end"):
            inside = dt
        stamp = {"stamp start": 0.0, "stamp end": dt, "stamp late": inside + dt,
                 "start, from the end": 0.0}.get(f, inside)  # fmt: skip
        if f != "silent":
            self.spikes.append(self.t + stamp)
        left = self.tau_ref - (dt - inside)
        if f == "from the end":
            left = self.tau_ref
        if f == "rounded":
            left = dt * math.floor(left / dt + 0.5)
        if f == "longer":
            left += dt
        self.left = 0.0 if f == "none" else left
        self.v = {"not reset": new, "subtracts": new - 1, "shows": 1.0, "resets": 0.1,
                  "subtracts before": self.v - 1}.get(f, 0.0)  # fmt: skip


class Shows(Neuron):
    """Leaves v at the threshold when it spikes, and resets it in the next step: as right."""

    def __init__(self):
        super().__init__()
        self.fired = False

    def step(self, dt):
        if self.fired:
            self.v, self.fired = 0.0, False
        count = len(self.spikes)
        super().step(dt)
        if len(self.spikes) > count:
            self.v, self.fired = 1.0, True


def function(state, dt, arrived):
    """The same neuron as a function of state."""
    v, s, left = state["v"], state["s"], state["refractory_left"]
    dv, ds = (s - v) / 0.02, -s / 0.05
    h = dt - left
    new = {"s": s + dt * ds + arrived / 0.05, "v": v, "refractory_left": max(left - dt, 0.0)}
    spikes = state["spikes"]
    if h > 0:
        new["v"] = v + h * dv
        if new["v"] >= 1:
            inside = (1 - v) / dv
            spikes = [*spikes, state["t"] + left + inside]
            new |= {"v": 0.0, "refractory_left": 0.002 - (h - inside)}
    return {**new, "spikes": spikes}


class Network:
    """Spikes of the step before are delivered, then all neurons take their step."""

    def __init__(self, weights, fault=""):
        changed = {"transposed": weights.T, "size": abs(weights), "mean": weights / len(weights),
                   "positive": weights.clip(0)}  # fmt: skip
        self.weights = changed.get(fault, weights)
        own = {"overwrites": "last", "never": "never", "resets": "resets"}.get(fault, "")
        self.neurons = [Neuron(own) for _ in weights]
        for neuron in self.neurons:
            neuron.tau_m = 0.03 if fault == "slow" else neuron.tau_m
        self.fired, self.older, self.fault = [], [], fault

    def receive(self, cell, weight):
        if self.fault == "deaf":
            return
        if self.fault == "next":
            cell = (cell + 1) % len(self.neurons)
        for n, neuron in enumerate(self.neurons):
            if n == cell or self.fault == "all":
                neuron.receive(weight)

    def deliver(self, fired):
        for i in fired:
            if i == 0 and self.fault == "mute":
                continue
            for j, neuron in enumerate(self.neurons[: 4 if self.fault == "short" else None]):
                if i != j or self.fault != "no autapses":
                    neuron.receive(self.weights[i][j])

    def step(self, dt):
        f = self.fault
        due = self.older if f == "late" else self.fired
        if f == "last" and due:
            due = due[-1:]
        if f not in ("in order", "alone"):
            self.deliver(due)
        if f == "forever":
            self.older = [*self.older, *self.fired]
        fired = []
        for i, neuron in enumerate(self.neurons):
            count = len(neuron.spikes)
            neuron.step(dt)
            if len(neuron.spikes) > count or (f == "refractory" and neuron.left > 0):
                fired.append(i)
                if f == "in order":
                    self.deliver([i])
        if f == "late":
            self.older = self.fired
        self.fired = [*self.fired, *fired] if f == "forever" else fired
        if f == "same step":
            for i in fired:
                for j, neuron in enumerate(self.neurons):
                    neuron.s += self.weights[i][j] / neuron.tau_s
            self.fired = []


class Columns:
    """The same network with lists of numbers in place of neurons."""

    def __init__(self, weights):
        self._network = Network(weights)

    def receive(self, cell, weight):
        self._network.receive(cell, weight)

    def step(self, dt):
        self._network.step(dt)

    @property
    def v(self):
        return [neuron.v for neuron in self._network.neurons]

    @property
    def spikes(self):
        return [neuron.spikes for neuron in self._network.neurons]
