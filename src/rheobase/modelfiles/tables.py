"""What a model file may say: its tables, their keys, and what each key takes.

The page of the documentation and every error about keys come from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rheobase.errors import FileFormatError, UnknownNameError, did_you_mean
from rheobase.modelfiles.document import Document
from rheobase.modelfiles.places import Path

FORMAT = 1
"""The version of the format this release reads."""

_TAKES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "text": ((str,), "a text in quotes"),
    "quantity": ((str, int, float), 'a quantity in quotes, such as "20 ms"'),
    "whole": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "flag": ((bool,), "true or false"),
    "switch": ((bool, str), 'true, false, or a time such as "50 ms"'),
    "value": ((str, int, float, list, dict), "a quantity, a text, a list or a table with values"),
    "call": ((str, dict), "a call in quotes, or a table with its kind"),
    "texts": ((str, list), "a text, or a list of texts"),
    "list": ((list,), "a list of texts"),
    "table": ((dict,), "a table"),
    "texts by name": ((str, dict), "a text, or a table of texts"),
    "rest or table": ((str, dict), 'a table, or "rest"'),
    "text or by region": ((str, dict), "a text, or a table of texts by region"),
    "lengths": ((str, dict), "a length or a call in quotes, or a table of these by region"),
    "spikes": ((str, list, bool), "a condition, a list of a place and a condition, or false"),
    "cells": ((str, list), "a name, or a list of names of tables of `cells`"),
}  # fmt: skip


@dataclass(frozen=True)
class Key:
    """One key of a table.

    Attributes
    ----------
    takes : str
        A name of `_TAKES`.
    meaning : str
        In words, for the documentation.
    example : str
        A value to paste.
    needed : bool
        Whether the table must have it.
    """

    takes: str
    meaning: str
    example: str
    needed: bool = False

    @property
    def words(self) -> str:
        """What it takes, in words."""
        return _TAKES[self.takes][1]

    def fits(self, value: Any) -> bool:
        """Return whether a value is of a kind the key takes."""
        types = _TAKES[self.takes][0]
        if isinstance(value, bool):
            return bool in types
        return isinstance(value, types)


@dataclass(frozen=True)
class Table:
    """One kind of table.

    Attributes
    ----------
    form : str
        "one" ([run]), "named" ([models.NAME]) or "list" ([[connections]]).
    meaning : str
    keys : mapping of str to Key
    is_open : bool
        Whether other keys are arguments of what the table makes.
    """

    form: str
    meaning: str
    keys: Mapping[str, Key]
    is_open: bool = False

    def header(self, name: str) -> str:
        """Return the line the table begins with."""
        return {"one": f"[{name}]", "named": f"[{name}.NAME]", "list": f"[[{name}]]"}[self.form]


_PARAMETERS = Key("table", "values of parameters by name", '{tau_m = "20 ms"}')
_PLACES = """places: `'cells.at("soma")'`"""
_OR_PLACES = """or [places](#places): `'cells.at("soma")'`"""
_CELLS = 'population, or some cells of it: `"cells"`, `"cells[:10]"`, `"cells[[0, 3]]"`'

TABLES: Mapping[str, Table] = {
    "network": Table("one", "the clock and the seed (`rb.Network`)", {
        "dt": Key("quantity", "length of a step; 0.1 ms if not given", '"0.1 ms"'),
        "seed": Key("whole", "of all random numbers; drawn and written down if not given", "1"),
        "start": Key("quantity", "time of the first step", '"0 ms"'),
    }),
    "channels": Table("named", "an ion channel or a pool of ions by text (`rb.Channel`, "
                      "`rb.channels.Pool`), or one of the library changed", {
        "library": Key("text", "a channel or pool of `rb.channels` to begin with", '"HHSodium"'),
        "equations": Key("text", "the lines of one of your own: the current `I`, its gates",
                         '"I = g*(v - E) : uA/cm**2"'),
        "parameters": Key("table", "values of parameters by name", '{g = "36 mS/cm**2"}'),
        "carries": Key("texts by name", "the ion whose pool the current fills; several with their "
                       "parts of the current", '"Ca"'),
        "ion": Key("text", "of a pool: the ion it keeps", '"Ca"'),
        "valence": Key("whole", "of a pool: the charge of the ion", "2"),
        "functions": Key("texts", "functions the equations call", '["f(x) = x/(1 + x)"]'),
    }),
    "membranes": Table("named", "channels and pools together (`rb.Membrane`)", {
        "channels": Key("list", "tables of `channels`, names of the library, or calls",
                        '["HHSodium", "HHPotassium", "Leak(g=0.3 mS/cm**2)"]', needed=True),
        "capacitance": Key("quantity", "per area; 1 uF/cm**2 if not given", '"1 uF/cm**2"'),
        "temperature": Key("quantity", "in degrees Celsius, or in kelvin with the unit", "37"),
        "parameters": Key("table", "values by their names in the membrane",
                          '{g_Na = "60 mS/cm**2"}'),
    }),
    "morphologies": Table("named", "a shape (`rb.Morphology`): from a file, from the gallery, or "
                          "built", {
        "file": Key("text", "`.swc`, `.asc` or `.nml`, named from the folder of the model file",
                    '"cell.swc"'),
        "unit": Key("quantity", "of an SWC file, if not micrometres", '"nm"'),
        "minimum_radius": Key("quantity", "of an SWC file: what thinner points are widened to",
                              '"0.1 um"'),
        "pieces": Key("text", 'of an SWC file in several pieces: `"largest"` or `"join"`',
                      '"largest"'),
        "cell": Key("text", "of a NeuroML file: which of its cells", '"pyramidal"'),
        "example": Key("text", "a cell of `rb.morphology.examples`", '"pyramidal"'),
        "folder": Key("text", "beside `example`: where its file is", '"downloads"'),
        "shape": Key("call", "cylinder, frustum, ball_and_stick or tree",
                     '"cylinder(length=1 mm, diameter=1 um)"'),
        "tree": Key("table", "nested sections, as of `rb.Morphology.tree`",
                    '{region = "soma", length = "20 um", diameter = "20 um"}'),
        "relabel": Key("table", "regions under other names", '{custom_5 = "spine"}'),
        "without": Key("texts", "regions that are left out", '["axon"]'),
    }),
    "cells": Table("named", "a morphology with membranes (`rb.Cell`)", {
        "morphology": Key("text", "a table of `morphologies`, a cell of the gallery, or a call",
                          '"pyramidal"', needed=True),
        "membrane": Key("text or by region", "a table of `membranes`, or one for each region",
                        '{soma = "active", dendrite = "passive"}', needed=True),
        "axial_resistivity": Key("text or by region", "of the cytoplasm; 100 ohm*cm if not given",
                                 '"150 ohm*cm"'),
        "max_length": Key("lengths", "how it is divided; d_lambda(0.1) if not given",
                          '"d_lambda(0.1, frequency=100 Hz)"'),
        "parameters": Key("table", "other values for all regions, or by region; texts over "
                          "`distance` and `diameter`",
                          '{dendrite = {g_L = "0.1*mS/cm**2*exp(-distance/(100*um))"}}'),
        "spikes": Key("spikes", "when it spikes: a condition on v of the soma, or a place and a "
                      'condition; false: never', '[{region = "axon", fraction = 0.5}, "v > 0*mV"]'),
        "method": Key("text", '`"crank_nicolson"` or `"backward_euler"`', '"crank_nicolson"'),
        "crossing": Key("text", '`"grid"` or `"linear"`', '"linear"'),
    }),
    "models": Table("named", "a model by equations (`rb.Model`), one of the library changed, or a "
                    "point of a membrane (`membrane.point`)", {
        "library": Key("text", "a model of `rb.models` to begin with", '"LIF"'),
        "variant": Key("text", "beside `library`: a published set of its parameters", '"tonic"'),
        "membrane": Key("text", "a table of `membranes`: one compartment of it", '"active"'),
        "area": Key("quantity", "beside `membrane`: its area", '"20000 um**2"'),
        "equations": Key("text", "its equations; beside `library`, further ones",
                         '"dv/dt = -v/tau : mV"'),
        "threshold": Key("text", "when a cell spikes", '"v > V_T"'),
        "reset": Key("text", "statements carried out at a spike", '"v = V_r"'),
        "refractory": Key("quantity", "a time, a parameter, or a condition", '"2 ms"'),
        "parameters": _PARAMETERS,
        "initial": Key("rest or table", 'initial values as texts, or `"rest"`', '{v = "E_L"}'),
        "receives": Key("texts by name", "what an arriving spike does, by the name of the input",
                        '"g_e += weight"'),
        "method": Key("text", "how the equations are integrated", '"auto"'),
        "crossing": Key("text", '`"grid"`, `"linear"` or `"exact"`', '"linear"'),
        "functions": Key("texts", "functions the equations call", '["f(x) = x/(1 + x)"]'),
    }),
    "synapses": Table("named", "a synapse: one of `rb.synapses`, or an `rb.Synapse` by text", {
        "kind": Key("text", "a name of `rb.synapses`; the other keys are its arguments",
                    '"Exponential"'),
        "equations": Key("text", "equations of a synapse of your own", '"dx/dt = -x/tau : 1"'),
        "on_pre": Key("text", "what an arriving spike does", '"deliver(weight); x += 1"'),
        "on_post": Key("text", "what a spike of the cell does", '"weight += 0.1*nS*x"'),
        "on_reward": Key("text", "what a reward does", '"weight += reward*nS"'),
        "parameters": _PARAMETERS,
        "initial": Key("table", "initial values of its variables", '{x = "1"}'),
        "functions": Key("texts", "functions the text calls", '["f(x) = x/(1 + x)"]'),
    }, is_open=True),
    "populations": Table("named", "cells of a model, or trains of spikes (`net.add`)", {
        "model": Key("cells", "a table of `models` or `cells`, or a name of the library; a list of "
                     "tables of `cells`, one for each", '"LIF"'),
        "train": Key("call", "in place of a model: a train of `rb.stimuli`", '"poisson(10 Hz)"'),
        "size": Key("whole", "number of cells; 1, or as many as the train is for", "100"),
        "parameters": Key("table", "values for this population: quantities, lists with one value "
                          "a cell, texts, distributions", '{tau_m = "20 ms"}'),
        "initial": Key("table", "initial values of states, likewise", '{v = "E_L"}'),
        "receptors": Key("texts", "tables of `synapses` the cells have from the start",
                         '["ampa"]'),
        "positions": Key("value", "one row of coordinates a cell", '"[[0, 0], [10, 0]] um"'),
        "record_spikes": Key("flag", "whether its spikes are kept; true if not given", "false"),
    }),
    "detectors": Table("list", "spikes at places, beside those of the cells (`net.detect`); as a "
                       "population they are the `pre` of connections", {
        "cells": Key("text", _PLACES, "'cells.at(\"axon\", fraction=1.0)'", needed=True),
        "condition": Key("text", "on v; `v > -20*mV` if not given", '"v > -20*mV"'),
        "name": Key("text", "of the population they are; made of that of the cells if not given",
                    '"terminals"'),
        "record_spikes": Key("flag", "whether their spikes are kept; true if not given", "false"),
    }),
    "connections": Table("list", "synapses (`net.connect`): weight w[i, j] goes from i to j", {
        "pre": Key("text", f"the sources: a {_CELLS}", '"cells"', needed=True),
        "post": Key("text", f"the targets, likewise; {_OR_PLACES}", '"cells"', needed=True),
        "rule": Key("call", "one of `rb.rules`; `all_to_all` if not given",
                    '"fixed_probability(0.02)"'),
        "weight": Key("value", "a quantity, a text over i and j, a distribution, an array",
                      '"20 pA"'),
        "delay": Key("value", "likewise; one step if not given", '"1.5 ms"'),
        "to": Key("text", "which input of the target, if it has several; a receptor, a table of "
                  "`synapses`, at places", '"excitatory"'),
        "post_spikes": Key("text", "at places: a condition for spikes of the place itself, for "
                           "synapses that change", '"v > -40 mV"'),
        "synapse": Key("call", "a table of `synapses`, or one of `rb.synapses`", '"ampa"'),
        "of": Key("text", "a variable of the source: a continuous connection", '"r"'),
        "storage": Key("text", '`"stored"` or `"procedural"`', '"procedural"'),
        "weight_dtype": Key("text", '`"float64"` or `"float32"`', '"float32"'),
        "name": Key("text", "unique in the network", '"recurrent"'),
    }),
    "injections": Table("list", "currents into an input variable (`net.inject`)", {
        "cells": Key("text", f"a {_CELLS}; {_OR_PLACES}", '"cells"', needed=True),
        "current": Key("call", "of `rb.stimuli`; currents add and scale",
                       '"step(500 pA, start=10 ms)"', needed=True),
        "to": Key("text", "which input variable, if there are several", '"I"'),
    }),
    "drives": Table("list", "trains of spikes that are not stored (`net.drive`)", {
        "cells": Key("text", f"a {_CELLS}; {_OR_PLACES}", '"cells"', needed=True),
        "train": Key("call", "of `rb.stimuli`; each cell has its own", '"poisson(8000 Hz)"',
                     needed=True),
        "weight": Key("value", "of each spike; one value, or one a cell", '"20 pA"'),
        "to": Key("text", "which input of the cells, if they have several", '"excitatory"'),
        "synapse": Key("call", "a receptor the spikes arrive at", '"ampa"'),
    }),
    "clamps": Table("list", "states that are held (`net.clamp`)", {
        "cells": Key("text", f"a {_CELLS}; {_OR_PLACES}", '"cells"', needed=True),
        "values": Key("value", "one value, or one a cell", '"-60 mV"', needed=True),
        "start": Key("quantity", "from then on; from the beginning if not given", '"10 ms"'),
        "stop": Key("quantity", "until then; for ever if not given", '"100 ms"'),
        "variable": Key("text", "which state, if there are several", '"v"'),
    }),
    "voltage_clamps": Table("list", "voltages held through an electrode with a resistance "
                            "(`net.voltage_clamp`)", {
        "cells": Key("text", _PLACES, "'cells.at(\"soma\")'", needed=True),
        "command": Key("value", "a voltage, or one of `rb.stimuli`", '"-65 mV"', needed=True),
        "series_resistance": Key("quantity", "of the electrode", '"5 Mohm"', needed=True),
        "start": Key("quantity", "from then on; from the beginning if not given", '"10 ms"'),
        "stop": Key("quantity", "until then; for ever if not given", '"100 ms"'),
        "name": Key("text", "what its variables end with: the current is `I_voltage_clamp` if not "
                    "given", '"electrode"'),
    }),
    "current_clamps": Table("list", "currents through an electrode with a resistance "
                            "(`net.current_clamp`)", {
        "cells": Key("text", _PLACES, "'cells.at(\"soma\")'", needed=True),
        "current": Key("call", "of `rb.stimuli`", '"step(500 pA, start=10 ms)"', needed=True),
        "series_resistance": Key("quantity", "of the electrode", '"5 Mohm"', needed=True),
        "name": Key("text", "what its variables end with: the voltage it sees is `v_electrode` if "
                    "not given", '"pipette"'),
    }),
    "extracellular": Table("list", "potentials outside cells with a morphology "
                           "(`net.extracellular`)", {
        "cells": Key("text", "a population of cells with a morphology, or some of its cells",
                     '"cells"', needed=True),
        "potential": Key("value", "uniform_field, point_electrode or line_electrode of "
                         "`rb.stimuli`; or one voltage for each compartment",
                         '"point_electrode([0, 50, 0] um)"', needed=True),
        "waveform": Key("call", "of `rb.stimuli`: the strength of a field, the current of an "
                        "electrode", '"step(-50 uA, start=1 ms, stop=1.2 ms)"', needed=True),
    }),
    "recordings": Table("list", "variables that are sampled (`net.record`); spikes are kept "
                        "without being asked for", {
        "cells": Key("text", f"a {_CELLS}; {_OR_PLACES}", '"cells"'),
        "connection": Key("text", "in place of cells: the name of a connection whose synapses "
                          "change", '"recurrent"'),
        "variables": Key("texts", "what is sampled", '["v"]', needed=True),
        "every": Key("quantity", "the interval; every step if not given", '"1 ms"'),
        "name": Key("text", "the entry in the results; the population's name if not given",
                    '"near"'),
    }),
    "run": Table("one", "how long, and on what (`net.run`)", {
        "duration": Key("quantity", "of the run", '"1 second"', needed=True),
        "threads": Key("whole", "how many share the work; 1 if not given", "2"),
        "backend": Key("text", '`"numba"` or `"interpreter"`', '"numba"'),
        "stop_when": Key("text", "a condition that ends the run early",
                         '"any(cells.v > -20*mV)"'),
        "error_check": Key("switch", "repeat the beginning at dt/2 and dt/4, and report how the "
                           "results differ", "true"),
    }),
    "output": Table("one", "what is written, and where", {
        "folder": Key("text", "named from where the command is called; FILE-results if not given",
                      '"results"'),
        "figures": Key("list", "figures of the report: of `cells`, `raster`, `rates`, `traces`; "
                       "all there is data for, if not given", '["raster", "traces"]'),
        "bin": Key("quantity", "of the population rates; 5 ms if not given", '"5 ms"'),
        "nwb": Key("flag", "whether to write `results.nwb` too", "true"),
    }),
}  # fmt: skip
"""The tables by name, in the order in which a file usually has them."""

TOP: Mapping[str, Key] = {
    "title": Key("text", "what the report is headed with", '"A ring of four cells"'),
    "description": Key("text", "paragraphs under the title", '"..."'),
    "format": Key("whole", f"version of this format: {FORMAT}", str(FORMAT)),
}
"""The keys at the top of a file, before any table."""

# What is written for a table or a key by those who know other tools, or guess.
_OTHER_TABLES = {
    "connections": "connection connect projections projection synapse edges",
    "injections": "injection inject currents current stimuli stimulus input inputs",
    "drives": "drive poisson trains external",
    "clamps": "clamp",
    "recordings": "recording record monitors monitor probes traces record_from",
    "populations": "population neurons nodes groups group neuron",
    "models": "model equations",
    "channels": "channel ion_channel ion_channels mechanisms conductances pools pool",
    "membranes": "membrane",
    "morphologies": "morphology shape shapes geometry",
    "cells": "cell",
    "detectors": "detector detections detect spike_detectors",
    "voltage_clamps": "voltage_clamp vclamp seclamp",
    "current_clamps": "current_clamp iclamp",
    "extracellular": "fields field electrodes electrode stimulation",
    "synapses": "synapse_models receptors",
    "run": "simulation simulate experiment duration time",
    "network": "net clock dt seed settings",
    "output": "outputs results report",
}
_OTHER_KEYS = {
    "pre": "from source sources src presynaptic start",
    "post": "target targets destination dst postsynaptic",
    "to": "port receptor input target_input",
    "delay": "delays latency",
    "weight": "weights strength g w",
    "size": "n count number num cells neurons",
    "variables": "variable record what",
    "every": "interval dt sampling period",
    "duration": "time length until stop t_stop tstop runtime",
    "seed": "random_seed rng_seed",
    "library": "like base kind model type",
    "kind": "library type model",
    "current": "stimulus amplitude",
    "train": "stimulus spikes source",
    "cells": "population target targets to neurons",
    "equations": "eqs equation text",
    "parameters": "params parameter",
    "initial": "init initial_values start",
    "file": "path swc filename morphology",
    "folder": "out directory path dir",
    "axial_resistivity": "ra r_a resistivity axial_resistance cytoplasm",
    "max_length": "nseg discretization discretize dx compartments d_lambda",
    "membrane": "membranes paint regions channels",
    "capacitance": "c_m cm",
    "series_resistance": "resistance rs r_s",
    "potential": "field electrode",
    "command": "values voltage hold amplitude",
}


def _meant(name: str, known: Mapping[str, Any], others: Mapping[str, str]) -> str | None:
    plain = name.lower().replace("-", "_")
    for ours, written in others.items():
        if ours in known and plain in written.split():
            return ours
    return did_you_mean(name, known)


def check(document: Document) -> None:
    """Refuse tables and keys there are not, values of another kind, and what is missing.

    Raises
    ------
    UnknownNameError, FileFormatError
        With the line it is about.
    """
    version = document.data.get("format", FORMAT)
    if version != FORMAT:
        raise document.error(
            ("format",),
            f"this is a file of format {version}; this Rheobase reads format {FORMAT}",
        )
    for name, value in document.data.items():
        if name in TOP:
            _check_kind(document, (name,), TOP[name], value)
        elif name in TABLES:
            _check_table(document, name, value)
        else:
            raise _unknown_table(document, name)


def _check_table(document: Document, name: str, value: Any) -> None:
    table = TABLES[name]
    for path, entries in entries_of(document, name, value):
        _check_keys(document, path, table, entries, name)


def entries_of(
    document: Document, name: str, value: Any
) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield path and keys of every table of one kind.

    Raises
    ------
    FileFormatError
        It is written in another form: [connections] for [[connections]].
    """
    table = TABLES[name]
    written = f"expected tables [[{name}]]" if table.form == "list" else "expected a table"
    if table.form == "list":
        if not isinstance(value, list):
            raise document.error(
                (name,), f"{name} is a list: {written}", key=True, mend=f"write [[{name}]]"
            )
        pairs: list[tuple[Path, Any]] = [((name, n), entry) for n, entry in enumerate(value)]
    elif isinstance(value, list):
        right = f"[{name}]" if table.form == "one" else f"[{name}.NAME]"
        raise document.error((name, 0), f"{name} is no list", key=True, mend=f"write {right}")
    elif table.form == "named":
        held = value if isinstance(value, dict) else {}
        loose = [k for k, v in held.items() if k in table.keys and not isinstance(v, dict)]
        if value is not held or loose:
            raise document.error(
                (name, *loose[:1]), f"every one of {name} has a name of its own", key=True,
                mend=f"write [{name}.NAME] above it, with a name in place of NAME",
            )  # fmt: skip
        pairs = [((name, key), entry) for key, entry in held.items()]
    else:
        pairs = [((name,), value)]
    for path, entry in pairs:
        if not isinstance(entry, dict):
            raise document.error(path, f"{'.'.join(map(str, path))}: {written}", key=True,
                                 mend=f"write {table.header(name)}")  # fmt: skip
        yield path, entry


def keys_of(document: Document, path: Path) -> list[str]:
    """Return the keys that the table at a path may have and has not."""
    table = TABLES.get(str(path[0])) if path else None
    if table is None or len(path) != (1 if table.form == "one" else 2):
        return []
    return [key for key in table.keys if key not in (document.get(path) or {})]


def _check_keys(document: Document, path: Path, table: Table, entries: Mapping[str, Any],
                name: str) -> None:  # fmt: skip
    header = table.header(name)
    for key, value in entries.items():
        if key in table.keys:
            _check_kind(document, (*path, key), table.keys[key], value)
        elif not table.is_open:
            meant = _meant(key, table.keys, _OTHER_KEYS)
            elsewhere = [h for h, t in TABLES.items() if key in t.keys and h != name]
            hint = f"; did you mean {meant}?" if meant else ""
            if not meant and elsewhere:
                hint = f"; {key} belongs to {TABLES[elsewhere[0]].header(elsewhere[0])}"
            raise document.error(
                (*path, key), f"{header} has no key {key!r}{hint}", kind=UnknownNameError, key=True,
                mend=f"its keys are {', '.join(table.keys)}",
            )  # fmt: skip
    for key, told in table.keys.items():
        if told.needed and key not in entries:
            raise document.error(
                path, f"{header} needs the key {key!r}", key=True, mend=f"write {key} = "
                f"{told.example}",
            )  # fmt: skip


def _check_kind(document: Document, path: Path, key: Key, value: Any) -> None:
    if key.fits(value):
        return
    shown = str(value).lower() if isinstance(value, bool) else repr(value)
    mend = f"write {path[-1]} = {key.example}"
    if isinstance(value, (int, float)) and key.takes in ("text", "cells"):
        mend = f'write {path[-1]} = "{value}"'
    elif isinstance(value, str) and key.takes in ("whole", "number") and _is_number(value):
        mend = f"write it without quotes: {path[-1]} = {value}"
    raise document.error(
        path,
        f"{path[-1]}: expected {key.words}",
        given=shown if len(shown) < 60 else type(value).__name__,
        mend=mend,
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _unknown_table(document: Document, name: str) -> Exception:
    value = document.data[name]
    known: dict[str, Any] = {**TABLES, **TOP}
    is_table = isinstance(value, (dict, list))
    inside = [n for n, table in TABLES.items() if table.form == "one" and name in table.keys]
    if not is_table and inside:
        return document.error(
            (name,), f"{name} belongs to [{inside[0]}]", kind=UnknownNameError, key=True,
            mend=f"write [{inside[0]}] in the line above it",
        )  # fmt: skip
    meant = _meant(name, known, _OTHER_TABLES)
    path: Path = next((p for p in document.paths((name,)) if document.has_place(p)), (name,))
    ending = ""
    if meant:
        ending = f"; did you mean {TABLES[meant].header(meant) if meant in TABLES else meant}?"
    return document.error(
        path, f"there is no {'table' if is_table else 'key'} {name!r}{ending}",
        kind=UnknownNameError, key=True,
        mend=f"the tables are {', '.join(t.header(n) for n, t in TABLES.items())}",
    )  # fmt: skip


def error_of_no_population(document: Document) -> FileFormatError:
    """Return the error for a file without cells."""
    return FileFormatError(
        f"{document.name}: there is no population",
        mend='write [populations.cells] and, under it, model = "LIF"',
    )
