"""A claim laid out for print: its title, and of each chain what is given, each step, each reason.

Every output (terminal, LaTeX, HTML, the site) takes these pieces and sets them in its own way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import sympy as sp

from ..words.claim import (
    AtEnd,
    AtKink,
    ByClaim,
    Chain,
    ChangeOfVariable,
    Claim,
    Reason,
    Stationary,
    Step,
    TakenOnTrust,
    Touching,
)
from ..words.language import Choice, Domain, Interval, Mass, PerAtom
from ..words.vocabulary import density
from ..words.word import Word
from . import signs
from .formula import BIG, Functions, layout
from .layout import Box, Operator, Parts, Related, Row
from .sentences import Formula, parts, spans

# --- titles -----------------------------------------------------------------------------------


def title(claim: Claim) -> Parts:
    """What the field calls it, where it has a name, and the statement."""
    name = (f"{claim.name[0].upper()}{claim.name[1:]}: ",) if claim.name else ()
    return (*name, *parts(claim.title))


# --- one chain --------------------------------------------------------------------------------


@dataclass(frozen=True)
class LaidStep:
    """A link of the chain: `relation` `right`, for the reason `why`, which `by` makes precise."""

    relation: str
    right: Box
    why: Parts
    by: Parts

    @property
    def reason(self) -> Parts:
        between = ("; ",) if self.why and self.by else ()
        return (*self.why, *between, *self.by)


@dataclass(frozen=True)
class LaidChain:
    label: str
    given: tuple[Parts, ...]
    first: Box
    steps: tuple[LaidStep, ...]
    relation: str  # of the first to the last

    @property
    def statement(self) -> Related:
        return Related((self.first, self.steps[-1].right), (self.relation,))


def laid(link: Chain) -> LaidChain:
    """The chain as its author wrote it; letters of functions are the same all along it."""
    functions = replace(
        Functions.beside([*link.expressions(), *link.hypotheses, *link.given]),
        vectors=frozenset(s.name for s, d in link.given.items() if isinstance(d, Mass)),
        numbers=frozenset(s.name for s in link.given),
    )
    first = layout(link.first, functions)
    steps = tuple(_step(step, functions) for step in link.steps)
    hypotheses = tuple(given(link, functions))
    return LaidChain(link.label, hypotheses, first, steps, str(link.relation))


def _step(step: Step, functions: Functions) -> LaidStep:
    right = layout(step.right, functions)
    return LaidStep(str(step.relation), right, parts(step.why, functions), reason(step.by))


def given(link: Chain, functions: Functions | None = None) -> Iterator[Parts]:
    """Each hypothesis; symbols of one domain share one; then what letters of functions mean."""
    groups: dict[Domain, list[sp.Symbol]] = {}
    for symbol, domain in link.given.items():
        groups.setdefault(domain, []).append(symbol)
    for domain, symbols in groups.items():
        yield of_domain(symbols, domain)
    for each in link.hypotheses:
        yield (layout(each),)
    for definition in functions.definitions() if functions else ():
        yield (definition,)


def of_domain(symbols: list[sp.Symbol], domain: Domain) -> Parts:
    """What the symbols are: `u > 0`, or in words."""
    names = _listed([layout(symbol) for symbol in symbols])
    many = len(symbols) > 1
    if isinstance(domain, Mass):
        laws = _listed([signs.capital(symbol.name) for symbol in symbols])
        plural = "s" if many else ""
        if domain.zero:
            return (laws, f" {'any' if many else 'a'} probability vector{plural}")
        vectors = f" probability vector{plural} with mass{'es' if many else ''} "
        return (laws, vectors, Related((names, layout(sp.S.Zero)), (">",)))
    if isinstance(domain, PerAtom):
        return (*of_domain(symbols, domain.domain), " at every atom")
    if isinstance(domain, Choice):
        values = [layout(sp.sympify(value)) for value in domain.values]
        if len(values) == 1:
            return (Related((names, values[0]), ("=",)),)
        return (names, " one of ", _listed(values))
    assert isinstance(domain, Interval)
    lower, upper = sp.sympify(domain.lower), sp.sympify(domain.upper)
    if lower is -sp.oo and upper is sp.oo:
        return (names, " real")
    if upper is sp.oo:
        return (Related((names, layout(lower)), (">",)),)
    if lower is -sp.oo:
        return (Related((names, layout(upper)), ("<",)),)
    return (Related((layout(lower), names, layout(upper)), ("<", "<")),)


def _listed(boxes: list[Box]) -> Box:
    pieces: list[Box] = []
    for box in boxes:
        pieces += [Operator(","), box] if pieces else [box]
    return pieces[0] if len(pieces) == 1 else Row(tuple(pieces))


def reason(by: Reason) -> Parts:
    """What the reason adds to the step's own words; empty for plain algebra."""
    match by:
        case Stationary(at):
            return ("attained where the slope is zero, at ", _value(at))
        case AtKink(at):
            return ("attained at the kink ", _value(at))
        case AtEnd(end):
            return ("the limit at the end ", _value(end))
        case ChangeOfVariable(old, new, _):
            return (Related((layout(old), _value(new)), ("=",)),)
        case Touching(variable, at):
            return ("convex in ", layout(variable), ", touching zero at ", _value(at))
        case TakenOnTrust(lemma):
            return (f"lemma {lemma}, taken on trust",)
        case ByClaim(claim, where):
            return (f"claim {claim}", *put(where))
    return ()


