r"""Wasserstein distances between samples on the line, by sorting: W_p, in batches, and the sliced W1.

On the line the optimal plan is monotone, so that with F, G the distribution functions

    W_p^p = int_0^1 |F^-1(t) - G^-1(t)|^p dt,        W_1 = int |F(z) - G(z)| dz,

the quantile form and the CDF form. The CDF form serves weighted W1, the quantile form everything else: equally many
samples without weights pair off in sorted order; unequal numbers n, m meet at the levels i/n and j/m, in integers;
weighted ones at the merged cumulative weights.

Positions enter by differences alone, so that a large common offset costs no digits. The unit is that of the samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from divergences import _array
from divergences._array import Array, real_parameter
from divergences._blocks import thread_count
from divergences._gaussian_pair import still
from divergences._samples import Arrays, checked_weights, common, require_finite

__all__ = ["SlicedWasserstein", "sliced_wasserstein1", "wasserstein1"]

_PARALLEL = 1 << 17  # samples from which a second thread pays for itself
_BLOCK = 1 << 15  # entries of a piece of the CDF integral: its temporaries stay in cache
_PIECE = 1 << 18  # entries gathered at a time
_PACKED = 1 << 12  # points from which packing them into integers pays for itself
_COARSE, _FINE = 2.0**62, 2.0**40  # weights in fixed point: their sums are exact, in any order


def wasserstein1(
    x: Array,
    y: Array,
    x_weights: Array | None = None,
    y_weights: Array | None = None,
    *,
    p: float = 1,
    axis: int = -1,
    normalize: bool = False,
) -> Array:
    r"""The Wasserstein distance W_p = (int_0^1 |F^-1 - G^-1|^p dt)^(1/p) of samples on the line; in [0, inf).

    W_1 unless `p` is given. Exactly 0 for the same samples. Gradients (torch) flow to positions and weights; where the
    distance has a kink they are one of its one-sided derivatives, and 0 for p = 1 where the two samples agree. As the
    weights are divided by their sum, their gradients are those of the quotient: they have mean 0 under the weights.

    Args:
        x: Samples of P, shape (..., n), n on `axis`. Integers are taken as float64.
        y: Samples of Q, shape (..., m); the other axes broadcast against those of `x`.
        x_weights: Probabilities of `x`: (n,), or a shape that broadcasts against that of `x`. Equal ones by default.
        y_weights: Likewise of `y`.
        p: The order, in [1, inf]. At inf, the largest |F^-1 - G^-1| over levels t, pieces narrower than (n + m) eps
            left out where there are weights: so much do rounded cumulative weights differ.
        axis: The axis of the samples, counted in the broadcast shape.
        normalize: Divide the weights by their sums. Without it they must sum to 1 within 1e-8 (8 eps for shorter
            floats); what they lack of 1 within that is divided out all the same, as a plan moves equal masses.

    Returns:
        The distances, shape (...), in the unit, kind and dtype of the samples.

    Raises:
        ValueError: Empty samples; entries that are nan or infinite; weights that are negative, all zero, of another
            length, or do not sum to 1; p < 1; shapes that do not broadcast; arrays of two kinds.

    Source:
        Vallender, Calculation of the Wasserstein distance between probability distributions on the line, 1974;
        Santambrogio, Optimal Transport for Applied Mathematicians, 2015, Propositions 2.17 and 2.18.

    Example:
        >>> float(wasserstein1([0.0, 1.0, 3.0], [5.0, 6.0, 8.0]))
        5.0
        >>> float(wasserstein1([0.0, 1.0], [0.0, 1.0], [0.5, 0.5], [0.25, 0.75], p=2))
        0.5
    """
    order = real_parameter(p, "p", "lie in [1, inf]")
    if order < 1:
        raise ValueError(f"`p` must lie in [1, inf]. Got {p!r}")
    line = _prepare(common(x=x, y=y, x_weights=x_weights, y_weights=y_weights), axis, normalize)
    xp = line.xp
    if line.u is None or line.v is None:
        value = _uniform(line, order)
    elif order == 1 and xp is np:
        value = _weighted_numpy(line)
    else:
        value = _weighted(line, order)
    if xp is np:
        return np.asarray(value).astype(line.dtype, copy=False)[()]
    return xp.astype(value, line.dtype)


@dataclass(frozen=True)
class SlicedWasserstein:
    """A mean over random directions, and the standard error of that mean (0 in one dimension)."""

    value: Array
    standard_error: Array
    projections: int


def sliced_wasserstein1(
    x: Array,
    y: Array,
    x_weights: Array | None = None,
    y_weights: Array | None = None,
    *,
    projections: int = 128,
    seed: int | np.random.Generator = 0,
    normalize: bool = False,
) -> SlicedWasserstein:
    r"""The sliced distance SW_1 = E_theta W_1(<theta, x>, <theta, y>), theta uniform on the sphere, by Monte Carlo.

    SW_1 <= W_1 for each direction. The standard error is that of the directions only, s / sqrt(projections) with s
    their sample deviation: the samples are taken as they are.

    Args:
        x: Samples of P, shape (n, d).
        y: Samples of Q, shape (m, d).
        x_weights, y_weights, normalize: As for `wasserstein1`, shapes (n,) and (m,).
        projections: How many directions, at least 2.
        seed: What numpy.random.default_rng takes; the same seed gives the same directions.

    Returns:
        `.value` and `.standard_error`, in the unit, kind and dtype of the samples; gradients flow through `.value`.

    Raises:
        ValueError: As for `wasserstein1`; samples that are not (n, d) and (m, d); projections < 2.

    Source:
        Bonneel, Rabin, Peyre, Pfister, Sliced and Radon Wasserstein barycenters of measures, 2015, Definition 5,
        with p = 1.
    """
    if isinstance(projections, bool) or not isinstance(projections, int) or projections < 2:
        raise ValueError(f"`projections` must be an integer of at least 2. Got {projections!r}")
    arrays = common(x=x, y=y, x_weights=x_weights, y_weights=y_weights)
    xp = arrays.xp
    x, y, x_weights, y_weights = arrays.values
    for name, a in (("x", x), ("y", y)):
        if a.ndim != 2 or 0 in tuple(a.shape):
            raise ValueError(
                f"`{name}` must have the shape (samples, dimensions), neither 0. Got {tuple(a.shape)}"
            )
        require_finite(xp, still(a), name)
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"`x` and `y` must have equal dimensions. Got {x.shape[1]} and {y.shape[1]}"
        )
    theta = np.random.default_rng(seed).normal(size=(projections, x.shape[1]))
    theta /= np.linalg.norm(theta, axis=1, keepdims=True)
    if xp is not np:
        theta = xp.asarray(theta, dtype=x.dtype, device=_array.array_api_compat.device(x))
    origin = still(x[:1])  # a common offset would cost digits in the products
    each = wasserstein1(  # (projections,)
        theta @ (x - origin).T, theta @ (y - origin).T, x_weights, y_weights, normalize=normalize
    )
    value = xp.mean(each)
    spread = still(each - value)
    error = xp.sqrt(xp.sum(spread * spread) / (projections - 1) / projections)
    if xp is np:
        return SlicedWasserstein(
            value.astype(arrays.dtype), error.astype(arrays.dtype), projections
        )
    return SlicedWasserstein(
        xp.astype(value, arrays.dtype), xp.astype(error, arrays.dtype), projections
    )


class _Line(NamedTuple):
    """Validated samples on the last axis. Weights are both there, or both None."""

    xp: ModuleType
    x: Array  # (*batch_x, n)
    y: Array  # (*batch_y, m)
    u: Array  # weights of x: (n,), or broadcasting against x; None for equal ones
    v: Array
    batch: tuple[int, ...]
    dtype: Any


def _prepare(arrays: Arrays, axis: int, normalize: bool) -> _Line:
    xp = arrays.xp
    x, y, u, v = arrays.values
    for name, a in (("x", x), ("y", y)):
        if a.ndim == 0:
            raise ValueError(f"`{name}` must be an array of samples. Got a single number")
    ndim = max(x.ndim, y.ndim)
    if (
        isinstance(axis, bool)
        or not isinstance(axis, (int, np.integer))
        or not -ndim <= axis < ndim
    ):
        raise ValueError(
            f"`axis` must be an integer in [{-ndim}, {ndim}) for shapes {tuple(x.shape)} and {tuple(y.shape)}. "
            f"Got {axis!r}"
        )
    axis = int(axis) if axis < 0 else int(axis) - ndim
    for name, a in (("x", x), ("y", y)):
        if a.ndim < -axis or a.shape[axis] == 0:
            raise ValueError(
                f"`{name}` must have at least one sample on axis {axis}. Got shape {tuple(a.shape)}"
            )
        require_finite(xp, still(a), name)
    u = _place(xp, u, x, "x", axis, arrays.epsilon, normalize)
    v = _place(xp, v, y, "y", axis, arrays.epsilon, normalize)
    x, y = xp.moveaxis(x, axis, -1), xp.moveaxis(y, axis, -1)
    if (u is None) != (v is None):
        if u is None:
            u = xp.full_like(x, 1.0 / x.shape[-1])
        else:
            v = xp.full_like(y, 1.0 / y.shape[-1])
    try:
        batch = np.broadcast_shapes(tuple(x.shape[:-1]), tuple(y.shape[:-1]))
    except ValueError:
        raise ValueError(
            f"`x` and `y` must broadcast outside the axis of the samples. Got {tuple(x.shape[:-1])} and "
            f"{tuple(y.shape[:-1])}"
        ) from None
    return _Line(xp, x, y, u, v, batch, arrays.dtype)


def _place(
    xp: ModuleType,
    weights: Array | None,
    at: Array,
    of: str,
    axis: int,
    epsilon: float,
    normalize: bool,
) -> Array | None:
    """The weights of the samples `at` with their axis last, checked."""
    if weights is None:
        return None
    name = f"{of}_weights"
    shape, n = tuple(weights.shape), at.shape[axis]
    fits = shape == (n,) or shape == tuple(at.shape)
    if not fits:
        try:
            fits = shape[axis] == n and np.broadcast_shapes(shape, tuple(at.shape)) == tuple(
                at.shape
            )
        except (ValueError, IndexError):
            fits = False
    if not fits:
        raise ValueError(
            f"`{name}` must have the shape ({n},) or that of `{of}`, {tuple(at.shape)}. Got {shape}"
        )
    if len(shape) > 1:
        weights = xp.moveaxis(weights, axis, -1)
    plain = checked_weights(xp, still(weights), name, epsilon, normalize)
    return plain if xp is np else weights / xp.sum(weights, axis=-1, keepdims=True)


def _uniform(line: _Line, p: float) -> Array:
    """The quantile form without weights."""
    xp = line.xp
    x, y = _both_sorted(xp, line.x, line.y)
    n, m = x.shape[-1], y.shape[-1]
    if n == m:
        if xp is np and x.shape == y.shape:  # both are copies
            return _mean_power(xp, np.abs(np.subtract(x, y, out=x), out=x), None, p)
        return _mean_power(xp, xp.abs(x - y), None, p)
    i, j, width = _integer_segments(n, m)
    if xp is not np:
        device = _array.array_api_compat.device(x)
        i, j = xp.asarray(i, device=device), xp.asarray(j, device=device)
        width = xp.asarray(width, dtype=x.dtype, device=device)
    return _mean_power(xp, xp.abs(xp.take(x, i, axis=-1) - xp.take(y, j, axis=-1)), width, p)


def _both_sorted(xp: ModuleType, x: Array, y: Array) -> tuple[Array, Array]:
    return _both(np.sort, np.sort, x, y) if xp is np else (xp.sort(x, axis=-1), xp.sort(y, axis=-1))


def _both(f: Callable, g: Callable, x: Array, y: Array) -> tuple[Array, Array]:
    """f(x) and g(y), numpy's, large ones by two threads."""
    if min(x.size, y.size) < _PARALLEL or thread_count() < 2:
        return f(x), g(y)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(f, x)
        second = g(y)
        return first.result(), second


