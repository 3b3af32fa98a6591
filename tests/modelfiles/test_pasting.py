"""Lines to paste: Python in, TOML out."""

import pytest

from rheobase.modelfiles.pasting import in_toml


@pytest.mark.parametrize(
    "python, toml",
    [
        ("write weight=20*nS", 'write weight = "20 nS"'),
        ("write net.connect(..., weight=20*nS)", 'write [[connections]] weight = "20 nS"'),
        ("write net.connect(a, b[:3], rb.rules.one_to_one())",
         'write [[connections]] pre = "a", post = "b[:3]", rule = "one_to_one()"'),
        ("write net.run(1*second, threads=2)", 'write [run] duration = "1 second", threads = 2'),
        ("write every=0.1*ms or every=0.2*ms", 'write every = "0.1 ms" or every = "0.2 ms"'),
        ("did you mean to='inhibitory'?", 'did you mean to = "inhibitory"?'),
        ("write cells.tau_m = 20*ms", 'write tau_m = "20 ms"'),
        ("write cells.V = 1*mV before the first run, or x",
         'write parameters = {V = "1 mV"} under [populations.cells], or x'),
        ("write rb.stimuli.poisson(8000*Hz)", "write poisson(8000*Hz)"),
        ("the delay of 0.25*ms is not a multiple of 0.1*ms",
         "the delay of 0.25 ms is not a multiple of 0.1 ms"),
        ("given: `V_T*2*ms`, in `2*ms`", "given: `V_T*2*ms`, in `2*ms`"),
        ('write stop_when="any(cells.v > -20*mV)"', 'write stop_when = "any(cells.v > -20*mV)"'),
        ("write net.connect(a, b, weight=", "write net.connect(a, b, weight="),
        ("or give it: parameters=dict(E_L=...), or", 'or give it: parameters = {E_L = "..."}, or'),
        ("write initial=dict(v=-65*mV)", 'write initial = {v = "-65 mV"}'),
        ("a sign is missing: write 50*mV", "a sign is missing: write 50*mV"),
        ("give it a unit: write -50*mV", "give it a unit: write -50*mV"),
        ("nothing to paste", "nothing to paste"),
    ],
)  # fmt: skip
def test_what_the_library_shows_is_written_as_in_a_file(python, toml):
    assert in_toml(python) == toml


def test_of_a_call_only_the_key_is_pasted_that_it_is_about():
    assert in_toml("write net.run(1*second, threads=2)", "threads") == "write threads = 2"
    assert in_toml("write net.add(model, 100)", "size") == "write size = 100"
