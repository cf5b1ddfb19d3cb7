"""f-GAN: the adversarial game whose value is an f-divergence, for any f.

    min over G  max over T   E_P T(x) - E_Q f*(T(x)),   Q = law of G(z),

in which T = g(v) passes a raw score v into dom f*. Between the best T the value is D_f(P||Q), so a generator that
descends it minimises the divergence of one's choice. All of the game is in `f_loss` and `GAN`; here is what the
f-GAN experiments add: a generator with two numbers, whose divergence to a known P is known too; a critic that has the
log-ratio's growth; and the exact number beside the bound during training.

Source: Nowozin, Cseke and Tomioka, f-GAN: training generative neural samplers using variational divergence
minimization (2016), eqs. (4) to (6) and section 2.4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

import divergences as dv
from models.gan import GAN
from models.losses import f_loss
from models.nets import MLP
from models.train import Source

__all__ = ["FGAN", "LocationScale", "LogRatio"]


class LocationScale(nn.Module):
    """x = m + s z, (batch, dim) -> (batch, dim), with s = exp(log s) > 0: of z ~ N(0, I), Q = N(m, diag s^2).

    Args:
        m, s: Where to begin, the same on all axes.
        dim: The number of axes.

    Raises:
        ValueError: `s` is not positive, or a number is not finite.
    """

    def __init__(self, m: float = 0.0, s: float = 1.0, dim: int = 1) -> None:
        super().__init__()
        if not math.isfinite(m):
            raise ValueError(f"`m` must be finite. Got {m}")
        if not (s > 0 and math.isfinite(s)):
            raise ValueError(f"`s` must be positive and finite. Got {s}")
        if not isinstance(dim, int) or dim < 1:
            raise ValueError(f"`dim` must be a positive integer. Got {dim!r}")
        self.m = nn.Parameter(torch.full((dim,), float(m)))
        self.log_s = nn.Parameter(torch.full((dim,), math.log(s)))

    @property
    def s(self) -> Tensor:
        return self.log_s.exp()

    def forward(self, z: Tensor) -> Tensor:
        if z.ndim != 2 or z.shape[1] != len(self.m):
            raise ValueError(f"`z` must have shape (batch, {len(self.m)}). Got {tuple(z.shape)}")
        return self.m + self.s * z


class LogRatio(nn.Module):
    """A critic on the line for densities with Gaussian tails: v(x) = tanh network(y) + a y + b y^2, y = (x - m)/s.

    There log p/q is a quadratic and something bounded, while a perceptron grows linearly at most. The quadratic begins
    at zero: a random one would begin with e^v of astronomical size in the tails, which f* of KL or Pearson averages.

    Args:
        m, s: Roughly the centre and the spread of the samples.
        hidden: The widths of the tanh layers.
    """

    def __init__(self, m: float = 0.0, s: float = 1.0, hidden: Sequence[int] = (32, 32)) -> None:
        super().__init__()
        if not (s > 0 and math.isfinite(s) and math.isfinite(m)):
            raise ValueError(f"`s` must be positive, `m` and `s` finite. Got m = {m}, s = {s}")
        self.m, self.spread = m, s
        self.bounded = MLP(1, None, hidden, nn.Tanh)
        self.growth = nn.Parameter(torch.zeros(2))

    def forward(self, x: Tensor) -> Tensor:
        y = (x - self.m) / self.spread  # (batch, 1)
        return self.bounded(y) + torch.cat([y, y * y], dim=1) @ self.growth


class FGAN(GAN):
    """A `GAN` with the loss of `f`: its `measure` logs the bound, "estimate", and where it is known D_f, "exact".

    Args:
        f: A catalogue name, an `FDivergence`, or a convex expression in u with f(1) = 0.
        generator, critic, data, latent: As for `GAN`.
        activation: How a raw score becomes T, as for `f_loss`.
        objective: What the generator minimises: "minimax", -E f*(T), or "alternative", -E T.
        exact: From the generator to D_f(P||Q), where theory can tell.
        options: All else that `GAN` takes.

    Raises:
        ValueError: What `f_loss` and `GAN` refuse.
    """

    def __init__(
        self,
        f: str | dv.FDivergence,
        generator: nn.Module,
        critic: nn.Module,
        data: Source,
        latent: Source,
        *,
        activation: str = "canonical",
        objective: str = "minimax",
        exact: Callable[[nn.Module], float] | None = None,
        **options: Any,
    ) -> None:
        loss = f_loss(f, activation=activation, generator=objective)
        super().__init__(generator, critic, data, latent, loss, **options)
        self.exact = exact

    @property
    def learned(self) -> nn.Module:
        """The generator that `sample` uses: the running average, where there is one."""
        return self.generator if self.averaged is None else self.averaged.module

    def measure(self, rng: torch.Generator) -> Mapping[str, float]:
        known = {} if self.exact is None else {"exact": self.exact(self.learned)}
        return {**super().measure(rng), **known}
