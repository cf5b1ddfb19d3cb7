"""The ledger's pages, which nobody types: one a claim, the index, and the trusted base.

Each is a page of Markdown with one mark in it, so that it goes the same way as a chapter and comes
out with the site's frame; its title is a claim's, its body is made here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from derivations.claim import Claim
from derivations.ledger import trusted_base
from derivations.printing import signs, text
from derivations.printing.sentences import parts
from derivations.printing.show import dependents
from derivations.printing.statements import title
from derivations.symbolic.lemmas import LEMMAS

from . import oracles
from .blocks import Block
from .claim_block import MEANS, WORDS, badge, chain, meanings, shown_for
from .verdicts import Verdict

if TYPE_CHECKING:
    from .chapter import Chapter


def pages(claims: dict[str, Claim]) -> dict[str, str]:
    """The Markdown of every page by its path in docs."""
    found = {f"ledger/{name}.md": _page(claim) for name, claim in claims.items()}
    found["ledger/index.md"] = "# The ledger\n\n```ledger-index\n```\n"
    found["ledger/trusted.md"] = "# The trusted base\n\n```trusted-base\n```\n"
    return found


def _page(claim: Claim) -> str:
    """The heading is set by the block, since its formulas have no place in Markdown's."""
    plain = text.sentence(title(claim), signs.printed)
    front = f"---\ntitle: {json.dumps(plain, ensure_ascii=False)}\nhide:\n  - toc\n---\n"
    return f"{front}\n```ledger-entry {claim.id}\n```\n"


# --- one claim --------------------------------------------------------------------------------


def entry(block: Block, chapter: Chapter) -> str:
    """Everything that the ledger knows of one claim."""
    (name,) = block.arguments(1)
    site = chapter.site
    claim, verdict = site.claims[name], site.run.verdicts[name]
    found = [
        f'<div class="entry"><h1>{chapter.sentence(title(claim))}</h1>'
        f'<p class="quiet"><code>{escape(name)}</code> · {escape(claim.topic)} · '
        f'<a href="{chapter.link("ledger/index.md")}">all claims</a></p>',
        _verdict_table(claim, verdict, chapter),
    ]
    if claim.note:
        found.append(f"<p>{chapter.sentence(parts(claim.note))}</p>")
    if verdict.counterexample:
        found.append(_counterexample(verdict))
    heading = "What is refuted" if verdict.counterexample else "Derivation"
    chains = "".join(
        chain(claim, verdict, n, True, chapter) for n in range(1, len(claim.chains) + 1)
    )
    found.append(f"<h2>{heading}</h2>{chains}{meanings(claim, chapter)}")
    found += _graph(claim, chapter)
    if verdict.gaps:
        gaps = "".join(f"<li><code>{escape(gap)}</code></li>" for gap in verdict.gaps)
        found.append(f"<details><summary>Why a route is silent</summary><ul>{gaps}</ul></details>")
    found.append(
        f"<p class='quiet'>Check it yourself: <code>fenchel verify {escape(name)}</code></p></div>"
    )
    return "".join(found)


def _verdict_table(claim: Claim, verdict: Verdict, chapter: Chapter) -> str:
    explained = chapter.link("verifier.md")
    rows = (
        ("verdict", f"{badge(verdict, explained)} {MEANS[verdict.verdict]}"),
        *([("shown for", chapter.sentence(parts(claim.shown_for)))] if claim.shown_for else []),
        ("symbolic", f'<a href="{explained}#symbolic">{verdict.routes["symbolic"]}</a>'),
        ("enclosure", f'<a href="{explained}#enclosure">{verdict.routes["enclosure"]}</a>'),
        ("source", source(claim.source, chapter)),
    )
    body = "".join(f"<tr><th scope='row'>{name}</th><td>{cell}</td></tr>" for name, cell in rows)
    return f'<table class="facts"><tbody>{body}</tbody></table>'


def source(text: str, chapter: Chapter) -> str:
    """The source as the claim states it, linked to its entry in the bibliography."""
    if found := chapter.site.bibliography.named_in(text):
        return f'<a href="{chapter.link("references.md")}#ref-{found.key}">{escape(text)}</a>'
    return escape(text)


def _counterexample(verdict: Verdict) -> str:
    found = verdict.counterexample
    point = ", ".join(f"{k} = {v}" for k, v in found["point"].items())
    where = f"At {point}, exactly:" if point else "There is no variable:"
    rows = "".join(
        f"<tr><th scope='row'>{side} side lies in</th><td><code>{escape(found[side])}</code></td></tr>"
        for side in ("left", "right")
    )
    return (
        f'<div class="counterexample"><h2>Counterexample</h2><p>{escape(where)}</p>'
        f'<div class="scroll" tabindex="0"><table class="facts"><tbody>{rows}</tbody></table></div>'
        f"<p>so that left {escape(found['relation'])} right is false "
        f"(derivation {found['chain']}, step {found['step']}).</p></div>"
    )


def _graph(claim: Claim, chapter: Chapter) -> Iterator[str]:
    claims = chapter.site.claims
    if claim.rests_on:
        items = "".join(f"<li>{_named(name, chapter)}</li>" for name in claim.rests_on)
        yield f"<h2>Rests on</h2><ul>{items}</ul>"
    if users := dependents(claim, claims):
        items = "".join(f"<li>{_named(name, chapter)}</li>" for name in users)
        yield f"<h2>On it rest</h2><ul>{items}</ul>"


