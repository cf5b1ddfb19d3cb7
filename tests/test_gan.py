"""GAN and f-GAN: whose weights move, what is averaged, clipped and blurred, and that a seed fixes everything."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam

from models.fgan import FGAN, LocationScale, LogRatio
from models.gan import GAN, normal
from models.losses import f_loss, loss, losses
from models.nets import MLP
from models.toy import Gaussian
from models.train import train

TARGET = Gaussian((1.0,), 0.5)
EVERY = [*losses, "kl", "reverse_kl", "pearson", "jensen_shannon", "squared_hellinger"]


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def game(name: str = "minimax", **options) -> GAN:
    torch.manual_seed(0)
    made = {"batch": 64} | options
    return GAN(LocationScale(), LogRatio(hidden=(8,)), TARGET.sample, normal(1), loss(name), **made)


def weights(module: nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for p in module.parameters()]


def same(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("player", ["critic", "generator"])
def test_a_turn_moves_its_player_and_nobody_else(name, player):
    gan = game(name)
    before = {who: weights(getattr(gan, who)) for who in ("critic", "generator")}
    gan.turns = (player,)
    train(gan, 1, progress=False)
    moved = {who: not same(before[who], weights(getattr(gan, who))) for who in before}
    assert moved == {who: who == player for who in before}


@pytest.mark.parametrize("name", EVERY)
def test_the_critic_never_sees_the_generator_as_differentiable(name):
    gan = game(name)
    gan.loss("critic", rng()).backward()
    assert all(p.grad is None for p in gan.generator.parameters())
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in gan.critic.parameters())


def test_the_generators_gradient_is_the_path_derivative():
    """Of log(1 - D(m + s z)): with a linear logit v = a x, d/dm is -a E sigmoid(v)."""
    gan = game(batch=4096)
    with torch.no_grad():
        for p in gan.critic.parameters():
            p.zero_()
        gan.critic.growth[0] = 1.5
    gan.loss("generator", rng(3)).backward()
    z = torch.randn(4096, 1, generator=rng(3))  # m = 0, s = 1
    d = torch.sigmoid(1.5 * z)
    torch.testing.assert_close(gan.generator.m.grad, -1.5 * d.mean().reshape(1))
    torch.testing.assert_close(gan.generator.log_s.grad, -1.5 * (d * z).mean().reshape(1))


def test_turns_follow_critic_steps():
    assert game(critic_steps=3).turns == ("critic",) * 3 + ("generator",)


def test_the_average_is_the_running_mean_of_the_weights():
    gan = game(average=0.75, generator_optimizer=partial(SGD, lr=0.5))
    generator = gan.optimizers()["generator"]
    expected = None
    for step in range(5):
        generator.zero_grad()
        gan.loss("generator", rng(step)).backward()
        generator.step()
        gan.after("generator")
        m = gan.generator.m.detach().clone()
        expected = m if expected is None else 0.75 * expected + 0.25 * m
    torch.testing.assert_close(gan.averaged.module.m.detach(), expected)
    assert abs(float(gan.generator.m.detach() - expected)) > 1e-4
    z = torch.randn(10, 1, generator=rng(7))
    by_hand = expected + gan.averaged.module.s.detach() * z
    torch.testing.assert_close(gan.sample(10, rng(7)), by_hand)


def test_noise_blurs_both_sides():
    """With scale-0 data and generator everything is noise, of the standard deviation asked for."""
    seen = []

    class Watch(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Parameter(torch.ones(1))

        def forward(self, x):
            seen.append(x.detach())
            return self.a * x[:, 0]

    at_zero = lambda n, r: torch.zeros(n, 1)  # noqa: E731
    n = 20_000
    gan = GAN(LocationScale(), Watch(), at_zero, at_zero, losses["hinge"], batch=n, noise=0.3)
    gan.loss("critic", rng())
    real, fake = seen[0].split(n)
    gan.loss("generator", rng(1))
    for x in (real, fake, seen[1]):
        # The standard deviation of n normal draws has a relative error of 1/sqrt(2n) = 0.5 %; five of these.
        assert float(x.std()) == pytest.approx(0.3, rel=0.025)
    assert abs(float((real * fake).mean())) < 5 * 0.09 / math.sqrt(n)


def test_clipping_holds_after_each_turn_of_the_critic():
    bounds = []

    class Watched(GAN):
        def after(self, player):
            super().after(player)
            bounds.append(max(float(p.detach().abs().max()) for p in self.critic.parameters()))

    torch.manual_seed(0)
    gan = Watched(
        LocationScale(), MLP(1, None, (8,)), TARGET.sample, normal(1), losses["wasserstein"],
        batch=32, critic_steps=2, clip=0.05,
        critic_optimizer=partial(SGD, lr=10.0), generator_optimizer=partial(SGD, lr=1e-3),
    )  # fmt: skip
    train(gan, 5, progress=False)
    assert len(bounds) == 15 and max(bounds) <= float(torch.tensor(0.05))  # 0.05 in float32
    assert max(float(p.detach().abs().max()) for p in gan.critic.parameters()) > 0.049


@pytest.mark.parametrize("name", ["minimax", "wasserstein", "kl"])
def test_a_seed_fixes_the_run_to_the_last_bit(name):
    def run(seed: int) -> list[torch.Tensor]:
        gan = game(name, average=0.9, noise=0.1)
        train(gan, 5, seed=seed, progress=False)
        return [*weights(gan), gan.sample(4, rng(1))]

    assert same(run(4), run(4))
    assert not same(run(4), run(5))


def test_the_penalty_is_added_as_it_is():
    def plus_seven(critic, real, fake, generator):
        assert real.shape == fake.shape == (64, 1) and not fake.requires_grad
        return torch.tensor(7.0)

    plain, penalised = (
        game(penalty=penalty).loss("critic", rng()) for penalty in (None, plus_seven)
    )
    torch.testing.assert_close(penalised, plain + 7)


@pytest.mark.parametrize("name", ["kl", "reverse_kl", "jensen_shannon", "pearson", "jeffreys"])
def test_at_p_equal_q_with_a_flat_critic_no_gradient_is_left(name):
    """T = f'(1) everywhere: the value is 0 and the generator is at rest."""
    gan = FGAN(name, LocationScale(1.0, 0.5), LogRatio(), TARGET.sample, normal(1))
    with torch.no_grad():
        for p in gan.critic.parameters():
            p.zero_()
    gan.loss("generator", rng()).backward()
    assert float(gan.generator.m.grad.abs().max()) == 0
    assert gan.measure(rng())["estimate"] == pytest.approx(0, abs=1e-6)


