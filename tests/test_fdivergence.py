"""What follows from a generator, each against an independent road; and what is refused, with its witness."""

from __future__ import annotations

import time
from functools import cache

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
import torch
from conjugate_oracle import number, numeric

from derivations.commands.conjugate import conjugate as conjugate_command
from derivations.commands.conjugate import describe
from divergences._exact import U as INNER
from divergences._exact import limit_at_zero
from divergences._patience import within
from divergences._sign import Bracket, sign_table
from divergences.fdivergence import FDivergence
from divergences.generators import catalogue

U, V = sp.symbols("u v")
USERS = (
    "u**3-1",
    "exp(u-1)-u",
    "Abs(u-1)**3",
    "(u-1)**4",
    "Max(u-2,0)+Abs(u-1)/2",
    "where(u<1,(u-1)**2,u-1)",
    "u**2+1/u-2",
    "u*log(u)+(u-1)**2",
    "u**1.3-1",
    "sqrt(1+u**2)-sqrt(2)",
)
NAMES = tuple(f.name for f in catalogue.members()) + USERS
PIECES = 1200  # digits: e^700 next to 1 and its square


@cache
def make(name: str) -> FDivergence:
    return FDivergence(name)


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "-(u-1)**2",
        "u**2*log(u)",
        "sin(u)-sin(1)",
        "Abs(log(u))",
        "(u-1)/(u+1)",
        "where(u<1,2*(u-1),u-1)",
        "where(u<1,u,0)",
        "where(u<1,0,u)",
        "Min(u,1)-1",
        "(u-1)**2*(u-3)**2",
        "(u-1)**2-3*(u-1)**4*exp(-u)",
        "u**4-4*u**3+5.99*u**2-2.99",  # f'' < 0 only within 0.05 of u = 1
        "u*log(u)**2",
        "-Abs(u-1)",
        "(u-1)**2-Abs(u-3/2)/1000+1/2000",  # a kink downwards that a coarse grid does not see
        "(u-1)**2-Abs(u**2-2)/1000+1/1000",  # and one at sqrt(2)
    ],
)
def test_a_generator_that_is_not_convex_is_refused_with_three_points(text: str) -> None:
    with pytest.raises(ValueError, match="not convex") as refusal:
        FDivergence(text)
    x, y, z = refusal.value.witness
    assert all(p.is_Rational and p > 0 for p in (x, y, z)) and x < y < z
    assert str(y) in str(refusal.value)
    f = numeric(_plain(text))
    with mp.workdps(80):
        fx, fy, fz = (f(number(p)) for p in (x, y, z))
        assert fy > fx + (fz - fx) * number((y - x) / (z - x)) + mp.mpf("1e-70")


def _plain(text: str) -> sp.Expr:
    from divergences.expression import parse

    return parse(text, {"u": U})


@pytest.mark.parametrize(
    ("text", "point"),
    [("log(u-1)", None), ("1/(u-2)", 2), ("sqrt(u-3)", None), ("log(2-u)", None), ("tan(u)", 0)],
)
def test_a_generator_that_is_not_finite_and_real_is_refused(text: str, point: int | None) -> None:
    with pytest.raises(ValueError, match=r"real|finite") as refusal:
        FDivergence(text)
    if point:
        assert refusal.value.witness == point
    elif point is None:
        assert _plain(text).subs(U, refusal.value.witness).is_real is not True


def test_other_refusals_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"f\(1\) must be 0.*f\(1\) = 1 "):
        FDivergence("u**2")
    with pytest.raises(ValueError, match=r"-2\*log\(2\) \(about -1\.386"):
        FDivergence("u*log(u)-(u+1)*log(u+1)")
    with pytest.raises(ValueError, match=r"f\(1\) must be 1/2"):
        FDivergence("u**2-1", value_at_one="1/2")
    with pytest.raises(ValueError, match="unknown name 'x'"):
        FDivergence("u*x")
    with pytest.raises(ValueError, match="a function of u alone"):
        FDivergence(U * sp.Symbol("x"))
    with pytest.raises(ValueError, match="jensen_shannon"):
        FDivergence("jensen_shanon")
    with pytest.raises(ValueError, match=r"write alpha\(1/2\)"):
        FDivergence("alpha")
    with pytest.raises(ValueError, match="go with a formula"):
        FDivergence("kl", value_at_one=0)
    with pytest.raises(ValueError, match="symbolic a"):
        catalogue["alpha"].symbolic("above").activation(0.0)


