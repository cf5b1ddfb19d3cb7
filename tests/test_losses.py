"""The losses, as one list under one set of laws: what each is worth, where it is least, what its gradient is."""

import math

import numpy as np
import pytest
import sympy as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from torch import Tensor

import divergences as dv
from models.losses import ACTIVATIONS, Loss, f_loss, loss, losses, smooth_labels

# Lists over which uniform averages are exact expectations: P has 1/8, 3/8, 4/8 and Q has 4/8, 2/8, 2/8.
ON_P, ON_Q = [0] + [1] * 3 + [2] * 4, [0] * 4 + [1] * 2 + [2] * 2
P, Q = np.array([1, 3, 4]) / 8, np.array([4, 2, 2]) / 8

STEPS = ("total_variation", "hockey_stick(1.25)", "hockey_stick(2)")
SMOOTH = ("kl", "reverse_kl", "pearson", "neyman", "squared_hellinger", "jeffreys", "jensen_shannon",
          "jensen_shannon_weighted(0.3)", "gan", "alpha(-0.5)", "alpha(0.5)", "alpha(1.5)", "alpha(0)", "alpha(1)",
          "le_cam", "arithmetic_geometric")  # fmt: skip
OWN = ("u*log(u) + (u-1)**2", "(u-1)**4")  # a user's
UNPUBLISHED = ("le_cam", "arithmetic_geometric", "alpha(0)", "alpha(1)")
CANONICAL = [f_loss(name) for name in (*SMOOTH, *OWN)]
PUBLISHED = [f_loss(n, activation="published") for n in (*SMOOTH, STEPS[0]) if n not in UNPUBLISHED]
STEPPED = [f_loss(name, activation="smooth") for name in STEPS]
GAMES = [row for name, row in losses.items() if name != "wasserstein"]  # whose critics are free
ALL = [*GAMES, *CANONICAL, *PUBLISHED, *STEPPED]

log, numbers = math.log, st.lists(st.floats(-15, 15), min_size=3, max_size=3)


def named(row: Loss) -> str:
    return row.name


