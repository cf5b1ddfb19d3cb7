"""False statements with a reason that does not hold, hidden in a chain, or cited out of place."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

import mpmath as mp
import sympy as sp
from sympy import Abs, Integral, Limit, Max, Piecewise, Rational, exp, log, oo, sqrt

from derivations.claim import (
    AtEnd,
    AtKink,
    ByClaim,
    Chain,
    ChangeOfVariable,
    Claim,
    Stationary,
    TakenOnTrust,
    Touching,
    above,
    at_least,
    at_most,
    chain,
    eq,
)  # fmt: skip
from derivations.language import (
    POSITIVE,
    REAL,
    Domain,
    Interval,
    Mass,
    PerAtom,
    Supremum,
    Total,
)  # fmt: skip

from . import plain, suprema
from .statement import (
    FALSE,
    Statement,
    Truth,
    Unfit,
    as_false,
    claim,
    edited,
    odd,
    positive,
    small,
    stated,
    tiny,
)  # fmt: skip
from .truth import DIGITS, contradicted, value

a, b, c, m, p, q, t, u, x, y, z, T = sp.symbols("a b c m p q t u x y z T")
Given = Mapping[sp.Symbol, Domain]
Write = Callable[[random.Random], Statement]


def false(
    link: Chain | Claim,
    left: sp.Expr | int,
    relation: str,
    right: sp.Expr | int,
    at: Mapping[sp.Symbol, sp.Expr | int],
    why: str,
    cited: tuple[Claim, ...] = (),
) -> Statement:
    """A statement whose plain sides (`left`, `right`) contradict it at the point `at`."""
    sides = sp.sympify(left), sp.sympify(right)
    with mp.workdps(DIGITS):
        point = {s: value(sp.sympify(v), {}) for s, v in at.items()}
        if not contradicted(sides[0], relation, sides[1], point):
            raise Unfit("not a contradiction after all")
    whole = link if isinstance(link, Claim) else stated(link)
    what = (sides[0], relation, sides[1])
    return Statement("", whole, FALSE, why, what, point, {other.id: other for other in cited})


# --- touching ------------------------------------------------------------------------------------


def touches_elsewhere(rng: random.Random) -> Statement:
    r, s, e = rng.choice((odd(rng), small(rng))), odd(rng), tiny(rng)
    f = (x - r) ** 2 * ((x - s) ** 2 - e)
    f = rng.choice((f, sp.expand(f)))
    given = {x: rng.choice((REAL, Interval(min(r, s) - 1, oo)))}
    step = at_least(0, "touching", Touching(x, r))
    return false(chain(f, step, given=given), f, ">=", 0, {x: s}, "negative away from the touch")


def touches_at_a_complex_point(rng: random.Random) -> Statement:
    k, r = rng.choice((10, 10**3, 10**6)), odd(rng)
    Y, h = k * (x - r), positive(rng)
    f = h * (2 * Y**6 + 3 * Y**4)
    step = at_least(h, "touching", Touching(x, r + sp.I / k))
    return false(chain(f, step, given={x: REAL}), f, ">=", h, {x: r}, "touched at a complex point")


def touches_at_an_inflection(rng: random.Random) -> Statement:
    r, k = rng.choice((odd(rng), small(rng))), positive(rng)
    f, at = rng.choice((
        (k * (x - r) ** 3, r - 1), (-k * (x - r) ** 2, r + 1), (k * (x - r) ** 5, r - 2),
        (k * (x - r) ** 2 - (x - r) ** 4, r + k + 2), ((x - r) ** 3 * exp(-x), r - 1),
    ))  # fmt: skip
    given = {x: rng.choice((REAL, Interval(r - 3, r + k + 3)))}
    step = at_least(0, "touching", Touching(x, r))
    return false(chain(f, step, given=given), f, ">=", 0, {x: at}, "the touch is no minimum")


def strict_where_it_touches(rng: random.Random) -> Statement:
    r = rng.choice((odd(rng), small(rng)))
    f = (x - r) ** 2 * (1 + positive(rng) * x**2)
    step = above(0, "strictly", Touching(x, r))
    given = {x: rng.choice((REAL, Interval(r - 1, oo), Interval(r - tiny(rng), oo)))}
    return false(chain(f, step, given=given), f, ">", 0, {x: r}, "zero at the touch")


def strict_with_a_jump(rng: random.Random) -> Statement:
    r, s, w = sp.Integer(rng.choice((0, 1, 2))), 5 + abs(odd(rng)), tiny(rng)
    f = Piecewise(((x - r) ** 2 - 10**3, sp.And(x > s - w, x < s + w)), ((x - r) ** 2, True))
    step = rng.choice((above, at_least))(0, "touching", Touching(x, r))
    given = {x: Interval(r, oo)}
    return false(chain(f, step, given=given), f, str(step.relation), 0, {x: s}, "a jump below zero")


def touches_outside(rng: random.Random) -> Statement:
    """Convex where it touches, at a point outside the domain; negative inside."""
    k = positive(rng)
    f, at = (x - 1) ** 2 * (k + 3 - x), 4 + k
    step = at_least(0, "touching", Touching(x, sp.S.One))
    given = {x: Interval(rng.choice((1, 2, Rational(3, 2), 0)), oo)}
    return false(chain(f, step, given=given), f, ">=", 0, {x: at}, "touched outside")


# --- suprema -------------------------------------------------------------------------------------


def lowest_point(rng: random.Random) -> Statement:
    """A convex objective, stationary at its minimum."""
    k, r, w = positive(rng), small(rng), positive(rng)
    g, top = rng.choice((
        (k * (u - r) ** 2, k * w**2), (k * (u - r) ** 4, k * w**4),
        (sp.expand(k * (u - r) ** 2), k * w**2),
    ))  # fmt: skip
    left = Supremum(g, u, r - w, r + w)
    return false(chain(left, eq(0, "", Stationary(r))), top, "=", 0, {}, "a minimum")


def middle_of_two(rng: random.Random) -> Statement:
    """Two summits and the valley between."""
    r, s, k = small(rng), odd(rng), positive(rng)
    valley = (r + s) / 2
    g = -k * (u - r) ** 2 * (u - s) ** 2
    bottom = g.subs(u, valley)
    link = chain(Supremum(g, u, -oo, oo), eq(bottom, "", Stationary(valley)))
    return false(link, 0, "=", bottom, {}, "a valley")


def outside_the_interval(rng: random.Random) -> Statement:
    k, e = positive(rng), rng.choice((sp.S.One, tiny(rng)))
    g = t * u - k * (u - 1) ** 2
    at = 1 + t / (2 * k)
    given = {t: rng.choice((REAL, Interval(-2 * k - e, oo)))}
    right = t + t**2 / (4 * k)
    link = chain(Supremum(g, u, 0, oo), eq(right, "", Stationary(at)), given=given)
    return false(link, -k, "=", right, {t: -2 * k - e / 2}, "stationary outside the interval")


def jump_in_the_objective(rng: random.Random) -> Statement:
    r, h, far = small(rng), positive(rng), rng.choice((3, 50, 7777))
    g = -((u - r) ** 2) + Piecewise((h + (far + 1) ** 2, u > r + far), (0, True))
    top = -(far**2) + h + (far + 1) ** 2
    link = chain(Supremum(g, u, -oo, oo), eq(0, "", Stationary(r)))
    return false(link, top, "=", 0, {}, "the objective jumps")


def wrong_end(rng: random.Random) -> Statement:
    k, w = positive(rng), positive(rng)
    g, low, high, end, said, top = rng.choice((
        (-k * u, 0, w, w, -k * w, 0), (k * u, -w, w, -w, -k * w, k * w),
        (t * u, 0, w, w, t * w, 0), (-(u**2), -w, 2 * w, 2 * w, -4 * w**2, 0),
        (u**2, -2 * w, w, w, w**2, 4 * w**2), (log(u), 0, oo, oo, k, oo),
        (exp(-u) * k, 0, oo, oo, 0, k), (-Abs(u - w), 0, oo, oo, -w, 0),
        (t * u - k * u, 0, oo, 0, 0, oo),
    ))  # fmt: skip
    at = {t: -1} if not (g.has(t) and high == oo) else {t: k + 1}
    given = {t: REAL} if g.has(t) else {}
    link = chain(Supremum(g, u, low, high), eq(said, "", AtEnd(sp.sympify(end))), given=given)
    return false(link, top, "=", said, at if given else {}, "not the higher end")


def wrong_kink(rng: random.Random) -> Statement:
    k, r, w = positive(rng), small(rng), positive(rng)
    cases = (
        (k * Abs(u - r), r - w, r + w, r, sp.S.Zero, k * w, {}),
        (t * u - k * Abs(u - r), -oo, oo, r, t * r, oo, {t: 2 * k}),
        (-(1 + k) * Abs(u - r) - Abs(u - r - w), -oo, oo, r + w, -(1 + k) * w, -w, {}),
        (Max(u, r) - (1 + k) * Abs(u - r - 1), -oo, oo, r, r - 1 - k, r + 1, {}),
        (-Max(u - r, k * (r - u)) + 2 * u, -oo, oo, r, 2 * r, oo, {}),
        (t * u - k * Max(u, 0), -oo, oo, 0, sp.S.Zero, oo, {t: -1}),
    )
    g, low, high, at, said, top, where = rng.choice(cases)
    given = {t: REAL} if where else {}
    link = chain(Supremum(g, u, low, high), eq(said, "", AtKink(sp.sympify(at))), given=given)
    return false(link, top, "=", said, where, "the kink is no summit")


def any_reason(rng: random.Random) -> Statement:
    """A wrong value of a true supremum, with a reason of any kind."""
    truth = rng.choice(suprema.SUPREMA)(rng)
    s = rng.choice([*truth.given, u]) if truth.given else u
    at = rng.choice((small(rng), s, -s, 1 / s if s != u else s, sp.S.Zero, oo))
    by = rng.choice((Stationary(at), AtKink(at), AtEnd(at), truth.by))
    wrong = replace(truth, right=sp.sympify(edited(truth.right, rng)), by=by)
    if wrong.right.has(u, sp.zoo, sp.nan) or at == u:
        raise Unfit("a bound variable")
    return as_false("", wrong, "another reason", rng)


# --- changes of variable -------------------------------------------------------------------------


def map_with_a_jump(rng: random.Random) -> Statement:
    n, at, by = rng.randint(20, 400), rng.randint(1, 300), rng.choice((1, Rational(1, 7), 3))
    at = min(at, n - 4)
    skip = Piecewise((z, z < at), (z + by, True))
    link = chain(
        Integral(exp(-x), (x, 0, n)),
        eq(Integral(exp(-skip), (z, 0, n - by)), "", ChangeOfVariable(x, skip, z)),
    )
    left = 1 - exp(-n)
    right = 1 - exp(-at) + exp(-at - by) - exp(-n)
    if at > 60:  # the two differ by less than sixty digits tell: scaled up
        raise Unfit("too close")
    return false(link, left, "=", right, {}, "a map with a jump")


def map_that_turns(rng: random.Random) -> Statement:
    """The new variable runs there and back, or leaves a part out."""
    k = positive(rng)
    new, body, low, high, total, image = rng.choice((
        (z**2, k * 2 * z * exp(-(z**2)), -oo, oo, k, sp.S.Zero),
        (-z, -k * exp(z), -oo, 0, k, -k),
        (exp(z), k * exp(-exp(z)) * exp(z), 0, oo, k, k * exp(-1)),
        (z + 1, k * exp(-z - 1), 0, oo, k, k * exp(-1)),
        (z / 2, k * exp(-z / 2), 0, oo, k, 2 * k),
    ))  # fmt: skip
    link = chain(
        Integral(k * exp(-x), (x, 0, oo)),
        eq(Integral(body, (z, low, high)), "", ChangeOfVariable(x, new, z)),
    )
    return false(link, total, "=", image, {}, "no increasing map of one range onto the other")


def image_with_an_error(rng: random.Random) -> Statement:
    """A right change of variable with an edit on its right side."""
    k, shift = positive(rng), small(rng)
    wrong = rng.choice((k + tiny(rng), 1 / k, k**2, -k, 2 * k))
    if wrong == k:
        raise Unfit("the same factor")
    link = chain(
        Integral(exp(-(x**2) / 2), (x, -oo, oo)),
        eq(Integral(wrong * exp(-((k * z + shift) ** 2) / 2), (z, -oo, oo)), "",
           ChangeOfVariable(x, k * z + shift, z)),
    )  # fmt: skip
    total = sqrt(2 * sp.pi)
    return false(link, total, "=", total * wrong / k, {}, "another rate")


# --- taken on trust ------------------------------------------------------------------------------

PER = PerAtom(POSITIVE)
NOT_INSTANCES: tuple[tuple[sp.Expr, str, sp.Expr, str, Given], ...] = (
    (Total(x * y), "<=", sqrt(Total(x**2)) * sqrt(Total(y**2)) / 2, "cauchy-schwarz",
     {x: PER, y: PER}),
    (Total(x), "<=", sqrt(Total(x * y)) * sqrt(Total(x / y)) * Rational(99, 100),
     "cauchy-schwarz", {x: PER, y: PER}),
    (-Total(x * y), ">=", -sqrt(Total(x**2)) * sqrt(Total(y**2)) / 2, "cauchy-schwarz",
     {x: PerAtom(REAL), y: PerAtom(REAL)}),
    (Total(q * log(x)), "<=", log(Total(p * x)), "jensen-log", {p: Mass(), q: Mass(), x: PER}),
    (Total(y * log(x)), "<=", log(Total(y * x)), "jensen-log", {y: PER, x: PER}),
    (Total(p * log(x)), ">=", log(Total(p * x)), "jensen-log", {p: Mass(), x: PER}),
    (Total(log(x)), "<=", log(Total(x)), "jensen-log", {x: PER}),
    ((log(a) + 2 * log(b)) / 3, "<=", log((a + b) / 2), "arithmetic-geometric-mean",
     {a: POSITIVE, b: POSITIVE}),
    ((log(a) + log(b)) / 2, "<=", log((a + b) / 2) - Rational(1, 100),
     "arithmetic-geometric-mean", {a: POSITIVE, b: POSITIVE}),
    (log(a) + log(b), "<=", log((a + b) / 2), "arithmetic-geometric-mean",
     {a: POSITIVE, b: POSITIVE}),
    (Total(p * log(p / q)), "<=", sp.S.Zero, "jensen-log", {p: Mass(), q: Mass()}),
    (Total(sqrt(p * q)), ">=", sp.S.One, "cauchy-schwarz", {p: Mass(), q: Mass()}),
    (Abs(a) + b, "<=", a + Abs(b), "weak-duality-of-transport", {a: REAL, b: REAL}),
)  # fmt: skip


def not_an_instance(rng: random.Random) -> Statement:
    left, relation, right, lemma, given = rng.choice(NOT_INSTANCES)
    if rng.random() < 0.3:
        lemma = rng.choice(("cauchy-schwarz", "jensen-log", "no-such-lemma",
                            "simultaneous-diagonalisation"))  # fmt: skip
    k = rng.choice((sp.S.One, positive(rng)))
    truth = Truth(k * left, relation, k * right, given, by=TakenOnTrust(lemma))
    return as_false("", truth, "not an instance of the lemma", rng)


# --- chains --------------------------------------------------------------------------------------


def hiding(value_: sp.Expr, rng: random.Random) -> sp.Expr:
    """An expression worth `value_` in which it is hard to recognise."""
    k = positive(rng)
    return rng.choice((
        lambda: Limit(value_ + exp(-k * x), x, oo),
        lambda: Limit(value_ + x * log(x), x, 0, "+"),
        lambda: Supremum(value_ - (u - k) ** 2, u, -oo, oo),
        lambda: Integral(value_ * exp(-x), (x, 0, oo)),
        lambda: Integral(value_ * exp(-(x**2)) / sqrt(sp.pi), (x, -oo, oo)),
        lambda: Max(value_, value_ - Integral(exp(-x), (x, 0, oo)), evaluate=False),
        lambda: exp(Limit(x * exp(-x), x, oo)) * value_,
        lambda: sp.log(sp.exp(value_)),
        lambda: Integral(sp.Derivative(value_ * x**2, x), (x, 0, 1)),
        lambda: sp.loggamma(k) - sp.loggamma(k + 1) + log(k) + value_,
    ))()  # fmt: skip


def ends_disagree(rng: random.Random) -> Statement:
    """c = hidden(c) = hidden(d) = d, where one of the links must be wrong."""
    first = rng.choice((t, small(rng) + t, exp(-(t**2)), Abs(t), sp.S.Zero, small(rng)))
    last = rng.choice((first + tiny(rng), first + 1, -first, t, first + Max(0, t - 10**4)))
    middles = [hiding(first, rng)]
    if rng.random() < 0.6:
        middles.append(hiding(rng.choice((first, last)), rng))
    steps = [eq(each, "the same") for each in (*middles, last)]
    return false(
        chain(first, *steps, given={t: REAL}), first, "=", last, {t: 10**5 + Rational(1, 7)},
        "the ends disagree",
    )  # fmt: skip


def bounds_disagree(rng: random.Random) -> Statement:
    """A chain of inequalities through something hidden, whose ends are in no such relation."""
    first = rng.choice((t, Abs(t), t**2, exp(t)))
    lower = first - rng.choice((sp.S.Zero, tiny(rng), sp.S.One))
    step, far = rng.choice(((at_least, 1), (above, 1)))
    last = first + far * tiny(rng)
    return false(
        chain(first, step(hiding(lower, rng), "above"), at_least(last, "above"), given={t: REAL}),
        first, ">=", last, {t: Rational(1, 3)}, "the ends disagree",
    )  # fmt: skip


def wrong_in_the_middle(rng: random.Random) -> Statement:
    """A = B' = C, where A = C: two errors that cancel."""
    truth = rng.choice((*plain.ALGEBRA, *plain.LOGARITHMS, *plain.KINKS))(rng)
    if truth.relation != "=":
        raise Unfit("an equality is wanted")
    between = sp.sympify(edited(truth.right, rng))
    wrong = replace(truth, right=between)
    found = as_false("", wrong, "an error in the middle, mended at the end", rng)
    return replace(found, claim=claim(wrong, eq(truth.right, "back again")))


