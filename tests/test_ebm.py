"""Energy-based models: chains, score matching, contrastive divergence, each against a closed form or a quadrature."""

import math
from functools import partial

import numpy as np
import pytest
from scipy import integrate, optimize, stats

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from models.ebm import (  # noqa: E402
    EBM,
    Confined,
    ContrastiveDivergence,
    FromData,
    ReplayBuffer,
    contrastive,
    normalised,
)
from models.gan import normal  # noqa: E402
from models.langevin import gaussian_variance, langevin, mala  # noqa: E402
from models.metrics import Grid, kl_by_quadrature  # noqa: E402
from models.nets import MLP  # noqa: E402
from models.score_matching import (  # noqa: E402
    denoising,
    exact_laplacian,
    hutchinson,
    score_matching,
)
from models.toy import GaussianMixture  # noqa: E402
from models.train import train  # noqa: E402

PAIR = GaussianMixture([0.3, 0.7], [-1.0, 1.2], [0.6, 0.8])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def gaussian(variance):
    return lambda x: x.square().flatten(1).sum(1) / (2 * variance)


def quartic(x):
    return x.square().square().sum(1) / 4


def zeros(n, dim=1):
    return torch.zeros(n, dim, dtype=torch.float64)


def net(dim=1, seed=0, scale=1.5):
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return Confined(MLP(dim, None, (8, 8)), scale).double()


# --- Langevin ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variance", [1.0, 0.25])
@pytest.mark.parametrize("share", [0.1, 0.7, 1.0, 1.9, 2.0, 2.2])  # the step over the variance
def test_the_variance_of_unadjusted_chains_at_every_step(variance, share):
    n, start, step = 40_000, 3.0, share * variance
    x = math.sqrt(start) * torch.randn(n, 1, generator=seeded(), dtype=torch.float64)
    rng = seeded(1)
    for k in range(1, 9):
        x = langevin(gaussian(variance), x, 1, step, rng).x
        theory = gaussian_variance(step, steps=k, start=start, variance=variance)
        assert float(x.square().mean()) == pytest.approx(theory, rel=4.5 * math.sqrt(2 / n))


@pytest.mark.parametrize("step", [0.05, 0.5, 1.0, 1.9])
def test_the_stationary_variance_is_the_recursions_fixed_point(step):
    v = gaussian_variance(step)
    assert v == pytest.approx(1 / (1 - step / 2), rel=1e-14)
    assert (1 - step) ** 2 * v + 2 * step == pytest.approx(v, rel=1e-14)
    assert gaussian_variance(step, steps=4000) == pytest.approx(v, rel=1e-12)
    assert gaussian_variance(step * 3, variance=3) == pytest.approx(3 * v, rel=1e-14)


def test_beyond_twice_the_variance_there_is_no_stationary_law():
    assert gaussian_variance(2.0) == gaussian_variance(2.5) == math.inf
    assert gaussian_variance(2.0, steps=7, start=1.0) == 1 + 4 * 7
    assert gaussian_variance(0.3, steps=0, start=5.0) == 5.0


def test_one_step_is_the_formula():
    x, energy = torch.randn(5, 2, generator=seeded(), dtype=torch.float64), net(2)
    y = langevin(energy, x, 1, 0.3, seeded(7)).x
    xi = torch.randn(x.shape, generator=seeded(7), dtype=torch.float64)
    h = 1e-6
    slope = torch.stack(
        [(energy(x + h * e) - energy(x - h * e)) / (2 * h) for e in torch.eye(2)], 1
    )
    assert torch.allclose(y, x - 0.3 * slope.detach() + math.sqrt(0.6) * xi, atol=1e-8)


def quartic_law():
    """The law e^(-x^4/4) / Z as a distribution function, by scipy's quadrature."""
    z, _ = integrate.quad(lambda x: math.exp(-(x**4) / 4), -8, 8)
    x = np.linspace(-5, 5, 4001)
    cdf = integrate.cumulative_simpson(np.exp(-(x**4) / 4) / z, x=x, initial=0)
    return lambda values: np.interp(values, x, cdf)


