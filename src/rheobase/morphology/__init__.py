"""Morphologies: trees of sections read from files or built, and their division into compartments."""