def one_chain_of_two(rng: random.Random) -> Statement:
    """Two chains, of which the second is false."""
    right, wrong = rng.choice(plain.ALGEBRA)(rng), rng.choice(plain.LOGARITHMS)(rng)
    wrong = replace(wrong, right=sp.sympify(edited(wrong.right, rng)))
    found = as_false("", wrong, "the second chain is false", rng)
    links = claim(right).chains + found.claim.chains
    return replace(found, claim=stated(*links))


# --- citations -----------------------------------------------------------------------------------


def _cited(link: Chain, id: str = "cited") -> Claim:
    return stated(link, id=id)


def beyond_its_domain(rng: random.Random) -> Statement:
    """The cited claim holds on a smaller domain."""
    k = rng.choice((sp.S.Zero, small(rng)))
    left, right, at = rng.choice((
        (Abs(x - k), x - k, k - 1), (sqrt((x - k) ** 2), x - k, k - 2), (Max(x, k), x, k - 1),
    ))  # fmt: skip
    other = _cited(chain(left, eq(right, ""), given={x: Interval(k, oo)}))
    image = rng.choice((y, 2 * y - k, y + tiny(rng)))
    link = chain(left.subs(x, image), eq(right.subs(x, image), "", ByClaim("cited", {x: image})),
                 given={y: rng.choice((REAL, Interval(k - 5, oo)))})  # fmt: skip
    where = sp.solve(image - at, y)[0]
    return false(link, left.subs(x, image), "=", right.subs(x, image), {y: where},
                 "cited beyond its domain", (other,))  # fmt: skip


