# title: Two neurons that excite each other
# question: Can activity keep itself alive after its cause is gone?

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
# A and B excite each other with weight 0.05. A gets an input of 30 Hz, also with weight 0.05, for
# the first 0.3 s only. All delays are one step of 1 ms.
#
#     input ──▶ A ⇄ B

# %%
net = rb.Network(dt=1*ms)
a = net.add(rb.models.NormalizedLIF, name="A")
b = net.add(rb.models.NormalizedLIF, name="B")
kick = net.add(rb.stimuli.regular_spikes([30]*Hz, until=[0.3]*second), name="input")
net.connect(kick, a, weight=0.05)
net.connect(a, b, weight=0.05)
net.connect(b, a, weight=0.05)
net.record(a, "s")
net.record(b, "s")
result = net.run(1*second)

# %%
figure, (above, below) = plt.subplots(2, 1, figsize=(7.5, 4), sharex=True)
rb.plots.raster(result, ax=above)
for name in "AB":
    s = result.traces[name].s
    below.plot(s.time, s[:, 0], label=f"s of {name}")
below.axhline(1, color="gray", linestyle="--", linewidth=1)
below.axvline(0.3, color="gray", linestyle=":")
below.set(xlabel="time (s)", ylabel="s", ylim=(0, None))
below.legend(loc="lower right")
plt.show()

# %% [markdown]
# The input ends at 0.3 s. The activity does not.
#
# ### Exercise 1
#
# From 0.8 s to 1 s the input has long been silent. At what rate does A fire there, in Hz? And how
# many ms pass from a spike of A to the next one of B, on average? Use `result.spikes["A"][0]`, an
# array of times.

# %% exercise
rate_of_A = ...
lag = ...

# %% mistake: per second
rate_of_A = result.spikes["A"].between(0.8, 1.0).count
lag = 3.9

# %% solution
late_A = result.spikes["A"].between(0.8, 1.0)[0]
times_B = result.spikes["B"][0]
rate_of_A = len(late_A)/0.2
following = np.searchsorted(times_B, late_A, side="right")
inside = following < len(times_B)
lag = 1000*np.mean(times_B[following[inside]] - late_A[inside])
print(f"{rate_of_A:.0f} Hz, {lag:.2f} ms")

# %% check
with course.exercise("1") as check:
    late = result.spikes["A"].between(0.8, 1.0)[0]
    other = result.spikes["B"][0]
    after = np.searchsorted(other, late, side="right")
    inside = after < len(other)
    right = 1000*np.mean(other[after[inside]] - late[inside])
    check.value("the rate of A", rate_of_A, len(late)/0.2, within=5.1, unit="Hz",
                hint="spikes in 0.2 s are not yet spikes per second")
    check.value("the lag", lag, right, within=0.3, unit="ms",
                hint="np.searchsorted(times_B, time_of_A) is the index of the next spike of B")

# %% [markdown]
# ## How strong must the connections be?
#
# ### Exercise 2
#
# A fires at rate $r$; then the mean of B's `s` is $w r$. With a constant `s` the rate is
#
# $$f(s) = \frac{1}{\tau_{ref} + \tau_m \ln\frac{s}{s-1}}$$
#
# Activity keeps itself alive if there is a rate with $r = f(w r)$. Find the smallest weight for
# which there is one. Hint: solve for the weight, $w = s/f(s)$, and find its minimum over $s > 1$.


# %% exercise
def f(s, tau_m=0.02, tau_ref=0.002):
    ...


w_smallest = ...


# %% mistake: tau_ref
def f(s, tau_m=0.02, tau_ref=0.002):
    return 1/(tau_m*np.log(s/(s - 1)))


w_smallest = 0.0222


# %% solution
def f(s, tau_m=0.02, tau_ref=0.002):
    return 1/(tau_ref + tau_m*np.log(s/(s - 1)))


