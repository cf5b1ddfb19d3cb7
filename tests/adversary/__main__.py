"""python -m tests.adversary --count 100000 --jobs 2 --seed 1 [--journal FILE]

Holds the verifier against false statements and prints what it said of each family; exits with 1
when one was accepted. With a journal a run that was cut short goes on where it stopped. `--true`
counts how many true statements are shown instead; `--show SEED/NUMBER` prints one statement.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import FAMILIES, statement
from .hunt import LIMIT, Counts, hunt, table, timed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.adversary", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000, help="how many statements")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds a statement may take")
    parser.add_argument("--journal", type=Path, help="a file that a later run goes on from")
    parser.add_argument("--blind", action="store_true",
                        help="ask the symbolic route about refuted statements too")  # fmt: skip
    parser.add_argument("--true", action="store_true", help="true statements: how many are shown")
    parser.add_argument("--show", metavar="SEED/NUMBER", help="print one statement")
    chosen = parser.parse_args()
    if chosen.show:
        number = int(chosen.show.split("/")[1])
        print(statement(list(FAMILIES)[number % len(FAMILIES)], chosen.show).source())
        return 0

    def progress(counts: Counts, finished: int) -> None:
        found = f"{finished} of {chosen.count}, accepted {len(counts.accepted)}"
        print(found, end="\r", file=sys.stderr, flush=True)

    counts, seconds = timed(
        lambda: hunt(
            chosen.seed, chosen.count, chosen.jobs, chosen.journal, limit=chosen.limit,
            blind=chosen.blind, of_truths=chosen.true, on_batch=progress,
        )
    )  # fmt: skip
    print(table(counts))
    for line in (*counts.raised, *counts.accepted):
        print(line)
    if chosen.true:
        shown = sum(tally["both"] + tally["proved"] for tally in counts.tally.values())
        print(f"seed {chosen.seed}: {shown} of {chosen.count} proved in {seconds:.0f} s")
        return 0
    print(f"seed {chosen.seed}: {len(counts.accepted)} accepted in {seconds:.0f} s")
    return 1 if counts.accepted or counts.raised else 0


if __name__ == "__main__":
    sys.exit(main())
