"""The theory of f-divergences, as properties over every divergence on probability vectors."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from divergences import discrete
from divergences.discrete import f_divergence

SLACK = 1e-12  # relative: what the values themselves are promised to
ALPHAS = [-2.5, -2.0, -1.0, 0.0, 0.3, 0.5, 1.0, 2.0, 3.5]
ORDERS = [0.0, 0.3, 0.5, 1.0, 2.0, 3.5, math.inf]

F_DIVERGENCES = {
    name: getattr(discrete, name)
    for name in [
        "kl",
        "js",
        "total_variation",
        "squared_hellinger",
        "chi2",
        "neyman_chi2",
        "jeffreys",
        "le_cam",
    ]
}
F_DIVERGENCES |= {
    f"alpha({a})": lambda p, q, a=a, **k: discrete.alpha(p, q, a, **k) for a in ALPHAS
}
F_DIVERGENCES |= {
    name: lambda p, q, name=name, **k: f_divergence(name, p, q, **k)
    for name in [
        "reverse_kl",
        "arithmetic_geometric",
        "jensen_shannon_weighted(0.2)",
        "hockey_stick(1)",
        "hockey_stick(1.5)",
    ]
}
ALL = F_DIVERGENCES | {
    f"renyi({a})": lambda p, q, a=a, **k: discrete.renyi(p, q, a, **k) for a in ORDERS
}

SYMMETRIC = ["js", "total_variation", "squared_hellinger", "jeffreys", "le_cam", "alpha(0.5)", "arithmetic_geometric",
             "renyi(0.5)"]  # fmt: skip
ADJOINT = {  # D(p, q) = D'(q, p)
    "kl": "reverse_kl",
    "chi2": "neyman_chi2",
    "alpha(2.0)": "alpha(-1.0)",
    "alpha(0.0)": "alpha(1.0)",
    "alpha(3.5)": "alpha(-2.5)",
}
UPPER = {  # f(0) + f'(inf), attained by disjoint vectors (claim 6)
    "js": math.log(2),
    "total_variation": 1.0,
    "squared_hellinger": 1.0,
    "le_cam": 2.0,
    "alpha(0.5)": 4.0,
    "alpha(0.3)": 1 / (0.3 * 0.7),
    "jensen_shannon_weighted(0.2)": -0.2 * math.log(0.2) - 0.8 * math.log(0.8),
    "hockey_stick(1)": 1.0,
    "hockey_stick(1.5)": 1.0,
}


@st.composite
def vectors(draw, count: int, n: int | None = None):
    """`count` probability vectors of one length, zeros and tiny masses among them."""
    size = n or draw(st.integers(2, 7))
    masses = st.one_of(st.just(0.0), st.floats(1e-3, 1), st.floats(1e-320, 1e-3))
    found = []
    for _ in range(count):
        raw = draw(arrays(np.float64, size, elements=masses))
        if raw.sum() < 1e-3:
            raw[draw(st.integers(0, size - 1))] = 1.0
        found.append(raw / raw.sum())
    return found


@st.composite
def vectors_and_kernel(draw):
    """Two vectors and a Markov kernel, rows summing to 1."""
    p, q = draw(vectors(2))
    kernel = np.array(draw(vectors(len(p), n=draw(st.integers(2, 6)))))
    return p, q, kernel


def no_more_than(small, large):
    """small <= large up to the promised accuracy of both, and to the last place of a sum of O(1) numbers."""
    return small == large or small <= large * (1 + 4 * SLACK) + 1e-15


@given(vectors(2))
def test_never_negative_never_nan(pair):
    for name, d in ALL.items():
        assert d(*pair) >= 0, name  # nan is not >= 0 either


@given(vectors(1))
def test_identity_is_exactly_zero(one):
    for name, d in ALL.items():
        assert d(one[0], one[0]) == 0, name


@given(vectors(2, n=4))
def test_zero_only_for_equal_vectors(pair):
    p, q = pair
    assume(np.abs(p - q).max() > 1e-100)
    # hockey_stick(1) sums p - q where p is larger: nowhere, where rounding hid it from a sum of 1 + 1e-83.
    assume((p > q).any())
    for name, d in F_DIVERGENCES.items():
        if name != "hockey_stick(1.5)":  # that generator is 0 around u = 1
            assert d(p, q) > 0, name


@given(vectors_and_kernel())
def test_data_processing(given_):
    """Claim 7: no channel increases a divergence. The channel rounds what it sends, an entry by a relative 1e-15."""
    p, q, kernel = given_
    sent_p, sent_q = p @ kernel, q @ kernel
    assume(not rounding_decides(sent_p, sent_q))
    for name, d in ALL.items():
        assert d(sent_p, sent_q) <= d(p, q) * (1 + 1e-6) + 1e-13, name


@given(vectors(4, n=4), st.floats(0, 1))
def test_joint_convexity(four, weight):
    """Claim 8, with the rounding of the mixtures as slack."""
    p0, q0, p1, q1 = four
    p, q = weight * p0 + (1 - weight) * p1, weight * q0 + (1 - weight) * q1
    assume(not rounding_decides(p, q))
    for name, d in F_DIVERGENCES.items():
        ends = [w * d(a, b) for w, a, b in ((weight, p0, q0), (1 - weight, p1, q1)) if w > 0]
        assert d(p, q) <= sum(ends) * (1 + 1e-6) + 1e-13, name


def rounding_decides(p, q):
    """Whether an entry is so small that its underflow may decide between finite and infinite."""
    return bool((((p < 1e-300) | (q < 1e-300)) & (p + q > 0)).any())


@given(vectors(2))
def test_symmetry(pair):
    p, q = pair
    for name in SYMMETRIC:
        assert np.isclose(ALL[name](p, q), ALL[name](q, p), rtol=SLACK, atol=1e-300), name


@pytest.mark.parametrize("name", ["kl", "chi2", "alpha(2.0)", "renyi(2.0)", "reverse_kl"])
def test_no_symmetry_where_none_is_claimed(name):
    assert not np.isclose(
        ALL[name]([0.2, 0.8], [0.4, 0.6]), ALL[name]([0.4, 0.6], [0.2, 0.8]), rtol=1e-3
    )


@given(vectors(2))
def test_adjoint(pair):
    """Claim 4: D_f(P||Q) = D_f°(Q||P)."""
    p, q = pair
    for name, adjoint in ADJOINT.items():
        assert np.isclose(ALL[name](p, q), ALL[adjoint](q, p), rtol=SLACK, atol=1e-300), name


@given(vectors(2), st.randoms(use_true_random=False))
def test_permutation_invariance(pair, random):
    p, q = pair
    order = random.sample(range(len(p)), len(p))
    for name, d in ALL.items():
        assert np.isclose(d(p[order], q[order]), d(p, q), rtol=SLACK, atol=1e-300), name


@given(vectors(2))
def test_upper_bound(pair):
    """Claim 6: D_f <= f(0) + f'(inf)."""
    for name, bound in UPPER.items():
        assert no_more_than(F_DIVERGENCES[name](*pair), bound), name