def _integer_segments(n: int, m: int) -> tuple[Array, Array, Array]:
    """Where the levels i/n and j/m cut [0, 1]: the ranks in x and in y, and the widths, of each piece."""
    common_factor = math.gcd(n, m)
    a, b = (
        n // common_factor,
        m // common_factor,
    )  # one step of x is b, one of y is a; the whole is n b
    ends = np.sort(
        np.concatenate([np.arange(1, n + 1) * b, np.arange(1, m) * a])
    )  # once for both: n b
    ends = ends[
        np.concatenate([[True], ends[1:] != ends[:-1]])
    ]  # np.unique hashes, which takes longer
    starts = np.concatenate([[0], ends[:-1]])
    return starts // b, starts // a, (ends - starts) / (n * b)


def _mean_power(xp: ModuleType, gap: Array, width: Array, p: float, dust: float = 0.0) -> Array:
    """(sum width gap^p)^(1/p) over the last axis, equal widths for None, pieces up to `dust` left out at p = inf."""
    if p == 1:
        return xp.mean(gap, axis=-1) if width is None else xp.sum(width * gap, axis=-1)
    if p == math.inf:
        if dust:
            gap = xp.where(width > dust, gap, xp.zeros_like(gap))
        return xp.max(gap, axis=-1)
    top = xp.max(still(gap), axis=-1, keepdims=True)
    top = xp.where(top > 0, top, xp.ones_like(top))
    power = (gap / top) ** p
    total = xp.mean(power, axis=-1) if width is None else xp.sum(width * power, axis=-1)
    positive = total > 0
    root = xp.where(positive, total, xp.ones_like(total)) ** (
        1 / p
    )  # no root at 0: its slope is infinite
    return xp.where(positive, root, xp.zeros_like(root)) * top[..., 0]


