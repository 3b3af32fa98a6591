# title: A first network
# question: How does a spike get from one neuron to the next, and when does it arrive?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import Hz, ms, second

compiled = course.start()

# %% [markdown]
# ## One input, one neuron
#
# The input spikes regularly at 30 Hz. The neuron has a slow synaptic current, $\tau_s$ = 100 ms,
# and a weight of 0.05 makes `s` jump by 0.05/0.1 = 0.5 at every spike:
#
# $$\frac{dv}{dt} = \frac{s - v}{\tau_m},\qquad \frac{ds}{dt} = -\frac{s}{\tau_s},\qquad
# \text{at a spike of the input: } s \leftarrow s + \frac{w}{\tau_s}$$

# %%
net = rb.Network(dt=1*ms)
source = net.add(rb.stimuli.regular_spikes([30]*Hz, until=[1]*second), name="input")
cell = net.add(rb.models.NormalizedLIF(tau_s=100*ms), name="cell")
net.connect(source, cell, weight=0.05)
net.record(cell, "v", "s")
result = net.run(1*second)
print(result.spikes["input"].count, "spikes in,", result.spikes["cell"].count, "spikes out")

# %%
traces = result.traces["cell"]
figure, (top, middle, bottom) = plt.subplots(3, 1, figsize=(7.5, 5), sharex=True,
                                             height_ratios=[2, 3, 1])
top.plot(traces.time, traces.s[:, 0], color="C2")
top.set(ylabel="s", ylim=(0, None))
rb.plots.traces(result, "v", ax=middle)
middle.axhline(1, color="gray", linestyle="--", linewidth=1)
rb.plots.raster(result, ax=bottom)
plt.show()

# %% [markdown]
# `s` climbs with every input, because little of it is gone when the next arrives; `v` follows and
# crosses 1 ever more often. (Each spike is drawn as a line above the threshold: `v` itself never
# goes there.)
#
# ## The delay of one step
#
# Every step the spikes of the step **before** are tabulated and delivered. A spike emitted in step
# $k$ is therefore delivered in step $k+1$, changes `s` at its end, and moves `v` in step $k+2$.
# That is the default of `net.connect`; `delay=5*ms` would make it longer, and `delay=0*ms` delivers
# in the step of the spike itself.
#
# ### Exercise 1
#
# The first input spike is at 1/60 s = 16.7 ms, so it is emitted in the step from 16 to 17 ms.
# A trace holds the state at the **start** of a step. At which time (in ms) does the recorded `s`
# first differ from 0, and at which the recorded `v`? Predict, then look: `traces.s[15:20, 0]`.

# %% exercise
s_moves = ...
v_moves = ...

# %% mistake: delivered one step
s_moves = 17
v_moves = 18

# %% solution
s_moves = 18  # delivered in the step from 17 ms, seen at the start of the next
v_moves = 19  # the slope at 18 ms is the first that has it
print(traces.s[15:20, 0].values, traces.v[15:20, 0].values)

# %% check
with course.exercise("1") as check:
    check.value("the time of s", s_moves, 18, unit="ms",
                hint="the spike of the step from 16 ms is delivered one step later, at that step's end")
    check.value("the time of v", v_moves, 19, unit="ms",
                hint="Euler's slope is taken at the start of a step")

# %% [markdown]
# ## How strong must a weight be?
#
# ### Exercise 2
#
# If the input goes on at rate $r$, `s` fluctuates around a mean. Every spike adds $w/\tau_s$, and
# decays with $\tau_s$: the area under one such piece is $w$. So the mean of `s` is... Write
# `mean_current(w, rate)`, and from it the smallest weight `w_smallest` whose **mean** current
# reaches the threshold 1 at 30 Hz.


# %% exercise
def mean_current(w, rate):
    ...


w_smallest = ...


# %% mistake: tau_s cancels
def mean_current(w, rate):
    return w*rate/0.1


w_smallest = 0.1/30


