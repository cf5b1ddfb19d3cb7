"""The words a derivation is written in, beyond sympy's own: sums over atoms, suprema, domains.

A claim's symbols carry no assumptions; what is known of each is its *domain*, stated in the
claim's `given`. That way a hypothesis cannot slip in through sympy's automatic simplification.

- `Total(term)` is the sum over all atoms x of `term`, in which every symbol whose domain is
  `Mass()` or `PerAtom(...)` stands for its value at x. A proof about totals that goes term by term
  holds for every finite alphabet, and word for word for densities.
- `Supremum(expr, u, lower, upper)` is the supremum over u in the open interval, of a function
  that is concave in u.
- Domains: `Interval(lower, upper)` (open), `REAL`, `POSITIVE`, `UNIT`; `Mass()`, a probability
  vector with positive entries; `Mass(zero=True)`, one that may vanish at some atoms;
  `PerAtom(domain)`, one number of `domain` an atom; `Choice(...)`, finitely many exact values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from divergences.enclosure import NotEnclosable, enclose


class Total(sp.Expr):
    """Sum over the atoms of a finite alphabet of any size; see the module's docstring."""

    is_commutative = True
    precedence = PRECEDENCE["Add"] + 1  # so that a product puts it in parentheses

    def __new__(cls, term: sp.Expr) -> Total:
        return sp.Expr.__new__(cls, sp.sympify(term))

    @property
    def term(self) -> sp.Expr:
        return self.args[0]

    def _eval_is_extended_real(self) -> bool | None:
        return self.term.is_extended_real or None

    def _eval_is_finite(self) -> bool | None:
        return self.term.is_finite or None

    def _eval_is_positive(self) -> bool | None:
        return self.term.is_positive or None

    def _eval_is_nonnegative(self) -> bool | None:
        return self.term.is_nonnegative or None

    def _eval_derivative(self, s: sp.Symbol) -> Total:
        """A finite sum is differentiated term by term."""
        return Total(self.term.diff(s))

    def _latex(self, printer: LatexPrinter) -> str:
        return rf"\sum_{{x}} {printer.parenthesize(self.term, 50)}"

    def _sympystr(self, printer: StrPrinter) -> str:
        return f"total({printer.doprint(self.term)})"


class Supremum(sp.Expr):
    """sup over u in (lower, upper) of an expression concave in u."""

    is_commutative = True
    precedence = PRECEDENCE["Add"] + 1

    def __new__(
        cls, expr: sp.Expr, u: sp.Symbol, lower: sp.Expr | int, upper: sp.Expr | int
    ) -> Supremum:
        if not isinstance(u, sp.Symbol):
            raise ValueError(f"a supremum runs over a variable: a symbol is required, got {u}")
        return sp.Expr.__new__(cls, *map(sp.sympify, (expr, u, lower, upper)))

    @property
    def objective(self) -> sp.Expr:
        return self.args[0]

    @property
    def variable(self) -> sp.Symbol:
        return self.args[1]

    @property
    def bounds(self) -> tuple[sp.Expr, sp.Expr]:
        return self.args[2], self.args[3]

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        inner = self.objective.free_symbols - {self.variable}
        return inner | self.bounds[0].free_symbols | self.bounds[1].free_symbols

    @property
    def bound_symbols(self) -> list[sp.Symbol]:
        return [self.variable]

    def _eval_subs(self, old: sp.Expr, new: sp.Expr) -> Supremum | None:
        """The bound variable is nobody else's: a value for a symbol of its name stays outside."""
        if old != self.variable:
            return None
        return Supremum(self.objective, self.variable, *(b.subs(old, new) for b in self.bounds))

    def _latex(self, printer: LatexPrinter) -> str:
        u, (lower, upper) = self.variable, self.bounds
        scope = f"{printer.doprint(lower)} < {printer.doprint(u)}"
        if upper is not sp.oo:
            scope += f" < {printer.doprint(upper)}"
        return rf"\sup_{{{scope}}} {printer.parenthesize(self.objective, 50)}"

    def _sympystr(self, printer: StrPrinter) -> str:
        u, (lower, upper) = self.variable, self.bounds
        body, name, a, b = map(printer.doprint, (self.objective, u, lower, upper))
        return f"sup({body}, {a} < {name} < {b})"


