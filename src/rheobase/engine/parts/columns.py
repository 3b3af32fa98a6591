"""Columns of the tables that the compiled engine works on; `tables.py` fills them.

Each table is a 2-D int64 array. Compiled functions get the address of a row and read its entries
with `load(row, COLUMN)`; reading them by address rather than as arrays keeps compiling short.

Every thread has tables of its own, which tell of the cells it owns: addresses of arrays are those
of its first cell where nothing else is said, and cells are counted from there.

Parts are C functions `void part(row, network, column, table_row, step)`: their own row of a
table; the table of tables; where the spikes of the step are listed in P_STARTS; the row of the
step in tables of waveforms; the step.
"""

PART = "void(int64, int64, int64, int64, int64)"

# The network, of one thread: for each table its address and its number of rows. N_PEERS: the
# addresses of the tables of populations of all threads; N_SYNC: the words they share; N_PATIENCE:
# how often a waiting thread looks before it lets others run, N_LONGEST at most; N_SYSTEM, N_FUTEX,
# N_NAP: how it is put to sleep (the system's function, the number of the call, the longest time),
# 0 where it is not.
(N_POPULATIONS, N_POPULATION_ROWS, N_EMISSIONS, N_EMISSION_ROWS, N_CALLS, N_CALL_ROWS,
 N_DELIVERIES, N_DELIVERY_ROWS, N_SLICES, N_SLICE_ROWS, N_INPUTS, N_ENTRIES, N_LINES, N_DRIVES,
 N_APPLIES, N_CONTROL, N_PEERS, N_SYNC, N_THREAD, N_THREADS, N_YIELD, N_GROW, N_CALENDAR,
 N_DEPOSIT, N_PATIENCE, N_LONGEST, N_SYSTEM, N_FUTEX, N_NAP, N_WIDTH) = range(30)  # fmt: skip
# Control: why the driver came back, the population concerned, the number of steps done, what the
# last drive delivered, and how often the thread has waited for the others.
# K_END: the step before which the driver comes back at the latest.
# Of the slices of a step, K_LISTED are listed, K_PENDING of them delivered; K_TOTAL events so far.
(K_REASON, K_POPULATION, K_DONE, K_EVENTS, K_ROUND, K_LISTED, K_PENDING, K_TOTAL,
 K_END, K_WIDTH) = range(10)  # fmt: skip
DONE, ROOM, NOT_FINITE = range(3)
# Words shared by all threads, each in a cache line of its own: how often threads have come to a
# barrier; the step in which a state ceased to be finite; whether a thread has given up; how many
# threads sleep.
Y_COUNT, Y_FAILED, Y_ABANDON, Y_ASLEEP, Y_WIDTH = range(5)
LINE_WORDS = 8
SLEEP, WAKE = 128, 129  # FUTEX_WAIT and FUTEX_WAKE of Linux, both private to the process
# What a thread may ask for when it lacks room.
SPIKES, PIECES, POOL = range(3)
# Calls of parts, in order: the emissions of sources; then clamps, samples, histories, inputs,
# couplings; and after the update, deliveries.
F_FUNCTION, F_ROW, F_WIDTH = range(3)
# Populations. P_LO, P_HI: the cells that the thread owns; the arrays of a population are whole.
# P_STARTS: entry k - base is where the spikes of step k begin in P_IDS and P_OFFSETS.
# P_OFFSET: the array of offsets of a linear crossing, 0 if none.
(P_LO, P_HI, P_UPDATE, P_ON_SPIKE, P_TABLE, P_NUMBERS, P_MASK, P_STARTS, P_IDS, P_OFFSETS,
 P_CAPACITY, P_OFFSET, P_PLACE, P_STEPS, P_TRAINS, P_TIMES, P_COUNT, P_CURSOR, P_DRAW,
 P_WIDTH) = range(20)  # fmt: skip
# Poisson processes: expected counts in intervals, and the scratch that counts are drawn into, for
# elements D_LO <= m < D_HI; those before D_LO + D_SKIP are of no interest.
(D_FILL, D_SEED, D_STREAM, D_COUNTS, D_INTERVALS, D_COLUMNS, D_LENGTH, D_LO, D_HI, D_SKIP, D_DRAWN,
 D_WIDTH) = range(12)  # fmt: skip
# Recordings. R_NEXT: the next step that is due; R_ROW: the next row of R_OUT, which has
# R_WIDE numbers in a row; R_PLACES: where in it the R_COUNT cells stand.
(R_NEXT, R_EVERY, R_OBSERVE, R_TABLE, R_NUMBERS, R_LO, R_HI, R_ARRAY, R_TYPE, R_CELLS,
 R_COUNT, R_PLACES, R_WIDE, R_OUT, R_ROW, R_WIDTH) = range(16)  # fmt: skip
