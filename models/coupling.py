"""Couplings: one part of the axes is moved by a map whose parameters are a network's answer to the other part.

With x = (a, b), y = (a, g(b; net(a))), g monotone on each axis of b: the Jacobian is triangular, the log-determinant
the sum of log dg/db, and the inverse is g's, for a is known from y; the network itself is never inverted.

Sources: Dinh, Sohl-Dickstein and Bengio, "Density estimation using Real NVP" (2017), equations (4) to (8); Durkan,
Bekasov, Murray and Papamakarios, "Neural spline flows" (2019), section 3.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from models.nets import MLP
from models.spline import free_numbers, knots, spline, spline_inverse
from models.transforms import Image, Transform

__all__ = ["AffineCoupling", "Coupling", "ElementwiseSpline", "SplineCoupling"]


class Coupling(Transform):
    """The first dim // 2 axes stay and steer the others; it starts as the identity.

    In a chain a permutation or a linear map between two couplings gives every axis its turn to move.

    Args:
        dim: 2 or more; odd is as good as even.
        numbers: Parameters of g for each axis moved.
        hidden: Widths of the network (batch, kept) -> (batch, moved * numbers).
        activation: Of that network.

    Raises:
        ValueError: dim below 2: there would be no axis to steer by.
    """

    def __init__(
        self,
        dim: int,
        numbers: int,
        *,
        hidden: Sequence[int] = (64, 64),
        activation: Callable[[], nn.Module] = nn.SiLU,
    ) -> None:
        super().__init__(dim)
        if dim < 2:
            raise ValueError(f"`dim` of a coupling must be at least 2. Got {dim}")
        self.numbers, self.kept = numbers, dim // 2
        self.net = MLP(self.kept, (dim - self.kept) * numbers, hidden, activation)
        last = self.net[-1]
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    @abstractmethod
    def _move(self, b: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
        """g(b) and log dg/db, both (n, moved), for raw (n, moved, numbers)."""

    @abstractmethod
    def _move_back(self, b: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
        """The inverse of g and log of its slope."""

    def _forward(self, x: Tensor) -> Image:
        return self._apply_to(x, self._move)

    def _inverse(self, y: Tensor) -> Image:
        return self._apply_to(y, self._move_back)

    def _apply_to(self, x: Tensor, g: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]) -> Image:
        a, b = x[:, : self.kept], x[:, self.kept :]
        raw = self.net(a).unflatten(-1, (-1, self.numbers))  # (n, moved, numbers)
        moved, log_slope = g(b, raw)
        return torch.cat([a, moved], dim=-1), log_slope.sum(-1)


class AffineCoupling(Coupling):
    """RealNVP's g(b) = b exp(s) + t, with log |det| = sum s; s = limit tanh(raw / limit) bounds the stretching."""

    def __init__(
        self,
        dim: int,
        *,
        hidden: Sequence[int] = (64, 64),
        activation: Callable[[], nn.Module] = nn.SiLU,
        limit: float = 3.0,
    ) -> None:
        super().__init__(dim, 2, hidden=hidden, activation=activation)
        if not limit > 0:
            raise ValueError(f"`limit` must be positive. Got {limit!r}")
        self.limit = limit

    def scales(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """s and t, each (n, moved)."""
        s, t = raw.unbind(-1)
        return self.limit * torch.tanh(s / self.limit), t

    def _move(self, b: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
        s, t = self.scales(raw)
        return b * s.exp() + t, s

    def _move_back(self, b: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
        s, t = self.scales(raw)
        return (b - t) * (-s).exp(), -s


class SplineCoupling(Coupling):
    """g is a rational-quadratic spline of `bins` bins on [-bound, bound], the identity outside."""

    def __init__(
        self,
        dim: int,
        *,
        hidden: Sequence[int] = (64, 64),
        activation: Callable[[], nn.Module] = nn.SiLU,
        bins: int = 8,
        bound: float = 4.0,
    ) -> None:
        super().__init__(dim, free_numbers(bins, bound), hidden=hidden, activation=activation)
        self.bins, self.bound = bins, bound

    def _move(self, b: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
        return spline(b, knots(raw, self.bins, self.bound))

    def _move_back(self, b: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
        return spline_inverse(b, knots(raw, self.bins, self.bound))


class ElementwiseSpline(Transform):
    """Such a spline on every axis by itself, its knots free parameters: for one dimension, or for marginals."""

    def __init__(self, dim: int, *, bins: int = 8, bound: float = 4.0) -> None:
        super().__init__(dim)
        self.bins, self.bound = bins, bound
        self.raw = nn.Parameter(torch.zeros(dim, free_numbers(bins, bound)))

    def _forward(self, x: Tensor) -> Image:
        return self._through(spline, x)

    def _inverse(self, y: Tensor) -> Image:
        return self._through(spline_inverse, y)

    def _through(self, g: Callable[..., tuple[Tensor, Tensor]], x: Tensor) -> Image:
        raw = self.raw.expand(len(x), -1, -1)
        y, log_slope = g(x, knots(raw, self.bins, self.bound))
        return y, log_slope.sum(-1)
