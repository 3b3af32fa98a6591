"""Exponentials, logarithms and what is made of them, written once in plain arithmetic.

The bodies use only `+ - * /`, comparisons, integer operations and the primitives imported
below. As they stand they work on NumPy scalars and arrays; `functions.namespace_numba` binds
the same code to compiled primitives. There are no branches, so that loops vectorise; a choice
is a `select` between results that are all computed.

Polynomials were fitted to the functions (Chebyshev nodes, 250 bits) for this module. The usual
method throughout: reduce the argument to a small interval, evaluate a polynomial there, put
the reduction back (J.-M. Muller, Elementary Functions, 3rd ed., Birkhauser 2016).
"""

from __future__ import annotations

from rheobase.rendering.primitives import (
    Value,
    bits_to_float,
    copysign,
    fabs,
    float_to_bits,
    fma,
    fma_exact,
    rint,
    select,
    shift_right,
)

NAN = float("nan")
INF = float("inf")

ROUNDER = 1.5 * 2.0**52
"""Added to |x| < 2**51 it leaves the nearest integer to x in the low bits."""

LOG2_E = 1.4426950408889634
LN2_HIGH = 0.6931471803691238  # 32 bits: its product with an exponent is exact
LN2_LOW = 1.9082149292705877e-10

NUDGE = 1.2345e-290
"""Added to a number it takes it away from 0, and changes no bit of one beyond 1e-270."""

EXP_LOWEST = -708.0
EXP_HIGHEST = 709.782712893384
COSH_HIGHEST = 710.4758600739439

ONE_EXPONENT = 1023 << 52
MANTISSA_MASK = (1 << 52) - 1
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
LOG_SHIFT = ONE_EXPONENT - SQRT_HALF_BITS
INTEGER_BITS = 0x4330000000000000  # the bits of 2**52
INTEGER_ZERO = 2.0**52 + 1023.0
MIN_NORMAL = 2.0**-1022
SUBNORMAL_SCALE = 2.0**54


# ---------------------------------------------------------------------------- exponentials


def _exp_tail(r: Value) -> Value:
    """q(r) with exp(r) = 1 + r + r**2 q(r), for |r| <= ln(2)/2; relative error of exp 2e-17.

    Even and odd powers apart: half as many operations wait for each other.
    """
    z = r * r
    even = fma(2.7620075879983367e-07, z, 2.4801521322368692e-05)
    odd = fma(2.5100375832561234e-08, z, 2.7557268480310024e-06)
    even = fma(even, z, 0.0013888888917196719)
    odd = fma(odd, z, 0.00019841269863040545)
    even = fma(even, z, 0.041666666666624164)
    odd = fma(odd, z, 0.008333333333330065)
    even = fma(even, z, 0.5000000000000001)
    odd = fma(odd, z, 0.16666666666666669)
    return fma(odd, r, even)


def _reduce_exp(x: Value) -> Value:
    """x = n ln(2) + r as (n + ROUNDER, r)."""
    rounded = fma(x, LOG2_E, ROUNDER)
    n = rounded - ROUNDER
    return rounded, fma(n, -LN2_LOW, fma(n, -LN2_HIGH, x))


def _power_of_two(rounded: Value, more: int) -> Value:
    """2**(n + more) from n + ROUNDER, where that is a normal float64."""
    return bits_to_float((float_to_bits(rounded) << 52) + ((1023 + more) << 52))


def exp(x: Value) -> Value:
    """exp(x), within 1 ulp; 0 below -708 (exp(-708) is 3.3e-308), inf above 709.78."""
    rounded, r = _reduce_exp(x)
    twice = fma(r + r, fma(_exp_tail(r), r, 1.0), 2.0)
    y = twice * _power_of_two(rounded, -1)
    return select(x < EXP_LOWEST, 0.0, select(x > EXP_HIGHEST, INF, y))