s = np.linspace(1.001, 20, 200_000)
w_smallest = (s/f(s)).min()
print(f"{w_smallest:.5f}, at s = {s[np.argmin(s/f(s))]:.2f}")

# %% check
with course.exercise("2") as check:
    check.given("what f returns", f(2.0))
    check.value("f(2)", f(2.0), 63.0407, within=1e-3, unit="Hz", tell=True,
                hint="one period is tau_ref and the time from 0 to 1")
    many = np.linspace(1.001, 30, 200_000)
    right = (many*(0.002 + 0.02*np.log(many/(many - 1)))).min()
    check.value("the smallest weight", w_smallest, right, within=1e-4,
                hint="np.linspace over s, and .min() of s/f(s)")

# %% [markdown]
# The experiment: the same circuit thirty-one times, with weights from 0.02 to 0.05. Pairs are two
# populations connected one to one.

# %%
weights = np.linspace(0.02, 0.05, 31)
net = rb.Network(dt=1*ms)
a = net.add(rb.models.NormalizedLIF, 31, name="A")
b = net.add(rb.models.NormalizedLIF, 31, name="B")
kick = net.add(rb.stimuli.regular_spikes([30]*Hz, until=[0.3]*second), name="input")
net.connect(kick, a, weight=0.05)
net.connect(a, b, rb.rules.one_to_one(), weight=weights)
net.connect(b, a, rb.rules.one_to_one(), weight=weights)
late = net.run(1.5*second).spikes["A"].counts([1, 1.5])[:, 0]/0.5
alive = weights[late > 0].min()
figure, axes = plt.subplots(figsize=(6, 3.2))
axes.plot(weights, late, "o", markersize=5)
axes.set(xlabel="weight between A and B", ylabel="rate of A from 1 s on (Hz)")
plt.show()
print(f"alive from weight {alive:.3f} on")

# %% [markdown]
# ### Exercise 3
#
# Predict first: B gets the kick that A gets, too (30 Hz with weight 0.05, for 0.3 s), but A and B
# now **inhibit** each other with -0.05. Build it below. How many spikes do A and B fire after 0.6
# s?

# %% exercise
def inhibiting_pair():
    """Return the result of 1 s."""
    ...


late_spikes = ...

# %% mistake: connections are excitatory
def inhibiting_pair():
    net = rb.Network(dt=1*ms)
    a, b = net.add(rb.models.NormalizedLIF, name="A"), net.add(rb.models.NormalizedLIF, name="B")
    kick = net.add(rb.stimuli.regular_spikes([30]*Hz, until=[0.3]*second), name="input")
    for target, other in [(a, b), (b, a)]:
        net.connect(kick, target, weight=0.05)
        net.connect(other, target, weight=0.05)
    return net.run(1*second)


late_spikes = 0

# %% solution
def inhibiting_pair():
    net = rb.Network(dt=1*ms)
    a, b = net.add(rb.models.NormalizedLIF, name="A"), net.add(rb.models.NormalizedLIF, name="B")
    kick = net.add(rb.stimuli.regular_spikes([30]*Hz, until=[0.3]*second), name="input")
    for target, other in [(a, b), (b, a)]:
        net.connect(kick, target, weight=0.05)
        net.connect(other, target, weight=-0.05)
    return net.run(1*second)


late_spikes = inhibiting_pair().spikes["A"].between(0.6, 1).count  # nothing drives them any more

# %% check
with course.exercise("3") as check:
    mine = inhibiting_pair()
    check.given("what inhibiting_pair returns", mine)
    free = 10  # spikes of A without B, with this input
    check.unless(mine.spikes["A"].between(0.6, 1).count > 0,
                 "A still fires after 0.6 s: your connections are excitatory; inhibition has a "
                 "negative weight")
    check.that("A and B both fire while the input lasts",
               min(mine.spikes["A"].count, mine.spikes["B"].count) > 0)
    check.value("spikes after 0.6 s", late_spikes, 0)

# %%
course.summary()
