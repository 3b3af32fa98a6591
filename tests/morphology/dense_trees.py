"""Random trees with all that the constructors allow, and their matrices by quadrature.

Nothing here is read from `rheobase.morphology.discretization`: radii are interpolated between
points, integrals taken by Gauss-Legendre rules, and junctions (one at the end of every section)
eliminated at the end.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rheobase.morphology import Morphology, Section

NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
REGIONS = ("axon", "dendrite", "apical_dendrite", "custom_7")


def any_tree(numbers, most=8):
    """Sections that taper and leave others anywhere: ends, starts, middles; with a soma or not."""
    sections = []
    somatic = numbers.random() < 0.5
    for k in range(int(numbers.integers(1, most + 1))):
        if k == 0 and somatic:
            r = numbers.uniform(3, 12) * 1e-6
            points = np.array([[0, -r, 0], [0, r, 0]])
            sections.append(Section("soma", -1, points, [r, r * numbers.uniform(0.6, 1)]))
            continue
        parent = int(numbers.integers(max(0, k - 3), k)) if k else -1
        at = float(numbers.choice([1.0, 1.0, 1.0, 0.5, 0.0, numbers.uniform(0.05, 0.95)]))
        start = sections[parent].place(at) if k else np.zeros(3)
        count = int(numbers.integers(2, 5))
        steps = numbers.normal(0, numbers.choice([5, 30, 80]), (count, 3)) * 1e-6
        steps[0] = start
        radii = numbers.uniform(0.15, 2.5, count) * 1e-6
        region = REGIONS[int(numbers.integers(0, 4))]
        sections.append(Section(region, parent, np.cumsum(steps, axis=0), radii, at if k else 1.0))
    return Morphology(tuple(sections), "random")


@dataclass
class Dense:
    """Compartments, section by section.

    Attributes
    ----------
    conductance : ndarray, shape (compartments, compartments)
        What leaves each along the tree is this times the voltages [S].
    area, diameter, path : ndarray
        Of each [m**2, m, m]; the path from the middle of the soma, or the start of the root.
    section : ndarray
        Of each.
    """

    conductance: np.ndarray
    area: np.ndarray
    diameter: np.ndarray
    path: np.ndarray
    section: np.ndarray


class _Along:
    """A section as a function of the path from its start."""

    def __init__(self, section):
        self.radii = np.array(section.radii)
        steps = np.linalg.norm(np.diff(section.points, axis=0), axis=1)
        self.arc = np.concatenate([[0.0], np.cumsum(steps)])
        self.length = self.arc[-1]

    def integral(self, of, begin, end):
        cuts = np.concatenate([[begin], self.arc[(self.arc > begin) & (self.arc < end)], [end]])
        total = 0.0
        for a, b in pairwise(cuts):
            x = (a + b) / 2 + (b - a) / 2 * NODES
            r = np.interp(x, self.arc, self.radii)
            ends = np.interp([a, b], self.arc, self.radii)
            total += (b - a) / 2 * np.sum(WEIGHTS * of(r, (ends[1] - ends[0]) / (b - a)))
        return total


def dense(morphology, counts, resistivity):
    """Divide sections into compartments; resistivity by region [ohm m]."""
    sections = morphology.sections
    first = np.concatenate([[0], np.cumsum(counts)])
    total = int(first[-1])
    size = total + len(counts) + 1  # the last is the start of the root
    matrix = np.zeros((size, size))
    area, diameter, path = np.zeros(total), np.zeros(total), np.zeros(total)
    begins, lengths = [], []  # of the sections

    def tie(one, other, ohm):
        for a, b in ((one, other), (other, one)):
            matrix[a, a] += 1 / ohm
            matrix[a, b] -= 1 / ohm

    for k, section in enumerate(sections):
        along, n = _Along(section), counts[k]
        edges = along.length * np.arange(n + 1) / n
        middles = (edges[1:] + edges[:-1]) / 2
        p, at = section.parent, section.parent_fraction
        half = along.length / 2 if k == 0 and section.region == "soma" else 0.0
        begin = begins[p] + at * lengths[p] if k else 0.0
        if k and p == 0 and sections[0].region == "soma":
            begin = abs(at - 0.5) * lengths[0]
        begins.append(begin)
        lengths.append(along.length)

        def ohm(a, b, along=along, rho=resistivity[section.region]):
            return rho * along.integral(lambda r, _: 1 / (np.pi * r**2), a, b)

        for i in range(n):
            here = int(first[k]) + i
            a, b = edges[i : i + 2]
            area[here] = along.integral(lambda r, s: 2 * np.pi * r * np.sqrt(1 + s**2), a, b)
            diameter[here] = along.integral(lambda r, _: 2 * r, a, b) / (b - a)
            path[here] = abs(begin + middles[i] - half)
            if i:
                tie(here - 1, here, ohm(middles[i - 1], middles[i]))
        tie(int(first[k + 1]) - 1, total + k, ohm(middles[-1], along.length))
        if k == 0 or at == 0.0:  # what leaves the start of another section leaves where that does
            where = size - 1
        elif at == 1.0:
            where = total + p
        else:
            where = int(first[p]) + min(int(at * counts[p] + 1e-9), counts[p] - 1)
        tie(int(first[k]), where, ohm(0.0, middles[0]))
    inner, outer = slice(0, total), slice(total, size)
    reduced = matrix[inner, inner] - matrix[inner, outer] @ np.linalg.solve(
        matrix[outer, outer], matrix[outer, inner]
    )
    return Dense(reduced, area, diameter, path, np.repeat(np.arange(len(counts)), counts))
