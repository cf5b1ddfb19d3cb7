"""C. Bounds by a critic: what a function T says of two laws that are only seen through means of it."""

from __future__ import annotations

from sympy import Symbol

from ..claim import Claim, TakenOnTrust, Verdict, at_least, at_most, chain, eq
from ..language import REAL, Interval, PerAtom
from ..vocabulary import D, E, at
from ..words.reading import subtracted
from ._pairs import ANY, FINITE, FULL_SUPPORT, POSITIVE_MASSES, p, q
from ._rows import ROWS, Row, u

T = Symbol("T")
TOPIC = "inequalities"
TIGHT = f"{FINITE}; the equality for p, q > 0"
NGUYEN = "Nguyen, Wainwright, Jordan, Estimating divergence functionals (2010)"
AT_POINTS = ("jeffreys",)  # Fenchel-Young at every atom, which is not closed here


def variational(row: Row) -> Claim:
    """D_f >= E_P T - E_Q f*(T): Fenchel-Young at every atom; tight at T = f'(p/q)."""
    main = row.main
    assert isinstance(main.domain, Interval)
    chains = [
        chain(
            D(row.f, u, p, q),
            at_least(
                subtracted(E(p, at(main.argument, main.y, T)), E(q, at(main.value, main.y, T))),
                "f(u) + f*(t) >= u t at u = p/q, times q",
            ),
            given={**row.given, **ANY, T: PerAtom(main.domain)},
            label="any critic",
        )
    ]
    title = "`D(f, u, p, q) >= E(p, T) - E(q, Conjugate(f, u, T))`"
    if not row.kinked:
        title += " with equality at T = f'(p/q),"
        slope, there = at(row.derivative, u, p / q), at(row.at_slope, u, p / q)
        chains.append(
            chain(
                subtracted(E(p, slope), E(q, at(main.value, main.y, there))),
                eq(D(row.f, u, p, q), "Fenchel-Young's equality at every atom"),
                given={**row.given, **POSITIVE_MASSES},
                label="the best critic",
            )
        )
    return Claim(
        f"variational-{row.slug}",
        f"{title} for {row.words}",
        TOPIC,
        NGUYEN,
        tuple(chains),
        expected=Verdict.SUPPORTED if row.name in AT_POINTS else Verdict.BOTH,
        lemmas=(f"conjugate-{row.slug}",),
        shown_for=f"{FINITE if row.kinked else TIGHT}; T at every atom between f'(0) and f'(oo)",
    )


CLAIMS = (
    *(variational(row) for row in ROWS.values()),
    Claim(
        "nwj-bound",
        "`KL(p, q) >= E(p, T) - E(q, exp(T - 1))` with equality at `T = 1 + log(p/q)`",
        TOPIC,
        NGUYEN,
        (
            chain(
                "KL(p, q)",
                at_least("E(p, T) - E(q, exp(T - 1))", "u log u + e^(t-1) >= u t at u = p/q"),
                given={**ANY, T: PerAtom(REAL)},
            ),
            chain(
                "E(p, 1 + log(p/q)) - E(q, exp(1 + log(p/q) - 1))",
                eq("KL(p, q)", "the totals are 1"),
                given=ANY,
                label="the best critic",
            ),
        ),
        name="the Nguyen-Wainwright-Jordan bound",
        shown_for=FINITE,
    ),
    Claim(
        "donsker-varadhan",
        "`E(p, T) - log(E(q, exp(T))) <= KL(p, q)` with equality at `T = log(p/q)`",
        TOPIC,
        "Donsker, Varadhan, Asymptotic evaluation of Markov process expectations (1983)",
        (
            chain(
                "E(p, T) - KL(p, q)",
                eq("Sum(p*log(exp(T)*q/p))", "T = log e^T"),
                at_most(
                    "log(Sum(p*(exp(T)*q/p)))",
                    "the mean of a logarithm under p",
                    TakenOnTrust("jensen-log"),
                ),
                eq("log(E(q, exp(T)))", "p cancels"),
                given={**POSITIVE_MASSES, T: PerAtom(REAL)},
            ),
            chain(
                "E(p, log(p/q)) - log(E(q, exp(log(p/q))))",
                eq("KL(p, q)", "the total of p is 1"),
                given=POSITIVE_MASSES,
                label="the best critic",
            ),
        ),
        name="the Donsker-Varadhan bound",
        shown_for=FULL_SUPPORT,
    ),
    Claim(
        "total-variation-critic",
        "`E(p, T) - E(q, T) <= 2*TV(p, q)` for `abs(T) < 1`, with equality at `T = sign(p - q)`",
        TOPIC,
        "Muller, Integral probability metrics and their generating classes (1997)",
        (
            chain(
                "E(p, T) - E(q, T)",
                at_most("2*TV(p, q)", "(p - q) T <= |p - q| at every atom"),
                given={**ANY, T: PerAtom(Interval(-1, 1))},
            ),
            chain(
                "E(p, sign(p - q)) - E(q, sign(p - q))",
                eq("2*TV(p, q)", "x sign(x) = |x|"),
                given=POSITIVE_MASSES,
                label="the best critic",
            ),
        ),
        shown_for=TIGHT,
    ),
)
