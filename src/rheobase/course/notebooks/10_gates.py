# title: The gates of an action potential
# question: Which gates make a spike, which end it, and why is there a pause after it?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import cm, mV, ms, uA

compiled = course.start()
dt = 0.01*ms if compiled else 0.05*ms

# %% [markdown]
# ## Gates
#
# Sodium flows through channels with three gates `m` and one gate `h`, potassium through channels
# with four gates `n`. Each variable is the fraction of its gates that are open, between 0 and 1:
#
# $$\frac{dm}{dt} = \alpha_m(v)\,(1 - m) - \beta_m(v)\,m$$
#
# Closed gates open at the rate $\alpha$, open ones close at the rate $\beta$. The current needs
# all: $g_{Na}m^3h\,(E_{Na} - v)$ and $g_Kn^4(E_K - v)$.

# %%
net = rb.Network(dt=dt)
axon = net.add(rb.models.HodgkinHuxley, name="axon")
net.inject(axon, rb.stimuli.step(10*uA/cm**2, start=5*ms, stop=7*ms))
net.record(axon, "v", "m", "h", "n", every=0.05*ms)
spike = net.run(25*ms).traces["axon"]
time = 1000*spike.time
figure, (above, below) = plt.subplots(2, 1, figsize=(7.5, 4.8), sharex=True)
above.plot(time, spike.v[:, 0], color="black")
above.set_ylabel("v (mV)")
for gate in "mhn":
    below.plot(time, spike[gate][:, 0], label=gate)
below.set(xlabel="time (ms)", ylabel="open gates", ylim=(0, 1))
below.legend()
plt.show()

# %% [markdown]
# ### Exercise 1
#
# Read the figure. Which gate opens first (`"m"`, `"h"` or `"n"`)? And which conductance is larger
# at the peak of `v`: `"sodium"` or `"potassium"`? Compute $120\,m^3h$ and $36\,n^4$ there.
# `np.argmax(spike.v.values)` is the place.

# %% exercise
first_to_open = ...
larger_at_the_peak = ...

# %% mistake: 120 m³h and 36 n⁴
first_to_open = "m"
larger_at_the_peak = "potassium"

# %% solution
first_to_open = "m"
peak = int(np.argmax(spike.v.values))
m, h, n = (float(spike[gate][peak, 0]) for gate in "mhn")
print(f"sodium {120*m**3*h:.1f}, potassium {36*n**4:.1f} mS/cm²")
larger_at_the_peak = "sodium" if 120*m**3*h > 36*n**4 else "potassium"

# %% check
with course.exercise("1") as check:
    check.given("first_to_open", first_to_open)
    check.given("larger_at_the_peak", larger_at_the_peak)
    check.that("the gate that opens first", first_to_open == "m", "look at the foot of the spike")
    place = int(np.argmax(spike.v.values))
    gates = {gate: float(spike[gate][place, 0]) for gate in "mhn"}
    sodium, potassium = 120*gates["m"]**3*gates["h"], 36*gates["n"]**4
    check.that("the larger conductance", (larger_at_the_peak == "sodium") == (sodium > potassium),
               "compute 120 m³h and 36 n⁴ at the peak")

# %% [markdown]
# ## Where a gate wants to be, and how fast
#
# At a fixed voltage a gate goes to $x_\infty = \alpha/(\alpha + \beta)$ with the time constant
# $\tau = 1/(\alpha + \beta)$. The rates of the sodium activation `m`, with v in mV, per ms:
#
# $$\alpha_m = \frac{0.1\,(v + 40)}{1 - e^{-(v + 40)/10}} \qquad \beta_m = 4\,e^{-(v + 65)/18}$$
#
# ### Exercise 2
#
# Write `m_inf(v)` and `tau_m(v)` for arrays of voltages in mV. Mind $v = -40$: the fraction is 0/0
# there, and its limit is 1.


# %% exercise
def m_inf(v):
    ...


def tau_m(v):
    ...


# %% mistake: -40 mV
def m_inf(v):
    alpha, beta = 0.1*(v + 40)/(1 - np.exp(-(v + 40)/10)), 4*np.exp(-(v + 65)/18)
    return alpha/(alpha + beta)


def tau_m(v):
    alpha, beta = 0.1*(v + 40)/(1 - np.exp(-(v + 40)/10)), 4*np.exp(-(v + 65)/18)
    return 1/(alpha + beta)


# %% solution
def rates(v):
    x = (np.asarray(v, dtype=float) + 40)/10
    small = np.abs(x) < 1e-6
    alpha = np.where(small, 1 + x/2, x/(1 - np.exp(-np.where(small, 1, x))))
    return alpha, 4*np.exp(-(np.asarray(v) + 65)/18)


def m_inf(v):
    alpha, beta = rates(v)
    return alpha/(alpha + beta)


def tau_m(v):
    alpha, beta = rates(v)
    return 1/(alpha + beta)


# %% check
with course.exercise("2") as check:
    with np.errstate(all="ignore"):
        check.given("what m_inf returns", m_inf(np.array([-65.0])))
        check.given("what tau_m returns", tau_m(np.array([-65.0])))
        check.value("m_inf at -65 mV", m_inf(np.array([-65.0])), [0.0529325], within=1e-6, tell=True)
        check.value("tau_m at -65 mV", tau_m(np.array([-65.0])), [0.2367669], within=1e-6, unit="ms",
                    tell=True)
        check.value("m_inf at -40 mV", m_inf(np.array([-40.0])), [1/(1 + 4*np.exp(-25/18))], within=1e-6,
                    hint="at -40 mV the fraction is 0/0; use its limit there (np.where)")

