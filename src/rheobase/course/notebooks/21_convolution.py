# title: Convolution
# question: How does a unit see an edge, wherever it is?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course, nn

compiled = course.start()

# %% [markdown]
# ## A small window
#
# In the retina and in the visual cortex a neuron sees a small part of the picture, its *receptive
# field*, and many neurons look for the same thing in different places. A convolutional layer is
# just that: a small matrix of weights, the **kernel**, is laid on every place of the picture,
# multiplied and added up. Here are pictures to look at: handwritten digits.

# %%
train, test = nn.datasets.digits()
pictures = np.stack([train.x[train.y == label][0, 0] for label in (0, 1, 3, 7)])
nn.plots.images(pictures)
plt.show()

# %% [markdown]
# For a picture $x$ and a kernel $k$, both matrices,
#
# $$y_{ij} = \sum_m \sum_n x_{i+m,\,j+n}\; k_{mn}$$
#
# (In networks this is called convolution. Mathematics calls it cross-correlation: its convolution
# turns the kernel upside down first.)
#
# ### Exercise 1
#
# Write it with loops, for one picture and one kernel. How many places are there? Where the kernel
# would stick out over the picture there is none.


# %% exercise
def convolve(x, k):
    y = ...
    return y


# %% mistake: cross-correlation
def convolve(x, k):
    rows, columns = x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1
    y = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            y[i, j] = np.sum(x[i:i + k.shape[0], j:j + k.shape[1]]*k[::-1, ::-1])
    return y


# %% mistake: there are 7 x 4 places
def convolve(x, k):
    rows, columns = x.shape[0] - k.shape[0], x.shape[1] - k.shape[1]
    y = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            y[i, j] = np.sum(x[i:i + k.shape[0], j:j + k.shape[1]]*k)
    return y


# %% solution
def convolve(x, k):
    rows, columns = x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1
    y = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            for m in range(k.shape[0]):
                for n in range(k.shape[1]):
                    y[i, j] += x[i + m, j + n]*k[m, n]
    return y


# %% check
with course.exercise("1") as check:
    rng = np.random.default_rng(0)
    picture, kernel = rng.standard_normal((8, 6)), rng.standard_normal((2, 3))
    mine = convolve(picture, kernel)
    check.given("what convolve returns", mine)
    right = nn.conv2d(picture[None, None], kernel[None, None])[0, 0]
    check.that(f"the result has shape {np.shape(mine)}", np.shape(mine) == (7, 4),
               "there are 7 x 4 places for a kernel of 2 x 3 on a picture of 8 x 6")
    if np.shape(mine) == (7, 4):
        turned = nn.conv2d(picture[None, None], kernel[None, None, ::-1, ::-1])[0, 0]
        check.unless(np.allclose(mine, turned), "you turned the kernel upside down: networks use "
                     "cross-correlation, where it is laid on as it is")
        check.value("the entries", mine, right, within=1e-9)

# %% [markdown]
# `nn.conv2d` does it for many pictures and kernels at once, in PyTorch's shapes: pictures
# (number, channels, rows, columns), kernels (out, in, rows, columns). `method="loops"` is the
# definition, compiled.
#
# ## Kernels against pictures

# %%
kernels = np.array([[[1, 0, -1], [2, 0, -2], [1, 0, -1]],
                    [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
                    [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]], dtype=float)
figure, axes = plt.subplots(figsize=(6, 6.2))
nn.plots.feature_maps(pictures, kernels, names=["vertical", "horizontal", "spot"], ax=axes)
plt.show()

# %% [markdown]
# Red: the picture looks like the kernel there. Blue: it looks like its negative.
#
# ### Exercise 2
#
# Make a kernel of 3 by 3 that answers only to **diagonal** edges: with values above the diagonal
# that are the negative of those below it, such that it gives 0 on every flat picture, and the
# largest answer, 6, where the picture is 1 on and above the diagonal's upper right and 0 elsewhere
# (`step`, below). Use 0, 2 and -2 only.

# %%
step = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]], dtype=float)
print(step)

# %% exercise
diagonal = ...

# %% mistake: on a flat picture
diagonal = 2*np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]])

# %% mistake: it is -6 there
diagonal = -2*np.array([[0, 1, 1], [-1, 0, 1], [-1, -1, 0]])

# %% solution
diagonal = 2*np.array([[0, 1, 1], [-1, 0, 1], [-1, -1, 0]])

# %% check
with course.exercise("2") as check:
    check.given("diagonal", diagonal)
    flat, answer = np.sum(diagonal), np.sum(step*diagonal)
    check.that(f"it gives {flat:g} on a flat picture", flat == 0,
               "on a flat picture it has to be 0: what is above the diagonal cancels what is below")
    check.that(f"it answers {answer:g} to the edge", answer == 6,
               f"it is {answer:g} there; turn the signs, or look at each entry")
    check.that("its entries are 0, 2 and -2", np.all(np.isin(diagonal, [0, 2, -2])))

# %% [markdown]
# ## Sizes
#
# A kernel of size $k$ on a picture of size $n$ has $n - k + 1$ places. Three things change that:
#
# - **padding** $p$: so many zeros are put around the picture, on each side;
# - **stride** $s$: the kernel moves by $s$ pixels at a time;
# - **dilation** $d$: the entries of the kernel are $d$ pixels apart, so that it covers
#   $d(k - 1) + 1$.
#
# ### Exercise 3
#
# How many places are there along one side? Use whole-number division `//`.


# %% exercise
def places(n, k, padding=0, stride=1, dilation=1):
    ...


# %% mistake: zeros on both sides
def places(n, k, padding=0, stride=1, dilation=1):
    return (n + padding - dilation*(k - 1) - 1)//stride + 1


# %% mistake: the first place is always there
def places(n, k, padding=0, stride=1, dilation=1):
    return (n + 2*padding - dilation*(k - 1))//stride


# %% solution
def places(n, k, padding=0, stride=1, dilation=1):
    return (n + 2*padding - dilation*(k - 1) - 1)//stride + 1


# %% check
with course.exercise("3") as check:
    check.given("what places returns", places(28, 3))
    check.value("n = 28, k = 3", places(28, 3), 26)
    check.value("n = 28, k = 3, padding 1", places(28, 3, padding=1), 28,
                hint="there are zeros on both sides")
    check.value("n = 27, k = 3, stride 2", places(27, 3, stride=2), 13,
                hint="count how often you can move by the stride; the first place is always there")
    for n, k, p, s, d in [(28, 5, 1, 1, 1), (13, 7, 1, 1, 1), (30, 3, 2, 3, 2), (9, 2, 0, 2, 4)]:
        right = nn.conv2d(np.zeros((1, 1, n, n)), np.zeros((1, 1, k, k)), padding=p, stride=s,
                          dilation=d).shape[-1]
        check.value(f"n = {n}, k = {k}, padding {p}, stride {s}, dilation {d}",
                    places(n, k, p, s, d), right)

# %%
course.summary()
