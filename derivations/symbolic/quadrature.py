"""A second look at what sympy integrates: balls at a few values of the parameters.

It proves nothing; it keeps out the answers that sympy is known to get wrong for some values of the
parameters (an odd function of b for the integral of sqrt(x^2 + b^2), and the like).
"""

from __future__ import annotations

import sympy as sp
from flint import arb

from divergences.enclosure import compile_ball, enclose, number, to_digits
from divergences.integrals import WORK, Work

from ..ground.zero import NO_BALL, spots

DIGITS = 8
PLACES = 3
EVALUATIONS = 3_000  # of the integrand; what takes more is not looked at


def agrees(f: sp.Expr, x: sp.Symbol, lower: sp.Expr, upper: sp.Expr, value: sp.Expr) -> bool:
    """False when balls show that the integral of f over (lower, upper) is not `value`."""
    integral = sp.Integral(f, (x, lower, upper))
    parameters = sp.Add(*(integral.free_symbols | value.free_symbols))
    for where in spots(parameters, PLACES):
        try:
            found = _ball(integral, where)
            said = enclose(value, where, digits=DIGITS)
        except NO_BALL:
            continue
        if not found.overlaps(said):
            return False
    return True


def _ball(integral: sp.Integral, where: dict[sp.Symbol, sp.Expr]) -> arb:
    env = {**{s: number(v) for s, v in where.items()}, WORK: Work(EVALUATIONS)}
    return to_digits(lambda: compile_ball(integral)(env, False), DIGITS, integral)