def test_what_sympy_gets_wrong_is_decided_here() -> None:
    """|u - 1|, Max and Piecewise generators, where sympy's is_convex errs or raises."""
    for text in ("Abs(u-1)", "Max(u,1)-1", "where(u<1,(u-1)**2,u-1)", "Max(u**2,2*u-1,3*u-2)-1"):
        assert FDivergence(text).convexity
    for text in ("0", "3*(u-1)", "(u-1)**4", "Abs(u-1)**3"):
        assert FDivergence(text).value_at_one == 0
    proof = FDivergence("u**4-4*u**3+6.01*u**2-3.01").convexity  # f'' is 0.01 at u = 1
    assert "> 0 for u > 0" in proof


@pytest.mark.parametrize(
    ("text", "roots", "signs"),
    [
        ("log(u)-log(u+1)", [], [-1]),  # increases to 0 at infinity
        ("log(u+1)", [], [1]),  # from 0 at 0
        ("2*log(u)+3", [sp.exp(-sp.Rational(3, 2))], [-1, 1]),
        ("u*log(u)-u+1", [1], [1, 1]),  # touches 0
        ("(u-1)*(sqrt(u)-3)", [1, 9], [1, -1, 1]),
        ("exp(u)-2*u", [], [1]),
        ("exp(u)-3*u", [0.61906128673594511, 1.5121345516578425], [1, -1, 1]),
        ("u**sqrt(2)-2*u+1", [1, 3.7868880884123985], [1, -1, 1]),
        ("u**5-u-1", [1.1673039782614187], [-1, 1]),
    ],
)
def test_signs_are_settled_exactly(text: str, roots: list[object], signs: list[int]) -> None:
    table = sign_table(_plain(text).subs(U, INNER))
    assert list(table.signs) == signs
    for got, want in zip(table.roots, roots, strict=True):
        if isinstance(got, Bracket):
            assert got.right - got.left < 1e-12
            assert float(got.left) == pytest.approx(want, rel=1e-15)
        else:
            assert got == want


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("u*log(u)", 0),
        ("log(1/u+2)+log(u)", 0),
        ("(u-log(1+u))/u**2", "1/2"),
        ("sqrt(u)*log(u)**2", 0),
        ("(exp(1/u)+u)/(exp(1/u)-1)", 1),
        ("u*log(1+exp(1/u))", 1),
        ("exp(1/u)-exp(2/u)", "-oo"),
        ("1/u-1/u**2", "-oo"),
        ("(1-exp(-u))/u", 1),
    ],
)
def test_limits_at_zero(text: str, value: object) -> None:
    assert limit_at_zero(_plain(text).subs(U, INNER)) == sp.sympify(value)


# --- derived quantities -----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_limits_at_the_ends(name: str) -> None:
    """f(0), f'(0+), f'(oo) against f itself at u = 10^-k and 10^k, in 1,200 digits."""
    f = make(name)
    g = numeric(f.expression)
    with mp.workdps(PIECES):
        near = [g(mp.mpf(10) ** -k) for k in (150, 300)]
        far = (
            [g(mp.mpf(10) ** k) / mp.mpf(10) ** k for k in (150, 300)]
            if not name.startswith("exp")
            else [mp.inf] * 2
        )
        for (a, b), limit in ((near, f.at_zero), (far, f.slope_at_infinity)):
            if limit is sp.oo:
                assert b > 1.1 * a > 0 or mp.isinf(b), name
            else:
                assert abs(b - number(limit)) < mp.mpf(10) ** -30, name


@pytest.mark.parametrize("name", NAMES)
def test_range_and_adjoint(name: str) -> None:
    f = make(name)
    mirror = f.adjoint
    with mp.workdps(60):
        for u in (sp.Rational(1, 9), sp.Rational(3, 4), sp.Rational(7, 3), sp.Integer(12)):
            want = number(u) * numeric(f.expression)(1 / number(u))
            assert abs(numeric(mirror.expression)(number(u)) - want) < mp.mpf("1e-50") * (
                1 + abs(want)
            )
    assert sp.simplify(mirror.at_zero - f.slope_at_infinity) in (0, sp.nan)  # oo - oo
    assert sp.simplify(mirror.slope_at_infinity - f.at_zero) in (0, sp.nan)
    twice = mirror.adjoint
    assert sp.N(twice.expression.subs(U, 5) - f.expression.subs(U, 5), 50) == pytest.approx(
        0, abs=1e-45
    )
    top = f.at_zero + f.slope_at_infinity
    if top is sp.oo:
        assert f.range == sp.Interval(f.value_at_one, sp.oo)
    else:
        assert f.range.inf == f.value_at_one and sp.simplify(f.range.sup - top) == 0
        assert f.range.sup in f.range


