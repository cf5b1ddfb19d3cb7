"""Probabilistic PCA, x = W z + mean + sigma e with z and e standard normal: the VAE whose every number is known.

    p(x) = N(mean, C),  C = W W' + sigma^2 I;   p(z|x) = N(M^-1 W'(x - mean), sigma^2 M^-1),  M = W'W + sigma^2 I

`LinearVAE` is the same model with its posterior learned. With a learned sigma^2 its ELBO has no other maxima than
pPCA's, where a diagonal posterior is exact too: training turns W so that W'W, and with it M, is diagonal.

Sources: Tipping and Bishop, "Probabilistic principal component analysis" (1999), eqs. (4) to (8) and appendix A; Lucas,
Tucker, Grosse and Norouzi, "Don't blame the ELBO! A linear VAE perspective on posterior collapse" (2019), section 4.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam

from models._posterior import LOG_2PI, POSTERIORS
from models.train import Source
from models.vae import VAE, Gaussian, positive

__all__ = ["PPCA", "LinearVAE", "maximum_log_likelihood", "spectrum"]


def spectrum(x: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues (d,), from the largest down, and eigenvectors (d, d), of the sample covariance of x (n, d).

    The covariance divides by n, as maximum likelihood does. float64.
    """
    if not isinstance(x, Tensor) or not x.is_floating_point() or x.ndim != 2 or not x.numel():
        kind = f"{x.dtype} {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"`x` must be a floating tensor (n, d). Got {kind}")
    if not x.isfinite().all():
        raise ValueError("`x` must be finite. It holds nan or inf")
    x = x.detach().double()
    x = x - x.mean(0)
    _, singular, vectors = torch.linalg.svd(x, full_matrices=x.shape[0] < x.shape[1])
    values = x.new_zeros(x.shape[1])
    values[: len(singular)] = singular**2 / len(x)
    return values, vectors.mT


def maximum_log_likelihood(
    eigenvalues: Tensor, latent: int, variance: float | None = None
) -> float:
    """The largest mean log-likelihood, in nats a sample, of pPCA with `latent` coordinates on data of this spectrum.

    With a coordinates in use and s = sigma^2 (given, or the mean of the other d - a eigenvalues),
        -1/2 (d log 2 pi + sum of log l over the a + (d - a) log s + a + sum of l/s over the others).
    In use are those of the `latent` largest that exceed s: appendix A of the source, and for a given s every l < s
    is better left to the noise.
    """
    s = _noise(eigenvalues, latent, variance)
    used = eigenvalues[:latent]
    used = used[used > s]
    d, a = len(eigenvalues), len(used)
    rest = (eigenvalues[a:] / s).sum()
    return float(-(d * LOG_2PI + used.log().sum() + (d - a) * math.log(s) + a + rest) / 2)


