"""Is this expression zero? Is it never negative? Answers that are proofs, or no answer.

Expressions here are in symbols that sympy knows to be positive or real (see `prepare.py`). Symbols
of the proofs' own have two primes in their names; a claim's have none. `is_zero` normalises;
`is_nonnegative` looks for a reason: sympy's own assumptions, factors, squares, a polynomial with
nonnegative coefficients, a discriminant, or one variable's calculus (a convex function that touches
zero, a monotone one that starts at zero). False means "not shown", never "shown to be false".
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import sympy as sp

from divergences.enclosure import NotEnclosable, enclose

from .smooth import is_smooth

CALCULUS_DEPTH = 3  # how many derivatives a sign proof may go down
SIMPLIFY_OPS = 400  # larger expressions are not given to sympy's general simplifier
SPOT_VALUES = (sp.Rational(5, 7), sp.Rational(11, 5), sp.Rational(3, 11), sp.Rational(17, 9))


@lru_cache(maxsize=20_000)
def is_zero(expr: sp.Expr) -> bool:
    """True when `expr` is shown to be identically zero."""
    if expr.is_zero or expr == 0:
        return True
    if expr.has(sp.nan, sp.zoo, sp.oo) or _nonzero_somewhere(expr):
        return False
    recast = _without_exponentials(_without_lambert(expr))
    forms = (recast, expr) if recast != expr else (expr,)
    return any(form == 0 for variant in forms for form in _normal_forms(variant))


def _without_lambert(expr: sp.Expr) -> sp.Expr:
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


def _without_exponentials(expr: sp.Expr) -> sp.Expr:
    """exp(k s) as a power: s = log w for a real s and s = log(1 + r) for a positive one."""
    for s in sorted(expr.free_symbols, key=str):
        powers = [e for e in expr.atoms(sp.exp) if e.has(s)]
        if powers and all(sp.diff(e.args[0], s).is_Rational for e in powers):
            w = sp.Symbol(f"e''^{s.name}", positive=True)
            expr = sp.expand_log(expr.subs(s, sp.log(1 + w if s.is_positive else w)))
    return expr


def _normal_forms(expr: sp.Expr) -> Iterator[sp.Expr]:
    """Ever dearer rewritings, each an identity on the symbols' domains."""
    opened = sp.expand(sp.expand_log(sp.expand(expr)))
    yield opened
    parts = _open_logs(expr)
    yield sp.expand(parts)
    together = sp.numer(sp.together(parts))
    yield sp.expand(sp.powsimp(sp.expand(together)))
    yield sp.expand(sp.powdenest(sp.expand(together)))
    yield sp.expand(_open_logs(sp.expand(together)))
    if sp.count_ops(expr) < SIMPLIFY_OPS:
        yield sp.simplify(expr)
        yield sp.simplify(opened)
        yield sp.radsimp(sp.simplify(parts))


def _open_logs(expr: sp.Expr) -> sp.Expr:
    """log of a quotient with positive parts as a difference of logs, arguments factored first."""

    def opened(argument: sp.Expr) -> sp.Expr:
        return sp.expand_log(sp.log(sp.factor(sp.together(argument))))

    return expr.replace(lambda e: isinstance(e, sp.log), lambda e: opened(e.args[0]))


def _nonzero_somewhere(expr: sp.Expr) -> bool:
    """A ball away from zero at one exact point: a cheap and certain `no`."""
    symbols = sorted(expr.free_symbols, key=str)
    values = {s: SPOT_VALUES[i % len(SPOT_VALUES)] for i, s in enumerate(symbols)}
    try:
        ball = enclose(expr, values, digits=20)
    except (NotEnclosable, TypeError, ValueError, KeyError, ZeroDivisionError):
        return False
    return bool(ball > 0 or ball < 0)


@lru_cache(maxsize=20_000)
def is_positive(expr: sp.Expr, depth: int = CALCULUS_DEPTH) -> bool:
    """True when `expr` > 0 is shown: by assumptions, by factors, or by strict monotony."""
    expr = _lambert_positive(expr)
    if expr.is_positive:
        return True
    if not expr.free_symbols:
        try:
            return bool(enclose(expr) > 0)
        except NotEnclosable:
            return False
    factored = _factor(expr)
    if factored.is_positive or _positive_polynomial(factored):
        return True
    if isinstance(factored, sp.Pow):
        return is_positive(factored.base, depth)
    if isinstance(factored, sp.Mul) and _factors_positive(factored, depth):
        return True
    return depth > 0 and any(
        _strictly_monotone(form, depth - 1) for form in dict.fromkeys((factored, expr))
    )


