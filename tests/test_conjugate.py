"""The conjugate of every row of the catalogue, and of generators that a user might type, against theory."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
import torch
from conjugate_oracle import AGREED, DIGITS, END, close, golden, number, numeric, supremum

from divergences.fdivergence import FDivergence
from divergences.generators import catalogue

T = sp.Symbol("t")
U = sp.Symbol("u")
USERS = (
    "u**3-1",
    "exp(u-1)-u",
    "Abs(u-1)**3",
    "(u-1)**4",
    "Max(u-2,0)+Abs(u-1)/2",
    "log(cosh(u-1))",
    "where(u<1,(u-1)**2,u-1)",
    "u*log(u)+(u-1)**2",
    "exp(u-1)-u+(u**2-1)/2",
    "u**2+1/u-2",
    "sqrt(1+u**2)-sqrt(2)",
    "Max(u**2,2*u-1,3*u-2)-1",
    "(u-1)**2/(u+3)",
    "3*(u-1)",
)
NO_FORMULA = ("arithmetic_geometric", "u**2+1/u-2")
NAMES = tuple(f.name for f in catalogue.members()) + USERS


@cache
def make(name: str) -> FDivergence:
    return FDivergence(name)


def levels(f: FDivergence) -> list[sp.Rational]:
    """Rational t in every segment of the axis: below f'(0+), between kinks' slopes, up to f'(oo)."""
    ends = {f.slope_at_zero, f.slope_at_infinity, f.critical_level}
    for kink in f.kinks:
        ends |= {sp.limit(f.derivative, U, kink, side) for side in "+-"}
    finite = sorted({sp.nsimplify(sp.N(e, 30), rational=True) for e in ends if e.is_finite})
    inner = [
        a + (b - a) * w
        for a, b in pairwise(finite)
        for w in (sp.Rational(1, 7), sp.Rational(9, 10))
    ]
    below = [finite[0] - w for w in (sp.Rational(1, 3), sp.Rational(7, 2), sp.Integer(20))]
    above = [finite[-1] + w for w in (sp.Rational(1, 3), sp.Rational(7, 2), sp.Integer(20))]
    return below + inner + above


@pytest.mark.parametrize("name", [n for n in NAMES if n not in NO_FORMULA])
def test_the_formula_is_the_supremum_to_45_digits(name: str) -> None:
    f = make(name)
    for t in levels(f):
        assert close(number(f.conjugate.subs(T, t)), supremum(f.expression, t)), (name, t)


@pytest.mark.parametrize("name", NAMES)
def test_the_number_comes_with_a_proven_error(name: str) -> None:
    f = make(name)
    for t in levels(f):
        value, error = f.conjugate_with_error(t)
        truth = supremum(f.expression, t)
        if mp.isinf(truth):
            assert value == float("inf")
            continue
        with mp.workdps(60):
            assert abs(mp.mpf(value) - truth) <= error + AGREED, (name, t)  # the oracle's own error
        assert error <= 2.3e-16 * abs(value), (name, t)  # the nearest double


@pytest.mark.parametrize("name", NO_FORMULA)
def test_no_closed_form_is_said(name: str) -> None:
    assert make(name).conjugate is None
    assert make(name).conjugate_domain == sp.Interval(-sp.oo, sp.oo)


