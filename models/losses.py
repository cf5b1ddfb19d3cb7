"""The losses of the GAN family, as pure functions of scores, one row of data each.

A critic gives each sample a raw score v. It minimises E_P real(v) + E_Q fake(v), the generator behind Q minimises
E_Q generator(v); each function maps scores to losses one by one, and whoever calls them takes the mean. At the best
critic the first sum is `ceiling` - `factor` * D(P||Q), with the divergence named by `divergence`: a trained critic
thereby reports a divergence, which `Loss.estimate` reads off.

Any f-divergence is a row too: `f_loss("pearson")`, `f_loss("(u-1)**2/(u+1)")`. With the canonical critic T = f'(e^v)
the best raw score is v = log p/q for every differentiable f.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import sympy as sp
import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

import divergences as dv

__all__ = ["ACTIVATIONS", "Loss", "f_loss", "loss", "losses", "smooth_labels"]

Scores = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Loss:
    """One game. At the best critic, min E_P real(v) + E_Q fake(v) = ceiling - factor * D, in nats where D is.

    `optimum` maps log p/q to the best score; None where the game does not determine it sample by sample.
    """

    name: str
    real: Scores
    fake: Scores
    generator: Scores
    ceiling: float
    factor: float
    divergence: str
    optimum: Scores | None
    source: str

    def critic(self, on_real: Tensor, on_fake: Tensor) -> Tensor:
        """What the critic minimises: mean real(v) over P plus mean fake(v) over Q, a scalar."""
        return self.real(on_real).mean() + self.fake(on_fake).mean()

    def estimate(self, on_real: Tensor, on_fake: Tensor) -> Tensor:
        """The divergence that these scores show: (ceiling - critic's loss) / factor, a lower bound up to sampling."""
        return (self.ceiling - self.critic(on_real, on_fake)) / self.factor


def _minus(v: Tensor) -> Tensor:
    return -v


def _identity(v: Tensor) -> Tensor:
    return v


def _log_loss(v: Tensor) -> Tensor:  # -log sigmoid(v)
    return softplus(-v)


GOODFELLOW = "Goodfellow et al., Generative adversarial nets (2014), eq. (1)"

MINIMAX = Loss(
    name="minimax",
    real=_log_loss,  # -log D, D = sigmoid(v)
    fake=softplus,  # -log(1 - D)
    generator=lambda v: -softplus(v),  # log(1 - D)
    ceiling=math.log(4),
    factor=2.0,
    divergence="jensen_shannon",
    optimum=_identity,
    source=GOODFELLOW,
)

ROWS = (
    MINIMAX,
    replace(
        MINIMAX,
        name="non_saturating",
        generator=_log_loss,  # -log D: the gradient stays when D rejects every sample
        source="Goodfellow et al., Generative adversarial nets (2014), section 3",
    ),
    Loss(
        name="least_squares",  # targets: real b = 1, fake a = -1; the generator's c = 0
        real=lambda v: (v - 1) ** 2 / 2,
        fake=lambda v: (v + 1) ** 2 / 2,
        generator=lambda v: v**2 / 2,
        ceiling=1.0,
        factor=0.5,
        divergence="le_cam",
        optimum=lambda log_ratio: torch.tanh(log_ratio / 2),  # (p - q)/(p + q)
        source="Mao et al., Least squares generative adversarial networks (2017), eq. (8)",
    ),
    Loss(
        name="hinge",
        real=lambda v: relu(1 - v),
        fake=lambda v: relu(1 + v),
        generator=_minus,
        ceiling=2.0,
        factor=2.0,
        divergence="total_variation",
        optimum=torch.sign,
        source="Lim and Ye, Geometric GAN (2017), eqs. (4) and (5)",
    ),
    Loss(
        name="wasserstein",  # over critics that are 1-Lipschitz: see `penalties`
        real=_minus,
        fake=_identity,
        generator=_minus,
        ceiling=0.0,
        factor=1.0,
        divergence="wasserstein1",
        optimum=None,
        source="Arjovsky, Chintala and Bottou, Wasserstein generative adversarial networks (2017), eq. (2)",
    ),
)

losses: Mapping[str, Loss] = MappingProxyType({row.name: row for row in ROWS})

ACTIVATIONS = ("canonical", "published", "smooth")


def loss(name: str) -> Loss:
    """The loss called `name`: a row of `losses`, or the f-GAN loss of a catalogue name or an expression in u.

    Raises ValueError for a name that is neither, naming the near ones.
    """
    if name in losses:
        return losses[name]
    if name.isidentifier() and name not in dv.catalogue and name != "u":
        near = difflib.get_close_matches(name, [*losses, *dv.catalogue], n=3)
        known = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(losses)}"
        raise ValueError(f"no loss and no divergence is called {name!r}; {known}")
    return f_loss(name)