def _factors_positive(product: sp.Mul, depth: int) -> bool:
    """An even number of negative factors, the others positive."""
    unclear = [f for f in product.args if not f.is_positive]
    if len(unclear) == len(product.args):
        depth -= 1
    if depth < 0:
        return False
    negatives = [f for f in unclear if not is_positive(f, depth)]
    return len(negatives) % 2 == 0 and all(is_positive(-f, depth) for f in negatives)


def _lambert_positive(expr: sp.Expr) -> sp.Expr:
    """W(x) > 0 for x > 0, which sympy does not know: a positive symbol in its place."""
    return expr.replace(
        lambda e: isinstance(e, sp.LambertW) and len(e.args) == 1 and e.args[0].is_positive,
        lambda e: sp.Symbol(f"W''({e.args[0]})", positive=True),
    )


def _strictly_monotone(expr: sp.Expr, depth: int) -> bool:
    """Rising from a limit >= 0 at 0, or falling to one at infinity, in some positive variable."""
    for x in sorted(expr.free_symbols, key=str):
        if not x.is_positive or not is_smooth(expr, x):
            continue
        slope = sp.diff(expr, x)
        for sign, end in ((1, 0), (-1, sp.oo)):
            if is_positive(sign * slope, depth):
                limit = _limit(expr, x, end)
                if limit is not None and (limit is sp.oo or is_nonnegative(limit)):
                    return True
    return False


def _limit(expr: sp.Expr, x: sp.Symbol, end: sp.Expr | int) -> sp.Expr | None:
    try:
        limit = sp.limit(expr, x, end, "+" if end == 0 else "-")
    except (NotImplementedError, ValueError, TypeError, sp.PoleError):
        return None
    return limit if limit is sp.oo or limit.is_finite else None


def _positive_polynomial(expr: sp.Expr) -> bool:
    numerator, denominator = sp.fraction(sp.together(expr))
    return all(
        all(term.is_positive for term in sp.Add.make_args(sp.expand(part)))
        for part in (numerator, denominator)
    )


@lru_cache(maxsize=20_000)
def is_nonnegative(expr: sp.Expr, depth: int = CALCULUS_DEPTH) -> bool:
    """True when `expr` >= 0 is shown for all values of its symbols."""
    if expr.is_nonnegative:
        return True
    if expr.is_negative or _negative_somewhere(expr):
        return False
    if is_zero(expr):
        return True
    if isinstance(expr, sp.Pow) and expr.exp == sp.S.Half:
        return is_nonnegative(expr.base, depth)
    if expr.has(sp.tanh, sp.sinh, sp.cosh):
        return is_nonnegative(_without_exponentials(expr.rewrite(sp.exp)), depth)
    factored = _factor(expr)
    if factored.is_nonnegative or _factors_nonnegative(factored, depth):
        return True
    if any(_terms_nonnegative(form) or _square_completes(form) for form in (factored, expr)):
        return True
    if _by_cases(expr, depth) or _squares_compare(expr, depth):
        return True
    return depth > 0 and _by_calculus(expr, depth)


def _by_cases(expr: sp.Expr, depth: int) -> bool:
    """|a| is a or -a, and max(a, b) is a or b: nonnegative in every case is nonnegative."""
    for node in sorted(expr.atoms(sp.Abs, sp.Max), key=str):
        values = node.args if isinstance(node, sp.Max) else (node.args[0], -node.args[0])
        if node.args[0].is_real:
            return all(is_nonnegative(expr.xreplace({node: value}), depth) for value in values)
    return False


def _squares_compare(expr: sp.Expr, depth: int) -> bool:
    """x - y >= 0 from x^2 >= y^2, for x = sqrt(...) >= 0 and y >= 0."""
    terms = sp.Add.make_args(expr)
    if len(terms) != 2 or depth == 0:
        return False
    for x, y in (terms, terms[::-1]):
        if any(isinstance(f, sp.Pow) and f.exp == sp.S.Half for f in sp.Mul.make_args(x)):
            gap = sp.Mul(*(f**2 for f in sp.Mul.make_args(x))) - sp.expand(y**2)
            if is_nonnegative(x, depth - 1) and is_nonnegative(gap, depth - 1):
                return True
    return False


