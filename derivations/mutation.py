"""Single-edit mutants; filled in below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .claim import Claim


@dataclass(frozen=True)
class Tally:
    """How many mutants there are, and what became of them so far; the rest are undecided."""

    tried: int = 0
    refuted: int = 0
    equivalent: int = 0
    survivors: tuple[str, ...] = ()

    @property
    def undecided(self) -> int:
        return self.tried - self.refuted - self.equivalent

    def as_dict(self) -> dict[str, int]:
        return {
            "tried": self.tried,
            "refuted": self.refuted,
            "equivalent": self.equivalent,
            "undecided": self.undecided,
        }


def tallies(claim: Claim) -> Iterator[Tally]:
    yield Tally()
