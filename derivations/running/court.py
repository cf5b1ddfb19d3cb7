"""A mutant in the place of one step's right side, held against the rest of its chain.

The truth is the first expression before it and, in inequalities, the last one after it that have a
ball, in the relations that the steps between imply. Points are tried in the order of how many
mutants they have refuted so far, at ten digits first. An inequality that survives them all is
followed downhill, to where it is tightest, and the symbolic route is asked about the rest, within a
time limit.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import sympy as sp
from flint import arb

from divergences.enclosure import NotEnclosable, NoValue

from ..enclosed.boxes import shown_over_boxes
from ..enclosed.check import contradicts, value_at
from ..enclosed.point import Point
from ..enclosed.points import further_points, points, respects
from ..symbolic.rules import check_step
from ..words.claim import Chain, Relation, Step
from ..words.language import Supremum
from .alarm import OutOfTime, within
from .descent import downhill
from .edits import exchanged

POINTS, FURTHER = 8, 12  # simple points, and others
SLOW_POINTS, SLOW_FURTHER = 4, 4  # where each costs a quadrature or a bracketing
ROUGH, FINE = 10, 28  # digits: most mutants differ early
PATIENCE = 1.5  # seconds for each question to the symbolic route
DESCENT = 0.8  # seconds for a way downhill
EVALUATION = 2.0  # seconds for one value of a mutant
LATE = 2  # values that took longer, after which a mutant is not evaluated further
STARTS = 3  # points from which a survivor is followed downhill

# What an evaluation raises where it knows nothing.
UNKNOWN = (NotEnclosable, ArithmeticError, KeyError, RecursionError)


class Court:
    """One chain, unfolded, with what is known of its expressions at its points."""

    def __init__(self, link: Chain):
        self.link = link
        self.sides = link.expressions()
        self.slow = slow = any(e.has(sp.Integral, Supremum) for e in self.sides)
        simple = list(points(link, (SLOW_POINTS if slow else POINTS) if link.given else 1))
        others = further_points(link, simple, SLOW_FURTHER if slow else FURTHER)
        self.points = sorted(simple, key=lambda point: -point.height) + others
        self.refuted = dict.fromkeys(range(len(self.points)), 0)
        self.known: dict[tuple[int, int], arb | None] = {}
        self.late = 0  # evaluations of the mutant at hand that took too long

    def judged(self, j: int, mutant: sp.Expr) -> str:
        """What becomes of `mutant` in the place of step j's right side."""
        self.late = 0
        if self._is_refuted(j, mutant, ROUGH):
            return "refuted"
        if not self.slow and self._is_refuted(j, mutant, FINE):
            return "refuted"
        if self._is_refuted_downhill(j, mutant):
            return "refuted"
        return self._proved_true(j, mutant) or "undecided"

    def _proved_true(self, j: int, mutant: sp.Expr) -> str | None:
        """How the symbolic route, or boxes, show that the mutant is true after all."""
        right = self.sides[j + 1]
        if evaluated(mutant) == evaluated(right) or (
            not self._differs(j + 1, mutant) and self._shown(right, Relation.EQUAL, mutant)
        ):
            return "equivalent"
        if self._is_mirrored(j, mutant):
            return "equivalent"
        relation = self.relation(0, j + 1)
        weakly = Relation.AT_LEAST if relation is Relation.ABOVE else relation
        if relation is not Relation.EQUAL and (
            self._shown(right, weakly, mutant) or self._shown(self.sides[0], relation, mutant)
        ):
            return "weaker"
        return None

    def _differs(self, side: int, mutant: sp.Expr) -> bool:
        """Another number than this side at some point: that they are equal need not be asked."""
        for place, point in enumerate(self.points if self.late < LATE else ()):
            try:
                ball = value_at(mutant, point, ROUGH)
            except UNKNOWN:
                continue
            truth = self._value(side, place)
            if truth is not None and contradicts(truth, Relation.EQUAL, ball):
                return True
        return False

    def _is_mirrored(self, j: int, mutant: sp.Expr) -> bool:
        """The right side with two symbols of one domain exchanged, which leave the left as it is:
        TV <= sqrt(KL(q, p)/2) says what TV <= sqrt(KL(p, q)/2) does."""
        first, right = self.sides[0], self.sides[j + 1]
        for a, b in itertools.combinations(sorted(right.free_symbols, key=str), 2):
            if self.link.given[a] == self.link.given[b] and not self.link.hypotheses:
                if evaluated(mutant) == evaluated(exchanged(right, a, b)):
                    return self._shown(first, Relation.EQUAL, exchanged(first, a, b))
        return False

    def relation(self, i: int, j: int) -> Relation:
        """The relation of the i-th expression to the j-th that the steps between imply."""
        return replace(self.link, steps=self.link.steps[i:j]).relation

    def _value(self, side: int, place: int) -> arb | None:
        """The chain's own expression at one of the points, computed once."""
        if (side, place) not in self.known:
            try:
                self.known[side, place] = value_at(self.sides[side], self.points[place], FINE)
            except (NotEnclosable, ArithmeticError):
                self.known[side, place] = None
        return self.known[side, place]

    def _is_refuted(self, j: int, mutant: sp.Expr, digits: int) -> bool:
        for place in sorted(self.refuted, key=lambda place: -self.refuted[place]):
            if self.late >= LATE:
                return False
            if self._contradicted(j, mutant, place, digits):
                self.refuted[place] += 1
                return True
        return False

    def _contradicted(self, j: int, mutant: sp.Expr, place: int, digits: int) -> bool:
        try:
            with within(EVALUATION):
                ball = value_at(mutant, self.points[place], digits)
        except NoValue:
            return True
        except OutOfTime:
            self.late += 1
            return False
        except UNKNOWN:
            return _no_value_inside(mutant, self.points[place])
        for i in self._before(j):
            if (truth := self._value(i, place)) is not None:
                if contradicts(truth, self.relation(i, j + 1), ball):
                    return True
                break
        for i in range(len(self.sides) - 1, j + 1, -1):
            if (truth := self._value(i, place)) is not None:
                return contradicts(ball, self.relation(j + 1, i), truth)
        return False

    def _before(self, j: int) -> list[int]:
        """Where the truth is looked for: from the first expression on, and, in equalities, at last
        the right side itself, which the claim shows to be equal to the first."""
        equal = self.relation(0, j + 1) is Relation.EQUAL
        return list(range(j + 2 if equal else j + 1))

    def _is_refuted_downhill(self, j: int, mutant: sp.Expr) -> bool:
        """In an inequality that holds at all points so far: where it is tightest, and beyond."""
        relation = self.relation(0, j + 1)
        if relation is Relation.EQUAL or self.late >= LATE:
            return False
        sign = 1 if relation is Relation.AT_MOST else -1

        def gap(point: Point) -> arb | None:
            try:
                first = value_at(self.sides[0], point, ROUGH)
                return sign * (value_at(mutant, point, ROUGH) - first)
            except UNKNOWN:
                return None

        given = self.link.given
        try:
            with within(DESCENT):
                for point in downhill(gap, self.points[:STARTS], given):
                    if (value := gap(point)) is not None and value < 0:
                        return respects(self.link, point)
        except OutOfTime:
            pass
        return False

    def _shown(self, left: sp.Expr, relation: Relation, mutant: sp.Expr) -> bool:
        """Is `left relation mutant` shown, symbolically or over boxes?"""
        link = replace(self.link, first=left, steps=(Step(relation, mutant, "a mutant"),))
        try:
            with within(PATIENCE):
                if check_step(link, 0) is None:
                    return True
                return relation is not Relation.EQUAL and shown_over_boxes(link, 0) is not None
        except OutOfTime:
            return False


def _no_value_inside(mutant: sp.Expr, point: Point) -> bool:
    """A derivative of what has no value at the point."""
    for node in mutant.atoms(sp.Derivative):
        try:
            value_at(node.expr, point, ROUGH)
        except NoValue:
            return True
        except UNKNOWN:
            continue
    return False


def evaluated(expr: sp.Basic) -> sp.Basic:
    """The tree rebuilt by sympy's own rules."""
    if not expr.args:
        return expr
    try:
        return expr.func(*map(evaluated, expr.args))
    except (ValueError, TypeError, ZeroDivisionError):
        return expr
