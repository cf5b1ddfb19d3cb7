"""Mutants: every edit of every step is there, each is judged rightly, and in little time."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping

import pytest
import sympy as sp
from sympy import Abs, Integral, exp, log, oo, pi, sqrt

from derivations.claim import Claim, Stationary, Step, Verdict, above, at_least, at_most, chain, eq
from derivations.language import POSITIVE, REAL, Domain, Mass, PerAtom, Supremum, Total
from derivations.running.alarm import OutOfTime, within
from derivations.running.court import Court, evaluated
from derivations.running.edits import edits, exchanged, mutants, scaled
from derivations.running.judge import Judgement, StepWords
from derivations.running.mutation import Tally, tallies
from derivations.running.pool import Failure
from derivations.verify import Report, verify
from derivations.vocabulary import KL, TV, unfold
from derivations.words.reading import read

a, b, m, p, q, s, t, u, v, x, y, T = sp.symbols("a b m p q s t u v x y T")
PQ: Mapping[sp.Symbol, Domain] = {p: Mass(), q: Mass()}
density = exp(-((x - m) ** 2) / (2 * s**2)) / (s * sqrt(2 * pi))


def stated(
    first: sp.Expr | int | str, *steps: Step, given: Mapping[sp.Symbol, Domain], id: str = "stated"
) -> Claim:
    return Claim(id, "`0 <= 1`", "t", "s", (chain(first, *steps, given=given),))


def last(claim: Claim) -> Tally:
    *_, tally = tallies(claim)
    return tally


CONJUGATE = stated(
    Supremum(t * u - u * log(u), u, 0, oo),
    eq((t * u - u * log(u)).subs(u, exp(t - 1)), "the slope is 0", Stationary(exp(t - 1))),
    eq(exp(t - 1), "algebra"),
    given={t: REAL},
    id="conjugate",
)
MOMENT = stated(
    Integral(x**2 * density, (x, -oo, oo)), eq(m**2 + s**2, ""), given={m: REAL, s: POSITIVE}
)
PINSKER = stated("TV(p, q)", at_most("sqrt(KL(p, q)/2)", ""), given=PQ)


# --- the edits ------------------------------------------------------------------------------------


def of(
    *steps: Step, first: sp.Expr = x + y, given: Mapping[sp.Symbol, Domain] | None = None
) -> set:
    """(step, mutant evaluated) of a chain."""
    link = chain(first, *steps, given=given or {x: POSITIVE, y: POSITIVE})
    return {(j, evaluated(mutant)) for j, mutant in mutants(link)}


def test_the_edits_are_all_there() -> None:
    found = of(eq(x**2 + 2 * log(y) - 3, ""))
    expected = {
        "a sign": -(x**2) + 2 * log(y) - 3,
        "another sign": x**2 - 2 * log(y) - 3,
        "a doubled term": 2 * x**2 + 2 * log(y) - 3,
        "a halved term": x**2 / 2 + 2 * log(y) - 3,
        "a constant": x**2 + 3 * log(y) - 3,
        "another constant": x**2 + 2 * log(y) - 4,
        "an exponent": x**3 + 2 * log(y) - 3,
        "an inverse": x**-2 + 2 * log(y) - 3,
        "a root for a square": x + 2 * log(y) - 3,
        "a function": x**2 + 2 * exp(y) - 3,
        "symbols exchanged": y**2 + 2 * log(x) - 3,
        "one symbol for another": x**2 + 2 * log(x) - 3,
        "the whole sign": -(x**2) - 2 * log(y) + 3,
        "the whole squared": (x**2 + 2 * log(y) - 3) ** 2,
        "the whole inverted": 1 / (x**2 + 2 * log(y) - 3),
    }
    assert {what for what, edit in expected.items() if (0, edit) not in found} == set()
    assert (0, x**2 + 2 * log(y) - 3) not in found


def test_every_step_is_edited_and_not_only_the_last() -> None:
    found = of(eq(x * y / x + x, ""), at_least(x, ""), above(-x, ""))
    assert {j for j, _ in found} == {0, 1, 2}
    assert {(0, 2 * x + 2 * y), (1, 2 * x), (2, x)} <= found


def test_names_are_edited_as_names() -> None:
    """Arguments exchanged, a relative, a factor: and not inside what the name unfolds to."""
    found = set(edits(KL(p, q)))
    assert {KL(q, p), read("Jeffreys(p, q)"), read("Chi2(p, q)"), sp.Mul(2, KL(p, q))} <= found
    assert read("KL(Normal(t, y), Normal(m, s))") in set(
        edits(read("KL(Normal(m, s), Normal(t, y))"))
    )
    assert sp.Mul(2, TV(p, q)) in set(edits(TV(p, q)))
    assert not any(mutant.has(Total) for mutant in found)


def test_a_symbol_becomes_another_of_its_kind_only() -> None:
    given = {a: REAL, b: REAL, p: Mass(), T: PerAtom(REAL)}
    found = {e for _, e in of(eq(a * Total(p * T) + b, ""), first=a, given=given)}
    assert b * Total(p * T) + b in found and a * Total(T * T) + b in found
    assert not any(a in total.free_symbols for e in found for total in e.atoms(Total))


def test_ranges_and_bound_variables_stay() -> None:
    integral = Integral(2 * x * y, (x, 0, y))
    assert {node.limits for each in edits(integral) for node in each.atoms(Integral)} == {
        integral.limits
    }
    named = read("D(u*log(u), u, p, q)")
    assert all(each.args[1] == u for each in edits(named) if isinstance(each, type(named)))


def test_trees_keep_their_order() -> None:
    """1 - D log(2 u) stays that: only the edited place differs."""
    tree = read("1 - a*log(2*u)")
    assert read("1 - a*log(3*u)") in set(edits(tree))
    assert str(scaled(read("2*x"), -1)) == "-2*x" and scaled(read("2*x"), sp.S.Half) == x
    assert exchanged(read("a - b/a"), a, b) == read("b - a/b")


def test_an_infinite_side_has_no_mutants() -> None:
    assert of(eq(oo, "")) == set()


# --- what becomes of them -------------------------------------------------------------------------


@pytest.mark.parametrize("claim", [CONJUGATE, MOMENT], ids=["conjugate", "moment"])
def test_every_mutant_of_an_equality_is_refuted_or_the_same(claim: Claim) -> None:
    tally = last(claim)
    assert tally.tried >= 20 and tally.undecided == tally.weaker == 0, tally.survivors
    assert tally.refuted >= tally.tried - 3


def test_a_middle_step_is_held_against_both_sides() -> None:
    """x^2 + 1 >= 2x >= 2x - 1 with the middle made 2x - 2: below the first, and below the last."""
    link = chain(x**2 + 1, at_least(2 * x, ""), at_least(2 * x - 1, ""), given={x: REAL})
    court = Court(link)
    assert court.judged(0, 2 * x - 2) == "refuted"
    assert court.judged(0, 2 * x + 1) == "refuted"
    assert court.judged(0, x * 2) == "equivalent"
    assert court.judged(1, 2 * x - 2) == "weaker"


def test_equivalents_are_counted_apart() -> None:
    """|x| with the sign of x flipped is |x|; KL(q, p) serves Pinsker's inequality as KL(p, q) does."""
    tally = last(stated(Abs(x) + 1, eq(sqrt(x**2) + 1, ""), given={x: REAL}))
    assert tally.tried == tally.refuted + tally.equivalent and tally.refuted > 5
    court = Court(PINSKER.chains[0].unfolded)
    assert court.judged(0, unfold(read("sqrt(KL(q, p)/2)"))) == "equivalent"
    court = Court(chain("KL(p, q)", eq("KL(p, q) + 0", ""), given=PQ).unfolded)
    assert court.judged(0, unfold(read("KL(q, p)"))) == "refuted"


