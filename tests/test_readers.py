"""What readers who had the source in hand got accepted, one of each kind; none may be shown again.

Many are scaled by 10^-150, so that no ball at a point could see what the proof got wrong.
"""

from __future__ import annotations

import pytest
import sympy as sp
from sympy import And, I, Integral, Limit, Piecewise, Pow, Rational, exp, log, oo, pi, sqrt

from derivations.claim import (
    ByClaim,
    ChangeOfVariable,
    Claim,
    Step,
    Touching,
    Verdict,
    above,
    at_least,
    chain,
    eq,
)
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
from derivations.verify import verify
from derivations.words.reading import read

a, b, c, p, q, t, u, x, y, z, B = sp.symbols("a b c p q t u x y z B")
ANY = {p: Mass(zero=True), q: Mass(zero=True)}
e = Rational(1, 10**150)
hidden_zero = sqrt(2) + sqrt(3) - sqrt(5 + 2 * sqrt(6))
carried = sp.Symbol("c", positive=True)  # a hypothesis that nobody has stated
SHOWN = (Verdict.BOTH, Verdict.PROVED, Verdict.SUPPORTED)


def C(id: str, first: sp.Expr, *steps: Step, given: dict[sp.Symbol, Domain] | None = None) -> Claim:
    return Claim(id, id, "planted", "nobody", (chain(first, *steps, given=given),), Verdict.BOTH)


one_over_x = Limit(t * x / (1 + t * x**2), t, oo)
wave = exp(2 * x) / (1 + exp(2 * x)) ** 2 + e * exp(x) / (1 + exp(2 * x))
small = Rational(1, 10**30) * (t**2 - 4 * t + 5)
decay = C("decay", Integral(exp(-x) + e * a * exp(-a * x), (x, 0, oo)), eq(1 + e, ""), given={a: POSITIVE})  # fmt: skip
n = Integral((a**2 - 2) ** 2 * x, (x, 0, 1))


slow = log(log(x + 3) + 2)


def compound(v: sp.Symbol) -> sp.Expr:
    """oo for a > 1, e for a = 1."""
    return Limit((1 + 1 / v) ** (v**a), v, oo)


def inner(v: sp.Expr) -> sp.Expr:
    return Integral(sqrt(v) / (v + y) ** 3 + 1, (y, 0, 1))


apart = read("BC(p, q)") + (Total(p**2) - Rational(17, 25)) ** 2

