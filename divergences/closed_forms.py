"""The divergences that have a closed form between two members of one family: rows of formulas.

In a formula the parameters of P end in 1 and those of Q in 2 (normal: mean m, standard deviation s; Laplace: m and
scale b; Cauchy: m and scale g; exponential: scale b; gamma: shape k and scale b; beta: shapes k, l; Poisson: rate l;
those of one place m must share it, and beta the width w). `power` is log of the integral of p^a q^(1-a); from it
come chi^2, Hellinger, alpha and Renyi divergences. A form is infinite where its `domain` is not positive.

Evaluated in ball arithmetic at the exact values of the parameters: the error is half a unit in the last place.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp
from flint import arb, ctx

from ._families import Member
from ._line_integral import NotDecided
from .enclosure import compile_ball
from .expression import parse

DIGITS = 25  # relative, before rounding to a double
LARGEST_BITS = 20_000


@dataclass(frozen=True)
class Form:
    """One closed form: `divergence` ("kl", "power" or "total_variation") between members of `family`."""

    family: str
    divergence: str
    formula: str
    source: str
    domain: tuple[str, ...] = ()  # finite where these are positive
    same: tuple[str, ...] = ()  # parameters that must agree


GIL = "Gil, Alajaji and Linder, Renyi divergence measures (2013), table 2"

FORMS = (
    Form(
        "normal",
        "kl",
        "log(s2/s1) + (s1**2 + (m1-m2)**2)/(2*s2**2) - 1/2",
        "Kullback, Information theory and statistics (1959), chapter 9",
    ),
    Form(
        "normal",
        "power",
        "a*log(s2/s1) + log(s2**2/(a*s2**2+(1-a)*s1**2))/2 - log(s2/s1)"
        " + a*(a-1)*(m1-m2)**2/(2*(a*s2**2+(1-a)*s1**2))",
        GIL,
        ("a*s2**2+(1-a)*s1**2",),
    ),
    Form(
        "normal",
        "total_variation",
        "erf(abs(m1-m2)/(2*s1*sqrt(2)))",
        "Devroye, Mehrabian and Reddad, Total variation between Gaussians (2018), section 1",
        same=("s",),
    ),
    Form(
        "laplace",
        "kl",
        "log(b2/b1) + abs(m1-m2)/b2 + b1/b2*exp(-abs(m1-m2)/b1) - 1",
        GIL,
    ),
    Form(
        "laplace",
        "power",
        "-a*log(b1) - (1-a)*log(b2) - log(a/b1+(1-a)/b2)",
        GIL,
        ("a/b1+(1-a)/b2",),
        ("m",),
    ),
    Form(
        "cauchy",
        "kl",
        "log(((g1+g2)**2 + (m1-m2)**2)/(4*g1*g2))",
        "Chyzak and Nielsen, A closed-form formula for the KL divergence between Cauchy (2019)",
    ),
    Form(
        "cauchy",
        "pearson",
        "((g1-g2)**2 + (m1-m2)**2)/(2*g1*g2)",
        "Nielsen and Okamura, On f-divergences between Cauchy distributions (2021), table 1",
    ),
    Form(
        "cauchy",
        "total_variation",
        "2/pi*atan(sqrt((m1-m2)**2 + (g1-g2)**2)/(2*sqrt(g1*g2)))",
        "Nielsen and Okamura, On f-divergences between Cauchy distributions (2021)",
    ),
    Form("exponential", "kl", "log(b2/b1) + b1/b2 - 1", GIL, same=("m",)),
    Form(
        "exponential",
        "power",
        "-a*log(b1) - (1-a)*log(b2) - log(a/b1+(1-a)/b2)",
        GIL,
        ("a/b1+(1-a)/b2",),
        ("m",),
    ),
    Form(
        "gamma",
        "kl",
        "(k1-k2)*digamma(k1) - loggamma(k1) + loggamma(k2) + k2*log(b2/b1) + k1*(b1-b2)/b2",
        GIL,
        same=("m",),
    ),
    Form(
        "gamma",
        "power",
        "loggamma(a*k1+(1-a)*k2) - (a*k1+(1-a)*k2)*log(a/b1+(1-a)/b2)"
        " - a*(loggamma(k1)+k1*log(b1)) - (1-a)*(loggamma(k2)+k2*log(b2))",
        GIL,
        ("a/b1+(1-a)/b2", "a*k1+(1-a)*k2"),
        ("m",),
    ),
    Form(
        "beta",
        "kl",
        "loggamma(k2)+loggamma(l2)-loggamma(k2+l2)-loggamma(k1)-loggamma(l1)+loggamma(k1+l1)"
        " + (k1-k2)*digamma(k1) + (l1-l2)*digamma(l1) + (k2-k1+l2-l1)*digamma(k1+l1)",
        GIL,
        same=("m", "w"),
    ),
    Form(
        "beta",
        "power",
        "loggamma(a*k1+(1-a)*k2) + loggamma(a*l1+(1-a)*l2) - loggamma(a*(k1+l1)+(1-a)*(k2+l2))"
        " - a*(loggamma(k1)+loggamma(l1)-loggamma(k1+l1))"
        " - (1-a)*(loggamma(k2)+loggamma(l2)-loggamma(k2+l2))",
        GIL,
        ("a*k1+(1-a)*k2", "a*l1+(1-a)*l2"),
        ("m", "w"),
    ),
    Form(
        "poisson",
        "kl",
        "l1*log(l1/l2) - l1 + l2",
        "Kullback, Information theory and statistics (1959), chapter 4",
        same=("m",),
    ),
    Form(
        "poisson",
        "power",
        "l1**a*l2**(1-a) - a*l1 - (1-a)*l2",
        "Liese and Vajda, Convex statistical distances (1987), chapter 2",
        same=("m",),
    ),
)
BY_PAIR = {(form.family, form.divergence): form for form in FORMS}

# divergence -> how it comes from `power` at an order: (order, value from the integral's logarithm L)
FROM_POWER: dict[str, tuple[str, str]] = {
    "pearson": ("2", "exp(L)-1"),
    "squared_hellinger": ("1/2", "1-exp(L)"),
    "alpha": ("a", "(exp(L)-1)/(a*(a-1))"),
    "renyi": ("a", "L/(a-1)"),
}


def closed_form(
    p: Member, q: Member, name: str, order: Fraction | None = None
) -> tuple[float, float, str] | None:
    """(value, error, source) of a divergence by its catalogue name, or None where no closed form is known.

    Args:
        order: the parameter of alpha or renyi.
    """
    if p.family != q.family:
        return None
    if name in ("alpha", "renyi") and order in (0, 1):
        name, order = ("kl" if order == 1 else "reverse_kl"), None
    found = _terms(p, q, name, order)
    if found is None:
        return None
    total: list[tuple[sp.Expr, Mapping[sp.Symbol, sp.Expr]]] = []
    for form, expr, values in found:
        if any(not _positive(d, values) for d in form.domain):
            return math.inf, 0.0, form.source
        total.append((expr, values))
    return (*_evaluate(total), found[0][0].source)


def _terms(
    p: Member, q: Member, name: str, order: Fraction | None
) -> list[tuple[Form, sp.Expr, dict[sp.Symbol, sp.Expr]]] | None:
    if name == "reverse_kl":
        return _terms(q, p, "kl", None)
    if name == "neyman":
        return _terms(q, p, "pearson", None)
    if name == "jeffreys":
        forward, backward = _terms(p, q, "kl", None), _terms(q, p, "kl", None)
        return None if forward is None or backward is None else forward + backward
    form = BY_PAIR.get((p.family, name))
    text = "" if form is None else form.formula
    values = _values(p, q)
    if form is None or not _agree(form, p, q):
        form = BY_PAIR.get((p.family, "power"))
        if form is None or name not in FROM_POWER or not _agree(form, p, q):
            return None
        at, shape = FROM_POWER[name]
        a = order if at == "a" else Fraction(at)
        assert a is not None
        values[sp.Symbol("a")] = sp.Rational(a.numerator, a.denominator)
        text = re.sub(r"\bL\b", f"({form.formula})", shape)
    return [(form, _read(text), values)]


def _agree(form: Form, p: Member, q: Member) -> bool:
    return all(p.params[name] == q.params[name] for name in form.same)


def _values(p: Member, q: Member) -> dict[sp.Symbol, sp.Expr]:
    pairs = [(f"{n}1", v) for n, v in p.values] + [(f"{n}2", v) for n, v in q.values]
    return {sp.Symbol(n): sp.Rational(v.numerator, v.denominator) for n, v in pairs}


@lru_cache(maxsize=256)
def _read(text: str) -> sp.Expr:
    names = [f"{n}{i}" for n in "msbgklwn" for i in (1, 2)]
    return parse(text, [*names, "a"])


@lru_cache(maxsize=256)
def _compiled(expr: sp.Expr) -> Any:
    return compile_ball(expr)


def _positive(domain: str, values: Mapping[sp.Symbol, sp.Expr]) -> bool:
    return bool(_read(domain).subs(values) > 0)


def _evaluate(
    terms: list[tuple[sp.Expr, Mapping[sp.Symbol, sp.Expr]]],
) -> tuple[float, float]:
    bits = 200
    while bits <= LARGEST_BITS:
        with ctx.workprec(bits):
            ball = arb(0)
            for expr, values in terms:
                point = {name: arb(int(v.p)) / arb(int(v.q)) for name, v in values.items()}
                ball += _compiled(expr)(point, False)
            if ball.is_finite() and ball.rel_accuracy_bits() > 3.33 * DIGITS:
                value = float(ball)
                if math.isinf(value):
                    raise NotDecided("the divergence is finite, but beyond the largest float")
                if value == 0.0:
                    return 0.0, 5e-324
                return value, math.ulp(value)
        bits *= 4
    raise NotDecided("the closed form could not be evaluated to full precision")


__all__ = ["FORMS", "FROM_POWER", "Form", "closed_form"]
