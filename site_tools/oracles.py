"""How many claims rest on which oracle, by verdict: counted from the claims and the run's verdicts.

A claim is counted where the thing occurs in one of its steps that the route closed; that the route
could have done without it is not asked, so that each number is the most that rest on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import sympy as sp

from derivations.claim import AtEnd, ByClaim, Claim, Step, TakenOnTrust
from derivations.language import Supremum

from .verdicts import Verdict

Test = Callable[[Step, sp.Expr, sp.Expr], bool]  # of a step, its left and right side unfolded


def _either(*kinds: type) -> Test:
    return lambda _, left, right: left.has(*kinds) or right.has(*kinds)


def _computed(step: Step, left: sp.Expr, right: sp.Expr) -> bool:
    del left, right
    return not isinstance(step.by, ByClaim | TakenOnTrust)


def _limit(step: Step, left: sp.Expr, right: sp.Expr) -> bool:
    return isinstance(step.by, AtEnd) or left.has(sp.Limit) or right.has(sp.Limit)


# (what is trusted, the route whose words count, those words, which steps)
ORACLES: tuple[tuple[str, str, tuple[str, ...], Test], ...] = (
    ("sympy's simplification, with the rules of this project", "symbolic", ("proved",), _computed),
    ("an integral in a step closed symbolically", "symbolic", ("proved",), _either(sp.Integral)),
    ("a limit in a step closed symbolically", "symbolic", ("proved",), _limit),
    ("a supremum in a step closed symbolically", "symbolic", ("proved",), _either(Supremum)),
    ("a step that rests on another claim", "symbolic", ("proved",),
     lambda step, *_: isinstance(step.by, ByClaim)),
    ("ball arithmetic over boxes", "enclosure", ("boxes",), lambda *_: True),
    ("ball arithmetic at points", "enclosure", ("points",), lambda *_: True),
)  # fmt: skip
SHOWN = ("both", "proved", "supported")  # verdicts that something rests on


def counts(
    claims: Mapping[str, Claim], verdicts: Mapping[str, Verdict]
) -> Iterator[tuple[str, dict[str, int]]]:
    """(what is trusted, how many claims of each verdict rest on it)."""
    for name, *which in ORACLES:
        yield name, _by_verdict(claims, verdicts, partial(_uses, which))


def boxes_alone(claims: Mapping[str, Claim], verdicts: Mapping[str, Verdict]) -> dict[str, int]:
    """Claims with a step whose only proof is over boxes."""

    def alone(claim: Claim, verdict: Verdict) -> bool:
        return any(
            verdict.words(i, j) == ("not shown", "boxes")
            for i, link in enumerate(claim.chains, 1)
            for j in range(1, len(link.steps) + 1)
        )

    return _by_verdict(claims, verdicts, alone)


def lemma(
    name: str, claims: Mapping[str, Claim], verdicts: Mapping[str, Verdict]
) -> dict[str, int]:
    return _by_verdict(claims, verdicts, lambda claim, _: name in claim.rests_on)


def _uses(which: Sequence[Any], claim: Claim, verdict: Verdict) -> bool:
    route, words, test = which
    for i, link in enumerate(claim.chains, 1):
        sides = link.unfolded.expressions()
        for j, step in enumerate(link.steps, 1):
            symbolic, enclosure = verdict.words(i, j)
            said = symbolic if route == "symbolic" else enclosure
            if said in words and test(step, sides[j - 1], sides[j]):
                return True
    return False


def _by_verdict(
    claims: Mapping[str, Claim],
    verdicts: Mapping[str, Verdict],
    holds: Callable[[Claim, Verdict], bool],
) -> dict[str, int]:
    found = dict.fromkeys(SHOWN, 0)
    for name, claim in claims.items():
        verdict = verdicts[name]
        if verdict.verdict in found and holds(claim, verdict):
            found[verdict.verdict] += 1
    return found
