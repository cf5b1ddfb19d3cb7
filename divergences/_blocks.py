"""Sums of terms over numpy batches: validated on the way, quick where that is safe, exact where it is not.

KL and Jensen-Shannon first try the textbook formula on large blocks of rows, one or two vectorised logarithms, shared
among threads, with a bound on its rounding error. The rows whose value is small against that bound, or not finite
(zeros, overflowing ratios), are left over and summed from the terms of `_kernels`, as all rows of the other
divergences are: in small blocks, whose many temporaries stay in cache and on malloc's free lists.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from divergences import _kernels
from divergences._array import Array

LARGE = (
    262144  # entries of a block for the quick formulas: numpy calls that outlast a thread hand-over
)
SMALL = 8192  # entries of a block for the terms; longer rows are cut into pieces of this size
PARALLEL = 1 << 20  # entries from which threads pay for themselves
MAX_THREADS = 8

_UNIT = 2.0**-53
_TARGET = 1e-12
_TINY = 2.0**-1022

Terms = Callable[..., Array]
Quick = Callable[[Array, Array, Array, Array, Array, Array, bool], Array]


class BadEntries(Exception):
    """Some entries are no probabilities; the caller finds out which, and says so."""


class Totals(NamedTuple):
    value: Array  # (rows,)
    p_sum: Array
    q_sum: Array


def thread_count() -> int:
    """How many threads a large batch is shared among."""
    try:
        available = len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        available = os.cpu_count() or 1
    return max(1, min(available, MAX_THREADS))


def totals(
    terms: Terms, p: Array, q: Array, tolerance: float, quick: Quick | None = None
) -> Totals:
    """Sum terms(np, p, q) over the last axis of two (rows, n) arrays; BadEntries unless each row is a distribution."""
    rows, n = p.shape
    out = Totals(np.empty(rows), np.empty(rows), np.empty(rows))
    with np.errstate(all="ignore"):
        if quick is None:
            _exact(terms, p, q, tolerance, out)
            return out
        left = np.empty(rows, dtype=bool)
        _share_out(
            rows,
            n,
            lambda part: _quick(quick, p[part], q[part], tolerance, _rows(out, part), left[part]),
        )
        if left.any():
            again = slice(None) if left.all() else np.flatnonzero(left)
            _exact(terms, p, q, tolerance, out, again)
    return out


def _share_out(rows: int, n: int, work: Callable[[slice], None]) -> None:
    """work() on slices that make up all rows, by several threads where that pays."""
    step = max(1, LARGE // n)
    threads = min(thread_count(), -(-rows // step)) if rows * n >= PARALLEL and n <= SMALL else 1
    if threads <= 1:
        work(slice(0, rows))
        return
    share = step * -(
        -rows // (4 * threads * step)
    )  # four shares a thread, so that none waits long for another
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, (slice(i, i + share) for i in range(0, rows, share))):
            pass


def _quick(quick: Quick, p: Array, q: Array, tolerance: float, out: Totals, left: Array) -> None:
    """The quick formula on all rows, in blocks; `left` marks those on which it is not certain."""
    rows, n = p.shape
    step = max(1, LARGE // n)
    width = n if n <= SMALL else SMALL
    scratch = np.empty((2, min(step, rows) if n <= SMALL else 1, width))
    limit = _threshold(width)
    if n > SMALL:
        step = 1
    hopeless = False  # the block before had no certain row: leave this one at once
    with np.errstate(all="ignore"):  # a thread begins without the caller's
        for start in range(0, rows, step):
            part = slice(start, start + step)
            some = _rows(out, part)
            if n <= SMALL:
                _quick_piece(quick, p[part], q[part], scratch, some, hopeless)
            else:
                pieces = Totals(*np.empty((3, 1, -(-n // SMALL))))
                for i, cut in enumerate(_cuts(n)):
                    _quick_piece(
                        quick, p[part, cut], q[part, cut], scratch, _columns(pieces, i), hopeless
                    )
                for total, piece in zip(some, pieces, strict=True):
                    np.add.reduce(piece, axis=-1, out=total)
            _check_sums(some, tolerance)
            certain = (some.value >= limit * (some.p_sum + some.q_sum)) & (some.value < math.inf)
            np.logical_not(certain, out=left[part])
            hopeless = not certain.any()


def _quick_piece(
    quick: Quick, p: Array, q: Array, scratch: Array, out: Totals, hopeless: bool
) -> None:
    p, q = _double(p), _double(q)
    smallest = _check_sign(p, q)
    ones = _ones(p.shape[1])
    np.vecdot(p, ones, out=out.p_sum)
    np.vecdot(q, ones, out=out.q_sum)
    if hopeless:
        out.value.fill(0.0)
    else:
        first, second = scratch[:, : p.shape[0], : p.shape[1]]
        out.value[:] = quick(p, q, out.p_sum, out.q_sum, first, second, smallest == 0)


def _exact(
    terms: Terms,
    p: Array,
    q: Array,
    tolerance: float,
    out: Totals,
    which: Array | slice = slice(None),
) -> None:
    """The sum of the terms on the rows `which`, written to `out`."""
    n = p.shape[1]
    cuts = _cuts(n)
    step = max(1, SMALL // n)
    chosen = range(len(p)) if isinstance(which, slice) else which
    for start in range(0, len(chosen), step):
        rows = (
            slice(start, start + step) if isinstance(which, slice) else which[start : start + step]
        )
        pieces = []
        for cut in cuts:
            some_p, some_q = _double(p[rows, cut]), _double(q[rows, cut])
            smallest = _check_sign(some_p, some_q)
            ones = _ones(some_p.shape[1])
            found = (
                _kernels.lifted(np, terms, some_p, some_q)
                if smallest < _kernels.SMALL
                else terms(np, some_p, some_q)
            )
            value = np.vecdot(found, ones)
            pieces.append(Totals(value, np.vecdot(some_p, ones), np.vecdot(some_q, ones)))
        some = pieces[0]
        if len(pieces) > 1:
            some = Totals(
                *(
                    np.add.reduce(np.stack(column, axis=-1), axis=-1)
                    for column in zip(*pieces, strict=True)
                )
            )
        _check_sums(some, tolerance)
        out.value[rows], out.p_sum[rows], out.q_sum[rows] = some


def _check_sign(p: Array, q: Array) -> float:
    """The smallest entry; BadEntries if it is negative, or nan (which compares False)."""
    smallest = np.minimum(p.min(), q.min())
    if not smallest >= 0:
        raise BadEntries
    return float(smallest)


def _check_sums(sums: Totals, tolerance: float) -> None:
    if not (
        np.abs(sums.p_sum - 1).max() <= tolerance and np.abs(sums.q_sum - 1).max() <= tolerance
    ):
        raise BadEntries


def _rows(sums: Totals, part: slice) -> Totals:
    return Totals(sums.value[part], sums.p_sum[part], sums.q_sum[part])


def _columns(pieces: Totals, i: int) -> Totals:
    return Totals(pieces.value[:, i], pieces.p_sum[:, i], pieces.q_sum[:, i])


def _cuts(n: int) -> list[slice]:
    return [slice(i, i + SMALL) for i in range(0, n, SMALL)]


def quick_kl(
    p: Array, q: Array, p_sum: Array, q_sum: Array, first: Array, second: Array, has_zero: bool
) -> Array:
    """sum p log(p/q) - p + q, straight"""
    np.divide(p, q, out=first)
    if has_zero:
        np.fmax(first, _TINY, out=first)  # 0 log 0 = 0, and the nan of 0/0 with it
    np.log(first, out=first)
    return np.vecdot(p, first) + (q_sum - p_sum)


def quick_jensen_shannon(
    p: Array, q: Array, p_sum: Array, q_sum: Array, first: Array, second: Array, has_zero: bool
) -> Array:
    """(sum p log(p/t) + q log(q/t)) / 2 + log 2 (sum p + q)/2, t = p + q, straight"""
    np.add(p, q, out=second)
    np.divide(p, second, out=first)
    np.divide(q, second, out=second)
    if has_zero:
        np.fmax(first, _TINY, out=first)
        np.fmax(second, _TINY, out=second)
    np.log(first, out=first)
    np.log(second, out=second)
    return (np.vecdot(p, first) + np.vecdot(q, second) + math.log(2) * (p_sum + q_sum)) / 2


def _threshold(n: int) -> float:
    """The value, for each unit of sum p + sum q, from which the quick formulas are right to 1e-12.

    With u = 2^-53 the quotient is off by u, the logarithm by at most 4 ulp, a sum of n terms by (n/8) u (a
    vectorised sum keeps 8 partial sums or more), against sum p |log(p/q)| <= KL + 2 and the sums themselves:
    at most (12 + n/8) u (4 + KL) in all for sum p + sum q = 2, and less for Jensen-Shannon.
    """
    return 2 * (12 + n / 8) * _UNIT / _TARGET


def _double(block: Array) -> Array:
    """In float64, contiguous."""
    return np.ascontiguousarray(block, dtype=np.float64)


@lru_cache(maxsize=8)
def _ones(n: int) -> Array:
    ones = np.ones(n)
    ones.flags.writeable = False
    return ones
