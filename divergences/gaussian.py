"""Closed forms between Gaussians P = N(mu0, cov0) and Q = N(mu1, cov1): scalar, diagonal, full, in batches.

A mean is a number (one dimension) or an array (*batch, d). Its covariance is a number (the variance of each
coordinate), as many axes as the mean (the variances, (*batch, d)) or one axis more (the matrix, (*batch, d, d)). A
batch of one-dimensional Gaussians has means (batch, 1) and variances (batch, 1). Batches broadcast; results have the
broadcast batch shape and are in nats, except `total_variation`, `squared_hellinger` and `chi2`, which have no unit.

All but the last form are read off P where Q is standard: with cov1 = L L', m = L^-1 (mu0 - mu1) and A = L^-1 (cov0 -
cov1) L^-T, whose eigenvalues e > -1 are 0 where the covariances agree. tr - d - log det then is the sum of
h(e) = e - log(1 + e), which keeps its digits near 0 where the usual form loses all of them.

numpy and torch go in, the same kind comes out, with gradients. Everything here raises ValueError, with the argument's
name, for entries that are not finite, shapes that do not fit, and covariances that are not symmetric or not positive
definite.
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import NamedTuple

import array_api_compat
import numpy as np

from divergences._array import Array, real_parameter
from divergences._gaussian_pair import GaussianPair, gaussian_pair, still, symmetric

__all__ = [
    "bhattacharyya",
    "chi2",
    "jeffreys",
    "kl",
    "renyi",
    "squared_hellinger",
    "total_variation",
    "w2_squared",
]

_NEAR = 0.25  # |e| below which h(e) comes from its series
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)


def kl(mu0: Array, cov0: Array, mu1: Array, cov1: Array) -> Array:
    """KL(P||Q) = (tr(cov1^-1 cov0) - d - log det(cov1^-1 cov0) + m'm) / 2, in nats.

    Source: Kullback, Information Theory and Statistics (1959), chapter 9, eq. (1.2).

    >>> float(kl(0.0, 1.0, 1.0, 1.0))
    0.5
    """
    return _renyi(gaussian_pair(mu0, cov0, mu1, cov1), 1.0)


def jeffreys(mu0: Array, cov0: Array, mu1: Array, cov1: Array) -> Array:
    """J(P, Q) = KL(P||Q) + KL(Q||P), in nats."""
    pair = gaussian_pair(mu0, cov0, mu1, cov1)
    return _renyi(pair, 1.0) + _renyi(pair.swapped(), 1.0)


def renyi(mu0: Array, cov0: Array, mu1: Array, cov1: Array, order: float) -> Array:
    """D_a(P||Q) = a/2 x'S^-1 x + log(det S / (det cov0^(1-a) det cov1^a)) / (2(1-a)), in nats.

    Here x = mu1 - mu0 and S = (1-a) cov0 + a cov1. Infinite where a > 1 and S is not positive definite; KL at a = 1.
    Source: Gil, Alajaji, Linder, Renyi divergence measures for commonly used univariate continuous distributions
    (2013), table 2 and section 4.

    Args:
        order: a, positive and finite; ValueError otherwise.
    """
    order = real_parameter(order, "order", "be a positive finite number")
    if not 0 < order < math.inf:
        raise ValueError(f"`order` must be a positive finite number. Got {order!r}")
    return _renyi(gaussian_pair(mu0, cov0, mu1, cov1), order)


def bhattacharyya(mu0: Array, cov0: Array, mu1: Array, cov1: Array) -> Array:
    """The distance -log int sqrt(p q) = D_1/2(P||Q) / 2, in nats.

    Source: Bhattacharyya, On a measure of divergence between two statistical populations (1943).
    """
    return _renyi(gaussian_pair(mu0, cov0, mu1, cov1), 0.5) / 2


def squared_hellinger(mu0: Array, cov0: Array, mu1: Array, cov1: Array) -> Array:
    """H^2(P, Q) = 1 - int sqrt(p q), from 0 to 1."""
    pair = gaussian_pair(mu0, cov0, mu1, cov1)
    return -pair.xp.expm1(-_renyi(pair, 0.5) / 2)


def chi2(mu0: Array, cov0: Array, mu1: Array, cov1: Array) -> Array:
    """chi^2(P||Q) = int (p - q)^2 / q = exp(D_2(P||Q)) - 1; infinite where 2 cov1 - cov0 is not positive definite."""
    pair = gaussian_pair(mu0, cov0, mu1, cov1)
    with np.errstate(over="ignore"):  # beyond the largest float it is infinite, which is a value
        return pair.xp.expm1(_renyi(pair, 2.0))


def total_variation(mu0: Array, cov0: Array, mu1: Array, cov1: Array) -> Array:
    """TV(P, Q) = int |p - q| / 2, from 0 to 1.

    With equal covariances erf(|m| / sqrt 8); in one dimension also with any variances, from the two points where the
    densities cross. Other pairs have no closed form: ValueError.
    """
    pair = gaussian_pair(mu0, cov0, mu1, cov1)
    xp = pair.xp
    if pair.mu0.shape[-1] == 1:
        return _tv_line(pair)
    if not bool(xp.all(pair.cov0 == pair.cov1)):
        raise ValueError(
            "`cov0` and `cov1` must be equal: total variation has no closed form otherwise, except in one dimension. "
            f"They differ by up to {float(xp.max(xp.abs(still(pair.cov0 - pair.cov1)))):.3g}"
        )
    shift = _relative(pair).shift
    return _special(xp, "erf", _root(xp, xp.sum(shift * shift, axis=-1) / 8))


def w2_squared(mu0: Array, cov0: Array, mu1: Array, cov1: Array) -> Array:
    """W2^2(P, Q) = |mu0 - mu1|^2 + tr(cov0 + cov1 - 2 (L' cov0 L)^(1/2)), cov1 = L L'; the unit is x's, squared.

    The second term is |L^-T X|^2 for X = Y - L'L, Y = (L' cov0 L)^(1/2), where X solves Y X + X L'L = L'(cov0 - cov1)L:
    nothing cancels near equal inputs. In torch it has first derivatives only (I - T, T the optimal map).
    Source: Dowson, Landau, The Frechet distance between multivariate normal distributions (1982), eq. (16).
    """
    pair = gaussian_pair(mu0, cov0, mu1, cov1)
    xp, shift = pair.xp, pair.mu0 - pair.mu1
    between = xp.sum(shift * shift, axis=-1)
    if not pair.full:
        roots = xp.sqrt(pair.cov0) + xp.sqrt(pair.cov1)
        return between + xp.sum(((pair.cov0 - pair.cov1) / roots) ** 2, axis=-1)
    cov0, cov1, lower = still(pair.cov0), still(pair.cov1), still(pair.lower1)
    upper = xp.matrix_transpose(lower)
    y, u = xp.linalg.eigh(symmetric(xp, upper @ cov0 @ lower))  # Y = U sqrt(y) U'
    y = xp.sqrt(xp.clip(y, 0))
    s, v = xp.linalg.eigh(upper @ lower)
    right = xp.matrix_transpose(u) @ (upper @ (cov0 - cov1) @ lower) @ v
    x = u @ (right / (y[..., :, None] + s[..., None, :])) @ xp.matrix_transpose(v)
    value = between + xp.sum(xp.linalg.solve(upper, x) ** 2, axis=(-2, -1))
    if not array_api_compat.is_torch_array(value):
        return value
    # The covariances' derivatives: a term that is 0 and has the slope I - T, for both of the optimal maps T.
    eye = xp.eye(cov0.shape[-1], dtype=cov0.dtype, device=cov0.device)
    left = xp.linalg.solve(upper, u)  # L^-T U
    forth = (left * y[..., None, :]) @ xp.matrix_transpose(left)  # from Q to P
    back = lower @ u
    back = (back / y[..., None, :]) @ xp.matrix_transpose(back)  # from P to Q
    slope = (eye - back) * (pair.cov0 - cov0) + (eye - forth) * (pair.cov1 - cov1)
    return value + xp.sum(slope, axis=(-2, -1))


class _Relative(NamedTuple):
    """P where Q is standard: see the module's docstring."""

    shift: Array  # m, (..., d)
    excess: Array  # A, (..., d, d), or its diagonal
    spectrum: Array  # e, (..., d)
    log_ratio: Array  # log(det cov0 / det cov1), (...)


def _relative(pair: GaussianPair) -> _Relative:
    xp, shift = pair.xp, pair.mu0 - pair.mu1
    if not pair.full:
        excess = (pair.cov0 - pair.cov1) / pair.cov1
        log_ratio = xp.sum(xp.log(pair.cov0) - xp.log(pair.cov1), axis=-1)
        return _Relative(shift / xp.sqrt(pair.cov1), excess, excess, log_ratio)
    half = xp.linalg.solve(pair.lower1, pair.cov0 - pair.cov1)
    excess = symmetric(xp, xp.linalg.solve(pair.lower1, xp.matrix_transpose(half)))
    diagonals = [xp.linalg.diagonal(lower) for lower in (pair.lower0, pair.lower1)]
    log_ratio = 2 * xp.sum(xp.log(diagonals[0]) - xp.log(diagonals[1]), axis=-1)
    shift = xp.linalg.solve(pair.lower1, shift[..., None])[..., 0]
    return _Relative(shift, excess, xp.linalg.eigvalsh(excess), log_ratio)


def _renyi(pair: GaussianPair, order: float) -> Array:
    if order < 0.5:  # skew symmetry: the mirrored order keeps the digits of a small one
        return order / (1 - order) * _renyi(pair.swapped(), 1 - order)
    xp, (m, excess, e, log_ratio) = pair.xp, _relative(pair)
    c = 1 - order
    inside = xp.all(1 + c * e > 0, axis=-1)  # S is positive definite
    e = xp.where(inside[..., None], e, 0.0)
    if c == 0:
        spread = xp.sum(e, axis=-1)
        bent = xp.sum(_h(xp, e), axis=-1)
        squared = xp.sum(m * m, axis=-1)
    else:
        spread = xp.sum(xp.log1p(c * e), axis=-1) / c
        bent = xp.sum(_h(xp, e) - _h(xp, c * e) / c, axis=-1)
        if pair.full:
            excess = xp.where(inside[..., None, None], excess, 0.0)
            eye = xp.eye(m.shape[-1], dtype=m.dtype, device=array_api_compat.device(m))
            squared = xp.sum(m * xp.linalg.solve(eye + c * excess, m[..., None])[..., 0], axis=-1)
        else:
            squared = xp.sum(m * m / (1 + c * e), axis=-1)
    near = xp.all(xp.abs(e) < _NEAR, axis=-1)
    value = (xp.where(near, bent, spread - log_ratio) + order * squared) / 2
    return xp.where(inside, value, math.inf)[()]


def _h(xp: ModuleType, x: Array) -> Array:
    """x - log(1 + x), x > -1. Near 0, with r = x/(2 + x): x r - 2 r^3 (1/3 + r^2/5 + r^4/7 + ...)."""
    near = xp.abs(x) < _NEAR
    small = xp.where(near, x, 0.0)
    r = small / (2 + small)
    series = 0.0 * r
    for k in range(12, 0, -1):
        series = series * r * r + 1 / (2 * k + 1)
    return xp.where(near, small * r - 2 * r**3 * series, x - xp.log1p(xp.where(x > -1, x, 0.0)))


def _tv_line(pair: GaussianPair) -> Array:
    """One dimension. With Q standard, Q the narrower, and P = N(m, 1 + e), the densities cross at the roots of
    e y^2 + 2 m y - (m^2 + (1 + e) log(1 + e)) = 0; TV is the sum of |F_P - F_Q| over them."""
    xp = pair.xp
    v0, v1 = (cov[..., 0, 0] if pair.full else cov[..., 0] for cov in (pair.cov0, pair.cov1))
    narrow = xp.where(v0 < v1, v0, v1)
    m = (pair.mu0 - pair.mu1)[..., 0] / xp.sqrt(narrow)
    e = xp.where(v0 < v1, v1 - v0, v0 - v1) / narrow
    logarithm = xp.log1p(e)
    sign = xp.where(m < 0, -1.0, 1.0)
    q = -(m + sign * xp.sqrt(1 + e) * _root(xp, m * m + e * logarithm))
    apart = q != 0
    q = xp.where(apart, q, 1.0)
    inner = -(m * m + (1 + e) * logarithm) / q
    far = math.sqrt(float(xp.finfo(q.dtype).max))
    outer = xp.clip(q / xp.where(e == 0, 1.0, e), -far, far)
    inner, outer = (_cdf_gap(xp, y, m, e, xp.sqrt(1 + e)) for y in (inner, outer))
    return xp.where(apart, xp.abs(inner) + xp.where(e == 0, 0.0, xp.abs(outer)), 0.0)[()]


def _cdf_gap(xp: ModuleType, y: Array, m: Array, e: Array, scale: Array) -> Array:
    """F_P(y) - F_Q(y) = the standard normal's mass from y to z = (y - m)/scale, whose distance is known exactly."""
    gap = -(m + y * e / (1 + scale)) / scale
    close = xp.abs(gap) < 1
    step = xp.where(close, gap, 0.0)
    mass = 0.0 * step
    for node, weight in zip(_NODES.tolist(), _WEIGHTS.tolist(), strict=True):
        mass = mass + weight * xp.exp(-((y + step * (1 + node) / 2) ** 2) / 2)
    z = (y - m) / scale
    side = xp.where(y + z > 0, 1.0, -1.0)  # on the side where erfc is small
    far = [_special(xp, "erfc", side * at / math.sqrt(2)) for at in (y, z)]
    return xp.where(close, step / 2 * mass / math.sqrt(2 * math.pi), side * (far[0] - far[1]) / 2)


def _root(xp: ModuleType, x: Array) -> Array:
    """sqrt, with slope 0 at 0."""
    return xp.where(x > 0, xp.sqrt(xp.where(x > 0, x, 1.0)), 0.0)


def _special(xp: ModuleType, name: str, x: Array) -> Array:
    """erf or erfc, of torch or of scipy."""
    if array_api_compat.is_torch_array(x):
        import torch

        return getattr(torch.special, name)(x)
    import scipy.special

    return getattr(scipy.special, name)(x)
