"""```` ```conjugates ````: the table of conjugates, from the catalogue, with what the published one loses.

Everything in a row is derived by `FDivergence` from the generator; only the published activation and the
remark on it are as the catalogue has them. The conjugate's badge is its claim's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import sympy as sp

from derivations.claim import Chain, Choice
from derivations.printing.signs import readable
from divergences.fdivergence import FDivergence
from divergences.generators import Family, catalogue

from . import formulas
from .blocks import Block
from .claim_block import badge
from .names import shown

if TYPE_CHECKING:
    from .chapter import Chapter

COLUMNS = ("divergence", "f(u)", "f*(t)", "dom f*", "critic f′(eᵛ)", "published activation")
MISPRINTS = {"jensen_shannon": ("misprint-js-row",)}  # besides those whose id has the row's name

BRANCHES = {"below": "below-one", "above": "above-one"}  # as the claims' ids have them


@dataclass(frozen=True)
class Member:
    """A row, or one branch of a family: the divergence, and what its claims' ids end in."""

    title: str
    row: str
    slug: str
    f: FDivergence


def members() -> Iterator[Member]:
    """Rows as they are, families branch by branch, or at their example where they have no branches."""
    for name, entry in catalogue.items():
        title, slug = shown(name), name.replace("_", "-")
        if not isinstance(entry, Family):
            yield Member(title, name, slug, entry)
        elif not entry.branches:
            value = entry.row.example
            yield Member(f"{title}, {entry.parameter} = {value}", name, slug, entry(value))
        else:
            yield from _branches(entry, title, slug)


def _branches(family: Family, title: str, slug: str) -> Iterator[Member]:
    for branch in family.row.branches:
        low, high = ("" if end in ("oo", "-oo") else end for end in (branch.low, branch.high))
        between = f"{low}{' < ' if low else ''}{family.parameter}{' < ' if high else ''}{high}"
        end = f"-{BRANCHES.get(branch.name, branch.name)}" if len(family.branches) > 1 else ""
        f = family.symbolic(branch.name)
        yield Member(f"{title}, {between}", family.name, slug + end, f)


def conjugates(block: Block, chapter: Chapter) -> str:
    block.arguments(0)
    head = "".join(f"<th scope='col'>{name}</th>" for name in COLUMNS)
    everything = list(members())
    following = [*everything[1:], None]
    rows = "".join(
        _row(member, chapter, last=after is None or after.row != member.row)
        for member, after in zip(everything, following, strict=True)
    )
    return (
        f'<div class="conjugates scroll" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"{rows}</table></div>"
    )


def _row(member: Member, chapter: Chapter, last: bool) -> str:
    """The row and, below it, its remarks; a family's are below its last branch."""
    f, site = member.f, chapter.site
    name = f"conjugate-{member.slug}"
    proof = (
        badge(site.run.verdicts[name], chapter.link(f"ledger/{name}.md"))
        if name in site.claims
        else ""
    )
    conjugate = "no closed form" if f.conjugate is None else chapter.math(_pieces(f.conjugate))
    activation = f.published_activation
    cells = (
        chapter.math(formulas.formula(f.expression)),
        f"{conjugate} {proof}",
        chapter.math(_set(f.conjugate_domain)),
        chapter.math(formulas.formula(f.critic)),
        chapter.math(formulas.formula(activation.expression)) if activation else "none",
    )
    body = "".join(
        f'<td data-label="{label}">{cell}</td>'
        for label, cell in zip(COLUMNS[1:], cells, strict=True)
    )
    first = f"<tr><th scope='row'>{escape(member.title)}</th>{body}</tr>"
    lost = " ".join([*_at_its_end(member, chapter), *(_lost(member, chapter) if last else ())])
    below = f'<tr class="lost"><td colspan="{len(COLUMNS)}">{lost}</td></tr>' if lost else ""
    return f"<tbody>{first}{below}</tbody>"


def _lost(member: Member, chapter: Chapter) -> Iterator[str]:
    """What the published table says otherwise, or wrongly."""
    f, claims = member.f, chapter.site.claims
    if f.published_factor not in (None, 1):
        yield f"The published generator is this one times {f.published_factor}."
    if f.row is not None and f.row.note:
        note = readable(f.row.note)
        yield f"{escape(note[0].upper() + note[1:])}."
    about = re.compile(rf"misprint-(critic-)?{member.row.replace('_', '-')}-?(conjugate)?")
    false = [c for c in claims if about.fullmatch(c)]
    false += [c for c in MISPRINTS.get(member.row, ()) if c in claims]
    if false:
        yield f"Refuted as printed: {', '.join(_link(name, chapter) for name in false)}."


def _at_its_end(member: Member, chapter: Chapter) -> Iterator[str]:
    """The value at the end of the domain, which a table that prints an open interval loses."""
    name, claims = f"conjugate-domain-{member.slug}", chapter.site.claims
    if name in claims and (values := [v for link in claims[name].chains for v in _at_end(link)]):
        yield f"At the end of its domain, {chapter.text('; '.join(values))} ({_link(name, chapter)})."


def _at_end(link: Chain) -> Iterator[str]:
    """The value of f* at the point that this chain is about, where it is about one."""
    for symbol, domain in link.given.items():
        if symbol.name == "t" and isinstance(domain, Choice) and len(domain.values) == 1:
            at = formulas.formula(sp.sympify(domain.values[0]))
            yield f"$f^*({at}) = {formulas.formula(link.last)}$"


def _link(name: str, chapter: Chapter) -> str:
    return f'<a href="{chapter.link(f"ledger/{name}.md")}">{name}</a>'


def _pieces(expr: sp.Expr) -> str:
    """Without the piece that only says oo elsewhere: the domain has its own column."""
    if isinstance(expr, sp.Piecewise):
        kept = [(value, when) for value, when in expr.args if value is not sp.oo]
        if len(kept) == 1:
            return formulas.formula(kept[0][0])
        rows = r" \\ ".join(rf"{formulas.formula(value)} & {_when(when)}" for value, when in kept)
        return rf"\begin{{cases}} {rows} \end{{cases}}"
    return formulas.formula(expr)


def _when(condition: sp.Basic) -> str:
    return r"\text{otherwise}" if condition == sp.true else formulas.formula(condition)


def _set(domain: sp.Set) -> str:
    if domain == sp.S.Reals:
        return r"\mathbb{R}"
    return formulas.formula(domain)
