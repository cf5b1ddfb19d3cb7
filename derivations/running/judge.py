"""One claim: is it defined, what do the two routes say of each step, and the verdict of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import sympy as sp

from divergences.enclosure import NotEnclosable, enclose

from ..enclosed import check as enclosed
from ..ground.definedness import ill_posed, undefined
from ..symbolic import rules as symbolic
from ..words.claim import Claim, Counterexample, Verdict
from ..words.language import Choice, Interval, PerAtom, Supremum, Total

PROVED, NOT_SHOWN = "proved", "not shown"
BOXES, POINTS, SILENT = "boxes", "points", "cannot speak"
LARGEST_NAMED = 100  # of a number's numerator and denominator, in a statement judged at points only
LARGEST_ALONE = 10**20  # in a statement about numbers, which has one point and many digits there
LARGEST_POWER = 10
STRENGTH = (SILENT, POINTS, BOXES)  # of the enclosure route's words, the weakest first


@dataclass(frozen=True)
class StepWords:
    """What each route says of one step."""

    symbolic: str = NOT_SHOWN
    enclosure: str = SILENT

    @property
    def proved(self) -> bool:
        return self.symbolic == PROVED or self.enclosure == BOXES


Steps: TypeAlias = tuple[tuple[StepWords, ...], ...]  # a tuple of steps a chain


def verdict_of(steps: Steps, fine: str | None = None) -> Verdict:
    """The verdict of a claim that is defined and has no counterexample.

    Where a statement is too `fine` for points (`too_fine`), they support nothing.
    """
    evidence = (BOXES,) if fine else (BOXES, POINTS)
    words = [step for link in steps for step in link]
    if all(w.symbolic == PROVED and w.enclosure in evidence for w in words):
        return Verdict.BOTH
    if all(w.proved for w in words):
        return Verdict.PROVED
    if all(w.proved or w.enclosure in evidence for w in words):
        return Verdict.SUPPORTED
    return Verdict.UNDECIDED


@dataclass(frozen=True)
class Judgement:
    """The verdict, the words of each step, and why a route that says nothing does not."""

    verdict: Verdict
    steps: Steps = ()
    gaps: tuple[str, ...] = ()
    points: int = 0
    counterexample: Counterexample | None = None
    fine: str | None = None  # why points are no evidence here

    @property
    def symbolic(self) -> str:
        shown = self.steps and all(w.symbolic == PROVED for link in self.steps for w in link)
        return PROVED if shown else NOT_SHOWN

    @property
    def enclosure(self) -> str:
        """The weakest word of all steps."""
        words = [w.enclosure for link in self.steps for w in link] or [SILENT]
        return min(words, key=STRENGTH.index)

    def without(self, unproved: Iterable[tuple[int, int, str]]) -> Judgement:
        """The judgement when these steps (chain, step, why; from 0) have no symbolic proof."""
        steps = [list(link) for link in self.steps]
        gaps = list(self.gaps)
        for chain, step, why in unproved:
            if steps[chain][step].symbolic == PROVED:
                steps[chain][step] = replace(steps[chain][step], symbolic=NOT_SHOWN)
                gaps.append(f"symbolic: chain {chain + 1}, step {step + 1}: {why}")
        left = tuple(map(tuple, steps))
        settled = self.verdict in (Verdict.REFUTED, Verdict.UNDECIDED)
        verdict = self.verdict if settled else verdict_of(left, self.fine)
        return replace(self, steps=left, gaps=tuple(gaps), verdict=verdict)


def judge(claim: Claim, claims: Mapping[str, Claim] | None = None) -> Judgement:
    """Is it defined, what do both routes say; `claims` is the ledger that the steps may cite.

    A statement with a node that is not shown to be defined is never proved. The enclosure route
    looks first, since a point where both sides have values may refute it; where integrals or suprema
    are in it, definedness is asked before, since those try for long what has no value.
    """
    holes = ill_posed(claim) or (undefined(claim) if _is_dear(claim) else None)
    if holes:
        return _undefined(claim, holes, 0)
    evidence = enclosed.check(claim)
    enclosures = [tuple(words) for words in evidence.steps]
    if evidence.counterexample is not None:
        return Judgement(
            Verdict.REFUTED, _silent(claim), (), evidence.points, evidence.counterexample
        )
    if holes is None and (holes := undefined(claim)):
        return _undefined(claim, holes, evidence.points)
    gaps: list[str] = []
    found: list[tuple[StepWords, ...]] = []
    for i, (link, words) in enumerate(zip(claim.chains, enclosures, strict=True)):
        row = []
        for j, word in enumerate(words):
            gap = symbolic.check_step(link, j, claims)
            if gap is not None:
                gaps.append(f"symbolic: chain {i + 1}, step {j + 1}: {gap}")
            row.append(StepWords(PROVED if gap is None else NOT_SHOWN, word))
        found.append(tuple(row))
    steps = tuple(found)
    gaps += [f"enclosure: {gap}" for gap in evidence.gaps]
    fine = too_fine(claim)
    verdict = verdict_of(steps, fine)
    if verdict is not verdict_of(steps):
        gaps.append(f"enclosure: points are no evidence here: {fine}")
    if evidence.doubts:
        gaps += [f"in doubt: {doubt}" for doubt in evidence.doubts]
        verdict = Verdict.UNDECIDED
    return Judgement(verdict, steps, tuple(gaps), evidence.points, fine=fine)


def too_fine(claim: Claim) -> str | None:
    """Why points say nothing of a statement: it may be false in a place too narrow for them.

    A feature that hides between points needs an edge, or numbers that say where and how narrow:
    cases, and numbers beyond what a formula of the field names, are such.
    """
    for link in claim.chains:
        domains = [d.domain if isinstance(d, PerAtom) else d for d in link.given.values()]
        ends = [e for d in domains if isinstance(d, Interval) for e in (d.lower, d.upper)]
        values = [sp.sympify(v) for d in domains if isinstance(d, Choice) for v in d.values]
        for expr in (*link.unfolded.expressions(), *link.hypotheses, *ends, *values):
            if not all(map(_has_wide_cases, expr.atoms(sp.Piecewise, sp.sign))):
                return "it has cases, whose edges may lie between the points"
            largest = LARGEST_NAMED if link.given else LARGEST_ALONE
            for number in expr.atoms(sp.Rational):
                if abs(number.p) > largest or number.q > largest:
                    return f"it names {number}, which may hide something from the points"
            for node in sp.preorder_traversal(expr):
                if _is_far(node, largest):
                    return f"{node} is so large or small that it may hide something from the points"
            for power in expr.atoms(sp.Pow, sp.exp):
                if power.exp.is_Rational and abs(power.exp) > LARGEST_POWER:
                    return f"its power {power.exp} may make something too narrow for the points"
    return None


def _is_far(node: sp.Basic, largest: int) -> bool:
    """A constant, but no number as it is written, that is far from 1 and not 0."""
    if not isinstance(node, sp.Expr) or node.free_symbols or not node.args or node.is_Rational:
        return False
    if node.has(sp.Integral, sp.Limit, Supremum, Total):
        return False
    try:
        size = abs(enclose(node, digits=5))
    except NotEnclosable:
        return False
    return bool(size > largest or (size > 0 and size * largest < 1))


def _has_wide_cases(node: sp.Expr) -> bool:
    """sign(x), sign(p - q): each case holds in a whole cone, which points reach."""
    return isinstance(node, sp.sign) and all(
        isinstance(term, sp.Symbol) or isinstance(-term, sp.Symbol)
        for term in sp.Add.make_args(node.args[0])
    )


def _is_dear(claim: Claim) -> bool:
    """Does a ball of some side take a quadrature or a search?"""
    return any(
        e.has(sp.Integral, Supremum) for link in claim.chains for e in link.unfolded.expressions()
    )


def _silent(claim: Claim) -> Steps:
    return tuple(tuple(StepWords() for _ in link.steps) for link in claim.chains)


def _undefined(claim: Claim, holes: list[str], points: int) -> Judgement:
    return Judgement(Verdict.UNDECIDED, _silent(claim), tuple(holes), points)
