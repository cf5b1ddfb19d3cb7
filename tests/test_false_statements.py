"""False statements, and statements that mean nothing: none may come out as shown by any route.

One or two of each kind of fault that a verifier may have; each was accepted by an earlier state of this
one. What means nothing (0/0, a slope at a kink, oo - oo, an order of complex numbers, the supremum over
an empty interval, a decimal) is refused as not shown to be defined, with the place; what is false is
refuted where a counterexample exists. `test_adversary.py` has thousands more, made by a generator.
"""

import pytest
import sympy as sp
from sympy import Abs, I, Integral, Limit, Max, Piecewise, Rational, exp, log, oo, pi, sin, sqrt

from derivations.claim import (
    AtEnd,
    AtKink,
    ByClaim,
    ChangeOfVariable,
    Claim,
    Stationary,
    Step,
    Touching,
    Verdict,
    above,
    at_least,
    at_most,
    chain,
    eq,
)
from derivations.language import (
    POSITIVE,
    REAL,
    UNIT,
    Choice,
    Domain,
    Interval,
    Mass,
    PerAtom,
    Supremum,
    Total,
)
from derivations.verify import verify
from derivations.vocabulary import VOCABULARY
from derivations.words.reading import read

a, b, p, q, s, t, u, w, x, y, z = sp.symbols("a b p q s t u w x y z")
P, PQ = {p: Mass()}, {p: Mass(), q: Mass()}
ANY = {p: Mass(zero=True), q: Mass(zero=True)}
T = Total(p**2 / q)
Z3 = sp.zeta(3)  # not a word of the language


def at_zero(f: sp.Expr) -> sp.Expr:
    return sp.Subs(sp.Derivative(f, x), x, 0)


def C(
    id: str,
    first: sp.Expr | int | str,
    *steps: Step,
    given: dict[sp.Symbol, Domain] | None = None,
    hyp: tuple[sp.Rel, ...] = (),
) -> Claim:
    link = chain(first, *steps, given=given, hypotheses=hyp)
    return Claim(id, id, "planted", "nobody", (link,), Verdict.BOTH)


hole = Rational(7777, 1000)
narrow = sp.And(x > 5 + Rational(1, 7777), x < 5 + Rational(1, 7776))
skip = Piecewise((z, z < 200), (z + 1, True))
Y = 10**6 * (x - Rational(1, 7777))
x1, x2 = sp.Dummy("x"), sp.Dummy("x")