def f_loss(
    f: str | dv.FDivergence, *, activation: str = "canonical", generator: str = "minimax"
) -> Loss:
    """The f-GAN loss: the critic maximises E_P T - E_Q f*(T) over T = g(v).

    Args:
        f: A catalogue name, an `FDivergence`, or a convex expression in u with f(1) = 0.
        activation: How the raw score becomes T. "canonical": T = f'(e^v), so that v estimates log p/q. "published":
            the output activation of the f-GAN paper's table, with f* of the *published* generator (its divergence
            may be a multiple of this one; `factor` takes care of it). "smooth": for a piecewise linear f (total
            variation, hockey stick), whose canonical critic is a step without gradient, T runs through dom f* along
            a sigmoid; its best v is +-infinity, and only its sign speaks.
        generator: "minimax", -f*(T), the game as stated; or "alternative", -T, which the paper uses in practice.

    Raises:
        ValueError: An unknown name, a generator that is not convex (with a witness), an activation that the row does
            not have, or "canonical" where it has no gradient.

    Source: Nowozin, Cseke and Tomioka, f-GAN (2016), eqs. (4) to (8), tables 2 and 6.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"`activation` must be one of {', '.join(ACTIVATIONS)}. Got {activation!r}"
        )
    if generator not in ("minimax", "alternative"):
        raise ValueError(f"`generator` must be 'minimax' or 'alternative'. Got {generator!r}")
    made = f if isinstance(f, dv.FDivergence) else dv.FDivergence(f)
    name = f if isinstance(f, str) else made.name
    stepped = made.second_derivative == 0
    shape = {"canonical": _canonical, "published": _published, "smooth": _smooth}[activation]
    if activation == "canonical" and stepped:
        raise ValueError(
            f"the canonical critic of {name!r} is a step and has no gradient; choose activation='smooth'"
            + (" or 'published'" if made.published_activation is not None else "")
        )
    on_p, on_q, factor = shape(made, name)
    return Loss(
        name=f"f_gan[{name}, {activation}]",
        real=lambda v: -on_p(v),
        fake=on_q,
        generator=(lambda v: -on_q(v)) if generator == "minimax" else (lambda v: -on_p(v)),
        ceiling=0.0,
        factor=factor,
        divergence=name,
        optimum=_identity if activation == "canonical" else None,
        source="Nowozin, Cseke and Tomioka, f-GAN (2016), eq. (7)",
    )


def smooth_labels(base: Loss, real: float = 0.9, fake: float = 0.0) -> Loss:
    """`base` with soft labels: a real sample counts as real with weight `real`, a fake one with weight `fake`.

    Of the logarithmic losses the best discriminator becomes (real p + fake q)/(p + q), which is biased as soon as
    `fake` > 0 and, with `fake` = 0, is just scaled: `real` p/(p + q). It reports no divergence any more (ceiling and
    factor are nan). Source: Salimans et al., Improved techniques for training GANs (2016), section 3.4.
    """
    for label, weight in (("real", real), ("fake", fake)):
        if not 0 <= weight <= 1:
            raise ValueError(f"`{label}` must be a weight in [0, 1]. Got {weight}")
    if base.optimum is not _identity or base.fake is not softplus:
        raise ValueError(
            f"labels belong to a logarithmic loss (minimax, non_saturating). Got {base.name!r}"
        )

    def optimum(log_ratio: Tensor) -> Tensor:
        d = torch.sigmoid(log_ratio)
        return torch.logit(real * d + fake * (1 - d))

    return replace(
        base,
        name=f"{base.name}, labels {real:g} and {fake:g}",
        real=lambda v: real * softplus(-v) + (1 - real) * softplus(v),
        fake=lambda v: fake * softplus(-v) + (1 - fake) * softplus(v),
        ceiling=math.nan,
        factor=math.nan,
        optimum=optimum,
    )


# --- how a raw score becomes T: (T on P, f*(T) on Q, how many times D the bound reports) -----------------------------

Shaped = tuple[Scores, Scores, float]


def _canonical(f: dv.FDivergence, name: str) -> Shaped:
    critic = dv.canonical_critic(f)
    return critic.activation, critic.conjugate, 1.0


def _published(f: dv.FDivergence, name: str) -> Shaped:
    """The paper's activation and the conjugate of the paper's generator, both as torch functions."""
    if f.published_activation is None:
        raise ValueError(f"{name!r} has no published activation; the canonical one serves every f")
    factor, row = f.published_factor, f.row
    assert factor is not None and row is not None
    activation, scale = _on_torch(f.published_activation.expression), float(factor)
    if row.name in PUBLISHED:
        at = tuple(float(value) for _, value in row.values)
        return activation, PUBLISHED[row.name](*at), scale

    def conjugate(v: Tensor) -> Tensor:  # (l f)*(t) = l f*(t / l)
        return scale * f.conjugate_at(activation(v) / scale)

    return activation, conjugate, scale


def _log_softplus(v: Tensor) -> Tensor:
    """log log(1 + e^v), also where e^v underflows: below v = -40 it is v, to the last digit of float64."""
    return torch.where(v < -40, v, softplus(v.clamp(min=-40)).log())


def _published_alpha(a: float) -> Scores:
    power = a / (a - 1)
    if a > 1:  # T = v: f* is flat below -1/(a - 1)
        return lambda v: (relu(1 + (a - 1) * v) ** power - 1) / a
    # T = 1/(1 - a) - softplus(-v): 1 + (a - 1) T = (1 - a) softplus(-v)
    return lambda v: torch.expm1(power * (math.log(1 - a) + _log_softplus(-v))) / a


def _published_weighted(pi: float) -> Scores:
    """(1 - pi)(log(1 - pi) - log(1 - e^-x)) at x = softplus(-v)/pi.

    log(1 - e^-x) = log x - x/2 + x^2/24 - x^4/2880 + ...: three terms serve up to x = e^-7.
    """

    def conjugate(v: Tensor) -> Tensor:
        log_x = _log_softplus(-v) - math.log(pi)
        small = log_x < -7
        near, far = log_x.clamp(max=-7), log_x.clamp(min=-7).exp()
        x = near.exp()
        log_rest = torch.where(small, near - x / 2 + x * x / 24, (-torch.expm1(-far)).log())
        return (1 - pi) * (math.log1p(-pi) - log_rest)

    return conjugate


# f*(T(v)) of the published f and T, composed on paper: a T computed first is rounded to the end of dom f*, or to the
# point where f* has an infinite slope. The rows left out lose nothing on the way.
PUBLISHED: Mapping[str, Callable[..., Scores]] = MappingProxyType(
    {
        "kl": lambda: lambda v: torch.exp(v - 1),
        "reverse_kl": lambda: lambda v: -1 - v,
        "neyman": lambda: lambda v: -2 * torch.expm1(v / 2),
        "squared_hellinger": lambda: lambda v: torch.expm1(-v),
        "jensen_shannon": lambda: lambda v: softplus(v) - math.log(2),
        "jensen_shannon_weighted": _published_weighted,
        "gan": lambda: softplus,
        "alpha": _published_alpha,
    }
)


def _smooth(f: dv.FDivergence, name: str) -> Shaped:
    low, high = f.slope_at_zero, f.slope_at_infinity
    if f.second_derivative != 0 or len(f.kinks) != 1:
        raise ValueError(
            f"'smooth' is for a generator with one kink, linear on both sides. Got {name!r}"
        )
    kink, at_zero, span = float(f.kinks[0]), float(f.at_zero), float(high - low)

    def share(v: Tensor) -> Tensor:
        return span * torch.sigmoid(v - math.log(kink))  # T - f'(0)

    # For t between f'(0) and f'(inf) the supremum of ut - f(u) is taken at the kink.
    return (lambda v: float(low) + share(v)), (lambda v: kink * share(v) - at_zero), 1.0


def _on_torch(expression: sp.Expr) -> Scores:
    """A published activation, an expression in v, as a torch function; log(1 + e^x) becomes softplus(x)."""
    plus = sp.Function("softplus")
    safe = expression.replace(
        lambda e: isinstance(e, sp.log) and isinstance(e.args[0] - 1, sp.exp),
        lambda e: plus((e.args[0] - 1).args[0]),
    )
    names = {"softplus": softplus, "exp": torch.exp, "tanh": torch.tanh}
    (v,) = expression.free_symbols
    evaluate: Scores = sp.lambdify(v, safe, modules=[names, "math"])
    return evaluate
