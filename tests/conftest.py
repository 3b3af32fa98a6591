"""What every test may rely on, however the test run itself was started."""

import signal

import pytest
from hypothesis import HealthCheck, settings

# A machine that does something else meanwhile makes examples slow, not wrong.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(autouse=True, scope="session")
def interrupts_reach_python():
    """Ctrl-C raises KeyboardInterrupt, also where a shell started pytest in the background.

    Such a shell lets its children ignore the signal, and tests that send it would wait forever.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True, scope="session")
def no_windows():
    """Figures are drawn without a screen."""
    import matplotlib

    matplotlib.use("Agg")