FALSE = [
    # a supremum over an empty interval
    C("sup-empty-interval", Supremum(u, u, 0, t), eq(t, "rises", AtEnd(t)), given={t: REAL}),
    C(
        "lipschitz-negative-K",
        Supremum(a * u, u, -b, b),
        eq(a * b, "rises", AtEnd(b)),
        given={a: POSITIVE, b: REAL},
    ),
    # a derivative at a kink or a jump, taken branch by branch
    C("relu-slope-at-0-is-0", at_zero(Piecewise((0, x <= 0), (x, True))), eq(0, "")),
    C("relu-slope-at-0-is-1", at_zero(Piecewise((0, x < 0), (x, True))), eq(1, "")),
    C(
        "step-has-derivative-0",
        sp.Derivative(Piecewise((0, x < 0), (1, True)), x),
        eq(0, ""),
        given={x: REAL},
    ),
    # touching at a complex point; strictly touching without smoothness
    C(
        "touching-complex",
        2 * Y**6 + 3 * Y**4,
        at_least(1, "", Touching(x, Rational(1, 7777) + I / 10**6)),
        given={x: REAL},
    ),
    C(
        "strict-touching-jump",
        Piecewise(((x - 1) ** 2 - 100, narrow), ((x - 1) ** 2, True)),
        above(0, "", Touching(x, sp.S.One)),
        given={x: Interval(1, oo)},
    ),
    # a Piecewise of a total taken as linear in it
    C("piecewise-of-total", Piecewise((T, T < 1000), (T - 10**6, True)), at_least(0, ""), given=PQ),
    # a change of variable with a jump
    C(
        "change-of-variable-jump",
        Integral(exp(-x), (x, 0, 400)),
        eq(Integral(exp(-skip), (z, 0, 399)), "", ChangeOfVariable(x, skip, z)),
    ),
    # 0/0 at a point that no sample meets
    C("hole-equal", (x**2 - hole**2) / (x - hole), eq(x + hole, ""), given={x: REAL}),
    C("hole-at-1", (x**2 - 1) / (x - 1), eq(x + 1, ""), given={x: REAL}),
    # of several arguments with one slope the first is taken; ends of a chain that nobody compares: 0 = 1
    C(
        "max-is-first",
        Limit(Max(a, b) + exp(-x), x, oo),
        eq(a, "near infinity"),
        given={a: REAL, b: REAL},
    ),
    C(
        "all-reals-are-equal",
        a,
        eq(Limit(Max(a, b) + exp(-x), x, oo), "as above"),
        eq(b, "a, b exchanged", ByClaim("max-is-first", {a: b, b: a})),
        given={a: REAL, b: REAL},
    ),
    C(
        "zero-is-one",
        0,
        eq(Z3 * (log(4) - 2 * log(2)), "log 4 = 2 log 2"),
        eq(1, "", ByClaim("all-reals-are-equal", {a: sp.S.Zero, b: sp.S.One})),
    ),
    C("limit-abs", Limit(Abs(t) + exp(-x), x, oo), eq(t, ""), given={t: REAL}),
    C("limit-max-shift", Limit(Max(x, x + a) - x, x, oo), eq(0, ""), given={a: REAL}),
    C(
        "sup-at-infinity-abs",
        Supremum(-exp(-u) - Abs(t), u, 0, oo),
        eq(-t, "", AtEnd(oo)),
        given={t: REAL},
    ),
    # oo - oo; an integral that does not converge absolutely, moved
    C("oo-minus-oo", Integral(1 / x, (x, 0, 1)) - Integral(1 / y, (y, 0, 1)), eq(0, "")),
    C(
        "cauchy-mean-moves",
        Integral(x / (pi * (1 + (x - t) ** 2)), (x, -oo, oo)),
        eq(Integral((z + t) / (pi * (1 + z**2)), (z, -oo, oo)), "", ChangeOfVariable(x, z + t, z)),
        given={t: REAL},
    ),
    # an order of numbers that are not real
    C("complex-sqrt", sqrt(x), at_least(sqrt(-x), ""), given={x: POSITIVE}),
    C(
        "complex-power",
        (1 + x) ** sqrt(1 - a),
        above(0, ""),
        given={x: POSITIVE, a: Interval(1, oo)},
    ),
    C("complex-total", Total(log(p - 1)) ** 2, at_least(0, ""), given=P),
    # a decimal; two symbols of one name; d/dt under an integral whose integrand jumps at t
    C("float-third", x / 3, eq(0.3333333333333333 * x, ""), given={x: REAL}),
    C("dummy-twins", Z3 * x1, eq(Z3 * x2, ""), given={x1: REAL, x2: REAL}),
    C(
        "leibniz-jump",
        sp.Derivative(Z3 * Integral(Piecewise((1, x < t), (0, True)), (x, 0, 1)), t),
        eq(0, ""),
        given={t: UNIT},
    ),
    # false between or beyond the sampled points
    C(
        "entropy-below-log-3",
        -Total(p * log(p)),
        at_most(log(3), "alphabets of 2 or 3 atoms"),
        given=P,
    ),
    C("tv-below-0.99", Total(Abs(p - q)) / 2, at_most(Rational(99, 100), ""), given=PQ),
    C("sin-60-pi-x", sin(60 * pi * x), eq(0, ""), given={x: REAL}),
    C(
        "boundary-of-hypothesis",
        1 / (x - y),
        at_least(0, "at x = y"),
        given={x: REAL, y: REAL},
        hyp=(x >= y,),
    ),
    C(
        "null-set",
        Piecewise((1, sp.Eq(x, Rational(1, 7777))), (0, True)),
        eq(0, ""),
        given={x: REAL},
    ),
]


