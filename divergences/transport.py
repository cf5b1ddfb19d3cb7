r"""Exact optimal transport between weighted point sets, with its proof: plan, potentials, and the gap between them.

    min { sum c_ij pi_ij : pi >= 0, pi 1 = a, pi' 1 = b }  =  max { sum a_i u_i + sum b_j v_j : u_i + v_j <= c_ij }

Whoever solves it (POT's network simplex, or scipy where POT is not installed), the answer is judged here by what any
solver's must satisfy: the plan's marginals, the potentials' feasibility, and a gap of at most 1e-9 of the cost. For a
metric cost there is one potential f, u_i = f(x_i), v_j = -f(y_j), and it must be 1-Lipschitz on the support
(Kantorovich-Rubinstein). An answer that fails is an error, not a number.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import array_api_compat
import numpy as np

from divergences._array import Array
from divergences._gaussian_pair import still
from divergences._samples import checked_weights, common, require_finite

__all__ = ["CertificateError", "Transport", "certify", "optimal_transport"]

GAP_TOLERANCE = 1e-9  # of the cost
ROUNDING = 1e-14  # of the largest c_ij: what a sum of potentials along a path may be off by
MASS_TOLERANCE = 1e-12  # total, in the plan's marginals
METRICS = {"euclidean": 2.0, "cityblock": 1.0, "chebyshev": math.inf}  # the order of each norm

_ROWS = 64  # rows of the cost matrix at a time: their temporaries stay in cache

Solver = Callable[[Array, Array, Array], tuple[Array, Array, Array]]  # a, b, c to plan, u, v


class CertificateError(ArithmeticError):
    """A solver's answer whose plan, potentials and gap do not prove each other optimal."""


@dataclass(frozen=True)
class Transport:
    """An optimal plan and its proof.

    Attributes:
        cost: sum c_ij pi_ij, a scalar.
        plan: pi, (n, m), with marginals a and b.
        potentials: u (n,) and v (m,), determined up to a constant that moves from one to the other.
        gap: The primal value less the dual one, in the unit of the cost, both summed without rounding.
    """

    cost: Array
    plan: Array
    potentials: tuple[Array, Array]
    gap: float


