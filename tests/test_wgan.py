"""examples/wgan.py: its theory against optimisers and quadratures of the tests' own, and what a short run must show."""

import math

import numpy as np
import pytest
from scipy import integrate, optimize, stats

torch = pytest.importorskip("torch")

import wgan as example  # noqa: E402

import divergences as dv  # noqa: E402

pytestmark = pytest.mark.xdist_group("wgan")  # one run for all


@pytest.mark.parametrize("pair", example.PAIRS, ids=lambda pair: pair.name)
def test_the_exact_distance(pair: example.Pair) -> None:
    """In one dimension the area between the distribution functions; a shift by its certified plan on samples."""
    if pair.dim == 1:
        p, q = stats.norm(), stats.norm(pair.shift[0], pair.scale)
        area = sum(
            integrate.quad(lambda x: abs(p.cdf(x) - q.cdf(x)), a, b, epsabs=1e-11)[0]
            for a, b in ((-20, -1), (-1, 0), (0, 1), (1, 3), (3, 20))
        )
        assert pair.exact == pytest.approx(area, abs=1e-8)
    else:
        x, y = pair.images(torch.randn(100, 2, generator=torch.Generator().manual_seed(0)).double())
        assert pair.exact == pytest.approx(float(dv.optimal_transport(x, y).cost), abs=1e-9)


def test_no_closed_form_is_pretended() -> None:
    with pytest.raises(ValueError, match="one dimension only"):
        _ = example.Pair("", (1.0, 0.0), 2.0).exact


def test_samplers_have_the_moments_they_name() -> None:
    rng = torch.Generator().manual_seed(0)
    for pair in example.PAIRS:
        for sample, mean, scale in ((pair.p, 0.0, 1.0), (pair.q, torch.tensor(pair.shift), pair.scale)):  # fmt: skip
            x = sample(100_000, rng)
            assert x.shape == (100_000, pair.dim)
            assert (x.mean(0) - mean).abs().max() < 5 * scale / math.sqrt(1e5)
            assert (x.std(0) / scale - 1).abs().max() < 5 / math.sqrt(2e5)


@pytest.mark.parametrize("pair", example.PAIRS[:2], ids=lambda pair: pair.name)
@pytest.mark.parametrize("weight", [1.0, 10.0])
def test_the_penalised_optimum(pair: example.Pair, weight: float) -> None:
    """Pointwise g Delta - weight m (|g| - 1)^2, maximised on a grid of g; m by adaptive quadrature. Area of g Delta."""
    (shift,) = pair.shift
    x = np.linspace(-7, 7, 281)
    m, _ = integrate.quad_vec(
        lambda t: stats.norm.pdf(x, (1 - t) * shift, math.hypot(t, (1 - t) * pair.scale)), 0, 1
    )
    delta = stats.norm.cdf(x, shift, pair.scale) - stats.norm.cdf(x)
    g = np.linspace(-8, 8, 64_001)
    best = np.array(
        [g[np.argmax(g * d - weight * w * (abs(g) - 1) ** 2)] for d, w in zip(delta, m, strict=True)]
    )  # fmt: skip
    area = integrate.trapezoid(best * delta, x)
    assert example.penalised_estimate(pair, weight) == pytest.approx(area, abs=2e-3)
    monotone = example.penalised_estimate(pair, weight, np.ones_like(example.GRID))
    lost = pair.exact - integrate.trapezoid(delta, x)
    assert example.penalised_estimate(pair, weight) - monotone == pytest.approx(lost, abs=2e-3)


@pytest.mark.parametrize("case", example.DIRACS, ids=lambda case: case.label)
def test_the_dirac_optimum(case: example.DiracCase) -> None:
    """psi theta - weight penalty(psi), climbed from the start by an optimiser."""

    def loss(psi: np.ndarray) -> float:
        excess = abs(psi[0]) - 1
        penalty = max(excess, 0.0) ** 2 if case.one_sided else excess**2
        return case.weight * penalty - psi[0] * case.theta

    start = 0.5 if case.start is None else case.start
    found = optimize.minimize(loss, [start], method="BFGS", options={"gtol": 1e-9})
    assert case.optimum == pytest.approx(found.x[0], abs=1e-5)


def test_maxmin_keeps_the_gradient_s_norm() -> None:
    """Its Jacobian is a permutation of coordinates."""
    x = torch.randn(6, generator=torch.Generator().manual_seed(0))
    jacobian = torch.autograd.functional.jacobian(example.MaxMin(), x)
    assert torch.equal(jacobian @ jacobian.T, torch.eye(6))
    assert example.MaxMin()(torch.tensor([1.0, 5.0, 4.0, 2.0])).tolist() == [4, 5, 1, 2]


def test_rays_of_a_known_critic() -> None:
    """P on the unit circle, Q straight behind it: -|x| climbs each ray at slope 1, |x| falls, a turned one is cos."""
    angle = torch.arange(5) * 2 * math.pi / 5
    x = torch.stack([angle.cos(), angle.sin()], 1)
    assert example.along_rays(lambda z: -z.norm(dim=1), x, 3 * x) == pytest.approx((1, 1))
    assert example.along_rays(lambda z: 2 * z.norm(dim=1), x, 3 * x) == pytest.approx((-1, 2))
    x = torch.zeros(1, 2)
    y = torch.tensor([[1.0, 1.0]])
    assert example.along_rays(lambda z: -3 * z[:, 0], x, y) == pytest.approx((math.sqrt(0.5), 3))


def test_the_product_of_norms_is_by_svd() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 2, False), torch.nn.ReLU(), torch.nn.Linear(2, 1, False))  # fmt: skip
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[3.0, 0, 0], [0, 2, 0]]))
        net[2].weight.copy_(torch.tensor([[3.0, 4.0]]))
    assert example.product(net) == pytest.approx(15)


@pytest.fixture(scope="module")
def rows() -> dict:
    report = example.main(["--quick", "--steps", "100", "--seed", "2"])
    return {row.quantity: row for row in report.rows}


def test_a_short_run_keeps_every_bound(rows: dict) -> None:
    """Lipschitz bounds and what follows from them hold at every step of training, not only at the end."""
    bounded = [row for name, row in rows.items() if "K, product" in name or "estimate / K" in name]
    assert len(bounded) == 18
    assert all(row.agrees for row in bounded)
    for name, row in rows.items():
        if "spectral norm" in name and name.endswith(": estimate"):
            assert row.measured <= 1.005 * row.theory, name


def test_a_short_run_finds_the_diracs(rows: dict) -> None:
    linear = [row for name, row in rows.items() if name.startswith("Diracs") and "linear" in name]
    assert len(linear) == 10
    assert all(row.agrees for row in linear)


def test_a_short_run_shows_the_shift(rows: dict) -> None:
    """Where the best critic is linear, 100 steps suffice: W1 within 2% by spectral norm, above W1 by penalties."""
    shift = example.PAIRS[2].name
    for kind in ("spectral norm, ReLU", "spectral norm, MaxMin"):
        row = rows[f"{shift}: {kind}: estimate"]
        assert row.measured == pytest.approx(row.theory, rel=0.02)
    for kind in ("penalty, two-sided", "penalty, one-sided"):
        assert rows[f"{shift}: {kind}: estimate"].agrees
        assert rows[f"{shift}: {kind}: cosine with the plan's rays"].agrees
