"""A run as one HTML file that needs nothing else: no server, no script, no font from elsewhere.

Formulas are MathML, which every current browser sets by itself. Everything that is not markup of
this file goes through `html.escape` or through a DOM writer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.precedence import PRECEDENCE

from ..ledger import trusted_base
from ..symbolic.lemmas import LEMMAS
from ..words.claim import Chain, Claim, Relation
from ..words.language import Supremum, Total
from .report import counterexample_line, summary_line, write_atomically
from .show import dependents, given_lines, reason_text

if TYPE_CHECKING:
    from ..running.verify import Report

RELATIONS = {Relation.AT_MOST: "≤", Relation.AT_LEAST: "≥"}  # others as they are

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
.both, .proved { color: var(--good); } .enclosed { color: var(--balls); }
.refuted { color: var(--false); } .undecided { color: var(--open); }
.unexpected { color: var(--bad); font-weight: 700; }
article { border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1.1rem; margin: .9rem 0; }
article:target { border-color: var(--link); }
.head { display: flex; gap: .8rem; justify-content: space-between; align-items: baseline; }
.steps { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .45rem .7rem;
  background: var(--soft); border-radius: .4rem; padding: .7rem .9rem; margin: .6rem 0;
  overflow-x: auto; }
.steps > div { align-self: center; } .formula { overflow-x: auto; padding: .15rem 0; }

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
        '<p class="quiet">Each claim is derived step by step and checked by two routes: '
        "<em>symbolic</em>, where computer algebra closes every step, and <em>enclosure</em>, where "
        "ball arithmetic encloses both sides at exact rational points. A false statement that "
        "people print is listed with its counterexample.</p>",
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
    kind = str(report.verdict) if report.ok else "unexpected"
    note = "" if report.ok else f", expected {report.expected}"
    return f'<span class="badge {kind}">{report.verdict}{note}</span>'


def _topic_table(topic: str, reports: Sequence[Report]) -> str:
    rows = "\n".join(
        f"<tr><td>{_link(r.id)}<br><span class='quiet'>{escape(r.title)}</span></td>"
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
    parts = [
        f'<article id="{escape(claim.id)}">',
        f'<div class="head"><h3>{escape(claim.title)}</h3>{_badge(report)}</div>',
        f'<div class="quiet"><code>{escape(claim.id)}</code> · {escape(claim.source)}</div>',
    ]
    if claim.note:
        parts.append(f"<p>{escape(claim.note)}</p>")
    parts += [_chain(link) for link in claim.chains]
    if report.counterexample:
        parts.append(f"<p>Counterexample: <code>{escape(counterexample_line(report))}</code></p>")
    if claim.rests_on:
        names = ", ".join(
            _link(name) if name in shown or name in LEMMAS else f"<code>{escape(name)}</code>"
            for name in claim.rests_on
        )
        parts.append(f'<div class="quiet">Rests on {names}</div>')
    if users := dependents(claim, shown):
        parts.append(f'<div class="quiet">On it rest {", ".join(map(_link, users))}</div>')
    if report.mutants.tried:
        tally = ", ".join(f"{n} {what}" for what, n in report.mutants.as_dict().items())
        parts.append(f'<div class="quiet">Mutants: {tally}</div>')
    if report.gaps:
        gaps = "".join(f"<li><code>{escape(gap)}</code></li>" for gap in report.gaps)
        kind = "" if report.ok else " open"
        parts.append(
            f"<details{kind}><summary>Why a route is silent</summary><ul>{gaps}</ul></details>"
        )
    return "\n".join([*parts, "</article>"])


def _chain(link: Chain) -> str:
    given = ", ".join(map(escape, given_lines(link)))
    head = f"<strong>{escape(link.label)}</strong> " if link.label else ""
    rows = [f'<div></div><div class="formula">{mathml(link.first)}</div>']
    for step in link.steps:
        why = "; ".join(filter(None, (step.why, reason_text(step.by))))
        rows.append(
            f"<div>{escape(RELATIONS.get(step.relation, step.relation))}</div>"
            f'<div class="formula">{mathml(step.right)}</div>'
            f'<div class="why quiet">{escape(why)}</div>'
        )
    return (
        f'<div class="quiet">{head}{f"Given {given}" if given else ""}</div>\n'
        f'<div class="steps">{"".join(rows)}</div>'
    )


class _Printer(MathMLPresentationPrinter):
    """sympy's own, with this project's two operators, and parentheses where they need them."""

    def _element(self, name: str, *children: Any) -> Any:
        node = self.dom.createElement(name)
        for child in children:
            node.appendChild(child)
        return node

    def _text(self, name: str, text: str) -> Any:
        return self._element(name, self.dom.createTextNode(text))

    def _print_Total(self, expr: Total) -> Any:
        operator = self._element("munder", self._text("mo", "∑"), self._text("mi", "x"))
        return self._element("mrow", operator, self._bracketed(expr.term))

    def _print_Supremum(self, expr: Supremum) -> Any:
        lower, upper = expr.bounds
        scope = [self._print(lower), self._text("mo", "<"), self._print(expr.variable)]
        if upper is not sp.oo:
            scope += [self._text("mo", "<"), self._print(upper)]
        under = self._element("mrow", *scope)
        operator = self._element("munder", self._text("mo", "sup"), under)
        return self._element("mrow", operator, self._bracketed(expr.objective))

    def parenthesize(self, item: sp.Expr, level: int, strict: bool = False) -> Any:
        if isinstance(item, Total | Supremum) and level > PRECEDENCE["Mul"]:
            return self._fenced("(", self._print(item), ")")  # (sum of x)^2, not sum of x^2
        return super().parenthesize(item, level, strict)

    def _print_Piecewise(self, expr: sp.Piecewise) -> Any:
        rows = []
        for value, condition in expr.args:
            if condition == sp.true:
                when = [self._text("mtext", "otherwise")]
            else:
                when = [self._text("mtext", "if\u00a0"), self._print(condition)]
            cells = (self._print(value), self._element("mrow", *when))
            rows.append(self._element("mtr", *(self._element("mtd", cell) for cell in cells)))
        return self._fenced("{", self._element("mtable", *rows), "")

    def _fenced(self, left: str, inside: Any, right: str) -> Any:
        return self._element("mrow", self._text("mo", left), inside, self._text("mo", right))

    def _bracketed(self, expr: sp.Expr) -> Any:
        inside = self._print(expr)
        if not isinstance(expr, sp.Add):
            return inside
        return self._fenced("(", inside, ")")


def mathml(expr: sp.Expr) -> str:
    """`expr` as presentation MathML; as plain text where sympy's printer does not know a node."""
    try:
        printer = _Printer({"mul_symbol": "", "ln_notation": False})
        node = printer._print(expr)
        _escape_texts(node)
        body = node.toxml()
    except Exception:  # a printer may fail anywhere inside, and a page must still be written
        return f"<code>{escape(str(expr))}</code>"
    # An empty operator is sympy's invisible product; its double-struck e is not everyone's taste.
    body = body.replace("<mo></mo>", '<mspace width="0.15em"></mspace>')
    body = body.replace("&ExponentialE;", "e").replace("&dd;", "d")
    return f'<math displaystyle="true">{body}</math>'


def _escape_texts(node: Any) -> None:
    """sympy writes text nodes as they are, so that it can write entities; a "<" must not be."""
    for child in node.childNodes:
        if child.nodeType == child.TEXT_NODE:
            child.data = child.data.replace("<", "&lt;").replace(">", "&gt;")
        else:
            _escape_texts(child)
