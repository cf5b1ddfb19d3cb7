"""Checkpoints: what is read back is what was written; what does not fit is refused by name, and nothing changes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.optim import SGD, Adam, AdamW

from models import checkpoint
from models.nets import MLP
from models.train import train
from tests.test_train import Mean, gan

RANDOMS = {"rng": torch.Generator().get_state()[None]}


def saved(path: Path, module: nn.Module, **kinds) -> dict:
    """A checkpoint of `module` after one step of Adam."""
    optimizers = {"model": Adam(module.parameters(), lr=0.1, betas=(0.3, 0.7), **kinds)}
    module(torch.ones(2, 3)).sum().backward()
    optimizers["model"].step()
    checkpoint.save(path, module, optimizers, RANDOMS, step=7, seed=0)
    return optimizers


def net(width: int = 4) -> MLP:
    torch.manual_seed(0)
    return MLP(3, 2, (width,))


def test_what_comes_back_is_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    before = net()
    optimizers = saved(path, before, amsgrad=True)
    after = net()
    fresh = {"model": Adam(after.parameters(), lr=9.0, amsgrad=True)}
    step, randoms = checkpoint.load(path, after, fresh, seed=0)
    assert step == 7
    assert torch.equal(randoms["rng"], RANDOMS["rng"])
    for one, other in zip(before.parameters(), after.parameters(), strict=True):
        assert torch.equal(one, other)
    old, new = optimizers["model"].state_dict(), fresh["model"].state_dict()
    assert old["param_groups"] == new["param_groups"]
    assert old["state"].keys() == new["state"].keys()
    for index, state in old["state"].items():
        assert state.keys() == new["state"][index].keys()
        assert all(torch.equal(state[k], new["state"][index][k]) for k in state)
    again = net()
    assert checkpoint.load_weights(path, again) == 7
    assert torch.equal(again[0].weight, before[0].weight)


def half(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def pickled(path: Path) -> None:
    torch.save({"weight": torch.ones(2)}, path)


def foreign(path: Path) -> None:
    save_file({"weight": torch.ones(2)}, path)


def gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (half, "is damaged or no checkpoint"),
        (emptied, "is damaged or no checkpoint"),
        (pickled, "is damaged or no checkpoint"),
        (foreign, "is no checkpoint of this format"),
        (gone, "there is no checkpoint"),
    ],
)
def test_a_bad_file_is_refused_by_name(
    damage: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "named.safetensors"
    saved(path, net())
    damage(path)
    data = path.read_bytes() if path.exists() else None
    target = net()
    state = {k: v.clone() for k, v in target.state_dict().items()}
    with pytest.raises(ValueError, match=message) as caught:
        checkpoint.load(path, target, {"model": Adam(target.parameters())}, seed=0)
    assert "named.safetensors" in str(caught.value)
    assert all(torch.equal(v, state[k]) for k, v in target.state_dict().items())
    assert (path.read_bytes() if path.exists() else None) == data


def other_width() -> tuple[nn.Module, dict]:
    module = net(width=5)
    return module, {"model": Adam(module.parameters())}


def other_depth() -> tuple[nn.Module, dict]:
    module = MLP(3, 2, (4, 4))
    return module, {"model": Adam(module.parameters())}


def other_dtype() -> tuple[nn.Module, dict]:
    module = net().double()
    return module, {"model": Adam(module.parameters())}


def other_player() -> tuple[nn.Module, dict]:
    module = net()
    return module, {"critic": Adam(module.parameters())}


def other_groups() -> tuple[nn.Module, dict]:
    module = net()
    return module, {"model": Adam([module[0].weight])}


def other_kind() -> tuple[nn.Module, dict]:
    module = net()
    return module, {"model": AdamW(module.parameters())}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            other_width,
            r"another architecture: 0.bias is \(4,\) float32 there and \(5,\) float32 in",
        ),
        (
            other_depth,
            r"another architecture: 2.bias is \(2,\) float32 there and \(4,\) float32 in",
        ),
        (
            other_dtype,
            r"another architecture: 0.bias is \(4,\) float32 there and \(4,\) float64 in",
        ),
        (other_player, r"has optimisers for \['model'\], not \['critic'\]"),
        (other_groups, "an optimiser for 'model' over other groups"),
        (other_kind, "has Adam as the optimiser of 'model', not AdamW"),
    ],
)
def test_another_architecture_is_refused(make: Callable, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    saved(path, net())
    module, optimizers = make()
    state = {k: v.clone() for k, v in module.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        checkpoint.load(path, module, optimizers, seed=0)
    assert all(torch.equal(v, state[k]) for k, v in module.state_dict().items())


def test_another_seed_or_number_of_processes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    saved(path, net())
    target = net()
    with pytest.raises(ValueError, match="a run with seed 0, not 1"):
        checkpoint.load(path, target, {"model": Adam(target.parameters())}, seed=1)
    with pytest.raises(ValueError, match="a run on 1 processes, not 2"):
        checkpoint.load(path, target, {"model": Adam(target.parameters())}, seed=0, processes=2)


def test_training_refuses_the_folder_of_another_architecture_and_leaves_it(tmp_path: Path) -> None:
    train(Mean(), 10, folder=tmp_path, checkpoint_every=5)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=r"step-000000010.safetensors is a checkpoint of another"):
        train(gan(), 20, folder=tmp_path)
    half(tmp_path / "step-000000010.safetensors")
    before["step-000000010.safetensors"] = (tmp_path / "step-000000010.safetensors").read_bytes()
    with pytest.raises(ValueError, match=r"step-000000010.safetensors is damaged"):
        train(Mean(), 20, folder=tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    checkpoint.write_whole(path, b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        checkpoint.write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_an_optimiser_without_state(tmp_path: Path) -> None:
    module = net()
    path = tmp_path / "a.safetensors"
    checkpoint.save(
        path, module, {"model": SGD(module.parameters(), lr=0.1)}, RANDOMS, step=1, seed=0
    )
    assert (
        checkpoint.load(path, module, {"model": SGD(module.parameters(), lr=0.5)}, seed=0)[0] == 1
    )
