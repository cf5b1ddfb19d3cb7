"""From positive masses to all: where a mass vanishes, a term is its limit.

The conventions of the book (0 log 0 = 0; q f(p/q) is q f(0) at p = 0 and p f'(oo) at q = 0) are one:
the masses that vanish at an atom tend to 0 together, and the term is its limit. An atom where all
vanish adds nothing.

Then a relation that holds for all positive P, Q holds for all. Mix each vector with a positive one
of weight s: the relation holds for every s > 0, each total tends to its value for P, Q as s -> 0, the
value +oo included, and so do both sides if they are continuous in their totals. What is asked here
is just that: the term depends on one mass, or is homogeneous of degree 1 in two (so that the limit
does not depend on the road); the limits exist; a total that may be +oo enters its side with no
chance of oo - oo or 0 * oo. A strict inequality does not survive the limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

import sympy as sp

from ..words.language import Total
from .eventual import NoLimit
from .fresh import fresh
from .functions import Level, conditions, holds
from .limits import one_sided
from .prepare import Atoms, Prepared
from .signs import is_nonnegative, is_positive
from .totals import Gathering
from .zero import is_zero


class NotClosed(ValueError):
    """The side has no value by the conventions where a mass vanishes; the message says why."""


def require_closed(side: sp.Expr, prepared: Prepared) -> None:
    """Raises `NotClosed` unless the side, as its author wrote it, is continuous up to there."""
    endless, atoms = set(), prepared.atoms
    totals = {total: prepared(total) for total in side.atoms(Total)}
    for total, image in totals.items():
        _require_nothing_at_no_mass(total, image, prepared)
    _require_defined_at_the_edge(_flat(side, prepared, _names(totals.values())), atoms)
    for total in set(totals.values()):
        if not isinstance(total, Total):
            continue
        if total.term.has(Total):
            raise NotClosed(f"{total} has a total inside")
        values = list(_at_vanishing(total.term, atoms))
        if any(value is sp.oo for value in values):
            endless.add(total)
        if any(value is -sp.oo for value in values):
            raise NotClosed(f"{total} may be -oo where a mass vanishes")
    if endless:
        names = {total: sp.Symbol(f"T''{i}", positive=True) for i, total in enumerate(endless)}
        _require_continuous(_flat(side, prepared, names), set(names.values()))


def _require_nothing_at_no_mass(total: Total, image: sp.Expr, prepared: Prepared) -> None:
    """p/p is 1 where there is mass; an atom without any adds nothing all the same."""
    vanishing = set(prepared.atoms.vanishing)
    written = {prepared.where.get(s, s) for s in total.free_symbols} & vanishing
    if written and not image.free_symbols & vanishing and not is_zero(image):
        raise NotClosed(f"{total} is not 0 at an atom without mass")


def _names(totals: Iterable[sp.Expr]) -> dict[sp.Expr, sp.Symbol]:
    """A symbol for each total, not negative where its term is not."""
    names = {}
    for i, total in enumerate(sorted({t for t in totals if isinstance(t, Total)}, key=str)):
        known = {"nonnegative": True} if is_nonnegative(total.term) else {"real": True}
        names[total] = sp.Symbol(f"T''{i}", **known)
    return names


def _flat(side: sp.Expr, prepared: Prepared, names: Mapping[sp.Expr, sp.Symbol]) -> sp.Expr:
    """The side with symbols for its totals, and nothing cancelled: T - T stays where it stands."""
    if isinstance(side, Total):
        value = prepared(side)
        known = Gathering(value, prepared.atoms)  # the masses' totals are 1
        return names.get(value, value) if known.names else known.expr
    if not side.has(Total) or isinstance(side, sp.Derivative | sp.Subs):
        return prepared(side)
    arguments = [_flat(arg, prepared, names) for arg in side.args]
    with sp.evaluate(False):
        return side.func(*arguments)


def _require_defined_at_the_edge(flat: sp.Expr, atoms: Atoms) -> None:
    """A total that is positive for positive masses may be 0 in the limit: no log 0, no 1/0."""
    if loose := flat.free_symbols & set(atoms.vanishing):
        raise NotClosed(f"{min(loose, key=str)} stands outside of every total")
    for node in sp.preorder_traversal(flat):
        if not (node.args and any(s.name.startswith("T''") for s in node.free_symbols)):
            continue
        for condition in conditions(node, Level.VALUE):
            if condition.kind == "nonnegative":
                continue  # shown for positive masses, and kept by the limit
            if not holds(condition, is_positive, is_nonnegative):
                raise NotClosed(f"{node} needs {condition}, also where masses vanish")


def _at_vanishing(term: sp.Expr, atoms: Atoms) -> Iterator[sp.Expr]:
    """The term's values where some of its masses vanish."""
    masses = [m for m in atoms.vanishing if term.has(m)]
    if any(term.has(m) for m in atoms.masses if m not in atoms.vanishing):
        raise NotClosed(f"{term} has masses of both kinds")
    if len(masses) > 2:
        raise NotClosed(f"{term} has more than two masses")
    if len(masses) == 2:
        _require_homogeneous(term, *masses)
    s = fresh("s''", term, positive=True)
    for count in range(1, len(masses) + 1):
        for zeros in combinations(masses, count):
            moved = sp.expand(sp.expand_log(term.subs(dict.fromkeys(zeros, s))))
            try:
                value = one_sided(moved, s, sp.S.Zero, from_below=False)
            except NoLimit as gap:
                raise NotClosed(f"{term} has no clear value at {zeros[0]} = 0: {gap}") from None
            if count == len(masses) and not is_zero(value):
                raise NotClosed(f"{term} is {value}, not 0, at an atom without mass")
            yield value


def _require_homogeneous(term: sp.Expr, p: sp.Symbol, q: sp.Symbol) -> None:
    scale = fresh("c''", term, positive=True)
    if not is_zero(term.subs({p: scale * p, q: scale * q}, simultaneous=True) - scale * term):
        raise NotClosed(f"{term} is not homogeneous in {p} and {q}")


def _require_continuous(side: sp.Expr, endless: set[sp.Symbol]) -> None:
    """The side tends to +oo (or to -oo) with these totals, whichever of them do."""
    directions = set()
    for term in sp.Add.make_args(side):
        if term.free_symbols & endless:
            directions.add(_direction(term, endless))
    if len(directions) > 1:
        raise NotClosed(f"{side} may be oo - oo")


def _direction(term: sp.Expr, endless: set[sp.Symbol]) -> int:
    """1 or -1: whether the term tends to +oo or to -oo as any of its endless totals does."""
    constant, core = term.as_independent(*endless, as_Add=False)
    sign = 1 if is_positive(constant) else (-1 if is_positive(-constant) else 0)
    if sign and _rises(core, endless):
        return sign
    raise NotClosed(f"{term} is not shown to be continuous where its totals are infinite")


def _rises(core: sp.Expr, endless: set[sp.Symbol]) -> bool:
    """T, c + T, T^r (r > 0), log T, and these of one another."""
    if core in endless:
        return True
    if isinstance(core, sp.Pow):
        return bool(core.exp.is_positive) and _rises(core.base, endless)
    if isinstance(core, sp.log):
        return _rises(core.args[0], endless)
    if isinstance(core, sp.Add):
        moving = [arg for arg in core.args if arg.free_symbols & endless]
        return all(_direction(arg, endless) == 1 for arg in moving)
    if isinstance(core, sp.Mul):
        constant, rest = core.as_independent(*endless, as_Add=False)
        return rest != core and is_positive(constant) and _rises(rest, endless)
    return False
