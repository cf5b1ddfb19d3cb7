"""The terms q f(p/q) of a generator that has no kernel of its own."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from divergences._array import Array
from divergences._blocks import Terms
from divergences._kernels import EXTREME, choose, infinite

if TYPE_CHECKING:
    from divergences.fdivergence import FDivergence

__all__ = ["generator_terms"]


def generator_terms(f: FDivergence) -> Terms:
    """q r(p/q), r(u) = f(u) - f(1) - f'(1)(u-1); (f(0) - f(1) + f'(1)) q at p = 0, (f'(inf) - f'(1)) p at q = 0.

    Where p/q leaves the range of floats the chord's slope at 1e290 stands for f'(inf), if that is infinite.
    """
    at_zero = float(f.at_zero - f.value_at_one + f.critical_level)
    slope = float(f.slope_at_infinity - f.critical_level)

    def terms(xp: ModuleType, p: Array, q: Array) -> Array:
        def boundary(mass: Array, rate: float) -> Array:
            return infinite(xp, mass) if rate == float("inf") else rate * mass

        def edge(p: Array, q: Array) -> Array:
            return xp.where(p == 0, boundary(q, at_zero), boundary(p, slope))

        def steep(p: Array, q: Array) -> Array:
            if slope < float("inf"):
                return slope * p
            u = xp.full_like(p, EXTREME)
            return p * (f.remainder(u) / u)

        def ordinary(p: Array, q: Array) -> Array:
            return q * f.remainder(p / q, (p - q) / q)  # the excess u - 1 without the rounding of u

        def inner(p: Array, q: Array) -> Array:
            return choose(xp, p > EXTREME * q, steep, ordinary, p, q)

        return choose(xp, xp.minimum(p, q) == 0, edge, inner, p, q)

    return terms
