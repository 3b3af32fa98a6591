# title: One neuron, step by step
# question: What exactly happens to a leaky integrate-and-fire neuron in one millisecond?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import ms, second

compiled = course.start()

# %% [markdown]
# ## The equations
#
# The neuron of this course has two variables without units: the membrane potential `v` and the
# postsynaptic current `s`. Both leak away, and `v` follows `s`:
#
# $$\frac{dv}{dt} = \frac{s - v}{\tau_m} \qquad\qquad \frac{ds}{dt} = -\frac{s}{\tau_s}$$
#
# When `v` reaches 1 the neuron spikes. For $\tau_{ref}$ = 2 ms `v` is then held at 0, while `s`
# goes on. A spike that arrives with weight $w$ adds $w/\tau_s$ to `s` ($\tau_s$ in seconds). The
# model is its text:

# %%
print(rb.models.NormalizedLIF)

# %% [markdown]
# ## A spike arrives
#
# The equations are advanced by the **forward Euler method**: both slopes are taken at the start
# of a step of 1 ms, and followed for that step. A spike of weight 0.03 arrives just before the
# first step, so that `s` jumps by 0.03/0.05 = 0.6. `net.step()` makes one step; we write down the
# state before each.


# %%
def watch(net, cell, steps):
    """Step a network and print the state of one cell: first, and after every step."""
    print("t (s)     s       v        refractory time left (s)")
    rows = []
    for _ in range(steps + 1):
        left = cell.refractory_left.to("second").magnitude[0]
        rows.append((net.time.to("second").magnitude, float(cell.s[0]), float(cell.v[0]), left))
        print("{:.3f}   {:.3f}   {:.4f}   {:.5f}".format(*rows[-1]))
        net.step()
    return np.array(rows)


net = rb.Network(dt=1*ms)
cell = net.add(rb.models.NormalizedLIF, name="cell")
source = net.add(rb.stimuli.spike_times([0*ms]), name="source")
net.connect(source, cell, weight=0.03, delay=0*ms)
first = watch(net, cell, steps=2)

# %% [markdown]
# Follow the numbers with a pencil. In the step from 0.001 s the slopes are $(0.6 - 0)/0.02 = 30$
# and $-0.6/0.05 = -12$ per second; a thousandth of a second of each gives `v` = 0.030 and `s` =
# 0.588.
#
# ### Exercise 1
#
# The table ends at 0.002 s. What are `s` and `v` one step later? Compute both from the last row,
# by hand or in Python.

# %% exercise
s_next = ...
v_next = ...

# %% mistake: v uses the new s
s_next = 0.588 - 0.001*0.588/0.05
v_next = 0.03 + 0.001*(s_next - 0.03)/0.02

# %% solution
s_next = 0.588 - 0.001*0.588/0.05
v_next = 0.03 + 0.001*(0.588 - 0.03)/0.02
print(f"s = {s_next:.5f}, v = {v_next:.5f}")

# %% check
with course.exercise("1") as check:
    check.given("s_next", s_next)
    check.value("s", s_next, 0.57624, within=2e-5, hint="its slope is -s/tau_s at the start of the step")
    check.unless(abs(v_next - (0.03 + 0.05*(0.57624 - 0.03))) < 1e-6,
                 "v uses the new s. Both slopes are taken from the state at the start of the step")
    check.value("v", v_next, 0.0579, within=2e-5, hint="its slope is (s - v)/tau_m, with tau_m 0.02 s")

# %% [markdown]
# ## The end of a refractory period
#
# This neuron has been refractory for 0.5 ms and has 1.5 ms to go. `s` decays from the start. `v` is
# held during the first step, and in the second it moves during the half millisecond that is left:

# %%
net = rb.Network(dt=1*ms)
cell = net.add(rb.models.NormalizedLIF, name="cell")
cell.s, cell.refractory_left = 0.5, 1.5*ms
second_run = watch(net, cell, steps=2)

# %% [markdown]
# ## A spike between two steps
#
# At 0.3 s this neuron has `v` = 0.98 and `s` = 1.3. Its straight line reaches 1 inside the second
# step, and there is the spike: not at the end of the step. The refractory period runs from there.

# %%
net = rb.Network(dt=1*ms, start=300*ms)
cell = net.add(rb.models.NormalizedLIF, name="cell")
cell.v, cell.s = 0.98, 1.3
third = watch(net, cell, steps=4)
spike = cell.last_spike.to("second").magnitude[0]
print(f"spike at {spike:.5f} s")

