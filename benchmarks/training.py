"""What the training loop costs: one step of `train` against a loop written by hand over the same networks.

The hand-written loop is what one would type for this game: the same networks, batch, losses and optimisers, no
progress, no checks. `train` looks at each loss and each player's gradients only reach that player's parameters.
"""

from __future__ import annotations

import torch
from rich.console import Console
from rich.table import Table
from torch.nn.functional import softplus
from torch.optim import Adam

from benchmarks.discrete import best_times
from models.gan import GAN, normal
from models.losses import losses
from models.nets import MLP
from models.train import train

STEPS, BATCH = 200, 256
PROMISED = 1.1
RATE = {"lr": 1e-3, "betas": (0.5, 0.99)}


def networks(width: int) -> tuple[MLP, MLP]:
    torch.manual_seed(0)
    return MLP(2, 2, (width, width)), MLP(2, None, (width, width))


def by_hand(generator: MLP, critic: MLP) -> None:
    """A non-saturating GAN on N(0, I), `STEPS` steps."""
    rng = torch.Generator().manual_seed(0)
    on_critic, on_generator = (
        Adam(critic.parameters(), **RATE),
        Adam(generator.parameters(), **RATE),
    )
    for _ in range(STEPS):
        real = torch.randn(BATCH, 2, generator=rng)
        with torch.no_grad():
            fake = generator(torch.randn(BATCH, 2, generator=rng))
        loss = softplus(-critic(real)).mean() + softplus(critic(fake)).mean()
        on_critic.zero_grad()
        loss.backward()
        on_critic.step()
        loss = softplus(-critic(generator(torch.randn(BATCH, 2, generator=rng)))).mean()
        on_generator.zero_grad()
        loss.backward()
        on_generator.step()


def by_train(generator: MLP, critic: MLP) -> None:
    """The same game through `GAN` and `train`, with its logging."""
    game = GAN(generator, critic, normal(2), normal(2), losses["non_saturating"], batch=BATCH)
    train(game, STEPS, progress=False)


def step() -> tuple[Table, bool]:
    table = Table(title="a GAN's training step, CPU, one thread, best of 7, milliseconds")
    for column in ("width", "by hand", "train", "ratio", "promised", ""):
        table.add_column(column, justify="right")
    kept = True
    for width in (64, 256):
        times = best_times(
            {
                "hand": lambda width=width: by_hand(*networks(width)),
                "train": lambda width=width: by_train(*networks(width)),
            }
        )
        ratio = times["train"] / times["hand"]
        kept &= ratio <= PROMISED
        milliseconds = (f"{1e3 * times[name] / STEPS:.3f}" for name in ("hand", "train"))
        mark = "ok" if ratio <= PROMISED else "OVER"
        table.add_row(str(width), *milliseconds, f"{ratio:.2f}", f"{PROMISED}", mark)
    return table, kept


def main() -> None:
    console, threads = Console(width=120), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        table, kept = step()
    finally:
        torch.set_num_threads(threads)
    console.print(table)
    if not kept:
        console.print("[bold red]a promise is not kept[/]")


if __name__ == "__main__":
    main()
