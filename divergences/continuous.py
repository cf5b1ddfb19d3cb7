"""D_f between distributions on the line: closed forms where there are any, else quadrature with an error bound.

`between(P, Q, f)` follows D_f(P||Q) = E_Q f(p/q) + f'(oo) P(q = 0), with f(0) on Q's mass where p = 0. Infinity is a
value: it comes from the supports, or from the exact tails of known families. Where the tails are not known, an
integral that does not visibly converge is refused (`NotDecided`); it never becomes a finite number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy as sp

from ._discrete_sum import divergence_of_masses
from ._families import Tail, integrable
from ._line_integral import NotDecided, divergence_by_quadrature, wasserstein1_by_quadrature
from ._log_ratio import LogRatio
from ._rigorous import enclosed
from .closed_forms import closed_form as closed_form_of
from .densities import Density, as_density
from .fdivergence import FDivergence
from .generators import exact_number

ALIASES = {"js": "jensen_shannon", "chi2": "pearson", "neyman_chi2": "neyman"}
WASSERSTEIN = ("wasserstein1", "w1")


@dataclass(frozen=True)
class Between:
    """A divergence between two distributions: |value - truth| <= error.

    `method` is "closed form" (error: half a unit in the last place), "quadrature" (or, for discrete distributions,
    "sum"), "enclosure" (a proven ball), or for an infinite value what shows it: "supports" or "tails". `source` names
    the closed form's.
    """

    value: float
    error: float
    method: str
    source: str | None = None

    def __float__(self) -> float:
        return self.value


def between(
    P: Any,
    Q: Any,
    f: str | FDivergence | sp.Expr = "kl",
    *,
    rigorous: bool = False,
    closed_form: bool = True,
    log: bool = False,
    breaks: Sequence[float] = (),
    rtol: float = 1e-12,
) -> Between:
    """D_f(P||Q) = int q f(p/q) dx + f'(oo) P(q = 0), P the data, in nats, with a bound on its error.

    Args:
        P, Q: frozen scipy.stats distributions, torch distributions (one dimension, no batch), `Mixture`s, pairs
            (function, (lo, hi)) of a vectorised density and its support, or pairs (sympy expression, (lo, hi)).
            Both continuous or both discrete.
        f: a name of the catalogue ("kl", "alpha(0.5)", ...), an expression in u, an FDivergence, "renyi(a)", or
            "wasserstein1" (W1 = int |F - G| dx, in the unit of x).
        rigorous: a proven ball by interval arithmetic, of densities that are exact expressions; the parameters are
            the exact rational values of the floats.
        closed_form: False integrates even where a closed form is known.
        log: functions return log-densities, which do not underflow in the tails.
        breaks: points where a function's density has peaks or kinks; a peak that is missed is refused, because the
            mass is then not 1.
        rtol: the relative error that the quadrature aims at. `.error` is what it reached: the difference of two
            Gauss rules on every panel, the rounding of the log-densities, the departure of both masses from 1, and
            a bound on what lies beyond the last panel. It assumes what the quadrature can see: log-densities that
            are right to a few units in the last place, and functions without peaks narrower than their panels.

    Raises:
        ValueError: an argument of another kind, more than one dimension, parameters that are not finite, a density
            that is negative or does not integrate to 1 (which, and by how much).
        NotDecided: (a ValueError) whether the integral is finite, or its value, was not decided.
        NotEnclosable: (a ValueError) rigorous=True, and no enclosure was found.

    >>> from scipy import stats
    >>> between(stats.norm(0, 1), stats.norm(1, 1), "kl").value
    0.5
    >>> between(stats.norm(0, 2), stats.norm(0, 1), "pearson").value
    inf
    """
    if not 0 < rtol < 1:
        raise ValueError(f"`rtol` must lie between 0 and 1. Got {rtol!r}")
    p = as_density(P, "P", log=log, breaks=breaks)
    q = as_density(Q, "Q", log=log, breaks=breaks)
    if p.discrete != q.discrete:
        kinds = ["discrete" if d.discrete else "continuous" for d in (p, q)]
        raise ValueError(f"`P` and `Q` must both have densities, or both masses. Got {kinds}")
    if isinstance(f, str) and f.strip() in WASSERSTEIN:
        if p.discrete or rigorous:
            raise ValueError("W1 is there for continuous distributions, by quadrature only")
        return Between(*wasserstein1_by_quadrature(p, q, rtol), "quadrature")
    if isinstance(f, str) and (match := re.fullmatch(r"\s*renyi\((.*)\)\s*", f)):
        return _renyi(p, q, match[1], rigorous, closed_form, rtol)
    return _f_divergence(p, q, _generator(f), rigorous, closed_form, rtol)


def _generator(f: str | FDivergence | sp.Expr) -> FDivergence:
    if isinstance(f, FDivergence):
        return f
    if isinstance(f, str):
        return FDivergence(ALIASES.get(f.strip(), f))
    if isinstance(f, sp.Expr):
        return FDivergence(f)
    raise ValueError(f"`f` must be a name, an expression in u or an FDivergence. Got {f!r}")


def _f_divergence(
    p: Density, q: Density, f: FDivergence, rigorous: bool, closed_form: bool, rtol: float
) -> Between:
    ratio = LogRatio(f)
    if p.member is not None and p.member == q.member:
        return Between(ratio.at_one, 0.0, "closed form")
    if closed_form and not rigorous and p.member is not None and q.member is not None:
        name, order = _catalogued(f)
        found = closed_form_of(p.member, q.member, name, order) if name else None
        if found is not None:
            return Between(found[0], found[1], "closed form", found[2])
    if p.discrete:
        if rigorous:
            raise ValueError("rigorous=True is there for densities, not for masses")
        value, error = divergence_of_masses(p, q, ratio)
        return Between(value, error, "supports" if math.isinf(value) else "sum")
    charged = (p, q, ratio.slope), (q, p, ratio.at_zero)
    if any(rate == math.inf and escapes(a, b) for a, b, rate in charged):
        _require_densities(p, q)
        return Between(math.inf, 0.0, "supports")
    converges = _converges(p, q, ratio)
    if converges is False:
        _require_densities(p, q)
        return Between(math.inf, 0.0, "tails")
    if rigorous:
        return Between(*enclosed(p, q, f), "enclosure")
    return Between(*divergence_by_quadrature(p, q, ratio, rtol, converges is True), "quadrature")


def _catalogued(f: FDivergence) -> tuple[str | None, Fraction | None]:
    """The catalogue's name of f and the value of its parameter."""
    if f.row is None:
        return None, None
    values = [value for _, value in f.row.values]
    if not values:
        return f.row.name, None
    if not sp.sympify(values[0]).is_Rational:
        return None, None
    return f.row.name, Fraction(int(values[0].p), int(values[0].q))


