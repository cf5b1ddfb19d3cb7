"""Gaussian closed forms against integrals at 30 digits, linear algebra at 60, and the laws they obey."""

import math
from collections.abc import Callable
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from mpmath import mp
from numpy.typing import NDArray

from divergences import gaussian

torch = pytest.importorskip("torch")

FORMS: dict[str, Callable] = {
    "kl": gaussian.kl,
    "jeffreys": gaussian.jeffreys,
    "renyi_0.1": lambda *pair: gaussian.renyi(*pair, 0.1),
    "renyi_0.9": lambda *pair: gaussian.renyi(*pair, 0.9),
    "renyi_1": lambda *pair: gaussian.renyi(*pair, 1.0),
    "renyi_1.5": lambda *pair: gaussian.renyi(*pair, 1.5),
    "bhattacharyya": gaussian.bhattacharyya,
    "squared_hellinger": gaussian.squared_hellinger,
    "chi2": gaussian.chi2,
    "w2_squared": gaussian.w2_squared,
}
ON_THE_LINE = {**FORMS, "total_variation": gaussian.total_variation}
SYMMETRIC = ("jeffreys", "bhattacharyya", "squared_hellinger", "w2_squared", "total_variation")


def near(got: float, truth: "mpmath.mpf", relative: float) -> bool:
    return abs(mp.mpf(float(got)) - truth) <= relative * abs(truth)


# The definitions as integrals, on the line.
def integral(name: str, m0: float, v0: float, m1: float, v1: float) -> "mpmath.mpf":
    m0, v0, m1, v1 = (mp.mpf(x) for x in (m0, v0, m1, v1))

    def density(x, m, v):  # type: ignore[no-untyped-def]
        return mp.exp(-((x - m) ** 2) / (2 * v)) / mp.sqrt(2 * mp.pi * v)

    def log_ratio(x):  # type: ignore[no-untyped-def]
        return (x - m1) ** 2 / (2 * v1) - (x - m0) ** 2 / (2 * v0) + mp.log(v1 / v0) / 2

    def over(f, cuts=()):  # type: ignore[no-untyped-def]
        wide = 25 * mp.sqrt(max(v0, v1)) + abs(m0 - m1)
        grid = mp.linspace(min(m0, m1) - wide, max(m0, m1) + wide, 40)
        return mp.quad(f, sorted([*grid, *cuts]))

    def p(x):  # type: ignore[no-untyped-def]
        return density(x, m0, v0)

    def q(x):  # type: ignore[no-untyped-def]
        return density(x, m1, v1)

    def renyi(a):  # type: ignore[no-untyped-def]
        return mp.log(over(lambda x: q(x) * mp.exp(a * log_ratio(x)))) / (a - 1)

    if name in ("kl", "renyi_1"):
        return over(lambda x: p(x) * log_ratio(x))
    if name == "jeffreys":
        return over(lambda x: (p(x) - q(x)) * log_ratio(x))
    if name.startswith("renyi"):
        return renyi(mp.mpf(float(name[6:])))
    if name == "bhattacharyya":
        return renyi(mp.mpf(1) / 2) / 2
    if name == "squared_hellinger":
        return over(lambda x: (mp.sqrt(p(x)) - mp.sqrt(q(x))) ** 2) / 2
    if name == "chi2":
        return over(lambda x: (p(x) - q(x)) ** 2 / q(x))
    if name == "total_variation":
        a, b = (1 / v1 - 1 / v0) / 2, m0 / v0 - m1 / v1
        c = (m1**2 / v1 - m0**2 / v0 + mp.log(v1 / v0)) / 2
        if a == 0:
            cuts = [-c / b]
        else:
            root = mp.sqrt(b * b - 4 * a * c)
            cuts = [(-b - root) / (2 * a), (-b + root) / (2 * a)]
        inside = [x for x in cuts if abs(x - m0) < 25 * mp.sqrt(max(v0, v1)) + abs(m0 - m1)]
        return over(lambda x: abs(p(x) - q(x)), inside) / 2
    # W2 on the line: the quantile functions' distance.
    return over(lambda z: (m0 - m1 + z * (mp.sqrt(v0) - mp.sqrt(v1))) ** 2 * density(z, 0, 1))


