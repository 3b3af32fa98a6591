"""Random morphologies, and what is computed of them another way."""

import numpy as np
from hypothesis import strategies as st

from rheobase.morphology import Morphology, Section


@st.composite
def morphologies(draw, soma=True, most=12):
    """A tree of straight and tapering pieces, in um of a tenth or more."""
    count = draw(st.integers(1, most))
    numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sections = []
    for k in range(count):
        points = 2 + int(numbers.integers(0, 4))
        steps = numbers.normal(0, 20, (points, 3))
        radii = numbers.uniform(0.1, 3, points) * 1e-6
        if k == 0 and soma:
            r = numbers.uniform(3, 12) * 1e-6
            where = np.array([[0, -r, 0], [0, r, 0]])
            sections.append(Section("soma", -1, where, np.array([r, r])))
            continue
        parent = int(numbers.integers(0, k)) if k else -1
        region = ["axon", "dendrite", "apical_dendrite", "custom_7"][int(numbers.integers(0, 4))]
        if parent > 0 or (parent == 0 and not soma):
            region = sections[parent].region
            radii[0] = sections[parent].radii[-1]
        start = sections[parent].points[-1] if k else np.zeros(3)
        at = 1.0
        if parent == 0 and soma:
            start, at = numbers.normal(0, 10, 3) * 1e-6, 0.5
        where = start + np.concatenate([np.zeros((1, 3)), np.cumsum(steps[1:], axis=0)]) * 1e-6
        sections.append(Section(region, parent, where, radii, at))
    return Morphology(tuple(sections), "random")


def input_resistance(compartments, node, conductance=1.0):
    """Volts at every node for one ampere into one of them (ohm), by a sparse solve."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import spsolve

    n = compartments.nodes
    k, p = np.arange(1, n), compartments.parent[1:]
    g = compartments.conductance_to_parent[1:]
    rows, columns = np.r_[k, p, k, p, np.arange(n)], np.r_[k, p, p, k, np.arange(n)]
    values = np.r_[g, g, -g, -g, compartments.area * conductance]
    matrix = coo_matrix((values, (rows, columns)), shape=(n, n)).tocsc()
    current = np.zeros(n)
    current[node] = 1.0
    return spsolve(matrix, current)
