"""The families of distributions that are known by name: density, ends and tails, as exact data.

A member's parameters are fractions, the exact values of the floats that were given. `Tail` says how log p goes at
an end of the support: sum of c_j y^j plus k log y, up to a constant, with y = |x| -> oo at an infinite end and
y = the distance to the end -> 0 at a finite one. Two tails decide exactly whether an f-divergence is finite there.

Source of the densities: Johnson, Kotz and Balakrishnan, "Continuous univariate distributions" (1994).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

Params = Mapping[str, Fraction]


class Tail(NamedTuple):
    """log p ~ sum of terms[j] y^j + log_power log y."""

    terms: dict[int, Fraction]
    log_power: Fraction

    def minus(self, other: Tail) -> Tail:
        powers = self.terms.keys() | other.terms.keys()
        terms = {
            j: self.terms.get(j, Fraction(0)) - other.terms.get(j, Fraction(0)) for j in powers
        }
        return Tail({j: c for j, c in terms.items() if c}, self.log_power - other.log_power)

    def plus(self, other: Tail, times: Fraction) -> Tail:
        powers = self.terms.keys() | other.terms.keys()
        terms = {
            j: self.terms.get(j, Fraction(0)) + times * other.terms.get(j, Fraction(0))
            for j in powers
        }
        return Tail({j: c for j, c in terms.items() if c}, self.log_power + times * other.log_power)

    def sign(self, infinite: bool) -> int:
        """Of the limit of log p: 1, -1, or 0 where it stays bounded."""
        if infinite and self.terms:
            return 1 if self.terms[max(self.terms)] > 0 else -1
        k = self.log_power if infinite else -self.log_power
        return (k > 0) - (k < 0)


@dataclass(frozen=True)
class Row:
    """One family: its density in x and its parameters, its support, its tails, and scipy's name for it."""

    name: str
    parameters: tuple[str, ...]
    scipy_name: str
    density: str
    from_scipy: Callable[[tuple[Fraction, ...], Fraction, Fraction], dict[str, Fraction]]
    to_scipy: Callable[[Params], dict[str, Fraction]]
    ends: Callable[[Params], tuple[Fraction | float, Fraction | float]]
    tails: Callable[[Params], tuple[Tail, Tail]]
    positive: tuple[str, ...] = ()


def _line(_: Params) -> tuple[float, float]:
    return (-math.inf, math.inf)


def _half(p: Params) -> tuple[Fraction, float]:
    return (p["m"], math.inf)


def _normal_tails(p: Params) -> tuple[Tail, Tail]:
    v = p["s"] ** 2
    return (
        Tail({2: -1 / (2 * v), 1: -p["m"] / v}, Fraction(0)),
        Tail({2: -1 / (2 * v), 1: p["m"] / v}, Fraction(0)),
    )


def _even(terms: Callable[[Params], Tail]) -> Callable[[Params], tuple[Tail, Tail]]:
    return lambda p: (terms(p), terms(p))


_FLAT = Tail({}, Fraction(0))

ROWS = (
    Row(
        "normal",
        ("m", "s"),
        "norm",
        "exp(-(x-m)**2/(2*s**2))/(s*sqrt(2*pi))",
        lambda shapes, loc, scale: {"m": loc, "s": scale},
        lambda p: {"loc": p["m"], "scale": p["s"]},
        _line,
        _normal_tails,
        ("s",),
    ),
    Row(
        "laplace",
        ("m", "b"),
        "laplace",
        "exp(-Abs(x-m)/b)/(2*b)",
        lambda shapes, loc, scale: {"m": loc, "b": scale},
        lambda p: {"loc": p["m"], "scale": p["b"]},
        _line,
        _even(lambda p: Tail({1: -1 / p["b"]}, Fraction(0))),
        ("b",),
    ),
    Row(
        "cauchy",
        ("m", "g"),
        "cauchy",
        "g/(pi*(g**2+(x-m)**2))",
        lambda shapes, loc, scale: {"m": loc, "g": scale},
        lambda p: {"loc": p["m"], "scale": p["g"]},
        _line,
        _even(lambda p: Tail({}, Fraction(-2))),
        ("g",),
    ),
    Row(
        "student_t",
        ("n", "m", "s"),
        "t",
        "exp(loggamma((n+1)/2)-loggamma(n/2))/(s*sqrt(n*pi))*(1+(x-m)**2/(n*s**2))**(-(n+1)/2)",
        lambda shapes, loc, scale: {"n": shapes[0], "m": loc, "s": scale},
        lambda p: {"df": p["n"], "loc": p["m"], "scale": p["s"]},
        _line,
        _even(lambda p: Tail({}, -(p["n"] + 1))),
        ("n", "s"),
    ),
    Row(
        "logistic",
        ("m", "s"),
        "logistic",
        "exp((x-m)/s)/(s*(1+exp((x-m)/s))**2)",
        lambda shapes, loc, scale: {"m": loc, "s": scale},
        lambda p: {"loc": p["m"], "scale": p["s"]},
        _line,
        _even(lambda p: Tail({1: -1 / p["s"]}, Fraction(0))),
        ("s",),
    ),
    Row(
        "exponential",
        ("m", "b"),
        "expon",
        "exp(-(x-m)/b)/b",
        lambda shapes, loc, scale: {"m": loc, "b": scale},
        lambda p: {"loc": p["m"], "scale": p["b"]},
        _half,
        lambda p: (_FLAT, Tail({1: -1 / p["b"]}, Fraction(0))),
        ("b",),
    ),
    Row(
        "gamma",
        ("k", "m", "b"),
        "gamma",
        "(x-m)**(k-1)*exp(-(x-m)/b)*exp(-loggamma(k)-k*log(b))",
        lambda shapes, loc, scale: {"k": shapes[0], "m": loc, "b": scale},
        lambda p: {"a": p["k"], "loc": p["m"], "scale": p["b"]},
        _half,
        lambda p: (Tail({}, p["k"] - 1), Tail({1: -1 / p["b"]}, p["k"] - 1)),
        ("k", "b"),
    ),
    Row(
        "beta",
        ("k", "l", "m", "w"),
        "beta",
        "(x-m)**(k-1)*(m+w-x)**(l-1)*exp(loggamma(k+l)-loggamma(k)-loggamma(l)-(k+l-1)*log(w))",
        lambda shapes, loc, scale: {"k": shapes[0], "l": shapes[1], "m": loc, "w": scale},
        lambda p: {"a": p["k"], "b": p["l"], "loc": p["m"], "scale": p["w"]},
        lambda p: (p["m"], p["m"] + p["w"]),
        lambda p: (Tail({}, p["k"] - 1), Tail({}, p["l"] - 1)),
        ("k", "l", "w"),
    ),
    Row(
        "uniform",
        ("m", "w"),
        "uniform",
        "1/w",
        lambda shapes, loc, scale: {"m": loc, "w": scale},
        lambda p: {"loc": p["m"], "scale": p["w"]},
        lambda p: (p["m"], p["m"] + p["w"]),
        lambda p: (_FLAT, _FLAT),
        ("w",),
    ),
    Row(
        "poisson",
        ("l", "m"),
        "poisson",
        "",
        lambda shapes, loc, scale: {"l": shapes[0], "m": loc},
        lambda p: {"mu": p["l"], "loc": p["m"]},
        _half,
        lambda p: (_FLAT, _FLAT),
        ("l",),
    ),
)
FAMILIES = {row.name: row for row in ROWS}
BY_SCIPY = {row.scipy_name: row for row in ROWS}