SYMMETRIC = {
    "total_variation", "squared_hellinger", "jeffreys", "jensen_shannon", "jensen_shannon_weighted(1/2)", "gan",
    "alpha(1/2)", "le_cam", "hockey_stick(1)", "arithmetic_geometric", "u**2+1/u-2", "sqrt(1+u**2)-sqrt(2)",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_symmetry_is_equality_up_to_a_multiple_of_u_minus_one(name: str) -> None:
    f = make(name)
    assert f.is_symmetric == (name in SYMMETRIC)
    shifted = FDivergence(f.expression + sp.Rational(5, 2) * (U - 1), value_at_one=f.value_at_one)
    assert shifted.is_symmetric == f.is_symmetric  # the shift changes f, not D_f


def test_curvature_at_one() -> None:
    """9: f''(1) of the rows."""
    want = {"kl": 1, "reverse_kl": 1, "pearson": 2, "neyman": 2, "squared_hellinger": "1/4",
            "jensen_shannon": "1/4", "le_cam": 1, "jeffreys": 2, "arithmetic_geometric": "1/4",
            "alpha(1/2)": 1, "alpha(-1)": 1, "alpha(3)": 1}  # fmt: skip
    for name, value in want.items():
        assert make(name).second_derivative.subs(U, 1) == sp.Rational(value), name


def test_critical_level_at_a_kink_is_the_midpoint() -> None:
    assert make("total_variation").critical_level == 0
    assert make("hockey_stick(1)").critical_level == sp.Rational(1, 2)
    assert FDivergence("Max(3*(u-1),1-u)").critical_level == 1
    assert make("kl").critical_level == 1
    assert make("gan").critical_level == -sp.log(2)
    assert make("total_variation").kinks == (1,)


def test_public_symbols_carry_no_assumptions() -> None:
    f = FDivergence(sp.Symbol("u", positive=True) ** 2 - 1)
    assert f.expression.free_symbols == {U}
    assert f.conjugate.free_symbols == {sp.Symbol("t")}
    assert f.critic.free_symbols == {V}


# --- the canonical critic ---------------------------------------------------------------------

GRID = np.concatenate([s * np.array([1e-300, 1e-17, 1e-9, 1e-4, 0.03, 0.49, 0.51, 0.7, 1.0, 3.0, 17.0, 36.5, 100.0,
                                     300.0, 700.0]) for s in (-1, 1)])  # fmt: skip
TOLERANCE = 1.2e-13  # e^(k v) at v = 700 costs |k v| ulps by itself


@cache
def _slope(f: FDivergence) -> sp.Expr:
    """sympy's own derivative, Max written through |.| so that it has one."""
    x = sp.Symbol("u", positive=True)
    return sp.diff(f.expression.subs(U, x).rewrite(sp.Abs), x).subs(x, U)


def _critic_oracle(f: FDivergence, v: float) -> tuple[mp.mpf, mp.mpf]:
    """f'(e^v) and e^v f'(e^v) - f(e^v) from sympy's derivative, in 1,200 digits."""
    u = mp.exp(mp.mpf(v))
    slope = numeric(_slope(f))(u)
    return slope, u * slope - numeric(f.expression)(u)


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith("exp(")])
def test_critic_and_its_conjugate_keep_their_digits(name: str) -> None:
    f = make(name)
    g, h = f.activation(GRID), f.conjugate_of_activation(GRID)
    with mp.workdps(PIECES):
        for v, got_g, got_h in zip(GRID, g, h, strict=True):
            for got, want in zip((got_g, got_h), _critic_oracle(f, float(v)), strict=True):
                if abs(want) > mp.mpf("1.79e308"):
                    assert np.isinf(got) and got * float(mp.sign(want)) > 0, (name, v)
                else:
                    assert abs(mp.mpf(float(got)) - want) <= TOLERANCE * abs(want) + mp.mpf(
                        "1e-305"
                    ), (name, v)


