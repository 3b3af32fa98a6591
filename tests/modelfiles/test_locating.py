"""Errors of the library, by the line of the file they are about."""

import pytest

from rheobase.errors import (
    EquationError,
    ShapeError,
    UnitError,
    UnknownNameError,
    UserError,
    WiringError,
)


def line_of(text, part):
    return text[: text.index(part)].count("\n") + 1


CASES = [
    # what is replaced, by what, the error, what is marked, what is said
    ('dt = "0.1 ms"', "dt = 0.1", UnitError, "0.1",
     'dt: expected a time, got the plain number 0.1; write dt = "0.1 ms"'),
    ('dt = "0.1 ms"', 'dt = "-1 ms"', UserError, '"-1 ms"', "dt is the length of a step"),
    ("seed = 1", "seed = -3", UserError, "-3", "the seed is no whole number"),
    ("size = 20", "size = 0", ShapeError, "0", "size is the number of cells\n  line 25: size = 0"),
    ('model = "cell"', 'model = "cel"', UnknownNameError, '"cel"', "did you mean cell?"),
    ('"cells[:16]"', '"cels[:16]"', UnknownNameError, '"cels[:16]"', "did you mean cells?"),
    ('"cells[:16]"', '"cells[99]"', ShapeError, '"cells[99]"', "there is no such cell"),
    ("fixed_probability(0.2)", "fixed_probablity(0.2)", UnknownNameError, "fixed_probablity",
     "did you mean fixed_probability?"),
    ("fixed_probability(0.2)", "fixed_probability(2)", WiringError, "fixed_probability(2)",
     "expected: a number from 0 to 1\ngiven: 2"),
    ('"1.62 mV"', '"1.62 nS"', UnitError, '"1.62 nS"',
     "the weight: expected a voltage, got '1.62 nS' (a conductance); write weight = \"1 mV\""),
    ('"-9 mV"', "-9", UnitError, "-9", "the weight: expected a voltage, got the plain number -9"),
    ('"1.62 mV"', '"normal(2 mV, 1 nS)"', UnitError, "normal(2 mV, 1 nS)",
     "std and mean are of different dimension"),
    ('"1.62 mV"', '"exp(-k)*mV"', UnknownNameError, "k", "the weight: unknown name k"),
    ('"1.62 mV"', '"1.62 mV"\ndelay = "0.25 ms"', WiringError, '"0.25 ms"',
     'the delay of 0.25 ms is not a multiple of the step, 0.1 ms\n'),
    ('weight = "1.62 mV"\n', "", WiringError, "[[connections]]", "the weight is missing"),
    ('to = "inhibitory"', 'to = "inhibitoy"', UnknownNameError, '"inhibitoy"',
     'did you mean to = "inhibitory"?'),
    ('tau_m = "20 ms"', 'tau_m = "20 mV"', UnitError, "(g_e + g_i - (v - E_L))/tau_m",
     "dv/dt: tau_m is in mV, and a time is needed"),
    ('tau_m = "20 ms"', 'taum = "20 ms"', UnknownNameError, "tau_m",
     "the model does not read taum"),
    ("-g_e/tau_e : mV", "-g_e*tau_e : mV", UnitError, "-g_e*tau_e", "expected mV/second"),
    ("-g_i/tau_i : mV", "-g_i/tau_i mV", UnitError, None, "dg_i/dt has no unit"),
    ("v > V_T", "v > V_T*2*ms", UnitError, "v > V_T*2*ms"[4:], "cannot compare mV"),
    ("v = V_r", "v = V_r; q = 3", UnknownNameError, "q", "reset: unknown name q"),
    ('refractory = "5 ms"', 'refractory = "5 mV"', UnitError, '"5 mV"', "expected a time or a"),
    ("g_e += weight", "g_x += weight", UnknownNameError, "g_x",
     "receives, excitatory: unknown name g_x"),
    ('E_L = "-49 mV"', 'E_L = "-49 ms"', UnitError, '"-49 ms"', "cells.E_L: expected a voltage"),
    ('E_L = "-49 mV"', 'E_l = "-49 mV"', UnknownNameError, "E_l",
     "'cells' has no variable 'E_l'; did you mean E_L?"),
    ("rand()*(V_T - V_r)", "rand()*(V_T - tau_m)", UnitError, "tau_m",
     "cannot subtract ms from mV"),
    ('initial = {v = ', 'initial = {u = ', UnknownNameError, "u", "has no variable 'u'"),
    ('variables = ["v"]', 'variables = ["vv"]', UnknownNameError, '"vv"', "did you mean v?"),
    ('every = "1 ms"', 'every = "0.15 ms"', WiringError, '"0.15 ms"',
     'write every = "0.1 ms" or every = "0.2 ms"'),
]  # fmt: skip


