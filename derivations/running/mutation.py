"""Every single edit of every step's right side: each is told from the truth, or is the truth.

The edits are in `edits.py`, how each is judged in `court.py`; here they are counted, as it goes.

    refuted      at some point of the hypotheses the balls contradict it, or it has no real value
    equivalent   it is the same number: after sympy's evaluation, or shown by the symbolic route
    weaker       in an inequality: shown to follow from the step that it was made of
    undecided    none of these; named
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sympy as sp

from ..words.claim import Claim
from ..words.word import unfold
from .court import Court
from .edits import mutants


@dataclass(frozen=True)
class Tally:
    """How many mutants there are, and what became of them so far; the rest are undecided."""

    tried: int = 0
    refuted: int = 0
    equivalent: int = 0
    weaker: int = 0
    survivors: tuple[str, ...] = ()

    @property
    def undecided(self) -> int:
        return self.tried - self.refuted - self.equivalent - self.weaker

    def as_dict(self) -> dict[str, int]:
        return {
            "tried": self.tried,
            "refuted": self.refuted,
            "equivalent": self.equivalent,
            "weaker": self.weaker,
            "undecided": self.undecided,
        }


def tallies(claim: Claim) -> Iterator[Tally]:
    """The count as it grows: first the number of mutants, then again after each of them."""
    families = [(number, link, mutants(link)) for number, link in enumerate(claim.chains, 1)]
    tally = Tally(tried=sum(len(each) for _, _, each in families))
    yield tally
    for number, link, family in families:
        court = Court(link.unfolded)
        for j, mutant in family:
            tally = _counted(tally, court, number, j, mutant)
            yield tally


def _counted(tally: Tally, court: Court, number: int, j: int, mutant: sp.Expr) -> Tally:
    try:
        tree = unfold(mutant)
    except (ValueError, TypeError):  # arguments exchanged that are not of a kind: no formula
        return replace(tally, refuted=tally.refuted + 1)
    what = court.judged(j, tree)
    if what == "undecided":
        name = f"chain {number}, step {j + 1}: {court.relation(0, j + 1)} {mutant}"
        return replace(tally, survivors=(*tally.survivors, name))
    return replace(tally, **{what: getattr(tally, what) + 1})
