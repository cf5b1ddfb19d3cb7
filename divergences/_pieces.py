"""A generator with kinks as smooth pieces: |.|, Max, Min, sign and Piecewise resolved on (0, oo)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cmp_to_key, lru_cache
from itertools import combinations, pairwise

import sympy as sp
from sympy.core.relational import Relational

from ._algebra import tidy
from ._exact import U, Undecided, is_zero
from ._sign import Bracket, Root, Signs, compare, definite_sign, rational_between, sign_table

SWITCHES = (sp.Abs, sp.Max, sp.Min, sp.sign, sp.Heaviside, sp.Piecewise)
ENTIRE = (sp.exp, sp.sin, sp.cos, sp.sinh, sp.cosh, sp.tanh, sp.atan, sp.erf, sp.erfc)


@dataclass(frozen=True)
class Piece:
    """On lo < u < hi the generator is `expr`, without kinks."""

    lo: sp.Expr
    hi: sp.Expr
    expr: sp.Expr

    def inside(self) -> sp.Rational:
        """A simple rational inside."""
        return rational_between(self.lo, self.hi)


@lru_cache(maxsize=256)
def curvature(expr: sp.Expr) -> sp.Expr:
    """f'' in a form that shows its sign, if the sum over f's terms does; the shortest form otherwise."""
    second = tidy(sp.diff(expr, U, 2))
    if second.is_positive:
        return second
    by_terms = sp.Add(*(tidy(sp.diff(term, U, 2)) for term in sp.Add.make_args(expr)))
    return by_terms if by_terms.is_positive else second


class NotReal(ValueError):
    """The expression is not a finite real number at `witness` > 0."""

    def __init__(self, message: str, witness: sp.Expr) -> None:
        super().__init__(message)
        self.witness = witness


def split(expr: sp.Expr, lo: sp.Expr = sp.S.Zero, hi: sp.Expr = sp.oo) -> list[Piece]:
    """The smooth pieces of expr(u) on (lo, hi), neighbours with the same formula joined.

    Raises `NotReal` where expr is not finite and real inside, `Undecided` when a kink has no closed
    form.
    """
    node = _innermost_switch(expr)
    if node is None:
        require_real(expr, lo, hi)
        return [Piece(lo, hi, expr)]
    cuts = {root for g in _switching_functions(node) for root in _roots(g, lo, hi)}
    stops = [lo, *sorted(cuts, key=cmp_to_key(compare)), hi]
    pieces: list[Piece] = []
    for a, b in pairwise(stops):
        chosen = _resolve(node, rational_between(a, b), a, b)
        for piece in split(expr.xreplace({node: chosen}), a, b):
            if pieces and (pieces[-1].expr == piece.expr or is_zero(pieces[-1].expr - piece.expr)):
                pieces[-1] = Piece(pieces[-1].lo, piece.hi, pieces[-1].expr)
            else:
                pieces.append(piece)
    return pieces


def _innermost_switch(expr: sp.Expr) -> sp.Expr | None:
    found = [n for n in sp.postorder_traversal(expr) if isinstance(n, SWITCHES) and n.has(U)]
    return found[0] if found else None


def _switching_functions(node: sp.Expr) -> list[sp.Expr]:
    if isinstance(node, sp.Max | sp.Min):
        return [a - b for a, b in combinations(node.args, 2)]
    if isinstance(node, sp.Piecewise):
        relations = {r for _, condition in node.args for r in condition.atoms(Relational)}
        return [r.lhs - r.rhs for r in relations]
    return [node.args[0]]


def _roots(g: sp.Expr, lo: sp.Expr, hi: sp.Expr) -> list[sp.Expr]:
    require_real(g, lo, hi)
    roots = sign_table(g, lo, hi).roots if not is_zero(g) else ()
    for root in roots:
        if isinstance(root, Bracket):
            raise Undecided(
                f"the kink near u = {sp.N(root.left, 8)} has no closed form that was found"
            )
    return [r for r in roots if not isinstance(r, Bracket)]