@pytest.mark.parametrize("name", NAMES)
def test_arrays_agree_with_single_numbers(name: str) -> None:
    f = make(name)
    t = np.array([float(x) for x in levels(f)] + [1e-9, -1e-13, 0.01])
    got = f.conjugate_at(t)
    want, _ = f.conjugate_with_error(t)
    finite = np.isfinite(want)
    assert np.array_equal(got[~finite], want[~finite])
    noise = 3e-16 if f.conjugate is None else 0.0
    assert np.all(np.abs(got[finite] - want[finite]) <= 2e-14 * np.abs(want[finite]) + noise)
    tensor = f.conjugate_at(torch.tensor(t)).numpy()
    assert np.array_equal(np.isfinite(tensor), finite)
    assert np.allclose(tensor[finite], got[finite], rtol=1e-14, atol=3e-16)


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_is_the_maximiser(name: str) -> None:
    """27: (f*)' inverts f'."""
    f = make(name)
    u = np.array([0.2, 0.7, 1.5, 4.0])
    slope = np.array([float(f.derivative.subs(U, x)) for x in u])
    strict = np.array([float(f.second_derivative.subs(U, x)) > 1e-9 for x in u])
    if not strict.any():
        pytest.skip("f is affine between its kinks")
    t = torch.tensor(slope, requires_grad=True)
    (gradient,) = torch.autograd.grad(f.conjugate_at(t)[torch.tensor(strict)].sum(), t)
    assert np.allclose(gradient.numpy()[strict], u[strict], rtol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_ends_of_the_domain(name: str) -> None:
    """f* is finite at f'(oo) exactly when the domain says so, and infinite beyond."""
    f = make(name)
    top = f.slope_at_infinity
    if top is sp.oo:
        assert f.conjugate_domain == sp.Interval(-sp.oo, sp.oo)
        return
    closed = not f.conjugate_domain.right_open
    with mp.workdps(DIGITS):
        g = numeric(f.expression)
        gains = [mp.exp(v) * number(top) - g(mp.exp(v)) for v in (100, 200, 300)]
    grows = gains[2] - gains[1] > mp.mpf("1e-20")
    assert closed == (not grows)
    value = f.conjugate_with_error(top)[0]
    assert (value < float("inf")) == closed
    if closed:
        assert close(mp.mpf(value), gains[2], mp.mpf(10) ** -15)
    assert f.conjugate_with_error(top + sp.Rational(1, 10**30))[0] == float("inf")
    assert f.conjugate_at(np.array([float(top) + 1e-6]))[0] == np.inf


@pytest.mark.parametrize("name", [n for n in NAMES if n not in NO_FORMULA])
def test_fenchel_young(name: str) -> None:
    """30: f(u) + f*(t) >= u t, with equality at t = f'(u)."""
    f = make(name)
    points = [sp.Rational(k, 7) for k in (1, 3, 6, 9, 20, 70)]
    conjugates = [(t, f.conjugate.subs(T, t)) for t in levels(f)]
    with mp.workdps(70):
        for u in points:
            at_u = number(f.expression.subs(U, u))
            for t, value in conjugates:
                assert at_u + number(value) >= number(u * t) - AGREED
            slope = f.derivative.subs(U, u)
            assert close(at_u + number(f.conjugate.subs(T, slope)), number(u * slope)), (name, u)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in NO_FORMULA])
def test_biconjugate(name: str) -> None:
    """29: sup over t of u t - f*(t) is f(u) again."""
    f = make(name)
    star = numeric(f.conjugate, "t")
    with mp.workdps(100):
        top = min(number(f.slope_at_infinity), mp.mpf(END))
        top = top if not f.conjugate_domain.right_open else top - mp.mpf(10) ** -60
        for u in (sp.Rational(1, 3), sp.Rational(5, 2)):
            u0 = number(u)
            _, value = golden(lambda t, u0=u0: u0 * t - star(t), mp.mpf(-END), top, 260)
            assert close(value, number(f.expression.subs(U, u))), (name, u)


@pytest.mark.parametrize(
    "name", ["kl", "neyman", "squared_hellinger", "jensen_shannon", "gan", "jeffreys"]
)
def test_conjugate_of_the_adjoint(name: str) -> None:
    """28: (f°)*(-f*(t)) = -t where f* is strictly increasing."""
    f = make(name)
    for u in (sp.Rational(1, 5), sp.Integer(2), sp.Integer(7)):
        t = f.derivative.subs(U, u)
        mirrored = f.adjoint.conjugate.subs(T, -f.conjugate.subs(T, t))
        assert close(number(mirrored), number(-t)), (name, u)


@pytest.mark.parametrize("name", ["kl", "total_variation", "le_cam", "pearson", "jensen_shannon"])
def test_shifts_and_scales(name: str) -> None:
    """26: (f + c (u - 1))*(t) = f*(t - c) + c and (l f)*(t) = l f*(t/l)."""
    f = make(name)
    c, scale = sp.Rational(3, 2), sp.Rational(5, 3)
    shifted = FDivergence(f.expression + c * (U - 1))
    scaled = FDivergence(scale * f.expression)
    for t in levels(f):
        assert close(number(shifted.conjugate.subs(T, t + c)), number(f.conjugate.subs(T, t) + c))
        assert close(
            number(scaled.conjugate.subs(T, t * scale)), number(scale * f.conjugate.subs(T, t))
        )


