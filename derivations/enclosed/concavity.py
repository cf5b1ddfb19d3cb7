"""Is g concave in u on an interval, at given values of the other symbols?

The sum's terms are sorted: affine ones do not matter; a corner -c |a|, -c max(a, b), c min(a, b)
with c >= 0 and a, b affine in u is concave; so is a sum of products of powers of u + b and
logarithms whose second derivative has no positive coefficient (`monomials.py`); what is left must be
smooth, with g'' <= 0 shown on the whole interval by balls (`line.py`). Anything else is not known
to be concave.
"""

from __future__ import annotations

from collections import OrderedDict

import sympy as sp
from flint import arb, fmpq

from divergences.enclosure import Environment, NotEnclosable, Number, compile_ball, real
from divergences.trees import added, is_affine, negated, product

from ..words.language import Total
from .line import Budget, Line
from .monomials import Expansion, negative, slope, written

EVALUATIONS = 4_000
REMEMBERED = 2_000
KINKS = (sp.Abs, sp.Max, sp.Min, sp.sign, sp.Piecewise)
_known: OrderedDict[tuple[object, ...], bool] = OrderedDict()


def concave(
    g: sp.Expr, u: sp.Symbol, env: Environment, ends: tuple[Number | None, Number | None]
) -> bool:
    smooth = []
    for constant, term in _terms(g, u):
        if u not in term.free_symbols or is_affine(term, u):
            continue
        if term.has(*KINKS):
            if not _concave_corner(constant, term, u, env):
                return False
        else:
            smooth.append(product([*constant, term]))
    if not smooth:
        return True
    rest = added(smooth)
    if rest.has(Total):  # hangs on the whole alphabet, which is no key
        return _bends_down(rest, u, env, ends)
    named = sorted(rest.free_symbols - {u}, key=str)
    key = (rest, u, *(_key(env.get(s)) for s in named), *map(_key, ends))
    if key not in _known:
        while len(_known) >= REMEMBERED:
            _known.popitem(last=False)
        _known[key] = _bends_down(rest, u, env, ends)
    return _known[key]


def _key(value: object) -> object:
    """The number exactly: what is printed of a ball is not all of it."""
    if isinstance(value, fmpq):
        return int(value.p), int(value.q)
    if isinstance(value, arb) and value.is_finite():
        return str(value.mid().man_exp()), str(value.rad().man_exp())
    return value if value is None else object()


def _bends_down(
    rest: sp.Expr, u: sp.Symbol, env: Environment, ends: tuple[Number | None, Number | None]
) -> bool:
    bend: sp.Expr = sp.Derivative(negated(rest), (u, 2), evaluate=False)
    values = dict(env)
    try:
        second = slope(slope(Expansion(u, env, ends).of(rest)))
    except (NotEnclosable, ArithmeticError):
        pass
    else:
        if negative(second, ends):
            return True

        def name(c: Number) -> sp.Symbol:
            symbol = sp.Dummy("c")
            values[symbol] = -c
            return symbol

        bend = written(second, u, name)
    marks = {s * r for r in rest.atoms(sp.Rational) for s in (1, -1)}
    try:
        Line(bend, u, values, False, Budget(EVALUATIONS)).show(*ends, marks)
    except NotEnclosable:
        return False
    return True


def _terms(expr: sp.Expr, u: sp.Symbol) -> list[tuple[list[sp.Expr], sp.Expr]]:
    """`expr` as a sum of c * term, the factors c free of u."""
    if isinstance(expr, sp.Add):
        return [pair for arg in expr.args for pair in _terms(arg, u)]
    if isinstance(expr, sp.Mul):
        constant = [f for f in expr.args if u not in f.free_symbols]
        varying = [f for f in expr.args if u in f.free_symbols]
        if len(varying) == 1:
            return [(constant + c, term) for c, term in _terms(varying[0], u)]
        return [(constant, product(varying))]
    return [([], expr)]


def _concave_corner(constant: list[sp.Expr], term: sp.Expr, u: sp.Symbol, env: Environment) -> bool:
    if not isinstance(term, sp.Abs | sp.Max | sp.Min):
        return False
    if not all(is_affine(arg, u) for arg in term.args):
        return False
    c = real(compile_ball(product(constant))(env, False))
    return bool(c >= 0 if isinstance(term, sp.Min) else c <= 0)
