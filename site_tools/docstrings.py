"""Docstrings are plain text; this makes Markdown of them for the reference pages.

What Markdown would take for markup (a product's `*`, `f["x"](0.5)`, `<`) is escaped, and a doctest becomes a block of
code. Indented lines are code already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import griffe

CODE = re.compile(r"(`+[^`]*`+)")
BULLET = re.compile(r"(\s*[*+-] +)?(.*)", re.DOTALL)


class PlainText(griffe.Extension):
    """The hook of mkdocstrings' reader of sources."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)


def as_markdown(text: str) -> str:
    r"""The docstring as Markdown.

    >>> as_markdown("u**2 and `a*b`, f[1](2)")
    'u\\*\\*2 and `a*b`, f[1]\\(2)'
    >>> as_markdown(">>> 1 + 1\n2")
    '\n```pycon\n>>> 1 + 1\n2\n```'
    """
    return "\n".join(_lines(text.split("\n")))


def _lines(lines: list[str]) -> Iterator[str]:
    doctest = fenced = False
    for line in lines:
        if doctest and not line.strip():
            yield "```"
            doctest = False
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if not doctest and not fenced and line.startswith(">>>"):
            yield from ("", "```pycon")
            doctest = True
        plain = not (doctest or fenced or line.startswith(("    ", "```")))
        yield _escaped(line) if plain else line
    if doctest:
        yield "```"


def _escaped(line: str) -> str:
    bullet, rest = BULLET.fullmatch(line).groups()  # type: ignore[union-attr]
    parts = CODE.split(rest)
    parts[::2] = [
        part.replace("*", r"\*").replace("](", r"]\(").replace("<", "&lt;").replace("$", "&#36;")
        for part in parts[::2]
    ]
    return (bullet or "") + "".join(parts)
