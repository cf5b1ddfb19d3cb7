"""Langevin dynamics: samples of e^-E / Z from the slope of E alone, with and without Metropolis' correction.

The diffusion dX = -grad E(X) dt + sqrt(2) dW has the stationary law e^-E / Z: there the probability current
-p grad E - grad p vanishes. A step of length e along it (Euler and Maruyama's),

    x <- x - e grad E(x) + sqrt(2 e) xi,   xi ~ N(0, I),

leaves another law stationary, e^-E / Z only as e -> 0: `gaussian_variance` tells what becomes of a Gaussian. `mala`
takes the step as a proposal, which it accepts with the probability that restores e^-E / Z exactly, for any e.

Sources: Roberts and Tweedie, Exponential convergence of Langevin distributions and their discrete approximations
(1996), section 1.4; Besag's comment on Grenander and Miller (1994) for the correction.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from models._parameters import positive

__all__ = ["Chains", "Energy", "Sampler", "gaussian_variance", "langevin", "mala"]

Energy = Callable[[Tensor], Tensor]  # (batch, ...) -> (batch,)


class Chains(NamedTuple):
    """Where the chains ended, (batch, ...), and the share of the proposals that was accepted (1 without a test)."""

    x: Tensor
    accepted: float


# energy, x, steps, step, rng -> Chains: what `langevin` and `mala` have in common
Sampler = Callable[[Energy, Tensor, int, float, torch.Generator], Chains]


def langevin(energy: Energy, x: Tensor, steps: int, step: float, rng: torch.Generator) -> Chains:
    """`steps` unadjusted steps of length `step` from x, (batch, ...), one chain a row, each with its own noise.

    They need a slope that grows at most linearly: where step |grad E(x)| > 2 |x| a step overshoots to beyond -x, and
    for an energy such as x^4 chains leave for infinity, however small the step. `Confined` perceptrons are safe for
    step < 2 scale^2.

    Raises:
        ValueError: `steps` is no positive integer, `step` not positive and finite, or the energy does not give one
            number a row.
    """
    x = checked(x, steps, step)
    for _ in range(steps):
        x = x - step * _value_and_slope(energy, x)[1] + _noise(x, step, rng)
    return Chains(x, 1.0)


def mala(energy: Energy, x: Tensor, steps: int, step: float, rng: torch.Generator) -> Chains:
    """As `langevin`, each step accepted with probability min(1, a), else the chain stays where it is for that step:

        log a = E(x) - E(y) + log q(x|y) - log q(y|x),   log q(y|x) = -|y - x + step grad E(x)|^2 / (4 step) + const.

    Then e^-E(x) q(y|x) min(1, a) is symmetric in x and y (detailed balance). A proposal where the energy is infinite
    or no number is refused. A start of infinite energy is left with the first finite proposal, if its slope makes one;
    from a start whose energy or slope is no number the chain does not move.
    """
    x = checked(x, steps, step)
    here, slope = _value_and_slope(energy, x)
    accepted = 0.0
    for _ in range(steps):
        y = x - step * slope + _noise(x, step, rng)
        there, slope_there = _value_and_slope(energy, y)
        forth, back = y - x + step * slope, x - y + step * slope_there
        log_a = here - there + (_square(forth) - _square(back)) / (4 * step)  # (batch,)
        u = torch.rand(len(x), generator=rng, device=x.device, dtype=x.dtype)
        taken = u.log() < log_a  # false where log_a is nan
        rows = taken.view(-1, *[1] * (x.ndim - 1))
        x, slope = torch.where(rows, y, x), torch.where(rows, slope_there, slope)
        here = torch.where(taken, there, here)
        accepted += taken.double().mean().item() / steps
    return Chains(x, accepted)


def gaussian_variance(
    step: float, *, steps: float = math.inf, start: float = 0.0, variance: float = 1.0
) -> float:
    """The variance of unadjusted Langevin on N(0, variance) after `steps` steps from a law of variance `start`.

    The step is linear, x <- a x + sqrt(2 e) xi with a = 1 - e / variance, so

        v_k = a^(2k) v_0 + 2 e (1 + a^2 + ... + a^(2(k - 1))),

    and v_inf = 2 e / (1 - a^2) = variance / (1 - e / (2 variance)) where |a| < 1, that is e < 2 variance: too wide,
    by the factor 1 + e / (2 variance) + ... At e = 2 variance the chain flips its sign and v_k = v_0 + 2 e k.
    """
    positive("step", step)
    positive("variance", variance)
    if not (steps >= 0 and start >= 0):
        raise ValueError(f"`steps` and `start` must be >= 0. Got {steps} and {start}")
    square = (1 - step / variance) ** 2
    if math.isinf(steps):
        return 2 * step / (1 - square) if square < 1 else math.inf
    geometric = steps if square == 1 else (1 - square**steps) / (1 - square)
    return square**steps * start + 2 * step * geometric


def _value_and_slope(energy: Energy, x: Tensor) -> tuple[Tensor, Tensor]:
    """E(x), (batch,), and grad E(x), the shape of x, both without a graph, also where gradients are switched off."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        values = energy(x)
        if values.shape != x.shape[:1]:
            raise ValueError(
                f"an energy must give one number a sample, ({len(x)},). Got {tuple(values.shape)}"
            )
        (slope,) = torch.autograd.grad(values.sum(), x)
    return values.detach(), slope


def _noise(x: Tensor, step: float, rng: torch.Generator) -> Tensor:
    xi = torch.randn(x.shape, generator=rng, device=x.device, dtype=x.dtype)
    return math.sqrt(2 * step) * xi


def _square(x: Tensor) -> Tensor:
    return x.flatten(1).square().sum(1)


def checked(x: Tensor, steps: int, step: float) -> Tensor:
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        raise ValueError(f"`steps` must be a positive integer. Got {steps!r}")
    positive("step", step)
    if not x.is_floating_point() or x.ndim < 2:
        raise ValueError(f"`x` must be floating, (batch, ...). Got {x.dtype} {tuple(x.shape)}")
    return x.detach()