STATEMENTS = [
    # the sign of what touches zero
    C("sign", Integral(sp.sign(c**4 * x - 4 * c**2 * x + 4 * x), (x, 0, 1)), eq(1, ""),
      given={c: REAL}),
    # a jump outside of every total, where masses vanish
    C("jump-of-totals", sp.sign(apart, evaluate=False), eq(1, ""), given=ANY),
    # a path of integration through the complex plane, across a pole
    C("contour", Integral(wave, (x, -oo, oo)),
      eq(Integral(exp(2 * z) / (1 + exp(2 * z)) ** 2 - e * exp(z) / (1 + exp(2 * z)), (z, -oo, oo)),
         "", ChangeOfVariable(x, z + I * pi, z))),
    # which term of a sum is the larger, for all values of the parameters
    C("larger-power", 1 + e * Limit((x + x**a) / (x + 2 * x**a), x, oo), eq(1 + e, ""),
      given={a: POSITIVE}),
    C("larger-rate", 1 + e * Limit(log(exp(a * x) + exp(b * x)) / x, x, oo), eq(1 + e * b, ""),
      given={a: POSITIVE, b: POSITIVE}),
    C("hidden-zero", 1 + e * Limit((hidden_zero**2 * x + 1) / (hidden_zero**2 * x + 2), x, oo),
      eq(1 + e, "")),
    # an integral that sympy gets wrong for every value of a parameter whose sign it does not know
    C("dropped-term", 1 + Rational(1, 10**30) * Integral(log(x**2 + small), (x, 0, 1)),
      eq(1 + Rational(1, 10**30) * (log(1 + small) - 2), ""), given={t: POSITIVE}),
    # a symbol that carries a hypothesis, in a domain
    C("hidden-hypothesis", x, at_least(0, ""), given={x: Choice((carried,))}),
    C("hidden-twin", x, at_least(0, ""), given={c: Choice((-1,)), x: Choice((carried,))}),
    # a kink in a bound variable is no kink of the whole
    C("bound-kink", sqrt((exp(70) - a**2) * Integral(sp.Abs(x), (x, -a, a))), at_least(0, ""),
      given={a: POSITIVE}),
    # what is bound is a symbol
    C("limit-in-a-square", Limit(sp.cos(x), x**2, 0), eq(sp.cos(x), ""), given={x: REAL}),
    C("put-for-a-square", sp.Subs(x**4, x**2, 3), eq(x**4, ""), given={x: REAL}),
    # a limit under an integral need not be continuous at the end
    C("divergent", Integral(one_over_x, (x, 0, 1)),
      eq(Integral(2 * one_over_x.subs(x, 2 * z), (z, 0, Rational(1, 2))), "",
         ChangeOfVariable(x, 2 * z, z))),
    # decimals in a reason
    C("decimal-reason", Integral(exp(-x * (1 + b)), (x, 0, oo)),
      eq(Integral(exp(-(1 + b) * z / 2) / 2, (z, 0, oo)), "",
         ChangeOfVariable(x, sp.Float("0.5", 3) * z, z)), given={b: POSITIVE}),
    # a number as a truth value
    C("number-as-truth", Piecewise(((x + 1) ** 2, And(B, x > 0)), (x**2 + 2 * x + 1, True)),
      eq((x + 1) ** 2, ""), given={x: REAL, B: REAL}),
    # 0/0 at an atom without mass
    C("nothing-over-nothing", Total(sp.Mul(p, Pow(p, -1), evaluate=False)),
      eq(Total(sp.S.One), ""), given={p: Mass(zero=True)}),
    # convex where the other symbol's range allows, which the touching point is not in
    C("touching-tied", 1 + e * x**2 * (3 * y - x) / 6, at_least(1, "", Touching(x, sp.S.Zero)),
      given={x: REAL, y: Interval(x, oo)}),
    # an inner integral that has a value at 0, and tends to oo there
    C("inner-integral", Integral(1 + inner(x), (x, 0, 1)),
      eq(Integral(2 + 2 * inner(2 * z), (z, 0, Rational(1, 2))), "",
         ChangeOfVariable(x, 2 * z, z))),
    # what is not negative may be 0
    C("zero-or-more", log(n**2 + n / 10 - Rational(1, 10**10)) + n,
      eq(log(n**2 + n / 10 - Rational(1, 10**10)) + (a**2 - 2) ** 2 / 2, ""), given={a: REAL}),
    # a monotone function's limit, guessed where powers are not ordered
    C("guessed-limit", 1, at_least(e * (a - b) * (log(x**a + x**b) - b * log(x)), ""),
      given={x: POSITIVE, a: POSITIVE, b: POSITIVE}),
    C("guessed-end", 1, at_least(exp(-99) * (a - 1) * x**a / (x + x**a), ""),
      given={x: POSITIVE, a: POSITIVE}),
    # factors of which neither is known to be the stronger
    C("gamma-or-power", Limit(sp.gamma(x) * exp(-(x**a)), x, oo), eq(oo, ""),
      given={a: Interval(1, oo)}),
    C("log-gamma-or-power", Limit(sp.loggamma(x) / x**a, x, oo), eq(oo, ""),
      given={a: Interval(1, oo)}),
    C("power-or-erfc", Limit(exp(x**a) * sp.erfc(x), x, oo), eq(0, ""), given={a: POSITIVE}),
    # powers of logarithms of logarithms, and powers of which base and exponent move
    C("log-log-power", Limit(exp(-(slow**a) / (1 + slow)), x, oo), above(0, ""),
      given={a: Interval(2, oo)}),
    C("moving-power", 1 + e * Limit((x + 2) ** (log(x + 2) ** (-a)), x, oo), eq(1 + e, ""),
      given={a: POSITIVE}),
    C("moving-root", 1 + e * Limit((1 + exp(x)) ** (x ** (-a)), x, oo), eq(1 + e, ""),
      given={a: POSITIVE}),
    C("infinite-parts", sp.Add(1, compound(x), sp.Mul(-1, compound(y), evaluate=False),
      evaluate=False), eq(1, ""), given={a: POSITIVE}),
    # a bound variable that is also a mass
    C("bound-mass", Supremum(-((Total(q * p) - Rational(1, 2)) ** 2), p, 0, 1),
      eq(Total(p) - 1, ""), given={p: Mass(), q: Mass()}),
]  # fmt: skip


