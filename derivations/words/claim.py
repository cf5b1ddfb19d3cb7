"""What is claimed, from which hypotheses, from which source, and how it is derived.

    p, q, u, t = symbols("p q u t")
    Claim(
        id="conjugate-kl",
        title="The conjugate of u log u",
        topic="conjugates",
        source="Nowozin et al. 2016, Table 6",
        chains=(
            chain(
                Supremum(u * t - u * log(u), u, 0, oo),
                eq((u * t - u * log(u)).subs(u, exp(t - 1)), "f'(u) = t", by=Stationary(exp(t - 1))),
                eq(exp(t - 1), "algebra"),
                given={t: REAL},
            ),
        ),
    )

A chain starts from a definition and ends in the closed form; each link says in what relation it
stands to the one before and for what reason. Every free symbol has a domain in `given`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Any

import sympy as sp

from .language import Choice, Domain, Interval, Mass, PerAtom
from .names import misread
from .reading import read
from .word import unfold


class Verdict(StrEnum):
    """What became of a claim; see the design's words."""

    BOTH = "both"  # every step proved symbolically and supported by the enclosure route
    PROVED = "proved"  # every step has at least one proof, symbolic or over boxes
    SUPPORTED = "supported"  # some step has only points for it: evidence, not proof
    REFUTED = "refuted"  # disjoint balls at an exact point
    UNDECIDED = "undecided"


class Relation(StrEnum):
    EQUAL = "="
    AT_MOST = "<="
    AT_LEAST = ">="
    ABOVE = ">"


@dataclass(frozen=True)
class Algebra:
    """The default reason: integrate, sum, differentiate, simplify; or show a difference >= 0."""


@dataclass(frozen=True)
class Stationary:
    """A concave supremum is attained where the derivative is zero: at `at`."""

    at: sp.Expr


@dataclass(frozen=True)
class AtKink:
    """A concave supremum is attained at `at`: the slope is >= 0 before it and <= 0 after it."""

    at: sp.Expr


@dataclass(frozen=True)
class AtEnd:
    """A concave supremum is the limit at one end of the interval: the derivative keeps its sign."""

    end: sp.Expr


@dataclass(frozen=True)
class ChangeOfVariable:
    """In an integral, `old` becomes `new`, an increasing function of `variable`."""

    old: sp.Symbol
    new: sp.Expr
    variable: sp.Symbol


@dataclass(frozen=True)
class Touching:
    """The difference, convex in `variable`, is zero with zero slope at `at`: so it is >= 0.

    For a strict relation the variable's domain is (at, oo), and the convexity is strict.
    """

    variable: sp.Symbol
    at: sp.Expr


@dataclass(frozen=True)
class TakenOnTrust:
    """A classical theorem; the symbolic route checks nothing here and the ledger prints it."""

    lemma: str


@dataclass(frozen=True)
class ByClaim:
    """Another claim of the ledger, its chain `chain` taken with `where` for its symbols."""

    claim: str
    where: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict)
    chain: int = 0


Reason = (
    Algebra | Stationary | AtKink | AtEnd | ChangeOfVariable | Touching | TakenOnTrust | ByClaim
)


@dataclass(frozen=True)
class Step:
    """`relation` `right`, `why`: one link of a chain."""

    relation: Relation
    right: sp.Expr
    why: str
    by: Reason = Algebra()


def expression(written: sp.Expr | int | str) -> sp.Expr:
    """A tree as it is, or the one that a text stands for, its order kept."""
    return read(written) if isinstance(written, str) else sp.sympify(written)


def eq(right: sp.Expr | int | str, why: str, by: Reason = Algebra()) -> Step:
    return Step(Relation.EQUAL, expression(right), why, by)


def at_most(right: sp.Expr | int | str, why: str, by: Reason = Algebra()) -> Step:
    return Step(Relation.AT_MOST, expression(right), why, by)


def at_least(right: sp.Expr | int | str, why: str, by: Reason = Algebra()) -> Step:
    return Step(Relation.AT_LEAST, expression(right), why, by)


def above(right: sp.Expr | int | str, why: str, by: Reason = Algebra()) -> Step:
    return Step(Relation.ABOVE, expression(right), why, by)


@dataclass(frozen=True)
class Chain:
    """first, then steps; `given` says what each symbol is, `hypotheses` what relates them."""

    first: sp.Expr
    steps: tuple[Step, ...]
    given: Mapping[sp.Symbol, Domain]
    hypotheses: tuple[sp.Rel, ...] = ()
    label: str = ""

    @property
    def last(self) -> sp.Expr:
        return self.steps[-1].right

    @property
    def relation(self) -> Relation:
        """The relation of the first expression to the last, implied by the steps'."""
        kinds = {step.relation for step in self.steps}
        for relation in (Relation.ABOVE, Relation.AT_LEAST, Relation.AT_MOST):
            if relation in kinds:
                return relation
        return Relation.EQUAL

    def expressions(self) -> list[sp.Expr]:
        return [self.first, *(step.right for step in self.steps)]

    @cached_property
    def unfolded(self) -> Chain:
        """The same chain with every name of the vocabulary replaced by its definition."""
        return replace(
            self,
            first=unfold(self.first),
            steps=tuple(
                replace(step, right=unfold(step.right), by=_unfolded(step.by))
                for step in self.steps
            ),
        )


