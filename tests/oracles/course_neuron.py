"""The course's neuron and ring in plain Python, one cell and one step at a time.

An implementation of its own, from the assignment's text, to compare the library with.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Neuron:
    """dv/dt = (s - v)/tau_m, ds/dt = -s/tau_s; threshold 1, reset 0; forward Euler."""

    tau_m: float = 0.02
    tau_s: float = 0.05
    tau_ref: float = 0.002
    v: float = 0.0
    s: float = 0.0
    left: float = 0.0
    spikes: list[float] = field(default_factory=list)

    def step(self, t: float, dt: float, arriving: float) -> bool:
        """Go one step on from `t`; return whether there was a spike."""
        slope_v, slope_s = (self.s - self.v) / self.tau_m, -self.s / self.tau_s
        fired = False
        if self.left >= dt:
            self.left -= dt
        else:
            rest = dt - self.left
            after = self.v + rest * slope_v
            if after >= 1:
                crossing = (1 - self.v) / slope_v
                self.spikes.append(t + self.left + crossing)
                self.v, self.left, fired = 0.0, max(self.tau_ref - (rest - crossing), 0.0), True
            else:
                self.v, self.left = after, 0.0
        self.s += dt * slope_s + arriving / self.tau_s
        return fired


def ring(kick_steps: set[int], steps: int = 4000, dt: float = 1e-3) -> list[list[float]]:
    """Return the spikes of the course's ring oscillator, kicked in the given steps."""
    cells = [Neuron(tau_m=0.05, tau_s=0.1) for _ in range(8)]
    fired = [False] * 8
    for k in range(steps):
        arriving = [0.0] * 8
        for i in range(8):
            if fired[i]:
                arriving[(i + 1) % 8] += 0.2
                arriving[(i - 1) % 8] -= 0.4
        if k - 1 in kick_steps:
            arriving[0] += 0.2
        fired = [cell.step(k * dt, dt, a) for cell, a in zip(cells, arriving, strict=True)]
    return [cell.spikes for cell in cells]
