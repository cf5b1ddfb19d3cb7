"""Route one: sympy closes each step, on the hypotheses that the claim states and no others.

Before anything is simplified, each symbol is replaced by one that carries exactly what its domain
says (`prepare.py`). Then each step is checked by the rule that belongs to its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import sympy as sp

from ..ground.concavity import is_concave
from ..ground.eventual import NoLimit, resolved
from ..ground.fresh import fresh
from ..ground.limits import JUMPS, one_sided
from ..ground.oracle import FAILURES
from ..ground.prepare import Atoms, Prepared, prepare, ranging
from ..ground.signs import (
    forget,
    is_nonnegative,
    is_positive,
    is_smooth,
    is_smooth_at_zero,
)
from ..ground.totals import above_zero, at_least_zero, equal_to_zero
from ..ground.zero import is_zero
from ..words.claim import (
    Algebra,
    AtEnd,
    AtKink,
    ByClaim,
    Chain,
    ChangeOfVariable,
    Claim,
    Relation,
    Stationary,
    Step,
    TakenOnTrust,
    Touching,
)
from ..words.language import Supremum, Total
from .citing import by_claim
from .closing import NotShown, closed
from .lemmas import LEMMAS

# --- the rules ---------------------------------------------------------------------------------


SHOWN: dict[Relation, Callable[[sp.Expr, Atoms], bool]] = {
    Relation.EQUAL: equal_to_zero,
    Relation.AT_MOST: at_least_zero,
    Relation.AT_LEAST: at_least_zero,
    Relation.ABOVE: above_zero,
}
WORDS = {Relation.EQUAL: "zero", Relation.ABOVE: "positive"}


def _algebra(left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared) -> None:
    values = closed(left), closed(right)
    if any(value.has(sp.oo, -sp.oo, sp.zoo, sp.nan) for value in values):
        if values[0] == values[1] and step.relation is not Relation.ABOVE:
            return
        raise NotShown(f"{left} and {right} are not shown to be the same infinity")
    difference = values[1] - values[0]
    if step.relation in (Relation.AT_LEAST, Relation.ABOVE):
        difference = -difference
    if not SHOWN[step.relation](difference, prepared.atoms):
        what = WORDS.get(step.relation, "nonnegative")
        raise NotShown(f"{difference} is not shown to be {what}")


def _supremum(left: sp.Expr) -> Supremum:
    if not isinstance(left, Supremum):
        raise NotShown(f"{left} is not a supremum")
    if not is_concave(left.objective, left.variable, left.bounds):
        raise NotShown(f"{left.objective} is not shown to be concave in {left.variable}")
    return left


def _require_no_strictness(step: Step) -> None:
    """These reasons show an equality."""
    if step.relation is Relation.ABOVE:
        raise NotShown("the reason shows that the sides are equal, not that one is larger")


def _stationary(left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared) -> None:
    _require_no_strictness(step)
    supremum, at = _supremum(left), prepared(step.by.at)  # type: ignore[union-attr]
    _require_inside(at, supremum.bounds)
    g, u = supremum.objective, supremum.variable
    slope = sp.diff(g, u).subs(u, at)
    if not is_zero(slope):
        raise NotShown(f"the slope at {at}, {slope}, is not shown to be zero")
    _require_equal(g.subs(u, at), right)


def _at_kink(left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared) -> None:
    _require_no_strictness(step)
    supremum, at = _supremum(left), prepared(step.by.at)  # type: ignore[union-attr]
    _require_inside(at, supremum.bounds)
    for from_below in (False, True):
        slope, _ = _towards(supremum, at, from_below=from_below)
        if not (is_nonnegative(slope) if from_below else is_nonnegative(-slope)):
            raise NotShown(f"moving {'down' if from_below else 'up'} from {at} is not a descent")
    _require_equal(supremum.objective.subs(supremum.variable, at), right)


def _at_end(left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared) -> None:
    """A concave function whose slope towards an end does not fall below 0 tends to its supremum."""
    _require_no_strictness(step)
    supremum, end = _supremum(left), prepared(step.by.end)  # type: ignore[union-attr]
    lower, upper = supremum.bounds
    if end not in (lower, upper):
        raise NotShown(f"{end} is not an end of ({lower}, {upper})")
    slope, value = _towards(supremum, end, from_below=end == upper)
    uphill = slope if end == upper else -slope
    if uphill is sp.oo or is_positive(uphill):
        value = sp.oo if end.is_infinite else value
    elif not is_nonnegative(uphill):
        raise NotShown(f"the slope towards {end}, {slope}, does not rise")
    if value is None:
        raise NotShown(f"no limit of {supremum.objective} at {end} is known")
    if value != right:
        _require_equal(value, right)


def _towards(
    supremum: Supremum, end: sp.Expr, *, from_below: bool
) -> tuple[sp.Expr, sp.Expr | None]:
    """The limits of slope and value as the variable tends to `end` from one side.

    The variable is written as end +- 1/y (or +-y), and near y = oo each kink is its one branch.
    """
    g, u = supremum.objective, supremum.variable
    y = fresh("y''", g, end, positive=True)
    sign = 1 if end is sp.oo else (-1 if end is -sp.oo or from_below else 1)
    moved = sign * y if end.is_infinite else end + sign / y
    try:
        near = resolved(g.subs(u, moved), y)
        if near.has(*JUMPS):
            raise NotShown(f"{g} may jump near {end}")
        slope = one_sided(sp.diff(near, y) / sp.diff(moved, y), y, sp.oo, from_below=True)
    except NoLimit as gap:
        raise NotShown(str(gap)) from None
    try:
        return slope, one_sided(near, y, sp.oo, from_below=True)
    except NoLimit:
        return slope, None


def _change_of_variable(left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared) -> None:
    """old = new(z), smooth and increasing on z's range, its ends going to the old ends."""
    _require_no_strictness(step)
    by = step.by
    assert isinstance(by, ChangeOfVariable)
    if not (isinstance(left, sp.Integral) and isinstance(right, sp.Integral)):
        raise NotShown("a change of variable needs an integral on both sides")
    if len(left.limits) != 1 or len(right.limits) != 1:
        raise NotShown("a change of variable is in one variable")
    (x, a, b), (z_old, c, d) = left.limits[0], right.limits[0]
    # Both sides name their variable b''0; the old one must not be taken for the new one.
    old = fresh("x''", left, right, real=True)
    z = fresh("z''", left, right, **({"positive": True} if z_old.is_positive else {"real": True}))
    new = prepared.under(by.new, by.variable, z)
    image, parameter = ranging(z, c, d)
    if not is_smooth(new.subs(z, image), parameter):
        raise NotShown(f"{new} is not shown to be smooth in {z}")
    rate = sp.diff(new, z)
    if not is_positive(rate.subs(z, image)):
        raise NotShown(f"{new} is not shown to increase in {z}")
    for end, place, from_below in ((a, c, False), (b, d, True)):
        try:
            reached = one_sided(new, z, place, from_below=from_below)
        except NoLimit as gap:
            raise NotShown(str(gap)) from None
        if reached != end and not is_zero(reached - end):
            raise NotShown(f"at {z} = {place} the new variable is {reached}, not {end}")
    moved = left.function.subs(x, old).subs(old, new) * rate
    _require_equal(moved, right.function.subs(z_old, z))


