"""Which Gaussian is nearest to a mixture depends on what "nearest" means.

P = 0.33 N(-1, 0.065) + 0.67 N(2, 2), the second numbers being variances, and Q = N(m, s^2). The best m and s are
found under KL(P||Q), KL(Q||P), Jensen-Shannon, Jeffreys and Pearson chi^2(P||Q), and every divergence is then
measured at every optimum, by `dv.between`, with a bound on its error. KL's optimum matches the mean and the variance.
All values in nats (chi^2 without unit).

The gradient that must vanish is an integral of its own: with u = p/q, D_f = int q f(u) has dD_f/dtheta =
int q (d log q/dtheta) (f(u) - u f'(u)) dx. From several starts, a simplex search of the divergence and a root of
this gradient must agree.

Source of the example: Nowozin, Cseke and Tomioka, "f-GAN: training generative neural samplers using variational
divergence minimization" (2016), section 2.4; the numbers here are computed, not copied.

    python examples/mixture_fit.py [--quick] [--out DIR]
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy import optimize, stats

import divergences as dv

WEIGHTS, MEANS, VARIANCES = (0.33, 0.67), (-1.0, 2.0), (0.065, 2.0)
NAMES = ("kl", "reverse_kl", "jensen_shannon", "jeffreys", "pearson")
STARTS = ((1.0, 1.8), (2.0, 1.4), (-1.0, 0.3), (0.0, 1.0), (0.5, 2.5))  # (m, s)
LARGE = 1e6
RANGE = 12.0  # of the grid, in standard deviations of either density

P = dv.Mixture(
    WEIGHTS, [stats.norm(m, math.sqrt(v)) for m, v in zip(MEANS, VARIANCES, strict=True)]
)


@dataclass(frozen=True)
class Fit:
    """A stationary point of D_f(P||N(m, s^2)); `gradient` is what is left of (dD/dm, dD/dlog s)."""

    name: str
    m: float
    s: float
    value: float
    error: float
    gradient: float


def log_p(x: np.ndarray) -> np.ndarray:
    terms = [
        math.log(w) + stats.norm.logpdf(x, m, math.sqrt(v))
        for w, m, v in zip(WEIGHTS, MEANS, VARIANCES, strict=True)
    ]
    return np.asarray(np.logaddexp(*terms))


def divergence(name: str, m: float, s: float) -> tuple[float, float]:
    found = dv.between(P, stats.norm(m, s), name)
    return found.value, found.error


def moments() -> tuple[float, float]:
    """The mean and standard deviation of P: KL's optimum, in closed form."""
    mean = math.fsum(w * m for w, m in zip(WEIGHTS, MEANS, strict=True))
    second = math.fsum(
        w * (v + (m - mean) ** 2) for w, m, v in zip(WEIGHTS, MEANS, VARIANCES, strict=True)
    )
    return mean, math.sqrt(second)


# f(u), and f(u) - u f'(u) by which the score of q is weighted, as functions of v = log u.
F = {
    "kl": lambda v: v * np.exp(v),
    "reverse_kl": lambda v: -v,
    "jensen_shannon": lambda v: (
        (v * np.exp(v) - (1 + np.exp(v)) * (np.logaddexp(v, 0) - math.log(2))) / 2
    ),
    "jeffreys": lambda v: v * np.expm1(v),
    "pearson": lambda v: np.expm1(v) ** 2,
}
WEIGHT = {
    "kl": lambda v: -np.exp(v),
    "reverse_kl": lambda v: 1 - v,
    "jensen_shannon": lambda v: -(np.logaddexp(v, 0) - math.log(2)) / 2,
    "jeffreys": lambda v: -v - np.exp(v) + 1,
    "pearson": lambda v: 1 - np.exp(2 * v),
}
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(20)


