"""Energy-based models against the truth: learned energies, contrastive gradients, Langevin's bias.

    python examples/ebm.py [--steps 3000] [--seed 0] [--quick] [--out DIR]

A model p = e^-E / Z is trained on samples of three laws whose density is known: by contrastive divergence with
persistent Langevin chains, by exact score matching, and by denoising score matching, which learns the law noised by
N(0, s^2 I) and is held against that one first. log Z and every KL are quadratures, so nothing is estimated.

Beside the training: the gradient of the likelihood E_P[grad E] - E_model[grad E] against autograd's and against
CD-k's, whose expectation is a quadrature too (one Langevin step is a kernel on the line); the variance of unadjusted
Langevin on N(0, 1), 1 / (1 - step / 2), and Metropolis' correction of it; the denoiser x + s^2 grad log p_s(x), whose
error is s^2 d - s^4 E|grad log p_s|^2 or more; and what score matching cannot see: the weights of modes far apart.

Sources: Hinton, Training products of experts by minimizing contrastive divergence (2002); Tieleman (2008) for
persistent chains; Hyvarinen, Estimation of non-normalized statistical models by score matching (2005); Vincent, A
connection between score matching and denoising autoencoders (2011); Robbins, An empirical Bayes approach to statistics
(1956), for the denoiser; Roberts and Tweedie (1996) for Langevin.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from _ebm_chains import STEPS, Kernel, gradient_rows, variance_rows
from _experiment import Options, Report, Row, figure
from _experiment import main as experiment
from torch import Tensor
from torch.optim import Adam

from models.ebm import (
    EBM,
    Confined,
    ContrastiveDivergence,
    LogDensity,
    Method,
    ReplayBuffer,
    normalised,
)
from models.gan import normal
from models.langevin import gaussian_variance, langevin, mala
from models.metrics import Grid, Integral, estimate, kl_by_quadrature, log_ratio_rmse
from models.nets import MLP
from models.score_matching import denoising, score_matching
from models.toy import Banana, GaussianMixture, Toy
from models.train import cosine, train

TITLE = "Energy-based models on known densities"
NOISE = 0.2  # of denoising score matching
ALLOWED = 0.05  # nats
CHAINS = 1024
MOVES = 10  # Langevin steps in an update
LENGTH = 0.1  # of a step

Density = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Target:
    """A law, the grid on which it is integrated, and its noised version."""

    toy: Toy
    grid: Grid
    noised: Density


def noised_mixture(p: GaussianMixture) -> Density:
    """p convolved with N(0, NOISE^2 I): each scale grows to sqrt(scale^2 + NOISE^2)."""
    return GaussianMixture(p.weights, p.means, [math.hypot(s, NOISE) for s in p.scales]).log_prob


def noised_banana(p: Banana) -> Density:
    """The same for a banana: given u, the clean first coordinate, both are Gaussian; u by the trapezoidal rule."""
    a, b = p.scales
    u = torch.linspace(-8 * a, 8 * a, 161, dtype=torch.float64)  # a step of NOISE / 2 for a = 1
    log_weight = -(u / a).square() / 2 - math.log(a) + math.log(float(u[1] - u[0]))

    def log_prob(x: Tensor) -> Tensor:
        first = (x[:, :1] - u) / NOISE
        second = (x[:, 1:] - p.bend * (u.square() - a**2)) / math.hypot(b, NOISE)
        scales = 1.5 * math.log(2 * math.pi) + math.log(NOISE) + math.log(math.hypot(b, NOISE))
        return torch.logsumexp(log_weight - (first.square() + second.square()) / 2, -1) - scales

    return log_prob


def petals() -> GaussianMixture:
    """Five overlapping Gaussians on a circle, their weights from 0.1 to 0.3."""
    angles = [2 * math.pi * k / 5 for k in range(5)]
    centres = [(1.2 * math.cos(t), 1.2 * math.sin(t)) for t in angles]
    return GaussianMixture([0.1, 0.15, 0.2, 0.25, 0.3], centres, 0.45)


PAIR = GaussianMixture([0.3, 0.7], [-1.2, 1.2], 0.6)
APART = GaussianMixture([0.2, 0.8], [-4.0, 4.0], 0.5)
TARGETS = {
    "pair": Target(PAIR, Grid(-8.0, 8.0, 800), noised_mixture(PAIR)),
    "petals": Target(petals(), Grid((-6.0, -6.0), (6.0, 6.0), 120), noised_mixture(petals())),
    "banana": Target(Banana(), Grid((-6.0, -5.0), (6.0, 18.0), 184), noised_banana(Banana())),
}


def persistent(dim: int, rng: torch.Generator, sampler: Any = mala) -> Method:
    buffer = ReplayBuffer(CHAINS, normal(dim), rng)
    return ContrastiveDivergence(MOVES, LENGTH, start=buffer, sampler=sampler)


def short(dim: int, rng: torch.Generator) -> Method:
    return ContrastiveDivergence(1, LENGTH, sampler=mala)


class Way(NamedTuple):
    """A method by its name, its maker, and whether it sees noised samples."""

    name: str
    make: Callable[[int, torch.Generator], Method]
    noised: bool = False


WAYS = (
    Way("persistent CD", persistent),
    Way("score matching", lambda dim, rng: score_matching),
    Way("denoising", lambda dim, rng: partial(denoising, scale=NOISE), noised=True),
)


def fit(toy: Toy, way: Way, options: Options, name: str, scale: float = 2.0) -> EBM:
    """The energy-based model of `toy`, trained."""
    torch.manual_seed(options.seed)
    energy = Confined(MLP(toy.dim, None, (64, 64)), scale)
    method = way.make(toy.dim, torch.Generator().manual_seed(options.seed))
    ebm = EBM(energy, toy.sample, method, optimizer=partial(Adam, lr=3e-3))
    train(ebm, options.steps, seed=options.seed, fabric=options.device, decay=cosine,
          folder=options.checkpoints(f"{name}, {way.name}"))  # fmt: skip
    return ebm


def scores(log_p: Density, x: Tensor) -> Tensor:
    """grad log p, (n, dim)."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad(log_p(x).sum(), x)[0]


