"""Limits at an end of a range, read off the leading terms there (`germs.py`)."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp
from flint import acb, arb, fmpq

from .balls import NotEnclosable, NoValue
from .constants import Constant
from .enclosure import Environment, Evaluator, Number, compile_ball, real
from .germs import Germ, Scale
from .jets import Jet

NEAR_ENDS = (8, 24, 72, 216)  # a limit is read off on (0, 2^-k]


def at_end(
    expr: sp.Expr, x: sp.Symbol, end: Number | None, side: int, env: Environment, k: int
) -> list[Callable[[], Germ]]:
    """`expr` on (0, 2^-k] with x = end + side v, or at side oo (end None): x = 1/v, then x = L."""
    evaluate, scale = compile_ball(expr, True), Scale(k)

    def at(place: Callable[[], Germ]) -> Callable[[], Germ]:
        def expand() -> Germ:
            value = evaluate({**env, x: place()}, False)
            return value if isinstance(value, Germ) else Germ.v(scale) * 0 + value

        return expand

    if end is None:
        return [
            at(lambda: side * Germ.v(scale).inverse()),
            at(lambda: side * Germ.L(scale)),
        ]
    fixed = Constant.of(end) if isinstance(end, fmpq) else end
    return [at(lambda: side * Germ.v(scale) + fixed)]


def limit_at(
    expr: sp.Expr, x: sp.Symbol, end: Number | None, side: int, env: Environment
) -> Number:
    """The one-sided limit, read off the leading terms. Raises `NotEnclosable` where they fail."""
    if any(isinstance(v, Jet | Germ | acb) for v in env.values()):
        raise NotEnclosable("a limit inside a derivative, another limit or an integral")
    failure: NotEnclosable | None = None
    for k in NEAR_ENDS:
        for expand in at_end(expr, x, end, side, env, k):
            try:
                return expand().limit()
            except (NotEnclosable, ArithmeticError) as error:
                failure = NotEnclosable(f"the limit is not known: {error}")
    raise failure or NotEnclosable("the limit is not known")


def compile_limit(expr: sp.Limit, exact: bool) -> Evaluator:
    inner, x, end, direction = expr.args
    if end in (sp.oo, -sp.oo):
        sides, place = [1 if end is sp.oo else -1], None
    else:
        sides = {"+": [1], "-": [-1]}.get(str(direction), [1, -1])
        place = compile_ball(end, True)

    def evaluate(env: Environment, analytic: bool) -> Number:
        at = place(env, analytic) if place is not None else None
        found = [limit_at(inner, x, at, side, env) for side in sides]
        for value in found:
            if isinstance(value, arb) and not value.is_finite():
                return value if len(found) == 1 else _same_infinity(found)
        balls = [real(value) for value in found]
        if len(balls) == 2 and not balls[0].overlaps(balls[1]):
            raise NoValue("the limits from both sides differ")
        if len(balls) == 2:
            gap = found[0] - found[1]
            if not (isinstance(gap, Constant) and gap.is_zero()):
                raise NotEnclosable("the limits from both sides are not known to agree")
        return found[0] if exact else balls[0]

    return evaluate


def _same_infinity(found: list[Number]) -> Number:
    if all(isinstance(v, arb) and v == found[0] for v in found):
        return found[0]
    raise NoValue("the limits from both sides differ")
