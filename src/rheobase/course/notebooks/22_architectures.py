# title: Networks that read digits
# question: What do layers see, and which network learns best?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course, nn

compiled = course.start()

# %% [markdown]
# ## Pictures and labels
#
# 1,797 handwritten digits of 8 by 8 pixels, four fifths to learn from and the rest to test with.
# (With Fashion-MNIST installed, `nn.datasets.fashion_mnist()` gives 70,000 pictures of clothes.)

# %%
images = nn.datasets.digits(dtype="float32")
train, test = images
print(train)
nn.plots.images(train.x[:16], [str(label) for label in train.y[:16]], columns=8)
plt.show()

# %% [markdown]
# ## A network
#
# Units of the last layer stand for the ten digits. The one with the largest output is the answer.

# %%
net = nn.architectures.mlp_1(images.shape)
print(net.summary(images.shape))

# %% [markdown]
# ### Exercise 1
#
# How many weights and biases has a dense layer from $n$ units to $m$? And a convolutional layer of
# $m$ kernels of $k$ by $k$ pixels on $c$ channels? Each unit, or kernel, has one bias.


# %% exercise
def dense(n, m):
    ...


def convolutional(c, m, k):
    ...


# %% mistake: one for each unit
def dense(n, m):
    return n*m + 1


def convolutional(c, m, k):
    return c*m*k*k + m


# %% mistake: each kernel sees all channels
def dense(n, m):
    return n*m + m


def convolutional(c, m, k):
    return m*k*k + m


# %% solution
def dense(n, m):
    return n*m + m


def convolutional(c, m, k):
    return c*m*k*k + m


# %% check
with course.exercise("1") as check:
    check.given("what dense returns", dense(2, 3))
    check.given("what convolutional returns", convolutional(2, 3, 3))
    for n, m in [(64, 32), (32, 10)]:
        check.value(f"dense({n}, {m})", dense(n, m), nn.Sequential(nn.Dense(n, m)).vector.size,
                    hint="a weight for each pair, and a bias: one for each unit")
    for c, m, k in [(1, 16, 3), (16, 8, 5)]:
        layer = nn.Sequential(nn.Conv2D(c, m, k)).layers[0]
        check.value(f"convolutional({c}, {m}, {k})", convolutional(c, m, k),
                    layer.weights.size + layer.bias.size, hint="each kernel sees all channels")

# %% [markdown]
# ### Exercise 2
#
# Max-pooling halves a picture: of every 2 by 2 pixels it keeps the largest. Write it for one
# picture of even size.


# %% exercise
def max_pool(x):
    ...


# %% mistake: the mean
def max_pool(x):
    return x.reshape(x.shape[0]//2, 2, x.shape[1]//2, 2).mean(axis=(1, 3))


# %% mistake: every second pixel
def max_pool(x):
    return x[::2, ::2]


# %% solution
def max_pool(x):
    return x.reshape(x.shape[0]//2, 2, x.shape[1]//2, 2).max(axis=(1, 3))


# %% check
with course.exercise("2") as check:
    picture = np.random.default_rng(0).standard_normal((6, 8))
    mine = max_pool(picture)
    check.given("what max_pool returns", mine)
    blocks = picture.reshape(3, 2, 4, 2)
    check.unless(np.allclose(mine, blocks.mean(axis=(1, 3))) if np.shape(mine) == (3, 4) else False,
                 "this is the mean of the pixels, not the largest")
    check.unless(np.array_equal(mine, picture[::2, ::2]), "this keeps every second pixel, not the "
                 "largest of four")
    right, _ = nn.MaxPool2D(2).run(picture[None, None])
    check.value("the halved picture", mine, right[0, 0], within=1e-12)

# %% [markdown]
# ## Training
#
# `nn.studies.compare` trains several networks in the same way and keeps the curves. `mlp_1` and
# `mlp_2` are multilayer perceptrons, `cnn_3` to `cnn_5` convolutional networks.

# %%
names = list(nn.architectures.ALL) if compiled else ["mlp_1", "mlp_2"]
study = nn.studies.compare(images, names, seeds=[0], epochs=3, batch_size=32, every=3,
                           optimizer=nn.Adam(3e-3))
print(study)
study.plot("loss")
plt.show()

# %% [markdown]
# The first layers' weights, red positive and blue negative: what a unit looks for.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3))
nn.plots.weights(study["mlp_1"][0].net.layers[1], columns=8, ax=left)
last = study[names[-1]][0].net
nn.plots.weights(next(layer for layer in last.layers if layer.parameters), columns=8, ax=right)
plt.show()

# %% [markdown]
# ### Exercise 3
#
# `outputs` has one row a test picture, one column a digit. Which fraction of the test pictures does
# the network name correctly? (`test.y` has the right labels.)

# %%
outputs = study["mlp_1"][0].net(test.x)
print(outputs.shape, test.y.shape)

# %% exercise
accuracy = ...

# %% mistake: a fraction of all test pictures
accuracy = np.sum(outputs.argmax(axis=1) == test.y)

# %% mistake: along the rows
accuracy = np.mean(np.isin(test.y, outputs.argmax(axis=0)))

# %% solution
accuracy = np.mean(outputs.argmax(axis=1) == test.y)

# %% check
with course.exercise("3") as check:
    check.given("accuracy", accuracy)
    check.unless(accuracy > 1, "this is how many; a fraction of all test pictures is asked for")
    check.value("the accuracy", accuracy, study["mlp_1"][0].test_accuracy, within=1e-9,
                hint="the largest output along the rows, axis=1, compared with the label", tell=True)

# %% [markdown]
# ## Why not the sigmoid?
#
# Its derivative is 0.25 at most, and every layer multiplies what it hands back by it. Compare the
# gradient that arrives at the first layer:

# %%
deep = nn.studies.activations(images, ["relu", "sigmoid"], ["mlp_2"], epochs=2, every=3)
deep.plot("first_gradient")
plt.show()

# %%
course.summary()
