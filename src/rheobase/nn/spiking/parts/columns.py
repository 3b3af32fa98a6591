"""Columns of the tables that the compiled parts of spiking layers read: all are int64."""

from __future__ import annotations

# a run of cells over steps, forward or back
(R_UPDATE, R_ON_SPIKE, R_TABLE, R_NUMBERS, R_MASK, R_IDS, R_LANES, R_UNITS, R_STEPS, R_SPIKES,
 R_KEPT, R_KEPT_ROWS, R_ARRIVALS, R_ARRIVAL_ROWS, R_LINKS, R_LINK_ROWS, R_DELAY, R_HELD,
 R_HELD_KIND, R_SPIKE_BAR, R_BARS, R_BAR_ROWS, R_RESULT, R_WIDTH) = range(24)  # fmt: skip

# an array kept of every step: its address, where it is kept, bytes of one element, place in the
# table of the reverse
(K_ARRAY, K_KEPT, K_BYTES, K_PLACE, K_WIDTH) = range(5)

# a variable that arrivals are added to: address of its array (of its gradient, going back), of
# what arrives in each step, kind, whether refractory cells do not take it
(A_ARRAY, A_VALUES, A_KIND, A_HOLDS, A_WIDTH) = range(5)
INPUT, PORT = 0, 1

# a recurrent connection: weights (units, units), the row of arrivals it adds to
(L_WEIGHTS, L_ROW, L_WIDTH) = range(3)

# gradients that come from outside: of a state, of every step
(B_ARRAY, B_VALUES, B_WIDTH) = range(3)

# how the array that says who is refractory says it
NOBODY, RELEASE, LEFT, FLAG = range(4)

# a product of inputs and weights: inputs that are not 0 as a list of rows (of batch*steps), places
# and values (no values: all are 1)
(W_INPUTS, W_KIND, W_SIZE, W_COUNT, W_ROWS, W_PLACES, W_VALUES, W_BATCH, W_STEPS, W_IN, W_UNITS,
 W_WEIGHTS, W_ARRIVALS, W_DELAY, W_WHOLE, W_PART, W_WEIGHTS_BAR, W_DELAYS_BAR, W_INPUTS_BAR,
 W_WIDTH) = range(20)  # fmt: skip
BYTES, NUMBERS = 0, 1
