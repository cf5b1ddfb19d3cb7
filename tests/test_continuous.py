"""`between`: quadrature against closed forms, mpmath and balls; supports, tails, bad input."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scipy import stats

import divergences as dv
from divergences._families import FAMILIES, Tail, integrable
from divergences.closed_forms import FORMS
from divergences.continuous import Between, NotDecided, escapes
from divergences.densities import as_density
from divergences.expression import parse

LINE = (-math.inf, math.inf)
X = sp.Symbol("x")
NAMES = ("kl", "jeffreys", "pearson", "neyman", "squared_hellinger", "alpha(1.5)", "renyi(0.5)")

UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)  # shrinking an integral takes minutes
places = st.floats(-3, 3)
scales = st.floats(0.2, 5)
shapes = st.floats(0.2, 8)
# family -> two members drawn together (the place shared where the closed forms need that)
PAIRS = {
    "normal": st.tuples(
        st.builds(stats.norm, places, scales), st.builds(stats.norm, places, scales)
    ),
    "laplace": st.tuples(
        st.builds(stats.laplace, places, scales), st.builds(stats.laplace, places, scales)
    ),
    "cauchy": st.tuples(
        st.builds(stats.cauchy, places, scales), st.builds(stats.cauchy, places, scales)
    ),
    "exponential": st.builds(
        lambda m, a, b: (stats.expon(m, a), stats.expon(m, b)), places, scales, scales
    ),
    "gamma": st.builds(
        lambda m, k, a, l, b: (stats.gamma(k, m, a), stats.gamma(l, m, b)),
        places, shapes, scales, shapes, scales,
    ),
    "beta": st.builds(
        lambda k, l, a, b: (stats.beta(k, l), stats.beta(a, b)), shapes, shapes, shapes, shapes
    ),
    "poisson": st.tuples(st.builds(stats.poisson, scales), st.builds(stats.poisson, scales)),
}  # fmt: skip


def normal(m: float, s: float):
    return lambda x: np.exp(-((x - m) ** 2) / (2 * s * s)) / (s * math.sqrt(2 * math.pi))


def test_every_family_with_a_closed_form_is_drawn() -> None:
    assert set(PAIRS) == {form.family for form in FORMS}


@pytest.mark.parametrize("family", PAIRS)
@given(data=st.data())
@settings(max_examples=12, phases=UNSHRUNK, suppress_health_check=list(HealthCheck))
def test_quadrature_agrees_with_the_closed_form_within_its_error(
    family: str, data: st.DataObject
) -> None:
    P, Q = data.draw(PAIRS[family])
    name = data.draw(st.sampled_from(NAMES))
    try:
        exact = dv.between(P, Q, name)
    except NotDecided:  # finite, but above 1e308
        return
    try:
        found = dv.between(P, Q, name, closed_form=False)
    except NotDecided:  # allowed to say so, not to be wrong
        assert exact.value > 1e3 or exact.value == math.inf
        return
    if math.isinf(exact.value):
        assert found.value == math.inf
        return
    assert abs(found.value - exact.value) <= found.error + exact.error
    assert found.error <= 1e-8 * max(1.0, exact.value)


@pytest.mark.parametrize(
    ("P", "Q"),
    [
        (stats.norm(0.3, 1.1), stats.norm(-1, 1.1)),
        (stats.cauchy(0, 1), stats.cauchy(3, 2)),
        # the densities cross next to a panel's end, and once more at x = 1844
        (
            stats.cauchy(2.4873652866865523, 1.203401187820091),
            stats.cauchy(1.9631627517061558, 1.2040864205265511),
        ),
    ],
)
def test_total_variation_in_closed_form(P, Q) -> None:
    exact = dv.between(P, Q, "total_variation")
    found = dv.between(P, Q, "total_variation", closed_form=False)
    assert exact.method == "closed form" and found.method == "quadrature"
    assert abs(found.value - exact.value) <= found.error + exact.error


@pytest.mark.parametrize("name", ["kl", "jensen_shannon", "squared_hellinger", "le_cam"])
def test_a_mixture_against_mpmath(name: str) -> None:
    P = dv.Mixture([0.25, 0.75], [stats.norm(-1, 0.25), stats.norm(2, 1.5)])
    Q = stats.laplace(0.5, 1.5)
    f = sp.lambdify(sp.Symbol("u"), dv.FDivergence(name).expression, "mpmath")

    def integrand(x):
        p = mpmath.npdf(x, -1, 0.25) / 4 + 3 * mpmath.npdf(x, 2, 1.5) / 4
        q = mpmath.exp(-abs(x - mpmath.mpf("0.5")) / mpmath.mpf("1.5")) / 3
        return q * f(p / q)

    points = [-70, -20, -6, -3, -2, -1.5, -1, -0.5, 0, 0.5, 2, 4, 8, 14, 30, 70]
    with mpmath.workdps(25):
        expected = mpmath.quad(integrand, points)
        found = dv.between(P, Q, name)
        assert abs(mpmath.mpf(found.value) - expected) <= found.error
    assert found.error < 1e-12


@pytest.mark.parametrize("name", ["kl", "pearson", "total_variation", "jensen_shannon", "jeffreys"])
@pytest.mark.parametrize(
    ("P", "Q"),
    [
        (stats.norm(0, 1), stats.norm(1, 2)),
        (stats.laplace(0, 1), stats.laplace(2, 1.5)),
        (stats.uniform(0, 2), stats.expon()),
    ],
    ids=["normal", "laplace", "uniform"],
)
def test_the_ball_holds_the_quadrature(P, Q, name: str) -> None:
    if name == "jeffreys" and P.dist.name == "uniform":
        assert dv.between(P, Q, name, rigorous=True).value == math.inf
        return
    ball = dv.between(P, Q, name, rigorous=True)
    found = dv.between(P, Q, name, closed_form=False)
    assert ball.method == "enclosure" and ball.error < 1e-14
    assert abs(found.value - ball.value) <= found.error + ball.error


def test_the_ball_of_formulas() -> None:
    """KL(N(0,1)||Laplace(0,1)) = sqrt(2/pi) + log 2 - (1 + log(2 pi))/2."""
    P, Q = sp.exp(-(X**2) / 2) / sp.sqrt(2 * sp.pi), sp.exp(-sp.Abs(X)) / 2
    truth = math.sqrt(2 / math.pi) + math.log(2) - (1 + math.log(2 * math.pi)) / 2
    for rigorous in (True, False):
        found = dv.between((P, LINE), (Q, LINE), "kl", rigorous=rigorous)
        assert abs(found.value - truth) <= found.error + 2e-16


def test_a_singular_end_over_seventy_orders_of_magnitude() -> None:
    P, Q = stats.beta(1.63, 2.8), stats.beta(0.168, 0.568)
    exact = dv.between(P, Q, "reverse_kl")
    found = dv.between(P, Q, "reverse_kl", closed_form=False)
    assert abs(found.value - exact.value) <= found.error < 1e-11


def test_tails_that_scipys_density_cannot_reach() -> None:
    P, Q = stats.laplace(3, 8.5), stats.laplace(4, 0.025)
    exact = dv.between(P, Q, "jeffreys")
    found = dv.between(P, Q, "jeffreys", closed_form=False)
    assert abs(found.value - exact.value) <= found.error < 1e-9


def test_near_equal_densities_keep_their_digits() -> None:
    found = dv.between(stats.norm(0, 1), stats.norm(1e-7, 1), "kl", closed_form=False)
    assert abs(found.value - 5e-15) <= found.error < 1e-20


@pytest.mark.parametrize("shift", [40.0, 300.0, 5000.0])
def test_far_apart_densities_do_not_overflow(shift: float) -> None:
    found = dv.between(stats.norm(0, 1), stats.norm(shift, 1), "kl", closed_form=False)
    assert abs(found.value - shift**2 / 2) <= found.error < 1e-8 * shift**2
    assert dv.between(stats.norm(0, 1), stats.norm(shift, 1), "js").value <= math.log(2) + 1e-12


@pytest.mark.parametrize("name", ["total_variation", "jensen_shannon", "squared_hellinger"])
def test_symmetry(name: str) -> None:
    P, Q = stats.gamma(0.4, scale=2), stats.norm(1, 2)
    a, b = dv.between(P, Q, name), dv.between(Q, P, name)
    assert abs(a.value - b.value) <= a.error + b.error


def test_disjoint_supports_cost_f0_plus_slope() -> None:
    P, Q = stats.uniform(0, 1), stats.uniform(2, 1)
    for name, top in (("js", math.log(2)), ("total_variation", 1.0), ("alpha(0.5)", 4.0)):
        found = dv.between(P, Q, name)
        assert abs(found.value - top) <= found.error
    for name in ("kl", "reverse_kl", "pearson", "renyi(0.5)"):
        assert dv.between(P, Q, name) == Between(math.inf, 0.0, "supports")


def test_supports_that_overlap_in_part() -> None:
    """P = U(0,2), Q = U(1,3): TV = 1/2, and KL(P||Q) is infinite both ways; U(0,1) in U(0,2) has log 2."""
    P, Q = stats.uniform(0, 2), stats.uniform(1, 2)
    found = dv.between(P, Q, "total_variation")
    assert abs(found.value - 0.5) <= found.error < 1e-13
    assert math.isinf(dv.between(P, Q, "kl").value)
    inside = dv.between(stats.uniform(0, 1), stats.uniform(0, 2), "kl")
    assert abs(inside.value - math.log(2)) <= inside.error
    gap = dv.Mixture([0.5, 0.5], [stats.uniform(0, 1), stats.uniform(2, 1)])
    assert escapes(as_density(stats.uniform(0, 3), "P"), as_density(gap, "Q"))
    assert not escapes(as_density(gap, "P"), as_density(stats.uniform(0, 3), "Q"))


@pytest.mark.parametrize(
    ("P", "Q", "name"),
    [
        (stats.cauchy(), stats.norm(), "kl"),
        (stats.norm(0, 2), stats.norm(0, 1), "pearson"),
        (stats.norm(0, 2**0.5), stats.norm(0, 1), "pearson"),
        (stats.t(2), stats.norm(), "kl"),
        (stats.norm(), stats.cauchy(), "neyman"),
        (stats.beta(0.5, 1), stats.beta(2, 1), "pearson"),
        (stats.norm(), stats.expon(), "kl"),
        (dv.Mixture([0.999, 0.001], [stats.norm(), stats.laplace()]), stats.norm(), "pearson"),
        (dv.Mixture([0.5, 0.5], [stats.norm(), stats.cauchy()]), stats.norm(0, 9), "kl"),
    ],
)
@pytest.mark.parametrize("closed", [True, False])
def test_infinite_divergences_are_infinite(P, Q, name: str, closed: bool) -> None:
    found = dv.between(P, Q, name, closed_form=closed)
    assert (found.value, found.error) == (math.inf, 0.0)


def test_the_edge_of_pearson_between_gaussians() -> None:
    """v = 2 s2^2 - s1^2 just above 0: finite, s2^2/(s1 sqrt v) - 1, by both roads."""
    s1 = math.sqrt(2) - 1e-6
    exact = dv.between(stats.norm(0, s1), stats.norm(0, 1), "pearson")
    found = dv.between(stats.norm(0, s1), stats.norm(0, 1), "pearson", closed_form=False)
    truth = 1 / (s1 * math.sqrt(float(2 - Fraction(s1) ** 2))) - 1
    assert exact.value == pytest.approx(truth, rel=1e-14)
    assert abs(found.value - exact.value) <= found.error


@pytest.mark.parametrize(
    ("P", "Q", "name"),
    [
        ((lambda x: 1 / (np.pi * (1 + x * x)), LINE), stats.norm(), "kl"),
        ((normal(0, 2), LINE), (normal(0, 1), LINE), "pearson"),
        ((normal(0, 2**0.5), LINE), (normal(0, 1), LINE), "pearson"),
        (stats.gennorm(1), stats.gennorm(3), "pearson"),
        (stats.geom(0.1), stats.geom(0.5), "pearson"),
        (stats.lognorm(2), stats.lognorm(1), "pearson"),
    ],
)
def test_what_may_be_infinite_is_refused_when_the_tails_are_unknown(P, Q, name: str) -> None:
    with pytest.raises(NotDecided, match="infinite"):
        dv.between(P, Q, name)


def test_tails_decide_exactly() -> None:
    one, zero = Fraction(1), Fraction(0)
    normals = [Tail({2: -one / (2 * v)}, zero) for v in (1, 2)]
    assert integrable(normals[0], normals[1], (Fraction(2), 0), (zero, 0), True) is True
    assert integrable(normals[1], normals[0], (Fraction(2), 0), (zero, 0), True) is False
    heavy = Tail({}, Fraction(-3))
    assert integrable(heavy, normals[0], (one, 1), (zero, 0), True) is False  # x^-3 x^2
    assert integrable(Tail({}, Fraction(-4)), normals[0], (one, 1), (zero, 0), True) is True
    assert (
        integrable(Tail({}, -one / 2), Tail({}, one), (Fraction(2), 0), (zero, 0), False) is False
    )
    assert integrable(heavy, normals[0], None, (zero, 0), True) is None


def test_functions_and_formulas_give_what_scipy_gives() -> None:
    exact = dv.between(stats.norm(0, 1), stats.norm(1, 2), "kl").value
    formula = sp.exp(-(X**2) / 2) / sp.sqrt(2 * sp.pi)
    for P in ((normal(0, 1), LINE), (formula, LINE)):
        found = dv.between(P, stats.norm(1, 2), "kl")
        assert abs(found.value - exact) <= found.error < 1e-12
    found = dv.between((lambda x: np.log(normal(0, 1)(0)) - x * x / 2, LINE), stats.norm(1, 2), "kl",
                       log=True)  # fmt: skip
    assert abs(found.value - exact) <= found.error < 1e-12


def test_a_narrow_peak_is_refused_until_its_place_is_named() -> None:
    P = (normal(0.5, 1e-5), LINE)
    with pytest.raises(ValueError, match=r"`P` must integrate to 1.*`breaks`"):
        dv.between(P, stats.norm(), "kl")
    found = dv.between(P, stats.norm(), "kl", breaks=[0.5])
    exact = dv.between(stats.norm(0.5, 1e-5), stats.norm(), "kl").value
    assert abs(found.value - exact) <= found.error < 1e-8


def test_torch_distributions() -> None:
    torch = pytest.importorskip("torch")
    D = torch.distributions
    assert dv.between(D.Normal(0.0, 1.0), D.Normal(1.0, 1.0)).value == 0.5
    independent = D.Independent(D.Normal(torch.tensor([1.0]), torch.tensor([2.0])), 1)
    assert dv.between(independent, stats.norm(1, 2)).value == 0.0
    components = D.Normal(torch.tensor([-1.0, 2.0]), torch.tensor([0.25, 1.5]))
    mixture = D.MixtureSameFamily(D.Categorical(torch.tensor([0.25, 0.75])), components)
    ours = dv.Mixture([0.25, 0.75], [stats.norm(-1, 0.25), stats.norm(2, 1.5)])
    Q = stats.norm(1, 2)
    assert dv.between(mixture, Q, "js").value == pytest.approx(
        dv.between(ours, Q, "js").value, rel=1e-13
    )
    for made, same in (
        (D.Laplace(1.0, 2.0), stats.laplace(1, 2)),
        (D.Cauchy(1.0, 2.0), stats.cauchy(1, 2)),
        (D.Exponential(4.0), stats.expon(scale=0.25)),
        (D.Gamma(2.0, 4.0), stats.gamma(2, scale=0.25)),
        (D.Beta(2.0, 3.0), stats.beta(2, 3)),
        (D.Uniform(1.0, 3.0), stats.uniform(1, 2)),
        (D.StudentT(3.0, 1.0, 2.0), stats.t(3, 1, 2)),
        (D.Poisson(4.0), stats.poisson(4)),
    ):
        assert as_density(made, "P").member == as_density(same, "Q").member
    for wrong in (
        D.Normal(torch.zeros(3), 1.0),
        D.MultivariateNormal(torch.zeros(2), torch.eye(2)),
        D.Gumbel(0.0, 1.0),
    ):
        with pytest.raises(ValueError, match="`Q` must be one"):
            dv.between(stats.norm(), wrong)


def test_discrete_distributions() -> None:
    P = stats.rv_discrete(values=([0, 1, 2], [0.2, 0.3, 0.5]))
    Q = stats.rv_discrete(values=([0, 1, 2], [0.3, 0.3, 0.4]))
    found = dv.between(P, Q, "kl")
    expected = float(dv.kl(np.array([0.2, 0.3, 0.5]), np.array([0.3, 0.3, 0.4])))
    assert abs(found.value - expected) <= found.error < 1e-13
    assert dv.between(stats.poisson(2), P, "kl").value == math.inf
    geometric = dv.between(stats.geom(0.3), stats.geom(0.5), "kl")
    truth = math.log(0.3 / 0.5) + (1 / 0.3 - 1) * math.log(0.7 / 0.5)
    assert abs(geometric.value - truth) <= geometric.error + 1e-15


@pytest.mark.parametrize(
    ("P", "Q", "truth"),
    [
        (stats.norm(0, 1), stats.norm(3, 1), 3.0),
        (stats.expon(), stats.expon(scale=3), 2.0),
        (stats.uniform(0, 1), stats.uniform(0, 3), 1.0),
    ],
)
def test_wasserstein1(P, Q, truth: float) -> None:
    found = dv.between(P, Q, "wasserstein1")
    assert abs(found.value - truth) <= found.error < 1e-11


def test_the_densities_of_the_families_are_scipys() -> None:
    for row in FAMILIES.values():
        if row.density:
            params = {n: Fraction(3 + i, 4) for i, n in enumerate(row.parameters)}
            arguments = {n: float(v) for n, v in row.to_scipy(params).items()}
            names = {sp.Symbol(n): sp.Rational(v) for n, v in params.items()}
            x = sp.Rational(7, 5)
            text = parse(row.density, [*params, "x"]).subs({**names, X: x})
            expected = getattr(stats, row.scipy_name)(**arguments).pdf(1.4)
            assert float(text) == pytest.approx(expected, rel=1e-13)
