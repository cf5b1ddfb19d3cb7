"""`examples/mode_coverage.py`: the measures on samples whose answer is known, and short runs of the games."""

from __future__ import annotations

import math

import mode_coverage
import pytest
import torch

from models.gan import GAN

CENTRES = torch.tensor(mode_coverage.RING.means)


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_samples_of_the_truth_reach_the_theory():
    modes, quality, js = mode_coverage.rows("minimax", mode_coverage.RING.sample(20_000, rng()))
    assert modes.measured == modes.theory == 8
    share = 1 - math.exp(-4.5)
    assert quality.theory == pytest.approx(share, abs=1e-12)
    assert abs(quality.measured - share) < 5 * math.sqrt(share * (1 - share) / 20_000)
    assert js.measured < 2 * 255 / (8 * 20_000)  # its mean is half of that


@pytest.mark.parametrize("kept", [1, 3, 7])
def test_dropped_modes_are_seen(kept):
    """k of 8 modes, each filled well: JS = (k/8 log(2/(1 + 8/k)) + log(2/(1 + k/8)) + (1 - k/8) log 2) / 2."""
    n = 20_000
    k = torch.randint(kept, (n,), generator=rng())
    x = CENTRES[k] + mode_coverage.RING.scales[0] * torch.randn(n, 2, generator=rng())
    modes, _, js = mode_coverage.rows("minimax", x)
    share = kept / 8
    exact = (
        share * math.log(2 * share / (share + 1))
        + (1 - share) * math.log(2)
        + math.log(2 / (share + 1))
    ) / 2
    assert modes.measured == kept
    assert js.measured == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("name", mode_coverage.GAMES)
def test_every_game_is_built_and_repeatable(name):
    options = mode_coverage.Options(2, 1, "cpu", None, True)
    assert isinstance(mode_coverage.built(mode_coverage.game(name)), GAN)
    first, second = (mode_coverage.learned(name, options) for _ in range(2))
    assert first.shape == (mode_coverage.SAMPLES, 2) and torch.equal(first, second)


def test_a_short_run_finds_the_ring():
    """Far from good samples yet; but they have left the origin, where they began, for the circle of radius 2."""
    names = ["non_saturating", "minimax+r1"]
    report = mode_coverage.main(["--quick", *(f"--loss={name}" for name in names)])
    assert [row.quantity for row in report.rows[::3]] == [f"{name}: modes found" for name in names]
    for row in report.rows[2::3]:
        assert 0 <= row.measured <= math.log(2)
    options = mode_coverage.Options(400, 0, "cpu", None, True)
    x = mode_coverage.learned("non_saturating", options)
    assert float(x.norm(dim=1).quantile(0.9)) > 1
    assert "high quality" in report.alt and report.figure is not None


def test_a_training_that_diverges_is_reported(monkeypatch):
    def fail(name, options):
        raise mode_coverage.Diverged("the loss of 'generator' is -inf at step 7")

    monkeypatch.setattr(mode_coverage, "learned", fail)
    report = mode_coverage.main(["--quick", "--loss", "kl", "--loss", "minimax+r1"])
    assert all(math.isnan(row.measured) for row in report.rows)
    assert not report.agrees  # minimax+r1 must find all modes
    assert any("kl diverged" in note and "step 7" in note for note in report.notes)


def test_an_unknown_game_is_refused_with_the_near_one(capsys):
    with pytest.raises(SystemExit):
        mode_coverage.main(["--loss", "minmax"])
    assert "minimax" in capsys.readouterr().err
