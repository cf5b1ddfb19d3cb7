"""The trapezoidal rule on a box of one or two dimensions, and what it says of its own error.

On the whole line the rule converges faster than any power of the step for a smooth integrand that has died out at
the box's faces, so a halved step tells the error: |I_h - I_2h| is the error of the *coarse* sum, and with it an
ample estimate of the fine one's (an estimate, no bound: what falls between the points of both is not seen).
"The exponentially convergent trapezoidal rule", Trefethen and Weideman, 2014, theorem 5.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

ROWS = 2**16  # points evaluated at once: a grid of any size in little memory


class Integral(NamedTuple):
    value: float
    error: float  # |I_h - I_2h| plus the rounding of the sum


@dataclass(frozen=True)
class Grid:
    """Points of the trapezoidal rule in the box [lower, upper], `n` intervals on each axis.

    Args:
        lower, upper: corners, `dim` numbers each (dim 1 or 2; a bare number is one dimension).
        n: intervals on an axis, an even number, so that every second point makes the grid of twice the step.
        dtype, device: of `points`; the sums are taken in float64 on the CPU.

    Raises:
        ValueError: corners that are not finite, not ordered, or not of dimension 1 or 2; an odd or small n.
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    n: int
    dtype: torch.dtype = torch.float64
    device: str | torch.device = "cpu"

    @property
    def dim(self) -> int:
        return len(self.lower)

    @property
    def steps(self) -> tuple[float, ...]:
        return tuple((b - a) / self.n for a, b in zip(self.lower, self.upper, strict=True))

    @cached_property
    def points(self) -> Tensor:
        axes = [
            torch.linspace(a, b, self.n + 1, dtype=torch.float64)
            for a, b in zip(self.lower, self.upper, strict=True)
        ]
        mesh = torch.meshgrid(*axes, indexing="ij")
        points = torch.stack([m.reshape(-1) for m in mesh], dim=-1)  # ((n + 1)^dim, dim)
        return points.to(dtype=self.dtype).to(self.device)

    def evaluate(self, f: Callable[[Tensor], Tensor]) -> Tensor:
        """f, (rows, dim) -> (rows,), at every point; float64, on the CPU, without gradients."""
        with torch.no_grad():
            parts = [f(rows) for rows in self.points.split(ROWS)]
        for rows, part in zip(self.points.split(ROWS), parts, strict=True):
            if part.shape != rows.shape[:1]:
                raise ValueError(
                    f"the function must take (rows, dim) to (rows,). "
                    f"Got {tuple(part.shape)} for {tuple(rows.shape)}"
                )
        return torch.cat([part.detach().cpu().double() for part in parts])

    def integral(self, values: Tensor) -> Integral:
        """The integral of a function from its values at `points`, with its error."""
        fine, coarse = self._sum(values, 1), self._sum(values, 2)
        # Pairwise summation of N terms errs by at most eps log2(N) times the sum of their moduli.
        eps = torch.finfo(torch.float64).eps
        rounding = eps * math.log2(len(values)) * self._sum(values.abs(), 1)
        if math.isinf(fine):  # an infinity is told without error: inf - inf would tell nothing
            return Integral(fine, 0.0)
        return Integral(fine, abs(fine - coarse) + rounding)

    def log_integral(self, log_values: Tensor) -> Integral:
        """log of the integral of exp(log_values), and the error of that logarithm; in log space throughout."""
        top = log_values.max()
        if not bool(top.isfinite()):
            raise ValueError(
                f"`log_values` must have a finite largest value. Got {float(top)}: "
                "the function vanishes, overflows or is not a number on the grid"
            )
        scaled = self.integral((log_values - top).exp())
        return Integral(float(top) + math.log(scaled.value), scaled.error / scaled.value)

    def _sum(self, values: Tensor, stride: int) -> float:
        total = values.reshape((self.n + 1,) * self.dim)
        for step in reversed(self.steps):  # the last axis first: it is summed away
            total = total[..., ::stride]
            ends = (total[..., 0] + total[..., -1]) / 2  # the end points carry half the weight
            total = (total[..., 1:-1].sum(-1) + ends) * (stride * step)
        return float(total)

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            value = getattr(self, name)
            corner = tuple(map(float, value)) if isinstance(value, Sequence) else (float(value),)
            if not all(map(math.isfinite, corner)):
                raise ValueError(f"`{name}` must be finite. Got {value!r}")
            object.__setattr__(self, name, corner)
        if len(self.lower) != len(self.upper) or self.dim not in (1, 2):
            raise ValueError(
                "`lower` and `upper` must both have one or both have two numbers. "
                f"Got {self.lower} and {self.upper}"
            )
        if not all(a < b for a, b in zip(self.lower, self.upper, strict=True)):
            raise ValueError(f"`lower` must lie below `upper`. Got {self.lower} and {self.upper}")
        if not isinstance(self.n, int) or self.n < 4 or self.n % 2:
            raise ValueError(f"`n` must be an even number, 4 or more. Got {self.n!r}")


__all__ = ["Grid", "Integral"]
