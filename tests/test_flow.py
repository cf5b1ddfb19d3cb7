"""Every transform obeys the same laws; each family's own theory; the flow's density, its bound, its training."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from models.coupling import AffineCoupling, ElementwiseSpline, SplineCoupling
from models.flow import Flow, dequantised, discrete_bound, neural_spline, real_nvp
from models.metrics import Grid
from models.residual import Planar, Radial, planar_root
from models.spline import knots, spline, spline_inverse
from models.toy import Banana, Gaussian
from models.train import cosine, train
from models.transforms import Affine, Chain, Linear, Permutation, Probit, Transform

TRANSFORMS: dict[str, Callable[[int], Transform]] = {
    "affine": Affine,
    "permutation": lambda dim: Permutation(dim, [(i + 1) % dim for i in range(dim)]),
    "linear": Linear,
    "planar": Planar,
    "radial": Radial,
    "affine coupling": lambda dim: AffineCoupling(dim, hidden=(8,)),
    "spline coupling": lambda dim: SplineCoupling(dim, hidden=(8,), bins=5),
    "elementwise spline": lambda dim: ElementwiseSpline(dim, bins=6),
    "probit": lambda dim: Probit(dim, -20.0, 30.0),
    "real nvp": lambda dim: real_nvp(dim, 3, hidden=(8,)),
    "neural spline": lambda dim: neural_spline(dim, 3, hidden=(8,)),
}
COUPLED = ("affine coupling", "spline coupling", "real nvp", "neural spline")
CASES = [(n, d) for n in TRANSFORMS for d in (1, 2, 3, 6) if d > 1 or n not in COUPLED]


def made(name: str, dim: int, size: float = 0.2) -> Transform:
    """In float64, its parameters moved at random from where they start."""
    torch.manual_seed(len(name) + dim)
    transform = TRANSFORMS[name](dim).double()
    for parameter in transform.parameters():
        parameter.data += size * torch.randn_like(parameter)
    return transform


def points(dim: int, n: int = 50) -> Tensor:
    """Inside and outside the splines' boxes."""
    rng = torch.Generator().manual_seed(dim)
    return 10 * torch.rand(n, dim, generator=rng, dtype=torch.float64) - 5


