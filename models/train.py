"""The one training loop: devices, progress beside the theory, checkpoints, resuming, stopping on nan.

A `Trainee` says what is learned: its players (one for a VAE, two for a GAN), whose turn it is within a step, each
player's loss, and what to measure. `train` does the rest, the same for all of them.

Devices are lightning-fabric's affair. A script that calls `train` runs on one device; started by

    fabric run --devices 4 --num-nodes 2 examples/SCRIPT.py ...

it runs on several, also on several machines: each process draws its own batches, gradients are averaged over
processes before each update, so that all keep the same weights.
"""

from __future__ import annotations

import atexit
import json
import math
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.optim import Optimizer

from models import checkpoint

__all__ = ["Diverged", "Trained", "Trainee", "cosine", "linear", "make_fabric", "train"]

Source = Callable[
    [int, torch.Generator], Tensor
]  # n samples, drawn from the generator, on its device
Decay = Callable[
    [float], float
]  # the share of the steps that is done -> a factor of the learning rates


class Diverged(ArithmeticError):
    """A loss or a weight is no number any more."""


class Trainee(nn.Module, ABC):
    """What is trained: the modules are attributes, as in any torch module; all that must survive a restart is state.

    Attributes:
        turns: The players in the order in which they move within one step; ("critic",) * 5 + ("generator",) is WGAN.
        theory: What theory says of a measured quantity, by the name that `measure` (or the player) gives it; the
            progress bar shows both.
    """

    turns: tuple[str, ...] = ("model",)
    theory: Mapping[str, float] = {}

    @abstractmethod
    def optimizers(self) -> Mapping[str, Optimizer]:
        """A new optimiser for each player, over that player's parameters."""

    @abstractmethod
    def loss(self, player: str, rng: torch.Generator) -> Tensor:
        """What `player` minimises at its turn, a scalar; all that is random comes from `rng`, on its device."""

    def after(self, player: str) -> None:
        """Called after each update of `player`: to clip weights, to move an average."""

    def measure(self, rng: torch.Generator) -> Mapping[str, float]:
        """What to log beside the losses; its generator is apart, so that measuring more often changes nothing."""
        return {}


@dataclass(frozen=True)
class Trained:
    """How a training ended: the step, what was logged (one mapping a line), and the last checkpoint's file."""

    step: int
    history: tuple[Mapping[str, float], ...]
    checkpoint: Path | None


def cosine(done: float) -> float:
    """A decay of the learning rate from 1 to 0 along half a cosine."""
    return (1 + math.cos(math.pi * done)) / 2


def linear(done: float) -> float:
    """Constant for the first half, then straight to 0."""
    return min(1.0, 2 * (1 - done))


def make_fabric(device: str = "cpu") -> Fabric:
    """The devices to run on: "cpu", "cuda", "cuda:1", "mps", "auto"; under `fabric run`, what its options say."""
    if os.environ.get(_LAUNCHED):
        return Fabric()
    kind, _, index = device.partition(":")
    if kind not in ("cpu", "cuda", "mps", "auto") or (
        index and (kind != "cuda" or not index.isdigit())
    ):
        raise ValueError(f"`device` must be cpu, cuda, cuda:N, mps or auto. Got {device!r}")
    present = {"cpu": True, "auto": True, "mps": torch.backends.mps.is_available()}
    count = torch.cuda.device_count()
    if not present.get(kind, count > int(index or 0)):
        raise ValueError(
            f"the device {device!r} is not on this machine, which has {count} CUDA devices"
        )
    return Fabric(accelerator=kind, devices=[int(index)] if index else 1)