def expm1(x: Value) -> Value:
    """exp(x) - 1, within 3 ulp, also where x is small; -1 below -40."""
    low = select(x < -40.0, -40.0, x)
    rounded, r = _reduce_exp(low)
    half = _power_of_two(rounded, -1)
    y = 2.0 * fma(half, fma(_exp_tail(r), r * r, r), half - 0.5)
    return select(x > EXP_HIGHEST, INF, select(fabs(x) < 1e-17, x, y))


def exprel(x: Value) -> Value:
    """(exp(x) - 1)/x, 1 at 0; within 4 ulp everywhere, 0 at -inf, inf above 717."""
    x = x + NUDGE
    high = select(x > 717.0, 717.0, x)
    rounded, r = _reduce_exp(select(high < -40.0, -40.0, high))
    small = _power_of_two(rounded, -11)
    y = fma(small, fma(_exp_tail(r), r * r, r), small - 0.00048828125)
    return y / high * 2048.0


def bernoulli(x: Value) -> Value:
    """x/(exp(x) - 1), 1 at 0, with one division; within 4 ulp; inf at -inf, 0 above 709.78."""
    x = x + NUDGE
    high = select(x > 710.0, 710.0, x)
    rounded, r = _reduce_exp(select(high < -40.0, -40.0, high))
    half = _power_of_two(rounded, -1)
    y = 2.0 * fma(half, fma(_exp_tail(r), r * r, r), half - 0.5)
    return high / y


def exprel_derivative(x: Value, f: Value) -> Value:
    """The derivative of exprel, f - (f - 1)/x, with f = exprel(x); 1/2 at 0.

    The Taylor series, with coefficients n/(n + 1)!, where |x| < 1. Within 10 + |x| ulp.
    """
    near = select(fabs(x) < 1.0, x, 0.0)
    z = near * near
    even = fma(2.6552651846596585e-15, z, 7.169215998581078e-13)
    odd = fma(1.4797143443923793e-16, z, 4.498331606952833e-14)
    even = fma(even, z, 1.4911969277048643e-10)
    odd = fma(odd, z, 1.0706029224547743e-11)
    even = fma(even, z, 2.296443268665491e-08)
    odd = fma(odd, z, 1.9270852604185937e-09)
    even = fma(even, z, 2.48015873015873e-06)
    odd = fma(odd, z, 2.505210838544172e-07)
    even = fma(even, z, 0.00017361111111111112)
    odd = fma(odd, z, 2.2045855379188714e-05)
    even = fma(even, z, 0.006944444444444444)
    odd = fma(odd, z, 0.0011904761904761906)
    even = fma(even, z, 0.125)
    odd = fma(odd, z, 0.03333333333333333)
    even = fma(even, z, 0.5)
    odd = fma(odd, z, 0.3333333333333333)
    inverse = 1.0 / select(fabs(x) < 1.0, 1.0, x)
    far = fma(f, 1.0 - inverse, inverse)
    return select(fabs(x) < 1.0, fma(odd, near, even), far)


def bernoulli_derivative(x: Value, f: Value) -> Value:
    """The derivative of bernoulli, f*(1 - f - x)/x, with f = bernoulli(x); -1/2 at 0.

    For x < 0 it is -1 less its value at -x, where bernoulli is f + x. Where |x| < 1 the Taylor
    series, with coefficients B_n/(n - 1)! of Bernoulli's numbers. Within 10 + |x| ulp; NaN at
    infinities.
    """
    size = fabs(x)
    near = select(size < 1.0, x, 0.0)
    z = near * near
    series = fma(1.2119806222392504e-16, z, -4.349737397116123e-15)
    series = fma(series, z, 1.545491170130012e-13)
    series = fma(series, z, -5.423488474116132e-12)
    series = fma(series, z, 1.873555114295855e-10)
    series = fma(series, z, -6.3410281664249915e-09)
    series = fma(series, z, 2.08767569878681e-07)
    series = fma(series, z, -6.613756613756614e-06)
    series = fma(series, z, 0.0001984126984126984)
    series = fma(series, z, -0.005555555555555556)
    series = fma(series, z, 0.16666666666666666)
    far = select(size < 1.0, 1.0, size)
    b = select(x < 0.0, f + x, f)
    slope = b * (((1.0 - b) - far) / far)
    slope = select(x < 0.0, -1.0 - slope, slope)
    return select(size < 1.0, fma(series, near, -0.5), slope)


