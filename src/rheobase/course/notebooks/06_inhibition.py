# title: Inhibition ends it
# question: Two neurons keep each other active. What does it take to stop them?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import Hz, ms, second

compiled = course.start()

# %% [markdown]
# ## The circuit
#
# A and B excite each other with 0.05, and A is kicked at 30 Hz for 0.3 s (*Two neurons that excite
# each other*). A third neuron C inhibits B with -0.2. C is silent until 0.7 s; then an input of
# 50 Hz drives it with weight 0.05 until 1 s.
#
#     kick ──▶ A ⇄ B ◀── (-0.2) ── C ◀── veto
#
# In `s` a negative weight is a negative jump: the current can fall below 0, and pulls `v` down.
#
# ### Exercise 1
#
# Complete the circuit. `veto` must be silent until 0.7 s: give `regular_spikes` two rates.


# %% exercise
def circuit(inhibited):
    """Return the result of 1.5 s of the circuit, with or without C."""
    net = rb.Network(dt=1*ms)
    a = net.add(rb.models.NormalizedLIF, name="A")
    b = net.add(rb.models.NormalizedLIF, name="B")
    kick = net.add(rb.stimuli.regular_spikes([30]*Hz, until=[0.3]*second), name="kick")
    net.connect(kick, a, weight=0.05)
    net.connect(a, b, weight=0.05)
    net.connect(b, a, weight=0.05)
    if inhibited:
        c = net.add(rb.models.NormalizedLIF, name="C")
        ...  # the veto, its connection to C, and that of C to B
    net.record(b, "s")
    return net.run(1.5*second)


# %% mistake: before 0.7 s
def circuit(inhibited):
    net = rb.Network(dt=1*ms)
    a = net.add(rb.models.NormalizedLIF, name="A")
    b = net.add(rb.models.NormalizedLIF, name="B")
    kick = net.add(rb.stimuli.regular_spikes([30]*Hz, until=[0.3]*second), name="kick")
    net.connect(kick, a, weight=0.05)
    net.connect(a, b, weight=0.05)
    net.connect(b, a, weight=0.05)
    if inhibited:
        c = net.add(rb.models.NormalizedLIF, name="C")
        veto = net.add(rb.stimuli.regular_spikes([50]*Hz, until=[1.0]*second), name="veto")
        net.connect(veto, c, weight=0.05)
        net.connect(c, b, weight=-0.2)
    net.record(b, "s")
    return net.run(1.5*second)


# %% mistake: C excites B
def circuit(inhibited):
    net = rb.Network(dt=1*ms)
    a = net.add(rb.models.NormalizedLIF, name="A")
    b = net.add(rb.models.NormalizedLIF, name="B")
    kick = net.add(rb.stimuli.regular_spikes([30]*Hz, until=[0.3]*second), name="kick")
    net.connect(kick, a, weight=0.05)
    net.connect(a, b, weight=0.05)
    net.connect(b, a, weight=0.05)
    if inhibited:
        c = net.add(rb.models.NormalizedLIF, name="C")
        veto = net.add(rb.stimuli.regular_spikes([0, 50]*Hz, until=[0.7, 1.0]*second), name="veto")
        net.connect(veto, c, weight=0.05)
        net.connect(c, b, weight=0.2)
    net.record(b, "s")
    return net.run(1.5*second)


# %% solution
def circuit(inhibited):
    """Return the result of 1.5 s of the circuit, with or without C."""
    net = rb.Network(dt=1*ms)
    a = net.add(rb.models.NormalizedLIF, name="A")
    b = net.add(rb.models.NormalizedLIF, name="B")
    kick = net.add(rb.stimuli.regular_spikes([30]*Hz, until=[0.3]*second), name="kick")
    net.connect(kick, a, weight=0.05)
    net.connect(a, b, weight=0.05)
    net.connect(b, a, weight=0.05)
    if inhibited:
        c = net.add(rb.models.NormalizedLIF, name="C")
        veto = net.add(rb.stimuli.regular_spikes([0, 50]*Hz, until=[0.7, 1.0]*second), name="veto")
        net.connect(veto, c, weight=0.05)
        net.connect(c, b, weight=-0.2)
    net.record(b, "s")
    return net.run(1.5*second)


