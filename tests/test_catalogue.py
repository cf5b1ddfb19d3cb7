"""The catalogue's rows: data only, everything published checked against what is derived."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sympy as sp

from divergences.expression import parse
from divergences.fdivergence import FDivergence
from divergences.generators import ROWS, Family, catalogue

U, A = sp.Symbol("u", positive=True), sp.Symbol("a")
NAMES = [
    "total_variation", "kl", "reverse_kl", "pearson", "neyman", "squared_hellinger", "jeffreys",
    "jensen_shannon", "jensen_shannon_weighted", "gan", "alpha", "le_cam", "hockey_stick", "arithmetic_geometric",
]  # fmt: skip
PUBLISHED = [f for f in catalogue.members() if f.published_activation is not None]


def test_names_and_kinds() -> None:
    assert list(catalogue) == NAMES
    assert {n for n in NAMES if isinstance(catalogue[n], Family)} == {
        "jensen_shannon_weighted",
        "alpha",
        "hockey_stick",
    }
    assert all(catalogue[f.name.partition("(")[0]] is not None for f in catalogue.members())
    assert catalogue["kl"] is catalogue["kl"] and catalogue["alpha"](2) is catalogue["alpha"]("2")
    assert all(row.source for row in ROWS)


def test_unknown_names_say_the_near_ones() -> None:
    with pytest.raises(ValueError, match="Did you mean squared_hellinger"):
        catalogue["hellinger_squared"]
    with pytest.raises(KeyError):
        catalogue["kll"]
    assert "kll" not in catalogue


@pytest.mark.parametrize(
    ("name", "value"),
    [("jensen_shannon_weighted", 0), ("jensen_shannon_weighted", 1.0), ("hockey_stick", 0.99),
     ("alpha", float("inf")), ("alpha", float("nan")), ("alpha", "x"), ("alpha", sp.I), ("alpha", None)],
)  # fmt: skip
def test_parameters_out_of_range(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{name} needs .*Got"):
        catalogue[name](value)


def test_floats_are_read_as_decimals() -> None:
    assert catalogue["alpha"](0.3) is catalogue["alpha"](sp.Rational(3, 10))
    assert catalogue["alpha"]("0.3").name == "alpha(3/10)"
    assert FDivergence("alpha(0.3)").expression == catalogue["alpha"](0.3).expression
    assert FDivergence("hockey_stick(2)").kinks == (2,)


def test_alpha_at_its_limits() -> None:
    """KL at a = 1 and reverse KL at a = 0, up to a multiple of u - 1, continuously."""
    alpha = catalogue["alpha"]
    u = sp.Symbol("u")
    assert sp.simplify(alpha(1).expression - u * sp.log(u) + (u - 1)) == 0
    assert sp.simplify(alpha(0).expression + sp.log(u) - (u - 1)) == 0
    for limit in (0, 1):
        near = alpha(limit + sp.Rational(1, 10**6))
        assert near(3.0) == pytest.approx(alpha(limit)(3.0), rel=1e-5)
    assert sp.simplify(2 * alpha(2).expression - catalogue["pearson"].expression) == 0
    assert sp.simplify(2 * alpha(-1).expression - catalogue["neyman"].expression) == 0
    assert sp.simplify(alpha("1/2").expression - 4 * catalogue["squared_hellinger"].expression) == 0
    assert sp.simplify(catalogue["hockey_stick"](1).adjoint.expression.subs(u, 3)) == 0


@pytest.mark.parametrize("row", [r for r in ROWS if r.published], ids=lambda r: r.name)
def test_published_normalisation(row) -> None:  # type: ignore[no-untyped-def]
    """The published generator is the stated multiple of ours, up to a multiple of u - 1."""
    names = {"u": U} | (
        {row.parameter: sp.Symbol(row.parameter, positive=True)} if row.parameter else {}
    )
    difference = parse(row.published, names) - row.published_factor * parse(row.formula, names)
    assert sp.simplify(sp.diff(difference, U, 2)) == 0
    assert sp.simplify(difference.subs(U, 1)) == 0


def test_what_the_normalisations_mean() -> None:
    assert catalogue["jensen_shannon"].range.sup == sp.log(2)
    assert catalogue["jensen_shannon"].published_factor == 2
    assert catalogue["squared_hellinger"].range.sup == 1
    assert catalogue["squared_hellinger"].published_factor == 2
    assert catalogue["total_variation"].range.sup == 1
    assert catalogue["gan"].range == sp.Interval(-sp.log(4), 0)
    weighted = catalogue["jensen_shannon_weighted"]("1/2").expression
    half = catalogue["jensen_shannon"].expression
    assert sp.simplify(sp.expand_log((weighted - half).subs(sp.Symbol("u"), U), force=True)) == 0
    mean = FDivergence("(u*log(u) - log(u))/2")
    assert mean.is_symmetric


def test_published_activations_that_decrease() -> None:
    decreasing = {f.name for f in PUBLISHED if not f.published_activation.increasing}
    assert decreasing == {"reverse_kl", "neyman", "squared_hellinger"}


@pytest.mark.parametrize("f", PUBLISHED, ids=lambda f: f.name)
def test_published_activations_stay_in_the_published_domain(f: FDivergence) -> None:
    """Their range lies in dom f* of the published generator, factor * f: none leaves it."""
    scaled = sp.simplify(f.published_factor * f.slope_at_infinity)
    top = f.published_activation.range.sup
    assert scaled is sp.oo or sp.N(scaled - top, 40) >= -1e-35
    assert all(scaled != top or f.published_activation.range.right_open for _ in (0,))


@pytest.mark.parametrize("f", PUBLISHED, ids=lambda f: f.name)
def test_derived_range_and_direction_of_activations(f: FDivergence) -> None:
    """Against plain evaluation."""
    activation = f.published_activation
    at = [sp.N(activation.expression.subs(sp.Symbol("v"), x), 30) for x in (-40, -1, 0, 1, 40)]
    ordered = at if activation.increasing else at[::-1]
    assert ordered == sorted(at) and len(set(at)) == 5
    for got, end in zip(
        (ordered[0], ordered[-1]), (activation.range.inf, activation.range.sup), strict=True
    ):
        assert (abs(got) > 30 and end.is_infinite) or abs(got - sp.N(end, 30)) < 1e-15


def test_pearson_activation_leaves_the_printed_formula() -> None:
    """v < -2 is where t + t^2/4 is not the supremum."""
    f = catalogue["pearson"]
    assert f.published_activation.range == sp.Interval(-sp.oo, sp.oo)
    t = sp.Symbol("t")
    assert f.conjugate.subs(t, -4) == -1 != (t + t**2 / 4).subs(t, -4)


def test_symbolic_families() -> None:
    alpha = catalogue["alpha"]
    below, above = alpha.symbolic("below"), alpha.symbolic("above")
    assert sp.simplify(below.at_zero - 1 / A) == 0 and above.slope_at_infinity is sp.oo
    assert sp.simplify(below.slope_at_infinity - 1 / (1 - A)) == 0
    assert sp.simplify(above.conjugate.args[0][0] + 1 / A) == 0
    assert below.critical_level == above.critical_level == 0
    weighted = catalogue["jensen_shannon_weighted"].symbolic()
    pi = sp.Symbol("pi")
    assert sp.simplify(weighted.slope_at_infinity + pi * sp.log(pi)) == 0
    assert sp.simplify(weighted.at_zero + (1 - pi) * sp.log(1 - pi)) == 0
    assert not weighted.is_symmetric
    with pytest.raises(ValueError, match="no symbolic form"):
        alpha.symbolic("sideways")


def test_the_rows_are_read_without_sympy() -> None:
    code = "import sys, divergences.generators as g; assert len(g.ROWS) == 14; raise SystemExit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
