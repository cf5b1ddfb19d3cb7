"""Checkpoints: weights, optimisers, random states and the step in one safetensors file, written whole or not at all.

Nothing is pickled, so nothing is executed when a file is read back. A file that is cut off, is no checkpoint or
belongs to another architecture is refused by its name, before anything is overwritten.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn
from torch.optim import Optimizer

__all__ = ["load", "load_weights", "save", "write_whole"]

FORMAT = "fenchel checkpoint 1"


def save(
    path: Path,
    module: nn.Module,
    optimizers: Mapping[str, Optimizer],
    randoms: Mapping[str, Tensor],
    *,
    step: int,
    seed: int,
) -> None:
    """Write everything that a resumed run needs to `path`, atomically."""
    tensors = {f"model/{name}": value for name, value in module.state_dict().items()}
    tensors |= {f"random/{name}": value for name, value in randoms.items()}
    settings: dict[str, Any] = {}
    for player, optimizer in optimizers.items():
        state = optimizer.state_dict()
        settings[player] = {"kind": type(optimizer).__name__, "groups": state["param_groups"]}
        for index, values in state["state"].items():
            for name, value in values.items():
                tensors[f"optimizer/{player}/{index}/{name}"] = torch.as_tensor(value)
    about = {
        "format": FORMAT,
        "trainee": type(module).__name__,
        "step": str(step),
        "seed": str(seed),
        "optimizers": json.dumps(settings),
    }
    # A copy each: safetensors refuses tensors that share memory or are not contiguous.
    apart = {
        k: v.detach().cpu().clone(memory_format=torch.contiguous_format) for k, v in tensors.items()
    }
    write_whole(path, to_bytes(apart, about))


def load(
    path: Path,
    module: nn.Module,
    optimizers: Mapping[str, Optimizer],
    *,
    seed: int,
    processes: int = 1,
) -> tuple[int, dict[str, Tensor]]:
    """Put a checkpoint's state into `module` and `optimizers`; return its step and its random states.

    Raises ValueError, with nothing changed, for a file that is damaged or of another format, architecture, seed or
    number of processes.
    """
    tensors, about = _read(path)
    _require_same(path, _under("model/", tensors), module)
    if about["seed"] != str(seed):
        raise ValueError(f"{path} is of a run with seed {about['seed']}, not {seed}")
    settings = json.loads(about["optimizers"])
    if set(settings) != set(optimizers):
        raise ValueError(f"{path} has optimisers for {sorted(settings)}, not {sorted(optimizers)}")
    randoms = _under("random/", tensors)
    if len(randoms["rng"]) != processes:
        raise ValueError(f"{path} is of a run on {len(randoms['rng'])} processes, not {processes}")
    states = {}
    for player, optimizer in optimizers.items():
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in _under(f"optimizer/{player}/", tensors).items():
            index, _, name = key.partition("/")
            state.setdefault(int(index), {})[name] = value
        kind, here = settings[player]["kind"], type(optimizer).__name__
        if kind != here:
            raise ValueError(f"{path} has {kind} as the optimiser of {player!r}, not {here}")
        saved, mine = settings[player]["groups"], optimizer.state_dict()["param_groups"]
        if [len(g["params"]) for g in saved] != [len(g["params"]) for g in mine]:
            raise ValueError(
                f"{path} has an optimiser for {player!r} over other groups of parameters"
            )
        states[player] = {"state": state, "param_groups": [_tuples(g) for g in saved]}
    for player, optimizer in optimizers.items():
        optimizer.load_state_dict(states[player])
    module.load_state_dict(_under("model/", tensors))
    return int(about["step"]), randoms


def load_weights(path: str | Path, module: nn.Module) -> int:
    """Put a checkpoint's weights alone into `module`, and return its step; ValueError as for `load`."""
    tensors, about = _read(Path(path))
    weights = _under("model/", tensors)
    _require_same(Path(path), weights, module)
    module.load_state_dict(weights)
    return int(about["step"])


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` beside `path` and move it there when it is safe on the disk: readers see the old file or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except FileNotFoundError:
        raise ValueError(f"there is no checkpoint {path}") from None
    except SafetensorError as error:
        raise ValueError(
            f"{path} is damaged or no checkpoint, and was left as it is: {error}"
        ) from error
    if about.get("format") != FORMAT:
        raise ValueError(f"{path} is no checkpoint of this format ({FORMAT})")
    return tensors, about


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _tuples(group: Mapping[str, Any]) -> dict[str, Any]:
    """JSON turned Adam's tuple of betas into a list."""
    return {k: tuple(v) if isinstance(v, list) and k != "params" else v for k, v in group.items()}


def _require_same(path: Path, saved: Mapping[str, Tensor], module: nn.Module) -> None:
    """The same names, shapes and dtypes, or a ValueError that names the first difference."""
    mine = module.state_dict()
    for name in sorted(saved.keys() | mine.keys()):
        there = _described(saved.get(name))
        here = _described(mine.get(name))
        if there != here:
            raise ValueError(
                f"{path} is a checkpoint of another architecture: {name} is {there} there and {here} in "
                f"this {type(module).__name__}"
            )


def _described(tensor: Tensor | None) -> str:
    return (
        "missing"
        if tensor is None
        else f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"
    )
