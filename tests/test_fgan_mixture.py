"""`examples/fgan_mixture.py`: the game's gradient is the divergence's, and a short training is on its way."""

from __future__ import annotations

import fgan_mixture
import mixture_fit
import numpy as np
import pytest
import torch

from models.fgan import LocationScale
from models.losses import f_loss

Z = torch.linspace(-9, 9, 3601, dtype=torch.float64)[:, None]
GAUSS = torch.exp(-Z[:, 0].square() / 2) / np.sqrt(2 * np.pi) * (18 / 3600)


@pytest.mark.parametrize("name", mixture_fit.NAMES)
@pytest.mark.parametrize("theta", [(0.5, 2.2), (1.3, 1.7)])
def test_at_the_best_critic_the_generator_descends_the_divergence(name, theta):
    """The gradient of -E_z f*(g(v(m + s z))), v = log p/q held, against the exact gradient of D_f by its integral."""
    m, s = theta
    generator = LocationScale(m, s).double()
    q = torch.distributions.Normal(m, s)
    x = generator(Z)
    v = fgan_mixture.P.log_prob(x) - q.log_prob(x[:, 0])
    (GAUSS * f_loss(name).generator(v)).sum().backward()
    found = [generator.m.grad.item(), generator.log_s.grad.item()]
    exact = mixture_fit.gradient(name, np.array([m, np.log(s)]))
    # The generator's numbers were float32 once: relative 6e-8 of log s.
    assert found == pytest.approx(list(exact), abs=1e-5)


def test_the_sampler_is_the_mixture_of_the_exact_example():
    x = torch.linspace(-4, 7, 50, dtype=torch.float64)
    theirs = mixture_fit.log_p(x.numpy())
    assert np.allclose(fgan_mixture.P.log_prob(x[:, None]).numpy(), theirs, atol=1e-6)


def test_a_short_run_already_halves_what_separates_it_from_the_optimum():
    report = fgan_mixture.main(
        ["--quick", "--divergence", "jensen_shannon", "--divergence", "reverse_kl"]
    )
    rows = {row.quantity: row for row in report.rows}
    assert len(rows) == 8
    for name in ("jensen_shannon", "reverse_kl"):
        row = rows[f"{name}: D at the learned"]
        assert row.agrees  # no Q lies below the optimum
        m, s = fgan_mixture.START
        at_start = mixture_fit.target(name, np.array([m, np.log(s)]))
        assert row.measured - row.theory < 0.5 * (at_start - row.theory)
    (cross,) = report.tables.values()
    assert [line["learned for"] for line in cross] == ["jensen_shannon", "reverse_kl"]
    assert cross[0]["jensen_shannon"] == rows["jensen_shannon: D at the learned"].measured


def test_an_unknown_divergence_is_refused_with_the_near_one(capsys):
    with pytest.raises(SystemExit):
        fgan_mixture.main(["--divergence", "pearsn"])
    assert "pearson" in capsys.readouterr().err
