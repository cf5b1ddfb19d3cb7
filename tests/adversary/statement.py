"""A statement whose truth is known, and how a true one is made false.

A family writes a `Truth`: two sides, their relation, what is given, and, where a side is an
integral, a supremum, a limit or a derivative, the plain expression that it is equal to. Breaking it
(`broken`) edits or spoils one side and then looks for a *witness*: a point of the hypotheses where
the plain sides contradict the relation at sixty digits. Without a witness nothing is called false.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import mpmath as mp
import sympy as sp

from derivations.claim import Algebra, Claim, Reason, Relation, Step, Verdict, chain
from derivations.language import Choice, Domain, Interval, Mass, PerAtom
from derivations.vocabulary import unfold

from .truth import DIGITS, NoValue, OutOfReach, Point, contradicted, holds, value

TRUE, FALSE, MEANINGLESS = "true", "false", "meaningless"
LOOKS = 40  # random points of the hypotheses at which a contradiction is sought


@dataclass(frozen=True)
class Truth:
    """left relation right; `plain` is the left side without integrals and the like."""

    left: sp.Expr
    relation: str
    right: sp.Expr
    given: Mapping[sp.Symbol, Domain]
    hypotheses: tuple[sp.Rel, ...] = ()
    by: Reason = field(default_factory=Algebra)
    plain: sp.Expr | None = None

    @property
    def sides(self) -> tuple[sp.Expr, sp.Expr]:
        return self.left if self.plain is None else self.plain, self.right


@dataclass(frozen=True)
class Statement:
    """A claim, and what is known of it: true, false at `witness`, or without a meaning."""

    family: str
    claim: Claim
    kind: str
    why: str
    plain: tuple[sp.Expr, str, sp.Expr] | None = None  # what the witness contradicts
    witness: Point | None = None
    cited: Mapping[str, Claim] = field(default_factory=dict)

    def source(self) -> str:
        """The statement for a reader who wants to try it."""
        lines = [f"{self.family}: {self.kind}, {self.why}"]
        for link in self.claim.chains:
            lines.append(f"  {sp.srepr(link.first) if len(str(link.first)) < 1 else link.first}")
            for step in link.steps:
                lines.append(f"    {step.relation} {step.right}    by {step.by}")
            lines.append(f"  given {dict(link.given)} {link.hypotheses or ''}")
        if self.witness is not None:
            shown = {str(s): _short(v) for s, v in self.witness.items()}
            lines.append(f"  contradicted at {shown}")
        lines += [f"  cites {name}: {_text(other)}" for name, other in self.cited.items()]
        return "\n".join(lines)


def _short(v: object) -> object:
    return tuple(map(_short, v)) if isinstance(v, tuple) else mp.nstr(v, 12)


def _text(claim: Claim) -> str:
    (link,) = claim.chains
    return f"{link.first} {link.relation} {link.last} given {dict(link.given)}"


class Unfit(Exception):
    """A draw that is not what its family promises; another one is drawn."""


# --- points --------------------------------------------------------------------------------------


def odd(rng: random.Random, low: int = -9, high: int = 9) -> sp.Rational:
    """A rational that no list of simple points holds."""
    d = rng.choice((997, 1009, 7777, 10007))
    return sp.Rational(rng.randint(low * d, high * d) * 2 + 1, 2 * d)


def small(rng: random.Random) -> sp.Rational:
    """Not zero, of a kind that a person would write."""
    return sp.Rational(rng.choice((-1, 1)) * rng.randint(1, 7), rng.choice((1, 1, 1, 2, 3, 5)))


def positive(rng: random.Random) -> sp.Rational:
    return abs(small(rng))


def tiny(rng: random.Random) -> sp.Rational:
    return sp.Rational(1, rng.choice((10**3, 7777, 10**6, 10**9, 10**12, 10**20)))


def number(domain: Interval | Choice, point: Point, rng: random.Random) -> mp.mpf:
    """A number of the domain: near its ends, far out, or in the middle."""
    if isinstance(domain, Choice):
        return value(sp.sympify(rng.choice(domain.values)), point)
    lower, upper = value(domain.lower, point), value(domain.upper, point)
    if lower >= upper:
        raise NoValue("an empty domain")
    scale = mp.mpf(10) ** rng.choice((0, 0, 0, 0, 1, 1, 2, -1, -3, -9))
    away = scale * (mp.mpf(rng.randint(1, 9999)) / 1000)
    if mp.isinf(lower) and mp.isinf(upper):
        return away * rng.choice((-1, 1))
    if mp.isinf(upper):
        return lower + away
    if mp.isinf(lower):
        return upper - away
    share = mp.mpf(rng.randint(1, 9999)) / 10000
    share = rng.choice((share, share**9, 1 - share**9))
    return lower + share * (upper - lower)


def masses(atoms: int, rng: random.Random) -> tuple[mp.mpf, ...]:
    """A probability vector, sometimes with tiny entries."""
    power = rng.choice((0, 1, 1, 3, 12))
    weights = [(mp.mpf(rng.randint(1, 9999)) / 10000) ** power for _ in range(atoms)]
    return tuple(w / mp.fsum(weights) for w in weights)


@mp.workdps(DIGITS)
def sample(
    given: Mapping[sp.Symbol, Domain], hypotheses: tuple[sp.Rel, ...], rng: random.Random
) -> Point:
    """A random point of the hypotheses; raises `NoValue` where none turns up."""
    for _ in range(20):
        point: dict[sp.Symbol, mp.mpf | tuple[mp.mpf, ...]] = {}
        atoms = rng.choice((2, 2, 3, 4, 7, 30))
        for symbol, domain in given.items():
            if isinstance(domain, Mass):
                point[symbol] = masses(atoms, rng)
            elif isinstance(domain, PerAtom):
                point[symbol] = tuple(number(domain.domain, point, rng) for _ in range(atoms))
            else:
                point[symbol] = number(domain, point, rng)
        if all(holds(h, point) for h in hypotheses):
            return point
    raise NoValue("the hypotheses are too narrow")


def within(point: Point, truth: Truth) -> bool:
    """Is the point one of the hypotheses'? Only scalars are asked about."""
    for symbol, domain in truth.given.items():
        if isinstance(domain, Interval):
            lower, upper = value(domain.lower, point), value(domain.upper, point)
            if not lower < point[symbol] < upper:
                return False
    return all(holds(h, point) for h in truth.hypotheses)


