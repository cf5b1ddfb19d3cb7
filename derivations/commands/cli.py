"""The command `fenchel`. Heavy imports (sympy, the ledger) wait until a command needs them."""

from __future__ import annotations

import difflib
import sys
import time
from collections.abc import Iterable, Mapping
from enum import StrEnum
from importlib import metadata
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..running.verify import Report
    from ..words.claim import Claim


class Kind(StrEnum):
    """What the files of `compare` hold."""

    probabilities = "probabilities"
    samples = "samples"


app = typer.Typer(
    name="fenchel",
    help="The mathematics of deep generative models, machine-checked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        try:
            typer.echo(f"fenchel {metadata.version('fenchel')}")
        except metadata.PackageNotFoundError:
            typer.echo("fenchel, run from a folder where it is not installed")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="The version.")
    ] = False,
) -> None:
    del version


@app.command()
def verify(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", show_default=False)] = None,
    topic: Annotated[str | None, typer.Option(help="Only the claims of this topic.")] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write JSON there; - is stdout.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a page, DIR/index.html.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes.")] = None,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Try every single edit of each result.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.01, help="Seconds for one claim.")] = 60.0,
) -> None:
    """Check claims by both routes, with all that they rest on. Status 1: a verdict surprises."""
    _require_json_target(json_file)
    if html is not None:
        _require_folder(html.parent, "--html")
    from rich.console import Console

    from ..printing import report
    from ..running import verify

    claims = _ledger()
    chosen = verify.foundations(_chosen(claims, ids or [], topic), claims)
    console = Console(stderr=json_file == "-")
    started = time.monotonic()
    reports = _with_progress(console, chosen, claims, jobs, timeout, mutants)
    seconds = time.monotonic() - started
    report.print_run(console, reports, claims, seconds)
    if json_file is not None:
        text = report.as_json(reports, seconds)
        if json_file == "-":
            sys.stdout.write(text)
        else:
            report.write_atomically(Path(json_file), text)
    if html is not None:
        from ..printing.page import write_page

        report.line(console, f"wrote {write_page(html, reports, claims, seconds)}")
    if any(not each.ok for each in reports):
        raise typer.Exit(1)


@app.command("list")
def list_claims(
    topic: Annotated[str | None, typer.Option(help="Only the claims of this topic.")] = None,
) -> None:
    """The ledger: each claim's name, its title, and the verdict it expects."""
    from rich.console import Console

    from ..printing import text
    from ..printing.report import line
    from ..printing.sentences import parts
    from ..printing.show import title_text

    console = Console()
    claims = _chosen(_ledger(), [], topic)
    width = max((len(claim.id) for claim in claims), default=0)
    heading = ""
    for claim in claims:
        if claim.topic != heading:
            heading = claim.topic
            line(console, heading, "bold")
        expected = "" if claim.expected == "both" else f"  [{claim.expected}]"
        shown_for = text.sentence(parts(claim.shown_for))
        shown_for = f"  (shown for {shown_for})" if shown_for else ""
        line(console, f"  {claim.id:<{width}}  {title_text(claim)}{shown_for}{expected}")


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="ID")],
    latex: Annotated[bool, typer.Option(help="The derivation as align* environments.")] = False,
) -> None:
    """One claim: hypotheses, source, and its derivation line by line."""
    from ..printing.show import as_latex, as_text

    claims = _ledger()
    (claim,) = _chosen(claims, [name], None)
    typer.echo(as_latex(claim) if latex else as_text(claim, claims))


@app.command()
def conjugate(
    formula: Annotated[str, typer.Argument(metavar="FORMULA", help='Such as "u*log(u)".')],
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write JSON there; - is stdout.")
    ] = None,
    value_at_one: Annotated[
        str | None, typer.Option(metavar="VALUE", help="f(1), where it is not to be 0.")
    ] = None,
) -> None:
    """All that follows from a convex generator f(u): conjugate, domain, critic, range."""
    _require_json_target(json_file)
    from .conjugate import conjugate

    raise typer.Exit(conjugate(formula, json_file, value_at_one))


