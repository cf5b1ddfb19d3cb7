"""True statements about sums over the atoms of an alphabet, with and without the field's names."""

from __future__ import annotations

import random
from collections.abc import Callable

import sympy as sp
from sympy import Abs, Max, Rational, exp, log, sqrt

from derivations.language import POSITIVE, REAL, Mass, PerAtom, Total

from .statement import Truth, positive, small

c, p, q, r, x, y, T = sp.symbols("c p q r x y T")
P, PQ, PQR = {p: Mass()}, {p: Mass(), q: Mass()}, {p: Mass(), q: Mass(), r: Mass()}
Draw = Callable[[random.Random], Truth]

KL = Total(p * log(p / q))
TV = Total(Abs(p - q)) / 2
H2 = Total((sqrt(p) - sqrt(q)) ** 2) / 2
BC = Total(sqrt(p * q))
CHI2 = Total((p - q) ** 2 / q)
LE_CAM = Total((p - q) ** 2 / (p + q))
JS = (Total(p * log(2 * p / (p + q))) + Total(q * log(2 * q / (p + q)))) / 2
ENTROPY = -Total(p * log(p))
JEFFREYS = Total((p - q) * log(p / q))

EQUALITIES: tuple[tuple[sp.Expr, sp.Expr, dict], ...] = (
    (H2, 1 - BC, PQ),
    (CHI2, Total(p**2 / q) - 1, PQ),
    (LE_CAM, 2 - 4 * Total(p * q / (p + q)), PQ),
    (JEFFREYS, KL + Total(q * log(q / p)), PQ),
    (KL, -ENTROPY - Total(p * log(q)), PQ),
    (TV, Total(Max(p - q, 0)), PQ),
    (TV, 1 - Total(sp.Min(p, q)), PQ),
    (Total((p - q) ** 2), Total(p**2) + Total(q**2) - 2 * Total(p * q), PQ),
    (Total(p * (T - c) ** 2), Total(p * T**2) - 2 * c * Total(p * T) + c**2,
     {p: Mass(), c: REAL, T: PerAtom(REAL)}),
    (Total(p * (T - Total(p * T)) ** 2), Total(p * T**2) - Total(p * T) ** 2,
     {p: Mass(), T: PerAtom(REAL)}),
    (Total(p * log(p / q)) - Total(p * log(p / r)), Total(p * log(r / q)), PQR),
    (Total(p * exp(T + c)), exp(c) * Total(p * exp(T)), {p: Mass(), c: REAL, T: PerAtom(REAL)}),
    (Total(c * p + (1 - c) * q), sp.S.One, {**PQ, c: REAL}),
    (Total(p) * Total(q * T), Total(q * T), {**PQ, T: PerAtom(REAL)}),
)  # fmt: skip

INEQUALITIES: tuple[tuple[sp.Expr, sp.Expr, dict], ...] = (
    (KL, sp.S.Zero, PQ),
    (KL, 2 * TV**2, PQ),
    (CHI2, KL, PQ),
    (log(1 + CHI2), KL, PQ),
    (KL, 2 * H2, PQ),
    (KL, -2 * log(BC), PQ),
    (TV, H2, PQ),
    (sqrt(2 * H2), TV, PQ),
    (sp.S.One, TV, PQ),
    (sp.S.One, H2, PQ),
    (log(2), JS, PQ),
    (JS, sp.S.Zero, PQ),
    (H2, JS, PQ),
    (JS, H2 * log(2), PQ),
    (LE_CAM, 2 * H2, PQ),
    (4 * H2, LE_CAM, PQ),
    (LE_CAM, 2 * TV**2, PQ),
    (2 * TV, LE_CAM, PQ),
    (CHI2, 4 * TV**2, PQ),
    (CHI2, LE_CAM, PQ),
    (JEFFREYS, KL, PQ),
    (JEFFREYS, 8 * JS, PQ),
    (ENTROPY, sp.S.Zero, P),
    (ENTROPY, 1 - Total(p**2), P),
    (sp.S.One, Total(p**2), P),
    (Total(sqrt(p)), sp.S.One, P),
    (Total(p**2) + Total(q**2), 2 * Total(p * q), PQ),
    (log(Total(p * exp(T))), Total(p * T), {p: Mass(), T: PerAtom(REAL)}),
    (KL, Total(p * T) - Total(q * exp(T - 1)), {**PQ, T: PerAtom(REAL)}),
    (KL, Total(p * T) - log(Total(q * exp(T))), {**PQ, T: PerAtom(REAL)}),
    (Total(p * T**2), Total(p * T) ** 2, {p: Mass(), T: PerAtom(REAL)}),
    (Total(x) * Total(y), Total(sqrt(x * y)) ** 2, {x: PerAtom(POSITIVE), y: PerAtom(POSITIVE)}),
    (Total(x * log(x / y)), Total(x) * log(Total(x) / Total(y)),
     {x: PerAtom(POSITIVE), y: PerAtom(POSITIVE)}),
    (Total(p * Abs(T)), Abs(Total(p * T)), {p: Mass(), T: PerAtom(REAL)}),
    (Total(p / q * p), sp.S.One, PQ),
)  # fmt: skip


def equality(rng: random.Random) -> Truth:
    left, right, given = rng.choice(EQUALITIES)
    if rng.random() < 0.5:
        left, right = right, left
    return _scaled(left, "=", right, given, rng)


def linear(rng: random.Random) -> Truth:
    k, m = small(rng), small(rng)
    return Truth(Total(k * p + m * q), "=", k + m, PQ)


def per_atom(rng: random.Random) -> Truth:
    """A sum is linear in what it sums: random numbers at each atom."""
    k, m, n = small(rng), small(rng), rng.choice((1, 2, 3))
    return Truth(Total(p * (k * T**n + m)), "=", k * Total(p * T**n) + m,
                 {p: Mass(), T: PerAtom(REAL)})  # fmt: skip


def inequality(rng: random.Random) -> Truth:
    high, low, given = rng.choice(INEQUALITIES)
    if rng.random() < 0.4:
        return _scaled(low, "<=", high, given, rng)
    return _scaled(high, ">=", low, given, rng)


def combined(rng: random.Random) -> Truth:
    """Two of the inequalities added up."""
    rows = [row for row in INEQUALITIES if row[2] == PQ]
    (h1, l1, given), (h2, l2, _) = rng.choice(rows), rng.choice(rows)
    k = positive(rng)
    return Truth(h1 + k * h2, ">=", l1 + k * l2, given)


def one_ratio(rng: random.Random) -> Truth:
    """D_f >= 0 for f = a sum of convex functions that are zero at 1."""
    u = p / q
    parts = (u * log(u), -log(u), (u - 1) ** 2, (sqrt(u) - 1) ** 2, Abs(u - 1),
             (u - 1) ** 2 / (u + 1), Max(u - 2, 0), u**3 - 1)  # fmt: skip
    return Truth(Total(q * sp.Add(*(positive(rng) * part for part in rng.sample(parts, 2)))), ">=",
                 sp.S.Zero, PQ)  # fmt: skip


def _scaled(left: sp.Expr, relation: str, right: sp.Expr, given: dict, rng: random.Random) -> Truth:
    k = rng.choice((1, 1, 2, Rational(1, 3)))
    return Truth(k * left, relation, k * right, given)


TOTALS: tuple[Draw, ...] = (
    equality, equality, linear, per_atom, inequality, inequality, inequality, combined, one_ratio,
)  # fmt: skip
