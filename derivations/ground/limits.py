"""One-sided limits by sympy, under the conditions that make its answer trustworthy.

sympy takes a kink's or a jump's branch as it meets it; here |g| and max(g, ...) are first resolved
into the one piece that holds near the point, which is shown and not guessed: the piece must be
the largest one from some point on.
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from .oracle import limit
from .signs import is_nonnegative, is_positive

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
    if g.has(sp.Max, sp.Min, sp.Abs):
        y = sp.Symbol("y''", positive=True)
        moved = g.subs(x, _towards(end, y, from_below))
        return _sympys(resolved(moved, y), y, sp.oo, "-")
    return _sympys(g, x, end, "-" if from_below else "+")


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
