"""Divergences between two distributions on countably many points, by summing their terms."""

from __future__ import annotations

import math

import numpy as np

from ._line_integral import NotDecided, _mass_off, rounding
from ._log_ratio import EPS, LogRatio
from .densities import Density

LARGEST = 2_000_000  # points
NEGLIGIBLE = 1e-18


def divergence_of_masses(p: Density, q: Density, ratio: LogRatio) -> tuple[float, float]:
    """f(1) + sum of q R(p/q): (value, error); infinite where a term is, by the supports."""
    width = 64.0
    while True:
        points = np.unique(np.concatenate([_points(d, width) for d in (p, q)]))
        open_ends = math.isinf(min(p.lo, q.lo)), math.isinf(max(p.hi, q.hi))
        log_p, log_q = (d.log_at(0.0, 1, points) for d in (p, q))
        for mine, other, d, rate in (
            (log_p, log_q, q, ratio.slope),
            (log_q, log_p, p, ratio.at_zero),
        ):
            lost = np.isneginf(other) & ~np.isneginf(mine)
            if rate == math.inf and lost.any():
                if all(d.lo <= x <= d.hi for x in points[lost]) and not d.atoms:
                    raise NotDecided("a mass underflows to 0: the divergence may be infinite")
                return math.inf, 0.0
        terms = ratio(log_p, log_q)
        if not np.isfinite(terms).all():
            raise NotDecided("the divergence is beyond the largest float, or infinite")
        columns = [np.exp(log_p), np.exp(log_q), terms]
        with np.errstate(all="ignore"):
            bounds = [sum(_rest(c, end) for end in (0, 1) if open_ends[end]) for c in columns]
        if all(b <= max(NEGLIGIBLE, EPS * c.sum()) for b, c in zip(bounds, columns, strict=True)):
            break
        if len(points) > LARGEST:
            raise NotDecided("the sum does not visibly converge: the divergence may be infinite")
        width *= 4
    off = [
        _mass_off(who, math.fsum(c), b + EPS)
        for who, c, b in zip("PQ", columns, bounds, strict=False)
    ]
    value = math.fsum(terms)
    deltas = [EPS * (np.where(np.isfinite(x), np.abs(x), 0.0) + 16.0) for x in (log_p, log_q)]
    moved, slope = rounding(ratio, log_p, log_q, terms, deltas)
    error = float(bounds[2]) + math.fsum(moved) + 4 * EPS * (value + abs(ratio.at_one))
    return ratio.at_one + value, error + math.fsum(slope) * sum(off)


def _points(d: Density, width: float) -> np.ndarray:
    if d.atoms:
        return np.array(d.atoms)
    lo = d.lo if math.isfinite(d.lo) else math.floor(min(d.breaks) - width)
    hi = d.hi if math.isfinite(d.hi) else max(d.breaks) + width
    if hi - lo > 4 * LARGEST:
        raise NotDecided(f"the support [{lo}, {hi}] has too many points to be summed")
    return lo + np.arange(int(hi - lo) + 1)


def _rest(terms: np.ndarray, end: int) -> float:
    """A bound for the terms beyond one end, from the ratio of the last ones."""
    a, b, c = terms[[2, 1, 0]] if end == 0 else terms[[-3, -2, -1]]
    if c == 0:
        return 0.0
    first, last = b / a, c / b
    return 2 * c * last / (1 - last) if last < 0.99 and last <= first * 1.001 else math.inf


__all__ = ["divergence_of_masses"]
