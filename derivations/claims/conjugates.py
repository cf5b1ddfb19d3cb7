"""B. Conjugates on dom f = [0, oo): each row's own, and the laws that hold for every row.

f*(t) = sup over u > 0 of u t - f(u), boundary pieces included. (The value at u = 0 is the limit
at 0, so the open half-line loses nothing.)
"""

from __future__ import annotations

from sympy import Derivative, Expr, Limit, Rational, S, Subs, exp, log, oo, symbols, tanh

from ..claim import AtEnd, Claim, Stationary, Touching, Verdict, at_least, at_most, chain, eq
from ..language import POSITIVE, REAL, Interval, Supremum
from ._rows import BELOW_ONE, PUBLISHED, ROWS, SMOOTH, Piece, Row, a, t, u, w

c, lam, v = symbols("c lambda v")

TOPIC = "conjugates"
F_GAN = "Nowozin, Cseke, Tomioka, f-GAN (2016), Table 6"


def _words(row: Row) -> str:
    return row.name.replace("_", "-")


def _why(piece: Piece) -> str:
    if isinstance(piece.reason, Stationary):
        return "the slope t - f'(u) is zero there, and f is convex"
    if isinstance(piece.reason, AtEnd):
        return "the slope t - f'(u) keeps its sign up to that end"
    return "the slope changes sign at the kink"


def conjugate(row: Row) -> Claim:
    """f* piece by piece."""
    return Claim(
        id=f"conjugate-{_words(row)}",
        title=f"The conjugate of {row.f}",
        topic=TOPIC,
        source=row.source,
        chains=tuple(
            chain(
                Supremum(u * piece.argument - row.f, u, 0, oo),
                eq(piece.value, _why(piece), by=piece.reason),
                given={**row.given, piece.y: piece.domain},
            )
            for piece in row.pieces
            if piece.reason != AtEnd(oo)
        ),
    )


def outside_domain(row: Row) -> Claim:
    """f* at and beyond the slope of f at infinity: a limit, so no ball encloses it."""
    return Claim(
        id=f"conjugate-domain-{_words(row)}",
        title=f"The conjugate of {row.f} at the end of its domain",
        topic=TOPIC,
        source=row.source,
        chains=tuple(
            chain(
                Supremum(u * t - row.f, u, 0, oo),
                eq(piece.value, "approached as u grows: the slope stays >= 0", by=piece.reason),
                given={**row.given, t: piece.domain},
            )
            for piece in row.pieces
            if piece.reason == AtEnd(oo)
        ),
        expected=Verdict.PROVED,
    )


def shift_and_scale(row: Row) -> Claim:
    """(f + c(u-1))*(t) = f*(t-c) + c and (l f)*(t) = l f*(t/l)."""
    at, value = row.maximiser, row.main.value
    given, argument = {**row.given, row.main.y: row.main.domain}, row.main.argument
    return Claim(
        id=f"conjugate-shift-{_words(row)}",
        title=f"Adding c(u-1) to {row.f}, or scaling it",
        topic=TOPIC,
        source="Rockafellar, Convex Analysis (1970), Theorem 12.3",
        chains=(
            chain(
                Supremum(u * (argument + c) - row.f - c * (u - 1), u, 0, oo),
                eq(value + c, "the same maximiser as at t", by=Stationary(at)),
                given={**given, c: REAL},
                label="shift",
            ),
            chain(
                Supremum(u * lam * argument - lam * row.f, u, 0, oo),
                eq(lam * value, "the same maximiser as at t", by=Stationary(at)),
                given={**given, lam: POSITIVE},
                label="scale",
            ),
        ),
    )


