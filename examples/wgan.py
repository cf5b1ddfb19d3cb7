"""What a Wasserstein critic reports, beside the W1 that it is meant to estimate, and why the two differ.

A critic D is trained to maximise E_P D - E_Q D, alone, between distributions whose W1 is known in closed form. Over
1-Lipschitz functions the maximum is W1 (Kantorovich-Rubinstein); each way to keep D Lipschitz has its own bias:

- Clipping bounds the weights, hence some Lipschitz constant K that nobody chose: over K-Lipschitz functions the maximum
  is K W1. The estimate has the wrong unit; divided by the K of the trained critic it is at most W1. K itself is at most
  the product of the spectral norms of the weights (ReLU has slope at most 1).
- Spectral normalisation makes that product 1: the estimate is at most W1. A ReLU layer loses gradient norm wherever it
  bends, so that it falls short unless the best critic is linear; sorting pairs of units (MaxMin) instead bends without
  loss.
- The gradient penalty, weight l, is no constraint. In one dimension, with Delta = F_Q - F_P and m the density of the
  points where the penalty is taken, the objective is the integral of D' Delta - l m (|D'| - 1)^2, largest at |D'| =
  1 + |Delta|/(2 l m) with the sign of Delta: the estimate is W1 + integral Delta^2/(2 l m), too high. Between Diracs at
  distance theta it is theta + theta^2/(2l), the objective theta + theta^2/(4l). In more dimensions W1 is still below:
  the 1-Lipschitz optimum pays nothing. A penalty on norms above 1 only has the same best critic, and is concave in D.
  The two-sided one is not: to change the sign of its slope a critic has to pass |D'| = 0, where it pays l. With wrong
  signs s it stays at integral s Delta + integral Delta^2/(2 l m); between Diracs at -theta + theta^2/(2l).

The best critic's gradient is a unit vector along the rays of optimal transport: cosines with the exact plan's rays.

Sources: Arjovsky, Chintala and Bottou, "Wasserstein generative adversarial networks" (2017); Gulrajani et al.,
"Improved training of Wasserstein GANs" (2017), proposition 1; Petzka, Fischer and Lukovnikov, "On the regularization of
Wasserstein GANs" (2018); Miyato et al., "Spectral normalization for generative adversarial networks" (2018); Anil,
Lucas and Grosse, "Sorting out Lipschitz function approximation" (2019), for MaxMin.

    python examples/wgan.py [--quick] [--steps N] [--seed N] [--out DIR]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from _experiment import Options, Report, Row, figure, flat
from _experiment import main as experiment
from scipy import special, stats
from torch import Tensor, nn

import divergences as dv
from models.estimator import Estimator, Penalty
from models.losses import loss
from models.nets import MLP
from models.penalties import between_samples, gradient_norms, gradient_penalty, input_gradients
from models.toy import Dirac
from models.train import Source, cosine, train

TITLE = "WGAN critics: estimated W1 beside the exact one"
WEIGHT = 10.0  # of the gradient penalty, as published
WIDTHS = (64, 64)


# --- the distributions ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """P = N(0, I) and Q = N(shift, scale^2 I), both images of one z ~ N(0, I): x = z and y = shift + scale z."""

    name: str
    shift: tuple[float, ...]
    scale: float

    @property
    def dim(self) -> int:
        return len(self.shift)

    def images(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return z, torch.tensor(self.shift, dtype=z.dtype, device=z.device) + self.scale * z

    def p(self, n: int, rng: torch.Generator) -> Tensor:
        return self.images(torch.randn(n, self.dim, generator=rng, device=rng.device))[0]

    def q(self, n: int, rng: torch.Generator) -> Tensor:
        return self.images(torch.randn(n, self.dim, generator=rng, device=rng.device))[1]

    @property
    def exact(self) -> float:
        """W1 = E|shift + s z|, s = |1 - scale|, in one dimension; |shift| for a shift, in any."""
        s, delta = abs(1 - self.scale), math.hypot(*self.shift)
        if s == 0:
            return delta
        if self.dim > 1:
            raise ValueError(
                "Gaussians of different scales have a closed form in one dimension only"
            )
        tail = delta * (1 - 2 * special.ndtr(-delta / s))
        return s * math.sqrt(2 / math.pi) * math.exp(-((delta / s) ** 2) / 2) + tail

    def nodes(self, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """n pairs (x, y) with one z each: normal quantiles in one dimension, else samples."""
        if self.dim > 1:
            return self.images(torch.randn(n, self.dim, generator=rng))
        return self.images(torch.special.ndtri((torch.arange(n)[:, None] + 0.5) / n))


PAIRS = (
    Pair("N(0,1), N(1.5,.5²)", (1.5,), 0.5),
    Pair("N(0,1), N(0,2²)", (0.0,), 2.0),
    Pair("2-D shift (2,1)", (2.0, 1.0), 1.0),
)


GRID = np.linspace(-12, 12, 24_001)


def penalised_estimate(pair: Pair, weight: float, signs: np.ndarray | None = None) -> float:
    """What a penalised critic estimates in one dimension: integral s Delta + integral Delta^2/(2 weight m), on GRID.

    s is the sign of the critic's slope, by default the best one, that of Delta = F_Q - F_P: then the first integral is
    W1. m is the density of t x + (1 - t) y, t uniform: quadrature in t.
    """
    t, weights = np.polynomial.legendre.leggauss(100)
    t, weights = (t + 1) / 2, weights / 2
    mean, deviation = (1 - t) * pair.shift[0], np.hypot(t, (1 - t) * pair.scale)
    m = stats.norm.pdf(GRID[:, None], mean, deviation) @ weights
    delta = stats.norm.cdf(GRID, pair.shift[0], pair.scale) - stats.norm.cdf(GRID)
    signs = np.sign(delta) if signs is None else signs
    return float((GRID[1] - GRID[0]) * np.sum(signs * delta + delta**2 / (2 * weight * m)))


# --- the critics ----------------------------------------------------------------------------------------------------


class MaxMin(nn.Module):
    """Sorts pairs of units: (max(a, b), min(a, b)). A permutation at each point, so that no gradient norm is lost."""

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, -1)
        return torch.cat([torch.maximum(a, b), torch.minimum(a, b)], -1)


def penalised(weight: float, one_sided: bool = False) -> Penalty:
    def penalty(critic: nn.Module, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
        points = between_samples(real, fake, rng)
        return weight * gradient_penalty(critic, points, one_sided=one_sided)

    return penalty


@dataclass(frozen=True)
class Recipe:
    """How a critic is kept Lipschitz. `bound`: "K" where its Lipschitz constant is left to be measured, "1" where it
    is 1 by construction, "none" where it is a matter of a penalty."""

    name: str
    bound: str
    activation: Callable[[], nn.Module] = nn.ReLU
    spectral_norm: bool = False
    penalty: Penalty | None = None
    clip: float | None = None
    rate: float = 3e-3
    concave: bool = True  # in D: no false optimum. The two-sided penalty is not, at |D'| < 1

    def critic(self, dim: int) -> MLP:
        return MLP(dim, None, WIDTHS, self.activation, spectral_norm=self.spectral_norm)


RECIPES = (
    Recipe("clipping 0.03", "K", clip=0.03),
    Recipe("clipping 0.3", "K", clip=0.3),
    Recipe("spectral norm, ReLU", "1", spectral_norm=True, rate=1e-2),
    Recipe("spectral norm, MaxMin", "1", activation=MaxMin, spectral_norm=True, rate=1e-2),
    Recipe(
        "penalty, two-sided", "none", activation=nn.SiLU, penalty=penalised(WEIGHT), concave=False
    ),
    Recipe("penalty, one-sided", "none", activation=nn.SiLU, penalty=penalised(WEIGHT, True)),
)


@dataclass(frozen=True)
class Found:
    """A trained critic: its estimate, its largest gradient norm K, the product of its weights' spectral norms."""

    pair: Pair
    recipe: Recipe
    critic: nn.Module
    estimate: float
    largest: float
    product: float
    signs: np.ndarray | None  # of the critic's slope on GRID, in one dimension


