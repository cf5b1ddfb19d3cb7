"""examples/divergence_estimation.py: its truth by other roads, its measuring exact, and what short training shows."""

import json
import math
from pathlib import Path

import divergence_estimation as example
import numpy as np
import pytest
import torch
from scipy import integrate, stats
from torch import Tensor, nn

import divergences as dv
from models.losses import f_loss

pytestmark = pytest.mark.xdist_group("divergence_estimation")  # one run for all

P, Q = stats.norm(0, 1), stats.norm(example.MEAN, example.SCALE)
PAIRS = [example.Pair(dim) for dim in example.DIMENSIONS]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> dict:
    out = tmp_path_factory.mktemp("estimation")
    example.main(["--quick", "--out", str(out)])
    assert (out / "divergence_estimation.png").stat().st_size < 80_000
    return json.loads((out / "divergence_estimation.json").read_text())


def test_short_training_stays_below_the_divergence_and_comes_near(table: dict) -> None:
    for line in table["tables"]["Bounds"]:
        assert -4 * line["standard error in %"] - 1e-2 < line["shortfall in %"] < 10
        if line["RMSE of v"] != "(a step)":
            assert line["RMSE of v"] < 0.2


def test_every_row_of_the_catalogue_is_asked_in_both_dimensions() -> None:
    assert {name.partition("(")[0] for name in example.catalogue()} == set(dv.catalogue)


def test_one_divergence_can_be_asked_alone_also_ones_own() -> None:
    report = example.main(["--quick", "--steps", "2", "--divergence", "u*log(u) + (u-1)**2"])
    assert [line["dimension"] for line in report.tables["Bounds"]] == [1, 10]
    exact = dv.between(P, Q, "kl").value + dv.between(P, Q, "pearson").value
    assert report.rows[0].theory == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize(
    ("name", "message"),
    [("pearsn", "pearson"), ("sqrt(u)-1", "not convex"), ("u**(-30) - 1", "inf between")],
)
def test_a_wrong_name_is_refused_before_training(
    name: str, message: str, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit):
        example.main(["--divergence", name])
    assert message in capsys.readouterr().err


def test_the_tolerance_of_gan_is_two_percent_of_two_js() -> None:
    assert example.Problem("gan", 1).at_stake == pytest.approx(2 * dv.between(P, Q, "js").value)


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_the_samples_are_the_pair_s(pair: example.Pair) -> None:
    """KL = E_P log p/q, KL' = -E_Q log p/q; no axis but in 1-D shows all of the shift."""
    rng, n = torch.Generator().manual_seed(0), 200_000
    for draw, sign, exact in (
        (pair.p, 1, dv.between(P, Q, "kl")),
        (pair.q, -1, dv.between(Q, P, "kl")),
    ):
        values = sign * pair.log_ratio(draw(n, rng))
        error = float(values.std()) / math.sqrt(n)
        assert abs(float(values.mean()) - exact.value) < 4 * error
    shift = pair.q(n, rng).mean(0).abs()
    assert torch.allclose(
        shift, torch.full_like(shift, example.MEAN / math.sqrt(pair.dim)), atol=0.02
    )


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_log_ratio_against_the_densities(pair: example.Pair) -> None:
    normal = torch.distributions.MultivariateNormal
    b = pair.basis
    mean = example.MEAN * b[:, 0]
    covariance = torch.eye(pair.dim, dtype=torch.float64) + (example.SCALE**2 - 1) * torch.outer(
        b[:, 0], b[:, 0]
    )
    x = torch.randn(50, pair.dim, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    p, q = (
        normal(torch.zeros_like(mean), torch.eye(pair.dim, dtype=torch.float64)),
        normal(mean, covariance),
    )
    assert torch.allclose(pair.log_ratio(x), p.log_prob(x) - q.log_prob(x), atol=1e-12)


class Known(nn.Module):
    """v = share * log p/q + off."""

    def __init__(self, pair: example.Pair, share: float, off: float) -> None:
        super().__init__()
        self.pair, self.share, self.off = pair, share, off

    def forward(self, x: Tensor) -> Tensor:
        return self.share * self.pair.log_ratio(x) + self.off


@pytest.mark.parametrize("pair", PAIRS, ids=str)
@pytest.mark.parametrize("name", ["kl", "neyman", "pearson", "jensen_shannon", "gan"])
def test_at_the_best_critic_what_is_measured_is_exact(name: str, pair: example.Pair) -> None:
    rng = torch.Generator().manual_seed(0)
    found = example.measure(Known(pair, 1.0, 0.0), f_loss(name), pair, rng)
    assert found.bound == pytest.approx(dv.between(P, Q, name).value, rel=1e-4)
    assert found.rmse < 1e-5


def test_a_wrong_critic_is_measured_as_wrong_as_it_is() -> None:
    """v = 0.8 log p/q + 0.1 in KL's bound, by scipy's quadrature; and its RMSE."""
    pair, rng = example.Pair(10), torch.Generator().manual_seed(0)
    found = example.measure(Known(pair, 0.8, 0.1), f_loss("kl"), pair, rng)

    def v(x: float) -> float:
        return 0.8 * (P.logpdf(x) - Q.logpdf(x)) + 0.1

    def integral(g) -> float:
        return integrate.quad(g, -12, 12, epsabs=1e-11, limit=200)[0]

    bound = integral(lambda x: P.pdf(x) * (v(x) + 1) - Q.pdf(x) * math.exp(v(x)))
    square = integral(lambda x: P.pdf(x) * (v(x) - P.logpdf(x) + Q.logpdf(x)) ** 2)
    assert found.bound == pytest.approx(bound, rel=1e-4)
    assert found.rmse == pytest.approx(math.sqrt(square), rel=1e-4)


def test_variances_are_finite() -> None:
    """E_Q (p/q)^4 and E_P (q/p)^4, which rule the chi-squared rows: the exponents 4/s_P^2 - 3/s_Q^2 stay positive."""
    assert 0.75 < example.SCALE**2 < 4 / 3
    x = np.linspace(-30, 30, 60_001)
    for a, b in ((P, Q), (Q, P)):
        log_terms = 4 * a.logpdf(x) - 3 * b.logpdf(x)
        assert log_terms[[0, -1]].max() < -20 and np.exp(log_terms).sum() * (x[1] - x[0]) < 1000


def test_committed_results_agree() -> None:
    path = Path(__file__).parent.parent / "docs" / "experiments" / "divergence_estimation.json"
    rows = json.loads(path.read_text())["rows"]
    assert len(rows) > 50 and not [row for row in rows if row["agrees"] is False]