# %% solution
def mean_current(w, rate):
    return w*rate


w_smallest = 1/30

# %% check
with course.exercise("2") as check:
    check.given("mean_current", mean_current(0.1, 10))
    late = float(traces.s[600:1000, 0].mean())
    check.value("mean_current(0.05, 30)", mean_current(0.05, 30), 1.5, within=1e-9,
                hint=f"the trace has {late:.2f} from 0.6 s on; tau_s cancels: w/tau_s is added, "
                     "and it lasts for tau_s")
    check.value("w_smallest", w_smallest, 1/30, within=1e-4, hint="mean_current(w, 30) = 1")

# %% [markdown]
# `s` swings around that mean, and its peaks cross 1 before the mean does. Below, many cells at
# once, each with its own weight: one population, one run.

# %%
weights = np.linspace(0.02, 0.06, 41)
net = rb.Network(dt=1*ms)
source = net.add(rb.stimuli.regular_spikes([30]*Hz, until=[2]*second), name="input")
cells = net.add(rb.models.NormalizedLIF(tau_s=100*ms), 41, name="cells")
net.connect(source, cells, weight=weights[None, :])
counts = net.run(2*second).spikes["cells"].counts([1, 2])[:, 0]
figure, axes = plt.subplots(figsize=(6, 3.2))
axes.plot(weights, counts, "o-", markersize=4)
axes.axvline(1/30, color="gray", linestyle="--", linewidth=1)
axes.annotate(" mean of s = 1", (1/30, counts.max()), color="#555555", va="top")
axes.set(xlabel="weight", ylabel="output rate (Hz)")
plt.show()

# %% [markdown]
# ## Your own network
#
# ### Exercise 3
#
# Write `deliver(spiked, W)`. `spiked` is a list of the neurons that spiked in the last step, and
# `W[i, j]` is the weight **from** neuron i **to** neuron j, as everywhere in this course. Return an
# array with the sum of weights that arrives at each neuron.


# %% exercise
def deliver(spiked, W):
    ...


# %% mistake: from i to j
def deliver(spiked, W):
    return W[:, spiked].sum(axis=1)


# %% mistake: arrives twice
def deliver(spiked, W):
    arriving = np.zeros(len(W))
    for i in spiked:
        arriving = W[i]
    return arriving


# %% solution
def deliver(spiked, W):
    arriving = np.zeros(len(W))
    for i in spiked:
        arriving += W[i]  # row i: what leaves neuron i
    return arriving


# %% check
with course.exercise("3") as check:
    W = np.array([[0, 0.2, 0], [0, 0.1, -0.4], [0.5, 0, 0]])
    check.given("what deliver returns", deliver([0], W))
    check.unless(np.allclose(deliver([1], W), W[:, 1]) and not np.allclose(deliver([1], W), W[1]),
                 "deliver reads W[j, i]; the weight from i to j is W[i, j]: a row leaves a neuron")
    check.value("what arrives when neuron 1 spiked", deliver([1], W), W[1], within=1e-12, tell=True)
    check.value("when 0 and 1 spiked", deliver([0, 1], W), W[0] + W[1], within=1e-12, tell=True,
                hint="add the rows: at neuron 1 something arrives twice")
    check.value("when none spiked", deliver([], W), np.zeros(3), within=1e-12)

# %% [markdown]
# The same with Rheobase: `rb.rules.from_matrix(W)` makes a connection wherever `W` is not 0.

# %%
W = np.array([[0, 0.2, 0], [0, 0.1, -0.4], [0.5, 0, 0]])
net = rb.Network(dt=1*ms)
cells = net.add(rb.models.NormalizedLIF, 3, name="cells")
projection = net.connect(cells, cells, rb.rules.from_matrix(W))
for i, j, w in zip(projection.pre, projection.post, projection.weights):
    print(f"from {i} to {j}: {float(w):+.1f}")

