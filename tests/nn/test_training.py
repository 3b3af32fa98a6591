"""Fits beside PyTorch's, their bits, and what they say when nothing is learned."""

import warnings

import numpy as np
import pytest
import torch

from rheobase import nn
from rheobase.errors import RheobaseWarning, ShapeError, UnknownNameError, UserError
from rheobase.nn import compiled, passes

# Many fits here are too short to learn anything.
pytestmark = pytest.mark.filterwarnings("ignore::rheobase.errors.RheobaseWarning")

RANDOM = np.random.default_rng(8)
X = RANDOM.standard_normal((60, 3))
LABELS = (X @ RANDOM.standard_normal((3, 3))).argmax(axis=1)
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = np.array([[0.0], [1.0], [1.0], [0.0]])


def small(seed=1, **kwargs):
    return nn.Sequential(nn.Dense(3, 6, "tanh"), nn.Dense(6, 3), seed=seed, **kwargs)


@pytest.fixture(params=["compiled", "layer by layer"])
def way(request, monkeypatch):
    if request.param != "compiled":
        monkeypatch.setattr(compiled, "trainer", lambda task: None)
    return request.param


OPTIMIZERS = {
    "sgd": (nn.SGD(0.1), lambda p: torch.optim.SGD(p, 0.1)),
    "momentum": (nn.SGD(0.1, momentum=0.9, weight_decay=0.01),
                 lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.01)),
    "nesterov": (nn.SGD(0.1, momentum=0.8, nesterov=True),
                 lambda p: torch.optim.SGD(p, 0.1, momentum=0.8, nesterov=True)),
    "adam": (nn.Adam(0.03, weight_decay=0.1),
             lambda p: torch.optim.Adam(p, 0.03, weight_decay=0.1)),
    "adamw": (nn.Adam(0.03, betas=(0.8, 0.9), weight_decay=0.1, decoupled=True),
              lambda p: torch.optim.AdamW(p, 0.03, betas=(0.8, 0.9), weight_decay=0.1)),
}  # fmt: skip


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_pytorchs(name, way):
    ours, theirs = OPTIMIZERS[name]
    net = small()
    parameters = [torch.tensor(v, requires_grad=True) for v in net.parameters.values()]
    w, b, u, c = parameters
    optimizer = theirs(parameters)
    x, y, losses = torch.tensor(X), torch.tensor(LABELS), []
    for _ in range(15):
        for first in (0, 25, 50):
            optimizer.zero_grad()
            z = torch.tanh(x[first : first + 25] @ w + b) @ u + c
            loss = torch.nn.functional.cross_entropy(z, y[first : first + 25])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    with pytest.MonkeyPatch.context() as patch:  # in PyTorch's order: as the samples stand
        patch.setattr(
            "rheobase.nn.training._Run._orders",
            lambda self, epochs: np.tile(np.arange(60), (epochs.stop - epochs.start, 1)),
        )
        history = nn.fit(net, X, LABELS, loss="cross_entropy", optimizer=ours, epochs=15,
                         batch_size=25, record_every=1)  # fmt: skip
    np.testing.assert_allclose(history.loss, losses, rtol=1e-10)
    np.testing.assert_allclose(history.epochs, np.minimum(np.arange(1, 46), 45) / 3)
    for ours_, theirs_ in zip(net.parameters.values(), parameters, strict=True):
        np.testing.assert_allclose(ours_, theirs_.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "layers, loss, y",
    [
        ((nn.Dense, 1, "sigmoid"), "squared_error", (LABELS == 1)[:, None]),
        ((nn.Dense, 1, "sigmoid"), "binary_cross_entropy", (LABELS == 1)[:, None]),
        ((nn.Dense, 3, "softmax"), "cross_entropy", LABELS),
        ((nn.Dense, 3, "linear"), "cross_entropy", np.eye(3)[LABELS]),
        ((nn.Dense, 2, "relu"), "squared_error", X[:, :2] ** 2),
    ],
)
def test_compiled_and_layer_by_layer_agree(layers, loss, y, monkeypatch):
    kind, units, activation = layers
    found = []
    for trainer in (compiled.trainer, lambda task: None):
        monkeypatch.setattr(compiled, "trainer", trainer)
        net = nn.Sequential(
            nn.Dense(3, 5, "elu", bias=False), nn.Dense(5, 4, "sigmoid"), kind(4, units, activation)
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            history = nn.fit(net, X, y, loss=loss, epochs=12, batch_size=17, validation=0.3)
        found.append((net, history))
    (a, first), (b, second) = found
    np.testing.assert_allclose(a.vector, b.vector, rtol=1e-10, atol=1e-13)
    for name in ("loss", "gradient_norm", "gradient_size", "validation_loss", "epochs", "rate"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), rtol=1e-9)
    assert first.metrics.keys() == second.metrics.keys()
    for name, values in first.metrics.items():
        np.testing.assert_allclose(values, second.metrics[name])
    np.testing.assert_allclose(a[0].gradient.weights, b[0].gradient.weights, rtol=1e-7, atol=1e-12)