@pytest.mark.parametrize("name", ALL)
def test_disjoint_vectors_attain_the_upper_bound(name):
    value = ALL[name]([0.5, 0.5, 0.0], [0.0, 0.0, 1.0])
    assert np.isclose(value, UPPER.get(name, math.inf), rtol=1e-15)


@given(vectors(2))
@example([np.array([0.5, 0.5]), np.array([0.5, 0.5])])
def test_inequalities_between_them(pair):
    """Pinsker; KL <= log(1 + chi2); H2 <= TV <= sqrt(2 H2); Delta/4 <= JS <= log 2 TV; order in Renyi's a."""
    p, q = pair
    tv, kl, h2 = discrete.total_variation(p, q), discrete.kl(p, q), discrete.squared_hellinger(p, q)
    assert no_more_than(2 * tv**2, kl)
    assert no_more_than(kl, np.log1p(discrete.chi2(p, q)))
    assert no_more_than(h2, tv) and no_more_than(tv, math.sqrt(2 * h2))
    js, le_cam = discrete.js(p, q), discrete.le_cam(p, q)
    assert no_more_than(le_cam / 4, js) and no_more_than(js, math.log(2) * tv)
    values = [discrete.renyi(p, q, order) for order in ORDERS]
    assert all(no_more_than(a, b) for a, b in pairwise(values))


