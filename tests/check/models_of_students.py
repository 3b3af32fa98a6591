"""Neurons of other models than the course's by forward Euler, each with faults on request.

Units are those of the models: ms, mV, pA, and uA/cm**2 for Hodgkin-Huxley.
"""

import math


class Euler:
    """What they have in common: steps counted, arrivals kept, the input an attribute."""

    start: dict[str, float] = {}

    def __init__(self, fault=""):
        vars(self).update(self.start)
        self.I, self.k, self.arrived, self.spikes, self.fault = 0.0, 0, 0.0, [], fault

    def receive(self, weight):
        self.arrived += weight * (1e-3 if self.fault == "nA" else 1.0)

    def changed(self, fault, value, otherwise):
        return value if self.fault == fault else otherwise


class Lif(Euler):
    """The library's LIF."""

    start = {"v": -65.0, "i_syn": 0.0, "held": 0}

    def step(self, dt):
        h = dt * 1e3
        capacitance, threshold = self.changed("C_m", 200.0, 250.0), self.changed("V_T", -55, -50)
        dv = (-65.0 - self.v) / 10.0 + (self.I + self.i_syn) / capacitance
        if self.held:
            self.held -= 1
        else:
            self.v += h * dv
            if self.v >= threshold:
                self.spikes.append(self.k * dt)
                self.v = self.changed("reset", -70.0, -65.0)
                self.held = round(self.changed("tau_ref", 5.0, 2.0) / h)
        self.i_syn += -h * self.i_syn / 0.5 + self.arrived
        self.arrived, self.k = 0.0, self.k + 1


class AdEx(Euler):
    """The library's AdEx."""

    start = {"v": -70.0, "w": 0.0}

    def step(self, dt):
        h, u = dt * 1e3, min(self.v, 0.0)
        slope = self.changed("Delta_T", 1.0, 2.0)
        dv = (10 * (-70 - u) + 10 * slope * math.exp((u + 50) / slope) - self.w + self.I) / 200
        self.v += h * dv
        if self.fault == "in order":
            u = min(self.v, 0.0)
        self.w += h * (2 * (u + 70) - self.w) / 30
        if self.v > 0:
            self.spikes.append(self.k * dt)
            self.v = -58.0
            self.w += self.changed("b", 60.0, 0.0)
        self.v += self.arrived
        self.arrived, self.k = 0.0, self.k + 1


class Izhikevich(Euler):
    """The library's Izhikevich."""

    start = {"v": -70.0, "u": -14.0}

    def step(self, dt):
        h, v, u = dt * 1e3, self.v, self.u
        self.v += h * (0.04 * v**2 + 5 * v + 140 - u + self.I)
        self.u += h * self.changed("a", 0.1, 0.02) * (0.2 * v - u)
        if self.v >= 30:
            self.spikes.append((self.k + (self.fault == "stamp")) * dt)
            self.v = -65.0
            self.u += self.changed("u kept", 0.0, 8.0)
        self.v += self.arrived
        self.arrived, self.k = 0.0, self.k + 1


class HodgkinHuxley(Euler):
    """The library's HodgkinHuxley."""

    start = {"v": -64.99637933119212, "m": 0.0529550868130078, "h": 0.5959941247398035,
             "n": 0.3177323997608637, "over": False}  # fmt: skip

    def step(self, dt):
        ms, v, m, h, n = dt * 1e3, self.v, self.m, self.h, self.n
        rates = {
            "m": (0.1 * (v + 40) / (1 - math.exp(-(v + 40) / 10)), 4 * math.exp(-(v + 65) / 18)),
            "h": (0.07 * math.exp(-(v + 65) / 20), 1 / (1 + math.exp(-(v + 35) / 10))),
            "n": (0.01 * (v + 55) / (1 - math.exp(-(v + 55) / 10)),
                  0.125 * math.exp(-(v + 65) / 80)),
        }  # fmt: skip
        current = self.changed("sign", -self.I, self.I)
        potassium = self.changed("g_K", 30.0, 36.0)
        self.v += ms * (0.3 * (-54.387 - v) + 120 * m**3 * h * (50 - v)
                        + potassium * n**4 * (-77 - v) + current)  # fmt: skip
        for name, (alpha, beta) in rates.items():
            x = getattr(self, name)
            setattr(self, name, x + ms * (alpha * (1 - x) - beta * x))
        over = self.v > -20
        if over and not self.over:
            self.spikes.append(self.k * dt)
        self.over, self.k = over, self.k + 1