def _named(name: str, chapter: Chapter) -> str:
    if name in LEMMAS:
        href = f"{chapter.link('ledger/trusted.md')}#{name}"
        return (
            f'lemma <a href="{href}">{name}</a>: {chapter.sentence(parts(LEMMAS[name].statement))}'
        )
    said = chapter.sentence(title(chapter.site.claims[name]))
    return f'<a href="{chapter.link(f"ledger/{name}.md")}">{name}</a>: {said}'


# --- the index and the base -------------------------------------------------------------------


def index(block: Block, chapter: Chapter) -> str:
    """Every claim by topic, with the summary of the run; a filter by words and verdict."""
    block.arguments(0)
    site = chapter.site
    counts = site.run.summary
    tally = ", ".join(f"{counts[v]} {WORDS[v]}" for v in WORDS if counts[v])
    topics: dict[str, list[Claim]] = {}
    for claim in site.claims.values():
        topics.setdefault(claim.topic, []).append(claim)
    verdicts = "".join(f'<option value="{v}">{WORDS[v]}</option>' for v in WORDS if counts[v])
    choice = "".join(f'<option value="{t}">{t}</option>' for t in topics)
    sections = "".join(_section(topic, inside, chapter) for topic, inside in topics.items())
    return (
        f"<p>{counts['claims']} claims: {tally}. {_routes(counts)} Every verdict is that of the run "
        "which built this page; the refuted ones are false statements that people print or make, each with its "
        "counterexample.</p>"
        '<form class="filter" role="search" hidden><label>Words <input id="ledger-words" type="search" '
        'autocomplete="off"></label><label>Topic <select id="ledger-topic"><option value="">all</option>'
        f'{choice}</select></label><label>Verdict <select id="ledger-verdict"><option value="">all</option>'
        f'{verdicts}</select></label><output id="ledger-count"></output></form>{sections}'
        f'<script src="{chapter.link("assets/js/ledger.js")}" defer></script>'
    )


def _routes(counts: dict[str, Any]) -> str:
    """Of how many claims the routes say what, by the weakest step."""
    symbolic, enclosure = counts["routes"]["symbolic"], counts["routes"]["enclosure"]
    return (
        f"The symbolic route closes every step of {symbolic['proved']}; the enclosure route shows every step "
        f"of {enclosure['boxes']} over the whole domain, and of {enclosure['points']} more at points at least."
    )


def _section(topic: str, claims: list[Claim], chapter: Chapter) -> str:
    verdicts = chapter.site.run.verdicts
    rows = "".join(
        f'<tr data-topic="{topic}" data-verdict="{verdicts[c.id].verdict}"><td>'
        f'<a href="{chapter.link(f"ledger/{c.id}.md")}">{chapter.sentence(title(c))}</a>'
        f'<br><code class="quiet">{c.id}</code>{shown_for(c, chapter)}</td>'
        f"<td>{badge(verdicts[c.id], chapter.link(f'ledger/{c.id}.md'))}</td></tr>"
        for c in claims
    )
    return (
        f'<section class="topic"><h2 id="{topic}">{topic.capitalize()}</h2><table class="ledger"><thead>'
        f"<tr><th scope='col'>claim</th><th scope='col'>verdict</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></section>"
    )


def base(block: Block, chapter: Chapter) -> str:
    """Each lemma, its source, and the claims that name it; then the count of `oracles`."""
    block.arguments(0)
    users = trusted_base(chapter.site.claims)
    items = "".join(
        f'<dt id="{name}"><code>{name}</code></dt><dd>{chapter.sentence(parts(LEMMAS[name].statement))}.<br>'
        f'<span class="quiet">{source(LEMMAS[name].source, chapter)}. Used by '
        + ", ".join(f'<a href="{chapter.link(f"ledger/{u}.md")}">{u}</a>' for u in claims)
        + "</span></dd>"
        for name, claims in users.items()
    )
    number = f"{len(users)} classical theorem{'s' * (len(users) != 1)}"
    return (
        f"<p>The ledger takes {number} on trust. A step that names one is accepted by the symbolic route "
        "only where it is an instance of that theorem, its side conditions included. A claim may also name "
        "one that closes no step and only connects its formula with what it is read as.</p>"
        f'<dl class="lemmas">{items}</dl><h2>How many claims rest on what</h2>{_counts(chapter)}'
        f"<p>What besides has to be right for a verdict to be right is said in "
        f'<a href="{chapter.link("verifier.md")}#what-is-trusted">how the verifier works</a>.</p>'
    )


def oracle_counts(block: Block, chapter: Chapter) -> str:
    block.arguments(0)
    return _counts(chapter)


def _counts(chapter: Chapter) -> str:
    """A row for each oracle and lemma: how many claims of each verdict rest on it."""
    claims, verdicts = chapter.site.claims, chapter.site.run.verdicts
    rows = [
        *oracles.counts(claims, verdicts),
        ("a step whose only proof is over boxes", oracles.boxes_alone(claims, verdicts)),
        *(
            (f"lemma {name}", oracles.lemma(name, claims, verdicts))
            for name in trusted_base(claims)
        ),
    ]
    head = "".join(f"<th scope='col'>{WORDS[verdict]}</th>" for verdict in oracles.SHOWN)
    body = "".join(
        f"<tr><th scope='row'>{escape(name)}</th>"
        + "".join(f"<td>{numbers[verdict]}</td>" for verdict in oracles.SHOWN)
        + "</tr>"
        for name, numbers in rows
    )
    return (
        '<div class="scroll" tabindex="0"><table class="readouts"><caption>Claims that rest on it in one '
        "step at least, by verdict</caption><thead><tr><th scope='col'>what is trusted</th>"
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


BLOCKS: dict[str, Callable[[Block, Chapter], str]] = {
    "ledger-entry": entry,
    "ledger-index": index,
    "trusted-base": base,
    "oracles": oracle_counts,
}
