"""A concave supremum as a ball: bracketed by the sign of the slope, bounded by the tangent.

If g is concave on (lower, upper) and g'(a) > 0 > g'(b), its supremum lies in (a, b) and
max(g(a), g(b)) <= sup g <= g(a) + g'(a) (b - a). Bisection on the sign of a ball makes b - a small.
The maximiser that a derivation names is not used: this is the other route.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp
from flint import arb, ctx

from divergences.enclosure import NotEnclosable, as_real, compile_ball

from ..ground.concavity import is_concave
from ..words.language import Supremum

FARTHEST = 600  # the bracket is sought between 2^-600 and 2^600 from the ends
STEPS = 4_000


def enclose_supremum(node: Supremum, digits: int) -> arb:
    """A ball of radius <= 10^-digits (relative above 1) around the supremum.

    Raises `NotEnclosable` where concavity is not shown, the supremum is infinite, or it is only
    approached at an end of the interval where the function itself cannot be evaluated.
    """
    lower, upper = node.bounds
    u = sp.Symbol("u", **({"positive": True} if lower.is_nonnegative else {"real": True}))
    g = node.objective.subs(node.variable, u)
    if not is_concave(g, u, (lower, upper)):
        raise NotEnclosable(f"{g} is not known to be concave in {u}")
    with ctx.workdps(3 * digits + 30):
        value = compile_ball(g)
        # A plain symbol where it serves: sympy asks assumptions at every step, and that is slow.
        plain = u if g.has(sp.Abs, sp.Max) else sp.Symbol("x")
        slope = compile_ball(_derivative(g.subs(u, plain), plain))
        return _bracketed(
            lambda x: as_real(value({u: x}, False), g),
            lambda x: as_real(slope({plain: x}, False), g),
            as_real(compile_ball(lower)({}, False), lower) if lower.is_finite else None,
            as_real(compile_ball(upper)({}, False), upper) if upper.is_finite else None,
            digits,
        )


def _derivative(g: sp.Expr, u: sp.Symbol) -> sp.Expr:
    """g' away from kinks; at a kink its ball holds both one-sided slopes, as `sign` does."""
    g = g.replace(sp.Max, lambda *a: (a[0] + a[1] + sp.Abs(a[0] - a[1])) / 2 if len(a) == 2
                  else sp.Max(*a))  # fmt: skip
    slope = sp.diff(g, u)
    if slope.has(sp.Derivative, sp.Subs):
        raise NotEnclosable(f"no derivative of {g} is known")
    return slope


def _bracketed(
    g: Callable[[arb], arb],
    slope: Callable[[arb], arb],
    lower: arb | None,
    upper: arb | None,
    digits: int,
) -> arb:
    tolerance = arb(10) ** (-digits) / 4
    for end in (lower, upper):
        if end is not None:
            outward = _end_slope(slope, end) * (1 if end is upper else -1)
            if outward >= 0:  # uphill towards the end: the supremum is the value there
                return g(end)
    a = _side(slope, lower, upper, rising=True)
    b = _side(slope, lower, upper, rising=False)
    for x in (a, b):
        if slope(x).is_zero():  # a plateau, exactly flat, is where a concave function is largest
            return g(x)
    for _ in range(STEPS):
        low, at_a, at_b = g(a), slope(a), slope(b)
        reach = (at_a * (b - a)).min(-at_b * (b - a))
        if reach <= tolerance * abs(low).max(arb(1)):
            best = low.max(g(b))
            return best.union(best + reach)
        middle = ((a + b) / 2).mid()
        if a > 0 and b > 8 * a:
            middle = (a * b).sqrt().mid()
        tilt = slope(middle)
        if tilt > 0:
            a = middle
        elif tilt < 0:
            b = middle
        else:  # the maximiser itself, to within rounding: close in around it
            width = (b - a) / 1024
            nearer_a, nearer_b = (middle - width).mid(), (middle + width).mid()
            moved = False
            if nearer_a > a and slope(nearer_a) > 0:
                a, moved = nearer_a, True
            if nearer_b < b and slope(nearer_b) < 0:
                b, moved = nearer_b, True
            if not moved:
                raise NotEnclosable("the maximiser could not be bracketed more narrowly")
    raise NotEnclosable("the maximiser could not be bracketed")


def _end_slope(slope: Callable[[arb], arb], end: arb) -> arb:
    try:
        return slope(end)
    except NotEnclosable:
        return arb("nan")


def _side(
    slope: Callable[[arb], arb], lower: arb | None, upper: arb | None, *, rising: bool
) -> arb:
    """A point where the slope is certainly positive (`rising`) or negative, or exactly zero."""
    for k in range(FARTHEST):
        near, far = arb(2) ** (-k), arb(2) ** k
        if rising:
            x = (
                lower + near * (1 if upper is None else (upper - lower) / 2)
                if lower is not None
                else -far
            )
        else:
            x = (
                upper - near * (1 if lower is None else (upper - lower) / 2)
                if upper is not None
                else far
            )
        x = x.mid()
        try:
            tilt = slope(x)
        except NotEnclosable:
            continue
        if tilt.is_zero() or (rising and tilt > 0) or (not rising and tilt < 0):
            return x
    raise NotEnclosable("the supremum is only approached at an end of the interval")
