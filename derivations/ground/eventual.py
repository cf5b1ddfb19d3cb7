"""What holds for all large y: which branch of |.|, max and min, and which sign."""

from __future__ import annotations

import sympy as sp

from .signs import is_nonnegative, is_positive


class NoLimit(ValueError):
    """No limit is shown; the message says what was missing."""


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
