r"""The terms of each divergence, entry by entry, each right to the last digits.

With p = m(1+s), q = m(1-s), that is s = (p-q)/(p+q) and m = (p+q)/2, the difference p - q is exact when the two are
close, and log(p/q) = 2 atanh(s). Expanded in s, every term is a positive leading part times a short series:
nothing cancels. Away from p = q the textbook formula is used; there it loses no more than a digit. Every generator
is tangent-corrected, f(u) - f'(1)(u-1), so that every term is nonnegative and a sum of terms loses nothing.

All functions take `xp` (numpy or an array_api_compat namespace) and two float64 arrays, and return terms of the
same shape, nonnegative, `inf` included. They are homogeneous: term(c p, c q) = c term(p, q).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType

import numpy as np

from divergences._array import Array

NEAR = 0.2  # |s| up to here is "close": p/q within [2/3, 3/2]
SMALL = 2.0**-800  # p + q below: the entry is lifted
EXTREME = 1e290  # p/q or q/p beyond: the quotient is not formed


def choose(xp: ModuleType, mask: Array, yes: Callable, no: Callable, *arrays: Array) -> Array:
    """where(mask, yes(*arrays), no(*arrays)), each branch shown 1 outside its own region.

    The ones keep a branch's infinities out of the other's gradient (0 * inf is nan). numpy needs no gradient:
    there a branch that applies nowhere is not evaluated.
    """
    if xp is np:
        if not mask.any():
            return no(*arrays)
        if mask.all():
            return yes(*arrays)
        return np.where(mask, yes(*arrays), no(*arrays))
    inside = [xp.where(mask, a, xp.ones_like(a)) for a in arrays]
    outside = [xp.where(mask, xp.ones_like(a), a) for a in arrays]
    return xp.where(mask, yes(*inside), no(*outside))


def zeros_apart(
    xp: ModuleType, p: Array, q: Array, p_is_0: Callable, q_is_0: Callable, inner: Callable
) -> Array:
    """inner(p, q) where both are positive; p_is_0(q), q_is_0(p) where one vanishes (each must give 0 at 0)."""
    zero = xp.minimum(p, q) == 0
    if xp is np:
        if not zero.any():
            return inner(p, q)
        rest = inner(np.where(zero, 1.0, p), np.where(zero, 1.0, q))  # logarithms of 0 are slow
        return np.where(zero, np.where(p == 0, p_is_0(q), q_is_0(p)), rest)
    return choose(xp, zero, lambda p, q: xp.where(p == 0, p_is_0(q), q_is_0(p)), inner, p, q)


def lift(xp: ModuleType, p: Array, q: Array) -> Array:
    """2^200 where p + q is so small that products, or the 1/(p + q) of gradients, would leave the range; else 1."""
    total = p + q
    return xp.where(total < SMALL, xp.full_like(total, 2.0**200), xp.ones_like(total))


def lifted(xp: ModuleType, terms: Callable, p: Array, q: Array) -> Array:
    """terms(p, q), the smallest entries lifted and put back: terms are homogeneous."""
    scale = lift(xp, p, q)
    return terms(xp, p * scale, q * scale) / scale


def infinite(xp: ModuleType, mass: Array) -> Array:
    """0 where the mass is 0, inf elsewhere."""
    return xp.where(mass > 0, xp.full_like(mass, math.inf), xp.zeros_like(mass))


def series(
    xp: ModuleType, z: Array, coefficients: tuple[float, ...], reach: float = NEAR**2
) -> Array:
    """sum_k c_k z^k for |z| <= reach, by Horner; on numpy only as many terms as the largest |z| asks for."""
    if xp is not np:
        total = xp.full_like(z, coefficients[-1])
        for c in reversed(coefficients[:-1]):
            total = total * z + c
        return total
    if not z.size:
        return z
    largest = max(float(z.max()), -float(z.min()))
    if not largest < reach:  # nan too: entries that choose() drops
        largest = reach
    wanted = 1 if largest == 0 else min(len(coefficients), 2 + int(-37.0 / math.log(largest)))
    if wanted == 1:
        return np.full_like(z, coefficients[0])
    total = z * coefficients[wanted - 1]
    for c in reversed(coefficients[1 : wanted - 1]):
        total += c
        total *= z
    total += coefficients[0]
    return total


# atanh(s) = s A(s^2), A = sum z^k/(2k+1);  atanh(s) - s = s^3 B(s^2), B = sum z^k/(2k+3);
# (1+s) log(1+s) + (1-s) log(1-s) = s^2 C(s^2), C = sum z^k/((k+1)(2k+1));  -log(1-z) = z E(z), E = sum z^k/(k+1)
A = tuple(1 / (2 * k + 1) for k in range(13))
B = tuple(1 / (2 * k + 3) for k in range(13))
C = tuple(1 / ((k + 1) * (2 * k + 1)) for k in range(13))
E = tuple(1 / (k + 1) for k in range(13))


def is_near(xp: ModuleType, d: Array, t: Array) -> Array:
    """|s| = |p - q| / (p + q) < NEAR"""
    return xp.abs(d) < NEAR * t


def log_ratio(xp: ModuleType, p: Array, q: Array) -> Array:
    """log(p/q) for p, q > 0, right also near p = q and where p/q leaves the range of floats."""

    def near(p: Array, q: Array) -> Array:
        s = (p - q) / (p + q)
        return 2 * s * series(xp, s * s, A)

    def far(p: Array, q: Array) -> Array:
        return log_quotient(xp, p, q)

    return choose(xp, is_near(xp, p - q, p + q), near, far, p, q)


def log_quotient(xp: ModuleType, p: Array, q: Array) -> Array:
    """log(p/q) for p, q > 0 away from p = q"""
    if xp is np:
        quotient = p / q
        if quotient.size and quotient.max() < EXTREME and quotient.min() > 1 / EXTREME:
            return np.log(quotient, out=quotient)

    return choose(
        xp,
        (p > EXTREME * q) | (q > EXTREME * p),
        lambda p, q: xp.log(p) - xp.log(q),
        lambda p, q: xp.log(p / q),
        p,
        q,
    )


def kl_from_difference(xp: ModuleType, p: Array, q: Array, d: Array) -> Array:
    """p log(p/q) - p + q for p, q > 0, where d = p - q is known better than the subtraction gives it."""

    def near(p: Array, q: Array, d: Array) -> Array:
        s = d / (p + q)
        z = s * s
        return d * s * (1 + (s + z) * series(xp, z, B))

    def far(p: Array, q: Array, d: Array) -> Array:
        return p * log_quotient(xp, p, q) - d

    return choose(xp, is_near(xp, d, p + q), near, far, p, q, d)


def kl(xp: ModuleType, p: Array, q: Array) -> Array:
    """p log(p/q) - p + q"""
    return zeros_apart(
        xp,
        p,
        q,
        lambda q: q,
        lambda p: infinite(xp, p),
        lambda p, q: kl_from_difference(xp, p, q, p - q),
    )


def total_variation(xp: ModuleType, p: Array, q: Array) -> Array:
    """|p - q| / 2"""
    return xp.abs(p - q) / 2


def jensen_shannon(xp: ModuleType, p: Array, q: Array) -> Array:
    """(p log(p/m) + q log(q/m)) / 2, m = (p + q)/2"""

    def near(p: Array, q: Array) -> Array:
        d = p - q
        s = d / (p + q)
        return d * s * series(xp, s * s, C) / 4

    def far(p: Array, q: Array) -> Array:
        m = (p + q) / 2
        return (p * xp.log(p / m) + q * xp.log(q / m)) / 2

    def inner(p: Array, q: Array) -> Array:
        return choose(xp, is_near(xp, p - q, p + q), near, far, p, q)

    def edge(mass: Array) -> Array:
        return mass * (math.log(2) / 2)

    return zeros_apart(xp, p, q, edge, edge, inner)


def jensen_shannon_weighted(pi: float) -> Callable:
    """pi (p log(p/m) - p + m) + (1-pi) (q log(q/m) - q + m), m = pi p + (1-pi) q; the corrections cancel in the sum."""

    def terms(xp: ModuleType, p: Array, q: Array) -> Array:
        def inner(p: Array, q: Array) -> Array:
            d = p - q
            m = pi * p + (1 - pi) * q
            return pi * kl_from_difference(xp, p, m, (1 - pi) * d) + (1 - pi) * kl_from_difference(
                xp, q, m, -pi * d
            )

        return zeros_apart(
            xp,
            p,
            q,
            lambda q: q * -((1 - pi) * math.log1p(-pi)),
            lambda p: p * -(pi * math.log(pi)),
            inner,
        )

    return terms


def squared_hellinger(xp: ModuleType, p: Array, q: Array) -> Array:
    """(sqrt p - sqrt q)^2 / 2"""

    def inner(p: Array, q: Array) -> Array:
        r = (p - q) / (xp.sqrt(p) + xp.sqrt(q))
        return r * r / 2

    return zeros_apart(xp, p, q, lambda q: q / 2, lambda p: p / 2, inner)


def chi2(xp: ModuleType, p: Array, q: Array) -> Array:
    """(p - q)^2 / q"""

    def plain(p: Array, q: Array) -> Array:
        d = p - q
        return d * (d / q)

    def scaled(p: Array, q: Array) -> Array:  # p/q overflows while p^2/q need not
        d = p - q
        return d * ((d * 2.0**-60) / q) * 2.0**60

    def inner(p: Array, q: Array) -> Array:
        return choose(xp, p > EXTREME * q, scaled, plain, p, q)

    def edge(p: Array, q: Array) -> Array:  # at p = q = 0 with the derivatives of the face p = 0
        return xp.where(p == 0, q - 2 * p, infinite(xp, p))

    return choose(xp, q == 0, edge, inner, p, q)


def neyman_chi2(xp: ModuleType, p: Array, q: Array) -> Array:
    """(p - q)^2 / p"""
    return chi2(xp, q, p)


def jeffreys(xp: ModuleType, p: Array, q: Array) -> Array:
    """(p - q) log(p/q)"""

    def edge(mass: Array) -> Array:
        return infinite(xp, mass)

    return zeros_apart(xp, p, q, edge, edge, lambda p, q: (p - q) * log_ratio(xp, p, q))


def le_cam(xp: ModuleType, p: Array, q: Array) -> Array:
    """(p - q)^2 / (p + q)"""

    def inner(p: Array, q: Array) -> Array:
        d = p - q
        return d * (d / (p + q))

    return choose(xp, p + q == 0, lambda p, q: p + q, inner, p, q)


def arithmetic_geometric(xp: ModuleType, p: Array, q: Array) -> Array:
    """m log(m / sqrt(p q)), m = (p + q)/2"""

    def near(p: Array, q: Array) -> Array:
        d = p - q
        s = d / (p + q)
        return d * s * series(xp, s * s, E) / 4

    def far(p: Array, q: Array) -> Array:
        m = (p + q) / 2
        return -m * (log_quotient(xp, p, m) + log_quotient(xp, q, m)) / 2

    def inner(p: Array, q: Array) -> Array:
        return choose(xp, is_near(xp, p - q, p + q), near, far, p, q)

    def edge(mass: Array) -> Array:
        return infinite(xp, mass)

    return zeros_apart(xp, p, q, edge, edge, inner)


def hockey_stick(gamma: float) -> Callable:
    """(p - gamma q)_+, with gamma q carried in two parts so that the difference is right where it is small"""
    big = gamma * 134217729.0  # 2^27 + 1: Dekker's splitting
    g_high = big - (big - gamma) if abs(gamma) < 1e290 else gamma
    g_low = gamma - g_high

    def terms(xp: ModuleType, p: Array, q: Array) -> Array:
        c = q * 134217729.0
        q_high = c - (c - q)
        q_low = q - q_high
        product = gamma * q
        rest = ((g_high * q_high - product) + g_high * q_low + g_low * q_high) + g_low * q_low
        difference = (p - product) - rest
        return xp.where(difference > 0, difference, xp.zeros_like(difference))

    return terms


@lru_cache(maxsize=64)
def _alpha_coefficients(a: float) -> tuple[float, ...]:
    """c_j/(j+2)!, c_j = sum_{i<=j} r^i with r = a or 1/a, whichever is at most 1"""
    r = a if a <= 1 else 1 / a
    return tuple(math.fsum(r**i for i in range(j + 1)) / math.factorial(j + 2) for j in range(17))


def alpha(a: float) -> Callable:
    """(p^a q^(1-a) - a p - (1-a) q) / (a (a-1)), with its limits KL at 1 and reverse KL at 0"""
    if a >= 0.5:
        return _alpha(a, a - 1)

    upper = _alpha(1 - a, -a)  # the adjoint: D_a(p, q) = D_{1-a}(q, p)
    return lambda xp, p, q: upper(xp, q, p)


def _alpha(a: float, e: float) -> Callable:
    """alpha for a >= 1/2, e = a - 1 given apart because it may be tiny.

    With L = log(p/q): (p (exp(e L) - 1)/e - (p - q)) / a, which does not cancel as e -> 0; and for small a L
    q L^2 sum_j c_j y^j / (j+2)!, with y = a L and c_j = 1 + 1/a + ... + a^-j (y = L, c_j = 1 + a + ... for a < 1).
    """
    if e == 0:
        return kl
    coefficients = _alpha_coefficients(a)
    stretch = max(a, 1.0)

    def terms(xp: ModuleType, p: Array, q: Array) -> Array:
        def short(p: Array, q: Array, log_u: Array, y: Array) -> Array:
            return log_u * (q * log_u) * series(xp, y, coefficients, 0.5)

        def power(p: Array, q: Array, log_u: Array, y: Array) -> Array:
            if abs(e) < 1e-18:  # (exp(e L) - 1)/e is L to the last digit
                return (p * log_u - (p - q)) / a
            grown = choose(
                xp,
                e * log_u < 700,
                lambda p, log_u: p * xp.expm1(e * log_u),
                lambda p, log_u: xp.exp(xp.log(p) + e * log_u),
                p,
                log_u,
            )
            return (grown / e - (p - q)) / a

        def inner(p: Array, q: Array) -> Array:
            log_u = log_ratio(xp, p, q)
            y = stretch * log_u
            return choose(xp, xp.abs(y) < 0.5, short, power, p, q, log_u, y)

        def at_p_0(q: Array) -> Array:  # for e > 0 the part in p carries the derivative -1/e
            return q / a - (p / e if e > 0 else 0)

        def at_q_0(p: Array) -> Array:
            return p / -e if e < 0 else infinite(xp, p)

        return zeros_apart(xp, p, q, at_p_0, at_q_0, inner)

    return terms