def fisher(log_p: Density, log_q: Density | None, grid: Grid) -> Integral:
    """E_P |grad log p - grad log q|^2 by quadrature; without q, Fisher's information E_P |grad log p|^2."""
    difference = scores(log_p, grid.points)
    if log_q is not None:
        difference = difference - scores(log_q, grid.points)
    p = grid.evaluate(log_p).exp()
    # Where p underflows to 0 its slope may be no number; such points carry no mass.
    return grid.integral(torch.where(p > 0, p * difference.square().sum(1), 0.0))


class Learned(NamedTuple):
    """A trained model's rows, its line in the table, and its density."""

    rows: list[Row]
    line: dict[str, Any]
    density: LogDensity


def learn(name: str, way: Way, options: Options) -> Learned:
    target = TARGETS[name]
    density = normalised(fit(target.toy, way, options, name).energy, target.grid)
    kl = kl_by_quadrature(target.toy.log_prob, density, target.grid)
    own, gap = kl.value, 0.0
    rows = [Row(f"KL(p||model), {name}, {way.name}", 0.0, kl.value, ALLOWED)]
    if way.noised:
        own = kl_by_quadrature(target.noised, density, target.grid).value
        gap = kl_by_quadrature(target.toy.log_prob, target.noised, target.grid).value
        rows.insert(0, Row(f"KL(noised p||model), {name}, {way.name}", 0.0, own, ALLOWED))
    rng = torch.Generator().manual_seed(options.seed + 1)
    x = target.toy.sample(20_000, rng, dtype=torch.float64)
    with torch.no_grad():
        off = log_ratio_rmse(density(x), target.toy.log_prob(x), up_to_constant=True)
    line = {
        "target": name,
        "method": way.name,
        "KL(p||model)": kl.value,
        "error of KL": kl.error,
        "KL(what it is taught||model)": own,
        "KL(p||what it is taught)": gap,
        "rmse of -E - log p": off,
        "log Z": density.log_partition.value,
        "error of log Z": density.log_partition.error,
        "largest log density on the box's faces": on_faces(density, target.grid),
    }
    return Learned(rows, line, density)


def on_faces(density: Density, grid: Grid) -> float:
    """How much the quadrature may have cut off: the largest log density on the box's boundary."""
    x = grid.points
    faces = (x == x.new_tensor(grid.lower)) | (x == x.new_tensor(grid.upper))
    return float(density(x[faces.any(1)]).max())


