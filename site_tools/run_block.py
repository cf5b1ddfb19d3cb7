"""```` ```python run ````: below the code, what it printed and drew when the site was built."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .blocks import Block

if TYPE_CHECKING:
    from .chapter import Chapter


def run(block: Block, chapter: Chapter) -> str:
    """The output; `figure="alt text"` shows the figures that the block left open."""
    output = chapter.outputs.get(block.line)
    if output is None:  # the chapter has errors elsewhere, and nothing was run
        return ""
    parts = []
    if output.text.strip():
        parts.append(
            '<div class="output"><div class="output-label">Output</div>'
            f'<pre tabindex="0"><code>{escape(output.text.rstrip())}</code></pre></div>'
        )
    alt = escape(block.options.get("figure", ""))
    parts += [
        f'<figure class="drawn" role="img" aria-label="{alt}">{svg}</figure>'
        for svg in output.figures
    ]
    return "".join(parts)
