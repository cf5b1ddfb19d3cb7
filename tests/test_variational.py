"""The variational bounds: against sums over finite alphabets, where expectations are exact and the truth is known."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

import divergences as dv
from divergences import discrete
from divergences._critics import CRITICS, canonical
from divergences.fdivergence import FDivergence

# Averages over these outcomes are exact expectations: P has 1/8, 3/8, 4/8, Q has 4/8, 2/8, 2/8 (uniform over lists).
ON_P, ON_Q = [0] + [1] * 3 + [2] * 4, [0] * 4 + [1] * 2 + [2] * 2
P, Q = np.array([1, 3, 4]) / 8, np.array([4, 2, 2]) / 8
LOG_RATIO = np.log(P / Q)
NAMES = [*CRITICS, "alpha(0.5)", "alpha(-1)", "alpha(3)", "alpha(0)", "alpha(1)", "jensen_shannon_weighted(0.2)",
         "hockey_stick(1.25)"]  # fmt: skip
POINTS = np.array([-30.0, -3.0, -0.7, -1e-9, 0.0, 1e-6, 0.4, 2.0, 25.0])
critics = st.lists(st.floats(-20, 20), min_size=3, max_size=3).map(np.array)


@pytest.mark.parametrize("name", NAMES)
def test_the_optimal_critic_is_tight(name):
    truth = discrete.f_divergence(name, P, Q)
    found = dv.lower_bound(name, LOG_RATIO[ON_P], LOG_RATIO[ON_Q], raw=True)
    assert math.isclose(found, truth, rel_tol=1e-14, abs_tol=1e-16)
    optimal = FDivergence(name).activation(LOG_RATIO)
    assert math.isclose(
        dv.lower_bound(name, optimal[ON_P], optimal[ON_Q]), truth, rel_tol=1e-12, abs_tol=1e-15
    )


@given(critics)
def test_no_critic_beats_the_divergence(v):
    for name in NAMES:
        truth = discrete.f_divergence(name, P, Q)
        found = dv.lower_bound(name, v[ON_P], v[ON_Q], raw=True)
        scale = np.abs(canonical(name).activation(np, v)).max()
        assert found <= truth + 1e-15 * (1 + scale), name


@settings(max_examples=30)
@given(critics)
def test_direct_critics_are_bounds_too(t):
    for name in ["kl", "pearson", "jensen_shannon", "total_variation", "u*log(u)-u+1"]:
        assert (
            dv.lower_bound(name, t[ON_P], t[ON_Q])
            <= discrete.f_divergence(name, P, Q) + 1e-15 * np.abs(t).max()
        )


@pytest.mark.parametrize("name", NAMES)
def test_the_table_of_critics_agrees_with_what_is_derived(name):
    derived, written = FDivergence(name), canonical(name)
    with np.errstate(over="ignore"):
        for ours, theirs in [
            (written.activation(np, POINTS), derived.activation(POINTS)),
            (written.conjugate(np, POINTS), derived.conjugate_of_activation(POINTS)),
        ]:
            assert np.allclose(ours, theirs, rtol=2e-13, atol=4e-16)


@pytest.mark.parametrize("name", NAMES)
def test_slopes_of_the_critics_are_finite_and_tied(name):
    """d f*(g(v)) = e^v dg(v), the first-order condition, and no nan far out, in float32 either."""
    critic = canonical(name)
    v = torch.tensor(POINTS[1:-1] + 0.01, requires_grad=True)
    (slope,) = torch.autograd.grad(critic.activation(torch, v).sum(), v)
    (other,) = torch.autograd.grad(critic.conjugate(torch, v).sum(), v)
    assert torch.allclose(other, torch.exp(v.detach()) * slope, rtol=1e-13, atol=1e-14)
    far = torch.tensor([-80.0, 80.0, -600.0, 600.0], dtype=torch.float32, requires_grad=True)
    for part in critic:
        (slope,) = torch.autograd.grad(part(torch, far).sum(), far)
        assert not torch.isnan(slope).any()


@pytest.mark.parametrize(("name", "factor"), [("gan", 1.0), ("jensen_shannon", 0.5)])
def test_vanishing_slopes_keep_their_digits(name, factor):
    """The slopes are sigmoids, however small: d f*(g(v)) = c sigmoid(v), dg(v) = c sigmoid(-v)."""
    v = torch.tensor([-300.0, -30.0, 0.0, 30.0, 300.0], dtype=torch.float64, requires_grad=True)
    critic = canonical(name)
    for part, sign in [(critic.conjugate, 1), (critic.activation, -1)]:
        (slope,) = torch.autograd.grad(part(torch, v).sum(), v)
        exact = factor * torch.sigmoid(sign * v.detach())
        assert torch.allclose(slope, exact, rtol=1e-14, atol=0)


def test_expressions_and_rows_reach_the_same_value():
    given_ = LOG_RATIO[ON_P] + 0.3, LOG_RATIO[ON_Q] - 0.2
    for name, expression in [
        ("le_cam", "(u-1)**2/(u+1)"),
        ("pearson", "(u-1)**2"),
        ("alpha(1/2)", FDivergence("alpha(1/2)").expression),
    ]:
        forms = [expression, FDivergence(str(expression)), FDivergence(name)]
        for form in forms:
            want = dv.lower_bound(FDivergence(name), *given_, raw=True)
            form = form if isinstance(form, FDivergence) else str(form)
            assert math.isclose(dv.lower_bound(form, *given_, raw=True), want, rel_tol=1e-13)


def test_a_critic_outside_the_domain_of_the_conjugate_gives_minus_infinity():
    assert dv.lower_bound("reverse_kl", np.array([-1.0]), np.array([-1.0, 0.5])) == -math.inf
    assert dv.lower_bound("kl", np.array([1.0]), np.array([800.0])) == -math.inf
    assert dv.nwj(np.array([1.0]), np.array([800.0])) == -math.inf


@given(critics, st.floats(-50, 50))
def test_donsker_varadhan(t, constant):
    """At most KL (claim 32), at least the bound of 33 (claim 34), blind to constants, tight at log p/q."""
    truth = discrete.kl(P, Q)
    bound = dv.donsker_varadhan(t[ON_P], t[ON_Q])
    slack = 1e-15 * (1 + np.abs(t).max() + abs(constant))
    assert bound <= truth + slack
    assert dv.nwj(t[ON_P], t[ON_Q]) <= bound + slack
    assert math.isclose(
        dv.donsker_varadhan(t[ON_P] + constant, t[ON_Q] + constant), bound, abs_tol=4 * slack
    )
    optimal = LOG_RATIO + constant
    assert math.isclose(
        dv.donsker_varadhan(optimal[ON_P], optimal[ON_Q]),
        truth,
        abs_tol=1e-15 * (4 + abs(constant)),
    )


def test_nwj_is_the_bound_for_kl_and_is_tight():
    t = LOG_RATIO + 1
    assert math.isclose(dv.nwj(t[ON_P], t[ON_Q]), discrete.kl(P, Q), rel_tol=1e-14)
    t = np.array([0.3, -2.0, 1.1])
    assert math.isclose(
        dv.nwj(t[ON_P], t[ON_Q]), dv.lower_bound("kl", t[ON_P], t[ON_Q]), rel_tol=1e-14
    )


def test_large_values_do_not_overflow():
    assert dv.donsker_varadhan(np.array([1e4]), np.array([1e4, 1e4])) == 0
    assert dv.infonce(np.array([[1e4, -1e4], [-1e4, 1e4]])) == pytest.approx(math.log(2), rel=1e-15)
    far = np.array([900.0])
    assert dv.lower_bound("jensen_shannon", far, -far, raw=True) == pytest.approx(
        math.log(2), rel=1e-15
    )


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_infonce_is_at_most_log_k_and_blind_to_row_constants(count, seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 3, (count, count))
    value = dv.infonce(scores)
    by_hand = np.mean(np.diag(scores) - logsumexp(scores, axis=1)) + math.log(count)
    assert math.isclose(value, by_hand, abs_tol=1e-14)
    assert value <= math.log(count) + 1e-15
    assert math.isclose(dv.infonce(scores + rng.normal(0, 3, (count, 1))), value, abs_tol=1e-14)


def test_infonce_expects_at_most_the_information():
    """The exact expectation over K = 3 pairs of a 2 x 2 joint law, by enumeration, at the optimal critic."""
    from itertools import product

    joint = np.array([[0.4, 0.1], [0.2, 0.3]])
    x, y = joint.sum(1), joint.sum(0)
    information = float(discrete.kl(joint.ravel(), np.outer(x, y).ravel()))

    def expected(critic):
        total = 0.0
        for cells in product(range(4), repeat=3):
            rows, columns = np.array(cells) // 2, np.array(cells) % 2
            total += math.prod(joint.ravel()[list(cells)]) * dv.infonce(
                critic[np.ix_(rows, columns)]
            )
        return total

    best = np.log(joint / np.outer(x, y))
    value = expected(best)
    assert 0.5 * information < value < information
    assert math.isclose(expected(best + np.array([[1.0], [-2.0]])), value, rel_tol=1e-13)
    for other in [best + np.array([1e-3, 0.0]), best * 1.001, np.log(joint / x[:, None])]:
        assert expected(other) < value


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numpy_and_torch_agree_in_kind_and_dtype(dtype):
    v, w = np.array([[0.3], [-1.0], [2.0]], dtype), np.array([0.1, 0.7], dtype)
    square = np.array([[1.0, 0.2], [0.3, 2.0]], dtype)
    calls = [
        (lambda a, b: dv.lower_bound("jensen_shannon", a, b, raw=True), (v, w)),
        (lambda a, b: dv.lower_bound("kl", a, b), (v, w)),
        (dv.donsker_varadhan, (v, w)),
        (dv.nwj, (v, w)),
        (dv.infonce, (square,)),
    ]
    for call, arguments in calls:
        ours, theirs = call(*arguments), call(*(torch.from_numpy(a) for a in arguments))
        assert ours.dtype == dtype and ours.shape == () == tuple(theirs.shape)
        assert theirs.dtype == getattr(torch, np.dtype(dtype).name)
        assert math.isclose(float(ours), float(theirs), rel_tol=2 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("raw", [True, False])
def test_gradients(raw):
    torch.manual_seed(0)
    v, w = (torch.rand(n, dtype=torch.float64) / 2 - 0.7 for n in (4, 3))  # in every dom f*
    v, w = v.requires_grad_(), w.requires_grad_()
    for name in ["kl", "reverse_kl", "pearson", "squared_hellinger", "jensen_shannon", "le_cam",
                 "u*log(u)-u+1"]:  # fmt: skip
        assert torch.autograd.gradcheck(
            lambda a, b, name=name: dv.lower_bound(name, a, b, raw=raw), (v, w)
        ), name


def test_gradients_of_the_others():
    torch.manual_seed(1)
    v, w, scores = (torch.randn(*shape, dtype=torch.float64) for shape in ((4,), (3,), (3, 3)))
    for a in (v, w, scores):
        a.requires_grad_()
    assert torch.autograd.gradcheck(dv.donsker_varadhan, (v, w))
    assert torch.autograd.gradcheck(dv.nwj, (v, w))
    assert torch.autograd.gradcheck(dv.infonce, (scores,))


def test_the_gradient_vanishes_at_the_optimum():
    """d/dv of the bound at v = log p/q is 0 for every f: the canonical critic's optimum is the log ratio."""
    for name in ["kl", "reverse_kl", "pearson", "jensen_shannon", "jeffreys", "gan", "alpha(0.3)"]:
        v = torch.tensor(LOG_RATIO, requires_grad=True)
        (slope,) = torch.autograd.grad(dv.lower_bound(name, v[ON_P], v[ON_Q], raw=True), v)
        assert torch.allclose(slope, torch.zeros(3, dtype=torch.float64), atol=1e-15), name


