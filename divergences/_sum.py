"""From two arrays to a batch of sums: numpy through `_blocks`, dask chunk by chunk, the others in one expression."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from array_api_compat import is_dask_array

from divergences._array import Array, Pair, check, prepare, widen
from divergences._blocks import BadEntries, Quick, Terms, totals
from divergences._dask import sum_chunks
from divergences._kernels import lifted

__all__ = ["Sums", "finish", "sum_terms"]


class Sums(NamedTuple):
    """Sums over the last axis, shape pair.batch (or broadcasting to it), in float64 where the backend has it."""

    pair: Pair
    value: Array
    p_sum: Array
    q_sum: Array


def sum_terms(
    terms: Terms, p: Array, q: Array, axis: int, normalize: bool, quick: Quick | None = None
) -> Sums:
    """Validate `p` and `q` and sum terms(xp, p, q) along `axis`."""
    pair = prepare(p, q, axis, normalize=normalize)
    if pair.is_numpy:
        return _sum_numpy(pair, terms, quick)
    if is_dask_array(pair.p):
        return Sums(pair, *sum_chunks(pair, terms, quick))
    return _sum_other(pair, terms)


def finish(sums: Sums, value: Array) -> Array:
    """`value` in the dtype that went in; a scalar for a single pair of numpy vectors."""
    if sums.pair.is_numpy:
        return value.astype(sums.pair.dtype, copy=False)[()]
    return sums.pair.xp.astype(value, sums.pair.dtype)


def _sum_numpy(pair: Pair, terms: Terms, quick: Quick | None) -> Sums:
    p, q = _rows(pair.p, pair.batch), _rows(pair.q, pair.batch)
    try:
        found = totals(terms, p, q, pair.tolerance, quick)
    except BadEntries:
        check(pair)
        found = totals(terms, p, q, np.inf, quick)  # on the very edge of the tolerance
    return Sums(pair, *(part.reshape(pair.batch) for part in found))


def _rows(array: Array, batch: tuple[int, ...]) -> Array:
    """(*batch, n) as (rows, n), without a copy where the batch has one axis."""
    if array.shape[:-1] != batch:
        array = np.broadcast_to(array, (*batch, array.shape[-1]))
    return array if array.ndim == 2 else array.reshape(-1, array.shape[-1])


def _sum_other(pair: Pair, terms: Terms) -> Sums:
    xp = pair.xp
    p, q = widen(xp, pair.p), widen(xp, pair.q)
    p_sum, q_sum = xp.sum(p, axis=-1), xp.sum(q, axis=-1)
    fine = (
        xp.all(p >= 0)
        & xp.all(q >= 0)
        & xp.all(xp.abs(p_sum - 1) <= pair.tolerance)
        & xp.all(xp.abs(q_sum - 1) <= pair.tolerance)
    )
    if not bool(fine):
        check(pair)
    value = xp.sum(lifted(xp, terms, p, q), axis=-1)
    return Sums(pair, value, p_sum, q_sum)