OURS = [
    # a strict relation by a reason that shows an equality
    C(
        "strict-stationary",
        Supremum(t * u - u**2, u, -oo, oo),
        above(t**2 / 4, "", Stationary(t / 2)),
        given={t: REAL},
    ),
    C(
        "strict-kink",
        Supremum(t * u - Abs(u - 4), u, -oo, oo),
        above(4 * t, "", AtKink(sp.S(4))),
        given={t: Interval(-1, 1)},
    ),
    C(
        "strict-change",
        Integral(exp(-x), (x, 0, oo)),
        above(Integral(2 * exp(-2 * z), (z, 0, oo)), "", ChangeOfVariable(x, 2 * z, z)),
    ),
    # two sides of a limit
    C("two-sides", Limit(Abs(x) / x, x, 0, "+-"), eq(1, "")),
    # a branch taken by a series
    C(
        "piecewise-in-a-limit",
        x**a * y ** (1 - a),
        at_most(
            a * x
            + (1 - a) * y
            - Piecewise(
                (Rational(3, 1000), sp.And(y > Rational(52, 100), y < Rational(53, 100))), (0, True)
            ),
            "",
        ),
        given={x: POSITIVE, y: POSITIVE, a: UNIT},
    ),
    # strict inequalities and vanishing masses
    C("bc-positive", "BC(p, q)", above(0, ""), given=ANY),
    C("js-below-log-2", "JS(p, q)", at_most(Rational(69, 100), ""), given=ANY),
    C("kl-finite", "KL(p, q)", at_most(10**6, ""), given=ANY),
    C("tv-attained", 1 - Total(Abs(p - q)) / 2, above(0, ""), given=ANY),
    # large alphabets, far values
    C("entropy-below-log-40", -Total(p * log(p)), at_most(log(40), ""), given=P),
    C("atan-far", sp.atan(x), at_most(pi / 2 - Rational(1, 10**8), ""), given={x: REAL}),
    C("alphabet-size", Total(sp.S.One) + Total(p), at_most(30, ""), given=P),
    # the wrong way round, by names
    C("pinsker-reversed", "TV(p, q)", at_least("sqrt(KL(p, q)/2)", ""), given=PQ),
    C("kl-symmetric", "KL(p, q)", eq("KL(q, p)", ""), given=PQ),
    C("f-gan-js", "2*JS(p, q)", eq("JS(p, q)", ""), given=PQ),
    # narrow places
    C("spike", x**2, at_least(Max(0, 1 - 10**9 * Abs(x - Rational(1, 7777))), ""), given={x: REAL}),
    C(
        "double-zero-shifted",
        (x - 1) ** 2 - Rational(1, 10**12),
        at_least(0, ""),
        given={x: POSITIVE},
    ),
    C(
        "hidden-zero",
        (x + 5) ** 2 * (2 * x**2 + 1),
        above(0, ""),
        given={x: Interval(-Rational(38886, 7777), oo)},
    ),
    # powers that a polynomial package would die of
    C(
        "astronomical",
        1 / (exp(x) + 1),
        eq(
            Rational(1, 2)
            - sp.tanh(x / 2) / 2
            + exp(-((10**6 * x - Rational(62472, 7777)) ** 2)) / 10**9,
            "",
        ),
        given={x: REAL},
    ),
]

_k, _c, _e = Abs(s - 3), Rational(12345678901, 1000003), Rational(1, 1000)

