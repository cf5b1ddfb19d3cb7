"""Where the enclosure route looks: inside the hypotheses, near their borders, at named numbers."""

from itertools import islice
from typing import Any

import pytest
import sympy as sp
from flint import arb
from sympy import Abs, Piecewise, Rational, exp, log, oo, sqrt

from derivations.claim import Chain, Claim, above, at_least, at_most, chain, eq
from derivations.enclosed import harvest, roots
from derivations.enclosed.check import check, points_wanted, value_at
from derivations.enclosed.point import Point
from derivations.enclosed.points import further_points, points, respects
from derivations.language import (
    POSITIVE,
    REAL,
    UNIT,
    Choice,
    Interval,
    Mass,
    PerAtom,
    Supremum,
    Total,
)

R = Rational
a, b, p, q, t, x, y, z = sp.symbols("a b p q t x y z")


def link(first: Any, right: Any = 0, **more: Any) -> Chain:
    return chain(first, eq(right, ""), **more)


def all_points(chain_: Chain) -> list[Point]:
    wanted, further = points_wanted(chain_)
    simple = list(points(chain_, wanted))
    return simple + further_points(chain_, simple, further)


CHAINS = {
    "a real": link(x, given={x: REAL}),
    "between two numbers": link(x, given={x: Interval(R(1, 3), sqrt(2))}),
    "one after the other": link(x + y, given={x: POSITIVE, y: Interval(x, oo)}),
    "below a root": link(x + y, given={y: POSITIVE, x: Interval(0, sqrt(2) * y)}),
    "two masses": link(Total(p * log(p / q)), given={p: Mass(), q: Mass()}),
    "a mass and numbers": link(Total(p * t), given={p: Mass(), t: PerAtom(UNIT)}),
    "a hypothesis": link(x - y, given={x: REAL, y: REAL}, hypotheses=(x**2 + y**2 < 1, x > y)),
    "cases": link(x, given={x: Choice((0, 1, R(5, 2)))}),
    "a narrow interval": link(x, given={x: Interval(R(1, 7), R(1, 7) + R(1, 1000))}),
}


@pytest.mark.parametrize("name", CHAINS)
def test_every_point_is_inside(name: str) -> None:
    """Domains and hypotheses, by exact arithmetic where sympy decides them."""
    chain_ = CHAINS[name]
    there = all_points(chain_)
    assert there
    for point in there:
        assert respects(chain_, point)
        for symbol, domain in chain_.given.items():
            if isinstance(domain, Interval):
                value = point.scalars[symbol]
                lower, upper = (e.subs(point.scalars) for e in (domain.lower, domain.upper))
                assert lower < value < upper
            if isinstance(domain, Mass):
                values = point.vectors[symbol]
                assert sum(values) == 1
                assert min(values) > 0
        for hypothesis in chain_.hypotheses:
            assert hypothesis.subs(point.scalars) == True  # noqa: E712


@pytest.mark.parametrize("name", CHAINS)
def test_none_twice_and_always_the_same(name: str) -> None:
    first, again = all_points(CHAINS[name]), all_points(CHAINS[name])
    written = [str(point.as_strings()) for point in first]
    assert len(set(written)) == len(written)
    assert written == [str(point.as_strings()) for point in again]


def test_enough_of_each_kind() -> None:
    there = all_points(CHAINS["two masses"])
    assert sum(point.required for point in there) == points_wanted(CHAINS["two masses"])[0]
    sizes = {point.atoms for point in there}
    assert {1, 2, 3, 4, 6} <= sizes
    smallest = min(min(point.vectors[p]) for point in there)
    assert smallest <= R(1, 2**64)
    ratios = [
        v / w for point in there for v, w in zip(point.vectors[p], point.vectors[q], strict=True)
    ]
    assert max(ratios) >= 2**60
    assert min(ratios) <= R(1, 2**60)


def test_far_out_and_near_the_ends() -> None:
    values = [point.scalars[x] for point in all_points(link(x, given={x: POSITIVE}))]
    assert {100, 1000, 10**6} <= set(values)
    assert min(values) <= R(1, 2**64)
    assert any(v.q % 10_007 == 0 for v in values)
    between = [point.scalars[x] for point in all_points(link(x, given={x: UNIT}))]
    assert max(between) >= 1 - R(1, 2**64)


