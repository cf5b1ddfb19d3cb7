"""The Dirac-GAN: fields against autograd of the losses, Jacobians against differences, orbits against closed forms."""

import math
from functools import partial

import numpy as np
import pytest
from scipy import integrate

torch = pytest.importorskip("torch")

import dirac_gan as example  # noqa: E402

from models import losses, penalties  # noqa: E402
from models.dirac_gan import METHODS, ORDERS, method, trajectory  # noqa: E402

SMOOTH = tuple(name for name in METHODS if name != "gradient_penalised")
POINTS = ((0.7, -1.2), (-0.4, 0.3), (1.5, 2.0), (0.0, 0.8), (1.1, 0.0))


def from_autograd(name: str, theta: float, psi: float) -> tuple[float, float]:
    """The field of a GAN whose critic scores v(x) = -psi x, from `losses` and `penalties`, by autograd."""
    game = {"clipped": "wasserstein", "gradient_penalised": "wasserstein"}.get(name, name)
    row = losses.losses.get(game, losses.losses["minimax"])
    t, p = torch.tensor([theta, psi], dtype=torch.float64).requires_grad_().unbind()
    nodes, weights = np.polynomial.hermite.hermgauss(80)
    wide = 1.0 if name == "instance_noise" else 0.0
    z = torch.tensor(nodes * math.sqrt(2)) * wide
    w = torch.tensor(weights / math.sqrt(math.pi))
    real, fake = torch.zeros(1, 1, dtype=torch.float64), t.reshape(1, 1)

    def critic(x: torch.Tensor) -> torch.Tensor:
        return -(p * x).flatten()

    on_real, on_fake = critic(z), critic(t + z)
    for_critic = (w * (row.real(on_real) + row.fake(on_fake))).sum()
    for_generator = (w * row.generator(on_fake)).sum()
    if name == "consensus":
        ours = torch.autograd.grad(for_generator, t, create_graph=True)[0]
        theirs = torch.autograd.grad(for_critic, p, create_graph=True)[0]
        for_critic = for_critic + (ours**2 + theirs**2) / 2
        for_generator = for_generator + (ours**2 + theirs**2) / 2
    if name == "gradient_penalised":
        for_critic = for_critic + 0.25 * penalties.gradient_penalty(critic, real)
    if name == "r1":
        for_critic = for_critic + 0.3 * penalties.r1(critic, real)
    if name == "r2":
        for_critic = for_critic + 0.3 * penalties.r2(critic, fake)
    (d_theta,) = torch.autograd.grad(for_generator, t, retain_graph=True)
    (d_psi,) = torch.autograd.grad(for_critic, p)
    return -d_theta.item(), -d_psi.item()


def differences(function, h: float = 1e-5) -> np.ndarray:
    """The Jacobian at 0 of a map of the plane, by central differences."""
    columns = [(np.array(function(*d)) - np.array(function(*-d))) / (2 * h) for d in np.eye(2) * h]
    return np.stack(columns, 1)


@pytest.mark.parametrize("name", METHODS)
def test_the_field_is_the_players_descent(name: str) -> None:
    field = method(name).field
    for theta, psi in POINTS:
        if name == "gradient_penalised" and psi == 0:
            continue  # the jump
        assert field(theta, psi) == pytest.approx(from_autograd(name, theta, psi), abs=1e-7)


@pytest.mark.parametrize("name", METHODS)
def test_fields_broadcast(name: str) -> None:
    theta, psi = np.array(POINTS).T
    made = np.stack(method(name).field(theta, psi), 1)
    assert made == pytest.approx(np.array([method(name).field(*p) for p in POINTS]), abs=1e-15)


@pytest.mark.parametrize("name", SMOOTH)
def test_the_jacobian_against_differences(name: str) -> None:
    made = method(name)
    assert differences(made.field) == pytest.approx(np.array(made.jacobian), abs=1e-9)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", SMOOTH)
