"""W_p on the line: closed forms, metric laws, both integrals in exact rationals, gradients, bad input."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from divergences import _samples, wasserstein
from divergences.wasserstein import sliced_wasserstein1, wasserstein1

ORDERS = [1, 1.5, 2, 7.0, math.inf]
orders = pytest.mark.parametrize("p", ORDERS)
positions = st.one_of(
    st.integers(-4, 4).map(float), st.floats(-1e3, 1e3).map(lambda v: round(v, 6))
)
dyadic = st.integers(0, 16)


@st.composite
def samples(draw, weighted=None):
    """Positions, and weights that are exact binary fractions (None: equal ones)."""
    x = draw(st.lists(positions, min_size=1, max_size=7))
    if weighted is False or (weighted is None and draw(st.booleans())):
        return np.array(x), None
    units = draw(st.lists(dyadic, min_size=len(x), max_size=len(x)))
    units[draw(st.integers(0, len(x) - 1))] += 128 - sum(units)  # the sum is at most 7 * 16 = 112
    return np.array(x), np.array(units) / 128


def masses(x, w):
    weights = [Fraction(1, len(x))] * len(x) if w is None else map(Fraction, w.tolist())
    return sorted(zip(map(Fraction, x.tolist()), weights, strict=True))


def by_cdf(x, y, u, v):
    """int |F - G| dz in exact rationals."""
    jumps = sorted([(z, w) for z, w in masses(x, u)] + [(z, -w) for z, w in masses(y, v)])
    total, height = Fraction(0), Fraction(0)
    for (z, w), (after, _) in pairwise(jumps):
        height += w
        total += abs(height) * (after - z)
    return total


def by_quantiles(x, y, u, v, p):
    """int |F^-1 - G^-1|^p dt in exact rationals, for a whole p; the largest gap for p = inf."""
    a, b = masses(x, u), masses(y, v)
    total, top, i, j = Fraction(0), Fraction(0), 0, 0
    left, right = a[0][1], b[0][1]
    while True:
        step, gap = min(left, right), abs(a[i][0] - b[j][0])
        if step > 0:
            top = max(top, gap)
            total += step * gap**p if p != math.inf else 0
        left, right = left - step, right - step
        if left == 0:
            i += 1
            if i == len(a):
                return top if p == math.inf else total
            left = a[i][1]
        if right == 0:
            j += 1
            if j == len(b):
                return top if p == math.inf else total
            right = b[j][1]


def close(found, wanted, rel=1e-12):
    return math.isclose(float(found), float(wanted), rel_tol=rel, abs_tol=1e-300)


@given(samples(), samples())
def test_quantile_and_cdf_form_agree_with_each_other_and_with_us(first, second):
    (x, u), (y, v) = first, second
    exact = by_cdf(x, y, u, v)
    assert by_quantiles(x, y, u, v, 1) == exact
    assert close(wasserstein1(x, y, u, v), exact)


@given(samples(), samples(), st.sampled_from([2, 3, math.inf]))
def test_higher_orders_in_exact_rationals(first, second, p):
    (x, u), (y, v) = first, second
    exact = float(by_quantiles(x, y, u, v, p))
    assert close(wasserstein1(x, y, u, v, p=p), exact if p == math.inf else exact ** (1 / p), 1e-11)


@given(samples(weighted=True), samples(weighted=True))
def test_both_float_forms_agree(first, second):
    """The quantile form of the other backends, held against the CDF form."""
    (x, u), (y, v) = first, second
    (i, j) = np.argsort(x), np.argsort(y)
    found = wasserstein._by_quantiles(np, x[i], y[j], u[i], v[j], 1)
    assert close(found, wasserstein._by_cdf(np, x, y, u, v), 1e-11)


@orders
@given(samples(), samples(), samples())
def test_metric_axioms(p, first, second, third):
    def d(a, b):
        return float(wasserstein1(a[0], b[0], a[1], b[1], p=p))

    assert d(first, first) == 0
    assert math.isclose(d(first, second), d(second, first), rel_tol=1e-12, abs_tol=1e-300)
    assert d(first, third) <= (d(first, second) + d(second, third)) * (1 + 1e-11)


@given(samples(), samples())
def test_orders_increase(first, second):
    (x, u), (y, v) = first, second
    found = [float(wasserstein1(x, y, u, v, p=p)) for p in ORDERS]
    assert all(a <= b * (1 + 1e-11) for a, b in pairwise(found))


@orders
@given(samples(), samples(), st.integers(-1000, 1000), st.sampled_from([-3.0, -0.5, 0.0, 2.0]))
def test_translation_and_scaling(p, first, second, shift, factor):
    (x, u), (y, v) = first, second
    d = float(wasserstein1(x, y, u, v, p=p))
    assert math.isclose(
        wasserstein1(x + shift, y + shift, u, v, p=p), d, rel_tol=1e-9, abs_tol=1e-11
    )
    assert math.isclose(
        wasserstein1(factor * x, factor * y, u, v, p=p), abs(factor) * d, rel_tol=1e-11
    )
    assert math.isclose(
        wasserstein1(x, x + shift, u, u, p=p), abs(shift), rel_tol=1e-9, abs_tol=1e-9
    )


@given(samples(), samples(), samples(weighted=False))
def test_convolution_contracts(first, second, noise):
    (x, u), (y, v), (r, _) = first, second, noise

    def smooth(z, w):
        w = np.full(len(z), 1 / len(z)) if w is None else w
        return np.add.outer(z, r).ravel(), np.repeat(w / len(r), len(r))

    (a, s), (b, t) = smooth(x, u), smooth(y, v)
    assert (
        wasserstein1(a, b, s, t, normalize=True) <= wasserstein1(x, y, u, v) * (1 + 1e-11) + 1e-12
    )


@orders
def test_closed_forms(p):
    assert wasserstein1([2.0], [5.0], p=p) == 3  # Diracs
    two = wasserstein1([0.0, 1.0], [0.0, 1.0], [0.5, 0.5], [0.25, 0.75], p=p)  # |a - b|^(1/p)
    assert math.isclose(two, 1.0 if p == math.inf else 0.25 ** (1 / p), rel_tol=1e-15)
    k = np.arange(1000.0)
    assert math.isclose(
        wasserstein1(k, 3 * k[::-1], p=p),
        2 * (np.mean(k**p) ** (1 / p) if p < 99 else 999),
        rel_tol=1e-12,
    )


def test_large_offsets_lose_nothing():
    k = np.arange(64) / 64
    for kwargs in ({}, {"x_weights": np.full(64, 1 / 64)}):
        assert wasserstein1(1e9 + k, 1e9 + k + 2.0**-20, **kwargs) == 2.0**-20


@pytest.mark.parametrize("n", [5, 3000, 20_000])
def test_a_permuted_copy_is_at_distance_0(n):
    make = np.random.default_rng(n)
    x, w = make.normal(size=n), make.dirichlet(np.ones(n))
    other = make.permutation(n)
    assert wasserstein1(x, x[other]) == 0
    assert wasserstein1(x, x[other], w, w[other]) <= (0 if n <= 4096 else 1e-15)


def test_tiny_weights_count():
    found = wasserstein1([-1e300, 0.0], [0.0], [1e-200, 1.0], [1.0])
    assert math.isclose(found, 1e100, rel_tol=1e-15)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("kind", ["normal", "rounded", "outlier", "equal", "close"])
def test_large_samples_against_scipy(kind, threads, monkeypatch):
    """Packed integers, their repair and their refusal; blocks and threads."""
    monkeypatch.setattr(wasserstein, "_PARALLEL", 5000)
    monkeypatch.setattr(wasserstein, "_BLOCK", 1 << 10)
    monkeypatch.setattr(wasserstein, "_PIECE", 1 << 12)
    monkeypatch.setattr(wasserstein, "thread_count", lambda: threads)
    make = np.random.default_rng(3)
    x, y = make.normal(size=9000), make.normal(0.3, 1.2, size=7001)
    if kind == "rounded":
        x, y = x.round(1), y.round(1)
    elif kind == "outlier":
        x[77] = 1e30
    elif kind == "equal":
        x, y = np.ones(9000), np.ones(7001)
    elif kind == "close":  # some places coincide, out of order
        x[:300] = 1 + 1e-15 * make.permutation(300)
        x[-1] = 1e3
    u, v = make.dirichlet(np.ones(9000)), make.dirichlet(np.ones(7001))
    z = np.concatenate([x, y])
    assert (np.diff(z[wasserstein._ascending(z)]) >= 0).all()
    for w in ((u, v), (None, v), (None, None)):
        assert close(wasserstein1(x, y, *w), wasserstein_distance(x, y, *w), 1e-11)
    assert close(
        wasserstein1(x, np.append(y, y[:1999]), None, None),
        wasserstein_distance(x, np.append(y, y[:1999])),
        1e-11,
    )


@orders
@pytest.mark.parametrize("weighted", [False, True])
def test_batches_broadcast_on_any_axis(p, weighted):
    make = np.random.default_rng(0)
    x, y = make.normal(size=(3, 1, 5)), make.normal(size=(4, 6))
    u = make.dirichlet(np.ones(5), (3, 1)) if weighted else None
    v = make.dirichlet(np.ones(6)) if weighted else None
    found = wasserstein1(x, y, u, v, p=p)
    assert found.shape == (3, 4)
    for i in range(3):
        for j in range(4):
            each = wasserstein1(x[i, 0], y[j], None if u is None else u[i, 0], v, p=p)
            assert math.isclose(found[i, j], each, rel_tol=1e-13)
    x2, y2 = np.moveaxis(x[:, 0], -1, 0), np.moveaxis(y[:3], -1, 0)
    turned = wasserstein1(
        x2, y2, None if u is None else np.moveaxis(u[:, 0], -1, 0), v, p=p, axis=0
    )
    np.testing.assert_allclose(turned, [found[i, i] for i in range(3)], rtol=1e-13)


def test_kinds_and_dtypes():
    assert wasserstein1([0, 1], [3, 4]) == 3
    assert wasserstein1(np.array([0, 1]), np.array([3, 5])).dtype == np.float64
    assert wasserstein1(np.float32([0, 1]), np.float32([3, 4])).dtype == np.float32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": [], "y": [1.0]}, "`x` must have at least one sample"),
        ({"x": [1.0], "y": np.ones((2, 0))}, "`y` must have at least one sample"),
        ({"x": [1.0, math.nan], "y": [1.0]}, r"`x` must have finite entries: x\[1\] = nan"),
        ({"x": [1.0], "y": [-math.inf]}, r"`y` must have finite entries: y\[0\] = -inf"),
        ({"x": [1.0, 2.0], "y": [1.0], "x_weights": [-0.5, 1.5]}, r"`x_weights` must have no negative"),
        ({"x": [1.0], "y": [1.0, 2.0], "y_weights": [0.0, 0.0]}, "`y_weights` must have a positive"),
        ({"x": [1.0, 2.0], "y": [1.0], "x_weights": [0.5, 0.6]}, "normalize=True"),
        ({"x": [1.0, 2.0], "y": [1.0], "x_weights": [1.0]}, r"`x_weights` must have the shape \(2,\)"),
        ({"x": np.ones((2, 3)), "y": np.ones((3, 3))}, "must broadcast"),
        ({"x": [1.0], "y": [1.0], "p": 0.5}, r"`p` must lie in \[1, inf\]"),
        ({"x": [1.0], "y": [1.0], "p": math.nan}, "`p` must lie"),
        ({"x": [1.0], "y": [1.0], "axis": 1}, "`axis` must be"),
        ({"x": 1.0, "y": [1.0]}, "`x` must be an array of samples"),
        ({"x": ["a"], "y": [1.0]}, "`x` must have a floating dtype"),
        ({"x": np.array([2**53 + 1]), "y": [1.0]}, "`x` must hold numbers that are exact"),
    ],
)  # fmt: skip
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        wasserstein1(**arguments)


def test_normalize():
    assert wasserstein1([0.0, 1.0], [0.0], [3.0, 1.0], normalize=True) == 0.25
    assert wasserstein1([0.0, 1.0], [0.0], np.array([3, 1]), normalize=True) == 0.25


def test_sliced():
    make = np.random.default_rng(5)
    x, shift = make.normal(size=(50, 3)) + 1e8, np.array([3.0, 0.0, 4.0])
    found = sliced_wasserstein1(x, x + shift, projections=4000, seed=1)
    # a translation: E |<theta, c>| = |c| / 2 on the sphere in three dimensions, with deviation |c| / sqrt 12
    assert abs(found.value - 2.5) < 5 * found.standard_error
    assert math.isclose(found.standard_error, 5 / math.sqrt(12 * 4000), rel_tol=0.05)
    line = sliced_wasserstein1(x[:, :1], x[:, :1] + 2.0, projections=7)
    assert math.isclose(line.value, 2, rel_tol=1e-7)
    assert line.standard_error < 1e-15
    far = 1e9 + np.arange(16.0).reshape(8, 2)  # an offset costs no digits
    near = sliced_wasserstein1(far, far + 2.0**-10)
    assert math.isclose(
        near.value, sliced_wasserstein1(far - 1e9, far - 1e9 + 2.0**-10).value, rel_tol=1e-12
    )
    again = sliced_wasserstein1(x, x + shift, projections=4000, seed=1)
    assert again.value == found.value
    with pytest.raises(ValueError, match="equal dimensions"):
        sliced_wasserstein1(x, x[:, :2])
    with pytest.raises(ValueError, match="`projections`"):
        sliced_wasserstein1(x, x, projections=1)


# torch


def leaves(*values):
    torch = pytest.importorskip("torch")
    return [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values]


@orders
@pytest.mark.parametrize("sizes", [(5, 5), (5, 7)])
def test_torch_gradients(p, sizes):
    """Against finite differences, away from kinks."""
    torch = pytest.importorskip("torch")
    make = np.random.default_rng(2)
    x, y = leaves(make.normal(size=(2, sizes[0])), make.normal(0.5, 1, size=(2, sizes[1])))
    u, v = leaves(*(make.uniform(0.5, 1.5, size=n) for n in sizes))
    assert torch.autograd.gradcheck(lambda x, y: wasserstein1(x, y, p=p), (x, y))
    # W_inf does not change with the weights, but for jumps
    inputs = (x, y) if p == math.inf else (x, y, u, v)
    assert torch.autograd.gradcheck(
        lambda x, y, u=u, v=v: wasserstein1(x, y, u, v, p=p, normalize=True), inputs
    )
    assert math.isclose(
        float(wasserstein1(x[0], y[0], u, v, p=p, normalize=True).detach()),
        wasserstein1(*(t.detach().numpy() for t in (x[0], y[0], u, v)), p=p, normalize=True),
        rel_tol=1e-12,
    )


@orders
def test_torch_gradients_are_0_and_finite_at_equal_samples(p):
    x, y = leaves([1.0, 2.0, 4.0], [1.0, 2.0, 4.0])
    u, v = leaves([0.25, 0.5, 0.25], [0.25, 0.5, 0.25])
    for weights in ((), (u, v)):
        value = wasserstein1(x, y, *weights, p=p)
        value.backward()
        assert float(value.detach()) == 0
        assert not x.grad.any()
    if p == 1:
        assert not u.grad.any()


def test_torch_weight_gradients_are_centred_potentials():
    """The derivative in the direction of another weighting is the difference of W1's dual values."""
    x, y = leaves([0.0, 1.0, 5.0], [2.0])
    (u,) = leaves([0.25, 0.25, 0.5])
    wasserstein1(x, y, u).backward()
    np.testing.assert_allclose(u.grad, [2 - 2.25, 1 - 2.25, 3 - 2.25], rtol=1e-14)
    np.testing.assert_allclose(x.grad, [-0.25, -0.25, 0.5], rtol=1e-14)


