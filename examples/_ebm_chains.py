"""What Langevin chains do, beside what theory says of them: their variance, and the contrastive gradient they give."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from _experiment import Row
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from models.ebm import Confined
from models.langevin import Sampler, gaussian_variance, langevin, mala
from models.metrics import Grid
from models.nets import MLP
from models.toy import Toy

SIGMAS = 4.5  # allowed distance in standard errors: some 240 numbers are drawn, each off with probability 7e-6
STEPS = (0.05, 0.1, 0.2, 0.5, 1.0, 1.5)  # of unadjusted Langevin on N(0, 1)
FORGOTTEN = 1e-6  # the share of the start that is left when a variance is called stationary
COUNTS = (1, 4, 16, 64, 256)  # k of CD-k
STEP = 0.05  # of its chains
BIAS = "bias of CD-k over the gradient"


def quadratic(x: Tensor) -> Tensor:
    """The energy of N(0, I)."""
    return x.square().sum(1) / 2


# --- the variance on N(0, 1) ------------------------------------------------------------------------------------------


def spread(sampler: Sampler, x: Tensor, k: int, step: float, rng: torch.Generator) -> float:
    """The mean square after k steps, one chain a row; chains that start symmetrically about 0 keep the mean 0."""
    return float(sampler(quadratic, x, k, step, rng).x.square().mean())


def variance_rows(n: int, rng: torch.Generator) -> tuple[list[Row], list[dict[str, Any]]]:
    """Stationary and transient variances of n independent chains, Gaussian throughout, hence the standard errors."""
    zero, rows, seen = torch.zeros(n, 1, dtype=torch.float64), [], []
    error = math.sqrt(2 / n)  # of a mean square, relative
    for e in STEPS:
        k = math.ceil(math.log(FORGOTTEN) / (2 * math.log(abs(1 - e)))) if e != 1 else 1
        theory = gaussian_variance(e)
        measured = spread(langevin, zero, k, e, rng)
        rows.append(
            Row(f"stationary variance, step {e}", theory, measured, SIGMAS * error * theory)
        )
        exact = spread(mala, zero, max(k, 40), e, rng)
        seen.append({"step": e, "1/(1 - step/2)": theory, "unadjusted": measured, "MALA": exact})
        rows.append(Row(f"the same, Metropolis-adjusted, step {e}", 1.0, exact, SIGMAS * error))
    start = 2 * torch.randn(n, 1, generator=rng, dtype=torch.float64)
    for k in (1, 3, 10):
        theory = gaussian_variance(0.2, steps=k, start=4.0)
        measured = spread(langevin, start, k, 0.2, rng)
        name = f"variance after {k} steps of 0.2 from variance 4"
        rows.append(Row(name, theory, measured, SIGMAS * error * theory))
    theory = gaussian_variance(2.0, steps=50)
    measured = spread(langevin, zero, 50, 2.0, rng)
    name = "variance after 50 steps of 2, where it grows as 4 k"
    rows.append(Row(name, theory, measured, SIGMAS * error * theory))
    return rows, seen


# --- the chains' law in one dimension, without chains -----------------------------------------------------------------


class Kernel:
    """One unadjusted Langevin step on the line as a matrix on a grid: densities to densities.

    (K p)(y) = int N(y; x - step E'(x), 2 step) p(x) dx by the trapezoidal rule, `weights` its steps.
    """

    def __init__(self, energy: Callable[[Tensor], Tensor], grid: Grid, step: float) -> None:
        x = grid.points.clone().requires_grad_()
        (slope,) = torch.autograd.grad(energy(x).sum(), x)
        gap = grid.points - (grid.points - step * slope).T  # (to, from)
        self.weights = torch.full((len(gap),), grid.steps[0], dtype=torch.float64)
        self.weights[[0, -1]] /= 2
        density = torch.exp(-gap.square() / (4 * step)) / math.sqrt(4 * math.pi * step)
        self.matrix = density * self.weights

    def after(self, p: Tensor, k: int) -> Tensor:
        for _ in range(k):
            p = self.matrix @ p
        return p

    def stationary(self, doublings: int = 11) -> Tensor:
        """The law after 2^doublings steps from the uniform one."""
        matrix = self.matrix
        for _ in range(doublings):
            matrix = matrix @ matrix
        p = matrix @ torch.ones_like(self.weights)
        return p / (p @ self.weights)


# --- the contrastive gradient -----------------------------------------------------------------------------------------


def fixed_energy(seed: int) -> Confined:
    """An energy to take gradients at: a small perceptron of random weights, in float64."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        network = MLP(1, None, (12,), nn.Tanh).double()
    for parameter in network.parameters():
        parameter.data.mul_(2)  # else the network hardly shows beside the square
    return Confined(network, scale=1.5)


def flat_gradient(value: Tensor, energy: nn.Module) -> Tensor:
    parts = torch.autograd.grad(value, list(energy.parameters()), materialize_grads=True)
    return torch.cat([g.flatten() for g in parts])


def each_gradient(energy: nn.Module, x: Tensor) -> Tensor:
    """grad E(x_i) in the parameters, sample by sample: (n, parameters)."""
    parameters = {k: v.detach() for k, v in energy.named_parameters()}

    def one(weights: dict[str, Tensor], point: Tensor) -> Tensor:
        return functional_call(energy, weights, (point[None],))[0]

    parts = vmap(grad(one), in_dims=(None, 0))(parameters, x)
    return torch.cat([g.flatten(1) for g in parts.values()], dim=1)


def gradient_rows(
    toy: Toy, n: int, seed: int, rng: torch.Generator
) -> tuple[list[Row], list[dict[str, Any]]]:
    """The gradient of -E_P log p: exact, by its formula with quadrature, by CD-k and by long chains."""
    energy, grid = fixed_energy(seed), Grid(-12.0, 12.0, 800)
    kernel, half = Kernel(energy, grid, STEP), Kernel(energy, grid, STEP / 2)
    on_grid, p = energy(grid.points), toy.log_prob(grid.points).exp()
    log_z = torch.logsumexp(-on_grid + kernel.weights.log(), 0)
    model = (-on_grid - log_z).exp().detach()

    def against(law: Tensor) -> Tensor:
        """E_P[grad E] - E_law[grad E]."""
        return flat_gradient(((p - law) * kernel.weights) @ energy(grid.points), energy)

    exact = flat_gradient((p * kernel.weights) @ on_grid + log_z, energy)

    def relative(gradient: Tensor) -> float:
        return float((gradient - exact).norm() / exact.norm())

    real = toy.sample(n, rng, dtype=torch.float64)
    on_real = each_gradient(energy, real)

    def furthest(sampler: Sampler, k: int, expected: Tensor) -> float:
        """The largest distance of the chains' gradient from what is expected, in standard errors, over parameters."""
        x = sampler(energy, real, k, STEP, rng).x
        values = on_real - each_gradient(energy, x)  # (n, parameters)
        error = values.std(0) / math.sqrt(n)
        moves = (
            error > 0
        )  # the last bias moves nothing: its gradient is 1 everywhere, and the difference 0
        return float(((values.mean(0) - expected)[moves] / error[moves]).abs().max())

    rows = [
        Row("contrastive gradient by quadrature: distance from autograd's of the likelihood, relative",
            0.0, relative(against(model)), 1e-10)
    ]  # fmt: skip
    lines, law, done, end = [], p, 0, kernel.stationary()
    for k in COUNTS:
        law, done = kernel.after(law, k - done), k
        expected = against(law)
        far = furthest(langevin, k, expected)
        rows.append(Row(f"CD-{k} from chains, standard errors from its law", 0.0, far, SIGMAS))
        left = float((law * (law.log() - end.log())).nan_to_num() @ kernel.weights)
        lines.append({"k": str(k), BIAS: relative(expected), "KL to the chains' end": left})
    own = relative(against(end))
    biases = [line[BIAS] for line in lines]
    lines.append({"k": "inf, unadjusted", BIAS: own, "KL to the chains' end": 0.0})
    lines.append(
        {"k": "inf, adjusted", BIAS: relative(against(model)), "KL to the chains' end": 0.0}
    )
    lefts = [line["KL to the chains' end"] for line in lines]
    rise = max(b - a for a, b in pairwise(lefts))
    fall = max(b - a for a, b in pairwise(biases))
    smaller = relative(against(half.stationary()))
    far = furthest(mala, COUNTS[-1], exact)
    rows += [
        Row(
            "largest rise of KL(law of k steps || law of infinitely many) in k",
            0.0,
            rise,
            1e-12,
            "<=",
        ),
        Row("largest rise of CD-k's bias from one k to the next", 0.0, fall, 0.0, "<="),
        Row("CD-256's bias, relative, beside its chains' own", own, biases[-1]),
        Row("the chains' own bias over that at half the step", 2.0, own / smaller, 0.1),
        Row("CD-256 with adjusted chains, standard errors from exact", 0.0, far, SIGMAS),
    ]
    return rows, lines
