"""Equality and order of expressions with totals: gathered into one total, then term by term.

Two facts are used: totals are linear, and the total of a probability vector is 1. So
c_0 + sum_k c_k total(e_k) = total(sum_k c_k e_k + c_0 m) for any probability vector m, which is
zero (or nonnegative) when its term is, up to a combination of probability vectors of total 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sympy as sp

from ..words.language import Total
from .fresh import fresh
from .prepare import Atoms
from .signs import is_nonnegative, is_positive, one_question
from .zero import is_zero

JUMPS = (sp.Piecewise, sp.sign)  # what holds below 1 need not hold at 1


def one_atom_apart(expr: sp.Expr, atoms: Atoms) -> sp.Expr:
    """What stands outside of every total is the value at one fixed atom: another name for it.

    In p <= total(p^2) the first p is one number and the other runs over the atoms.
    """
    if not varies(expr, atoms):
        return expr
    totals = {total: sp.Dummy() for total in expr.atoms(Total)}
    fixed = {
        s: sp.Symbol(
            f"{s.name}''fixed", **({"positive": True} if s.is_positive else {"real": True})
        )
        for s in atoms.all
    }
    flat = expr.xreplace(totals).xreplace(fixed)
    return flat.xreplace({name: total for total, name in totals.items()})


def varies(expr: sp.Expr, atoms: Atoms) -> bool:
    """True when `expr`, outside its totals, differs from atom to atom."""
    return bool(one_atoms(expr, atoms))


def one_atoms(expr: sp.Expr, atoms: Atoms) -> set[sp.Symbol]:
    """The symbols outside of every total that differ from atom to atom."""
    outside = expr.replace(lambda e: isinstance(e, Total), lambda e: sp.S.One)
    return outside.free_symbols & set(atoms.all)


class Gathering:
    """An expression with every total split into constants times basic totals, each a constant.

    With `normalised`, the total of a probability vector is 1; without, it stays in its term.
    """

    def __init__(self, expr: sp.Expr, atoms: Atoms, *, normalised: bool = True):
        self.atoms, self.normalised = atoms, normalised
        self.names: dict[sp.Expr, sp.Symbol] = {}
        self.source = expr
        self.expr = self._gather(expr)

    def _gather(self, expr: sp.Expr) -> sp.Expr:
        if isinstance(expr, Total):
            return self._split(self._gather(expr.term))
        if not expr.has(Total):
            return expr
        return expr.func(*(self._gather(arg) for arg in expr.args))

    def _split(self, term: sp.Expr) -> sp.Expr:
        total = sp.S.Zero
        for part in sp.Add.make_args(sp.expand(sp.expand_log(sp.expand(term)))):
            constant, base = part.as_independent(*self.atoms.all, as_Add=False)
            total += constant * self._named(base)
        return total

    def _named(self, base: sp.Expr) -> sp.Expr:
        if self.normalised and base in self.atoms.masses:
            return sp.S.One
        if base not in self.names:
            # The name keeps what sympy knows of the total, so that sign proofs can use it.
            known = {"positive": True} if base.is_positive else {"real": True}
            self.names[base] = fresh(f"S''{len(self.names)}", self.source, **known)
        return self.names[base]

    def regrouped(self, parameters: frozenset[sp.Symbol] = frozenset()) -> Linear | None:
        """The expression as total(term) + constant, or None where it is not linear in the totals.

        The totals called by `parameters` count as constants: a fixed number each.
        """
        term, rest = sp.S.Zero, sp.expand(self.expr)
        for base, name in self.names.items():
            if name in parameters or not rest.has(name):
                continue
            if not rest.is_polynomial(name) or sp.degree(rest, name) != 1:
                return None
            coefficient = rest.coeff(name, 1)
            if coefficient.free_symbols & (set(self.names.values()) - parameters):
                return None
            term += coefficient * base
            rest = rest.coeff(name, 0)
        return Linear(term, rest)


@dataclass(frozen=True)
class Linear:
    """total(term) + constant."""

    term: sp.Expr
    constant: sp.Expr


def above_zero(expr: sp.Expr, atoms: Atoms) -> bool:
    """True when `expr` is shown to be > 0 for every alphabet: totals of positive terms are."""
    if not expr.has(Total):
        return is_positive(expr)
    return is_positive(Gathering(one_atom_apart(expr, atoms), atoms).expr)


def equal_to_zero(expr: sp.Expr, atoms: Atoms) -> bool:
    """True when `expr` is shown to be zero for every alphabet."""
    if expr.has(Total):
        expr = one_atom_apart(expr, atoms)
    gathering = Gathering(expr, atoms)
    if is_zero(gathering.expr):
        return True
    parts = gathering.regrouped()
    if parts is None or not gathering.names:
        return False
    ones = dict.fromkeys(atoms.all, sp.S.One)
    weights = [sp.diff(parts.term, mass).subs(ones) for mass in atoms.masses]
    if any(w.has(sp.nan, sp.zoo, sp.oo) for w in weights):
        return False
    linear = sp.Add(*(w * mass for w, mass in zip(weights, atoms.masses, strict=True)))
    return is_zero(sp.Add(*weights) + parts.constant) and all(
        is_zero(case) for case in atoms.cases(parts.term - linear)
    )


def at_least_zero(expr: sp.Expr, atoms: Atoms) -> bool:
    """True when `expr` is shown to be >= 0 for every alphabet.

    Some term whose total is `expr` is shown to be >= 0 at every atom; which one is found by
    spreading the constant over the weights (probability vectors, and other positive values with
    their totals), tilted so that it touches zero where all weights are in proportion.
    """
    if not expr.has(Total):
        return is_nonnegative(expr)
    expr = one_atom_apart(expr, atoms)
    tried: set[sp.Expr] = set()
    for normalised in (False, True):
        gathering = Gathering(expr, atoms, normalised=normalised)
        if is_nonnegative(gathering.expr):
            return True
        weights = dict.fromkeys(atoms.masses, sp.S.One)
        parts = gathering.regrouped()
        if parts is None:  # totals of positive values may stand as constants
            weights |= {
                b: n for b, n in gathering.names.items() if b in atoms.values and b.is_positive
            }
            parts = gathering.regrouped(frozenset(weights.values()) - {sp.S.One})
        if parts is None or not gathering.names:
            continue
        for candidate in _candidates(parts, weights, atoms):
            if candidate in tried:
                continue
            tried.add(candidate)
            with one_question():
                if all(is_nonnegative(case) for case in atoms.cases(candidate)):
                    return True
    return False


def _candidates(
    parts: Linear, weights: Mapping[sp.Symbol, sp.Expr], atoms: Atoms
) -> Iterator[sp.Expr]:
    """Terms of total `parts` that may be >= 0 at every atom, in symbols of one atom."""
    term, constant = parts.term, parts.constant
    for one, other in itertools.combinations(weights, 2):
        ratio = fresh("r''", term, constant, positive=True)
        single = _opened(term.subs(one, ratio * other) / other)
        if not single.has(other):  # homogeneous of degree 1: all of it is in the ratio
            proportion = weights[one] / weights[other]
            for share in _shares(single, ratio, proportion, constant / weights[other]):
                yield single + share * ratio / proportion + constant / weights[other] - share
            return
    if constant == 0:
        yield term
    for weight, total in weights.items():
        yield term + constant * weight / total
    for weight in atoms.masses if not term.has(*JUMPS) else ():  # each mass is at most 1
        s = fresh("s''", term, constant, positive=True)
        yield _opened((term + constant * weight).subs(weight, 1 / (1 + s)))
    for one, other in itertools.permutations(atoms.masses, 2):
        base = term + constant * one
        tilt = sp.simplify(-sp.diff(base, one).subs(one, other))
        if tilt != 0 and not tilt.free_symbols & atoms.all and not tilt.has(sp.nan, sp.zoo):
            yield base + tilt * (one - other)


def _shares(
    single: sp.Expr, ratio: sp.Symbol, proportion: sp.Expr, constant: sp.Expr
) -> Iterator[sp.Expr]:
    """How much of the constant the first weight takes: what makes the slope zero at proportion."""
    touching = single.subs(ratio, proportion) + constant
    if is_zero(touching) and not single.has(sp.Abs, sp.Max, sp.Min):
        yield sp.simplify(-proportion * sp.diff(single, ratio).subs(ratio, proportion))
        return
    yield from dict.fromkeys((sp.S.Zero, constant / 2, constant))


def _opened(term: sp.Expr) -> sp.Expr:
    factored = term.replace(sp.Abs, lambda a: sp.Abs(sp.factor(sp.together(a))))
    return sp.expand(sp.expand_log(sp.expand(factored)))
