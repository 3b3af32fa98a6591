# title: Axons and dendrites
# question: What becomes of a potential on its way through a neuron?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import cm, mm, mS, ms, mV, nA, nS, ohm, um

compiled = course.start()
dt = 0.02*ms if compiled else 0.05*ms
piece = 20*um if compiled else 100*um  # longest compartment

# %% [markdown]
# ## A passive cable
#
# In the eleventh notebook a neurite was a chain of pieces, coupled by a matrix of yours. A `Cell`
# does this for real shapes: a morphology, a membrane with its channels, and a resistivity make
# it, and it divides itself. Here a neurite of 4 mm, 2 µm thick, whose membrane has nothing but a
# leak. A current goes into one end until nothing changes any more.

# %%
neurite = rb.Morphology.cylinder(length=4*mm, diameter=2*um)
g_leak, resistivity = 0.3*mS/cm**2, 100*ohm*cm
passive = rb.Membrane([rb.channels.Leak(g=g_leak, E=-65*mV)])
active = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak])


def recorded(membrane, stimulus, duration, diameter=2*um, change=None):
    """Inject into one end; return times (ms), distances (mm) and v (mV) of all compartments.

    A thicker neurite is as many length constants long as the one of 2 µm and is cut into as many
    pieces; it needs more current for the same voltage, by the diameter to the power of 3/2.
    """
    share = float(np.sqrt((diameter/(2*um)).to("").magnitude))  # length constants go with the root
    shape = rb.Morphology.cylinder(length=4*mm*share, diameter=diameter)
    cell = rb.Cell(shape, membrane, axial_resistivity=resistivity, max_length=piece*share)
    net = rb.Network(dt=dt)
    cells = net.add(cell, name="cells")
    cells.v = -65*mV
    if change is not None:
        change(cells)
    net.inject(cells.at(fraction=0), stimulus*share**3)
    net.record(cells.everywhere, "v")
    v = net.run(duration).traces["cells"].v
    return 1e3*v.time.values, 1e3*v.path.values, v.values


steady = rb.stimuli.step(0.1*nA, start=0*ms)
_, distance, v = recorded(passive, steady, 30*ms)
height = v[-1] + 65
plt.semilogy(distance, height)
plt.xlabel("distance (mm)")
plt.ylabel("v above rest (mV)")
plt.ylim(1e-3, 30)
plt.show()

# %% [markdown]
# A straight line, up to the sealed end: over every length constant $\lambda$ the potential falls to
# $1/e$. In theory
#
# $$\lambda = \sqrt{\frac{d}{4\,R_a\,g}}$$
#
# with the diameter $d$, the resistivity $R_a$ of the cytoplasm and the conductance $g$ of the
# membrane per area.
#
# ### Exercise 1
#
# Write `length_constant(d, R_a, g)`; all are quantities with units, and so is what it returns.
# The units take care of themselves.


# %% exercise
def length_constant(d, R_a, g):
    ...


# %% mistake: twice too large
def length_constant(d, R_a, g):
    return (d/(R_a*g))**0.5


# %% mistake: of the square root
def length_constant(d, R_a, g):
    return d/(4*R_a*g)


# %% solution
def length_constant(d, R_a, g):
    return (d/(4*R_a*g))**0.5


# %% check
with course.exercise("1") as check:
    found = length_constant(2*um, 100*ohm*cm, 0.3*mS/cm**2)
    check.given("what length_constant returns", found)
    check.unless(not found.check("[length]"),
                 "that is no length: think of the square root")
    number = found.to("um").magnitude
    check.unless(np.isclose(number, 816.497), "that is twice too large: the 4 is missing")
    check.value("the length constant in um", number, 408.248, within=0.01)

# %% [markdown]
# ### Exercise 2
#
# Read it off the curve: `measured`, in mm, from `distance` (mm) and `height` (mV) at any two places
# between 0.2 and 1.5 mm. Hint: `height` is proportional to $e^{-x/\lambda}$; take logarithms.

# %% exercise
measured = ...

# %% mistake: logarithms
one, two = np.searchsorted(distance, [0.5, 1.0])
measured = (distance[two] - distance[one])/(height[one] - height[two])

# %% mistake: the sign
one, two = np.searchsorted(distance, [0.5, 1.0])
measured = (distance[two] - distance[one])/np.log(height[two]/height[one])

