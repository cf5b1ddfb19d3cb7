"""Which GAN losses find all eight modes of a ring of Gaussians, and how well they fill them?

P has eight Gaussians of scale 0.02 on a circle of radius 2; each loss trains the same networks from the same seed. At
equilibrium every one of these games has Q = P, but nothing says that gradient descent arrives there: a generator that
has dropped a mode gets no gradient from it. Three numbers are measured on fresh samples:

    modes found         a mode counts when it holds a tenth of its fair share; theory: 8
    high quality        share within 3 scales of a centre; of P itself r^2/scale^2 is chi^2 of two degrees of freedom,
                        so 1 - e^(-9/2) = 0.9889
    JS(P, Q)            through 256 cells of equal mass; theory 0, up to what sampling adds (the floor, in the table)

Losses of the same divergence may end differently: theory orders the equilibria, not the ways there. "+r1" adds
Mescheder's zero-centred penalty on P, weight 0.1/2; the Wasserstein critic has the gradient penalty, weight 0.1.

Only the rows with an allowed difference are claims: the logarithmic losses with R1 and WGAN-GP must find all modes.
The others show what happens, collapse included. A training that diverges is reported as such, its numbers as nan.

Sources: Goodfellow et al., Generative adversarial nets (2014); Metz et al., Unrolled generative adversarial networks
(2017), for the ring; Mescheder, Geiger and Nowozin, Which training methods for GANs do actually converge? (2018).

    python examples/mode_coverage.py [--loss NAME ...] [--quick] [--out DIR]
"""

from __future__ import annotations

import argparse
import difflib
import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from _experiment import Options, Report, Row, figure
from _experiment import main as experiment
from torch import Tensor, nn
from torch.optim import Adam

from models.estimator import Penalty
from models.gan import GAN, normal
from models.losses import loss
from models.metrics import binned_js, mode_cells, mode_coverage
from models.nets import MLP
from models.penalties import between_samples, gradient_penalty, r1
from models.toy import ring_of_gaussians
from models.train import Diverged, linear, train

TITLE = "GAN losses on a ring of eight Gaussians"
MODES, LATENT, WIDTH, BATCH, SAMPLES = 8, 8, 128, 256, 20_000
RING = ring_of_gaussians(MODES)
WITHIN = 3.0
HIGH_QUALITY = -math.expm1(-(WITHIN**2) / 2)


