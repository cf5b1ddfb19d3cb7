"""The integrand of D_f as a function of two log-densities, over the whole range of both.

With R(u) = f(u) - f(1) - f'(1)(u - 1) >= 0 and v = log p - log q, the integrand is q R(e^v), written p R°(e^-v)
where v > 0 (R° belongs to the adjoint u f(1/u)). Nothing is formed that leaves the range of floats before the
product with the density does. Beyond |v| = 600, R follows its growth law, read off in ball arithmetic at
v = 1e15 and beyond: R(e^v) ~ e^(kappa v) |v|^m; that law also decides which integrals are finite.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import sympy as sp
from flint import arb, ctx

from ._evaluate import constant
from ._exact import U
from ._sign import ball_at
from ._stable import precise
from .enclosure import compile_ball
from .fdivergence import FDivergence

FAR = 600.0  # |log p/q| from which on the growth law is used
EPS = 2.0**-52


@dataclass(frozen=True)
class Growth:
    """R(e^(side v)) ~ e^(kappa v) v^m for v >= 600; `kappa` and `m` are None where no such law was recognised.

    `log_value` is log R(e^v) - v as p/q -> oo (what p is multiplied by), and log R(e^-v) as p/q -> 0 (what q is).
    """

    side: int
    kappa: Fraction | None
    m: int | None
    vanishes: bool  # R is 0 there
    log_value: Callable[[np.ndarray], np.ndarray]


class LogRatio:
    """q R(p/q), from log p and log q; and what f charges for mass where the other density is 0."""

    def __init__(self, f: FDivergence) -> None:
        f._require_numbers()
        self.f = f
        self.at_one = constant(sp.sympify(f.value_at_one))
        level = f.critical_level
        at_zero, slope = f.at_zero, f.slope_at_infinity
        # Q's mass where p = 0, and P's where q = 0, are charged these on top of what R leaves out.
        self.at_zero = _number(at_zero - f.value_at_one + level if at_zero is not sp.oo else sp.oo)
        self.slope = _number(slope - level if slope is not sp.oo else sp.oo)

    @property
    def bounded(self) -> bool:
        """Whether D_f <= f(0) + f'(oo) < oo for every pair."""
        return math.isfinite(self.at_zero + self.slope)

    def __call__(self, log_p: np.ndarray, log_q: np.ndarray) -> np.ndarray:
        """q R(p/q) at each point; 0 where both densities are."""
        with np.errstate(all="ignore"):
            v = log_p - log_q
            both = np.isneginf(log_p) & np.isneginf(log_q)
            v = np.where(both, 0.0, v)
            near = np.clip(v, -FAR, FAR)
            low, high = np.minimum(near, 0.0), np.maximum(near, 0.0)
            below = np.log(self.f.remainder(np.exp(low), np.expm1(low)))
            above = np.log(self.f.adjoint.remainder(np.exp(-high), np.expm1(-high)))
            out = np.where(v > 0, log_p + above, log_q + below)
            for far, growth, base in ((v > FAR, self.above, log_p), (v < -FAR, self.below, log_q)):
                far &= np.isfinite(v)
                if far.any():
                    out[far] = base[far] + growth.log_value(np.abs(v[far]))
            value = np.exp(out)
            value = np.where(np.isposinf(v), _times(np.exp(log_p), self.slope), value)
            value = np.where(np.isneginf(v), _times(np.exp(log_q), self.at_zero), value)
        return np.where(both, 0.0, value)

    @cached_property
    def above(self) -> Growth:
        """As p/q -> oo."""
        return self._growth(1)

    @cached_property
    def below(self) -> Growth:
        """As p/q -> 0."""
        return self._growth(-1)

    def _growth(self, side: int) -> Growth:
        expr = self.f._pieces[-1 if side > 0 else 0].expr
        excess = sp.expand(expr - self.f._at_one - self.f._critical * (U - 1))
        if excess == 0:
            return Growth(side, Fraction(0), 0, True, lambda v: np.full_like(v, -math.inf))

        def log_remainder(v: float) -> arb | None:
            def at(y: arb) -> arb | None:
                return ball_at(excess, (side * y).exp(), int(ctx.prec))

            ball = precise(at, arb(v), 400)
            if ball is None or not ball > 0:
                return None
            with ctx.workprec(400):
                return ball.log() - (arb(v) if side > 0 else 0)

        def one_by_one(v: np.ndarray) -> np.ndarray:
            found = [log_remainder(float(x)) for x in v.ravel()]
            return np.array([math.nan if y is None else float(y) for y in found]).reshape(v.shape)

        law = _law(log_remainder)
        if law is None:
            return Growth(side, None, None, False, one_by_one)
        kappa, m, A = law
        fast = _fitted(log_remainder, kappa, m, A)
        whole = kappa + 1 if side > 0 else kappa
        return Growth(side, whole, m, False, fast or one_by_one)


def _law(log_remainder: Callable[[float], arb | None]) -> tuple[Fraction, int, arb] | None:
    """kappa, m, A with the value ~ A v^m e^(kappa v)."""
    first, second = 2.0**50, 2.0**100
    a, b = log_remainder(first), log_remainder(second)
    if a is None or b is None:
        return None
    with ctx.workprec(400):
        slope = (b - a) / (arb(second) - arb(first))
        kappa = Fraction(float(slope)).limit_denominator(10**6)
        ball = arb(kappa.numerator) / kappa.denominator
        if not abs(slope - ball) < 1e-13:
            return None
        power = ((b - a) - ball * (arb(second) - arb(first))) / (arb(second) / arb(first)).log()
        m = round(float(power))
        if not abs(power - m) < 1e-8:
            return None
        return kappa, m, (b - ball * arb(second) - m * arb(second).log()).exp()


def _fitted(
    log_remainder: Callable[[float], arb | None], kappa: Fraction, m: int, A: arb
) -> Callable[[np.ndarray], np.ndarray] | None:
    """kappa v + log(A v + B), or None where that is not right to the last digits."""
    if m not in (0, 1):
        return None

    def reduced(v: float) -> arb | None:
        value = log_remainder(v)
        if value is None:
            return None
        with ctx.workprec(400):
            return (value - arb(kappa.numerator) / kappa.denominator * arb(v)).exp()

    start = reduced(FAR)
    if start is None:
        return None
    with ctx.workprec(400):
        slope = A if m == 1 else arb(0)
        offset = start - slope * FAR
        for v in (601.0, 700.0, 2e3, 1e5, 1e9):
            value = reduced(v)
            if value is None or not abs(slope * v + offset - value) < abs(value) * EPS:
                return None
    k, a, b = float(kappa), float(slope), float(offset)
    return lambda v: k * v + np.log(a * v + b)


def _number(expr: sp.Expr) -> float:
    """Correctly rounded; 0 exactly where it is 0."""
    if expr is sp.oo:
        return math.inf
    value = constant(sp.sympify(expr))
    if abs(value) < 1e-25:
        with ctx.workprec(400):
            if compile_ball(sp.sympify(expr))({}, False).contains(0):
                return 0.0
    return value


def _times(mass: np.ndarray, rate: float) -> np.ndarray:
    return np.where(mass > 0, math.inf, 0.0) if rate == math.inf else rate * mass


__all__ = ["EPS", "FAR", "Growth", "LogRatio"]
