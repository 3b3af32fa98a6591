"""Entries of the tables of int64 that the compiled parts read.

A float64 stands in them by its bits, an array by its address. Entries are named by what they
belong to: T_ to the rule of a connection, V_ to the values (weights or delays) of its synapses,
R_ to a recipe of rows, which is one rule and two sets of values.
"""

from __future__ import annotations

# -- the rule -------------------------------------------------------------------------------
T_KIND = 0
T_ROWS = 1  # sources
T_COLUMNS = 2  # targets
T_SEED = 3
T_STREAM = 4
T_COUNT = 5  # synapses of a row or, of fixed_total, in all
T_REPEATS = 6  # whether two synapses may join the same two cells
T_LOG = 7  # log(1 - p), a float64
T_COARSE = 8  # whether two words are needed for a jump
T_OWN = 9  # int32 by source: the column it may not reach, or -1; 0: no source has one
T_COUNTS = 10  # int64 by source: synapses of the row, where they were drawn before
T_SOURCES = 11  # int64 by source: its index in the population
T_RANK = 12  # uint32 by column: its rank among the targets; 0: columns are in order
T_TARGETS = 13  # uint32 by rank: the index of the target; 0: T_FIRST + rank
T_FIRST = 14
T_OFFSET = 15  # of a ring
T_FILL = 16  # address of fill_uniform
T_SIZE = 17

ALL = 0
ONE = 1
RING = 2
PROBABILITY = 3
OUTDEGREE = 4
TOTAL = 5
INDEGREE = 6

# -- values of synapses ---------------------------------------------------------------------
V_LAW = 0
V_SEED = 1
V_STREAM = 2
V_FIRST = 3  # first argument: mean, low or the value itself; a float64 like the next five
V_SECOND = 4
V_LOW = 5
V_HIGH = 6
V_FACTOR = 7
V_STEP = 8  # of delays: dt
V_BOUNDED = 9
V_FILL = 10  # address of fill_normal or fill_uniform
V_MOST = 11  # draws of one value at most
V_SINGLE = 12  # whether values are rounded to float32
V_SIZE = 13

CONSTANT = 0
NORMAL = 1
UNIFORM = 2
LOGNORMAL = 3
EXPONENTIAL = 4

# -- what values of a range of rows are like (float64) ---------------------------------------
S_LOWEST = 0
S_HIGHEST = 1
S_WRONG = 2  # not finite, or too rare to be drawn
S_SIZE = 3

# -- recipe ---------------------------------------------------------------------------------
R_RULE = 0
R_WEIGHTS = 1
R_DELAYS = 2
R_PLACES = 3  # int32 by index in the source population: its place among the sources, or -1
R_LONGEST = 4
R_SIZE = 5

FLOAT64 = 0
FLOAT32 = 1
UINT16 = 2
INT32 = 3
NOTHING = 4

WORD = 8
