"""Distributions without a density in the plane: a point, and the parallel lines on which JS learns nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor

import divergences as dv
from models._parameters import number, vector
from models._toy_base import Entropy, Toy, uniform


@dataclass(frozen=True)
class Dirac(Toy):
    """All mass at one point of R^dim; entropy -inf. "Which training methods for GANs do actually converge?",
    Mescheder, Geiger and Nowozin, 2018, definition 2.1, with the point at 0 and a Dirac as the generator."""

    point: Any = (0.0,)

    def __post_init__(self) -> None:
        object.__setattr__(self, "point", vector("point", self.point))

    @property
    def dim(self) -> int:
        return len(self.point)

    def _sample(self, n: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        return torch.tensor([self.point], dtype=dtype, device=rng.device).repeat(n, 1)

    def _log_density(self, x: Tensor) -> NoReturn:
        raise ValueError(
            "a Dirac has no density: all its mass lies at one point, a set of volume 0"
        )

    def _entropy(self) -> Entropy:
        return Entropy(-math.inf, 0.0)


@dataclass(frozen=True)
class ParallelLines(Toy):
    """P_theta, the law of (theta, U), U uniform on [0, 1], and its divergences from P_0; entropy -inf.

    For theta != 0 the two lines are disjoint, and along them the laws agree: every f-divergence is that of the masses
    (1, 0) and (0, 1) that P_0 and P_theta put on the two lines, a constant in theta. W1 = |theta|: moving each point
    across costs |theta|, and the 1-Lipschitz function x_1 shows that nothing costs less. "Wasserstein GAN",
    Arjovsky, Chintala and Bottou, 2017, example 1.
    """

    theta: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "theta", number("theta", self.theta))

    @property
    def dim(self) -> int:
        return 2

    @property
    def masses(self) -> tuple[np.ndarray, np.ndarray]:
        """The masses of P_0 and of P_theta on the line x_1 = 0 and on the rest."""
        at_zero = np.array([1.0, 0.0])
        return at_zero, at_zero if self.theta == 0 else at_zero[::-1]

    @property
    def kl(self) -> float:
        """KL(P_0||P_theta)."""
        return float(dv.kl(*self.masses))

    @property
    def reverse_kl(self) -> float:
        """KL(P_theta||P_0)."""
        return float(dv.kl(*self.masses[::-1]))

    @property
    def js(self) -> float:
        return float(dv.js(*self.masses))

    @property
    def total_variation(self) -> float:
        return float(dv.total_variation(*self.masses))

    @property
    def wasserstein1(self) -> float:
        return abs(self.theta)

    def divergence(self, f: dv.FDivergence | str) -> float:
        """D_f(P_0||P_theta): f'(inf) on P_0's line and f(0) on P_theta's; f(1) for theta = 0.

        Raises:
            ValueError: `f` is neither an FDivergence nor a generator that one can be made of.
        """
        if not isinstance(f, dv.FDivergence):
            f = dv.FDivergence(f)
        if self.theta == 0:
            return float(f.value_at_one)
        return float(f.at_zero) + float(f.slope_at_infinity)

    def _sample(self, n: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        u = uniform(n, rng, dtype)
        return torch.stack([torch.full_like(u, self.theta), u], -1)

    def _log_density(self, x: Tensor) -> NoReturn:
        raise ValueError("a line has no density in the plane: all its mass lies on a set of area 0")

    def _entropy(self) -> Entropy:
        return Entropy(-math.inf, 0.0)