def _weighted(line: _Line, p: float) -> Array:
    """Weighted samples, any backend: the quantile form; W1 takes its gradient in the weights from the CDF form."""
    xp = line.xp
    x, u = _sorted_with(xp, line.x, line.u)
    y, v = _sorted_with(xp, line.y, line.v)
    x, y, u, v = (xp.broadcast_to(a, (*line.batch, a.shape[-1])) for a in (x, y, u, v))
    if p == 1:
        value = _by_quantiles(xp, x, y, still(u), still(v), p)
        by_cdf = _by_cdf(xp, still(x), still(y), u, v)
        return value + (by_cdf - still(by_cdf))
    return _by_quantiles(xp, x, y, u, v, p)


def _sorted_with(xp: ModuleType, x: Array, weights: Array) -> tuple[Array, Array]:
    order = xp.argsort(still(x), axis=-1)
    if tuple(weights.shape) != tuple(x.shape):
        weights = xp.broadcast_to(weights, tuple(x.shape))
    return xp.take_along_axis(x, order, axis=-1), xp.take_along_axis(weights, order, axis=-1)


def _by_quantiles(xp: ModuleType, x: Array, y: Array, u: Array, v: Array, p: float) -> Array:
    """int |F^-1 - G^-1|^p dt over the pieces between merged cumulative weights, to the power 1/p."""
    n, m = x.shape[-1], y.shape[-1]
    f, g = xp.cumulative_sum(u, axis=-1), xp.cumulative_sum(v, axis=-1)
    levels = xp.concat([f / f[..., -1:], g / g[..., -1:]], axis=-1)
    order = xp.argsort(still(levels), axis=-1, stable=True)
    levels = xp.take_along_axis(levels, order, axis=-1)
    width = levels - xp.concat([xp.zeros_like(levels[..., :1]), levels[..., :-1]], axis=-1)
    from_x = xp.astype(order < n, xp.int64)
    below_x = (
        xp.cumulative_sum(from_x, axis=-1) - from_x
    )  # levels of x below this piece's end: the rank in x
    below_y = xp.cumulative_sum(1 - from_x, axis=-1) - (1 - from_x)
    i, j = xp.clip(below_x, 0, n - 1), xp.clip(below_y, 0, m - 1)
    gap = xp.abs(xp.take_along_axis(x, i, axis=-1) - xp.take_along_axis(y, j, axis=-1))
    return _mean_power(xp, gap, width, p, dust=(n + m) * 2.0**-52)