CASES += [
    ('V_r = "-60 mV"}', 'V_r = "-60 mV", q = 3}', UnknownNameError, "q",
     "the model does not read q"),
    ('inhibitory = "g_i += weight"', "inhibitory = [3]", EquationError, "[3]",
     "receives, inhibitory: expected a text"),
    ('threshold = "v > V_T"', 'threshold = ""', EquationError, '""',
     "the threshold: the expression is missing\n"),
    ('to = "excitatory"', 'to = "excitation"', UnknownNameError, '"excitation"',
     "has no input 'excitation' for spikes"),
    ('refractory = "5 ms"', 'refractory = "5 ms"\ninitial = {v = "3"}', UnitError, "3",
     "initial, v: expected mV (a voltage), got a plain number"),
    ('variables = ["v"]', 'variables = ["\u00e9"]', UnknownNameError, '"\u00e9"',
     "has no variable '\u00e9'"),
    ('variables = ["v"]', 'variables = "V"', UnknownNameError, '"V"', "did you mean v?"),
    ('to = "inhibitory"\n', "", WiringError, "[[connections]]",
     "several inputs for spikes; say which"),
    ('threshold = "v > V_T"', 'threshold = "v > V_T + 50 mV"', EquationError, "m",
     "a sign is missing: write 50*mV"),
    ('threshold = "v > V_T"', 'threshold = "v > V_T and v > -50"', UnitError, "-50",
     "give it a unit: write -50*mV"),
]  # fmt: skip


@pytest.mark.parametrize("old, new, kind, marked, message", CASES)
def test_errors_of_the_library_have_a_line(old, new, kind, marked, message, experiment, text):
    with pytest.raises(UserError) as caught:
        experiment((old, new))
    told = str(caught.value)
    spot = caught.value.spot
    assert told.startswith(f"{spot.file}, line {spot.line}, column {spot.column}: ")
    assert type(caught.value) is kind
    assert message in told
    changed = text.replace(old, new, 1)
    place, shown, carets = told.split("\n")[:3]
    number = int(place.split(", line ")[1].split(",")[0])
    source = changed.split("\n")[number - 1]
    assert shown.strip() == f"line {number}: {source.strip()}"
    column = int(place.split(", column ")[1].split(":")[0])
    if marked is not None:
        assert source[column - 1 :].startswith(marked)
        margin = len(source) - len(source.lstrip()) - len(f"  line {number}: ")
        assert carets.index("^") + margin == column - 1
        assert carets.strip() == "^" * len(marked)


@pytest.mark.parametrize(
    "old, new, part, message",
    [
        ('duration = "50 ms"', 'duration = "50 mV"', '"50 mV"', 'write duration = "1 second"'),
        ('duration = "50 ms"', 'duration = "50.05 ms"', '"50.05 ms"', "not a multiple of the step"),
        ('duration = "50 ms"', 'duration = "50 ms"\nthreads = 0', "0", "write threads = 2"),
        ('parameters = {E_L = "-49 mV"}\n', "", 'model = "cell"',
         'write parameters = {E_L = "1 mV"} under [populations.cells], or '
         'parameters = {E_L = "1 mV"}'),
        ('reset = "v = V_r"', 'reset = "v = V_r"\nmethod = "exakt"', '"exakt"',
         "did you mean exact?"),
    ],
)  # fmt: skip
def test_what_a_run_would_refuse_is_found_by_checking(old, new, part, message, experiment, text):
    made = experiment((old, new))
    with pytest.raises(UserError) as caught:
        made.prepare()
    told = str(caught.value)
    assert message in told
    line = line_of(text.replace(old, new, 1), new.split("\n")[-1] if new else part)
    assert told.startswith(f"model.toml, line {line}, column ")
    with pytest.raises(UserError, match=rf"^model.toml, line {line}, column "):
        made.run()


def test_an_error_while_it_runs_has_a_line(experiment):
    made = experiment(('backend = "interpreter"',
    'backend = "interpreter"\nstop_when = "any(cels.v > 3*mV)"'))  # fmt: skip
    with pytest.raises(UnknownNameError, match="line 53, column 13: stop_when: there is no popul"):
        made.run()


@pytest.mark.parametrize(
    "rule, message",
    [
        ("within(3 um)", "within: the sources have no positions"),
        ("fixed_indegree(30, multapses=false)", "there are not that many sources for a target"),
    ],
)
def test_what_is_found_when_synapses_are_drawn_is_about_its_connection(rule, message, experiment):
    made = experiment(('rule = "fixed_indegree(2)"', f'rule = "{rule}"'))
    with pytest.raises(WiringError) as caught:
        made.run()
    told = str(caught.value)
    assert told.startswith("model.toml, line 41, column ") and message in told
    assert f'  line 41: rule = "{rule}"\n' in told


def test_a_state_that_is_not_finite_is_about_its_population(experiment):
    made = experiment(("-g_e/tau_e : mV", "g_e**3/tau_e/mV**2 : mV"))
    made.document.data["populations"]["cells"]["initial"] = {}
    made.network.populations["cells"].g_e = 1e80 * made.network.populations["cells"].V_T
    with pytest.raises(UserError, match=r"^model.toml, line \d+, column 1: .*g_e"):
        made.run()


def test_errors_in_settings_show_the_setting(experiment):
    with pytest.raises(UnitError) as caught:
        experiment(settings=["connections.excitation.weight=3 nS"])
    assert str(caught.value).startswith(
        "--set: the weight: expected a voltage, got '3 nS' (a conductance); write weight = "
        '"1 mV"\n  --set connections.excitation.weight=3 nS\n' + " " * 38 + "^^^^\n"
    )


def test_an_error_in_a_line_of_escapes_points_at_the_value(experiment):
    with pytest.raises(EquationError, match="line 14, column 13: "):
        experiment(('threshold = "v > V_T"', 'threshold = "v >\\t> V_T"'))


def test_a_line_of_equations_that_stands_twice_is_the_right_one(experiment):
    equations = "dg_e/dt = -g_e/tau_e : mV\n"
    with pytest.raises(
        EquationError, match="line 10, column 2: g_e is defined twice, in line 10 and in line 11\n"
    ):
        experiment((equations, equations + equations))
