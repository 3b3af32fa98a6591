# title: Regular spike trains
# question: When does a regular input spike, and which of its spikes are in a window of time?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import Hz, ms, second

compiled = course.start()

# %% [markdown]
# ## A train
#
# A regular train is given by rates, and by the times at which each rate ends. In an interval that
# begins at $t_0$ with rate $r$ the first spike comes after half a period, and then one every
# period:
#
# $$t_0 + \frac{1}{2r},\quad t_0 + \frac{3}{2r},\quad t_0 + \frac{5}{2r},\ \dots$$
#
# strictly before the end of the interval. Here: 10 Hz until 0.2 s, then 25 Hz until 0.5 s.

# %%
train = rb.stimuli.regular_spikes([10, 25]*Hz, until=[0.2, 0.5]*second)
times = train.times(0.5*second)
print(times)

# %% [markdown]
# With `jitter` each spike is moved by a normally distributed time, whose standard deviation is
# given as a fraction of the period. Every cell, and every seed, has its own.

# %%
jittered = rb.stimuli.regular_spikes([10, 25]*Hz, until=[0.2, 0.5]*second, jitter=0.1)
trains = {"regular": times}
for seed in range(1, 6):
    trains[f"jittered, seed {seed}"] = jittered.times(0.5*second, seed=seed)
figure, axes = plt.subplots(figsize=(7.5, 2.6))
rb.plots.raster(trains, ax=axes)
axes.axvspan(0.3, 0.4, color="gray", alpha=0.2, linewidth=0)
axes.axvline(0.2, color="gray", linestyle="--", linewidth=1)
axes.set(xlim=(0, 0.5))
plt.show()

# %% [markdown]
# The gray window is [0.3, 0.4) s: closed below and open above, so that two windows side by side
# count every spike once.
#
# ### Exercise 1
#
# How many spikes of the regular train are in the window [0.3, 0.4) s? Count them in the printed
# list. Then say in which of two windows, [0.3, 0.38) or [0.38, 0.5), the spike at 0.38 s is: `1` or
# `2`.

# %% exercise
in_window = ...
which = ...

# %% mistake: at 0.3 s is inside
in_window = 2
which = 1

# %% solution
in_window = 3  # 0.30, 0.34, 0.38
which = 2  # a window holds its lower end, not its upper one

# %% check
with course.exercise("1") as check:
    check.value("the number in [0.3, 0.4)", in_window, 3,
                hint="a spike at 0.3 s is inside, one at 0.4 s not")
    check.value("the window of 0.38", which, 2,
                hint="it is the lower end of one and the upper end of the other")

# %% [markdown]
# ## The tenth spike
#
# The obvious way to make such a train is a range of numbers an interval:

# %%
obvious = np.concatenate([np.arange(0.05, 0.2, 1/10), np.arange(0.2 + 0.02, 0.5, 1/25)])
print(obvious)
print(f"{len(obvious)} spikes; the last at {obvious[-1]:.3f} s")

# %% [markdown]
# There is a tenth spike, at the end of the interval, where it must not be! `np.arange(start, stop,
# step)` makes $\lceil(stop - start)/step\rceil$ numbers. Exactly, that is 0.28/0.04 = 7. But the
# computer has no 0.28 and no 0.04, only the nearest binary fractions:

# %%
print((0.5 - 0.22)/0.04)

# %% [markdown]
# The seventeenth digit decides whether an input spikes once more. No cell of a network should
# depend on that.
#
# ### Exercise 2
#
# Write `regular(rate, start, stop)` so that there is never a spike at `stop` or after it, and none
# is missing before it. One way: find how many periods fit, with a tolerance that is far below a
# period and far above the rounding of numbers; then compute the times from whole numbers.


# %% exercise
def regular(rate, start, stop):
    ...


# %% mistake: one spike too many
def regular(rate, start, stop):
    return np.arange(start + 0.5/rate, stop, 1/rate)


