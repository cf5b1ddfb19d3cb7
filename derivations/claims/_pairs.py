"""Two laws on a finite alphabet, as the claims about divergences name them, and what that covers."""

from __future__ import annotations

from sympy import Symbol, symbols

from ..language import Domain, Mass

p, q = symbols("p q")

ANY: dict[Symbol, Domain] = {p: Mass(zero=True), q: Mass(zero=True)}
POSITIVE_MASSES: dict[Symbol, Domain] = {p: Mass(), q: Mass()}

FINITE = "finite alphabets"
FULL_SUPPORT = "finite alphabets; p, q > 0"
