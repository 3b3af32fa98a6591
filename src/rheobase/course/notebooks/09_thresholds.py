# title: How much current does a spike take?
# question: The lecture says 2.355, a textbook 2.24, another 6.3. Which is the threshold of Hodgkin and Huxley's neuron?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import cm, mV, ms, second, uA

compiled = course.start()
dt = 0.01*ms if compiled else 0.05*ms

# %% [markdown]
# ## The simulator
#
# One patch of squid axon, with two sliders: a constant current (IDC) and a random current (IRand),
# both in µA/cm²:
#
# $$C_m\frac{dv}{dt} = g_L(E_L - v) + g_{Na}m^3h(E_{Na} - v) + g_Kn^4(E_K - v) + I$$
#
# (A slide of the lecture writes $-I$ in its first line and $+I$ in its second. Here a positive
# current depolarizes: the second is meant.)


# %%
unit = uA/cm**2
duration = 150*ms if compiled else 50*ms
# The random current is drawn once, for all positions of the sliders.
random = rb.stimuli.noise(std=1*unit, tau=2*ms).frozen(duration, dt=dt, seed=3)


def both(IDC, IRand):
    return rb.stimuli.step(IDC, start=10*ms) + random*(IRand/unit)


rb.interact(rb.models.HodgkinHuxley, IDC=np.arange(13)*unit, IRand=[0, 0.5, 1, 2, 4]*unit,
            stimulus=both, duration=duration, dt=dt, start=10*ms, title="The lecture's simulator")

# %% [markdown]
# Move IDC with IRand = 0: nothing, then one spike, then at once a train. Then set IDC to 2 and
# add some IRand. (The runs were computed beforehand; the arrow keys move a slider by one.)
#
# Four settings side by side:

# %%
noise = rb.stimuli.noise(std=1.5*unit, tau=2*ms)
settings = {"IDC 2.2": rb.stimuli.step(2.2*unit, start=20*ms),
            "IDC 2.4": rb.stimuli.step(2.4*unit, start=20*ms),
            "IDC 10": rb.stimuli.step(10*unit, start=20*ms),
            "IDC 2.2, IRand 1.5": rb.stimuli.step(2.2*unit, start=20*ms) + noise}
net = rb.Network(dt=dt, seed=1)
axons = net.add(rb.models.HodgkinHuxley, 4, name="axons")
for i, current in enumerate(settings.values()):
    net.inject(axons[i], current)
net.record(axons, "v", every=0.1*ms)
v = net.run(200*ms if compiled else 60*ms).traces["axons"].v
figure, rows = plt.subplots(4, 1, figsize=(7.5, 5.6), sharex=True, sharey=True)
for i, (axes, name) in enumerate(zip(rows, settings)):
    axes.plot(1000*v.time, v[:, i])
    axes.set_title(f"{name} µA/cm²", fontsize=10)
    axes.set_ylabel("v (mV)")
rows[-1].set_xlabel("time (ms)")
plt.show()

# %% [markdown]
# ## The threshold for one spike
#
# ### Exercise 1
#
# Write `smallest(enough, low, high, tolerance)`: bisection. `enough(x)` says whether x is enough;
# low is too small, high is enough. Halve the interval until it is no longer than the tolerance,
# and return its upper end (which **is** enough). Then `enough` need not be called more than about
# $\log_2((high - low)/tolerance)$ times.


# %% exercise
def smallest(enough, low, high, tolerance):
    ...


# %% mistake: is enough itself
def smallest(enough, low, high, tolerance):
    while high - low > tolerance:
        middle = (low + high)/2
        if enough(middle):
            high = middle
        else:
            low = middle
    return low


# %% mistake: too often
def smallest(enough, low, high, tolerance):
    x = low
    while not enough(x):
        x += tolerance/2
    return x


# %% solution
def smallest(enough, low, high, tolerance):
    while high - low > tolerance:
        middle = (low + high)/2
        if enough(middle):
            high = middle
        else:
            low = middle
    return high


# %% check
with course.exercise("1") as check:
    calls = []
    root = smallest(lambda x: calls.append(x) or x*x >= 2, 0.0, 2.0, 1e-3)
    check.given("what smallest returns", root)
    check.that("what you return is enough itself", root*root >= 2, "return the upper end")
    check.value("the smallest x with x² ≥ 2", root, np.sqrt(2), within=1.001e-3)
    check.that("enough is called at most 13 times", len(calls) <= 13,
               f"it was called {len(calls)} times: too often")

# %% [markdown]
# Each call would be a run of a network. But one network can hold many cells, each with a current
# of its own, and costs little more than one with a single cell. So we try 33 currents a pass, and
# go on between the last that is too small and the first that is enough:


# %%
def patches(current, n, duration, dt=dt, start=None, method="auto"):
    """Run n patches of axon from rest, or from a start (a dict of states)."""
    net = rb.Network(dt=dt, seed=1)
    model = rb.models.HodgkinHuxley
    axon = net.add(model if method == "auto" else model(method=method), n, name="axon")
    for name, value in (start or {}).items():
        setattr(axon, name, value)
    net.inject(axon, current)
    return net.run(duration)


def threshold(passes=2, low=2.0, high=3.0, **options):
    """The smallest current (µA/cm²) that evokes a spike within 30 ms."""
    for _ in range(passes):
        currents = np.linspace(low, high, 33)
        result = patches(rb.stimuli.step(currents*unit), 33, duration=30*ms, **options)
        fired = result.spikes["axon"].counts([0, 0.03])[:, 0] > 0
        first = int(np.argmax(fired))
        low, high = currents[first - 1], currents[first]
    return high


