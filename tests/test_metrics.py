"""Measurements of trained models, each held against a truth that is known otherwise."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

torch = pytest.importorskip("torch")

import divergences as dv  # noqa: E402
from models.metrics import (  # noqa: E402
    Grid,
    binned_js,
    estimate,
    kl_by_quadrature,
    log_partition,
    log_ratio_rmse,
    mode_cells,
    mode_coverage,
)
from models.toy import (  # noqa: E402
    Checkerboard,
    Gaussian,
    GaussianMixture,
    Moons,
    mixture_test_bed,
    ring_of_gaussians,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_estimate():
    mean, standard_error, n = estimate(torch.tensor([1.0, 2.0, 3.0, 6.0]))
    assert (mean, n) == (3.0, 4)
    assert math.isclose(standard_error, stats.sem([1, 2, 3, 6]), rel_tol=1e-15)


def test_estimate_of_large_float32_values_keeps_its_digits():
    values = 1e4 + torch.tensor([0.0, 0.5, 1.0, 1.5]).repeat(100_000)
    assert math.isclose(estimate(values).mean, 10_000.75, rel_tol=1e-15)


def test_the_standard_error_is_the_scatter_of_means():
    draws = torch.randn(4000, 50, generator=seeded(1), dtype=torch.float64).exp()
    told = np.mean([estimate(row).standard_error ** 2 for row in draws])
    assert math.isclose(told, float(draws.mean(1).var()), rel_tol=0.1)


@pytest.mark.parametrize(
    "values", [torch.ones(1), torch.ones(2, 2), [1.0, 2.0], torch.ones(3, dtype=torch.int64)]
)
def test_estimate_names_bad_values(values):
    with pytest.raises(ValueError, match="`values`"):
        estimate(values)


CENTRES = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])


def test_coverage_counts_by_hand():
    samples = torch.tensor([[0.0, 2.9], [2.9, 0.0], [3.1, 0.0], [10.0, 0.5], [5.0, 5.0]])
    found, high_quality, counts = mode_coverage(samples, CENTRES, scale=1.0)
    assert counts.tolist() == [2, 1, 0, 0]
    assert (found, high_quality) == (2, 3 / 5)
    assert mode_coverage(samples, CENTRES, 1.0, found_at=1.0).found == 1
    assert mode_coverage(samples, CENTRES, 1.0, within=0.6).counts.tolist() == [0, 1, 0, 0]


def test_a_mode_is_found_at_a_tenth_of_its_share_and_not_below():
    for strays, found in ((249, 3), (250, 4)):  # 10,000 samples, 2,500 due to each of four modes
        samples = CENTRES.repeat_interleave(torch.tensor([4000, 3000, 3000 - strays, strays]), 0)
        assert mode_coverage(samples, CENTRES, 1.0).found == found


def test_coverage_of_the_truth_is_full_and_of_high_quality():
    ring = ring_of_gaussians()
    samples, centres = ring.sample(20_000, seeded(2)), torch.tensor(ring.means)
    found, high_quality, counts = mode_coverage(samples, centres, 0.02)
    due = stats.chi2(2).cdf(9)  # 0.98889
    assert found == 8
    assert abs(high_quality - due) < 5 * math.sqrt(due * (1 - due) / 20_000)
    assert int(counts.sum()) == round(high_quality * 20_000)


def test_a_spread_out_generator_finds_no_mode():
    """Nearly all of it misses the modes; the few that hit by chance are no tenth of what is due."""
    samples = 4 * torch.rand(20_000, 2, generator=seeded(3)) - 2
    found, high_quality, counts = mode_coverage(
        samples, torch.tensor(ring_of_gaussians(radius=1.5).means), 0.02
    )
    assert int(counts.min()) > 0  # one sample would have been enough for the usual rule
    assert found == 0 and high_quality < 0.02


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((torch.ones(3, 2), torch.ones(2, 3), 1.0), "`samples` and `centres`"),
        ((torch.ones(0, 2), CENTRES, 1.0), "not empty"),
        ((torch.ones(3), CENTRES, 1.0), "`samples`"),
        ((torch.ones(3, 2), CENTRES, 0.0), "`scale`"),
        ((torch.ones(3, 2), CENTRES, 1.0, -3.0), "`within`"),
        ((torch.ones(3, 2), CENTRES, 1.0, 3.0, 0.0), "`found_at`"),
    ],
)
def test_coverage_names_bad_arguments(arguments, name):
    with pytest.raises(ValueError, match=name):
        mode_coverage(*arguments)


def test_cells_are_as_full_as_their_masses_say():
    mixture = GaussianMixture([0.5, 0.3, 0.2], [(0, 0), (5, 0), (0, 7)], [0.1, 0.2, 0.3])
    samples = mixture.sample(100_000, seeded(4), dtype=torch.float64)
    cells, masses = mode_cells(samples, mixture, shells=5, sectors=6)
    assert math.isclose(float(masses.sum()), 1, rel_tol=1e-14) and masses.shape == (90,)
    counts = torch.bincount(cells, minlength=90).numpy()
    assert stats.chisquare(counts, 100_000 * masses.numpy()).pvalue > 1e-4


def test_cells_tell_shells_and_sectors_apart():
    mixture = ring_of_gaussians(modes=1, radius=1.0, scale=0.5)
    r = 0.5 * math.sqrt(2 * math.log(2))  # the median distance from the mean
    x = torch.tensor([[1 + 0.9 * r, 1e-3], [1 + 1.1 * r, 1e-3], [1 - 0.9 * r, 1e-3], [1.0, -50.0]])
    cells, _ = mode_cells(x, mixture, shells=2, sectors=4)  # sectors from -pi up
    assert cells.tolist() == [2, 4 + 2, 3, 4 + 1]


def test_the_branch_cut_of_the_angle_is_one_ray():
    mixture = ring_of_gaussians(modes=1, radius=1.0, scale=0.5)
    x = torch.tensor([[0.5, 0.0], [0.5, -0.0]], dtype=torch.float64)
    cells, masses = mode_cells(x, mixture)
    assert cells[0] == cells[1] < len(masses)


def test_overlapping_modes_have_no_exact_cells():
    with pytest.raises(ValueError, match="must have separate modes"):
        mode_cells(torch.zeros(1, 2), ring_of_gaussians(scale=0.1))  # half way at 7.7 scales
    with pytest.raises(ValueError, match=r"must lie in the plane\. Got 1"):
        mode_cells(torch.zeros(1, 2), mixture_test_bed())
    with pytest.raises(ValueError, match="`shells` must be a positive integer"):
        mode_cells(torch.zeros(1, 2), ring_of_gaussians(), shells=0)


def test_the_bias_is_the_exact_expectation_up_to_the_third_order():
    """Two cells: the expectation is a finite binomial sum. Its rest falls as n^-3."""
    masses = torch.tensor([0.3, 0.7], dtype=torch.float64)
    sizes, rests = [50, 100, 200, 400], []
    for n in sizes:
        k = np.arange(n + 1)
        shares = np.stack([k, n - k], axis=-1) / n
        exact = stats.binom(n, 0.3).pmf(k) @ dv.js(
            np.broadcast_to(masses.numpy(), shares.shape), shares
        )
        rests.append(abs(exact - binned_js(torch.zeros(n, dtype=torch.int64), masses).bias))
    slope = np.polyfit(np.log(sizes), np.log(rests), 1)[0]
    assert -3.3 < slope < -2.7
    assert rests[-1] < 1e-4 / (8 * 400)


def test_samples_of_the_truth_show_the_bias_and_no_more():
    ring, values = ring_of_gaussians(), []
    for seed in range(200):
        cells, masses = mode_cells(ring.sample(4000, seeded(seed)), ring)
        value, bias = binned_js(cells, masses)
        values.append(value)
    assert len(masses) == 256 and 0.9 < bias / (255 / (8 * 4000)) < 1.1
    assert abs(np.mean(values) - bias) < 5 * stats.sem(values)
    assert stats.sem(values) < 0.02 * bias


def test_a_missing_mode_costs_what_it_must():
    """Seven of eight modes: the cells see all there is, JS((1/8)^8, (1/7)^7)."""
    ring = ring_of_gaussians()
    seven = GaussianMixture([1 / 7] * 7, ring.means[:7], 0.02)
    exact = float(dv.js([1 / 8] * 8, [1 / 7] * 7 + [0.0]))
    n = 200_000
    value, bias = binned_js(*mode_cells(seven.sample(n, seeded(5)), ring))
    assert abs(value - exact) < 3 * bias


def test_binned_js_is_below_the_divergence_and_nears_it_with_the_cells():
    """Modes twice too wide: in u, uniform against the density (1 - u)^(-3/4) / 4."""
    ring, wide = ring_of_gaussians(), ring_of_gaussians(scale=0.04)

    def integrand(u):
        q = (1 - u) ** -0.75 / 4
        m = (1 + q) / 2
        return -math.log(m) / 2 + q * math.log(q / m) / 2

    exact = integrate.quad(integrand, 0, 1, epsabs=1e-10)[0]
    samples = wide.sample(400_000, seeded(6), dtype=torch.float64)
    values = [binned_js(*mode_cells(samples, ring, shells, 1)) for shells in (1, 2, 4, 8, 32)]
    debiased = [value - bias for value, bias in values]
    assert debiased == sorted(debiased) and debiased[-1] < exact
    assert debiased[0] < 1e-4 and debiased[-1] > 0.8 * exact


def test_a_cell_without_mass():
    cells = torch.tensor([0, 0, 1, 1])
    value, bias = binned_js(cells, torch.tensor([1.0, 0.0]))
    assert math.isclose(value, float(dv.js([1.0, 0.0], [0.5, 0.5])), rel_tol=1e-14)
    assert bias == 0.0  # one cell with mass: samples of the truth all fall there


@pytest.mark.parametrize(
    ("cells", "masses", "name"),
    [
        (torch.tensor([0.0]), torch.tensor([1.0]), "`cells`"),
        (torch.tensor([2]), torch.tensor([0.5, 0.5]), "`cells` must hold numbers of the 2 cells"),
        (torch.tensor([-1]), torch.tensor([0.5, 0.5]), "`cells`"),
        (torch.tensor([], dtype=torch.int64), torch.tensor([1.0]), "one at least"),
        (torch.tensor([0]), torch.tensor([0.5, 0.4]), "must sum to 1"),
        (torch.tensor([0]), torch.tensor([[1.0]]), "`masses`"),
    ],
)
def test_binned_js_names_bad_arguments(cells, masses, name):
    with pytest.raises(ValueError, match=name):
        binned_js(cells, masses)


def test_log_ratio_rmse():
    truth = torch.tensor([1.0, 2.0, 4.0])
    assert math.isclose(log_ratio_rmse(truth + 3, truth), 3.0, rel_tol=1e-7)
    assert log_ratio_rmse(truth + 3, truth, up_to_constant=True) == 0.0
    v = torch.tensor([1.0, 3.0, 4.0])
    assert math.isclose(log_ratio_rmse(v, truth), math.sqrt(1 / 3), rel_tol=1e-12)
    shifts = np.linspace(-1, 1, 2001)
    least = min(log_ratio_rmse(v + c, truth) for c in shifts)
    assert math.isclose(log_ratio_rmse(v, truth, up_to_constant=True), least, rel_tol=1e-5)
    with pytest.raises(ValueError, match="one length"):
        log_ratio_rmse(v, truth[:2])


@pytest.mark.parametrize("shift", [0.0, 900.0, -900.0])
def test_log_partition_of_gaussians_in_one_and_two_dimensions(shift):
    """Shifts that overflow or underflow the exponential are no matter."""
    for toy in (Gaussian(1.0, 0.5), Gaussian((1.0, -1.0), (0.5, 2.0))):
        grid = Grid((-19.0,) * toy.dim, (20.0,) * toy.dim, 500)
        value, error = log_partition(lambda x, toy=toy: toy.log_prob(x) + shift, grid)
        assert abs(value - shift) <= error + 1e-11
        assert error < 1e-10


def test_log_partition_of_a_quartic_energy():
    """int exp(-x^4) dx = 2 Gamma(5/4)."""
    value, error = log_partition(lambda x: -(x[:, 0] ** 4), Grid(-6, 6, 200))
    assert abs(value - math.log(2 * math.gamma(1.25))) <= error + 1e-14
    assert error < 1e-12


def test_the_told_error_is_three_times_the_true_one_where_the_rule_is_of_second_order():
    """exp on [0, 1] has not died out at the ends: I_h - I = h^2 / 12 + ..., and I_2h - I_h three times that."""
    for n in (16, 64):
        grid = Grid(0, 1, n)
        value, error = grid.integral(grid.evaluate(lambda x: x[:, 0].exp()))
        assert math.isclose(error / abs(value - (math.e - 1)), 3, rel_tol=0.01)
        assert math.isclose(abs(value - (math.e - 1)), (math.e - 1) / (12 * n**2), rel_tol=0.01)
        log_value, log_error = log_partition(lambda x: x[:, 0], grid)
        assert math.isclose(log_error / (log_value - math.log(math.e - 1)), 3, rel_tol=0.01)


def test_kl_between_gaussians():
    for p, q in (
        (Gaussian(0.3, 0.7), Gaussian(-0.5, 1.5)),
        (Gaussian((0.3, 1.0), (0.7, 1.0)), Gaussian((-0.5, 0.0), (1.5, 0.6))),
    ):
        variances = ([s**2 for s in toy.scale] for toy in (p, q))
        exact = float(dv.gaussian.kl(list(p.mean), next(variances), list(q.mean), next(variances)))
        value, error = kl_by_quadrature(
            p.log_prob, q.log_prob, Grid((-10,) * p.dim, (10,) * p.dim, 400)
        )
        assert abs(value - exact) <= error + 1e-12
        assert error < 1e-10


def test_kl_is_cross_entropy_less_entropy():
    """Moons against a Gaussian, whose log density is a square: the moments of the arcs are by hand."""
    moons, q = Moons(0.1), Gaussian((0.5, 0.25), (1.0, 1.0))
    # x_1: on the outer arc cos t, mean square 1/2 about 0, 1/2 away from 0.5; the inner arc mirrors it.
    # x_2: sin t about 0.25, E sin t = 2/pi.
    squares = (0.5 + 0.25) + (0.5 - 0.5 * 2 / math.pi + 0.0625) + 2 * 0.1**2
    exact = squares / 2 + math.log(2 * math.pi) - moons.entropy.value
    value, error = kl_by_quadrature(moons.log_prob, q.log_prob, Grid((-2.2, -1.7), (3.2, 2.2), 216))
    assert abs(value - exact) <= error + moons.entropy.error + 1e-9
    assert error < 1e-7


def test_kl_without_common_support():
    board, q = Checkerboard(), Gaussian((0, 0), 1.0)
    grid = Grid((-8, -8), (8, 8), 512)
    assert kl_by_quadrature(q.log_prob, board.log_prob, grid) == (math.inf, 0.0)
    zero = kl_by_quadrature(q.log_prob, q.log_prob, grid)
    assert zero.value == 0.0


def test_kl_of_an_energy_needs_its_log_z():
    p = mixture_test_bed()
    grid = Grid(-15, 19, 2000)

    def energy(x):
        return x[:, 0].square() / 8 + 5

    log_z = log_partition(lambda x: -energy(x), grid).value
    exact_log_z = math.log(math.sqrt(8 * math.pi)) - 5
    assert math.isclose(log_z, exact_log_z, rel_tol=1e-9)
    value, error = kl_by_quadrature(p.log_prob, lambda x: -energy(x) - log_z, grid)
    second_moment = 0.33 * (0.065 + 1) + 0.67 * (2 + 4)
    assert abs(value - (second_moment / 8 + 5 + exact_log_z - p.entropy.value)) <= error + 1e-8
    with pytest.raises(ValueError, match="`log_p` must integrate to 1 over the grid"):
        kl_by_quadrature(lambda x: -energy(x), p.log_prob, grid)


def test_a_grid_that_misses_the_mass_is_refused():
    p = Gaussian(0.0, 1.0)
    with pytest.raises(ValueError, match="widen or refine the grid"):
        kl_by_quadrature(p.log_prob, p.log_prob, Grid(0, 5, 100))


def test_a_network_in_float32_gets_float32_points():
    grid = Grid((-1, -1), (1, 1), 8, dtype=torch.float32)
    assert grid.points.dtype == torch.float32 and grid.points.shape == (81, 2)
    assert math.isclose(
        grid.integral(grid.evaluate(lambda x: x[:, 0] * 0 + 1)).value, 4, rel_tol=1e-14
    )


def test_each_axis_has_its_own_step():
    grid = Grid((0, 0), (1, 3), 100)
    value = grid.integral(grid.evaluate(lambda x: x[:, 0] * x[:, 1])).value  # bilinear: exact
    assert math.isclose(value, 0.5 * 4.5, rel_tol=1e-13)


def test_bad_functions_are_named():
    grid = Grid(-1, 1, 10)
    with pytest.raises(ValueError, match=r"must take \(rows, dim\) to \(rows,\)"):
        grid.evaluate(lambda x: x)
    with pytest.raises(ValueError, match=r"finite largest value\. Got -inf"):
        log_partition(lambda x: x[:, 0] * 0 - math.inf, grid)
    with pytest.raises(ValueError, match=r"finite largest value\. Got nan"):
        log_partition(lambda x: x[:, 0].log(), grid)
    with pytest.raises(ValueError, match="`log_q` must not be nan"):
        kl_by_quadrature(lambda x: x[:, 0] * 0 - math.log(2), lambda x: x[:, 0].log(), grid)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((0, math.inf, 10), "`upper` must be finite"),
        ((0, (1, 1), 10), "`lower` and `upper` must both"),
        (((0,) * 3, (1,) * 3, 10), "must both have one or both have two"),
        ((1, 0, 10), "must lie below"),
        ((0, 1, 11), "`n` must be an even number"),
        ((0, 1, 2), "`n` must be an even number, 4 or more"),
    ],
)
def test_bad_grids_are_named(arguments, name):
    with pytest.raises(ValueError, match=name):
        Grid(*arguments)
