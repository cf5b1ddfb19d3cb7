"""Route one: sympy closes each step, on the hypotheses that the claim states and no others.

Before anything is simplified, each symbol is replaced by one that carries exactly what its domain
says (`prepare.py`). Then each step is checked by the rule that belongs to its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import sympy as sp

from ..ground.concavity import is_concave
from ..ground.prepare import Prepared, prepare
from ..ground.signs import is_nonnegative, is_positive, is_zero, touches
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
from .closing import NotShown, closed, near
from .lemmas import LEMMAS
from .totals import Atoms, at_least_zero, equal_to_zero

# --- the rules ---------------------------------------------------------------------------------


def _above_zero(expr: sp.Expr, atoms: Atoms) -> bool:
    del atoms
    return not expr.has(Total) and is_positive(expr)


SHOWN: dict[Relation, Callable[[sp.Expr, Atoms], bool]] = {
    Relation.EQUAL: equal_to_zero,
    Relation.AT_MOST: at_least_zero,
    Relation.AT_LEAST: at_least_zero,
    Relation.ABOVE: _above_zero,
}


def _algebra(left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared) -> None:
    difference = closed(right) - closed(left)
    if step.relation in (Relation.AT_LEAST, Relation.ABOVE):
        difference = -difference
    if sp.oo in (left, right) or -sp.oo in (left, right):
        if closed(left) == closed(right) and step.relation is not Relation.ABOVE:
            return
        raise NotShown(f"{left} and {right} are not shown to be the same infinity")
    shown = SHOWN[step.relation]
    difference = difference.replace(sp.Max, lambda *a: sp.Max(*a).rewrite(sp.Abs))
    if not shown(difference, prepared.atoms):
        what = {Relation.EQUAL: "zero", Relation.ABOVE: "positive"}.get(
            step.relation, "nonnegative"
        )
        raise NotShown(f"{difference} is not shown to be {what}")


def _supremum(left: sp.Expr) -> Supremum:
    if not isinstance(left, Supremum):
        raise NotShown(f"{left} is not a supremum")
    if not is_concave(left.objective, left.variable, left.bounds):
        raise NotShown(f"{left.objective} is not shown to be concave in {left.variable}")
    return left


def _stationary(left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared) -> None:
    supremum, at = _supremum(left), prepared(step.by.at)  # type: ignore[union-attr]
    _require_inside(at, supremum.bounds)
    g, u = supremum.objective, supremum.variable
    slope = sp.diff(g, u).subs(u, at)
    if not is_zero(slope):
        raise NotShown(f"the slope at {at}, {slope}, is not shown to be zero")
    _require_equal(g.subs(u, at), right)


def _at_kink(left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared) -> None:
    supremum, at = _supremum(left), prepared(step.by.at)  # type: ignore[union-attr]
    _require_inside(at, supremum.bounds)
    g, u = supremum.objective, supremum.variable
    s = sp.Symbol("s''", positive=True)
    for side in (1, -1):  # `is_concave` has allowed no jump, only kinks
        slope = sp.limit(sp.diff(g.subs(u, at + side * s), s), s, 0, "+")
        if not is_nonnegative(-slope):
            raise NotShown(f"moving {'up' if side > 0 else 'down'} from {at} is not a descent")
    _require_equal(g.subs(u, at), right)


def _at_end(left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared) -> None:
    supremum, end = _supremum(left), prepared(step.by.end)  # type: ignore[union-attr]
    lower, upper = supremum.bounds
    g, u = supremum.objective, supremum.variable
    if end not in (lower, upper):
        raise NotShown(f"{end} is not an end of ({lower}, {upper})")
    g = near(g, u, end) if end.is_infinite else g
    slope = _value_at(sp.diff(g, u), u, end, end == upper)
    uphill = slope if end == upper else -slope
    if not (uphill is sp.oo or is_nonnegative(uphill)):
        raise NotShown(f"the slope towards {end}, {slope}, does not rise")
    if (uphill is sp.oo and upper == sp.oo == end) or (end == sp.oo and is_positive(uphill)):
        value = sp.oo  # concave with a slope bounded below by a positive number
    else:
        value = _value_at(g, u, end, end == upper)
    if value == right:
        return
    _require_equal(value, right)


def _value_at(g: sp.Expr, u: sp.Symbol, end: sp.Expr, from_below: bool) -> sp.Expr:
    """g at the end, by substitution where that makes sense and as a limit elsewhere."""
    # The sign in a kink's slope is 0 at the kink itself, between its two sides' values: no worse.
    if g.has(sp.Piecewise, sp.floor, sp.ceiling):
        raise NotShown(f"{g} may jump at {end}")
    value = g.subs(u, end) if end.is_finite else sp.nan
    if value.has(sp.nan, sp.zoo, sp.oo, -sp.oo, sp.AccumBounds):
        return sp.limit(g, u, end, "-" if from_below else "+")
    return value


def _change_of_variable(left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared) -> None:
    by = step.by
    assert isinstance(by, ChangeOfVariable)
    if not (isinstance(left, sp.Integral) and isinstance(right, sp.Integral)):
        raise NotShown("a change of variable needs an integral on both sides")
    if len(left.limits) != 1 or len(right.limits) != 1:
        raise NotShown("a change of variable is in one variable")
    (x, a, b), (z, c, d) = left.limits[0], right.limits[0]
    # Both sides name their variable b''0; the old one must not be taken for the new one.
    old, z_old = sp.Symbol("x''", real=True), z
    z = sp.Symbol("z''", **({"positive": True} if z_old.is_positive else {"real": True}))
    new = prepared.under(by.new, by.variable, z)
    rate = sp.diff(new, z)
    if not is_positive(rate):
        raise NotShown(f"{new} is not shown to increase in {z}")
    for end, image, side in ((a, c, "+"), (b, d, "-")):
        reached = sp.limit(new, z, image, side)
        if reached != end and not is_zero(reached - end):
            raise NotShown(f"at {z} = {image} the new variable is {reached}, not {end}")
    moved = left.function.subs(x, old).subs(old, new) * rate
    _require_equal(moved, right.function.subs(z_old, z))


def _touching(left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared) -> None:
    by = step.by
    assert isinstance(by, Touching)
    if step.relation is Relation.ABOVE:
        _strictly_above(left - right, by, prepared)
        return
    if step.relation is Relation.EQUAL:
        raise NotShown("touching shows an inequality")
    difference = left - right if step.relation is Relation.AT_LEAST else right - left
    if not touches(difference, prepared(by.variable), prepared(by.at)):
        raise NotShown(f"{difference} is not shown to be convex and to touch 0 at {by.at}")


def _strictly_above(difference: sp.Expr, by: Touching, prepared: Prepared) -> None:
    """> 0 beyond `at`, where value and slope are zero: the second derivative is positive."""
    variable, at = prepared(by.variable), prepared(by.at)
    beyond = variable - at  # the positive symbol that runs over (at, oo)
    if not (beyond.is_Symbol and beyond.is_positive and at.is_nonnegative):
        raise NotShown(f"{by.variable} does not run over ({by.at}, oo)")
    x = sp.Symbol("x''", positive=True)
    g = difference.subs(beyond, x - at)
    slope = sp.diff(g, x)
    if not (is_zero(g.subs(x, at)) and is_zero(slope.subs(x, at))):
        raise NotShown(f"{difference} does not touch 0 at {by.at}")
    if not is_positive(sp.diff(slope, x)):
        raise NotShown(f"{difference} is not shown to be strictly convex in {by.variable}")


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
    """None when step `number` (from 0) of the chain is proved, else what is missing."""
    left, step = link.expressions()[number], link.steps[number]
    try:
        for prepared in prepare(link):
            sides = prepared(left), prepared(step.right)
            if isinstance(step.by, ByClaim):
                by_claim(sides[0], step, sides[1], prepared, claims or {})
            else:
                RULES[type(step.by)](sides[0], step, sides[1], prepared)
    except NotShown as gap:
        return str(gap)
    except Exception as error:  # sympy raises all kinds from inside: a route that cannot speak
        return f"sympy: {type(error).__name__}: {error}"
    return None


def check(claim: Claim, claims: Mapping[str, Claim] | None = None) -> list[str]:
    """What is missing, a line a step that is not proved; an empty list is a proof."""
    return [
        f"chain {i}, step {j + 1}: {gap}"
        for i, link in enumerate(claim.chains, 1)
        for j in range(len(link.steps))
        if (gap := check_step(link, j, claims))
    ]
