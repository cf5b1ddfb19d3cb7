"""Functions of one real variable that keep their digits where the formula loses them.

A function with a centre (u = 1, or v = log u = 0) is assembled from cells. Next to the centre, where
formulas cancel, it is base + y^m p(y) with y the distance, m the order of the zero and p a polynomial
through high-precision values. Elsewhere it is whichever of a few equal formulas reproduces
high-precision values best. Every cell is measured against ball arithmetic when it is built; a cell
that no formula serves is evaluated in ball arithmetic, element by element.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, ctx

from ._evaluate import evaluate, namespace

Array = Any
Exact = Callable[[arb], arb | None]  # at the precision in force
Part = Callable[[ModuleType, Array], Array]

GOOD = 1.5e-13  # relative error at which a formula is accepted: e^(k v) alone costs |k v| ulps
FIT_GOOD = 3e-15  # and a polynomial next to the centre
DEGREE = 18
TINY = 1e-290  # below this, absolute error counts
ORDER_BITS = 4000


@dataclass(frozen=True)
class Cell:
    """On lo <= z <= hi the function is `part`; `inside` is a harmless point for masked entries."""

    lo: float
    hi: float
    inside: float
    part: Part


def precise(exact: Exact, point: arb, start: int = 160) -> arb | None:
    """`exact` at a point known exactly, to 1e-25 relative (an exact 0 is 0); None without it."""
    bits = start
    while bits <= 40_000:
        with ctx.workprec(bits):
            ball = exact(point)
        if ball is not None and (ball.is_zero() or ball.rel_accuracy_bits() > 85):
            return ball
        bits *= 2
    return None


def error_of(approximation: float, truth: arb) -> float:
    """|approximation - truth| / |truth|; overflow and underflow count as right where they are due."""
    value = float(truth)
    if math.isnan(approximation):
        return math.inf
    if math.isinf(value) or math.isinf(approximation):
        return 0.0 if value == approximation else math.inf
    difference = abs(float(arb(approximation) - truth))
    return difference / max(abs(value), TINY) if difference else 0.0


def _measure(part: Part, points: Sequence[float], truths: Sequence[arb]) -> float:
    with np.errstate(all="ignore"):
        values = np.broadcast_to(part(np, np.asarray(points)), (len(points),))
    return max(error_of(float(v), t) for v, t in zip(values, truths, strict=True))


def far_cell(
    formulas: Sequence[sp.Expr],
    z: sp.Symbol,
    exact: Exact,
    lo: float,
    hi: float,
    probes: list[float],
) -> Cell:
    """The best of equal formulas in z on [lo, hi], or ball arithmetic if none is good there."""
    found = [(p, precise(exact, arb(p))) for p in probes if lo <= p <= hi]
    known = [(p, truth) for p, truth in found if truth is not None]
    inside = _middle(lo, hi)
    best: tuple[float, Part] = (GOOD, elementwise(exact))
    for formula in formulas:
        part = _formula(formula, z)
        try:
            error = _measure(part, [p for p, _ in known], [t for _, t in known])
        except (ValueError, TypeError, OverflowError):
            continue
        if error < best[0] / 2:
            best = (error, part)
    return Cell(lo, hi, inside, best[1])


def _formula(formula: sp.Expr, z: sp.Symbol) -> Part:
    def part(xp: ModuleType, x: Array) -> Array:
        value = evaluate(formula, {z: x}, xp)
        return xp.where(x == x, xp.full_like(x, value), x) if isinstance(value, float) else value

    return part


def elementwise(exact: Exact) -> Part:
    """The ball's midpoint for each element: slow and right; no gradient."""

    def one(x: float) -> float:
        ball = precise(exact, arb(x)) if math.isfinite(x) else None
        return float(ball) if ball is not None else math.nan

    def part(xp: ModuleType, x: Array) -> Array:
        values = np.asarray(x.detach().cpu() if hasattr(x, "detach") else x, dtype=np.float64)
        out = np.array([one(float(item)) for item in values.ravel()]).reshape(values.shape)
        if xp is np:
            return out
        return xp.asarray(out, dtype=x.dtype, device=getattr(x, "device", None))

    return part


