"""Optimal transport: against linear programmes, the line, closed forms; and planted errors, each refused."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog
from scipy.spatial.distance import cdist

from divergences import transport
from divergences.transport import CertificateError, certify, optimal_transport
from divergences.wasserstein import wasserstein1

SOLVERS = {"simplex": transport._by_simplex, "scipy": transport._by_scipy}
coordinates = st.one_of(
    st.integers(-3, 3).map(float), st.floats(-100, 100).map(lambda v: round(v, 6))
)


@pytest.fixture(params=SOLVERS)
def solver(request, monkeypatch):
    if request.param == "simplex":
        pytest.importorskip("ot")
    monkeypatch.setattr(transport, "_solver", lambda: SOLVERS[request.param])
    return request.param


def instance(seed, n=6, m=8, d=2, zero=False):
    make = np.random.default_rng(seed)
    a, b = make.dirichlet(np.ones(n)), make.dirichlet(np.ones(m))
    if zero:
        a[1] = b[2] = 0
        a, b = a / a.sum(), b / b.sum()
    return make.normal(size=(n, d)), make.normal(0.5, 1, size=(m, d)), a, b


def programme(c, a, b):
    """The primal, as scipy solves it; one redundant row left out."""
    n, m = c.shape
    rows = np.concatenate([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))[:-1]])
    return linprog(c.ravel(), A_eq=rows, b_eq=np.concatenate([a, b[:-1]]), method="highs").fun


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("metric", ["euclidean", "cityblock", "chebyshev"])
def test_against_a_linear_programme(solver, seed, metric):
    x, y, a, b = instance(seed, zero=seed % 2 == 1)
    c = cdist(x, y, metric)
    found = optimal_transport(x, y, a, b, metric=metric)
    assert math.isclose(found.cost, programme(c, a, b), rel_tol=1e-9)
    assert abs(found.gap) <= 1e-9 * found.cost
    np.testing.assert_allclose(found.plan.sum(1), a, atol=1e-13)
    np.testing.assert_allclose(found.plan.sum(0), b, atol=1e-13)
    u, v = found.potentials
    assert (u[:, None] + v <= c + 1e-13).all()
    assert math.isclose(a @ u + b @ v, found.cost, rel_tol=1e-12)
    f, z = np.concatenate([u, -v]), np.concatenate([x, y])  # one 1-Lipschitz potential
    assert (np.abs(f[:, None] - f) <= cdist(z, z, metric) + 1e-13).all()


@pytest.mark.parametrize("seed", range(4))
def test_any_cost_matrix(solver, seed):
    c = np.random.default_rng(seed).normal(size=(7, 5 + 2 * (seed % 2)))
    n, m = c.shape
    found = optimal_transport(cost=c)
    assert math.isclose(
        found.cost, programme(c, np.full(n, 1 / n), np.full(m, 1 / m)), rel_tol=1e-9
    )


@settings(max_examples=30)
@given(
    arrays(np.float64, (5, 2), elements=coordinates),
    arrays(np.float64, (5, 2), elements=coordinates),
    arrays(np.float64, (4, 2), elements=coordinates),
)
def test_metric_axioms(x, y, z):
    def d(a, b):
        return float(optimal_transport(a, b).cost)

    assert d(x, x) == 0
    assert math.isclose(d(x, y), d(y, x), rel_tol=1e-12)
    assert d(x, z) <= (d(x, y) + d(y, z)) * (1 + 1e-12)


@settings(max_examples=30)
@given(
    arrays(np.float64, 6, elements=coordinates),
    arrays(np.float64, st.integers(1, 7), elements=coordinates),
)
def test_the_line_agrees_with_sorting(x, y):
    found = optimal_transport(x, y).cost
    assert math.isclose(found, wasserstein1(x, y), rel_tol=1e-12, abs_tol=1e-300)
    squares = optimal_transport(cost=np.subtract.outer(x, y) ** 2).cost
    assert math.isclose(max(squares, 0) ** 0.5, wasserstein1(x, y, p=2), rel_tol=1e-7, abs_tol=1e-9)
    assert found <= wasserstein1(x, y, p=2) * (1 + 1e-12)


def test_closed_forms(solver):
    make = np.random.default_rng(0)
    x, c = make.normal(size=(40, 3)), np.array([3.0, 0.0, 4.0])
    assert math.isclose(optimal_transport(x, x + c).cost, 5, rel_tol=1e-14)  # a translation
    assert math.isclose(optimal_transport(-3 * x, -3 * (x + c)).cost, 15, rel_tol=1e-14)
    assert optimal_transport([[1.0, 2.0]], [[4.0, 6.0]]).cost == 5  # Diracs
    assert optimal_transport(x, x[::-1]).cost == 0
    far = 1e9 + np.arange(8.0)
    assert math.isclose(optimal_transport(far, far + 2.0**-10).cost, 2.0**-10, rel_tol=1e-14)
    point = optimal_transport(x, x[:1])
    assert math.isclose(point.cost, np.linalg.norm(x - x[0], axis=1).mean(), rel_tol=1e-14)


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_noise_contracts(seed):
    x, y, a, b = instance(seed, 4, 5)
    noise = np.random.default_rng(seed + 1).normal(size=(3, 2))

    def smooth(z, w):
        return (z[:, None] + noise).reshape(-1, 2), np.repeat(w / 3, 3)

    (s, u), (t, v) = smooth(x, a), smooth(y, b)
    assert optimal_transport(s, t, u, v).cost <= optimal_transport(x, y, a, b).cost * (1 + 1e-12)


# planted errors


def proved():
    x, y, a, b = instance(9)
    c = cdist(x, y)
    found = optimal_transport(x, y, a, b)
    return x, y, c, a, b, found.plan, *found.potentials


def test_an_honest_certificate_passes():
    _, _, c, a, b, plan, u, v = proved()
    value, gap = certify(c, a, b, plan, u, v)
    assert value > 0 and abs(gap) < 1e-14


def test_a_plan_that_is_not_optimal_is_refused():
    _, _, c, a, b, _, u, v = proved()
    with pytest.raises(CertificateError, match="gap"):
        certify(c, a, b, np.outer(a, b), u, v)


def test_wrong_marginals_are_refused():
    _, _, c, a, b, plan, u, v = proved()
    plan = plan.copy()
    plan[np.unravel_index(plan.argmax(), plan.shape)] -= 1e-11
    with pytest.raises(CertificateError, match="marginals"):
        certify(c, a, b, plan, u, v)


def test_negative_mass_is_refused():
    _, _, c, a, b, plan, u, v = proved()
    plan = plan.copy()
    plan[:2, :2] += 0.9 * np.array([[1, -1], [-1, 1]])
    with pytest.raises(CertificateError, match="negative"):
        certify(c, a, b, plan, u, v)


def test_potentials_that_are_not_feasible_are_refused():
    _, _, c, a, b, plan, u, v = proved()
    with pytest.raises(CertificateError, match="not feasible"):
        certify(c, a, b, plan, u + 1e-12, v)
    with pytest.raises(CertificateError, match="not finite"):
        certify(c, a, b, plan, u * np.nan, v)


def test_a_dual_value_that_is_too_low_is_refused():
    _, _, c, a, b, plan, u, v = proved()
    with pytest.raises(CertificateError, match="gap"):
        certify(c, a, b, plan, u - 3e-9 * (a @ u + b @ v), v)


def test_a_steep_potential_is_refused():
    x, y, c, _, _, _, u, v = proved()
    transport._check_lipschitz(x, y, u, v, c, "euclidean")
    for k, where in ((0, "on x"), (1, "on y")):
        steep = [u.copy(), v.copy()]
        steep[k][3] -= 10  # feasible still
        with pytest.raises(CertificateError, match=where):
            transport._check_lipschitz(x, y, *steep, c, "euclidean")
    with pytest.raises(CertificateError, match="x and y"):
        transport._check_lipschitz(x, y, u - 10, v, c, "euclidean")


@pytest.mark.parametrize("wrong", ["plan", "potentials", "nothing"])
def test_a_solver_that_errs_is_an_error(monkeypatch, wrong):
    x, y, a, b = instance(4)

    def bad(a, b, c):
        plan, u, v = transport._by_scipy(a, b, c)
        if wrong == "plan":
            plan = np.outer(a, b)
        elif wrong == "potentials":
            v = v + np.linspace(0, 0.1, len(v))
        return plan, u, v

    monkeypatch.setattr(transport, "_solver", lambda: bad)
    if wrong == "nothing":
        optimal_transport(x, y, a, b)
    else:
        with pytest.raises(CertificateError, match="gap"):
            optimal_transport(x, y, a, b)


# torch


@pytest.mark.parametrize("metric", ["euclidean", "cityblock", "chebyshev"])
def test_torch_gradients(solver, metric):
    torch = pytest.importorskip("torch")
    given = [torch.tensor(v, requires_grad=True) for v in instance(3, 4, 5)]

    def value(x, y, a, b):
        return optimal_transport(x, y, a, b, metric=metric, normalize=True).cost

    assert torch.autograd.gradcheck(value, given)
    c = torch.tensor(np.random.default_rng(1).normal(size=(4, 5)), requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda c, a, b: optimal_transport(cost=c, x_weights=a, y_weights=b, normalize=True).cost,
        (c, *given[2:]),
    )


def test_torch_in_torch_out():
    torch = pytest.importorskip("torch")
    x = torch.zeros(3, 2, requires_grad=True)
    found = optimal_transport(x, torch.zeros(3, 2))
    found.cost.backward()
    assert found.cost.dtype == found.plan.dtype == found.potentials[0].dtype == torch.float32
    assert not found.plan.requires_grad and not x.grad.any()  # 0 where points coincide


def test_dtypes():
    x = np.float32([[0, 0], [1, 0]])
    found = optimal_transport(x, x)
    assert found.cost.dtype == found.plan.dtype == np.float32
    assert optimal_transport(np.array([[0], [3]]), np.array([[1]])).cost == 1.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": np.ones((0, 2)), "y": np.ones((1, 2))}, "`x` must have the shape"),
        ({"x": np.ones((1, 2)), "y": np.ones((1, 3))}, "equal dimensions"),
        ({"x": [[math.nan]], "y": [[1.0]]}, r"`x` must have finite entries: x\[0, 0\] = nan"),
        ({"x": [1.0], "y": [math.inf]}, "`y` must have finite entries"),
        ({"x": [1.0, 2.0], "y": [1.0], "x_weights": [0.5, 0.4]}, "normalize=True"),
        ({"x": [1.0, 2.0], "y": [1.0], "x_weights": [-1.0, 2.0]}, "negative"),
        ({"x": [1.0], "y": [1.0], "y_weights": [0.0]}, "positive finite sum"),
        ({"x": [1.0], "y": [1.0], "y_weights": [0.5, 0.5]}, r"`y_weights` must have the shape \(1,\)"),
        ({"x": [1.0], "y": [1.0], "metric": "sqeuclidean"}, "`metric` must be one of"),
        ({"x": [1.0], "y": [1.0], "cost": [[1.0, 2.0]]}, "`cost` must have the shape"),
        ({"cost": [1.0, 2.0]}, "`cost` must be a matrix"),
        ({"cost": [[1.0, math.nan]]}, r"`cost` must have finite entries: cost\[0, 1\]"),
        ({"x": [1.0]}, "`y` must be given"),
        ({}, "`x` must be given"),
    ],
)  # fmt: skip
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        optimal_transport(**arguments)


def test_importing_is_light():
    code = (
        "import sys, divergences.transport, divergences.wasserstein;"
        "print(*{m.split('.')[0] for m in sys.modules} & {'scipy', 'torch', 'ot'})"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.split() == []
