"""Toy densities: one set of laws for all of them, each against a quadrature that is the tests' own."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

torch = pytest.importorskip("torch")

import divergences as dv  # noqa: E402
from models import _toy_shapes  # noqa: E402
from models._gauss_legendre import gauss_legendre  # noqa: E402
from models.toy import (  # noqa: E402
    Banana,
    Checkerboard,
    Dirac,
    Entropy,
    Gaussian,
    GaussianMixture,
    Moons,
    ParallelLines,
    Ring,
    Rings,
    mixture_test_bed,
    ring_of_gaussians,
    toys,
)

# A box with all but 1e-12 of each member's mass, its blocks on an axis, and Gauss-Legendre nodes in a block.
BOXES = {
    "gaussian": ((-8, -5.5), (10, 4.5), 40, 6),
    "mixture": ((-10,), (14,), 200, 10),
    "ring_of_gaussians": ((-2.2, -2.2), (2.2, 2.2), 60, 12),
    "banana": ((-8, -5), (8, 36), 60, 10),
    "ring": ((-4.5, -4.5), (4.5, 4.5), 60, 8),
    "rings": ((-4.5, -4.5), (4.5, 4.5), 80, 8),
    "moons": ((-1.8, -1.3), (2.8, 1.8), 30, 8),
    "checkerboard": ((-2, -2), (2, 2), 16, 2),
}
DRAWS = 200_000

everyone = pytest.mark.parametrize("name", toys)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_every_member_has_a_box():
    assert set(BOXES) == set(toys)


_blocks_cache: dict = {}


def blocks(name):
    """(edges by axis, mass of each block, -int p log p), by composite Gauss-Legendre."""
    if name not in _blocks_cache:
        lower, upper, count, nodes = BOXES[name]
        roots, weights = np.polynomial.legendre.leggauss(nodes)
        edges = [np.linspace(a, b, count + 1) for a, b in zip(lower, upper, strict=True)]
        axes, volumes = [], np.ones(())
        for e in edges:
            half = (e[1] - e[0]) / 2
            axes.append(torch.from_numpy((e[:-1, None] + half * (roots + 1)).ravel()))
            volumes = np.multiply.outer(volumes, np.tile(half * weights, count))
        points = torch.stack([m.reshape(-1) for m in torch.meshgrid(*axes, indexing="ij")], -1)
        log_p = toys[name]().log_prob(points).numpy().reshape(volumes.shape)
        p = volumes * np.exp(log_p)
        entropy = -np.sum(np.where(p > 0, p * np.where(p > 0, log_p, 0), 0))
        masses = p.reshape([count, nodes] * len(edges)).sum(axis=tuple(range(1, 2 * len(edges), 2)))
        _blocks_cache[name] = edges, masses, entropy
    return _blocks_cache[name]


@everyone
def test_density_integrates_to_one(name):
    assert abs(blocks(name)[1].sum() - 1) < 1e-8


@everyone
def test_entropy_is_the_integral_of_minus_p_log_p(name):
    entropy = toys[name]().entropy
    assert entropy.error < 1e-8
    assert abs(entropy.value - blocks(name)[2]) < 1e-7


@everyone
def test_entropy_is_minus_the_mean_log_density_of_samples(name):
    toy = toys[name]()
    log_p = toy.log_prob(toy.sample(DRAWS, seeded(1), dtype=torch.float64))
    standard_error = float(log_p.std()) / math.sqrt(DRAWS)
    assert standard_error < 0.004
    assert abs(float(log_p.mean()) + toy.entropy.value) <= 5 * standard_error + 1e-12


@everyone
def test_samples_fill_the_blocks_as_the_density_says(name):
    """Chi-square over the blocks with five samples due or more; the others and the outside are one more."""
    edges, masses, _ = blocks(name)
    samples = toys[name]().sample(DRAWS, seeded(2), dtype=torch.float64).numpy()
    observed = np.histogramdd(samples, bins=edges)[0].ravel()
    due = masses.ravel() * DRAWS
    often = due >= 5
    observed = np.append(observed[often], DRAWS - observed[often].sum())
    due = np.append(due[often], DRAWS - due[often].sum())
    if due[-1] < 5:  # nothing left over: into the last block
        observed, due = (np.append(v[:-2], v[-2:].sum()) for v in (observed, due))
    assert stats.chisquare(observed, due, sum_check=False).pvalue > 1e-4


@everyone
def test_gradient_of_log_prob_is_that_of_central_differences(name):
    toy = toys[name]()
    x = toy.sample(64, seeded(3), dtype=torch.float64).requires_grad_()
    (gradient,) = torch.autograd.grad(toy.log_prob(x).sum(), x)
    for i in range(toy.dim):
        step = 1e-6 * torch.eye(toy.dim, dtype=torch.float64)[i]
        slope = (toy.log_prob(x + step) - toy.log_prob(x - step)) / 2e-6
        torch.testing.assert_close(gradient[:, i], slope.detach(), rtol=1e-5, atol=1e-5)


@everyone
def test_float32_agrees_with_float64(name):
    toy = toys[name]()
    x = toy.sample(1000, seeded(4), dtype=torch.float32)
    wide = x.double().requires_grad_()
    exact = toy.log_prob(wide)
    (score,) = torch.autograd.grad(exact.sum(), wide)
    # What rounding x by one unit, and the result's own rounding, may change.
    unit = torch.finfo(torch.float32).eps
    allowed = 16 * unit * (10 + exact.abs() + (score * wide).abs().sum(-1))
    narrow = toy.log_prob(x)
    assert narrow.dtype == torch.float32
    assert bool(((narrow - exact).abs() <= allowed).all())


@everyone
def test_shapes_dtypes_and_seeds(name):
    toy = toys[name]()
    x = toy.sample(7, seeded(5))
    assert x.shape == (7, toy.dim) and x.dtype == torch.get_default_dtype()
    assert toy.log_prob(x).shape == (7,)
    assert toy.log_prob(x[:0]).shape == (0,)
    assert toy.sample(3, seeded(5), dtype=torch.float64).dtype == torch.float64
    assert torch.equal(x, toy.sample(7, seeded(5)))
    assert not torch.equal(x, toy.sample(7, seeded(6)))
    assert toy == toys[name]() and hash(toy) == hash(toys[name]())
    assert toy.entropy is toy.entropy and isinstance(toy.entropy, Entropy)


@everyone
def test_a_generator_goes_on_and_draws_are_independent(name):
    rng = seeded(7)
    first, second = (toys[name]().sample(20_000, rng, dtype=torch.float64) for _ in range(2))
    for i in range(first.shape[1]):
        correlation = float(torch.corrcoef(torch.stack([first[:, i], second[:, i]]))[0, 1])
        assert abs(correlation) < 5 / math.sqrt(20_000)


@everyone
def test_no_mass_at_infinity_and_nan_stays_nan(name):
    toy = toys[name]()
    for far in (math.inf, -math.inf):
        assert float(toy.log_prob(torch.full((1, toy.dim), far))) == -math.inf
        one = torch.zeros(1, toy.dim)
        one[0, 0] = far
        assert float(toy.log_prob(one)) == -math.inf
    assert math.isnan(float(toy.log_prob(torch.full((1, toy.dim), math.nan))))


@everyone
def test_bad_arguments_are_named(name):
    toy = toys[name]()
    for n in (0, -1, 2.0, None):
        with pytest.raises(ValueError, match="`n` must be a positive integer"):
            toy.sample(n, seeded())
    with pytest.raises(ValueError, match="`rng` must be a torch"):
        toy.sample(3, 0)
    with pytest.raises(ValueError, match="`dtype` must be a floating"):
        toy.sample(3, seeded(), dtype=torch.int64)
    with pytest.raises(ValueError, match=r"`x` must have shape \(n, \d\)"):
        toy.log_prob(torch.zeros(2, 5))
    with pytest.raises(ValueError, match=r"`x` must have shape"):
        toy.log_prob(torch.zeros(toy.dim))
    with pytest.raises(ValueError, match=r"`x` must be a floating tensor\. Got torch\.int64"):
        toy.log_prob(torch.zeros(2, toy.dim, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"`x` must be a floating tensor\. Got ndarray"):
        toy.log_prob(np.zeros((2, toy.dim)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gaussian([], 1.0), "`mean`"),
        (lambda: Gaussian([0.0, math.nan], 1.0), "`mean` must be finite"),
        (lambda: Gaussian([0.0, 1.0], [1.0, 2.0, 3.0]), "`scale` must be a number or 2 numbers"),
        (lambda: Gaussian([0.0, 1.0], 0.0), "`scale` must be positive"),
        (lambda: Gaussian("ab", 1.0), "`mean` must be a number"),
        (lambda: GaussianMixture([0.5, 0.4], [0.0, 1.0], 1.0), "`weights`.* sum to 1"),
        (lambda: GaussianMixture([1.5, -0.5], [0.0, 1.0], 1.0), "`weights` must be positive"),
        (lambda: GaussianMixture([0.5, 0.5], [0.0], 1.0), "`means` must hold a point for each"),
        (lambda: GaussianMixture([1.0], 0.0, 1.0), "`means` must be a list"),
        (lambda: GaussianMixture([0.5, 0.5], [(0.0, 1.0), (0.0,)], 1.0), "`means` must be of one"),
        (lambda: GaussianMixture([1.0], [0.0], -1.0), "`scales` must be positive"),
        (lambda: ring_of_gaussians(modes=0), "`modes`"),
        (lambda: ring_of_gaussians(radius=math.inf), "`radius` must be finite"),
        (lambda: Banana(bend=math.nan), "`bend` must be finite"),
        (lambda: Banana(scales=(1.0, -1.0)), "`scales` must be positive"),
        (lambda: Ring(radius=0), "`radius` must be positive"),
        (lambda: Ring(spread="wide"), "`spread` must be a number"),
        (lambda: Rings(radii=()), "`radii`"),
        (lambda: Rings(radii=(1.0, -2.0)), "`radii` must be positive"),
        (lambda: Moons(noise=0.0), "`noise` must be positive"),
        (lambda: Moons(noise=1e-3), "`noise` must be 0.01 or more"),
        (lambda: Checkerboard(squares=2.5), "`squares`"),
        (lambda: Checkerboard(side=-1), "`side` must be positive"),
        (lambda: Dirac([math.inf]), "`point` must be finite"),
        (lambda: ParallelLines(math.nan), "`theta` must be finite"),
        (lambda: GaussianMixture([1.0], [(0.0,) * 3], 1.0).entropy, "in 1 and 2 dim.*in 3"),
        (lambda: GaussianMixture([0.5] * 2, [0.0, 1.0], [1e-6, 1.0]).entropy, "further apart"),
    ],
)
def test_bad_parameters_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_parameters_may_be_tensors_and_arrays():
    assert Gaussian(torch.zeros(3), torch.tensor(2.0)) == Gaussian((0, 0, 0), 2)
    means = np.array([[0.0, 1.0], [2.0, 3.0]])
    assert GaussianMixture(np.array([0.5, 0.5]), means, 1) == GaussianMixture(
        [0.5, 0.5], [(0, 1), (2, 3)], [1.0, 1.0]
    )


def test_gaussian_in_many_dimensions_is_scipys():
    mean, scale = np.linspace(-1, 1, 7), np.linspace(0.5, 2, 7)
    reference = stats.multivariate_normal(mean, np.diag(scale**2))
    toy = Gaussian(mean, scale)
    x = toy.sample(50, seeded(8), dtype=torch.float64)
    np.testing.assert_allclose(toy.log_prob(x), reference.logpdf(x), rtol=1e-13)
    assert toy.entropy.error == 0
    assert math.isclose(toy.entropy.value, reference.entropy(), rel_tol=1e-14)


def test_mixture_score_is_the_responsibilities_mean_of_scores():
    toy = GaussianMixture([0.2, 0.5, 0.3], [(0, 0, 1), (1, 2, 0), (-1, 0, 2)], [0.5, 1.0, 2.0])
    x = toy.sample(40, seeded(9), dtype=torch.float64).requires_grad_()
    (score,) = torch.autograd.grad(toy.log_prob(x).sum(), x)
    points, expected = x.detach().numpy(), np.zeros((40, 3))
    each = [
        w * stats.multivariate_normal(m, s**2 * np.eye(3)).pdf(points)
        for w, m, s in zip(toy.weights, toy.means, toy.scales, strict=True)
    ]
    for p, m, s in zip(each, toy.means, toy.scales, strict=True):
        expected += (p / sum(each))[:, None] * (np.array(m) - points) / s**2
    np.testing.assert_allclose(score, expected, rtol=1e-11, atol=1e-13)


def test_mixture_test_bed_has_its_moments():
    toy = mixture_test_bed()
    x = torch.linspace(-12, 16, 20_001, dtype=torch.float64)
    p = toy.log_prob(x[:, None]).exp()
    mean = float(torch.trapezoid(x * p, x))
    variance = float(torch.trapezoid((x - mean) ** 2 * p, x))
    assert math.isclose(mean, -0.33 + 1.34, rel_tol=1e-12)
    within, between = 0.33 * 0.065 + 0.67 * 2, 0.33 * 0.67 * 9
    assert math.isclose(variance, within + between, rel_tol=1e-12)


@pytest.mark.parametrize("narrow", [0.5, 0.1, 0.05])
def test_entropy_of_a_narrow_component_inside_a_wide_one(narrow):
    """Concentric in the plane: the density depends on r alone, and the entropy is an integral over r."""
    toy = GaussianMixture([0.4, 0.6], [(0.0, 0.0), (0.0, 0.0)], [narrow, 1.0])

    def integrand(r):
        p = sum(
            w * math.exp(-((r / s) ** 2) / 2) / (2 * math.pi * s**2)
            for w, s in zip(toy.weights, toy.scales, strict=True)
        )
        return -2 * math.pi * r * p * math.log(p)

    cuts = [0, narrow, 2 * narrow, 4 * narrow, 8 * narrow, 16 * narrow, 20]
    exact = math.fsum(integrate.quad(integrand, a, b, epsabs=1e-13)[0] for a, b in pairwise(cuts))
    assert abs(toy.entropy.value - exact) <= toy.entropy.error + 1e-11
    assert toy.entropy.error < 1e-6


def test_one_component_in_the_quadrature_is_a_gaussian():
    assert (
        abs(GaussianMixture([1.0], [3.0], 0.2).entropy.value - Gaussian(3.0, 0.2).entropy.value)
        < 1e-13
    )


def test_distant_components_add_the_entropy_of_their_weights():
    """Disjoint parts: h = sum w h_k - sum w log w."""
    toy = ring_of_gaussians(modes=5, radius=3.0, scale=0.1)
    expected = Gaussian((0, 0), 0.1).entropy.value + math.log(5)
    assert abs(toy.entropy.value - expected) <= toy.entropy.error + 1e-12


def test_straight_banana_is_a_gaussian_and_a_bent_one_has_its_entropy():
    x = torch.randn(20, 2, generator=seeded(10), dtype=torch.float64)
    straight = Banana(bend=0.0, scales=(2.0, 0.3))
    assert torch.equal(straight.log_prob(x), Gaussian((0, 0), (2.0, 0.3)).log_prob(x))
    assert Banana(bend=3.0, scales=(2.0, 0.3)).entropy == straight.entropy


def test_banana_has_mean_zero():
    x = Banana(bend=2.0, scales=(1.5, 0.1)).sample(DRAWS, seeded(15), dtype=torch.float64)
    assert bool((x.mean(0).abs() < 5 * x.std(0) / math.sqrt(DRAWS)).all())


def test_rings_of_one_are_a_ring_and_rings_far_apart_add_entropy():
    x = Ring(2.0, 0.1).sample(20, seeded(11), dtype=torch.float64)
    torch.testing.assert_close(Rings((2.0,), 0.1).log_prob(x), Ring(2.0, 0.1).log_prob(x))
    assert abs(Rings((2.0,), 0.1).entropy.value - Ring(2.0, 0.1).entropy.value) < 1e-13
    apart = Rings((1.0, 10.0), 0.05).entropy
    mean = (Ring(1.0, 0.05).entropy.value + Ring(10.0, 0.05).entropy.value) / 2
    assert abs(apart.value - mean - math.log(2)) <= apart.error + 1e-12


@pytest.mark.parametrize("toy", [Ring(), Rings()])
def test_the_rings_have_no_mass_at_their_centre(toy):
    assert float(toy.log_prob(torch.zeros(1, 2))) == -math.inf


def test_checkerboard_edges_belong_to_one_square_each():
    toy = Checkerboard(squares=3, side=1.0)
    x = torch.tensor([[-1.5, -1.5], [-0.5, -1.5], [-0.5, -0.5], [1.5, 1.5], [1.0, 1.0], [0.0, 1.0]])
    filled = toy.log_prob(x).isfinite().tolist()
    assert filled == [True, False, True, False, True, False]
    assert toy.entropy == Entropy(math.log(5), 0.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("toy", [Checkerboard(), Checkerboard(7, 0.1), Checkerboard(5, 1 / 3)])
def test_the_outermost_draws_of_a_square_stay_on_it(toy, dtype, monkeypatch):
    def last(n, rng, dtype):
        return torch.full((n,), 1 - torch.finfo(dtype).eps / 2, dtype=dtype)

    monkeypatch.setattr(_toy_shapes, "uniform", last)
    assert bool(toy.log_prob(toy.sample(500, seeded(12), dtype=dtype)).isfinite().all())


@pytest.mark.parametrize("n", [1, 2, 3, 20, 41, 60])
def test_the_rules_nodes_and_weights_are_the_known_ones(n):
    nodes, weights = gauss_legendre(n)
    roots, known = np.polynomial.legendre.leggauss(n)
    np.testing.assert_allclose(nodes, (roots + 1) / 2, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(weights, known / 2, rtol=1e-11)


@pytest.mark.parametrize("n", [1, 2, 5, 176, 551, 1600])
def test_the_rule_is_exact_for_powers(n):
    """u^k for k < 2n; high powers live on the last nodes, high powers of 1 - u on the first."""
    nodes, weights = gauss_legendre(n)
    assert bool((np.diff(nodes) > 0).all() and (weights > 0).all()) and len(nodes) == n
    for k in {0, 1, n, 2 * n - 1}:
        for base in (nodes, 1 - nodes):
            assert math.isclose(float(weights @ base**k) * (k + 1), 1, rel_tol=1e-12)


def plane(reach):
    """Points around the moons' middle, up to `reach` from it."""
    r, angle = torch.meshgrid(
        torch.linspace(0, reach, 25, dtype=torch.float64),
        torch.linspace(0, 2 * math.pi, 73, dtype=torch.float64),
        indexing="ij",
    )
    x = torch.stack([0.5 + r * angle.cos(), 0.25 + r * angle.sin()], -1)
    return x.reshape(-1, 2)


