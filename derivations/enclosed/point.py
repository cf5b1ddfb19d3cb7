"""A point: exact values for a chain's variables."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import sympy as sp

LONG = 30  # a vector of more equal entries is written as one


@dataclass(frozen=True)
class Point:
    """Values for the scalars, and one tuple of values, an entry an atom, for the others.

    `required` points lie well inside the range of the arithmetic: a step must be enclosed there.
    At the others (far out, near an end, next to a harvested number) it may refuse. `masses` are the
    vectors whose entries may be 0 by `Mass(zero=True)`.
    """

    scalars: dict[sp.Symbol, sp.Expr]
    vectors: dict[sp.Symbol, tuple[sp.Expr, ...]]
    required: bool = field(default=True, compare=False)
    masses: frozenset[sp.Symbol] = field(default=frozenset(), compare=False)

    @property
    def atoms(self) -> int:
        return len(next(iter(self.vectors.values()), ()))

    @property
    def height(self) -> int:
        """Sum of all numerators' and denominators' sizes: what "small" means for a point."""
        numbers = [*self.scalars.values(), *itertools.chain(*self.vectors.values())]
        return sum(abs(n.p) + n.q if n.is_Rational else 100 for n in numbers)

    def as_strings(self) -> dict[str, str]:
        written = {str(s): str(v) for s, v in self.scalars.items()}
        written.update({str(s): _written(values) for s, values in self.vectors.items()})
        return written


def _written(values: tuple[sp.Expr, ...]) -> str:
    if len(values) > LONG and len(set(values)) == 1:
        return f"({values[0]}, {len(values)} times)"
    return "(" + ", ".join(map(str, values)) + ")"
