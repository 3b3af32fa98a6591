"""The examples in the documentation of fits run, and print what they say."""

import doctest

import numpy as np
import pytest

import rheobase as rb
from rheobase.fitting import losses, recordings

DOCUMENTED = [
    rb.fit_parameters, rb.fitting.Recording, recordings.b6, recordings.b8, losses.voltage,
    losses.features,
]  # fmt: skip


@pytest.mark.parametrize("thing", DOCUMENTED, ids=lambda thing: thing.__name__)
def test_an_example_runs(thing):
    (test,) = (
        one for one in doctest.DocTestFinder(recurse=False).find(thing, globs={"rb": rb, "np": np})
    )
    assert test.examples
    report = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
    assert report.failed == 0
