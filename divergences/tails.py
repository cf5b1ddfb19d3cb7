"""How much of an integral lies beyond M: majorants C x^k exp(q(x)) on [M, oo), as algebra.

A majorant of |g| is built up along the expression tree of g: constants, polynomials, powers,
exponentials of polynomials, logarithms of positive functions (through two-sided bounds), sums and
products of these. All constants are balls, every comparison is certain, and where the algebra
cannot bound an expression it raises `NoMajorant` rather than guess. That covers the densities of
this project (Gaussian, Laplace, gamma, Cauchy, mixtures) and their log ratios.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

import sympy as sp
from flint import arb, fmpq

from .balls import NotEnclosable, as_real
from .constants import Constant
from .enclosure import Environment, Number, compile_ball, real_ball
from .germs import coefficient_ball
from .trees import (
    added,
    carried_out,
    negated,
    product,
    spread,
    unlogged,
    without_exponentials,
)  # fmt: skip

LOG_EXPONENT = Fraction(1, 4)  # log x <= 4 x^(1/4) for x >= 1
HIGHEST = 32  # power of a polynomial that is multiplied out


class NoMajorant(NotEnclosable):
    """No majorant on [M, oo) was found; a larger M may have one."""


def _plus(a: list[Number], b: list[Number]) -> list[Number]:
    n = max(len(a), len(b))
    a, b = (c + [fmpq(0)] * (n - len(c)) for c in (a, b))
    return [x + y for x, y in zip(a, b, strict=True)]


def _times(a: list[Number], b: list[Number]) -> list[Number]:
    product: list[Number] = [fmpq(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            product[i + j] = product[i + j] + x * y
    return product


def _shortened(c: list[Number]) -> list[Number]:
    """Without leading coefficients that are exactly zero."""
    while len(c) > 1 and (c[-1] == 0 if isinstance(c[-1], fmpq) else c[-1].is_zero()):
        c = c[:-1]
    return c


@dataclass(frozen=True)
class Majorant:
    """x -> C x^k exp(q_1 x + q_2 x^2 + ...), with C >= 0."""

    C: arb
    k: Fraction
    q: tuple[arb, ...] = ()  # q[j] multiplies x^(j+1)

    def times(self, other: Majorant) -> Majorant:
        n = max(len(self.q), len(other.q))
        q = [a + b for a, b in zip(_padded(self.q, n), _padded(other.q, n), strict=True)]
        return Majorant(self.C * other.C, self.k + other.k, _trimmed(q))

    def power(self, r: Fraction) -> Majorant:
        ball = arb(fmpq(r.numerator, r.denominator))
        C = self.C**ball if r.denominator > 1 else self.C ** int(r)
        return Majorant(C, self.k * r, _trimmed([ball * c for c in self.q]))


def _padded(q: tuple[arb, ...], n: int) -> list[arb]:
    return list(q) + [arb(0)] * (n - len(q))


def _trimmed(q: list[arb]) -> tuple[arb, ...]:
    while q and q[-1].is_zero():
        q = q[:-1]
    return tuple(q)


def _fraction(expr: sp.Expr) -> Fraction | None:
    return Fraction(int(expr.p), int(expr.q)) if expr.is_Rational else None


class _Bounds:
    """Upper and lower majorants on [M, oo), M >= 1, of expressions at side * x, side = 1 or -1."""

    def __init__(
        self,
        x: sp.Symbol,
        M: arb,
        env: Environment | None = None,
        side: int = 1,
        known: dict[sp.Expr, list[Number] | None] | None = None,
    ):
        self.x, self.M, self.env, self.side = x, M, env or {}, side
        self.known = {} if known is None else known  # coefficients, the same for every M

    # -- helpers

    def ball(self, expr: sp.Expr) -> arb:
        return as_real(real_ball(compile_ball(expr)(self.env, False)), expr)

    def has_x(self, expr: sp.Expr) -> bool:
        return self.x in expr.free_symbols

    def polynomial(self, expr: sp.Expr) -> list[arb] | None:
        """Coefficients from the constant up, or None."""
        found = self.coefficients(expr)
        return None if found is None else list(map(coefficient_ball, _shortened(found)))

    def coefficients(self, expr: sp.Expr) -> list[Number] | None:
        """The same, exact where the numbers are, so that what cancels is gone."""
        if expr not in self.known:
            self.known[expr] = self._coefficients(expr)
        return self.known[expr]

    def _coefficients(self, expr: sp.Expr) -> list[Number] | None:
        if not self.has_x(expr):
            return [compile_ball(expr, True)(self.env, False)]
        if expr == self.x:
            return [fmpq(0), fmpq(self.side)]
        if isinstance(expr, sp.Add | sp.Mul):
            parts = [self.coefficients(arg) for arg in expr.args]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts):
                return None
            return reduce(_plus if isinstance(expr, sp.Add) else _times, known)
        if isinstance(expr, sp.Pow) and expr.exp.is_Integer and 0 < expr.exp <= HIGHEST:
            base = self.coefficients(expr.base)
            return None if base is None else reduce(_times, [base] * int(expr.exp))
        return None

    def shifted_nonnegative(self, q: tuple[arb, ...]) -> bool:
        """q(x) >= q(M) on [M, oo), shown by the derivative's Taylor coefficients at M."""
        coefficients = [(j + 1) * c for j, c in enumerate(q)]
        while coefficients:
            value = arb(0)
            for c in reversed(coefficients):
                value = value * self.M + c
            if not value >= 0:
                return False
            coefficients = [j * c for j, c in enumerate(coefficients)][1:]
        return True

    def larger(self, a: Majorant, b: Majorant) -> Majorant:
        """A majorant of a + b."""
        n = max(len(a.q), len(b.q))
        p, q = _padded(a.q, n), _padded(b.q, n)
        for j in range(n):
            if p[j].overlaps(q[j]):  # not told apart: both raised to the larger end
                p[j] = q[j] = p[j].union(q[j]).upper()
        for C, low, high_C, high in ((a.C, p, b.C, q), (b.C, q, a.C, p)):
            gap = tuple(h - g for h, g in zip(high, low, strict=True))
            if self.shifted_nonnegative(gap):
                at_M = sum((c * self.M ** (j + 1) for j, c in enumerate(gap)), arb(0))
                return Majorant(high_C + C * (-at_M).exp(), max(a.k, b.k), _trimmed(high))
        raise NoMajorant("two exponential growth rates could not be ordered")

    # -- upper bounds of |expr|

    def upper(self, expr: sp.Expr) -> Majorant:
        if not self.has_x(expr):
            return Majorant(abs(self.ball(expr)), Fraction(0))
        coefficients = self.polynomial(expr)
        if coefficients is not None:
            degree = len(coefficients) - 1
            C = sum((abs(c) * self.M ** (j - degree) for j, c in enumerate(coefficients)), arb(0))
            return Majorant(C, Fraction(degree))
        if isinstance(expr, sp.Add):
            return self.largest(list(expr.args))
        if isinstance(expr, sp.Derivative):
            return self.upper(self.differentiated(expr))
        exponents, rest = without_exponentials(expr)
        if exponents:
            return self.exponential(_sum(exponents))[1].times(self.upper(rest))
        if isinstance(expr, sp.Mul):
            total = Majorant(arb(1), Fraction(0))
            for arg in expr.args:
                total = total.times(self.upper(arg))
            return total
        if isinstance(expr, sp.Pow):
            r = _fraction(expr.exp)
            if r is None:
                return self.upper(_as_exponential(expr))
            if r > 0:
                return self.upper(expr.base).power(r)
            return self.lower(expr.base).power(r)
        if isinstance(expr, sp.log):
            low, high = self.lower_positive(expr.args[0]), self.upper(expr.args[0])
            return self.larger(self.log_size(low), self.log_size(high))
        if isinstance(expr, sp.Abs):
            return self.upper(expr.args[0])
        if isinstance(expr, sp.Max | sp.Min):
            return self.largest(list(expr.args))
        if isinstance(expr, sp.Piecewise):
            return self.largest([value for value, _ in expr.args])
        if isinstance(expr, sp.erf | sp.tanh | sp.sin | sp.cos | sp.sign):
            return Majorant(arb(1), Fraction(0))
        if isinstance(expr, sp.erfc | sp.atan):
            return Majorant(arb(2), Fraction(0))
        raise NoMajorant(f"no majorant is known for {expr}")

    def largest(self, parts: list[sp.Expr]) -> Majorant:
        """A majorant of the sum of the parts' sizes."""
        return reduce(self.larger, map(self.upper, parts))

    def differentiated(self, expr: sp.Derivative) -> sp.Expr:
        try:
            return carried_out(expr)
        except ValueError as error:
            raise NoMajorant(str(error)) from None

    def log_size(self, bound: Majorant) -> Majorant:
        """A polynomial majorant of |log(C x^k exp(q))|."""
        if not bound.C > 0:
            raise NoMajorant("the logarithm of a bound that may be zero")
        total = Majorant(abs(bound.C.log()), Fraction(0))
        if bound.k:
            k = abs(bound.k)
            total = self.larger(
                total, Majorant(4 * arb(fmpq(k.numerator, k.denominator)), LOG_EXPONENT)
            )
        for j, c in enumerate(bound.q):
            total = self.larger(total, Majorant(abs(c), Fraction(j + 1)))
        return total

    def exponential(self, argument: sp.Expr) -> tuple[Majorant, Majorant]:
        """Lower and upper majorants of exp(argument): polynomial part kept, the rest bounded."""
        smooth: list[sp.Expr] = []
        rest: list[sp.Expr] = []
        for term in self.terms(unlogged(self.resolved(argument))):
            (smooth if self.coefficients(term) is not None else rest).append(term)
        coefficients = self.polynomial(added(smooth)) or [arb(0)]
        C, q = coefficients[0].exp(), tuple(coefficients[1:])
        if not rest:
            exact = Majorant(C, Fraction(0), _trimmed(list(q)))
            return exact, exact
        if (r := self.power_of_x(rest)) is not None:  # exp(r log x)
            exact = Majorant(C, r, _trimmed(list(q)))
            return exact, exact
        size = self.upper(added(rest))
        if size.k > 0 or size.q:
            raise NoMajorant(f"exp({argument}) has an exponent that is not a polynomial")
        slack = size.C * self.M ** arb(fmpq(size.k.numerator, size.k.denominator))
        low = Majorant(C * (-slack).exp(), Fraction(0), _trimmed(list(q)))
        return low, Majorant(C * slack.exp(), Fraction(0), _trimmed(list(q)))

    def terms(self, argument: sp.Expr) -> list[sp.Expr]:
        """A sum's terms; what is no polynomial is multiplied out."""
        if self.coefficients(argument) is not None:
            return [argument]
        if isinstance(argument, sp.Add):
            return [term for arg in argument.args for term in self.terms(arg)]
        try:
            return [product(term) for term in spread(argument)]
        except ValueError as error:
            raise NoMajorant(str(error)) from None

    def power_of_x(self, terms: list[sp.Expr]) -> Fraction | None:
        """r, where the terms are r log x in all."""
        total = Fraction(0)
        for term in terms:
            pairs = [
                (f, self.has_x(f)) for f in (term.args if isinstance(term, sp.Mul) else [term])
            ]
            logs = [f for f, varies in pairs if varies]
            if self.side != 1 or logs != [sp.log(self.x)]:
                return None
            r = compile_ball(product(f for f, varies in pairs if not varies), True)(self.env, False)
            value = r.rational() if isinstance(r, Constant) else None
            if value is None:
                return None
            total += Fraction(int(value.p), int(value.q))
        return total

    # -- lower bounds

    def lower(self, expr: sp.Expr) -> Majorant:
        """A positive minorant of |expr|."""
        try:
            return self.lower_positive(expr)
        except NoMajorant:
            return self.lower_positive(negated(expr))

    def lower_positive(self, expr: sp.Expr) -> Majorant:
        """A minorant of expr, with expr > 0 shown on the way."""
        if not self.has_x(expr):
            value = self.ball(expr)
            if not value > 0:
                raise NoMajorant(f"{expr} is not known to be positive")
            return Majorant(value, Fraction(0))
        coefficients = self.polynomial(expr)
        if coefficients is not None:
            degree = len(coefficients) - 1
            C = coefficients[degree] - sum(
                (abs(c) * self.M ** (j - degree) for j, c in enumerate(coefficients[:-1])), arb(0)
            )
            if not C > 0:
                raise NoMajorant(f"{expr} is not positive beyond M")
            return Majorant(C, Fraction(degree))
        if isinstance(expr, sp.Derivative):
            return self.lower_positive(self.differentiated(expr))
        exponents, others = without_exponentials(expr)
        if exponents:
            return self.exponential(_sum(exponents))[0].times(self.lower_positive(others))
        if isinstance(expr, sp.Mul):
            total = Majorant(arb(1), Fraction(0))
            negatives = 0
            for arg in expr.args:
                try:
                    total = total.times(self.lower_positive(arg))
                except NoMajorant:
                    if not (isinstance(arg, sp.Add) or not self.has_x(arg)):
                        raise
                    total = total.times(self.lower_positive(negated(arg)))
                    negatives += 1
            if negatives % 2:
                raise NoMajorant(f"{expr} is negative beyond M")
            return total
        if isinstance(expr, sp.Pow):
            r = _fraction(expr.exp)
            if r is not None:
                base = self.lower_positive(expr.base)
                return base.power(r) if r > 0 else self.upper(expr.base).power(r)
        if isinstance(expr, sp.log):  # of what grows: at least its value at M
            low = self.lower_positive(expr.args[0])
            k = arb(fmpq(low.k.numerator, low.k.denominator))
            value = low.C.log() + k * self.M.log()
            if low.k >= 0 and not low.q and value > 0:
                return Majorant(value, Fraction(0))
        if isinstance(expr, sp.Abs):
            return self.lower(expr.args[0])
        if isinstance(expr, sp.Add):
            return self.lower_sum(expr)
        raise NoMajorant(f"no positive minorant is known for {expr}")

    def lower_sum(self, expr: sp.Add) -> Majorant:
        """Some positive terms, of which the fastest growing one is kept, less all the others."""
        positive: list[Majorant] = []
        others: list[Majorant] = []
        for arg in expr.args:
            try:
                positive.append(self.lower_positive(arg))
            except NoMajorant:
                others.append(self.upper(arg))
        if not positive:
            raise NoMajorant(f"no positive term in {expr}")
        main = max(positive, key=lambda b: ([float(c) for c in reversed(_padded(b.q, 8))], b.k))
        C = main.C
        for other in others:
            if other.q != main.q or other.k > main.k:
                raise NoMajorant(f"{expr} is not known to be positive beyond M")
            gap = other.k - main.k
            C = C - other.C * self.M ** arb(fmpq(gap.numerator, gap.denominator))
        if not C > 0:
            raise NoMajorant(f"{expr} is not known to be positive beyond M")
        return Majorant(C, main.k, main.q)

    def resolved(self, expr: sp.Expr) -> sp.Expr:
        """|a| replaced by a or -a where the sign of a is certain on [M, oo)."""
        signs: dict[sp.Expr, sp.Expr] = {}
        for node in expr.atoms(sp.Abs):
            for candidate in (node.args[0], negated(node.args[0])):
                try:
                    self.lower_positive(candidate)
                except NoMajorant:
                    continue
                signs[node] = candidate
                break
        if not signs:
            return expr
        with sp.evaluate(False):
            return expr.xreplace(signs)


