"""A. What every f-divergence does: D_f(P||Q) = total of q f(p/q), for each row of the catalogue.

The proofs go atom by atom, with u = p/q, and use that both totals are 1.
"""

from __future__ import annotations

import sympy as sp
from sympy import Derivative, Limit, S, Subs, oo, symbols

from ..claim import Claim, Touching, Verdict, above, at_least, at_most, chain, eq
from ..language import POSITIVE, REAL, Interval, Mass, Total
from ._rows import ROWS, SMOOTH, Row, u

p, q, c, e, x = symbols("p q c epsilon x")
TOPIC = "f-divergences"
CSISZAR = "Csiszar, Information-type measures of difference of probability distributions (1967)"
LIESE_VAJDA = "Liese, Vajda, On divergences and informations in statistics (2006)"
GIVEN = {p: Mass(), q: Mass()}
SYMMETRIC = (
    "squared_hellinger",
    "jeffreys",
    "jensen_shannon",
    "gan",
    "le_cam",
    "arithmetic_geometric",
    "total_variation",
)


def _words(row: Row) -> str:
    return row.name.replace("_", "-")


def _divergence(row: Row) -> sp.Expr:
    return Total(q * row.f.subs(u, p / q))


def _at_one(expr: sp.Expr) -> sp.Expr:
    return sp.sympify(expr).subs(u, 1)


def nonnegative(row: Row) -> Claim:
    """D_f >= f(1): the generator lies above its tangent at 1, whose total is f(1)."""
    start, slope = _at_one(row.f), _at_one(row.derivative)
    tangent = start + slope * (u - 1)
    chains = [
        chain(
            row.f - tangent,
            at_least(0, "convex in u, zero with zero slope at 1", Touching(u, S.One)),
            given={**row.given, u: POSITIVE},
            label="tangent",
        ),
        chain(
            _divergence(row),
            at_least(Total(q * tangent.subs(u, p / q)), "f lies above its tangent at u = 1"),
            eq(start, "the totals of p and of q are 1"),
            given={**row.given, **GIVEN},
        ),
    ]
    return Claim(
        id=f"nonnegative-{_words(row)}",
        title=f"D_f >= f(1) for f = {row.f}",
        topic=TOPIC,
        source=CSISZAR,
        chains=tuple(chains),
    )


def definite(row: Row) -> Claim:
    """f(u) > f(1) + f'(1)(u - 1) for u != 1, so D_f = f(1) forces p = q at every atom."""
    gap = row.f - _at_one(row.f) - _at_one(row.derivative) * (u - 1)
    return Claim(
        id=f"definite-{_words(row)}",
        title=f"D_f = f(1) only for P = Q, f = {row.f}",
        topic=TOPIC,
        source=CSISZAR,
        chains=(
            chain(
                gap,
                above(0, "zero with zero slope at 1, strictly convex", Touching(u, S.One)),
                given={**row.given, u: Interval(1, oo)},
                label="u > 1",
            ),
            chain(
                u * gap.subs(u, 1 / u),
                above(0, "the same for the adjoint, at 1/u", Touching(u, S.One)),
                given={**row.given, u: Interval(1, oo)},
                label="u < 1",
            ),
        ),
    )


def tilt(row: Row) -> Claim:
    """D_{f + c(u-1)} = D_f."""
    return Claim(
        id=f"tilt-{_words(row)}",
        title=f"Adding c(u-1) to {row.f} changes nothing",
        topic=TOPIC,
        source=LIESE_VAJDA,
        chains=(
            chain(
                Total(q * (row.f + c * (u - 1)).subs(u, p / q)),
                eq(_divergence(row), "the totals of p and of q are 1"),
                given={**row.given, **GIVEN, c: REAL},
            ),
        ),
    )


def adjoint(row: Row) -> Claim:
    """The generator u f(1/u) gives the divergence with P and Q exchanged."""
    other = u * row.f.subs(u, 1 / u)
    return Claim(
        id=f"adjoint-{_words(row)}",
        title=f"The adjoint of {row.f} exchanges P and Q",
        topic=TOPIC,
        source=LIESE_VAJDA,
        chains=(
            chain(
                Total(q * other.subs(u, p / q)),
                eq(Total(p * row.f.subs(u, q / p)), "q (p/q) f(q/p) = p f(q/p)"),
                given={**row.given, **GIVEN},
            ),
        ),
    )


def symmetric(row: Row) -> Claim:
    """D_f(P||Q) = D_f(Q||P) for the rows whose generator is its own adjoint."""
    return Claim(
        id=f"symmetric-{_words(row)}",
        title=f"D_f is symmetric for f = {row.f}",
        topic=TOPIC,
        source=LIESE_VAJDA,
        chains=(
            chain(
                u * row.f.subs(u, 1 / u),
                eq(row.f, "algebra"),
                given={**row.given, u: POSITIVE},
                label="generator",
            ),
            chain(
                Total(q * row.f.subs(u, p / q)),
                eq(Total(p * row.f.subs(u, q / p)), "q f(p/q) = p f(q/p) at every atom"),
                given={**row.given, **GIVEN},
            ),
        ),
    )


