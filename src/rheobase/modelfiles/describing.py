"""What a model file describes, in words: for `--check`, and for the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rheobase.language.model import Model
from rheobase.simulation.cable_population import Branched
from rheobase.simulation.detecting import DetectorPopulation

if TYPE_CHECKING:
    from rheobase.cables.cell import Cell
    from rheobase.modelfiles.experiment import Experiment
    from rheobase.simulation import Population

Rows = list[tuple[str, ...]]
LISTS = {
    "detectors": ("cells", "condition", "name"),
    "injections": ("cells", "current", "to"),
    "drives": ("cells", "train", "weight", "to", "synapse"),
    "clamps": ("cells", "values", "variable", "start", "stop"),
    "voltage_clamps": ("cells", "command", "series_resistance", "start", "stop", "name"),
    "current_clamps": ("cells", "current", "series_resistance", "name"),
    "extracellular": ("cells", "potential", "waveform"),
    "recordings": ("cells", "connection", "variables", "every", "name"),
}
"""The lists whose entries are shown as they are written, and the keys that are shown."""


def counted(number: int, one: str) -> str:
    """Return "1 cell", "4,000 cells"."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def method_of(experiment: Experiment, population: Population) -> str:
    """Return how the cells are integrated and why; "" of a train."""
    if not isinstance(population.model, Model):
        return ""
    program = experiment.network._assembly.lowered()[population.name]
    return f"{program.method} ({program.reason})"


def cells_of(population: Population) -> list[Cell]:
    """Return the different cells with a morphology of a population; none of point cells."""
    return list(dict.fromkeys(population.cells)) if isinstance(population, Branched) else []


def model_name(population: Population) -> str:
    """Return the name of the model of a population, or the call of its train."""
    cells = cells_of(population)
    if cells:
        return ", ".join(cell.name for cell in cells)
    model = population.model
    return model.name if isinstance(model, Model) else str(model)


def entries(experiment: Experiment, name: str, keys: Sequence[str]) -> Rows:
    """Return the values of the tables of a list as they are written, row by row."""
    return [
        tuple(_short(entry.get(key, "")) for key in keys)
        for entry in experiment.document.get((name,), [])
    ]


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def describe(experiment: Experiment) -> str:
    """Return what there is, what is done to it, and about what it costs."""
    document, network = experiment.document, experiment.network
    run = document.get(("run",), {})
    title = f": {experiment.title}" if experiment.title else ""
    clock = f"dt {network.dt:~g}, seed {network.seed}"
    lines = [f"{document.name}{title}", f"  {clock}", "populations"]
    for population in network.populations.values():
        many = counted(population.size, "cell") + " of"
        if isinstance(population, DetectorPopulation):
            many = counted(population.size, "place") + ","
        lines.append(f"  {population.name}: {many} {model_name(population)}")
        for cell in cells_of(population):
            lines += [f"    {line}" for line in cell.describe().split("\n")]
        method = method_of(experiment, population)
        lines += [f"    method {method}"] if method else []
    if network.projections:
        lines.append("connections")
        lines += [f"  {_plain(projection)}" for projection in network.projections.values()]
    for name, keys in LISTS.items():
        rows = entries(experiment, name, keys)
        lines += [name] if rows else []
        for row in rows:
            said = [f"{key} {value}" for key, value in zip(keys, row, strict=True) if value]
            lines.append(f"  {', '.join(said)}")
    if "duration" in run:
        cost = network.estimate(run["duration"], threads=run.get("threads", 1))
        lines += ["run", f"  {run['duration']}; {cost}"]
    else:
        lines += ["run", "  no duration is given: [run] is missing"]
    return "\n".join(lines)


def _plain(projection: Any) -> str:
    return repr(projection).strip("<>").removeprefix("Projection ").replace("'", "", 2)