FLOAT64, INT64, UINT8 = range(3)
# Clamps, in steps O_FIRST <= k < O_LAST.
(O_FIRST, O_LAST, O_ARRAY, O_WHOLE, O_CELLS, O_COUNT, O_VALUES, O_STRIDE,
 O_WIDTH) = range(9)  # fmt: skip
# Sources of continuous coupling: rings of H_SLOTS rows, row k % slots holds step k; the thread
# fills in columns H_LO .. H_HI.
(H_OBSERVE, H_TABLE, H_NUMBERS, H_ARRAY, H_SIZE, H_LO, H_HI, H_RING, H_SLOTS, H_FRESH,
 H_WIDTH) = range(11)  # fmt: skip
# Arrays that receive input. G_CHANGED: one byte a step, 0 where nothing differs from the step
# before; address 0 where that is not known.
G_ARRAY, G_SIZE, G_CHANGED, G_ZERO, G_INPUT, G_INPUT_END, G_WIDTH = range(7)
# Inputs. I_VALUES: rows by step; I_NOISE: mean, decay and kick, 0 for waveforms; I_LO .. I_HI:
# the elements that normal numbers are drawn for, I_SKIP of them for nothing.
(I_SET, I_ARRAY, I_WHOLE, I_CELLS, I_COUNT, I_VALUES, I_WIDTH_OF_ROW, I_COLUMNS, I_AMPLITUDE,
 I_STRIDE, I_NOISE, I_FILL, I_SEED, I_STREAM, I_STATE, I_STATES, I_LO, I_HI, I_SKIP, I_DRAWN,
 I_WIDTH) = range(21)  # fmt: skip
MEAN, DECAY, KICK = range(3)
# Continuous couplings; C_ARRAY is whole.
(C_ROWS, C_SOURCES, C_WEIGHTS, C_STRIDE, C_DELAYS, C_DELAY_STRIDE, C_RING, C_SLOTS, C_SIZE,
 C_ARRAY, C_LO, C_HI, C_WIDTH) = range(13)  # fmt: skip
# Delivery to the cells of the thread: how many rows of the tables of entries (those with a delay,
# and all), drives and applies there are; and the most events that are added cell by cell.
# T_AHEAD: the address of the row for delivery ahead of time, 0 where there is none.
T_DELAYED, T_ENTRIES, T_DRIVES, T_APPLIES, T_SPARSE, T_AHEAD, T_WIDTH = range(7)
# Entries: one a distinct delay and line; oldest emission first, then order of creation.
E_DELAY, E_SOURCE, E_LINE, E_PLACE, E_SINCE, E_UNTIL, E_WIDTH = range(7)
# Lines: synapses of a bundle onto one variable, or onto an event port (L_SUM is 0).
# Slice `source * L_DELAYS + place` goes from that entry of L_STARTS to the next; entries have
# L_START_BYTES (0: slices are listed in the calendar). L_TARGETS: indices of L_TARGET_BYTES, of
# sums from L_SUM on, L_FIRST being that of the first cell of the thread; or cells. L_STEP: bytes
# from weight to weight. L_APPLY: the row of the application, -1 for several. L_SLICED: the kernel
# at L_ARRIVE takes the slice and its first synapse instead of addresses.
(L_STARTS, L_START_BYTES, L_DELAYS, L_TARGETS, L_TARGET_BYTES, L_WEIGHTS, L_KIND, L_STEP, L_SUM,
 L_SUMS, L_FIRST, L_ARRIVE, L_TABLE, L_NUMBERS, L_SLICED, L_APPLY, L_WIDTH) = range(17)  # fmt: skip
EACH64, ONE, EACH32 = range(3)
# Drives. V_LINE: the line whose targets are the cells that this drive touched; V_DENSE: most
# cells have events, so that no list of those touched is kept. V_CELLS: counted from the first
# cell of the thread for sums, from the first of the population for event ports.
(V_DELIVER, V_DRAW, V_COUNTED, V_CELLS, V_COUNT, V_WEIGHTS, V_KIND, V_SUM, V_SUMS, V_ARRIVE,
 V_TABLE, V_NUMBERS, V_STEPS, V_IDS, V_EVENTS, V_CURSOR, V_TOUCHED, V_EVENT_CELLS,
 V_EVENT_WEIGHTS, V_LINE, V_DENSE, V_WIDTH) = range(22)  # fmt: skip
