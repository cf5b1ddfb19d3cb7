"""f >= 0 (or f > 0) on a whole interval of the line, shown by balls: the ends, then the middle.

    ends      the leading terms of f on (0, 2^-k] from each end have that sign (`germs.py`);
    middle    boxes, halved until f's ball, or its mean value form f(m) + f'(X) (X - m), is > 0;
    touching  where f(t) = 0 exactly, t is an end of two intervals.

The work is counted in evaluations, not seconds, so that the answer is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import sympy as sp
from flint import arb, ctx, fmpq

from divergences.constants import Constant
from divergences.enclosure import Environment, NotEnclosable, Number, compile_ball, real
from divergences.germs import Germ
from divergences.jets import Jet
from divergences.limits import at_end

DISTANCES = (4, 8, 32, 128)  # an end's leading terms are looked at on (0, 2^-k]
BITS = 128  # working precision of the boxes
FINEST = 2**-30  # relative width of the smallest box


class NotShown(NotEnclosable):
    """The inequality was not shown; nothing is said about whether it holds."""


class Budget:
    """How many evaluations may still be spent."""

    def __init__(self, evaluations: int):
        self.left = evaluations

    def spend(self, n: int = 1) -> None:
        self.left -= n
        if self.left < 0:
            raise NotShown("more boxes would be needed than are tried")


class Line:
    """One function along one variable, the others fixed by the environment."""

    def __init__(self, f: sp.Expr, x: sp.Symbol, env: Environment, strict: bool, budget: Budget):
        self.f, self.x, self.env, self.strict, self.budget = f, x, env, strict, budget
        self.value = compile_ball(f)

    def show(
        self, lower: Number | None, upper: Number | None, touching: Iterable[sp.Rational] = ()
    ) -> None:
        """Raises `NotShown` unless f >= 0 on the open interval; an end None is infinite.

        `touching` are numbers at which f may be zero.
        """
        with ctx.workprec(BITS):
            zeros = sorted(t for t in set(map(_exact, touching)) if self._zero(t, lower, upper))
            if zeros and self.strict:
                raise NotShown(f"it is zero at {self.x} = {zeros[0]}")
            for left, right in pairwise([lower, *zeros, upper]):
                self._interval(left, right)

    def _zero(self, t: fmpq, lower: Number | None, upper: Number | None) -> bool:
        """Whether t lies inside and f(t) is exactly zero."""
        if not (lower is None or real(lower) < arb(t)):
            return False
        if not (upper is None or arb(t) < real(upper)):
            return False
        self.budget.spend()
        try:
            value = compile_ball(self.f, True)({**self.env, self.x: Constant.of(t)}, False)
        except (NotEnclosable, ZeroDivisionError, ArithmeticError):
            return False
        return bool(value == 0 if isinstance(value, fmpq) else value.is_zero())

    def _interval(self, lower: Number | None, upper: Number | None) -> None:
        a = self._from(lower, 1, lower, upper) if lower is not None else self._far(-1)
        b = self._from(upper, -1, lower, upper) if upper is not None else self._far(1)
        for left, right in self._cut(a, b) if b > a else ():
            self._box(left, right)

    # -- the ends

    def _from(self, end: Number, side: int, lower: Number | None, upper: Number | None) -> arb:
        """A point up to which the sign is shown from a finite end on."""
        reach = None
        if lower is not None and upper is not None:
            reach = real(upper) - real(lower)
        for k in DISTANCES:
            step = arb(2) ** (-k)
            if reach is not None and not step < reach:
                continue
            if self._signed(end, side, k):
                inner = real(end) + side * step
                # the box beyond must begin inside what is shown
                return inner.lower() if side == 1 else inner.upper()
        raise NotShown(f"no sign is known near {_shown(end)}")

    def _far(self, side: int) -> arb:
        for k in DISTANCES:
            with_power, with_log = at_end(self.f, self.x, None, side, self.env, k)
            for expand, reach in ((with_power, arb(2) ** k), (with_log, k * arb(2).log())):
                self.budget.spend(20)
                try:
                    if self._right(expand()):
                        return side * reach.upper()
                except (NotEnclosable, ArithmeticError):
                    continue
        raise NotShown("no sign is known near infinity")

    def _signed(self, end: Number, side: int, k: int) -> bool:
        self.budget.spend(20)
        (expand,) = at_end(self.f, self.x, end, side, self.env, k)
        try:
            return self._right(expand())
        except (NotEnclosable, ArithmeticError):
            return False

    def _right(self, germ: Germ) -> bool:
        if not self.strict and not germ.terms and germ.bound[2].is_zero():
            return True  # zero throughout
        return germ.sign() == 1

    # -- the middle

    def _cut(self, a: arb, b: arb) -> Iterable[tuple[arb, arb]]:
        """Boxes that grow geometrically away from both ends."""
        points = [a, b]
        for end, side in ((a, 1), (b, -1)):
            for k in range(-130, 130):
                at = (end + side * arb(2) ** k).mid()
                if a < at < b:
                    points.append(at)
        points = sorted(set(points), key=lambda at: at.mid().fmpq())
        return pairwise(points)

    def _box(self, a: arb, b: arb) -> None:
        stack = [(a, b)]
        while stack:
            a, b = stack.pop()
            if not b > a or self._holds(a, b):
                continue
            middle = ((a + b) / 2).mid()
            if a > 0 and b > 4 * a:
                middle = (a * b).sqrt().mid()
            elif b < 0 and a < 4 * b:
                middle = -(a * b).sqrt().mid()
            if not (a < middle < b) or b - a <= FINEST * (abs(a) + abs(b)).max(arb(FINEST)):
                raise NotShown(f"not shown near {self.x} = {middle.str(6, radius=False)}")
            stack += [(a, middle), (middle, b)]

    def _holds(self, a: arb, b: arb) -> bool:
        X = a.union(b)
        self.budget.spend()
        try:
            found = self.value({**self.env, self.x: Jet.variable(X, 1, hull=True)}, False)
            if not isinstance(found, Jet):
                return self._sign(real(found))
            if self._sign(real(found.c[0])):
                return True
            middle = X.mid()
            at = real(self.value({**self.env, self.x: middle}, False))
            return self._sign(at + real(found.c[1]) * (X - middle))
        except (NotEnclosable, ZeroDivisionError):
            return False

    def _sign(self, ball: object) -> bool:
        if not isinstance(ball, arb) or not ball.is_finite():
            return False
        return bool(ball > 0 if self.strict else ball >= 0)


def _exact(r: sp.Rational) -> fmpq:
    return fmpq(int(r.p), int(r.q))


def _shown(end: Number) -> str:
    return str(real(end).str(6, radius=False))