def inside_what_falls(rng: random.Random) -> Statement:
    """a >= b does not give -a >= -b, 1/a >= 1/b, or c - a >= c - b."""
    other = _cited(chain(x**2 + 1, at_least(2 * x, ""), given={x: REAL}))
    k = positive(rng)
    first, last = rng.choice((
        (-(x**2) - 1, -2 * x), (k - x**2 - 1, k - 2 * x), (-k * (x**2 + 1), -2 * k * x),
        (exp(-(x**2) - 1), exp(-2 * x)),
        (t * (x**2 + 1), 2 * t * x),
    ))  # fmt: skip
    at = {x: 3, t: -1}
    link = chain(first, at_least(last, "", ByClaim("cited", {x: x})), given={x: REAL, t: REAL})
    return false(link, first, ">=", last, at, "an inequality inside what falls", (other,))


def captured(rng: random.Random) -> Statement:
    """The cited claim's symbol becomes a variable that its own integral binds."""
    other = _cited(chain(Integral(m * x, (x, 0, 1)), eq(m / 2, ""), given={m: REAL}))
    image = rng.choice((x, x**2, 2 * x))
    value_ = {x: Rational(1, 3), x**2: Rational(1, 4), 2 * x: Rational(2, 3)}[image]
    link = chain(Integral(image * x, (x, 0, 1)),
                 eq(image.subs(x, y) / 2, "", ByClaim("cited", {m: image})), given={y: REAL})  # fmt: skip
    return false(
        link,
        value_,
        "=",
        image.subs(x, y) / 2,
        {y: 7},
        "a bound variable meets a free one",
        (other,),
    )


