"""Gaussian posteriors q(z|x), as an encoder's output is read, and the two ways to differentiate E_q f(z).

    d/dphi E_q f(z) = E_e f'(z) dz/dphi, z = mean + L e   (reparametrised)
                    = E_q f(z) d/dphi log q(z)            (score function)

Sources: Kingma and Welling, "Auto-encoding variational Bayes" (2014), section 2.4; Williams, "Simple statistical
gradient-following algorithms for connectionist reinforcement learning" (1992); Foerster et al., "DiCE: the infinitely
differentiable Monte Carlo estimator" (2018), for the form in which the latter is written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class Posterior:
    """q = N(mean, L L'), with L = diag(exp(log_variance / 2)) + below, for each of n samples.

    Attributes:
        mean: (n, latent).
        log_variance: (n, latent), of the diagonal of L.
        below: What L has strictly below its diagonal, (n, latent, latent); None for a diagonal covariance.
    """

    mean: Tensor
    log_variance: Tensor
    below: Tensor | None = None

    @property
    def lower(self) -> Tensor:
        """L, (n, latent, latent)."""
        diagonal = torch.diag_embed((self.log_variance / 2).exp())
        return diagonal if self.below is None else diagonal + self.below

    def sample(self, k: int, rng: torch.Generator) -> Tensor:
        """z = mean + L e for k draws of e ~ N(0, I): (k, n, latent), differentiable in the parameters of q."""
        mean = self.mean
        e = torch.randn(k, *mean.shape, generator=rng, device=rng.device, dtype=mean.dtype)
        z = mean + (self.log_variance / 2).exp() * e
        return z if self.below is None else z + (self.below @ e[..., None])[..., 0]

    def log_prob(self, z: Tensor) -> Tensor:
        """log q(z): (k, n, latent) -> (k, n)."""
        if self.below is None:
            squares = (z - self.mean) ** 2 * (-self.log_variance).exp()
        else:
            shift = (z - self.mean)[..., None]
            squares = torch.linalg.solve_triangular(self.lower, shift, upper=False)[..., 0] ** 2
        return -(squares + self.log_variance + LOG_2PI).sum(-1) / 2

    def kl(self) -> Tensor:
        """KL(q || N(0, I)) = (|mean|^2 + tr L L' - latent - log det L L') / 2, (n,)."""
        variance = self.log_variance
        terms = self.mean**2 + torch.expm1(variance) - variance  # s^2 - 1 - log s^2, also near 1
        value = terms.sum(-1) / 2
        return value if self.below is None else value + self.below.square().sum((-2, -1)) / 2


def _diagonal(output: Tensor, latent: int) -> Posterior:
    return Posterior(*output.split(latent, dim=-1))


def _full(output: Tensor, latent: int) -> Posterior:
    mean, log_variance, entries = output.split((latent, latent, latent * (latent - 1) // 2), dim=-1)
    row, column = torch.tril_indices(latent, latent, offset=-1, device=output.device)
    flat = output.new_zeros(len(output), latent * latent)
    flat = flat.index_copy(1, row * latent + column, entries)
    return Posterior(mean, log_variance, flat.unflatten(1, (latent, latent)))


class Reader(NamedTuple):
    """How an encoder's output (n, width(latent)) is read as a posterior."""

    width: Callable[[int], int]
    read: Callable[[Tensor, int], Posterior]


POSTERIORS: Mapping[str, Reader] = MappingProxyType(
    {
        "diagonal": Reader(lambda latent: 2 * latent, _diagonal),
        "full": Reader(lambda latent: 2 * latent + latent * (latent - 1) // 2, _full),
    }
)


Integrand = Callable[[Tensor], Tensor]  # z (k, n, latent) -> (k, n)


def reparametrised(q: Posterior, f: Integrand, k: int, rng: torch.Generator) -> Tensor:
    """f at k draws from q, (k, n), whose gradient flows through z = mean + L e."""
    return f(q.sample(k, rng))


def score_function(q: Posterior, f: Integrand, k: int, rng: torch.Generator) -> Tensor:
    """The same values, whose gradient in q's parameters is f(z) grad log q(z); f need not be differentiable in z."""
    z = q.sample(k, rng).detach()
    value, log_q = f(z), q.log_prob(z)
    return value + value.detach() * (log_q - log_q.detach())


GRADIENTS = MappingProxyType({"reparametrised": reparametrised, "score_function": score_function})
