"""Every f-divergence of the catalogue, read off a trained critic, beside the exact number.

For a convex f with f* its conjugate, D_f(P||Q) >= E_P T - E_Q f*(T) for every critic T, tight at T = f'(p/q). With
T = f'(e^v) the best raw output v is log p/q for every differentiable f, so that each training is checked twice: the
bound against the divergence, and v against log p/q. The bound's error is of second order in v's.

P = N(0, 1) and Q = N(0.8, 1.03^2), in 1-D, and in 10-D as one coordinate of ten, the others N(0, 1) under both, seen
in a basis none of whose axes shows it. The nine equal factors leave p/q, and with it every divergence, as it is
(tensorisation), so that the 1-D numbers are exact in 10-D. The scales differ, so log p/q is no affine function; but by
little: chi-squared losses average (p/q)^2 under Q or (q/p)^2 under P, and the variance of these averages and of their
gradients is finite only for 3/4 < s_P^2/s_Q^2 < 4/3.

A bound within 2% means 2% of D_f - f(1), what there is to find: the row `gan` is 2 JS - log 4, of which the constant
comes free. A piecewise linear f (total variation, hockey stick) has a step for its best critic, f' says only on which
side of the kink p/q lies. Such a row is trained with the smooth critic, T running through dom f* along a sigmoid of
v. Its best v is +-infinity, so no log p/q is asked of it, and its bound stays a little below the step's.

Sources: Nguyen, Wainwright and Jordan, Estimating divergence functionals and the likelihood ratio by convex risk
minimization (2010), lemma 1; Nowozin, Cseke and Tomioka, f-GAN (2016), eq. (4).

    python examples/divergence_estimation.py [--quick] [--seed N] [--out DIR] [--divergence NAME]...
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from _experiment import Options, Report, Row, figure
from _experiment import main as experiment
from scipy import stats
from torch import Tensor, nn
from torch.optim import Adam

import divergences as dv
from models.estimator import Estimator
from models.losses import Loss, f_loss
from models.nets import MLP
from models.train import cosine, train

TITLE = "Every f-divergence of the catalogue from a trained critic, between two Gaussians"

MEAN, SCALE = 0.8, 1.03  # of Q
REACH = 10.0  # beyond, p^2/q and q^2/p are below 1e-11
DIMENSIONS = (1, 10)
PARAMETERS = {
    "jensen_shannon_weighted": ("0.3",),
    "alpha": ("-0.5", "0.5", "1.5"),
    "hockey_stick": ("1.25", "2"),
}

QUICK = ("total_variation", "kl", "jensen_shannon")

WIDTHS = {1: (32, 32), 10: (64, 64)}
BATCHES = {1: 1024, 10: 2048}
RATE, RATE_OF_STEPS = 5e-3, 2e-2  # a step's sigmoid grows steep only with large weights
BOUND, RMSE = 0.02, 0.1  # what is asked: relative, and in nats


@dataclass(frozen=True)
class Pair:
    """P and Q in `dim` dimensions: they differ along one direction, the first column of `basis`."""

    dim: int

    @property
    def basis(self) -> Tensor:
        """An orthogonal matrix whose first column is +-(1, ..., 1)/sqrt(dim)."""
        columns = torch.eye(self.dim, dtype=torch.float64)
        columns[:, 0] = 1
        return torch.linalg.qr(columns).Q

    def place(self, z: Tensor, under_q: bool) -> Tensor:
        """Standard normal z, (n, dim), made samples of P or Q."""
        if under_q:
            z = torch.cat([MEAN + SCALE * z[:, :1], z[:, 1:]], dim=1)
        return z @ self.basis.T.to(z)

    def p(self, n: int, rng: torch.Generator) -> Tensor:
        return self.place(torch.randn(n, self.dim, generator=rng, device=rng.device), False)

    def q(self, n: int, rng: torch.Generator) -> Tensor:
        return self.place(torch.randn(n, self.dim, generator=rng, device=rng.device), True)

    def log_ratio(self, x: Tensor) -> Tensor:
        """log p/q at x, (n, dim) -> (n,)."""
        t = x @ self.basis[:, 0].to(x)
        return ((t - MEAN) ** 2 / SCALE**2 - t**2) / 2 + math.log(SCALE)

    def densities(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """p and q of the telling coordinate, in which alone they differ."""
        z = (t - MEAN) / SCALE
        norm = math.sqrt(2 * math.pi)
        return (-t.square() / 2).exp() / norm, (-z.square() / 2).exp() / (SCALE * norm)


@dataclass(frozen=True)
class Measured:
    """A critic on fresh samples: the bound and its standard error, and v's distance from log p/q under P."""

    bound: float
    error: float
    rmse: float


