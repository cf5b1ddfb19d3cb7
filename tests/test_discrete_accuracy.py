"""Every divergence against 200-bit arithmetic on the same floats, from a relative distance of 1e-1 down to 1e-10."""

import math

import discrete_oracle as oracle
import mpmath as mp
import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr

from divergences import _blocks, discrete

TOLERANCE = 1e-12
DISTANCES = [10.0**-k for k in range(1, 11)]

ALPHAS = [
    -30.0,
    -3.7,
    -1.0,
    -1e-3,
    -1e-12,
    0.0,
    1e-9,
    0.3,
    0.5,
    1 - 1e-9,
    1.0,
    1 + 1e-12,
    2.0,
    7.0,
    50.0,
    1e5,
]
ORDERS = [0.0, 1e-9, 0.3, 0.5, 1 - 1e-9, 1.0, 1 + 1e-12, 2.0, 7.0, 50.0, 1e5, math.inf]

MEMBERS = {
    name: (getattr(discrete, name), getattr(oracle, name))
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
MEMBERS |= {
    f"alpha({a})": (
        lambda p, q, a=a: discrete.alpha(p, q, a),
        lambda p, q, a=a: oracle.alpha(p, q, a),
    )
    for a in ALPHAS
}
MEMBERS |= {
    f"renyi({a})": (
        lambda p, q, a=a: discrete.renyi(p, q, a),
        lambda p, q, a=a: oracle.renyi(p, q, a),
    )
    for a in ORDERS
}
MEMBERS |= {
    "arithmetic_geometric": (
        lambda p, q: discrete.f_divergence("arithmetic_geometric", p, q),
        oracle.arithmetic_geometric,
    ),
    "reverse_kl": (
        lambda p, q: discrete.f_divergence("reverse_kl", p, q),
        lambda p, q: oracle.kl(q, p),
    ),
}
MEMBERS |= {
    f"jensen_shannon_weighted({pi})": (
        lambda p, q, pi=pi: discrete.f_divergence(f"jensen_shannon_weighted({pi})", p, q),
        lambda p, q, pi=pi: oracle.jensen_shannon_weighted(p, q, pi),
    )
    for pi in (1e-3, 0.3, 0.999)
}
MEMBERS |= {
    f"hockey_stick({gamma})": (
        lambda p, q, gamma=gamma: discrete.f_divergence(f"hockey_stick({gamma})", p, q),
        lambda p, q, gamma=gamma: oracle.hockey_stick(p, q, gamma),
    )
    for gamma in (1.0, 1.000001, 1.05, 2.0)
}

TINY = 1e-310
EDGES = {
    "disjoint": ([1.0, 0, 0], [0, 1.0, 0]),
    "q covers p": ([1.0, 0, 0], [0.5, 0.5, 0]),
    "p covers q": ([0.5, 0.5, 0], [1.0, 0, 0]),
    "ratio 5e323 up": ([0.5, 0.5], [1.0, 5e-324]),
    "ratio 5e323 down": ([1.0, 5e-324], [0.5, 0.5]),
    "chi2 is 1e302 though p/q overflows": ([1.0, 1e-8], [1.0, 1e-318]),
    "ratio beyond 1e300, both ways": ([1e-302, 1.0], [1.0, 1e-302]),
    "subnormal beside ordinary": ([0.25, 0.75, TINY], [0.5, 0.5, 3 * TINY]),
    "apart only by 1e-300": ([0.5, 0.5, 1e-300], [0.5, 0.5, 2e-300]),
    "swapped by 1e-5": ([1e-5, 1 - 1e-5], [1 - 1e-5, 1e-5]),
    "rounding left over": ([0.1] * 10, [0.1 + 1e-17] * 9 + [0.1 - 1e-16]),
}


def relative_error(got: float, want: mp.mpf) -> float:
    """|got - want| / want; 0 for the same infinity (or overflow) and for 0 against 0."""
    if abs(want) > mp.mpf(np.finfo(float).max):
        return 0.0 if got == math.inf else math.inf
    if abs(want) < mp.mpf(10) ** -600:  # what 2600 bits leave of an exact 0
        return 0.0 if got == 0 else math.inf
    return float(abs(mp.mpf(float(got)) - want) / abs(want))


def pair_at(distance: float, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """p, and q within a relative `distance` of it."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(n))
    q = p * (1 + distance * rng.uniform(-1, 1, n))
    return p, q / q.sum()


@pytest.mark.parametrize("name", MEMBERS)
def test_right_to_1e_12_at_every_distance(name):
    ours, truth = MEMBERS[name]
    for k, distance in enumerate(DISTANCES):
        for n in (2, 23):
            p, q = pair_at(distance, n, seed=100 * k + n)
            assert relative_error(ours(p, q), truth(p, q)) <= TOLERANCE, (distance, n)


@pytest.mark.parametrize("name", MEMBERS)
def test_right_to_1e_12_far_apart(name):
    ours, truth = MEMBERS[name]
    rng = np.random.default_rng(5)
    for concentration in (1.0, 0.1):
        p, q = rng.dirichlet(np.ones(30)), rng.dirichlet(np.full(30, concentration))
        assert relative_error(ours(p, q), truth(p, q)) <= TOLERANCE


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("name", MEMBERS)
def test_right_with_zeros_subnormals_and_extreme_ratios(name, edge):
    ours, truth = MEMBERS[name]
    p, q = (np.array(side, dtype=float) for side in EDGES[edge])
    assert relative_error(ours(p, q), truth(p, q)) <= TOLERANCE


@pytest.mark.parametrize(
    "name", ["kl", "js", "jeffreys", "arithmetic_geometric", "alpha(0.3)", "alpha(2.0)"]
)
def test_series_are_right_to_their_ends(name):
    """On both sides of |p - q| = 0.2 (p + q), where a series hands over to the formula, to 1e-15 and a little."""
    ours, truth = MEMBERS[name]
    for s in (
        0.15,
        0.19,
        0.1999,
        0.2001,
        0.21,
    ):  # on little mass, so that no quick formula is trusted
        p, q = (np.array([0.02 + x / 50, 0.02 - x / 50, 0.96]) for x in (s, -s))
        assert relative_error(ours(p, q), truth(p, q)) <= 1e-14, s


@pytest.mark.parametrize("name", MEMBERS)
def test_sums_within_the_tolerance_are_accounted_for(name):
    """Sums off by 5e-9 in either direction are accepted; the value is that of the tangent-corrected definition."""
    ours, truth = MEMBERS[name]
    for shift in (5e-9, -5e-9):
        for p, q in (([0.2, 0.8 + shift], [0.9, 0.1]), ([0.5 + shift, 0.5], [0.5, 0.5 - shift])):
            p, q = np.array(p), np.array(q)
            want = truth(p, q)
            assert ours(p, q) >= 0
            assert relative_error(ours(p, q), want) <= TOLERANCE


def test_gan_is_right_to_rounding_of_log_4():
    for distance in DISTANCES:
        p, q = pair_at(distance, 23, seed=3)
        assert abs(float(discrete.f_divergence("gan", p, q) - oracle.gan(p, q))) <= 2**-51


@pytest.mark.parametrize("name", ["kl", "js", "reverse_kl"])
@pytest.mark.parametrize("n", [3, 1000, 8192, 20001])
def test_quick_formula_agrees_with_the_terms(name, n):
    """Batches whose rows are near, middling and far, so that the quick formula's threshold lies among them."""
    row = discrete.NATIVE["jensen_shannon" if name == "js" else name]
    rng = np.random.default_rng(n)
    p = rng.dirichlet(np.ones(n), 12)
    q = p * np.exp(np.geomspace(1e-3, 3, 12)[:, None] * rng.standard_normal((12, n)))
    q /= q.sum(-1, keepdims=True)
    quick = _blocks.totals(row.terms, p, q, 1e-8, row.quick).value
    exact = _blocks.totals(row.terms, p, q, 1e-8).value
    assert np.all(np.abs(quick - exact) <= TOLERANCE * exact)


@pytest.mark.parametrize("name", ["kl", "js"])
def test_quick_formula_is_right_where_it_is_trusted(name):
    """The rows just above the threshold, against 200 bits: the bound on the rounding error holds there."""
    row = discrete.NATIVE["jensen_shannon" if name == "js" else name]
    rng = np.random.default_rng(8)
    p = rng.dirichlet(np.ones(64), 40)
    q = p * np.exp(np.linspace(0.05, 1, 40)[:, None] * rng.standard_normal(p.shape))
    q /= q.sum(-1, keepdims=True)
    left = np.empty(40, dtype=bool)
    out = _blocks.Totals(*np.empty((3, 40)))
    _blocks._quick(row.quick, p, q, 1e-8, out, left)
    assert left.any() and not left.all()
    trusted = np.flatnonzero(~left)
    closest = trusted[np.argsort(out.value[trusted])[:5]]
    for i in closest:
        assert relative_error(out.value[i], getattr(oracle, name)(p[i], q[i])) <= TOLERANCE


def test_threads_and_blocks_change_nothing(monkeypatch):
    rng = np.random.default_rng(2)
    p, q = rng.dirichlet(np.ones(300), (2, 4000))
    q[::7] = p[::7] * (1 + 1e-6)
    q[::7] /= q[::7].sum(-1, keepdims=True)
    monkeypatch.setattr(_blocks, "MAX_THREADS", 1)
    alone = discrete.kl(p, q)
    monkeypatch.setattr(_blocks, "thread_count", lambda: 3)
    monkeypatch.setattr(_blocks, "LARGE", 30000)
    assert np.array_equal(discrete.kl(p, q), alone)


def test_scipy_loses_the_digits_that_are_kept_here():
    """Why this module exists: rel_entr's sum and jensenshannon at relative distances of 1e-4 and 1e-8."""
    losses = {1e-4: 1e-11, 1e-8: 1e-2}
    for distance, loss in losses.items():
        kl_losses, js_losses = [], []
        for seed in range(10):
            p, q = pair_at(distance, 1000, seed=seed)
            kl, js = oracle.kl(p, q), oracle.js(p, q)
            assert relative_error(discrete.kl(p, q), kl) <= TOLERANCE
            assert relative_error(discrete.js(p, q), js) <= TOLERANCE
            kl_losses.append(relative_error(rel_entr(p, q).sum(), kl))
            with np.errstate(invalid="ignore"):  # the root of a negative rounding
                root = jensenshannon(p, q)
            js_losses.append(math.inf if math.isnan(root) else relative_error(root**2, js))
        assert max(kl_losses) > loss
        assert max(js_losses) > loss


def test_float32_is_rounded_once():
    p, q = (side.astype(np.float32) for side in pair_at(1e-2, 50, seed=1))
    for name in ["kl", "js", "chi2", "squared_hellinger"]:
        got = getattr(discrete, name)(p, q)
        assert got.dtype == np.float32
        assert relative_error(got, getattr(oracle, name)(p, q)) <= 2**-24 * (1 + 1e-6)
