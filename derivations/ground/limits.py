"""One-sided limits by sympy, under the conditions that make its answer trustworthy.

sympy takes a kink's or a jump's branch as it meets it; here |g| and max(g, ...) are first resolved
into the one piece that holds near the point, which is shown and not guessed: the piece must be
the largest one from some point on.
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp
from flint import arb

from divergences.enclosure import enclose

from .fresh import fresh
from .oracle import limit
from .signs import is_nonnegative, is_positive, is_smooth_at_zero
from .zero import NO_BALL, spots

NEAR = (30, 3000)  # two places, 2^-30 and 2^-3000 from an end: even logarithms differ there
JUMPS = (sp.Piecewise, sp.sign, sp.Heaviside, sp.floor, sp.ceiling)  # not continuous


class NoLimit(ValueError):
    """No limit is shown; the message says what was missing."""


@lru_cache(maxsize=4_000)
def limit_of(node: sp.Limit) -> sp.Expr:
    """The value of a `Limit`: a real number, or an infinity. Raises `NoLimit`."""
    g, x, end, side = node.args
    if str(side) not in ("+", "-"):
        raise NoLimit(f"{node} has two sides")
    return one_sided(g, x, end, from_below=end is sp.oo or (str(side) == "-" and end is not -sp.oo))


def one_sided(g: sp.Expr, x: sp.Symbol, end: sp.Expr, *, from_below: bool) -> sp.Expr:
    """lim g as x -> end, from below or from above. Raises `NoLimit`."""
    if g.has(*JUMPS):
        raise NoLimit(f"{g} may jump")
    if not g.has(x):
        return g
    if g.is_rational_function(x) and not (short := sp.cancel(sp.together(g))).has(x):
        return short
    if end.is_finite is not False and not g.has(sp.Abs, sp.Max, sp.Min):
        h = fresh("h''", g, end, real=True)
        if is_smooth_at_zero(g.subs(x, end + h), h):
            return g.subs(x, end)
    if g.free_symbols - {x} and (unsettled := _unsettled(g, x, end, from_below)):
        raise NoLimit(f"the limit of {g} depends on whether {unsettled} is zero")
    if g.has(sp.Max, sp.Min, sp.Abs):
        y = fresh("y''", g, end, positive=True)
        moved = g.subs(x, _towards(end, y, from_below))
        return _sympys(resolved(moved, y), y, sp.oo, "-")
    return _sympys(g, x, end, "-" if from_below else "+")


def _unsettled(g: sp.Expr, x: sp.Symbol, end: sp.Expr, from_below: bool) -> sp.Expr | None:
    """A coefficient that decides the limit and is not shown to differ from zero; None if all are.

    sympy answers for generic parameters: (c x + 1)/(c x + 2) tends to 1 but where c = 0. Asked is
    each sum inside of g for the coefficients of its terms, but for those that are dwarfed near the
    end by a term whose coefficient is settled. A term without x that is added to the whole decides
    nothing.
    """
    for term in sp.Add.make_args(sp.expand(g) if g.is_Add else g):
        _, moving = term.as_independent(x, as_Add=False)
        for node in sp.preorder_traversal(moving):
            if isinstance(node, sp.Pow) and not node.exp.has(x) and not _settled(node.exp):
                return node.exp
            if not isinstance(node, sp.Add) or not node.has(x):
                continue
            parts = _coefficients(node, x)
            loose = [part for part, c in parts.items() if not _settled(c)]
            if not loose:
                continue
            sizes = {part: _sizes(part, x, end, from_below) for part in parts}
            firm = [sizes[part] for part in parts if part not in loose]
            for part in loose:
                if not any(_dwarfed(sizes[part], large) for large in firm):
                    return parts[part]
    return None


def _coefficients(total: sp.Add, x: sp.Symbol) -> dict[sp.Expr, sp.Expr]:
    """Of each function of x in the expanded sum, and (of 1) the part without x."""
    found: dict[sp.Expr, sp.Expr] = {}
    for term in sp.Add.make_args(sp.expand(sp.expand_log(sp.expand(total)))):
        coefficient, moving = term.as_independent(x, as_Add=False)
        found[moving] = found.get(moving, sp.S.Zero) + coefficient
    return {part: c for part, c in ((p, sp.factor(c)) for p, c in found.items()) if c != 0}


def _sizes(part: sp.Expr, x: sp.Symbol, end: sp.Expr, from_below: bool) -> list[arb] | None:
    """|part| at a place near the end and at one much nearer, for generic parameters."""
    values = next(spots(part + end if end.is_finite is not False else part))
    found = []
    for k in NEAR:
        h = sp.Rational(1, 2**k)
        if end.is_infinite:
            at = (1 if end is sp.oo else -1) / h
        else:
            at = end.subs(values) + (-h if from_below else h)
        try:
            found.append(abs(enclose(part, {**values, x: at}, digits=10)))
        except NO_BALL:
            return None
    return found


def _dwarfed(small: list[arb] | None, large: list[arb] | None) -> bool:
    """Does the ratio fall from the one place to the other, as an order smaller does?"""
    if small is None or large is None or not all(size > 0 for size in large):
        return False
    return bool(4 * small[1] * large[0] < small[0] * large[1])


def _settled(coefficient: sp.Expr) -> bool:
    return not coefficient.free_symbols or is_positive(coefficient) or is_positive(-coefficient)


def _towards(end: sp.Expr, y: sp.Symbol, from_below: bool) -> sp.Expr:
    """x as a function of y -> oo."""
    if end is sp.oo:
        return y
    if end is -sp.oo:
        return -y
    return end - 1 / y if from_below else end + 1 / y


def _sympys(g: sp.Expr, x: sp.Symbol, end: sp.Expr, side: str) -> sp.Expr:
    value = limit(g, x, end, side)
    if value is None:
        raise NoLimit(f"no real limit of {g} at {end} is known")
    return value


def resolved(g: sp.Expr, y: sp.Symbol) -> sp.Expr:
    """g near y = oo, with |a|, max and min replaced by the piece that holds from some y on."""

    def absolute(arg: sp.Expr) -> sp.Expr:
        if not arg.has(y):
            return sp.Abs(arg)
        if eventually_nonnegative(arg, y):
            return arg
        if eventually_nonnegative(-arg, y):
            return -arg
        raise NoLimit(f"the sign of {arg} is not clear in the end")

    def largest(*args: sp.Expr) -> sp.Expr:
        for arg in args:
            if all(arg is other or eventually_nonnegative(arg - other, y) for other in args):
                return arg
        raise NoLimit(f"it is not clear which of {args} is the largest in the end")

    def extreme(node: sp.Expr) -> sp.Expr:
        if not node.has(y):
            return node
        if isinstance(node, sp.Max):
            return largest(*node.args)
        return -largest(*(-arg for arg in node.args))

    while nodes := [n for n in g.atoms(sp.Abs, sp.Max, sp.Min) if n.has(y)]:
        inner = min(nodes, key=lambda n: (sp.count_ops(n), str(n)))
        piece = absolute(inner.args[0]) if isinstance(inner, sp.Abs) else extreme(inner)
        g = g.xreplace({inner: piece})
    return g


def eventually_nonnegative(arg: sp.Expr, y: sp.Symbol) -> bool:
    """Shown to be >= 0 for all large y: everywhere, or by its leading coefficient in y."""
    arg = sp.together(sp.expand(arg))
    if arg == 0 or is_nonnegative(arg):
        return True
    numerator, denominator = sp.fraction(arg)
    signs = [_leading_sign(part, y) for part in (numerator, denominator)]
    return None not in signs and signs[0] == signs[1]


def _leading_sign(part: sp.Expr, y: sp.Symbol) -> int | None:
    """The sign of a polynomial for all large y, from its leading coefficient."""
    if not part.is_polynomial(y):
        return 1 if is_positive(part) else (-1 if is_positive(-part) else None)
    leading = sp.Poly(part, y).LC()
    return 1 if is_positive(leading) else (-1 if is_positive(-leading) else None)