def inverse_slope(row: Row) -> Claim:
    """(f*)' is the inverse function of f'."""
    y, value, argument = row.main.y, row.main.value, row.main.argument
    slope = Subs(Derivative(value, y) / Derivative(argument, y), y, row.at_slope)
    return Claim(
        id=f"conjugate-slope-{_words(row)}",
        title=f"The slope of f* undoes the slope of {row.f}",
        topic=TOPIC,
        source="Rockafellar, Convex Analysis (1970), Theorem 23.5",
        chains=(
            chain(slope, eq(u, "differentiate and simplify"), given={**row.given, u: POSITIVE}),
            chain(
                argument.subs(y, row.at_slope),
                eq(row.derivative, "the point at which f* was differentiated is f'(u)"),
                given={**row.given, u: POSITIVE},
            ),
        ),
    )


def adjoint(row: Row) -> Claim:
    """(f°)*(s) = -(f*)^{-1}(-s), written at s = -f*(t)."""
    return Claim(
        id=f"conjugate-adjoint-{_words(row)}",
        title=f"The conjugate of the adjoint u f(1/u), f = {row.f}",
        topic=TOPIC,
        source="Liese, Vajda, On divergences and informations (2006)",
        chains=(
            chain(
                Supremum(-u * row.main.value - u * row.f.subs(u, 1 / u), u, 0, oo),
                eq(-row.main.argument, "attained at 1/u*(t)", by=Stationary(1 / row.maximiser)),
                given={**row.given, row.main.y: row.main.domain},
            ),
        ),
    )


def biconjugate(row: Row) -> Claim:
    """f** = f: the supremum over the main piece; the flat piece adds nothing to it."""
    domain = row.main.domain
    assert isinstance(domain, Interval)
    chains = [
        chain(
            Supremum(
                u * row.main.argument - row.main.value, row.main.y, domain.lower, domain.upper
            ),
            eq(row.f, "attained at t = f'(u)", by=Stationary(row.at_slope)),
            given={**row.given, u: POSITIVE},
        )
    ]
    for piece in row.pieces:
        if piece.reason == AtEnd(0) and isinstance(piece.domain, Interval):
            end = piece.domain.upper
            chains.append(
                chain(
                    Supremum(u * t - piece.value, t, -oo, end),
                    eq(u * end - piece.value, "u > 0: it increases in t", by=AtEnd(end)),
                    at_most(row.f, "the tangent of f at 0"),
                    given={**row.given, u: POSITIVE},
                    label="flat piece",
                )
            )
    return Claim(
        id=f"biconjugate-{_words(row)}",
        title=f"f** = f for f = {row.f}",
        topic=TOPIC,
        source="Fenchel, On conjugate convex functions (1949)",
        chains=tuple(chains),
    )


def fenchel_young(row: Row) -> Claim:
    """f(u) + f*(t) >= u t, with equality at t = f'(u)."""
    at_slope = row.main.value.subs(row.main.y, row.at_slope)
    return Claim(
        id=f"fenchel-young-{_words(row)}",
        title=f"f(u) + f*(t) >= u t for f = {row.f}",
        topic=TOPIC,
        source="Fenchel, On conjugate convex functions (1949)",
        chains=(
            chain(
                row.f + row.main.value - u * row.main.argument,
                at_least(
                    0, "convex in u, and zero with zero slope at u*(t)", Touching(u, row.maximiser)
                ),
                given={**row.given, row.main.y: row.main.domain, u: POSITIVE},
            ),
            chain(
                row.f + at_slope - u * row.derivative,
                eq(0, "equality where t is the slope of f at u"),
                given={**row.given, u: POSITIVE},
                label="equality",
            ),
        ),
    )


def critic(row: Row) -> Claim:
    """g(v) = f'(e^v) rises, and f*(g(v)) = e^v f'(e^v) - f(e^v)."""
    g = row.derivative.subs(u, exp(v))
    y_of_v = row.at_slope.subs(u, exp(v))
    return Claim(
        id=f"critic-{_words(row)}",
        title=f"The canonical critic f'(e^v) of {row.f}",
        topic=TOPIC,
        source="Nowozin, Cseke, Tomioka, f-GAN (2016), section 2.3",
        chains=(
            chain(
                row.main.value.subs(row.main.y, y_of_v),
                eq(exp(v) * g - row.f.subs(u, exp(v)), "Fenchel-Young's equality at u = e^v"),
                given={**row.given, v: REAL},
            ),
            chain(
                Derivative(g, v),
                at_least(0, "f''(e^v) e^v >= 0"),
                given={**row.given, v: REAL},
                label="increasing",
            ),
        ),
    )


