"""Integrals as balls, their parameters taken from the environment.

A finite range is done by Arb's adaptive Gauss-Legendre quadrature, whose error bound comes from
evaluating the integrand on complex balls. Beyond a large M a majorant bounds what is left
(`tails.py`); next to an end where the integrand is singular its leading terms are integrated
(`germs.py`). A multiple integral is one over each variable where the integrand separates into
sums of products.

Source: Johansson, "Numerical integration in arbitrary-precision ball arithmetic" (2018).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

import sympy as sp
from flint import acb, arb, ctx

from .balls import NotEnclosable, as_real
from .enclosure import Environment, Evaluator, Number, compile_ball, real, real_ball
from .germs import Germ
from .jets import Jet
from .limits import at_end
from .tails import tail_bound
from .trees import (
    added,
    hoisted,
    is_affine,
    negated,
    product,
    put,
    spread,
    unlogged,
)  # fmt: skip

Along: TypeAlias = Callable[[acb | arb, bool], Number]  # the integrand along its variable

WORK = "work"  # the environment's entry that may hold a `Work`
PANEL_RATIO = 16  # an infinite range is cut geometrically, so that no panel spans many scales
EVALUATIONS = 100_000  # of the integrand in one panel before the quadrature gives up
LONG = 2**20  # a tail that is small only beyond this is integrated, not bounded
NEAR_ENDS = (8, 24, 48, 96, 192)  # leading terms are integrated over (0, 2^-k]


def compile_integral(expr: sp.Integral) -> Evaluator:
    if any(len(limit) != 3 for limit in expr.limits):
        raise NotEnclosable(f"{expr} has no limits")
    if len(expr.limits) > 1 or _iterated(expr):
        return _compile_multiple(expr)
    integrand, (x, lower, upper) = expr.function, expr.limits[0]
    compile_ball(integrand)
    ends = [None if end in (sp.oo, -sp.oo) else compile_ball(end) for end in (lower, upper)]
    names = expr.free_symbols

    def evaluate(env: Environment, analytic: bool) -> Number:
        if any(isinstance(env.get(name), Jet | Germ | acb) for name in names):
            raise NotEnclosable(f"{expr} depends on the variable of a derivative or an integral")
        places = [
            arb(float("inf") if end is sp.oo else float("-inf"))
            if place is None
            else real(place(env, False))
            for place, end in zip(ends, (lower, upper), strict=True)
        ]
        if lower == upper:
            return arb(0)
        return _Integral(integrand, x, env).over(places[0], places[1], (lower, upper))

    return evaluate


class _Integral:
    """The integral of one function along x, everything else fixed by the environment."""

    def __init__(self, integrand: sp.Expr, x: sp.Symbol, env: Environment):
        self.integrand, self.x, self.env = integrand, x, env
        self.work: Work | None = env.get(WORK)
        self.tree, parts = hoisted(integrand, x)
        self.parts = {s: real_ball(v) for s, v in env.items() if isinstance(s, sp.Symbol)}
        self.parts |= {name: compile_ball(part)(env, False) for name, part in parts}
        self.f = compile_ball(self.tree)
        self.corners = self._corners()

    def over(self, lower: arb, upper: arb, names: tuple[sp.Expr, sp.Expr]) -> arb:
        if not (upper > lower or upper < lower):
            raise NotEnclosable(f"which of {names[0]} and {names[1]} is larger cannot be told")
        if upper < lower:
            return -self.over(upper, lower, names[::-1])
        if lower.is_finite() and upper.is_finite():
            return self.finite(lower, upper, names)
        if not lower.is_finite() and not upper.is_finite():
            zero = sp.S.Zero
            return self.from_(arb(0), 1, zero) + self.from_(arb(0), -1, zero)
        if upper.is_finite():
            return self.from_(upper, -1, names[1])
        return self.from_(lower, 1, names[0])

    def from_(self, start: arb, side: int, name: sp.Expr) -> arb:
        """The integral from `start` to oo (side 1), or from -oo to `start`."""
        far = side * arb(1).max(side * start + 1)
        ends = (name, None) if side == 1 else (None, name)
        near = (start, far) if side == 1 else (far, start)
        return self.finite(*near, ends) + self.to_infinity(side * far, side)

    def to_infinity(self, start: arb, side: int) -> arb:
        """The integral over side x in (start, oo), start > 0: geometric panels, then the tail."""
        tolerance = arb(2) ** (-ctx.prec)
        try:
            M, bound = tail_bound(self.integrand, self.x, tolerance, self.env, side)
        except NotEnclosable as failure:
            M, rest = self._tail(side, start, failure)
        else:
            rest = arb(0, bound)
            if M > LONG:  # a power's tail: fewer panels, where its leading terms are known
                try:
                    M, rest = self._tail(side, start, NotEnclosable(""))
                except NotEnclosable:
                    pass
        return rest + self.panels(arb(0), side, start, M)

    def _tail(self, side: int, start: arb, failure: NotEnclosable) -> tuple[arb, arb]:
        """(M, the integral over side x in (M, oo)), by leading terms in v = 1/x: f(1/v)/v^2 dv."""
        for k in NEAR_ENDS:
            if not start <= arb(2) ** k:
                continue
            try:
                expand = at_end(self.integrand, self.x, None, side, self.env, k)[0]
                germ = expand()
                value = (germ / Germ.v(germ.scale) ** 2).integral()
            except (NotEnclosable, ArithmeticError):
                continue
            if arb(value.rad()) <= arb(2) ** (-ctx.prec) * 64:
                return arb(2) ** k, value
        raise failure

    def panels(self, origin: arb, side: int, left: arb, end: arb) -> arb:
        """Over origin + side v, v in (left, end), cut geometrically; nothing where left > end."""
        total = arb(0)
        while not left >= end:
            right = (PANEL_RATIO * left).min(end)
            a, b = origin + side * left, origin + side * right
            total += self.smooth(a, b) if side == 1 else self.smooth(b, a)
            left = right
        return total

    def finite(self, lower: arb, upper: arb, names: tuple[sp.Expr | None, sp.Expr | None]) -> arb:
        regular = [self._is_finite_at(end) for end in (lower, upper)]
        if all(regular):
            return self.smooth(lower, upper)
        middle = ((lower + upper) / 2).mid()
        total = arb(0)
        for end, fine, side, name in zip((lower, upper), regular, (1, -1), names, strict=True):
            if fine:
                total += self.smooth(*((lower, middle) if side == 1 else (middle, upper)))
            elif name is None:
                raise NotEnclosable("the integrand is singular where two ranges meet")
            else:
                total += self.singular(name, side, abs(middle - end))
        return total

    def singular(self, end: sp.Expr, side: int, reach: arb) -> arb:
        """The integral over end + side v, 0 < v < reach, of a function that is singular at the end."""
        place = compile_ball(end, True)(self.env, False)
        failure = NotEnclosable("no leading terms are known at the end")
        for k in NEAR_ENDS:
            if not arb(2) ** (-k) <= reach:
                continue  # the leading terms would be integrated beyond the range
            try:
                (expand,) = at_end(self.integrand, self.x, place, side, self.env, k)
                near = expand().integral()
            except (NotEnclosable, ArithmeticError) as error:
                failure = NotEnclosable(f"{self.integrand} at {end}: {error}")
                continue
            if not arb(near.rad()) <= arb(2) ** (-ctx.prec) * 64 and k != NEAR_ENDS[-1]:
                continue
            return near + self.panels(real(place), side, arb(2) ** (-k), reach)
        raise failure

    def _is_finite_at(self, end: arb) -> bool:
        try:
            return bool(real_ball(self.f({**self.parts, self.x: end}, False)).is_finite())
        except NotEnclosable:
            return False

    # -- kinks: at each, the quadrature would be bisected down to the precision

    def _corners(self) -> list[tuple[arb, sp.Expr]]:
        """(place, argument) of each |a|, max or min whose a, or a - b, is affine in x."""
        found = []
        for node in self.tree.atoms(sp.Abs, sp.Max, sp.Min):
            gap = _decider(node)
            if gap is None or self.x not in gap.free_symbols or not is_affine(gap, self.x):
                continue
            try:
                jet = compile_ball(gap)({**self.parts, self.x: Jet.variable(arb(0), 1)}, False)
                if not isinstance(jet, Jet):  # x has cancelled
                    continue
                place = -real(jet.c[0]) / real(jet.c[1])
            except (NotEnclosable, ZeroDivisionError):
                continue
            if isinstance(place, arb) and place.is_finite():
                found.append((place, node))
        return found

    def smooth(self, a: arb, b: arb) -> arb:
        """Over (a, b), cut at the kinks, between which each |a| is a or -a."""
        inside = sorted(
            {str(place): place for place, _ in self.corners if a < place and place < b}.values(),
            key=lambda place: place.mid().fmpq(),
        )
        ends = [a, *inside, b]
        if not all(p < q for p, q in pairwise(ends)):
            return quadrature(self._along(self.f), a, b, self.work)
        total = arb(0)
        for left, right in pairwise(ends):
            middle = ((left + right) / 2).mid()
            total += quadrature(
                self._along(self._resolved(middle, left, right)), left, right, self.work
            )
            for end in (left, right):  # where a kink is only known to lie: both branches
                if not end.is_exact() and self.corners:
                    total += real(self._along(self.f)(end, False)) * (end - end)
        return total

    def _along(self, f: Evaluator) -> Along:
        x, parts = self.x, self.parts
        return lambda z, analytic: f({**parts, x: z}, analytic)

    def _resolved(self, middle: arb, left: arb, right: arb) -> Evaluator:
        """The integrand without the kinks that lie outside (left, right)."""
        chosen: dict[sp.Expr, sp.Expr] = {}
        for place, node in self.corners:
            if place <= left or place >= right or left.contains(place) or right.contains(place):
                gap = _decider(node)
                value = real(compile_ball(gap)({**self.parts, self.x: middle}, False))
                if value > 0 or value < 0:
                    chosen[node] = _branch(node, bool(value > 0))
        if not chosen:
            return self.f
        with sp.evaluate(False):
            tree = self.tree.xreplace(chosen)
        return compile_ball(tree)


def _decider(node: sp.Expr) -> sp.Expr | None:
    """What decides which branch |a| or max(a, b) takes, by its sign."""
    if isinstance(node, sp.Abs):
        return node.args[0]
    return added([node.args[0], negated(node.args[1])]) if len(node.args) == 2 else None


def _branch(node: sp.Expr, positive: bool) -> sp.Expr:
    if isinstance(node, sp.Abs):
        return node.args[0] if positive else negated(node.args[0])
    return node.args[0] if positive == isinstance(node, sp.Max) else node.args[1]


class Work:
    """How many evaluations of integrands may still be spent on one value."""

    def __init__(self, evaluations: int):
        self.left = evaluations

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise NotEnclosable("the integral would take more evaluations than are spent on it")


def quadrature(f: Along, a: arb, b: arb, work: Work | None = None) -> arb:
    def integrand(z: acb, analytic: bool) -> acb:
        if work is not None:
            work.spend()
        return acb(real_ball(f(z, analytic)))

    # An integrand without a real value would be bisected for minutes: a few looks first.
    for n in (1, 3, 6):
        at = (a + (b - a) * n / 7).mid()
        if not as_real(real_ball(f(at, False)), "the integrand").is_finite():
            raise NotEnclosable(f"the integrand has no real value at {at.str(5)}")
    value = acb.integral(integrand, a, b, eval_limit=EVALUATIONS, depth_limit=20 * ctx.prec)
    # The integrand is real on the real line, so the imaginary part is only enclosed rounding.
    if not value.imag.contains(0) and value.is_finite():
        raise NotEnclosable("the integral is not real")
    return value.real


# --- several variables ----------------------------------------------------------------------------


def _iterated(expr: sp.Integral) -> bool:
    """Whether an inner integral depends on the outer variable."""
    inner = expr.function.atoms(sp.Integral)
    return any(expr.limits[0][0] in node.free_symbols for node in inner)


def _compile_multiple(expr: sp.Integral) -> Evaluator:
    """Over a box, of a sum of products of functions of one variable each: Fubini, term by term."""
    terms = []
    for written, limits in _flattened(expr):
        names = {limit[0] for limit in limits}
        if any((limit[1].free_symbols | limit[2].free_symbols) & names for limit in limits):
            raise NotEnclosable(f"the limits of {expr} depend on its variables")
        inside: dict[sp.Symbol, list[sp.Expr]] = {name: [] for name in names}
        outside: list[sp.Expr] = []
        for factor in written:
            owners = factor.free_symbols & names
            if len(owners) > 1:
                raise NotEnclosable(f"{factor} does not separate into functions of one variable")
            (inside[owners.pop()] if owners else outside).append(factor)
        singles = [sp.Integral(product(_sorted(inside[limit[0]])), limit) for limit in limits]
        terms.append((compile_ball(product(outside)), singles))
    compiled = {single: compile_ball(single) for _, singles in terms for single in singles}

    def evaluate(env: Environment, analytic: bool) -> Number:
        known: dict[sp.Expr, Number] = {}
        total: Number = arb(0)
        for constant, singles in terms:
            value = constant(env, analytic)
            if isinstance(value, arb) and value.is_zero():
                continue
            for single in singles:
                if single not in known:
                    known[single] = compiled[single](env, analytic)
                value = value * known[single]
            total = total + value
        return total

    return evaluate


def _flattened(expr: sp.Integral) -> list[tuple[list[sp.Expr], list[sp.Tuple]]]:
    """(factors, limits) of each term, inner integrals merged into the outer one."""
    function, limits = expr.function, []
    for x, lower, upper in expr.limits:
        name = sp.Dummy(x.name)  # no name of an inner integral meets one from outside
        function = put(function, x, name)
        limits.append(sp.Tuple(name, lower, upper))
    found: list[tuple[list[sp.Expr], list[sp.Tuple]]] = []
    try:
        written = spread(unlogged(function))
    except ValueError:
        raise NotEnclosable(f"{expr} has too many terms") from None
    for term in written:
        rows: list[tuple[list[sp.Expr], list[sp.Tuple]]] = [([], limits)]
        for factor in term:
            if isinstance(factor, sp.Integral):
                inner = _flattened(factor)
                rows = [(f + g, a + b) for f, a in rows for g, b in inner]
            else:
                rows = [(f + _unexponentiated(factor), a) for f, a in rows]
        found += rows
    return found


def _unexponentiated(factor: sp.Expr) -> list[sp.Expr]:
    """The exponential of a sum as a product of exponentials."""
    if not isinstance(factor, sp.exp):
        return [factor]
    return [sp.exp(product(part), evaluate=False) for part in spread(factor.args[0])]


def _sorted(factors: list[sp.Expr]) -> list[sp.Expr]:
    """One order, so that the same integral is done once."""
    return sorted(factors, key=sp.default_sort_key)
