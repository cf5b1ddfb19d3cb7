"""A chain's symbols with their hypotheses built in, and nothing captured on the way.

Each free symbol becomes one that sympy knows to be positive or real, or a function of such a
symbol that runs over the domain: the lower end plus a positive symbol where it is (a, oo), and so
on. Each bound variable (of an integral, a supremum, a limit) gets a name of its own, b''0, b''1,
... by how deep it stands, so that it can meet no free one; what its range implies is known of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import sympy as sp

from ..words.claim import Chain
from ..words.language import Choice, Interval, Mass, PerAtom, Supremum

Environment = Mapping[sp.Symbol, sp.Expr]


@dataclass(frozen=True)
class Atoms:
    """Which symbols vary with the atom: probability vectors, and other values."""

    masses: tuple[sp.Symbol, ...]
    values: tuple[sp.Symbol, ...]
    choices: Mapping[sp.Symbol, tuple[sp.Expr, ...]] = field(default_factory=dict)
    vanishing: tuple[sp.Symbol, ...] = ()  # the masses that may be 0 at some atoms

    @property
    def all(self) -> frozenset[sp.Symbol]:
        return frozenset(self.masses + self.values)

    def cases(self, term: sp.Expr) -> Iterator[sp.Expr]:
        """A term with each atom's choices fixed, in all ways: what one atom may look like."""
        symbols = [s for s in self.choices if term.has(s)]
        for values in itertools.product(*(self.choices[s] for s in symbols)):
            yield term.subs(dict(zip(symbols, values, strict=True)))


@dataclass(frozen=True)
class Prepared:
    """One case of a chain's choices: what to put for each symbol, and which vary by atom."""

    where: Environment
    atoms: Atoms
    raw: tuple[sp.Expr, ...] = ()  # the sides in hand, as the author wrote them

    def __call__(self, expr: sp.Expr | int) -> sp.Expr:
        return put(sp.sympify(expr), self.where, 0)

    def under(self, expr: sp.Expr, variable: sp.Symbol, value: sp.Expr) -> sp.Expr:
        """`expr` with `variable`, bound in the chain, standing for `value`."""
        return put(sp.sympify(expr), {**self.where, variable: value}, 0)


def prepare(link: Chain) -> Iterator[Prepared]:
    """One `Prepared` a case: global choices are split, everything else is parametrised."""
    finite = {s: d for s, d in link.given.items() if isinstance(d, Choice)}
    for values in itertools.product(*(domain.values for domain in finite.values())):
        where: dict[sp.Symbol, sp.Expr] = {
            s: sp.sympify(v) for s, v in zip(finite, values, strict=True)
        }
        masses: list[sp.Symbol] = []
        vanishing: list[sp.Symbol] = []
        others: list[sp.Symbol] = []
        choices: dict[sp.Symbol, tuple[sp.Expr, ...]] = {}
        for symbol, domain in link.given.items():
            inner = domain.domain if isinstance(domain, PerAtom) else domain
            if isinstance(domain, Mass):
                where[symbol] = sp.Symbol(symbol.name, positive=True)
                masses.append(where[symbol])
                if domain.zero:
                    vanishing.append(where[symbol])
            elif isinstance(inner, Choice) and isinstance(domain, PerAtom):
                where[symbol] = sp.Symbol(symbol.name, real=True)
                others.append(where[symbol])
                choices[where[symbol]] = tuple(map(sp.sympify, inner.values))
            elif isinstance(inner, Interval):
                ends = Interval(put(inner.lower, where, 0), put(inner.upper, where, 0))
                where[symbol], parameter = ends.parametrised(symbol.name)
                if isinstance(domain, PerAtom):
                    others.append(parameter)
        yield Prepared(where, Atoms(tuple(masses), tuple(others), choices, tuple(vanishing)))


def merged(expr: sp.Integral) -> sp.Integral:
    """An iterated integral in one node: int f(x) int g(x, y) dy dx over both ranges at once.

    Whoever uses it shows that the integral converges absolutely, which makes it right (Fubini).
    """
    factors = list(sp.Mul.make_args(expr.function))
    flat: list[sp.Expr] = []
    while factors:
        factor = factors.pop(0)
        if isinstance(factor, sp.Mul):
            factors = [*factor.args, *factors]
        else:
            flat.append(factor)
    inner = [f for f in flat if isinstance(f, sp.Integral)]
    if len(inner) != 1:
        return expr
    nested = merged(inner[0])
    names = {limit[0] for limit in nested.limits}
    others = [f for f in flat if f is not inner[0]]
    if any(f.free_symbols & names for f in others) or names & {li[0] for li in expr.limits}:
        return expr
    with sp.evaluate(False):
        function = sp.Mul(*others, nested.function) if others else nested.function
    return sp.Integral(function, *nested.limits, *expr.limits)