@pytest.mark.parametrize("noise", [0.03, 0.1, 0.3, 1.0])
def test_the_moons_rule_has_nodes_enough(noise):
    """Four times the nodes change nothing but the rounding of the exponent; half the nodes do."""
    moons, x = Moons(noise), plane(3.4)  # r <= 4 from both centres
    reference = moons.with_nodes(4 * moons.nodes).log_prob(x)
    allowed = 1e-13 * reference.abs().clamp(min=1)
    assert bool(((moons.log_prob(x) - reference).abs() <= allowed).all())
    fewer = moons.with_nodes(moons.nodes // 2).log_prob(x)
    assert not bool(((fewer - reference).abs() <= allowed).all())


@pytest.mark.parametrize("x", [(0.0, 1.0), (1.0, 0.5), (0.5, 0.25), (1.5, 1.0), (-1.3, -0.4)])
def test_moons_density_is_the_integral_along_the_arcs(x):
    noise = 0.1

    def along(arc):
        def f(t):
            a, b = arc(t)
            squared = (x[0] - a) ** 2 + (x[1] - b) ** 2
            return math.exp(-squared / (2 * noise**2)) / (2 * math.pi * noise**2)

        cuts = np.linspace(0, math.pi, 33)
        return math.fsum(integrate.quad(f, a, b, epsabs=0)[0] for a, b in pairwise(cuts))

    exact = along(lambda t: (math.cos(t), math.sin(t)))
    exact += along(lambda t: (1 - math.cos(t), 0.5 - math.sin(t)))
    value = float(Moons(noise).log_prob(torch.tensor([x], dtype=torch.float64)).exp())
    assert math.isclose(value, exact / (2 * math.pi), rel_tol=1e-11)


def test_far_from_the_moons_log_density_keeps_its_digits():
    moons, angle = Moons(0.1), torch.linspace(0, 6, 25, dtype=torch.float64)
    x = 100 * torch.stack([angle.cos(), angle.sin()], -1)
    reference = moons.with_nodes(8 * moons.nodes).log_prob(x)
    torch.testing.assert_close(moons.log_prob(x), reference, rtol=1e-5, atol=0)


def test_dirac():
    toy = Dirac((1.0, -2.0))
    assert toy.dim == 2 and toy.sample(3, seeded()).tolist() == [[1.0, -2.0]] * 3
    assert toy.entropy == Entropy(-math.inf, 0.0)
    with pytest.raises(ValueError, match="a Dirac has no density"):
        toy.log_prob(torch.zeros(1, 2))


def test_parallel_lines_sample():
    x = ParallelLines(-0.7).sample(20_000, seeded(13), dtype=torch.float64)
    assert bool((x[:, 0] == -0.7).all())
    assert stats.kstest(x[:, 1].numpy(), "uniform").pvalue > 1e-4
    assert ParallelLines(0.5).entropy == Entropy(-math.inf, 0.0)
    with pytest.raises(ValueError, match="a line has no density in the plane"):
        ParallelLines(0.5).log_prob(torch.zeros(1, 2))


@pytest.mark.parametrize("theta", [-1.0, -1e-9, 0.3])
def test_parallel_lines_apart(theta):
    lines = ParallelLines(theta)
    assert lines.kl == lines.reverse_kl == math.inf
    assert math.isclose(lines.js, math.log(2), rel_tol=1e-15)
    assert lines.total_variation == 1.0
    assert lines.wasserstein1 == abs(theta)


def test_parallel_lines_at_zero():
    lines = ParallelLines(0.0)
    assert lines.kl == lines.reverse_kl == lines.js == lines.total_variation == 0.0
    assert lines.wasserstein1 == lines.divergence("kl") == 0.0
    assert math.isclose(lines.divergence("gan"), -math.log(4), rel_tol=1e-15)


def test_parallel_lines_wasserstein_is_an_optimal_transport():
    u = torch.rand(30, generator=seeded(14), dtype=torch.float64).numpy()
    here, there = (np.stack([np.full(30, theta), u], -1) for theta in (0.0, 0.4))
    assert math.isclose(
        dv.optimal_transport(here, there).cost, ParallelLines(0.4).wasserstein1, rel_tol=1e-9
    )


@pytest.mark.parametrize(
    "name",
    [
        "kl",
        "reverse_kl",
        "jensen_shannon",
        "total_variation",
        "pearson",
        "squared_hellinger",
        "le_cam",
        "gan",
    ],
)
def test_parallel_lines_divergence_is_that_of_disjoint_masses(name):
    value = ParallelLines(0.3).divergence(dv.FDivergence(name))
    assert math.isclose(
        value, float(dv.f_divergence(name, [1.0, 0.0], [0.0, 1.0])), rel_tol=1e-14, abs_tol=1e-15
    )


def test_parallel_lines_divergence_of_ones_own_formula():
    assert ParallelLines(0.3).divergence("(u-1)**2/(u+1)") == 2.0
