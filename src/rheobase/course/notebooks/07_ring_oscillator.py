# title: A ring that oscillates
# question: Can eight neurons without a clock keep a rhythm, and how exact are our spike times?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import Hz, ms, second

compiled = course.start()

# %% [markdown]
# ## The ring
#
# Eight neurons in a ring. Each excites the next one (0.2) and inhibits the one before (-0.4).
# $\tau_m$ = 50 ms, $\tau_s$ = 100 ms. Neuron 0 is kicked with weight 0.2 at 25 Hz for 0.3 s.
#
# ### Exercise 1
#
# Write the matrix of weights. `W[i, j]` is the weight **from** i **to** j; the neuron after 7 is 0.
# `(i + 1) % 8` is the next neuron.


# %% exercise
def ring_matrix(n=8, excitation=0.2, inhibition=-0.4):
    W = np.zeros((n, n))
    ...
    return W


# %% mistake: backwards
def ring_matrix(n=8, excitation=0.2, inhibition=-0.4):
    W = np.zeros((n, n))
    for i in range(n):
        W[(i + 1) % n, i] = excitation
        W[(i - 1) % n, i] = inhibition
    return W


# %% mistake: is not closed
def ring_matrix(n=8, excitation=0.2, inhibition=-0.4):
    return np.diag([excitation]*(n - 1), 1) + np.diag([inhibition]*(n - 1), -1)


# %% solution
def ring_matrix(n=8, excitation=0.2, inhibition=-0.4):
    W = np.zeros((n, n))
    for i in range(n):
        W[i, (i + 1) % n] = excitation
        W[i, (i - 1) % n] = inhibition
    return W


# %% check
with course.exercise("1") as check:
    mine = ring_matrix()
    right = 0.2*np.roll(np.eye(8), 1, axis=1) - 0.4*np.roll(np.eye(8), -1, axis=1)
    check.unless(np.all(np.asarray(mine) == 0), "the matrix is 0: its entries are still to be written")
    check.unless(np.allclose(mine, right.T), "the wave would run backwards: W[i, j] is from i to j")
    check.unless(np.asarray(mine)[7, 0] == 0 and np.any(np.asarray(mine) != 0),
                 "the ring is not closed: the neuron after 7 is 0, and the one before 0 is 7")
    check.value("the matrix", mine, right, within=1e-12)

# %% [markdown]
# ## The wave
#
# The rules of Rheobase have a ring built in: `rb.rules.ring(+1)` connects every neuron to the next.


# %%
def ring(train, tau_m=50*ms, tau_s=100*ms, excitation=0.2, inhibition=-0.4, duration=4*second):
    """Return the spikes of the ring."""
    net = rb.Network(dt=1*ms)
    cells = net.add(rb.models.NormalizedLIF(tau_m=tau_m, tau_s=tau_s), 8, name="ring")
    kick = net.add(train, name="kick")
    net.connect(kick, cells[0], weight=0.2)
    net.connect(cells, cells, rb.rules.ring(+1), weight=excitation)
    net.connect(cells, cells, rb.rules.ring(-1), weight=inhibition)
    return net.run(duration).spikes["ring"]


regular = rb.stimuli.regular_spikes([25]*Hz, until=[0.3]*second)
spikes = ring(regular)
axes = rb.plots.raster(spikes)
axes.figure.set_size_inches(7.5, 2.8)
plt.show()

# %% [markdown]
# ### Exercise 2
#
# How long does a round take? Write `bursts(times)`: the times at which a burst **starts**, a burst
# being spikes of one neuron that are less than 0.15 s apart. Then `one_round`: the mean time
# between starts of neuron 0, from its fourth burst on.


# %% exercise
def bursts(times, gap=0.15):
    ...


one_round = ...


# %% mistake: first burst
def bursts(times, gap=0.15):
    return times[1:][np.diff(times) > gap]


one_round = np.diff(bursts(spikes[0]))[3:].mean()


# %% solution
def bursts(times, gap=0.15):
    new = np.diff(times, prepend=-np.inf) > gap  # the first spike starts a burst, too
    return times[new]


one_round = np.diff(bursts(spikes[0])[3:]).mean()
print(f"{one_round:.4f} s")

# %% check
with course.exercise("2") as check:
    found = bursts(np.array([0.1, 0.15, 0.5, 0.52, 0.9]))
    check.given("what bursts returns", found)
    check.unless(len(found) == 2, "the first burst is missing: its first spike has nothing before it")
    check.value("the bursts of 0.1, 0.15, 0.5, 0.52, 0.9 s", found, [0.1, 0.5, 0.9], within=1e-9, tell=True)
    check.value("one round", one_round, 0.393, within=0.001, unit="s",
                hint="the first rounds, with the kick, are longer")

