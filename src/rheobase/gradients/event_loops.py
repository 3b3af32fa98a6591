"""The loops over events that exact gradients are made of: once forward, once back.

Plain Python over arrays. `rheobase.gradients.event_kernels` compiles this very text where numba is
there; without it the same functions run as they stand.

Between two events of a cell every variable follows

    dx/dt = a*x + b + k*y,   dy/dt = r*y
    x(s)  = x*exp(a*s) + b*P(a, s) + k*y*Q(a, r, s)
    P = (exp(a*s) - 1)/a,    Q = (exp(r*s) - exp(a*s))/(r - a)

and a bar (the derivative of the loss by something) goes back through that formula term by term.
The moment of a spike is where x reaches the level c, so it moves by -dx/(dx/dt) when x does:
that is the one place where an exact gradient divides by the slope at the threshold.
"""

# Types are those of numba where it is there, and Python's own where not.
# mypy: ignore-errors

from __future__ import annotations

from collections import namedtuple
from math import exp, expm1

import numpy as np

SPIKE, ARRIVAL, RELEASE, INPUT, END = 0, 1, 2, 3, 4
"""What happens at an event: a spike of the cell, one that arrives, the end of refractoriness, a
change of an input, the end of the run."""
CROSSED, AT_ONCE, UNMOVED = 0, 1, 2
"""How a spike came: the level was reached; an arrival jumped over it; it was over all the time."""
NEAR = 1e-7
"""Of the level: how far a replayed variable may miss it by rounding."""

Cells = namedtuple(
    "Cells",
    "rate rest gain driver through never held level crossed keep put refractory jump",
)
"""The coefficients of all cells: `event_tables.Coefficients`."""
Events = namedtuple("Events", "time kind cell ref port weight source")
"""All events in order, an array with one entry an event each: `ref` is the row of an input or the
synapse of an arrival, `source` the spike that an arrival, a release or a spike belongs to."""
Past = namedtuple("Past", "begins begun holds rows earlier first last how order")
"""Of every event: the variables where its stretch begins and when that is, whether refractoriness
holds in it, the row of the inputs, the event of the cell before, the samples first <= k < last that
lie in it, how a spike came; and the events in the order in which they took place."""
Bars = namedtuple(
    "Bars",
    "variables rate rest gain through level keep put refractory jump inputs weight delay spikes "
    "samples",
)
"""Bars (derivatives of the loss) of variables, coefficients, rows of inputs, weights, delays, times
of spikes, samples."""


def mean_exp(z):
    """Return (exp(z) - 1)/z, the mean of exp between 0 and z."""
    return expm1(z) / z if z != 0.0 else 1.0


def mean_exp_slope(z):
    """Return its derivative, (z*exp(z) - exp(z) + 1)/z**2."""
    if abs(z) > 0.3:
        return (z * exp(z) - expm1(z)) / (z * z)
    total, term = 0.5, 1.0  # the series: sum of (n + 1)*z**n/(n + 2)!
    factorial = 2.0
    for n in range(1, 14):
        term *= z
        factorial *= n + 2
        total += (n + 1) * term / factorial
    return total


def response(a, r, s):
    """Return Q(a, r, s), and its derivatives by a and by r."""
    fast, slow = (a, r) if r >= a else (r, a)
    z = (fast - slow) * s
    lasting = exp(slow * s)
    q = s * lasting * mean_exp(z)
    by_fast = s * s * lasting * mean_exp_slope(z)
    by_slow = s * q - by_fast
    if r >= a:
        return q, by_fast, by_slow
    return q, by_slow, by_fast


def value_at(x, j, s, c, hold, push, cells):
    """Return variable j of cell c a time s after its variables were x."""
    if hold[c, j]:
        return x[j]
    a, d = cells.rate[c, j], cells.driver[c, j]
    value = x[j] * exp(a * s) + push[j] * s * mean_exp(a * s)
    if d >= 0:
        value += cells.gain[c, j] * x[d] * response(a, cells.rate[c, d], s)[0]
    return value


def slope_at(x, j, s, c, hold, push, cells):
    """Return its derivative by time then."""
    if hold[c, j]:
        return 0.0
    d = cells.driver[c, j]
    slope = cells.rate[c, j] * value_at(x, j, s, c, hold, push, cells) + push[j]
    if d >= 0:
        slope += cells.gain[c, j] * x[d] * exp(cells.rate[c, d] * s)
    return slope


