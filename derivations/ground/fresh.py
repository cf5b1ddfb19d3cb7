"""A name of the proofs' own that nothing in the expressions at hand bears already."""

from __future__ import annotations

import sympy as sp


def fresh(name: str, *exprs: sp.Basic, **known: bool) -> sp.Symbol:
    """A symbol called `name`, with as many primes more as it takes to be new to `exprs`."""
    taken = {s.name for expr in exprs for s in expr.free_symbols}
    while name in taken or name + "'" in taken:  # a parameter's name may get a prime of its own
        name += "''"
    return sp.Symbol(name, **known)
