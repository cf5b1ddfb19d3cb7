"""A concave supremum as a ball: bracketed by the sign of the slope, bounded by the tangent.

If g is concave on (lower, upper) and g'(a) > 0 > g'(b), its supremum lies in (a, b) and
max(g(a), g(b)) <= sup g <= g(a) + g'(a) (b - a). Bisection on the sign of a ball makes b - a small.
Where the slope keeps its sign up to an end, the supremum is the limit there, read off the leading
terms. Concavity is this route's own test (`concavity.py`), and the maximiser that a derivation
names is not used.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp
from flint import acb, arb, ctx

from divergences.enclosure import Environment, Evaluator, NotEnclosable, Number, compile_ball, real
from divergences.germs import Germ
from divergences.jets import Jet
from divergences.limits import at_end, limit_at
from divergences.trees import hoisted

from ..words.language import Supremum
from .concavity import concave

NEAR = range(12)  # first looks for the bracket, 2^-k from the ends
FARTHEST = 200  # then the bracket is sought between 2^-200 and 2^200 from the ends
STEPS = 4_000  # halvings
NEWTON_AT = (0, 6, 12, 24)  # after so many halvings Newton's method is tried
NEWTON_STEPS = 14
NEAR_ENDS = (8, 32, 128)


def compile_supremum(node: Supremum, exact: bool = False) -> Evaluator:
    g, u = node.objective, node.variable
    tree, parts = hoisted(g, u)
    value = compile_ball(tree)
    values = [(name, compile_ball(part)) for name, part in parts]
    rate = sp.Derivative(g, u, evaluate=False)
    lower, upper = node.bounds
    ends = [None if end.is_infinite else compile_ball(end, True) for end in node.bounds]
    if (lower.is_infinite and lower > 0) or (upper.is_infinite and upper < 0):
        raise NotEnclosable(f"{node} is over an empty interval")
    names = node.free_symbols

    def evaluate(env: Environment, analytic: bool) -> Number:
        if any(isinstance(env.get(name), Jet | Germ | acb) for name in names):
            raise NotEnclosable("a supremum inside a derivative, a limit or an integral")
        places = [None if end is None else end(env, False) for end in ends]
        a, b = (None if p is None else real(p) for p in places)
        if a is not None and b is not None and not a < b:
            raise NotEnclosable(f"the interval of {node} is empty, or not known to have a point")
        if not concave(g, u, env, (places[0], places[1])):
            raise NotEnclosable(f"{g} is not known to be concave in {u}")

        known = {**env, **{name: part(env, False) for name, part in values}}

        def at(x: arb) -> arb:
            return real(value({**known, u: x}, False))

        def slope(x: arb) -> arb:
            found = value({**known, u: Jet.variable(x, 1, hull=True)}, False)
            return real(found.c[1]) if isinstance(found, Jet) else arb(0)

        def bend(x: arb) -> tuple[arb, arb]:
            found = value({**known, u: Jet.variable(x, 2)}, False)
            if not isinstance(found, Jet):
                raise NotEnclosable("a constant")
            return real(found.c[1]), 2 * real(found.c[2])

        def end_value(which: int) -> arb:
            return real(limit_at(g, u, *_place(places, which), env))

        def monotone(which: int) -> bool:
            """A concave g whose slope next to its lower end is <= 0 falls throughout."""
            wanted = -1 if which == 0 else 1
            end, side = _place(places, which)
            for k in NEAR_ENDS:
                for expand in at_end(rate, u, end, side, env, k):
                    try:
                        germ = expand()
                    except (NotEnclosable, ArithmeticError):
                        continue
                    if germ.sign() == wanted or (not germ.terms and germ.bound[2].is_zero()):
                        return True
                    if germ.sign() == -wanted:
                        return False
            return False

        return _Search(at, slope, bend, monotone, end_value, (a, b)).ball()

    return evaluate


def _place(places: list[Number | None], which: int) -> tuple[Number | None, int]:
    """An end, None at infinity, and on which side of it, or towards which infinity, to look."""
    end = places[which]
    if end is None:
        return None, -1 if which == 0 else 1
    return end, 1 if which == 0 else -1


class _Search:
    """g, its slope, whether it falls from (rises to) an end, its limits there; the ends as balls."""

    def __init__(
        self,
        g: Callable[[arb], arb],
        slope: Callable[[arb], arb],
        bend: Callable[[arb], tuple[arb, arb]],
        monotone: Callable[[int], bool],
        end_value: Callable[[int], arb],
        ends: tuple[arb | None, arb | None],
    ):
        self.g, self.slope, self.bend = g, slope, bend
        self.monotone, self.end_value = monotone, end_value
        self.lower, self.upper = ends

    def ball(self) -> arb:
        a, b = self.side(NEAR, rising=True), self.side(NEAR, rising=False)
        for which, found, other in ((0, a, b), (1, b, a)):
            if found is None and other is not None:
                if (value := self.near_end(which, other)) is not None:
                    return value
                if self.monotone(which):
                    return self.end_value(which)
        a = a if a is not None else self.side(range(NEAR.stop, FARTHEST), rising=True)
        b = b if b is not None else self.side(range(NEAR.stop, FARTHEST), rising=False)
        if a is None or b is None:
            raise NotEnclosable("no point was found where the function certainly rises or falls")
        for x in (a, b):
            if self.slope(x).is_zero():  # exactly flat: where a concave function is largest
                return self.g(x)
        return self.bracketed(a, b)

    def near_end(self, which: int, other: arb) -> arb | None:
        """The tangent at x bounds g on both sides: sup g <= g(x) + |g'(x)| max(|x - end|, |x - b|),
        b a point from which g certainly falls away from the end."""
        end = self.upper if which else self.lower
        if end is None:
            return None
        for k in range(4, FARTHEST, 12):
            x = self.at(k, rising=which == 0)
            try:
                value, tilt = self.g(x), abs(self.slope(x))
            except NotEnclosable:
                continue
            reach = tilt * abs(x - end).max(abs(x - other))
            if reach <= arb(2) ** (12 - ctx.prec) * abs(value).max(arb(1)):
                return value.union(value + reach)
        return None

    def at(self, k: int, *, rising: bool) -> arb:
        """The k-th point towards the lower end (`rising`) or the upper one."""
        near, far = arb(2) ** (-k), arb(2) ** k
        width = arb(1)
        if self.lower is not None and self.upper is not None:
            width = (self.upper - self.lower) / 2
        if rising:
            x = -far if self.lower is None else self.lower + near * width
        else:
            x = far if self.upper is None else self.upper - near * width
        return x.mid()

    def side(self, far: range, *, rising: bool) -> arb | None:
        """A point where the slope is certainly positive (`rising`) or negative, or exactly zero."""
        for k in far:
            x = self.at(k, rising=rising)
            try:
                tilt = self.slope(x)
            except NotEnclosable:
                continue
            if tilt.is_zero() or (rising and tilt > 0) or (not rising and tilt < 0):
                return x
        return None

    def newton(self, a: arb, b: arb) -> tuple[arb, arb]:
        """A much narrower bracket, by Newton's method on the slope; (a, b) where that fails."""
        x = ((a + b) / 2).mid()
        if a > 0 and b > 8 * a:
            x = (a * b).sqrt().mid()
        for _ in range(NEWTON_STEPS):
            try:
                tilt, bend = self.bend(x)
                moved = (x - tilt / bend).mid()
            except (NotEnclosable, ZeroDivisionError):
                return a, b
            if not (a < moved < b):
                return a, b
            step, x = abs(moved - x), moved
            if step < abs(x) * arb(2) ** (-ctx.prec // 2):
                break
        width = (abs(x) * arb(2) ** (-ctx.prec * 2 // 3)).mid()
        for side, outer in ((-1, a), (1, b)):
            for k in range(0, 40, 8):
                near = (x + side * width * 2**k).mid()
                if a < near < b and self.slope(near) * side < 0:
                    outer = near
                    break
            if side == -1:
                a = outer
            else:
                b = outer
        return a, b

    def bracketed(self, a: arb, b: arb) -> arb:
        tolerance = arb(2) ** (12 - ctx.prec)
        for step in range(STEPS):
            if step in NEWTON_AT:
                a, b = self.newton(a, b)
            low, at_a, at_b = self.g(a), self.slope(a), self.slope(b)
            reach = (at_a * (b - a)).min(-at_b * (b - a))
            if reach <= tolerance * abs(low).max(arb(1)):
                best = low.max(self.g(b))
                return best.union(best + reach)
            middle = ((a + b) / 2).mid()
            if a > 0 and b > 8 * a:
                middle = (a * b).sqrt().mid()
            tilt = self.slope(middle)
            if tilt > 0:
                a = middle
            elif tilt < 0:
                b = middle
            elif (flat := abs(tilt) * (b - a)) <= tolerance * abs(self.g(middle)).max(arb(1)):
                best = self.g(middle)  # level there, to within rounding
                return best.union(best + flat)
            else:  # the maximiser itself, to within rounding: close in around it
                width = (b - a) / 1024
                nearer_a, nearer_b = (middle - width).mid(), (middle + width).mid()
                moved = False
                if nearer_a > a and self.slope(nearer_a) > 0:
                    a, moved = nearer_a, True
                if nearer_b < b and self.slope(nearer_b) < 0:
                    b, moved = nearer_b, True
                if not moved:
                    best = low.max(self.g(b))
                    return best.union(best + reach)
        raise NotEnclosable("the maximiser could not be bracketed")
