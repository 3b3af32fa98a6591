"""Columns of the tables that the compiled tape works on; `gradients/compiled.py` fills them.

Each table is a 2-D int64 array, as in the engine; a row is read by its address. Parts are C
functions `void part(row, step, r, place, end)`: their row of a table; the step, counted from the
network's start; the row of the past that the step begins with; the step counted from the tape's
start; and the step at which the tape ends.
"""

PART = "void(int64, int64, int64, int64, int64)"
WORD = 8

# Calls, in order of a step.
F_FUNCTION, F_ROW, F_WIDTH = range(3)
# Arrays whose place depends on the step: entry P_SLOT of the table of a kernel becomes
# base + stride*index; index is r + P_SHIFT, or with P_SLOTS > 0 step % P_SLOTS. P_BEGIN: at the
# beginning of a step nothing (0), the row before is copied (1) or zeros are written (2).
# P_COUNT items of P_ITEM bytes in a row.
(P_TABLE, P_SLOT, P_BASE, P_STRIDE, P_SHIFT, P_SLOTS, P_BEGIN, P_COUNT, P_ITEM,
 P_WIDTH) = range(10)  # fmt: skip
# Populations. C_STARTS: where the spikes of the step `place` begin; C_SPIKED: the masks.
(C_POINTERS, C_POINTER_ROWS, C_UPDATE, C_ON_SPIKE, C_TABLE, C_NUMBERS, C_COUNT, C_SPIKED,
 C_STARTS, C_IDS, C_WIDTH) = range(11)  # fmt: skip
# Derivatives of the loss: added (or with L_SET stored) to L_BAR from row place + L_SHIFT; with
# L_ROWS 0 and L_SET zeros are stored.
L_BAR, L_ROWS, L_COUNT, L_SHIFT, L_SET, L_WIDTH = range(6)
# Clamps, of arrays whose rows are H_STRIDE bytes apart; H_BAR is the derivative.
(H_BASE, H_STRIDE, H_CELLS, H_VALUES, H_COUNT, H_FIRST, H_LAST, H_BAR, H_WIDTH) = range(9)
# Injections. J_SLOTS: rows of the ring of derivatives by the input.
(J_ARRAY, J_STRIDE, J_CELLS, J_COLUMNS, J_AMPLITUDE, J_COUNT, J_VALUES, J_WIDE, J_SET,
 J_BAR_AMPLITUDE, J_BAR_INPUT, J_SLOTS, J_WIDTH) = range(13)  # fmt: skip
# What couplings read. M_OBSERVE: the kernel of a subexpression, 0 for a state; M_STRIDE: bytes
# between rows of the state, 0 for a subexpression. M_BACK: the reverse of the subexpression.
(M_OBSERVE, M_TABLE, M_NUMBERS, M_COUNT, M_BASE, M_STRIDE, M_RING, M_SLOTS, M_FRESH, M_BAR,
 M_TO, M_BACK, M_BACK_TABLE, M_BACK_NUMBERS, M_POINTERS, M_POINTER_ROWS, M_NOW,
 M_WIDTH) = range(18)  # fmt: skip
# Couplings, in rows by target cell of a lane.
(K_LANES, K_SIZE, K_SOURCE_SIZE, K_ARRAY, K_STRIDE, K_ROWS, K_SOURCES, K_WEIGHTS, K_DELAYS,
 K_RING, K_SLOTS, K_NOW, K_BAR, K_BAR_INPUT, K_BAR_SLOTS, K_BAR_WEIGHTS, K_FIRST, K_EARLIEST,
 K_WIDTH) = range(19)  # fmt: skip
# Lines of spikes. S_ROWS: 0 where dense. S_STARTS: where the spikes of the step `place` begin.
# S_BAR_SPIKE: 0 where spikes have no derivative; its rows are S_BAR_STRIDE bytes apart.
(S_LANES, S_SOURCE_SIZE, S_TARGET_SIZE, S_DELAY, S_SINCE, S_UNTIL, S_STARTS, S_BEFORE, S_IDS,
 S_SUMS, S_WEIGHTS, S_TRANSPOSED, S_ROWS, S_TARGETS, S_RING, S_SLOTS, S_BAR_SPIKE, S_BAR_STRIDE,
 S_BAR_WEIGHTS, S_WIDTH) = range(20)  # fmt: skip
# Drives. V_STARTS: where the events of the step `place` begin.
(V_SUMS, V_SIZE, V_WEIGHTS, V_STARTS, V_IDS, V_COUNTS, V_RING, V_SLOTS, V_COUNT, V_BAR_WEIGHTS,
 V_WIDTH) = range(11)  # fmt: skip
# Arrivals. A_HOLD: the first row of what holds cells, rows A_HOLD_STRIDE bytes apart; A_KIND: how.
(A_SUMS, A_GIVEN, A_COUNT, A_STATE, A_STATE_STRIDE, A_HOLD, A_HOLD_STRIDE, A_KIND, A_BAR, A_RING,
 A_SLOTS, A_WIDTH) = range(12)  # fmt: skip
NOT_HELD, BY_RELEASE, BY_FLAG, BY_TIME = range(4)
