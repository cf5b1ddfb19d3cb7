"""The names of the vocabulary are used where they are defined: what each row `needs` is shown.

A deviation is positive, P and Q are probability vectors, the f of D_f is convex. A word inside a
supremum, an integral, a limit or another word is asked for every value of the variable bound there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import sympy as sp

from ..words.language import Supremum, Total
from ..words.laws import support
from ..words.vocabulary import needs
from ..words.word import Need, Word, is_law, unfold
from .concavity import is_concave
from .prepare import Atoms, Environment, Prepared, put, ranging
from .totals import above_zero, equal_to_zero


def unmet(expr: sp.Basic, prepared: Prepared) -> Iterator[str]:
    """A line for each need of a word in `expr` that is not shown."""
    yield from _unmet(expr, prepared.where, prepared.atoms, 0)


def _unmet(expr: sp.Basic, where: Environment, atoms: Atoms, depth: int) -> Iterator[str]:
    if isinstance(expr, Word):
        for bound in expr.bound_symbols:
            if where.get(bound, bound).free_symbols & atoms.all:
                yield f"{expr} binds {bound}, which has a value at every atom"
        for need in needs(expr):
            if gap := _gap(need, where, atoms, depth):
                yield f"{expr} needs {gap}"
    for part, inner in _parts(expr, where, depth):
        if part.has(Word):
            yield from _unmet(part, inner, atoms, depth + 1)


def _gap(need: Need, where: Environment, atoms: Atoms, depth: int) -> str:
    """What is needed and not shown; empty where it is shown."""
    if need.kind == "convex" and _is_adjoint(need):  # u f(1/u) is convex as f is
        return _gap(replace(need, what=need.what.args[0]), where, atoms, depth)
    what = unfold(need.what)
    if need.kind == "convex":
        u = sp.Symbol(f"w''{depth}''f", positive=True)
        image = put(what, {**where, need.variable: u}, depth)
        if varying := image.free_symbols & atoms.all:
            return f"one function, but {need.what} names {min(varying, key=str)}, a number an atom"
        shown = is_concave(-image, u, (sp.S.Zero, sp.oo))
        return "" if shown else f"a convex function, which {need.what} is not shown to be"
    image = put(what, where, depth)
    if need.kind == "positive":
        return "" if above_zero(image, atoms) else f"{need.what} > 0, which is not shown"
    if need.kind == "nonzero":
        shown = above_zero(image, atoms) or above_zero(-image, atoms)
        return "" if shown else f"{need.what} != 0, which is not shown"
    shown = image in atoms.masses or (
        above_zero(image, atoms) and equal_to_zero(Total(image) - 1, atoms)
    )
    return "" if shown else f"a probability vector, which {need.what} is not shown to be"


def _is_adjoint(need: Need) -> bool:
    what = need.what
    return isinstance(what, Word) and what.entry.name == "Adjoint" and what.args[1] == need.variable


def _parts(
    expr: sp.Basic, where: Environment, depth: int
) -> Iterator[tuple[sp.Basic, Environment]]:
    """The parts of a node, each with what its symbols stand for there."""
    ranges: list[tuple[sp.Symbol, sp.Expr, sp.Expr]] = []
    inside: tuple[sp.Basic, ...] = ()
    match expr:
        case Word() if expr.entry.binds is not None:
            word = expr.func(*expr.apart())
            variable, scope = expr.entry.binds
            law = word.args[0]
            ends = support(law) if is_law(law) else (sp.S.Zero, sp.oo)
            ranges, inside = [(word.args[variable], *ends)], tuple(word.args[i] for i in scope)
            outside = [a for i, a in enumerate(word.args) if i != variable and i not in scope]
            yield from ((part, where) for part in outside)
        case Supremum():
            ranges, inside = [(expr.variable, *expr.bounds)], (expr.objective,)
        case sp.Integral():
            ranges = [limit.args for limit in reversed(expr.limits) if len(limit) == 3]
            inside = (expr.function,)
        case sp.Limit():
            function, x, end, side = expr.args
            if end in (sp.oo, -sp.oo):
                ends = (sp.S.Zero, sp.oo) if end is sp.oo else (-sp.oo, sp.S.Zero)
            else:
                ends = (end, sp.oo) if str(side) == "+" else (-sp.oo, end)
            ranges, inside = [(x, *ends)], (function,)
        case sp.Subs():
            yield from ((at, where) for at in expr.point)
            points = {
                x: put(unfold(at), where, depth)
                for x, at in zip(expr.variables, expr.point, strict=True)
            }
            yield expr.expr, {**where, **points}
            return
        case _:
            yield from ((part, where) for part in expr.args)
            return
    inner = dict(where)
    for number, (x, lower, upper) in enumerate(ranges):
        for end in (lower, upper):
            yield end, inner
        name = sp.Symbol(f"w''{depth}''{number}")
        inner[x] = ranging(name, *(put(unfold(end), inner, depth) for end in (lower, upper)))[0]
    yield from ((part, inner) for part in inside)
