import pytest

from rheobase.results import Timing


def test_timing_is_a_mapping_with_attributes():
    timing = Timing(build=1.0, run=2.5, peak_memory_bytes=2**20)
    assert set(timing) == {"build", "compile", "connect", "run", "peak_memory_bytes"}
    assert timing["run"] == timing.run == 2.5
    assert dict(timing)["peak_memory_bytes"] == 2**20
    assert timing.total == 3.5
    assert "total" not in timing
    with pytest.raises(KeyError, match="fly"):
        timing["fly"]


def test_timings_add_up_and_memory_is_the_larger():
    both = Timing(1.0, 2.0, 3.0, 4.0, 500) + Timing(0.5, 0.0, 0.0, 1.0, 900)
    assert both == Timing(1.5, 2.0, 3.0, 5.0, 900)


def test_it_prints_where_the_time_went():
    timing = Timing(0.01, 1.234, 0, 0.5, 200 * 2**20)
    text = "build 0.01 s, compile 1.23 s, connect 0 s, run 0.5 s; at most 200 MiB"
    assert str(timing) == text