LINE = [
    (0.0, 1.0, 1.0, 1.0),
    (0.3, 1.7, -0.4, 1.1),
    (1.5, 0.4, 0.0, 2.0),
    (0.0, 1.5, 0.0, 1.0),
    (-2.0, 1.0, 2.0, 1.25),
    (0.5, 1.0, 0.5 + 1e-3, 1.0 + 2e-3),
]


@pytest.mark.parametrize("name", ON_THE_LINE)
@pytest.mark.parametrize("pair", LINE, ids=str)
def test_the_integrals(name: str, pair: tuple[float, ...]) -> None:
    with mp.workdps(30):
        assert near(ON_THE_LINE[name](*pair), integral(name, *pair), 2e-13)


# Matrices at 60 digits, from the textbook formulas, which cancel there without harm.
def textbook(name: str, m0: NDArray, s0: NDArray, m1: NDArray, s1: NDArray) -> "mpmath.mpf":
    x = mp.matrix(m1.tolist()) - mp.matrix(m0.tolist())
    c0, c1 = mp.matrix(s0.tolist()), mp.matrix(s1.tolist())
    d = c0.rows

    def trace(a):  # type: ignore[no-untyped-def]
        return sum(a[i, i] for i in range(a.rows))

    def renyi(a):  # type: ignore[no-untyped-def]
        s = (1 - a) * c0 + a * c1
        ratio = mp.log(mp.det(s)) - (1 - a) * mp.log(mp.det(c0)) - a * mp.log(mp.det(c1))
        return a / 2 * (x.T * s**-1 * x)[0] + ratio / (2 * (1 - a))

    def kl(c0, c1):  # type: ignore[no-untyped-def]
        inverse = c1**-1
        logs = mp.log(mp.det(c1)) - mp.log(mp.det(c0))
        return (trace(inverse * c0) - d + logs + (x.T * inverse * x)[0]) / 2

    if name in ("kl", "renyi_1"):
        return kl(c0, c1)
    if name == "jeffreys":
        return kl(c0, c1) + kl(c1, c0)
    if name.startswith("renyi"):
        return renyi(mp.mpf(float(name[6:])))
    if name == "bhattacharyya":
        return renyi(mp.mpf(1) / 2) / 2
    if name == "squared_hellinger":
        return -mp.expm1(-renyi(mp.mpf(1) / 2) / 2)
    if name == "chi2":
        return mp.expm1(renyi(mp.mpf(2)))
    lower = mp.cholesky(c1)
    roots = mp.eigsy(lower.T * c0 * lower, eigvals_only=True)
    return (x.T * x)[0] + trace(c0) + trace(c1) - 2 * sum(mp.sqrt(each) for each in roots)


def covariance(rng: np.random.Generator, d: int) -> NDArray:
    a = rng.normal(size=(d, d))
    return a @ a.T / d + np.eye(d)


def exact_symmetric(a: NDArray) -> NDArray:
    return np.tril(a) + np.tril(a, -1).T


@pytest.mark.parametrize("distance", [1.0, 1e-1, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10])
@pytest.mark.parametrize("name", FORMS)
def test_digits_at_every_distance(name: str, distance: float) -> None:
    rng = np.random.default_rng(5)
    for d in (1, 2, 4):
        s1 = exact_symmetric(covariance(rng, d))
        s0 = exact_symmetric(s1 + distance * 0.3 * (covariance(rng, d) - np.eye(d)))
        m1 = rng.normal(size=d)
        m0 = m1 + distance * 0.1 * rng.normal(size=d)
        with mp.workdps(60):
            assert near(FORMS[name](m0, s0, m1, s1), textbook(name, m0, s0, m1, s1), 5e-13)


@pytest.mark.parametrize("name", FORMS)
def test_digits_far_apart(name: str) -> None:
    rng = np.random.default_rng(6)
    for scale in (1e-6, 1e-3, 1e3, 1e6):
        s1 = exact_symmetric(covariance(rng, 3))
        s0 = exact_symmetric(scale * covariance(rng, 3))
        m0, m1 = rng.normal(size=(2, 3)) * math.sqrt(scale)
        got = FORMS[name](m0, s0, m1, s1)
        if name in ("chi2", "renyi_1.5") and scale > 1:
            assert got == math.inf
            continue
        with mp.workdps(60):
            assert near(got, textbook(name, m0, s0, m1, s1), 1e-11)