def train(
    trainee: Trainee,
    steps: int,
    *,
    seed: int = 0,
    folder: str | Path | None = None,
    fabric: Fabric | str = "cpu",
    decay: Decay | None = None,
    log_every: int = 100,
    checkpoint_every: int = 1000,
    progress: bool = True,
) -> Trained:
    """Train for `steps` steps; with a `folder`, resume from the newest checkpoint in it.

    On one CPU a run is repeatable to the last bit by its seed, also when it was killed at any moment and resumed: a
    checkpoint holds weights, optimisers, random states and the step, and is written whole or not at all. The folder
    keeps the two newest, and metrics.jsonl, one line for each `log_every` steps and the last.

    Args:
        trainee: What is trained, in place. Its initial weights are the caller's: seed them.
        steps: When to stop, counted from the very beginning of the run.
        seed: Of all that `loss` and `measure` draw, 0 or more; also torch's own state is set (and given back
            afterwards).
        folder: Where checkpoints and metrics go; None keeps nothing.
        fabric: A device's name as in `make_fabric`, or a `Fabric` of one's own.
        decay: Factor on the learning rates at the share of steps done; None: constant. On resuming, rates and decay
            are those given now; all else of the optimisers is the checkpoint's.
        log_every: Steps between two measurements.
        checkpoint_every: Steps between two checkpoints. The last step always has one.
        progress: Show a bar on the terminal, theory beside what is measured.

    Raises:
        Diverged: A loss or a weight is nan or infinite; names the player, the step, the last good checkpoint.
        ValueError: A checkpoint that is damaged or of another trainee, by name; a folder that cannot be written;
            arguments out of range.
    """
    for name, value in (
        ("steps", steps),
        ("log_every", log_every),
        ("checkpoint_every", checkpoint_every),
    ):
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"`{name}` must be a positive integer. Got {value!r}")
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"`seed` must be an integer, 0 or more. Got {seed!r}")
    if not trainee.turns:
        raise ValueError("a trainee needs at least one turn a step")
    if isinstance(fabric, str):
        fabric = make_fabric(fabric)
    if not os.environ.get(_LAUNCHED):  # under `fabric run` the processes are there already
        fabric.launch()
    return _Run(
        trainee, fabric, steps, seed, _writable(folder) if folder is not None else None, decay
    ).through(log_every, checkpoint_every, progress)