# %% [markdown]
# ### Exercise 4
#
# Now the whole network. A neuron is given, the one of *One neuron, step by step*. Complete `step`:
#
# 1. what fired in the last step (`self.fired`) is delivered: every neuron receives its weights;
# 2. all neurons go one step;
# 3. `self.fired` becomes the list of those that spiked in it.
#
# The check gives your network random weights and inputs, and sets it beside Rheobase's.


# %%
class Neuron:
    def __init__(self, tau_m=0.02, tau_s=0.05, tau_ref=0.002):
        self.tau_m, self.tau_s, self.tau_ref = tau_m, tau_s, tau_ref
        self.t = self.v = self.s = self.refractory = self.arriving = 0.0
        self.spikes = []

    def receive(self, weight):
        self.arriving += weight

    def step(self, dt):
        slope = (self.s - self.v)/self.tau_m
        self.s += -dt*self.s/self.tau_s + self.arriving/self.tau_s
        self.arriving = 0.0
        free = dt - self.refractory
        if free <= 0:
            self.refractory -= dt
        elif self.v + free*slope < 1:
            self.v, self.refractory = self.v + free*slope, 0.0
        else:
            d = (1 - self.v)/slope
            self.spikes.append(self.t + self.refractory + d)
            self.v, self.refractory = 0.0, self.tau_ref - (free - d)
        self.t += dt


# %% exercise
class Network:
    def __init__(self, weights):
        self.weights = weights  # weights[i][j] from neuron i to neuron j
        self.neurons = [Neuron() for _ in weights]
        self.fired = []  # the neurons that spiked in the last step

    def receive(self, cell, weight):
        self.neurons[cell].receive(weight)

    def step(self, dt):
        for neuron in self.neurons:
            neuron.step(dt)
        ...


# %% mistake: the matrix is transposed
class Network:
    def __init__(self, weights):
        self.weights = weights  # weights[i][j] from neuron i to neuron j
        self.neurons = [Neuron() for _ in weights]
        self.fired = []  # the neurons that spiked in the last step

    def receive(self, cell, weight):
        self.neurons[cell].receive(weight)

    def step(self, dt):
        for i in self.fired:
            for j, neuron in enumerate(self.neurons):
                neuron.receive(self.weights[j][i])
        before = [len(neuron.spikes) for neuron in self.neurons]
        for neuron in self.neurons:
            neuron.step(dt)
        self.fired = [i for i, n in enumerate(self.neurons) if len(n.spikes) > before[i]]


# %% solution
class Network:
    def __init__(self, weights):
        self.weights = weights  # weights[i][j] from neuron i to neuron j
        self.neurons = [Neuron() for _ in weights]
        self.fired = []  # the neurons that spiked in the last step

    def receive(self, cell, weight):
        self.neurons[cell].receive(weight)

    def step(self, dt):
        for i in self.fired:
            for j, neuron in enumerate(self.neurons):
                neuron.receive(self.weights[i][j])
        before = [len(neuron.spikes) for neuron in self.neurons]
        for neuron in self.neurons:
            neuron.step(dt)
        self.fired = [i for i, n in enumerate(self.neurons) if len(n.spikes) > before[i]]


# %% check
with course.exercise("4") as check:
    check.report(rb.check.network(Network, like=rb.models.NormalizedLIF, dt=1*ms, duration=200*ms))

# %% [markdown]
# ## It goes on
#
# A network keeps its state and its time. Running again continues; `rb.join` puts the results
# together.

# %%
net = rb.Network(dt=1*ms)
source = net.add(rb.stimuli.regular_spikes([30]*Hz, until=[1]*second), name="input")
cell = net.add(rb.models.NormalizedLIF(tau_s=100*ms), name="cell")
net.connect(source, cell, weight=0.05)
halves = [net.run(0.5*second), net.run(0.5*second)]
together = rb.join(*halves)
same = np.array_equal(together.spikes["cell"][0], result.spikes["cell"][0])
print([half.spikes["cell"].count for half in halves], "spikes; the times of one run:", same)

# %%
course.summary()