def _negative_somewhere(expr: sp.Expr) -> bool:
    """A ball below zero at one of a few exact points: `is_nonnegative` need not be tried."""
    symbols = sorted(expr.free_symbols, key=str)
    for shift in range(2):
        values = {
            s: SPOT_VALUES[(i + shift) % len(SPOT_VALUES)] * (-1 if shift and not s.is_positive
                                                            else 1)
            for i, s in enumerate(symbols)
        }  # fmt: skip
        try:
            if enclose(expr, values, digits=15) < 0:
                return True
        except (NotEnclosable, TypeError, ValueError, KeyError, ZeroDivisionError):
            continue
    return False


def _factor(expr: sp.Expr) -> sp.Expr:
    resolved = _open_logs(expr).replace(sp.Abs, lambda a: sp.Abs(sp.factor(sp.together(a))))
    return sp.factor(sp.together(resolved), deep=False)


def _factors_nonnegative(expr: sp.Expr, depth: int) -> bool:
    """A product with an even number of nonpositive factors and otherwise nonnegative ones."""
    if not isinstance(expr, sp.Mul) or depth == 0:
        return False
    negatives = 0
    for factor in expr.args:
        if is_nonnegative(factor, depth - 1):
            continue
        if is_nonnegative(-factor, depth - 1):
            negatives += 1
            continue
        return False
    return negatives % 2 == 0


def _terms_nonnegative(expr: sp.Expr) -> bool:
    numerator, denominator = sp.fraction(expr)
    if not is_positive(denominator) and denominator != 1:
        return False
    return all(term.is_nonnegative for term in sp.Add.make_args(sp.expand(numerator)))


def _square_completes(expr: sp.Expr) -> bool:
    """a x^2 + b x + c with a > 0 and b^2 <= 4ac, in some real x."""
    numerator, denominator = sp.fraction(expr)
    if denominator != 1 and not is_positive(denominator):
        return False
    for x in sorted(numerator.free_symbols, key=str):
        if not numerator.is_polynomial(x) or sp.degree(numerator, x) != 2:
            continue
        a, b, c = sp.Poly(numerator, x).all_coeffs()
        if is_positive(a) and _terms_nonnegative(sp.factor(4 * a * c - b**2)):
            return True
    return False


def _by_calculus(expr: sp.Expr, depth: int) -> bool:
    for x in sorted(expr.free_symbols, key=str):
        if not x.is_real or not is_smooth(expr, x):
            continue
        slope = sp.diff(expr, x)
        for touch in _touching_points(expr, slope, x):
            if touches(expr, x, touch, depth - 1):
                return True
        if x.is_positive and _monotone(expr, slope, x, depth - 1):
            return True
    return False


def _touching_points(expr: sp.Expr, slope: sp.Expr, x: sp.Symbol) -> Iterator[sp.Expr]:
    """Where value and slope are both zero: 1, the other symbols, and roots of a simple slope."""
    candidates: list[sp.Expr] = [sp.S.One, sp.S.Zero, *sorted(expr.free_symbols - {x}, key=str)]
    for candidate in candidates:
        if x.is_positive and not candidate.is_positive:
            continue
        try:
            value, at = expr.subs(x, candidate), slope.subs(x, candidate)
        except (ValueError, TypeError):
            continue
        if not value.has(sp.nan, sp.zoo) and is_zero(value) and is_zero(at):
            yield candidate


def touches(expr: sp.Expr, x: sp.Symbol, at: sp.Expr, depth: int = CALCULUS_DEPTH) -> bool:
    """expr = 0 = slope at `at`, and it is convex in x (or its slope has the sign of x - at)."""
    if not is_smooth(expr, x) or (x.is_positive and not is_positive(at)):
        return False  # convexity is only shown where x > 0
    slope = sp.diff(expr, x)
    if not (is_zero(expr.subs(x, at)) and is_zero(slope.subs(x, at))):
        return False
    if is_nonnegative(sp.diff(slope, x), depth):
        return True
    # x = at + s above and x = at / (1 + s) below, s > 0
    s = sp.Symbol("s''", positive=True)
    if not (x.is_positive and is_positive(at)):
        return False
    return is_nonnegative(slope.subs(x, at + s), depth) and is_nonnegative(
        -slope.subs(x, at / (1 + s)), depth
    )


def _monotone(expr: sp.Expr, slope: sp.Expr, x: sp.Symbol, depth: int) -> bool:
    """Increasing from a limit >= 0 at 0, or decreasing to a limit >= 0 at infinity."""
    for sign, end in ((1, 0), (-1, sp.oo)):
        if not is_nonnegative(sign * slope, depth):
            continue
        limit = _limit(expr, x, end)
        if limit is not None and (limit is sp.oo or limit.is_nonnegative or is_zero(limit)):
            return True
    return False