@pytest.mark.parametrize("distance", [1e-2, 1e-5, 1e-9, 1e-13])
@pytest.mark.parametrize("move", [(1.0, 0.0), (0.0, 1.0), (0.7, -1.0), (1e-3, 1.0), (1.0, 1e-4)])
def test_total_variation_of_near_equal_pairs(distance: float, move: tuple[float, float]) -> None:
    """The same crossings, at 60 digits, where the difference of distribution functions may cancel."""
    m0, v0, m1, v1 = 0.5, 1.3, 0.5 + distance * move[0], 1.3 + distance * move[1]
    with mp.workdps(60):
        a, b, c, e = (mp.mpf(x) for x in (m0, v0, m1, v1))

        def gap(x):  # type: ignore[no-untyped-def]
            return mp.ncdf((x - a) / mp.sqrt(b)) - mp.ncdf((x - c) / mp.sqrt(e))

        if b == e:
            truth = abs(gap((a + c) / 2))
        else:
            roots = mp.polyroots(
                [1 / e - 1 / b, 2 * (a / b - c / e), c**2 / e - a**2 / b + mp.log(e / b)],
                maxsteps=500,
                extraprec=800,
            )
            truth = sum(abs(gap(mp.re(x))) for x in roots)
        assert near(gaussian.total_variation(m0, v0, m1, v1), truth, 1e-12)
        assert near(gaussian.total_variation(m1, v1, m0, v0), truth, 1e-12)


def test_total_variation_with_equal_covariances() -> None:
    s = np.array([[2.0, 0.5], [0.5, 1.0]])
    m = np.array([0.3, -0.2])
    distance = math.sqrt(m @ np.linalg.solve(s, m))
    assert gaussian.total_variation(m, s, [0.0, 0.0], s) == pytest.approx(
        math.erf(distance / math.sqrt(8)), rel=1e-15
    )
    with pytest.raises(ValueError, match="no closed form"):
        gaussian.total_variation(m, s, m, 2 * s)


def test_total_variation_of_pairs_far_apart_is_1() -> None:
    assert gaussian.total_variation(0.0, 1.0, 1e5, 2.0) == 1
    assert gaussian.total_variation(0.0, 1e-200, 1.0, 1.0) == pytest.approx(1)


@pytest.mark.parametrize("order", [1e-12, 1e-5, 1 - 1e-5, 1 - 1e-12, 1 + 1e-12, 1 + 1e-5])
def test_renyi_keeps_its_digits_at_orders_near_0_and_1(order: float) -> None:
    m0, v0, m1, v1 = 0.3, 1.1, 0.2, 4.0
    with mp.workdps(60):
        a, x, c0, c1 = mp.mpf(order), mp.mpf(m0) - mp.mpf(m1), mp.mpf(v0), mp.mpf(v1)
        s = (1 - a) * c0 + a * c1
        logs = mp.log(s) - (1 - a) * mp.log(c0) - a * mp.log(c1)
        truth = a * x**2 / s / 2 + logs / (2 * (1 - a))
        assert near(gaussian.renyi(m0, v0, m1, v1, order), truth, 1e-13)


# Laws, over the whole list.
@pytest.mark.parametrize("name", FORMS)
def test_equal_inputs_give_0_and_others_more(name: str) -> None:
    rng = np.random.default_rng(1)
    s, m = covariance(rng, 4), rng.normal(size=4)
    assert FORMS[name](m, s, m, s) == 0
    assert FORMS[name](m, np.diag(s), m, np.diag(s)) == 0
    assert FORMS[name](m, s, m + 1e-7, s) > 0
    assert FORMS[name](m, s + 1e-9 * np.eye(4), m, s) > 0


@pytest.mark.parametrize("name", [name for name in SYMMETRIC if name in FORMS])
def test_symmetry(name: str) -> None:
    rng = np.random.default_rng(2)
    p, q = [(rng.normal(size=3), covariance(rng, 3)) for _ in range(2)]
    assert FORMS[name](*p, *q) == pytest.approx(FORMS[name](*q, *p), rel=1e-13)


