"""The Dirac-GAN: the smallest game that tells which training methods converge, two numbers against each other.

The data are a Dirac at 0, the generator a Dirac at theta, the discriminator is D(x) = psi x. With f(t) =
-log(1 + e^-t) the generator descends and the discriminator ascends

    L(theta, psi) = f(theta psi) + f(0),

so that (theta, psi) moves along v = (-psi f'(theta psi), theta f'(theta psi)). The equilibrium is 0. A training method
is a row of `METHODS`: its field v, and the Jacobian of v at 0. In continuous time 0 attracts if both eigenvalues have
negative real part; without regularisation they are +-i f'(0), f'(0) = 1/2. A step of size h is a map of the plane,
whose linearisation at 0 has eigenvalues of its own (`ORDERS`); the larger modulus is the factor by which the distance
to the equilibrium grows in a step, in the end.

Where the discriminator's score of real samples is called v as in `losses`, v(x) = -psi x.

Source: Mescheder, Geiger and Nowozin, Which training methods for GANs do actually converge? (2018), eq. (1), definition
2.1 and section 3, if a row does not name another.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.special import expit

__all__ = [
    "METHODS",
    "ORDERS",
    "Method",
    "Order",
    "clipped",
    "consensus",
    "gradient_penalised",
    "instance_noise",
    "method",
    "minimax",
    "non_saturating",
    "r1",
    "r2",
    "trajectory",
    "wasserstein",
]

Number = Any  # a float, or an array of them: fields broadcast
Field = Callable[[Number, Number], tuple[Number, Number]]
Matrix = tuple[tuple[float, float], tuple[float, float]]

PAPER = (
    "Mescheder, Geiger and Nowozin, Which training methods for GANs do actually converge? (2018)"
)


@dataclass(frozen=True)
class Method:
    """One training method.

    Attributes:
        field: (theta, psi) -> (d theta/dt, d psi/dt).
        jacobian: Of the field at 0, rows (d theta/dt, d psi/dt), columns (theta, psi); None where the field jumps at 0.
        clip: After each step psi is put into [-clip, clip].
        ends: The |theta| at which orbits from outside end up crossing psi = 0, in continuous time; 0 where they
            converge, None where it depends on the start or is not known.
    """

    name: str
    field: Field
    jacobian: Matrix | None
    source: str
    clip: float = math.inf
    ends: float | None = None

    @property
    def eigenvalues(self) -> np.ndarray | None:
        """The two eigenvalues of the Jacobian at the equilibrium, complex, per unit of time; None without Jacobian."""
        return None if self.jacobian is None else np.linalg.eigvals(np.array(self.jacobian)) + 0j


@dataclass(frozen=True)
class Order:
    """Who moves when. `step` is one step of size h along a field, `linear` its derivative at 0 for the Jacobian J."""

    name: str
    step: Callable[[Field, float, float, float], tuple[float, float]]
    linear: Callable[[np.ndarray, float], np.ndarray]

    def rate(self, method: Method, h: float) -> float:
        """log of the larger |eigenvalue| of a step's derivative at 0, what log distance gains a step; else nan."""
        _positive(h=h)
        if method.jacobian is None:
            return math.nan
        eigenvalues = np.linalg.eigvals(self.linear(np.array(method.jacobian), h))
        return math.log(float(np.abs(eigenvalues).max()))


def trajectory(
    method: Method, order: str, h: float, steps: int, start: tuple[float, float]
) -> np.ndarray:
    """The points (theta, psi) of `steps` steps of size `h` from `start`, (steps + 1, 2)."""
    if order not in ORDERS:
        raise ValueError(f"`order` must be one of {', '.join(ORDERS)}. Got {order!r}")
    if not isinstance(steps, int) or steps < 1:
        raise ValueError(f"`steps` must be a positive integer. Got {steps!r}")
    _positive(h=h)
    theta, psi = map(float, start)
    if not (math.isfinite(theta) and math.isfinite(psi)):
        raise ValueError(f"`start` must be two finite numbers. Got {start}")
    points = np.empty((steps + 1, 2))
    points[0] = theta, psi
    step = ORDERS[order].step
    for i in range(1, steps + 1):
        theta, psi = step(method.field, theta, psi, h)
        psi = min(max(psi, -method.clip), method.clip)
        points[i] = theta, psi
    return points


# --- the two orders -------------------------------------------------------------------------------------------------


def _simultaneous(field: Field, theta: float, psi: float, h: float) -> tuple[float, float]:
    towards = field(theta, psi)
    return theta + h * towards[0], psi + h * towards[1]


