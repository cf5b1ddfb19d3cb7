"""The values of a claim's expressions at a point, as balls.

    value_at(expr, point)      a ball of radius <= 10^-28 (relative above 1), or why there is none

Nothing is put into the expression and nothing of it is evaluated by sympy: the tree is compiled
once to a function of an environment (`divergences.enclosure`), and a point is an environment. This
module adds the two kinds of node that only claims have: sums over the atoms, and suprema.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from flint import arb

from divergences.enclosure import (
    NODES, Environment, Evaluator, NoDerivative, NotEnclosable, NoValue, Number, compile_ball,
    number, real_ball, to_digits,
)  # fmt: skip

from divergences.integrals import WORK, Work

from ..words.language import Supremum, Total
from .point import Point
from .suprema import compile_supremum

DIGITS = 28
REQUIRED_WORK, FURTHER_WORK = 400_000, 6_000  # evaluations of integrands, a value
ATOMS = "atoms"  # the environment's entry that holds one environment an atom


def value_at(expr: sp.Expr, point: Point, digits: int = DIGITS) -> arb:
    """`expr` at the point, as a ball of radius <= 10^-digits max(1, |value|).

    Raises `NotEnclosable`: `NoValue` where there certainly is no real value.
    """
    if expr in (sp.oo, -sp.oo):
        return arb.pos_inf() if expr is sp.oo else arb.neg_inf()
    evaluate = compile_ball(expr)
    work = Work(REQUIRED_WORK if point.required else FURTHER_WORK)

    def at(compiled: Evaluator) -> Callable[[], Number]:
        return lambda: compiled({**environment_at(point), WORK: work}, False)

    try:
        return to_digits(at(evaluate), digits, expr)
    except (NoValue, NoDerivative):
        raise
    except NotEnclosable as gap:
        # A difference that is exactly zero, under a root or an absolute value, has no sign as a ball.
        exactly = compile_ball(expr, True)
        try:
            return to_digits(at(exactly), digits, expr)
        except NoValue:
            raise
        except (NotEnclosable, ArithmeticError):
            raise gap from None


def rough_value_at(expr: sp.Expr, point: Point) -> Number:
    """A ball at the precision in force, however wide."""
    return real_ball(compile_ball(expr)(environment_at(point), False))


def environment_at(point: Point) -> dict[Any, Number]:
    """Rationals exactly, other values as balls; the vectors an atom at a time."""
    env: dict[Any, Number] = {s: number(v) for s, v in point.scalars.items()}
    if point.vectors:
        rows = {s: list(map(number, values)) for s, values in point.vectors.items()}
        env[ATOMS] = [{s: row[i] for s, row in rows.items()} for i in range(point.atoms)]
    return env


def _compile_total(expr: Total, exact: bool) -> Evaluator:
    term = compile_ball(expr.term, exact)

    def evaluate(env: Environment, analytic: bool) -> Number:
        atoms = env.get(ATOMS)
        if not atoms:
            raise NotEnclosable(f"{expr} has no alphabet: nothing in it varies with the atom")
        total = term({**env, **atoms[0]}, analytic)
        for atom in atoms[1:]:
            total = total + term({**env, **atom}, analytic)
        return total

    return evaluate


added: dict[type, Callable[[Any, bool], Evaluator]] = {
    Total: _compile_total,
    Supremum: compile_supremum,
}
NODES.update(added)
