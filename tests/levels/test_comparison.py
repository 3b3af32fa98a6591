"""What a comparison prints and draws."""

import matplotlib.pyplot as plt
import pytest

import rheobase as rb
from rheobase.errors import ShapeError, UnknownNameError
from rheobase.units import Hz, ms, pA


@pytest.fixture(scope="module")
def table():
    models = {
        "AdEx": rb.models.AdEx,
        "LIF": rb.models.LIF,
        "unit": rb.models.RateUnit(f="relu"),
    }
    return rb.levels.compare(
        models, rb.stimuli.step(500 * pA, start=20 * ms, stop=180 * ms), duration=200 * ms,
        dt=0.1 * ms, current_per_unit=100 * pA, rate_per_unit=10 * Hz, backend="interpreter",
    )  # fmt: skip


def test_it_prints_as_a_table(table):
    lines = str(table).splitlines()
    assert lines[0] == "200 ms under one stimulus, dt 0.1 ms; reference: AdEx"
    assert lines[2].split()[:4] == ["level", "spikes", "rate", "error"]
    rows = {line.split()[0]: line.split() for line in lines[4:7]}
    assert list(rows) == ["AdEx", "LIF", "unit"]
    assert rows["AdEx"][1] == str(table["AdEx"].spike_count)
    assert rows["AdEx"][3:] == ["+0.00", rows["AdEx"][1], "0", "0", "0.000", "0.000", "0.000"]
    assert rows["LIF"][2] == f"{table['LIF'].rate:.2f}"
    assert rows["LIF"][7] == f"{table['LIF'].spike_time_error * 1e3:.3f}"
    assert rows["unit"][1] == "-" and rows["unit"][4:] == ["-"] * 6
    assert lines[-1].startswith("Spikes are matched within ")
    assert repr(table) == str(table)


def test_it_is_a_table_in_notebooks(table):
    html = table._repr_html_()
    assert html.count("<tr>") == 4
    assert f"<td>{table['LIF'].spike_count}</td>" in html


def test_an_entry_prints_in_a_line(table):
    text = repr(table["LIF"])
    assert text.startswith("<level LIF, spikes ")
    assert "missed" in text
    assert "missed" not in repr(table["unit"])


def test_an_unknown_level_is_named(table):
    with pytest.raises(UnknownNameError) as error:
        table["lif"]
    assert "there is no level 'lif' in this comparison; did you mean 'LIF'?" in str(error.value)
    assert "lif" not in table and table.get("lif") is None


def test_the_figure_has_a_panel_for_the_stimulus_and_one_for_each_level(table):
    axes = table.plot()
    assert len(axes) == 4
    assert [ax.get_ylabel() for ax in axes] == ["input\n(pA)", "v (mV)", "v (mV)", "rate (Hz)"]
    assert [ax.get_title(loc="left") for ax in axes] == ["", "AdEx", "LIF", "unit"]
    assert axes[-1].get_xlabel() == "time (s)" and axes[0].get_xlabel() == ""
    assert axes[0].lines[0].get_ydata().max() == pytest.approx(500)
    drawn = axes[3].lines[-1].get_ydata()
    assert drawn[-500:].max() == pytest.approx(10 * table["unit"].trace.to_numpy()[-500:].max())
    # The reference's spikes, in the panels of the others only.
    assert len(axes[1].lines) == 1
    assert len(axes[2].lines) == 1 + table["AdEx"].spike_count
    plt.close("all")


def test_it_draws_into_axes_given(table):
    _, own = plt.subplots(4, 1)
    assert list(table.plot(own)) == list(own)
    with pytest.raises(ShapeError, match="expected: 4 axes"):
        table.plot(own[:3])
    plt.close("all")