def witness(truth: Truth, rng: random.Random, near: Mapping[sp.Symbol, sp.Expr] = {}) -> Point:
    """A point of the hypotheses that contradicts the truth's plain sides; `near` is tried first.

    Raises `Unfit` when none is found.
    """
    left, right = truth.sides
    with mp.workdps(DIGITS):
        for look in range(LOOKS):
            try:
                point = sample(truth.given, truth.hypotheses, rng)
                if near and look % 2 == 0:
                    point = {**point, **{s: value(at, point) for s, at in near.items()}}
                    if not within(point, truth):
                        continue
                if contradicted(left, truth.relation, right, point):
                    return point
            except (NoValue, OutOfReach):
                continue
    raise Unfit("no witness")


# --- claims --------------------------------------------------------------------------------------


def claim(truth: Truth, *more: Step, id: str = "stated", expected: Verdict = Verdict.BOTH) -> Claim:
    step = Step(Relation(truth.relation), sp.sympify(truth.right), "stated", truth.by)
    link = chain(truth.left, step, *more, given=truth.given, hypotheses=truth.hypotheses)
    return stated(link, id=id, expected=expected)


def stated(*links: object, id: str = "stated", expected: Verdict = Verdict.BOTH) -> Claim:
    """Raises `Unfit` where a claim of this shape is refused when it is built."""
    try:
        return Claim(id, "`0 <= 1`", "planted", "nobody", tuple(links), expected)  # type: ignore[arg-type]
    except ValueError as refused:
        raise Unfit(str(refused)) from None


def as_true(family: str, truth: Truth) -> Statement:
    left, right = map(unfold, truth.sides)
    what = (left, truth.relation, right)
    return Statement(family, claim(truth), TRUE, "by construction", what)


