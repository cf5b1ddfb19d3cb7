"""False statements, and true ones for a wrong reason: the symbolic route must prove none of them.

Each row was made to hit one shortcut that a prover may take. J is a number that the enclosure
route does not know, so that nothing but the symbolic route's own care stands in the way.
"""

import pytest
import sympy as sp
from sympy import Abs, Integral, Piecewise, Rational, exp, log, oo, sqrt

from derivations.claim import (
    AtEnd,
    AtKink,
    ByClaim,
    ChangeOfVariable,
    Claim,
    Stationary,
    Step,
    TakenOnTrust,
    Touching,
    Verdict,
    above,
    at_least,
    at_most,
    chain,
    eq,
)
from derivations.enclosed import check as enclosed
from derivations.language import (
    POSITIVE,
    REAL,
    Choice,
    Domain,
    Interval,
    Mass,
    PerAtom,
    Supremum,
    Total,
)
from derivations.running.judge import judge
from derivations.symbolic import rules as symbolic

A, S0, b, c, m, p, q, s, t, u, x, y, z = sp.symbols("A S0 b c m p q s t u x y z")
J = sp.besselj(0, 1)


def C(
    first: sp.Expr | int,
    *steps: Step,
    given: dict[sp.Symbol, Domain] | None = None,
    hypotheses: tuple[sp.Rel, ...] = (),
    id: str = "planted",
    expected: Verdict = Verdict.BOTH,
) -> Claim:
    link = chain(first, *steps, given=given, hypotheses=hypotheses)
    return Claim(id=id, title="planted", topic="t", source="s", chains=(link,), expected=expected)


CITED = {
    claim.id: claim
    for claim in (
        C(x**2 + 1, at_least(2 * x, ""), given={x: REAL}, id="square"),
        C(Total(c * p), eq(c, ""), given={c: REAL, p: Mass()}, id="constant"),
        C(Integral(x * m, (x, 0, 1)), eq(m / 2, ""), given={m: REAL}, id="linear"),
        C(Abs(x - y), eq(x - y, ""), given={x: REAL, y: REAL}, hypotheses=(x > y,), id="ordered"),
        C(Abs(x), eq(x, ""), given={x: POSITIVE}, id="positive"),
        C(
            Supremum(J * (u * t - u**2 / 2), u, -oo, oo),
            eq(J * t**2 / 2, ""),
            given={t: REAL},
            id="half-square",
        ),
        C(x, eq(x + 1, ""), given={x: REAL}, id="false", expected=Verdict.REFUTED),
    )
}