def on_grid(m: float, s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """((x - m)/s, q times the weights, log p/q) at 20 Gauss points in each of 200 panels around P and Q."""
    ends = [-1 - RANGE * 0.255, 2 + RANGE * 1.42, m - RANGE * s, m + RANGE * s]
    edges = np.linspace(min(ends), max(ends), 201)
    half = (edges[1] - edges[0]) / 2
    x = (((edges[1:] + edges[:-1]) / 2)[:, None] + half * NODES).ravel()
    log_q = stats.norm.logpdf(x, m, s)
    mass = np.exp(log_q) * np.tile(NODE_WEIGHTS, len(edges) - 1) * half
    return (x - m) / s, mass, log_p(x) - log_q


def target(name: str, theta: np.ndarray) -> float:
    """D_f(P||N(m, s^2)) on the grid, theta = (m, log s);
    LARGE where Pearson's integral is infinite."""
    m, s = float(theta[0]), math.exp(float(theta[1]))
    if abs(m) > 20 or not 0.05 < s < 20 or (name == "pearson" and 2 * s * s <= max(VARIANCES)):
        return LARGE
    _, mass, v = on_grid(m, s)
    with np.errstate(over="ignore", invalid="ignore"):
        value = float(np.sum(mass * F[name](v)))
    return value if math.isfinite(value) else LARGE


def gradient(name: str, theta: np.ndarray) -> np.ndarray:
    """(dD/dm, dD/dlog s), by its own integral."""
    s = math.exp(float(theta[1]))
    z, mass, v = on_grid(float(theta[0]), s)
    with np.errstate(over="ignore", invalid="ignore"):
        weight = mass * WEIGHT[name](v)
        return np.array([np.sum(weight * z) / s, np.sum(weight * (z * z - 1))])


def solve(name: str, start: tuple[float, float]) -> np.ndarray | None:
    """A minimum near `start`: simplex search of D, then the zero of its gradient; None where they differ."""
    rough = optimize.minimize(
        lambda theta: target(name, theta),
        np.array([start[0], math.log(start[1])]),
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-13, "maxiter": 1000},
    )
    if rough.fun >= LARGE:
        return None
    root = optimize.root(lambda theta: gradient(name, theta), rough.x, tol=1e-13)
    if np.abs(root.x - rough.x).max() > 1e-5 or np.abs(gradient(name, root.x)).max() > 1e-10:
        return None
    return np.asarray(root.x)


def fits(name: str, starts: tuple[tuple[float, float], ...]) -> list[Fit]:
    """The distinct local minima that the starts lead to, the best first."""
    found: list[Fit] = []
    for start in starts:
        theta = solve(name, start)
        if theta is None:
            continue
        m, s = float(theta[0]), math.exp(float(theta[1]))
        if all(abs(m - each.m) + abs(s - each.s) > 1e-6 for each in found):
            value, error = divergence(name, m, s)
            found.append(Fit(name, m, s, value, error, float(np.abs(gradient(name, theta)).max())))
    return sorted(found, key=lambda fit: fit.value)


def main(arguments: list[str] | None = None) -> dict[str, object]:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="two starts instead of five")
    parser.add_argument("--out", type=Path, help="where to write mixture_fit.json")
    options = parser.parse_args(arguments)
    starts = STARTS[:2] if options.quick else STARTS
    minima = {name: fits(name, starts) for name in NAMES}
    best = {name: minima[name][0] for name in NAMES}
    print("P = 0.33 N(-1, var 0.065) + 0.67 N(2, var 2);  Q = N(m, s^2)\n")
    print(f"{'minimised':16}{'m':>10}{'s':>10}{'D(P, Q)':>12}{'error':>10}{'|gradient|':>12}")
    for name in NAMES:
        for i, fit in enumerate(minima[name]):
            label = name if i == 0 else "  (local)"
            print(
                f"{label:16}{fit.m:10.4f}{fit.s:10.4f}{fit.value:12.6f}{fit.error:10.1e}"
                f"{fit.gradient:12.1e}"
            )
    mean, deviation = moments()
    print("\ntheory | measured")
    print(f"KL's optimum matches the moments: m {mean:.6f} | {best['kl'].m:.6f}, "
          f"s {deviation:.6f} | {best['kl'].s:.6f}")  # fmt: skip
    cross = {
        row: {name: divergence(name, best[row].m, best[row].s) for name in NAMES} for row in NAMES
    }
    print("\ndivergence (column) at the optimum of (row)")
    print(f"{'':16}" + "".join(f"{name:>16}" for name in NAMES))
    for row in NAMES:
        print(f"{row:16}" + "".join(f"{cross[row][name][0]:16.6f}" for name in NAMES))
    largest = max(error for line in cross.values() for _, error in line.values())
    print(f"largest error of these: {largest:.1e}")
    table: dict[str, object] = {
        "fits": [asdict(best[name]) for name in NAMES],
        "local": {name: [asdict(fit) for fit in minima[name][1:]] for name in NAMES},
        "moments": {"m": mean, "s": deviation},
        "cross": {
            row: {name: {"value": v, "error": e} for name, (v, e) in line.items()}
            for row, line in cross.items()
        },
    }
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "mixture_fit.json").write_text(json.dumps(table, indent=2) + "\n")
    return table


if __name__ == "__main__":
    main()
