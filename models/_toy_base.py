"""What every toy density answers: samples, log density, entropy."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class Entropy:
    """A differential entropy -E log p in nats.

    `error` is 0 where `value` is a closed form; otherwise an ample estimate (no bound) of the quadrature's error, the
    change at the last halving of its step plus the rounding of its sum.
    """

    value: float
    error: float


class Toy(ABC):
    """A distribution on R^dim whose truth is known: sampler, log density and entropy, each from its own formula."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """The dimension of the space."""

    def sample(self, n: int, rng: torch.Generator, *, dtype: torch.dtype | None = None) -> Tensor:
        """n independent points, (n, dim), on the generator's device, in torch's default dtype or the one given.

        Raises:
            ValueError: `n` is not a positive integer, `rng` no torch.Generator, `dtype` not floating.
        """
        if not isinstance(n, int) or n < 1:
            raise ValueError(f"`n` must be a positive integer. Got {n!r}")
        if not isinstance(rng, torch.Generator):
            raise ValueError(f"`rng` must be a torch.Generator. Got {type(rng).__name__}")
        dtype = torch.get_default_dtype() if dtype is None else dtype
        if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
            raise ValueError(f"`dtype` must be a floating torch.dtype. Got {dtype!r}")
        return self._sample(n, rng, dtype)

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) in nats, (n, dim) -> (n,), in the dtype of x; -inf off the support and at infinity.

        Raises:
            ValueError: `x` is not a floating tensor (n, dim); or the distribution has no density.
        """
        if not isinstance(x, Tensor) or not x.is_floating_point():
            kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
            raise ValueError(f"`x` must be a floating tensor. Got {kind}")
        if x.ndim != 2 or x.shape[1] != self.dim:
            raise ValueError(f"`x` must have shape (n, {self.dim}). Got {tuple(x.shape)}")
        # Every density here vanishes at infinity, where a formula may meet inf - inf.
        return torch.where(x.isinf().any(-1), -math.inf, self._log_density(x))

    @cached_property
    def entropy(self) -> Entropy:
        """The differential entropy in nats; -inf where the distribution has no density."""
        return self._entropy()

    @abstractmethod
    def _sample(self, n: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor: ...

    @abstractmethod
    def _log_density(self, x: Tensor) -> Tensor: ...

    @abstractmethod
    def _entropy(self) -> Entropy: ...


def normal(n: int, dim: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
    return torch.randn(n, dim, generator=rng, device=rng.device, dtype=dtype)


def uniform(n: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
    return torch.rand(n, generator=rng, device=rng.device, dtype=dtype)