# %%
t, v = 1000*third[:, 0], third[:, 2]
slope = (third[1, 1] - v[1])/20  # per ms
figure, (near, whole) = plt.subplots(1, 2, width_ratios=[1, 1.6])
for axes in (near, whole):
    axes.axhline(1, color="gray", linestyle="--", linewidth=1)
    axes.plot([*t[:2], 1000*spike, 1000*spike, 1000*spike + 2, t[4]],
              [*v[:2], 1, 0, 0, v[4]], color="C0")
    axes.plot([1000*spike, t[2]], [1, v[1] + slope], color="C0", linestyle=":")
    axes.plot(t, v, "o", color="C0")
    axes.plot(1000*spike, 1, "v", color="C1", markersize=9)
    axes.set_xlabel("time (ms)")
near.set(ylabel="v", xlim=(299.9, 302.1), ylim=(0.975, 1.015), xticks=[300, 301, 302],
         title="The crossing")
whole.axvspan(1000*spike, 1000*spike + 2, color="gray", alpha=0.2, linewidth=0)
whole.text(1000*spike + 1, 0.5, "refractory,\n2 ms", ha="center")
whole.set(title="What follows", xticks=range(300, 305))
plt.show()

# %% [markdown]
# Dots are the states at the start of each step: that is what Rheobase records, everywhere. (The
# notebook of the assignment records `v` after each step, and shows 1 at a spike.) The dotted line
# is where Euler's step would have gone without a threshold.
#
# ### Exercise 2
#
# Write `crossing(v, s, h)`: the time from the start of the step, in seconds, at which the straight
# line of `v` reaches 1. If it does not within `h` seconds, return `np.inf`.


# %% exercise
def crossing(v, s, h, tau_m=0.02):
    ...


# %% mistake: is -0.
def crossing(v, s, h, tau_m=0.02):
    d = (1 - v)/((s - v)/tau_m)
    return d if d <= h else np.inf


# %% mistake: expected inf
def crossing(v, s, h, tau_m=0.02):
    return (1 - v)/((s - v)/tau_m) if s > v else np.inf


# %% solution
def crossing(v, s, h, tau_m=0.02):
    slope = (s - v)/tau_m
    if v + h*slope < 1:
        return np.inf
    return (1 - v)/slope


# %% check
with course.exercise("2") as check:
    for v, s, h, right in [(0.996, 1.274, 0.001, 0.000287770), (0.98, 1.3, 0.001, np.inf),
                           (0.9, 0.5, 0.001, np.inf), (0.9, 5, 0.001, 0.000487805)]:
        found = crossing(v, s, h)
        check.given("what crossing returns", found)
        if np.isinf(right):
            falls = ": v falls" if s < v else f": it takes longer than {h:g} s"
            check.that(f"no spike from v = {v}, s = {s}", np.isinf(found) and found > 0,
                       f"crossing({v}, {s}, {h}) is {found:.3g}, expected inf{falls}")
        else:
            check.value(f"the time from v = {v}, s = {s}", found, right, within=1e-8, unit="s",
                        hint="v + d*(s - v)/tau_m = 1, solved for d", tell=True)

# %% [markdown]
# ## Your own neuron
#
# Now you have all pieces.
#
# ### Exercise 3
#
# Complete the class. `receive(weight)` is called for every spike that arrives; it counts at the
# **end** of the next step. `step(dt)` advances the neuron by `dt` seconds and appends the time of a
# spike to `spikes`. The order within a step:
#
# 1. both slopes, from the state at the start;
# 2. `s` by Euler, always; then what has arrived;
# 3. `v` only over the part of the step that is not refractory;
# 4. if that reaches 1: the time of the spike, `v` back to 0, a new refractory time, of which the
#    rest of this step has already passed.
#
# The check runs your neuron beside Rheobase's, step by step, on random input. It names the first
# difference, and the likely cause if it knows one.


# %% exercise
class Neuron:
    tau_m, tau_s, tau_ref = 0.02, 0.05, 0.002

    def __init__(self):
        self.t = self.v = self.s = 0.0
        self.refractory = 0.0  # the refractory time that is left, in seconds
        self.arriving = 0.0  # the sum of weights that have arrived
        self.spikes = []

    def receive(self, weight):
        self.arriving += weight

    def step(self, dt):
        slope_v = (self.s - self.v)/self.tau_m
        slope_s = -self.s/self.tau_s
        self.s += dt*slope_s + self.arriving/self.tau_s
        self.arriving = 0.0
        ...  # the rest of the step
        self.t += dt


# %% mistake: refractory
class Neuron:
    tau_m, tau_s, tau_ref = 0.02, 0.05, 0.002

    def __init__(self):
        self.t = self.v = self.s = self.refractory = self.arriving = 0.0
        self.spikes = []

    def receive(self, weight):
        self.arriving += weight

    def step(self, dt):
        slope_v = (self.s - self.v)/self.tau_m
        self.s += -dt*self.s/self.tau_s + self.arriving/self.tau_s
        self.arriving = 0.0
        free = dt - self.refractory
        if free <= 0:
            self.refractory -= dt
            self.v += dt*slope_v
        elif self.v + free*slope_v < 1:
            self.v += free*slope_v
            self.refractory = 0.0
        else:
            d = (1 - self.v)/slope_v
            self.spikes.append(self.t + self.refractory + d)
            self.v = 0.0
            self.refractory = self.tau_ref - (free - d)
        self.t += dt


