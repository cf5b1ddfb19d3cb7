"""examples/parallel_lines.py: the exact numbers, the critics' bounds, and what a short training must show."""

import json
import math
from pathlib import Path

import parallel_lines as example
import pytest
import torch
from scipy import integrate, stats
from torch import nn

import divergences as dv
from models.losses import losses
from models.nets import MLP

pytestmark = pytest.mark.xdist_group("parallel_lines")  # one run for all

LOG_2 = math.log(2)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> dict:
    out = tmp_path_factory.mktemp("lines")
    example.main(["--quick", "--out", str(out)])
    assert (out / "parallel_lines.png").stat().st_size < 80_000
    return json.loads((out / "parallel_lines.json").read_text())


def test_the_gan_critic_saturates_at_log_2_and_never_above(table: dict) -> None:
    for line in table["tables"]["Lines"]:
        assert LOG_2 - 1e-3 < line["JS trained"] <= LOG_2 + 1e-6
        assert line["JS"] == LOG_2 and line["TV"] == 1 and line["KL"] == "inf"


def test_its_generator_loses_the_gradient_and_the_alternative_keeps_it(table: dict) -> None:
    for line in table["tables"]["Lines"]:
        assert abs(line["d log(1-D)"]) < 1e-3
        assert line["d -log D"] * math.copysign(1, line["theta"]) > 1


def test_the_wasserstein_critic_stays_below_the_distance_and_points_the_way(table: dict) -> None:
    """Divided by its Lipschitz constant no critic's gap exceeds W1; float32 and the hull's sampling leave 1e-3."""
    for line in table["tables"]["Lines"]:
        size, sign = abs(line["theta"]), math.copysign(1, line["theta"])
        assert 0.5 * size < line["gap"] / line["Lipschitz"] <= size * (1 + 1e-3)
        assert 0.5 < sign * line["d Wasserstein"] / line["Lipschitz"] <= 1 + 1e-3


def test_under_noise_no_critic_shows_more_than_js(table: dict) -> None:
    for line in table["tables"][f"Noise s = {example.NOISE:g}"]:
        assert 0.3 * line["JS"] < line["JS trained"] <= line["JS"] * 1.01
        assert line["JS"] < line["theta^2/(8 s^2)"]


@pytest.mark.parametrize("theta", [0.1, 0.5])
def test_the_noisy_js_against_a_quadrature_in_the_plane_reduced_to_a_line(theta: float) -> None:
    s = example.NOISE
    p, q = stats.norm(0, s).pdf, stats.norm(theta, s).pdf

    def term(x: float) -> float:
        m = (p(x) + q(x)) / 2
        return (p(x) * math.log(p(x) / m) + q(x) * math.log(q(x) / m)) / 2

    expected, _ = integrate.quad(term, -9 * s, theta + 9 * s, epsabs=1e-13, limit=200)
    assert example.noisy_js(theta) == pytest.approx(expected, rel=1e-8)


def test_the_parabola_under_noise() -> None:
    """JS / theta^2 tends to 1/(8 s^2), with an error of order theta^2: halving theta quarters it."""
    theory = 1 / (8 * example.NOISE**2)
    lacks = [theory - example.noisy_js(t) / t**2 for t in (0.04, 0.02)]
    assert lacks[0] / lacks[1] == pytest.approx(4, rel=0.01)
    ts = [0.05, 0.1]
    assert example.parabola(ts, [3 * t**2 - 5 * t**4 for t in ts]) == pytest.approx(3)
    h = 0.02
    slope = (example.noisy_js(0.3 + h) - example.noisy_js(0.3 - h)) / (2 * h)
    assert example.noisy_js_slope(0.3) == pytest.approx(slope, rel=2e-3)


def linear(theta: float, slope: float, loss: str) -> example.Critic:
    """The critic v(x) = slope x_1."""
    net = MLP(2, None, ())
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[slope, 0.0]]))
        net[0].bias.zero_()
    return example.Critic(net, theta, losses[loss])


@pytest.mark.parametrize("theta", [-0.5, 0.01, 1.0])
def test_what_is_measured_on_a_critic_known_in_closed_form(theta: float) -> None:
    """v = k x_1: gap -k theta, gradient -k, Lipschitz constant |k|; and of log(1 - D), -sigmoid(k theta) k."""
    rng, k = torch.Generator().manual_seed(0), -1.5 * math.copysign(1, theta)
    critic = linear(theta, k, "wasserstein")
    assert critic.value(1000, rng) == pytest.approx(1.5 * abs(theta), rel=1e-5)
    assert critic.gradient(1000, rng) == pytest.approx(-k)
    assert critic.lipschitz(1000, rng) == pytest.approx(1.5)
    gan = linear(theta, k, "minimax")
    sigmoid = 1 / (1 + math.exp(-k * theta))
    assert gan.gradient(1000, rng) == pytest.approx(-sigmoid * k, rel=1e-5)
    assert gan.gradient(1000, rng, "non_saturating") == pytest.approx(-(1 - sigmoid) * k, rel=1e-5)


def test_the_penalised_slope_is_one_plus_theta_over_two_lambda() -> None:
    """Where the gradient of gap - penalty in the slope vanishes, the gap is |theta| + theta^2/(2 lambda)."""
    theta = 0.8
    k = 1 + theta / (2 * example.PENALTY)
    critic = linear(theta, -k, "wasserstein")
    rng = torch.Generator().manual_seed(0)
    real, fake = critic.p(500, rng), critic.q(500, rng)
    net: nn.Module = critic.critic
    loss = critic.row.critic(net(real), net(fake)) + example.slope_one(net, real, fake, rng)
    loss.backward()
    assert net[0].weight.grad[0, 0] == pytest.approx(0, abs=1e-5)
    expected = theta + theta**2 / (2 * example.PENALTY)
    assert critic.value(500, rng) == pytest.approx(expected, rel=1e-5)


def test_theory_is_the_divergences_own() -> None:
    js = dv.FDivergence("jensen_shannon")
    assert float(js.at_zero + js.slope_at_infinity) == pytest.approx(LOG_2)


def test_committed_results_agree() -> None:
    """Each row that the committed full run holds is within its tolerance."""
    path = Path(__file__).parent.parent / "docs" / "experiments" / "parallel_lines.json"
    rows = json.loads(path.read_text())["rows"]
    assert len(rows) > 50 and not [row for row in rows if row["agrees"] is False]
