"""The engine: runs a plan, compiled or interpreted, bit for bit alike.

`plan.py` says what there is to run, `checks.py` whether it can be, `interpreted.py` what a step
means. `compiled.py` does the same fast, with the functions in `parts/` over the tables that
`tables.py` makes of a plan; `facts.py` is what both derive from it. `run.py` advances either in
slices and `logs.py` gathers what they leave.
"""
