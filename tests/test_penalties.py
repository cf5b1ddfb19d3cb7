"""Penalties: each against a loop of autograd over single samples, and against critics whose gradients are known."""

import math

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from models.nets import MLP, ConvCritic  # noqa: E402
from models.penalties import (  # noqa: E402
    between_samples,
    clip_,
    gradient_norms,
    gradient_penalty,
    noisy,
    r1,
    r2,
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


def critics() -> dict[str, tuple[nn.Module, Tensor]]:
    torch.manual_seed(0)
    return {
        "vectors": (MLP(3, None, (8, 8)).double(), normal(5, 3)),
        "scalars": (MLP(1, None, (8,)).double(), normal(5, 1)),
        "images": (ConvCritic(2, 8, 4).double(), normal(5, 2, 8, 8)),
        "one sample": (MLP(3, None, (8,)).double(), normal(1, 3)),
    }


def norms_one_by_one(critic: nn.Module, x: Tensor) -> Tensor:
    """The oracle: sample by sample, a batch of one, squares of all entries added up."""
    found = []
    for sample in x:
        alone = sample[None].clone().requires_grad_()
        (gradient,) = torch.autograd.grad(critic(alone).squeeze(), alone)
        found.append(math.sqrt(math.fsum(entry**2 for entry in gradient.flatten().tolist())))
    return torch.tensor(found, dtype=x.dtype)


@pytest.mark.parametrize("kind", critics())
def test_norms_are_each_sample_s_own(kind: str) -> None:
    critic, x = critics()[kind]
    expected = norms_one_by_one(critic, x)
    torch.testing.assert_close(gradient_norms(critic, x).detach(), expected)
    assert gradient_norms(critic, x).shape == (len(x),)
    for target in (0.0, 0.3, 1.0):
        excess = expected - target
        penalty = gradient_penalty(critic, x, target=target)
        torch.testing.assert_close(penalty.detach(), (excess**2).mean())
        penalty = gradient_penalty(critic, x, target=target, one_sided=True)
        torch.testing.assert_close(penalty.detach(), (excess.clamp(min=0) ** 2).mean())
    torch.testing.assert_close(r1(critic, x).detach(), (expected**2).mean() / 2)
    torch.testing.assert_close(r2(critic, x), r1(critic, x))


def test_linear_critics_have_the_norm_of_their_weights() -> None:
    w = torch.tensor([3.0, 4.0], dtype=torch.float64)
    x = normal(7, 2)
    torch.testing.assert_close(gradient_norms(lambda x: x @ w, x), torch.full_like(x[:, 0], 5.0))
    assert gradient_penalty(lambda x: x @ w, x).item() == pytest.approx(16)
    assert gradient_penalty(lambda x: x @ w, x, one_sided=True).item() == pytest.approx(16)
    assert gradient_penalty(lambda x: x @ w / 10, x).item() == pytest.approx(1 / 4)
    assert gradient_penalty(lambda x: x @ w / 10, x, one_sided=True).item() == 0
    assert r1(lambda x: x @ w, x).item() == pytest.approx(12.5)


def test_quadratic_critics_have_the_norm_of_the_point() -> None:
    """critic(x) = |x|^2/2, gradient x, also on images; at 0 the norm is 0 and so is its own gradient."""
    x = normal(4, 3, 5, 5)
    expected = x.square().sum((1, 2, 3)).sqrt()
    half_square = lambda x: x.square().sum((1, 2, 3)) / 2  # noqa: E731
    torch.testing.assert_close(gradient_norms(half_square, x), expected)
    assert r1(half_square, x).item() == pytest.approx((expected**2).mean().item() / 2)
    scale = torch.tensor(1.0, requires_grad=True)
    norms = gradient_norms(lambda x: scale * half_square(x), torch.zeros(2, 1, 2, 2))
    norms.sum().backward()
    assert norms.tolist() == [0, 0]
    assert scale.grad == 0


def test_scores_may_have_a_last_axis_of_one() -> None:
    x = normal(4, 2)
    torch.testing.assert_close(gradient_norms(lambda x: x[:, :1] * 2, x), torch.full_like(x[:, 0], 2.0))  # fmt: skip


@pytest.mark.parametrize("kind", ["vectors", "images"])
@pytest.mark.parametrize(
    "penalty",
    [r1, gradient_penalty, lambda critic, x: gradient_penalty(critic, x, target=0.1, one_sided=True)],
    ids=["r1", "two-sided", "one-sided"],
)  # fmt: skip
def test_double_backward_against_differences(kind: str, penalty) -> None:
    """d penalty / d weights, through the gradient in the input; the biases that no gradient sees get 0."""
    torch.manual_seed(1)
    smooth = {"vectors": MLP(3, None, (8, 8)), "images": nn.Sequential(ConvCritic(1, 4, 4))}
    critic, x = smooth[kind].double(), {"vectors": normal(5, 3), "images": normal(5, 1, 4, 4)}[kind]
    parameters = list(critic.parameters())
    found = torch.autograd.grad(
        penalty(critic, x), parameters, allow_unused=True, materialize_grads=True
    )
    h = 1e-6
    for parameter, gradient in zip(parameters, found, strict=True):
        for i in range(0, parameter.numel(), max(1, parameter.numel() // 5)):
            flat = parameter.data.view(-1)
            here = flat[i].item()
            values = []
            for moved in (here + h, here - h):
                flat[i] = moved
                values.append(penalty(critic, x).item())
            flat[i] = here
            expected = (values[0] - values[1]) / (2 * h)
            assert gradient.reshape(-1)[i].item() == pytest.approx(expected, abs=1e-8)


def test_the_input_is_left_alone() -> None:
    """Generated samples come with a graph: the penalty must not reach the generator, nor mark its input."""
    made = normal(4, 3).requires_grad_()
    fake = made * 2
    critic = MLP(3, None, (8,)).double()
    r2(critic, fake).backward()
    assert made.grad is None
    points = between_samples(normal(4, 3), fake, seeded())
    assert not points.requires_grad
    gradient_penalty(critic, points).backward()
    assert made.grad is None


@pytest.mark.parametrize("shape", [(6, 1), (6, 3), (6, 2, 4, 4)])
def test_points_between_lie_on_the_segment(shape: tuple[int, ...]) -> None:
    """One coefficient a sample: (point - fake) = share (real - fake) with one share for all its entries."""
    real, fake = normal(*shape, seed=1), normal(*shape, seed=2)
    points = between_samples(real, fake, seeded())
    shares = ((points - fake) / (real - fake)).flatten(1)
    torch.testing.assert_close(shares, shares[:, :1].expand_as(shares))
    assert (shares > 0).all() and (shares < 1).all()
    assert len({round(share, 9) for share in shares[:, 0].tolist()}) == len(shares)
    assert torch.equal(points, between_samples(real, fake, seeded()))
    assert not torch.equal(points, between_samples(real, fake, seeded(1)))


def test_points_between_are_uniform() -> None:
    """Kolmogorov's distance of n = 20,000 shares to the uniform law: above 2/sqrt(n) with probability 7e-4."""
    n = 20_000
    shares = between_samples(torch.ones(n, 1), torch.zeros(n, 1), seeded()).flatten().sort().values
    grid = torch.arange(1, n + 1) / n
    assert (shares - grid).abs().max() < 2 / math.sqrt(n)


def test_clipping_bounds_every_parameter_and_keeps_the_small() -> None:
    net = MLP(2, None, (16,))
    before = [p.detach().clone() for p in net.parameters()]
    clip_(net.parameters(), 0.2)
    for old, new in zip(before, net.parameters(), strict=True):
        assert new.abs().max() <= 0.2
        inside = old.abs() <= 0.2
        assert torch.equal(new[inside], old[inside])
        torch.testing.assert_close(new[~inside], 0.2 * old[~inside].sign())
        assert new.requires_grad


def test_noise_has_its_mean_and_scale() -> None:
    """Mean and variance of n normals: within 5 of their standard errors."""
    n, scale = 200_000, 0.3
    x = torch.linspace(-1, 1, n, dtype=torch.float64)[:, None]
    noise = noisy(x, scale, seeded()) - x
    assert abs(noise.mean().item()) < 5 * scale / math.sqrt(n)
    assert abs(noise.var().item() / scale**2 - 1) < 5 * math.sqrt(2 / n)
    assert abs((noise * x).mean().item()) < 5 * scale / math.sqrt(3 * n)  # independent of x
    assert noisy(x, 0.0, seeded()) is x
    assert noisy(x, scale, seeded()).dtype == torch.float64


def test_noise_lets_gradients_through() -> None:
    x = normal(3, 2).requires_grad_()
    noisy(x, 1.0, seeded()).sum().backward()
    assert torch.equal(x.grad, torch.ones_like(x))


def test_bad_input() -> None:
    x = normal(4, 2)
    for scores in (lambda x: x, lambda x: x.sum()):
        with pytest.raises(ValueError, match="one score a sample, 4 of them"):
            gradient_norms(scores, x)
    for target in (-0.1, math.nan, math.inf):
        with pytest.raises(ValueError, match="`target` must be a norm"):
            gradient_penalty(lambda x: x.sum(1), x, target=target)
    with pytest.raises(ValueError, match=r"one shape. Got \(4, 2\) and \(3, 2\)"):
        between_samples(x, x[:3], seeded())
    for bound in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="`bound` must be positive"):
            clip_([x], bound)
    for scale in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="`scale` must be finite"):
            noisy(x, scale, seeded())
