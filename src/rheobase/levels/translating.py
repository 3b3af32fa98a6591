"""From one stimulus to the input each model takes, and from what it gives to mV and Hz."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rheobase.errors import ShapeError, UnitError, UnknownNameError, WiringError, did_you_mean
from rheobase.language.model import Model
from rheobase.network.currents import Current
from rheobase.units import DIMENSIONLESS, UNITS, Dimension, describe, split_quantity, to_si

if TYPE_CHECKING:
    from rheobase.cables import Cell
    from rheobase.levels.reduction import Reduction

AMP = UNITS["amp"].dimension
_METRE = UNITS["metre"].dimension
AREA = _METRE**2
PER_AREA = AMP / AREA
VOLT = UNITS["volt"].dimension
HERTZ = UNITS["Hz"].dimension

_OF_REDUCTIONS = ("area", "current_per_unit", "rate_per_unit")


@dataclass(frozen=True)
class Conversions:
    """What the user said about areas and units: one value for all models, or one by name.

    Attributes
    ----------
    area, current_per_unit, rate_per_unit, voltage_per_unit, to, output
        As `compare` takes them.
    names : tuple of str
        The names of the models.
    reductions : mapping of str to Reduction
        Those of the models that are reductions: they know what their units are.
    """

    area: Any
    current_per_unit: Any
    rate_per_unit: Any
    voltage_per_unit: Any
    to: Any
    output: Any
    names: tuple[str, ...]
    reductions: Mapping[str, Reduction]

    def __post_init__(self) -> None:
        for argument, given in vars(self).items():
            if not isinstance(given, Mapping):
                continue
            for name in given:
                if name not in self.names:
                    meant = did_you_mean(str(name), self.names)
                    raise UnknownNameError(
                        f"levels.compare: {argument} names {name!r}, which is none of the models"
                        + (f"; did you mean {meant!r}?" if meant else ""),
                        expected=", ".join(map(repr, self.names)),
                    )

    def of(self, argument: str, name: str) -> Any:
        """Return what was given for a model, or None."""
        given = getattr(self, argument)
        by_name = isinstance(given, Mapping)
        told = given.get(name) if by_name else given
        known = None
        if argument in _OF_REDUCTIONS and name in self.reductions:
            known = getattr(self.reductions[name], argument)
        # What a reduction knows of itself comes before what is said of all models.
        return told if known is None or (by_name and told is not None) else known

    def size(self, argument: str, name: str, dimension: Dimension, paste: str) -> float | None:
        """Return the size of a unit for a model in SI units, or None if it was not given."""
        given = self.of(argument, name)
        if given is None:
            return None
        what = f"levels.compare: {argument} of {name!r}"
        found = to_si(given, dimension, what=what, paste=paste)
        if not isinstance(found, float) or not 0.0 < found < float("inf"):
            raise ShapeError(
                f"{what} is one value above 0", given=str(given), mend=f"write {paste}"
            )
        return found


@dataclass(frozen=True, eq=False)
class Level:
    """A model with its stimulus in its own units, and what is looked at.

    Attributes
    ----------
    name : str
    model : Model or Cell
    input : str
        The variable the stimulus is added to.
    current : Current
        The stimulus in the unit of that variable.
    output : str
        The variable that is recorded.
    kind : "spikes", "voltage" or "rate"
        A cell that spikes, a membrane that does not, a unit whose output is a rate.
    scale : float
        What one of the recorded numbers is: in mV for a voltage, in Hz for a rate; nan where it
        has no such meaning.
    place : dict or None
        Of a cell with a morphology, where on it this is, as for `cells.at`.
    """

    name: str
    model: Model | Cell
    input: str
    current: Current
    output: str
    kind: str
    scale: float
    place: Mapping[str, Any] | None = None


def middle_of(cell: Cell) -> tuple[dict[str, Any], Model]:
    """Return the middle of the soma, as for `cells.at`, and the membrane there.

    Without a soma it is the beginning of the first section, where spikes are looked for too.
    """
    soma = "soma" in cell.compartments.regions
    place: dict[str, Any] = {"region": "soma"} if soma else {"section": 0, "fraction": 0.0}
    node = int(cell.compartments.at(**place)[0])
    return place, cell.patches[cell.compartments.regions[cell.compartments.region[node]]]


def translate(name: str, given_model: Model | Cell, stimulus: Current,
              given: Conversions) -> Level:  # fmt: skip
    """Say how a model gets the stimulus and what is looked at.

    Raises
    ------
    WiringError, UnitError, UnknownNameError
        A variable or a conversion is missing; the message says which.
    """
    if isinstance(given_model, Model):
        place, model, spiking = None, given_model, given_model.threshold is not None
    else:
        place, model = middle_of(given_model)
        spiking = given_model.threshold is not None
    entry = _input(name, model, given.of("to", name))
    output = _output(name, model, given.of("output", name))
    unit = model.unit_of(entry)
    factor = _factor(name, entry, stimulus, unit.dimension, given)
    shapes = stimulus.shapes
    if factor != 1.0:
        shapes = tuple(shape.scaled(factor) for shape in shapes)
    current = Current(shapes, stimulus.unit if factor == 1.0 else unit)
    kind, scale = _meaning(name, model, spiking, output, given)
    return Level(name, given_model, entry, current, output, kind, scale, place)


def _input(name: str, model: Model, to: Any) -> str:
    """Return the input variable the stimulus goes to."""
    inputs = [e.name for e in model.inputs]
    if not inputs:
        raise WiringError(
            f"levels.compare: {name!r} has no input variable; it receives spikes only",
            expected='a model with a line such as "I : pA (input)"',
            mend='add one and read it in dv/dt: model + "I : pA (input)"',
        )
    if to is not None:
        if to in inputs:
            return str(to)
        meant = did_you_mean(str(to), inputs)
        raise UnknownNameError(
            f"levels.compare: {name!r} has no input {to!r}"
            + (f"; did you mean {meant!r}?" if meant else ""),
            expected=", ".join(inputs),
        )
    if len(inputs) > 1:
        raise WiringError(
            f"levels.compare: {name!r} has several inputs; say which the stimulus goes to",
            expected=", ".join(inputs),
            mend=f'write rb.levels.compare(..., to={{"{name}": "{inputs[0]}"}})',
        )
    return inputs[0]


def _output(name: str, model: Model, output: Any) -> str:
    """Return the variable that is recorded: v, or the first state."""
    states = [e.name for e in model.differential]
    known = states + [e.name for e in model.subexpressions]
    if output is not None:
        if output in known:
            return str(output)
        meant = did_you_mean(str(output), known)
        raise UnknownNameError(
            f"levels.compare: {name!r} has no variable {output!r}"
            + (f"; did you mean {meant!r}?" if meant else ""),
            expected=", ".join(known),
        )
    return "v" if "v" in known or not known else known[0]


def _factor(
    name: str, entry: str, stimulus: Current, wanted: Dimension, given: Conversions
) -> float:
    """Return what the stimulus is multiplied with to be the input, in SI units."""
    have = stimulus.dimension
    if have == wanted:
        return 1.0
    if {have, wanted} == {AMP, PER_AREA}:
        area = _area(name, entry, stimulus, wanted, given)
        return 1.0 / area if wanted == PER_AREA else area
    if DIMENSIONLESS in (have, wanted):
        size = _current_per_unit(name, entry, stimulus, wanted, given)
        return 1.0 / size if wanted == DIMENSIONLESS else size
    raise UnitError(
        f"levels.compare: the stimulus cannot be added to the input {entry} of {name!r}",
        expected=describe(wanted),
        given=f"{stimulus.unit.text} ({describe(have)})",
    )


def _current_per_unit(
    name: str, entry: str, stimulus: Current, wanted: Dimension, given: Conversions
) -> float:
    """Return the current that is 1 to a model, in the dimension of the stimulus or the input."""
    current = wanted if stimulus.dimension == DIMENSIONLESS else stimulus.dimension
    unit = "uA/cm**2" if current == PER_AREA else "pA"
    example = f"current_per_unit={{{name!r}: 100*{unit}}}".replace("'", '"')
    paste = f"rb.levels.compare(..., {example})"
    told = given.of("current_per_unit", name)
    spread = {AMP: PER_AREA, PER_AREA: AMP}.get(current)
    if told is not None and spread and split_quantity(told)[1].dimension == spread:
        # Given per area and wanted absolute, or the other way round.
        area = _area(name, entry, stimulus, wanted, given)
        size = given.size("current_per_unit", name, spread, paste)
        assert size is not None
        return size * area if current == AMP else size / area
    size = given.size("current_per_unit", name, current, paste)
    if size is None:
        what = "the current that is 1 to it"
        raise _missing(name, entry, stimulus, wanted, what, example)
    return size


def _area(name: str, entry: str, stimulus: Current, wanted: Dimension, given: Conversions) -> float:
    example = f"area={{{name!r}: 20000*um**2}}".replace("'", '"')
    area = given.size("area", name, AREA, f"rb.levels.compare(..., {example})")
    if area is None:
        raise _missing(name, entry, stimulus, wanted, "the area of its membrane", example)
    return area


def _missing(
    name: str, entry: str, stimulus: Current, wanted: Dimension, what: str, example: str
) -> UnitError:
    unit = f"{describe(stimulus.dimension)}, in {stimulus.unit.text}"
    if stimulus.dimension == DIMENSIONLESS:
        unit = "a plain number"
    return UnitError(
        f"levels.compare: the input {entry} of {name!r} is {describe(wanted)}, and the stimulus is "
        f"{unit}; {what} is missing",
        mend=f"write rb.levels.compare(..., {example})",
    )


def _meaning(name: str, model: Model, spiking: bool, output: str,
             given: Conversions) -> tuple[str, float]:  # fmt: skip
    """Return the kind of a level, and the size of its output in mV or Hz."""
    unit = model.unit_of(output)
    if unit.dimension == VOLT:
        return ("spikes" if spiking else "voltage"), unit.scale * 1e3
    if spiking or output == "v":
        paste = f'rb.levels.compare(..., voltage_per_unit={{"{name}": 1*mV}})'
        size = given.size("voltage_per_unit", name, VOLT, paste)
        plain = unit.dimension == DIMENSIONLESS
        kind = "spikes" if spiking else "voltage"
        return kind, float("nan") if size is None or not plain else size * 1e3
    if unit.dimension == HERTZ:
        return "rate", unit.scale
    if unit.dimension != DIMENSIONLESS:
        raise WiringError(
            f"levels.compare: {name!r} does not spike, and {output} is neither a voltage nor a "
            "rate",
            given=f"{output} in {unit.text}",
            mend=f'choose another variable: rb.levels.compare(..., output={{"{name}": "r"}})',
        )
    example = f'rate_per_unit={{"{name}": 100*Hz}}'
    size = given.size("rate_per_unit", name, HERTZ, f"rb.levels.compare(..., {example})")
    if size is None:
        raise UnitError(
            f"levels.compare: {output} of {name!r} is a plain number; what rate one unit of it is, "
            "is missing",
            mend=f"write rb.levels.compare(..., {example})",
        )
    return "rate", size
