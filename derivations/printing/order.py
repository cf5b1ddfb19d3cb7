"""In which order the terms and factors of a tree are printed, and which stand below a line."""

from __future__ import annotations

import sympy as sp
from sympy.logic.boolalg import Boolean

from ..words.word import Word

RELATIONS: dict[type, str] = {
    sp.StrictLessThan: "<", sp.LessThan: "<=", sp.StrictGreaterThan: ">", sp.GreaterThan: ">=",
    sp.Equality: "=", sp.Unequality: "!=",
}  # fmt: skip


def canonical(expr: sp.Expr) -> bool:
    """Has sympy ordered it by itself? Then no author's order is in it."""
    return bool(expr.func(*expr.args).args == expr.args)


def ordered_terms(expr: sp.Add) -> list[sp.Expr]:
    """The terms in order. Where sympy's own order of arguments is one that an author could have
    typed (it begins with a plus, and powers rise or fall), it is taken for typed."""
    terms = list(expr.args)
    if expr.has(Word) or not canonical(expr):
        return terms
    if len(terms) == 2:
        return terms if is_positive(terms[0]) or not is_positive(terms[1]) else terms[::-1]
    degrees = [degree(term) for term in terms]
    if is_positive(terms[0]) and degrees in (sorted(degrees), sorted(degrees, reverse=True)):
        return terms
    return list(expr.as_ordered_terms())


def degree(term: sp.Expr) -> sp.Expr:
    """Of a monomial; a factor that is no power counts once."""
    exponents = [
        factor.as_base_exp()[1] for factor in sp.Mul.make_args(term) if not factor.is_Number
    ]
    return sum((e if e.is_Rational else 1 for e in exponents), start=sp.S.Zero)


def is_positive(term: sp.Expr) -> bool:
    coefficient = term.as_coeff_Mul()[0]
    return not coefficient.is_negative


def signed_factors(expr: sp.Mul) -> tuple[int, list[sp.Expr]]:
    """The sign, and the factors in their order; a coefficient of 1 is left out."""
    args = list(expr.args)
    while isinstance(args[0], sp.Mul):  # (-a) / b is -a/b
        args = [*args[0].args, *args[1:]]
    if canonical(expr):
        coefficient, rest = expr.as_coeff_Mul()
        args = [] if coefficient == 1 else [coefficient]
        args += sp.Mul.make_args(rest) if expr.has(Word) else rest.as_ordered_factors()
    sign = 1
    first = args[0]
    if first.is_Number and first.is_negative:
        sign, first = -1, -first
        args = [first, *args[1:]]
    return sign, [arg for arg in args if arg != 1] or [sp.S.One]


def over_and_under(factor: sp.Expr) -> tuple[sp.Expr | None, sp.Expr | None]:
    if isinstance(factor, sp.Rational) and factor.q != 1 and factor.is_positive:
        return (sp.Integer(factor.p) if factor.p != 1 else None), sp.Integer(factor.q)
    if isinstance(factor, sp.Pow) and factor.args[1].is_Rational and factor.args[1].is_negative:
        return None, to_the(factor.args[0], -factor.args[1])
    return factor, None


def to_the(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    return base if exponent == 1 else sp.Pow(base, exponent, evaluate=False)


def numbers_last(expr: sp.Max | sp.Min) -> list[sp.Expr]:
    return sorted(expr.args, key=lambda arg: (bool(arg.is_number), sp.default_sort_key(arg)))


def bounds_below(condition: Boolean) -> tuple[sp.Expr, sp.Expr, str] | None:
    """a < x as (a, x, "<")."""
    match condition:
        case sp.StrictLessThan() | sp.LessThan() if condition.lhs.is_number:
            return condition.lhs, condition.rhs, RELATIONS[type(condition)]
        case sp.StrictGreaterThan() | sp.GreaterThan() if condition.rhs.is_number:
            return condition.rhs, condition.lhs, RELATIONS[type(condition)].replace(">", "<")
    return None


def bounds_above(condition: Boolean) -> tuple[sp.Expr, sp.Expr, str] | None:
    """x < b as (x, b, "<")."""
    match condition:
        case sp.StrictLessThan() | sp.LessThan() if condition.rhs.is_number:
            return condition.lhs, condition.rhs, RELATIONS[type(condition)]
        case sp.StrictGreaterThan() | sp.GreaterThan() if condition.lhs.is_number:
            return condition.rhs, condition.lhs, RELATIONS[type(condition)].replace(">", "<")
    return None