@torch.no_grad()
def measure(
    critic: nn.Module, loss: Loss, pair: Pair, rng: torch.Generator, n: int = 2**14, parts: int = 8
) -> Measured:
    """The bound and the RMSE, each the mean of `parts` unbiased values, of n new points each.

    The telling coordinate runs over a jittered grid, weighted by p and by q, so that the far tails, which rule the
    chi-squared bounds, are seen as well as the middle; the others are random. In 1-D this is a quadrature.
    """
    width = 2 * REACH / n
    bounds, squares = [], []
    for _ in range(parts):
        steps = torch.arange(n, dtype=torch.float64)
        t = -REACH + width * (steps + torch.rand(n, generator=rng, dtype=torch.float64))
        others = torch.randn(n, pair.dim - 1, generator=rng, dtype=torch.float64)
        x = torch.cat([t[:, None], others], dim=1) @ pair.basis.T
        v = critic(x.float()).double()
        on_p, on_q = (width * density for density in pair.densities(t))
        value = (on_p * loss.real(v)).sum() + (on_q * loss.fake(v)).sum()
        bounds.append((loss.ceiling - value) / loss.factor)
        squares.append((on_p * (v - pair.log_ratio(x)).square()).sum())
    found = torch.stack(bounds)
    rmse = torch.stack(squares).mean().sqrt()
    return Measured(float(found.mean()), float(found.std()) / math.sqrt(parts), float(rmse))


def catalogue() -> list[str]:
    """Every row by name, a family by a few of its members."""
    names = []
    for name in dv.catalogue:
        row = dv.catalogue[name]
        if isinstance(row, dv.FDivergence):
            names.append(name)
        else:
            names += [f"{name}({value})" for value in PARAMETERS.get(name, (row.example,))]
    return names


@dataclass(frozen=True)
class Problem:
    """One divergence to be estimated in one dimension."""

    name: str
    dim: int

    @property
    def f(self) -> dv.FDivergence:
        return dv.FDivergence(self.name)

    @property
    def stepped(self) -> bool:
        return self.f.second_derivative == 0

    @property
    def loss(self) -> Loss:
        return f_loss(self.name, activation="smooth" if self.stepped else "canonical")

    @property
    def exact(self) -> float:
        value = dv.between(stats.norm(0, 1), stats.norm(MEAN, SCALE), self.f).value
        if not math.isfinite(value):
            raise ValueError(f"{self.name!r} is {value} between the two Gaussians")
        return value

    @property
    def at_stake(self) -> float:
        """D_f - f(1), what a critic that sees nothing (v = 0) does not get."""
        return self.exact - float(self.f.value_at_one)


def solve(problem: Problem, options: Options, number: int) -> tuple[Measured, nn.Module]:
    """Train a critic and measure it; `number` tells the problems' random streams apart."""
    pair, loss = Pair(problem.dim), problem.loss
    torch.manual_seed(options.seed * 1000 + number)
    critic = MLP(problem.dim, None, WIDTHS[problem.dim])
    rate = RATE_OF_STEPS if problem.stepped else RATE
    optimizer = partial(Adam, lr=rate, betas=(0.9, 0.99))
    estimator = Estimator(
        critic,
        pair.p,
        pair.q,
        loss,
        batch=BATCHES[problem.dim],
        optimizer=optimizer,
        exact=problem.exact,
    )
    train(
        estimator,
        options.steps,
        seed=options.seed * 1000 + number,
        folder=options.checkpoints(f"{problem.name}-{problem.dim}d"),
        fabric=options.device,
        decay=cosine,
        log_every=options.steps,
    )
    critic.cpu()
    rng = torch.Generator().manual_seed(options.seed * 1000 + number)
    return measure(critic, loss, pair, rng), critic