def _alternating(field: Field, theta: float, psi: float, h: float) -> tuple[float, float]:
    theta = theta + h * field(theta, psi)[0]
    return theta, psi + h * field(theta, psi)[1]


def _both(j: np.ndarray, h: float) -> np.ndarray:
    return np.eye(2) + h * j


def _one_after_the_other(j: np.ndarray, h: float) -> np.ndarray:
    """The generator's move changes theta only, the discriminator's psi only: (I + h J_2)(I + h J_1)."""
    generator, discriminator = np.diag([1.0, 0.0]) @ j, np.diag([0.0, 1.0]) @ j
    return (np.eye(2) + h * discriminator) @ (np.eye(2) + h * generator)


ORDERS: Mapping[str, Order] = MappingProxyType(
    {
        order.name: order
        for order in (
            Order("simultaneous", _simultaneous, _both),
            Order("alternating", _alternating, _one_after_the_other),
        )
    }
)


# --- the methods ----------------------------------------------------------------------------------------------------


def slope(t: Number) -> Number:
    """f'(t) = 1/(1 + e^t) of f(t) = -log(1 + e^-t)."""
    return expit(-t)


def bend(t: Number) -> Number:
    """f''(t) = -f'(t) f'(-t)."""
    return -expit(t) * expit(-t)


A, B = float(slope(0.0)), float(bend(0.0))  # 1/2 and -1/4


def minimax() -> Method:
    """No regularisation. Every orbit in continuous time is a circle: theta dtheta + psi dpsi = 0."""

    def field(theta: Number, psi: Number) -> tuple[Number, Number]:
        pull = slope(theta * psi)
        return -psi * pull, theta * pull

    return Method("minimax", field, ((0.0, -A), (A, 0.0)), PAPER)


def non_saturating() -> Method:
    """The generator ascends f(-theta psi) instead. The same Jacobian, hence no linear rate; but f'' < 0 helps.

    d(r^2)/dt = -2t tanh(t/2), t = theta psi, which averages -r^4/8 over a turn: r ~ sqrt(8/time), no exponential.
    """

    def field(theta: Number, psi: Number) -> tuple[Number, Number]:
        t = theta * psi
        return -psi * slope(-t), theta * slope(t)

    source = "Goodfellow et al., Generative adversarial nets (2014), section 3"
    return Method("non-saturating", field, ((0.0, -A), (A, 0.0)), source, ends=0.0)


def _linear(theta: Number, psi: Number) -> tuple[Number, Number]:
    return -psi, theta


def wasserstein() -> Method:
    """f(t) = t without a bound on the critic: the rotation."""
    source = (
        "Arjovsky, Chintala and Bottou, Wasserstein generative adversarial networks (2017), eq. (2)"
    )
    return Method("WGAN, unbounded", _linear, ((0.0, -1.0), (1.0, 0.0)), source)


def clipped(bound: float = 1.0) -> Method:
    """f(t) = t with |psi| <= `bound`, by clipping. Within, nothing is clipped and 0 is a centre.

    From outside, psi stays at the bound while theta returns; then the circle of radius `bound`, for ever.
    """
    _positive(bound=bound)
    source = "Arjovsky, Chintala and Bottou, Wasserstein generative adversarial networks (2017), algorithm 1"
    jacobian = ((0.0, -1.0), (1.0, 0.0))
    return Method("WGAN, clipping", _linear, jacobian, source, clip=bound, ends=bound)


def gradient_penalised(weight: float = 0.25, target: float = 1.0) -> Method:
    """f(t) = t with the penalty `weight` (|psi| - `target`)^2: a field that jumps at psi = 0, away from 0.

    For psi > 0, with d = 2 `weight`, the field is affine: a spiral into (-d target, 0), which it reaches in the limit
    only, for it has to leave the half plane first. If d < 2 it turns with w = sqrt(1 - d^2/4), and each half turn
    shrinks the distance to that centre by q = e^(-d pi/(2w)). By symmetry an orbit that closes meets psi = 0 at |theta|
    = a with a - d target = q (a + d target): a = d target coth(d pi/(4w)), and q < 1 makes it attract. If d >= 2 the
    spiral is a node, and theta gets stuck at +-d target, with a critic that has died.
    """
    _positive(weight=weight, target=target)
    d = 2 * weight

    def field(theta: Number, psi: Number) -> tuple[Number, Number]:
        return -psi, theta - d * (psi - target * np.sign(psi))

    turning = math.sqrt(1 - d * d / 4) if d < 2 else 0.0
    ends = d * target / (math.tanh(d * math.pi / (4 * turning)) if turning else 1.0)
    source = "Gulrajani et al., Improved training of Wasserstein GANs (2017), eq. (3)"
    return Method("WGAN-GP", field, None, source, ends=ends)


