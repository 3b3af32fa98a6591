# title: The exclusive or
# question: What can four hidden units learn that no single unit can?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course, nn

compiled = course.start()
epochs = 600 if compiled else 50

# %% [markdown]
# ## One of both, but not both
#
# The output is to be 1 if **one** of two inputs is 1. As pictures of the plane: 1,000 points lie
# around four corners, with a standard deviation of 0.4, and the color is what is wanted.

# %%
x, y = nn.datasets.xor(1000, std=0.4, seed=0)
figure, axes = plt.subplots(figsize=(4, 3.6))
for label in (0, 1):
    axes.plot(*x[y[:, 0] == label].T, ".", markersize=4, label=str(label))
axes.set(xlabel="first input", ylabel="second input", aspect="equal")
axes.legend()
plt.show()

# %% [markdown]
# A single unit draws one straight line. Four hidden units draw four, and the output unit combines
# them:
#
# $$h = \tanh(x\,w_1 + b_1),\qquad p = \sigma(h\,w_2 + b_2),\qquad
#   L = \frac1n\sum (p - y)^2$$
#
# `x` has one row a point. `w1[i, j]` leads from input i to hidden unit j.
#
# ### Exercise 1
#
# Write the forward pass. It returns `h` and `p`.


# %% exercise
def forward(x, w1, b1, w2, b2):
    h = ...
    p = ...
    return h, p


# %% mistake: the output is not between 0 and 1
def forward(x, w1, b1, w2, b2):
    h = np.tanh(x @ w1 + b1)
    return h, h @ w2 + b2


# %% mistake: the biases are missing
def forward(x, w1, b1, w2, b2):
    h = np.tanh(x @ w1)
    return h, 1/(1 + np.exp(-(h @ w2)))


# %% solution
def forward(x, w1, b1, w2, b2):
    h = np.tanh(x @ w1 + b1)
    p = 1/(1 + np.exp(-(h @ w2 + b2)))
    return h, p


# %% check
with course.exercise("1") as check:
    rng = np.random.default_rng(0)
    w1, b1, w2, b2 = (rng.standard_normal(shape) for shape in ((2, 4), 4, (4, 1), 1))
    points = 3*rng.standard_normal((6, 2))
    mine_h, mine_p = forward(points, w1, b1, w2, b2)
    check.given("h", mine_h)
    check.given("p", mine_p)
    right_h = nn.tanh(points @ w1 + b1)
    check.unless(np.min(mine_p) < 0 or np.max(mine_p) > 1,
                 "the output is not between 0 and 1: it has to go through the sigmoid")
    check.unless(np.allclose(mine_h, nn.tanh(points @ w1)), "the biases are missing")
    check.value("h", mine_h, right_h, within=1e-9)
    check.value("p", mine_p, nn.sigmoid(right_h @ w2 + b2), within=1e-9)

# %% [markdown]
# ## Backward
#
# The chain rule from the loss to the weights, one factor a line. With $\delta_2$ the derivative of
# $L$ by the net input of the output unit, and $\delta_1$ by those of the hidden units:
#
# $$\delta_2 = \frac2n (p - y)\, p\,(1 - p),\qquad
#   \delta_1 = (\delta_2\, w_2^{\mathsf T})\,(1 - h^2)$$
#
# $$\frac{\partial L}{\partial w_2} = h^{\mathsf T}\delta_2,\quad
#   \frac{\partial L}{\partial b_2} = \sum \delta_2,\quad
#   \frac{\partial L}{\partial w_1} = x^{\mathsf T}\delta_1,\quad
#   \frac{\partial L}{\partial b_1} = \sum \delta_1$$
#
# where the sums run over the points.
#
# ### Exercise 2
#
# Write the backward pass. It returns the four gradients, each in the shape of what it belongs to.


# %% exercise
def backward(x, y, h, p, w2):
    d2 = ...
    d1 = ...
    return ..., ..., ..., ...   # by w1, b1, w2, b2


# %% mistake: the derivative of the sigmoid is missing
def backward(x, y, h, p, w2):
    d2 = 2/len(x)*(p - y)
    d1 = d2 @ w2.T*(1 - h**2)
    return x.T @ d1, d1.sum(axis=0), h.T @ d2, d2.sum(axis=0)


# %% mistake: the derivative of tanh is missing
def backward(x, y, h, p, w2):
    d2 = 2/len(x)*(p - y)*p*(1 - p)
    d1 = d2 @ w2.T
    return x.T @ d1, d1.sum(axis=0), h.T @ d2, d2.sum(axis=0)


