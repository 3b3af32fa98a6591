"""Your own neuron or network beside ours: the first difference, and what is likely its cause."""