def trained(
    critic: nn.Module, p: Source, q: Source, recipe: Recipe, options: Options, part: str, exact: float, steps: int
) -> nn.Module:  # fmt: skip
    estimator = Estimator(
        critic, p, q, loss("wasserstein"), batch=256, penalty=recipe.penalty, clip=recipe.clip,
        optimizer=partial(torch.optim.Adam, lr=recipe.rate, betas=(0.5, 0.99)), exact=exact,
    )  # fmt: skip
    folder = options.checkpoints(part)
    train(
        estimator, steps, seed=options.seed, folder=folder, fabric=options.device, decay=cosine, log_every=steps
    )  # fmt: skip
    return critic.cpu().eval()


def find(pair: Pair, recipe: Recipe, options: Options) -> Found:
    """Train, then look: the estimate by quadrature in one dimension (in more by 40,000 pairs that share z, so that
    almost all noise cancels), K over as many points of P, of Q and between them."""
    torch.manual_seed(options.seed)
    part = f"{PAIRS.index(pair)}-{RECIPES.index(recipe)}"
    critic = trained(
        recipe.critic(pair.dim), pair.p, pair.q, recipe, options, part, pair.exact, options.steps
    )
    rng = torch.Generator().manual_seed(options.seed + 1)
    x, y = pair.nodes(40_000, rng)
    between = between_samples(x, y[torch.randperm(len(y), generator=rng)], rng)
    with torch.no_grad():
        estimate = loss("wasserstein").estimate(critic(x).double(), critic(y).double()).item()
    largest = max(gradient_norms(critic, points).max().item() for points in (x, y, between))
    signs = slope_signs(critic) if pair.dim == 1 and not recipe.concave else None
    return Found(pair, recipe, critic, estimate, largest, product(critic), signs)