def test_a_step_is_linear_near_the_equilibrium(name: str, order: str) -> None:
    made, h = method(name), 0.3
    step = differences(partial(ORDERS[order].step, made.field, h=h))
    assert ORDERS[order].linear(np.array(made.jacobian), h) == pytest.approx(step, abs=1e-9)


def sorted_eigenvalues(name: str, **settings: float) -> list[complex]:
    return sorted(method(name, **settings).eigenvalues, key=lambda value: (value.real, value.imag))


def test_eigenvalues_as_published() -> None:
    """f'(0) = 1/2, f''(0) = -1/4: Mescheder et al. (2018), sections 2 and 3."""
    assert sorted_eigenvalues("minimax") == pytest.approx([-0.5j, 0.5j])
    assert sorted_eigenvalues("non_saturating") == pytest.approx([-0.5j, 0.5j])
    assert sorted_eigenvalues("wasserstein") == pytest.approx([-1j, 1j])
    for scale in (0.5, 1.0, 1.7):
        root = (scale**4 / 16 - 1 / 4 + 0j) ** 0.5
        expected = sorted([-(scale**2) / 4 - root, -(scale**2) / 4 + root], key=lambda v: (v.real, v.imag))  # fmt: skip
        assert sorted_eigenvalues("instance_noise", scale=scale) == pytest.approx(expected)
    for gamma in (0.3, 0.9, 2.0):
        root = (gamma**2 / 4 - 1 / 4 + 0j) ** 0.5
        expected = sorted([-gamma / 2 - root, -gamma / 2 + root], key=lambda v: (v.real, v.imag))
        assert sorted_eigenvalues("r1", gamma=gamma) == pytest.approx(expected)
        expected = [-gamma / 4 - 0.5j, -gamma / 4 + 0.5j]
        assert sorted_eigenvalues("consensus", gamma=gamma) == pytest.approx(expected)


def test_rates_of_the_unregularised_game() -> None:
    """|1 + ih/2|^2 = 1 + h^2/4; two shears have determinant 1, and turn as long as h f'(0) <= 2."""
    for h in (0.1, 1.0, 3.9):
        assert ORDERS["simultaneous"].rate(method("minimax"), h) == pytest.approx(
            math.log1p(h * h / 4) / 2
        )
        assert ORDERS["alternating"].rate(method("minimax"), h) == pytest.approx(0, abs=1e-12)
    assert ORDERS["alternating"].rate(method("minimax"), 4.1) > 0.1


def test_which_steps_converge() -> None:
    """R1, underdamped: det = 1 - h gamma + h^2/4 at once, 1 - h gamma one after the other."""
    gamma, h = 0.3, 0.1
    expected = {"simultaneous": 1 - h * gamma + h * h / 4, "alternating": 1 - h * gamma}
    for order, determinant in expected.items():
        rate = ORDERS[order].rate(method("r1", gamma=gamma), h)
        assert rate == pytest.approx(math.log(determinant) / 2)
    assert ORDERS["simultaneous"].rate(method("r1", gamma=0.02), h) > 0  # gamma < h f'(0)^2
    assert ORDERS["alternating"].rate(method("r1", gamma=0.02), h) < 0


def flow(
    name: str, start: tuple[float, float], time: float, *, step: float = 0.05, **settings: float
) -> np.ndarray:
    """The orbit in continuous time, by an adaptive solver, (points, 2)."""
    field = method(name, **settings).field
    found = integrate.solve_ivp(
        lambda _, x: np.array(field(*x)), (0, time), start, rtol=1e-9, atol=1e-12, max_step=step
    )
    return found.y.T


def test_minimax_runs_in_circles() -> None:
    distance = np.linalg.norm(flow("minimax", (1.2, 0.5), 40.0), axis=1)
    assert distance == pytest.approx(np.full(len(distance), 1.3), abs=1e-6)


