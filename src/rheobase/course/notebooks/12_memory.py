# title: A unit that remembers
# question: How can a rate unit keep a pulse after it has gone?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import ms

compiled = course.start()

# %% [markdown]
# ## A rate unit
#
# Instead of single spikes, a rate-coded unit has one number: its rate $r$, between 0 and 1. It
# follows an activation function of its input:
#
# $$\tau\frac{dr}{dt} = -r + f\big(I - \theta\big),\qquad f(x) = \frac{1}{1 + e^{-x}}$$
#
# With a connection of weight $w$ to itself the input is $I = w\,r$ plus what comes from outside.

# %%
print(rb.models.RateUnit)


# %%
def remember(weights, threshold=4.0, pulse=4.0, duration=600*ms):
    """Units with these weights to themselves; a pulse at 100 ms, its opposite at 400 ms."""
    net = rb.Network(dt=0.5*ms)
    units = net.add(rb.models.RateUnit(tau=10*ms, f="sigmoid", threshold=threshold), len(weights),
                    name="units")
    net.connect(units, units, rb.rules.one_to_one(), weight=weights, of="r", to="I")
    net.inject(units, rb.stimuli.step(pulse, start=100*ms, stop=200*ms))
    net.inject(units, rb.stimuli.step(-pulse, start=400*ms, stop=500*ms))
    net.record(units, "r", every=1*ms)
    r = net.run(duration).traces["units"].r
    return 1000*r.time.values, r.values


time, r = remember([0.0, 3.0, 8.0])
figure, axes = plt.subplots()
axes.axvspan(100, 200, color="C2", alpha=0.15, linewidth=0)
axes.axvspan(400, 500, color="C3", alpha=0.15, linewidth=0)
for i, w in enumerate([0, 3, 8]):
    axes.plot(time, r[:, i], label=f"w = {w}")
axes.set(xlabel="time (ms)", ylabel="rate r", ylim=(0, 1))
axes.legend()
plt.show()

# %% [markdown]
# Green: +4 from outside; pink: -4. With $w = 8$ the unit keeps the pulse until it is cleared.
#
# ## Why
#
# Without input, the rate stays where $r = f(w r - \theta)$. Graphically: where the curve crosses
# the diagonal.
#
# ### Exercise 1
#
# Write `slope(r, w)`: $dr/dt$ times $\tau$, without input from outside, for $\theta$ = 4.


# %% exercise
def slope(r, w, theta=4.0):
    ...


# %% mistake: leaks
def slope(r, w, theta=4.0):
    return 1/(1 + np.exp(-(w*r - theta)))


# %% solution
def slope(r, w, theta=4.0):
    return -r + 1/(1 + np.exp(-(w*r - theta)))


# %% check
with course.exercise("1") as check:
    check.given("what slope returns", slope(0.5, 8.0))
    check.value("slope(0.5, 8)", slope(0.5, 8.0), 0.0, within=1e-9,
                hint="the unit leaks: there is a -r, too")
    check.value("slope(0.9, 3)", slope(0.9, 3.0), -0.9 + 1/(1 + np.exp(1.3)), within=1e-9, tell=True)

# %%
x = np.linspace(0, 1, 400)
figure, axes = plt.subplots(figsize=(4.6, 4))
axes.plot(x, x, color="gray", linewidth=1)
for w in (3, 8):
    axes.plot(x, 1/(1 + np.exp(-(w*x - 4))), label=f"f(w r - θ), w = {w}")
axes.set(xlabel="r", ylabel="f", xlim=(0, 1), ylim=(0, 1))
axes.legend()
plt.show()

# %% [markdown]
# With $w = 3$ there is one crossing, with $w = 8$ there are three. The outer two are stable: a
# little above one of them $r$ falls, a little below it rises. The middle one is unstable, and
# divides what is forgotten from what is kept.
#
# ### Exercise 2
#
# Write `crossings(w)`: how many fixed points there are between 0 and 1. Count the changes of sign
# of the slope on a fine grid (an even number of points avoids a grid point at 0.5 with slope
# exactly 0, such as `np.linspace(0, 1, 2000)`).


