"""Figures, their limits, and processes that fail."""

import json
import sys

import pytest

from rheobase.bench import BENCHMARKS, FAMILIES, LIMITS
from rheobase.bench.catalog import CATALOG, Expected
from rheobase.bench.measure import (
    Asked,
    BenchmarkError,
    Figure,
    _activity,
    as_json,
    measure,
    run_process,
)
from rheobase.errors import UserError


def test_a_figure_is_set_beside_its_limit():
    assert str(Figure("cuba.cold", 3.2, 4.0)) == (
        "cuba.cold                        3.200 s   at most 4.000 s            ok"
    )
    assert not Figure("cuba.memory", 400e6, 350e6).fine
    assert str(Figure("cuba.memory", 400e6, 350e6)).split()[-5:] == (
        ["at", "most", "350", "MB", "MISSED"]
    )
    assert str(Figure("cuba.spikes", 22463)).split() == ["cuba.spikes", "22,463"]
    assert str(Figure("cuba.E.rate", 5.0, 6.0, 4.0)).split()[1:] == (
        ["5.000", "Hz", "4.000", "Hz", "to", "6.000", "Hz", "ok"]
    )


def test_a_statistic_without_spikes_is_not_fine():
    assert not Figure("cuba.E.cv", float("nan"), 1.0, 0.0).fine


def test_statistics_stand_beside_what_is_expected_of_them():
    found = {"E": {"rate": 5.0, "cv": float("nan"), "peak": 3.0}}
    asked = [Expected.within("E.rate", 4.0, 0.1), Expected("E.cv", 0.4, 1.0)]
    rate, cv, peak = _activity("net", found, asked)
    assert (rate.name, rate.fine, cv.fine) == ("net.E.rate", False, False)
    assert (peak.name, peak.limit) == ("net.E.peak", None)


def test_a_process_that_fails_shows_what_it_printed():
    with pytest.raises(BenchmarkError, match=r"failed:\nbroken$"):
        run_process([sys.executable, "-c", "import sys; sys.exit('broken')"])


def test_every_benchmark_is_a_network_a_family_or_measured_otherwise():
    for name in BENCHMARKS:
        assert all(part in CATALOG for part in FAMILIES.get(name, (name,))) or name in (
            "machine", "startup",
        )  # fmt: skip


def test_options_of_the_microcircuit_are_refused_elsewhere():
    with pytest.raises(UserError, match="the benchmark cuba cannot be told its indegree"):
        measure(["cuba"], Asked(indegree=0.5))


def test_arguments_reach_the_measured_process():
    assert Asked(scale=0.5, duration=2.0, threads=2).arguments() == (
        ["--threads=2", "--scale=0.5", "--duration=2.0"]
    )
    assert Asked(repetitions=2, threads=2).usual
    assert not Asked(scale=2.0).usual


def test_startup_is_measured_and_stored():
    said = []
    figures = measure(["startup"], Asked(repetitions=1), said.append)
    assert [figure.name for figure in figures] == ["startup.import", "startup.help"]
    assert len(said) == 2
    stored = json.loads(as_json(figures))
    assert stored["figures"][0]["limit"] == LIMITS["startup.import"]
    assert stored["machine"]["cores"] >= 1
