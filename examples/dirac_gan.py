"""Which training methods converge? The Dirac-GAN, where the answer is two eigenvalues.

The data are a Dirac at 0, the generator a Dirac at theta, the discriminator is psi x; each training method is a vector
field in the plane (theta, psi), followed in steps of size h, both players at once or one after the other. Near the
equilibrium 0 a step is a matrix, and the distance to 0 falls or grows by log|larger eigenvalue| a step. Measured is the
slope of the log distance against the step, on orbits that stay where the field is linear.

Where the linearisation does not decide, more is known:

- WGAN-GP's field jumps at psi = 0, there is no linearisation, and 0 repels: with d = 2 x weight < 2 and w =
  sqrt(1 - d^2/4) orbits end on a cycle through |theta| = d coth(d pi/(4w)); no point of it is nearer to 0 than the
  penalty's target 1. With d >= 2 the critic dies and the generator stays at |theta| = d.
- Clipping to [-1, 1] ends on the circle of radius 1 (time continuous, starts outside).
- The non-saturating game has the minimax game's eigenvalues, but d(r^2)/dt averages -r^4/8: one after the other, r =
  (1/r0^2 + h n/8)^(-1/2) after n steps; both at once, against the h^2 r^2/4 that a step adds, a ring at r = sqrt(2h).

Source: Mescheder, Geiger and Nowozin, "Which training methods for GANs do actually converge?" (2018), sections 2, 3.

    python examples/dirac_gan.py [--quick] [--seed N] [--out DIR]
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from _experiment import Options, Report, Row, figure
from _experiment import main as experiment

from models.dirac_gan import ORDERS, Method, method, trajectory

TITLE = "Dirac-GAN: rates of convergence beside the linearised eigenvalues"
H = 0.1
NEAR = 1e-6  # the distance at which orbits start, to be in the linear regime
FINE = 1e-3  # step size for what is predicted in continuous time

FAMILY: dict[str, Method] = {
    "minimax": method("minimax"),
    "non-saturating": method("non_saturating"),
    "WGAN, no bound": method("wasserstein"),
    "WGAN, clipping 1": method("clipped", bound=1.0),
    "WGAN-GP, weight 0.25": method("gradient_penalised", weight=0.25),
    "instance noise 1": method("instance_noise", scale=1.0),
    "R1, gamma 0.3": method("r1", gamma=0.3),
    "R1, gamma 2": method("r1", gamma=2.0),
    "R2, gamma 0.3": method("r2", gamma=0.3),
    "consensus, gamma 1": method("consensus", gamma=1.0),
}


def slope(points: np.ndarray) -> float:
    """The least-squares slope of log distance against the step."""
    log_distance = np.log(np.linalg.norm(points, axis=1))
    return float(
        np.polynomial.Polynomial.fit(np.arange(len(points)), log_distance, 1).convert().coef[1]
    )


def crossings(points: np.ndarray) -> np.ndarray:
    """|theta| where psi changes sign."""
    before = np.nonzero(points[1:, 1] * points[:-1, 1] < 0)[0]
    return np.abs(points[before, 0])


def rate_row(name: str, order: str, steps: int, angle: float) -> Row:
    """The rate a step, within half a per cent.

    Where theory is 0, orbits are ellipses on which log distance swings by k/4, twice a turn of k = h f'(0) radians a
    step: to a straight line through N points it lends a slope of 12 (k/4)/(2k)/N^2 = 1.5/N^2 at most.
    """
    theory = ORDERS[order].rate(FAMILY[name], H)
    start = NEAR * math.cos(angle), NEAR * math.sin(angle)
    measured = slope(trajectory(FAMILY[name], order, H, steps, start))
    return Row(f"rate: {name}, {order}", theory, measured, max(0.005 * abs(theory), 1.5 / steps**2))


def cycle_rows(turns: int) -> list[Row]:
    """What is predicted in continuous time, in steps of FINE: within 1%."""
    rows = []
    meets, near = "cycle meets psi = 0 at |theta|", (NEAR, NEAR)
    for label, made, start in (
        (f"WGAN-GP, weight 0.25: {meets}", FAMILY["WGAN-GP, weight 0.25"], near),
        (f"WGAN-GP, weight 0.5: {meets}", method("gradient_penalised", weight=0.5), (3.0, 0.0)),
        ("WGAN-GP, weight 2: stuck at |theta|", method("gradient_penalised", weight=2.0), near),
        (f"WGAN, clipping 1: {meets}", FAMILY["WGAN, clipping 1"], (2.0, 0.0)),
    ):
        steps = round(turns * 2 * math.pi / FINE)
        points = trajectory(made, "alternating", FINE, steps, start)
        late = crossings(points[steps // 2 :])
        measured = float(late[-1]) if len(late) else abs(float(points[-1, 0]))
        assert made.ends is not None
        rows.append(Row(label, made.ends, measured, 0.01 * made.ends))
    return rows


def distance_rows(steps: int) -> list[Row]:
    """Distances at step size H. The first: up to a step's length, in which an orbit may cut the corner."""
    rows = []
    for order in ORDERS:
        points = trajectory(FAMILY["WGAN-GP, weight 0.25"], order, H, steps, (NEAR, NEAR))
        least = float(np.linalg.norm(points[steps // 2 :], axis=1).min())
        longest = float(np.linalg.norm(np.diff(points[steps // 2 :], axis=0), axis=1).max())
        label = f"WGAN-GP, weight 0.25, {order}: least distance from 0 in the end"
        rows.append(Row(label, 1.0, least, longest, ">="))
    steps, game = 20_000, FAMILY["non-saturating"]
    shrunk = trajectory(game, "alternating", H, steps, (0.5, 0.0))[-200:]
    ring = trajectory(game, "simultaneous", H, steps, (1.0, 0.0))[-1000:]
    for label, points, theory in (
        (f"alternating: distance after {steps} steps", shrunk, (4 + H * steps / 8) ** -0.5),
        ("simultaneous: distance of the ring", ring, math.sqrt(2 * H)),
    ):
        measured = float(np.linalg.norm(points, axis=1).mean())
        rows.append(Row(f"non-saturating, {label}", theory, measured, 0.02 * theory))
    return rows


def verdict(name: str, order: str) -> dict[str, Any]:
    """Eigenvalues in continuous time, the rate of a step, and how far from 0 it is after 1000 steps from (1.5, 0)."""
    made = FAMILY[name]
    far = trajectory(made, order, H, 1000, (1.5, 0.0))
    rate = ORDERS[order].rate(made, H)
    linear = "none: it jumps" if math.isnan(rate) else said(rate)
    return {
        "method": name,
        "eigenvalues": eigenvalues(made),
        "order": order,
        "linearised": linear,
        "distance after 1000 steps": float(np.linalg.norm(far[-1])),
    }


def said(rate: float) -> str:
    if abs(rate) < 1e-12:
        return "undecided"
    return "converges" if rate < 0 else "diverges"


def eigenvalues(made: Method) -> str:
    if made.eigenvalues is None:
        return "no Jacobian"
    a, b = sorted(made.eigenvalues, key=lambda value: (value.real, value.imag))
    if a.imag == 0:
        return f"{a.real:.2f}, {b.real:.2f}"
    return (f"{a.real:.2f} " if a.real else "") + f"± {abs(a.imag):.2f}i"


def picture() -> Any:
    shown = [name for name in FAMILY if name != "R2, gamma 0.3"]  # R1's twin here
    fig, axes = figure(3, 3, width=7.6, height=2.25)
    angle = np.linspace(0, 2 * math.pi, 200)
    for ax, name in zip(axes.flat, shown, strict=True):
        made = FAMILY[name]
        for order, colour in zip(ORDERS, ("tab:orange", "tab:blue"), strict=True):
            points = trajectory(made, order, H, 300, (1.5, 0.0))
            ax.plot(*points.T, color=colour, lw=0.8, label=order)
        ax.plot(1.5, 0.0, "k.", ms=5)
        ax.plot(0.0, 0.0, "k+", ms=8)
        if made.clip < math.inf:
            ax.plot(np.cos(angle), np.sin(angle), "k:", lw=1.2, label="predicted")
        elif made.ends:
            ax.plot([made.ends, -made.ends], [0, 0], "kx", ms=5, label="predicted")
        ax.set_title(f"{name}\n{eigenvalues(made)}", fontsize=9)
        ax.set(xlim=(-2.5, 2.5), ylim=(-2.5, 2.5), aspect="equal")
        ax.set(xticks=(-2, 0, 2), yticks=(-2, 0, 2))
        ax.tick_params(labelsize=7)
        ax.label_outer()
    for ax in axes[-1]:
        ax.set_xlabel("theta", fontsize=8)
    for ax in axes[:, 0]:
        ax.set_ylabel("psi", fontsize=8)
    axes[1, 2].legend(fontsize=7, loc="upper left", frameon=False)
    axes[1, 0].legend(handles=axes[1, 0].lines[-1:], fontsize=7, loc="upper left", frameon=False)
    axes[1, 1].legend(handles=axes[1, 1].lines[-1:], fontsize=7, loc="upper left", frameon=False)
    return fig


def run(options: Options) -> Report:
    angle = float(np.random.default_rng(options.seed).uniform(0, 2 * math.pi))
    linear = [name for name in FAMILY if FAMILY[name].jacobian is not None]
    rows = [rate_row(name, order, options.steps, angle) for name in linear for order in ORDERS]
    rows += cycle_rows(5 if options.quick else 8) + distance_rows(options.steps)
    return Report(
        rows,
        alt=(
            "Nine phase planes, theta across and psi up, each with the orbit of simultaneous steps (orange) and of "
            "alternating steps (blue) from (1.5, 0). Minimax and WGAN: the orange orbits spiral outwards, the blue "
            "ones close. Non-saturating: both shrink, ever more slowly. Clipping: both end near the unit circle. "
            "WGAN-GP: both end on tilted ovals, the blue one meeting psi = 0 near the predicted |theta| = 1.30. "
            "Instance noise, R1 and consensus spiral into 0, R1 with gamma 2 creeps in without turning."
        ),
        notes=[
            f"h = {H}; rates are log|eigenvalue| a step, orbits start {NEAR:g} from 0 at a random angle.",
            "Clipping's rate is that of its orbits before psi reaches the bound.",
            f"The cycles are those of continuous time, measured in alternating steps of {FINE:g}.",
            "R1 and R2 are the same field here: the gradient of a linear discriminator is psi everywhere.",
        ],
        tables={"Starting far away, at (1.5, 0)": [verdict(n, o) for n in FAMILY for o in ORDERS]},
        figure=picture() if options.out is not None else None,
    )


def main(arguments: Sequence[str] | None = None) -> Report:
    return experiment("dirac_gan", TITLE, run, steps=2000, quick_steps=1000, arguments=arguments)


if __name__ == "__main__":
    main()