def slope_signs(critic: nn.Module) -> np.ndarray:
    slopes = input_gradients(critic, torch.tensor(GRID[:, None], dtype=torch.float32))
    return np.sign(slopes.detach().numpy()[:, 0])


def product(critic: nn.Module) -> float:
    weights = [layer.weight for layer in critic.modules() if isinstance(layer, nn.Linear)]
    return math.prod(torch.linalg.svdvals(w.detach().double())[0].item() for w in weights)


# --- the rows -------------------------------------------------------------------------------------------------------


def rows_of(found: Found) -> list[Row]:
    """What theory says of one critic."""
    pair, recipe, w1 = found.pair, found.recipe, found.pair.exact
    label = f"{pair.name}: {recipe.name}"
    if recipe.bound == "none":
        rows = []
        if recipe.concave or pair.dim > 1:  # else a false optimum may be where it ends
            rows.append(Row(f"{label}: estimate", w1, found.estimate, 0.005 * w1, ">="))
        if pair.dim == 1:
            theory = penalised_estimate(pair, WEIGHT, found.signs)
            name = "its bias added" if recipe.concave else "its bias and signs"
            rows.append(Row(f"{label}: {name}", theory, found.estimate, 0.02 * abs(theory)))
        return rows
    most = found.product
    bound = Row(f"{label}: K, product of norms", most, found.largest, 1e-4 * most, "<=")
    if recipe.bound == "K":
        ratio = found.estimate / found.largest
        return [Row(f"{label}: estimate / K", w1, ratio, 0.005 * w1, "<="), bound]
    relation = "=" if recipe.activation is MaxMin else "<="
    return [Row(f"{label}: estimate", w1, found.estimate, 0.005 * w1, relation), bound]


@dataclass(frozen=True)
class DiracCase:
    """P a Dirac at theta, Q at 0; the linear critic psi x starts at psi = `start`, None stands for a perceptron."""

    theta: float
    weight: float
    start: float | None
    one_sided: bool = False

    @property
    def label(self) -> str:
        side = "one-sided, " if self.one_sided else ""
        kind = "perceptron" if self.start is None else f"linear from psi = {self.start:g}"
        return f"Diracs at {self.theta:g}, {side}weight {self.weight:g}, {kind}"

    @property
    def optimum(self) -> float:
        """psi where psi theta - weight (|psi| - 1)^2 is locally largest, on the side of its start if it is so there."""
        lift = self.theta / (2 * self.weight)
        stuck = (self.start or 0) < 0 and not self.one_sided and lift < 1
        return lift - 1 if stuck else lift + 1


DIRACS = (
    DiracCase(1.0, 10.0, 0.5),
    DiracCase(1.0, 1.0, 0.5),
    DiracCase(2.0, 1.0, 0.5),
    DiracCase(2.0, 1.0, None),
    DiracCase(1.0, 1.0, -0.5, one_sided=True),
    DiracCase(1.0, 1.0, -0.5),
)


