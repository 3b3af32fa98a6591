"""The engine: runs a plan, compiled or interpreted, bit for bit alike.

`plan.py` says what there is to run, `interpreted.py` what a step means, `compiled.py` (with
`delivery.py` and `tables.py`) does the same fast, and `run.py` advances either in slices.
"""
