"""The MkDocs hook: each event handed to the file that knows what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from site_tools import api_pages, cache, katex, ledger_pages
from site_tools.chapter import Chapter, Handler
from site_tools.citations import bibliography
from site_tools.claim_block import claim
from site_tools.conjugates_block import conjugates
from site_tools.errors import SiteError
from site_tools.experiment_block import experiment
from site_tools.misprints_block import misprints
from site_tools.notation_block import notation
from site_tools.picture_block import picture
from site_tools.run_block import run
from site_tools.site import Site

HANDLERS: dict[str, Handler] = {
    "claim": claim,
    "notation": notation,
    "run": run,
    "experiment": experiment,
    "picture": picture,
    "conjugates": conjugates,
    "misprints": misprints,
    "bibliography": bibliography,
    **ledger_pages.BLOCKS,
}
INPUTS = (
    "docs",
    "site_tools",
    "divergences",
    "derivations",
    "models",
    "mkdocs.yml",
    "constraints.txt",
)
STAMP = "build.json"

_site: Site | None = None
_chapters: dict[str, Chapter] = {}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    config.extra_css = ["assets/katex/katex.min.css", *config.extra_css]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages that nobody types, and KaTeX's style and fonts."""
    global _site
    close()
    _site = Site(Path(config.docs_dir))
    with _stopping():
        if not katex.DIST.exists():
            katex.install()
        for path, text in {**ledger_pages.pages(_site.claims), **api_pages.pages()}.items():
            in_nav = path.startswith("api/") or path in ("ledger/index.md", "ledger/trusted.md")
            level = InclusionLevel.UNDEFINED if in_nav else InclusionLevel.NOT_IN_NAV
            files.append(File.generated(config, path, content=text, inclusion=level))
        for asset in katex.assets():
            path = f"assets/katex/{asset.relative_to(katex.DIST).as_posix()}"
            files.append(File.generated(config, path, abs_src_path=str(asset)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    assert _site is not None

    def link(path: str) -> str:
        file = files.get_file_from_path(path)
        if file is None:
            raise SiteError(f"there is no {path} in docs")
        return get_relative_url(file.url, page.url)

    limit = float(page.meta.get("time_limit", 60.0))
    chapter = _chapters[page.file.src_uri] = Chapter(_site, page.file.src_uri, link, limit)
    whole = page.file.content_string
    first = 1 + whole[: len(whole) - len(markdown)].count("\n") if whole.endswith(markdown) else 1
    with _stopping():
        return chapter.marked(markdown, first, HANDLERS)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    with _stopping():
        return _chapters.pop(page.file.src_uri).finished(html)


def on_post_build(config: MkDocsConfig) -> None:
    """The stamp by which the tests know that a built site is of the sources as they are."""
    stamp = {"inputs": inputs()}
    (Path(config.site_dir) / STAMP).write_text(json.dumps(stamp), encoding="utf-8")
    close()


def on_build_error(error: Exception) -> None:
    close()


def inputs() -> str:
    return cache.digest([path for path in cache.sources(*INPUTS) if path.exists()])


def close() -> None:
    """Ends the node process of a build."""
    if _site is not None:
        _site.typesetter.close()


class _stopping:
    """A `SiteError` inside becomes the message with which MkDocs stops, without a traceback."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, SiteError):
            raise PluginError(str(error)) from None
