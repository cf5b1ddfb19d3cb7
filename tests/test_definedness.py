"""Nothing is proved of what has no value: each kind of hole is named, and no sound statement is refused."""

import pytest
import sympy as sp
from sympy import (
    Abs,
    Derivative,
    I,
    Integral,
    Limit,
    Max,
    Min,
    Piecewise,
    Rational,
    Subs,
    exp,
    log,
    oo,
    pi,
    sign,
    sqrt,
)  # fmt: skip

from derivations.claim import (
    ByClaim,
    Claim,
    Stationary,
    Touching,
    Verdict,
    at_least,
    chain,
    eq,
)
from derivations.ground.definedness import undefined
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
)  # fmt: skip
from derivations.running.judge import judge
from derivations.words.reading import read

a, b, c, p, q, s, t, u, x, y, z = sp.symbols("a b c p q s t u x y z")
marker = sp.Symbol("marker")


def holes(expr: sp.Expr | str, by: object = None, **domains: Domain) -> list[str]:
    """What is not shown to be defined in `expr` when the symbols have these domains."""
    given = {sp.Symbol(name): domain for name, domain in domains.items()} | {marker: REAL}
    step = eq(marker, "") if by is None else eq(marker, "", by)  # type: ignore[arg-type]
    return undefined(Claim("planted", "t", "t", "s", (chain(expr, step, given=given),)))


