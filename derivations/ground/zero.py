"""Is this expression identically zero? Ever dearer normal forms; True is a proof, False is silence.

Expressions are in symbols that sympy knows to be positive or real (see `prepare.py`). Symbols of
the proofs' own have two primes in their names; a claim's have none. Before anything is rewritten,
balls at a few exact points give a cheap and certain no: a wrong rewriting would have to agree with
the truth at all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import sympy as sp

from divergences.enclosure import NotEnclosable, enclose

from ..words.language import Supremum
from .fresh import fresh
from .oracle import is_wild

SIMPLIFY_OPS = 400  # larger expressions are not given to sympy's general simplifier
NO_BALL = (NotEnclosable, TypeError, ValueError, KeyError, ZeroDivisionError)

# Rounds of exact values, dealt out to the symbols in order; real symbols get both signs.
_HEIGHTS = ((5, 7), (11, 5), (3, 11), (17, 9), (29, 13), (1, 19))
SPOTS = tuple(sp.Rational(a, b) for a, b in _HEIGHTS)
ROUNDS = 4
DIGITS, MANY_DIGITS = 20, 400
BINDERS = (sp.Integral, sp.Limit, sp.Derivative, sp.Subs, Supremum)


def spots(expr: sp.Expr, rounds: int = ROUNDS) -> Iterator[dict[sp.Symbol, sp.Expr]]:
    """A few generic points of the symbols' domains: in both orders, of unequal and equal signs."""
    symbols = sorted(expr.free_symbols, key=str)
    for n in range(rounds if symbols else 1):
        values = {}
        for i, s in enumerate(symbols if n % 2 == 0 else symbols[::-1]):
            sign = 1 if s.is_positive or n == 2 or (n < 2 and (i + n) % 2 == 0) else -1
            scale = 40 if n == 2 and (i + n) % 2 == 0 else 1
            values[s] = sign * scale * SPOTS[(i + 2 * n) % len(SPOTS)]
        yield values


def names_for(expr: sp.Expr, name: Callable[[sp.Expr], sp.Symbol]) -> sp.Expr:
    """`expr` with a name for each outermost node that binds a variable.

    What is inside of it is about other values than what is outside, whatever the letters.
    """
    if isinstance(expr, BINDERS):
        return name(expr)
    if not expr.has(*BINDERS):
        return expr
    return expr.func(*(names_for(arg, name) for arg in expr.args))


@lru_cache(maxsize=4_000)
def _real_name(node: sp.Expr) -> sp.Symbol:
    del node
    return sp.Dummy("n''", real=True)


@lru_cache(maxsize=20_000)
def is_zero(expr: sp.Expr) -> bool:
    """True when `expr` is shown to be identically zero."""
    if expr == 0:
        return True
    if expr.has(*BINDERS):
        return is_zero(names_for(expr, _real_name))
    if expr.has(sp.nan, sp.zoo, sp.oo, sp.I) or _nonzero_somewhere(expr):
        return False
    if expr.is_zero:
        return True
    if is_wild(expr):
        return bool(sp.expand(expr) == 0)
    if (pieces := branches(expr)) is not None:
        return all(is_zero(piece) for piece in pieces)
    recast = without_exponentials(without_lambert(expr))
    forms = (recast, expr) if recast != expr else (expr,)
    return any(form == 0 for variant in forms for form in _normal_forms(variant))


def _nonzero_somewhere(expr: sp.Expr) -> bool:
    """A ball away from zero at one exact point; the second time of what is left of it without
    its constant factors, and to many digits, so that nothing small can hide a difference."""
    if _seen_to_differ(expr, spots(expr), DIGITS):
        return True
    core = sp.factor_terms(expr)
    if core.free_symbols:
        _, core = core.as_independent(*core.free_symbols, as_Add=False)
    return _seen_to_differ(core, spots(core, 2), MANY_DIGITS)


def _seen_to_differ(expr: sp.Expr, places: Iterator[dict[sp.Symbol, sp.Expr]], digits: int) -> bool:
    for values in places:
        try:
            ball = enclose(expr, values, digits=digits)
        except NO_BALL:
            continue
        if ball > 0 or ball < 0:
            return True
    return False