def test_weaker_bounds_are_recognised() -> None:
    tally = last(stated("KL(p, q)", at_least(0, ""), given=PQ))
    assert tally.weaker >= 1  # KL >= -1 is as true as KL >= 0
    assert tally.refuted >= 1  # KL >= 1 is not
    tally = last(PINSKER)
    assert tally.weaker >= 5 and tally.refuted >= 10
    assert all("step 1: <=" in name for name in tally.survivors)


def test_a_name_in_the_wrong_place_is_refuted() -> None:
    """KL(Normal, Normal) with its arguments exchanged, in a chain of integrals."""
    left = "log(y/s) + (s**2 + (m - t)**2)/(2*y**2) - 1/2"
    given = {m: REAL, t: REAL, s: POSITIVE, y: POSITIVE}
    claim = stated(left, eq("KL(Normal(m, s), Normal(t, y))", ""), given=given)
    swapped = read("KL(Normal(t, y), Normal(m, s))")
    assert (0, swapped) in mutants(claim.chains[0])
    assert last(claim).undecided == 0


def test_a_mutant_without_a_value_is_refuted() -> None:
    link = chain(log(x * y), eq(log(x) + log(y), ""), given={x: POSITIVE, y: POSITIVE})
    assert Court(link).judged(0, log(-x) + log(-y)) == "refuted"