def _touching(left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared) -> None:
    """Zero with zero slope at `at`, convex on the whole range of the variable: so >= 0."""
    by = step.by
    assert isinstance(by, Touching)
    if step.relation is Relation.EQUAL:
        raise NotShown("touching shows an inequality")
    raw_left, raw_right = prepared.raw
    x = fresh("x''", prepared(raw_left), prepared(raw_right), real=True)
    sides = [prepared.under(side, by.variable, x) for side in (raw_left, raw_right)]
    if any(side.has(sp.Integral, Supremum, Total) for side in sides):
        raise NotShown("touching is for plain expressions")
    g = sides[1] - sides[0] if step.relation is Relation.AT_MOST else sides[0] - sides[1]
    at, image = prepared(by.at), prepared(by.variable)
    running = image.free_symbols - at.free_symbols if at.free_symbols else image.free_symbols
    parameter = _own_parameter(prepared, by.variable, running)
    others = (raw_left.free_symbols | raw_right.free_symbols) - {by.variable}
    if tied := [s for s in others if prepared(s).has(parameter)]:
        raise NotShown(f"the range of {min(tied, key=str)} hangs on {by.variable}")
    if not is_smooth(g.subs(x, image), parameter):
        raise NotShown(f"{g} is not shown to be smooth in {by.variable}")
    slope = sp.diff(g, x)
    bend = sp.diff(slope, x).subs(x, image)
    strict = step.relation is Relation.ABOVE
    if strict and not _is_an_end(at, image, parameter):
        raise NotShown(f"{by.at} is not an end of the range of {by.variable}")
    if not strict and not _in_closure(at, image, parameter):
        raise NotShown(f"{by.at} is not shown to lie in the range of {by.variable}")
    h = fresh("h''", g, at, real=True)
    if not is_smooth_at_zero(g.subs(x, at + h), h):
        raise NotShown(f"{g} is not shown to be smooth at {by.at}")
    if not (is_zero(g.subs(x, at)) and is_zero(slope.subs(x, at))):
        raise NotShown(f"{g} is not shown to touch 0 at {by.at}")
    if strict and not is_positive(bend):
        raise NotShown(f"{g} is not shown to be strictly convex in {by.variable}")
    if not strict and not is_nonnegative(bend) and not _turns(slope, x, at, image, parameter):
        raise NotShown(f"{g} is not shown to be convex in {by.variable}")