def distance(x):
    """Kolmogorov and Smirnov's distance times sqrt(n): above 2.2 with probability 1e-4."""
    return math.sqrt(len(x)) * stats.kstest(x[:, 0].numpy(), quartic_law()).statistic


def test_adjusted_chains_reach_a_law_that_is_no_gaussian():
    n, step = 20_000, 0.3
    chains = mala(quartic, zeros(n), 60, step, seeded())
    assert 0.5 < chains.accepted < 0.99
    assert distance(chains.x) < 2.2
    # Unadjusted ones overshoot where step |E'| > 2 |x|, and are gone.
    assert not bool(langevin(quartic, zeros(n), 60, step, seeded()).x.isfinite().all())


def test_unadjusted_chains_reach_another_law():
    n = 20_000
    x = langevin(gaussian(1.0), zeros(n), 60, 0.3, seeded()).x[:, 0].numpy()
    away = math.sqrt(n) * stats.kstest(x, stats.norm.cdf).statistic
    wider = stats.norm(scale=math.sqrt(gaussian_variance(0.3))).cdf
    assert away > 2.2 > math.sqrt(n) * stats.kstest(x, wider).statistic


def test_adjusted_chains_keep_detailed_balance():
    """From the law itself: (x, y) and (y, x) have one law, so E[f(x) g(y)] = E[g(x) f(y)], and the law is kept."""
    n = 200_000
    u = torch.rand(n, generator=seeded(3), dtype=torch.float64).numpy()
    grid = np.linspace(-5, 5, 4001)
    x = torch.from_numpy(np.interp(u, quartic_law()(grid), grid))[:, None]
    y = mala(quartic, x, 1, 0.3, seeded(4)).x
    assert distance(y) < 2.2
    pairs = [(lambda t: t**3, lambda t: t**2 + t), (torch.tanh, lambda t: t**3),
             (lambda t: (t > 0.5).double(), lambda t: (t + 1).square())]  # fmt: skip
    for f, g in pairs:
        gap = (f(x) * g(y) - g(x) * f(y))[:, 0]
        assert abs(float(gap.mean())) < 4.5 * float(gap.std()) / math.sqrt(n)


def test_adjusted_chains_stay_where_the_energy_is_finite():
    def halfline(x):
        return torch.where(x[:, 0] > 0, x[:, 0], math.inf)  # the exponential law

    n = 20_000
    x = mala(halfline, zeros(n) + 1, 200, 0.3, seeded()).x
    assert bool((x > 0).all())
    assert math.sqrt(n) * stats.kstest(x[:, 0].numpy(), stats.expon.cdf).statistic < 2.2


def test_adjusted_chains_leave_infinite_energies_and_never_what_is_no_number():
    def box(x):
        return torch.where((x[:, 0] > 0) & (x[:, 0] < 1), 0 * x[:, 0], math.inf)

    assert bool((mala(box, zeros(50) - 0.1, 100, 0.3, seeded()).x > 0).all())
    start = zeros(50) - 0.1
    assert torch.equal(mala(lambda x: x[:, 0].sqrt(), start, 10, 0.3, seeded()).x, start)


def test_small_steps_are_all_accepted():
    assert mala(quartic, zeros(100), 3, 1e-6, seeded()).accepted > 0.999


def test_chains_run_without_gradients_too_and_leave_none():
    energy = net()
    with torch.no_grad():
        x = langevin(energy, zeros(4), 2, 0.1, seeded()).x
    assert not x.requires_grad
    assert torch.equal(x, langevin(energy, zeros(4), 2, 0.1, seeded()).x)
    assert all(p.grad is None for p in energy.parameters())


# --- score matching ---------------------------------------------------------------------------------------------------


class Bowl(nn.Module):
    """E(x) = |x|^2 / (2 v)."""

    def __init__(self, v):
        super().__init__()
        self.v = v

    def forward(self, x):
        return x.square().sum(1) / (2 * self.v)


