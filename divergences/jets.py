"""Truncated Taylor series, for derivatives by arithmetic: f(x + h) = c_0 + c_1 h + ... + c_n h^n.

The coefficients are balls (real or complex), exact constants, expansions at an end, or jets again
(a derivative of a derivative, mixed derivatives); `level` says which variable a jet belongs to, and
a jet of a lower level is a constant to one of a higher. Every function is carried out by the
recurrence that its differential equation gives:

    e = exp(a):  k e_k = sum_j j a_j e_(k-j);      l = log(a):  k a_0 l_k = k a_k - sum_j j l_j a_(k-j)

At a kink or a jump, |a| at 0 and the like, there is no derivative, and `NotEnclosable` is raised:
never the value of a branch. With `hull` the slope at a kink is the interval between both slopes,
which is what the mean value theorem needs.

Source: Griewank, Walther, Evaluating Derivatives (2008), chapter 13.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flint import acb, acb_series, arb, arb_series, fmpq

from .balls import NoDerivative, NotEnclosable


class Jet:
    """(c_0, ..., c_n) at a level; see the module's docstring."""

    __slots__ = ("c", "hull", "level")

    def __init__(self, c: list[Any], level: int = 1, hull: bool = False):
        self.c, self.level, self.hull = c, level, hull

    @classmethod
    def variable(cls, at: Any, order: int, level: int = 1, hull: bool = False) -> Jet:
        return cls([at, fmpq(1), *[fmpq(0)] * (order - 1)], level, hull)

    @property
    def order(self) -> int:
        return len(self.c) - 1

    def of(self, c: list[Any]) -> Jet:
        return Jet(c, self.level, self.hull)

    def constant(self, value: Any) -> Jet:
        return self.of([value] + [fmpq(0)] * self.order)

    def _pair(self, other: Any) -> tuple[Jet, Jet]:
        """Both at one level."""
        if isinstance(other, Jet) and other.level > self.level:
            return other.constant(self), other
        if isinstance(other, Jet) and other.level == self.level:
            return self, other
        return self, self.constant(other)

    # -- arithmetic

    def __add__(self, other: Any) -> Jet:
        if not isinstance(other, Jet) or other.level < self.level:
            return self.of([self.c[0] + other, *self.c[1:]])
        a, b = self._pair(other)
        return a.of([x + y for x, y in zip(a.c, b.c, strict=True)])

    __radd__ = __add__

    def __neg__(self) -> Jet:
        return self.of([-x for x in self.c])

    def __sub__(self, other: Any) -> Jet:
        return self + (-other)

    def __rsub__(self, other: Any) -> Jet:
        return -self + other

    def __mul__(self, other: Any) -> Jet:
        if not isinstance(other, Jet) or other.level < self.level:
            return self.of([x * other for x in self.c])
        a, b = self._pair(other)
        return a.of([_dot(a.c[: k + 1], b.c[k::-1]) for k in range(a.order + 1)])

    __rmul__ = __mul__

    def inverse(self) -> Jet:
        first = 1 / self.c[0]
        c = [first]
        for k in range(1, self.order + 1):
            c.append(-first * _dot(self.c[1 : k + 1], c[k - 1 :: -1]))
        return self.of(c)

    def __truediv__(self, other: Any) -> Jet:
        if not isinstance(other, Jet):
            return self.of([x / other for x in self.c])
        return self * other.inverse()

    def __rtruediv__(self, other: Any) -> Jet:
        return self.inverse() * other

    def __pow__(self, n: int) -> Jet:
        if n < 0:
            return self.inverse() ** -n
        if n == 0:
            return self.constant(fmpq(1))
        if self.order == 1:  # tighter on intervals than repeated products
            return self.of([power(self.c[0], n), n * power(self.c[0], n - 1) * self.c[1]])
        if self.order == 2:
            a, b, c = self.c
            first, second = n * power(a, n - 1), n * (n - 1) * power(a, max(n - 2, 0))
            return self.of([power(a, n), first * b, first * c + second * power(b, 2) / 2])
        half = self ** (n // 2)
        return half * half * self if n % 2 else half * half

    # -- functions

    def exp(self) -> Jet:
        e = [self.c[0].exp()]
        for k in range(1, self.order + 1):
            e.append(_weighted(self.c, e, k) / k)
        return self.of(e)

    def log(self, analytic: bool = False) -> Jet:
        first = self.c[0].log(analytic=analytic) if isinstance(self.c[0], acb) else self.c[0].log()
        return self._integrated(self.shifted() / self.cut(), first)

    def shifted(self) -> Jet:
        """a'(h), to one order less."""
        return self.of([(k + 1) * self.c[k + 1] for k in range(self.order)])

    def cut(self) -> Jet:
        """The jet to one order less."""
        return self.of(self.c[:-1])

    def _integrated(self, slope: Jet, first: Any) -> Jet:
        return self.of([first, *(x / (k + 1) for k, x in enumerate(slope.c[: self.order]))])

    def sqrt(self, analytic: bool = False) -> Jet:
        a = self.c[0]
        first = a.sqrt(analytic=analytic) if isinstance(a, acb) else a.sqrt()
        c = [first]
        for k in range(1, self.order + 1):
            inner = self.c[k] - _dot(c[1:k], c[k - 1 : 0 : -1]) if k > 1 else self.c[k]
            c.append(inner / (2 * first))
        return self.of(c)

    def sin_cos(self) -> tuple[Jet, Jet]:
        s, c = [self.c[0].sin()], [self.c[0].cos()]
        for k in range(1, self.order + 1):
            s_k, c_k = _weighted(self.c, c, k) / k, -_weighted(self.c, s, k) / k
            s.append(s_k)
            c.append(c_k)
        return self.of(s), self.of(c)

    def sin(self) -> Jet:
        return self.sin_cos()[0]

    def cos(self) -> Jet:
        return self.sin_cos()[1]

    def tan(self) -> Jet:
        s, c = self.sin_cos()
        return s / c

    def sinh(self) -> Jet:
        return (self.exp() - (-self).exp()) / 2

    def cosh(self) -> Jet:
        return (self.exp() + (-self).exp()) / 2

    def tanh(self) -> Jet:
        """t' = (1 - t^2) a', which loses nothing far out."""
        t = [self.c[0].tanh()]
        for k in range(1, self.order + 1):
            rate = self.of([1 - t[0] * t[0], *(-_dot(t[: j + 1], t[j::-1]) for j in range(1, k))])
            t.append(_weighted(self.c, rate.c, k) / k)
        return self.of(t)

    def coth(self) -> Jet:
        return self.tanh().inverse()

    def atan(self) -> Jet:
        low = self.cut()
        return self._integrated(self.shifted() / (low * low + 1), self.c[0].atan())

    def atanh(self) -> Jet:
        low = self.cut()
        return self._integrated(self.shifted() / (1 - low * low), self.c[0].atanh())

    def erf(self) -> Jet:
        low = self.cut()
        rate = (-(low * low)).exp() * self.shifted() * (2 / arb.pi().sqrt())
        return self._integrated(rate, self.c[0].erf())

    def erfc(self) -> Jet:
        low = self.cut()
        rate = (-(low * low)).exp() * self.shifted() * (-2 / arb.pi().sqrt())
        return self._integrated(rate, self.c[0].erfc())

    def gamma(self) -> Jet:
        return self._composed(lambda s: s.gamma())

    def lgamma(self) -> Jet:
        return self._composed(lambda s: s.lgamma())

    def digamma(self) -> Jet:
        return self._composed(lambda s: s.lgamma().derivative(), extra=1)

    def lambertw(self) -> Jet:
        return self._composed(lambda s: s.lambertw())

    def _composed(self, function: Callable[[Any], Any], extra: int = 0) -> Jet:
        """function(c_0 + h) from Arb's own power series, then h replaced by the rest."""
        at = self.c[0]
        if not isinstance(at, arb | acb):
            raise NotEnclosable("no derivative of this function is carried out here")
        series: Any = acb_series if isinstance(at, acb) else arb_series
        length = self.order + 1 + extra
        outer = function(series([at, 1], prec=length)).coeffs()
        outer += [fmpq(0)] * (self.order + 1 - len(outer))
        h = self.of([fmpq(0), *self.c[1:]])
        value = h.constant(outer[self.order])
        for k in range(self.order - 1, -1, -1):
            value = value * h + outer[k]
        return value

    # -- kinks

    def __abs__(self) -> Jet:
        return self._kinked(self, -self)

    def sgn(self) -> Jet:
        if not isinstance(sign_of(self), int):
            return self.undecided("sign at 0")
        return self.constant(fmpq(sign_of(self) or 0))

    def _kinked(self, if_positive: Jet, if_negative: Jet) -> Jet:
        sign = sign_of(self)
        if sign == 1:
            return if_positive
        if sign == -1:
            return if_negative
        if self.hull and self.order == 1 and isinstance(self.c[0], arb):
            a, b = if_positive, if_negative
            low = a.c[0].max(b.c[0])  # both |a| and max(a, b) - b are the larger of the two
            return self.of([low, arb(a.c[1]).union(arb(b.c[1]))])
        return self.undecided("a kink")

    def larger(self, other: Any) -> Jet:
        a, b = self._pair(other)
        return (a - b)._chosen(a, b)

    def _chosen(self, a: Jet, b: Jet) -> Jet:
        sign = sign_of(self)
        if sign == 1:
            return a
        if sign == -1:
            return b
        if self.hull and self.order == 1 and isinstance(self.c[0], arb):
            return self.of([a.c[0].max(b.c[0]), arb(a.c[1]).union(arb(b.c[1]))])
        return self.undecided("a kink")

    def undecided(self, what: str) -> Jet:
        """Inside an integral the panel is cut further; elsewhere there is no derivative."""
        if isinstance(bottom(self), acb):
            return self.of([acb("nan")] * (self.order + 1))
        raise NoDerivative(f"no derivative is known at {what}")


def bottom(value: Any) -> Any:
    """The value itself, without its derivatives."""
    while isinstance(value, Jet):
        value = value.c[0]
    return value


def sign_of(value: Any) -> int | None:
    """1 or -1 where the value is certainly positive or negative, else None."""
    value = bottom(value)
    if hasattr(value, "sign"):
        found = value.sign()
        return found if found in (1, -1) else None
    if isinstance(value, acb):
        value = value.real
    return 1 if value > 0 else -1 if value < 0 else None


def power(x: Any, n: int) -> Any:
    """x^n, n >= 0; an even power of an interval around 0 is not negative."""
    if n == 0:
        return fmpq(1)
    if not isinstance(x, arb):
        return x**n
    if not x.contains(0):
        return x**n
    value, base = None, abs(x) if n % 2 == 0 else x
    while n:  # arb's own power is not defined around 0
        if n % 2:
            value = base if value is None else value * base
        base, n = base * base, n // 2
    return value


def _dot(x: list[Any], y: list[Any]) -> Any:
    total = x[0] * y[0]
    for a, b in zip(x[1:], y[1:], strict=False):
        total = total + a * b
    return total


def _weighted(a: list[Any], e: list[Any], k: int) -> Any:
    """sum_(j=1..k) j a_j e_(k-j)."""
    total = a[1] * e[k - 1]
    for j in range(2, k + 1):
        total = total + j * a[j] * e[k - j]
    return total


def derivative(value: Any, order: int, level: int) -> Any:
    """The derivative of this order that a jet of this level carries; 0 if it is a constant."""
    if not isinstance(value, Jet) or value.level != level:
        return fmpq(0)
    return value.c[order] * math.factorial(order)