def _own_parameter(
    prepared: Prepared, variable: sp.Symbol, candidates: set[sp.Symbol]
) -> sp.Symbol:
    """The symbol that runs over the variable's range."""
    own = [s for s in candidates if s.name.rstrip("'") == variable.name]
    if len(own) != 1:
        raise NotShown(f"{variable} does not run over an interval")
    return own[0]


def _in_closure(at: sp.Expr, image: sp.Expr, parameter: sp.Symbol) -> bool:
    """Is `at` shown to be a real point of the range that `image` runs over, or one of its ends?"""
    if at.is_real is False or at.has(sp.I):
        return False
    if image == parameter and not parameter.is_positive:
        return True
    lower = image.subs(parameter, 0)
    if image.is_polynomial(parameter):  # lower + s, or upper - s
        gap = at - lower if sp.diff(image, parameter) == 1 else lower - at
        return is_nonnegative(gap)
    upper = sp.limit(image, parameter, sp.oo)
    return is_nonnegative(at - lower) and is_nonnegative(upper - at)


def _is_an_end(at: sp.Expr, image: sp.Expr, parameter: sp.Symbol) -> bool:
    if not parameter.is_positive:
        return False
    ends = [image.subs(parameter, 0), sp.limit(image, parameter, sp.oo)]
    return any(end.is_finite is not False and is_zero(end - at) for end in ends)


def _turns(slope: sp.Expr, x: sp.Symbol, at: sp.Expr, image: sp.Expr, parameter: sp.Symbol) -> bool:
    """The slope is <= 0 below `at` and >= 0 above it, for x over (0, oo) or the line."""
    if image != parameter:
        return False
    s = fresh("s''", slope, at, positive=True)
    below = at / (1 + s) if parameter.is_positive else at - s
    return is_nonnegative(slope.subs(x, at + s)) and is_nonnegative(-slope.subs(x, below))