W = sp.LambertW(sp.exp(1 - T))
PUBLISHED = (  # 13 to 25, boundary pieces included
    ("u*log(u)", sp.exp(T - 1)),
    ("-log(u)", sp.Piecewise((-1 - sp.log(-T), T < 0), (sp.oo, True))),
    ("u*log(u)-(u+1)*log((u+1)/2)", sp.Piecewise((-sp.log(2 - sp.exp(T)), T < sp.log(2)), (sp.oo, True))),
    ("gan", sp.Piecewise((-sp.log(1 - sp.exp(T)), T < 0), (sp.oo, True))),
    ("(u-1)**2", sp.Piecewise((-1, T < -2), (T + T**2 / 4, True))),
    ("(1-u)**2/u", sp.Piecewise((2 - 2 * sp.sqrt(1 - T), T <= 1), (sp.oo, True))),
    ("(sqrt(u)-1)**2", sp.Piecewise((T / (1 - T), T < 1), (sp.oo, True))),
    ("Abs(u-1)/2", sp.Piecewise((sp.Max(T, -sp.Rational(1, 2)), T <= sp.Rational(1, 2)), (sp.oo, True))),
    ("(u-1)*log(u)", W + 1 / W + T - 2),
    (
        "(u-1)**2/(u+1)",
        sp.Piecewise((-1, T < -3), (4 - T - 4 * sp.sqrt(1 - T), T <= 1), (sp.oo, True)),
    ),
    ("hockey_stick(5/4)", sp.Piecewise((sp.Rational(5, 4) * sp.Max(T, 0), T <= 1), (sp.oo, True))),
    ("alpha(3)", sp.Piecewise((-sp.Rational(1, 3), T < -sp.Rational(1, 2)),
                              (((1 + 2 * T) ** sp.Rational(3, 2) - 1) / 3, True))),
)  # fmt: skip


@pytest.mark.parametrize(("generator", "formula"), PUBLISHED)
def test_the_table_with_its_boundary_pieces(generator: str, formula: sp.Expr) -> None:
    f = make(generator)
    ends = [e for e in (f.slope_at_zero, f.slope_at_infinity) if e.is_Rational]
    for t in levels(f) + ends:
        assert close(number(f.conjugate.subs(T, t)), number(formula.subs(T, t))), t


def test_symbolic_parameters() -> None:
    """23 and 24, with the parameter kept as a symbol."""
    a, weight = sp.Symbol("a"), sp.Symbol("pi")
    power = ((1 + (a - 1) * T) ** (a / (a - 1)) - 1) / a
    for branch, value in (("below", "1/3"), ("above", "5/2"), ("negative", "-2")):
        f = catalogue["alpha"].symbolic(branch)
        at = {a: sp.Rational(value)}
        edge = 1 / (1 - at[a])
        for t in (edge - 3, edge - sp.Rational(1, 9), edge + sp.Rational(1, 9), edge + 3):
            inside = (1 + (at[a] - 1) * t) > 0
            want = (
                power.subs(at).subs(T, t)
                if inside
                else (-1 / at[a] if branch == "above" else sp.oo)
            )
            assert close(number(f.conjugate.subs(at).subs(T, t)), number(want)), (branch, t)
            member = catalogue["alpha"](at[a])
            assert close(number(member.conjugate.subs(T, t)), number(want)), (branch, t)
    f = catalogue["jensen_shannon_weighted"].symbolic()
    want = (1 - weight) * sp.log((1 - weight) / (1 - weight * sp.exp(T / weight)))
    for value in (sp.Rational(1, 5), sp.Rational(2, 3)):
        for t in (sp.Rational(-4), sp.Rational(-1, 9), sp.Rational(1, 10)):
            got = f.conjugate.subs(weight, value).subs(T, t)
            assert close(number(got), number(want.subs(weight, value).subs(T, t)))
        assert f.conjugate.subs(weight, value).subs(T, 2) == sp.oo
