"""What is measured of every section: `Morphology.measures`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.morphology.frusta import Ints
from rheobase.morphology.trees import Morphology

if TYPE_CHECKING:
    from xarray import Dataset


def measures(morphology: Morphology) -> Dataset:
    """Return the table of all sections: see `Morphology.measures`."""
    from xarray import Dataset

    sections = morphology.sections
    length = np.array([s.length for s in sections])
    straight = np.array([np.linalg.norm(s.points[-1] - s.points[0]) for s in sections])
    starts = np.asarray(morphology.path_starts)
    ends = np.array([morphology.path_at(k, 1.0) for k in range(len(sections))])
    tips = np.zeros(len(sections), dtype=bool)
    tips[morphology.tips] = True
    with np.errstate(divide="ignore"):
        tortuosity = length / straight
    columns: dict[str, tuple[Any, str]] = {
        "region": (np.array([s.region for s in sections]), ""),
        "parent": (np.array([s.parent for s in sections]), ""),
        "length": (1e6 * length, "um"),
        "area": (1e12 * np.array([s.area for s in sections]), "um**2"),
        "volume": (1e18 * np.array([s.volume for s in sections]), "um**3"),
        "diameter": (1e6 * np.array([s.profile.diameter[-1] for s in sections]) / length, "um"),
        "path_start": (1e6 * starts, "um"),
        "path_end": (1e6 * ends, "um"),
        "branch_order": (np.asarray(morphology.branch_orders), ""),
        "strahler_order": (strahler_orders(morphology), ""),
        "tortuosity": (tortuosity, ""),
        "is_tip": (tips, ""),
    }
    found = Dataset(
        {
            name: ("section", values, {"units": unit or "1"})
            for name, (values, unit) in columns.items()
        },
        coords={"section": np.arange(len(sections))},
    )
    for name in ("region", "parent", "is_tip"):
        del found[name].attrs["units"]
    return found


def strahler_orders(morphology: Morphology) -> Ints:
    """Return Strahler's order of every section.

    1 at a tip; where sections leave, the largest of their orders, and one more if two of them have
    it.

    Source: A. N. Strahler (1952), "Hypsometric (area-altitude) analysis of erosional topography".
    """
    orders = np.ones(len(morphology.sections), dtype=np.int64)
    for k in range(len(orders) - 1, -1, -1):
        below = [int(orders[c]) for c in morphology.children[k]]
        if below:
            highest = max(below)
            orders[k] = highest + (below.count(highest) > 1)
    return orders
