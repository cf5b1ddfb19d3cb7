"""Solving f'(u) = t for u in closed form, by peeling; sympy's general solver only as a last resort.

A solution is (X as an expression in t, u as an expression in X > 0): keeping the positive generator X
(a power of u, an exponential, a Lambert W) apart lets f be simplified in X before t enters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from ._algebra import PATIENCE, expand, factored, simplified, tidy_exponents, tidy_logs
from ._exact import T, U, is_zero
from ._patience import within

X = sp.Symbol("X", positive=True)


@dataclass(frozen=True)
class Solution:
    """u = `of_x` at X = `x`(t)."""

    x: sp.Expr
    of_x: sp.Expr = X

    @property
    def u(self) -> sp.Expr:
        return self.of_x.subs(X, self.x)


def solutions(slope: sp.Expr) -> Iterator[Solution]:
    """Candidates for u(t) with slope(u(t)) = t, cheapest method first; each is to be checked."""
    forms: list[sp.Expr] = []
    for rewrite in (
        lambda: slope,
        lambda: factored(slope),
        lambda: expand(tidy_logs(slope)),
        lambda: tidy_exponents(slope),
        lambda: factored(slope),
        lambda: slope.rewrite(sp.exp),
    ):
        form = within(PATIENCE, rewrite, needed=True)
        if form is not None and form not in forms:
            forms.append(form)
    for form in forms:
        for rest, target in _peel(form, T):
            yield from _solve(rest, target)
    found = within(PATIENCE, lambda: sp.solve(slope - T, U))
    for u in found or ():
        yield Solution(u)


def _peel(expr: sp.Expr, target: sp.Expr) -> Iterator[tuple[sp.Expr, sp.Expr]]:
    """Undo outer operations while one argument holds all of u; every stage is offered."""
    yield expr, target
    if isinstance(expr, sp.Add | sp.Mul):
        constant, rest = expr.as_independent(U, as_Add=isinstance(expr, sp.Add))
        if constant in (0, 1) or rest == expr:
            return
        if isinstance(expr, sp.Add):
            yield from _peel(rest, target - constant)
        else:
            yield from _peel(rest, factored(target / constant))
    elif isinstance(expr, sp.exp):
        yield from _peel(expr.args[0], sp.log(target))
    elif isinstance(expr, sp.log):
        yield from _peel(expr.args[0], sp.exp(target))
    elif isinstance(expr, sp.tanh):
        yield from _peel(expr.args[0], sp.log((1 + target) / (1 - target)) / 2)
    elif isinstance(expr, sp.sinh):
        yield from _peel(expr.args[0], sp.log(target + sp.sqrt(target**2 + 1)))
    elif isinstance(expr, sp.atan):
        yield from _peel(expr.args[0], sp.tan(target))
    elif isinstance(expr, sp.Pow) and not expr.exp.has(U) and expr.base != U:
        yield from _peel(expr.base, target ** (1 / expr.exp))
        if expr.exp.is_Rational and expr.exp.p % 2 == 0:
            yield from _peel(expr.base, -(target ** (1 / expr.exp)))
        if expr.exp.is_Rational and expr.exp.p % 2 == 1 and expr.exp.q == 1:
            yield from _peel(expr.base, -((-target) ** (1 / expr.exp)))


def _solve(expr: sp.Expr, target: sp.Expr) -> Iterator[Solution]:
    if expr == U:
        yield Solution(target)
        return
    yield from _power_generator(expr, target)
    yield from _other_generator(expr, target)
    yield from _single_logarithm(expr, target)
    yield from _lambert(expr, target)


def _rational_in_x(expr: sp.Expr, target: sp.Expr) -> list[sp.Expr]:
    """Solutions X of expr(X) = target, a polynomial equation of degree <= 2 or a binomial."""
    numerator = sp.numer(factored(expr - target))
    try:
        poly = sp.Poly(expand(numerator), X)
    except sp.PolynomialError:
        return []
    degrees = sorted(m[0] for m in poly.monoms())
    if poly.degree() == 0 or poly.has(U):
        return []
    step = sp.igcd(*degrees) if len(degrees) > 1 else degrees[0]
    c = [factored(poly.coeff_monomial(X ** (step * k))) for k in range(poly.degree() // step + 1)]
    if len(c) == 2:
        powers = [factored(-c[0] / c[1])]
    elif len(c) == 3:
        half, d = -c[1] / (2 * c[2]), factored(c[1] ** 2 - 4 * c[0] * c[2])
        root = _positive_root(d)
        powers = [half + root / (2 * c[2]), half - root / (2 * c[2])]
    else:
        return []
    return [p ** sp.Rational(1, step) if step != 1 else p for p in powers]


def _positive_root(square: sp.Expr) -> sp.Expr:
    """sqrt(k a^2 b) as sqrt(k) a sqrt(b): right up to its sign, which the caller takes both ways."""
    content, square = square.as_content_primitive()
    inside, outside = sp.S.One, sp.sqrt(content)
    for factor in sp.Mul.make_args(square):
        base, exponent = factor.as_base_exp()
        if exponent.is_Integer and not factor.is_number:
            outside *= base ** (int(exponent) // 2)
            inside *= base ** (int(exponent) % 2)
        else:
            inside *= factor
    return outside * sp.sqrt(expand(inside) if inside.is_polynomial(T) else inside)


def _power_generator(expr: sp.Expr, target: sp.Expr) -> Iterator[Solution]:
    """expr is rational in X = u^r."""
    exponents = {p.exp for p in expr.atoms(sp.Pow) if p.base == U}
    free = expr.xreplace({p: sp.S.One for p in expr.atoms(sp.Pow) if p.base == U})
    if free.has(U):
        exponents.add(sp.S.One)
    exponents = {e for e in exponents if not e.has(U)}
    for r in sorted(exponents, key=sp.default_sort_key):
        ratios = [simplified(e / r) for e in exponents]
        if not all(q.is_Rational for q in ratios):
            continue
        r = r / sp.ilcm(1, *(q.q for q in ratios)) if len(ratios) > 1 else r
        in_x = expr.subs(U, X ** (1 / r))
        in_x = sp.powsimp(sp.powdenest(in_x, force=True))
        if not in_x.is_rational_function(X):
            continue
        for x in _rational_in_x(in_x, target):
            yield Solution(x, X ** (1 / r))
        return


def _other_generator(expr: sp.Expr, target: sp.Expr) -> Iterator[Solution]:
    """expr is rational in X = e^(k u), or in log u."""
    inner = {e.args[0] for e in expr.atoms(sp.exp) if e.has(U)}
    rates = {sp.diff(a, U) for a in inner}
    if inner and not any(r.has(U) for r in rates):
        k = min(rates, key=lambda r: abs(sp.N(r)) if r.is_number else sp.oo)
        in_x = sp.expand(expr, power_exp=True).subs(U, sp.log(X) / k)
        in_x = sp.powdenest(simplified(in_x), force=True)
        if in_x.is_rational_function(X):
            for x in _rational_in_x(in_x, target):
                yield Solution(sp.log(x) / k)
    log = sp.log(U)
    if expr.has(log):
        in_x = expr.xreplace({log: X})
        if not in_x.has(U):
            for x in _rational_in_x(in_x, target):
                yield Solution(sp.exp(x))


def _single_logarithm(expr: sp.Expr, target: sp.Expr) -> Iterator[Solution]:
    """a log(g_1) + b log(g_2) + ... + c with a, b, ... commensurable: one logarithm of a product."""
    terms = expand(tidy_logs(expr))
    logs = sorted((a for a in terms.atoms(sp.log) if a.has(U)), key=sp.default_sort_key)
    if len(logs) < 2:
        return
    coefficients = [terms.coeff(a) for a in logs]
    rest = expand(terms - sp.Add(*(c * a for c, a in zip(coefficients, logs, strict=True))))
    if rest.has(U) or any(c.has(U) for c in coefficients):
        return
    ratios = [simplified(c / coefficients[0]) for c in coefficients]
    if not all(q.is_Rational for q in ratios):
        return
    scale = sp.ilcm(1, *(q.q for q in ratios)) if len(ratios) > 1 else 1
    unit = coefficients[0] / scale
    product = sp.Mul(*(a.args[0] ** (q * scale) for a, q in zip(logs, ratios, strict=True)))
    value = sp.exp(expand(simplified((target - rest) / unit)))
    yield from _power_generator(factored(product), value)


def _lambert(expr: sp.Expr, target: sp.Expr) -> Iterator[Solution]:
    """a log u + b u^k + c = target: with y = u^k, y = W(e^(k (target - c)/a) b k/a) a/(b k)."""
    terms = expand(tidy_logs(expr))
    log = sp.log(U)
    a = terms.coeff(log)
    rest = expand(terms - a * log)
    c, power = rest.as_independent(U, as_Add=True)
    b, core = power.as_independent(U, as_Add=False)
    if a != 0 and not a.has(U) and core.as_base_exp()[0] == U and not is_zero(power):
        k = core.as_base_exp()[1]
        if not k.has(U):
            s = simplified(b * k / a)
            w = sp.LambertW(s * sp.exp(expand(k * (target - c) / a)))
            yield Solution(w, (X / s) ** (1 / k))
    # a u + b e^(k u) + c = target: u = (target - c)/a - W(b k/a e^(k (target - c)/a))/k
    a = terms.coeff(U)
    rest = expand(terms - a * U)
    c, power = rest.as_independent(U, as_Add=True)
    b, core = power.as_independent(U, as_Add=False)
    if a != 0 and not a.has(U) and isinstance(core, sp.exp):
        k = sp.diff(core.args[0], U)
        if not k.has(U):
            shift = b * sp.exp(core.args[0].subs(U, 0))
            z = (target - c) / a
            yield Solution(z - sp.LambertW(shift * k / a * sp.exp(expand(k * z))) / k)
