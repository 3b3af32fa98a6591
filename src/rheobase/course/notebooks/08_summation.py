# title: EPSPs and IPSPs add up, almost
# question: What do two inputs do together that one alone does not?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import mV, ms, nS

compiled = course.start()

# %% [markdown]
# ## Synapses are conductances
#
# An excitatory spike opens channels whose reversal potential is 0 mV, an inhibitory one channels of
# -80 mV. The membrane rests at -60 mV, and fires at -50 mV:
#
# $$C_m\frac{dv}{dt} = g_L(E_L - v) + g_e(E_e - v) + g_i(E_i - v)$$
#
# A spike of weight $w$ adds $w$ to $g_e$ or $g_i$, which decay in 5 and 10 ms. What flows depends
# on $v$ itself: the **driving force** $E_e - v$ is 60 mV at rest, and less when the cell is
# depolarized.

# %%
print(rb.models.ConductanceLIF)


# %%
def potentials(excitatory, inhibitory, duration=100*ms, weight_e=4*nS, weight_i=20*nS,
               **parameters):
    """Deliver spikes to cells of their own; return the times (ms), v above rest (mV) and spikes.

    `excitatory` and `inhibitory` have a list of times (ms) for every cell.
    """
    n = len(excitatory)
    net = rb.Network(dt=0.1*ms)
    cells = net.add(rb.models.ConductanceLIF(**parameters), n, name="cells")
    for times, weight, port in [(excitatory, weight_e, "excitatory"),
                                (inhibitory, weight_i, "inhibitory")]:
        source = net.add(rb.stimuli.spike_times([list(t)*ms for t in times]), n, name=port)
        net.connect(source, cells, rb.rules.one_to_one(), weight=weight, to=port)
    net.record(cells, "v")
    result = net.run(duration)
    v = result.traces["cells"].v
    return 1000*v.time.values, v.values - v.values[0, 0], result.spikes["cells"]


# %% [markdown]
# ## The lecture's four traces
#
# One EPSP; two, 4 ms apart; one IPSP; and one of each at the same time.

# %%
names = ["one EPSP", "two EPSPs", "one IPSP", "EPSP and IPSP"]
t, v, _ = potentials([[20], [20, 24], [], [20]], [[], [], [20], [20]])
figure, axes = plt.subplots(figsize=(7.5, 3.6))
for trace, name in zip(v.T, names):
    axes.plot(t, trace, label=name)
axes.axhline(0, color="gray", linewidth=0.8)
axes.set(xlabel="time (ms)", ylabel="v above rest (mV)")
axes.legend()
plt.show()

# %% [markdown]
# ### Exercise 1
#
# Write `peak(trace)`: the largest deviation from 0, **with its sign** (an IPSP has a negative
# peak).


# %% exercise
def peak(trace):
    ...


# %% mistake: an IPSP
def peak(trace):
    return trace.max()


# %% mistake: its sign
def peak(trace):
    return np.abs(trace).max()


# %% solution
def peak(trace):
    return trace[np.argmax(np.abs(trace))]


# %% check
with course.exercise("1") as check:
    check.value("the peak of the EPSP", peak(v[:, 0]), v[:, 0].max(), within=1e-9, unit="mV")
    check.unless(peak(v[:, 2]) > 0.1, "keep its sign: an IPSP goes down")
    check.value("the peak of an IPSP", peak(v[:, 2]), v[:, 2].min(), within=1e-9, unit="mV",
                hint="the place of the largest absolute value is np.argmax(np.abs(trace))")

# %% [markdown]
# ## Summation in space and in time
#
# Inputs at **different synapses at the same time** add up in space; inputs at **one synapse in a
# row** add up in time.
#
# ### Exercise 2
#
# In space: how large is the EPSP of *two* synapses of 4 nS that are active together, as a
# multiple of the EPSP of one? First predict whether it is more than 2, exactly 2 or less; then
# measure it with `potentials` (two spikes at the same time are two entries of the list). `ratio`
# is the number.

# %% exercise
prediction = ...  # "more", "exactly 2" or "less"
ratio = ...

# %% mistake: driving force
prediction = "exactly 2"
ratio = 2.0

# %% solution
prediction = "less"  # the first depolarizes the cell: less driving force is left for the second
_, together, _ = potentials([[20], [20, 20]], [[], []])
ratio = together[:, 1].max()/together[:, 0].max()
print(f"{ratio:.3f}")

# %% check
with course.exercise("2") as check:
    check.given("prediction", prediction)
    check.that("the prediction", prediction == "less", "think of the driving force E_e - v")
    _, found, _ = potentials([[20], [20, 20]], [[], []])
    check.value("the ratio", ratio, found[:, 1].max()/found[:, 0].max(), within=1e-3,
                hint="potentials([[20], [20, 20]], [[], []])")

