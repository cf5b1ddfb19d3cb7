"""How fast a function may grow: upper and lower bounds C y^k e^(sum of c y^m) as y -> oo.

An integral converges absolutely at an end when every term of an upper bound of |f| there does:
its exponential part falls, or it has none and k < -1. A finite end e is moved to infinity by
x = e +- 1/y. Coefficients may hold parameters; each sign that decides is shown by `signs`.
Logarithms cost an arbitrarily small power, which the strict inequality absorbs.

The same comparison of growth orders as in Hardy, "Orders of infinity" (1910).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import sympy as sp

from .eventual import NoLimit, resolved
from .fresh import fresh
from .signs import is_nonnegative, is_positive

BOUNDED = (sp.erf, sp.erfc, sp.tanh, sp.sin, sp.cos, sp.sign, sp.atan)
MOST_TERMS = 60


class NotBounded(ValueError):
    """No bound of this form is known."""


@dataclass(frozen=True)
class Order:
    """y^power e^(sum of rate y^m over (m, rate) in rates), m > 0, times a constant; with `logs`,
    times some power of log y as well."""

    power: sp.Expr = sp.S.Zero
    rates: tuple[tuple[sp.Expr, sp.Expr], ...] = ()
    logs: bool = False

    def __mul__(self, other: Order) -> Order:
        found = dict(self.rates)
        for m, rate in other.rates:
            found[m] = sp.cancel(found.get(m, 0) + rate)
        power = sp.cancel(self.power + other.power)
        return Order(power, _tidy(found), self.logs or other.logs)

    def raised(self, r: sp.Expr) -> Order:
        rates = {m: sp.cancel(c * r) for m, c in self.rates}
        return Order(sp.cancel(self.power * r), _tidy(rates), self.logs)

    def integrable(self) -> bool:
        """Is the integral of y^power e^(...) over (1, oo) shown to be finite?"""
        for _, rate in sorted(self.rates, key=lambda pair: pair[0], reverse=True):
            return is_positive(-rate)  # the leading one decides, and it is not zero
        return is_positive(-1 - self.power)

    def vanishes(self) -> bool:
        """Is the limit at oo shown to be 0?"""
        for _, rate in sorted(self.rates, key=lambda pair: pair[0], reverse=True):
            return is_positive(-rate)
        return is_positive(-self.power)

    def bounded(self) -> bool:
        if self.rates:
            return self.integrable()
        return is_positive(-self.power) if self.logs else is_nonnegative(-self.power)


def _tidy(rates: dict[sp.Expr, sp.Expr]) -> tuple[tuple[sp.Expr, sp.Expr], ...]:
    return tuple(sorted(((m, c) for m, c in rates.items() if c != 0), key=lambda p: p[0]))


ONE = Order()


def upper(expr: sp.Expr, y: sp.Symbol) -> set[Order]:
    """|expr| is at most a constant times the sum of these, for large y."""
    if not expr.has(y):
        return {ONE}
    if expr == y:
        return {Order(sp.S.One)}
    if isinstance(expr, sp.Add):
        return set().union(*(upper(arg, y) for arg in expr.args))
    if isinstance(expr, sp.Mul):
        found = {ONE}
        for arg in expr.args:
            found = {a * b for a, b in product(found, upper(arg, y))}
            if len(found) > MOST_TERMS:
                raise NotBounded(f"too many terms in {expr}")
        return found
    if isinstance(expr, sp.exp):
        return {_exponential(expr.args[0], y)}
    if isinstance(expr, sp.Pow):
        return _power(expr, y)
    if isinstance(expr, sp.log):
        return _logarithm(expr.args[0], y)
    if isinstance(expr, sp.Abs):
        return upper(expr.args[0], y)
    if isinstance(expr, sp.Max | sp.Min):
        return set().union(*(upper(arg, y) for arg in expr.args))
    if isinstance(expr, sp.Piecewise):
        return set().union(*(upper(value, y) for value, _ in expr.args))
    if isinstance(expr, BOUNDED):
        return {ONE}
    raise NotBounded(f"no bound of {expr} is known for large {y}")


def lower(expr: sp.Expr, y: sp.Symbol) -> Order:
    """|expr| is at least a positive constant times this, for large y."""
    if not expr.has(y):
        if is_positive(expr) or is_positive(-expr):
            return ONE
        raise NotBounded(f"{expr} is not shown to differ from zero")
    if expr == y:
        return Order(sp.S.One)
    if isinstance(expr, sp.Mul):
        found = ONE
        for arg in expr.args:
            found = found * lower(arg, y)
        return found
    if isinstance(expr, sp.exp):
        return _exponential(expr.args[0], y)
    if isinstance(expr, sp.Pow) and not expr.exp.has(y):
        if is_nonnegative(expr.exp):
            return lower(expr.base, y).raised(expr.exp)
        bounds = upper(expr.base, y)
        if is_nonnegative(-expr.exp) and len(bounds) == 1 and not any(b.logs for b in bounds):
            return bounds.pop().raised(expr.exp)
    if isinstance(expr, sp.Abs):
        return lower(expr.args[0], y)
    if expr.is_polynomial(y):
        poly = sp.Poly(expr, y)
        if is_positive(poly.LC()) or is_positive(-poly.LC()):
            return Order(sp.Integer(poly.degree()))
    if isinstance(expr, sp.Add):
        together = sp.factor(sp.together(expr))
        if not isinstance(together, sp.Add):
            numerator, denominator = sp.fraction(together)
            if denominator != 1 and denominator.has(y):
                bounds = upper(denominator, y)
                if len(bounds) == 1 and not any(b.logs for b in bounds):
                    return lower(numerator, y) * bounds.pop().raised(sp.S.NegativeOne)
        if all(is_positive(arg) for arg in expr.args):
            return _largest([lower(arg, y) for arg in expr.args])
    raise NotBounded(f"no lower bound of {expr} is known for large {y}")


def _largest(orders: list[Order]) -> Order:
    """Any term of a sum of positive ones bounds it from below; the fastest that is clear."""
    best = orders[0]
    for order in orders[1:]:
        if (best * order.raised(sp.S.NegativeOne)).bounded():
            best = order
    return best


def _power(expr: sp.Pow, y: sp.Symbol) -> set[Order]:
    base, exponent = expr.args
    if exponent.has(y):
        return {_exponential(exponent * sp.log(base), y)}
    if is_nonnegative(exponent):
        return {order.raised(exponent) for order in upper(base, y)}
    if is_nonnegative(-exponent):
        return {lower(base, y).raised(exponent)}
    bounds = upper(base, y)
    if len(bounds) == 1 and lower(base, y) in bounds:
        return {bounds.pop().raised(exponent)}
    raise NotBounded(f"the sign of the exponent of {expr} is not known")


def _logarithm(argument: sp.Expr, y: sp.Symbol) -> set[Order]:
    """|log h| is at most |log U| + |log L| for L <= h <= U, and 2 |h - 1| where h tends to 1."""
    near = upper(sp.expand(argument - 1), y)
    if all(order.vanishes() for order in near):
        return near
    found = {Order(logs=True)}
    for order in (*upper(argument, y), lower(argument, y)):
        found |= {Order(m) for m, _ in order.rates}
    return found


def _exponential(exponent: sp.Expr, y: sp.Symbol) -> Order:
    """e^g: the growing terms of g kept, what stays bounded left to the constant."""
    try:
        exponent = sp.expand(resolved(exponent, y))
    except NoLimit as gap:
        raise NotBounded(str(gap)) from None
    found = ONE
    for term in sp.Add.make_args(sp.expand(exponent, log=True)):
        coefficient, inner = term.as_independent(y, as_Add=False)
        if inner == 1:
            continue
        power = sp.S.One if inner == y else (inner.exp if isinstance(inner, sp.Pow) else None)
        if power is not None and (inner == y or inner.base == y) and power.is_Rational:
            found = found * (Order(rates=((power, coefficient),)) if power > 0 else ONE)
        elif inner == sp.log(y):
            found = found * Order(coefficient)
        elif all(order.bounded() for order in upper(term, y)):
            continue
        else:
            raise NotBounded(f"e^({exponent}) has an exponent that is not a sum of powers")
    return found


def outgrows(large: sp.Expr, small: sp.Expr, y: sp.Symbol) -> bool:
    """Is small/large shown to tend to 0 as y -> oo, for products of powers, exponentials, logs?

    For all values of the parameters: the sign of each exponent that decides is shown.
    """
    try:
        tops, bottom = upper(small, y), lower(large, y)
    except NotBounded:
        return False
    ratios = [top * bottom.raised(sp.S.NegativeOne) for top in tops]
    return all(r.rates or r.power != 0 for r in ratios) and all(r.vanishes() for r in ratios)


def integrable_at(f: sp.Expr, x: sp.Symbol, end: sp.Expr, *, from_below: bool) -> bool:
    """Is |f| shown to have a finite integral up to this end of its interval?"""
    y = fresh("y''", f, end, positive=True)
    if end in (sp.oo, -sp.oo):
        moved = f.subs(x, y if end is sp.oo else -y)
    else:
        moved = f.subs(x, end - 1 / y if from_below else end + 1 / y) / y**2
    for form in (moved, sp.together(moved), sp.factor(sp.together(moved))):
        try:
            if all(order.integrable() for order in upper(form, y)):
                return True
        except NotBounded:
            continue
    return False