# %% [markdown]
# ## Voltage clamp
#
# Hodgkin and Huxley found these functions by holding the voltage. `net.clamp` does it: five
# patches, held at -65 mV and from 2 ms on at five other voltages.

# %%
levels = np.array([-40, -20, 0, 20, 40])
net = rb.Network(dt=dt)
axons = net.add(rb.models.HodgkinHuxley, 5, name="axons")
net.clamp(axons, -65*mV, stop=2*ms, variable="v")
net.clamp(axons, levels*mV, start=2*ms, variable="v")
net.record(axons, "m", "h", "n", every=0.05*ms)
held = net.run(14*ms).traces["axons"]
figure, panels = plt.subplots(1, 3, figsize=(7.5, 3), sharey=True)
for axes, (name, value) in zip(panels, {
        "m³h": held.m**3*held.h, "m": held.m, "n": held.n}.items()):
    for i, level in enumerate(levels):
        axes.plot(1000*held.time, value[:, i], label=f"{level} mV")
    axes.set(title=name, xlabel="time (ms)")
panels[2].legend(fontsize=8)
plt.show()

# %% [markdown]
# Sodium comes quickly and goes again although the voltage stays: `h` closes. Potassium comes late
# and stays. That is the whole spike.
#
# ### Exercise 3
#
# At a held voltage a gate follows $x(t) = x_\infty + (x_0 - x_\infty)e^{-t/\tau}$. From the
# recorded `n` of the patch held at 0 mV (`held.n[:, 2]`, samples every 0.05 ms, held from 2 ms
# on) find the time constant of `n` there, in ms. For instance: when has 63.2 % ($1 - 1/e$) of the
# way been gone? Take the value at the end for $n_\infty$.

# %% exercise
tau_n = ...

# %% mistake: from 2 ms on
n = held.n[:, 2].values
goal = n[40] + (1 - 1/np.e)*(n[-1] - n[40])
tau_n = float(1000*held.time[np.argmax(n > goal)])

# %% solution
n = held.n[:, 2].values
goal = n[40] + (1 - 1/np.e)*(n[-1] - n[40])
tau_n = float(1000*held.time[np.argmax(n > goal)]) - 2
print(f"{tau_n:.2f} ms")

# %% check
with course.exercise("3") as check:
    alpha, beta = 0.01*55/(1 - np.exp(-5.5)), 0.125*np.exp(-65/80)
    check.value("the time constant", tau_n, 1/(alpha + beta), within=0.15, unit="ms",
                hint="the way begins where n is at 2 ms, and the time counts from 2 ms on")

# %% [markdown]
# ## The pause after a spike
#
# ### Exercise 4
#
# Forty patches get a strong pulse (40 µA/cm² for 1 ms) at 5 ms, and a second one of the same
# strength some time later: 1 ms later in the first patch, 20.5 ms later in the last. `delays` has
# the times between the pulses, `number` the spikes of each patch. How long after the first pulse
# does the second one evoke a spike again?

# %%
delays = np.arange(1, 21, 0.5)
net = rb.Network(dt=dt)
axons = net.add(rb.models.HodgkinHuxley, len(delays), name="axons")
strong = 40*uA/cm**2
net.inject(axons, rb.stimuli.step(strong, start=5*ms, stop=6*ms))
for i, delay in enumerate(delays):
    net.inject(axons[i], rb.stimuli.step(strong, start=(5 + delay)*ms, stop=(6 + delay)*ms))
net.record(axons, "v", "h", "n", every=0.1*ms)
result = net.run(32*ms)
number = result.spikes["axons"].counts([0, 0.032])[:, 0]

# %% exercise
refractory_ms = ...

# %% mistake: too small
refractory_ms = delays[0]

# %% solution
refractory_ms = delays[number == 2].min()
print(refractory_ms, "ms")

# %% check
with course.exercise("4") as check:
    right = delays[number >= 2].min()
    check.value("the pause", refractory_ms, right, within=0.01, unit="ms",
                hint="the smallest of delays for which number is 2")
    place = int(np.argmin(np.abs(delays - right)))
    trace = result.traces["axons"]
    figure, (above, below) = plt.subplots(2, 1, figsize=(7.5, 4.6), sharex=True)
    for k, name in ((place - 1, "too early"), (place, "late enough")):
        above.plot(1000*trace.time, trace.v[:, k], label=f"{delays[k]:g} ms: {name}")
    below.plot(1000*trace.time, trace.h[:, place - 1], label="h")
    below.plot(1000*trace.time, trace.n[:, place - 1], label="n")
    above.set_ylabel("v (mV)")
    above.legend()
    below.set(xlabel="time (ms)", ylabel="open gates (too early)", ylim=(0, 1))
    below.legend()
    plt.show()

# %% [markdown]
# After a spike `h` is still closed (no sodium) and `n` still open (potassium leaks out). No one
# has to tell this model that it is refractory.

# %%
course.summary()
