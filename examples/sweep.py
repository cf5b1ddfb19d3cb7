"""Run an experiment over many settings and seeds, on this machine or on a dask cluster, into one JSON-lines file.

    python examples/sweep.py divergence_estimation --vary divergence=kl,pearson --seeds 0:5 --out results.jsonl
    python examples/sweep.py mode_coverage --vary loss=hinge,minimax --seeds 0,7 --out r.jsonl -- --steps 500
    python examples/sweep.py flow --seeds 0:20 --out r.jsonl --scheduler tcp://head:8786

Each task is one run of the experiment's script in a process of its own: a run that is killed costs its own task a
retry and nothing else, whatever else is running. A finished task is one line, written whole; the same command again
does only what is missing. What an experiment itself refuses (a wrong flag, a loss that became nan) is kept as a line
with its message, is not retried, and is tried afresh by the next sweep. A cluster's workers must see the project at
the same path; joblib hands the tasks out, and dask moves those of a worker that died to another one.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed, parallel_config
from rich.console import Console
from rich.progress import track
from rich.table import Table

from models.checkpoint import write_whole

FOLDER = Path(__file__).resolve().parent
Task = dict[
    str, Any
]  # experiment, seed, settings, flags: what makes the task, as it stands in its line


def perform(task: Task, folder: Path, retries: int) -> dict[str, Any]:
    """Run one task in its own process, again where it was killed; its line, with "rows" or with "failed"."""
    flags = [f"--{name}={value}" for name, value in task["settings"].items()]
    script = folder / f"{task['experiment']}.py"
    for attempt in range(1, retries + 2):
        with tempfile.TemporaryDirectory(prefix="sweep-") as out:
            command = [
                sys.executable,
                script,
                f"--seed={task['seed']}",
                *flags,
                *task["flags"],
                "--out",
                out,
            ]
            done = subprocess.run(
                command,
                cwd=folder.parent,
                env=os.environ | {"PYTHONPATH": str(folder.parent), "OMP_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
            )
            if done.returncode == 0:
                content = json.loads((Path(out) / f"{task['experiment']}.json").read_text())
                found = {"rows": content["rows"], "seconds": content["seconds"]}
                return task | found | {"attempts": attempt}
        if done.returncode > 0:  # its own doing: the same again would end the same
            break
    ended = (
        f"exit status {done.returncode}"
        if done.returncode > 0
        else f"killed by signal {-done.returncode}"
    )
    last = (done.stderr.strip().splitlines() or [""])[-1]
    return task | {"failed": f"{ended}: {last}", "attempts": attempt}


def key(line: Task) -> str:
    """What tells one task from another."""
    return json.dumps(
        [line["experiment"], line["seed"], sorted(line["settings"].items()), line["flags"]]
    )


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a results file; a last one that was cut off is dropped, from the file as well.

    Raises ValueError, with the file left as it is, where any other line is no result of a sweep.
    """
    if not path.exists():
        return []
    text = path.read_text()
    whole, end, torn = text.rpartition("\n")
    lines = []
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            lines.append(json.loads(line))
            key(lines[-1])
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise ValueError(
                f"{path}, line {number}, is no result of a sweep: {line[:60]!r}"
            ) from None
    if torn:
        write_whole(path, (whole + end).encode())
    return lines


