"""A sympy expression on arrays: a walk over the tree, with log1p and expm1 where they belong.

Works on numpy, torch (gradients flow) and whatever else `array_api_compat` knows. No source text is
generated and nothing is compiled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any

import array_api_compat
import numpy as np
import sympy as sp

from .enclosure import enclose

Array = Any
ELEMENTARY: dict[type, str] = {
    sp.exp: "exp",
    sp.log: "log",
    sp.Abs: "abs",
    sp.sign: "sign",
    sp.sin: "sin",
    sp.cos: "cos",
    sp.tan: "tan",
    sp.sinh: "sinh",
    sp.cosh: "cosh",
    sp.tanh: "tanh",
    sp.atan: "atan",
    sp.atanh: "atanh",
    sp.asinh: "asinh",
}
SPECIAL: dict[type, str] = {
    sp.erf: "erf",
    sp.erfc: "erfc",
    sp.gamma: "gamma",
    sp.loggamma: "gammaln",
    sp.digamma: "digamma",
}


def namespace(x: Array) -> ModuleType:
    """The array namespace of x; numpy for Python numbers."""
    if isinstance(x, int | float | np.generic | np.ndarray):
        return np
    return array_api_compat.array_namespace(x)


@lru_cache(maxsize=4096)
def constant(expr: sp.Expr) -> float:
    """A closed expression to the nearest double (+-inf allowed)."""
    if expr in (sp.oo, -sp.oo):
        return math.inf if expr is sp.oo else -math.inf
    if expr.is_Rational:
        return int(expr.p) / int(expr.q)
    return float(enclose(expr, {}, 30).mid())


def evaluate(expr: sp.Expr, env: Mapping[sp.Symbol, Array], xp: ModuleType) -> Array:
    """The value of expr with arrays for its symbols, in the arrays' own precision."""
    if not expr.free_symbols:
        return constant(expr)
    if isinstance(expr, sp.Symbol):
        return env[expr]
    if isinstance(expr, sp.Add):
        return _sum(expr, env, xp)
    if isinstance(expr, sp.Mul):
        return _product(expr, env, xp)
    if isinstance(expr, sp.Pow):
        return _power(expr, env, xp)
    if isinstance(expr, sp.log):
        one, rest = expr.args[0].as_coeff_Add()
        if one == 1:
            return xp.log1p(evaluate(rest, env, xp))
        return xp.log(evaluate(expr.args[0], env, xp))
    if isinstance(expr, sp.LambertW) and len(expr.args) == 1:
        return _lambert(expr.args[0], env, xp)
    if isinstance(expr, sp.Max | sp.Min):
        pick = xp.maximum if isinstance(expr, sp.Max) else xp.minimum
        values = [evaluate(arg, env, xp) for arg in expr.args]
        like = next(v for v in values if not isinstance(v, float))
        total = values[0] if values[0] is like else xp.full_like(like, values[0])
        for value in values[1:]:
            total = pick(total, xp.full_like(like, value) if isinstance(value, float) else value)
        return total
    if type(expr) in ELEMENTARY and len(expr.args) == 1:
        return getattr(xp, ELEMENTARY[type(expr)])(evaluate(expr.args[0], env, xp))
    if type(expr) in SPECIAL and len(expr.args) == 1:
        return _special(SPECIAL[type(expr)], evaluate(expr.args[0], env, xp), xp)
    raise ValueError(f"{type(expr).__name__} in {expr} cannot be evaluated on arrays")


def _sum(expr: sp.Add, env: Mapping[sp.Symbol, Array], xp: ModuleType) -> Array:
    """c + sum of terms; k e^a - k becomes k expm1(a)."""
    rest, terms = expr.as_coeff_add()
    total: Array = 0.0
    for term in terms:
        k, core = term.as_coeff_Mul()
        if isinstance(core, sp.exp) and rest != 0 and k == -rest:
            total = total + constant(k) * xp.expm1(evaluate(core.args[0], env, xp))
            rest = sp.S.Zero
        else:
            total = total + evaluate(term, env, xp)
    return total + constant(rest) if rest != 0 else total


def _product(expr: sp.Mul, env: Mapping[sp.Symbol, Array], xp: ModuleType) -> Array:
    above: Array = 1.0
    below: Array = 1.0
    for factor in expr.args:
        if isinstance(factor, sp.Pow) and factor.exp.could_extract_minus_sign():
            below = below * evaluate(1 / factor, env, xp)
        elif isinstance(factor, sp.Rational) and factor.q != 1:
            above, below = above * float(factor.p), below * float(factor.q)
        else:
            above = above * evaluate(factor, env, xp)
    return above / below


def _power(expr: sp.Pow, env: Mapping[sp.Symbol, Array], xp: ModuleType) -> Array:
    if expr.base is sp.E:
        return xp.exp(evaluate(expr.exp, env, xp))
    if expr.exp.could_extract_minus_sign():
        return 1.0 / evaluate(1 / expr, env, xp)
    base = evaluate(expr.base, env, xp)
    if expr.exp == sp.Rational(1, 2):
        return xp.sqrt(base)
    if expr.exp.is_Integer:
        return base ** int(expr.exp)
    if not expr.exp.free_symbols:
        return base ** constant(expr.exp)
    return xp.exp(evaluate(expr.exp, env, xp) * xp.log(base))


def _special(name: str, x: Array, xp: ModuleType) -> Array:
    if array_api_compat.is_torch_namespace(xp):
        import torch

        return getattr(torch.special, name)(x) if name != "gamma" else torch.lgamma(x).exp()
    import scipy.special

    return getattr(scipy.special, name)(x)


def _lambert(argument: sp.Expr, env: Mapping[sp.Symbol, Array], xp: ModuleType) -> Array:
    """W(z) for z > 0, as omega(log z), so that z = e^x never overflows."""
    return _omega(evaluate(sp.expand_log(sp.log(argument), force=True), env, xp), xp)


def _omega(x: Array, xp: ModuleType) -> Array:
    """The solution of w + log w = x, by Newton's method on w (w = e^x below, x - log x above).

    Source: Corless and Jeffrey, "The Wright omega function" (2002).
    """
    if not array_api_compat.is_torch_namespace(xp):
        import scipy.special

        return scipy.special.wrightomega(x)
    import torch

    with torch.no_grad():
        low = torch.exp(torch.clamp(x, max=1.0))
        w = torch.where(x > 1.0, x - torch.log(torch.clamp(x, min=1.0)), low / (1 + low))
        tiny = x < -40.0
        w = torch.where(tiny, low, w)
        for _ in range(8):  # r = x - w - log w; a step of third order
            safe = torch.where(tiny, torch.ones_like(w), w)
            r = torch.where(tiny, torch.zeros_like(w), x - safe - torch.log(safe))
            q = 1 + w
            w = w * (
                1 + r / q * (q + r / 2 / q) / (q + r / 2 / q - r / 2 / q / q * (1 - 2 * w) / 3)
            )
    # d omega / dx = w / (1 + w): the same value, with its gradient.
    return w + (x - x.detach()) * (w / (1 + w))
