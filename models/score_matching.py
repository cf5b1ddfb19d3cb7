"""Score matching: an energy learned from its slope, without its normaliser.

With the score s = -grad E, both losses are, up to a constant that does not depend on E, half a Fisher divergence:

    score matching       E_P[|s|^2 / 2 + tr grad s]          = 1/2 E_P |s - grad log p|^2 - 1/2 E_P |grad log p|^2
    denoising, noise z   E |s(x + scale z) + z / scale|^2 / 2 = 1/2 E_{P_s} |s - grad log p_s|^2 + const,

where p_s is p convolved with N(0, scale^2 I): the second finds the score of the *noised* law. The first needs p s to
vanish at infinity (it integrates by parts) and E twice differentiable: SiLU or tanh, not ReLU, whose Laplacian is 0
almost everywhere. Without its 1/2 its minimum for a Gaussian is at twice the variance.

Where p has modes with next to nothing between them, energies that differ by another constant on each have almost the
same Fisher divergence: the score is learned, the weights of the modes are not.

Each function takes (energy, real, rng) and gives one number a sample, (batch,): a `Method` of `models.ebm.EBM`.

Sources: Hyvarinen, Estimation of non-normalized statistical models by score matching (2005), eq. (3) and (4); Vincent,
A connection between score matching and denoising autoencoders (2011), eq. (9) and (17); Hutchinson, A stochastic
estimator of the trace of the influence matrix (1989); Song, Garg, Shi and Ermon, Sliced score matching (2019), eq. (8).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from models._parameters import positive
from models.langevin import Energy
from models.penalties import input_gradients

__all__ = ["Laplacian", "denoising", "exact_laplacian", "hutchinson", "score_matching"]

# slope, (batch, dim) with its graph; x, the same shape, that it was taken at; rng -> trace of its Jacobian, (batch,)
Laplacian = Callable[[Tensor, Tensor, torch.Generator], Tensor]


def exact_laplacian(slope: Tensor, x: Tensor, rng: torch.Generator) -> Tensor:
    """sum_i d slope_i / d x_i, by one backward pass for each of the dimensions. Draws nothing."""
    rows = slope.flatten(1).unbind(1)
    return sum(
        (_derivative(s, x).flatten(1)[:, i] for i, s in enumerate(rows)), x.new_zeros(len(x))
    )


def hutchinson(slope: Tensor, x: Tensor, rng: torch.Generator) -> Tensor:
    """v^T J v with signs v, +1 or -1 evenly: its mean is tr J, by one backward pass in any dimension."""
    v = 2 * torch.randint(2, x.shape, generator=rng, device=x.device).to(x.dtype) - 1
    return (v * _derivative((v * slope).flatten(1).sum(1), x)).flatten(1).sum(1)


def score_matching(
    energy: Energy, real: Tensor, rng: torch.Generator, *, laplacian: Laplacian = exact_laplacian
) -> Tensor:
    """|grad E(x)|^2 / 2 - lap E(x) at real samples x, (batch, ...) -> (batch,)."""
    x = real.detach().requires_grad_()
    slope = _slope(energy, x)
    return slope.flatten(1).square().sum(1) / 2 - laplacian(slope, x, rng)


def denoising(energy: Energy, real: Tensor, rng: torch.Generator, *, scale: float) -> Tensor:
    """|grad E(x + scale z) - z / scale|^2 / 2 with z ~ N(0, I), (batch, ...) -> (batch,).

    -z / scale is the slope of log N(x + scale z; x, scale^2 I); its conditional mean is grad log p_s. The loss's own
    variance grows as 1 / scale^4, which is the price of a small scale.

    Raises:
        ValueError: `scale` is not positive and finite.
    """
    positive("scale", scale)
    z = torch.randn(real.shape, generator=rng, device=real.device, dtype=real.dtype)
    slope = input_gradients(energy, real + scale * z)
    return (slope - z / scale).flatten(1).square().sum(1) / 2


def _slope(energy: Energy, x: Tensor) -> Tensor:
    values = energy(x)
    if values.shape != x.shape[:1]:
        raise ValueError(
            f"an energy must give one number a sample, ({len(x)},). Got {tuple(values.shape)}"
        )
    return _derivative(values, x)


def _derivative(values: Tensor, x: Tensor) -> Tensor:
    """d values_i / d x_i with its graph; zero where values do not depend on x."""
    if not values.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(values.sum(), x, create_graph=True, materialize_grads=True)
    return gradient