def test_fgan_is_the_gan_with_that_loss_and_logs_the_exact_number():
    seen = []

    def exact(generator):
        seen.append(generator)
        return 42.0

    torch.manual_seed(0)
    parts = (LocationScale(), LogRatio(hidden=(8,)), TARGET.sample, normal(1))
    made = FGAN("kl", *parts, objective="alternative", average=0.5, batch=64, exact=exact)
    plain = GAN(*parts, f_loss("kl", generator="alternative"), batch=64)
    for player in ("critic", "generator"):
        assert torch.equal(made.loss(player, rng()), plain.loss(player, rng()))
    history = train(made, 2, log_every=1, progress=False).history
    assert [line["exact"] for line in history] == [42.0, 42.0]
    assert seen[0] is made.averaged.module


def test_location_scale_and_the_log_ratio_of_gaussians():
    generator = LocationScale(2.0, 3.0, dim=2)
    z = torch.tensor([[1.0, -1.0]])
    torch.testing.assert_close(generator(z).detach(), torch.tensor([[5.0, -1.0]]))
    critic = LogRatio(1.0, 2.0)
    x = torch.linspace(-4, 4, 9)[:, None]
    with torch.no_grad():
        for p in critic.bounded.parameters():
            p.zero_()
        critic.growth.copy_(torch.tensor([1.0, -0.5]))
    y = (x[:, 0] - 1) / 2
    torch.testing.assert_close(critic(x).detach(), y - y.square() / 2)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"critic_steps": 0}, "`critic_steps` must be a positive integer. Got 0"),
        ({"batch": 0}, "`batch` must be a positive integer. Got 0"),
        ({"average": 1.0}, r"`average` must be in \[0, 1\). Got 1.0"),
        ({"average": -0.1}, "`average`"),
    ],
)
def test_wrong_numbers_are_named(wrong, words):
    with pytest.raises(ValueError, match=words):
        game(**wrong)


@pytest.mark.parametrize("wrong", [{"s": 0.0}, {"s": -1.0}, {"s": math.inf}, {"m": math.nan}])
def test_wrong_scales_are_named(wrong):
    for kind in (LocationScale, LogRatio):
        with pytest.raises(ValueError, match=r"`[ms]`.* finite"):
            kind(**wrong)


def test_wrong_shapes_and_names_are_refused():
    with pytest.raises(ValueError, match=r"`z` must have shape \(batch, 1\). Got \(3, 2\)"):
        LocationScale()(torch.zeros(3, 2))
    with pytest.raises(ValueError, match="`dim`"):
        LocationScale(dim=0)
    parts = (LocationScale(), LogRatio(), TARGET.sample, normal(1))
    with pytest.raises(ValueError, match="`activation` must be one of"):
        FGAN("kl", *parts, activation="loud")
    with pytest.raises(ValueError, match="no loss and no divergence is called 'hinj'; did you mean hinge"):  # fmt: skip
        loss("hinj")


def test_a_gaussian_is_learned():
    """The only equilibrium is m = 1, s = 0.5; a short run is well on its way from m = 0, s = 1."""
    torch.manual_seed(0)
    adam = partial(Adam, lr=2e-2, betas=(0.5, 0.99))
    gan = FGAN(
        "jensen_shannon", LocationScale(), LogRatio(1.0, 1.0, (8,)), TARGET.sample, normal(1),
        critic_steps=3, average=0.9, critic_optimizer=adam, generator_optimizer=adam,
    )  # fmt: skip
    train(gan, 150, progress=False)
    assert gan.learned.m.item() == pytest.approx(1.0, abs=0.1)
    assert gan.learned.s.item() == pytest.approx(0.5, abs=0.1)
