"""A. What every f-divergence does: D_f(P || Q) = sum of q f(p/q), for each row of the catalogue.

The proofs go atom by atom, with u = p/q, and use that both totals are 1. An atom at which p or q
is zero adds the limit of q f(p/q), by convention; `off-support-*` has that limit for each row.
"""

from __future__ import annotations

import sympy as sp
from sympy import Derivative, Limit, S, Subs, oo, symbols

from ..claim import Chain, Claim, Step, Touching, Verdict, above, at_least, at_most, chain, eq
from ..language import POSITIVE, REAL, UNIT, Interval, Total
from ..vocabulary import Adjoint, D, E, at
from ..words.reading import multiplied, read
from ._pairs import ANY, FINITE, FULL_SUPPORT, POSITIVE_MASSES, p, q
from ._rows import KINKED, ROWS, SMOOTH, Row, u

c, e, x, s = symbols("c epsilon x s")
TOPIC = "f-divergences"
CSISZAR = "Csiszar, Information-type measures of difference of probability distributions (1967)"
LIESE_VAJDA = "Liese, Vajda, On divergences and informations in statistics (2006)"
SYMMETRIC = (
    "squared_hellinger",
    "jeffreys",
    "jensen_shannon",
    "gan",
    "le_cam",
    "arithmetic_geometric",
    "total_variation",
)
POSITIVE_ONLY = ("jensen_shannon_weighted",)  # its vanishing masses take minutes
NAMES = {"nonnegative-kl": "Gibbs' inequality"}


def _claim(
    family: str,
    row: Row,
    title: str,
    source: str,
    *chains: Chain,
    expected: Verdict = Verdict.BOTH,
    shown_for: str = "",
    note: str = "",
) -> Claim:
    """One member of a family: its id ends in the row's name, and f is said at the title's end."""
    id = f"{family}-{row.slug}"
    return Claim(
        id,
        f"{title} for {row.words}",
        TOPIC,
        source,
        chains,
        expected,
        note=note,
        name=NAMES.get(id, ""),
        shown_for=shown_for,
    )


def _times(factor: str, formula: str) -> str:
    """factor * formula, where factor is a number or a product."""
    if factor in ("0", "oo"):
        return factor
    return formula if factor == "1" else f"{factor}*{formula}"


def convex(row: Row) -> Claim:
    """f'' >= 0, f(1) and f'(1): the tangent at 1, which the other families use."""
    tangent = read(row.tangent)
    start = chain(at(row.f, u, S.One), eq(row.at_one, "put u = 1"), given=row.given, label="f(1)")
    if row.kinked:
        u1, u2 = symbols("u1 u2")
        middle, chord = (1 - s) * u1 + s * u2, (1 - s) * at(row.f, u, u1) + s * at(row.f, u, u2)
        below = chain(
            at(row.f, u, middle),
            at_most(chord, "below the chord of any two points"),
            given={**row.given, u1: POSITIVE, u2: POSITIVE, s: UNIT},
            label="convex",
        )
        return _claim(
            "convex", row, f"Convex, with `f = {row.at_one}` at `u = 1`,", CSISZAR, start, below
        )
    slope = sp.diff(tangent, u)
    return _claim(
        "convex",
        row,
        f"Convex, with `f = {row.at_one}` and the slope `{slope}` at `u = 1`,",
        CSISZAR,
        start,
        chain(
            Subs(Derivative(row.f, u), u, 1),
            eq(slope, "differentiate"),
            given=row.given,
            label="slope",
        ),
        chain(
            Derivative(row.f, (u, 2)),
            at_least(0, "differentiate twice"),
            given={**row.given, u: POSITIVE},
            label="convex",
        ),
    )


def named(row: Row) -> Claim:
    """The row's divergence is the one of that name."""
    positive = row.name in POSITIVE_ONLY
    return _claim(
        "divergence",
        row,
        f"`D(f, u, p, q) = {row.divergence}`",
        row.source,
        chain(
            D(row.f, u, p, q),
            eq(row.divergence, "q f(p/q) atom by atom, with the totals of p and of q 1"),
            given={**row.given, **(POSITIVE_MASSES if positive else ANY)},
        ),
        shown_for=FULL_SUPPORT if positive else FINITE,
    )


