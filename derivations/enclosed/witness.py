"""A look without rigour at what has no ball: it may object, it never supports and never refutes.

A limit is followed along x = end + 2^-k, or 2^k; an integral is summed by the double-exponential
rule at two step sizes; a supremum is sought on two grids. Each counts only where its last values
agree to 10^-7, and an objection needs sides that differ by 10^-3: slow convergence says nothing.

Source: Takahasi, Mori, Double exponential formulas for numerical integration (1974).
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp
from flint import arb, ctx

from divergences.enclosure import (
    Environment,
    NotEnclosable,
    Number,
    compile_ball,
    real,
)  # fmt: skip

from ..words.claim import Relation
from ..words.language import Supremum, Total
from .evaluate import environment_at
from .point import Point

LOOKS = 3  # points that are looked at
AGREED = arb(10) ** -7  # relative, between the last values
APART = arb(10) ** -3  # relative, between the two sides
DIGITS = 220  # of the limits' function, where much may cancel
NODES = (sp.Limit, sp.Integral, Supremum)
LOST = (RecursionError, NotEnclosable, ZeroDivisionError, ArithmeticError)


def objection(left: sp.Expr, relation: Relation, right: sp.Expr, points: list[Point]) -> str | None:
    """What speaks against `left relation right`, if anything does."""
    for point in points[:LOOKS]:
        values = [approximate(side, point) for side in (left, right)]
        if values[0] is None or values[1] is None:
            continue
        if _apart(values[0], relation, values[1]):
            at = ", ".join(f"{name} = {value}" for name, value in point.as_strings().items())
            near = [value.str(8, radius=False) for value in values if value is not None]
            return (
                f"at {at or 'its only point'}: the left is near {near[0]}, the right near {near[1]}"
            )
    return None


def _apart(left: arb, relation: Relation, right: arb) -> bool:
    gap = left - right
    margin = APART * abs(left).max(abs(right)).max(arb(1))
    if relation is Relation.EQUAL:
        return bool(abs(gap) > margin)
    return bool(gap > margin if relation is Relation.AT_MOST else -gap > margin)


def approximate(expr: sp.Expr, point: Point) -> arb | None:
    """A number near the value, or None where nothing settles."""
    with ctx.workdps(30):
        try:
            env = environment_at(point)
            names: dict[sp.Expr, sp.Symbol] = {}
            rest = _replaced(expr, names)
            for node, name in names.items():
                value = _value(node, env)
                if value is None:
                    return None
                env[name] = value
            found = real(compile_ball(rest)(env, False)).mid()
        except LOST:
            return None
    return found if found.is_finite() else None


def _replaced(expr: sp.Basic, names: dict[sp.Expr, sp.Symbol]) -> sp.Basic:
    """The outermost limits, integrals and suprema by names."""
    if isinstance(expr, NODES):
        return names.setdefault(expr, sp.Dummy("near"))
    if not expr.args or not expr.has(*NODES):
        return expr
    if isinstance(expr, Total | sp.Derivative | sp.Subs):
        raise NotEnclosable("what varies with the atom, or is differentiated, is not looked at")
    with sp.evaluate(False):
        return expr.func(*(_replaced(arg, names) for arg in expr.args))


def _value(node: sp.Expr, env: Environment) -> arb | None:
    try:  # most have a ball, of some width
        ball = real(compile_ball(node)(env, False))
        if isinstance(ball, arb) and ball.is_finite() and ball.rad() < arb(10) ** -12:
            return ball.mid()
    except LOST:
        pass
    if isinstance(node, sp.Limit):
        return _limit(node, env)
    if isinstance(node, sp.Integral):
        return _integral(node, env)
    assert isinstance(node, Supremum)
    return _supremum(node, env)


def _along(expr: sp.Expr, x: sp.Symbol, env: Environment) -> Callable[[arb], arb]:
    f = compile_ball(expr)

    def value(at: arb) -> arb:
        found = real(f({**env, x: at}, False))
        if not found.is_finite():
            raise NotEnclosable("not finite")
        return found

    return value


def _settled(values: list[arb]) -> arb | None:
    """The last value, if the last four agree."""
    last = values[-1]
    size = abs(last).max(arb(1))
    near = len(values) >= 4 and all(abs(v - last) < AGREED * size for v in values[-4:])
    return last.mid() if near else None


def _limit(node: sp.Limit, env: Environment) -> arb | None:
    inner, x, end, direction = node.args
    f = _along(inner, x, env)
    with ctx.workdps(DIGITS):
        if end.is_infinite:
            side = 1 if end is sp.oo else -1
            places = [side * arb(2) ** k * (1 + arb(1) / 7) for k in range(4, 60, 5)]
        else:
            at = real(compile_ball(end)(env, False))
            side = -1 if str(direction) == "-" else 1
            places = [at + side * arb(2) ** (-k) * (1 + arb(1) / 7) for k in range(4, 60, 5)]
        return _settled([f(place) for place in places])


def _integral(node: sp.Integral, env: Environment) -> arb | None:
    if len(node.limits) != 1 or len(node.limits[0]) != 3:
        return None
    x, lower, upper = node.limits[0]
    f = _along(node.function, x, env)
    ends = [
        None if end.is_infinite else real(compile_ball(end)(env, False)) for end in (lower, upper)
    ]
    if (lower.is_infinite and lower > 0) or (upper.is_infinite and upper < 0):
        return None
    coarse, fine = (_double_exponential(f, ends[0], ends[1], n) for n in (24, 48))
    if not abs(coarse - fine) < AGREED * abs(fine).max(arb(1)):
        return None
    return fine.mid()


def _double_exponential(
    f: Callable[[arb], arb], lower: arb | None, upper: arb | None, n: int
) -> arb:
    """Trapezium rule in s on [-4, 4], x = tanh, exp or sinh of (pi/2) sinh s."""
    total, h, half_pi = arb(0), arb(4) / n, arb.pi() / 2
    for j in range(-n, n + 1):
        s = h * j
        w, rate = half_pi * s.sinh(), half_pi * s.cosh()
        if lower is not None and upper is not None:
            width = (upper - lower) / 2
            # from the nearer end, so that nothing cancels
            step = width * 2 / ((2 * abs(w)).exp() + 1)
            at = lower + step if j < 0 else upper - step
            weight = width * rate / w.cosh() ** 2
        elif lower is not None or upper is not None:
            at = _from_end(lower, upper, w.exp())
            weight = w.exp() * rate
        else:
            at, weight = w.sinh(), w.cosh() * rate
        total += f(at.mid()) * weight.mid() * h
    return total


def _from_end(lower: arb | None, upper: arb | None, step: arb) -> arb:
    """A point inside, at a distance from the one finite end."""
    if lower is not None:
        return lower + step
    assert upper is not None
    return upper - step


def _supremum(node: Supremum, env: Environment) -> arb | None:
    f = _along(node.objective, node.variable, env)
    ends = [None if end.is_infinite else real(compile_ball(end)(env, False)) for end in node.bounds]
    lower, upper = ends
    if lower is not None and upper is not None and not lower < upper:
        return None
    coarse, fine = (max(_grid(f, lower, upper, n), key=float) for n in (200, 800))
    return fine.mid() if abs(fine - coarse) < AGREED * abs(fine).max(arb(1)) else None


def _grid(f: Callable[[arb], arb], lower: arb | None, upper: arb | None, n: int) -> list[Number]:
    """The values on a grid that is dense towards finite ends and reaches far out."""
    found = []
    for j in range(1, n):
        s = 60 * (arb(j) / n - arb(1) / 2)  # -30 < s < 30
        if lower is not None and upper is not None:
            at = lower + (upper - lower) / (1 + (-s).exp())
        elif lower is not None or upper is not None:
            at = _from_end(lower, upper, s.exp())
        else:
            at = s.sinh() if abs(s) < 25 else s
        try:
            found.append(f(at.mid()))
        except NotEnclosable:
            continue
    if not found:
        raise NotEnclosable("no value on the grid")
    return found
