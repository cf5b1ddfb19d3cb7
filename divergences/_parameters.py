"""Symbolic parameters, each on an open interval, carried as positive symbols inside.

A parameter on (l, h) is written l + (h - l)/(1 + w) with w > 0, on (l, oo) as l + w and on (-oo, h) as
h - w, so that sympy's own inference about positive symbols knows the whole interval.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from ._algebra import (
    PATIENCE,
    factored,
    gather_logs,
    shortest,
    simplified,
    tidy_exponents,
    tidy_logs,
)
from ._patience import within

SAMPLES = ("1/3", "2", "7/2")  # values of w at which formulas are confirmed


class Parameters:
    """The public symbols with their intervals; false when there are none."""

    def __init__(self, intervals: Mapping[sp.Symbol, sp.Interval]) -> None:
        self.symbols = tuple(intervals)
        self._inward: dict[sp.Symbol, sp.Expr] = {}
        self._outward: dict[sp.Symbol, sp.Expr] = {}
        self._inner: list[sp.Symbol] = []
        self._kept: dict[sp.Symbol, sp.Symbol] = {}
        for symbol, interval in intervals.items():
            w = sp.Symbol(f"w_{symbol.name}", positive=True)
            low, high = interval.start, interval.end
            kept = sp.Symbol(symbol.name, real=True, positive=bool(low >= 0) or None)
            if low is -sp.oo:
                self._inward[symbol], back = high - w, high - kept
            elif high is sp.oo:
                self._inward[symbol], back = low + w, kept - low
            else:
                self._inward[symbol] = low + (high - low) / (1 + w)
                back = (high - kept) / (kept - low)
            self._outward[w] = back
            self._kept[kept] = symbol
            self._inner.append(w)

    def __bool__(self) -> bool:
        return bool(self.symbols)

    def inward(self, expr: sp.Expr) -> sp.Expr:
        return expr.subs(self._inward) if self else expr

    def outward(self, expr: sp.Expr) -> sp.Expr:
        """Back in the public symbols, simplified where that is quick."""
        if not self or not expr.has(*self._inner):
            return expr
        if isinstance(expr, sp.Piecewise):
            arguments = [(self.outward(e), self._condition(c)) for e, c in expr.args]
            return sp.Piecewise(*arguments, evaluate=False)
        back = expr.subs(self._outward)
        forms = [back]
        rewrites = [lambda: tidy_exponents(back)]
        if back.has(sp.log):
            rewrites.append(lambda: gather_logs(tidy_logs(back)))
        else:
            rewrites += [lambda: simplified(back), lambda: factored(back)]
        for rewrite in rewrites:
            form = within(PATIENCE, rewrite)
            if form is not None:
                forms.append(form)
        return shortest(forms).xreplace(self._kept)

    def _condition(self, condition: sp.Basic) -> sp.Basic:
        if not isinstance(condition, sp.core.relational.Relational):
            return condition
        return condition.func(self.outward(condition.lhs), self.outward(condition.rhs))

    def instances(self) -> list[dict[sp.Symbol, sp.Expr]]:
        """Values for the inner symbols; one empty mapping without parameters."""
        if not self:
            return [{}]
        return [{w: sp.Rational(s) for w in self._inner} for s in SAMPLES]