NOT_TO_BE_PROVED = {
    # --- names that an engine makes up must not meet those of a claim
    "a parameter called s, in the test of concavity": C(
        Supremum(u**3 / 6 - s * u**2 / 2, u, 0, oo),
        eq(-Rational(2, 3) * s**3, "", by=Stationary(2 * s)),
        given={s: POSITIVE},
    ),
    "a parameter called s, at a kink": C(
        Supremum(-abs(u - 2) + s * u - 2 * s, u, 0, oo),
        eq(0, "", by=AtKink(sp.S(2))),
        given={s: POSITIVE},
    ),
    "a parameter called S0, beside a total": C(
        J * S0, eq(J * Total(p * p), ""), given={p: Mass(), S0: POSITIVE}
    ),
    "a parameter called A, in Cauchy-Schwarz": C(
        Total(sqrt(p * q)),
        at_most(
            sqrt(Total(p)) * sqrt(Total(q)) * A / Total(p), "", by=TakenOnTrust("cauchy-schwarz")
        ),
        given={p: Mass(), q: Mass(), A: POSITIVE},
    ),
    "a supremum over a name that is also free": C(
        u * t,
        at_least(u**2 / 2 + Supremum(u * t - u**2 / 2, u, -oo, oo) - 1, ""),
        given={u: POSITIVE, t: REAL},
    ),
    # --- calculus across a jump or a pole
    "monotone, but with a jump": C(
        Piecewise((1, x < 100), (-1, True)), at_least(0, ""), given={x: POSITIVE}
    ),
    "rising, but through a pole": C(1 / (100 - x), at_least(0, ""), given={x: POSITIVE}),
    "falling to zero, but with a jump": C(
        sp.atan(1 / (x - 100)), at_least(0, ""), given={x: POSITIVE}
    ),
    "constant, but with a jump": C(-abs(x - 100) / (x - 100), at_least(0, ""), given={x: POSITIVE}),
    "a step": C(1 - sp.floor(x / 100), at_least(0, ""), given={x: POSITIVE}),
    "a tangent": C(sp.tan(x / 100), at_least(0, ""), given={x: POSITIVE}),
    "convex where it is smooth, with a pole": C(
        1 / (10 - x) - Rational(1, 9) - (x - 1) / 81,
        at_least(0, "", by=Touching(x, sp.S(1))),
        given={x: POSITIVE},
    ),
    "concave in pieces, convex at the joint": C(
        Supremum(Piecewise((t - u, u < 1), (t + u - 2, True)), u, 0, oo),
        eq(t, "", by=AtEnd(sp.S(0))),
        given={t: REAL},
    ),
    "concave on both sides of a pole": C(
        Supremum(log((u - 10) ** 2) - u, u, 0, oo), eq(log(4) - 12, "", by=Stationary(sp.S(12)))
    ),
    "the square root's factor may be negative": C(
        (x + 100) * sqrt((x + 100) ** 2 + 1), at_least(-(x + 100), ""), given={x: REAL}
    ),
    # --- integrals
    "a primitive across a pole": C(
        Integral(1 / (x - c) ** 2, (x, 0, 2)),
        eq(-1 / c - 1 / (2 - c), ""),
        given={c: Interval(0, 2)},
    ),
    "a range that may run backwards": C(
        Integral(J * Abs(x), (x, 0, b)), eq(J * b**2 / 2, ""), given={b: REAL}
    ),
    "infinity minus infinity": C(
        Integral(c / x - c / (x + 1), (x, 1, oo)), eq(0, ""), given={c: REAL}
    ),
    "a change of variable that leaves the other range unread": C(
        Integral(exp(x * y), (x, 0, 1), (y, 0, 1)),
        eq(Integral(exp(z * y), (z, 0, 1), (y, 0, 2)), "", by=ChangeOfVariable(x, z, z)),
    ),
    "a change of variable to a name that is also free": C(
        Integral(J * x * z, (x, 0, 1)),
        eq(Integral(J * z * z, (z, 0, 1)), "", by=ChangeOfVariable(x, z, z)),
        given={z: POSITIVE},
    ),
    "a change of variable without its rate": C(
        Integral(exp(-(x**2)), (x, -oo, oo)),
        eq(Integral(exp(-((2 * z) ** 2)), (z, -oo, oo)), "", by=ChangeOfVariable(x, 2 * z, z)),
    ),
    "a change of variable that falls": C(
        Integral(J * exp(-(x**2)), (x, -oo, oo)),
        eq(Integral(-J * exp(-((z) ** 2)), (z, -oo, oo)), "", by=ChangeOfVariable(x, -z, z)),
    ),
    "a Gaussian of a scale that may be negative": C(
        Integral(exp(-(x**2) / (2 * s**2)) / (s * sqrt(2 * sp.pi)), (x, -oo, oo)),
        eq(1, ""),
        given={s: REAL},
    ),
    # --- totals
    "an event at every atom or at none": C(
        J * Total(b * p),
        eq(J * Total(b * q), ""),
        given={b: PerAtom(Choice((0, 1))), p: Mass(), q: Mass()},
    ),
    "not a probability vector": C(
        Total(p * log(p / q)), at_least(0, ""), given={p: Mass(), q: PerAtom(POSITIVE)}
    ),
    "not a probability vector, with a factor": C(
        J**2 * Total(p * log(p / q)), at_least(0, ""), given={p: Mass(), q: PerAtom(POSITIVE)}
    ),
    "Jensen the wrong way round": C(
        log(Total(p * y)),
        at_most(Total(p * log(y)), "", by=TakenOnTrust("jensen-log")),
        given={p: Mass(), y: PerAtom(POSITIVE)},
    ),
    "Jensen with weights that are none": C(
        Total(q * log(y)),
        at_most(log(Total(q * y)), "", by=TakenOnTrust("jensen-log")),
        given={q: PerAtom(POSITIVE), y: PerAtom(POSITIVE)},
    ),
    # --- a bound name that a hypothesis or an instance brings in from outside
    "a range that names the supremum's own variable": C(
        Supremum(-((u - t) ** 2), u, -oo, oo),
        eq(-((t - u) ** 2), "", by=Stationary(sp.S(0))),
        given={u: REAL, t: Interval(u, oo)},
    ),
    "a range that names the integral's own variable": C(
        Integral(t - x, (x, 0, 1)), eq(t - x, ""), given={x: POSITIVE, t: Interval(x, oo)}
    ),
    "an instance that names the supremum's own variable": C(
        Supremum(J * (u * u - u**2 / 2), u, -oo, oo),
        eq(J * u**2 / 2, "", by=ByClaim("half-square", {t: u})),
        given={u: REAL},
    ),
    "a parameter called x, beside a strict inequality": C(
        (y - 1) ** 2 * (x - y + 1),
        above(0, "", by=Touching(y, sp.S(1))),
        given={x: POSITIVE, y: Interval(1, oo)},
    ),
    # --- a value where a limit is meant
    "a value at the end that the function does not approach": C(
        Supremum(Piecewise((u, u < 1), (5, True)), u, 0, 1), eq(5, "", by=AtEnd(sp.S(1)))
    ),
    "a value in the place of a limit": C(
        sp.Limit(J * (Abs(x) + Piecewise((0, x <= 0), (1, True))), x, 0), eq(0, "")
    ),
    # --- infinities and kinks
    "infinity above infinity": C(sp.Limit(1 / x, x, 0, "+"), above(oo, "")),
    "a kink around a jump": C(
        Supremum(-Abs(Piecewise((1, u < 1), (0, True))), u, 0, oo), eq(-1, "", by=AtEnd(sp.S(0)))
    ),
    "an absolute value that rises, and stays negative inside": C(
        sp.Limit(Abs(-exp(-x) - J**2), x, oo, "-"), eq(-(J**2), "")
    ),
    # --- an inequality, strictly
    "strict where equality is possible": C(x**2, above(0, ""), given={x: REAL}),
    "strict totals": C(J**2 * Total(p * log(p / q)), above(0, ""), given={p: Mass(), q: Mass()}),
    "greater, by a claim of greater or equal": C(
        J**2 * (x**2 + 1), above(J**2 * 2 * x, "", by=ByClaim("square")), given={x: REAL}
    ),
    # --- hypotheses that nobody stated
    "the root of a square": C(J * sqrt(x**2), eq(J * x, ""), given={x: REAL}),
    "the logarithm of a product": C(log(x * y), eq(log(x) + log(y), ""), given={x: REAL, y: REAL}),
    "the power of a power": C(
        J * (x**y) ** z, eq(J * x ** (y * z), ""), given={x: REAL, y: REAL, z: REAL}
    ),
    "an inverse tangent": C(
        J * (sp.atan(x) + sp.atan(1 / x)), eq(J * sp.pi / 2, ""), given={x: REAL}
    ),
    "Pearson's conjugate for all t": C(
        Supremum(u * t - (u - 1) ** 2, u, 0, oo),
        eq(t + t**2 / 4, "", by=Stationary(1 + t / 2)),
        given={t: REAL},
    ),
    # --- reasons that are not one
    "stationary elsewhere": C(
        Supremum(u * t - u * log(u), u, 0, oo),
        eq(exp(t), "", by=Stationary(exp(t))),
        given={t: REAL},
    ),
    "stationary, but not concave": C(
        Supremum(J**2 * (u**3 - 3 * u), u, 0, oo), eq(-2 * J**2, "", by=Stationary(sp.S(1)))
    ),
    "no kink where it says": C(Supremum(-abs(u - 2), u, 0, oo), eq(-1, "", by=AtKink(sp.S(1)))),
    "not rising to that end": C(Supremum(-u * J**2, u, 0, oo), eq(-oo, "", by=AtEnd(oo))),
    "a claim about an order, under a minus": C(
        -J * (x**2 + 1), at_least(-J * 2 * x, "", by=ByClaim("square")), given={x: REAL}
    ),
    "a claim about constants, for a value an atom": C(
        Total(q * p), eq(q, "", by=ByClaim("constant", {c: q})), given={q: Mass(), p: Mass()}
    ),
    "a claim whose bound name is taken": C(
        J * Integral(x * x, (x, 0, 1)),
        eq(J * x / 2, "", by=ByClaim("linear", {m: x})),
        given={x: REAL},
    ),
    "a claim without its hypothesis": C(
        J * Abs(x - y), eq(J * (x - y), "", by=ByClaim("ordered")), given={x: REAL, y: REAL}
    ),
    "a claim outside its domain": C(
        J * Abs(x), eq(J * x, "", by=ByClaim("positive")), given={x: REAL}
    ),
    "a claim that the ledger expects to be refuted": C(
        J * x, eq(J * (x + 1), "", by=ByClaim("false")), given={x: REAL}
    ),
    "a claim that says something else": C(
        J * x, eq(J * (x + 1), "", by=ByClaim("positive")), given={x: POSITIVE}
    ),
}


