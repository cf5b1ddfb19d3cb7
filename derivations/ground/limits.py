"""One-sided limits by sympy, under the conditions that make its answer trustworthy.

sympy takes a kink's or a jump's branch as it meets it; here |g| and max(g, ...) are first resolved
into the one piece that holds near the point, which is shown and not guessed: the piece must be
the largest one from some point on.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

import sympy as sp
from flint import arb

from divergences.enclosure import enclose

from .eventual import NoLimit, resolved
from .fresh import fresh
from .growth import NotBounded, lower, outgrows, upper
from .oracle import limit
from .signs import is_positive, is_smooth_at_zero
from .zero import NO_BALL

NEAR = (30, 3000)  # two places, 2^-30 and 2^-3000 from an end: even logarithms differ there
UNORDERED = (sp.gamma, sp.loggamma, sp.polygamma, sp.erfc, sp.LambertW)
JUMPS = (sp.Piecewise, sp.sign, sp.Heaviside, sp.floor, sp.ceiling)  # not continuous


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
    y = fresh("y''", g, end, positive=True)
    moved = g.subs(x, _towards(end, y, from_below))
    parts = _coefficients(_split_logs(moved, y), y)
    if (value := _added_up(parts, y)) is not None:
        return value
    if unsettled := _unsettled(parts, y):
        raise NoLimit(f"the limit of {g} depends on {unsettled}")
    if g.has(sp.Max, sp.Min, sp.Abs):
        return _sympys(resolved(moved, y), y, sp.oo, "-")
    return _sympys(g, x, end, "-" if from_below else "+")


# --- what sympy guesses ---------------------------------------------------------------------------


def _unsettled(parts: dict[sp.Expr, sp.Expr], y: sp.Symbol) -> str | None:
    """What decides the limit and is not shown, in words; None where all is settled.

    `parts` are the functions of y whose sum it is, each with its coefficient.

    sympy answers for generic parameters: (c x + 1)/(c x + 2) tends to 1 but where c = 0, and of
    x^a + x it takes one term for the larger. So each sum inside of g is asked for the coefficients
    of its terms, and, where terms hold parameters, which of any two outgrows the other. Of g itself,
    as a sum, only the terms that are not bounded matter: the others have limits that add up.
    """
    if unclear := _unclear({part: c for part, c in parts.items() if not _bounded(part, y)}, y):
        return unclear
    for part in parts:
        for node in sp.preorder_traversal(part):
            if isinstance(node, sp.Mul) and not _growth_is_known(node, y):
                return f"which factor of {node} is the stronger"
            if isinstance(node, sp.Pow) and not node.exp.has(y) and not _settled(node.exp):
                return f"whether {node.exp} is zero"
            if isinstance(node, sp.Pow) and node.base.has(y) and node.exp.has(y):
                if node.free_symbols - {y}:
                    return f"how {node} grows"
            if isinstance(node, sp.Add) and node.has(y):
                if unclear := _unclear(_coefficients(node, y), y):
                    return unclear
    return None


def _growth_is_known(product: sp.Mul, y: sp.Symbol) -> bool:
    """Is it shown which of the factors wins? sympy guesses where parameters are in their exponents,
    or stand beside a function without an order of growth."""
    moving = [factor for factor in product.args if factor.has(y)]
    if len(moving) < 2 or product.free_symbols <= {y} or all(_bounded(f, y) for f in moving):
        return True
    rates = [power.exp for power in product.atoms(sp.Pow, sp.exp)]
    if not product.has(*UNORDERED) and all(rate.free_symbols <= {y} for rate in rates):
        return True
    try:
        if all(order.vanishes() for order in upper(product, y)):
            return True
        return lower(product, y).raised(sp.S.NegativeOne).vanishes()
    except NotBounded:
        return False


def _unclear(parts: dict[sp.Expr, sp.Expr], y: sp.Symbol) -> str | None:
    """Which term of a sum decides, or with what sign, where that is not shown."""
    for one, other in combinations(parts, 2):
        if not (one.free_symbols | other.free_symbols) <= {y} and not (
            outgrows(one, other, y) or outgrows(other, one, y)
        ):
            return f"which of {one} and {other} is the larger"
    firm = [part for part, c in parts.items() if _settled(c)]
    for part, c in parts.items():
        if part not in firm and not any(_dwarfed(part, large, y) for large in firm):
            return f"whether {c} is zero"
    return None


def _split_logs(g: sp.Expr, y: sp.Symbol) -> sp.Expr:
    """log h as log(c Y^n) + log(h/(c Y^n)), for h that is rational in Y = y or e^y and so grows."""
    e = fresh("e''", g, positive=True)

    def split(argument: sp.Expr) -> sp.Expr:
        for h, back in ((argument, y), (argument.subs(sp.exp(y), e), sp.exp(y))):
            variable = y if back is y else e
            whole = sp.together(h)
            if not (whole.has(variable) and whole.is_rational_function(variable)):
                continue
            if whole.has(y) and variable is e:
                continue
            top, bottom = (sp.Poly(part, variable) for part in sp.fraction(whole))
            c, n = sp.factor(top.LC() / bottom.LC()), top.degree() - bottom.degree()
            if is_positive(c):
                beyond = sp.factor(sp.together(whole / (c * variable**n) - 1))
                logs = sp.expand_log(sp.log(c)) + n * sp.log(back)
                return logs + sp.log(1 + beyond.subs(e, back))
        return sp.log(argument)

    return sp.expand_log(g).replace(sp.log, split)


def _added_up(parts: dict[sp.Expr, sp.Expr], y: sp.Symbol) -> sp.Expr | None:
    """The sum of the parts' limits where each is clear, or the infinity that one part decides."""
    known = {part: _plain_limit(part, y) for part in parts}
    open_ones = [part for part, value in known.items() if value is None]
    if not open_ones:
        return sp.Add(*(parts[part] * value for part, value in known.items()))
    for top in open_ones:
        if top.is_positive and all(outgrows(top, o, y) for o in (*open_ones, sp.S.One) if o != top):
            return {1: sp.oo, -1: -sp.oo}.get(_sign(parts[top]))
    return None


