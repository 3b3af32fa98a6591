"""Students' functions beside ours: right ones pass, known mistakes are called by their name."""

import math

import numpy as np
import pytest
import torch

import rheobase as rb
from rheobase import nn
from rheobase.check.pass_reports import mismatch, same
from rheobase.errors import UserError


def convolve(x, k, stride=1, padding=0, bias=None):
    """A student's convolution, as it should be."""
    x = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    rows, columns = ((n - m) // stride + 1 for n, m in zip(x.shape[2:], k.shape[2:], strict=True))
    y = np.zeros((len(x), len(k), rows, columns))
    for i in range(rows):
        for j in range(columns):
            part = x[
                :, :, i * stride : i * stride + k.shape[2], j * stride : j * stride + k.shape[3]
            ]
            y[:, :, i, j] = np.einsum("bcij,ocij->bo", part, k)
    return y if bias is None else y + bias[:, None, None]


def test_a_right_convolution_passes():
    report = rb.check.equal(convolve, nn.conv2d)
    assert report.passed and report
    assert str(report) == "Your function does what conv2d does, in 7 trials."


CONVOLUTIONS = {
    "flips the kernels (a true convolution)": lambda x, k, padding=0: convolve(
        x, k[..., ::-1, ::-1], padding=padding
    ),
    "upside down": lambda x, k: convolve(x, k[:, :, ::-1]),
    "does not pad": lambda x, k, padding=0: convolve(x, k),
    "does not use the stride": lambda x, k, stride=1: convolve(x, k),
    "does not add the bias": lambda x, k, bias=None: convolve(x, k),
    "rows and columns are exchanged": lambda x, k: convolve(x, np.swapaxes(k, 2, 3)),
    "takes the mean over the pixels": lambda x, k: convolve(x, k) / k[0].size,
    "the first channel only": lambda x, k: convolve(x[:, :1], k[:, :1]),
    "= instead of +=": lambda x, k: convolve(x[:, -1:], k[:, -1:]),
    "one row and one column too few": lambda x, k: convolve(x, k)[..., :-1, :-1],
    "at the top left": lambda x, k, padding=0: convolve(
        np.pad(x, ((0, 0), (0, 0), (padding, 0), (padding, 0))), k
    ),
    "repeats the pixels of the edge": lambda x, k, padding=0: convolve(
        np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2), mode="edge"), k
    ),
    "not set back to 0 before the next pixel": lambda x, k: np.cumsum(convolve(x, k)).reshape(
        convolve(x, k).shape
    ),
    "single precision (float32)": lambda x, k: convolve(x, k).astype(np.float32),
    "the sign is wrong": lambda x, k: -convolve(x, k),
    "the last two axes are exchanged": lambda x, k: np.swapaxes(convolve(x, k), -1, -2),
    "only the first sample": lambda x, k: np.concatenate(
        [convolve(x[:1], k), np.zeros_like(convolve(x[1:], k))]
    ),
    "always 0": lambda x, k: 0 * convolve(x, k),
}


@pytest.mark.parametrize("words", CONVOLUTIONS)
def test_a_mistake_in_a_convolution_is_named(words):
    report = rb.check.equal(CONVOLUTIONS[words], nn.conv2d)
    assert not report.passed
    assert any(words in cause for cause in report.causes), report
    assert "First difference: inputs" in str(report)


def test_pytorchs_function_can_be_the_other():
    assert rb.check.equal(convolve, torch.conv2d)
    report = rb.check.equal(lambda x, k: convolve(x, k[..., ::-1, ::-1]), torch.conv2d)
    assert "flips the kernels" in report.causes[0]
    assert rb.check.equal(nn.conv2d, torch.conv2d)
    inputs = [([-1.0, 2.0],), ([0.5],)]
    assert rb.check.equal(torch_sigmoid, nn.sigmoid, inputs=inputs)
    assert rb.check.equal(nn.sigmoid, torch.sigmoid, inputs=inputs)


