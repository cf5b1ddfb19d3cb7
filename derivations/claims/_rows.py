"""The generators that the ledger's families of claims run over, and the pieces of their conjugates.

A row is a generator with what a reader would find on paper: on each piece of the real line, the
conjugate's value there and the maximiser u*(t) of u t - f(u), or the end at which the supremum is
approached. These are the ledger's statements, to be proved; they owe nothing to the conjugates
that the library derives from the catalogue, and a test holds the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy import Abs, LambertW, Max, Rational, S, exp, log, oo, sqrt, symbols

from ..claim import AtEnd, AtKink, Reason, Stationary
from ..language import POSITIVE, Choice, Domain, Interval

u, t, a, w, g, b, y = symbols("u t alpha pi gamma b y")
half = S.Half

BELOW_ONE = Interval(0, 1)
ABOVE_ONE = Interval(1, oo)
BELOW_ZERO = Interval(-oo, 0)


@dataclass(frozen=True)
class Piece:
    """f*(argument) = value for y in domain, and why; y is t itself or runs over t's interval."""

    domain: Interval | Choice
    value: sp.Expr
    reason: Reason
    y: sp.Symbol = t
    argument: sp.Expr = t


@dataclass(frozen=True)
class Row:
    """A generator f(u), the pieces of f*, the main one (strictly increasing) first."""

    name: str
    f: sp.Expr
    pieces: tuple[Piece, ...]
    parameter: tuple[sp.Symbol, Domain] | None = None
    kinked: bool = False
    y_at_slope: sp.Expr | None = None  # where the main piece's argument is f'(u), if y is not t
    slope_ends: tuple[sp.Expr, sp.Expr] | None = None  # f'(0), f'(oo), if y is not t
    source: str = "Nowozin, Cseke, Tomioka, f-GAN (2016), Table 6"

    @property
    def given(self) -> dict[sp.Symbol, Domain]:
        """The parameter, if the row has one."""
        return dict([self.parameter]) if self.parameter else {}

    @property
    def main(self) -> Piece:
        return self.pieces[0]

    @property
    def maximiser(self) -> sp.Expr:
        """u*(t) on the main piece."""
        assert isinstance(self.main.reason, Stationary)
        return self.main.reason.at

    @property
    def ends(self) -> tuple[sp.Expr, sp.Expr]:
        """f'(0) and f'(oo): the ends of the main piece, as values of t."""
        if self.slope_ends is not None:
            return self.slope_ends
        assert isinstance(self.main.domain, Interval)
        return sp.sympify(self.main.domain.lower), sp.sympify(self.main.domain.upper)

    @property
    def at_slope(self) -> sp.Expr:
        """y with argument(y) = f'(u)."""
        return self.derivative if self.y_at_slope is None else self.y_at_slope

    @property
    def derivative(self) -> sp.Expr:
        return sp.diff(self.f, u)


def _smooth(lower: sp.Expr | int, upper: sp.Expr | int, value: sp.Expr, at: sp.Expr) -> Piece:
    return Piece(Interval(lower, upper), value, Stationary(at))


def _flat_below(upper: sp.Expr | int, value: sp.Expr | int) -> Piece:
    return Piece(Interval(-oo, upper), sp.sympify(value), AtEnd(S.Zero))


def _at(point: sp.Expr | int, value: sp.Expr | int, reason: Reason) -> Piece:
    return Piece(Choice((point,)), sp.sympify(value), reason)


def _infinite_above(lower: sp.Expr | int) -> Piece:
    return Piece(Interval(lower, oo), oo, AtEnd(oo))


def alpha_row(name: str, domain: Interval) -> Row:
    """(u^a - 1 - a (u - 1)) / (a (a - 1)), for a below 0, between 0 and 1, or above 1."""
    f = (u**a - 1 - a * (u - 1)) / (a * (a - 1))
    # b = 1 + (a - 1) t is positive exactly where the slope f'(u) takes the value t.
    main = Piece(
        POSITIVE,
        (b ** (a / (a - 1)) - 1) / a,
        Stationary(b ** (1 / (a - 1))),
        y=b,
        argument=(b - 1) / (a - 1),
    )
    flat = (_flat_below(-1 / (a - 1), -1 / a),) if domain is ABOVE_ONE else ()
    ends = (-1 / (a - 1), oo) if domain is ABOVE_ONE else (-oo, 1 / (1 - a))
    return Row(name, f, (main, *flat), (a, domain), y_at_slope=u ** (a - 1), slope_ends=ends)


_e = exp(t)
_root = sqrt(1 - t)
_W = LambertW(exp(1 - t))
_ag = (u + 1) / 2 * log((u + 1) / (2 * sqrt(u)))