# %% check
with course.exercise("1") as check:
    stopped = circuit(inhibited=True)
    times_C = stopped.spikes["C"][0]
    check.unless(len(times_C) == 0, "C never spikes: what drives it is still to be written")
    check.unless(len(times_C) and times_C[0] < 0.7,
                 "C spikes before 0.7 s: veto needs two rates, 0 Hz until 0.7 s and 50 Hz until 1 s")
    s_of_B = stopped.traces["B"].s[:, 0]
    check.unless(len(times_C) and s_of_B.max() > 17,  # without C it stays below 16
                 "C excites B: its weight must be negative")
    if len(times_C):
        check.that("A and B are active until C begins", stopped.spikes["A"].between(0.5, 0.7).count > 10)
        check.value("spikes of C", stopped.spikes["C"].count, 22,
                    hint="50 Hz with weight 0.05 from 0.7 s to 1 s")
        check.that("A and B are silent from 1 s on",
                   all(stopped.spikes[name].between(1, 1.5).count == 0 for name in "AB"))

# %% [markdown]
# ## What differs, in one figure
#
# Here the circuit is built in another way: as **two copies** of A and B in one network, of which
# only the second gets C.

# %%
net = rb.Network(dt=1*ms)
a = net.add(rb.models.NormalizedLIF, 2, name="A")
b = net.add(rb.models.NormalizedLIF, 2, name="B")
c = net.add(rb.models.NormalizedLIF, name="C")
kick = net.add(rb.stimuli.regular_spikes([30]*Hz, until=[0.3]*second), name="kick")
veto = net.add(rb.stimuli.regular_spikes([0, 50]*Hz, until=[0.7, 1.0]*second), name="veto")
net.connect(kick, a, weight=0.05)
net.connect(a, b, rb.rules.one_to_one(), weight=0.05)
net.connect(b, a, rb.rules.one_to_one(), weight=0.05)
net.connect(veto, c, weight=0.05)
net.connect(c, b[1], weight=-0.2)
net.record(b, "s")
both = net.run(1.5*second)
rows = {"A": both.spikes["A"][0], "B": both.spikes["B"][0],
        "A, inhibited": both.spikes["A"][1], "B, inhibited": both.spikes["B"][1],
        "C": both.spikes["C"][0]}
figure, (above, below) = plt.subplots(2, 1, figsize=(7.5, 4.6), sharex=True)
rb.plots.raster(rows, ax=above)
s = both.traces["B"].s
below.plot(s.time, s[:, 0], color="C2", label="without C")
below.plot(s.time, s[:, 1], color="C3", label="with C")
below.axhline(1, color="gray", linestyle="--", linewidth=1)
below.set(xlabel="time (s)", ylabel="current s into B", xlim=(0, 1.5))
below.legend()
plt.show()

# %% [markdown]
# ### Exercise 2
#
# How soon does it end? Give the time of B's last spike in the inhibited copy, and that of A's (in
# s; `rows` has the times). Who is silent first, and why: the neuron that is inhibited, or the
# other? Answer `"A"` or `"B"`.

# %% exercise
last_of_B = ...
last_of_A = ...
silent_first = ...

# %% mistake: the inhibited copy
last_of_B = rows["B"][-1]
last_of_A = rows["A"][-1]
silent_first = "B"

# %% solution
last_of_B = rows["B, inhibited"][-1]
last_of_A = rows["A, inhibited"][-1]
silent_first = "B" if last_of_B < last_of_A else "A"
print(f"B at {last_of_B:.3f} s, A at {last_of_A:.3f} s")  # A lives on what is left of its s