def pushes(c, row, inputs, cells, push):
    """Write the constant part b of every variable of a cell, its inputs at their present values."""
    for j in range(push.size):
        push[j] = cells.rest[c, j]
        if row >= 0:
            for m in range(inputs.shape[1]):
                push[j] += cells.through[c, j, m] * inputs[row, m]


# -- forward -----------------------------------------------------------------------------------


def sample(c, until, since, hold, push, dt, cells, x, due, samples):
    """Write the variables of a cell at the multiples of dt up to `until`; return the next one."""
    while due < samples.shape[0] and due * dt <= until:
        for j in range(push.size):
            samples[due, c, j] = value_at(x[c], j, due * dt - since, c, hold, push, cells)
        due += 1
    return due


def reset(c, now, cells, x):
    """Write a cell after its spike: keep @ now + put."""
    for j in range(now.size):
        x[c, j] = cells.put[c, j]
        for m in range(now.size):
            x[c, j] += cells.keep[c, j, m] * now[m]


def forward(events, inputs, dt, cells, x, past, samples):
    """Go through the events in order; keep what the way back reads.

    `x` are the variables of all cells, from their initial values on. The time of a spike that an
    arrival causes is set to that of the arrival. Returns how many events took place: all, unless
    a spike could not be found again.
    """
    count, variables = x.shape
    since, holding = np.zeros(count), np.zeros(count, np.bool_)
    row, previous = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    waiting, due = np.full(count, -1, np.int64), np.zeros(count, np.int64)
    push, now = np.zeros(variables), np.zeros(variables)
    done = 0
    for place in range(events.time.size):
        e = place
        while e >= 0:
            c, t, kind, following = events.cell[e], events.time[e], events.kind[e], -1
            v, level = cells.crossed[c], cells.level[c]
            pushes(c, row[c], inputs, cells, push)
            hold = cells.held if holding[c] else cells.never
            for j in range(variables):
                now[j] = value_at(x[c], j, t - since[c], c, hold, push, cells)
            if kind == SPIKE and waiting[c] != e:
                slack = NEAR * (abs(level) + abs(cells.put[c, v]))
                if now[v] < level - slack:
                    waiting[c] = e  # an arrival at this very time will lift it over the level
                    break
                past.how[e] = UNMOVED if now[v] > level + slack else CROSSED
            past.begins[e], past.begun[e], past.holds[e] = x[c], since[c], holding[c]
            past.rows[e], past.earlier[e], past.first[e] = row[c], previous[c], due[c]
            due[c] = sample(c, t, since[c], hold, push, dt, cells, x, due[c], samples)
            past.last[e] = due[c]
            x[c] = now
            if kind == SPIKE:
                reset(c, now, cells, x)
                holding[c], waiting[c] = cells.refractory[c] > 0.0, -1
            elif kind == ARRIVAL:
                for j in range(variables):
                    if not hold[c, j]:
                        x[c, j] += cells.jump[events.port[e], c, j] * events.weight[e]
                if waiting[c] >= 0 and x[c, v] >= level:
                    following = waiting[c]
                    events.time[following], past.how[following] = t, AT_ONCE
            elif kind == RELEASE:
                holding[c] = False
            elif kind == INPUT:
                row[c] = events.ref[e]
            since[c], previous[c], past.order[done] = t, e, e
            done += 1
            e = following
    return done


# -- back --------------------------------------------------------------------------------------


def go_back(bar, x, s, c, row, hold, push, inputs, cells, before, bars):
    """Take bars of the variables at a time s back to their beginning; return what s is worth.

    `before` is added to. What is returned is the derivative of the loss by s.
    """
    worth = 0.0
    for j in range(bar.size):
        g = bar[j]
        if g == 0.0:
            continue
        if hold[c, j]:
            before[j] += g
            continue
        worth += g * slope_at(x, j, s, c, hold, push, cells)
        a, d = cells.rate[c, j], cells.driver[c, j]
        decay, mean = exp(a * s), s * mean_exp(a * s)
        before[j] += g * decay
        bars.rest[c, j] += g * mean
        by_rate = x[j] * s * decay + push[j] * s * s * mean_exp_slope(a * s)
        if d >= 0:
            q, by_own, by_other = response(a, cells.rate[c, d], s)
            before[d] += g * cells.gain[c, j] * q
            bars.gain[c, j] += g * x[d] * q
            bars.rate[c, d] += g * cells.gain[c, j] * x[d] * by_other
            by_rate += cells.gain[c, j] * x[d] * by_own
        bars.rate[c, j] += g * by_rate
        if row >= 0:
            for m in range(inputs.shape[1]):
                bars.through[c, j, m] += g * mean * inputs[row, m]
                bars.inputs[row, m] += g * mean * cells.through[c, j, m]
    return worth


