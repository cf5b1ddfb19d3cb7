"""Invertible maps of R^dim with their log-determinants: what a normalising flow is made of.

A `Transform` returns, with y = T(x), log |det dT/dx| for each sample; `inverse` returns x and the log-determinant of
the inverse at y, the opposite number. Here: the class, chains, and the maps without a network; couplings are in
`models.coupling`, the flow in `models.flow`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["Affine", "Chain", "Linear", "Permutation", "Probit", "Transform"]

Image = tuple[Tensor, Tensor]  # the image of each point, (n, dim), and its log |det|, (n,)


class Transform(nn.Module, ABC):
    """An invertible map of R^dim, or of an open box of it, onto R^dim.

    Raises:
        ValueError: at a call, whatever is no floating tensor (n, dim).
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        if not isinstance(dim, int) or isinstance(dim, bool) or dim < 1:
            raise ValueError(f"`dim` must be a positive integer. Got {dim!r}")
        self.dim = dim

    def forward(self, x: Tensor) -> Image:
        """y = T(x) and log |det dT/dx|."""
        return self._forward(self._checked("x", x))

    def inverse(self, y: Tensor) -> Image:
        """x with T(x) = y, and log |det dT^-1/dy|."""
        return self._inverse(self._checked("y", y))

    @abstractmethod
    def _forward(self, x: Tensor) -> Image: ...

    @abstractmethod
    def _inverse(self, y: Tensor) -> Image: ...

    def _checked(self, name: str, x: Tensor) -> Tensor:
        if not isinstance(x, Tensor) or not x.is_floating_point():
            kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
            raise ValueError(
                f"`{name}` of {type(self).__name__} must be a floating tensor. Got {kind}"
            )
        if x.ndim != 2 or x.shape[1] != self.dim:
            raise ValueError(
                f"`{name}` of {type(self).__name__} must have shape (n, {self.dim}). Got {tuple(x.shape)}"
            )
        return x


class Chain(Transform):
    """T_k o ... o T_1, written in the order in which they act; log-determinants add up."""

    def __init__(self, transforms: Sequence[Transform]) -> None:
        dims = {each.dim for each in transforms}
        if len(dims) != 1:
            raise ValueError(
                f"`transforms` must be one or more, of one dimension. Got {sorted(dims)}"
            )
        super().__init__(dims.pop())
        self.transforms = nn.ModuleList(transforms)

    def _forward(self, x: Tensor) -> Image:
        total = x.new_zeros(len(x))
        for each in self.transforms:
            x, log_det = each(x)
            total = total + log_det
        return x, total

    def _inverse(self, y: Tensor) -> Image:
        total = y.new_zeros(len(y))
        for each in reversed(self.transforms):
            y, log_det = each.inverse(y)
            total = total + log_det
        return y, total


