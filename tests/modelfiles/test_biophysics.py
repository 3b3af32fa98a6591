"""Channels, membranes, morphologies and cells of a file: those of the same calls, to the bit."""

import warnings
from pathlib import Path

import numpy as np
import pytest

import rheobase as rb
from rheobase import modelfiles
from rheobase.errors import (
    EquationError,
    FileFormatError,
    ShapeError,
    UnitError,
    UnknownNameError,
    UserError,
    WiringError,
)
from rheobase.morphology import per_section
from rheobase.units import Hz, Mohm, cm, mS, ms, mV, nA, nS, ohm, uA, um

TEXT = '''\
[network]
dt = "0.025 ms"
seed = 3

[channels.slow]
equations = """
I = g*w*(v - E) : uA/cm**2
w_inf = rise(v) : 1
tau_w = 50*ms : ms
"""
parameters = {g = "0.5 mS/cm**2", E = "-77 mV"}
carries = "K"
functions = ["rise(v) = 1/(1 + exp(-(v + 35*mV)/(10*mV)))"]

[channels.fast]
library = "HHSodium"
parameters = {g = "100 mS/cm**2"}

[channels.store]
equations = "dCa_i/dt = -I_Ca_total/(2*F*depth) - (Ca_i - low)/tau : mM\\nCa_o : mM"
ion = "Ca"
parameters = {depth = "0.1 um", low = "100 nM", tau = "80 ms", Ca_o = "2 mM"}

[membranes.active]
channels = ["fast", "HHPotassium", "Leak(g=0.2 mS/cm**2)", "slow"]
capacitance = "0.9 uF/cm**2"
temperature = 6.3
parameters = {g_slow = "1 mS/cm**2"}

[membranes.calcium]
channels = ["Leak", "LType", "SK", "HType", "MType", "store",
  {kind = "Leak", g = "0.01 mS/cm**2", name = "second"}]
temperature = 36

[morphologies.stick]
shape = "ball_and_stick(soma_diameter=20 um, dendrite_length=300 um, dendrite_diameter=2 um)"

[morphologies.branched.tree]
region = "soma"
length = "20 um"
diameter = "20 um"
children = [{length = "60 um", diameters = "[4, 2] um", children = [
  {length = "80 um", diameter = "1 um"}]}]

[cells.one]
morphology = "stick"
membrane = {soma = "active", dendrite = "active"}
axial_resistivity = {soma = "100 ohm*cm", dendrite = "150 ohm*cm"}
max_length = {soma = "per_section(1)", dendrite = "d_lambda(0.05, frequency=200 Hz)"}
spikes = [{region = "dendrite", fraction = 0.5}, "v > -30*mV"]
crossing = "linear"

[cells.one.parameters]
g_L = "0.25 mS/cm**2"
dendrite = {g_fast = "60*mS/cm**2*exp(-distance/(150*um))"}

[cells.other]
morphology = "branched"
membrane = "active"
max_length = "20 um"
crossing = "linear"

[models.patch]
membrane = "active"
area = "1000 um**2"
parameters = {g_L = "0.3 mS/cm**2"}

[synapses.ampa]
kind = "Exponential"
tau = "2 ms"
E = "0 mV"

[populations.cells]
model = ["one", "other", "one"]
initial = {v = "-64 mV"}

[populations.points]
model = "patch"

[[connections]]
pre = "cells"
post = 'cells.at("dendrite", path=50 um)'
rule = "all_to_all(autapses=false)"
synapse = "ampa"
weight = "1 nS"
delay = "1 ms"

[[connections]]
pre = 'cells[0].at("dendrite", fraction=1)'
post = 'cells[2].at("dendrite", fraction=1)'
synapse = "GapJunction()"
weight = "0.5 nS"

[[injections]]
cells = 'cells[0].at("soma")'
current = "step(0.4 nA, start=1 ms)"

[[drives]]
cells = 'cells[2].at("dendrite")'
train = "poisson(20 Hz)"
synapse = "ampa"
weight = "1 nS"

[[voltage_clamps]]
cells = 'cells[1].at("soma")'
command = "step(-65 mV) + step(45 mV, start=5 ms)"
series_resistance = "5 Mohm"
start = "2 ms"

[[current_clamps]]
cells = 'cells[2].at("soma")'
current = "step(0.1 nA)"
series_resistance = "20 Mohm"
name = "pipette"

[[extracellular]]
cells = "cells[:2]"
potential = "point_electrode([0, 50, 0] um)"
waveform = "step(-5 uA, start=10 ms, stop=11 ms)"

[[recordings]]
cells = "cells"
variables = ["v"]

[[recordings]]
name = "electrodes"
cells = 'cells.at("soma")'
variables = ["I_voltage_clamp", "v_pipette"]

[[recordings]]
cells = "points"
variables = ["v"]

[run]
duration = "20 ms"
'''