def run(options: Options) -> Report:
    names = getattr(options.extra, "divergence", None) or (QUICK if options.quick else catalogue())
    problems = [Problem(name, dim) for name in names for dim in DIMENSIONS]
    exact = [problem.exact for problem in problems]  # a bad name is refused before any training
    rows: list[Row] = []
    lines: list[dict[str, Any]] = []
    critics: dict[str, nn.Module] = {}
    for number, (problem, truth) in enumerate(zip(problems, exact, strict=True)):
        found, critic = solve(problem, options, number)
        label = f"{problem.name}, {problem.dim}-D"
        rows.append(Row(f"{label}: bound", truth, found.bound, BOUND * problem.at_stake))
        if not problem.stepped:
            rows.append(Row(f"{label}: RMSE of v", 0.0, found.rmse, RMSE, "<="))
        if problem.dim == 1:
            critics[problem.name] = critic
        lines.append(
            {
                "divergence": problem.name,
                "dimension": problem.dim,
                "exact": truth,
                "bound": found.bound,
                "shortfall in %": 100 * (truth - found.bound) / problem.at_stake,
                "standard error in %": 100 * found.error / problem.at_stake,
                "RMSE of v": "(a step)" if problem.stepped else found.rmse,
            }
        )
    notes = [
        "A bound's tolerance is 2% of D_f - f(1). Standard errors are those of the measurement: the direction in which "
        "P and Q differ is integrated over a grid, the nine others are sampled.",
        "Total variation and the hockey stick have no RMSE: their best critic is a step, which tells on which side of "
        "the kink p/q lies and no more.",
    ]
    picture, alt = drawn(lines, critics)
    return Report(rows, alt, notes, {"Bounds": lines}, picture)


def drawn(lines: list[dict[str, Any]], critics: dict[str, nn.Module]) -> tuple[Any, str]:
    """Left: each bound's shortfall. Right: what the 1-D critics say of log p/q."""
    names = list(dict.fromkeys(line["divergence"] for line in lines))
    picture, (left, right) = figure(2, height=max(3.4, 0.9 + 0.2 * len(names)))
    for dim, marker in zip(DIMENSIONS, "os", strict=True):
        mine = [line for line in lines if line["dimension"] == dim]
        left.errorbar(
            [line["shortfall in %"] for line in mine],
            [names.index(line["divergence"]) for line in mine],
            xerr=[2 * line["standard error in %"] for line in mine],
            fmt=marker,
            markersize=4,
            label=f"{dim}-D",
        )
    left.axvspan(-2, 2, color="0.9", zorder=0)
    left.axvline(0, color="0.5", linewidth=0.8)
    left.set_yticks(range(len(names)), names, fontsize=7)
    left.invert_yaxis()
    left.set_xlabel("exact minus bound, in % of what there is to find")
    left.legend(fontsize=8)
    pair = Pair(1)
    x = pair.basis[0, 0] * torch.linspace(-3, 3.5, 200, dtype=torch.float64)[:, None]
    t = (x @ pair.basis[:, :1]).flatten()
    for name, critic in critics.items():
        if not Problem(name, 1).stepped:
            with torch.no_grad():
                right.plot(t, critic(x.float()), linewidth=0.8, alpha=0.7)
    right.plot(t, pair.log_ratio(x), "k--", linewidth=1.5, label="log p/q")
    right.set_xlabel("x")
    right.set_ylabel("raw output v")
    right.legend(fontsize=8)
    worst = max(abs(line["shortfall in %"]) for line in lines)
    seen = [line["RMSE of v"] for line in lines if isinstance(line["RMSE of v"], float)]
    alt = (
        f"Left: for {len(names)} divergences the critic's bound in 1-D and 10-D lies within {worst:.2g}% of the exact "
        "value."
    )
    if seen:
        alt += (
            " Right: the raw outputs of the 1-D critics lie on one curve, log p/q, with a root mean square error of "
            f"at most {max(seen):.2g}."
        )
    return picture, alt


def flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--divergence",
        action="append",
        metavar="NAME",
        help="a row of the catalogue, or a convex expression in u; may be repeated (all rows; three with --quick)",
    )


def main(arguments: Iterable[str] | None = None) -> Report:
    return experiment(
        "divergence_estimation",
        TITLE,
        run,
        steps=1500,
        quick_steps=100,
        arguments=None if arguments is None else list(arguments),
        add=flags,
    )


if __name__ == "__main__":
    main()
