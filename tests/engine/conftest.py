"""Both engines, for tests that every engine has to pass."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["interpreter", "numba"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