def put(expr: sp.Basic, env: Environment, depth: int) -> sp.Expr:
    """`expr` in the environment; bound variables are renamed, derivatives carried out."""
    if isinstance(expr, sp.Symbol):
        return env.get(expr, expr)
    if not expr.args:
        return expr
    if isinstance(expr, sp.Integral):
        return _integral(expr, env, depth)
    if isinstance(expr, Supremum):
        lower, upper = (put(bound, env, depth) for bound in expr.bounds)
        u = _bound(depth, lower)
        objective = put(expr.objective, {**env, expr.variable: u}, depth + 1)
        return Supremum(objective, u, lower, upper)
    if isinstance(expr, sp.Limit):
        function, x, end, side = expr.args
        at = put(end, env, depth)
        new = _bound(depth, at if str(side) == "+" or at is sp.oo else -sp.oo)
        return sp.Limit(put(function, {**env, x: new}, depth + 1), new, at, str(side))
    if isinstance(expr, sp.Derivative):
        return _derivative(expr, env, depth)
    if isinstance(expr, sp.Subs):
        return _substituted(expr, env, depth)
    if isinstance(expr, sp.Sum | sp.Product | sp.Lambda):
        raise NotImplementedError(f"{type(expr).__name__} is not a word of the ledger")
    return _tidy(expr.func(*(put(arg, env, depth) for arg in expr.args)))


def ranging(x: sp.Symbol, lower: sp.Expr, upper: sp.Expr) -> tuple[sp.Expr, sp.Symbol]:
    """x in (lower, upper) as a function of one symbol that carries its range."""
    return Interval(lower, upper).parametrised(f"{x.name}''in")


def _bound(depth: int, lower: sp.Expr) -> sp.Symbol:
    known = {"positive": True} if lower.is_nonnegative or lower is sp.oo else {"real": True}
    return sp.Symbol(f"b''{depth}", **known)


def _integral(expr: sp.Integral, env: Environment, depth: int) -> sp.Expr:
    inner, limits = dict(env), []
    expr = merged(expr)
    for limit in reversed(expr.limits):  # the outermost last
        if len(limit) != 3:
            raise NotImplementedError(f"the integral over {limit[0]} has no limits")
        x, lower, upper = limit
        ends = put(lower, inner, depth), put(upper, inner, depth)
        inner[x] = _bound(depth, ends[0])
        limits.append((inner[x], *ends))
        depth += 1
    return sp.Integral(put(expr.function, inner, depth), *reversed(limits))


def _derivative(expr: sp.Derivative, env: Environment, depth: int) -> sp.Expr:
    """Differentiated in a symbol of its own, then taken at what the variable stands for."""
    value, where = expr.expr, dict(env)
    for number, (x, _) in enumerate(expr.variable_count):
        image = env.get(x, x)
        known = {"positive": True} if image.is_Symbol and image.is_positive else {"real": True}
        where[x] = sp.Symbol(f"d''{depth}''{number}", **known)
    result = put(value, where, depth + 1)
    for x, count in expr.variable_count:
        result = sp.diff(result, where[x], count)
    back = {where[x]: env.get(x, x) for x, _ in expr.variable_count}
    return result.subs(back, simultaneous=True)


def _substituted(expr: sp.Subs, env: Environment, depth: int) -> sp.Expr:
    inner, back = dict(env), {}
    for number, (x, at) in enumerate(zip(expr.variables, expr.point, strict=True)):
        inner[x] = sp.Symbol(f"p''{depth}''{number}", real=True)
        back[inner[x]] = put(at, env, depth)
    return put(expr.expr, inner, depth + 1).subs(back, simultaneous=True)


def _tidy(expr: sp.Expr) -> sp.Expr:
    """Parametrised exponents and denominators cancel: with a = s/(1 + s), a/(a - 1) is -s."""
    if not isinstance(expr, sp.Pow):
        return expr
    base, exponent = expr.args
    if exponent.free_symbols and base is not sp.E:
        return base ** sp.cancel(sp.together(exponent))
    if exponent == -1 and base.is_Add and base.is_rational_function():
        return 1 / sp.factor(sp.cancel(sp.together(base)))
    return expr
