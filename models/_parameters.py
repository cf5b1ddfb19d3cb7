"""How numbers given as parameters are read: what cannot be used is refused by its name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


def number(name: str, value: Any) -> float:
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"`{name}` must be a number. Got {value!r}") from None
    if not math.isfinite(result):
        raise ValueError(f"`{name}` must be finite. Got {value!r}")
    return result


def positive(name: str, value: Any) -> float:
    result = number(name, value)
    if result <= 0:
        raise ValueError(f"`{name}` must be positive. Got {value!r}")
    return result


def count(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"`{name}` must be a positive integer. Got {value!r}")
    return value


def vector(name: str, value: Any) -> tuple[float, ...]:
    """One or more finite numbers; a bare number is a vector of one."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(value, Sequence) or isinstance(value, str):
        return (number(name, value),)
    if not value:
        raise ValueError(f"`{name}` must hold a number at least. Got {value!r}")
    return tuple(number(name, v) for v in value)


def positives(name: str, value: Any, length: int) -> tuple[float, ...]:
    """`length` positive numbers; a bare number is repeated."""
    value = value.tolist() if hasattr(value, "tolist") else value
    result = tuple(positive(name, v) for v in vector(name, value))
    if not isinstance(value, Sequence):
        result *= length
    if len(result) != length:
        raise ValueError(f"`{name}` must be a number or {length} numbers. Got {value!r}")
    return result
