"""The values of a claim's expressions at a point, as balls.

    value_at(expr, point)      a ball of radius <= 10^-26 (relative above 1), or why there is none

Nothing is put into the expression and nothing of it is evaluated by sympy: the tree is compiled
once to a function of an environment (`divergences.enclosure`), and a point is an environment. This
module adds the two kinds of node that only claims have: sums over the atoms, and suprema.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import sympy as sp
from flint import arb

from divergences.enclosure import (
    NODES,
    Environment,
    Evaluator,
    NoDerivative,
    NotEnclosable,
    NoValue,
    Number,
    compile_ball,
    number,
    real,
    to_digits,
)  # fmt: skip
from divergences.functions import widened
from divergences.germs import Germ, Scale
from divergences.integrals import WORK, Work

from ..words.language import Supremum, Total
from .point import Point
from .suprema import compile_supremum

DIGITS = 26
REQUIRED_WORK, FURTHER_WORK = 400_000, 6_000  # evaluations of integrands, a value
# the environment's entry that holds (environment, how many atoms have this one)
ATOMS = "atoms"
MASSES = "masses"  # and the one that holds the names of masses that may vanish
NEAR_ZERO = (24, 72, 216)  # a term at a vanishing mass is read off on (0, 2^-k]


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


def environment_at(point: Point) -> dict[Any, Number]:
    """Rationals exactly, other values as balls; the vectors an atom at a time."""
    env: dict[Any, Number] = {s: number(v) for s, v in point.scalars.items()}
    if point.vectors:
        rows = Counter(zip(*point.vectors.values(), strict=True))  # equal atoms count, once each
        env[ATOMS] = [
            ({s: number(v) for s, v in zip(point.vectors, row, strict=True)}, count)
            for row, count in rows.items()
        ]
        env[MASSES] = point.masses
    return env


def _compile_total(expr: Total, exact: bool) -> Evaluator:
    term = compile_ball(expr.term, exact)

    def evaluate(env: Environment, analytic: bool) -> Number:
        atoms = env.get(ATOMS)
        if not atoms:
            raise NotEnclosable(f"{expr} has no alphabet: nothing in it varies with the atom")
        total: Number = None
        for atom, count in atoms:
            vanish = [s for s in env.get(MASSES, ()) if s in term_symbols and atom[s] == 0]
            value = (
                _vanishing(expr.term, env, atom, vanish)
                if vanish
                else term({**env, **atom}, analytic)
            )
            value = value * count if count > 1 else value
            total = value if total is None else total + value
        return total

    term_symbols = expr.term.free_symbols
    return evaluate


def _vanishing(
    term: sp.Expr, env: Environment, atom: dict[sp.Symbol, Number], vanish: list[sp.Symbol]
) -> Number:
    """The term's limit as the masses `vanish` tend to 0: 0 log 0 = 0, q f(0), p f'(oo).

    Where several vanish they do so together, and every ratio of them must give one limit.
    """
    evaluate = compile_ball(term, True)
    ratios = [(1,) * len(vanish)]
    if len(vanish) > 1:
        ratios += [tuple(range(1, len(vanish) + 1)), tuple(range(len(vanish), 0, -1))]
    found = []
    for row in ratios:
        failure: NotEnclosable | None = None
        for k in NEAR_ZERO:
            places = {s: Germ.v(Scale(k)) * n for s, n in zip(vanish, row, strict=True)}
            try:
                value = evaluate({**env, **atom, **places}, False)
                found.append(widened(value.limit() if isinstance(value, Germ) else value))
                real(found[-1])  # refused unless it is a real number
                break
            except (NotEnclosable, ArithmeticError) as error:
                failure = NotEnclosable(f"{term} where {vanish[0]} vanishes: {error}")
        else:
            raise failure or NotEnclosable(f"{term} where {vanish[0]} vanishes")
    if any(not real(value).overlaps(real(found[0])) for value in found[1:]):
        raise NoValue(f"{term} has no limit where {vanish[0]} vanishes")
    return found[0]


added: dict[type, Callable[[Any, bool], Evaluator]] = {
    Total: _compile_total,
    Supremum: compile_supremum,
}
NODES.update(added)
