# title: A decision
# question: How do two populations decide between two alternatives, and how often are they right?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import Hz, ms, second

compiled = course.start()

# %% [markdown]
# ## Dots that move
#
# A monkey watches a cloud of dots. Some of them move together, left or right, the others at
# random; it looks where it thinks they go. The share that moves together is the **coherence**
# $c$. In the reduced model of Wong and Wang two populations stand for left and right, each with
# the share $S$ of its NMDA gates that are open:
#
# $$\frac{dS_i}{dt} = -\frac{S_i}{\tau_S} + (1 - S_i)\,\gamma\,H(x_i),\qquad
# x_1 = J_{11}S_1 - J_{12}S_2 + I_0 + J_{ext}\,\mu_0(1 + c) + \text{noise}$$
#
# Each excites itself and inhibits the other. A decision is made when a rate $H_i$ passes 15 Hz.


# %%
def trials(coherences, duration=2*second, seed=1, **parameters):
    """One trial for each coherence: return times (s), H_1 and H_2 in Hz."""
    coherences = np.asarray(coherences, dtype=float)
    net = rb.Network(dt=0.5*ms if compiled else 1*ms, seed=seed)
    units = net.add(rb.models.WongWang(**parameters), len(coherences), name="units")
    units.coherence = coherences
    net.record(units, "H_1", "H_2", every=10*ms)
    traces = net.run(duration).traces["units"]
    return traces.time.values, traces.H_1.values, traces.H_2.values


time, H_1, H_2 = trials([0.064]*8, seed=3, duration=2*second if compiled else 1*second)
figure, axes = plt.subplots()
axes.plot(time, H_1, color="C0", linewidth=1)
axes.plot(time, H_2, color="C1", linewidth=1)
axes.plot([], [], color="C0", label="population 1")
axes.plot([], [], color="C1", label="population 2")
axes.axhline(15, color="gray", linestyle="--", linewidth=1)
axes.set(xlabel="time (s)", ylabel="rate (Hz)", xlim=(0, 2))
axes.legend(loc="upper left")
plt.show()

# %% [markdown]
# Eight trials with the same weak evidence for population 1. Most choose 1, some choose 2, and
# each takes its own time.
#
# ### Exercise 1
#
# Write `decide(time, H_1, H_2)`: for every trial (a column of H_1 and H_2), which population is
# the first to pass 15 Hz: 1, 2, or 0 if none does. And `when`: at which time (`np.nan` if never).
# Return both arrays.


# %% exercise
def decide(time, H_1, H_2, level=15.0):
    ...


# %% mistake: first
def decide(time, H_1, H_2, level=15.0):
    choice = np.where(H_1.max(axis=0) > level, 1, np.where(H_2.max(axis=0) > level, 2, 0))
    k = np.argmax(np.maximum(H_1, H_2) > level, axis=0)
    return choice, np.where(choice > 0, time[k], np.nan)


# %% solution
def decide(time, H_1, H_2, level=15.0):
    passed = np.maximum(H_1, H_2) > level
    k = passed.argmax(axis=0)  # the first sample at which either is above
    trial = np.arange(H_1.shape[1])
    choice = np.where(H_1[k, trial] > H_2[k, trial], 1, 2)
    decided = passed.any(axis=0)
    return np.where(decided, choice, 0), np.where(decided, time[k], np.nan)


# %% check
with course.exercise("1") as check:
    one = np.array([[1.0, 1, 1, 1], [20, 1, 1, 1], [20, 1, 2, 18]])
    two = np.array([[1.0, 1, 1, 1], [1, 1, 17, 1], [1, 25, 30, 1]])
    two[2, 0] = 16  # later than the other
    one[2, 2] = 18
    found = decide(np.array([0.0, 0.1, 0.2]), one, two)
    check.given("what decide returns", found)
    check.value("the choices", found[0], [1, 2, 2, 1], tell=True,
                hint="both may pass 15 Hz; it is the first that counts")
    check.value("the times", found[1], [0.1, 0.2, 0.1, 0.2], within=1e-9, tell=True)
    never = decide(np.array([0.0, 0.1]), np.ones((2, 1)), np.ones((2, 1)))
    check.that("a trial without decision is 0 at nan", never[0][0] == 0 and np.isnan(never[1][0]))

# %% [markdown]
# ## Accuracy and time
#
# Six coherences, many trials each, all in one network.
#
# ### Exercise 2
#
# Use your `decide` on them. For each coherence: which share of the decided trials chose 1, and
# how long did they take on average?

