# title: Eight ways to fire
# question: How do two equations make so many different kinds of neurons?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import mV, ms, nS, pA, pF

compiled = course.start()

# %% [markdown]
# ## The adaptive exponential neuron
#
# $$C_m\frac{dv}{dt} = g_L(E_L - v) + g_L\Delta_T\,e^{(v - V_T)/\Delta_T} - w + I
# \qquad \tau_w\frac{dw}{dt} = a(v - E_L) - w$$
#
# At a spike $v$ goes to $V_r$ and $w$ jumps by $b$. The current $w$ works against $I$: **$a$**
# says how much it grows with the voltage, **$b$** how much with every spike, **$\tau_w$** how
# long it lasts, and **$V_r$** where the next climb begins. That is enough for all of these (R.
# Naud et al., 2008):

# %%
#                             C_m  g_L  E_L    a  tau_w   b  V_r    I
patterns = {
    "tonic":                  [200, 10, -70,   2,  30,   0, -58, 500],
    "adaptation":             [200, 12, -70,   2, 300,  60, -58, 500],
    "initial burst":          [130, 18, -58,   4, 150, 120, -50, 400],
    "regular bursting":       [200, 10, -58,   2, 120, 100, -46, 210],
    "delayed accelerating":   [200, 12, -70, -10, 300,   0, -58, 300],
    "delayed reg. bursting":  [100, 10, -65, -10,  90,  30, -47, 110],
    "transient":              [100, 10, -65,  10,  90, 100, -47, 180],
    "irregular":              [100, 12, -60, -11, 130,  30, -48, 160],
}
names = list(patterns)
C_m, g_L, E_L, a, tau_w, b, V_r, current = np.array(list(patterns.values()), dtype=float).T

dt = 0.02*ms if compiled else 0.2*ms
net = rb.Network(dt=dt)
cells = net.add(rb.models.AdEx, len(names), name="cells")
cells.C_m, cells.g_L, cells.E_L, cells.a = C_m*pF, g_L*nS, E_L*mV, a*nS
cells.tau_w, cells.b, cells.V_r = tau_w*ms, b*pA, V_r*mV
cells.v = "E_L"
net.inject(cells, rb.stimuli.step(current*pA))
net.record(cells, "v", "w", every=0.2*ms)
result = net.run(500*ms)

figure, panels = plt.subplots(4, 2, figsize=(7.5, 6.4), sharex=True, sharey=True)
for i, (axes, name) in enumerate(zip(panels.flat, names)):
    v = result.traces["cells"].v[:, i]
    axes.plot(1000*v.time, np.minimum(v, -40), linewidth=1)
    times = 1000*result.spikes["cells"][i]
    axes.plot(times, np.full(len(times), -34), "|", color="C0")
    axes.set_title(name, fontsize=10)
for axes in panels[-1]:
    axes.set_xlabel("time (ms)")
for axes in panels[:, 0]:
    axes.set_ylabel("v (mV)")
plt.show()

# %% [markdown]
# (`v` is drawn up to -40 mV, spikes as strokes above.) Each set is also there by its name:
# `rb.models.AdEx.variants["tonic"]`.
#
# ### Exercise 1
#
# Put a number on adaptation. Write `adaptation(times)`: the last interspike interval divided by
# the first.


# %% exercise
def adaptation(times):
    ...


# %% mistake: the other way round
def adaptation(times):
    isi = np.diff(times)
    return isi[0]/isi[-1]


# %% solution
def adaptation(times):
    isi = np.diff(times)
    return isi[-1]/isi[0]


# %% check
with course.exercise("1") as check:
    found = adaptation(np.array([0.0, 0.1, 0.3, 0.7]))
    check.given("what adaptation returns", found)
    check.unless(abs(found - 0.25) < 1e-9, "it is the other way round: last over first")
    check.value("the adaptation of 0, 0.1, 0.3, 0.7 s", found, 4, within=1e-9, tell=True)
    for name in ("tonic", "adaptation", "delayed accelerating"):
        isi = np.diff(result.spikes["cells"][names.index(name)])
        check.value(f"that of the pattern {name}", adaptation(result.spikes["cells"][names.index(name)]),
                    isi[-1]/isi[0], within=1e-9)

# %% [markdown]
# ### Exercise 2
#
# Now sort them by a program. Write `classify(times, duration)` for the spike times (s) of a
# neuron under a constant current, and return one of
#
# - `"silent"`: no spike;
# - `"transient"`: the last spike comes before a half of the duration;
# - `"bursting"`: the longest interval is more than 4 times the shortest, in the second half of
#   the spikes;
# - `"adapting"`: the last interval is more than 1.5 times the first;
# - `"accelerating"`: the last interval is less than the first divided by 1.5;
# - `"tonic"`: everything else.
#
# Ask in this order.


# %% exercise
def classify(times, duration=0.5):
    ...


