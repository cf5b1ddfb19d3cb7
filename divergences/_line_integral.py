"""Divergences between two densities on the line by quadrature, with everything that may be wrong added up."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ._evaluate import constant
from ._log_ratio import EPS, LogRatio
from ._quadrature import Columns, Segment, beyond, crossings, integrate, segments
from .densities import Density

MASS_TOLERANCE = 1e-8  # on the integral of a density, beyond the quadrature's own error
MASS_ERROR = 1e-6  # the largest error at which a density counts as integrated
MASS_TARGET = 1e-13
ULPS = 16.0  # of rounding in a log-density besides its own size


class NotDecided(ValueError):
    """Whether the divergence is finite, or what it is, was not decided; never a number instead."""


def divergence_by_quadrature(
    p: Density, q: Density, ratio: LogRatio | None, rtol: float, converges: bool
) -> tuple[float, float]:
    """(value, error). Without `ratio` only the masses are checked.

    Five functions are integrated together: p, q, K = q R(p/q), the rounding error of K, and how much K moves for a
    relative change of p or q.
    """

    def function(segment: Segment, t: np.ndarray) -> Columns:
        y, dy = segment.distance(t)
        with np.errstate(all="ignore"):
            log_p = p.log_at(segment.origin, segment.side, y)
            log_q = q.log_at(segment.origin, segment.side, y)
            log_dy = np.log(dy)
            deltas = [
                EPS * (_size(x) + np.abs(log_dy) + ULPS) + _slip(d, segment, y, x)
                for d, x in ((p, log_p), (q, log_q))
            ]
            log_p, log_q = log_p + log_dy, log_q + log_dy
            out = np.zeros((len(t), 5))
            out[:, 0], out[:, 1] = np.exp(log_p), np.exp(log_q)
            if ratio is None:
                return out
            K = ratio(log_p, log_q)
            out[:, 2] = K
            out[:, 3], out[:, 4] = rounding(ratio, log_p, log_q, K, deltas)
        return out

    def targets(total: Columns) -> Columns:
        K = abs(float(total[2]))
        return np.array([MASS_TARGET, MASS_TARGET, max(rtol * K, 1e-300), math.inf, math.inf])

    where = _segments(p, q, _kinks(p, q, ratio))
    totals = integrate(function, where, targets, floor=3)
    rest = np.zeros(5)
    for segment in where:
        if segment.kind in ("end", "far"):
            rest += beyond(function, segment, segment.top)
    off = [_mass_off(who, totals.value[i], totals.error[i] + rest[i]) for i, who in enumerate("PQ")]
    if ratio is None:
        return math.nan, math.nan
    value, bound = float(totals.value[2]), float(rest[2])
    if ratio.bounded:
        bound = min(bound, ratio.slope * float(rest[0]) + ratio.at_zero * float(rest[1]))
    if not math.isfinite(value + bound + float(totals.value[3]) + float(totals.value[4])):
        raise NotDecided(
            "the divergence is finite, but too large or too slowly convergent for quadrature"
            if converges
            else "the integral does not visibly converge: the divergence may be infinite. Densities that "
            "underflow in their tails are better given as log-densities, with log=True"
        )
    error = float(totals.error[2]) + bound + float(totals.value[3])
    error += float(totals.value[4]) * sum(off) + 32 * EPS * (abs(value) + abs(ratio.at_one))
    return ratio.at_one + value, error


def _size(log_density: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(log_density), np.abs(log_density), 0.0)


def _slip(d: Density, segment: Segment, y: np.ndarray, log_density: np.ndarray) -> np.ndarray:
    """How much log p moves when the point is rounded."""
    near = 0.0 if segment.origin in d.exact_ends else abs(segment.origin)
    step = 2 * EPS * np.maximum(np.abs(y), near)
    moved = d.log_at(segment.origin, segment.side, y + step) - log_density
    return np.where(np.isfinite(moved), np.abs(moved), 0.0)


def rounding(
    ratio: LogRatio, log_p: np.ndarray, log_q: np.ndarray, K: np.ndarray, deltas: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """How far K moves when log p and log q move by their deltas; and that per unit of delta."""
    moved, slope = np.zeros_like(K), np.zeros_like(K)
    known = np.isfinite(K)
    for delta, (a, b) in zip(deltas, ((1.0, 0.0), (0.0, 1.0)), strict=True):
        ends = [ratio(log_p + s * a * delta, log_q + s * b * delta) for s in (1.0, -1.0)]
        far = np.maximum(*(np.where(known, np.abs(end - K), 0.0) for end in ends))
        moved, slope = moved + far, slope + far / delta
    return moved + np.where(known, K, 0.0) * 4 * EPS, slope + np.where(known, K, 0.0)


def _kinks(p: Density, q: Density, ratio: LogRatio | None) -> tuple[float, ...]:
    """Where p/q crosses a kink of f."""
    found: list[float] = []
    for kink in ratio.f.kinks if ratio is not None else ():
        level = math.log(constant(kink))

        def above(segment: Segment, t: np.ndarray, level: float = level) -> np.ndarray:
            y, _ = segment.distance(t)
            with np.errstate(all="ignore"):
                log_p = p.log_at(segment.origin, segment.side, y)
                gap = log_p - q.log_at(segment.origin, segment.side, y) - level
            return np.nan_to_num(gap, nan=0.0)

        found += crossings(above, _segments(p, q))
    return tuple(found)


def _segments(p: Density, q: Density, more: tuple[float, ...] = ()) -> list[Segment]:
    """The line cut at both densities' breaks and ends; each tail as far as both log-densities are floats."""
    ends = tuple(
        {e for d in (p, q) for piece in (*d.pieces, d.focus) for e in piece if math.isfinite(e)}
    )
    breaks = tuple({*p.breaks, *q.breaks, *ends, *more})
    exact = tuple({*p.exact_ends, *q.exact_ends})
    found = segments(breaks, min(p.lo, q.lo), max(p.hi, q.hi), ends, exact)
    return [_shortened(s, [p, q]) if s.kind in ("end", "far") else s for s in found]