def _symbols(expr: sp.Basic) -> set[sp.Symbol]:
    """Those that the expression names; sympy writes the side of a limit as a symbol too."""
    sides = {limit.args[3] for limit in expr.atoms(sp.Limit)} - expr.free_symbols
    return expr.atoms(sp.Symbol) - sides


def _unfolded(by: Reason) -> Reason:
    """The reason with the names in its expressions replaced as well."""
    changed: dict[str, Any] = {}
    for each in fields(by):
        value = getattr(by, each.name)
        if isinstance(value, sp.Basic):
            changed[each.name] = unfold(value)
        elif isinstance(value, Mapping):
            changed[each.name] = {k: unfold(sp.sympify(v)) for k, v in value.items()}
    return replace(by, **changed) if changed else by


def chain(
    first: sp.Expr | int | str,
    *steps: Step,
    given: Mapping[sp.Symbol, Domain] | None = None,
    hypotheses: tuple[sp.Rel, ...] = (),
    label: str = "",
) -> Chain:
    return Chain(expression(first), steps, dict(given or {}), hypotheses, label)


@dataclass(frozen=True)
class Claim:
    """One entry of the ledger.

    `title` is the statement itself, formulas between backticks: "`KL(p, q) >= 0`"; `name` is what
    the field calls it. `shown_for` says what the chains cover where that is less than the
    statement could mean (d = 1, 2; p, q > 0). A false statement has `expected=Verdict.REFUTED`
    and says in `source` who prints it.

    Raises `ValueError` when a chain is empty, mixes <= with >=, has a step whose two sides are the
    same tree, names a symbol without a domain, or uses a symbol that carries a sympy assumption
    (a hypothesis that nobody stated).
    """

    id: str
    title: str
    topic: str
    source: str
    chains: tuple[Chain, ...]
    expected: Verdict = Verdict.BOTH
    lemmas: tuple[str, ...] = ()
    note: str = ""
    name: str = ""
    shown_for: str = ""

    def __post_init__(self) -> None:
        if not self.chains:
            raise ValueError(f"claim {self.id}: at least one chain is required, got none")
        for number, link in enumerate(self.chains, 1):
            self._validate(link, f"claim {self.id}, chain {number}")

    def _validate(self, link: Chain, where: str) -> None:
        if not link.steps:
            raise ValueError(f"{where}: a derivation needs at least one step, got none")
        relations = {step.relation for step in link.steps}
        if Relation.AT_MOST in relations and relations & {Relation.AT_LEAST, Relation.ABOVE}:
            raise ValueError(f"{where}: <= and >= in one chain prove nothing about its ends")
        sides = link.unfolded.expressions()
        for number, (left, right) in enumerate(pairwise(sides), 1):
            if left == right:
                raise ValueError(
                    f"{where}, step {number}: both sides are {left}, which says nothing"
                )
        written = [*link.expressions(), *link.hypotheses]
        symbols = set().union(set(link.given), *(_symbols(e) for e in written))
        vectors = [s for s, domain in link.given.items() if isinstance(domain, Mass)]
        for fault in misread(symbols, vectors, written):
            raise ValueError(f"{where}: {fault}")
        for symbol in sorted(symbols, key=str):
            if "'" in symbol.name:
                raise ValueError(f"{where}: primes are kept for the proofs' own, got {symbol}")
            assumed = {k: v for k, v in symbol._assumptions_orig.items() if k != "commutative"}
            if assumed:
                raise ValueError(
                    f"{where}: the symbol {symbol} carries {assumed}; use a plain symbol and "
                    "state its domain in `given`"
                )
        free = set().union(*(e.free_symbols for e in link.expressions()))
        if missing := free - set(link.given):
            names = ", ".join(sorted(map(str, missing)))
            raise ValueError(f"{where}: no domain is given for {names}")

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The claims and lemmas that the steps name, in order, each once."""
        found: dict[str, None] = {}
        for step in (step for link in self.chains for step in link.steps):
            if isinstance(step.by, ByClaim):
                found[step.by.claim] = None
            if isinstance(step.by, TakenOnTrust):
                found[step.by.lemma] = None
        found.update(dict.fromkeys(self.lemmas))
        return tuple(found)


@dataclass(frozen=True)
class Counterexample:
    """An exact point where both sides of a step are enclosed by balls that contradict it."""

    point: Mapping[str, str]
    chain: int
    step: int
    relation: str
    left: str
    right: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "point": dict(self.point),
            "chain": self.chain,
            "step": self.step,
            "relation": self.relation,
            "left": self.left,
            "right": self.right,
        }


__all__ = [
    "Algebra", "AtEnd", "AtKink", "ByClaim", "Chain", "ChangeOfVariable", "Choice", "Claim",
    "Counterexample", "Domain", "Interval", "Mass", "PerAtom", "Reason", "Relation",
    "Stationary", "Step", "TakenOnTrust", "Touching", "Verdict", "above", "at_least",
    "at_most", "chain", "eq",
]  # fmt: skip
