"""Random statements whose truth is known, to be held against the verifier.

    python -m tests.adversary --count 100000 --jobs 2 --seed 1

Each family writes true statements and makes them false, or writes statements that are false or
without a meaning by construction. A false one carries a point of its hypotheses where mpmath, at
sixty digits, contradicts it; nothing of the engine is asked. The engine must accept none of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import sympy as sp

from . import bounds, calculus, meaningless, named, plain, reasons, suprema, totals
from .statement import FALSE, MEANINGLESS, TRUE, Statement, Truth, Unfit, as_true, broken, widened
from .truth import NoValue, OutOfReach

Write = Callable[[random.Random], Statement]
ATTEMPTS = 200  # draws for one statement before a family is called barren


def _breaking(draws: Sequence[Callable[[random.Random], Truth]], *, widen: bool = True) -> Write:
    """False statements made of these true ones."""

    def write(rng: random.Random) -> Statement:
        truth = plain.dressed(rng.choice(draws)(rng), rng)
        if widen and rng.random() < 0.2:
            return widened("", truth, rng)
        return broken("", truth, rng)

    return write


def _planted(writers: Sequence[Write]) -> Write:
    return lambda rng: rng.choice(writers)(rng)


FAMILIES: dict[str, Write] = {
    "algebra": _breaking(plain.ALGEBRA),
    "logarithms": _breaking(plain.LOGARITHMS),
    "powers": _breaking(plain.POWERS),
    "kinks": _breaking(plain.KINKS),
    "totals": _breaking(totals.TOTALS),
    "integrals": _breaking(calculus.INTEGRALS, widen=False),
    "limits": _breaking(calculus.LIMITS, widen=False),
    "derivatives": _breaking(calculus.DERIVATIVES, widen=False),
    "suprema": _breaking(suprema.SUPREMA, widen=False),
    "names": named.misnamed,
    "far bounds": _planted(bounds.BOUNDS),
    "vanishing": _planted(bounds.VANISHING),
    "wrong reasons": _planted(reasons.REASONS),
    "wrong summits": _planted(reasons.SUMMITS),
    "chains": _planted(reasons.CHAINS),
    "citations": _planted(reasons.CITATIONS),
    "no meaning": _planted(meaningless.MEANING),
    "no slope": _planted(meaningless.SLOPES),
    "no limit": _planted(meaningless.LIMITS),
}
TRUTHS: dict[str, Sequence[Callable[[random.Random], Truth]]] = {
    "algebra": plain.ALGEBRA, "logarithms": plain.LOGARITHMS, "powers": plain.POWERS,
    "kinks": plain.KINKS, "totals": totals.TOTALS,
    "integrals": (*calculus.INTEGRALS, calculus.moved), "limits": calculus.LIMITS,
    "derivatives": calculus.DERIVATIVES, "suprema": suprema.SUPREMA,
    "names": (named.named, named.of_laws),
}  # fmt: skip


def loosened(expr: sp.Basic, rng: random.Random) -> sp.Basic:
    """The same tree with its sums and products in another order, unevaluated."""
    if not expr.args or not isinstance(expr, sp.Add | sp.Mul | sp.Pow | sp.exp | sp.log):
        return expr
    arguments = [loosened(arg, rng) for arg in expr.args]
    if isinstance(expr, sp.Add | sp.Mul):
        rng.shuffle(arguments)
    return expr.func(*arguments, evaluate=False)


def _written_otherwise(statement: Statement, rng: random.Random) -> Statement:
    """Now and then the sides in the order of another author."""
    if rng.random() < 0.75:
        return statement
    links = tuple(
        replace(
            link,
            first=loosened(link.first, rng),
            steps=tuple(replace(step, right=loosened(step.right, rng)) for step in link.steps),
        )
        for link in statement.claim.chains
    )
    try:
        return replace(statement, claim=replace(statement.claim, chains=links))
    except ValueError:
        return statement


def statement(family: str, seed: str) -> Statement:
    """The family's false (or meaningless) statement of this seed; always the same."""
    for attempt in range(ATTEMPTS):
        rng = random.Random(f"{family} {seed} {attempt}")
        try:
            return replace(_written_otherwise(FAMILIES[family](rng), rng), family=family)
        except (Unfit, NoValue, OutOfReach):
            continue
    raise Unfit(f"{family} has nothing to say for the seed {seed}")


def truth(family: str, seed: str) -> Statement:
    """A true statement of the family."""
    for attempt in range(ATTEMPTS):
        rng = random.Random(f"{family} {seed} {attempt} true")
        try:
            found = plain.dressed(rng.choice(TRUTHS[family])(rng), rng)
            return _written_otherwise(as_true(family, found), rng)
        except Unfit:
            continue
    raise Unfit(f"{family} has nothing true to say for the seed {seed}")


def statements(seed: int, start: int, stop: int) -> Iterator[tuple[int, Statement]]:
    """Numbers start, ..., stop - 1 of the seed's endless list, the families in turn."""
    names = list(FAMILIES)
    for number in range(start, stop):
        yield number, statement(names[number % len(names)], f"{seed}/{number}")


__all__ = ["FALSE", "FAMILIES", "MEANINGLESS", "TRUE", "TRUTHS", "Statement", "statement",
           "statements", "truth"]  # fmt: skip
