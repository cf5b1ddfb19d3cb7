"""What comes in: array kinds, shapes, dtypes, and whether the numbers are probabilities.

This is the one file that knows about backends. numpy is always there; every other kind is recognised by
`array_api_compat`, which looks only at libraries that the user has already loaded.
"""

from __future__ import annotations

import math
import numbers
from types import ModuleType
from typing import Any, NamedTuple

import array_api_compat
import numpy as np

__all__ = ["Array", "Pair", "check", "prepare", "real_parameter", "widen"]

Array = Any  # a numpy array, a torch tensor, or any other array that array_api_compat knows

SUM_TOLERANCE = 1e-8
_NUMPY_FLOATS = ("float16", "float32", "float64")
_FLOATS = (*_NUMPY_FLOATS, "bfloat16")


class Pair(NamedTuple):
    """Two arrays of probability vectors, ready to be summed over the last axis."""

    xp: ModuleType  # numpy, or the array_api_compat namespace of the arrays
    p: Array  # (*batch_p, n)
    q: Array  # (*batch_q, n)
    batch: tuple[int, ...]  # the broadcast of batch_p and batch_q
    dtype: Any  # what the result has
    tolerance: float  # on the sums
    given: tuple[Array, Array]  # as the user gave them, for messages
    axis: int  # negative: valid for both as given

    @property
    def is_numpy(self) -> bool:
        return self.xp is np


def prepare(p: Array, q: Array, axis: int = -1, *, normalize: bool = False) -> Pair:
    """Bring `p` and `q` to one kind with the outcomes on the last axis; ValueError where they do not fit.

    The entries themselves are not looked at here (`check` does that), except under `normalize`, which
    divides each vector by its sum.
    """
    if type(p) is np.ndarray and type(q) is np.ndarray:
        xp: ModuleType = np
    else:
        xp, p, q = _one_kind(p, q)
    p_eps, q_eps = _epsilon(xp, p, "p"), _epsilon(xp, q, "q")
    axis, batch = _fit(p, q, axis)
    dtype = p.dtype if p.dtype == q.dtype else xp.result_type(p, q)
    if normalize:
        p, q = _normalized(xp, p, "p", axis), _normalized(xp, q, "q", axis)
    given = (p, q)
    if axis != -1:
        p, q = xp.moveaxis(p, axis, -1), xp.moveaxis(q, axis, -1)
    # Rounding n entries moves their sum by at most eps/2; 8 eps leaves room for the softmax that made them.
    allowed = max(SUM_TOLERANCE, 8 * max(p_eps, q_eps))
    return Pair(xp, p, q, batch, dtype, allowed, given, axis)


def check(pair: Pair) -> None:
    """ValueError unless both arrays hold probability vectors: names the argument, the index, the value."""
    for name, array in zip("pq", pair.given, strict=True):
        _check_entries(pair.xp, array, name)
        sums = pair.xp.sum(widen(pair.xp, array), axis=pair.axis)
        off = pair.xp.abs(sums - 1)
        if bool(pair.xp.any(off > pair.tolerance)):
            index = _where(off > pair.tolerance)
            total = float(sums[index])
            at = [str(i) for i in index]
            at.insert(len(at) + 1 + pair.axis, ":")
            raise ValueError(
                f"`{name}` must sum to 1 along axis {pair.axis} within {pair.tolerance:.2g}: "
                f"{name}[{', '.join(at)}] sums to {total!r}, off by {total - 1:.3g}; "
                "normalize=True divides each vector by its sum"
            )


def real_parameter(value: Any, name: str, requirement: str = "be a finite real number") -> float:
    """`value` as a float; ValueError when it is no real number, or nan."""
    wrong = f"`{name}` must {requirement}. Got {value!r}"
    if isinstance(value, (bool, np.bool_, str, bytes, complex)):
        raise ValueError(wrong)
    if not isinstance(value, numbers.Real) and not hasattr(value, "__float__"):
        raise ValueError(wrong)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise ValueError(wrong) from None
    if math.isnan(number):
        raise ValueError(wrong)
    return number


def _one_kind(p: Array, q: Array) -> tuple[ModuleType, Array, Array]:
    """Lists follow the other argument's kind, or numpy; two different kinds are refused."""
    known = [array_api_compat.is_array_api_obj(a) and not isinstance(a, np.generic) for a in (p, q)]
    if all(known):
        if _kind(p) != _kind(q):
            raise ValueError(
                f"`p` and `q` must be arrays of one kind. Got {_kind(p)} and {_kind(q)}"
            )
        return _namespace(p), p, q
    if known[0]:
        return _namespace(p), p, _from_python(q, "q", like=p)
    if known[1]:
        return _namespace(q), _from_python(p, "p", like=q), q
    return np, _from_python(p, "p"), _from_python(q, "q")


def _kind(array: Array) -> str:
    return type(array).__module__.partition(".")[0]


def _namespace(array: Array) -> ModuleType:
    if isinstance(array, np.ndarray):
        return np
    return array_api_compat.array_namespace(array)


