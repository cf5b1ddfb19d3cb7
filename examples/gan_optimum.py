"""What the best discriminator is, what the game is worth there, and what gradient the generator gets from it.

P = N(-1, 0.6^2)/2 + N(1.5, 1)/2 and Q = N(theta, 1), x = theta + z. With D = sigmoid(v):

    D* = p/(p + q),    V(D*) = E_P log D* + E_Q log(1 - D*) = -log 4 + 2 JS(P, Q),  -log 4 where P = Q;

and with D* held while theta moves (it acts through x alone):

    saturating        d/dtheta  E log(1 - D*(G)) = -E_Q [D* v*']        = 2 dJS/dtheta
    non-saturating   -d/dtheta  E log D*(G)      = -E_Q [(1 - D*) v*']  = d/dtheta [KL(Q||P) - 2 JS]

The right sides are computed otherwise, by the score x - theta of q instead of the slope of v: E_Q [score] = 0 and
dJS = int q_theta' log(q/((p + q)/2)) / 2 give

    2 dJS/dtheta = E_Q [(x - theta) log(1 - D*)],      dKL(Q||P)/dtheta = E_Q [(x - theta) log(q/p)].

A discriminator is trained for each theta. D is held against D* on a grid, as root mean square weighted by (p + q)/2 and
as the largest difference where (p + q)/2 > 0.001; the generator's gradients are taken through the trained D by
automatic differentiation, E over z by quadrature, so that what they err by is the discriminator's doing.

Far away the saturating gradient dies like the overlap of P and Q. The non-saturating one should grow with the
distance; but it reads the slope of v where D is practically 0, and there the logistic loss no longer corrects v: the
far rows without an allowed difference show by how much a trained D then falls short.

Sources: Goodfellow et al., Generative adversarial nets (2014), proposition 1, theorem 1; Arjovsky and Bottou, Towards
principled methods for training generative adversarial networks (2017), theorem 2.5.

    python examples/gan_optimum.py [--quick] [--out DIR]
"""

from __future__ import annotations

import math
from collections.abc import Callable
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
from models.losses import losses
from models.nets import MLP
from models.toy import Gaussian, GaussianMixture, Toy
from models.train import cosine, train

TITLE = "The best discriminator, its value, and the two gradients of the generator"
WEIGHTS, MEANS, SCALES = (0.5, 0.5), (-1.0, 1.5), (0.6, 1.0)
P = GaussianMixture(WEIGHTS, MEANS, SCALES)
NEAR, FAR = (-1.0, 0.0, 1.0, 2.0, 3.0), (5.0, 7.0, 9.0)
TOLERANCES = {"value": 0.01, "rms": 0.02, "gradient": 0.02}
VISIBLE = 1e-3  # of (p + q)/2: where the largest difference of D and D* is looked for

LogRatioOf = Callable[[Tensor], Tensor]


def spacing(x: Tensor) -> float:
    """The step of an even grid (n, 1): the trapezoidal rule is exact to rounding for what dies out at both ends."""
    return float(x[1, 0] - x[0, 0])


def log_ratio(theta: float) -> LogRatioOf:
    q = Gaussian(theta, 1.0)
    return lambda x: P.log_prob(x) - q.log_prob(x)


Z = torch.linspace(-12, 12, 4801, dtype=torch.float64)[:, None]
GAUSS = torch.exp(-Z.square()[:, 0] / 2) / math.sqrt(2 * math.pi) * spacing(Z)


class Logit(nn.Module):
    """The discriminator's logit: a perceptron of y and y^2, y = (x - centre)/scale, plus a linear form in both.

    log p/q is another quadratic in each tail of a mixture of Gaussians. Units that bend in y^2 can follow that, where
    bounded ones go flat; and the non-saturating gradient is read where the logit is far below 0.
    """

    def __init__(self, theta: float) -> None:
        super().__init__()
        self.centre, self.scale = (theta + 0.25) / 2, 2.0 + abs(theta) / 4
        self.perceptron = MLP(2, None, (32, 32), nn.SiLU)
        self.growth = nn.Parameter(torch.zeros(2))

    def forward(self, x: Tensor) -> Tensor:
        y = (x - self.centre) / self.scale  # (batch, 1)
        features = torch.cat([y, y * y], dim=1)
        return self.perceptron(features) + features @ self.growth


@dataclass(frozen=True)
class Slopes:
    """d/dtheta of 2 JS and of KL(Q||P) - 2 JS; or of the generator's two losses with D held."""

    saturating: float
    non_saturating: float


def exact_slopes(theta: float) -> Slopes:
    """By the score of q, on nodes of z: sums of E_Q [(x - theta) ...]."""
    v, z = log_ratio(theta)(theta + Z), Z[:, 0]
    js = float((GAUSS * z * -torch.nn.functional.softplus(v)).sum())  # log(1 - D*)
    kl = float((GAUSS * z * -v).sum())  # log(q/p)
    return Slopes(js, kl - js)


def slopes_through(critic: LogRatioOf, theta: float) -> Slopes:
    """The generator's gradients with the critic held: automatic differentiation of E_z loss(v(theta + z))."""
    moved = torch.tensor(theta, dtype=torch.float64, requires_grad=True)
    scores = critic(moved + Z)
    both = [
        torch.autograd.grad(
            (GAUSS * losses[name].generator(scores)).sum(), moved, retain_graph=True
        )
        for name in ("minimax", "non_saturating")
    ]
    return Slopes(*(float(gradient) for (gradient,) in both))


@dataclass(frozen=True)
class Measured:
    """A trained discriminator beside the best one."""

    theta: float | None  # None: Q = P
    value: float
    rms: float
    largest: float
    critic: LogRatioOf


