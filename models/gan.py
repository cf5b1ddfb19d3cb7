"""Generative adversarial networks: one class, of which every member of the family is a `Loss` and perhaps a penalty.

The generator pushes a latent z ~ p_z forward, Q = law of G(z); the critic scores samples of P and Q. Minimax,
non-saturating, least squares, hinge, WGAN (clipping, gradient penalty, spectral norm) and f-GAN differ in nothing
else. Source: Goodfellow et al., Generative adversarial nets (2014), algorithm 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from models._parameters import count
from models.estimator import MakeOptimizer, Penalty
from models.losses import Loss
from models.penalties import clip_, noisy
from models.train import Source, Trainee

__all__ = ["GAN", "normal"]


def normal(*shape: int) -> Source:
    """The sampler of N(0, I) in R^shape."""

    def draw(n: int, rng: torch.Generator) -> Tensor:
        return torch.randn(n, *shape, generator=rng, device=rng.device)

    return draw


class GAN(Trainee):
    """The game of `generator` and `critic`; within a step the critic moves `critic_steps` times, the generator once.

    Args:
        generator: (batch, latent...) -> (batch, ...).
        critic: (batch, ...) -> (batch,), raw scores.
        data: The sampler of P, `data(n, rng)`.
        latent: The sampler of p_z, as `normal(8)`.
        loss: A row of `losses`, or `f_loss(...)`.
        batch: Samples of each in a turn.
        critic_steps: Turns of the critic for one of the generator.
        penalty: Added to the critic's loss, with its weight: `penalty(critic, real, fake, rng)`.
        clip: After each of the critic's turns its parameters are put into [-clip, clip].
        noise: Standard deviation of the instance noise on real and fake samples.
        average: Decay of the running average of the generator's weights, which `sample` then uses; 0: none.
        critic_optimizer, generator_optimizer: From parameters to an optimiser.
        theory: What theory says of what is measured.
    """

    def __init__(
        self,
        generator: nn.Module,
        critic: nn.Module,
        data: Source,
        latent: Source,
        loss: Loss,
        *,
        batch: int = 256,
        critic_steps: int = 1,
        penalty: Penalty | None = None,
        clip: float | None = None,
        noise: float = 0.0,
        average: float = 0.0,
        critic_optimizer: MakeOptimizer = partial(Adam, lr=1e-3, betas=(0.5, 0.99)),
        generator_optimizer: MakeOptimizer = partial(Adam, lr=1e-3, betas=(0.5, 0.99)),
        theory: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__()
        count("batch", batch)
        count("critic_steps", critic_steps)
        if not 0 <= average < 1:
            raise ValueError(f"`average` must be in [0, 1). Got {average}")
        self.generator, self.critic = generator, critic
        self.data, self.latent, self.row, self.batch = data, latent, loss, batch
        self.turns = ("critic",) * critic_steps + ("generator",)
        self.penalty, self.clip, self.noise = penalty, clip, noise
        self.averaged = (
            AveragedModel(generator, multi_avg_fn=get_ema_multi_avg_fn(average), use_buffers=True)
            if average
            else None
        )
        self.makers = {"critic": critic_optimizer, "generator": generator_optimizer}
        self.theory = dict(theory or {})

    def optimizers(self) -> Mapping[str, Optimizer]:
        players: dict[str, Iterable[nn.Parameter]] = {
            "critic": self.critic.parameters(),
            "generator": self.generator.parameters(),
        }
        return {name: make(players[name]) for name, make in self.makers.items()}

    def loss(self, player: str, rng: torch.Generator) -> Tensor:
        z = self.latent(self.batch, rng)
        if player == "generator":
            return self.row.generator(self.critic(noisy(self.generator(z), self.noise, rng))).mean()
        with torch.no_grad():
            fake = noisy(self.generator(z), self.noise, rng)
        real = noisy(self.data(self.batch, rng), self.noise, rng)
        on_real, on_fake = self.critic(torch.cat([real, fake])).split(self.batch)
        loss = self.row.critic(on_real, on_fake)
        return loss if self.penalty is None else loss + self.penalty(self.critic, real, fake, rng)

    def after(self, player: str) -> None:
        if player == "critic" and self.clip is not None:
            clip_(self.critic.parameters(), self.clip)
        if player == "generator" and self.averaged is not None:
            self.averaged.update_parameters(self.generator)

    @torch.no_grad()
    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """n samples of Q, from the averaged generator where there is one."""
        return (self.averaged or self.generator)(self.latent(n, rng))

    @torch.no_grad()
    def measure(self, rng: torch.Generator) -> Mapping[str, float]:
        n = 4096
        return {
            "estimate": self.row.estimate(
                self.critic(self.data(n, rng)), self.critic(self.sample(n, rng))
            ).item()
        }
