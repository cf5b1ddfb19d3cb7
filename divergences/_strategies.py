"""Hypothesis strategies that draw inputs together with their exact answers.

Everything drawn is dyadic: masses are multiples of 2^-52 and sum to exactly 1, so that the floats are the numbers that
the answers are about. Examples shrink towards few outcomes and small denominators.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from hypothesis import strategies as st

from divergences._exact_answers import (
    FAMILIES,
    family_kl,
    gaussian_answers,
    push,
    vector_answers,
)

__all__ = [
    "FamilyCase",
    "GaussianCase",
    "KernelCase",
    "SampleCase",
    "VectorCase",
    "exponential_families",
    "gaussians",
    "markov_kernels",
    "probability_vectors",
    "samples",
]

Strategy = st.SearchStrategy

LENGTHS, DIMENSIONS, SIZES = st.integers(2, 6), st.integers(1, 3), st.integers(2, 200)


@dataclass(frozen=True)
class VectorCase:
    """Probability vectors of one length; the answers are between the first two, P and Q."""

    vectors: tuple[np.ndarray, ...]

    @property
    def p(self) -> np.ndarray:
        """P, shape (n,), its floats summing to exactly 1."""
        return self.vectors[0]

    @property
    def q(self) -> np.ndarray:
        """Q, shape (n,)."""
        return self.vectors[1]

    @cached_property
    def exact(self) -> dict[str, float]:
        """kl, reverse_kl, jeffreys, js, total_variation, squared_hellinger, chi2, neyman_chi2, le_cam."""
        return vector_answers(self.p.tolist(), self.q.tolist())


@st.composite
def probability_vectors(
    draw: st.DrawFn,
    count: int = 2,
    *,
    outcomes: Strategy | int = LENGTHS,
    zeros: bool = True,
    near_equal: bool = True,
) -> VectorCase:
    """`count` probability vectors of one length, with their exact divergences.

    Args:
        count: How many vectors, at least 2.
        outcomes: Their length, at least 2, or a strategy for it.
        zeros: Whether outcomes without mass are drawn.
        near_equal: Whether vectors are drawn that differ from their neighbour by 2^-13 to 2^-52 (and tiny masses).
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 2:
        raise ValueError(f"`count` must be an integer of at least 2. Got {count!r}")
    n = outcomes if isinstance(outcomes, int) else draw(outcomes)
    if isinstance(n, bool) or not isinstance(n, int) or n < 2:
        raise ValueError(f"`outcomes` must be an integer of at least 2, or draw them. Got {n!r}")
    bits = draw(st.integers(1, 6)) if zeros else draw(st.integers(n.bit_length(), 9))
    found = [draw(_dyadic(n, bits, zeros))]
    while len(found) < count:
        if near_equal and draw(st.integers(0, 3)) == 3:
            found.append(draw(_nudged(found[-1], zeros)))
        else:
            found.append(draw(_dyadic(n, bits, zeros)))
    return VectorCase(tuple(found))


@st.composite
def _dyadic(draw: st.DrawFn, n: int, bits: int, zeros: bool = True) -> np.ndarray:
    """n masses that are multiples of 2^-bits: the gaps between sorted cuts of [0, 2^bits]."""
    low, high = (0, 2**bits) if zeros else (1, 2**bits - 1)
    cuts = draw(st.lists(st.integers(low, high), min_size=n - 1, max_size=n - 1, unique=not zeros))
    edges = np.array([0, *sorted(cuts), 2**bits])
    return np.diff(edges) / 2.0**bits


@st.composite
def _nudged(draw: st.DrawFn, p: np.ndarray, zeros: bool) -> np.ndarray:
    """p with a mass 2^-13 to 2^-52 moved from one outcome to another."""
    source = draw(st.sampled_from(np.flatnonzero(p > (0 if zeros else 2.0**-12)).tolist()))
    target = draw(st.integers(0, len(p) - 1).filter(lambda j: j != source))
    mass = min(2.0 ** -draw(st.integers(13, 52)), float(p[source]))
    near = p.copy()
    near[source] -= mass
    near[target] += mass
    return near if near.sum() == 1 and _is_dyadic(near) else p.copy()


def _is_dyadic(p: np.ndarray) -> bool:
    """Whether the masses are multiples of 2^-52 that sum to 1 exactly."""
    scaled = p * 2.0**52
    return bool((scaled == np.floor(scaled)).all()) and sum(int(x) for x in scaled) == 2**52


