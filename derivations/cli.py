"""The entry of the command `fenchel` (see `commands/cli.py`)."""

from .commands.cli import app, main

__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
