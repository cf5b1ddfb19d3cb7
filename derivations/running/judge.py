"""One claim, both routes, one verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..enclosed import check as enclosed
from ..symbolic import rules as symbolic
from ..words.claim import Claim, Counterexample, Verdict


@dataclass(frozen=True)
class Judgement:
    """What the two routes say, and why a route that says nothing does not."""

    verdict: Verdict
    symbolic: str  # "proved" or "undecided"
    enclosure: str  # "enclosed", "refuted" or "undecided"
    points: int = 0
    gaps: tuple[str, ...] = field(default=())
    counterexample: Counterexample | None = None


def judge(claim: Claim, claims: Mapping[str, Claim] | None = None) -> Judgement:
    """Both routes over `claim`; `claims` is the ledger that its steps may cite.

    A certified counterexample settles the verdict, and sympy is then only asked about statements
    that are expected to be false: if it claimed a proof of one, the gaps would say so.
    """
    evidence = enclosed.check(claim)
    if evidence.counterexample is not None and claim.expected is not Verdict.REFUTED:
        gaps = ["symbolic: not asked, a counterexample is known"]
    else:
        gaps = symbolic.check(claim, claims)
    proved = not gaps
    if evidence.counterexample is not None:
        if proved:
            gaps = ["symbolic: sympy closed every step of a refuted statement"]
        return Judgement(
            Verdict.REFUTED,
            "proved" if proved else "undecided",
            "refuted",
            evidence.points,
            tuple(gaps),
            evidence.counterexample,
        )
    supported = not evidence.gaps
    verdict = {
        (True, True): Verdict.BOTH,
        (True, False): Verdict.PROVED,
        (False, True): Verdict.ENCLOSED,
        (False, False): Verdict.UNDECIDED,
    }[proved, supported]
    return Judgement(
        verdict,
        "proved" if proved else "undecided",
        "enclosed" if supported else "undecided",
        evidence.points,
        (*(f"symbolic: {gap}" for gap in gaps), *(f"enclosure: {gap}" for gap in evidence.gaps)),
    )