def on_segments(critic: nn.Module, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    return 0.1 * gradient_penalty(critic, between_samples(real, fake, rng))


def on_data(critic: nn.Module, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    return 0.1 * r1(critic, real)


@dataclass(frozen=True)
class Game:
    """One way to train; `share` is its part of the steps, for a game whose steps hold more turns of the critic."""

    loss: str
    penalty: Penalty | None = None
    critic_steps: int = 1
    share: float = 1.0
    must_cover: bool = False


GAMES = {
    "minimax": Game("minimax"),
    "minimax+r1": Game("minimax", on_data, must_cover=True),
    "non_saturating": Game("non_saturating"),
    "non_saturating+r1": Game("non_saturating", on_data, must_cover=True),
    "least_squares": Game("least_squares"),
    "hinge": Game("hinge"),
    "wasserstein+gp": Game("wasserstein", on_segments, 5, 2 / 3, must_cover=True),
    "kl": Game("kl"),
    "jensen_shannon": Game("jensen_shannon"),
}


def game(name: str) -> Game:
    if name in GAMES:
        return GAMES[name]
    near = difflib.get_close_matches(name, GAMES, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(GAMES)}"
    raise ValueError(f"no game here is called {name!r}; {hint}")


def built(chosen: Game) -> GAN:
    """A GAN of two perceptrons; the critic is smooth where a penalty looks at its gradient."""
    smooth = chosen.penalty is not None
    adam = partial(Adam, lr=1e-3, betas=(0.5, 0.99))
    return GAN(
        MLP(LATENT, 2, (WIDTH, WIDTH), nn.ReLU),
        MLP(2, None, (WIDTH, WIDTH), nn.SiLU if smooth else partial(nn.LeakyReLU, 0.2)),
        RING.sample,
        normal(LATENT),
        loss(chosen.loss),
        batch=BATCH,
        critic_steps=chosen.critic_steps,
        penalty=chosen.penalty,
        average=0.99,
        critic_optimizer=adam,
        generator_optimizer=adam,
    )


def learned(name: str, options: Options) -> Tensor:
    """Samples of the trained generator, (SAMPLES, 2); raises Diverged."""
    chosen = game(name)
    torch.manual_seed(options.seed)
    gan = built(chosen)
    train(
        gan,
        max(1, round(chosen.share * options.steps)),
        seed=options.seed,
        folder=options.checkpoints(name),
        fabric=options.device,
        decay=linear,
        log_every=500,
    )
    device = next(gan.parameters()).device
    rng = torch.Generator(device).manual_seed(options.seed)
    return gan.sample(SAMPLES, rng).cpu()


def rows(name: str, x: Tensor | None) -> list[Row]:
    measured = (math.nan,) * 3
    if x is not None:
        coverage = mode_coverage(x, torch.tensor(RING.means), RING.scales[0], WITHIN)
        js = binned_js(*mode_cells(x, RING)).value
        measured = (coverage.found, coverage.high_quality, js)
    return [
        Row(f"{name}: modes found", MODES, measured[0], 0.0 if game(name).must_cover else None),
        Row(f"{name}: high quality", HIGH_QUALITY, measured[1]),
        Row(f"{name}: JS", 0.0, measured[2]),
    ]


def picture(samples: dict[str, Tensor | None]) -> Any:
    columns = min(5, len(samples))
    lines = math.ceil(len(samples) / columns)
    made, axes = figure(columns, lines, height=1.9)
    for axis in (panels := [axes] if len(samples) == 1 else list(axes.flat)):
        axis.axis("off")
    centres = torch.tensor(RING.means)
    for axis, (name, x) in zip(panels, samples.items(), strict=False):
        axis.scatter(*centres.T, s=60, facecolors="none", edgecolors="0.7", linewidths=0.8)
        if x is None:
            axis.text(0, 0, "diverged", ha="center", va="center", fontsize=9)
        else:
            axis.scatter(*x[:800].T, s=0.6, color="C0", linewidths=0)
        axis.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal")
        axis.set_title(name, fontsize=8)
    return made


def run(options: Options) -> Report:
    names = list(dict.fromkeys(options.extra.loss or GAMES))
    for name in names:
        game(name)
    samples: dict[str, Tensor | None] = {}
    notes = []
    for name in names:
        try:
            samples[name] = learned(name, options)
        except Diverged as error:
            samples[name] = None
            notes.append(f"{name} diverged: {error}")
    truth = RING.sample(SAMPLES, torch.Generator().manual_seed(options.seed))
    of_truth = rows("minimax", truth)
    floor = binned_js(*mode_cells(truth, RING)).bias
    found = {name: rows(name, x) for name, x in samples.items()}
    short = [n for n, lines in found.items() if not lines[0].measured == MODES]
    if short:
        notes.append(f"not all modes: {', '.join(short)}. A dropped mode pulls at no sample.")
    notes.append(f"Samples of P itself would show JS {floor:.2g} on average: the sampling floor.")
    said = "; ".join(
        f"{n} {lines[0].measured:.0f} modes, {lines[1].measured:.0%} of high quality"
        for n, lines in found.items()
    )
    return Report(
        [row for lines in found.values() for row in lines],
        alt=f"Scatter plots of the samples over the ring's eight centres, one a loss: {said}.",
        notes=notes,
        tables={
            "the same measured on samples of P": [
                {
                    "modes found": of_truth[0].measured,
                    "high quality": of_truth[1].measured,
                    "JS": of_truth[2].measured,
                    "JS expected": floor,
                }
            ]
        },
        figure=picture(samples),
    )


def main(arguments: list[str] | None = None) -> Report:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--loss", action="append", metavar="NAME", help=f"of {', '.join(GAMES)}; repeatable"
        )

    return experiment(
        "mode_coverage", TITLE, run, steps=4000, quick_steps=300, arguments=arguments, add=add
    )


if __name__ == "__main__":
    main()
