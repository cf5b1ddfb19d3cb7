"""A distribution on the line as the quadrature sees it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ._families import Member, Tail

Array = np.ndarray
LogAt = Callable[[float, int, Array], Array]  # (origin, side, y) -> log p(origin + side y)


@dataclass(frozen=True)
class Density:
    """One distribution on the line; `pieces` are the intervals (or, discrete, the ranges) where it has mass."""

    log_at: LogAt
    pieces: tuple[tuple[float, float], ...]
    breaks: tuple[float, ...]
    discrete: bool = False
    member: Member | None = None
    expression: Any = None  # a sympy expression in the symbol below, exact
    symbol: Any = None
    parts: tuple[tuple[Fraction, Density], ...] = ()
    cdf: Callable[[Array], Array] | None = None
    sf: Callable[[Array], Array] | None = None
    exact_ends: tuple[float, ...] = ()  # ends next to which y is not rounded away
    focus: tuple[float, ...] = ()  # points that may be peaks of any width
    atoms: tuple[float, ...] = ()  # of a discrete distribution on a list of points

    @property
    def lo(self) -> float:
        return min(a for a, _ in self.pieces)

    @property
    def hi(self) -> float:
        return max(b for _, b in self.pieces)

    def tail(self, end: float, side: int) -> Tail | None:
        """How log p goes at `end`, from inside (side = 1: at a lower end); None where not known."""
        if self.parts:
            ends = [d for _, d in self.parts if _has_end(d, end, side)]
            tails = [d.tail(end, side) for d in ends]
            if not tails or any(t is None for t in tails):
                return None
            if not math.isinf(end) and len(ends) < len(self.parts):
                covering = [d for _, d in self.parts if d.lo < end < d.hi]
                tails += [Tail({}, Fraction(0))] * bool(covering)
            best = tails[0]
            for t in tails[1:]:
                assert t is not None and best is not None
                best = t if t.minus(best).sign(math.isinf(end)) > 0 else best
            return best
        if self.member is None or self.discrete:
            return None
        return self.member.row.tails(self.member.params)[0 if side > 0 else 1]


def _has_end(d: Density, end: float, side: int) -> bool:
    return end == (d.lo if side > 0 else d.hi)


__all__ = ["Array", "Density", "LogAt"]