# %% solution
one, two = np.searchsorted(distance, [0.5, 1.0])
measured = (distance[two] - distance[one])/np.log(height[one]/height[two])
print(f"{measured:.3f} mm")

# %% check
with course.exercise("2") as check:
    check.given("measured", measured)
    check.unless(measured < 0, "it is negative: look at the sign")
    check.value("measured", measured, 0.408, within=0.01,
                hint="the difference of the distances over that of the logarithms of the heights")

# %% [markdown]
# ## One pulse, without and with channels

# %%
pulse = rb.stimuli.step(0.6*nA, start=1*ms, stop=2*ms)
runs = {"leak alone": recorded(passive, pulse, 12*ms),
        "with channels": recorded(active, pulse, 12*ms)}
figure, panels = plt.subplots(1, 2, figsize=(10, 3.2))
for axes, (name, (time, distance, v)) in zip(panels, runs.items()):
    for place, color in zip([0, 0.5, 1, 2, 3], plt.get_cmap("viridis")(np.linspace(0, 0.9, 5))):
        axes.plot(time, v[:, np.searchsorted(distance, place)], color=color, label=f"{place} mm")
    axes.set(title=name, xlabel="time (ms)", ylabel="v (mV)")
panels[0].legend()
plt.show()

# %% [markdown]
# Without channels the pulse is gone after 1 mm. With them it is made anew everywhere.
#
# ### Exercise 3
#
# How fast does the spike run? Write `speed(time, distance, v)`, in m/s (which is mm/ms), between 1
# and 3 mm: `v` has a row for each time and a column for each distance. A spike arrives when `v` is
# first above -15 mV; `np.argmax(condition)` is the index of the first True.


# %% exercise
def speed(time, distance, v):
    ...


# %% mistake: over the distance, not the distance over
def speed(time, distance, v):
    near, far = np.searchsorted(distance, [1, 3])
    when = [time[np.argmax(v[:, k] > -15)] for k in (near, far)]
    return (when[1] - when[0])/(distance[far] - distance[near])


# %% mistake: peak of the whole
def speed(time, distance, v):
    return distance[-1]/time[-1]


# %% solution
def speed(time, distance, v):
    near, far = np.searchsorted(distance, [1, 3])
    when = [time[np.argmax(v[:, k] > -15)] for k in (near, far)]
    return (distance[far] - distance[near])/(when[1] - when[0])


# %% check
with course.exercise("3") as check:
    time, distance, v = runs["with channels"]
    found = speed(time, distance, v)
    check.given("what speed returns", found)
    first = time[np.argmax(v > -15, axis=0)]
    straight = np.polyfit(first[(distance > 1) & (distance < 3)],
                          distance[(distance > 1) & (distance < 3)], 1)[0]
    check.unless(np.isclose(found, 1/straight, rtol=0.05),
                 "that is the time over the distance, not the distance over the time")
    check.unless(np.isclose(found, distance[-1]/time[-1], rtol=0.01),
                 "that is the end of the cable over the peak of the whole time axis: when does the "
                 "spike arrive?")
    check.value("the speed in m/s", found, straight, within=0.05*straight)

# %% [markdown]
# ### Exercise 4
#
# Speed goes with the square root of the diameter. How many times as thick, `thicker`, must an axon be
# for three times the speed?

# %% exercise
thicker = ...

# %% mistake: square root
thicker = 3

# %% mistake: the other way
thicker = 3**0.5

# %% solution
thicker = 9

# %% check
with course.exercise("4") as check:
    check.given("thicker", thicker)
    check.unless(np.isclose(thicker, 3**0.5), "the other way round: the root of what is 3?")
    check.value("thicker", thicker, 9, hint="the square root of it is 3")

# %%
for diameter in (2*um, 18*um):
    time, distance, v = recorded(active, pulse, 8*ms, diameter)
    first = time[np.argmax(v > -15, axis=0)]
    near, far = len(distance)//4, 3*len(distance)//4
    print(f"{diameter:~}: {(distance[far] - distance[near])/(first[far] - first[near]):.2f} m/s")

# %% [markdown]
# ## Where channels are missing
#
# Variables and parameters of a place are set as `cells.at(...).name = value`. A place may be all that
# lies between two distances: `cells.at(path=(1*mm, 2*mm))`. The sodium conductance is `g_Na`.
#
# ### Exercise 5
#
# Write `cut(cells)`, which takes the sodium channels away from 2 mm to the end, at 4 mm.


# %% exercise
def cut(cells):
    ...


