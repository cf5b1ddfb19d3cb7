"""Adaptive quadrature of several functions at once over a line cut into segments, with an error for each.

Each panel is done by the Gauss-Legendre rule of 20 points and the Clenshaw-Curtis rule of 15; twice what they
differ by is taken as the error of the first, which is far more than its true error wherever the function is smooth.
The second rule has the panel's ends among its points, with a weight that shows a kink too near an end for the first
to see. An infinite end is reached by x = b + s (e^t - 1), a finite one by x = b + h e^-t, so that tails and
singularities of any power become exponentials in t. What lies beyond the last t is bounded from the slope of the
logarithm there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


def clenshaw_curtis(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes cos(k pi/n) and weights, n even. Source: Trefethen, Spectral methods in Matlab (2000), chapter 12."""
    k, j = np.arange(n + 1), np.arange(1, n // 2 + 1)
    b = np.where(j == n // 2, 1.0, 2.0)
    inner = (b / (4 * j**2 - 1) * np.cos(2 * np.outer(k, j) * np.pi / n)).sum(axis=1)
    weights = np.where((k == 0) | (k == n), 1.0, 2.0) / n * (1 - inner)
    return np.cos(k * np.pi / n), weights


FINE = np.polynomial.legendre.leggauss(20)
COARSE = clenshaw_curtis(14)
NODES = np.concatenate([FINE[0], COARSE[0]])
REACH = 1e150  # the largest |x|: its square is still a float
SMALLEST = 1e-300  # the smallest distance to an end that is not rounded away
ROUNDS = 70
MANY = 8.0  # lengths of a panel per distance to a singular point
PANELS = 20_000
GROWING = (0.0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 14, 20, 30, 45, 70, 100,
           150, 220, 330, 500)  # fmt: skip

Columns = np.ndarray  # (..., number of functions)


@dataclass(frozen=True)
class Segment:
    """x = origin + side y(t), 0 <= t <= top.

    y = offset + t ("line"), offset + scale expm1(t) ("far") or scale e^-t ("end", down to 0, and "log").
    """

    kind: str
    origin: float
    side: int
    scale: float
    top: float
    offset: float = 0.0

    def distance(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """y and dy/dt in size."""
        if self.kind == "line":
            return self.offset + t, np.ones_like(t)
        if self.kind == "far":
            return self.offset + self.scale * np.expm1(t), self.scale * np.exp(t)
        y = self.scale * np.exp(-t)
        return y, y

    @property
    def edges(self) -> list[float]:
        if self.kind == "line":
            return [0.0, self.top]
        return [t for t in GROWING if t < self.top] + [self.top]


@dataclass(frozen=True)
class Totals:
    """Integral, quadrature error and integral of the size, for each function; `settled` when on target."""

    value: Columns
    error: Columns
    settled: bool


Function = Callable[
    [Segment, np.ndarray], Columns
]  # (segment, t) -> (len(t), functions), dy/dt included


def segments(
    breaks: tuple[float, ...],
    lo: float,
    hi: float,
    ends: tuple[float, ...],
    exact: tuple[float, ...],
) -> list[Segment]:
    """[lo, hi] cut at the breaks; `ends` are the points where a density may be singular."""
    inner = sorted({b for b in breaks if lo <= b <= hi} | {e for e in (lo, hi) if math.isfinite(e)})
    if len(inner) == 1:
        inner = [inner[0], inner[0] + 1] if math.isinf(hi) else [inner[0] - 1, inner[0]]
    found: list[Segment] = []
    for a, b in pairwise(inner):
        if a in ends and b in ends:
            found += [_end(a, 1, (b - a) / 2, exact), _end(b, -1, b - (a + (b - a) / 2), exact)]
        elif a in ends:
            found.append(_end(a, 1, b - a, exact))
        elif b in ends:
            found.append(_end(b, -1, b - a, exact))
        else:
            found += _between(a, b, ends, exact)
    spread = inner[-1] - inner[0]
    for end, origin, side in ((lo, inner[0], -1), (hi, inner[-1], 1)):
        if math.isinf(end):
            start, offset = _nearest(origin, side, exact)
            top = math.log(REACH / spread)
            found.append(Segment("far", start, side, spread, top, offset))
    return found


def _nearest(point: float, side: int, exact: tuple[float, ...]) -> tuple[float, float]:
    """An origin on the other side of `point`, and the distance to it: an exact end if there is one."""
    behind = [e for e in exact if (point - e) * side >= 0]
    origin = min(behind, key=lambda e: abs(point - e), default=point)
    return origin, abs(point - origin)


def _between(
    a: float, b: float, ends: tuple[float, ...], exact: tuple[float, ...]
) -> list[Segment]:
    """[a, b] without an end of a density: geometric where it spans many scales of the distance to one."""
    low = max((e for e in ends if e < a), default=-math.inf)
    high = min((e for e in ends if e > b), default=math.inf)
    spans = [(b - a) > MANY * (a - low), (b - a) > MANY * (high - b)]
    if all(spans):
        middle = a + (b - a) / 2
        return [*_between(a, middle, ends, exact), *_between(middle, b, ends, exact)]
    if any(spans):
        origin, side, near = (low, 1, a - low) if spans[0] else (high, -1, high - b)
        far = near + (b - a)
        return [Segment("log", origin, side, far, math.log(far / near))]
    up, from_below = _nearest(a, 1, exact)
    down, from_above = _nearest(b, -1, exact)
    if up in exact and (down not in exact or from_below <= from_above):
        return [Segment("line", up, 1, 1.0, b - a, from_below)]
    if down in exact:
        return [Segment("line", down, -1, 1.0, b - a, from_above)]
    return [Segment("line", a, 1, 1.0, b - a)]


def _end(origin: float, side: int, length: float, exact: tuple[float, ...]) -> Segment:
    nearest = SMALLEST if origin == 0 or origin in exact else 4 * math.ulp(origin)
    top = max(1.0, math.log(length / max(nearest, length * SMALLEST)))
    return Segment("end", origin, side, length, top)


def crossings(
    function: Callable[[Segment, np.ndarray], np.ndarray], where: list[Segment]
) -> list[float]:
    """The points x where `function` (real or infinite) changes its sign between neighbouring points of a grid."""
    found = []
    for s in where:
        t = np.unique(np.concatenate([np.linspace(a, b, 12) for a, b in pairwise(s.edges)]))
        sign = np.sign(function(s, t))
        for i in np.flatnonzero(sign[:-1] * sign[1:] < 0):
            a, b = t[i], t[i + 1]
            for _ in range(60):
                middle = np.array([(a + b) / 2])
                a, b = (
                    (middle[0], b) if np.sign(function(s, middle))[0] == sign[i] else (a, middle[0])
                )
            found.append(s.origin + s.side * float(s.distance(np.array([a]))[0][0]))
    return found


def integrate(
    function: Function,
    where: list[Segment],
    targets: Callable[[Columns], Columns],
    floor: int | None = None,
) -> Totals:
    """Integrals over all segments, refined until each error is within its target.

    Args:
        targets: from the integrals so far, the error allowed to each function (inf: not refined).
        floor: the function whose integral over a panel is the rounding error of the function before it.
    """
    panels = [(i, a, b) for i, s in enumerate(where) for a, b in pairwise(s.edges)]
    index = np.array([p[0] for p in panels])
    left, right = np.array([p[1] for p in panels]), np.array([p[2] for p in panels])
    value, error = _panels(function, where, index, left, right)
    for _ in range(ROUNDS):
        total, allowed = value.sum(axis=0), targets(value.sum(axis=0))
        excess = error.copy()
        if floor is not None:
            excess[:, floor - 1] = np.maximum(excess[:, floor - 1] - value[:, floor], 0.0)
        over = excess.sum(axis=0) > allowed
        split = ((excess > allowed / (2 * len(index))) & over).any(axis=1)
        middle = (left + right) / 2
        split &= (middle > left) & (middle < right)
        if not split.any() or not np.isfinite(total).all():
            return Totals(total, error.sum(axis=0), not over.any())
        if len(index) + split.sum() > PANELS:
            break
        again = np.concatenate([index[split]] * 2)
        starts = np.concatenate([left[split], middle[split]])
        stops = np.concatenate([middle[split], right[split]])
        fresh, fresh_error = _panels(function, where, again, starts, stops)
        keep = ~split
        index = np.concatenate([index[keep], again])
        left, right = np.concatenate([left[keep], starts]), np.concatenate([right[keep], stops])
        value, error = (
            np.concatenate([value[keep], fresh]),
            np.concatenate([error[keep], fresh_error]),
        )
    return Totals(value.sum(axis=0), error.sum(axis=0), False)


def _panels(
    function: Function, where: list[Segment], index: np.ndarray, left: np.ndarray, right: np.ndarray
) -> tuple[Columns, Columns]:
    half = (right - left) / 2
    t = ((left + right) / 2)[:, None] + half[:, None] * NODES  # (panels, nodes)
    samples: np.ndarray | None = None
    for i in np.unique(index):
        mine = index == i
        values = function(where[i], t[mine].ravel()).reshape(*t[mine].shape, -1)
        if samples is None:
            samples = np.empty((*t.shape, values.shape[-1]))
        samples[mine] = values
    assert samples is not None
    n = len(FINE[0])
    with np.errstate(invalid="ignore"):
        fine = np.einsum("pnk,n->pk", samples[:, :n], FINE[1]) * half[:, None]
        coarse = np.einsum("pnk,n->pk", samples[:, n:], COARSE[1]) * half[:, None]
        return fine, 2 * np.abs(fine - coarse)


def beyond(function: Function, segment: Segment, top: float) -> Columns:
    """A bound for each integral beyond t = top: G/r, with r the rate at which the integrand G falls in t.

    The rate must not be falling off between top/2 and top; where it is, or G rises, the bound is inf.
    """
    t = np.array([0.5, 0.75, 1.0]) * top
    G = function(segment, t)
    with np.errstate(all="ignore"):
        rates = -np.diff(np.log(G), axis=0) / (0.25 * top)
    out = np.full(G.shape[1], math.inf)
    for k in range(G.shape[1]):
        first, last = rates[:, k]
        if G[2, k] == 0:
            out[k] = 0.0
        elif last > 0 and last >= 0.8 * first:
            out[k] = 2 * G[2, k] / last
    return out


__all__ = ["Function", "Segment", "Totals", "beyond", "crossings", "integrate", "segments"]