ROWS: dict[str, Row] = {
    row.name: row
    for row in (
        Row("kl", u * log(u), (_smooth(-oo, oo, exp(t - 1), exp(t - 1)),)),
        Row(
            "reverse_kl",
            -log(u),
            (_smooth(-oo, 0, -1 - log(-t), -1 / t), _infinite_above(0)),
        ),
        Row(
            "pearson",
            (u - 1) ** 2,
            (_smooth(-2, oo, t + t**2 / 4, 1 + t / 2), _flat_below(-2, -1)),
        ),
        Row(
            "neyman",
            (1 - u) ** 2 / u,
            (
                _smooth(-oo, 1, 2 - 2 * _root, 1 / _root),
                _at(1, 2, AtEnd(oo)),
                _infinite_above(1),
            ),
        ),
        Row(
            "squared_hellinger",
            (sqrt(u) - 1) ** 2 / 2,
            (_smooth(-oo, half, t / (1 - 2 * t), 1 / (1 - 2 * t) ** 2), _infinite_above(half)),
        ),
        Row(
            "jeffreys",
            (u - 1) * log(u),
            (_smooth(-oo, oo, _W + 1 / _W + t - 2, 1 / _W),),
        ),
        Row(
            "jensen_shannon",
            (u * log(u) - (u + 1) * log((u + 1) / 2)) / 2,
            (
                _smooth(
                    -oo,
                    log(2) / 2,
                    -log(2 - exp(2 * t)) / 2,
                    exp(2 * t) / (2 - exp(2 * t)),
                ),
                _infinite_above(log(2) / 2),
            ),
        ),
        Row(
            "jensen_shannon_weighted",
            w * u * log(u) - (1 - w + w * u) * log(1 - w + w * u),
            (
                Piece(  # y = pi e^(t/pi) < 1
                    BELOW_ONE,
                    (1 - w) * log((1 - w) / (1 - y)),
                    Stationary((1 - w) * y / (w * (1 - y))),
                    y=y,
                    argument=w * log(y / w),
                ),
            ),
            (w, BELOW_ONE),
            y_at_slope=w * u / (1 - w + w * u),
            slope_ends=(-oo, -w * log(w)),
        ),
        Row(
            "gan",
            u * log(u) - (u + 1) * log(u + 1),
            (_smooth(-oo, 0, -log(1 - _e), _e / (1 - _e)), _infinite_above(0)),
        ),
        alpha_row("alpha-negative", BELOW_ZERO),
        alpha_row("alpha-below-one", BELOW_ONE),
        alpha_row("alpha-above-one", ABOVE_ONE),
        Row(
            "le_cam",
            (u - 1) ** 2 / (u + 1),
            (
                _smooth(-3, 1, 4 - t - 4 * _root, 2 / _root - 1),
                _flat_below(-3, -1),
                _at(1, 3, AtEnd(oo)),
                _infinite_above(1),
            ),
            source="Le Cam, Asymptotic Methods in Statistical Decision Theory (1986)",
        ),
        Row(
            "arithmetic_geometric",
            _ag,
            # u*(t) has no closed form, so the maximiser itself runs over (0, oo): t = f'(y).
            (
                Piece(
                    POSITIVE,
                    (y * sp.diff(_ag, u) - _ag).subs(u, y),
                    Stationary(y),
                    y=y,
                    argument=sp.diff(_ag, u).subs(u, y),
                ),
            ),
            y_at_slope=u,
            slope_ends=(-oo, oo),
            source="Taneja, New developments in generalized information measures (1995)",
        ),
        Row(
            "total_variation",
            Abs(u - 1) / 2,
            (
                Piece(Interval(-half, half), t, AtKink(S.One)),
                _flat_below(-half, -half),
                _at(-half, -half, AtKink(S.One)),
                _at(half, half, AtKink(S.One)),
                _infinite_above(half),
            ),
            kinked=True,
        ),
        Row(
            "hockey_stick",
            Max(u - g, 0),
            (
                Piece(Interval(0, 1), g * t, AtKink(g)),
                _flat_below(0, 0),
                _at(0, 0, AtKink(g)),
                _at(1, g, AtKink(g)),
                _infinite_above(1),
            ),
            (g, ABOVE_ONE),
            kinked=True,
            source="Polyanskiy, Poor, Verdu, Channel coding rate (2010)",
        ),
    )
}

SMOOTH = tuple(row for row in ROWS.values() if not row.kinked)

# Generators as published elsewhere, normalised otherwise than the catalogue's.
PUBLISHED = (
    Row(
        "jensen_shannon-published",
        u * log(u) - (u + 1) * log((u + 1) / 2),
        (_smooth(-oo, log(2), -log(2 - _e), _e / (2 - _e)), _infinite_above(log(2))),
    ),
    Row(
        "squared_hellinger-published",
        (sqrt(u) - 1) ** 2,
        (_smooth(-oo, 1, t / (1 - t), 1 / (1 - t) ** 2), _infinite_above(1)),
    ),
)

# The alpha divergence of order 3/2, a member of the family with numbers for all its symbols.
THREE_HALVES = Rational(3, 2)
