"""A small experiment as a model file."""

TEXT = '''\
title = "Two populations"

[network]
dt = "0.1 ms"
seed = 1

[models.cell]
equations = """
dv/dt = (g_e + g_i - (v - E_L))/tau_m : mV (unless refractory)
dg_e/dt = -g_e/tau_e : mV
dg_i/dt = -g_i/tau_i : mV
E_L : mV
"""
threshold = "v > V_T"
reset = "v = V_r"
refractory = "5 ms"
parameters = {tau_m = "20 ms", tau_e = "5 ms", tau_i = "10 ms", V_T = "-50 mV", V_r = "-60 mV"}

[models.cell.receives]
excitatory = "g_e += weight"
inhibitory = "g_i += weight"

[populations.cells]
model = "cell"
size = 20
parameters = {E_L = "-49 mV"}
initial = {v = "V_r + rand()*(V_T - V_r)"}

[[connections]]
name = "excitation"
pre = "cells[:16]"
post = "cells"
rule = "fixed_probability(0.2)"
to = "excitatory"
weight = "1.62 mV"

[[connections]]
name = "inhibition"
pre = "cells[16:]"
post = "cells"
rule = "fixed_indegree(2)"
to = "inhibitory"
weight = "-9 mV"

[[recordings]]
cells = "cells[:3]"
variables = ["v"]
every = "1 ms"

[run]
duration = "50 ms"
backend = "interpreter"
'''
