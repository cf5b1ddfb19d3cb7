"""Route one: sympy closes each step, on the hypotheses that the claim states and no others.

Before anything is simplified, each symbol is replaced by one that carries exactly what its domain
says (`prepare.py`). Then each step is checked by the rule that belongs to its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

import sympy as sp

from .claim import (
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
    Verdict,
)
from .language import Choice, Interval, Mass, PerAtom, Supremum, Total
from .lemmas import LEMMAS
from .prepare import Prepared, prepare, put
from .signs import is_nonnegative, is_positive, is_zero, touches
from .smooth import is_smooth
from .totals import Atoms, at_least_zero, equal_to_zero, varies


class NotShown(Exception):
    """The symbolic route cannot show this step; the message says what was missing."""


# --- closing integrals, limits and derivatives -------------------------------------------------


UNEVALUATED = (sp.Integral, sp.Limit, sp.Derivative, sp.Sum, sp.Subs)


def closed(expr: sp.Expr) -> sp.Expr:
    """`expr` with its integrals, sums, limits and derivatives carried out, innermost first."""
    while True:
        pending = expr.atoms(*UNEVALUATED)
        nodes = [n for n in pending if not any(n is not m and n.has(m) for m in pending)]
        if not nodes:
            return expr
        results = {}
        for node in nodes:
            value = CLOSERS.get(type(node), lambda n: n.doit())(node)
            if value.has(*UNEVALUATED) or (value.has(sp.Piecewise) and not node.has(sp.Piecewise)):
                raise NotShown(f"sympy does not close {node} without further hypotheses")
            results[node] = value
        expr = expr.xreplace(results)


@lru_cache(maxsize=4_000)
def _integrated(node: sp.Integral) -> sp.Expr:
    """A definite integral, one term of the expanded integrand at a time.

    The range must run upwards and the integrand be continuous inside it: sympy's primitives do
    not see a pole on the way.
    """
    function = sp.expand(sp.expand_log(node.function))
    for x, lower, upper in node.limits:
        if not (lower is -sp.oo or upper is sp.oo or is_nonnegative(upper - lower)):
            raise NotShown(f"{lower} <= {upper} is not shown")
        inside, parameter = Interval(lower, upper).parametrised("i''")
        if not is_smooth(function.subs(x, inside), parameter, kinks=True):
            raise NotShown(f"{function} is not shown to be continuous in {x}")
    total = sp.S.Zero
    for term in sp.Add.make_args(function):
        value = term
        for x, lower, upper in node.limits:
            constant, inner = sp.powsimp(value).as_independent(x, as_Add=False)
            value = constant * _one_integral(inner, x, lower, upper)
        total += value
    return total


@lru_cache(maxsize=4_000)
def _one_integral(f: sp.Expr, x: sp.Symbol, lower: sp.Expr, upper: sp.Expr) -> sp.Expr:
    return sp.integrate(f, (x, lower, upper))


def _limit(node: sp.Limit) -> sp.Expr:
    """A limit, its kinks resolved into the piece that holds near the point."""
    g, x, end, side = node.args
    if g.has(*JUMPS):
        raise NotShown(f"{g} may jump")
    if not g.has(sp.Max, sp.Abs):
        return node.doit()
    if end.is_finite and str(side) == "+":
        try:
            value = g.subs(x, end)
        except ValueError:  # max(zoo, 0) is not comparable
            value = sp.nan
        if not value.has(sp.nan, sp.zoo, sp.oo):
            return value
        y = sp.Symbol("y''", positive=True)
        return sp.limit(sp.expand(_near(g.subs(x, end + 1 / y), y, sp.oo)), y, sp.oo)
    return sp.limit(_near(g, x, end), x, end, str(side)) if end.is_infinite else node.doit()


JUMPS = (sp.Piecewise, sp.sign, sp.Heaviside, sp.floor, sp.ceiling)  # not continuous
CLOSERS: dict[type, Callable[[sp.Expr], sp.Expr]] = {sp.Integral: _integrated, sp.Limit: _limit}


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
        if closed(left) == closed(right):
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


@lru_cache(maxsize=2_000)
def is_concave(g: sp.Expr, u: sp.Symbol, bounds: tuple[sp.Expr, sp.Expr]) -> bool:
    """-g'' >= 0 on the interval, terms c |affine| and c max(affine, ...) with c <= 0 set apart."""
    smooth = sp.S.Zero
    for term in sp.Add.make_args(sp.expand(g)):
        coefficient, kinked = term.as_independent(sp.Abs, sp.Max, as_Add=False)
        if kinked == 1:
            smooth += term
            continue
        affine = all(sp.diff(arg, u, 2) == 0 for arg in kinked.args)
        constant = not coefficient.has(u)
        if not (affine and constant and isinstance(kinked, sp.Abs | sp.Max)):
            return False
        if not is_nonnegative(-coefficient):
            return False
    bend = -sp.diff(smooth, u, 2)
    moved, parameter = Interval(*bounds).parametrised("s''")
    if not is_smooth(smooth.subs(u, moved), parameter):
        return False
    return bend == 0 or is_nonnegative(sp.together(bend.subs(u, moved)))


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
    g = _near(g, u, end) if end.is_infinite else g
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


def _near(g: sp.Expr, u: sp.Symbol, end: sp.Expr) -> sp.Expr:
    """|affine| and max(affine, ...) as the one piece that they are near u = oo or u = -oo."""
    towards = sp.sign(end)

    def piece(*args: sp.Expr) -> sp.Expr:
        slopes = [towards * sp.diff(arg, u) for arg in args]
        for arg, slope in zip(args, slopes, strict=True):
            if all(other is slope or is_positive(slope - other) for other in slopes):
                return arg
        raise NotShown(f"it is not clear which of {args} is largest near {end}")

    return g.replace(sp.Max, piece).replace(sp.Abs, lambda arg: piece(arg, -arg))


def _value_at(g: sp.Expr, u: sp.Symbol, end: sp.Expr, from_below: bool) -> sp.Expr:
    """g at the end, by substitution where that makes sense and as a limit elsewhere."""
    if g.has(*JUMPS) and not g.has(sp.sign, sp.Heaviside):
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


def _by_claim(
    left: sp.Expr, step: Step, right: sp.Expr, prepared: Prepared, claims: Mapping[str, Claim]
) -> None:
    """The left side with the cited claim's first expression rewritten into its last."""
    by = step.by
    assert isinstance(by, ByClaim)
    if by.claim not in claims:
        raise NotShown(f"the ledger has no claim {by.claim}")
    if claims[by.claim].expected is Verdict.REFUTED:
        raise NotShown(f"{by.claim} is a false statement")
    cited = claims[by.claim].chains[by.chain]
    if cited.relation is not step.relation:
        raise NotShown(f"{by.claim} shows {cited.relation}, the step says {step.relation}")
    images = {symbol: by.where.get(symbol, symbol) for symbol in cited.given}
    for symbol, domain in cited.given.items():
        _require_in_domain(prepared(images[symbol]), domain, images, prepared, by.claim)
    instance = {symbol: prepared(image) for symbol, image in images.items()}
    for hypothesis in cited.hypotheses:
        if not _holds(hypothesis, instance):
            raise NotShown(f"{by.claim} needs {hypothesis}, which is not shown")
    first, last = (put(e, instance, 0) for e in (cited.first, cited.last))
    # An equality may be used inside an expression; an inequality only on the whole of it.
    inside = step.relation is Relation.EQUAL and left.has(first)
    rewritten = left.xreplace({first: last}) if inside else None
    if rewritten is None and equal_to_zero(left - first, prepared.atoms):
        rewritten = last
    if rewritten is None:
        raise NotShown(f"{by.claim} does not speak of {left}")
    if not equal_to_zero(closed(rewritten) - closed(right), prepared.atoms):
        raise NotShown(f"{by.claim} gives {rewritten}, not {right}")


