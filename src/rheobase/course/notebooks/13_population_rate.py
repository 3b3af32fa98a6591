# title: The rate of many neurons
# question: When may a population of spiking neurons be replaced by one rate?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import Hz, mV, ms, second

compiled = course.start()
dt = 0.1*ms if compiled else 0.25*ms
n = 1000

# %% [markdown]
# ## Neurons in noise
#
# Each neuron of a population gets the input of thousands of others. Its mean is $\mu$, and its
# fluctuations are white noise of strength $\sigma$:
#
# $$\tau_m\frac{dv}{dt} = \mu - v + \sigma\sqrt{\tau_m}\,\xi(t)$$
#
# with threshold 15 mV, reset 0 mV and 2 ms of refractoriness. The model is written in one go:

# %%
noisy = rb.Model(
    "dv/dt = (mu - v)/tau_m + sigma*sqrt(1/tau_m)*xi : mV (unless refractory)",
    threshold="v >= theta", reset="v = 0*mV", refractory=2*ms,
    parameters=dict(mu=12*mV, sigma=4*mV, tau_m=10*ms, theta=15*mV),
)
net = rb.Network(dt=dt, seed=1)
cells = net.add(noisy, n, name="cells")
result = net.run(300*ms)
spikes = result.spikes["cells"]

figure, (above, below) = plt.subplots(2, 1, figsize=(7.5, 4.6), sharex=True, height_ratios=[2, 1])
rb.plots.raster(spikes[:60], ax=above)
rate = spikes.population_rate(bin=5*ms)
below.step(rate.time, rate, where="mid")
below.set(xlabel="time (s)", ylabel="rate (Hz)")
plt.show()

# %% [markdown]
# No two neurons do the same, yet the rate of all is steady: it is the number of spikes in a bin,
# divided by the number of neurons and the width of the bin.
#
# ### Exercise 1
#
# Write `population_rate(times, size, width, duration)`: the rate in Hz in each of
# `round(duration/width)` bins, from the times of all spikes (in s) of `size` neurons.


# %% exercise
def population_rate(times, size, width, duration):
    ...


# %% mistake: width of the bin
def population_rate(times, size, width, duration):
    edges = np.arange(round(duration/width) + 1)*width
    return np.histogram(times, edges)[0]/size


# %% mistake: number of neurons
def population_rate(times, size, width, duration):
    edges = np.arange(round(duration/width) + 1)*width
    return np.histogram(times, edges)[0]/width


# %% solution
def population_rate(times, size, width, duration):
    edges = np.arange(round(duration/width) + 1)*width
    return np.histogram(times, edges)[0]/(size*width)


# %% check
with course.exercise("1") as check:
    mine = population_rate(np.array([0.001, 0.012, 0.013, 0.029]), 2, 0.01, 0.03)
    check.given("what population_rate returns", mine)
    right = np.array([50.0, 100.0, 50.0])
    if np.shape(mine) == (3,):
        check.unless(np.allclose(mine, right*0.01), "divide by the width of the bin: spikes per second")
        check.unless(np.allclose(mine, right*2), "divide by the number of neurons, too")
    check.value("the rates", mine, right, within=1e-9, unit="Hz", tell=True)

# %% [markdown]
# ## Siegert's formula
#
# For this neuron the rate is known:
#
# $$\frac1\nu = \tau_{ref} + \tau_m\sqrt\pi\int_{(V_r - \mu)/\sigma}^{(\theta - \mu)/\sigma}
# e^{u^2}\big(1 + \mathrm{erf}\,u\big)\,du$$
#
# ### Exercise 2
#
# Write `siegert(mu, sigma)` in Hz, with mV for both. A sum over 20,000 midpoints is good enough.
# Beware of $1 + \mathrm{erf}\,u$: at $u = -12$ the computer has -1 for erf to the last digit, and
# their sum is 0, while $e^{u^2}$ is huge. `erfc(-u)` is the same and stays exact.
#
# Rheobase has `rb.analysis.siegert_rate`, which the check compares with.

# %%
import math

erfc = np.vectorize(math.erfc)


# %% exercise
def siegert(mu, sigma, tau_m=0.01, tau_ref=0.002, theta=15.0, reset=0.0):
    ...


# %% mistake: use erfc(-u)
def siegert(mu, sigma, tau_m=0.01, tau_ref=0.002, theta=15.0, reset=0.0):
    low, high = (reset - mu)/sigma, (theta - mu)/sigma
    u = low + (np.arange(20_000) + 0.5)*(high - low)/20_000
    integral = np.sum(np.exp(u*u)*(1 + np.vectorize(math.erf)(u)))*(high - low)/20_000
    return 1/(tau_ref + tau_m*math.sqrt(math.pi)*integral)


# %% mistake: refractory
def siegert(mu, sigma, tau_m=0.01, tau_ref=0.002, theta=15.0, reset=0.0):
    low, high = (reset - mu)/sigma, (theta - mu)/sigma
    u = low + (np.arange(20_000) + 0.5)*(high - low)/20_000
    return 1/(tau_m*math.sqrt(math.pi)*np.sum(np.exp(u*u)*erfc(-u))*(high - low)/20_000)


# %% solution
def siegert(mu, sigma, tau_m=0.01, tau_ref=0.002, theta=15.0, reset=0.0):
    low, high = (reset - mu)/sigma, (theta - mu)/sigma
    u = low + (np.arange(20_000) + 0.5)*(high - low)/20_000
    integral = np.sum(np.exp(u*u)*erfc(-u))*(high - low)/20_000
    return 1/(tau_ref + tau_m*math.sqrt(math.pi)*integral)