def nonnegative(row: Row) -> Claim:
    """D_f >= f(1): the generator lies above its tangent at 1, whose total is f(1)."""
    bound = [at_least(row.at_one, "f lies above its tangent at u = 1, which is zero")]
    if row.tangent != "0":
        bound = [
            at_least(E(q, at(read(row.tangent), u, p / q)), "f lies above its tangent at u = 1"),
            eq(row.at_one, "the totals of p and of q are 1"),
        ]
    tangent = chain(
        row.f,
        at_least(row.tangent, "convex in u, touching its tangent at 1", Touching(u, S.One)),
        given={**row.given, u: POSITIVE},
        label="tangent",
    )
    divergence = chain(D(row.f, u, p, q), *bound, given={**row.given, **ANY})
    return _claim(
        "nonnegative",
        row,
        f"`D(f, u, p, q) >= {row.at_one}`",
        CSISZAR,
        tangent,
        divergence,
        shown_for=FINITE,
    )


def nonnegative_kinked(row: Row) -> Claim:
    return _claim(
        "nonnegative",
        row,
        "`D(f, u, p, q) >= 0`",
        LIESE_VAJDA,
        chain(
            D(row.f, u, p, q),
            at_least(0, "every term is"),
            given={**row.given, **ANY},
        ),
        shown_for=FINITE,
    )


def definite(row: Row) -> Claim:
    """f(u) > f(1) + f'(1)(u - 1) for u != 1, so D_f = f(1) forces p = q at every atom."""
    sides = (("u > 1", Interval(1, oo)), ("u < 1", UNIT))
    return _claim(
        "definite",
        row,
        f"`f > {row.tangent}` on both sides of `u = 1`",
        CSISZAR,
        *(
            chain(
                row.f,
                above(row.tangent, "the tangent at 1; strictly convex", Touching(u, S.One)),
                given={**row.given, u: side},
                label=label,
            )
            for label, side in sides
        ),
        note=f"So q f(p/q) exceeds its share of `{row.at_one}` at every atom with p != q, and "
        f"`D(f, u, p, q) = {row.at_one}` only for P = Q; that step is in words.",
    )


def tilt(row: Row) -> Claim:
    """D_{f + c(u-1)} = D_f."""
    return _claim(
        "tilt",
        row,
        "`D(f + c*(u - 1), u, p, q) = D(f, u, p, q)`",
        LIESE_VAJDA,
        chain(
            f"D({row.written} + c*(u - 1), u, p, q)",
            eq(D(row.f, u, p, q), "the totals of p and of q are 1"),
            given={**row.given, **ANY, c: REAL},
        ),
        shown_for=FINITE,
    )


def adjoint(row: Row) -> Claim:
    """The generator u f(1/u) gives the divergence with P and Q exchanged."""
    return _claim(
        "adjoint",
        row,
        "`D(Adjoint(f, u), u, p, q) = D(f, u, q, p)`",
        LIESE_VAJDA,
        chain(
            D(Adjoint(row.f, u), u, p, q),
            eq(E(q, multiplied(read("p/q"), at(row.f, u, q / p))), "the adjoint at p/q"),
            eq(D(row.f, u, q, p), "q (p/q) = p"),
            given={**row.given, **ANY},
        ),
        shown_for=FINITE,
    )


def symmetric(row: Row) -> Claim:
    """D_f(P || Q) = D_f(Q || P) for the rows whose generator is its own adjoint."""
    return _claim(
        "symmetric",
        row,
        "`D(f, u, p, q) = D(f, u, q, p)`",
        LIESE_VAJDA,
        chain(
            Adjoint(row.f, u),
            eq(row.f, "algebra"),
            given={**row.given, u: POSITIVE},
            label="generator",
        ),
        chain(
            D(row.f, u, p, q),
            eq(D(row.f, u, q, p), "q f(p/q) = p f(q/p) at every atom"),
            given={**row.given, **ANY},
        ),
        shown_for=FINITE,
    )


