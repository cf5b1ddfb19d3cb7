"""Whatever describes a distribution on the line, as one thing: log-density, support, where to look, tails.

Understood: frozen `scipy.stats` distributions (continuous and discrete), `torch.distributions` of one dimension
without batch (their parameters are read, torch is not called), `Mixture`, a pair `(function, (lo, hi))` with a
vectorised density (or log-density, under log=True), and a pair `(expression, (lo, hi))` with a sympy expression in
one symbol. Everything else, and every distribution of more than one dimension, raises ValueError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from ._density import Array, Density
from ._families import BY_SCIPY, TORCH, Member, member

QUANTILES = (1e-12, 1e-6, 1e-3, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
KNOWN = (
    "a frozen scipy.stats distribution, a torch distribution of one dimension, a Mixture, or a pair "
    "(function or sympy expression, (lo, hi))"
)


@dataclass(frozen=True)
class Mixture:
    """The mixture sum_i w_i P_i of distributions on the line.

    Args:
        weights: nonnegative and summing to 1 within 1e-8; the exact weights are these over their sum.
        components: as many distributions, each of any kind that `between` takes.

    >>> from scipy import stats
    >>> Mixture([0.33, 0.67], [stats.norm(-1, 0.065**0.5), stats.norm(2, 2**0.5)]).weights
    (0.33, 0.67)
    """

    weights: tuple[float, ...]
    components: tuple[Any, ...]

    def __init__(self, weights: Sequence[float], components: Sequence[Any]) -> None:
        values = tuple(float(w) for w in weights)
        if len(values) != len(components) or not values:
            raise ValueError(
                f"`weights` must be as many as the components, at least one. Got {len(values)} and "
                f"{len(components)}"
            )
        if not all(math.isfinite(w) and w >= 0 for w in values):
            raise ValueError(f"`weights` must be finite and nonnegative. Got {values}")
        if not abs(math.fsum(values) - 1) <= 1e-8:
            raise ValueError(f"`weights` must sum to 1. They sum to {math.fsum(values)!r}")
        object.__setattr__(self, "weights", values)
        object.__setattr__(self, "components", tuple(components))


def as_density(given: Any, who: str, *, log: bool = False, breaks: Sequence[float] = ()) -> Density:
    """`given` as a Density; ValueError names `who`, what was required and what came."""
    if isinstance(given, Density):
        return given
    if isinstance(given, Mixture):
        return _mixture(given, who, log, breaks)
    if hasattr(given, "freeze") and hasattr(given, "numargs") and not given.numargs:
        given = given.freeze()
    if hasattr(given, "dist") and hasattr(given, "args") and hasattr(given, "kwds"):
        return _from_scipy(given, who)
    if type(given).__module__.startswith("torch.distributions"):
        return _from_torch(given, who)
    if isinstance(given, tuple) and len(given) == 2 and not isinstance(given[0], str):
        what, support = given
        lo, hi = _support(support, who)
        if hasattr(what, "free_symbols"):
            return _from_expression(what, lo, hi, who, breaks)
        if callable(what):
            return _from_function(what, lo, hi, who, log, breaks)
    if callable(given) and not hasattr(given, "free_symbols"):
        raise ValueError(f"`{who}` is a function and needs its support: write ({who}, (lo, hi))")
    raise ValueError(f"`{who}` must be {KNOWN}. Got {given!r}")


def _support(support: Any, who: str) -> tuple[float, float]:
    try:
        lo, hi = (float(end) for end in support)
    except (TypeError, ValueError):
        lo = hi = math.nan
    if not lo < hi:
        raise ValueError(f"`{who}` must have a support (lo, hi) with lo < hi. Got {support!r}")
    return lo, hi


def _fraction(value: Any, who: str, name: str) -> Fraction:
    array = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    if array.size != 1 or array.ndim:
        raise ValueError(
            f"`{who}` must be one distribution on the line: its {name} must be a single number. "
            f"Got shape {array.shape}"
        )
    number = float(array)
    if not math.isfinite(number):
        raise ValueError(f"`{who}` must have finite parameters. Got {name} = {number!r}")
    return Fraction(number)


def _from_scipy(given: Any, who: str) -> Density:
    if not hasattr(given.dist, "_parse_args"):
        raise ValueError(
            f"`{who}` must be a distribution on the line. Got {type(given.dist).__name__}"
        )
    shapes, loc, scale = given.dist._parse_args(*given.args, **given.kwds)
    values = [_fraction(x, who, "shape parameter") for x in shapes]
    place, width = _fraction(loc, who, "loc"), _fraction(scale, who, "scale")
    row = BY_SCIPY.get(given.dist.name)
    if row is not None:
        return _of_member(member(row.name, row.from_scipy(tuple(values), place, width), who))
    if math.isnan(float(given.support()[0])):
        raise ValueError(f"`{who}` must have valid parameters. Got {given.args} {given.kwds}")
    return _frozen(given, None)


def _of_member(m: Member) -> Density:
    from scipy import stats

    row = m.row
    arguments = {name: float(value) for name, value in row.to_scipy(m.params).items()}
    return _frozen(getattr(stats, row.scipy_name)(**arguments), m)


def _frozen(frozen: Any, m: Member | None) -> Density:
    lo, hi = (float(end) for end in frozen.support())
    discrete = hasattr(frozen, "pmf")
    marks = [float(frozen.ppf(q)) for q in QUANTILES]
    marks += [float(frozen.isf(q)) for q in reversed(QUANTILES[:4])]
    if m is not None:
        lo, hi = (float(end) for end in m.row.ends(m.params))
        if m.family == "laplace":
            marks.append(float(m.params["m"]))  # a kink
    breaks = tuple(sorted({x for x in (*marks, lo, hi) if math.isfinite(x)}))
    log_pdf = frozen.logpmf if discrete else frozen.logpdf
    if m is not None and m.family == "laplace":
        log_pdf = _laplace(m)  # scipy's is the logarithm of a density that underflows
    near: dict[tuple[float, int], Callable[[Array], Array]] = {}
    if m is not None and not discrete and math.isfinite(lo):
        near = _from_ends(m, lo, hi)

    def log_at(origin: float, side: int, y: Array) -> Array:
        with np.errstate(all="ignore"):
            exact = near.get((origin, side))
            return np.asarray(exact(y) if exact else log_pdf(origin + side * y), dtype=np.float64)

    return Density(
        log_at,
        ((lo, hi),),
        breaks,
        discrete,
        m,
        cdf=frozen.cdf,
        sf=frozen.sf,
        exact_ends=tuple(end for end, _ in near),
        atoms=_atoms(frozen) if discrete else (),
    )


def _laplace(m: Member) -> Callable[[Array], Array]:
    place, scale = float(m.params["m"]), float(m.params["b"])
    return lambda x: -np.abs(x - place) / scale - math.log(2 * scale)


def _atoms(frozen: Any) -> tuple[float, ...]:
    if not hasattr(frozen.dist, "xk"):
        return ()
    _, loc, _ = frozen.dist._parse_args(*frozen.args, **frozen.kwds)
    return tuple((np.asarray(frozen.dist.xk, dtype=np.float64) + float(loc)).tolist())


def _from_ends(m: Member, lo: float, hi: float) -> dict[tuple[float, int], Any]:
    """The log-density as a function of the distance to a finite end, which is not rounded."""
    from scipy import stats

    arguments = {name: float(value) for name, value in m.row.to_scipy(m.params).items()}
    at_zero = {**arguments, "loc": 0.0}
    near = {(lo, 1): getattr(stats, m.row.scipy_name)(**at_zero).logpdf}
    if math.isfinite(hi):
        if m.family == "beta":
            at_zero["a"], at_zero["b"] = at_zero["b"], at_zero["a"]
        near[hi, -1] = getattr(stats, m.row.scipy_name)(**at_zero).logpdf
    return near


def _from_torch(given: Any, who: str) -> Density:
    kind = type(given).__name__
    if tuple(given.batch_shape) not in ((), (1,)) or math.prod(given.event_shape) != 1:
        raise ValueError(
            f"`{who}` must be one distribution on the line. Got {kind} with batch shape "
            f"{tuple(given.batch_shape)} and event shape {tuple(given.event_shape)}"
        )
    while kind == "Independent":
        given = given.base_dist
        kind = type(given).__name__
    if kind == "MixtureSameFamily":
        probabilities = given.mixture_distribution.probs.detach().double().reshape(-1)
        part = given.component_distribution
        while type(part).__name__ == "Independent":
            part = part.base_dist
        pieces = [
            _of_member(_torch_member(part, who, i)) for i in range(math.prod(part.batch_shape))
        ]
        return _mixture(Mixture((probabilities / probabilities.sum()).tolist(), pieces), who)
    return _of_member(_torch_member(given, who))


def _torch_member(given: Any, who: str, index: int = 0) -> Member:
    kind = type(given).__name__
    if kind not in TORCH:
        raise ValueError(
            f"`{who}` must be one of torch's {', '.join(TORCH)}, MixtureSameFamily or Independent. "
            f"Got {kind}"
        )
    family, read = TORCH[kind]

    def parameter(name: str) -> Fraction:
        return _fraction(getattr(given, name).reshape(-1)[index], who, name)

    return member(family, read(parameter), who)


def _from_function(
    function: Callable[[Array], Any], lo: float, hi: float, who: str, log: bool, breaks: Any
) -> Density:
    def log_at(origin: float, side: int, y: Array) -> Array:
        x = origin + side * y
        with np.errstate(all="ignore"):
            value = np.asarray(function(x), dtype=np.float64)
            if value.shape not in ((), x.shape):
                raise ValueError(
                    f"`{who}` must map an array of points to as many values. Got shape {value.shape} "
                    f"for {x.shape}"
                )
            value = np.broadcast_to(value, x.shape)
            inside = (x > lo) & (x < hi)
            wrong = inside & (np.isnan(value) | (np.isposinf(value) if log else value < 0))
            if wrong.any():
                at = float(x[wrong][0])
                raise ValueError(
                    f"`{who}` must be a {'log-' if log else ''}density: at x = {at!r} it is "
                    f"{float(value[wrong][0])!r}"
                )
            return np.where(inside, value if log else np.log(value), -math.inf)

    marks = _marks(lo, hi, breaks, who)
    focus = tuple(float(x) for x in breaks if lo < float(x) < hi)
    return Density(log_at, ((lo, hi),), marks, focus=focus)


def _marks(lo: float, hi: float, breaks: Any, who: str) -> tuple[float, ...]:
    marks = {float(x) for x in breaks if lo < float(x) < hi}
    if any(math.isnan(float(x)) for x in breaks):
        raise ValueError(f"`breaks` must be numbers. Got {breaks!r}")
    if math.isinf(lo) and math.isinf(hi):
        marks |= {-1.0, 0.0, 1.0}
    elif math.isinf(lo) or math.isinf(hi):
        marks |= {lo, lo + 1.0} if math.isinf(hi) else {hi, hi - 1.0}
    else:
        marks |= {lo, lo + (hi - lo) / 2, hi}
    return tuple(sorted(marks))


def _from_expression(expr: Any, lo: float, hi: float, who: str, breaks: Any) -> Density:
    import sympy as sp

    from ._evaluate import evaluate

    if len(expr.free_symbols) > 1:
        names = ", ".join(sorted(map(str, expr.free_symbols)))
        raise ValueError(f"`{who}` must be an expression in one symbol. Got {names}")
    symbol = next(iter(expr.free_symbols), sp.Symbol("x"))
    x = sp.Symbol("x", real=True)
    exact = expr.replace(lambda e: e.is_Float, lambda e: sp.Rational(str(e))).subs(symbol, x)
    logarithm = sp.expand_log(sp.log(exact), force=True)

    def function(points: Array) -> Array:
        value = evaluate(exact, {x: points}, np)
        shown = np.log(value) if logarithm.has(sp.I) else evaluate(logarithm, {x: points}, np)
        shown = np.where(np.isnan(shown), np.log(value), shown)  # log x^2 was taken apart
        return np.where(np.asarray(value) < 0, math.nan, np.broadcast_to(shown, points.shape))

    made = _from_function(function, lo, hi, who, True, breaks)
    return replace(made, expression=exact, symbol=x)


def _mixture(given: Mixture, who: str, log: bool = False, breaks: Sequence[float] = ()) -> Density:
    weights = [Fraction(w) for w in given.weights]
    parts = tuple(
        (w / sum(weights), as_density(c, f"{who}, component {i}", log=log, breaks=breaks))
        for i, (w, c) in enumerate(zip(weights, given.components, strict=True))
        if w > 0
    )
    if len({d.discrete for _, d in parts}) > 1:
        raise ValueError(f"`{who}` must not mix discrete and continuous distributions")
    logs = [math.log(w) for w, _ in parts]

    def log_at(origin: float, side: int, y: Array) -> Array:
        terms = [w + d.log_at(origin, side, y) for w, (_, d) in zip(logs, parts, strict=True)]
        return np.asarray(np.logaddexp.reduce(terms, axis=0))

    def summed(name: str) -> Callable[[Array], Array] | None:
        functions = [getattr(d, name) for _, d in parts]
        if any(f is None for f in functions):
            return None
        return lambda x: sum(float(w) * f(x) for (w, _), f in zip(parts, functions, strict=True))

    return Density(
        log_at,
        _union([piece for _, d in parts for piece in d.pieces]),
        tuple(sorted({b for _, d in parts for b in d.breaks})),
        parts[0][1].discrete,
        parts=parts,
        cdf=summed("cdf"),
        sf=summed("sf"),
        exact_ends=tuple({end for _, d in parts for end in d.exact_ends}),
        focus=tuple({x for _, d in parts for x in (*d.focus, d.lo, d.hi) if math.isfinite(x)}),
        atoms=tuple(sorted({x for _, d in parts for x in d.atoms})),
    )


def _union(pieces: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    joined: list[tuple[float, float]] = []
    for lo, hi in sorted(pieces):
        if joined and lo <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(hi, joined[-1][1]))
        else:
            joined.append((lo, hi))
    return tuple(joined)


__all__ = ["Density", "Mixture", "as_density"]
