"""From the smooth pieces of a generator to stable numerical functions of it.

`critic_cells` serves v -> f'(e^v); `Remainder` serves u -> f(u) - f(1) - f'(1)(u - 1). The conjugate at
the critic needs no code of its own: e^v f'(e^v) - f(e^v) = -(f°)'(e^-v), the adjoint's critic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, ctx

from ._algebra import PATIENCE, expand, factored, gather_logs, tidy, tidy_logs, tidy_powers
from ._evaluate import constant, evaluate, namespace
from ._exact import U, V, is_zero
from ._patience import within
from ._pieces import Piece
from ._sign import ball_at, exact_ball
from ._stable import Cell, assemble, far_cell, near_cell

Array = Any
NEAR_V = 0.5  # widest polynomial cell about v = 0
NEAR_X = 0.3  # and about u = 1
FAR_V = (
    0.501,
    0.75,
    1,
    1.5,
    2,
    3,
    5,
    8,
    13,
    20,
    30,
    36,
    37.5,
    50,
    90,
    180,
    300,
    350,
    400,
    600,
    700,
    740,
)
FAR_U = (0.7, 0.65, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.03, 1e-2, 1e-3, 1e-5, 1e-8, 1e-12, 1e-16, 1e-20,
         1e-50, 1e-100, 1e-150, 1e-200, 1e-300)  # fmt: skip


def equal_forms(expr: sp.Expr) -> list[sp.Expr]:
    """A few formulas for the same function of u > 0."""
    rewrites: list[Callable[[], sp.Expr]] = [
        lambda: expand(tidy_logs(expr)),
        lambda: gather_logs(tidy_logs(expr)),
        lambda: expand(tidy_powers(expr)),
        lambda: factored(expr),
        lambda: tidy(expr),
    ]
    if not expr.has(sp.log, sp.exp):
        rewrites.append(lambda: sp.apart(expr, U))
    forms = [expr, *(within(PATIENCE, rewrite) for rewrite in rewrites)]
    return list(dict.fromkeys(f for f in forms if f is not None))


def floats_around(value: sp.Expr) -> tuple[float, float]:
    """The largest double <= value and the smallest double >= value."""
    if value is sp.oo or value is -sp.oo:
        end = constant(value)
        return end, end
    near = constant(value)
    with ctx.workprec(400):
        ball = exact_ball(value, 400)
        if arb(near) < ball:
            return near, math.nextafter(near, math.inf)
        if arb(near) > ball:
            return math.nextafter(near, -math.inf), near
    return near, near


def _log(value: sp.Expr) -> sp.Expr:
    return -sp.oo if value == 0 else sp.oo if value is sp.oo else sp.log(value)


def _exact_value(value: sp.Expr) -> Callable[[], arb]:
    return lambda: exact_ball(value, _bits())


def _bits() -> int:
    return int(ctx.prec)


def critic_cells(pieces: Sequence[Piece]) -> list[Cell]:
    """Cells for v -> f'(e^v), each with a relative error near the last digit."""
    cells: list[Cell] = []
    for piece in pieces:
        slope = sp.diff(piece.expr, U)
        lo, hi = floats_around(_log(piece.lo))[1], floats_around(_log(piece.hi))[0]
        cells += _critic_of_piece(slope, lo, hi)
    return cells


def _critic_of_piece(slope: sp.Expr, lo: float, hi: float) -> list[Cell]:
    flat = tidy(slope)
    if not flat.has(U):
        middle = (max(lo, -1.0) + min(hi, 1.0)) / 2
        value = constant(flat)
        # `where` keeps z in the graph, so that torch finds a gradient: 0.
        return [Cell(lo, hi, middle, lambda xp, z: xp.where(z == z, xp.full_like(z, value), z))]

    def exact(v: arb) -> arb | None:
        return ball_at(slope, v.exp(), _bits())

    base = _exact_value(slope.subs(U, 1))
    cells: list[Cell] = []
    left, right = min(0.0, hi), max(0.0, lo)  # where the far cells begin
    if lo < 0 <= hi:
        cell = near_cell(exact, base, 0, -1, min(NEAR_V, -lo))
        cells += [cell] if cell else []
        left = cell.lo if cell else 0.0
    if lo <= 0 < hi:
        cell = near_cell(exact, base, 0, 1, min(NEAR_V, hi))
        cells += [cell] if cell else []
        right = cell.hi if cell else 0.0
    formulas = [form.subs(U, sp.exp(V)) for form in equal_forms(slope)]
    formulas += [form.subs(U, sp.exp(-V)) for form in equal_forms(slope.subs(U, 1 / U))]
    formulas = list(dict.fromkeys(formulas))
    if lo < left:
        cells.append(far_cell(formulas, V, exact, lo, left, _probes(lo, left, FAR_V)))
    if right < hi:
        cells.append(far_cell(formulas, V, exact, right, hi, _probes(right, hi, FAR_V)))
    return cells


def _probes(lo: float, hi: float, usual: Sequence[float]) -> list[float]:
    """The usual points (either sign) inside, the finite ends, and an even grid where both are finite."""
    points = {s * p for p in usual for s in (-1.0, 1.0) if lo <= s * p <= hi}
    points |= {p for p in (lo, hi) if math.isfinite(p) and p != 0}
    if math.isfinite(lo) and math.isfinite(hi):
        points |= {lo + (hi - lo) * k / 9 for k in range(1, 9)}
    elif math.isfinite(lo) or math.isfinite(hi):
        end, way = (lo, 1.0) if math.isfinite(lo) else (hi, -1.0)
        points |= {end + way * 2.0**-k for k in range(0, 20, 3)}
    return sorted(points)


