"""Every test of what a step means runs on both backends."""

import pytest


@pytest.fixture(params=["numba", "interpreter"])
def backend(request):
    """Give each backend in turn."""
    return request.param