def denoiser_row(density: LogDensity, options: Options, n: int) -> Row:
    """The squared error of x + s^2 grad log model(x) on noised samples, beside the least possible."""
    target = TARGETS["pair"]
    rng = torch.Generator().manual_seed(options.seed + 2)
    clean = target.toy.sample(n, rng, dtype=torch.float64)
    x = clean + NOISE * torch.randn(clean.shape, generator=rng, dtype=torch.float64)
    errors = (x + NOISE**2 * scores(density, x) - clean).square().sum(1)
    found = estimate(errors)
    least = NOISE**2 - NOISE**4 * fisher(target.noised, None, target.grid).value
    return Row("squared error of the denoiser, pair", least, found.mean, 4 * found.standard_error)


def blind_spot(options: Options) -> tuple[list[Row], list[str]]:
    """Score matching between modes far apart: informative rows."""
    grid = Grid(-12.0, 12.0, 2400)
    log_p = APART.log_prob
    even = GaussianMixture([0.5, 0.5], APART.means, APART.scales).log_prob
    density = normalised(fit(APART, WAYS[1], options, "apart", scale=4.0).energy, grid)
    q = grid.evaluate(density).exp()
    left = grid.integral(torch.where(grid.points[:, 0] < 0, q, 0.0)).value
    rows = [
        Row("modes apart: Fisher divergence of weights 1/2, 1/2 from 0.2, 0.8", 0.0,
            fisher(log_p, even, grid).value, 1e-6),
        Row("modes apart: KL between the same two", math.log(2) + 0.2 * math.log(0.2) + 0.8 * math.log(0.8),
            kl_by_quadrature(log_p, even, grid).value, 1e-6),
        Row("modes apart: Fisher divergence of the model", 0.0, fisher(log_p, density, grid).value),
        Row("modes apart: the model's mass on the left", 0.2, left),
        Row("modes apart: KL(p||model)", 0.0, kl_by_quadrature(log_p, density, grid).value),
    ]  # fmt: skip
    note = (
        "Modes apart: score matching learns the slope of log p on either side, and the weights not at all: the two "
        f"weightings differ by a Fisher divergence of {rows[0].measured:.1g}, so nothing in the data tells which it is."
    )
    return rows, [note]


def biased_chains(options: Options) -> tuple[list[Row], list[dict[str, Any]]]:
    """What contrastive divergence learns on the pair when its chains are biased: unadjusted, or stopped early."""
    grid, log_p, lines, rows = TARGETS["pair"].grid, PAIR.log_prob, [], []
    unadjusted = Way("persistent CD, unadjusted", partial(persistent, sampler=langevin))
    for way in (unadjusted, Way("CD-1", short)):
        density = normalised(fit(PAIR, way, options, "pair").energy, grid)
        law = Kernel(density.energy, grid, LENGTH).stationary()
        p = grid.evaluate(log_p).exp()
        to_law = float(torch.where(p > 0, p * (p.log() - law.log()), 0.0) @ grid_weights(grid))
        kl = kl_by_quadrature(log_p, density, grid).value
        lines.append(
            {"method": way.name, "KL(p||model)": kl, "KL(p||unadjusted chains' law)": to_law}
        )
        if way is unadjusted:
            name = "persistent CD, unadjusted: KL(p||its chains' law), at most KL(p||model)"
            rows.append(Row(name, kl, to_law, 0.0, "<="))
    return rows, lines


def grid_weights(grid: Grid) -> Tensor:
    weights = torch.full((grid.n + 1,), grid.steps[0], dtype=torch.float64)
    weights[[0, -1]] /= 2
    return weights