def _resolve(node: sp.Expr, at: sp.Rational, lo: sp.Expr, hi: sp.Expr) -> sp.Expr:
    """What `node` is on (lo, hi), between whose ends none of its switching functions vanishes."""
    if isinstance(node, sp.Max | sp.Min):
        want = 1 if isinstance(node, sp.Max) else -1
        best = node.args[0]
        for other in node.args[1:]:
            if definite_sign(other - best, at) == want:
                best = other
        return best
    if isinstance(node, sp.Piecewise):
        for value, condition in node.args:
            truth = condition.xreplace(
                {r: _truth(r, at) for r in condition.atoms(Relational)}
            ) if condition not in (sp.true, sp.false) else condition  # fmt: skip
            if truth == sp.true:
                return value
        raise NotReal(f"{node} has no value at u = {at}", at)
    sign = definite_sign(node.args[0], at)
    if isinstance(node, sp.Abs):
        return node.args[0] * sign
    return sp.Integer(sign) if isinstance(node, sp.sign) else sp.Integer(sign > 0)


def _truth(relation: Relational, at: sp.Rational) -> sp.Basic:
    """The relation at a point where its two sides differ (or are the same function)."""
    difference = relation.lhs - relation.rhs
    sign = 0 if is_zero(difference) else definite_sign(difference, at)
    return sp.true if relation.func(sp.Integer(sign), 0) == sp.true else sp.false


def require_real(expr: sp.Expr, lo: sp.Expr, hi: sp.Expr) -> None:
    """Show that expr(u) is finite and real for every lo < u < hi.

    Raises `NotReal` with a point where it is not, `Undecided` for functions outside the list.
    """
    if expr in (sp.nan, sp.zoo) or expr.has(sp.nan, sp.zoo, sp.oo, sp.I):
        raise NotReal(f"{expr} is not a finite real number", _between(lo, hi))
    if expr.is_Symbol or expr.is_number:
        if expr.is_extended_real is False:
            raise NotReal(f"{expr} is not real", _between(lo, hi))
        return
    for argument in expr.args:
        require_real(argument, lo, hi)
    if isinstance(expr, (sp.Add, sp.Mul, *ENTIRE)):
        return
    if isinstance(expr, sp.log):
        _require(expr, expr.args[0], lo, hi, negative=False, zero=False)
    elif isinstance(expr, sp.Pow) and not expr.exp.has(U):
        _require(
            expr,
            expr.base,
            lo,
            hi,
            negative=bool(expr.exp.is_integer),
            zero=expr.exp.is_positive is True,
        )
    elif isinstance(expr, sp.Pow):
        _require(expr, expr.base, lo, hi, negative=False, zero=False)
    elif isinstance(expr, sp.gamma | sp.loggamma | sp.digamma):
        _require(expr, expr.args[0], lo, hi, negative=False, zero=False)
    elif isinstance(expr, sp.LambertW) and len(expr.args) == 1:
        _require(expr, expr.args[0] + sp.exp(-1), lo, hi, negative=False, zero=True)
    else:
        raise Undecided(f"{type(expr).__name__} in {expr} is not known to be real for every u > 0")


def _between(lo: sp.Expr, hi: sp.Expr) -> sp.Rational:
    return rational_between(lo, hi)


def _require(
    whole: sp.Expr, base: sp.Expr, lo: sp.Expr, hi: sp.Expr, *, negative: bool, zero: bool
) -> None:
    """Raise `NotReal` at a point of (lo, hi) where base < 0 or base = 0, unless that is allowed."""
    if base.is_positive or (negative and zero):
        return
    if is_zero(base):
        raise NotReal(f"{whole} is not finite", _between(lo, hi))
    table: Signs = sign_table(base, lo, hi)
    for left, right, sign in table.cells(lo, hi):
        if sign < 0 and not negative:
            at = rational_between(left, right)
            raise NotReal(f"{whole} is not real at u = {at}", at)
    if table.roots and not zero:
        raise NotReal(
            f"{whole} is not finite at u = {_shown(table.roots[0])}", _point(table.roots[0])
        )


def _point(root: Root) -> sp.Expr:
    return root.left if isinstance(root, Bracket) else root


def _shown(root: Root) -> str:
    return f"about {sp.N(root.left, 12)}" if isinstance(root, Bracket) else str(root)
