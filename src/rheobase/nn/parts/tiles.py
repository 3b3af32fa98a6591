"""Convolution of many samples at once: the same pixel of several samples makes a vector.

Images stand as (channels, rows, columns, samples), so that whatever a kernel does to a pixel is
one vector operation for as many samples as a vector holds, whatever its size, stride or dilation.
A tile of outputs and columns is kept in registers while a kernel passes: written with LLVM's
vectors, because no loop over samples stands innermost.
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from contextlib import contextmanager

import llvmlite.ir as ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

_I32, _I64 = ir.IntType(32), ir.IntType(64)
VECTOR = 64
"""Bytes of a vector."""
BLOCK = 8
"""Outputs of a tile."""


def _vector_of(context, array_type):
    """Return the LLVM vector of an array's numbers, and its number of lanes."""
    lanes = VECTOR * 8 // array_type.dtype.bitwidth
    return ir.VectorType(context.get_data_type(array_type.dtype), lanes)


def _begin(context, builder, signature, arguments, k):
    """The place where argument k, an array, has the entry that argument k + 1 says."""
    array = context.make_array(signature.args[k])(context, builder, arguments[k])
    return builder.gep(array.data, [arguments[k + 1]])


def _load(builder, pointer, vector):
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=4)


def _store(builder, value, pointer):
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer()), align=4)


def _spread(builder, number, vector):
    """A vector with the same number in every lane."""
    alone = builder.insert_element(
        ir.Constant(vector, ir.Undefined), number, ir.Constant(ir.IntType(32), 0)
    )
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(alone, ir.Constant(vector, ir.Undefined), zeros)


def _fma(builder, a, b, c):
    kind = ir.FunctionType(a.type, [a.type] * 3)
    name = f"llvm.fma.v{a.type.count}f{32 if isinstance(a.type.element, ir.FloatType) else 64}"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [a, b, c])


def _convolving(columns):
    """Make the tile of `BLOCK` outputs and so many neighboring columns.

    Offsets and strides are counted in numbers. The tile begins with the biases, adds weight times
    pixel for all channels, kernel rows and kernel columns, and stores the first `valid` outputs.
    """

    def typed(typing_context, y, y0, x, x0, w, w0, b, b0, counts, x_steps, y_steps, valid):
        def generate(context, builder, signature, arguments):
            vector = _vector_of(context, signature.args[0])
            y_at, x_at, w_at, b_at = (
                _begin(context, builder, signature, arguments, k) for k in (0, 2, 4, 6)
            )
            channels, kernel_rows, taps = cgutils.unpack_tuple(builder, arguments[8], 3)
            by_channel, by_row, by_tap, by_column = cgutils.unpack_tuple(builder, arguments[9], 4)
            by_output, by_result = cgutils.unpack_tuple(builder, arguments[10], 2)
            sums = [[cgutils.alloca_once(builder, vector) for _ in range(columns)]
                    for _ in range(BLOCK)]  # fmt: skip
            weight = cgutils.alloca_once_value(builder, w_at)
            for o in range(BLOCK):
                bias = builder.load(builder.gep(b_at, [ir.Constant(_I64, o)]))
                for column in range(columns):
                    builder.store(_spread(builder, bias, vector), sums[o][column])
            with cgutils.for_range(builder, channels) as c:
                of_channel = builder.gep(x_at, [builder.mul(c.index, by_channel)])
                with cgutils.for_range(builder, kernel_rows) as k:
                    of_row = builder.gep(of_channel, [builder.mul(k.index, by_row)])
                    with cgutils.for_range(builder, taps) as tap:
                        pixel = builder.gep(of_row, [builder.mul(tap.index, by_tap)])
                        seen = []
                        for _ in range(columns):
                            seen.append(_load(builder, pixel, vector))
                            pixel = builder.gep(pixel, [by_column])
                        at = builder.load(weight)
                        for o in range(BLOCK):
                            number = builder.load(builder.gep(at, [ir.Constant(_I64, o)]))
                            spread = _spread(builder, number, vector)
                            for column in range(columns):
                                place = sums[o][column]
                                total = _fma(builder, spread, seen[column], builder.load(place))
                                builder.store(total, place)
                        builder.store(builder.gep(at, [ir.Constant(_I64, BLOCK)]), weight)
            for o in range(BLOCK):
                with builder.if_then(builder.icmp_signed("<", ir.Constant(_I64, o), arguments[11])):
                    out = builder.gep(y_at, [builder.mul(ir.Constant(_I64, o), by_output)])
                    for column in range(columns):
                        _store(builder, builder.load(sums[o][column]), out)
                        out = builder.gep(out, [by_result])
            return context.get_dummy_value()

        three, four, two = (types.UniTuple(types.int64, n) for n in (3, 4, 2))
        i = types.int64
        return types.void(y, i, x, i, w, i, b, i, three, four, two, i), generate

    typed.__name__ = f"convolving_{columns}"
    return intrinsic(typed)