def _by_cdf(xp: ModuleType, x: Array, y: Array, u: Array, v: Array) -> Array:
    """int |F - G| dz."""
    z, signed = xp.concat([x, y], axis=-1), xp.concat([u, -v], axis=-1)
    order = xp.argsort(z, axis=-1, stable=True)
    z = xp.take_along_axis(z, order, axis=-1)
    height = xp.cumulative_sum(xp.take_along_axis(signed, order, axis=-1), axis=-1)[..., :-1]
    return xp.sum(xp.abs(height) * (z[..., 1:] - z[..., :-1]), axis=-1)


def _weighted_numpy(line: _Line) -> Array:
    """The CDF form of weighted W1 row by row, the weights summed without rounding."""
    n, m, rows = line.x.shape[-1], line.y.shape[-1], math.prod(line.batch)
    x, u = (np.broadcast_to(a, (*line.batch, n)).reshape(rows, n) for a in (line.x, line.u))
    y, v = (np.broadcast_to(a, (*line.batch, m)).reshape(rows, m) for a in (line.y, line.v))
    found = np.zeros(rows)
    for row, (a, b, s, t) in enumerate(zip(x, y, u, v, strict=True)):
        if n != m or not (np.array_equal(a, b) and np.array_equal(s, t)):
            points = np.empty(
                n + m, np.complex128
            )  # position and weight side by side: gathered together
            points.real[:n], points.real[n:] = a, b
            points.imag[:n] = s
            np.negative(t, out=points.imag[n:])
            found[row] = _area(points, _ascending(points.real))
    return found.reshape(line.batch)


