"""Numbers with units, and equations with the numbers put in."""

import pytest

from rheobase.language.parsing import parse_expression
from rheobase.simulation.step_numbers import (
    milliseconds,
    put_in,
    rate_text,
    slope,
    with_unit,
    written,
)
from rheobase.units import UNITS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(E_L - v)/tau", "(-65 mV - (-60 mV))/(20 ms)"),
        ("-v/tau", "-(-60 mV)/(20 ms)"),
        ("x*v + y", "0.5*(-60 mV) + 3 pA"),
        ("exp((v - E_L)/mV)*x", "exp((-60 mV - (-65 mV))/mV)*0.5"),
        ("drive(t) - v", "7 mV - (-60 mV)"),
        ("x**2 + other", "0.5**2 + other"),
    ],
)
def test_numbers_are_put_in(text, expected):
    values = {"E_L": "-65 mV", "v": "-60 mV", "tau": "20 ms", "x": "0.5", "y": "3 pA",
              "drive()": "7 mV"}  # fmt: skip
    assert put_in(parse_expression(text), values) == expected


def test_values_slopes_and_times():
    assert written(-0.065, UNITS["mV"]) == "-65 mV"
    assert with_unit(0.25, "1") == "0.25" and with_unit(2.0, "1/ms") == "2 /ms"
    assert with_unit(-0.0, "mV") == "0 mV"
    assert slope(13.9, UNITS["mV"], True) == "13900 mV/s"
    assert slope(0.5, UNITS["mV"], False) == "0.5 mV/ms"
    assert rate_text(-50.0, False) == "-0.05 /ms" and rate_text(-50.0, True) == "-50 /s"
    assert milliseconds(0.3012877698) == "301.2877698 ms" and milliseconds(1e-3) == "1 ms"
