"""Fixtures of the tests of simulation."""

import pytest

import rheobase as rb
from rheobase.units import ms


@pytest.fixture(params=["interpreter", "numba"])
def backend(request):
    return request.param


@pytest.fixture
def net():
    return rb.Network(dt=0.1 * ms, seed=1)
