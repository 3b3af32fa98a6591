"""Figures, their limits, and processes that fail."""

import json
import sys

import pytest

from rheobase.bench import LIMITS
from rheobase.bench.measure import BenchmarkError, Figure, as_json, measure, run_process


def test_a_figure_is_set_beside_its_limit():
    assert str(Figure("cuba.cold", 3.2, 4.0)) == (
        "cuba.cold              3.200 s   at most   4.000 s  ok"
    )
    assert not Figure("cuba.memory", 400e6, 350e6).fine
    assert str(Figure("cuba.memory", 400e6, 350e6)).endswith("at most    350 MB  MISSED")
    assert str(Figure("cuba.spikes", 22463)) == "cuba.spikes             22,463"


def test_a_process_that_fails_shows_what_it_printed():
    with pytest.raises(BenchmarkError, match=r"failed:\nbroken$"):
        run_process([sys.executable, "-c", "import sys; sys.exit('broken')"])


def test_startup_is_measured_and_stored():
    said = []
    figures = measure(["startup"], 1, said.append)
    assert [figure.name for figure in figures] == ["startup.import", "startup.help"]
    assert len(said) == 2
    stored = json.loads(as_json(figures))
    assert stored["figures"][0]["limit"] == LIMITS["startup.import"]
    assert stored["machine"]["cores"] >= 1