# %% mistake: as many times too large as there are points
def backward(x, y, h, p, w2):
    d2 = 2*(p - y)*p*(1 - p)
    d1 = d2 @ w2.T*(1 - h**2)
    return x.T @ d1, d1.sum(axis=0), h.T @ d2, d2.sum(axis=0)


# %% solution
def backward(x, y, h, p, w2):
    d2 = 2/len(x)*(p - y)*p*(1 - p)
    d1 = d2 @ w2.T*(1 - h**2)
    return x.T @ d1, d1.sum(axis=0), h.T @ d2, d2.sum(axis=0)


# %% check
with course.exercise("2") as check:
    rng = np.random.default_rng(1)
    net = nn.Sequential(nn.Dense(2, 4, "tanh"), nn.Dense(4, 1, "sigmoid"), seed=3)
    net.vector[:] = rng.standard_normal(net.vector.size)
    points, wanted = nn.datasets.xor(8, std=0.4, seed=2)
    out = net.forward(points)
    net.backward(nn.losses.squared_error.gradient(out, wanted))
    hidden, last = net.layers
    h = nn.tanh(points @ hidden.weights + hidden.bias)
    mine = backward(points, wanted, h, out, last.weights)
    for what, gradient in zip(("w1", "b1", "w2", "b2"), mine):
        check.given(f"the gradient by {what}", gradient)
    d2 = 2/8*(out - wanted)
    check.unless(np.allclose(mine[3], d2.sum(axis=0)), "the derivative of the sigmoid is missing")
    d1 = d2*out*(1 - out) @ last.weights.T
    check.unless(np.allclose(mine[0], points.T @ d1), "the derivative of tanh is missing")
    check.unless(np.allclose(mine[3], 8*last.gradient.bias),
                 "the gradients are as many times too large as there are points: the loss is a mean")
    right = (hidden.gradient.weights, hidden.gradient.bias, last.gradient.weights,
             last.gradient.bias)
    for what, gradient, expected in zip(("w1", "b1", "w2", "b2"), mine, right):
        check.value(f"the gradient by {what}", gradient, expected, within=1e-9)

# %% [markdown]
# `rb.check.gradient` compares any backward pass of yours with differences of the forward pass.
#
# ## Downhill
#
# `nn.fit` does this again and again, each time a step against the gradient. Three activations, and
# three random beginnings of each:

# %%
figure, panels = plt.subplots(3, 3, figsize=(7.5, 7.2), sharex=True, sharey=True)
for row, activation in zip(panels, ["sigmoid", "tanh", "relu"]):
    for seed, axes in enumerate(row):
        net = nn.Sequential(nn.Dense(2, 4, activation), nn.Dense(4, 1, "sigmoid"), seed=seed)
        nn.fit(net, x, y, loss="squared_error", optimizer=nn.Adam(0.05), epochs=epochs)
        nn.plots.decision_boundary(net, x[:200], y[:200], resolution=80, ax=axes)
        axes.set_title(f"{activation}, seed {seed}")
        axes.get_legend().remove()
        axes.label_outer()
plt.show()

# %% [markdown]
# The boundaries depend on the seed: many pairs of lines part the corners, and some beginnings get
# stuck where two corners only are told apart.
#
# ### Exercise 3
#
# Noise takes some points across a middle line, and no network can know their label. Let $q$ be the
# probability that a coordinate stays on its side: $q = \Phi(0.5/0.4)$, as the middle is half the
# side of the square away. The best rule looks only at the quadrant. How often is it right? (Both
# coordinates on their side; or both on the wrong one.)

# %%
from statistics import NormalDist

q = NormalDist().cdf(0.5/0.4)
print(f"q = {q:.4f}")

# %% exercise
best = ...

# %% mistake: both on the wrong side is right, too
best = q**2

# %% mistake: squares of probabilities
best = q

# %% solution
best = q**2 + (1 - q)**2

# %% check
with course.exercise("3") as check:
    check.given("best", best)
    check.unless(np.isclose(best, q**2), "both on the wrong side is right, too: the label is the same "
                 "in opposite corners")
    check.value("the best accuracy", best, q**2 + (1 - q)**2, within=1e-6,
                hint="two coordinates, independent of each other: squares of probabilities")

# %% [markdown]
# ## Without hidden units
#
# What can one unit do? The fit below warns, and says what may be the reason.

# %%
single = nn.Sequential(nn.Dense(2, 1, "sigmoid"), seed=0)
nn.fit(single, *nn.datasets.xor(), loss="binary_cross_entropy", optimizer=nn.Adam(0.05), epochs=200)
print(single([[0, 0], [0, 1], [1, 0], [1, 1]]).ravel())

# %%
course.summary()