EVENT_BUFFER = 1024
# Applications: sums that are added to a variable at the end of delivery.
# A_HOLD says when a cell loses them: never; while its int64 in A_HELD is greater than the step;
# while that is positive (as the bits of a positive float64 are); while its byte is not 0.
A_VARIABLE, A_SUM, A_HOLD, A_HELD, A_COUNT, A_WIDTH = range(6)
NEVER, RELEASE, LEFT, FLAG = range(4)
# Slices that are due: pieces of rows. S_BEGIN is the address of their start until it is read.
S_LINE, S_BEGIN, S_END, S_SLICE, S_WIDTH = range(5)
# A number of events that says: go through all sums.
DENSE = 1 << 40
PREFETCH = 6
# Delivery ahead of time, for B_LENGTH steps from B_FIRST on: sums of step B_FIRST + n stand n times
# B_STRIDE bytes behind those of the first. B_LINES ...: tables of lines, drives and applications,
# AHEAD times, each with the sums of its step; B_..._BYTES of them each.
(B_FIRST, B_LENGTH, B_CHUNKS, B_CHUNK_ROWS, B_STRIDE, B_LINES, B_LINES_BYTES, B_DRIVES,
 B_DRIVES_BYTES, B_APPLIES, B_APPLIES_BYTES, B_WIDTH) = range(12)  # fmt: skip
AHEAD = 4
# Chunks: for spikes of the step U_AGE steps before a block, what they bring about in its steps:
# U_COUNT slices from place U_PLACE on of the delays at U_DELAYS. Oldest first.
U_AGE, U_SOURCE, U_LINE, U_PLACE, U_COUNT, U_DELAYS, U_SINCE, U_UNTIL, U_WIDTH = range(9)
# Laying out a bundle: J_PARTS rows from J_PART on are its projections. J_PLACE_OF: by delay, its
# place among the J_DELAYS distinct ones; J_SEEN: by delay, whether it occurs. J_STEPS: where the
# delay of every synapse is put, with J_STARTS by row only; 0 for J_STARTS by row and delay.
(J_SOURCES, J_PART, J_PARTS, J_DELAYS, J_PLACE_OF, J_SEEN, J_STARTS, J_START_BYTES, J_TARGETS,
 J_TARGET_BYTES, J_CURSORS, J_STEPS, J_STEP_BYTES, J_COUNT, J_WRONG,
 J_WIDTH) = range(16)  # fmt: skip
# Projections to lay out: the synapses onto targets Q_LO .. Q_HI of Q_SIZE. Q_DELAYS is the delay
# itself where Q_DELAY_BYTES is 0; without weights, Q_WEIGHT_BYTES is 0.
(Q_ROWS, Q_TARGETS, Q_DELAYS, Q_DELAY_BYTES, Q_WEIGHTS, Q_STORED, Q_WEIGHT_BYTES, Q_LO, Q_HI,
 Q_SHIFT, Q_SIZE, Q_WIDTH) = range(12)  # fmt: skip
# The calendar: by step modulo X_BUCKETS, the slices that are due in it, as chunks of
# CHUNK rows of the table of slices (S_SLICE is the step of emission there) in a chain. X_EMISSION
# and X_LINE tell of the next slice in the bucket of this step, X_AT where in chunk X_CHUNK it is.
# The pool is a ring that drawn synapses are kept in; X_MARKS: by step, where it ended.
(X_BUCKETS, X_HEADS, X_TAILS, X_FILLED, X_CHUNKS, X_NEXT, X_FREE, X_CHUNK, X_AT, X_EMISSION,
 X_LINE, X_BEGIN, X_APPEND, X_TAKE, X_ROWS, X_ROW_COUNT, X_POOL_TARGETS, X_POOL_WEIGHTS,
 X_POOL_SIZE, X_HEAD, X_TAIL, X_MARKS, X_WIDTH) = range(23)  # fmt: skip
CHUNK = 16
FAR = 1 << 62
# What goes into the calendar: rows of Z_LINES lines from Z_LINE on. Z_STARTS: int64, by source.
# Z_DRAW: the function that draws a row anew, into scratch at Z_TARGETS ...; 0 for stored rows.
(Z_SOURCE, Z_LINE, Z_LINES, Z_SINCE, Z_UNTIL, Z_STARTS, Z_STEPS, Z_STEP_BYTES, Z_DRAW, Z_RECIPE,
 Z_TARGETS, Z_WEIGHTS, Z_CURSORS, Z_SHORTEST, Z_LONGEST, Z_LO, Z_HI, Z_SHIFT,
 Z_WIDTH) = range(19)  # fmt: skip
WORD = 8