@given(vectors(2))
def test_members_that_coincide(pair):
    p, q = pair
    h2 = min(discrete.squared_hellinger(p, q), 1.0)
    same = [
        (discrete.alpha(p, q, 1), discrete.kl(p, q)),
        (discrete.alpha(p, q, 0), discrete.kl(q, p)),
        (discrete.alpha(p, q, 2), discrete.chi2(p, q) / 2),
        (discrete.alpha(p, q, 0.5), 4 * discrete.squared_hellinger(p, q)),
        (discrete.jeffreys(p, q), discrete.kl(p, q) + discrete.kl(q, p)),
        (discrete.renyi(p, q, 1), discrete.kl(p, q)),
        (discrete.renyi(p, q, 2), np.log1p(discrete.chi2(p, q))),
        (discrete.renyi(p, q, 0.5), -2 * math.log1p(-h2) if h2 < 1 else math.inf),
        (f_divergence("jensen_shannon_weighted(0.5)", p, q), discrete.js(p, q)),
        (f_divergence("hockey_stick(1)", p, q), discrete.total_variation(p, q)),
        (f_divergence("gan", p, q), 2 * discrete.js(p, q) - math.log(4)),
        (discrete.alpha(p, q, 1 + 1e-15), discrete.alpha(p, q, 1)),
    ]
    for i, (left, right) in enumerate(same):
        # the last digits of 1 - H^2 are those of H^2; of a sum of p - q, those of the vectors' sums
        assert np.isclose(left, right, rtol=1e-10, atol=1e-15) or max(left, right) > 25, i


def test_batches_broadcast_and_axes():
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(4), (5, 1)), rng.dirichlet(np.ones(4), 3)
    for name, d in ALL.items():
        whole = d(p, q)
        assert whole.shape == (5, 3), name
        assert whole.dtype == np.float64
        one_by_one = [[d(p[i, 0], q[j]) for j in range(3)] for i in range(5)]
        assert np.allclose(whole, one_by_one, rtol=1e-13, atol=0), name
        assert np.array_equal(
            d(np.moveaxis(p, -1, 0), np.moveaxis(q, -1, 0)[:, None, :], axis=0), whole
        ), name
        assert np.ndim(d(p[0, 0], q[0])) == 0
        assert d(np.empty((0, 4)), q[0]).shape == (0,)


def test_normalize_divides_by_the_sum_and_leaves_the_input_alone():
    counts = np.array([[3.0, 1.0], [2.0, 2.0]])
    kept = counts.copy()
    assert np.allclose(
        discrete.kl(counts, [1.0, 1.0], normalize=True),
        discrete.kl(counts / 4, [0.5, 0.5]),
        rtol=1e-15,
    )
    assert np.array_equal(counts, kept)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_is_kept(dtype):
    p, q = np.array([0.25, 0.75], dtype), np.array([0.5, 0.5], dtype)
    for d in ALL.values():
        assert d(p, q).dtype == dtype


EXPRESSIONS = {  # the generators of the named kernels, typed by hand
    "kl": "u*log(u)",
    "reverse_kl": "-log(u)",
    "pearson": "(u-1)**2",
    "neyman": "(u-1)**2/u",
    "squared_hellinger": "(sqrt(u)-1)**2/2",
    "jeffreys": "(u-1)*log(u)",
    "le_cam": "(u-1)**2/(u+1)",
    "jensen_shannon": "(u*log(u)-(u+1)*log((u+1)/2))/2",
}


@pytest.mark.parametrize(("name", "expression"), EXPRESSIONS.items())
def test_expression_agrees_with_the_named_kernel(name, expression):
    """The general road, sum q r(p/q) with boundary masses, against each kernel: far, near, and with zeros."""
    rng = np.random.default_rng(4)
    p, q = rng.dirichlet(np.ones(9), 2)
    near = p * (1 + 1e-7 * rng.uniform(-1, 1, 9))
    edge = np.where(np.arange(9) < 3, 0.0, q)
    for a, b in [
        (p, q),
        (p, near / near.sum()),
        (edge / edge.sum(), q),
        (q, edge / edge.sum()),
        (p, p),
    ]:
        assert np.isclose(
            f_divergence(expression, a, b), f_divergence(name, a, b), rtol=SLACK, atol=0
        )


def test_tilting_a_generator_changes_nothing():
    """Claim 3: D_{f + c(u-1)} = D_f, to the last digits, because the tangent is taken off."""
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.25, 0.35, 0.4])
    assert np.isclose(
        f_divergence("u*log(u) + 3*(u-1)", p, q), discrete.kl(p, q), rtol=SLACK, atol=0
    )


def test_generator_with_a_value_at_one():
    """The GAN row, as published: D = 2 JS - log 4, as a generator and by its name."""
    from divergences.fdivergence import FDivergence

    gan = FDivergence("u*log(u) - (u+1)*log(u+1)", value_at_one="-log(4)")
    p, q = np.array([0.2, 0.8, 0.0]), np.array([0.5, 0.3, 0.2])
    assert np.isclose(f_divergence(gan, p, q), f_divergence("gan", p, q), rtol=SLACK, atol=0)
    assert np.isclose(f_divergence(gan, p, p), -math.log(4), rtol=1e-15, atol=0)
