"""```` ```picture NAME ````: an interactive picture, docs/assets/js/NAME.js, drawn in the page.

The body says in words what there is to see; it is the picture's description for those who do not see
it, and what stands there without JavaScript.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from .blocks import Block
from .errors import SiteError

if TYPE_CHECKING:
    from .chapter import Chapter

SHARED = "plot.js"


def picture(block: Block, chapter: Chapter) -> str:
    (name,) = block.arguments(1)
    words = " ".join(block.body.split())
    if not words:
        raise SiteError("a picture block needs a description in its body, got none")
    folder = Path(chapter.site.docs) / "assets" / "js"
    known = sorted(path.stem for path in folder.glob("*.js") if path.name != SHARED)
    if name not in known:
        raise SiteError(f"there is no picture {name!r}; docs/assets/js has {', '.join(known)}")
    scripts = "".join(
        f'<script src="{chapter.link(f"assets/js/{file}")}" defer></script>'
        for file in (SHARED, f"{name}.js")
    )
    return (
        f'<figure class="picture" id="{escape(name)}" data-picture="{escape(name)}" role="group" '
        f'aria-label="{escape(words)}"><div class="picture-stage"></div>'
        f"<noscript><p>{escape(words)}</p></noscript></figure>{scripts}"
    )