def not_a_mass(rng: random.Random) -> Statement:
    """KL >= 0 cited for vectors that do not add up to 1."""
    k = rng.choice((2, 3, Rational(3, 2)))
    other = _cited(chain(Total(p * log(p / q)), at_least(0, ""), given={p: Mass(), q: Mass()}))
    left = Total(p * log(p / (k * q)))
    link = chain(left, at_least(0, "", ByClaim("cited", {p: p, q: k * q})),
                 given={p: Mass(), q: Mass()})  # fmt: skip
    return replace(
        as_false("", Truth(left, ">=", sp.S.Zero, {p: Mass(), q: Mass()}), "not a mass", rng),
        claim=stated(link), cited={"cited": other},
    )  # fmt: skip


def of_one_number(rng: random.Random) -> Statement:
    """total(c p) = c is for one number c, not for one an atom."""
    other = _cited(chain(Total(c * p), eq(c, ""), given={c: REAL, p: Mass()}))
    left = Total(T * p)
    right = rng.choice((Total(T) / 2, Total(T * T), Total(T)))
    link = chain(left, eq(right, "", ByClaim("cited", {c: rng.choice((T, right))})),
                 given={p: Mass(), T: PerAtom(REAL)})  # fmt: skip
    found = as_false("", Truth(left, "=", right, {p: Mass(), T: PerAtom(REAL)}),
                     "one number for each atom", rng)  # fmt: skip
    return replace(found, claim=stated(link), cited={"cited": other})


