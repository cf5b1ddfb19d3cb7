"""The training loop: repeatable, killed and resumed to the same bits, stopped at nan, the same on several processes."""

import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from models.gan import GAN, normal
from models.losses import loss
from models.nets import MLP
from models.train import Diverged, Trainee, cosine, linear, make_fabric, train

ROOT = Path(__file__).parent.parent


class Mean(Trainee):
    """Least squares: the weight goes to the mean of its data, and every step is known in closed form."""

    def __init__(self, rate: float = 0.1, spoil: int | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))
        self.rate, self.spoil = rate, spoil

    def optimizers(self) -> Mapping[str, Optimizer]:
        return {"model": SGD([self.weight], lr=self.rate)}

    def loss(self, player: str, rng: torch.Generator) -> Tensor:
        self.calls += 1
        target = math.nan if self.spoil == int(self.calls) else 1.0
        return (self.weight - target) ** 2 / 2

    def measure(self, rng: torch.Generator) -> Mapping[str, float]:
        return {"weight": self.weight.item(), "draw": torch.rand((), generator=rng).item()}


def gan(dropout: bool = True) -> GAN:
    """A game with everything that has state: two optimisers, a running average, draws from both generators."""
    torch.manual_seed(3)
    critic = nn.Sequential(MLP(1, 8, (8,)), nn.Dropout(0.5 if dropout else 0.0), MLP(8, None, ()))
    return GAN(
        MLP(2, 1, (8,), spectral_norm=True),
        critic,
        lambda n, rng: torch.randn(n, 1, generator=rng),
        normal(2),
        loss("non_saturating"),
        batch=16,
        average=0.9,
        noise=0.1,
    )


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(
        torch.equal(x, y)
        for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


def test_a_step_is_the_optimisers_step() -> None:
    trainee = Mean(rate=0.1)
    done = train(trainee, 20, log_every=5)
    assert trainee.weight.item() == pytest.approx(1 - 0.9**20, rel=1e-5)
    assert [line["step"] for line in done.history] == [5, 10, 15, 20]
    assert done.history[0]["weight"] == pytest.approx(1 - 0.9**5, rel=1e-5)
    assert (done.step, done.checkpoint) == (20, None)


@pytest.mark.parametrize("decay", [cosine, linear])
def test_a_decay_multiplies_the_rate(decay) -> None:
    trainee = Mean(rate=0.1)
    train(trainee, 10, decay=decay)
    left = math.prod(1 - 0.1 * decay(k / 10) for k in range(10))
    assert trainee.weight.item() == pytest.approx(1 - left, rel=1e-5)
    assert (decay(0.0), decay(1.0)) == (1.0, pytest.approx(0.0, abs=1e-15))


def test_a_resumed_run_has_the_rates_that_it_is_given(tmp_path: Path) -> None:
    """After a decay to nothing, at the rate r the weight again goes the share r of its way in each step."""
    train(Mean(), 4, folder=tmp_path, decay=lambda done: 1.0 if done < 0.5 else 0.0)
    trainee = Mean(rate=0.25)
    train(trainee, 7, folder=tmp_path)
    assert 1 - trainee.weight.item() == pytest.approx(0.9**2 * 0.75**3, rel=1e-6)


def test_measuring_more_often_changes_nothing() -> None:
    often, rarely = gan(), gan()
    a = train(often, 20, log_every=1)
    b = train(rarely, 20, log_every=20)
    assert same(often, rarely)
    assert a.history[-1] == b.history[-1]


def test_the_seed_makes_the_run() -> None:
    one, again, other = gan(), gan(), gan()
    train(one, 10, seed=5)
    torch.rand(7)  # torch's own state beforehand does not matter ...
    before = torch.random.get_rng_state()
    train(again, 10, seed=5)
    assert torch.equal(torch.random.get_rng_state(), before)  # ... and is given back
    train(other, 10, seed=6)
    assert same(one, again)
    assert not same(one, other)


@pytest.mark.parametrize("cut", [7, 10, 14])
def test_a_resumed_run_ends_on_the_same_bits(cut: int, tmp_path: Path) -> None:
    whole, first, second = gan(), gan(), gan()
    settings = {"checkpoint_every": 5, "log_every": 2, "seed": 1}
    a = train(whole, 20, folder=tmp_path / "whole", **settings)
    train(first, cut, folder=tmp_path / "cut", **settings)
    if cut == 7:  # cut between two checkpoints, as a kill would: only the one at 5 is there
        (tmp_path / "cut" / "step-000000007.safetensors").unlink()
        with (tmp_path / "cut" / "metrics.jsonl").open("a") as file:
            file.write('{"step": 8, "cri')
    b = train(second, 20, folder=tmp_path / "cut", **settings)
    assert same(whole, second)
    assert a.history == b.history
    lines = [(tmp_path / name / "metrics.jsonl").read_text() for name in ("whole", "cut")]
    assert lines[0] == lines[1]
    assert [json.loads(line)["step"] for line in lines[0].splitlines()] == list(range(2, 21, 2))
    names = {path.name for path in (tmp_path / "cut").iterdir()}
    assert names == {"metrics.jsonl", "step-000000015.safetensors", "step-000000020.safetensors"}


KILLED = """
import sys, torch
from tests.test_train import gan
from models.train import train
trainee = gan()

train(trainee, 400, folder=sys.argv[1], checkpoint_every=7, log_every=3, progress=False)
print("done")
"""


def test_a_killed_process_resumes_to_the_same_bits(tmp_path: Path) -> None:
    whole = gan()
    train(whole, 400, folder=tmp_path / "whole", checkpoint_every=7, log_every=3)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "killed")]
    for _ in range(2):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        seen = set(tmp_path.glob("killed/step-*"))
        deadline = time.monotonic() + 60
        while set(tmp_path.glob("killed/step-*")) <= seen and time.monotonic() < deadline:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
    resumed = gan()
    train(resumed, 400, folder=tmp_path / "killed", checkpoint_every=7, log_every=3)
    assert same(whole, resumed)
    assert (tmp_path / "killed/metrics.jsonl").read_text() == (
        tmp_path / "whole/metrics.jsonl"
    ).read_text()


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    trainee = Mean()
    train(trainee, 10, folder=tmp_path)
    again = Mean(spoil=1)
    assert train(again, 10, folder=tmp_path).step == 10
    assert again.weight.item() == trainee.weight.item()
    with pytest.raises(ValueError, match=r"step-000000010.safetensors is at step 10, beyond the 5"):
        train(Mean(), 5, folder=tmp_path)