def _renyi(
    p: Density, q: Density, text: str, rigorous: bool, closed_form: bool, rtol: float
) -> Between:
    """D_a = log(1 + a(a-1) A)/(a-1), with A the alpha divergence; KL at a = 1."""
    number = exact_number(text)
    if number is None or not number.is_Rational or not number > 0:
        raise ValueError(f"`f` = renyi(a) must have a positive rational order a. Got {text!r}")
    a = Fraction(int(number.p), int(number.q))
    if a == 1:
        return _f_divergence(p, q, _generator("kl"), rigorous, closed_form, rtol)
    if closed_form and not rigorous and p.member is not None and q.member is not None:
        found = closed_form_of(p.member, q.member, "renyi", a)
        if found is not None and p.member != q.member:
            return Between(found[0], found[1], "closed form", found[2])
    base = _f_divergence(p, q, _generator(f"alpha({number})"), rigorous, closed_form, rtol)
    if math.isinf(base.value):
        return base
    if not any(x < d and c < y for x, y in p.pieces for c, d in q.pieces):
        return Between(math.inf, 0.0, "supports")
    scale = float(a * (a - 1))
    low, high = (scale * (base.value + s * base.error) for s in (-1, 1))
    if min(low, high) <= -1:
        raise NotDecided("the Renyi divergence is too large to be read off its power integral")
    ends = [math.log1p(x) / float(a - 1) for x in (low, high, scale * base.value)]
    error = max(abs(ends[0] - ends[2]), abs(ends[1] - ends[2])) + 4 * math.ulp(ends[2])
    return replace(base, value=ends[2], error=error)


def escapes(p: Density, q: Density) -> bool:
    """Whether P has mass outside the intervals on which q lives."""
    for lo, hi in p.pieces:
        at = lo
        for a, b in q.pieces:
            if a <= at < b:
                at = b
        if at < hi:
            return True
    return False


def _require_densities(p: Density, q: Density) -> None:
    """An infinite answer, too, is only given for densities: functions are integrated first."""
    if p.member is None or q.member is None:
        divergence_by_quadrature(p, q, None, 1e-9, True)


def _converges(p: Density, q: Density, ratio: LogRatio) -> bool | None:
    """Whether the integral converges at every end of the supports; None where a tail is not known."""
    if ratio.bounded:
        return True
    laws = []
    for growth in (ratio.above, ratio.below):
        laws.append(None if growth.kappa is None or growth.m is None else (growth.kappa, growth.m))
    answers: list[bool | None] = []
    for side in (1, -1):
        ends = {piece[0 if side > 0 else 1] for d in (p, q) for piece in d.pieces}
        for end in ends:
            on = [_is_on(d, end, side) for d in (p, q)]
            if all(on):
                tails = [_tail(d, end, side) for d in (p, q)]
                if tails[0] is None or tails[1] is None:
                    answers.append(None)
                    continue
                infinite = math.isinf(end)
                answers.append(integrable(tails[0], tails[1], laws[0], laws[1], infinite))
    if False in answers:
        return False
    return None if None in answers else True


def _is_on(d: Density, end: float, side: int) -> bool:
    """Whether d has mass next to `end`, above it (side 1) or below it."""
    if side > 0:
        return any(lo <= end < hi for lo, hi in d.pieces)
    return any(lo < end <= hi for lo, hi in d.pieces)


def _tail(d: Density, end: float, side: int) -> Tail | None:
    known = d.tail(end, side)
    if known is None and d.member is not None and d.lo < end < d.hi:
        return Tail({}, Fraction(0))  # inside, where the families are positive and bounded
    if known is not None and d.lo < end < d.hi and d.member is not None:
        return Tail({}, Fraction(0))
    return known


__all__ = ["Between", "NotDecided", "between", "escapes"]
