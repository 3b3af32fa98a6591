"""Sines, arcs and the small functions (rounding, extrema, remainders), written once.

See `exponential.py` for how the bodies serve NumPy and compiled code alike.
"""

from __future__ import annotations

from rheobase.rendering.exponential import INF, NAN, ROUNDER
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
    trunc,
)
from rheobase.rendering.primitives import ceil as ceil_primitive
from rheobase.rendering.primitives import floor as floor_primitive
from rheobase.rendering.primitives import sqrt as sqrt_primitive

TWO_OVER_PI = 0.6366197723675814
# pi/2 in three float64
HALF_PI = 1.5707963267948966
HALF_PI_LOW = 6.123233995736766e-17
HALF_PI_LOWEST = -1.4973849048591698e-33
QUARTER_PI = 0.7853981633974483
QUARTER_PI_LOW = 3.061616997868383e-17
PI = 3.141592653589793
PI_LOW = 1.2246467991473532e-16
TAN_PI_8 = 0.41421356237309503
TAN_3PI_8 = 2.414213562373095
LARGEST_ANGLE = 2.0**50


# ------------------------------------------------------------------------------ sine, cosine


def _reduce_angle(x: Value) -> Value:
    """x = n pi/2 + r with |r| <= pi/4, as (bits of n modulo 4, r)."""
    rounded = fma(x, TWO_OVER_PI, ROUNDER)
    n = rounded - ROUNDER
    r = fma_exact(n, -HALF_PI, x)
    r = fma_exact(n, -HALF_PI_LOW, r)
    r = fma(n, -HALF_PI_LOWEST, r)
    return float_to_bits(rounded) & 3, select(fabs(x) < LARGEST_ANGLE, r, NAN)


def _sin_near_zero(r: Value) -> Value:
    """sin(r) for |r| <= pi/4."""
    z = r * r
    p = fma(-7.586685070091267e-13, z, 1.605853141458901e-10)
    p = fma(p, z, -2.5052106231157904e-08)
    p = fma(p, z, 2.7557319219335453e-06)
    p = fma(p, z, -0.0001984126984126506)
    p = fma(p, z, 0.008333333333333331)
    p = fma(p, z, -0.16666666666666666)
    return fma(p, z * r, r)


def _cos_near_zero(r: Value) -> Value:
    """cos(r) for |r| <= pi/4."""
    z = r * r
    p = fma(4.7458652037874553e-14, z, -1.1470460773969325e-11)
    p = fma(p, z, 2.0876755790363397e-09)
    p = fma(p, z, -2.755731922140076e-07)
    p = fma(p, z, 2.4801587301584645e-05)
    p = fma(p, z, -0.0013888888888888887)
    p = fma(p, z, 0.041666666666666664)
    half = 0.5 * z
    high = 1.0 - half
    return high + fma(p, z * z, (1.0 - high) - half)


def _signed(quadrant: Value, y: Value) -> Value:
    """y with its sign turned in quadrants 2 and 3."""
    return bits_to_float(float_to_bits(y) ^ ((quadrant & 2) << 62))


def sin(x: Value) -> Value:
    """The sine, within 2 ulp for |x| < 2**30 (1e9); NaN from 2**50 on, where digits run out."""
    quadrant, r = _reduce_angle(x)
    y = select((quadrant & 1) == 1, _cos_near_zero(r), _sin_near_zero(r))
    return select(x == 0.0, x, _signed(quadrant, y))


def cos(x: Value) -> Value:
    """The cosine, within 2 ulp for |x| < 2**30 (1e9); NaN from 2**50 on, where digits run out."""
    quadrant, r = _reduce_angle(x)
    y = select((quadrant & 1) == 1, _sin_near_zero(r), _cos_near_zero(r))
    return _signed(quadrant + 1, y)


