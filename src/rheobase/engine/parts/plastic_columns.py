"""Columns of the tables of synapses that change; see `columns.py`."""

# Spikes of cells: their population, the first target, where the synapses of each begin in the
# column index, and what is called for them. X_SPANS: where the targets of each cell of the
# population begin and end, two numbers a cell; 0: the cells are the targets.
X_CELLS, X_LO, X_COLUMNS, X_KERNEL, X_TABLE, X_NUMBERS, X_SPANS, X_WIDTH = range(8)
# Rewards: the population whose spikes are rewards, and the slices of the thread. B_AMOUNT: the
# bits of the reward of a spike.
(B_SOURCE, B_DELAY, B_SINCE, B_AMOUNT, B_STARTS, B_SLICES, B_KERNEL, B_TABLE, B_NUMBERS,
 B_WIDTH) = range(10)  # fmt: skip
# The column index of a thread's synapses: targets, their number, the first cell and how many there
# are, where slices begin and how many there are, and what is filled in.
(M_TARGETS, M_COUNT, M_LO, M_CELLS, M_STARTS, M_START_BYTES, M_SLICES, M_COLUMNS, M_POSITIONS,
 M_SLICE_OF, M_WIDTH) = range(11)  # fmt: skip