def _from_python(values: Any, name: str, like: Array = None) -> Array:
    """A list of numbers as float64; integers only where they are exact."""
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"`{name}` must be an array of floats. Got {values!r}: {error}") from None
    if array.dtype.kind in "iu" and isinstance(values, (list, tuple)):
        floats = array.astype(np.float64)
        if not np.array_equal(floats.astype(object), array.astype(object)):
            raise ValueError(f"`{name}` must hold numbers that are exact as floats. Got {values!r}")
        array = floats
    if like is None or isinstance(like, np.ndarray):
        return array
    if array.dtype.name not in _NUMPY_FLOATS:
        _refuse_dtype(array, name)
    xp = _namespace(like)
    return xp.asarray(array.tolist(), dtype=like.dtype, device=array_api_compat.device(like))


def _refuse_dtype(array: Array, name: str) -> None:
    raise ValueError(
        f"`{name}` must have a floating dtype, one of {', '.join(_FLOATS)}. Got {array.dtype}; "
        "convert it with .astype(float), or .double() in torch"
    )


def _epsilon(xp: ModuleType, array: Array, name: str) -> float:
    """The spacing of the array's floats at 1; ValueError when its dtype is not a real floating one."""
    if xp is np:
        if array.dtype.char == "d":
            return 2.0**-52
        if array.dtype.name not in _NUMPY_FLOATS:
            _refuse_dtype(array, name)
    elif str(array.dtype).rpartition(".")[2] not in _FLOATS:
        _refuse_dtype(array, name)
    return float(xp.finfo(array.dtype).eps)


def _fit(p: Array, q: Array, axis: int) -> tuple[int, tuple[int, ...]]:
    """The axis counted from the end, and the broadcast shape of the batches."""
    p_shape, q_shape = tuple(p.shape), tuple(q.shape)
    ndim = max(len(p_shape), len(q_shape))
    if isinstance(axis, bool) or not isinstance(axis, numbers.Integral):
        raise ValueError(f"`axis` must be an integer. Got {axis!r}")
    if not -ndim <= axis < ndim:
        raise ValueError(
            f"`axis` must lie in [{-ndim}, {ndim}) for shapes {p_shape} and {q_shape}. Got {axis}"
        )
    axis = int(axis) if axis < 0 else int(axis) - ndim
    for name, shape in (("p", p_shape), ("q", q_shape)):
        if len(shape) < -axis:
            raise ValueError(f"`{name}` must have the axis {axis}. Got shape {shape}")
        if shape[axis] == 0:
            raise ValueError(
                f"`{name}` must have at least one outcome on axis {axis}. Got shape {shape}"
            )
    if p_shape[axis] != q_shape[axis]:
        raise ValueError(
            f"`p` and `q` must have equally many outcomes on axis {axis}. "
            f"Got {p_shape[axis]} and {q_shape[axis]} (shapes {p_shape} and {q_shape})"
        )
    if p_shape == q_shape:
        whole = p_shape
    else:
        try:
            whole = np.broadcast_shapes(p_shape, q_shape)
        except ValueError:
            raise ValueError(
                f"`p` and `q` must broadcast. Got shapes {p_shape} and {q_shape}"
            ) from None
    return axis, whole[:axis] if axis == -1 else whole[:axis] + whole[axis + 1 :]


def widen(xp: ModuleType, array: Array) -> Array:
    """In float64 where the backend has it, so that sums of short floats are not rounded again."""
    if array.dtype == xp.float64:
        return array
    if xp is np:
        return array.astype(np.float64)
    try:
        return xp.astype(array, xp.float64)
    except (TypeError, RuntimeError):  # a device without doubles
        return array


def _check_entries(xp: ModuleType, array: Array, name: str) -> None:
    for requirement, wrong in (
        ("have finite entries", ~xp.isfinite(array)),
        ("have no negative entries", array < 0),
    ):
        if bool(xp.any(wrong)):
            index = _where(wrong)
            at = ", ".join(map(str, index))
            raise ValueError(f"`{name}` must {requirement}: {name}[{at}] = {float(array[index])!r}")


def _where(mask: Array) -> tuple[int, ...]:
    """The first index at which the mask holds."""
    xp = array_api_compat.array_namespace(mask)
    first = int(xp.argmax(xp.astype(mask.reshape(-1), xp.int8)))
    return tuple(int(i) for i in np.unravel_index(first, tuple(mask.shape))) if mask.ndim else ()


def _normalized(xp: ModuleType, array: Array, name: str, axis: int) -> Array:
    lazy = array_api_compat.is_dask_array(array)
    if not lazy:  # a dask array is looked at when it is computed
        _check_entries(xp, array, name)
    wide = widen(xp, array)
    sums = xp.sum(wide, axis=axis, keepdims=True)
    wrong = (sums <= 0) | ~xp.isfinite(sums)
    if not lazy and bool(xp.any(wrong)):
        index = _where(wrong)
        at = [str(i) for i in index]
        at[axis] = ":"
        raise ValueError(
            f"`{name}` must have a positive finite sum to be normalised: "
            f"{name}[{', '.join(at)}] sums to {float(sums[index])!r}"
        )
    return wide / sums