def append(path: Path, line: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(line, allow_nan=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def sweep(
    tasks: Sequence[Task],
    path: Path,
    *,
    folder: Path = FOLDER,
    jobs: int,
    retries: int,
    scheduler: str | None,
) -> int:
    """Do what is missing in `path`; the number of tasks that failed."""
    finished = {key(line) for line in read(path) if "rows" in line}
    missing = [task for task in tasks if key(task) not in finished]
    console = Console(stderr=True)
    console.print(
        f"{len(tasks)} tasks, {len(tasks) - len(missing)} of them done before", highlight=False
    )
    failures = 0
    with _where(scheduler):
        # Threads, as each task is a process already; one task at a time, so that a lost worker loses one.
        backend = {} if scheduler else {"backend": "threading"}
        parallel = Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered", **backend)
        lines = parallel(delayed(perform)(task, folder, retries) for task in missing)
        for line in track(lines, total=len(missing), console=console, description=""):
            append(path, line)
            if "failed" in line:
                failures += 1
                console.print(f"{_named(line)}: {line['failed']}", highlight=False, markup=False)
    return failures


def _where(scheduler: str | None) -> AbstractContextManager[Any]:
    """The cluster at this address, or this machine."""
    if scheduler is None:
        return nullcontext()
    from distributed import Client

    client = Client(scheduler, timeout="20s")
    return parallel_config(backend="dask", client=client)


def _named(line: Task) -> str:
    settings = "".join(f", {name} {value}" for name, value in line["settings"].items())
    return f"{line['experiment']}{settings}, seed {line['seed']}"


def summary(lines: Sequence[dict[str, Any]]) -> Table:
    """For each setting and quantity: theory, and the mean and standard deviation over seeds."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        settings = ", ".join(map(str, line["settings"].values()))
        for row in line.get("rows", ()):
            groups[settings, row["quantity"]].append(row)
    table = Table("", "", "theory", "mean", "standard deviation", "seeds", "agree")
    for (settings, quantity), rows in groups.items():
        values = [float(row["measured"]) for row in rows]
        mean = math.fsum(values) / len(values)
        spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / max(len(values) - 1, 1))
        agree = sum(row["agrees"] is not False for row in rows)
        theory = float(rows[0]["theory"])
        cells = (f"{theory:.4g}", f"{mean:.4g}", f"{spread:.2g}" if len(rows) > 1 else "")
        table.add_row(settings, quantity, *cells, str(len(rows)), f"{agree} of {len(rows)}")
    return table


def seeds(text: str) -> list[int]:
    """ "0:5" is 0, 1, 2, 3, 4; "0,7" is 0 and 7."""
    try:
        if ":" in text:
            first, last = text.split(":")
            found = list(range(int(first), int(last)))
        else:
            found = [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a range 0:5 nor a list 0,7"
        ) from None
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is empty")
    return found


def varied(text: str) -> tuple[str, list[str]]:
    name, sign, values = text.partition("=")
    if not (name and sign and all(values.split(","))):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form flag=value,value")
    return name, values.split(",")


def experiments(folder: Path) -> list[str]:
    """The scripts of a folder that are experiments: neither this one nor what they share."""
    scripts = [p for p in folder.glob("[!_]*.py") if p.resolve() != Path(__file__).resolve()]
    return sorted(p.stem for p in scripts if "_experiment import" in p.read_text())


def tasks_of(options: argparse.Namespace) -> Iterator[Task]:
    names = [name for name, _ in options.vary]
    for values in itertools.product(*(values for _, values in options.vary)):
        for seed in options.seeds:
            settings = dict(zip(names, values, strict=True))
            yield {
                "experiment": options.experiment,
                "seed": seed,
                "settings": settings,
                "flags": options.flags,
            }


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    cut = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(description="Run an experiment over many settings and seeds.")
    parser.add_argument(
        "experiment", help="an experiment's name: " + ", ".join(experiments(FOLDER))
    )
    parser.add_argument(
        "--vary", type=varied, action="append", default=[], help="flag=value,value,...; repeatable"
    )
    parser.add_argument("--seeds", type=seeds, default=[0], help="0:5 or 0,7 (0)")
    parser.add_argument("--out", type=Path, required=True, help="the JSON-lines file to add to")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="tasks at a time on this machine"
    )
    parser.add_argument(
        "--retries", type=int, default=2, help="of a task whose process was killed (2)"
    )
    parser.add_argument("--scheduler", help="a dask scheduler's address, tcp://host:port")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where the experiments are (beside this script)"
    )
    parser.epilog = "What follows -- is passed on to the experiment, as in: -- --quick"
    options = parser.parse_args(given[:cut])
    options.flags = given[cut + 1 :]
    options.folder = options.folder.resolve()
    known = experiments(options.folder)
    if options.experiment not in known:
        near = difflib.get_close_matches(options.experiment, known, n=3) or known
        parser.error(
            f"there is no experiment {options.experiment!r}; did you mean {' or '.join(near)}?"
        )
    if options.jobs < 1 or options.retries < 0:
        parser.error("--jobs must be at least 1 and --retries at least 0")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    tasks = list(tasks_of(options))
    try:
        failures = sweep(
            tasks,
            options.out,
            folder=options.folder,
            jobs=options.jobs,
            retries=options.retries,
            scheduler=options.scheduler,
        )
        wanted = {key(task) for task in tasks}
        Console().print(summary([line for line in read(options.out) if key(line) in wanted]))
    except (ValueError, OSError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
