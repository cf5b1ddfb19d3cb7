"""f* on arrays: its formulas cell by cell, or a solve of f'(e^v) = t where there is no formula."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import array_api_compat
import numpy as np
import sympy as sp
from flint import arb, ctx

from ._algebra import expand
from ._evaluate import constant, namespace
from ._exact import T, Undecided, sign_of
from ._numeric import floats_around
from ._profile import Profile
from ._sign import exact_ball
from ._stable import Cell, assemble, far_cell, near_cell
from ._supremum import supremum
from .conjugate import ConjugatePiece
from .enclosure import NotEnclosable, compile_ball

Array = Any
NEAR_T = 0.25  # widest polynomial cell about t = 0, where f*(t) = t + ...
EDGE = 2.0**-10  # next to an end, where a formula may lose digits, it is measured apart
FAR = 1000.0  # and so beyond this
PROBES = (
    0.26,
    0.4,
    0.6,
    0.75,
    0.9,
    1.2,
    2.0,
    3.0,
    5.0,
    10.0,
    30.0,
    100.0,
    300.0,
    700.0,
    999.0,
    3e3,
    1e6,
)
HALVINGS = 70
V_RANGE = (-745.0, 709.0)  # e^v is a positive double


def conjugate_cells(found: Sequence[ConjugatePiece]) -> list[Cell]:
    """Cells for t -> f*(t) inside its domain."""
    cells: list[Cell] = []
    for piece in found:
        lo, hi = floats_around(piece.lo)[1], floats_around(piece.hi)[0]
        if lo <= hi:
            cells += _cells_of(piece.expr, lo, hi)
    return cells


def _exact(expr: sp.Expr) -> Callable[[arb], arb | None]:
    def exact(t: arb) -> arb | None:
        try:
            ball = compile_ball(expr)({T: t}, False)
        except (NotEnclosable, ValueError, ZeroDivisionError):
            return None
        return ball if isinstance(ball, arb) and ball.is_finite() else None

    return exact


def _cells_of(expr: sp.Expr, lo: float, hi: float) -> list[Cell]:
    exact = _exact(expr)
    stops = [lo]
    if lo < -FAR < hi:
        stops.append(-FAR)
    if math.isfinite(lo):
        stops.append(min(lo + EDGE, (lo + hi) / 2) if math.isfinite(hi) else lo + EDGE)
    cells: list[Cell] = []
    if lo < 0 < hi and _vanishes(expr):
        for side in (-1, 1):
            reach = min(NEAR_T, -lo if side < 0 else hi)
            cell = near_cell(exact, lambda: arb(0), 0, side, reach)
            if cell is not None:
                cells.append(cell)
                stops += [cell.lo, cell.hi]
    if math.isfinite(hi):
        stops.append(max(hi - EDGE, (lo + hi) / 2) if math.isfinite(lo) else hi - EDGE)
    if lo < FAR < hi:
        stops.append(FAR)
    stops = sorted({*stops, hi})
    forms = _forms(expr)
    for a, b in itertools.pairwise(stops):
        if not any(cell.lo <= a and b <= cell.hi for cell in cells):
            cells.append(far_cell(forms, T, exact, a, b, _probes(a, b)))
    return cells


def _vanishes(expr: sp.Expr) -> bool:
    try:
        return sign_of(expr.subs(T, 0)) == 0
    except Undecided:
        return False


def _forms(expr: sp.Expr) -> list[sp.Expr]:
    forms = [expr, expand(expr), sp.factor_terms(expr)]
    return list(dict.fromkeys(forms))


def _probes(a: float, b: float) -> list[float]:
    points = {s * p for p in PROBES for s in (-1.0, 1.0)}
    points |= {p for p in (a, b) if math.isfinite(p)}
    if math.isfinite(a) and math.isfinite(b):
        points |= {a + (b - a) * k / 8 for k in range(1, 8)}
        points |= {a + (b - a) * 2.0**-k for k in range(4, 40, 4)}
        points |= {b - (b - a) * 2.0**-k for k in range(4, 40, 4)}
    return sorted(p for p in points if a <= p <= b)


class ConjugateOnArrays:
    """t -> f*(t): formulas where there are any, a monotone solve otherwise."""

    def __init__(
        self,
        shape: Profile,
        cells: list[Cell] | None,
        critic: Callable[[Array], Array],
        at_critic: Callable[[Array], Array],
    ) -> None:
        self._cells, self._critic, self._at_critic = cells, critic, at_critic
        self._shape = shape
        top, bottom = shape.slope_at_infinity, shape.slope_at_zero
        self._top = floats_around(top)
        self._bottom = floats_around(bottom)
        self._at_zero = constant(-shape.at_zero) if shape.at_zero is not sp.oo else math.nan

    def __call__(self, t: Array) -> Array:
        xp = namespace(t)
        if xp is np:
            t = np.asarray(t, dtype=np.float64) if t.dtype.kind in "iub" else t
        with np.errstate(all="ignore"):  # infinities are values here
            out = assemble(self._cells, (), t) if self._cells is not None else self._solved(t, xp)
        last_inside, first_outside = self._top
        if last_inside == first_outside:  # the end is a double itself
            height = constant(self._shape.height)
            out = xp.where(t == last_inside, xp.full_like(t, height), out)
            return xp.where(t > last_inside, xp.full_like(t, math.inf), out)
        return xp.where(t >= first_outside, xp.full_like(t, math.inf), out)

    def _solved(self, t: Array, xp: Any) -> Array:
        """h(v) + e^v (t - g(v)) with g(v) = t up to rounding: the error left is of second order."""
        if not (xp is np or array_api_compat.is_torch_namespace(xp)):
            raise ValueError(
                "this generator has no closed conjugate; it is served on numpy and torch"
            )
        plain = t if xp is np else t.detach()
        lo, hi = xp.full_like(plain, V_RANGE[0]), xp.full_like(plain, V_RANGE[1])
        for _ in range(HALVINGS):
            middle = (lo + hi) / 2
            below = self._critic(middle) < plain
            lo, hi = xp.where(below, middle, lo), xp.where(below, hi, middle)
        v = (lo + hi) / 2
        u = xp.exp(v)
        value = self._at_critic(v) + u * (plain - self._critic(v))
        if xp is not np:
            value = value + (t - plain) * u  # the gradient of f* is the maximiser
        if self._shape.slope_at_zero is not -sp.oo:
            flat = plain <= self._bottom[0]
            value = xp.where(flat, xp.full_like(plain, self._at_zero), value)
        return value


def round_ball(ball: arb) -> tuple[float, float]:
    """The ball's midpoint as a double and a bound on its distance from anything in the ball."""
    if not ball.is_finite():
        return (math.inf, 0.0) if ball == arb.pos_inf() else (math.nan, math.inf)
    with ctx.workprec(300):
        value = float(ball.mid())
        if math.isinf(value):
            return value, math.inf
        error = float(abs(ball - arb(value)).upper())
    return value, math.nextafter(error, math.inf) if error else 0.0