def as_false(
    family: str,
    truth: Truth,
    why: str,
    rng: random.Random,
    near: Mapping[sp.Symbol, sp.Expr] = {},
) -> Statement:
    """The truth that is none, with its witness."""
    point = witness(truth, rng, near)
    left, right = truth.sides
    return Statement(family, claim(truth), FALSE, why, (left, truth.relation, right), point)


# --- breaking a truth ----------------------------------------------------------------------------

Breaker = Callable[[Truth, random.Random], tuple[Truth, str, Mapping[sp.Symbol, sp.Expr]]]


def _scalars(truth: Truth) -> list[sp.Symbol]:
    return [s for s, d in truth.given.items() if isinstance(d, Interval)]


def edited(expr: sp.Basic, rng: random.Random) -> sp.Basic:
    """One node changed: a number, a sign, an exponent, a symbol, a function."""
    nodes = [n for n in sp.preorder_traversal(expr) if isinstance(n, sp.Expr)]
    node = rng.choice(nodes)
    choices: list[sp.Basic] = [2 * node, -node, node + 1, node / 2]
    if node.is_Rational:
        choices = [node + 1, node - 1, -node, node + tiny(rng)]
    elif isinstance(node, sp.Symbol):
        others = sorted(expr.free_symbols - {node}, key=str)
        choices = [*others, 2 * node, -node]
    elif isinstance(node, sp.Max):
        choices = [sp.Min(*node.args), node.args[0]]
    elif isinstance(node, sp.Abs):
        choices = [node.args[0], -node]
    elif isinstance(node, sp.Add):
        choices = [node - 2 * rng.choice(node.args), node - rng.choice(node.args) / 3]
    new = rng.choice(choices)
    return _once(expr, node, new)


def _once(expr: sp.Basic, node: sp.Basic, new: sp.Basic) -> sp.Basic:
    """The first occurrence replaced, the rest as it was."""
    if expr == node:
        return new
    for i, arg in enumerate(expr.args):
        if arg == node or arg.has(node):
            return expr.func(*expr.args[:i], _once(arg, node, new), *expr.args[i + 1 :])
    return expr


def _by_edit(truth: Truth, rng: random.Random) -> tuple[Truth, str, Mapping[sp.Symbol, sp.Expr]]:
    return replace(truth, right=edited(truth.right, rng)), "one edit", {}


def _worse(truth: Truth) -> int:
    """The sign with which a positive term on the right breaks the relation."""
    return -1 if truth.relation == "<=" else 1


def _by_constant(
    truth: Truth, rng: random.Random
) -> tuple[Truth, str, Mapping[sp.Symbol, sp.Expr]]:
    by = rng.choice((tiny(rng), tiny(rng), sp.Rational(1, 100), sp.S.One))
    return replace(truth, right=truth.right + _worse(truth) * by), f"off by {by}", {}


def spike(x: sp.Symbol, at: sp.Expr, height: sp.Expr, rng: random.Random) -> sp.Expr:
    """Positive at `at`, and zero or nearly zero a little way off, or on one side far out."""
    width = tiny(rng)
    far = abs(at) + rng.choice((50, 2000, 10**6))
    return rng.choice(
        (
            lambda: height * sp.Max(0, 1 - sp.Abs(x - at) / width),
            lambda: height * sp.Max(0, 1 - (x - at) ** 2 / width**2),
            lambda: height * sp.exp(-(((x - at) / width) ** 2)),
            lambda: height / (1 + ((x - at) / width) ** 2),
            lambda: sp.Piecewise((height, sp.And(x > at - width, x < at + width)), (0, True)),
            lambda: sp.Piecewise((0, x < at - width), (height, x < at + width), (0, True)),
            lambda: sp.Piecewise((height, x > far), (0, True)),
            lambda: height * (1 + sp.sign(x - far)),
            lambda: height * sp.Max(0, x - far),
            lambda: height * (sp.Abs(x - far) + x - far),
            lambda: height * sp.Max(0, -far - x),
            lambda: height * (1 + sp.tanh((x - far) / width)),
        )
    )()