def _value(expr: sp.Expr | int) -> Box:
    return layout(sp.sympify(expr))


def put(where: Mapping[sp.Symbol, sp.Expr]) -> Iterator[str | Box]:
    """with a = b, c = d: what a cited claim is taken with."""
    for i, (symbol, value) in enumerate(where.items()):
        yield ", " if i else " with "
        yield Related((layout(symbol), _value(value)), ("=",))


# --- definitions ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Definition:
    """A word of a claim and what it unfolds to; for a law, its density."""

    name: str
    said: Parts
    means: str
    defined: str
    source: str


def definitions(claim: Claim) -> list[Definition]:
    """Every word that the claim is written with, and those that their definitions use, once."""
    waiting: list[sp.Basic] = [e for link in claim.chains for e in link.expressions()]
    waiting += [
        e for piece in spans(claim.title) if isinstance(piece, Formula) for e in piece.sides
    ]
    found: dict[str, Definition] = {}
    while waiting:
        for word in _words(waiting.pop(0)):
            if word.entry.name not in found and word.entry.name not in BIG:
                found[word.entry.name], unfolded = _definition(word)
                waiting.append(unfolded)
    return list(found.values())


def _words(expr: sp.Basic) -> Iterator[Word]:
    """From the outside to the inside."""
    if isinstance(expr, Word):
        yield expr
    for arg in expr.args:
        yield from _words(arg)


def _definition(word: Word) -> tuple[Definition, sp.Basic]:
    entry = word.entry
    word = _general(word)
    functions = Functions.beside([word])
    if entry.law:
        x = sp.Symbol(next(n for n in "xyzr" if n not in {s.name for s in word.free_symbols}))
        unfolded = density(word, x)
        said: Parts = (layout(word), " has the density ", layout(unfolded), " at ", layout(x))
    else:
        unfolded = word.unfold()
        said = (Related((layout(word, functions), layout(unfolded, functions)), ("=",)),)
    return Definition(entry.name, said, entry.means, entry.defined, entry.source), unfolded


def _general(word: Word) -> Word:
    """The word for any function f, where it takes one: D_f as the sum of q f(p/q)."""
    if "f" not in word.entry.arguments:
        return word
    u = word.args[word.entry.arguments.index("u")]
    at = word.entry.arguments.index("f")
    return word.func(*(sp.Function("f")(u) if i == at else a for i, a in enumerate(word.args)))
