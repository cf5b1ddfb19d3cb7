"""One page of Markdown: blocks and citations replaced by marks before Markdown runs, put in after.

Between the two, Markdown sees a plain word where a block stood, so that it can neither break nor
escape what the block has made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING

from derivations.printing.layout import Parts

from .blocks import Block, Line, scan, untied, without_code
from .citations import CITATION
from .errors import SiteError
from .runner import Output, run_blocks

if TYPE_CHECKING:
    from .site import Site

INLINE_MATH = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
MARK = re.compile(r"<p>(FENCHELMARK\d+X)</p>|(FENCHELMARK\d+X)")

Handler = Callable[[Block, "Chapter"], str]


@dataclass
class Chapter:
    """A page while it is built: where it is, and what its blocks have become."""

    site: Site
    path: str  # in docs, as messages name it
    link: Callable[[str], str]  # a page or asset of the site, by its path in docs, from this page
    time_limit: float = 60.0
    pieces: dict[str, str] = field(default_factory=dict)
    cited: dict[str, None] = field(default_factory=dict)  # in order
    outputs: dict[int, Output] = field(default_factory=dict)  # of the blocks that ran, by line

    def math(self, tex: str, display: bool = False) -> str:
        return self.site.typesetter.html(tex, display)

    def sentence(self, parts: Parts) -> str:
        """Words and laid out formulas, as titles, reasons and notes have them."""
        return self.site.sentence(parts)

    def text(self, text: str) -> str:
        """Plain text, escaped, its `$...$` set."""
        return self.site.text(text)

    # --- before Markdown ----------------------------------------------------------------------

    def marked(self, markdown: str, first: int, handlers: Mapping[str, Handler]) -> str:
        """The Markdown with marks in place of blocks and citations.

        Raises `SiteError` with every line that is wrong, not the first one only.
        """
        parts, problems = [], []
        try:
            parts = list(scan(markdown, first))
        except SiteError as error:
            raise SiteError(error.message, self.path, error.line) from None
        problems += [SiteError(why, self.path, p.line) for p in parts if (why := untied(p))]
        runnable = [p for p in parts if isinstance(p, Block) and _runs(p)]
        if runnable and not problems:
            self.outputs = run_blocks(runnable, self.path, self.time_limit)
        lines: list[str] = []
        for part in parts:
            try:
                lines += (
                    [self._line(part)] if isinstance(part, Line) else self._block(part, handlers)
                )
            except SiteError as error:
                problems.append(SiteError(error.message, self.path, error.line or part.line))
        if problems:
            raise SiteError("\n".join(map(str, problems)))
        if self.cited:
            references = self.site.bibliography.listed(self.cited)
            lines += ["", "## References", "", self._mark(references)]
        return "\n".join(lines)

    def _line(self, part: Line) -> str:
        plain = without_code(part.text)
        if "[@" in CITATION.sub("", plain):
            raise SiteError("a citation is not closed on its line", self.path, part.line)
        for found in reversed(list(CITATION.finditer(plain))):
            mark = self._mark(self.site.bibliography.citation(found, self.cited))
            part = Line(part.text[: found.start()] + mark + part.text[found.end() :], part.line)
        return part.text

    def _block(self, part: Block, handlers: Mapping[str, Handler]) -> list[str]:
        handler = handlers.get("run" if _runs(part) else part.language)
        if handler is None:
            return list(part.raw)
        mark = part.indent + self._mark(handler(part, self))
        if _runs(part):  # the code stays, and is coloured like any other
            fence = part.raw[0].split("python")[0] + "python"
            return [fence, *part.raw[1:], "", mark, ""]
        return ["", mark, ""]

    def _mark(self, html: str) -> str:
        mark = f"FENCHELMARK{len(self.pieces)}X"
        self.pieces[mark] = html
        return mark

    # --- after Markdown -----------------------------------------------------------------------

    def finished(self, html: str) -> str:
        """The page's HTML with every piece in its place and every formula set."""
        html = MARK.sub(lambda found: self.pieces[found[1] or found[2]], html)
        try:
            html = INLINE_MATH.sub(lambda found: self.math(unescape(found[1])), html)
        except SiteError as error:
            raise SiteError(error.message, self.path) from None
        if 'class="arithmatex"' in html:
            raise SiteError("displayed mathematics that no claim stands behind", self.path)
        return html


def _runs(part: Block) -> bool:
    return part.language == "python" and "run" in part.flags
