"""Sums of c (b1 +- u)^r1 ... log(b1 +- u)^k1 ..., with an environment's numbers for all but u.

    expanded((u - 1)^2/(u + 1))   =   (u + 1) - 4 + 4/(u + 1)

Every b +- u that occurs to a power or in a logarithm is positive on the interval. The coefficients
are exact constants where they can be, so that what cancels is gone; logarithms of products become
sums, a sum c1 m u + c2 m of two terms is factored, u^n (u + b)^r is written in u + b alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import sympy as sp
from flint import arb, fmpq

from divergences.constants import Constant
from divergences.enclosure import Environment, NotEnclosable, Number, compile_ball, real
from divergences.germs import coefficient_ball
from divergences.trees import added, negated, product, raised

Base: TypeAlias = tuple[int, fmpq]  # (s, b): b + s u, s = 1 or -1
Powers: TypeAlias = tuple[tuple[Base, fmpq], ...]  # in ascending order of the bases
Key: TypeAlias = tuple[Powers, Powers]  # powers of the bases, powers of their logarithms
Sum: TypeAlias = dict[Key, Any]
MOST = 60  # terms
UNIT: Key = ((), ())
PLAIN: Base = (1, fmpq(0))  # u itself


class NotExpanded(NotEnclosable):
    """The expression is no such sum."""


class Expansion:
    """Expansions in u on an interval; an end None is infinite."""

    def __init__(self, u: sp.Symbol, env: Environment, ends: tuple[Number | None, Number | None]):
        self.u, self.env, self.ends = u, env, ends

    def positive(self, base: Base) -> bool:
        return is_positive(base, self.ends)

    def of(self, expr: sp.Expr) -> Sum:
        """`expr` as such a sum. Raises `NotExpanded`."""
        u = self.u
        if expr == u:
            return {(((PLAIN, fmpq(1)),), ()): Constant.of(1)}
        if u not in expr.free_symbols:
            return _cleaned({UNIT: compile_ball(expr, True)(self.env, False)})
        if isinstance(expr, sp.Add | sp.Mul):
            parts = [self.of(arg) for arg in expr.args]
            total = parts[0]
            for part in parts[1:]:
                total = plus(total, part) if isinstance(expr, sp.Add) else times(total, part)
            return total
        if isinstance(expr, sp.Pow) and u not in expr.exp.free_symbols:
            return self.power(self.of(expr.base), expr.exp)
        if isinstance(expr, sp.log):
            c, (powers, logs) = self.single(self.of(expr.args[0]))
            if logs or not coefficient_ball(c) > 0:
                raise NotExpanded(str(expr))
            total = _cleaned({UNIT: c.log()})
            for b, r in powers:
                if not self.positive(b):
                    raise NotExpanded(str(expr))
                total = plus(total, {((), ((b, fmpq(1)),)): Constant.of(r)})
            return total
        raise NotExpanded(str(expr))

    def power(self, base: Sum, exponent: sp.Expr) -> Sum:
        value = compile_ball(exponent, True)(self.env, False)
        r = value.rational() if isinstance(value, Constant) else None
        if r is None:
            raise NotExpanded("a power that is not rational")
        if r.q == 1 and 0 <= r.p <= 12:
            total: Sum = {UNIT: Constant.of(1)}
            for _ in range(int(r.p)):
                total = times(total, base)
            return total
        c, (powers, logs) = self.single(base)
        if logs or not all(self.positive(b) for b, _ in powers):
            raise NotExpanded("a power of a logarithm, or of what may be negative")
        key = (tuple((b, e * r) for b, e in powers), ())
        if r.q == 1:
            return {key: c ** int(r.p)}
        if not coefficient_ball(c) > 0:
            raise NotExpanded("a root of what may be negative")
        front = c.power(r) if isinstance(c, Constant) else (arb(r) * c.log()).exp()
        return {key: front}

    def single(self, found: Sum) -> tuple[Any, Key]:
        """A sum as one product: c1 m u + c2 m = |c1| m (c2/|c1| +- u)."""
        if len(found) == 1:
            ((key, c),) = found.items()
            return c, key
        if len(found) == 2:
            for (m, c), (k, d) in (list(found.items()), list(found.items())[::-1]):
                if _times_keys(k, (((PLAIN, fmpq(1)),), ())) != m or not isinstance(c, Constant):
                    continue
                side = 1 if c > 0 else -1
                ratio = d / (c * side) if isinstance(d, Constant) else None
                b = ratio.rational() if isinstance(ratio, Constant) else None
                if b is not None:
                    return c * side, _times_keys(k, ((((side, b), fmpq(1)),), ()))
        raise NotExpanded("not a single product")


def is_positive(base: Base, ends: tuple[Number | None, Number | None]) -> bool:
    """b + s u >= 0 on the interval, and so > 0 inside."""
    side, b = base
    end = ends[0] if side == 1 else ends[1]
    return end is not None and bool(real(end * side + b) >= 0)


def _cleaned(found: Sum) -> Sum:
    return {key: c for key, c in found.items() if not c.is_zero()}


def _merged(x: Powers, y: Powers) -> Powers:
    total = dict(x)
    for b, r in y:
        total[b] = total.get(b, fmpq(0)) + r
    return tuple(sorted((b, r) for b, r in total.items() if r != 0))


def _times_keys(x: Key, y: Key) -> Key:
    return _merged(x[0], y[0]), _merged(x[1], y[1])


def plus(x: Sum, y: Sum) -> Sum:
    total = dict(x)
    for key, c in y.items():
        total[key] = total[key] + c if key in total else c
    return _cleaned(total)


def times(x: Sum, y: Sum) -> Sum:
    if len(x) * len(y) > MOST:
        raise NotExpanded("too many terms")
    total: Sum = {}
    for k, c in x.items():
        for m, d in y.items():
            for key, e in _one_base(_times_keys(k, m)).items():
                term = c * d * e
                total[key] = total[key] + term if key in total else term
    return _cleaned(total)


def _one_base(key: Key) -> Sum:
    """(u + a)^n (u + b)^r, n a positive integer, r no such: in powers of u + b alone."""
    powers, logs = key
    whole = [(b, r) for b, r in powers if r.q == 1 and 0 < r.p <= 8]
    rest = [(b, r) for b, r in powers if (b, r) not in whole]
    if len(whole) != 1 or len(rest) != 1:
        return {key: Constant.of(1)}
    (((one, a), n), ((two, b), r)) = whole[0], rest[0]
    if one != two:
        return {key: Constant.of(1)}
    total: Sum = {}
    for j in range(int(n.p) + 1):  # (a + s u)^n = ((b + s u) + (a - b))^n
        c = math.comb(int(n.p), j) * (a - b) ** (int(n.p) - j)
        total = plus(total, {(_merged((((two, b), r + j),), ()), logs): Constant.of(c)})
    return total


def slope(found: Sum) -> Sum:
    """The derivative in u."""
    total: Sum = {}
    for (powers, logs), c in found.items():
        for b, r in powers:
            lower = _times_keys((powers, logs), (((b, fmpq(-1)),), ()))
            total = plus(total, {lower: c * Constant.of(b[0] * r)})
        for b, k in logs:
            lower = _times_keys((powers, logs), (((b, fmpq(-1)),), ((b, fmpq(-1)),)))
            total = plus(total, {lower: c * Constant.of(b[0] * k)})
    return total


def negative(found: Sum, ends: tuple[Number | None, Number | None]) -> bool:
    """<= 0 on the interval: no coefficient is positive, of the sum or of its numerator."""

    def plain(powers: Powers, logs: Powers) -> bool:
        return not logs and all(
            is_positive(base, ends) or (r.q == 1 and r.p % 2 == 0) for base, r in powers
        )

    if all(plain(*key) and coefficient_ball(c) <= 0 for key, c in found.items()):
        return True
    start = ends[0].rational() if isinstance(ends[0], Constant) else ends[0]
    if not isinstance(start, fmpq):
        return False
    row = numerator(found, start)
    return row is not None and all(coefficient_ball(c) <= 0 for c in row)


def numerator(found: Sum, lower: fmpq) -> list[Any] | None:
    """The sum times a positive product of powers, as the coefficients of a polynomial in u - lower.

    None where there are logarithms, or exponents that do not differ by integers.
    """
    if any(logs or any(side == -1 for (side, _), _ in powers) for powers, logs in found):
        return None
    bases = sorted({b for powers, _ in found for b, _ in powers})
    if any(lower + b < 0 for _, b in bases):
        return None
    least = {b: min(dict(powers).get(b, fmpq(0)) for powers, _ in found) for b in bases}
    total: list[Any] = [Constant.of(0)]
    for (powers, _), c in found.items():
        row: list[Any] = [c]
        for base in bases:
            extra, b = dict(powers).get(base, fmpq(0)) - least[base], base[1]
            if extra.q != 1 or extra.p > 12:
                return None
            for _ in range(int(extra.p)):  # times (u - lower) + (lower + b)
                row = [
                    (row[i - 1] if i else 0) + (row[i] * (lower + b) if i < len(row) else 0)
                    for i in range(len(row) + 1)
                ]
        n = max(len(total), len(row))
        total = [
            (total[i] if i < len(total) else 0) + (row[i] if i < len(row) else 0) for i in range(n)
        ]
    return total


def written(found: Sum, u: sp.Symbol, name: Callable[[Any], sp.Symbol]) -> sp.Expr:
    """The sum as a tree, each coefficient by the symbol that `name` gives it."""
    terms = []
    for (powers, logs), c in found.items():
        factors = [raised(_shifted(u, b), _rational(r)) for b, r in powers]
        factors += [raised(sp.log(_shifted(u, b), evaluate=False), _rational(k)) for b, k in logs]
        terms.append(product([name(c), *factors]))
    return added(terms)


def _shifted(u: sp.Symbol, base: Base) -> sp.Expr:
    side, b = base
    signed = u if side == 1 else negated(u)
    return added([signed, _rational(b)]) if b != 0 else signed


def _rational(r: fmpq) -> sp.Rational:
    return sp.Rational(int(r.p), int(r.q))