def _shortened(segment: Segment, densities: list[Density]) -> Segment:
    t = np.unique([*segment.edges, *np.linspace(0.0, segment.top, 400)])
    y, _ = segment.distance(t)
    inside = segment.origin + segment.side * float(y[len(y) // 2])
    good = np.ones(len(t), dtype=bool)
    for d in densities:
        if any(lo < inside < hi for lo, hi in d.pieces):
            good &= np.isfinite(d.log_at(segment.origin, segment.side, y))
    last = int(np.flatnonzero(good)[-1]) if good.any() else 1
    return replace(segment, top=float(t[max(last, 1)]))


def _mass_off(who: str, mass: float, bound: float) -> float:
    """|mass - 1|; ValueError where that, or the bound on it, is too large."""
    if not math.isfinite(mass) or not math.isfinite(bound) or bound > MASS_ERROR:
        raise ValueError(
            f"`{who}` must integrate to 1; its integral could not be found: {float(mass)!r} with error up to "
            f"{bound:.3g}. Give `breaks` where its peaks or kinks are, or log=True with a log-density"
        )
    mass = float(mass)
    off = abs(mass - 1)
    if off > bound + MASS_TOLERANCE:
        raise ValueError(
            f"`{who}` must integrate to 1: it integrates to {mass!r}, off by {mass - 1:.3g} (known to {bound:.1g}). "
            "A narrow peak may have been missed: name its place in `breaks`"
        )
    return float(off)


def wasserstein1_by_quadrature(p: Density, q: Density, rtol: float) -> tuple[float, float]:
    """W1 = int |F - G| dx; (value, error), in the unit of x."""
    for who, d in (("P", p), ("Q", q)):
        if d.cdf is None or d.sf is None:
            raise ValueError(
                f"`{who}` must have a distribution function for W1: a scipy or torch one"
            )

    def function(segment: Segment, t: np.ndarray) -> Columns:
        y, dy = segment.distance(t)
        x = segment.origin + segment.side * y
        with np.errstate(all="ignore"):
            below = [np.asarray(d.cdf(x)) for d in (p, q) if d.cdf is not None]
            above = [np.asarray(d.sf(x)) for d in (p, q) if d.sf is not None]
        low = below[0] + below[1] < above[0] + above[1]
        gap = np.where(low, np.abs(below[0] - below[1]), np.abs(above[0] - above[1]))
        size = np.where(low, below[0] + below[1], above[0] + above[1])
        return np.stack([gap * dy, ULPS * EPS * size * dy], axis=-1)

    def targets(total: Columns) -> Columns:
        return np.array([max(rtol * abs(float(total[0])), 1e-300), math.inf])

    where = _segments(p, q)
    totals = integrate(function, where, targets, floor=1)
    bound = sum((float(beyond(function, s, s.top)[0]) for s in where if s.kind == "far"), start=0.0)
    value, error = float(totals.value[0]), float(totals.error[0])
    if not math.isfinite(value + error + bound):
        raise NotDecided("the integral of |F - G| does not visibly converge: W1 may be infinite")
    return value, error + bound + float(totals.value[1]) + 32 * EPS * value


__all__ = ["NotDecided", "divergence_by_quadrature", "wasserstein1_by_quadrature"]
