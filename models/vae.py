"""Variational autoencoders: z ~ N(0, I), x ~ p(x|z) by a decoder, and q(z|x), a Gaussian, by an encoder.

    log p(x) = ELBO(x) + KL(q(z|x) || p(z|x)),   ELBO(x) = E_q log p(x|z) - KL(q(z|x) || N(0, I))

All values are in nats: sums over dimensions, one value a sample; the losses then take the mean over the batch. log
p(x|z) is a full log density, with its log(2 pi sigma^2), so that numbers of different models can be compared.

Sources: Kingma and Welling, "Auto-encoding variational Bayes" (2014); Burda, Grosse and Salakhutdinov, "Importance
weighted autoencoders" (2016), eq. (8); Higgins et al., "beta-VAE" (2017), for beta.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.optim import Adam, Optimizer

from models._posterior import (
    GRADIENTS,
    LOG_2PI,
    POSTERIORS,
    Posterior,
    reparametrised,
    score_function,
)
from models.estimator import MakeOptimizer
from models.train import Source, Trainee

__all__ = [
    "GRADIENTS",
    "POSTERIORS",
    "VAE",
    "Bernoulli",
    "Gaussian",
    "Importance",
    "Likelihood",
    "Posterior",
    "Terms",
    "empirical",
    "reparametrised",
    "score_function",
]


class Likelihood(nn.Module, ABC):
    """log p(x|z), read off the decoder's output."""

    @abstractmethod
    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        """x (n, ...), output (k, n, ...) -> (k, n): the sum over all further axes."""

    @abstractmethod
    def sample(self, output: Tensor, rng: torch.Generator) -> Tensor:
        """One draw of x for each output, of the same shape."""

    @abstractmethod
    def check(self, x: Tensor) -> None:
        """ValueError where x is nothing that this likelihood can have produced."""


class Gaussian(Likelihood):
    """N(x; output, sigma^2 I): -|x - output|^2 / (2 sigma^2) - d/2 log(2 pi sigma^2).

    Args:
        variance: sigma^2, at the start where it is learned. A wrong one is no matter of scale: it weighs the
            reconstruction against the KL term, and decides how many latent coordinates are used.
        learned: Whether it is trained along. A decoder that can reproduce its data exactly then drives it to 0.
    """

    def __init__(self, variance: float = 1.0, *, learned: bool = True) -> None:
        super().__init__()
        if not 0 < variance < math.inf:
            raise ValueError(f"`variance` must be positive and finite. Got {variance!r}")
        logarithm = torch.tensor(math.log(variance))
        self.learned = learned
        if learned:
            self.log_variance = nn.Parameter(logarithm)
        else:
            self.register_buffer("log_variance", logarithm)

    @property
    def variance(self) -> float:
        return float(self.log_variance.detach().double().exp())

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        squares = (x - output) ** 2 * (-self.log_variance).exp()
        return -(squares + self.log_variance + LOG_2PI).flatten(2).sum(-1) / 2

    def sample(self, output: Tensor, rng: torch.Generator) -> Tensor:
        e = torch.randn(output.shape, generator=rng, device=rng.device, dtype=output.dtype)
        return output + (self.log_variance / 2).exp() * e

    def check(self, x: Tensor) -> None:
        if not x.isfinite().all():
            raise ValueError("`x` must be finite. It holds nan or inf")


class Bernoulli(Likelihood):
    """Pixels in {0, 1} with logits `output`: sum x l - log(1 + e^l).

    Grey values are refused: on [0, 1] the same expression is the log density of nothing (its integral is not 1), and
    bounds on it are not comparable. `torch.bernoulli(x, generator=...)` or a threshold makes them binary.
    """

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        return (x * output - softplus(output)).flatten(2).sum(-1)

    def sample(self, output: Tensor, rng: torch.Generator) -> Tensor:
        return torch.bernoulli(output.sigmoid(), generator=rng)

    def check(self, x: Tensor) -> None:
        wrong = x[(x != 0) & (x != 1)]
        if len(wrong):
            hint = "; make grey values binary first" if 0 < float(wrong[0]) < 1 else ""
            raise ValueError(
                f"`x` must be 0 or 1 under the Bernoulli likelihood{hint}. {len(wrong)} of {x.numel()} values are "
                f"neither, the first is {float(wrong[0]):.4g}"
            )


