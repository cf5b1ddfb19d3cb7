"""```` ```notation ````: LaTeX that fixes notation or a definition and states nothing to check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .blocks import Block
from .errors import SiteError

if TYPE_CHECKING:
    from .chapter import Chapter


def notation(block: Block, chapter: Chapter) -> str:
    """The body in display style; blank lines separate formulas."""
    block.arguments(0)
    formulas = [each.strip() for each in block.body.split("\n\n") if each.strip()]
    if not formulas:
        raise SiteError("a notation block needs LaTeX in its body, got none")
    shown = "".join(
        f'<div class="formula" tabindex="0">{chapter.math(each, display=True)}</div>'
        for each in formulas
    )
    href = chapter.link("verifier.md") + "#notation-blocks"
    return (
        f'<div class="notation">{shown}<a class="quiet" href="{href}" '
        'title="fixes notation; states nothing that could be checked">notation</a></div>'
    )
