"""Inequalities decided on their whole domain, by balls over boxes: a proof, not evidence.

    parts          what is left of the difference, equal terms struck out, is a sum of terms >= 0
    one variable   the difference keeps its sign on the interval, ends included (`line.py`)
    scale          a difference homogeneous in its variables, one of them put to 1
    one ratio      sum over x of phi(p, q) + c >= 0, phi homogeneous of degree 1: for a tilt t

                       g(u) = phi(u, 1) + c + t (u - 1) >= 0        for all u > 0

                   is enough, since sum q g(p/q) = sum phi(p, q) + c: both masses have total 1
    one mass       sum over x of h(p) + c >= 0: h(p) + c p >= 0 for 0 < p <= 1 is enough

Where a mass may vanish, the term there is a limit of terms >= 0, and so is >= 0.

Where none of these applies (integrals, limits, suprema; two or more variables that no scale joins)
the step is left to points. Equalities are never shown here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import sympy as sp
from flint import ctx, fmpq

from divergences.constants import Constant
from divergences.enclosure import NotEnclosable, Number, compile_ball, real
from divergences.jets import Jet
from divergences.limits import limit_at
from divergences.trees import added, negated, product, put

from ..words.claim import Chain, Relation
from ..words.language import Choice, Domain, Interval, Mass, Supremum, Total
from .line import BITS, Budget, Line, NotShown
from .signs import defined, may_vanish, struck_out, sum_sign

EVALUATIONS = 2_500  # for one step
OPAQUE = (sp.Integral, sp.Limit, Supremum)
LOST = (NotEnclosable, ZeroDivisionError, ArithmeticError)


def shown_over_boxes(link: Chain, j: int) -> str | None:
    """How the j-th step is shown on its whole domain, or None."""
    relation = link.steps[j].relation
    left, right = link.expressions()[j : j + 2]
    if relation is Relation.EQUAL or any(side.has(*OPAQUE) for side in (left, right)):
        return None
    if left.has(sp.oo, -sp.oo) or right.has(sp.oo, -sp.oo):
        return None
    if relation is Relation.AT_MOST:
        left, right = right, left
    try:
        return _Step(link.given, left, right, relation is Relation.ABOVE).shown()
    except LOST:
        return None


class _Step:
    """left >= right, or left > right."""

    def __init__(
        self, given: Mapping[sp.Symbol, Domain], left: sp.Expr, right: sp.Expr, strict: bool
    ):
        self.given, self.strict = given, strict
        self.left, self.right = left, right
        self.gap = added([left, negated(right)])
        self.budget = Budget(EVALUATIONS)
        names = (left.atoms(sp.Rational) | right.atoms(sp.Rational)) | {sp.S.One, sp.S.Half}
        self.marks = {sign * r for r in names for sign in (1, -1)}

    def shown(self) -> str | None:
        if self.gap.has(Total):
            return self.totals()
        if defined(self.gap, self.given):  # so that what is struck out had a value
            left_over = struck_out(self.left, self.right)
            if self._by_parts(left_over):
                return "parts: a sum of terms >= 0"
            self.gap = added(left_over)
        return self.scalars()

    def _by_parts(self, terms: list[sp.Expr]) -> bool:
        nonnegative, positive = sum_sign(terms, self.given)
        return positive if self.strict else nonnegative

    # -- scalars

    def scalars(self) -> str | None:
        symbols = sorted(self.gap.free_symbols, key=str)
        if not symbols:
            return "a number" if self._number() else None
        gap, domains = self.gap, {s: self.given[s] for s in symbols}
        if len(symbols) == 2 and (unit := self._scale(symbols)) is not None:
            gap = put(gap, unit, sp.S.One)
            domains = {s: _at_one(d, unit) for s, d in domains.items() if s != unit}
            reason = f"scale: homogeneous, {unit} = 1; one variable"
        else:
            reason = "one variable"
        if len(domains) != 1:
            return None
        ((x, domain),) = domains.items()
        if isinstance(domain, Choice):
            return None
        if not isinstance(domain, Interval):
            return None
        self._line(gap, x, domain.lower, domain.upper)
        return reason

    def _number(self) -> bool:
        with ctx.workdps(60):
            value = compile_ball(self.gap, True)({}, False)
            ball = real(value)
            return bool(ball > 0 or (not self.strict and (ball >= 0 or value.is_zero())))

    def _scale(self, symbols: list[sp.Symbol]) -> sp.Symbol | None:
        """A variable over (0, oo) that may be put to 1."""
        names = set(symbols)
        for unit in symbols:
            domain = self.given[unit]
            if not (isinstance(domain, Interval) and domain.upper is sp.oo):
                continue
            others = [self.given[s] for s in symbols if s != unit]
            ends = [
                sp.sympify(end)
                for d in others
                if isinstance(d, Interval)
                for end in (d.lower, d.upper)
            ]
            fits = all(isinstance(d, Interval) for d in others) and all(
                e.is_infinite or e == 0 or e == unit for e in ends
            )
            if domain.lower == 0 and fits and degree(self.gap, names) is not None:
                return unit
        return None

    def _line(
        self,
        f: sp.Expr,
        x: sp.Symbol,
        lower: sp.Expr,
        upper: sp.Expr,
        env: Mapping[object, Number] | None = None,
        marks: Iterable[sp.Rational] = (),
    ) -> None:
        with ctx.workprec(BITS):
            ends = [
                None if end.is_infinite else compile_ball(end, True)({}, False)
                for end in map(sp.sympify, (lower, upper))
            ]
            line = Line(f, x, dict(env or {}), self.strict, self.budget)
            line.show(ends[0], ends[1], {*self.marks, *marks})

    # -- totals

    def totals(self) -> str | None:
        found = linear(self.gap)
        if found is None:
            return None
        term, constant = found
        parts = [part for part in (term, constant) if part != 0]
        if not self.strict and all(defined(part, self.given) for part in parts):
            if self._by_parts(parts):
                return "parts: every atom's term >= 0"
        names = sorted(term.free_symbols, key=str)
        masses = [s for s in names if isinstance(self.given.get(s), Mass)]
        if not masses or len(masses) != len(names) or constant.free_symbols:
            return None
        if self.strict and any(may_vanish(self.given[p]) for p in masses):
            return None  # at a vanishing mass the term is a limit, and may be 0
        if len(masses) == 1:
            return self._one_mass(term, constant, masses[0])
        if len(masses) == 2 and degree(term, set(masses)) == 1:
            return self._one_ratio(term, constant, masses)
        return None

    def _one_mass(self, term: sp.Expr, constant: sp.Expr, p: sp.Symbol) -> str | None:
        h = added([term, product([constant, p])]) if constant != 0 else term
        with ctx.workprec(BITS):
            last = compile_ball(h, True)({p: Constant.of(1)}, False)  # an alphabet of one atom
            ball = real(last)
            if not (ball > 0 or (not self.strict and (ball >= 0 or last.is_zero()))):
                return None
        self._line(h, p, sp.S.Zero, sp.S.One)
        return f"one mass: a term's part is >= 0 for 0 < {p} <= 1"

    def _one_ratio(self, term: sp.Expr, constant: sp.Expr, masses: list[sp.Symbol]) -> str | None:
        p, q = masses
        u, tilt = sp.Symbol(f"{p}/{q}"), sp.Dummy("t")
        one = put(put(term, p, u), q, sp.S.One)
        flat = added([one, constant]) if constant != 0 else one
        g = added([flat, product([tilt, added([u, sp.S.NegativeOne])])])
        for slope in self._tilts(flat, u):
            try:
                self._line(g, u, sp.S.Zero, sp.oo, {tilt: slope}, [sp.S.One])
            except LOST:
                continue
            return f"one ratio: u = {p}/{q}, a multiple of u - 1 added"
        return None

    def _tilts(self, flat: sp.Expr, u: sp.Symbol) -> Iterable[Number]:
        """No tilt; the one that makes the slope at 1 zero; those of the values at the ends."""
        yield Constant.of(0)
        with ctx.workprec(BITS):
            candidates: list[Callable[[], Number]] = [
                lambda: -_slope(flat, u),
                lambda: limit_at(flat, u, Constant.of(0), 1, {}),
                lambda: -limit_at(product([flat, sp.Pow(u, -1)]), u, None, 1, {}),
            ]
            for candidate in candidates:
                try:
                    value = candidate()
                except LOST:
                    continue
                if real(value).is_finite():
                    yield value


def _slope(flat: sp.Expr, u: sp.Symbol) -> Number:
    found = compile_ball(flat, True)({u: Jet.variable(Constant.of(1), 1)}, False)
    if not isinstance(found, Jet):
        return Constant.of(0)
    return Constant.of(found.c[1]) if isinstance(found.c[1], fmpq) else found.c[1]


def _at_one(domain: Domain, unit: sp.Symbol) -> Domain:
    if not isinstance(domain, Interval):
        return domain
    return Interval(*(sp.S.One if end == unit else end for end in (domain.lower, domain.upper)))


def linear(expr: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    """(term, constant) with expr = total(term) + constant, or None where it is not linear."""
    if not expr.has(Total):
        return sp.S.Zero, expr
    if isinstance(expr, Total):
        return (expr.term, sp.S.Zero) if not expr.term.has(Total) else None
    if isinstance(expr, sp.Add):
        parts = [linear(arg) for arg in expr.args]
        if any(part is None for part in parts):
            return None
        terms = [part[0] for part in parts if part is not None and part[0] != 0]
        constants = [part[1] for part in parts if part is not None and part[1] != 0]
        return added(terms), added(constants)
    if isinstance(expr, sp.Mul):
        inner = [arg for arg in expr.args if arg.has(Total)]
        outer = [arg for arg in expr.args if not arg.has(Total)]
        found = linear(inner[0]) if len(inner) == 1 else None
        if found is None:
            return None
        term, constant = found
        scaled = sp.S.Zero if constant == 0 else product([*outer, constant])
        return product([*outer, term]), scaled
    return None


def degree(expr: sp.Expr, names: set[sp.Symbol]) -> sp.Rational | None:
    """The degree of an expression that is homogeneous in `names` as it is written, else None."""
    if expr in names:
        return sp.S.One
    if not (expr.free_symbols & names):
        return sp.S.Zero
    if isinstance(expr, sp.Mul):
        parts = [degree(arg, names) for arg in expr.args]
        return None if None in parts else sp.Rational(sum(p for p in parts if p is not None))
    if isinstance(expr, sp.Add | sp.Max | sp.Min):
        # zero is homogeneous of every degree
        parts = [degree(arg, names) for arg in expr.args if arg != 0]
        return parts[0] if len(set(parts)) == 1 else None
    if isinstance(expr, sp.Abs):
        return degree(expr.args[0], names)
    if isinstance(expr, sp.Pow) and expr.exp.is_Rational:
        base = degree(expr.base, names)
        return None if base is None else base * expr.exp
    if isinstance(expr, sp.Piecewise | sp.Derivative | sp.Subs):
        return None
    inner = [degree(arg, names) for arg in expr.args if isinstance(arg, sp.Expr)]
    return sp.S.Zero if inner and all(d == 0 for d in inner) else None


__all__ = ["NotShown", "degree", "linear", "shown_over_boxes"]