def _sum(exponents: list[tuple[sp.Expr, sp.Rational]]) -> sp.Expr:
    return added(a if n == 1 else product([n, a]) for a, n in exponents)


def _as_exponential(expr: sp.Pow) -> sp.Expr:
    """b^e = exp(e log b)."""
    log = sp.log(expr.base, evaluate=False)
    return sp.exp(product([expr.exp, log]), evaluate=False)


def _tail_integral(bound: Majorant, M: arb) -> arb:
    """An upper bound of the integral of C x^k exp(q(x)) over [M, oo)."""
    k = arb(fmpq(bound.k.numerator, bound.k.denominator))
    if not bound.q:
        if bound.k >= -1:
            raise NoMajorant("the majorant is not integrable at infinity")
        return bound.C * M ** (k + 1) / -(k + 1)
    falling = tuple(-c for c in bound.q)
    slope = sum((-(j + 1) * c * M**j for j, c in enumerate(bound.q)), arb(0))
    rate = slope - (k / M if bound.k > 0 else 0)
    # -q' must not fall below its value at M: the Taylor coefficients of -q'' at M are >= 0.
    second = tuple((j + 1) * c for j, c in enumerate(falling))[1:]
    if not (rate > 0 and _Bounds(sp.Symbol("x"), M).shifted_nonnegative(second)):
        raise NoMajorant("the majorant does not fall from M on")
    value = bound.C * M**k * sum((c * M ** (j + 1) for j, c in enumerate(bound.q)), arb(0)).exp()
    return value / rate


def tail_bound(
    integrand: sp.Expr,
    x: sp.Symbol,
    tolerance: arb,
    env: Environment | None = None,
    side: int = 1,
) -> tuple[arb, arb]:
    """(M, bound): the integral over x in [M, oo) of |integrand at side * x| is <= `bound`.

    `bound` <= tolerance; the other symbols' values are in `env`. Raises `NoMajorant` when no M up
    to 2^4096 serves, as for an integral that diverges.
    """
    failure: NoMajorant | None = None
    known: dict[sp.Expr, list[Number] | None] = {}
    exponent = 1
    while exponent <= 4096:
        M = arb(2) ** exponent
        try:
            bound = _tail_integral(_Bounds(x, M, env, side, known).upper(integrand), M)
        except NoMajorant as error:
            failure = error
        else:
            failure = None
            if bound <= tolerance:
                return M, bound.upper()
        exponent = exponent + 1 if exponent < 12 else 2 * exponent
    raise failure or NoMajorant(f"the tail of {integrand} could not be made small")
