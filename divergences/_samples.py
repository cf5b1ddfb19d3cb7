"""What comes in as samples: positions, and weights that are nonnegative and sum to 1.

The counterpart of `_array.prepare`, which is for probability vectors on common outcomes; the backends are still its
business alone.
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any, NamedTuple

import array_api_compat
import numpy as np

from divergences import _array
from divergences._array import SUM_TOLERANCE, Array

__all__ = ["Arrays", "checked_weights", "common", "require_finite"]


class Arrays(NamedTuple):
    """Arrays of one kind, as float64 where the backend has it, and the dtype that the result has."""

    xp: ModuleType
    values: tuple[Array, ...]  # None where None was given
    dtype: Any
    epsilon: float  # the coarsest spacing at 1 among the dtypes that came in


def common(**arrays: Array | None) -> Arrays:
    """Bring the named arrays (None passes) to one kind; integers become float64, which must be exact for them.

    The dtype of the result is that of the first two, or float64 for integers.
    """
    given = {name: a for name, a in arrays.items() if a is not None}
    known = {
        name: a
        for name, a in given.items()
        if array_api_compat.is_array_api_obj(a) and not isinstance(a, np.generic)
    }
    like_name, like = next(iter(known.items()), ("", None))
    for name, a in known.items():
        if _array._kind(a) != _array._kind(like):
            raise ValueError(
                f"`{like_name}` and `{name}` must be arrays of one kind. "
                f"Got {_array._kind(like)} and {_array._kind(a)}"
            )
    xp = np if like is None else _array._namespace(like)
    brought: dict[str, Array] = {}
    dtypes, epsilon = [], 0.0
    for name, a in arrays.items():
        if a is None:
            brought[name] = None
            continue
        if name not in known:
            floating = like is None or "float" in str(like.dtype)
            a = _array._from_python(a, name, like=like if floating else None)
            if not floating and xp is not np:
                a = xp.asarray(a.tolist(), dtype=xp.float64, device=array_api_compat.device(like))
        a = _floats(xp, a, name)
        epsilon = max(epsilon, _array._epsilon(xp, a, name))
        dtypes.append(a.dtype)
        brought[name] = _array.widen(xp, a)
    dtype = dtypes[0] if len(dtypes) == 1 else xp.result_type(*dtypes[:2])
    return Arrays(xp, tuple(brought.values()), dtype, epsilon)


def require_finite(xp: ModuleType, array: Array, name: str) -> None:
    """ValueError with the first entry that is nan or infinite."""
    low, high = float(xp.min(array)), float(xp.max(array))  # nan if there is one
    if not (low > -math.inf and high < math.inf):
        _refuse(xp.logical_not(xp.isfinite(array)), array, name, "have finite entries")


def checked_weights(
    xp: ModuleType, weights: Array, name: str, epsilon: float, normalize: bool
) -> Array:
    """The weights (..., n), divided by their sums over the last axis.

    ValueError unless they are finite, nonnegative, and (without `normalize`) sum to 1 within 1e-8, or 8 eps for
    shorter floats.
    """
    require_finite(xp, weights, name)
    if float(xp.min(weights)) < 0:
        _refuse(weights < 0, weights, name, "have no negative entries")
    sums = xp.sum(weights, axis=-1, keepdims=True)
    if not bool(xp.all((sums > 0) & xp.isfinite(sums))):
        raise ValueError(f"`{name}` must have a positive finite sum. Got {_first(sums, sums <= 0)}")
    allowed = max(SUM_TOLERANCE, 8 * epsilon)
    if not normalize and bool(xp.any(xp.abs(sums - 1) > allowed)):
        total = _first(sums, xp.abs(sums - 1) > allowed)
        raise ValueError(
            f"`{name}` must sum to 1 within {allowed:.2g}. Got a sum of {total!r}, off by {total - 1:.3g}; "
            "normalize=True divides by the sum"
        )
    if xp is np and weights.shape[-1] <= 4096:  # a sum that does not depend on the order
        flat = weights.reshape(-1, weights.shape[-1])
        sums = np.array([math.fsum(row) for row in flat.tolist()]).reshape(sums.shape)
    return weights if bool(xp.all(sums == 1)) else weights / sums


def _floats(xp: ModuleType, array: Array, name: str) -> Array:
    """Integers as float64, refused where that is not exact; other arrays as they are."""
    kind = str(array.dtype).rpartition(".")[2]
    if not kind.startswith(("int", "uint")):
        return array
    if (
        array_api_compat.size(array)
        and max(abs(int(xp.min(array))), abs(int(xp.max(array)))) > 2**53
    ):
        raise ValueError(
            f"`{name}` must hold numbers that are exact as float64: integers beyond 2^53 are not"
        )
    return array.astype(np.float64) if xp is np else xp.astype(array, xp.float64)


def _refuse(wrong: Array, array: Array, name: str, requirement: str) -> None:
    index = _array._where(wrong)
    at = ", ".join(map(str, index))
    raise ValueError(f"`{name}` must {requirement}: {name}[{at}] = {float(array[index])!r}")


def _first(values: Array, mask: Array) -> float:
    return float(values[_array._where(mask)])