def test_small_networks_are_trained_compiled():
    pytest.importorskip("numba")
    run = []
    with pytest.MonkeyPatch.context() as patch:
        real = compiled.CompiledDense.run
        patch.setattr(compiled.CompiledDense, "run",
                      lambda self, *a: run.append(1) or real(self, *a))  # fmt: skip
        nn.fit(small(), X, LABELS, loss="cross_entropy", epochs=30)
    assert run


@pytest.mark.parametrize("threads", [2, 3])
def test_bits_do_not_depend_on_threads(threads):
    images = RANDOM.standard_normal((50, 1, 9, 9))

    def trained(count):
        net = nn.Sequential(nn.Conv2D(1, 3, 3, "relu"), nn.MaxPool2D(2), nn.Flatten(),
                            nn.Dropout(0.2), nn.Dense(27, 3), seed=2)  # fmt: skip
        history = nn.fit(net, images, LABELS[:50], loss="cross_entropy", epochs=3, batch_size=40,
                         validation=0.2, threads=count)  # fmt: skip
        return net, history

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RheobaseWarning)
        (one, first), (many, second) = trained(1), trained(threads)
    np.testing.assert_array_equal(one.vector, many.vector)
    np.testing.assert_array_equal(first.loss, second.loss)
    np.testing.assert_array_equal(first.validation_loss, second.validation_loss)
    x = one.check_samples(images)
    np.testing.assert_array_equal(passes.evaluate(one, x, 1), passes.evaluate(one, x, threads))


def test_seeds():
    def fitted(seed):
        net = small()
        nn.fit(net, X, LABELS, loss="cross_entropy", batch_size=7, epochs=20, seed=seed)
        return net.vector

    np.testing.assert_array_equal(fitted(3), fitted(3))
    assert (fitted(3) != fitted(4)).any()


def test_xor_is_learned(way):
    net = nn.Sequential(nn.Dense(2, 8, "tanh"), nn.Dense(8, 1, "sigmoid"), seed=0)
    history = nn.fit(net, CORNERS, XOR, loss="binary_cross_entropy", optimizer=nn.Adam(0.05),
                     epochs=300)  # fmt: skip
    assert history.accuracy[-1] == 1
    assert ((net(CORNERS) > 0.5) == XOR).all()
    assert len(history.loss) == 300
    assert repr(history).startswith("History(300 epochs, loss 0.0")


