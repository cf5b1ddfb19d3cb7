"""Trees taken apart and put together again without being evaluated.

Sympy's own operations simplify while they build; what is done here only moves nodes: products
spread over sums, exponentials gathered, one symbol replaced, derivatives by the rules of calculus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

import sympy as sp

MOST_TERMS = 4_000  # of a sum that a product is spread into
HIGHEST = 16  # power of a sum that is multiplied out


def added(terms: Iterable[sp.Expr]) -> sp.Expr:
    found = list(terms)
    if not found:
        return sp.S.Zero
    return found[0] if len(found) == 1 else sp.Add(*found, evaluate=False)


def product(factors: Iterable[sp.Expr]) -> sp.Expr:
    found = list(factors)
    if not found:
        return sp.S.One
    return found[0] if len(found) == 1 else sp.Mul(*found, evaluate=False)


def raised(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    return base if exponent == 1 else sp.Pow(base, exponent, evaluate=False)


def negated(expr: sp.Expr) -> sp.Expr:
    if expr.is_Rational:
        return -expr
    if isinstance(expr, sp.Add):
        return added(map(negated, expr.args))
    if isinstance(expr, sp.Mul) and expr.args[0].is_Rational:
        first = -expr.args[0]
        return product(expr.args[1:] if first == 1 else (first, *expr.args[1:]))
    factors = expr.args if isinstance(expr, sp.Mul) else (expr,)
    return product((sp.S.NegativeOne, *factors))


def put(expr: sp.Basic, symbol: sp.Symbol, value: sp.Expr) -> sp.Basic:
    """`value` for each free occurrence of `symbol`; nothing is evaluated."""
    if expr == symbol:
        return value
    if not expr.args or symbol not in expr.free_symbols:
        return expr
    with sp.evaluate(False):
        return expr.func(*(put(arg, symbol, value) for arg in expr.args))


def times(n: sp.Rational, m: sp.Rational) -> sp.Rational:
    """n m, evaluated even where sympy is told not to."""
    return sp.Rational(int(n.p) * int(m.p), int(n.q) * int(m.q))


def factors(expr: sp.Expr, n: sp.Rational = sp.S.One) -> list[tuple[sp.Expr, sp.Rational]]:
    """`expr`^n as factors (base, exponent), through nested products and integer powers."""
    if isinstance(expr, sp.Mul):
        return [pair for arg in expr.args for pair in factors(arg, n)]
    if isinstance(expr, sp.Pow) and expr.exp.is_Integer:
        return factors(expr.base, times(n, expr.exp))
    return [(expr, n)]


def without_exponentials(expr: sp.Expr) -> tuple[list[tuple[sp.Expr, sp.Rational]], sp.Expr]:
    """[(a_i, n_i)] and the rest, with expr = prod e^(n_i a_i) rest."""
    pairs = factors(expr)
    exponents = [(base.args[0], n) for base, n in pairs if isinstance(base, sp.exp)]
    if not exponents:
        return [], expr
    return exponents, product(raised(b, n) for b, n in pairs if not isinstance(b, sp.exp))


def unlogged(expr: sp.Basic) -> sp.Basic:
    """log(e^a g) as a + log g, in sums, products and powers; inner integrals are left alone."""
    if not expr.args or isinstance(expr, sp.Integral):
        return expr
    if isinstance(expr, sp.log):
        exponents, rest = without_exponentials(expr.args[0])
        if not exponents:
            return expr
        parts = [product([n, unlogged(a)]) for a, n in exponents]
        return added([*parts, sp.log(rest, evaluate=False)] if rest != 1 else parts)
    if not isinstance(expr, sp.Add | sp.Mul | sp.Pow):
        return expr
    return expr.func(*map(unlogged, expr.args), evaluate=False)


def spread(expr: sp.Expr) -> list[list[sp.Expr]]:
    """`expr` as a sum of products, as lists of factors: products over sums, powers of sums too.

    Raises `ValueError` where that takes more than MOST_TERMS terms.
    """
    if isinstance(expr, sp.Add):
        return [term for arg in expr.args for term in spread(arg)]
    if isinstance(expr, sp.Mul):
        terms: list[list[sp.Expr]] = [[]]
        for arg in expr.args:
            further = spread(arg)
            if len(terms) * len(further) > MOST_TERMS:
                raise ValueError("too many terms")
            terms = [one + two for one in terms for two in further]
        return terms
    if isinstance(expr, sp.Pow) and expr.exp.is_Integer:
        n = int(expr.exp)
        if 1 < n <= HIGHEST and isinstance(expr.base, sp.Add):
            return spread(sp.Mul(*[expr.base] * n, evaluate=False))
        if isinstance(expr.base, sp.Mul):  # (a b)^n = a^n b^n for integer n
            return spread(product(raised(f, expr.exp) for f in expr.base.args))
        if isinstance(expr.base, sp.Pow) and expr.base.exp.is_Integer:
            return spread(raised(expr.base.base, times(expr.base.exp, expr.exp)))
    return [[expr]]


@lru_cache(maxsize=2_000)
def hoisted(expr: sp.Expr, x: sp.Symbol) -> tuple[sp.Expr, tuple[tuple[sp.Symbol, sp.Expr], ...]]:
    """`expr` with names for its parts that are free of x, and what the names stand for.

    Where a function is evaluated many times along x, the parts are evaluated once.
    """
    names: dict[sp.Expr, sp.Symbol] = {}

    def name(part: sp.Expr) -> sp.Expr:
        if part.is_Rational:
            return part
        return names.setdefault(part, sp.Dummy("part"))

    def visit(node: sp.Basic) -> sp.Basic:
        if not isinstance(node, sp.Expr) or node == x or node.is_Rational:
            return node
        if x not in node.free_symbols:
            return name(node)
        if isinstance(node, sp.Add | sp.Mul):
            fixed = [arg for arg in node.args if x not in arg.free_symbols]
            rest = [visit(arg) for arg in node.args if x in arg.free_symbols]
            join = added if isinstance(node, sp.Add) else product
            return join([name(join(fixed)), *rest] if fixed else rest)
        if isinstance(node, sp.Pow):
            exponent = node.exp if node.exp.is_Rational else visit(node.exp)
            return sp.Pow(visit(node.base), exponent, evaluate=False)
        if isinstance(node, sp.Function | sp.Max | sp.Min):
            with sp.evaluate(False):
                return node.func(*map(visit, node.args))
        return node

    tree = visit(expr)
    return tree, tuple((symbol, part) for part, symbol in names.items())


def is_affine(expr: sp.Expr, u: sp.Symbol) -> bool:
    """a + b u as it is written."""
    if u not in expr.free_symbols or expr == u:
        return True
    if isinstance(expr, sp.Add):
        return all(is_affine(arg, u) for arg in expr.args)
    if isinstance(expr, sp.Mul):
        varying = [arg for arg in expr.args if u in arg.free_symbols]
        return len(varying) == 1 and is_affine(varying[0], u)
    return False


# --- derivatives ----------------------------------------------------------------------------------


# f -> f'(a), as a tree in a; the functions with a kink are missing on purpose
SLOPES: dict[type, Callable[[sp.Expr], sp.Expr]] = {
    sp.exp: lambda a: sp.exp(a, evaluate=False),
    sp.log: lambda a: raised(a, sp.S.NegativeOne),
    sp.sin: lambda a: sp.cos(a, evaluate=False),
    sp.cos: lambda a: negated(sp.sin(a, evaluate=False)),
    sp.sinh: lambda a: sp.cosh(a, evaluate=False),
    sp.cosh: lambda a: sp.sinh(a, evaluate=False),
    sp.tanh: lambda a: added([sp.S.One, negated(raised(sp.tanh(a, evaluate=False), sp.Integer(2)))]),
    sp.atan: lambda a: raised(added([sp.S.One, raised(a, sp.Integer(2))]), sp.S.NegativeOne),
    sp.erf: lambda a: product(
        [sp.Integer(2), raised(sp.pi, -sp.S.Half),
         sp.exp(negated(raised(a, sp.Integer(2))), evaluate=False)]
    ),
    sp.erfc: lambda a: negated(SLOPES[sp.erf](a)),
}  # fmt: skip


def differentiated(expr: sp.Expr, x: sp.Symbol) -> sp.Expr:
    """d expr/dx as a tree. Raises `ValueError` for a function without a known slope."""
    if x not in expr.free_symbols:
        return sp.S.Zero
    if expr == x:
        return sp.S.One
    if isinstance(expr, sp.Add):
        return added(_nonzero(differentiated(arg, x) for arg in expr.args))
    if isinstance(expr, sp.Mul):
        return added(
            product([*expr.args[:i], slope, *expr.args[i + 1 :]])
            for i, arg in enumerate(expr.args)
            if (slope := differentiated(arg, x)) != 0
        )
    if isinstance(expr, sp.Pow) and x not in expr.exp.free_symbols:
        lower = added([expr.exp, sp.S.NegativeOne])
        lower = expr.exp - 1 if expr.exp.is_Rational else lower
        return product([expr.exp, raised(expr.base, lower), differentiated(expr.base, x)])
    if isinstance(expr, sp.Derivative):
        return differentiated(carried_out(expr), x)
    if type(expr) in SLOPES:
        return product([SLOPES[type(expr)](expr.args[0]), differentiated(expr.args[0], x)])
    raise ValueError(f"no derivative of {type(expr).__name__} is known")


def _nonzero(terms: Iterable[sp.Expr]) -> list[sp.Expr]:
    return [term for term in terms if term != 0]


def carried_out(expr: sp.Expr) -> sp.Expr:
    """A `Derivative` node as the tree of its value."""
    inner = expr.expr
    for variable, count in expr.variable_count:
        for _ in range(int(count)):
            inner = differentiated(inner, variable)
    return inner
