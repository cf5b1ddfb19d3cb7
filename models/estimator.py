"""A critic alone, between two fixed distributions: what its loss says of their divergence.

The critic of any `Loss` maximises a lower bound; between P and Q that are known, the bound meets the exact number.
The same class is the f-divergence estimator of Nguyen, Wainwright and Jordan (2010), the discriminator of a GAN whose
generator is held, and, with a penalty or clipping, the critic of a WGAN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from models._parameters import count
from models.losses import Loss
from models.penalties import clip_
from models.train import Source, Trainee

__all__ = ["Estimator", "Penalty"]

Penalty = Callable[
    [nn.Module, Tensor, Tensor, torch.Generator], Tensor
]  # critic, real, fake, rng -> a scalar
MakeOptimizer = Callable[[Iterable[nn.Parameter]], Optimizer]


class Estimator(Trainee):
    """Trains `critic` between the samplers `p` and `q`; `estimate` is the divergence that it shows on fresh samples.

    Args:
        critic: (batch, ...) -> (batch,), raw scores.
        p, q: Samplers: `p(n, rng)` returns (n, ...).
        loss: A row of `losses`, or `f_loss(...)`.
        batch: Samples of each in a step.
        penalty: Added to the critic's loss, with its weight: `penalty(critic, real, fake, rng)`.
        clip: After each step every parameter is put into [-clip, clip].
        optimizer: From parameters to an optimiser; Adam at 1e-3.
        held_out: Fresh samples of each for `measure`.
        exact: The divergence, where known, for the progress bar.
    """

    turns = ("critic",)

    def __init__(
        self,
        critic: nn.Module,
        p: Source,
        q: Source,
        loss: Loss,
        *,
        batch: int = 512,
        penalty: Penalty | None = None,
        clip: float | None = None,
        optimizer: MakeOptimizer = partial(Adam, lr=1e-3),
        held_out: int = 10_000,
        exact: float | None = None,
    ) -> None:
        super().__init__()
        count("batch", batch)
        count("held_out", held_out)
        self.critic, self.p, self.q, self.row = critic, p, q, loss
        self.batch, self.penalty, self.clip, self.held_out = batch, penalty, clip, held_out
        self.make_optimizer = optimizer
        self.theory = {} if exact is None else {"estimate": exact}

    def optimizers(self) -> Mapping[str, Optimizer]:
        return {"critic": self.make_optimizer(self.critic.parameters())}

    def loss(self, player: str, rng: torch.Generator) -> Tensor:
        real, fake = self.p(self.batch, rng), self.q(self.batch, rng)
        on_real, on_fake = self.critic(torch.cat([real, fake])).split(self.batch)
        loss = self.row.critic(on_real, on_fake)
        return loss if self.penalty is None else loss + self.penalty(self.critic, real, fake, rng)

    def after(self, player: str) -> None:
        if self.clip is not None:
            clip_(self.critic.parameters(), self.clip)

    @torch.no_grad()
    def estimate(self, n: int, rng: torch.Generator) -> Tensor:
        """The divergence shown by the critic on n fresh samples of each, a scalar in nats."""
        return self.row.estimate(self.critic(self.p(n, rng)), self.critic(self.q(n, rng)))

    def measure(self, rng: torch.Generator) -> Mapping[str, float]:
        return {"estimate": self.estimate(self.held_out, rng).item()}
