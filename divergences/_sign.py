"""Where a function of u > 0 is positive, zero and negative, by exact means.

`sign_table(g, lo, hi)` factors g; a factor that is a polynomial (in some root of u) is settled by
exact isolation of its real roots, any other by Rolle's recursion: divide by a positive function so
that the derivative is simpler, settle the derivative's signs, and on each monotone stretch compare
the signs at its two ends.

Source: the recursion is that of Polya and Szego, "Problems and Theorems in Analysis II" (1925),
part V, for generalised polynomials.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cmp_to_key, lru_cache, partial
from itertools import pairwise
from typing import TypeAlias

import sympy as sp
from flint import arb, ctx

from ._algebra import PATIENCE, expand, factored, gather_logs, simplified, tidy_logs
from ._exact import U, Undecided, limit_at_zero, sign_of
from ._patience import within
from .enclosure import NotEnclosable, compile_ball

DEPTH = 7  # of the recursion
LARGEST_ROOT = 24  # u = s^q with q up to this makes a polynomial in s
HALVINGS = 160  # of an isolating interval


@dataclass(frozen=True)
class Bracket:
    """An interval with rational ends that holds exactly one zero, whose closed form is unknown."""

    left: sp.Rational
    right: sp.Rational


Root: TypeAlias = sp.Expr | Bracket


@dataclass(frozen=True)
class Signs:
    """The zeros of a function in increasing order, and its sign on each interval between them."""

    roots: tuple[Root, ...]
    signs: tuple[int, ...]  # one more than roots

    def cells(self, lo: sp.Expr, hi: sp.Expr) -> Iterator[tuple[Root, Root, int]]:
        ends = (lo, *self.roots, hi)
        for (left, right), sign in zip(pairwise(ends), self.signs, strict=True):
            yield left, right, sign


def ball_at(expr: sp.Expr, point: arb, bits: int = 200) -> arb | None:
    """The ball of expr at u = point, or None where it is not a finite real number."""
    with ctx.workprec(bits):
        try:
            ball = compile_ball(expr)({U: point}, False)
        except (NotEnclosable, KeyError, ValueError, ZeroDivisionError):
            return None
        return ball if isinstance(ball, arb) and ball.is_finite() else None


def exact_ball(value: sp.Expr, bits: int = 200) -> arb:
    """The ball of a closed expression."""
    with ctx.workprec(bits):
        ball = compile_ball(value)({}, False)
    if not isinstance(ball, arb):
        raise Undecided(f"{value} is not known to be real")
    return ball


def definite_sign(expr: sp.Expr, point: sp.Rational) -> int:
    """The sign of expr at a rational point as far as balls show it, 0 where they do not."""
    for bits in (120, 800):
        with ctx.workprec(bits):
            ball = ball_at(expr, exact_ball(point, bits), bits)
        if ball is None:
            return 0
        if ball > 0:
            return 1
        if ball < 0:
            return -1
    return 0


def left_end(root: Root) -> sp.Expr:
    return root.left if isinstance(root, Bracket) else root


def right_end(root: Root) -> sp.Expr:
    return root.right if isinstance(root, Bracket) else root


def compare(a: sp.Expr, b: sp.Expr) -> int:
    """-1, 0 or 1 as a < b, a = b or a > b, exactly."""
    if a == b:
        return 0
    if sp.oo in (a, b):
        return 1 if a is sp.oo else -1
    return sign_of(a - b)


def compare_roots(a: Root, b: Root) -> int:
    if compare(right_end(a), left_end(b)) < 0:
        return -1
    if compare(left_end(a), right_end(b)) > 0:
        return 1
    if isinstance(a, Bracket) or isinstance(b, Bracket):
        raise Undecided("two zeros lie too close together to be told apart")
    return 0


def rational_between(lo: Root, hi: Root) -> sp.Rational:
    """A simple rational strictly between, lo >= 0 and hi possibly infinite."""
    a, b = right_end(lo), left_end(hi)
    if b is sp.oo:
        return sp.Integer(int(sp.floor(a)) + 1) if a != 0 else sp.S.One
    for denominator in (2**k for k in range(0, 200)):
        middle = (exact_ball(a) + exact_ball(b)) / 2
        numerator = int((middle * denominator).mid().floor().unique_fmpz() or 0)
        for n in (numerator, numerator + 1):
            point = sp.Rational(n, denominator)
            if compare(a, point) < 0 and compare(point, b) < 0:
                return point
    raise Undecided(f"no rational was found between {a} and {b}")


@lru_cache(maxsize=512)
def sign_table(g: sp.Expr, lo: sp.Expr = sp.S.Zero, hi: sp.Expr = sp.oo, depth: int = 0) -> Signs:
    """The zeros and signs of g(u) on the open interval (lo, hi), inside 0 <= u.

    g must be real, continuous and without poles there. Raises `Undecided` when the recursion ends
    without an answer.
    """
    if not g.has(U):
        return Signs((), (sign_of(g),))
    if g.is_positive or g.is_negative:
        return Signs((), (1 if g.is_positive else -1,))
    if depth > DEPTH:
        raise Undecided(f"the sign of {g} was not settled for {lo} < u < {hi}")
    factored = within(PATIENCE, lambda: factored(g), needed=True)
    table = Signs((), (1,))
    for factor in sp.Mul.make_args(g if factored is None else factored):
        table = _multiply(table, _factor_signs(factor, lo, hi, depth))
    return table


def _multiply(a: Signs, b: Signs) -> Signs:
    merged = sorted({*a.roots, *b.roots}, key=cmp_to_key(compare_roots))
    roots: list[Root] = []
    for root in merged:
        if not roots or compare_roots(roots[-1], root) != 0:
            roots.append(root)

    def sign_after(table: Signs, count: int) -> int:
        """The sign of `table` on the interval that follows the first `count` merged roots."""
        passed = sum(
            any(compare_roots(root, mine) == 0 if root != mine else True for root in roots[:count])
            for mine in table.roots
        )
        return table.signs[passed]

    signs = tuple(sign_after(a, i) * sign_after(b, i) for i in range(len(roots) + 1))
    return Signs(tuple(roots), signs)


def _factor_signs(h: sp.Expr, lo: sp.Expr, hi: sp.Expr, depth: int) -> Signs:
    if not h.has(U):
        return Signs((), (sign_of(h),))
    if h.is_positive or h.is_negative:
        return Signs((), (1 if h.is_positive else -1,))
    if isinstance(h, sp.Pow) and not h.exp.has(U):
        base = sign_table(h.base, lo, hi, depth + 1)
        if h.exp.is_Integer:
            return Signs(base.roots, tuple(s ** abs(int(h.exp)) for s in base.signs))
        return base
    polynomial = _polynomial_signs(h, lo, hi)
    return polynomial if polynomial is not None else _rolle(h, lo, hi, depth)


def _polynomial_signs(h: sp.Expr, lo: sp.Expr, hi: sp.Expr) -> Signs | None:
    """The signs of a polynomial with rational coefficients in u^(1/q); None if h is not one."""
    powers = [p for p in h.atoms(sp.Pow) if p.has(U)]
    if any((p.base != U and not p.exp.is_Integer) or not p.exp.is_Rational for p in powers):
        return None
    q = math.lcm(1, *(int(p.exp.q) for p in powers))
    if q > LARGEST_ROOT:
        return None
    s = sp.Symbol("s", positive=True)
    try:
        poly = sp.Poly(h.subs(U, s**q), s, domain="QQ")
    except (sp.PolynomialError, sp.CoercionFailed):
        return None
    roots: list[Root] = []
    for factor, _ in poly.factor_list()[1]:
        if factor.degree() <= 2:
            found: list[Root] = [r**q for r in sp.roots(factor) if r.is_real and sign_of(r) > 0]
        else:
            isolated = factor.intervals(eps=sp.Rational(1, 10**40), inf=0)
            found = [Bracket(a**q, b**q) for (a, b), _ in isolated if b > 0]
        roots += [sp.nsimplify(r) if getattr(r, "is_Rational", False) else r for r in found]
    inside = [r for r in roots if compare(left_end(r), lo) > 0 and compare(right_end(r), hi) < 0]
    inside.sort(key=cmp_to_key(compare_roots))
    return Signs(tuple(inside), _signs_between(h, lo, hi, inside))


def _signs_between(h: sp.Expr, lo: sp.Expr, hi: sp.Expr, roots: list[Root]) -> tuple[int, ...]:
    points = [rational_between(a, b) for a, b in pairwise((lo, *roots, hi))]
    return tuple(sign_of(h.subs(U, point)) for point in points)


def _rolle(h: sp.Expr, lo: sp.Expr, hi: sp.Expr, depth: int) -> Signs:
    """h = w k with w > 0 and k' simpler than h: the signs of k from those of k'."""
    choices = []
    for multiplier in _multipliers(h):
        k = expand(h * multiplier)
        slope = within(PATIENCE, partial(_simplest_slope, k), needed=True)
        if slope is not None:
            choices.append((_complexity(slope), k, slope))
    choices.sort(key=lambda choice: choice[0])
    failure = Undecided(f"the sign of {h} was not settled for {lo} < u < {hi}")
    for complexity, k, slope in choices[:2]:
        if depth > 1 and complexity > _complexity(h):
            break
        try:
            return _from_monotone(k, sign_table(slope, lo, hi, depth + 1), lo, hi)
        except Undecided as error:
            failure = error
    raise failure


def _simplest_slope(k: sp.Expr) -> sp.Expr:
    return factored(gather_logs(sp.diff(k, U)))


def _complexity(expr: sp.Expr) -> tuple[int, int]:
    functions = {a for a in expr.atoms(sp.Function, sp.exp) if a.has(U)}
    odd = {p for p in expr.atoms(sp.Pow) if p.has(U) and not p.exp.is_Rational}
    return len(functions | odd), sp.count_ops(expr)


def _multipliers(h: sp.Expr) -> list[sp.Expr]:
    """1, and the reciprocals of positive cores of h's terms and of its logarithms' coefficients."""
    h = expand(tidy_logs(h))
    found: list[sp.Expr] = [sp.S.One]
    for term in sp.Add.make_args(h):
        core = sp.Mul(*(a for a in sp.Mul.make_args(term) if a.has(U) and a.is_positive))
        found.append(1 / core)
    for log in h.atoms(sp.log):
        coefficient = factored(h.coeff(log))
        core = sp.Mul(*(a for a in sp.Mul.make_args(coefficient) if a.has(U)))
        if core.is_positive:
            found.append(1 / core)
    return list(dict.fromkeys(found))[:8]


def _from_monotone(k: sp.Expr, slope: Signs, lo: sp.Expr, hi: sp.Expr) -> Signs:
    """The signs of k where k' has the signs `slope`."""
    stops: list[Root] = [lo, *slope.roots, hi]
    at = [_sign_at(k, stop, lo, hi) for stop in stops]
    roots: list[Root] = []
    signs: list[int] = []
    for i, direction in enumerate(slope.signs):
        before, after = at[i], at[i + 1]
        if i > 0 and before == 0:
            roots.append(stops[i])
        elif i > 0:
            signs.pop()  # no zero at this stop: the cell goes on
        before = before or direction
        after = after or -direction
        if before == after or direction == 0:
            signs.append(before)
        else:
            roots.append(_locate(k, stops[i], stops[i + 1], before))
            signs += [before, after]
    return Signs(tuple(roots), tuple(signs))