def optimal_transport(
    x: Array = None,
    y: Array = None,
    x_weights: Array | None = None,
    y_weights: Array | None = None,
    *,
    cost: Array | None = None,
    metric: str = "euclidean",
    normalize: bool = False,
) -> Transport:
    r"""The least cost of moving P to Q, min sum c_ij pi_ij over plans pi; W_1 for c_ij = |x_i - y_j|, the default.

    Gradients (torch) flow from `.cost` to positions, weights and cost matrix by the envelope theorem, the plan and
    the potentials held fixed; where several plans or potentials are optimal it is the gradient of the one found.
    As the weights are divided by their sums, their gradients have mean 0 under the weights.

    Args:
        x: Points of P, (n, d); (n,) is taken as (n, 1). Integers are taken as float64.
        y: Points of Q, (m, d).
        x_weights: Probabilities of `x`, (n,); equal ones by default.
        y_weights: Probabilities of `y`, (m,).
        cost: The matrix c, (n, m), any finite numbers; then `metric` is not used, and `x` and `y` may be left out.
        metric: "euclidean", "cityblock" or "chebyshev". No squares: W_2^2 is had by a cost matrix.
        normalize: Divide the weights by their sums. Without it they must sum to 1 within 1e-8 (8 eps for shorter
            floats); what they lack of 1 within that is divided out all the same.

    Returns:
        A `Transport`, its arrays of the arguments' kind and dtype; the work is done in float64 on the CPU.

    Raises:
        ValueError: Empty samples; entries that are nan or infinite; weights that are negative, all zero, of another
            length, or do not sum to 1; unequal dimensions; an unknown metric; a cost matrix of another shape.
        CertificateError: The solver's answer is not proved optimal within 1e-9.

    Source:
        Villani, Optimal Transport: Old and New, 2009, Theorem 5.10 and Particular Case 5.16; Bonneel, van de Panne,
        Paris, Heidrich, Displacement interpolation using Lagrangian mass transport, 2011 (the network simplex).

    Example:
        >>> moved = optimal_transport([[0.0, 0.0], [1.0, 0.0]], [[3.0, 4.0], [4.0, 4.0]])
        >>> float(moved.cost)
        5.0
    """
    if cost is None:
        for name, given in (("x", x), ("y", y)):
            if given is None:
                raise ValueError(f"`{name}` must be given where there is no cost matrix")
    arrays = common(x=x, y=y, x_weights=x_weights, y_weights=y_weights, cost=cost)
    xp = arrays.xp
    x, y, x_weights, y_weights, cost = arrays.values
    if cost is None:
        if metric not in METRICS:
            raise ValueError(
                f"`metric` must be one of {', '.join(METRICS)}. Got {metric!r}; any other goes in as a matrix, cost="
            )
        x, y = _points(xp, x, "x"), _points(xp, y, "y")
        if x.shape[1] != y.shape[1]:
            raise ValueError(
                f"`x` and `y` must have equal dimensions. Got {x.shape[1]} and {y.shape[1]}"
            )
        n, m = x.shape[0], y.shape[0]
    else:
        n, m = _matrix_shape(xp, cost, x, y)
    a = _masses(xp, x_weights, "x_weights", n, arrays.epsilon, normalize)
    b = _masses(xp, y_weights, "y_weights", m, arrays.epsilon, normalize)
    plain_a, plain_b = (
        np.full(k, 1.0 / k) if w is None else _numpy(w) for w, k in ((a, n), (b, m))
    )
    if cost is None:
        points = _numpy(x), _numpy(y)
        matrix = _distances(*points, metric)
    else:
        points, matrix = None, _numpy(cost)
    plan, u, v = _solve(plain_a, plain_b, matrix)
    u, v = _transformed(matrix, u, v, plain_b > 0)
    if points is not None:
        _check_lipschitz(*points, u, v, matrix, metric)
    value, gap = certify(matrix, plain_a, plain_b, plan, u, v)
    if xp is np:
        plan, u, v = (part.astype(arrays.dtype, copy=False) for part in (plan, u, v))
        return Transport(arrays.dtype.type(value), plan, (u, v), gap)
    like = next(w for w in (x, y, cost, a, b) if w is not None)
    device = array_api_compat.device(like)

    def back(array: Array, dtype: Any = like.dtype) -> Array:
        return xp.asarray(array, dtype=dtype, device=device)

    i, j = _support(plan)
    if cost is None:
        moved = xp.take(x, back(i, xp.int64), axis=0) - xp.take(y, back(j, xp.int64), axis=0)
        paid = xp.linalg.vector_norm(moved, axis=-1, ord=METRICS[metric])
    else:
        paid = cost[back(i, xp.int64), back(j, xp.int64)]
    slope = xp.sum(back(plan[i, j]) * paid)
    for masses, potential in ((a, u), (b, v)):
        if masses is not None:
            slope = slope + xp.sum(masses * back(potential))
    result = back(value) + (slope - still(slope))
    return Transport(
        xp.astype(result, arrays.dtype),
        back(plan, arrays.dtype),
        (back(u, arrays.dtype), back(v, arrays.dtype)),
        gap,
    )


def certify(
    cost: Array, a: Array, b: Array, plan: Array, u: Array, v: Array
) -> tuple[float, float]:
    """The cost of a plan, and its gap over the dual value of (u, v), both summed without rounding.

    Args:
        cost: c, (n, m); a: (n,), b: (m,), the masses; plan: (n, m); u: (n,), v: (m,). numpy float64.

    Raises:
        CertificateError: The plan has negative entries, or marginals that are off by 1e-12 in total; u_i + v_j > c_ij
            somewhere; the gap exceeds 1e-9 of the cost, each beyond rounding (1e-14 of the largest |c_ij|).
    """
    i, j = _support(plan)
    mass, paid = plan[i, j], cost[i, j]
    if not (np.isfinite(mass).all() and np.isfinite(u).all() and np.isfinite(v).all()):
        raise CertificateError("the plan or the potentials are not finite")
    if mass.size and mass.min() < 0:
        raise CertificateError(f"the plan must have no negative entries: one is {mass.min():.3g}")
    off = float(
        np.abs(np.bincount(i, mass, len(a)) - a).sum()
        + np.abs(np.bincount(j, mass, len(b)) - b).sum()
    )
    if off > MASS_TOLERANCE:
        raise CertificateError(
            f"the plan's marginals are off by {off:.3g} in all, beyond {MASS_TOLERANCE:.0e}"
        )
    rounding = ROUNDING * max(float(cost.max()), -float(cost.min()))
    over, at = -math.inf, 0
    for start in range(0, len(u), _ROWS):
        rows = slice(start, start + _ROWS)
        slack = u[rows, None] + v
        slack -= cost[rows]
        worst = float(slack.max())
        if worst > over:
            over, at = worst, start + int(slack.argmax()) // len(v)
    if over > rounding:
        raise CertificateError(
            f"the potentials are not feasible: in row {at}, u + v exceeds the cost by {over:.3g}"
        )
    value = _dot(mass, paid)
    # one exact sum of all products: the gap does not cancel
    gap = math.fsum([*_products(mass, paid), *_products(-a, u), *_products(-b, v)])
    allowed = max(GAP_TOLERANCE * abs(value), rounding)
    if not abs(gap) <= allowed:
        raise CertificateError(
            f"the gap between primal and dual is {gap:.3g}, beyond {allowed:.3g} (cost {value:.6g})"
        )
    return value, gap