def test_schedules(way):
    history = nn.fit(small(), X, LABELS, loss="cross_entropy", optimizer=nn.SGD(0.1), epochs=6,
                     schedule={2: 0.01, 4: 0.001})  # fmt: skip
    np.testing.assert_array_equal(history.rate, [0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    history = nn.fit(small(), X, LABELS, loss="cross_entropy", optimizer=nn.SGD(0.1), epochs=3,
                     schedule=lambda epoch: 0.1 / (1 + epoch))  # fmt: skip
    np.testing.assert_allclose(history.rate, [0.1, 0.05, 0.1 / 3])
    with pytest.raises(UserError, match="no rate at epoch 1\nexpected: a number, not below 0"):
        nn.fit(small(), X, LABELS, loss="cross_entropy", schedule={1: -1}, epochs=2)


def test_early_stopping_puts_the_best_back(way):
    net = small()
    history = nn.fit(net, X[:20], LABELS[:20], loss="cross_entropy", optimizer=nn.Adam(0.1),
                     epochs=500, validation=(X[20:], LABELS[20:]), early_stopping=10)  # fmt: skip
    best = int(history.validation_loss.argmin())
    assert len(history.loss) == best + 1 + 10
    assert history.stopped == f"no improvement since epoch {best + 1}"
    assert history.stopped in repr(history)
    reached = nn.losses.cross_entropy(net(X[20:]), LABELS[20:])
    assert reached == pytest.approx(history.validation_loss[best], rel=1e-12)
    last = nn.EarlyStopping(10, restore=False)
    other = small()
    nn.fit(other, X[:20], LABELS[:20], loss="cross_entropy", optimizer=nn.Adam(0.1), epochs=500,
           validation=(X[20:], LABELS[20:]), early_stopping=last)  # fmt: skip
    assert (other.vector != net.vector).any()


def test_metrics():
    def worst(y, target):
        return float(np.abs(y - target).max())

    net = nn.Sequential(nn.Dense(3, 2))
    history = nn.fit(net, X, X[:, :2], loss="squared_error", optimizer=nn.Adam(0.1), epochs=50,
                     metrics=("accuracy", worst), batch_size=20, validation=0.2)  # fmt: skip
    assert history.metrics.keys() == {"worst", "validation_worst"}  # numbers have no accuracy
    assert history.worst[-1] < history.worst[0]
    with pytest.raises(AttributeError, match="the history has no 'accuracy'; it has loss, "):
        history.accuracy  # noqa: B018
    with pytest.raises(UnknownNameError, match="no metric 'f1'"):
        nn.fit(net, X, X[:, :2], loss="squared_error", metrics=("f1",))


def test_history_is_drawn(drawn):
    net = small()
    history = nn.fit(net, X, LABELS, loss="cross_entropy", epochs=5, validation=0.2)
    ax = history.plot()
    assert [line.get_label() for line in ax.lines] == ["training", "validation"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), history.loss)
    assert history.plot(what="accuracy").get_ylabel() == "accuracy"
    assert len(history.plot(what="gradient_norm").lines) == 1
    often = nn.fit(net, X, LABELS, loss="cross_entropy", epochs=3, batch_size=12, validation=0.2,
                   record_every=2)  # fmt: skip
    training, validation = often.plot().lines
    np.testing.assert_allclose(training.get_xdata(), [0.5, 1, 1.5, 2, 2.5, 3])
    np.testing.assert_allclose(validation.get_xdata(), [1, 2, 3])
    labels = [line.get_label() for line in often.plot(what="gradient_size").lines]
    assert labels == ["layer 0", "layer 1"]
    nn.fit(net, X, LABELS, loss="cross_entropy", epochs=0).plot()


def test_progress_is_shown_when_wanted(capsys, monkeypatch):
    monkeypatch.setattr("rheobase.progress.SHOWN_AFTER", 0.0)
    monkeypatch.setattr("rheobase.progress.REDRAWN_EVERY", 0.0)
    nn.fit(small(), X, LABELS, loss="cross_entropy", epochs=40, progress=True)
    assert "fit: 40 of 40 epochs" in capsys.readouterr().err


def test_layers_that_add_to_the_loss():
    class Pull(nn.Layer):
        def output_shape(self, shape):
            return shape

        def run(self, x, *, training=False, key=None):
            return x, x

        def reverse(self, g, saved):
            return g + saved, {}

        def regularization(self, saved):
            return float(np.sum(saved**2) / 2)

    net = nn.Sequential(nn.Dense(3, 4), Pull(), nn.Dense(4, 2), seed=1)
    history = nn.fit(net, X, X[:, :2], loss="squared_error", optimizer=nn.SGD(0.0), epochs=1)
    hidden = X @ net[0].weights + net[0].bias
    want = nn.losses.squared_error(net(X), X[:, :2]) + (hidden**2).sum() / 2 / len(X)
    assert history.loss[0] == pytest.approx(want, rel=1e-12)
    g = nn.losses.squared_error.gradient(net(X), X[:, :2]) @ net[2].weights.T + hidden / len(X)
    np.testing.assert_allclose(net[0].gradient.weights, X.T @ g, rtol=1e-10)


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "squared_error"])
def test_sequences_are_learned(loss):
    x = np.random.default_rng(0).integers(0, 2, (120, 6, 1)).astype(float)
    y = (x.cumsum(axis=1) % 2 == 1).astype(float)[:, -1]  # parity: one bit to remember
    net = nn.Sequential(nn.Recurrent(1, 8), nn.Recurrent(8, 1, "sigmoid", last=True), seed=3)
    history = nn.fit(net, x, y, loss=loss, optimizer=nn.Adam(0.03), epochs=150)
    assert history.loss[-1] < 0.5 * history.loss[0]
    stuck = nn.Sequential(nn.Recurrent(1, 2, "relu"), nn.Recurrent(2, 1, "sigmoid", last=True))
    text, _ = said(stuck, x, y, loss=loss, optimizer=nn.SGD(1e-6), epochs=2)
    assert "no better than guessing" in text