def one_with_error(
    shape: Profile, found: Sequence[ConjugatePiece] | None, t: Any
) -> tuple[float, float]:
    """f*(t) at one number with a proven bound on the error: the formula's ball, or the supremum's."""
    if isinstance(t, float | np.floating) and not math.isfinite(t):
        if math.isnan(t):
            return math.nan, math.inf
        return (math.inf, 0.0) if t > 0 else (-constant(shape.at_zero), 0.0)
    point = _exact_point(t)
    for piece in found or ():
        if _between(piece, point, shape):
            ball = _formula_ball(piece.expr, point)
            if ball is not None:
                return round_ball(ball)
    return round_ball(supremum(shape, point, 40))


def _exact_point(t: Any) -> sp.Expr:
    """The number that t is: a double exactly, a sympy float to its digits."""
    if isinstance(t, sp.Expr):
        return sp.nsimplify(t, rational=True) if t.is_Float else t
    return sp.Rational(t)


def _between(piece: ConjugatePiece, point: sp.Expr, shape: Profile) -> bool:
    if piece.lo is not -sp.oo and sign_of(point - piece.lo) < 0:
        return False
    if piece.hi is sp.oo:
        return True
    sign = sign_of(point - piece.hi)
    return sign < 0 or (sign == 0 and piece.hi != shape.slope_at_infinity)


def _formula_ball(expr: sp.Expr, point: sp.Expr) -> arb | None:
    for bits in (200, 1600):
        with ctx.workprec(bits):
            try:
                ball = compile_ball(expr)({T: exact_ball(point, bits)}, False)
            except (NotEnclosable, ValueError, ZeroDivisionError):
                return None
        if not isinstance(ball, arb) or not ball.is_finite():
            return None
        if ball.is_zero() or ball.rel_accuracy_bits() > 70:
            return ball
    try:
        return arb(0) if sign_of(expr.subs(T, point)) == 0 else None
    except Undecided:
        return None
