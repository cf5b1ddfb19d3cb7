"""`[@nowozin2016]`, `[@nowozin2016, Table 6]`, `[@a; @b]`: from docs/references.bib, listed at the page's end."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .blocks import Block
from .errors import SiteError

if TYPE_CHECKING:
    from .chapter import Chapter

CITATION = re.compile(r"\[(@[^\[\]]+)\]")
VENUE = ("journal", "booktitle", "publisher", "howpublished")  # the first that an entry has


@dataclass(frozen=True)
class Entry:
    """One work, as a list of references prints it."""

    key: str
    surnames: tuple[str, ...]
    names: tuple[str, ...]  # J. Surname
    year: str
    title: str
    venue: str
    link: str

    @property
    def short(self) -> str:
        """Author and year: one, two, or the first of many."""
        first, *rest = self.surnames
        with_others = f"{first} et al." if len(rest) > 1 else " and ".join(self.surnames)
        return f"{with_others} {self.year}"

    @property
    def html(self) -> str:
        title = f"<cite>{escape(self.title)}</cite>"
        stop = "" if self.title.endswith(("?", "!")) else "."
        if self.link:
            title = f'<a href="{escape(self.link)}">{title}</a>'
        return f"{escape(', '.join(self.names))} ({self.year}). {title}{stop} {escape(self.venue)}."


class Bibliography:
    """The entries of one .bib file, by key, in the order of first author and year."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def entries(self) -> dict[str, Entry]:
        from pybtex.database import parse_file

        found = [_entry(key, entry) for key, entry in parse_file(str(self.path)).entries.items()]
        return {
            e.key: e for e in sorted(found, key=lambda e: (e.surnames[0].lower(), e.year, e.key))
        }

    def citation(self, found: re.Match[str], cited: dict[str, None]) -> str:
        """The HTML of one `[@...]`; its keys are added to `cited`. Raises on a key that is not there."""
        links = []
        for each in found[1].split(";"):
            key, _, where = (part.strip() for part in each.strip().removeprefix("@").partition(","))
            if key not in self.entries:
                near = difflib.get_close_matches(key, self.entries, n=4, cutoff=0.4)
                hint = f"; did you mean {', '.join(near)}?" if near else ""
                raise SiteError(f"{self.path.name} has no entry {key!r}{hint}")
            cited[key] = None
            text = escape(self.entries[key].short + (f", {where}" if where else ""))
            links.append(f'<a class="citation" href="#ref-{key}">{text}</a>')
        return f"({'; '.join(links)})"

    def listed(self, keys: Iterable[str]) -> str:
        """The works as a list, in the bibliography's order."""
        wanted = set(keys)
        items = (
            f'<li id="ref-{e.key}">{e.html}</li>' for e in self.entries.values() if e.key in wanted
        )
        return f'<ul class="references">{"".join(items)}</ul>'

    def named_in(self, source: str) -> Entry | None:
        """The entry that a claim's or a lemma's `source` begins with: first surname, and year."""
        words = plain(source.removeprefix("printed in "))
        for entry in self.entries.values():
            if words.startswith(plain(entry.surnames[0])) and f"({entry.year})" in source:
                return entry
        return None


def plain(text: str) -> str:
    """Without accents, as sources in the code are typed."""
    parts = unicodedata.normalize("NFKD", text.replace("ø", "o"))
    return "".join(c for c in parts if not unicodedata.combining(c))


def _entry(key: str, entry: Any) -> Entry:
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    missing = [name for name in ("title", "year") if name not in entry.fields]
    if missing or not people:
        raise SiteError(f"entry {key} lacks {', '.join(missing) or 'author'}")
    fields = {name: value.replace("{", "").replace("}", "") for name, value in entry.fields.items()}
    surnames = tuple(" ".join([*p.prelast_names, *p.last_names]).strip("{}") for p in people)
    initials = (" ".join(f"{n[0]}." for n in [*p.first_names, *p.middle_names]) for p in people)
    venue = next((fields[name] for name in VENUE if name in fields), "")
    details = [venue, *(fields[n] for n in ("volume", "note") if n in fields)]
    link = fields.get("url", "")
    if "doi" in fields:
        link = f"https://doi.org/{fields['doi']}"
    if "eprint" in fields:
        link = f"https://arxiv.org/abs/{fields['eprint']}"
        details.append(f"arXiv:{fields['eprint']}")
    names = tuple(f"{i} {s}".strip() for i, s in zip(initials, surnames, strict=True))
    venue = ", ".join(filter(None, details))
    return Entry(key, surnames, names, fields["year"], fields["title"], venue, link)


def bibliography(block: Block, chapter: Chapter) -> str:
    """```` ```bibliography ````: every entry of the file."""
    block.arguments(0)
    entries = chapter.site.bibliography
    return entries.listed(entries.entries)