def jacobian(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """(n, dim, dim), one sample at a time."""
    return torch.stack(
        [torch.autograd.functional.jacobian(lambda v: f(v[None])[0], row) for row in x]
    )


# --- laws of all transforms -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "dim"), CASES)
def test_the_inverse_undoes_it_both_ways_and_the_log_dets_are_opposite(name: str, dim: int) -> None:
    transform, x = made(name, dim), points(dim)
    with torch.no_grad():
        y, log_det = transform(x)
        back, opposite = transform.inverse(y)
        assert (back - x).abs().max() < 1e-9
        assert (log_det + opposite).abs().max() < 1e-8
        there = transform(transform.inverse(x)[0])[0]
        assert (there - x).abs().max() < 1e-9
        assert log_det.shape == (len(x),) and y.shape == x.shape and y.dtype == x.dtype


@pytest.mark.parametrize(("name", "dim"), CASES)
def test_the_log_det_is_that_of_autograds_jacobian(name: str, dim: int) -> None:
    transform, x = made(name, dim), points(dim, 10)
    for move in (transform, transform.inverse):
        expected = torch.linalg.slogdet(jacobian(lambda v, f=move: f(v)[0], x)).logabsdet
        assert (move(x)[1] - expected).abs().max() < 1e-9


@pytest.mark.parametrize(("name", "dim"), CASES)
def test_a_sample_does_not_see_the_others(name: str, dim: int) -> None:
    transform, x = made(name, dim), points(dim)
    with torch.no_grad():
        together, alone = transform(x), transform(x[3:4])
        assert torch.allclose(together[0][3], alone[0][0], rtol=0, atol=1e-12)
        assert torch.allclose(together[1][3], alone[1][0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_what_is_no_batch_of_points_is_refused_by_name(name: str) -> None:
    transform = TRANSFORMS[name](2)
    for move, argument in ((transform, "x"), (transform.inverse, "y")):
        for wrong in (torch.zeros(3, 3), torch.zeros(2)):
            with pytest.raises(ValueError, match=rf"`{argument}` .* shape \(n, 2\)"):
                move(wrong)
        with pytest.raises(ValueError, match="floating"):
            move(torch.zeros(3, 2, dtype=torch.int64))


@pytest.mark.parametrize(("name", "dim"), [(n, d) for n, d in CASES if d <= 2])
def test_the_density_of_a_flow_integrates_to_one(name: str, dim: int) -> None:
    flow = Flow(made(name, dim), Gaussian([0.0] * dim, 1.0).sample)
    box = (-19.9, 29.9) if name == "probit" else (-14.0, 14.0)
    grid = Grid((box[0],) * dim, (box[1],) * dim, 4000 if dim == 1 else 500)
    total = grid.integral(grid.evaluate(flow.log_prob).exp())
    # The spline's density has kinks, and Probit's ends with a step at the box: there the rule is of second order.
    assert total.value == pytest.approx(1, abs=0.02 if name == "probit" else 1e-3)


# --- each family's theory ---------------------------------------------------------------------------------------------


def test_affine_normalising_gives_mean_0_and_deviation_1() -> None:
    x = 5 + points(3) @ torch.tensor([[2.0, 0, 0], [1, 0.1, 0], [0, 0, 3]], dtype=torch.float64)
    transform = Affine.normalising(x).double()
    y = transform(x)[0].detach()
    assert torch.allclose(y.mean(0), torch.zeros(3, dtype=torch.float64), atol=1e-6)
    assert torch.allclose(y.square().mean(0), torch.ones(3, dtype=torch.float64), atol=1e-6)


def test_linear_starts_as_a_rotation_and_its_matrix_has_the_log_det_it_says() -> None:
    torch.manual_seed(0)
    fresh = Linear(5).double()
    matrix = fresh(torch.eye(5, dtype=torch.float64))[0].T
    assert torch.allclose(matrix @ matrix.T, torch.eye(5, dtype=torch.float64), atol=1e-5)
    moved = made("linear", 5)
    matrix = moved(torch.eye(5, dtype=torch.float64))[0].T.detach()
    assert moved(points(5))[1][0].item() == pytest.approx(float(torch.linalg.slogdet(matrix)[1]))


def test_probit_takes_the_uniform_distribution_to_the_base() -> None:
    flow = Flow(Probit(2, 0.0, 4.0), Gaussian((0.0, 0.0), 1.0).sample)
    x = 4 * torch.rand(100, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(flow.log_prob(x), torch.full((100,), -2 * math.log(4)).double())
    for edge in (0.0, 4.0, -1.0, math.nan):
        with pytest.raises(ValueError, match=r"between 0\.0 and 4\.0"):
            flow.log_prob(torch.full((1, 2), edge))


@pytest.mark.parametrize("dim", [2, 3, 7])
def test_couplings_start_as_the_identity_and_leave_the_first_half_alone(dim: int) -> None:
    x = points(dim)
    for name in ("affine coupling", "spline coupling"):
        y, log_det = TRANSFORMS[name](dim).double()(x)
        assert torch.allclose(y, x, atol=1e-6) and log_det.abs().max() < 1e-5
        y = made(name, dim)(x)[0]
        assert torch.equal(y[:, : dim // 2], x[:, : dim // 2])
        assert ((y - x)[:, dim // 2 :].abs() > 1e-3).any(0).all()


def test_the_log_det_of_real_nvps_coupling_is_the_sum_of_its_scales() -> None:
    """And its Jacobian is triangular, with exp(s) on the diagonal."""
    coupling, x = made("affine coupling", 5), points(5, 8)
    with torch.no_grad():
        s = 3 * torch.tanh(coupling.net(x[:, :2]).reshape(8, 3, 2)[..., 0] / 3)
    assert torch.allclose(coupling(x)[1], s.sum(-1))
    matrices = jacobian(lambda v: coupling(v)[0], x)
    assert matrices.triu(1).abs().max() == 0
    diagonal = matrices.diagonal(dim1=1, dim2=2)
    assert torch.allclose(diagonal, torch.cat([torch.ones(8, 2).double(), s.exp()], -1))


@pytest.mark.parametrize("size", [2, 3, 5])
def test_every_axis_moves_in_the_chains(size: int) -> None:
    """A coupling that always moved the same half would leave the others where they are."""
    for name in ("real nvp", "neural spline"):
        chain, x = made(name, size), points(size, 6)
        matrices = jacobian(lambda v, f=chain: f(v)[0], x)
        kept = torch.tensor([[float((row == 0).sum() == size - 1) for row in m] for m in matrices])
        assert kept.mean(0).max() < 1


def hostile(rng: torch.Generator, size: float) -> Planar:
    planar = Planar(3).double()
    planar.w.data = size * torch.randn(3, dtype=torch.float64, generator=rng)
    planar.v.data = -size * planar.w.data.sign() * torch.rand(3, dtype=torch.float64, generator=rng)
    return planar


@pytest.mark.parametrize("size", [1e-3, 1.0, 30.0, 1e3])
def test_planar_stays_invertible_whatever_its_parameters(size: float) -> None:
    """w . u > -1 although w . v is down to -size^2; where the slope along w is least, s = 0, det = 1 + w . u."""
    rng = torch.Generator().manual_seed(1)
    for _ in range(20):
        planar = hostile(rng, size)
        u, c = (each.detach() for each in planar.constrained())
        w, v = planar.w.detach(), planar.v.detach()
        a = float(w @ v)
        assert a < 0 < c
        assert float(c) == pytest.approx(1 / (1 - a), rel=1e-12)
        assert float(w @ u) == pytest.approx(float(c) - 1, rel=1e-9, abs=1e-9)
        x = torch.randn(20, 3, dtype=torch.float64, generator=rng) / size
        x[0] = 0  # s = 0
        log_det = planar(x)[1].detach()
        assert log_det.isfinite().all() and float(log_det[0]) == pytest.approx(float(c.log()))
        # Along w the image increases; the map across it is a shift.
        order = (x @ w).argsort()
        assert (planar(x)[0].detach()[order] @ w).diff().min() > -1e-12


def test_planar_leaves_v_alone_where_it_is_allowed_and_near_w_0() -> None:
    """And det = 1 + u . w h'(s) in the source's form."""
    planar = Planar(2).double()
    planar.w.data, planar.v.data = torch.tensor([[1.0, 2.0], [3.0, -1.0]]).double()
    u, c = planar.constrained()
    assert torch.equal(u, planar.v) and float(c.detach()) == 2.0
    for size in (1e-3, 1e-6, 0.0):
        planar.w.data = torch.tensor([-size, 0.0]).double()
        u, _ = planar.constrained()
        assert (u - planar.v).norm() <= 9.1 * size
    planar.w.data = torch.tensor([-1.0, 0.5]).double()
    x = points(2)
    u, _ = planar.constrained()
    s = x @ planar.w + planar.b
    expected = (1 + (u @ planar.w) * (1 - s.tanh().square())).log()
    assert torch.allclose(planar(x)[1], expected, atol=1e-12)


def test_planars_gradient_is_finite_at_w_0() -> None:
    planar = Planar(2).double()
    planar.w.data.zero_()
    planar(points(2))[1].sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in planar.parameters())


def test_the_planar_root_is_one_to_rounding_over_thirty_decades() -> None:
    decades = torch.logspace(-15, 15, 61, dtype=torch.float64)
    t = torch.cat([-decades, torch.zeros(1).double(), decades])[:, None]
    c = decades[None, :]
    s = planar_root(t.expand(-1, 61), c.expand(len(t), -1))
    residual = (s + (c - 1) * s.tanh() - t).abs()
    assert (residual / (t.abs() + (c - 1).abs() + 1e-300)).max() < 2e-15


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_radial_has_the_determinant_of_the_paper(dim: int) -> None:
    """(1 + b h)^(d - 1) (1 + b h + b h' r), h = 1 / (alpha + r), for b > -alpha; invertible however close b comes."""
    for log_gamma in (-30.0, -2.0, 0.0, 3.0):
        radial, x = made("radial", dim), points(dim)
        radial.log_gamma.data.fill_(log_gamma)
        alpha = radial.log_alpha.exp()
        b = alpha * (radial.log_gamma.exp() - 1)
        r = (x - radial.centre).norm(dim=-1)
        h = 1 / (alpha + r)
        expected = (1 + b * h) ** (dim - 1) * (1 + b * h - b * h.square() * r)
        y, log_det = radial(x)
        assert torch.allclose(log_det, expected.log(), atol=1e-11)
        assert (radial.inverse(y)[0] - x).abs().max() < 1e-9
        at_centre = radial(radial.centre[None])
        assert torch.equal(at_centre[0][0], radial.centre)
        assert float(at_centre[1].detach()) == pytest.approx(dim * log_gamma)


def test_radial_at_gamma_1_is_the_identity() -> None:
    radial, x = Radial(3).double(), points(3)
    y, log_det = radial(x)
    assert torch.allclose(y, x) and log_det.abs().max() < 1e-14


# --- the spline -------------------------------------------------------------------------------------------------------


def random_knots(bins: int, size: float = 1.5) -> tuple:
    raw = torch.randn(3 * bins - 1, generator=torch.Generator().manual_seed(bins)).double()
    return knots(size * raw, bins, 3.0)


def along(x: Tensor, at: tuple) -> tuple[Tensor, Tensor]:
    return spline(x, type(at)(*(part.expand(len(x), -1) for part in at)))


@pytest.mark.parametrize("bins", [1, 2, 5, 16])
def test_the_spline_meets_its_knots_with_their_slopes(bins: int) -> None:
    at = random_knots(bins)
    y, log_slope = along(at.x, at)
    assert torch.allclose(y, at.y, atol=1e-12)
    assert torch.allclose(log_slope.exp(), at.slope, rtol=1e-9)
    for side in (-1e-9, 1e-9):  # continuous with its derivative, at the box's ends too
        y, log_slope = along(at.x + side, at)
        assert torch.allclose(y, at.y, atol=1e-7)
        assert torch.allclose(log_slope.exp(), at.slope, rtol=1e-5)


@pytest.mark.parametrize("size", [0.5, 3.0, 100.0])
def test_the_spline_is_monotone_the_identity_outside_and_inverted(size: float) -> None:
    at = random_knots(8, size)
    x = torch.linspace(-6, 6, 20_001, dtype=torch.float64)
    y, log_slope = along(x, at)
    assert (y.diff() > 0).all() and log_slope.isfinite().all()
    outside = x.abs() >= 3
    assert torch.equal(y[outside], x[outside]) and (log_slope[outside] == 0).all()
    back, opposite = spline_inverse(y, type(at)(*(part.expand(len(y), -1) for part in at)))
    # What rounds off in y is divided by the slope in x, and that may be as small as 1e-9: y is what is held here.
    assert (along(back, at)[0] - y).abs().max() < 1e-11
    gentle = log_slope > -3
    assert (log_slope + opposite)[gentle].abs().max() < 1e-8


def test_between_knots_it_is_a_quotient_of_quadratics() -> None:
    """Then (1, x, x^2, y, x y, x^2 y) satisfy a linear relation in each bin: a rank of at most five."""
    at = random_knots(4)
    for left, right in zip(at.x[:-1], at.x[1:], strict=True):
        t = torch.linspace(0, 1, 12, dtype=torch.float64)
        y = along(left + (right - left) * t, at)[0]
        y = (y - y[0]) / (y[-1] - y[0])
        rows = torch.stack([torch.ones(12), t, t**2, y, t * y, t**2 * y], -1)
        singular = torch.linalg.svdvals(rows)
        assert singular[5] < 1e-13 < 1e-6 < singular[3]


def test_a_spline_with_equal_knots_on_both_axes_is_the_identity() -> None:
    at = knots(torch.zeros(11).double(), 4, 2.0)
    assert torch.allclose(at.x, at.y) and torch.allclose(at.slope, torch.ones(5).double())
    x = torch.linspace(-3, 3, 50, dtype=torch.float64)
    assert torch.allclose(along(x, at)[0], x)


# --- the flow ---------------------------------------------------------------------------------------------------------


def banana_flow() -> Flow:
    torch.manual_seed(0)
    return Flow(neural_spline(2, 2, hidden=(16,)), Banana().sample, batch=128)


def test_an_affine_flow_has_the_density_of_its_gaussian() -> None:
    truth = Gaussian((1.0, -2.0), (0.5, 3.0))
    affine = Affine(2).double()
    affine.log_scale.data = -torch.tensor([0.5, 3.0]).double().log()
    affine.shift.data = torch.tensor([-2.0, 2.0 / 3.0]).double()
    flow = Flow(affine, truth.sample)
    x = points(2)
    assert torch.allclose(flow.log_prob(x), truth.log_prob(x))
    y = flow.sample(100_000, torch.Generator().manual_seed(0))
    assert torch.allclose(y.mean(0), torch.tensor([1.0, -2.0]).double(), atol=5 * 3 / 316)
    assert torch.allclose(y.std(0), torch.tensor([0.5, 3.0]).double(), rtol=0.02)


def test_samples_follow_the_density() -> None:
    """E_q f is the same by samples and by quadrature of f q, f a bump; within 5 standard errors."""
    flow = Flow(made("neural spline", 2), Banana().sample)
    grid = Grid((-12.0, -12.0), (12.0, 12.0), 400)

    def bump(x: Tensor) -> Tensor:
        return (-(x - 0.7).square().sum(-1)).exp()

    expected = grid.integral(grid.evaluate(lambda x: bump(x) * flow.log_prob(x).exp())).value
    seen = bump(flow.sample(50_000, torch.Generator().manual_seed(2)))
    assert abs(seen.mean() - expected) < 5 * seen.std() / 50_000**0.5 + 1e-4


def test_training_is_repeatable_and_lowers_the_loss() -> None:
    histories = []
    for _ in range(2):
        flow = banana_flow()
        before = flow.measure(torch.Generator().manual_seed(5))["nll"]
        run = train(flow, 60, seed=3, decay=cosine, log_every=20, progress=False)
        histories.append(run.history)
    assert histories[0] == histories[1]
    after = flow.measure(torch.Generator().manual_seed(5))["nll"]
    assert after < before - 0.1 and after > Banana().entropy.value - 0.1


def test_dequantised_numbers_stay_in_their_cells_in_float32() -> None:
    def top(n: int, rng: torch.Generator) -> Tensor:
        return torch.full((n, 1), 255.0)

    x = dequantised(top)(200_000, torch.Generator().manual_seed(0))
    assert x.dtype == torch.float32 and x.min() > 255 and x.max() < 256
    u = (x - 255).double()
    assert u.mean() == pytest.approx(1 / 2, abs=5 / (12 * 200_000) ** 0.5)
    assert u.var() == pytest.approx(1 / 12, rel=0.02)


def test_the_dequantised_bound_is_below_the_probability_of_each_letter() -> None:
    """Q(x) = Phi(z(x + 1)) - Phi(z(x)) exactly, on the line; equality for the uniform distribution."""
    x = torch.arange(4.0).double()[:, None]
    u = ((torch.arange(2000.0).double() + 0.5) / 2000)[:, None]
    flow = Flow(Chain([Probit(1, 0, 4), made("elementwise spline", 1)]), Gaussian(0.0, 1.0).sample)
    with torch.no_grad():
        bound = discrete_bound(flow.log_prob, x, u)
        inner = torch.special.ndtr(flow.transform(x[1:])[0])[:, 0]
    exact = torch.cat([torch.zeros(1), inner, torch.ones(1)]).diff().log()
    assert ((exact - bound) > 1e-3).all()
    # By the other road, the same letter's probability is the mean of the density over its cell.
    cells = (x[:, None] + u).reshape(-1, 1)
    mean = flow.log_prob(cells).detach().exp().reshape(4, -1).mean(-1)
    assert torch.allclose(mean.log(), exact, atol=1e-4)
    flat = discrete_bound(Flow(Probit(1, 0, 4), flow.data).log_prob, x, u)
    assert torch.allclose(flat, torch.full((4,), -math.log(4)).double())


# --- what is refused --------------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "dim 0": (lambda: Affine(0), "`dim` must be a positive integer. Got 0"),
    "dim 1 of a coupling": (lambda: SplineCoupling(1), "must be at least 2. Got 1"),
    "chain of none": (lambda: Chain([]), "one or more, of one dimension"),
    "chain of two dims": (lambda: Chain([Affine(2), Affine(3)]), r"Got \[2, 3\]"),
    "order": (lambda: Permutation(3, [0, 1, 1]), r"each of 0 .. 2 once. Got \[0, 1, 1\]"),
    "box": (lambda: Probit(1, 2.0, 1.0), "`low` must lie below `high`"),
    "bins": (lambda: SplineCoupling(2, bins=0), "`bins` must be an integer from 1 to 999. Got 0"),
    "bound": (lambda: ElementwiseSpline(1, bound=-1.0), "`bound` must be positive"),
    "raw": (lambda: knots(torch.zeros(2, 7), 3, 1.0), "last axis of 8"),
    "limit": (lambda: AffineCoupling(2, limit=0.0), "`limit` must be positive. Got 0"),
    "constant axis": (lambda: Affine.normalising(torch.ones(5, 2)), "must vary on every axis"),
    "layers": (lambda: real_nvp(2, 0), "`layers` must be a positive integer. Got 0"),
    "no transform": (lambda: Flow(functional.relu, Banana().sample), "must be a Transform"),
    "batch": (lambda: Flow(Affine(2), Banana().sample, batch=0), "`batch` must be a positive"),
    "draws": (
        lambda: discrete_bound(lambda x: x, torch.zeros(3, 2), torch.zeros(5, 1)),
        r"Got \(3, 2\) and \(5, 1\)",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_bad_arguments_are_named(what: str) -> None:
    act, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        act()
