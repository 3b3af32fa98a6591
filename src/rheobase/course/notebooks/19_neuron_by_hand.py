# title: One neuron, trained by hand
# question: How does a neuron find the weights that it needs?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course, nn

compiled = course.start()

# %% [markdown]
# ## A unit, and a neuron
#
# | unit | neuron |
# |---|---|
# | input $x_i$ | firing rate of a sending cell, along its axon |
# | weight $w_i$ | strength of a synapse: positive excites, negative inhibits |
# | net input $z = \sum_i w_i x_i + b$ | what dendrites and soma add up |
# | bias $b$ | how easily it fires: $-b$ is a threshold |
# | output $a = f(z)$ | its own firing rate |
#
# ### Exercise 1
#
# Write the net input without a bias as a loop over $i$, without NumPy's functions.


# %% exercise
def net_input(x, w):
    total = 0.0
    ...
    return ...


# %% mistake: leave out the last entry
def net_input(x, w):
    total = 0.0
    for i in range(len(x) - 1):
        total += x[i]*w[i]
    return total


# %% mistake: add the entries instead of multiplying
def net_input(x, w):
    total = 0.0
    for i in range(len(x)):
        total += x[i] + w[i]
    return total


# %% solution
def net_input(x, w):
    total = 0.0
    for i in range(len(x)):
        total += x[i]*w[i]
    return total


# %% check
with course.exercise("1") as check:
    check.given("what net_input returns", net_input([1.0], [1.0]))
    check.report(rb.check.equal(net_input, nn.net_input))

# %% [markdown]
# The same as the sum of an elementwise product, `np.sum(x*w)`, and as a dot product, `x @ w`:

# %%
x, w = np.array([1.0, 0.0, 2.0]), np.array([0.5, 3.0, -1.0])
print(nn.net_input(x, w, how="loop"), np.sum(x*w), x @ w)

# %% [markdown]
# ## Similarity
#
# $x\cdot w = |x|\,|w|\cos\theta$: the net input is large if the activities point where the weights
# point. The weights are what the unit is looking for.
#
# ### Exercise 2
#
# Write `angle(x, w)`, in radians.


# %% exercise
def angle(x, w):
    ...


# %% mistake: in degrees; it has to be in radians
def angle(x, w):
    return np.degrees(np.arccos(x @ w/np.linalg.norm(x)/np.linalg.norm(w)))


# %% mistake: take its arccos
def angle(x, w):
    return x @ w/np.linalg.norm(x)/np.linalg.norm(w)


# %% solution
def angle(x, w):
    return np.arccos(x @ w/np.linalg.norm(x)/np.linalg.norm(w))


# %% check
with course.exercise("2") as check:
    check.given("what angle returns", angle(np.ones(2), np.ones(2)))
    check.report(rb.check.equal(angle, nn.angle))

# %% [markdown]
# ### Exercise 3
#
# A bias is a weight from an input that is always 1 (a *clamped* input). Make `longer_x` and
# `longer_w` such that `longer_x @ longer_w` is `x @ w + b`, with the bias -0.7.

# %% exercise
longer_x = ...
longer_w = ...

# %% mistake: the last entry of longer_x is 1
longer_x = np.append(x, -0.7)
longer_w = np.append(w, -0.7)

# %% solution
longer_x = np.append(x, 1.0)
longer_w = np.append(w, -0.7)

# %% check
with course.exercise("3") as check:
    check.given("longer_x", longer_x)
    check.given("longer_w", longer_w)
    check.value("longer_x @ longer_w", np.dot(longer_x, longer_w), x @ w - 0.7, within=1e-12,
                hint="the last entry of longer_x is 1, that of longer_w is b = -0.7")

# %% [markdown]
# Several units make a layer: $w_{ij}$ goes **from** $i$ **to** $j$, in row $i$ and column $j$. Then
# all net inputs are one product, `z = x @ w + b`.
#
# ## Forward and backward
#
# How does the output change if a weight changes? `explain` writes it out. In the lower half read
# every line as: the gradient that comes back, times a local derivative.

# %%
neuron = nn.Neuron(weights=[2.0, -3.0], bias=-3.0, activation="sigmoid")
neuron.forward([-1.0, -2.0])
neuron.backward(1.0)
print(neuron.explain())
neuron.draw(biology=True)
plt.show()

# %% [markdown]
# ### Exercise 4
#
# Write `backward(g, x, w, b)` for a sigmoid neuron. `g` is $dL/da$; return $dL/dx$, $dL/dw$ and
# $dL/db$ in this order.


# %%
def forward(x, w, b):
    return 1/(1 + np.exp(-(x @ w + b)))


# %% exercise
def backward(g, x, w, b):
    ...


# %% mistake: derivative of the activation is missing
def backward(g, x, w, b):
    return g*w, g*x, g


# %% mistake: is not multiplied by the gradient that comes back
def backward(g, x, w, b):
    a = forward(x, w, b)
    g_z = a*(1 - a)
    return g_z*w, g_z*x, g_z


# %% solution
def backward(g, x, w, b):
    a = forward(x, w, b)
    g_z = g*a*(1 - a)
    return g_z*w, g_z*x, g_z


# %% check
with course.exercise("4") as check:
    check.given("what backward returns", backward(1.0, x, w, 0.0))
    check.report(rb.check.gradient(backward, forward, (np.array([-1.0, 0.5]),
                                                       np.array([1.0, -0.8]), 0.3)))