def through_event(e, x, s, hold, push, events, cells, bars, upper):
    """Write the bars of the variables just before an event, from those just after it."""
    c, bar = events.cell[e], bars.variables
    for j in range(upper.size):
        upper[j] = bar[c, j]
    if events.kind[e] == SPIKE:  # after = keep @ before + put
        for m in range(upper.size):
            upper[m] = 0.0
            there = value_at(x, m, s, c, hold, push, cells)
            for j in range(upper.size):
                upper[m] += cells.keep[c, j, m] * bar[c, j]
                bars.keep[c, j, m] += bar[c, j] * there
        for j in range(upper.size):
            bars.put[c, j] += bar[c, j]
    elif events.kind[e] == ARRIVAL:  # after = before + jump*weight
        synapse, port = events.ref[e], events.port[e]
        for j in range(upper.size):
            if not hold[c, j]:
                bars.weight[synapse] += bar[c, j] * cells.jump[port, c, j]
                bars.jump[port, c, j] += bar[c, j] * events.weight[e]


def pass_on_time(e, moved, x, s, hold, push, events, cells, past, bars, bar_times, upper):
    """Hand the bar of the time of an event to what that time depends on."""
    c, kind, source = events.cell[e], events.kind[e], events.source[e]
    if kind == SPIKE:
        if past.how[e] == CROSSED:  # x(t) = level: t moves by (d level - d x)/slope
            v = cells.crossed[c]
            share = moved / slope_at(x, v, s, c, hold, push, cells)
            bars.level[c] += share
            upper[v] -= share
        elif past.how[e] == AT_ONCE:
            bar_times[past.earlier[e]] += moved
        bars.spikes[source] = moved
    elif kind == ARRIVAL:  # t = spike + delay
        bars.delay[events.ref[e]] += moved
        if source >= 0:
            bars.spikes[source] += moved
    elif kind == RELEASE:  # t = spike + refractory
        bars.refractory[c] += moved
        bars.spikes[source] += moved


def backward(done, events, inputs, dt, cells, past, bars):
    """Go back through the events, from the last to the first.

    `bars.variables` are, cell by cell, the bars of the variables after the event that is gone back
    through; at the end they are those of the initial values. `bars.spikes` comes with what the
    loss says about the times of spikes and ends with all that depends on them.
    """
    variables = bars.variables.shape[1]
    bar_times = np.zeros(events.time.size)
    push, lower, upper = np.zeros(variables), np.zeros(variables), np.zeros(variables)
    for place in range(done - 1, -1, -1):
        e = past.order[place]
        c, row, x, begun = events.cell[e], past.rows[e], past.begins[e], past.begun[e]
        s, hold = events.time[e] - begun, cells.held if past.holds[e] else cells.never
        pushes(c, row, inputs, cells, push)
        through_event(e, x, s, hold, push, events, cells, bars, upper)
        moved = bar_times[e]  # later: the stretch that begins here is shorter
        for j in range(variables):
            lower[j] = 0.0
            if upper[j] != 0.0:  # and the stretch that ends here is longer
                moved += upper[j] * slope_at(x, j, s, c, hold, push, cells)
        if events.kind[e] == SPIKE:
            moved += bars.spikes[events.source[e]]
        pass_on_time(e, moved, x, s, hold, push, events, cells, past, bars, bar_times, upper)
        worth = go_back(upper, x, s, c, row, hold, push, inputs, cells, lower, bars)
        if bars.samples.shape[0] > 0:
            for k in range(past.first[e], past.last[e]):
                worth += go_back(bars.samples[k, c], x, k * dt - begun, c, row, hold, push, inputs,
                                 cells, lower, bars)  # fmt: skip
        if past.earlier[e] >= 0:
            bar_times[past.earlier[e]] -= worth
        for j in range(variables):
            bars.variables[c, j] = lower[j]