def _by_spike(truth: Truth, rng: random.Random) -> tuple[Truth, str, Mapping[sp.Symbol, sp.Expr]]:
    scalars = _scalars(truth)
    if not scalars:
        return _by_constant(truth, rng)
    x = rng.choice(scalars)
    with mp.workdps(DIGITS):
        point = sample(truth.given, truth.hypotheses, rng)
        at = sp.Rational(int(point[x] * 7777), 7777)
        if truth.relation == "=":
            height: sp.Expr = rng.choice((tiny(rng), sp.S.One))
        else:
            left, right = truth.sides
            gap = abs(
                value(left, {**point, x: value(at, {})}) - value(right, {**point, x: value(at, {})})
            )
            if gap > 10**6:
                raise Unfit("a gap out of reach")
            height = sp.Rational(int(gap * 1000) + rng.choice((1, 2, 1000)), 1000)
    added = spike(x, at, height, rng)
    far = abs(at) + 10**6 + 7777
    near = {x: rng.choice((at, at, far, -far)) if added.subs(x, at) == 0 else at}
    return (
        replace(truth, right=truth.right + _worse(truth) * added),
        f"spoilt near {near}",
        near,
    )


def _by_relation(
    truth: Truth, rng: random.Random
) -> tuple[Truth, str, Mapping[sp.Symbol, sp.Expr]]:
    other = {"=": (">", ">=", "<="), ">=": ("=", ">", "<="), "<=": ("=", ">="), ">": ("<=", "=")}
    return replace(truth, relation=rng.choice(other[truth.relation])), "another relation", {}


def _by_factor(truth: Truth, rng: random.Random) -> tuple[Truth, str, Mapping[sp.Symbol, sp.Expr]]:
    by = 1 + _worse(truth) * rng.choice((tiny(rng), sp.Rational(1, 50), sp.S.Half))
    return replace(truth, right=truth.right * by), f"off by the factor {by}", {}


BREAKERS: tuple[Breaker, ...] = (
    _by_edit, _by_edit, _by_constant, _by_spike, _by_spike, _by_relation, _by_factor,
)  # fmt: skip


def broken(family: str, truth: Truth, rng: random.Random) -> Statement:
    """A false statement made of a true one; raises `Unfit` when the edit left it true."""
    try:
        wrong, why, near = rng.choice(BREAKERS)(truth, rng)
    except (NoValue, OutOfReach) as gap:
        raise Unfit(str(gap)) from None
    if wrong.right.has(sp.nan, sp.zoo, sp.I):
        raise Unfit("an edit without a value")
    return as_false(family, wrong, why, rng, near)


def widened(family: str, truth: Truth, rng: random.Random) -> Statement:
    """A scalar's domain made too wide: false where both sides have values, else meaningless."""
    scalars = [s for s in _scalars(truth) if truth.given[s] != Interval()]
    if not scalars:
        raise Unfit("nothing to widen")
    x = rng.choice(scalars)
    domain = truth.given[x]
    assert isinstance(domain, Interval)
    by = rng.choice((sp.oo, sp.oo, sp.S.One, tiny(rng)))
    wide = rng.choice((Interval(domain.lower - by, domain.upper),
                       Interval(domain.lower - by, domain.upper + by)))  # fmt: skip
    wrong = replace(truth, given={**truth.given, x: wide})
    left, right = truth.sides
    below = domain.lower - (rng.choice((1, 3)) if by is sp.oo else by / 2)
    with mp.workdps(DIGITS):
        for look in range(LOOKS):
            point = sample(wrong.given, wrong.hypotheses, rng)
            if look % 2:
                try:
                    point = {**point, x: value(below, point)}
                except NoValue:
                    continue
            try:
                if contradicted(left, truth.relation, right, point):
                    what = (left, truth.relation, right)
                    return Statement(family, claim(wrong), FALSE, f"{x} runs too far", what, point)
            except NoValue as gap:
                return Statement(
                    family, claim(wrong), MEANINGLESS, f"{x} runs too far: {gap}", None, point
                )
            except OutOfReach:
                continue
    raise Unfit("true there as well")