@pytest.mark.parametrize("name", NAMES)
def test_critic_on_torch_with_gradients(name: str) -> None:
    """The same values, and h'(v) = e^v g'(v), without nan anywhere."""
    f = make(name)
    values = GRID[np.abs(GRID) < 300] if not name.startswith("exp(") else GRID[np.abs(GRID) < 6]
    v = torch.tensor(values, requires_grad=True)
    g, h = f.activation(v), f.conjugate_of_activation(v)
    assert np.allclose(g.detach().numpy(), f.activation(values), rtol=1e-14, atol=0)
    assert np.allclose(h.detach().numpy(), f.conjugate_of_activation(values), rtol=1e-14, atol=0)
    (dg,) = torch.autograd.grad(g.sum(), v)
    (dh,) = torch.autograd.grad(h.sum(), v)
    assert torch.isfinite(dg).all() and torch.isfinite(dh).all()
    assert (dg >= -1e-300).all()  # 30b: g increases
    moderate = torch.abs(v) < 3.5
    assert torch.allclose(dh[moderate], (torch.exp(v) * dg)[moderate], rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith("exp(")])
def test_critic_formulas(name: str) -> None:
    """The printed formulas are the numbers; f* at the critic is the conjugate of the critic."""
    f = make(name)
    for v in (-3.5, -0.25, 0.25, 2.0):
        with mp.workdps(60):
            slope, height = _critic_oracle(f, v)
        exact = sp.Rational(v)
        assert float(f.critic.subs(V, exact)) == pytest.approx(float(slope), rel=1e-14, abs=1e-15)
        assert float(f.conjugate_of_critic.subs(V, exact)) == pytest.approx(
            float(height), rel=1e-14, abs=1e-15
        )
        value = float(f.activation(v))
        assert float(f.conjugate_at(value)) == pytest.approx(float(height), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_critic_maps_onto_the_inside_of_the_domain(name: str) -> None:
    """30b: as v -> +-oo the critic tends to f'(oo) and f'(0+)."""
    f = make(name)
    ends = (f.activation(-700.0), f.activation(6.0 if name.startswith("exp") else 700.0))
    for got, limit in zip(ends, (f.slope_at_zero, f.slope_at_infinity), strict=True):
        if limit in (sp.oo, -sp.oo):
            assert got * (1 if limit is sp.oo else -1) > 150
        else:
            assert got == pytest.approx(float(limit), abs=1e-15)


def test_kinks_take_the_midpoint_and_edges_take_sides() -> None:
    f = make("total_variation")
    v = np.array([-1e-300, 0.0, 1e-300])
    assert f.activation(v).tolist() == [-0.5, 0.0, 0.5]
    assert f.conjugate_of_activation(v).tolist() == [-0.5, 0.0, 0.5]
    g = make("hockey_stick(2)")
    edge = float(np.log(2.0))  # below log 2, which no double equals
    assert g.activation(edge) == 0.0 and g.activation(np.nextafter(edge, 1)) == 1.0


def test_single_precision_stays_single() -> None:
    v = torch.linspace(-80, 80, 33, dtype=torch.float32)
    for name in ("jensen_shannon", "le_cam", "total_variation"):
        got = make(name).activation(v)
        assert got.dtype == torch.float32
        assert np.allclose(
            got.numpy(), make(name).activation(v.numpy().astype(float)), rtol=2e-6, atol=1e-7
        )


# --- the remainder ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_remainder_keeps_its_digits(name: str) -> None:
    """R(u) = f(u) - f(1) - f'(1)(u - 1) at |u - 1| from 1e-300 up, and at both ends of the floats."""
    f = make(name)
    g, one, slope = numeric(f.expression), number(f.value_at_one), number(f.critical_level)
    steps = np.array([1e-300, 1e-100, 1e-20, 1e-12, 1e-7, 1e-3, 0.05, 0.2, 0.29])
    excess = np.concatenate([-steps, steps])
    got = f.remainder(1 + excess, excess)
    big = 5.0 if name.startswith("exp(") else 1e150
    u = np.array([1e-300, 1e-80, 1e-9, 0.01, 0.3, 0.6, 1.5, 3.0, big])
    with mp.workdps(PIECES):
        for x, value in zip(excess, got, strict=True):
            want = g(1 + mp.mpf(x)) - one - slope * mp.mpf(x)
            assert abs(mp.mpf(value) - want) <= mp.mpf("1e-13") * want + mp.mpf("1e-305"), (name, x)
        for point, value in zip(u, f.remainder(u), strict=True):
            want = g(mp.mpf(point)) - one - slope * (mp.mpf(point) - 1)
            if want > mp.mpf("1.79e308"):
                assert np.isinf(value)
            else:
                assert abs(mp.mpf(value) - want) <= mp.mpf("1e-13") * want, (name, point)
    assert np.all(got >= 0)
    assert f.remainder(1.0) == 0.0
    assert f.remainder(0.0) == pytest.approx(
        float(f.at_zero - f.value_at_one + f.critical_level), rel=1e-15
    )
    assert np.isnan(f.remainder(-0.5))
    assert np.array_equal(f.remainder(torch.tensor(u)).numpy(), f.remainder(u)) or np.allclose(
        f.remainder(torch.tensor(u)).numpy(), f.remainder(u), rtol=1e-13
    )


@pytest.mark.parametrize("value", ["1.000001", "0.333333"])
def test_awkward_parameters_cost_no_digits(value: str) -> None:
    """Next to a = 1 the formula divides a difference by 1e-6, and u^(1/3) has no small denominator."""
    f = make(f"alpha({value})")
    u = np.array([1e-5, 0.2, 0.6, 1.5, 3.0, 1e8])
    for point, got, slope in zip(u, f.remainder(u), f.activation(np.log(u)), strict=True):
        with mp.workdps(80):
            x = mp.mpf(point)
            a = mp.mpf(sp.Rational(value).p) / sp.Rational(value).q
            want = (x**a - 1 - a * (x - 1)) / (a * (a - 1))
            assert abs(mp.mpf(got) - want) <= mp.mpf("1e-13") * want
            v = mp.mpf(float(np.log(point)))
            want = mp.expm1((a - 1) * v) / (a - 1)
            assert abs(mp.mpf(slope) - want) <= mp.mpf("1e-14") * abs(want)
    assert float(f.conjugate_at(0.1)) == pytest.approx(
        float(_power_conjugate(value, 0.1)), rel=1e-14
    )


def _power_conjugate(value: str, t: float) -> mp.mpf:
    with mp.workdps(60):
        a = mp.mpf(sp.Rational(value).p) / sp.Rational(value).q
        return ((1 + (a - 1) * mp.mpf(t)) ** (a / (a - 1)) - 1) / a


@pytest.mark.parametrize("name", NAMES)
def test_calling_it_evaluates_f(name: str) -> None:
    f = make(name)
    for u in (0.125, 0.9, 1.0, 2.5):
        want = float(number(f.expression.subs(U, sp.Rational(u))))
        assert f(u) == pytest.approx(want, rel=1e-14, abs=1e-15)
        assert float(f(np.array([u]))[0]) == f(u)
    assert f(0.0) == pytest.approx(float(f.at_zero), rel=1e-15)
    assert np.isnan(f(-1.0))


def test_divergence_of_vectors() -> None:
    p, q = np.array([0.2, 0.8, 0.0]), np.array([0.5, 0.25, 0.25])
    f = FDivergence("(u-1)**2/(u+1)")
    assert f.divergence(p, q) == pytest.approx(float(np.sum((p - q) ** 2 / (p + q))), rel=1e-14)


# --- the command ------------------------------------------------------------------------------


def test_command_says_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert conjugate_command("(u-1)**2/(u+1)") == 0
    out = capsys.readouterr().out
    for part in ("4*sqrt(1 - t)", "t <= -3", "8/(u + 1)**3 > 0", "Interval(0, 2)", "D_f(Q||P)"):
        assert part in out, part
    facts = describe(make("total_variation"))
    assert (
        facts["kinks"] == ["1"] and facts["is_symmetric"] is True and facts["critical_level"] == "0"
    )
    assert conjugate_command("-(u-1)**2", "-") == 2
    assert '"witness"' in capsys.readouterr().out


def test_patience_ends() -> None:
    def forever() -> int:
        n = 0
        while True:
            n += 1

    start = time.monotonic()
    assert within(0.05, forever) is None
    assert time.monotonic() - start < 1.0
    assert within(5.0, lambda: 7) == 7
    assert within(5.0, lambda: 1 // 0) is None