def _ascending(z: Array) -> Array:
    """Indices that sort `z`, sooner than argsort where most entries differ: by sorting integers.

    Each integer holds z's place in its range in the upper bits and the index in the lower ones. Entries whose places
    coincide are put right afterwards; where they are many (rounded data, an outlier), argsort does it all.
    """
    count = len(z)
    low, high = float(z.min()), float(z.max())
    bits = (count - 1).bit_length()
    scale = 2.0 ** (62 - bits) / (high - low) if 0 < high - low < math.inf else math.inf
    if count < _PACKED or scale == math.inf:
        return np.argsort(z)
    keys = np.empty(count, np.int64)
    for start in range(0, count, _BLOCK):
        some = keys[start : start + _BLOCK]
        some[:] = (z[start : start + _BLOCK] - low) * scale
        some <<= bits
        some |= np.arange(start, start + len(some))
    keys.sort()
    mask = (1 << bits) - 1
    close = [
        start + np.flatnonzero((keys[start + 1 : end] ^ keys[start : end - 1]) <= mask)
        for start in range(0, count - 1, _BLOCK)
        for end in (min(start + _BLOCK + 1, count),)
    ]
    crowded = np.concatenate(close)  # the places of the first of each such pair
    if len(crowded) > count // 16:
        return np.argsort(z)
    at = np.union1d(crowded, crowded + 1) if len(crowded) else crowded
    place = keys[at] >> bits
    keys &= mask
    keys[at] = keys[at[np.lexsort((z[keys[at]], place))]]
    return keys


def _area(points: Array, order: Array) -> float:
    """int |F - G| dz = sum_k |F - G|(z_k) (z_k+1 - z_k) over ascending points z + i w, F - G the running sum of the w.

    Each weight is split into multiples of 2^-62 and of 2^-102, which are summed as integers, exactly and soon, and
    what is left of weights below 2^-50, in floats. So F - G loses nothing where F and G almost agree.
    """
    coarse, fine, left = 0, 0, 0.0
    parts = []
    for block in _gathered(points, order):
        rest = block.imag[:-1] * _COARSE
        upper = _integers(rest)
        rest *= _FINE
        lower = _integers(rest)
        upper[0] += coarse
        lower[0] += fine
        np.cumsum(upper, out=upper)
        np.cumsum(lower, out=lower)
        height = lower / _FINE
        if left or rest.any():
            rest[0] += left
            np.cumsum(rest, out=rest)
            left = float(rest[-1])
            height += rest / _FINE
        carry, fine = divmod(int(lower[-1]), int(_FINE))
        coarse = int(upper[-1]) + carry
        height += upper
        np.abs(height, out=height)
        height *= block.real[1:] - block.real[:-1]
        parts.append(float(height.sum()))
    return math.fsum(parts) / _COARSE


def _gathered(points: Array, order: Array) -> Iterator[Array]:
    """Blocks of points in this order, each beginning with the last of the one before.

    Memory is slow at random places: where there is a second thread, it is a piece ahead of the sums.
    """
    pieces = [order[i : i + _PIECE + 1] for i in range(0, len(order) - 1, _PIECE)]
    ahead = len(order) >= _PARALLEL and thread_count() > 1
    with ThreadPoolExecutor(1) as pool:  # a thread starts with its first task
        task = pool.submit(points.take, pieces[0]) if ahead else None
        for k, piece in enumerate(pieces):
            gathered = points.take(piece) if task is None else task.result()
            if task is not None and k + 1 < len(pieces):
                task = pool.submit(points.take, pieces[k + 1])
            for i in range(0, len(gathered) - 1, _BLOCK):
                yield gathered[i : i + _BLOCK + 1]


def _integers(values: Array) -> Array:
    """The nearest integers; what is left of the values stays in them."""
    whole = np.rint(values)
    values -= whole
    return whole.astype(np.int64)