def evaluate_pieces(pieces: Sequence[Piece], at_zero: sp.Expr, u: Array) -> Array:
    """f(u) by its formulas; f(0) at 0, nan below."""
    xp = namespace(u)
    scalar = isinstance(u, int | float)
    x = np.asarray(u, dtype=np.float64) if scalar else u
    out = xp.full_like(x, math.nan)
    with np.errstate(all="ignore"):
        for piece in pieces:
            lo, hi = floats_around(piece.lo)[1], floats_around(piece.hi)[0]
            mask = (x >= lo) & (x <= hi) & (x > 0)
            inside = xp.where(mask, x, xp.full_like(x, float(piece.inside())))
            value = evaluate(piece.expr, {U: inside}, xp)
            value = xp.full_like(x, value) if isinstance(value, float) else value
            out = xp.where(mask, value, out)
    out = xp.where(x == 0, xp.full_like(x, constant(at_zero)), out)
    return float(out) if scalar else out


class Remainder:
    """R(u) = f(u) - f(1) - c (u - 1), c = f'(1): what is left of f once mass is accounted for.

    D_f(P||Q) = f(1) + sum q R(p/q) for probability vectors. R is computed from u - 1 next to 1 and,
    through R(u) = u R°(1/u), from the adjoint above it, so that it loses no digits near 1 and
    overflows only where its value does.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        adjoint: Sequence[Piece],
        at_one: sp.Expr,
        slope: sp.Expr,
        at_zero: sp.Expr,
        at_infinity: sp.Expr,
    ) -> None:
        self._near: list[Cell] = []
        excess = [self._excess(p, at_one, slope) for p in pieces]
        left = self._add_near(pieces, excess, -1)
        right = self._add_near(pieces, excess, 1)
        mirrored = [self._excess(p, at_one, at_one - slope) for p in adjoint]
        self._left, self._right = left, right
        self._below = self._far(pieces, excess, 1.0 - left)
        self._above = self._far(adjoint, mirrored, min(1.0, math.nextafter(1 / (1.0 + right), 2)))
        self._at_zero, self._at_infinity = constant(at_zero), constant(at_infinity)

    @staticmethod
    def _excess(piece: Piece, at_one: sp.Expr, slope: sp.Expr) -> sp.Expr:
        difference = piece.expr - at_one - slope * (U - 1)
        return sp.S.Zero if is_zero(difference) else difference

    def _add_near(self, pieces: Sequence[Piece], excess: Sequence[sp.Expr], side: int) -> float:
        """A polynomial cell in x = u - 1 on one side of 0; how far it reaches."""
        for piece, expr in zip(pieces, excess, strict=True):
            lo = floats_around(piece.lo)[1]
            hi = floats_around(piece.hi)[0]
            if not (lo < 1 <= hi if side < 0 else lo <= 1 < hi):
                continue
            reach = min(NEAR_X, 1 - lo if side < 0 else hi - 1)
            if expr == 0:
                ends = sorted((0.0, side * reach))
                self._near.append(
                    Cell(ends[0], ends[1], 0.0, lambda xp, z: xp.where(z == z, xp.zeros_like(z), z))
                )
                return reach

            def exact(x: arb, expr: sp.Expr = expr) -> arb | None:
                return ball_at(expr, 1 + x, _bits())

            cell = near_cell(exact, lambda: arb(0), 0, side, reach)
            if cell is not None:
                self._near.append(cell)
                return max(abs(cell.lo), abs(cell.hi))
        return 0.0

    @staticmethod
    def _far(pieces: Sequence[Piece], excess: Sequence[sp.Expr], end: float) -> list[Cell]:
        cells = []
        for piece, expr in zip(pieces, excess, strict=True):
            lo, hi = floats_around(piece.lo)[1], min(end, floats_around(piece.hi)[0])
            if lo >= hi:
                continue
            if expr == 0:
                cells.append(
                    Cell(lo, hi, (lo + hi) / 2, lambda xp, z: xp.where(z == z, xp.zeros_like(z), z))
                )
                continue

            def exact(u: arb, expr: sp.Expr = expr) -> arb | None:
                return ball_at(expr, u, _bits())

            probes = [p for p in _probes(lo, hi, FAR_U) if p > 0]
            cells.append(far_cell(equal_forms(expr), U, exact, lo, hi, probes))
        return cells

    def __call__(self, u: Array, excess: Array | None = None) -> Array:
        """R at u; `excess` is u - 1 where the caller knows it better than the rounded u does."""
        xp = namespace(u)
        scalar = isinstance(u, int | float)
        if scalar or (xp is np and u.dtype.kind in "iub"):
            u = np.asarray(u, dtype=np.float64)
        x = u - 1 if excess is None else excess
        near = (x >= -self._left) & (x <= self._right)
        below = (u < 1) & ~near
        above = (u > 1) & ~near
        half = xp.full_like(u, 0.5)
        out = assemble(self._near, (), xp.where(near, x, xp.zeros_like(u)))
        if bool(xp.any(below)):
            out = xp.where(below, assemble(self._below, (), xp.where(below, u, half)), out)
        if bool(xp.any(above)):
            safe = xp.where(above, u, 2 * xp.ones_like(u))
            with np.errstate(over="ignore"):
                out = xp.where(above, safe * assemble(self._above, (), 1 / safe), out)
        out = xp.where(u == 0, xp.full_like(u, self._at_zero), out)
        out = xp.where(u == math.inf, xp.full_like(u, self._at_infinity), out)
        out = xp.where((u < 0) | (u != u), xp.full_like(u, math.nan), out)
        return float(out) if scalar else out
