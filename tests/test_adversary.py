"""The adversary itself, with engines that are known to be at fault; then a slice against the real one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import mpmath as mp
import pytest
import sympy as sp
from adversary import FALSE, FAMILIES, MEANINGLESS, TRUTHS, Statement, statement, statements, truth
from adversary.hunt import BATCH, Counts, hunted, judged, table
from adversary.statement import Truth, Unfit, sample, witness
from adversary.truth import NoValue, OutOfReach, contradicted, value

from derivations.claim import Claim, Verdict
from derivations.language import POSITIVE, UNIT, Mass, Total
from derivations.running.judge import Judgement, StepWords

SLICE = 13 * len(FAMILIES)
p, q, x, y = sp.symbols("p q x y")


def accepting(claim: Claim, cited: Mapping[str, Claim]) -> Judgement:
    """A faulty engine: everything is proved."""
    return Judgement(Verdict.PROVED)


def refuting(claim: Claim, cited: Mapping[str, Claim]) -> Judgement:
    return Judgement(Verdict.REFUTED)


# --- the independent evaluation -------------------------------------------------------------------


def at(**numbers: float) -> dict[sp.Symbol, mp.mpf]:
    return {sp.Symbol(name): mp.mpf(number) for name, number in numbers.items()}


@pytest.mark.parametrize(
    ("expr", "point", "expected"),
    [
        (sp.sqrt(x) + sp.Abs(x - 5), at(x=4), 3),
        (sp.Piecewise((1, x < 0), (2, x < 1), (3, True)), at(x=0.5), 2),
        (sp.Max(x, y) - sp.Min(x, y), at(x=2, y=-1), 3),
        (Total(p * sp.log(p / q)), {p: (mp.mpf(1) / 2,) * 2, q: (mp.mpf(1) / 2,) * 2}, 0),
        (sp.loggamma(x), at(x=5), mp.log(24)),
        (x ** sp.Rational(3, 2), at(x=4), 8),
    ],
)
def test_values(expr: sp.Expr, point: dict[sp.Symbol, mp.mpf], expected: float) -> None:
    assert abs(value(expr, point) - expected) < 1e-12


@pytest.mark.parametrize(
    ("expr", "point"),
    [
        (sp.log(x), at(x=0)), (sp.sqrt(x), at(x=-1)), (1 / x, at(x=0)), (x**y, at(x=-1, y=0.5)),
        (sp.Piecewise((1, x < 0)), at(x=1)), (sp.loggamma(x), at(x=-0.5)),
        (sp.Add(sp.oo, sp.Mul(-1, sp.oo, evaluate=False), evaluate=False), {}),
        (sp.zeta(x), at(x=3)), (Total(x), at(x=3)),
    ],
)  # fmt: skip
def test_what_has_no_real_value(expr: sp.Expr, point: dict[sp.Symbol, mp.mpf]) -> None:
    with pytest.raises(NoValue):
        value(expr, point)


def test_what_is_too_large_is_no_witness() -> None:
    with pytest.raises(OutOfReach):
        value(sp.exp(sp.exp(x)), at(x=40))


def test_a_contradiction_is_more_than_rounding() -> None:
    third = sp.Rational(1, 3)
    assert not contradicted(sp.sqrt(x) ** 2 * third, "=", x * third, at(x=2))
    assert contradicted(x, "=", x + sp.Rational(1, 10**30), at(x=2))
    assert contradicted(x, ">", x, at(x=2)) and not contradicted(x, ">=", x, at(x=2))
    assert contradicted(sp.oo, "=", x, at(x=2)) and not contradicted(sp.oo, ">=", x, at(x=2))


def test_points_lie_in_the_hypotheses() -> None:
    rng = random.Random(0)
    for _ in range(200):
        point = sample({x: POSITIVE, y: UNIT, p: Mass()}, (x > y,), rng)
        assert point[x] > point[y] and 0 < point[y] < 1
        assert abs(sum(point[p]) - 1) < 1e-12 and min(point[p]) > 0


# --- the statements -------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_false_statements_are_false_and_of_many_kinds(family: str) -> None:
    """Each carries a contradiction in its own hypotheses, or is without a meaning by construction."""
    drawn = [statement(family, f"drawn/{i}") for i in range(25)]
    for each in drawn:
        assert each.kind in (FALSE, MEANINGLESS) and each.family == family
        if each.kind == FALSE:
            assert each.plain is not None and each.witness is not None
            assert contradicted(*each.plain, each.witness)
    assert len({each.source() for each in drawn}) > 15
    assert statement(family, "drawn/3").source() == drawn[3].source()


@pytest.mark.parametrize("family", TRUTHS)
def test_true_statements_are_contradicted_nowhere(family: str) -> None:
    rng = random.Random(1)
    for i in range(25):
        said = truth(family, f"drawn/{i}")
        (link,) = said.claim.chains
        assert said.plain is not None
        left, relation, right = said.plain
        if right.has(sp.Integral):
            continue  # two integrals: the test below looks at both
        whole = Truth(left, relation, right, link.given, link.hypotheses)
        with pytest.raises(Unfit, match="no witness"):
            witness(whole, rng)


@pytest.mark.parametrize("family", ["integrals", "limits", "derivatives", "suprema"])
def test_plain_sides_are_what_they_stand_for(family: str) -> None:
    """Quadrature, golden sections, nearby points and differences against the plain functions."""
    rng = random.Random(2)
    compared = 0
    for i in range(30):
        said = truth(family, f"plain/{i}")
        (link,) = said.claim.chains
        assert said.plain is not None
        point = sample(link.given, link.hypotheses, rng)
        if any(not 0.05 < abs(number) < 20 for number in point.values()):
            continue
        try:
            with mp.workdps(30):
                whole = value(link.first, point, slow=True)
                stated = value(said.plain[0], point)
        except OutOfReach:
            continue
        assert abs(whole - stated) < 2e-3 * max(1, abs(stated)), said.source()
        compared += 1
    assert compared >= 8


# --- the hunt -------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_an_engine_that_accepts_everything_is_caught(family: str) -> None:
    drawn = [(i, statement(family, f"fault/{i}")) for i in range(3)]
    counts = hunted(iter(drawn), accepting)
    caught = sum(counts.tally[family][kind] for kind in ("proved", "supported", "both"))
    assert caught == len(counts.accepted) == 3
    assert all(
        str(number) in line for (number, _), line in zip(drawn, counts.accepted, strict=True)
    )
    assert hunted(iter(drawn), refuting).accepted == []


def test_an_engine_that_raises_or_hangs_accepts_nothing_and_is_named() -> None:
    def raising(claim: Claim, cited: Mapping[str, Claim]) -> Judgement:
        raise ValueError("planted")

    def hanging(claim: Claim, cited: Mapping[str, Claim]) -> Judgement:
        while True:
            pass

    drawn = [(0, statement("algebra", "0"))]
    counts = hunted(iter(drawn), raising)
    assert counts.tally["algebra"]["raised"] == 1 and "planted" in counts.raised[0]
    counts = hunted(iter(drawn), hanging, limit=0.2)
    assert counts.tally["algebra"]["out of time"] == 1


def test_a_citation_counts_only_when_it_is_proved() -> None:
    """The engine is asked about the cited claim too."""

    def citing(claim: Claim, cited: Mapping[str, Claim]) -> Judgement:
        if claim.id == "cited":
            return Judgement(Verdict.REFUTED)
        return Judgement(Verdict.PROVED, ((StepWords("proved"),),))

    said = next(
        s
        for i in range(50)
        if len((s := statement("citations", str(i))).claim.chains[0].steps) == 1
    )
    assert judged(said, citing).verdict is Verdict.UNDECIDED


def test_a_run_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from adversary import hunt as room

    batches: list[tuple[int, int]] = []

    def run(task: object, payload: object, order: object, *_: object) -> object:
        for i in order:  # type: ignore[attr-defined]
            _seed, start, stop, _limit, _blind = payload(i)  # type: ignore[operator]
            batches.append((start, stop))
            yield i, "last", {"tally": {"f": {"refuted": stop - start}}, "accepted": [],
                              "raised": []}, 0.0  # fmt: skip

    monkeypatch.setattr(room, "run", run)
    journal = tmp_path / "journal"
    room.hunt(1, 2 * BATCH, 1, journal)
    counts = room.hunt(1, 3 * BATCH + 5, 1, journal)
    assert batches == [(0, BATCH), (BATCH, 2 * BATCH), (2 * BATCH, 3 * BATCH),
                       (3 * BATCH, 3 * BATCH + 5)]  # fmt: skip
    assert counts.tally["f"]["refuted"] == 3 * BATCH + 5
    assert "155" in table(counts)
    assert room.hunt(2, BATCH, 1, journal).tally["f"]["refuted"] == BATCH  # another seed's list


def test_a_slice_of_false_statements_is_not_accepted() -> None:
    counts: Counts = hunted(statements(7, 0, SLICE))
    assert counts.accepted == [] and counts.raised == []
    assert sum(tally["refuted"] for tally in counts.tally.values()) > 100


def test_statements_can_be_told_apart_by_their_numbers() -> None:
    numbers = [number for number, _ in statements(3, 10, 14)]
    first = next(iter(statements(3, 12, 13)))[1]
    again = next(each for number, each in statements(3, 10, 14) if number == 12)
    assert numbers == [10, 11, 12, 13] and first.source() == again.source()
    assert isinstance(replace(first, why="other"), Statement)
