"""The measured process prints one line of JSON."""

import json

from rheobase.bench import process


def test_a_short_run_prints_its_figures(capsys):
    assert process.main(["cuba", "--duration", "0.02"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["spikes"] > 0
    assert figures["neurons"] == 4000
    assert figures["seconds"] == 0.02
    assert {"build", "compile", "connect", "run", "peak_memory_bytes"} <= set(figures["timing"])
    assert {"memory_bytes", "seconds"} <= set(figures["estimate"])


def test_a_warmed_up_network_tells_statistics_of_what_is_measured(capsys):
    options = ["--duration=0.05", "--scale=0.02", "--indegree=0.05"]
    assert process.main(["microcircuit", *options]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert len(figures["statistics"]) == 8
    assert 0 < figures["statistics"]["L4E"]["rate"] < 40
