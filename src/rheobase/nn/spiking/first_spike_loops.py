"""First spikes of a layer of neurons, and their derivatives: the loops.

Plain Python over arrays, compiled where numba is there (`first_spike.py`). With one arrival of
weight w at time 0

    dv/dt = -v/tau_m + i/tau_s,  di/dt = -i/tau_s:   v(s) = w*response(s)
    response(s) = (exp(-s/tau_s) - exp(-s/tau_m))/tau_s/(1/tau_m - 1/tau_s)

and all arrivals add up.
"""
# Types are those of numba where it is there, and Python's own where not.
# mypy: ignore-errors

from __future__ import annotations

from math import exp, expm1, log

import numpy as np


def response(s, tau_m, tau_s):
    """Return what an arrival of weight 1 does to v after a time s, and its slope there."""
    # of two exponentials the slower is taken out, so that what is left never grows
    slow = 1.0 / max(tau_m, tau_s)
    z = (slow - 1.0 / min(tau_m, tau_s)) * s
    mean = expm1(z) / z if z != 0.0 else 1.0
    value = s / tau_s * exp(-slow * s) * mean
    return value, exp(-s / tau_s) / tau_s - value / tau_m


def course(v, i, s, tau_m, tau_s):
    """Return v and dv/dt a time s after they were v and i."""
    kernel, _ = response(s, tau_m, tau_s)
    value = v * exp(-s / tau_m) + i * kernel
    return value, i * exp(-s / tau_s) / tau_s - value / tau_m


def turn(v, i, tau_m, tau_s):
    """Return after which time dv/dt is 0, -1 if it never is."""
    rate_m, rate_s = 1.0 / tau_m, 1.0 / tau_s
    gap = rate_m - rate_s
    if gap == 0.0:
        return tau_s * (i - v) / i if i * (i - v) > 0.0 else -1.0
    # v = A exp(-s/tau_m) + B exp(-s/tau_s)
    b = i * rate_s / gap
    a = v - b
    ratio = -b * rate_s / (a * rate_m) if a != 0.0 else 0.0
    if ratio <= 0.0:
        return -1.0
    return log(ratio) / (rate_s - rate_m)


def crossing(v, i, low, high, threshold, tau_m, tau_s):
    """Return where in low ... high, on which v rises through it, v is at the threshold."""
    s = 0.5 * (low + high)
    for _ in range(60):
        value, slope = course(v, i, s, tau_m, tau_s)
        if value < threshold:
            low = s
        else:
            high = s
        new = s - (value - threshold) / slope if slope > 0.0 else low
        if not low < new < high:
            new = 0.5 * (low + high)
        if abs(new - s) <= 1e-15 * (1.0 + abs(s)):
            break
        s = new
    return s


def forward(times, order, weights, threshold, tau_m, tau_s, end, first, peak, peak_at):
    """Write first spikes (samples, units): `end` for none; then the peak of v and when it is.

    `times` (samples, inputs) of arrivals, `order` sorts each sample; those at or after `end` never
    come.
    """
    samples, inputs = times.shape
    for n in range(samples):
        for j in range(weights.shape[1]):
            v = i = 0.0
            first[n, j], peak[n, j], peak_at[n, j] = end, 0.0, end
            for k in range(inputs):
                source = order[n, k]
                t = times[n, source]
                if t >= end:
                    break
                i += weights[source, j]
                until = end if k + 1 == inputs else min(times[n, order[n, k + 1]], end)
                s = until - t
                top, later = turn(v, i, tau_m, tau_s), course(v, i, s, tau_m, tau_s)[0]
                low, high, most = 0.0, s, later
                if 0.0 < top < s:
                    at_top = course(v, i, top, tau_m, tau_s)[0]
                    if at_top > later or at_top > v:  # a peak; else v falls first and then rises
                        high, most = top, at_top
                    else:
                        low = top
                if most >= threshold:
                    first[n, j] = t + crossing(v, i, low, high, threshold, tau_m, tau_s)
                    break
                if most > peak[n, j]:
                    peak[n, j], peak_at[n, j] = most, until if high == s else t + high
                v, i = later, i * exp(-s / tau_s)


def backward(
    times, weights, bar, tau_m, tau_s, end, least, push, first, peak_at, bar_times, bar_weights
):
    """Add what the bars of first spikes, and a push for silent neurons, say of times and weights.

    sum_k w_k response(t - t_k) = threshold, so t moves by -d(sum)/(dv/dt). Where there is no
    spike, `push` (samples, units) is the derivative of a penalty by the peak of v.
    """
    samples, inputs = times.shape
    for n in range(samples):
        for j in range(weights.shape[1]):
            t, share = first[n, j], push[n, j]
            if t >= end:
                t = peak_at[n, j]
                if share == 0.0:
                    continue
            slope = 0.0
            for k in range(inputs):
                if times[n, k] < t:
                    slope += weights[k, j] * response(t - times[n, k], tau_m, tau_s)[1]
            if first[n, j] < end:
                share = -bar[n, j] / max(slope, least)
            for k in range(inputs):
                if times[n, k] < t:
                    kernel, rise = response(t - times[n, k], tau_m, tau_s)
                    bar_weights[k, j] += share * kernel
                    bar_times[n, k] -= share * weights[k, j] * rise
                elif times[n, k] == t and first[n, j] >= end:
                    bar_times[n, k] += share * slope  # this arrival cut the rise short
                    slope = 0.0


def layer(times, weights, threshold, tau_m, tau_s, end):
    """Return first spikes, peaks and their times for a chunk of samples."""
    order = np.empty(times.shape, np.int64)
    for n in range(times.shape[0]):
        order[n] = np.argsort(times[n])
    shape = (times.shape[0], weights.shape[1])
    first, peak, peak_at = np.empty(shape), np.empty(shape), np.empty(shape)
    forward(times, order, weights, threshold, tau_m, tau_s, end, first, peak, peak_at)
    return first, peak, peak_at
