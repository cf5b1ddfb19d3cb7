"""A critic alone: what it estimates is a lower bound, its penalty and clip act on it, and it is repeatable."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import SGD

from models.estimator import Estimator
from models.losses import f_loss, loss, losses
from models.nets import MLP
from models.toy import Gaussian
from models.train import train

P, Q = Gaussian(0.0, 1.0), Gaussian(1.0, 1.0)
EXACT = {"kl": 0.5, "reverse_kl": 0.5, "squared_hellinger": 0.117503097, "hinge": 0.382924923}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class LogRatio(nn.Module):
    """log p/q = 1/2 - x, exactly; `off` moves it away."""

    def __init__(self, off: float = 0.0) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(-1.0 + off))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.slope * x[:, 0] + 0.5


@pytest.mark.parametrize("name", EXACT)
def test_the_best_critic_shows_the_divergence_and_any_other_less(name: str) -> None:
    row = loss(name)
    best = row.optimum or (lambda v: v)

    class Critic(LogRatio):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return best(super().forward(x))

    shown = {
        off: Estimator(Critic(off), P.sample, Q.sample, row).estimate(400_000, seeded()).item()
        for off in (0.0, -0.3, 0.3)
    }
    assert shown[0.0] == pytest.approx(EXACT[name], rel=0.02)
    if name != "hinge":  # whose best critic is a sign, the same for all slopes that vanish at 1/2
        assert max(shown[-0.3], shown[0.3]) < 0.97 * EXACT[name]


def test_the_penalty_is_added_to_the_loss() -> None:
    def penalty(critic: nn.Module, real: torch.Tensor, fake: torch.Tensor, rng: torch.Generator):
        assert real.shape == fake.shape == (8, 1)
        return 3.0 * critic.slope**2

    make = partial(Estimator, LogRatio(), P.sample, Q.sample, losses["wasserstein"], batch=8)
    bare, added = (make(penalty=p).loss("critic", seeded()) for p in (None, penalty))
    assert (added - bare).item() == pytest.approx(3.0)


def test_clipping_bounds_every_parameter_after_each_step() -> None:
    critic = MLP(1, None, (8,))
    trainee = Estimator(critic, P.sample, Q.sample, losses["wasserstein"], clip=0.05, batch=16)
    train(trainee, 5)
    assert max(p.abs().max().item() for p in critic.parameters()) == pytest.approx(0.05)


def test_the_loss_is_what_the_estimate_reads() -> None:
    row = f_loss("kl")
    trainee = Estimator(LogRatio(), P.sample, Q.sample, row, batch=64)
    rng = seeded(3)
    value = trainee.loss("critic", seeded(3)).item()
    v_p, v_q = trainee.critic(P.sample(64, rng)), trainee.critic(Q.sample(64, rng))
    assert value == pytest.approx((v_q.exp().mean() - (v_p + 1).mean()).item(), rel=1e-5)


def test_theory_stands_beside_the_estimate_and_the_optimiser_is_chosen() -> None:
    trainee = Estimator(
        LogRatio(0.5), P.sample, Q.sample, loss("kl"), optimizer=partial(SGD, lr=0.05), exact=0.5
    )
    done = train(trainee, 60, log_every=60)
    assert dict(trainee.theory) == {"estimate": 0.5}
    assert set(done.history[-1]) == {"step", "critic", "estimate"}
    assert trainee.critic.slope.item() == pytest.approx(
        -1.0, abs=0.1
    )  # gradient descent finds log p/q


@pytest.mark.parametrize("size", ["batch", "held_out"])
def test_sizes_are_positive_integers(size: str) -> None:
    for value in (0, -1, 2.5, True):
        with pytest.raises(ValueError, match=rf"`{size}` must be a positive integer. Got {value}"):
            Estimator(LogRatio(), P.sample, Q.sample, loss("kl"), **{size: value})