def instance_noise(scale: float = 1.0, nodes: int = 41) -> Method:
    """Minimax, N(0, `scale`^2) added to data and fakes, and the field averaged over it (Gauss-Hermite quadrature).

    J = ((0, -f'(0)), (f'(0), 2 f''(0) `scale`^2)). Exact to 1e-6 for |psi| `scale` up to 2.
    """
    _positive(scale=scale)
    z, weights = np.polynomial.hermite_e.hermegauss(nodes)
    noise, weights = scale * z, weights / weights.sum()

    def field(theta: Number, psi: Number) -> tuple[Number, Number]:
        x, wide = np.asarray(theta)[..., None] + noise, np.asarray(psi)[..., None]
        pull = (slope(wide * x) * weights).sum(-1)
        # E[noise f'] by f'(t) = (1 - tanh(t/2))/2, whose constant averages out: exact near 0, where it would not cancel
        push = (noise * weights * (np.tanh(wide * x / 2) + np.tanh(wide * noise / 2))).sum(-1) / 2
        return -psi * pull, theta * pull - push

    return Method(
        "instance noise",
        field,
        ((0.0, -A), (A, 2 * B * scale**2)),
        PAPER + ", section 3.2",
        ends=0.0,
    )


def _damped(name: str, equation: str, gamma: float) -> Method:
    _positive(gamma=gamma)
    base = minimax().field

    def field(theta: Number, psi: Number) -> tuple[Number, Number]:
        generator, discriminator = base(theta, psi)
        return generator, discriminator - gamma * psi

    return Method(name, field, ((0.0, -A), (A, -gamma)), f"{PAPER}, {equation}", ends=0.0)


def r1(gamma: float = 0.3) -> Method:
    """Minimax, the discriminator penalised by (gamma/2) E_P |grad D|^2 = (gamma/2) psi^2.

    Eigenvalues -gamma/2 +- sqrt(gamma^2/4 - f'(0)^2).
    """
    return _damped("R1", "eq. (9)", gamma)


def r2(gamma: float = 0.3) -> Method:
    """As `r1`, the gradient taken on fakes: the same psi, for the discriminator is linear."""
    return _damped("R2", "eq. (10)", gamma)


def consensus(gamma: float = 1.0) -> Method:
    """Minimax with both players descending (gamma/2) |v|^2 as well: v - gamma grad |v|^2/2.

    |v|^2 = r^2 f'(t)^2, t = theta psi. Eigenvalues -gamma f'(0)^2 +- i f'(0).
    """
    _positive(gamma=gamma)

    def field(theta: Number, psi: Number) -> tuple[Number, Number]:
        t = theta * psi
        pull = slope(t)
        across = (theta**2 + psi**2) * bend(t)  # d(r^2 f'^2/2)/dt = f' r^2 f''
        return (
            pull * (-psi - gamma * (theta * pull + psi * across)),
            pull * (theta - gamma * (psi * pull + theta * across)),
        )

    damping = -gamma * A**2
    source = "Mescheder, Nowozin and Geiger, The numerics of GANs (2017), section 4"
    return Method("consensus", field, ((damping, -A), (A, damping)), source, ends=0.0)


METHODS: Mapping[str, Callable[..., Method]] = MappingProxyType(
    {
        "minimax": minimax,
        "non_saturating": non_saturating,
        "wasserstein": wasserstein,
        "clipped": clipped,
        "gradient_penalised": gradient_penalised,
        "instance_noise": instance_noise,
        "r1": r1,
        "r2": r2,
        "consensus": consensus,
    }
)


def method(name: str, **settings: float) -> Method:
    """The method called `name` with its settings, as method("r1", gamma=2.0). ValueError names the near ones."""
    if name not in METHODS:
        near = difflib.get_close_matches(name, METHODS, n=3)
        known = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(METHODS)}"
        raise ValueError(f"no method is called {name!r}; {known}")
    return METHODS[name](**settings)


def _positive(**numbers: float) -> None:
    for name, value in numbers.items():
        if not (value > 0 and math.isfinite(value)):
            raise ValueError(f"`{name}` must be positive and finite. Got {value}")
