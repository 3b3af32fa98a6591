"""A model file as a network: every table is one call of the library."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from rheobase.errors import UnknownNameError, UserError, WiringError, did_you_mean
from rheobase.language.model import Model
from rheobase.language.synapse import Synapse
from rheobase.modelfiles import tables
from rheobase.modelfiles.biophysics import Biophysics
from rheobase.modelfiles.calls import head_of
from rheobase.modelfiles.choosing import split_cells, taken
from rheobase.modelfiles.document import Document
from rheobase.modelfiles.locating import blaming, names_of
from rheobase.modelfiles.places import Path
from rheobase.modelfiles.values import (
    CURRENTS,
    DISTRIBUTIONS,
    FIELDS,
    RULES,
    TRAINS,
    Values,
    synapse_kinds,
)
from rheobase.models import catalog
from rheobase.models.library import LibraryModel
from rheobase.results import Result
from rheobase.simulation import Network
from rheobase.simulation.cable_population import Sites
from rheobase.synapses.receptors import Receptor

_Made = TypeVar("_Made")
_OF_SYNAPSE = ("equations", "on_pre", "on_post", "on_reward", "parameters", "initial", "functions")
_OF_POINT = ("membrane", "area", "parameters", "initial", "method", "crossing")
_OF_LIBRARY = ("library", "variant", "equations", "parameters", "initial", "method", "crossing")


class Experiment:
    """What a model file describes: a network, and how it is run. Made by `modelfiles.read`.

    Parameters
    ----------
    document : Document

    Attributes
    ----------
    document : Document
        The file.
    network : Network
        Built, not run. Whatever the file does not say can be added to it.
    models, channels, membranes, morphologies, cells : mapping
        What the tables `[models.NAME]`, `[channels.NAME]` ... describe, by name.
    title, description : str

    Raises
    ------
    UserError
        With file, line and column.
    """

    def __init__(self, document: Document) -> None:
        tables.check(document)
        self.document = document
        self.title: str = document.get(("title",), "")
        self.description: str = document.get(("description",), "")
        self._values = Values(document)
        self._biophysics = parts = Biophysics(document, self._values)
        self.channels, self.membranes = parts.channels, parts.membranes
        self.morphologies, self.cells = parts.morphologies, parts.cells
        self.models: dict[str, Model] = {}
        self._building: list[str] = []
        self._synapses: dict[str, Any] = {}
        if not document.get(("populations",)):
            raise tables.error_of_no_population(document)
        for name in document.get(("models",), {}):
            self._build(name, ("models", name))
        for name in document.get(("synapses",), {}):
            self._synapses[name] = self._synapse_of(("synapses", name))
        self.network = self._network()
        self._populations: dict[str, Path] = {}
        for name in document.get(("populations",)):
            self._add(("populations", name))
        self._each("detectors", self._detect)
        self._each("connections", self._connect)
        self._each("injections", self._inject)
        self._each("drives", self._drive)
        for path in self._populations.values():
            self._set_values(path)
        self._each("clamps", self._clamp)
        self._each("voltage_clamps", self._voltage_clamp)
        self._each("current_clamps", self._current_clamp)
        self._each("extracellular", self._extracellular)
        self._each("recordings", self._record)

    # -- running --------------------------------------------------------------------------

    def run(self, progress: bool | None = None) -> Result:
        """Run the network as `[run]` says, and return the result.

        Parameters
        ----------
        progress : bool
            Whether to show a progress bar; if not given, on terminals and in notebooks.

        Raises
        ------
        UserError
            With the line it is about.
        """
        options = dict(self.document.get(("run",), {}))
        if "duration" not in options:
            raise self.document.error(
                ("run",), "how long? The file has no [run] with a duration",
                mend='write [run] and, under it, duration = "1 second"',
            )  # fmt: skip
        duration = options.pop("duration")
        return self._at_work(lambda: self.network.run(duration, progress=progress, **options))

    def describe(self) -> str:
        """Return what the file describes, and about what running it costs."""
        from rheobase.modelfiles.describing import describe

        return self._at_work(lambda: describe(self))

    def __repr__(self) -> str:
        return f"<Experiment of {self.document.name}>\n{self.network!r}"

    def prepare(self) -> None:
        """Check what a run would refuse at its start: methods, parameters without a value, states.

        Raises
        ------
        UserError
            With the line it is about.
        """

        def prepared() -> None:
            run = self.document.get(("run",), {})
            threads = run.get("threads", 1)
            self.network.estimate(run.get("duration", self.network.dt), threads=threads)
            for population in self.network.populations.values():
                values = population._cell_values
                if values is not None:
                    values.check_complete()
                    population.state()

        self._at_work(prepared)

    def _at_work(self, work: Callable[[], _Made]) -> _Made:
        """Do something with the whole network; an error is about what it names."""
        try:
            return work()
        except UserError as error:
            if str(error).startswith("net.connect("):
                self._draw_each()
            named = names_of(self.document, self._populations, str(error))
            paths = [named] if named else []
            paths += [("run",)] if self.document.get(("run",)) is not None else []
            paths += [("models", name) for name in self.models]
            if not paths:
                raise
            with blaming(self.document, *paths):
                raise

    def _draw_each(self) -> None:
        """Draw every connection by itself, to find the one that cannot be drawn."""
        for number, projection in enumerate(self.network.projections.values()):
            with blaming(self.document, ("connections", number)):
                len(projection)

    # -- the network ----------------------------------------------------------------------

    def _network(self) -> Network:
        options = self.document.get(("network",), {})
        with blaming(self.document, ("network",)):
            return Network(**options)

    def _each(self, name: str, build: Any) -> None:
        for number in range(len(self.document.get((name,), []))):
            path = (name, number)
            build(path, self.document.get(path))

    def _add(self, path: Path) -> None:
        document, table = self.document, self.document.get(path)
        if ("model" in table) == ("train" in table):
            twice = "model" in table
            raise document.error(
                (*path, "train") if twice else path,
                f"{path[-1]}: a population has " + ("a model or a train, not both" if twice
                                                    else "a model, or a train of spikes"),
                key=True, mend='write model = "LIF" or train = "poisson(10 Hz)"',
            )  # fmt: skip
        if "model" in table and self._biophysics.has_cells((*path, "model")):
            made: Any = self._cells_of(path)
        elif "model" in table:
            made = self.model((*path, "model"))
            for number, name in enumerate(_texts(table.get("receptors", []))):
                place = (*path, "receptors")
                spot = (*place, number) if isinstance(table["receptors"], list) else place
                receptor = self._named_synapse(spot, name)
                with blaming(document, spot):
                    made = made + receptor
        else:
            made = self._values.made((*path, "train"), TRAINS, "a train")
        options: dict[str, Any] = {"record_spikes": table.get("record_spikes", True)}
        if "positions" in table:
            options["positions"] = self._values.read((*path, "positions"), {})
        with blaming(document, path):
            added = self.network.add(made, table.get("size"), name=str(path[-1]), **options)
        self._populations[added.name] = path

    def _cells_of(self, path: Path) -> Any:
        """Return the cell of a population, or the list of its cells."""
        if "receptors" in self.document.get(path):
            raise self.document.error(
                (*path, "receptors"), "receptors: cells with a morphology have them at places",
                kind=WiringError, key=True,
                mend='give it where spikes arrive: [[connections]] synapse = "ampa"',
            )  # fmt: skip
        return self._biophysics.cells_at((*path, "model"))

    def _set_values(self, path: Path) -> None:
        cells = self.network.populations[str(path[-1])]
        for group in ("parameters", "initial"):
            for name in self.document.get((*path, group), {}):
                value = self._values.read((*path, group, name), {**DISTRIBUTIONS, **CURRENTS})
                with blaming(self.document, (*path, group, name)):
                    setattr(cells, name, value)

    # -- models and synapses --------------------------------------------------------------

    def model(self, path: Path) -> Model:
        """Return the model a value names: of the file, of the library, or changed by a call."""
        text = self.document.get(path)
        told = self.document.get(("models",), {})
        for name in (text, head_of(text)):
            # Within [models.LIF], "LIF" is that of the library.
            if name in told and not (name in self._building and name in catalog()):
                self._build(name, path)
        if text in self.models:
            return self.models[text]
        known = {**catalog(), **self.models}
        if text in known or head_of(text):
            made = self._values.made(path, known, "a model")
            assert isinstance(made, Model)
            return made
        meant = did_you_mean(text, {**known, **told, **self.cells})
        raise self.document.error(
            path, f"there is no model {text!r}" + (f"; did you mean {meant}?" if meant else ""),
            kind=UnknownNameError, mend="a model has a table of its own, "
            f"[models.{text if text.isidentifier() else 'NAME'}] or [cells."
            f"{text if text.isidentifier() else 'NAME'}], or is one of the library: "
            + ", ".join(sorted(catalog())),
        )  # fmt: skip

    def _build(self, name: str, asked: Path) -> None:
        """Build a model of the file, wherever in it it stands."""
        if name in self.models:
            return
        if name in self._building:
            chain = " -> ".join([*self._building[self._building.index(name) :], name])
            raise self.document.error(
                asked, f"a model cannot be made of itself: {chain}",
                mend="begin one of them with equations, or with a model of the library",
            )  # fmt: skip
        self._building.append(name)
        self.models[name] = self._model_of(("models", name))
        self._building.pop()

    def _model_of(self, path: Path) -> Model:
        table = self.document.get(path)
        options = self._options(path, _MODEL_VALUES)
        if "membrane" in table or "area" in table:
            return self._point(path, table)
        if "library" not in table:
            if "variant" in table:
                raise self.document.error(
                    (*path, "variant"), "variant: of which model of the library?", key=True,
                    mend='write library = "AdEx" beside it',
                )  # fmt: skip
            if "equations" not in table:
                raise self.document.error(
                    path, f"{path[-1]}: a model has equations, or is one of the library", key=True,
                    mend='write equations = "dv/dt = -v/tau : mV", or library = "LIF"',
                )  # fmt: skip
            equations = options.pop("equations")
            with blaming(self.document, path):
                return Model(equations, name=str(path[-1]), **options)
        for key in table:
            if key not in _OF_LIBRARY:
                raise self.document.error(
                    (*path, key), f"{key}: a model of the library has its own", key=True,
                    expected=f"beside library: {', '.join(_OF_LIBRARY[1:])}",
                    mend="write the whole model with equations to change it",
                )  # fmt: skip
        base = self.model((*path, "library"))
        if "variant" in options:
            with blaming(self.document, (*path, "variant")):
                base = _variants_of(base)[options.pop("variant")]
        with blaming(self.document, path):
            if "equations" in options:
                base = base + options.pop("equations")
            parameters = options.pop("parameters", {})
            return base(**parameters, **options)

    def _point(self, path: Path, table: Mapping[str, Any]) -> Model:
        """Return the point of a membrane, with other values."""
        for key in ("membrane", "area"):
            if key not in table:
                raise self.document.error(
                    path, f"{path[-1]}: the point of a membrane has a membrane and an area",
                    key=True, mend='write membrane = "active", area = "20000 um**2"',
                )  # fmt: skip
        other = next((key for key in table if key not in _OF_POINT), None)
        if other is not None:
            raise self.document.error(
                (*path, other), f"{other}: the point of a membrane has its own", key=True,
                expected=f"beside membrane: {', '.join(_OF_POINT[1:])}",
                mend="write the whole model with equations to change it",
            )  # fmt: skip
        membrane = self._biophysics.membrane((*path, "membrane"))
        options = self._options(path, _MODEL_VALUES)
        with blaming(self.document, path, ("membranes", str(table["membrane"]))):
            made = membrane.point(options.pop("area"))
            del options["membrane"]
            return made(**options.pop("parameters", {}), **options)

    def _options(self, path: Path, of_values: Sequence[str]) -> dict[str, Any]:
        """Return the keys of a table as arguments; mappings with their values read."""
        options: dict[str, Any] = {}
        for key, value in self.document.get(path).items():
            if key in of_values and isinstance(value, dict):
                options[key] = {
                    name: self._values.read((*path, key, name), {**DISTRIBUTIONS, **CURRENTS})
                    for name in value
                }
            elif key != "library":
                options[key] = value
        return options

    def _synapse_of(self, path: Path) -> Any:
        table = self.document.get(path)
        if "kind" in table:
            kinds = synapse_kinds()
            values = {key: self._values.read((*path, key), DISTRIBUTIONS)
                      for key in table if key != "kind"}  # fmt: skip
            function = kinds.get(table["kind"])
            if function is not None and _takes_name(function):
                values.setdefault("name", str(path[-1]))
            if function is not None:
                return self._values.call(path, function, table["kind"], values)
            return self._values.made(path, kinds, "a synapse")  # says which kinds there are
        unknown = [key for key in table if key not in _OF_SYNAPSE]
        if unknown or not table:
            raise self.document.error(
                (*path, *unknown[:1]), f"{path[-1]}: `kind` is missing, which these keys belong to"
                if unknown else f"{path[-1]}: a synapse has a kind, or text of its own", key=True,
                mend='write kind = "Exponential", or any other of rb.synapses',
            )  # fmt: skip
        with blaming(self.document, path):
            return Synapse(name=str(path[-1]), **self._options(path, ("parameters", "initial")))

    def _named_synapse(self, path: Path, name: str) -> Any:
        if name in self._synapses:
            return self._synapses[name]
        meant = did_you_mean(name, self._synapses)
        raise self.document.error(
            path, f"there is no synapse {name!r}" + (f"; did you mean {meant}?" if meant else ""),
            kind=UnknownNameError, mend="a synapse has a table of its own, "
            f"[synapses.{name if name.isidentifier() else 'NAME'}], or is a call such as "
            '"Exponential(tau=2 ms, E=0 mV)"',
        )  # fmt: skip

    def _synapse(self, path: Path) -> Any:
        value = self.document.get(path)
        if isinstance(value, str) and (value in self._synapses or not head_of(value)):
            return self._named_synapse(path, value)
        return self._values.made(path, synapse_kinds(), "a synapse")

    # -- what is between them -------------------------------------------------------------

    def _chosen(self, path: Path) -> Any:
        """Return the population, view or places a value names."""
        text = self.document.get(path)
        with blaming(self.document, path):
            name, steps = split_cells(text)
        populations = self.network.populations
        if name not in populations:
            meant = did_you_mean(name, populations)
            raise self.document.error(
                path, f"there is no population {name!r}"
                + (f"; did you mean {meant}?" if meant else ""), kind=UnknownNameError,
                mend=f"the populations are {', '.join(populations)}",
            )  # fmt: skip
        with blaming(self.document, path):
            found: Any = populations[name]
            for step in steps:
                found = taken(found, step)
            return found

    def _detect(self, path: Path, table: Mapping[str, Any]) -> None:
        options = {key: table[key] for key in table if key != "cells"}
        cells = self._chosen((*path, "cells"))
        with blaming(self.document, path):
            self.network.detect(cells, **options)

    def _connect(self, path: Path, table: Mapping[str, Any]) -> None:
        plain = ("to", "of", "post_spikes", "storage", "weight_dtype", "name")
        options = {key: table[key] for key in plain if key in table}
        for key in ("weight", "delay"):
            if key in table:
                options[key] = self._values.read((*path, key))
        if "rule" in table:
            options["rule"] = self._values.made((*path, "rule"), RULES, "a rule")
        if "synapse" in table:
            options["synapse"] = self._synapse((*path, "synapse"))
        pre, post = self._chosen((*path, "pre")), self._chosen((*path, "post"))
        if isinstance(post, Sites) and isinstance(
            self._synapses.get(table.get("to", "")), Receptor
        ):
            options["to"] = self._synapses[table["to"]]  # placed there, unless it is already
        with blaming(self.document, path):
            self.network.connect(pre, post, **options)

    def _inject(self, path: Path, table: Mapping[str, Any]) -> None:
        current = self._values.made((*path, "current"), CURRENTS, "a current")
        cells = self._chosen((*path, "cells"))
        with blaming(self.document, path):
            self.network.inject(cells, current, to=table.get("to"))

    def _drive(self, path: Path, table: Mapping[str, Any]) -> None:
        train = self._values.made((*path, "train"), TRAINS, "a train")
        options: dict[str, Any] = {"to": table.get("to")}
        if "weight" in table:
            options["weight"] = self._values.read((*path, "weight"), {})
        if "synapse" in table:
            options["synapse"] = self._synapse((*path, "synapse"))
        cells = self._chosen((*path, "cells"))
        with blaming(self.document, path):
            self.network.drive(cells, train, **options)

    def _clamp(self, path: Path, table: Mapping[str, Any]) -> None:
        options = {key: table[key] for key in ("start", "stop", "variable") if key in table}
        values = self._values.read((*path, "values"), {})
        cells = self._chosen((*path, "cells"))
        with blaming(self.document, path):
            self.network.clamp(cells, values, **options)

    def _voltage_clamp(self, path: Path, table: Mapping[str, Any]) -> None:
        options = {key: table[key] for key in table if key not in ("cells", "command")}
        command = self._values.of_call((*path, "command"), CURRENTS, "the command")
        cells = self._chosen((*path, "cells"))
        with blaming(self.document, path):
            self.network.voltage_clamp(cells, command, **options)

    def _current_clamp(self, path: Path, table: Mapping[str, Any]) -> None:
        options = {key: table[key] for key in table if key not in ("cells", "current")}
        current = self._values.made((*path, "current"), CURRENTS, "a current")
        cells = self._chosen((*path, "cells"))
        with blaming(self.document, path):
            self.network.current_clamp(cells, current, **options)

    def _extracellular(self, path: Path, table: Mapping[str, Any]) -> None:
        potential = self._values.of_call((*path, "potential"), FIELDS, "the potential")
        waveform = self._values.made((*path, "waveform"), CURRENTS, "a waveform")
        cells = self._chosen((*path, "cells"))
        with blaming(self.document, path):
            self.network.extracellular(cells, potential, waveform)

    def _record(self, path: Path, table: Mapping[str, Any]) -> None:
        if ("cells" in table) == ("connection" in table):
            raise self.document.error(
                path, "[[recordings]]: either cells, or a connection whose synapses change",
                key=True, mend='write cells = "cells[:10]"',
            )  # fmt: skip
        options = {key: table[key] for key in ("every", "name") if key in table}
        if "cells" in table:
            recorded = self._chosen((*path, "cells"))
        else:
            recorded = self._projection((*path, "connection"))
        with blaming(self.document, path):
            self.network.record(recorded, *_texts(table["variables"]), **options)

    def _projection(self, path: Path) -> Any:
        name, projections = self.document.get(path), self.network.projections
        if name in projections:
            return projections[name]
        meant = did_you_mean(name, projections)
        raise self.document.error(
            path, f"there is no connection {name!r}"
            + (f"; did you mean {meant}?" if meant else ""), kind=UnknownNameError,
            mend=f"the connections are {', '.join(projections) or 'none'}; give one a name: "
            'name = "recurrent"',
        )  # fmt: skip


_MODEL_VALUES = ("parameters", "initial")


def _variants_of(model: Model) -> Mapping[str, Model]:
    """Return the published sets of parameters of a model by name."""
    if not isinstance(model, LibraryModel):
        raise UnknownNameError(
            f"{model.name} is a model of the file and has no variants",
            mend="variants belong to models of rb.models",
        )
    return model.variants


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _takes_name(function: Any) -> bool:
    import inspect

    return "name" in inspect.signature(function).parameters


def read(path: str | os.PathLike[str], set: Sequence[str] = ()) -> Experiment:
    """Read a model file and build what it describes, without running it.

    Parameters
    ----------
    path : path
        The file, TOML as of the reference page "Model files".
    set : sequence of str
        "path=value" each, which replaces what the file says or adds to it:
        "run.duration=2 second", "connections.1.weight=3 nS" (entries of lists are counted from 1,
        or go by their name).

    Returns
    -------
    Experiment
        With `.network`, `.models` and `.run()`.

    Raises
    ------
    UserError
        Of the kind that the same mistake has in Python; the message begins with file, line and
        column, and shows the line. `error.spot` has them: `.file`, `.line`, `.column`.
    """
    return Experiment(Document.read(path, set))
