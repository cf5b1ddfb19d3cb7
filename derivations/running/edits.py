"""Every single edit of a formula: what a slip of the pen, or of the memory, would have written.

    a number        one more, one less, doubled, halved, its sign
    a term          its sign, doubled, halved
    a function      its inverse or its near relative; exp with the other sign
    a name          its arguments exchanged, a near relative, doubled
    a symbol        two exchanged everywhere, one occurrence written as another of the same kind
    the whole       its sign, doubled, halved, one more, one less, squared, rooted, inverted

Trees keep the author's order: an edited node is put back into an otherwise unevaluated tree. What
a name of the vocabulary unfolds to is no part of the formula, nor are the ranges of integrals,
suprema and limits, which their own claims state.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import sympy as sp

from ..words.claim import Chain
from ..words.language import Domain, Mass, PerAtom, Supremum
from ..words.vocabulary import VOCABULARY
from ..words.word import Word

# What one function is mistaken for; sqrt and square are an exponent's edit.
FUNCTIONS: dict[type, tuple[type, ...]] = {
    sp.log: (sp.exp,), sp.exp: (sp.log,), sp.sin: (sp.cos,), sp.cos: (sp.sin,),
    sp.sinh: (sp.cosh,), sp.cosh: (sp.sinh,), sp.tanh: (sp.atan,), sp.atan: (sp.tanh,),
    sp.erf: (sp.erfc,), sp.erfc: (sp.erf,), sp.gamma: (sp.loggamma,), sp.loggamma: (sp.gamma,),
    sp.LambertW: (sp.log,), sp.Max: (sp.Min,), sp.Min: (sp.Max,),
}  # fmt: skip

# The same for the vocabulary's names.
NAMES: Mapping[str, tuple[str, ...]] = {
    "KL": ("Jeffreys", "Chi2"), "Jeffreys": ("KL",), "Chi2": ("KL", "LeCam"), "LeCam": ("Chi2",),
    "JS": ("H2", "TV"), "TV": ("H2", "JS"), "H2": ("TV", "BC"), "BC": ("H2",),
    "Entropy": (), "CrossEntropy": ("KL",), "Sigmoid": ("Phi",), "Phi": ("Sigmoid",),
}  # fmt: skip

SCOPED = (sp.Integral, Supremum, sp.Limit, sp.Derivative, sp.Subs)  # only their first argument
# What sympy raises when it is asked to build a node that makes no sense.
UNBUILDABLE = (ValueError, TypeError, ZeroDivisionError, NotImplementedError, AttributeError)


def mutants(link: Chain) -> list[tuple[int, sp.Expr]]:
    """(number of the step, from 0; its right side with one edit): each once, no original."""
    found: dict[tuple[int, sp.Expr], None] = {}
    for j, step in enumerate(link.steps):
        if step.right.is_infinite:
            continue
        for edited in itertools.chain(
            whole(step.right), edits(step.right), symbols_changed(step.right, link.given)
        ):
            if edited != step.right:
                found[j, edited] = None
    return list(found)


def built(node: sp.Basic, args: tuple[sp.Basic, ...]) -> sp.Basic:
    """The node with other arguments, as written."""
    if isinstance(node, sp.Add | sp.Mul | sp.Pow | sp.Function) and not isinstance(
        node, sp.Piecewise
    ):
        return node.func(*args, evaluate=False)
    return node.func(*args)


def parts(node: sp.Basic) -> range:
    """Which arguments of a node belong to the formula."""
    if isinstance(node, SCOPED):
        return range(1)
    return range(len(node.args))


def edits(expr: sp.Basic) -> Iterator[sp.Basic]:
    """`expr` with one node edited, in all ways."""
    yield from _here(expr)
    for i in parts(expr):
        if isinstance(expr, Word) and expr.entry.binds and i == expr.entry.binds[0]:
            continue
        for edited in edits(expr.args[i]):
            try:
                yield built(expr, (*expr.args[:i], edited, *expr.args[i + 1 :]))
            except UNBUILDABLE:
                continue


def _here(node: sp.Basic) -> Iterator[sp.Basic]:
    if isinstance(node, sp.Rational):
        yield from (node + 1, node - 1, 2 * node, node / 2, -node)
    if isinstance(node, sp.Add):
        for i, term in enumerate(node.args):
            for factor in (-1, 2, sp.S.Half):
                yield built(node, (*node.args[:i], scaled(term, factor), *node.args[i + 1 :]))
    if isinstance(node, sp.exp):
        yield sp.exp(scaled(node.args[0], -1), evaluate=False)
    if isinstance(node, Word):
        yield from _named(node)
    for function in FUNCTIONS.get(type(node), ()):
        try:
            yield function(*node.args, evaluate=False)
        except UNBUILDABLE:
            continue


def scaled(expr: sp.Expr, factor: sp.Expr | int) -> sp.Expr:
    """factor * expr, a number in front taken into the factor."""
    first, *rest = sp.Mul.make_args(expr) if isinstance(expr, sp.Mul) else (expr,)
    if first.is_Rational and factor * first == 1 and rest:
        return sp.Mul(*rest, evaluate=False) if len(rest) > 1 else rest[0]
    if first.is_Rational:
        return sp.Mul(factor * first, *rest, evaluate=False) if rest else factor * first
    return sp.Mul(factor, first, *rest, evaluate=False)


def _named(word: Word) -> Iterator[sp.Basic]:
    bound, scope = word.entry.binds or (None, ())
    places = [i for i in range(len(word.args)) if i != bound and i not in scope]
    for i, j in itertools.combinations(places, 2):
        kinds = {word.entry.arguments[k][0].isupper() for k in (i, j)}  # a law, or a number
        if len(kinds) == 1:
            other = list(word.args)
            other[i], other[j] = other[j], other[i]
            yield word.func(*other)
    for name in NAMES.get(word.entry.name, ()):
        if len(VOCABULARY[name].entry.arguments) == len(word.args):
            yield VOCABULARY[name](*word.args)
    if not word.entry.law:
        yield sp.Mul(2, word, evaluate=False)


def whole(expr: sp.Expr) -> Iterator[sp.Expr]:
    yield from (scaled(expr, factor) for factor in (-1, 2, sp.S.Half))
    yield from (sp.Add(expr, one, evaluate=False) for one in (sp.S.One, sp.S.NegativeOne))
    yield from (sp.Pow(expr, n, evaluate=False) for n in (2, sp.S.Half, -1))


def symbols_changed(expr: sp.Expr, given: Mapping[sp.Symbol, Domain]) -> Iterator[sp.Basic]:
    """Two symbols exchanged everywhere, and one occurrence of one written as another."""
    names = sorted(expr.free_symbols, key=str)
    for a, b in itertools.combinations(names, 2):
        if _of_a_kind(a, b, given):
            yield exchanged(expr, a, b)
    for a, b in itertools.permutations(names, 2):
        if _of_a_kind(a, b, given):
            yield from _one_occurrence(expr, a, b)


def _of_a_kind(a: sp.Symbol, b: sp.Symbol, given: Mapping[sp.Symbol, Domain]) -> bool:
    """Both numbers, or both a number an atom: elsewhere the formula would not make sense."""
    return isinstance(given.get(a), Mass | PerAtom) == isinstance(given.get(b), Mass | PerAtom)


def exchanged(expr: sp.Basic, a: sp.Symbol, b: sp.Symbol) -> sp.Basic:
    """`expr` with a and b in each other's place."""
    if expr in (a, b):
        return b if expr == a else a
    if not expr.args or not expr.free_symbols & {a, b}:
        return expr
    return built(expr, tuple(exchanged(arg, a, b) for arg in expr.args))


def _one_occurrence(expr: sp.Basic, a: sp.Symbol, b: sp.Symbol) -> Iterator[sp.Basic]:
    if expr == a:
        yield b
    for i in parts(expr):
        if a not in expr.args[i].free_symbols:
            continue
        for changed in _one_occurrence(expr.args[i], a, b):
            try:
                yield built(expr, (*expr.args[:i], changed, *expr.args[i + 1 :]))
            except UNBUILDABLE:
                continue