def by_calls():
    slow = rb.Channel(
        """
        I = g*w*(v - E) : uA/cm**2
        w_inf = rise(v) : 1
        tau_w = 50*ms : ms
        """,
        parameters=dict(g=0.5 * mS / cm**2, E=-77 * mV), carries="K", name="slow",
        functions=["rise(v) = 1/(1 + exp(-(v + 35*mV)/(10*mV)))"],
    )  # fmt: skip
    channels = rb.channels
    fast = channels.HHSodium(g=100 * mS / cm**2, name="fast")
    active = rb.Membrane(
        [fast, channels.HHPotassium, channels.Leak(g=0.2 * mS / cm**2), slow],
        capacitance="0.9 uF/cm**2", temperature=6.3, name="active",
    )(g_slow=1 * mS / cm**2)  # fmt: skip
    stick = rb.Morphology.ball_and_stick(
        soma_diameter=20 * um, dendrite_length=300 * um, dendrite_diameter=2 * um
    )
    branched = rb.Morphology.tree(
        dict(region="soma", length=20 * um, diameter=20 * um, children=[
            dict(length=60 * um, diameters=[4, 2] * um, children=[
                dict(length=80 * um, diameter=1 * um)])])
    )  # fmt: skip
    one = rb.Cell(
        stick, {"soma": active, "dendrite": active}, name="one", crossing="linear",
        axial_resistivity={"soma": 100 * ohm * cm, "dendrite": 150 * ohm * cm},
        max_length={"soma": per_section(1),
                    "dendrite": rb.morphology.d_lambda(0.05, frequency=200 * Hz)},
        spikes=(dict(region="dendrite", fraction=0.5), "v > -30*mV"),
        parameters={"g_L": 0.25 * mS / cm**2,
                    "dendrite": {"g_fast": "60*mS/cm**2*exp(-distance/(150*um))"}},
    )  # fmt: skip
    other = rb.Cell(branched, active, max_length=20 * um, crossing="linear", name="other")
    net = rb.Network(dt=0.025 * ms, seed=3)
    cells = net.add([one, other, one], name="cells")
    points = net.add(active.point(1000 * um**2)(g_L=0.3 * mS / cm**2), name="points")
    ampa = rb.synapses.Exponential(tau=2 * ms, E=0 * mV, name="ampa")
    net.connect(cells, cells.at("dendrite", path=50 * um), rb.rules.all_to_all(autapses=False),
                synapse=ampa, weight=1 * nS, delay=1 * ms)  # fmt: skip
    net.connect(cells[0].at("dendrite", fraction=1), cells[2].at("dendrite", fraction=1),
                synapse=rb.synapses.GapJunction(), weight=0.5 * nS)  # fmt: skip
    net.inject(cells[0].at("soma"), rb.stimuli.step(0.4 * nA, start=1 * ms))
    net.drive(cells[2].at("dendrite"), rb.stimuli.poisson(20 * Hz), synapse=ampa, weight=1 * nS)
    cells.v = -64 * mV
    command = rb.stimuli.step(-65 * mV) + rb.stimuli.step(45 * mV, start=5 * ms)
    net.voltage_clamp(cells[1].at("soma"), command, series_resistance=5 * Mohm, start=2 * ms)
    net.current_clamp(cells[2].at("soma"), rb.stimuli.step(0.1 * nA), series_resistance=20 * Mohm,
                      name="pipette")  # fmt: skip
    net.extracellular(cells[:2], rb.stimuli.point_electrode([0, 50, 0] * um),
                      rb.stimuli.step(-5 * uA, start=10 * ms, stop=11 * ms))  # fmt: skip
    net.record(cells, "v")
    net.record(cells.at("soma"), "I_voltage_clamp", "v_pipette", name="electrodes")
    net.record(points, "v")
    return net


