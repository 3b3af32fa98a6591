"""The tables of cells with exact crossings, and what their columns mean.

Times are float64 kept as their bits in int64: those of times from 0 on are ordered alike.
"""

from __future__ import annotations

# All there is. X_STORES: lists that grow, in the order below, then one of spikes for every
# population with exact crossings; X_GROW: `void grow(store, needed, 0, 0, 0)`.
(X_CELLS, X_CELL_ROWS, X_ROUTES, X_ROUTE_ROWS, X_SOURCES, X_SOURCE_ROWS, X_DRIVES, X_DRIVE_ROWS,
 X_STORES, X_GROW, X_DT, X_END, X_ONE, X_WIDTH) = range(14)  # fmt: skip
# Heaps of arrivals and crossings at exact cells and of arrivals on the grid; what is due on the
# grid in even and in odd steps, since a thread may still deliver those of the step before.
HEAP, LATER, DUE, SPIKES = 0, 1, 2, 4
# Lists. Y_DATA: rows of the words below.
Y_DATA, Y_SIZE, Y_ROOM, Y_WIDTH = range(4)
# Events: their time; the number of the route, or minus that of populations from the last one on
# for crossings; the source; the time of the spike; the place in the row of the route.
H_TIME, H_ORDER, H_SOURCE, H_SENT, H_PLACE, H_WIDTH = range(6)
# Arrivals due on the grid: the route, and the piece of its row.
U_ROUTE, U_BEGIN, U_END, U_WIDTH = range(4)
# Spikes: the step, the cell, the time.
W_STEP, W_CELL, W_TIME, W_WIDTH = range(4)
# Populations with exact crossings. Z_TIME: the number the kernels read the time of the event from;
# Z_INPUTS: pairs of addresses, of an input and of what it was at the last event; Z_OUT: the
# numbers of the routes that spikes are sent on.
(Z_PLACE, Z_SIZE, Z_TABLE, Z_NUMBERS, Z_TIME, Z_UPDATE, Z_ON_SPIKE, Z_ANCHOR, Z_CROSSINGS, Z_EVERY,
 Z_INPUTS, Z_INPUT_ROWS, Z_OUT, Z_OUTS, Z_MASK, Z_WIDTH) = range(16)  # fmt: skip
# Populations on the grid and sources that send to exact cells: their places, and routes.
G_PLACE, G_OUT, G_OUTS, G_WIDTH = range(4)
# Routes. B_TARGET: the number of the population in the table of those with exact crossings, -1 on
# the grid. B_STEP: bytes from weight to weight.
(B_TARGET, B_SINCE, B_UNTIL, B_ROWS, B_TARGETS, B_DELAYS, B_DELAY_STRIDE, B_WEIGHTS, B_KIND, B_STEP,
 B_ARRIVE, B_WIDTH) = range(12)  # fmt: skip
# Drives: the number of the route; what counts are drawn by (0: given times), or times.
(V_ROUTE, V_DRAW, V_STEPS, V_IDS, V_OFFSETS, V_EVENTS, V_CURSOR, V_WIDTH) = range(8)
# Delivery to cells of the grid that a thread owns: the routes' rows below.
M_ALL, M_ROWS, M_LINES, M_WIDTH = range(4)
# Lines: one a route and variable, or event port (R_SUM is 0). R_LO, R_HI: the cells.
(R_ROUTE, R_LO, R_HI, R_SUM, R_WEIGHTS, R_KIND, R_STEP, R_ARRIVE, R_TABLE, R_NUMBERS,
 R_WIDTH) = range(11)  # fmt: skip