def refused(kind, match, *args, net=None, x=X, y=LABELS, loss="cross_entropy", **kwargs):
    with pytest.raises(kind, match=match) as raised:
        nn.fit(net or small(), x, y, loss=loss, **kwargs)
    return str(raised.value)


def test_errors():
    one = nn.Sequential(nn.Dense(3, 1, "sigmoid"))
    text = refused(ShapeError, "targets do not fit", net=one, y=LABELS == 1, loss="squared_error")
    assert "Make a column of the targets: y[:, None]" in text
    refused(ShapeError, "not as many targets as samples\nexpected: 60 targets\ngiven: 59",
            y=LABELS[:-1])  # fmt: skip
    refused(ShapeError, "there are no samples to learn from", x=X[:0], y=LABELS[:0])
    bad = X.copy()
    bad[3, 1] = np.nan
    refused(UserError, r"input \[3, 1\] is not finite\ngiven: nan", x=bad)
    refused(UserError, r"validation input \[3, 1\] is not finite", validation=(bad, LABELS))
    refused(UserError, "epochs is a whole number, 0 or more\ngiven: epochs = 1.5", epochs=1.5)
    refused(UserError, "batch_size is a whole number, 1 or more", batch_size=0)
    refused(UserError, "the share of samples that is set aside", validation=1.0)
    refused(UserError, "nn.fit: seed is a whole number\ngiven: seed = 'a'", seed="a")
    refused(UserError, "nn.fit: threads is a whole number, 1 or more", threads=0)
    refused(UserError, "nn.EarlyStopping: patience is a whole number, 1 or more\ngiven: .* 0",
            early_stopping=0)  # fmt: skip
    refused(UserError, "pair .*\nexpected: .*\ngiven: a tuple of 3\n", validation=(X, LABELS, X))
    refused(UserError, r"target \[3, 1\] is not finite\ngiven: nan", y=bad, loss="squared_error")
    refused(ShapeError, "samples: there have to be real numbers", x=[["a"] * 3] * 60)
    refused(ShapeError, "targets: there have to be real numbers", y=["a"] * 60)
    refused(
        UserError, "no class -1: .*\n.*\n.*\nClasses are counted from 0: y - y.min", y=LABELS - 1
    )
    with pytest.raises(UserError, match=r"nn\.fit trains a network\ngiven: 3\n"):
        nn.fit(3, X, LABELS, loss="cross_entropy")
    refused(UnknownNameError, "no optimizer 'adamm'\ndid you mean 'adam'", optimizer="adamm")
    refused(UnknownNameError, "no loss 'mse'\ndid you mean 'squared_error'", loss="mse")
    refused(UnknownNameError, "did you mean 'cross_entropy'", loss="categorical_crossentropy")
    with pytest.raises(UserError, match=r"nn\.SGD: momentum must be 0 to below 1"):
        nn.SGD(0.1, momentum=1)
    with pytest.raises(UserError, match=r"nn\.Adam: rate must be 0 or more\ngiven: rate = -1"):
        nn.Adam(-1)
    with pytest.raises(UserError, match="Nesterov's step needs momentum"):
        nn.SGD(0.1, nesterov=True)


def test_schedules_that_are_none():
    refused(UserError, r"a schedule is a function .*\ngiven: \[0.1\]\nschedule=\{8", schedule=[0.1])
    refused(UserError, "a schedule is .*\ngiven: epoch -1\n", schedule={-1: 0.1})
    refused(UserError, "the schedule gives no rate at epoch 0\n.*\ngiven: None\n",
            schedule=lambda epoch: None)  # fmt: skip
    refused(UserError, "the schedule gives no rate at epoch 1\n.*\ngiven: -1\n", schedule={1: -1})


def test_one_metric_needs_no_tuple():
    history = nn.fit(small(), X, LABELS, loss="cross_entropy", epochs=1, metrics="accuracy")
    assert len(history.accuracy) == 1


