"""Equality and order of expressions with totals: gathered into one total, then term by term.

Two facts are used: totals are linear, and the total of a probability vector is 1. So
c_0 + sum_k c_k total(e_k) = total(sum_k c_k e_k + c_0 m) for any probability vector m, which is
zero (or nonnegative) when its term is, up to a combination of probability vectors of total 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import sympy as sp

from ..ground.prepare import Atoms
from ..ground.signs import is_nonnegative, is_zero
from ..words.language import Total


def varies(expr: sp.Expr, atoms: Atoms) -> bool:
    """True when `expr`, outside its totals, differs from atom to atom."""
    outside = expr.replace(lambda e: isinstance(e, Total), lambda e: sp.S.One)
    return bool(outside.free_symbols & atoms.all)


class Gathering:
    """An expression with every total split into constants times basic totals, each a constant.

    With `normalised`, the total of a probability vector is 1; without, it stays in its term.
    """

    def __init__(self, expr: sp.Expr, atoms: Atoms, *, normalised: bool = True):
        self.atoms, self.normalised = atoms, normalised
        self.names: dict[sp.Expr, sp.Symbol] = {}
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
            self.names[base] = sp.Symbol(f"S''{len(self.names)}", **known)
        return self.names[base]

    def regrouped(self) -> tuple[sp.Expr, sp.Expr] | None:
        """(term, constant) with expr = total(term) + constant, or None where not linear."""
        constant, term = self.expr, sp.S.Zero
        expanded = sp.expand(self.expr)
        for base, name in self.names.items():
            coefficient = sp.diff(expanded, name)
            if coefficient.free_symbols & set(self.names.values()):
                return None
            term += coefficient * base
        constant = expanded.subs(dict.fromkeys(self.names.values(), 0))
        return term, constant


def equal_to_zero(expr: sp.Expr, atoms: Atoms) -> bool:
    """True when `expr` is shown to be zero for every alphabet."""
    gathering = Gathering(expr, atoms)
    if is_zero(gathering.expr):
        return True
    parts = gathering.regrouped()
    if parts is None or not gathering.names:
        return False
    term, constant = parts
    ones = dict.fromkeys(atoms.all, sp.S.One)
    weights = [sp.diff(term, mass).subs(ones) for mass in atoms.masses]
    if any(w.has(sp.nan, sp.zoo, sp.oo) for w in weights):
        return False
    linear = sp.Add(*(w * mass for w, mass in zip(weights, atoms.masses, strict=True)))
    return is_zero(sp.Add(*weights) + constant) and all(
        is_zero(case) for case in atoms.cases(term - linear)
    )


def at_least_zero(expr: sp.Expr, atoms: Atoms) -> bool:
    """True when `expr` is shown to be >= 0 for every alphabet."""
    if not expr.has(Total):
        return is_nonnegative(expr)
    for normalised in (False, True):
        gathering = Gathering(expr, atoms, normalised=normalised)
        parts = gathering.regrouped()
        if parts is None or not gathering.names:
            return is_nonnegative(Gathering(expr, atoms).expr)
        for candidate in _spread(*parts, atoms):
            if all(is_nonnegative(case) for case in atoms.cases(candidate)):
                return True
    return False


def _spread(term: sp.Expr, constant: sp.Expr, atoms: Atoms) -> Iterator[sp.Expr]:
    """The term that has to be >= 0, in several equivalent forms.

    The constant becomes a multiple of one mass; a term that is homogeneous of degree 1 in two
    masses is divided by one of them; and a tilt c (p - q) makes p = q stationary.
    """
    for mass, other in itertools.permutations(atoms.masses, 2):
        ratio = sp.Symbol("r''", positive=True)
        at_ratio = (term + constant * mass).subs(mass, ratio * other) / other
        single = sp.expand(sp.expand_log(sp.expand(at_ratio)))
        if not single.has(other):
            yield single
    if constant == 0 or not atoms.masses:
        if constant == 0:
            yield term
    for mass in atoms.masses:
        base = term + constant * mass
        if constant != 0:
            yield base
        for other in atoms.masses:
            if other is mass:
                continue
            tilt = sp.simplify(-sp.diff(base, mass).subs(mass, other))
            if tilt != 0 and not tilt.free_symbols & atoms.all:
                yield base + tilt * (mass - other)