def _half_exp(x: Value) -> Value:
    """exp(x)/2 for x >= 0; inf above 710.47, where exp(x)/2 leaves float64."""
    rounded, r = _reduce_exp(x)
    y = fma(_exp_tail(r), r * r, r) + 1.0
    return select(x > COSH_HIGHEST, INF, y * _power_of_two(rounded, -2) * 2.0)


def sinh(x: Value) -> Value:
    """The hyperbolic sine, within 3 ulp."""
    size = fabs(x)
    rounded, r = _reduce_exp(size)
    quarter = _power_of_two(rounded, -2)
    y = 2.0 * fma(quarter, fma(_exp_tail(r), r * r, r), quarter - 0.25)  # expm1(size)/2
    y = y + y / fma(2.0, y, 1.0)
    y = select(size > COSH_HIGHEST, INF, y)
    return select(size < 1e-9, x, copysign(y, x))


def cosh(x: Value) -> Value:
    """The hyperbolic cosine, within 2 ulp."""
    half = _half_exp(fabs(x))
    return half + 0.25 / half


def tanh(x: Value) -> Value:
    """The hyperbolic tangent, within 3 ulp."""
    size = fabs(x)
    size = select(size > 20.0, 20.0, size)
    rounded, r = _reduce_exp(-2.0 * size)
    scale = _power_of_two(rounded, 0)
    y = fma(scale, fma(_exp_tail(r), r * r, r), scale - 1.0)  # expm1(-2 size)
    return copysign(-y / (y + 2.0), x)


# ------------------------------------------------------------------------------ logarithms


def _split_float(x: Value) -> Value:
    """x > 0 as 2**k * m with sqrt(1/2) <= m < sqrt(2): (bits of k + 1023, m)."""
    bits = float_to_bits(x) + LOG_SHIFT
    return shift_right(bits, 52), bits_to_float((bits & MANTISSA_MASK) + SQRT_HALF_BITS)


def _log_sum(f: Value, k: Value) -> Value:
    """k ln(2) + log(1 + f) for sqrt(1/2) <= 1 + f < sqrt(2)."""
    s = f / (2.0 + f)
    z = s * s
    tail = fma(0.14616449685043406, z, 0.15331721600556042)
    tail = fma(tail, z, 0.18182889125261723)
    tail = fma(tail, z, 0.2222221113479508)
    tail = fma(tail, z, 0.28571428625975487)
    tail = fma(tail, z, 0.39999999999899505)
    tail = fma(tail, z, 0.666666666666667)
    half_square = 0.5 * f * f
    correction = fma(s, fma(tail, z, half_square), k * LN2_LOW)
    return fma(k, LN2_HIGH, f - (half_square - correction))


def _exponent(biased: Value) -> Value:
    """The integer k as a float64 from the bits of k + 1023."""
    return bits_to_float(biased | INTEGER_BITS) - INTEGER_ZERO


def _log_ends(x: Value, y: Value) -> Value:
    """y, the logarithm of x, but -inf at 0, inf at inf and NaN below 0."""
    ends = select(x > 0.0, x, select(x == 0.0, -INF, NAN))
    return select((x > 0.0) & (x < INF), y, ends)


