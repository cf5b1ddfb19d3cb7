"""A convex generator's shape: its smooth pieces, its ends, and what each means for the conjugate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import sympy as sp
from flint import ctx

from ._algebra import expand, tidy
from ._exact import U, limit_at_zero, sign_of
from ._pieces import Piece, curvature
from ._sign import Bracket, ball_at, exact_ball, sign_table


@dataclass(frozen=True)
class Profile:
    """The pieces of a convex f on (0, oo) with the four limits that its conjugate needs."""

    pieces: tuple[Piece, ...]
    at_zero: sp.Expr  # f(0)
    slope_at_zero: sp.Expr  # f'(0+)
    slope_at_infinity: sp.Expr  # f'(oo) = f°(0)
    height: sp.Expr  # f*(f'(oo)) = -(f°)'(0+); oo when the domain of f* is open

    @property
    def closed(self) -> bool:
        """Whether f* is finite at the right end of its domain."""
        return self.slope_at_infinity is not sp.oo and self.height is not sp.oo


@dataclass(frozen=True)
class Segment:
    """On lo <= t <= hi the supremum of u t - f(u) sits where `kind` says.

    flat: at u = 0; kink: at the one point u = at; curve: where f'(u) = t inside `piece`.
    """

    kind: str
    lo: sp.Expr
    hi: sp.Expr
    at: sp.Expr | None = None
    piece: Piece | None = None
    value: sp.Expr | None = None  # f(at), or f(0)


def mirrored(pieces: tuple[Piece, ...] | list[Piece]) -> tuple[Piece, ...]:
    """The pieces of the adjoint u f(1/u)."""
    return tuple(
        Piece(
            sp.S.Zero if p.hi is sp.oo else 1 / p.hi,
            sp.oo if p.lo == 0 else 1 / p.lo,
            tidy(expand(U * p.expr.subs(U, 1 / U))),
        )
        for p in reversed(pieces)
    )


def profile(pieces: tuple[Piece, ...], adjoint: tuple[Piece, ...]) -> Profile:
    """The limits, taken exactly; raises `Undecided` when one is not found."""
    slope = sp.diff(pieces[0].expr, U)
    turned = sp.diff(adjoint[0].expr, U)
    return Profile(
        tuple(pieces),
        tidy(limit_at_zero(pieces[0].expr)),
        tidy(limit_at_zero(slope)),
        tidy(limit_at_zero(adjoint[0].expr)),
        tidy(-limit_at_zero(turned)),
    )


def slope_before(piece: Piece, at: sp.Expr) -> sp.Expr:
    """f' at a finite end of a piece."""
    return tidy(sp.diff(piece.expr, U).subs(U, at))


def segments(shape: Profile) -> list[Segment] | None:
    """The segments of the t axis in increasing order; None when a zero of f'' has no closed form."""
    found: list[Segment] = []
    if shape.slope_at_zero is not -sp.oo:
        found.append(
            Segment("flat", -sp.oo, shape.slope_at_zero, at=sp.S.Zero, value=shape.at_zero)
        )
    for i, piece in enumerate(shape.pieces):
        curves = _curves(shape, piece)
        if curves is None:
            return None
        found += curves
        if i + 1 < len(shape.pieces):
            at = piece.hi
            left, right = slope_before(piece, at), slope_before(shape.pieces[i + 1], at)
            if sign_of(right - left) > 0:
                value = tidy(piece.expr.subs(U, at))
                found.append(Segment("kink", left, right, at=at, value=value))
    return found


def _curves(shape: Profile, piece: Piece) -> list[Segment] | None:
    second = curvature(piece.expr)
    if second == 0:
        return []
    roots = () if second.is_positive else sign_table(second, piece.lo, piece.hi).roots
    if any(isinstance(r, Bracket) for r in roots):
        return None
    stops = (piece.lo, *roots, piece.hi)
    curves = []
    for a, b in pairwise(stops):
        lo = shape.slope_at_zero if a == 0 else slope_before(piece, a)
        hi = shape.slope_at_infinity if b is sp.oo else slope_before(piece, b)
        curves.append(Segment("curve", lo, hi, piece=Piece(a, b, piece.expr)))
    return curves


def at_parameters(shape: Profile, values: Mapping[sp.Symbol, sp.Expr]) -> Profile:
    """The profile with numbers for its symbolic parameters."""
    if not values:
        return shape
    pieces = tuple(
        Piece(p.lo.subs(values), p.hi.subs(values), p.expr.subs(values)) for p in shape.pieces
    )
    ends = (shape.at_zero, shape.slope_at_zero, shape.slope_at_infinity, shape.height)
    return Profile(pieces, *(tidy(end.subs(values)) for end in ends))


def looks_constant(slope: sp.Expr, piece: Piece) -> bool:
    """False when balls show two different values of it in the piece."""
    first = piece.inside()
    others = [Piece(piece.lo, first, slope).inside(), Piece(first, piece.hi, slope).inside()]
    with ctx.workprec(200):
        balls = [ball_at(slope, exact_ball(x)) for x in (first, *others)]
        return all(b is None or balls[0] is None or b.overlaps(balls[0]) for b in balls)