@pytest.mark.parametrize("claim", STATEMENTS, ids=lambda claim: claim.id)
def test_it_is_not_shown(claim: Claim) -> None:
    found = judge(claim, {})
    assert found.verdict not in SHOWN, (found.verdict, found.steps)
    assert found.counterexample or found.gaps, "a refusal says why"


def test_a_reason_may_not_name_a_proofs_own_variable() -> None:
    """decay is true for numbers; at a = x it would speak of another integral, of 1 + e/2."""
    own = sp.Symbol("b''0", positive=True)
    try:
        false = C("captured", Integral(exp(-x) + e * x * exp(-x * x), (x, 0, oo)),
                  eq(1 + e, "", ByClaim("decay", {a: own})))  # fmt: skip
    except ValueError:
        return
    reports = {report.id: report for report in verify([decay, false], jobs=1)}
    assert reports["decay"].verdict in SHOWN
    assert reports["captured"].verdict not in SHOWN


def test_what_is_too_fine_for_points_stays_so_when_a_cited_proof_falls() -> None:
    """Losing its proof may not lift a statement to "supported"."""
    narrow = And(exp(x) > Rational(22, 7), exp(x) < Rational(22, 7) + Rational(1, 10**7))
    fine = x**2 + Piecewise((-100, narrow), (sp.S.Zero, True))
    claims = [
        C("fine", fine, at_least(0, ""), given={x: REAL}),
        C("fine-cited", fine, at_least(0, "", ByClaim("fine", {x: x})), given={x: REAL}),
    ]
    for report in verify(claims, jobs=1):
        assert report.verdict is Verdict.UNDECIDED, report.id


@pytest.mark.parametrize(
    "link",
    [
        chain(Supremum(-Total(p * t) * u**2, u, -1, 1), at_least(-Total(p * t), ""),
              given={p: Mass(), t: PerAtom(REAL)}),
        chain(Supremum(-(Total(p**2) - Rational(1, 2)) * u**2, u, -1, 1),
              eq(sp.Max(0, Rational(1, 2) - Total(p**2)), ""), given={p: Mass()}),
    ],
    ids=["with values", "with masses"],
)  # fmt: skip
def test_concavity_at_one_alphabet_is_not_concavity_at_another(link) -> None:  # type: ignore[no-untyped-def]
    """Both are true."""
    found = judge(Claim("true", "t", "planted", "nobody", (link,)), {})
    assert found.verdict is not Verdict.REFUTED, found.counterexample


@pytest.mark.parametrize(
    "given",
    [
        {x: Interval(y, oo), y: Interval(x, oo)},
        {x: Interval(carried, oo)},
        {x: Interval(sp.sign(Total(q)), oo), q: Mass()},
        {x: Choice((y, y + 1))},
    ],
    ids=["in a circle", "assumed", "of a total", "not given"],
)
def test_a_domain_that_makes_no_sense_is_named(given: dict[sp.Symbol, Domain]) -> None:
    found = judge(C("domain", x**2, at_least(0, ""), given=given), {})
    assert found.verdict is Verdict.UNDECIDED
    assert any("x" in gap for gap in found.gaps), found.gaps


@pytest.mark.parametrize("function", [sp.tan, sp.coth, sp.atanh], ids=lambda f: f.__name__)
def test_every_function_has_an_answer(function) -> None:  # type: ignore[no-untyped-def]
    claim = C("answer", function(x) - x, at_least(0, ""), given={x: Interval(0, Rational(1, 2))})
    assert judge(claim, {}).verdict is not Verdict.REFUTED


def test_an_integral_of_what_is_put_into_an_integral_has_an_answer() -> None:
    """It ran into itself without end."""
    inner = sp.Subs(Integral(x * y * z, (y, 0, 1)), x, z)
    claim = C("put-in", Integral(inner, (z, 0, 1)), eq(Rational(1, 6), ""))
    assert judge(claim, {}).verdict is not Verdict.REFUTED