def _holds(hypothesis: sp.Rel, instance: Mapping[sp.Symbol, sp.Expr]) -> bool:
    difference = put(hypothesis.lhs - hypothesis.rhs, instance, 0)
    if isinstance(hypothesis, sp.StrictGreaterThan | sp.GreaterThan):
        return is_positive(difference)
    if isinstance(hypothesis, sp.StrictLessThan | sp.LessThan):
        return is_positive(-difference)
    return isinstance(hypothesis, sp.Equality) and is_zero(difference)


def _require_in_domain(
    image: sp.Expr,
    domain: object,
    images: Mapping[sp.Symbol, sp.Expr],
    prepared: Prepared,
    claim: str,
) -> None:
    if isinstance(domain, Mass):
        good = image in prepared.atoms.masses or bool(
            image.is_positive and equal_to_zero(Total(image) - 1, prepared.atoms)
        )
    elif isinstance(domain, Choice):
        good = image in [sp.sympify(v) for v in domain.values]
    else:
        interval = domain.domain if isinstance(domain, PerAtom) else domain
        if not isinstance(interval, Interval):
            raise NotShown(f"{claim} is for a choice at every atom")
        if not isinstance(domain, PerAtom) and varies(image, prepared.atoms):
            raise NotShown(f"{claim} is for one number, {image} differs from atom to atom")
        instance = {symbol: prepared(value) for symbol, value in images.items()}
        lower, upper = (put(end, instance, 0) for end in (interval.lower, interval.upper))
        good = bool(
            (image.is_real or image.has(Total))
            and (lower is -sp.oo or is_positive(image - lower))
            and (upper is sp.oo or is_positive(upper - image))
        )
    if not good:
        raise NotShown(f"{claim} needs {image} in {domain}, which is not shown")


# --- a whole claim -----------------------------------------------------------------------------


def check_step(link: Chain, number: int, claims: Mapping[str, Claim] | None = None) -> str | None:
    """None when step `number` (from 0) of the chain is proved, else what is missing."""
    left, step = link.expressions()[number], link.steps[number]
    try:
        for prepared in prepare(link):
            sides = prepared(left), prepared(step.right)
            if isinstance(step.by, ByClaim):
                _by_claim(sides[0], step, sides[1], prepared, claims or {})
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
