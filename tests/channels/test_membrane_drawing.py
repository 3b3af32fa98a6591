"""Pictures of membranes and pools show numbers that are known."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

import rheobase as rb
from rheobase.channels.membrane_drawing import crossings
from rheobase.errors import ShapeError, UserError
from rheobase.units import mM, mV, uM, um

C = rb.channels
SQUID = rb.Membrane([C.HHSodium, C.HHPotassium, C.Leak], name="squid")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_a_membrane_is_drawn_by_its_currents_and_gates():
    currents, gates, times = SQUID.plot(low=-90 * mV, high=0 * mV)
    drawn = {line.get_label(): line for line in currents.lines}
    v = drawn["Na"].get_xdata()
    assert (v[0], v[-1]) == pytest.approx((-90, 0))
    held = SQUID.steady_currents(v * mV)
    np.testing.assert_allclose(drawn["K"].get_ydata(), held["I_K"].magnitude)
    np.testing.assert_allclose(drawn["all"].get_ydata(), sum(i.magnitude for i in held.values()))
    assert [line.get_label() for line in gates.lines] == ["m_Na", "h_Na", "n_K"]
    h = C.HHSodium.gates["h"]
    np.testing.assert_allclose(gates.lines[1].get_ydata(), h.steady(v * mV))
    np.testing.assert_allclose(times.lines[1].get_ydata(), h.time_constant(v * mV).magnitude)
    assert currents.get_title(loc="left") == "squid" and currents.get_yscale() == "symlog"
    names = [text.get_text() for text in times.get_legend().get_texts()]
    assert names == ["m_Na", "h_Na", "n_K"]


def test_where_the_sum_is_0_the_membrane_rests():
    axes = SQUID.plot()[0]
    (rest,) = [line for line in axes.lines if line.get_marker() == "o"]
    points = rb.analysis.fixed_points(SQUID.point(1000 * um**2))
    assert rest.get_xdata() == pytest.approx([points[0]["v"].to("mV").magnitude], abs=0.01)
    assert [text.get_text() for text in axes.texts] == ["0 at −65.0 mV"]


def test_legends_stand_beside_what_is_drawn():
    figure = SQUID.plot()[0].figure
    figure.canvas.draw()
    for axes in (figure.axes[0], figure.axes[2]):
        box = axes.get_legend().get_window_extent()
        assert box.x0 >= axes.get_window_extent().x1


def test_a_membrane_without_gates_is_drawn_by_its_currents():
    (axes,) = rb.Membrane([C.Leak]).plot()
    assert axes.get_yscale() == "linear"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["L"]


def test_many_channels_are_told_apart():
    membrane = rb.Membrane([C.HHSodium(name=f"N{k}") for k in range(8)], temperature=6.3)
    currents, gates, _ = membrane.plot()
    for lines in (currents.lines[1:9], gates.lines):
        assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == len(lines)


def test_concentrations_may_be_held():
    membrane = rb.Membrane([C.Leak, C.LType, C.SK, C.CalciumPool], temperature=36)
    low, high = (membrane.plot(Ca_i=c)[0] for c in (0.1 * uM, 10 * uM))
    sk = [next(line for line in axes.lines if line.get_label() == "SK") for axes in (low, high)]
    weak, strong = (np.abs(line.get_ydata()) for line in sk)
    assert np.all(weak <= strong) and weak.sum() < 0.1 * strong.sum()


def test_a_pool_settles_and_decays_as_in_closed_form():
    left, right = C.CalciumPool.plot()
    current, calcium = left.lines[0].get_data()
    amount = 0.05 * current * 1e-2 * 80e-3 / (2 * 96485.33212 * 0.1e-6)  # mol/m**3
    np.testing.assert_allclose(calcium, 0.1 + 1e3 * amount, rtol=1e-9)
    t, falling = right.lines[0].get_data()
    np.testing.assert_allclose(falling, 0.1 + 0.9 * np.exp(-t / 80), rtol=1e-6)
    assert left.get_title(loc="left") == "CalciumPool"
    assert left.get_xlabel() == "steady inward current of Ca (µA/cm²)"


def test_a_pump_that_saturates():
    left, right = C.PumpedCalciumPool.plot()
    current, calcium = left.lines[0].get_data()
    # gamma I/(2 F depth) = fastest (c/(c + K) - rest/(rest + K))
    inflow = current * 1e-2 / (2 * 96485.33212 * 1e-6)  # mol/m**3/s
    share = inflow / 0.1 + 50 / 150
    known = share < 1
    np.testing.assert_allclose(calcium[known], 0.1 * share[known] / (1 - share[known]), rtol=1e-7)
    assert np.isnan(calcium[~known]).all() or known.all()
    assert np.all(np.diff(right.lines[0].get_ydata()) < 0)


def test_constant_concentrations_have_a_potential():
    potassium = C.Ion("K", inside=140 * mM, outside=5 * mM)
    (axes,) = potassium.plot(temperature=20)
    expected = rb.channels.nernst("K", 140 * mM, 5 * mM, temperature=20).to("mV").magnitude
    (_, y) = axes.lines[1].get_data()
    assert y[0] == pytest.approx(expected, abs=1e-6)
    assert axes.texts[0].get_text() == f"{expected:.1f} mV"
    assert axes.get_ylabel() == "Nernst potential at 20 °C (mV)"


def test_crossings():
    x = np.array([0.0, 1.0, 2.0, 3.0])
    np.testing.assert_allclose(crossings(x, np.array([-1.0, 1.0, 3.0, -1.0])), [0.5, 2.75])
    assert crossings(x, np.array([np.nan, 1.0, 1.0, 2.0])).size == 0


def test_what_is_refused():
    with pytest.raises(ShapeError) as caught:
        SQUID.plot(ax=plt.subplots()[1])
    assert str(caught.value) == (
        "plot: it is drawn into 3 Axes, currents, steady states and time constants of gates\n"
        "given: 1 Axes\nwrite fig, axes = plt.subplots(1, 3), and ax=axes"
    )
    with pytest.raises(UserError, match="low is below high"):
        SQUID.plot(low=0 * mV, high=-10 * mV)
    growing = C.Pool("dCa_i/dt = Ca_i/tau - I_Ca_total/(2*F*d) : mM", ion="Ca",
                     parameters=dict(tau="1 ms", d="1 um"))  # fmt: skip
    with pytest.raises(UserError, match="no concentration at rest without a current"):
        growing.plot()
