"""Exact real constants: rational combinations of products of log 2, log 3, ..., 2^(1/2), ..., pi.

A ball cannot say that log(4) - 2 log(2) is zero; a formal combination can:

    Constant.of(4).log() - 2 * Constant.of(2).log()        # exactly zero

A monomial is a product of logarithms of primes and pi (to integer powers) and of primes to a
fractional power in (0, 1). Formally zero is zero; formally nonzero says nothing, and there a ball
decides. Whatever leaves the ring (exp(1/3), log(log 2)) becomes a ball.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from flint import arb, fmpq, fmpz

Monomial: TypeAlias = tuple[tuple[tuple[str, int], Fraction], ...]
ONE: Monomial = ()
UNIT = fmpq(1)
LARGEST = 10**9  # numbers beyond are not factored
MOST = 48  # terms of a product; beyond, it becomes a ball
HIGHEST = 64  # nor powers beyond multiplied out


@lru_cache(maxsize=512)
def _factors(n: int) -> tuple[tuple[int, int], ...] | None:
    if n > LARGEST:
        return None
    return tuple((int(p), int(e)) for p, e in fmpz(n).factor())


def _product(x: Monomial, y: Monomial) -> tuple[fmpq, Monomial]:
    if not (x and y):
        return UNIT, x or y
    return _proper_product(x, y)


@lru_cache(maxsize=2048)
def _proper_product(x: Monomial, y: Monomial) -> tuple[fmpq, Monomial]:
    powers = dict(x)
    for generator, power in y:
        powers[generator] = powers.get(generator, Fraction(0)) + power
    factor = fmpq(1)
    for generator, power in powers.items():
        if generator[0] == "root" and power >= 1:
            factor *= generator[1]
            powers[generator] = power - 1
    return factor, tuple(sorted((g, e) for g, e in powers.items() if e))


class Constant:
    """terms: {monomial: nonzero rational}; the empty sum is 0."""

    __slots__ = ("terms",)

    def __init__(self, terms: dict[Monomial, fmpq]):
        self.terms = {m: c for m, c in terms.items() if c != 0}

    @classmethod
    def of(cls, value: int | fmpq) -> Constant:
        return cls({ONE: fmpq(value)})

    @classmethod
    def pi(cls) -> Constant:
        return cls({((("pi", 0), Fraction(1)),): fmpq(1)})

    def is_zero(self) -> bool:
        return not self.terms

    def rational(self) -> fmpq | None:
        if not self.terms:
            return fmpq(0)
        return self.terms.get(ONE) if len(self.terms) == 1 else None

    def ball(self) -> arb:
        total = arb(0)
        for monomial, c in self.terms.items():
            value = arb(c)
            for (kind, n), power in monomial:
                base = arb.pi() if kind == "pi" else arb(n)
                if kind == "log":
                    base = base.log()
                if power.denominator == 1:
                    value *= base ** int(power)
                else:
                    value *= base ** arb(fmpq(power.numerator, power.denominator))
            total += value
        return total

    # -- arithmetic; with a ball the answer is a ball

    def __add__(self, other: object) -> Constant | arb:
        other = _constant(other)
        if isinstance(other, arb):
            return self.ball() + other
        if not isinstance(other, Constant):
            return NotImplemented
        terms = dict(self.terms)
        for m, c in other.terms.items():
            terms[m] = terms.get(m, fmpq(0)) + c
        return Constant(terms)

    __radd__ = __add__

    def __neg__(self) -> Constant:
        return Constant({m: -c for m, c in self.terms.items()})

    def __sub__(self, other: object) -> Constant | arb:
        other = _constant(other)
        return self + (-other) if isinstance(other, Constant | arb) else NotImplemented

    def __rsub__(self, other: object) -> Constant | arb:
        return -self + other

    def __mul__(self, other: object) -> Constant | arb:
        other = _constant(other)
        if isinstance(other, arb):
            return arb(0) if self.is_zero() and other.is_finite() else self.ball() * other
        if not isinstance(other, Constant):
            return NotImplemented
        if len(self.terms) * len(other.terms) > MOST:
            return self.ball() * other.ball()
        terms: dict[Monomial, fmpq] = {}
        for m, c in self.terms.items():
            for n, d in other.terms.items():
                factor, product = _product(m, n)
                terms[product] = terms.get(product, fmpq(0)) + c * d * factor
        return Constant(terms)

    __rmul__ = __mul__

    def inverse(self) -> Constant | arb:
        if len(self.terms) == 1:
            ((m, c),) = self.terms.items()
            if all(kind == "root" for (kind, _), _ in m):
                value, powers = 1 / c, []
                for generator, power in m:  # n^-r = n^(1-r)/n
                    value /= generator[1]
                    powers.append((generator, 1 - power))
                return Constant({tuple(powers): value})
        return 1 / self.ball()

    def __truediv__(self, other: object) -> Constant | arb:
        other = _constant(other)
        if isinstance(other, arb):
            return self.ball() / other
        return self * other.inverse() if isinstance(other, Constant) else NotImplemented

    def __rtruediv__(self, other: Constant | arb | int | fmpq) -> Constant | arb:
        return self.inverse() * other

    def __pow__(self, n: object) -> Constant | arb:
        if not isinstance(n, int):
            return self.power(n)
        if n < 0:
            return self.inverse() ** -n
        if n > HIGHEST:
            return self.ball() ** n
        value: Constant | arb = Constant.of(1)
        for _ in range(n):
            value = value * self
        return value

    def power(self, exponent: object) -> Constant | arb:
        """self^exponent for self > 0, exact for a rational to a rational power."""
        exponent = _constant(exponent)
        r = exponent.rational() if isinstance(exponent, Constant) else None
        base = self.rational()
        if r is not None and r.q == 1:
            return self ** int(r.p)
        if r is not None and base is not None and base > 0:
            parts = [(_factors(int(base.p)), 1), (_factors(int(base.q)), -1)]
            if all(f is not None for f, _ in parts):
                value: Constant | arb = Constant.of(1)
                for found, sign in parts:
                    for p, e in found or ():
                        total = Fraction(int(r.p), int(r.q)) * e * sign
                        whole, rest = divmod(total, 1)
                        if abs(whole) > HIGHEST:
                            return self.ball() ** arb(r)
                        scale = fmpq(p) ** int(whole)
                        key = ((("root", p), rest),) if rest else ONE
                        value = value * Constant({key: scale})
                return value
        if isinstance(exponent, Constant):
            exponent = exponent.ball()
        if not isinstance(exponent, arb):
            raise TypeError(f"a power of a constant, got {exponent!r}")
        return self.ball() ** exponent

    def sqrt(self) -> Constant | arb:
        return self.power(fmpq(1, 2)) if self.terms else self

    def log(self) -> Constant | arb:
        """log of a rational, or of a rational times fractional powers of primes, is exact."""
        if len(self.terms) == 1:
            ((m, c),) = self.terms.items()
            parts = [(_factors(int(abs(c.p))), 1), (_factors(int(c.q)), -1)]
            rooted = all(kind == "root" for (kind, _), _ in m)
            if c > 0 and rooted and all(f is not None for f, _ in parts):
                terms: dict[Monomial, fmpq] = {}
                for found, sign in parts:
                    for p, e in found or ():
                        key = ((("log", p), Fraction(1)),)
                        terms[key] = terms.get(key, fmpq(0)) + sign * e
                for (_, p), power in m:
                    key = ((("log", p), Fraction(1)),)
                    terms[key] = terms.get(key, fmpq(0)) + fmpq(power.numerator, power.denominator)
                return Constant(terms)
        return self.ball().log()

    def exp(self) -> Constant | arb:
        """Exact for rational combinations of logarithms of primes."""
        value: Constant | arb = Constant.of(1)
        for m, c in self.terms.items():
            if len(m) != 1 or m[0][0][0] != "log" or m[0][1] != 1:
                return self.ball().exp()
            value = value * Constant.of(m[0][0][1]).power(c)
        return value

    def __abs__(self) -> Constant:
        ball = self.ball()
        return self if self.is_zero() or ball > 0 else -self if ball < 0 else _unknown(self)

    def __repr__(self) -> str:
        return f"Constant({self.terms})"

    def __getattr__(self, name: str) -> object:
        """Any other function of a ball (sin, erf, gamma, ...), by the ball."""
        if name.startswith("_") or name == "c":
            raise AttributeError(name)
        return getattr(self.ball(), name)

    # -- order: by the ball, and zero exactly

    def _less(self, other: object) -> bool:
        gap = self - other
        return bool((gap.ball() if isinstance(gap, Constant) else gap) < 0)

    def __lt__(self, other: object) -> bool:
        return self._less(other)

    def __gt__(self, other: object) -> bool:
        return (-self)._less(-_constant(other))  # type: ignore[operator]

    def __ge__(self, other: object) -> bool:
        gap = self - other
        return bool(gap.is_zero() or gap > 0)

    def __le__(self, other: object) -> bool:
        gap = self - other
        return bool(gap.is_zero() or gap < 0)


def _unknown(value: Constant) -> Constant:
    raise ArithmeticError(f"the sign of {value} is not known")


def _constant(value: object) -> Constant | arb | object:
    if isinstance(value, int | fmpq | fmpz):
        return Constant.of(fmpq(value))
    return value