def run(options: Options) -> Report:
    rng = torch.Generator().manual_seed(options.seed)
    n = 20_000 if options.quick else 200_000
    variances, seen = variance_rows(n, rng)
    gradients, biases = gradient_rows(PAIR, n // 4, options.seed, rng)
    learned = {(name, way.name): learn(name, way, options) for name in TARGETS for way in WAYS}
    blind, notes = blind_spot(options)
    biased, chains = biased_chains(options)
    rows = [row for each in learned.values() for row in each.rows]
    rows.append(denoiser_row(learned["pair", "denoising"].density, options, n))
    rows += [*biased, *gradients, *variances, *blind]
    notes.append(
        "Denoising learns the noised law: beside KL(p||model) stand what it missed of that law, and KL(p||noised p), "
        "which is what the noise itself costs."
    )
    tables = {
        "Learned energies, by quadrature (nats)": [each.line for each in learned.values()],
        "Biased chains on the pair (nats)": chains,
        "Bias of CD-k at a fixed energy, by quadrature": biases,
        f"Variance of {n} Langevin chains on N(0, 1)": seen,
    }
    drawn, alt = picture({key: each.density for key, each in learned.items()}, seen, learned)
    return Report(rows, alt, notes, tables, drawn)


def picture(
    densities: dict[tuple[str, str], LogDensity],
    seen: list[dict[str, Any]],
    learned: dict[tuple[str, str], Learned],
) -> tuple[Any, str]:
    made, ((line, bias, clean), (plain, bent, close)) = figure(3, 2, height=2.7)
    grid = Grid(-4.0, 4.0, 400)
    x = grid.points[:, 0]
    line.plot(x, grid.evaluate(PAIR.log_prob).exp(), "k", lw=3, alpha=0.3, label="truth")
    for way, style in zip(WAYS, ("C0-", "C1--", "C2:"), strict=True):
        line.plot(
            x, grid.evaluate(densities["pair", way.name]).exp(), style, lw=1.2, label=way.name
        )
    line.set_title("pair: density", fontsize=9)
    line.set_ylim(0, 0.72)
    line.legend(fontsize=6.5, loc="upper left", frameon=False)

    steps = torch.linspace(0.01, 1.6, 100).tolist()
    bias.plot(steps, [gaussian_variance(e) for e in steps], "k", lw=1, label="1/(1 - step/2)")
    bias.plot(STEPS, [each["unadjusted"] for each in seen], "C3o", ms=4, label="unadjusted")
    bias.plot(STEPS, [each["MALA"] for each in seen], "C0s", ms=4, label="adjusted")
    bias.axhline(1, color="k", lw=0.5)
    bias.set_title("Langevin's variance on N(0, 1)", fontsize=9)
    bias.set_xlabel("step", fontsize=8)
    bias.legend(fontsize=6.5, frameon=False)

    small = {
        "petals": Grid((-2.6, -2.6), (2.6, 2.6), 130),
        "banana": Grid((-3.0, -1.8), (3.0, 4.2), 130),
    }
    ways = {"petals": "persistent CD", "banana": "score matching"}
    panels = ((clean, "petals", None), (close, "petals", ways["petals"]),
              (plain, "banana", None), (bent, "banana", ways["banana"]))  # fmt: skip
    for axes, name, way in panels:
        heat(
            axes,
            name,
            small[name],
            TARGETS[name].toy.log_prob if way is None else densities[name, way],
        )
        axes.set_title(f"{name}: " + ("truth" if way is None else f"by {way}"), fontsize=9)
    for axes in made.axes:
        axes.tick_params(labelsize=7)

    kls = [each.line["KL(p||model)"] for each in learned.values()]
    last = seen[-1]
    alt = (
        "Six panels. The density of a mixture of two Gaussians, the three learned ones on top of it. The variance of "
        "unadjusted Langevin on N(0, 1), dots on the curve 1/(1 - step/2), from "
        f"{seen[0]['unadjusted']:.3f} at a step of {seen[0]['step']} to {last['unadjusted']:.2f} at {last['step']}; "
        "adjusted chains stay at 1. Heat maps of five petals and of a banana, the truth beside the learned density. "
        f"KL(p||model) lies between {min(kls):.2g} and {max(kls):.2g} nats over all nine."
    )
    return made, alt


def heat(axes: Any, name: str, grid: Grid, density: Density) -> None:
    side = grid.n + 1
    values = grid.evaluate(density).exp().reshape(side, side)
    top = float(grid.evaluate(TARGETS[name].toy.log_prob).exp().max())
    levels = [top * k / 9 for k in range(10)]
    axes.contourf(*axis(grid), values.T.numpy(), levels=levels, cmap="Blues", extend="max")


def axis(grid: Grid) -> list[Any]:
    """The coordinates along each axis of a plane grid."""
    sides = zip(grid.lower, grid.upper, strict=True)
    return [torch.linspace(a, b, grid.n + 1, dtype=torch.float64).numpy() for a, b in sides]


def main(arguments: list[str] | None = None) -> Report:
    return experiment("ebm", TITLE, run, steps=3000, quick_steps=50, arguments=arguments)


if __name__ == "__main__":
    main()
