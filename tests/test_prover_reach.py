"""True statements of one line that a prover should reach: by the symbolic route, or over boxes."""

import pytest
import sympy as sp
from sympy import Abs, Integral, Rational, exp, log, oo, sqrt

from derivations.claim import Claim, Step, Touching, Verdict, above, at_least, at_most, chain, eq
from derivations.language import POSITIVE, REAL, UNIT, Domain, Interval, Mass, PerAtom, Total
from derivations.verify import verify

a, b, d, p, q, x, y, z = sp.symbols("a b d p q x y z")
T = sp.Symbol("T")
PQ = {p: Mass(), q: Mass()}
kl = Total(p * log(p / q))
tv = Total(Abs(p - q)) / 2
h2 = Total((sqrt(p) - sqrt(q)) ** 2) / 2
delta = Total((p - q) ** 2 / (p + q))
js = (Total(p * log(2 * p / (p + q))) + Total(q * log(2 * q / (p + q)))) / 2


def C(id: str, first: sp.Expr | str, *steps: Step, given: dict[sp.Symbol, Domain]) -> Claim:
    return Claim(id, id, "planted", "nobody", (chain(first, *steps, given=given),), Verdict.BOTH)


TRUE = [
    C("erf-and-erfc", sp.erf(x) + sp.erfc(x), eq(1, ""), given={x: REAL}),
    C("triangle", Abs(a + b), at_most(Abs(a) + Abs(b), ""), given={a: REAL, b: REAL}),
    C("min-and-max", sp.Min(a, b) + sp.Max(a, b), eq(a + b, ""), given={a: REAL, b: REAL}),
    C("quartic", x**4 - x**3 + x**2 - x + 1, above(0, ""), given={x: REAL}),
    C("softplus-above-relu", log(1 + exp(x)), at_least(sp.Max(0, x), ""), given={x: REAL}),
    C("swish-above", x / (1 + exp(-x)), at_least(-Rational(3, 10), ""), given={x: REAL}),
    C(
        "touching-off-zero",
        x - log(x) - 1,
        at_least(0, "", Touching(x, sp.S.One)),
        given={x: Interval(Rational(1, 2), oo)},
    ),
    C(
        "binary-entropy",
        -x * log(x) - (1 - x) * log(1 - x),
        at_least(4 * log(2) * x * (1 - x), ""),
        given={x: UNIT},
    ),
    C("entropy-nonnegative", -Total(p * log(p)), at_least(0, ""), given={p: Mass()}),
    C("collision-below-one", Total(p**2), at_most(1, ""), given={p: Mass()}),
    C("tv-below-one", tv, at_most(1, ""), given=PQ),
    C("hellinger-below-tv", h2, at_most(tv, ""), given=PQ),
    C("twice-hellinger-below-triangular", 2 * h2, at_most(delta, ""), given=PQ),
    C("js-below-hellinger", js, at_most(h2, ""), given=PQ),
    C("hellinger-log-2-below-js", h2 * log(2), at_most(js, ""), given=PQ),
    C(
        "nwj",
        kl,
        at_least(Total(p * T) - Total(q * exp(T - 1)), ""),
        given={**PQ, T: PerAtom(REAL)},
    ),
    C(
        "log-sum",
        Total(x * log(x / y)),
        at_least(Total(x) * log(Total(x) / Total(y)), ""),
        given={x: PerAtom(POSITIVE), y: PerAtom(POSITIVE)},
    ),
    C(
        "laplace-kl",
        Integral(
            exp(-Abs(x) / a) / (2 * a) * (log(b / a) + Abs(x - d) / b - Abs(x) / a), (x, -oo, oo)
        ),
        eq(log(b / a) + d / b + a / b * exp(-d / a) - 1, ""),
        given={d: POSITIVE, a: POSITIVE, b: POSITIVE},
    ),
    C(
        "cauchy-kl",
        Integral(
            1 / (sp.pi * (1 + x**2)) * log((b**2 + (x - d) ** 2) / (b * (1 + x**2))), (x, -oo, oo)
        ),
        eq(log(((1 + b) ** 2 + d**2) / (4 * b)), ""),
        given={d: REAL, b: POSITIVE},
    ),
    C(
        "difference-of-divergent-parts",
        Integral(1 / x - 1 / (x + 1), (x, 1, oo)),
        eq(log(2), ""),
        given={},
    ),
]


ANY = {p: Mass(zero=True), q: Mass(zero=True)}
t = sp.Symbol("t")
OURS = [
    C("js-metric-bound", "JS(p, q)", at_most(log(2), ""), given=ANY),
    C("h2-below-tv", "H2(p, q)", at_most("TV(p, q)", ""), given=ANY),
    C("kl-nonnegative", "KL(p, q)", at_least(0, ""), given=ANY),
    C("js-jeffreys", "JS(p, q)", at_most("Jeffreys(p, q)/4", ""), given=ANY),
    C("chi2-above-kl", "Chi2(p, q)", at_least("KL(p, q)", ""), given=ANY),
    C(
        "tv-maximal-gain",
        "2*TV(p, q)",
        at_least(Total((p - q) * t), ""),
        given={**PQ, t: PerAtom(Interval(-1, 1))},
    ),
    C("young", a * b, at_most(a**2 / 2 + b**2 / 2, ""), given={a: REAL, b: REAL}),
    C(
        "three-squares",
        a**2 + b**2 + d**2,
        at_least(a * b + b * d + a * d, ""),
        given={a: REAL, b: REAL, d: REAL},
    ),
    C("reverse-triangle", Abs(Abs(a) - Abs(b)), at_most(Abs(a - b), ""), given={a: REAL, b: REAL}),
    C(
        "potential-lipschitz",
        Abs(Abs(x - d) - Abs(y - d)),
        at_most(Abs(x - y), ""),
        given={x: REAL, y: REAL, d: REAL},
    ),
    C("sextic", x**6 - 3 * x**2 + 3, above(0, ""), given={x: REAL}),
    C(
        "logistic-slope",
        1 / (1 + exp(-x)) * (1 - 1 / (1 + exp(-x))),
        at_most(Rational(1, 4), ""),
        given={x: REAL},
    ),
    C("tanh-below", sp.tanh(x), at_most(x, ""), given={x: POSITIVE}),
    C(
        "mean-absolute",
        Integral(Abs(x - d) * exp(-Abs(x)) / 2, (x, -oo, oo)),
        eq(d + exp(-d), ""),
        given={d: POSITIVE},
    ),
    C(
        "touching-on-unit",
        -log(x) - 1 + x,
        at_least(0, "", Touching(x, sp.S.One)),
        given={x: Interval(Rational(1, 3), 2)},
    ),
]
ALL = [*TRUE, *OURS]
NOT_REACHED = {"cauchy-kl"}  # residues: no rule integrates a logarithm of a quadratic over the line


@pytest.fixture(scope="module")
def reports() -> dict[str, object]:
    return {report.id: report for report in verify(ALL, jobs=2, timeout=60)}


@pytest.mark.parametrize("id", [claim.id for claim in ALL])
def test_it_is_proved(reports, id: str) -> None:  # type: ignore[no-untyped-def]
    report = reports[id]
    expected = (Verdict.SUPPORTED,) if id in NOT_REACHED else (Verdict.BOTH, Verdict.PROVED)
    assert report.verdict in expected, report.gaps
