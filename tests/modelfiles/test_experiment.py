"""Files as networks: the same network as the calls of a script make, to the bit."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.modelfiles.small import TEXT

import rheobase as rb
from rheobase import modelfiles
from rheobase.errors import FileFormatError, UnknownNameError, UserError, WiringError
from rheobase.modelfiles.document import Document
from rheobase.modelfiles.experiment import Experiment
from rheobase.units import ms, mV, um

ODD = [
    '""', "[]", "{}", "true", "-1", "nan", "1e400", '"x"', '"20 ms"', '"-5 mV"', "[1, 2]", '["a"]',
    "{values = 3}", '{values = [1, 2], unit = "mV"}', '"cells[3]"', '"normal(1, 2)"', '"step(1)"',
    "[[1], [2, 3]]", '"[1, 2] ms"', '"poisson(1 Hz)"', "1979-05-27", "{a = {b = 1}}", '"((("',
    '"9**9**9"', '"\u00e9"', "[{x = 1}]", '"1 ms/0"',
]  # fmt: skip
LIF = """
[populations.cells]
model = "LIF"
size = 4
[run]
duration = "20 ms"
backend = "interpreter"
"""


def by_calls():
    """The experiment of conftest.py as a script."""
    model = rb.Model(
        """
        dv/dt = (g_e + g_i - (v - E_L))/tau_m : mV (unless refractory)
        dg_e/dt = -g_e/tau_e : mV
        dg_i/dt = -g_i/tau_i : mV
        E_L : mV
        """,
        threshold="v > V_T", reset="v = V_r", refractory="5 ms", name="cell",
        parameters=dict(tau_m=20 * ms, tau_e=5 * ms, tau_i=10 * ms, V_T=-50 * mV, V_r=-60 * mV),
        receives=dict(excitatory="g_e += weight", inhibitory="g_i += weight"),
    )  # fmt: skip
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(model, 20, name="cells")
    net.connect(cells[:16], cells, rb.rules.fixed_probability(0.2), to="excitatory",
                weight=1.62 * mV, name="excitation")  # fmt: skip
    net.connect(cells[16:], cells, rb.rules.fixed_indegree(2), to="inhibitory", weight=-9 * mV,
                name="inhibition")  # fmt: skip
    cells.E_L = -49 * mV
    cells.v = "V_r + rand()*(V_T - V_r)"
    net.record(cells[:3], "v", every=1 * ms)
    return net


def test_a_file_is_the_network_of_the_same_calls_to_the_bit(experiment):
    ours = experiment().run()
    theirs = by_calls().run(50 * ms, backend="interpreter")
    assert theirs.spikes["cells"].count > 0
    assert ours.spikes["cells"] == theirs.spikes["cells"]
    np.testing.assert_array_equal(ours.traces["cells"].v, theirs.traces["cells"].v)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_a_file_says_it_is_read_or_refused_with_its_line(data):
    lines = TEXT.split("\n")
    number = data.draw(st.sampled_from([n for n, line in enumerate(lines) if " = " in line]))
    key = lines[number].partition(" = ")[0]
    lines[number] = f"{key} = {data.draw(st.sampled_from(ODD))}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rb.errors.RheobaseWarning)
        try:
            made = Experiment(Document("\n".join(lines), "model.toml", Path(".")))
            made.prepare()
            made.describe()
        except UserError as error:
            assert re.match(r"model\.toml(, line \d+|: there is no population)", str(error))


def test_checking_a_file_changes_nothing_of_its_run(experiment):
    checked = experiment()
    checked.prepare()
    checked.describe()
    assert checked.run().spikes["cells"] == experiment().run().spikes["cells"]


def test_models_are_of_the_library_changed_or_of_the_file(experiment):
    made = experiment(
        text="""
        [models.slow]
        library = "LIF"
        parameters = {tau_m = "20 ms"}
        method = "euler"
        [models.slower]
        library = "slow"
        parameters = {tau_m = "40 ms"}
        [models.tonic]
        library = "AdEx"
        variant = "tonic"
        equations = "dca/dt = -ca/(5*ms) : 1"
        [models.rate]
        library = "RateUnit"
        parameters = {f = "tanh", tau = "5 ms"}
        [populations.a]
        model = "slow"
        [populations.b]
        model = "slower"
        [populations.c]
        model = "LIF(tau_m=30 ms)"
        [populations.d]
        model = "tonic"
        [populations.e]
        model = "rate"
        [populations.f]
        model = "slow(tau_m=50 ms)"
        """
    )
    cells = made.network.populations
    times = [cells[name].tau_m.to("ms").magnitude for name in "abcf"]
    assert times == pytest.approx([20, 40, 30, 50])
    assert made.models["slow"].method == "euler" == made.models["slower"].method
    assert "ca" in made.models["tonic"].names
    assert made.models["tonic"].defaults["a"] == rb.models.AdEx.variants["tonic"].defaults["a"]
    assert made.models["rate"].functions["f"].expression is not None
    assert "tanh" in str(made.models["rate"].functions["f"])


def test_models_may_stand_in_any_order_and_share_names_with_the_library(experiment):
    made = experiment(
        text="""
        [models.b]
        library = "a(tau_m=30 ms)"
        [models.a]
        library = "LIF"
        parameters = {C_m = "100 pF"}
        [models.LIF]
        library = "LIF"
        parameters = {tau_syn = "7 ms"}
        [populations.x]
        model = "b"
        """
    )
    assert made.models["a"].defaults["tau_syn"] == pytest.approx(0.007)
    assert made.models["b"].defaults["C_m"] == pytest.approx(1e-10)
    assert made.models["b"].defaults["tau_m"] == pytest.approx(0.03)


def test_a_model_made_of_itself_is_refused(experiment):
    text = '[models.a]\nlibrary = "b"\n[models.b]\nlibrary = "a"\n[populations.x]\nmodel = "a"\n'
    with pytest.raises(FileFormatError) as caught:
        experiment(text=text)
    assert str(caught.value).startswith(
        "model.toml, line 4, column 11: a model cannot be made of itself: a -> b -> a\n"
        '  line 4: library = "a"\n'
    )


def test_values_per_cell(experiment, tmp_path):
    np.save(tmp_path / "v.npy", [-61.0, -62.0, -63.0, -64.0])
    (tmp_path / "t.csv").write_text("11,12,13,14\n")
    made = experiment(text=LIF.replace("size = 4", """size = 4
        parameters.tau_m = {file = "t.csv", unit = "ms"}
        parameters.C_m = "normal(250 pF, 10 pF)"
        parameters.V_T = ["-50 mV", "-51 mV", "-52 mV", "-53 mV"]
        parameters.E_L = "[-65, -66, -67, -68] mV"
        initial.v = {file = "v.npy", unit = "mV"}
        """))  # fmt: skip
    cells = made.network.populations["cells"]
    assert cells.tau_m.to("ms").magnitude.tolist() == pytest.approx([11, 12, 13, 14])
    assert cells.V_T.to("mV").magnitude.tolist() == pytest.approx([-50, -51, -52, -53])
    assert cells.E_L.to("mV").magnitude.tolist() == pytest.approx([-65, -66, -67, -68])
    assert cells.v.to("mV").magnitude.tolist() == pytest.approx([-61, -62, -63, -64])
    assert 1 < np.std(cells.C_m.to("pF").magnitude) < 40


def test_every_kind_of_entry_is_the_call_it_stands_for(experiment):
    made = experiment(text=LIF + """
        [network]
        seed = 5
        [populations.source]
        train = {kind = "spike_times", times = {values = [[1, 3], [2]], unit = "ms"}}
        [populations.space]
        model = "LIF"
        size = 3
        positions = {values = [[0, 0], [10, 0], [20, 0]], unit = "um"}
        record_spikes = false
        [synapses.ampa]
        kind = "ExponentialCurrent"
        tau = "5 ms"
        [synapses.stdp]
        kind = "STDP"
        tau_plus = "20 ms"
        tau_minus = "20 ms"
        a_plus = 0.1
        a_minus = 0.1
        w_max = "1000 pA"
        [[connections]]
        pre = "source"
        post = "cells[[1, 3]]"
        rule = {kind = "pairs", i = [0, 1], j = [1, 0]}
        synapse = "ampa"
        weight = "[500, 700] pA"
        delay = "2 ms"
        name = "in"
        [[connections]]
        pre = "source"
        post = "space"
        synapse = "stdp"
        weight = "100 pA"
        name = "plastic"
        [[connections]]
        pre = "space"
        post = "space"
        rule = "within(12 um, autapses=false)"
        weight = "exp(-abs(i - j))*pA"
        storage = "stored"
        weight_dtype = "float32"
        [[injections]]
        cells = "cells[0]"
        current = "step(1 nA, start=2 ms) + 0.5*step(1 nA)"
        [[drives]]
        cells = "space"
        train = "regular_spikes(100 Hz, until=50 ms)"
        weight = "2000 pA"
        [[clamps]]
        cells = "cells[2]"
        values = "-70 mV"
        variable = "v"
        [[recordings]]
        cells = "cells"
        variables = "v"
        [[recordings]]
        connection = "plastic"
        variables = ["weight"]
        every = "5 ms"
        name = "w"
        """)  # fmt: skip
    net = made.network
    assert list(net.projections) == ["in", "plastic", "space_to_space"]
    assert net.projections["in"].pre.tolist() == [0, 1]
    assert net.projections["in"].post.tolist() == [3, 1]
    assert net.projections["in"].weights.to("pA").magnitude.tolist() == pytest.approx([500, 700])
    assert len(net.projections["space_to_space"]) == 4
    assert net.populations["space"].positions[1].to(um).magnitude.tolist() == pytest.approx([10, 0])
    assert "i_ampa" in net.populations["cells"].model.names
    result = made.run()
    assert list(result.traces) == ["cells", "w"]
    np.testing.assert_allclose(result.traces["cells"].v[:, 2], -70)
    assert "space" not in result.spikes
    assert result.spikes["cells"][0].size > 0


def test_a_population_has_receptors_from_the_start(experiment):
    text = (
        LIF.replace("size = 4", 'size = 4\nreceptors = ["ampa"]')
        + """
        [synapses.ampa]
        kind = "Exponential"
        tau = "5 ms"
        E = "0 mV"
        [[drives]]
        cells = "cells"
        train = "poisson(100 Hz)"
        weight = "1 nS"
        to = "ampa"
        """
    )
    assert "g_ampa" in experiment(text=text).network.populations["cells"].model.names
    with pytest.raises(UnknownNameError, match=r"there is no synapse 'ampaa'; did you mean ampa\?"):
        experiment(('["ampa"]', '["ampaa"]'), text=text)


def test_synapses_by_text(experiment):
    made = experiment(
        text=LIF
        + """
        [synapses.count]
        equations = "n : 1"
        on_pre = "deliver(weight); n += 1"
        initial = {n = "3"}
        [[connections]]
        pre = "cells"
        post = "cells"
        synapse = "count"
        weight = "1 pA"
        """
    )
    projection = next(iter(made.network.projections.values()))
    assert np.all(projection.n.magnitude == 3)


def test_read_and_run_are_public(tmp_path, text):
    path = tmp_path / "model.toml"
    path.write_text(text)
    made = modelfiles.read(path, set=["populations.cells.size=5", "connections=[]"])
    assert made.network.populations["cells"].size == 5
    assert repr(made).startswith(f"<Experiment of {path}>\n<Network: dt 0.1 ms, seed 1")
    assert made.title == "Two populations"


def test_what_a_file_describes_is_told(experiment):
    made = experiment(settings=["run.threads=2"])
    told = made.describe()
    assert told.startswith(
        "model.toml: Two populations\n  dt 0.1 ms, seed 1\npopulations\n"
        "  cells: 20 cells of cell\n    method exact ("
    )
    assert "  excitation: cells -> cells, to excitatory, fixed_probability(p=0.2)\n" in told
    assert "recordings\n  cells cells[:3], variables v, every 1 ms\nrun\n  50 ms; about" in told
    assert "on 2 cores" in told


def test_a_file_without_run_can_be_read_and_is_refused_when_run(experiment):
    text = LIF.partition("[run]")[0]
    made = experiment(text=text)
    assert "no duration is given: [run] is missing" in made.describe()
    with pytest.raises(FileFormatError, match="how long\\? The file has no \\[run\\]"):
        made.run()


def test_cells_are_chosen_as_in_python(experiment):
    made = experiment(text=LIF)

    def chosen(text):
        made.document.data["x"] = text
        return made._chosen(("x",)).indices.tolist()

    assert chosen("cells") == [0, 1, 2, 3] and chosen(" cells[-1] ") == [3]
    assert chosen("cells[::2]") == [0, 2] and chosen("cells[1:]") == [1, 2, 3]
    assert chosen("cells[[3, 0]]") == [3, 0] and chosen("cells[-2:-1]") == [2]
    for wrong in ("cells[", "cells[a]", "cells[1;2]", "cells[]", "cells[:2]x"):
        with pytest.raises(FileFormatError, match="cannot read which cells"):
            chosen(wrong)


@pytest.mark.parametrize(
    "table, kind, message",
    [
        ('[populations.x]\nsize = 3', FileFormatError, "x: a population has a model, or a train"),
        ('[populations.x]\nmodel = "LIF"\ntrain = "poisson(1 Hz)"', FileFormatError,
         "x: a population has a model or a train, not both"),
        ('[models.x]\nthreshold = "v > 1"', FileFormatError, "x: a model has equations, or is one"),
        ('[models.x]\nvariant = "tonic"', FileFormatError,
         "variant: of which model of the library?"),
        ('[models.x]\nlibrary = "AdEx"\nvariant = "tonik"', UnknownNameError,
         "AdEx has no variant 'tonik'; did you mean 'tonic'?"),
        ('[models.x]\nlibrary = "LIF"\nthreshold = "v > 1"', FileFormatError,
         "threshold: a model of the library has its own"),
        ('[models.x]\nlibrary = "y"\n[models.y]\nequations = "dv/dt = -v/ms : 1"\n[models.z]\n'
         'library = "y"\nvariant = "a"', UnknownNameError,
         "y is a model of the file and has no variants"),
        ('[synapses.x]\ntau = "3 ms"', FileFormatError, "x: `kind` is missing"),
        ('[[connections]]\npre = "cells"\npost = "cells"\nrule = {n = 3}', UnknownNameError,
         "a rule: a table says with `kind` what it is"),
        ('[[recordings]]\nvariables = ["v"]', FileFormatError, "either cells, or a connection"),
        ('[[recordings]]\nconnection = "x"\nvariables = ["v"]', UnknownNameError,
         "there is no connection 'x'"),
        ('[[clamps]]\ncells = "cells"\nvalues = {values = [1], unt = "mV"}', UnknownNameError,
         "a table of numbers has no key 'unt'; did you mean unit?"),
        ('[[clamps]]\ncells = "cells"\nvalues = {unit = "mV"}', FileFormatError,
         "a table of numbers has either values or a file"),
        ('[[clamps]]\ncells = "cells"\nvalues = {values = ["a"], unit = "mV"}', FileFormatError,
         "values: expected numbers"),
        ('[[clamps]]\ncells = "cells"\nvalues = {file = "none.npy", unit = "mV"}', FileFormatError,
         "there is no file"),
        ('[[injections]]\ncells = "source"\ncurrent = "step(1 pA)"\n[populations.source]\n'
         'train = "poisson(1 Hz)"', WiringError, "source"),
    ],
)  # fmt: skip
def test_tables_that_do_not_go_together(table, kind, message, experiment):
    with pytest.raises(kind) as caught:
        experiment(text=LIF + table)
    assert message in str(caught.value)
    assert str(caught.value).startswith("model.toml, line ")
