"""The generators that the ledger's families of claims run over, and what is claimed of each.

A row is a generator with what a reader would find on paper: its values at 0, 1 and infinity, and on
each piece of the real line the conjugate's value and the maximiser u*(t) of u t - f(u), or the end
at which the supremum is approached. These are statements, to be proved; they owe nothing to what
the library derives from the catalogue, and a test holds the two against each other.
"""

from __future__ import annotations

import sympy as sp
from sympy import LambertW, S, exp, log, oo, sqrt, symbols

from ..claim import AtEnd, AtKink, Reason, Stationary
from ..language import POSITIVE, UNIT, Choice, Interval
from ._row import F_GAN, Piece, Row, t, u

a, w, g, b, y = symbols("alpha w gamma b y")
half = S.Half

ABOVE_ONE = Interval(1, oo)
BELOW_ZERO = Interval(-oo, 0)
AT_ZERO, AT_INFINITY = AtEnd(S.Zero), AtEnd(oo)


def _smooth(lower: sp.Expr | int, upper: sp.Expr | int, value: str, at: sp.Expr) -> Piece:
    return Piece(Interval(lower, upper), value, Stationary(at))


def _flat_below(upper: sp.Expr | int, value: str, at_upper: Reason = AT_ZERO) -> list[Piece]:
    """A constant up to where the slope at 0 is reached, that joint included."""
    joint = Piece(Choice((upper,)), value, at_upper)
    return [joint, Piece(Interval(-oo, upper), value, AT_ZERO)]


def _beyond(lower: sp.Expr | int, value: str = "oo", reason: Reason = AT_INFINITY) -> list[Piece]:
    """The end of dom f*, with the value there, and oo beyond it."""
    end = Piece(Choice((lower,)), value, reason)
    return [end, Piece(Interval(lower, oo), "oo", AT_INFINITY)]


def _alpha(name: str, domain: Interval, at_zero: str, at_infinity: str, greatest: str = "") -> Row:
    """(u^a - 1 - a (u - 1)) / (a (a - 1)), for a below 0, between 0 and 1, or above 1."""
    joint = "1/(1 - alpha)"
    main = Piece(  # b = 1 + (a - 1) t is positive exactly where the slope f'(u) takes the value t
        POSITIVE,
        "(b**(alpha/(alpha - 1)) - 1)/alpha",
        Stationary(b ** (1 / (a - 1))),
        y=b,
        at="(b - 1)/(alpha - 1)",
    )
    if domain is ABOVE_ONE:
        others = (
            Piece(None, "-1/alpha", AT_ZERO, at=joint),
            Piece(Interval(-oo, 1 / (1 - a)), "-1/alpha", AT_ZERO),
        )
    else:
        others = (
            Piece(None, "-1/alpha" if domain is BELOW_ZERO else "oo", AT_INFINITY, at=joint),
            Piece(Interval(1 / (1 - a), oo), "oo", AT_INFINITY),
        )
    return Row(
        name,
        "(u**alpha - 1 - alpha*(u - 1))/(alpha*(alpha - 1))",
        (main, *others),
        at_zero,
        at_infinity,
        bend="1",
        critic="(exp((alpha - 1)*v) - 1)/(alpha - 1)",
        greatest=greatest,
        parameter=(a, domain),
        y_at_slope=u ** (a - 1),
        slope_ends=(1 / (1 - a), oo) if domain is ABOVE_ONE else (-oo, 1 / (1 - a)),
    )


_e = exp(t)
_root = sqrt(1 - t)
_W = LambertW(exp(1 - t))

