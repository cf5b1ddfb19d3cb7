"""Densities whose truth is known exactly, to measure trained models against.

Each is a frozen dataclass with `dim`, `sample(n, rng)`, `log_prob(x)` and `entropy`; the sampler, the log density and
the entropy come from three formulas, so that each can be held against the others. `toys` has the default members by
name, for tests and sweeps that run over all of them. `Dirac` and `ParallelLines` have no density, hence no row there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from models._toy_base import Entropy, Toy
from models._toy_gaussians import (
    Gaussian,
    GaussianMixture,
    Moons,
    mixture_test_bed,
    ring_of_gaussians,
)
from models._toy_shapes import Banana, Checkerboard, Ring, Rings
from models._toy_singular import Dirac, ParallelLines

toys: Mapping[str, Callable[[], Toy]] = MappingProxyType(
    {
        "gaussian": lambda: Gaussian((1.0, -0.5), (1.0, 0.5)),
        "mixture": mixture_test_bed,
        "ring_of_gaussians": ring_of_gaussians,
        "banana": Banana,
        "ring": Ring,
        "rings": Rings,
        "moons": Moons,
        "checkerboard": Checkerboard,
    }
)

__all__ = [
    "Banana",
    "Checkerboard",
    "Dirac",
    "Entropy",
    "Gaussian",
    "GaussianMixture",
    "Moons",
    "ParallelLines",
    "Ring",
    "Rings",
    "Toy",
    "mixture_test_bed",
    "ring_of_gaussians",
    "toys",
]
