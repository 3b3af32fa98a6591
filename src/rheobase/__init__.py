"""Rheobase: neuron models at every level, one language, one compiled engine."""
