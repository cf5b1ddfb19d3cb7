"""B. Conjugates on dom f = [0, oo): each row's own, and the laws that hold for every row.

f*(t) = sup over u > 0 of u t - f(u), boundary pieces included. (The value at u = 0 is the limit
at 0, so the open half-line loses nothing.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sympy import Derivative, Expr, Subs, exp, oo, symbols

from ..claim import AtEnd, Chain, Claim, Stationary, Touching, Verdict, at_least, at_most, chain, eq
from ..language import POSITIVE, REAL, Choice, Interval, Supremum
from ..vocabulary import Adjoint, Conjugate, at
from ..words.reading import added, multiplied, negated, read, subtracted
from ._rows import PUBLISHED, ROWS, SMOOTH, Piece, Row, t, u
from .activations import limits

c, k, v = symbols("c k v")

TOPIC = "conjugates"
FENCHEL = "Fenchel, On conjugate convex functions (1949)"
F_GAN_TEXT = "Nowozin, Cseke, Tomioka, f-GAN (2016), section 2.3"
INFINITE = AtEnd(oo)
NOT_ENCLOSED = ("biconjugate-jeffreys",)  # balls do not show that this dual is concave


def _claim(
    family: str,
    row: Row,
    title: str,
    source: str,
    chains: Iterable[Chain],
    shown_for: str = "",
    rests_on: tuple[str, ...] = (),
    note: str = "",
) -> Claim:
    """One member of a family: its id ends in the row's name, and f is said at the title's end."""
    id = f"{family}-{row.slug}"
    return Claim(
        id,
        f"{title} for {row.words}",
        TOPIC,
        source,
        tuple(chains),
        Verdict.PROVED if id in NOT_ENCLOSED else Verdict.BOTH,
        rests_on,
        note=note,
        shown_for=shown_for,
    )


def _why(piece: Piece) -> str:
    if isinstance(piece.reason, Stationary):
        return "the slope t - f'(u) is zero there, and f is convex"
    if piece.reason == INFINITE:
        return "approached as u grows: the slope t - f'(u) stays >= 0"
    if isinstance(piece.reason, AtEnd):
        return "the slope t - f'(u) keeps its sign up to that end"
    return "the slope changes sign at the kink"


def _pieces(pieces: Iterable[Piece]) -> str:
    """`VALUE` for which t, piece by piece; a joint joins the piece of its value beside it."""
    listed: list[tuple[str, str]] = []
    for piece in pieces:
        value, where = f"`{piece.written}`", piece.where
        if listed and listed[-1][0] == value and "=" in listed[-1][1]:
            listed.pop()
            where = where.replace("<", "<=").replace(">", ">=")
        listed.append((value, where))
    return "; ".join(f"{value} for {where}" if where else value for value, where in listed)


def conjugate(row: Row) -> Claim:
    """f* piece by piece, where no limit at infinity is needed."""
    pieces = [piece for piece in row.pieces if piece.reason != INFINITE]
    return _claim(
        "conjugate",
        row,
        f"`Conjugate(f, u, t)` is {_pieces(pieces)},",
        row.source,
        (
            chain(
                Conjugate(row.f, u, piece.argument),
                eq(piece.value, _why(piece), by=piece.reason),
                given={**row.given, **piece.given},
            )
            for piece in pieces
        ),
    )


def outside_domain(row: Row) -> Claim:
    """f* at and beyond the slope of f at infinity: a limit as u grows."""
    pieces = [piece for piece in row.pieces if piece.reason == INFINITE]
    return _claim(
        "conjugate-domain",
        row,
        f"`Conjugate(f, u, t)` is {_pieces(pieces)},",
        row.source,
        (
            chain(
                Conjugate(row.f, u, piece.argument),
                eq(piece.value, _why(piece), by=piece.reason),
                given={**row.given, **piece.given},
            )
            for piece in pieces
        ),
    )


def _same_pieces(row: Row) -> list[Piece]:
    return [piece for piece in row.finite_pieces if piece.reason != INFINITE]


def shift_and_scale(row: Row) -> Claim:
    """(f + c(u-1))*(t + c) = f*(t) + c and (k f)*(k t) = k f*(t)."""
    shifted = read(f"{row.written} + c*(u - 1)")
    scaled = multiplied(k, row.f)
    chains: list[Chain] = []
    for piece in _same_pieces(row):
        given = {**row.given, **piece.given}
        chains += (
            chain(
                Conjugate(shifted, u, added(piece.argument, c)),
                eq(added(piece.value, c), "f*(t) + c, by the same u as at t", by=piece.reason),
                given={**given, c: REAL},
                label="shift",
            ),
            chain(
                Conjugate(scaled, u, multiplied(k, piece.argument)),
                eq(multiplied(k, piece.value), "k f*(t), by the same u as at t", by=piece.reason),
                given={**given, k: POSITIVE},
                label="scale",
            ),
        )
    return _claim(
        "conjugate-shift",
        row,
        "`Conjugate(f + c*(u - 1), u, t + c) = Conjugate(f, u, t) + c` and "
        "`Conjugate(k*f, u, k*t) = k*Conjugate(f, u, t)`",
        "Rockafellar, Convex Analysis (1970), Theorem 12.3",
        chains,
        shown_for=_tried(row),
        rests_on=(f"conjugate-{row.slug}",),
    )


def _tried(row: Row) -> str:
    """For which t a law was shown, where that is not all."""
    if any(piece.reason == INFINITE for piece in row.pieces):
        return "; ".join(piece.where for piece in _same_pieces(row))
    return ""


def inverse_slope(row: Row) -> Claim:
    """(f*)' is the inverse function of f'."""
    main, slope = row.main, Derivative(row.f, u)
    given = {**row.given, u: POSITIVE}
    if row.y_at_slope is None:
        chains = [
            chain(
                Subs(Derivative(main.value, t), t, row.derivative),
                eq(u, "differentiate f*, and put t = f'(u)"),
                given=given,
            )
        ]
    else:
        by_chain_rule = Derivative(main.value, main.y) / Derivative(main.argument, main.y)
        chains = [
            chain(
                Subs(by_chain_rule, main.y, row.at_slope),
                eq(u, "the chain rule, then put the value that t takes at f'(u)"),
                given=given,
            ),
            chain(
                at(main.argument, main.y, row.at_slope),
                eq(slope, "so that t = f'(u)"),
                given=given,
                label="t = f'(u)",
            ),
        ]
    return _claim(
        "conjugate-slope",
        row,
        "The derivative of f* at t = f'(u) is `u`,",
        "Rockafellar, Convex Analysis (1970), Theorem 23.5",
        chains,
        rests_on=(f"conjugate-{row.slug}",),
    )


def adjoint(row: Row) -> Claim:
    """(f°)*(s) = -(f*)^{-1}(-s), written at s = -f*(t)."""
    return _claim(
        "conjugate-adjoint",
        row,
        "`Conjugate(Adjoint(f, u), u, -s) = -t` at `s = Conjugate(f, u, t)`",
        "Liese, Vajda, On divergences and informations (2006)",
        [
            chain(
                Conjugate(Adjoint(row.f, u), u, negated(row.main.value)),
                eq(
                    negated(row.main.argument), "attained at 1/u*(t)", Stationary(1 / row.maximiser)
                ),
                given={**row.given, **row.main.given},
            )
        ],
        shown_for=row.main.where,
        rests_on=(f"conjugate-{row.slug}",),
    )


def biconjugate(row: Row) -> Claim:
    """f** = f: the supremum over the main piece; the other pieces add nothing to it."""
    main, given = row.main, {**row.given, u: POSITIVE}
    assert isinstance(main.domain, Interval)
    gain = subtracted(multiplied(u, main.argument), main.value)
    chains = [
        chain(
            Supremum(gain, main.y, main.domain.lower, main.domain.upper),
            eq(row.f, "attained at t = f'(u)", by=Stationary(row.at_slope)),
            given=given,
        )
    ]
    for piece in row.finite_pieces[1:]:
        if isinstance(piece.domain, Interval):
            end = piece.domain.upper
            chains.append(
                chain(
                    Supremum(u * t - piece.value, t, -oo, end),
                    eq(u * end - piece.value, "u > 0: it increases in t", by=AtEnd(end)),
                    at_most(row.f, "the tangent of f at 0"),
                    given=given,
                    label="flat piece",
                )
            )
        else:
            chains.append(
                chain(
                    at(subtracted(multiplied(u, piece.argument), piece.value), t, _point(piece)),
                    at_most(row.f, "a line below f"),
                    given=given,
                    label="end of a piece",
                )
            )
    return _claim(
        "biconjugate",
        row,
        "The supremum of `u*t - Conjugate(f, u, t)` over t is f(u),",
        FENCHEL,
        chains,
        rests_on=_conjugate_claims(row),
    )


def _point(piece: Piece) -> Expr:
    """The one t of a joint or an end."""
    return piece.domain.values[0] if isinstance(piece.domain, Choice) else piece.argument


def _conjugate_claims(row: Row) -> tuple[str, ...]:
    """The claims that the finite values of f* come from."""
    at_infinity = any(piece.reason == INFINITE for piece in row.finite_pieces)
    return (f"conjugate-{row.slug}", *([f"conjugate-domain-{row.slug}"] if at_infinity else ()))


def fenchel_young(row: Row) -> Claim:
    """f(u) + f*(t) >= u t on every piece, with equality at t = f'(u)."""
    chains = []
    for piece in row.finite_pieces:
        line, value = multiplied(u, piece.argument), piece.value
        step = at_least(line, "f lies above the line u t - f*(t)")
        if isinstance(piece.reason, Stationary):
            step = at_least(line, "convex in u, touching at u*(t)", Touching(u, row.maximiser))
        given = {**row.given, **piece.given, u: POSITIVE}
        chains.append(chain(added(row.f, value), step, given=given))
    title = "`f + Conjugate(f, u, t) >= u*t`"
    if not row.kinked:
        title += " with equality at t = f'(u),"
        chains.insert(
            1,
            chain(
                added(row.f, at(row.main.value, row.main.y, row.at_slope)),
                eq(multiplied(u, Derivative(row.f, u)), "t = f'(u)"),
                given={**row.given, u: POSITIVE},
                label="equality",
            ),
        )
    return _claim("fenchel-young", row, title, FENCHEL, chains, rests_on=_conjugate_claims(row))


