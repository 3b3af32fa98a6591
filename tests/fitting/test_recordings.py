"""The sweeps that come with the library, against what was counted in the files they are from."""

import numpy as np
import pytest

from rheobase.fitting import recordings
from rheobase.units import mV

# Currents before and during the step [pA], spikes: of the original files.
B6 = [(-12.5, 105.3, 26), (-12.5, 164.0, 50), (-12.5, 224.6, 68), (-12.7, 283.2, 82),
      (-12.8, 341.2, 89)]  # fmt: skip
B8 = [(-51.7, 42.5, 20), (-51.7, 87.0, 44), (-51.7, 130.6, 62), (-51.6, 175.7, 75),
      (-51.5, 222.0, 81)]  # fmt: skip


@pytest.mark.parametrize("cell, expected", [(recordings.b6, B6), (recordings.b8, B8)])
def test_currents_and_spikes(cell, expected):
    for one, (before, during, spikes) in zip(cell(), expected, strict=True):
        current = one.stimulus.values(np.arange(12_000), 0.25e-3)[:, 0] * 1e12
        assert current[:2000].mean() == pytest.approx(before, abs=0.1)
        assert current[4000:10_000].mean() == pytest.approx(during, abs=0.1)
        assert one.spikes.size == spikes
        assert (one.dt, one.duration) == (0.25e-3, 3.0)


def test_voltages():
    first = recordings.b6()[0]
    assert first.name == "B6 181"
    # float32 of the file: rest before the step, highest and lowest sample
    assert first.voltage[:2000].mean() == pytest.approx(-69.3, abs=0.3)
    assert first.voltage.max() == pytest.approx(19.217812, abs=1e-5)
    assert first.voltage.min() == pytest.approx(-72.215225, abs=1e-5)


def test_the_junction_potential_is_subtracted():
    plain, shifted = recordings.b8()[2], recordings.b8(junction_potential=14 * mV)[2]
    np.testing.assert_allclose(shifted.voltage, plain.voltage - 14)


def test_origin_and_licence_are_beside_the_files():
    text = (recordings._FILES / "README.md").read_text(encoding="utf-8")
    assert "BluePyEfe 2.3.63" in text and "BSD-licensed" in text
