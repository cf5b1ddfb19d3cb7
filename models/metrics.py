"""What is measured on a trained model: pure functions of samples, scores and log densities.

Values are in nats, sums in float64 on the CPU, without gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

import divergences as dv
from models._parameters import positive
from models._quadrature import Grid, Integral
from models._toy_gaussians import GaussianMixture


class Estimate(NamedTuple):
    mean: float
    standard_error: float
    n: int


class Coverage(NamedTuple):
    found: int  # modes that count as found
    high_quality: float  # share of the samples that lie near some centre
    counts: Tensor  # (modes,), high-quality samples by nearest centre


class BinnedJS(NamedTuple):
    value: float  # of the masses against the samples' shares, nats
    bias: float  # what `value` is expected to be when the samples follow the masses exactly


def estimate(values: Tensor) -> Estimate:
    """Mean of a 1-D tensor of independent draws, and its standard error s / sqrt(n), s^2 with n - 1.

    Raises:
        ValueError: fewer than two values, or not one dimension.
    """
    values = _still("values", values, 1)
    if len(values) < 2:
        raise ValueError(f"`values` must hold two draws at least. Got {len(values)}")
    n = len(values)
    return Estimate(float(values.mean()), float(values.std()) / math.sqrt(n), n)


def mode_coverage(
    samples: Tensor, centres: Tensor, scale: float, within: float = 3.0, found_at: float = 0.1
) -> Coverage:
    """Which of k modes a generator has, and how many of its samples are any good.

    A sample is of high quality when it lies within `within` scales of the centre nearest to it. A mode is found when
    it holds at least `found_at` n / k of these: a tenth of its fair share of all n samples, by default. A single
    sample, the usual rule, would count the strays of a generator that merely drifts past a mode. A tenth does not,
    and loses no mode that is there: with m = n / k samples due, fewer than m / 10 arrive with a probability below
    exp(-(0.9 - 0.1 log 10) m) (Chernoff), 1e-29 for m = 100.

    Args:
        samples, centres: (n, dim) and (k, dim).
        scale: the standard deviation of a mode.

    Raises:
        ValueError: shapes that do not fit, no samples or centres, numbers that are not positive.
    """
    samples, centres = _still("samples", samples, 2), _still("centres", centres, 2)
    if samples.shape[1] != centres.shape[1] or not samples.numel() or not centres.numel():
        raise ValueError(
            "`samples` and `centres` must be (n, dim) and (k, dim), not empty. "
            f"Got {tuple(samples.shape)} and {tuple(centres.shape)}"
        )
    reach = positive("within", within) * positive("scale", scale)
    distance, mode = _distances(samples, centres).min(dim=1)
    counts = torch.bincount(mode[distance <= reach], minlength=len(centres))
    share = positive("found_at", found_at) * len(samples) / len(centres)
    return Coverage(int((counts >= share).sum()), float(counts.sum()) / len(samples), counts)


def mode_cells(
    samples: Tensor, mixture: GaussianMixture, shells: int = 4, sectors: int = 8
) -> tuple[Tensor, Tensor]:
    """A partition of the plane fitted to a mixture of well separated Gaussians, with its exact masses.

    The cell of x is (k, i, j): k the nearest mean, i the shell of u = 1 - exp(-r^2 / (2 scale_k^2)), j the sector of
    the angle, r and the angle about mean k. For a Gaussian u is uniform on [0, 1] and independent of the angle, so a
    cell of mode k has mass weights_k / (shells sectors): every mode is resolved at its own scale.

    Returns:
        Each sample's cell, (n,), a number below k * shells * sectors; and the cells' masses under the mixture.

    Raises:
        ValueError: a mixture not in the plane, or whose modes reach into each other's cells by 1e-15 or more.
    """
    samples = _still("samples", samples, 2)
    if mixture.dim != 2 or samples.shape[1] != 2:
        raise ValueError(
            f"`mixture` and `samples` must lie in the plane. Got {mixture.dim} and {samples.shape[1]}"
        )
    _counts(shells=shells, sectors=sectors)
    means, scales, weights = (
        samples.new_tensor(v) for v in (mixture.means, mixture.scales, mixture.weights)
    )
    between = _distances(means, means).fill_diagonal_(math.inf).min()
    strays = float((-(between / (2 * scales.max())).square() / 2).exp())
    if strays >= 1e-15:
        raise ValueError(
            f"`mixture` must have separate modes: up to {strays:.3g} of one lies nearer to another's mean"
        )
    distance, k = _distances(samples, means).min(dim=1)
    u = -torch.expm1(-(distance / scales[k]).square() / 2)
    x, y = (samples - means[k]).unbind(-1)
    turn = torch.atan2(y, x) / (2 * math.pi) + 0.5  # in [0, 1], both ends the same ray
    i = (u * shells).long().clamp(max=shells - 1)
    j = (turn * sectors).long() % sectors
    masses = weights.repeat_interleave(shells * sectors) / (shells * sectors)
    return (k * shells + i) * sectors + j, masses


def binned_js(cells: Tensor, masses: Tensor) -> BinnedJS:
    """JS between a known distribution and samples, both seen through a partition into cells.

    By data processing it is a lower bound of JS between the distributions themselves, but for the sampling bias: the
    shares q of n samples scatter about their masses. With q = p (1 + x) in a cell,

        JS = sum p phi(1 + x),  phi''(1) = 1/4,  phi'''(1) = -3/8,  phi''''(1) = 7/8,

    and when the samples follow p over k cells, the binomial's moments of x give

        E JS = (k - 1) / (8 n) + (3 sum 1/p - 2 k - 1) / (64 n^2) + O(n^-3).

    These two terms are `bias`. They need n p well above 1 in each cell: 3 / (8 n p) is the second over the first.

    Args:
        cells: (n,), each sample's cell, an integer in [0, k).
        masses: (k,), the cells' probabilities; a cell of mass 0 that holds samples counts, with log 2 times its share.

    Raises:
        ValueError: cells that are no integers or lie outside, masses that are no probabilities.
    """
    masses = _still("masses", masses, 1)
    if not isinstance(cells, Tensor) or cells.ndim != 1 or cells.is_floating_point():
        raise ValueError("`cells` must be a 1-D tensor of integers")
    if not len(cells) or int(cells.min()) < 0 or int(cells.max()) >= len(masses):
        raise ValueError(f"`cells` must hold numbers of the {len(masses)} cells, one at least")
    n = len(cells)
    shares = torch.bincount(cells.cpu(), minlength=len(masses)).double() / n
    value = float(dv.js(masses, shares))
    p = masses[masses > 0]
    second = (3 * float(p.reciprocal().sum()) - 2 * len(p) - 1) / (64 * n**2)
    return BinnedJS(value, (len(p) - 1) / (8 * n) + second)


def log_ratio_rmse(v: Tensor, log_ratio: Tensor, *, up_to_constant: bool = False) -> float:
    """sqrt(mean (v - log_ratio)^2); with `up_to_constant`, the least of it over all v + c, at c = the mean difference.

    A critic's output v is held against log p/q, an energy's negative against log p, which it knows up to log Z.
    """
    v, log_ratio = _still("v", v, 1), _still("log_ratio", log_ratio, 1)
    if v.shape != log_ratio.shape or not len(v):
        raise ValueError(
            "`v` and `log_ratio` must have one length, 1 or more. "
            f"Got {len(v)} and {len(log_ratio)}"
        )
    difference = v - log_ratio
    if up_to_constant:
        difference = difference - difference.mean()
    return float(difference.square().mean().sqrt())


def log_partition(log_f: Callable[[Tensor], Tensor], grid: Grid) -> Integral:
    """log of the integral of f over a grid's box, and its error; for an energy E, log Z with log_f = -E.

    Raises:
        ValueError: f vanishes on the whole grid, overflows, or is not a number somewhere.
    """
    return grid.log_integral(grid.evaluate(log_f))


def kl_by_quadrature(
    log_p: Callable[[Tensor], Tensor], log_q: Callable[[Tensor], Tensor], grid: Grid
) -> Integral:
    """KL(P||Q) = int p log(p/q) over a grid's box in one or two dimensions, and its error.

    Both must be log densities: subtract `log_partition` from an energy's. Where p = 0 the integrand is 0, and where
    q = 0 < p it is inf. The error is that of the rule, not what P has outside the box.

    Raises:
        ValueError: p does not integrate to 1 over the box within 1e-3, for lack of room, points or normalisation; a
            log density that is nan.
    """
    values = {"log_p": grid.evaluate(log_p), "log_q": grid.evaluate(log_q)}
    for name, value in values.items():
        if bool(value.isnan().any()):
            raise ValueError(
                f"`{name}` must not be nan. It is at {int(value.isnan().sum())} points"
            )
    p, ratio = values["log_p"].exp(), values["log_p"] - values["log_q"]
    mass = grid.integral(p)
    if not abs(mass.value - 1) <= 1e-3:
        raise ValueError(
            f"`log_p` must integrate to 1 over the grid. Got {mass.value:.6g}: widen or refine the grid, "
            "or subtract log Z"
        )
    return grid.integral(torch.where(p > 0, p * ratio, 0.0))


def _still(name: str, x: Tensor, ndim: int) -> Tensor:
    if not isinstance(x, Tensor) or not x.is_floating_point() or x.ndim != ndim:
        got = f"{x.dtype} {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"`{name}` must be a floating tensor of {ndim} dimension(s). Got {got}")
    return x.detach().cpu().double()


def _counts(**given: int) -> None:
    for name, value in given.items():
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"`{name}` must be a positive integer. Got {value!r}")


def _distances(x: Tensor, y: Tensor) -> Tensor:
    """Between all pairs, (n, k); by differences, for a matrix product would lose the digits of small ones."""
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


__all__ = [
    "BinnedJS",
    "Coverage",
    "Estimate",
    "Grid",
    "Integral",
    "binned_js",
    "estimate",
    "kl_by_quadrature",
    "log_partition",
    "log_ratio_rmse",
    "mode_cells",
    "mode_coverage",
]
