"""Functions near an end of their range, as leading terms with a rigorous remainder.

On 0 < v <= delta, with L = log(1/v), a germ is

    sum_i c_i v^(a_i) L^(b_i)  +  R(v),        |R(v)| <= C v^A L^B,

with rational a_i, b_i and c_i exact constants where they can be, balls elsewhere. Sums, products,
powers, exponentials and logarithms keep that form, every bound is proved on all of (0, delta], and
what does not fit raises `NotEnclosable`. The limit at 0+, the sign on (0, delta] and the integral
over it can be read off. An end at infinity is brought to 0 by x = 1/v, or by x = L, where an
exponential becomes a power.

The bounds used: v^a L^b is largest at L = b/a or at the end; |eps| <= E < 1 gives
|1/(1 + eps) - sum_(k<K) (-eps)^k| <= |eps|^K/(1 - E), likewise for the logarithm, and
|exp(eps) - sum_(k<K) eps^k/k!| <= e^E |eps|^K/K!.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

from flint import arb, arb_series, fmpq

from .balls import NotEnclosable
from .constants import Constant

Order: TypeAlias = tuple[Fraction, Fraction]  # (a, b) of v^a L^b
Bound: TypeAlias = tuple[Fraction, Fraction, arb]  # (A, B, C)

KEPT = 12  # powers of v beyond the leading one that are kept as terms
MOST = 40  # terms
SERIES = 7  # terms of the geometric, logarithmic and exponential series
FLAT = Fraction(40)  # the power of v that an exponentially small function is bounded by
ZERO = Fraction(0)
NOTHING: Bound = (Fraction(10**6), ZERO, arb(0))


class Scale:
    """(0, delta], delta = 2^-k."""

    def __init__(self, k: int):
        self.k = k
        self.delta = arb(2) ** (-k)
        self.L = k * arb(2).log()

    def peak(self, a: Fraction, b: Fraction) -> arb:
        """An upper bound of v^a L^b on (0, delta]."""
        if a < 0 or (a == 0 and b > 0):
            raise NotEnclosable("unbounded at the end")
        L = self.L
        if a > 0 and b > 0 and not _ball(b / a) < L:
            L = L.max(_ball(b / a))
        return (_ball(b) * L.log() - _ball(a) * L).exp().upper()


def _ball(r: Fraction) -> arb:
    return arb(fmpq(r.numerator, r.denominator))


def _rational(r: Fraction) -> fmpq:
    return fmpq(r.numerator, r.denominator)


def coefficient_ball(c: Any) -> arb:
    return c.ball() if isinstance(c, Constant) else c if isinstance(c, arb) else arb(c)


def _later(a: Order, b: Order) -> bool:
    """Whether v^a1 L^a2 is of smaller or equal order than v^b1 L^b2 as v -> 0."""
    return a[0] > b[0] or (a[0] == b[0] and a[1] <= b[1])


class Germ:
    """See the module's docstring."""

    __slots__ = ("bound", "scale", "terms")

    def __init__(self, terms: dict[Order, Any], bound: Bound, scale: Scale):
        self.scale = scale
        self.terms = {o: c for o, c in terms.items() if not _is_zero(c)}
        self.bound = bound
        self._trim()

    @classmethod
    def v(cls, scale: Scale) -> Germ:
        return cls({(Fraction(1), ZERO): Constant.of(1)}, NOTHING, scale)

    @classmethod
    def L(cls, scale: Scale) -> Germ:
        return cls({(ZERO, Fraction(1)): Constant.of(1)}, NOTHING, scale)

    def _new(self, terms: dict[Order, Any], bound: Bound = NOTHING) -> Germ:
        return Germ(terms, bound, self.scale)

    def _const(self, c: Any) -> Germ:
        return self._new({(ZERO, ZERO): c if isinstance(c, Constant | arb) else Constant.of(c)})

    def orders(self) -> list[Order]:
        """The terms' orders, the leading one first."""
        return sorted(self.terms, key=lambda o: (o[0], -o[1]))

    def _trim(self) -> None:
        """Terms of the remainder's order and beyond, and too many, go into the remainder."""
        if not self.terms:
            return
        last = min(a for a, _ in self.terms) + KEPT
        if len(self.terms) <= MOST and all(a < self.bound[0] and a <= last for a, _ in self.terms):
            return
        for i, order in enumerate(self.orders()):
            if i >= MOST or order[0] > last or _later(order, self.bound[:2]):
                size = abs(coefficient_ball(self.terms.pop(order)))
                self.bound = self._joined(self.bound, (*order, size))

    def _joined(self, x: Bound, y: Bound) -> Bound:
        """A bound of the sum of two remainders."""
        if _later(x[:2], y[:2]):
            x, y = y, x
        if y[2].is_zero():
            return x
        if x[2].is_zero():
            return y
        grown = y[2] * self.scale.peak(y[0] - x[0], y[1] - x[1])
        return (x[0], x[1], (x[2] + grown).upper())

    # -- arithmetic

    def __add__(self, other: Any) -> Germ:
        if not isinstance(other, Germ):
            if not isinstance(other, Constant | arb | int | fmpq):
                return NotImplemented
            other = self._const(other)
        terms = dict(self.terms)
        for o, c in other.terms.items():
            terms[o] = terms[o] + c if o in terms else c
        return self._new(terms, self._joined(self.bound, other.bound))

    __radd__ = __add__

    def __neg__(self) -> Germ:
        return self._new({o: -c for o, c in self.terms.items()}, self.bound)

    def __sub__(self, other: Any) -> Germ:
        return self + (-other)

    def __rsub__(self, other: Any) -> Germ:
        return -self + other

    def __mul__(self, other: Any) -> Germ:
        if not isinstance(other, Germ):
            if not isinstance(other, Constant | arb | int | fmpq):
                return NotImplemented
            other = self._const(other)
        terms: dict[Order, Any] = {}
        bound = NOTHING
        for o, c in self.terms.items():
            for p, d in other.terms.items():
                order = (o[0] + p[0], o[1] + p[1])
                terms[order] = terms[order] + c * d if order in terms else c * d
        for one, two in ((self, other), (other, self)):
            A, B, C = two.bound
            if not C.is_zero():
                for o, c in one.terms.items():
                    size = (abs(coefficient_ball(c)) * C).upper()
                    bound = self._joined(bound, (o[0] + A, o[1] + B, size))
        (A, B, C), (D, E, F) = self.bound, other.bound
        if not (C * F).is_zero():
            bound = self._joined(bound, (A + D, B + E, (C * F).upper()))
        return self._new(terms, bound)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Germ:
        if isinstance(other, int | fmpq):
            other = Constant.of(other)
        return self * (other.inverse() if isinstance(other, Germ | Constant) else 1 / arb(other))

    def __rtruediv__(self, other: Any) -> Germ:
        return self.inverse() * other

    def __pow__(self, n: int) -> Germ:
        if n < 0:
            return self.inverse() ** -n
        if n > 64:
            return self.power(fmpq(n))
        value = self._const(1)
        for _ in range(n):
            value = value * self
        return value

    # -- the leading term and what is left

    def lead(self) -> tuple[Order, Any]:
        """The leading term, its coefficient certainly not zero."""
        for order in self.orders()[:1]:
            c = coefficient_ball(self.terms[order])
            if not (c > 0 or c < 0):
                raise NotEnclosable("a leading coefficient may be zero")
            return order, self.terms[order]
        raise NotEnclosable("a function without a known leading term")

    def split(self) -> tuple[Order, Any, Germ]:
        """(a, b), c and eps with the germ = c v^a L^b (1 + eps)."""
        order, c = self.lead()
        inverse = c.inverse() if isinstance(c, Constant) else 1 / c
        rest = {
            (o[0] - order[0], o[1] - order[1]): d * inverse
            for o, d in self.terms.items()
            if o != order
        }
        A, B, C = self.bound
        bound = (A - order[0], B - order[1], (C * abs(coefficient_ball(inverse))).upper())
        return order, c, self._new(rest, bound if not C.is_zero() else NOTHING)

    def size(self) -> Bound:
        """One bound of |germ| on (0, delta]."""
        bound = self.bound
        for o, c in self.terms.items():
            bound = self._joined(bound, (*o, abs(coefficient_ball(c)).upper()))
        return bound

    def largest(self) -> arb:
        """An upper bound of |germ| on (0, delta]."""
        total = arb(0)
        for a, b, c in [
            *((*o, abs(coefficient_ball(d))) for o, d in self.terms.items()),
            self.bound,
        ]:
            if not c.is_zero():
                total = (total + c * self.scale.peak(a, b)).upper()
        return total

    def sign(self) -> int:
        """1 or -1 where the germ certainly has that sign on all of (0, delta], else 0."""
        if not self.terms:
            return 0
        try:
            _, c, rest = self.split()
            if not rest.largest() < 1:
                return 0
        except NotEnclosable:
            return 0
        return 1 if coefficient_ball(c) > 0 else -1

    def limit(self) -> Any:
        """The value as v -> 0+: a constant, a ball, or an infinite ball."""
        if self._grows():
            _, c = self.lead()
            return arb.pos_inf() if coefficient_ball(c) > 0 else arb.neg_inf()
        A, B, C = self.bound
        if not (C.is_zero() or A > 0 or (A == 0 and B < 0)):
            raise NotEnclosable("the limit is not known")
        return self.terms.get((ZERO, ZERO), Constant.of(0))

    def integral(self) -> arb:
        """The integral over (0, delta], absolutely convergent: each term, and the remainder."""
        total = arb(0)
        for (a, b), c in self.terms.items():
            total += coefficient_ball(c) * self._moment(a, b)
        A, B, C = self.bound
        if not C.is_zero():
            size = (C * self._moment(A, B.__ceil__() * Fraction(1))).upper()
            total += arb(0, size)
        return total

    def _moment(self, a: Fraction, b: Fraction) -> arb:
        """int_0^delta v^a L^b dv = Gamma(b + 1, (a + 1) L)/(a + 1)^(b + 1) for b >= 0."""
        if a <= -1 or b < 0 or b.denominator > 1:
            if a > -1 and b < 0:  # L^b <= L(delta)^b, from 0 up
                top = self._moment(a, ZERO) * (_ball(b) * self.scale.L.log()).exp()
                return arb(0).union(top)
            raise NotEnclosable("not integrable at the end, or not known to be")
        s = _ball(a + 1)
        total, term = arb(0), self.scale.delta ** (s) / s
        L = self.scale.L
        n = int(b)
        for k in range(n + 1):  # sum_k n!/(n-k)! L^(n-k) / s^k
            total += math.perm(n, k) * L ** (n - k) / s**k
        return total * term

    # -- functions

    def _series(self, coefficients: list[Any], remainder: arb) -> Germ:
        """sum_k coefficients[k] self^k, and `remainder` |self|^K for the rest."""
        K = len(coefficients)
        value, power = self._const(coefficients[0]), self._const(1)
        for c in coefficients[1:]:
            power = power * self
            value = value + power * c
        A, B, C = self.size()
        if not C.is_zero():
            rest = (A * K, B * K, (remainder * C**K).upper())
            value = value + self._new({}, rest)
        return value

    def _below_one(self) -> arb:
        E = self.largest()
        if not E < 1:
            raise NotEnclosable("not yet small at this distance from the end")
        return E

    def inverse(self) -> Germ:
        (a, b), c, rest = self.split()
        E = rest._below_one()
        signs = [Constant.of((-1) ** k) for k in range(SERIES)]
        inverse = c.inverse() if isinstance(c, Constant) else 1 / c
        return self._new({(-a, -b): inverse}) * rest._series(signs, 1 / (1 - E))

    def _log1p(self) -> Germ:
        E = self._below_one()
        terms = [Constant.of(0)]
        terms += [Constant.of(fmpq((-1) ** (k + 1), k)) for k in range(1, SERIES)]
        return self._series(terms, 1 / (SERIES * (1 - E)))

    def log(self) -> Germ:
        (a, b), c, rest = self.split()
        if b:
            raise NotEnclosable("the logarithm of a logarithm at an end")
        if not coefficient_ball(c) > 0:
            raise NotEnclosable("the logarithm of what is negative at an end")
        value = rest._log1p() + c.log()
        return value - self._new({(ZERO, Fraction(1)): Constant.of(_rational(a))}) if a else value

    def exp(self) -> Germ:
        growing = {o: c for o, c in self.terms.items() if o[0] < 0 or (o[0] == 0 and o[1] > 0)}
        rest = {o: c for o, c in self.terms.items() if o not in growing and o != (ZERO, ZERO)}
        at = self.terms.get((ZERO, ZERO), Constant.of(0))
        if set(growing) == {(ZERO, Fraction(1))}:
            c = growing[ZERO, Fraction(1)]
            r = c.rational() if isinstance(c, Constant) else None
            if r is not None:
                factor = self._new({(-Fraction(int(r.p), int(r.q)), ZERO): Constant.of(1)})
                return factor * at.exp() * self._new(rest, self.bound)._small_exp()
        if growing:
            return self._flat()
        return self._new(rest, self.bound)._small_exp() * at.exp()

    def _small_exp(self) -> Germ:
        E = self.largest()
        terms = [Constant.of(fmpq(1, math.factorial(k))) for k in range(SERIES)]
        return self._series(terms, E.exp() / math.factorial(SERIES))

    def _flat(self) -> Germ:
        """exp of what tends to -oo faster than L: at most K v^FLAT, K = sup of exp(g + FLAT L)."""
        (a, b), c, rest = self.split()
        ball = coefficient_ball(c)
        if not ball < 0 or a > 0 or (a == 0 and b <= 1):
            raise NotEnclosable("an exponential that grows at the end")
        E = rest.largest()
        if not E < 1:
            raise NotEnclosable("not yet settled at this distance from the end")
        rate, L, A = -ball * (1 - E), self.scale.L, _ball(FLAT)
        if a < 0:
            # v^a L^b >= kappa e^(s L) on L >= L(delta), s = |a| or, under a falling L^b, |a|/2
            fall = -_ball(a)
            s = fall if b >= 0 else fall / 2
            if b < 0 and not L > 2 * _ball(-b) / fall:
                raise NotEnclosable("not yet settled at this distance from the end")
            kappa = ((fall - s) * L + _ball(b) * L.log()).exp()
            # A L - rate kappa e^(sL) is concave in L, largest at e^(sL) = A/(rate kappa s)
            peak = (A / (rate * kappa * s)).log() / s
            L = L.max(peak)
            top = A * L - rate * kappa * (s * L).exp()
        else:
            beta = _ball(b)
            peak = ((A / (rate * beta)).log() / (beta - 1)).exp()
            L = L.max(peak)
            top = A * L - rate * (beta * L.log()).exp()
        return self._new({}, (FLAT, ZERO, top.exp().upper()))

    def power(self, exponent: Any) -> Germ:
        """self^exponent for a positive germ and a number."""
        if isinstance(exponent, Germ):
            return (exponent * self.log()).exp()
        if isinstance(exponent, int | fmpq):
            exponent = Constant.of(exponent)
        r = exponent.rational() if isinstance(exponent, Constant) else None
        if r is not None and r > 0 and not self.terms and self.bound[2].is_zero():
            return self  # 0^r = 0
        (a, b), c, rest = self.split()
        if not coefficient_ball(c) > 0:
            raise NotEnclosable("a power of what is negative at an end")
        if r is None and (a or b):
            raise NotEnclosable("a power of the variable that is not rational")
        R = Fraction(int(r.p), int(r.q)) if r is not None else ZERO
        front = (
            c.power(exponent)
            if isinstance(c, Constant)
            else (coefficient_ball(exponent) * c.log()).exp()
        )
        return self._new({(a * R, b * R): front}) * (rest._log1p() * exponent)._small_exp()

    def sqrt(self) -> Germ:
        return self.power(fmpq(1, 2))

    def __abs__(self) -> Germ:
        return self.signed() * self

    def signed(self) -> int:
        if not self.terms and self.bound[2].is_zero():
            return 0
        if not (sign := self.sign()):
            raise NotEnclosable("the sign at the end is not known")
        return sign

    def sgn(self) -> Germ:
        return self._const(self.signed())

    def sinh(self) -> Germ:
        return (self.exp() - (-self).exp()) / 2

    def cosh(self) -> Germ:
        return (self.exp() + (-self).exp()) / 2

    def _grows(self) -> bool:
        orders = self.orders()
        return bool(orders) and (orders[0][0] < 0 or (orders[0][0] == 0 and orders[0][1] > 0))

    def tanh(self) -> Germ:
        if not self._grows():
            return self._composed(lambda s: 1 - 2 / ((2 * s).exp() + 1))
        sign = self.signed()
        e = (self * (-2 * sign)).exp()
        return (1 - 2 * e / (1 + e)) * sign

    def atan(self) -> Any:
        if not self._grows():
            return self._composed(lambda s: s.atan())
        half = Constant.pi() * fmpq(self.signed(), 2)
        return half - self.inverse()._composed(lambda s: s.atan())

    def tan(self) -> Germ:
        return self.sin() / self.cos()

    def coth(self) -> Germ:
        return self.tanh().inverse()

    def atanh(self) -> Germ:
        return ((1 + self) / (1 - self)).log() / 2

    def erfc(self) -> Germ:
        if not self._grows():
            return 1 - self.erf()
        tail = (-(self * self)).exp()  # erfc(x) <= exp(-x^2) for x > 0
        rest = self._new({}, tail.size())
        return rest if self.signed() > 0 else 2 - rest

    def erf(self) -> Germ:
        return 1 - self.erfc() if self._grows() else self._composed(lambda s: s.erf())

    def sin(self) -> Germ:
        return self._composed(lambda s: s.sin())

    def cos(self) -> Germ:
        return self._composed(lambda s: s.cos())

    def gamma(self) -> Germ:
        return self._composed(lambda s: s.gamma())

    def lgamma(self) -> Germ:
        return self._composed(lambda s: s.lgamma())

    def digamma(self) -> Germ:
        return self._composed(lambda s: s.lgamma().derivative(), 1)

    def lambertw(self) -> Germ:
        return self._composed(lambda s: s.lambertw())

    def _composed(self, function: Callable[[Any], Any], extra: int = 0) -> Germ:
        """A smooth function of a bounded germ: its Taylor series, the last term on the whole range."""
        if self._grows():
            raise NotEnclosable("this function is not known at an infinite argument")
        at = self.terms.get((ZERO, ZERO), Constant.of(0))
        terms = {o: c for o, c in self.terms.items() if o != (ZERO, ZERO)}
        rest = self._new(terms, self.bound)
        E = rest.largest()
        exact = isinstance(at, Constant) and at.is_zero()
        centre = coefficient_ball(at)
        length = SERIES + 1 + extra

        def coefficients(x: arb) -> list[Any]:
            found = function(arb_series([x, 1], prec=length)).coeffs()
            return [*found, *[arb(0)] * length]

        near = coefficients(arb(0) if exact else centre)
        wide = coefficients(centre + arb(0, E))
        last = abs(wide[SERIES]).upper()
        if not last.is_finite():
            raise NotEnclosable("this function is not smooth at the end")
        return rest._series([arb(c) for c in near[:SERIES]], last)

    def larger(self, other: Any) -> Germ:
        gap = self - other
        if not gap.terms and gap.bound[2].is_zero():
            return self
        return self if gap.signed() > 0 else self - gap

    def is_finite(self) -> bool:
        return True


def _is_zero(c: Any) -> bool:
    return bool(c.is_zero()) if isinstance(c, Constant | arb) else c == 0