def _support(plan: Array) -> tuple[Array, Array]:
    """np.nonzero, sooner."""
    return np.divmod(np.flatnonzero(plan != 0), plan.shape[1])


def _products(a: Array, b: Array) -> list[float]:
    """The products a b, each as two floats that sum to it exactly (Dekker, 1971)."""
    product = a * b
    high_a, high_b = ((c := w * 134217729.0) - (c - w) for w in (a, b))
    low_a, low_b = a - high_a, b - high_b
    error = ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b
    return [*product.tolist(), *error.tolist()]


def _dot(a: Array, b: Array) -> float:
    return math.fsum(_products(a, b))


def _points(xp: ModuleType, x: Array, name: str) -> Array:
    """(n, d), finite."""
    if x.ndim not in (1, 2) or 0 in tuple(x.shape):
        raise ValueError(
            f"`{name}` must have the shape (points, dimensions), neither 0. Got {tuple(x.shape)}"
        )
    require_finite(xp, still(x), name)
    return x if x.ndim == 2 else x[:, None]


def _matrix_shape(xp: ModuleType, cost: Array, x: Array | None, y: Array | None) -> tuple[int, int]:
    shape = tuple(cost.shape)
    if len(shape) != 2 or 0 in shape:
        raise ValueError(f"`cost` must be a matrix (n, m), neither 0. Got shape {shape}")
    for name, points, size in (("x", x, shape[0]), ("y", y, shape[1])):
        if points is not None and (points.ndim == 0 or points.shape[0] != size):
            raise ValueError(
                f"`cost` must have the shape (points of x, points of y). Got {shape}, and {name} of shape "
                f"{tuple(points.shape)}"
            )
    require_finite(xp, still(cost), "cost")
    return shape


def _masses(
    xp: ModuleType, weights: Array | None, name: str, n: int, epsilon: float, normalize: bool
) -> Array | None:
    if weights is None:
        return None
    if tuple(weights.shape) != (n,):
        raise ValueError(f"`{name}` must have the shape ({n},). Got {tuple(weights.shape)}")
    plain = checked_weights(xp, still(weights), name, epsilon, normalize)
    return plain if xp is np else weights / xp.sum(weights)


def _numpy(array: Array) -> Array:
    if not isinstance(array, np.ndarray):
        array = np.asarray(array_api_compat.to_device(still(array), "cpu"))
    return np.ascontiguousarray(array, dtype=np.float64)


def _distances(x: Array, y: Array, metric: str) -> Array:
    """Distances from differences of coordinates, so that a common offset costs no digits."""
    from scipy.spatial.distance import cdist

    return cdist(x, y, metric)


def _transformed(cost: Array, u: Array, v: Array, positive: Array) -> tuple[Array, Array]:
    """The c-transforms: u_i = min c_ij - v_j over Q's support, then v_j = min c_ij - u_i. Feasible, never worse.

    For a metric cost they are one 1-Lipschitz potential, f = u on x and -v on y: with v_j = c_ij - u_i for some i,
    v_k <= c_ik - u_i <= c_jk + v_j; and with u_i = c_ik - v_k for some k, -v_j - u_i <= c_jk - c_ik <= c_ij.
    """
    if positive.all():
        u = np.concatenate([(cost[r : r + _ROWS] - v).min(axis=1) for r in range(0, len(u), _ROWS)])
    else:
        u = (cost[:, positive] - v[positive]).min(axis=1)
    v = np.full(len(v), math.inf)
    for start in range(0, len(u), _ROWS):
        rows = slice(start, start + _ROWS)
        np.minimum(v, (cost[rows] - u[rows, None]).min(axis=0), out=v)
    return u, v