def without_its_hypothesis(rng: random.Random) -> Statement:
    other = _cited(chain(Abs(x - y), eq(x - y, ""), given={x: REAL, y: REAL}, hypotheses=(x > y,)))
    where = rng.choice(({x: y, y: x}, {x: x, y: x + y**2}, {x: -x, y: y}, {x: x, y: y}))
    left, right = (e.subs(where, simultaneous=True) for e in (Abs(x - y), x - y))
    link = chain(left, eq(right, "", ByClaim("cited", where)), given={x: REAL, y: REAL})
    for at in ({x: 1, y: 0}, {x: 0, y: 3}, {x: -1, y: 5}):
        try:
            return false(link, left, "=", right, at, "its hypothesis does not hold", (other,))
        except Unfit:
            continue
    raise Unfit("true everywhere")


def of_a_false_claim(rng: random.Random) -> Statement:
    """The cited claim is false itself, in a place that is hard to meet."""
    r, e = odd(rng), tiny(rng)
    said, other_ = x + e * Max(0, 1 - Abs(x - r) * 10**6), x
    other = _cited(chain(said, eq(other_, ""), given={x: REAL}))
    link = chain(said.subs(x, r), eq(r, "", ByClaim("cited", {x: r})))
    return false(link, r + e, "=", r, {}, "cites a false claim", (other,))