@pytest.mark.parametrize("what", NOT_TO_BE_PROVED)
def test_the_symbolic_route_does_not_prove(what: str) -> None:
    assert symbolic.check(NOT_TO_BE_PROVED[what], CITED) != []


ENCLOSURE_MUST_BE_SILENT = {
    "a total over no atoms": C(Total(x), eq(0, ""), given={x: REAL}),
    "the size of the alphabet": C(Total(sp.S(1)), eq(0, "")),
    "concave in pieces, convex at the joint": C(
        Supremum(Piecewise((-u, u < 1), (u - 2, True)), u, 0, oo), eq(0, "", by=AtEnd(sp.S(0)))
    ),
    "a supremum over a name that is also free": C(
        Supremum(u * t - u**2, u, 0, oo), eq(t**2 / 4, ""), given={u: POSITIVE, t: Interval(0, 1)}
    ),
}


@pytest.mark.parametrize("what", list(ENCLOSURE_MUST_BE_SILENT)[:3])
def test_the_enclosure_route_does_not_support(what: str) -> None:
    evidence = enclosed.check(ENCLOSURE_MUST_BE_SILENT[what])
    assert evidence.counterexample is not None or evidence.gaps


def test_a_bound_name_that_is_also_free_is_not_refuted_for_it() -> None:
    """sup over u of u t - u^2 is t^2/4 whatever the u outside is."""
    claim = ENCLOSURE_MUST_BE_SILENT["a supremum over a name that is also free"]
    assert enclosed.check(claim).counterexample is None


def test_an_unequal_hypothesis_is_not_read_as_an_equal_one() -> None:
    claim = C(x**2, at_least(0, ""), given={x: REAL}, hypotheses=(sp.Ne(x, 0),))
    assert enclosed.check(claim).points > 1
    wrong = C(x, eq(0, ""), given={x: REAL}, hypotheses=(sp.Ne(x, 0),))
    assert judge(wrong).verdict is Verdict.REFUTED


def test_an_error_inside_sympy_is_a_gap_and_nothing_worse() -> None:
    claim = C(
        2 * x,
        eq(x + Abs(x), "", by=ByClaim("positive", {}, 5)),
        given={x: POSITIVE},
    )
    judged = judge(claim, CITED)
    assert judged.verdict is Verdict.SUPPORTED and "IndexError" in judged.gaps[0]