def _taken_on_trust(left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared) -> None:
    by = step.by
    assert isinstance(by, TakenOnTrust)
    lemma = LEMMAS.get(by.lemma)
    if lemma is None:
        raise NotShown(f"no lemma is called {by.lemma}")
    smaller, larger = (right, left) if step.relation is Relation.AT_LEAST else (left, right)
    masses = frozenset(prepared.atoms.masses)
    instances = [(smaller, larger), *_under_a_total(smaller, larger, masses)]
    if step.relation not in (Relation.AT_LEAST, Relation.AT_MOST) or not any(
        lemma.applies(low, high, masses) for low, high in instances
    ):
        raise NotShown(f"{smaller} <= {larger} is not an instance of {lemma.id}")


def _under_a_total(
    smaller: sp.Expr, larger: sp.Expr, masses: frozenset[sp.Symbol]
) -> Iterator[tuple[sp.Expr, sp.Expr]]:
    """E a <= E b follows from a <= b at every atom: the pair (a, b), for each expectation E."""
    if isinstance(smaller, Total) and isinstance(larger, Total):
        factors = [sp.Mul.make_args(side.term) for side in (smaller, larger)]
        for mass in masses:
            if all(mass in parts for parts in factors):
                low, high = (sp.Mul(*(f for f in parts if f != mass)) for parts in factors)
                yield low, high


def _require_inside(at: sp.Expr, bounds: tuple[sp.Expr, sp.Expr]) -> None:
    lower, upper = bounds
    if not is_positive(at - lower) or (upper is not sp.oo and not is_positive(upper - at)):
        raise NotShown(f"{at} is not shown to lie in ({lower}, {upper})")


def _require_equal(left: sp.Expr, right: sp.Expr) -> None:
    if not is_zero(left - right):
        raise NotShown(f"{left} and {right} are not shown to be equal")


Rule = Callable[[sp.Expr, Step, sp.Expr, Prepared], None]
RULES: dict[type, Rule] = {
    Algebra: _algebra,
    Stationary: _stationary,
    AtKink: _at_kink,
    AtEnd: _at_end,
    ChangeOfVariable: _change_of_variable,
    Touching: _touching,
    TakenOnTrust: _taken_on_trust,
}


# --- a whole claim -----------------------------------------------------------------------------


def check_step(link: Chain, number: int, claims: Mapping[str, Claim] | None = None) -> str | None:
    """None when step `number` (from 0) of the chain is proved, else what is missing.

    The step is taken as defined: `ground.definedness` has to be asked first.
    """
    forget()  # the answer does not depend on what was asked before
    unfolded = link.unfolded
    left, step = unfolded.expressions()[number], unfolded.steps[number]
    try:
        for prepared in prepare(unfolded):
            _check(left, step, replace(prepared, raw=(left, step.right)), claims or {})
    except NotShown as gap:
        return str(gap)
    except (*FAILURES, NotImplementedError) as error:  # from inside sympy: no answer
        return f"sympy: {type(error).__name__}: {error}"
    return None


def _check(left: sp.Expr, step: Step, prepared: Prepared, claims: Mapping[str, Claim]) -> None:
    sides = prepared(left), prepared(step.right)
    if step.relation is Relation.ABOVE and prepared.atoms.vanishing:
        raise NotShown("a strict inequality does not survive the limit to vanishing masses")
    if isinstance(step.by, ByClaim):
        by_claim(sides[0], step, sides[1], prepared, claims)
    else:
        RULES[type(step.by)](sides[0], step, sides[1], prepared)


def check(claim: Claim, claims: Mapping[str, Claim] | None = None) -> list[str]:
    """What is missing, a line a step that is not proved; an empty list is a proof."""
    return [
        f"chain {i}, step {j + 1}: {gap}"
        for i, link in enumerate(claim.chains, 1)
        for j in range(len(link.steps))
        if (gap := check_step(link, j, claims))
    ]