# %% solution
class Neuron:
    tau_m, tau_s, tau_ref = 0.02, 0.05, 0.002

    def __init__(self):
        self.t = self.v = self.s = 0.0
        self.refractory = 0.0  # the refractory time that is left, in seconds
        self.arriving = 0.0  # the sum of weights that have arrived
        self.spikes = []

    def receive(self, weight):
        self.arriving += weight

    def step(self, dt):
        slope_v = (self.s - self.v)/self.tau_m
        slope_s = -self.s/self.tau_s
        self.s += dt*slope_s + self.arriving/self.tau_s
        self.arriving = 0.0
        free = dt - self.refractory  # the part of the step in which v moves
        if free <= 0:
            self.refractory -= dt
        elif self.v + free*slope_v < 1:
            self.v += free*slope_v
            self.refractory = 0.0
        else:
            d = (1 - self.v)/slope_v
            self.spikes.append(self.t + self.refractory + d)
            self.v = 0.0
            self.refractory = self.tau_ref - (free - d)
        self.t += dt


# %% check
with course.exercise("3") as check:
    check.report(rb.check.neuron(Neuron, like=rb.models.NormalizedLIF, dt=1*ms))

# %% [markdown]
# ## How good is a step of 1 ms?
#
# Below threshold the equations can be solved. After one spike at rest, with $s_0 = w/\tau_s$,
#
# $$v(t) = s_0\,\frac{\tau_s}{\tau_s - \tau_m}\left(e^{-t/\tau_s} - e^{-t/\tau_m}\right)$$
#
# ### Exercise 4
#
# Write `exact(t)` for $w = 0.03$ (times in seconds, also for arrays of times). The figure then
# shows how far Euler's `v` is from it at 50 ms, for steps of different lengths. What happens to
# the error when the step is halved? Give the factor, as a whole number.


# %% exercise
def exact(t, s0=0.6, tau_m=0.02, tau_s=0.05):
    ...


factor = ...


# %% mistake: at 50 ms
def exact(t, s0=0.6, tau_m=0.02, tau_s=0.05):
    return s0*(np.exp(-t/tau_s) - np.exp(-t/tau_m))


factor = 2


# %% solution
def exact(t, s0=0.6, tau_m=0.02, tau_s=0.05):
    return s0*tau_s/(tau_s - tau_m)*(np.exp(-t/tau_s) - np.exp(-t/tau_m))


factor = 2  # a method of first order: half the step, half the error

# %% check
steps_ms = np.array([0.25, 0.5, 1, 2])
ends = []
for dt in steps_ms:
    net = rb.Network(dt=dt*ms)
    cell = net.add(rb.models.NormalizedLIF, name="cell")
    cell.s = 0.6
    net.run(50*ms)
    ends.append(cell.v[0])

with course.exercise("4") as check:
    check.given("exact(t)", exact(0.0))
    check.value("exact at 50 ms", exact(0.05), 0.285794, within=1e-6,
                hint="put t = 0 and t very small into your formula: v(dt) is close to 30 dt")
    check.value("exact of an array", exact(np.array([0, 0.02])), [0, 0.302441], within=1e-6,
                hint="use np.exp")
    check.given("factor", factor)
    check.value("the factor", factor, 2, hint="read two points of the figure that lie a factor 2 apart")
    figure, axes = plt.subplots(figsize=(5.2, 3.2))
    axes.loglog(steps_ms, np.abs(np.array(ends) - exact(0.05)), "o-")
    axes.set(xlabel="step (ms)", ylabel="error of v at 50 ms", xticks=steps_ms,
             xticklabels=[f"{dt:g}" for dt in steps_ms])
    axes.set_yticks([2e-4, 5e-4, 1e-3, 2e-3], ["0.0002", "0.0005", "0.001", "0.002"])
    axes.minorticks_off()
    plt.show()

# %% [markdown]
# ## What you can do now
#
# You know every number of a step: two slopes, an arrival, a crossing inside the step, and the rest
# of a refractory period. `net.explain_step(cell)` prints them for any cell of any network, without
# making the step:

# %%
net = rb.Network(dt=1*ms)
cell = net.add(rb.models.NormalizedLIF, name="cell")
cell.v, cell.s = 0.996, 1.274
print(net.explain_step(cell))

# %%
course.summary()