# %% mistake: missing
def regular(rate, start, stop):
    return start + (0.5 + np.arange(int((stop - start)*rate)))/rate


# %% solution
def regular(rate, start, stop):
    periods = (stop - start)*rate - 0.5  # from the first spike to the end
    number = int(np.ceil(periods - 1e-6))
    return start + (0.5 + np.arange(max(number, 0)))/rate


# %% check
with course.exercise("2") as check:
    wrong = 0
    check.given("what regular returns", regular(10.0, 0.0, 1.0))
    for rate in range(1, 101):
        for start, stop in [(0.0, 0.2), (0.2, 0.5), (1.7, 2.0), (0.0, 2.0)]:
            right = rb.stimuli.regular_spikes([0, rate]*Hz, until=[start + 1e-12, stop]*second)
            right = right.times(stop*second)
            mine = np.asarray(regular(float(rate), start, stop))
            if len(mine) != len(right) and not wrong:
                few = "is missing: the last half period may hold one" if len(mine) < len(right) else \
                      f"too many: at {mine[-1]:.6f} s"
                check.unless(True, f"{rate} Hz from {start} to {stop} s: one spike {few}")
            elif len(mine) == len(right) and not wrong and np.abs(mine - right).max(initial=0) > 1e-9:
                check.unless(True, f"{rate} Hz from {start} to {stop} s: the first spike is at "
                                   f"{mine[0]:.6f} s, expected {right[0]:.6f} s")
            else:
                continue
            wrong += 1
    check.that("all of 400 trains are right", not wrong)

# %% [markdown]
# ## Windows again
#
# A spike time that was computed is hardly ever exactly what it should be. This spike belongs to
# [0.3, 0.4):

# %%
spike = 0.7 - 0.4
print(spike, "is in [0.3, 0.4):", 0.3 <= spike < 0.4)

# %% [markdown]
# Rheobase compares times as multiples of the step, with a tolerance of a millionth of a step:
# what is on the grid to within rounding is on the grid.
#
# ### Exercise 3
#
# Write `count(times, start, stop, dt)`: how many spikes are in [start, stop), where start, stop and
# those spikes that are meant to lie on the grid of `dt` are rounded somehow in the last digits.


# %% exercise
def count(times, start, stop, dt=0.001):
    ...


# %% mistake: rounding
def count(times, start, stop, dt=0.001):
    return np.count_nonzero((times >= start) & (times < stop))


# %% mistake: between two steps
def count(times, start, stop, dt=0.001):
    steps = np.round(np.asarray(times)/dt)
    return np.count_nonzero((steps >= round(start/dt)) & (steps < round(stop/dt)))


# %% solution
def count(times, start, stop, dt=0.001):
    small = 1e-6*dt
    times = np.asarray(times)
    return np.count_nonzero((times >= start - small) & (times < stop - small))


# %% check
with course.exercise("3") as check:
    check.given("what count returns", count(np.array([0.1]), 0.0, 0.2))
    grid = np.arange(1000)/1000
    grid[::200] -= 1e-16  # every millisecond, but rounded a little down or up
    grid[100::200] += 1e-16
    sums = [int(count(grid, a/10, (a + 1)/10)) for a in range(10)]
    check.value("the counts of a spike in every millisecond", sums, [100]*10,
                hint="rounding moves a spike out of its window; allow for it at both ends", tell=True)
    check.value("a spike between two steps, at 0.3996 s, in [0.3, 0.4)",
                count(np.array([0.3996]), 0.3, 0.4), 1,
                hint="do not round a spike that is between two steps")

# %% [markdown]
# `result.spikes["name"].between(start, stop)` and `.counts(edges)` do this for you:

# %%
net = rb.Network(dt=1*ms)
net.add(train, name="input")
spikes = net.run(0.5*second).spikes["input"]
print(spikes.between(0.3, 0.4).count, "spikes in [0.3, 0.4) s,", spikes.count, "in all")
print("in tenths of a second:", spikes.counts(np.arange(6)/10)[0])

# %%
course.summary()