@pytest.mark.parametrize("name", [name for name in FORMS if name != "w2_squared"])
def test_invariance_under_affine_maps(name: str) -> None:
    rng = np.random.default_rng(3)
    m0, m1 = rng.normal(size=(2, 3))
    s0, s1 = covariance(rng, 3), covariance(rng, 3)
    a = rng.normal(size=(3, 3)) + 2 * np.eye(3)
    mapped = FORMS[name](a @ m0 + 1, a @ s0 @ a.T, a @ m1 + 1, a @ s1 @ a.T)
    assert mapped == pytest.approx(FORMS[name](m0, s0, m1, s1), rel=1e-10)


@pytest.mark.parametrize("name", FORMS)
def test_diagonal_full_and_mixed_agree(name: str) -> None:
    rng = np.random.default_rng(4)
    m0, m1 = rng.normal(size=(2, 3))
    v0, v1 = rng.uniform(0.5, 0.9, size=(2, 3))
    wanted = FORMS[name](m0, np.diag(v0), m1, np.diag(v1))
    for c0, c1 in ((v0, v1), (v0, np.diag(v1)), (np.diag(v0), v1)):
        assert FORMS[name](m0, c0, m1, c1) == pytest.approx(wanted, rel=1e-13)
    assert FORMS[name](m0, 0.7, m1, 0.9) == pytest.approx(
        FORMS[name](m0, [0.7] * 3, m1, np.eye(3) * 0.9), rel=1e-13
    )


@pytest.mark.parametrize("name", FORMS)
def test_batches(name: str) -> None:
    rng = np.random.default_rng(5)
    m0, m1 = rng.normal(size=(5, 3)), rng.normal(size=3)
    s0, s1 = np.stack([covariance(rng, 3) / 2 for _ in range(5)]), covariance(rng, 3)
    got = FORMS[name](m0, s0, m1, s1)
    assert got.shape == (5,)
    assert got == pytest.approx(
        [FORMS[name](m, s, m1, s1) for m, s in zip(m0, s0, strict=True)], rel=1e-13
    )
    assert FORMS[name](m0[:, None], s0[:, None], m0, s0).shape == (5, 5)


def test_a_batch_on_the_line() -> None:
    m, v = np.linspace(-1, 1, 7)[:, None], np.linspace(0.5, 1.5, 7)[:, None]
    for form in ON_THE_LINE.values():
        got = form(m, v, 0.0, 1.0)
        assert got == pytest.approx(
            [form(a, b, 0.0, 1.0) for a, b in zip(m[:, 0], v[:, 0], strict=True)], rel=1e-14
        )
        assert form(m, v[..., None], 0.0, 1.0) == pytest.approx(got, rel=1e-14)


def test_inequalities() -> None:
    for pair in LINE:
        tv, h2 = gaussian.total_variation(*pair), gaussian.squared_hellinger(*pair)
        assert h2 <= tv <= math.sqrt(h2 * (2 - h2)) * (1 + 1e-14)
        assert tv <= math.sqrt(gaussian.kl(*pair) / 2)
        assert gaussian.kl(*pair) <= math.log1p(gaussian.chi2(*pair)) * (1 + 1e-14)
        orders = [
            gaussian.renyi(*pair, order)
            for order in (1e-9, 0.3, 0.5, 0.9, 1 - 1e-12, 1.0, 1 + 1e-12, 1.2)
        ]
        assert all(a <= b * (1 + 1e-11) for a, b in pairwise(orders))


# Torch: the same numbers, and the right gradients.
@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("full", [True, False])
def test_torch_agrees_and_has_gradients(name: str, full: bool) -> None:
    rng = np.random.default_rng(7)
    m0, m1 = rng.normal(size=(2, 2, 3)) * 0.3
    s0, s1 = (np.stack([covariance(rng, 3) for _ in range(2)]) for _ in range(2))
    s0 = s0 * 0.3
    if not full:
        s0, s1 = (np.diagonal(s, axis1=1, axis2=2).copy() for s in (s0, s1))
    arrays = (m0, s0, m1, s1)
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    got = FORMS[name](*tensors)
    assert isinstance(got, torch.Tensor)
    assert got.detach().numpy() == pytest.approx(FORMS[name](*arrays), rel=1e-13)

    def of_factors(m0, a, m1, b):  # type: ignore[no-untyped-def]
        if full:
            return FORMS[name](m0, a @ a.mT, m1, b @ b.mT)
        return FORMS[name](m0, a, m1, b)

    if full:
        tensors[1], tensors[3] = (
            torch.linalg.cholesky(t.detach()).requires_grad_() for t in tensors[1::2]
        )
    assert torch.autograd.gradcheck(of_factors, tensors, atol=1e-6, rtol=1e-5)


