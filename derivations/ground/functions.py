"""The functions of the language, a row each: where each has a real value, where it is smooth.

A node is continuous where it is defined, but for `sign` and `Piecewise`; it is analytic where the
open form of its condition holds. So one walk over a tree, asking each node's condition, shows an
expression real and finite, or continuous, or smooth in a variable. What is not in this table is not
a word of the language: neither route would know what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

import sympy as sp


class Level(IntEnum):
    """What is asked of an expression."""

    VALUE = 0  # a real, finite number
    CONTINUOUS = 1
    ANALYTIC = 2  # at each point of the domain: so it may be differentiated


@dataclass(frozen=True)
class Condition:
    """`kind` of `what` has to be shown."""

    kind: str  # "positive", "nonnegative", "nonzero"
    what: sp.Expr

    def __str__(self) -> str:
        return f"{self.what} {({'positive': '> 0', 'nonnegative': '>= 0'}).get(self.kind, '!= 0')}"


class Unknown(ValueError):
    """The node is not a word of the language, or not at this level."""


ENTIRE = (
    sp.exp, sp.sin, sp.cos, sp.sinh, sp.cosh, sp.tanh, sp.atan, sp.erf, sp.erfc, sp.Add, sp.Mul,
)  # fmt: skip
ON_POSITIVE = (sp.log, sp.gamma, sp.loggamma, sp.LambertW)
CONSTANTS = (sp.pi, sp.E, sp.EulerGamma)


def conditions(node: sp.Expr, level: Level) -> Iterator[Condition]:
    """What has to hold of the node's arguments. Raises `Unknown` outside the language."""
    if isinstance(node, ENTIRE):
        return
    if isinstance(node, sp.Pow):
        yield from _power(node.base, node.exp, level)
    elif isinstance(node, ON_POSITIVE):
        if len(node.args) != 1:
            raise Unknown(f"{node} has a second argument")
        yield Condition("positive", node.args[0])
    elif isinstance(node, sp.polygamma):
        if node.args[0] != 0:
            raise Unknown(f"of the polygamma functions only digamma is known, not {node}")
        yield Condition("positive", node.args[1])
    elif isinstance(node, sp.atanh):
        yield Condition("positive", 1 - node.args[0])
        yield Condition("positive", 1 + node.args[0])
    elif isinstance(node, sp.coth):
        yield Condition("nonzero", node.args[0])
    elif isinstance(node, sp.Abs):
        if level is Level.ANALYTIC:
            yield Condition("nonzero", node.args[0])
    elif isinstance(node, sp.sign):
        if level is not Level.VALUE:
            yield Condition("nonzero", node.args[0])
    elif isinstance(node, sp.Max | sp.Min):
        if level is Level.ANALYTIC:  # no two arguments meet
            first, *others = node.args
            for i, other in enumerate(others):
                for one in (first, *others[:i]):
                    yield Condition("nonzero", one - other)
    elif isinstance(node, sp.Piecewise) and level is Level.VALUE:
        _require_decidable(node)
    else:
        raise Unknown(f"{type(node).__name__} is not a word of the language here: {node}")


def _power(base: sp.Expr, exponent: sp.Expr, level: Level) -> Iterator[Condition]:
    if base is sp.E:
        return
    if exponent.is_Integer:
        if exponent < 0:  # b^0 is the empty product, 1, also for b = 0
            yield Condition("nonzero", base)
    elif exponent.is_Rational and exponent > 0:
        yield Condition("positive" if level is Level.ANALYTIC else "nonnegative", base)
    else:
        yield Condition("positive", base)


def _require_decidable(node: sp.Piecewise) -> None:
    """Conditions are inequalities and their combinations, the last one always true."""
    if node.args[-1][1] != sp.true:
        raise Unknown(f"{node} has no value where none of its conditions holds")
    for _, condition in node.args:
        _require_inequalities(condition)


def _require_inequalities(condition: sp.Basic) -> None:
    if isinstance(condition, sp.And | sp.Or):
        for part in condition.args:
            _require_inequalities(part)
    elif isinstance(condition, sp.Eq | sp.Ne):
        raise Unknown(f"a case may not hang on the single value {condition}")
    elif not isinstance(condition, sp.core.relational.Relational | sp.logic.boolalg.BooleanAtom):
        raise Unknown(f"the condition {condition} is not an inequality")


Shown = Callable[[sp.Expr], bool]


def holds(condition: Condition, positive: Shown, nonnegative: Shown) -> bool:
    """Is the condition shown, given the two ways of showing a sign?"""
    what = condition.what
    if condition.kind == "positive":
        return positive(what)
    if condition.kind == "nonnegative":
        return nonnegative(what)
    return positive(what) or positive(-what)


def satisfies(
    expr: sp.Expr, x: sp.Symbol, level: Level, positive: Shown, nonnegative: Shown
) -> bool:
    """Do all nodes of `expr` that depend on x meet their conditions at this level?

    For prepared expressions, in symbols that carry their domains; what does not depend on x has
    been looked at before.
    """
    if not expr.has(x) or expr == x:
        return True
    if not all(satisfies(arg, x, level, positive, nonnegative) for arg in expr.args):
        return False
    try:
        return all(holds(c, positive, nonnegative) for c in conditions(expr, level))
    except Unknown:
        return False