def discriminator(theta: float | None, options: Options) -> Measured:
    """Train between P and N(theta, 1), or between P and itself, and compare on a grid in float64."""
    q: Toy = P if theta is None else Gaussian(theta, 1.0)
    torch.manual_seed(options.seed)
    critic = Logit(theta or 0.0)
    trainee = Estimator(
        critic,
        P.sample,
        q.sample,
        losses["minimax"],
        batch=2048,
        optimizer=partial(Adam, lr=1e-2),
    )
    train(
        trainee,
        options.steps,
        seed=options.seed,
        folder=options.checkpoints(f"theta-{theta}"),
        fabric=options.device,
        decay=cosine,
    )
    critic.double().cpu().requires_grad_(False)
    x = torch.linspace(-15, 25, 8001, dtype=torch.float64)[:, None]
    log_p, log_q = P.log_prob(x), q.log_prob(x)
    p, half = log_p.exp(), (log_p.exp() + log_q.exp()) / 2
    v, step = critic(x), spacing(x)
    off = (torch.sigmoid(v) - torch.sigmoid(log_p - log_q)).abs()
    on_p, on_q = losses["minimax"].real(v), losses["minimax"].fake(v)
    return Measured(
        theta,
        -float((p * on_p + log_q.exp() * on_q).sum()) * step,
        math.sqrt(float((half * off.square()).sum()) * step),
        float(off[half > VISIBLE].max()),
        critic,
    )


def js(theta: float) -> tuple[float, float]:
    """JS(P, N(theta, 1)) and its error."""
    mixture = dv.Mixture(WEIGHTS, [stats.norm(m, s) for m, s in zip(MEANS, SCALES, strict=True)])
    found = dv.between(mixture, stats.norm(theta, 1.0), "jensen_shannon")
    return found.value, found.error


def rows(found: Measured) -> list[Row]:
    theta = found.theta
    name = "Q = P" if theta is None else f"theta {theta:g}"
    value = -math.log(4) + (0.0 if theta is None else 2 * js(theta)[0])
    lines = [
        Row(f"{name}: value of the game", value, found.value, TOLERANCES["value"]),
        Row(f"{name}: rms of D - D*", 0.0, found.rms, TOLERANCES["rms"]),
        Row(f"{name}: largest |D - D*|", 0.0, found.largest),
    ]
    if theta is not None:
        theory, measured = exact_slopes(theta), slopes_through(found.critic, theta)
        allowed = TOLERANCES["gradient"]
        lines += [
            Row(f"{name}: saturating gradient", theory.saturating, measured.saturating, allowed),
            Row(
                f"{name}: non-saturating gradient",
                theory.non_saturating,
                measured.non_saturating,
                allowed if theta in NEAR else None,
            ),
        ]
    return lines


def picture(trained: list[Measured]) -> Any:
    made, (left, right) = figure(2)
    x = torch.linspace(-5, 6, 500, dtype=torch.float64)[:, None]
    left.fill_between(x[:, 0], P.log_prob(x).exp(), color="0.85", label="p")
    shown = next(each for each in trained if each.theta == 1.0)
    left.plot(x, Gaussian(1.0, 1.0).log_prob(x).exp(), color="0.5", lw=1, label="q, theta = 1")
    left.plot(x, torch.sigmoid(log_ratio(1.0)(x)), color="C0", label="D* = p/(p + q)")
    left.plot(x, torch.sigmoid(shown.critic(x)), "--", color="C1", label="trained D")
    left.set(xlabel="x", title="the best discriminator and a trained one")
    thetas = [float(t) for t in torch.linspace(1, 10, 91)]
    lines = [exact_slopes(t) for t in thetas]
    dots = [each for each in trained if each.theta is not None and each.theta >= 1]
    through = [slopes_through(each.critic, float(each.theta or 0)) for each in dots]
    for kind, color in (("saturating", "C2"), ("non_saturating", "C3")):
        name = kind.replace("_", "-")
        right.semilogy(thetas, [abs(getattr(s, kind)) for s in lines], color=color, label=name)
        heights = [abs(getattr(s, kind)) for s in through]
        right.semilogy([each.theta for each in dots], heights, "o", ms=4, color=color)
    right.set(xlabel="theta", title="|gradient|: exact (lines), trained D (dots)", ylim=(1e-5, 30))
    left.legend(fontsize=7, loc=(0.42, 0.66))
    right.legend(fontsize=7)
    return made


def run(options: Options) -> Report:
    trained = [discriminator(theta, options) for theta in (None, *NEAR, *FAR)]
    last = trained[-1]
    exact, through = exact_slopes(FAR[-1]), slopes_through(last.critic, FAR[-1])
    bound = max(js(theta)[1] for theta in (*NEAR, *FAR))
    return Report(
        [row for found in trained for row in rows(found)],
        alt="Left: at theta = 1 the trained discriminator lies on D* wherever p or q has mass. Right, on a log scale: "
        f"the saturating gradient falls to {exact.saturating:.1e} at theta = {FAR[-1]:g}, the non-saturating one grows "
        f"to {exact.non_saturating:.1f}; through the trained discriminator it is {through.non_saturating:.1f}.",
        notes=[
            f"The quadrature behind the values errs by {bound:.0e} at most.",
            "The largest |D - D*| is taken where (p + q)/2 > 0.001.",
            "The non-saturating gradient is the hard one: it is the slope of the logit where D is practically 0 and "
            "hardly anything corrects it. Far away, theta = 5 to 9, it therefore informs only.",
        ],
        figure=picture(trained),
    )


def main(arguments: list[str] | None = None) -> Report:
    return experiment("gan_optimum", TITLE, run, steps=6000, quick_steps=150, arguments=arguments)


if __name__ == "__main__":
    main()