def test_no_epochs_change_nothing():
    net = small()
    before = net.vector.copy()
    history = nn.fit(net, X, LABELS, loss="cross_entropy", epochs=0)
    np.testing.assert_array_equal(net.vector, before)
    assert history.loss.shape == (0,)
    assert repr(history) == "History(no epochs)"


def said(net, x, y, loss="binary_cross_entropy", **kwargs):
    with pytest.warns(RheobaseWarning) as caught:
        history = nn.fit(net, x, y, loss=loss, **kwargs)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    return str(caught[0].message), history


def test_a_fit_no_better_than_guessing_says_why(way):
    adam = nn.Adam(0.05)
    net = nn.Sequential(nn.Dense(2, 1, "sigmoid"))
    text, _ = said(net, CORNERS, XOR, optimizer=adam, epochs=500)
    assert "no better than guessing: loss 0.6931, and 0.6931" in text
    assert "there is no hidden layer" in text
    net = nn.Sequential(nn.Dense(2, 4), nn.Dense(4, 1, "sigmoid"))
    assert "all hidden layers are linear" in said(net, CORNERS, XOR, optimizer=adam, epochs=500)[0]
    net = nn.Sequential(nn.Dense(2, 4, "relu"), nn.Dense(4, 1, "sigmoid"))
    net[0].bias = [-9.0] * 4
    text, _ = said(net, CORNERS, XOR, optimizer=adam, epochs=200)
    assert "layer 0: 4 of 4 units are dead (relu passes no gradient for any sample)" in text
    net = nn.Sequential(nn.Dense(2, 4, "tanh"), nn.Dense(4, 1, "sigmoid"))
    net[0].weights = np.ones((2, 4))
    text, _ = said(net, 1000 * (CORNERS + 1), XOR, optimizer=nn.SGD(0.001), epochs=50)
    assert "inputs are as large as 2000" in text
    assert "tanh is saturated for 100% of what it gets" in text
    net = nn.Sequential(nn.Dense(2, 4, "tanh"), nn.Dense(4, 1, "sigmoid"))
    text, _ = said(net, CORNERS, XOR, optimizer=nn.SGD(1e-4), epochs=8)
    assert "only 8 steps were made" in text
    assert "still falling" in text


def test_what_learned_something_is_not_warned_of(way):
    net = nn.Sequential(nn.Dense(2, 8, "tanh"), nn.Dense(8, 1, "sigmoid"), seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.fit(net, CORNERS, XOR, loss="squared_error", optimizer=nn.Adam(0.05), epochs=300)
        nn.fit(net, CORNERS, np.ones((4, 1)), loss="squared_error", epochs=5)  # all the same


def test_a_loss_that_is_no_number_stops_the_fit(way):
    net = nn.Sequential(nn.Dense(2, 4), nn.Dense(4, 1))
    with np.errstate(all="ignore"):
        text, history = said(net, CORNERS, XOR, loss="squared_error", optimizer=nn.SGD(1e6),
                             epochs=1000)  # fmt: skip
    assert "no finite number in epoch" in text
    assert "Try a smaller learning rate than 1e+06" in text
    assert history.stopped in text
    assert len(history.loss) < 1000 or not np.isfinite(history.loss[-1])


def test_a_function_that_is_flat_everywhere_is_named():
    net = nn.Sequential(nn.Dense(2, 4, "step"), nn.Dense(4, 1), seed=0)
    text, _ = said(net, CORNERS, XOR, loss="squared_error", epochs=1)
    assert "- layer 0: the derivative of step is 0 everywhere, so no gradient comes back" in text


def test_outputs_that_cannot_be_what_they_should_are_named():
    net = nn.Sequential(nn.Dense(3, 4, "tanh"), nn.Dense(4, 3, "sigmoid"), seed=0)
    text, _ = said(net, X, LABELS, loss="cross_entropy", epochs=1)
    assert "- the last layer ends with sigmoid, and cross_entropy takes its outputs as net" in text
    text, _ = said(net, X, 10 * X, loss="squared_error", epochs=1)
    assert f"- targets go from {10 * X.min():.4g} to {10 * X.max():.4g}, and sigmoid gives" in text
    assert "gives numbers in (0, 1): leave the activation of the last layer out, or scale" in text
