"""sup over u >= 0 of u t - f(u) as a ball: f convex, its derivative bracketed by bisection.

With f'(l) <= t <= f'(r) and m in [l, r], convexity gives
    t m - f(m)  <=  sup  <=  t m - f(m) + |t - f'(m)| (r - l).
No closed form of the conjugate is used, so this checks one.
"""

from __future__ import annotations

import sympy as sp
from flint import arb, ctx

from ._exact import U, sign_of
from ._pieces import Piece
from ._profile import Profile, slope_before
from ._sign import ball_at, exact_ball

LARGEST_EXPONENT = 1 << 14  # u is sought between 2^-this and 2^this


class OutOfReach(ArithmeticError):
    """The maximiser lies beyond 2^+-16384, or could not be bracketed."""


def supremum(shape: Profile, t: sp.Expr, digits: int = 50) -> arb:
    """f*(t) at a closed real t, as a ball; +oo outside the domain. Raises `OutOfReach`."""
    bits = int(digits * 3.33) + 80
    with ctx.workprec(bits):
        side = sign_of(t - shape.slope_at_infinity) if shape.slope_at_infinity is not sp.oo else -1
        if side > 0:
            return arb.pos_inf()
        if side == 0:
            return exact_ball(shape.height, bits) if shape.closed else arb.pos_inf()
        if shape.slope_at_zero is not -sp.oo and sign_of(t - shape.slope_at_zero) <= 0:
            return -exact_ball(shape.at_zero, bits)
        for i, piece in enumerate(shape.pieces):
            if piece.hi is sp.oo or sign_of(t - slope_before(piece, piece.hi)) < 0:
                return _inside(piece, t, bits)
            after = shape.pieces[i + 1]
            if sign_of(t - slope_before(after, piece.hi)) <= 0:
                at, value = exact_ball(piece.hi, bits), piece.expr.subs(U, piece.hi)
                return at * exact_ball(t, bits) - exact_ball(value, bits)
    raise OutOfReach(f"no piece holds t = {t}")


def _inside(piece: Piece, t: sp.Expr, bits: int) -> arb:
    slope = sp.diff(piece.expr, U)

    def below(u: arb, extra: int) -> bool | None:
        """f'(u) < t; None when the balls touch."""
        for prec in (bits + extra, 4 * (bits + extra)):
            ball = ball_at(slope, u, prec)
            with ctx.workprec(prec):
                if ball is None:
                    return None
                difference = ball - exact_ball(t, prec)
                if difference < 0 or difference > 0:
                    return bool(difference < 0)
        return None

    left, right = _bracket(piece, below)
    extra = abs(int(float((left if left < 1 else right).log()) * 1.5)) + 64
    while right > 2 * left and left > 0:
        # A step off the middle when the middle is the solution itself.
        for factor in (1, arb(9) / 8, arb(7) / 8):
            middle = ((left * right).sqrt() * factor).mid()
            under = below(middle, extra)
            if under is not None:
                break
        else:
            raise OutOfReach(f"f' could not be told from t near u = {middle.str(10)}")
        left, right = (middle, right) if under else (left, middle)
    steps = bits // 2 + 40
    for _ in range(steps):
        middle = ((left + right) / 2).mid()
        under = below(middle, extra)
        if under is None:
            break
        left, right = (middle, right) if under else (left, middle)
    with ctx.workprec(bits + 2 * extra):
        m = ((left + right) / 2).mid()
        f, slope_at_m = (
            ball_at(piece.expr, m, bits + 2 * extra),
            ball_at(slope, m, bits + 2 * extra),
        )
        if f is None or slope_at_m is None:
            raise OutOfReach(f"f could not be evaluated near u = {m.str(10)}")
        target = exact_ball(t, bits + 2 * extra)
        slack = (abs(target - slope_at_m) * (right - left)).upper()
        lower = target * m - f
        return lower.union(lower + slack)


def _bracket(piece: Piece, below) -> tuple[arb, arb]:  # type: ignore[no-untyped-def]
    """l < r inside the piece (or its finite ends) with f'(l) < t < f'(r)."""
    start = exact_ball(piece.inside(), 64).mid()
    left = right = start
    if piece.lo != 0:
        left = exact_ball(piece.lo, ctx.prec).mid()
    else:
        exponent = 1
        while not below(left, 2 * exponent):
            right, left = left, start * arb(2) ** -exponent
            exponent *= 2
            if exponent > LARGEST_EXPONENT:
                raise OutOfReach("the maximiser is closer to 0 than 2^-16384")
    if piece.hi is not sp.oo:
        return left, right if below(right, 64) is False else exact_ball(piece.hi, ctx.prec).mid()
    exponent = 1
    while below(right, 2 * exponent) is not False:
        left = right if right > left else left
        right = start * arb(2) ** exponent
        exponent *= 2
        if exponent > LARGEST_EXPONENT:
            raise OutOfReach("the maximiser is beyond 2^16384")
    return left, right
