"""Is f convex on u > 0?  A proof in words, or three rational points that refute it.

f is convex on (0, oo) exactly when f'' >= 0 on each smooth piece, f is continuous where pieces
meet, and f' does not jump down there. The sign of f'' comes from `_sign.sign_table`, which is exact;
sympy's own `is_convex` errs on Piecewise and fails on |u - 1|, and is not used.

Source: Hiriart-Urruty and Lemarechal, "Fundamentals of Convex Analysis" (2001), chapter B.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import sympy as sp
from flint import arb, ctx

from ._algebra import tidy
from ._exact import U, Undecided, sign_of
from ._pieces import Piece, curvature
from ._sign import Root, ball_at, exact_ball, left_end, right_end, sign_table

Triple = tuple[sp.Rational, sp.Rational, sp.Rational]
BITS = 300
SIMPLE = tuple(sp.Rational(n, 4) for n in (1, 2, 3, 4, 5, 6, 8, 12, 16, 32))
COARSE = tuple(
    sp.Rational(n, 4) * sp.Rational(2) ** k for k in range(-12, 13) for n in (4, 5, 6, 7)
)


class NotConvex(ValueError):
    """f is not convex: `witness` = (x, y, z), x < y < z, where f(y) lies above the chord from x to z."""

    def __init__(self, expr: sp.Expr, witness: Triple) -> None:
        x, y, z = witness
        super().__init__(
            f"f(u) = {expr} is not convex on u > 0: at u = {y} it lies above its chord from "
            f"u = {x} to u = {z}"
        )
        self.witness = witness


def prove_convex(pieces: list[Piece], expr: sp.Expr) -> str:
    """Why f is convex, in one line.

    Raises `NotConvex` with a witness, or `Undecided` when there is neither a proof nor a witness.

    >>> from divergences._pieces import split
    >>> prove_convex(split(-sp.log(U)), -sp.log(U))
    "f'' = u**(-2) > 0 for u > 0"
    """
    if not _parameters(expr):
        for points in (SIMPLE, COARSE):
            _refute_on(expr, points)
    reasons = [_prove_piece(piece, expr) for piece in pieces]
    for left, right in itertools.pairwise(pieces):
        reasons.append(_prove_joint(left, right, expr))
    return "; ".join(dict.fromkeys(reasons))


def _parameters(expr: sp.Expr) -> set[sp.Symbol]:
    return expr.free_symbols - {U}


def _prove_piece(piece: Piece, expr: sp.Expr) -> str:
    second = curvature(piece.expr)
    shown = str(second) if sp.count_ops(second) < 40 else "..."
    where = _where(piece)
    if second == 0:
        return f"f'' = 0 {where}"
    try:
        table = sign_table(second, piece.lo, piece.hi)
    except Undecided as error:
        termwise = _each_term_convex(piece)
        if termwise:
            return termwise
        raise Undecided(f"could not decide whether {expr} is convex: {error}") from error
    for left, right, sign in table.cells(piece.lo, piece.hi):
        if sign < 0:
            _refute(expr, _inside(left, right))
    return f"f'' = {shown} {'>=' if table.roots else '>'} 0 {where}"


def _where(piece: Piece) -> str:
    if piece.hi is sp.oo:
        return f"for u > {piece.lo}"
    return f"for {piece.lo} < u < {piece.hi}"


def _each_term_convex(piece: Piece) -> str | None:
    """A sum of convex terms is convex."""
    terms = sp.Add.make_args(piece.expr)
    try:
        for term in terms:
            if min(sign_table(tidy(sp.diff(term, U, 2)), piece.lo, piece.hi).signs) < 0:
                return None
    except Undecided:
        return None
    return f"a sum of {len(terms)} convex terms {_where(piece)}"


def _prove_joint(left: Piece, right: Piece, expr: sp.Expr) -> str:
    at = left.hi
    jump = tidy((right.expr - left.expr).subs(U, at))
    rise = tidy((sp.diff(right.expr, U) - sp.diff(left.expr, U)).subs(U, at))
    if sign_of(jump) != 0 or sign_of(rise) < 0:
        _refute(expr, _around(at))
    return f"f' rises by {rise} at u = {at}" if rise != 0 else f"f' is continuous at u = {at}"


def _refute_on(expr: sp.Expr, points: Iterable[sp.Rational]) -> None:
    witness = find_violation(expr, points)
    if witness is not None:
        raise NotConvex(expr, witness)


def _refute(expr: sp.Expr, points: Iterable[sp.Rational]) -> None:
    _refute_on(expr, points)
    raise Undecided(f"{expr} is not convex, but no rational witness was found")


def _inside(left: Root, right: Root) -> list[sp.Rational]:
    """Rationals inside (left, right), closing in on both ends from the middle."""
    a = _nearby_rational(right_end(left))
    b = left_end(right)
    if b is sp.oo:
        return [a + sp.Rational(2) ** k for k in range(-30, 60)]
    width = _nearby_rational(b) - a
    thirds = [a + width * sp.Rational(k, 48) for k in range(1, 48)]
    near = [a + width / 2**k for k in range(6, 40)]
    return sorted({*thirds, *near, *(2 * a + width - x for x in near)})


def _around(at: sp.Expr) -> list[sp.Rational]:
    centre = _nearby_rational(at)
    steps = [centre / 2**k for k in range(1, 41)]
    return sorted({centre, *(centre - s for s in steps), *(centre + s for s in steps)})


def _nearby_rational(value: sp.Expr) -> sp.Rational:
    """The value itself if rational, else a dyadic rational within 2^-200 of it."""
    if value.is_Rational:
        return value
    scaled = (exact_ball(value, 400) * 2**200).mid().floor().unique_fmpz()
    return sp.Rational(int(scaled or 0), 2**200)


def find_violation(expr: sp.Expr, points: Iterable[sp.Rational]) -> Triple | None:
    """Three neighbours x < y < z of `points` with f(y) above the chord, shown by balls; or None."""
    kept: list[tuple[sp.Rational, arb]] = []
    with ctx.workprec(BITS):
        for point in sorted(set(points)):
            value = ball_at(expr, exact_ball(point, BITS), BITS) if point > 0 else None
            if value is not None:
                kept.append((point, value))
        for (x, fx), (y, fy), (z, fz) in zip(kept, kept[1:], kept[2:], strict=False):
            a, b = exact_ball(y - x, BITS), exact_ball(z - y, BITS)
            if a * fz + b * fx < (a + b) * fy:
                return x, y, z
    return None
