"""Whatever tree of points a file holds: it is read, or refused by name and reason."""

import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import rheobase as rb


@st.composite
def texts(draw):
    numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(1, 12))
    ids = numbers.permutation(np.arange(1, count + 1))
    rows = []
    for k in range(count):
        parent = ids[numbers.integers(0, k)] if k else -1
        if numbers.random() < 0.05:
            parent = numbers.choice([-1, 0, ids[k], numbers.integers(-2, count + 3)])
        label = numbers.choice([0, 1, 1, 1, 2, 3, 3, 4, 5, 6, 7])
        x, y, z = numbers.integers(-2, 3, 3) * 10 * (numbers.random() < 0.9)
        radius = 0 if numbers.random() < 0.005 else numbers.choice([0.5, 1, 1, 5])
        rows.append(f"{ids[k]} {label} {x} {y} {z} {radius} {parent}\n")
    numbers.shuffle(rows)
    return "".join(rows)


@settings(max_examples=300, deadline=None)
@given(texts(), st.sampled_from(["largest", "join"]))
def test_read_or_refused(tmp_path_factory, text, pieces):
    path = tmp_path_factory.getbasetemp() / "any.swc"
    path.write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rb.errors.RheobaseWarning)
        try:
            found = rb.Morphology.from_swc(path, pieces=pieces)
        except rb.errors.FileFormatError as refused:
            assert str(refused).startswith("any.swc, line ")
            return
    parts = found.discretize(2)
    assert (parts.parent[1:] < np.arange(1, parts.nodes)).all()
    assert np.isfinite(parts.conductance_to_parent).all()
    assert (parts.conductance_to_parent[1:] > 0).all()
    assert (parts.area[parts.membrane] > 0).all()
    assert np.isfinite(found.path_starts).all()
    assert str(found.statistics())
