"""Is this a statement of the language at all? Asked before anybody looks at a value.

Numbers are exact, a name means one symbol, symbols carry no hypothesis of their own, what binds a
variable binds a plain symbol, each domain is nonempty and names only what is given before it. All
that a chain is made of is looked at: its sides, hypotheses, domains, and what its reasons say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

import sympy as sp
from sympy.core.relational import Relational

from ..words.claim import Chain
from ..words.language import Choice, Domain, Interval, Mass, PerAtom, Total
from .oracle import is_wild
from .zero import BINDERS


class Undefined(ValueError):
    """The place that is not shown to be defined, and why."""


def require_posed(link: Chain) -> None:
    """Raises `Undefined` with the place that makes no sense, whatever the values are."""
    for hypothesis in link.hypotheses:
        if not isinstance(hypothesis, Relational):
            raise Undefined(f"the hypothesis {hypothesis} is not a relation")
    _require_domains(link)
    varying = {s for s, d in link.given.items() if isinstance(d, Mass | PerAtom)}
    names: dict[str, sp.Symbol] = {}
    for place, expr in _everything(link.unfolded):
        if is_wild(expr):
            raise Undefined(f"{expr} has a power or a rate that is too large for the rules")
        if decimals := expr.atoms(sp.Float):
            raise Undefined(f"{min(decimals, key=str)} is a decimal; write it as a fraction")
        for symbol in expr.atoms(sp.Symbol):
            _require_plain(symbol, place)
            if names.setdefault(symbol.name, symbol) != symbol:
                raise Undefined(f"two different symbols are called {symbol.name}")
        for node in expr.atoms(*BINDERS):
            if isinstance(node, sp.Integral) and any(len(limit) != 3 for limit in node.limits):
                raise Undefined(f"{place}: {node} has no range")
            for variable in _bound(node):
                if not isinstance(variable, sp.Symbol):
                    raise Undefined(f"{place}: {node} binds {variable}, which is no symbol")
                if variable in varying:
                    raise Undefined(f"{place}: {node} binds {variable}, which has a value an atom")


def _everything(link: Chain) -> Iterator[tuple[str, sp.Basic]]:
    yield "first expression", link.first
    for j, step in enumerate(link.steps, 1):
        yield f"step {j}", step.right
        for each in fields(step.by):
            value = getattr(step.by, each.name)
            parts = (*value, *value.values()) if isinstance(value, Mapping) else (value,)
            for part in parts:
                if not isinstance(part, str):
                    yield f"step {j}, its reason", sp.sympify(part)
    for hypothesis in link.hypotheses:
        yield "a hypothesis", hypothesis
    for symbol, domain in link.given.items():
        yield "a name", symbol
        for part in named_by(domain):
            yield f"the domain of {symbol}", part


def named_by(domain: Domain) -> tuple[sp.Expr, ...]:
    """The ends or the values of a domain."""
    inner = domain.domain if isinstance(domain, PerAtom) else domain
    if isinstance(inner, Interval):
        return sp.sympify(inner.lower), sp.sympify(inner.upper)
    return tuple(map(sp.sympify, inner.values)) if isinstance(inner, Choice) else ()


def _require_plain(symbol: sp.Symbol, place: str) -> None:
    """A hypothesis that a symbol carries is one that nobody has stated."""
    assumed = {k: v for k, v in symbol._assumptions_orig.items() if k != "commutative"}
    if assumed or not symbol.is_commutative or type(symbol) is not sp.Symbol:
        raise Undefined(f"{place}: {symbol} is not a plain symbol")
    if "'" in symbol.name:
        raise Undefined(f"{place}: primes are kept for the proofs' own, got {symbol}")


def _bound(node: sp.Expr) -> list[sp.Basic]:
    match node:
        case sp.Integral():
            return [limit[0] for limit in node.limits]
        case sp.Derivative():
            return [x for x, _ in node.variable_count]
        case sp.Subs():
            return list(node.variables)
    return [node.args[1]]


def _require_domains(link: Chain) -> None:
    """Each symbol has a domain of the language, which names only symbols given before it."""
    before: set[sp.Symbol] = set()
    for symbol, domain in link.given.items():
        inner = domain.domain if isinstance(domain, PerAtom) else domain
        if not isinstance(inner, Choice | Interval | Mass):
            raise Undefined(f"{symbol} has no domain of the language: {domain}")
        if isinstance(inner, Choice) and not inner.values:
            raise Undefined(f"{symbol} has no value to choose from")
        if isinstance(domain, PerAtom) and isinstance(inner, Mass):
            raise Undefined(f"{symbol} has one number an atom, from an interval or a choice")
        for part in named_by(domain):
            if not isinstance(part, sp.Expr):
                raise Undefined(f"the domain of {symbol} has {part} in it, which is no number")
            if part.has(Total):
                raise Undefined(f"the domain of {symbol} hangs on a total")
            if loose := part.free_symbols - before:
                raise Undefined(
                    f"the domain of {symbol} names {min(loose, key=str)}, which is not given before"
                )
        before.add(symbol)