def with_another_relation(rng: random.Random) -> Statement:
    """An inequality cited for an equality, or for the other direction."""
    other = _cited(chain(exp(x), at_least(1 + x, ""), given={x: REAL}))
    k = small(rng)
    step = rng.choice((eq, at_most))
    link = chain(exp(k * x), step(1 + k * x, "", ByClaim("cited", {x: k * x})), given={x: REAL})
    relation = str(step(0, "").relation)
    return false(link, exp(k * x), relation, 1 + k * x, {x: 2}, "another relation", (other,))


def of_part_of_a_chain(rng: random.Random) -> Statement:
    """The last expression is cited for one in the middle."""
    other = _cited(chain(x**2 + y**2, at_least(2 * x * y, ""), at_least(2 * x * y - 1, ""),
                         given={x: REAL, y: REAL}))  # fmt: skip
    first = rng.choice((2 * x * y - Rational(1, 2), 2 * x * y - 2, 2 * x * y - 1 - tiny(rng)))
    number = rng.choice((0, 0, -1, 1, 7))
    last = 2 * x * y - sp.Rational(1, 4)
    link = chain(first, at_least(last, "", ByClaim("cited", {x: x, y: y}, number)),
                 given={x: REAL, y: REAL})  # fmt: skip
    return false(link, first, ">=", last, {x: 1, y: 1}, "not what the claim shows", (other,))


REASONS: tuple[Write, ...] = (
    touches_elsewhere, touches_elsewhere, touches_at_a_complex_point, touches_at_an_inflection,
    strict_where_it_touches, strict_with_a_jump, touches_outside, map_with_a_jump, map_that_turns,
    image_with_an_error, not_an_instance, not_an_instance,
)  # fmt: skip
SUMMITS: tuple[Write, ...] = (
    lowest_point, middle_of_two, outside_the_interval, jump_in_the_objective, wrong_end, wrong_kink,
    any_reason, any_reason, any_reason,
)  # fmt: skip
CHAINS: tuple[Write, ...] = (
    ends_disagree, ends_disagree, bounds_disagree, wrong_in_the_middle, one_chain_of_two,
)  # fmt: skip
CITATIONS: tuple[Write, ...] = (
    beyond_its_domain, inside_what_falls, captured, not_a_mass, of_one_number,
    without_its_hypothesis, of_a_false_claim, with_another_relation, of_part_of_a_chain,
)  # fmt: skip
