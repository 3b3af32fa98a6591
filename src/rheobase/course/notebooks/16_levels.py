# title: One stimulus, four levels
# question: What does a coarser model of a neuron keep, and what does it lose?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import Hz, mV, ms, nS, pA, pF, second, um

compiled = course.start()

# %% [markdown]
# ## Four models of one neuron
#
# | level | model | what it has |
# |---|---|---|
# | ion channels | Hodgkin and Huxley | voltage, three gates, spikes by themselves |
# | exponential integrate-and-fire | AdEx | voltage, the foot of a spike, one adaptation |
# | integrate-and-fire | LIF | voltage, a threshold |
# | rate | rate unit | a rate |
#
# Hodgkin and Huxley's currents are per area: a patch of 20,000 µm² has 200 pF, and 1 nA into it
# is 5 µA/cm².

# %%
area = 20_000*um**2
hh = rb.models.HodgkinHuxley
adex = rb.models.AdEx(C_m=200*pF, g_L=65*nS, E_L=-65*mV, V_T=-57*mV, a=20*nS, tau_w=5*ms, b=100*pA,
                      V_r=-72*mV, tau_ref=6*ms)

# %% [markdown]
# ## The curve a coarser model has to match
#
# How fast does the finest model fire? `rb.analysis.fi_curve` gives every current a cell of its own.

# %%
nA_values = np.array([1.4, 1.6, 2.0, 2.5, 3.0, 4.0, 5.0])
options = (dict(duration=1*second, discard=0.4*second, dt=0.02*ms) if compiled else
           dict(duration=0.2*second, discard=0.1*second, dt=0.1*ms))
target = rb.analysis.fi_curve(hh, nA_values*1000*pA/area, measure="intervals", **options).values
print(np.round(target, 1), "Hz")

# %% [markdown]
# ### Exercise 1
#
# The rate of an LIF under a constant current has a closed form:
#
# $$f(I) = \left[\tau_{ref} + \tau_m\ln\frac{RI + E_L - V_r}{RI + E_L - V_T}\right]^{-1}$$
#
# and 0 where $RI + E_L \le V_T$. Write it for an array `I` in pA, with $R = \tau_m/C_m$. Mind the
# units: ms over pF is $10^9$ ohm, so $R$ in GΩ times $I$ in pA is mV; and the rate is wanted in
# Hz.


# %% exercise
def lif_rate(I, C_m=200.0, tau_m=3.0, E_L=-65.0, V_T=-55.0, V_r=-70.0, tau_ref=8.0):
    """Rates in Hz; I in pA, C_m in pF, times in ms, potentials in mV."""
    ...


# %% mistake: below the rheobase
def lif_rate(I, C_m=200.0, tau_m=3.0, E_L=-65.0, V_T=-55.0, V_r=-70.0, tau_ref=8.0):
    drive = tau_m/C_m*np.asarray(I, dtype=float) + E_L
    with np.errstate(invalid="ignore"):
        return 1000/(tau_ref + tau_m*np.log((drive - V_r)/(drive - V_T)))


# %% mistake: per ms
def lif_rate(I, C_m=200.0, tau_m=3.0, E_L=-65.0, V_T=-55.0, V_r=-70.0, tau_ref=8.0):
    drive = tau_m/C_m*np.asarray(I, dtype=float) + E_L
    above = drive > V_T
    ratio = np.where(above, (drive - V_r)/np.where(above, drive - V_T, 1), 1)
    return np.where(above, 1/(tau_ref + tau_m*np.log(ratio)), 0)


# %% solution
def lif_rate(I, C_m=200.0, tau_m=3.0, E_L=-65.0, V_T=-55.0, V_r=-70.0, tau_ref=8.0):
    """Rates in Hz; I in pA, C_m in pF, times in ms, potentials in mV."""
    drive = tau_m/C_m*np.asarray(I, dtype=float) + E_L
    above = drive > V_T
    ratio = np.where(above, (drive - V_r)/np.where(above, drive - V_T, 1), 1)
    return np.where(above, 1000/(tau_ref + tau_m*np.log(ratio)), 0)


# %% check
with course.exercise("1") as check:
    mine = lif_rate(np.array([500.0, 1000.0, 3000.0]))
    check.given("what lif_rate returns", mine)
    right = 1000/(8 + 3*np.log((0.015*np.array([1000, 3000]) + 5)/(0.015*np.array([1000, 3000]) - 10)))
    check.unless(np.shape(mine) == (3,) and np.allclose(1000*np.asarray(mine)[1:], right),
                 "these are rates per ms; in Hz they are 1000 times as large")
    check.value("the rate at 500 pA", np.asarray(mine)[0], 0,
                hint="it is below the rheobase: R I + E_L < V_T")
    check.value("the rates at 1 and 3 nA", np.asarray(mine)[1:], right, within=1e-6,
                unit="Hz", tell=True)

# %% [markdown]
# ### Exercise 2
#
# Fit the LIF by trying: find `V_T` and `tau_ref` for which the **mean absolute difference** of
# `lif_rate` and `target` over the seven currents is below 4 Hz. All other values stay. Two loops
# over a grid will do.

# %% exercise
V_T = ...
tau_ref = ...

# %% mistake: below 4 Hz
V_T, tau_ref = -55.0, 8.0