class _Run:
    """One training under way."""

    def __init__(
        self,
        trainee: Trainee,
        fabric: Fabric,
        steps: int,
        seed: int,
        folder: Path | None,
        decay: Decay | None,
    ) -> None:
        self.trainee, self.fabric, self.steps, self.seed = trainee, fabric, steps, seed
        self.folder, self.decay = folder, decay
        trainee.to(fabric.device)
        self.optimizers = dict(trainee.optimizers())
        unknown = set(trainee.turns) - set(self.optimizers)
        if unknown:
            raise ValueError(
                f"no optimiser for {', '.join(sorted(unknown))}, whose turn it is to be"
            )
        self.rates = {
            name: [group["lr"] for group in o.param_groups] for name, o in self.optimizers.items()
        }
        self.parameters = {
            name: [p for group in o.param_groups for p in group["params"]]
            for name, o in self.optimizers.items()
        }
        self.rng = torch.Generator(fabric.device)
        self.step, self.history = 0, list[dict[str, float]]()
        self.newest: Path | None = None
        if fabric.world_size > 1:
            atexit.register(_leave)
            trainee.load_state_dict(fabric.broadcast(trainee.state_dict()))

    def through(self, log_every: int, checkpoint_every: int, progress: bool) -> Trained:
        devices = [self.fabric.device] if self.fabric.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(_stream(self.seed, 0, self.fabric.global_rank))
            self.rng.manual_seed(_stream(self.seed, 1, self.fabric.global_rank))
            self._resume()
            with self._bar(progress) as show:
                while self.step < self.steps:
                    seen = self._one_step()
                    last = self.step == self.steps
                    save = self.folder is not None and self.step % checkpoint_every == 0
                    if last or save:
                        self._require_finite()
                    if last or self.step % log_every == 0:
                        show(self._log(seen))
                    if self.folder is not None and (last or save):
                        self._save()
        self.fabric.barrier()  # the last checkpoint is there for every process
        return Trained(self.step, tuple(self.history), self.newest)

    def _one_step(self) -> dict[str, Tensor]:
        """One step: each player's turn once, in order. Returns the players' last losses."""
        seen: dict[str, Tensor] = {}
        if self.decay is not None:
            self._set_rates(self.decay(self.step / self.steps))
        for player in self.trainee.turns:
            loss = self.trainee.loss(player, self.rng)
            if not math.isfinite(loss.item()):
                raise Diverged(
                    self._diverged(f"the loss of {player!r} is {loss.item()}", self.step + 1)
                )
            optimizer = self.optimizers[player]
            optimizer.zero_grad()
            self.fabric.backward(loss, inputs=self.parameters[player])
            if self.fabric.world_size > 1:
                self._average_gradients(player)
            optimizer.step()
            self.trainee.after(player)
            seen[player] = loss.detach()
        self.step += 1
        return seen

    def _set_rates(self, factor: float) -> None:
        for name, optimizer in self.optimizers.items():
            for group, rate in zip(optimizer.param_groups, self.rates[name], strict=True):
                group["lr"] = factor * rate

    def _average_gradients(self, player: str) -> None:
        """The mean over processes, in one message. A wrapper that hooks into backward would miss double backwards."""
        gradients = [p.grad for p in self.parameters[player] if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        flat = cast(Tensor, self.fabric.all_reduce(flat, reduce_op="mean"))
        for gradient, part in zip(
            gradients, flat.split([g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(part.view_as(gradient))

    # --- what is kept -------------------------------------------------------------------------------------------------

    def _log(self, seen: Mapping[str, Tensor]) -> Mapping[str, float]:
        rng = torch.Generator(self.fabric.device).manual_seed(_stream(self.seed, 2, self.step))
        line: dict[str, float] = {"step": self.step} | {k: v.item() for k, v in seen.items()}
        modes = [(module, module.training) for module in self.trainee.modules()]
        self.trainee.eval()
        line |= {name: float(value) for name, value in self.trainee.measure(rng).items()}
        for module, training in modes:  # each its own: a part may be held in eval throughout
            module.training = training
        self.history.append(line)
        if self.folder is not None and self.fabric.is_global_zero:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / METRICS).open("a") as file:
                file.write(_as_json(line) + "\n")
        return line

    def _require_finite(self) -> None:
        for name, tensor in self.trainee.state_dict().items():
            if tensor.is_floating_point() and not tensor.isfinite().all():
                what = f"{name} holds a value that is not finite"
                raise Diverged(self._diverged(what, self.step))

    def _save(self) -> None:
        randoms = {"rng": self.rng.get_state(), "torch": torch.random.get_rng_state()}
        if self.fabric.device.type == "cuda":
            randoms["cuda"] = torch.cuda.get_rng_state(self.fabric.device)
        randoms = {name: self._of_all(state) for name, state in randoms.items()}
        assert self.folder is not None
        self.newest = self.folder / f"step-{self.step:09d}.safetensors"
        if self.fabric.is_global_zero:
            checkpoint.save(
                self.newest, self.trainee, self.optimizers, randoms, step=self.step, seed=self.seed
            )
            for old in _checkpoints(self.folder)[:-KEPT]:
                old.unlink()

    def _of_all(self, state: Tensor) -> Tensor:
        """A random state (bytes,) of each process: (processes, bytes)."""
        if self.fabric.world_size == 1:
            return state[None]
        states = [torch.empty_like(state) for _ in range(self.fabric.world_size)]
        torch.distributed.all_gather(states, state)
        return torch.stack(states)

    def _resume(self) -> None:
        found = _checkpoints(self.folder) if self.folder is not None else []
        if self.folder is None or not found:
            if self.folder is not None and self.fabric.is_global_zero:
                (self.folder / METRICS).unlink(missing_ok=True)
            return
        path = found[-1]
        self.step, randoms = checkpoint.load(
            path, self.trainee, self.optimizers, seed=self.seed, processes=self.fabric.world_size
        )
        if self.step > self.steps:
            raise ValueError(
                f"{path} is at step {self.step}, beyond the {self.steps} steps asked for; "
                "name another folder, or more steps"
            )
        # A clone each: torch reads a state from the start of its storage, and a row is a view into the middle.
        mine = {name: states[self.fabric.global_rank].clone() for name, states in randoms.items()}
        self._set_rates(1.0)  # the caller's, not what a decay of the earlier run had left of them
        self.rng.set_state(mine["rng"])
        torch.random.set_rng_state(mine["torch"])
        if "cuda" in mine and self.fabric.device.type == "cuda":
            torch.cuda.set_rng_state(mine["cuda"], self.fabric.device)
        self.newest = path
        self.history = _logged_until(self.folder / METRICS, self.step)
        if self.fabric.is_global_zero:
            text = "".join(_as_json(line) + "\n" for line in self.history)
            checkpoint.write_whole(self.folder / METRICS, text.encode())

    def _diverged(self, what: str, step: int) -> str:
        last = (
            f"the last good checkpoint is {self.newest}"
            if self.newest
            else "there is no checkpoint"
        )
        return f"{what} at step {step}; {last}"

    @contextmanager
    def _bar(self, wanted: bool) -> Iterator[Callable[[Mapping[str, float]], None]]:
        console = Console(stderr=True)
        columns = (
            MofNCompleteColumn(),
            BarColumn(20),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
        )
        off = not (wanted and console.is_terminal and self.fabric.is_global_zero)
        with Progress(*columns, console=console, disable=off) as bar:
            task = bar.add_task("", total=self.steps, completed=self.step)

            def show(line: Mapping[str, float]) -> None:
                bar.update(task, completed=self.step, description=self._beside_theory(line))

            yield show

    def _beside_theory(self, line: Mapping[str, float]) -> str:
        parts = []
        for name, value in line.items():
            if name != "step":
                theory = (
                    f" (theory {self.trainee.theory[name]:.4g})"
                    if name in self.trainee.theory
                    else ""
                )
                parts.append(f"{name} {value:.4g}{theory}")
        return "  ".join(parts)


METRICS = "metrics.jsonl"
KEPT = 2
_LAUNCHED = "LT_CLI_USED"  # set by `fabric run`


def _leave() -> None:
    """End the processes' connection before the interpreter goes: gloo's threads abort a process that just exits."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _stream(*key: int) -> int:
    """The seed of a stream of its own: one seed given to several generators would make their numbers alike."""
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0])


def _writable(folder: str | Path) -> Path:
    """The folder, made where it is missing: what cannot be kept is better known before the first step."""
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"`folder` must be a folder. {path} cannot be one: {error}") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ValueError(f"`folder` must be writable. {path} is not")
    return path


def _checkpoints(folder: Path) -> list[Path]:
    pattern = re.compile(r"step-\d{9,}\.safetensors")
    files = folder.iterdir() if folder.is_dir() else ()
    return sorted((p for p in files if pattern.fullmatch(p.name)), key=lambda p: int(p.stem[5:]))


def _as_json(line: Mapping[str, float]) -> str:
    """Strict JSON: what is not finite becomes the strings "inf", "-inf", "nan"."""
    return json.dumps({k: v if math.isfinite(v) else str(v) for k, v in line.items()})


def _logged_until(path: Path, step: int) -> list[dict[str, float]]:
    """The lines up to `step`; a last line that was cut off by the kill is later than that, and dropped."""
    lines: list[dict[str, float]] = []
    for text in path.read_text().splitlines() if path.exists() else ():
        try:
            line: dict[str, Any] = json.loads(text)
        except json.JSONDecodeError:
            break
        if line["step"] > step:
            break
        lines.append({k: float(v) if isinstance(v, str) else v for k, v in line.items()})
    return lines
