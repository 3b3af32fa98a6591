"""Cells with a morphology: membranes on a tree of compartments."""