HIDDEN = {
    "a constant": (Piecewise((1, x < R(1, 7777)), (0, True)), R(1, 7777)),
    "a hole": ((x**2 - R(7777, 1000) ** 2) / (x - R(7777, 1000)), R(7777, 1000)),
    "a kink of an affine argument": (Abs(3 * x - sp.pi * 0 - 22), R(22, 3)),
    "a double zero": ((1000 * x - R(17, 3)) ** 2, R(17, 3000)),
    "inside a logarithm": (log((x - 12) / 5 + 3), sp.Integer(-3)),
    "where two meet": (sp.Max(2 * x, 5 - x), R(5, 3)),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_named_numbers_are_tried(name: str) -> None:
    expr, value = HIDDEN[name]
    values = [point.scalars[x] for point in all_points(link(expr, given={x: REAL}))]
    assert value in values
    assert any(0 < abs(v - value) < R(1, 1000) for v in values)


def test_between_close_numbers() -> None:
    narrow = sp.And(x > 5 + R(1, 7777), x < 5 + R(1, 7776))
    chain_ = link(Piecewise((1, narrow), (0, True)), given={x: REAL})
    assert any(5 + R(1, 7777) < point.scalars[x] < 5 + R(1, 7776) for point in all_points(chain_))


def test_on_the_border_of_a_closed_hypothesis() -> None:
    chain_ = link(1 / (x - y), given={x: REAL, y: REAL}, hypotheses=(x >= y,))
    assert any(point.scalars[x] == point.scalars[y] for point in all_points(chain_))


def test_where_two_variables_meet() -> None:
    chain_ = link(Abs(2 * x - 3 * y + z), given={x: REAL, y: REAL, z: REAL})
    assert any(
        2 * pt.scalars[x] - 3 * pt.scalars[y] + pt.scalars[z] == 0 and pt.scalars[z] != 0
        for pt in all_points(chain_)
    )


def test_zeros_are_exact_or_not_given() -> None:
    point = Point({x: sp.Integer(2)}, {})
    assert list(harvest.zeros((3 * x - 7,), x, point)) == [R(7, 3)]
    assert list(harvest.zeros((x**2 - 2,), x, point)) == []
    assert list(harvest.zeros((sp.S(5) + 0 * x,), x, point)) == []


def test_the_simplest_come_first() -> None:
    first = list(islice(points(link(x + y, given={x: REAL, y: REAL}), 10), 10))
    assert min(point.height for point in first) <= 4


def test_all_cases_of_a_finite_domain() -> None:
    chain_ = link(x + y, given={x: Choice((0, 1)), y: Choice((2, 3, 4))})
    assert len(list(points(chain_, 100))) == 6


def test_an_inequality_needs_no_more() -> None:
    chain_ = chain(x**2, at_least(0, ""), given={x: REAL})
    assert len(all_points(chain_)) >= 24


# --- what hid from an earlier choice of points: each of these is false, and must be refuted ---------

r, far, w = R(263251, 7777), R(7777065840, 7777), R(1, 10**20)
PQ, ANY = {p: Mass(), q: Mass()}, {p: Mass(zero=True), q: Mass(zero=True)}
spike = sp.Max(0, 1 - 10**9 * Abs(x - r))
window = Piecewise((1, (y > R(45, 7777) - w) & (y < R(45, 7777) + w)), (0, True))
ratio = sp.Max(0, 1 - 7777 * Abs(p / q - R(7135, 1994)))
quartic = (x - 3) ** 2 * ((x + R(1951, 2018)) ** 2 - R(1, 7777))

FALSE = {
    "a spike at an affine zero": chain(x, eq(x + spike * y, ""), given={x: REAL, y: POSITIVE}),
    "a window, of one of two scalars": chain(x, eq(x + window, ""), given={x: REAL, y: POSITIVE}),
    "a smooth spike": chain(
        x, eq(x + exp(-((10**9 * y + R(5, 7)) ** 2)), ""), given={x: REAL, y: REAL}
    ),
    "a dip of an expanded polynomial": chain(sp.expand(quartic), at_least(0, ""), given={x: REAL}),
    "a double zero": chain((x + 5) ** 2 * (2 * x**2 + 1), above(0, ""), given={x: REAL}),
    "far out": chain(sp.atan(x), at_most(sp.pi / 2 - R(1, 10**8), ""), given={x: REAL}),
    "next to an end": chain(
        Supremum(t * y - 2 * (y - 1) ** 2, y, 0, oo),
        eq(t**2 / 8 + t, ""),
        given={t: Interval(-4 - R(1, 10**12), oo)},
    ),
    "all next to their ends": chain(
        (x + y + z) / 3,
        at_least((x * y * z) ** R(1, 3) + R(1, 10**6), ""),
        given={x: POSITIVE, y: POSITIVE, z: POSITIVE},
    ),
    "on the diagonal, far from the simple": chain(
        (x - y) ** 2,
        at_least(Piecewise((R(1, 10**4), x > 700), (0, True)), ""),
        given={x: POSITIVE, y: POSITIVE},
    ),
    "the ends of a dear chain": chain(
        exp(-(t**2)),
        eq(sp.Integral(exp(-(t**2)) * exp(-x), (x, 0, oo)), ""),
        eq(exp(-(t**2)) + sp.Max(0, t - 10_000), ""),
        given={t: REAL},
    ),
    "a piece beside an integral": chain(
        sp.Integral(Piecewise((0, t > x), (-1, True)), (x, 0, 1)),
        eq(t - 1 + window.subs(y, t) / 10**6, ""),
        given={t: UNIT},
    ),
    "beyond a number beside a supremum": chain(
        Supremum(-t * y + 5 * log(y), y, 0, oo),
        eq(5 * log(5 / t) - 5 + Piecewise((1, t > far), (0, True)), ""),
        given={t: POSITIVE},
    ),
    "a named ratio of masses": chain(
        Total(q * ((sqrt(p / q) - 1) ** 2 - 80 * ratio)), at_least(0, ""), given=PQ
    ),
    "a named mass": chain(
        Total(p - 13 * sp.Max(0, 1 - 10**12 * Abs(p - R(221247, 997000)))),
        at_least(0, ""),
        given=PQ,
    ),
    "a large alphabet": chain(-Total(p * log(p)), at_most(log(40), ""), given={p: Mass()}),
    "twice a named size": chain(Total(p**2), at_least(R(1, 1_900), ""), given={p: Mass()}),
    "very unequal masses": chain(Total(p * log(p / q)), at_most(500, ""), given=PQ),
    "no atom in common": chain(Total(sqrt(p * q)), above(0, ""), given=ANY),
    "an exact tie of logarithms": chain(
        log(2),
        above(Total(p * log(2 * p / (p + q)) + q * log(2 * q / (p + q))) / 2, ""),
        given=ANY,
    ),
    "a valley that nothing names": chain(
        2 - sp.sin(x) - sp.cos(y), at_least(R(1, 10**4), ""), given={x: REAL, y: REAL}
    ),
}


@pytest.mark.parametrize("name", FALSE)
def test_false_statements_are_refuted(name: str) -> None:
    claim = Claim("planted", "planted", "planted", "nobody", (FALSE[name],))
    assert check(claim).counterexample is not None


def test_turning_points_of_a_rational_function() -> None:
    found = roots.turning_points((x**2 / (x - 1), R(9, 2) + 0 * x), x, {})
    assert {R(3, 2), sp.Integer(3), sp.Integer(1), sp.Integer(0), sp.Integer(2)} == set(found)
    (negative, zero, positive) = roots.turning_points((x**2 - 2 * y,), x, {y: sp.S.One})
    assert zero == 0
    assert abs(positive**2 - 2) < R(1, 2**60)
    assert negative == -positive


def test_a_fraction_takes_a_logarithm() -> None:
    """Rationals enter some functions as they are."""
    point = Point({x: sp.Integer(1)}, {})
    value = value_at(log(exp(x) * R(2, 3)) + log(sp.Max(sp.sign(x - 1) + 1, 0)), point)
    assert value.overlaps(1 + arb(2).log() - arb(3).log())
