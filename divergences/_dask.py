"""Sums over dask arrays, one pass: each chunk goes through the numpy road and leaves three numbers a row.

Nothing is computed until the result is, and no more than the chunks in flight is in memory at once; so the arrays may
be larger than it, and chunked along the outcomes too. What is wrong with the entries is raised when they are read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from divergences._array import Array, Pair
from divergences._blocks import BadEntries, Quick, Terms, totals


def sum_chunks(pair: Pair, terms: Terms, quick: Quick | None) -> tuple[Array, Array, Array]:
    """Lazy sums of the terms, of p and of q over the last axis, checked against the tolerance."""
    import dask.array as da

    ndim = max(pair.p.ndim, pair.q.ndim)
    axes = tuple(range(ndim))
    p, q = da.broadcast_arrays(pair.p, pair.q)
    _, (p, q) = da.core.unify_chunks(p, axes, q, axes)
    n_chunks = len(p.chunks[-1])
    parts = da.map_blocks(
        _chunk_sums,
        p,
        q,
        terms=terms,
        quick=quick,
        dtype=np.float64,
        meta=np.empty((0,) * (ndim + 1)),
        new_axis=[ndim],
        chunks=(*p.chunks[:-1], (1,) * n_chunks, (3,)),
    )
    sums = parts.sum(axis=-2)
    checked = da.map_blocks(
        _checked,
        sums,
        tolerance=pair.tolerance,
        axis=pair.axis,
        dtype=np.float64,
        meta=np.empty((0,) * sums.ndim),
    )
    return checked[..., 0], checked[..., 1], checked[..., 2]


def _chunk_sums(p: Array, q: Array, *, terms: Terms, quick: Quick | None, block_info: Any) -> Array:
    """(*rows, n) to (*rows, 1, 3)."""
    rows = p.shape[:-1]
    flat_p, flat_q = (np.asarray(a).reshape(-1, a.shape[-1]) for a in (p, q))
    try:
        found = totals(terms, flat_p, flat_q, np.inf, quick)
    except BadEntries:
        raise ValueError(_complaint(p, q, block_info)) from None
    return np.stack(found, axis=-1).reshape(*rows, 1, 3)


def _complaint(p: Array, q: Array, block_info: Any) -> str:
    """The first entry that is no probability, by its index in the whole array."""
    for number, (name, chunk) in enumerate((("p", p), ("q", q))):
        wrong = ~np.isfinite(chunk) | (chunk < 0)
        if wrong.any():
            inside = np.unravel_index(int(np.argmax(wrong)), chunk.shape)
            starts = [start for start, _ in block_info[number]["array-location"]]
            index = ", ".join(str(start + int(i)) for start, i in zip(starts, inside, strict=True))
            value = float(chunk[inside])
            what = "finite" if not np.isfinite(value) else "no negative"
            return f"`{name}` must have {what} entries: {name}[{index}] = {value!r}"
    return "`p` and `q` must have entries that are probabilities"


def _checked(sums: Array, *, tolerance: float, axis: int, block_info: Any) -> Array:
    """The sums as they are; ValueError where those of p or of q are not 1."""
    for number, name in enumerate("pq", start=1):
        off = np.abs(sums[..., number] - 1)
        if (off > tolerance).any():
            inside = np.unravel_index(int(np.argmax(off > tolerance)), off.shape)
            starts = [start for start, _ in block_info[0]["array-location"]]
            index = [str(start + int(i)) for start, i in zip(starts, inside, strict=False)]
            index.insert(len(index) + 1 + axis, ":")
            total = float(sums[..., number][inside])
            raise ValueError(
                f"`{name}` must sum to 1 along axis {axis} within {tolerance:.2g}: "
                f"{name}[{', '.join(index)}] sums to {total!r}, off by {total - 1:.3g}; "
                "normalize=True divides each vector by its sum"
            )
    return sums
