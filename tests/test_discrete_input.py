"""Bad input is a ValueError that names the argument, what was required, what came, and where."""

import math
from fractions import Fraction

import numpy as np
import pytest

from divergences import discrete
from divergences.discrete import alpha, f_divergence, js, kl, renyi

HALF = np.array([0.5, 0.5])
EVERY = [
    *(
        getattr(discrete, n)
        for n in discrete.__all__
        if n not in ("alpha", "renyi", "f_divergence")
    ),
    lambda p, q, **k: alpha(p, q, 0.3, **k),
    *(lambda p, q, order=order, **k: renyi(p, q, order, **k) for order in (0, 0.3, 1, 2, math.inf)),
    lambda p, q, **k: f_divergence("reverse_kl", p, q, **k),
]

BAD = [
    ([0.5, 0.5], [0.2, 0.3, 0.5], ["`p` and `q`", "2 and 3", "axis -1"]),
    (np.full((2, 2), 0.5), np.full((3, 2), 0.5), ["broadcast", "(2, 2)", "(3, 2)"]),
    ([0.5, 0.5], [[0.5, 0.5], [-0.1, 1.1]], ["`q`", "no negative entries", "q[1, 0] = -0.1"]),
    ([-0.5, 1.5], [-0.5, 1.5], ["`p`", "p[0] = -0.5"]),
    ([math.nan, 1], HALF, ["`p`", "finite", "p[0] = nan"]),
    (HALF, [math.inf, 0.5], ["`q`", "finite", "q[0] = inf"]),
    (
        HALF,
        [[0.5, 0.5], [0.5, 0.6]],
        ["`q`", "sum to 1", "1e-08", "q[1, :] sums to 1.1", "off by 0.1", "normalize"],
    ),
    ([0.5, 0.5 + 2e-8], HALF, ["`p`", "p[:] sums to 1.00000001", "off by 2e-08"]),
    (np.array([1, 0]), HALF, ["`p`", "floating", "int64"]),
    (HALF, np.array([True, False]), ["`q`", "floating", "bool"]),
    (HALF, np.array([0.5, 0.5], dtype=object), ["`q`", "floating", "object"]),
    (HALF, [Fraction(1, 2), Fraction(1, 2)], ["`q`", "floating", "object"]),
    (HALF, np.array([0.5, 0.5j]), ["`q`", "floating", "complex128"]),
    (HALF, ["a", "b"], ["`q`", "floating"]),
    (HALF, [[0.5], [0.5, 0.5]], ["`q`", "array of floats"]),
    (HALF, [2**53 + 1, 0], ["`q`", "exact"]),
    (np.empty(0), np.empty(0), ["`p`", "at least one outcome", "(0,)"]),
    (1.0, 1.0, ["`axis`"]),
]


@pytest.mark.parametrize(("p", "q", "words"), BAD)
@pytest.mark.parametrize("divergence", EVERY)
def test_message_names_argument_requirement_value_and_place(divergence, p, q, words):
    with pytest.raises(ValueError) as caught:
        divergence(p, q)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("row", [0, 1234, 2999])
@pytest.mark.parametrize("where", ["p", "q"])
@pytest.mark.parametrize("value", [-1e-300, math.nan, math.inf, 0.5])
@pytest.mark.parametrize("divergence", [kl, js, discrete.chi2])
def test_one_bad_entry_in_a_large_batch_is_found(divergence, row, where, value):
    rng = np.random.default_rng(0)
    batch = {"p": rng.dirichlet(np.ones(500), 3000), "q": rng.dirichlet(np.ones(500), 3000)}
    batch[where][row, 77] = value
    place = f"{where}[{row}, :]" if value == 0.5 else f"{where}[{row}, 77]"
    with pytest.raises(ValueError, match="`" + where) as caught:
        divergence(**batch)
    assert place in str(caught.value)


def test_long_rows_are_validated_too():
    p = np.full(100_000, 1e-5)
    q = p.copy()
    q[-1] *= -1
    for divergence in EVERY:
        with pytest.raises(ValueError, match=r"q\[99999\] = -1e-05"):
            divergence(p, q)


def test_place_is_in_the_users_own_axes():
    q = np.full((2, 3), 0.5)
    q[1, 2] = 0.75
    with pytest.raises(ValueError, match=r"q\[:, 2\] sums to 1.25"):
        kl(q * 0 + 0.5, q, axis=0)


@pytest.mark.parametrize("axis", [1, -2, 1.0, None, True])
def test_axis_out_of_range(axis):
    with pytest.raises(ValueError, match="`axis`"):
        kl(HALF, HALF, axis=axis)


@pytest.mark.parametrize("a", [math.nan, math.inf, -math.inf, "1", None, 1j, True])
def test_alpha_out_of_range(a):
    with pytest.raises(ValueError, match="`a`"):
        alpha(HALF, HALF, a)


@pytest.mark.parametrize("order", [math.nan, -0.1, -math.inf, "1", None, 1j])
def test_order_out_of_range(order):
    with pytest.raises(ValueError, match="`order` must lie in"):
        renyi(HALF, HALF, order)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("jensen_shanon", ["'jensen_shanon'", "jensen_shannon"]),
        ("hellinger", ["squared_hellinger"]),
        ("KL", ["'kl'", "reverse_kl"]),
        ("kl(2)", ["no parameter"]),
        ("alpha", ["parameter a", "alpha(0.5)"]),
        ("alpha(inf)", ["`a`", "finite"]),
        ("alpha(nan)", ["`a`", "finite"]),
        ("hockey_stick(0.5)", ["`gamma`", "at least 1", "0.5"]),
        ("jensen_shannon_weighted(1)", ["`pi`", "between 0 and 1"]),
        ("qqqqqqqqq", ["The names are", "total_variation"]),
    ],
)
def test_unknown_name_or_parameter(name, words):
    with pytest.raises(ValueError) as caught:
        f_divergence(name, HALF, HALF)
    for word in words:
        assert word in str(caught.value)


def test_normalize_needs_a_positive_sum():
    with pytest.raises(ValueError, match=r"`q` must have a positive finite sum.*q\[1, :\]"):
        kl(HALF, np.array([[1.0, 1.0], [0.0, 0.0]]), normalize=True)
    with pytest.raises(ValueError, match=r"q\[0\] = -1.0"):
        kl(HALF, [-1.0, 2.0], normalize=True)


def test_never_normalised_silently():
    with pytest.raises(ValueError, match="normalize=True"):
        kl([2.0, 2.0], [2.0, 2.0])


def test_what_is_accepted():
    assert kl([1, 0], [0.5, 0.5]) == pytest.approx(math.log(2), rel=1e-15)
    assert kl([-0.0, 1.0], [0.5, 0.5]) == pytest.approx(math.log(2), rel=1e-15)
    assert kl([0.5, 0.5 + 0.9e-8], [0.5, 0.5]) >= 0