UNDEFINED: dict[str, tuple[sp.Expr | str, dict[str, Domain], str]] = {
    "a quotient": (1 / (x - y), {"x": REAL, "y": REAL}, "x - y != 0"),
    "a quotient, hidden by cancelling": (read("x/x"), {"x": REAL}, "x != 0"),
    "a hole at one rational": (read("(x^2 - 4)/(x - 2)"), {"x": POSITIVE}, "!= 0"),
    "a logarithm": (log(x), {"x": REAL}, "x > 0"),
    "a logarithm at its end": (log(1 - x), {"x": Interval(0, 2)}, "> 0"),
    "a root": (sqrt(x), {"x": Interval(-1, 1)}, "x >= 0"),
    "an odd root of what may be negative": (x ** Rational(1, 3), {"x": REAL}, ">= 0"),
    "a power of what may be negative": (x**y, {"x": REAL, "y": REAL}, "x > 0"),
    "gamma": (sp.gamma(x), {"x": REAL}, "x > 0"),
    "Lambert's W": (sp.LambertW(x), {"x": REAL}, "x > 0"),
    "an inverse hyperbolic tangent": (sp.atanh(x), {"x": POSITIVE}, "1 - x > 0"),
    "a complex number": (x + I, {"x": REAL}, "not a real number"),
    "an unknown function": (sp.besselj(0, x), {"x": REAL}, "not a word"),
    "zeta": (sp.zeta(3) + x, {"x": REAL}, "not a word"),
    "a decimal": (sp.Float("0.5") * x, {"x": REAL}, "decimal"),
    "infinity inside": (sp.Add(x, oo, evaluate=False), {"x": REAL}, "not a real number"),
    "a tangent": (sp.tan(x), {"x": REAL}, "not a word"),
    "a second branch": (sp.LambertW(x, -1), {"x": POSITIVE}, "second argument"),
    "a trigamma": (sp.polygamma(1, x), {"x": POSITIVE}, "digamma"),
    # cases
    "a case at one point": (Piecewise((1, sp.Eq(x, 3)), (0, True)), {"x": REAL}, "single value"),
    "no case": (Piecewise((1, x > 3)), {"x": REAL}, "none of its conditions"),
    "a case without a value": (Piecewise((1 / x, x > 1), (0, True)), {"x": REAL}, "x != 0"),
    # derivatives
    "a slope at a kink": (Subs(Derivative(Abs(x), x), x, 0), {}, "!= 0"),
    "a slope of max": (Derivative(Max(x, 0), x), {"x": REAL}, "!= 0"),
    "a slope of min of three": (Derivative(Min(x, 1, y), x), {"x": REAL, "y": REAL}, "!= 0"),
    "a slope at a jump": (Derivative(sign(x), x), {"x": REAL}, "!= 0"),
    "a slope of cases": (
        Derivative(Piecewise((x, x > 0), (0, True)), x),
        {"x": REAL},
        "differentiable",
    ),
    "a slope of a root at 0": (Subs(Derivative(sqrt(x), x), x, 0), {}, "x > 0"),
    "under an integral": (
        Derivative(Integral(exp(-x * t), (x, 0, 1)), t),
        {"t": REAL},
        "differentiable",
    ),
    "of a supremum": (
        Derivative(Supremum(u * t - u**2, u, 0, oo), t),
        {"t": REAL},
        "finite",
    ),
    # integrals
    "a pole at an end": (Integral(1 / x, (x, 0, 1)), {}, "converge absolutely at 0"),
    "a pole inside": (Integral(1 / (x - 1), (x, 0, 2)), {}, "!= 0"),
    "a slow tail": (Integral(1 / (1 + x), (x, 0, oo)), {}, "converge absolutely at oo"),
    "a mean that does not exist": (
        Integral(x / (pi * (1 + x**2)), (x, -oo, oo)),
        {},
        "converge absolutely",
    ),
    "a tail that may grow": (Integral(exp(-a * x), (x, 0, oo)), {"a": REAL}, "at oo"),
    "a power that is not integrable": (Integral(x ** (-a), (x, 0, 1)), {"a": POSITIVE}, "at 0"),
    "a range that may run backwards": (Integral(x, (x, 0, b)), {"b": REAL}, "0 < b"),
    "an unbounded jump": (
        Integral(sp.Pow(Piecewise((x, x > 0), (1, True)), -1, evaluate=False), (x, -1, 1)),
        {},
        "!= 0",
    ),
    "two variables at once": (Integral(exp(-((x - y) ** 2)), (x, -oo, oo), (y, -oo, oo)), {}, ""),
    # suprema, limits
    "an empty supremum": (Supremum(u, u, 0, t), {"t": REAL}, "0 < t"),
    "a supremum of what has no value": (Supremum(log(u), u, -1, 1), {}, "u > 0"),
    "a supremum inside": (1 + Supremum(u, u, 0, t), {"t": POSITIVE}, "finite"),
    "a limit with two sides": (Limit(Abs(x) / x, x, 0, "+-"), {}, "two sides"),
    "a limit that oscillates": (Limit(sp.sin(x), x, oo), {}, "limit"),
    "an infinite limit inside": (2 * Limit(1 / x, x, 0, "+"), {}, "infinite"),
    "oo - oo": (Limit(1 / x, x, 0, "+") + Limit(-1 / x, x, 0, "+"), {}, "-oo"),
    "a limit from where nothing is": (Limit(log(x), x, 0, "-"), {}, "x > 0"),
    # totals, domains
    "a total of what has no value": (Total(log(p - 1)), {"p": Mass()}, "> 0"),
    "an empty range": (x, {"x": Interval(1, 0)}, "may be empty"),
    "a range that may be empty": (x, {"b": REAL, "x": Interval(0, b)}, "may be empty"),
    "a choice without a value": (x, {"x": Choice((log(0),))}, "not a real number"),
    "astronomical powers": (x ** (10**7), {"x": POSITIVE}, "too large"),
}


@pytest.mark.parametrize("what", UNDEFINED)
def test_a_hole_is_named(what: str) -> None:
    expr, domains, said = UNDEFINED[what]
    found = holes(expr, **domains)
    assert found, f"{what}: accepted"
    assert found[0].startswith("not shown to be defined: chain 1") and said in found[0]


