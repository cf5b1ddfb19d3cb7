"""The trusted base: classical theorems that the ledger uses without proving them.

A lemma is a statement, its source, and a rule that recognises an instance: a step that names the
lemma is accepted by the symbolic route only when the step *is* that theorem for the expressions
at hand, its side conditions included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from ..ground.signs import is_nonnegative
from ..ground.zero import is_zero
from ..words.language import Total


@dataclass(frozen=True)
class Lemma:
    """`applies(smaller, larger, masses)`: is smaller <= larger an instance of it?

    `masses` are the symbols that stand for probability vectors inside a `Total`. A lemma without
    a rule is one that a claim names for the reading of its definition; it closes no step.
    """

    id: str
    statement: str
    source: str
    applies: Callable[[sp.Expr, sp.Expr, frozenset[sp.Symbol]], bool] = lambda *_: False


def _cauchy_schwarz(smaller: sp.Expr, larger: sp.Expr, masses: frozenset[sp.Symbol]) -> bool:
    """total(c) <= sqrt(total(a)) sqrt(total(b)) with c^2 = a b, a, b >= 0."""
    del masses
    left, right = sorted(smaller.atoms(Total), key=str), sorted(larger.atoms(Total), key=str)
    if len(left) != 1 or len(right) != 2:
        return False
    A, B, C = sp.symbols("A'' B'' C''", positive=True)
    factor = sp.simplify(smaller.xreplace({left[0]: C}) / C)
    shape = larger.xreplace({right[0]: A, right[1]: B})
    return (
        factor.is_number
        and bool(factor.is_positive)
        and is_zero(shape - factor * sp.sqrt(A) * sp.sqrt(B))
        and all(is_nonnegative(total.term) for total in right)
        and is_zero(left[0].term ** 2 - right[0].term * right[1].term)
    )


def _mean_inequality(smaller: sp.Expr, larger: sp.Expr, masses: frozenset[sp.Symbol]) -> bool:
    """sum_j log(a_j) / n <= log(sum_j a_j / n), a_j > 0."""
    del masses
    terms = sp.Add.make_args(sp.expand(smaller))
    if not isinstance(larger, sp.log) or not all(len(t.atoms(sp.log)) == 1 for t in terms):
        return False
    n = len(terms)
    arguments = []
    for term in terms:
        (logarithm,) = term.atoms(sp.log)
        if not is_zero(term - logarithm / n) or not logarithm.args[0].is_positive:
            return False
        arguments.append(logarithm.args[0])
    return is_zero(larger.args[0] - sp.Add(*arguments) / n)


def _jensen_log(smaller: sp.Expr, larger: sp.Expr, masses: frozenset[sp.Symbol]) -> bool:
    """total(m log a) <= log total(m a) for a probability vector m and a > 0."""
    if not (isinstance(larger, sp.log) and isinstance(larger.args[0], Total)):
        return False
    if not isinstance(smaller, Total):
        return False
    weighted = larger.args[0].term
    for mass in masses:
        value = sp.simplify(weighted / mass)
        if value.is_positive and is_zero(smaller.term - mass * sp.log(value)):
            return True
    return False


LEMMAS: dict[str, Lemma] = {
    lemma.id: lemma
    for lemma in (
        Lemma(
            "cauchy-schwarz",
            "total(sqrt(a b)) <= sqrt(total(a) total(b)) for a, b >= 0",
            "Steele, The Cauchy-Schwarz Master Class (2004), chapter 1",
            _cauchy_schwarz,
        ),
        Lemma(
            "arithmetic-geometric-mean",
            "the mean of n logarithms is at most the logarithm of the mean",
            "Jensen, Sur les fonctions convexes (1906)",
            _mean_inequality,
        ),
        Lemma(
            "jensen-log",
            "E log X <= log E X for X > 0",
            "Jensen, Sur les fonctions convexes (1906)",
            _jensen_log,
        ),
        Lemma(
            "simultaneous-diagonalisation",
            "for S1, S2 positive definite some invertible A has A S2 A^T = I, A S1 A^T diagonal",
            "Horn, Johnson, Matrix analysis (2013), Theorem 7.6.4",
        ),
        Lemma(
            "weak-duality-of-transport",
            "f(x) + g(y) <= c(x, y) everywhere makes E_P f + E_Q g at most the mean of c under any "
            "coupling of P and Q; so for 1-Lipschitz f, E_P f - E_Q f is at most that of |x - y|",
            "Villani, Optimal Transport: Old and New (2009), chapter 5",
        ),
    )
}