def torch_sigmoid(x):
    return torch.sigmoid(torch.tensor(x))


def test_what_a_report_says():
    report = rb.check.equal(lambda x, k: convolve(x, k[..., ::-1, ::-1]), nn.conv2d)
    assert str(report) == (
        "Your function does not do what conv2d does.\n\n"
        "First difference: inputs of shape (1, 1, 4, 5), of shape (1, 1, 2, 2), "
        "entry [0, 0, 0, 0]\n"
        "  yours  30\n"
        "  ours   58\n\n"
        "Cause: your convolution flips the kernels (a true convolution); conv2d lays them on as "
        "they are, kernels[..., k, l] on images[..., i + k, j + l]: a cross-correlation.\n"
        "(With it built in, ours does what yours does.)"
    )
    assert (report.where, report.yours, report.ours) == ("[0, 0, 0, 0]", 30.0, 58.0)


def test_two_mistakes_together():
    report = rb.check.equal(
        lambda x, k, padding=0: convolve(x, k[..., ::-1, ::-1]), nn.conv2d
    )  # fmt: skip
    assert len(report.causes) == 2 and "Two causes together:\n  - your conv" in str(report)


def test_a_mistake_that_nobody_knows_is_not_named():
    report = rb.check.equal(lambda x, k: convolve(x, k) + 1, nn.conv2d)
    assert report.causes == ()
    assert "None of the mistakes that are known here explains it" in str(report)


@pytest.mark.parametrize(
    "mine, theirs, words",
    [
        (lambda x: 1 / (1 + np.exp(-x)), nn.sigmoid, None),
        (lambda x: np.exp(x) / (1 + np.exp(x)), nn.sigmoid, "overflows for large inputs"),
        (np.tanh, nn.sigmoid, "your function is tanh"),
        (lambda x: 1 / (1 + np.exp(np.clip(x, -700, 700))), nn.sigmoid, "as in exp(x) for exp(-x)"),
        (nn.tanh.derivative, nn.tanh, "your function is the derivative"),
        (lambda x: x * (1 - x), nn.sigmoid.derivative, "a*(1 - a) is to be taken of the output"),
        (lambda x: nn.sigmoid(x) * (1 - nn.sigmoid(x)), nn.sigmoid.derivative, None),
        (lambda x: 1 - x**2, nn.tanh.derivative, "1 - a**2 is to be taken of the output"),
        (lambda x: (x >= 0) * 1.0, nn.relu.derivative, "x > 0, not x >= 0"),
        (lambda x: np.heaviside(x, 0.5), nn.relu.derivative, "at the kink yours is 1/2"),
        (nn.sigmoid, nn.sigmoid.derivative, "the activation itself, not its derivative"),
        (lambda x: nn.sigmoid.derivative(nn.sigmoid(x)), nn.sigmoid.derivative,
         "taken at a = f(x)"),
        (nn.softmax, nn.softmax, None),
        (lambda x: nn.tanh(x)[..., None], nn.tanh, "an axis of length 1 too many at its end"),
        (lambda x: np.squeeze(nn.maxout(x)), nn.maxout, "lost its axes of length 1"),
        (lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True), nn.softmax, "overflows"),
        (lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(), nn.softmax,
         "over all samples"),
        (lambda z: nn.softmax(z.T).T, nn.softmax, "over the samples (axis 0)"),
        (lambda z: np.exp(z) / np.exp(z).sum(), nn.softmax, "over all samples"),
        (lambda z: np.exp(z) / np.exp(z).sum(0), nn.softmax, "over the samples (axis 0)"),
        (lambda a, w: float(sum(x * y for x, y in zip(a, w, strict=True))), nn.net_input, None),
        (lambda a, w: np.mean(a * w), nn.net_input, "you take the mean"),
        (lambda a, w: sum(a[i] * w[i] for i in range(len(a) - 1)), nn.net_input,
         "leave out the last entry"),
        (lambda a, w: np.degrees(nn.angle(a, w)), nn.angle, "in degrees"),
        (lambda a, w: np.cos(nn.angle(a, w)), nn.angle, "take its arccos"),
        (lambda y, t: np.mean((y - t) ** 2), nn.losses.squared_error, None),
        (lambda y, t: np.sum((y - t) ** 2), nn.losses.squared_error, "sum over all entries"),
        (lambda y, t: np.mean((y - t) ** 2) / 2, nn.losses.squared_error, "is halved"),
        (lambda y, t: np.mean(np.abs(y - t)), nn.losses.squared_error, "mean of abs(y - t)"),
        (lambda y, t: -np.mean(t * np.log2(y) + (1 - t) * np.log2(1 - y)),
         nn.losses.binary_cross_entropy, "base 2"),
        (lambda z, t: -np.mean(np.log(nn.softmax(z)[np.arange(len(t)), t])),
         nn.losses.cross_entropy, None),
        (lambda z: np.trunc(nn.maxout(z)), nn.maxout, "rounded down to whole numbers"),
    ],
)  # fmt: skip
def test_functions_and_their_mistakes(mine, theirs, words):
    report = rb.check.equal(mine, theirs)
    assert report.passed is (words is None), report
    if words:
        assert any(words in cause for cause in report.causes), report