FLAT = np.zeros(2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dv.lower_bound("kl", np.zeros(0), FLAT), r"`critic_on_p` must hold at least one"),
        (lambda: dv.nwj(FLAT, [math.nan]), r"`critic_on_q` must have finite entries: critic_on_q\[0\] = nan"),
        (lambda: dv.donsker_varadhan(FLAT, [math.inf]), r"`critic_on_q` must have finite entries"),
        (lambda: dv.nwj(FLAT, ["a"]), r"`critic_on_q` must have a floating dtype"),
        (lambda: dv.nwj(FLAT, torch.zeros(2)), r"arrays of one kind. Got numpy and torch"),
        (lambda: dv.lower_bound("kll", FLAT, FLAT, raw=True), r"Did you mean 'kl'"),
        (lambda: dv.lower_bound("kll", FLAT, FLAT), r"Did you mean 'kl'"),
        (lambda: dv.lower_bound("alpha", FLAT, FLAT, raw=True), r"as in 'alpha\(0.5\)'"),
        (lambda: dv.lower_bound("sin(u)-sin(1)", FLAT, FLAT), r"convex"),
        (lambda: dv.lower_bound(3, FLAT, FLAT), r"`f` must be the name of a divergence.* Got 3"),
        (lambda: dv.lower_bound("kl", FLAT, FLAT, raw="yes"), r"`raw` must be True or False. Got 'yes'"),
        (lambda: dv.infonce(np.zeros((2, 3))), r"`scores` must be a square matrix.*\(2, 3\)"),
        (lambda: dv.infonce(np.zeros(4)), r"`scores` must be a square matrix.*\(4,\)"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
