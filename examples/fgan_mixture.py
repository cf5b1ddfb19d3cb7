"""Adversarial training finds, for each f, the Gaussian that is nearest to a mixture in the sense of D_f.

P = 0.33 N(-1, 0.065) + 0.67 N(2, 2), the second numbers being variances; the generator is x = m + s z, so that
Q = N(m, s^2). No Q equals P, and which one is nearest depends on f: KL(P||Q) spreads over both humps and matches mean
and variance, KL(Q||P) leaves the narrow hump aside. f-GAN learns m and s from samples alone; beside them stand the
exact optima, found by quadrature and root finding in `mixture_fit`.

The game is f-GAN's own, the generator descends -E f*(T). At the best critic, v = log p/q, that is the gradient of D_f
(the critic's own change does not count, to first order), and it needs the slope of v where Q has samples:

    -d/dtheta E f*(g(v(G(z)))) = -E [f*(g(v))' v'(x) dx/dtheta],      (f*(g(v)))' = e^(2v) f''(e^v),

which is p/q for KL and 2 (p/q)^2 for Pearson, so q must have heavier tails than p on the way: Pearson's divergence is
infinite unless 2 s^2 > 2, the larger variance of P. Training starts at a wide Q, from a critic that is almost flat
and may grow quadratically like log p/q does, and moves the critic five times for the generator's once.

Source: Nowozin, Cseke and Tomioka, f-GAN: training generative neural samplers using variational divergence
minimization (2016), section 2.4 and table 2.

    python examples/fgan_mixture.py [--divergence NAME ...] [--quick] [--out DIR]
"""

from __future__ import annotations

import argparse
import difflib
import math
from functools import partial
from typing import Any

import mixture_fit
import numpy as np
import torch
from _experiment import Options, Report, Row, figure
from _experiment import main as experiment
from scipy import stats
from torch.optim import Adam

from models.fgan import FGAN, LocationScale, LogRatio
from models.gan import normal
from models.toy import GaussianMixture
from models.train import cosine, train

TITLE = "f-GAN: the nearest Gaussian to a mixture, learned for five divergences"
START = (0.0, 2.5)  # m, s: wide, so that every one of the divergences is finite
TOLERANCE = 0.05
P = GaussianMixture(
    mixture_fit.WEIGHTS, mixture_fit.MEANS, [math.sqrt(v) for v in mixture_fit.VARIANCES]
)


def chosen(names: list[str] | None) -> list[str]:
    for name in names or []:
        if name not in mixture_fit.NAMES:
            near = difflib.get_close_matches(name, mixture_fit.NAMES, n=3)
            hint = " or ".join(near) if near else ", ".join(mixture_fit.NAMES)
            raise ValueError(f"`--divergence` {name!r} is not among the five; {hint}?")
    return list(dict.fromkeys(names or mixture_fit.NAMES))


def built(name: str) -> FGAN:
    return FGAN(
        name,
        LocationScale(*START),
        LogRatio(1.0, 2.0),
        P.sample,
        normal(1),
        batch=1024,
        critic_steps=5,
        average=0.99,
        critic_optimizer=partial(Adam, lr=1e-2, betas=(0.5, 0.99)),
        generator_optimizer=partial(Adam, lr=5e-3, betas=(0.5, 0.99)),
        exact=partial(exact, name),
    )


def exact(name: str, generator: torch.nn.Module) -> float:
    """D_f(P||Q) of a location-scale generator, on the quadrature grid."""
    assert isinstance(generator, LocationScale)
    theta = np.array([generator.m.item(), generator.log_s.item()])
    return mixture_fit.target(name, theta)


def learned(name: str, options: Options) -> tuple[float, float, float]:
    """m and s after training, and the divergence that the critic shows on fresh samples."""
    torch.manual_seed(options.seed)
    game = built(name)
    train(
        game,
        options.steps,
        seed=options.seed,
        folder=options.checkpoints(name),
        fabric=options.device,
        decay=cosine,
    )
    q = game.learned
    assert isinstance(q, LocationScale)
    rng = torch.Generator(q.m.device).manual_seed(options.seed)
    with torch.no_grad():
        on_p, on_q = (game.critic(draw(100_000, rng)) for draw in (P.sample, game.sample))
        shown = game.row.estimate(on_p, on_q).item()
    return q.m.item(), q.s.item(), shown


def rows(name: str, best: mixture_fit.Fit, m: float, s: float, shown: float) -> list[Row]:
    """D at the learned m and s can only lie above the optimum; the critic's bound is free to err either way."""
    at, error = mixture_fit.divergence(name, m, s)
    return [
        Row(f"{name}: m", best.m, m, TOLERANCE),
        Row(f"{name}: s", best.s, s, TOLERANCE),
        Row(f"{name}: D at the learned", best.value, at, best.error + error, ">="),
        Row(f"{name}: D shown by the critic", best.value, shown),
    ]


def picture(best: dict[str, mixture_fit.Fit], found: dict[str, tuple[float, ...]]) -> Any:
    made, (left, right) = figure(2)
    x = np.linspace(-5, 8, 600)
    left.fill_between(x, np.exp(mixture_fit.log_p(x)), color="0.85", label="P")
    for i, (name, fit) in enumerate(best.items()):
        m, s = found[name][:2]
        left.plot(x, stats.norm.pdf(x, m, s), color=f"C{i}", lw=1.2, label=name)
        right.plot(fit.m, fit.s, "o", mfc="none", ms=9, color=f"C{i}")
        right.plot(m, s, "x", color=f"C{i}", label=name)
    left.set(xlabel="x", title="P and the learned Q")
    right.set(xlabel="m", ylabel="s", title="learned (x) and exact (o) optimum")
    left.legend(fontsize=7)
    right.legend(fontsize=7)
    return made


def run(options: Options) -> Report:
    names = chosen(options.extra.divergence)
    starts = mixture_fit.STARTS[:2]
    best = {name: mixture_fit.fits(name, starts)[0] for name in names}
    found = {name: learned(name, options) for name in names}
    cross = [
        {"learned for": row}
        | {name: mixture_fit.divergence(name, *found[row][:2])[0] for name in names}
        for row in names
    ]
    inverted = [
        f"{name} ({row}'s Q is nearer by {own[name] - line[name]:.1e})"
        for name, own in zip(names, cross, strict=True)
        for row, line in zip(names, cross, strict=True)
        if line[name] < own[name]
    ]
    said = "; ".join(f"{n} m {found[n][0]:.2f}, s {found[n][1]:.2f}" for n in names)
    return Report(
        [row for name in names for row in rows(name, best[name], *found[name])],
        alt="Left: the mixture P, a narrow hump at -1 and a wide one at 2, and the learned Gaussians. "
        f"Right: learned crosses on the circles of the exact optima: {said}.",
        notes=[
            "In the cross table each column is least at its own row"
            + (f", except for {', '.join(inverted)}." if inverted else ".")
        ],
        tables={"D (column) at the Gaussian learned for (row), exact": cross},
        figure=picture(best, found),
    )


def main(arguments: list[str] | None = None) -> Report:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--divergence",
            action="append",
            metavar="NAME",
            help=f"of {', '.join(mixture_fit.NAMES)}; repeatable",
        )

    return experiment(
        "fgan_mixture", TITLE, run, steps=2500, quick_steps=200, arguments=arguments, add=add
    )


if __name__ == "__main__":
    main()