# %% [markdown]
# `spikes.bursts(gap=150*ms)` does this for all neurons.
#
# ## A list to compare with
#
# The notebook that first made this ring prints the spikes of neuron 0:

# %%
printed = np.array([
    0.06424, 0.08741, 0.23990, 0.26609, 0.28546, 0.31040, 0.63412, 0.65624, 0.68671,
    1.06609, 1.10637, 1.45990, 1.49526, 1.85305, 1.88551, 2.24637, 2.27789, 2.64000,
    2.67119, 3.03296, 3.06413, 3.42596, 3.45712, 3.81896, 3.85012])
ours = spikes[0]
differs = np.flatnonzero(np.abs(ours - printed) > 6e-6)
for i in differs:
    print(f"spike {i + 1:2d}: printed {printed[i]:.5f} s, ours {ours[i]:.5f} s")

# %% [markdown]
# Same equations, same step, same weights; yet some spikes differ by up to two thirds of a
# millisecond. Who is right? Five of the seven input spikes lie exactly on the grid: 0.10, 0.14,
# 0.18, 0.22 and 0.26 s.
# The notebook asks which inputs lie in the floating-point window $[t - dt, t)$.
#
# ### Exercise 3
#
# Find out which input spikes fall a step early there. `t` below are the ends of the steps as the
# notebook computes them. For each input spike find the step whose window holds it, and compare
# with the exact one, which is `round(spike*1000)` for spikes on the grid. How many come early?

# %%
t = np.arange(1, 301)*0.001
kick_times = np.arange(0.5/25, 0.3, 1/25)
print(kick_times)

# %% exercise
early = ...

# %% mistake: All seven
early = 7

# %% solution
early = 0
for spike in kick_times:
    step = np.flatnonzero((t - 0.001 <= spike) & (spike < t))[0]
    early += step < round(spike*1000)
    print(f"{spike:.2f} s: found in step {step}, exactly {round(spike*1000)}")

# %% check
with course.exercise("3") as check:
    check.given("early", early)
    check.unless(early == 7, "All seven lie on the grid, but some are found where they belong")
    check.value("the number", early, 5, hint="step k covers [k dt, (k + 1) dt)")

# %% [markdown]
# Now put them there on purpose: with those five 0.1 ms earlier, a step early here too, all 25
# spikes agree to the last printed digit.

# %%
moved = [0.02, 0.06, 0.0999, 0.1399, 0.1799, 0.2199, 0.2599]*second
notebook = ring(rb.stimuli.spike_times(moved))[0]
figure, axes = plt.subplots(figsize=(7.5, 2.9))
number = np.arange(1, 26)
axes.axhline(0, color="gray", linewidth=0.8)
axes.plot(number, 1000*(ours - printed), "o", label="exact binning")
axes.plot(number, 1000*(notebook - printed), "x", markersize=7, label="five inputs a step early")
axes.set(xlabel="spike of neuron 0, by number", ylabel="difference from\nthe list (ms)")
axes.legend()
plt.show()
print(f"largest difference with the inputs moved: {1000*np.abs(notebook - printed).max():.4f} ms")

# %% [markdown]
# The ring forgets: from the twelfth spike on the two are the same to the last digit.
#
# ## Play
#
# Every position of the sliders is a run of 2 s. Where does the wave stop, where does it never
# begin?

# %%
if compiled:  # 30 runs
    player = rb.interact(lambda excitation, inhibition: ring(
        regular, excitation=excitation, inhibition=inhibition, duration=2*second),
        excitation=(0.1, 0.35), inhibition=(-0.6, 0), steps=dict(excitation=6, inhibition=5))
    display(player)

# %% [markdown]
# ### Exercise 4
#
# What sets the speed? Find a ring that needs between 0.29 and 0.31 s for a round, by changing
# **one** of `tau_m`, `tau_s`, `excitation`, `inhibition`, and nothing else.

# %% exercise
settings = ...  # such as dict(tau_m=40*ms)

# %% mistake: nothing else
settings = dict(tau_m=20*ms, tau_s=80*ms)

# %% mistake: too fast or too slow
settings = dict(tau_s=90*ms)

# %% solution
settings = dict(excitation=0.25)  # the next neuron is reached sooner; tau_m=36*ms does it, too

# %% check
with course.exercise("4") as check:
    check.given("settings", settings)
    check.unless(len(settings) != 1, "change one of them, and nothing else")
    starts = ring(regular, **settings).bursts(gap=150*ms)[0].starts
    check.that("the wave still goes round after 3 s", len(starts) and starts[-1] > 3)
    if len(starts) > 5:
        round_time = np.diff(starts)[-4:].mean()
        check.that(f"a round takes {round_time:.3f} s", 0.29 <= round_time <= 0.31,
                   "too fast or too slow; change it further or less far")

# %%
course.summary()