@dataclass(frozen=True)
class PPCA:
    """Weight W (d, k), mean (d,), variance sigma^2 > 0. float64 throughout."""

    weight: Tensor
    mean: Tensor
    variance: float

    def __post_init__(self) -> None:
        if self.weight.ndim != 2 or tuple(self.mean.shape) != tuple(self.weight.shape[:1]):
            raise ValueError(
                "`weight` must be (d, k) and `mean` (d,). "
                f"Got {tuple(self.weight.shape)} and {tuple(self.mean.shape)}"
            )
        if not 0 < self.variance < math.inf:
            raise ValueError(f"`variance` must be positive and finite. Got {self.variance!r}")
        for name in ("weight", "mean"):
            object.__setattr__(self, name, getattr(self, name).detach().double())

    @classmethod
    def fit(cls, x: Tensor, latent: int, variance: float | None = None) -> PPCA:
        """The maximum of the likelihood: W = U (Lambda - sigma^2 I)^1/2, sigma^2 the mean of the eigenvalues left out.

        Columns of W are orthogonal, in the order of the eigenvalues. With a `variance` given, sigma^2 is that, and
        coordinates whose eigenvalue is below it have a column of zeros.

        Raises:
            ValueError: x is no finite floating (n, d); latent is not below d (not above, with a given variance); the
                data lie in a plane of `latent` dimensions, where the likelihood has no maximum.
        """
        eigenvalues, vectors = spectrum(x)
        s = _noise(eigenvalues, latent, variance)
        scale = (eigenvalues[:latent] - s).clamp(min=0).sqrt()
        return cls(vectors[:, :latent] * scale, x.detach().double().mean(0), s)

    @property
    def covariance(self) -> Tensor:
        """C, (d, d)."""
        return self.weight @ self.weight.mT + self.variance * _eye(len(self.mean), self.weight)

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x), (n, d) -> (n,)."""
        self._check(x)
        lower = torch.linalg.cholesky(self.covariance)
        white = torch.linalg.solve_triangular(lower, (x.double() - self.mean).mT, upper=False)
        return (
            -(white.square().sum(0) + len(self.mean) * LOG_2PI) / 2 - lower.diagonal().log().sum()
        )

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """p(z|x): the means, (n, k), and the covariance, (k, k), which is the same for all x."""
        self._check(x)
        m = self.weight.mT @ self.weight + self.variance * _eye(self.weight.shape[1], self.weight)
        means = torch.linalg.solve(m, self.weight.mT @ (x.double() - self.mean).mT).mT
        return means, self.variance * torch.linalg.inv(m)

    def elbo(self, x: Tensor, mean: Tensor, covariance: Tensor) -> Tensor:
        """The ELBO under q(z|x) = N(mean, covariance) without sampling, (n,); covariance (k, k) or (n, k, k).

        E_q log p(x|z) = -d/2 log(2 pi sigma^2) - (|x - W m - mean|^2 + tr W S W') / (2 sigma^2).
        """
        self._check(x)
        covariance = covariance.double()
        d, k = self.weight.shape
        if tuple(mean.shape) != (len(x), k) or tuple(covariance.shape[-2:]) != (k, k):
            raise ValueError(
                f"`mean` must be {(len(x), k)} and `covariance` {(k, k)} or {(len(x), k, k)}. "
                f"Got {tuple(mean.shape)} and {tuple(covariance.shape)}"
            )
        left = (x.double() - self.mean - mean.double() @ self.weight.mT).square().sum(-1)
        spread = ((self.weight.mT @ self.weight) * covariance).sum((-2, -1))
        reconstruction = (
            -((left + spread) / self.variance + d * math.log(self.variance) + d * LOG_2PI) / 2
        )
        trace = covariance.diagonal(dim1=-2, dim2=-1).sum(-1)
        kl = (trace + mean.double().square().sum(-1) - k - torch.linalg.slogdet(covariance)[1]) / 2
        return reconstruction - kl

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """n draws of x, (n, d)."""
        positive(n=n)
        d, k = self.weight.shape
        z, e = (
            torch.randn(n, m, generator=rng, device=rng.device, dtype=torch.float64) for m in (k, d)
        )
        return z @ self.weight.mT + self.mean + math.sqrt(self.variance) * e

    def _check(self, x: Tensor) -> None:
        d = len(self.mean)
        if not isinstance(x, Tensor) or x.ndim != 2 or x.shape[1] != d:
            kind = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
            raise ValueError(f"`x` must be a tensor (n, {d}). Got {kind}")


class LinearEncoder(nn.Module):
    """(n, d) -> (n, width): a mean that is affine in x, and a covariance that is the same for all x."""

    def __init__(self, dim: int, latent: int, width: int) -> None:
        super().__init__()
        self.mean = nn.Linear(dim, latent)
        self.rest = nn.Parameter(torch.zeros(width - latent))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.mean(x), self.rest.expand(len(x), -1)], dim=-1)


class LinearVAE(VAE):
    """pPCA with its posterior learned: an affine encoder and an affine decoder, N(x; W z + mean, sigma^2 I).

    Args:
        dim, latent: d and k.
        data: The sampler of the data.
        variance: sigma^2, where it starts or where it is held.
        learned: Whether sigma^2 is trained.
        posterior: "diagonal" or "full".
        **further: As for `VAE`.
    """

    def __init__(
        self,
        dim: int,
        latent: int,
        data: Source,
        *,
        variance: float = 1.0,
        learned: bool = True,
        posterior: str = "diagonal",
        **further: Any,
    ) -> None:
        positive(dim=dim, latent=latent)
        width = POSTERIORS[posterior].width(latent) if posterior in POSTERIORS else 2 * latent
        further = {"optimizer": partial(Adam, lr=1e-2)} | further
        super().__init__(
            LinearEncoder(dim, latent, width),
            nn.Linear(latent, dim),
            data,
            latent,
            Gaussian(variance, learned=learned),
            posterior=posterior,
            **further,
        )

    @property
    def ppca(self) -> PPCA:
        """The model that the decoder is now."""
        return PPCA(self.decoder.weight, self.decoder.bias, self.likelihood.variance)

    @torch.no_grad()
    def become(self, model: PPCA) -> None:
        """The decoder becomes `model`; the encoder the best one for it: p(z|x), or the diagonal one nearest to it.

        The nearest is meant in KL(q || p(z|x)): the same mean, and the variances 1/(M/sigma^2)_ii. Source: Bishop,
        Pattern recognition and machine learning (2006), eqs. (10.13) and (10.15).
        """
        dtype = self.decoder.weight.dtype
        zero, covariance = model.posterior(model.mean[None])
        means, _ = model.posterior(model.mean + _eye(len(model.mean), model.mean))
        if len(self.encoder.rest) == self.latent:
            rest = -torch.linalg.inv(covariance).diagonal().log()
        else:
            lower = torch.linalg.cholesky(covariance)
            row, column = torch.tril_indices(self.latent, self.latent, offset=-1)
            rest = torch.cat([2 * lower.diagonal().log(), lower[row, column]])
        new = {
            self.decoder.weight: model.weight,
            self.decoder.bias: model.mean,
            self.likelihood.log_variance: model.mean.new_tensor(math.log(model.variance)),
            self.encoder.mean.weight: means.mT,
            self.encoder.mean.bias: zero[0] - means.mT @ model.mean,
            self.encoder.rest: rest,
        }
        for parameter, value in new.items():
            if parameter.shape != value.shape:
                raise ValueError(
                    f"`model` must have {self.latent} latent coordinates and the dimension "
                    f"{len(self.decoder.bias)}. Got a weight of shape {tuple(model.weight.shape)}"
                )
            parameter.copy_(value.to(dtype))

    @torch.no_grad()
    def exact_elbo(self, x: Tensor) -> Tensor:
        """The ELBO of the networks as they are, without sampling, (n,), float64."""
        q = self.posterior(x)
        lower = q.lower.double()
        return self.ppca.elbo(x, q.mean, lower @ lower.mT)

    @torch.no_grad()
    def measure(self, rng: torch.Generator) -> Mapping[str, float]:
        x = self.data(4096, rng) if self.held_out is None else self.held_out
        return {
            "elbo": self.exact_elbo(x).mean().item(),
            "log_likelihood": self.ppca.log_prob(x).mean().item(),
            "kl": self.posterior(x).kl().mean().item(),
        }


def _noise(eigenvalues: Tensor, latent: int, variance: float | None) -> float:
    """sigma^2: the one given, or the mean of the eigenvalues left out."""
    positive(latent=latent)
    d = len(eigenvalues)
    if variance is not None:
        if not 0 < variance < math.inf:
            raise ValueError(f"`variance` must be positive and finite. Got {variance!r}")
        if latent > d:
            raise ValueError(f"`latent` must be at most the dimension {d}. Got {latent}")
        return float(variance)
    if latent >= d:
        raise ValueError(f"`latent` must be below the dimension {d}. Got {latent}")
    value = float(eigenvalues[latent:].mean())
    if value <= float(eigenvalues[0]) * d * torch.finfo(torch.float64).eps:
        raise ValueError(
            f"`x` has rank {latent} or less about its mean: with {latent} latent coordinates sigma^2 is 0 and the "
            "likelihood unbounded; fewer coordinates, more samples, or a given `variance`"
        )
    return value


def _eye(n: int, like: Tensor) -> Tensor:
    return torch.eye(n, dtype=like.dtype, device=like.device)