@dataclass(frozen=True)
class GaussianCase:
    """P = N(mu0, cov0) and Q = N(mu1, cov1), in the order in which `divergences.gaussian` takes them."""

    mu0: np.ndarray  # (d,)
    cov0: np.ndarray  # (d, d)
    mu1: np.ndarray
    cov1: np.ndarray

    @property
    def arguments(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(mu0, cov0, mu1, cov1)."""
        return self.mu0, self.cov0, self.mu1, self.cov1

    @cached_property
    def exact(self) -> dict[str, float]:
        """kl, reverse_kl, jeffreys, squared_hellinger, chi2 (which may be inf)."""
        return gaussian_answers(*self.arguments)


@st.composite
def gaussians(draw: st.DrawFn, dimensions: Strategy | int = DIMENSIONS) -> GaussianCase:
    """Two Gaussians with means in [-4, 4] and covariances L L', L lower triangular, all multiples of 1/8."""
    d = dimensions if isinstance(dimensions, int) else draw(dimensions)
    if isinstance(d, bool) or not isinstance(d, int) or d < 1:
        raise ValueError(f"`dimensions` must be a positive integer, or draw them. Got {d!r}")
    means, covariances = [], []
    for _ in range(2):
        means.append(np.array(draw(st.lists(st.integers(-32, 32), min_size=d, max_size=d))) / 8)
        lower = np.zeros((d, d))
        for i in range(d):
            lower[i, : i + 1] = [draw(st.integers(-8, 8)) / 8 for _ in range(i)] + [
                draw(st.integers(4, 16)) / 8
            ]
        covariances.append(lower @ lower.T)  # exact: products of multiples of 1/8
    return GaussianCase(means[0], covariances[0], means[1], covariances[1])


@dataclass(frozen=True)
class FamilyCase:
    """Two members of an exponential family, by name and parameters."""

    family: str
    first: dict[str, float]
    second: dict[str, float]

    @cached_property
    def exact(self) -> dict[str, float]:
        """kl, reverse_kl, jeffreys."""
        forth = family_kl(self.family, self.first, self.second)
        back = family_kl(self.family, self.second, self.first)
        return {"kl": forth, "reverse_kl": back, "jeffreys": forth + back}

    @cached_property
    def distributions(self) -> tuple[Any, Any]:
        """The two as frozen distributions of scipy.stats."""
        import scipy.stats

        made = [FAMILIES[self.family].scipy(**each) for each in (self.first, self.second)]
        return tuple(getattr(scipy.stats, name)(**arguments) for name, arguments in made)  # type: ignore[return-value]


@st.composite
def exponential_families(
    draw: st.DrawFn, families: tuple[str, ...] = tuple(FAMILIES)
) -> FamilyCase:
    """Two members of one of: poisson, exponential, bernoulli, geometric, gamma, beta; KL as a Bregman divergence.

    Rates, shapes and the like are multiples of 1/8 in [1/4, 16], chances multiples of 1/16.
    """
    unknown = [name for name in families if name not in FAMILIES]
    if unknown:
        raise ValueError(f"`families` must be among {', '.join(FAMILIES)}. Got {unknown[0]!r}")
    name = draw(st.sampled_from(families))

    def member() -> dict[str, float]:
        return {
            parameter: draw(st.integers(1, 15)) / 16
            if parameter == "chance"
            else draw(st.integers(2, 128)) / 8
            for parameter in FAMILIES[name].parameters
        }

    return FamilyCase(name, member(), member())


@dataclass(frozen=True)
class SampleCase:
    """Samples x of P and y of Q, independent, with the Gaussians that they come from."""

    x: np.ndarray  # (n, d)
    y: np.ndarray  # (m, d)
    population: GaussianCase
    seed: int

    @property
    def exact(self) -> dict[str, float]:
        """The divergences between the populations, which an estimate is to approach."""
        return self.population.exact


@st.composite
def samples(
    draw: st.DrawFn,
    size: Strategy | int = SIZES,
    dimensions: Strategy | int = DIMENSIONS,
) -> SampleCase:
    """Samples of two Gaussians, by numpy's generator from a drawn seed, with the truth of the populations."""
    population = draw(gaussians(dimensions))
    n, m = ((size if isinstance(size, int) else draw(size)) for _ in range(2))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    d = len(population.mu0)
    drawn = [
        mean + rng.standard_normal((count, d)) @ np.linalg.cholesky(cov).T
        for count, mean, cov in (
            (n, population.mu0, population.cov0),
            (m, population.mu1, population.cov1),
        )
    ]
    return SampleCase(drawn[0], drawn[1], population, seed)


@dataclass(frozen=True)
class KernelCase:
    """A Markov kernel: row i holds the chances of what outcome i is turned into."""

    matrix: np.ndarray  # (n, m), each row's floats summing to exactly 1

    def push(self, p: np.ndarray) -> np.ndarray:
        """The image p K, worked out exactly and rounded once per entry."""
        return push(np.asarray(p).tolist(), self.matrix)


@st.composite
def markov_kernels(
    draw: st.DrawFn,
    inputs: Strategy | int = LENGTHS,
    outputs: Strategy | int = LENGTHS,
) -> KernelCase:
    """Markov kernels: mergers and permutations of outcomes (entries 0 and 1) and noisy channels."""
    n = inputs if isinstance(inputs, int) else draw(inputs)
    m = outputs if isinstance(outputs, int) else draw(outputs)
    if min(n, m) < 1:
        raise ValueError(f"`inputs` and `outputs` must be positive. Got {n} and {m}")
    if m == 1:
        return KernelCase(np.ones((n, 1)))
    if draw(st.booleans()):
        rows = [draw(_dyadic(m, draw(st.integers(1, 4)))) for _ in range(n)]
        return KernelCase(np.array(rows))
    return KernelCase(np.eye(m)[[draw(st.integers(0, m - 1)) for _ in range(n)]])
