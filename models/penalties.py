"""What keeps a critic tame: weight clipping, gradient penalties, zero-centred R1 and R2, instance noise.

A gradient penalty is a property of one sample: each function takes the norm of the critic's gradient over all axes
but the batch's, and returns the mean over the batch, to be multiplied by its weight. The critic must score each sample
by itself (no batch normalisation), or the gradient of the sum of scores is not the samples' own. Spectral
normalisation is a switch of `nets`; label smoothing is `losses.smooth_labels`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

__all__ = ["between_samples", "clip_", "gradient_norms", "gradient_penalty", "noisy", "r1", "r2"]

Critic = Callable[[Tensor], Tensor]


def input_gradients(critic: Critic, x: Tensor) -> Tensor:
    """d critic(x)_i / d x_i, the shape of x, (batch, ...); differentiable once more, in the critic's parameters."""
    x = x.detach().requires_grad_()
    scores = critic(x)
    if scores.numel() != len(x):
        raise ValueError(
            f"a critic must give one score a sample, {len(x)} of them. Got the shape {tuple(scores.shape)}"
        )
    (gradients,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
    return gradients


def gradient_norms(critic: Critic, x: Tensor) -> Tensor:
    """|grad critic(x_i)|, Euclidean over all axes but the first: (batch, ...) -> (batch,)."""
    return torch.linalg.vector_norm(input_gradients(critic, x).flatten(1), dim=1)


def gradient_penalty(
    critic: Critic, x: Tensor, *, target: float = 1.0, one_sided: bool = False
) -> Tensor:
    """E (|grad critic(x)| - target)^2, a scalar; one-sided: only norms above `target` count.

    WGAN-GP takes x = `between_samples(real, fake)`. Sources: Gulrajani et al., Improved training of Wasserstein GANs
    (2017), eq. (3); Petzka, Fischer and Lukovnikov, On the regularization of Wasserstein GANs (2018), for the
    one-sided form.
    """
    if not (target >= 0 and math.isfinite(target)):
        raise ValueError(f"`target` must be a norm, finite and >= 0. Got {target}")
    excess = gradient_norms(critic, x) - target
    return (excess.relu() if one_sided else excess).square().mean()


def r1(critic: Critic, real: Tensor) -> Tensor:
    """E_P |grad critic|^2 / 2: weight `gamma` makes it the penalty of the paper. The same on fakes is `r2`.

    Source: Mescheder, Geiger and Nowozin, Which training methods for GANs do actually converge? (2018), eq. (9).
    """
    return input_gradients(critic, real).flatten(1).square().sum(1).mean() / 2


def r2(critic: Critic, fake: Tensor) -> Tensor:
    """E_Q |grad critic|^2 / 2, on the generator's samples. Source: as for `r1`, eq. (10)."""
    return r1(critic, fake)


def between_samples(real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """A point on each segment from real_i to fake_i, uniform: one coefficient a sample, not one an entry."""
    if real.shape != fake.shape:
        raise ValueError(
            f"real and fake samples must have one shape. Got {tuple(real.shape)} and {tuple(fake.shape)}"
        )
    shape = (len(real), *[1] * (real.ndim - 1))
    share = torch.rand(shape, generator=rng, device=real.device, dtype=real.dtype)
    return torch.lerp(fake.detach(), real, share)


@torch.no_grad()
def clip_(parameters: Iterable[Tensor], bound: float) -> None:
    """Put every parameter into [-bound, bound], in place: a crude way to a bounded Lipschitz constant.

    Source: Arjovsky, Chintala and Bottou, Wasserstein generative adversarial networks (2017), algorithm 1.
    """
    if not (bound > 0 and math.isfinite(bound)):
        raise ValueError(f"`bound` must be positive and finite. Got {bound}")
    for parameter in parameters:
        parameter.clamp_(-bound, bound)


def noisy(x: Tensor, scale: float, rng: torch.Generator) -> Tensor:
    """x + N(0, scale^2), instance noise: P and Q are both blurred, and so overlap. `scale` 0 leaves x as it is.

    Sources: Arjovsky and Bottou, Towards principled methods for training GANs (2017), section 3; Sonderby et al.,
    Amortised MAP inference for image super-resolution (2017), section 3.
    """
    if not (scale >= 0 and math.isfinite(scale)):
        raise ValueError(f"`scale` must be finite and >= 0. Got {scale}")
    if scale == 0:
        return x
    return x + scale * torch.randn(x.shape, generator=rng, device=x.device, dtype=x.dtype)
