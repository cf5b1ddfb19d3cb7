"""A convex generator f and everything that follows from it.

D_f(P||Q) = E_Q f(p/q), plus f'(oo) P(q = 0), with f(0) on Q's mass where p = 0. Only f is ever typed in:
its convexity is proved, and its derivatives, boundary values, conjugate, adjoint, symmetry, range and
critic are derived from the expression. Natural logarithms; every value is in nats.

Source: Csiszar, "Information-type measures of difference of probability distributions" (1967); Liese and
Vajda, "On divergences and informations in statistics and information theory" (2006); Nowozin, Cseke and
Tomioka, "f-GAN: training generative neural samplers using variational divergence minimization" (2016).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from ._algebra import expand, tidy
from ._conjugate_numeric import ConjugateOnArrays, conjugate_cells, one_with_error
from ._evaluate import constant
from ._exact import T, U, Undecided, V, is_zero, sign_of
from ._numeric import Remainder, critic_cells, evaluate_pieces, floats_around
from ._parameters import Parameters
from ._pieces import Piece, split
from ._profile import (
    Profile,
    at_parameters,
    looks_constant,
    mirrored,
    profile,
    slope_before,
)
from ._reading import from_catalogue, read
from ._stable import assemble
from .conjugate import ConjugatePiece, as_piecewise, conjugate_pieces
from .convexity import prove_convex

if TYPE_CHECKING:
    from ._rows import Activation, Row

Array = Any
PUBLIC = {s: sp.Symbol(s.name) for s in (U, T, V)}  # the public symbols, without assumptions


class FDivergence:
    """The f-divergence of a convex generator f(u) on u > 0 with f(1) = 0.

    Args:
        generator: the text of a formula in u ("(u-1)**2/(u+1)"), the name of a row of the catalogue
            ("kl", "alpha(0.5)"), or a sympy expression in a symbol named u.
        value_at_one: f(1), where it is not 0 (text, number or sympy); D_f(P||P) is then this value. The
            row "gan" has -log(4).
        name: how the divergence prints; the text of the formula by default.
        parameters: symbols other than u in the formula, each with the open interval of its values. The
            exact attributes are then expressions in them; the numerical methods raise.

    Raises:
        ValueError: the formula cannot be read or has other symbols; f is not finite and real somewhere
            (`.witness`, a point); f is not convex (`.witness`, three rationals x < y < z with f(y) above
            the chord); convexity could be neither proved nor refuted; f(1) differs from value_at_one
            (the message has its value); an unknown name (the message has the near ones).

    >>> f = FDivergence("u*log(u)")
    >>> f.conjugate, f.conjugate_domain, f.slope_at_infinity
    (exp(t - 1), Interval(-oo, oo), oo)
    """

    def __init__(
        self,
        generator: str | sp.Expr,
        *,
        value_at_one: str | float | sp.Expr | None = None,
        name: str | None = None,
        parameters: Mapping[sp.Symbol, sp.Interval] | None = None,
    ) -> None:
        self.row: Row | None = None  # of the catalogue
        self.name: str = name or str(generator)
        if isinstance(generator, str) and re.fullmatch(r"\s*[A-Za-z]\w*(\(.*\))?\s*", generator):
            row = from_catalogue(generator.strip())
            if row is not None:
                if value_at_one is not None or parameters:
                    raise ValueError(
                        "`value_at_one` and `parameters` go with a formula, not a name"
                    )
                self.__dict__.update(row.__dict__)
                self.name = name or self.name
                return
        self._parameters = Parameters(parameters or {})
        internal = self._parameters.inward(read(generator, self._parameters))
        value = sp.S.Zero if value_at_one is None else read(value_at_one, self._parameters)
        self._expression = internal
        self._pieces = tuple(split(internal))
        self.convexity = prove_convex(list(self._pieces), internal)
        self._require_value(self._parameters.inward(value))

    def _require_value(self, wanted: sp.Expr) -> None:
        actual = tidy(self._left.expr.subs(U, 1))
        if sign_of(expand(actual - wanted)) != 0:
            raise ValueError(
                f"f(1) must be {wanted}: f(u) = {self.expression} has f(1) = {self._out(actual)} "
                f"(about {sp.N(actual, 8)}). Subtract it, or pass value_at_one to keep it"
            )
        self.value_at_one = self._out(tidy(wanted))
        self._at_one = tidy(wanted)

    @classmethod
    def _derived(
        cls,
        expression: sp.Expr,
        pieces: tuple[Piece, ...],
        source: FDivergence,
        name: str,
        why: str,
    ) -> FDivergence:
        """A generator known to be convex with the same f(1), because `source` is."""
        made = cls.__new__(cls)
        made.row, made._parameters, made.name = None, source._parameters, name
        made._expression, made._pieces, made.convexity = expression, pieces, why
        made._at_one, made.value_at_one = source._at_one, source.value_at_one
        return made

    def _out(self, expr: sp.Expr) -> sp.Expr:
        """An internal expression in the public symbols."""
        return self._parameters.outward(expr).xreplace(PUBLIC)

    def __repr__(self) -> str:
        return f"FDivergence({self.name!r})"

    # --- the generator ------------------------------------------------------------------------

    @property
    def expression(self) -> sp.Expr:
        """f(u), in the plain symbol u."""
        return self._out(self._expression)

    @cached_property
    def derivative(self) -> sp.Expr:
        """f'(u); a Piecewise where f has kinks (there, undefined)."""
        return self._by_pieces([tidy(sp.diff(p.expr, U), thorough=True) for p in self._pieces])

    @cached_property
    def second_derivative(self) -> sp.Expr:
        """f''(u) off the kinks."""
        return self._by_pieces([tidy(sp.diff(p.expr, U, 2), thorough=True) for p in self._pieces])

    def _by_pieces(self, values: list[sp.Expr], symbol: sp.Symbol = U) -> sp.Expr:
        if len(set(values)) == 1:
            return self._out(values[0])
        ends = [p.hi for p in self._pieces[:-1]]
        arguments = [(value, U < end) for value, end in zip(values, ends, strict=False)]
        return self._out(sp.Piecewise(*arguments, (values[-1], True)))

    @property
    def kinks(self) -> tuple[sp.Expr, ...]:
        """The points where f' jumps."""
        return tuple(self._out(at) for at, left, right in self._joints if left != right)

    @cached_property
    def _joints(self) -> list[tuple[sp.Expr, sp.Expr, sp.Expr]]:
        """(c, f'(c-), f'(c+)) where pieces meet."""
        return [
            (a.hi, slope_before(a, a.hi), slope_before(b, a.hi))
            for a, b in zip(self._pieces, self._pieces[1:], strict=False)
        ]

    @property
    def _left(self) -> Piece:
        return next(p for p in self._pieces if p.hi is sp.oo or sign_of(p.hi - 1) >= 0)

    @property
    def _right(self) -> Piece:
        return next(p for p in self._pieces if p.hi is sp.oo or sign_of(p.hi - 1) > 0)

    @cached_property
    def _critical(self) -> sp.Expr:
        return tidy((slope_before(self._left, sp.S.One) + slope_before(self._right, sp.S.One)) / 2)

    @property
    def critical_level(self) -> sp.Expr:
        """f'(1), the critic's value where p = q; at a kink the midpoint of [f'(1-), f'(1+)]."""
        return self._out(self._critical)

    @cached_property
    def _shape(self) -> Profile:
        return profile(self._pieces, self._mirror)

    @cached_property
    def _mirror(self) -> tuple[Piece, ...]:
        return mirrored(self._pieces)

    @property
    def at_zero(self) -> sp.Expr:
        """f(0) = lim f(u) as u -> 0: the price of Q's mass where P has none; oo allowed."""
        return self._out(self._shape.at_zero)

    @property
    def slope_at_zero(self) -> sp.Expr:
        """f'(0+), below which f* is flat; -oo allowed."""
        return self._out(self._shape.slope_at_zero)

    @property
    def slope_at_infinity(self) -> sp.Expr:
        """f'(oo) = lim f(u)/u: the price of P's mass where Q has none, and the end of dom f*."""
        return self._out(self._shape.slope_at_infinity)

    @property
    def range(self) -> sp.Set:
        """The interval of D_f's values, [f(1), f(0) + f'(oo)]; the top is attained by disjoint P and Q."""
        top = tidy(self._shape.at_zero + self._shape.slope_at_infinity)
        return sp.Interval(self.value_at_one, self._out(top), False, top is sp.oo)

    # --- the adjoint --------------------------------------------------------------------------

    @cached_property
    def adjoint(self) -> FDivergence:
        """The FDivergence of u f(1/u): D of the adjoint at (P, Q) is D_f(Q||P)."""
        if len(self._pieces) == len(self._mirror) and all(
            a.lo == b.lo and is_zero(a.expr - b.expr)
            for a, b in zip(self._pieces, self._mirror, strict=True)
        ):
            expression, pieces = self._expression, self._pieces
        else:
            pieces = self._mirror
            choices = [(p.expr, U < p.hi) for p in pieces[:-1]]
            expression = (
                sp.Piecewise(*choices, (pieces[-1].expr, True)) if choices else pieces[0].expr
            )
        return FDivergence._derived(
            expression, pieces, self, f"adjoint of {self.name}", "the adjoint of a convex function"
        )

    @cached_property
    def is_symmetric(self) -> bool:
        """Whether D_f(P||Q) = D_f(Q||P) for all P, Q: u f(1/u) - f(u) = c (u - 1). Raises `Undecided`."""
        if len(self._pieces) != len(self._mirror):
            return False
        slopes = []
        for a, b in zip(self._pieces, self._mirror, strict=True):
            if a.lo != b.lo and sign_of(a.lo - b.lo) != 0:
                return False
            slope = sp.diff(b.expr - a.expr, U)
            if not self._parameters and not looks_constant(slope, a):
                return False
            if not is_zero(sp.diff(slope, U)):
                if self._parameters:
                    return False
                raise Undecided(f"the symmetry of {self.name} was not decided")
            slopes.append(slope.subs(U, a.inside()))
        return all(is_zero(tidy(s - slopes[0])) for s in slopes[1:])

    # --- the conjugate ------------------------------------------------------------------------

    @cached_property
    def _conjugate_pieces(self) -> list[ConjugatePiece] | None:
        instances = [
            (values, at_parameters(self._shape, values)) for values in self._parameters.instances()
        ]
        return conjugate_pieces(self._shape, instances)

    @cached_property
    def conjugate(self) -> sp.Expr | None:
        """f*(t) = sup over u >= 0 of u t - f(u), in the plain symbol t; None without a closed form.

        `oo` outside the effective domain; a Piecewise where it has pieces (flat at -f(0) below f'(0+),
        affine at kinks).
        """
        if self._conjugate_pieces is None:
            return None
        return self._out(as_piecewise(self._conjugate_pieces, self._shape))

    @cached_property
    def conjugate_domain(self) -> sp.Set:
        """Where f* is finite: (-oo, f'(oo)), closed on the right exactly if f* is finite there."""
        top = self._out(self._shape.slope_at_infinity)
        return sp.Interval(-sp.oo, top, True, not self._shape.closed)

    def conjugate_at(self, t: Array) -> Array:
        """f*(t) on a number (rounded correctly), numpy or torch array; inf outside the domain.

        Arrays go through the closed form, or through a solve of f'(e^v) = t where there is none.
        """
        if isinstance(t, int | float | sp.Expr | np.floating | np.integer):
            return self.conjugate_with_error(t)[0]
        self._require_numbers()
        return self._on_arrays(t)

    @cached_property
    def _on_arrays(self) -> ConjugateOnArrays:
        found = self._conjugate_pieces
        cells = None if found is None else conjugate_cells(found)
        return ConjugateOnArrays(self._shape, cells, self.activation, self.conjugate_of_activation)

    def conjugate_with_error(self, t: Array) -> tuple[Array, Array]:
        """f*(t) and a proven bound on its error, from an enclosure of the supremum; element by element."""
        self._require_numbers()
        if isinstance(t, int | float | sp.Expr | np.floating | np.integer):
            return self._one_with_error(t)
        pairs = [self._one_with_error(float(x)) for x in np.asarray(t).ravel()]
        values, errors = (
            np.array(column).reshape(np.shape(t)) for column in zip(*pairs, strict=True)
        )
        return values, errors

    def _one_with_error(self, t: Any) -> tuple[float, float]:
        return one_with_error(self._shape, self._conjugate_pieces, t)

    # --- the canonical critic -----------------------------------------------------------------

    @cached_property
    def critic(self) -> sp.Expr:
        """g(v) = f'(e^v), in the plain symbol v: the optimal critic as a function of v = log p/q."""
        return self._on_logarithm([tidy(sp.diff(p.expr, U), thorough=True) for p in self._pieces])

    @cached_property
    def conjugate_of_critic(self) -> sp.Expr:
        """f*(g(v)) = e^v f'(e^v) - f(e^v), in the plain symbol v."""
        heights = [tidy(expand(U * sp.diff(p.expr, U) - p.expr)) for p in self._pieces]
        return self._on_logarithm(heights)

    def _on_logarithm(self, values: list[sp.Expr]) -> sp.Expr:
        """Functions of u piece by piece, as one of v = log u; midpoints where pieces meet."""
        forms = [tidy(value.subs(U, sp.exp(V)), thorough=True) for value in values]
        if len(forms) == 1:
            return self._out(forms[0])
        arguments: list[tuple[sp.Expr, Any]] = []
        for i, piece in enumerate(self._pieces[:-1]):
            at = tidy(sp.log(piece.hi))
            middle = tidy((values[i] + values[i + 1]).subs(U, piece.hi) / 2)
            arguments += [(forms[i], at > V), (middle, sp.Eq(V, at))]
        return self._out(sp.Piecewise(*arguments, (forms[-1], True)))

    def activation(self, v: Array) -> Array:
        """g(v) = f'(e^v) on numbers, numpy and torch, accurate for every v; midpoints at kinks.

        Raises ValueError for a family with symbolic parameters.
        """
        cells, special = self._critic_cells
        return assemble(cells, special, v)

    def conjugate_of_activation(self, v: Array) -> Array:
        """f*(g(v)) = e^v f'(e^v) - f(e^v) = -(f°)'(e^-v), as accurate as `activation`."""
        cells, special = self.adjoint._critic_cells
        return -assemble(cells, special, -v)

    @cached_property
    def _critic_cells(self) -> tuple[list[Any], list[tuple[float, float]]]:
        self._require_numbers()
        special = []
        for at, left, right in self._joints:
            below, above = floats_around(sp.log(at))
            if below == above:
                special.append((below, constant(tidy((left + right) / 2))))
        return critic_cells(self._pieces), special

    @property
    def published_activation(self) -> Activation | None:
        """The output activation that the f-GAN paper prints for this row, as data; None without one."""
        return self.row.activation if self.row is not None else None

    @property
    def published_factor(self) -> sp.Expr | None:
        """The published divergence of this row divided by this one; None where nothing is published."""
        factor = self.row.published_factor if self.row is not None else None
        return None if factor is None else sp.Integer(factor)

    @property
    def source(self) -> str | None:
        """Where the catalogue's row comes from."""
        return self.row.source if self.row is not None else None

    # --- numbers ------------------------------------------------------------------------------

    def _require_numbers(self) -> None:
        if self._parameters:
            names = ", ".join(map(str, self._parameters.symbols))
            raise ValueError(f"{self.name} has symbolic {names}; give numbers to evaluate it")

    def __call__(self, u: Array) -> Array:
        """f(u) on numbers and arrays; f(0) at 0, nan below."""
        self._require_numbers()
        return evaluate_pieces(self._pieces, self._shape.at_zero, u)

    def remainder(self, u: Array, excess: Array | None = None) -> Array:
        """R(u) = f(u) - f(1) - f'(1) (u - 1) >= 0, to near the last digit next to u = 1 as well.

        Args:
            u: ratios p/q in [0, inf]; numbers, numpy or torch.
            excess: u - 1 = (p - q)/q where that is known better than the rounded u.
        """
        return self._remainder(u, excess)

    @cached_property
    def _remainder(self) -> Remainder:
        self._require_numbers()
        c, shape = self._critical, self._shape
        at_zero = shape.at_zero - self._at_one + c
        growth = shape.slope_at_infinity - c
        at_infinity = sp.oo if growth is sp.oo or sign_of(growth) > 0 else self._tail()
        return Remainder(self._pieces, self._mirror, self._at_one, c, at_zero, at_infinity)

    def _tail(self) -> sp.Expr:
        """lim R(u) where f'(oo) = f'(1): f is affine beyond 1."""
        last = self._pieces[-1].expr
        return tidy((last - self._at_one - self._critical * (U - 1)).subs(U, 2))

    def divergence(self, p: Array, q: Array, axis: int = -1, **options: Any) -> Array:
        """D_f(P||Q) of probability vectors along `axis`; see `divergences.f_divergence`."""
        from .discrete import f_divergence

        return f_divergence(self, p, q, axis, **options)


__all__ = ["FDivergence", "Undecided"]