def test_torch_gradients_of_total_variation() -> None:
    tensors = [
        torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (0.3, 1.7, -0.4, 1.1)
    ]
    assert torch.autograd.gradcheck(gaussian.total_variation, tensors)
    flat = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (0.3, -0.4)]
    assert torch.autograd.gradcheck(lambda a, b: gaussian.total_variation(a, 1.5, b, 1.5), flat)


def test_torch_gradients_of_total_variation_are_finite_where_the_two_agree() -> None:
    for point in ((0.0, 1.0, 0.0, 1.0), (np.ones(2), np.eye(2), np.ones(2), np.eye(2))):
        tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
        value = gaussian.total_variation(*tensors)
        value.backward()
        assert value == 0
        assert all(
            torch.all(torch.isfinite(each.grad)) for each in tensors if each.grad is not None
        )


@pytest.mark.parametrize("name", FORMS)
def test_torch_gradients_are_0_where_the_two_agree(name: str) -> None:
    tensors = [
        torch.tensor(x, requires_grad=True) for x in (np.ones(3), np.eye(3), np.ones(3), np.eye(3))
    ]
    FORMS[name](*tensors).backward()
    for each in tensors:
        assert torch.all(each.grad == 0)


def test_float32_stays_float32() -> None:
    pair = [np.float32(x) for x in (0.0, 1.0, 0.5, 2.0)]
    assert gaussian.kl(*pair).dtype == np.float32
    assert gaussian.kl(*[torch.tensor(x) for x in pair]).dtype == torch.float32
    assert float(gaussian.total_variation(*[torch.tensor(x) for x in pair])) == pytest.approx(
        gaussian.total_variation(0.0, 1.0, 0.5, 2.0), rel=1e-6
    )


EYE, ZERO = np.eye(2), np.zeros(2)
WRONG = {
    "`cov0` must be symmetric": (ZERO, np.array([[1.0, 0.5], [0.0, 1.0]]), ZERO, EYE),
    "`cov1` must be positive definite. Its smallest eigenvalue is -1": (
        ZERO,
        EYE,
        ZERO,
        np.array([[1.0, 2], [2, 1]]),
    ),
    "`cov0` must be positive definite": (ZERO, np.ones((2, 2)), ZERO, EYE),
    "`cov1` must hold positive variances. Got -2.0": (0.0, 1.0, 0.0, -2.0),
    "`cov0` must hold positive variances. Got 0.0": (ZERO, [1.0, 0.0], ZERO, EYE),
    "`mu0` and `mu1` must have one dimension d. Got 2 and 3": (ZERO, EYE, np.zeros(3), np.eye(3)),
    "`cov0` must be a number, or as `mu0`": (ZERO, np.ones(3), ZERO, EYE),
    "`cov1` must be a number, or as `mu1`": (ZERO, EYE, ZERO, np.ones((1, 1, 2, 2))),
    "`mu1` must be finite": (0.0, 1.0, math.nan, 1.0),
    "`cov0` must be finite": (0.0, math.inf, 0.0, 1.0),
    "the batches must broadcast": (np.zeros((3, 2)), np.ones((2, 2)), ZERO, EYE),
    "`mu0` must have a floating dtype. Got int64": (np.zeros(2, dtype=np.int64), EYE, ZERO, EYE),
    "`mu1` must be numbers in an array": (0.0, 1.0, "one", 1.0),
    "all arguments must be arrays of one kind": (ZERO, EYE, torch.zeros(2), EYE),
}


@pytest.mark.parametrize("message", WRONG)
def test_bad_input(message: str) -> None:
    import re

    with pytest.raises(ValueError, match=re.escape(message)):
        gaussian.kl(*WRONG[message])


@pytest.mark.parametrize("order", [0.0, -1.0, math.inf, math.nan, "2"])
def test_bad_orders(order: float) -> None:
    with pytest.raises(ValueError, match="`order` must be"):
        gaussian.renyi(0.0, 1.0, 1.0, 1.0, order)


def test_a_chi2_beyond_the_floats_is_infinite_without_a_warning():
    assert gaussian.chi2([0.0], [2.25], [40.0], [1.265625]) == math.inf