def dirac_rows(case: DiracCase, options: Options) -> list[Row]:
    """The estimate psi theta, and the objective; within 0.5%, a perceptron's within 1%."""
    torch.manual_seed(options.seed)
    critic = MLP(1, None, (32,) if case.start is None else ())
    if case.start is not None:
        nn.init.constant_(critic[0].weight, case.start)
    recipe = Recipe("", "none", penalty=penalised(case.weight, case.one_sided), rate=3e-2)
    p, q = Dirac((case.theta,)), Dirac((0.0,))
    part, steps = f"dirac-{DIRACS.index(case)}", max(300, options.steps // 4)
    trained(critic, p.sample, q.sample, recipe, options, part, case.theta, steps)
    ends = torch.tensor([[case.theta], [0.0]])
    line = torch.linspace(0, case.theta, 1001)[:, None]
    with torch.no_grad():
        at_theta, at_zero = critic(ends).tolist()
    cost = case.weight * gradient_penalty(critic, line, one_sided=case.one_sided).item()
    gap = case.optimum * case.theta
    objective = gap - case.weight * (abs(case.optimum) - 1) ** 2
    share = 0.01 if case.start is None else 0.005
    return [
        Row(f"{case.label}: estimate", gap, at_theta - at_zero, share * abs(gap)),
        Row(
            f"{case.label}: objective", objective, at_theta - at_zero - cost, share * abs(objective)
        ),
    ]


def atoms() -> tuple[Tensor, Tensor]:
    """Six atoms on the circle of radius 1, and six of radius 2, turned by 20 degrees."""
    angle = torch.arange(6) * math.pi / 3
    turned = angle + math.radians(20)
    return (
        torch.stack([angle.cos(), angle.sin()], 1),
        2 * torch.stack([turned.cos(), turned.sin()], 1),
    )


def of(points: Tensor) -> Source:
    """The sampler of the uniform distribution on some points."""

    def draw(n: int, rng: torch.Generator) -> Tensor:
        index = torch.randint(len(points), (n,), generator=rng, device=rng.device)
        return points.to(rng.device)[index]

    return draw


def along_rays(critic: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    """(mean cosine of the critic's gradient with the rays y -> x of the exact plan, mean gradient norm on them)."""
    plan = torch.as_tensor(dv.optimal_transport(x.double(), y.double()).plan)
    i, j = torch.nonzero(plan > 0, as_tuple=True)
    share = torch.linspace(0.05, 0.95, 19)[:, None, None]
    points = torch.lerp(y[j], x[i], share)  # (19, rays, dim)
    gradients = input_gradients(critic, points.flatten(0, 1)).detach().view_as(points)
    cosines = torch.cosine_similarity(gradients, (x[i] - y[j]).expand_as(points), dim=-1)
    mass = plan[i, j].float()
    return (
        float((cosines.mean(0) * mass).sum()),
        float((gradients.norm(dim=-1).mean(0) * mass).sum()),
    )


def ray_rows(found: Sequence[Found], options: Options) -> list[Row]:
    """The gradient along the rays: between atoms, where the plan is unique, and between shifted Gaussians."""
    x, y = atoms()
    recipe = RECIPES[-1]
    torch.manual_seed(options.seed)
    critic = recipe.critic(2)
    exact = float(dv.optimal_transport(x.double(), y.double()).cost)
    trained(critic, of(x), of(y), recipe, options, "atoms", exact, 2 * options.steps)
    cosine_of, norm = along_rays(critic, x, y)
    rows = [
        Row("2 x 6 atoms, penalty: cosine with the plan's rays", 1.0, cosine_of, 0.02),
        Row("2 x 6 atoms, penalty: gradient norm on the rays", 1.0, norm, 0.01, ">="),
    ]
    rng = torch.Generator().manual_seed(options.seed + 2)
    for each in found:
        if each.pair.dim == 2 and each.recipe.bound != "K":
            x = each.pair.p(500, rng)
            _, y = each.pair.images(
                x
            )  # the shift of the same points: its plan is the shift, ray by ray
            cosine_of, norm = along_rays(each.critic, x, y)
            label = f"{each.pair.name}: {each.recipe.name}"
            rows.append(Row(f"{label}: cosine with the plan's rays", 1.0, cosine_of, 0.02))
            relation = ">=" if each.recipe.bound == "none" else "<="
            rows.append(Row(f"{label}: gradient norm on the rays", 1.0, norm, 0.01, relation))
    return rows


def line(found: Found) -> dict[str, Any]:
    return {
        "distributions": found.pair.name,
        "critic": found.recipe.name,
        "W1": found.pair.exact,
        "estimate": found.estimate,
        "K": found.largest,
        "product of norms": found.product,
        "estimate / K": found.estimate / found.largest,
    }


def picture(found: Sequence[Found]) -> Any:
    """Left: estimates over W1, as they are and divided by K. Right: the critics of the second pair."""
    fig, (left, right) = figure(2, 1, height=3.6)
    names = [recipe.name for recipe in RECIPES]
    for k, pair in enumerate(PAIRS):
        mine = [each for each in found if each.pair is pair]
        high = np.arange(len(mine)) + (k - 1) * 0.2
        share = np.array([each.estimate for each in mine]) / pair.exact
        left.plot(share, high, "o", color=f"C{k}", ms=5, label=pair.name)
        share /= [each.largest for each in mine]
        left.plot(share, high, "|", color=f"C{k}", ms=9, mew=2)
    left.axvline(1, color="k", lw=0.8)
    left.set_xscale("symlog", linthresh=0.1)  # a false optimum may be negative
    left.set_xlim(-3, 200)
    left.set_xlabel("dot: estimate / W1; bar: estimate / (K W1)")
    left.set_yticks(range(len(names)))
    left.set_yticklabels(names, fontsize=8)
    left.invert_yaxis()
    left.legend(fontsize=7, loc="lower left", frameon=False)
    x = torch.linspace(-4, 4, 401)[:, None]
    for each in found:
        if each.pair is PAIRS[1] and each.recipe.name in names[2:]:
            with torch.no_grad():
                y = each.critic(x)
            right.plot(x[:, 0], y - y[200], lw=1.2, label=each.recipe.name)
    right.plot(x[:, 0], -x[:, 0].abs(), "k:", lw=1.2, label="-|x|, the best 1-Lipschitz")
    right.set(xlabel="x", title=f"critics, {PAIRS[1].name}")
    right.title.set_fontsize(9)
    right.legend(fontsize=7, frameon=False)
    return fig


def described(found: Sequence[Found]) -> str:
    """The picture in words."""

    def span(name: str, by_k: bool) -> str:
        shares = [
            each.estimate / (each.largest if by_k else 1) / each.pair.exact
            for each in found
            if each.recipe.name == name
        ]
        return f"{min(shares):.2g} to {max(shares):.2g}"

    dots = "; ".join(f"{recipe.name}: {span(recipe.name, False)}" for recipe in RECIPES)
    bars = "; ".join(f"{recipe.name}: {span(recipe.name, True)}" for recipe in RECIPES[:2])
    return (
        f"Left, estimates as shares of W1 over three pairs of distributions, on a logarithmic axis that "
        f"also shows negative values. {dots}. Divided by "
        f"the critic's Lipschitz constant, {bars}. Right, the critics between N(0,1) and N(0,4): the best is -|x|; "
        "MaxMin covers it, ReLU under spectral norm is a flatter tent, the one-sided penalty gives a slightly steeper "
        "tent; the two-sided one a tent or, at its false optimum, a line that falls all the way."
    )


def run(options: Options) -> Report:
    found = [find(pair, recipe, options) for pair in PAIRS for recipe in RECIPES]
    rows = flat(dirac_rows(case, options) for case in DIRACS)
    rows += ray_rows(found, options) + flat(map(rows_of, found))
    return Report(
        rows,
        notes=[
            f"The penalties' weight is {WEIGHT:g}; critics are perceptrons of widths {WIDTHS}.",
            "K is the largest gradient norm seen; the product of spectral norms bounds it from above.",
            "Clipping: K is an accident of the bound and the depth, so the estimate alone says nothing; divided by K "
            "it is below W1, for a clipped critic reaches slope K in few places only.",
            "Spectral norm with ReLU falls short of W1 between N(0, 1) and N(0, 4), whose best critic -|x| bends.",
            "A two-sided penalty can keep a critic whose slope has the wrong sign somewhere: between N(0, 1) and "
            "N(0, 4) a monotone one is a local optimum; its row predicts the estimate from the signs, not from W1.",
        ],
        tables={"Every critic": [line(each) for each in found]},
        alt=described(found),
        figure=picture(found) if options.out is not None else None,
    )


def main(arguments: Sequence[str] | None = None) -> Report:
    return experiment("wgan", TITLE, run, steps=2000, quick_steps=150, arguments=arguments)


if __name__ == "__main__":
    main()