def _sign_at(k: sp.Expr, stop: Root, lo: sp.Expr, hi: sp.Expr) -> int:
    """The sign of k at a zero of k', or its limit's sign at an end of (lo, hi)."""
    if stop is sp.oo:
        return sign_of(limit_at_zero(k.subs(U, 1 / U)))
    if stop == 0:
        return sign_of(limit_at_zero(k))
    if not isinstance(stop, Bracket):
        return sign_of(k.subs(U, stop))
    with ctx.workprec(400):
        around = exact_ball(stop.left, 400).union(exact_ball(stop.right, 400))
        ball = ball_at(k, around, 400)
    if ball is None or ball.contains(0):
        raise Undecided(f"{k} is too close to zero near u = {sp.N(stop.left, 8)}")
    return 1 if ball > 0 else -1


def _locate(k: sp.Expr, a: Root, b: Root, before: int) -> Root:
    """The one zero of k between a and b, where it changes sign from `before`."""
    lo, hi = right_end(a), left_end(b)
    if compare(lo, sp.S.One) < 0 and compare(sp.S.One, hi) < 0:
        if within(PATIENCE, lambda: simplified(k.subs(U, 1)), needed=True) == 0:
            return sp.S.One
    solved = _linear_in_log(k)
    if solved is not None and compare(lo, solved) < 0 and compare(solved, hi) < 0:
        return solved
    left = rational_between(lo, hi)
    right = left
    for n in range(400):  # outwards until the sign changes
        if definite_sign(k, left) == before:
            break
        left = left / 2 ** (2 ** min(n, 6)) if lo == 0 else rational_between(lo, left)
    for n in range(400):
        if definite_sign(k, right) == -before:
            break
        right = right * 2 ** (2 ** min(n, 6)) if hi is sp.oo else rational_between(right, hi)
    for _ in range(HALVINGS):
        middle = (left + right) / 2 if right < 4 * left else _geometric(left, right)
        sign = definite_sign(k, middle)
        if sign == 0:
            if is_rational_zero(k, middle):
                return middle
            break
        left, right = (middle, right) if sign == before else (left, middle)
    if definite_sign(k, left) != before or definite_sign(k, right) != -before:
        raise Undecided(f"the zero of {k} between {lo} and {hi} was not isolated")
    return Bracket(left, right)


def is_rational_zero(k: sp.Expr, point: sp.Rational) -> bool:
    """True when k(point) = 0 is shown exactly."""
    try:
        return sign_of(k.subs(U, point)) == 0
    except Undecided:
        return False


def _linear_in_log(k: sp.Expr) -> sp.Expr | None:
    """The zero of a log(u) + b, or of c u^r + d, in closed form."""
    log = sp.log(U)
    a, rest = k.coeff(log), expand(k - k.coeff(log) * log)
    if a != 0 and not a.has(U) and not rest.has(U):
        return sp.exp(-rest / a)
    return None


def _geometric(left: sp.Rational, right: sp.Rational) -> sp.Rational:
    """A power of two near the geometric mean, strictly between."""
    exponent = (sp.log(left, 2).evalf(20) + sp.log(right, 2).evalf(20)) / 2
    return sp.Rational(2) ** int(sp.floor(exponent)) if right >= 4 * left else (left + right) / 2
