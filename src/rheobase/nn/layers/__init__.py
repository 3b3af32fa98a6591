"""Layers of networks: each a forward and a backward pass. `rheobase.nn` has their names."""
