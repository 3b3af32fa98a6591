"""Choosing places on cells with a morphology: another one on each cell, and random ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import ShapeError, UnknownNameError, UserError, WiringError, did_you_mean
from rheobase.simulation.streams import RandomStream

if TYPE_CHECKING:
    from rheobase.simulation.cable_parts import Cable

Ints: TypeAlias = NDArray[np.int64]

MEASURES = ("length", "area", "compartment")
"""What random places may be uniform over."""

PLACES = ("fraction", "path", "branch_order", "section", "near", "each")
"""The names by which `at` is told a place, besides the region."""


def each_of(cable: Cable, cells: Ints, written: str, given: Mapping[str, Any]) -> Ints:
    """Return the places of each cell where every argument is one for all cells or one a cell.

    Raises
    ------
    ShapeError
        There is another number of values than of cells.
    UserError
        A cell has no such place.
    """
    rows = {name: _one_a_cell(value, cells.size, name, written) for name, value in given.items()}
    found, known = [np.zeros(0, np.int64)], dict[str, Ints]()
    for k, cell in enumerate(cells):
        kind, own = int(cable.cell_of[cell]), {name: row[k] for name, row in rows.items()}
        key = f"{kind} {own}"
        if key not in known:
            known[key] = cable.cells[kind].compartments.at(**own)
        found.append(cable.sites_of(int(cell), known[key]))
    return np.concatenate(found)


def refuse_words(
    written: str, region: Any, misplaced: Sequence[Any], unknown: Mapping[str, Any]
) -> NoReturn:
    """Refuse arguments of `at` that have no name or another one, and say what was meant."""
    start = f'{written}.at("{region}", ' if isinstance(region, str) else f"{written}.at("
    if misplaced:
        raise UserError(
            f"{written}.at: only the region is given without a name",
            given=repr(misplaced[0]),
            mend=f"write {start}fraction=0.5) or {start}path=100*um)",
        )
    name = next(iter(unknown))
    meant = {"distance": "path", "x": "fraction", "loc": "fraction", "position": "near",
             "order": "branch_order"}.get(name) or did_you_mean(name, PLACES)  # fmt: skip
    raise UnknownNameError(
        f"{written}.at: there is no argument {name!r}"
        + (f"; did you mean {meant}?" if meant else ""),
        mend="there are: region, " + ", ".join(PLACES),
    )


def _one_a_cell(value: Any, count: int, name: str, written: str) -> list[Any]:
    """Return a value for each cell."""
    several = isinstance(value, (list, tuple)) or (
        not isinstance(value, str) and np.ndim(getattr(value, "magnitude", value)) > 0
    )
    if not several:
        return [value] * count
    values = list(value)
    if len(values) != count:
        raise ShapeError(
            f"{written}.at(..., each=True): {name} is one value, or one for each cell",
            expected=f"{count}",
            given=f"{len(values)}",
        )
    return [one.item() if isinstance(one, np.generic) else one for one in values]


def scattered(cable: Cable, cells: Ints, count: Any, by: str, seed: int | None, written: str,
              given: Mapping[str, Any]) -> Ints:  # fmt: skip
    """Return random places on each cell, drawn with replacement, ascending within a cell.

    Raises
    ------
    WiringError, UserError
        The number is none, `by` is no measure, or a cell has no such places.
    """
    call = f"{written}.scatter"
    whole = isinstance(count, (int, np.integer)) and not isinstance(count, bool)
    if not whole or count < 1:
        raise UserError(
            f"{call}: how many places on each cell?",
            expected="a whole number from 1 on",
            given=repr(count),
            mend=f'write {call}(20, "dendrite")',
        )
    if by not in MEASURES:
        raise WiringError(
            f"{call}: places are uniform over the length, over the area, or over compartments",
            given=f"by={by!r}",
            mend='write by="length"',
        )
    number = cable.values._assignments[_DRAWS]
    cable.values._assignments[_DRAWS] += 1
    stream = RandomStream.of(cable.seed if seed is None else int(seed), cable.name,
                             f"scatter {number if seed is None else 0}")  # fmt: skip
    found, known = [np.zeros(0, np.int64)], dict[int, tuple[Ints, NDArray[np.float64]]]()
    for cell in cells:
        kind = int(cable.cell_of[cell])
        if kind not in known:
            compartments = cable.cells[kind].compartments
            anywhere = all(value is None for value in given.values())
            nodes = compartments.membrane if anywhere else compartments.at(**given)
            sizes = np.ones(nodes.size) if by == "compartment" else (
                np.asarray(getattr(compartments, by)[nodes], np.float64)
            )  # fmt: skip
            known[kind] = nodes, np.cumsum(sizes) / sizes.sum()
        nodes, ends = known[kind]
        drawn = stream.uniform(np.arange(count), int(cell), 0)
        chosen = np.minimum(np.searchsorted(ends, drawn, side="right"), nodes.size - 1)
        found.append(cable.sites_of(int(cell), np.sort(nodes[chosen])))
    return np.concatenate(found)


_DRAWS = " scatter"  # no variable has a name with a space