# %% check
with course.exercise("2") as check:
    check.value("the last spike of B", last_of_B, rows["B, inhibited"][-1], within=5e-4, unit="s",
                hint="in the inhibited copy, not in the free one")
    check.value("the last spike of A", last_of_A, rows["A, inhibited"][-1], within=5e-4, unit="s",
                hint="in the inhibited copy, not in the free one")
    check.given("silent_first", silent_first)
    right = "B" if rows["B, inhibited"][-1] < rows["A, inhibited"][-1] else "A"
    check.that("who is silent first", silent_first == right)

# %% [markdown]
# ### Exercise 3
#
# How weak may the inhibition be? Fill in `weights`, from -0.3 to 0 in steps of 0.01, one for each
# copy; the check runs all copies at once, each with its own weight from C, and draws what comes of
# it. Then give the weakest weight that still stops them (the one nearest to 0).

# %% exercise
weights = ...
weakest = ...

# %% mistake: one that does not stop them
weights = np.linspace(-0.3, 0, 31)
weakest = 0.0

# %% solution
weights = np.linspace(-0.3, 0, 31)


def silenced(weights):
    """For each weight: whether A is silent from 1.2 s on."""
    n = len(weights)
    net = rb.Network(dt=1*ms)
    a = net.add(rb.models.NormalizedLIF, n, name="A")
    b = net.add(rb.models.NormalizedLIF, n, name="B")
    c = net.add(rb.models.NormalizedLIF, name="C")
    kick = net.add(rb.stimuli.regular_spikes([30]*Hz, until=[0.3]*second), name="kick")
    veto = net.add(rb.stimuli.regular_spikes([0, 50]*Hz, until=[0.7, 1.0]*second), name="veto")
    net.connect(kick, a, weight=0.05)
    net.connect(a, b, rb.rules.one_to_one(), weight=0.05)
    net.connect(b, a, rb.rules.one_to_one(), weight=0.05)
    net.connect(veto, c, weight=0.05)
    net.connect(c, b, weight=np.array(weights)[None, :])
    return net.run(1.5*second).spikes["A"].counts([1.2, 1.5])[:, 0] == 0


weakest = weights[silenced(weights)].max()
print(f"{weakest:.3f}")

# %% check
with course.exercise("3") as check:
    check.value("weights", weights, np.linspace(-0.3, 0, 31), within=1e-9,
                hint="np.linspace(-0.3, 0, 31)")
    n = 31
    net = rb.Network(dt=1*ms)
    a = net.add(rb.models.NormalizedLIF, n, name="A")
    b = net.add(rb.models.NormalizedLIF, n, name="B")
    c = net.add(rb.models.NormalizedLIF, name="C")
    kick = net.add(rb.stimuli.regular_spikes([30]*Hz, until=[0.3]*second), name="kick")
    veto = net.add(rb.stimuli.regular_spikes([0, 50]*Hz, until=[0.7, 1.0]*second), name="veto")
    net.connect(kick, a, weight=0.05)
    net.connect(a, b, rb.rules.one_to_one(), weight=0.05)
    net.connect(b, a, rb.rules.one_to_one(), weight=0.05)
    net.connect(veto, c, weight=0.05)
    net.connect(c, b, weight=np.array(weights)[None, :])
    late = net.run(1.5*second).spikes["A"].counts([1.2, 1.5])[:, 0]/0.3
    figure, axes = plt.subplots(figsize=(6, 3))
    axes.plot(weights, late, "o")
    axes.set(xlabel="weight from C to B", ylabel="rate of A from 1.2 s on (Hz)")
    plt.show()
    right = np.linspace(-0.3, 0, 31)[late == 0].max()
    check.given("weakest", weakest)
    check.unless(weakest > right + 1e-9, "your weight is one that does not stop them: see the figure")
    check.value("the weakest", weakest, right, within=1e-9, hint="the rightmost dot at 0 Hz")

# %%
course.summary()
