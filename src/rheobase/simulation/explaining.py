"""What runs, as text: equations, the integrator and why, the program, the source."""

from __future__ import annotations

from collections.abc import Mapping

from rheobase.language.model import Model
from rheobase.lowering import Program
from rheobase.lowering.integrators import METHODS
from rheobase.rendering import source_of
from rheobase.rendering.synapse_source import source_of_synapse
from rheobase.simulation.assembly import Description
from rheobase.simulation.cable_building import arrival
from rheobase.simulation.cable_population import CellPopulation
from rheobase.simulation.clock import Clock
from rheobase.simulation.detecting import DetectorPopulation
from rheobase.simulation.synaptic import PlasticProjection


def _groups(told: Description, programs: Mapping[str, Program],
            parts: bool = False) -> list[tuple[list[str], str]]:  # fmt: skip
    """Return the populations that share one source, with it."""
    groups: dict[str, list[str]] = {}
    for name, program in programs.items():
        if name in told.populations or (parts and name in told.parts):
            groups.setdefault(source_of(program), []).append(name)
    return [(names, source) for source, names in groups.items()]


def source(told: Description, programs: Mapping[str, Program]) -> str:
    """Return the generated Python of all models, each once."""
    parts = []
    for names, text in _groups(told, programs, parts=True):
        cells = ", ".join(repr(name) for name in names)
        parts.append(_headed(f"kernels of {cells}", text))
    for names, _, text in _synapses(told, programs):
        shown = ", ".join(repr(name) for name in names)
        parts.append(_headed(f"synapses of {shown}", text))
    return "\n\n".join(parts) or "# no population of a model: there is nothing to integrate\n"


def _headed(title: str, text: str) -> str:
    return f"# {'=' * 78}\n# {title}\n# {'=' * 78}\n\n{text}"


def _synapses(told: Description,
              programs: Mapping[str, Program]) -> list[tuple[list[str], str, str]]:  # fmt: skip
    """Return the projections whose synapses share one source, with their program and it."""
    groups: dict[str, tuple[list[str], str]] = {}
    for name, projection in told.projections.items():
        if isinstance(projection, PlasticProjection):
            sink, values = arrival(projection.sink, projection.to)
            program = projection._lowered(programs[sink], values)
            groups.setdefault(source_of_synapse(program), ([], str(program)))[0].append(name)
    return [(names, program, text) for text, (names, program) in groups.items()]


def explain(told: Description, programs: Mapping[str, Program], clock: Clock, seed: int) -> str:
    """Return equations, method and why, program and source of everything that runs."""
    parts = [f"Network: dt = {clock.dt * 1e3:g} ms, seed {seed}, now at {clock.time * 1e3:g} ms"]
    for population in told.populations.values():
        if isinstance(population, CellPopulation):
            parts += _cells(population, programs)
        elif isinstance(population, DetectorPopulation):
            parts.append(f"{population!r}\n  a spike in each step at whose end v is above, and was "
                         "not at its beginning")  # fmt: skip
        elif not isinstance(population.model, Model):
            parts.append(f"{population!r}\n  its spikes are given: there is nothing to integrate")
    for names, text in _groups(told, programs):
        population = told.populations[names[0]]
        program = programs[names[0]]
        assert isinstance(population.model, Model)
        shown = "\n".join(repr(told.populations[name]) for name in names)
        parts += [
            f"{shown}\n{_indented(population.model.describe())}",
            _method(program),
            f"{_spikes(program)}",
            f"The program of a step:\n{_indented(str(program))}",
            f"Its source:\n{_indented(text)}",
        ]
    parts += [repr(projection) for projection in told.projections.values()]
    for names, shown, text in _synapses(told, programs):
        first = told.projections[names[0]]
        assert isinstance(first, PlasticProjection)
        parts += [
            f"Synapses of {', '.join(map(repr, names))}\n{_indented(first._describe())}",
            f"The program of their events:\n{_indented(shown)}",
            f"Its source:\n{_indented(text)}",
        ]
    return "\n\n".join(parts) + "\n"


def _cells(population: CellPopulation, programs: Mapping[str, Program]) -> list[str]:
    """Return cells with a morphology, and the programs of what they consist of."""
    cable = population._cable_of
    told = "\n\n".join(_indented(cell.describe()) for cell in cable.cells)
    parts = [
        f"{population!r}\n{told}\n\n"
        "  In every step the programs below give, for every compartment, dv/dt = source - rate*v "
        "(patches of membrane)\n  and a current source - rate*v (points). With the axial "
        "conductances they make a system of equations, one line a compartment or branch point,\n"
        "  which is solved exactly, from the tips to one node in the middle and back."
    ]
    for part in cable.parts:
        program, count = programs[part.name], part.values.size
        where = "1 compartment" if count == 1 else f"{count:,} compartments"
        kind = "Membrane" if part.current is None else "At places"
        parts += [
            f"{kind} of {population.name!r}, {part.label}: {where}\n"
            f"{_indented(part.values.model.describe())}",
            _method(program),
            f"The program of a step:\n{_indented(str(program))}",
            f"Its source:\n{_indented(source_of(program))}",
        ]
    return parts


def _method(program: Program) -> str:
    if program.crossing == "exact":
        return f"Method: {program.method}, {program.reason}"
    lines = [f"Method: {program.method}, because {program.reason}"]
    if program.method in METHODS:
        lines.append(f"  {METHODS[program.method].summary}")
    if program.staggered:
        late = ", ".join(sorted(program.staggered))
        lines.append(f"  half a step behind, also where they are recorded: {late}")
    for group in program.together:
        lines.append(f"  solved for together, two implicit stages: {', '.join(group)}")
    return "\n".join(lines)


def _spikes(program: Program) -> str:
    if not program.spiking:
        return "Spikes: none, there is no threshold"
    where = {"grid": "at the beginning of the step", "linear": "interpolated inside the step",
             "exact": "at the time of the crossing, whatever the step"}  # fmt: skip
    held = ", ".join(sorted(program.held))
    refractory = {
        "none": "no refractory period",
        "duration": "refractory for a time" + (f", which holds {held}" if held else ""),
        "condition": "refractory while a condition holds"
        + (f", which holds {held}" if held else ""),
    }
    return f"Spikes: {where[program.crossing]}; {refractory[program.refractory_kind]}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.splitlines())