def near_cell(
    exact: Exact, base: Callable[[], arb], centre: int, side: int, radius: float
) -> Cell | None:
    """base + y^m p(y), y = side (z - centre), on 0 <= y <= r for the largest r <= radius that is good."""

    def excess(y: arb) -> arb | None:
        ball = exact(centre + side * y)
        return ball - base() if ball is not None else None

    order = _order(excess)
    if order is None:
        return None
    while radius > 1e-3:
        part = _fit(excess, order, radius, centre, side, float(_exactly(base)))
        points = [radius * s for s in (0.999, 0.8, 0.6, 0.4, 0.2, 0.05, 1e-3)]
        pairs = [(y, precise(excess, arb(y), 400)) for y in points]
        if part is not None and all(t is not None for _, t in pairs):
            grown = _fit(excess, order, radius, 0, 1, 0.0)
            if grown is not None:
                known = [t for _, t in pairs if t is not None]
                if _measure(grown, points, known) <= FIT_GOOD:
                    ends = sorted((float(centre), centre + side * radius))
                    return Cell(ends[0], ends[1], sum(ends) / 2, part)
        radius /= 2
    return None


def _exactly(base: Callable[[], arb]) -> arb:
    with ctx.workprec(200):
        return base()


def _order(excess: Exact) -> Fraction | None:
    """m with excess(y) ~ c y^m as y -> 0; 0 for a function that vanishes identically."""
    with ctx.workprec(ORDER_BITS):
        y = arb(2) ** -150
        values = [excess(y), excess(2 * y)]
        if any(v is None for v in values):
            return None
        a, b = values
        assert a is not None and b is not None
        if a.is_zero() and b.is_zero():
            return Fraction(0)
        if a.contains(0) or b.contains(0):
            return None
        slope = float((b / a).log() / arb(2).log()) if b / a > 0 else math.nan
    if math.isnan(slope):
        return None
    order = Fraction(slope).limit_denominator(12)
    return order if order > 0 and abs(slope - order) < 1e-9 else None


def _fit(
    excess: Exact, order: Fraction, radius: float, centre: int, side: int, base: float
) -> Part | None:
    """The interpolant of excess(y)/y^m at Chebyshev nodes of [0, radius], by divided differences."""
    with ctx.workprec(700):
        nodes, values = [], []
        for k in range(DEGREE + 1):
            y = arb(radius) * (1 + (arb(2 * k + 1) * arb.pi() / (2 * DEGREE + 2)).cos()) / 2
            y = y.mid()
            value = excess(y)
            if value is None:
                return None
            nodes.append(y)
            values.append((value / y ** arb(order.numerator / arb(order.denominator))).mid()
                          if order.denominator != 1 else (value / y**order.numerator).mid())  # fmt: skip
        table = list(values)
        for depth in range(1, DEGREE + 1):
            for k in range(DEGREE, depth - 1, -1):
                table[k] = ((table[k] - table[k - 1]) / (nodes[k] - nodes[k - depth])).mid()
        coefficients = [arb(0)] * (DEGREE + 1)
        for k in range(DEGREE, -1, -1):  # Horner on the Newton form, in powers of y
            shifted = [arb(0), *coefficients[:-1]]
            coefficients = [s - nodes[k] * c for s, c in zip(shifted, coefficients, strict=True)]
            coefficients[0] = coefficients[0] + table[k]
        powers = [float(c) for c in coefficients]
    m = int(order) if order.denominator == 1 else float(order)

    def part(xp: ModuleType, z: Array) -> Array:
        y = z - centre if side > 0 else centre - z
        total = xp.zeros_like(y) + powers[-1]
        for c in reversed(powers[:-1]):
            total = total * y + c
        return base + total * y**m if base else total * y**m

    return part


def _middle(lo: float, hi: float) -> float:
    if math.isinf(lo):
        return hi - 1.0
    if math.isinf(hi):
        return lo + 1.0
    return (lo + hi) / 2


def assemble(cells: Sequence[Cell], special: Sequence[tuple[float, float]], z: Array) -> Array:
    """The function at z: the cell that holds each entry, then exact values at special points.

    Entries that a cell does not own are replaced by a harmless point before its formula sees them, so
    that neither warnings nor nan gradients leak from there.
    """
    xp = namespace(z)
    scalar = isinstance(z, int | float)
    x = np.asarray(z, dtype=np.float64) if scalar else z
    if xp is np and x.dtype.kind in "iub":
        x = x.astype(np.float64)
    out = xp.full_like(x, math.nan)
    with np.errstate(all="ignore"):  # infinities are values here
        for cell in cells:
            mask = (x >= cell.lo) & (x <= cell.hi)
            if not bool(xp.any(mask)):
                continue
            value = cell.part(xp, xp.where(mask, x, xp.full_like(x, cell.inside)))
            out = xp.where(mask, value, out)
    for point, value in special:
        out = xp.where(x == point, xp.full_like(x, value), out)
    return float(out) if scalar else out