# %% solution
best = np.inf
for threshold in np.arange(-60, -40, 0.25):
    for pause in np.arange(2, 16, 0.25):
        error = np.abs(lif_rate(1000*nA_values, V_T=threshold, tau_ref=pause) - target).mean()
        if error < best:
            best, V_T, tau_ref = error, threshold, pause
print(f"V_T = {V_T} mV, tau_ref = {tau_ref} ms: {best:.2f} Hz on average")

# %% check
def rate_of_lif(current, V_T, tau_ref):  # in Hz, current in pA
    drive = 0.015*current - 65
    above = drive > V_T
    ratio = np.where(above, (drive + 70)/np.where(above, drive - V_T, 1), 1)
    return np.where(above, 1000/(tau_ref + 3*np.log(ratio)), 0)


with course.exercise("2") as check:
    check.given("V_T", V_T)
    check.given("tau_ref", tau_ref)
    difference = np.abs(rate_of_lif(1000*nA_values, V_T, tau_ref) - target).mean()
    check.that(f"the mean difference, {difference:.1f} Hz, is below 4 Hz", difference < 4,
               "go on: first tau_ref, which bounds the rate, then V_T")
    fine = np.linspace(0.8, 5, 300)
    figure, axes = plt.subplots(figsize=(6, 3.4))
    axes.plot(nA_values, target, "o", label="Hodgkin-Huxley")
    axes.plot(fine, rate_of_lif(1000*fine, V_T, tau_ref), label="your LIF")
    axes.set(xlabel="current (nA)", ylabel="rate (Hz)")
    axes.legend()
    plt.show()

# %% [markdown]
# `rb.levels.reduce(hh, "LIF", currents, area=area)` does this for you, and for an AdEx and a rate
# unit. No LIF can do what the squid axon does at its onset, where it begins with 50 Hz: an LIF
# begins with 0.
#
# ## Under one noisy current
#
# A constant current is an easy test. Now all four get the **same** noisy current.

# %%
lif = rb.models.LIF(C_m=200*pF, tau_m=3*ms, E_L=-65*mV, V_T=-55*mV, V_r=-70*mV, tau_ref=8*ms)
unit = rb.models.RateUnit(f="relu", tau=5*ms, threshold=0)
noise = rb.stimuli.noise(std=600*pA, tau=3*ms, mean=600*pA)
models = {"HH": hh, "AdEx": adex, "LIF": lif, "rate unit": unit}
duration, dt = (1*second, 0.05*ms) if compiled else (0.2*second, 0.1*ms)
table = rb.levels.compare(models, noise, reference="HH", duration=duration, dt=dt, area=area,
                          current_per_unit=1000*pA, rate_per_unit=60*Hz)
print(table)
table.plot()
plt.show()

# %% [markdown]
# - **error**: how far the rate is from that of HH;
# - **matched**: spikes that both have, within a few ms; **missed**: those that only HH has;
#   **extra**: those that HH has not;
# - **spike times**: how far matched spikes are apart on average;
# - **voltage**: the root mean square difference of `v`.
#
# A model may have the right rate, and fire at other times: as many spikes are extra as are missed.
#
# ### Exercise 3
#
# From the table (`table["LIF"].rate_error`, `len(table["LIF"].missed)`, ...): what share of the
# spikes of HH has the LIF, too? And which of these can a rate unit not have: `"rate"`, `"spike
# times"`, `"voltage"`? Give a set.

# %% exercise
share = ...
not_in_a_rate_unit = ...

# %% mistake: of the spikes of HH
share = 1.0
not_in_a_rate_unit = {"spike times", "voltage"}

# %% solution
share = 1 - len(table["LIF"].missed)/table["HH"].spike_count
not_in_a_rate_unit = {"spike times", "voltage"}
print(f"{share:.2f}")

# %% check
with course.exercise("3") as check:
    right = 1 - len(table["LIF"].missed)/table["HH"].spike_count
    check.value("the share", share, right, within=0.005, hint="matched over the number of the spikes of HH")
    check.given("not_in_a_rate_unit", not_in_a_rate_unit)
    check.that("what a rate unit cannot have", set(not_in_a_rate_unit) == {"spike times", "voltage"})

# %% [markdown]
# ## What for?
#
# ### Exercise 4
#
# Which is the coarsest of the four levels that can answer the question? Answer with `"HH"`,
# `"AdEx"`, `"LIF"` or `"rate unit"`.
#
# - a: does tetrodotoxin, which blocks sodium channels, stop the spikes?
# - b: does the neuron remember a pulse by exciting itself?
# - c: does the interval between spikes grow during a constant current?
# - d: does a second input, 2 ms after the first, make it fire?

# %% exercise
answers = dict(a=..., b=..., c=..., d=...)

# %% mistake: adapts
answers = dict(a="HH", b="rate unit", c="LIF", d="LIF")

# %% solution
answers = dict(a="HH", b="rate unit", c="AdEx", d="LIF")

# %% check
with course.exercise("4") as check:
    reasons = dict(a=("HH", "only it has sodium channels"),
                   b=("rate unit", "a rate is enough for that"),
                   c=("AdEx", "an LIF never adapts: it forgets everything at the reset"),
                   d=("LIF", "it needs single spikes and a threshold, and no more"))
    for letter, (level, reason) in reasons.items():
        check.given(letter, answers[letter])
        check.that(f"{letter}: {answers[letter]}", answers[letter] == level,
                   reason if answers[letter] in ("HH", "AdEx", "LIF", "rate unit") else "no such level")

# %%
course.summary()