DEFINED: dict[str, tuple[sp.Expr | str, dict[str, Domain]]] = {
    "a quotient": (1 / (1 + x**2), {"x": REAL}),
    "a quotient in a half-line": (1 / (x - 1), {"x": Interval(1, oo)}),
    "a logarithm of a positive sum": (log(1 + exp(x)), {"x": REAL}),
    "a root that touches 0": (sqrt((x - 1) ** 2), {"x": REAL}),
    "a root of an excess": (sqrt(x * log(x) - x + 1), {"x": POSITIVE}),
    "|x| and max": (Abs(x) + Max(x, y), {"x": REAL, "y": REAL}),
    "a sign": (sign(x), {"x": REAL}),
    "cases": (Piecewise((x, x < 1), (1, True)), {"x": REAL}),
    "a slope away from the kink": (Derivative(Abs(x), x), {"x": POSITIVE}),
    "a slope at one point": (Subs(Derivative(log(1 + x * y), x), x, 0), {"y": REAL}),
    "a mixed slope": (Derivative(exp(x * y), x, y), {"x": REAL, "y": REAL}),
    "a slope of a total": (Derivative(Total(p * exp(p * x)), x), {"p": Mass(), "x": REAL}),
    "a Gaussian mean": (
        Integral(x**2 * exp(-((x - t) ** 2) / (2 * s**2)), (x, -oo, oo)), {"t": REAL, "s": POSITIVE}),
    "an exponential": (Integral(x * exp(-a * x), (x, 0, oo)), {"a": POSITIVE}),
    "a log ratio of mixtures": (
        Integral(exp(-(x**2)) * log(1 + exp(-((x - t) ** 2))), (x, -oo, oo)), {"t": REAL}),
    "a log at an end": (Integral(log(x), (x, 0, 1)), {}),
    "a root's pole": (Integral(1 / sqrt(x), (x, 0, 1)), {}),
    "a power's pole": (Integral(x ** (a - 1), (x, 0, 1)), {"a": POSITIVE}),
    "gamma's integral": (Integral(x ** (a - 1) * exp(-x), (x, 0, oo)), {"a": POSITIVE}),
    "Laplace": (Integral(exp(-Abs(x - t)), (x, -oo, oo)), {"t": REAL}),
    "Cauchy": (Integral(1 / (1 + (x - t) ** 2), (x, -oo, oo)), {"t": REAL}),
    "parts that diverge alone": (Integral(1 / x - 1 / (1 + x), (x, 1, oo)), {}),
    "a box": (
        Integral(x * y * exp(-(x**2) - y**2), (x, -oo, oo), (y, -oo, oo)), {}),
    "a jump under an integral": (Integral(sign(x) * exp(-(x**2)), (x, -oo, oo)), {}),
    "a supremum": (Supremum(u * t - u * log(u), u, 0, oo), {"t": REAL}),
    "a limit at infinity": (Limit(exp(-x), x, oo), {}),
    "an infinite limit as a whole": (Limit(1 / x, x, 0, "+"), {}),
    "a sum of limits that may be oo": (Limit(1 / x, x, 0, "+") + Limit(exp(-x), x, oo), {}),
    "infinity as a whole": (oo, {}),
    "entropy": (-Total(p * log(p)), {"p": Mass()}),
    "values at the atoms": (Total(p * sqrt(x)), {"p": Mass(), "x": PerAtom(POSITIVE)}),
    "a choice": (sqrt(x), {"x": Choice((0, 1, 4))}),
    "ranges that depend": (sqrt(b - x), {"b": REAL, "x": Interval(-oo, b)}),
    "the unit interval": (log(x) + log(1 - x), {"x": UNIT}),
}  # fmt: skip


@pytest.mark.parametrize("what", DEFINED)
def test_what_has_a_value_passes(what: str) -> None:
    expr, domains = DEFINED[what]
    assert holes(expr, **domains) == []


def test_the_place_is_named() -> None:
    link = chain(x, eq(x**2, ""), eq(1 / (x - 1), ""), given={x: POSITIVE})
    claim = Claim("planted", "t", "t", "s", (chain(y, eq(2 * y, ""), given={y: REAL}), link))
    (found,) = undefined(claim)
    assert found.startswith("not shown to be defined: chain 2, step 2: ")


