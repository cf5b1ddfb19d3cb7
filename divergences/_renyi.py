"""The Renyi divergence: a logarithm of a sum, near 0 by log1p of the alpha-divergence, far from it by log-sum-exp."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np

from divergences import _kernels
from divergences._array import Array, widen
from divergences._kernels import choose
from divergences._named import NATIVE
from divergences._sum import Sums, finish, sum_terms

__all__ = ["renyi_divergence"]


def renyi_divergence(p: Array, q: Array, order: float, axis: int, normalize: bool) -> Array:
    """R_a for an order a in [0, inf]; see `divergences.renyi`."""
    if order == 1:
        kl = NATIVE["kl"]
        sums = sum_terms(kl.terms, p, q, axis, normalize, kl.quick)
        return finish(sums, sums.value)
    with np.errstate(all="ignore"):
        if order == 0:
            sums = sum_terms(_q_off_p, p, q, axis, normalize)
            return finish(sums, _minus_log_rest(sums))
        if order == math.inf:
            sums = sum_terms(_kernels.total_variation, p, q, axis, normalize)  # for its validation
            return finish(sums, _log_largest_ratio(sums))
        sums = sum_terms(_kernels.alpha(order), p, q, axis, normalize)
        return finish(sums, _from_alpha(sums, order))


def _q_off_p(xp: ModuleType, p: Array, q: Array) -> Array:
    return xp.where(p == 0, q, xp.zeros_like(q))


def _minus_log_rest(sums: Sums) -> Array:
    """-log(1 - z/sum q), z the mass of q where p = 0"""
    xp, p, q = sums.pair.xp, *_wide_arrays(sums)
    off = sums.value / sums.q_sum
    on = xp.sum(xp.where(p > 0, q + 0 * p, xp.zeros_like(q + p)), axis=-1) / sums.q_sum
    return choose(
        xp, off < 0.5, lambda off, on: -xp.log1p(-off), lambda off, on: -xp.log(on), off, on
    )


def _log_largest_ratio(sums: Sums) -> Array:
    """max(0, log max p/q)"""
    xp, p, q = sums.pair.xp, *_wide_arrays(sums)
    scale = _kernels.lift(xp, p, q)
    p, q = p * scale, q * scale

    def edge(p: Array, q: Array) -> Array:
        size = xp.full_like(p, math.inf)
        return xp.where(p == 0, -size, size)

    logs = choose(xp, xp.minimum(p, q) == 0, edge, lambda p, q: _kernels.log_ratio(xp, p, q), p, q)
    largest = xp.max(logs, axis=-1)
    return xp.where(largest > 0, largest, xp.zeros_like(largest))


def _from_alpha(sums: Sums, a: float) -> Array:
    """log(1 + x) / (a - 1), x = a (a-1) D_a, in units of the tangent's mass for a < 1."""
    xp = sums.pair.xp
    x = a * ((a - 1) * sums.value)
    mass = a * sums.p_sum + (1 - a) * sums.q_sum if a < 1 else xp.ones_like(x)
    x = x / mass
    close = (x >= -0.5) & (x <= 1)
    near = xp.log1p(xp.where(close, x, xp.zeros_like(x))) / (a - 1)
    near = xp.where(xp.abs(x) < 1e-20, a * (sums.value / mass), near)  # x itself may underflow
    if bool(xp.all(close)):
        return near
    p, q = (array + 0 * other for array, other in _pairwise(_wide_arrays(sums)))
    open_ = ~close[..., None]
    log_sum = _log_power_sum(
        xp,
        xp.where(open_, p, xp.ones_like(p)),
        xp.where(open_, q, xp.ones_like(q)),
        a,
    )
    log_sum = log_sum - xp.log(mass)
    if a > 1:  # sum p^a q^(1-a) + 1 - (a sum p + (1-a) sum q)
        rest = 1 - (a * sums.p_sum + (1 - a) * sums.q_sum)
        log_sum = log_sum + xp.log1p(rest * xp.exp(-log_sum))
    return xp.where(close, near, log_sum / (a - 1))


def _log_power_sum(xp: ModuleType, p: Array, q: Array, a: float) -> Array:
    """log sum p^a q^(1-a)"""

    def edge(p: Array, q: Array, scale: Array) -> Array:
        at_q_0 = xp.full_like(p, -math.inf if a < 1 else math.inf)
        return xp.where(p == 0, xp.full_like(p, -math.inf), at_q_0)

    scale = _kernels.lift(xp, p, q)

    def inner(p: Array, q: Array, scale: Array) -> Array:
        return xp.log(p) - xp.log(scale) + (a - 1) * _kernels.log_ratio(xp, p, q)

    exponents = choose(xp, xp.minimum(p, q) == 0, edge, inner, p * scale, q * scale, scale)
    top = xp.max(exponents, axis=-1, keepdims=True)
    finite = xp.isfinite(top)
    shift = xp.where(finite, top, xp.zeros_like(top))
    total = xp.sum(xp.exp(xp.where(finite, exponents - shift, xp.zeros_like(exponents))), axis=-1)
    return xp.where(finite[..., 0], xp.log(total) + shift[..., 0], top[..., 0])


def _wide_arrays(sums: Sums) -> tuple[Array, Array]:
    return widen(sums.pair.xp, sums.pair.p), widen(sums.pair.xp, sums.pair.q)


def _pairwise(arrays: tuple[Array, Array]) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    p, q = arrays
    return (p, q), (q, p)
