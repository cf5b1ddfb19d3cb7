"""An independent supremum: sup over u of u t - f(u) by golden section on f's values alone, at 50 digits.

u t - f(u) is concave in u, hence unimodal in v = log u. The search runs on -400 <= v <= 400, whose ends
stand for u = 0 and u = oo: e^-400 is below 1e-170.
"""

from __future__ import annotations

from functools import cache

import mpmath as mp
import sympy as sp

DIGITS = 380
END = 400
AGREED = mp.mpf(10) ** -45


@cache
def numeric(expr: sp.Expr, name: str = "u"):
    """The expression as a function of an mpmath number."""
    return sp.lambdify(sp.Symbol(name), expr, modules="mpmath")


def number(value: sp.Expr | float) -> mp.mpf:
    """A closed sympy expression, a rational or a double, exactly or to DIGITS."""
    if isinstance(value, float):
        return mp.mpf(value)
    value = sp.sympify(value)
    if value.is_infinite:
        return mp.inf if value > 0 else -mp.inf
    with mp.workdps(DIGITS):
        return mp.mpf(value.p) / value.q if value.is_Rational else mp.mpf(str(sp.N(value, DIGITS)))


def supremum(expr: sp.Expr, t: sp.Expr | float) -> mp.mpf:
    """sup over u > 0 of u t - f(u); +inf when it grows without end."""
    with mp.workdps(DIGITS):
        f, slope = numeric(expr), number(t)

        def gain(v: mp.mpf) -> mp.mpf:
            u = mp.exp(v)
            return u * slope - f(u)

        if gain(mp.mpf(END)) > mp.mpf(10) ** 100:
            return mp.inf
        _, best = golden(gain, mp.mpf(-END), mp.mpf(END))
        return best


def golden(gain, lo: mp.mpf, hi: mp.mpf, steps: int = 260) -> tuple[mp.mpf, mp.mpf]:
    """The maximum of a unimodal function: (where, value)."""
    ratio = (mp.sqrt(5) - 1) / 2
    a, b = hi - ratio * (hi - lo), lo + ratio * (hi - lo)
    at_a, at_b = gain(a), gain(b)
    for _ in range(steps):
        if at_a >= at_b:
            hi, b, at_b = b, a, at_a
            a = hi - ratio * (hi - lo)
            at_a = gain(a)
        else:
            lo, a, at_a = a, b, at_b
            b = lo + ratio * (hi - lo)
            at_b = gain(b)
    return max(((a, at_a), (b, at_b), (lo, gain(lo)), (hi, gain(hi))), key=lambda pair: pair[1])


def close(a: mp.mpf, b: mp.mpf, tolerance: mp.mpf = AGREED) -> bool:
    """Agreement to 45 digits, relative to max(1, |b|)."""
    with mp.workdps(60):
        if mp.isinf(a) or mp.isinf(b):
            return a == b
        return abs(a - b) <= tolerance * max(1, abs(b))