convolving_1, convolving_2 = _convolving(1), _convolving(2)


def _collecting(outputs, taps):
    """Make the tile of so many outputs and neighboring taps of a kernel's gradient.

    Adds gradient times pixel for all columns of one row to the vectors at `s`.
    """

    def typed(typing_context, s, s0, g, g0, x, x0, columns, s_steps, g_steps, x_steps):
        def generate(context, builder, signature, arguments):
            vector = _vector_of(context, signature.args[0])
            s_at, g_at, x_at = (
                _begin(context, builder, signature, arguments, k) for k in (0, 2, 4)
            )
            s_output, s_tap = cgutils.unpack_tuple(builder, arguments[7], 2)
            g_output, g_column = cgutils.unpack_tuple(builder, arguments[8], 2)
            x_tap, x_column = cgutils.unpack_tuple(builder, arguments[9], 2)

            def sink(o, tap):
                place = builder.mul(ir.Constant(_I64, o), s_output)
                return builder.gep(
                    s_at, [builder.add(place, builder.mul(ir.Constant(_I64, tap), s_tap))]
                )

            sums = [[cgutils.alloca_once(builder, vector) for _ in range(taps)]
                    for _ in range(outputs)]  # fmt: skip
            for o in range(outputs):
                for tap in range(taps):
                    builder.store(_load(builder, sink(o, tap), vector), sums[o][tap])
            with cgutils.for_range(builder, arguments[6]) as j:
                pixel = builder.gep(x_at, [builder.mul(j.index, x_column)])
                seen = []
                for _ in range(taps):
                    seen.append(_load(builder, pixel, vector))
                    pixel = builder.gep(pixel, [x_tap])
                gradient = builder.gep(g_at, [builder.mul(j.index, g_column)])
                for o in range(outputs):
                    here = _load(builder, gradient, vector)
                    gradient = builder.gep(gradient, [g_output])
                    for tap in range(taps):
                        place = sums[o][tap]
                        builder.store(_fma(builder, here, seen[tap], builder.load(place)), place)
            for o in range(outputs):
                for tap in range(taps):
                    _store(builder, builder.load(sums[o][tap]), sink(o, tap))
            return context.get_dummy_value()

        i, two = types.int64, types.UniTuple(types.int64, 2)
        return types.void(s, i, g, i, x, i, i, two, two, two), generate

    typed.__name__ = f"collecting_{outputs}_{taps}"
    return intrinsic(typed)


collecting_8_2, collecting_8_1 = _collecting(8, 2), _collecting(8, 1)
collecting_1_2, collecting_1_1 = _collecting(1, 2), _collecting(1, 1)


def _taps(builder, size, steps, pixel):
    """Loop over the pixels of a window: gives the number and the place of each."""
    rows, columns = cgutils.unpack_tuple(builder, size, 2)
    by_row, by_column = cgutils.unpack_tuple(builder, steps, 2)

    @contextmanager
    def loop():
        with cgutils.for_range(builder, rows) as k:
            row = builder.gep(pixel, [builder.mul(k.index, by_row)])
            with cgutils.for_range(builder, columns) as m:
                number = builder.add(builder.mul(k.index, columns), m.index)
                yield number, builder.gep(row, [builder.mul(m.index, by_column)])

    return loop()


