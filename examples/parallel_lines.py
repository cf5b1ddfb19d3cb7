"""Two parallel lines: what a GAN's critic and a Wasserstein critic see of the distance between them.

P_0 is the law of (0, U), P_theta that of (theta, U), U uniform on [0, 1]. For theta != 0 the lines are disjoint:
KL is infinite both ways, JS = log 2, TV = 1, whatever the distance. Only W1 = |theta| tells how far to go.

- The discriminator of a GAN reaches JS = log 2, and as it does so the gradient in theta of E log(1 - D(theta, U)),
  by which a generator would find its way, vanishes: -sigmoid(v) v' where v -> -infinity. The alternative -log D has
  the gradient -sigmoid(-v) v', which does not vanish but goes on growing with the critic's slope.
- A critic under the gradient penalty l E(|grad v| - 1)^2 maximises gap - penalty. Between the lines the best one is
  linear with slope k, at k |theta| - l (k - 1)^2 the best is k = 1 + |theta|/(2 l), and its gap is not W1 but
  |theta| + theta^2/(2 l). A one-sided penalty has the same optimum, k being above 1, and spectral normalisation errs
  to the other side, as layers of norm 1 need not reach slope 1 together. Hence the two-sided penalty, and the gap
  divided by the critic's measured Lipschitz constant on the convex hull of the lines, sup |grad v|: a lower bound on
  W1 for any critic, and W1 for the best. The generator's gradient, divided likewise, is sign(theta).
- Instance noise N(0, s^2 I) on both makes the laws overlap. JS is then that of N(0, s^2) and N(theta, s^2), about
  theta^2/(8 s^2) for small theta, and the gradient of the generator at the best critic is 2 dJS/dtheta.

Sources: Arjovsky, Chintala and Bottou, Wasserstein GAN (2017), example 1; Arjovsky and Bottou, Towards principled
methods for training generative adversarial networks (2017), sections 2 and 3; Gulrajani, Ahmed, Arjovsky, Dumoulin and
Courville, Improved training of Wasserstein GANs (2017), eq. (3).

    python examples/parallel_lines.py [--quick] [--steps N] [--seed N] [--out DIR]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from _experiment import Options, Report, Row, figure
from _experiment import main as experiment
from scipy import stats
from torch import Tensor, nn
from torch.optim import Adam

import divergences as dv
from models.estimator import Estimator
from models.losses import Loss, losses
from models.nets import MLP
from models.penalties import between_samples, gradient_norms, gradient_penalty, noisy
from models.toy import ParallelLines
from models.train import cosine, train

TITLE = "Parallel lines: JS saturates, W1 is the distance, noise makes JS smooth"

THETAS = (-1.0, -0.5, -0.1, -0.01, 0.0, 0.01, 0.1, 0.5, 1.0)
WATCHED = 0.5  # the theta of which the training is shown
NOISE = 0.25
NOISY_THETAS = (0.05, 0.075, 0.1, 0.125, 0.15, 0.25, 0.5, 1.0)
QUICK_THETAS, QUICK_NOISY_THETAS = (-0.5, 0.5), (0.1, 0.15, 0.5)
SMALL = 0.15  # up to here a parabola and its next term describe the noisy JS
PENALTY = 10.0
FRESH = 2**17

HALF_PERCENT, TWO_PERCENT, FIVE_PERCENT = 0.005, 0.02, 0.05


class Critic(Estimator):
    """A critic between P_0 and P_theta, blurred by N(0, noise^2 I); it measures also what a generator would feel."""

    def __init__(
        self, net: nn.Module, theta: float, loss: Loss, noise: float = 0.0, **settings: Any
    ) -> None:
        super().__init__(net, lines(0.0, noise), lines(theta, noise), loss, **settings)
        self.shift, self.noise = theta, noise

    def pairs(self, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """n samples of P_0, and the same moved to P_theta: with common draws the differences scatter less."""
        x = lines(0.0, self.noise)(n, rng)
        return x, x + x.new_tensor([self.shift, 0.0])

    @torch.no_grad()
    def value(self, n: int, rng: torch.Generator) -> float:
        """The divergence that the critic shows."""
        x, moved = self.pairs(n, rng)
        return float(self.row.estimate(self.critic(x).double(), self.critic(moved).double()))

    def gradient(self, n: int, rng: torch.Generator, generator: str | None = None) -> float:
        """d/dtheta of the generator's loss, the critic held; `generator` names another row's loss."""
        x, _ = self.pairs(n, rng)
        theta = x.new_tensor(self.shift).requires_grad_()
        moved = x + torch.stack([theta, theta.new_zeros(())])
        row = self.row if generator is None else losses[generator]
        (slope,) = torch.autograd.grad(row.generator(self.critic(moved)).mean(), theta)
        return float(slope)

    def lipschitz(self, n: int, rng: torch.Generator) -> float:
        """sup |grad critic| over n points of the lines' convex hull, half of them on the lines."""
        x, moved = self.pairs(n // 4, rng)
        other = self.pairs(n // 2, rng)
        points = torch.cat([x, moved, between_samples(*other, rng)])
        return float(gradient_norms(self.critic, points).detach().max())

    def measure(self, rng: torch.Generator) -> Mapping[str, float]:
        return {"estimate": self.value(4096, rng), "gradient": self.gradient(4096, rng)}


def lines(theta: float, noise: float = 0.0) -> Callable[[int, torch.Generator], Tensor]:
    """The sampler of P_theta, blurred."""
    law = ParallelLines(theta)
    return lambda n, rng: noisy(law.sample(n, rng), noise, rng)


def slope_one(critic: nn.Module, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    return PENALTY * gradient_penalty(critic, between_samples(real, fake, rng))


@dataclass(frozen=True)
class Kind:
    """How one family of critics is trained."""

    name: str
    loss: str
    activation: Callable[[], nn.Module]
    hidden: tuple[int, ...]
    rate: float
    batch: int
    noise: float = 0.0
    penalised: bool = False


GAN = Kind("gan", "minimax", nn.LeakyReLU, (64, 64), 1e-2, 256)
WASSERSTEIN = Kind("wasserstein", "wasserstein", nn.LeakyReLU, (64,), 1e-2, 1024, penalised=True)
NOISY = Kind("noisy", "minimax", nn.SiLU, (16, 16), 5e-3, 1024, noise=NOISE)


def trained(
    kind: Kind, theta: float, options: Options
) -> tuple[Critic, Sequence[Mapping[str, float]]]:
    seed = 10_000 * options.seed + round(
        1000 * (theta + 1)
    )  # so that no two trainings share their noise
    torch.manual_seed(seed)
    critic = Critic(
        MLP(2, None, kind.hidden, kind.activation),
        theta,
        losses[kind.loss],
        kind.noise,
        batch=kind.batch,
        penalty=slope_one if kind.penalised else None,
        optimizer=partial(Adam, lr=kind.rate, betas=(0.9, 0.99)),
    )
    found = train(
        critic,
        options.steps,
        seed=seed,
        folder=options.checkpoints(f"{kind.name}-{theta:g}"),
        fabric=options.device,
        decay=cosine,
        log_every=max(5, options.steps // 300) if theta == WATCHED else options.steps,
    )
    return critic.cpu(), found.history


def noisy_js(theta: float) -> float:
    return dv.between(stats.norm(0, NOISE), stats.norm(theta, NOISE), "jensen_shannon").value


def noisy_js_slope(theta: float) -> float:
    """d/dtheta of it, by a central difference, right to O(h^2)."""
    h = 1e-3 * NOISE
    return (noisy_js(theta + h) - noisy_js(theta - h)) / (2 * h)


def parabola(thetas: Sequence[float], values: Sequence[float]) -> float:
    """a of the fit a theta^2 + b theta^4, by least squares of value/theta^2 on theta^2."""
    t = np.asarray(thetas) ** 2
    return float(np.polyfit(t, np.asarray(values) / t, 1)[1])


def run(options: Options) -> Report:
    rng = torch.Generator().manual_seed(options.seed)
    rows: list[Row] = []
    table: list[dict[str, Any]] = []
    watched: dict[str, Sequence[Mapping[str, float]]] = {}
    for theta in QUICK_THETAS if options.quick else THETAS:
        law = ParallelLines(theta)
        gan, history = trained(GAN, theta, options)
        wasserstein, slopes = trained(WASSERSTEIN, theta, options)
        if theta == WATCHED:
            watched = {"gan": history, "wasserstein": slopes}
        js, gap = gan.value(FRESH, rng), wasserstein.value(FRESH, rng)
        lipschitz = wasserstein.lipschitz(FRESH, rng)
        vanishing, growing = (gan.gradient(FRESH, rng, g) for g in ("minimax", "non_saturating"))
        pull = wasserstein.gradient(FRESH, rng)
        at = f"theta = {theta:g}"
        rows += [
            Row(f"{at}: JS, trained", law.js, js, TWO_PERCENT * math.log(2)),
            Row(
                f"{at}: W1, gap / Lipschitz", abs(theta), gap / lipschitz, TWO_PERCENT * abs(theta)
            ),
        ]
        if theta:
            biased = abs(theta) + theta**2 / (2 * PENALTY)
            rows += [
                Row(f"{at}: gap as penalised", biased, gap, TWO_PERCENT * biased),
                Row(
                    f"{at}: d/dtheta, Wasserstein",
                    math.copysign(1, theta),
                    pull / lipschitz,
                    TWO_PERCENT,
                ),
                Row(f"{at}: d/dtheta, log(1 - D)", 0.0, vanishing, FIVE_PERCENT),
            ]
        table.append(
            {
                "theta": theta,
                "KL": law.kl,
                "TV": law.total_variation,
                "JS": law.js,
                "JS trained": js,
                "W1": law.wasserstein1,
                "gap": gap,
                "Lipschitz": lipschitz,
                "d log(1-D)": vanishing,
                "d -log D": growing,
                "d Wasserstein": pull,
            }
        )
    blurred: list[dict[str, Any]] = []
    for theta in QUICK_NOISY_THETAS if options.quick else NOISY_THETAS:
        critic, _ = trained(NOISY, theta, options)
        exact, slope = noisy_js(theta), noisy_js_slope(theta)
        blurred.append(
            {
                "theta": theta,
                "theta^2/(8 s^2)": theta**2 / (8 * NOISE**2),
                "JS": exact,
                "JS trained": critic.value(FRESH, rng),
                "2 dJS/dtheta": 2 * slope,
                "d log(1-D)": critic.gradient(FRESH, rng),
            }
        )
        last = blurred[-1]
        at = f"noise {NOISE:g}, theta = {theta:g}"
        rows.append(Row(f"{at}: JS", exact, last["JS trained"], TWO_PERCENT * exact))
        rows.append(Row(f"{at}: d/dtheta", 2 * slope, last["d log(1-D)"], FIVE_PERCENT * 2 * slope))
    small = [line for line in blurred if line["theta"] <= SMALL]
    ts = [line["theta"] for line in small]
    theory = 1 / (8 * NOISE**2)
    for name, key, share in (("exact", "JS", HALF_PERCENT), ("trained", "JS trained", TWO_PERCENT)):
        fit = parabola(ts, [line[key] for line in small])
        rows.append(Row(f"noise {NOISE:g}: 1/(8 s^2), {name} JS", theory, fit, share * theory))
    notes = [
        f"KL is infinite both ways for theta != 0. The penalty's weight is {PENALTY:g}, so the penalised gap is "
        "|theta| + theta^2/20; divided by the critic's Lipschitz constant it is W1.",
        "At theta = 0 there is nothing to tell apart, and any slope in [-1, 1] is a subgradient of |theta|.",
    ]
    picture, alt = drawn(table, blurred, watched)
    return Report(rows, alt, notes, {"Lines": table, f"Noise s = {NOISE:g}": blurred}, picture)


def drawn(
    table: list[dict[str, Any]],
    blurred: list[dict[str, Any]],
    watched: dict[str, Sequence[Mapping[str, float]]],
) -> tuple[Any, str]:
    """Exact curves and trained critics; the gradients while the critics train; JS under noise."""
    picture, (left, middle, right) = figure(3, width=9.0, height=3.2)
    thetas = [line["theta"] for line in table]
    fine = np.linspace(-1, 1, 201)
    left.plot(fine, np.abs(fine), "C0", label="W1 = |theta|")
    left.plot(
        [-1, 0, np.nan, 0, 1],
        [math.log(2)] * 2 + [np.nan] + [math.log(2)] * 2,
        "C1",
        label="JS = log 2",
    )
    left.plot([-1, 0, np.nan, 0, 1], [1, 1, np.nan, 1, 1], "C7", label="TV = 1")
    left.plot([0], [0], "C1o", markerfacecolor="white", markersize=7)
    left.plot(thetas, [line["gap"] / line["Lipschitz"] for line in table], "C0o", markersize=4)
    left.plot(thetas, [line["JS trained"] for line in table], "C1o", markersize=4)
    left.set(xlabel="theta", title="lines: exact and trained (dots)", ylim=(-0.05, 1.45))
    left.legend(fontsize=7, loc="upper center", ncols=3, columnspacing=1, handlelength=1)
    for name, label, colour in (("wasserstein", "Wasserstein", "C0"), ("gan", "log(1 - D)", "C1")):
        history = watched[name]
        middle.plot(
            [line["step"] for line in history],
            [abs(line["gradient"]) for line in history],
            colour,
            label=label,
        )
    middle.set(
        xlabel="step", xscale="log", yscale="log", title=f"|generator's gradient|, theta = {WATCHED:g}"
    )  # fmt: skip
    middle.legend(fontsize=7)
    fine = np.linspace(0.01, 1, 21)
    right.plot(fine, fine**2 / (8 * NOISE**2), "C7--", label="theta^2/(8 s^2)")
    right.plot(fine, [noisy_js(t) for t in fine], "C2", label="exact JS")
    right.plot(
        [line["theta"] for line in blurred], [line["JS trained"] for line in blurred], "C2o", markersize=4
    )  # fmt: skip
    right.set(xlabel="theta", title=f"JS under noise s = {NOISE:g}", ylim=(0, 0.75))
    right.legend(fontsize=7)
    for axis in (left, middle, right):
        axis.title.set_fontsize(9)
    apart = [line for line in table if line["theta"]]
    lowest, highest = (
        min(line["JS trained"] for line in apart),
        max(line["JS trained"] for line in apart),
    )
    vanished = abs(watched["gan"][-1]["gradient"])
    return picture, (
        f"Left: the trained GAN critics show a JS of {lowest:.3f} to {highest:.3f} at every distance, log 2 being "
        "0.693, while the Wasserstein critics lie on |theta|. Middle: as the critics train at theta = "
        f"{WATCHED:g}, the gradient of log(1 - D) falls to {vanished:.1g}, the Wasserstein gradient settles near 1. "
        f"Right: under noise s = {NOISE:g} JS grows from 0 along theta^2/(8 s^2) towards log 2, the trained dots on it."
    )


def main(arguments: Sequence[str] | None = None) -> Report:
    return experiment(
        "parallel_lines", TITLE, run, steps=1500, quick_steps=150, arguments=arguments
    )


if __name__ == "__main__":
    main()
