"""Pictures of channels show the numbers of their gates."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import ShapeError, UnitError, UserError
from rheobase.units import mM, ms, mV, uM

C = rb.channels
LIBRARY = [n for n in C.__all__ if isinstance(getattr(C, n), rb.Channel)]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_curves_are_those_of_the_gates():
    left, right = C.HHSodium.plot(low=-80 * mV, high=20 * mV)
    assert [line.get_label() for line in left.lines] == ["m", "h"]
    v, m = left.lines[0].get_data()
    assert (v[0], v[-1]) == (-80, 20)
    np.testing.assert_allclose(m, C.HHSodium.gates["m"].steady(v * mV))
    tau = C.HHSodium.gates["h"].time_constant(v * mV).to(ms).magnitude
    np.testing.assert_allclose(right.lines[1].get_ydata(), tau)
    assert left.get_xlabel() == "v (mV)" and right.get_ylabel() == "time constant (ms)"
    assert left.get_title(loc="left") == "HHSodium" and right.get_yscale() == "log"


def test_at_another_temperature_time_constants_are_shorter():
    _, cold = C.HHPotassium.plot()
    _, warm = C.HHPotassium.plot(temperature=16.3)
    np.testing.assert_allclose(cold.lines[0].get_ydata() / warm.lines[0].get_ydata(), 3)


def test_what_calcium_opens_is_drawn_against_calcium():
    left, _ = C.SK.plot()
    calcium, z = left.lines[0].get_data()
    assert left.get_xlabel() == "Ca inside (µM)" and left.get_xscale() == "log"
    np.testing.assert_allclose(calcium[[0, -1]], [0.01, 100])
    np.testing.assert_allclose(z, 1 / (1 + (0.43 / calcium) ** 4.8))
    left, right = C.SodiumActivatedPotassium.plot()
    assert left.get_xlabel() == "Na inside (mM)" and right.texts and not right.lines


def test_calcium_and_voltage_make_a_family():
    left, right = C.BK.plot()
    assert [line.get_label() for line in left.lines] == ["o, 100 nM", "o, 1 µM", "o, 10 µM"]
    assert len({line.get_linestyle() for line in right.lines}) == 3
    left, _ = C.BK.plot(Ca_i=[2, 20] * uM)
    assert [line.get_label() for line in left.lines] == ["o, 2 µM", "o, 20 µM"]


def test_a_leak_is_drawn_by_its_current():
    (axes,) = C.Leak.plot(high=0 * mV)
    v, current = axes.lines[1].get_data()
    np.testing.assert_allclose(current, 0.3 * (v + 54.387))


def test_the_range_reaches_where_the_gate_moves():
    assert C.HType.plot()[0].lines[0].get_xdata()[0] == -160
    assert C.MType.plot()[0].lines[0].get_xdata()[0] == -100


@pytest.mark.parametrize("name", LIBRARY)
def test_every_channel_of_the_library_is_drawn(name):
    for axes in getattr(C, name).plot():
        for line in axes.lines:
            assert np.all(np.isfinite(line.get_ydata()))


def test_what_is_refused():
    with pytest.raises(UserError, match="low is below high"):
        C.HHSodium.plot(low=0 * mV, high=-10 * mV)
    with pytest.raises(UnitError, match="plot: low"):
        C.HHSodium.plot(low=1 * mM)
    with pytest.raises(ShapeError, match="drawn into two Axes"):
        C.HHSodium.plot(ax=plt.subplots()[1])