def test_a_file_with_cells_is_the_network_of_the_same_calls_to_the_bit(experiment):
    made = experiment(text=TEXT)
    ours, theirs = made.run(), by_calls().run(20 * ms)
    assert theirs.spikes["cells"].count > 0
    assert ours.spikes["cells"] == theirs.spikes["cells"]
    for name in ("cells", "electrodes", "points"):
        for variable in theirs.traces[name]:
            np.testing.assert_array_equal(ours.traces[name][variable],
                                          theirs.traces[name][variable])  # fmt: skip
    assert list(ours.traces["cells"].coords) == list(theirs.traces["cells"].coords)


def test_what_a_file_describes_is_there_by_name(experiment):
    made = experiment(text=TEXT)
    assert list(made.channels) == ["slow", "fast", "store"]
    assert made.channels["store"].ion == "Ca" and made.channels["fast"].name == "fast"
    calcium = made.membranes["calcium"]
    assert list(calcium.channels) == ["L", "CaL", "SK", "h", "M", "second"]
    assert calcium.temperature == 36 and "Ca_i" in calcium.point(10 * um**2).names
    assert list(made.morphologies) == ["stick", "branched"]
    assert len(made.morphologies["branched"].sections) == 3
    assert made.cells["one"].name == "one" and made.models["patch"].name == "active"


DETECTED = TEXT.replace("[[connections]]", """[[detectors]]
cells = 'cells.at("dendrite", fraction=1)'
condition = "v > -40*mV"
name = "tips"

[[connections]]
pre = "tips"
post = "points"
synapse = "ampa"
weight = "1 nS"

[[connections]]""", 1)  # fmt: skip
DETECTED = DETECTED.replace("'cells.at(\"dendrite\", fraction=1)'",
                            "'cells[::2].at(\"dendrite\", fraction=1)'")  # fmt: skip


def test_spikes_at_places_are_the_source_of_connections(experiment):
    made = experiment(text=DETECTED)
    told = made.describe()
    assert "  tips: 2 places, v > -40 mV" in told and "detectors\n  cells cells[::2].at(" in told
    spikes = made.run().spikes
    assert spikes["tips"].count > 0
    assert "tips_to_points_ampa: tips -> points, to ampa" in told
    with pytest.raises(EquationError) as caught:
        experiment(('"v > -40*mV"', '"w > 3"'), text=DETECTED)
    assert str(caught.value).startswith("model.toml, line 82, column 13: net.detect: ")
    with pytest.raises(WiringError, match='say where\n  line 81: cells = "cells"'):
        experiment(("'cells[::2].at(\"dendrite\", fraction=1)'", '"cells"'), text=DETECTED)


def test_cells_are_told_in_words(experiment):
    told = experiment(text=TEXT).describe()
    assert "  cells: 3 cells of one, other\n    one: " in told
    assert "      dendrite: " in told and "spikes where v of dendrite, 1" in told
    assert (
        'voltage_clamps\n  cells cells[1].at("soma"), command step(-65 mV) + step(45 mV, ' in told
    )
    assert "current_clamps\n" in told and "extracellular\n  cells cells[:2], potential " in told


