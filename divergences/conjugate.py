"""The Legendre-Fenchel transform f*(t) = sup over u >= 0 of u t - f(u), in closed form.

The t axis falls into segments: below f'(0+) the supremum sits at u = 0 and f* = -f(0); between the
one-sided slopes at a kink c it sits there and f* = c t - f(c); elsewhere it sits where f'(u) = t, which
is solved for u; above f'(oo) it is infinite. A formula is accepted only after it agrees to 45 digits
with an enclosure of the supremum that does not use it.

Source: Rockafellar, "Convex Analysis" (1970), sections 12 and 23; for f-divergences Nowozin, Cseke and
Tomioka, "f-GAN" (2016), whose table omits the segments at u = 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from flint import arb, ctx

from ._algebra import (
    PATIENCE,
    SHORT,
    expand,
    factored,
    gather_logs,
    length,
    shortest,
    simplified,
    tidy,
    tidy_logs,
    tidy_powers,
    unwieldy,
)
from ._exact import T, U, Undecided, is_zero, sign_of
from ._invert import Solution, X, solutions
from ._patience import within
from ._pieces import Piece
from ._profile import Profile, Segment, segments
from ._sign import exact_ball
from ._supremum import OutOfReach, supremum
from .enclosure import NotEnclosable, compile_ball

DIGITS = 50
AGREED = 45
LARGEST_SHOWN = 1000  # exponent, beyond which a formula is of no use to anyone
Instance = Mapping[sp.Symbol, sp.Expr]


@dataclass(frozen=True)
class ConjugatePiece:
    """On lo <= t <= hi (one-sided where infinite or outside the domain) f*(t) = expr."""

    lo: sp.Expr
    hi: sp.Expr
    expr: sp.Expr


def conjugate_pieces(
    shape: Profile, instances: Sequence[tuple[Instance, Profile]]
) -> list[ConjugatePiece] | None:
    """f* by pieces, or None when some piece has no closed form that was found and confirmed.

    `instances` are values for the symbolic parameters with the profile there (one empty mapping when
    there are none): each formula is confirmed at each of them.
    """
    parts = segments(shape)
    if parts is None:
        return None
    found: list[ConjugatePiece] = []
    for part in parts:
        expr = _segment_formula(part, instances)
        if expr is None:
            return None
        if found and is_zero(found[-1].expr - expr):
            found[-1] = ConjugatePiece(found[-1].lo, part.hi, found[-1].expr)
        else:
            found.append(ConjugatePiece(part.lo, part.hi, expr))
    return found


def _segment_formula(
    part: Segment, instances: Sequence[tuple[Instance, Profile]]
) -> sp.Expr | None:
    if part.kind == "flat":
        assert part.value is not None
        return tidy(-part.value)
    if part.kind == "kink":
        assert part.value is not None
        return tidy(expand(part.at * T - part.value))
    assert part.piece is not None
    expr = part.piece.expr
    if expr.has(sp.sinh, sp.cosh, sp.tanh):
        expr = expr.rewrite(sp.exp)
    slope = tidy(sp.diff(expr, U))
    height = tidy(expand(U * sp.diff(expr, U) - expr))
    seen: set[sp.Expr] = set()
    for solution in solutions(slope):
        if solution.u in seen or solution.u.has(sp.I, sp.nan, sp.zoo):
            continue
        seen.add(solution.u)
        if not _solves(solution, slope, part.piece, instances):
            continue
        for formula in _substituted(height, solution):
            if all(_confirmed(formula, part, values, shape) for values, shape in instances):
                return formula
    return None


def _samples(piece: Piece) -> list[sp.Rational]:
    """Three rationals inside, apart from one another."""
    middle = piece.inside()
    below, above = Piece(piece.lo, middle, piece.expr), Piece(middle, piece.hi, piece.expr)
    return [middle, below.inside(), above.inside()]


def _solves(
    solution: Solution, slope: sp.Expr, piece: Piece, instances: Sequence[tuple[Instance, Profile]]
) -> bool:
    """u(f'(u0)) = u0 to 40 digits at points u0 of the piece: this picks the branch."""
    for values, _ in instances:
        at = Piece(piece.lo.subs(values), piece.hi.subs(values), piece.expr)
        for point in _samples(at):
            t = exact_ball(slope.subs(values).subs(U, point), 300)
            back = _ball(solution.u.subs(values), t)
            with ctx.workprec(300):
                if back is None or not abs(back - exact_ball(point, 300)) < arb(10) ** -40:
                    return False
    return True


def _ball(expr: sp.Expr, t: arb, bits: int = 300) -> arb | None:
    with ctx.workprec(bits):
        try:
            value = compile_ball(expr)({T: t}, False)
        except (NotEnclosable, ValueError, ZeroDivisionError, KeyError):
            return None
        return value if isinstance(value, arb) and value.is_finite() else None


def _confirmed(expr: sp.Expr, part: Segment, values: Instance, shape: Profile) -> bool:
    """The formula meets the enclosure of the supremum at several t of the segment, to 45 digits."""
    lo, hi = part.lo.subs(values), part.hi.subs(values)
    for t in _inner_points(lo, hi):
        try:
            truth = supremum(shape, t, DIGITS)
        except (OutOfReach, Undecided):
            continue
        formula = _ball(expr.subs(values), exact_ball(t, 300))
        with ctx.workprec(300):
            scale = 1 + abs(truth)
            if formula is None or not abs(formula - truth) < scale * arb(10) ** -AGREED:
                return False
    return True


def _inner_points(lo: sp.Expr, hi: sp.Expr) -> list[sp.Rational]:
    """Rationals strictly between lo and hi."""
    a = None if lo is -sp.oo else sp.Rational(str(sp.N(lo, 40)))
    b = None if hi is sp.oo else sp.Rational(str(sp.N(hi, 40)))
    steps = [sp.Rational(1, 9), sp.Rational(2, 5), sp.Rational(7, 4), sp.Rational(13)]
    if a is None and b is None:
        return [s * sign for s in steps for sign in (1, -1)]
    if a is None:
        return [b - s for s in steps]
    if b is None:
        return [a + s for s in steps]
    return [a + (b - a) * s for s in map(sp.Rational, ("1/9", "2/5", "6/7", "99/100"))]


def _substituted(height: sp.Expr, solution: Solution) -> list[sp.Expr]:
    """u f'(u) - f(u) at the solution, in a few forms, the shortest first."""
    in_x = sp.powdenest(height.subs(U, solution.of_x), force=True)
    flat = within(PATIENCE, lambda: tidy(sp.expand_log(in_x, force=True)))
    in_x = in_x if flat is None else shortest((in_x, flat))
    if unwieldy(in_x):
        largest = max(abs(p.exp) for p in in_x.atoms(sp.Pow) if p.exp.is_Rational)
        return [in_x.subs(X, expand(solution.x))] if largest <= LARGEST_SHOWN else []
    raw = in_x.subs(X, solution.x)
    if raw.has(sp.LambertW):
        return [_lambert_form(raw), raw]
    rational = within(PATIENCE, lambda: _rationalised(raw))
    if rational is not None:
        return [rational, raw]
    forms = [raw]
    rewrites = [lambda: expand(raw), lambda: expand(tidy_powers(raw))]
    if raw.has(sp.log):
        rewrites.append(lambda: gather_logs(tidy_logs(raw)))
    else:
        rewrites.append(lambda: factored(raw))
    for rewrite in rewrites:
        form = within(PATIENCE / 2, rewrite)
        if form is not None:
            forms.append(form)
    best = shortest(forms)
    if sp.count_ops(best) > SHORT:
        shorter = within(PATIENCE / 2, lambda: simplified(best))
        if shorter is not None:
            forms.append(shorter)
    return sorted(dict.fromkeys(forms), key=length)[:4]


def _lambert_form(expr: sp.Expr) -> sp.Expr:
    """log W(z) = log z - W(z), then collected."""

    def replaced(argument: sp.Expr) -> sp.Expr:
        whole = sp.expand_log(sp.log(argument), force=True)
        return whole.replace(
            lambda a: isinstance(a, sp.log) and isinstance(a.args[0], sp.LambertW),
            lambda a: sp.expand_log(sp.log(a.args[0].args[0]), force=True) - a.args[0],
        )

    def exponential(argument: sp.Expr) -> sp.Expr:
        """e^(k W(z) + a) = (z/W(z))^k e^a."""
        total = sp.S.One
        for term in sp.Add.make_args(expand(argument)):
            k, core = term.as_coeff_Mul()
            is_w = isinstance(core, sp.LambertW)
            total *= (core.args[0] / core) ** k if is_w else sp.exp(term)
        return total

    def rewritten() -> sp.Expr:
        return expand(sp.expand(expr.replace(sp.log, replaced)).replace(sp.exp, exponential))

    result = within(PATIENCE, rewritten)
    return expr if result is None else result


def _rationalised(expr: sp.Expr) -> sp.Expr:
    """With one root s = sqrt(a + b t) in it: rational in s, cancelled, expanded."""
    roots = {p.base for p in expr.atoms(sp.Pow) if p.exp.is_Rational and p.exp.q == 2 and p.has(T)}
    if len(roots) != 1:
        raise ValueError("not one root")
    base = roots.pop()
    b = sp.diff(base, T)
    if b.has(T):
        raise ValueError("not linear")
    s = sp.Symbol("s", positive=True)
    in_s = expr.subs(T, (s**2 - base.subs(T, 0)) / b)
    return expand(sp.expand(sp.cancel(in_s)).subs(s, sp.sqrt(base)))


def as_piecewise(found: list[ConjugatePiece], shape: Profile) -> sp.Expr:
    """The pieces as one expression in T, `oo` outside the domain."""
    top = shape.slope_at_infinity
    if not found:  # f = c (u - 1) + d: one slope only
        return sp.Piecewise((shape.height, top >= T), (sp.oo, True))
    arguments = [(piece.expr, piece.hi >= T) for piece in found[:-1]]
    last = found[-1].expr
    if top is sp.oo:
        return sp.Piecewise(*arguments, (last, True)) if arguments else last
    if not shape.closed:
        arguments.append((last, top > T))
    elif _valid_at(last, top, shape.height):
        arguments.append((last, top >= T))
    else:
        arguments += [(last, top > T), (shape.height, sp.Eq(T, top))]
    return sp.Piecewise(*arguments, (sp.oo, True))


def _valid_at(expr: sp.Expr, top: sp.Expr, height: sp.Expr) -> bool:
    try:
        at = expr.subs(T, top)
        return not at.has(sp.nan, sp.zoo, sp.oo) and sign_of(at - height) == 0
    except Undecided:
        return False