# %% [markdown]
# In symbols, on from a squared error:

# %%
print(neuron.derive("squared_error"))

# %% [markdown]
# ## Downhill
#
# A neuron learns by going down the gradient of its loss: `w -= rate*dL/dw`, `b -= rate*dL/db`.
#
# ### Exercise 5
#
# One step by hand. The neuron above has $a$ = 0.7311 and the target 0; the loss is $(a - t)^2$, the
# rate 0.5. What is the first weight (now 2) after one step? Its derivative $da/dw_1$ is -0.1966.

# %% exercise
new_weight = ...

# %% mistake: too small
new_weight = 2.0 + 0.5*2*0.7311*(-0.1966)

# %% mistake: dL/da is 2
new_weight = 2.0 - 0.5*0.7311*(-0.1966)

# %% solution
new_weight = 2.0 - 0.5*2*(0.7311 - 0.0)*(-0.1966)
print(new_weight)

# %% check
with course.exercise("5") as check:
    check.value("new_weight", new_weight, 2.1437, within=2e-4,
                hint="w - rate*dL/dw, and dL/dw = dL/da * da/dw, where dL/da is 2*(a - t)")

# %% [markdown]
# ### Exercise 6
#
# Now a loop. Four inputs, the targets of OR. Write `learn(steps, rate)`: begin with the weights
# `[-2, 3]` and the bias 0, take that many steps down the mean of $(a - t)^2$ over the four samples,
# and return weights and bias. For all samples at once, `z = x @ w + b` has four entries; dL/dw is
# `x.T @ g_z`, dL/db is `g_z.sum()`.

# %%
samples = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
targets = np.array([0.0, 1.0, 1.0, 1.0])


# %% exercise
def learn(steps, rate):
    w, b = np.array([-2.0, 3.0]), 0.0
    for step in range(steps):
        ...
    return w, b


# %% mistake: uphill
def learn(steps, rate):
    w, b = np.array([-2.0, 3.0]), 0.0
    for step in range(steps):
        a = 1/(1 + np.exp(-(samples @ w + b)))
        g_z = 2*(a - targets)/4*a*(1 - a)
        w, b = w + rate*samples.T @ g_z, b + rate*g_z.sum()
    return w, b


# %% mistake: the sum over the samples, not the mean
def learn(steps, rate):
    w, b = np.array([-2.0, 3.0]), 0.0
    for step in range(steps):
        a = 1/(1 + np.exp(-(samples @ w + b)))
        g_z = 2*(a - targets)*a*(1 - a)
        w, b = w - rate*samples.T @ g_z, b - rate*g_z.sum()
    return w, b


# %% solution
def learn(steps, rate):
    w, b = np.array([-2.0, 3.0]), 0.0
    for step in range(steps):
        a = 1/(1 + np.exp(-(samples @ w + b)))
        g_z = 2*(a - targets)/4*a*(1 - a)
        w, b = w - rate*samples.T @ g_z, b - rate*g_z.sum()
    return w, b


# %% check
with course.exercise("6") as check:
    given_w, given_b = learn(1, 3.0)
    descent = nn.Neuron([-2.0, 3.0]).descend(samples, targets, rate=3.0, steps=100)
    step = descent.weights[1] - descent.weights[0]
    moved = given_w - descent.weights[0]
    check.that("the weights are changed", np.any(moved != 0), "w is never given a new value")
    check.unless(np.allclose(moved, -step), "your steps go uphill: subtract rate*gradient")
    check.unless(np.allclose(moved, 4*step), "yours is the sum over the samples, not the mean")
    check.value("the weights after one step", given_w, descent.weights[1], within=1e-9)
    check.value("the bias after one step", given_b, descent.biases[1], within=1e-9)
    check.value("the weights after 100 steps", learn(100, 3.0)[0], descent.weights[-1], within=1e-6)

# %%
for rate in (0.3, 3.0, 30.0):
    found = nn.Neuron([-2.0, 3.0]).descend(samples, targets, rate=rate, steps=300)
    plt.plot(found.losses, label=f"rate {rate:g}")
plt.xlabel("step")
plt.ylabel("squared error")
plt.ylim(bottom=0)
plt.legend()
plt.show()

# %% [markdown]
# ### Exercise 7
#
# How many of the four samples can one neuron get right at best with the targets of XOR,
# `[0, 1, 1, 0]`? Try several starts (`nn.Neuron([w_1, w_2], b).descend(...)`), and count outputs on
# the right side of 0.5.

# %% exercise
at_best = ...

# %% mistake: too large
at_best = 4

# %% mistake: too small
at_best = 2

# %% solution
counts = []
for w_1 in (-2.0, 2.0):
    for w_2 in (-3.0, 3.0):
        one = nn.Neuron([w_1, w_2], 0.1)
        one.descend(samples, np.array([0.0, 1.0, 1.0, 0.0]), rate=3.0, steps=2000)
        counts.append(int(((one(samples) > 0.5) == [0, 1, 1, 0]).sum()))
at_best = max(counts)
print(counts)

# %% check
with course.exercise("7") as check:
    check.value("at_best", at_best, 3,
                hint="z is 0 along a straight line; which points can it have on one side?")

# %%
course.summary()