class Affine(Transform):
    """y = exp(log_scale) x + shift, axis by axis; the identity at first."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.log_scale = nn.Parameter(torch.zeros(dim))
        self.shift = nn.Parameter(torch.zeros(dim))

    @classmethod
    def normalising(cls, x: Tensor) -> Affine:
        """The one that gives the sample x, (n, dim), mean 0 and standard deviation 1 on each axis (n in the divisor).

        Kingma and Dhariwal, "Glow: generative flow with invertible 1x1 convolutions" (2018), section 3.1, start each
        layer so; with the data it is done once, at the entry.

        Raises:
            ValueError: no floating sample (n, dim), or one that does not vary on some axis.
        """
        if not isinstance(x, Tensor) or not x.is_floating_point() or x.ndim != 2 or not len(x):
            raise ValueError("`x` must be a floating tensor (n, dim) with n >= 1")
        scale, mean = torch.std_mean(x, dim=0, correction=0)
        if not bool((scale > 0).all()):
            raise ValueError(
                f"`x` must vary on every axis. Got standard deviations {scale.tolist()}"
            )
        made = cls(x.shape[1])
        made.log_scale.data.copy_(-scale.log())
        made.shift.data.copy_(-mean / scale)
        return made

    def _forward(self, x: Tensor) -> Image:
        return x * self.log_scale.exp() + self.shift, self.log_scale.sum().expand(len(x))

    def _inverse(self, y: Tensor) -> Image:
        return (y - self.shift) * (-self.log_scale).exp(), -self.log_scale.sum().expand(len(y))


class Permutation(Transform):
    """y_i = x_{order[i]}; |det| = 1. Without `order`, the axes backwards."""

    order: Tensor
    undone: Tensor

    def __init__(self, dim: int, order: Sequence[int] | None = None) -> None:
        super().__init__(dim)
        order = list(range(dim))[::-1] if order is None else list(order)
        if sorted(order) != list(range(dim)):
            raise ValueError(f"`order` must hold each of 0 .. {dim - 1} once. Got {order}")
        self.register_buffer("order", torch.tensor(order))
        self.register_buffer("undone", torch.argsort(self.order))

    def _forward(self, x: Tensor) -> Image:
        return x[:, self.order], x.new_zeros(len(x))

    def _inverse(self, y: Tensor) -> Image:
        return y[:, self.undone], y.new_zeros(len(y))


class Linear(Transform):
    """y = x W^T with W = P L U: P a fixed permutation, L unit lower and U upper triangular, |U_ii| = exp(log_scale_i).

    So W stays invertible whatever the parameters, and log |det W| = sum log_scale. W is a random rotation at first,
    drawn from torch's own generator. Kingma and Dhariwal, "Glow" (2018), section 3.2.
    """

    permutation: Tensor
    signs: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        rotation = torch.linalg.qr(torch.randn(dim, dim, dtype=torch.float64)).Q
        p, lower, upper = (m.to(torch.get_default_dtype()) for m in torch.linalg.lu(rotation))
        self.register_buffer("permutation", p)
        self.register_buffer("signs", upper.diag().sign())
        self.log_scale = nn.Parameter(upper.diag().abs().log())
        self.lower = nn.Parameter(lower)  # only what lies below the diagonal is used
        self.upper = nn.Parameter(upper)  # only what lies above it

    def _triangles(self) -> tuple[Tensor, Tensor]:
        one = torch.eye(self.dim, dtype=self.lower.dtype, device=self.lower.device)
        diagonal = torch.diag(self.signs * self.log_scale.exp())
        return self.lower.tril(-1) + one, self.upper.triu(1) + diagonal

    def _forward(self, x: Tensor) -> Image:
        lower, upper = self._triangles()
        return x @ (self.permutation @ lower @ upper).T, self.log_scale.sum().expand(len(x))

    def _inverse(self, y: Tensor) -> Image:
        lower, upper = self._triangles()
        z = torch.linalg.solve_triangular(lower, (y @ self.permutation).T, upper=False)
        x = torch.linalg.solve_triangular(upper, z, upper=True).T
        return x, -self.log_scale.sum().expand(len(y))


class Probit(Transform):
    """y = Phi^-1((x - low) / (high - low)), axis by axis: the open box (low, high)^dim onto R^dim.

    Phi is the normal distribution function, so that the uniform distribution on the box becomes N(0, I), the base of
    a flow: data that fill a box (dequantised numbers, pixels) start near their goal, where the more usual logit gives
    them tails heavier than the base's. log dy/dx = y^2 / 2 + log(2 pi) / 2 - log(high - low).

    Raises:
        ValueError: at a call, a point that is not inside the box.
    """

    def __init__(self, dim: int, low: float = 0.0, high: float = 1.0) -> None:
        super().__init__(dim)
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"`low` must lie below `high`, both finite. Got {low} and {high}")
        self.low, self.high = float(low), float(high)

    def _log_det(self, y: Tensor) -> Tensor:
        log_width = math.log(self.high - self.low)
        return (y.square() / 2 + math.log(2 * math.pi) / 2 - log_width).sum(-1)

    def _forward(self, x: Tensor) -> Image:
        share = (x - self.low) / (self.high - self.low)
        if not bool(((share > 0) & (share < 1)).all()):
            raise ValueError(
                f"`x` of Probit must lie between {self.low} and {self.high}, both excluded"
            )
        y = torch.special.ndtri(share)
        return y, self._log_det(y)

    def _inverse(self, y: Tensor) -> Image:
        return self.low + (self.high - self.low) * torch.special.ndtr(y), -self._log_det(y)