def _check_lipschitz(x: Array, y: Array, u: Array, v: Array, cost: Array, metric: str) -> None:
    """CertificateError unless f, u on x and -v on y, is 1-Lipschitz on all the points, beyond rounding."""
    for name, points, f in (("x", x, u), ("y", y, v)):
        for start in range(0, len(f), _ROWS):
            distance = _distances(points[start : start + _ROWS], points[start:], metric)
            _check_rise(f[start : start + _ROWS], f[start:], distance, name)
    for start in range(0, len(u), _ROWS):
        rows = slice(start, start + _ROWS)
        _check_rise(u[rows], -v, cost[rows], "x and y")


def _check_rise(f: Array, g: Array, distance: Array, name: str) -> None:
    rise = f[:, None] - g
    np.abs(rise, out=rise)
    rise -= distance
    over = float(rise.max())
    if over > 0 and over > ROUNDING * float(np.abs(f).max() + np.abs(g).max() + distance.max()):
        raise CertificateError(
            f"the potential is not 1-Lipschitz on {name}: it exceeds a distance by {over:.3g}"
        )


def _solve(a: Array, b: Array, cost: Array) -> tuple[Array, Array, Array]:
    """Plan and potentials by the solver at hand, on the support; potentials off it are 0."""
    on_a, on_b = a > 0, b > 0
    solver = _solver()
    if on_a.all() and on_b.all():
        return solver(a, b, cost)
    plan, u, v = np.zeros(cost.shape), np.zeros(len(a)), np.zeros(len(b))
    inner, u[on_a], v[on_b] = solver(
        a[on_a], b[on_b], np.ascontiguousarray(cost[np.ix_(on_a, on_b)])
    )
    plan[np.ix_(on_a, on_b)] = inner
    return plan, u, v


def _solver() -> Solver:
    try:
        import ot.lp  # noqa: F401
    except ImportError:
        return _by_scipy
    return _by_simplex


def _by_simplex(a: Array, b: Array, cost: Array) -> tuple[Array, Array, Array]:
    import ot.lp

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a solver that gave up: the certificate tells
        plan, log = ot.lp.emd(a, b, cost, numItermax=100_000_000, log=True)
    return plan, log["u"], log["v"]


def _by_scipy(a: Array, b: Array, cost: Array) -> tuple[Array, Array, Array]:
    if len(a) == len(b) and (a == a[0]).all() and (b == a[0]).all():
        return _by_assignment(a, cost)
    return _by_highs(a, b, cost)


def _by_assignment(a: Array, cost: Array) -> tuple[Array, Array, Array]:
    """Equal masses: a permutation s, and potentials by shortest paths along v_j <= v_s(i) + c_ij - c_is(i)."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(cost)
    plan = np.zeros(cost.shape)
    plan[rows, columns] = a
    paid = cost[rows, columns]
    arcs = cost - paid[:, None]
    v = np.zeros(len(a))
    for _ in range(len(a)):
        lower = np.minimum(v, (arcs + v[columns, None]).min(axis=0))
        if np.abs(lower - v).max() <= 1e-16 * np.abs(cost).max():
            break
        v = lower
    return plan, paid - v[columns], v


def _by_highs(a: Array, b: Array, cost: Array) -> tuple[Array, Array, Array]:
    from scipy.optimize import linprog
    from scipy.sparse import eye_array, kron, vstack

    n, m = cost.shape
    rows = kron(eye_array(n), np.ones((1, m)))
    columns = kron(np.ones((1, n)), eye_array(m))
    size = float(np.abs(cost).max()) or 1.0
    found = linprog(
        (cost / size).ravel(),
        A_eq=vstack([rows, columns]).tocsr(),
        b_eq=np.concatenate([a, b]),
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.x is None:
        raise CertificateError(f"scipy's linear programme found no plan: {found.message}")
    dual = size * found.eqlin.marginals
    return np.maximum(found.x, 0.0).reshape(n, m), dual[:n], dual[n:]