# %%
levels = np.array([0, 0.032, 0.064, 0.128, 0.256, 0.512])
repeats = 400 if compiled else 150
time, H_1, H_2 = trials(np.repeat(levels, repeats), duration=2*second if compiled else 1.2*second)

# %% exercise
correct = ...  # a share for each of the levels
seconds = ...  # a time for each of the levels

# %% mistake: coherence 0.512
correct = [0.5]*6
seconds = [1.0]*6

# %% solution
choice, when = decide(time, H_1, H_2)
choice, when = choice.reshape(6, repeats), when.reshape(6, repeats)
correct = (choice == 1).sum(axis=1)/(choice > 0).sum(axis=1)
seconds = np.nanmean(when, axis=1)

# %% check
with course.exercise("2") as check:
    first = np.argmax(np.maximum(H_1, H_2) > 15, axis=0)
    column = np.arange(first.size)
    made = np.maximum(H_1, H_2).max(axis=0) > 15
    chose_1 = (made & (H_1[first, column] > 15)).reshape(6, repeats)
    made = made.reshape(6, repeats)
    mean_time = [time[first.reshape(6, repeats)[i][made[i]]].mean() for i in range(6)]
    check.given("correct", correct)
    check.given("seconds", seconds)
    check.value("correct", correct, chose_1.sum(axis=1)/made.sum(axis=1), within=0.02,
                hint="choice.reshape(6, repeats) has a row for each coherence")
    check.value("seconds", seconds, mean_time, within=0.02, unit="s", hint="np.nanmean over a row")
    check.that("at coherence 0.512 nearly every trial is right", np.asarray(correct)[5] > 0.95)
    figure, (left, right) = plt.subplots(1, 2)
    left.plot(levels, correct, "o-")
    left.axhline(0.5, color="gray", linestyle="--", linewidth=1)
    left.set(xlabel="coherence", ylabel="share that is right", ylim=(0.4, 1.02))
    right.plot(levels, seconds, "o-", color="C1")
    right.set(xlabel="coherence", ylabel="time of the decision (s)", ylim=(0, None))
    plt.show()

# %% [markdown]
# The more evidence, the more often the decision is right, and the sooner it is made: both as in
# the experiment.
#
# ## Why: fixed points
#
# Without noise the state ($S_1$, $S_2$) goes to a fixed point. `rb.analysis.fixed_points` finds
# all of them. Here before the dots appear ($\mu_0$ = 0) and with them:

# %%
figure, panels = plt.subplots(1, 3, figsize=(7.5, 3), sharex=True, sharey=True)
settings = [("no dots", 0, 0), ("c = 0", 30, 0), ("c = 0.512", 30, 0.512)]
found = {}
for axes, (name, rate, coherence) in zip(panels, settings):
    found[name] = rb.analysis.fixed_points(rb.models.WongWang(mu_0=rate*Hz, coherence=coherence))
    for point in found[name]:
        style = dict(color="C0") if point.stable else dict(color="C1", markerfacecolor="none")
        axes.plot(float(point["S_1"]), float(point["S_2"]), "o", markersize=8, **style)
    axes.plot([0, 0.8], [0, 0.8], color="gray", linewidth=0.8)
    axes.set(title=name, xlabel="$S_1$", xlim=(0, 0.8), ylim=(0, 0.8), aspect="equal")
panels[0].set_ylabel("$S_2$")
plt.show()

# %% [markdown]
# Filled: stable; open: a saddle.
#
# ### Exercise 3
#
# Count the **stable** fixed points: without dots, with c = 0, and with c = 0.512 (`found` has
# them, and every point has `.stable`). And say what changes when the dots appear with c = 0: the
# state in the middle, in which the populations wait, ... `"stays"` or `"is gone"`.

# %% exercise
numbers = ..., ..., ...
waiting = ...

# %% mistake: only the stable ones
numbers = 5, 3, 3
waiting = "is gone"

# %% solution
numbers = [sum(bool(point.stable) for point in found[name]) for name, *_ in settings]
waiting = "is gone"  # the only point on the diagonal is now a saddle: somebody must win
print(numbers)

# %% check
with course.exercise("3") as check:
    for count, (name, *_) in zip(numbers, settings):
        right = sum(bool(point.stable) for point in found[name])
        check.value(f"the number with {name}", count, right, hint="count only the stable ones")
    check.given("waiting", waiting)
    check.that("what becomes of waiting", waiting == "is gone", "look at the diagonal")

# %% [markdown]
# The stable point with both $S$ low **is** waiting. When the dots appear it turns into a saddle:
# whatever noise there is pushes the state to one side, and self-excitation does the rest. After
# the dots have gone, the winner stays active: the decision is remembered (see *A unit that
# remembers*).

# %%
course.summary()