# %% [markdown]
# ### Exercise 3
#
# In time: three EPSPs of 7 nS in a row fire the cell if they come quickly enough. What is the
# largest interval between them, in whole ms, with which it still fires? One call of `potentials`
# tries all intervals at once: give it one cell for each. `spikes.counts` is not needed;
# `len(spikes[i])` is how often cell i fired.

# %% exercise
longest = ...

# %% mistake: still fires
longest = 1

# %% solution
intervals = np.arange(0, 31)
trains = [[20, 20 + d, 20 + 2*d] for d in intervals]
_, _, spikes = potentials(trains, [[]]*len(trains), weight_e=7*nS, duration=120*ms)
longest = max(d for i, d in enumerate(intervals) if len(spikes[i]))
print(longest, "ms")

# %% check
with course.exercise("3") as check:
    gaps = np.arange(0, 31)
    times, traces, fired = potentials([[20, 20 + d, 20 + 2*d] for d in gaps], [[]]*len(gaps),
                                      weight_e=7*nS, duration=120*ms)
    right = max(d for d in gaps if len(fired[int(d)]))
    check.value("the longest interval", longest, right, unit="ms",
                hint="with this one it still fires, with one ms more it does not")
    figure, axes = plt.subplots(figsize=(7.5, 3.2))
    for d in (right, right + 1):
        axes.plot(times, traces[:, d], label=f"{d} ms apart")
    axes.axhline(10, color="gray", linestyle="--", linewidth=1)
    axes.set(xlabel="time (ms)", ylabel="v above rest (mV)", xlim=(0, 80))
    axes.legend()
    plt.show()

# %% [markdown]
# ## Inhibition that cannot be seen
#
# If the reversal potential of inhibition is the resting potential itself, an IPSP does not move
# `v` at all: there is no driving force. Is it without effect?
#
# ### Exercise 4
#
# Set `E_i=-60*mV`. Measure how large the EPSP (at 20 ms) is with and without an inhibitory spike
# 2 ms before it, and give the quotient: with inhibition over without.

# %% exercise
quotient = ...

# %% mistake: E_i
_, traces, _ = potentials([[20], [20]], [[18], []])
quotient = traces[:, 0].max()/traces[:, 1].max()

# %% solution
_, traces, _ = potentials([[20], [20], []], [[18], [], [18]], E_i=-60*mV)
quotient = traces[:, 0].max()/traces[:, 1].max()
print(f"{quotient:.3f}; the inhibition alone moves v by {np.abs(traces[:, 2]).max():.3f} mV")

# %% check
with course.exercise("4") as check:
    times, traces, _ = potentials([[20], [20], []], [[18], [], [18]], E_i=-60*mV)
    check.value("the quotient", quotient, traces[:, 0].max()/traces[:, 1].max(), within=2e-3,
                hint="potentials([[20], [20]], [[18], []], E_i=-60*mV)")
    figure, axes = plt.subplots(figsize=(7.5, 3.2))
    for trace, name in zip(traces.T, ["EPSP with inhibition", "EPSP alone", "inhibition alone"]):
        axes.plot(times, trace, label=name)
    axes.set(xlabel="time (ms)", ylabel="v above rest (mV)")
    axes.legend()
    plt.show()

# %% [markdown]
# It is not. Open channels let the current of the EPSP leak out again: **shunting inhibition**
# divides where other inhibition subtracts.
#
# ## An interneuron
#
# Cortical cells inhibit each other through interneurons. Here the input excites the cell
# directly, and through an interneuron also inhibits it, one synapse later: a short window in
# which the cell may fire.

# %%
net = rb.Network(dt=0.1*ms)
source = net.add(rb.stimuli.spike_times([20]*ms), name="input")
interneuron = net.add(rb.models.ConductanceLIF, name="interneuron")
cells = net.add(rb.models.ConductanceLIF, 2, name="cells")
net.connect(source, interneuron, weight=30*nS, to="excitatory")
net.connect(source, cells, weight=8*nS, to="excitatory")
net.connect(interneuron, cells[1], weight=40*nS, to="inhibitory", delay=1*ms)
net.record(cells, "v")
v = net.run(80*ms).traces["cells"].v
figure, axes = plt.subplots(figsize=(7.5, 3))
axes.plot(1000*v.time, v[:, 0], label="without the interneuron")
axes.plot(1000*v.time, v[:, 1], label="with it")
axes.set(xlabel="time (ms)", ylabel="v (mV)")
axes.legend()
plt.show()

# %%
course.summary()