one_spike = threshold()
print(f"one spike from rest: {one_spike:.4f} µA/cm²")

# %% [markdown]
# `rb.analysis.rheobase(rb.models.HodgkinHuxley)` does the same for any model: 2.2404 µA/cm².
#
# ## The threshold for a train
#
# A current that evokes one spike need not evoke a second. Here are the spikes of 41 patches, with
# currents from 2 to 8 µA/cm²:

# %%
currents = np.linspace(2, 8, 41)
seconds, coarse = (1.0, 0.02*ms) if compiled else (0.2, 0.1*ms)
result = patches(rb.stimuli.step(currents*unit), 41, duration=seconds*second, dt=coarse)
counts = result.spikes["axon"].counts([0, seconds])[:, 0]
last_fifth = result.spikes["axon"].counts([0.8*seconds, seconds])[:, 0]

# %% [markdown]
# ### Exercise 2
#
# `counts` has the number of spikes of every patch, `last_fifth` those in the last fifth of the run.
# Which is the smallest of the 41 `currents` that evokes a spike at all, and which the smallest that
# keeps the neuron firing to the end?

# %% exercise
for_one = ...
for_train = ...

# %% mistake: to the end
for_one = currents[counts > 0].min()
for_train = currents[counts > 1].min()

# %% solution
for_one = currents[counts > 0].min()
for_train = currents[last_fifth > 0].min()
print(f"{for_one:.2f} and {for_train:.2f} µA/cm²")

# %% check
figure, axes = plt.subplots(figsize=(6.5, 3.2))
axes.plot(currents, counts, "o-", markersize=4)
axes.set(xlabel="constant current (µA/cm²)", ylabel=f"spikes in {seconds:g} s")
plt.show()
with course.exercise("2") as check:
    check.value("for one spike", for_one, currents[counts > 0].min(), within=1e-6, unit="µA/cm²",
                hint="counts > 0 marks those that spiked: take the smallest of their currents")
    check.value("for a train", for_train, currents[last_fifth > 0].min(), within=1e-6, unit="µA/cm²",
                hint="it must fire to the end: in the last fifth")

# %% [markdown]
# Between 2.24 and 6.26 µA/cm² the neuron answers the **onset** of the current, once or a few times,
# and comes to rest again under it. And where the train begins, it begins with some 50 spikes per
# second, not with one: the squid axon cannot fire slowly.
#
# ## The lecture's 2.355
#
# In the lecture's simulator no action potential appears at IDC 2.355, and one appears at 2.356. It
# steps with Euler's method, dt = 0.025 ms, and does **not** start at rest. Many programs start at
# rounded numbers:

# %%
rounded = dict(v=-65*mV, m=0.05, h=0.6, n=0.32)
rest = rb.Network(dt=dt).add(rb.models.HodgkinHuxley, name="axon")
m, h, n = (float(gate[0]) for gate in (rest.m, rest.h, rest.n))
print(f"rest:    m = {m:.5f}, h = {h:.5f}, n = {n:.5f}")
print("rounded: m = 0.05,    h = 0.6,     n = 0.32")

# %% [markdown]
# ### Exercise 3
#
# Which of the two matters: the coarse method, or the start? Use `threshold(...)` for both: with
# `method="euler", dt=0.025*ms` from rest, and with the same and `start=rounded`. Write down the two
# thresholds, and which mattered more: `"method"` or `"start"`.

# %% exercise
euler_from_rest = ...
euler_rounded = ...
what_matters = ...

# %% mistake: rounded
euler_from_rest, euler_rounded = 2.231, 2.231
what_matters = "method"

# %% solution
euler_from_rest = threshold(method="euler", dt=0.025*ms)
euler_rounded = threshold(method="euler", dt=0.025*ms, start=rounded)
what_matters = "start"
print(f"{euler_from_rest:.3f} from rest, {euler_rounded:.3f} from rounded numbers")

# %% check
with course.exercise("3") as check:
    check.value("Euler from rest", euler_from_rest, 2.2315, within=0.003, unit="µA/cm²",
                hint='threshold(method="euler", dt=0.025*ms)')
    check.value("Euler from rounded numbers", euler_rounded, 2.3256, within=0.003, unit="µA/cm²",
                hint='add start=rounded')
    check.given("what_matters", what_matters)
    check.that("what matters", what_matters == "start",
               "compare both with 2.2404, the threshold of a fine method from rest")

# %% [markdown]
# The potassium gate `n` starts 0.002 too far open, and each thousandth costs some 0.05 µA/cm². With
# n = 0.32058 the threshold is the lecture's 2.3555:

# %%
if compiled:
    starts = np.linspace(0.317, 0.3225, 6)
    found = [threshold(2, 2, 2.6, method="euler", dt=0.025*ms, start={**rounded, "n": n})
             for n in starts]
    figure, axes = plt.subplots(figsize=(6, 3.2))
    axes.plot(starts, found, "o-", markersize=4)
    axes.axhline(2.3555, color="C1", linestyle="--", linewidth=1)
    axes.annotate("the lecture's page", (starts[-1], 2.35), color="C1", ha="right", va="top")
    axes.axvline(0.31768, color="gray", linestyle=":")
    axes.annotate(" at rest", (0.31768, found[-1]), color="#555555", va="top")
    axes.set(xlabel="n at the start", ylabel="threshold (µA/cm²)")
    plt.show()

# %% [markdown]
# Three numbers, and all are right: **2.24** for one spike from rest, **2.36** from the lecture's
# start, **6.26** for a train. Say which you mean, and from where.

# %%
course.summary()
