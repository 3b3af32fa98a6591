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

from math import exp, expm1

import numpy as np

SPIKE, ARRIVAL, RELEASE, INPUT, END = 0, 1, 2, 3, 4
"""What happens at an event: a spike of the cell, one that arrives, the end of refractoriness, a
change of an input, the end of the run."""
CROSSED, AT_ONCE, UNMOVED = 0, 1, 2
"""How a spike came: the level was reached; an arrival jumped over it; it was over all the time."""
NEAR = 1e-7
"""Of the level: how far a replayed variable may miss it by rounding."""


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


def value_at(x, j, s, c, held, rate, push, gain, driver):
    """Return variable j of cell c a time s after its variables were x."""
    if held[c, j]:
        return x[j]
    a, d = rate[c, j], driver[c, j]
    value = x[j] * exp(a * s) + push[j] * s * mean_exp(a * s)
    if d >= 0:
        value += gain[c, j] * x[d] * response(a, rate[c, d], s)[0]
    return value


def slope_at(x, j, s, c, held, rate, push, gain, driver):
    """Return its derivative by time then."""
    if held[c, j]:
        return 0.0
    d = driver[c, j]
    slope = rate[c, j] * value_at(x, j, s, c, held, rate, push, gain, driver) + push[j]
    if d >= 0:
        slope += gain[c, j] * x[d] * exp(rate[c, d] * s)
    return slope


def pushes(c, row, rest, through, inputs, push):
    """Write the constant part b of every variable of a cell, its inputs at their present values."""
    for j in range(push.size):
        push[j] = rest[c, j]
        if row >= 0:
            for m in range(through.shape[2]):
                push[j] += through[c, j, m] * inputs[row, m]


def go_back(
    bar,
    x,
    s,
    c,
    row,
    held,
    rate,
    push,
    gain,
    driver,
    through,
    inputs,
    before,
    bar_rate,
    bar_rest,
    bar_gain,
    bar_through,
    bar_inputs,
):
    """Take bars of the variables at a time s back to their beginning; return what s is worth.

    `before` is added to. What is returned is the derivative of the loss by s.
    """
    worth = 0.0
    for j in range(bar.size):
        g = bar[j]
        if g == 0.0:
            continue
        if held[c, j]:
            before[j] += g
            continue
        worth += g * slope_at(x, j, s, c, held, rate, push, gain, driver)
        a, d = rate[c, j], driver[c, j]
        decay, mean = exp(a * s), s * mean_exp(a * s)
        before[j] += g * decay
        bar_rest[c, j] += g * mean
        by_rate = x[j] * s * decay + push[j] * s * s * mean_exp_slope(a * s)
        if d >= 0:
            q, by_own, by_other = response(a, rate[c, d], s)
            before[d] += g * gain[c, j] * q
            bar_gain[c, j] += g * x[d] * q
            bar_rate[c, d] += g * gain[c, j] * x[d] * by_other
            by_rate += gain[c, j] * x[d] * by_own
        bar_rate[c, j] += g * by_rate
        if row >= 0:
            for m in range(through.shape[2]):
                bar_through[c, j, m] += g * mean * inputs[row, m]
                bar_inputs[row, m] += g * mean * through[c, j, m]
    return worth


def forward(
    time,
    kind,
    cell,
    ref,
    port,
    weight,
    dt,
    inputs,
    rate,
    rest,
    gain,
    driver,
    through,
    never,
    held,
    level,
    crossed,
    keep,
    put,
    refractory,
    jump,
    x,
    begins,
    begun,
    holds,
    rows,
    earlier,
    first,
    last,
    how,
    order,
    samples,
):
    """Go through the events in order; keep what the way back reads.

    Arrays with one entry an event: its time (of a spike that an arrival caused: set to that of the
    arrival), kind, cell, `ref` (row of an input), `port` and `weight` of an arrival. `x` are the
    variables of all cells, from their initial values on. Written for every event: the variables
    where its stretch begins and when that is, whether refractoriness holds in it, the row of the
    inputs, the event before, the samples first <= k < last that lie in it, how a spike came, and
    the order in which the events took place. Returns how many did: all, unless a spike could
    not be found again.
    """
    cells, variables = x.shape
    since, holding = np.zeros(cells), np.zeros(cells, np.bool_)
    row, previous = np.full(cells, -1, np.int64), np.full(cells, -1, np.int64)
    waiting, due = np.full(cells, -1, np.int64), np.zeros(cells, np.int64)
    push, now = np.zeros(variables), np.zeros(variables)
    done = 0
    for place in range(time.size):
        e = place
        while e >= 0:
            c, t, v, following = cell[e], time[e], crossed[cell[e]], -1
            pushes(c, row[c], rest, through, inputs, push)
            hold = held if holding[c] else never
            for j in range(variables):
                now[j] = value_at(x[c], j, t - since[c], c, hold, rate, push, gain, driver)
            if kind[e] == SPIKE and waiting[c] != e:
                slack = NEAR * (abs(level[c]) + abs(put[c, v]))
                if now[v] < level[c] - slack:
                    waiting[c] = e  # an arrival at this very time will lift it over the level
                    break
                how[e] = UNMOVED if now[v] > level[c] + slack else CROSSED
            begun[e], holds[e], rows[e], earlier[e] = since[c], holding[c], row[c], previous[c]
            begins[e] = x[c]
            first[e] = due[c]
            while due[c] < samples.shape[0] and due[c] * dt <= t:
                s = due[c] * dt - since[c]
                for j in range(variables):
                    samples[due[c], c, j] = value_at(x[c], j, s, c, hold, rate, push, gain, driver)
                due[c] += 1
            last[e] = due[c]
            x[c] = now
            if kind[e] == SPIKE:
                for j in range(variables):
                    x[c, j] = put[c, j]
                    for m in range(variables):
                        x[c, j] += keep[c, j, m] * now[m]
                holding[c], waiting[c] = refractory[c] > 0.0, -1
            elif kind[e] == ARRIVAL:
                for j in range(variables):
                    if not hold[c, j]:
                        x[c, j] += jump[port[e], c, j] * weight[e]
                if waiting[c] >= 0 and x[c, v] >= level[c]:
                    following = waiting[c]
                    time[following], how[following] = t, AT_ONCE
            elif kind[e] == RELEASE:
                holding[c] = False
            elif kind[e] == INPUT:
                row[c] = ref[e]
            since[c], previous[c], order[done] = t, e, e
            done += 1
            e = following
    return done