def test_the_non_saturating_game_shrinks_like_a_root() -> None:
    """r^-2 grows by 1/8 a unit of time, to first order in r^2."""
    for radius in (0.4, 0.2):
        time = 40 / radius**2
        last = np.linalg.norm(flow("non_saturating", (radius, 0.0), time, step=1.0)[-1])
        assert last**-2 - radius**-2 == pytest.approx(time / 8, rel=0.3 * radius**2)


@pytest.mark.parametrize("weight", [0.1, 0.25, 0.5, 0.8])
def test_wgan_gp_ends_on_its_cycle(weight: float) -> None:
    """From within and from without; and no point of the cycle is nearer to 0 than the target."""
    for start in ((1e-3, 1e-3), (4.0, 0.0)):
        orbit = flow("gradient_penalised", start, 120.0, weight=weight, target=0.7)
        late = orbit[len(orbit) // 2 :]
        ends = method("gradient_penalised", weight=weight, target=0.7).ends
        assert example.crossings(late) == pytest.approx(
            ends, rel=0.05
        )  # up to a step of the solver
        assert np.linalg.norm(late, axis=1).min() >= 0.7


def test_wgan_gp_overdamped_kills_the_critic() -> None:
    made = method("gradient_penalised", weight=1.5)
    last = trajectory(made, "simultaneous", 0.01, 10_000, (1.0, 0.5))[-1]
    assert tuple(last) == pytest.approx((-3.0, 0.0), abs=1e-6)


def test_clipping_keeps_psi_and_ends_on_the_circle() -> None:
    orbit = trajectory(method("clipped", bound=0.5), "alternating", 1e-3, 20_000, (2.0, 0.0))
    assert np.abs(orbit[:, 1]).max() == 0.5
    assert np.linalg.norm(orbit[10_000:], axis=1) == pytest.approx(0.5, abs=1e-3)


def test_small_noise_is_no_noise() -> None:
    for point in POINTS:
        noisy, bare = method("instance_noise", scale=1e-6).field(*point), method("minimax").field(*point)  # fmt: skip
        assert noisy == pytest.approx(bare, abs=1e-11)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match=r"did you mean .*non_saturating"):
        method("nonsaturating")
    with pytest.raises(ValueError, match="there are minimax, "):
        method("zzz")
    for name, setting in (
        ("r1", "gamma"),
        ("r2", "gamma"),
        ("consensus", "gamma"),
        ("clipped", "bound"),
        ("instance_noise", "scale"),
        ("gradient_penalised", "weight"),
        ("gradient_penalised", "target"),
    ):
        for value in (0.0, -1.0, math.nan, math.inf):
            with pytest.raises(ValueError, match=f"`{setting}` must be positive"):
                method(name, **{setting: value})
    made = method("minimax")
    for order, h, steps, start, message in (
        ("sideways", 0.1, 10, (1.0, 0.0), "simultaneous, alternating. Got 'sideways'"),
        ("alternating", 0.0, 10, (1.0, 0.0), "`h` must be positive"),
        ("alternating", 0.1, 0, (1.0, 0.0), "`steps` must be a positive integer"),
        ("alternating", 0.1, 10, (math.nan, 0.0), "two finite numbers"),
    ):
        with pytest.raises(ValueError, match=message):
            trajectory(made, order, h, steps, start)
    with pytest.raises(ValueError, match="`h` must be positive"):
        ORDERS["alternating"].rate(made, -1.0)


def test_the_experiment_agrees_with_theory() -> None:
    report = example.main(["--quick", "--seed", "3"])
    assert all(row.agrees for row in report.rows)
    ended = {
        (line["method"], line["order"]): (line["linearised"], line["distance after 1000 steps"])
        for line in report.tables["Starting far away, at (1.5, 0)"]
    }
    assert len(ended) == 2 * len(example.FAMILY)
    for (name, _), (said, distance) in ended.items():
        assert (said == "converges") == (distance < 1e-3), name
