"""Equal forms of an expression, the shortest of them, and sympy's rewriting made safe.

sympy turns u**(p/q) into polynomials of degree ~p q and multiplies out every integer power: `expand`,
`factored` and `simplified` here hide powers too large for that behind symbols first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import sympy as sp

from ._patience import within

PATIENCE = 0.5  # seconds for one simplification
SHORT = 6  # operations: not worth a general simplification
LARGEST_DENOMINATOR = 24  # of an exponent that may become a polynomial's degree
LARGEST_EXPONENT = 64
CURVED = (
    sp.functions.elementary.hyperbolic.HyperbolicFunction,
    sp.functions.elementary.trigonometric.TrigonometricFunction,
)


def unwieldy(expr: sp.Expr) -> set[sp.Expr]:
    """The powers and exponentials whose exponents are too large to multiply out."""
    powers = {
        p
        for p in expr.atoms(sp.Pow)
        if p.exp.is_Rational
        and p.base.free_symbols
        and (p.exp.q > LARGEST_DENOMINATOR or abs(p.exp) > LARGEST_EXPONENT)
    }
    exponentials = {
        e
        for e in expr.atoms(sp.exp)
        if any(r.q > LARGEST_DENOMINATOR or abs(r) > LARGEST_EXPONENT for r in e.atoms(sp.Rational))
    }
    return powers | exponentials


def _hidden(rewrite: Callable[[sp.Expr], sp.Expr], expr: sp.Expr) -> sp.Expr:
    """`rewrite(expr)` with unwieldy powers as positive symbols."""
    powers = sorted(unwieldy(expr), key=sp.default_sort_key)
    if not powers:
        return rewrite(expr)
    names = {p: sp.Dummy(f"x{i}", positive=True) for i, p in enumerate(powers)}
    back = {name: power for power, name in names.items()}
    return rewrite(expr.xreplace(names)).xreplace(back).xreplace(back)


def expand(expr: sp.Expr) -> sp.Expr:
    """sympy's expand."""
    return _hidden(sp.expand, expr)


def factored(expr: sp.Expr) -> sp.Expr:
    """One fraction, its numerator and denominator factored."""
    return _hidden(lambda e: sp.factor(sp.together(e)), expr)


def simplified(expr: sp.Expr) -> sp.Expr:
    """sympy's simplify."""
    return _hidden(sp.simplify, expr)


def tidy_logs(expr: sp.Expr) -> sp.Expr:
    """Logarithms of products split into sums, their arguments factored first (all taken > 0)."""

    def split(argument: sp.Expr) -> sp.Expr:
        return sp.expand_log(sp.log(sign_absorbed(factored(argument))), force=True)

    return expr.replace(sp.log, split)


def tidy_powers(expr: sp.Expr) -> sp.Expr:
    """Roots of quotients split, their bases factored first (all taken positive)."""

    def splittable(node: sp.Basic) -> bool:
        compound = isinstance(node, sp.Pow) and (
            node.base.is_Add or node.base.is_Mul or node.base.is_Pow
        )
        return compound and node.exp.is_integer is not True and bool(node.free_symbols)

    def split(node: sp.Pow) -> sp.Expr:
        base = sign_absorbed(factored(node.base))
        return sp.powdenest(sp.expand_power_base(base**node.exp, force=True), force=True)

    return expr.replace(splittable, split)


def tidy_exponents(expr: sp.Expr) -> sp.Expr:
    """Powers of one base multiplied out, each exponent as one factored quotient."""

    def symbolic(node: sp.Basic) -> bool:
        return isinstance(node, sp.Pow) and bool(node.exp.free_symbols)

    together = sp.powsimp(expand(expr), combine="exp")
    return together.replace(symbolic, lambda p: p.base ** factored(p.exp))


def tidy(expr: sp.Expr, thorough: bool = False) -> sp.Expr:
    """The shortest of a few equal forms of `expr` (every logarithm's argument taken positive).

    `thorough` adds sympy's general simplification, which is slow.
    """
    if expr.is_Rational or expr.is_Symbol or expr in (sp.oo, -sp.oo):
        return expr
    if not expr.free_symbols:
        split = sp.expand_log(expand(expr), force=True)
        return shortest((expr, split))
    forms = [expr]
    if any(p.exp.free_symbols for p in expr.atoms(sp.Pow)):
        form = within(PATIENCE, lambda: tidy_exponents(expr))
        forms += [form] if form is not None else []
    for rewrite in (
        lambda: gather_logs(tidy_logs(expr)),
        lambda: expand(tidy_powers(expr)),
    ):
        form = within(PATIENCE, rewrite)
        if form is not None:
            forms.append(form)
    if not expr.has(sp.log, sp.LambertW, sp.Piecewise):
        for rewrite in (lambda: factored(expr), lambda: expand(expr)):
            form = within(PATIENCE, rewrite)
            if form is not None:
                forms.append(form)
    best = shortest(forms)
    if (thorough and sp.count_ops(best) > SHORT) or expr.has(*CURVED):
        simplified = within(PATIENCE, lambda: simplified(best))
        if simplified is not None:
            best = shortest((best, simplified))
    return best


def shortest(forms: Iterable[sp.Expr]) -> sp.Expr:
    """The form that reads best: fewest operations, no powers left inside logarithms."""
    return min(forms, key=length)


def length(expr: sp.Expr) -> tuple[int, int]:
    """What `shortest` compares."""
    inside = sum(bool(p.exp.free_symbols) for log in expr.atoms(sp.log) for p in log.atoms(sp.Pow)
                 if p.base is not sp.E)  # fmt: skip
    return sp.count_ops(expr) + 20 * inside, len(str(expr))


def sign_absorbed(product: sp.Expr) -> sp.Expr:
    """-2/(x - 2) as 2/(2 - x): an overall minus sign goes into the first sum among the factors."""
    coefficient, rest = product.as_coeff_Mul()
    if not coefficient.is_negative:
        return product
    factors = list(sp.Mul.make_args(rest))
    for i, factor in enumerate(factors):
        base, exponent = factor.as_base_exp()
        if base.is_Add and exponent.is_odd:
            factors[i] = expand(-base) ** exponent
            return sp.Mul(-coefficient, *factors)
    return product


def gather_logs(expr: sp.Expr) -> sp.Expr:
    """sum_i c_i log(a_i) + c, each coefficient simplified: logarithms that cancel disappear."""
    expr = expand(expr)
    logs = sorted(expr.atoms(sp.log), key=sp.default_sort_key)
    total = sp.S.Zero
    for log in logs:
        if not log.free_symbols:
            continue
        coefficient = expr.coeff(log)
        if coefficient.has(sp.log) and any(c.free_symbols for c in coefficient.atoms(sp.log)):
            return expr
        expr = expand(expr - coefficient * log)
        total += factored(coefficient) * log
    return total + factored(expr)