def scalars(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_the_list_holds_the_whole_catalogue() -> None:
    held = {name.partition("(")[0] for name in (*SMOOTH, *STEPS)}
    assert held == set(dv.catalogue)


# --- values at known scores -------------------------------------------------------------------------------------------

VALUES = [  # loss, score, real, fake, generator
    ("minimax", 0, log(2), log(2), -log(2)),
    ("minimax", log(3), log(4 / 3), log(4), -log(4)),  # D = 3/4
    ("non_saturating", 0, log(2), log(2), log(2)),
    ("non_saturating", log(3), log(4 / 3), log(4), log(4 / 3)),
    ("least_squares", 0, 0.5, 0.5, 0),
    ("least_squares", 1, 0, 2, 0.5),
    ("least_squares", -1, 2, 0, 0.5),
    ("hinge", 0, 1, 1, 0),
    ("hinge", 2, 0, 3, -2),
    ("hinge", -0.5, 1.5, 0.5, 0.5),
    ("wasserstein", 2, -2, 2, -2),
    # T = f'(u) at u = e^v: real -T, fake u f'(u) - f(u), generator -fake
    ("kl", log(2), -1 - log(2), 2, -2),
    ("reverse_kl", log(2), 0.5, log(2) - 1, 1 - log(2)),
    ("pearson", log(3), -4, 8, -8),
    ("neyman", log(2), -0.75, 1, -1),
    ("squared_hellinger", log(4), -0.25, 0.5, -0.5),
    ("jeffreys", 0, 0, 0, 0),
    ("jeffreys", log(2), -log(2) - 0.5, log(2) * 2 + 1 - log(2), -log(2) - 1),
    ("jensen_shannon", 0, 0, 0, 0),
    ("jensen_shannon", log(3), -log(3 / 2) / 2, log(2) / 2, -log(2) / 2),
    ("gan", 0, log(2), log(2), -log(2)),
    ("le_cam", log(3), -0.75, 1.25, -1.25),
    ("alpha(0.5)", log(4), -1, 2, -2),
    ("arithmetic_geometric", 0, 0, 0, 0),
    ("u*log(u) + (u-1)**2", log(2), -3 - log(2), 5, -5),
]  # fmt: skip


@pytest.mark.parametrize(("name", "score", "real", "fake", "generator"), VALUES)
def test_values_at_known_scores(
    name: str, score: float, real: float, fake: float, generator: float
) -> None:
    row, v = loss(name), scalars(score)
    found = [float(g(v)) for g in (row.real, row.fake, row.generator)]
    assert found == pytest.approx([real, fake, generator], rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("row", [*ALL, losses["wasserstein"]], ids=named)
def test_losses_are_functions_of_one_score(row: Loss) -> None:
    """No reduction, no mixing within the batch: shape and dtype stay, and each entry is what it is alone."""
    v = torch.linspace(-2, 2, 6).reshape(2, 3)
    for part in (row.real, row.fake, row.generator):
        whole = part(v)
        assert whole.shape == v.shape and whole.dtype == v.dtype
        alone = torch.stack([part(x) for x in v.flatten()]).reshape(2, 3)
        assert torch.allclose(whole, alone, rtol=1e-5, atol=1e-6)
    expected = row.real(v).mean() + row.fake(v).mean()
    assert torch.equal(row.critic(v, v), expected)


def test_alternative_generators_climb_what_the_critic_gives_to_real_samples() -> None:
    v = scalars(-3, 0, 2)
    row = f_loss("pearson", generator="alternative")
    assert torch.equal(row.generator(v), row.real(v))
    assert torch.equal(row.fake(v), f_loss("pearson").fake(v))


# --- the best critic --------------------------------------------------------------------------------------------------


def least(row: Loss, p: float, q: float) -> tuple[float, float]:
    """argmin and min over v of p real(v) + q fake(v): the best point of a grid, then Brent's method around it."""

    def value(v: Tensor) -> Tensor:
        return p * row.real(v) + q * row.fake(v)

    grid = torch.linspace(-30, 30, 1201, dtype=torch.float64)
    on_grid = value(grid)
    best = float(grid[torch.where(on_grid.isnan(), math.inf, on_grid).argmin()])
    found = optimize.minimize_scalar(
        lambda v: float(value(scalars(v))),
        bounds=(best - 0.1, best + 0.1),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return float(found.x), min(float(found.fun), float(on_grid.nan_to_num(nan=math.inf).min()))


@pytest.mark.parametrize("row", [*GAMES, *CANONICAL], ids=named)
@pytest.mark.parametrize(("p", "q"), [(0.5, 0.5), (0.3, 0.1), (0.02, 0.07)])
def test_the_pointwise_minimiser_is_the_optimum(row: Loss, p: float, q: float) -> None:
    """A minimum is located to the root of the rounding error, 1e-7 of curvature 1; (u-1)^4 is flatter at p = q."""
    assert row.optimum is not None
    v, value = least(row, p, q)
    expected = row.optimum(scalars(log(p / q)))
    claimed = float(p * row.real(expected) + q * row.fake(expected))
    assert claimed == pytest.approx(value, rel=1e-9, abs=1e-12)
    if not (p == q and row.name.startswith(("hinge", "f_gan[(u-1)**4"))):
        assert v == pytest.approx(float(expected), abs=1e-5)


def test_at_equal_weights_the_hinge_has_no_single_best_score() -> None:
    """p relu(1 - v) + p relu(1 + v) = 2 p on all of [-1, 1]."""
    v = torch.linspace(-1, 1, 9)
    row = losses["hinge"]
    assert torch.allclose(row.real(v) + row.fake(v), torch.full_like(v, 2.0))


@pytest.mark.parametrize("row", ALL, ids=named)
def test_the_least_loss_is_ceiling_minus_factor_times_the_divergence(row: Loss) -> None:
    """Summed over the outcomes of P and Q. A step's best score is infinite: within 30 it lacks e^-30."""
    total = sum(least(row, p, q)[1] for p, q in zip(P, Q, strict=True))
    divergence = dv.f_divergence(row.divergence, P, Q)
    assert total == pytest.approx(row.ceiling - row.factor * divergence, abs=1e-11)


@pytest.mark.parametrize("row", [*GAMES, *CANONICAL], ids=named)
def test_the_estimate_at_the_optimum_is_the_divergence(row: Loss) -> None:
    assert row.optimum is not None
    v = row.optimum(torch.from_numpy(np.log(P / Q)))
    found = float(row.estimate(v[ON_P], v[ON_Q]))
    assert found == pytest.approx(dv.f_divergence(row.divergence, P, Q), rel=1e-12)


@settings(max_examples=50)
@given(numbers)
def test_no_scores_show_more_than_the_divergence(scores: list[float]) -> None:
    """A lower bound for every critic, up to the rounding of what is averaged."""
    v = scalars(*scores)
    for row in ALL:
        on_p, on_q = row.real(v)[ON_P], row.fake(v)[ON_Q]
        rounding = 1e-14 * float(on_p.abs().mean() + on_q.abs().mean() + 1)
        found = float(row.estimate(v[ON_P], v[ON_Q]))
        if not math.isnan(found):  # a published conjugate past its domain: inf - inf
            assert found <= dv.f_divergence(row.divergence, P, Q) + rounding, row.name


def test_wasserstein_is_the_difference_of_means() -> None:
    row = losses["wasserstein"]
    assert float(row.estimate(scalars(1, 2, 6), scalars(0, 1))) == 2.5
    assert row.optimum is None and row.divergence == "wasserstein1"


def test_own_expressions_agree_with_the_catalogue() -> None:
    """(u-1)^2/(u+1) is le_cam's generator, here derived and there written down."""
    v = torch.linspace(-20, 20, 41, dtype=torch.float64)
    own, row = loss("(u-1)**2/(u+1)"), loss("le_cam")
    assert torch.allclose(own.real(v), row.real(v), rtol=1e-12, atol=1e-13)
    assert torch.allclose(own.fake(v), row.fake(v), rtol=1e-12, atol=1e-13)


def test_the_gan_row_is_minimax() -> None:
    v = torch.linspace(-40, 40, 81, dtype=torch.float64)
    for part in ("real", "fake", "generator"):
        a, b = getattr(losses["minimax"], part)(v), getattr(loss("gan"), part)(v)
        assert torch.allclose(a, b, rtol=1e-14)


# --- the generator ----------------------------------------------------------------------------------------------------


def slope(row: Loss, v: float) -> float:
    x = scalars(v).requires_grad_()
    (g,) = torch.autograd.grad(row.generator(x).sum(), x)
    return float(g)


def test_minimax_saturates_and_the_alternative_does_not() -> None:
    """d log(1 - D)/dv = -D, which falls like e^v; d(-log D)/dv = -(1 - D), which tends to -1."""
    a, b = slope(losses["minimax"], -20), slope(losses["minimax"], -30)
    assert a == pytest.approx(-1 / (1 + math.exp(20)), rel=1e-12)
    assert math.log(a / b) / 10 == pytest.approx(1, abs=1e-9)  # the exponent
    assert 1 + slope(losses["non_saturating"], -20) == pytest.approx(
        1 / (1 + math.exp(20)), rel=1e-6
    )
    assert slope(losses["non_saturating"], -1e4) == -1


def gradient(function, logits: np.ndarray) -> np.ndarray:
    """The gradient in the logits of Q, by central differences, right to O(h^2)."""
    h = 1e-5
    steps = h * np.eye(len(logits))
    return np.array(
        [(function(soft(logits + s)) - function(soft(logits - s))) / (2 * h) for s in steps]
    )


def soft(logits: np.ndarray) -> np.ndarray:
    q = np.exp(logits - logits.max())
    return q / q.sum()


def felt(row: Loss, logits: np.ndarray) -> np.ndarray:
    """The gradient of E_Q generator(v) in Q's logits, the critic held at its best for P and Q."""
    assert row.optimum is not None
    theta = torch.from_numpy(logits).requires_grad_()
    v = row.optimum(torch.from_numpy(np.log(P / soft(logits))))
    (torch.softmax(theta, 0) * row.generator(v)).sum().backward()
    assert theta.grad is not None
    return theta.grad.numpy()


LOGITS = [np.array([0.7, 0.0, -0.3]), np.array([-1.0, 0.5, 0.2])]


@pytest.mark.parametrize("row", [losses["minimax"], *CANONICAL], ids=named)
@pytest.mark.parametrize("logits", LOGITS, ids=str)
def test_at_the_best_critic_a_minimax_generator_descends_the_divergence(
    row: Loss, logits: np.ndarray
) -> None:
    """By the envelope theorem the gradient is factor * grad D_f; for log(1 - D), 2 grad JS."""
    expected = row.factor * gradient(lambda q: dv.f_divergence(row.divergence, P, q), logits)
    assert felt(row, logits) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("logits", LOGITS, ids=str)
def test_the_non_saturating_generator_descends_kl_minus_two_js(logits: np.ndarray) -> None:
    expected = gradient(lambda q: dv.kl(q, P) - 2 * dv.js(P, q), logits)
    assert felt(losses["non_saturating"], logits) == pytest.approx(expected, abs=1e-8)
    assert felt(losses["minimax"], logits) == pytest.approx(
        gradient(lambda q: 2 * dv.js(P, q), logits), abs=1e-8
    )


# --- far scores -------------------------------------------------------------------------------------------------------

FAR = [-1e4, -1e3, -100.0, -30.0, -1.0, 0.0, 1.0, 30.0, 100.0, 1e3, 1e4]
GENTLE = [*GAMES, losses["wasserstein"], *STEPPED, f_loss("total_variation", activation="published"),
          *(f_loss(n) for n in ("jensen_shannon", "jensen_shannon_weighted(0.3)", "gan", "le_cam"))]  # fmt: skip
EXPONENTIAL = [row for row in CANONICAL[: len(SMOOTH)] if row not in GENTLE]


def values_and_slopes(row: Loss, dtype: torch.dtype) -> list[Tensor]:
    out = []
    for part in (row.real, row.fake, row.generator):
        v = torch.tensor(FAR, dtype=dtype, requires_grad=True)
        y = part(v)
        out += [y.detach(), *torch.autograd.grad(y.sum(), v)]
    return out


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("row", GENTLE, ids=named)
def test_losses_that_grow_at_most_polynomially_stay_finite(row: Loss, dtype: torch.dtype) -> None:
    assert all(part.isfinite().all() for part in values_and_slopes(row, dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("row", EXPONENTIAL, ids=named)
def test_losses_that_grow_exponentially_overflow_to_infinity_and_never_to_nan(
    row: Loss, dtype: torch.dtype
) -> None:
    assert not any(part.isnan().any() for part in values_and_slopes(row, dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("row", [r for r in PUBLISHED if "jeffreys" not in r.name], ids=named)
def test_published_rows_have_slopes_at_far_scores(row: Loss, dtype: torch.dtype) -> None:
    """Jeffreys' conjugate, a root, loses its slope where it has overflowed itself."""
    assert not any(part.isnan().any() for part in values_and_slopes(row, dtype))


@pytest.mark.parametrize("score", [-100, -30, -3, 0, 3, 30, 100])
@pytest.mark.parametrize("row", PUBLISHED, ids=named)
def test_published_conjugates_are_exact_also_near_the_end_of_their_domain(
    row: Loss, score: int
) -> None:
    """Against f* at T(v) with as many digits as it takes."""
    f = dv.FDivergence(row.divergence)
    assert f.published_activation is not None and f.conjugate is not None
    top = sp.N(f.published_activation.expression.subs("v", score), 200) / f.published_factor
    exact = float(f.published_factor * f.conjugate.subs("t", top))
    assert float(row.fake(scalars(score))) == pytest.approx(exact, rel=1e-13, abs=1e-14)


@pytest.mark.parametrize(
    ("name", "score", "fake", "slope_there"),
    [("jensen_shannon", 30, 30 - log(2), 1), ("gan", 1000, 1000, 1), ("neyman", -30, 2, 0),
     ("jensen_shannon_weighted(0.3)", 100, 0.7 * (log(0.21) + 100), 0.7)],
)  # fmt: skip
def test_published_rows_in_single_precision(
    name: str, score: float, fake: float, slope_there: float
) -> None:
    v = torch.tensor(float(score), requires_grad=True)
    value = f_loss(name, activation="published").fake(v)
    (g,) = torch.autograd.grad(value, v)
    assert value.item() == pytest.approx(fake, rel=1e-6)
    assert g.item() == pytest.approx(slope_there, rel=1e-6, abs=1e-6)


def test_a_row_under_a_name_of_its_own_is_the_row() -> None:
    v = scalars(-1, 0, 2)
    assert torch.equal(f_loss(dv.FDivergence("kl", name="mine")).fake(v), loss("kl").fake(v))


# --- labels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("real", "fake"), [(0.9, 0.0), (0.9, 0.1), (1.0, 0.0), (0.7, 0.3)])
@pytest.mark.parametrize(("p", "q"), [(0.3, 0.1), (0.1, 0.4)])
def test_soft_labels_move_the_best_discriminator(
    real: float, fake: float, p: float, q: float
) -> None:
    """To (a p + b q)/(p + q): with b = 0 just scaled, and biased towards q with it."""
    row = smooth_labels(losses["non_saturating"], real, fake)
    v, _ = least(row, p, q)
    d = 1 / (1 + math.exp(-v))
    assert d == pytest.approx((real * p + fake * q) / (p + q), abs=1e-7)
    assert row.optimum is not None
    assert float(row.optimum(scalars(log(p / q)))) == pytest.approx(v, abs=1e-6)
    assert math.isnan(float(row.estimate(scalars(0), scalars(0))))


@pytest.mark.parametrize("labels", [{"real": 1.1}, {"fake": -0.1}])
def test_labels_are_weights(labels: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be a weight in \[0, 1\]. Got"):
        smooth_labels(losses["minimax"], **labels)


@pytest.mark.parametrize("name", ["hinge", "least_squares", "wasserstein", "kl"])
def test_labels_belong_to_logarithmic_losses(name: str) -> None:
    with pytest.raises(ValueError, match=f"logarithmic loss.*{name}"):
        smooth_labels(loss(name))


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("wasserstien", "wasserstein"),
        ("pearsn", "did you mean pearson"),
        ("non_saturation", "did you mean non_saturating"),
        ("xyz", "there are minimax, non_saturating"),
        ("alpha", "needs its parameter"),
        ("hockey_stick(0.5)", "gamma >= 1"),
        ("kl(2)", "'kl' takes no parameter"),
        ("sqrt(u)-1", "not convex on u > 0: at u = "),
        ("-u*log(u)", "at u = 1/2 it lies above its chord from u = 1/4 to u = 3/4"),
        ("u**2", r"f\(1\)"),
        ("total_variation", "choose activation='smooth' or 'published'"),
        ("hockey_stick(2)", "choose activation='smooth'$"),
        ("Abs(u-1)", "choose activation='smooth'$"),
    ],
)
def test_what_is_no_loss_is_refused(given: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loss(given)


@pytest.mark.parametrize(
    ("name", "choice", "message"),
    [
        ("kl", {"activation": "sigmoid"}, f"must be one of {', '.join(ACTIVATIONS)}. Got 'sigmoid'"),
        ("kl", {"generator": "maximin"}, "must be 'minimax' or 'alternative'. Got 'maximin'"),
        ("le_cam", {"activation": "published"}, "'le_cam' has no published activation"),
        ("u*log(u)", {"activation": "published"}, "has no published activation"),
        ("kl", {"activation": "smooth"}, "one kink.*Got 'kl'"),
    ],
)  # fmt: skip
def test_choices_that_a_row_does_not_have_are_refused(
    name: str, choice: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        f_loss(name, **choice)


def test_the_table_is_read_only() -> None:
    with pytest.raises(TypeError):
        losses["mine"] = losses["hinge"]
