"""Synapses drawn by compiled code on several threads, with the bits of their definition.

What a rule, a weight and a delay mean is said in `network/`, in NumPy. Here the same numbers are
drawn at the pace of memory, into rows by source, or a row at a time by an engine that stores none.
"""