def test_nan_stops_the_run_and_names_the_last_good_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(Diverged, match=r"'model' is nan at step 8;.*step-000000005.safetensors"):
        train(Mean(spoil=8), 20, folder=tmp_path, checkpoint_every=5)
    with pytest.raises(Diverged, match="at step 3; there is no checkpoint"):
        train(Mean(spoil=3), 20)


def test_a_weight_that_is_not_finite_is_never_saved(tmp_path: Path) -> None:
    class Spoils(Mean):
        def after(self, player: str) -> None:
            if int(self.calls) == 10:
                self.weight.data.fill_(math.inf)

    with pytest.raises(Diverged, match=r"weight holds .* not finite at step 10;.*step-000000005"):
        train(Spoils(), 20, folder=tmp_path, checkpoint_every=5)
    assert [p.name for p in tmp_path.glob("step-*")] == ["step-000000005.safetensors"]


def test_the_last_steps_weights_are_looked_at_without_a_folder_too() -> None:
    """A loss that is finite may have a slope that is not: no further loss would show it."""

    class Steep(Mean):
        def loss(self, player: str, rng: torch.Generator) -> Tensor:
            return self.weight.sqrt()  # of slope infinity at 0

    with pytest.raises(Diverged, match=r"weight holds .* at step 1; there is no checkpoint"):
        train(Steep(), 1)


def test_measuring_leaves_each_part_in_its_own_mode() -> None:
    trainee = gan()
    trainee.critic[1].eval()
    train(trainee, 1)
    assert trainee.generator.training and not trainee.critic[1].training