# %% mistake: potassium
def cut(cells):
    cells.at(path=(2*mm, 4*mm)).g_K = 0*mS/cm**2


# %% mistake: everywhere
def cut(cells):
    cells.g_Na = 0*mS/cm**2


# %% solution
def cut(cells):
    cells.at(path=(2*mm, 4*mm)).g_Na = 0*mS/cm**2


# %% check
with course.exercise("5") as check:
    net = rb.Network(dt=dt)
    cells = net.add(rb.Cell(neurite, active, max_length=100*um), name="cells")
    before = cells.g_K.magnitude.sum()
    cut(cells)
    left = cells.g_Na.magnitude > 0
    check.unless(cells.g_K.magnitude.sum() < before,
                 "these are the channels of potassium; those of sodium are g_Na")
    check.unless(not left.any(), "they are gone everywhere: take a place, cells.at(path=(..., ...))")
    check.that("there are none behind 2 mm", not left[20:].any(), hint="cells.at(path=...).g_Na = ...")
    check.that("those in front are left", left[:20].all(), hint="from 2 mm to 4 mm only")

# %%
def half(cells):
    """The same, with a value for each compartment."""
    cells.g_Na = np.where(cells.everywhere.path < 2*mm, 120, 0)*mS/cm**2


time, distance, v = recorded(active, pulse, 12*ms, change=half)
figure, axes = plt.subplots(figsize=(6, 3.2))
picture = axes.pcolormesh(time, distance, v.T, shading="nearest")
axes.set(xlabel="time (ms)", ylabel="distance (mm)")
figure.colorbar(picture, label="v (mV)")
plt.show()

# %% [markdown]
# Behind 2 mm the spike dies away as along a passive cable.
#
# ## A whole neuron
#
# A pyramidal cell of a rat's hippocampus, traced under the microscope, with a leak alone. Two cells
# get one spike through the same synapse: the first at the soma, the second far out.

# %%
shape = rb.morphology.examples.pyramidal()
leak = rb.Membrane([rb.channels.Leak(g=0.05*mS/cm**2, E=-65*mV)])
pyramidal = rb.Cell(shape, leak, axial_resistivity=150*ohm*cm, spikes=None,
                    max_length=20*um if compiled else 1*mm)
shape.plot()
plt.show()

# %%
net = rb.Network(dt=0.1*ms)
cells = net.add(pyramidal, 2, name="cells")
spike = net.add(rb.stimuli.spike_times([5*ms]))
synapse = rb.synapses.Exponential(tau=2*ms, E=0*mV)
far = cells[1].at("apical_dendrite", path=500*um)[0]
net.connect(spike, cells[0].at("soma"), weight=0.5*nS, synapse=synapse)
net.connect(spike, far, weight=0.5*nS, synapse=synapse)
net.record(cells.at("soma"), "v", name="soma")
net.record(far, "v", name="far")
traces = net.run(40*ms).traces
at_soma, at_far = traces["soma"].v.values + 65, traces["far"].v.values[:, 0] + 65
time = 1e3*traces["soma"].time.values
plt.semilogy(time, at_far, "--", label="at the far synapse")
plt.semilogy(time, at_soma, label=["soma, synapse there", "soma, synapse 500 µm away"])
plt.xlabel("time (ms)")
plt.ylabel("EPSP (mV)")
plt.ylim(1e-2, 30)
plt.legend()
plt.show()

# %% [markdown]
# ### Exercise 6
#
# By which factor, `attenuation`, is the EPSP of the far synapse smaller at the soma of its cell (the
# second column of `at_soma`) than where it arises (`at_far`)? Compare peaks.

# %% exercise
attenuation = ...

# %% mistake: the first cell
attenuation = at_far.max()/at_soma[:, 0].max()

# %% mistake: the other way
attenuation = at_soma[:, 1].max()/at_far.max()

# %% solution
attenuation = at_far.max()/at_soma[:, 1].max()
print(f"{attenuation:.0f}")

# %% check
with course.exercise("6") as check:
    right = at_far.max()/at_soma[:, 1].max()
    check.given("attenuation", attenuation)
    check.unless(np.isclose(attenuation, 1/right), "the other way round: it is larger than 1")
    check.unless(np.isclose(attenuation, at_far.max()/at_soma[:, 0].max()),
                 "that is the soma of the first cell; the far synapse is on the second")
    check.value("attenuation", attenuation, right, within=1e-6*right)

# %%
course.summary()