def tan(x: Value) -> Value:
    """The tangent, within 4 ulp for |x| < 2**30 (1e9); NaN from 2**50 on, where digits run out."""
    quadrant, r = _reduce_angle(x)
    s = _sin_near_zero(r)
    c = _cos_near_zero(r)
    odd = (quadrant & 1) == 1
    return select(x == 0.0, x, select(odd, -c, s) / select(odd, s, c))


def sin_cos_turns(turns: Value) -> Value:
    """(sin(2 pi u), cos(2 pi u)) for 0 <= u <= 1; the reduction is exact."""
    rounded = fma(turns, 4.0, ROUNDER)
    r = fma(turns, 4.0, ROUNDER - rounded) * HALF_PI
    quadrant = float_to_bits(rounded) & 3
    s = _sin_near_zero(r)
    c = _cos_near_zero(r)
    odd = (quadrant & 1) == 1
    sine = _signed(quadrant, select(odd, c, s))
    return sine, _signed(quadrant + 1, select(odd, s, c))


# -------------------------------------------------------------------------------------- arcs


def _arc(opposite: Value, adjacent: Value) -> Value:
    """The angle in 0 .. pi/2 of a triangle with sides >= 0 (angle 0 where both are 0)."""
    low = opposite < adjacent * TAN_PI_8
    middle = ~low & (opposite < adjacent * TAN_3PI_8)
    a = 0.5 * opposite
    b = 0.5 * adjacent
    top = select(low, opposite, select(middle, a - b, -adjacent))
    bottom = select(low, adjacent, select(middle, a + b, opposite))
    base = select(low, 0.0, select(middle, QUARTER_PI, HALF_PI))
    base_low = select(low, 0.0, select(middle, QUARTER_PI_LOW, HALF_PI_LOW))
    t = top / bottom
    z = t * t
    p = fma(0.016282993238924487, z, -0.034568068014968874)
    p = fma(p, z, 0.0455149623749493)
    p = fma(p, z, -0.052304330074828924)
    p = fma(p, z, 0.05878926110528101)
    p = fma(p, z, -0.06666424634599337)
    p = fma(p, z, 0.07692296361048218)
    p = fma(p, z, -0.09090908753017178)
    p = fma(p, z, 0.11111111105145725)
    p = fma(p, z, -0.14285714285659729)
    p = fma(p, z, 0.19999999999999804)
    p = fma(p, z, -0.3333333333333333)
    angle = base + (fma(p, z * t, t) + base_low)
    return select((opposite == 0.0) & (adjacent == 0.0), 0.0, angle)


def arctan(x: Value) -> Value:
    """The inverse tangent, within 2 ulp."""
    return copysign(_arc(fabs(x), 1.0), x)


def arctan2(y: Value, x: Value) -> Value:
    """The angle of the point (x, y), within 3 ulp; signs of zeros count, as in NumPy."""
    opposite = fabs(y)
    adjacent = fabs(x)
    both = (opposite == INF) & (adjacent == INF)
    # away from the smallest numbers, whose halves lose digits
    scale = select((opposite < 1e-250) & (adjacent < 1e-250), 2.0**200, 1.0)
    angle = _arc(select(both, 1.0, opposite * scale), select(both, 1.0, adjacent * scale))
    behind = copysign(1.0, x) < 0.0
    angle = select(behind, (PI - angle) + PI_LOW, angle)
    return select((x == x) & (y == y), copysign(angle, y), NAN)


def _arcsin_tail(z: Value) -> Value:
    """(arcsin(x)/x - 1)/z with z = x**2 <= 1/4."""
    p = fma(0.028757851367421566, z, -0.014851887071247204)
    p = fma(p, z, 0.01740087944269402)
    p = fma(p, z, 0.005457506718640358)
    p = fma(p, z, 0.01032281435018578)
    p = fma(p, z, 0.011479177415184906)
    p = fma(p, z, 0.013971212973552933)
    p = fma(p, z, 0.017352392720869973)
    p = fma(p, z, 0.02237217294214989)
    p = fma(p, z, 0.030381944138531247)
    p = fma(p, z, 0.04464285714635543)
    p = fma(p, z, 0.07499999999998433)
    return fma(p, z, 0.16666666666666669)