def critic(row: Row) -> Claim:
    """g(v) = f'(e^v) rises, and f*(g(v)) = e^v f'(e^v) - f(e^v)."""
    g, e_v = read(row.critic), exp(v)
    y_of_v = g if row.y_at_slope is None else row.at_slope.subs(u, e_v)
    given = {**row.given, v: REAL}
    return _claim(
        "critic",
        row,
        f"The critic f'(e^v) is `{row.critic}`, it rises with `v`, "
        "and f* takes there the value e^v f'(e^v) - f(e^v),",
        F_GAN_TEXT,
        [
            chain(
                Subs(Derivative(row.f, u), u, e_v),
                eq(g, "differentiate"),
                given=given,
                label="critic",
            ),
            chain(
                at(row.main.value, row.main.y, y_of_v),
                eq(
                    subtracted(multiplied(e_v, g), at(row.f, u, e_v)),
                    "Fenchel-Young's equality at u = e^v",
                ),
                given=given,
                label="conjugate",
            ),
            chain(
                Derivative(g, v),
                at_least(0, "f''(e^v) e^v >= 0"),
                given=given,
                label="increasing",
            ),
        ],
        rests_on=(f"conjugate-{row.slug}",),
    )


def critic_range(row: Row) -> Claim:
    """The critic maps the real line onto the interior of dom f* less its flat piece."""
    low, high = row.ends
    return _claim(
        "critic-range",
        row,
        f"The critic `{row.critic}` runs from `{low}` to `{high}`, the slopes of f at 0 and infinity,",
        F_GAN_TEXT,
        limits(row.critic, low, high, row.given),
        rests_on=(f"critic-{row.slug}",),
    )


# Parametrised by its maximiser, u f'(y) - f*(f'(y)) is unimodal in y but not concave.
CONCAVE_DUAL = tuple(row for row in SMOOTH if row.name != "arithmetic_geometric")
LAWS: tuple[Callable[[Row], Claim], ...] = (inverse_slope, adjoint, critic, critic_range)

CLAIMS = (
    *(conjugate(row) for row in (*ROWS.values(), *PUBLISHED)),
    *(
        outside_domain(row)
        for row in (*ROWS.values(), *PUBLISHED)
        if any(piece.reason == INFINITE for piece in row.pieces)
    ),
    *(family(row) for family in (shift_and_scale, fenchel_young) for row in ROWS.values()),
    *(family(row) for family in LAWS for row in SMOOTH),
    *(biconjugate(row) for row in CONCAVE_DUAL),
)