def off_support(row: Row) -> Claim:
    """p off Q's support adds f'(oo) p, as the limit of q f(p/q) for q -> 0; q off P's adds f(0) q.

    A limit has no enclosure: the symbolic route alone speaks.
    """
    at_zero, at_infinity = ENDS[row.name]
    return Claim(
        id=f"off-support-{_words(row)}",
        title=f"What mass off the other's support adds, f = {row.f}",
        topic=TOPIC,
        source=LIESE_VAJDA,
        chains=(
            chain(
                Limit(x * row.f.subs(u, p / x), x, 0, "+"),
                eq(p * at_infinity if at_infinity is not oo else oo, "f'(oo) p"),
                given={**row.given, p: POSITIVE},
                label="q = 0",
            ),
            chain(
                Limit(row.f, u, 0, "+"),
                eq(at_zero, "f(0)"),
                given=row.given,
                label="p = 0",
            ),
        ),
        expected=Verdict.PROVED,
    )


def bounded(row: Row) -> Claim:
    """D_f <= f(0) + f'(oo): the generator lies below the line through its ends."""
    at_zero, at_infinity = ENDS[row.name]
    return Claim(
        id=f"range-{_words(row)}",
        title=f"D_f <= f(0) + f'(oo) for f = {row.f}",
        topic=TOPIC,
        source=LIESE_VAJDA,
        chains=(
            chain(
                _divergence(row),
                at_most(
                    Total(q * at_zero + p * at_infinity), "f(u) <= f(0) + u f'(oo), f being convex"
                ),
                eq(at_zero + at_infinity, "the totals of p and of q are 1"),
                given={**row.given, **GIVEN},
            ),
        ),
    )


def local(row: Row) -> Claim:
    """D_f((1-e)Q + eP || Q) = e^2 f''(1)/2 chi^2(P||Q) + o(e^2): its Taylor coefficients at e = 0."""
    term = q * row.f.subs(u, 1 + e * (p / q - 1))
    bend = sp.diff(row.f, u, 2).subs(u, 1)
    curvature = sp.simplify(bend)
    return Claim(
        id=f"local-{_words(row)}",
        title=f"Near Q, D_f is {curvature}/2 of chi-squared, f = {row.f}",
        topic=TOPIC,
        source="Polyanskiy, Wu, Information Theory (2024), section 7.10",
        chains=(
            chain(
                Total(term.subs(e, 0)),
                eq(_at_one(row.f), "the value at e = 0"),
                given={**row.given, **GIVEN},
            ),
            chain(
                Total(Subs(Derivative(term, e), e, 0)),
                eq(0, "the first derivative at e = 0"),
                given={**row.given, **GIVEN},
            ),
            chain(
                Total(Subs(Derivative(term, (e, 2)), e, 0)),
                eq(curvature * Total((p - q) ** 2 / q), "the second derivative at e = 0"),
                given={**row.given, **GIVEN},
            ),
        ),
    )


_half = S.Half
_w, _a, _g = symbols("pi alpha gamma")
# f(0) and f'(oo), as statements to be proved
ENDS: dict[str, tuple[sp.Expr, sp.Expr]] = {
    "kl": (S.Zero, oo),
    "reverse_kl": (oo, S.Zero),
    "pearson": (S.One, oo),
    "neyman": (oo, S.One),
    "squared_hellinger": (_half, _half),
    "jeffreys": (oo, oo),
    "jensen_shannon": (sp.log(2) / 2, sp.log(2) / 2),
    "jensen_shannon_weighted": (-(1 - _w) * sp.log(1 - _w), -_w * sp.log(_w)),
    "gan": (S.Zero, S.Zero),
    "alpha-negative": (oo, 1 / (1 - _a)),
    "alpha-below-one": (1 / _a, 1 / (1 - _a)),
    "alpha-above-one": (1 / _a, oo),
    "le_cam": (S.One, S.One),
    "arithmetic_geometric": (oo, oo),
    "total_variation": (_half, _half),
    "hockey_stick": (S.Zero, S.One),
}


def _finite(row: Row) -> bool:
    return oo not in ENDS[row.name]


TV = Claim(
    id="nonnegative-total-variation",
    title="TV >= 0, and sum of positive parts = half the sum of distances",
    topic=TOPIC,
    source=LIESE_VAJDA,
    chains=(
        chain(Total(sp.Abs(p - q)) / 2, at_least(0, "every term is"), given=GIVEN),
        chain(
            Total(sp.Max(p - q, 0)),
            eq(Total(sp.Abs(p - q)) / 2, "max(x, 0) = (x + |x|)/2, and the x add up to 0"),
            given=GIVEN,
            label="positive parts",
        ),
    ),
)

CLAIMS = (
    *(nonnegative(row) for row in SMOOTH),
    TV,
    *(definite(row) for row in SMOOTH),
    *(tilt(row) for row in ROWS.values()),
    *(adjoint(row) for row in ROWS.values()),
    *(symmetric(ROWS[name]) for name in SYMMETRIC),
    *(off_support(row) for row in ROWS.values()),
    *(bounded(row) for row in ROWS.values() if _finite(row)),
    *(local(row) for row in SMOOTH),
)
