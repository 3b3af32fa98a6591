# title: Excitation, inhibition and a rhythm
# question: How do two populations, one exciting and one inhibiting, make an oscillation?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import ms

compiled = course.start()

# %% [markdown]
# ## Wilson and Cowan's equations
#
# `E` is the share of excitatory cells that fire, `I` that of inhibitory ones. Each population
# excites or inhibits both, and $P$ is the input from outside:
#
# $$\tau_E\frac{dE}{dt} = -E + (k_E - r_E E)\,S_E(c_1E - c_2I + P)$$
# $$\tau_I\frac{dI}{dt} = -I + (k_I - r_I I)\,S_I(c_3E - c_4I + Q)$$
#
# $S$ is a sigmoid, shifted to be 0 without input. All couplings $c$ are positive: inhibition has
# its sign in the equation.

# %%
print(rb.models.WilsonCowan)


# %%
def activity(P, duration=200*ms, **parameters):
    """Return times, E and I of units with these inputs P, in units of tau = 1 ms."""
    dt = 0.05*ms if compiled else 0.1*ms
    net = rb.Network(dt=dt)
    units = net.add(rb.models.WilsonCowan(tau_E=1*ms, tau_I=1*ms), np.size(P), name="units")
    for name, value in {"P": P, **parameters}.items():
        setattr(units, name, np.ravel(value).astype(float))
    net.record(units, "E", "I", every=dt)
    traces = net.run(duration).traces["units"]
    return 1000*traces.time.values, traces.E.values, traces.I.values


time, E, I = activity([1.0, 1.25], duration=60*ms)
figure, (left, right) = plt.subplots(1, 2, width_ratios=[1.8, 1])
left.plot(time, E[:, 1], label="E, P = 1.25")
left.plot(time, I[:, 1], label="I, P = 1.25")
left.plot(time, E[:, 0], "--", color="C0", linewidth=1, label="E, P = 1")
left.set(xlabel="time (in units of τ)", ylabel="activity", xlim=(0, 60))
left.legend(loc="upper left", bbox_to_anchor=(0, 1.25), ncols=3, fontsize=8.5, columnspacing=1)
right.plot(E[:, 1], I[:, 1])
right.set(xlabel="E", ylabel="I")
plt.show()

# %% [markdown]
# Excitation rises and calls up inhibition; inhibition silences both; then inhibition fades and
# excitation rises again. On the right the same as an orbit: whatever the start, it ends in the
# **limit cycle**.
#
# ### Exercise 1
#
# Write `period(time, x, level)`: the mean time between upward crossings of `level`, in the second
# half of the trace. Take the **interpolated** times of the crossings, not the samples: with
# samples every 0.05 the period would come in steps.


# %% exercise
def period(time, x, level):
    ...


# %% mistake: half a period
def period(time, x, level):
    late = time > time[-1]/2
    t, y = time[late], x[late]
    k = np.flatnonzero((y[:-1] < level) != (y[1:] < level))
    return np.diff(t[k]).mean()


# %% mistake: interpolate
def period(time, x, level):
    late = time > time[-1]/2
    t, y = time[late], x[late]
    k = np.flatnonzero((y[:-1] < level) & (y[1:] >= level))
    return np.diff(t[k])[:1].mean()


# %% solution
def period(time, x, level):
    late = time > time[-1]/2
    t, y = time[late], x[late]
    k = np.flatnonzero((y[:-1] < level) & (y[1:] >= level))
    crossings = t[k] + (level - y[k])/(y[k + 1] - y[k])*(t[k + 1] - t[k])
    return np.diff(crossings).mean()


# %% check
with course.exercise("1") as check:
    t = np.arange(0, 100, 0.05)
    found = period(t, np.sin(2*np.pi*t/7.123), 0.3)
    check.given("what period returns", found)
    check.unless(abs(found - 3.56) < 0.8, "that is about half a period: count upward crossings only")
    check.value("the period of a sine of 7.123", found, 7.123, within=1e-3, tell=True,
                hint="interpolate the crossing between two samples")

# %% [markdown]
# ### Exercise 2
#
# Use it. For P = 1.25: the period of E in units of τ (crossings of 0.18), and the smallest and
# largest value of E in the second half of 200 τ.

# %% exercise
T = ...
smallest, largest = ..., ...

# %% mistake: the second half
T, smallest, largest = 4.9959, 0.0, 0.2767