@pytest.mark.parametrize("sigma2", [0.5, 2.0])
def test_exact_score_matching_of_a_gaussian(sigma2):
    """|x|^2 / (2 v^2) - d / v, which E|x|^2 = d sigma^2 makes least at v = sigma^2; without the 1/2, at twice that."""
    x = math.sqrt(sigma2) * torch.randn(50, 3, generator=seeded(), dtype=torch.float64)
    x = x * (3 * sigma2 / x.square().sum(1).mean()).sqrt()  # E|x|^2 is d sigma^2 to the last digit

    def value(v):
        losses = score_matching(Bowl(v), x, seeded()).detach()
        assert torch.allclose(losses, x.square().sum(1) / (2 * v**2) - 3 / v)
        return float(losses.mean())

    def without_half(v):
        square = float((x / v).square().sum(1).mean())  # |grad E|^2
        return value(v) + square / 2

    least = optimize.minimize_scalar(
        value, bounds=(0.1, 9), method="bounded", options={"xatol": 1e-9}
    )
    assert least.x == pytest.approx(sigma2, rel=1e-5)
    assert least.fun == pytest.approx(-3 / (2 * sigma2))  # minus half of Fisher's information
    wrong = optimize.minimize_scalar(
        without_half, bounds=(0.1, 9), method="bounded", options={"xatol": 1e-9}
    )
    assert wrong.x == pytest.approx(2 * sigma2, rel=1e-5)


def test_score_matching_is_half_a_fisher_divergence():
    energy, grid = net(), Grid(-9.0, 9.0, 900)
    x = grid.points.clone().requires_grad_()
    p = PAIR.log_prob(grid.points).exp()
    (s,) = torch.autograd.grad(PAIR.log_prob(x).sum(), x)
    (slope,) = torch.autograd.grad(energy(x).sum(), x)
    losses = score_matching(energy, grid.points, seeded()).detach()
    left = grid.integral(p * losses).value
    divergence = grid.integral(p * (s + slope)[:, 0].square()).value
    information = grid.integral(p * s[:, 0].square()).value
    assert left == pytest.approx((divergence - information) / 2, rel=1e-9)


def test_the_laplacian_is_the_trace_of_the_hessian():
    energy = net(3)
    x = torch.randn(4, 3, generator=seeded(), dtype=torch.float64)
    hessians = [torch.autograd.functional.hessian(lambda y: energy(y[None])[0], row) for row in x]
    traces = torch.stack([h.trace() for h in hessians])
    slope = torch.autograd.functional.jacobian(lambda y: energy(y).sum(), x)
    losses = score_matching(energy, x, seeded()).detach()
    assert torch.allclose(losses, slope.square().sum(1) / 2 - traces)
    n = 20_000  # draws of signs at the first point
    many = x[:1].expand(n, 3)
    estimates = score_matching(energy, many, seeded(), laplacian=hutchinson).detach()
    error = float(estimates.std()) / math.sqrt(n)
    assert error > 0
    assert abs(float(estimates.mean() - losses[0])) < 4.5 * error
    # v^T H v = tr H + 2 sum_{i<j} v_i v_j H_ij: its variance is 4 sum_{i<j} H_ij^2
    off = float(hessians[0].triu(1).square().sum())
    assert float(estimates.var()) == pytest.approx(4 * off, rel=0.05)


def test_a_linear_energy_has_no_laplacian():
    linear = MLP(2, None, ()).double()
    x = torch.randn(3, 2, dtype=torch.float64, generator=seeded())
    for laplacian in (exact_laplacian, hutchinson):
        losses = score_matching(linear, x, seeded(), laplacian=laplacian)
        assert torch.allclose(losses, linear[0].weight.square().sum() / 2)


