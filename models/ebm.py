"""Energy-based models p(x) = e^-E(x) / Z, of which every member of the family is a `Method` of training.

The gradient of the log-likelihood needs samples of the model itself,

    grad E_P[log p] = -E_P[grad E] + E_model[grad E],

which `ContrastiveDivergence` takes from Langevin chains: begun at the data and stopped after k steps (CD-k, which
therefore is not the gradient of that, nor of any other, function), or carried on from one update to the next in a
`ReplayBuffer` (persistent). `models.score_matching` has the methods that need no chains and no Z.

Sources: Hinton, Training products of experts by minimizing contrastive divergence (2002), eq. (5); Tieleman, Training
restricted Boltzmann machines using approximations to the likelihood gradient (2008); Du and Mordatch, Implicit
generation and modeling with energy-based models (2019), section 3, for the buffer and the regulariser.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from models._parameters import positive
from models.estimator import MakeOptimizer
from models.langevin import Energy, Sampler, checked, langevin
from models.metrics import Grid, Integral, kl_by_quadrature, log_partition
from models.train import Source, Trainee

__all__ = [
    "EBM",
    "Confined",
    "ContrastiveDivergence",
    "FromData",
    "LogDensity",
    "Method",
    "ReplayBuffer",
    "contrastive",
    "normalised",
]

Method = Callable[[Energy, Tensor, torch.Generator], Tensor]  # energy, real, rng -> (batch,)


class Confined(nn.Module):
    """E(x) = network(x) + |x|^2 / (2 scale^2), (batch, ...) -> (batch,).

    The square makes Z finite whatever the weights: a perceptron of Lipschitz activations (ReLU, SiLU, tanh) grows at
    most as a + L |x|, so e^-E <= e^(a + L |x| - |x|^2 / (2 scale^2)), which is integrable. A network alone may fall
    along a ray, and then no density belongs to it, nor has Langevin a law to go to. A `scale` above the data's width
    leaves the network to narrow the law, which it does by weights that it has anyway.
    """

    def __init__(self, network: nn.Module, scale: float) -> None:
        super().__init__()
        positive("scale", scale)
        self.network, self.scale = network, scale

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x) + x.flatten(1).square().sum(1) / (2 * self.scale**2)


def contrastive(on_real: Tensor, on_fake: Tensor, alpha: float = 0.0) -> Tensor:
    """E(x) - E(x') + alpha (E(x)^2 + E(x')^2) from the energies of real x and fake x', (batch,) each.

    With fakes from the model, held constant, the gradient of the first two is that of -log p(x). The regulariser fixes
    the energy's level, and has its price: the optimum over all functions E, where p - q + 2 alpha E (p + q) = 0, is

        p / q = (1 - 2 alpha E) / (1 + 2 alpha E),   about e^(-4 alpha E),

    so that q = e^-E / Z is p^(1 / (1 + 4 alpha)), flatter than p, and |E| never exceeds 1 / (2 alpha).
    """
    if on_real.shape != on_fake.shape or on_real.ndim != 1:
        raise ValueError(
            "`on_real` and `on_fake` must have one shape (batch,). "
            f"Got {tuple(on_real.shape)} and {tuple(on_fake.shape)}"
        )
    if not (alpha >= 0 and math.isfinite(alpha)):
        raise ValueError(f"`alpha` must be finite and >= 0. Got {alpha}")
    return on_real - on_fake + alpha * (on_real.square() + on_fake.square())


class Start(Protocol):
    """Where chains begin, and what becomes of their ends."""

    def __call__(
        self, real: Tensor, rng: torch.Generator, move: Callable[[Tensor], Tensor]
    ) -> Tensor: ...


class FromData:
    """Chains begin at the real samples of the batch and are forgotten: CD-k."""

    def __call__(
        self, real: Tensor, rng: torch.Generator, move: Callable[[Tensor], Tensor]
    ) -> Tensor:
        return move(real)


class ReplayBuffer(nn.Module):
    """Chains that live on: each update moves some of them, and a share begins anew.

    `chains`, (capacity, ...), is state of the module, so that checkpoints hold it and a resumed run goes on from the
    very same chains. (Of several processes the checkpoint keeps the first's; on resuming all go on from these.)

    Args:
        capacity: Number of chains, at least the batch.
        fresh: The sampler of new chains, `fresh(n, rng)`.
        rng: Draws the first chains.
        restart: Probability that a chain is replaced by a fresh one when it is called upon. 0 is persistent CD.
    """

    chains: Tensor

    def __init__(
        self, capacity: int, fresh: Source, rng: torch.Generator, *, restart: float = 0.0
    ) -> None:
        super().__init__()
        if not isinstance(capacity, int) or isinstance(capacity, bool) or capacity < 1:
            raise ValueError(f"`capacity` must be a positive integer. Got {capacity!r}")
        if not 0 <= restart <= 1:
            raise ValueError(f"`restart` must be a probability. Got {restart}")
        self.fresh, self.restart = fresh, restart
        self.register_buffer("chains", fresh(capacity, rng).detach().clone())

    def forward(
        self, real: Tensor, rng: torch.Generator, move: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """As many chains as there are real samples, chosen evenly without repetition, moved and kept."""
        n = len(real)
        if n > len(self.chains) or real.shape[1:] != self.chains.shape[1:]:
            raise ValueError(
                f"a batch of shape {tuple(real.shape)} needs as many chains of its shape. "
                f"The buffer is {tuple(self.chains.shape)}"
            )
        index = torch.randperm(len(self.chains), generator=rng, device=rng.device)[:n]
        anew = torch.rand(n, generator=rng, device=rng.device) < self.restart
        x = torch.where(
            anew.view(-1, *[1] * (real.ndim - 1)), self.fresh(n, rng), self.chains[index]
        )
        moved = move(x).detach()
        self.chains[index] = moved
        return moved


class ContrastiveDivergence(nn.Module):
    """A method: `contrastive` with fakes from `steps` Langevin steps of length `step`.

    Args:
        start: `FromData()` for CD-k, a `ReplayBuffer` for persistent chains.
        sampler: `langevin`, whose law is off by its step, or `mala`.
        alpha: Weight of the energies' squares.
    """

    def __init__(
        self,
        steps: int,
        step: float,
        *,
        start: Start | None = None,
        sampler: Sampler = langevin,
        alpha: float = 0.0,
    ) -> None:
        super().__init__()
        checked(torch.zeros(1, 1), steps, step)
        contrastive(torch.zeros(1), torch.zeros(1), alpha)  # refuses what no update could take
        self.start: Start = FromData() if start is None else start
        self.steps, self.step, self.sampler, self.alpha = steps, step, sampler, alpha

    def forward(self, energy: Energy, real: Tensor, rng: torch.Generator) -> Tensor:
        fake = self.start(
            real, rng, lambda x: self.sampler(energy, x, self.steps, self.step, rng).x
        )
        on_real, on_fake = energy(torch.cat([real, fake])).split(len(real))
        return contrastive(on_real, on_fake, self.alpha)


@dataclass(frozen=True)
class LogDensity:
    """x -> -E(x) - log Z, (batch, dim) -> (batch,), in float64."""

    energy: nn.Module
    log_partition: Integral  # value and error

    def __call__(self, x: Tensor) -> Tensor:
        return -self.energy(x.double()) - self.log_partition.value


def normalised(energy: nn.Module, grid: Grid) -> LogDensity:
    """The log density of a copy of `energy` in float64, log Z by quadrature over the grid's box (dimension 1 or 2).

    The error is the rule's; what mass the model has outside the box is not seen. Raises ValueError where e^-E vanishes,
    overflows or is no number on the grid.
    """
    exact = copy.deepcopy(energy).double().to(grid.device).requires_grad_(False)
    return LogDensity(exact, log_partition(lambda x: -exact(x.double()), grid))


class EBM(Trainee):
    """Trains `energy` on samples of `data` by `method`.

    Args:
        energy: (batch, ...) -> (batch,), as `Confined(MLP(2, None), scale=2.0)`.
        data: The sampler of P, `data(n, rng)`.
        method: `ContrastiveDivergence(...)`, `score_matching`, `partial(denoising, scale=0.2)`, or one's own.
        batch: Real samples in a step.
        optimizer: From parameters to an optimiser; Adam at 1e-3.
        log_prob, grid: The truth, where known, and a grid in its dimension: `measure` then gives KL(P||model).
    """

    def __init__(
        self,
        energy: nn.Module,
        data: Source,
        method: Method,
        *,
        batch: int = 256,
        optimizer: MakeOptimizer = partial(Adam, lr=1e-3),
        log_prob: Callable[[Tensor], Tensor] | None = None,
        grid: Grid | None = None,
    ) -> None:
        super().__init__()
        if (log_prob is None) != (grid is None):
            raise ValueError("`log_prob` and `grid` must be given together, or neither")
        if not isinstance(batch, int) or isinstance(batch, bool) or batch < 1:
            raise ValueError(f"`batch` must be a positive integer. Got {batch!r}")
        self.energy, self.data, self.method, self.batch = energy, data, method, batch
        self.make_optimizer, self.log_prob, self.grid = optimizer, log_prob, grid
        self.theory = {} if grid is None else {"kl": 0.0}

    def optimizers(self) -> Mapping[str, Optimizer]:
        return {"model": self.make_optimizer(self.energy.parameters())}

    def loss(self, player: str, rng: torch.Generator) -> Tensor:
        return self.method(self.energy, self.data(self.batch, rng), rng).mean()

    def measure(self, rng: torch.Generator) -> Mapping[str, float]:
        if self.log_prob is None or self.grid is None:
            return {}
        model = normalised(self.energy, self.grid)
        return {"kl": kl_by_quadrature(self.log_prob, model, self.grid).value}
