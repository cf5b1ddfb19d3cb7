"""Gaussians, their mixtures, and the two moons, which a quadrature in the angle turns into a mixture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from models._gauss_legendre import gauss_legendre
from models._parameters import positive, positives, vector
from models._quadrature import Grid
from models._toy_base import Entropy, Toy, normal, uniform

LOG_2PI = math.log(2 * math.pi)
REACH = 10.0  # standard deviations: beyond lies a mass of 1.6e-23 on an axis
CELLS = 2**22  # numbers in the largest temporary of a mixture's log density
STEPS_A_SCALE = {1: 16, 2: 4}  # of the grid of an entropy, by dimension
MOST_INTERVALS = {1: 2**20, 2: 2**11}  # on an axis of that grid


@dataclass(frozen=True)
class Gaussian(Toy):
    """N(mean, diag(scale^2)), in any dimension; `scale` is a standard deviation for all axes or one for each.

    Entropy sum_i log(scale_i sqrt(2 pi e)).
    """

    mean: Any
    scale: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", vector("mean", self.mean))
        object.__setattr__(self, "scale", positives("scale", self.scale, len(self.mean)))

    @property
    def dim(self) -> int:
        return len(self.mean)

    def _sample(self, n: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        z = normal(n, self.dim, rng, dtype)
        return z.new_tensor(self.mean) + z.new_tensor(self.scale) * z

    def _log_density(self, x: Tensor) -> Tensor:
        z = (x - x.new_tensor(self.mean)) / x.new_tensor(self.scale)
        return -z.square().sum(-1) / 2 - sum(math.log(s) + LOG_2PI / 2 for s in self.scale)

    def _entropy(self) -> Entropy:
        return Entropy(sum(math.log(s) + (LOG_2PI + 1) / 2 for s in self.scale), 0.0)


@dataclass(frozen=True)
class GaussianMixture(Toy):
    """sum_k weights_k N(means_k, scales_k^2 I), in any dimension.

    Args:
        weights: positive, summing to 1 within 1e-9.
        means: one vector for each weight; bare numbers on the line.
        scales: a standard deviation for each component, or one for all.

    The entropy is the sum over k of weights_k E[-log p(means_k + scales_k z)], z standard Gaussian, by the
    trapezoidal rule in z; in one and two dimensions, ValueError beyond.
    """

    weights: Any
    means: Any
    scales: Any

    def __post_init__(self) -> None:
        weights = vector("weights", self.weights)
        if min(weights) <= 0 or abs(math.fsum(weights) - 1) > 1e-9:
            raise ValueError(f"`weights` must be positive and sum to 1. Got {weights}")
        try:
            means = tuple(vector("means", mean) for mean in self.means)
        except TypeError:
            raise ValueError(f"`means` must be a list of points. Got {self.means!r}") from None
        if len(means) != len(weights):
            raise ValueError(
                f"`means` must hold a point for each of {len(weights)} weights. Got {len(means)}"
            )
        if len({len(mean) for mean in means}) > 1:
            raise ValueError(
                f"`means` must be of one dimension. Got {sorted({len(mean) for mean in means})}"
            )
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "scales", positives("scales", self.scales, len(weights)))

    @property
    def dim(self) -> int:
        return len(self.means[0])

    def _sample(self, n: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        weights = torch.tensor(self.weights, dtype=torch.float32, device=rng.device)
        k = torch.multinomial(weights, n, replacement=True, generator=rng)  # (n,)
        z = normal(n, self.dim, rng, dtype)
        return z.new_tensor(self.means)[k] + z.new_tensor(self.scales)[k, None] * z

    def _log_density(self, x: Tensor) -> Tensor:
        weights, means, scales = (
            x.new_tensor(v) for v in (self.weights, self.means, self.scales)
        )  # (k,), (k, dim), (k,)
        offset = weights.log() - self.dim * (scales.log() + LOG_2PI / 2)
        rows = max(1, CELLS // means.numel())
        return torch.cat(
            [
                torch.logsumexp(
                    offset - ((part[:, None] - means) / scales[:, None]).square().sum(-1) / 2,
                    dim=-1,
                )
                for part in x.split(rows)
            ]
        )

    def _entropy(self) -> Entropy:
        if self.dim not in MOST_INTERVALS:
            raise ValueError(
                "the entropy of a Gaussian mixture is found by quadrature in 1 and 2 dimensions. "
                f"Got a mixture in {self.dim}"
            )
        value = error = 0.0
        for weight, mean, scale in zip(self.weights, self.means, self.scales, strict=True):
            # The step follows the narrowest scale, so that a narrow component inside a wide one is seen.
            n = 2 * math.ceil(REACH * scale / min(self.scales) * STEPS_A_SCALE[self.dim])
            if n > MOST_INTERVALS[self.dim]:
                raise ValueError(
                    "`scales` must not lie further apart for the entropy's quadrature. "
                    f"Got {min(self.scales)} and {scale}"
                )
            grid = Grid((-REACH,) * self.dim, (REACH,) * self.dim, n)
            log_phi = -grid.points.square().sum(-1) / 2 - self.dim * LOG_2PI / 2
            log_p = self._log_density(grid.points.new_tensor(mean) + scale * grid.points)
            part = grid.integral(-log_phi.exp() * log_p)
            value, error = value + weight * part.value, error + weight * part.error
        return Entropy(value, error)


def ring_of_gaussians(modes: int = 8, radius: float = 2.0, scale: float = 0.02) -> GaussianMixture:
    """`modes` equal Gaussians N(c_k, scale^2 I), c_k evenly on the circle of `radius`, the first at angle 0."""
    if not isinstance(modes, int) or modes < 1:
        raise ValueError(f"`modes` must be a positive integer. Got {modes!r}")
    radius = positive("radius", radius)
    angles = [2 * math.pi * k / modes for k in range(modes)]
    centres = [(radius * math.cos(a), radius * math.sin(a)) for a in angles]
    return GaussianMixture([1 / modes] * modes, centres, positive("scale", scale))


def mixture_test_bed() -> GaussianMixture:
    """0.33 N(-1, 0.065) + 0.67 N(2, 2) on the line, the second numbers variances: narrow beside wide."""
    return GaussianMixture([0.33, 0.67], [-1.0, 2.0], [math.sqrt(0.065), math.sqrt(2.0)])


@dataclass(frozen=True)
class Moons(Toy):
    """Two interleaved half circles of radius 1, each evenly weighted in the angle, blurred by N(0, noise^2 I).

    The outer arc is (cos t, sin t), the inner one (1 - cos t, 1/2 - sin t), t uniform on [0, pi], so

        p(x) = 1/2 sum over the arcs c of 1/pi int_0^pi N(x; c(t), noise^2 I) dt.

    Gauss and Legendre's rule makes the integral a sum with positive weights, and p a mixture of `2 nodes` Gaussians.
    The integrand's logarithm is (r / noise^2) cos(t - s), r the distance from the arc's centre: the nodes needed grow
    as sqrt(r) / noise. Enough are taken for log p to 1e-13, absolute or relative, wherever r <= 4; further out it
    keeps its leading digits. The entropy is the trapezoidal rule in the plane.
    """

    noise: float = 0.1

    def __post_init__(self) -> None:
        noise = positive("noise", self.noise)
        if noise < 0.01:
            raise ValueError(
                f"`noise` must be 0.01 or more, else the quadratures grow too long. Got {noise}"
            )
        object.__setattr__(self, "noise", noise)

    @property
    def dim(self) -> int:
        return 2

    @property
    def nodes(self) -> int:
        """Nodes of the rule on an arc."""
        return 16 + math.ceil(16 / self.noise)

    @cached_property
    def mixture(self) -> GaussianMixture:
        """The mixture of 2 `nodes` Gaussians that stands for p."""
        return self.with_nodes(self.nodes)

    def with_nodes(self, nodes: int) -> GaussianMixture:
        u, weights = map(torch.from_numpy, gauss_legendre(nodes))
        t, shares = math.pi * u, torch.cat([weights, weights]) / 2
        return GaussianMixture(shares, torch.cat([outer(t), inner(t)]).tolist(), self.noise)

    def _sample(self, n: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        t = math.pi * uniform(n, rng, dtype)
        on_outer = uniform(n, rng, dtype) < 0.5
        arc = torch.where(on_outer[:, None], outer(t), inner(t))
        return arc + self.noise * normal(n, 2, rng, dtype)

    def _log_density(self, x: Tensor) -> Tensor:
        return self.mixture._log_density(x)

    def _entropy(self) -> Entropy:
        margin = REACH * self.noise
        longest = 3 + 2 * margin  # the arcs span [-1, 2] x [-1/2, 1]
        grid = Grid(
            (-1 - margin, -0.5 - margin),
            (2 + margin, 1 + margin),
            2 * math.ceil(longest / (self.noise / 2)),
        )
        log_p = grid.evaluate(self._log_density)
        return Entropy(*grid.integral(-log_p.exp() * log_p))


def outer(t: Tensor) -> Tensor:
    return torch.stack([t.cos(), t.sin()], dim=-1)


def inner(t: Tensor) -> Tensor:
    return torch.stack([1 - t.cos(), 0.5 - t.sin()], dim=-1)
