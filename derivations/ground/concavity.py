"""Is a supremum's objective concave?"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from ..words.language import Interval
from .fresh import fresh
from .signs import is_nonnegative, is_smooth


@lru_cache(maxsize=2_000)
def is_concave(g: sp.Expr, u: sp.Symbol, bounds: tuple[sp.Expr, sp.Expr]) -> bool:
    """-g'' >= 0 on the interval, terms c |affine| and c max(affine, ...) with c <= 0 set apart."""
    smooth = sp.S.Zero
    for term in sp.Add.make_args(sp.expand(g)):
        coefficient, kinked = term.as_independent(sp.Abs, sp.Max, as_Add=False)
        if kinked == 1:
            smooth += term
            continue
        affine = all(arg.is_polynomial(u) and sp.diff(arg, u, 2) == 0 for arg in kinked.args)
        constant = not coefficient.has(u)
        if not (affine and constant and isinstance(kinked, sp.Abs | sp.Max)):
            return False
        if not is_nonnegative(-coefficient):
            return False
    bend = -sp.diff(smooth, u, 2)
    moved, parameter = Interval(*bounds).parametrised(fresh("c''", g, *bounds).name)
    if not is_smooth(smooth.subs(u, moved), parameter):
        return False
    return bend == 0 or is_nonnegative(sp.together(bend.subs(u, moved)))