def test_two_symbols_of_one_name() -> None:
    one, other = sp.Dummy("x"), sp.Dummy("x")
    link = chain(one, eq(other, ""), given={one: REAL, other: REAL})
    (found,) = undefined(Claim("planted", "t", "t", "s", (link,)))
    assert "_x is not a plain symbol" in found


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (Touching(x, 1 / (y - 1)), "!= 0"),
        (Stationary(log(y)), "y > 0"),
        (ByClaim("other", {z: sqrt(y)}), "y >= 0"),
        (Touching(x, I), "not a real number"),
    ],
)
def test_a_reason_has_to_be_defined_too(by: object, said: str) -> None:
    found = holes(x**2 + y, by, x=REAL, y=REAL)
    assert found and said in found[0]


# --- vanishing masses -------------------------------------------------------------------------------

ANY = {"p": Mass(zero=True), "q": Mass(zero=True)}
CLOSED = {
    "KL": "KL(p, q)", "TV": "TV(p, q)", "JS": "JS(p, q)", "H2": "H2(p, q)",
    "chi2": "Chi2(p, q)", "entropy": "Entropy(p)", "Jeffreys": "Jeffreys(p, q)",
    "a root": "sqrt(KL(p, q)/2)", "a log of 1 + chi2": "log(1 + Chi2(p, q))",
    "a sum": "KL(p, q) + 3*Chi2(q, p) - 2*TV(p, q)",
}  # fmt: skip
NOT_CLOSED = {
    "oo - oo": ("KL(p, q) - KL(q, p)", "oo - oo"),
    "oo - oo that cancels when it is evaluated": (
        read("KL(p, q) - KL(p, q) + TV(p, q)"),
        "oo - oo",
    ),
    "a log of 0": ("log(BC(p, q))", "where masses vanish"),
    "0 * oo": ("TV(p, q)*KL(p, q)", "continuous"),
    "a mass alone": ("p + TV(p, q)", "outside"),
    "not homogeneous": (Total(p**2 * q), "homogeneous"),
    "an atom without mass": (Total(1 + p), "without mass"),
    "an indicator": (Total(q * Piecewise((1, p > 0), (0, True))), "may jump"),
    "a sign": (Total(q * sign(p)), "may jump"),
}


@pytest.mark.parametrize("what", CLOSED)
def test_a_side_with_vanishing_masses(what: str) -> None:
    assert holes(CLOSED[what], **ANY) == []


@pytest.mark.parametrize("what", NOT_CLOSED)
def test_a_side_without_a_value_at_vanishing_masses(what: str) -> None:
    expr, said = NOT_CLOSED[what]
    found = holes(expr, **ANY)
    assert found and said in found[0]


def test_positive_masses_ask_for_less() -> None:
    positive = {"p": Mass(), "q": Mass()}
    for what, (expr, _) in NOT_CLOSED.items():
        if what != "a mass alone":  # which is one atom's number for positive masses too
            assert holes(expr, **positive) == []


def test_strict_inequalities_do_not_survive_the_limit() -> None:
    from derivations.claim import above
    from derivations.symbolic.rules import check

    for zero in (False, True):
        link = chain(1 + Total(p**2), at_least(1, ""), given={p: Mass(zero)})
        assert check(Claim("planted", "t", "t", "s", (link,))) == []
    link = chain(sp.Integer(2), above(1, ""), given={p: Mass(zero=True)})
    assert check(Claim("planted", "t", "t", "s", (link,))) != []


def test_the_empty_product_is_one() -> None:
    """A convention of the language, said on the page about the verifier."""
    link = chain(sp.Pow(x, 0, evaluate=False), eq(1, ""), given={x: REAL})
    assert judge(Claim("planted", "t", "t", "s", (link,)), {}).verdict is Verdict.BOTH
