"""Laws on the line: a density and the interval that carries it; sums and means over laws."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, count

import sympy as sp
from sympy import Abs, Integral, exp, gamma, oo, pi, sqrt

from .language import Total
from .word import Word, is_law

DENSITIES: dict[str, tuple[Callable[..., sp.Expr], tuple[sp.Expr | int, sp.Expr | int]]] = {
    "Normal": (
        lambda x, m, s: exp(-((x - m) ** 2) / (2 * s**2)) / (s * sqrt(2 * pi)),
        (-oo, oo),
    ),
    "Exponential": (lambda x, rate: rate * exp(-rate * x), (0, oo)),
    "Laplace": (lambda x, m, b: exp(-Abs(x - m) / b) / (2 * b), (-oo, oo)),
    "Cauchy": (lambda x, m, g: g / (pi * (g**2 + (x - m) ** 2)), (-oo, oo)),
    "Gamma": (lambda x, a, b: b**a * x ** (a - 1) * exp(-b * x) / gamma(a), (0, oo)),
    "Beta": (
        lambda x, a, b: x ** (a - 1) * (1 - x) ** (b - 1) * gamma(a + b) / (gamma(a) * gamma(b)),
        (0, 1),
    ),
    "Uniform": (lambda x, a, b: 1 / (b - a), (0, 1)),  # carried by (a, b): see `support`
}


def density(law: sp.Basic, x: sp.Expr) -> sp.Expr:
    """The law's density at x, unevaluated."""
    name = _name(law)
    with sp.evaluate(False):
        return DENSITIES[name][0](x, *law.args)


def support(law: sp.Basic) -> tuple[sp.Expr, sp.Expr]:
    """The interval that carries the law."""
    name = _name(law)
    if name == "Uniform":
        return law.args[0], law.args[1]
    lower, upper = DENSITIES[name][1]
    return sp.sympify(lower), sp.sympify(upper)


def _name(law: sp.Basic) -> str:
    if not (isinstance(law, Word) and law.entry.law):
        raise ValueError(f"a law with a density is required ({', '.join(DENSITIES)}), got {law}")
    return law.entry.name


def variable_beside(*exprs: sp.Basic) -> sp.Symbol:
    """A name for a variable of integration that none of `exprs` uses."""
    taken = {s.name for e in exprs for s in e.atoms(sp.Symbol)}
    names = chain(("x", "y", "z", "r", "xi"), (f"x{i}" for i in count(1)))
    return sp.Symbol(next(name for name in names if name not in taken))


def over(
    P: sp.Expr, Q: sp.Expr, term: Callable[[sp.Expr, sp.Expr], sp.Expr], *beside: sp.Expr
) -> sp.Expr:
    """The sum of term(p, q) over the atoms, or its integral where P and Q are laws.

    `beside` is what else the term is made of: the variable of integration keeps clear of it.
    """
    if not (is_law(P) or is_law(Q)):
        return Total(term(P, Q))
    if not (is_law(P) and is_law(Q)):
        raise ValueError(f"two laws are required, or two probability vectors, got {P} and {Q}")
    if (range_ := support(P)) != support(Q):
        raise ValueError(f"{P} and {Q} are not carried by the same interval")
    x = variable_beside(P, Q, *beside)
    return Integral(term(density(P, x), density(Q, x)), (x, *range_))


def mean(P: sp.Expr, value: sp.Expr, x: sp.Symbol) -> sp.Expr:
    """E of value(x) for x ~ P, a law on the line."""
    return Integral(density(P, x) * value, (x, *support(P)))