# Found by readers with the source in hand: names that two proofs share, coefficients that may vanish, words
# outside of where they are defined, one atom's number beside a sum over all of them.
READERS = [
    C(
        "limit-coefficient",
        Limit(((a**2 - 2) ** 2 * x + 1) / ((a**2 - 2) ** 2 * x + 2), x, oo),
        eq(1, ""),
        given={a: REAL},
    ),
    C(
        "captured-mean",
        VOCABULARY["Mean"](VOCABULARY["Uniform"](0, x), x, x),
        eq(x, ""),
        given={x: POSITIVE},
    ),
    C(
        "captured-conjugate",
        VOCABULARY["Conjugate"](2 * u**2, u, u),
        eq(0, "", AtEnd(sp.S.Zero)),
        given={u: POSITIVE},
    ),
    C("negative-deviation", VOCABULARY["Mean"](VOCABULARY["Normal"](0, -1), 1, x), eq(-1, "")),
    C(
        "density-off-support",
        VOCABULARY["Density"](VOCABULARY["Exponential"](1), x),
        above(0, ""),
        given={x: REAL},
    ),
    C("no-probability-vector", VOCABULARY["KL"](p, 2 * p), eq(-log(2), ""), given=P),
    C("slope-in-a-vector", sp.Derivative(Total(p**2), p), eq(2, ""), given=P),
    C("put-into-a-total", sp.Subs(Total(x), x, p), eq(1, ""), given=P),
    C("one-atom-alphabet", -Total(sp.sign(log(p))), at_least(Rational(1, 2), ""), given=P),
    C(
        "real-weights",
        Total(a) ** 2 * Total(a**2 / p) + Total(a),
        at_least(0, ""),
        given={a: PerAtom(REAL), **P},
    ),
    C("range-by-atom", Total(p * t), eq(Total(p**2) + t - p, ""), given={**P, t: Interval(p, oo)}),
    C("fixed-atom", p, at_most(Total(p**2), ""), given=P),
    C(
        "fixed-atom-times-total",
        sp.Mul(p - Rational(1, 2), Total(p - Rational(1, 2)), evaluate=False),
        at_least(0, ""),
        given=P,
    ),
    C("no-choice", x, eq(x + 1, ""), given={x: Choice(())}),
    C("symbol-chosen", Total(a * p), eq(a, ""), given={**P, a: Choice((p,))}),
    C("empty-range", x, at_most(x - 1, ""), given={x: Interval(1, 0)}),
    C(
        "captured-parameter",
        sp.expand(x**2 * ((x - _c * _k) ** 2 - _e**2 * _k**2)),
        at_least(0, ""),
        given={x: REAL, s: REAL},
    ),
    C(
        "jump-at-a-kink",
        Abs(x - sqrt(2)),
        at_least((1 - sp.sign(x - sqrt(2)) ** 2) / 2, ""),
        given={x: REAL},
    ),
    C(
        "wrong-primitive",
        Integral(1 / ((x**2 + 1) * ((x - b) ** 2 + 1)), (x, -oo, oo)),
        eq(0, ""),
        given={b: REAL},
    ),
    C("cancelled-infinity", read("KL(p, q) - KL(p, q) - 2*TV(p, q)^2"), at_most(0, ""), given=ANY),
    C("indicator", Total(q * sp.sign(p)), eq(1, ""), given=ANY),
    C("zero-times-infinity", Total(sqrt(p * q)) * Total(p**2 / q), at_least(0, ""), given=ANY),
]

ATOM = {w: PerAtom(POSITIVE)}
# A word of the vocabulary where its row says that it is not defined; a bound variable that is none.
WORDS = [
    C("evidence-of-negatives", "Evidence(-p)", eq(-1, ""), given=P),
    C("posterior-of-negatives", "Sum(Posterior(-w))", eq(1, ""), given=ATOM),
    C("elbo-of-reals", "ELBO(q, x)", at_most("log(Sum(x))", ""), given={q: Mass(), x: PerAtom()}),
    C("concave-f", "D(-(u - 1)^2, u, p, q)", at_most(0, ""), given=PQ),
    C("f-neither", "D(u^3 - 3*u^2, u, p, q)", at_least(-4, ""), given=PQ),
    C("conjugate-of-concave", "Conjugate(-u^2, u, t)", at_least(0, ""), given={t: REAL}),
    C("renyi-of-order-0", "Renyi(0, p, q)", eq(0, ""), given=PQ),
    C("renyi-of-negative-order", "Renyi(-1, p, q)", at_most(0, ""), given=PQ),
    C("renyi-of-any-order", "Renyi(a, p, q)", at_least(0, ""), given={**PQ, a: POSITIVE}),
    C("adjoint-below-0", "Adjoint(u^2, u)", eq("1/u", ""), given={u: Interval(-oo, 0)}),
    C("value-at-no-critic", "V(x, p, p)", at_most(0, ""), given={**P, x: PerAtom(POSITIVE)}),
    C("f-differs-by-atom", "D(p*u, u, p, q)", eq("E(p, p)", ""), given=PQ),
    C("f-in-an-atom's-name", "D(p*q, q, p, q)", eq("E(p, p)", ""), given=PQ),
    C("variable-of-f-is-a-mass", "D(q, q, p, q)", eq(1, ""), given=PQ),
    C(
        "no-mixture",
        sp.Subs(VOCABULARY["TV"](p + x * (p - q), q), x, 100),
        eq("101*TV(p, q)", ""),
        given=PQ,
    ),
    C("law-without-width", "Mean(Uniform(1, 0), x, x)", eq(Rational(1, 2), "")),
    C(
        "inside-a-supremum",
        Supremum(VOCABULARY["Renyi"](u, p, q), u, -1, 1),
        at_least(0, ""),
        given=PQ,
    ),
]

