"""Functions of one number, whatever kind of number it is: a ball, real or complex, an exact constant,
a Taylor series or an expansion at an end.

`analytic` is asked by the quadrature: the answer must then not be finite on a complex ball on which
the function is not analytic. What certainly has no real value raises `NoValue`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import sympy as sp
from flint import acb, arb, fmpq

from .balls import Ball, NoDerivative, NoValue, as_real
from .constants import Constant
from .germs import Germ
from .jets import Jet, bottom, power, sign_of

Number: TypeAlias = Any  # fmpq, arb, acb, Constant, Jet or Germ


def real_ball(value: Number) -> Ball:
    """An exact number as a ball; balls as they are."""
    if isinstance(value, Constant):
        return value.ball()
    return arb(value) if isinstance(value, fmpq | int) else value


def real(value: Number) -> arb:
    """A number as a real ball; `NotEnclosable` for one that is not known to be real."""
    return as_real(real_ball(value), "a value")


def widened(value: Number) -> Number:
    """A rational number as an exact constant, which has logarithms and roots; others as they are."""
    return Constant.of(value) if isinstance(value, fmpq | int) else value


def power_of(base: Number, exponent: Number, analytic: bool) -> Number:
    """base^exponent for a base that is positive, or 0 under a positive exponent."""
    base, exponent = widened(base), widened(exponent)
    if isinstance(base, Jet) or isinstance(exponent, Jet):
        if not isinstance(exponent, Jet) and sign_of(base) is None and not is_complex(base):
            raise NoDerivative("no derivative of a power is known at 0")
        return (log_of(base, analytic) * exponent).exp()
    if isinstance(exponent, Germ):
        return (log_of(base, analytic) * exponent).exp()
    if isinstance(base, Germ):
        return base.power(exponent)
    if isinstance(base, Constant) and not isinstance(exponent, acb):
        if base.is_zero() and sign_of(exponent) == 1:
            return base
        _refuse_negative(base)
        return base.power(exponent)
    if isinstance(base, acb):
        return (base.log(analytic=analytic) * exponent).exp()
    exponent = real_ball(exponent)
    if isinstance(exponent, arb):
        if base.is_zero() and exponent > 0:
            return arb(0)
        if base.contains(0) and exponent > 0 and base >= 0:
            return arb(0).union((base.upper().log() * exponent).exp())
    _refuse_negative(base)
    return (exponent * base.log()).exp()


def is_complex(value: Number) -> bool:
    return isinstance(bottom(value), acb)


def _refuse_negative(base: Number) -> None:
    if isinstance(base, arb | Constant) and base < 0:
        raise NoValue(f"a power or a root of the negative number {real_ball(base).str(8)}")


def log_of(z: Number, analytic: bool) -> Number:
    z = widened(z)
    if isinstance(z, acb):
        return z.log(analytic=analytic)
    if isinstance(z, Jet):
        return z.log(analytic)
    if isinstance(z, arb | Constant) and (z <= 0):
        raise NoValue(f"the logarithm of {real_ball(z).str(8)}")
    return z.log()


def sqrt_of(z: Number, analytic: bool) -> Number:
    z = widened(z)
    if isinstance(z, acb):
        return z.sqrt(analytic=analytic)
    if isinstance(z, Jet):
        return z.sqrt(analytic)
    _refuse_negative(z)
    return z.sqrt()


def _absolute(z: Number, analytic: bool) -> Number:
    return z.real_abs(analytic=analytic) if isinstance(z, acb) else abs(z)


def _sign(z: Number, analytic: bool) -> Number:
    if isinstance(z, Constant):
        return z if z.is_zero() else z.ball().sgn()
    return z.real_sgn(analytic=analytic) if isinstance(z, acb) else z.sgn()


def maximum(a: Number, b: Number, analytic: bool) -> Number:
    a, b = widened(a), widened(b)
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Jet):
            return one.larger(other)
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Germ):
            return one.larger(other)
    if isinstance(a, acb) or isinstance(b, acb):
        return acb(real_ball(a)).real_max(acb(real_ball(b)), analytic=analytic)
    if isinstance(a, Constant) and isinstance(b, Constant) and (a >= b or b >= a):
        return a if a >= b else b
    return real(a).max(real(b))


def minimum(a: Number, b: Number, analytic: bool) -> Number:
    return -maximum(-a, -b, analytic)


# sympy class -> what it does to a number; entire or meromorphic functions ignore `analytic`.
UNARY: dict[type, Callable[[Any, bool], Any]] = {
    sp.exp: lambda z, _: z.exp(),
    sp.Abs: _absolute,
    sp.sign: _sign,
    sp.sin: lambda z, _: z.sin(),
    sp.cos: lambda z, _: z.cos(),
    sp.tan: lambda z, _: z.tan(),
    sp.sinh: lambda z, _: z.sinh(),
    sp.cosh: lambda z, _: z.cosh(),
    sp.tanh: lambda z, _: z.tanh(),
    sp.coth: lambda z, _: z.coth(),
    sp.atan: lambda z, a: _cut(z, a, lambda w: 1 + w * w, lambda w: w.atan()),
    sp.atanh: lambda z, a: _cut(z, a, lambda w: 1 - w * w, lambda w: w.atanh()),
    sp.erf: lambda z, _: z.erf(),
    sp.erfc: lambda z, _: z.erfc(),
    sp.gamma: lambda z, _: z.gamma(),
    sp.loggamma: lambda z, a: _cut(z, a, lambda w: w, lambda w: w.lgamma()),
    sp.LambertW: lambda z, a: _cut(z, a, lambda w: w + arb(-1).exp(), lambda w: w.lambertw()),
}


def _cut(
    z: Any, analytic: bool, guard: Callable[[Any], Any], function: Callable[[Any], Any]
) -> Any:
    """`function(z)`, but not finite where `analytic` is asked and guard(z) may be <= 0."""
    if analytic and is_complex(z) and not guard(bottom(z)).real > 0:
        return acb("nan")
    return function(z)


def integer_power(base: Number, n: int) -> Number:
    if n >= 0:
        return power(base, n)
    base = widened(base)
    if isinstance(base, arb | Constant) and base.is_zero():
        raise NoValue("a division by zero")
    if isinstance(base, arb) and n % 2 == 0:
        return 1 / power(base, -n)
    return base**n