@pytest.mark.parametrize("scale", [0.3, 1.0])
def test_denoising_of_a_gaussian_finds_the_noised_variance(scale):
    """E|x'/v - z/s|^2 / 2 = d/2 ((sigma^2 + s^2) / v^2 - 2/v + 1/s^2), least at v = sigma^2 + s^2, not sigma^2."""
    n, d, sigma2 = 200_000, 2, 0.5
    x = math.sqrt(sigma2) * torch.randn(n, d, generator=seeded(), dtype=torch.float64)
    noised = sigma2 + scale**2
    each = {v: denoising(Bowl(v), x, seeded(1), scale=scale).detach() for v in (0.25, 0.5, 1.0)}
    for v, losses in each.items():
        theory = d / 2 * (noised / v**2 - 2 / v + 1 / scale**2)
        assert abs(float(losses.mean()) - theory) < 4.5 * float(losses.std()) / math.sqrt(n)
    # In w = 1/v the loss is a parabola: three values on the same noise give its vertex.
    a, b, _ = np.polyfit([1 / v for v in each], [float(l.mean()) for l in each.values()], 2)
    assert -2 * a / b == pytest.approx(noised, rel=0.01)
    assert abs(-2 * a / b - sigma2) > 5 * 0.01 * sigma2


def test_denoising_with_little_noise_is_score_matching():
    """Their difference, E|z / s|^2 / 2 - ..., does not depend on the energy: differences of two energies agree."""
    x = PAIR.sample(100_000, seeded(), dtype=torch.float64)
    first, second, rng = net(seed=1), net(seed=2), seeded
    gap = denoising(first, x, rng(5), scale=0.05) - denoising(second, x, rng(5), scale=0.05)
    exact = score_matching(first, x, rng()) - score_matching(second, x, rng())
    gap, exact = gap.detach(), exact.detach()
    error = float((gap - exact).std()) / math.sqrt(len(x))
    assert abs(float((gap - exact).mean())) < 4.5 * error + 0.01 * abs(float(exact.mean()))


# --- contrastive divergence -------------------------------------------------------------------------------------------


def test_the_contrastive_gradient_is_the_likelihoods():
    """-E_P[grad E] + E_model[grad E] against autograd through log Z, which is a quadrature; and the loss on weights."""
    energy, grid = net(), Grid(-9.0, 9.0, 900)
    p = PAIR.log_prob(grid.points).exp()
    weights = torch.full_like(p, grid.steps[0])
    weights[[0, -1]] /= 2
    parameters = list(energy.parameters())
    log_z = torch.logsumexp(-energy(grid.points) + weights.log(), 0)
    likelihood = -(weights * p) @ energy(grid.points) - log_z
    exact = torch.autograd.grad(likelihood, parameters)
    q = (-energy(grid.points) - log_z).exp().detach()
    mean = contrastive(p * energy(grid.points), q * energy(grid.points)) @ weights
    for a, b in zip(torch.autograd.grad(mean, parameters), exact, strict=True):
        assert torch.allclose(a, -b, atol=1e-10)
    assert max(float(b.abs().max()) for b in exact) > 1e-2


def test_the_regularised_optimum():
    """Where p/q = (1 - 2 alpha E) / (1 + 2 alpha E), the gradient vanishes in every direction of E."""
    alpha, x = 0.05, torch.linspace(-3, 3, 301, dtype=torch.float64)
    energy = ((x**2 / 2) - 1).requires_grad_()
    step = float(x[1] - x[0])
    q = torch.softmax(-energy.detach(), 0) / step
    p = q * (1 - 2 * alpha * energy.detach()) / (1 + 2 * alpha * energy.detach())
    total = (p * energy - q * energy + alpha * (p + q) * energy.square()).sum()
    (gradient,) = torch.autograd.grad(total, energy)
    assert float(gradient.abs().max()) < 1e-12
    on = contrastive(torch.tensor([1.0, -2.0]), torch.tensor([0.5, 3.0]), alpha)
    assert torch.allclose(on, torch.tensor([0.5 + 1.25 * alpha, -5.0 + 13 * alpha]))