def test_torch_kinds():
    torch = pytest.importorskip("torch")
    x, y = torch.tensor([0.0, 1.0]), torch.tensor([3.0, 4.0])
    assert wasserstein1(x, y).dtype == torch.float32
    assert wasserstein1(torch.tensor([0, 1]), torch.tensor([3, 4])).dtype == torch.float64
    assert float(wasserstein1(x, [3.0, 5.0], x_weights=[0.5, 0.5])) == 3.5
    with pytest.raises(ValueError, match="one kind"):
        wasserstein1(x, np.ones(2))
    with pytest.raises(ValueError, match=r"x\[0\] = nan"):
        wasserstein1(torch.tensor([math.nan]), y)
    z = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    sliced = sliced_wasserstein1(z, z.detach() + torch.tensor([1.0, 0, 0]), projections=64)
    sliced.value.backward()
    plain = z.detach().numpy()
    ours = sliced_wasserstein1(plain, plain + np.float32([1, 0, 0]), projections=64)
    assert math.isclose(float(sliced.value.detach()), ours.value, rel_tol=1e-5)
    assert bool(torch.isfinite(z.grad).all()) and not sliced.standard_error.requires_grad


def test_samples_bring_one_kind():
    arrays = _samples.common(x=[1, 2], w=None)
    assert arrays.values[0].dtype == np.float64 and arrays.values[1] is None