# %% mistake: transient
def classify(times, duration=0.5):
    if len(times) == 0:
        return "silent"
    isi = np.diff(times)
    late = isi[len(isi)//2:]
    if len(late) and late.max() > 4*late.min():
        return "bursting"
    if len(isi) and isi[-1] > 1.5*isi[0]:
        return "adapting"
    return "accelerating" if len(isi) and isi[-1] < isi[0]/1.5 else "tonic"


# %% solution
def classify(times, duration=0.5):
    if len(times) == 0:
        return "silent"
    if times[-1] < duration/2:
        return "transient"
    isi = np.diff(times)
    late = isi[len(isi)//2:]
    if late.max() > 4*late.min():
        return "bursting"
    if isi[-1] > 1.5*isi[0]:
        return "adapting"
    if isi[-1] < isi[0]/1.5:
        return "accelerating"
    return "tonic"


# %% check
with course.exercise("2") as check:
    for times, right in [([], "silent"), ([0.03], "transient"), (np.arange(50)/100, "tonic"),
                         (np.linspace(0, 0.6, 30)**2, "adapting"),
                         (np.sqrt(np.linspace(0, 0.24, 30)), "accelerating"),
                         (np.add.outer(np.arange(5)/10, [0, 0.01, 0.02]).ravel(), "bursting")]:
        found = classify(np.array(times, dtype=float), 0.5)
        check.given("what classify returns", found)
        check.that(f"{len(times)} spikes, {right}", found == right, f"you say {found!r}, not {right}")

# %% [markdown]
# ## Turn the knobs
#
# The same neuron ("tonic") under 500 pA. Move `b`, then `V_r`: from regular spikes to adaptation,
# and from there to bursts.

# %%
rb.interact(rb.models.AdEx(tau_w=120*ms), b=(0, 200)*pA, V_r=(-58, -44)*mV, steps=dict(b=6, V_r=8),
            stimulus=rb.stimuli.step(500*pA), duration=400*ms, dt=dt, record=["v", "w"])

# %% [markdown]
# ### Exercise 3
#
# Make a neuron yourself. Begin with `rb.models.AdEx.variants["tonic"]` (b = 0, V_r = -58 mV)
# under 500 pA. Which change makes it **adapt**, and which makes it **burst**?
# Give the parameters that change, as a dict. The check runs your neurons and uses the rules of
# exercise 2.

# %% exercise
adapting = ...  # such as dict(a=4*nS)
bursting = ...

# %% mistake: fires tonic
adapting = dict(b=0*pA)
bursting = dict(V_r=-46*mV, b=100*pA, tau_w=120*ms)

# %% solution
adapting = dict(b=60*pA, tau_w=300*ms)  # every spike adds to w, and w lasts
bursting = dict(V_r=-46*mV, b=100*pA, tau_w=120*ms)  # a reset above V_T

# %% check
def kind(times, duration):
    isi = np.diff(times)
    if len(times) < 3 or times[-1] < duration/2:
        return "transient" if len(times) else "silent"
    late = isi[len(isi)//2:]
    if late.max() > 4*late.min():
        return "bursting"
    return "adapting" if isi[-1] > 1.5*isi[0] else "accelerating" if isi[-1] < isi[0]/1.5 else "tonic"


with course.exercise("3") as check:
    check.given("adapting", adapting)
    check.given("bursting", bursting)
    net = rb.Network(dt=dt)
    pair = net.add(rb.models.AdEx.variants["tonic"], 2, name="pair")
    for i, changes in enumerate((adapting, bursting)):
        for parameter, value in changes.items():
            setattr(pair[i], parameter, value)
    net.inject(pair, rb.stimuli.step(500*pA))
    net.record(pair, "v", "w", every=0.2*ms)
    mine = net.run(500*ms)
    for i, wanted in enumerate(("adapting", "bursting")):
        found = kind(mine.spikes["pair"][i], 0.5)
        check.that(f"the neuron that is to be {wanted} is", found == wanted, f"it fires {found}")
    figure, panels = plt.subplots(1, 2, figsize=(7.5, 2.8), sharey=True)
    for i, axes in enumerate(panels):
        v = mine.traces["pair"].v[:, i]
        axes.plot(1000*v.time, np.minimum(v, -30), linewidth=1)
        axes.set(xlabel="time (ms)", title=("adapting", "bursting")[i])
    panels[0].set_ylabel("v (mV)")
    plt.show()

# %% [markdown]
# ## Why a burst ends
#
# The phase plane shows it. A spike ends at $V_r$, with $w$ larger by $b$. As long as that point
# lies below the v-nullcline (where $dv/dt = 0$), $v$ climbs at once: the next spike of the burst.
# When $w$ has grown above the nullcline, $v$ must first fall and go round: the pause.

# %%
i = names.index("regular bursting")
v, w = (result.traces["cells"][name][:, i].values for name in "vw")
grid = np.linspace(-65, -40, 400)
figure, axes = plt.subplots(figsize=(6, 4))
# Delta_T is 2 mV and V_T -50 mV
nullcline = g_L[i]*(E_L[i] - grid) + g_L[i]*2*np.exp((grid + 50)/2) + current[i]
axes.plot(grid, nullcline, color="C1", label="dv/dt = 0")
resets = np.flatnonzero(np.diff(w) > b[i]/2) + 1  # the line is broken there
v, w = (np.insert(x, resets, np.nan) for x in (v, w))
axes.plot(v, w, color="C0", linewidth=1, label="regular bursting")
axes.axvline(V_r[i], color="gray", linestyle=":", linewidth=1.2)
axes.annotate(" $V_r$", (V_r[i], 20), color="#555555")
axes.set(xlabel="v (mV)", ylabel="w (pA)", xlim=(-65, -40), ylim=(0, 350))
axes.legend(loc="upper left")
plt.show()

# %%
course.summary()
