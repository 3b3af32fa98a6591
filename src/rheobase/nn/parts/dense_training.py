"""Training of small dense networks: epochs, batches, passes and steps, without Python between them.

Inside, numbers stand unit by unit, the samples of a part side by side, so that every line below
is a loop over samples that LLVM makes vectors of. Samples are taken `PART` at a time and filled up
with zeros to whole vectors. Sums over samples have one order.
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import llvmlite.ir as ir
import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from rheobase.rendering.functions import namespace_numba
from rheobase.rendering.intrinsics import fma, sqrt, wide_vectors

exp, log, log1p = (namespace_numba()[name] for name in ("exp", "log", "log1p"))

PART, LANES = 256, 8

# Columns of the table of layers: numbers of units, places in the vector of parameters, places in
# the memory for samples (SLOPE: of what the derivative of the activation is computed from, z or y),
# addresses of compiled activations (0: linear).
(INPUTS, UNITS, WEIGHTS, BIAS, BEFORE, NET, AFTER, BACK, BACK_NET, SLOPE, VALUES_AT,
 BACK_AT) = range(12)  # fmt: skip
SQUARED, BINARY, CLASSES = range(3)  # losses
SGD, ADAM = range(2)  # optimizers
# Numbers of an optimizer.
MOMENTUM, NESTEROV, DECAY, DECOUPLED, FIRST, SECOND, EPSILON = range(7)
LOSS, NORM, SIZES = 0, 1, 2  # columns of a record; accuracy stands in the last


# without the wrappers for Python and C, which nobody calls, these compile faster
_inner = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _calling(count):
    """Make a call of a C function of so many int64 at an address."""

    def generate(context, builder, signature, arguments):
        i64 = ir.IntType(64)
        kind = ir.FunctionType(ir.VoidType(), [i64] * count)
        builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), arguments[1:])
        return context.get_dummy_value()

    return types.void(*[types.int64] * (count + 1)), generate


@intrinsic
def call3(typing_context, address, a, b, c):
    """Call the C function at an address with three numbers."""
    return _calling(3)


@intrinsic
def call4(typing_context, address, a, b, c, d):
    """Call the C function at an address with four numbers."""
    return _calling(4)


@intrinsic
def dot(typing_context, memory, a, b, n):
    """Sum of products of n numbers at places a and b: four sums of vectors, then lane by lane."""

    def generate(context, builder, signature, arguments):
        i64, double = ir.IntType(64), ir.DoubleType()
        vector = ir.VectorType(double, LANES)
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        a_at, b_at = (builder.gep(data, [arguments[k]]) for k in (1, 2))
        kind = ir.FunctionType(vector, [vector] * 3)
        name = f"llvm.fma.v{LANES}f64"
        multiply_add = cgutils.get_or_insert_function(builder.module, kind, name)
        zero = ir.Constant(vector, [0.0] * LANES)
        sums = [cgutils.alloca_once_value(builder, zero) for _ in range(4)]

        def add(index, place):
            parts = [
                builder.load(
                    builder.bitcast(builder.gep(at, [index]), vector.as_pointer()), align=8
                )
                for at in (a_at, b_at)
            ]
            builder.store(builder.call(multiply_add, [*parts, builder.load(place)]), place)

        four, one = (ir.Constant(i64, k * LANES) for k in (4, 1))
        whole = builder.sub(arguments[3], builder.srem(arguments[3], four))
        with cgutils.for_range_slice(builder, ir.Constant(i64, 0), whole, four) as (index, _):
            for k, place in enumerate(sums):
                add(builder.add(index, ir.Constant(i64, k * LANES)), place)
        with cgutils.for_range_slice(builder, whole, arguments[3], one) as (index, _):
            add(index, sums[0])
        first, second, third, fourth = (builder.load(place) for place in sums)
        total = builder.fadd(builder.fadd(first, second), builder.fadd(third, fourth))
        lanes = [
            builder.extract_element(total, ir.Constant(ir.IntType(32), k)) for k in range(LANES)
        ]
        while len(lanes) > 1:
            lanes = [builder.fadd(x, y) for x, y in zip(lanes[::2], lanes[1::2], strict=True)]
        return lanes[0]

    i = types.int64
    return types.float64(memory, i, i, i), generate


@_inner
def forward(theta, memory, layers, n):
    """z_j = b_j + sum_i w_ij x_i for all units and n samples of a layer, then y = f(z)."""
    wide_vectors()
    address = np.int64(memory.ctypes.data)
    for layer in layers:
        inputs, units = layer[INPUTS], layer[UNITS]
        for j in range(units):
            z = memory[layer[NET] + j * PART : layer[NET] + j * PART + n]
            z[:] = theta[layer[BIAS] + j] if layer[BIAS] >= 0 else 0.0
            for i in range(inputs):
                x = memory[layer[BEFORE] + i * PART : layer[BEFORE] + i * PART + n]
                w = theta[layer[WEIGHTS] + i * units + j]
                for k in range(n):
                    z[k] = fma(w, x[k], z[k])
        if layer[VALUES_AT] != 0:
            for j in range(units):
                place = 8 * j * PART
                call3(layer[VALUES_AT], address + 8 * layer[NET] + place,
                      address + 8 * layer[AFTER] + place, n)  # fmt: skip


@_inner
def backward(theta, gradient, memory, layers, ones, n, last_is_done):
    """From dL/dy of the last layer to the gradients of all parameters, which are added to."""
    wide_vectors()
    address = np.int64(memory.ctypes.data)
    for number in range(len(layers) - 1, -1, -1):
        layer = layers[number]
        inputs, units, back = layer[INPUTS], layer[UNITS], layer[BACK]
        if layer[BACK_AT] != 0 and not (last_is_done and number == len(layers) - 1):
            # dL/dz = dL/dy f'(z), to another place: in place it could not be done in vectors
            for j in range(units):
                z, g, out = layer[SLOPE] + j * PART, back + j * PART, layer[BACK_NET] + j * PART
                call4(layer[BACK_AT], address + 8 * z, address + 8 * g, address + 8 * out, n)
            back = layer[BACK_NET]
        for j in range(units):
            g = back + j * PART
            for i in range(inputs):  # dL/dw_ij = sum of x_i dL/dz_j
                at = layer[WEIGHTS] + i * units + j
                gradient[at] += dot(memory, layer[BEFORE] + i * PART, g, n)
            if layer[BIAS] >= 0:  # dL/db_j = sum of dL/dz_j
                gradient[layer[BIAS] + j] += dot(memory, ones, g, n)
        if number == 0:
            return
        before = layers[number - 1][BACK]
        for i in range(inputs):  # dL/dx_i = sum_j w_ij dL/dz_j
            out = memory[before + i * PART : before + i * PART + n]
            out[:] = 0.0
            for j in range(units):
                g_j = memory[back + j * PART : back + j * PART + n]
                w = theta[layer[WEIGHTS] + i * units + j]
                for k in range(n):
                    out[k] = fma(w, g_j[k], out[k])


@_inner
def squared(memory, layer, target, each, n):
    """(y - t)^2 for each sample, and 2 (y - t)."""
    wide_vectors()
    for j in range(layer[UNITS]):
        y = memory[layer[AFTER] + j * PART : layer[AFTER] + j * PART + n]
        g = memory[layer[BACK] + j * PART : layer[BACK] + j * PART + n]
        t, e = memory[target + j * PART : target + j * PART + n], memory[each : each + n]
        for k in range(n):
            error = y[k] - t[k]
            e[k] = fma(error, error, e[k])
            g[k] = 2.0 * error


@_inner
def binary(memory, layer, target, each, n):
    """log(1 + exp(z)) - t z for each sample, and y - t, where y is the logistic of z."""
    wide_vectors()
    for j in range(layer[UNITS]):
        z = memory[layer[NET] + j * PART : layer[NET] + j * PART + n]
        y = memory[layer[AFTER] + j * PART : layer[AFTER] + j * PART + n]
        g = memory[layer[BACK] + j * PART : layer[BACK] + j * PART + n]
        t, e = memory[target + j * PART : target + j * PART + n], memory[each : each + n]
        for k in range(n):
            positive = max(z[k], 0.0)
            e[k] += positive + log1p(exp(-abs(z[k]))) - t[k] * z[k]
            g[k] = y[k] - t[k]


@_inner
def classes(memory, layer, target, each, spare, n):
    """log(sum of exp(z)) - z of the target for each sample, and softmax(z) - target."""
    wide_vectors()
    units, e = layer[UNITS], memory[each : each + n]
    top, total = memory[spare : spare + n], memory[spare + PART : spare + PART + n]
    for k in range(n):
        top[k] = -np.inf
        total[k] = 0.0
    for j in range(units):
        z = memory[layer[NET] + j * PART : layer[NET] + j * PART + n]
        for k in range(n):
            top[k] = max(top[k], z[k])
    for j in range(units):
        z = memory[layer[NET] + j * PART : layer[NET] + j * PART + n]
        g = memory[layer[BACK] + j * PART : layer[BACK] + j * PART + n]
        for k in range(n):
            g[k] = exp(z[k] - top[k])
            total[k] += g[k]
    for j in range(units):
        z = memory[layer[NET] + j * PART : layer[NET] + j * PART + n]
        g = memory[layer[BACK] + j * PART : layer[BACK] + j * PART + n]
        t = memory[target + j * PART : target + j * PART + n]
        for k in range(n):
            e[k] += t[k] * (log(total[k]) + top[k] - z[k])
            g[k] = g[k] / total[k] - t[k]


@_inner
def right_answers(memory, layer, target, n):
    """How many of n samples have the right answer: the largest output, or one above 1/2."""
    units, found = layer[UNITS], 0
    if units == 1:
        y, t = memory[layer[AFTER] : layer[AFTER] + n], memory[target : target + n]
        for k in range(n):
            found += (y[k] > 0.5) == (t[k] > 0.5)
        return found
    for k in range(n):
        best, wanted = 0, 0
        for j in range(1, units):
            at = j * PART + k
            if memory[layer[AFTER] + at] > memory[layer[AFTER] + best * PART + k]:
                best = j
            if memory[target + at] > memory[target + wanted * PART + k]:
                wanted = j
        found += best == wanted
    return found


@_inner
def fetch(values, order, first, samples, memory, place, n):
    """Put some samples into memory, feature by feature, and zeros up to n; no order: as given."""
    for i in range(len(values)):
        row, at = values[i], place + i * PART
        if len(order) == 0:
            some, here = row[first : first + samples], memory[at : at + samples]
            for k in range(samples):
                here[k] = some[k]
        else:
            for k in range(samples):
                memory[at + k] = row[order[first + k]]
        memory[at + samples : at + n] = 0.0


@_inner
def part_of_batch(x, t, order, span, theta, gradient, memory, layers, places, loss, accuracy):
    """Forward and backward pass of some samples; return the sum of losses and right answers."""
    target, each, ones, spare = places
    first, samples = span
    n = -(-samples // LANES) * LANES
    last = layers[-1]
    fetch(x, order, first, samples, memory, layers[0][BEFORE], n)
    fetch(t, order, first, samples, memory, target, n)
    memory[each : each + n] = 0.0
    forward(theta, memory, layers, n)
    if loss == SQUARED:
        squared(memory, last, target, each, n)
    elif loss == BINARY:
        binary(memory, last, target, each, n)
    else:
        classes(memory, last, target, each, spare, n)
    for j in range(last[UNITS]):  # what was added to fill up vectors is no sample
        memory[last[BACK] + j * PART + samples : last[BACK] + j * PART + n] = 0.0
    memory[each + samples : each + n] = 0.0
    backward(theta, gradient, memory, layers, ones, n, loss != SQUARED)
    found = right_answers(memory, last, target, samples) if accuracy else 0
    return dot(memory, each, ones, n), found


@_inner
def descend(theta, gradient, state, numbers, optimizer, rate, count):
    """A step of the optimizer, as `optimizers` says it."""
    wide_vectors()
    size, decay = len(theta), numbers[DECAY]
    pull = decay if numbers[DECOUPLED] == 0.0 else 0.0
    if optimizer == ADAM:
        m, s = state[0], state[1]
        first, second, epsilon = numbers[FIRST], numbers[SECOND], numbers[EPSILON]
        shrink = 1.0 - rate * decay if numbers[DECOUPLED] != 0.0 else 1.0
        scale = 1.0 / sqrt(1.0 - second**count)
        step = rate / (1.0 - first**count)
        for k in range(size):
            g = gradient[k] + pull * theta[k]
            m[k] = first * m[k] + (1.0 - first) * g
            s[k] = second * s[k] + (1.0 - second) * (g * g)
            theta[k] = shrink * theta[k] - step * (m[k] / (sqrt(s[k]) * scale + epsilon))
        return
    m, momentum, ahead = state[0], numbers[MOMENTUM], numbers[NESTEROV] != 0.0
    for k in range(size):
        g = gradient[k] + pull * theta[k]
        m[k] = momentum * m[k] + g
        theta[k] -= rate * (g + momentum * m[k] if ahead else m[k])


@_inner
def measure(row, gradient, layers, columns):
    """Write the norm of the gradient, and its mean size by the weights of each layer."""
    total = 0.0
    for k in range(len(gradient)):
        total += gradient[k] * gradient[k]
    row[NORM] = sqrt(total)
    for number in range(len(layers)):
        begin = layers[number][WEIGHTS]
        count = layers[number][INPUTS] * layers[number][UNITS]
        size = 0.0
        for k in range(begin, begin + count):
            size += abs(gradient[k])
        row[SIZES + columns[number]] = size / count


@njit(cache=True, nogil=True, error_model="numpy")
def train(x, t, orders, batch, rates, theta, gradient, state, numbers, memory, layers, columns,
          places, kinds, count, rows):  # fmt: skip
    """Train for some epochs.

    Parameters
    ----------
    x, t : array, (features, samples)
        Inputs and targets.
    orders : array, (epochs, samples) or (1, 0)
        Order of the samples; none: as they stand.
    batch : int
        Samples in a batch.
    rates : array, (epochs,)
        Learning rates.
    theta, gradient, state, numbers
        Parameters, their gradient, memory and numbers of the optimizer.
    memory, layers, columns, places
        Room for the numbers of a part, table of layers, their columns in a record, places in
        memory: targets, loss of each sample, ones, two spare rows.
    kinds : (int, int, int, float)
        Loss, optimizer, whether accuracy is wanted, what a mean loss is divided by a sample.
    count : int
        Steps made before.
    rows : array, (batches, columns)
        Takes the records.
    """
    loss, optimizer, accuracy, outputs = kinds
    samples, row = x.shape[1], 0
    for epoch in range(len(rates)):
        order = orders[epoch if len(orders) > 1 else 0]
        for begin in range(0, samples, batch):
            end = min(begin + batch, samples)
            gradient[:] = 0.0
            total, found = 0.0, 0
            for first in range(begin, end, PART):
                span = first, min(PART, end - first)
                more, right = part_of_batch(x, t, order, span, theta, gradient, memory, layers,
                                            places, loss, accuracy)  # fmt: skip
                total += more
                found += right
            scale = 1.0 / ((end - begin) * outputs)
            for k in range(len(gradient)):
                gradient[k] *= scale
            rows[row, LOSS] = total * scale
            if accuracy:
                rows[row, rows.shape[1] - 1] = found / (end - begin)
            measure(rows[row], gradient, layers, columns)
            count += 1
            descend(theta, gradient, state, numbers, optimizer, rates[epoch], count)
            row += 1
    return count