def branches(expr: sp.Expr) -> list[sp.Expr] | None:
    """`expr` with each value that a Piecewise in it may have; None where it has no Piecewise.

    What holds for all of them holds; which condition is met where is nobody's guess.
    """
    nodes = sorted(expr.atoms(sp.Piecewise), key=lambda n: (sp.count_ops(n), str(n)))
    return [expr.xreplace({nodes[0]: value}) for value, _ in nodes[0].args] if nodes else None


def without_lambert(expr: sp.Expr) -> sp.Expr:
    """W(x) as a positive symbol w, and w + log w for log x, where some symbol can absorb that."""
    for node in sorted(expr.atoms(sp.LambertW), key=str):
        if len(node.args) != 1 or not node.args[0].is_positive:
            continue
        log_x = sp.expand(sp.expand_log(sp.log(node.args[0])))
        for z in sp.Add.make_args(log_x):  # W(z e^z) = z
            if z.is_positive and sp.expand(sp.expand_log(sp.log(z)) + z - log_x) == 0:
                expr = expr.xreplace({node: z})
        w = sp.Symbol(f"W''({node.args[0]})", positive=True)
        for s in sorted(node.free_symbols, key=str):
            rate = sp.diff(log_x, s)
            if rate.is_Rational and not s.is_positive and expr.has(node):
                moved = (w + sp.log(w) - log_x.subs(s, 0)) / rate
                expr = expr.xreplace({node: w}).subs(s, moved)
    return expr


def without_exponentials(expr: sp.Expr) -> sp.Expr:
    """exp(k s) as a power: s = log w for a real s and s = log(1 + r) for a positive one."""
    for s in sorted(expr.free_symbols, key=str):
        powers = [e for e in expr.atoms(sp.exp) if e.has(s)]
        if powers and all(sp.diff(e.args[0], s).is_Rational for e in powers):
            w = fresh(f"e''^{s.name}", expr, positive=True)
            expr = sp.expand_log(expr.subs(s, sp.log(1 + w if s.is_positive else w)))
    return expr


def plain(expr: sp.Expr) -> sp.Expr:
    """erfc, max, min and the hyperbolic functions by erf, |.| and exp: fewer names, same values."""
    if expr.has(sp.erfc):
        expr = expr.replace(sp.erfc, lambda z: 1 - sp.erf(z))
    if expr.has(sp.Max, sp.Min):
        expr = expr.replace(sp.Max, lambda *a: _extreme(1, a)).replace(
            sp.Min, lambda *a: _extreme(-1, a)
        )
    return expr


def _extreme(sign: int, args: tuple[sp.Expr, ...]) -> sp.Expr:
    """max(a, b) = (a + b + |a - b|)/2, one argument after another."""
    value = args[0]
    for arg in args[1:]:
        value = (value + arg + sign * sp.Abs(value - arg)) / 2
    return value


def _normal_forms(expr: sp.Expr) -> Iterator[sp.Expr]:
    """Ever dearer rewritings, each an identity on the symbols' domains."""
    expr = plain(expr)
    opened = sp.expand(sp.expand_log(sp.expand(expr)))
    yield opened
    parts = open_logs(expr)
    yield sp.expand(parts)
    together = sp.numer(sp.together(parts))
    yield sp.expand(sp.powsimp(sp.expand(together)))
    yield sp.expand(sp.powdenest(sp.expand(together)))
    yield sp.expand(open_logs(sp.expand(together)))
    if sp.count_ops(expr) < SIMPLIFY_OPS:
        yield sp.simplify(expr)
        yield sp.simplify(opened)
        yield sp.radsimp(sp.simplify(parts))


def open_logs(expr: sp.Expr) -> sp.Expr:
    """log of a quotient with positive parts as a difference of logs, arguments factored first."""

    def opened(argument: sp.Expr) -> sp.Expr:
        return sp.expand_log(sp.log(sp.factor(sp.together(argument))))

    return expr.replace(lambda e: isinstance(e, sp.log), lambda e: opened(e.args[0]))