# %% check
def exact(mu, sigma):
    return rb.analysis.siegert_rate(mean=mu*mV, std=sigma*mV, tau_m=10*ms, tau_ref=2*ms,
                                    threshold=15*mV, reset=0*mV)


with course.exercise("2") as check:
    check.given("what siegert returns", siegert(15.0, 4.0))
    wide, narrow = float(siegert(15.0, 4.0)), float(siegert(15.0, np.sqrt(1.5)))
    check.unless(abs(wide - exact(15, 4)) < 0.1 < abs(narrow - exact(15, np.sqrt(1.5))),
                 "right for large sigma, wrong for small: use erfc(-u) for 1 + erf(u)")
    for mu, sigma in [(15.0, np.sqrt(1.5)), (12.0, 4.0), (20.0, 4.0)]:
        check.value(f"siegert({mu:g}, {sigma:.3g})", siegert(mu, sigma), float(exact(mu, sigma)), within=0.01,
                    unit="Hz", tell=True, hint="the refractory time is added; the limits are over sigma")

# %% [markdown]
# ## Simulated beside predicted
#
# Twelve populations of 200 neurons, each with its own $\mu$, in one network:

# %%
means = np.linspace(4, 26, 12)
net = rb.Network(dt=dt, seed=2)
cells = net.add(noisy, 12*200, name="cells")
cells.mu = np.repeat(means, 200)*mV
counted = net.run(600*ms).spikes["cells"].counts([0.1, 0.6])[:, 0].reshape(12, 200)
simulated = counted.mean(axis=1)/0.5

fine = np.linspace(4, 26, 60)
figure, axes = plt.subplots(figsize=(6, 3.6))
axes.plot(fine, [exact(mu, 4.0) for mu in fine], label="Siegert")
axes.plot(means, simulated, "o", label="200 neurons each")
axes.axvline(15, color="gray", linestyle="--", linewidth=1)
axes.set(xlabel="mean input µ (mV)", ylabel="rate (Hz)")
axes.legend()
plt.show()
print("simulated over predicted:", np.round(simulated[4:]/[exact(mu, 4.0) for mu in means[4:]], 3))

# %% [markdown]
# Without noise the neuron would be silent left of the dashed line: fluctuations carry it across
# the threshold. Most of the difference is the step of the simulation: a neuron that crosses the
# threshold and falls below it again **within** one step is not seen. Larger steps miss more.
#
# ### Exercise 3
#
# Show it. Run 1000 neurons with µ = 12 mV for 0.6 s at the steps in `steps_ms`, count from 0.1 s
# on, and give the list `errors`: simulated rate minus `exact(12, 4)`, one for each step.

# %%
steps_ms = [0.05, 0.2, 1.0] if compiled else [0.5, 1.0]

# %% exercise
errors = ...

# %% mistake: too large
errors = [0.0]*len(steps_ms)

# %% solution
errors = []
for step in steps_ms:
    net = rb.Network(dt=step*ms, seed=3)
    net.add(noisy, 1000, name="cells")
    count = net.run(600*ms).spikes["cells"].between(0.1, 0.6).count
    errors.append(count/1000/0.5 - exact(12, 4))
print(np.round(errors, 2))

# %% check
with course.exercise("3") as check:
    check.given("errors", errors)
    check.that("there is an error for each step", len(errors) == len(steps_ms))
    expected = {0.05: -0.92, 0.2: -1.89, 0.5: -2.67, 1.0: -3.45}
    check.value("the errors", errors, [expected[s] for s in steps_ms], within=0.6, unit="Hz",
                hint="count/1000/0.5 s, minus exact(12, 4)")

# %% [markdown]
# With a step four times as short the error is half as large: it goes with the square root of the
# step, because noise moves `v` by $\sigma\sqrt{dt/\tau_m}$ in a step. That is slow; a formula is
# worth having.
#
# ## One rate unit in their place
#
# A rate unit with Siegert's curve as its activation, $\tau\,\dot r = -r + \nu(\mu)$, has the same
# rate when nothing changes. What if $\mu$ jumps from 8 to 18 mV? Both are asked:

# %%
size = 4000 if compiled else 1500
net = rb.Network(dt=dt, seed=4)
cells = net.add(noisy, size, name="cells")
cells.mu = 8*mV
before = net.run(100*ms)
cells.mu = 18*mV
after = net.run(60*ms)
rates = rb.join(before, after).spikes["cells"].population_rate(bin=1*ms)

t = np.arange(0, 160, 0.1)
low, high = exact(8, 4), exact(18, 4)
unit = np.where(t < 100, low, high + (low - high)*np.exp(-(t - 100)/10))
figure, axes = plt.subplots(figsize=(7.5, 3.2))
axes.plot(1000*rates.time, rates, label=f"{size} neurons")
axes.plot(t, unit, label="rate unit, τ = 10 ms")
axes.set(xlabel="time (ms)", ylabel="rate (Hz)", xlim=(60, 160))
axes.legend()
plt.show()

# %% [markdown]
# ### Exercise 4
#
# Which of these does the rate unit get **right**? Give a set of the letters that hold.
#
# - a: the rate before the jump
# - b: the rate long after the jump
# - c: how fast the population answers
# - d: the ringing, since all neurons were moved at the same time

# %% exercise
right = ...  # such as {"a", "d"}

# %% mistake: c is wrong
right = {"a", "b", "c"}

# %% solution
right = {"a", "b"}

# %% check
with course.exercise("4") as check:
    check.given("right", right)
    check.unless("c" in right,
                 "c is wrong: the neurons near the threshold fire at once, the unit needs its τ")
    check.unless("d" in right, "d is wrong: the unit has no memory of who has just fired")
    check.that("a and b hold", {"a", "b"} <= set(right), "Siegert's rate is that of a steady state")

# %%
course.summary()
