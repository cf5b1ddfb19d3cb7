"""The catalogue: the named f-divergences, each one row of data; all else is derived by `FDivergence`.

`catalogue[name]` is an FDivergence, or for a name with a parameter a `Family` to be called with its value.
Where a published table is normalised otherwise, the row says by what factor; where it prints an output
activation, the row has it as printed, with `published_activation.increasing` and `.range` derived.

Source of the twelve published rows: Nowozin, Cseke and Tomioka, "f-GAN: training generative neural
samplers using variational divergence minimization" (2016), arXiv:1606.00709, tables 5 and 6.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ._rows import Branch, Row

if TYPE_CHECKING:
    import sympy as sp

    from .fdivergence import FDivergence

F_GAN = "Nowozin, Cseke and Tomioka, f-GAN (2016), tables 5 and 6"


ROWS = (
    Row(
        "total_variation",
        "Abs(u-1)/2",
        F_GAN,
        published="Abs(u-1)/2",
        published_factor=1,
        published_activation="tanh(v)/2",
        note="its range (-1/2, 1/2) misses the two values that the optimal critic takes",
    ),
    Row(
        "kl", "u*log(u)", F_GAN, published="u*log(u)", published_factor=1, published_activation="v"
    ),
    Row(
        "reverse_kl",
        "-log(u)",
        F_GAN,
        published="-log(u)",
        published_factor=1,
        published_activation="-exp(v)",
        note="decreases in v; the canonical critic is -exp(-v)",
    ),
    Row(
        "pearson",
        "(u-1)**2",
        F_GAN,
        published="(u-1)**2",
        published_factor=1,
        published_activation="v",
        note="leaves the range t >= -2 on which the printed conjugate t**2/4 + t is right",
    ),
    Row(
        "neyman",
        "(1-u)**2/u",
        F_GAN,
        published="(1-u)**2/u",
        published_factor=1,
        published_activation="1-exp(v)",
        note="decreases in v; the canonical critic is 1 - exp(-2*v)",
    ),
    Row(
        "squared_hellinger",
        "(sqrt(u)-1)**2/2",
        F_GAN,
        published="(sqrt(u)-1)**2",
        published_factor=2,
        published_activation="1-exp(v)",
        note="decreases in v; published without the half that makes H^2 <= 1",
    ),
    Row(
        "jeffreys",
        "(u-1)*log(u)",
        F_GAN,
        published="(u-1)*log(u)",
        published_factor=1,
        published_activation="v",
    ),
    Row(
        "jensen_shannon",
        "(u*log(u)-(u+1)*log((u+1)/2))/2",
        F_GAN,
        published="u*log(u)-(u+1)*log((u+1)/2)",
        published_factor=2,
        published_activation="log(2)-log(1+exp(-v))",
        note="published without its halves: that divergence is 2 JS <= log 4",
    ),
    Row(
        "jensen_shannon_weighted",
        "pi*u*log(u)-(1-pi+pi*u)*log(1-pi+pi*u)",
        F_GAN,
        parameter="pi",
        domain=Branch("", "0", "1"),
        allowed="0 < pi < 1",
        examples=("1/3", "1/2", "9/10"),
        branches=(Branch("weighted", "0", "1", "-pi*log(pi)-log(1+exp(-v))"),),
        published="pi*u*log(u)-(1-pi+pi*u)*log(1-pi+pi*u)",
        published_factor=1,
        note="at pi = 1/2 it is JS, with its halves, while the table's Jensen-Shannon row is 2 JS",
    ),
    Row(
        "gan",
        "u*log(u)-(u+1)*log(u+1)",
        F_GAN,
        value_at_one="-log(4)",
        published="u*log(u)-(u+1)*log(u+1)",
        published_factor=1,
        published_activation="-log(1+exp(-v))",
        note="kept as published, with f(1) = -log 4: D = 2 JS - log 4, which is not 0 at P = Q",
    ),
    Row(
        "alpha",
        "(u**a-1-a*(u-1))/(a*(a-1))",
        F_GAN,
        parameter="a",
        domain=Branch("", "-oo", "oo"),
        allowed="a finite real number",
        examples=("1/2", "3/10", "-1", "-1/2", "3/2", "2", "3", "0", "1"),
        branches=(
            Branch("below", "0", "1", "1/(1-a)-log(1+exp(-v))"),
            Branch("above", "1", "oo", "v"),
            Branch("negative", "-oo", "0", "1/(1-a)-log(1+exp(-v))"),
        ),
        expanded=True,
        published="(u**a-1-a*(u-1))/(a*(a-1))",
        published_factor=1,
        note="KL as a -> 1 and reverse KL as a -> 0; for a > 1 the printed conjugate is wrong at and "
        "below t = 1/(1-a), where it is -1/a",
    ),
    Row(
        "le_cam",
        "(u-1)**2/(u+1)",
        "Le Cam, Asymptotic methods in statistical decision theory (1986); Topsoe (2000), "
        "triangular discrimination",
    ),
    Row(
        "hockey_stick",
        "Max(u-gamma,0)",
        "Sason and Verdu, f-divergence inequalities (2016), E_gamma divergence",
        parameter="gamma",
        domain=Branch("", "1", "oo", closed=True),
        allowed="gamma >= 1",
        examples=("2", "1", "5/4"),
    ),
    Row(
        "arithmetic_geometric",
        "(u+1)/2*log((u+1)/(2*sqrt(u)))",
        "Taneja, New developments in generalized information measures (1995)",
        note="the mean of KL(M||P) and KL(M||Q), M = (P + Q)/2",
    ),
)


class Family:
    """A row with a parameter: call it with a value for an FDivergence.

    Integers, fractions and sympy numbers are exact; a float is read as its shortest decimal (0.3 is 3/10).

    >>> catalogue["alpha"](0.5).expression
    -4*sqrt(u) + 2*u + 2
    """

    def __init__(self, row: Row) -> None:
        self.row, self.name = row, row.name
        self.parameter, self.allowed, self.example = row.parameter or "", row.allowed, row.example
        self._made: dict[Any, FDivergence] = {}

    def __repr__(self) -> str:
        return f"Family({self.name!r}, {self.allowed})"

    def __call__(self, value: float | str | sp.Expr) -> FDivergence:
        """The member at this value. Raises ValueError where the parameter is out of range."""
        import sympy as sp

        number = exact_number(value)
        if number is None or not bool(self._domain.contains(number)):
            raise ValueError(f"{self.name} needs {self.allowed}. Got {self.parameter} = {value!r}")
        if number not in self._made:
            formula = self._formula.subs(self.symbol, number)
            if formula.has(sp.nan, sp.zoo):  # a removable singularity of the parametrisation
                formula = sp.expand(sp.limit(self._formula, self.symbol, number))
            branch = next((b for b in self.row.branches if bool(b.interval.contains(number))), None)
            self._made[number] = self._make(
                sp.expand(formula) if self.row.expanded else formula,
                f"{self.name}({number})",
                branch,
                values=((self.parameter, number),),
            )
        return self._made[number]

    def symbolic(self, branch: str | None = None) -> FDivergence:
        """The family with its parameter kept as a symbol, on one of `branches` (the first by default).

        Its exact attributes are formulas in the parameter. Raises ValueError for an unknown branch.

        >>> catalogue["alpha"].symbolic("above").slope_at_infinity
        oo
        """
        chosen = [b for b in self.row.branches if branch in (None, b.name)]
        if not chosen:
            known = ", ".join(self.branches) or "none"
            raise ValueError(f"{self.name} has no symbolic form {branch!r}. Known: {known}")
        key = ("symbolic", chosen[0].name)
        if key not in self._made:
            self._made[key] = self._make(
                self._formula,
                f"{self.name}({self.parameter})",
                chosen[0],
                parameters={self.symbol: chosen[0].interval},
            )
        return self._made[key]

    @property
    def branches(self) -> tuple[str, ...]:
        """The names that `symbolic` knows."""
        return tuple(branch.name for branch in self.row.branches)

    @cached_property
    def symbol(self) -> sp.Symbol:
        """The parameter's symbol, without assumptions."""
        import sympy as sp

        return sp.Symbol(self.parameter)

    @cached_property
    def _domain(self) -> sp.Interval:
        assert self.row.domain is not None
        return self.row.domain.interval

    @cached_property
    def _formula(self) -> sp.Expr:
        from ._exact import U
        from .expression import parse

        return parse(self.row.formula, {"u": U, self.parameter: self.symbol})

    def _make(
        self,
        formula: sp.Expr,
        name: str,
        branch: Branch | None,
        values: tuple[tuple[str, Any], ...] = (),
        parameters: Mapping[sp.Symbol, sp.Interval] | None = None,
    ) -> FDivergence:
        from .fdivergence import FDivergence

        made = FDivergence(formula, name=name, parameters=parameters)
        activation = branch.activation if branch else None
        made.row = replace(self.row, published_activation=activation, values=values)
        return made