@intrinsic
def largest(typing_context, y, y0, x, x0, which, which0, size, steps):
    """Store the largest of the pixels of a window and its number; the first of equals, or a NaN."""

    def generate(context, builder, signature, arguments):
        vector = _vector_of(context, signature.args[0])
        numbers = ir.VectorType(ir.IntType(8), vector.count)
        y_at, x_at, which_at = (
            _begin(context, builder, signature, arguments, k) for k in (0, 2, 4)
        )
        best = cgutils.alloca_once_value(builder, _load(builder, x_at, vector))
        found = cgutils.alloca_once_value(builder, ir.Constant(numbers, [0] * vector.count))
        with _taps(builder, arguments[6], arguments[7], x_at) as (number, pixel):
            seen, before = _load(builder, pixel, vector), builder.load(best)
            larger = builder.fcmp_ordered(">", seen, before)
            larger = builder.or_(larger, builder.fcmp_unordered("uno", seen, seen))
            builder.store(builder.select(larger, seen, before), best)
            here = _spread(builder, builder.trunc(number, ir.IntType(8)), numbers)
            builder.store(builder.select(larger, here, builder.load(found)), found)
        _store(builder, builder.load(best), y_at)
        place = builder.bitcast(which_at, numbers.as_pointer())
        builder.store(builder.load(found), place, align=1)
        return context.get_dummy_value()

    i, two = types.int64, types.UniTuple(types.int64, 2)
    return types.void(y, i, x, i, which, i, two, two), generate


@intrinsic
def back_to_largest(typing_context, g, g0, x, x0, which, which0, size, steps):
    """Add the gradient to the pixel of a window whose number is stored."""

    def generate(context, builder, signature, arguments):
        vector = _vector_of(context, signature.args[0])
        numbers = ir.VectorType(ir.IntType(8), vector.count)
        g_at, x_at, which_at = (
            _begin(context, builder, signature, arguments, k) for k in (0, 2, 4)
        )
        gradient, zero = _load(builder, g_at, vector), ir.Constant(vector, [0.0] * vector.count)
        found = builder.load(builder.bitcast(which_at, numbers.as_pointer()), align=1)
        with _taps(builder, arguments[6], arguments[7], x_at) as (number, pixel):
            here = _spread(builder, builder.trunc(number, ir.IntType(8)), numbers)
            part = builder.select(builder.icmp_unsigned("==", found, here), gradient, zero)
            _store(builder, builder.fadd(_load(builder, pixel, vector), part), pixel)
        return context.get_dummy_value()

    i, two = types.int64, types.UniTuple(types.int64, 2)
    return types.void(g, i, x, i, which, i, two, two), generate


@njit(cache=True, nogil=True, error_model="numpy")
def convolve(x, w, b, y, x_shape, y_shape, kernel, stride, dilation, lanes):
    """Set y to the convolution of images x with kernels w, plus b.

    Parameters
    ----------
    x, y : arrays in one row
        Images with their padding, and results: (channels, rows, columns, samples), by `x_shape`
        and `y_shape`.
    w : array in one row
        Kernels: (groups, blocks, channels of a group, rows, columns, outputs of a block).
    b : array in one row
        Biases: (groups, blocks, outputs of a block).
    kernel : (groups, channels of a group, outputs of a group, rows, columns)
        Sizes.
    stride, dilation : (int, int)
        Down, right.
    lanes : int
        Numbers in a vector.
    """
    _, height, width, samples = x_shape
    _, rows, columns, _ = y_shape
    groups, channels, outputs, kernel_rows, taps = kernel
    blocks = (outputs + BLOCK - 1) // BLOCK
    counts = (channels, kernel_rows, taps)
    line = width * samples
    x_steps = (height * line, dilation[0] * line, dilation[1] * samples, stride[1] * samples)
    y_steps = (rows * columns * samples, samples)
    size = channels * kernel_rows * taps * BLOCK
    pairs = columns - columns % 2
    for group in range(groups):
        for i in range(rows):
            row = (group * channels * height + i * stride[0]) * line
            for block in range(blocks):
                place = group * blocks + block
                first = group * outputs + block * BLOCK
                out = (first * rows + i) * columns * samples
                valid = min(BLOCK, outputs - block * BLOCK)
                for lane in range(0, samples, lanes):
                    for j in range(0, pairs, 2):
                        convolving_2(y, out + j * samples + lane, x,
                                     row + j * stride[1] * samples + lane, w, place * size, b,
                                     place * BLOCK, counts, x_steps, y_steps, valid)  # fmt: skip
                    for j in range(pairs, columns):
                        convolving_1(y, out + j * samples + lane, x,
                                     row + j * stride[1] * samples + lane, w, place * size, b,
                                     place * BLOCK, counts, x_steps, y_steps, valid)  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def collect(g, x, s, x_shape, y_shape, kernel, stride, dilation, lanes):
    """Add gradient times pixel to s for every weight of the kernels, lane by lane.

    Parameters
    ----------
    g, x : arrays in one row
        Gradients by the results and images with their padding, as in `convolve`.
    s : array in one row
        (outputs, channels of a group, rows, columns, lanes).
    x_shape, y_shape, kernel, stride, dilation, lanes
        As in `convolve`.
    """
    _, height, width, samples = x_shape
    _, rows, columns, _ = y_shape
    groups, channels, outputs, kernel_rows, taps = kernel
    line = width * samples
    of_output = channels * kernel_rows * taps * lanes
    s_steps, x_steps = (of_output, lanes), (dilation[1] * samples, stride[1] * samples)
    g_steps = (rows * columns * samples, samples)
    for group in range(groups):
        for lane in range(0, samples, lanes):
            for i in range(rows):  # a row of gradients stays near while all kernels pass it
                first = 0
                while first < outputs:
                    wide = outputs - first >= BLOCK
                    o = group * outputs + first
                    first += BLOCK if wide else 1
                    g0 = (o * rows + i) * columns * samples + lane
                    for c in range(channels):
                        for k in range(kernel_rows):
                            row = (group * channels + c) * height + i * stride[0] + k * dilation[0]
                            s0 = o * of_output + (c * kernel_rows + k) * taps * lanes
                            tap = 0
                            while tap < taps:
                                pair = taps - tap >= 2
                                x0 = row * line + tap * dilation[1] * samples + lane
                                at = s0 + tap * lanes
                                if wide and pair:
                                    collecting_8_2(s, at, g, g0, x, x0, columns, s_steps, g_steps,
                                                   x_steps)  # fmt: skip
                                elif wide:
                                    collecting_8_1(s, at, g, g0, x, x0, columns, s_steps, g_steps,
                                                   x_steps)  # fmt: skip
                                elif pair:
                                    collecting_1_2(s, at, g, g0, x, x0, columns, s_steps, g_steps,
                                                   x_steps)  # fmt: skip
                                else:
                                    collecting_1_1(s, at, g, g0, x, x0, columns, s_steps, g_steps,
                                                   x_steps)  # fmt: skip
                                tap += 2 if pair else 1