def log(x: Value) -> Value:
    """The natural logarithm, within 1 ulp; -inf at 0, NaN below."""
    tiny = x < MIN_NORMAL
    biased, m = _split_float(select(tiny, x * SUBNORMAL_SCALE, x))
    k = _exponent(biased) - select(tiny, 54.0, 0.0)
    return _log_ends(x, _log_sum(m - 1.0, k))


def log_positive(x: Value) -> Value:
    """The natural logarithm of normal x, 0 < x < inf: `log` without the care for other x."""
    biased, m = _split_float(x)
    return _log_sum(m - 1.0, _exponent(biased))


def log1p(x: Value) -> Value:
    """log(1 + x), within 2 ulp, also where x is small; -inf at -1, NaN below."""
    u = 1.0 + x
    lost = select(x > 1.0, 1.0 - (u - x), x - (u - 1.0))
    biased, m = _split_float(u)
    f = (m - 1.0) + 0.5 * lost * bits_to_float((2047 - biased) << 52)
    return select(fabs(x) < 1e-17, x, _log_ends(u, _log_sum(f, _exponent(biased))))


def _log_pair(x: Value) -> Value:
    """log(x) = k ln(2) + high + low for 0 < x < inf, with some 64 bits in high + low."""
    tiny = x < MIN_NORMAL
    biased, m = _split_float(select(tiny, x * SUBNORMAL_SCALE, x))
    k = _exponent(biased) - select(tiny, 54.0, 0.0)
    f = m - 1.0
    d = 2.0 + f
    d_low = f - (d - 2.0)
    inverse = 1.0 / d
    s = f * inverse
    s_low = (fma_exact(-s, d, f) - s * d_low) * inverse
    z = s * s
    z_low = fma_exact(s, s, -z) + 2.0 * s * s_low
    # log(m) = 2 s + s z (2/3 + z tail)
    tail = fma(0.10762291418628644, z, 0.10456341945425285)
    tail = fma(tail, z, 0.11766812466114947)
    tail = fma(tail, z, 0.13333296549572363)
    tail = fma(tail, z, 0.15384615760977463)
    tail = fma(tail, z, 0.18181818179658246)
    tail = fma(tail, z, 0.22222222222228424)
    tail = fma(tail, z, 0.28571428571428564)
    tail = fma(tail, z, 0.4) * z
    a = 0.6666666666666666 + tail
    a_low = (0.6666666666666666 - a) + tail + 3.700743415417188e-17
    b = z * a
    b_low = fma_exact(z, a, -b) + (z * a_low + z_low * a)
    c = s * b
    c_low = fma_exact(s, b, -c) + (s * b_low + s_low * b)
    twice = 2.0 * s
    high = twice + c
    low = (twice - high) + c + (c_low + 2.0 * s_low)
    return k, high, low


def _log_base(x: Value, scale: float, scale_low: float, two: float, two_low: float) -> Value:
    """log(x)*scale, where two = log(2)*scale; both constants in two parts."""
    k, high, low = _log_pair(x)
    y = high * scale
    y_low = fma_exact(high, scale, -y) + (high * scale_low + low * scale)
    whole = k * two
    total = whole + y
    return _log_ends(x, total + ((whole - total) + y + (y_low + k * two_low)))


def log10(x: Value) -> Value:
    """The logarithm to base 10, within 1 ulp; exact at powers of ten."""
    return _log_base(
        x, 0.4342944819032518, 1.098319650216765e-17, 0.3010299955494702, 1.1451100898021838e-10
    )


def log2(x: Value) -> Value:
    """The logarithm to base 2, within 1 ulp; exact at powers of two."""
    return _log_base(x, 1.4426950408889634, 2.0355273740931033e-17, 1.0, 0.0)


# ---------------------------------------------------------------------------------- powers