def critic_range(row: Row) -> Claim:
    """The critic maps the real line onto the interior of dom f* less its flat piece."""
    g = row.derivative.subs(u, exp(v))
    return Claim(
        id=f"critic-range-{_words(row)}",
        title=f"The range of the canonical critic of {row.f}",
        topic=TOPIC,
        source="Nowozin, Cseke, Tomioka, f-GAN (2016), section 2.3",
        chains=tuple(
            chain(
                Limit(g, v, end, "-" if end is oo else "+"),
                eq(edge, "the slope of f at 0 or at infinity"),
                given=row.given,
            )
            for end, edge in zip((-oo, oo), row.ends, strict=True)
        ),
        expected=Verdict.PROVED,  # a limit has no enclosure
    )


# Output activations as printed in the f-GAN paper's Table 6, with their limits at -oo and oo.
# Three of them fall where v rises; `misprints.py` refutes that they rise.
ACTIVATIONS: tuple[tuple[str, Expr, Expr, Expr], ...] = (
    ("total-variation", tanh(v) / 2, -Rational(1, 2), Rational(1, 2)),
    ("kl", v, -oo, oo),
    ("reverse-kl", -exp(v), S.Zero, -oo),
    ("neyman", 1 - exp(v), S.One, -oo),
    ("jensen-shannon", log(2) - log(1 + exp(-v)), -oo, log(2)),
    ("jensen-shannon-weighted", -w * log(w) - log(1 + exp(-v)), -oo, -w * log(w)),
    ("gan", -log(1 + exp(-v)), -oo, S.Zero),
    ("alpha-below-one", 1 / (1 - a) - log(1 + exp(-v)), -oo, 1 / (1 - a)),
)


def activation(name: str, formula: Expr, low: Expr, high: Expr) -> tuple[Claim, Claim]:
    """Direction and range of a published activation."""
    given = dict.fromkeys(formula.free_symbols - {v}, BELOW_ONE)
    falls = low is S.Zero or low is S.One
    direction = at_most if falls else at_least
    return (
        Claim(
            id=f"activation-{name}",
            title=f"The published activation {formula} {'falls' if falls else 'rises'} with v",
            topic=TOPIC,
            source=F_GAN,
            chains=(
                chain(
                    Derivative(formula, v),
                    direction(0, "differentiate"),
                    given={**given, v: REAL},
                ),
            ),
        ),
        Claim(
            id=f"activation-range-{name}",
            title=f"The range of the published activation {formula}",
            topic=TOPIC,
            source=F_GAN,
            chains=tuple(
                chain(
                    Limit(formula, v, end, "-" if end is oo else "+"),
                    eq(edge, f"the limit at {end}"),
                    given=given,
                )
                for end, edge in ((-oo, low), (oo, high))
            ),
            expected=Verdict.PROVED,
        ),
    )


# Parametrised by its maximiser, u f'(y) - f*(f'(y)) is unimodal in y but not concave.
CONCAVE_DUAL = tuple(row for row in SMOOTH if row.name != "arithmetic_geometric")

CLAIMS = (
    *(conjugate(row) for row in (*ROWS.values(), *PUBLISHED)),
    *(
        outside_domain(row)
        for row in ROWS.values()
        if any(p.reason == AtEnd(oo) for p in row.pieces)
    ),
    *(
        family(row)
        for family in (
            shift_and_scale,
            inverse_slope,
            adjoint,
            fenchel_young,
            critic,
            critic_range,
        )
        for row in SMOOTH
    ),
    *(biconjugate(row) for row in CONCAVE_DUAL),
    *(claim for row in ACTIVATIONS for claim in activation(*row)),
)
