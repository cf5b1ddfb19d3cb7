"""Is this expression never negative? Always positive? Answers that are proofs, or no answer.

Expressions here are real (definedness has shown that), in symbols that sympy knows to be positive
or real. `is_nonnegative` looks for a reason: sympy's own assumptions, factors, a polynomial without
roots, squares, the pieces of a kink, and one variable's calculus (a convex function that touches
zero, a monotone one that starts at zero). False means "not shown", never "shown to be false".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from math import lcm

import sympy as sp

from divergences.enclosure import NotEnclosable, enclose

from ..words.language import Interval, Total
from .fresh import fresh
from .functions import Level, satisfies
from .oracle import FAILURES, is_wild
from .polynomials import is_sum_of_squares, keeps_positive
from .zero import (
    BINDERS,
    NO_BALL,
    branches,
    is_zero,
    names_for,
    open_logs,
    plain,
    spots,
    without_exponentials,
)

BUDGET = 80  # questions that one question may lead to
CALCULUS_DEPTH = 3  # how many derivatives a sign proof may go down
CASES_DEPTH = 4  # how many kinks are split
LARGEST_ROOT = 12  # u = w^q with q up to this makes a polynomial in w
PIECES = (sp.Abs, sp.Max, sp.Min)


# --- one question at a time, and not for ever -----------------------------------------------------

_answers: dict[object, bool] = {}
_left: list[int] = []  # what the question in hand may still ask; empty between questions


def within_budget(question: Callable[..., bool]) -> Callable[..., bool]:
    """Remembers answers, and gives up (no answer) when one question has led to BUDGET others.

    What was given up is not remembered: it may be affordable on its own. `forget` makes the answers
    to one claim's questions independent of the claims before it.
    """

    @wraps(question)
    def asked(*args: object, **options: object) -> bool:
        key = (question.__name__, args, tuple(sorted(options.items())))
        if key in _answers:
            return _answers[key]
        outermost = not _left
        if outermost:
            _left.append(BUDGET)
        try:
            _left[0] -= 1
            if _left[0] < 0:
                return False
            answer = question(*args, **options)
            if answer or _left[0] >= 0:
                _answers[key] = answer
            return answer
        finally:
            if outermost:
                _left.clear()

    return asked


@contextmanager
def one_question() -> Iterator[None]:
    """What is asked inside counts as one question."""
    if _left:
        yield
        return
    _left.append(BUDGET)
    try:
        yield
    finally:
        _left.clear()


def forget() -> None:
    """No answer is remembered from here on."""
    _answers.clear()
    _signed_name.cache_clear()


@lru_cache(maxsize=2_000)
def _signed_name(node: sp.Expr) -> sp.Symbol:
    """A name for an integral or a limit that keeps what is shown of its sign."""
    if isinstance(node, sp.Integral) and all(len(limit) == 3 for limit in node.limits):
        function = node.function
        for x, lower, upper in node.limits:
            function = function.subs(x, Interval(lower, upper).parametrised(f"{x.name}''in")[0])
        if is_positive(function):
            return sp.Dummy("n''", positive=True)
        if is_nonnegative(function):
            return sp.Dummy("n''", nonnegative=True)
    return sp.Dummy("n''", real=True)


@within_budget
def is_smooth(expr: sp.Expr, x: sp.Symbol) -> bool:
    """True when `expr` is shown to be analytic in x over x's range."""
    return satisfies(expr, x, Level.ANALYTIC, _cheaply_positive, _cheaply_nonnegative)


def is_smooth_at_zero(expr: sp.Expr, h: sp.Symbol) -> bool:
    """True when `expr` is shown to be analytic in h at h = 0."""

    def at_zero(shown: Callable[[sp.Expr], bool]) -> Callable[[sp.Expr], bool]:
        return lambda what: shown(what.subs(h, 0))

    return satisfies(
        expr, h, Level.ANALYTIC, at_zero(_cheaply_positive), at_zero(_cheaply_nonnegative)
    )