def test_cd_with_one_step_at_the_models_own_samples_has_no_gradient_in_the_mean():
    """For P = model and chains that keep the model, real and fake have one law: the mean gradient is 0."""
    energy, n = Bowl(1.0), 100_000
    real = torch.randn(n, 1, generator=seeded(), dtype=torch.float64)
    adjusted = ContrastiveDivergence(1, 0.5, sampler=mala)(energy, real, seeded(1))
    assert abs(float(adjusted.mean())) < 4.5 * float(adjusted.std()) / math.sqrt(n)
    # Unadjusted, E changes by (v_1 - 1) / 2 with v_1 = (1 - e)^2 + 2 e = 1 + e^2.
    moved = ContrastiveDivergence(1, 0.5)(energy, real, seeded(1))
    error = float(moved.std()) / math.sqrt(n)
    assert abs(float(moved.mean()) + 0.25 / 2) < 4.5 * error


def test_fakes_pass_no_gradient():
    energy = net().float()
    real = torch.randn(16, 1, generator=seeded())
    parameters = list(energy.parameters())
    loss = ContrastiveDivergence(3, 0.1)(energy, real, seeded(1)).mean()
    fake = langevin(energy, real, 3, 0.1, seeded(1)).x
    by_hand = energy(real).mean() - energy(fake).mean()
    for a, b in zip(torch.autograd.grad(loss, parameters, allow_unused=True),
                    torch.autograd.grad(by_hand, parameters, allow_unused=True), strict=True):  # fmt: skip
        assert torch.allclose(a, b, atol=1e-6)


def test_cd_begins_at_the_data():
    real = torch.randn(5, 2, generator=seeded())
    assert torch.equal(FromData()(real, seeded(), lambda x: x + 1), real + 1)


# --- the replay buffer ------------------------------------------------------------------------------------------------


def marked(value):
    return lambda n, rng: torch.full((n, 1), float(value))


def test_a_share_of_the_chains_begins_anew():
    n, restart = 20_000, 0.3
    buffer = ReplayBuffer(n, marked(0), seeded(), restart=restart)
    buffer.fresh = marked(1)
    met = []

    def move(x):
        met.append(x)
        return x

    buffer(torch.zeros(n, 1), seeded(1), move)
    deviation = math.sqrt(restart * (1 - restart) / n)
    assert float(met[0].mean()) == pytest.approx(restart, abs=4.5 * deviation)
    assert float(buffer.chains.mean()) == float(met[0].mean())
    # After k calls a chain is still the first one with probability (1 - restart)^k.
    buffer(torch.zeros(n, 1), seeded(2), move)
    assert float(1 - buffer.chains.mean()) == pytest.approx(0.7**2, abs=4.5 * deviation)


@pytest.mark.parametrize(("restart", "left"), [(0.0, 0), (1.0, 8)])
def test_none_or_all_begin_anew(restart, left):
    buffer = ReplayBuffer(8, marked(0), seeded(), restart=restart)
    buffer.fresh = marked(1)
    assert float(buffer(torch.zeros(8, 1), seeded(), lambda x: x).sum()) == left


def test_each_chain_is_moved_once_and_the_others_wait():
    buffer = ReplayBuffer(10, lambda n, rng: torch.arange(float(n))[:, None], seeded())
    moved = buffer(torch.zeros(4, 1), seeded(1), lambda x: x + 100)
    assert len(set(moved[:, 0].tolist())) == 4
    ends = buffer.chains[:, 0]
    assert int((ends >= 100).sum()) == 4
    assert torch.equal(torch.where(ends >= 100, ends - 100, ends), torch.arange(10.0))
    calls = torch.zeros(10)
    for seed in range(2000):
        buffer.chains = torch.arange(10.0)[:, None]
        calls[buffer(torch.zeros(4, 1), seeded(seed), lambda x: x)[:, 0].long()] += 1
    assert float((calls / 2000 - 0.4).abs().max()) < 4.5 * math.sqrt(0.4 * 0.6 / 2000)