# --- domains ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Interval:
    """The open interval (lower, upper); its ends may name variables given before this one."""

    lower: sp.Expr | int = -sp.oo
    upper: sp.Expr | int = sp.oo

    def __post_init__(self) -> None:
        object.__setattr__(self, "lower", sp.sympify(self.lower))
        object.__setattr__(self, "upper", sp.sympify(self.upper))

    def parametrised(self, name: str) -> tuple[sp.Expr, sp.Symbol]:
        """The variable as a function of one positive (or real) symbol that runs over the domain."""
        lower, upper = self.lower, self.upper
        if lower is -sp.oo and upper is sp.oo:
            s = sp.Symbol(name, real=True)
            return s, s
        s = sp.Symbol(name if (lower, upper) == (0, sp.oo) else name + "'", positive=True)
        if upper is sp.oo:
            return lower + s, s
        if lower is -sp.oo:
            return upper - s, s
        return (lower + upper * s) / (1 + s), s

    def rationals(self, point: dict[sp.Symbol, sp.Expr]) -> Iterator[sp.Rational]:
        """Exact rationals inside, the simplest first; without end."""
        lower = sp.sympify(self.lower).subs(point)
        upper = sp.sympify(self.upper).subs(point)
        for candidate in _simplest_rationals():
            for moved in _moved_inside(candidate, lower, upper):
                if inside(moved, lower, upper):
                    yield moved


REAL = Interval()
POSITIVE = Interval(0, sp.oo)
UNIT = Interval(0, 1)


@dataclass(frozen=True)
class Choice:
    """One of finitely many exact values."""

    values: tuple[sp.Expr | int, ...]

    def rationals(self, point: dict[sp.Symbol, sp.Expr]) -> Iterator[sp.Expr]:
        del point
        yield from map(sp.sympify, self.values)


@dataclass(frozen=True)
class Mass:
    """A probability vector, of total 1: positive at every atom, or with `zero` possibly 0 at some.

    Where masses vanish, a term of a total is its limit as they tend to 0 together: 0 log 0 = 0,
    q f(p/q) is q f(0) or p f'(oo), and an atom without any mass adds nothing.
    """

    zero: bool = False


@dataclass(frozen=True)
class PerAtom:
    """One number an atom, each from `domain`."""

    domain: Interval | Choice = REAL


Domain = Interval | Choice | Mass | PerAtom


def inside(value: sp.Expr, lower: sp.Expr, upper: sp.Expr) -> bool:
    """lower < value < upper, decided exactly or by balls; an undecided comparison is False."""
    return _less(lower, value) and _less(value, upper)


def _less(a: sp.Expr, b: sp.Expr) -> bool:
    if a is -sp.oo or b is sp.oo:
        return True
    if a.is_Rational and b.is_Rational:
        return bool(a < b)
    try:
        return bool(enclose(a) < enclose(b))
    except NotEnclosable:
        return False


def _simplest_rationals() -> Iterator[sp.Rational]:
    """0, 1, -1, 1/2, -1/2, 2, -2, 1/3, ...: by height, each once."""
    yield sp.S.Zero
    height = 1
    while True:
        for numerator in range(1, height + 1):
            for a, b in {(numerator, height), (height, numerator)}:
                value = Fraction(a, b)
                if max(value.numerator, value.denominator) == height:
                    yield sp.Rational(value.numerator, value.denominator)
                    yield sp.Rational(-value.numerator, value.denominator)
        height += 1


def _moved_inside(r: sp.Rational, lower: sp.Expr, upper: sp.Expr) -> Iterator[sp.Rational]:
    """`r` itself, and r carried into the interval by a shift from a nearby rational end."""
    yield r
    ends = [_rational_near(end) for end in (lower, upper) if end.is_finite]
    if len(ends) == 1 and r > 0:
        yield ends[0] + r if lower.is_finite else ends[0] - r
    if len(ends) == 2 and r > 0:
        yield (ends[0] + r * ends[1]) / (1 + r)


def _rational_near(end: sp.Expr) -> sp.Rational:
    if end.is_Rational:
        return end
    approximation = Fraction(float(end)).limit_denominator(50)
    return sp.Rational(approximation.numerator, approximation.denominator)


__all__ = [
    "POSITIVE", "REAL", "UNIT", "Choice", "Domain", "Interval", "Mass", "PerAtom", "Supremum",
    "Total", "inside",
]  # fmt: skip