def _power_size(x: Value, y: Value) -> Value:
    """x**y for x >= 0: exp(y log(x)) with the logarithm in two parts."""
    k, high, low = _log_pair(x)
    whole = k * LN2_HIGH
    total = whole + high
    rest = (whole - total) + high + (low + k * LN2_LOW)
    edge = (x == 0.0) | (x == INF)
    total = select(edge, select(x == 0.0, -INF, INF), total)
    exponent = y * total
    outside = edge | (fabs(exponent) > 800.0)
    more = select(outside, 0.0, fma_exact(y, total, -exponent) + y * rest)
    bounded = select(exponent > 800.0, 800.0, select(exponent < -800.0, -800.0, exponent))
    rounded, r = _reduce_exp(bounded)
    r = r + more
    twice = fma(r + r, fma(_exp_tail(r), r, 1.0), 2.0)
    z = twice * _power_of_two(rounded, -1)
    z = select(exponent < EXP_LOWEST, 0.0, select(exponent > EXP_HIGHEST, INF, z))
    return select((x == 1.0) | (y == 0.0), 1.0, z)


def power(x: Value, y: Value) -> Value:
    """x**y, within 1 ulp; as in C and NumPy for signs, zeros and infinities.

    NaN where x < 0 and y is no integer. Results below 3e-308 are 0.
    """
    whole = rint(y) == y
    half = 0.5 * y
    odd = whole & (rint(half) != half)
    size = _power_size(fabs(x), y)
    # the sign bit decides, so that -0.0 to an odd power keeps its sign
    signed = copysign(size, select(odd, x, 1.0))
    impossible = (x < 0.0) & (x > -INF) & ~whole
    known = select(impossible, NAN, signed)
    defined = ((x == x) & (y == y)) | (y == 0.0) | (x == 1.0)
    return select(defined, known, NAN)


# ------------------------------------------------------------------------------------- erf


def _erf_small(x: Value) -> Value:
    """erf(x) for |x| <= 1."""
    z = x * x
    p = fma(5.957176147748911e-11, z, -1.1372848856791674e-09)
    p = fma(p, z, 1.4659775274047436e-08)
    p = fma(p, z, -1.6350312701054695e-07)
    p = fma(p, z, 1.6461000484121368e-06)
    p = fma(p, z, -1.4925595266831182e-05)
    p = fma(p, z, 0.0001205533111164271)
    p = fma(p, z, -0.000854832698083379)
    p = fma(p, z, 0.0052239776248180145)
    p = fma(p, z, -0.026866170645076792)
    p = fma(p, z, 0.11283791670954879)
    p = fma(p, z, -0.3761263890318375)
    return x * fma(p, z, 1.1283791670955126)


def _erfc_scaled(x: Value) -> Value:
    """exp(x**2) (1 - erf(x)) for 1 <= x <= 6, to what 1 - erf(x) needs."""
    t = (x - 1.0) / (x + 3.0)
    p = fma(0.0003737249448768534, t, -0.0013502170899051355)
    p = fma(p, t, 0.001033154840334667)
    p = fma(p, t, 0.001419498155018936)
    p = fma(p, t, 0.000596629445949099)
    p = fma(p, t, -0.008502449201124163)
    p = fma(p, t, -0.00215464056173559)
    p = fma(p, t, 0.04263768227726755)
    p = fma(p, t, -0.022371158943676073)
    p = fma(p, t, -0.2239468609651617)
    p = fma(p, t, 0.7239166828972577)
    p = fma(p, t, -1.2234841075412894)
    p = fma(p, t, 1.3770969228160688)
    p = fma(p, t, -1.0928480591356025)
    return fma(p, t, 0.427583576155807)


def erf(x: Value) -> Value:
    """The error function, within 3 ulp."""
    size = fabs(x)
    size = select(size > 6.0, 6.0, size)
    rounded, r = _reduce_exp(-size * size)
    gauss = (fma(_exp_tail(r), r * r, r) + 1.0) * _power_of_two(rounded, 0)
    large = 1.0 - gauss * _erfc_scaled(size)
    return copysign(select(size > 1.0, large, _erf_small(size)), x)