def persistent(seed=0):
    torch.manual_seed(seed)
    start = ReplayBuffer(64, normal(1), seeded(seed), restart=0.1)
    method = ContrastiveDivergence(3, 0.1, start=start, sampler=mala, alpha=0.01)
    return EBM(Confined(MLP(1, None, (8,)), 2.0), PAIR.sample, method, batch=32)


def test_a_run_that_was_killed_goes_on_from_the_same_chains(tmp_path):
    whole, halves = persistent(), persistent()
    train(whole, 12, seed=3, progress=False)
    train(halves, 6, seed=3, folder=tmp_path, progress=False)
    resumed = persistent(seed=9)  # other weights and chains: all must come from the checkpoint
    train(resumed, 12, seed=3, folder=tmp_path, progress=False)
    first, second = whole.state_dict(), resumed.state_dict()
    assert "method.start.chains" in first
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(
        first["method.start.chains"], persistent().state_dict()["method.start.chains"]
    )


# --- the model --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dim", [1, 2])
def test_log_z_of_a_confined_plane(dim):
    """E = a x + b + |x|^2 / (2 s^2): log Z = -b + s^2 |a|^2 / 2 + d/2 log(2 pi s^2), the law N(-s^2 a, s^2 I)."""
    network, s = MLP(dim, None, ()), 1.3
    energy = Confined(network, s)
    grid = Grid((-14.0,) * dim, (14.0,) * dim, 280)
    model = normalised(energy, grid)
    a, b = network[0].weight.detach().double()[0], float(network[0].bias.detach().double())
    closed = -b + s**2 * float(a.square().sum()) / 2 + dim / 2 * math.log(2 * math.pi * s**2)
    assert model.log_partition.value == pytest.approx(closed, abs=1e-10)
    assert model.log_partition.error < 1e-10
    mean = (-(s**2) * a).tolist()
    x = torch.randn(9, dim, dtype=torch.float64, generator=seeded())
    law = torch.distributions.Normal(torch.tensor(mean, dtype=torch.float64), s)
    assert torch.allclose(model(x), law.log_prob(x).sum(1), atol=1e-10)
    assert next(energy.parameters()).dtype == torch.float32  # the copy alone is in float64


def test_a_network_alone_may_have_no_law():
    steep = MLP(1, None, ()).double()
    with torch.no_grad():
        steep[0].weight.fill_(-1.0)
    small, large = (normalised(steep, Grid(-r, r, 400)).log_partition.value for r in (20.0, 40.0))
    assert large - small == pytest.approx(20, rel=1e-2)  # grows with the box for ever
    confined = Confined(steep, 1.0)
    small, large = (
        normalised(confined, Grid(-r, r, 400)).log_partition.value for r in (20.0, 40.0)
    )
    assert large == pytest.approx(small, abs=1e-10)


def test_a_trained_energy_meets_a_gaussian_by_every_method():
    """One parameter, the variance: each method finds its own optimum, known in closed form."""

    class Variance(nn.Module):
        def __init__(self):
            super().__init__()
            self.log_v = nn.Parameter(torch.tensor(1.0))

        def forward(self, x):
            return x.square().sum(1) / (2 * self.log_v.exp())

    step = 0.2
    # Persistent unadjusted chains make variance(v) of `gaussian_variance` the data's, 1: v / (1 - e / (2 v)) = 1.
    biased = (1 + math.sqrt(1 - 2 * step)) / 2
    assert gaussian_variance(step, variance=biased) == pytest.approx(1)

    def chains(sampler):
        start = ReplayBuffer(512, normal(1), seeded())
        return ContrastiveDivergence(5, step, start=start, sampler=sampler)

    optima = [
        (score_matching, 1.0),
        (partial(denoising, scale=0.5), 1.25),
        (chains(mala), 1.0),
        (chains(langevin), biased),
    ]
    for method, optimum in optima:
        ebm = EBM(
            Variance(), normal(1), method, batch=512, optimizer=partial(torch.optim.Adam, lr=0.03)
        )
        train(ebm, 300, decay=lambda done: (1 - done) ** 2, progress=False)
        assert ebm.energy.log_v.exp().item() == pytest.approx(optimum, rel=0.04)


