"""The measured process prints one line of JSON."""

import json

from rheobase.bench import process


def test_a_short_run_prints_its_figures(capsys):
    assert process.main(["cuba", "--duration", "20 ms"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["spikes"] > 0
    assert {"build", "compile", "connect", "run", "peak_memory_bytes"} <= set(figures["timing"])