def test_students_code_that_stops():
    report = rb.check.equal(lambda x: undefined, nn.sigmoid)  # noqa: F821
    assert report.where == "error"
    assert "Your function stopped: inputs [-2.0, -0.5, 0.5, 3.0] raised NameError: name" in str(
        report
    )
    nothing = rb.check.equal(lambda x: None, nn.sigmoid)
    assert "it returned None: does it end with `return`?" in str(nothing)
    odd = rb.check.equal(lambda x: "a", nn.sigmoid)
    assert "it returned 'a', which is no array of numbers" in str(odd)

    one = rb.check.equal(lambda x: x if x > 0 else 0.0, nn.relu)
    assert "is ambiguous" in str(one) and "write np.where(x > 0, ..., ...) for `if x > 0`" in str(
        one
    )
    assert rb.check.equal(np.vectorize(lambda x: x if x > 0 else 0.0), nn.relu)
    exp = rb.check.equal(lambda x: 1 / (1 + math.exp(-x)), nn.sigmoid)
    assert "np.exp for math.exp" in str(exp)

    def changes(x):
        x *= 2
        return 1 / (1 + np.exp(-x / 2))

    assert "changes its inputs; work on a copy" in rb.check.equal(changes, nn.sigmoid).causes[0]


def test_other_functions_with_inputs_of_ones_own():
    assert rb.check.equal(lambda x: x**2, np.square, inputs=[([1.0, -2.0],), np.ones(3)])
    draw = lambda rng: [rng.standard_normal(4) for _ in range(3)]  # noqa: E731
    found = rb.check.equal(lambda x: -(x**2), np.square, inputs=draw)
    assert found.causes == ("the sign is wrong",)
    with pytest.raises(
        UserError, match="it is not known what to call these functions with\ngiven: sq"
    ):
        rb.check.equal(lambda x: x**2, np.square)
    with pytest.raises(UserError, match="the first argument is no function\ngiven: 3"):
        rb.check.equal(3, nn.sigmoid)
    with pytest.raises(UserError, match="inputs is empty"):
        rb.check.equal(np.sin, np.sin, inputs=[])


def test_differences_are_found_in_the_order_of_memory():
    ours = np.array([[1.0, 2.0], [3.0, np.nan]])
    yours = np.array([[1.0, 2.5], [4.0, np.nan]])
    found = mismatch(yours, ours, 1e-9)
    assert (found.where, found.yours, found.ours) == ("[0, 1]", 2.5, 2.0)
    assert same(ours, ours.copy(), 0.0) and not same(ours, ours[0], 1.0)
    assert mismatch(np.float64(1), np.float64(2), 0.1).where == "the number"