@app.command()
def compare(
    p: Annotated[Path, typer.Argument(metavar="P", help="A .csv or .npy file.")],
    q: Annotated[Path, typer.Argument(metavar="Q", help="Another.")],
    kind: Annotated[
        Kind | None, typer.Option("--as", help="What they hold; told from the numbers otherwise.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw both, log p/q beneath.")
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write JSON there; - is stdout.")
    ] = None,
) -> None:
    """Every divergence between two files of probabilities or samples, with bounds and errors."""
    _require_json_target(json_file)
    if plot is not None:
        _require_folder(plot.parent, "--plot")
    from .compare import compare

    raise typer.Exit(compare(p, q, kind and kind.value, plot, json_file))


# --- choosing and running ---------------------------------------------------------------------


def _ledger() -> Mapping[str, Claim]:
    from .. import ledger

    try:
        return ledger.ledger()
    except ledger.LedgerError as error:
        typer.echo(f"fenchel: {error}", err=True)
        raise typer.Exit(2) from None


def _chosen(claims: Mapping[str, Claim], ids: Iterable[str], topic: str | None) -> list[Claim]:
    """The claims asked for, in the ledger's order; a name that is not there is a usage error."""
    wanted = set(ids)
    for name in sorted(wanted - set(claims)):
        raise typer.BadParameter(_unknown("claim", name, claims), param_hint="ID")
    topics = {claim.topic: None for claim in claims.values()}
    if topic is not None and topic not in topics:
        raise typer.BadParameter(_unknown("topic", topic, topics), param_hint="--topic")
    found = [
        claim
        for name, claim in claims.items()
        if (not wanted or name in wanted) and (topic is None or claim.topic == topic)
    ]
    if not found:
        raise typer.BadParameter(f"no claim of those named is in topic {topic}", param_hint="ID")
    return found


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=4, cutoff=0.5)
    near += [other for other in names if name and name in other and other not in near][:4]
    hint = f"; did you mean {', '.join(near)}?" if near else f"; `fenchel list` shows each {kind}"
    return f"no {kind} is called {name!r}{hint}"


def _require_json_target(json_file: str | None) -> None:
    """- or nothing, or a file in a folder that is there: said before any work is done."""
    if json_file is None or json_file == "-":
        return
    _require_folder(Path(json_file).parent, "--json")
    if Path(json_file).is_dir():
        raise typer.BadParameter(
            f"{json_file} is a folder; a file is required", param_hint="--json"
        )


def _require_folder(folder: Path, option: str) -> None:
    """Said before the run, which may take a minute, and not after it."""
    if not folder.is_dir():
        raise typer.BadParameter(f"there is no folder {folder}", param_hint=option)


def _with_progress(
    console: object,
    chosen: list[Claim],
    claims: Mapping[str, Claim],
    jobs: int | None,
    timeout: float,
    mutants: bool,
) -> list[Report]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from ..running.verify import verify

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    # Where output is piped, a bar would be one garbled line: none is shown.
    with Progress(
        *columns,
        console=console,  # type: ignore[arg-type]
        transient=True,
        disable=not console.is_terminal,  # type: ignore[attr-defined]
    ) as progress:
        bar = progress.add_task("starting the workers", total=len(chosen))
        return verify(
            chosen,
            cited=claims,
            jobs=jobs,
            timeout=timeout,
            mutants=mutants,
            on_start=lambda claim: progress.update(bar, description=claim.id),
            on_result=lambda _: progress.advance(bar),
        )


def main() -> None:
    """The console entry. Ctrl-C ends with status 130, a closed pipe (`| head`) quietly."""
    for stream in (sys.stdout, sys.stderr):  # a mu where the terminal knows no greek is a "?"
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


if __name__ == "__main__":
    main()