ROWS: dict[str, Row] = {
    row.name: row
    for row in (
        Row(
            "kl",
            "u*log(u)",
            (_smooth(-oo, oo, "exp(t - 1)", exp(t - 1)),),
            at_zero="0",
            at_infinity="oo",
            divergence="KL(p, q)",
            tangent="u - 1",
            bend="1",
            critic="1 + v",
        ),
        Row(
            "reverse_kl",
            "-log(u)",
            (_smooth(-oo, 0, "-1 - log(-t)", -1 / t), *_beyond(0)),
            at_zero="oo",
            at_infinity="0",
            divergence="KL(q, p)",
            tangent="1 - u",
            bend="1",
            critic="-exp(-v)",
        ),
        Row(
            "pearson",
            "(u - 1)**2",
            (_smooth(-2, oo, "t + t**2/4", 1 + t / 2), *_flat_below(-2, "-1")),
            at_zero="1",
            at_infinity="oo",
            divergence="Chi2(p, q)",
            bend="2",
            critic="2*(exp(v) - 1)",
        ),
        Row(
            "neyman",
            "(1 - u)**2/u",
            (_smooth(-oo, 1, "2 - 2*sqrt(1 - t)", 1 / _root), *_beyond(1, "2")),
            at_zero="oo",
            at_infinity="1",
            divergence="Chi2(q, p)",
            bend="2",
            critic="1 - exp(-2*v)",
        ),
        Row(
            "squared_hellinger",
            "(sqrt(u) - 1)**2/2",
            (_smooth(-oo, half, "t/(1 - 2*t)", 1 / (1 - 2 * t) ** 2), *_beyond(half)),
            at_zero="1/2",
            at_infinity="1/2",
            divergence="H2(p, q)",
            bend="1/4",
            critic="(1 - exp(-v/2))/2",
            greatest="1",
        ),
        Row(
            "jeffreys",
            "(u - 1)*log(u)",
            (
                _smooth(
                    -oo, oo, "LambertW(exp(1 - t)) + 1/LambertW(exp(1 - t)) + t - 2", 1 / _W
                ),
            ),
            at_zero="oo",
            at_infinity="oo",
            divergence="Jeffreys(p, q)",
            bend="2",
            critic="1 + v - exp(-v)",
        ),
        Row(
            "jensen_shannon",
            "(u*log(u) - (u + 1)*log((u + 1)/2))/2",
            (
                _smooth(
                    -oo, log(2) / 2, "-log(2 - exp(2*t))/2", exp(2 * t) / (2 - exp(2 * t))
                ),
                *_beyond(log(2) / 2),
            ),
            at_zero="log(2)/2",
            at_infinity="log(2)/2",
            divergence="JS(p, q)",
            bend="1/4",
            critic="(log(2) - log(1 + exp(-v)))/2",
            greatest="log(2)",
        ),
        Row(
            "jensen_shannon_weighted",
            "w*u*log(u) - (1 - w + w*u)*log(1 - w + w*u)",
            (
                Piece(  # y = w e^(t/w) < 1
                    UNIT,
                    "(1 - w)*log((1 - w)/(1 - y))",
                    Stationary((1 - w) * y / (w * (1 - y))),
                    y=y,
                    at="w*log(y/w)",
                ),
                Piece(None, "oo", AT_INFINITY, at="-w*log(w)"),
                Piece(Interval(-w * log(w), oo), "oo", AT_INFINITY),
            ),
            at_zero="-(1 - w)*log(1 - w)",
            at_infinity="-w*log(w)",
            divergence="w*KL(p, w*p + (1 - w)*q) + (1 - w)*KL(q, w*p + (1 - w)*q)",
            bend="w*(1 - w)",
            critic="w*log(exp(v)/(1 - w + w*exp(v)))",
            greatest="-w*log(w) - (1 - w)*log(1 - w)",
            parameter=(w, UNIT),
            y_at_slope=w * u / (1 - w + w * u),
            slope_ends=(-oo, -w * log(w)),
        ),
        Row(
            "gan",
            "u*log(u) - (u + 1)*log(u + 1)",
            (_smooth(-oo, 0, "-log(1 - exp(t))", _e / (1 - _e)), *_beyond(0)),
            at_zero="0",
            at_infinity="0",
            divergence="2*JS(p, q) - log(4)",
            tangent="-log(4) - log(2)*(u - 1)",
            bend="1/2",
            critic="-log(1 + exp(-v))",
            greatest="0",
        ),
        _alpha("alpha-negative", BELOW_ZERO, "oo", "1/(1 - alpha)"),
        _alpha(
            "alpha-below-one", UNIT, "1/alpha", "1/(1 - alpha)", "1/alpha + 1/(1 - alpha)"
        ),
        _alpha("alpha-above-one", ABOVE_ONE, "1/alpha", "oo"),
        Row(
            "le_cam",
            "(u - 1)**2/(u + 1)",
            (
                _smooth(-3, 1, "4 - t - 4*sqrt(1 - t)", 2 / _root - 1),
                *_flat_below(-3, "-1"),
                *_beyond(1, "3"),
            ),
            at_zero="1",
            at_infinity="1",
            divergence="LeCam(p, q)",
            bend="1",
            critic="1 - 4/(1 + exp(v))**2",
            greatest="2",
            source="Le Cam, Asymptotic Methods in Statistical Decision Theory (1986)",
        ),
        Row(
            "arithmetic_geometric",
            "(u + 1)/2*log((u + 1)/(2*sqrt(u)))",
            # u*(t) has no closed form, so the maximiser itself runs over (0, oo): t = f'(y).
            (
                Piece(
                    POSITIVE,
                    "(y - 1)/4 - log((y + 1)/(2*sqrt(y)))/2",
                    Stationary(y),
                    y=y,
                    at="log((y + 1)/(2*sqrt(y)))/2 + (y - 1)/(4*y)",
                ),
            ),
            at_zero="oo",
            at_infinity="oo",
            divergence="(KL((p + q)/2, p) + KL((p + q)/2, q))/2",
            bend="1/4",
            critic="log((1 + exp(v))/2)/2 - v/4 + (1 - exp(-v))/4",
            y_at_slope=u,
            slope_ends=(-oo, oo),
            source="Taneja, New developments in generalized information measures (1995)",
        ),
        Row(
            "total_variation",
            "abs(u - 1)/2",
            (
                Piece(Interval(-half, half), "t", AtKink(S.One)),
                *_flat_below(-half, "-1/2", AtKink(S.One)),
                *_beyond(half, "1/2", AtKink(S.One)),
            ),
            at_zero="1/2",
            at_infinity="1/2",
            divergence="TV(p, q)",
            greatest="1",
        ),
        Row(
            "hockey_stick",
            "max(u - gamma, 0)",
            (
                Piece(UNIT, "gamma*t", AtKink(g)),
                *_flat_below(0, "0", AtKink(g)),
                *_beyond(1, "gamma", AtKink(g)),
            ),
            at_zero="0",
            at_infinity="1",
            greatest="1",
            parameter=(g, ABOVE_ONE),
            source="Polyanskiy, Poor, Verdu, Channel coding rate (2010)",
        ),
    )
}  # fmt: skip

SMOOTH = tuple(row for row in ROWS.values() if not row.kinked)
KINKED = tuple(row for row in ROWS.values() if row.kinked)

# Generators as published elsewhere, normalised otherwise than the catalogue's.
PUBLISHED = (
    Row(
        "jensen_shannon-published",
        "u*log(u) - (u + 1)*log((u + 1)/2)",
        (_smooth(-oo, log(2), "-log(2 - exp(t))", _e / (2 - _e)), *_beyond(log(2))),
        at_zero="log(2)",
        at_infinity="log(2)",
        divergence="2*JS(p, q)",
    ),
    Row(
        "squared_hellinger-published",
        "(sqrt(u) - 1)**2",
        (_smooth(-oo, 1, "t/(1 - t)", 1 / (1 - t) ** 2), *_beyond(1)),
        at_zero="1",
        at_infinity="1",
        divergence="2*H2(p, q)",
    ),
)

__all__ = ["F_GAN", "KINKED", "PUBLISHED", "ROWS", "SMOOTH", "Piece", "Row", "a", "t", "u", "w"]