def test_the_count_grows_and_adds_up() -> None:
    seen = list(tallies(CONJUGATE))
    assert seen[0] == Tally(tried=seen[-1].tried) and len(seen) == seen[-1].tried + 1
    for before, after in itertools.pairwise(seen):
        assert after.undecided == before.undecided - 1 or after.survivors != before.survivors
    counted = seen[-1].as_dict()
    assert list(counted) == ["tried", "refuted", "equivalent", "weaker", "undecided"]
    assert counted["tried"] == sum(counted.values()) - counted["tried"]


def test_an_undecided_mutant_is_named() -> None:
    """No route knows this number, so nothing can be told from it."""
    zeta = sp.zeta(3)
    tally = last(stated(zeta * x, at_least(zeta * x - 1, ""), given={x: REAL}))
    assert tally.undecided == len(tally.survivors) > 0
    assert all(name.startswith("chain 1, step 1: >= ") for name in tally.survivors)


# --- time -----------------------------------------------------------------------------------------


def test_a_question_has_its_time() -> None:
    started = time.monotonic()
    with pytest.raises(OutOfTime), within(0.2):
        while True:
            try:
                time.sleep(0.01)
            except Exception:  # as a simplifier does; the alarm is none of these
                continue
    assert time.monotonic() - started < 2
    with within(0.1):
        pass
    time.sleep(0.2)  # nothing rings afterwards


def test_an_alarm_inside_an_alarm() -> None:
    started = time.monotonic()
    with pytest.raises(OutOfTime), within(0.5):
        with pytest.raises(OutOfTime), within(0.1):
            time.sleep(1)
        time.sleep(2)
    assert time.monotonic() - started < 1.5


def test_sixty_mutants_take_a_second_or_so() -> None:
    started = time.monotonic()
    tally = last(CONJUGATE)
    assert tally.tried >= 50
    assert time.monotonic() - started < 10


def test_mutants_that_take_too_long_leave_the_verdict_alone() -> None:
    from derivations.running.verify import _Work

    work = _Work([CONJUGATE], {"conjugate": CONJUGATE}, True)
    proved = Judgement(Verdict.BOTH, ((StepWords("proved", "points"),) * 2,))
    judged = work.report(0, "more", proved, 0.1, None)
    counted = work.report(0, "more", Tally(9, 3, 1), 0.2, judged)
    cut: Report = work.report(0, "failure", Failure("no answer within 1 s"), 1.2, counted)
    assert cut.verdict is Verdict.BOTH and cut.mutants.undecided == 5


def test_workers_count_mutants() -> None:
    (report,) = verify([MOMENT], mutants=True)
    assert report.mutants == last(MOMENT)
