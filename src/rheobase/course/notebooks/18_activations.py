# title: Activation functions
# question: What does a function need, so that units with it can learn?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course, nn

compiled = course.start()

# %% [markdown]
# ## From net input to output
#
# A unit sums what it gets from others, $x$, and puts out $a = f(x)$. Which $f$? The step function
# comes nearest to a neuron with a threshold. Here are others, with their derivatives (dashed).

# %%
def pictures(names, low, high):
    """Functions and their derivatives side by side."""
    figure, panels = plt.subplots(1, len(names), figsize=(2.6*len(names), 2.8))
    for axes, name in zip(panels, names):
        getattr(nn, name).plot(low, high, derivative=True, ax=axes)
        axes.get_legend().remove()
        axes.set(title=name, ylim=(-1.5, 2.5))
    plt.show()


pictures(["step", "linear", "sigmoid", "tanh"], -6, 6)
pictures(["relu", "leaky_relu", "elu", "softplus"], -10, 10)

# %% [markdown]
# The derivative decides how a unit learns: a weight is changed in proportion to it. The step
# function has the derivative 0 wherever it has one.
#
# ### Exercise 1
#
# Write the sigmoid (logistic function), $f(x) = \dfrac{1}{1 + e^{-x}}$, for arrays.


# %% exercise
def sigmoid(x):
    ...


# %% mistake: as in exp(x) for exp(-x)
def sigmoid(x):
    return 1/(1 + np.exp(x))


# %% mistake: overflows for large inputs
def sigmoid(x):
    return np.exp(x)/(np.exp(x) + 1)


# %% solution
def sigmoid(x):
    return 1/(1 + np.exp(-x))


# %% check
with course.exercise("1") as check:
    check.given("what sigmoid returns", sigmoid(np.zeros(1)))
    check.report(rb.check.equal(sigmoid, nn.sigmoid))

# %% [markdown]
# ### Exercise 2
#
# Its derivative has a short form: with $a = f(x)$, $f'(x) = a\,(1 - a)$. Write `slope(x)`.


# %% exercise
def slope(x):
    ...


# %% mistake: is to be taken of the output
def slope(x):
    return x*(1 - x)


# %% mistake: the activation itself, not its derivative
def slope(x):
    return 1/(1 + np.exp(-x))


# %% solution
def slope(x):
    a = 1/(1 + np.exp(-x))
    return a*(1 - a)


# %% check
with course.exercise("2") as check:
    check.given("what slope returns", slope(np.zeros(1)))
    check.report(rb.check.equal(slope, nn.sigmoid.derivative))

# %% [markdown]
# ### Exercise 3
#
# ReLU is $\max(x, 0)$. Write its derivative. At 0 there is a kink: on its left the derivative is 0,
# on its right 1. Some books say 0, some 1, some that there is none. Take 0, as PyTorch does.


# %% exercise
def relu_slope(x):
    ...


# %% mistake: x > 0, not x >= 0
def relu_slope(x):
    return np.where(x >= 0, 1.0, 0.0)


# %% solution
def relu_slope(x):
    return np.where(x > 0, 1.0, 0.0)


# %% check
with course.exercise("3") as check:
    check.given("what relu_slope returns", relu_slope(np.zeros(1)))
    check.report(rb.check.equal(relu_slope, nn.relu.derivative))

# %% [markdown]
# ## What can be said for all $x$
#
# `facts()` finds it from the text of the function. Compare with what you saw in the pictures.

# %%
for name in ["sigmoid", "tanh", "relu"]:
    print(getattr(nn, name).facts(), "\n")

# %% [markdown]
# ### Exercise 4
#
# Where the derivative is nearly 0, a unit is *saturated* and hardly learns. From which $x > 0$ on
# is the derivative of tanh, $1 - \tanh^2 x$, below 0.01? Find it to 0.01, on the grid given.

# %% exercise
grid = np.arange(0, 10, 0.01)
saturated = ...

# %% mistake: too large
grid = np.arange(0, 10, 0.01)
saturated = grid[nn.tanh.derivative(grid) < 0.001].min()

# %% solution
grid = np.arange(0, 10, 0.01)
saturated = grid[nn.tanh.derivative(grid) < 0.01].min()
print(f"{saturated:.2f}; exactly {np.arctanh(np.sqrt(0.99)):.4f}")

# %% check
with course.exercise("4") as check:
    check.value("saturated", saturated, np.arctanh(np.sqrt(0.99)), within=0.0101,
                hint="grid[condition].min() is the smallest x at which the condition holds")

# %% [markdown]
# ### Exercise 5
#
# A gradient that goes back through a layer is multiplied by the derivative of its function. What is
# the largest factor possible for ten layers of sigmoids, `ten_sigmoids`, and of ReLUs, `ten_relus`
# (all weights are 1)?

# %% exercise
ten_sigmoids = ...
ten_relus = ...

# %% mistake: which is too large
ten_sigmoids = 10*0.25
ten_relus = 1.0

# %% mistake: ten_relus is 0
ten_sigmoids = 0.25**10
ten_relus = 0.0

# %% solution
ten_sigmoids = nn.sigmoid.facts().max_derivative**10
ten_relus = nn.relu.facts().max_derivative**10
print(ten_sigmoids, ten_relus)

# %% check
with course.exercise("5") as check:
    check.value("ten_sigmoids", ten_sigmoids, 0.25**10, within=1e-9,
                hint="ten factors, one a layer; each is at most the largest derivative")
    check.value("ten_relus", ten_relus, 1.0, hint="where all ten units are active")

# %% [markdown]
# ## The chain rule
#
# A unit with one input: $a = f(wx + b)$. With $z = wx + b$ the chain rule gives
#
# $$\frac{da}{dx} = f'(z)\,w,\qquad \frac{da}{dw} = f'(z)\,x,\qquad \frac{da}{db} = f'(z).$$
#
# ### Exercise 6
#
# Write `derivatives(x, w, b)` for tanh; it returns the three in this order, as a tuple.


# %%
def unit(x, w, b):
    return np.tanh(w*x + b)


# %% exercise
def derivatives(x, w, b):
    ...


# %% mistake: is the gradient by w: the order is another one
def derivatives(x, w, b):
    s = 1 - np.tanh(w*x + b)**2
    return s*x, s*w, s


# %% mistake: does not give the gradient
def derivatives(x, w, b):
    s = 1 - np.tanh(x)**2
    return s*w, s*x, s


# %% solution
def derivatives(x, w, b):
    s = 1 - np.tanh(w*x + b)**2
    return s*w, s*x, s


# %% check
with course.exercise("6") as check:
    check.given("what derivatives returns", derivatives(0.5, 2.0, -0.3))
    check.report(rb.check.gradient(derivatives, unit, (0.5, 2.0, -0.3)))

# %% [markdown]
# ## A function of your own
#
# Any text is an activation; its derivative is found. This one is called Mish.

# %%
mish = nn.Activation("a = x*tanh(log(1 + exp(x)))")
print(mish.facts())
mish.plot(-6, 6, derivative=True)
plt.show()

# %%
course.summary()