def exact_number(value: Any) -> sp.Expr | None:
    """A finite real number as sympy's; a float as its shortest decimal. None for anything else."""
    import sympy as sp

    from .expression import ExpressionError, parse

    try:
        number = parse(value, []) if isinstance(value, str) else sp.sympify(value)
    except (ExpressionError, sp.SympifyError):
        return None
    if (
        not isinstance(number, sp.Expr)
        or number.is_extended_real is not True
        or not number.is_finite
    ):
        return None
    return number.replace(lambda x: x.is_Float, lambda x: sp.Rational(str(value)))


class Catalogue(Mapping[str, "FDivergence | Family"]):
    """The rows by name; a row is built when first asked for. Unknown names raise ValueError."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self.rows: dict[str, Row] = {row.name: row for row in rows}
        self._built: dict[str, FDivergence | Family] = {}

    def __getitem__(self, name: str) -> FDivergence | Family:
        if name not in self.rows:
            near = difflib.get_close_matches(str(name), self.rows, 3, 0.5) or self.rows
            raise UnknownDivergence(
                f"no divergence is called {name!r}. Did you mean {', '.join(near)}?"
            )
        if name not in self._built:
            self._built[name] = _build(self.rows[name])
        return self._built[name]

    def __contains__(self, name: object) -> bool:
        return name in self.rows

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def members(self) -> list[FDivergence]:
        """Every row as an FDivergence, the families at a few values: what a law is tested over."""
        found: list[FDivergence] = []
        for name in self:
            entry = self[name]
            if isinstance(entry, Family):
                found += [entry(value) for value in entry.row.examples]
            else:
                found.append(entry)
        return found


class UnknownDivergence(ValueError, KeyError):
    """No row has this name; the message has the near ones."""

    def __str__(self) -> str:
        return str(self.args[0])


def _build(row: Row) -> FDivergence | Family:
    if row.parameter is not None:
        return Family(row)
    from .fdivergence import FDivergence

    made = FDivergence(row.formula, value_at_one=row.value_at_one, name=row.name)
    made.row = row
    return made


catalogue = Catalogue(ROWS)