def _reduce_arcsin(x: Value) -> Value:
    """(size, near the ends, s, s**2 * tail) with arcsin(s) = s + s (s**2 tail)."""
    size = fabs(x)
    outer = size > 0.5
    z = select(outer, fma(-0.5, size, 0.5), x * x)
    s = select(outer, sqrt_primitive(z), size)
    return outer, s, z * _arcsin_tail(z)


def arcsin(x: Value) -> Value:
    """The inverse sine, within 3 ulp; NaN outside -1 .. 1."""
    outer, s, rest = _reduce_arcsin(x)
    arc = fma(s, rest, s)
    return copysign(select(outer, HALF_PI - (2.0 * arc - HALF_PI_LOW), arc), x)


def arccos(x: Value) -> Value:
    """The inverse cosine, within 2 ulp; NaN outside -1 .. 1."""
    outer, s, rest = _reduce_arcsin(x)
    arc = fma(s, rest, s)
    outer_arc = select(x < 0.0, PI - (2.0 * arc - PI_LOW), 2.0 * arc)
    inner_arc = HALF_PI - (copysign(arc, x) - HALF_PI_LOW)
    return select(outer, outer_arc, inner_arc)


# ------------------------------------------------------------------------- small functions


def sqrt(x: Value) -> Value:
    """The square root, correctly rounded; NaN below 0."""
    return sqrt_primitive(x)


def absolute(x: Value) -> Value:
    """The absolute value."""
    return fabs(x)


def floor(x: Value) -> Value:
    """The largest integer <= x."""
    return floor_primitive(x)


def ceil(x: Value) -> Value:
    """The smallest integer >= x."""
    return ceil_primitive(x)


def round_half_even(x: Value) -> Value:
    """The integer nearest to x; halves go to the even one, as in NumPy."""
    return rint(x)


def integer_part(x: Value) -> Value:
    """x without its fraction (towards 0), as a float64; True is 1 and False 0."""
    return trunc(x)


def sign(x: Value) -> Value:
    """-1, 0 or 1; NaN stays NaN."""
    return select(x > 0.0, 1.0, select(x < 0.0, -1.0, select(x == 0.0, 0.0, x)))


def heaviside(x: Value) -> Value:
    """0 below 0, 1 above, 1/2 at 0; NaN stays NaN."""
    return select(x > 0.0, 1.0, select(x < 0.0, 0.0, select(x == 0.0, 0.5, x)))


def minimum(x: Value, y: Value) -> Value:
    """The smaller of two; NaN if one is."""
    return select((x <= y) | (x != x), x, y)


def maximum(x: Value, y: Value) -> Value:
    """The larger of two; NaN if one is."""
    return select((x >= y) | (x != x), x, y)


def clip(x: Value, low: Value, high: Value) -> Value:
    """x, but at least `low` and at most `high`; NaN if one of the three is."""
    return minimum(maximum(x, low), high)


def mod(x: Value, y: Value) -> Value:
    """The remainder x - y floor(x/y), with the sign of y as in Python.

    It never reaches y: where the exact remainder rounds to y (-1e-20 modulo 1) this gives 0.
    Exact otherwise; NaN for y = 0, and from |x/y| = 2**52 on, where no digits are left. An
    infinite y leaves an x of its own sign as it is.
    """
    ratio = x / y
    r = fma_exact(-floor_primitive(ratio), y, x)
    # the rounded ratio can be one off when x/y is close to an integer
    r = select((r != 0.0) & ((r < 0.0) != (y < 0.0)), r + y, r)
    r = select(fabs(r) >= fabs(y), 0.0, r)
    r = select(r == 0.0, copysign(0.0, y), r)
    r = select(fabs(ratio) < 2.0**52, r, NAN)
    same = (x == 0.0) | ((x < 0.0) == (y < 0.0))
    endless = select(same, x, y)
    return select((fabs(y) == INF) & (fabs(x) < INF), endless, r)