def test_files_of_morphologies_are_named_from_the_folder(experiment, tmp_path):
    (tmp_path / "shapes").mkdir()
    stick = rb.Morphology.ball_and_stick("20 um", "300 um", "2 um")
    stick.to_swc(tmp_path / "shapes" / "cell.swc")
    line = TEXT[TEXT.index("shape = ") : TEXT.index("\n\n[morphologies.branched")]
    made = experiment((line, 'file = "shapes/cell.swc"'), text=TEXT)
    assert made.morphologies["stick"].name == "cell"
    assert made.cells["one"].morphology.statistics()["area"].magnitude == pytest.approx(
        stick.statistics()["area"].magnitude
    )
    (tmp_path / "nm.swc").write_text(
        "1 1 0 0 0 5000 -1\n2 3 20000 0 0 10 1\n3 3 40000 0 0 1000 2\n"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = experiment(
            (line, 'file = "nm.swc"\nunit = "nm"\nminimum_radius = "0.5 um"\n'
             'relabel = {dendrite = "stem"}'),
            ('membrane = {soma = "active", dendrite = "active"}', 'membrane = "active"'),
            text=TEXT.partition("[cells.one]")[0] + '[populations.x]\nmodel = "LIF"\n'
            '[cells.x]\nmorphology = "stick"\nmembrane = {soma = "active", dendrite = "active"}',
        )  # fmt: skip
    assert made.cells["x"].morphology.regions == ("soma", "stem")


STICK = TEXT[TEXT.index("shape = ") : TEXT.index("\n\n[morphologies.branched")]
MEMBRANE = 'membrane = {soma = "active", dendrite = "active"}'
LENGTH = 'max_length = "20 um"'


@pytest.mark.parametrize(
    "old, new, kind, message",
    [
        ('"HHPotassium", "Leak', '"HHPotasium", "Leak', UnknownNameError,
         "line 25, column 22: a channel: there is no 'HHPotasium'; did you mean HHPotassium?\n"
         '  line 25: channels = ["fast", "HHPotasium", "Leak(g=0.2 mS/cm**2)", "slow"]\n'
         "                                ^^^^^^^^^^\nthere are AHP, AType"),
        ('["fast", "HHPotassium", "Leak(g=0.2 mS/cm**2)", "slow"]', "[]", EquationError,
         'add at least a leak: "Leak(g=0.1*mS/cm**2, E=-70*mV)"'),
        ('["fast", "HHPotassium"', '[3, "HHPotassium"', FileFormatError,
         'channels: expected names of channels, or calls\n'),
        ('"MType", "store"', '"MType"', WiringError,
         'add a pool of Ca to the channels: channels = [..., "CalciumPool"]'),
        ("temperature = 36", "", UserError, "say at which it is: temperature = 3"),
        ('parameters = {g_slow = "1 mS/cm**2"}', 'parameters = {g_slo = "1 mS/cm**2"}',
         UnknownNameError, "did you mean g_slow?"),
        ('library = "HHSodium"', 'library = "HHSodum"', UnknownNameError,
         "line 16, column 11: there is no channel of the library 'HHSodum'; did you mean "
         "HHSodium?"),
        ('library = "HHSodium"', 'library = "HHSodium"\ncarries = "Na"', FileFormatError,
         "carries: a channel of the library has its own"),
        ('library = "HHSodium"', "", FileFormatError,
         "fast: a channel has equations, or is one of the library"),
        ('ion = "Ca"', 'ion = "Ca"\ncarries = "Ca"', FileFormatError, "carries: a pool has none"),
        ('carries = "K"', "valence = 2", FileFormatError, "valence: a channel has none"),
        ("I = g*w*(v - E)", "I = g*w*(v - E_K)", UnknownNameError,
         "line 7, column 14: slow, I: unknown name E_K\n  line 7: I = g*w*(v - E_K) : uA/cm**2\n"
         "                       ^^^\ndid you mean E?"),
        (STICK, 'file = "nothing.swc"', FileFormatError,
         "files are named from the folder of the model file"),
        (STICK, 'file = "bad.swc"', FileFormatError,
         "line 36, column 8: bad.swc, line 3: the radius of point 3 is 0\n"
         '  line 36: file = "bad.swc"\n                  ^^^^^^^^^\n  line 3: 3 3 40 0 0 0 2\n'
         '                 ^\nto widen what is thinner: minimum_radius = "0.1 um"'),
        (STICK, 'file = "bad.swc"\nunit = "mV"', UnitError, "line 37, column 8: "),
        (STICK, 'file = "bad.swc"\ncell = "x"', FileFormatError,
         "line 37, column 1: cell: bad.swc is no NeuroML file"),
        (STICK, 'file = "bad.asc"\nunit = "um"', FileFormatError, "unit: bad.asc is no SWC file"),
        (STICK, 'example = "pyramydal"', UnknownNameError,
         "there is no example 'pyramydal'; did you mean pyramidal?"),
        (STICK, 'example = "pyramidal"\nfolder = "x"', FileFormatError,
         "folder: pyramidal comes with the library"),
        (STICK, 'example = "pyramidal"\nfile = "x.swc"', FileFormatError,
         "stick: a morphology is one of file, example, shape and tree"),
        (STICK, STICK + '\nunit = "nm"', FileFormatError,
         "line 37, column 1: unit belongs to file = ..., and stick has shape = ..."),
        (STICK, STICK + '\nwithout = ["dendrit"]', UnknownNameError,
         "line 37, column 12: ball and stick has no region 'dendrit'"),
        ("ball_and_stick(soma_diameter=20 um", "ball_and_stick(soma_diameter=20 mV", UnitError,
         "line 36, column 39: ball_and_stick: soma_diameter: expected a length, got 20 mV"),
        ('morphology = "stick"', 'morphology = "stik"', UnknownNameError,
         "there is no morphology 'stik'; did you mean stick?"),
        (MEMBRANE, 'membrane = {soma = "active"}', WiringError,
         "Cell: region without a membrane: dendrite"),
        (MEMBRANE, 'membrane = {soma = "active", dendrite = "activ"}', UnknownNameError,
         "line 47, column 41: there is no membrane 'activ'; did you mean active?"),
        (LENGTH, 'max_length = "10 mV"', UnitError,
         'max_length: expected a length, got \'10 mV\' (a voltage); write max_length = "10 um", or '
         "d_lambda(0.1)"),
        (LENGTH, 'max_length = "d_lambda(0.1, freq=3 Hz)"', UnknownNameError,
         "d_lambda has no argument 'freq'; did you mean frequency?"),
        (LENGTH, 'spikes = true', FileFormatError, "spikes: expected a condition, a list of a "),
        (LENGTH, 'spikes = "g > 3"', EquationError,
         'write spikes = ["soma", "v > -20*mV"]'),
        (LENGTH, 'spikes = ["dendrite", "v > 0*mV"]', WiringError,
         'write spikes = [{region = "dendrite", fraction = 0.0}, "v > 0*mV"], or path = "50 um"'),
        (LENGTH, 'parameters = {dendrit = {g_L = "0.1 mS/cm**2"}}', UnknownNameError,
         "Cell: tree has no region 'dendrit'; did you mean 'dendrite'?"),
        (LENGTH, 'parameters = {g_L = "0.1*mS/cm**2*exp(-dist/(100*um))"}', UnknownNameError,
         "line 60, column 40: Cell: g_L: unknown name dist"),
        ('["one", "other", "one"]', '["one", "othr"]', UnknownNameError,
         "there is no cell 'othr'; did you mean other?\n"),
        ('["one", "other", "one"]', '["one", "other", "one"]\nsize = 2', ShapeError,
         "the list has 3 cells\n"),
        ('["one", "other", "one"]', '"onee"', UnknownNameError,
         "there is no model 'onee'; did you mean one?"),
        ('["one", "other", "one"]', '"one"\nreceptors = ["ampa"]', WiringError,
         "receptors: cells with a morphology have them at places"),
        ("'cells[0].at(\"soma\")'", '"cells[0]"', WiringError,
         "say where\n  line 95: cells = \"cells[0]\"\n                   ^^^^^^^^^^\n"
         "write cells = 'cells[0].at(\"soma\")'"),
        ('command = "step(-65 mV)', 'command = "step(-65 pA)', UserError, "a voltage"),
        ('command = "step(-65 mV) + step(45 mV, start=5 ms)"', 'command = "-65 pA"', UnitError,
         "expected a voltage, got '-65 pA' (a current); write command = \"-65 mV\""),
        ('"point_electrode(', '"point_elctrode(', UnknownNameError,
         "the potential: there is no 'point_elctrode'; did you mean point_electrode?"),
        ('waveform = "step(-5 uA', 'waveform = "step(-5 mV', UnitError,
         "the waveform of this field is of another dimension"),
        ('area = "1000 um**2"', "", FileFormatError,
         "patch: the point of a membrane has a membrane and an area"),
        ('area = "1000 um**2"', 'area = "1000 um**2"\nreset = "v = 0*mV"', FileFormatError,
         "reset: the point of a membrane has its own"),
    ],
)  # fmt: skip
def test_errors_have_their_line(old, new, kind, message, experiment, tmp_path):
    Path(tmp_path / "bad.swc").write_text("1 1 0 0 0 5 -1\n2 3 10 0 0 0.4 1\n3 3 40 0 0 0 2\n")
    Path(tmp_path / "bad.asc").write_text("")
    with pytest.raises(kind) as caught:
        experiment((old, new), text=TEXT)
    assert message in str(caught.value)
    assert str(caught.value).startswith("model.toml, line ")


def test_the_report_shows_cells(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "model.toml").write_text(TEXT)
    finished = modelfiles.run(tmp_path / "model.toml", out=tmp_path / "out", progress=False)
    page = finished.report.read_text()
    assert page.count("<img ") == 7  # two cells, spikes, v, two electrodes, the point
    assert "one, by region; " in page and "other, by region; " in page
    assert "I_voltage_clamp of electrodes, 3 places." in page
    assert "Voltage_clamps" not in page and "Voltage clamps" in page
    assert "active: A membrane of fast, K, L, slow." in page
    saved = rb.Result.load(tmp_path / "out" / "results.h5").traces["cells"]
    np.testing.assert_array_equal(saved.v, finished.result.traces["cells"].v)
    assert saved.region.values.tolist() == finished.result.traces["cells"].region.values.tolist()