def test_the_kl_beside_the_progress_is_the_quadratures():
    grid = Grid(-9.0, 9.0, 360)
    ebm = EBM(net(), PAIR.sample, score_matching, log_prob=PAIR.log_prob, grid=grid)
    model = normalised(ebm.energy, grid)
    assert ebm.measure(seeded())["kl"] == kl_by_quadrature(PAIR.log_prob, model, grid).value > 0
    assert ebm.theory == {"kl": 0.0}
    assert EBM(net(), PAIR.sample, score_matching).measure(seeded()) == {}


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", [langevin, mala])
@pytest.mark.parametrize(
    ("energy", "x", "steps", "step", "says"),
    [
        (quartic, zeros(3), 0, 0.1, "`steps`"),
        (quartic, zeros(3), 1.5, 0.1, "`steps`"),
        (quartic, zeros(3), True, 0.1, "`steps`"),
        (quartic, zeros(3), 1, 0.0, "`step`"),
        (quartic, zeros(3), 1, math.inf, "`step`"),
        (quartic, zeros(3), 1, math.nan, "`step`"),
        (quartic, zeros(3)[:, 0], 1, 0.1, "`x`"),
        (quartic, zeros(3).long(), 1, 0.1, "`x`"),
        (lambda x: x, zeros(3), 1, 0.1, "one number a sample"),
        (lambda x: x.sum(), zeros(3), 1, 0.1, "one number a sample"),
    ],
)
def test_chains_refuse(sampler, energy, x, steps, step, says):
    with pytest.raises(ValueError, match=says):
        sampler(energy, x, steps, step, seeded())


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: gaussian_variance(0.0), "`step`"),
        (lambda: gaussian_variance(0.1, variance=-1.0), "`variance`"),
        (lambda: gaussian_variance(0.1, steps=-1), "`steps`"),
        (lambda: gaussian_variance(0.1, start=math.nan), "`start`"),
        (lambda: Confined(MLP(1, None), 0.0), "`scale`"),
        (lambda: Confined(MLP(1, None), math.nan), "`scale`"),
        (lambda: ContrastiveDivergence(0, 0.1), "`steps`"),
        (lambda: ContrastiveDivergence(1, -0.1), "`step`"),
        (lambda: ContrastiveDivergence(1, 0.1, alpha=-1.0), "`alpha`"),
        (lambda: ReplayBuffer(0, normal(1), seeded()), "`capacity`"),
        (lambda: ReplayBuffer(2.5, normal(1), seeded()), "`capacity`"),
        (lambda: ReplayBuffer(4, normal(1), seeded(), restart=1.5), "`restart`"),
        (lambda: ReplayBuffer(4, normal(1), seeded(), restart=math.nan), "`restart`"),
        (lambda: ReplayBuffer(4, normal(1), seeded())(zeros(5), seeded(), lambda x: x), "as many"),
        (lambda: ReplayBuffer(4, normal(1), seeded())(zeros(3, 2), seeded(), lambda x: x), "shape"),
        (lambda: contrastive(torch.zeros(3), torch.zeros(4)), "one shape"),
        (lambda: contrastive(torch.zeros(3, 1), torch.zeros(3, 1)), "one shape"),
        (lambda: denoising(quartic, zeros(3), seeded(), scale=0.0), "`scale`"),
        (lambda: denoising(lambda x: x.sum(), zeros(3), seeded(), scale=0.1), "one score a sample"),
        (lambda: score_matching(lambda x: x, zeros(3), seeded()), "one number a sample"),
        (lambda: EBM(net(), PAIR.sample, score_matching, log_prob=PAIR.log_prob), "together"),
        (lambda: EBM(net(), PAIR.sample, score_matching, batch=0), "`batch`"),
        (lambda: normalised(net(3), Grid((-1.0,) * 2, (1.0,) * 2, 4)), "cannot take an input"),
    ],
)
def test_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()