def _plain_limit(part: sp.Expr, y: sp.Symbol) -> sp.Expr | None:
    """Of what is constant, vanishes, or is a quotient of polynomials of one degree."""
    if not part.has(y):
        return part
    try:
        if all(order.vanishes() for order in upper(part, y)):
            return sp.S.Zero
    except NotBounded:
        return None
    if part.is_rational_function(y):
        top, bottom = (sp.Poly(side, y) for side in sp.fraction(sp.together(part)))
        if top.degree() == bottom.degree() and _settled(bottom.LC()):
            return top.LC() / bottom.LC()
    return None


def _sign(coefficient: sp.Expr) -> int:
    return 1 if is_positive(coefficient) else (-1 if is_positive(-coefficient) else 0)


def _bounded(part: sp.Expr, y: sp.Symbol) -> bool:
    try:
        return all(order.bounded() for order in upper(part, y))
    except NotBounded:
        return False


def _coefficients(total: sp.Expr, x: sp.Symbol) -> dict[sp.Expr, sp.Expr]:
    """Of each function of x in the expanded sum, and (of 1) the part without x."""
    found: dict[sp.Expr, sp.Expr] = {}
    for term in sp.Add.make_args(sp.expand(sp.expand_log(sp.expand(total)))):
        top, bottom = sp.fraction(term)
        apart = sp.powsimp(top / sp.factor(bottom)) if bottom.has(x) else term
        coefficient, moving = apart.as_independent(x, as_Add=False)
        found[moving] = found.get(moving, sp.S.Zero) + coefficient
    return {part: c for part, c in ((p, sp.factor(c)) for p, c in found.items()) if c != 0}


def _dwarfed(small: sp.Expr, large: sp.Expr, y: sp.Symbol) -> bool:
    """Is small/large shown to vanish, or, without parameters, seen to fall as an order smaller does?"""
    if outgrows(large, small, y):
        return True
    if not (small.free_symbols | large.free_symbols) <= {y}:
        return False
    sizes = [[abs(ball) for ball in _at_places(part, y)] for part in (small, large)]
    if not all(sizes) or not all(size > 0 for size in sizes[1]):
        return False
    (small_near, small_far), (large_near, large_far) = sizes
    return bool(4 * small_far * large_near < small_near * large_far)


def _at_places(part: sp.Expr, y: sp.Symbol) -> list[arb]:
    try:
        return [enclose(part, {y: sp.Integer(2) ** k}, digits=10) for k in NEAR]
    except NO_BALL:
        return []


def _settled(coefficient: sp.Expr) -> bool:
    return _sign(coefficient) != 0


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
