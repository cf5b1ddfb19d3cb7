"""True suprema of concave functions: inside the interval, at a kink, at an end, at infinity."""

from __future__ import annotations

import random
from collections.abc import Callable

import sympy as sp
from sympy import Abs, Max, exp, log, oo, sqrt

from derivations.claim import AtEnd, AtKink, Stationary
from derivations.language import POSITIVE, REAL, Interval, Supremum

from .statement import Truth, positive, small

a, b, t, u = sp.symbols("a b t u")
Draw = Callable[[random.Random], Truth]


def _truth(g: sp.Expr, low: object, high: object, value: sp.Expr, given: dict, by: object) -> Truth:
    return Truth(Supremum(g, u, low, high), "=", value, given, by=by, plain=sp.sympify(value))  # type: ignore[arg-type]


def stationary(rng: random.Random) -> Truth:
    k, c = positive(rng), small(rng)
    return rng.choice((
        lambda: _truth(t * u - k * u**2 / 2 - c * u, -oo, oo, (t - c) ** 2 / (2 * k), {t: REAL},
                       Stationary((t - c) / k)),
        lambda: _truth(t * u - k * u * log(u), 0, oo, k * exp(t / k - 1), {t: REAL},
                       Stationary(exp(t / k - 1))),
        lambda: _truth(k * log(u) - t * u, 0, oo, k * log(k / t) - k, {t: POSITIVE},
                       Stationary(k / t)),
        lambda: _truth(t * u - exp(k * u), -oo, oo, t / k * log(t / k) - t / k, {t: POSITIVE},
                       Stationary(log(t / k) / k)),
        lambda: _truth(2 * a * sqrt(u) - k * u, 0, oo, a**2 / k, {a: POSITIVE},
                       Stationary(a**2 / k**2)),
        lambda: _truth(t * u - (u - 1) ** 2, 0, oo, t + t**2 / 4, {t: Interval(-2, oo)},
                       Stationary(1 + t / 2)),
        lambda: _truth(a * log(u) + b * log(1 - u), 0, 1,
                       a * log(a / (a + b)) + b * log(b / (a + b)), {a: POSITIVE, b: POSITIVE},
                       Stationary(a / (a + b))),
        lambda: _truth(-u - k / u, 0, oo, -2 * sqrt(k), {}, Stationary(sqrt(k))),
        lambda: _truth(t * u - log(1 + exp(u)), -oo, oo, t * log(t) + (1 - t) * log(1 - t),
                       {t: Interval(0, 1)}, Stationary(log(t / (1 - t)))),
    ))()  # fmt: skip


def at_kink(rng: random.Random) -> Truth:
    k, c = positive(rng), small(rng)
    return rng.choice((
        lambda: _truth(t * u - k * Abs(u - c), -oo, oo, t * c, {t: Interval(-k, k)}, AtKink(c)),
        lambda: _truth(t * u - k * Max(u, 0), -oo, oo, sp.S.Zero, {t: Interval(0, k)},
                       AtKink(sp.S.Zero)),
        lambda: _truth(-k * Abs(u - t) - u**2 / 10**6 + t**2 / 10**6, -oo, oo, sp.S.Zero,
                       {t: Interval(-1, 1)}, AtKink(t)),
    ))()  # fmt: skip


def at_end(rng: random.Random) -> Truth:
    k, c = positive(rng), small(rng)
    return rng.choice((
        lambda: _truth(k * u, u * 0 + c, c + t, k * (c + t), {t: POSITIVE}, AtEnd(c + t)),
        lambda: _truth(-k * u, c, c + t, -k * c, {t: POSITIVE}, AtEnd(sp.sympify(c))),
        lambda: _truth(-exp(-u) + t, 0, oo, t, {t: REAL}, AtEnd(oo)),
        lambda: _truth(t * u - k * u, 0, oo, sp.S.Zero, {t: Interval(-oo, k)}, AtEnd(sp.S.Zero)),
        lambda: _truth(log(u), 0, t, log(t), {t: POSITIVE}, AtEnd(t)),
        lambda: _truth(t * u - (u - 1) ** 2, 0, oo, -sp.S.One, {t: Interval(-oo, -2)},
                       AtEnd(sp.S.Zero)),
        lambda: _truth(a * u, -b, b, a * b, {a: POSITIVE, b: POSITIVE}, AtEnd(b)),
        lambda: _truth(-exp(-u) - Abs(t), 0, oo, -Abs(t), {t: REAL}, AtEnd(oo)),
    ))()  # fmt: skip


SUPREMA: tuple[Draw, ...] = (stationary, stationary, at_kink, at_end)