# %% solution
time, E, I = activity(1.25)
late = E[time > 100, 0]
T = period(time, E[:, 0], 0.18)
smallest, largest = late.min(), late.max()
print(f"period {T:.4f}, E from {smallest:.5f} to {largest:.5f}")

# %% check
with course.exercise("2") as check:
    check.value("the period", T, 4.9959, within=0.02, hint="period(time, E[:, 0], 0.18)")
    check.value("the smallest E", smallest, 0.10256, within=0.002,
                hint="in the second half: the beginning does not belong to the cycle")
    check.value("the largest E", largest, 0.26965, within=0.002)

# %% [markdown]
# ## When does it begin?
#
# ### Exercise 3
#
# `amplitude` below is the range of E (largest minus smallest) over the last tenth of a run, for
# inputs P from 0.8 to 2. Between which two inputs does the rhythm run? Give the smallest and the
# largest P with an amplitude above 0.02.

# %%
inputs = np.linspace(0.8, 2.0, 25)
time, E, _ = activity(inputs, duration=250*ms if compiled else 120*ms)
amplitude = np.ptp(E[time > 0.9*time[-1]], axis=0)
figure, axes = plt.subplots(figsize=(6, 3.2))
axes.plot(inputs, amplitude, "o-", markersize=4)
axes.set(xlabel="input P", ylabel="range of E")
plt.show()

# %% exercise
begins, ends = ..., ...

# %% mistake: the inputs whose amplitude
begins, ends = 0.8, 2.0

# %% solution
running = inputs[amplitude > 0.02]
begins, ends = running.min(), running.max()
print(f"{begins:.2f} to {ends:.2f}")

# %% check
with course.exercise("3") as check:
    hint = "take the inputs whose amplitude is above 0.02"
    check.value("where it begins", begins, inputs[amplitude > 0.02].min(), within=1e-6, hint=hint)
    check.value("where it ends", ends, inputs[amplitude > 0.02].max(), within=1e-6, hint=hint)

# %% [markdown]
# ## Fixed points
#
# Between the orbits there is a point at which nothing would move, if the state were exactly
# there. It is stable where the rhythm has died out, and unstable where it runs.

# %%
for P in (0.8, 1.25, 2.0):
    for point in rb.analysis.fixed_points(rb.models.WilsonCowan(tau_E=1*ms, tau_I=1*ms, P=P)):
        print(f"P = {P}: E = {float(point['E']):.4f}, I = {float(point['I']):.4f},",
              "stable" if point.stable else "unstable", point.kind)

# %% [markdown]
# ### Exercise 4
#
# A rhythm needs both populations. Of four units with P = 1.25 one has $c_1$ = 0, the next $c_2$ =
# 0, and so on. For which does the rhythm stop? Predict first, then look at `E` below. Give a set
# of names.

# %%
names = ["c_1", "c_2", "c_3", "c_4"]
usual = [16, 12, 15, 3]
taken_away = {name: np.where(np.arange(4) == k, 0, usual[k]) for k, name in enumerate(names)}
time, E, _ = activity([1.25]*4, duration=60*ms, **taken_away)  # E[:, 0] is that without c_1

# %% exercise
needed = ...  # such as {"c_1", "c_4"}

# %% mistake: c_4 is not needed
needed = {"c_1", "c_2", "c_3", "c_4"}

# %% mistake: c_1 is needed
needed = {"c_2", "c_3"}

# %% solution
stopped = np.ptp(E[time > 45], axis=0) < 0.02
needed = {name for name, stops in zip(names, stopped) if stops}
print(sorted(needed))

# %% check
with course.exercise("4") as check:
    check.given("needed", needed)
    stopped = np.ptp(E[time > 45], axis=0) < 0.02
    what = ["without the excitation of E by itself nothing grows",
            "without the inhibition of E nothing brings it down",
            "without the excitation of I there is no inhibition",
            "it is the inhibition of I by itself"]
    for name, stops, why in zip(names, stopped, what):
        check.unless(stops and name not in needed, f"{name} is needed: {why}")
        check.unless(not stops and name in needed, f"{name} is not needed: {why}, and the rhythm goes on")
    figure, axes = plt.subplots()
    for k, name in enumerate(names):
        axes.plot(time, E[:, k], label=f"without ${name}$")
    axes.set(xlabel="time (in units of τ)", ylabel="E", xlim=(0, 60), ylim=(-0.02, 0.62))
    axes.legend(loc="upper center", ncols=4)
    plt.show()

# %%
course.summary()
