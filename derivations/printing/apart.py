"""A bound variable printed under a name that is free nowhere in what binds it.

sup over u > u of -u, the mean of x under N(x, 1): the two u, the two x are different numbers, and
on paper they need different letters. The tree keeps its own names; only the display changes.
"""

from __future__ import annotations

from itertools import count

import sympy as sp

from ..words.language import Supremum
from ..words.names import split
from ..words.word import Word, renamed


def apart(expr: sp.Basic) -> sp.Basic:
    """`expr` with its own bound variables renamed where their names are free in it as well."""
    match expr:
        case Word():
            arguments = expr.apart()
            return expr if arguments == expr.args else expr.func(*arguments)
        case Supremum() if expr.variable in expr.free_symbols:
            new = _beside(expr, expr.variable)
            return Supremum(renamed(expr.objective, expr.variable, new), new, *expr.bounds)
        case sp.Integral():
            return _integral(expr)
    return expr


def _integral(expr: sp.Integral) -> sp.Integral:
    """The innermost variable stands first; an end may name the variables further out."""
    function, limits = expr.function, [tuple(limit) for limit in expr.limits]
    for i, (x, *_) in enumerate(limits):
        if not any(x in end.free_symbols for _, *ends in limits[i:] for end in ends):
            continue
        new = _beside(expr, x)
        function = renamed(function, x, new)
        for j in range(i):
            limits[j] = (limits[j][0], *(renamed(end, x, new) for end in limits[j][1:]))
        limits[i] = (new, *limits[i][1:])
        with sp.evaluate(False):
            expr = sp.Integral(function, *limits)
    return expr


def _beside(expr: sp.Basic, x: sp.Symbol) -> sp.Symbol:
    taken = {s.name for s in expr.atoms(sp.Symbol)}
    names = (f"{split(x.name)[0]}_{i}" for i in count(1))
    return sp.Symbol(next(n for n in names if n not in taken and n.replace("_", "") not in taken))