@within_budget
def is_continuous(expr: sp.Expr, x: sp.Symbol) -> bool:
    """True when `expr` is shown to be continuous in x over x's range."""
    return satisfies(expr, x, Level.CONTINUOUS, _cheaply_positive, _cheaply_nonnegative)


def _cheaply_positive(expr: sp.Expr) -> bool:
    return is_positive(expr, 1)


def _cheaply_nonnegative(expr: sp.Expr) -> bool:
    return is_nonnegative(expr, 1)


def _zero_or_more(expr: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    """`expr` at 0 and beyond it, in a symbol that is not negative; None where it has no such symbol.

    So that every rule has to do with open ranges only.
    """
    for s in sorted(expr.free_symbols, key=str):
        if s.is_nonnegative and not s.is_positive:
            beyond = _beyond(s)
            return expr.subs(s, 0), expr.subs(s, beyond)
    return None


@lru_cache(maxsize=2_000)
def _beyond(s: sp.Symbol) -> sp.Symbol:
    return sp.Dummy(f"{s.name}''", positive=True)


# --- strictly positive --------------------------------------------------------------------------


@within_budget
def is_positive(expr: sp.Expr, depth: int = CALCULUS_DEPTH) -> bool:
    """True when `expr` > 0 is shown: by assumptions, factors, Sturm, kinks, strict monotony."""
    if expr.has(Total):  # see `totals.py`: a symbol inside of a total is not the same outside
        return False
    if expr.has(*BINDERS):
        return is_positive(names_for(expr, _signed_name), depth)
    if (cases_of := _zero_or_more(expr)) is not None:
        return all(is_positive(case, depth) for case in cases_of)
    expr = _lambert_positive(expr)
    if expr.is_positive:
        return True
    if not expr.free_symbols:
        try:
            return bool(enclose(expr) > 0)
        except NotEnclosable:
            return False
    if is_wild(expr) or _somewhere(expr, strictly_below=False):
        return False
    if (pieces := branches(expr)) is not None:
        return all(is_positive(piece, depth) for piece in pieces)
    factored = _factor(expr)
    if factored.is_positive or _positive_polynomial(factored):
        return True
    if isinstance(factored, sp.Pow) and is_positive(factored.base, depth):
        return True
    if isinstance(factored, sp.Mul) and _factors_positive(factored, depth):
        return True
    if _fraction_keeps(factored, strict=True) or _square_completes(factored, strict=True):
        return True
    if expr.has(*PIECES) and depth > 0:
        pieces = split_at_kink(expr, strict=True)
        return pieces is not None and all(is_positive(piece, depth - 1) for piece in pieces)
    return depth > 0 and any(
        _strictly_monotone(form, depth - 1) or _touches_strictly(form, depth - 1)
        for form in dict.fromkeys((factored, expr, _without_roots(expr)))
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
    """Rising from a limit >= 0 at the lower end, or falling to one at infinity, in some variable."""
    for x in sorted(expr.free_symbols, key=str):
        if not x.is_real or not is_smooth(expr, x):
            continue
        slope = sp.diff(expr, x)
        for sign, end in _ends(x):
            if is_positive(sign * slope, depth) and _limit_nonnegative(expr, x, end, depth):
                return True
    return False


def _touches_strictly(expr: sp.Expr, depth: int) -> bool:
    """Convex, with a minimum > 0 at a root of a simple slope."""
    for x in sorted(expr.free_symbols, key=str):
        if not x.is_real or not is_smooth(expr, x):
            continue
        slope = sp.diff(expr, x)
        for at in _stationary_points(slope, x):
            if is_positive(expr.subs(x, at), depth) and is_nonnegative(sp.diff(slope, x), depth):
                return True
    return False


def _ends(x: sp.Symbol) -> tuple[tuple[int, sp.Expr], ...]:
    return ((1, sp.S.Zero if x.is_positive else -sp.oo), (-1, sp.oo))


def _limit_nonnegative(expr: sp.Expr, x: sp.Symbol, end: sp.Expr, depth: int) -> bool:
    from .limits import NoLimit, one_sided  # limits ask for signs, and signs for limits

    try:
        value = one_sided(expr, x, end, from_below=end is sp.oo)
    except NoLimit:
        return False
    return value is sp.oo or is_nonnegative(value, depth)


def _positive_polynomial(expr: sp.Expr) -> bool:
    numerator, denominator = sp.fraction(sp.together(expr))
    return all(
        all(term.is_positive for term in sp.Add.make_args(sp.expand(part)))
        for part in (numerator, denominator)
    )


# --- not negative -------------------------------------------------------------------------------


@within_budget
def is_nonnegative(expr: sp.Expr, depth: int = CALCULUS_DEPTH, cases: int = CASES_DEPTH) -> bool:
    """True when `expr` >= 0 is shown for all values of its symbols."""
    if expr.has(Total):
        return False
    if expr.has(*BINDERS):
        return is_nonnegative(names_for(expr, _signed_name), depth, cases)
    if (cases_of := _zero_or_more(expr)) is not None:
        return all(is_nonnegative(case, depth, cases) for case in cases_of)
    if expr.has(sp.nan, sp.zoo) or _somewhere(expr, strictly_below=True):
        return False
    if expr.is_nonnegative:
        return True
    if expr.is_negative:
        return False
    if (pieces := branches(expr)) is not None:
        return all(is_nonnegative(piece, depth, cases) for piece in pieces)
    if is_zero(expr):
        return True
    if is_wild(expr):
        return False
    if isinstance(expr, sp.Pow) and expr.exp == sp.S.Half:
        return True  # a root that is real
    if expr.has(sp.tanh, sp.sinh, sp.cosh):
        return is_nonnegative(without_exponentials(expr.rewrite(sp.exp)), depth, cases)
    factored = _factor(expr)
    if factored.is_nonnegative or _factors_nonnegative(factored, depth):
        return True
    forms = dict.fromkeys((factored, expr))
    if any(_terms_nonnegative(form) or _square_completes(form) for form in forms):
        return True
    if _fraction_keeps(factored, strict=False):
        return True
    if _squares_compare(expr, depth):
        return True
    if expr.has(*PIECES) and cases > 0:
        return _by_cases(expr, depth, cases - 1)
    if (rooted := _without_roots(expr)) != expr:
        if is_nonnegative(rooted, depth, cases):
            return True
    return depth > 0 and _by_calculus(expr, depth)


def _by_cases(expr: sp.Expr, depth: int, cases: int) -> bool:
    """Nonnegative in every case of a kink: on both sides of it, or for both values it can have."""
    pieces = split_at_kink(expr, strict=False)
    if pieces is not None and all(is_nonnegative(piece, depth, cases) for piece in pieces):
        return True
    for node in sorted(expr.atoms(*PIECES), key=str):
        values = (node.args[0], -node.args[0]) if isinstance(node, sp.Abs) else node.args
        return all(is_nonnegative(expr.xreplace({node: v}), depth, cases) for v in values)
    return False


def split_at_kink(expr: sp.Expr, *, strict: bool) -> list[sp.Expr] | None:
    """`expr` before, after (and, with `strict`, at) one kink x = c, with the kink resolved there.

    None where no kink is affine in a symbol with a place that is clear. Without `strict` the place
    itself is the limit of both sides: what is continuous and not negative there is so at it.
    """
    expr = plain(expr)
    for node in sorted(expr.atoms(sp.Abs), key=lambda n: (sp.count_ops(n), str(n))):
        argument = node.args[0]
        for x in sorted(argument.free_symbols, key=lambda s: (not s.is_positive, str(s))):
            if not argument.is_polynomial(x) or sp.degree(argument, x) != 1:
                continue
            slope = sp.diff(argument, x)
            direction = 1 if is_positive(slope) else (-1 if is_positive(-slope) else 0)
            if not direction:
                continue
            place = sp.cancel(-argument.subs(x, 0) / slope)
            sides = _sides(x, place)
            if sides is None:
                continue
            s = fresh(f"{x.name}''", expr, positive=True)
            found = []
            for value, side in sides(s):
                resolved = expr.xreplace({node: side * direction * argument})
                found.append(resolved.subs(x, value))
            if (strict or expr.has(sp.sign)) and len(found) == 2:
                found.append(expr.subs(x, place))
            return found
    return None


def _sides(x: sp.Symbol, place: sp.Expr):  # type: ignore[no-untyped-def]
    """x on each side of `place`, as (value, sign of x - place) in a positive symbol s."""
    if not x.is_positive:
        return lambda s: ((place + s, 1), (place - s, -1))
    if is_positive(place, 1):
        return lambda s: ((place + s, 1), (place / (1 + s), -1))
    if is_nonnegative(-place, 1):
        return lambda s: ((s, 1),)
    return None


def _squares_compare(expr: sp.Expr, depth: int) -> bool:
    """x + y >= 0 from x^2 >= y^2, for x = sqrt(...) >= 0."""
    terms = sp.Add.make_args(expr)
    if len(terms) != 2 or depth == 0:
        return False
    for x, y in (terms, terms[::-1]):
        if any(isinstance(f, sp.Pow) and f.exp == sp.S.Half for f in sp.Mul.make_args(x)):
            gap = sp.Mul(*(f**2 for f in sp.Mul.make_args(x))) - sp.expand(_square(y))
            if is_nonnegative(x, depth - 1) and is_nonnegative(gap, depth - 1):
                return True
    return False


def _square(y: sp.Expr) -> sp.Expr:
    """y^2, |a|^2 written as a^2."""
    return sp.Mul(*(f.args[0] ** 2 if isinstance(f, sp.Abs) else f**2 for f in sp.Mul.make_args(y)))


def _somewhere(expr: sp.Expr, *, strictly_below: bool) -> bool:
    """A ball below zero (or, for the strict question, at most zero) at a generic point."""
    for values in spots(expr):
        try:
            ball = enclose(expr, values, digits=15)
        except NO_BALL:
            continue
        if ball < 0 or (not strictly_below and ball <= 0):
            return True
    return False


def _factor(expr: sp.Expr) -> sp.Expr:
    resolved = open_logs(expr).replace(sp.Abs, lambda a: sp.Abs(sp.factor(sp.together(a))))
    return sp.factor(sp.together(resolved), deep=False)


def _without_roots(expr: sp.Expr) -> sp.Expr:
    """u^(1/q) as a positive symbol w, u = w^q."""
    for x in sorted(expr.free_symbols, key=str):
        powers = [p for p in expr.atoms(sp.Pow) if p.base == x and p.exp.is_Rational]
        q = lcm(1, *(int(p.exp.q) for p in powers))
        if x.is_positive and 1 < q <= LARGEST_ROOT:
            expr = expr.subs(x, fresh(f"{x.name}''root", expr, positive=True) ** q)
    return expr


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


def _fraction_keeps(expr: sp.Expr, *, strict: bool) -> bool:
    """A quotient of polynomials in one variable, each of one sign by Sturm's theorem."""
    numerator, denominator = sp.fraction(expr)
    if denominator.free_symbols and not keeps_positive(denominator, strict=True):
        return False
    if not denominator.free_symbols and not denominator.is_positive:
        return False
    return keeps_positive(numerator, strict=strict) or (not strict and is_sum_of_squares(numerator))


def _terms_nonnegative(expr: sp.Expr) -> bool:
    numerator, denominator = sp.fraction(expr)
    if denominator != 1 and not is_positive(denominator):
        return False
    return all(term.is_nonnegative for term in sp.Add.make_args(sp.expand(numerator)))


def _square_completes(expr: sp.Expr, *, strict: bool = False) -> bool:
    """a x^2 + b x + c with a > 0 and b^2 <= 4ac (or <), in some real x."""
    numerator, denominator = sp.fraction(expr)
    if denominator != 1 and not is_positive(denominator):
        return False
    for x in sorted(numerator.free_symbols, key=str):
        if not x.is_real or not numerator.is_polynomial(x) or sp.degree(numerator, x) != 2:
            continue
        a, b, c = sp.Poly(numerator, x).all_coeffs()
        gap = sp.factor(4 * a * c - b**2)
        if is_positive(a) and (is_positive(gap, 0) if strict else _terms_nonnegative(gap)):
            return True
    return False


# --- calculus in one variable -------------------------------------------------------------------


def _by_calculus(expr: sp.Expr, depth: int) -> bool:
    for x in sorted(expr.free_symbols, key=str):
        if not x.is_real or not is_smooth(expr, x):
            continue
        slope = sp.diff(expr, x)
        for touch in _touching_points(expr, slope, x):
            if touches(expr, x, touch, depth - 1):
                return True
        for sign, end in _ends(x):
            if is_nonnegative(sign * slope, depth - 1) and _limit_nonnegative(
                expr, x, end, depth - 1
            ):
                return True
    return False


def _touching_points(expr: sp.Expr, slope: sp.Expr, x: sp.Symbol) -> Iterator[sp.Expr]:
    """Where value and slope are both zero: 1, the other symbols, and roots of a simple slope."""
    candidates = [sp.S.One, sp.S.Zero, sp.S.Half, *sorted(expr.free_symbols - {x}, key=str)]
    for candidate in (*candidates, *_stationary_points(slope, x)):
        if x.is_positive and not candidate.is_positive:
            continue
        try:
            value, at = expr.subs(x, candidate), slope.subs(x, candidate)
        except FAILURES:
            continue
        if not value.has(sp.nan, sp.zoo) and is_zero(value) and is_zero(at):
            yield candidate


@lru_cache(maxsize=2_000)
def _stationary_points(slope: sp.Expr, x: sp.Symbol) -> tuple[sp.Expr, ...]:
    """Real roots of a simple slope, in the domain; each use checks it again."""
    found = []
    for root in _roots(sp.numer(sp.together(slope)), x):
        real = root.is_real and not root.has(sp.nan, sp.zoo, sp.oo)
        if real and (not x.is_positive or is_positive(root, 0)):
            found.append(root)
    return tuple(found)


def _roots(slope: sp.Expr, x: sp.Symbol) -> Iterator[sp.Expr]:
    """Where a g(x) + b is zero, for g = log, exp, a power, or a quadratic."""
    if slope.is_polynomial(x) and 0 < sp.degree(slope, x) <= 2:
        a, *_ = sp.Poly(slope, x).all_coeffs()
        yield from sp.roots(sp.Poly(slope, x)) if a.is_nonzero else ()
        return
    for g in sorted(slope.atoms(sp.log, sp.exp, sp.Pow), key=str):
        if not g.has(x):
            continue
        y = fresh("y''", slope)
        opened = sp.expand_log(slope) if isinstance(g, sp.log) else slope
        linear = sp.expand(opened).subs(g, y)
        if linear.has(x) or not linear.is_polynomial(y) or sp.degree(linear, y) != 1:
            continue
        value = sp.cancel(-linear.subs(y, 0) / sp.diff(linear, y))
        if isinstance(g, sp.log) and g.args[0] == x:
            yield sp.exp(value)
        elif isinstance(g, sp.exp) and (rate := sp.diff(g.args[0], x)) and not rate.has(x):
            if value.is_positive:
                yield (sp.log(value) - g.args[0].subs(x, 0)) / rate
        elif isinstance(g, sp.Pow) and g.base == x and not g.exp.has(x) and value.is_positive:
            yield value ** (1 / g.exp)


def touches(expr: sp.Expr, x: sp.Symbol, at: sp.Expr, depth: int = CALCULUS_DEPTH) -> bool:
    """expr = 0 = slope at a point of x's domain, and it is convex in x, or its slope turns there.

    Raises nothing; a point that is not shown to be real and in the domain touches nothing.
    """
    if not at.is_real or (x.is_positive and not is_positive(at)) or not is_smooth(expr, x):
        return False
    slope = sp.diff(expr, x)
    if not (is_zero(expr.subs(x, at)) and is_zero(slope.subs(x, at))):
        return False
    if is_nonnegative(sp.diff(slope, x), depth):
        return True
    s = fresh("s''", expr, at, positive=True)
    below = at / (1 + s) if x.is_positive else at - s
    return is_nonnegative(slope.subs(x, at + s), depth) and is_nonnegative(
        -slope.subs(x, below), depth
    )
