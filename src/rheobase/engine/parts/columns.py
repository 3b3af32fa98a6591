"""Columns of the tables that the compiled engine works on; `tables.py` fills them.

Each table is a 2-D int64 array. Compiled functions get the address of a row and read its entries
with `load(row, COLUMN)`; reading them by address rather than as arrays keeps compiling short.

Parts are C functions `void part(row, network, column, table_row, step)`: their own row of a
table; the table of tables; where the spikes of the step are listed in P_STARTS; the row of the
step in tables of waveforms; the step.
"""

PART = "void(int64, int64, int64, int64, int64)"

# The network: for each table its address and its number of rows.
(N_POPULATIONS, N_POPULATION_ROWS, N_EMISSIONS, N_EMISSION_ROWS, N_CALLS, N_CALL_ROWS,
 N_DELIVERIES, N_DELIVERY_ROWS, N_INPUTS, N_COUPLINGS, N_ENTRIES, N_LINES, N_DRIVES, N_APPLIES,
 N_SLICES, N_SLICE_ROWS, N_CONTROL, N_WIDTH) = range(18)  # fmt: skip
# Control: why the driver came back, the population and the spikes without room concerned, the
# number of steps done, and what the last drive delivered.
K_REASON, K_POPULATION, K_LACKING, K_DONE, K_EVENTS, K_WIDTH = range(6)
DONE, ROOM, NOT_FINITE = range(3)
# Calls of parts, in order: the emissions of sources; then clamps, samples, histories, inputs,
# couplings; and after the update, deliveries.
F_FUNCTION, F_ROW, F_WIDTH = range(3)
# Populations. P_STARTS: entry k - base is where the spikes of step k begin in P_IDS and
# P_OFFSETS. P_OFFSET: the array of offsets of a linear crossing, 0 if none.
(P_SIZE, P_UPDATE, P_ON_SPIKE, P_TABLE, P_NUMBERS, P_MASK, P_STARTS, P_IDS, P_OFFSETS,
 P_CAPACITY, P_OFFSET, P_PLACE, P_STEPS, P_TRAINS, P_TIMES, P_COUNT, P_CURSOR, P_DRAW,
 P_WIDTH) = range(19)  # fmt: skip
# Poisson processes: expected counts in intervals, and the scratch that counts are drawn into.
(D_FILL, D_SEED, D_STREAM, D_COUNTS, D_INTERVALS, D_COLUMNS, D_LENGTH, D_SIZE, D_DRAWN,
 D_WIDTH) = range(10)  # fmt: skip
# Recordings. R_NEXT: the next step that is due; R_ROW: the next row of R_OUT.
(R_NEXT, R_EVERY, R_OBSERVE, R_TABLE, R_NUMBERS, R_LO, R_HI, R_ARRAY, R_TYPE, R_CELLS,
 R_COUNT, R_OUT, R_ROW, R_WIDTH) = range(14)  # fmt: skip
FLOAT64, INT64, UINT8 = range(3)
# Clamps, in steps O_FIRST <= k < O_LAST.
(O_FIRST, O_LAST, O_ARRAY, O_WHOLE, O_CELLS, O_COUNT, O_VALUES, O_STRIDE,
 O_WIDTH) = range(9)  # fmt: skip
# Sources of continuous coupling: rings of H_SLOTS rows, row k % slots holds step k.
(H_OBSERVE, H_TABLE, H_NUMBERS, H_ARRAY, H_SIZE, H_RING, H_SLOTS, H_FRESH,
 H_WIDTH) = range(9)  # fmt: skip
# Arrays that receive input. G_CHANGED: one byte a step, 0 where nothing differs from the step
# before; address 0 where that is not known.
G_ARRAY, G_SIZE, G_CHANGED, G_ZERO, G_INPUT, G_INPUT_END, G_WIDTH = range(7)
# Inputs. I_VALUES: rows by step; I_NOISE: mean, decay and kick, 0 for waveforms.
(I_SET, I_ARRAY, I_WHOLE, I_CELLS, I_COUNT, I_VALUES, I_WIDTH_OF_ROW, I_COLUMNS, I_AMPLITUDE,
 I_STRIDE, I_NOISE, I_FILL, I_SEED, I_STREAM, I_STATE, I_STATES, I_DRAWN,
 I_WIDTH) = range(18)  # fmt: skip
MEAN, DECAY, KICK = range(3)
# Continuous couplings.
(C_ROWS, C_SOURCES, C_WEIGHTS, C_STRIDE, C_DELAYS, C_DELAY_STRIDE, C_RING, C_SLOTS, C_SIZE,
 C_ARRAY, C_LO, C_HI, C_WIDTH) = range(13)  # fmt: skip
# Populations that spikes arrive at: their rows in the tables of entries, drives and applies.
(T_POPULATION, T_DELAYED, T_IMMEDIATE, T_ENTRY_END, T_DRIVE, T_DRIVE_END, T_APPLY, T_APPLY_END,
 T_SPARSE, T_WIDTH) = range(10)  # fmt: skip
# Entries: one a distinct delay and line; oldest emission first, then order of creation.
E_DELAY, E_SOURCE, E_LINE, E_PLACE, E_SINCE, E_UNTIL, E_WIDTH = range(7)
# Lines: the synapses of a projection onto one variable, or onto an event port (L_SUM is 0).
# L_STEP: bytes from weight to weight.
(L_ROWS, L_ROW_WIDTH, L_TARGETS, L_WEIGHTS, L_KIND, L_STEP, L_SUM, L_ARRIVE, L_APPLY,
 L_WIDTH) = range(10)  # fmt: skip
EACH64, ONE, EACH32 = range(3)
# Drives. V_LINE: the line whose targets are the cells that this drive touched; V_DENSE: most
# cells have events, so that no list of those touched is kept.
(V_DELIVER, V_POPULATION, V_DRAW, V_COUNTED, V_CELLS, V_COUNT, V_WEIGHTS, V_KIND, V_SUM,
 V_ARRIVE, V_STEPS, V_IDS, V_EVENTS, V_CURSOR, V_TOUCHED, V_EVENT_CELLS, V_EVENT_WEIGHTS, V_LINE,
 V_DENSE, V_WIDTH) = range(20)  # fmt: skip
EVENT_BUFFER = 1024
# Applications: sums that are added to a variable at the end of delivery.
# A_HOLD says when a cell loses them: never; while its int64 in A_HELD is greater than the step;
# while that is positive (as the bits of a positive float64 are); while its byte is not 0.
A_VARIABLE, A_SUM, A_HOLD, A_HELD, A_LO, A_HI, A_WIDTH = range(7)
NEVER, RELEASE, LEFT, FLAG = range(4)
# Slices: pieces of rows that are due.
S_LINE, S_BEGIN, S_END, S_WIDTH = range(4)
DENSE = 1 << 60
PREFETCH = 6
WORD = 8
