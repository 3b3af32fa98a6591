"""Tracked arrays against central differences, PyTorch, and the text of every refusal."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special

from rheobase.errors import RheobaseWarning, UserError
from rheobase.gradients import Tracked, detach, gradients_of, value_and_gradient


def differences(function, arrays, h=1e-6):
    """Central differences of a function of arrays."""
    arrays = [np.array(a, dtype=float) for a in arrays]
    bars = [np.zeros_like(a) for a in arrays]
    for a, bar in zip(arrays, bars, strict=True):
        for place in np.ndindex(a.shape):
            kept = a[place]
            a[place] = kept + h
            up = function(*arrays)
            a[place] = kept - h
            bar[place] = (up - function(*arrays)) / (2 * h)
            a[place] = kept
    return bars


def agree(function, *arrays, rtol=2e-6, atol=2e-8):
    value, gradient = value_and_gradient(function, *arrays)
    assert value == pytest.approx(
        float(function(*[np.asarray(a, float) for a in arrays])), rel=1e-14
    )
    for mine, theirs in zip(gradient, differences(function, arrays), strict=True):
        assert mine.shape == theirs.shape
        np.testing.assert_allclose(mine, theirs, rtol=rtol, atol=atol)


A = np.array([[0.3, -1.2, 0.7, 0.45], [1.5, 0.2, -0.6, 2.1], [-0.9, 0.85, 1.1, -0.35]]) + 0.0137
B = np.array([[1.3, 0.4, -0.73, 0.95], [-0.52, 1.7, 0.63, -1.1], [0.8, -0.17, 1.9, 0.27]])
P = np.abs(A) + 0.1
ROW = np.array([0.41, -0.33, 1.21, 0.93])
M = np.array([[0.2, -0.5], [1.1, 0.3], [-0.7, 0.6], [0.05, 0.9]])
W = np.arange(1.0, 13.0).reshape(3, 4) / 7  # so that no derivative is uniform


def weighted(y):
    """One number, every entry of y with its own weight."""
    n = y.size
    return np.sum(np.reshape(y, (n,)) * np.cos(np.arange(n) + 0.5))


ONE = {
    "exp": A, "exp2": A, "expm1": A, "log": P, "log2": P, "log10": P, "log1p": P, "sqrt": P,
    "cbrt": P, "square": A, "absolute": A, "fabs": A, "negative": A, "positive": A,
    "reciprocal": A, "sin": A, "cos": A, "tan": A, "arcsin": A / 3, "arccos": A / 3, "arctan": A,
    "sinh": A, "cosh": A, "tanh": A, "arcsinh": A, "arccosh": P + 1, "arctanh": A / 3,
    "deg2rad": A, "rad2deg": A, "radians": A, "degrees": A, "conjugate": A,
}  # fmt: skip


@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_array(name):
    agree(lambda a: weighted(getattr(np, name)(a)), ONE[name])


@pytest.mark.parametrize("name", ["erf", "erfc", "expit", "log_expit"])
def test_functions_of_scipy(name):
    agree(lambda a: weighted(getattr(special, name)(a)), A)


TWO = [
    np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.fmax, np.fmin,
    np.arctan2, np.hypot, np.logaddexp, np.remainder, np.fmod,
]  # fmt: skip


@pytest.mark.parametrize("function", TWO, ids=lambda f: f.__name__)
def test_functions_of_two_arrays_and_broadcasting(function):
    agree(lambda a, b: weighted(function(a, b)), A, B)
    agree(lambda a, b: weighted(function(a, b)), A, ROW)
    agree(lambda a, b: weighted(function(a, b)), A[:, :1], ROW)
    agree(lambda a: weighted(function(a, 0.45)), B)
    agree(lambda a: weighted(function(0.45, a)), B)


def test_powers():
    agree(lambda a, b: weighted(a**b), P, B)
    agree(lambda a: weighted(a**2) + weighted(a**3.0) + weighted(2.0**a), A)
    agree(lambda a: weighted(np.float_power(a, 1.5)), P)
    _, (slope,) = value_and_gradient(lambda a: np.sum(a**0), np.zeros(3))
    assert (slope == 0).all()


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1)])
@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "max", "min"])
def test_reductions(name, axis):
    for keepdims in (False, True):
        function = getattr(np, name)
        agree(lambda a: weighted(function(a, axis=axis, keepdims=keepdims) * 1.0), A)  # noqa: B023
    agree(lambda a: weighted(getattr(a, name)(axis=axis) * 1.0), A)


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_products_medians_sums_along(axis):
    agree(lambda a: weighted(np.prod(a, axis=axis) * 1.0), A)
    agree(lambda a: weighted(np.prod(a * [[0.0, 1, 1, 1]], axis=axis) * 1.0), A)
    agree(lambda a: weighted(np.median(a, axis=axis) * 1.0), A)
    agree(lambda a: weighted(np.cumsum(a, axis=axis)), A)
    agree(lambda a: weighted(np.linalg.norm(a, axis=axis) * 1.0), A)


def test_sums_by_ufuncs():
    agree(lambda a: weighted(np.logaddexp.reduce(a, axis=1)), A)
    agree(lambda a: weighted(np.logaddexp.reduce(a)), A)
    agree(lambda a: np.logaddexp.reduce(a, axis=None), A)
    agree(lambda a: weighted(np.add.reduce(a)), A)
    agree(lambda a: weighted(np.maximum.reduce(a, axis=1)), A)
    agree(lambda a: weighted(np.add.accumulate(a)), A)


MOVES = {
    "reshape": lambda a: a.reshape(4, 3), "ravel": np.ravel, "T": lambda a: a.T,
    "transpose": lambda a: np.transpose(a, (1, 0)), "flip": lambda a: np.flip(a, 1),
    "roll": lambda a: np.roll(a, 2, axis=1), "tile": lambda a: np.tile(a, (2, 3)),
    "repeat": lambda a: np.repeat(a, [1, 0, 2], axis=0), "moveaxis": lambda a: np.moveaxis(a, 0, 1),
    "expand": lambda a: np.expand_dims(a, 1), "squeeze": lambda a: np.squeeze(a[:1]),
    "new axis": lambda a: a[:, None, ::2], "slice": lambda a: a[1:, -2], "mask": lambda a: a[A > 0],
    "gather": lambda a: a[[0, 0, 2], [1, 1, 3]], "one": lambda a: a[1, 2] * np.ones(1),
    "ellipsis": lambda a: a[..., 1], "take": lambda a: np.take(a, [3, 3, 0], axis=1),
    "take flat": lambda a: a.take([3, 3, 0]),
    "along": lambda a: np.take_along_axis(a, np.argsort(A, axis=1)[:, :2], axis=1),
    "sort": lambda a: np.sort(a, axis=0), "sort last": np.sort, "diff": np.diff,
    "diff twice": lambda a: np.diff(a, 2, axis=0), "diagonal": np.diagonal,
    "pad": lambda a: np.pad(a, ((1, 0), (0, 2))),
    "broadcast": lambda a: np.broadcast_to(a, (2, 3, 4)),
    "concatenate": lambda a: np.concatenate([a, 2 * a[:1], B]), "copy": np.copy,
    "stack": lambda a: np.stack([a[0], B[1], a[0]], axis=1),
    "hstack": lambda a: np.hstack([a, B, a]),
    "columns": lambda a: np.column_stack([a[0], a[1]]), "append": lambda a: np.append(a, a[0]),
    "vstack": lambda a: np.vstack((a, a[:2])), "where": lambda a: np.where(a > 0.3, a, 0.2 * a),
    "clip": lambda a: np.clip(a, -0.5, 1.0), "clip by name": lambda a: np.clip(a, min=0.25),
    "clip method": lambda a: a.clip(-0.5, 1.0), "nan": np.nan_to_num,
    "delete": lambda a: np.delete(a, 1, 0),
    "trapezoid": lambda a: np.trapezoid(a, dx=0.1, axis=1) * 1.0, "rot90": np.rot90,
    "trapezoid x": lambda a: np.trapezoid(a, ROW.cumsum()) * 1.0, "at least": np.atleast_2d,
    "rows": lambda a: np.stack([row * 2 for row in a]), "swap": lambda a: a.swapaxes(0, 1),
    "interp": lambda a: np.interp([-0.2, 0.3, 1.0, 2.4, 9.0], np.arange(4.0), a[1]),
    "interp x": lambda a: np.interp(a[1] + 0.03, np.arange(4.0), ROW),
    "convolve": lambda a: np.convolve(a[0], ROW[:3]),
    "same": lambda a: np.convolve(ROW, a[0, :2], "same"),
    "valid": lambda a: np.convolve(a[0], a[1, :2], "valid"),
}  # fmt: skip


@pytest.mark.parametrize("name", MOVES)
def test_moving_joining_choosing(name):
    agree(lambda a: weighted(MOVES[name](a)), A)


PRODUCTS = [
    (lambda a, b: a @ b, (A, M)), (lambda a, b: a @ b, (A, ROW)), (lambda a, b: a @ b, (ROW, M)),
    (lambda a, b: a @ b * np.ones(1), (ROW, ROW)),
    (lambda a, b: a @ b, (A[None] * [[[1.0]], [[2.0]]], M)),
    (lambda a, b: a @ b, (A, np.stack([M, 2 * M]))), (np.dot, (A, M)), (np.dot, (A, ROW)),
    (np.dot, (0.7, A)),
    (np.dot, (A[None], M)), (np.inner, (A, B)), (np.outer, (ROW, A[0])),
    (lambda a, b: a.dot(b), (A, M)),
    (lambda a, b: np.vdot(a, b) * np.ones(1), (A, B)), (lambda a, b: A @ b + a, (1.0, M)),
    (lambda a, b: np.einsum("ij,jk->ki", a, b), (A, M)),
    (lambda a, b: np.einsum("ij,kj->j", a, b), (A, B)),
    (lambda a, b: np.einsum("ij,k->k", a, b), (A, ROW)),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(PRODUCTS)))
def test_products_of_matrices(case):
    function, arrays = PRODUCTS[case]
    agree(lambda a, b: weighted(function(a, b)), *arrays)


COMPOSED = {
    "average": lambda a: weighted(np.average(a, axis=1, weights=ROW)) + np.average(a, weights=W),
    "average of all": lambda a: np.average(a) ** 2,
    "ptp": lambda a: weighted(np.ptp(a, axis=0)) + np.ptp(a),
    "nanmean": lambda a: np.nanmean(a) ** 2 + np.nansum(np.nanmean(a, axis=0) ** 2),
    "cov": lambda a: weighted(np.cov(a)) + np.cov(a[0]) + np.cov(a[0], a[1], bias=True)[0, 1],
    "cov of columns": lambda a: weighted(np.cov(a, rowvar=False, ddof=0)),
    "corrcoef": lambda a: np.corrcoef(a[0], a[1])[0, 1] + weighted(np.corrcoef(a)),
    "quantile": lambda a: weighted(np.quantile(a, [0.1, 0.77], axis=1)) + np.quantile(a, 0.4),
    "percentile": lambda a: weighted(np.percentile(a, 30, axis=0, keepdims=True)),
    "split": lambda a: np.sum(np.split(a, 2, axis=1)[1] ** 2) * np.split(a, [1])[0][0, 0],
    "array_split": lambda a: weighted(np.array_split(a[0], 3)[0]),
    "gradient": lambda a: weighted(np.gradient(a, 0.5, axis=1)) + np.gradient(a[:, 1]).max(),
    "correlate": lambda a: weighted(np.correlate(a[0], ROW[:2])) + weighted(
        np.correlate(a[0], a[1], "full")) + weighted(np.correlate(ROW, a[0], "same")),
    "tensordot": lambda a: np.tensordot(a, W) + weighted(np.tensordot(M, a, axes=0))
    + weighted(np.tensordot(a, M, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPOSED)
def test_functions_made_of_others(name):
    value, (gradient,) = value_and_gradient(COMPOSED[name], A)
    assert value == pytest.approx(float(COMPOSED[name](A)), rel=1e-12)
    (theirs,) = differences(COMPOSED[name], [A])
    np.testing.assert_allclose(gradient, theirs, rtol=2e-6, atol=2e-8)


def test_clip_by_tracked_bounds_and_where_by_both():
    agree(lambda a, low, high: weighted(np.clip(a, low, high)), A, ROW - 1, 0.6)
    agree(lambda a, b: weighted(np.where(A > 0, a, b)), A, ROW)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(float, hnp.array_shapes(max_dims=3, max_side=3), elements=st.floats(0.1, 2.0)),
    st.lists(
        st.sampled_from(["exp", "log", "square", "mean0", "flip", "outer", "first"]), max_size=4
    ),
)
def test_compositions(x, steps):
    def function(a):
        start = a
        for step in steps:
            if step in ("exp", "log", "square"):
                a = getattr(np, step)(a * 0.3 + 0.7) + 0.1
            elif step == "mean0":
                a = a - a.mean(axis=0)
            elif step == "flip":
                a = np.flip(a, -1) * start
            elif step == "outer":
                a = (a[..., None] * a.reshape(-1)[:2]).sum(-1)
            else:
                a = a + a[..., :1]
        return weighted(a)

    agree(function, x, rtol=2e-5, atol=1e-6)


def test_where_all_are_equal_the_deviation_has_derivative_zero():
    assert value_and_gradient(np.std, np.ones(4))[1][0].tolist() == [0.0] * 4


def test_kinks_are_pytorchs():
    torch = pytest.importorskip("torch")
    x = np.array([-1.0, 0.0, 0.0, 2.0, 2.0])
    y = np.array([0.0, 0.0, 1.0, 2.0, 3.0])
    pairs = [
        (lambda a, b: np.sum(np.abs(a) * b), lambda a, b: (a.abs() * b).sum()),
        (lambda a, b: np.sum(np.maximum(a, b)), lambda a, b: torch.maximum(a, b).sum()),
        (lambda a, b: np.sum(np.minimum(a, b)), lambda a, b: torch.minimum(a, b).sum()),
        (lambda a, b: np.max(a) + np.min(b), lambda a, b: a.max() + b.min()),
        (lambda a, b: np.sum(np.clip(a, 0, 2) * b), lambda a, b: (a.clamp(0, 2) * b).sum()),
        (lambda a, b: np.linalg.norm(a * 0) + b.sum(), lambda a, b: (a * 0).norm() + b.sum()),
        (lambda a, b: np.sum(np.arctan2(a, b + 0.5)), lambda a, b: torch.atan2(a, b + 0.5).sum()),
    ]
    for mine, theirs in pairs:
        tensors = [torch.tensor(v, requires_grad=True) for v in (x, y)]
        theirs(*tensors).backward()
        for bar, tensor in zip(value_and_gradient(mine, x, y)[1], tensors, strict=True):
            np.testing.assert_allclose(bar, tensor.grad.numpy(), atol=1e-15)


def test_a_softmax_loss_is_pytorchs():
    torch = pytest.importorskip("torch")
    labels = np.array([1, 3, 0])

    def loss(logits):
        log_p = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
        return -np.mean(log_p[np.arange(3), labels])

    t = torch.tensor(A * 50, requires_grad=True)
    want = torch.nn.functional.cross_entropy(t, torch.tensor(labels))
    want.backward()
    value, (bar,) = value_and_gradient(loss, A * 50)
    assert value == pytest.approx(want.item(), rel=1e-13)
    np.testing.assert_allclose(bar, t.grad.numpy(), atol=1e-14)


def test_a_branch_not_taken_adds_nothing_even_where_it_is_infinite():
    x = np.array([0.0, 4.0])
    with np.errstate(divide="ignore"):
        _, (bar,) = value_and_gradient(
            lambda a: np.sum(np.where(a > 0, np.sqrt(a) + np.log(a), 0)), x
        )
    np.testing.assert_allclose(bar, [0.0, 0.5])


def test_work_in_place_is_numpys():
    def function(a):
        b = a * 1.0
        alias = b
        b += a**2
        b[1:] *= 3.0
        b[0, 1] = a[2, 2] * 2
        b /= 2.0
        b -= 0.25
        b **= 3
        return weighted(alias) + weighted(a)

    agree(function, A, rtol=1e-5)


def test_in_place_on_an_argument_leaves_the_gradient_by_what_was_given():
    def function(a):
        a *= 2.0
        return np.sum(a**2)

    assert value_and_gradient(function, [1.0, 2.0])[1][0].tolist() == [8.0, 16.0]


def test_a_tracked_number_does_not_fit_into_a_plain_array():
    with pytest.raises(ValueError) as caught:  # NumPy's own, and ours as its cause
        np.zeros(4)[0] = Tracked(A)[0, 0]
    assert "np.stack of a list" in str(caught.value.__cause__)


def test_work_in_place_on_a_slice_is_seen_by_nobody_else():
    for share in (lambda x: x[1:], lambda x: x.T, lambda x: x.reshape(-1)):
        x = Tracked(A)
        y = share(x)
        y += 1.0
        assert y.value.flat[-1] == share(A).flat[-1] + 1
        with pytest.raises(UserError, match="of which a slice or a view was changed in place"):
            x + 1.0
        x = Tracked(A)
        y = share(x)
        x *= 2.0
        assert (x.value == 2 * A).all()
        with pytest.raises(UserError, match="changed in place") as caught:
            y.sum()
        assert "write x = x + y" in str(caught.value)
    with pytest.raises(UserError, match="cannot change a shape"):
        z = Tracked([1.0])
        z += np.ones(3)


def test_plain_results_of_what_has_no_derivative():
    x = Tracked(A)
    for flat in (x > 0, np.sign(x), np.floor(x), np.argmax(x, axis=1), np.isfinite(x), x.argsort(),
                 np.zeros_like(x), np.any(x > 5), x.round(1),
                 np.searchsorted(ROW.cumsum(), x[0])):  # fmt: skip
        assert not isinstance(flat, Tracked)
    np.testing.assert_array_equal(np.floor(x), np.floor(A))
    assert np.shape(x) == x.shape == (3, 4)
    assert (x.size, x.ndim, len(x), x.dtype) == (12, 2, 3, np.dtype(float))
    assert max(Tracked(3.0), 2.0).value == 3.0
    assert f"{Tracked(0.25):.1f} {Tracked([1.0])}" == "0.2 [1.]"
    assert repr(Tracked([1.0])) == "Tracked([1.])"
    assert detach(x) is x.value
    assert detach(3) == 3
    assert x.astype(int).dtype == int
    agree(lambda a: weighted(a.astype("float64")), A)


def test_values_are_numpys_bit_for_bit():
    def function(a):
        return np.mean(np.exp(np.tanh(a) @ a.T) ** 2) + np.std(a)

    assert value_and_gradient(function, A)[0] == function(A)


@pytest.mark.parametrize(
    "use, text",
    [
        (lambda x: np.fft.fft(x), "np.fft.fft has no derivative here"),
        (lambda x: np.linalg.svd(x), "np.linalg.svd has no derivative here"),
        (lambda x: np.spacing(x) + np.ldexp(x, 2), "np.ldexp has no derivative here"),
        (lambda x: np.multiply.outer(x, x), "np.multiply.outer has no derivative here"),
        (lambda x: np.add(x, 1, where=A > 0), "np.add with where="),
        (lambda x: np.sum(x, dtype=int), "np.sum called so \\(got an unexpected keyword"),
        (lambda x: np.pad(x, 1, mode="reflect"), "np.pad called so \\(mode='reflect'\\)"),
        (lambda x: np.einsum("ii", x[:3, :3]), "write every index once an operand"),
        (lambda x: np.interp(0.5, x[0], ROW), "np.interp by its argument xp"),
        (lambda x: np.roll(x, shift=x[0, 0]), "np.roll by its argument options"),
        (lambda x: np.array(x), "a plain array of a tracked array would lose how"),
        (lambda x: np.array([x[0, 0], x[0, 1]]), "would lose how it was computed"),
        (lambda x: math.exp(x[0, 0]), "np.exp for math.exp"),
        (lambda x: int(x[0, 0]), "a plain number"),
        (lambda x: x[0, 0].item(), "detach\\(x\\) for its plain values"),
        (lambda x: x.tolist(), "a list of a tracked array"),
        (lambda x: A[x > 0] + A.__getitem__(0)[x[0]], "would lose|has no derivative"),
        (lambda x: x[x[0, 0]], "a tracked array was used as an index"),
        (lambda x: x + "3", "given: str"),
        (lambda x: x[0] + [x[0, 0]] * 4, "np.stack makes one array of a list"),
        (lambda x: Tracked(x), "tracked already"),
        (lambda x: Tracked(["a"]), "only arrays of real numbers"),
        (lambda x: gradients_of(x, [x]), "one number\ngiven: an array of shape \\(3"),
    ],
)  # fmt: skip
def test_refusals(use, text):
    with pytest.raises((UserError, IndexError), match=text) as caught:
        use(Tracked(A))
    if isinstance(caught.value, IndexError):
        pytest.fail("NumPy spoke, not we")


def test_a_quantity_is_refused():
    from rheobase.units import mV

    with pytest.raises(UserError, match=r'x.to\("mV"\).magnitude'):
        Tracked([1.0]) * (2 * mV)
    with pytest.raises(UserError, match="only arrays of real numbers are tracked"):
        Tracked([1.0, 2.0] * mV)


def test_a_loss_that_depends_on_nothing_says_so():
    with pytest.warns(RheobaseWarning, match="does not depend on what it is differentiated by"):
        value, (bar,) = value_and_gradient(lambda a: np.sum(a > 0), A)
    assert value == (A > 0).sum()
    assert (bar == 0).all()
    assert gradients_of(np.sum(Tracked(A)), [Tracked(A)])[0].tolist() == np.zeros((3, 4)).tolist()


def test_a_long_loop_is_neither_deep_nor_quadratic():
    def function(a):
        total = 0.0
        v = a[0]
        for k in range(20_000):
            v = 0.999 * v + 1e-3 * a[k]
            total = total + v
        return total

    value, (bar,) = value_and_gradient(function, np.ones(20_000))
    assert value == pytest.approx(20_000)
    k = np.arange(1, 20_000)
    np.testing.assert_allclose(bar[1:], 1e-3 * (1 - 0.999 ** (20_000 - k)) / 1e-3, rtol=1e-10)