# %% exercise
def crossings(w):
    ...


# %% mistake: one of them
def crossings(w):
    return 3 if w > 4 else 1


# %% solution
def crossings(w):
    r = np.linspace(0, 1, 2000)
    s = -r + 1/(1 + np.exp(-(w*r - 4)))
    return np.count_nonzero(np.diff(np.sign(s)))


# %% check
with course.exercise("2") as check:
    for w, right in [(0.0, 1), (3.0, 1), (5.0, 1), (8.0, 3), (9.5, 3)]:
        found = crossings(w)
        check.given("what crossings returns", found)
        check.value(f"crossings({w:g})", found, right, tell=True,
                    hint="f is steepest in the middle with slope w/4; but it must also lie right, "
                         "so w > 4 is one of them that are needed, not enough")

# %% [markdown]
# ### Exercise 3
#
# From which weight on does the unit remember? Try weights from 5 to 9 in one call of `remember`
# (`np.linspace(5, 9, 81)`), and find the smallest with $r > 0.5$ at 390 ms, two tenths of a
# second after the pulse. How does it compare with the weight at which `crossings` becomes 3?

# %% exercise
smallest = ...

# %% mistake: at 390 ms
smallest = 8.0

# %% solution
weights = np.linspace(5, 9, 81)
time, r = remember(weights)
smallest = weights[r[390] > 0.5].min()
print(f"{smallest:.2f}; three crossings from", min(w for w in weights if crossings(w) == 3))

# %% check
with course.exercise("3") as check:
    many = np.linspace(5, 9, 81)
    _, rates = remember(many)
    check.value("the smallest weight", smallest, many[rates[390] > 0.5].min(), within=0.051,
                hint="r[390] > 0.5 marks those that are on at 390 ms: the smallest of their weights")
    figure, axes = plt.subplots(figsize=(6, 3))
    axes.plot(many, rates[390], ".")
    axes.set(xlabel="weight to itself", ylabel="r at 390 ms", ylim=(0, 1))
    plt.show()

# %% [markdown]
# ### Exercise 4
#
# Too strong a memory cannot be cleared. For $w$ = 8 and a pulse of 4 it works. Find, to 0.1, the
# smallest weight above 8 at which the unit is still on at 590 ms, after the negative pulse.

# %% exercise
stuck = ...

# %% mistake: too small
stuck = 8.1

# %% solution
weights = np.linspace(8, 16, 81)
_, r = remember(weights)
stuck = weights[r[590] > 0.5].min()
print(f"{stuck:.1f}")

# %% check
with course.exercise("4") as check:
    many = np.linspace(8, 16, 81)
    _, rates = remember(many)
    check.value("the weight", stuck, many[rates[590] > 0.5].min(), within=0.051,
                hint="as in exercise 3, now with weights from 8 to 16 and at 590 ms")

# %% [markdown]
# ## What it is good for
#
# Cells in the prefrontal cortex fire on while an animal holds something in mind. Here a pattern
# over ten units: each remembers for itself whether it got a pulse.

# %%
pattern = np.array([1, 0, 0, 1, 1, 0, 1, 0, 1, 1])
net = rb.Network(dt=0.5*ms)
units = net.add(rb.models.RateUnit(tau=10*ms, threshold=4), 10, name="units")
net.connect(units, units, rb.rules.one_to_one(), weight=8, of="r", to="I")
net.inject(units, rb.stimuli.step(4*pattern, start=100*ms, stop=200*ms))
net.record(units, "r", every=1*ms)
r = net.run(400*ms).traces["units"].r
figure, axes = plt.subplots(figsize=(7.5, 2.8))
image = axes.imshow(r.values.T, aspect="auto", cmap="gray_r", vmin=0, vmax=1,
                    extent=(0, 400, 9.5, -0.5))
axes.set(xlabel="time (ms)", ylabel="unit", yticks=range(0, 10, 3))
figure.colorbar(image, label="rate r")
plt.show()
print("remembered:", (r.values[-1] > 0.5).astype(int))

# %%
course.summary()