def off_support(row: Row) -> Claim:
    """p off Q's support adds f'(oo) p, as the limit of q f(p/q) for q -> 0; q off P's adds f(0) q."""
    there, here = _times(row.at_infinity, "p"), _times(row.at_zero, "q")
    return _claim(
        "off-support",
        row,
        f"To `D(f, u, p, q)` an atom adds `{there}` where `q = 0` and `{here}` where `p = 0`,",
        LIESE_VAJDA,
        chain(
            Limit(multiplied(x, at(row.f, u, p / x)), x, 0, "+"),
            eq(there, "the limit of q f(p/q) for q -> 0"),
            given={**row.given, p: POSITIVE},
            label="q = 0",
        ),
        chain(
            Limit(row.f, u, 0, "+"),
            eq(row.at_zero, "f(0), to be multiplied by q"),
            given=row.given,
            label="p = 0",
        ),
        note="Atoms at which p or q is 0 count with these limits, by convention.",
    )


def bounded(row: Row) -> Claim:
    """D_f <= f(0) + f'(oo): the generator lies below the line through its ends."""
    at_zero, at_infinity = read(row.at_zero).doit(), read(row.at_infinity).doit()
    line = q * at_zero + p * at_infinity
    steps: list[Step] = [at_most(row.greatest, "no term is above 0")]
    if line != 0:
        steps = [
            at_most(Total(line), "f(u) <= f(0) + u f'(oo), f being convex"),
            eq(row.greatest, "the totals of p and of q are 1"),
        ]
    return _claim(
        "range",
        row,
        f"`D(f, u, p, q) <= {row.greatest}`",
        LIESE_VAJDA,
        chain(D(row.f, u, p, q), *steps, given={**row.given, **ANY}),
        shown_for=FINITE,
    )


def local(row: Row) -> Claim:
    """D_f((1-e)Q + eP || Q) = e^2 f''(1)/2 chi^2(P||Q) + o(e^2): its Taylor coefficients at e = 0."""
    near = D(row.f, u, read("(1 - epsilon)*q + epsilon*p"), q)
    term = multiplied(q, at(row.f, u, read("((1 - epsilon)*q + epsilon*p)/q")))
    given = {**row.given, **POSITIVE_MASSES}
    constant = "" if row.at_one == "0" else f"{row.at_one} + "
    half = str(read(row.bend).doit() / 2)
    return _claim(
        "local",
        row,
        "To second order in `epsilon` `D(f, u, (1 - epsilon)*q + epsilon*p, q)` is "
        f"`{constant}{_times(half, 'epsilon**2*Chi2(p, q)')}`",
        "Polyanskiy, Wu, Information Theory (2024), section 7.10",
        chain(Subs(near, e, 0), eq(row.at_one, "both are Q"), given=given, label="value"),
        chain(
            Total(Subs(Derivative(term, e), e, 0)),
            eq(0, "at every atom f'(1)(p - q)"),
            given=given,
            label="slope",
        ),
        chain(
            Total(Subs(Derivative(term, (e, 2)), e, 0)),
            eq(_times(row.bend, "Chi2(p, q)"), "at every atom f''(1)(p - q)^2/q"),
            given=given,
            label="curvature",
        ),
        shown_for=FULL_SUPPORT,
        note="The alphabet being finite, the sum is differentiated term by term, and Taylor's "
        "theorem leaves o(epsilon^2).",
    )


POSITIVE_PARTS = Claim(
    id="total-variation-positive-parts",
    title="`D(max(u - 1, 0), u, p, q) = TV(p, q)`",
    topic=TOPIC,
    source="Polyanskiy, Poor, Verdu, Channel coding rate (2010)",
    chains=(
        chain(
            D(sp.Max(u - 1, 0), u, p, q),
            eq(Total(sp.Max(p - q, 0)), "q max(p/q - 1, 0) = max(p - q, 0)"),
            eq("TV(p, q)", "max(x, 0) = (x + |x|)/2, and the x = p - q add up to 0"),
            given=ANY,
        ),
    ),
    shown_for=FINITE,
)

CLAIMS = (
    *(convex(row) for row in ROWS.values()),
    *(named(row) for row in ROWS.values() if row.divergence),
    *(nonnegative(row) for row in SMOOTH),
    *(nonnegative_kinked(row) for row in KINKED),
    POSITIVE_PARTS,
    *(definite(row) for row in SMOOTH),
    *(tilt(row) for row in ROWS.values()),
    *(adjoint(row) for row in ROWS.values()),
    *(symmetric(ROWS[name]) for name in SYMMETRIC),
    *(off_support(row) for row in ROWS.values()),
    *(bounded(row) for row in ROWS.values() if row.greatest),
    *(local(row) for row in SMOOTH),
)
