"""Shapes in the plane whose density and entropy are closed forms: a banana, rings, a checkerboard."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from models._parameters import number, positive, positives, vector
from models._toy_base import Entropy, Toy, normal, uniform
from models._toy_gaussians import LOG_2PI, Gaussian, GaussianMixture


@dataclass(frozen=True)
class Banana(Toy):
    """A Gaussian sheared along a parabola: x_1 = a z_1, x_2 = b z_2 + bend (x_1^2 - a^2), with (a, b) = scales.

    A shear moves each point along x_2 by a function of x_1, so its Jacobian is 1: log p is the Gaussian's at the
    sheared-back point, and the entropy is the Gaussian's, log(2 pi e a b). E x = 0.
    """

    bend: float = 0.5
    scales: Any = (1.0, 0.5)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bend", number("bend", self.bend))
        object.__setattr__(self, "scales", positives("scales", self.scales, 2))

    @property
    def dim(self) -> int:
        return 2

    @property
    def unbent(self) -> Gaussian:
        return Gaussian((0.0, 0.0), self.scales)

    def _shear(self, x: Tensor, bend: float) -> Tensor:
        return torch.stack([x[:, 0], x[:, 1] + bend * (x[:, 0].square() - self.scales[0] ** 2)], -1)

    def _sample(self, n: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        return self._shear(self.unbent._sample(n, rng, dtype), self.bend)

    def _log_density(self, x: Tensor) -> Tensor:
        return self.unbent._log_density(self._shear(x, -self.bend))

    def _entropy(self) -> Entropy:
        return self.unbent.entropy


@dataclass(frozen=True)
class Ring(Toy):
    """x = r (cos t, sin t) with log r ~ N(log radius, spread^2) and t uniform on the circle.

    With l = log(r / radius), r has the density N(l; 0, spread^2) / r, a circle of radius r the length 2 pi r:

        p(x) = N(l; 0, spread^2) / (2 pi r^2),
        entropy = E[-log N(l)] + E[2 log r] + log 2 pi = 1/2 log(2 pi e spread^2) + 2 log radius + log 2 pi.

    In the exponent -l^2 / (2 s^2) - 2 l = 2 s^2 - (l + 2 s^2)^2 / (2 s^2): so written, p(0) = 0 comes out without
    inf - inf. `spread` is the ring's width relative to its radius.
    """

    radius: float = 2.0
    spread: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", positive("radius", self.radius))
        object.__setattr__(self, "spread", positive("spread", self.spread))

    @property
    def dim(self) -> int:
        return 2

    def _sample(self, n: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        log_r = math.log(self.radius) + self.spread * normal(n, 1, rng, dtype)
        return log_r.exp() * circle(n, rng, dtype)

    def _log_density(self, x: Tensor) -> Tensor:
        s = self.spread
        l = (torch.hypot(x[:, 0], x[:, 1]) / self.radius).log()
        log_area = LOG_2PI + 2 * math.log(self.radius)
        return 2 * s**2 - ((l + 2 * s**2) / s).square() / 2 - math.log(s) - LOG_2PI / 2 - log_area

    def _entropy(self) -> Entropy:
        log_r = Gaussian(math.log(self.radius), self.spread)
        return Entropy(log_r.entropy.value + 2 * log_r.mean[0] + LOG_2PI, 0.0)


@dataclass(frozen=True)
class Rings(Toy):
    """Concentric rings of equal weight, `Ring(radius, spread)` for each radius.

    log r is a mixture of Gaussians on the line; as for one ring, entropy = h(log r) + 2 E[log r] + log 2 pi, where
    h(log r) is a quadrature on the line.
    """

    radii: Any = (1.0, 2.0, 3.0)
    spread: float = 0.05

    def __post_init__(self) -> None:
        radii = vector("radii", self.radii)
        object.__setattr__(self, "radii", positives("radii", radii, len(radii)))
        object.__setattr__(self, "spread", positive("spread", self.spread))

    @property
    def dim(self) -> int:
        return 2

    @property
    def log_r(self) -> GaussianMixture:
        """The law of log r on the line."""
        k = len(self.radii)
        return GaussianMixture([1 / k] * k, [math.log(r) for r in self.radii], self.spread)

    def _sample(self, n: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        return self.log_r._sample(n, rng, dtype).exp() * circle(n, rng, dtype)

    def _log_density(self, x: Tensor) -> Tensor:
        each = torch.stack([Ring(r, self.spread)._log_density(x) for r in self.radii])  # (k, n)
        return torch.logsumexp(each, dim=0) - math.log(len(self.radii))

    def _entropy(self) -> Entropy:
        h = self.log_r.entropy
        mean = math.fsum(map(math.log, self.radii)) / len(self.radii)
        return Entropy(h.value + 2 * mean + LOG_2PI, h.error)


@dataclass(frozen=True)
class Checkerboard(Toy):
    """Uniform on every other square of a board of `squares` x `squares`, squares of width `side`, centred at 0.

    The lower left square is filled. Squares are half open, [a, b) on each axis. Entropy log(filled area).
    """

    squares: int = 4
    side: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.squares, int) or self.squares < 1:
            raise ValueError(f"`squares` must be a positive integer. Got {self.squares!r}")
        object.__setattr__(self, "side", positive("side", self.side))

    @property
    def dim(self) -> int:
        return 2

    @property
    def area(self) -> float:
        return (self.squares**2 + 1) // 2 * self.side**2

    def _edges(self, like: Tensor) -> Tensor:
        k = torch.arange(self.squares + 1, dtype=torch.float64, device="cpu")
        return ((k - self.squares / 2) * self.side).to(like.dtype).to(like.device)

    def _sample(self, n: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        # The filled squares are the even ones of the pairs (i, j) with i + j even.
        filled = [
            (i, j) for i in range(self.squares) for j in range(self.squares) if (i + j) % 2 == 0
        ]
        k = torch.randint(len(filled), (n,), generator=rng, device=rng.device)
        corner = torch.tensor(filled, device=rng.device)[k]  # (n, 2)
        u = torch.stack([uniform(n, rng, dtype), uniform(n, rng, dtype)], -1)
        edges = self._edges(u)
        low, high = edges[corner], edges[corner + 1]
        # Rounding may carry a point onto the far edge, which belongs to the next square.
        return torch.minimum(low + (high - low) * u, torch.nextafter(high, low))

    def _log_density(self, x: Tensor) -> Tensor:
        edges = self._edges(x)
        square = torch.bucketize(x.detach().contiguous(), edges, right=True) - 1  # (n, 2)
        off = ((square < 0) | (square >= self.squares)).any(-1) | (square.sum(-1) % 2 == 1)
        # The zero keeps the gradient's graph, and a nan a nan.
        zero = 0 * x.clamp(edges[0], edges[-1]).sum(-1)
        level = torch.full_like(zero, -math.log(self.area)).masked_fill(off, -math.inf)
        return level + zero

    def _entropy(self) -> Entropy:
        return Entropy(math.log(self.area), 0.0)


def circle(n: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
    t = 2 * math.pi * uniform(n, rng, dtype)
    return torch.stack([t.cos(), t.sin()], dim=-1)