# torch.distributions class -> (family, its parameters from the tensors' exact values)
TORCH: dict[str, tuple[str, Callable[[Any], dict[str, Fraction]]]] = {
    "Normal": ("normal", lambda d: {"m": d("loc"), "s": d("scale")}),
    "Laplace": ("laplace", lambda d: {"m": d("loc"), "b": d("scale")}),
    "Cauchy": ("cauchy", lambda d: {"m": d("loc"), "g": d("scale")}),
    "StudentT": ("student_t", lambda d: {"n": d("df"), "m": d("loc"), "s": d("scale")}),
    "Exponential": ("exponential", lambda d: {"m": Fraction(0), "b": 1 / d("rate")}),
    "Gamma": (
        "gamma",
        lambda d: {"k": d("concentration"), "m": Fraction(0), "b": 1 / d("rate")},
    ),
    "Beta": (
        "beta",
        lambda d: {
            "k": d("concentration1"),
            "l": d("concentration0"),
            "m": Fraction(0),
            "w": Fraction(1),
        },
    ),
    "Uniform": ("uniform", lambda d: {"m": d("low"), "w": d("high") - d("low")}),
    "Poisson": ("poisson", lambda d: {"l": d("rate"), "m": Fraction(0)}),
}


@dataclass(frozen=True)
class Member:
    """A family with its parameters."""

    family: str
    values: tuple[tuple[str, Fraction], ...]

    @property
    def params(self) -> dict[str, Fraction]:
        return dict(self.values)

    @property
    def row(self) -> Row:
        return FAMILIES[self.family]


def member(family: str, params: Params, who: str) -> Member:
    """Raises ValueError where a scale or shape is not positive."""
    row = FAMILIES[family]
    for name in row.positive:
        if not params[name] > 0:
            raise ValueError(
                f"`{who}` must have positive scales and shapes; {family} has {name} = "
                f"{float(params[name])!r}"
            )
    return Member(family, tuple((name, params[name]) for name in row.parameters))


def integrable(
    p: Tail, q: Tail, above: tuple[Fraction, int] | None, below: tuple[Fraction, int] | None,
    infinite: bool,
) -> bool | None:  # fmt: skip
    """Whether q R(p/q) is integrable at an end, R ~ u^kappa |log u|^m there; None where R's law is unknown."""
    ratio = p.minus(q)
    direction = ratio.sign(infinite)
    law = above if direction > 0 else below
    if direction == 0:
        law = (Fraction(0), 0)
    if law is None:
        return None
    kappa, m = law
    total = q.plus(ratio, kappa if direction >= 0 else -kappa)
    logs = 0  # powers of log y
    if m and ratio.terms and infinite:  # log(p/q) ~ y^j
        total = Tail(total.terms, total.log_power + m * max(ratio.terms))
    elif m:
        logs = m
    if infinite and total.terms:
        return total.terms[max(total.terms)] < 0
    k = total.log_power if infinite else -2 - total.log_power
    return k < -1 or (k == -1 and logs < -1)


__all__ = ["BY_SCIPY", "FAMILIES", "TORCH", "Member", "Row", "Tail", "integrable", "member"]
