"""Columns of the tables of cells with a morphology; `cable_tables.py` fills them.

As in `columns.py`; every thread has tables of its own chunks.
"""

# Cells: the chunks of the thread. B_SPIKED ...: arrays of all cells (B_OFFSET is 0 where spikes
# are not placed inside a step). B_TIMES: dt, 1/dt, 2/dt. B_DIAGONAL ...: scratch for the nodes of
# any chunk; B_COEFFICIENTS: for its cells, by cell four times.
(B_CHUNKS, B_COUNT, B_TIMES, B_EULER, B_SPIKED, B_ABOVE, B_DAMPED, B_OFFSET, B_THRESHOLD,
 B_DIAGONAL, B_RIGHT, B_FACTOR, B_COEFFICIENTS, B_WIDTH) = range(14)  # fmt: skip
# Chunks of cells H_FIRST <= i < H_FIRST + H_CELLS. H_LANES: 0 where each cell has a tree of its
# own, else their number. The wood: by position, H_PARENT (int32), H_CONDUCTANCE, H_SQUARE (of
# the conductance), H_SLOT (int32); H_JUNCTIONS: positions (int32), H_JUNCTION_TOTALS.
# H_RUNS: RUN numbers each: first node, last + 1, whether they are pairs (`Wood.runs`).
# H_SITES: by cell, the address of its voltage that is compared with the threshold.
# H_PUT_TOGETHER, H_SOLVE: the functions for its lanes.
(H_FIRST, H_CELLS, H_LANES, H_NODES, H_PARENT, H_CONDUCTANCE, H_SQUARE, H_SLOT, H_JUNCTIONS,
 H_JUNCTION_COUNT, H_JUNCTION_TOTALS, H_RUNS, H_RUN_COUNT, H_SITES, H_PATCHES, H_PATCH_ROWS,
 H_POINTS, H_POINT_ROWS, H_WATCHES, H_WATCH_ROWS, H_PROBES, H_PROBE_ROWS, H_CLAMPS,
 H_CLAMP_ROWS, H_PUT_TOGETHER, H_SOLVE, H_WIDTH) = range(27)  # fmt: skip
# Patches: the elements M_LO <= e < M_HI are those of the chunk; M_V, M_SOURCE, M_RATE: addresses
# of the first of them. M_MEMBERS: their positions (int32); M_STRETCHES: those that stand one after
# the other, RUN numbers each: position, member, how many; none where they are too short.
# M_CAPACITANCE, M_TOTAL: by member.
(M_KERNEL, M_TABLE, M_NUMBERS, M_LO, M_HI, M_V, M_SOURCE, M_RATE, M_MEMBERS, M_COUNT, M_STRETCHES,
 M_STRETCH_COUNT, M_CAPACITANCE, M_TOTAL, M_WIDTH) = range(15)  # fmt: skip
# Points: likewise. T_FROM: for each the address of the voltage of its node; T_NODES: the place of
# the node in the scratch (int32).
(T_KERNEL, T_TABLE, T_NUMBERS, T_LO, T_HI, T_V, T_SOURCE, T_RATE, T_FROM, T_NODES,
 T_WIDTH) = range(11)  # fmt: skip
# Watches: states that arrivals write, and what the last update left of them. W_CELLS: int32.
W_ARRAY, W_WAS, W_CELLS, W_COUNT, W_WIDTH = range(5)
# Probes: elements of arrays that receive input; what they were in the last step, and its change.
R_ARRAY, R_WAS, R_SLOPE, R_ELEMENTS, R_CELLS, R_COUNT, R_WIDTH = range(7)
# Voltage clamps in steps Z_FIRST <= k < Z_LAST: the address of the voltage, the place of the node
# in the scratch, the bits of the conductance that holds it.
Z_FIRST, Z_LAST, Z_V, Z_NODE, Z_CELL, Z_CONDUCTANCE, Z_WIDTH = range(7)
# Detectors, of a whole population: D_VOLTAGES: for each the address of the voltage it looks
# at. D_TIME: dt. D_OFFSET is 0 where spikes are not placed inside a step.
(D_VOLTAGES, D_THRESHOLD, D_ABOVE, D_SPIKED, D_BEFORE, D_OFFSET, D_TIME,
 D_WIDTH) = range(8)  # fmt: skip
# Coefficients: by cell 1/h, the factors of v* and v in v(t + dt), the voltage of the site before.
RATES, WEIGHTS, SHARES, BEFORE, PER_CELL = range(5)
RUN = 3
NODE = 8
EVERYWHERE = 1 << 40
EULER_STEPS = 2
UNKNOWN = 2
