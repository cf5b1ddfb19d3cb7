"""Normalising flows: a density from an invertible map of the data onto N(0, I), trained by its exact likelihood.

The direction, everywhere: `transform` takes the data x to z = T(x), and

    log q(x) = log N(T(x); 0, I) + log |det dT/dx|     (change of variables),

so a density costs one forward pass, a sample x = T^-1(z) one inverse. The loss is the mean of -log q(x) over data
x ~ p, whose expectation is h(p) + KL(p || q): where the entropy h(p) is known, so is how far the flow is from p.

Sources: Papamakarios, Nalisnick, Rezende, Mohamed and Lakshminarayanan, "Normalizing flows for probabilistic modeling
and inference" (2021), section 2; for the dequantisation Theis, van den Oord and Bethge, "A note on the evaluation of
generative models" (2016), section 3.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.optim import Adam, Optimizer

from models._parameters import count
from models.coupling import AffineCoupling, SplineCoupling
from models.estimator import MakeOptimizer
from models.train import Source, Trainee
from models.transforms import Chain, Linear, Permutation, Transform

__all__ = ["Flow", "dequantised", "discrete_bound", "neural_spline", "real_nvp"]

LATTICE = 2**15


class Flow(Trainee):
    """The density of `transform`, trained on samples of `data`.

    Args:
        transform: From the data to z; a `Chain`, or any `Transform`.
        data: The sampler of P, `data(n, rng)` of shape (n, dim).
        batch: Samples in a step.
        optimizer: From parameters to an optimiser; Adam at 1e-3.
        held_out: Fresh samples for `measure`.
        entropy: h(p) in nats where known, the least that the mean of -log q can be; for the progress bar.
    """

    def __init__(
        self,
        transform: Transform,
        data: Source,
        *,
        batch: int = 512,
        optimizer: MakeOptimizer = partial(Adam, lr=1e-3),
        held_out: int = 4096,
        entropy: float | None = None,
    ) -> None:
        super().__init__()
        count("batch", batch)
        count("held_out", held_out)
        if not isinstance(transform, Transform):
            raise ValueError(f"`transform` must be a Transform. Got {type(transform).__name__}")
        self.transform, self.data, self.make_optimizer = transform, data, optimizer
        self.batch, self.held_out = batch, held_out
        self.theory = {} if entropy is None else {"nll": entropy}

    @property
    def dim(self) -> int:
        return self.transform.dim

    def log_prob(self, x: Tensor) -> Tensor:
        """log q(x) in nats, (n, dim) -> (n,)."""
        z, log_det = self.transform(x)
        return log_det - (z.square() + math.log(2 * math.pi)).sum(-1) / 2

    @torch.no_grad()
    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """n samples of q, (n, dim), in the dtype of the flow's parameters."""
        dtype = next((p.dtype for p in self.parameters()), torch.get_default_dtype())
        z = torch.randn(n, self.dim, generator=rng, device=rng.device, dtype=dtype)
        return self.transform.inverse(z)[0]

    def optimizers(self) -> Mapping[str, Optimizer]:
        return {"model": self.make_optimizer(self.parameters())}

    def loss(self, player: str, rng: torch.Generator) -> Tensor:
        return -self.log_prob(self.data(self.batch, rng)).mean()

    @torch.no_grad()
    def measure(self, rng: torch.Generator) -> Mapping[str, float]:
        return {"nll": -self.log_prob(self.data(self.held_out, rng)).mean().item()}


def real_nvp(dim: int, layers: int = 8, *, hidden: Sequence[int] = (64, 64)) -> Chain:
    """Affine couplings, the axes turned round between each two, so that the halves take turns."""
    return _layered(dim, layers, partial(AffineCoupling, hidden=hidden), Permutation)


def neural_spline(
    dim: int,
    layers: int = 4,
    *,
    hidden: Sequence[int] = (64, 64),
    bins: int = 8,
    bound: float = 4.0,
) -> Chain:
    """Spline couplings, a `Linear` map between each two."""
    coupling = partial(SplineCoupling, hidden=hidden, bins=bins, bound=bound)
    return _layered(dim, layers, coupling, Linear)


def _layered(
    dim: int, layers: int, coupling: Callable[[int], Transform], mix: Callable[[int], Transform]
) -> Chain:
    """coupling, mix, coupling, ..., coupling."""
    if not isinstance(layers, int) or layers < 1:
        raise ValueError(f"`layers` must be a positive integer. Got {layers!r}")
    parts = [make(dim) for _ in range(layers) for make in (coupling, mix)]
    return Chain(parts[:-1])


def dequantised(data: Source) -> Source:
    """x + u for integers x from `data`, u uniform on (0, 1)^dim: a density, that a flow can be trained on.

    u lies on the midpoints of 2^15 equal steps: x + u is then exact in float32 for |x| < 256 and never an integer,
    where rounding would sometimes make 7 + u the next number, 8, on the edge of the box.
    """

    def draw(n: int, rng: torch.Generator) -> Tensor:
        x = data(n, rng)
        u = (torch.randint(LATTICE, x.shape, generator=rng, device=rng.device) + 0.5) / LATTICE
        return x + u

    return draw


def discrete_bound(log_prob: Callable[[Tensor], Tensor], x: Tensor, u: Tensor) -> Tensor:
    """The mean over u of log q(x + u), (n,), for x (n, dim) and u (draws, dim), draws of the uniform on (0, 1)^dim.

    q gives the integer vector x the probability Q(x) = int q(x + u) du, and by Jensen E_u log q(x + u) <= log Q(x):
    the mean of `log_prob` over dequantised data never flatters a model.

    Raises:
        ValueError: x and u not of shapes (n, dim) and (draws, dim).
    """
    if x.ndim != 2 or u.ndim != 2 or x.shape[1] != u.shape[1] or not len(u):
        raise ValueError(
            f"`x` and `u` must be (n, dim) and (draws, dim). Got {tuple(x.shape)} and {tuple(u.shape)}"
        )
    points = (x[:, None] + u).flatten(0, 1)  # (n * draws, dim)
    return log_prob(points).unflatten(0, (len(x), len(u))).mean(-1)
