"""The divergences that have kernels of their own, by their catalogue names: one row of data each."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from typing import NamedTuple

from divergences import _kernels
from divergences._array import Array, real_parameter
from divergences._blocks import Quick, Terms, quick_jensen_shannon, quick_kl

__all__ = ["NATIVE", "Native", "by_name", "looks_like_a_name"]


class Native(NamedTuple):
    """D = times * (sum of terms) + plus"""

    terms: Terms
    quick: Quick | None = None
    times: float = 1.0
    plus: float = 0.0


class Family(NamedTuple):
    """A native divergence for each value of a parameter."""

    make: Callable[[float], Terms]
    parameter: str
    requirement: str
    allows: Callable[[float], bool]
    example: str


def _swapped(terms: Terms) -> Terms:
    return lambda xp, p, q: terms(xp, q, p)


def _quick_reverse_kl(
    p: Array, q: Array, p_sum: Array, q_sum: Array, first: Array, second: Array, has_zero: bool
) -> Array:
    return quick_kl(q, p, q_sum, p_sum, first, second, has_zero)


NATIVE: dict[str, Native] = {
    "total_variation": Native(_kernels.total_variation),
    "kl": Native(_kernels.kl, quick_kl),
    "reverse_kl": Native(_swapped(_kernels.kl), _quick_reverse_kl),
    "pearson": Native(_kernels.chi2),
    "neyman": Native(_kernels.neyman_chi2),
    "squared_hellinger": Native(_kernels.squared_hellinger),
    "jeffreys": Native(_kernels.jeffreys),
    "jensen_shannon": Native(_kernels.jensen_shannon, quick_jensen_shannon),
    "gan": Native(_kernels.jensen_shannon, quick_jensen_shannon, times=2.0, plus=-math.log(4)),
    "le_cam": Native(_kernels.le_cam),
    "arithmetic_geometric": Native(_kernels.arithmetic_geometric),
}

FAMILIES: dict[str, Family] = {
    "alpha": Family(_kernels.alpha, "a", "be a finite real number", math.isfinite, "alpha(0.5)"),
    "jensen_shannon_weighted": Family(
        _kernels.jensen_shannon_weighted,
        "pi",
        "lie strictly between 0 and 1",
        lambda pi: 0 < pi < 1,
        "jensen_shannon_weighted(0.3)",
    ),
    "hockey_stick": Family(
        _kernels.hockey_stick,
        "gamma",
        "be finite and at least 1",
        lambda gamma: 1 <= gamma < math.inf,
        "hockey_stick(2)",
    ),
}

_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\(\s*([-+]?(?:[.\d][-+.\w]*|inf|nan))\s*\))?\s*")


def looks_like_a_name(text: str) -> bool:
    """Whether `text` is an identifier, or one applied to a number, rather than an expression in u."""
    match = _NAME.fullmatch(text)
    return match is not None and match[1] != "u"


def by_name(text: str) -> Native:
    """The row that a name such as "kl" or "alpha(0.5)" stands for; ValueError naming the near ones."""
    match = _NAME.fullmatch(text)
    name, argument = (match[1], match[2]) if match else (text, None)
    if name in NATIVE and argument is None:
        return NATIVE[name]
    if name in NATIVE:
        raise ValueError(f"`f` must be a divergence; {name!r} takes no parameter. Got {text!r}")
    if name in FAMILIES:
        return with_parameter(name, text if argument is None else argument)
    names = [*NATIVE, *FAMILIES]
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    near += [n for n in names if n not in near and (name.lower() in n or n in name.lower())][:3]
    hint = (
        f"Did you mean {' or '.join(map(repr, near))}?"
        if near
        else f"The names are {', '.join(names)}."
    )
    raise ValueError(
        f"`f` must be the name of a divergence or an expression in u. Got {text!r}. {hint}"
    )


def with_parameter(name: str, value: object) -> Native:
    """The member of a family; ValueError when the parameter is out of range."""
    family = FAMILIES[name]
    try:
        number = float(value) if isinstance(value, str) else real_parameter(value, family.parameter)
    except ValueError:
        if value == name:
            raise ValueError(
                f"`f` must give {name}'s parameter {family.parameter}, as in {family.example!r}. Got {value!r}"
            ) from None
        raise
    if not family.allows(number):
        raise ValueError(f"`{family.parameter}` of {name} must {family.requirement}. Got {value!r}")
    return Native(family.make(number))
