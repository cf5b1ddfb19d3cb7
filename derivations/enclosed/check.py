"""The enclosure route: every step of every chain by balls, over whole boxes or at exact points.

    check(claim) -> Evidence

`boxes` is a proof of an inequality on its whole domain (`boxes.py`). `points` is evidence: both
sides of the step as balls of radius <= 10^-26 (10^-20 with integrals) at exact points (`points.py`,
`evaluate.py`), never contradicted; disjoint balls refute, and the point with both balls is the
certificate. Not only neighbours are compared: the relations in between imply one for every two expressions of a chain.
Plain sides (no integral, limit, supremum) are also compared at many more points; where those reach a
piece or a zero that no point met before, the others are as well.
A side that certainly has no value at a point of the hypotheses leaves the step unsupported. What
has no ball is looked at without rigour (`witness.py`): that can only object.

Nothing of the symbolic route's reasons or tests is used. For others: `value_at(expr, point)` is a
fast ball of an expression (compiled once, see `evaluate.py`), `points(link, wanted)` are points.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import sympy as sp
from flint import arb, ctx

from divergences.enclosure import NoDerivative, NotEnclosable, NoValue, compile_ball, real

from ..words.claim import Chain, Choice, Claim, Counterexample, Relation, Verdict
from ..words.language import Supremum
from .boxes import shown_over_boxes
from .evaluate import DIGITS, environment_at, value_at
from .lowest import MOST_ATOMS, toward_lowest
from .places import OPAQUE, Cells
from .point import Point
from .points import further_points, points, respects, scanned_points
from .witness import objection

BOXES, POINTS, SILENT = "boxes", "points", "cannot speak"
PLAIN_POINTS, PLAIN_FURTHER = 24, 60  # for a chain of plain expressions
SUPREMUM_POINTS, SUPREMUM_FURTHER = 16, 12  # where each point costs a bracketing
INTEGRAL_POINTS, INTEGRAL_FURTHER = 6, 3  # where each point costs a quadrature
INTEGRAL_DIGITS = 20
SCANNED = 160  # points at which only what is plain is compared
PIECES = 8  # of these, at most so many at which what is dear is compared as well
SCAN_DIGITS = 30
DESCENTS = 2  # of each inequality
CLOSED_DIGITS = 100  # of a statement about numbers, which has only one point
SEARCH_FACTOR = 8  # more points for a statement that is expected to be refuted

Side = arb | NotEnclosable  # a ball, or why there is none


@dataclass
class Evidence:
    """What the enclosure route found.

    steps: for each chain, for each step, "boxes", "points" or "cannot speak"; reasons: in the same
    shape, how boxes show it; gaps: why a step is not supported; doubts: what a look without rigour
    contradicts.
    """

    counterexample: Counterexample | None = None
    steps: list[list[str]] = field(default_factory=list)
    reasons: list[list[str]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    points: int = 0


def check(claim: Claim) -> Evidence:
    """Every step of every chain, the smallest points first; stops at a refutation."""
    evidence = Evidence()
    factor = SEARCH_FACTOR if claim.expected is Verdict.REFUTED else 1
    for number, link in enumerate(claim.chains, 1):
        _Check(link.unfolded, number, evidence).run(factor)
        if evidence.counterexample:
            break
    for link in claim.chains[len(evidence.steps) :]:  # not looked at
        evidence.steps.append([SILENT] * len(link.steps))
        evidence.reasons.append([""] * len(link.steps))
    return evidence


def points_wanted(link: Chain) -> tuple[int, int]:
    """How many simple points, and how many of the other kinds."""
    if not link.given:
        return 1, 0
    if any(e.has(sp.Integral) for e in link.expressions()):
        return INTEGRAL_POINTS, INTEGRAL_FURTHER
    if any(e.has(Supremum) for e in link.expressions()):
        return SUPREMUM_POINTS, SUPREMUM_FURTHER
    return PLAIN_POINTS, PLAIN_FURTHER


class _Check:
    """One chain, all words unfolded."""

    def __init__(self, link: Chain, number: int, evidence: Evidence):
        self.link, self.number, self.evidence = link, number, evidence
        self.expressions = link.expressions()
        n = len(link.steps)
        self.supported = [0] * n
        self.gaps: list[str] = [""] * n
        self.without_value: list[str] = [""] * n
        self.over_boxes: dict[int, str | None] = {}  # how, of the steps that were asked about
        self.silent: dict[int, Point] = {}  # expressions without a ball, the first such point

    def run(self, factor: int) -> None:
        wanted, further = points_wanted(self.link)
        wanted *= factor
        simple = list(points(self.link, wanted))
        there = [*simple, *further_points(self.link, simple, further * factor)]
        there.sort(key=lambda p: p.height)
        if (
            any(map(self._at, there))
            or self._scan(simple, there, SCANNED * factor)
            or self._descend(there)
        ):
            self.evidence.steps.append([SILENT] * len(self.link.steps))
            self.evidence.reasons.append([""] * len(self.link.steps))
            return
        # A finite set of cases has fewer points than wanted, and then all of them are tried.
        finite = all(isinstance(domain, Choice) for domain in self.link.given.values())
        self._conclude(len(simple) if finite and simple else wanted)
        self._object(simple)

    # -- one point

    def _at(self, point: Point) -> bool:
        """Compares all pairs of sides; True where two of them contradict each other."""
        self.evidence.points += 1
        digits = DIGITS if self.link.given else CLOSED_DIGITS
        if self.link.given and any(expr.has(sp.Integral) for expr in self.expressions):
            digits = INTEGRAL_DIGITS
        sides = [_side(expr, point, digits) for expr in self.expressions]
        for i, side in enumerate(sides):
            if not isinstance(side, arb):
                self.silent.setdefault(i, point)
        n = len(self.link.steps)
        for j in range(n):
            self._step(j, sides[j], sides[j + 1], point)
        for reach in range(1, n + 1):
            for i in range(n + 1 - reach):
                left, right = sides[i], sides[i + reach]
                relation = self._implied(i, i + reach)
                if isinstance(left, arb) and isinstance(right, arb):
                    if contradicts(left, relation, right) or (
                        relation is Relation.ABOVE
                        and not left > right
                        and _exactly_equal(self.expressions[i], self.expressions[i + reach], point)
                    ):
                        self.evidence.counterexample = Counterexample(
                            point.as_strings(), self.number, i + reach, str(relation),
                            show(left), show(right),
                        )  # fmt: skip
                        return True
        return False

    def _scan(self, simple: list[Point], met: list[Point], most: int) -> bool:
        """Plain sides at many points, all sides at a few of these; True at a contradiction."""
        plain = [i for i, expr in enumerate(self.expressions) if not expr.has(*OPAQUE)]
        dear = len(plain) < len(self.expressions)
        if not simple or (len(plain) < 2 and not dear) or self._all_over_boxes():
            return False
        cells, pieces = Cells(self.link), 0
        for point in met if dear else ():
            cells.is_new(point)
        for point in scanned_points(self.link, [*simple, *met], most):
            new = dear and pieces < PIECES and cells.is_new(point)
            pieces += new
            if (new or self._may_contradict(point, plain)) and self._at(point):
                return True
        return False

    def _descend(self, met: list[Point]) -> bool:
        """From the tightest points of a plain inequality downhill; True at a contradiction."""
        for j, step in enumerate(self.link.steps):
            sides = self.expressions[j : j + 2]
            if step.relation is Relation.EQUAL or any(side.has(*OPAQUE) for side in sides):
                continue
            if not self.link.given or self._boxes(j):
                continue
            for point in toward_lowest(self.link, j, self._tightest(met, j)):
                if respects(self.link, point) and self._at(point):
                    return True
        return False

    def _tightest(self, met: list[Point], j: int) -> list[Point]:
        """The points where the gap is smallest; where it is 0 there is no way down."""
        gaps = []
        with ctx.workdps(SCAN_DIGITS):
            for place, point in enumerate(met):
                if point.atoms > MOST_ATOMS or any(not all(point.vectors[s]) for s in point.masses):
                    continue
                left, right = (_quick(side, point) for side in self.expressions[j : j + 2])
                if left is not None and right is not None and not left.overlaps(right):
                    gaps.append((float(abs(left - right)), place))
        return [met[place] for _, place in sorted(gaps)[:DESCENTS]]

    def _may_contradict(self, point: Point, plain: list[int]) -> bool:
        with ctx.workdps(SCAN_DIGITS):
            sides = [_quick(self.expressions[i], point) for i in plain]
        for a, left in enumerate(sides):
            for b, right in enumerate(sides[a + 1 :], a + 1):
                relation = self._implied(plain[a], plain[b])
                if left is None or right is None:
                    continue
                if contradicts(left, relation, right) or not supports(left, relation, right):
                    return True
        return False

    def _all_over_boxes(self) -> bool:
        if any(step.relation is Relation.EQUAL for step in self.link.steps):
            return False
        return all(self._boxes(j) for j in range(len(self.link.steps)))

    def _boxes(self, j: int) -> str | None:
        if j not in self.over_boxes:
            self.over_boxes[j] = shown_over_boxes(self.link, j)
        return self.over_boxes[j]

    def _implied(self, i: int, j: int) -> Relation:
        """The relation between the i-th and the j-th expression that the steps between imply."""
        kinds = {step.relation for step in self.link.steps[i:j]}
        for relation in (Relation.ABOVE, Relation.AT_LEAST, Relation.AT_MOST):
            if relation in kinds:
                return relation
        return Relation.EQUAL

    def _step(self, j: int, left: Side, right: Side, point: Point) -> None:
        for side in (left, right):
            if isinstance(side, NoValue | NoDerivative) and not self.without_value[j]:
                self.without_value[j] = f"no value at {_written(point)}: {side}"
        for side in (left, right):
            if not isinstance(side, arb):
                if point.required and not self.gaps[j]:
                    self.gaps[j] = str(side)
                return
        assert isinstance(left, arb) and isinstance(right, arb)
        if not supports(left, self.link.steps[j].relation, right):
            self.gaps[j] = self.gaps[j] or f"{show(left)} and {show(right)} cannot be told apart"
        elif point.required:
            self.supported[j] += 1

    # -- all points

    def _conclude(self, needed: int) -> None:
        words, reasons = [], []
        for j in range(len(self.link.steps)):
            word, reason = self._word(j, needed)
            words.append(word)
            reasons.append(reason)
            if word == SILENT:
                self.evidence.gaps.append(f"chain {self.number}, step {j + 1}: {reason}")
        self.evidence.steps.append(words)
        self.evidence.reasons.append(
            [r if w == BOXES else "" for w, r in zip(words, reasons, strict=True)]
        )

    def _word(self, j: int, needed: int) -> tuple[str, str]:
        if self.without_value[j]:
            return SILENT, self.without_value[j]
        if shown := self._boxes(j):
            return BOXES, shown
        if self.supported[j] >= needed:
            return POINTS, ""
        reason = self.gaps[j] or "too few points satisfy the hypotheses"
        return SILENT, f"enclosed at {self.supported[j]} of {needed} points: {reason}"

    def _object(self, simple: list[Point]) -> None:
        """Where a side has no ball, a look without rigour, at the first few points."""
        if not self.silent:
            return
        for i, j in sorted({(i, k) for i in self.silent for k in range(len(self.expressions))}):
            if i == j or (j in self.silent and j < i):
                continue
            first, last = min(i, j), max(i, j)
            found = objection(
                self.expressions[first], self._implied(first, last), self.expressions[last], simple
            )
            if found:
                self.evidence.doubts.append(f"chain {self.number}, step {last}: {found}")


def _written(point: Point) -> str:
    return ", ".join(f"{name} = {value}" for name, value in point.as_strings().items()) or "it"


def _side(expr: sp.Expr, point: Point, digits: int) -> Side:
    """The ball of one side, or why there is none."""
    try:
        return value_at(expr, point, digits)
    except NotEnclosable as gap:
        return gap
    except (ZeroDivisionError, ArithmeticError, RecursionError) as error:
        return NotEnclosable(f"{type(error).__name__}: {error}")


def _exactly_equal(left: sp.Expr, right: sp.Expr, point: Point) -> bool:
    """Equal as exact numbers, which balls around them cannot say."""
    with ctx.workdps(SCAN_DIGITS):
        try:
            env = environment_at(point)
            sides = [compile_ball(side, True)(env, False) for side in (left, right)]
            return bool((sides[0] - sides[1]).is_zero())
        except (NotEnclosable, ArithmeticError, RecursionError):
            return False


def _quick(expr: sp.Expr, point: Point) -> arb | None:
    """A ball of whatever radius, at the precision in force."""
    try:
        found = real(compile_ball(expr)(environment_at(point), False))
    except (NotEnclosable, ArithmeticError, RecursionError):
        return None
    return found if found.is_finite() else None


def ball_at(expr: sp.Expr, point: Point, digits: int = DIGITS) -> arb:
    """`value_at`, under the name that it had."""
    return value_at(expr, point, digits)


def contradicts(left: arb, relation: Relation, right: arb) -> bool:
    """True when the balls make `left relation right` impossible."""
    if relation is Relation.EQUAL:
        if left.is_finite() and right.is_finite():
            return not left.overlaps(right)
        return bool(left < right or left > right)
    smaller, larger = (left, right) if relation is Relation.AT_MOST else (right, left)
    if relation is Relation.ABOVE and smaller.is_exact() and larger.is_exact():
        return bool(smaller >= larger)
    return bool(smaller > larger)


def supports(left: arb, relation: Relation, right: arb) -> bool:
    """True when the balls, which do not contradict the relation, speak for it."""
    return relation is not Relation.ABOVE or bool(left > right)


def show(ball: arb) -> str:
    return str(ball.str(20)) if ball.is_finite() else ("oo" if ball > 0 else "-oo")