def test_a_folder_that_cannot_be_one_is_refused_before_the_first_step(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        trainee = Mean()
        with pytest.raises(ValueError, match=r"`folder` must be a folder.*file"):
            train(trainee, 1, folder=folder)
        assert int(trainee.calls) == 0
    assert (tmp_path / "file").read_text() == "mine"


def test_infinite_measurements_are_strict_json_and_read_back(tmp_path: Path) -> None:
    class Wild(Mean):
        def measure(self, rng: torch.Generator) -> Mapping[str, float]:
            return {"up": math.inf, "down": -math.inf}

    a = train(Wild(), 4, folder=tmp_path, log_every=2)
    text = (tmp_path / "metrics.jsonl").read_text()
    for line in text.splitlines():
        json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert train(Wild(), 4, folder=tmp_path, log_every=2).history == a.history


def test_the_bar_shows_theory_beside_the_measured_number() -> None:
    from models.train import _Run

    trainee = Mean()
    trainee.theory = {"weight": 1.0}
    run = _Run(trainee, make_fabric(), 5, 0, None, None)
    assert run._beside_theory({"step": 1, "weight": 0.5, "x": 2.0}) == "weight 0.5 (theory 1)  x 2"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "`steps` must be a positive integer. Got 0"),
        ({"steps": 1.5}, "`steps` must be a positive integer"),
        ({"log_every": -1}, "`log_every`"),
        ({"checkpoint_every": 0}, "`checkpoint_every`"),
        ({"seed": -1}, "`seed` must be an integer, 0 or more. Got -1"),
        ({"seed": 0.5}, "`seed` must be an integer"),
        ({"fabric": "tpu"}, "`device` must be cpu, cuda"),
        ({"fabric": "cpu:1"}, "`device` must be"),
        ({"fabric": "cuda:99"}, "not on this machine"),
    ],
)
def test_arguments_out_of_range(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train(Mean(), **({"steps": 3} | change))


def test_a_player_without_an_optimiser() -> None:
    trainee = Mean()
    trainee.turns = ("model", "other")
    with pytest.raises(ValueError, match="no optimiser for other"):
        train(trainee, 1)
    trainee.turns = ()
    with pytest.raises(ValueError, match="at least one turn"):
        train(trainee, 1)


SEVERAL = """
import os, sys, torch
from pathlib import Path
from tests.test_train import Both
from models.train import train
torch.manual_seed(int(os.environ.get("LOCAL_RANK", 0)))  # start apart: the first process's weights are handed out
trainee = Both()
done = train(trainee, int(sys.argv[2]), folder=sys.argv[1], log_every=1, checkpoint_every=4, progress=False)
rank = os.environ.get("LOCAL_RANK", "0")
torch.save(trainee.state_dict(), Path(sys.argv[1]) / f"rank{rank}-{sys.argv[2]}.pt")
"""


class Both(Trainee):
    """The mean of draws that differ by process: the averaged gradient is that of both batches together."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3))
        self.register_buffer("drawn", torch.zeros(3))

    def optimizers(self) -> Mapping[str, Optimizer]:
        return {"model": Adam([self.weight], lr=0.1)}

    def loss(self, player: str, rng: torch.Generator) -> Tensor:
        self.drawn.copy_(torch.randn(3, generator=rng))
        return ((self.weight - self.drawn) ** 2).sum()


def launched(folder: Path, steps: int) -> None:
    script = folder.parent / "several.py"
    script.write_text(SEVERAL)
    with socket.socket() as found:  # a port of its own: other launches may go on beside this one
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    devices = ["--accelerator=cpu", "--devices=2", "--strategy=ddp", f"--main-port={port}"]
    fabric = Path(sys.executable).with_name("fabric")
    done = subprocess.run(
        [fabric, "run", *devices, script, str(folder), str(steps)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without torch.distributed")
def test_two_processes_keep_the_same_weights_and_resume(tmp_path: Path) -> None:
    launched(tmp_path / "whole", 8)
    one, two = (
        torch.load(tmp_path / "whole" / f"rank{rank}-8.pt", weights_only=True) for rank in (0, 1)
    )
    assert torch.equal(one["weight"], two["weight"])
    assert not torch.equal(one["drawn"], two["drawn"])
    launched(tmp_path / "cut", 4)
    launched(tmp_path / "cut", 8)
    for rank, whole in enumerate((one, two)):
        resumed = torch.load(tmp_path / "cut" / f"rank{rank}-8.pt", weights_only=True)
        assert torch.equal(resumed["weight"], whole["weight"])
        assert torch.equal(resumed["drawn"], whole["drawn"])