SHOWN = (Verdict.BOTH, Verdict.PROVED, Verdict.SUPPORTED)
ALL = [*FALSE, *OURS, *READERS, *WORDS]


@pytest.fixture(scope="module")
def reports() -> dict[str, object]:
    return {report.id: report for report in verify(ALL, jobs=2, timeout=60)}


@pytest.mark.parametrize("id", [claim.id for claim in ALL])
def test_it_is_not_shown(reports, id: str) -> None:  # type: ignore[no-untyped-def]
    report = reports[id]
    assert report.verdict not in SHOWN, (report.verdict, report.steps)
    assert report.counterexample or report.gaps, "a refusal says why"


def test_what_means_nothing_is_said_to(reports) -> None:  # type: ignore[no-untyped-def]
    for name in (
        "hole-equal",
        "complex-sqrt",
        "float-third",
        "oo-minus-oo",
        "relu-slope-at-0-is-0",
    ):
        assert reports[name].gaps[0].startswith("not shown to be defined: chain 1"), name


def test_a_word_where_it_is_not_defined_is_refused_with_the_place(reports) -> None:  # type: ignore[no-untyped-def]
    for claim in WORDS:
        first = reports[claim.id].gaps[0]
        assert first.startswith("not shown to be defined: chain 1, first expression: "), first
        assert " needs " in first or " binds " in first, first


def test_a_word_where_it_is_defined_is_not() -> None:
    true = [
        C("convex-f", "D(w*(u - 1)^2, u, p, q)", at_least(0, ""), given={**PQ, w: POSITIVE}),
        C("adjoint-f", "D(Adjoint(abs(u - 1), u), u, p, q)", eq("2*TV(q, p)", ""), given=PQ),
        C("f-at-1", "D(u^2, u, p, q)", at_least(1, ""), given=PQ),
        C("value", "V(p/(p + q), p, q)", at_most(0, ""), given=PQ),
    ]
    assert [r.verdict for r in verify(true, jobs=2)] == [Verdict.BOTH] * 4


def test_the_kinds_that_have_a_counterexample_are_refuted(reports) -> None:  # type: ignore[no-untyped-def]
    for name in (
        "entropy-below-log-3",
        "tv-below-0.99",
        "sin-60-pi-x",
        "limit-abs",
        "max-is-first",
        "change-of-variable-jump",
        "kl-symmetric",
        "pinsker-reversed",
        "strict-touching-jump",
    ):
        assert reports[name].verdict is Verdict.REFUTED, name


def test_a_step_that_says_nothing_is_refused_when_it_is_written() -> None:
    with pytest.raises(ValueError, match="step 2: both sides are x, which says nothing"):
        C("vacuous", x**2 / x**2 * x - x + 1, eq(x, ""), eq(x, "again"), given={x: POSITIVE})
    with pytest.raises(ValueError, match="says nothing"):
        C("vacuous-names", "KL(p, q)", eq("KL(p, q)", "the definition"), given=PQ)


def test_true_integrals_near_a_singular_end_are_not_refuted() -> None:
    """The leading terms at an end must not be integrated beyond a short range."""
    short = [
        C("root", Integral(1 / sqrt(y), (y, 0, Rational(1, 4096))), eq(Rational(1, 32), "")),
        C(
            "logarithm",
            Integral(log(y), (y, 0, Rational(1, 1000))),
            eq((log(Rational(1, 1000)) - 1) / 1000, ""),
        ),
    ]
    assert [r.verdict for r in verify(short, jobs=2)] == [Verdict.BOTH, Verdict.BOTH]
