"""A run as one HTML file that needs nothing else: no server, no script, no font from elsewhere.

Formulas are MathML (`mathml.py`), which every current browser sets by itself. Everything that is
not markup of these two files goes through `html.escape`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ..ledger import trusted_base
from ..symbolic.lemmas import LEMMAS
from ..words.claim import Chain, Claim
from . import mathml, signs
from .report import counterexample_line, route_line, summary_line, write_atomically
from .sentences import parts
from .show import dependents
from .statements import Definition, definitions, laid, title

if TYPE_CHECKING:
    from ..running.verify import Report

SAID = ("proved", "boxes", "points")  # words of a route that says something of a step

STYLE = """
:root { color-scheme: light dark; --line: #d5d9e0; --soft: #f4f6f9; --text: #1c2430;
  --quiet: #5d6878; --link: #1d5fbf; --good: #1a7f4b; --balls: #0b7285; --false: #8a3fa0;
  --open: #9a6700; --bad: #c62828; }
@media (prefers-color-scheme: dark) { :root { --line: #353c47; --soft: #1e242d; --text: #e4e8ee;
  --quiet: #9aa5b4; --link: #7db0f7; --good: #55c98a; --balls: #5cc8d8; --false: #cf9be0;
  --open: #e0b341; --bad: #ff7b72; } body { background: #14181e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.2rem; color: var(--text);
  font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: .4rem 0; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .5rem; }
h3 { font-size: 1.02rem; margin: 0; font-weight: 600; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
.quiet { color: var(--quiet); font-size: .9rem; }
code { font: .88em ui-monospace, monospace; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table.ledger { border-collapse: collapse; width: 100%; font-size: .92rem; }
.ledger th { text-align: left; font-weight: 600; color: var(--quiet); }
.ledger td:first-child { width: 60%; }
.ledger td, .ledger th { padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; } .ledger td.number, .ledger th.number { text-align: right; padding-right: 0; }
.badge { display: inline-block; padding: 0 .5em; border-radius: .7em; font-size: .82rem;
  border: 1px solid currentColor; white-space: nowrap; }
.both, .proved { color: var(--good); } .supported { color: var(--balls); }
.refuted { color: var(--false); } .undecided { color: var(--open); }
.unexpected { color: var(--bad); font-weight: 700; }
article { border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1.1rem; margin: .9rem 0; }
article:target { border-color: var(--link); }
.head { display: flex; gap: .8rem; justify-content: space-between; align-items: baseline; }
.steps { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .45rem .7rem;
  background: var(--soft); border-radius: .4rem; padding: .7rem .9rem; margin: .6rem 0;
  overflow-x: auto; }
.steps > div { align-self: center; } .formula { overflow-x: auto; padding: .15rem 0; }
.shown { color: var(--quiet); font-size: .88rem; } .head > :last-child { text-align: right; }
.definitions dd { margin: 0 0 .5rem 1rem; } .definitions dt { margin-top: .3rem; overflow-x: auto; }
.why { grid-column: 2; margin-top: -.45rem; } math { font-size: 1.08em; }
ul { margin: .3rem 0; padding-left: 1.2rem; }
details > summary { cursor: pointer; color: var(--quiet); font-size: .9rem; }
"""


def write_page(
    folder: Path, reports: Sequence[Report], claims: Mapping[str, Claim], seconds: float
) -> Path:
    """Write folder/index.html, making the folder; returns its path."""
    folder.mkdir(exist_ok=True)
    path = folder / "index.html"
    write_atomically(path, page(reports, claims, seconds))
    return path


def page(reports: Sequence[Report], claims: Mapping[str, Claim], seconds: float) -> str:
    """The whole document: summary, ledger by topic, trusted base, then each claim."""
    topics: dict[str, list[Report]] = {}
    for report in reports:
        topics.setdefault(report.topic, []).append(report)
    shown = {report.id: claims[report.id] for report in reports}
    unexpected = [report for report in reports if not report.ok]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>Fenchel: the ledger</title>",
        f"<style>{STYLE}</style></head><body>",
        "<h1>Fenchel: the ledger</h1>",
        f"<p>{escape(summary_line(reports, seconds))}</p>",
        f'<p class="quiet">{escape(route_line(reports))}</p>',
        '<p class="quiet">Each step of a derivation is looked at by two routes: <em>symbolic</em>, '
        "where computer algebra closes it, and <em>enclosure</em>, where ball arithmetic shows it "
        "over the whole domain (<em>boxes</em>, a proof) or encloses both sides at exact rational "
        "points (<em>points</em>, evidence). A false statement that people print is listed with its "
        "counterexample.</p>",
    ]
    if unexpected:
        links = ", ".join(_link(report.id) for report in unexpected)
        parts.append(f'<p class="unexpected">Not as expected: {links}</p>')
    parts += [_topic_table(topic, inside) for topic, inside in topics.items()]
    parts.append(_base(shown))
    for topic, inside in topics.items():
        parts.append(f"<h2>{escape(topic.capitalize())}: derivations</h2>")
        parts += [_article(report, claims[report.id], shown) for report in inside]
    parts.append("</body></html>\n")
    return "\n".join(part for part in parts if part)


def _link(name: str, text: str | None = None) -> str:
    return f'<a href="#{escape(name)}"><code>{escape(text or name)}</code></a>'


def _badge(report: Report) -> str:
    """The verdict, and beside it what the statement was shown for."""
    kind = str(report.verdict) if report.ok else "unexpected"
    note = "" if report.ok else f", expected {report.expected}"
    badge = f'<span class="badge {kind}">{report.verdict}{note}</span>'
    if not report.shown_for:
        return badge
    return f'{badge} <span class="shown">shown for {_text(report.shown_for)}</span>'


def _text(text: str) -> str:
    """A title, a note, a reason: its formulas set."""
    return mathml.sentence(parts(text))


def _topic_table(topic: str, reports: Sequence[Report]) -> str:
    rows = "\n".join(
        f"<tr><td>{_link(r.id)}<br>{mathml.sentence(title(r.claim))}</td>"
        f"<td>{_badge(r)}</td><td>{escape(r.symbolic)}</td><td>{escape(r.enclosure)}</td>"
        f'<td class="number">{r.seconds:.2f}</td></tr>'
        for r in reports
    )
    return (
        f"<h2>{escape(topic.capitalize())}</h2>\n"
        '<div class="scroll"><table class="ledger"><thead><tr><th>claim</th><th>verdict</th>'
        '<th>symbolic</th><th>enclosure</th><th class="number">seconds</th></tr></thead>\n'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _base(claims: Mapping[str, Claim]) -> str:
    base = trusted_base(claims)
    if not base:
        return ""
    items = "".join(
        f'<li id="{escape(name)}"><code>{escape(name)}</code>: {escape(LEMMAS[name].statement)} '
        f'<span class="quiet">({escape(LEMMAS[name].source)})</span>; used by '
        f"{', '.join(_link(user) for user in users)}</li>"
        for name, users in base.items()
    )
    return (
        f"<h2>The trusted base</h2><p>Classical theorems taken without proof.</p><ul>{items}</ul>"
    )


# --- one claim --------------------------------------------------------------------------------


def _article(report: Report, claim: Claim, shown: Mapping[str, Claim]) -> str:
    found = [
        f'<article id="{escape(claim.id)}">',
        f'<div class="head"><h3>{mathml.sentence(title(claim))}</h3><div>{_badge(report)}</div></div>',
        f'<div class="quiet"><code>{escape(claim.id)}</code> · {escape(claim.source)}</div>',
    ]
    if claim.note:
        found.append(f"<p>{_text(claim.note)}</p>")
    found += [_chain(link, words) for link, words in zip(claim.chains, _words(report), strict=True)]
    if meanings := definitions(claim):
        found.append(_definitions(meanings))
    if report.counterexample:
        found.append(f"<p>Counterexample: <code>{escape(counterexample_line(report))}</code></p>")
    if claim.rests_on:
        names = ", ".join(
            _link(name) if name in shown or name in LEMMAS else f"<code>{escape(name)}</code>"
            for name in claim.rests_on
        )
        found.append(f'<div class="quiet">Rests on {names}</div>')
    if users := dependents(claim, shown):
        found.append(f'<div class="quiet">On it rest {", ".join(map(_link, users))}</div>')
    if report.mutants.tried:
        tally = ", ".join(f"{n} {what}" for what, n in report.mutants.as_dict().items())
        found.append(f'<div class="quiet">Mutants: {tally}</div>')
    if report.gaps:
        gaps = "".join(f"<li><code>{escape(gap)}</code></li>" for gap in report.gaps)
        kind = "" if report.ok else " open"
        found.append(
            f"<details{kind}><summary>Why a route is silent</summary><ul>{gaps}</ul></details>"
        )
    return "\n".join([*found, "</article>"])


def _words(report: Report) -> list[list[str]]:
    """Of each chain, what the two routes say of each step; blanks where nothing was judged."""
    if not report.steps:
        return [[""] * len(link.steps) for link in report.claim.chains]
    return [
        [", ".join(w for w in (step.symbolic, step.enclosure) if w in SAID) for step in link]
        for link in report.steps
    ]


def _chain(link: Chain, words: Sequence[str]) -> str:
    chain = laid(link)
    given = "; ".join(map(mathml.sentence, chain.given))
    head = f"<strong>{_text(chain.label)}</strong> " if chain.label else ""
    rows = [f'<div></div><div class="formula">{mathml.math(chain.first)}</div>']
    for step, word in zip(chain.steps, words, strict=True):
        rows.append(
            f"<div>{escape(signs.printed(step.relation))}</div>"
            f'<div class="formula">{mathml.math(step.right)}</div>'
            f'<div class="why quiet">{mathml.sentence(step.reason)}'
            f"{f' <em>({escape(word)})</em>' if word else ''}</div>"
        )
    return (
        f'<div class="quiet">{head}{f"Given {given}" if given else ""}</div>\n'
        f'<div class="steps">{"".join(rows)}</div>'
    )


def _definitions(meanings: Sequence[Definition]) -> str:
    items = "".join(
        f"<dt>{mathml.sentence(each.said)}</dt><dd class='quiet'>{escape(each.means)}; "
        f"{escape(each.defined)}. {escape(each.source)}</dd>"
        for each in meanings
    )
    return f'<details><summary>Definitions</summary><dl class="definitions">{items}</dl></details>'
