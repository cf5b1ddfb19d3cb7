"""The experiment on energy-based models, run short, and the quadratures that it rests on."""

import math

import pytest

torch = pytest.importorskip("torch")

import _ebm_chains as chains  # noqa: E402
import ebm as experiment  # noqa: E402

from models.ebm import Confined  # noqa: E402
from models.langevin import gaussian_variance  # noqa: E402
from models.metrics import Grid, kl_by_quadrature  # noqa: E402
from models.nets import MLP  # noqa: E402

pytestmark = pytest.mark.xdist_group("ebm_experiment")  # one run for all


@pytest.fixture(scope="module")
def report():
    return experiment.main(["--quick", "--steps", "40"])


def untrained(name):
    """KL(p||N(0, 4 I)): the energy with its network at 0, where training begins but for small weights."""
    target = experiment.TARGETS[name]

    def law(x):
        return -x.square().sum(1) / 8 - target.toy.dim / 2 * math.log(8 * math.pi)

    return kl_by_quadrature(target.toy.log_prob, law, target.grid).value


def test_short_training_takes_a_third_of_the_way(report):
    lines = next(iter(report.tables.values()))
    assert len(lines) == len(experiment.TARGETS) * len(experiment.WAYS)
    for line in lines:
        assert 0 < line["KL(p||model)"] < untrained(line["target"]) * 2 / 3, line
        assert line["error of KL"] < 1e-6
        assert line["error of log Z"] < 1e-6
        assert line["largest log density on the box's faces"] < -6


def test_what_needs_no_training_agrees(report):
    """The gradients, the variances and the blind spot are theorems: a short run shows them too."""
    learned = ("KL(", "persistent CD", "squared error")
    rows = [row for row in report.rows if not row.quantity.startswith(learned)]
    assert (
        len([row for row in rows if row.agrees]) == 28
    )  # 10 gradients, 16 variances, 2 of modes apart
    assert [row.quantity for row in rows if row.agrees is False] == []


def test_the_denoiser_is_no_better_than_the_best(report):
    (row,) = (row for row in report.rows if row.quantity.startswith("squared error"))
    assert row.measured > row.theory - row.tolerance


def test_a_picture_is_drawn_and_described(report):
    assert len(report.figure.axes) == 6
    assert "Six panels" in report.alt


def test_the_kernel_is_the_step_of_a_gaussian():
    """On N(0, 1) the kernel keeps mass and turns variance v to (1 - e)^2 v + 2 e; its end is 1 / (1 - e/2)."""
    grid = Grid(-12.0, 12.0, 480)
    kernel = chains.Kernel(chains.quadratic, grid, 0.3)
    x = grid.points[:, 0]
    p = torch.exp(-x.square() / 8) / math.sqrt(8 * math.pi)
    for k in (1, 4):
        law = kernel.after(p, k)
        assert float(law @ kernel.weights) == pytest.approx(1, abs=1e-6)
        variance = float((law * x.square()) @ kernel.weights)
        assert variance == pytest.approx(gaussian_variance(0.3, steps=k, start=4.0), rel=1e-6)
    end = float((kernel.stationary() * x.square()) @ kernel.weights)
    assert end == pytest.approx(1 / (1 - 0.15), rel=1e-9)


@pytest.mark.parametrize("name", list(experiment.TARGETS))
def test_the_noised_law_is_the_clean_one_and_noise(name):
    """It has mass 1, and E f(x + s z) by its quadrature is that of noised samples."""
    target = experiment.TARGETS[name]
    p = target.grid.evaluate(target.noised).exp()
    assert target.grid.integral(p).value == pytest.approx(1, abs=1e-6)
    n, rng = 20_000, torch.Generator().manual_seed(0)
    x = target.toy.sample(n, rng, dtype=torch.float64)
    x = x + experiment.NOISE * torch.randn(x.shape, generator=rng, dtype=torch.float64)
    for f in (lambda y: y[:, -1].square(), lambda y: (3 * y.sum(1)).cos(), target.noised):
        values = f(x)
        exact = target.grid.integral(p * f(target.grid.points)).value
        assert abs(float(values.mean()) - exact) < 4.5 * float(values.std()) / math.sqrt(n)


def test_gradients_sample_by_sample_sum_to_the_batchs():
    torch.manual_seed(0)
    energy = Confined(MLP(1, None, (3,)), 1.0)
    x = torch.randn(5, 1)
    each = chains.each_gradient(energy, x)
    assert torch.allclose(each.sum(0), chains.flat_gradient(energy(x).sum(), energy), atol=1e-5)