class Terms(NamedTuple):
    """The two halves of the ELBO, one value a sample: an estimate of E_q log p(x|z), and KL(q || N(0, I)), exact."""

    reconstruction: Tensor
    kl: Tensor


class Importance(NamedTuple):
    """log p(x) by importance sampling, (n,), and the standard error that the weights themselves show, (n,).

    The error is of first order; where a few weights carry the sum (q narrower than p(z|x)) it is too small.
    """

    value: Tensor
    standard_error: Tensor


class VAE(Trainee):
    """A variational autoencoder, trained to maximise E_q log p(x|z) - beta KL(q || N(0, I)).

    Args:
        encoder: (n, ...) -> (n, width): means and log variances, (n, 2 latent), for the diagonal posterior.
        decoder: (n, latent) -> (n, ...), the mean or the logits of x.
        data: The sampler of the data, `data(n, rng)`.
        latent: The dimension of z.
        likelihood: `Gaussian()` or `Bernoulli()`.
        posterior: A row of `POSTERIORS`.
        gradient: A row of `GRADIENTS`: how the encoder learns from the reconstruction term.
        beta: Weight of the KL term in training. With a Gaussian likelihood of a fixed variance, (variance, beta) has
            the same optimal networks as (beta variance, 1). What `elbo` returns is the bound itself, beta = 1.
        samples: Draws of z for each x in training.
        batch: Samples in a step.
        held_out: What `measure` measures on, (n, ...); a fresh batch where it is None.
        optimizer: From parameters to an optimiser.
        theory: What theory says of what is measured.

    Raises:
        ValueError: Unknown rows, sizes out of range; and from every method for an x that is no floating tensor (n,
            ...), that the likelihood cannot have produced, or that does not fit the networks.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        data: Source,
        latent: int,
        likelihood: Likelihood,
        *,
        posterior: str = "diagonal",
        gradient: str = "reparametrised",
        beta: float = 1.0,
        samples: int = 1,
        batch: int = 128,
        held_out: Tensor | None = None,
        optimizer: MakeOptimizer = partial(Adam, lr=1e-3),
        theory: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__()
        positive(latent=latent, samples=samples, batch=batch)
        if not 0 <= beta < math.inf:
            raise ValueError(f"`beta` must be finite and not negative. Got {beta!r}")
        self.reader = _row("posterior", posterior, POSTERIORS)
        self.draw = _row("gradient", gradient, GRADIENTS)
        self.encoder, self.decoder, self.likelihood = encoder, decoder, likelihood
        self.data, self.latent = data, latent
        self.beta, self.samples, self.batch = beta, samples, batch
        self.register_buffer("held_out", held_out, persistent=False)
        self.make_optimizer = optimizer
        self.theory = dict(theory or {})

    # --- the distributions -----------------------------------------------------------------------------------------

    def posterior(self, x: Tensor) -> Posterior:
        """q(z|x)."""
        self._check(x)
        output = self.encoder(x)
        expected = (len(x), self.reader.width(self.latent))
        if tuple(output.shape) != expected:
            raise ValueError(
                f"the encoder must return the shape {expected} for {self.latent} latent coordinates. "
                f"Got {tuple(output.shape)}"
            )
        return self.reader.read(output, self.latent)

    def reconstruction(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z): x (n, ...), z (k, n, latent) -> (k, n)."""
        output = self.decoder(z.flatten(0, 1))
        if output.shape[1:] != x.shape[1:]:
            raise ValueError(
                f"the decoder must return {tuple(x.shape[1:])} for each sample, as `x` has. "
                f"Got {tuple(output.shape[1:])}"
            )
        return self.likelihood.log_prob(x, output.unflatten(0, z.shape[:2]))

    def log_weights(self, x: Tensor, k: int, rng: torch.Generator) -> Tensor:
        """log w = log p(x|z) + log p(z) - log q(z|x) at k draws of z from q: (k, n). E_q w = p(x)."""
        positive(k=k)
        q = self.posterior(x)
        z = q.sample(k, rng)
        log_prior = -(z**2 + LOG_2PI).sum(-1) / 2
        return self.reconstruction(x, z) + log_prior - q.log_prob(z)

    @torch.no_grad()
    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """n draws of x from the model: z ~ N(0, I), x ~ p(x|z)."""
        positive(n=n)
        dtype = next((p.dtype for p in self.decoder.parameters()), None)
        z = torch.randn(n, self.latent, generator=rng, device=rng.device, dtype=dtype)
        return self.likelihood.sample(self.decoder(z), rng)

    # --- bounds on log p(x), one value a sample --------------------------------------------------------------------

    def terms(self, x: Tensor, rng: torch.Generator, samples: int = 1) -> Terms:
        """The reconstruction term, as a mean over `samples` draws of z, and the KL term."""
        positive(samples=samples)
        q = self.posterior(x)
        values = self.draw(q, partial(self.reconstruction, x), samples, rng)
        return Terms(values.mean(0), q.kl())

    def elbo(self, x: Tensor, rng: torch.Generator, samples: int = 1) -> Tensor:
        """E_q log p(x|z) - KL(q || N(0, I)) <= log p(x), (n,): the first term estimated, the second exact."""
        reconstruction, kl = self.terms(x, rng, samples)
        return reconstruction - kl

    def iwae(self, x: Tensor, k: int, rng: torch.Generator) -> Tensor:
        """log (1/k) sum of k weights, (n,). Its expectation L_k is between the ELBO = L_1 and log p(x), and grows."""
        return torch.logsumexp(self.log_weights(x, k, rng), 0) - math.log(k)

    @torch.no_grad()
    def log_likelihood(
        self, x: Tensor, samples: int, rng: torch.Generator, *, chunk: int = 128
    ) -> Importance:
        """`iwae` with many samples, `chunk` at a time, so that memory holds chunk * n decoded samples and no more."""
        self._check(x)
        positive(samples=samples, chunk=chunk)
        if samples < 2:
            raise ValueError(f"`samples` must be at least 2 for a standard error. Got {samples}")
        first = x.new_full((len(x),), -math.inf, dtype=torch.float64)  # log sum w
        second = first.clone()  # log sum w^2
        for done in range(0, samples, chunk):
            log_w = self.log_weights(x, min(chunk, samples - done), rng).double()
            first = torch.logaddexp(first, log_w.logsumexp(0))
            second = torch.logaddexp(second, (2 * log_w).logsumexp(0))
        relative = ((second - 2 * first).exp() * samples - 1) / (samples - 1)  # Var(w) / (K p^2)
        return Importance(first - math.log(samples), relative.clamp(min=0).sqrt())

    # --- training --------------------------------------------------------------------------------------------------

    def optimizers(self) -> Mapping[str, Optimizer]:
        return {"model": self.make_optimizer(self.parameters())}

    def loss(self, player: str, rng: torch.Generator) -> Tensor:
        reconstruction, kl = self.terms(self.data(self.batch, rng), rng, self.samples)
        return (self.beta * kl - reconstruction).mean()

    @torch.no_grad()
    def measure(self, rng: torch.Generator) -> Mapping[str, float]:
        x = self.data(4096, rng) if self.held_out is None else self.held_out
        reconstruction, kl = self.terms(x, rng)
        return {"elbo": (reconstruction - kl).mean().item(), "kl": kl.mean().item()}

    def _check(self, x: Tensor) -> None:
        if not isinstance(x, Tensor) or not x.is_floating_point() or x.ndim < 2 or not len(x):
            kind = f"{x.dtype} {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
            raise ValueError(f"`x` must be a floating tensor (n, ...), n at least 1. Got {kind}")
        own = next((p.dtype for p in self.parameters()), x.dtype)
        if x.dtype != own:
            raise ValueError(f"`x` must be {own} as the networks are. Got {x.dtype}")
        self.likelihood.check(x)


def empirical(x: Tensor) -> Source:
    """The sampler of a finite data set (n, ...): its rows, drawn with replacement."""
    if not isinstance(x, Tensor) or x.ndim < 1 or not len(x):
        raise ValueError(f"`x` must be a tensor with at least one row. Got {x!r}")

    def draw(n: int, rng: torch.Generator) -> Tensor:
        rows = torch.randint(len(x), (n,), generator=rng, device=rng.device)
        return x.to(rng.device)[rows]

    return draw


def positive(**sizes: int) -> None:
    for name, value in sizes.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"`{name}` must be a positive integer. Got {value!r}")


def _row(name: str, wanted: str, rows: Mapping[str, Any]) -> Any:
    if wanted not in rows:
        raise ValueError(f"`{name}` must be one of {', '.join(rows)}. Got {wanted!r}")
    return rows[wanted]