@njit(cache=True, nogil=True, error_model="numpy")
def place(x, buffer, top, left, step):
    """Put images x into a buffer, zeros around them and between their pixels.

    Parameters
    ----------
    x : array, (channels, rows, columns, samples)
        Images.
    buffer : array, (channels, rows, columns, samples or more)
        Is set; pixel (i, j) of x comes to (top + i step, left + j step), if there is one.
    """
    channels, rows, columns, samples = x.shape
    for c in range(channels):
        for r in range(buffer.shape[1]):
            i = (r - top) // step[0]
            inside = i >= 0 and i < rows and i * step[0] == r - top
            if not inside or step[1] > 1 or samples < buffer.shape[3]:
                buffer[c, r, :, :] = 0
            if not inside:
                continue
            if step[1] == 1:
                buffer[c, r, : max(left, 0), :] = 0
                buffer[c, r, min(max(left + columns, 0), buffer.shape[2]) :, :] = 0
            for j in range(columns):
                column = left + j * step[1]
                if column >= 0 and column < buffer.shape[2]:
                    for n in range(samples):
                        buffer[c, r, column, n] = x[c, i, j, n]


@njit(cache=True, nogil=True, error_model="numpy")
def pool(x, y, which, x_shape, y_shape, size, stride, lanes):
    """Set y to the largest pixel of every window, and `which` to its number in the window.

    All are arrays in one row; images stand as (channels, rows, columns, samples).
    """
    _, height, width, samples = x_shape
    channels, rows, columns, _ = y_shape
    steps = (width * samples, samples)
    for c in range(channels):
        for i in range(rows):
            for j in range(columns):
                x0 = ((c * height + i * stride[0]) * width + j * stride[1]) * samples
                y0 = ((c * rows + i) * columns + j) * samples
                for lane in range(0, samples, lanes):
                    largest(y, y0 + lane, x, x0 + lane, which, y0 + lane, size, steps)


@njit(cache=True, nogil=True, error_model="numpy")
def unpool(g, which, g_x, x_shape, y_shape, size, stride, lanes):
    """Add every gradient to the pixel that was the largest; g_x is 0 before."""
    _, height, width, samples = x_shape
    channels, rows, columns, _ = y_shape
    steps = (width * samples, samples)
    for c in range(channels):
        for i in range(rows):
            for j in range(columns):
                x0 = ((c * height + i * stride[0]) * width + j * stride[1]) * samples
                y0 = ((c * rows + i) * columns + j) * samples
                for lane in range(0, samples, lanes):
                    back_to_largest(g, y0 + lane, g_x, x0 + lane, which, y0 + lane, size, steps)