def backward(
    done,
    time,
    kind,
    cell,
    ref,
    port,
    weight,
    source,
    dt,
    inputs,
    rate,
    rest,
    gain,
    driver,
    through,
    never,
    held,
    crossed,
    keep,
    jump,
    begins,
    begun,
    holds,
    rows,
    earlier,
    first,
    last,
    how,
    order,
    bar_samples,
    bar_spikes,
    bar,
    bar_rate,
    bar_rest,
    bar_gain,
    bar_through,
    bar_inputs,
    bar_level,
    bar_keep,
    bar_put,
    bar_refractory,
    bar_jump,
    bar_weight,
    bar_delay,
):
    """Go back through the events, from the last to the first.

    `bar` holds, cell by cell, the bars of the variables after the event that is gone back through;
    at the end they are those of the initial values. `source` is the spike that an arrival, a
    release or a spike belongs to, `ref` the synapse of an arrival. `bar_spikes` comes with what the
    loss says about the times of spikes and ends with all that depends on them.
    """
    variables = bar.shape[1]
    bar_times = np.zeros(time.size)
    push, lower, upper = np.zeros(variables), np.zeros(variables), np.zeros(variables)
    for place in range(done - 1, -1, -1):
        e = order[place]
        c, s = cell[e], time[e] - begun[e]
        x = begins[e]
        hold = held if holds[e] else never
        pushes(c, rows[e], rest, through, inputs, push)
        moved = bar_times[e]  # the stretch that begins here would be shorter
        for j in range(variables):
            upper[j] = bar[c, j]
            lower[j] = 0.0
        if kind[e] == SPIKE:  # after = keep @ before + put
            for m in range(variables):
                upper[m] = 0.0
            for m in range(variables):
                there = value_at(x, m, s, c, hold, rate, push, gain, driver)
                for j in range(variables):
                    upper[m] += keep[c, j, m] * bar[c, j]
                    bar_keep[c, j, m] += bar[c, j] * there
            for j in range(variables):
                bar_put[c, j] += bar[c, j]
            moved += bar_spikes[source[e]]
        elif kind[e] == ARRIVAL:
            for j in range(variables):
                if not hold[c, j]:
                    bar_weight[ref[e]] += bar[c, j] * jump[port[e], c, j]
                    bar_jump[port[e], c, j] += bar[c, j] * weight[e]
        for j in range(variables):
            if upper[j] != 0.0:  # the stretch that ends here would be longer
                moved += upper[j] * slope_at(x, j, s, c, hold, rate, push, gain, driver)
        if kind[e] == SPIKE:
            v = crossed[c]
            if how[e] == CROSSED:  # x(t) = level: t moves by (d level - d x)/slope
                steep = slope_at(x, v, s, c, hold, rate, push, gain, driver)
                bar_level[c] += moved / steep
                upper[v] -= moved / steep
            elif how[e] == AT_ONCE:
                bar_times[earlier[e]] += moved
            bar_spikes[source[e]] = moved
        elif kind[e] == ARRIVAL:
            bar_delay[ref[e]] += moved
            if source[e] >= 0:
                bar_spikes[source[e]] += moved
        elif kind[e] == RELEASE:
            bar_refractory[c] += moved
            bar_spikes[source[e]] += moved
        worth = go_back(
            upper,
            x,
            s,
            c,
            rows[e],
            hold,
            rate,
            push,
            gain,
            driver,
            through,
            inputs,
            lower,
            bar_rate,
            bar_rest,
            bar_gain,
            bar_through,
            bar_inputs,
        )
        if bar_samples.shape[0] > 0:
            for k in range(first[e], last[e]):
                worth += go_back(
                    bar_samples[k, c],
                    x,
                    k * dt - begun[e],
                    c,
                    rows[e],
                    hold,
                    rate,
                    push,
                    gain,
                    driver,
                    through,
                    inputs,
                    lower,
                    bar_rate,
                    bar_rest,
                    bar_gain,
                    bar_through,
                    bar_inputs,
                )
        if earlier[e] >= 0:
            bar_times[earlier[e]] -= worth
        for j in range(variables):
            bar[c, j] = lower[j]
